//! All estimates of one run, and the table that holds them against each other.

use super::estimate::{Estimate, estimate, filtered};
use super::findings::Findings;
use super::learn::lengths;
use super::results::Learned;
use super::weights::{remarks, weigh};
use super::{Estimator, Hooks, Settings};
use crate::diagnostic::Diagnostic;
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
    let settings = &learned.setup.settings;
    let bins = learned.bins.as_ref().filter(|bins| bins.ranges.len() < 3)?;
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
            findings.diagnostics.push(Diagnostic::warning(
                "no-filter",
                format!("the baseline `filter` has no result: {error}"),
            ));
            None
        }
    }
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
    rows.push(EstimatorRow {
        seconds: Some(0.0),
        ..sites.row(
            "identity",
            &sites.potential(&learned.setup.potential),
            there,
        )
    });
    (learned.rows, learned.reference) = (rows, reference);
}
