//! The command in a folder of its own, and a record of what it said.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder, and what was typed and shown in it.
pub struct Shell {
    folder: TempDir,
    record: String,
    /// What a test put there.
    own: BTreeSet<String>,
}

impl Shell {
    pub fn new() -> Shell {
        Shell {
            folder: TempDir::new().unwrap(),
            record: String::new(),
            own: BTreeSet::new(),
        }
    }

    pub fn with(name: &str, bytes: impl AsRef<[u8]>) -> Shell {
        let mut shell = Shell::new();
        shell.file(name, bytes);
        shell
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and shows it if it is a short program.
    pub fn file(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        std::fs::write(self.path(name), bytes).unwrap();
        self.own.insert(name.to_owned());
        match std::str::from_utf8(bytes) {
            Ok(text) if bytes.len() < 400 => {
                let lines = text.replace('\r', "\\r").replace('\u{feff}', "\\u{feff}");
                writeln!(self.record, "--- {name}\n{}", lines.trim_end()).unwrap();
            }
            _ => writeln!(self.record, "--- {name}: {} bytes", bytes.len()).unwrap(),
        }
    }

    pub fn folder(&mut self, name: &str) {
        std::fs::create_dir(self.path(name)).unwrap();
        self.own.insert(name.to_owned());
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs the command and records how it ended, what it said to standard error, and what it left
    /// in the folder; results of a run are taken away again, unless they were named.
    #[track_caller]
    pub fn run(&mut self, arguments: &[&str]) {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"));
        command.current_dir(self.folder.path()).args(arguments);
        for name in [
            "EFFPOT_SEED",
            "EFFPOT_DELTA",
            "EFFPOT_STEPS",
            "EFFPOT_THREADS",
        ] {
            command.env_remove(name);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!errors.contains("panicked"), "{errors}");
        let code = output.status.code().expect("killed by a signal");
        let whole = self.folder.path().display().to_string();
        let errors = errors.replace(&whole, "FOLDER");
        let typed = arguments.join(" ");
        write!(
            self.record,
            "\n$ effpot-lang {typed}\n{errors}exit {code}\n"
        )
        .unwrap();
        self.look_around(code);
    }

    fn look_around(&mut self, code: i32) {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let new: Vec<String> = names.filter(|name| !self.own.contains(name)).collect();
        for name in &new {
            let results = name.ends_with("-out") && self.path(name).join("result.json").is_file();
            // Only a run that came to an end leaves anything.
            assert!(results || name == "a", "{name} was left behind");
            assert!(
                code == 0 || code == 3,
                "{name} was left behind by exit {code}"
            );
            if results {
                std::fs::remove_dir_all(self.path(name)).unwrap();
            }
        }
    }

    /// All of it.
    pub fn shown(&self) -> &str {
        &self.record
    }
}
