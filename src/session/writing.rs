//! The learned potential as a program.

use super::estimate::Estimate;
use super::learn::Job;
use super::results::Learned;
use crate::graph::number;
use crate::report::result::Verdict;

/// U as a program.
pub(super) fn program_text(
    job: &Job<'_>,
    learned: &Learned<'_>,
    estimate: &Estimate,
    verdict: Verdict,
) -> String {
    let settings = learned.settings();
    let (q, spline) = (learned.coordinate(), &estimate.spline);
    let model = &learned.setup.potential.model;
    let mut coefficients = String::new();
    for (at, c) in spline.coefficients().iter().enumerate() {
        coefficients.push_str(match at {
            0 => "\n  ",
            at if at % 4 == 0 => ",\n  ",
            _ => ", ",
        });
        coefficients.push_str(&number(*c));
    }
    let parameters: String = model
        .parameters
        .iter()
        .zip(&learned.setup.potential.parameters)
        .map(|(p, value)| format!(", {} = {}", p.name, number(*value)))
        .collect();
    format!(
        "# The effective potential of {name}({q}) in {file}{parameters}\n\
         # at delta = {delta}, gamma = {gamma}: structure below l = {l:.4} is gone.\n\
         # By `{estimator}`, effpot-lang {version}, seed {seed}; verdict: {verdict}.\n\
         # Beyond the ends of the spline it continues linearly; nothing is known there.\n\
         U({q}) = spline({q}, 3, {lo}, {hi}, [{coefficients}\n])\n",
        name = model.name,
        file = job.sources.get(job.root).name,
        delta = settings.delta,
        gamma = settings.gamma,
        l = learned.length,
        estimator = estimate.estimator.name(),
        version = env!("CARGO_PKG_VERSION"),
        seed = settings.seed,
        verdict = verdict.words(),
        lo = number(spline.lo()),
        hi = number(spline.hi()),
    )
}
