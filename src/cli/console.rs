//! Standard output, standard error, and what diagnostics look like on them.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

use serde_json::json;

use super::Exit;
use super::arguments::{Color, Shared};
use super::files::{FileError, Folder, read_program};
use super::render::render;
use crate::check::{Program, check, gather};
use crate::diagnostic::{Diagnostic, Severity};
use crate::graph::Model;
use crate::source::{SourceId, Sources};

/// Where a command prints.
pub struct Console<'a> {
    shared: &'a Shared,
}

/// A program that was read and checked.
pub struct Loaded {
    /// Its files.
    pub sources: Sources,
    /// The file that was named.
    pub root: SourceId,
    /// The program.
    pub program: Program,
}

impl<'a> Console<'a> {
    /// The console of a command.
    pub fn new(shared: &'a Shared) -> Console<'a> {
        Console { shared }
    }

    /// Prints the result; a closed pipe is a quiet end.
    pub fn print(&self, text: &str) -> Exit {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Exit::Good,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Good,
            Err(error) => {
                self.complain(&format!("standard output cannot be written: {error}"));
                Exit::Files
            }
        }
    }

    fn complain(&self, text: &str) {
        complain(text);
    }

    /// Whether what is printed as the result has colours.
    pub fn colours_output(&self) -> bool {
        self.has_color(io::stdout().is_terminal())
    }

    /// Whether a stream has colours, which is a terminal or not.
    pub fn has_color(&self, on_terminal: bool) -> bool {
        match self.shared.printing.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                on_terminal && !refused
            }
        }
    }

    /// Shows what is wrong with a program, and gives the exit code back.
    pub fn diagnose(&self, diagnostics: &[Diagnostic], sources: &Sources, exit: Exit) -> Exit {
        let is_error = diagnostics.iter().any(Diagnostic::is_error);
        if self.shared.printing.json && is_error {
            self.print(&as_json(diagnostics, sources));
            return exit;
        }
        self.remark(diagnostics, sources);
        exit
    }

    /// Shows diagnostics on standard error, in words whatever the result is printed as; errors
    /// even when quiet.
    pub fn remark(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        let shown: Vec<Diagnostic> = diagnostics
            .iter()
            .filter(|d| !self.shared.printing.quiet || d.severity == Severity::Error)
            .cloned()
            .collect();
        if !shown.is_empty() {
            let color = self.has_color(io::stderr().is_terminal());
            self.complain(render(&shown, sources, color).trim_end());
        }
    }

    /// Shows what is wrong with a file.
    pub fn file_error(&self, error: &FileError) -> Exit {
        let diagnostic = Diagnostic::error("file", error.0.clone());
        self.diagnose(&[diagnostic], &Sources::new(), Exit::Files)
    }

    /// What a program may read.
    fn folder(&self, program: &Path) -> Folder {
        Folder::of(program).with(&self.shared.allow_path)
    }

    /// Reads and checks a program and what it imports, and shows its warnings.
    pub fn load(&self, path: &Path) -> Result<Loaded, Exit> {
        let text = read_program(path).map_err(|error| self.file_error(&error))?;
        let mut sources = Sources::new();
        let root = sources.add(path.display().to_string(), text);
        let program = gather(&mut sources, root, &mut self.folder(path))
            .and_then(|()| check(&sources, root))
            .map_err(|diagnostics| self.diagnose(&diagnostics, &sources, Exit::Failed))?;
        self.diagnose(&program.warnings, &sources, Exit::Good);
        Ok(Loaded {
            sources,
            root,
            program,
        })
    }

    /// The potential of a program with the parameters of the command line.
    pub fn potential(&self, loaded: &Loaded) -> Result<Model, Exit> {
        let name = self.shared.potential.as_deref();
        let mut model = loaded
            .program
            .potential(name)
            .map_err(|diagnostics| self.diagnose(&diagnostics, &loaded.sources, Exit::Failed))?;
        let values = loaded
            .program
            .values(&self.shared.set)
            .map_err(|problem| self.diagnose(&[problem], &loaded.sources, Exit::Usage))?;
        for (parameter, value) in model.parameters.iter_mut().zip(values) {
            parameter.value = value;
        }
        Ok(model)
    }
}

/// Prints on standard error.
pub(super) fn complain(text: &str) {
    // Standard error is the last place to complain to.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints what clap says of a command line in the form of a diagnostic.
pub fn usage_as_json(text: &str) {
    let (message, help) = text.split_once('\n').unwrap_or((text, ""));
    let message = message.trim_start_matches("error: ");
    let mut problem = Diagnostic::error("usage", message);
    if !help.trim().is_empty() {
        problem = problem.help(help.trim());
    }
    // Nobody is left to tell if this cannot be printed.
    let _ = io::stdout()
        .lock()
        .write_all(as_json(&[problem], &Sources::new()).as_bytes());
}

fn as_json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let list = serde_json::Value::Array(objects(diagnostics, sources));
    format!("{list:#}\n")
}

/// Diagnostics as JSON.
pub(super) fn objects(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<serde_json::Value> {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let place = diagnostic.labels.first().map(|label| {
                let position = sources.position(label.span);
                (sources.get(label.span.source).name.clone(), position)
            });
            json!({
                "code": diagnostic.code,
                "severity": diagnostic.severity.name(),
                "message": diagnostic.message,
                "file": place.as_ref().map(|(file, _)| file),
                "line": place.as_ref().map(|(_, position)| position.line),
                "column": place.as_ref().map(|(_, position)| position.column),
                "help": diagnostic.help,
            })
        })
        .collect()
}
