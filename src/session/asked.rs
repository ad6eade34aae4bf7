//! Options as a result keeps them, and back.

use super::{Chosen, Estimator, Knots, NoiseSource, Options};
use crate::report::asked::Asked;

/// Options as data.
pub(super) fn asked(options: &Options) -> Asked {
    let names = |e: &Estimator| e.name().to_owned();
    Asked {
        delta: options.delta,
        automatic: options.automatic,
        resolve: options.resolve,
        gamma: options.gamma,
        friction: options.friction.clone(),
        mass: options.mass.clone(),
        estimators: options.estimators.iter().map(names).collect(),
        steps: options.steps,
        trajectories: options.trajectories.map(|n| n as u64),
        burn_in: options.burn_in,
        seed: options.seed,
        start: options.start.clone(),
        domain: options
            .domain
            .as_ref()
            .map(|sides| sides.iter().map(|(lo, hi)| [*lo, *hi]).collect()),
        cells: match options.knots {
            Some(Knots::Count(cells)) => Some(cells as u64),
            _ => None,
        },
        spacing: match options.knots {
            Some(Knots::Spacing(h)) => Some(h),
            _ => None,
        },
        restarts: options.restarts,
        target: options.target,
        compare: options.compare.clone(),
        kt: options.kt,
        terms: options.terms.as_ref().map(Chosen::names),
        noise: options.noise.map(|noise| noise.name().to_owned()),
    }
}

/// Options from data; a word that is not known is given back.
pub(super) fn options(asked: &Asked) -> Result<Options, String> {
    let estimator = |name: &String| Estimator::named(name).ok_or(format!("the estimator `{name}`"));
    let noise = |name: &String| NoiseSource::named(name).ok_or(format!("the noise `{name}`"));
    let cells = asked.cells.map(|cells| Knots::Count(cells as usize));
    Ok(Options {
        delta: asked.delta,
        automatic: asked.automatic,
        resolve: asked.resolve,
        gamma: asked.gamma,
        friction: asked.friction.clone(),
        mass: asked.mass.clone(),
        estimators: asked
            .estimators
            .iter()
            .map(estimator)
            .collect::<Result<_, _>>()?,
        steps: asked.steps,
        trajectories: asked.trajectories.map(|n| n as usize),
        burn_in: asked.burn_in,
        seed: asked.seed,
        start: asked.start.clone(),
        domain: asked
            .domain
            .as_ref()
            .map(|sides| sides.iter().map(|[lo, hi]| (*lo, *hi)).collect()),
        knots: cells.or(asked.spacing.map(Knots::Spacing)),
        restarts: asked.restarts,
        target: asked.target,
        compare: asked.compare.clone(),
        kt: asked.kt,
        terms: asked.terms.clone().map(Chosen::named),
        noise: asked.noise.as_ref().map(noise).transpose()?,
    })
}
