//! An open document: its text, its outline, and the last program that it was.

use super::lines::Lines;
use super::uri;
use crate::check::Program;
use crate::symbols::Outline;
use lsp_types::TextDocumentContentChangeEvent;
use std::path::PathBuf;
use std::sync::Arc;

/// An open document.
pub(super) struct Document {
    pub uri: String,
    /// Where it is; none for what is not saved and for the library.
    pub path: Option<PathBuf>,
    pub version: i32,
    pub text: Arc<str>,
    pub lines: Lines,
    pub outline: Arc<Outline>,
    /// The last program that was right.
    pub program: Option<Program>,
    /// The files that it was made of when it was checked last, itself among them.
    pub files: Vec<PathBuf>,
    /// Whether it must be checked.
    pub dirty: bool,
}

impl Document {
    pub fn new(address: &str, version: i32, text: &str) -> Document {
        let mut document = Document {
            uri: address.to_owned(),
            path: uri::path(address),
            version,
            text: Arc::from(""),
            lines: Lines::of(""),
            outline: Arc::default(),
            program: None,
            files: Vec::new(),
            dirty: true,
        };
        document.set(text.to_owned());
        document
    }

    fn set(&mut self, text: String) {
        // A byte order mark is one column wide, as a space is.
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => format!(" {rest}"),
            None => text,
        };
        self.lines = Lines::of(&text);
        self.outline = Arc::new(Outline::of(&text));
        self.text = Arc::from(text);
        self.dirty = true;
    }

    /// Makes changes, one after the other, each in the text that the one before has left.
    pub fn change(&mut self, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let mut text = self.text.to_string();
        let mut lines = self.lines.clone();
        for change in changes {
            let Some(range) = change.range else {
                text = change.text;
                lines = Lines::of(&text);
                continue;
            };
            let start = lines.byte(&text, range.start);
            let end = lines.byte(&text, range.end).max(start);
            text.replace_range(start..end, &change.text);
            lines = Lines::of(&text);
        }
        self.version = version;
        self.set(text);
    }

    /// What to call it in messages.
    pub fn name(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => uri::module(&self.uri).unwrap_or("untitled.pot").to_owned(),
        }
    }
}
