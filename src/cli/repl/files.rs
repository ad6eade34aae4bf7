//! The files of a session: those that a user names, and what these import.

use std::collections::HashSet;
use std::env;
use std::path::{Path, PathBuf};

use super::super::files::{Folder, read_program};
use super::super::write;
use crate::check::{LoadError, Loaded, Loader};
use crate::repl::Files;

/// Files by their paths from the current folder.
pub struct WorkingFolder {
    /// What may be replaced: files that were read or written here, or are named a second time.
    own: HashSet<PathBuf>,
    /// Folders that may be read beside those of programs.
    allowed: Vec<PathBuf>,
}

impl WorkingFolder {
    /// The current folder, and others that programs may import from.
    pub fn with(allowed: &[PathBuf]) -> WorkingFolder {
        WorkingFolder {
            own: HashSet::new(),
            allowed: allowed.to_vec(),
        }
    }
}

impl Files for WorkingFolder {
    fn open(&mut self, path: &str) -> Result<Loaded, LoadError> {
        let path = expanded(path);
        let text = read_program(&path).map_err(|error| LoadError {
            message: error.0,
            help: None,
        })?;
        self.own.insert(path.clone());
        Ok(Loaded {
            name: path.display().to_string(),
            text,
        })
    }

    fn import(&mut self, program: Option<&str>, path: &str) -> Result<Loaded, LoadError> {
        let folder = Folder::of(Path::new(program.unwrap_or("session")));
        folder.with(&self.allowed).load(path)
    }

    fn may_leave(&self) -> bool {
        !self.allowed.is_empty()
    }

    fn save(&mut self, path: &str, text: &str) -> Result<String, LoadError> {
        let path = expanded(path);
        let shown = path.display().to_string();
        if path.exists() && self.own.insert(path.clone()) {
            return Err(LoadError {
                message: format!("{shown} exists already"),
                help: Some("the same command again replaces it".to_owned()),
            });
        }
        write::whole(&path, text.as_bytes()).map_err(|error| LoadError {
            message: format!("{shown} cannot be written: {error}"),
            help: None,
        })?;
        self.own.insert(path);
        Ok(shown)
    }
}

/// A path as it was typed, with the home folder for `~`.
pub(super) fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}
