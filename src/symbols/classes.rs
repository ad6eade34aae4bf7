//! The tokens of a text by what they are, for colours.

use super::outline::{Meaning, Outline, SymbolKind};
use crate::syntax::{KEYWORDS, Token, TokenKind};
use std::ops::Range;

/// What a token is to a reader.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// A word of the language, such as `if`.
    Keyword,
    /// A function, of the file or of the language.
    Function,
    /// A constant, of the file or of the language.
    Constant,
    /// A number that a run may set.
    Parameter,
    /// An argument, a size, a `let` or an index.
    Local,
    /// The path of an import.
    Module,
    /// The domain of a coordinate.
    Domain,
    /// The name of a run block, or a key in it.
    Setting,
    /// A name that means nothing yet, or a word in a setting.
    Name,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A comment.
    Comment,
    /// An operator.
    Operator,
    /// A bracket.
    Bracket,
}

/// A token and its class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Classified {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// What it is.
    pub class: Class,
    /// Whether it names something for the first time.
    pub is_definition: bool,
    /// Whether it is part of the language.
    pub is_builtin: bool,
}

/// The tokens of any text with their classes, without newlines, in time linear in its length.
pub fn tokens(text: &str) -> Vec<Classified> {
    Outline::of(text).classified(text)
}

impl Outline {
    /// The tokens of the text that this is the outline of, as [`tokens`] gives them.
    pub fn classified(&self, text: &str) -> Vec<Classified> {
        let mut names = self.occurrences.iter().peekable();
        let tokens = self.tokens.iter();
        let real = tokens.filter(|token| token.kind != TokenKind::Newline);
        let classified = real.map(|token| {
            let range = token.start as usize..token.end as usize;
            while names
                .next_if(|name| name.range.end <= range.start)
                .is_some()
            {}
            let name = names.peek().filter(|name| name.range == range);
            let meaning = name.map(|name| name.meaning);
            let is_call = name.is_some_and(|name| name.is_call);
            let symbol = match meaning {
                Some(Meaning::Symbol(symbol)) => Some(&self.symbols[symbol]),
                _ => None,
            };
            Classified {
                class: match meaning {
                    Some(meaning) => self.class(meaning, is_call, token.kind),
                    None => plain(*token, text),
                },
                is_definition: symbol.is_some_and(|symbol| symbol.range == range),
                is_builtin: meaning == Some(Meaning::Builtin),
                range,
            }
        });
        classified.collect()
    }

    fn class(&self, meaning: Meaning, is_call: bool, kind: TokenKind) -> Class {
        match meaning {
            Meaning::Symbol(symbol) => match self.symbols[symbol].kind {
                SymbolKind::Parameter => Class::Parameter,
                SymbolKind::Constant => Class::Constant,
                // What is imported shows what it is where it is used.
                SymbolKind::Import if !self.symbols[symbol].is_called => Class::Constant,
                SymbolKind::Function | SymbolKind::Import => Class::Function,
                _ => Class::Local,
            },
            Meaning::Original(symbol) => self.class(Meaning::Symbol(symbol), is_call, kind),
            Meaning::Builtin if is_call => Class::Function,
            Meaning::Builtin => Class::Constant,
            Meaning::Origin if kind == TokenKind::Text => Class::Text,
            Meaning::Origin if kind == TokenKind::Operator => Class::Operator,
            Meaning::Origin => Class::Module,
            Meaning::Domain => Class::Domain,
            Meaning::Block | Meaning::Key => Class::Setting,
            Meaning::Unknown if is_call => Class::Function,
            Meaning::Value | Meaning::Unknown => Class::Name,
        }
    }
}

fn plain(token: Token, text: &str) -> Class {
    match token.kind {
        TokenKind::Name if KEYWORDS.contains(&token.text(text)) => Class::Keyword,
        TokenKind::Name if token.text(text) == "as" => Class::Keyword,
        TokenKind::Name => Class::Name,
        TokenKind::Number => Class::Number,
        TokenKind::Text => Class::Text,
        TokenKind::Comment => Class::Comment,
        TokenKind::Open | TokenKind::Close => Class::Bracket,
        TokenKind::Operator | TokenKind::Newline => Class::Operator,
    }
}
