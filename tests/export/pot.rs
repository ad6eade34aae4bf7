//! The language itself: read back.

use effpot_lang::export::Target;

use super::programs::all;
use super::{assert_agree, exported, model, values};

#[test]
fn what_is_written_in_the_language_is_the_same_potential() {
    for program in all() {
        let again = model(&exported(&program.model, Target::Pot, false));
        let (known, found) = (
            values(&program.model, &program.points),
            values(&again, &program.points),
        );
        assert_agree(&program.name, &found, &known, 1e-15);
        assert_eq!(again.parameters.len(), program.model.parameters.len());
    }
}

#[test]
fn components_of_the_gradient_are_programs_as_well() {
    let program = model("V(x, y) = x^2*sin(y) + exp(x*y)");
    let text = exported(&program, Target::Pot, true);
    for (at, name) in ["dV_dx", "dV_dy"].into_iter().enumerate() {
        let only: String = text.lines().filter(|line| line.starts_with(name)).collect();
        let component = model(&only);
        let point = vec![0.3, -0.7];
        let known = values(&program, std::slice::from_ref(&point))[0][1 + at];
        let found = values(&component, &[point])[0][0];
        assert!((found - known).abs() < 1e-15, "{found}, not {known}");
    }
}
