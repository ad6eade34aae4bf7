//! Places with a weight, where estimates are held against each other.

use super::Potential;
use super::form::Form;
use crate::learn::compare::{Table, compare};
use crate::report::result::EstimatorRow;

/// Values (shape: places) and gradients (shape: places, coordinates).
pub type OnSites = (Vec<f64>, Vec<f64>);

/// Places and what each of them counts.
#[derive(Clone, Debug)]
pub struct Sites {
    /// Positions. Shape: coordinates, places.
    pub x: Vec<f64>,
    /// The share of the samples; 0 where estimates are not compared. Shape: places.
    pub weight: Vec<f64>,
}

impl Sites {
    /// Samples themselves (shape: points, coordinates), all of one weight.
    pub fn of_samples(points: &[f64], dimension: usize) -> Option<Sites> {
        let count = points.len() / dimension.max(1);
        let along = |c: usize| points.iter().skip(c).step_by(dimension).copied();
        (count > 0).then(|| Sites {
            x: (0..dimension).flat_map(along).collect(),
            weight: vec![1.0 / count as f64; count],
        })
    }

    /// Those that hold samples.
    pub fn held(&self) -> Sites {
        let n = self.len();
        let kept: Vec<usize> = (0..n).filter(|at| self.weight[*at] > 0.0).collect();
        let along = |c: usize| kept.iter().map(move |at| c * n + at);
        let places = (0..self.dimension()).flat_map(along);
        Sites {
            x: places.map(|place| self.x[place]).collect(),
            weight: kept.iter().map(|at| self.weight[*at]).collect(),
        }
    }

    /// Places.
    pub fn len(&self) -> usize {
        self.weight.len()
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.x.len() / self.len().max(1)
    }

    /// A place.
    pub fn point(&self, at: usize) -> Vec<f64> {
        self.x
            .iter()
            .skip(at)
            .step_by(self.len())
            .copied()
            .collect()
    }

    /// A learned function and its gradient.
    pub fn form(&self, form: &Form) -> OnSites {
        (form.values(&self.x), self.by_place(&form.slopes(&self.x)))
    }

    /// A potential and its gradient.
    pub fn potential(&self, potential: &Potential) -> OnSites {
        (
            potential.curve(&self.x),
            self.by_place(&potential.slope(&self.x)),
        )
    }

    /// Gradients by coordinate as gradients by place.
    fn by_place(&self, slopes: &[f64]) -> Vec<f64> {
        let (n, d) = (self.len(), self.dimension());
        let places = (0..n).flat_map(|at| (0..d).map(move |c| c * n + at));
        places.map(|at| slopes[at]).collect()
    }

    /// A row of the table: the distance of an estimate from the reference.
    pub fn row(&self, name: &str, estimate: &OnSites, reference: &OnSites) -> EstimatorRow {
        let distance = compare(
            Table {
                values: &estimate.0,
                slopes: &estimate.1,
            },
            Table {
                values: &reference.0,
                slopes: &reference.1,
            },
            &self.weight,
        );
        EstimatorRow {
            estimator: name.to_owned(),
            rmse: distance.map(|d| d.value_rms),
            force_rmse: distance.map(|d| d.force_rms),
            max_abs: distance.map(|d| d.value_max),
            ..EstimatorRow::default()
        }
    }
}
