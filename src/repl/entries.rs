//! `key=value key=value`, as commands take it.

use super::input::trimmed;
use crate::syntax::{TokenKind, lex};
use std::ops::Range;

/// `key = value`; both are ranges of the input.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry {
    pub key: Range<usize>,
    pub value: Range<usize>,
}

/// The entries in a part of an input, and what is before the first of them. Commas between entries
/// may be left out.
pub(super) fn entries(text: &str, within: Range<usize>) -> (Range<usize>, Vec<Entry>) {
    let part = &text[within.clone()];
    let tokens = lex(part).tokens;
    let word = |at: usize| tokens.get(at).map_or("", |token| token.text(part));
    let mut depth = 0usize;
    // Where each key begins and ends, and where its value begins.
    let mut starts: Vec<(usize, usize, usize)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Name if depth == 0 && word(at + 1) == "=" => {
                let mut first = at;
                // `module.name`
                while first >= 2
                    && word(first - 1) == "."
                    && tokens[first - 1].end == tokens[first].start
                {
                    first -= 2;
                }
                let begin = tokens[first].start as usize;
                starts.push((begin, token.end as usize, tokens[at + 1].end as usize));
            }
            _ => {}
        }
    }
    let here = |start: usize, end: usize| {
        let range = trimmed(text, within.start + start..within.start + end);
        let bare = text[range.clone()].trim_end_matches([',', ' ']);
        range.start..range.start + bare.len()
    };
    let first = starts.first().map_or(part.len(), |start| start.0);
    let mut entries = Vec::new();
    for (number, &(begin, end, value)) in starts.iter().enumerate() {
        let next = starts.get(number + 1).map_or(part.len(), |next| next.0);
        entries.push(Entry {
            key: here(begin, end),
            value: here(value, next),
        });
    }
    (here(0, first), entries)
}

#[cfg(test)]
mod tests {
    use super::entries;

    #[test]
    fn entries_are_cut_at_their_keys() {
        let text = ":set V2 a=1, m.b = 2*3 start=[1, 2] domain = -1..2";
        let (head, found) = entries(text, 4..text.len());
        assert_eq!(&text[head], "V2");
        let found = found
            .iter()
            .map(|e| (&text[e.key.clone()], &text[e.value.clone()]));
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                ("a", "1"),
                ("m.b", "2*3"),
                ("start", "[1, 2]"),
                ("domain", "-1..2")
            ]
        );
    }
}
