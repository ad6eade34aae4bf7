//! `reproduce`: a result file run again from what it embeds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::arguments::Color;
use super::arguments::Shared;
use super::console::Console;
use super::files::{FileError, read_program};
use super::learn::watched;
use super::processor::Processor;
use crate::diagnostic::Diagnostic;
use crate::report::result::RunResult;
use crate::session::{self, Failure, Hooks};
use crate::source::Sources;

/// `reproduce`.
#[derive(Args, Debug)]
pub struct Reproduce {
    /// A result.json, or the folder that holds it
    #[arg(value_name = "RESULT")]
    pub result: PathBuf,
    /// What it runs on.
    #[command(flatten)]
    pub processor: Processor,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print no progress and no warnings
    #[arg(short, long)]
    pub quiet: bool,
    /// Colour messages
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN", env = "EFFPOT_COLOR")]
    pub color: Color,
}

/// Runs a result again.
pub fn reproduce(arguments: &Reproduce) -> Exit {
    // The result says all else.
    let shared = Shared {
        set: Vec::new(),
        potential: None,
        json: arguments.json,
        quiet: arguments.quiet,
        color: arguments.color,
    };
    let console = Console::new(&shared);
    run(&console, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, arguments: &Reproduce) -> Result<Exit, Exit> {
    let path = file_of(console, &arguments.result)?;
    let shown = path.display();
    let wrong = |message: String| console.file_error(&FileError(message));
    let text = read_program(&path).map_err(|error| console.file_error(&error))?;
    let stored = RunResult::from_json(&text).map_err(|error| wrong(format!("{shown}: {error}")))?;
    let threads = arguments.processor.take();
    let beside = beside(&path, &stored);
    let rerun = |hooks: &Hooks<'_>| session::reproduce(&stored, &beside, threads, hooks);
    let agreement = watched(threads, arguments.quiet, rerun).map_err(|failure| {
        let (diagnostics, exit) = match failure {
            Failure::Program(diagnostics) => (diagnostics, Exit::Failed),
            Failure::Usage(diagnostic) => (vec![diagnostic], Exit::Failed),
            Failure::Limit(diagnostic) => (vec![diagnostic], Exit::Limit),
        };
        let interrupted = diagnostics.iter().any(|d| d.code == "interrupted");
        // What the embedded program is told by has no file here to point into.
        let bare = |d: Diagnostic| Diagnostic {
            labels: Vec::new(),
            ..d
        };
        let diagnostics: Vec<Diagnostic> = diagnostics.into_iter().map(bare).collect();
        console.diagnose(
            &diagnostics,
            &Sources::new(),
            if interrupted { Exit::Interrupted } else { exit },
        )
    })?;
    let text = match arguments.json {
        true => agreement.to_json().unwrap_or_default(),
        false => agreement.summary(&shown.to_string()),
    };
    Ok(match console.print(&text) {
        Exit::Good if !agreement.agrees => Exit::Failed,
        exit => exit,
    })
}

/// The result file of a path that is it, or its folder.
fn file_of(console: &Console<'_>, path: &Path) -> Result<PathBuf, Exit> {
    if path == Path::new("paper") && !path.exists() {
        let message =
            "`paper` stands for the figures of the paper, which this version does not remake";
        let help = "name a result.json or its folder; a folder of that name is ./paper";
        let problem = Diagnostic::error("usage", message).help(help);
        return Err(console.diagnose(&[problem], &Sources::new(), Exit::Usage));
    }
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let file = path.join("result.json");
    match file.is_file() {
        true => Ok(file),
        false => {
            let message = format!(
                "{} holds no result.json; name a results folder, or the file itself",
                path.display()
            );
            Err(console.file_error(&FileError(message)))
        }
    }
}

/// The files of the folder that the result knows, as they are now.
fn beside(path: &Path, stored: &RunResult) -> BTreeMap<String, Vec<u8>> {
    // A name of another folder is no name of a file of this one.
    let plain = |name: &&String| Path::new(name.as_str()).components().count() == 1;
    let names = stored.files.keys().filter(plain);
    let read = |name: &String| Some((name.clone(), fs::read(path.with_file_name(name)).ok()?));
    names.filter_map(read).collect()
}
