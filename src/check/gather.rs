//! All files of a program, found from its root by what each names.
//!
//! The library reads no file: a [`Loader`] does. What it brings lies in [`Sources`], and from there
//! [`check`](super::check) works on, so that a message can point into any file.

use super::library::{LIBRARY, Module, PREFIX};
use super::paths::{Refused, file_name, join, leaves};
use super::suggest::suggest;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Sources};
use crate::syntax::{MOST_TOKENS, Reference, Referred, parse, references};
use std::collections::{HashSet, VecDeque};

/// How many files a program may have.
const MOST_FILES: usize = 1000;
/// How many bytes they may have together.
const MOST_BYTES: usize = 256 << 20;

/// What reads the files that a program names.
pub trait Loader {
    /// The file at a path from the folder of the root file. The path has `/` between its parts, no
    /// `.`, and does not begin with `/`; only where [`Loader::may_leave`] says so it may begin with
    /// `..`, once or more.
    ///
    /// # Errors
    /// The file is not there, cannot be read, or lies outside the folder of the root file.
    fn load(&mut self, path: &str) -> Result<Loaded, LoadError>;

    /// Whether it is asked for paths that leave the folder of the root file at all.
    fn may_leave(&self) -> bool {
        false
    }
}

/// A file that was read.
#[derive(Clone, PartialEq, Debug)]
pub struct Loaded {
    /// What to call it in messages. Two paths are of one file if it has one name under both.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Why a file was not read.
#[derive(Clone, PartialEq, Debug)]
pub struct LoadError {
    /// What is wrong, such as `there is no file parts/a.pot`.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The loader of programs that are one text: there are no other files.
#[derive(Clone, Copy, Default, Debug)]
pub struct NoFiles;

impl Loader for NoFiles {
    fn load(&mut self, path: &str) -> Result<Loaded, LoadError> {
        Err(LoadError {
            message: format!("`{path}` cannot be read: this program has no folder"),
            help: Some("save it to a file, and name that".to_owned()),
        })
    }
}

/// Files by their paths from the folder of the root file, such as those a result keeps.
impl Loader for std::collections::BTreeMap<String, String> {
    fn load(&mut self, path: &str) -> Result<Loaded, LoadError> {
        match self.get(path) {
            Some(text) => Ok(Loaded {
                name: path.to_owned(),
                text: text.clone(),
            }),
            None => {
                let near = suggest(path, self.keys().map(String::as_str));
                Err(LoadError {
                    message: format!("there is no file `{path}`"),
                    help: near.map(|near| format!("did you mean `{near}`?")),
                })
            }
        }
    }

    // They are texts by their names, and no more is read.
    fn may_leave(&self) -> bool {
        true
    }
}

/// Brings every file that the root names, directly or through others, into `sources`, each once:
/// imports and data files through the loader, modules of the library from what is embedded. A
/// program that names none needs this not at all.
///
/// # Errors
/// The files that could not be had, with the syntax errors of those that could.
pub fn gather(
    sources: &mut Sources,
    root: SourceId,
    loader: &mut dyn Loader,
) -> Result<(), Vec<Diagnostic>> {
    gather_with(sources, root, loader, LIBRARY)
}

pub(super) fn gather_with(
    sources: &mut Sources,
    root: SourceId,
    loader: &mut dyn Loader,
    library: &[Module],
) -> Result<(), Vec<Diagnostic>> {
    let root_path = file_name(&sources.get(root).name).to_owned();
    sources.place(root, root_path);
    let mut gatherer = Gatherer {
        sources,
        loader,
        library,
        open: VecDeque::from([root]),
        programs: HashSet::from([root]),
        tokens: 0,
        refused: HashSet::new(),
        errors: Vec::new(),
    };
    if let Some(error) = gatherer.run() {
        return Err(vec![error]);
    }
    let (programs, mut errors) = (gatherer.programs, gatherer.errors);
    if errors.is_empty() {
        return Ok(());
    }
    let mut unread = Vec::new();
    for id in programs {
        unread.extend(parse(&sources.get(id).text, id).errors);
    }
    // Of an import that cannot be read it is not said that the file is missing too.
    let line = |error: &Diagnostic| {
        let span = error.labels.first()?.span;
        Some((span.source, sources.position(span).line))
    };
    let lines: HashSet<_> = unread.iter().filter_map(line).collect();
    errors.retain(|error| line(error).is_none_or(|line| !lines.contains(&line)));
    errors.append(&mut unread);
    super::sorted(errors).map(|_| ())
}

fn too_large() -> Diagnostic {
    let message = format!(
        "this program has more than {MOST_FILES} files, {MOST_BYTES} bytes, or {MOST_TOKENS} names, \
         numbers and signs"
    );
    Diagnostic::error("too-many-files", message).help("import fewer files")
}

struct Gatherer<'a> {
    sources: &'a mut Sources,
    loader: &'a mut dyn Loader,
    library: &'a [Module],
    open: VecDeque<SourceId>,
    /// The files that are programs, and not data.
    programs: HashSet<SourceId>,
    /// Of the programs so far.
    tokens: usize,
    /// Paths that have been reported.
    refused: HashSet<(SourceId, Referred, String)>,
    errors: Vec<Diagnostic>,
}

impl Gatherer<'_> {
    /// Brings all files there are, unless they are too many or too large.
    fn run(&mut self) -> Option<Diagnostic> {
        while let Some(from) = self.open.pop_front() {
            let (named, tokens) = references(&self.sources.get(from).text, from);
            self.tokens += tokens;
            if self.is_too_large() {
                return Some(too_large());
            }
            for reference in named {
                let found = match reference.what {
                    Referred::Module => self.module(&reference),
                    Referred::File | Referred::Data => self.file(from, &reference),
                };
                match found {
                    Ok(_) if reference.what == Referred::Data => {}
                    Ok(id) => {
                        if self.programs.insert(id) {
                            self.open.push_back(id);
                        }
                    }
                    Err(error) => {
                        if self.refused.insert((from, reference.what, reference.path)) {
                            self.errors.push(error);
                        }
                    }
                }
                if self.is_too_large() {
                    return Some(too_large().at(reference.span, "with this one"));
                }
            }
        }
        None
    }

    fn is_too_large(&self) -> bool {
        let bytes: usize = self.sources.iter().map(|(_, file)| file.text.len()).sum();
        let files = self.sources.iter().count();
        files > MOST_FILES || bytes > MOST_BYTES || self.tokens > MOST_TOKENS
    }

    fn module(&mut self, reference: &Reference) -> Result<SourceId, Diagnostic> {
        let path = &reference.path;
        if let Some(id) = self.sources.module(path) {
            return Ok(id);
        }
        let name = path.strip_prefix(PREFIX);
        let known = name.and_then(|name| self.library.iter().find(|known| known.0 == name));
        match known {
            Some((_, text)) => Ok(self.sources.add_module(path, text)),
            None => Err(self.no_module(reference)),
        }
    }

    fn no_module(&self, reference: &Reference) -> Diagnostic {
        let path = &reference.path;
        let modules: Vec<String> = self
            .library
            .iter()
            .map(|(name, _)| format!("{PREFIX}{name}"))
            .collect();
        let with_prefix = format!("{PREFIX}{path}");
        let near = modules
            .iter()
            .find(|name| **name == with_prefix)
            .map(String::as_str)
            .or_else(|| suggest(path, modules.iter().map(String::as_str)));
        let help = match near {
            Some(near) => format!("did you mean `import {near} (...)`?"),
            None if !path.starts_with(PREFIX) => {
                format!("a file is named in quotes: `import \"{path}.pot\" (...)`")
            }
            None => format!("it has {}", modules.join(", ")),
        };
        let message = format!("the library has no module `{path}`");
        Diagnostic::error("unknown-module", message)
            .at(reference.span, "not known")
            .help(help)
    }

    fn file(&mut self, from: SourceId, reference: &Reference) -> Result<SourceId, Diagnostic> {
        let code = match reference.what {
            Referred::Data => "csv",
            _ => "import",
        };
        let error = |message: String| Diagnostic::error(code, message).at(reference.span, "");
        let Some(folder) = self.sources.path(from) else {
            let message = "the library cannot name files".to_owned();
            return Err(error(message));
        };
        let joined = join(folder, &reference.path);
        let held = joined.and_then(|path| match leaves(&path) && !self.loader.may_leave() {
            true => Err(Refused::Leaves),
            false => Ok(path),
        });
        let path = held.map_err(|refused| {
            let (message, help) = refused.words();
            error(message.to_owned()).help(help)
        })?;
        if let Some(id) = self.sources.at_path(&path) {
            return Ok(id);
        }
        let loaded = self.loader.load(&path).map_err(|refused| {
            let error = error(refused.message);
            match refused.help {
                Some(help) => error.help(help),
                None => error,
            }
        })?;
        let known = {
            let mut placed = self.sources.placed().map(|(_, id)| id);
            placed.find(|id| self.sources.get(*id).name == loaded.name)
        };
        let id = match known {
            Some(id) => id,
            None => self.sources.add(loaded.name, loaded.text),
        };
        self.sources.place(id, path);
        Ok(id)
    }
}
