//! What to say where the grammar gives up: from the tokens on both sides of the place, never from
//! the names of rules.

use super::scan::{KEYWORDS, Kind, Token};
use super::tree::Infix;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};
use std::ops::Range;

/// Where the grammar gave up.
pub(super) struct Place<'a> {
    pub text: &'a str,
    pub tokens: &'a [Token],
    pub source: SourceId,
    /// The definition.
    pub piece: Range<usize>,
    /// The byte.
    pub at: usize,
}

/// `a < b < c`
pub(super) fn chain(first: Infix, at: Span, second: Infix, there: Span) -> Diagnostic {
    let (first, second) = (first.symbol(), second.symbol());
    Diagnostic::error("chained-comparison", "comparisons do not chain")
        .at(there, "a second comparison of the same value")
        .at(at, "the first one")
        .help(format!(
            "write `a {first} b and b {second} c` for `a {first} b {second} c`"
        ))
}

/// `1e400`
pub(super) fn too_large(digits: &str, span: Span) -> Diagnostic {
    Diagnostic::error("number", format!("`{digits}` is larger than any number"))
        .at(span, "")
        .help("the largest is about 1.8e308; an infinite value is `1/0`")
}

/// Explains a definition that the grammar refuses.
pub(super) fn failure(place: &Place<'_>) -> Diagnostic {
    let sight = Sight::new(place);
    sight.head().unwrap_or_else(|| sight.body())
}

/// An `if` that has not come to its `else`.
#[derive(Clone, Copy)]
pub(super) struct OpenIf {
    word: Token,
    then: bool,
}

/// What is to be seen around the place.
pub(super) struct Sight<'a> {
    place: &'a Place<'a>,
    /// The tokens of the definition, without comments and newlines.
    pub tokens: Vec<Token>,
    /// How many of them are before the place.
    pub next: usize,
    pub openers: Vec<(Token, Vec<OpenIf>)>,
    ifs: Vec<OpenIf>,
}

impl<'a> Sight<'a> {
    fn new(place: &'a Place<'a>) -> Sight<'a> {
        let (start, end) = (place.piece.start, place.piece.end);
        let first = place.tokens.partition_point(|t| (t.start as usize) < start);
        let tokens: Vec<Token> = place.tokens[first..]
            .iter()
            .take_while(|token| (token.start as usize) < end)
            .filter(|token| !matches!(token.kind, Kind::Comment | Kind::Newline))
            .copied()
            .collect();
        let next = tokens.partition_point(|token| token.end as usize <= place.at);
        let mut sight = Sight {
            place,
            tokens,
            next,
            openers: Vec::new(),
            ifs: Vec::new(),
        };
        for at in 0..next {
            sight.follow(sight.tokens[at]);
        }
        sight
    }

    fn follow(&mut self, token: Token) {
        match (token.kind, self.word(token)) {
            (Kind::Open, _) => self.openers.push((token, std::mem::take(&mut self.ifs))),
            (Kind::Close, _) => {
                if let Some((_, ifs)) = self.openers.pop() {
                    self.ifs = ifs;
                }
            }
            (_, "if") => self.ifs.push(OpenIf {
                word: token,
                then: false,
            }),
            (_, "then") => {
                if let Some(last) = self.ifs.last_mut() {
                    last.then = true;
                }
            }
            (_, "else") => {
                self.ifs.pop();
            }
            _ => {}
        }
    }

    pub fn word(&self, token: Token) -> &'a str {
        token.text(self.place.text)
    }

    pub fn get(&self, at: usize) -> Option<&'a str> {
        self.tokens.get(at).map(|token| self.word(*token))
    }

    pub fn span(&self, token: Token) -> Span {
        token.span(self.place.source)
    }

    /// Just behind a token.
    pub fn behind(&self, token: Token) -> Span {
        Span::new(self.place.source, token.end as usize, token.end as usize)
    }

    pub fn is_name(&self, at: usize) -> bool {
        let token = self.tokens.get(at);
        token.is_some_and(|t| t.kind == Kind::Name && !KEYWORDS.contains(&self.word(*t)))
    }

    /// What is wrong in the formula.
    fn body(&self) -> Diagnostic {
        let next = self.tokens.get(self.next).copied();
        let Some(before) = self.next.checked_sub(1).map(|at| self.tokens[at]) else {
            return self.unexpected(next);
        };
        let waits = match before.kind {
            Kind::Operator | Kind::Open => true,
            Kind::Name => KEYWORDS.contains(&self.word(before)),
            _ => false,
        };
        if waits {
            self.nothing_after(before, next)
        } else {
            self.too_much_after(before, next)
        }
    }

    /// An expression should come and does not.
    fn nothing_after(&self, before: Token, next: Option<Token>) -> Diagnostic {
        let word = self.word(before);
        let Some(next) = next else {
            return self.missing(before, word);
        };
        let found = self.word(next);
        match (next.kind, found) {
            (Kind::Close, _) if before.kind == Kind::Open => {
                let (message, help) = if found == "}" {
                    ("this block has no value", "its last line is its value")
                } else {
                    ("there is nothing between these brackets", "write an expression")
                };
                Diagnostic::error("missing-expression", message)
                    .at(self.span(before).to(self.span(next)), "")
                    .help(help)
            }
            (Kind::Operator, "+") => Diagnostic::error("operator", "there is no sign `+`")
                .at(self.span(next), "")
                .help("leave it out"),
            (Kind::Operator, "=") if word == "=" || word == "<" || word == ">" => {
                Diagnostic::error("operator", format!("`{word} =` in two pieces"))
                    .at(self.span(before).to(self.span(next)), "")
                    .help(format!("write `{word}=` without a space"))
            }
            (Kind::Name, "let") => Diagnostic::error("let-outside", "`let` inside a formula")
                .at(self.span(next), "")
                .help("write the formula as a block: `{ let a = ...` on a line of its own, then the value, then `}`"),
            (Kind::Name, "if" | "not") | (Kind::Number | Kind::Text | Kind::Open, _) => {
                self.unexpected(Some(next))
            }
            (Kind::Name, _) if KEYWORDS.contains(&found) && !matches!(found, "then" | "else" | "and" | "or" | "for") => {
                Diagnostic::error("keyword", keyword(found))
                    .at(self.span(next), "")
                    .help("choose another name")
            }
            (Kind::Operator, _) if before.kind == Kind::Operator && word != "=" => {
                let message = format!("a value is missing between `{word}` and `{found}`");
                Diagnostic::error("missing-expression", message)
                    .at(self.span(before).to(self.span(next)), "")
                    .help("write the value, or one operator alone")
            }
            _ => self.missing(before, word),
        }
    }

    fn missing(&self, before: Token, word: &str) -> Diagnostic {
        Diagnostic::error(
            "missing-expression",
            format!("an expression is missing after `{word}`"),
        )
        .at(self.span(before), "nothing follows this")
        .help(format!("write a value after `{word}`, or delete it"))
    }

    /// An expression has ended and what follows does not fit.
    fn too_much_after(&self, before: Token, next: Option<Token>) -> Diagnostic {
        if let Some(open) = self.ifs.last()
            && next.is_none_or(|next| !matches!(self.word(next), "then" | "=") && self.ends(next))
        {
            return self.half_if(*open);
        }
        let Some(next) = next else {
            return self.unexpected(None);
        };
        let found = self.word(next);
        let opener = self.openers.last().map(|(token, _)| self.word(*token));
        match (next.kind, found) {
            (Kind::Close, "}") => {
                Diagnostic::error("missing-expression", "this block has no value")
                    .at(self.span(next), "its last line should be an expression")
                    .help("write the value on a line after the `let`s")
            }
            (_, "=") => self.equals(next, opener),
            (_, ",") => self.comma(before, next),
            (_, "then" | "else") => Diagnostic::error("half-if", format!("`{found}` without `if`"))
                .at(self.span(next), "")
                .help("write `if condition then a else b`"),
            (_, ":") => Diagnostic::error(
                "unexpected",
                "`:` is only for the arguments of a definition",
            )
            .at(self.span(next), "")
            .help("a range is `a..b`; a domain is written as in `V(a: angle) = ...`"),
            (_, "..") => Diagnostic::error("unexpected", "a range is no value")
                .at(self.span(next), "")
                .help("ranges are for `sum(... for i in a..b)` and for settings"),
            (_, ".")
                if matches!(
                    self.word(before),
                    "np" | "numpy" | "math" | "jnp" | "torch" | "Math"
                ) =>
            {
                let name = self.get(self.next + 1).unwrap_or("sin");
                Diagnostic::error("unexpected", "functions are called by their names alone")
                    .at(self.span(before).to(self.span(next)), "leave this out")
                    .help(format!("write `{name}(...)`"))
            }
            (_, ".") => Diagnostic::error("unexpected", "`.` joins nothing here")
                .at(self.span(next), "")
                .help("names from a module are imported: `import std.module (name)`"),
            (Kind::Name, "for") => {
                Diagnostic::error("unexpected", "`for` outside `sum` and `prod`")
                    .at(self.span(next), "")
                    .help("write `sum(body for i in a..b)`")
            }
            _ if opener == Some("{") && self.line_between(before, next) => {
                Diagnostic::error("block", "a block has one value, its last line")
                    .at(self.span(next), "a line after the value")
                    .help("the lines before the last are `let name = ...`")
            }
            (Kind::Operator, _) => self.unexpected(Some(next)),
            _ => self.no_operator(before, next),
        }
    }

    /// Whether a formula cannot go on with this token.
    fn ends(&self, token: Token) -> bool {
        token.kind == Kind::Close || matches!(self.word(token), "," | "else" | "for" | "..")
    }

    fn half_if(&self, open: OpenIf) -> Diagnostic {
        let (missing, what) = if open.then {
            ("else", "this `if` has no `else`")
        } else {
            ("then", "this `if` has no `then`")
        };
        Diagnostic::error("half-if", what)
            .at(self.span(open.word), format!("its `{missing}` is missing"))
            .help("write `if condition then a else b`: both branches are needed")
    }

    fn equals(&self, next: Token, opener: Option<&str>) -> Diagnostic {
        let (message, help) = if !self.ifs.is_empty() {
            ("`=` in a condition", "write `==` to compare")
        } else if opener == Some("{") {
            (
                "a line of a block that defines a name begins with `let`",
                "write `let name = ...`",
            )
        } else {
            (
                "a definition inside an expression",
                "write each definition on a line of its own, or `==` to compare",
            )
        };
        Diagnostic::error("definition-inside", message)
            .at(self.span(next), "")
            .help(help)
    }

    fn comma(&self, before: Token, comma: Token) -> Diagnostic {
        let after = self.tokens.get(self.next + 1);
        let digits = after.filter(|after| after.kind == Kind::Number);
        if let (Kind::Number, Some(after)) = (before.kind, digits) {
            let (whole, part) = (self.word(before), self.word(*after));
            return Diagnostic::error("decimal-comma", "a decimal comma")
                .at(self.span(before).to(self.span(*after)), "")
                .help(format!("write `{whole}.{part}`"));
        }
        Diagnostic::error("unexpected", "a comma outside a list of arguments")
            .at(self.span(comma), "")
            .help("a vector is written `[a, b]`")
    }

    fn line_between(&self, a: Token, b: Token) -> bool {
        self.place.text[a.end as usize..b.start as usize].contains('\n')
    }

    fn no_operator(&self, before: Token, next: Token) -> Diagnostic {
        let (left, right) = (self.word(before), self.word(next));
        let error = Diagnostic::error("missing-operator", "an operator is missing")
            .at(self.span(before).to(self.span(next)), "between these two");
        if before.kind == Kind::Name && crate::graph::Function::named(left).is_some() {
            return error.help(format!(
                "a function is called with brackets: write `{left}({right})`"
            ));
        }
        let left = if before.kind == Kind::Close {
            "(...)"
        } else {
            left
        };
        let right = if next.kind == Kind::Open {
            "(...)"
        } else {
            right
        };
        error.help(format!("for a product write `{left}*{right}`"))
    }

    fn unexpected(&self, next: Option<Token>) -> Diagnostic {
        let end = self.tokens.last().map_or(
            Span::new(self.place.source, self.place.at, self.place.at),
            |last| self.behind(*last),
        );
        match next {
            Some(next) => Diagnostic::error(
                "unexpected",
                format!("`{}` does not fit here", self.word(next)),
            )
            .at(self.span(next), "")
            .help("look at what stands before it"),
            None => Diagnostic::error("unexpected", "this definition ends too early").at(end, ""),
        }
    }
}

pub(super) fn keyword(word: &str) -> String {
    format!("`{word}` is a word of the language and no name")
}
