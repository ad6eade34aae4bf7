//! How long a comparison will take, before it begins.

use super::ensembles::Pair;
use super::{CompareOptions, Learned, agree};
use crate::diagnostic::Diagnostic;
use crate::report::number::significant;
use crate::session::job::{Failure, Job, one};
use crate::session::{Hooks, step_nanoseconds};

/// What is worth a word, in seconds.
const LONG: f64 = 30.0;
/// What a comparison costs in ensembles of the full model: itself and again, longer steps that come
/// to as much as one, and a sweep of six temperatures with a quarter of the trajectories, twice each.
const ALONE: f64 = 3.0;
const SWEEP: f64 = 3.0;
/// Steps of Langevin dynamics cost this part of those of a run with its statistics.
const CHEAPER: f64 = 0.5;

/// A note on a comparison that will take long, and what would make it shorter.
///
/// # Errors
/// Those of [`compare`](super::compare) that are known before the first step.
pub fn compare_forecast(
    job: &Job<'_>,
    learned: &Learned<'_>,
    options: &CompareOptions,
    hooks: &Hooks<'_>,
) -> Result<Option<Diagnostic>, Failure> {
    let (full, other) = (job.compile(None)?, learned.job.compile(None)?);
    agree(&full, &other, learned, options.method()).map_err(|problem| one(*problem))?;
    let pair = Pair::new(&full, &other, learned.mobility.as_ref(), options, hooks);
    let run = pair.at(&options.bath(), options.trajectories())?;
    let steps = run.trajectories as f64 * options.time() / run.full_step;
    let sweeps = options.sweep.is_some() || !options.alone;
    let ensembles = ALONE + if sweeps { SWEEP } else { 0.0 };
    let each = CHEAPER * step_nanoseconds(full.graph.len()) / job.threads.max(1) as f64;
    let seconds = 1e-9 * each * ensembles * steps;
    if seconds < LONG {
        return Ok(None);
    }
    let message = format!(
        "this will take about {}: {} trajectories of {} steps of {}, which the stiffest force of {} asks for, {} times over",
        words(seconds),
        run.trajectories,
        significant(options.time() / run.full_step, 2),
        significant(run.full_step, 2),
        full.model.name,
        ensembles
    );
    let help = "fewer --trajectories, a shorter --time, --no-sweep, or a longer --step: the rows of the full model at longer steps show how far it may go";
    Ok(Some(
        Diagnostic::note("long-comparison", message).help(help),
    ))
}

/// A time, for a person.
fn words(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 100.0 => (s, "seconds"),
        s if s < 6000.0 => (s / 60.0, "minutes"),
        s if s < 2e5 => (s / 3600.0, "hours"),
        s => (s / 86400.0, "days"),
    };
    format!("{} {unit}", significant(value, 1))
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn times_have_units() {
        let cases = [
            (42.0, "40 seconds"),
            (170.0, "3 minutes"),
            (9000.0, "2 hours"),
            (1e6, "10 days"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(words(seconds), expected);
        }
    }
}
