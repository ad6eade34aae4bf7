//! The command line as a stranger meets it: wrong input, files, pipes, signals, exit codes, and the
//! names of runs that are not to be trusted.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A folder of its own for a test, with programs in it.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(TempDir::new().unwrap())
    }

    /// A folder that holds `v.pot`.
    fn with(program: &str) -> Place {
        let place = Place::new();
        place.write("v.pot", program.as_bytes());
        place
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"));
        command.current_dir(self.0.path()).args(arguments);
        for name in ["NO_COLOR", "EFFPOT_SEED", "EFFPOT_DELTA", "EFFPOT_STEPS"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    fn pipe(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ran::of(child.wait_with_output().unwrap())
    }

    /// Each file of results that may be seen alone says why they are not to be trusted.
    #[track_caller]
    fn all_say(&self, folder: &str, verdict: &str) {
        let words = verdict.replace('-', " ");
        for entry in std::fs::read_dir(self.path(folder)).unwrap() {
            let path = entry.unwrap().path();
            let mark = match path.extension().and_then(|ending| ending.to_str()) {
                Some("svg") => format!(">NOT TRUSTED: {words}<"),
                Some("html") => format!(">not trusted: {words}<"),
                Some("pot") => format!("verdict: {words}."),
                _ => continue,
            };
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(&mark), "{verdict}: {}", path.display());
        }
    }

    /// What lies in the folder, hidden files too.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// How a command ended.
#[derive(Debug)]
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

    #[track_caller]
    fn is(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Exit code, and words on standard error.
    #[track_caller]
    fn says(self, code: i32, words: &[&str]) -> Ran {
        let ran = self.is(code);
        for word in words {
            assert!(ran.err.contains(word), "`{word}` is missing in {ran:#?}");
        }
        assert_readable(&ran.err);
        assert_readable(&ran.out);
        ran
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }
}

/// Nobody can read a number of more than 20 digits.
#[track_caller]
fn assert_readable(text: &str) {
    let longest = text
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or(0);
    assert!(longest <= 20, "a number of {longest} digits in {text}");
}

const QUADRATIC: &str = "\
param eps1 = 0.05
param eps2 = 0.001
U0(q) = q^2/2
V(q) = U0(q) + eps1*sin(q/eps1) + eps2*sin(q/eps2)
";

/// Enough for a verdict, quickly.
const SHORT: &[&str] = &["v.pot", "--delta", "0.5", "--steps", "20000"];

fn short(more: &[&'static str]) -> Vec<&'static str> {
    [SHORT, more].concat()
}

#[test]
fn delta_is_a_positive_finite_number() {
    let place = Place::with(QUADRATIC);
    let cases = [
        ("0", "it must be positive, not 0"),
        ("-0.5", "it must be positive"),
        ("nan", "not a number"),
        ("inf", "too large for a double"),
        ("1e400", "too large for a double"),
        ("0,05", "a decimal comma: write 0.05"),
        ("", "not a number; write it like 0.05"),
        ("half", "not a number; write it like 0.05"),
    ];
    for (delta, words) in cases {
        place
            .run(&["v.pot", "--delta", delta])
            .says(2, &[words, "--delta"]);
    }
    place
        .run(&["v.pot"])
        .says(2, &["no step is given", "--delta 0.5"]);
    assert_eq!(place.names(), ["v.pot"], "something was left behind");
}

#[test]
fn other_numbers_are_checked_before_anything_runs() {
    let place = Place::with(QUADRATIC);
    let cases: &[(&[&str], &str)] = &[
        (&["--steps", "0"], "at least 1"),
        (&["--steps", "-5"], "a whole number"),
        (&["--steps", "1e16"], "at most 1e15"),
        (&["--steps", "1.5"], "a whole number"),
        (&["--seed", "-1"], "a whole number"),
        (&["--gamma", "0"], "positive"),
        (&["--knots", "1e9"], "at most 1e6 cells"),
        (&["--knots", "-3"], "positive"),
        (&["--domain", "3..-3"], "the lower end comes first"),
        (&["--domain", "1..1"], "the lower end comes first"),
        (&["--domain", "..3"], "not a number"),
        (&["--domain", "3"], "write it like -3..3"),
        (&["--domain", "-1e308..1e308"], "too wide"),
        (&["--estimator", "best"], "value, force, density"),
        (&["--restarts", "maybe"], "on or off"),
        (&["--set", "eps1"], "eps1=0.02"),
        (&["--set", "eps3=1"], "did you mean `eps1`?"),
        (&["--dleta", "1"], "--delta"),
    ];
    for (flags, words) in cases {
        let arguments = [&["v.pot", "--delta", "0.5"], *flags].concat();
        place.run(&arguments).says(2, &[words]);
    }
    assert_eq!(place.names(), ["v.pot"], "something was left behind");
}

#[test]
fn commands_and_files_are_told_apart() {
    let place = Place::with(QUADRATIC);
    // Nothing at all is the prompt, whose input has ended here.
    place.run(&[]).says(0, &[]);
    place
        .run(&["lern", "v.pot", "--delta", "0.5"])
        .says(2, &["'lern'", "'learn'"]);
    place.run(&["learn"]).says(2, &["<FILE>"]);
    place
        .run(&["v", "--delta", "0.5"])
        .says(4, &["mean v.pot?"]);
    place
        .run(&["missing.pot", "--delta", "0.5"])
        .says(4, &["there is no file missing.pot", "v.pot"]);
    // Flags may come first.
    place.run(&["--delta", "0.5", "v.pot", "--dry-run"]).is(0);
    assert!(place.run(&["--version"]).is(0).out.contains("effpot-lang"));
}

#[test]
fn programs_that_cannot_be_read() {
    let place = Place::new();
    place.write("latin.pot", b"# caf\xe9\nV(q) = q\n");
    place.write("empty.pot", b"");
    place.write("windows.pot", b"\xef\xbb\xbfV(q) = q^2/2\r\n\r\n# end\r\n");
    place
        .run(&["check", "latin.pot"])
        .says(4, &["not UTF-8", "byte 5", "line 1"]);
    place.run(&["check", "empty.pot"]).says(1, &["V(q) = "]);
    place.run(&["check", "."]).says(4, &["is a folder"]);
    let read = place.run(&["eval", "windows.pot", "--at", "3"]).is(0);
    assert!(read.out.contains("4.5"), "{read:?}");
}

/// A line of a program may be longer than a message should be.
#[test]
fn long_lines_are_shown_where_they_matter() {
    let many = "+\u{3b1}".repeat(3000);
    let program = format!("a = 2\nV(\u{3b1}) = a{many}+zz*\u{3b1}{many}+yy\n");
    let place = Place::with(&program);
    let ran = place.run(&["check", "v.pot"]);
    let words = ["v.pot:2:6010 ", "v.pot:2:12015 ", " ... ", "+zz*", "+yy"];
    let ran = ran.says(1, &words);
    assert!(
        ran.err.lines().all(|line| line.chars().count() < 200),
        "{}",
        ran.err
    );
    // Where both ends of a place are far from each other.
    let place = Place::with(&format!("V(q) = {} + q^2", "a".repeat(2000)));
    let ran = place.run(&["check", "v.pot"]);
    let ran = ran.says(1, &["a word of 2000 bytes", "aa ... aa"]);
    assert!(ran.err.len() < 1000, "{}", ran.err);
    // A line that is not so long is shown whole.
    let place = Place::with(&format!("V(q) = zz{}", "+q".repeat(150)));
    let ran = place.run(&["check", "v.pot"]).says(1, &["v.pot:1:8 "]);
    assert!(ran.err.contains(&"+q".repeat(150)) && !ran.err.contains(" ... "));
}

#[test]
fn programs_without_a_potential_that_can_be_learned() {
    let cases: &[(&str, &str)] = &[
        ("f(q) = q^2\ng(q) = q", "--potential"),
        (
            "V(q[3000]) = dot(q, q)",
            "V has 3000 coordinates (q[1], q[2], ..., q[3000])",
        ),
        ("V() = 3", "no coordinates"),
        ("a = 3", "defines no function"),
        ("V(q) = q^2\nlearn { dleta = 0.1 }", "did you mean `delta`?"),
        ("V(q) = q^2\nlearn { delta = 0,05 }", "0.05"),
        ("V(q) = q^2\nlearn { delta = -1 }", "positive"),
        ("V(q) = q^2\nlearn { compare = W }", "`W`"),
        (
            "V(q) = q^2\nW(x, y) = x\nlearn { compare = W }",
            "W has 2 coordinates where V has 1",
        ),
        ("V(q) = sum(q^2/k for k in 1..1000000000)", "the limit is"),
    ];
    for (program, words) in cases {
        Place::with(program)
            .run(&["v.pot", "--delta", "0.5"])
            .says(1, &[words]);
    }
}

#[test]
fn results_go_where_they_are_told_to_and_replace_nothing_unasked() {
    let place = Place::with(QUADRATIC);
    place.run(&short(&["-o", "a"])).is(0);
    let files = ["U.pot", "potential.csv", "result.json", "samples.npz"];
    for file in files {
        assert!(place.path("a").join(file).is_file(), "{file} is missing");
    }
    // What is learned is a program like any other, in the one layout.
    place.run(&["fmt", "--check", "a/U.pot"]).is(0);
    // What the others are held against has no error to tell.
    let page = std::fs::read_to_string(place.path("a/report.html")).unwrap();
    for cell in ["<td>V itself</td>", "<td class=\"number\">reference</td>"] {
        assert!(page.contains(cell), "{cell}");
    }
    // A picture of both says at which scale U was learned.
    let json = place.run(&["plot", "v.pot", "a", "--json"]).is(0).out;
    let picture: serde_json::Value = serde_json::from_str(&json).unwrap();
    let heading = picture["potential"].as_str().unwrap();
    assert!(heading.contains("; U at delta = 0.5, l = 0."), "{heading}");
    place
        .run(&short(&["-o", "a"]))
        .says(4, &["exists already", "--force"]);
    place.run(&short(&["-o", "a", "--force"])).is(0);
    // Without -o a free name is found.
    place.run(&short(&[])).is(0);
    place.run(&short(&[])).is(0);
    place.run(&short(&["-o", "deep/er/b"])).is(0);
    assert_eq!(place.names(), ["a", "deep", "v-out", "v-out-2", "v.pot"]);
}

#[test]
fn folders_that_are_not_results_are_left_alone() {
    let place = Place::with(QUADRATIC);
    place.write("file", b"precious");
    std::fs::create_dir(place.path("mine")).unwrap();
    place.write("mine/precious", b"");
    let cases: &[(&[&'static str], &str)] = &[
        (&["-o", "file", "--force"], "is a file"),
        (&["-o", "file/x"], "cannot be written"),
        (&["-o", "mine", "--force"], "other things than results"),
        (&["-o", ".", "--force"], "-o"),
        (&["-o", "/", "--force"], "-o"),
    ];
    for (flags, words) in cases {
        // Refused before the run, or this would take for ever.
        let arguments = [&["v.pot", "--delta", "0.5", "--steps", "1e15"], *flags].concat();
        place.run(&arguments).says(4, &[words]);
    }
    assert!(place.path("mine/precious").is_file());
    assert_eq!(std::fs::read(place.path("file")).unwrap(), b"precious");
    assert_eq!(place.names(), ["file", "mine", "v.pot"]);
}

#[test]
fn json_is_json_whatever_happens() {
    let place = Place::with(QUADRATIC);
    place.write("bad.pot", b"V(q) = q^2 +\n");
    let result = place.run(&short(&["--json", "-o", "a"])).is(0).json();
    assert_eq!(result["schema"], "effpot.result/1");
    let kept = std::fs::read_to_string(place.path("a/result.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&kept).unwrap(),
        result
    );
    // An untrusted result is one document on standard output; the reason is in it and in words.
    let untrusted = place
        .run(&["v.pot", "--delta", "1000", "--json"])
        .says(3, &["delta-too-large"])
        .json();
    assert_eq!(untrusted["equilibrium"]["verdict"], "delta-too-large");
    let plan = place.run(&short(&["--json", "--dry-run"])).is(0).json();
    assert_eq!(plan["settings"]["delta"], 0.5);
    let error = place
        .run(&["bad.pot", "--delta", "0.5", "--json"])
        .is(1)
        .json();
    assert_eq!(error[0]["file"], "bad.pot");
    assert_eq!(error[0]["line"], 1);
    for (arguments, code) in [
        (vec!["none.pot", "--delta", "0.5", "--json"], 4),
        (vec!["v.pot", "--delta", "0", "--json"], 2),
        (short(&["--set", "x=1", "--json"]), 2),
        (short(&["--compare", "U9", "--json"]), 1),
        (short(&["--trajectories", "1e9", "--json"]), 5),
        (vec!["eval", "v.pot", "--at", "1,2", "--json"], 2),
    ] {
        let list = place.run(&arguments).is(code).json();
        assert_eq!(list[0]["severity"], "error", "{arguments:?}");
        assert!(list[0]["message"].is_string() && list[0]["code"].is_string());
    }
    place.run(&["check", "v.pot", "--json"]).is(0).json();
}

#[test]
fn eval_reads_points_as_people_write_them() {
    let place = Place::with("V(q) = q^2 + log(q)");
    let input = b"\xef\xbb\xbf1\r\n\n# a comment\n 2 \n-1\nnan\n";
    let ran = place.pipe(&["eval", "v.pot", "--points", "-", "--gradient"], input);
    let ran = ran.is(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "q,V,dV/dq");
    assert_eq!(lines[1], "1,1,3");
    // log(-1): no value, and the table goes on.
    assert!(lines[3].starts_with("-1,NaN,"), "{lines:?}");
    assert_eq!(lines.len(), 5);
    let json = place
        .run(&["eval", "v.pot", "--at", "-1", "--json"])
        .is(0)
        .json();
    assert!(json[0]["value"].is_null());
    let wrong: &[(&[u8], i32, &str)] = &[
        (b"1\nabc\n", 4, "standard input, line 2: `abc`"),
        (b"1,2\n", 2, "needs 1 number"),
        (b"\xff\n", 4, "standard input cannot be read"),
    ];
    for (input, code, words) in wrong {
        place
            .pipe(&["eval", "v.pot", "--points", "-"], input)
            .says(*code, &[words]);
    }
    place.run(&["eval", "v.pot"]).says(2, &["--at 0.3"]);
    place
        .run(&["eval", "v.pot", "--points", "none"])
        .says(4, &["none"]);
}

/// Many coordinates: no Hessian that fills the memory, and long sums by families.
#[test]
fn eval_of_many_coordinates_is_small() {
    let place = Place::with("V(q[60000]) = sum(q[i]^2 for i in 1..60000)");
    let many = vec!["0.5"; 60_000].join(",");
    place.write("points.csv", many.as_bytes());
    let with = |option: &'static str| ["eval", "v.pot", "--points", "points.csv", option];
    let words = ["error[too-large]", "60000 by 60000", "3.6e9", "--gradient"];
    place.run(&with("--hessian")).says(5, &words);
    let ran = place.run(&with("--gradient")).is(0);
    let last: Vec<&str> = ran
        .out
        .trim_end()
        .rsplit('\n')
        .next()
        .unwrap()
        .split(',')
        .collect();
    assert_eq!(last.len(), 120_001);
    assert_eq!(last[60_000], "15000");
    assert!(last[60_001..].iter().all(|slope| *slope == "1"));

    // Beyond the length at which families are looked for: value, gradient and Hessian agree.
    place.write(
        "chain.pot",
        b"V(q[60]) = sum(q[i]^2/2 for i in 1..60) + sum(exp(-(q[i+1] - q[i])^2)*i for i in 1..59)\n",
    );
    let point: Vec<f64> = (0..60)
        .map(|i| 0.3 * f64::from(i) - 0.01 * f64::from(i * i))
        .collect();
    let bond = |i: usize| {
        let r = point[i] - point[i - 1];
        (i as f64 * (-r * r).exp(), -2.0 * r)
    };
    let value =
        point.iter().map(|q| q * q / 2.0).sum::<f64>() + (1..60).map(|i| bond(i).0).sum::<f64>();
    let slope = point[0] - bond(1).0 * bond(1).1;
    let at: Vec<String> = point.iter().map(f64::to_string).collect();
    let at = format!("--at={}", at.join(","));
    let close = |found: &serde_json::Value, wanted: f64| {
        let found = found.as_f64().unwrap();
        assert!(
            (found - wanted).abs() < 1e-11 * (1.0 + wanted.abs()),
            "{found} {wanted}"
        );
    };
    for options in [&[][..], &["--gradient"], &["--gradient", "--hessian"]] {
        let arguments = [&["eval", "chain.pot", &at, "--json"], options].concat();
        let rows = place.run(&arguments).is(0).json();
        close(&rows[0]["value"], value);
        if !options.is_empty() {
            close(&rows[0]["gradient"][0], slope);
            assert_eq!(rows[0]["gradient"].as_array().unwrap().len(), 60);
        }
    }
}

/// Reads one line and closes the pipe.
#[test]
fn a_closed_pipe_is_a_quiet_end() {
    use std::io::{BufRead, BufReader};
    let place = Place::with("V(q) = q^2");
    let rows: String = (0..200_000).map(|i| format!("{i}\n")).collect();
    place.write("points.csv", rows.as_bytes());
    let mut command = place.command(&["eval", "v.pot", "--points", "points.csv"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap()).is(0);
    assert_eq!(line, "q,V\n");
    assert_eq!(ran.err, "");
}

#[test]
fn threads_change_no_bit_and_seeds_do() {
    let place = Place::with(QUADRATIC);
    let read = |folder: &str, file: &str| std::fs::read(place.path(folder).join(file)).unwrap();
    for (threads, folder) in [("1", "t1"), ("2", "t2"), ("7", "t7")] {
        place
            .run(&short(&["--threads", threads, "-o", folder]))
            .is(0);
    }
    place.run(&short(&["--seed", "2", "-o", "s2"])).is(0);
    for file in ["U.pot", "samples.npz", "potential.csv"] {
        assert_eq!(read("t1", file), read("t2", file), "{file}");
        assert_eq!(read("t1", file), read("t7", file), "{file}");
        assert_ne!(read("t1", file), read("s2", file), "{file}");
    }
}

#[test]
fn flags_beat_the_environment_and_that_beats_the_block() {
    let place = Place::with(&format!("{QUADRATIC}learn {{ delta = 0.5\n seed = 3 }}\n"));
    let seed = |ran: Ran| ran.is(0).json()["settings"]["seed"].as_u64().unwrap();
    let arguments = ["v.pot", "--dry-run", "--json"];
    assert_eq!(seed(place.run(&arguments)), 3);
    let mut command = place.command(&arguments);
    let output = command.env("EFFPOT_SEED", "4").output().unwrap();
    assert_eq!(seed(Ran::of(output)), 4);
    let mut command = place.command(&[&arguments[..], &["--seed", "5"]].concat());
    let output = command.env("EFFPOT_SEED", "4").output().unwrap();
    assert_eq!(seed(Ran::of(output)), 5);
}

/// Every known way for a run to be not trusted: the name in the result, and words of the message.
#[test]
fn untrusted_runs_have_the_right_name() {
    let cases: &[(&str, &[&str], &str, &[&str])] = &[
        (
            "q^2/2",
            &["--delta", "0.5"],
            "no-unresolved-scale",
            &["delta 0.5", "curvature"],
        ),
        ("3", &["--delta", "0.5"], "no-unresolved-scale", &[]),
        (
            "-q^4/4 + 0.001*sin(q/0.001)",
            &["--delta", "0.2"],
            "does-not-confine",
            &["--domain"],
        ),
        ("q", &["--delta", "0.2"], "does-not-confine", &["--domain"]),
        (
            "1/q",
            &["--delta", "0.2"],
            "does-not-confine",
            &["--domain"],
        ),
        (
            "0.001*sin(q/0.001)",
            &["--delta", "0.2"],
            "does-not-confine",
            &["nothing confines q"],
        ),
        (
            "sqrt(q)",
            &["--delta", "0.1"],
            "diverged",
            &["`sqrt(q)` is not finite"],
        ),
        (
            "log(q) + q",
            &["--delta", "0.1"],
            "diverged",
            &["`log(q)` is not finite"],
        ),
        (
            "if q > 0 and q < 1 then 0.001*sin(q/0.001) else 1/0",
            &["--delta", "0.1"],
            "diverged",
            &["not defined"],
        ),
        (
            "if abs(q) < 1 then 0.001*sin(q/0.001) else 1e300",
            &["--delta", "0.1"],
            "diverged",
            &["jumps"],
        ),
        (
            "exp(-q) + 0.001*sin(q/0.001)",
            &["--delta", "0.2"],
            "does-not-confine",
            &["nothing confines q"],
        ),
        (
            "sqrt(-1 - q^2)",
            &["--delta", "0.1"],
            "diverged",
            &["finite nowhere"],
        ),
        (
            "q^2/2 + 0.001*sin(q/0.001)",
            &["--delta", "0.2", "--domain", "-0.01..0.01"],
            "diverged",
            &["do not stay in the domain -0.01..0.01"],
        ),
        (
            "1e-30*(q^2 + 0.001*sin(q/0.001))",
            &["--delta", "0.2"],
            "no-unresolved-scale",
            &[],
        ),
        (
            "q^2/2 + 0.001*sin(q/0.001)",
            &["--delta", "1e-12"],
            "no-unresolved-scale",
            &["--delta 0.07"],
        ),
        (
            "(q^2 - 100)^2/100 + 0.001*sin(q/0.001)",
            &["--delta", "0.1", "--steps", "2e5"],
            "not-converged",
            &["R-hat"],
        ),
        (
            "q^2/2 + 0.002*sin(q/0.002)",
            &["--delta", "0.065", "--steps", "4e6"],
            "not-in-equilibrium",
            &["error[mixed-scales]", "half resolved"],
        ),
    ];
    for (formula, flags, name, words) in cases {
        let place = Place::with(&format!("V(q) = {formula}"));
        let ran = place.run(&[&["v.pot", "-o", "a"], *flags].concat());
        let ran = ran.says(3, words);
        let kept = std::fs::read_to_string(place.path("a/result.json")).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept["equilibrium"]["verdict"], *name, "{formula}: {ran:#?}");
        assert!(ran.out.contains("NOT TRUSTED"), "{formula}");
        assert!(ran.err.contains("help:"), "{formula}: {ran:#?}");
        place.all_say("a", name);
    }
}

/// Li & Tao 2024, eq. (4.5), where the small scale is only just chaotic.
#[test]
fn trapped_trajectories_are_named_unless_they_are_moved() {
    let place = Place::with(QUADRATIC);
    let flags = ["v.pot", "--delta", "0.065", "--gamma", "0.1"];
    let ran = place.run(&[&flags[..], &["--restarts", "off"]].concat());
    let ran = ran.says(3, &["error[trapped]", "--restarts on"]);
    assert!(ran.out.contains("NOT TRUSTED: TRAPPED"), "{ran:#?}");
    place.all_say("v-out", "trapped");
}

/// Li & Tao 2024, eq. (4.6): the step that is suggested instead was tried, and it works.
#[test]
fn a_step_that_is_too_large_is_told_one_that_is_not() {
    let place =
        Place::with("V(q) = (q - 1)^2*(q + 1)^2/4 + 0.025*sin(q/0.025) + 0.001*sin(q/0.001)");
    for delta in ["1", "1e12"] {
        let ran = place.run(&["v.pot", "--delta", delta]);
        let ran = ran.says(3, &["error[delta-too-large]", "try --delta "]);
        place.all_say("v-out", "delta-too-large");
        let (_, rest) = ran.err.split_once("try --delta ").unwrap();
        let (tried, _) = rest.split_once(':').unwrap();
        let again = place.run(&["v.pot", "--delta", tried, "--json"]);
        assert_ne!(
            again.json()["equilibrium"]["verdict"],
            "delta-too-large",
            "{tried}"
        );
    }
}

/// Odd but good: nothing here is a reason not to trust the run.
#[test]
fn odd_potentials_that_work() {
    let cases: &[(&str, &str)] = &[
        ("(q - 1000)^2/2 + 0.001*sin(q/0.001)", "0.2"),
        ("1e9 + q^2/2 + 0.001*sin(q/0.001)", "0.2"),
        ("abs(q) + 0.001*sin(q/0.001)", "0.1"),
        ("exp(q^2) + 0.001*sin(q/0.001)", "0.1"),
    ];
    for (formula, delta) in cases {
        let place = Place::with(&format!("V(q) = {formula}"));
        let ran = place.run(&["v.pot", "--delta", delta]);
        assert_eq!(ran.code, 0, "{formula}: {ran:#?}");
    }
}

/// What is too small or too large for any result still ends, and says what to do.
#[test]
fn extreme_settings_end_with_a_message() {
    let place = Place::with(QUADRATIC);
    let cases: &[(&[&'static str], &[i32])] = &[
        (&["--steps", "1"], &[3]),
        (
            &["--steps", "1", "--trajectories", "1", "--burn-in", "1"],
            &[3],
        ),
        (&["--trajectories", "1"], &[0]),
        (&["--burn-in", "1"], &[0, 3]),
        (&["--delta", "1e12"], &[3]),
        (&["--delta", "1e300", "--gamma", "1e300"], &[3]),
        (&["--delta", "1e-300", "--gamma", "1e-300"], &[3]),
        (&["--gamma", "1e12"], &[0]),
        (&["--gamma", "1e-12"], &[3]),
        (&["--knots", "1"], &[0]),
        (&["--knots", "1e-9"], &[5]),
        (&["--trajectories", "1e15"], &[5]),
        (&["--start", "1e300"], &[3]),
        (&["--set", "eps1=0"], &[3]),
        (&["--target", "1e-300"], &[3]),
    ];
    for (flags, codes) in cases {
        // A flag that is given twice would be an error.
        let delta: &[&str] = match flags.contains(&"--delta") {
            true => &[],
            false => &["--delta", "0.5"],
        };
        let steps: &[&str] = match flags.contains(&"--steps") {
            true => &[],
            false => &["--steps", "20000"],
        };
        let ran = place.run(&[&["v.pot"], delta, steps, *flags].concat());
        assert!(codes.contains(&ran.code), "{flags:?}: {ran:#?}");
        let code = ran.code;
        let ran = ran.says(code, &[]);
        assert!(
            code == 0 || ran.err.contains("help:"),
            "{flags:?}: {ran:#?}"
        );
    }
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Ctrl-C: the run stops, and what there is is kept and marked.
#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_what_it_has() {
    let cases: &[(&[&str], bool)] = &[
        (&["--steps", "1e15"], true),
        (&["--steps", "1e15", "--burn-in", "1e15"], false),
    ];
    for (flags, has_samples) in cases {
        let place = Place::with(QUADRATIC);
        let mut command =
            place.command(&[&["v.pot", "--delta", "0.5", "-o", "a"], *flags].concat());
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(800));
        interrupt(&child);
        let ran = Ran::of(child.wait_with_output().unwrap());
        ran.says(130, &["interrupted"]);
        let kept = read_json(&place.path("a/result.json"));
        assert_eq!(kept["equilibrium"]["verdict"], "not-converged");
        assert_eq!(kept["diagnostics"][0]["code"], "interrupted");
        // The steps that were made, not those that were asked for.
        assert!(kept["performance"]["steps"].as_f64().unwrap() < 1e12);
        assert_eq!(place.path("a/U.pot").exists(), *has_samples);
        assert_eq!(place.names(), ["a", "a.checkpoint", "v.pot"]);
    }
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Wells that are cut off from where the trajectories are make a run that is not to be trusted, and
/// are named with their places.
#[test]
fn wells_that_are_not_visited_are_named() {
    let place = Place::new();
    place.write(
        "wells.pot",
        b"V(q) = q^2*(q^2 - 4)^2/20 + 0.15*q + 0.001*sin(q/0.001)\n",
    );
    let cold = place.run(&["wells.pot", "--delta", "0.15", "--gamma", "2"]);
    cold.says(
        3,
        &[
            "error[unvisited-wells]",
            "--domain says that one part is meant",
        ],
    );
    let hot = place.run(&["wells.pot", "--delta", "0.15", "--gamma", "0.06"]);
    assert_eq!(hot.code, 0, "{hot:#?}");
    assert!(!hot.err.contains("unvisited-wells"), "{hot:#?}");
}

/// The bowl of (4.8) of Li & Tao 2024.
const LEANING: &str = "\
V(x, y) = (2*x + y - 1)^2/4 + (x - y - 1)^2 + 1e-5*(sin(x/1e-5) + sin((x + y)/1e-5))
";

/// Friction that does not match the noise, and friction that nobody gave.
#[test]
fn friction_that_does_not_match_the_noise_is_named() {
    let place = Place::with(LEANING);
    let few = ["v.pot", "--delta", "0.05", "--steps", "4e5"];
    let given = place.run(&[&few[..], &["--gamma", "0.1"]].concat());
    let words = ["error[not-calibrated]", "not equally hot", "--friction '[["];
    let given = given.says(3, &words);
    assert!(
        given.out.contains("NOT TRUSTED: NOT CALIBRATED"),
        "{given:#?}"
    );
    place.all_say("v-out", "not-calibrated");
    assert!(
        given.out.contains("momenta unequally hot, by "),
        "{given:#?}"
    );
    let chosen = place.run(&few).says(0, &[]);
    assert!(chosen.out.contains("gamma [[0.1"), "{chosen:#?}");
    assert!(chosen.out.contains("]], chosen)"), "{chosen:#?}");
    assert!(
        chosen.out.contains("momenta equally hot within "),
        "{chosen:#?}"
    );
    let plan = place.run(&[&few[..], &["--dry-run"]].concat()).says(0, &[]);
    assert!(plan.out.contains("gamma [[0.1"), "{plan:#?}");
    assert!(plan.out.contains("]] (chosen)"), "{plan:#?}");
}

/// The ways to measure the noise, by name; and stage 1 where a mass is too light for the step.
#[test]
fn the_noise_is_measured_as_asked() {
    let place = Place::with(LEANING);
    let unknown = ["v.pot", "--delta", "0.05", "--noise", "guess"];
    let words = ["the ways are residual, probe, stage1"];
    place.run(&unknown).says(2, &words);
    place.write(
        "stiff.pot",
        b"V(x, y) = 1.6*x^2 + y^2 + 1e-4*(sin(x/1e-4) + sin(y/1e-4))\n",
    );
    let light = [
        "stiff.pot",
        "--delta",
        "1",
        "--gamma",
        "0.2",
        "--noise",
        "stage1",
        "--steps",
        "1e5",
    ];
    let words = [
        "error[stage1-diverged]",
        "with the inverse mass [(2, 0), (0, 1)] delta 1 is too large",
        "`--noise probe` and `--noise residual` need no other masses",
    ];
    place.run(&light).says(1, &words);
    place.write(
        "wrong.pot",
        b"V(x) = x^2\nlearn {\n  delta = 0.1\n  noise = 3\n}\n",
    );
    place
        .run(&["wrong.pot"])
        .says(1, &["`noise` needs one of residual, probe, stage1"]);
}

/// Noise that changes from place to place is named where U is read off the density.
#[test]
fn uneven_noise_is_named() {
    let place = Place::new();
    place.write(
        "uneven.pot",
        b"V(q) = q^2/2 + 0.001*(1 + 0.3*tanh(q))*sin(q/0.001)\n",
    );
    let run = |estimator: &str| {
        place.run(&[
            "uneven.pot",
            "--delta",
            "0.3",
            "--steps",
            "1e6",
            "-e",
            estimator,
        ])
    };
    let density = run("density");
    assert!(density.err.contains("uneven-noise"), "{density:#?}");
    assert!(!run("value").err.contains("uneven-noise"));
    place.write("even.pot", b"V(q) = q^2/2 + 0.001*sin(q/0.001)\n");
    let even = place.run(&[
        "even.pot", "--delta", "0.3", "--steps", "1e6", "-e", "density",
    ]);
    assert!(!even.err.contains("uneven-noise"), "{even:#?}");
}

/// Without warnings above it a summary does not point there.
#[test]
fn a_quiet_summary_says_where_warnings_are() {
    let place = Place::with("V(q) = q^2/2 + 0.7*abs(q - 0.1) + 0.01*sin(q/0.01)\nU0(q) = q^4\n");
    let run = |more: &[&str], out: &str| {
        let arguments = [
            "v.pot",
            "--delta",
            "0.5",
            "-n",
            "1e5",
            "--compare",
            "U0",
            "-o",
            out,
        ];
        place.run(&[&arguments[..], more].concat())
    };
    let told = run(&[], "told");
    let quiet = run(&["-q"], "quiet");
    assert_eq!(told.code, quiet.code);
    assert!(told.out.contains(" above"), "{told:#?}");
    assert!(!quiet.out.contains(" above"), "{quiet:#?}");
    assert!(quiet.out.contains(" in the report"), "{quiet:#?}");
}

/// Many coordinates are counted and not listed, and friction that is one number is one.
#[test]
fn many_coordinates_are_said_in_few_words() {
    let place = Place::with("V(q[20]) = dot(q, q)/2 + 0.01*sum(sin(q[i]/0.01) for i in 1..20)\n");
    let out = place.run(&["check", "v.pot"]).is(0).out;
    assert!(
        out.contains("V(q[1], q[2], ..., q[20]), 20 coordinates, "),
        "{out}"
    );
    let plan = place.run(&["v.pot", "--delta", "0.3", "--dry-run"]).is(0);
    assert!(plan.out.lines().all(|line| line.len() < 120), "{plan:#?}");
    assert!(plan.out.contains("gamma "), "{plan:#?}");
    let json = place.run(&["check", "v.pot", "--json"]).is(0).json();
    assert_eq!(json["variables"].as_array().unwrap().len(), 20);
    // Nor are parameters, nor coordinates that were forgotten; what cannot be learned is not searched.
    let many: String = (0..3000).map(|n| format!("param p{n} = {n}\n")).collect();
    let sum: String = (0..3000).map(|n| format!(" + p{n}")).collect();
    let place = Place::with(&format!("{many}V(q[3000]) = q[1]^2{sum}\n"));
    let ran = place.run(&["check", "v.pot"]).is(0);
    assert!(ran.out.contains("p49 = 49, ... and 2950 more"), "{ran:#?}");
    assert!(ran.err.contains("q[5], nor on 2995 more"), "{ran:#?}");
    let lines = ran.out.lines().chain(ran.err.lines());
    assert!(lines.map(str::len).max() < Some(800), "{ran:#?}");
}

/// `--png` writes a PNG beside every SVG, and nothing else more; a folder of a scan is replaced.
#[test]
fn figures_are_written_as_png_too() {
    let place = Place::with("V(q) = q^2/2 + 0.01*sin(q/0.01)\n");
    place
        .run(&["v.pot", "--delta", "0.5", "-n", "5e4", "--png", "-o", "out"])
        .is(0);
    let scan = [
        "scan", "v.pot", "--delta", "0.4..0.5", "-n", "2e4", "-o", "found",
    ];
    place.run(&scan).is(0);
    place
        .run(&[&scan[..], &["--png", "--force"]].concat())
        .is(0);
    for folder in ["out", "found"] {
        let stems = |end: &str| {
            let entries = std::fs::read_dir(place.path(folder)).unwrap();
            let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
            let mut stems: Vec<String> = names
                .filter_map(|name| Some(name.strip_suffix(end)?.to_owned()))
                .collect();
            stems.sort();
            stems
        };
        assert_eq!(stems(".svg"), stems(".png"), "{folder}");
        assert!(stems(".svg").len() > 1, "{folder}");
        let page = std::fs::read_to_string(place.path(folder).join("report.html")).unwrap();
        assert!(page.contains("</html>"));
    }
}
