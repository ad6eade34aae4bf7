//! `simulate`: trajectories of a potential, their averages, and what they are written as.

mod files;
mod options;
mod outcome;
mod setup;

pub use options::{Length, Method, SCHEMES, SimulateOptions, scheme_name, scheme_named};
pub(super) use outcome::kinetic_energy;
pub(super) use setup::{Bath, Ground, by_coordinate, rounded};

use std::sync::atomic::Ordering;

use super::job::{Failure, Job, one};
use super::{Hooks, Potential, Progress};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Course, Damping, Goal, Integrator, Motion, Streams, Trajectories};
use crate::graph::Model;
use crate::kernel::Engine;
use crate::report::simulation::Simulation;
use setup::{Settings, fits};

/// What a simulation gives.
pub struct Simulated {
    /// What is known of it.
    pub result: Simulation,
    /// The trajectories.
    pub trajectories: Trajectories,
    /// The files of the results folder.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is to be said.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it was stopped.
    pub interrupted: bool,
}

/// Runs trajectories of a potential. `mobility`, for overdamped motion, is a function of its
/// coordinates that multiplies the inverse of the friction.
///
/// # Errors
/// The potential cannot be compiled, an option does not go with its coordinates, or the
/// trajectories would not fit into memory.
pub fn simulate(
    job: &Job<'_>,
    options: &SimulateOptions,
    mobility: Option<&Model>,
    hooks: &Hooks<'_>,
) -> Result<Simulated, Failure> {
    let potential = job.compile(None)?;
    report(hooks, "looking around", 0.0);
    let (settings, ground) =
        Settings::new(options, &potential).map_err(|problem| Failure::Usage(*problem))?;
    if let Some(mobility) = mobility {
        suits(mobility, &potential, settings.method).map_err(|problem| one(*problem))?;
    }
    let d = potential.model.dimension();
    let damping = settings.bath.damping(d, settings.step);
    let damping = damping.map_err(|problem| Failure::Usage(*problem))?;
    let (method, scheme) = (settings.method, settings.scheme);
    let motion = settings
        .bath
        .motion(method, scheme, d, settings.step, mobility);
    let motion = motion.map_err(|problem| Failure::Usage(*problem))?;
    let before = (hooks.seconds)();
    let integrator = compile(&potential, &motion, None)?;
    let jit_ms = 1e3 * ((hooks.seconds)() - before);
    let course = Course {
        integrator: &integrator,
        damping: &damping,
        law: &settings.law,
        trajectories: usize::try_from(settings.trajectories).unwrap_or(usize::MAX),
        streams: Streams::new(settings.seed),
        cancelled: hooks.cancelled,
        progress: &|done| report(hooks, "simulating", done),
    };
    fits(course.bytes(settings.looks), &settings).map_err(|problem| Failure::Limit(*problem))?;
    let before = (hooks.seconds)();
    let trajectories = course.run(settings.looks as usize, settings.every);
    let seconds = (hooks.seconds)() - before;
    let run = Run {
        job,
        potential: &potential,
        settings: &settings,
        damping: &damping,
        ground: &ground,
        gradients: integrator.gradients(),
        mobility: mobility.is_some(),
        seconds,
        jit_ms,
    };
    let interrupted = hooks.cancelled.load(Ordering::Relaxed);
    let (result, diagnostics) = outcome::outcome(&run, &trajectories, interrupted);
    let files = files::files(&run, &trajectories, &result);
    Ok(Simulated {
        result,
        trajectories,
        files,
        diagnostics,
        interrupted,
    })
}

/// What the outcome is made of, beside the trajectories.
struct Run<'a> {
    job: &'a Job<'a>,
    potential: &'a Potential,
    settings: &'a Settings,
    damping: &'a Damping,
    ground: &'a Ground,
    gradients: u64,
    mobility: bool,
    seconds: f64,
    jit_ms: f64,
}

fn report(hooks: &Hooks<'_>, stage: &'static str, done: f64) {
    (hooks.progress)(Progress { stage, done });
}

pub(super) fn compile(
    potential: &Potential,
    motion: &Motion,
    goal: Option<&Goal>,
) -> Result<Integrator, Failure> {
    let (model, parameters) = (&potential.model, &potential.parameters);
    let compiled = Integrator::compile(model, parameters, motion, goal, Engine::best());
    compiled.map_err(|error| {
        let problem = format!("the formula cannot be compiled: {error}");
        Failure::Limit(Diagnostic::error("not-compiled", problem).help("a shorter formula may do"))
    })
}

/// Whether a mobility goes with a potential and a method.
pub(super) fn suits(
    mobility: &Model,
    potential: &Potential,
    method: Method,
) -> Result<(), Box<Diagnostic>> {
    let (own, needed) = (mobility.dimension(), potential.model.dimension());
    if method != Method::Overdamped {
        let problem = format!(
            "a mobility is for overdamped motion, and this is {}",
            method.name()
        );
        return Err(Box::new(
            Diagnostic::error("wrong-mobility", problem).help("add `--method overdamped`"),
        ));
    }
    if own != needed {
        let problem = format!(
            "the mobility {} has {own} coordinates where {} has {needed}",
            mobility.name, potential.model.name
        );
        return Err(Box::new(Diagnostic::error("wrong-mobility", problem).help(
            "a mobility is a function of the coordinates of the potential",
        )));
    }
    Ok(())
}
