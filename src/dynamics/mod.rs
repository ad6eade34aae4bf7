//! Trajectories: integrators described as lane code, ensembles of them, and where they start.
//!
//! The damped map ([`DampedMap`]) makes the steps, the counting map ([`CountingMap`]) the same steps
//! with statistics in the loop; an [`Ensemble`] runs either in windows, judges the lanes, and hands
//! what counts to observers ([`Observer`], [`Counter`]).

mod counted;
mod counting;
mod course;
mod damped;
mod damping;
mod ensemble;
mod gradient;
mod group;
mod look;
mod motion;
mod rays;
mod recorded;
mod sheet;
mod side;
mod streams;
mod sums;
mod survey;
mod window;

pub use counting::{BinAxis, CountingMap, Place, Places};
pub use course::{Course, Law, Passages, Trajectories};
pub use damped::{DampedMap, bare_damped_map, counted_damped_map, damped_map};
pub use damping::{Damping, NotDamping};
pub use ensemble::{Census, Divergence, Ensemble, LaneFate, Starts};
pub use gradient::{Gradient, pointwise};
pub use motion::{Drag, Goal, Integrator, Motion, Prepared, Scheme};
pub use side::Side;
pub use streams::{Stream, Streams};
pub use sums::Sums;
pub use survey::{Survey, survey};
pub use window::{CountedWindow, Counter, Observer, Window};
