//! One engine, timed.

use std::sync::atomic::Ordering;

use super::super::{Hooks, Potential};
use super::clock::{Rates, hertz};
use super::course::{Course, IN_FLIGHT, STRETCH};
use super::start::Beginning;
use crate::dynamics::{DampedMap, Damping};
use crate::kernel::{Engine, KernelError, Operations, StepProgram};
use crate::report::bench::{Spread, WidthRow};

/// Seconds of a repetition at most, if a stretch takes no longer: long against the resolution of
/// any clock, and shorter than what a scheduler gives to a thread, so that on a busy machine most
/// are not interrupted.
const REPETITION: f64 = 1e-3;
/// Repetitions at least, however long they take.
const FEWEST: usize = 5;
/// Compilations at least, if they do not take the time of all, and at most.
const COMPILATIONS: [usize; 2] = [3, 31];
/// The part of the time that is for compiling.
const COMPILING: f64 = 0.15;

/// What is timed.
pub(super) struct Subject<'a> {
    pub potential: &'a Potential,
    pub damping: &'a Damping,
    /// The map alone, and with statistics.
    pub bare: StepProgram,
    pub counted: StepProgram,
    /// Those of the step, and then the parameters.
    pub constants: Vec<f64>,
    pub beginning: Beginning,
}

/// Why an engine was not timed.
pub(super) enum NotTimed {
    /// No trajectory stays finite.
    Diverged,
    /// There is no kernel.
    Kernel(KernelError),
}

impl From<KernelError> for NotTimed {
    fn from(error: KernelError) -> NotTimed {
        NotTimed::Kernel(error)
    }
}

/// What was timed, repetition by repetition.
pub(super) struct Timed {
    engine: Engine,
    operations: Operations,
    rates: Rates,
    /// Milliseconds.
    jit: Vec<f64>,
    /// Nanoseconds per step and trajectory.
    bare: Vec<f64>,
    with_statistics: Vec<f64>,
    /// Cycles a second, after each repetition.
    pub clocks: Vec<f64>,
    /// Trajectories that others took the places of.
    pub replaced: usize,
}

/// Times an engine for about `budget` seconds; `None` where it was stopped before there was enough.
pub(super) fn time(
    subject: &Subject<'_>,
    engine: Engine,
    budget: f64,
    progress: &dyn Fn(f64),
    hooks: &Hooks<'_>,
) -> Result<Option<Timed>, NotTimed> {
    let stopped = || hooks.cancelled.load(Ordering::Relaxed);
    let begun = (hooks.seconds)();
    let elapsed = || (hooks.seconds)() - begun;
    let course = |program| Course::new(program, engine, &subject.constants, &subject.beginning);
    let (mut bare, mut full) = (course(&subject.bare)?, course(&subject.counted)?);
    let operations = subject.bare.operations();
    let mut timed = Timed {
        engine,
        operations,
        rates: Rates::measure(&operations, engine, hooks.seconds)?,
        jit: compilations(subject, engine, budget, hooks)?,
        bare: Vec::new(),
        with_statistics: Vec::new(),
        clocks: Vec::new(),
        replaced: 0,
    };
    let share = REPETITION.min(0.02 * budget);
    let mut rounds = [1, 1];
    for (course, rounds) in [&mut bare, &mut full].into_iter().zip(&mut rounds) {
        let (replaced, found) = prepared(course, share, hooks.seconds).ok_or(NotTimed::Diverged)?;
        timed.replaced = timed.replaced.max(replaced);
        *rounds = found;
    }
    while !stopped() && (timed.bare.len() < FEWEST || elapsed() < budget) {
        timed
            .bare
            .push(repetition(&mut bare, rounds[0], hooks.seconds));
        // As wide registers leave it.
        timed.clocks.push(hertz(hooks.seconds));
        let full = repetition(&mut full, rounds[1], hooks.seconds);
        timed.with_statistics.push(full);
        progress((elapsed() / budget).min(1.0));
    }
    Ok(Some(timed).filter(|timed| timed.bare.len() >= FEWEST))
}

/// Milliseconds from the formula to machine code: what `jit_ms` of a result is.
fn compilations(
    subject: &Subject<'_>,
    engine: Engine,
    budget: f64,
    hooks: &Hooks<'_>,
) -> Result<Vec<f64>, KernelError> {
    let begun = (hooks.seconds)();
    let mut times = Vec::new();
    loop {
        let before = (hooks.seconds)();
        let (model, parameters) = (&subject.potential.model, &subject.potential.parameters);
        let map = DampedMap::compile(model, parameters, subject.damping.clone(), engine)?;
        let after = (hooks.seconds)();
        drop(map);
        times.push(1e3 * (after - before));
        let spent = after - begun;
        let few = times.len() < COMPILATIONS[0] && spent < budget;
        let more = times.len() < COMPILATIONS[1] && spent < COMPILING * budget;
        if !(few || more) || hooks.cancelled.load(Ordering::Relaxed) {
            return Ok(times);
        }
    }
}

/// Chooses stretch and rounds so that a repetition takes about `share` seconds; the trajectories
/// that were replaced, and the rounds. `None` where none stays.
fn prepared(course: &mut Course, share: f64, seconds: &dyn Fn() -> f64) -> Option<(usize, usize)> {
    let replaced = course.settle()?;
    // The first has warmed up.
    let short = stretch(course, seconds);
    let steps = (share / short) * course.steps as f64;
    let halvings = (STRETCH[1] as f64 / steps.max(1.0))
        .log2()
        .ceil()
        .clamp(0.0, 6.0);
    course.steps = (STRETCH[1] >> halvings as u32).max(STRETCH[0]);
    let replaced = replaced.max(course.settle()?);
    let long = stretch(course, seconds);
    let rounds = (share / long).round().clamp(1.0, 1e6);
    Some((replaced, rounds as usize))
}

/// Seconds of a stretch.
fn stretch(course: &mut Course, seconds: &dyn Fn() -> f64) -> f64 {
    let before = seconds();
    course.stretch();
    (seconds() - before).max(1e-9)
}

/// Nanoseconds per step and trajectory.
fn repetition(course: &mut Course, rounds: usize, seconds: &dyn Fn() -> f64) -> f64 {
    let before = seconds();
    for _ in 0..rounds {
        course.stretch();
    }
    1e9 * (seconds() - before) / (rounds * course.steps * IN_FLIGHT) as f64
}

/// First quartile, median and third quartile, interpolated; NaN of nothing.
pub(super) fn quartiles(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return [f64::NAN; 3];
    };
    [0.25, 0.5, 0.75].map(|part| {
        let place = part * last as f64;
        let (below, above) = (place.floor() as usize, place.ceil() as usize);
        sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
    })
}

impl Timed {
    /// The row of a table.
    pub(super) fn row(&self) -> WidthRow {
        let bits = self.engine.bits();
        let [_, hertz, _] = quartiles(&self.clocks);
        let [jit, bare, full] =
            [&self.jit, &self.bare, &self.with_statistics].map(|t| quartiles(t));
        let seen = 1e-9 * hertz * bare[1];
        let rates = self.rates.corrected(&self.operations, bits, seen);
        let limit = 1e9 * rates.least_cycles(&self.operations, bits) / hertz;
        WidthRow {
            bits,
            engine: self.engine.name(),
            jit_ms: jit[1],
            clock_ghz: 1e-9 * hertz,
            limit_ns: limit,
            per_cycle: rates.per_cycle,
            mixed_per_cycle: rates.mixed,
            ns_per_step: bare[1],
            ns_per_step_with_statistics: full[1],
            part_of_limit: limit / bare[1],
            repetitions: self.bare.len(),
            spread: Spread {
                jit_ms: [jit[0], jit[2]],
                ns_per_step: [bare[0], bare[2]],
                ns_per_step_with_statistics: [full[0], full[2]],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_interpolated() {
        assert_eq!(quartiles(&[4.0, 1.0, 2.0, 3.0]), [1.75, 2.5, 3.25]);
        assert_eq!(quartiles(&[7.0]), [7.0; 3]);
        assert!(quartiles(&[]).iter().all(|q| q.is_nan()));
    }
}
