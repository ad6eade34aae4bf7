//! The baseline `filter`: V smoothed at the scale of a run, without dynamics. In closed form where
//! every term has one, else by quadrature.

use std::sync::Arc;

use super::estimate::Estimate;
use super::findings::Findings;
use super::form::Form;
use super::learn::lengths;
use super::results::Learned;
use super::{Estimator, Hooks, Potential};
use crate::diagnostic::Diagnostic;
use crate::dynamics::Side;
use crate::graph::{Model, Spline, SplineAxis};
use crate::learn::collect::MOST_PRODUCTS;
use crate::learn::filter::{
    self, ClosedError, FilterError, FilteredPlane, Lengths, Values, closed,
};

/// Points of the filter in each of its lengths, and the least and most in all.
const FILTER_DENSITY: f64 = 256.0;
const FILTER_POINTS: (f64, f64) = (4096.0, 262_144.0);
/// A coordinate whose momentum is hardly driven has hardly a length: it is taken as this part of
/// the other at least.
const LEAST_LENGTH: f64 = 0.25;
/// Knots of the filter in two and in three coordinates, in lengths.
const SPACING: [f64; 2] = [0.4, 0.5];

/// The baseline without dynamics, if there is one for this potential.
pub(super) fn baseline(
    learned: &Learned<'_>,
    findings: &mut Findings,
    hooks: &Hooks<'_>,
) -> Option<Estimate> {
    if !learned.setup.potential.has_values() {
        return None;
    }
    let why = match closed_form(learned, hooks) {
        Ok(estimate) => return Some(estimate),
        Err(why) => why,
    };
    let settings = &learned.setup.settings;
    let Some(bins) = &learned.bins else {
        findings.diagnostics.push(no_filter(&why));
        return None;
    };
    let filter = filtered(
        &learned.setup.potential,
        &bins.sides(),
        &lengths(settings, &learned.momenta),
        settings.seed,
        hooks,
    );
    match filter {
        Ok((estimate, non_finite)) => {
            if non_finite > 0 {
                findings.diagnostics.push(Diagnostic::warning(
                    "filter-gaps",
                    format!("{non_finite} of the {} points of `filter` are outside the domain of the potential and were left out", estimate.evaluations),
                ));
            }
            Some(estimate)
        }
        Err(error) => {
            findings.diagnostics.push(no_filter(&error.to_string()));
            None
        }
    }
}

fn no_filter(why: &str) -> Diagnostic {
    let message = format!("the baseline `filter` has no result: {why}");
    let help = "--compare NAME holds U against a function of the file instead";
    Diagnostic::warning("no-filter", message).help(help)
}

/// V filtered term by term, without a single evaluation of it; else what is in the way.
fn closed_form(learned: &Learned<'_>, hooks: &Hooks<'_>) -> Result<Estimate, String> {
    let before = (hooks.seconds)();
    let (potential, settings) = (&learned.setup.potential, &learned.setup.settings);
    if !potential.is_formula() {
        return Err("there is no formula".to_owned());
    }
    let (damping, d) = (&settings.damping, potential.model.dimension());
    let square = settings.delta * settings.delta;
    let squares: Vec<f64> = match d > MOST_PRODUCTS {
        true => damping.velocities(&learned.momenta),
        false => damping.velocity_products(&learned.momenta),
    };
    let squares: Vec<f64> = squares.into_iter().map(|v| square * v).collect();
    let squares = match d > MOST_PRODUCTS {
        true => Lengths::Diagonal(&squares),
        false => Lengths::Matrix(&squares),
    };
    let mut graph = potential.model.graph.clone();
    let closed = closed(
        &mut graph,
        potential.model.value,
        d,
        &potential.parameters,
        squares,
    );
    let closed = closed.map_err(|error| match error {
        ClosedError::Term { term, why } => match potential.text_in(&graph, term) {
            Some(text) => format!("`{text}`: {why}"),
            None => format!("a long term: {why}"),
        },
        error => error.to_string(),
    })?;
    let (graph, roots) = graph.extract(&[closed.value]);
    let model = Model {
        name: "U".to_owned(),
        graph,
        value: roots[0],
        coordinates: potential.model.coordinates.clone(),
        parameters: potential.model.parameters.clone(),
        sums: Vec::new(),
    };
    let form = Potential::compile(model, potential.parameters.clone());
    Ok(Estimate {
        estimator: Estimator::Filter,
        form: Form::Formula(Arc::new(form.map_err(|error| error.to_string())?)),
        fit: None,
        weights: None,
        evaluations: 0,
        seconds: (hooks.seconds)() - before,
    })
}

/// V filtered over a box at the `lengths` of its coordinates, from values alone, and how many of
/// them were not finite.
fn filtered(
    potential: &Potential,
    sides: &[Side],
    lengths: &[f64],
    seed: u64,
    hooks: &Hooks<'_>,
) -> Result<(Estimate, u64), FilterError> {
    let before = (hooks.seconds)();
    let (spline, evaluations, non_finite) = match *sides {
        [first, second] => {
            let at = |scaled: &Values<'_>, axes| filter::plane(scaled, axes, 1.0, SPACING[0]);
            in_many(potential, [first, second], lengths, at)?
        }
        [first, second, third] => {
            let at = |scaled: &Values<'_>, axes| filter::space(scaled, axes, 1.0, SPACING[1]);
            in_many(potential, [first, second, third], lengths, at)?
        }
        _ => {
            let l = lengths.first().copied().unwrap_or(f64::NAN);
            let (lo, hi) = sides.first().map_or((0.0, 0.0), |side| (side.lo, side.hi));
            let wanted = FILTER_DENSITY * (hi - lo) / l;
            let how = filter::Settings {
                lo,
                hi,
                length: l,
                points: wanted.clamp(FILTER_POINTS.0, FILTER_POINTS.1) as usize,
                seed,
                tail: 1e-6,
            };
            let values = |x: &[f64], v: &mut [f64]| potential.values(x, v);
            let filtered = filter::filter(&how, values)?;
            let evaluations = filtered.evaluations as u64;
            let wraps = sides.first().is_some_and(|side| side.periodic);
            let spline = match wraps {
                true => joined(&filtered.spline).unwrap_or(filtered.spline),
                false => filtered.spline,
            };
            (spline, evaluations, filtered.non_finite as u64)
        }
    };
    let estimate = Estimate {
        estimator: Estimator::Filter,
        form: Form::Spline(spline),
        fit: None,
        weights: None,
        evaluations,
        seconds: (hooks.seconds)() - before,
    };
    Ok((estimate, non_finite))
}

/// The filter in several coordinates: measured in its own length each is smoothed alike.
fn in_many<const D: usize>(
    potential: &Potential,
    sides: [Side; D],
    lengths: &[f64],
    filter: impl FnOnce(&Values<'_>, [SplineAxis; D]) -> Result<FilteredPlane, FilterError>,
) -> Result<(Spline, u64, u64), FilterError> {
    let largest = lengths.iter().copied().fold(0.0, f64::max);
    let unit: [f64; D] = std::array::from_fn(|c| lengths[c].max(LEAST_LENGTH * largest));
    let scaled = |x: &[f64], v: &mut [f64]| {
        let count = v.len().max(1);
        let places = x.iter().enumerate();
        let points: Vec<f64> = places.map(|(at, x)| x * unit[at / count]).collect();
        potential.values(&points, v);
    };
    let axes = |unit: &dyn Fn(usize) -> f64| -> [SplineAxis; D] {
        std::array::from_fn(|c| SplineAxis {
            lo: sides[c].lo / unit(c),
            hi: sides[c].hi / unit(c),
            periodic: sides[c].periodic,
        })
    };
    let found = filter(&scaled, axes(&|c| unit[c]))?;
    let (degree, shape) = (found.spline.degree(), found.spline.shape());
    let coefficients = found.spline.coefficients().to_vec();
    let spline = Spline::tensor(degree, &axes(&|_| 1.0), coefficients, shape);
    let spline = spline.ok_or(FilterError::BadInterval {
        lo: sides[0].lo,
        hi: sides[0].hi,
    })?;
    Ok((spline, found.evaluations, found.non_finite))
}

/// A spline over one period of a function that repeats after it, as one that does: its last
/// coefficients are its first.
fn joined(spline: &Spline) -> Option<Spline> {
    let axis = SplineAxis {
        lo: spline.lo(),
        hi: spline.hi(),
        periodic: true,
    };
    let coefficients = spline.coefficients().get(..spline.cells())?.to_vec();
    Spline::tensor(spline.degree(), &[axis], coefficients, &[spline.cells()])
}
