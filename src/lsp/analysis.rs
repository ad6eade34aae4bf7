//! Checking a program, which may take long, and what is said of it.

use super::document::Document;
use super::lines::Lines;
use super::uri;
use super::world::{Disk, Overlay};
use crate::check::{Loader, NoFiles, Program, check, gather};
use crate::diagnostic::{Diagnostic, Severity};
use crate::session::Options;
use crate::source::{Sources, Span};
use lsp_types::{
    DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, NumberOrString,
};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// A program that is to be checked: it may run in another thread.
pub struct Job {
    uri: String,
    version: i32,
    name: String,
    text: Arc<str>,
    loader: Box<dyn Loader + Send>,
}

/// What was found out about a program.
pub struct Outcome {
    pub(super) uri: String,
    pub(super) version: i32,
    /// The program, if it is right.
    pub(super) program: Option<Program>,
    /// What is to be shown, by the address of the file.
    pub(super) found: BTreeMap<String, Vec<lsp_types::Diagnostic>>,
    /// The files that it is made of, apart from itself.
    pub(super) files: Vec<PathBuf>,
}

impl Job {
    pub(super) fn new(
        document: &Document,
        documents: &BTreeMap<String, Document>,
        disk: &dyn Disk,
    ) -> Job {
        let folder = document.path.as_deref().and_then(Path::parent);
        let loader: Box<dyn Loader + Send> = match (&document.path, folder) {
            (Some(path), Some(folder)) => {
                let open = documents.values().filter_map(|other| {
                    let path = other.path.clone()?;
                    Some((path, Arc::clone(&other.text)))
                });
                Box::new(Overlay {
                    folder: folder.to_owned(),
                    open: open.collect::<HashMap<_, _>>(),
                    disk: disk.loader(path),
                })
            }
            _ => Box::new(NoFiles),
        };
        Job {
            uri: document.uri.clone(),
            version: document.version,
            name: document.name(),
            text: Arc::clone(&document.text),
            loader,
        }
    }

    /// Reads and checks the program and all that it imports.
    pub fn run(mut self) -> Outcome {
        let mut sources = Sources::new();
        let root = sources.add(self.name, &*self.text);
        let checked = gather(&mut sources, root, self.loader.as_mut());
        let checked = checked.and_then(|()| check(&sources, root));
        let (program, diagnostics) = match checked {
            Ok(program) => {
                let mut found = program.warnings.clone();
                found.extend(program.unused(&[]));
                let learn = program.block("learn").map(Options::from_block);
                if let Some(Err(problems)) = learn {
                    found.extend(problems);
                }
                (Some(program), found)
            }
            Err(found) => (None, found),
        };
        let mut shown = Shown {
            sources: &sources,
            root: &self.uri,
            lines: HashMap::new(),
        };
        let mut found: BTreeMap<String, Vec<lsp_types::Diagnostic>> = BTreeMap::new();
        for diagnostic in &diagnostics {
            if let Some((uri, diagnostic)) = shown.diagnostic(diagnostic) {
                found.entry(uri).or_default().push(diagnostic);
            }
        }
        let files = sources.placed().map(|(_, id)| &sources.get(id).name);
        Outcome {
            files: files.map(PathBuf::from).collect(),
            uri: self.uri,
            version: self.version,
            program,
            found,
        }
    }
}

/// Diagnostics in the terms of the protocol.
struct Shown<'s> {
    sources: &'s Sources,
    /// The address of the root.
    root: &'s str,
    lines: HashMap<u32, Lines>,
}

impl Shown<'_> {
    fn place(&mut self, span: Span) -> (String, lsp_types::Range) {
        let source = self.sources.get(span.source);
        let lines = self.lines.entry(span.source.0);
        let lines = lines.or_insert_with(|| Lines::of(&source.text));
        let uri = match self.sources.module_name(span.source) {
            _ if span.source.0 == 0 => self.root.to_owned(),
            Some(module) => uri::of_module(module),
            None => uri::of_path(Path::new(&source.name)),
        };
        (uri, lines.range(&source.text, &span.range()))
    }

    /// A diagnostic and the address of the file that it is about.
    fn diagnostic(&mut self, found: &Diagnostic) -> Option<(String, lsp_types::Diagnostic)> {
        let mut message = found.message.clone();
        let first = found.labels.first();
        let label = first.map_or("", |label| label.message.as_str());
        if !label.is_empty() {
            message.push_str(&format!(": {label}"));
        }
        if let Some(help) = &found.help {
            message.push_str(&format!("\nhelp: {help}"));
        }
        let (uri, range) = match first {
            Some(label) => self.place(label.span),
            None => (self.root.to_owned(), lsp_types::Range::default()),
        };
        let mut related = Vec::new();
        for label in found.labels.iter().skip(1) {
            let (uri, range) = self.place(label.span);
            related.push(DiagnosticRelatedInformation {
                location: Location {
                    uri: lsp_types::Uri::from_str(&uri).ok()?,
                    range,
                },
                message: label.message.clone(),
            });
        }
        let diagnostic = lsp_types::Diagnostic {
            range,
            severity: Some(match found.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Note => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(found.code.to_owned())),
            source: Some("effpot".to_owned()),
            message,
            tags: (found.code == "unused").then(|| vec![DiagnosticTag::UNNECESSARY]),
            related_information: (!related.is_empty()).then_some(related),
            ..lsp_types::Diagnostic::default()
        };
        Some((uri, diagnostic))
    }
}
