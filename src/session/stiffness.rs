//! What the spacing of knots costs: the error that no standard error knows of.

use std::sync::atomic::AtomicBool;

use super::Estimator;
use super::estimate::fit_of;
use super::results::Learned;
use crate::learn::fit::Fit;

/// A change this many times its variance is none of chance: there are about as many coefficients
/// more as there are cells, ten at least.
const BEYOND_CHANCE: f64 = 3.0;

/// The root mean square, over the samples, of what knots half as far apart would change U by, less
/// what chance changes; `None` where it is not told from chance. Where the spline cannot follow what is
/// kept of V it is off by that much and, where that is smooth, hardly more: the error of a cubic
/// spline falls by 16 from one to the other. Where finer knots would begin to follow what is to be
/// removed it is the share of that.
///
/// For `value` and `force` in one coordinate; in several, bins are too wide for finer knots.
pub(super) fn knots_matter(learned: &Learned<'_>, stop: &AtomicBool) -> Option<f64> {
    let (first, sample) = (learned.primary()?, learned.sample);
    let fit = first.fit.as_ref()?;
    let is_regression = matches!(first.estimator, Estimator::Value | Estimator::Force);
    if !is_regression || sample.spacing.len() != 1 {
        return None;
    }
    let half = [0.5 * sample.spacing[0]];
    let stop = sample.complete.then_some(stop);
    let settings = &learned.setup.settings;
    let finer = fit_of(first.estimator, &sample.blocks, &half, settings, stop).ok()?;
    let sites = learned.sites()?;
    // Where the finer one has too few samples it is a continuation, which says nothing.
    let both = |(x, weight): &(&f64, &f64)| **weight > 0.0 && finer.covers(&[**x]);
    let held = sites.x.iter().zip(&sites.weight).filter(both);
    let (x, weight): (Vec<f64>, Vec<f64>) = held.unzip();
    let (square, variance) = change(fit, &finer, &x, &weight)?;
    (square > BEYOND_CHANCE * variance).then(|| (square - variance).sqrt())
}

/// The mean square of the difference of two fits of the same blocks, and the part of it that is the
/// variance of that difference, by the jackknife. Both fits have mean zero over the samples, nearly.
fn change(fit: &Fit, finer: &Fit, x: &[f64], weight: &[f64]) -> Option<(f64, f64)> {
    let blocks = fit.blocks();
    if blocks < 2 || blocks != finer.blocks() {
        return None;
    }
    let off = x.iter().map(|x| finer.value(&[*x]) - fit.value(&[*x]));
    let off: Vec<f64> = off.collect();
    let (mut sum, mut squares) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    for block in 0..blocks {
        let (fit, finer) = (fit.without(block)?, finer.without(block)?);
        for (at, x) in x.iter().enumerate() {
            // What is subtracted keeps the sums of squares from losing their digits.
            let moved = finer.at(&[*x]) - fit.at(&[*x]) - off[at];
            sum[at] += moved;
            squares[at] += moved * moved;
        }
    }
    let n = blocks as f64;
    let variances = sum
        .iter()
        .zip(&squares)
        .map(|(s, q)| (n - 1.0) / n * (q - s * s / n));
    let total: f64 = weight.iter().sum();
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        values.zip(weight).map(|(v, w)| v * w).sum::<f64>() / total
    };
    let square = mean(&mut off.iter().map(|d| d * d));
    let variance = mean(&mut variances.into_iter());
    (square.is_finite() && variance.is_finite()).then_some((square, variance))
}
