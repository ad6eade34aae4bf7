//! Tokens: enough of them to see brackets, lines and comments before the grammar is asked, and to
//! say what is wrong where it fails.

use super::mistakes;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};
use pest::unicode::{XID_CONTINUE, XID_START};

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A name or a keyword.
    Name,
    /// A number, with whatever sticks to it.
    Number,
    /// A string with its quotes, or without the last one if it is not closed.
    Text,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// An operator, or a character that means nothing.
    Operator,
    /// The end of a line.
    Newline,
    /// From `#` to the end of the line.
    Comment,
}

/// A piece of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
}

impl Token {
    /// How it is written.
    pub fn text(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }

    /// Where it is.
    pub fn span(self, source: SourceId) -> Span {
        Span::new(source, self.start as usize, self.end as usize)
    }
}

/// The words that cannot be names.
pub const KEYWORDS: [&str; 11] = [
    "if", "then", "else", "let", "and", "or", "not", "for", "in", "param", "import",
];

/// Bytes of a name, a number or a text in quotes.
const LONGEST_WORD: usize = 1000;
/// Tokens of a program. A formula that is not too large has fewer, and their tree takes a gigabyte.
pub const MOST_TOKENS: usize = 4_000_000;

/// Whether a name may begin with it.
pub(super) fn begins_name(c: char) -> bool {
    c == '_' || XID_START(c)
}

/// Whether a name may go on with it; combining marks are among these. The dot in the middle is not:
/// it is meant as a product.
pub(super) fn continues_name(c: char) -> bool {
    c == '_' || c != '·' && XID_CONTINUE(c)
}

/// Cuts a text into tokens, and says what is no token. Where there are too many, that is the one error,
/// and there are none.
pub(super) fn scan(text: &str, source: SourceId) -> (Vec<Token>, Vec<Diagnostic>) {
    let mut scanner = Scanner {
        text,
        source,
        at: 0,
        tokens: Vec::new(),
        errors: Vec::new(),
    };
    while let Some(c) = scanner.peek() {
        scanner.one(c);
        if scanner.tokens.len() > MOST_TOKENS {
            let end = scanner.span(0, 0);
            return (Vec::new(), vec![mistakes::too_many(end, MOST_TOKENS)]);
        }
    }
    (scanner.tokens, scanner.errors)
}

pub(super) struct Scanner<'a> {
    pub text: &'a str,
    pub source: SourceId,
    pub at: usize,
    pub tokens: Vec<Token>,
    pub errors: Vec<Diagnostic>,
}

impl Scanner<'_> {
    pub fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The bytes from here that are of a kind.
    fn run(&self, mut of: impl FnMut(char) -> bool) -> usize {
        let rest = self.rest();
        rest.find(|c| !of(c)).unwrap_or(rest.len())
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token {
            kind,
            start: self.at as u32,
            end: (self.at + length) as u32,
        });
        self.at += length;
    }

    fn one(&mut self, c: char) {
        let (start, known) = (self.at, self.errors.len());
        match c {
            ' ' | '\t' | '\r' => self.at += 1,
            '\n' => self.push(Kind::Newline, 1),
            '#' => {
                let length = self.run(|c| c != '\n');
                let carriage = usize::from(self.rest()[..length].ends_with('\r'));
                self.push(Kind::Comment, length - carriage);
            }
            '"' => self.quoted(),
            '(' | '[' | '{' => self.push(Kind::Open, 1),
            ')' | ']' | '}' => self.push(Kind::Close, 1),
            '0'..='9' => self.number(),
            c if begins_name(c) => self.push(Kind::Name, self.run(continues_name)),
            c => self.operator(c),
        }
        let is_word = matches!(c, '"' | '0'..='9') || begins_name(c);
        if is_word && self.at - start > LONGEST_WORD {
            // Nobody wants to read it again in a message.
            self.errors.truncate(known);
            let span = self.span(start, self.at);
            self.errors.push(mistakes::long_word(span, LONGEST_WORD));
        }
    }

    fn quoted(&mut self) {
        let inside = self.rest()[1..].find(['"', '\n']);
        match inside {
            Some(length) if self.rest()[1 + length..].starts_with('"') => {
                self.push(Kind::Text, length + 2);
            }
            _ => {
                let length = self.run(|c| c != '\n');
                self.errors
                    .push(mistakes::open_text(self.span(self.at, self.at + 1)));
                self.push(Kind::Text, length);
            }
        }
    }

    fn digits(&self, from: usize) -> usize {
        let rest = self.text[self.at + from..].bytes();
        rest.take_while(u8::is_ascii_digit).count()
    }

    fn number(&mut self) {
        let byte = |at: usize| self.text.as_bytes().get(self.at + at).copied();
        let mut length = self.digits(0);
        if byte(length) == Some(b'.') && byte(length + 1) != Some(b'.') {
            let fraction = self.digits(length + 1);
            if fraction == 0 {
                let span = self.span(self.at, self.at + length + 1);
                let digits = &self.text[self.at..self.at + length];
                self.errors.push(mistakes::bare_point(span, digits));
            }
            length += 1 + fraction;
        }
        if matches!(byte(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(byte(length + 1), Some(b'+' | b'-')));
            let exponent = self.digits(length + 1 + sign);
            if exponent > 0 {
                length += 1 + sign + exponent;
            }
        }
        let after = &self.text[self.at + length..];
        let tail = after.find(|c| !continues_name(c)).unwrap_or(after.len());
        if tail > 0 {
            let (number, name) = (&self.text[self.at..self.at + length], &after[..tail]);
            let span = self.span(self.at, self.at + length + tail);
            self.errors
                .push(mistakes::number_and_name(span, number, name));
        }
        self.push(Kind::Number, length + tail);
    }

    fn operator(&mut self, c: char) {
        if let Some((length, error)) = mistakes::wrong_operator(self, c) {
            self.errors.push(error);
            return self.push(Kind::Operator, length);
        }
        let double = ["..", "<=", ">=", "==", "!="];
        let long = double.iter().any(|symbol| self.rest().starts_with(symbol));
        self.push(Kind::Operator, if long { 2 } else { 1 });
    }

    pub fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }
}
