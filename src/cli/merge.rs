//! `merge`: the shards of one run as its result.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::arguments::{Printing, Shared};
use super::console::Console;
use super::keep;
use super::learn::{command_line, show, watched};
use super::processor::Processor;
use super::results::ResultsFolder;
use crate::diagnostic::Diagnostic;
use crate::session::{self, Checkpoint, Failure, Hooks, RUN_AGAIN};
use crate::source::Sources;

/// `merge`.
#[derive(Args, Debug)]
pub struct Merge {
    /// The files of all shards of one run, in any order
    #[arg(value_name = "SHARD", required = true)]
    pub shards: Vec<PathBuf>,
    /// Where to put the results [default: NAME-out]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replace an existing results folder
    #[arg(long)]
    pub force: bool,
    /// Write figures as PNG too, beside the SVG
    #[arg(long)]
    pub png: bool,
    /// What it runs on.
    #[command(flatten)]
    pub processor: Processor,
    /// How it is said.
    #[command(flatten)]
    pub printing: Printing,
}

/// Puts shards together.
pub fn merge(arguments: &Merge) -> Exit {
    // The shards say all else.
    let shared = arguments.printing.alone();
    let console = Console::new(&shared);
    run(&console, &shared, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, shared: &Shared, arguments: &Merge) -> Result<Exit, Exit> {
    let read = |path: &PathBuf| keep::read(console, path, RUN_AGAIN);
    let shards: Vec<Checkpoint> = arguments
        .shards
        .iter()
        .map(read)
        .collect::<Result<_, _>>()?;
    let stem = shards
        .first()
        .map_or("results", Checkpoint::stem)
        .to_owned();
    let folder = ResultsFolder::prepare(arguments.output.as_deref(), &stem, arguments.force)
        .map_err(|error| console.file_error(&error))?;
    let threads = arguments.processor.take();
    let (command, shards) = (command_line(), std::sync::Mutex::new(Some(shards)));
    let work = |hooks: &Hooks<'_>| {
        let shards = shards.lock().ok().and_then(|mut shards| shards.take());
        session::merge(shards.unwrap_or_default(), &command, threads, hooks)
    };
    // What the embedded program is told by has no file here to point into.
    let bare = |d: Diagnostic| Diagnostic {
        labels: Vec::new(),
        ..d
    };
    let outcome = watched(threads, arguments.printing.quiet, work).map_err(|failure| {
        let (diagnostics, exit) = match failure {
            Failure::Program(diagnostics) => (diagnostics, Exit::Failed),
            Failure::Usage(diagnostic) => (vec![diagnostic], Exit::Failed),
            Failure::Limit(diagnostic) => (vec![diagnostic], Exit::Limit),
        };
        let diagnostics: Vec<Diagnostic> = diagnostics.into_iter().map(bare).collect();
        console.diagnose(&diagnostics, &Sources::new(), exit)
    })?;
    let remarks = outcome.diagnostics.iter().cloned().map(bare).collect();
    show(
        console,
        shared,
        &Sources::new(),
        folder,
        arguments.png,
        (outcome, remarks),
    )
}

/// The file of a shard of a program.
pub(super) fn shard_file(program: &Path, shard: session::Shard) -> PathBuf {
    let stem = program.file_stem().unwrap_or_default().to_string_lossy();
    PathBuf::from(format!("{stem}.shard-{}-of-{}", shard.number, shard.of))
}
