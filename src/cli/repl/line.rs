//! The line that is being typed: its colours, its end, and what may be typed next.

use std::borrow::Cow;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::complete::complete;
use crate::repl::is_unfinished;
use crate::symbols::{Class, Outline};

/// What the editor asks about a line.
pub struct Line {
    color: bool,
    /// The program so far, which ends with its line.
    program: String,
}

impl Line {
    /// A line in an empty session.
    pub fn new(color: bool) -> Line {
        Line {
            color,
            program: String::new(),
        }
    }

    /// Says what the session holds.
    pub fn knows(&mut self, program: String) {
        self.program = program;
    }
}

impl Helper for Line {}

impl Hinter for Line {
    type Hint = String;

    /// What an input waits for that goes on in the next line.
    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<String> {
        let waits = line.ends_with('\n') && at == line.len() && is_unfinished(line);
        waits.then(|| GOES_ON.to_owned())
    }
}

/// Behind the cursor of a line that follows an unfinished one.
const GOES_ON: &str = "   ... it goes on here; an empty line ends it, Ctrl-C drops it";

impl Validator for Line {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let typed = context.input();
        // An empty line ends it: then the error shows.
        Ok(match is_unfinished(typed) && !typed.ends_with('\n') {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

impl Completer for Line {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(complete(&self.program, line, at))
    }
}

impl Highlighter for Line {
    fn highlight<'l>(&self, line: &'l str, at: usize) -> Cow<'l, str> {
        match self.color {
            true => Cow::Owned(painted(&self.program, line, at)),
            false => Cow::Borrowed(line),
        }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        match self.color {
            true => Cow::Owned(format!("\x1b[1;34m{prompt}\x1b[0m")),
            false => Cow::Borrowed(prompt),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match self.color {
            true => Cow::Owned(format!("\x1b[90m{hint}\x1b[0m")),
            false => Cow::Borrowed(hint),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.color
    }
}

/// A line with colours; the brackets at the cursor stand out.
fn painted(program: &str, line: &str, at: usize) -> String {
    // A command is not of the language, what follows it is.
    let command = match line.trim_start().starts_with(':') {
        true => {
            let colon = line.find(':').unwrap_or(0) + 1;
            let word = line[colon..].find(|c: char| !c.is_ascii_alphabetic());
            word.map_or(line.len(), |length| colon + length)
        }
        false => 0,
    };
    let rest = &line[command..];
    let whole = format!("{program}\n{rest}");
    let offset = program.len() + 1;
    let pair = brackets(line, at);
    let mut out = match command {
        0 => String::new(),
        end => format!("\x1b[35m{}\x1b[0m", &line[..end]),
    };
    let mut done = offset;
    for token in Outline::of(&whole).classified(&whole) {
        if token.range.start < done {
            continue;
        }
        out.push_str(&whole[done..token.range.start]);
        done = token.range.end;
        let text = &whole[token.range.clone()];
        let place = token.range.start - offset + command;
        match color(token.class) {
            _ if pair.is_some_and(|pair| pair.contains(&place)) => {
                out.push_str(&format!("\x1b[1;34m{text}\x1b[0m"));
            }
            Some(color) => out.push_str(&format!("\x1b[{color}m{text}\x1b[0m")),
            None => out.push_str(text),
        }
    }
    out.push_str(&whole[done..]);
    out
}

fn color(class: Class) -> Option<&'static str> {
    match class {
        Class::Keyword => Some("35"),
        Class::Function => Some("34"),
        Class::Constant | Class::Parameter => Some("36"),
        Class::Module | Class::Domain | Class::Setting => Some("36"),
        Class::Number => Some("33"),
        Class::Text => Some("32"),
        Class::Comment => Some("90"),
        Class::Local | Class::Name | Class::Operator | Class::Bracket => None,
    }
}

/// The bracket at or before the cursor, and the one that belongs to it.
fn brackets(line: &str, at: usize) -> Option<[usize; 2]> {
    let bytes = line.as_bytes();
    let is_bracket = |at: &usize| bytes.get(*at).is_some_and(|b| b"()[]{}".contains(b));
    let here = Some(at).filter(is_bracket);
    let here = here.or_else(|| at.checked_sub(1).filter(is_bracket))?;
    let mut open: Vec<(usize, u8)> = Vec::new();
    for (place, byte) in bytes.iter().enumerate() {
        let opener = match byte {
            b'(' | b'[' | b'{' => {
                open.push((place, *byte));
                continue;
            }
            b')' => b'(',
            b']' => b'[',
            b'}' => b'{',
            _ => continue,
        };
        let (start, kind) = open.pop()?;
        if start == here || place == here {
            return (kind == opener).then_some([start, place]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{brackets, painted};

    #[test]
    fn colours_change_no_character() {
        let program = "V(q) = q^2\n";
        for line in [
            "V(0.3) + sin(1)",
            ":grad V 0.3",
            "f(x) = {\n let a = \"é\n",
            ": (",
            "",
            "# é",
            "  :plot",
        ] {
            for at in 0..=line.len() {
                let mut plain = String::new();
                let mut rest = painted(program, line, at);
                while let Some(start) = rest.find('\x1b') {
                    plain.push_str(&rest[..start]);
                    let end = rest[start..].find('m').unwrap();
                    rest = rest[start + end + 1..].to_owned();
                }
                assert_eq!(plain + &rest, line);
            }
        }
        assert!(painted(program, "V(0.3)", 6).contains("\x1b[1;34m)"));
    }

    #[test]
    fn the_bracket_that_belongs_to_another() {
        assert_eq!(brackets("f(a[1])", 7), Some([1, 6]));
        assert_eq!(brackets("f(a[1])", 1), Some([1, 6]));
        assert_eq!(brackets("f(a[1])", 4), Some([3, 5]));
        assert_eq!(brackets("f(a]", 2), None);
        assert_eq!(brackets("f(", 2), None);
    }
}
