//! Mean first-passage times between two wells, of both models.

use super::super::simulate::compile;
use super::ensembles::{Run, Which};
use super::{Failure, usage};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Course, Goal, Law, Passages, Scheme, Streams};
use crate::report::comparison::{Comparison, Passage};
use crate::report::number::significant;
use crate::surrogate::Average;

/// Trajectories that are timed.
const MANY: usize = 2048;
/// Steps of all trajectories of one model, at most.
const MOST_STEPS: f64 = 1e9;
/// Streams of random numbers of the look for wells.
const WELLS_STREAM: u64 = (1 << 40) + 11;
/// A goal above one coordinate is this near, in parts of the way.
const NEAR: f64 = 0.2;

pub(super) fn passage(
    run: &Run<'_>,
    result: &mut Comparison,
    said: &mut Vec<Diagnostic>,
) -> Result<(), Failure> {
    let Some((from, to)) = ends(run) else {
        return Ok(());
    };
    let goal = goal(&from, &to);
    // The learned model is cheap: it says how long the others will take.
    let most = MOST_STEPS / MANY as f64;
    let learned = timed(run, Which::Learned, &from, &goal, (MANY, most), 3)?;
    let Some((mean, _)) = learned.mean() else {
        said.push(not_timed(run, &from, &to, most * run.learned_step));
        return Ok(());
    };
    let each = 8.0 * mean / run.full_step;
    let many = (MOST_STEPS / each).min(MANY as f64);
    if many < 16.0 {
        said.push(not_timed(run, &from, &to, mean));
        return Ok(());
    }
    let limits = (many as usize, MOST_STEPS / many.floor());
    let full = timed(run, Which::Full, &from, &goal, limits, 4)?;
    let again = timed(run, Which::Full, &from, &goal, limits, 5)?;
    let all = [&full, &again, &learned].map(Passages::mean);
    if let [Some(full), Some(again), Some(learned)] = all {
        let average = |(value, stderr): (f64, f64)| Average { value, stderr };
        result.passage = Some(Passage {
            from,
            to,
            value: (learned.0 - full.0).abs() / full.0,
            floor: (again.0 - full.0).abs() / full.0,
            full: average(full),
            learned: average(learned),
            trajectories: limits.0,
        });
    }
    Ok(())
}

fn not_timed(run: &Run<'_>, from: &[f64], to: &[f64], time: f64) -> Diagnostic {
    let numbers = |point: &[f64]| {
        let all: Vec<String> = point.iter().map(|x| significant(*x, 3)).collect();
        all.join(", ")
    };
    Diagnostic::note(
        "slow-passage",
        format!(
            "first passages from {} to {} take {} or more at kT {}: they are not timed",
            numbers(from),
            numbers(to),
            significant(time, 2),
            significant(run.bath.kt, 3)
        ),
    )
    .help("a higher --kT, or a longer --step")
}

/// From where to where: as asked for, or from the lowest well of the learned model to the next.
fn ends(run: &Run<'_>) -> Option<(Vec<f64>, Vec<f64>)> {
    let potential = run.pair.learned;
    let d = potential.model.dimension();
    if let Some((from, to)) = run.pair.options.passage.filter(|_| d == 1) {
        return Some((vec![from], vec![to]));
    }
    let periodic = potential
        .model
        .coordinates
        .iter()
        .any(|c| c.period.is_some());
    if d > 2 || periodic {
        return None;
    }
    let ground = super::super::simulate::Ground::of(potential, None, run.bath.kt, 1).ok()?;
    let mut stream = Streams::new(1).stream(WELLS_STREAM);
    let values = |x: &[f64], out: &mut [f64]| potential.values(x, out);
    let barrier = ground.survey.barrier(&mut stream, values)?;
    let wells = ground
        .survey
        .wells_below(barrier, 0.3 * barrier, &mut stream, values);
    let centre = |cell: &Vec<crate::dynamics::Side>| -> Vec<f64> {
        cell.iter().map(|side| 0.5 * (side.lo + side.hi)).collect()
    };
    let mut bottoms: Vec<(f64, Vec<f64>)> = wells
        .iter()
        .map(|cell| {
            let at = centre(cell);
            let value = potential.curve(&at).first().copied();
            (value.unwrap_or(f64::NAN), at)
        })
        .collect();
    bottoms.sort_by(|a, b| a.0.total_cmp(&b.0));
    bottoms.truncate(2);
    // From left to right, wherever one is not the other's equal by far.
    bottoms.sort_by(|a, b| a.1[0].total_cmp(&b.1[0]));
    match bottoms.as_slice() {
        [(_, from), (_, to)] => Some((from.clone(), to.clone())),
        _ => None,
    }
}

fn goal(from: &[f64], to: &[f64]) -> Goal {
    if let ([from], [to]) = (from, to) {
        return match from < to {
            true => Goal::Above(0, *to),
            false => Goal::Below(0, *to),
        };
    }
    let way = from
        .iter()
        .zip(to)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>();
    Goal::Near(to.to_vec(), NEAR * way.sqrt())
}

fn timed(
    run: &Run<'_>,
    which: Which,
    from: &[f64],
    goal: &Goal,
    (trajectories, most): (usize, f64),
    number: u64,
) -> Result<Passages, Failure> {
    let (pair, options) = (run.pair, run.pair.options);
    let potential = pair.potential(which);
    let d = potential.model.dimension();
    let step = match which {
        Which::Full => run.full_step,
        Which::Learned => run.learned_step,
    };
    let mobility = pair.mobility.filter(|_| which == Which::Learned);
    let damping = run.bath.damping(d, step).map_err(usage)?;
    let motion = run
        .bath
        .motion(options.method(), Scheme::Verlet, d, step, mobility);
    let integrator = compile(potential, &motion.map_err(usage)?, Some(goal))?;
    let law = Law {
        start: from.to_vec(),
        spread: vec![0.0; d],
        momentum: vec![0.0; d],
        heat: run.bath.kt,
    };
    let course = Course {
        integrator: &integrator,
        damping: &damping,
        law: &law,
        trajectories,
        streams: Streams::new(options.seed().wrapping_add(number << 32)),
        cancelled: pair.hooks.cancelled,
        progress: &|done| super::report(pair.hooks, "first passages", done),
    };
    Ok(course.passages(most as u64))
}
