//! Which terms a program has, and what they are called.

use effpot_lang::learn::terms::{Choice, Terms};

use crate::runs::program;

fn texts(text: &str, choice: Choice<'_>) -> Vec<String> {
    let model = program(text).2.potential(None).unwrap();
    let terms = Terms::new(&model, &model.parameter_values(), choice).unwrap();
    terms.list.into_iter().map(|term| term.text).collect()
}

#[test]
fn calls_are_looked_through_and_sums_are_not() {
    let text = "param e = 0.01
n = 5
bond(d) = d^2/2 + d^4/4
U1(q[n]) = sum(bond(q[i + 1] - q[i]) for i in 1..n-1) - 3*q[1]
V(q[n]) = U1(q) + e*sum(sin(q[i]/e) for i in 1..n) + 2 - (dot(q, q) - q[2]/4)/2";
    let expected = [
        "sum(bond(q[i + 1] - q[i]) for i in 1..n-1)",
        "3*q[1]",
        "e*sum(sin(q[i]/e) for i in 1..n)",
        "0.5*dot(q, q)",
        "0.5*(q[2]/4)",
    ];
    assert_eq!(texts(text, Choice::Written), expected);
    let each = texts(text, Choice::Each);
    assert_eq!(each.len(), 4 * 2 + 1 + 5 + 5 + 1, "{each:?}");
}

/// Functions of the library are looked through as well; the index of their sums is their own.
#[test]
fn sums_of_the_library_have_its_words() {
    let text = "import std.chains (frenkel_kontorova)
param e = 0.01
V(q[4]) = frenkel_kontorova(q, 1, 0.5, 0.3) + e*sin(q[1]/e) - 2*(e*sin(q[1]/e))";
    let expected = [
        "1/2*sum((q[i+1] - q[i] - spacing)^2 for i in 1..n-1)",
        "0.3*sum(1 - cos(q[i]) for i in 1..n)",
        "e*sin(q[1]/e)",
    ];
    let found = texts(text, Choice::Written);
    // Multiples of one formula are one term.
    assert_eq!(found[..2], expected[..2], "{found:?}");
    assert!(
        found.len() == 3 && found[2].contains(expected[2]),
        "{found:?}"
    );
}

/// Where `diff` writes a function out for other arguments, its sums are still sums.
#[test]
fn sums_are_known_in_every_call() {
    let text = "n = 4
pull(r[n]) = sum(r[i]^4 for i in 1..n) + diff(r[1]^3, r[1])
V(q[n]) = pull(q) + sum(q[i]^2 for i in 1..n)";
    let expected = [
        "sum(r[i]^4 for i in 1..n)",
        "3*q[1]^2",
        "sum(q[i]^2 for i in 1..n)",
    ];
    let found = texts(text, Choice::Written);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(
        (&*found[0], &*found[2]),
        (expected[0], expected[2]),
        "{found:?}"
    );
}
