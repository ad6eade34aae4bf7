//! What is wrong before the formula of a definition begins.

use super::explain::{Sight, keyword};
use super::scan::{KEYWORDS, Kind};
use crate::diagnostic::Diagnostic;

impl Sight<'_> {
    /// What is wrong before the formula of a definition begins.
    pub(super) fn head(&self) -> Option<Diagnostic> {
        let first = *self.tokens.first()?;
        let word = self.word(first);
        let example = "a definition is `name = ...`, `f(x) = ...` or `param name = ...`";
        match word {
            "param" => return self.word_head(1, "a parameter is written `param name = number`"),
            "import" => return self.import(),
            "let" => {
                let error = Diagnostic::error("let-outside", "`let` is for blocks")
                    .at(self.span(first), "not inside `{ }`");
                let help = "leave `let` out: at the top of a file `name = ...` is a constant";
                return Some(error.help(help));
            }
            _ => {}
        }
        if first.kind == Kind::Operator {
            let error = Diagnostic::error("definition", format!("a line begins with `{word}`"))
                .at(self.span(first), "the line before has ended");
            let help = format!("to go on with a formula, end the line before with `{word}`");
            return Some(error.help(help));
        }
        if KEYWORDS.contains(&word) {
            return Some(
                Diagnostic::error("keyword", keyword(word))
                    .at(self.span(first), "a definition begins with a name")
                    .help("choose another name"),
            );
        }
        if !self.is_name(0) {
            return Some(
                Diagnostic::error("definition", "a line that is no definition")
                    .at(self.span(first), "a name is expected here")
                    .help(example),
            );
        }
        match self.get(1) {
            None => Some(
                Diagnostic::error("definition", format!("`{word}` stands alone on its line"))
                    .at(self.span(first), "")
                    .help(example),
            ),
            Some("(") => self.function_head(),
            Some("{" | "=") => None,
            Some(_) if self.is_name(1) => Some(
                Diagnostic::error("definition", "two names where a definition begins")
                    .at(self.span(first), "")
                    .help(format!("{example}, without a word before it")),
            ),
            Some(_) => self.assign(1),
        }
    }

    fn word_head(&self, at: usize, help: &str) -> Option<Diagnostic> {
        if self.is_name(at) {
            return match self.get(at + 1) {
                Some("=") => None,
                _ => self.assign(at + 1),
            };
        }
        let token = self.tokens.get(at).or(self.tokens.last())?;
        let message = match self.get(at) {
            Some(word) if KEYWORDS.contains(&word) => keyword(word),
            _ => "a name is missing".to_owned(),
        };
        Some(
            Diagnostic::error("definition", message)
                .at(self.span(*token), "")
                .help(help),
        )
    }

    fn import(&self) -> Option<Diagnostic> {
        let token = self.tokens.get(self.next).or(self.tokens.last())?;
        let last = self.tokens.last().copied()?;
        if self.tokens.len() > 1 && !self.tokens.iter().any(|t| self.word(*t) == "(") {
            return Some(
                Diagnostic::error("import", "this import names nothing")
                    .at(self.behind(last), "the names in brackets are missing")
                    .help("write `import std.module (a, b)`"),
            );
        }
        let help = "write `import std.module (a, b as c)` or `import \"path.pot\" (a)`";
        Some(
            Diagnostic::error("import", "this import cannot be read")
                .at(self.span(*token), "")
                .help(help),
        )
    }

    /// `f(...)` must be followed by `=`, and hold names.
    fn function_head(&self) -> Option<Diagnostic> {
        let mut depth = 0;
        for (at, token) in self.tokens.iter().enumerate().skip(1) {
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                _ => {}
            }
            if depth > 0 {
                continue;
            }
            let comma = at.checked_sub(1).and_then(|at| self.get(at)) == Some(",");
            if self.next < at || self.next == at && comma {
                return self.argument();
            }
            return match self.get(at + 1) {
                Some("=") => None,
                _ => self.assign(at + 1),
            };
        }
        None
    }

    fn argument(&self) -> Option<Diagnostic> {
        let token = *self.tokens.get(self.next)?;
        let word = self.word(token);
        let before = self.next.checked_sub(1);
        if self.is_name(self.next) && before.is_some_and(|before| self.is_name(before)) {
            return Some(
                Diagnostic::error("definition", "a comma is missing between these arguments")
                    .at(self.span(token), "a second name")
                    .help("write `f(x, y) = ...`"),
            );
        }
        let message = if KEYWORDS.contains(&word) {
            keyword(word)
        } else {
            "an argument of a definition is a name".to_owned()
        };
        Some(
            Diagnostic::error("definition", message)
                .at(self.span(token), "")
                .help("write `f(x, y) = ...`, with `r[n, 3]` for an array and `a: angle` for an angle"),
        )
    }

    /// `=` is missing before a token.
    fn assign(&self, at: usize) -> Option<Diagnostic> {
        let before = *self.tokens.get(at.checked_sub(1)?)?;
        Some(match self.tokens.get(at) {
            Some(&token) if matches!(self.word(token), "==" | ":") => {
                let assigns = self.get(at + 1) == Some("=") && self.word(token) == ":";
                let word = if assigns { ":=" } else { self.word(token) };
                let error =
                    Diagnostic::error("definition", format!("a definition has `=`, not `{word}`"))
                        .at(self.span(token), "");
                error.help("write `name = ...`")
            }
            _ => Diagnostic::error("definition", "the `=` of this definition is missing")
                .at(self.behind(before), "`=` is expected here")
                .help("write `name = ...` or `f(x) = ...`"),
        })
    }
}
