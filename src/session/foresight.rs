//! What can be said of a potential before a run: that it does not confine, has no value or falls
//! without bound somewhere, or has a kink, each with a place as a witness.
//!
//! It looks at V where a system at a guessed temperature would be, along some lines, in a time that
//! the number of coordinates hardly changes; what it does not meet it does not report.

use super::confinement::{
    SOFTEN, falls_into, hold, infinite, names, rises_into, together, towards,
};
use super::kinks::{Walk, foreseen};
use super::prospect::Look;
use super::verdict::place;
use super::{Options, Potential, terms};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Side, Survey};
use crate::report::number::significant;

/// Points along a line.
const POINTS: usize = 768;
/// Coordinates along which lines go, at most.
const MOST_AXES: usize = 16;
/// Operations of the largest formula that is looked at.
const MOST_OPERATIONS: usize = 200_000;
/// A guess of the resolution length, in parts of a line.
const LENGTH: f64 = 1.0 / 64.0;
/// How far lines go beyond what is visited, in parts of that.
const BEYOND: f64 = 0.25;
/// Distances at which V must fall on and on.
const FAR: [i32; 4] = [10, 15, 20, 30];

/// Warnings about a potential, before a run with these options.
pub fn foresee(potential: &Potential, options: &Options) -> Vec<Diagnostic> {
    if !potential.is_formula() || potential.graph.len() > MOST_OPERATIONS {
        return Vec::new();
    }
    let look = Look::new(potential, options);
    let survey = &look.survey;
    if survey.empty {
        let message = "the potential is finite nowhere around the start";
        return vec![
            Diagnostic::warning("nowhere-finite", message)
                .help("check the formula, or say with --start or --domain where it lives"),
        ];
    }
    let mut found = Vec::new();
    found.extend(pole(potential, survey));
    if found.is_empty() {
        found.extend(falling(potential, survey, options));
    }
    // What is not confined is nowhere in particular.
    if found.is_empty() {
        let kt = look.temperature(options);
        let hull = survey.hull(kt);
        let walks = walks(potential, survey, hull.as_deref());
        found.extend(undefined(potential, &walks, survey));
        let widths = walks
            .iter()
            .map(|(_, _, along)| along[along.len() - 1] - along[0]);
        let length = LENGTH * widths.fold(f64::INFINITY, f64::min);
        if length > 0.0 && length.is_finite() {
            found.extend(foreseen(potential, &walks, length, kt));
        }
    }
    found
}

/// A term that falls without bound at a point near the lowest ones.
pub(super) fn pole(potential: &Potential, survey: &Survey) -> Option<Diagnostic> {
    let mut starts = vec![survey.lowest.clone()];
    for axis in 0..survey.lowest.len().min(MOST_AXES) {
        for step in [-0.5, 0.5] {
            let mut start = survey.lowest.clone();
            start[axis] += step;
            starts.push(start);
        }
    }
    let (term, at) = infinite(&starts, potential, falls_into)?;
    Some(
        Diagnostic::warning(
            "singularity",
            format!("{term} falls without bound at {at}: trajectories that come near are lost"),
        )
        .help(SOFTEN),
    )
}

/// The directions in which V goes on falling, the further the more, from the lowest place or from
/// the origin: in steps that shrink it would come to an end.
pub(super) fn falling(
    potential: &Potential,
    survey: &Survey,
    options: &Options,
) -> Option<Diagnostic> {
    if options.domain.is_some() {
        return None;
    }
    let mut ways = Vec::new();
    let mut first = None;
    let origin = vec![0.0; survey.lowest.len()];
    for (axis, coordinate) in potential.model.coordinates.iter().enumerate() {
        if coordinate.period.is_some() {
            continue;
        }
        for (sign, infinity) in [(-1.0, "-infinity"), (1.0, "infinity")] {
            let along: Vec<f64> = FAR
                .iter()
                .map(|far| sign * f64::from(*far).exp2())
                .collect();
            let falls = [&survey.lowest, &origin].into_iter().any(|line| {
                let values = values_along(potential, line, axis, &along);
                let drops: Vec<f64> = values.windows(2).map(|pair| pair[0] - pair[1]).collect();
                drops[0] > 0.0 && drops.windows(2).all(|pair| pair[1] >= 0.99 * pair[0])
            });
            if falls {
                ways.push(format!("{} -> {infinity}", coordinate.name));
                first.get_or_insert(&coordinate.name);
            }
        }
    }
    let name = first?;
    Some(
        Diagnostic::warning(
            "does-not-confine",
            format!(
                "the potential does not confine: it falls without bound as {}",
                together(&ways)
            ),
        )
        .help(hold(name)),
    )
}

fn values_along(potential: &Potential, line: &[f64], axis: usize, along: &[f64]) -> Vec<f64> {
    let mut points: Vec<f64> = line.iter().flat_map(|x| vec![*x; along.len()]).collect();
    points[axis * along.len()..][..along.len()].copy_from_slice(along);
    potential.curve(&points)
}

/// Lines through the lowest place and through two more, over what is visited and a bit beyond.
fn walks(potential: &Potential, survey: &Survey, hull: Option<&[Side]>) -> Vec<Walk> {
    let d = potential.model.dimension();
    let side = |axis: usize| match hull {
        Some(hull) => hull[axis],
        None => Side::plain(survey.lowest[axis] - 4.0, survey.lowest[axis] + 4.0),
    };
    let within = |axis: usize, part: f64| {
        let side = side(axis);
        side.lo + part * (side.hi - side.lo)
    };
    // At no simple part of the widths, where a formula may be symmetric.
    let golden = 0.618_033_988_749_894_9;
    let other = |shift: f64| -> Vec<f64> {
        let parts = (0..d).map(|axis| (shift + golden * (axis + 1) as f64).fract());
        parts
            .enumerate()
            .map(|(axis, part)| within(axis, 0.25 + 0.5 * part))
            .collect()
    };
    let several = [survey.lowest.clone(), other(0.13), other(0.57)];
    // In one coordinate all lines are the same one.
    let through = &several[..if d == 1 { 1 } else { 3 }];
    let mut walks = Vec::new();
    for line in through {
        for axis in 0..d.min(MOST_AXES) {
            let side = side(axis);
            let beyond = if side.periodic {
                0.0
            } else {
                BEYOND * (side.hi - side.lo)
            };
            let (lo, hi) = (side.lo - beyond, side.hi + beyond);
            let at = |i: usize| {
                let jitter = (i as f64 * golden).fract();
                lo + (hi - lo) * (i as f64 + jitter) / POINTS as f64
            };
            walks.push((line.clone(), axis, (0..POINTS).map(at).collect()));
        }
    }
    walks
}

/// The first place on the lines from which V has no value, if it does not rise to infinity before.
fn undefined(potential: &Potential, walks: &[Walk], survey: &Survey) -> Option<Diagnostic> {
    for (line, axis, along) in walks {
        let values = values_along(potential, line, *axis, along);
        for (pair, x) in values.windows(2).zip(along.windows(2)) {
            let (good, bad) = match (pair[0].is_finite(), pair[1].is_finite()) {
                (true, false) if pair[1].is_nan() => (x[0], x[1]),
                (false, true) if pair[0].is_nan() => (x[1], x[0]),
                _ => continue,
            };
            let found = edge(potential, line, *axis, good, bad, survey);
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// What is said of the edge between a point where V has a value and one where it has none.
fn edge(
    potential: &Potential,
    line: &[f64],
    axis: usize,
    mut good: f64,
    mut bad: f64,
    survey: &Survey,
) -> Option<Diagnostic> {
    let begin = good;
    for _ in 0..60 {
        let middle = 0.5 * (good + bad);
        match values_along(potential, line, axis, &[middle])[0].is_nan() {
            true => bad = middle,
            false => good = middle,
        }
    }
    let point = |x: f64| {
        let mut point = line.to_vec();
        point[axis] = x;
        point
    };
    if rises_into(potential, &point(begin), &point(good)) {
        return None;
    }
    let beyond = towards(&point(begin), &point(bad + (bad - begin)), 1);
    let inputs = potential.inputs(&beyond);
    let all = terms(&potential.graph, potential.roots[0]);
    let mut without = all
        .iter()
        .filter(|term| potential.graph.value(**term, &inputs).is_nan());
    let term = without.next().and_then(|term| potential.text(*term));
    let term = term.map_or("the potential".to_owned(), |term| format!("`{term}`"));
    let coordinates: Vec<usize> = (0..line.len()).collect();
    let variables = match names(potential, &coordinates).as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    let clean = if good.abs() < 1e-9 * (1.0 + begin.abs()) {
        0.0
    } else {
        good
    };
    let height = values_along(potential, line, axis, &[good])[0] - survey.level;
    Some(
        Diagnostic::warning(
            "singularity",
            format!(
                "{term} has no value beyond {variables} = {}, where V is only {} above its lowest: trajectories that get there are lost",
                place(&point(clean), 3),
                significant(height.max(0.0), 2),
            ),
        )
        .help("keep the arguments of `log`, `sqrt` and of powers positive where trajectories go, or let V rise before they are not"),
    )
}
