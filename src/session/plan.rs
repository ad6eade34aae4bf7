//! What a run would do and cost, without doing it.

use super::learn::{Failure, Job};
use crate::graph::number;

/// Nanoseconds a step of one trajectory on one core, statistics included, for a formula of that
/// many operations: a rough figure, measured on the examples.
fn nanoseconds(operations: usize) -> f64 {
    12.0 + 0.1 * operations as f64
}

/// The plan of a run as text.
pub fn plan(job: &Job<'_>) -> Result<String, Failure> {
    let setup = job.set_up()?;
    let (settings, potential) = (&setup.settings, &setup.potential);
    let warm_up = settings
        .burn_in
        .saturating_mul(settings.trajectories as u64);
    let total = settings.steps.saturating_add(warm_up) as f64;
    let operations = potential.graph.len();
    let seconds = 1e-9 * total * nanoseconds(operations) / job.threads as f64;
    let estimators: Vec<&str> = settings.estimators.iter().map(|e| e.name()).collect();
    Ok(format!(
        "would learn {name} by {estimators} at delta {delta}, gamma {gamma}, seed {seed}\n\
         {steps:.1e} steps over {trajectories} trajectories after {burn_in} steps of burn-in each\n\
         {operations} operations a step; about {seconds:.1} s on {threads} thread{plural}\n",
        name = potential.model.name,
        estimators = estimators.join(", "),
        delta = number(settings.delta),
        gamma = number(settings.gamma),
        seed = settings.seed,
        steps = settings.steps as f64,
        trajectories = settings.trajectories,
        burn_in = settings.burn_in,
        threads = job.threads,
        plural = if job.threads == 1 { "" } else { "s" },
    ))
}
