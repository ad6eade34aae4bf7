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
mod places;
mod rays;
mod recorded;
mod sheet;
mod side;
mod streams;
mod sums;
mod survey;
mod window;

#[doc(hidden)]
pub use counting::CountingMap;
pub use course::{Course, Law, Passages, Trajectories};
#[doc(hidden)]
pub use damped::{DampedMap, bare_damped_map, counted_damped_map, damped_map};
pub use damping::{Damping, NotDamping};
#[doc(hidden)]
pub use ensemble::{Census, Divergence, Ensemble, LaneFate, Starts};
pub use gradient::{Gradient, pointwise};
pub use group::WindowLimits;
pub use motion::{Drag, Goal, Integrator, Motion, Prepared, Scheme};
#[doc(hidden)]
pub use places::{BinAxis, Place, Places};
pub use side::Side;
#[doc(hidden)]
pub use streams::{Stream, Streams};
#[doc(hidden)]
pub use sums::Sums;
#[doc(hidden)]
pub use survey::{Survey, survey};
#[doc(hidden)]
pub use window::{CountedWindow, Counter, Observer, Window};
