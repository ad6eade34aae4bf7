//! The files around a document: those that are open as they are in the editor, the others as they
//! are on the disk.

use super::document::Document;
use super::lines::Lines;
use super::uri;
use crate::check::{LoadError, Loaded, Loader, library};
use crate::symbols::{Origin, Outline, std_outline};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What reads files for the server.
pub trait Disk {
    /// What reads the files that a program names; it may outlive the question.
    fn loader(&self, program: &Path) -> Box<dyn Loader + Send>;

    /// The programs in a folder and below it.
    fn programs(&self, folder: &Path) -> Vec<PathBuf>;
}

/// A loader that prefers what is open.
pub(super) struct Overlay {
    pub folder: PathBuf,
    pub open: HashMap<PathBuf, Arc<str>>,
    pub disk: Box<dyn Loader + Send>,
}

impl Loader for Overlay {
    fn load(&mut self, path: &str) -> Result<Loaded, LoadError> {
        let place = self.folder.join(path);
        match self.open.get(&place) {
            Some(text) => Ok(Loaded {
                name: place.display().to_string(),
                text: text.to_string(),
            }),
            None => self.disk.load(path),
        }
    }

    fn may_leave(&self) -> bool {
        self.disk.may_leave()
    }
}

/// A file, open or not, or a module of the library.
#[derive(Clone)]
pub(super) struct Site {
    pub uri: String,
    pub text: Arc<str>,
    pub lines: Lines,
    pub outline: Arc<Outline>,
}

impl Site {
    fn of(document: &Document) -> Site {
        Site {
            uri: document.uri.clone(),
            text: Arc::clone(&document.text),
            lines: document.lines.clone(),
            outline: Arc::clone(&document.outline),
        }
    }
}

/// All that one question may look at.
pub(super) struct World<'s> {
    pub documents: &'s BTreeMap<String, Document>,
    pub disk: &'s dyn Disk,
    /// Files that were read for this question.
    read: RefCell<HashMap<PathBuf, Option<Site>>>,
}

impl<'s> World<'s> {
    pub fn new(documents: &'s BTreeMap<String, Document>, disk: &'s dyn Disk) -> World<'s> {
        World {
            documents,
            disk,
            read: RefCell::default(),
        }
    }

    /// The file at a path.
    pub fn file(&self, path: &Path) -> Option<Site> {
        let mut open = self.documents.values();
        if let Some(document) = open.find(|d| d.path.as_deref() == Some(path)) {
            return Some(Site::of(document));
        }
        if let Some(known) = self.read.borrow().get(path) {
            return known.clone();
        }
        let name = path.file_name().map(|name| name.to_string_lossy());
        let loaded = name.and_then(|name| self.disk.loader(path).load(&name).ok());
        let site = loaded.map(|loaded| Site {
            uri: uri::of_path(path),
            lines: Lines::of(&loaded.text),
            outline: Arc::new(Outline::of(&loaded.text)),
            text: Arc::from(loaded.text),
        });
        let mut read = self.read.borrow_mut();
        read.insert(path.to_owned(), site.clone());
        site
    }

    /// A module of the library.
    pub fn module(&self, name: &str) -> Option<Site> {
        let (_, text) = library().find(|(known, _)| known == name)?;
        Some(Site {
            uri: uri::of_module(name),
            text: Arc::from(text),
            lines: Lines::of(text),
            outline: std_outline(name)?,
        })
    }

    /// The site at an address.
    pub fn site(&self, address: &str) -> Option<Site> {
        if let Some(document) = self.documents.get(address) {
            return Some(Site::of(document));
        }
        match uri::module(address) {
            Some(module) => self.module(module),
            None => self.file(&uri::path(address)?),
        }
    }

    /// What an import of a file at an address names.
    pub fn origin(&self, address: &str, origin: &Origin) -> Option<Site> {
        match origin {
            Origin::Module(name) => self.module(name),
            Origin::File(written) => self.file(&beside(address, written)?),
        }
    }

    /// The outline of a file that one at an address imports.
    pub fn outline(&self, address: &str, written: &str) -> Option<Arc<Outline>> {
        Some(self.file(&beside(address, written)?)?.outline)
    }

    /// The paths of the other programs in the folder of one and below it, as an import of it writes
    /// them.
    pub fn below(&self, address: &str) -> Vec<String> {
        let Some(own) = uri::path(address) else {
            return Vec::new();
        };
        let folder = own.parent().unwrap_or(Path::new(""));
        let others = self.disk.programs(folder).into_iter();
        let others = others.filter(|path| *path != own);
        let written = |path: PathBuf| {
            let below = path.strip_prefix(folder).ok()?.to_str()?;
            Some(below.replace(std::path::MAIN_SEPARATOR, "/"))
        };
        others.filter_map(written).collect()
    }

    /// All programs that may have to do with one: those that are open, and those in its folder.
    pub fn around(&self, address: &str) -> Vec<Site> {
        let mut sites: Vec<Site> = self.documents.values().map(Site::of).collect();
        let path = uri::path(address);
        let folder = path.as_deref().and_then(Path::parent);
        for path in folder.map_or_else(Vec::new, |folder| self.disk.programs(folder)) {
            let site = self.file(&path);
            sites.extend(site.filter(|site| sites.iter().all(|known| known.uri != site.uri)));
        }
        sites
    }
}

/// The path that a file at an address means by what it writes.
fn beside(address: &str, written: &str) -> Option<PathBuf> {
    let own = uri::path(address)?;
    let plain = !written.starts_with('/') && !written.contains(['\\', '\0', ':']);
    let place = uri::clean(&own.parent()?.join(written));
    (plain && !written.trim().is_empty() && place.file_name().is_some()).then_some(place)
}
