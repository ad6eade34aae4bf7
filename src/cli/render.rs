//! Diagnostics as a person reads them.

use super::excerpt::Excerpt;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::source::{Position, SourceId, Sources, Span};
use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind, Source};
use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;

/// Nobody reads more at once.
const MOST: usize = 50;

/// Renders diagnostics with the lines they are about, one after the other, the first 50. Without `color` the
/// result is plain ASCII but for the text of the program.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let mut files = Files::new(sources);
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MOST) {
        header(diagnostic, color, &mut text);
        if let Some(first) = diagnostic.labels.first() {
            text.push_str(&framed(diagnostic, first.span, sources, &mut files, color));
        } else if let Some(help) = &diagnostic.help {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  help: {help}");
        }
    }
    if diagnostics.len() > MOST {
        let _ = writeln!(text, "... and {} more", diagnostics.len() - MOST);
    }
    text
}

/// `error[code]: message`
fn header(diagnostic: &Diagnostic, color: bool, text: &mut String) {
    let (severity, code) = (diagnostic.severity.name(), diagnostic.code);
    let (begin, end) = match diagnostic.severity {
        _ if !color => ("", ""),
        Severity::Error => ("\u{1b}[31m", "\u{1b}[0m"),
        Severity::Warning => ("\u{1b}[33m", "\u{1b}[0m"),
        Severity::Note => ("\u{1b}[36m", "\u{1b}[0m"),
    };
    let _ = writeln!(
        text,
        "{begin}{severity}[{code}]{end}: {}",
        diagnostic.message
    );
}

/// The lines that a diagnostic is about.
fn framed(
    diagnostic: &Diagnostic,
    span: Span,
    sources: &Sources,
    files: &mut Files<'_>,
    color: bool,
) -> String {
    let (word, tint) = match diagnostic.severity {
        Severity::Error => ("error", Color::Red),
        Severity::Warning => ("warning", Color::Yellow),
        Severity::Note => ("note", Color::Cyan),
    };
    let excerpts = files.cut_short(diagnostic);
    let place = |span: Span| -> Place {
        let range = match excerpts.get(&span.source) {
            Some(excerpt) => excerpt.place(span.start as usize)..excerpt.place(span.end as usize),
            None => span.range(),
        };
        (sources.get(span.source).name.clone(), range)
    };
    let config = Config::new()
        .with_index_type(IndexType::Byte)
        .with_char_set(if color {
            CharSet::Unicode
        } else {
            CharSet::Ascii
        })
        .with_color(color);
    let mut report = Report::build(ReportKind::Custom(word, tint), place(span)).with_config(config);
    // Ariadne cuts the frame where labels go backwards.
    let mut labels: Vec<(usize, &diagnostic::Label)> =
        diagnostic.labels.iter().enumerate().collect();
    labels.sort_by_key(|(_, label)| (label.span.source, label.span.start));
    for (order, label) in labels {
        let tint = if order == 0 { tint } else { Color::Blue };
        let mut shown = Label::new(place(label.span)).with_color(tint);
        if !label.message.is_empty() {
            shown = shown.with_message(&label.message);
        } else if order == 0 {
            shown = shown.with_message("here");
        }
        report = report.with_label(shown);
    }
    if let Some(help) = &diagnostic.help {
        report = report.with_help(help);
    }
    let mut bytes = Vec::new();
    let written = report.finish().write(&mut *files, &mut bytes);
    // The next one has its own places.
    for &source in excerpts.keys() {
        files.cut.remove(&sources.get(source).name);
    }
    if written.is_err() {
        return String::new();
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    for label in &diagnostic.labels {
        // A column is that of the whole line.
        if let Some(excerpt) = excerpts.get(&label.span.source) {
            let shown = Position::of(&excerpt.text, place(label.span).1.start);
            let name = &sources.get(label.span.source).name;
            let (shown, real) = (format!("{name}:{shown} "), sources.position(label.span));
            text = text.replacen(&shown, &format!("{name}:{real} "), 1);
        }
    }
    // Its first line is a header too, and not ours.
    let lines = text.split_once('\n').map_or("", |(_, lines)| lines);
    lines
        .lines()
        .fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

type Place = (String, Range<usize>);

/// The files as ariadne wants them, each cut into lines once.
struct Files<'s> {
    sources: &'s Sources,
    cut: HashMap<String, Source<String>>,
}

impl<'s> Files<'s> {
    fn new(sources: &'s Sources) -> Files<'s> {
        Files {
            sources,
            cut: HashMap::new(),
        }
    }

    /// Takes excerpts in place of those files that this is about with places on long lines.
    fn cut_short(&mut self, diagnostic: &Diagnostic) -> HashMap<SourceId, Excerpt> {
        let mut places: HashMap<SourceId, Vec<Span>> = HashMap::new();
        for label in &diagnostic.labels {
            places
                .entry(label.span.source)
                .or_default()
                .push(label.span);
        }
        let mut excerpts = HashMap::new();
        for (source, spans) in places {
            let file = self.sources.get(source);
            if let Some(excerpt) = Excerpt::of(&file.text, &spans) {
                let lines = ariadne::Source::from(excerpt.text.clone());
                self.cut.insert(file.name.clone(), lines);
                excerpts.insert(source, excerpt);
            }
        }
        excerpts
    }
}

impl ariadne::Cache<String> for &mut Files<'_> {
    type Storage = String;

    fn fetch(&mut self, name: &String) -> Result<&Source<String>, impl std::fmt::Debug> {
        if !self.cut.contains_key(name) {
            let found = self.sources.iter().find(|(_, file)| &file.name == name);
            let text = found.map(|(_, file)| file.text.clone()).unwrap_or_default();
            self.cut.insert(name.clone(), Source::from(text));
        }
        self.cut.get(name).ok_or("no such file")
    }

    fn display<'a>(&self, name: &'a String) -> Option<impl std::fmt::Display + 'a> {
        Some(name.clone())
    }
}
