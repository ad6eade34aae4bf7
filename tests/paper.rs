//! `reproduce paper`: the programs of the paper are well kept, and its figures are made from them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

fn run(arguments: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"))
        .args(arguments)
        .env_remove("EFFPOT_SEED")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn programs_of_the_paper_check_without_a_word_and_have_the_one_layout() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/paper");
    let files = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 6);
    for path in paths {
        let path = path.to_str().unwrap();
        for arguments in [["check", path].as_slice(), &["fmt", "--check", path]] {
            let output = run(arguments);
            let error = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{path}: {error}");
            assert_eq!(error, "", "{path}");
        }
    }
}

/// A finding by part and quantity.
fn value(figure: &Value, part: &str, quantity: &str) -> f64 {
    let findings = figure["findings"].as_array().unwrap();
    let found = findings
        .iter()
        .find(|f| f["part"] == part && f["quantity"].as_str().unwrap().contains(quantity));
    found.and_then(|f| f["value"].as_f64()).unwrap()
}

#[test]
fn figures_one_and_two_come_out_with_the_bias_of_the_paper_and_the_survival_of_the_middle_scale() {
    let place = TempDir::new().unwrap();
    let out = place.path().join("figures");
    let steps = 2e6;
    let named = out.to_str().unwrap();
    let output = run(&[
        "reproduce",
        "paper",
        "--figure",
        "1,2",
        "--steps",
        "2e6",
        "-o",
        named,
        "--json",
    ]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report, json(&out.join("result.json")));
    let figures = report["figures"].as_array().unwrap();
    let numbers: Vec<u64> = figures
        .iter()
        .map(|f| f["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2]);
    for number in numbers {
        let folder = out.join(format!("figure-{number}"));
        let svg = std::fs::read_to_string(folder.join("figure.svg")).unwrap();
        assert!(
            svg.contains("<svg") && svg.contains("<path"),
            "figure {number}"
        );
        assert_eq!(json(&folder.join("result.json"))["number"], number);
    }
    // A sine on 20001 points, of which one is within 5e-5 of each top: 1 - (5e-5/0.01)^2/2.
    for (name, size) in [("V1", 0.1), ("V2", 0.01)] {
        let found = value(&figures[0], name, "largest value");
        assert!((found / size - 1.0).abs() < 2e-5, "{name}: {found}");
    }
    // In a harmonic well the paper's U is U0 times var p/var q_n, known exactly, and the standard
    // deviation of U0 under the samples is var x/sqrt(2).
    let (delta, gamma) = (0.5f64, 0.1f64);
    let (h, c) = (delta * delta, (-gamma * delta).exp());
    let inner = 1.0 - h / (2.0 * (1.0 + c));
    let bias = 2.0 / ((1.0 + c) * inner);
    let learned = json(&out.join("figure-2/delta-0.5-result.json"));
    let kt = learned["scale"]["kT_learn"].as_f64().unwrap();
    let width = kt / bias / inner / 2f64.sqrt();
    let expected = (bias - 1.0) * width;
    // Two variances from so many independent samples, and a fit that is no better than they are.
    let effective = steps * gamma * delta;
    let doubt = 4.0 * width * bias * (4.0 / effective).sqrt();
    let found = value(&figures[1], "delta-0.5", "`paper`");
    assert!(
        (found - expected).abs() < doubt,
        "{found} {expected} {doubt}"
    );
    // Linear response was measured to hold within 2 %.
    for gamma in ["0.02", "0.05", "0.1"] {
        let learned = json(&out.join(format!("figure-2/survival-{gamma}-result.json")));
        let terms = learned["terms"].as_array().unwrap();
        let middle = terms
            .iter()
            .find(|row| row["expression"].as_str().unwrap().contains("eps1"))
            .unwrap();
        let [weight, stderr, predicted] =
            ["weight", "stderr", "predicted"].map(|key| middle[key].as_f64().unwrap());
        let doubt = 4.0 * stderr + 0.02 * predicted;
        assert!(
            (weight - predicted).abs() < doubt,
            "{gamma}: {weight} {predicted} {doubt}"
        );
    }
}

#[test]
fn what_only_the_paper_takes_is_refused_elsewhere_and_nothing_foreign_is_written_to() {
    let place = TempDir::new().unwrap();
    let other = place.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("thesis.tex"), "").unwrap();
    let named = other.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 4] = [
        (
            &["reproduce", "gone.json", "--quick"],
            2,
            "for `reproduce paper`",
        ),
        (&["reproduce", "paper", "-o", named], 4, "exists already"),
        (
            &["reproduce", "paper", "-o", named, "--force"],
            4,
            "holds other things",
        ),
        (&["reproduce", "paper", "--figure", "11"], 2, "11"),
    ];
    for (arguments, code, word) in cases {
        let output = run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(word), "{arguments:?}: {error}");
    }
}
