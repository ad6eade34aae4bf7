//! How the unresolved force is correlated from step to step, and the noise that it amounts to.
//!
//! Li & Tao 2024, (3.4), take the unresolved force of successive steps as independent. Where the
//! small scales are only just chaotic it is not, and what acts like white noise over long times is
//! the sum over lags, `Z = delta (S_0 + sum_k (S_k + S_k^T))` with `S_k = E[r_n r_{n+k}^T]`.

use crate::dynamics::{Observer, Window};
use crate::kernel::LANES;
use crate::stats::block_error;

/// Fills slopes at many points (shapes: coordinates, points), on any thread.
pub type Slopes<'a> = &'a (dyn Fn(&[f64], &mut [f64]) + Sync);

/// Lags that are worth looking at: beyond them the unresolved force has forgotten.
pub const LAGS: usize = 8;

/// Sums of `r_n r_{n+k}^T` for lags k = 0, 1, ..., where `r` is the gradient less that of U, over
/// pairs of steps within one window of one committed lane.
pub struct Lags<'a> {
    /// The gradient of U.
    slopes: Slopes<'a>,
    lags: usize,
    /// One a lane: lanes are independent, however long they remember.
    blocks: Vec<Products>,
    x: Vec<f64>,
    u: Vec<f64>,
}

/// Sums over one lane.
#[derive(Clone, Debug)]
struct Products {
    /// Shape: lags + 1, d, d.
    sums: Vec<f64>,
    /// Pairs at each lag.
    counts: Vec<f64>,
}

impl<'a> Lags<'a> {
    /// Nothing seen yet; pairs up to `lags` steps apart will be.
    pub fn new(slopes: Slopes<'a>, lags: usize) -> Lags<'a> {
        Lags {
            slopes,
            lags,
            blocks: Vec::new(),
            x: Vec::new(),
            u: Vec::new(),
        }
    }

    /// The residuals of a window, in `u`. Shape: coordinates, steps, lanes.
    fn residuals(&mut self, window: &Window<'_>) {
        let (d, steps) = (window.dimension(), window.steps());
        self.x.clear();
        for c in 0..d {
            for step in 0..steps {
                self.x.extend_from_slice(window.positions(step, c));
            }
        }
        self.u.clear();
        self.u.resize(self.x.len(), f64::NAN);
        (self.slopes)(&self.x, &mut self.u);
        for c in 0..d {
            for step in 0..steps {
                let at = (c * steps + step) * LANES;
                let own = self.u[at..at + LANES].iter_mut();
                own.zip(window.gradients(step, c))
                    .for_each(|(u, g)| *u = g - *u);
            }
        }
    }
}

impl Observer for Lags<'_> {
    fn observe(&mut self, window: &Window<'_>) {
        let (d, steps) = (window.dimension(), window.steps());
        let empty = || Products {
            sums: vec![0.0; (self.lags + 1) * d * d],
            counts: vec![0.0; self.lags + 1],
        };
        self.blocks.resize_with(LANES, empty);
        self.residuals(window);
        let lanes = |lane: &usize| window.committed()[*lane];
        let row = |c: usize, step: usize| &self.u[(c * steps + step) * LANES..][..LANES];
        for k in 0..=self.lags.min(steps.saturating_sub(1)) {
            for lane in (0..LANES).filter(lanes) {
                self.blocks[lane].counts[k] += (steps - k) as f64;
            }
            for (i, j) in (0..d).flat_map(|i| (0..d).map(move |j| (i, j))) {
                let mut sums = [0.0; LANES];
                for step in 0..steps - k {
                    let pairs = row(i, step).iter().zip(row(j, step + k));
                    let own = sums.iter_mut().zip(pairs);
                    own.for_each(|(sum, (first, later))| *sum += first * later);
                }
                for lane in (0..LANES).filter(lanes) {
                    self.blocks[lane].sums[(k * d + i) * d + j] += sums[lane];
                }
            }
        }
    }
}

/// How the unresolved force is correlated over lags.
#[derive(Clone, PartialEq, Debug)]
pub struct Correlation {
    /// `S_k = E[r_n r_{n+k}^T]`, a force squared, for lags from 0. Shape: lags + 1, d, d.
    pub covariances: Vec<f64>,
    /// `Tr(S_1)/Tr(S_0)`, dimensionless.
    pub lag1: f64,
    /// Its standard error.
    pub lag1_stderr: f64,
    /// `Z = delta (S_0 + sum_k (S_k + S_k^T))`, a force squared times a time. Shape: d, d.
    pub z: Vec<f64>,
    /// Its standard errors. Shape: d, d.
    pub z_stderr: Vec<f64>,
}

/// What observers of independent groups have seen, with errors from the spread between lanes.
/// `None` where fewer than two of these hold pairs at every lag.
pub fn correlation(observers: &[Lags<'_>], delta: f64) -> Option<Correlation> {
    let blocks: Vec<&Products> = observers
        .iter()
        .flat_map(|observer| &observer.blocks)
        .filter(|block| block.counts.iter().all(|count| *count > 0.0))
        .collect();
    let first = blocks.first().filter(|_| blocks.len() > 1)?;
    let lags = first.counts.len();
    let size = first.sums.len() / lags;
    let d = size.isqrt();
    let counts: Vec<f64> = (0..lags)
        .map(|k| blocks.iter().map(|block| block.counts[k]).sum())
        .collect();
    let covariances: Vec<f64> = (0..lags * size)
        .map(|at| blocks.iter().map(|block| block.sums[at]).sum::<f64>() / counts[at / size])
        .collect();
    let trace = |s: &[f64], k: usize| -> f64 {
        let entries = s[k * size..(k + 1) * size].iter();
        entries.step_by(d + 1).sum()
    };
    // What a block adds to the means beyond its share: the linear part of every estimate of them.
    let beyond: Vec<Vec<f64>> = blocks
        .iter()
        .map(|block| {
            let entries = (0..lags * size).map(|at| {
                let k = at / size;
                (block.sums[at] - block.counts[k] * covariances[at]) / counts[k]
            });
            entries.collect()
        })
        .collect();
    let error = |of: &dyn Fn(&[f64]) -> f64| -> f64 {
        let squares: f64 = beyond.iter().map(|b| of(b).powi(2)).sum();
        block_error(squares, blocks.len())
    };
    let lag1 = trace(&covariances, 1.min(lags - 1)) / trace(&covariances, 0);
    let z = |s: &[f64], at: usize| -> f64 {
        let turned = at % d * d + at / d;
        let later = (1..lags).map(|k| s[k * size + at] + s[k * size + turned]);
        delta * (s[at] + later.sum::<f64>())
    };
    Some(Correlation {
        lag1,
        lag1_stderr: error(&|s| trace(s, 1.min(lags - 1)) - lag1 * trace(s, 0))
            / trace(&covariances, 0),
        z: (0..size).map(|at| z(&covariances, at)).collect(),
        z_stderr: (0..size).map(|at| error(&|s| z(s, at))).collect(),
        covariances,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Damping, Streams};

    /// Residuals that are known: a moving average `r_n = e_n + a e_{n-1}` in one coordinate and
    /// twice `e_n` in the other, on a slope `2 x`. A map that keeps no momentum reads the gradient
    /// off as `-p'/delta`.
    #[test]
    fn a_moving_average_has_the_known_correlation() {
        let (d, steps, delta, a) = (2, 64, 0.5, 0.4);
        let damping = Damping::scalar(d, delta, 1e6);
        let mut stream = Streams::new(8).stream(0);
        let slopes = |x: &[f64], out: &mut [f64]| {
            out.iter_mut().zip(x).for_each(|(u, x)| *u = 2.0 * x);
        };
        let mut observers: Vec<Lags<'_>> = (0..4).map(|_| Lags::new(&slopes, 3)).collect();
        for observer in &mut observers {
            for first_step in 0..40 {
                let mut record = vec![0.0; 2 * d * LANES * steps];
                let mut before = [0.0; LANES];
                for step in record.chunks_exact_mut(2 * d * LANES) {
                    for lane in 0..LANES {
                        let e = stream.normal();
                        let r = [e + a * before[lane], 2.0 * e];
                        before[lane] = e;
                        for c in 0..d {
                            let x = stream.normal();
                            step[c * LANES + lane] = x;
                            step[(d + c) * LANES + lane] = -delta * (2.0 * x + r[c]);
                        }
                    }
                }
                let mut committed = [true; LANES];
                committed[3] = false;
                let rest = [0.0; 2 * LANES];
                let window = Window::new(&record, &rest, committed, &damping, first_step).unwrap();
                observer.observe(&window);
            }
        }
        let found = correlation(&observers, delta).unwrap();
        // Sums over 4 * 40 * 64 * 15 = 1.5e5 pairs: errors of 0.003 or so, four of them; the first
        // step of a window lacks a part, and 1/64 of a^2.
        let near = |value: f64, expected: f64| (value - expected).abs() < 0.04;
        let s0 = [1.0 + a * a, 2.0, 2.0, 4.0];
        // r_n^T e_{n+1}: only the first coordinate remembers.
        let s1 = [a, 0.0, 2.0 * a, 0.0];
        for at in 0..4 {
            assert!(near(found.covariances[at], s0[at]), "{found:?}");
            assert!(near(found.covariances[4 + at], s1[at]), "{found:?}");
            assert!(near(found.covariances[8 + at], 0.0), "{found:?}");
            let z = delta * (s0[at] + s1[at] + s1[at % 2 * 2 + at / 2]);
            let off = (found.z[at] - z).abs();
            assert!(off < 4.0 * found.z_stderr[at] + 0.02, "{found:?}");
            assert!(found.z_stderr[at] < 0.04, "{found:?}");
        }
        assert!(near(found.lag1, a / (5.0 + a * a)));
        assert!(found.lag1_stderr > 0.0 && found.lag1_stderr < 0.01);
        assert_eq!(correlation(&observers[..0], delta), None);
    }
}
