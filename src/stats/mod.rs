//! Running statistics that merge in a fixed order: moments, histograms, autocorrelation,
//! convergence between lanes, distance from a normal distribution.
//!
//! Nothing here knows of potentials. All types are plain sums, so that a result depends only on
//! the order in which blocks are merged, never on the number of threads that filled them.

mod binned;
mod blocks;
mod chains;
mod grid;
mod histogram;
mod length;
mod mesh;
mod moments;
mod normality;
mod quantiles;
mod series;

pub use binned::BinnedSums;
pub use blocks::block_error;
pub use chains::split_r_hat;
pub use grid::Grid;
pub use histogram::Histogram;
pub use length::{Interval, length_of_mean};
pub use mesh::{MAX_AXES, Mesh, MeshAxis};
pub use moments::Moments;
pub use normality::{ks_histogram, ks_sorted, normal_cdf};
pub use quantiles::{Quantile, quantiles};
pub use series::{
    autocorrelation_time, batch_autocorrelation_time, effective_sample_size, lag_correlation,
};

/// Two containers of statistics are over different bins, or of different quantities.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("statistics over different meshes cannot be merged")]
pub struct GridMismatch;
