//! Learning from a gradient that a closure computes, with noise in every call: what a simulation,
//! or a loss on random batches, has to offer. Nothing is known of the potential but its noisy
//! slope.
//!
//! `cargo run --release --example embed_gradient`

use std::sync::{Arc, Mutex};

use effpot_lang::dynamics::pointwise;
use effpot_lang::graph::Coordinate;
use effpot_lang::session::{Failure, Hooks, Options, Outcome, learn_gradient};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The standard deviation of the noise.
const NOISE: f64 = 0.5;

/// The large scale: two wells at -1 and 1.
fn large_scale(x: f64) -> f64 {
    0.25 * (x * x - 1.0).powi(2)
}

/// Two wells, a small scale whose force is as large as theirs, and noise.
fn learned() -> Result<Outcome, Failure> {
    let numbers = Mutex::new(ChaCha8Rng::seed_from_u64(1));
    let normal = move || {
        let mut numbers = numbers.lock().expect("nobody panics with the lock");
        let (u, v): (f64, f64) = (numbers.random(), numbers.random());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let gradient = pointwise(1, move |x, slope| {
        slope[0] = x[0].powi(3) - x[0] + (x[0] / 0.001).cos() + NOISE * normal();
    });
    let coordinate = Coordinate {
        name: "x".to_owned(),
        period: None,
    };
    let options = Options {
        delta: Some(0.2),
        gamma: Some(0.3),
        start: Some(vec![1.0]),
        steps: Some(400_000),
        ..Options::default()
    };
    let hooks = Hooks {
        progress: &|_| (),
        seconds: &|| 0.0,
        cancelled: &Default::default(),
    };
    learn_gradient(Arc::new(gradient), &[coordinate], options, &hooks)
}

pub fn main() {
    let outcome = match learned() {
        Ok(outcome) => outcome,
        Err(problem) => panic!("{problem:?}"),
    };
    let result = &outcome.result;
    println!("{}", result.equilibrium.verdict.words());
    let u = outcome.potential.expect("the run has a result");
    let error = result.effective_potential.stderr_median.unwrap_or(f64::NAN);
    println!("U(x) - U(1), with a standard error of about {error:.4}; the large scale beside it:");
    for i in -3..=3 {
        let x = 0.5 * f64::from(i);
        let exact = large_scale(x) - large_scale(1.0);
        println!("{x:5.1}  {:8.4}  {exact:8.4}", u.value(x) - u.value(1.0));
    }
    // The small scale's force has a variance of 1/2; that of the noise adds to it.
    if let Some(covariance) = &result.noise.covariance {
        let s = covariance[0][0] / result.settings.delta;
        println!(
            "S = {s:.3}, of which {:.3} is noise of the gradient",
            NOISE * NOISE
        );
    }
}
