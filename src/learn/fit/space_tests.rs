//! Three coordinates, and what is the same in any number of them.

use super::regression::{Kind, regress};
use super::*;
use crate::stats::{BinnedSums, Grid, Mesh, MeshAxis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

fn axis(reach: f64, bins: usize, periodic: bool) -> MeshAxis {
    let grid = Grid::over(-reach, reach, bins).unwrap();
    MeshAxis { grid, periodic }
}

// Blocks with `side` samples along each axis of every bin, equally spaced and filling it.
fn filled(mesh: &Mesh, side: usize, y: impl Fn(&[f64]) -> Vec<f64>) -> Vec<BinnedSums> {
    let d = mesh.dimension();
    let mut sums = BinnedSums::new(mesh.clone(), y(&mesh.centre(0)).len());
    for bin in 0..mesh.bins() {
        let centre = mesh.centre(bin);
        for point in 0..side.pow(d as u32) {
            let x: Vec<f64> = (0..d)
                .map(|k| {
                    let i = point / side.pow(k as u32) % side;
                    let u = (i as f64 + 0.5) / side as f64 - 0.5;
                    centre[k] + mesh.axes()[k].grid.width() * u
                })
                .collect();
            sums.add(&x, &y(&x));
        }
    }
    vec![sums.clone(), sums]
}

#[test]
fn means_over_bins_are_no_bias() {
    // On rings of cells of width h = 1, one wave along each axis, from means over bins of width w
    // and from values at their centres. Without a correction means lack (k w)^2/24 of the wave.
    for (d, cells, side) in [(1, 12, 64), (2, 12, 8), (3, 8, 5)] {
        let k = TAU / cells as f64;
        let waves = |x: &[f64]| x.iter().map(|x| (k * x + 0.3).sin()).sum::<f64>();
        for bins in [2, 3] {
            let axes = vec![axis(0.5 * cells as f64, cells * bins, true); d];
            let mesh = Mesh::new(axes).unwrap();
            let means = filled(&mesh, side, |x| vec![waves(x)]);
            // One sample a bin in every block: its position is known and nothing is corrected.
            let values = vec![filled(&mesh, 1, |x| vec![waves(x)])[0].clone(); 8];
            // The first without a factor in three coordinates.
            let fits = [(means, 1e6), (values, f64::INFINITY)].map(|(blocks, direct)| {
                let blocks: Vec<&BinnedSums> = blocks.iter().collect();
                let settings = Settings::new(1.0);
                regress(Kind::Value, &blocks, &settings, direct).unwrap().0
            });
            let difference = (0..mesh.bins()).map(|bin| {
                let x = mesh.centre(bin);
                (fits[0].value(&x) - fits[1].value(&x)).powi(2)
            });
            let difference = (difference.sum::<f64>() / mesh.bins() as f64).sqrt();
            let (lack, bins) = ((k / bins as f64).powi(2) / 24.0, bins as f64);
            // What is left: terms of fourth order; the projection on the spline, which sees means
            // and values aliased; the variance of equally spaced positions, 1/side^2 short where
            // 1/n is expected; and the least penalty against 8 samples a bin.
            let fourth = (k / bins).powi(4) / 1920.0;
            let alias = 2f64.sqrt() * (cells as f64).powi(-4);
            let (equal, drawn) = ((side as f64).powi(-2), (side as f64).powi(-(d as i32)));
            let penalty = LEAST_PENALTY * k.powi(6) / (8.0 * bins.powi(d as i32));
            let bound = fourth + alias + (equal - drawn).abs() * lack + penalty;
            let waves = (d as f64).sqrt();
            assert!(
                difference < waves * bound,
                "{d} {bins}: {difference:e} {bound:e}"
            );
            assert!(bound < 0.25 * lack);
        }
    }
}

#[test]
fn a_fit_that_nobody_wants_ends() {
    let mesh = Mesh::new(vec![axis(3.0, 12, false); 2]).unwrap();
    let blocks = filled(&mesh, 2, |x| vec![x[0] * x[1]]);
    let stop = AtomicBool::new(true);
    let settings = Settings {
        stop: Some(&stop),
        ..Settings::new(1.0)
    };
    assert_eq!(value(&blocks, &settings).err(), Some(FitError::Cancelled));
    stop.store(false, Ordering::Relaxed);
    assert!(value(&blocks, &settings).is_ok());
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (-2.0 * u.ln()).sqrt() * (TAU * v).cos()
}

// Blocks of samples of a normal density along two axes and an even one along a third, with noise.
fn drawn(
    mesh: &Mesh,
    (blocks, each): (usize, usize),
    y: impl Fn(&[f64; 3]) -> Vec<f64>,
    noise: f64,
) -> Vec<BinnedSums> {
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    let mut block = || {
        let mut sums = BinnedSums::new(mesh.clone(), y(&[0.0; 3]).len());
        for _ in 0..each {
            let angle = TAU * rng.random::<f64>();
            let x = [normal(&mut rng), normal(&mut rng), angle];
            let mut y = y(&x);
            y.iter_mut().for_each(|y| *y += noise * normal(&mut rng));
            sums.add(&x[..mesh.dimension()], &y);
        }
        sums
    };
    (0..blocks).map(|_| block()).collect()
}

fn well(x: &[f64; 3]) -> f64 {
    0.5 * x[0] * x[0]
        + 0.3 * (x[0] + 0.7 * x[1]).sin()
        + 0.4 * x[1] * x[1]
        + x[2].cos() * x[1].sin()
}

// Three axes, the last a ring, with two bins in each cell.
fn space(cells: usize) -> (Mesh, Settings<'static>) {
    let reach = 3.6;
    let plain = axis(reach, 2 * cells, false);
    let ring = MeshAxis {
        grid: Grid::over(0.0, TAU, 2 * cells).unwrap(),
        periodic: true,
    };
    let widths = [2.0 * reach, 2.0 * reach, TAU].map(|l| l / cells as f64);
    let mesh = Mesh::new(vec![plain, plain, ring]).unwrap();
    (mesh, Settings::by_axis(&widths))
}

#[test]
fn large_fits_are_those_with_a_factor() {
    let (mesh, settings) = space(7);
    let gradient = |x: &[f64; 3]| {
        let wave = 0.3 * (x[0] + 0.7 * x[1]).cos();
        let along = 0.7 * wave + 0.8 * x[1] + x[2].cos() * x[1].cos();
        vec![x[0] + wave, along, -x[2].sin() * x[1].sin()]
    };
    let values = drawn(&mesh, (16, 2000), |x| vec![well(x)], 0.2);
    let gradients = drawn(&mesh, (16, 2000), gradient, 0.5);
    for (kind, blocks) in [(Kind::Value, values), (Kind::Force, gradients)] {
        let blocks: Vec<&BinnedSums> = blocks.iter().collect();
        let fits = [f64::INFINITY, 1e6].map(|direct| {
            let (fit, _) = regress(kind, &blocks, &settings, direct).unwrap();
            fit
        });
        // Sums of folds with signs stand for the folds: at most one candidate away.
        let ratio = fits[0].smoothing / fits[1].smoothing;
        assert!((0.3..3.3).contains(&ratio), "{ratio}");
        let (mut apart, mut of_errors, mut all) = (0.0, 0.0, 0.0);
        for bin in (0..mesh.bins()).filter(|&bin| fits[0].density[bin] > 1e-4) {
            let x = mesh.centre(bin);
            let errors = [0, 1].map(|i| fits[i].value_stderr(&x));
            apart += ((fits[0].value(&x) - fits[1].value(&x)) / errors[0]).powi(2);
            of_errors += (errors[1] / errors[0]).ln();
            all += 1.0;
        }
        // A bin counts by its mean over all blocks, or by block: what they do not share is the
        // spread of positions in a bin, a part of a standard error. Errors are known to a part
        // 1/sqrt(30), and both have them from the same blocks.
        assert!((apart / all).sqrt() < 0.5, "{}", (apart / all).sqrt());
        assert!((of_errors / all).abs() < 0.1, "{}", of_errors / all);
    }
}

#[test]
fn differences_have_errors_of_their_own() {
    let (mesh, settings) = space(6);
    let blocks = drawn(&mesh, (16, 1000), |x| vec![well(x)], 0.5);
    let fit = value(&blocks, &settings).unwrap();
    let (a, b) = ([1.0, 0.5, 2.0], [-1.0, 0.0, 4.0]);
    assert_eq!(fit.difference_stderr(&a, &a), 0.0);
    let own = fit.difference_stderr(&a, &b);
    assert_eq!(own, fit.difference_stderr(&b, &a));
    let (of_a, of_b) = (fit.value_stderr(&a), fit.value_stderr(&b));
    assert!(own <= of_a + of_b && own >= (of_a - of_b).abs());
    let error = fit.value(&a) - fit.value(&b) - well(&a) + well(&b);
    // Four standard errors of 16 blocks: Student, 1e-3.
    assert!(error.abs() < 4.0 * own, "{error} {own}");
}

#[test]
fn two_standard_errors_hold_the_truth_in_space() {
    // As in a plane: 93.6 % (Student) for 16 blocks; some fifty independent errors a fit.
    let (mesh, settings) = space(9);
    let (mut inside, mut all) = (0.0, 0.0);
    let blocks = drawn(&mesh, (16, 4000), |x| vec![well(x)], 0.5);
    let fit = value(&blocks, &settings).unwrap();
    let density = |bin: usize| fit.density[bin];
    let truth = |bin: usize| {
        let x = mesh.centre(bin);
        well(&[x[0], x[1], x[2]])
    };
    let mean: f64 = (0..mesh.bins()).map(|b| truth(b) * density(b)).sum();
    for bin in 0..mesh.bins() {
        let x = mesh.centre(bin);
        if x[0] * x[0] + x[1] * x[1] < 2.0 {
            let error = (fit.value(&x) - truth(bin) + mean).abs();
            inside += f64::from(error < 2.0 * fit.value_stderr(&x));
            all += 1.0;
        }
    }
    assert!((0.85..=0.99).contains(&(inside / all)), "{}", inside / all);
}

#[test]
fn densities_in_space_are_for_few_cells() {
    let (mesh, settings) = space(16);
    let blocks = drawn(&mesh, (2, 20_000), |_| vec![0.0], 0.0);
    let blocks: Vec<_> = blocks.iter().map(BinnedSums::histogram).collect();
    let error = density(&blocks, &Temperature::known(1.0), &settings).err();
    assert!(matches!(error, Some(FitError::TooLarge { .. })));
}

#[test]
fn the_room_of_a_space_is_that_of_its_sparse_equations() {
    // 25 cells a side: 28^3 coefficients with 173 numbers each make 30 MB. A banded factor has 3 times
    // 28^2 numbers a coefficient, 0.4 GB.
    let mesh = Mesh::new(vec![axis(1.0, 50, false); 3]).unwrap();
    let needed = room(&Settings::new(0.08), &mesh, 16).unwrap() as f64;
    let matrix = 8.0 * 28f64.powi(3) * 173.0;
    assert!(
        needed > 10.0 * matrix && needed < 60.0 * matrix,
        "{needed:e}"
    );
}

#[test]
#[ignore = "a measurement: 25 cells a side, half a minute"]
fn a_space_of_25_cells_a_side() {
    let (mesh, settings) = space(25);
    let blocks = drawn(&mesh, (16, 40_000), |x| vec![well(x)], 0.2);
    let fit = value(&blocks, &settings).unwrap();
    assert!(fit.size() > 15_000);
    assert!(fit.median_stderr() < 0.01);
}
