//! What is typed: cut into commands, definitions and formulas, and whether more is to come.

use crate::symbols::{DefinitionKind, Outline};
use crate::syntax::{KEYWORDS, Token, TokenKind, canonical, lex};
use std::ops::Range;

/// What a definition is known by: a later one of the same key takes its place.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Key {
    Name(String),
    /// A run block.
    Block(String),
}

/// One thing that was typed; all ranges are bytes of the input.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Statement {
    /// `:name rest`
    Command {
        name: Range<usize>,
        rest: Range<usize>,
    },
    Definition(Definition),
    Formula(Range<usize>),
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Definition {
    pub key: Key,
    pub kind: DefinitionKind,
    /// Of an import of several names, the parts that say where from and what: each name is a
    /// definition of its own.
    pub ranges: Vec<Range<usize>>,
    /// The comments above it, line by line, with an empty line where there was one before.
    pub above: String,
    /// The comment at the end of its line.
    pub beside: String,
}

/// Whether more is to come: a bracket is open, an operator waits for its right side, or an `if` for
/// its branches. What is wrong already may be unfinished too; an empty line ends it.
pub fn is_unfinished(text: &str) -> bool {
    let mut typed = Typed::default();
    let lines = text.split_inclusive('\n');
    lines.fold(false, |_, line| typed.goes_on_after(line))
}

/// What is typed, line by line: each is looked at once.
#[derive(Default)]
pub struct Typed {
    /// Lines since the last command.
    lines: usize,
    /// Whether the last word asks for another.
    waits: bool,
    /// Brackets and `if`s that are open.
    open: Vec<&'static str>,
    /// Whether a bracket has closed another, which ends it all.
    crossed: bool,
}

impl Typed {
    /// Whether more is to come after this line, as [`is_unfinished`] says of all so far.
    pub fn goes_on_after(&mut self, line: &str) -> bool {
        if line.trim_start().starts_with(':') {
            *self = Typed::default();
            return false;
        }
        self.lines += 1;
        let lexed = lex(line);
        let is_real = |t: &&Token| !matches!(t.kind, TokenKind::Comment | TokenKind::Newline);
        for token in lexed.tokens.iter().filter(is_real) {
            self.word(token.kind, token.text(line));
        }
        let is_empty = matches!(line, "\n" | "\r\n") && self.lines > 1;
        !is_empty && (self.waits || !self.crossed && !self.open.is_empty())
    }

    fn word(&mut self, kind: TokenKind, word: &str) {
        const OPERATORS: [&str; 14] = [
            "+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!=", "=", ",", "..",
        ];
        self.waits = match kind {
            TokenKind::Operator => OPERATORS.contains(&word),
            TokenKind::Name => KEYWORDS.contains(&word),
            _ => false,
        };
        let open = &mut self.open;
        match (kind, word) {
            (TokenKind::Name, "if") => open.push("if"),
            (TokenKind::Name, "else") if open.last() == Some(&"if") => {
                open.pop();
            }
            (TokenKind::Open, bracket) => open.push(match bracket {
                "(" => ")",
                "[" => "]",
                _ => "}",
            }),
            (TokenKind::Close, closer) => {
                while open.last() == Some(&"if") {
                    open.pop();
                }
                self.crossed |= open.pop() != Some(closer);
            }
            _ => {}
        }
    }
}

/// The input in runs of lines, and whether each is a command.
fn chunks(text: &str) -> Vec<(Range<usize>, bool)> {
    let mut chunks: Vec<(Range<usize>, bool)> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        let is_command = line.trim_start().starts_with(':');
        match chunks.last_mut() {
            Some((last, false)) if !is_command => last.end = range.end,
            _ => chunks.push((range, is_command)),
        }
    }
    chunks
}

/// The statements in a range of an input, in order.
pub(super) fn statements(text: &str, within: Range<usize>) -> Vec<Statement> {
    let mut statements = Vec::new();
    for (range, is_command) in chunks(&text[within.clone()]) {
        let range = within.start + range.start..within.start + range.end;
        if is_command {
            statements.push(command(text, range));
        } else {
            lines(text, range, &mut statements);
        }
    }
    statements
}

fn command(text: &str, line: Range<usize>) -> Statement {
    let colon = text[line.clone()]
        .find(':')
        .map_or(line.start, |at| line.start + at);
    let rest = &text[colon + 1..line.end];
    let length = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let name = colon..colon + 1 + length;
    Statement::Command {
        rest: trimmed(text, name.end..line.end),
        name,
    }
}

/// A range without blanks at its ends.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    start..(start + part.trim().len())
}

fn lines(text: &str, range: Range<usize>, statements: &mut Vec<Statement>) {
    let part = &text[range.clone()];
    let outline = Outline::of(part);
    let mut above = 0;
    for (at, definition) in outline.definitions.iter().enumerate() {
        let here = |r: &Range<usize>| range.start + r.start..range.start + r.end;
        let (before, beside) = comments(part, above, &definition.range);
        above = definition.range.end + beside.len();
        let one = |key: Key, ranges: Vec<Range<usize>>, first: bool| {
            let (above, beside) = match first {
                true => (before.clone(), beside.trim().to_owned()),
                false => Default::default(),
            };
            Statement::Definition(Definition {
                key,
                kind: definition.kind.clone(),
                ranges: ranges.iter().map(here).collect(),
                above,
                beside,
            })
        };
        let whole = vec![definition.range.clone()];
        match &definition.kind {
            DefinitionKind::Run(name) => {
                let key = Key::Block(canonical(name).into_owned());
                statements.push(one(key, whole, true));
            }
            DefinitionKind::Import(_) => {
                let names = imported(part, &outline, at);
                if names.is_empty() {
                    // It cannot be read, which the checker explains.
                    statements.push(one(Key::Name(String::new()), whole, true));
                }
                for (number, (name, ranges)) in names.into_iter().enumerate() {
                    statements.push(one(Key::Name(name), ranges, number == 0));
                }
            }
            DefinitionKind::Other => statements.push(Statement::Formula(here(&definition.range))),
            _ => {
                let name = definition
                    .symbol
                    .map(|symbol| outline.symbols[symbol].name.clone());
                statements.push(one(Key::Name(name.unwrap_or_default()), whole, true));
            }
        }
    }
}

/// The comments between two definitions, and the text up to the end of the comment beside the
/// second.
fn comments(text: &str, from: usize, definition: &Range<usize>) -> (String, String) {
    let mut above = String::new();
    let between = text[from..definition.start].lines();
    let lines: Vec<&str> = between.map(str::trim).collect();
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with('#') {
            above.push_str(line);
            above.push('\n');
        } else if at > 0 && at + 1 < lines.len() && !above.ends_with("\n\n") {
            above.push('\n');
        }
    }
    let after = &text[definition.end..];
    let line = &after[..after.find('\n').unwrap_or(after.len())];
    let beside = match line.trim_start().starts_with('#') {
        true => line.to_owned(),
        false => String::new(),
    };
    (above, beside)
}

/// For each name that an import brings, what it is called here, and the ranges of its head and of
/// the name with its alias. None if the import cannot be read.
fn imported(text: &str, outline: &Outline, at: usize) -> Vec<(String, Vec<Range<usize>>)> {
    let range = &outline.definitions[at].range;
    let inside = |t: &&Token| range.start <= t.start as usize && t.end as usize <= range.end;
    let tokens = outline.tokens.iter().filter(inside);
    let tokens: Vec<&Token> = tokens
        .filter(|t| !matches!(t.kind, TokenKind::Comment | TokenKind::Newline))
        .collect();
    let open = tokens.iter().position(|t| t.text(text) == "(");
    let (Some(open), Some(last)) = (open, tokens.last()) else {
        return Vec::new();
    };
    if last.text(text) != ")" {
        return Vec::new();
    }
    let head = range.start..tokens[open].end as usize;
    let mut names = Vec::new();
    let inner = &tokens[open + 1..tokens.len() - 1];
    for part in inner.split(|t| t.text(text) == ",") {
        let (Some(first), Some(last)) = (part.first(), part.last()) else {
            return Vec::new();
        };
        if !part.iter().all(|t| t.kind == TokenKind::Name) {
            return Vec::new();
        }
        let ends = last.end as usize;
        let name = canonical(last.text(text)).into_owned();
        names.push((name, vec![head.clone(), first.start as usize..ends]));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{Key, Statement, is_unfinished, statements};

    fn shown(text: &str) -> Vec<String> {
        let one = |statement: &Statement| match statement {
            Statement::Command { name, rest } => {
                format!("{}|{}", &text[name.clone()], &text[rest.clone()])
            }
            Statement::Formula(range) => format!("formula {}", &text[range.clone()]),
            Statement::Definition(definition) => {
                let parts = definition.ranges.iter().map(|r| &text[r.clone()]);
                let key = match &definition.key {
                    Key::Name(name) => name.clone(),
                    Key::Block(name) => format!("{name} {{}}"),
                };
                format!("{key}: {}", parts.collect::<Vec<_>>().join(" "))
            }
        };
        statements(text, 0..text.len()).iter().map(one).collect()
    }

    #[test]
    fn input_is_cut_into_statements() {
        let text = "a = (1\n + 2) # c\n:grad V 0.3\nV(q) = a*\n  q\nlearn { delta = 1 }\n-a^2\nimport std.x (f, g as h)\n V == 3\n";
        assert_eq!(
            shown(text),
            [
                "a: a = (1\n + 2)",
                ":grad|V 0.3",
                "V: V(q) = a*\n  q",
                "learn {}: learn { delta = 1 }",
                "formula -a^2",
                "f: import std.x ( f",
                "h: import std.x ( g as h",
                "formula V == 3",
            ]
        );
    }

    #[test]
    fn what_is_not_finished_is_told_from_what_is_wrong() {
        for more in [
            "V(q) = ",
            "V(",
            "sum(q[i]",
            "a = 1 +",
            "if a < b then 1",
            "learn {",
            "{ let a = 1\n",
            "x = if a then (if b then 1 else 2)",
            "a = [1,\n",
            "1 + # and so on\n",
            "not",
        ] {
            assert!(is_unfinished(more), "{more}");
            assert!(!is_unfinished(&format!("{more}\n\n")), "{more}");
        }
        for done in [
            "",
            "a = 1",
            "V'",
            "a = 1)",
            "(1]",
            "2x",
            "if a then 1 else 2",
            ":grad (",
            "a b",
            "\"x",
            "import std.x (a)",
            "# (",
            "V(q) = {\n q\n}",
        ] {
            assert!(!is_unfinished(done), "{done}");
        }
    }
}
