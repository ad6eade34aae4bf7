//! The catalogue of codes: complete, without a row too many, and its examples are what they say.

use effpot_lang::check::{NoFiles, check, gather};
use effpot_lang::diagnostic::catalogue::{Example, find, rows};
use effpot_lang::session::{Options, Potential, foresee};
use effpot_lang::source::Sources;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The texts of all sources but those of the catalogue.
fn sources() -> Vec<(PathBuf, String)> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("catalogue") {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

fn is_code(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(plain)
}

/// Codes that the sources give to a diagnostic by name. Where a variable is given instead, any run
/// in a development build says so if the code is in no catalogue.
#[test]
fn each_code_that_is_used_is_in_the_catalogue_and_each_row_is_used() {
    let all = sources();
    let mut named = BTreeSet::new();
    for (path, text) in &all {
        for way in ["error", "warning", "note"] {
            for (at, call) in text.match_indices(&format!("Diagnostic::{way}(")) {
                let Some(code) = text[at + call.len()..].trim_start().strip_prefix('"') else {
                    continue;
                };
                let code = &code[..code.find('"').unwrap()];
                assert!(find(code).is_some(), "{}: {code}", path.display());
                named.insert(code);
            }
        }
    }
    assert!(named.len() > 80, "only {} codes were found", named.len());
    for row in rows() {
        let quoted = format!("\"{}\"", row.code);
        let used = all.iter().any(|(_, text)| text.contains(&quoted));
        assert!(used, "{} is not used", row.code);
    }
}

#[test]
fn rows_are_well_formed() {
    let mut seen = BTreeSet::new();
    for row in rows() {
        assert!(is_code(row.code), "{}", row.code);
        assert!(seen.insert(row.code), "{} has two rows", row.code);
        assert!(row.text.ends_with('.'), "{}", row.code);
        let (Example::Program(wrong, right) | Example::Other(wrong, right)) = row.example;
        assert!(!wrong.is_empty() && !right.is_empty(), "{}", row.code);
    }
}

/// All that `check` says of a program.
fn codes(text: &str) -> Vec<&'static str> {
    let mut sources = Sources::new();
    let root = sources.add("example.pot", text);
    let program = gather(&mut sources, root, &mut NoFiles).and_then(|()| check(&sources, root));
    let found = match program {
        Err(errors) => errors,
        Ok(program) => {
            let mut found = program.warnings.clone();
            found.extend(program.unused(&[]));
            match program.potential(None) {
                Err(errors) => found.extend(errors),
                Ok(model) => {
                    let values = model.parameter_values();
                    let potential = Potential::compile(model, values).unwrap();
                    found.extend(foresee(&potential, &Options::default()));
                }
            }
            found
        }
    };
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

/// Of every row that a program alone can show: the wrong one gives the code, the right one gives
/// none at all.
#[test]
fn the_examples_are_what_they_say() {
    let mut shown = 0;
    let mut problems = Vec::new();
    for row in rows() {
        let Example::Program(wrong, right) = row.example else {
            continue;
        };
        shown += 1;
        let (of_wrong, of_right) = (codes(wrong), codes(right));
        if !of_wrong.contains(&row.code) || !of_right.is_empty() {
            problems.push(format!("{}: {of_wrong:?}, {of_right:?}", row.code));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(shown > 40, "only {shown} rows are shown by a program");
}

fn programs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|end| end == "pot"))
        .collect()
}

/// No false alarm.
#[test]
fn nothing_is_said_of_the_library_and_the_examples() {
    for path in [programs("std"), programs("examples")].concat() {
        let text = fs::read_to_string(&path).unwrap();
        let found: Vec<_> = codes(&text)
            .into_iter()
            .filter(|code| *code != "no-potential")
            .collect();
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}

/// Nor of potentials that are in order, and what is said of others names the place.
#[test]
fn what_is_foreseen() {
    let text = |program: &str| {
        let mut sources = Sources::new();
        let root = sources.add("example.pot", program);
        let program = check(&sources, root).unwrap();
        let model = program.potential(None).unwrap();
        let values = model.parameter_values();
        let potential = Potential::compile(model, values).unwrap();
        let found = foresee(&potential, &Options::default());
        found
            .iter()
            .map(|d| format!("{}: {}", d.code, d.message))
            .collect::<Vec<_>>()
            .join("\n")
    };
    for good in [
        "V(q) = q^2",
        "V(q) = q^4 - 100*q^2 + 0.001*sin(q/0.001)",
        "V(a: angle) = cos(a) + 0.01*sin(100*a)",
        "V(q) = 4*(1/q^12 - 1/q^6) + 0.01*q^2",
        "V(x, y) = x^2 + y^2 + exp(-x*y/10)*0.1",
        "V(q) = q^2 - log(q)",
        "V(q) = q^2 + 0.001*abs(sin(q/0.001))",
        "V(q) = q^2 + if q > 1 then 3*(q - 1)^2 else 0",
        "V(q) = sqrt(q^2 + 1)",
        "V(q) = 1e-6*q^2",
        "V(q) = 1e6*(q - 1000)^2",
    ] {
        assert_eq!(text(good), "", "{good}");
    }
    for (bad, code, witness) in [
        ("V(q) = q^3 - q", "does-not-confine", "q -> -infinity"),
        ("V(x, y) = x^2 - y", "does-not-confine", "y -> infinity"),
        (
            "V(x, y) = x^2 - y^2",
            "does-not-confine",
            "y -> -infinity and y -> infinity",
        ),
        (
            "V(x, y, z) = x^2 + y^2 - z^3",
            "does-not-confine",
            "z -> infinity",
        ),
        (
            "V(q) = q^2 + 1/q",
            "singularity",
            "`1/q` falls without bound at q = 0",
        ),
        ("V(q) = q^2 + log(abs(q - 2))", "singularity", "q = 2"),
        (
            "V(q) = (q - 1)^2 + sqrt(q)",
            "singularity",
            "no value beyond q = 0",
        ),
        ("V(q) = q^2 + abs(q - 1)", "kink", "q = 1"),
        ("V(x, y) = x^2 + y^2 + max(x, y)", "kink", "max(x, y)"),
        ("V(q) = q^2 + floor(q)", "kink", "V jumps"),
        // What no line along a coordinate meets that goes through one of three points.
        (
            "V(x, y) = x^2 + y^2 + abs(x - y - 0.3)",
            "kink",
            "`abs(x - y - 0.3)` has a kink",
        ),
        (
            "V(x, y) = x^2 + y^2 + abs((x - 1.1)^2 + (y - 0.9)^2 - 0.02)",
            "kink",
            "has a kink",
        ),
        (
            "V(x, y) = x^2 + y^2 + 1/((x - 1)^2 + (y - 1)^2 - 0.05)",
            "singularity",
            "falls without bound at (x, y) = ",
        ),
        (
            "V(x, y, z) = x^2 + y^2 + z^2 + sqrt((x - 1)^2 + (y + 1)^2 + z^2 - 0.2)",
            "singularity",
            "`sqrt((x - 1)^2 + (y + 1)^2 + z^2 - 0.2)` has no value beyond (x, y, z) = ",
        ),
        (
            "V(q) = 0.1*sqrt(q) + 0.01*q^2",
            "singularity",
            "`sqrt(q)` has no value beyond q = 0",
        ),
        (
            "V(q) = (q - 1)^2 + if q > 3 then log(q - 9) else 3*(q - 1)^0.5",
            "singularity",
            "`(q - 1)^0.5` has no value beyond q = 1",
        ),
        ("V(q) = log(-1 - q^2)", "nowhere-finite", "finite nowhere"),
    ] {
        let found = text(bad);
        assert!(
            found.contains(code) && found.contains(witness),
            "{bad}: {found:?}"
        );
    }
}

#[test]
fn what_is_unused() {
    let text = |program: &str, also: &[&str]| {
        let mut sources = Sources::new();
        let root = sources.add("example.pot", program);
        gather(&mut sources, root, &mut NoFiles).unwrap();
        let found = check(&sources, root).unwrap().unused(also);
        found
            .iter()
            .map(|d| d.message.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let cases: &[(&str, &[&str], &str)] = &[
        (
            "param a = 1\nV(q) = q^2",
            &[],
            "nothing depends on the parameter `a`",
        ),
        ("param _a = 1\nV(q) = q^2", &[], ""),
        // What only something unused uses is not said too.
        ("a = 1\nf(x) = a*x\nV(q) = q^2", &[], "`f` is not used"),
        ("f(x) = x^2\nV(q) = q^2", &["f"], ""),
        ("f(x) = x^2\nV(q) = q^2\nlearn { compare = f }", &[], ""),
        (
            "f(x) = x^2\nd = 2\nV(q) = q^2\nlearn {\n terms = [f]\n delta = d/4\n}",
            &[],
            "",
        ),
        ("n = 2\nV(q[n]) = dot(q, q)", &[], ""),
        // To import from.
        ("a = 1\nf(x) = x\ng(x) = 2*x", &[], ""),
        (
            "import std.landscapes (double_well, himmelblau)\nV(q) = double_well(q)",
            &[],
            "`himmelblau` is imported and not used",
        ),
        ("U(q) = q^2\nV(q) = q^2", &[], ""),
    ];
    for (program, also, expected) in cases {
        assert_eq!(text(program, also), *expected, "{program}");
    }
}

/// `check` is quick where it looks at a potential; the limit is that of an optimized build, which a
/// development build may exceed.
#[test]
fn a_look_is_bounded_in_time() {
    for path in programs("examples") {
        let text = fs::read_to_string(&path).unwrap();
        let start = std::time::Instant::now();
        codes(&text);
        let seconds = start.elapsed().as_secs_f64();
        println!("{seconds:.3} s {}", path.display());
        assert!(seconds < 10.0, "{}: {seconds} s", path.display());
    }
}
