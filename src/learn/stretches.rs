//! The force beyond that of U along one coordinate: its mean and its variance, stretch by stretch.

use crate::stats::{BinnedSums, block_error};

/// What the samples of a stretch of the coordinate show.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Stretch {
    /// The mean of `g(x) - U'(x)`, a force.
    pub residual: f64,
    /// Its standard error.
    pub residual_stderr: f64,
    /// `S(x)`, the mean of `(g(x) - U'(x))^2`, a force squared.
    pub variance: f64,
    /// Its standard error.
    pub variance_stderr: f64,
    /// How many samples there are.
    pub samples: u64,
}

/// Sums of one block over one stretch.
#[derive(Clone, Copy, Default)]
struct Sums {
    samples: u64,
    /// Weighted, as all that follows.
    count: f64,
    residual: f64,
    square: f64,
}

/// U' over a bin, as a straight line about its centre.
#[derive(Clone, Copy)]
struct Line {
    centre: f64,
    middle: f64,
    slope: f64,
    width: f64,
}

impl Line {
    /// Simpson's mean of `slope` over the bin, and how it grows.
    fn over(lo: f64, hi: f64, slope: &dyn Fn(&[f64]) -> Vec<f64>) -> Line {
        let centre = 0.5 * (lo + hi);
        let at = slope(&[lo, centre, hi]);
        Line {
            centre,
            middle: (at[0] + 4.0 * at[1] + at[2]) / 6.0,
            slope: (at[2] - at[0]) / (hi - lo),
            width: hi - lo,
        }
    }
}

/// Bins with their weights.
pub type Weighted = Vec<(usize, f64)>;

/// The residual force over `stretches` of the bins of gradients (one quantity, one coordinate), with
/// errors from the spread between blocks: a block longer than the memory of the map is independent
/// of the others. `slope` gives U' at points. Stretches that fewer than [`FEWEST`] blocks have seen
/// are left out, for there would be no error.
pub fn residuals(
    blocks: &[&BinnedSums],
    stretches: &[Weighted],
    slope: &dyn Fn(&[f64]) -> Vec<f64>,
) -> Vec<Option<Stretch>> {
    let Some(grid) = blocks.first().map(|block| block.mesh().axes()[0].grid) else {
        return vec![None; stretches.len()];
    };
    let line = |bin: usize| Line::over(grid.edge(bin), grid.edge(bin + 1), slope);
    let lines: Vec<Line> = (0..grid.bins()).map(line).collect();
    let one = |stretch: &Weighted| {
        let sums = blocks.iter().map(|block| sums(block, stretch, &lines));
        let sums: Vec<Sums> = sums.filter(|sums| sums.count > 0.0).collect();
        (sums.len() >= FEWEST).then(|| merged(&sums))
    };
    stretches.iter().map(one).collect()
}

/// Blocks that make an error, at least.
pub const FEWEST: usize = 4;

fn sums(block: &BinnedSums, stretch: &Weighted, lines: &[Line]) -> Sums {
    let mut sums = Sums::default();
    for (bin, weight) in stretch {
        let count = block.count(*bin) as f64;
        let Some(line) = lines.get(*bin).filter(|_| count > 0.0) else {
            continue;
        };
        let x = block.position(*bin, 0);
        let off = block.mean(*bin, 0) - line.middle - line.slope * (x - line.centre);
        // Within a bin U' varies too; positions are counted from their own mean, which takes one
        // of them away.
        let curved = (1.0 - 1.0 / count) * (line.slope * line.width).powi(2) / 12.0;
        let weight = weight * count;
        sums.samples += block.count(*bin);
        sums.count += weight;
        sums.residual += weight * off;
        sums.square += weight * (block.covariance(*bin, 0, 0) + off * off - curved);
    }
    sums
}

fn merged(sums: &[Sums]) -> Stretch {
    let total = |of: &dyn Fn(&Sums) -> f64| sums.iter().map(of).sum::<f64>();
    let count = total(&|s| s.count);
    let ratio = |of: &dyn Fn(&Sums) -> f64| {
        let mean = total(of) / count;
        let off = |s: &Sums| ((of(s) - s.count * mean) / count).powi(2);
        (mean, block_error(total(&off), sums.len()))
    };
    let (residual, residual_stderr) = ratio(&|s| s.residual);
    let (variance, variance_stderr) = ratio(&|s| s.square);
    Stretch {
        residual,
        residual_stderr,
        variance,
        variance_stderr,
        samples: sums.iter().map(|s| s.samples).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::Streams;
    use crate::stats::Grid;

    /// Forces `3 x + 0.2 + a(x) noise` against U' = 3 x: the residual is 0.2 everywhere and the
    /// variance `0.04 + a(x)^2`, both within their errors, which are those of the counts.
    #[test]
    fn a_known_noise_is_found_with_its_error() {
        let grid = Grid::over(-1.0, 1.0, 40).unwrap();
        let mut blocks = Vec::new();
        for number in 0..32 {
            let mut stream = Streams::new(3).stream(number);
            let mut block = BinnedSums::new(grid, 1);
            for _ in 0..2000 {
                let x = 2.0 * stream.uniform() - 1.0;
                let a = if x < 0.0 { 0.5 } else { 1.0 };
                block.add(&[x], &[3.0 * x + 0.2 + a * stream.normal()]);
            }
            blocks.push(block);
        }
        let slope = |x: &[f64]| x.iter().map(|x| 3.0 * x).collect();
        let blocks: Vec<&BinnedSums> = blocks.iter().collect();
        let even = |bins: std::ops::Range<usize>| bins.map(|bin| (bin, 1.0)).collect::<Weighted>();
        let found = residuals(&blocks, &[even(0..20), even(20..40), even(40..50)], &slope);
        assert_eq!(found[2], None, "nothing was seen beyond the grid");
        for (stretch, a) in found.iter().flatten().zip([0.5f64, 1.0]) {
            let n = stretch.samples as f64;
            let errors = [
                a / n.sqrt(),
                (2.0 * a.powi(4) + 4.0 * 0.04 * a * a).sqrt() / n.sqrt(),
            ];
            let off = (stretch.residual - 0.2).abs();
            assert!(off < 4.0 * errors[0], "{stretch:?}");
            let off = (stretch.variance - (0.04 + a * a)).abs();
            assert!(off < 4.0 * errors[1], "{stretch:?}");
            // The error of an error from 32 blocks is an eighth of it: four of these.
            for (found, known) in [stretch.residual_stderr, stretch.variance_stderr]
                .into_iter()
                .zip(errors)
            {
                assert!((found / known - 1.0).abs() < 0.5, "{found} {known}");
            }
        }
        // A stretch that three blocks have seen has no error worth the name.
        assert_eq!(residuals(&blocks[..3], &[even(0..20)], &slope), [None]);
    }
}
