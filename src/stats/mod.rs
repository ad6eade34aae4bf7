//! Running statistics that merge in a fixed order: moments, histograms, autocorrelation,
//! convergence between lanes, distance from a normal distribution.
//!
//! Nothing here knows of potentials. All types are plain sums, so that a result depends only on
//! the order in which blocks are merged, never on the number of threads that filled them.

mod binned;
mod chains;
mod grid;
mod moments;
mod normality;
mod series;

pub use binned::{Bin, BinnedSums};
pub use chains::split_r_hat;
pub use grid::{Grid, Histogram};
pub use moments::Moments;
pub use normality::{ks_histogram, ks_sorted, normal_cdf};
pub use series::{
    autocorrelation_time, batch_autocorrelation_time, effective_sample_size, lag_correlation,
};

/// What two containers of statistics must agree on before they merge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("statistics over different grids cannot be merged")]
pub struct GridMismatch;
