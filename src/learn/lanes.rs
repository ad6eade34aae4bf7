//! Sums along single trajectories: what convergence and temperature are judged by.

use crate::dynamics::Window;
use crate::kernel::LANES;
use crate::stats::Moments;
use crate::tape::{Kept, Tape};

/// Sums over the committed samples of one coordinate of one lane.
#[derive(Clone, Copy, Debug, Default)]
pub struct LaneSums {
    count: f64,
    /// Those of the momentum and its square over all samples.
    p: [f64; 2],
    virial: f64,
    /// The samples that are seen one by one: all of them where windows are recorded.
    seen: f64,
    /// Sums over those: two powers of the position and four of the momentum.
    x: [f64; 2],
    seen_p: [f64; 4],
}

impl Kept for LaneSums {
    fn pass(&mut self, tape: &mut Tape) {
        self.count.pass(tape);
        self.p.pass(tape);
        self.virial.pass(tape);
        self.seen.pass(tape);
        self.x.pass(tape);
        self.seen_p.pass(tape);
        tape.counts(self.count);
        tape.counts(self.seen);
    }
}

impl LaneSums {
    /// Sums over so many samples of the momentum, its square and the virial, none of them seen.
    pub(super) fn of(count: f64, p: [f64; 2], virial: f64) -> LaneSums {
        LaneSums {
            count,
            p,
            virial,
            ..LaneSums::default()
        }
    }

    /// Sees one of the samples.
    pub(super) fn see(&mut self, x: f64, p: f64) {
        self.seen += 1.0;
        self.x[0] += x;
        self.x[1] += x * x;
        let square = p * p;
        let powers = [p, square, square * p, square * square];
        self.seen_p
            .iter_mut()
            .zip(powers)
            .for_each(|(sum, power)| *sum += power);
    }

    /// Adds those of another stretch of the lane.
    pub fn merge(&mut self, other: &LaneSums) {
        self.count += other.count;
        (0..2).for_each(|k| self.p[k] += other.p[k]);
        self.virial += other.virial;
        self.seen += other.seen;
        (0..2).for_each(|k| self.x[k] += other.x[k]);
        (0..4).for_each(|k| self.seen_p[k] += other.seen_p[k]);
    }

    /// Samples.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// Moments of the position, measured from the centre of the plan, to second order. Of a
    /// periodic coordinate those of `cos(2 pi (x - centre)/L - 0.7)`: a phase that tells wells
    /// apart which lie opposite each other. Thinned where windows are counted.
    pub fn position(&self) -> Moments {
        second_order(self.seen, self.x[0], self.x[1])
    }

    /// Moments of the momentum, to second order.
    pub fn momentum(&self) -> Moments {
        second_order(self.count, self.p[0], self.p[1])
    }

    /// Moments of `p^2`, to second order: the mean over all samples, the spread over those that
    /// were seen.
    pub fn kinetic(&self) -> Moments {
        let [_, squares, _, fourth] = self.seen_p;
        let seen = second_order(self.seen, squares, fourth);
        Moments {
            count: self.count as u64,
            mean: self.p[1] / self.count.max(1.0),
            m2: seen.m2 * (self.count / self.seen.max(1.0)),
            ..Moments::default()
        }
    }

    /// The mean of `p^2`.
    pub fn mean_square(&self) -> f64 {
        self.p[1] / self.count
    }

    /// The mean of `(x - centre) g(x)`, for the component of the gradient along the coordinate;
    /// 0 for a periodic one.
    pub fn mean_virial(&self) -> f64 {
        self.virial / self.count
    }

    /// Skewness and excess kurtosis of p, of the samples that were seen.
    pub fn shape(&self) -> (f64, f64) {
        let n = self.seen;
        let [s1, s2, s3, s4] = self.seen_p.map(|sum| sum / n);
        let variance = s2 - s1 * s1;
        let third = s3 - 3.0 * s1 * s2 + 2.0 * s1.powi(3);
        let fourth = s4 - 4.0 * s1 * s3 + 6.0 * s1 * s1 * s2 - 3.0 * s1.powi(4);
        (
            third / variance.powf(1.5),
            fourth / (variance * variance) - 3.0,
        )
    }
}

fn second_order(count: f64, sum: f64, squares: f64) -> Moments {
    let mean = sum / count.max(1.0);
    Moments {
        count: count as u64,
        mean,
        m2: (squares - sum * mean).max(0.0),
        ..Moments::default()
    }
}

/// What is summed of a periodic coordinate, `x` from the centre.
pub(super) fn turned(x: f64, length: f64) -> f64 {
    let turn = std::f64::consts::TAU / length;
    (turn * x - 0.7).cos()
}

const LANES_AT_ONCE: usize = 4;
const STEPS_AT_ONCE: usize = 64;

/// The sums of one coordinate over a window, for every lane; those of lanes that are not committed
/// mean nothing. Positions are measured from `centre`.
pub(super) fn sums(
    window: &Window<'_>,
    coordinate: usize,
    centre: f64,
    period: Option<f64>,
) -> [LaneSums; LANES] {
    let mut sums = [LaneSums::default(); LANES];
    let damping = window.damping();
    let kept: Vec<(usize, f64)> = (0..window.dimension())
        .map(|j| (j, damping.decay(coordinate, j)))
        .filter(|(j, c)| !damping.is_scalar() || (*j == coordinate && *c != 0.0))
        .collect();
    let what = What {
        coordinate,
        centre,
        period,
        kept: &kept,
    };
    // Few lanes at a time, so that their sums stay in registers; few steps at a time, so that
    // these stay in the first cache.
    for first in (0..window.steps()).step_by(STEPS_AT_ONCE) {
        let steps = first..(first + STEPS_AT_ONCE).min(window.steps());
        for (at, sums) in sums.chunks_exact_mut(LANES_AT_ONCE).enumerate() {
            what.add_up(window, steps.clone(), at * LANES_AT_ONCE, sums);
        }
    }
    for sums in &mut sums {
        (sums.count, sums.seen) = (window.steps() as f64, window.steps() as f64);
        sums.virial /= damping.delta();
    }
    sums
}

/// What is summed.
struct What<'a> {
    coordinate: usize,
    centre: f64,
    period: Option<f64>,
    /// The row of `C` that makes this coordinate of the momentum.
    kept: &'a [(usize, f64)],
}

impl What<'_> {
    /// Adds up some steps of some lanes; the virial still lacks its division by the step.
    fn add_up(
        &self,
        window: &Window<'_>,
        steps: std::ops::Range<usize>,
        lane: usize,
        sums: &mut [LaneSums],
    ) {
        const N: usize = LANES_AT_ONCE;
        let lanes = lane..lane + N;
        let pick = |row: &[f64]| -> [f64; N] {
            let mut few = [0.0; N];
            few.copy_from_slice(&row[lanes.clone()]);
            few
        };
        let (mut x1, mut x2, mut work) = ([0.0; N], [0.0; N], [0.0; N]);
        let mut p = [[0.0; N]; 4];
        // Where friction is a number, what is kept is that of the step before, which is at hand.
        let alone = match self.kept {
            &[(j, c)] if j == self.coordinate => Some(c),
            _ => None,
        };
        let mut before = pick(window.momenta_before(steps.start, self.coordinate));
        for step in steps {
            let x = self.observed(pick(window.positions(step, self.coordinate)));
            let after = pick(window.momenta(step, self.coordinate));
            let mut kick = after.map(|p| -p);
            match alone {
                Some(c) => (0..N).for_each(|k| kick[k] += c * before[k]),
                None => {
                    for &(j, c) in self.kept {
                        let before = pick(window.momenta_before(step, j));
                        (0..N).for_each(|k| kick[k] += c * before[k]);
                    }
                }
            }
            before = after;
            for k in 0..N {
                let (y, q) = (x[k], after[k]);
                let square = q * q;
                x1[k] += y;
                x2[k] += y * y;
                p[0][k] += q;
                p[1][k] += square;
                p[2][k] += square * q;
                p[3][k] += square * square;
                work[k] += y * kick[k];
            }
        }
        for (k, sums) in sums.iter_mut().enumerate() {
            sums.merge(&LaneSums {
                count: 0.0,
                seen: 0.0,
                x: [x1[k], x2[k]],
                p: [p[0][k], p[1][k]],
                seen_p: p.map(|sum| sum[k]),
                virial: if self.period.is_some() { 0.0 } else { work[k] },
            });
        }
    }

    fn observed(&self, x: [f64; LANES_AT_ONCE]) -> [f64; LANES_AT_ONCE] {
        match self.period {
            None => x.map(|x| x - self.centre),
            Some(length) => x.map(|x| turned(x - self.centre, length)),
        }
    }
}
