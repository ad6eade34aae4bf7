//! The modules of the language itself: the files of `std/`, embedded.

/// A module of the library: its name after `std.`, and its text.
pub(super) type Module = (&'static str, &'static str);

/// The one list of them. A test holds it against the folder.
pub(super) const LIBRARY: &[Module] = &[
    ("chains", include_str!("../../std/chains.pot")),
    ("landscapes", include_str!("../../std/landscapes.pot")),
    ("networks", include_str!("../../std/networks.pot")),
    ("noise", include_str!("../../std/noise.pot")),
    ("pairs", include_str!("../../std/pairs.pot")),
    ("torsions", include_str!("../../std/torsions.pot")),
];

/// What comes before the name of a module of the library.
pub(super) const PREFIX: &str = "std.";

/// The module of the library that defines a name.
pub(super) fn home(name: &str) -> Option<&'static str> {
    let defines = |line: &str| {
        let line = line.strip_prefix("param ").unwrap_or(line);
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with('(') || rest.trim_start().starts_with('='))
    };
    let found = LIBRARY.iter().find(|(_, text)| text.lines().any(defines));
    found.map(|(module, _)| *module)
}

#[cfg(test)]
mod tests {
    use super::{LIBRARY, home};
    use std::path::Path;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("std");
        let files = std::fs::read_dir(folder).unwrap();
        let mut found: Vec<(String, String)> = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "pot"))
            .map(|path| {
                let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
                (stem, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        found.sort();
        let listed: Vec<(String, String)> = LIBRARY
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        assert_eq!(listed, found);
    }

    #[test]
    fn names_of_the_library_are_found() {
        assert_eq!(home("himmelblau"), Some("landscapes"));
        assert_eq!(home("barrier"), Some("landscapes"));
        assert_eq!(home("himmel"), None);
    }
}
