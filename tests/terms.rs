//! The estimator `terms`: which terms there are, and their weights on the density that the damped
//! map samples.

#[path = "support/runs.rs"]
mod runs;
#[path = "terms/sampled.rs"]
mod sampled;
#[path = "terms/structure.rs"]
mod structure;
