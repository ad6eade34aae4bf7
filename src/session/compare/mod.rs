//! `compare`: the full model against the learned one, as dynamics, each distance beside its noise
//! floor: that of the full model from itself with another seed.

mod ensembles;
mod files;
mod forecast;
mod ladder;
mod motion;
mod options;
mod passage;
mod sweep;

pub use forecast::compare_forecast;
pub use options::CompareOptions;

use std::sync::atomic::Ordering;

use super::cover::{FURTHER_IN, percent};
use super::job::{Failure, Job, one};
use super::simulate::Bath;
use super::{Hooks, Method, Potential, Progress};
use crate::diagnostic::Diagnostic;
use crate::graph::Model;
use crate::report::comparison::{Comparison, Measured};
use crate::report::picture::Picture;
use ensembles::{Pair, Run, Three};

/// The part of the learned model's positions outside of where it was learned, from which on it does
/// not stand in for anything.
const LEFT: f64 = 0.1;

/// What a comparison gives.
pub struct Compared {
    /// What was found.
    pub result: Comparison,
    /// The files of the results folder.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its figures, which are among the files as SVG.
    pub pictures: Vec<Picture>,
    /// What is to be said.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it was stopped.
    pub interrupted: bool,
}

/// The side that is compared with the full model.
pub struct Learned<'a> {
    /// Its program, and the function to take.
    pub job: Job<'a>,
    /// The mobility that goes with it, in overdamped motion.
    pub mobility: Option<Model>,
}

/// Compares the dynamics in two potentials.
///
/// # Errors
/// One of them cannot be compiled, they have other coordinates than each other, an option does not
/// go with them, or the trajectories would not fit into memory.
pub fn compare(
    job: &Job<'_>,
    learned: &Learned<'_>,
    options: &CompareOptions,
    hooks: &Hooks<'_>,
) -> Result<Compared, Failure> {
    report(hooks, "looking around", 0.0);
    let (full, other) = (job.compile(None)?, learned.job.compile(None)?);
    agree(&full, &other, learned, options.method()).map_err(|problem| one(*problem))?;
    let bath = options.bath();
    let pair = Pair::new(&full, &other, learned.mobility.as_ref(), options, hooks);
    let run = pair.at(&bath, options.trajectories())?;
    run.fits()?;
    let three = run.three()?;
    let mut result = beginning(&run, &three, job, learned);
    let mut diagnostics = three.lost();
    if !cancelled(hooks) {
        ladder::ladder(&run, &three, &mut result)?;
    }
    if !cancelled(hooks) {
        motion::hamiltonian(&run, &mut result)?;
    }
    if !cancelled(hooks) {
        passage::passage(&run, &mut result, &mut diagnostics)?;
    }
    let sweeps = options.sweep.is_some() || !options.alone;
    if sweeps && !cancelled(hooks) {
        sweep::sweep(&pair, &run, &mut result)?;
    }
    let interrupted = cancelled(hooks);
    if interrupted {
        diagnostics.push(
            Diagnostic::warning(
                "interrupted",
                "the comparison was interrupted before its end",
            )
            .help("what is there is kept; run it again, or with fewer --trajectories"),
        );
    }
    if !result.holds {
        diagnostics.push(out_of_range(&result, &three, &other));
    }
    let (files, pictures) = files::files(&run, &three, &result, job.command);
    Ok(Compared {
        result,
        files,
        pictures,
        diagnostics,
        interrupted,
    })
}

fn beginning(run: &Run<'_>, three: &Three, job: &Job<'_>, learned: &Learned<'_>) -> Comparison {
    let options = run.pair.options;
    let [floor, found] = [three.floor, three.learned];
    let mut result = Comparison {
        full: job.origin().file().to_owned(),
        full_potential: run.pair.full.model.name.clone(),
        learned: learned.job.origin().file().to_owned(),
        learned_potential: run.pair.learned.model.name.clone(),
        mobility: run.pair.mobility.is_some(),
        method: options.method().name(),
        gamma: run.bath.gamma,
        friction: run.bath.friction.clone(),
        mass: run.bath.mass.clone(),
        kt: run.bath.kt,
        start: run.law.start.clone(),
        spread: run.law.spread.clone(),
        trajectories: run.trajectories,
        time: options.time(),
        looks: run.looks,
        seed: options.seed(),
        tolerance: options.tolerance(),
        width: three.width,
        mean_path: Measured::of(found.mean_path, floor.mean_path),
        acf: Measured::of(found.acf, floor.acf),
        density: Measured::of(found.density, floor.density),
        full_run: three.full.cost,
        learned_run: three.learned_run.cost,
        ..Comparison::default()
    };
    result.coordinates = names(run.pair.learned);
    result.outside = three
        .learned_run
        .outside
        .as_ref()
        .map(|outside| outside.share);
    result.left = result.outside.is_some_and(|share| share > LEFT);
    result.holds = !result.left && run.holds(&result.metrics(), three.width);
    result.at_floor = result.holds && result.metrics().iter().all(|m| m.at_floor());
    result
}

fn names(potential: &Potential) -> Vec<String> {
    let coordinates = potential.model.coordinates.iter();
    coordinates.map(|c| c.name.clone()).collect()
}

/// Whether the two potentials can be compared.
fn agree(
    full: &Potential,
    other: &Potential,
    learned: &Learned<'_>,
    method: Method,
) -> Result<(), Box<Diagnostic>> {
    let (own, theirs) = (full.model.dimension(), other.model.dimension());
    let names = (&full.model.name, &other.model.name);
    if own != theirs {
        return Err(Box::new(Diagnostic::error(
            "wrong-compare",
            format!(
                "{} has {theirs} coordinates where {} has {own}",
                names.1, names.0
            ),
        )));
    }
    match &learned.mobility {
        Some(mobility) => super::simulate::suits(mobility, other, method),
        None => Ok(()),
    }
}

/// What is said of a surrogate that does not hold.
fn out_of_range(result: &Comparison, three: &Three, learned: &Potential) -> Diagnostic {
    if let (true, Some(outside)) = (result.left, &three.learned_run.outside) {
        let message = format!(
            "{} % of the learned model's positions lie outside: {}",
            percent(outside.share),
            outside.known(&learned.model.name)
        );
        return Diagnostic::warning("uncovered", message).help(FURTHER_IN);
    }
    if !result.told() {
        let message = format!(
            "whether the learned model holds cannot be told: {}",
            result.why()
        );
        return Diagnostic::warning("not-told", message)
            .help("more --trajectories: errors fall with the root of their number; where they are huge, trajectories run away, and `effpot-lang simulate` of either potential says more");
    }
    let message = format!(
        "the learned model does not hold at kT {}: {}",
        crate::report::number::significant(result.kt, 3),
        result.why()
    );
    let help = match result.range {
        Some([lo, hi]) => format!(
            "it holds from kT {} to {}; below, the free energy F and the mobility D at that kT are needed in its place",
            crate::report::number::significant(lo, 2),
            crate::report::number::significant(hi, 2)
        ),
        None => "where structure that U leaves out is worth kT or more, the free energy F and the mobility D are needed in its place".to_owned(),
    };
    Diagnostic::warning("out-of-range", message).help(help)
}

fn report(hooks: &Hooks<'_>, stage: &'static str, done: f64) {
    (hooks.progress)(Progress { stage, done });
}

fn cancelled(hooks: &Hooks<'_>) -> bool {
    hooks.cancelled.load(Ordering::Relaxed)
}

#[expect(clippy::boxed_local, reason = "errors come boxed")]
fn usage(problem: Box<Diagnostic>) -> Failure {
    Failure::Usage(*problem)
}

/// The same bath at another temperature.
fn at(bath: &Bath, kt: f64) -> Bath {
    Bath { kt, ..bath.clone() }
}
