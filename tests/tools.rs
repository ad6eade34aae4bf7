//! `fmt`, `explain`, `completions` and `man`, as a user runs them.

use assert_cmd::Command;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

/// The exit code, standard output and standard error of a command.
fn run(folder: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::cargo_bin("effpot-lang").unwrap();
    let output = command
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .args(arguments)
        .write_stdin(input)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

const UGLY: &str = "V( q )=q^2 # well\n\n\n\nf(x)=2*x\n";
const NICE: &str = "V(q) = q^2  # well\n\nf(x) = 2*x\n";
const WRONG: &str = "V(q) = 2q\nf(x) = x +\n";

#[test]
fn fmt_writes_in_place_and_leaves_alone_what_it_cannot_read() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let read = |name: &str| fs::read_to_string(here.join(name)).unwrap();
    for (name, text) in [("ugly.pot", UGLY), ("nice.pot", NICE), ("wrong.pot", WRONG)] {
        fs::write(here.join(name), text).unwrap();
    }
    let before = fs::metadata(here.join("nice.pot"))
        .unwrap()
        .modified()
        .unwrap();
    let all = ["fmt", "ugly.pot", "wrong.pot", "nice.pot"];
    let (code, out, err) = run(here, &all, "");
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    // Both errors of the file are reported.
    assert!(
        err.contains("[missing-operator]") && err.contains("[missing-expression]"),
        "{err}"
    );
    assert_eq!(read("ugly.pot"), NICE);
    assert_eq!(read("wrong.pot"), WRONG);
    assert_eq!(read("nice.pot"), NICE);
    let after = fs::metadata(here.join("nice.pot"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after, "a file in the layout is not written");
    assert_eq!(
        fs::read_dir(here).unwrap().count(),
        3,
        "nothing is left beside"
    );
    assert_eq!(run(here, &["fmt", "missing.pot"], "").0, 4);
}

#[test]
fn fmt_checks_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    fs::write(here.join("ugly.pot"), UGLY).unwrap();
    fs::write(here.join("nice.pot"), NICE).unwrap();
    let (code, out, err) = run(here, &["fmt", "--check", "ugly.pot", "nice.pot"], "");
    assert_eq!((code, out.as_str(), err.as_str()), (1, "ugly.pot\n", ""));
    assert_eq!(fs::read_to_string(here.join("ugly.pot")).unwrap(), UGLY);
    let (code, out, err) = run(here, &["fmt", "--check", "nice.pot"], "");
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
}

#[test]
fn fmt_reads_standard_input() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let (code, out, err) = run(here, &["fmt", "-"], UGLY);
    assert_eq!((code, out.as_str(), err.as_str()), (0, NICE, ""));
    let (code, out, err) = run(here, &["fmt", "-"], WRONG);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("standard input:1:8"), "{err}");
    let (code, out, _) = run(here, &["fmt", "--check", "-"], UGLY);
    assert_eq!((code, out.as_str()), (1, "standard input\n"));
    let (code, out, _) = run(here, &["fmt", "--json", "-"], WRONG);
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, list.as_array().unwrap().len()), (1, 2), "{out}");
    assert_eq!(list[1]["line"], 2);
}

#[cfg(unix)]
#[test]
fn fmt_keeps_links_and_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    fs::write(here.join("real.pot"), UGLY).unwrap();
    fs::set_permissions(here.join("real.pot"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.pot", here.join("link.pot")).unwrap();
    assert_eq!(run(here, &["fmt", "link.pot"], "").0, 0);
    assert!(
        fs::symlink_metadata(here.join("link.pot"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(fs::read_to_string(here.join("real.pot")).unwrap(), NICE);
    let mode = fs::metadata(here.join("real.pot"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn explain_prints_a_code_and_lists_them_all() {
    let here = Path::new(".");
    let (code, out, _) = run(here, &["explain", "missing-operator"], "");
    assert_eq!(code, 0);
    assert!(out.starts_with("error[missing-operator]\n"), "{out}");
    assert!(
        out.contains("Wrong:\n    V(q) = 2q^2\n") && out.contains("Right:\n    V(q) = 2*q^2\n")
    );
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    // As it stands in a message.
    assert_eq!(
        run(here, &["explain", "error[missing-operator]:"], "").1,
        out
    );
    let (code, _, err) = run(here, &["explain", "missing-operater"], "");
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `missing-operator`?"), "{err}");
    let (code, out, _) = run(here, &["explain"], "");
    assert_eq!(code, 0);
    for row in effpot_lang::diagnostic::catalogue::rows() {
        assert!(out.contains(row.code), "{}", row.code);
    }
    // A word of a summary, which is none of the codes, in whatever case; one that is both.
    let (code, out, _) = run(here, &["explain", "r-hat"], "");
    assert!(
        code == 0 && out.starts_with("R-hat\n\nwhether trajectories agree"),
        "{out}"
    );
    let (_, out, _) = run(here, &["explain", "trapped"], "");
    assert!(
        out.starts_with("error[trapped]") && out.contains("\ntrapped\n\ntrajectories"),
        "{out}"
    );
    let (code, _, err) = run(here, &["explain", "curtosis"], "");
    assert!(
        code == 2 && err.contains("did you mean `kurtosis`?"),
        "{err}"
    );
    let (_, out, _) = run(here, &["explain", "--json", "a"], "");
    let object: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&object["word"], &object["also"][0]),
        (&"a".into(), &"k*l".into())
    );
    let (_, out, _) = run(here, &["explain", "--json", "kink"], "");
    let object: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&object["code"], &object["severity"]),
        (&"kink".into(), &"warning".into())
    );
}

#[test]
fn check_warns_before_a_run_and_says_so_in_json() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    fs::write(here.join("v.pot"), "param eps = 1\nV(q) = q^3\n").unwrap();
    let (code, out, err) = run(here, &["check", "v.pot"], "");
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("v.pot   V(q)"), "{out}");
    assert!(
        err.contains("warning[unused]") && err.contains("q -> -infinity"),
        "{err}"
    );
    assert_eq!(run(here, &["check", "-q", "v.pot"], "").2, "");
    let (_, out, _) = run(here, &["check", "--json", "v.pot"], "");
    let object: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(object["warnings"][0]["code"], "unused");
    assert_eq!(object["warnings"][1]["code"], "does-not-confine");
}

/// Runs a tool over a text if it is there; where it is not, says so, or fails if all are required.
fn with_tool(name: &str, arguments: &[&str], input: &str) -> Option<String> {
    let mut command = std::process::Command::new(name);
    command.args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let required = std::env::var_os("EFFPOT_FULL_TESTS").is_some_and(|v| v == "1");
            assert!(!required, "{name} is missing: {error}");
            eprintln!("skipped: there is no {name}");
            return None;
        }
    };
    let mut stdin = child.stdin.take().unwrap();
    let text = input.to_owned();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && errors.is_empty(),
        "{name}: {errors}"
    );
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn completions_are_scripts_that_shells_read() {
    for (shell, arguments) in [
        ("bash", &["-n"][..]),
        ("zsh", &["-n"]),
        ("fish", &["-n", "/dev/stdin"]),
    ] {
        let (code, script, _) = run(Path::new("."), &["completions", shell], "");
        assert_eq!(code, 0);
        for word in ["explain", "fmt", "learn", "delta"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        with_tool(shell, arguments, &script);
    }
    assert_eq!(run(Path::new("."), &["completions", "tcsh"], "").0, 2);
}

#[test]
fn the_man_page_is_one_page_or_one_a_command() {
    let (code, page, _) = run(Path::new("."), &["man"], "");
    assert_eq!(code, 0);
    for title in [
        ".SH COMMANDS",
        "LEARN OPTIONS",
        "FMT OPTIONS",
        ".SH \"EXIT STATUS\"",
    ] {
        assert!(page.contains(title), "{title}\n{page}");
    }
    // Formatters warn of what they do not know.
    if let Some(text) = with_tool("groff", &["-man", "-Tascii", "-ww"], &page) {
        // Bold letters are struck twice.
        let letters: Vec<char> = text.chars().collect();
        let struck = |at: usize| letters.get(at + 1) == Some(&'\u{8}');
        let kept = (0..letters.len()).filter(|&at| letters[at] != '\u{8}' && !struck(at));
        let text: String = kept.map(|at| letters[at]).collect();
        assert!(
            text.contains("effpot-lang") && text.contains("MESSAGES"),
            "{text}"
        );
    }
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    assert_eq!(run(here, &["man", "-o", "pages"], "").0, 0);
    for name in ["effpot-lang.1", "effpot-lang-learn.1", "effpot-lang-fmt.1"] {
        let page = fs::read_to_string(here.join("pages").join(name)).unwrap();
        assert!(page.contains(".TH "), "{name}");
    }
}
