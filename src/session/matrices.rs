//! Friction and mass as matrices: what they must be, and what is said where they are not.

use super::settings::{Matrix, NotResolved};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Damping, NotDamping};
use crate::report::number::significant;
use nalgebra::DMatrix;

/// The damping of a run.
pub(super) fn damping(
    d: usize,
    delta: f64,
    gamma: f64,
    friction: &Option<Matrix>,
    mass: &Option<Matrix>,
) -> Result<Damping, Box<NotResolved>> {
    if friction.is_none() && mass.is_none() {
        return Ok(Damping::scalar(d, delta, gamma));
    }
    let dense = |name: &'static str, matrix: &Option<Matrix>, scale: f64| match matrix {
        None => Ok(DMatrix::identity(d, d) * scale),
        Some(rows) if rows.len() == d && rows.iter().all(|row| row.len() == d) => {
            Ok(DMatrix::from_fn(d, d, |i, j| rows[i][j]))
        }
        Some(_) => Err(NotDamping::Shape(name)),
    };
    let dense_friction = dense("friction", friction, gamma);
    let dense_mass = dense("mass", mass, 1.0);
    let found = dense_friction.and_then(|f| Damping::matrix(d, delta, &f, &dense_mass?));
    found.map_err(|problem| {
        let name = problem.matrix();
        let rows = if name == "mass" { mass } else { friction };
        let rows = rows.as_deref().unwrap_or(&[]);
        let diagnostic = not_damping(problem, d, rows);
        NotResolved::of(name, diagnostic)
    })
}

/// What is wrong with a matrix, and what is needed.
fn not_damping(problem: NotDamping, d: usize, rows: &[Vec<f64>]) -> Diagnostic {
    let (detail, help) = match problem {
        NotDamping::Shape(_) => {
            let lengths: Vec<String> = rows.iter().map(|row| row.len().to_string()).collect();
            let detail = match rows.len() {
                0 => ", and is empty".to_owned(),
                1 => format!("; it has one row of {}", lengths.join(", ")),
                n => format!("; it has {n} rows of {}", lengths.join(", ")),
            };
            let help = format!("here that is {d} by {d}: `[[2, 1], [1, 2]]` is 2 by 2");
            (detail, help)
        }
        NotDamping::NotSymmetric(_) => {
            let help = "write the same number on both sides of the diagonal".to_owned();
            (uneven(rows), help)
        }
        NotDamping::NotPositive(name) => {
            let entry = |i: usize, j: usize| rows.get(i).and_then(|row| row.get(j));
            let matrix = DMatrix::from_fn(d, d, |i, j| entry(i, j).copied().unwrap_or(0.0));
            let least = matrix.symmetric_eigenvalues().min();
            let why = match name {
                "mass" => "in every direction there must be a mass",
                _ => "in every direction there must be friction, or momentum grows without end",
            };
            let detail = format!("; its smallest eigenvalue is {}", significant(least, 3));
            (detail, format!("{why}: all eigenvalues above zero"))
        }
    };
    Diagnostic::error("not-damping", format!("{problem}{detail}")).help(help)
}

/// The first two entries of a matrix that should be equal and are not.
fn uneven(rows: &[Vec<f64>]) -> String {
    let entry = |i: usize, j: usize| rows.get(i).and_then(|row| row.get(j)).copied();
    let pairs = (0..rows.len()).flat_map(|i| (0..i).map(move |j| (j, i)));
    let mut uneven = pairs.filter_map(|(i, j)| Some((i, j, entry(i, j)?, entry(j, i)?)));
    match uneven.find(|(_, _, a, b)| a != b) {
        Some((i, j, a, b)) => {
            let (row, column) = (i + 1, j + 1);
            let [a, b] = [a, b].map(|x| significant(x, 3));
            format!("; row {row}, column {column} has {a}, and row {column}, column {row} has {b}")
        }
        None => String::new(),
    }
}
