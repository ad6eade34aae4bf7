//! One run put together: from a checked program, or a gradient, and its settings to a result.
//!
//! Nothing here reads a file or a clock or prints: the caller brings time, a flag to stop, and a
//! place to report progress ([`Hooks`]), and writes what comes back ([`Outcome`]).

mod asked;
mod baseline;
mod bench;
mod blocks;
mod calibrate;
mod checkpoint;
mod compare;
mod components;
mod confinement;
mod cover;
mod curves;
mod distortions;
mod embed;
mod estimate;
mod estimates;
mod estimator;
mod findings;
mod foresight;
mod form;
mod free;
mod freed;
mod given;
mod heat;
mod job;
mod kept;
mod kinks;
mod learn;
mod lines;
mod matrices;
mod merge;
mod noise;
mod paper;
mod pilot;
mod plan;
mod portrait;
mod potential;
mod prospect;
mod reproduce;
mod resolve;
mod results;
mod room;
mod sample;
mod scan;
mod seams;
mod settings;
mod shortfalls;
mod simulate;
mod sites;
mod stiffness;
mod surfaces;
mod sweep;
mod unheld;
mod unresolved;
mod verdict;
mod view;
mod views;
mod walks;
mod wall;
mod weights;
mod writing;

pub use bench::{BenchOptions, Benched, bench};
pub use checkpoint::{BEGIN_ANEW, Checkpoint, Keeping, RUN_AGAIN, Shard};
pub use compare::{CompareOptions, Compared, Learned, compare, compare_forecast};
pub use components::{Component, components, terms};
pub use embed::learn_gradient;
pub use estimator::{Chosen, Estimator};
#[doc(hidden)]
pub use findings::Findings;
pub use foresight::foresee;
pub use form::Form;
pub use free::{FreeOptions, Freed, free};
pub use job::{Failure, Job, Outcome};
pub use learn::learn;
pub use merge::{Came, learn_kept, merge};
pub use noise::NoiseSource;
pub use paper::{FIGURES, PaperMade, PaperOptions, paper_figure};
#[doc(hidden)]
pub use plan::step_nanoseconds;
pub use plan::{Plan, plan};
pub use portrait::{PortraitOptions, portrait, ranges};
pub use potential::Potential;
pub use reproduce::reproduce;
pub use resolve::{Choice, automatic, resolve_scale};
pub use room::limit_memory;
pub use scan::{ScanOptions, Scanned, scan};
pub use settings::{Knots, NotResolved, Options, Settings};
pub use simulate::{
    Length, Method, SCHEMES, SimulateOptions, Simulated, scheme_name, scheme_named, simulate,
};

use std::sync::atomic::AtomicBool;

/// What the caller brings to a run.
pub struct Hooks<'a> {
    /// Told now and then how far the run is.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Seconds since some moment.
    pub seconds: &'a (dyn Fn() -> f64 + Sync),
    /// Set from outside to stop the run early.
    pub cancelled: &'a AtomicBool,
}

/// How far a run is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Progress {
    /// What it does.
    pub stage: &'static str,
    /// How much of that is done, from 0 to 1.
    pub done: f64,
}
