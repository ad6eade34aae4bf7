//! A finished run as curves: what figures, tables and arrays are made of.

use super::estimate::{Estimate, OnBins, binned};
use super::results::Learned;
use crate::report::arrays::{Array, Values};
use crate::report::curves::{Curves, Line, Reference};

/// Rows of `potential.csv` and points of curves, about.
const CURVE_POINTS: usize = 800;

/// The curves of figures and tables: on the centres of as many bins at a time as make the table
/// short.
pub(super) fn curves(learned: &Learned<'_>, bins: &OnBins) -> Curves {
    // An odd number of bins has a middle one.
    let stride = bins.len().div_ceil(CURVE_POINTS) | 1;
    let thin = |values: &[f64]| -> Vec<f64> {
        let rows = values.chunks_exact(stride);
        rows.map(|row| row[stride / 2]).collect()
    };
    let x = thin(&bins.sites.x);
    let potential = &learned.setup.potential;
    let mut curves = Curves {
        coordinate: learned.coordinate().to_owned(),
        potential: potential.model.name.clone(),
        length: learned.length,
        density: smooth_density(bins, stride),
        v: potential.curve(&x),
        dv: potential.slope(&x),
        ..Curves::default()
    };
    if let Some(first) = learned.primary() {
        let (u, du) = bins.sites.form(&first.form);
        (curves.u, curves.du) = (thin(&u), thin(&du));
        let errors = x.iter().map(|x| slope_error(first, *x));
        (curves.u_stderr, curves.du_stderr) = errors.unzip();
        let fit = first
            .fit
            .as_ref()
            .or(learned.force.as_ref().map(|f| &f.fit));
        curves.covered = x
            .iter()
            .map(|x| fit.is_some_and(|fit| fit.covers(&[*x])))
            .collect();
    }
    if let Some((name, (u, du))) = &learned.reference {
        let shift = mean_difference(&bins.density, u, learned, bins);
        curves.reference = Some(Reference {
            name: name.clone(),
            u: thin(u).iter().map(|u| u - shift).collect(),
            du: thin(du),
        });
    }
    curves.gibbs = gibbs(learned, &curves.u, &x);
    curves.fine = fine(learned, x[0], x[x.len() - 1], 4000);
    let (lo, hi) = zoom(learned, &curves, &x);
    curves.zoom = fine(learned, lo, hi, 1200);
    curves.x = x;
    curves
}

/// The standard errors of U and of its slope.
fn slope_error(estimate: &Estimate, x: f64) -> (f64, f64) {
    let (value, slopes) = estimate.stderr(&[x]);
    (value, slopes.first().copied().unwrap_or(f64::NAN))
}

/// What the reference is above U in the mean: its constant means nothing.
fn mean_difference(
    density: &[f64],
    reference: &[f64],
    learned: &Learned<'_>,
    bins: &OnBins,
) -> f64 {
    let Some(first) = learned.primary() else {
        return 0.0;
    };
    let (u, _) = bins.sites.form(&first.form);
    density
        .iter()
        .zip(reference.iter().zip(&u))
        .filter(|(density, _)| **density > 0.0)
        .map(|(density, (reference, u))| density * (reference - u))
        .sum()
}

/// The density per length, averaged over as many bins as are thinned out.
fn smooth_density(bins: &OnBins, stride: usize) -> Vec<f64> {
    let width = bins.width();
    bins.density
        .chunks_exact(stride)
        .map(|part| part.iter().sum::<f64>() / (part.len() as f64 * width))
        .collect()
}

/// `exp(-beta U)` of integral 1 over the curve.
fn gibbs(learned: &Learned<'_>, u: &[f64], x: &[f64]) -> Vec<f64> {
    if u.is_empty() || x.len() < 2 {
        return Vec::new();
    }
    let beta = 1.0 / learned.temperature;
    let lowest = u.iter().copied().fold(f64::INFINITY, f64::min);
    let weights: Vec<f64> = u.iter().map(|u| (beta * (lowest - u)).exp()).collect();
    let total = weights.iter().sum::<f64>() * (x[1] - x[0]);
    weights.iter().map(|w| w / total).collect()
}

fn fine(learned: &Learned<'_>, lo: f64, hi: f64, points: usize) -> Line {
    let step = (hi - lo) / (points - 1) as f64;
    let x: Vec<f64> = (0..points).map(|i| lo + step * i as f64).collect();
    let y = learned.setup.potential.curve(&x);
    Line { x, y }
}

/// A stretch around the lowest place of U that shows the smallest scale: a few of the shortest
/// waves that are known, or a part of the resolution length.
fn zoom(learned: &Learned<'_>, curves: &Curves, x: &[f64]) -> (f64, f64) {
    let lowest = curves
        .u
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(b.1))
        .map_or(learned.sample.survey.lowest[0], |(at, _)| x[at]);
    let shortest = learned
        .components
        .iter()
        .map(|c| c.wavenumber)
        .fold(0.0, f64::max);
    let width = if shortest > 0.0 {
        8.0 * std::f64::consts::TAU / shortest
    } else {
        learned.length / 10.0
    };
    (lowest - 0.5 * width, lowest + 0.5 * width)
}

/// What `samples.npz` holds: everything on the bin centres `x`, but for the last array.
pub(super) fn arrays(learned: &Learned<'_>, bins: &OnBins) -> Vec<Array> {
    let blocks = &learned.sample.blocks;
    let samples: u64 = binned(blocks).map(|b| b.density.total()).sum();
    let counts: Vec<u64> = bins
        .density
        .iter()
        .map(|share| (share * samples as f64).round() as u64)
        .collect();
    let potential = &learned.setup.potential;
    let mut arrays = vec![
        Array::line("x", &bins.sites.x),
        Array {
            name: "counts".to_owned(),
            shape: vec![counts.len()],
            values: Values::U64(counts),
        },
        Array::line("density", &smooth_density(bins, 1)),
        Array::line("V", &potential.curve(&bins.sites.x)),
        Array::line("dV", &potential.slope(&bins.sites.x)),
    ];
    if let Some(force) = &learned.force {
        arrays.push(Array::line("S", &bins.part(&force.s2_by_bin())));
    }
    let first = learned.primary().map(|first| first.estimator);
    for estimate in &learned.estimates {
        let name = |what: &str| match Some(estimate.estimator) == first {
            true => what.to_owned(),
            false => format!("{what}_{}", estimate.estimator.name()),
        };
        let (u, du) = bins.sites.form(&estimate.form);
        let (u_stderr, du_stderr): (Vec<f64>, Vec<f64>) = bins
            .sites
            .x
            .iter()
            .map(|x| slope_error(estimate, *x))
            .unzip();
        arrays.push(Array::line(name("U"), &u));
        arrays.push(Array::line(name("dU"), &du));
        arrays.push(Array::line(name("U_stderr"), &u_stderr));
        arrays.push(Array::line(name("dU_stderr"), &du_stderr));
    }
    let variances: Vec<f64> = blocks.iter().map(|b| b.total(0).mean_square()).collect();
    arrays.push(Array::line("p2_by_block", &variances));
    arrays
}
