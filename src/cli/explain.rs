//! `explain`.

use clap::Args;
use serde_json::{Value, json};

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use crate::check::suggest;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::catalogue::{Example, Row, Stage, find, rows};
use crate::source::Sources;

/// The width of a line of text.
const WIDTH: usize = 80;

/// `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// The code, such as unknown-name [default: list them]
    pub code: Option<String>,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `explain`.
pub fn explain(arguments: &Explain) -> Exit {
    let console = Console::new(&arguments.shared);
    let as_json = arguments.shared.json;
    let Some(code) = &arguments.code else {
        let text = match as_json {
            true => format!("{:#}\n", Value::Array(rows().map(object).collect())),
            false => list(),
        };
        return console.print(&text);
    };
    // As it is in a message: `error[unknown-name]`, `[unknown-name]`.
    let bare = code
        .rsplit_once('[')
        .map_or(code.as_str(), |(_, code)| code);
    let bare = bare.trim_end_matches([']', ':']).to_lowercase();
    match find(&bare) {
        Some(row) if as_json => console.print(&format!("{:#}\n", object(row))),
        Some(row) => console.print(&page(row)),
        None => {
            let problem =
                Diagnostic::error("unknown-code", format!("no message has the code `{bare}`"));
            let help = match suggest(&bare, rows().map(|row| row.code)) {
                Some(near) => {
                    format!("did you mean `{near}`? `effpot-lang explain` lists them all")
                }
                None => "`effpot-lang explain` lists them all".to_owned(),
            };
            console.diagnose(&[problem.help(help)], &Sources::new(), Exit::Usage)
        }
    }
}

fn object(row: &Row) -> Value {
    let stage = Stage::ALL.iter().find(|(stage, _)| *stage == row.stage);
    let (Example::Program(wrong, right) | Example::Other(wrong, right)) = row.example;
    json!({
        "code": row.code,
        "severity": row.severity.name(),
        "stage": stage.map(|(_, name)| name),
        "text": row.text,
        "wrong": wrong,
        "right": right,
    })
}

/// All codes by stage, each with the first sentence of its text.
fn list() -> String {
    let mut text = String::new();
    for (stage, name) in Stage::ALL {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{name}\n"));
        for row in rows().filter(|row| row.stage == stage) {
            let sentence = first_sentence(row.text);
            let lines = wrapped(sentence, 100 - 24);
            for (at, line) in lines.iter().enumerate() {
                let code = if at == 0 { row.code } else { "" };
                text.push_str(&format!("  {code:<21} {line}\n"));
            }
        }
    }
    text.push_str("\neffpot-lang explain CODE says more, with an example.\n");
    text
}

fn first_sentence(text: &str) -> &str {
    match text.find(". ") {
        Some(end) => &text[..end],
        None => text.trim_end_matches('.'),
    }
}

fn page(row: &Row) -> String {
    let mut text = format!("{}[{}]\n\n", row.severity.name(), row.code);
    for line in wrapped(row.text, WIDTH) {
        text.push_str(&format!("{line}\n"));
    }
    let (Example::Program(wrong, right) | Example::Other(wrong, right)) = row.example;
    for (title, example) in [("Wrong", wrong), ("Right", right)] {
        text.push_str(&format!("\n{title}:\n"));
        for line in example.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

/// A paragraph in lines.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
