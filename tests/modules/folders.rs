//! Real folders and the command itself: what is read, what is not, and what is said.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder with a folder `in` for the program, so that there is something outside.
struct Place(TempDir);

impl Place {
    fn with(files: &[(&str, &str)]) -> Place {
        let place = Place(TempDir::new().unwrap());
        for (path, text) in files {
            place.write(path, text.as_bytes());
        }
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"));
        command.current_dir(self.path()).args(arguments);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// What `eval` prints for one point.
    #[track_caller]
    fn value(&self, arguments: &[&str]) -> f64 {
        let output = self.run(&[&["eval", "--json"], arguments].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json[0]["value"]
            .as_f64()
            .unwrap_or_else(|| panic!("{text}"))
    }

    /// A program that fails with words on standard error.
    #[track_caller]
    fn fails(&self, file: &str, words: &[&str]) {
        let output = self.run(&["check", file]);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(!err.contains("panicked"), "{err}");
        for word in words {
            assert!(err.contains(word), "`{word}` is missing in\n{err}");
        }
    }
}

const USES_PART: &str = "import \"part.pot\" (f)\nV(q) = f(q)\n";
const PART: &str = "param k = 2\nf(x) = k*x^2\n";

#[test]
fn imports_and_tables_are_read_from_the_folder_of_the_program() {
    let place = Place::with(&[
        (
            "in/v.pot",
            "import \"lib/part.pot\" (f)\nt = csv(\"t.csv\")\nV(q) = f(q) + t[2]\n",
        ),
        (
            "in/lib/part.pot",
            "import \"../base.pot\" (k)\nf(x) = k*x^2\n",
        ),
        ("in/base.pot", "\u{feff}param k = 2\r\n"),
        ("in/t.csv", "1\r\n5\r\n"),
    ]);
    assert_eq!(place.value(&["in/v.pot", "--at", "1"]), 7.0);
    let set = ["in/v.pot", "--at", "1", "--set", "base.k=4"];
    assert_eq!(place.value(&set), 9.0);
    let absolute = place.path().join("in/v.pot");
    assert_eq!(place.value(&[absolute.to_str().unwrap(), "--at", "1"]), 7.0);
    let output = place.run(&["eval", "in/v.pot", "--at", "1", "--set", "k=4"]);
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("did you mean `base.k`?"), "{err}");
    // What is written out can be read again.
    let output = place.run(&["export", "in/v.pot", "--to", "pot", "-o", "flat.pot"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        place.value(&["flat.pot", "--at", "1", "--set", "base_k=4"]),
        9.0
    );
}

#[test]
fn files_that_are_not_there_or_no_programs() {
    let place = Place::with(&[("in/v.pot", USES_PART), ("in/parts.pot", PART)]);
    let words = [
        "no file in/part.pot",
        "looked in the folder in",
        "did you mean parts.pot?",
    ];
    place.fails("in/v.pot", &words);
    place.write("in/v.pot", b"import \"parts\" (f)\nV(q) = f(q)\n");
    place.fails("in/v.pot", &["no file in/parts", "did you mean parts.pot?"]);
    let place = Place::with(&[("v.pot", "import \"lib/part.pot\" (f)\nV(q) = f(q)\n")]);
    place.fails("v.pot", &["no file lib/part.pot", "no folder lib either"]);
    fs::create_dir_all(place.path().join("lib/part.pot")).unwrap();
    place.fails("v.pot", &["lib/part.pot is a folder"]);
    fs::remove_dir(place.path().join("lib/part.pot")).unwrap();
    place.write("lib/part.pot", b"f(x) = x\n# caf\xe9\n");
    place.fails("v.pot", &["lib/part.pot is not UTF-8", "line 2"]);
    place.write("lib/part.pot", b"");
    place.fails(
        "v.pot",
        &[
            "lib/part.pot does not define `f`",
            "that file defines nothing",
        ],
    );
    place.write("v.pot", b"t = csv(\"t.csv\")\nV(q) = t[1]*q\n");
    place.fails("v.pot", &["no file t.csv", "looked in the folder ."]);
    place.write("t.csv", b"1,2\n3\n");
    place.fails(
        "v.pot",
        &["t.csv:2:1", "a row of another length", "read here"],
    );
}

#[test]
fn nothing_outside_the_folder_is_read() {
    let place = Place::with(&[("part.pot", PART), ("in/lib/w.pot", USES_PART)]);
    let absolute = place.path().join("part.pot");
    let paths = [
        "../part.pot",
        "lib/../../part.pot",
        absolute.to_str().unwrap(),
    ];
    for path in paths {
        let program = format!("import \"{path}\" (f)\nt = csv(\"{path}\")\nV(q) = f(q)\n");
        place.write("in/v.pot", program.as_bytes());
        let words = match path.starts_with('/') {
            true => [
                "error[import]: an absolute path",
                "error[csv]: an absolute path",
            ],
            false => [
                "error[import]: this leaves the folder",
                "error[csv]: this leaves the folder",
            ],
        };
        place.fails("in/v.pot", &words);
    }
    // The folder is that of the file that is run: from below, the same file is outside.
    place.write("in/part.pot", PART.as_bytes());
    place.write("in/v.pot", b"import \"lib/u.pot\" (g)\nV(q) = g(q)\n");
    place.write("in/lib/u.pot", b"import \"../part.pot\" (f)\ng(q) = f(q)\n");
    assert_eq!(place.value(&["in/v.pot", "--at", "1"]), 2.0);
    place.fails("in/lib/u.pot", &["this leaves the folder"]);
}

#[cfg(unix)]
#[test]
fn links_may_be_used_inside_the_folder_and_do_not_leave_it() {
    use std::os::unix::fs::symlink;
    let place = Place::with(&[
        ("out/part.pot", PART),
        ("in/real/part.pot", PART),
        ("in/v.pot", USES_PART),
    ]);
    let at = |path: &str| place.path().join(path);
    symlink(at("out/part.pot"), at("in/part.pot")).unwrap();
    place.fails(
        "in/v.pot",
        &["in/part.pot is a link that leaves the folder"],
    );
    fs::remove_file(at("in/part.pot")).unwrap();
    symlink(at("out"), at("in/lib")).unwrap();
    place.write("in/v.pot", b"import \"lib/part.pot\" (f)\nV(q) = f(q)\n");
    place.fails("in/v.pot", &["leaves the folder"]);
    place.write("in/v.pot", b"import \"lib/none.pot\" (f)\nV(q) = f(q)\n");
    let output = place.run(&["check", "in/v.pot"]);
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!err.contains("it has"), "names outside are not told: {err}");
    symlink(at("in/nowhere.pot"), at("in/part.pot")).unwrap();
    place.write("in/v.pot", USES_PART.as_bytes());
    place.fails("in/v.pot", &["no file in/part.pot"]);
    fs::remove_file(at("in/part.pot")).unwrap();
    // A link inside the folder is the file: one module, one parameter.
    symlink("real/part.pot", at("in/part.pot")).unwrap();
    let both = "import \"part.pot\" (f)\nimport \"real/part.pot\" (f as g)\nV(q) = f(q) + g(q)\n";
    place.write("in/v.pot", both.as_bytes());
    assert_eq!(place.value(&["in/v.pot", "--at", "1"]), 4.0);
    assert_eq!(
        place.value(&["in/v.pot", "--at", "1", "--set", "part.k=1"]),
        2.0
    );
    // The program itself may be reached by a link, from its own folder or from another one.
    symlink("in", at("same")).unwrap();
    assert_eq!(place.value(&["same/v.pot", "--at", "1"]), 4.0);
    symlink("v.pot", at("in/again.pot")).unwrap();
    place.write("in/v.pot", b"import \"again.pot\" (f)\nV(q) = f(q)\n");
    place.fails("in/v.pot", &["in/v.pot imports itself"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let place = Place::with(&[("v.pot", USES_PART)]);
    let pipe = place.path().join("part.pot");
    let made = Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        place.fails("v.pot", &["part.pot is no file"]);
    }
}

#[test]
fn a_program_of_too_many_files_is_refused() {
    let place = Place::with(&[]);
    let part = |n: usize| format!("f{n}(x) = x\n");
    (0..1000).for_each(|n| place.write(&format!("p{n}.pot"), part(n).as_bytes()));
    let imports = |n: usize| -> String {
        let one = |n: usize| format!("import \"p{n}.pot\" (f{n})\n");
        (0..n).map(one).collect()
    };
    let program = |n: usize| imports(n) + "V(q) = f0(q)\n";
    place.write("v.pot", program(999).as_bytes());
    assert_eq!(place.value(&["v.pot", "--at", "2"]), 2.0);
    place.write("v.pot", program(1000).as_bytes());
    let words = [
        "error[too-many-files]",
        "more than 1000 files",
        "v.pot:1000:8",
    ];
    place.fails("v.pot", &words);
    // Each may be read, all together may not.
    for n in 0..3 {
        let long = part(n) + "g(x) = x" + &"+x".repeat(750_000) + "\n";
        place.write(&format!("p{n}.pot"), long.as_bytes());
    }
    place.write("v.pot", program(3).as_bytes());
    let words = ["error[too-many-files]", "4000000 names, numbers and signs"];
    place.fails("v.pot", &words);
}

#[test]
fn a_circle_of_three_files_is_shown_file_by_file() {
    let place = Place::with(&[
        ("v.pot", "import \"a.pot\" (f)\nV(q) = f(q)\n"),
        ("a.pot", "import \"b.pot\" (g)\nf(x) = g(x)\n"),
        ("b.pot", "import \"v.pot\" (V)\ng(x) = V(x)\n"),
    ]);
    let words = [
        "v.pot imports itself: v.pot -> a.pot -> b.pot -> v.pot",
        "a.pot:1:8",
        "b.pot:1:8",
    ];
    place.fails("v.pot", &words);
}

#[test]
fn a_result_keeps_the_files_of_its_program() {
    let root = "import \"part.pot\" (f)\nimport std.noise (periodic_noise)\nt = csv(\"t.csv\")\nV(q) = f(q) + t[1]*periodic_noise(q, 0.01, 0.01)\n";
    let place = Place::with(&[
        ("in/v.pot", root),
        ("in/part.pot", PART),
        ("in/t.csv", "1\n"),
    ]);
    let arguments = [
        "in/v.pot", "--delta", "0.5", "--steps", "20000", "--json", "-q",
    ];
    let output = place.run(&[&arguments[..], &["-o", "out"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let imports = json["program"]["imports"].as_object().unwrap();
    let names: Vec<&str> = imports.keys().map(String::as_str).collect();
    assert_eq!(names, ["part.pot", "t.csv"]);
    assert_eq!(imports["part.pot"], PART);
    assert_eq!(json["program"]["params"]["part.k"], 2.0);
}

/// Only what is asked for is opened: the folder that is named and what is below it, by `..` or by a
/// link; a result keeps such files like others.
#[test]
fn a_folder_that_is_allowed_may_be_imported_from() {
    let place = Place::with(&[
        ("shared/part.pot", PART),
        (
            "shared/more/own.pot",
            "import \"../part.pot\" (f)\ng(x) = f(x)\n",
        ),
        ("other/part.pot", PART),
    ]);
    let program = "import \"../shared/more/own.pot\" (g)\nV(q) = g(q)\n";
    place.write("in/v.pot", program.as_bytes());
    place.fails(
        "in/v.pot",
        &["this leaves the folder", "--allow-path FOLDER"],
    );
    let allowed = ["in/v.pot", "--at", "1", "--allow-path", "shared"];
    assert_eq!(place.value(&allowed), 2.0);
    // What is allowed is no more than that.
    for (folder, code) in [("other", 1), ("shared/more", 1), ("nowhere", 2)] {
        let output = place.run(&["check", "in/v.pot", "--allow-path", folder]);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{folder}: {err}");
    }
    let learn = [
        "in/v.pot", "--delta", "0.5", "--gamma", "1", "--steps", "2e4", "-o", "out",
    ];
    let output = place.run(&[&learn[..], &["--allow-path", "shared"]].concat());
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(place.path().join("out/result.json").is_file(), "{err}");
    fs::remove_dir_all(place.path().join("shared")).unwrap();
    let output = place.run(&["reproduce", "out"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
}
