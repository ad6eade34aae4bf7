//! Quantiles of samples beside those of a normal distribution.

use super::{Histogram, block_error, normal_cdf};

/// A quantile of what was seen beside that of a standard normal distribution.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Quantile {
    /// Of the normal distribution.
    pub normal: f64,
    /// Of the samples, in units of their standard deviation.
    pub seen: f64,
    /// What chance does to it where the samples are normal: from the spread between blocks.
    pub stderr: f64,
}

/// From one quantile to the next, in standard deviations, and how far they go.
const STEP: f64 = 0.2;
const MOST: i32 = 25;
/// Samples beyond a quantile, at least: fewer tell of themselves alone.
const RARE: f64 = 50.0;

/// The quantiles of what all blocks have seen, over `sigma`, on both sides as far as there are
/// samples beyond them. Blocks have one grid and are independent.
pub fn quantiles(blocks: &[&Histogram], sigma: f64) -> Vec<Quantile> {
    let Some(first) = blocks.first() else {
        return Vec::new();
    };
    let mut all = (*first).clone();
    for block in &blocks[1..] {
        if all.merge(block).is_err() {
            return Vec::new();
        }
    }
    let count = |h: &Histogram| (h.below() + h.total() + h.above()) as f64;
    let samples = count(&all);
    let parts: Vec<(f64, Vec<f64>)> = blocks.iter().map(|b| (count(b), below(b))).collect();
    let whole = below(&all);
    let one = |k: i32| {
        let z = STEP * f64::from(k);
        let share = normal_cdf(z);
        if samples * share.min(1.0 - share) < RARE {
            return None;
        }
        let target = share * samples;
        // The edge from which on there are more.
        let edge = whole.partition_point(|n| *n <= target);
        let (before, after) = (whole.get(edge.checked_sub(1)?)?, whole.get(edge)?);
        let part = (target - before) / (after - before);
        let grid = all.grid();
        let x = grid.edge(edge - 1) + part * grid.width();
        let off = parts.iter().map(|(n, below)| {
            let own = below[edge - 1] + part * (below[edge] - below[edge - 1]);
            ((own - n * share) / samples).powi(2)
        });
        let used = parts.iter().filter(|(n, _)| *n > 0.0).count();
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        Some(Quantile {
            normal: z,
            seen: x / sigma,
            stderr: block_error(off.sum(), used) / density,
        })
    };
    (-MOST..=MOST).filter_map(one).collect()
}

/// The samples below each edge.
fn below(histogram: &Histogram) -> Vec<f64> {
    let mut seen = histogram.below() as f64;
    let mut edges = vec![seen];
    for count in histogram.counts() {
        seen += *count as f64;
        edges.push(seen);
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Grid;

    /// Counts of exact shares: a normal law of width 2 lies on the diagonal, and one of heavy tails
    /// above it at the upper end and below at the lower. Equal blocks have no error; unequal ones
    /// have that of their shares.
    #[test]
    fn quantiles_of_known_laws() {
        let grid = Grid::over(-16.0, 16.0, 1024).unwrap();
        let counts = |cdf: &dyn Fn(f64) -> f64| {
            // So many that rounded counts make no tail.
            let n = 1e13;
            let count = |bin| n * (cdf(grid.edge(bin + 1)) - cdf(grid.edge(bin)));
            Histogram::from_counts(
                grid,
                (0..1024).map(|bin| count(bin).round() as u64).collect(),
            )
        };
        let normal = counts(&|x| normal_cdf(x / 2.0));
        let found = quantiles(&[&normal, &normal], 2.0);
        assert!(found.len() > 40, "so many samples reach beyond four sigma");
        for q in &found {
            assert!((q.seen - q.normal).abs() < 2e-3, "{q:?}");
            assert!(q.stderr < 1e-4, "{q:?}");
        }
        // The logistic law of the same variance.
        let scale = 2.0 * 3f64.sqrt() / std::f64::consts::PI;
        let heavy = counts(&|x| 1.0 / (1.0 + (-x / scale).exp()));
        let found = quantiles(&[&heavy, &heavy], 2.0);
        let at = |z: f64| found.iter().find(|q| (q.normal - z).abs() < 1e-9).unwrap();
        for z in [-3.0f64, 1.0, 3.0] {
            let share = normal_cdf(z);
            let exact = scale * (share / (1.0 - share)).ln() / 2.0;
            assert!((at(z).seen - exact).abs() < 1e-3, "{:?} {exact}", at(z));
        }
        // Two blocks shifted by -0.1 and 0.1 sigma: their means have an error of 0.1, widened for
        // two blocks.
        let shifted = [-0.2, 0.2].map(|by| counts(&|x| normal_cdf((x - by) / 2.0)));
        let found = quantiles(&[&shifted[0], &shifted[1]], 2.0);
        let middle = found.iter().find(|q| q.normal.abs() < 1e-9).unwrap();
        let known = block_error(2.0 * 0.05f64.powi(2), 2);
        assert!(
            (middle.stderr / known - 1.0).abs() < 0.01,
            "{middle:?} {known}"
        );
        assert!(quantiles(&[], 1.0).is_empty());
    }
}
