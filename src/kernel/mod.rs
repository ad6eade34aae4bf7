//! Formulas as machine code.
//!
//! A formula becomes straight-line lane code ([`LaneBuilder`], [`lower_graph`]), which is
//! interpreted as an oracle or compiled, by Cranelift or, where the host has AVX2 or AVX-512, by a
//! code generator of our own (`x64`): [`BatchKernel`] for values at many points, [`StepKernel`] for
//! the whole loop over the steps of an integrator. Long sums and many coordinates become stages of
//! loops over members (`program`), whose code does not grow with their number. The only `unsafe` of
//! the library is here.

mod access;
mod batch;
mod build;
mod code;
mod cranelift;
#[doc(hidden)]
pub mod denormals;
#[doc(hidden)]
pub mod elementary;
mod emit;
mod engine;
mod harmonics;
mod interpret;
#[doc(hidden)]
pub mod lane;
mod lower;
mod memory;
mod operations;
mod order;
mod places;
mod program;
mod range;
mod roll;
mod spline;
mod staged;
mod step;
#[cfg(test)]
mod tests;
mod x64;

pub use batch::{BatchKernel, Wanted};
#[doc(hidden)]
pub use build::LaneBuilder;
#[doc(hidden)]
pub use code::{LaneCode, Table};
pub use engine::{Engine, GroupRun, KernelError};
#[doc(hidden)]
pub use lane::{Integer, Mask, Shift, Value};
#[doc(hidden)]
pub use lower::{Lowering, lower_graph};
#[doc(hidden)]
pub use operations::Operations;
#[doc(hidden)]
pub use step::{LaneGradient, PreparedSteps, StepKernel, StepOutput, StepProgram};

/// How many lanes (trajectories, points) a compiled loop advances together.
pub const LANES: usize = 16;
