//! Programs that read what was exported.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Whether a missing tool is a failure.
fn full() -> bool {
    std::env::var_os("EFFPOT_FULL_TESTS").is_some_and(|value| value == "1")
}

/// A tool that may be missing; said in words, or a failure where all are required.
#[track_caller]
pub fn need(tool: Option<PathBuf>, what: &str) -> Option<PathBuf> {
    if tool.is_none() {
        assert!(
            !full(),
            "{what} is missing, and EFFPOT_FULL_TESTS=1 requires it"
        );
        eprintln!("skipped: {what} is missing");
    }
    tool
}

/// Whether a command ends well.
fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// A program that answers to `--version`.
pub fn program(name: &str) -> Option<PathBuf> {
    works(Command::new(name).arg("--version")).then(|| PathBuf::from(name))
}

/// The folder of a Python with the packages that the full tests need.
fn environment() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("export-tools")
}

/// Makes that folder, once, where everything is required.
fn prepared() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let python = environment().join("bin/python");
        if !full() || python.exists() {
            return;
        }
        let made = works(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(environment()),
        );
        assert!(made, "python3 -m venv fails");
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "install", "--quiet", "numpy", "openmm"]);
        assert!(works(&mut pip), "pip cannot install numpy and openmm");
        // A package that brings PLUMED itself, which `plumed` does not.
        let mut pip = Command::new(environment().join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "hillclimber",
        ]);
        assert!(works(&mut pip), "pip cannot install a PLUMED");
    });
}

/// A Python that has a module.
pub fn python_with(module: &str) -> Option<PathBuf> {
    prepared();
    let candidates = [environment().join("bin/python"), PathBuf::from("python3")];
    let import = format!("import {module}");
    candidates
        .into_iter()
        .find(|python| works(Command::new(python).args(["-c", &import])))
}

/// What a command prints, which must end well.
#[track_caller]
pub fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it can be started");
    let (out, err) = (
        String::from_utf8_lossy(&stdout).into_owned(),
        String::from_utf8_lossy(&stderr).into_owned(),
    );
    assert!(status.success(), "{command:?}\n{out}{err}");
    out
}

/// Rows of numbers separated by blanks.
#[track_caller]
pub fn rows(text: &str) -> Vec<Vec<f64>> {
    let number = |word: &str| word.parse::<f64>().unwrap_or_else(|_| panic!("{word}"));
    text.lines()
        .map(|line| line.split_whitespace().map(number).collect())
        .collect()
}

/// Rows of numbers that read back to the same bits.
pub fn table(rows: &[Vec<f64>]) -> String {
    let line = |row: &Vec<f64>| {
        let words: Vec<String> = row.iter().map(|x| format!("{x:e}")).collect();
        words.join(" ") + "\n"
    };
    rows.iter().map(line).collect()
}
