//! Programs of several files: imports, parameters of modules, tables, and names in Unicode. First
//! with files in memory, then with folders on a disk and the command itself.

#[path = "modules/folders.rs"]
mod folders;
#[path = "modules/tables.rs"]
mod tables;

use effpot_lang::check::{LoadError, Loaded, Loader, NoFiles, Program, check, gather};
use effpot_lang::diagnostic::Diagnostic;
use effpot_lang::source::{SourceId, Sources};
use std::collections::BTreeMap;

type Found = Result<Program, Vec<Diagnostic>>;

/// Files in memory, and which were asked for.
#[derive(Default)]
struct Memory {
    files: BTreeMap<String, String>,
    asked: Vec<String>,
}

impl Loader for Memory {
    fn load(&mut self, path: &str) -> Result<Loaded, LoadError> {
        self.asked.push(path.to_owned());
        self.files.load(path)
    }
}

/// A program `root.pot` with other files beside it.
struct Files {
    sources: Sources,
    root: SourceId,
    memory: Memory,
}

impl Files {
    fn new(root: &str, others: &[(&str, &str)]) -> Files {
        let mut sources = Sources::new();
        let root = sources.add("root.pot", root);
        let files = others.iter();
        let files = files.map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let memory = Memory {
            files: files.collect(),
            asked: Vec::new(),
        };
        Files {
            sources,
            root,
            memory,
        }
    }

    fn check(&mut self) -> Found {
        gather(&mut self.sources, self.root, &mut self.memory)?;
        check(&self.sources, self.root)
    }

    /// Each error as `code file:line:column`.
    fn errors(&mut self) -> Vec<String> {
        let errors = match self.check() {
            Ok(program) => program.potential(None).err().unwrap_or_default(),
            Err(errors) => errors,
        };
        let errors = errors.iter().filter(|error| error.is_error());
        let shown = errors.map(|error| match error.labels.first() {
            None => error.code.to_owned(),
            Some(label) => {
                let file = &self.sources.get(label.span.source).name;
                let place = self.sources.position(label.span);
                format!("{} {file}:{place}", error.code)
            }
        });
        shown.collect()
    }
}

fn program(root: &str, others: &[(&str, &str)]) -> Program {
    let found = Files::new(root, others).check();
    found.unwrap_or_else(|errors| panic!("{root}\n{errors:#?}"))
}

fn errors(root: &str, others: &[(&str, &str)]) -> Vec<String> {
    Files::new(root, others).errors()
}

/// The potential at a point, with some parameters set.
#[track_caller]
fn value(program: &Program, point: &[f64], set: &[(&str, f64)]) -> f64 {
    let model = program.potential(None).unwrap();
    let mut inputs = point.to_vec();
    inputs.extend(program.parameter_values(set));
    model.graph.value(model.value, &inputs)
}

fn parameters(program: &Program) -> Vec<(&str, f64)> {
    let parameters = program.parameters().iter();
    parameters.map(|p| (p.name.as_str(), p.value)).collect()
}

#[test]
fn functions_constants_and_parameters_are_imported_with_or_without_another_name() {
    let parts = "param a = 2\nb = 3*a\nf(x) = a*x + b\ng(x) = f(x) + hidden\nhidden = 100\n";
    let root = "import \"parts.pot\" (f, g as h, a, b as c)\nV(q) = f(q) + h(q) + a + c + b(q)\nb(x) = x\n";
    let program = program(root, &[("parts.pot", parts)]);
    // f = 2q + 6, g = f + 100, a = 2, c = 6, and the b of this file is its own.
    assert_eq!(value(&program, &[1.0], &[]), 8.0 + 108.0 + 2.0 + 6.0 + 1.0);
    // A constant follows its parameter across files.
    assert_eq!(
        value(&program, &[1.0], &[("parts.a", 1.0)]),
        4.0 + 104.0 + 1.0 + 3.0 + 1.0
    );
}

#[test]
fn the_library_is_there_without_files() {
    let root = "import std . landscapes (double_well as well, muller_brown)\nV(x, y) = well(x) + 0*muller_brown(x, y)";
    let mut sources = Sources::new();
    let id = sources.add("root.pot", root);
    gather(&mut sources, id, &mut NoFiles).unwrap();
    let program = check(&sources, id).unwrap();
    assert_eq!(value(&program, &[0.0, 0.0], &[]), 0.25);
    assert_eq!(
        value(&program, &[0.0, 0.0], &[("landscapes.barrier", 2.0)]),
        2.0
    );
    // Of its parameters only those are there that something imported uses.
    assert_eq!(parameters(&program), [("landscapes.barrier", 0.25)]);
    assert!(sources.placed().all(|(_, file)| file == id));
}

#[test]
fn modules_of_the_library_that_are_not_there_or_not_imported() {
    let help = |root: &str| {
        let found = Files::new(root, &[]).check().unwrap_err();
        found[0].help.clone().unwrap()
    };
    let near = "did you mean `import std.landscapes (...)`?";
    assert_eq!(help("import std.landscape (f)\nV(q) = f(q)"), near);
    assert_eq!(help("import landscapes (f)\nV(q) = f(q)"), near);
    let file = "a file is named in quotes: `import \"shared.pot\" (...)`";
    assert_eq!(help("import shared (f)\nV(q) = f(q)"), file);
    assert!(help("import std.zebra (f)\nV(q) = f(q)").contains("std.landscapes, "));
    let add = "add `import std.landscapes (himmelblau)`";
    assert_eq!(help("V(x, y) = himmelblau(x, y)"), add);
}

#[test]
fn only_what_is_imported_brings_its_parameters() {
    let parts = "param a = 1\nparam b = 2*a\nparam c = 3\nf(x) = b*x\ng(x) = c*x\n";
    let root = "param own = 5\nimport \"lib/parts.pot\" (f)\nV(q) = own*q\n";
    let program = program(root, &[("lib/parts.pot", parts)]);
    let expected = [("own", 5.0), ("parts.a", 1.0), ("parts.b", 2.0)];
    assert_eq!(parameters(&program), expected);
    assert_eq!(
        program.parameter_values(&[("parts.a", 4.0)]),
        [5.0, 4.0, 8.0]
    );
    let model = program.potential(None).unwrap();
    assert_eq!(model.parameters.len(), 3);
}

#[test]
fn a_file_that_is_imported_twice_is_read_once_and_has_one_parameter() {
    let others = [
        ("a/left.pot", "import \"../base.pot\" (f)\nleft(x) = f(x)\n"),
        (
            "right.pot",
            "import \"a/../base.pot\" (f, k)\nright(x) = k + f(x)\n",
        ),
        ("base.pot", "param k = 3\nf(x) = k*x\n"),
    ];
    let root =
        "import \"a/left.pot\" (left)\nimport \"right.pot\" (right)\nV(q) = left(q) + right(q)";
    let mut files = Files::new(root, &others);
    let program = files.check().unwrap();
    assert_eq!(parameters(&program), [("base.k", 3.0)]);
    assert_eq!(value(&program, &[2.0], &[("base.k", 1.0)]), 5.0);
    files.memory.asked.sort();
    assert_eq!(files.memory.asked, ["a/left.pot", "base.pot", "right.pot"]);
    let placed: Vec<&str> = files.sources.placed().map(|(path, _)| path).collect();
    assert_eq!(placed, ["a/left.pot", "base.pot", "right.pot", "root.pot"]);
}

#[test]
fn names_are_those_of_their_file() {
    // Both files have an `f` and an `eps`, and each means its own.
    let parts = "param eps = 1\nf(x) = eps*x\ng(x) = f(x)\n";
    let root = "import \"parts.pot\" (g)\nparam eps = 10\nf(x) = eps*x\nV(q) = f(q) + g(q)\n";
    let program = program(root, &[("parts.pot", parts)]);
    assert_eq!(value(&program, &[1.0], &[]), 11.0);
    let set = [("eps", 20.0), ("parts.eps", 2.0)];
    assert_eq!(value(&program, &[1.0], &set), 22.0);
}

#[test]
fn imported_functions_are_not_the_potential_unless_they_are_named() {
    let parts = [("parts.pot", "V(x) = x\nW(x) = 2*x\nlearn { delta = 0.5 }\n")];
    let program = program("import \"parts.pot\" (V as U, W)\nonly(q) = q^2", &parts);
    assert_eq!(program.potential(None).unwrap().name, "only");
    assert_eq!(program.potential(Some("W")).unwrap().name, "W");
    assert_eq!(program.functions(), [("only", 1)]);
    // The run blocks of other files are for when these are run.
    assert!(program.blocks().is_empty());
    let two = "import \"parts.pot\" (V)\nf(q) = V(q)\ng(q) = q\n";
    assert_eq!(errors(two, &parts), ["no-potential"]);
    assert_eq!(errors("import \"parts.pot\" (V)", &parts), ["no-potential"]);
}

#[test]
fn circles_of_imports_are_errors_and_circles_of_files_that_are_none_are_not() {
    let others = [
        ("a.pot", "import \"b.pot\" (g)\nf(x) = g(x)\n"),
        ("b.pot", "import \"c.pot\" (h)\ng(x) = h(x)\n"),
        ("c.pot", "import \"a.pot\" (f)\nh(x) = f(x)\n"),
    ];
    let mut files = Files::new("import \"a.pot\" (f)\nV(q) = f(q)", &others);
    let found = files.check().unwrap_err();
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .message
            .ends_with("a.pot -> b.pot -> c.pot -> a.pot")
    );
    let itself = "import \"root.pot\" (V)\nV(q) = q";
    assert_eq!(errors(itself, &[]), ["import-cycle root.pot:1:8"]);
    let back = [("a.pot", "import \"root.pot\" (k)\nf(x) = k*x")];
    let root = "import \"a.pot\" (f)\nk = 1\nV(q) = f(q)";
    assert_eq!(errors(root, &back), ["import-cycle root.pot:1:8"]);
}

#[test]
fn errors_of_all_files_are_reported_together_and_give_no_others() {
    let others = [
        ("a.pot", "f(x) = x + nowhere\nunused(x) = sin(x, x)\n"),
        ("b.pot", "param k = if 1 then 2 else 3\ng(x) = k*x\n"),
    ];
    let root = "import \"a.pot\" (f, missing)\nimport \"b.pot\" (g)\nV(q) = f(q) + g(q) + missing\nW(q) = V(q, q)\nX(q) = W(q) + f(q)\n";
    assert_eq!(
        errors(root, &others),
        [
            "unknown-name root.pot:1:20",
            "arity root.pot:4:8",
            "unknown-name a.pot:1:12",
            "arity a.pot:2:13",
            "type b.pot:1:14",
        ]
    );
    // A circle, and what uses it.
    let circle =
        "a = b\nb = c + 1\nc = a\nf(q) = a*q\nV(q) = f(q) + sin(q, q)\nW(q) = if q then 1 else a";
    assert_eq!(
        errors(circle, &[]),
        [
            "cycle root.pot:1:5",
            "arity root.pot:5:15",
            "type root.pot:6:11"
        ]
    );
    // Files that are missing, and what cannot be read in those that are there.
    let others = [("a.pot", "f(x) = x x\n")];
    let root = "import \"a.pot\" (f)\nimport \"b.pot\" (g)\nt = csv(\"t.csv\")\nV(q) = 2 q";
    assert_eq!(
        errors(root, &others),
        [
            "import root.pot:2:8",
            "csv root.pot:3:9",
            "missing-operator root.pot:4:8",
            "missing-operator a.pot:1:8",
        ]
    );
}

#[test]
fn a_name_is_defined_or_imported_once() {
    let parts = [
        ("parts.pot", "f(x) = x\ng(x) = x\n"),
        ("more.pot", "f(x) = x\n"),
    ];
    let twice = "import \"parts.pot\" (f)\nimport \"more.pot\" (f)\nV(q) = f(q)";
    assert_eq!(errors(twice, &parts), ["duplicate root.pot:2:20"]);
    let again = "f(x) = 2*x\nimport \"parts.pot\" (g as f)\nV(q) = f(q)";
    assert_eq!(errors(again, &parts), ["duplicate root.pot:2:26"]);
    // An argument goes before an import, and an import before the language, with a warning.
    let hides = "import \"parts.pot\" (f as sin, g)\nV(g) = sin(g) + cos(0)";
    let program = program(hides, &parts);
    assert_eq!(value(&program, &[7.0], &[]), 8.0);
    let codes: Vec<&str> = program.warnings.iter().map(|w| w.code).collect();
    assert_eq!(codes, ["hidden-builtin"]);
}

#[test]
fn modules_of_one_name_are_told_apart_where_it_matters() {
    let with = "param k = 2\nf(x) = k*x\n";
    let without = "f(x) = 3*x\n";
    let root = "import \"a/part.pot\" (f)\nimport \"b/part.pot\" (f as g)\nV(q) = f(q) + g(q)";
    let both = [("a/part.pot", with), ("b/part.pot", with)];
    assert_eq!(errors(root, &both), ["duplicate-module root.pot:2:8"]);
    for others in [[with, without], [without, with], [without, without]] {
        let files = [("a/part.pot", others[0]), ("b/part.pot", others[1])];
        assert!(errors(root, &files).is_empty());
    }
}

#[test]
fn a_parameter_that_is_not_there_is_named_with_what_is_meant() {
    let parts = [("parts.pot", "param barrier = 2\nf(x) = barrier*x\n")];
    let root = "import \"parts.pot\" (f, barrier as height)\nparam eps = 1\nV(q) = f(q) + eps";
    let program = program(root, &parts);
    let help = |name: &str| {
        let error = program.values(&[(name.to_owned(), 1.0)]).unwrap_err();
        assert_eq!(error.code, "unknown-parameter");
        error.help.unwrap()
    };
    assert_eq!(help("barrier"), "did you mean `parts.barrier`?");
    assert_eq!(help("height"), "did you mean `parts.barrier`?");
    assert_eq!(help("parts.barier"), "did you mean `parts.barrier`?");
    assert_eq!(help("esp"), "did you mean `eps`?");
    assert_eq!(help("temperature"), "it has eps, parts.barrier");
    let set = [("parts.barrier".to_owned(), 5.0), ("eps".to_owned(), 0.0)];
    assert_eq!(program.values(&set).unwrap(), [0.0, 5.0]);
}

#[test]
fn names_are_compared_as_letters_and_not_as_bytes() {
    let (one, two) = ("\u{e9}", "e\u{301}");
    // Defined one way, used the other way, across files and in settings.
    let parts = format!("param {one}ps = 2\nf{two}(x) = {two}ps*x\n");
    let root = format!(
        "import \"p.pot\" (f{one}, {two}ps as k{two})\nV{two}(q) = f{two}(q) + k{one}\nlearn {{ compare = V{one} }}"
    );
    let program = program(&root, &[("p.pot", &parts)]);
    assert_eq!(value(&program, &[1.0], &[]), 4.0);
    for spelling in [one, two] {
        let name = format!("p.{spelling}ps");
        assert_eq!(value(&program, &[1.0], &[(&name, 3.0)]), 6.0);
        assert_eq!(program.values(&[(name, 3.0)]).unwrap(), [3.0]);
        assert!(program.potential(Some(&format!("V{spelling}"))).is_ok());
    }
    let twice = format!("{one} = 1\n{two} = 2\nV(q) = q");
    assert_eq!(errors(&twice, &[]), ["duplicate root.pot:2:1"]);
    // Letters that only look alike are two, and the message says so.
    let mut files = Files::new("param \u{3bc} = 1\nV(q) = \u{b5}*q", &[]);
    let found = files.check().unwrap_err();
    assert!(found[0].help.as_ref().unwrap().contains("(U+00B5)"));
}

#[test]
fn a_model_writes_its_parameters_with_names_that_can_be_read() {
    let parts = [("my-parts.pot", "param a = 1\nparam q = 2\nf(x) = a*x + q\n")];
    let root = "import \"my-parts.pot\" (f)\nparam my_parts_a = 3\nV(my_parts_q) = f(my_parts_q) + my_parts_a";
    let program = program(root, &parts);
    let model = program.potential(None).unwrap();
    let names: Vec<&str> = model.parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["my_parts_a", "my_parts.a", "my_parts.q"]);
    let written = ["my_parts_a", "my_parts_a_", "my_parts_q_"];
    assert_eq!(model.parameter_names(), written);
}

#[test]
fn a_program_of_one_text_has_no_files() {
    let mut sources = Sources::new();
    let root = sources.add("root.pot", "import \"a.pot\" (f)\nV(q) = f(q)");
    let found = gather(&mut sources, root, &mut NoFiles).unwrap_err();
    assert_eq!(found[0].code, "import");
    // Not gathered at all: an error too.
    let found = check(&sources, root).unwrap_err();
    assert_eq!(found[0].code, "import");
}
