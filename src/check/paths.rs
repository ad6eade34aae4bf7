//! Paths as programs write them: `/` between the parts, from the folder of the file that names
//! another, and out of the folder of the root file only where the loader says so.

/// What a path is refused for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refused {
    Empty,
    Absolute,
    Backslash,
    Leaves,
    Control,
}

impl Refused {
    /// What is wrong, and what to write.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Refused::Empty => (
                "this names no file",
                "write the name of a file, such as \"shared.pot\"",
            ),
            Refused::Absolute => (
                "an absolute path, which means nothing on another machine",
                "write the path from the folder of this file, such as \"parts/shared.pot\"",
            ),
            Refused::Backslash => (
                "a backslash in a path",
                "write `/` between folders, on every system",
            ),
            Refused::Leaves => (
                "this leaves the folder of the program",
                "move the file into the folder of the file that is run, or below it, or allow its \
                 own with `--allow-path FOLDER`",
            ),
            Refused::Control => (
                "a path with a character that cannot be printed",
                "write the path again",
            ),
        }
    }
}

/// The path from the folder of the root file that a file at `from` means by `written`; it begins
/// with `../` where it leaves that folder.
pub(super) fn join(from: &str, written: &str) -> Result<String, Refused> {
    if written.trim().is_empty() {
        return Err(Refused::Empty);
    }
    if written.contains(char::is_control) {
        return Err(Refused::Control);
    }
    if written.contains('\\') {
        return Err(Refused::Backslash);
    }
    let drive = written.as_bytes().get(1) == Some(&b':');
    if written.starts_with('/') || drive {
        return Err(Refused::Absolute);
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_none_or(|last| *last == "..") => parts.push(part),
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let last = written.rsplit('/').next();
    if parts.is_empty() || matches!(last, Some("" | "." | "..")) {
        return Err(Refused::Empty);
    }
    Ok(parts.join("/"))
}

/// Whether a path of [`join`] leaves the folder of the root file.
pub(super) fn leaves(path: &str) -> bool {
    path.starts_with("../")
}

/// The name of a file without its folder.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The name of a file without its folder and without what follows the last dot.
pub(super) fn stem(path: &str) -> &str {
    let name = file_name(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{Refused, join, leaves, stem};

    #[test]
    fn paths_are_from_the_folder_of_the_root() {
        let cases = [
            ("root.pot", "a.pot", Ok("a.pot")),
            ("root.pot", "./x//a.pot", Ok("x/a.pot")),
            ("x/y/b.pot", "../a.pot", Ok("x/a.pot")),
            ("x/b.pot", "../x/../a.pot", Ok("a.pot")),
            ("x/b.pot", "../../a.pot", Ok("../a.pot")),
            ("root.pot", "../here/a.pot", Ok("../here/a.pot")),
            ("root.pot", "x/../../here/a.pot", Ok("../here/a.pot")),
            ("../x/b.pot", "../../a.pot", Ok("../../a.pot")),
            ("../x/b.pot", "a.pot", Ok("../x/a.pot")),
            ("root.pot", "/etc/a.pot", Err(Refused::Absolute)),
            ("root.pot", "C:/a.pot", Err(Refused::Absolute)),
            ("root.pot", "x\\a.pot", Err(Refused::Backslash)),
            ("root.pot", " ", Err(Refused::Empty)),
            ("x/b.pot", "..", Err(Refused::Empty)),
            ("x/b.pot", "y/", Err(Refused::Empty)),
            ("root.pot", "a\0b", Err(Refused::Control)),
        ];
        for (from, written, expected) in cases {
            let found = join(from, written);
            assert_eq!(found, expected.map(str::to_owned), "{from} {written}");
        }
        assert!(leaves("../a.pot") && !leaves("x/a.pot") && !leaves("..a.pot"));
    }

    #[test]
    fn the_stem_is_what_parameters_are_set_by() {
        assert_eq!(stem("x.y/lib.v2.pot"), "lib.v2");
        assert_eq!(stem(".pot"), ".pot");
        assert_eq!(stem("noise"), "noise");
    }
}
