//! The folder that results are written to.

use super::console::Console;
use super::files::FileError;
use super::keep::beside;
use crate::diagnostic::Diagnostic;
use crate::report::picture::{Picture, pngs};
use crate::source::Sources;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn failed(what: String) -> FileError {
    FileError(what)
}

/// Files with the figures among them as PNG too, where that is wanted. A figure that cannot be drawn
/// so is missing, which is said.
pub fn with_pngs(
    console: &Console<'_>,
    mut files: Vec<(String, Vec<u8>)>,
    pictures: &[Picture],
    wanted: bool,
) -> Vec<(String, Vec<u8>)> {
    if wanted {
        let (drawn, problems) = pngs(pictures);
        files.extend(drawn);
        let warning = |message| {
            Diagnostic::warning("no-png", message).help("the SVG of the same name has the figure")
        };
        let remarks: Vec<Diagnostic> = problems.into_iter().map(warning).collect();
        console.remark(&remarks, &Sources::new());
    }
    files
}

/// A results folder that comes into being all at once, or not at all.
#[derive(Debug)]
pub struct ResultsFolder {
    target: PathBuf,
    building: PathBuf,
    replace: bool,
    done: bool,
}

impl ResultsFolder {
    /// Chooses the folder and makes sure that it can be written, before any work is done.
    pub fn prepare(
        named: Option<&Path>,
        stem: &str,
        force: bool,
    ) -> Result<ResultsFolder, FileError> {
        let target = match named {
            Some(path) if path.exists() && !force => {
                return Err(failed(format!(
                    "{} exists already; name another folder with -o, or add --force to replace it",
                    path.display()
                )));
            }
            Some(path) if path.exists() && !path.is_dir() => {
                return Err(failed(format!(
                    "{} is a file; name a folder with -o",
                    path.display()
                )));
            }
            Some(path) if path.exists() && !is_results(path) => {
                return Err(failed(format!(
                    "{} holds other things than results, and is not replaced; name another folder with -o",
                    path.display()
                )));
            }
            Some(path) => path.to_owned(),
            None => free_name(stem),
        };
        let Some(name) = target.file_name() else {
            return Err(failed(format!(
                "{} is not a folder of its own; name one with -o, such as {stem}-out",
                target.display()
            )));
        };
        let name = name.to_string_lossy();
        let building = target.with_file_name(format!(".{name}.{}", std::process::id()));
        let _ = fs::remove_dir_all(&building);
        // Made and taken away again: it shows that results can be written, and a run that is killed
        // leaves nothing behind.
        fs::create_dir_all(&building)
            .and_then(|()| fs::remove_dir(&building))
            .map_err(|error| {
                failed(format!(
                    "results cannot be written to {}: {error}",
                    target.display()
                ))
            })?;
        Ok(ResultsFolder {
            target,
            building,
            replace: force,
            done: false,
        })
    }

    /// The folder of that name, which replaces one of earlier results.
    pub fn renew(path: &Path) -> Result<ResultsFolder, FileError> {
        ResultsFolder::prepare(Some(path), "results", true)
    }

    /// Where the results will be.
    pub fn path(&self) -> &Path {
        &self.target
    }

    /// Writes all files and moves the folder into place.
    pub fn write(mut self, files: &[(String, Vec<u8>)]) -> Result<PathBuf, FileError> {
        let wrong = |error: io::Error, target: &Path| {
            failed(format!(
                "results cannot be written to {}: {error}",
                target.display()
            ))
        };
        fs::create_dir_all(&self.building).map_err(|e| wrong(e, &self.target))?;
        for (name, bytes) in files {
            fs::write(self.building.join(name), bytes).map_err(|e| wrong(e, &self.target))?;
        }
        let mut old = None;
        if self.target.exists() && self.replace {
            let aside = self.building.with_extension("old");
            fs::rename(&self.target, &aside).map_err(|e| wrong(e, &self.target))?;
            old = Some(aside);
        }
        if let Err(error) = fs::rename(&self.building, &self.target) {
            if let Some(old) = old {
                // Back where they were; if that fails too, they are beside.
                let _ = fs::rename(old, &self.target);
            }
            return Err(wrong(error, &self.target));
        }
        self.done = true;
        if let Some(old) = old {
            // The new results are in place; what cannot be removed of the old ones does no harm.
            let _ = fs::remove_dir_all(old);
        }
        Ok(self.target.clone())
    }
}

impl Drop for ResultsFolder {
    fn drop(&mut self) {
        if !self.done {
            // Nothing half-written stays behind; there is nobody left to tell if this fails.
            let _ = fs::remove_dir_all(&self.building);
        }
    }
}

/// Whether a folder is empty or holds the results of an earlier run, so that it may be replaced.
fn is_results(path: &Path) -> bool {
    let empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    let known = ["result.json", "scan.json", "free.json"];
    empty || known.iter().any(|name| path.join(name).is_file())
}

fn free_name(stem: &str) -> PathBuf {
    let free = |path: &PathBuf| !path.exists() && !beside(path).exists();
    names(stem).find(free).unwrap_or_default()
}

/// The names of folders that are not named by hand.
fn names(stem: &str) -> impl Iterator<Item = PathBuf> {
    let first = PathBuf::from(format!("{stem}-out"));
    let others = (2u64..).map(move |n| PathBuf::from(format!("{stem}-out-{n}")));
    std::iter::once(first).chain(others)
}

/// Folders that are not named by hand and looked for, at most.
const MOST_NAMES: usize = 1000;

/// Of the folders that are not named by hand the first whose run is not done.
pub fn unfinished(stem: &str) -> Option<PathBuf> {
    names(stem)
        .take(MOST_NAMES)
        .find(|path| beside(path).exists())
}
