//! The full model against the learned one, as dynamics: what ensembles of trajectories have in
//! common, and by how much they differ.
//!
//! An ensemble becomes sums by batches of trajectories ([`Sums`]), two of them distances
//! ([`Distances`]) whose standard errors are those of the jackknife over batches.

mod averages;
mod distances;
mod period;
mod sums;

pub use averages::{Average, Drift, average, drift};
pub use distances::{Distances, distances};
pub use period::period;
pub use sums::{Axes, Sums};
