//! What each definition of a text is, by its first tokens, and what is said of it.

use super::outline::{Definition, DefinitionKind, Origin};
use crate::syntax::{KEYWORDS, Lexed, Token, TokenKind};
use std::ops::Range;

/// The tokens of a definition without comments, and what they begin with. Numbers are places in
/// `tokens`.
pub(super) struct Head {
    pub tokens: Vec<Token>,
    pub kind: HeadKind,
}

/// What a definition begins with.
pub(super) enum HeadKind {
    /// `param name`, `name =`: the name.
    Value(usize),
    /// `f(`: the brackets of its arguments; the name is before them.
    Function(usize, usize),
    /// `import`: the path, and the bracket after it if it is there.
    Import(Range<usize>),
    /// `learn {`
    Run,
    /// A formula, or what cannot be told.
    Other,
}

/// The definitions of a text.
pub(super) fn definitions(text: &str, lexed: &Lexed) -> Vec<(Definition, Head)> {
    let comments = Comments::of(text, &lexed.tokens);
    let pieces = lexed.pieces.iter().filter_map(|piece| {
        let tokens = lexed.tokens[piece.clone()].iter().copied();
        let tokens: Vec<Token> = tokens.filter(|t| t.kind != TokenKind::Comment).collect();
        let mut real = tokens.iter().filter(|t| t.kind != TokenKind::Newline);
        let first = *real.next()?;
        let last = *real.next_back().unwrap_or(&first);
        let tokens = tokens.into_iter().skip_while(|t| t.start < first.start);
        let tokens: Vec<Token> = tokens.collect();
        let range = first.start as usize..last.end as usize;
        let (kind, head) = head(text, &tokens);
        let (signature, arguments) = called(text, &tokens, &head);
        let definition = Definition {
            kind,
            symbol: None,
            signature,
            arguments,
            documentation: comments.about(text, &range),
            range,
        };
        let kind = head;
        Some((definition, Head { tokens, kind }))
    });
    pieces.collect()
}

fn head(text: &str, tokens: &[Token]) -> (DefinitionKind, HeadKind) {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.text(text));
    let names = |at: usize| tokens.get(at).is_some_and(|token| is_name(text, *token));
    match (word(0), word(1)) {
        ("param", _) if names(1) => (DefinitionKind::Parameter, HeadKind::Value(1)),
        ("import", _) => import(text, tokens),
        (name, "{") if names(0) => (DefinitionKind::Run(name.to_owned()), HeadKind::Run),
        (_, "=") if names(0) => (DefinitionKind::Constant, HeadKind::Value(0)),
        (_, "(") if names(0) => match closing(text, tokens, 1) {
            Some(close) if word(close + 1) == "=" => {
                (DefinitionKind::Function, HeadKind::Function(1, close))
            }
            _ => (DefinitionKind::Other, HeadKind::Other),
        },
        _ => (DefinitionKind::Other, HeadKind::Other),
    }
}

/// Whether a token is a name and no keyword.
pub(super) fn is_name(text: &str, token: Token) -> bool {
    token.kind == TokenKind::Name && !KEYWORDS.contains(&token.text(text))
}

/// The bracket that closes another.
fn closing(text: &str, tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            // The head of a function is on the way to its `=`.
            TokenKind::Operator if token.text(text) == "=" => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn import(text: &str, tokens: &[Token]) -> (DefinitionKind, HeadKind) {
    let mut end = 1;
    let origin = match tokens.get(1) {
        Some(token) if token.kind == TokenKind::Text => {
            end = 2;
            Origin::File(token.text(text).trim_matches('"').to_owned())
        }
        _ => {
            let path = tokens[1..].iter().take_while(|token| {
                matches!(token.kind, TokenKind::Name) || token.text(text) == "."
            });
            let path: Vec<&str> = path.map(|token| token.text(text)).collect();
            end += path.len();
            Origin::Module(path.concat())
        }
    };
    (DefinitionKind::Import(origin), HeadKind::Import(1..end))
}

/// How a definition is called, and its arguments as they are written.
fn called(text: &str, tokens: &[Token], head: &HeadKind) -> (String, Vec<String>) {
    let between = |from: usize, to: usize| {
        let range = tokens[from].start as usize..tokens[to].end as usize;
        let lines = text[range].lines();
        let bare = lines.map(|line| line.split('#').next().unwrap_or(""));
        let words: Vec<&str> = bare.flat_map(str::split_whitespace).collect();
        words.join(" ")
    };
    match *head {
        HeadKind::Value(name) => (between(name, name), Vec::new()),
        HeadKind::Function(open, close) => {
            let mut arguments = Vec::new();
            let (mut depth, mut start) = (0usize, open + 1);
            for (at, token) in tokens.iter().enumerate().take(close + 1).skip(open) {
                match token.kind {
                    TokenKind::Open => depth += 1,
                    TokenKind::Close => depth = depth.saturating_sub(1),
                    _ => {}
                }
                let ends = at == close || depth == 1 && token.text(text) == ",";
                if ends && at > start {
                    arguments.push(between(start, at - 1));
                }
                if ends {
                    start = at + 1;
                }
            }
            (between(open - 1, close), arguments)
        }
        HeadKind::Import(_) | HeadKind::Run | HeadKind::Other => (between(0, 0), Vec::new()),
    }
}

/// The comments of a text by their lines.
struct Comments {
    /// Where each comment begins and ends, and whether it is alone on its line.
    list: Vec<(usize, usize, bool)>,
}

impl Comments {
    fn of(text: &str, tokens: &[Token]) -> Comments {
        let comments = tokens.iter().filter(|t| t.kind == TokenKind::Comment);
        let list = comments.map(|token| {
            let (start, end) = (token.start as usize, token.end as usize);
            let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
            (start, end, text[line..start].trim().is_empty())
        });
        Comments {
            list: list.collect(),
        }
    }

    /// What the comments say of a definition.
    fn about(&self, text: &str, range: &Range<usize>) -> String {
        let bare = |&(start, end, _): &(usize, usize, bool)| {
            let comment = &text[start + 1..end];
            comment.strip_prefix(' ').unwrap_or(comment).trim_end()
        };
        let before = self.list.partition_point(|comment| comment.0 < range.start);
        let mut below = range.start;
        let above = self.list[..before].iter().rev().take_while(|comment| {
            // Nothing but the end of one line is between it and what is below.
            let touches = text[comment.1..below].matches('\n').count() == 1
                && text[comment.1..below].trim().is_empty();
            below = comment.0;
            comment.2 && touches
        });
        let mut lines: Vec<&str> = above.map(bare).collect();
        lines.reverse();
        if lines.is_empty() {
            let after = self
                .list
                .get(self.list.partition_point(|c| c.0 < range.end));
            let same_line = after.filter(|comment| !text[range.end..comment.0].contains('\n'));
            lines.extend(same_line.map(bare));
        }
        lines.join("\n")
    }
}
