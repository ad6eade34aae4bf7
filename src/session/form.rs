//! A learned potential as something to evaluate: a spline, or a formula.

use std::sync::Arc;

use super::Potential;
use crate::graph::Spline;

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
            Form::Spline(spline) => each(points, spline.dimension())
                .map(|x| spline.at(&x))
                .collect(),
            Form::Formula(formula) => formula.curve(points),
        }
    }

    /// The gradients at points (shapes: coordinates, points).
    pub fn slopes(&self, points: &[f64]) -> Vec<f64> {
        match self {
            Form::Spline(spline) => {
                let along = |c| spline.partial(c);
                let partials: Vec<Option<Spline>> = (0..spline.dimension()).map(along).collect();
                let points: Vec<Vec<f64>> = each(points, spline.dimension()).collect();
                let at = |partial: &Option<Spline>, x: &[f64]| match partial {
                    Some(partial) => partial.at(x),
                    None => 0.0,
                };
                let rows = partials.iter();
                rows.flat_map(|partial| points.iter().map(|x| at(partial, x)))
                    .collect()
            }
            Form::Formula(formula) => formula.slope(points),
        }
    }
}

/// The points of an array by coordinate, one after another.
fn each(points: &[f64], dimension: usize) -> impl Iterator<Item = Vec<f64>> + '_ {
    let count = points.len() / dimension.max(1);
    (0..count).map(move |at| (0..dimension).map(|c| points[c * count + at]).collect())
}
