//! The binary: in a pipe, and on a terminal that python makes.

use assert_cmd::Command;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

fn effpot(arguments: &[&str], input: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    effpot_in(folder.path(), arguments, input)
}

fn effpot_in(folder: &std::path::Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = Command::cargo_bin("effpot-lang")
        .unwrap()
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder)
        .args(arguments)
        .write_stdin(input)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    (code, text(output.stdout), text(output.stderr))
}

#[test]
fn a_pipe_has_output_alone_and_ends_at_the_first_error() {
    let program = "a = 2\nV(q) = {\n  let b = a*q\n  b^2\n}\n\nV(1)\nans + 1\n";
    assert_eq!(
        effpot(&[], program),
        (0, "4\n5\n".to_owned(), String::new())
    );
    assert_eq!(effpot(&["repl"], ""), (0, String::new(), String::new()));
    let (code, out, error) = effpot(&[], "1 + 1\nnothing\n2 + 2\n");
    assert_eq!((code, out.as_str()), (1, "2\n"));
    assert!(error.contains("line 2:1:1"), "{error}");
    let (code, _, error) = effpot(&[], "1 + 1\n\n(3");
    assert!(code == 1 && error.contains("line 3:1:1"), "{error}");
    let (code, out, _) = effpot(&[], "1\n:quit\n2\n");
    assert_eq!((code, out.as_str()), (0, "1\n"));
    let (code, out, _) = effpot(&["repl", "--json"], "[1, 2]\n0/0\n");
    assert_eq!(
        (code, out.as_str()),
        (0, "{\"value\":[1.0,2.0]}\n{\"value\":null}\n")
    );
}

/// Each line is looked at once: a table of so many would take minutes otherwise.
#[test]
fn a_long_input_is_one() {
    let rows = "  0, 1, 4,\n".repeat(20_000);
    let input = format!("t = [\n{rows}  9]\nt[60001]\n");
    let (code, out, error) = effpot(&[], &input);
    assert_eq!((code, out.as_str()), (0, "9\n"), "{error}");
}

#[test]
fn files_are_read_written_and_not_replaced_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    fs::create_dir(place.join("parts")).unwrap();
    fs::write(
        place.join("parts/a.pot"),
        "import \"b.pot\" (g)\nV(q) = g(q)\n",
    )
    .unwrap();
    fs::write(place.join("parts/b.pot"), "param k = 3\ng(q) = k*q\n").unwrap();
    fs::write(place.join("own.pot"), "# mine\n").unwrap();
    let (code, out, error) = effpot_in(place, &["repl", "parts/a.pot", "--set", "b.k=5"], "V(1)\n");
    assert_eq!((code, out.as_str()), (0, "5\n"), "{error}");
    let (code, ..) = effpot_in(place, &["repl", "parts/a.pot", "--set", "x=5"], "");
    assert_eq!(code, 2);
    let (code, _, error) = effpot_in(place, &["repl", "nowhere.pot"], "1\n");
    assert!(code == 4 && error.contains("nowhere.pot"), "{error}");
    let (code, _, error) = effpot_in(place, &[], "V(q) = q\n:save own.pot\n");
    assert!(code == 4 && error.contains("exists already"), "{error}");
    assert_eq!(
        fs::read_to_string(place.join("own.pot")).unwrap(),
        "# mine\n"
    );
    let (code, ..) = effpot_in(
        place,
        &[],
        "V(q) = q\n:save new.pot\nV(q) = 2*q\n:save new.pot\n",
    );
    assert_eq!(code, 0);
    assert_eq!(
        fs::read_to_string(place.join("new.pot")).unwrap(),
        "V(q) = 2*q\n"
    );
    let (code, out, _) = effpot_in(place, &["eval", "new.pot", "--at", "3"], "");
    assert!(code == 0 && out.contains('6'), "{out}");
    assert_eq!(fs::read_dir(place).unwrap().count(), 3);
}

#[test]
fn a_pipe_that_is_closed_is_quiet() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("effpot-lang"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    input.write_all(b"1\n").unwrap();
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    // Answers come as soon as their lines do.
    assert_eq!(line, "1\n");
    drop(output);
    let _ = input.write_all(b"2\n3\n");
    drop(input);
    let end = child.wait_with_output().unwrap();
    assert_eq!((end.status.code(), end.stderr.len()), (Some(0), 0));
}

/// What a person does: types, is helped by Tab, interrupts a run, comes back to its history.
const CONVERSATION: &str = r#"
import os, pty, select, signal, sys, time
def talk(binary, *steps):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", NO_COLOR="1", LANG="C.UTF-8")
        os.execv(binary, [binary])
    rest = b""  # what came behind the last that was awaited
    for typed, awaited, limit in steps:
        if typed:
            os.write(fd, typed.encode())
        end, got = time.time() + limit, rest
        while awaited.encode() not in got:
            ready, _, _ = select.select([fd], [], [], max(0, end - time.time()))
            if not ready:
                sys.exit(f"no {awaited!r} after {typed!r} in {got!r}")
            try:
                got += os.read(fd, 65536)
            except OSError:
                sys.exit(f"it ended after {typed!r}: {got!r}")
        rest = got[got.index(awaited.encode()) + len(awaited):]
    # A terminal that is not at its prompt yet may lose a Ctrl-D: a person types it again.
    end = time.time() + 20
    while time.time() < end:
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            return os.waitstatus_to_exitcode(status)
        try:
            os.write(fd, b"\x04")
            if select.select([fd], [], [], 0.2)[0]:
                os.read(fd, 65536)
        except OSError:
            pass
    os.kill(pid, signal.SIGKILL)
    sys.exit("Ctrl-D does not end it")
b = sys.argv[1]
code = talk(b,
    ("", "> ", 20),
    ("import \"par\t", "ts.pot", 5),
    ("\" (tw\t", "twice", 5),
    (")\r", "> ", 5),
    ("twice(4)\r", "8", 5),
    ("", "> ", 5),
    ("V(q) = q^2/2 + 0*sq\t", "sqrt(", 5),
    ("4) + 0.01*sin(q/0.01)\r", "> ", 5),
    ("V(1.5) +\r", "\n", 5),
    ("1\r", "2.117", 5),
    (":lea\t", ":learn", 5),
    (" delta=0.5 steps=2e9 burn_in=900000000\r", "\n", 5),
    ("", "looking", 20),
    ("\x03", "nothing is changed", 20),
    ("", "> ", 5),
    ("half a li", "half a li", 5),
    ("\x03", "\n", 5),
    ("", "> ", 5),
    ("ans*2\r", "4.235", 5))
if code: sys.exit(f"exit code {code}")
code = talk(b, ("", "> ", 20), ("\x1b[A\x1b[A", "delta=0.5", 5), ("\x15", "", 5))
sys.exit(code)
"#;

#[test]
fn a_conversation_on_a_terminal() {
    // It waits for a terminal by the clock, which a busy machine may not keep.
    if std::env::var_os("EFFPOT_FULL_TESTS").is_none() {
        eprintln!("the conversation on a terminal is held with EFFPOT_FULL_TESTS=1 alone");
        return;
    }
    let python = std::process::Command::new("python3")
        .arg("-c")
        .arg("import pty")
        .output();
    assert!(
        python.is_ok_and(|out| out.status.success()),
        "no python3 with a pty: the conversation on a terminal is not held"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("parts.pot"), "twice(x) = 2*x\n").unwrap();
    let out = std::process::Command::new("python3")
        .current_dir(folder.path())
        .args(["-c", CONVERSATION])
        .arg(assert_cmd::cargo::cargo_bin("effpot-lang"))
        .env("XDG_STATE_HOME", folder.path())
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(folder.path().join("effpot-lang/history").is_file());
}
