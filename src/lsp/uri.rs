//! Addresses of documents: files, and the modules of the library, which are no files.

use std::path::{Path, PathBuf};

/// The scheme of the modules of the library.
const LIBRARY: &str = "effpot-std:/";

/// The address of a module of the library, such as `std.landscapes`.
pub(super) fn of_module(name: &str) -> String {
    format!("{LIBRARY}{name}.pot")
}

/// The module of the library at an address.
pub(super) fn module(uri: &str) -> Option<&str> {
    uri.strip_prefix(LIBRARY)?
        .trim_start_matches('/')
        .strip_suffix(".pot")
}

/// The path of a file, without `.` and `..`.
pub(super) fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let path = decoded(&rest[rest.find('/')?..])?;
    let bytes = path.as_bytes();
    // `/c:/x` is a path with a drive.
    let drive = bytes.len() > 2 && bytes[1].is_ascii_alphabetic() && bytes[2] == b':';
    Some(clean(Path::new(if drive { &path[1..] } else { &path })))
}

/// The address of a file.
pub(super) fn of_path(path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', "/");
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut uri = format!("file://{slash}");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte as char);
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// A path without `.` and `..`.
pub(super) fn clean(path: &Path) -> PathBuf {
    use std::path::Component::{CurDir, ParentDir};
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            CurDir => {}
            ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: u8| (byte as char).to_digit(16);
        let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
        bytes.push((16 * high + low) as u8);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{module, of_module, of_path, path};
    use std::path::Path;

    #[test]
    fn paths_and_addresses_are_the_same_both_ways() {
        for shown in ["/a/b c/ε.pot", "/a%b/#?.pot", "/x"] {
            let path_of = Path::new(shown);
            assert_eq!(path(&of_path(path_of)).as_deref(), Some(path_of));
        }
        assert_eq!(
            path("file:///a/./b/../c.pot").as_deref(),
            Some(Path::new("/a/c.pot"))
        );
        assert_eq!(
            path("file:///c%3A/x.pot").as_deref(),
            Some(Path::new("c:/x.pot"))
        );
        assert_eq!(path("untitled:Untitled-1"), None);
        assert_eq!(path("file:///a%zz"), None);
        assert_eq!(path("file://"), None);
        assert_eq!(module(&of_module("std.noise")), Some("std.noise"));
    }
}
