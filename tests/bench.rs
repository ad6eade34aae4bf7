//! `bench`: the shape of what it prints, its engines, and wrong input. Times are not judged.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use effpot_lang::kernel::Engine;
use serde_json::Value;
use tempfile::TempDir;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        let ran = Ran {
            code: output.status.code().expect("killed by a signal"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"));
    command.current_dir(folder).arg("bench").args(arguments);
    for name in ["NO_COLOR", "EFFPOT_DELTA", "EFFPOT_GAMMA"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// The flags of a short bench, if they do not say how long.
fn short<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let seconds: &[&str] = match more.contains(&"--seconds") {
        true => &[],
        false => &["--seconds", "0.02"],
    };
    [&[file], seconds, more].concat()
}

/// A short bench of an example.
fn example(file: &str, more: &[&str]) -> Ran {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    Ran::of(command(&folder, &short(file, more)).output().unwrap())
}

/// A short bench of a program.
fn program(text: &str, more: &[&str]) -> Ran {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("v.pot"), text).unwrap();
    Ran::of(
        command(folder.path(), &short("v.pot", more))
            .output()
            .unwrap(),
    )
}

fn engines() -> Vec<Engine> {
    let works = |engine: &Engine| *engine != Engine::Interpreter && engine.works();
    Engine::ALL.into_iter().filter(works).collect()
}

#[track_caller]
fn positive(of: &Value, key: &str) -> f64 {
    let x = of[key].as_f64().unwrap_or(f64::NAN);
    assert!(x > 0.0 && x.is_finite(), "{key}: {}", of[key]);
    x
}

/// Numbers of every row are there, finite, and belong together.
#[track_caller]
fn assert_row(row: &Value, operations: &Value) {
    let clock_ghz = positive(row, "clock_ghz");
    let (limit, bare) = (positive(row, "limit_ns"), positive(row, "ns_per_step"));
    positive(row, "jit_ms");
    positive(row, "ns_per_step_with_statistics");
    assert!(row["repetitions"].as_u64().unwrap() >= 5);
    assert!((positive(row, "part_of_limit") * bare / limit - 1.0).abs() < 1e-12);
    for key in ["jit_ms", "ns_per_step", "ns_per_step_with_statistics"] {
        let [lo, hi] = [0, 1].map(|at| row["spread"][key][at].as_f64().unwrap());
        let median = row[key].as_f64().unwrap();
        assert!(0.0 < lo && lo <= median && median <= hi && hi.is_finite());
    }
    // The divider can only make it longer.
    let lanes = row["bits"].as_f64().unwrap() / 64.0;
    let per_cycle = positive(row, "per_cycle");
    assert_eq!(per_cycle.fract(), 0.0);
    let mixed = positive(row, "mixed_per_cycle");
    let [pipe, sums] = ["pipe", "sums"].map(|name| operations[name].as_f64().unwrap());
    let cycles = ((pipe - sums) / per_cycle).max(pipe / mixed);
    let pipes = cycles / (lanes * clock_ghz);
    assert!(limit > 0.999_999 * pipes);
    if operations["divisions"] == 0 && operations["roots"] == 0 {
        assert!((limit / pipes - 1.0).abs() < 1e-9, "{limit}, not {pipes}");
    }
}

#[track_caller]
fn assert_shape(result: &Value, coordinates: usize) {
    assert_eq!(result["coordinates"], coordinates);
    assert!(result["trajectories"].as_u64().unwrap() >= 1);
    let fastest = positive(result, "clock_ghz");
    assert!(result["operations"]["pipe"].as_u64().unwrap() > 0);
    let rows = result["widths"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        assert_row(row, &result["operations"]);
        assert!(positive(row, "clock_ghz") <= fastest);
    }
}

/// The damped map takes two fused operations and a product in each coordinate, and `q` and two
/// cosines are at least an addition each and a product for each argument.
#[test]
fn every_engine_of_this_host_has_a_row() {
    let ran = example("quadratic.pot", &["--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let result = ran.json();
    assert_eq!(result["potential"], "V");
    assert_shape(&result, 1);
    assert_eq!([&result["delta"], &result["gamma"]], [0.5, 0.1]);
    assert!(result["operations"]["pipe"].as_u64().unwrap() >= 7);
    let rows = result["widths"].as_array().unwrap().iter();
    let mut found: Vec<_> = rows
        .map(|row| (row["bits"].clone(), row["engine"].clone()))
        .collect();
    for engine in engines() {
        let row = (Value::from(engine.bits()), Value::from(engine.name()));
        let at = found.iter().position(|found| *found == row);
        found.remove(at.unwrap_or_else(|| panic!("no row for {row:?}")));
    }
    assert!(found.is_empty(), "{found:?}");
}

/// Two coordinates with a friction matrix, and many.
#[test]
fn several_coordinates_have_the_same_shape() {
    let ran = example("muller-brown.pot", &["--json", "--simd", "64"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let result = ran.json();
    assert_shape(&result, 2);
    assert_eq!(
        (&result["matrices"], &result["delta"]),
        (&true.into(), &0.035.into())
    );
    let ran = example("rough-chain.pot", &["--json", "--simd", "64"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let result = ran.json();
    assert_shape(&result, 50);
    assert!(result["operations"]["pipe"].as_u64().unwrap() >= 50 * 7);
}

#[test]
fn divisions_and_roots_are_counted_apart() {
    let text = "V(x) = sqrt(1 + x^2) + 1/(2 + cos(x/0.01)) + x^2/2";
    let ran = program(text, &["--delta", "0.3", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let result = ran.json();
    assert_shape(&result, 1);
    assert!(result["operations"]["divisions"].as_u64().unwrap() >= 1);
    assert!(result["operations"]["roots"].as_u64().unwrap() >= 1);
}

/// Step and friction are those of the command line, else of the file, else as in a run.
#[test]
fn flags_beat_the_file() {
    let file = "V(x) = x^2/2 + 0.01*sin(x/0.01)\nlearn { delta = 0.4; gamma = 0.2; seed = 3 }";
    let file = file.replace("; ", "\n");
    for (flags, expected) in [
        (&[][..], [0.4, 0.2]),
        (&["--delta", "0.3"], [0.3, 0.2]),
        (&["--gamma", "0.5"], [0.4, 0.5]),
    ] {
        let ran = program(&file, &[flags, &["--json", "--simd", "64"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let result = ran.json();
        assert_eq!([&result["delta"], &result["gamma"]], expected);
    }
    let ran = program(
        "V(x) = x^2/2",
        &["--delta", "0.3", "--json", "--simd", "64"],
    );
    assert_eq!(ran.json()["gamma"], 0.1);
}

#[test]
fn widths_are_chosen_once_each() {
    let wanted = engines()[0].bits();
    let flag = wanted.to_string();
    let ran = example(
        "quadratic.pot",
        &["--json", "--simd", &flag, "--simd", &flag],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let result = ran.json();
    let rows = result["widths"].as_array().unwrap();
    let as_wide = engines().iter().filter(|e| e.bits() == wanted).count();
    assert_eq!(rows.len(), as_wide);
    assert!(rows.iter().all(|row| row["bits"] == wanted));
}

/// A width that this host has not is the fault of the command line.
#[test]
fn a_width_that_is_not_there_is_named() {
    let has = |bits: &u32| engines().iter().any(|engine| engine.bits() == *bits);
    let Some(missing) = [256, 512].into_iter().find(|bits| !has(bits)) else {
        return; // This host has all of them.
    };
    let ran = example("quadratic.pot", &["--simd", &missing.to_string()]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let words = format!("this host has no engine of {missing} bits");
    assert!(
        ran.err.contains(&words) && ran.err.contains("it has 64"),
        "{}",
        ran.err
    );
}

#[test]
fn a_person_reads_a_table() {
    let ran = example("quadratic.pot", &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines[0],
        "quadratic.pot   V, 1 coordinate   (delta 0.5, gamma 0.1)"
    );
    assert!(lines[1].starts_with("one core at ") && lines[1].contains("trajectories in flight"));
    for heading in [
        "bits",
        "engine",
        "JIT ms",
        "ns/step",
        "with statistics",
        "limit",
        "% of limit",
    ] {
        assert!(lines[2].contains(heading), "{}", lines[2]);
    }
    assert_eq!(lines.len(), 4 + engines().len(), "{}", ran.out);
    for (engine, line) in engines().iter().zip(&lines[3..]) {
        assert!(line.starts_with(&engine.bits().to_string()) && line.contains(engine.name()));
    }
}

#[test]
fn wrong_input_is_said_to_be_wrong() {
    const SMOOTH: &str = "V(x) = x^2/2";
    let cases: &[(&str, &[&str], i32, &str)] = &[
        (SMOOTH, &[], 2, "no step is given"),
        (
            SMOOTH,
            &["--delta", "auto"],
            2,
            "nothing is learned here: give a number",
        ),
        (SMOOTH, &["--delta", "0"], 2, "it must be positive, not 0"),
        (SMOOTH, &["--delta", "nan"], 2, "not a number"),
        (
            SMOOTH,
            &["--delta", "0.5", "--gamma", "-1"],
            2,
            "it must be positive",
        ),
        (
            SMOOTH,
            &["--delta", "0.5", "--simd", "96"],
            2,
            "the widths are 64, 128, 256 and 512",
        ),
        (
            SMOOTH,
            &["--delta", "0.5", "--seconds", "0"],
            2,
            "it must be positive",
        ),
        (SMOOTH, &["--delta", "0.5", "--set", "eps=1"], 2, "eps"),
        (SMOOTH, &["--delta", "0.5", "--potential", "W"], 1, "W"),
        ("V(x) = x^", &["--delta", "0.5"], 1, "v.pot"),
        (
            "V(x) = x^2\nlearn {\n  gama = 1\n}",
            &["--delta", "0.5"],
            1,
            "did you mean `gamma`?",
        ),
        (
            "V(x) = x^2\nlearn {\n  delta = auto\n}",
            &[],
            2,
            "give one: `--delta 0.5`",
        ),
        // Beyond delta^2 = 2 (1 + c) the map of a parabola goes from side to side, ever farther.
        (
            SMOOTH,
            &["--delta", "3"],
            1,
            "no trajectory stays finite at delta 3",
        ),
    ];
    for (text, flags, code, words) in cases {
        let ran = program(text, flags);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (*code, ""),
            "{flags:?}: {}",
            ran.err
        );
        assert!(ran.err.contains(words), "{flags:?}: {}", ran.err);
        // In JSON the same is on standard output.
        let ran = program(text, &[flags, &["--json"][..]].concat());
        assert_eq!(ran.code, *code);
        let problems = ran.json();
        assert!(problems[0]["code"].is_string() && problems[0]["message"].is_string());
    }
    let nothing = command(&PathBuf::from("."), &["no-such-file.pot"])
        .output()
        .unwrap();
    let ran = Ran::of(nothing);
    assert_eq!((ran.code, ran.out.as_str()), (4, ""));
    assert!(ran.err.contains("no-such-file.pot"), "{}", ran.err);
}

/// Ctrl-C long before the time is over: what was timed until then is printed.
#[cfg(unix)]
#[test]
fn ctrl_c_is_heard() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut command = command(&folder, &["quadratic.pot", "--seconds", "1e6", "--json"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(800));
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert!(ran.err.contains("interrupted"), "{}", ran.err);
    // The engines after the first were never begun.
    assert!(ran.json()["widths"].as_array().unwrap().len() <= 1);
}
