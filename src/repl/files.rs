//! What a session asks of the world: files by name, which somebody else reads and writes.

use crate::check::{LoadError, Loaded, Loader};
use std::collections::BTreeMap;

/// Reads and writes files for a session.
pub trait Files: Send {
    /// The program that a user names in `:load`.
    ///
    /// # Errors
    /// It cannot be read.
    fn open(&mut self, path: &str) -> Result<Loaded, LoadError>;

    /// A file that a definition names, by its path from the folder of the program that was opened
    /// last under the name `program`, or from the current folder if there is none; see [`Loader`].
    ///
    /// # Errors
    /// It cannot be read, or lies outside that folder.
    fn import(&mut self, program: Option<&str>, path: &str) -> Result<Loaded, LoadError>;

    /// Whether such a path may leave that folder; see [`Loader::may_leave`].
    fn may_leave(&self) -> bool {
        false
    }

    /// Writes the file that a user names in `:save`, and says what it is called.
    ///
    /// # Errors
    /// It cannot be written.
    fn save(&mut self, path: &str, text: &str) -> Result<String, LoadError>;
}

/// Files that a loader reads; none can be written.
pub(super) struct ReadOnly<L>(pub L);

impl<L: Loader + Send> Files for ReadOnly<L> {
    fn open(&mut self, path: &str) -> Result<Loaded, LoadError> {
        self.0.load(path)
    }

    fn import(&mut self, _: Option<&str>, path: &str) -> Result<Loaded, LoadError> {
        self.0.load(path)
    }

    fn may_leave(&self) -> bool {
        self.0.may_leave()
    }

    fn save(&mut self, path: &str, _: &str) -> Result<String, LoadError> {
        Err(LoadError {
            message: format!("`{path}` cannot be written: this session writes no files"),
            help: None,
        })
    }
}

/// Reads what definitions name, each file once: the definitions of a session stay what they were
/// when a file changes.
pub(super) struct Remembering<'s> {
    pub files: &'s mut dyn Files,
    pub program: Option<&'s str>,
    pub read: &'s mut BTreeMap<String, Loaded>,
}

impl Loader for Remembering<'_> {
    fn load(&mut self, path: &str) -> Result<Loaded, LoadError> {
        if let Some(known) = self.read.get(path) {
            return Ok(known.clone());
        }
        let loaded = self.files.import(self.program, path)?;
        self.read.insert(path.to_owned(), loaded.clone());
        Ok(loaded)
    }

    fn may_leave(&self) -> bool {
        self.files.may_leave()
    }
}
