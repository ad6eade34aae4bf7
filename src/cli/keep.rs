//! Checkpoints as files: saved now and then, gone on from, and taken away at the end.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Exit;
use super::console::Console;
use super::files::{FileError, read_data};
use super::limits::beside_a_clock;
use super::write;
use crate::diagnostic::Diagnostic;
use crate::session::{BEGIN_ANEW, Checkpoint};
use crate::source::Sources;

/// The file beside results in which a run that is not done is kept.
pub(super) fn beside(results: &Path) -> PathBuf {
    let mut name = results.file_name().unwrap_or_default().to_owned();
    name.push(".checkpoint");
    results.with_file_name(name)
}

/// Reads what a run is gone on with, or a shard; `again` is what can be done where it is refused.
pub(super) fn read(console: &Console<'_>, path: &Path, again: &str) -> Result<Checkpoint, Exit> {
    let shown = path.display().to_string();
    let bytes = read_data(path, Checkpoint::is_begun_by).map_err(|error| {
        let message = match error.kind() {
            ErrorKind::NotFound => format!("there is no file {shown}"),
            _ => format!("{shown} cannot be read: {error}"),
        };
        console.file_error(&FileError(message))
    })?;
    Checkpoint::read(&shown, bytes, again)
        .map_err(|wrong| console.diagnose(&[wrong], &Sources::new(), Exit::Files))
}

/// Where a run is kept.
pub(super) struct Place<'a> {
    console: &'a Console<'a>,
    path: PathBuf,
    /// Whether somebody was told that it cannot be written.
    told: AtomicBool,
    /// Whether what is there is of this run.
    own: AtomicBool,
}

impl<'a> Place<'a> {
    pub fn new(console: &'a Console<'a>, path: PathBuf) -> Place<'a> {
        Place {
            console,
            path,
            told: AtomicBool::new(false),
            own: AtomicBool::new(false),
        }
    }

    /// What is there to go on from. Where there is nothing, which is said, a run begins anew.
    pub fn resume(&self) -> Result<Option<Checkpoint>, Exit> {
        if self.path.exists() {
            let from = read(self.console, &self.path, BEGIN_ANEW)?;
            self.own.store(true, Ordering::Relaxed);
            return Ok(Some(from));
        }
        let message = format!("there is no checkpoint {}", self.path.display());
        let remark = Diagnostic::warning("no-checkpoint", message)
            .help("the run begins at its beginning, which --resume allows");
        self.console.remark(&[remark], &Sources::new());
        Ok(None)
    }

    /// Saves a checkpoint. A run goes on where it cannot be saved, which is said once.
    pub fn save(&self, bytes: &[u8]) {
        let Err(error) = write::whole(&self.path, bytes) else {
            return self.own.store(true, Ordering::Relaxed);
        };
        if !self.told.swap(true, Ordering::Relaxed) {
            let message = format!(
                "the run cannot be saved to {}: {error}",
                self.path.display()
            );
            let remark = Diagnostic::warning("not-saved", message)
                .help("it goes on; where it is interrupted, an earlier checkpoint is all there is");
            self.console.remark(&[remark], &Sources::new());
        }
    }

    /// A run that is done needs none.
    pub fn clear(&self) {
        // What cannot be removed does no harm: it is refused by the next run without --resume.
        let _ = fs::remove_file(&self.path);
    }

    /// What is said of a run that was interrupted.
    pub fn interrupted(&self) {
        if self.own.load(Ordering::Relaxed) {
            let message = format!("the run is saved in {}", self.path.display());
            let remark = Diagnostic::note("saved", message)
                .help("the same command with --resume goes on from there");
            self.console.remark(&[remark], &Sources::new());
        }
    }
}

/// Says that it is time to save, every so often, as long as the work lasts.
pub(super) fn every<T>(seconds: f64, due: &AtomicBool, work: impl FnOnce() -> T) -> T {
    if seconds <= 0.0 {
        return work();
    }
    let interval = Duration::from_secs_f64(seconds.min(1e9));
    let clock = |done: &AtomicBool| {
        while !done.load(Ordering::Relaxed) {
            std::thread::park_timeout(interval);
            due.store(true, Ordering::Relaxed);
        }
    };
    beside_a_clock(clock, work)
}
