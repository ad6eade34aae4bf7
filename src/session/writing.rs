//! The learned potential as a program.

use std::collections::HashMap;

use super::Potential;
use super::estimate::Estimate;
use super::form::Form;
use super::job::{Origin, listed};
use super::results::Learned;
use crate::graph::{Arguments, Node, Spline, arguments, number, program, spline_call};
use crate::report::result::Verdict;

/// U as a program.
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
        false => "Beyond the ends of the spline it continues linearly; nothing is known there.",
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
    format!(
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
    )
}

/// U as definitions of the language.
fn definitions(estimate: &Estimate, written: &Arguments) -> String {
    let body = match (&estimate.form, &estimate.weights) {
        (_, Some(weights)) => return weights.program.trim_end().to_owned(),
        (Form::Spline(spline), _) => call(spline, &written.names),
        (Form::Formula(formula), _) => text_of(formula, &written.names),
    };
    format!("U({}) = {body}", written.head)
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

/// The spline as a call, with its coefficients on lines of their own.
pub(super) fn call(spline: &Spline, names: &[String]) -> String {
    let text = spline_call(spline, names);
    let table = if names.len() > 1 { ", [[" } else { ", [" };
    let Some(at) = text.rfind(table) else {
        return text;
    };
    let (head, table) = text.split_at(at + 3);
    let mut out = format!("{head}\n  ");
    for (row, line) in table.trim_end_matches([']', ')']).split("], ").enumerate() {
        out.push_str(if row > 0 { "],\n  " } else { "" });
        for (at, number) in line.split(", ").enumerate() {
            out.push_str(match at {
                0 => "",
                at if at % 4 == 0 => ",\n  ",
                _ => ", ",
            });
            out.push_str(number);
        }
    }
    out.push_str(if names.len() > 1 { "]\n])" } else { "\n])" });
    out
}
