//! Every case of the gallery is learned with few steps, is trusted, and is as near to what its file
//! names as its own errors say. `docs/gallery.md` is about the same programs at full length.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A case, its number of steps here, and for `terms` its step and its largest curvature.
struct Case(&'static str, &'static str, f64, f64);

/// What has barriers needs more steps before its trajectories agree. Curvatures: of cores that touch at kT
/// 0.6; of three springs on an atom and the substrate; of two waves and a trap; of the logistic
/// loss, at most a quarter of the mean square of a sample.
const CASES: [Case; 10] = [
    Case("adatoms", "5e5", 0.02, 300.0),
    Case("butane", "1e6", 0.06, 0.0),
    Case("crystal-surface", "3e5", 0.25, 0.0),
    Case("fractal", "3e5", 0.3, 0.0),
    Case("funnel", "3e5", 0.12, 0.0),
    Case("hinge", "3e5", 0.12, 0.0),
    Case("kink", "5e5", 0.2, 4.6),
    Case("optical-lattice", "3e5", 0.2, 3.9),
    Case("rough-loss", "3e5", 0.2, 1.8),
    Case("rough-track", "3e5", 0.05, 0.0),
];

/// Standard errors within which a weight must be: of some thirty weights none should be this far
/// off by chance (6e-7 each if normal, and the errors of a jackknife over few batches are not).
const SIGMAS: f64 = 5.0;

fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/gallery")
}

fn learn(name: &str, steps: &str) -> Value {
    let folder = TempDir::new().unwrap();
    let program = gallery().join(name).with_extension("pot");
    let output = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"))
        .args(["learn", program.to_str().unwrap(), "--json", "-q"])
        .args(["--steps", steps, "-o"])
        .arg(folder.path().join("out"))
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{name}: {err}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn row<'a>(result: &'a Value, estimator: &str) -> Option<&'a Value> {
    let rows = result["table"].as_array().unwrap();
    rows.iter().find(|row| row["estimator"] == estimator)
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// What `value` may be off by: sampling, and what the knots leave out. The error of a spline with
/// knots h apart is at most 16/15 of what halving them changes, where it falls as h^4; where it does
/// not yet, several times as much.
fn allowed(result: &Value) -> f64 {
    let u = &result["effective_potential"];
    let stderr = number(&u["stderr_median"]);
    // Not reported where it is below the standard error.
    let knots = u["knots_matter"].as_f64().unwrap_or(stderr);
    SIGMAS * stderr + 2.0 * knots
}

/// A step of the map weighs curvature: heights that are read off the density, as `terms` does, are
/// off by h/4 of themselves, with h the square of the step times the curvature of the term.
fn heights(case: &Case) -> f64 {
    case.2 * case.2 * case.3 / 4.0
}

#[test]
fn the_gallery_has_these_cases() {
    let mut found: Vec<String> = std::fs::read_dir(gallery())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "pot"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, CASES.map(|case| case.0.to_owned()));
}

/// The verdict is that the samples can be trusted, the learned U is off by no more than its errors
/// say, its slope is nearer than that of V, and the baselines are in the table.
#[test]
fn every_case_is_trusted_and_within_its_errors() {
    for case in &CASES {
        let (name, result) = (case.0, learn(case.0, case.1));
        assert_eq!(result["equilibrium"]["verdict"], "trusted", "{name}");
        let learned = &result["table"][0];
        let baseline = row(&result, "identity").unwrap_or_else(|| panic!("{name}: no row of V"));
        let (slope, rough) = (&learned["force_rmse"], &baseline["force_rmse"]);
        assert!(number(slope) < number(rough), "{name}: {slope} and {rough}");
        if learned["estimator"] == "value" {
            let (off, most) = (number(&learned["rmse"]), allowed(&result));
            assert!(off <= most, "{name}: off by {off}, allowed {most}");
        }
        for term in result["terms"].as_array().into_iter().flatten() {
            let expected = term["predicted"].as_f64().unwrap_or(1.0);
            let off = (number(&term["weight"]) - expected).abs();
            let most = SIGMAS * number(&term["stderr"]) + heights(case) * expected;
            assert!(off <= most, "{name}: {term}: off by {off}, allowed {most}");
        }
    }
}
