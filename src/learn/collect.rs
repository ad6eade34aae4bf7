//! What is kept of the trajectories: sums over bins of the position, block by block.

use super::lanes::sums;
use crate::dynamics::{Observer, Window};
use crate::kernel::LANES;
use crate::stats::{BinnedSums, Grid, Histogram, Mesh};

pub use super::lanes::LaneSums;

/// Fills the values of V at many points (shape: coordinates, points).
pub type Values<'a> = &'a (dyn Fn(&[f64], &mut [f64]) + Sync);

/// What to keep.
pub struct Plan<'a> {
    /// Bins of the position.
    pub mesh: Mesh,
    /// Bins of the momentum, by coordinate.
    pub momentum_grids: Vec<Grid>,
    /// Every how many steps the gradient and the momentum are binned.
    pub force_stride: u64,
    /// Every how many steps V is evaluated and binned; 0 is never.
    pub value_stride: u64,
    /// Whether the whole-step positions `q_n` are binned as well.
    pub whole_step: bool,
    /// V.
    pub values: Values<'a>,
    /// What positions are measured from in sums, for the sake of digits.
    pub centre: Vec<f64>,
    /// What V is measured from in sums, likewise.
    pub level: f64,
}

impl Plan<'_> {
    fn dimension(&self) -> usize {
        self.mesh.dimension()
    }

    fn period(&self, coordinate: usize) -> Option<f64> {
        let axis = &self.mesh.axes()[coordinate];
        axis.periodic.then(|| axis.length())
    }
}

/// What is kept of one group of lanes over one stretch of time.
#[derive(Clone, Debug)]
pub struct Block {
    /// Positions `q_{n+1/2}`, every step.
    pub density: Histogram,
    /// Positions `q_n`, every step, if the plan wants them.
    pub whole_step: Option<Histogram>,
    /// Momenta by coordinate, thinned.
    pub momenta: Vec<Histogram>,
    /// Gradients by position, thinned.
    pub force: BinnedSums,
    /// V less the plan's level by position, thinned.
    pub value: BinnedSums,
    /// Sums of every lane. Shape: coordinates, lanes.
    pub lanes: Vec<LaneSums>,
    /// Sums of `p_i p_j` over the samples of all lanes, for `i < j` by rows.
    cross: Vec<f64>,
    /// Evaluations of V.
    pub value_evaluations: u64,
}

impl Block {
    /// Nothing yet.
    pub fn new(plan: &Plan<'_>) -> Block {
        let d = plan.dimension();
        let momenta = plan.momentum_grids.iter().map(|grid| Histogram::new(*grid));
        Block {
            density: Histogram::new(plan.mesh.clone()),
            whole_step: plan.whole_step.then(|| Histogram::new(plan.mesh.clone())),
            momenta: momenta.collect(),
            force: BinnedSums::new(plan.mesh.clone(), d),
            value: BinnedSums::new(plan.mesh.clone(), 1),
            lanes: vec![LaneSums::default(); d * LANES],
            cross: vec![0.0; d * (d - 1) / 2],
            value_evaluations: 0,
        }
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.lanes.len() / LANES
    }

    /// The sums of one coordinate over all lanes.
    pub fn total(&self, coordinate: usize) -> LaneSums {
        let mut total = LaneSums::default();
        let lanes = self.lanes.iter().skip(coordinate * LANES).take(LANES);
        lanes.for_each(|lane| total.merge(lane));
        total
    }

    /// Samples of all lanes.
    pub fn samples(&self) -> f64 {
        self.total(0).count()
    }

    /// Sums of `p p^T` over the samples of all lanes. Shape: coordinates, coordinates.
    pub fn momentum_products(&self) -> Vec<f64> {
        let d = self.dimension();
        let mut sums = vec![0.0; d * d];
        let mut cross = self.cross.iter();
        for i in 0..d {
            let total = self.total(i);
            if total.count() > 0.0 {
                sums[i * d + i] = total.mean_square() * total.count();
            }
            for j in i + 1..d {
                let sum = cross.next().copied().unwrap_or(0.0);
                (sums[i * d + j], sums[j * d + i]) = (sum, sum);
            }
        }
        sums
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

    fn sum(&mut self, window: &Window<'_>, lanes: &[usize]) {
        let d = self.plan.dimension();
        for c in 0..d {
            let (centre, period) = (self.plan.centre[c], self.plan.period(c));
            let sums = sums(window, c, centre, period);
            for &lane in lanes {
                self.block.lanes[c * LANES + lane].merge(&sums[lane]);
            }
        }
        let pairs = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
        for ((i, j), cross) in pairs.zip(&mut self.block.cross) {
            for step in 0..window.steps() {
                let (p, q) = (window.momenta(step, i), window.momenta(step, j));
                *cross += lanes.iter().map(|&lane| p[lane] * q[lane]).sum::<f64>();
            }
        }
    }

    fn bin(&mut self, window: &Window<'_>, lanes: &[usize]) {
        let d = self.plan.dimension();
        let damping = window.damping();
        let half = 0.5 * damping.delta();
        let mut rows = vec![[0.0; LANES]; d];
        for step in 0..window.steps() {
            if d == 1 && lanes.len() == LANES {
                self.block.density.add_all(window.positions(step, 0));
            } else {
                for (c, row) in rows.iter_mut().enumerate() {
                    row.copy_from_slice(window.positions(step, c));
                }
                count(&mut self.block.density, &mut rows, lanes);
            }
            if let Some(histogram) = &mut self.block.whole_step {
                for (i, row) in rows.iter_mut().enumerate() {
                    row.copy_from_slice(window.positions(step, i));
                    for j in 0..d {
                        let share = half * damping.inverse_mass(i, j);
                        if share != 0.0 {
                            let p = window.momenta(step, j);
                            row.iter_mut().zip(p).for_each(|(x, p)| *x += share * p);
                        }
                    }
                }
                count(histogram, &mut rows, lanes);
            }
        }
    }

    /// The steps of the window that a stride meets, whatever the windows are.
    fn strided(window: &Window<'_>, stride: u64) -> impl Iterator<Item = usize> + use<> {
        let first = (stride - window.first_step() % stride) % stride;
        (first as usize..window.steps()).step_by(stride as usize)
    }

    fn bin_forces(&mut self, window: &Window<'_>, lanes: &[usize]) {
        let d = self.plan.dimension();
        let (mut x, mut g) = (vec![0.0; d], vec![0.0; d]);
        for step in Self::strided(window, self.plan.force_stride.max(1)) {
            for &lane in lanes {
                for c in 0..d {
                    x[c] = window.positions(step, c)[lane];
                    g[c] = window.gradient(step, lane, c);
                    self.block.momenta[c].add(&[window.momenta(step, c)[lane]]);
                }
                self.block.force.add(&x, &g);
            }
        }
    }

    fn bin_values(&mut self, window: &Window<'_>, lanes: &[usize]) {
        if self.plan.value_stride == 0 {
            return;
        }
        let d = self.plan.dimension();
        self.points.clear();
        for c in 0..d {
            for step in Self::strided(window, self.plan.value_stride) {
                let x = window.positions(step, c);
                self.points.extend(lanes.iter().map(|&lane| x[lane]));
            }
        }
        let n = self.points.len() / d;
        self.v.clear();
        self.v.resize(n, f64::NAN);
        (self.plan.values)(&self.points, &mut self.v);
        let mut x = vec![0.0; d];
        for (at, v) in self.v.iter().enumerate() {
            for (c, x) in x.iter_mut().enumerate() {
                *x = self.points[c * n + at];
            }
            self.block.value.add(&x, &[v - self.plan.level]);
        }
        self.block.value_evaluations += n as u64;
    }
}

/// Counts the positions of some lanes, one row a coordinate; the rows are shortened to them.
fn count(histogram: &mut Histogram, rows: &mut [[f64; LANES]], lanes: &[usize]) {
    if lanes.len() < LANES {
        for row in rows.iter_mut() {
            let all = *row;
            let kept = lanes.iter().map(|&lane| all[lane]);
            row.iter_mut().zip(kept).for_each(|(x, y)| *x = y);
        }
    }
    match rows {
        [only] => histogram.add_all(&only[..lanes.len()]),
        [first, second] => histogram.add_rows(&[&first[..lanes.len()], &second[..lanes.len()]]),
        rows => {
            let rows: Vec<&[f64]> = rows.iter().map(|row| &row[..lanes.len()]).collect();
            histogram.add_rows(&rows);
        }
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
        self.sum(window, &lanes);
        self.bin(window, &lanes);
        self.bin_forces(window, &lanes);
        self.bin_values(window, &lanes);
        std::mem::swap(&mut self.block, &mut self.blocks[stretch]);
    }
}
