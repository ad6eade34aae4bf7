//! Known answers from synthetic, independent samples.

use super::*;
use crate::learn::banded::Banded;
use crate::stats::{BinnedSums, Grid, Histogram, Moments};
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
        let mut sums = BinnedSums::new(grid, 1);
        for _ in 0..each {
            let x = sigma * normal(&mut rng);
            sums.add(&[x], &[y(x) + noise * normal(&mut rng)]);
        }
        sums
    };
    (0..blocks).map(|_| block()).collect()
}

// The same with x uniform over the grid.
fn uniform(
    grid: Grid,
    (blocks, each): (usize, usize),
    noise: f64,
    seed: u64,
    y: impl Fn(f64) -> f64,
) -> Vec<BinnedSums> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut block = || {
        let mut sums = BinnedSums::new(grid, 1);
        for _ in 0..each {
            let x = grid.lo() + (grid.hi() - grid.lo()) * rng.random::<f64>();
            sums.add(&[x], &[y(x) + noise * normal(&mut rng)]);
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

fn settings() -> Settings<'static> {
    Settings::new(1.2)
}

// The density-weighted rms of the error of U and of U' over covered bins (outside them U
// continues linearly, which no test here is about).
fn rms(fit: &Fit, u: impl Fn(f64) -> f64, du: impl Fn(f64) -> f64) -> (f64, f64) {
    let bins = || {
        let all = fit.mesh.axes()[0]
            .grid
            .centres()
            .into_iter()
            .zip(&fit.density);
        all.filter(|(x, _)| fit.covers(&[*x]))
    };
    let mass: f64 = bins().map(|(_, p)| p).sum();
    let offset: f64 = bins()
        .map(|(x, p)| p * (fit.value(&[x]) - u(x)) / mass)
        .sum();
    let (mut value, mut force) = (0.0, 0.0);
    for (x, p) in bins() {
        value += p * (fit.value(&[x]) - u(x) - offset).powi(2);
        force += p * (fit.slope(&[x], 0) - du(x)).powi(2);
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
    assert!(force.s2() < width * width / 4.0);
}

#[test]
fn noisy_forces_give_the_potential_and_the_noise() {
    let blocks = sample(grid(), (32, 4000), (1.5, 0.7), 2, |x| x);
    let result = force(&blocks, &settings()).unwrap();
    // s2 = 0.49 with relative standard error sqrt(2/128000) = 0.004; the bins add width^2/12.
    let expected = 0.49 + 0.075f64.powi(2) / 12.0;
    assert!((result.s2() - expected).abs() < 4.0 * 0.49 * 0.004);
    let own = result.s2_stderr / (0.49 * 0.00395);
    // From 32 blocks: relative error 1/sqrt(62) = 0.13.
    assert!((own - 1.0).abs() < 0.5, "{own}");
    // At most about 12 coefficients: rms of the slope <= 0.7 sqrt(12/128000) = 0.007; twice that.
    let (_, force_error) = rms(&result.fit, |x| 0.5 * x * x, |x| x);
    assert!(force_error < 0.014, "{force_error}");
    let middle = result.s2_by_bin()[80];
    assert!((middle - expected).abs() < 0.15, "{middle}");
}

#[test]
fn a_normal_density_gives_its_parabola() {
    let beta = 0.5;
    let blocks = sample(grid(), (32, 8000), (1.4, 0.0), 3, |_| 0.0);
    let fit = density(&histograms(&blocks), &Temperature::known(beta), &settings()).unwrap();
    let u = |x: f64| 0.5 * x * x / (1.4 * 1.4 * beta);
    let (error, _) = rms(&fit, u, |x| x / (1.4 * 1.4 * beta));
    // With k coefficients the expected square error of a log-density is k/N, k <= 12.
    let expected = (12.0f64 / 256_000.0).sqrt() / beta;
    assert!(error < 2.0 * expected, "{error} {expected}");
    assert!(fit.median_stderr() < 2.0 * expected);
    let same = paper(&histograms(&blocks), &Temperature::known(beta), &settings()).unwrap();
    assert_eq!(same.spline, fit.spline);
    assert_eq!(same.estimator, Estimator::Paper);
}

const SEEDS: u64 = 120;

// The share of points within two standard errors, over seeds.
fn coverage(run: impl Fn(u64) -> (Fit, Vec<f64>)) -> f64 {
    let (mut inside, mut all) = (0.0, 0.0);
    for seed in 0..SEEDS {
        let (fit, truth) = run(seed);
        let centres = fit.mesh.axes()[0].grid.centres();
        let mean: f64 = truth.iter().zip(&fit.density).map(|(u, p)| u * p).sum();
        for (x, u) in centres.iter().zip(truth).filter(|(x, _)| x.abs() < 3.0) {
            let error = (fit.value(&[*x]) - u + mean).abs();
            inside += f64::from(error < 2.0 * fit.value_stderr(&[*x]));
            all += 1.0;
        }
    }
    inside / all
}

#[test]
fn two_standard_errors_hold_the_truth_as_often_as_they_should() {
    let grid = Grid::over(-6.0, 6.0, 80).unwrap();
    // Two standard errors from 32 blocks hold 94.6 % (Student). Errors of one seed go together,
    // about two independent ones each, so the share has a standard error of 0.014.
    let u = |x: f64| 0.5 * x * x + 0.3 * (1.2 * x).sin();
    let truth = || grid.centres().into_iter().map(u).collect::<Vec<f64>>();
    let regression = coverage(|seed| {
        let slope = |x: f64| x + 0.36 * (1.2 * x).cos();
        let blocks = sample(grid, (32, 400), (1.3, 0.7), seed, slope);
        (force(&blocks, &Settings::new(0.9)).unwrap().fit, truth())
    });
    let values = coverage(|seed| {
        let blocks = sample(grid, (32, 400), (1.3, 0.3), seed, u);
        (value(&blocks, &Settings::new(0.9)).unwrap(), truth())
    });
    let parabola = || {
        grid.centres()
            .into_iter()
            .map(|x| 0.5 * x * x / 1.69)
            .collect()
    };
    let densities = coverage(|seed| {
        let blocks = sample(grid, (32, 400), (1.3, 0.0), seed, |_| 0.0);
        let fit = density(
            &histograms(&blocks),
            &Temperature::known(1.0),
            &Settings::new(0.9),
        )
        .unwrap();
        (fit, parabola())
    });
    for share in [regression, values, densities] {
        assert!(
            (0.90..=0.99).contains(&share),
            "force {regression}, value {values}, density {densities}"
        );
    }
}

// The amplitudes of sin(k x) and cos(k x) in U away from the ends: regression on 1, x, x^2 and both
// waves with the density as weight.
fn amplitudes(fit: &Fit, k: f64) -> (f64, f64) {
    let mut matrix = Banded::zero(5, 4);
    let mut side = vec![0.0; 5];
    let inner = |x: &f64| x.abs() < 0.6 * fit.mesh.axes()[0].grid.hi();
    let bins = fit.mesh.axes()[0]
        .grid
        .centres()
        .into_iter()
        .zip(&fit.density);
    for (x, p) in bins.filter(|(x, _)| inner(x)) {
        let (sin, cos) = (k * x).sin_cos();
        let row = [1.0, x, x * x, sin, cos];
        matrix.add_outer(0, &row, *p);
        for (s, r) in side.iter_mut().zip(row) {
            *s += p * r * fit.value(&[x]);
        }
    }
    let solution = matrix.cholesky().unwrap().solve(&side);
    (solution[3], solution[4])
}

// What the projection on splines of a degree leaves of a wave, averaged over its phase:
// 1/sum_m (u/(u + pi m))^(2 degree + 2) with u = k h/2, from the transform of the basis.
fn projection(kh: f64, degree: i32) -> f64 {
    let u = 0.5 * kh;
    let copy = |m: i32| (u / (u + PI * f64::from(m))).powi(2 * degree + 2);
    1.0 / (-40..=40).map(copy).sum::<f64>()
}

#[test]
fn the_regressions_have_the_transfer_of_a_projection() {
    // V = x^2/2 + A sin(k x + phase), knots 1.5 lengths apart, and a uniform density, for which
    // the transfer is known. The mean over two phases that differ by a quarter of a wave is that
    // over all phases; what waves leak into each other over the 23 units that are looked at is
    // about 1/(23 k), at most 0.02 where there is an alias to leak.
    let (a, length) = (0.2, 0.8);
    let grid = Grid::over(-19.2, 19.2, 512).unwrap();
    let settings = Settings::new(1.5 * length);
    for kl in [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0] {
        let k = kl / length;
        let of_value = |phase: f64| {
            let v = |x: f64| 0.5 * x * x + a * (k * x + phase).sin();
            let blocks = uniform(grid, (16, 20_000), 0.02, 5, v);
            amplitudes(&value(&blocks, &settings).unwrap(), k)
        };
        let of_force = |phase: f64| {
            let slope = |x: f64| x + a * k * (k * x + phase).cos();
            let blocks = uniform(grid, (16, 20_000), 0.02, 6, slope);
            amplitudes(&force(&blocks, &settings).unwrap().fit, k)
        };
        let mean = |f: &dyn Fn(f64) -> (f64, f64)| (f(0.0).0 + f(0.5 * PI).1) / (2.0 * a);
        let (value, force) = (mean(&of_value), mean(&of_force));
        let (cubic, quadratic) = (projection(1.5 * kl, 3), projection(1.5 * kl, 2));
        assert!((value - cubic).abs() < 0.02, "{kl}: {value} {cubic}");
        assert!(
            (force - quadratic).abs() < 0.02,
            "{kl}: {force} {quadratic}"
        );
    }
}

#[test]
fn the_density_has_the_transfer_of_its_samples() {
    // Samples of exp(-x^2/2 - A sin(k x)) by rejection: the density of x keeps the wave whole as
    // long as the knots resolve it, so that R_x enters by the map alone.
    let (a, k) = (0.2, 2.0);
    let grid = grid();
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut block = || {
        let mut histogram = Histogram::new(grid);
        while histogram.total() < 20_000 {
            for _ in 0..4_000 {
                let x = normal(&mut rng);
                if rng.random::<f64>() < (-a * ((k * x).sin() + 1.0)).exp() {
                    histogram.add(&[x]);
                }
            }
        }
        histogram
    };
    let blocks: Vec<Histogram> = (0..16).map(|_| block()).collect();
    let fit = density(&blocks, &Temperature::known(1.0), &Settings::new(0.6)).unwrap();
    // The error of an amplitude is about sqrt(2/N) = 0.0025 of beta; four of them.
    let (sin, cos) = amplitudes(&fit, k);
    assert!((sin - a).abs() < 0.01 && cos.abs() < 0.01, "{sin} {cos}");
}

#[test]
fn a_temperature_without_each_block_is_its_own_mean() {
    let blocks: Vec<Moments> = [[1.0, -1.0], [2.0, -2.0], [3.0, -3.0]]
        .iter()
        .map(|block| Moments::of(block))
        .collect();
    let temperature = Temperature::of_momenta(&blocks, |p| 1.0 / p);
    assert!((temperature.beta - 3.0 / 14.0).abs() < 1e-15);
    for (got, squares) in temperature.without.iter().zip([6.5, 5.0, 2.5]) {
        assert!((got * squares - 1.0).abs() < 1e-14);
    }
}

#[test]
fn what_cannot_be_fitted_is_an_error() {
    let good = sample(grid(), (4, 500), (1.0, 0.1), 9, |x| x);
    let s = settings();
    let empty = BinnedSums::new(grid(), 1);
    assert_eq!(
        value::<BinnedSums>(&[], &s).err(),
        Some(FitError::TooFewBlocks { found: 0 })
    );
    let few = Some(FitError::TooFewBlocks { found: 1 });
    assert_eq!(value(&good[..1], &s).err(), few);
    assert_eq!(value(&[good[0].clone(), empty.clone()], &s).err(), few);
    let known = Temperature::known;
    assert_eq!(density(&histograms(&good[..1]), &known(1.0), &s).err(), few);
    // All in one bin, or too few in any cell.
    let mut one = empty.clone();
    (0..100).for_each(|_| one.add(&[0.01], &[1.0]));
    let pair = [one.clone(), one];
    let bins = |found, needed| Some(FitError::TooFewBins { found, needed });
    assert_eq!(value(&pair, &s).err(), bins(1, 3));
    assert_eq!(force(&pair, &s).err(), bins(1, 2));
    assert_eq!(
        density(&histograms(&pair), &known(1.0), &s).err(),
        bins(1, 3)
    );
    let strict = Settings {
        minimum_count: 1_000_000,
        ..s
    };
    assert_eq!(value(&good, &strict).err(), bins(0, 3));
    // Broken numbers.
    for spacing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            value(&good, &Settings::new(spacing)),
            Err(FitError::BadSetting { .. })
        ));
    }
    for beta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(density(&histograms(&good), &known(beta), &s).is_err());
    }
    let mut huge = empty.clone();
    (0..40).for_each(|i| huge.add(&[f64::from(i) * 0.1 - 2.0], &[1e300]));
    assert_eq!(
        value(&[huge.clone(), huge], &s).err(),
        Some(FitError::NotFinite)
    );
    let other = BinnedSums::new(Grid::over(0.0, 1.0, 10).unwrap(), 1);
    let mut other = [other.clone(), other];
    other.iter_mut().for_each(|o| o.add(&[0.5], &[1.0]));
    let mixed = [good[0].clone(), other[0].clone()];
    assert_eq!(value(&mixed, &s).err(), Some(FitError::GridMismatch));
    assert!(density(&histograms(&mixed), &known(1.0), &s).is_err());
    // Extreme settings still give a fit: one cell for all, no fold, one bin a cell.
    for spacing in [1e-300, 0.01, 1e300] {
        let odd = Settings {
            folds: 0,
            ..Settings::new(spacing)
        };
        assert!(value(&good, &odd).is_ok() && force(&good, &odd).is_ok());
        assert!(density(&histograms(&good), &known(1.0), &odd).is_ok());
    }
}

#[test]
fn a_gap_is_bridged_and_told() {
    // Two clouds of samples of a parabola, with nothing between -1.2 and 1.2.
    let mut blocks = sample(grid(), (8, 4000), (0.3, 0.1), 12, |_| 0.0);
    for (i, block) in blocks.iter_mut().enumerate() {
        *block = BinnedSums::new(grid(), 1);
        let mut rng = ChaCha8Rng::seed_from_u64(i as u64);
        for _ in 0..4000 {
            let x = 1.3 + rng.random::<f64>();
            let x = if rng.random::<bool>() { x } else { -x };
            block.add(&[x], &[0.5 * x * x + 0.1 * normal(&mut rng)]);
        }
    }
    let fit = value(&blocks, &settings()).unwrap();
    assert!(fit.is_disconnected() && !fit.covers(&[0.0]) && fit.covers(&[2.0]));
    assert_eq!(fit.intervals(0).len(), 2);
    // Third differences carry the parabola across: its error at 0 is that of a least-squares
    // parabola through 32000 points of noise 0.1, about 0.1 * 3/sqrt(32000) = 0.002; and bins.
    let bridge = fit.value(&[2.0]) - fit.value(&[0.0]);
    assert!((bridge - 2.0).abs() < 0.02, "{bridge}");
    let counts = density(&histograms(&blocks), &Temperature::known(1.0), &settings());
    assert!(counts.unwrap().value(&[0.0]).is_finite());
}
