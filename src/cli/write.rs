//! Files that are written whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

/// Writes a file all at once or not at all: under another name first, which is then its own. One that
/// is there keeps who may read and write it, a link stays one, and what is no file, such as a pipe, is
/// written to.
///
/// # Errors
/// The file system will not, or the file that is there is marked as not to be written.
pub(super) fn whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let there = fs::metadata(path).ok();
    match &there {
        Some(there) if there.is_dir() => return Err(Error::other("it is a folder")),
        Some(there) if !there.is_file() => return fs::write(path, bytes),
        Some(there) if there.permissions().readonly() => {
            let message = "it is marked as not to be written";
            return Err(Error::new(ErrorKind::PermissionDenied, message));
        }
        _ => {}
    }
    let building = beside(path)?;
    let written = create(&building).and_then(|mut file| {
        file.write_all(bytes)?;
        if let Some(there) = there {
            file.set_permissions(there.permissions())?;
        }
        // A name must not be there before what it names.
        file.sync_all()?;
        fs::rename(&building, path)
    });
    if written.is_err() {
        // Nothing half-written stays behind.
        let _ = fs::remove_file(&building);
    }
    written
}

/// Whether a file can be written there, which is tried.
///
/// # Errors
/// It cannot.
pub(super) fn possible(path: &Path) -> Result<()> {
    let tried = beside(path)?;
    create(&tried)?;
    fs::remove_file(&tried)
}

/// Another name in the same folder.
fn beside(path: &Path) -> Result<PathBuf> {
    let name = path.file_name();
    let name = name.ok_or_else(|| Error::other("it has no name"))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}", std::process::id()));
    Ok(path.with_file_name(hidden))
}

/// A new file. What is there under its name was left by a process that was killed.
fn create(building: &Path) -> Result<File> {
    let _ = fs::remove_file(building);
    File::create_new(building)
}
