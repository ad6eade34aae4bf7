//! Known answers in two coordinates and three, from synthetic, independent samples.

use super::*;
use crate::learn::banded::Banded;
use crate::learn::bspline::Space;
use crate::learn::stencil::Stencil;
use crate::learn::tensor::Tensor;
use crate::stats::{BinnedSums, Grid, Histogram, Mesh, MeshAxis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::PI;

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (-2.0 * u.ln()).sqrt() * (2.0 * PI * v).cos()
}

fn axis(reach: f64, bins: usize, periodic: bool) -> MeshAxis {
    let grid = Grid::over(-reach, reach, bins).unwrap();
    MeshAxis { grid, periodic }
}

fn plane(reach: f64, bins: usize) -> Mesh {
    Mesh::new(vec![axis(reach, bins, false); 2]).unwrap()
}

fn torus(bins: usize) -> Mesh {
    Mesh::new(vec![axis(PI, bins, true); 2]).unwrap()
}

// Two blocks with one sample at the centre of every bin: bin means are values, without error.
fn at_centres(mesh: &Mesh, y: impl Fn(&[f64]) -> Vec<f64>) -> Vec<BinnedSums> {
    let mut sums = BinnedSums::new(mesh.clone(), y(&mesh.centre(0)).len());
    for bin in 0..mesh.bins() {
        let x = mesh.centre(bin);
        sums.add(&x, &y(&x));
    }
    vec![sums.clone(), sums]
}

// Blocks of samples at positions that `x` draws, with values that `y` draws there.
fn sample(
    mesh: &Mesh,
    (blocks, each): (usize, usize),
    seed: u64,
    x: impl Fn(&mut ChaCha8Rng) -> [f64; 2],
    y: impl Fn(&[f64; 2], &mut ChaCha8Rng) -> Vec<f64>,
) -> Vec<BinnedSums> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let quantities = y(&[0.0; 2], &mut rng).len();
    let mut block = || {
        let mut sums = BinnedSums::new(mesh.clone(), quantities);
        for _ in 0..each {
            let at = x(&mut rng);
            sums.add(&at, &y(&at, &mut rng));
        }
        sums
    };
    (0..blocks).map(|_| block()).collect()
}

// A normal distribution with covariance [[1, 0.6], [0.6, 1]], whose inverse is
// [[1, -0.6], [-0.6, 1]]/0.64.
fn tilted(rng: &mut ChaCha8Rng) -> [f64; 2] {
    let (a, b) = (normal(rng), normal(rng));
    [a, 0.6 * a + 0.8 * b]
}

fn around(rng: &mut ChaCha8Rng) -> [f64; 2] {
    [0; 2].map(|_| PI * (2.0 * rng.random::<f64>() - 1.0))
}

// The rms over bins that are covered, weighted by density, of the error of U (less its mean) and
// of a component of its gradient.
fn rms(fit: &Fit, u: impl Fn(&[f64]) -> f64, du: impl Fn(&[f64], usize) -> f64) -> (f64, f64) {
    let d = fit.dimension();
    let bins: Vec<(f64, Vec<f64>)> = (0..fit.mesh.bins())
        .map(|bin| (fit.density[bin], fit.mesh.centre(bin)))
        .filter(|(_, x)| fit.covers(x))
        .collect();
    let mass: f64 = bins.iter().map(|(p, _)| p).sum();
    let average = |f: &dyn Fn(&[f64]) -> f64| bins.iter().map(|(p, x)| p * f(x) / mass).sum();
    let mean: f64 = average(&|x| fit.value(x) - u(x));
    let value: f64 = average(&|x| (fit.value(x) - u(x) - mean).powi(2));
    let force: f64 = average(&|x| {
        let slopes = (0..d).map(|k| (fit.slope(x, k) - du(x, k)).powi(2));
        slopes.sum::<f64>() / d as f64
    });
    (value.sqrt(), force.sqrt())
}

#[test]
fn quadratic_forms_cost_nothing() {
    // Without error in the data only rounding is left, times the condition of the equations.
    let u = |x: &[f64]| 1.0 + x[0] - 2.0 * x[1] + x[0] * x[1] + 0.5 * x[0] * x[0] - x[1] * x[1];
    let du = |x: &[f64], k: usize| [1.0 + x[1] + x[0], -2.0 + x[0] - 2.0 * x[1]][k];
    let mesh = Mesh::new(vec![axis(2.0, 32, false), axis(1.0, 20, false)]).unwrap();
    let settings = Settings::by_axis(&[0.5, 0.4]);
    let fit = value(&at_centres(&mesh, |x| vec![u(x)]), &settings).unwrap();
    assert_eq!(fit.size(), (8 + 3) * (5 + 3));
    let (of_value, of_force) = rms(&fit, u, du);
    assert!(of_value < 1e-9 && of_force < 1e-8, "{of_value} {of_force}");
    // Linear beyond the box, as the spline that is written down.
    for x in [[2.5, 0.3], [-2.2, 1.4], [0.7, -3.0], [1.0, 0.5]] {
        assert!((fit.value(&x) - fit.spline.at(&x)).abs() < 1e-12);
        let partial = fit.spline.partial(1).unwrap();
        assert!((fit.slope(&x, 1) - partial.at(&x)).abs() < 1e-11);
    }
    let gradients = at_centres(&mesh, |x| vec![du(x, 0), du(x, 1)]);
    let result = force(&gradients, &settings).unwrap();
    let (of_value, of_force) = rms(&result.fit, u, du);
    assert!(of_value < 1e-8 && of_force < 1e-8, "{of_value} {of_force}");
    assert!(result.s2() < 1e-14);
}

#[test]
fn three_coordinates_are_a_matter_of_size() {
    // A quadratic form in two coordinates, even along a third that is periodic.
    let u = |x: &[f64]| x[0] * x[0] - x[0] * x[2] + 0.3 * x[2];
    let du = |x: &[f64], k: usize| [2.0 * x[0] - x[2], 0.0, 0.3 - x[0]][k];
    let axes = vec![axis(1.0, 8, false), axis(PI, 12, true), axis(2.0, 8, false)];
    let mesh = Mesh::new(axes).unwrap();
    let settings = Settings::by_axis(&[0.5, PI / 2.0, 1.0]);
    let fit = value(&at_centres(&mesh, |x| vec![u(x)]), &settings).unwrap();
    assert_eq!(fit.size(), 7 * 4 * 7);
    let (of_value, of_force) = rms(&fit, u, du);
    assert!(of_value < 1e-9 && of_force < 1e-8, "{of_value} {of_force}");
    let gradients = at_centres(&mesh, |x| (0..3).map(|k| du(x, k)).collect());
    let result = force(&gradients, &settings).unwrap();
    let (of_value, of_force) = rms(&result.fit, u, du);
    assert!(of_value < 1e-8 && of_force < 1e-8, "{of_value} {of_force}");
}

#[test]
fn products_of_cubics_are_in_the_space() {
    // Least squares without a penalty on 6 by 5 cells of 3 by 3 points: rounding is left.
    let axes = [(6, -1.0, 0.5), (5, 0.0, 0.4)];
    let spaces = axes.map(|(cells, lo, h)| Space::new(lo, h, cells).unwrap());
    let tensor = Tensor::new(spaces.to_vec()).unwrap();
    let u = |x: f64, y: f64| (1.0 - x + x * x * x) * (2.0 + y * y - 0.5 * y * y * y);
    let mut matrix = Stencil::zero(&tensor);
    let mut side = vec![0.0; tensor.size()];
    for (i, j) in (0..18).flat_map(|i| (0..15).map(move |j| (i, j))) {
        let (x, y) = (
            -1.0 + (f64::from(i) + 0.5) / 6.0,
            (f64::from(j) + 0.5) * 0.4 / 3.0,
        );
        let row = tensor.row(&tensor.locals(&[x, y]), None);
        matrix.add(&row, 1.0);
        row.add_to(&mut side, u(x, y));
    }
    let factor = tensor.factor(&matrix, &tensor.penalty(), 0.0).unwrap();
    let spline = tensor.spline(&factor.solve(&[side])[0]).unwrap();
    for (x, y) in [(-0.99, 0.01), (0.3, 1.1), (1.99, 1.9), (0.0, 2.0)] {
        assert!((spline.at(&[x, y]) - u(x, y)).abs() < 1e-9);
    }
}

#[test]
fn two_standard_errors_hold_the_truth_as_often_as_they_should() {
    // Two standard errors from 16 blocks hold 93.6 % (Student). About ten independent errors a
    // fit, 30 fits: the share has a standard error of 0.014, and smoothing takes its part.
    let u = |x: &[f64]| 0.5 * x[0] * x[0] + 0.3 * (x[0] + 0.7 * x[1]).sin() + 0.4 * x[1] * x[1];
    let mesh = plane(5.0, 40);
    let (mut inside, mut all, mut of_slope) = (0.0, 0.0, 0.0);
    for seed in 0..30 {
        let y = |x: &[f64; 2], rng: &mut ChaCha8Rng| vec![u(x) + 0.5 * normal(rng)];
        let blocks = sample(&mesh, (16, 250), seed, tilted, y);
        let fit = value(&blocks, &Settings::new(1.25)).unwrap();
        let truth = |bin: usize| u(&mesh.centre(bin));
        let mean: f64 = (0..mesh.bins()).map(|b| truth(b) * fit.density[b]).sum();
        for bin in 0..mesh.bins() {
            let x = mesh.centre(bin);
            if x[0] * x[0] + x[1] * x[1] < 2.0 {
                let error = (fit.value(&x) - truth(bin) + mean).abs();
                inside += f64::from(error < 2.0 * fit.value_stderr(&x));
                let slope = x[0] + 0.3 * (x[0] + 0.7 * x[1]).cos();
                let error = (fit.slope(&x, 0) - slope).abs();
                of_slope += f64::from(error < 2.0 * fit.slope_stderr(&x, 0));
                all += 1.0;
            }
        }
    }
    let shares = [inside / all, of_slope / all];
    for share in shares {
        assert!((0.87..=0.985).contains(&share), "{shares:?}");
    }
}

#[test]
fn a_ring_has_no_seam() {
    let u = |x: &[f64; 2]| x[0].cos() + 0.5 * (x[0] - x[1]).sin();
    let mesh = torus(48);
    let settings = Settings::new(PI / 6.0);
    // The same samples, and those turned by four cells and by seven.
    let turned = |by: [f64; 2]| {
        let shift = by.map(|cells| cells * PI / 6.0);
        let x = |rng: &mut ChaCha8Rng| around(rng);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut block = || {
            let mut sums = BinnedSums::new(mesh.clone(), 1);
            for _ in 0..2000 {
                let at = x(&mut rng);
                let y = u(&at) + 0.2 * normal(&mut rng);
                sums.add(&[at[0] + shift[0], at[1] + shift[1]], &[y]);
            }
            sums
        };
        let blocks: Vec<BinnedSums> = (0..8).map(|_| block()).collect();
        value(&blocks, &settings).unwrap()
    };
    let (fit, other) = (turned([0.0, 0.0]), turned([4.0, 7.0]));
    assert_eq!(fit.size(), 144);
    for i in 0..40 {
        let y = 0.17 * f64::from(i) - 3.4;
        for (one, two) in [([-PI, y], [PI, y]), ([y, -PI], [y, PI])] {
            assert!((fit.value(&one) - fit.value(&two)).abs() < 1e-10);
            assert!((fit.spline.at(&one) - fit.spline.at(&two)).abs() < 1e-10);
            assert!((fit.value(&one) - fit.spline.at(&one)).abs() < 1e-10);
            for k in 0..2 {
                assert!((fit.slope(&one, k) - fit.slope(&two, k)).abs() < 1e-10);
            }
            assert!(fit.covers(&two));
        }
        // No place is special: turned samples give the turned potential. A sample may fall into
        // another bin by rounding.
        let (at, there) = ([0.3 * y, y], [0.3 * y + 4.0 * PI / 6.0, y + 7.0 * PI / 6.0]);
        assert!((fit.value(&at) - other.value(&there)).abs() < 1e-6);
        let errors = (fit.value_stderr(&at), other.value_stderr(&there));
        assert!((errors.0 / errors.1 - 1.0).abs() < 1e-3);
    }
    let (error, _) = rms(&fit, |x| u(&[x[0], x[1]]), |_, _| 0.0);
    // 144 coefficients at most, 16000 samples of noise 0.2, and a spline's error below 1e-3.
    assert!(error < 2.0 * 0.2 * (144.0f64 / 16_000.0).sqrt(), "{error}");
    // The constant: mean zero under the sampled density.
    let mean = |fit: &Fit| -> f64 {
        let bins = fit.density.iter().enumerate();
        bins.map(|(b, p)| p * fit.value(&mesh.centre(b))).sum()
    };
    assert!(mean(&fit).abs() < 1e-12);
}

#[test]
fn a_tilted_normal_density_gives_its_form() {
    let beta = 0.5;
    let blocks = sample(&plane(5.0, 40), (16, 6000), 3, tilted, |_, _| vec![0.0]);
    let histograms: Vec<Histogram> = blocks.iter().map(BinnedSums::histogram).collect();
    let fit = density(&histograms, &Temperature::known(beta), &Settings::new(1.0)).unwrap();
    let form = |x: &[f64]| (x[0] * x[0] - 1.2 * x[0] * x[1] + x[1] * x[1]) / (1.28 * beta);
    let slope = |x: &[f64], k: usize| (x[k] - 0.6 * x[1 - k]) / (0.64 * beta);
    let (error, _) = rms(&fit, form, slope);
    // With k coefficients the expected square error of a log-density is k/N: six of the form, and
    // as many again for what the penalty lets through. The bins take width^2/12 of a smallest
    // variance of 0.4 from a form whose rms is 1/beta: 0.013 of it.
    let expected = (12.0f64 / 96_000.0).sqrt() / beta;
    assert!(error < 2.0 * expected + 0.013 / beta, "{error} {expected}");
    assert!(fit.median_stderr() < 2.0 * expected);
}

#[test]
fn forces_agree_with_values_and_give_the_noise() {
    // Noise with covariance [[0.5, 0.2], [0.2, 0.3]].
    let u = |x: &[f64]| x[0].cos() + 0.5 * (x[0] - x[1]).sin();
    let du = |x: &[f64]| {
        let wave = 0.5 * (x[0] - x[1]).cos();
        [-x[0].sin() + wave, -wave]
    };
    let mesh = torus(48);
    let settings = Settings::new(PI / 6.0);
    let noisy = |x: &[f64; 2], rng: &mut ChaCha8Rng| {
        let (a, b) = (0.5f64.sqrt() * normal(rng), normal(rng));
        let [gx, gy] = du(x);
        vec![gx + a, gy + 0.4 * a + 0.22f64.sqrt() * b]
    };
    let result = force(&sample(&mesh, (16, 2000), 7, around, noisy), &settings).unwrap();
    let s = [0.5, 0.2, 0.2, 0.3];
    // Relative standard error of a variance sqrt(2/32000), 0.008, and of that from 16 blocks
    // 0.18. Bins add (U'')^2 width^2/12 <= 1.5^2 * 0.0014, and the 143 coefficients take 0.2 %.
    for (i, (got, want)) in result.covariance.iter().zip(s).enumerate() {
        assert!(
            (got - want).abs() < 4.0 * 0.008 * want.max(0.3) + 0.003,
            "{i}: {got}"
        );
        let own = result.covariance_stderr[i] / (want.max(0.3) * 0.0079);
        assert!((0.3..2.0).contains(&own), "{i}: {own}");
    }
    assert!((result.s2() - 0.4).abs() < 4.0 * result.s2_stderr + 0.003);
    let bin = mesh.index(&[0.1, 0.1]).unwrap();
    assert!(result.s2_by_bin()[bin] > 0.05);
    let clear = |x: &[f64; 2], rng: &mut ChaCha8Rng| vec![u(x) + 0.3 * normal(rng)];
    let other = value(&sample(&mesh, (16, 2000), 8, around, clear), &settings).unwrap();
    let (mut inside, mut all) = (0.0, 0.0);
    for bin in 0..mesh.bins() {
        let x = mesh.centre(bin);
        let (a, b) = (result.fit.value_stderr(&x), other.value_stderr(&x));
        let error = (result.fit.value(&x) - other.value(&x)).abs();
        inside += f64::from(error < 3.0 * a.hypot(b));
        all += 1.0;
    }
    // 99 % of three standard errors (Student, 15); about thirty independent ones.
    assert!(inside / all > 0.92, "{}", inside / all);
}

#[test]
fn gaps_and_strays_are_told() {
    // Samples on a ring of radius 2 to 3, and a few far away.
    let ring = |rng: &mut ChaCha8Rng| {
        let (r, a) = (2.0 + rng.random::<f64>(), 2.0 * PI * rng.random::<f64>());
        [r * a.cos(), r * a.sin()]
    };
    let u = |x: &[f64]| 0.5 * (x[0] * x[0] + x[1] * x[1]);
    let y = |x: &[f64; 2], rng: &mut ChaCha8Rng| vec![u(x) + 0.1 * normal(rng)];
    let mesh = plane(8.0, 64);
    let mut blocks = sample(&mesh, (8, 4000), 9, ring, y);
    (0..5).for_each(|_| blocks[0].add(&[7.5, 7.5], &[0.0]));
    let fit = value(&blocks, &Settings::new(1.0)).unwrap();
    assert_eq!(fit.domain(), [(-3.0, 3.0), (-3.0, 3.0)]);
    assert!(!fit.is_disconnected() && fit.covers(&[2.5, 0.0]));
    assert!(!fit.covers(&[0.0, 0.0]) && !fit.covers(&[7.5, 7.5]) && !fit.covers(&[1.0]));
    // The four cells in the middle lie within radius sqrt(2); every other cell of 6 by 6 meets
    // the ring but for the corners, which begin at radius sqrt(8).
    let fraction = fit.covered_fraction();
    assert!(
        (28.0 / 36.0..=32.0 / 36.0).contains(&fraction),
        "{fraction}"
    );
    let mask = fit.mask();
    assert_eq!(mask.len(), mesh.bins());
    assert_eq!(
        mask.iter().filter(|m| **m).count() as f64,
        fraction * 36.0 * 16.0
    );
    assert_eq!(fit.intervals(0), [(-3.0, 3.0)]);
    // A quadratic form costs nothing, so the gap is bridged by the right one, up to the error of
    // its six coefficients, 0.1 sqrt(6/32000) = 0.0014 at the ring, and V'' width^2/24 by axis.
    let bridge = fit.value(&[2.5, 0.0]) - fit.value(&[0.0, 0.0]);
    assert!((bridge - 3.125).abs() < 0.02, "{bridge}");
}

#[test]
fn what_does_not_fit_together_is_an_error() {
    let mesh = plane(2.0, 8);
    let one = at_centres(&mesh, |_| vec![1.0]);
    let two = at_centres(&mesh, |_| vec![1.0, 1.0]);
    let settings = Settings::new(1.0);
    assert!(value(&one, &settings).is_ok() && force(&two, &settings).is_ok());
    assert_eq!(force(&one, &settings).err(), Some(FitError::GridMismatch));
    assert_eq!(value(&two, &settings).err(), Some(FitError::GridMismatch));
    let bad = Settings::by_axis(&[1.0, f64::NAN]);
    assert!(matches!(
        value(&one, &bad),
        Err(FitError::BadSetting { .. })
    ));
    assert!(room(&bad, &mesh, 4).is_err());
    // All samples on a line say nothing across it.
    let mut line = BinnedSums::new(mesh.clone(), 1);
    (0..400).for_each(|i| line.add(&[0.01 * f64::from(i) - 2.0, 0.1], &[1.0]));
    let fit = value(&[line.clone(), line], &settings);
    assert!(fit.is_err() || fit.is_ok_and(|fit| fit.value(&[0.0, 0.1]).abs() < 1e-6));
}

#[test]
fn the_room_is_more_than_the_factor_takes() {
    let mesh = plane(4.0, 200);
    let settings = Settings::new(0.16);
    let spaces = vec![Space::new(-4.0, 0.16, 50).unwrap(); 2];
    let tensor = Tensor::new(spaces).unwrap();
    let factor = 8 * Banded::entries(tensor.size(), tensor.bandwidth()) as u64;
    let needed = room(&settings, &mesh, 16).unwrap();
    assert!(
        needed > factor && needed < 100 * factor,
        "{needed} {factor}"
    );
    // What cannot be made can still be measured.
    let huge = Mesh::new(vec![axis(1.0, 40_000, true); 3]).unwrap();
    assert!(room(&Settings::new(1e-4), &huge, 16).unwrap() > 1 << 50);
}
