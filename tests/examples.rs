//! Every program in `examples/` does what its text promises, and what comes out of it is a program.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "pot") && has_one_coordinate(path))
        .collect();
    paths.sort();
    assert!(paths.len() >= 8, "only {} examples", paths.len());
    paths
}

/// What follows is about curves.
fn has_one_coordinate(path: &Path) -> bool {
    let mut sources = effpot_lang::source::Sources::new();
    let root = sources.add("example", std::fs::read_to_string(path).unwrap());
    let program = effpot_lang::check::check(&sources, root);
    program.is_ok_and(|p| p.potential(None).is_ok_and(|model| model.dimension() == 1))
}

/// Standard output of a command that must end with exit code 0.
#[track_caller]
fn good(arguments: &[&str]) -> String {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"))
        .args(arguments)
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {err}");
    String::from_utf8(output.stdout).unwrap()
}

/// Values and first derivatives at points, from `eval`.
fn values(program: &Path, points: &[f64]) -> Vec<(f64, f64)> {
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("points.csv");
    let rows: Vec<String> = points.iter().map(|x| format!("{x:?}\n")).collect();
    std::fs::write(&list, rows.concat()).unwrap();
    let (program, list) = (program.to_str().unwrap(), list.to_str().unwrap());
    let text = good(&["eval", program, "--points", list, "--gradient"]);
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<f64> = line.split(',').map(|x| x.parse().unwrap()).collect();
            (cells[1], cells[2])
        })
        .collect()
}

/// A results folder.
struct Learned {
    folder: TempDir,
    result: serde_json::Value,
}

impl Learned {
    fn of(program: &Path, flags: &[&str]) -> Learned {
        let folder = TempDir::new().unwrap();
        let out = folder.path().join("out");
        let mut arguments = vec![program.to_str().unwrap(), "--json"];
        arguments.extend(["-o", out.to_str().unwrap()]);
        arguments.extend(flags);
        let result = serde_json::from_str(&good(&arguments)).unwrap();
        Learned { folder, result }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("out").join(file)
    }

    /// Columns of `potential.csv` by name.
    fn columns(&self, names: &[&str]) -> Vec<Vec<f64>> {
        let text = std::fs::read_to_string(self.path("potential.csv")).unwrap();
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let at: Vec<usize> = names
            .iter()
            .map(|name| {
                let found = header.iter().position(|h| h == name);
                found.unwrap_or_else(|| panic!("no column {name} in {header:?}"))
            })
            .collect();
        let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        at.iter()
            .map(|&at| {
                rows.iter()
                    .map(|row| row[at].parse().unwrap_or(f64::NAN))
                    .collect()
            })
            .collect()
    }
}

/// Enough steps for the simplest example.
const QUICK: &str = "100000";

#[test]
fn every_example_is_learned_and_trusted() {
    for path in examples() {
        let learned = Learned::of(&path, &[]);
        assert_eq!(
            learned.result["equilibrium"]["verdict"], "trusted",
            "{path:?}"
        );
        let u = learned.path("U.pot");
        let file = u.to_str().unwrap();
        let at = good(&["eval", file, "--at", "0.3", "--gradient"]);
        assert_eq!(at.lines().count(), 2, "{at}");

        // The table and the program are two ways to write one function, where it was learned: the
        // program has a wall around that.
        let columns = learned.columns(&[&coordinate(&learned), "U", "covered"]);
        let range = |y: &[f64]| {
            let (lo, hi) = (f64::min, f64::max);
            y.iter().copied().fold(f64::NEG_INFINITY, hi)
                - y.iter().copied().fold(f64::INFINITY, lo)
        };
        let size = range(&columns[1]);
        let rows = values(&u, &columns[0]);
        let known = rows.iter().zip(&columns[1]).zip(&columns[2]);
        let known: Vec<_> = known.filter(|(_, covered)| **covered == 1.0).collect();
        assert!(2 * known.len() > rows.len());
        for (((value, _), u), _) in known {
            // Rounding of the recurrence that evaluates splines.
            assert!(
                (value - u).abs() <= 1e-12 * size,
                "{path:?}: {value} and {u}"
            );
        }
    }
}

fn coordinate(learned: &Learned) -> String {
    learned.result["program"]["variables"][0]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn every_example_is_exported_to_what_it_was() {
    let points: Vec<f64> = (0..200).map(|i| -3.0 + 0.0317 * f64::from(i)).collect();
    let folder = TempDir::new().unwrap();
    for path in examples() {
        let file = path.to_str().unwrap();
        let again = folder.path().join("again.pot");
        std::fs::write(&again, good(&["export", file, "--to", "pot"])).unwrap();
        let (was, is) = (values(&path, &points), values(&again, &points));
        for (x, (was, is)) in points.iter().zip(was.iter().zip(&is)) {
            // Written numbers are exact; the order of operations may differ by rounding, which
            // fast waves amplify by their phase: 3/0.0008 roundings of 1e-16.
            let close = |a: f64, b: f64, scale: f64| (a - b).abs() <= 1e-11 * (scale + b.abs());
            assert!(close(is.0, was.0, 1.0), "{file} at {x}: {is:?}, {was:?}");
            assert!(close(is.1, was.1, 100.0), "{file} at {x}: {is:?}, {was:?}");
        }
        for flags in [&["--to", "latex"][..], &["--to", "latex", "--gradient"]] {
            assert_balanced(&good(&[&["export", file], flags].concat()));
        }
    }
}

fn assert_balanced(latex: &str) {
    let mut open = 0;
    let mut before = ' ';
    for c in latex.chars() {
        match c {
            '{' if before != '\\' => open += 1,
            '}' if before != '\\' => open -= 1,
            _ => {}
        }
        assert!(open >= 0, "{latex}");
        before = c;
    }
    assert_eq!(open, 0, "{latex}");
    let count = |word: &str| latex.matches(word).count();
    assert_eq!(count("\\left"), count("\\right"), "{latex}");
}

/// Scales are removed one after the other: what was learned gets a new ripple and is learned again.
#[test]
fn what_is_learned_can_be_learned_from() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quadratic.pot");
    let first = Learned::of(&example, &["--steps", QUICK]);
    let u = std::fs::read_to_string(first.path("U.pot")).unwrap();
    let program = first.folder.path().join("next.pot");
    let text = format!("{u}\nV(q) = U(q) + 0.01*sin(q/0.01)\n");
    std::fs::write(&program, text).unwrap();
    let second = Learned::of(
        &program,
        &[
            "--delta",
            "0.5",
            "--steps",
            QUICK,
            "--compare",
            "U",
            "--potential",
            "V",
        ],
    );
    let row = &second.result["table"][0];
    // The ripple is 0.01 high, 0.007 in the mean square: U is back far below that.
    assert!(row["rmse"].as_f64().unwrap() < 0.003, "{row}");
    let points: Vec<f64> = (-30..=30).map(|i| 0.1 * f64::from(i)).collect();
    let (old, new) = (
        values(&first.path("U.pot"), &points),
        values(&second.path("U.pot"), &points),
    );
    let mean = |v: &[(f64, f64)]| v.iter().map(|v| v.0).sum::<f64>() / v.len() as f64;
    let shift = mean(&new) - mean(&old);
    for (x, (old, new)) in points.iter().zip(old.iter().zip(&new)) {
        assert!(
            (new.0 - old.0 - shift).abs() < 0.01,
            "{x}: {old:?}, {new:?}"
        );
    }
}
