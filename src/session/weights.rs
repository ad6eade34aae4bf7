//! U as a formula: the terms of V with the weights that the sample gives them.

use std::sync::Arc;

use super::estimate::Estimate;
use super::form::Form;
use super::results::Learned;
use super::sites::Sites;
use super::{Estimator, Hooks, Potential};
use crate::diagnostic::Diagnostic;
use crate::kernel::{BatchKernel, Engine};
use crate::learn::collect::MOST_PRODUCTS;
use crate::learn::terms::{self, Standing, Terms, Weight};
use crate::report::number::with_error;
use crate::report::result::TermRow;

/// A wave of which less than this is predicted to be left is gone, whatever its error.
const GONE: f64 = 0.05;
/// A term whose force may be this part of that of U matters.
const MATTERS: f64 = 0.05;

/// What is known of the errors of weights.
pub struct Weights {
    /// One row a term.
    pub rows: Vec<TermRow>,
    /// U as definitions of the language.
    pub program: String,
    estimate: terms::Estimate,
    kernel: BatchKernel,
    parameters: Vec<f64>,
    /// The mean of each term over the samples: U is known up to a constant.
    means: Vec<f64>,
    /// Which terms are in U.
    kept: Vec<bool>,
    /// The median standard error of U over the samples.
    pub median: f64,
}

impl Weights {
    /// The standard error of U at a point; those of its derivatives are not known.
    pub fn stderr(&self, x: &[f64]) -> (f64, Vec<f64>) {
        let values = self.values(x, 1);
        (self.error(&values), vec![f64::NAN; x.len()])
    }

    /// The values of all terms at points (shapes: coordinates, points; terms, points).
    fn values(&self, points: &[f64], count: usize) -> Vec<f64> {
        let mut values = vec![f64::NAN; self.kept.len() * count];
        self.kernel
            .evaluate(points, count, &self.parameters, &mut values);
        values
    }

    /// The standard error of U where the terms have these values.
    fn error(&self, values: &[f64]) -> f64 {
        let parts = values.iter().zip(&self.means).zip(&self.kept);
        let parts: Vec<f64> = parts
            .map(|((value, mean), kept)| if *kept { value - mean } else { 0.0 })
            .collect();
        self.estimate.stderr(&parts)
    }

    fn over(mut self, sites: Option<&Sites>) -> Weights {
        let Some(sites) = sites else { return self };
        let n = sites.len();
        let values = self.values(&sites.x, n);
        let mean = |row: &[f64]| -> f64 {
            let terms = row.iter().zip(&sites.weight).filter(|(_, w)| **w > 0.0);
            let (sum, weight) = terms.fold((0.0, 0.0), |(s, t), (v, w)| (s + v * w, t + w));
            sum / weight
        };
        self.means = values.chunks_exact(n).map(mean).collect();
        let held = (0..n).filter(|at| sites.weight[*at] > 0.0);
        let at = |at: usize| -> Vec<f64> { values.iter().skip(at).step_by(n).copied().collect() };
        let mut errors: Vec<f64> = held.map(|place| self.error(&at(place))).collect();
        errors.sort_by(f64::total_cmp);
        self.median = errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN);
        self
    }
}

/// The estimate that weighs the terms.
pub(super) fn weigh(learned: &Learned<'_>, hooks: &Hooks<'_>) -> Result<Estimate, Diagnostic> {
    let before = (hooks.seconds)();
    let (setup, sample) = (learned.setup, learned.sample);
    let failed = |why: String| {
        Diagnostic::error("no-fit", format!("`terms` has no result: {why}")).help("more --steps")
    };
    let terms = setup
        .terms
        .as_ref()
        .ok_or(failed("nothing was asked".to_owned()))?;
    let damping = &setup.settings.damping;
    let d = damping.dimension() as f64;
    let blocks = sample.terms.iter().zip(&sample.blocks);
    let (blocks, temperatures): (Vec<terms::Block>, Vec<f64>) = blocks
        .filter_map(|(own, block)| {
            let (mut own, p) = (own.clone()?, block.momentum_moments());
            if !damping.is_scalar() && setup.settings.damping.dimension() <= MOST_PRODUCTS {
                terms.warm(&mut own, &damping.heat(&p));
            }
            Some((own, damping.virial(&p) / d))
        })
        .unzip();
    let estimate = terms
        .solve(&blocks, &temperatures)
        .map_err(|error| failed(error.to_string()))?;
    let model = terms.learned(&estimate).ok_or_else(|| {
        failed("no term is kept".to_owned()).help("more --steps, or a smaller scale")
    })?;
    let form = Potential::compile(model, setup.potential.parameters.clone())
        .map_err(|error| failed(error.to_string()))?;
    let weights = with_errors(terms, estimate, learned).map_err(failed)?;
    let evaluations = sample.steps + sample.warm_up + weights.estimate.evaluations;
    Ok(Estimate {
        estimator: Estimator::Terms,
        form: Form::Formula(Arc::new(form)),
        fit: None,
        weights: Some(weights),
        evaluations,
        seconds: sample.seconds + (hooks.seconds)() - before,
    })
}

fn with_errors(
    terms: &Terms,
    estimate: terms::Estimate,
    learned: &Learned<'_>,
) -> Result<Weights, String> {
    let setup = learned.setup;
    let nodes: Vec<_> = terms.list.iter().map(|term| term.node).collect();
    let d = setup.settings.damping.dimension();
    let kernel = BatchKernel::compile(terms.graph(), &nodes, d, Engine::best());
    let predicted = terms.predicted(&setup.settings.damping, &learned.momenta);
    let rows = terms.list.iter().zip(&estimate.weights).zip(predicted);
    let rows = rows.map(|((term, weight), predicted)| TermRow {
        expression: term.text.clone(),
        weight: weight.value,
        stderr: weight.stderr,
        kept: weight.kept,
        predicted: predicted.filter(|_| !terms.candidates),
    });
    let program = terms.program(&estimate);
    let weights = Weights {
        rows: rows.collect(),
        program: program.ok_or("U is too long to be written")?,
        kept: estimate
            .weights
            .iter()
            .map(|w| w.kept == Some(true))
            .collect(),
        kernel: kernel.map_err(|error| error.to_string())?,
        parameters: setup.potential.parameters.clone(),
        means: vec![0.0; terms.list.len()],
        median: f64::NAN,
        estimate,
    };
    Ok(weights.over(learned.sites()))
}

/// Terms that U may lack: their weight is not resolved, nothing predicts that they are gone, and
/// their force may matter.
fn lacking(terms: &Terms, weights: &Weights) -> Option<Diagnostic> {
    let pairs = weights.estimate.weights.iter().zip(&weights.rows);
    let open = pairs.enumerate().filter(|(_, (weight, row))| {
        let most = (weight.value.abs() + 2.0 * weight.stderr) / weight.value.abs().max(1e-300);
        let gone = row.predicted.is_some_and(|part| part < GONE);
        weight.kept.is_none()
            && weight.standing == Standing::Measured
            && !gone
            && weight.share * most > MATTERS
    });
    let names: Vec<String> = open
        .map(|(at, _)| format!("`{}`", terms.list[at].text))
        .collect();
    if names.is_empty() {
        return None;
    }
    let message = format!(
        "the weight of {} is not resolved, and U lacks what may be a part of it",
        some(&names)
    );
    Some(Diagnostic::error("unresolved-terms", message).help("more --steps"))
}

/// Waves that should be gone and whose weight says otherwise, far beyond its error: the unresolved
/// scale is only half chaotic, and the density of the samples is not that of U.
fn half_chaotic(weights: &Weights) -> Option<Diagnostic> {
    const BEYOND: f64 = 6.0;
    const LARGE: f64 = 1.0;
    let contradicts = |row: &&TermRow| {
        row.predicted.is_some_and(|part| part < GONE)
            && row.weight.abs() > (BEYOND * row.stderr).max(LARGE)
    };
    let row = weights.rows.iter().find(contradicts)?;
    let (weight, stderr) = with_error(row.weight, row.stderr);
    let message = format!(
        "the weight of `{}` is {weight} +- {stderr}, where nothing of it should be left: the unresolved scale is only half chaotic, and the density of the samples is not that of U",
        row.expression
    );
    let help = "a larger --delta: its square times the curvature of that scale should be 15 or more for `terms`; `--estimator value` does not mind";
    Some(Diagnostic::error("half-chaotic", message).help(help))
}

/// What is to be said of terms beside their weights; an error where U may lack some.
pub(super) fn remarks(terms: &Terms, weights: &Weights) -> Vec<Diagnostic> {
    let named = |which: &dyn Fn(&Weight) -> bool| -> Vec<String> {
        let pairs = terms.list.iter().zip(&weights.estimate.weights);
        let found = pairs.filter(|(_, weight)| which(weight));
        found.map(|(term, _)| format!("`{}`", term.text)).collect()
    };
    let errors = lacking(terms, weights).into_iter();
    let mut remarks: Vec<Diagnostic> = errors.chain(half_chaotic(weights)).collect();
    let mixed = named(&|weight| weight.mixes);
    if !mixed.is_empty() {
        let message = format!(
            "{} {} scales: one weight cannot keep the large one and remove the small one",
            some(&mixed),
            if mixed.len() == 1 { "mixes" } else { "mix" }
        );
        remarks.push(
            Diagnostic::warning("mixed-scales", message)
                .help("write it as a sum of terms of one scale each, or use `--estimator value`"),
        );
    }
    for (term, weight) in terms.list.iter().zip(&weights.estimate.weights) {
        if let Standing::Combination(others) = &weight.standing {
            let others: Vec<String> = others
                .iter()
                .map(|at| format!("`{}`", terms.list[*at].text))
                .collect();
            let message = format!(
                "`{}` is a combination of {}: they carry its part",
                term.text,
                some(&others)
            );
            remarks.push(Diagnostic::warning("dependent-terms", message));
        }
    }
    let flat = named(&|weight| weight.standing == Standing::Flat);
    if !flat.is_empty() {
        let message = format!("{} had no slope at any sample", some(&flat));
        remarks.push(Diagnostic::warning("flat-terms", message));
    }
    if weights.estimate.skipped > 0 {
        let message = format!(
            "{} of {} samples were left out of `terms`: a derivative is not finite there",
            weights.estimate.skipped,
            weights.estimate.samples + weights.estimate.skipped
        );
        remarks.push(Diagnostic::warning("terms-gaps", message));
    }
    remarks
}

/// The first of some names.
fn some(names: &[String]) -> String {
    const MOST: usize = 3;
    let rest = names.len().saturating_sub(MOST);
    let shown = names[..names.len() - rest].join(", ");
    match rest {
        0 => shown,
        rest => format!("{shown} and {rest} more"),
    }
}
