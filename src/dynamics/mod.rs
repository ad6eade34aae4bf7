//! Trajectories: integrators described as lane code, ensembles of them, and where they start.

mod damped;
mod damping;
mod ensemble;
mod gradient;
mod look;
mod rays;
mod sheet;
mod side;
mod streams;
mod survey;
mod window;

pub use damped::{DampedMap, bare_damped_map, damped_map};
pub use damping::{Damping, NotDamping};
pub use ensemble::{Census, Divergence, Ensemble, LaneFate, Starts};
pub use gradient::{Gradient, pointwise};
pub use side::Side;
pub use streams::{Stream, Streams};
pub use survey::{Survey, survey};
pub use window::{Observer, Window};
