//! What is kept of the trajectories: sums over bins of the position, block by block.

use crate::dynamics::{Observer, Window};
use crate::kernel::LANES;
use crate::stats::{BinnedSums, Grid, Histogram, Moments};

/// Fills the values of V at many points.
pub type Values<'a> = &'a (dyn Fn(&[f64], &mut [f64]) + Sync);

/// What to keep.
pub struct Plan<'a> {
    /// Bins of the position.
    pub grid: Grid,
    /// Bins of the momentum.
    pub momentum_grid: Grid,
    /// Every how many steps the gradient and the momentum are binned.
    pub force_stride: u64,
    /// Every how many steps V is evaluated and binned; 0 is never.
    pub value_stride: u64,
    /// Whether the whole-step positions `q_n` are binned as well.
    pub whole_step: bool,
    /// V.
    pub values: Values<'a>,
    /// What positions are measured from in sums, for the sake of digits.
    pub centre: f64,
    /// What V is measured from in sums, likewise.
    pub level: f64,
}

/// Sums over the committed samples of one lane.
#[derive(Clone, Copy, Debug, Default)]
pub struct LaneSums {
    count: f64,
    x: [f64; 2],
    p: [f64; 4],
    virial: f64,
}

impl LaneSums {
    /// Adds those of another stretch of the lane.
    pub fn merge(&mut self, other: &LaneSums) {
        self.count += other.count;
        (0..2).for_each(|k| self.x[k] += other.x[k]);
        (0..4).for_each(|k| self.p[k] += other.p[k]);
        self.virial += other.virial;
    }

    /// Samples.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// Moments of the position, measured from the centre of the plan, to second order.
    pub fn position(&self) -> Moments {
        second_order(self.count, self.x[0], self.x[1])
    }

    /// Moments of the momentum, to second order.
    pub fn momentum(&self) -> Moments {
        second_order(self.count, self.p[0], self.p[1])
    }

    /// Moments of `p^2`, to second order.
    pub fn kinetic(&self) -> Moments {
        second_order(self.count, self.p[1], self.p[3])
    }

    /// The mean of `p^2`.
    pub fn mean_square(&self) -> f64 {
        self.p[1] / self.count
    }

    /// The mean of `(x - centre) g(x)`.
    pub fn mean_virial(&self) -> f64 {
        self.virial / self.count
    }

    /// Skewness and excess kurtosis of p.
    pub fn shape(&self) -> (f64, f64) {
        let n = self.count;
        let [s1, s2, s3, s4] = self.p.map(|sum| sum / n);
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

/// What is kept of one group of lanes over one stretch of time.
#[derive(Clone, Debug)]
pub struct Block {
    /// Positions `q_{n+1/2}`, every step.
    pub density: Histogram,
    /// Positions `q_n`, every step, if the plan wants them.
    pub whole_step: Option<Histogram>,
    /// Momenta, thinned.
    pub momenta: Histogram,
    /// Gradients by position, thinned.
    pub force: BinnedSums,
    /// V less the plan's level by position, thinned.
    pub value: BinnedSums,
    /// Sums of every lane.
    pub lanes: [LaneSums; LANES],
    /// Evaluations of V.
    pub value_evaluations: u64,
}

impl Block {
    /// Nothing yet.
    pub fn new(plan: &Plan<'_>) -> Block {
        Block {
            density: Histogram::new(plan.grid),
            whole_step: plan.whole_step.then(|| Histogram::new(plan.grid)),
            momenta: Histogram::new(plan.momentum_grid),
            force: BinnedSums::new(plan.grid, 1),
            value: BinnedSums::new(plan.grid, 1),
            lanes: [LaneSums::default(); LANES],
            value_evaluations: 0,
        }
    }

    /// The sums over all lanes.
    pub fn total(&self) -> LaneSums {
        let mut total = LaneSums::default();
        self.lanes.iter().for_each(|lane| total.merge(lane));
        total
    }
}

const LANES_AT_ONCE: usize = 4;
const STEPS_AT_ONCE: usize = 64;

/// Adds up some steps of some lanes; the virial still lacks its division by the step.
fn add_up(
    window: &Window<'_>,
    steps: std::ops::Range<usize>,
    lane: usize,
    centre: f64,
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
    let decay = window.decay();
    let mut before = pick(window.momenta_before(steps.start));
    for step in steps {
        let (x, after) = (pick(window.positions(step)), pick(window.momenta(step)));
        for k in 0..N {
            let (y, q) = (x[k] - centre, after[k]);
            let square = q * q;
            x1[k] += y;
            x2[k] += y * y;
            p[0][k] += q;
            p[1][k] += square;
            p[2][k] += square * q;
            p[3][k] += square * square;
            work[k] += y * (decay * before[k] - q);
        }
        before = after;
    }
    for (k, sums) in sums.iter_mut().enumerate() {
        sums.merge(&LaneSums {
            count: 0.0,
            x: [x1[k], x2[k]],
            p: p.map(|sum| sum[k]),
            virial: work[k],
        });
    }
}

/// Keeps a [`Block`] of each stretch of time of the windows that it is shown.
pub struct Collector<'a> {
    plan: &'a Plan<'a>,
    blocks: Vec<Block>,
    /// The block of the window at hand.
    block: Block,
    points: Vec<f64>,
    v: Vec<f64>,
}

impl<'a> Collector<'a> {
    /// Nothing kept yet.
    pub fn new(plan: &'a Plan<'a>) -> Collector<'a> {
        Collector {
            plan,
            blocks: Vec::new(),
            block: Block::new(plan),
            points: Vec::new(),
            v: Vec::new(),
        }
    }

    /// What was kept of each stretch so far; the last may still grow.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// What was kept of each stretch.
    pub fn into_blocks(self) -> Vec<Block> {
        self.blocks
    }

    fn sum(&mut self, window: &Window<'_>) {
        let mut sums = [LaneSums::default(); LANES];
        // Few lanes at a time, so that their sums stay in registers; few steps at a time, so that
        // these stay in the first cache.
        for first in (0..window.steps()).step_by(STEPS_AT_ONCE) {
            let steps = first..(first + STEPS_AT_ONCE).min(window.steps());
            for (at, sums) in sums.chunks_exact_mut(LANES_AT_ONCE).enumerate() {
                add_up(
                    window,
                    steps.clone(),
                    at * LANES_AT_ONCE,
                    self.plan.centre,
                    sums,
                );
            }
        }
        for (lane, sums) in sums.iter_mut().enumerate() {
            if window.committed()[lane] {
                sums.count = window.steps() as f64;
                sums.virial /= window.delta();
                self.block.lanes[lane].merge(sums);
            }
        }
    }

    fn bin(&mut self, window: &Window<'_>, lanes: &[usize]) {
        let half = 0.5 * window.delta();
        let all = lanes.len() == LANES;
        let count = |histogram: &mut Histogram, row: &[f64]| {
            if all {
                histogram.add_all(row);
            } else {
                lanes.iter().for_each(|&lane| histogram.add(&[row[lane]]));
            }
        };
        for step in 0..window.steps() {
            let (x, p) = (window.positions(step), window.momenta(step));
            count(&mut self.block.density, x);
            if let Some(histogram) = &mut self.block.whole_step {
                let mut q = [0.0; LANES];
                for (q, (x, p)) in q.iter_mut().zip(x.iter().zip(p)) {
                    *q = x + half * p;
                }
                count(histogram, &q);
            }
        }
    }

    /// The steps of the window that a stride meets, whatever the windows are.
    fn strided(window: &Window<'_>, stride: u64) -> impl Iterator<Item = usize> + use<> {
        let first = (stride - window.first_step() % stride) % stride;
        (first as usize..window.steps()).step_by(stride as usize)
    }

    fn bin_forces(&mut self, window: &Window<'_>, lanes: &[usize]) {
        for step in Self::strided(window, self.plan.force_stride.max(1)) {
            for &lane in lanes {
                let x = window.positions(step)[lane];
                self.block.force.add(&[x], &[window.gradient(step, lane)]);
                self.block.momenta.add(&[window.momenta(step)[lane]]);
            }
        }
    }

    fn bin_values(&mut self, window: &Window<'_>, lanes: &[usize]) {
        if self.plan.value_stride == 0 {
            return;
        }
        self.points.clear();
        for step in Self::strided(window, self.plan.value_stride) {
            let x = window.positions(step);
            self.points.extend(lanes.iter().map(|&lane| x[lane]));
        }
        self.v.clear();
        self.v.resize(self.points.len(), f64::NAN);
        (self.plan.values)(&self.points, &mut self.v);
        for (x, v) in self.points.iter().zip(&self.v) {
            self.block.value.add(&[*x], &[v - self.plan.level]);
        }
        self.block.value_evaluations += self.points.len() as u64;
    }
}

impl Observer for Collector<'_> {
    fn observe(&mut self, window: &Window<'_>) {
        let stretch = window.stretch();
        while self.blocks.len() <= stretch {
            self.blocks.push(Block::new(self.plan));
        }
        std::mem::swap(&mut self.block, &mut self.blocks[stretch]);
        let lanes: Vec<usize> = (0..LANES)
            .filter(|&lane| window.committed()[lane])
            .collect();
        self.sum(window);
        self.bin(window, &lanes);
        self.bin_forces(window, &lanes);
        self.bin_values(window, &lanes);
        std::mem::swap(&mut self.block, &mut self.blocks[stretch]);
    }
}
