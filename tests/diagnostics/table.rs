//! Which snapshot holds the text of each case.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A case that the command line promises to explain, and the snapshots of its text, each with words
/// that must be in it.
pub type Case = (&'static str, &'static [(&'static str, &'static str)]);

/// The cases. A snapshot `stage-name` is that of `examples/errors/stage/name.pot`, one
/// `diagnostics-name` that of the test `name` of this file.
pub const CASES: &[Case] = &[
    (
        "an expression missing after an operator",
        &[(
            "syntax-missing_expression",
            "an expression is missing after `+`",
        )],
    ),
    (
        "an unclosed bracket, pointing at the opener",
        &[("syntax-unclosed_bracket", "opened here")],
    ),
    ("2x", &[("syntax-number_name", "2*")]),
    ("x**2", &[("syntax-two_stars", "write `x^2`")]),
    ("×", &[("syntax-times_sign", "a product is `*`")]),
    ("−", &[("syntax-minus_sign", "the plain `-`")]),
    (
        "an unknown name with a suggestion",
        &[
            ("names-unknown_name", "did you mean"),
            ("names-unknown_function", "did you mean"),
            ("imports-unknown_name", "did you mean"),
        ],
    ),
    (
        "wrong arity with the signature",
        &[("names-arity", "write `f(x, y)`")],
    ),
    (
        "an index out of range",
        &[("shapes-index_out_of_range", "is outside 1..3")],
    ),
    (
        "a vector where a scalar is needed",
        &[(
            "shapes-vector_as_number",
            "a vector where a number is needed",
        )],
    ),
    (
        "a size that depends on a parameter",
        &[("shapes-size_of_parameter", "a size depends on a parameter")],
    ),
    (
        "a parameter or import that reaches itself, with the path",
        &[
            ("names-cycle", "a -> b -> c -> a"),
            ("names-recursion", "V -> V"),
            ("imports-cycle", "imports itself"),
        ],
    ),
    (
        "a duplicate definition, with both places",
        &[
            ("names-duplicate", "the second definition"),
            ("imports-duplicate", "the second definition"),
        ],
    ),
    (
        "a hidden builtin, a warning",
        &[("names-hidden_builtin", "warning[hidden-builtin]")],
    ),
    (
        "log, sqrt, 1/r where the domain is reached",
        &[
            ("diagnostics-edges_of_the_domain", "`log(x)` is not finite"),
            ("diagnostics-edges_of_the_domain", "`sqrt(y)` is not finite"),
            (
                "diagnostics-edges_of_the_domain",
                "`1/q` falls without bound at q = 0",
            ),
            ("diagnostics-edges_of_the_domain", "first at step"),
        ],
    ),
    (
        "a potential that does not confine",
        &[("diagnostics-confinement", "falls towards infinity along y")],
    ),
    (
        "a free direction",
        &[("diagnostics-confinement", "nothing confines y:")],
    ),
    (
        "a kink",
        &[("diagnostics-kinks", "`abs(q - 1)` has a kink: from -1 to 1")],
    ),
    (
        "--delta of 0, negative, nan, 1e400, 0,05",
        &[
            ("diagnostics-delta", "it must be positive, not 0"),
            ("diagnostics-delta", "not a number"),
            ("diagnostics-delta", "too large for a double"),
            ("diagnostics-delta", "a decimal comma: write 0.05"),
        ],
    ),
    (
        "delta too large (diverged at step n, try below x)",
        &[
            ("diagnostics-too_large_and_too_small", "first at step"),
            ("diagnostics-too_large_and_too_small", "try --delta"),
        ],
    ),
    (
        "delta too small (trapped)",
        &[
            ("diagnostics-too_large_and_too_small", "error[trapped]"),
            (
                "diagnostics-too_large_and_too_small",
                "error[no-unresolved-scale]",
            ),
        ],
    ),
    (
        "a mass that is not positive definite",
        &[(
            "diagnostics-matrices",
            "the mass matrix must be positive definite",
        )],
    ),
    (
        "start or domain with the wrong number of entries",
        &[(
            "diagnostics-start_and_domain",
            "`start` has 1 where the potential has 2",
        )],
    ),
    (
        "a file that is missing, a directory, not UTF-8, empty, with a BOM or CRLF",
        &[
            ("diagnostics-files", "there is no file missing.pot"),
            ("diagnostics-files", "is a folder"),
            ("diagnostics-files", "not UTF-8"),
            ("diagnostics-files", "defines nothing"),
            (
                "diagnostics-files",
                "$ effpot-lang check windows.pot\nexit 0",
            ),
            ("imports-missing_file", "there is no file"),
            ("syntax-empty", "defines nothing"),
        ],
    ),
    (
        "an output that exists or cannot be written",
        &[
            ("diagnostics-outputs", "exists already"),
            ("diagnostics-outputs", "cannot be written"),
        ],
    ),
    (
        "nesting 100,000 deep",
        &[
            ("diagnostics-limits", "nests more than 256 deep"),
            ("limits-too_deep", "nests more than 256 deep"),
        ],
    ),
    (
        "a sum to 1e9",
        &[
            ("limits-sum_too_large", "the limit is"),
            ("limits-sums_in_sums", "larger than 1000000 operations"),
        ],
    ),
    (
        "a grid that would not fit in memory",
        &[
            ("diagnostics-limits", "the limit is 2 GB"),
            ("diagnostics-limits", "bins would need about"),
            ("diagnostics-limits", "at most 131072 fit"),
        ],
    ),
    (
        "a result file from another version or another source",
        &[
            (
                "diagnostics-result_files",
                "this version reads \"effpot.result/1\"",
            ),
            ("diagnostics-result_files", "was changed"),
        ],
    ),
];

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What makes a snapshot: a file, or a test of this suite.
fn maker(stage: &str, name: &str) -> Result<PathBuf, String> {
    if stage == "diagnostics" {
        return Err(format!("same!(\"{name}\""));
    }
    Ok(here().join(format!("examples/errors/{stage}/{name}.pot")))
}

/// A case whose file, test, snapshot or words are gone has lost its test.
#[test]
fn every_case_has_its_text() {
    let tests = std::fs::read_to_string(here().join("tests/diagnostics.rs")).unwrap();
    let mut problems = Vec::new();
    for (case, texts) in CASES {
        assert!(!texts.is_empty(), "{case} has no test");
        for (snapshot, words) in *texts {
            let (stage, name) = snapshot.split_once('-').unwrap();
            let made = match maker(stage, name) {
                Ok(file) => file.is_file(),
                Err(test) => tests.contains(&test) || tests.contains(&format!("\"{snapshot}\"")),
            };
            let path = here().join(format!("tests/snapshots/{snapshot}.snap"));
            let text = std::fs::read_to_string(path).unwrap_or_default();
            if !made || !text.contains(words) {
                problems.push(format!(
                    "{case}: {snapshot} without `{words}`, made: {made}"
                ));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Every file of `examples/errors` has a snapshot, and every snapshot of theirs a file.
#[test]
fn errors_and_snapshots_belong_together() {
    let names = |folder: PathBuf, ending: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
            .collect()
    };
    let snapshots = names(here().join("tests/snapshots"), ".snap");
    for stage in ["syntax", "names", "shapes", "limits", "imports"] {
        let files = names(here().join("examples/errors").join(stage), ".pot");
        let prefix = format!("{stage}-");
        let of_stage = snapshots
            .iter()
            .filter_map(|name| name.strip_prefix(&prefix));
        let shown: BTreeSet<String> = of_stage.map(str::to_owned).collect();
        assert_eq!(files, shown, "{stage}");
    }
}
