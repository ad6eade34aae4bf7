//! All estimates of one run, and the table that holds them against each other.

use std::sync::Arc;

use super::estimate::{Estimate, estimate, filtered};
use super::findings::Findings;
use super::form::Form;
use super::learn::lengths;
use super::results::Learned;
use super::weights::{remarks, weigh};
use super::{Estimator, Hooks, Potential, Settings};
use crate::diagnostic::Diagnostic;
use crate::graph::Model;
use crate::learn::collect::MOST_PRODUCTS;
use crate::learn::filter::{ClosedError, Lengths, closed};
use crate::report::result::EstimatorRow;

/// All estimates that were asked for, and the baselines.
pub(super) fn make_estimates(
    learned: &mut Learned<'_>,
    findings: &mut Findings,
    hooks: &Hooks<'_>,
) {
    if let (Some(bins), Some(force)) = (&mut learned.bins, &learned.force) {
        bins.only_within(&force.fit);
    }
    let (settings, sample) = (&learned.setup.settings, learned.sample);
    let filter = filter(learned, findings, hooks);
    for &estimator in &settings.estimators {
        if estimator == Estimator::Filter {
            continue;
        }
        let made = match estimator {
            Estimator::Terms => weigh(learned, hooks),
            _ => estimate(estimator, sample, settings, hooks).map_err(|error| {
                let message = format!("`{}` has no result: {error}", estimator.name());
                Diagnostic::error("no-fit", message).help("more --steps")
            }),
        };
        match made {
            Ok(estimate) => learned.estimates.push(estimate),
            Err(error) => findings.diagnostics.push(error),
        }
    }
    if let (Some(terms), Some(weights)) = (&learned.setup.terms, learned.weights()) {
        findings.diagnostics.extend(remarks(terms, weights));
    }
    place_filter(&mut learned.estimates, filter, settings);
    make_rows(learned);
}

/// The baseline without dynamics, if there is one for this potential.
fn filter(learned: &Learned<'_>, findings: &mut Findings, hooks: &Hooks<'_>) -> Option<Estimate> {
    if !learned.setup.potential.has_values() {
        return None;
    }
    let why = match closed_form(learned, hooks) {
        Ok(estimate) => return Some(estimate),
        Err(why) => why,
    };
    let settings = &learned.setup.settings;
    let Some(bins) = learned.bins.as_ref().filter(|bins| bins.ranges.len() < 3) else {
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

/// The filter goes where it was asked for, and last otherwise.
fn place_filter(estimates: &mut Vec<Estimate>, filter: Option<Estimate>, settings: &Settings) {
    let Some(filter) = filter else { return };
    let asked = settings
        .estimators
        .iter()
        .position(|e| *e == Estimator::Filter);
    let at = asked.unwrap_or(usize::MAX).min(estimates.len());
    estimates.insert(at, filter);
}

fn make_rows(learned: &mut Learned<'_>) {
    let Some(sites) = learned.sites() else { return };
    let reference = match &learned.setup.reference {
        Some((name, reference)) => Some((name.clone(), sites.potential(reference))),
        None => learned
            .filter()
            .map(|filter| ("filter".to_owned(), sites.form(&filter.form))),
    };
    let nothing = (Vec::new(), Vec::new());
    let there = reference.as_ref().map_or(&nothing, |(_, there)| there);
    let of_estimate = |estimate: &Estimate| EstimatorRow {
        evaluations: estimate.evaluations,
        seconds: Some(estimate.seconds),
        stderr: estimate.median_stderr(),
        ..sites.row(
            estimate.estimator.name(),
            &sites.form(&estimate.form),
            there,
        )
    };
    let mut rows: Vec<EstimatorRow> = learned.estimates.iter().map(of_estimate).collect();
    if learned.setup.potential.has_values() {
        rows.push(EstimatorRow {
            seconds: Some(0.0),
            ..sites.row(
                "identity",
                &sites.potential(&learned.setup.potential),
                there,
            )
        });
    }
    (learned.rows, learned.reference) = (rows, reference);
}
