//! A text as editors and prompts see it, whether it can be read or not: tokens, and where its
//! definitions are.

use super::layout::layout;
use super::scan::{Kind, Token, scan};
use crate::source::SourceId;
use std::ops::Range;

/// The tokens of a text in order, and its definitions.
#[derive(Clone, PartialEq, Debug)]
pub struct Lexed {
    /// The tokens. Newlines are among them where they count: between definitions and in blocks.
    pub tokens: Vec<Token>,
    /// The definitions, as ranges of `tokens`, without the newlines between them. What is no
    /// definition, such as a formula alone on its line, has a range too.
    pub pieces: Vec<Range<usize>>,
}

/// Cuts any text into tokens and definitions, in time linear in its length.
pub fn lex(text: &str) -> Lexed {
    let source = SourceId(0);
    let (mut tokens, _) = scan(text, source);
    let layout = layout(text, &tokens, source);
    let counts = |at: u32| layout.blanked.as_bytes().get(at as usize) == Some(&b'\n');
    tokens.retain(|token| token.kind != Kind::Newline || counts(token.start));
    let place = |byte: usize| tokens.partition_point(|token| (token.start as usize) < byte);
    let pieces = layout.pieces.iter();
    let pieces = pieces.map(|piece| place(piece.start)..place(piece.end));
    Lexed {
        pieces: pieces.collect(),
        tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, lex};

    #[test]
    fn definitions_are_cut_where_their_lines_end() {
        let text = "# one\na = (1\n + 2) # two\nV(q) = {\n let b = q\n b\n}\nbroken = (";
        let lexed = lex(text);
        let words = lexed.pieces.iter().map(|piece| {
            let tokens = lexed.tokens[piece.clone()].iter();
            tokens.map(|t| t.text(text)).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(
            words.collect::<Vec<_>>(),
            [
                "a = ( 1 + 2 ) # two",
                "V ( q ) = { \n let b = q \n b \n }",
                "broken = ("
            ]
        );
        let newlines = lexed.tokens.iter().filter(|t| t.kind == Kind::Newline);
        assert_eq!(newlines.count(), 6);
    }
}
