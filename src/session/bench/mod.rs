//! `bench`: how fast the step loop of a potential runs on each engine of this host, against what
//! the operations that it needs take at least.
//!
//! Everything runs on one core, in one thread. The clock is the caller's ([`Hooks::seconds`]).

mod clock;
mod course;
mod start;
mod timing;

use std::sync::atomic::Ordering;

use super::job::{Failure, Job, MOST_COORDINATES, one};
use super::{Hooks, Options, Progress};
use crate::check::Program;
use crate::diagnostic::Diagnostic;
use crate::dynamics::{BinAxis, bare_damped_map, counted_damped_map};
use crate::kernel::Engine;
use crate::report::bench::{BenchResult, WidthRow};
use course::IN_FLIGHT;
use timing::{Subject, Timed, time};

/// Seconds that each engine is given, if nobody says how many.
const SECONDS: f64 = 2.0;

/// What a bench is asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BenchOptions {
    /// The widths to time, in bits; none means all that the host has.
    pub widths: Vec<u32>,
    /// Seconds for each engine.
    pub seconds: Option<f64>,
}

impl BenchOptions {
    /// The options of the map: those given, with what the `learn` block of a program says of step,
    /// friction, mass, start, domain and seed where nothing is said here.
    ///
    /// # Errors
    /// The block has a setting that is not known or that will not do.
    pub fn of_map(given: Options, program: &Program) -> Result<Options, Vec<Diagnostic>> {
        let learn = program.block("learn").map(Options::from_block);
        let learn = learn.transpose()?.unwrap_or_default();
        Ok(given.or(Options {
            delta: learn.delta,
            automatic: learn.automatic,
            resolve: learn.resolve,
            gamma: learn.gamma,
            friction: learn.friction,
            mass: learn.mass,
            start: learn.start,
            domain: learn.domain,
            seed: learn.seed,
            ..Options::default()
        }))
    }
}

/// What a bench found.
pub struct Benched {
    /// The result; of a bench that was stopped, the engines that were done.
    pub result: BenchResult,
    /// What is to be said.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it was stopped.
    pub interrupted: bool,
}

/// Times the damped map in a potential. Friction and mass are those given, else 0.1 and one:
/// nothing is calibrated.
///
/// # Errors
/// The potential cannot be compiled, an option does not go with its coordinates or with this host,
/// or no trajectory stays finite.
pub fn bench(job: &Job<'_>, options: &BenchOptions, hooks: &Hooks<'_>) -> Result<Benched, Failure> {
    let engines = engines(&options.widths).map_err(Failure::Usage)?;
    let seconds = options.seconds.unwrap_or(SECONDS);
    report(hooks, 0.0);
    if job.options.delta.is_none() && (job.options.automatic || job.options.resolve.is_some()) {
        return Err(Failure::Usage(no_number()));
    }
    let potential = job.compile(None)?;
    let settings = job.options.clone().resolve(&potential.model.coordinates);
    let settings = settings.map_err(|problem| job.not_resolved(*problem))?;
    let d = potential.model.dimension();
    if d > MOST_COORDINATES {
        let message = format!("{d} coordinates; as in a run the limit is {MOST_COORDINATES}");
        return Err(Failure::Limit(Diagnostic::error(
            "many-coordinates",
            message,
        )));
    }
    let scalar = settings.damping.is_scalar();
    let beginning = start::beginning(&potential, &settings, 0.1 * seconds, hooks);
    let beginning = beginning.ok_or_else(|| one(diverged(settings.delta)))?;
    let axes = beginning.mesh.axes().iter().map(|axis| BinAxis {
        lo: axis.grid.lo(),
        width: axis.grid.width(),
        bins: axis.grid.bins(),
        periodic: axis.periodic,
    });
    let axes: Vec<BinAxis> = axes.collect();
    let subject = Subject {
        bare: bare_damped_map(&potential.model, scalar),
        counted: counted_damped_map(&potential.model, scalar, &axes),
        constants: [settings.damping.constants(), potential.parameters.clone()].concat(),
        potential: &potential,
        damping: &settings.damping,
        beginning,
    };
    let (mut timed, mut diagnostics) = (Vec::new(), Vec::new());
    for (at, engine) in engines.iter().enumerate() {
        let progress = |part: f64| report(hooks, (at as f64 + part) / engines.len() as f64);
        match time(&subject, *engine, seconds, &progress, hooks) {
            Ok(Some(found)) => timed.push(found),
            Ok(None) => break,
            Err(timing::NotTimed::Diverged) => return Err(one(diverged(settings.delta))),
            Err(timing::NotTimed::Kernel(error)) => {
                let message = format!("nothing was timed with `{}`: {error}", engine.name());
                diagnostics.push(Diagnostic::warning("not-compiled", message));
            }
        }
    }
    let interrupted = hooks.cancelled.load(Ordering::Relaxed);
    if timed.is_empty() && !interrupted {
        return Err(Failure::Limit(Diagnostic::error(
            "not-compiled",
            "no engine of this host can compile the step loop",
        )));
    }
    diagnostics.extend(remarks(&timed, interrupted));
    let widths: Vec<WidthRow> = timed.iter().map(Timed::row).collect();
    diagnostics.extend(widths.iter().filter_map(beyond_the_limit));
    let result = BenchResult {
        potential: potential.model.name.clone(),
        coordinates: d,
        delta: settings.delta,
        gamma: settings.gamma,
        matrices: !scalar,
        trajectories: IN_FLIGHT,
        clock_ghz: widths.iter().fold(0.0, |most, row| row.clock_ghz.max(most)),
        operations: subject.bare.operations().into(),
        widths,
    };
    Ok(Benched {
        result,
        diagnostics,
        interrupted,
    })
}

fn report(hooks: &Hooks<'_>, done: f64) {
    (hooks.progress)(Progress {
        stage: "timing",
        done,
    });
}

/// The engines of this host of these widths; all of them if none is named.
fn engines(widths: &[u32]) -> Result<Vec<Engine>, Diagnostic> {
    let compiled = |engine: &Engine| *engine != Engine::Interpreter;
    let all: Vec<Engine> = Engine::available().filter(compiled).collect();
    let has = |bits: u32| all.iter().any(|engine| engine.bits() == bits);
    if let Some(missing) = widths.iter().find(|bits| !has(**bits)) {
        let there: Vec<String> = all.iter().map(|e| e.bits().to_string()).collect();
        let message = format!("this host has no engine of {missing} bits");
        return Err(Diagnostic::error("no-engine", message)
            .help(format!("it has {}: --simd takes these", there.join(", "))));
    }
    let wanted = |engine: &Engine| widths.is_empty() || widths.contains(&engine.bits());
    let engines: Vec<Engine> = all.into_iter().filter(wanted).collect();
    match engines.is_empty() {
        true => Err(Diagnostic::error(
            "no-engine",
            "there is no machine code for this host",
        )),
        false => Ok(engines),
    }
}

fn no_number() -> Diagnostic {
    Diagnostic::error(
        "no-delta",
        "the file leaves the step to be chosen by a run, and nothing is learned here",
    )
    .help("give one: `--delta 0.5`")
}

fn diverged(delta: f64) -> Diagnostic {
    Diagnostic::error(
        "diverged",
        format!(
            "no trajectory stays finite at delta {delta}: and the times of other numbers would say nothing"
        ),
    )
    .help("a smaller --delta")
}

/// What is to be said of an engine that was faster than can be.
fn beyond_the_limit(row: &WidthRow) -> Option<Diagnostic> {
    (row.part_of_limit > 1.0).then(|| {
        let message = format!(
            "`{}` took less than its operations take at the clock that was found",
            row.engine
        );
        Diagnostic::warning("unsteady-clock", message)
            .help("the clock changed while it was timed: try again when nothing else runs")
    })
}

fn remarks(timed: &[Timed], interrupted: bool) -> Vec<Diagnostic> {
    let mut remarks = Vec::new();
    if cfg!(debug_assertions) {
        let message =
            "this build is not optimized: statistics and compilation take longer than they need";
        remarks.push(
            Diagnostic::warning("not-optimized", message).help("cargo run --release -- bench ..."),
        );
    }
    let replaced = timed.iter().map(|t| t.replaced).max().unwrap_or(0);
    if replaced > 0 {
        remarks.push(Diagnostic::note(
            "replaced",
            format!(
                "{replaced} of {IN_FLIGHT} trajectories left within what is timed, and others took their places"
            ),
        ));
    }
    if interrupted {
        let message = "the bench was interrupted before its end";
        remarks.push(
            Diagnostic::warning("interrupted", message).help("a smaller --seconds takes less time"),
        );
    }
    remarks
}
