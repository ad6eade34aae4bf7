//! The program itself, run in a folder of its own.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A folder of its own for a test.
pub struct Place(TempDir);

impl Place {
    /// A folder that holds `v.pot`.
    pub fn with(program: &str) -> Place {
        let place = Place(TempDir::new().unwrap());
        place.write("v.pot", program.as_bytes());
        place
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"));
        command.current_dir(self.0.path()).args(arguments);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name == "NO_COLOR" || name.starts_with("EFFPOT_") {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null());
        command
    }

    /// A child whose output is kept.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// What lies in the folder, hidden files too.
    pub fn names(&self) -> Vec<String> {
        names(self.0.path())
    }
}

/// What lies in a folder, hidden files too.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Sends a signal to a child.
pub fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }

    /// Exit code, and words on either stream.
    #[track_caller]
    pub fn says(self, code: i32, words: &[&str]) -> Ran {
        assert_eq!(self.code, code, "{self:#?}");
        for word in words {
            let there = self.err.contains(word) || self.out.contains(word);
            assert!(there, "`{word}` is missing in {self:#?}");
        }
        self
    }
}

/// What of a results folder no clock and no machine changes: the files, and the result without
/// times.
pub fn bits(results: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for name in names(results) {
        let bytes = std::fs::read(results.join(&name)).unwrap();
        match name.as_str() {
            "result.json" => {
                let mut json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                timeless(&mut json);
                files.push((name, json.to_string().into_bytes()));
            }
            // The page shows times too.
            "report.html" => files.push((name, Vec::new())),
            _ => files.push((name, bytes)),
        }
    }
    files
}

/// Takes out what a clock, the command line and the number of threads decide.
fn timeless(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            for name in [
                "seconds",
                "ns_per_step",
                "jit_ms",
                "threads",
                "command",
                "report.html",
            ] {
                fields.remove(name);
            }
            fields.values_mut().for_each(timeless);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(timeless),
        _ => {}
    }
}

/// Says what differs, and not all of both.
#[track_caller]
pub fn assert_same(a: &Path, b: &Path) {
    let (a, b) = (bits(a), bits(b));
    let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|file| file.0.clone()).collect()
    };
    assert_eq!(names(&a), names(&b));
    assert!(a.len() >= 4, "{:?}", names(&a));
    for ((name, a), (_, b)) in a.iter().zip(&b) {
        let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(0);
        let near = |bytes: &[u8]| {
            let from = at.saturating_sub(200).min(bytes.len());
            String::from_utf8_lossy(&bytes[from..(at + 100).min(bytes.len())]).into_owned()
        };
        assert!(a == b, "{name}, byte {at}:\n{}\n{}", near(a), near(b));
    }
}
