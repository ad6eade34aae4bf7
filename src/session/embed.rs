//! Learning from a gradient that the caller computes.

use std::sync::Arc;

use super::calibrate::{Calibrated, calibrate};
use super::job::{Origin, Setup, one};
use super::learn::run;
use super::resolve::chosen;
use super::{Estimator, Failure, Hooks, Options, Outcome, Potential};
use crate::diagnostic::Diagnostic;
use crate::dynamics::Gradient;
use crate::graph::Coordinate;

/// Coordinates in which a potential without a formula can be learned: splines need bins.
const MOST_COORDINATES: usize = 3;

/// Learns the effective potential of a gradient, as [`learn`](super::learn) does that of a formula;
/// there is one coordinate for each of the gradient's, with its name and its period.
///
/// Without values the estimator is `force` unless another is asked for, there are no rows
/// `identity` and `filter`, and V is not looked at before the first step: `options` must say where
/// it lives, with a start or a domain, and wells that no trajectory visits are not missed. A noisy
/// gradient (see [`Gradient`]) is learned in the mean, at a temperature that its noise adds to. The
/// result has no program and no parts of V that the scale removes.
///
/// # Errors
/// A setting is missing or does not go with the gradient: `no-delta`, `no-values`, `no-formula`,
/// `wrong-setting`, `many-coordinates`; or the run would not fit into memory.
pub fn learn_gradient(
    gradient: Arc<dyn Gradient>,
    coordinates: &[Coordinate],
    options: Options,
    hooks: &Hooks<'_>,
) -> Result<Outcome, Failure> {
    let begun = (hooks.seconds)();
    fits(gradient.as_ref(), coordinates).map_err(Failure::Usage)?;
    let potential = Potential::black_box(gradient, coordinates.to_vec());
    let options = with_estimator(options, &potential);
    can_do(&options, &potential).map_err(Failure::Usage)?;
    let (options, chosen) = chosen(&options, &potential, hooks).map_err(one)?;
    let settings = options.clone().resolve(coordinates);
    let settings = settings.map_err(|problem| Failure::Usage(problem.diagnostic))?;
    let Calibrated {
        settings,
        survey,
        noise,
    } = calibrate(&options, settings, &potential, hooks).map_err(one)?;
    let setup = Setup {
        potential,
        reference: None,
        terms: None,
        settings,
        survey,
        noise,
        chosen,
    };
    let origin = Origin {
        program: None,
        named: None,
        asked: None,
        command: "",
        threads: rayon::current_num_threads(),
    };
    run(&origin, &setup, begun, hooks)
}

/// Whether coordinates and gradient are as many, and not too many.
fn fits(gradient: &dyn Gradient, coordinates: &[Coordinate]) -> Result<(), Diagnostic> {
    let (d, named) = (gradient.dimension(), coordinates.len());
    if named != d || d == 0 {
        let message = format!("{named} coordinates are named, and the gradient has {d}");
        return Err(Diagnostic::error("wrong-setting", message));
    }
    if d > MOST_COORDINATES {
        let message = format!(
            "without a formula a potential is learned in {MOST_COORDINATES} coordinates at most; this one has {d}"
        );
        let help =
            "fix some of them, or write the potential as a program: `terms` works in any number";
        return Err(Diagnostic::error("many-coordinates", message).help(help));
    }
    Ok(())
}

fn with_estimator(mut options: Options, potential: &Potential) -> Options {
    if options.estimators.is_empty() && !potential.has_values() {
        options.estimators.push(Estimator::Force);
    }
    options
}

/// Whether all that is asked for can be had from what there is.
fn can_do(options: &Options, potential: &Potential) -> Result<(), Diagnostic> {
    if options.estimators.contains(&Estimator::Terms) {
        let message = "`terms` weighs the terms of a formula, and there is none";
        let help = "`force` learns from the gradient alone";
        return Err(Diagnostic::error("no-formula", message).help(help));
    }
    if options.compare.is_some() {
        let message = "there is no program with a function to compare with";
        return Err(Diagnostic::error("no-formula", message));
    }
    if potential.has_values() {
        return Ok(());
    }
    let needs = [Estimator::Value, Estimator::Filter];
    if let Some(estimator) = needs.iter().find(|e| options.estimators.contains(e)) {
        let message = format!(
            "`{}` needs values of the potential, and the gradient has none",
            estimator.name()
        );
        let help = "`force` needs none; or implement `Gradient::values`";
        return Err(Diagnostic::error("no-values", message).help(help));
    }
    if options.resolve.is_some() || options.automatic {
        let message =
            "a step is chosen by where the potential is low, and the gradient has no values";
        let help = "give a step; or implement `Gradient::values`";
        return Err(Diagnostic::error("no-values", message).help(help));
    }
    let mut coordinates = potential.model.coordinates.iter();
    let periodic = coordinates.all(|c| c.period.is_some());
    if options.start.is_none() && options.domain.is_none() && !periodic {
        let message = "the gradient has no values, so that nothing tells where the potential lives";
        let help = "say it with a start, or with a domain; or implement `Gradient::values`";
        return Err(Diagnostic::error("no-values", message).help(help));
    }
    Ok(())
}
