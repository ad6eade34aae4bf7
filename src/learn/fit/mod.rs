//! Fits of an effective potential to binned sums, one for each statistical block.
//!
//! All four estimators give a uniform cubic B-spline with the same conventions:
//!
//! - **Domain.** Spline cells are whole numbers of bins. The domain runs from the first to the
//!   last cell with at least [`Settings::minimum_count`] samples; cells within it that hold fewer
//!   are bridged by the penalty and are missing from [`Fit::covered`]. Outside the domain the
//!   spline continues linearly.
//! - **Smoothing.** A penalty on third differences of the coefficients, which leaves a parabola
//!   (the commonest well) alone. Its weight minimises the error on blocks that were left out, in
//!   contiguous folds, which stays honest when successive samples are correlated.
//! - **Errors.** The jackknife: the fit is repeated without each block in turn, at the same
//!   relative weight of the penalty. Blocks should be longer than ten autocorrelation times. The
//!   errors are those of sampling: they know nothing of the spacing of knots.
//! - **Constant.** U has mean zero under the sampled density. So has every replicate: errors of
//!   value are those of U up to a constant.

mod density;
mod domain;
mod regression;
mod result;

#[cfg(test)]
mod tests;

pub use density::{Temperature, density, paper};
pub use regression::{ForceFit, force, value};
pub use result::Fit;

/// Which estimator made a fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Estimator {
    /// Regression of V(x).
    Value,
    /// Regression of V'(x) on the slope.
    Force,
    /// The density of x with the corrected temperature.
    Density,
    /// The density of q with `beta = 1/var p`, as in Li & Tao 2024, (3.5) and (3.9).
    Paper,
}

/// How to fit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// The wanted width of a spline cell, in the unit of the coordinate; rounded to a whole
    /// number of bins. With 1.5 lengths `l` half transmission lies near that of the density.
    pub spacing: f64,
    /// The least number of samples, all blocks together, that makes a cell covered. A few will
    /// do, since the penalty carries the parabola of the neighbours on; a line would be worse.
    pub minimum_count: u64,
    /// The number of folds of the cross-validation; at most the number of blocks.
    pub folds: usize,
}

impl Settings {
    /// The usual settings for a cell width (unit of the coordinate): 4 samples, 8 folds.
    pub fn new(spacing: f64) -> Settings {
        Settings {
            spacing,
            minimum_count: 4,
            folds: 8,
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
    /// Blocks were binned over different grids.
    #[error("the statistical blocks were binned over different grids")]
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

/// The candidates for the relative weight of the penalty: from nearly none to a parabola, two a
/// decade. Relative to the ratio of the traces of data and penalty, hence dimensionless.
fn candidates() -> impl Iterator<Item = f64> {
    (-20..=8).map(|i| 10f64.powf(0.5 * f64::from(i)))
}

/// The blocks of each fold: contiguous, since neighbours may be the same lanes a little later.
fn folds(blocks: usize, folds: usize) -> Vec<std::ops::Range<usize>> {
    let folds = folds.clamp(2, blocks.max(2));
    (0..folds)
        .map(|f| f * blocks / folds..(f + 1) * blocks / folds)
        .collect()
}
