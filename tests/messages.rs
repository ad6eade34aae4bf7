//! Every file of `examples/errors` as a user sees it: checked, rendered, compared with a snapshot.
//! `run` needs a run and is tested with the command line.

use effpot_lang::check::{LoadError, Loaded, Loader, check, gather};
use effpot_lang::cli::render::render;
use effpot_lang::source::Sources;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of a stage, under its name.
struct Folder<'a>(&'a str);

impl Loader for Folder<'_> {
    fn load(&mut self, path: &str) -> Result<Loaded, LoadError> {
        let place = folder(self.0).join(path);
        let name = format!("{}/{path}", self.0);
        match fs::read_to_string(place) {
            Ok(text) => Ok(Loaded { name, text }),
            Err(_) => Err(LoadError {
                message: format!("there is no file {name}"),
                help: None,
            }),
        }
    }
}

fn folder(stage: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/errors")
        .join(stage)
}

fn message(stage: &str, path: &Path) -> String {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("?");
    let mut sources = Sources::new();
    let root = sources.add(format!("{stage}/{name}"), fs::read_to_string(path).unwrap());
    let program =
        gather(&mut sources, root, &mut Folder(stage)).and_then(|()| check(&sources, root));
    let found = match program {
        Ok(program) => {
            let mut found = program.warnings.clone();
            found.extend(program.potential(None).err().unwrap_or_default());
            found
        }
        Err(found) => found,
    };
    assert!(
        !found.is_empty(),
        "{stage}/{name} has nothing to complain about"
    );
    render(&found, &sources, false)
}

fn stage(stage: &str) {
    let mut files: Vec<_> = fs::read_dir(folder(stage))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for path in files {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("?");
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("{stage}-{stem}"), message(stage, &path));
        });
    }
}

#[test]
fn syntax() {
    stage("syntax");
}

#[test]
fn names() {
    stage("names");
}

#[test]
fn shapes() {
    stage("shapes");
}

#[test]
fn limits() {
    stage("limits");
}

/// What these import is in the folder `parts`.
#[test]
fn imports() {
    stage("imports");
}
