//! Diagnostics as a person reads them.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Sources, Span};
use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind, Source};
use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;

/// Renders diagnostics with the lines they are about, one after the other. Without `color` the
/// result is plain ASCII but for the text of the program.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let mut files = Files::new(sources);
    let mut text = String::new();
    for diagnostic in diagnostics {
        match diagnostic.labels.first() {
            Some(first) => {
                text.push_str(&framed(diagnostic, first.span, sources, &mut files, color))
            }
            None => plain(diagnostic, &mut text),
        }
    }
    text
}

fn plain(diagnostic: &Diagnostic, text: &mut String) {
    let (severity, code) = (diagnostic.severity.name(), diagnostic.code);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{severity}[{code}]: {}", diagnostic.message);
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(text, "  help: {help}");
    }
}

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
    let config = Config::new()
        .with_index_type(IndexType::Byte)
        .with_char_set(if color {
            CharSet::Unicode
        } else {
            CharSet::Ascii
        })
        .with_color(color);
    let mut report = Report::build(ReportKind::Custom(word, tint), place(span, sources))
        .with_config(config)
        .with_code(diagnostic.code)
        .with_message(&diagnostic.message);
    for (order, label) in diagnostic.labels.iter().enumerate() {
        let tint = if order == 0 { tint } else { Color::Blue };
        let mut shown = Label::new(place(label.span, sources))
            .with_color(tint)
            .with_order(order as i32);
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
    match report.finish().write(files, &mut bytes) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

type Place = (String, Range<usize>);

fn place(span: Span, sources: &Sources) -> Place {
    (sources.get(span.source).name.clone(), span.range())
}

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
