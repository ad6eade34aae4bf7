//! All estimates of one run, and the table that holds them against each other.

use std::sync::atomic::Ordering;

use super::baseline::baseline;
use super::estimate::{Estimate, estimate};
use super::findings::Findings;
use super::learn::interrupted;
use super::results::Learned;
use super::weights::{remarks, weigh};
use super::{Estimator, Hooks, Settings};
use crate::diagnostic::Diagnostic;
use crate::report::result::{EstimatorRow, Verdict};

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
    let filter = baseline(learned, findings, hooks);
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
            Err(_) if sample.complete && hooks.cancelled.load(Ordering::Relaxed) => {
                interrupted(findings);
            }
            Err(error) => findings.diagnostics.push(error),
        }
    }
    if let (Some(terms), Some(weights)) = (&learned.setup.terms, learned.weights()) {
        let remarks = remarks(terms, weights);
        let trusted = findings.equilibrium.verdict == Verdict::Trusted;
        if trusted && remarks.iter().any(Diagnostic::is_error) {
            findings.equilibrium.verdict = Verdict::NotConverged;
        }
        findings.diagnostics.extend(remarks);
    }
    place_filter(&mut learned.estimates, filter, settings);
    make_rows(learned);
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
