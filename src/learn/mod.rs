//! From binned samples to an effective potential: the fits, their errors, the low-pass that they
//! are held to, and the formulas of the damped map.
//!
//! Fits take one to three coordinates, plain or periodic. Nothing here runs a trajectory.

pub mod banded;
pub mod bspline;
pub mod collect;
pub mod compare;
pub mod filter;
pub mod fit;
pub mod free;
pub mod incomplete;
mod lanes;
pub mod levels;
pub mod noise;
pub mod probe;
pub mod scale;
pub mod stage1;
pub mod stencil;
pub mod stretches;
pub mod structure;
pub mod tally;
pub mod tensor;
pub mod terms;
pub mod transfer;
