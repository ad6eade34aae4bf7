//! Trajectories: integrators described as lane code, ensembles of them, and where they start.

mod damped;
mod ensemble;
mod streams;
mod survey;
mod window;

pub use damped::{DampedMap, damped_map};
pub use ensemble::{Census, Divergence, Ensemble, LaneFate};
pub use streams::{Stream, Streams};
pub use survey::{Survey, survey};
pub use window::{Observer, Window};
