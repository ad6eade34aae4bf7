//! The learned potential as a program.

use std::collections::HashMap;

use super::Potential;
use super::estimate::Estimate;
use super::form::Form;
use super::job::{Origin, listed};
use super::results::Learned;
use super::wall::Wall;
use crate::graph::{Arguments, Node, Spline, arguments, number, program, spline_call};
use crate::report::result::Verdict;
use crate::syntax;

/// U as a program, in the one layout.
pub(super) fn program_text(
    origin: &Origin<'_>,
    learned: &Learned<'_>,
    estimate: &Estimate,
    verdict: Verdict,
) -> String {
    let settings = learned.settings();
    let model = &learned.setup.potential.model;
    let written = arguments(&model.coordinates);
    let parameters: String = model
        .parameters
        .iter()
        .zip(&learned.setup.potential.parameters)
        .map(|(p, value)| format!(", {} = {}", p.name, number(*value)))
        .collect();
    let wraps =
        estimate.form.spline().is_none() || model.coordinates.iter().all(|c| c.period.is_some());
    let beyond = match wraps {
        true if estimate.form.spline().is_none() => {
            "A formula: nothing is known beyond the samples."
        }
        true => "It repeats after a period.",
        false => OUTSIDE,
    };
    let friction = match &settings.friction {
        None => format!("gamma = {}", number(settings.gamma)),
        Some(rows) => matrix("friction", rows),
    };
    let chosen = if settings.chosen { ", chosen" } else { "" };
    let mass = match &settings.mass {
        None => String::new(),
        Some(rows) => format!(", {}", matrix("mass", rows)),
    };
    let text = format!(
        "# The effective potential of {name}({coordinates}) in {file}{parameters}\n\
         # at delta = {delta}, {friction}{chosen}{mass}: structure below l = {l:.4} is gone.\n\
         # By `{estimator}`, effpot-lang {version}, seed {seed}; verdict: {verdict}.\n\
         # {beyond}\n\
         {definitions}\n",
        name = model.name,
        coordinates = listed(&written.names),
        file = origin.file(),
        delta = settings.delta,
        l = learned.length,
        estimator = estimate.estimator.name(),
        version = env!("CARGO_PKG_VERSION"),
        seed = settings.seed,
        verdict = verdict.words(),
        definitions = definitions(estimate, &written),
    );
    laid_out(text)
}

/// A program in the one layout. What is written here can be read; if not, it is better kept as it is
/// than lost.
pub(super) fn laid_out(text: String) -> String {
    syntax::format(&text).unwrap_or(text)
}

/// U as definitions of the language.
fn definitions(estimate: &Estimate, written: &Arguments) -> String {
    let body = match (&estimate.form, &estimate.weights) {
        (_, Some(weights)) => return weights.program.trim_end().to_owned(),
        (Form::Spline(spline), _) => walled(spline, &written.names),
        (Form::Formula(formula), _) => text_of(formula, &written.names),
    };
    format!("U({}) = {body}", written.head)
}

/// What a learned spline does outside, as a comment.
pub(super) const OUTSIDE: &str =
    "Outside its box the spline goes on by its tangent, and a wall of the largest curvature
# inside (or more, where it falls) keeps a system in: nothing is known there.";

/// A spline as a call, with the wall around it first, which is easier to see than behind a table.
pub(super) fn walled(spline: &Spline, names: &[String]) -> String {
    let call = spline_call(spline, names);
    match Wall::of(spline) {
        Some(wall) => format!("{} + {call}", wall.text(names)),
        None => call,
    }
}

/// A matrix in words where it is too large to be read.
fn matrix(name: &str, rows: &[Vec<f64>]) -> String {
    match rows.len() {
        0..=3 => format!("{name} {rows:?}"),
        d => format!("a {name} matrix of {d} by {d} (it is in result.json)"),
    }
}

/// The formula as the body of a function, its parameters having the values of the run.
fn text_of(formula: &Potential, names: &[String]) -> String {
    let model = &formula.model;
    let mut graph = model.graph.clone();
    let first = model.dimension() as u32;
    let values: HashMap<u32, Node> = (first..)
        .zip(&formula.parameters)
        .map(|(input, value)| (input, graph.constant(*value)))
        .collect();
    let roots = graph.substitute(&[model.value], &values);
    let (graph, roots) = graph.extract(&roots);
    program(&graph, roots[0], names).unwrap_or_default()
}
