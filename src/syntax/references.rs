//! The other files that a text names, found by its tokens: also where definitions cannot be read.

use super::scan::{Kind, Token, scan};
use crate::source::{SourceId, Span};

/// What another file is named for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Referred {
    /// `import std.module`
    Module,
    /// `import "path.pot"`
    File,
    /// `csv("file.csv")`
    Data,
}

/// A place where another file is named.
#[derive(Clone, PartialEq, Debug)]
pub struct Reference {
    /// What for.
    pub what: Referred,
    /// The path without its quotes, or the name of the module without spaces.
    pub path: String,
    /// Where.
    pub span: Span,
}

/// All imports and data files that a text names, in order, and how many tokens it has.
pub fn references(text: &str, source: SourceId) -> (Vec<Reference>, usize) {
    let (mut tokens, _) = scan(text, source);
    let count = tokens.len();
    tokens.retain(|token| token.kind != Kind::Comment);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let rest = &tokens[at + 1..];
        match (token.kind, token.text(text)) {
            (Kind::Name, "import") => found.extend(import(text, source, rest)),
            (Kind::Name, "csv") => found.extend(data(text, source, rest)),
            _ => {}
        }
    }
    (found, count)
}

/// A path in quotes; none where the quotes are not closed.
fn quoted(what: Referred, text: &str, source: SourceId, token: Token) -> Option<Reference> {
    let path = token.text(text).strip_prefix('"')?.strip_suffix('"')?;
    Some(Reference {
        what,
        path: path.to_owned(),
        span: token.span(source),
    })
}

fn import(text: &str, source: SourceId, rest: &[Token]) -> Option<Reference> {
    let first = *rest.first()?;
    if first.kind == Kind::Text {
        return quoted(Referred::File, text, source, first);
    }
    let path = rest
        .iter()
        .take_while(|token| token.kind == Kind::Name || token.text(text) == ".");
    let path: Vec<Token> = path.copied().collect();
    Some(Reference {
        what: Referred::Module,
        path: path.iter().map(|token| token.text(text)).collect(),
        span: first.span(source).to(path.last()?.span(source)),
    })
}

fn data(text: &str, source: SourceId, rest: &[Token]) -> Option<Reference> {
    // A newline does not count inside brackets.
    let mut rest = rest.iter().filter(|token| token.kind != Kind::Newline);
    let (open, name) = (rest.next()?, rest.next()?);
    let is_call = open.text(text) == "(" && name.kind == Kind::Text;
    is_call
        .then(|| quoted(Referred::Data, text, source, *name))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{Referred, references};
    use crate::source::SourceId;

    #[test]
    fn references_are_found_in_code_and_not_in_comments_or_strings() {
        let text = "import std . noise (a)\n# import \"no.pot\" (b)\nimport \"x/y.pot\" (c)\n\
                    t = csv(\n \"t.csv\")\nbroken = = 1 import\nlearn { note = \"import z\" }";
        let (found, _) = references(text, SourceId(0));
        let found: Vec<_> = found.iter().map(|r| (r.what, r.path.as_str())).collect();
        assert_eq!(
            found,
            [
                (Referred::Module, "std.noise"),
                (Referred::File, "x/y.pot"),
                (Referred::Data, "t.csv"),
            ]
        );
    }
}
