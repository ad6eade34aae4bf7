//! Every message that a user must be able to act on, as text.
//!
//! [`CASES`](table::CASES) says which snapshot holds the text of each case that the command line
//! promises to explain. What a file alone can be wrong in lies in `examples/errors` (the test
//! `messages` renders it); the rest is made here, through the command as a user runs it: what it
//! prints to standard error, how it ends, and what it leaves behind.

#[path = "diagnostics/shell.rs"]
mod shell;
#[path = "diagnostics/table.rs"]
mod table;

use shell::Shell;

const QUADRATIC: &str = "V(q) = q^2/2 + 0.001*sin(q/0.001)\n";
const PLANE: &str = "V(x, y) = x^2 + y^2/2 + 0.001*sin(x/0.001) + 0.001*sin(y/0.001)\n";
/// What is left unresolved in one coordinate and in two.
const NOISE: &str = " + 0.001*sin(q/0.001)\n";
const NOISES: &str = " + 0.001*sin(x/0.001) + 0.001*sin(y/0.001)\n";

/// Compares what a shell showed with the snapshot of that name.
macro_rules! same {
    ($name:literal, $shell:expr) => {
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(concat!("diagnostics-", $name), $shell.shown());
        });
    };
}

#[test]
fn delta() {
    let mut shell = Shell::with("v.pot", QUADRATIC);
    for delta in ["0", "-0.5", "nan", "inf", "1e400", "0,05", "half"] {
        shell.run(&["v.pot", "--delta", delta]);
    }
    shell.run(&["v.pot"]);
    for delta in ["0", "-0.5", "1e400", "0,05", "half"] {
        shell.file(
            "block.pot",
            format!("{QUADRATIC}learn {{ delta = {delta} }}\n"),
        );
        shell.run(&["block.pot"]);
    }
    same!("delta", shell);
}

/// Friction and mass as flags, as files and in the block of the program.
#[test]
fn matrices() {
    let mut shell = Shell::with("v.pot", PLANE);
    let wrong = ["[[1,2],[2,1]]", "[[1,2],[0,1]]", "[[1]]", "[[1,2],[3]]"];
    for flag in ["--friction", "--mass"] {
        for matrix in wrong {
            shell.run(&["v.pot", "--delta", "0.3", flag, matrix]);
        }
    }
    for matrix in ["[1,2]", "[[1,a],[0,1]]", "none.csv"] {
        shell.run(&["v.pot", "--delta", "0.3", "--mass", matrix]);
    }
    shell.file("mass.csv", "1, 0\n0, -1\n");
    shell.run(&["v.pot", "--delta", "0.3", "--mass", "mass.csv"]);
    for setting in [
        "mass = [[1, 2], [2, 1]]",
        "friction = [[1, 0, 0], [0, 1, 0]]",
        "mass = 2",
    ] {
        let block = format!("{PLANE}learn {{\n  delta = 0.3\n  {setting}\n}}\n");
        shell.file("block.pot", block);
        shell.run(&["block.pot"]);
    }
    same!("matrices", shell);
}

#[test]
fn start_and_domain() {
    let mut shell = Shell::with("v.pot", PLANE);
    for flags in [["--start", "1"], ["--start", "1,2,3"], ["--start", "0,x"]] {
        shell.run(&["v.pot", "--delta", "0.3", flags[0], flags[1]]);
    }
    for domain in ["-1..1", "-1..1,-1..1,0..2", "1..-1", "3"] {
        shell.run(&["v.pot", "--delta", "0.3", "--domain", domain]);
    }
    for setting in [
        "start = 1",
        "domain = [-1..1, 0..1, 0..2]",
        "domain = [1..-1, 0..1]",
    ] {
        let block = format!("{PLANE}learn {{\n  delta = 0.3\n  {setting}\n}}\n");
        shell.file("block.pot", block);
        shell.run(&["block.pot"]);
    }
    same!("start_and_domain", shell);
}

#[test]
fn files() {
    let mut shell = Shell::with("quadratic.pot", QUADRATIC);
    shell.folder("folder");
    shell.file("latin.pot", b"# caf\xe9\nV(q) = q\n");
    shell.file("empty.pot", "");
    shell.file("remarks.pot", "# nothing but this\n");
    // Accepted: a byte order mark, and lines that end as on Windows.
    shell.file("windows.pot", "\u{feff}V(q) = q^2/2\r\n\r\n# end\r\n");
    for file in [
        "missing.pot",
        "quadratik.pot",
        "quadratic",
        "folder",
        "latin.pot",
    ] {
        shell.run(&["check", file]);
    }
    for file in ["empty.pot", "remarks.pot", "windows.pot"] {
        shell.run(&["check", file]);
    }
    same!("files", shell);
}

/// Refused before the run, which would take for ever; nothing is left behind.
#[test]
fn outputs() {
    let mut shell = Shell::with("v.pot", QUADRATIC);
    shell.file("file", "precious");
    shell.folder("mine");
    shell.file("mine/precious", "");
    for flags in [
        &["mine"][..],
        &["file"],
        &["file", "--force"],
        &["mine", "--force"],
        &["file/x"],
        &[".", "--force"],
    ] {
        let run = ["v.pot", "--delta", "0.5", "--steps", "1e15", "-o"];
        shell.run(&[&run[..], flags].concat());
    }
    same!("outputs", shell);
}

/// Where the domain of the formula ends: which term, where, at which step.
#[test]
fn edges_of_the_domain() {
    let mut shell = Shell::new();
    for formula in [
        "q + log(q)",
        "q^2/2 + sqrt(q)",
        "q^2/2 + 1/q",
        "q^2/2 + 0.1*log(abs(q))",
        "q^2/2 + 0.1/abs(q)",
    ] {
        shell.file("v.pot", format!("V(q) = {formula}{NOISE}"));
        shell.run(&["v.pot", "--delta", "0.1", "--steps", "2e5"]);
    }
    for formula in [
        "x^2 + y^2 - log(x)",
        "x^2 + y^2 + sqrt(y)",
        "x^2 + y^2 - 1/hypot(x, y)",
        "x^2 + y^2 + 1/(x - y)",
    ] {
        shell.file("v.pot", format!("V(x, y) = {formula}{NOISES}"));
        shell.run(&["v.pot", "--delta", "0.3", "--steps", "2e5"]);
    }
    same!("edges_of_the_domain", shell);
}

#[test]
fn confinement() {
    let mut shell = Shell::new();
    for formula in ["0", "-q^2", "exp(-q)"] {
        shell.file("v.pot", format!("V(q) = {formula}{NOISE}"));
        shell.run(&["v.pot", "--delta", "0.3"]);
    }
    for formula in ["x^2", "y^2", "(x - y)^2", "x^2 - y^2", "0"] {
        shell.file("v.pot", format!("V(x, y) = {formula}{NOISES}"));
        shell.run(&["v.pot", "--delta", "0.3"]);
    }
    shell.file("v.pot", format!("V(x: angle, y) = 0.3*cos(x){NOISES}"));
    shell.run(&["v.pot", "--delta", "0.3"]);
    same!("confinement", shell);
}

#[test]
fn too_large_and_too_small() {
    let mut shell = Shell::with("v.pot", format!("V(q) = 20*q^2{NOISE}"));
    shell.run(&["v.pot", "--delta", "0.5"]);
    shell.run(&["v.pot", "--delta", "0.01"]);
    shell.file("plane.pot", format!("V(x, y) = 20*x^2 + y^2/2{NOISES}"));
    shell.run(&["plane.pot", "--delta", "0.5"]);
    shell.run(&["plane.pot", "--delta", "0.01"]);
    // Two small scales, of which one is only just chaotic (Li & Tao 2024, eq. (4.5)).
    let barely = format!("V(q) = q^2/2 + 0.05*sin(q/0.05){NOISE}");
    shell.file("barely.pot", barely);
    let caught = ["--delta", "0.065", "--restarts", "off", "--steps", "1e5"];
    shell.run(&[&["barely.pot"][..], &caught].concat());
    // Caught for good, trajectories pile up.
    let caught = [
        "--delta",
        "0.06",
        "--restarts",
        "off",
        "--steps",
        "3e5",
        "--trajectories",
        "16",
        "--knots",
        "20",
    ];
    let barely = format!("V(x, y) = x^2/2 + y^2/2 + 0.05*sin(x/0.05) + 0.05*sin(y/0.05){NOISES}");
    shell.file("barely.pot", barely);
    shell.run(&[&["barely.pot"][..], &caught].concat());
    same!("too_large_and_too_small", shell);
}

#[test]
fn limits() {
    let mut shell = Shell::new();
    let deep = 100_000;
    let nested = format!("V(q) =\n{}q{}\n", "(\n".repeat(deep), ")".repeat(deep));
    shell.file("deep.pot", nested);
    shell.run(&["check", "deep.pot"]);
    shell.file(
        "calls.pot",
        format!("V(q) =\n{}q{}\n", "sin(\n".repeat(deep), ")".repeat(deep)),
    );
    shell.run(&["check", "calls.pot"]);
    shell.file("sum.pot", "V(q) = sum(sin(q/i) for i in 1..1000000000)\n");
    shell.run(&["check", "sum.pot"]);
    shell.file("v.pot", QUADRATIC);
    shell.file("plane.pot", PLANE);
    for file in ["v.pot", "plane.pot"] {
        shell.run(&[file, "--delta", "0.3", "--knots", "1e-9"]);
        shell.run(&[
            file,
            "--delta",
            "0.3",
            "--knots",
            "0.001",
            "--trajectories",
            "1e4",
        ]);
        shell.run(&[file, "--delta", "0.3", "--trajectories", "1e9"]);
    }
    same!("limits", shell);
}

/// A kink where samples are is named with a witness.
#[test]
fn kinks() {
    let mut shell = Shell::new();
    let formulas = [
        "q^2/2 + abs(q - 1)",
        "max(q^2/2, 1 + q)",
        "q^2/2 + (if q > 1 then 2*(q - 1) else 0)",
        "q^2/2 + 0.02*floor(3*q)",
    ];
    for formula in formulas {
        shell.file("v.pot", format!("V(q) = {formula}{NOISE}"));
        shell.run(&["v.pot", "--delta", "0.3", "--steps", "2e5"]);
    }
    let formulas = [
        "x^2/2 + y^2/2 + 0.7*abs(x + y - 0.1)",
        "x^2/2 + y^2/2 + max(0, 1 - hypot(x, y))",
    ];
    for formula in formulas {
        shell.file("v.pot", format!("V(x, y) = {formula}{NOISES}"));
        shell.run(&["v.pot", "--delta", "0.3", "--steps", "2e5"]);
    }
    same!("kinks", shell);
}

/// What has no kink that matters is left in peace: branches that meet with one slope, a kink where
/// no sample is, one too weak to bend anything, and kinks of a small scale, which are noise.
#[test]
fn what_is_no_kink() {
    let formulas = [
        "V(q) = q^2/2 + (if q > 1 then 5*(q - 1)^2 else 0)",
        "V(q) = q^2/2 + abs(q - 100)",
        "V(q) = q^2/2 + 1e-9*abs(q)",
        "V(q) = q^2/2 + 0.001*abs(sin(q/0.001))",
        "V(x, y) = x^2/2 + y^2/2 + 0.001*abs(sin(x/0.001)) + 0.001*sin(y/0.001)",
    ];
    for formula in formulas {
        let noise = if formula.contains("y") {
            ""
        } else {
            " + 0.001*sin(q/0.001)"
        };
        let mut shell = Shell::with("v.pot", format!("{formula}{noise}\n"));
        shell.run(&["v.pot", "--delta", "0.3", "--steps", "2e5", "-o", "a"]);
        let shown = shell.shown();
        assert!(!shown.contains("kink"), "{shown}");
        assert!(shown.contains("exit 0"), "{shown}");
    }
}

/// Result files that are not what they were: the words of the error.
#[test]
fn result_files() {
    use effpot_lang::report::result::RunResult;
    let mut shell = Shell::with("v.pot", QUADRATIC);
    shell.run(&["v.pot", "--delta", "0.5", "--steps", "20000", "-o", "a"]);
    let text = shell.read("a/result.json");
    assert!(RunResult::from_json(&text).is_ok());
    let changed = [
        text.replace("effpot.result/1", "effpot.result/2"),
        text.replace("\"schema\"", "\"skema\""),
        text.replace("q^2/2", "q^2/3"),
        text.replace("\"equilibrium\"", "\"balance\""),
        "V(q) = q^2/2".to_owned(),
    ];
    let words = changed.map(|text| match RunResult::from_json(&text) {
        Ok(_) => panic!("it was read"),
        Err(error) => error.to_string(),
    });
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("diagnostics-result_files", words.join("\n"));
    });
}
