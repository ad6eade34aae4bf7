//! What a notation cannot say is refused, with what to do instead.

use std::process::Command;

use effpot_lang::diagnostic::Diagnostic;
use effpot_lang::export::{Options, Target, export};

use super::model;

#[track_caller]
fn refused(text: &str, target: Target, gradient: bool) -> Diagnostic {
    let options = Options {
        gradient,
        ..Options::default()
    };
    let problem = export(&model(text), target, options).expect_err("it cannot be said");
    assert!(problem.help.is_some(), "{problem:?}");
    problem
}

#[test]
fn what_cannot_be_said_is_refused_with_what_to_do_instead() {
    let mixed = refused("V(x, a: angle) = x^2 + cos(a)", Target::OpenMm, false);
    assert!(mixed.message.contains("some coordinates are angles"));
    for target in [Target::OpenMm, Target::Plumed] {
        let table = "V(x) = spline(x, 3, 0, 1, [1, 2, 3, 4])";
        let own = refused(table, target, true);
        assert!(own.help.unwrap().contains("leave --gradient out"));
    }
    let many = refused(
        "V(q[4]) = sum(spline(q[i], 3, 0, 1, [1, 2, 3, 4]) for i in 1..4)",
        Target::Plumed,
        false,
    );
    assert!(many.message.contains("4 coordinates"));
    let open = refused(
        "V(x, y) = spline(x, 3, 0, 1, [1, 2, 3, 4]) + y^2",
        Target::Plumed,
        false,
    );
    assert!(open.message.contains("`y`"));
    let two = refused(
        "V(x) = spline(x, 3, 0, 1, [1, 2, 3, 4]) + spline(x, 3, 0, 1, [1, 2, 3, 5])",
        Target::Latex,
        false,
    );
    assert_eq!(two.code, "not-in-target");
    // Fibonacci's tree: every line is used twice, and a reader that copies copies both.
    let lines: String = (2..60)
        .map(|i| format!("  let a{i} = sin(a{} + a{})\n", i - 1, i - 2))
        .collect();
    let text = format!("V(x) = {{\n  let a0 = x\n  let a1 = cos(x)\n{lines}  a59\n}}\n");
    for target in [Target::OpenMm, Target::Plumed] {
        assert_eq!(refused(&text, target, false).code, "too-long");
    }
    export(&model(&text), Target::C, Options::default()).expect("a program may name its parts");
}

#[test]
fn an_unknown_target_is_answered_with_the_list() {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"))
        .args(["export", "examples/quadratic.pot", "--to", "fortran"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("[possible values: pot, latex, python, c, openmm, plumed]"),
        "{said}"
    );
}
