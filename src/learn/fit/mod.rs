//! Fits of an effective potential to binned sums, one for each statistical block.
//!
//! All four estimators give a uniform cubic B-spline, in one to three coordinates a tensor
//! product, with the same conventions:
//!
//! - **Domain.** Spline cells are whole numbers of bins along each axis. The domain is the box of
//!   the cells with at least [`Settings::minimum_count`] samples, and the whole period of a
//!   periodic axis; cells within it that hold fewer are bridged by the penalty and are not
//!   covered ([`Fit::covers`]). Outside the domain the spline continues linearly.
//! - **Smoothing.** A penalty on third differences of the coefficients in all directions, which
//!   leaves every quadratic form (the commonest well) alone. Its weight minimises the error on
//!   blocks that were left out, in contiguous folds, which stays honest when successive samples
//!   are correlated.
//! - **Errors.** The jackknife: the fit is repeated without each block in turn, at the same
//!   weight of the penalty. Blocks should be longer than ten autocorrelation times. The
//!   errors are those of sampling: they know nothing of the spacing of knots.
//! - **Constant.** U has mean zero under the sampled density. So has every replicate: errors of
//!   value are those of U up to a constant.
//!
//! One factorisation of the banded equations serves all folds or blocks at a weight: solutions
//! without a block are found from it by conjugate gradients. Where a factor would be dear, in three
//! coordinates and on large planes, regressions go without ([`large`]). [`room`] says what a fit
//! needs.

mod centres;
mod density;
mod domain;
mod large;
mod regression;
mod result;
mod solve;

#[cfg(test)]
mod plane_tests;
#[cfg(test)]
mod space_tests;
#[cfg(test)]
mod tests;

use crate::stats::MAX_AXES;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

pub use density::{Temperature, density, paper};
pub use regression::{ForceFit, force, value};
pub use result::Fit;
pub use solve::room;

/// Which estimator made a fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Estimator {
    /// Regression of V(x).
    Value,
    /// Regression of the gradient of V on that of the spline.
    Force,
    /// The density of x with the corrected temperature.
    Density,
    /// The density of q with `beta = 1/var p`, as in Li & Tao 2024, (3.5) and (3.9).
    Paper,
}

/// How to fit.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The wanted width of a spline cell along each axis, in the unit of the coordinate; rounded
    /// to a whole number of bins, and on a periodic axis to one that divides the period. With 1.5
    /// lengths `l` half transmission lies near that of the density.
    pub spacing: [f64; MAX_AXES],
    /// The least number of samples, all blocks together, that makes a cell covered. A few will
    /// do, since the penalty carries the parabola of the neighbours on; a line would be worse.
    pub minimum_count: u64,
    /// The number of folds of the cross-validation; at most the number of blocks.
    pub folds: usize,
    /// Ends the fit with [`FitError::Cancelled`] soon after it is set.
    pub stop: Option<&'a AtomicBool>,
}

impl<'a> Settings<'a> {
    /// The usual settings for a cell width (unit of the coordinate) that serves all axes:
    /// 4 samples, 8 folds.
    pub fn new(spacing: f64) -> Settings<'a> {
        Settings::by_axis(&[spacing])
    }

    /// The same with a cell width for each axis; the last serves those that are not given.
    pub fn by_axis(spacing: &[f64]) -> Settings<'a> {
        let last = spacing.last().copied().unwrap_or(f64::NAN);
        Settings {
            spacing: std::array::from_fn(|k| spacing.get(k).copied().unwrap_or(last)),
            minimum_count: 4,
            folds: 8,
            stop: None,
        }
    }

    /// Whether the fit is still wanted.
    fn wanted(&self) -> Result<(), FitError> {
        match self.stop {
            Some(stop) if stop.load(Ordering::Relaxed) => Err(FitError::Cancelled),
            _ => Ok(()),
        }
    }
}

/// Why there is no fit.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
pub enum FitError {
    /// The knot spacing, the inverse temperature or a setting is not a positive finite number.
    #[error("{what} must be a positive finite number, not {value}")]
    BadSetting {
        /// The name of the setting.
        what: &'static str,
        /// What it was.
        value: f64,
    },
    /// Fewer than two blocks hold data: no error can be estimated.
    #[error("{found} of the statistical blocks hold samples, but at least 2 must")]
    TooFewBlocks {
        /// The number of blocks with samples.
        found: usize,
    },
    /// No cell reaches the minimum count, or too few bins within the domain hold samples.
    #[error("{found} bins hold samples where the fit needs {needed}")]
    TooFewBins {
        /// The number of bins with samples in covered cells.
        found: usize,
        /// The number that would do.
        needed: usize,
    },
    /// Blocks were binned over different meshes, or hold other quantities than the fit needs.
    #[error("the statistical blocks were binned over different meshes")]
    GridMismatch,
    /// A sum over samples is not finite.
    #[error("sums over samples are not finite")]
    NotFinite,
    /// The equations of the fit have no unique solution.
    #[error("the equations of the fit are singular")]
    Singular,
    /// The iteration for the density did not converge.
    #[error("the fit of the density did not converge in {iterations} steps")]
    NotConverged {
        /// The number of steps taken.
        iterations: usize,
    },
    /// A density in three coordinates with too many coefficients: its equations change in every
    /// step, and are only solved by factors.
    #[error(
        "a density in three coordinates with {coefficients} coefficients would take too long; `value` and `force` can be fitted"
    )]
    TooLarge {
        /// The number of coefficients.
        coefficients: usize,
    },
    /// [`Settings::stop`] was set.
    #[error("the fit was cancelled")]
    Cancelled,
}

impl From<super::banded::NotPositiveDefinite> for FitError {
    fn from(_: super::banded::NotPositiveDefinite) -> FitError {
        FitError::Singular
    }
}

/// The least weight of the penalty, in samples: where a cell at the edge holds a handful of them,
/// all at its inner end, the curve continues as a parabola and not as what three points in a row
/// happen to say. A twentieth of a sample is nothing to any other cell.
const LEAST_PENALTY: f64 = 0.05;

// A weight of the penalty no less than the least; a penalty without any difference weighs nothing.
fn at_least(weight: f64, least: f64) -> f64 {
    if weight.is_finite() {
        weight.max(least)
    } else {
        least
    }
}

/// The candidates for the relative weight of the penalty: from nearly none to a parabola, two a
/// decade. Relative to the ratio of the traces of data and penalty, hence dimensionless.
const CANDIDATES: std::ops::RangeInclusive<i32> = -20..=8;

/// The operations of a factor up to which every candidate is tried; beyond, every fourth and then
/// the neighbours of the best.
const CHEAP: f64 = 3e5;

/// All candidates at a time.
const MOST: usize = 64;

/// The candidate with the least error, `at_once` tried at a time, each computed from a relative weight; where several have
/// it, the least weight. Those below `least` all mean the same, and one of them is tried.
///
/// # Errors
/// [`FitError::Cancelled`], or [`FitError::Singular`] where no error is finite.
fn search(
    cost: f64,
    at_once: usize,
    least: f64,
    error: impl Fn(f64) -> Result<f64, FitError> + Sync,
) -> Result<f64, FitError> {
    let weight = |i: i32| 10f64.powf(0.5 * f64::from(i));
    let mut stride = if cost > CHEAP { 4 } else { 1 };
    let mut tried: Vec<(i32, f64)> = Vec::new();
    let (first, last) = CANDIDATES.into_inner();
    let first = (first..=last)
        .rev()
        .find(|i| weight(*i) <= least)
        .unwrap_or(first);
    let mut next: Vec<i32> = (first..=last).step_by(stride as usize).collect();
    loop {
        for some in next.chunks(at_once) {
            let errors = some.par_iter().map(|i| match error(weight(*i)) {
                Err(FitError::Cancelled) => Err(FitError::Cancelled),
                error => Ok((*i, error.unwrap_or(f64::INFINITY))),
            });
            tried.extend(errors.collect::<Result<Vec<_>, FitError>>()?);
        }
        tried.sort_by_key(|(i, _)| *i);
        let mut best = (0, f64::INFINITY);
        for (i, error) in &tried {
            if *error < best.1 {
                best = (*i, *error);
            }
        }
        if best.1 == f64::INFINITY {
            return Err(FitError::Singular);
        }
        stride /= 2;
        if stride == 0 {
            return Ok(weight(best.0));
        }
        let near = [best.0 - stride, best.0 + stride];
        next = near
            .into_iter()
            .filter(|i| (first..=last).contains(i))
            .collect();
    }
}

/// The blocks of each fold: contiguous, since neighbours may be the same lanes a little later.
fn folds(blocks: usize, folds: usize) -> Vec<std::ops::Range<usize>> {
    let folds = folds.clamp(2, blocks.max(2));
    (0..folds)
        .map(|f| f * blocks / folds..(f + 1) * blocks / folds)
        .collect()
}
