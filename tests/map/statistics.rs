//! The statistics of a process that is known in closed form.

use effpot_lang::kernel::LANES;
use effpot_lang::learn::collect::{Block, LaneSums};
use effpot_lang::learn::{fit, scale};
use effpot_lang::stats::{
    Grid, Histogram, Moments, autocorrelation_time, batch_autocorrelation_time,
    effective_sample_size, lag_correlation, split_r_hat,
};

use crate::sampling::everything;
use crate::well::{self, Well};
use crate::{curvature, densities};

/// Test 1 of Li & Tao 2024: delta 0.5, gamma 0.1, a well of curvature 1.
const WELL: Well = Well {
    delta: 0.5,
    gamma: 0.1,
    s2: 1.0,
    curvature: 1.0,
};

fn total(blocks: &[Block]) -> LaneSums {
    let mut total = LaneSums::default();
    blocks.iter().for_each(|b| total.merge(&b.total(0)));
    total
}

/// The variance of what a histogram holds, less that of the width of its bins.
fn histogram_variance(blocks: &[Block], of: fn(&Block) -> &Histogram) -> f64 {
    let grid = *of(&blocks[0]).grid();
    let mut counts = vec![0; grid.bins()];
    for block in blocks {
        assert_eq!(of(block).below() + of(block).above(), 0);
        let more = of(block).counts();
        counts.iter_mut().zip(more).for_each(|(sum, n)| *sum += n);
    }
    let n: u64 = counts.iter().sum();
    let centres = grid.centres();
    let squares: f64 = counts
        .iter()
        .zip(&centres)
        .map(|(n, x)| *n as f64 * x * x)
        .sum();
    squares / n as f64 - grid.width().powi(2) / 12.0
}

#[test]
fn the_formulas_of_the_well_are_those_of_its_ar2_process() {
    for (delta, gamma, s2, curvature) in [
        (0.5, 0.1, 1.0, 1.0),
        (0.065, 0.05, 0.5, 1.0),
        (1.5, 2.0, 3.0, 0.4),
    ] {
        let well = Well {
            delta,
            gamma,
            s2,
            curvature,
        };
        let known = scale::harmonic(delta, gamma, s2, curvature).unwrap();
        // Differences of autocovariances cancel by up to 1e5 in the second case.
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(close(well.variance_x(), known.x), "{known:?}");
        assert!(close(well.variance_p(), known.p), "{known:?}");
        assert!(close(well.variance_q(), known.q), "{known:?}");
    }
}

/// 64 lanes of 60,000 steps. The mean of squares of a Gaussian series of n numbers has the relative
/// standard error `sqrt(2 sum rho^2/n)`, its skewness `sqrt(6 sum rho^3/n)`, its excess kurtosis
/// `sqrt(24 sum rho^4/n)`; four of them are allowed.
#[test]
fn the_statistics_of_a_well_driven_by_white_noise_are_exact() {
    let values = |x: &[f64], v: &mut [f64]| x.iter().zip(v).for_each(|(x, v)| *v = x * x / 2.0);
    let grid = Grid::over(-12.0, 12.0, 480).unwrap();
    let plan = everything(grid, WELL.variance_p().sqrt(), 7, &values);
    let (groups, segments, steps) = (4, 16, 3750);
    let blocks = WELL.blocks(&plan, groups, segments, steps, 11);
    let all = total(&blocks);
    let n = (LANES * groups * segments * steps) as f64;
    assert_eq!(all.count(), n);
    let error = |k: i32, factor: f64, series: &dyn Fn(usize) -> f64| {
        4.0 * (factor * well::two_sided(series, k) / n).sqrt()
    };
    let of_x = |lag| WELL.correlation_x(lag);
    let of_p = |lag| WELL.correlation_p(lag);
    let of_q = |lag| WELL.correlation_q(lag);
    let near = |found: f64, exact: f64, tolerance: f64, what: &str| {
        let off = found / exact - 1.0;
        println!("{what}: {off:+.5}, allowed {tolerance:.5}");
        assert!(off.abs() < tolerance, "{what}: {found} for {exact}");
    };
    let p2 = all.mean_square();
    near(p2, WELL.variance_p(), error(2, 2.0, &of_p), "E p^2");
    near(
        all.position().mean_square(),
        WELL.variance_x(),
        error(2, 2.0, &of_x),
        "E x^2",
    );
    let q2 = histogram_variance(&blocks, |b| {
        b.binned.as_ref().unwrap().whole_step.as_ref().unwrap()
    });
    near(q2, WELL.variance_q(), error(2, 2.0, &of_q), "E q^2");
    near(
        histogram_variance(&blocks, |b| &b.binned.as_ref().unwrap().density),
        WELL.variance_x(),
        error(2, 2.0, &of_x),
        "bins",
    );
    // x is exact with this temperature: kT = k E x^2.
    let kt = 1.0 / scale::beta(WELL.delta, WELL.gamma, p2);
    near(
        kt,
        WELL.curvature * WELL.variance_x(),
        error(2, 2.0, &of_p),
        "1/beta",
    );
    let (skewness, kurtosis) = all.shape();
    assert!(skewness.abs() < error(3, 6.0, &of_p), "{skewness}");
    assert!(kurtosis.abs() < error(4, 24.0, &of_p), "{kurtosis}");
    // The virial sum is (1 + c) P/2 but for what is at the two ends of a trajectory.
    let virial = all.mean_virial() / (0.5 * (1.0 + WELL.decay()) * p2);
    assert!((virial - 1.0).abs() < 1e-3, "{virial}");
    // V was evaluated at every seventh step of each block; it is exactly known at each point.
    let evaluated: u64 = blocks.iter().map(|b| b.value_evaluations).sum();
    let each = (segments * steps).div_ceil(7) as u64;
    assert_eq!(evaluated, each * (LANES * groups) as u64);
}

#[test]
fn fits_to_a_well_driven_by_white_noise_are_exact_within_their_errors() {
    let values = |x: &[f64], v: &mut [f64]| x.iter().zip(v).for_each(|(x, v)| *v = x * x / 2.0);
    let grid = Grid::over(-12.0, 12.0, 480).unwrap();
    let plan = everything(grid, WELL.variance_p().sqrt(), 7, &values);
    let blocks = WELL.blocks(&plan, 4, 16, 3750, 12);
    let how = fit::Settings::new(0.8);
    let forces: Vec<_> = blocks
        .iter()
        .map(|b| b.binned.as_ref().unwrap().force.clone())
        .collect();
    let force = fit::force(&forces, &how).unwrap();
    // 3.84e6 squares of independent normal numbers; bins add width^2/12 = 2e-4.
    let allowed = 4.0 * (2.0 / total(&blocks).count()).sqrt() + 3e-4;
    assert!(
        (force.s2() / WELL.s2 - 1.0).abs() < allowed,
        "{}",
        force.s2()
    );
    let (density, paper) = densities(&blocks, WELL.delta, WELL.gamma, &how);
    let exact = WELL.variance_p() / WELL.variance_q();
    for (fit, exact) in [(&force.fit, 1.0), (&density, 1.0), (&paper, exact)] {
        let (found, error) = curvature(fit);
        println!(
            "{:?}: {found:.4} +- {error:.4} for {exact:.4}",
            fit.estimator
        );
        assert!((found - exact).abs() < 4.0 * error && error < 0.01);
    }
}

#[test]
fn the_times_of_an_ar2_series_are_those_of_its_closed_form() {
    // Strong friction: no oscillation, so that the sum may be cut where it has converged.
    let still = Well { gamma: 3.0, ..WELL };
    let n = 400_000;
    let series = still.series(n, 3);
    let exact = still.time_x();
    let time = autocorrelation_time(&series).unwrap();
    // Sokal 1997: relative standard error sqrt(2 (2 W + 1)/n), W of five times; cut off beyond it
    // is a part exp(-5) of the sum.
    let allowed = 4.0 * (2.0 * (10.0 * exact + 1.0) / n as f64).sqrt() + 0.01;
    println!("time {time:.3} for {exact:.3}, allowed {allowed:.3}");
    assert!((time / exact - 1.0).abs() < allowed, "{time} for {exact}");
    assert_eq!(effective_sample_size(&series).unwrap(), n as f64 / time);
    // Bartlett: the error of a correlation is below sqrt(2 sum rho^2/n).
    let spread = (2.0 * well::two_sided(&|lag| still.correlation_x(lag), 2) / n as f64).sqrt();
    for lag in [1, 2, 5] {
        let found = lag_correlation(&series, lag).unwrap();
        assert!(
            (found - still.correlation_x(lag)).abs() < 4.0 * spread,
            "{lag}: {found}"
        );
    }
    // Weak friction: x oscillates and its means converge faster than those of independent numbers,
    // its squares slower. Batches see both, with the relative error sqrt(2/(b - 1)).
    let series = WELL.series(n, 4);
    let squares: Vec<f64> = series.iter().map(|x| x * x).collect();
    for (series, exact) in [
        (&series, WELL.time_x()),
        (&squares, well::two_sided(&|lag| WELL.correlation_x(lag), 2)),
    ] {
        let batches: Vec<Moments> = series.chunks(2000).map(Moments::of).collect();
        let time = batch_autocorrelation_time(&batches).unwrap();
        println!("batches: {time:.3} for {exact:.3}");
        assert!(
            (time / exact - 1.0).abs() < 4.0 * (2.0_f64 / 199.0).sqrt(),
            "{time} for {exact}"
        );
    }
}

#[test]
fn r_hat_tells_chains_that_agree_from_chains_that_do_not() {
    let (chains, length) = (64, 4000);
    let chain = |number: u64| WELL.series(length, 100 + number);
    let halves = |shift: f64| -> Vec<Moments> {
        (0..chains)
            .flat_map(|number| {
                let by = if number % 2 == 0 { shift } else { -shift };
                let series: Vec<f64> = chain(number).iter().map(|x| x + by).collect();
                [
                    Moments::of(&series[..length / 2]),
                    Moments::of(&series[length / 2..]),
                ]
            })
            .collect()
    };
    // Means of halves vary by time/length of the variance: R-hat - 1 is below 1e-3 either way.
    let same = split_r_hat(&halves(0.0)).unwrap();
    assert!((same - 1.0).abs() < 1e-3, "{same}");
    // Means at +-s: R-hat^2 = 1 + s^2/variance, within the error of the variance.
    let apart = split_r_hat(&halves(2.0)).unwrap();
    let exact = (1.0 + 4.0 / WELL.variance_x()).sqrt();
    assert!((apart / exact - 1.0).abs() < 0.03, "{apart} for {exact}");
}
