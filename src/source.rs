//! Files and byte spans: where every piece of a program came from.

use std::collections::BTreeMap;
use std::fmt;

/// Which of the files of a program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceId(pub u32);

/// A half-open range of bytes of one file, on character boundaries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Span {
        // Files of 4 GiB and more are refused when they are read.
        Span {
            source,
            start: start as u32,
            end: end as u32,
        }
    }

    /// The smallest span that holds both; they must be of one file.
    pub fn to(self, other: Span) -> Span {
        Span {
            source: self.source,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The bytes as a range.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// One file: the name to print and the text, without a byte order mark.
#[derive(Clone, Debug)]
pub struct Source {
    /// What to call the file in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The files of one program, and where each was found.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    /// By the path from the folder of the root file, with `/` between its parts.
    paths: BTreeMap<String, SourceId>,
    /// By the name of a module of the library, such as `std.landscapes`.
    modules: BTreeMap<String, SourceId>,
}

/// A place a person can go to: both counted from 1, the column in characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// That of a byte of a text.
    pub fn of(text: &str, byte: usize) -> Position {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Sources {
    /// No files.
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Adds a file; a byte order mark at its start is dropped.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let mut text: String = text.into();
        if let Some(rest) = text.strip_prefix('\u{feff}') {
            text = rest.to_owned();
        }
        self.files.push(Source {
            name: name.into(),
            text,
        });
        SourceId(self.files.len() as u32 - 1)
    }

    /// The file behind an id that [`Sources::add`] gave.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// Says that a file of the program lies at that path from the folder of the root file, written
    /// with `/`. Links may give a file several paths.
    pub fn place(&mut self, id: SourceId, path: impl Into<String>) {
        self.paths.insert(path.into(), id);
    }

    /// The file at a path from the folder of the root file.
    pub fn at_path(&self, path: &str) -> Option<SourceId> {
        self.paths.get(path).copied()
    }

    /// The first path of a file; none for the library.
    pub fn path(&self, id: SourceId) -> Option<&str> {
        let mut paths = self.paths.iter();
        paths.find(|(_, at)| **at == id).map(|(path, _)| &**path)
    }

    /// All files of the program that have a path from the folder of the root file.
    pub fn placed(&self) -> impl Iterator<Item = (&str, SourceId)> {
        self.paths.iter().map(|(path, id)| (path.as_str(), *id))
    }

    /// Adds a module of the library, which is shown under its name.
    pub fn add_module(&mut self, name: &str, text: &str) -> SourceId {
        let id = self.add(name, text);
        self.modules.insert(name.to_owned(), id);
        id
    }

    /// The module of the library of that name, such as `std.landscapes`, if it was added.
    pub fn module(&self, name: &str) -> Option<SourceId> {
        self.modules.get(name).copied()
    }

    /// The name of a file that is a module of the library.
    pub fn module_name(&self, id: SourceId) -> Option<&str> {
        let mut modules = self.modules.iter();
        modules.find(|(_, at)| **at == id).map(|(name, _)| &**name)
    }

    /// All files with their ids, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0u32..).map(SourceId).zip(&self.files)
    }

    /// The text that a span covers.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).text.get(span.range()).unwrap_or("")
    }

    /// Line and column of the first byte of a span.
    pub fn position(&self, span: Span) -> Position {
        Position::of(&self.get(span.source).text, span.start as usize)
    }
}
