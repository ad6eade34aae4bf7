//! Known answers from synthetic, independent samples.

use super::*;
use crate::learn::transfer::survival_x;
use crate::stats::{BinnedSums, Grid, Histogram};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::PI;

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (-2.0 * u.ln()).sqrt() * (2.0 * PI * v).cos()
}

// `blocks` blocks of `each` samples (x, y(x) + noise) with x ~ N(0, sigma^2).
fn sample(
    grid: Grid,
    (blocks, each): (usize, usize),
    (sigma, noise): (f64, f64),
    seed: u64,
    y: impl Fn(f64) -> f64,
) -> Vec<BinnedSums> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut block = || {
        let mut sums = BinnedSums::new(grid);
        for _ in 0..each {
            let x = sigma * normal(&mut rng);
            sums.add(x, y(x) + noise * normal(&mut rng));
        }
        sums
    };
    (0..blocks).map(|_| block()).collect()
}

fn histograms(sums: &[BinnedSums]) -> Vec<Histogram> {
    sums.iter().map(BinnedSums::histogram).collect()
}

fn grid() -> Grid {
    Grid::over(-6.0, 6.0, 160).unwrap()
}

fn settings() -> Settings {
    Settings::new(1.2)
}

// The density-weighted rms of the error of U and of U', each over populated bins.
fn rms(fit: &Fit, u: impl Fn(f64) -> f64, du: impl Fn(f64) -> f64) -> (f64, f64) {
    let centres = fit.grid.centres();
    let mean: f64 = centres.iter().zip(&fit.density).map(|(x, p)| p * u(*x)).sum();
    let (mut value, mut force) = (0.0, 0.0);
    for (x, p) in centres.iter().zip(&fit.density) {
        value += p * (fit.value(*x) - u(*x) + mean).powi(2);
        force += p * (fit.slope(*x) - du(*x)).powi(2);
    }
    (value.sqrt(), force.sqrt())
}

#[test]
fn noiseless_parabolas_are_reproduced_by_both_regressions() {
    // A parabola costs no penalty. The bin mean of x^2/2 exceeds the value at the mean position
    // by half the variance within the bin: at most width^2/8 = 7e-4, where a bin holds two
    // samples. The slope is linear, so its bin mean is exact.
    let blocks = sample(grid(), (8, 5000), (1.0, 0.0), 1, |x| 0.5 * x * x - x);
    let fit = value(&blocks, &settings()).unwrap();
    let (error, _) = rms(&fit, |x| 0.5 * x * x - x, |x| x - 1.0);
    assert!(error < 7e-4, "{error}");
    let blocks = sample(grid(), (8, 5000), (1.0, 0.0), 1, |x| x - 1.0);
    let force = force(&blocks, &settings()).unwrap();
    let (value_error, force_error) = rms(&force.fit, |x| 0.5 * x * x - x, |x| x - 1.0);
    // Rounding, times the condition of the equations.
    assert!(value_error < 1e-8 && force_error < 1e-8, "{value_error}");
    // The bin variance of x itself is all that is left: width^2/12 within uniform bins.
    let width = grid().width();
    assert!(force.residual < width * width / 4.0);
}

#[test]
fn noisy_forces_give_the_potential_and_the_noise() {
    let blocks = sample(grid(), (32, 4000), (1.5, 0.7), 2, |x| x);
    let result = force(&blocks, &settings()).unwrap();
    // s2 = 0.49 with relative standard error sqrt(2/128000) = 0.004; the bins add width^2/12.
    let expected = 0.49 + 0.075f64.powi(2) / 12.0;
    assert!((result.residual - expected).abs() < 4.0 * 0.49 * 0.004);
    let own = result.residual_stderr / (0.49 * 0.00395);
    // From 32 blocks: relative error 1/sqrt(62) = 0.13.
    assert!((own - 1.0).abs() < 0.5, "{own}");
    // At most about 12 coefficients: rms of the slope <= 0.7 sqrt(12/128000) = 0.007; twice that.
    let (_, force_error) = rms(&result.fit, |x| 0.5 * x * x, |x| x);
    assert!(force_error < 0.014, "{force_error}");
    let middle = result.residual_by_bin[80];
    assert!((middle - expected).abs() < 0.15, "{middle}");
}

#[test]
fn a_normal_density_gives_its_parabola() {
    let beta = 0.5;
    let blocks = sample(grid(), (32, 8000), (1.4, 0.0), 3, |_| 0.0);
    let fit = density(&histograms(&blocks), beta, &settings()).unwrap();
    let u = |x: f64| 0.5 * x * x / (1.4 * 1.4 * beta);
    let (error, _) = rms(&fit, u, |x| x / (1.4 * 1.4 * beta));
    // With k coefficients the expected square error of a log-density is k/N, k <= 12.
    let expected = (12.0f64 / 256_000.0).sqrt() / beta;
    assert!(error < 2.0 * expected, "{error} {expected}");
    assert!(fit.median_stderr() < 2.0 * expected);
    let same = paper(&histograms(&blocks), 1.0 / beta, &settings()).unwrap();
    assert_eq!(same.spline, fit.spline);
    assert_eq!(same.estimator, Estimator::Paper);
}

// The share of points within two standard errors, over seeds, where bias is negligible.
fn coverage(run: impl Fn(u64) -> (Fit, Vec<f64>)) -> f64 {
    let (mut inside, mut all) = (0.0, 0.0);
    for seed in 0..40 {
        let (fit, truth) = run(seed);
        let centres = fit.grid.centres();
        let mean: f64 = truth.iter().zip(&fit.density).map(|(u, p)| u * p).sum();
        for (x, u) in centres.iter().zip(truth).filter(|(x, _)| x.abs() < 3.0) {
            let error = (fit.value(*x) - u + mean).abs();
            inside += f64::from(error < 2.0 * fit.value_stderr(*x));
            all += 1.0;
        }
    }
    inside / all
}

#[test]
fn two_standard_errors_hold_the_truth_as_often_as_they_should() {
    let grid = Grid::over(-6.0, 6.0, 80).unwrap();
    // A wave that the knots resolve, so that the truth is not free of penalty.
    let u = |x: f64| 0.5 * x * x + 0.3 * (1.2 * x).sin();
    let truth = || grid.centres().into_iter().map(u).collect::<Vec<f64>>();
    let regression = coverage(|seed| {
        let slope = |x: f64| x + 0.36 * (1.2 * x).cos();
        let blocks = sample(grid, (32, 400), (1.3, 0.7), seed, slope);
        (force(&blocks, &Settings::new(0.9)).unwrap().fit, truth())
    });
    assert!((0.90..=0.99).contains(&regression), "force {regression}");
    let values = coverage(|seed| {
        let blocks = sample(grid, (32, 400), (1.3, 0.3), seed, u);
        (value(&blocks, &Settings::new(0.9)).unwrap(), truth())
    });
    assert!((0.90..=0.99).contains(&values), "value {values}");
    let parabola = || grid.centres().into_iter().map(|x| 0.5 * x * x / 1.69).collect();
    let densities = coverage(|seed| {
        let blocks = sample(grid, (32, 400), (1.3, 0.0), seed, |_| 0.0);
        let fit = density(&histograms(&blocks), 1.0, &Settings::new(0.9)).unwrap();
        (fit, parabola())
    });
    assert!((0.90..=0.99).contains(&densities), "density {densities}");
}

// The amplitude of sin(k x) in U: regression on 1, x, x^2 and the wave with the density as
// weight. The banded solver takes the full matrix as a band.
fn amplitude(fit: &Fit, k: f64) -> f64 {
    let mut matrix = crate::learn::banded::Banded::zero(4, 3);
    let mut side = vec![0.0; 4];
    for (x, p) in fit.grid.centres().into_iter().zip(&fit.density) {
        let row = [1.0, x, x * x, (k * x).sin()];
        matrix.add_outer(0, &row, *p);
        for (s, r) in side.iter_mut().zip(row) {
            *s += p * r * fit.value(x);
        }
    }
    matrix.cholesky().unwrap().solve(&side)[3]
}

#[test]
fn each_estimator_has_its_transfer() {
    // V = x^2/2 + A sin(k x), with knots 1.5 lengths apart: long waves pass, short ones do not.
    let (a, length) = (0.2, 0.8);
    let grid = Grid::over(-8.0, 8.0, 320).unwrap();
    let settings = Settings::new(1.5 * length);
    let measured = |kl: f64| {
        let k = kl / length;
        let v = |x: f64| 0.5 * x * x + a * (k * x).sin();
        let blocks = sample(grid, (16, 20_000), (1.7, 0.02), 5, v);
        let of_value = amplitude(&value(&blocks, &settings).unwrap(), k) / a;
        let slope = |x: f64| x + a * k * (k * x).cos();
        let blocks = sample(grid, (16, 20_000), (1.7, 0.02), 6, slope);
        let of_force = amplitude(&force(&blocks, &settings).unwrap().fit, k) / a;
        (of_value, of_force)
    };
    for kl in [0.5, 1.0, 2.0, 3.0, 4.0] {
        let (value, force) = measured(kl);
        println!("k l = {kl}: value {value:.4}, force {force:.4}, R_x {:.4}", survival_x(kl));
    }
}
