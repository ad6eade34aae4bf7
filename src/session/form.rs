//! A learned potential as something to evaluate: a spline, or a formula.

use std::sync::Arc;

use super::Potential;
use crate::graph::{MAX_DIMENSION, Spline};

/// A function of the coordinates and its gradient.
#[derive(Clone)]
pub enum Form {
    /// A spline, of one to three coordinates.
    Spline(Spline),
    /// A formula with its compiled value and gradient.
    Formula(Arc<Potential>),
}

impl Form {
    /// Its value at a number, or at a point of one coordinate.
    pub fn value(&self, x: f64) -> f64 {
        self.at(&[x])
    }

    /// Its value at a point.
    pub fn at(&self, x: &[f64]) -> f64 {
        match self {
            Form::Spline(spline) => spline.at(x),
            Form::Formula(formula) => formula.curve(x).first().copied().unwrap_or(f64::NAN),
        }
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        match self {
            Form::Spline(spline) => spline.dimension(),
            Form::Formula(formula) => formula.model.dimension(),
        }
    }

    /// The spline, if it is one.
    pub fn spline(&self) -> Option<&Spline> {
        match self {
            Form::Spline(spline) => Some(spline),
            Form::Formula(_) => None,
        }
    }

    /// The values at points (shape: coordinates, points).
    pub fn values(&self, points: &[f64]) -> Vec<f64> {
        match self {
            Form::Spline(spline) => along(spline, points).collect(),
            Form::Formula(formula) => formula.curve(points),
        }
    }

    /// The gradients at points (shapes: coordinates, points).
    pub fn slopes(&self, points: &[f64]) -> Vec<f64> {
        match self {
            Form::Spline(spline) => {
                let mut slopes = Vec::with_capacity(points.len());
                for partial in (0..spline.dimension()).map(|c| spline.partial(c)) {
                    match &partial {
                        Some(partial) => slopes.extend(along(partial, points)),
                        None => {
                            slopes.resize(slopes.len() + points.len() / spline.dimension(), 0.0)
                        }
                    }
                }
                slopes
            }
            Form::Formula(formula) => formula.slope(points),
        }
    }
}

/// The values of a spline at points (shape: coordinates, points).
fn along(spline: &Spline, points: &[f64]) -> impl Iterator<Item = f64> {
    let d = spline.dimension();
    let count = points.len() / d;
    (0..count).map(move |at| {
        let mut x = [0.0; MAX_DIMENSION];
        (0..d).for_each(|c| x[c] = points[c * count + at]);
        spline.at(&x[..d])
    })
}
