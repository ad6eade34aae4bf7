//! Exports are executed, and agree with the program that they come from.
//!
//! The reference is the evaluator of graphs, straight from the function table. What is compared are
//! values and every component of the gradient, at random points; they agree within 1e-12 of the
//! largest of their kind among the points. Tools that a machine may lack (NumPy, OpenMM, PLUMED,
//! pdflatex) are skipped in words, or required with `EFFPOT_FULL_TESTS=1`.

#[path = "export/c.rs"]
mod c;
#[path = "export/latex.rs"]
mod latex;
#[path = "export/openmm.rs"]
mod openmm;
#[path = "export/plumed.rs"]
mod plumed;
#[path = "export/pot.rs"]
mod pot;
#[path = "export/programs.rs"]
mod programs;
#[path = "export/python.rs"]
mod python;
#[path = "export/refusals.rs"]
mod refusals;
#[path = "export/shape.rs"]
mod shape;
#[path = "export/tools.rs"]
mod tools;

use effpot_lang::check::{NoFiles, check, gather};
use effpot_lang::export::{Options, Target, export};
use effpot_lang::graph::{Evaluator, Model};
use effpot_lang::source::Sources;

/// The potential of a text that must be a program.
#[track_caller]
pub fn model(text: &str) -> Model {
    let mut sources = Sources::new();
    let root = sources.add("program.pot", text);
    let program = gather(&mut sources, root, &mut NoFiles)
        .and_then(|()| check(&sources, root))
        .unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    program.potential(None).expect("there is a potential")
}

/// An export that must be possible.
#[track_caller]
pub fn exported(model: &Model, target: Target, gradient: bool) -> String {
    let options = Options {
        gradient,
        ..Options::default()
    };
    export(model, target, options).unwrap_or_else(|problem| panic!("{problem:?}"))
}

/// Value and gradient at points.
pub fn values(model: &Model, points: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (graph, roots) = model.value_and_gradient();
    let mut evaluator = Evaluator::new(&graph, &roots);
    let parameters = model.parameter_values();
    let one = |point: &Vec<f64>| evaluator.evaluate(&[&point[..], &parameters].concat());
    points.iter().map(one).collect()
}

/// Whether two rows of numbers, value first, agree within `tolerance` of the largest of their kind.
#[track_caller]
pub fn assert_agree(name: &str, found: &[Vec<f64>], known: &[Vec<f64>], tolerance: f64) {
    let none: Vec<Vec<f64>> = known.iter().map(|row| vec![0.0; row.len()]).collect();
    assert_agree_but(name, found, known, tolerance, &none);
}

/// The same, with something more allowed for each number.
#[track_caller]
pub fn assert_agree_but(
    name: &str,
    found: &[Vec<f64>],
    known: &[Vec<f64>],
    tolerance: f64,
    more: &[Vec<f64>],
) {
    assert_eq!(found.len(), known.len(), "{name}");
    let largest = |columns: std::ops::Range<usize>| {
        let finite = known
            .iter()
            .flat_map(|row| &row[columns.clone()])
            .filter(|x| x.is_finite());
        finite.fold(0.0f64, |most, x| most.max(x.abs()))
    };
    let (value, slope) = (largest(0..1), largest(1..known[0].len()));
    for (at, (found, known)) in found.iter().zip(known).enumerate() {
        assert_eq!(found.len(), known.len(), "{name}");
        for (k, (a, b)) in found.iter().zip(known).enumerate() {
            let allowed = tolerance * if k == 0 { value } else { slope } + more[at][k];
            let same = a == b || (a.is_nan() && b.is_nan());
            assert!(
                same || (a - b).abs() <= allowed,
                "{name}, point {at}, component {k}: {a:e}, not {b:e}: off by {:e}, allowed {allowed:e}",
                (a - b).abs()
            );
        }
    }
}
