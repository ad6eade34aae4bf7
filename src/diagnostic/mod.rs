//! An error or a warning as data. How it looks on a terminal or as JSON is decided far above.

pub mod catalogue;

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// The result stands, with a doubt.
    Warning,
    /// There is no result, or it must not be trusted.
    Error,
}

impl Severity {
    /// The word for it in messages and in `result.json`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A place in a program and what is to be said there.
#[derive(Clone, PartialEq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to print beside it; may be empty.
    pub message: String,
}

/// What is wrong, where, and what to write instead.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    /// A stable name, `kebab-case`, such as `unknown-name`; [`catalogue`] has them all.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// The places; the first is the one the message is about.
    pub labels: Vec<Label>,
    /// What to write or set instead.
    pub help: Option<String>,
}

impl Diagnostic {
    fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Diagnostic {
        debug_assert!(catalogue::find(code).is_some(), "{code} is in no catalogue");
        Diagnostic {
            code,
            severity,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, Severity::Error, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, Severity::Warning, message)
    }

    /// A note.
    pub fn note(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, Severity::Note, message)
    }

    /// Adds a place.
    pub fn at(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.labels.push(Label {
            span,
            message: message.into(),
        });
        self
    }

    /// Says what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Whether it forbids a result.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
