//! The damped map and its statistics against what is known exactly.
//!
//! First without any compiled kernel: a harmonic well driven by white noise is an AR(2) process, of
//! which every moment and correlation is known in closed form, and it feeds the same statistics as
//! real trajectories. Then the map itself, where some facts are exact and the others are those of
//! the well.

#[path = "support/runs.rs"]
mod runs;
#[path = "support/sampling.rs"]
mod sampling;
#[path = "map/several.rs"]
mod several;
#[path = "map/statistics.rs"]
mod statistics;
#[path = "map/trajectories.rs"]
mod trajectories;
#[path = "support/well.rs"]
mod well;

use effpot_lang::learn::collect::Block;
use effpot_lang::learn::fit::{self, Fit, Temperature};
use effpot_lang::learn::scale;
use effpot_lang::stats::Moments;

/// The fits to the densities of x and of q.
fn densities(blocks: &[Block], delta: f64, gamma: f64, how: &fit::Settings) -> (Fit, Fit) {
    let momenta: Vec<Moments> = blocks.iter().map(|b| b.total(0).momentum()).collect();
    let x: Vec<_> = blocks
        .iter()
        .map(|b| b.binned.as_ref().unwrap().density.clone())
        .collect();
    let q: Vec<_> = blocks
        .iter()
        .map(|b| b.binned.as_ref().unwrap().whole_step.clone().unwrap())
        .collect();
    let corrected = Temperature::of_momenta(&momenta, |p2| scale::beta(delta, gamma, p2));
    let printed = Temperature::of_momenta(&momenta, |p2| 1.0 / p2);
    let density = fit::density(&x, &corrected, how).unwrap();
    (density, fit::paper(&q, &printed, how).unwrap())
}

/// The curvature of the parabola nearest to U, weighted by density, and its standard error.
fn curvature(fit: &Fit) -> (f64, f64) {
    let basis = |x: f64| vec![1.0, x, 0.5 * x * x];
    let (found, errors) = sampling::project(fit, 1e-4, &basis);
    (found[2], errors[2])
}
