//! `reproduce`: a result runs again from what it embeds, and what was changed is found and named.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

struct Place(TempDir);

struct Ran {
    code: Option<i32>,
    out: String,
    error: String,
}

impl Place {
    /// A folder with a program that imports another file, which reads a table.
    fn new() -> Place {
        let place = Place(TempDir::new().unwrap());
        place.write(
            "v.pot",
            "import \"parts.pot\" (wave)\nparam k = 1\nV(q) = k*q^2/2 + wave(q)\n",
        );
        place.write(
            "parts.pot",
            "rows = csv(\"waves.csv\")\nparam size = 1\n\
             wave(q) = size*sum(rows[i, 1]*sin(q/rows[i, 1] + rows[i, 2]) for i in 1..len(rows))\n",
        );
        place.write("waves.csv", "0.05, 0\n0.001, 0.5\n");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"));
        command.current_dir(self.0.path()).args(arguments);
        command
            .env_remove("EFFPOT_SEED")
            .env_remove("EFFPOT_THREADS");
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code(),
            out: text(output.stdout),
            error: text(output.stderr),
        }
    }

    /// A result in `r`, of which the sources are gone.
    fn learned(arguments: &[&str]) -> Place {
        let place = Place::new();
        let ran = place.run(&[&["v.pot", "-o", "r"], arguments].concat());
        assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.error);
        for name in ["v.pot", "parts.pot", "waves.csv"] {
            std::fs::remove_file(place.path(name)).unwrap();
        }
        place
    }

    /// Writes the result with one of its values changed.
    fn changed(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut value: Value = serde_json::from_str(&self.read("r/result.json")).unwrap();
        change(&mut value);
        self.write(name, &serde_json::to_string_pretty(&value).unwrap());
    }
}

const QUICK: &[&str] = &["--delta", "0.5", "--steps", "2e5", "--trajectories", "32"];

/// Bits agree on any number of threads and with narrow registers, with the sources gone: all of
/// them are in the file, and the parameters that were set.
#[test]
fn a_run_agrees_with_itself_on_any_number_of_threads() {
    let more = [
        "--set",
        "k=1.25",
        "--set",
        "parts.size=0.9",
        "--estimator",
        "value,density",
        "--kT",
        "1",
    ];
    let place = Place::learned(&[QUICK, &more].concat());
    for how in [["--threads", "1"], ["--threads", "2"], ["--simd", "64"]] {
        let ran = place.run(&[&["reproduce", "r"], &how[..]].concat());
        assert_eq!(ran.code, Some(0), "{how:?}: {}{}", ran.out, ran.error);
        assert!(ran.out.contains("AGREES"), "{}", ran.out);
    }
    let json = place.run(&["reproduce", "r/result.json", "--json"]);
    let said: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(said["agrees"], true);
    assert!(said["fields"].as_u64().unwrap() > 60, "{said}");
    let files = said["files"].to_string();
    for name in ["U.pot", "F.pot", "D.pot", "potential.csv", "samples.npz"] {
        assert!(files.contains(name), "{files}");
    }
}

/// Also where step and friction are chosen by short runs before: it is what was asked for that runs
/// again, and not what came of it.
#[test]
fn a_run_whose_step_was_chosen_agrees() {
    let place = Place::learned(&["--resolve", "0.1", "--steps", "1e5", "--knots", "20"]);
    let ran = place.run(&["reproduce", "r"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.error);
}

/// One number in the file, a file of the folder, and another version are each named.
#[test]
fn what_was_changed_is_found_and_named() {
    let place = Place::learned(QUICK);
    place.changed("r/changed.json", |value| {
        let beta = value["noise"]["beta"].as_f64().unwrap();
        value["noise"]["beta"] = (beta * (1.0 + f64::EPSILON)).into();
        value["made_with"]["version"] = "0.0.9".into();
    });
    let ran = place.run(&["reproduce", "r/changed.json"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.error);
    for word in ["DIFFERS", "noise.beta: ", "off by", "then 0.0.9"] {
        assert!(ran.out.contains(word), "no `{word}` in {}", ran.out);
    }
    let json = place.run(&["reproduce", "r/changed.json", "--json"]);
    let said: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(said["differences"].as_array().unwrap().len(), 1, "{said}");
    assert_eq!(said["differences"][0]["field"], "noise.beta");
    let text = place.read("r/U.pot");
    place.write(
        "r/U.pot",
        &text
            .replacen("U(q)", "U(q) = 1e-9 +", 1)
            .replace("+ =", "+"),
    );
    let ran = place.run(&["reproduce", "r"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("U.pot: the file"), "{}", ran.out);
}

/// What is no result, or of another version, or damaged, is refused by name before anything runs.
#[test]
fn what_is_no_result_is_refused_by_name() {
    let place = Place::learned(QUICK);
    let whole = place.read("r/result.json");
    place.write("half.json", &whole[..whole.len() / 2]);
    place.write("list.json", "[1, 2]");
    place.write("text.json", "V(q) = q^2");
    place.changed("newer.json", |value| {
        value["schema"] = "effpot.result/2".into()
    });
    place.changed("other.json", |value| {
        value["program"]["source"] = "V(q) = q^2".into();
    });
    place.changed("lacks.json", |value| {
        value.as_object_mut().unwrap().remove("noise");
    });
    place.changed("old.json", |value| {
        value.as_object_mut().unwrap().remove("asked");
    });
    place.changed("stopped.json", |value| {
        value["diagnostics"] = serde_json::json!([
            {"code": "interrupted", "severity": "error", "message": "m", "help": null}
        ]);
    });
    place.changed("no_import.json", |value| {
        value["program"]["imports"]
            .as_object_mut()
            .unwrap()
            .remove("waves.csv");
    });
    std::fs::create_dir(place.path("empty")).unwrap();
    let cases = [
        ("half.json", 4, "half.json: not a result file"),
        ("list.json", 4, "no `schema`"),
        ("text.json", 4, "not a result file"),
        ("newer.json", 4, "effpot.result/2"),
        ("other.json", 4, "SHA-256"),
        ("lacks.json", 4, "not complete: missing field `noise`"),
        ("old.json", 1, "an earlier version"),
        ("stopped.json", 1, "interrupted"),
        ("no_import.json", 1, "waves.csv"),
        ("empty", 4, "no result.json"),
        ("gone", 4, "there is no file gone"),
    ];
    for (name, code, word) in cases {
        let ran = place.run(&["reproduce", name]);
        assert_eq!(ran.code, Some(code), "{name}: {}{}", ran.out, ran.error);
        assert!(
            ran.error.contains(word),
            "{name}: no `{word}` in {}",
            ran.error
        );
    }
}
