//! `reproduce paper`: the figures of the paper made again, a folder each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::Exit;
use super::console::Console;
use super::files::FileError;
use super::learn::{shown_place, watched};
use super::reproduce::Reproduce;
use super::results::ResultsFolder;
use super::write;
use crate::diagnostic::Diagnostic;
use crate::report::paper::PaperReport;
use crate::session::{self, FIGURES, Failure, Hooks, PaperOptions};
use crate::source::Sources;

/// The paper.
const PAPER: &str =
    "Li & Tao 2024, Automated construction of effective potential via algorithmic implicit bias";

/// Why the figures end early.
enum Stopped {
    Run(Failure),
    File(FileError),
}

/// Makes the figures.
pub(super) fn paper(console: &Console<'_>, arguments: &Reproduce) -> Result<Exit, Exit> {
    let folder = arguments.output.clone();
    let folder = folder.unwrap_or_else(|| PathBuf::from("paper-out"));
    free(&folder, arguments.force).map_err(|error| console.file_error(&error))?;
    let options = PaperOptions {
        quick: arguments.quick,
        steps: arguments.steps,
        trajectories: arguments.trajectories,
        seed: arguments.seed,
    };
    let numbers = match arguments.figure.as_slice() {
        [] => (1..=FIGURES).collect(),
        some => some.to_vec(),
    };
    let threads = arguments.processor.take();
    let report = Mutex::new(PaperReport {
        paper: PAPER,
        quick: arguments.quick || arguments.steps.is_some(),
        seed: options.seed.unwrap_or(1),
        figures: Vec::new(),
    });
    let run = |hooks: &Hooks<'_>| {
        numbers.iter().try_for_each(|number| {
            let made = session::paper_figure(*number, &options, threads, hooks);
            let made = made.map_err(Stopped::Run)?;
            let place = folder.join(format!("figure-{number}"));
            let place = ResultsFolder::renew(&place);
            let result = serde_json::to_string_pretty(&made.result).unwrap_or_default();
            let mut files = made.files;
            files.push(("result.json".to_owned(), result.into_bytes()));
            place
                .and_then(|place| place.write(&files))
                .map_err(Stopped::File)?;
            if let Ok(mut report) = report.lock() {
                report.figures.push(made.result);
            }
            Ok(())
        })
    };
    let ended = watched(threads, arguments.printing.quiet, run);
    let report = report.into_inner().unwrap_or_default();
    let exit = match ended {
        Ok(()) => Exit::Good,
        Err(Stopped::File(error)) => return Err(console.file_error(&error)),
        Err(Stopped::Run(failure)) => stopped(console, failure),
    };
    if report.figures.is_empty() {
        return Err(exit);
    }
    finish(console, arguments, &folder, &report, exit)
}

/// Writes what was found of all figures, and prints it.
fn finish(
    console: &Console<'_>,
    arguments: &Reproduce,
    folder: &Path,
    report: &PaperReport,
    exit: Exit,
) -> Result<Exit, Exit> {
    let json = report.to_json().unwrap_or_default();
    let summary = report.summary(&shown_place(folder));
    for (name, text) in [("result.json", &json), ("summary.txt", &summary)] {
        let target = folder.join(name);
        write::whole(&target, text.as_bytes()).map_err(|error| {
            let message = format!("{} cannot be written: {error}", target.display());
            console.file_error(&FileError(message))
        })?;
    }
    let printed = console.print(if arguments.printing.json {
        &json
    } else {
        &summary
    });
    Ok(match exit {
        Exit::Good => printed,
        exit => exit,
    })
}

fn stopped(console: &Console<'_>, failure: Failure) -> Exit {
    let (diagnostics, exit) = match failure {
        Failure::Program(diagnostics) => (diagnostics, Exit::Failed),
        Failure::Usage(diagnostic) => (vec![diagnostic], Exit::Failed),
        Failure::Limit(diagnostic) => (vec![diagnostic], Exit::Limit),
    };
    let interrupted = diagnostics.iter().any(|d| d.code == "interrupted");
    // The programs are embedded: there is no file to point into.
    let bare = |d: Diagnostic| Diagnostic {
        labels: Vec::new(),
        ..d
    };
    let diagnostics: Vec<Diagnostic> = diagnostics.into_iter().map(bare).collect();
    let exit = if interrupted { Exit::Interrupted } else { exit };
    console.diagnose(&diagnostics, &Sources::new(), exit)
}

/// Whether figures may be written to a folder: a new one, or one of earlier figures.
fn free(folder: &Path, force: bool) -> Result<(), FileError> {
    let shown = folder.display();
    let wrong = |message: String| Err(FileError(message));
    if !folder.exists() {
        return Ok(());
    }
    if !folder.is_dir() {
        return wrong(format!("{shown} is a file; name a folder with -o"));
    }
    if !force {
        return wrong(format!(
            "{shown} exists already; name another folder with -o, or add --force to replace what is made again"
        ));
    }
    let ours = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with("figure-") || name == "result.json" || name == "summary.txt"
    };
    match fs::read_dir(folder).is_ok_and(|all| all.flatten().all(ours)) {
        true => Ok(()),
        false => wrong(format!(
            "{shown} holds other things than figures, and is not written to; name another folder with -o"
        )),
    }
}
