//! Reading programs and what they import, with messages that say what to do.

use crate::check::{LoadError, Loaded, Loader, suggest};
use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The largest text that is read, in bytes.
const LARGEST: u64 = 64 << 20;
/// The largest file of numbers that is read, in bytes.
const LARGEST_DATA: u64 = 4 << 30;
/// Bytes of such a file that tell what it is.
const FIRST: u64 = 64;

/// Something the file system would not do, as a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct FileError(pub String);

fn failed(what: String) -> FileError {
    FileError(what)
}

/// Reads the files that a program names, and none outside the folder of the program and those that
/// are allowed beside it.
#[derive(Debug)]
pub struct Folder {
    /// The folder as it was named; empty for the current one.
    shown: PathBuf,
    /// The folder without links.
    real: Option<PathBuf>,
    /// Other folders that may be read, without links.
    allowed: Vec<PathBuf>,
    /// What each file is called in messages, by its path without links.
    names: HashMap<PathBuf, String>,
}

impl Folder {
    /// The folder of a program.
    pub fn of(program: &Path) -> Folder {
        let shown = program.parent().unwrap_or(Path::new("")).to_owned();
        let folder = if shown.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &shown
        };
        let real = fs::canonicalize(folder).ok();
        let mut names = HashMap::new();
        if let Ok(real) = fs::canonicalize(program) {
            names.insert(real, program.display().to_string());
        }
        Folder {
            shown,
            real,
            allowed: Vec::new(),
            names,
        }
    }

    /// The same where files of other folders may be named too.
    pub fn with(mut self, others: &[PathBuf]) -> Folder {
        let real = others.iter().flat_map(fs::canonicalize);
        self.allowed.extend(real);
        self
    }
}

impl Loader for Folder {
    fn load(&mut self, path: &str) -> Result<Loaded, LoadError> {
        let place = self.shown.join(path);
        let shown = place.display().to_string();
        let Ok(real) = fs::canonicalize(&place) else {
            return Err(self.nowhere(&place));
        };
        let wrong = |message: String, help: Option<String>| Err(LoadError { message, help });
        if !self.holds(&real) {
            return wrong(
                match self.allowed.is_empty() {
                    true => format!("{shown} is a link that leaves the folder of the program"),
                    false => format!("{shown} is in none of the folders that may be read"),
                },
                Some(
                    "copy the file into the folder of the file that is run, or allow its own with \
                     `--allow-path FOLDER`"
                        .to_owned(),
                ),
            );
        }
        if !real.is_file() && !real.is_dir() {
            return wrong(format!("{shown} is no file"), None);
        }
        match read_program(&place) {
            Ok(text) => Ok(Loaded {
                name: self.names.entry(real).or_insert(shown).clone(),
                text,
            }),
            Err(error) => wrong(error.0, None),
        }
    }

    fn may_leave(&self) -> bool {
        !self.allowed.is_empty()
    }
}

impl Folder {
    /// Whether a path without links lies in the folder, or in one that is allowed.
    fn holds(&self, real: &Path) -> bool {
        let mut folders = self.real.iter().chain(&self.allowed);
        folders.any(|own| real.starts_with(own))
    }

    /// The message for a file that a program names and that is not there.
    fn nowhere(&self, place: &Path) -> LoadError {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let parent = place.parent().filter(|p| !p.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new("."));
        let mut help = match folder.is_dir() {
            true => format!("looked in the folder {}", folder.display()),
            false => format!("there is no folder {} either", folder.display()),
        };
        let inside = fs::canonicalize(folder).is_ok_and(|real| self.holds(&real));
        if inside {
            let ending = place
                .extension()
                .unwrap_or("pot".as_ref())
                .to_string_lossy();
            let there = neighbours(folder, &format!(".{ending}"));
            let with_ending = there
                .iter()
                .find(|file| **file == format!("{name}.{ending}"));
            let near = with_ending.map(String::as_str);
            if let Some(near) = near.or_else(|| suggest(&name, there.iter().map(String::as_str))) {
                help.push_str(&format!("; did you mean {near}?"));
            } else if !there.is_empty() {
                let few = &there[..there.len().min(6)];
                help.push_str(&format!("; it has {}", few.join(", ")));
            }
        }
        LoadError {
            message: format!("there is no file {}", place.display()),
            help: Some(help),
        }
    }
}

/// The files in a folder whose names have that end, in order.
fn neighbours(folder: &Path, end: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(end))
        .collect();
    names.sort();
    names
}

/// Reads a program; a byte order mark and CRLF are accepted.
pub fn read_program(path: &Path) -> Result<String, FileError> {
    let shown = path.display();
    let status = fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => failed(missing(path)),
        _ => failed(format!("{shown} cannot be read: {error}")),
    })?;
    if status.is_dir() {
        return Err(failed(format!("{shown} is a folder; name a file in it")));
    }
    if status.len() > LARGEST {
        return Err(failed(format!(
            "{shown} has {} bytes; a program may have {LARGEST}",
            status.len()
        )));
    }
    let bytes = fs::File::open(path).and_then(|file| all_of(file, LARGEST));
    let bytes = bytes.map_err(|error| failed(format!("{shown} cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        failed(format!(
            "{shown} is not UTF-8: byte {at}, on line {line}, cannot be read; save it as UTF-8"
        ))
    })
}

/// A text of a file that is read or of standard input, which is `-`.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let bytes = match path.as_os_str() == "-" {
        true => all_of(io::stdin().lock(), LARGEST),
        false => all_of(fs::File::open(path)?, LARGEST),
    };
    String::from_utf8(bytes?).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// The bytes of a file, as far as whoever saw its first ones goes on reading.
pub(super) fn read_data(path: &Path, go_on: impl FnOnce(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(FIRST).read_to_end(&mut bytes)?;
    if go_on(&bytes) {
        bytes.extend(all_of(file, LARGEST_DATA)?);
    }
    Ok(bytes)
}

/// Everything there is to read, unless it is more than so many bytes: what has no end, such as a
/// device, does not fill the memory.
fn all_of(source: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::other(format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

fn missing(path: &Path) -> String {
    let shown = path.display();
    let program = path.with_extension("pot");
    if program.is_file() {
        return format!(
            "there is no file {shown}; did you mean {}?",
            program.display()
        );
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let mut programs = neighbours(folder.unwrap_or(Path::new(".")), ".pot");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(near) = suggest(&name, programs.iter().map(String::as_str)) {
        let near = path.with_file_name(near);
        format!("there is no file {shown}; did you mean {}?", near.display())
    } else if programs.is_empty() {
        format!("there is no file {shown}")
    } else {
        programs.truncate(6);
        format!(
            "there is no file {shown}; beside it are {}",
            programs.join(", ")
        )
    }
}
