//! `scan`, `--resolve` and `--delta auto`: the scales of a potential, and the steps that remove
//! them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use effpot_lang::learn::transfer::survival_x;
use serde_json::Value;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"));
    command.current_dir(folder).args(arguments);
    for name in ["NO_COLOR", "EFFPOT_SEED", "EFFPOT_DELTA", "EFFPOT_GAMMA"] {
        command.env_remove(name);
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    Ran {
        code: output.status.code().expect("killed by a signal"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

#[track_caller]
fn scan(file: &str, more: &[&str]) -> Value {
    let arguments = [&["scan", file, "--json"], more].concat();
    let ran = run_in(&examples(), &arguments);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn numbers(of: &Value, key: &str) -> Vec<f64> {
    let rows = of.as_array().unwrap();
    rows.iter().map(|row| row[key].as_f64().unwrap()).collect()
}

fn list(of: &Value) -> Vec<f64> {
    let numbers = of.as_array().unwrap().iter();
    numbers.map(|x| x.as_f64().unwrap()).collect()
}

#[track_caller]
fn assert_near(found: &[f64], expected: &[f64], part: f64) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (x, y) in found.iter().zip(expected) {
        assert!((x / y - 1.0).abs() < part, "{found:?}, not {expected:?}");
    }
}

#[track_caller]
fn assert_between(x: f64, lo: f64, hi: f64) {
    assert!((lo..=hi).contains(&x), "{x} is not in {lo}..{hi}");
}

/// (4.5) of Li & Tao 2024. The sweep has steps 15 % apart.
#[test]
fn a_parabola_with_two_scales() {
    for seed in ["1", "2"] {
        let found = scan("quadratic.pot", &["--seed", seed]);
        assert_eq!(found["continuum"], false);
        assert_near(&numbers(&found["plateaus"], "height"), &[0.5, 1.0], 0.05);
        assert_near(&numbers(&found["plateaus"], "eps"), &[0.001, 0.05], 0.05);
        assert_near(&[found["curvature"].as_f64().unwrap()], &[1.0], 0.15);
        let windows = found["windows"].as_array().unwrap();
        assert_eq!(windows.len(), 2, "{windows:?}");
        let ends =
            |at: usize| [&windows[at]["lo"], &windows[at]["hi"]].map(|x| x.as_f64().unwrap());
        assert_between(ends(0)[0], 0.05, 0.08);
        assert_between(ends(0)[1], 0.09, 0.14);
        assert_between(ends(1)[0], 0.2, 0.35);
        assert_between(ends(1)[1], 0.8, 1.1);
        assert_near(&list(&windows[0]["removed"]), &[0.001], 0.05);
        assert_near(&list(&windows[0]["kept"]), &[0.05], 0.05);
        assert_near(&list(&windows[1]["removed"]), &[0.001, 0.05], 0.05);
        assert_eq!(windows[1]["smallest"], windows[1]["lo"]);
        let advice = found["advice"].as_str().unwrap();
        assert!(advice.contains("to remove both scales"), "{advice}");
    }
}

/// (4.6).
#[test]
fn a_double_well_with_two_scales() {
    for seed in ["1", "3"] {
        let found = scan("double-well.pot", &["--seed", seed]);
        assert_near(&numbers(&found["plateaus"], "height"), &[0.5, 1.0], 0.05);
        assert_near(&numbers(&found["plateaus"], "eps"), &[0.001, 0.025], 0.06);
        let windows = found["windows"].as_array().unwrap();
        let last = windows.last().unwrap();
        // The reference is learned at 0.2.
        assert!(last["lo"].as_f64().unwrap() <= 0.2 && last["hi"].as_f64().unwrap() >= 0.2);
        assert_near(&list(&last["removed"]), &[0.001, 0.025], 0.06);
    }
}

/// (4.7).
#[test]
fn a_continuum_is_called_one() {
    let found = scan("continuum.pot", &["--delta", "0.3..0.6"]);
    assert_eq!(found["continuum"], true);
    assert_eq!(found["plateaus"].as_array().unwrap().len(), 1);
    let advice = found["advice"].as_str().unwrap();
    assert!(advice.starts_with("a continuum"), "{advice}");
    for row in found["sweep"].as_array().unwrap() {
        assert_eq!(row["accepted"], true, "{row}");
    }
}

/// A folder with `v.pot`.
fn with(program: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("v.pot"), program).unwrap();
    folder
}

const QUADRATIC: &str = "\
V(q) = q^2/2 + 0.05*sin(q/0.05) + 0.001*sin(q/0.001)
";

#[test]
fn what_is_smooth_has_nothing_to_remove() {
    let place = with("V(q) = (q^2 - 1)^2/4\n");
    let ran = run_in(place.path(), &["scan", "v.pot"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    snapshot("scan-smooth", &ran.out);
    let ran = run_in(place.path(), &["v.pot", "--delta", "auto"]);
    assert_eq!(ran.code, 1);
    snapshot("scan-auto_of_smooth", &ran.err);
    let ran = run_in(place.path(), &["v.pot", "--resolve", "0.1"]);
    assert_eq!(ran.code, 1);
    snapshot("scan-resolve_of_smooth", &ran.err);
}

#[test]
fn a_block_a_folder_and_wrong_ranges() {
    let block = "scan {\n  delta = 0.4..0.5\n  steps = 2e4\n  seed = 7\n}\n";
    let place = with(&format!("{QUADRATIC}{block}"));
    let ran = run_in(place.path(), &["scan", "v.pot", "-o", "found"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let written = std::fs::read_to_string(place.path().join("found/scan.json")).unwrap();
    let found: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(found["seed"], 7);
    assert_near(&numbers(&found["sweep"], "delta"), &[0.4, 0.45, 0.5], 0.02);
    let svg = std::fs::read_to_string(place.path().join("found/structure.svg")).unwrap();
    assert!(svg.starts_with("<svg") && !svg.contains("NaN"));
    // A flag beats the block.
    let ran = run_in(
        place.path(),
        &["scan", "v.pot", "--delta", "0.3..0.31", "--json"],
    );
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(numbers(&found["sweep"], "delta"), [0.3, 0.31]);
    for (range, words) in [("0.5", "write two steps"), ("0..1", "steps are positive")] {
        let ran = run_in(place.path(), &["scan", "v.pot", "--delta", range]);
        assert!(ran.code == 2 && ran.err.contains(words), "{}", ran.err);
    }
    let place = with(&format!("{QUADRATIC}scan {{\n  delta = 0.5\n}}\n"));
    let ran = run_in(place.path(), &["scan", "v.pot"]);
    assert!(
        ran.code == 1 && ran.err.contains("a range of positive steps"),
        "{}",
        ran.err
    );
}

#[track_caller]
fn learned(place: &Path, more: &[&str]) -> (Value, String) {
    let arguments = [&["v.pot", "--json"], more].concat();
    let arguments = match more.contains(&"--steps") {
        true => arguments,
        false => [&arguments[..], &["--steps", "2e5"]].concat(),
    };
    let ran = run_in(place, &arguments);
    assert!(ran.code == 0 || ran.code == 3, "{}{}", ran.out, ran.err);
    (serde_json::from_str(&ran.out).unwrap(), ran.err)
}

/// Half the wavelength of `sin(q/0.05)` is 0.157: 0.1 keeps it, 1 does not.
#[test]
fn a_size_chooses_step_and_friction() {
    let place = with(QUADRATIC);
    for (size, keeps) in [("0.1", true), ("1", false)] {
        let (result, said) = learned(place.path(), &["--resolve", size]);
        let length = result["scale"]["length"].as_f64().unwrap();
        // The largest length that keeps half of what has the size; it is mended to 3 %.
        let wanted = 2.06 * size.parse::<f64>().unwrap() / std::f64::consts::PI;
        assert_near(&[length], &[wanted], 0.08);
        let survives = survival_x(length / 0.05);
        assert_eq!(survives > 0.5, keeps, "{survives}");
        assert!(!(0.01..=0.5).contains(&survives));
        assert!(survival_x(length / 0.001) < 1e-6);
        assert_eq!(result["equilibrium"]["verdict"], "trusted");
        assert!(said.contains("half a wavelength"), "{said}");
    }
    let ran = run_in(place.path(), &["v.pot", "--resolve", "0.001"]);
    assert_eq!(ran.code, 1);
    snapshot("scan-resolve_too_small", &ran.err);
    let ran = run_in(
        place.path(),
        &["v.pot", "--resolve", "0.1", "--delta", "0.5"],
    );
    assert_eq!(ran.code, 2);
}

#[test]
fn the_widest_gap_chooses_the_step() {
    let place = with(&format!("{QUADRATIC}learn {{\n  delta = auto\n}}\n"));
    let ran = run_in(place.path(), &["v.pot", "--dry-run", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let plan: Value = serde_json::from_str(&ran.out).unwrap();
    assert_between(plan["settings"]["delta"].as_f64().unwrap(), 0.2, 0.35);
    // A flag beats the block, whichever way it chooses.
    let ran = run_in(
        place.path(),
        &["v.pot", "--dry-run", "--json", "--delta", "0.4"],
    );
    let plan: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(plan["settings"]["delta"], 0.4);
    let place = with(&format!("{QUADRATIC}learn {{\n  resolve = 0.1\n}}\n"));
    let ran = run_in(place.path(), &["v.pot", "--dry-run", "--json"]);
    let plan: Value = serde_json::from_str(&ran.out).unwrap();
    assert_between(plan["settings"]["delta"].as_f64().unwrap(), 0.065, 0.12);
    let ran = run_in(
        &examples(),
        &["continuum.pot", "--delta", "auto", "--dry-run"],
    );
    assert_eq!(ran.code, 1);
    snapshot("scan-auto_of_a_continuum", &ran.err);
}

/// With no step of the window below `delta^2 max U'' = 0.3` the least distorted one is taken, and
/// it is said; with some, one of those.
#[test]
fn what_auto_takes_is_not_distorted_or_said_to_be() {
    let bent = "V(x) = x^2/2 + 0.4*cos(3*x) + 0.02*sin(x/0.02)\n";
    let two_wells = "V(x) = 0.5*(x^2 - 1)^2 + 0.004*sin(x/0.004)\n";
    for (program, distorted) in [(bent, true), (two_wells, false)] {
        let place = with(program);
        let ran = run_in(place.path(), &["scan", "v.pot", "--json"]);
        let found: Value = serde_json::from_str(&ran.out).unwrap();
        let windows = found["windows"].as_array().unwrap();
        let [lo, hi] = ["lo", "hi"].map(|end| windows[0][end].as_f64().unwrap());
        let rows = found["sweep"].as_array().unwrap().iter();
        let rows: Vec<[f64; 2]> = rows
            .filter(|row| row["accepted"] == true)
            .map(|row| ["delta", "h"].map(|key| row[key].as_f64().unwrap()))
            .filter(|[delta, _]| (lo..=hi).contains(delta))
            .collect();
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        assert_eq!(first[1] > 0.3, distorted, "{rows:?}");
        assert!(
            last[1] > 0.3,
            "no window of this test is all below the line: {rows:?}"
        );
        let ran = run_in(
            place.path(),
            &["v.pot", "--delta", "auto", "--dry-run", "--json"],
        );
        let plan: Value = serde_json::from_str(&ran.out).unwrap();
        let delta = plan["settings"]["delta"].as_f64().unwrap();
        let line = rows.iter().rev().find(|[_, h]| *h <= 0.3);
        match line {
            None => assert_eq!(delta, lo),
            Some([line, _]) => assert!(delta <= *line, "{delta} is beyond {line}"),
        }
        let (_, said) = learned(place.path(), &["--delta", "auto"]);
        assert_eq!(said.contains("delta^2 max U''"), distorted, "{said}");
        assert_eq!(said.contains("off by up to about"), distorted, "{said}");
    }
}

/// The error of `value` where the spline is too stiff for what is kept: the standard error says
/// nothing of it, what knots cost does. The error of a smooth function falls by 16 with half the
/// spacing, so the change is 15/16 of the error, but for that of sampling.
#[test]
fn what_the_knots_cost_is_the_error_that_standard_errors_do_not_know() {
    for (well, delta) in [
        ("x^2/2 + 0.4*cos(3*x)", "0.37"),
        ("x^2/2 + 0.2*sin(4*x)", "0.3"),
        ("x^4/4 - x^2/2 + 0.1*cos(5*x)", "0.25"),
    ] {
        let place = with(&format!(
            "well(x) = {well}\nV(x) = well(x) + 0.01*sin(x/0.01)\n"
        ));
        let (result, _) = learned(
            place.path(),
            &["--delta", delta, "--compare", "well", "--steps", "1e6"],
        );
        let potential = &result["effective_potential"];
        let stderr = potential["stderr_median"].as_f64().unwrap();
        let knots = potential["knots_matter"].as_f64().unwrap();
        let error = result["table"][0]["rmse"].as_f64().unwrap();
        assert_eq!(result["table"][0]["estimator"], "value");
        assert!(
            error > 4.0 * stderr,
            "{well}: {error} is no more than {stderr}"
        );
        assert_between(knots / error, 0.8, 1.2);
    }
    // A parabola is a cubic spline, and a wave so short is nothing to knots.
    let place = with("V(x) = x^2/2 + 5e-4*sin(x/5e-4)\n");
    for seed in ["1", "2", "3", "4"] {
        let (result, _) = learned(place.path(), &["--delta", "0.3", "--seed", seed]);
        let potential = &result["effective_potential"];
        let knots = potential
            .get("knots_matter")
            .map_or(0.0, |x| x.as_f64().unwrap());
        let stderr = potential["stderr_median"].as_f64().unwrap();
        assert!(knots < 4.0 * stderr, "{knots} beside {stderr}");
    }
}

/// What does not hold trajectories is said in the words of `learn` and of `check`, with what to do.
#[test]
fn what_does_not_confine_is_said_as_learn_says_it() {
    let morse = with("V(r) = 4*(1 - exp(-(r - 2)))^2 + 0.001*sin(r/0.001)\n");
    let ran = run_in(morse.path(), &["scan", "v.pot"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("does not confine") && !ran.out.contains("no samples"),
        "{}",
        ran.out
    );
    let learned_as = run_in(morse.path(), &["v.pot", "--delta", "0.3"]);
    for words in [
        "nothing confines r: V rises nowhere high enough",
        "--domain LO..HI",
    ] {
        assert!(ran.err.contains(words), "{}", ran.err);
        assert!(learned_as.err.contains(words), "{}", learned_as.err);
    }
    // The fix that is named leads to a result.
    let ran = run_in(
        morse.path(),
        &["v.pot", "--delta", "auto", "--domain", "0..8", "-q"],
    );
    assert!(
        ran.code == 0 && ran.out.contains(" TRUSTED"),
        "{}{}",
        ran.out,
        ran.err
    );

    let shallow = with("V(x) = -3*exp(-x^2/2) + 0.01*sin(x/0.01)\n");
    for arguments in [&["scan", "v.pot"][..], &["v.pot", "--delta", "auto"]] {
        let ran = run_in(shallow.path(), arguments);
        assert_ne!(ran.code, 0);
        assert!(
            ran.err.contains("error[free-direction]") && ran.err.contains("nothing confines x"),
            "{}",
            ran.err
        );
    }
    let falls = with("V(x) = x^2 - x^4/10 + 0.01*sin(x/0.01)\n");
    let checked = run_in(falls.path(), &["check", "v.pot"]);
    let words = "the potential does not confine: it falls without bound as x -> -infinity and x -> infinity";
    assert!(checked.err.contains(words), "{}", checked.err);
    for arguments in [&["scan", "v.pot"][..], &["v.pot", "--delta", "auto"]] {
        let ran = run_in(falls.path(), arguments);
        assert!(ran.code == 1 && ran.err.contains(words), "{}", ran.err);
    }
}

/// A domain that has no well in it.
#[test]
fn a_domain_that_v_leaves_at_an_end_is_said() {
    let place = with("V(x) = 2*x + 0.01*sin(x/0.01)\n");
    let words = "V is lowest at its end, x = 1";
    for arguments in [
        &["scan", "v.pot"][..],
        &["v.pot", "--delta", "auto"],
        &["v.pot", "--delta", "0.3"],
    ] {
        let ran = run_in(place.path(), &[arguments, &["--domain", "1..3"]].concat());
        assert_ne!(ran.code, 0);
        assert!(
            ran.err.contains("error[leaves-domain]") && ran.err.contains(words),
            "{}",
            ran.err
        );
    }
}
