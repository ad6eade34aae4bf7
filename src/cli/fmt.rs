//! `fmt`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::files::{FileError, read_program, read_text};
use super::write;
use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use crate::syntax::{parse, print};

/// `fmt`.
#[derive(Args, Debug)]
pub struct Fmt {
    /// The programs; - is standard input, written to standard output
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Change nothing; exit code 1 and the names of the files that are not in the layout
    #[arg(long)]
    pub check: bool,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// A program in the one layout, and as it was read.
struct Formatted<'a> {
    file: &'a Path,
    before: String,
    after: String,
}

/// `fmt`: a file that cannot be read is left as it is, and so is one that is in the layout.
pub fn fmt(arguments: &Fmt) -> Exit {
    let console = Console::new(&arguments.shared);
    let mut sources = Sources::new();
    let mut problems: Vec<Diagnostic> = Vec::new();
    let mut formatted = Vec::new();
    let mut exit = Exit::Good;
    for file in &arguments.files {
        match read(file) {
            Err(error) => {
                problems.push(Diagnostic::error("file", error.0));
                exit = Exit::Files;
            }
            Ok(before) => {
                let id = sources.add(shown(file), before.as_str());
                let text = &sources.get(id).text;
                let parsed = parse(text, id);
                if parsed.errors.is_empty() {
                    let after = print(&parsed.tree, text);
                    formatted.push(Formatted {
                        file,
                        before,
                        after,
                    });
                }
                problems.extend(parsed.errors);
            }
        }
    }
    if !problems.is_empty() {
        let exit_now = if exit == Exit::Good {
            Exit::Failed
        } else {
            exit
        };
        exit = console.diagnose(&problems, &sources, exit_now);
    }
    let done = if arguments.check {
        check(&console, &formatted)
    } else {
        write_all(&console, &formatted)
    };
    if exit == Exit::Good { done } else { exit }
}

fn is_stream(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn shown(file: &Path) -> String {
    if is_stream(file) {
        return "standard input".to_owned();
    }
    file.display().to_string()
}

fn read(file: &Path) -> Result<String, FileError> {
    if !is_stream(file) {
        return read_program(file);
    }
    read_text(file).map_err(|error| FileError(format!("standard input cannot be read: {error}")))
}

/// The names of the files that are not in the layout, one a line.
fn check(console: &Console<'_>, formatted: &[Formatted<'_>]) -> Exit {
    let changed = formatted.iter().filter(|one| one.before != one.after);
    let names: String = changed.map(|one| shown(one.file) + "\n").collect();
    match console.print(&names) {
        Exit::Good if !names.is_empty() => Exit::Failed,
        exit => exit,
    }
}

fn write_all(console: &Console<'_>, formatted: &[Formatted<'_>]) -> Exit {
    let mut exit = Exit::Good;
    for one in formatted {
        let this = if is_stream(one.file) {
            console.print(&one.after)
        } else if one.before == one.after {
            Exit::Good
        } else {
            match write::whole(one.file, one.after.as_bytes()) {
                Ok(()) => Exit::Good,
                Err(error) => console.file_error(&FileError(format!(
                    "{} cannot be written: {error}",
                    one.file.display()
                ))),
            }
        };
        if this != Exit::Good {
            exit = this;
        }
    }
    exit
}
