//! Messages that wait to be answered, and requests that are given up before they are.

use lsp_server::{ErrorCode, Message, RequestId, Response};
use std::collections::VecDeque;

/// Messages in the order in which they came.
#[derive(Default, Debug)]
pub struct Inbox {
    waiting: VecDeque<Message>,
    given_up: Vec<RequestId>,
}

/// What is to be done next.
#[derive(Debug)]
pub enum Next {
    /// A message is to be handled.
    Handle(Message),
    /// A request was given up: this is its answer.
    Send(Message),
}

impl Inbox {
    /// Takes a message; `$/cancelRequest` is for one that waits.
    pub fn push(&mut self, message: Message) {
        let given_up = match &message {
            Message::Notification(notification) if notification.method == "$/cancelRequest" => {
                let id = notification.params.get("id").cloned();
                id.and_then(|id| serde_json::from_value(id).ok())
            }
            _ => return self.waiting.push_back(message),
        };
        let waits = |id: &RequestId| {
            let mut waiting = self.waiting.iter();
            waiting.any(|message| matches!(message, Message::Request(request) if request.id == *id))
        };
        self.given_up.extend(given_up.filter(waits));
    }

    /// The next message.
    pub fn pop(&mut self) -> Option<Next> {
        let message = self.waiting.pop_front()?;
        let Message::Request(request) = &message else {
            return Some(Next::Handle(message));
        };
        let Some(at) = self.given_up.iter().position(|id| *id == request.id) else {
            return Some(Next::Handle(message));
        };
        let id = self.given_up.swap_remove(at);
        let code = ErrorCode::RequestCanceled as i32;
        let answer = Response::new_err(id, code, "the request was cancelled".to_owned());
        Some(Next::Send(Message::Response(answer)))
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Inbox, Next};
    use lsp_server::{Message, Notification, Request};

    fn request(id: i32) -> Message {
        Message::Request(Request::new(id.into(), "x".to_owned(), ()))
    }

    #[test]
    fn requests_that_are_given_up_are_not_handled() {
        let mut inbox = Inbox::default();
        let cancel = |id: i32| {
            let id = serde_json::json!({ "id": id });
            Message::Notification(Notification::new("$/cancelRequest".to_owned(), id))
        };
        for message in [request(1), request(2), cancel(1), cancel(7), request(7)] {
            inbox.push(message);
        }
        let handled: Vec<bool> = std::iter::from_fn(|| inbox.pop())
            .map(|next| matches!(next, Next::Handle(_)))
            .collect();
        assert_eq!(handled, [false, true, true]);
        assert!(inbox.is_empty());
    }
}
