//! A fitted potential with its errors.

use super::domain::Domain;
use super::{Estimator, FitError};
use crate::graph::Spline;
use crate::stats::Grid;

/// An effective potential in one coordinate, in the units of V.
#[derive(Clone, Debug)]
pub struct Fit {
    /// What made it.
    pub estimator: Estimator,
    /// U, with mean zero under the sampled density; continues linearly outside.
    pub spline: Spline,
    /// The relative weight of the penalty that cross-validation chose (dimensionless).
    pub smoothing: f64,
    /// U without each block in turn, each with mean zero under the sampled density.
    pub replicates: Vec<Spline>,
    /// Where there are enough samples, in ascending order; more than one interval means that
    /// regions are joined by the penalty alone.
    pub covered: Vec<(f64, f64)>,
    /// The bins.
    pub grid: Grid,
    /// The share of samples in each bin. Shape: `grid.bins()`.
    pub density: Vec<f64>,
    /// The number of samples in the grid.
    pub samples: u64,
    slope: Spline,
    replicate_slopes: Vec<Spline>,
}

impl Fit {
    pub(super) fn new(
        estimator: Estimator,
        domain: Domain,
        smoothing: f64,
        coefficients: Vec<f64>,
        replicates: Vec<Vec<f64>>,
    ) -> Result<Fit, FitError> {
        let centred = |c: Vec<f64>| -> Option<Spline> {
            let rough = domain.space.spline(c)?;
            let mean = domain.average(|x| rough.value(x));
            // Basis functions sum to 1, so a constant is the same in every coefficient.
            let shifted = rough.coefficients().iter().map(|c| c - mean).collect();
            domain.space.spline(shifted)
        };
        let build = || {
            let spline = centred(coefficients)?;
            let replicates = replicates
                .into_iter()
                .map(centred)
                .collect::<Option<Vec<_>>>()?;
            let slope = spline.derivative()?;
            let replicate_slopes = replicates
                .iter()
                .map(Spline::derivative)
                .collect::<Option<Vec<_>>>()?;
            Some((spline, replicates, slope, replicate_slopes))
        };
        let (spline, replicates, slope, replicate_slopes) = build().ok_or(FitError::NotFinite)?;
        Ok(Fit {
            estimator,
            spline,
            smoothing,
            replicates,
            covered: domain.covered,
            grid: domain.grid,
            density: domain.density,
            samples: domain.samples,
            slope,
            replicate_slopes,
        })
    }

    /// U at `x`.
    pub fn value(&self, x: f64) -> f64 {
        self.spline.value(x)
    }

    /// U' at `x`.
    pub fn slope(&self, x: f64) -> f64 {
        self.slope.value(x)
    }

    /// U' as a spline.
    pub fn slope_spline(&self) -> &Spline {
        &self.slope
    }

    /// The standard error of U at `x` (its constant being that of mean zero).
    pub fn value_stderr(&self, x: f64) -> f64 {
        jackknife(&self.replicates, x)
    }

    /// The standard error of U' at `x`.
    pub fn slope_stderr(&self, x: f64) -> f64 {
        jackknife(&self.replicate_slopes, x)
    }

    /// The median of [`Fit::value_stderr`] over bins whose density exceeds 1e-4 of the largest.
    pub fn median_stderr(&self) -> f64 {
        let peak = self.density.iter().fold(0.0, |a: f64, b| a.max(*b));
        let populated = self.density.iter().enumerate();
        let mut errors: Vec<f64> = populated
            .filter(|(_, p)| **p > 1e-4 * peak)
            .map(|(i, _)| self.value_stderr(self.grid.centre(i)))
            .collect();
        errors.sort_by(f64::total_cmp);
        errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Whether regions with samples are separated by cells without.
    pub fn is_disconnected(&self) -> bool {
        self.covered.len() > 1
    }

    /// Whether `x` lies where there are enough samples.
    pub fn covers(&self, x: f64) -> bool {
        self.covered.iter().any(|(lo, hi)| (*lo..=*hi).contains(&x))
    }
}

// sqrt((B - 1)/B sum (r_b - mean)^2), the delete-one jackknife over B blocks.
fn jackknife(replicates: &[Spline], x: f64) -> f64 {
    let values: Vec<f64> = replicates.iter().map(|r| r.value(x)).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    ((n - 1.0) / n * spread).sqrt()
}
