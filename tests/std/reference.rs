//! Every function of the library has its numbers, and a comment with its source.

use super::{Potential, assert_good};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A number with its size in units of rounding: see `data/make_std_reference.py`.
struct Known {
    value: f64,
    scale: f64,
}

/// One program of the reference data.
#[derive(Default)]
struct Case {
    module: String,
    function: String,
    program: String,
    set: Vec<(String, f64)>,
    /// Points with the value and the slopes there.
    points: Vec<(Vec<f64>, Vec<Known>)>,
}

impl Case {
    /// The program as a user writes it.
    fn text(&self) -> String {
        let Case {
            module, function, ..
        } = self;
        format!("import std.{module} ({function})\n{}\n", self.program)
    }
}

fn cases() -> Vec<Case> {
    let text = include_str!("../data/std_reference.txt");
    let number = |word: &str| -> f64 { word.parse().unwrap() };
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (head, rest) = line.split_once(' ').unwrap();
        let words: Vec<&str> = rest.split(' ').collect();
        if head == "program" {
            cases.push(Case {
                module: words[0].to_owned(),
                function: words[1].to_owned(),
                program: words[2..].join(" "),
                ..Case::default()
            });
            continue;
        }
        let case = cases.last_mut().unwrap();
        match head {
            "set" => {
                let name = format!("{}.{}", case.module, words[0]);
                case.set.push((name, number(words[1])));
            }
            "point" => {
                let at = words.into_iter().map(number).collect();
                case.points.push((at, Vec::new()));
            }
            "value" | "slope" => {
                let (value, scale) = (number(words[0]), number(words[1]));
                let (_, known) = case.points.last_mut().unwrap();
                known.push(Known { value, scale });
            }
            other => panic!("{other}"),
        }
    }
    cases
}

/// Values and slopes are within rounding of numbers that know nothing of the files, compiled and
/// by the evaluator.
///
/// The scale of a number is how far it moves if every operation errs by 2^-53 of its result, all of
/// them in the worst direction. What is written here may take other operations to the same result;
/// elementary functions and powers err by a little more, and the reference is rounded once: hence
/// the factor.
#[test]
fn every_function_and_its_gradient_are_those_of_the_published_formula() {
    const ROOM: f64 = 4.0;
    let half = 0.5 * f64::EPSILON;
    let mut seen = 0;
    for case in cases() {
        let set: Vec<(&str, f64)> = case.set.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        let text = case.text();
        let potential = Potential::of(&text, &set);
        for (at, known) in &case.points {
            for found in [potential.at(at), potential.evaluated(at)] {
                assert_eq!(found.len(), known.len(), "{text}");
                for (k, (found, known)) in found.iter().zip(known).enumerate() {
                    let error = (found - known.value).abs();
                    let allowed = ROOM * half * known.scale;
                    assert!(
                        error <= allowed,
                        "{text}{:?} at {at:?}, number {k}: {found:e} is not {:e}; error {error:.1e}, allowed {allowed:.1e}",
                        case.set,
                        known.value
                    );
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 1000, "only {seen} numbers");
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Function,
    Parameter,
    Constant,
}

/// A definition of a file of the library.
struct Definition {
    module: String,
    name: String,
    kind: Kind,
    /// What stands before its `=`.
    code: String,
    comment: String,
}

fn library() -> Vec<Definition> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("std");
    let mut definitions = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "pot") {
            continue;
        }
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("\n\n") {
            let (comments, code): (Vec<&str>, Vec<&str>) =
                block.lines().partition(|line| line.starts_with('#'));
            for line in code {
                if !line.starts_with(|c: char| c.is_ascii_lowercase()) {
                    continue;
                }
                let parameter = line.strip_prefix("param ");
                let line = parameter.unwrap_or(line);
                let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                let (name, rest) = line.split_at(end.unwrap_or(line.len()));
                definitions.push(Definition {
                    module: module.clone(),
                    name: name.to_owned(),
                    kind: match parameter {
                        Some(_) => Kind::Parameter,
                        None if rest.starts_with('(') => Kind::Function,
                        None => Kind::Constant,
                    },
                    code: line.split(" =").next().unwrap().to_owned(),
                    comment: comments.join("\n"),
                });
            }
        }
    }
    definitions
}

/// Nothing gets into the library without a comment, nor a function without its source, its numbers
/// and its place in the table of the library.
#[test]
fn every_function_has_a_source_and_numbers() {
    let tested: BTreeSet<(String, String)> = cases()
        .into_iter()
        .map(|case| (case.module, case.function))
        .collect();
    let readme = include_str!("../../std/README.md");
    let mut functions = BTreeSet::new();
    for found in library() {
        let name = format!("{}.{}", found.module, found.name);
        assert!(found.comment.len() > 20, "{name} has no comment");
        let shown = |text: String| assert!(readme.contains(&text), "no `{text}` for {name}");
        shown(format!("## `std.{}`", found.module));
        shown(match found.kind {
            Kind::Function => format!("| `{}", found.code),
            Kind::Parameter => format!("`param {}`", found.name),
            Kind::Constant => format!("`{}`", found.name),
        });
        if found.kind == Kind::Function {
            assert!(
                found.comment.contains("\n# Source: "),
                "{name} has no source"
            );
            functions.insert((found.module, found.name));
        }
    }
    assert!(functions.len() > 30);
    assert_eq!(functions, tested);
}

/// Every file is a program without a warning, and all that it defines can be imported at once.
#[test]
fn every_file_is_a_program_and_a_module() {
    let mut modules: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in library() {
        modules.entry(found.module).or_default().push(found.name);
    }
    for (module, names) in modules {
        let path = format!("{}/std/{module}.pot", env!("CARGO_MANIFEST_DIR"));
        assert_good(&std::fs::read_to_string(path).unwrap());
        let names = names.join(", ");
        assert_good(&format!("import std.{module} ({names})\nV(x) = x^2\n"));
    }
}
