//! All estimates of one run, and the table that holds them against each other.

use std::sync::atomic::Ordering;

use super::baseline::baseline;
use super::estimate::{Estimate, estimate};
use super::findings::Findings;
use super::form::Form;
use super::job::listed;
use super::learn::interrupted;
use super::results::Learned;
use super::stiffness::knots_matter;
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
        let mut remarks = remarks(terms, weights);
        remarks.extend(missing(learned));
        let trusted = findings.equilibrium.verdict == Verdict::Trusted;
        if trusted && remarks.iter().any(Diagnostic::is_error) {
            findings.equilibrium.verdict = Verdict::NotConverged;
        }
        findings.diagnostics.extend(remarks);
    }
    place_filter(&mut learned.estimates, filter, settings);
    make_rows(learned);
    learned.knots_matter = knots_matter(learned, hooks.cancelled);
}

/// Candidates that do not make up the force that the samples show, as a spline finds it.
fn missing(learned: &Learned<'_>) -> Option<Diagnostic> {
    const MOST: f64 = 0.2;
    let terms = learned
        .setup
        .terms
        .as_ref()
        .filter(|terms| terms.candidates)?;
    let (sites, force) = (learned.sites()?, learned.force.as_ref()?);
    let estimate = learned.estimates.iter().find(|e| e.weights.is_some())?;
    let (_, found) = sites.form(&estimate.form);
    let (_, seen) = sites.form(&Form::Spline(force.fit.spline.clone()));
    let d = sites.dimension();
    let square = |of: &dyn Fn(usize) -> f64| -> f64 {
        let places = (0..found.len()).map(|at| sites.weight[at / d] * of(at).powi(2));
        places.sum::<f64>().sqrt()
    };
    let part = square(&|at| found[at] - seen[at]) / square(&|at| seen[at]);
    if part.is_nan() || part <= MOST {
        return None;
    }
    let names: Vec<&str> = terms.list.iter().map(|term| term.text.as_str()).collect();
    let message = format!(
        "{} of the force that the samples show is not made of the candidates {}",
        percent(part),
        listed(&names)
    );
    let help = "more or other candidates; `--terms written` takes those of V";
    Some(Diagnostic::error("missing-candidates", message).help(help))
}

fn percent(part: f64) -> String {
    format!("{:.0} %", 100.0 * part.min(9.99))
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
