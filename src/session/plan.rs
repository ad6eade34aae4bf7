//! What a run would do and cost, without doing it.

use std::sync::atomic::AtomicBool;

use super::{Failure, Job};
use super::{Hooks, Settings};
use crate::diagnostic::Diagnostic;
use crate::graph::number;
use crate::report::number::significant;
use crate::report::summary::friction;

/// Nanoseconds a step of one trajectory on one core, statistics included, for a formula of that
/// many operations: a rough figure, measured on the examples.
pub fn step_nanoseconds(operations: usize) -> f64 {
    12.0 + 0.1 * operations as f64
}

/// What a run would do and cost.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The function.
    pub potential: String,
    /// The choices.
    pub settings: Settings,
    /// Operations of a step.
    pub operations: usize,
    /// Steps of all trajectories, burn-in included.
    pub steps: u64,
    /// Seconds, roughly.
    pub seconds: f64,
    /// Threads.
    pub threads: usize,
    /// How the step was chosen, if it was not given.
    pub chosen: Option<Diagnostic>,
}

/// Plans a run.
pub fn plan(job: &Job<'_>) -> Result<Plan, Failure> {
    let silent = Hooks {
        progress: &|_| (),
        seconds: &|| 0.0,
        cancelled: &AtomicBool::new(false),
    };
    let setup = job.set_up(&silent)?;
    let (settings, potential) = (setup.settings, &setup.potential);
    let warm_up = settings
        .burn_in
        .saturating_mul(settings.trajectories as u64);
    let steps = settings.steps.saturating_add(warm_up);
    let operations = potential.graph.len();
    Ok(Plan {
        potential: potential.model.name.clone(),
        operations,
        steps,
        seconds: 1e-9 * steps as f64 * step_nanoseconds(operations) / job.threads as f64,
        threads: job.threads,
        chosen: setup.chosen,
        settings,
    })
}

impl Plan {
    /// The names of the estimators.
    pub fn estimators(&self) -> Vec<&'static str> {
        self.settings.estimators.iter().map(|e| e.name()).collect()
    }
}

/// For a person.
impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings = &self.settings;
        let friction = friction(settings.gamma, settings.friction.as_deref());
        writeln!(
            f,
            "would learn {} by {} at delta {}, gamma {friction}{}, seed {}",
            self.potential,
            self.estimators().join(", "),
            number(settings.delta),
            if settings.chosen { " (chosen)" } else { "" },
            settings.seed
        )?;
        if let Some(chosen) = &self.chosen {
            writeln!(f, "{}", chosen.message)?;
        }
        writeln!(
            f,
            "{:.1e} steps over {} trajectories after {} steps of burn-in each",
            settings.steps as f64, settings.trajectories, settings.burn_in
        )?;
        writeln!(
            f,
            "{} operations a step; about {} s of steps on {} thread{}, and statistics, fits and figures on top",
            self.operations,
            significant(self.seconds, 2),
            self.threads,
            if self.threads == 1 { "" } else { "s" }
        )
    }
}
