//! What Tab offers: commands, names, settings, files.

use std::fs;
use std::sync::Arc;

use rustyline::completion::Pair;

use super::super::files::read_program;
use super::files::expanded;
use crate::check::KEYS;
use crate::repl::COMMANDS;
use crate::symbols::{Outline, Where, WordKind};

/// Where the word at a byte of a line begins, and what it may become.
pub(super) fn complete(program: &str, line: &str, at: usize) -> (usize, Vec<Pair>) {
    let typed = &line[..at];
    let Some(command) = typed.trim_start().strip_prefix(':') else {
        return names(program, typed, "");
    };
    let start = typed.len() - command.len();
    let Some((name, rest)) = command.split_once(char::is_whitespace) else {
        let known = COMMANDS.iter().map(|row| (row.name, row.usage));
        let known = known.filter(|(name, _)| name.starts_with(command));
        return (
            start,
            known.map(|(name, usage)| pair(name, usage)).collect(),
        );
    };
    match name {
        "load" | "save" => {
            let rest = rest.trim_start();
            let from = typed.len() - rest.len();
            let (start, files) = files(rest);
            (from + start, files)
        }
        "help" => {
            let word = rest.trim_start().trim_start_matches(':');
            let known = COMMANDS.iter().map(|row| (row.name, row.usage));
            let known = known.filter(|(name, _)| name.starts_with(word));
            let commands: Vec<Pair> = known.map(|(name, usage)| pair(name, usage)).collect();
            match commands.is_empty() {
                true => names(program, typed, name),
                false => (typed.len() - word.len(), commands),
            }
        }
        _ => names(program, typed, name),
    }
}

fn pair(word: &str, shown: &str) -> Pair {
    Pair {
        display: shown.to_owned(),
        replacement: word.to_owned(),
    }
}

/// Names after the definitions so far; those that settings have after `:learn` and `:scan`.
fn names(program: &str, typed: &str, command: &str) -> (usize, Vec<Pair>) {
    let begin = typed.len() - typed.trim_start().len();
    // The colon of a command is no part of what the outline reads.
    let text = match command.is_empty() {
        true => typed,
        false => &typed[begin + 1 + command.len()..],
    };
    let head = typed.len() - text.len();
    let whole = format!("{program}\n{text}");
    let files = |path: &str| {
        let text = read_program(&expanded(path)).ok()?;
        Some(Arc::new(Outline::of(&text)))
    };
    let completion = Outline::of(&whole).words(&whole, whole.len(), &files);
    let offset = whole.len() - text.len();
    let start = completion.replace.start.max(offset) - offset + head;
    let word = &typed[start.min(typed.len())..];
    if completion.place == Where::File {
        let (from, files) = self::files(word);
        return (start + from, files);
    }
    let mut pairs: Vec<Pair> = Vec::new();
    if matches!(command, "learn" | "scan") {
        let keys = KEYS.iter().filter(|key| key.name.starts_with(word));
        pairs.extend(keys.map(|key| {
            let shown = format!("{}={}", key.name, key.example);
            pair(&format!("{}=", key.name), &shown)
        }));
    }
    let fitting = completion.words.into_iter();
    let fitting = fitting.filter(|known| known.name.starts_with(word));
    pairs.extend(fitting.map(|known| {
        let opens = known.kind == WordKind::Function && completion.place == Where::Formula;
        let replacement = match opens && known.signature.contains('(') && command.is_empty() {
            true => format!("{}(", known.name),
            false => known.name.clone(),
        };
        let shown = match known.signature.is_empty() {
            true => &known.name,
            false => &known.signature,
        };
        pair(&replacement, shown)
    }));
    (start, pairs)
}

/// Files whose paths begin like that: programs, data and folders.
fn files(word: &str) -> (usize, Vec<Pair>) {
    let word = word.trim_start_matches('"');
    let (folder, begin) = match word.rfind('/') {
        Some(slash) => (&word[..=slash], &word[slash + 1..]),
        None => ("", word),
    };
    let place = match folder {
        "" => expanded("."),
        folder => expanded(folder),
    };
    let mut found: Vec<Pair> = fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let hidden = name.starts_with('.') && !begin.starts_with('.');
            let is_folder = entry.path().is_dir();
            let is_program = name.ends_with(".pot") || name.ends_with(".csv");
            let fits = name.starts_with(begin) && !hidden && (is_folder || is_program);
            let end = if is_folder { "/" } else { "" };
            fits.then(|| pair(&format!("{name}{end}"), &format!("{name}{end}")))
        })
        .collect();
    found.sort_by(|a, b| a.replacement.cmp(&b.replacement));
    (folder.len(), found)
}
