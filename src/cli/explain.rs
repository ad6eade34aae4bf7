//! `explain`: a message by its code, or a word of a summary.

use clap::Args;
use serde_json::{Value, json};

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::words::{self, Word, words};
use crate::check::suggest;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::catalogue::{Example, Row, Stage, find, rows};
use crate::source::Sources;

/// The width of a line of text.
const WIDTH: usize = 80;

/// `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// The code of a message, such as unknown-name, or a word of a summary, such as R-hat [default:
    /// list them]
    pub code: Option<String>,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `explain`.
pub fn explain(arguments: &Explain) -> Exit {
    let console = Console::new(&arguments.shared);
    let as_json = arguments.shared.printing.json;
    let Some(code) = &arguments.code else {
        let text = match as_json {
            true => {
                let all = rows().map(object).chain(words().map(|word| entry(&word)));
                format!("{:#}\n", Value::Array(all.collect()))
            }
            false => list(),
        };
        return console.print(&text);
    };
    // As it is in a message: `error[unknown-name]`, `[unknown-name]`.
    let bare = code
        .rsplit_once('[')
        .map_or(code.as_str(), |(_, code)| code);
    let bare = bare.trim_end_matches([']', ':']).to_lowercase();
    let (row, word) = (find(&bare), words::find(code.trim()));
    if row.is_none() && word.is_none() {
        return unknown(&console, code, &bare);
    }
    let text = match as_json {
        true => {
            let found = row.map(object).or(word.as_ref().map(entry));
            format!("{:#}\n", found.unwrap_or_default())
        }
        // `trapped` is both a code and a word.
        false => {
            let parts = [row.map(page), word.as_ref().map(meaning)];
            parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
        }
    };
    console.print(&text)
}

fn unknown(console: &Console<'_>, code: &str, bare: &str) -> Exit {
    let message = format!("no message has the code `{bare}`, and no summary the word");
    let names: Vec<&str> = words().flat_map(|word| word.names).collect();
    let known = rows().map(|row| row.code);
    let near = suggest(bare, known).or_else(|| suggest(code, names.iter().copied()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`? `effpot-lang explain` lists them all"),
        None => "`effpot-lang explain` lists them all".to_owned(),
    };
    let problem = Diagnostic::error("unknown-code", message).help(help);
    console.diagnose(&[problem], &Sources::new(), Exit::Usage)
}

fn entry(word: &Word) -> Value {
    json!({ "word": word.names[0], "also": word.names[1..], "text": plain(&word.text) })
}

/// A word with what it means.
fn meaning(word: &Word) -> String {
    let mut text = format!("{}\n\n", word.names.join(", "));
    for line in wrapped(&word.text, WIDTH) {
        text.push_str(&format!("{line}\n"));
    }
    text
}

/// On one line.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
    text.push_str("\nwords of summaries and scans\n");
    let names: Vec<String> = words().map(|word| word.names.join(", ")).collect();
    for line in wrapped(&names.join("; "), 100 - 2) {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str("\neffpot-lang explain CODE or WORD says more.\n");
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
