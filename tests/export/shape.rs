//! How exports look: small ones as they are, large ones by their size.

use effpot_lang::export::Target;

use super::{exported, model};

const BOWL: &str = "param eps = 0.001\nV(x, y) = x^2/2 + y^2*(1 + x^2) + eps*sin(x/eps)\n";

#[test]
fn small_exports_are_what_was_reviewed() {
    let bowl = model(BOWL);
    for (target, name, gradient) in [
        (Target::Latex, "latex", false),
        (Target::Latex, "latex-gradient", true),
        (Target::Python, "python", true),
        (Target::C, "c", true),
        (Target::OpenMm, "openmm", false),
        (Target::Plumed, "plumed", false),
    ] {
        let text = exported(&bowl, target, gradient).replace(env!("CARGO_PKG_VERSION"), "VERSION");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("export-{name}"), text);
        });
    }
}

/// A chain of 1,000 coordinates is a loop, and so are the pairs of 100 atoms.
#[test]
fn programs_of_repeated_terms_are_short() {
    let chain = model(
        "param k = 2\nn = 1000\nV(q[n]) = sum(k*(q[i + 1] - q[i])^2/2 for i in 1..n-1) + sum(q[i]^4 + 0.1*cos(q[i]) for i in 1..n)",
    );
    let atoms = model(
        "n = 100\nlj(d) = 4*(1/d^12 - 1/d^6)\nV(r[n, 3]) = sum(lj(dist(r[i], r[j])) for i in 1..n, j in i+1..n)",
    );
    for model in [chain, atoms] {
        for target in [Target::C, Target::Python] {
            let text = exported(&model, target, true);
            assert!(text.len() < 4500 && text.lines().count() < 100, "{text}");
        }
        for target in [Target::OpenMm, Target::Latex] {
            let text = exported(&model, target, false);
            assert!(text.len() < 2500 && text.lines().count() < 60, "{text}");
        }
    }
}
