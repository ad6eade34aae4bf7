//! Linear maps whose entries are constants of a step.

use crate::kernel::{LaneBuilder, Value};

/// A multiple of the identity, or a matrix by rows.
pub(super) enum Linear<'a> {
    Number(Value),
    Matrix(&'a [Value]),
}

/// Takes the first so many values.
pub(super) fn take<'a>(values: &mut &'a [Value], count: usize) -> &'a [Value] {
    let (first, rest) = values.split_at(count.min(values.len()));
    *values = rest;
    first
}

impl<'a> Linear<'a> {
    /// The next one of these constants.
    pub fn next(constants: &mut &'a [Value], scalar: bool, dimension: usize) -> Linear<'a> {
        match scalar {
            true => Linear::Number(take(constants, 1)[0]),
            false => Linear::Matrix(take(constants, dimension * dimension)),
        }
    }

    /// `onto + self vector`.
    pub fn add(&self, b: &mut LaneBuilder, vector: &[Value], onto: &[Value]) -> Vec<Value> {
        let d = vector.len();
        let entry = |b: &mut LaneBuilder, i: usize| match self {
            Linear::Number(factor) => b.fma(*factor, vector[i], onto[i]),
            Linear::Matrix(entries) => {
                let row = entries[i * d..][..d].iter().zip(vector);
                row.fold(onto[i], |sum, (a, v)| b.fma(*a, *v, sum))
            }
        };
        (0..d).map(|i| entry(b, i)).collect()
    }

    /// `self vector`.
    pub fn times(&self, b: &mut LaneBuilder, vector: &[Value]) -> Vec<Value> {
        match self {
            Linear::Number(factor) => vector.iter().map(|v| b.mul(*factor, *v)).collect(),
            Linear::Matrix(_) => {
                let zero = vec![b.constant(0.0); vector.len()];
                self.add(b, vector, &zero)
            }
        }
    }
}

/// The numbers of such a map: one where it is a multiple of the identity.
pub(super) fn numbers(
    scalar: bool,
    dimension: usize,
    entry: impl Fn(usize, usize) -> f64,
) -> Vec<f64> {
    if scalar {
        return vec![entry(0, 0)];
    }
    let pairs = (0..dimension).flat_map(|i| (0..dimension).map(move |j| (i, j)));
    pairs.map(|(i, j)| entry(i, j)).collect()
}
