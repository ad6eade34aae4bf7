//! What a stranger met in the first ten minutes, and what met the stranger: answers that are safe to
//! act on.

use std::process::Stdio;
use tempfile::TempDir;

/// Two wells in a bent channel, rough in both coordinates.
const CHANNEL: &str = "\
smooth(x, y) = (x^2 - 1.2)^2/3 + 1.7*(y - 0.4*x^2)^2 + 0.15*x
V(x, y) = smooth(x, y) + 0.004*(sin(x/0.004) + sin(y/0.004))
";

/// A folder with `v.pot` in it.
struct Place(TempDir);

/// How a command ended.
struct Ran {
    code: Option<i32>,
    out: String,
    said: String,
}

impl Place {
    fn with(program: &str) -> Place {
        let place = TempDir::new().unwrap();
        std::fs::write(place.path().join("v.pot"), program).unwrap();
        Place(place)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"));
        command.current_dir(self.0.path()).args(arguments);
        for name in ["EFFPOT_SEED", "EFFPOT_DELTA", "EFFPOT_STEPS"] {
            command.env_remove(name);
        }
        let ran = command.stdin(Stdio::null()).output().unwrap();
        Ran {
            code: ran.status.code(),
            out: String::from_utf8(ran.stdout).unwrap(),
            said: String::from_utf8(ran.stderr).unwrap(),
        }
    }

    /// The value of U of a run and its gradient.
    fn learned(&self, at: [f64; 2]) -> (f64, [f64; 2]) {
        let at = format!("--at={},{}", at[0], at[1]);
        let ran = self.run(&["eval", "out/U.pot", &at, "--gradient", "--json"]);
        let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let number = |x: &serde_json::Value| x.as_f64().unwrap();
        let slopes = &value[0]["gradient"];
        (
            number(&value[0]["value"]),
            [number(&slopes[0]), number(&slopes[1])],
        )
    }
}

/// A learned potential holds what moves in it, however far out it gets, without a jump of value or
/// slope at its sides; and who uses it there is told.
#[test]
fn a_learned_potential_holds_and_says_where_it_knows_nothing() {
    let place = Place::with(CHANNEL);
    let ran = place.run(&[
        "v.pot", "--delta", "0.2", "--steps", "2e5", "-o", "out", "-q",
    ]);
    assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.said);
    let result = std::fs::read_to_string(place.0.path().join("out/result.json")).unwrap();
    let result: serde_json::Value = serde_json::from_str(&result).unwrap();
    let end = |axis: usize, k: usize| {
        let domain = &result["effective_potential"]["domain"];
        domain[axis][k].as_f64().unwrap()
    };
    let mut last = 0.0;
    for far in [10.0, 40.0, 1000.0] {
        let corners = [[far, far], [-far, far], [far, -far], [-far, -far]];
        let least = corners.map(|at| place.learned(at).0);
        let least = least.into_iter().fold(f64::INFINITY, f64::min);
        assert!(least > last, "{far}: {least}");
        last = least;
    }
    let hi = end(0, 1);
    let (inside, outside) = (
        place.learned([hi - 1e-7, 0.3]),
        place.learned([hi + 1e-7, 0.3]),
    );
    assert!((inside.0 - outside.0).abs() < 1e-5);
    assert!((inside.1[0] - outside.1[0]).abs() < 1e-4);
    // Hotter than it was learned: trajectories stay, and are outside at times.
    let hot = ["--kT", "3", "--time", "30", "--trajectories", "64"];
    let ran = place.run(&[&["simulate", "out/U.pot", "-o", "hot"], &hot[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert!(ran.said.contains("warning[uncovered]"), "{}", ran.said);
}

/// What falls without end is told, ends with another exit code, and prints no rows of digits.
#[test]
fn a_simulation_that_runs_away_says_so() {
    let place = Place::with("V(q) = if q < 3 then q^2/2 else 4.5 - 200*(q - 3)\n");
    let ran = place.run(&[
        "simulate", "v.pot", "--kT", "3", "--time", "100", "--start", "2", "-o", "out",
    ]);
    assert_eq!(ran.code, Some(3), "{}", ran.said);
    assert!(ran.said.contains("error[runs-away]"), "{}", ran.said);
    let longest = ran.out.split(|c: char| !c.is_ascii_digit());
    let longest = longest.map(str::len).max().unwrap();
    assert!(longest < 10, "{}", ran.out);
}

/// A step that is too large is not a potential that does not confine.
#[test]
fn divergence_is_no_lack_of_walls() {
    let place = Place::with(CHANNEL);
    for delta in ["0.53", "0.7"] {
        let ran = place.run(&[
            "v.pot", "--delta", delta, "--steps", "1e5", "-q", "--force", "-o", "out",
        ]);
        assert_eq!(ran.code, Some(3));
        assert!(
            !ran.said.contains("free-direction"),
            "{delta}: {}",
            ran.said
        );
    }
    let bond = Place::with("V(r) = 4*(1 - exp(-(r - 2)))^2 + 0.001*sin(r/0.001)\n");
    let ran = bond.run(&[
        "v.pot", "--delta", "0.3", "--steps", "1e5", "-q", "-o", "out",
    ]);
    assert!(ran.said.contains("free-direction"), "{}", ran.said);
}

/// Waves that steep slopes hide from the structure function are read off the formula.
#[test]
fn a_scan_reads_the_waves_that_are_written() {
    for (text, name) in [
        ("V(x) = 4*x^2 + 0.01*sin(x/0.01)\n", "0.01 "),
        (
            "V(phi: angle) = 4*cos(3*phi) + 0.05*sin(60*phi)\n",
            "0.017 ",
        ),
    ] {
        let place = Place::with(text);
        let ran = place.run(&["scan", "v.pot", "--steps", "1e5"]);
        let row = ran.out.lines().find(|line| line.starts_with("scales"));
        let row = row.unwrap_or_default();
        assert!(row.contains(&format!(" {name}")), "{text}: {}", ran.out);
        assert!(row.contains("from a term of V"), "{}", ran.out);
    }
    let smooth = Place::with("V(x) = x^2 + x^4\n");
    let ran = smooth.run(&["scan", "v.pot"]);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.out.contains("no term of V is a short plane wave"),
        "{}",
        ran.out
    );
}

/// Settings, and what looks like one.
#[test]
fn settings_are_numbers_and_stand_in_blocks() {
    let block = "V(x) = x^2 + 0.01*sin(x/0.01)\n\nlearn {\n  start = pi\n}\n";
    let ran = Place::with(block).run(&["v.pot", "--delta", "0.3", "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let top = "V(x) = x^2 + 0.01*sin(x/0.01)\n\ndelta = 0.3\n";
    let ran = Place::with(top).run(&["check", "v.pot"]);
    assert!(ran.said.contains("put it into a block"), "{}", ran.said);
    let other = "param x = 3\nV(q) = x^2\n";
    let ran = Place::with(other).run(&["check", "v.pot"]);
    assert!(
        ran.said.contains("V does not depend on its coordinate q"),
        "{}",
        ran.said
    );
    let place = Place::with(block);
    for (flag, words) in [
        ("--gamma=0.1,0.2", "one number is taken here"),
        ("--gamma=0,05", "write 0.05"),
    ] {
        let ran = place.run(&["v.pot", "--delta", "0.3", flag]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.said.contains(words), "{flag}: {}", ran.said);
    }
    for (at, words) in [
        ("pi", "3.14159"),
        ("60deg", "radians: write 1.047197"),
        ("1 2", "commas between numbers, and no spaces: 1,2"),
    ] {
        let ran = place.run(&["eval", "v.pot", "--at", at]);
        assert!(ran.said.contains(words), "{at}: {}", ran.said);
    }
    let ran = place.run(&["check", "w.pot"]);
    assert!(ran.said.contains("did you mean v.pot?"), "{}", ran.said);
}
