//! `reproduce`: a result file run again from what it embeds, or the figures of the paper.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::arguments::Printing;
use super::console::Console;
use super::files::{FileError, read_data, read_program};
use super::learn::watched;
use super::paper::paper;
use super::processor::Processor;
use super::values::{count, whole};
use crate::diagnostic::Diagnostic;
use crate::report::result::RunResult;
use crate::session::{self, Failure, Hooks};
use crate::source::Sources;

/// `reproduce`.
#[derive(Args, Debug)]
pub struct Reproduce {
    /// A result.json, or the folder that holds it; `paper` for the figures of the paper
    #[arg(value_name = "RESULT")]
    pub result: PathBuf,
    /// Of the paper: fewer steps than it takes
    #[arg(long)]
    pub quick: bool,
    /// Of the paper: these figures, from 1 to 10 [default: all]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=10))]
    pub figure: Vec<u32>,
    /// Of the paper: so many steps of each learning run
    #[arg(short = 'n', long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: Option<u64>,
    /// Of the paper: so many trajectories of each ensemble [default: 4000]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub trajectories: Option<u64>,
    /// Of the paper: the seed [default: 1]
    #[arg(long, value_name = "N", value_parser = whole, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Of the paper: where to put the figures [default: paper-out]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Of the paper: replace figures of an earlier run
    #[arg(long)]
    pub force: bool,
    /// What it runs on.
    #[command(flatten)]
    pub processor: Processor,
    /// How it is said.
    #[command(flatten)]
    pub printing: Printing,
}

impl Reproduce {
    /// A result says all of this itself.
    fn of_the_paper_alone(&self, console: &Console<'_>) -> Result<(), Exit> {
        let given = [
            ("--quick", self.quick),
            ("--figure", !self.figure.is_empty()),
            ("--steps", self.steps.is_some()),
            ("--trajectories", self.trajectories.is_some()),
            ("--seed", self.seed.is_some()),
            ("--output", self.output.is_some()),
            ("--force", self.force),
        ];
        let Some((flag, _)) = given.iter().find(|(_, given)| *given) else {
            return Ok(());
        };
        let message = format!("`{flag}` is for `reproduce paper`; a result says how it was made");
        let help = "leave it out; a folder named paper is in the way of the figures of the paper";
        let problem = Diagnostic::error("usage", message).help(help);
        Err(console.diagnose(&[problem], &Sources::new(), Exit::Usage))
    }
}

/// Runs a result again.
pub fn reproduce(arguments: &Reproduce) -> Exit {
    // The result says all else.
    let shared = arguments.printing.alone();
    let console = Console::new(&shared);
    run(&console, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, arguments: &Reproduce) -> Result<Exit, Exit> {
    if arguments.result == Path::new("paper") && !arguments.result.exists() {
        return paper(console, arguments);
    }
    arguments.of_the_paper_alone(console)?;
    let path = file_of(console, &arguments.result)?;
    let shown = path.display();
    let wrong = |message: String| console.file_error(&FileError(message));
    let text = read_program(&path).map_err(|error| console.file_error(&error))?;
    let stored = RunResult::from_json(&text).map_err(|error| wrong(format!("{shown}: {error}")))?;
    let threads = arguments.processor.take();
    let beside = beside(&path, &stored);
    let rerun = |hooks: &Hooks<'_>| session::reproduce(&stored, &beside, threads, hooks);
    let agreement = watched(threads, arguments.printing.quiet, rerun).map_err(|failure| {
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
    let text = match arguments.printing.json {
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
    let read = |name: &String| {
        let bytes = read_data(&path.with_file_name(name), |_| true).ok()?;
        Some((name.clone(), bytes))
    };
    names.filter_map(read).collect()
}
