//! What can be said of a potential before a run: that it does not confine, has no value or falls
//! without bound somewhere, or has a kink, each with a place as a witness.
//!
//! It looks at V where a system at a guessed temperature would be, along lines in many directions, in
//! a time that the number of coordinates hardly changes; what it does not meet it does not report.

use std::collections::HashMap;

use super::confinement::{
    SOFTEN, falls_into, hold, infinite, names, rises_into, singular, together,
};
use super::job::MOST_COORDINATES;
use super::kinks::foreseen;
use super::prospect::Look;
use super::verdict::place;
use super::walks::{Line, MOST_AXES, Walk, walks};
use super::{Options, Potential};
use crate::diagnostic::Diagnostic;
use crate::dynamics::Survey;
use crate::graph::{Evaluator, Node, Op};
use crate::kernel::{BatchKernel, Engine};
use crate::report::number::significant;

/// Operations of the largest formula that is looked at.
const MOST_OPERATIONS: usize = 200_000;
/// A guess of the resolution length, in parts of a line.
const LENGTH: f64 = 1.0 / 64.0;
/// What is so many kT above the lowest place is not visited.
const DEPTH: f64 = 12.0;
/// Coordinates of a space that lines can fill.
const SPACE: usize = 3;
/// Distances at which V must fall on and on.
const FAR: [i32; 4] = [10, 15, 20, 30];

/// Warnings about a potential, before a run with these options.
pub fn foresee(potential: &Potential, options: &Options) -> Vec<Diagnostic> {
    let many = potential.model.dimension() > MOST_COORDINATES;
    if !potential.is_formula() || many || potential.graph.len() > MOST_OPERATIONS {
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
        let walks = walks(&survey.lowest, hull.as_deref(), potential.graph.len());
        let reach = survey.level + DEPTH * kt;
        found.extend(pole_from(potential, besides(potential, &walks, reach)));
        if found.is_empty() {
            found.extend(undefined(potential, &walks, survey));
        }
        // The first lines are those along the coordinates.
        let along = walks.iter().take(survey.lowest.len().min(MOST_AXES));
        let widths = along.map(|(_, along)| along[along.len() - 1] - along[0]);
        let length = LENGTH * widths.fold(f64::INFINITY, f64::min);
        if length > 0.0 && length.is_finite() {
            found.extend(foreseen(potential, &walks, length, kt));
        }
    }
    found
}

/// A term that falls without bound at a point near the lowest ones.
pub(super) fn pole(potential: &Potential, survey: &Survey) -> Option<Diagnostic> {
    pole_from(potential, near(survey))
}

/// Points near the lowest one.
fn near(survey: &Survey) -> Vec<Vec<f64>> {
    let mut starts = vec![survey.lowest.clone()];
    for axis in 0..survey.lowest.len().min(MOST_AXES) {
        for step in [-0.5, 0.5] {
            let mut start = survey.lowest.clone();
            start[axis] += step;
            starts.push(start);
        }
    }
    starts
}

/// Points of lines on both sides of where a denominator or the argument of a logarithm is nearly
/// zero, with V no higher than `reach`: from elsewhere nothing comes. None in many coordinates, where
/// no lines come near to every place.
fn besides(potential: &Potential, walks: &[Walk], reach: f64) -> Vec<Vec<f64>> {
    let dimension = potential.model.dimension();
    let below = singular(&potential.graph, potential.roots[0], dimension);
    let below: Vec<Node> = below.into_iter().map(|(_, below)| below).collect();
    if below.is_empty() || dimension > SPACE {
        return Vec::new();
    }
    let kernel = BatchKernel::compile(&potential.graph, &below, dimension, Engine::best());
    let Ok(kernel) = kernel else {
        return Vec::new();
    };
    // For each of them and each of its signs.
    let mut nearest: Vec<(f64, Vec<f64>)> = vec![(f64::INFINITY, Vec::new()); 2 * below.len()];
    for (line, along) in walks {
        let n = along.len();
        let mut values = vec![f64::NAN; below.len() * n];
        let points = line.points(along);
        kernel.evaluate(&points, n, &potential.parameters, &mut values);
        let heights = potential.curve(&points);
        for (at, value) in values.iter().enumerate() {
            if heights[at % n].is_nan() || heights[at % n] > reach {
                continue;
            }
            let best = &mut nearest[2 * (at / n) + usize::from(*value < 0.0)];
            if value.abs() < best.0 {
                *best = (value.abs(), line.at(along[at % n]));
            }
        }
    }
    let found = nearest.into_iter().filter(|(value, _)| value.is_finite());
    found.map(|(_, point)| point).collect()
}

/// A term that falls without bound at a point near one of these.
fn pole_from(potential: &Potential, starts: Vec<Vec<f64>>) -> Option<Diagnostic> {
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
                let values = potential.curve(&Line::along(line, axis).points(&along));
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

/// The first place on the lines from which V has no value, if it does not rise to infinity before.
fn undefined(potential: &Potential, walks: &[Walk], survey: &Survey) -> Option<Diagnostic> {
    for (line, along) in walks {
        let values = potential.curve(&line.points(along));
        for (pair, x) in values.windows(2).zip(along.windows(2)) {
            let (good, bad) = match (pair[0].is_finite(), pair[1].is_finite()) {
                (true, false) if pair[1].is_nan() => (x[0], x[1]),
                (false, true) if pair[0].is_nan() => (x[1], x[0]),
                _ => continue,
            };
            let found = edge(potential, line, good, bad, survey);
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
    line: &Line,
    mut good: f64,
    mut bad: f64,
    survey: &Survey,
) -> Option<Diagnostic> {
    let begin = good;
    for _ in 0..60 {
        let middle = 0.5 * (good + bad);
        match potential.curve(&line.at(middle))[0].is_nan() {
            true => bad = middle,
            false => good = middle,
        }
    }
    if rises_into(potential, &line.at(begin), &line.at(good)) {
        return None;
    }
    let part = without_value(potential, &line.at(bad));
    let text = part.and_then(|part| potential.text(part));
    let term = text.map_or("the potential".to_owned(), |text| format!("`{text}`"));
    let coordinates: Vec<usize> = (0..potential.model.dimension()).collect();
    let variables = match names(potential, &coordinates).as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    let size = line.size(begin);
    let clean = |x: f64| {
        if x.abs() < 1e-9 * (1.0 + size) {
            0.0
        } else {
            x
        }
    };
    let at: Vec<f64> = line.at(good).into_iter().map(clean).collect();
    let height = potential.curve(&line.at(good))[0] - survey.level;
    Some(
        Diagnostic::warning(
            "singularity",
            format!(
                "{term} has no value beyond {variables} = {}, where V is only {} above its lowest: trajectories that get there are lost",
                place(&at, 3),
                significant(height.max(0.0), 2),
            ),
        )
        .help("keep the arguments of `log`, `sqrt` and of powers positive where trajectories go, or let V rise before they are not"),
    )
}

/// The smallest part of V that has no value at a point where V has none, though all in it has one.
fn without_value(potential: &Potential, point: &[f64]) -> Option<Node> {
    let graph = &potential.graph;
    let nodes = graph.schedule(&potential.roots[..1]);
    let values = Evaluator::new(graph, &nodes).evaluate(&potential.inputs(point));
    let value: HashMap<Node, f64> = nodes.into_iter().zip(values).collect();
    let is_nan = |node: &Node| value.get(node).is_some_and(|value| value.is_nan());
    let mut part = Some(potential.roots[0]).filter(is_nan)?;
    loop {
        let inside = match graph.op(part) {
            Op::Select(c, a, b) => {
                let taken = if value[&c] != 0.0 { a } else { b };
                Some(taken).filter(is_nan)
            }
            op => op.operands().find(is_nan),
        };
        match inside {
            Some(inside) => part = inside,
            None => return Some(part),
        }
    }
}
