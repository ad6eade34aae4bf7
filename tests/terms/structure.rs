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
