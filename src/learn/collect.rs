//! What is kept of the trajectories, block by block: sums of lanes, sums over bins of the position
//! in few coordinates, and some of the positions themselves in many.

use super::lanes::sums;
use super::tally::Tally;
use crate::dynamics::{Observer, Window};
use crate::kernel::LANES;
use crate::stats::{BinnedSums, Grid, Histogram, MAX_AXES, Mesh};
use crate::tape::{Kept, Tape};

pub use super::lanes::LaneSums;

/// Fills the values of V at many points (shape: coordinates, points).
pub type Values<'a> = &'a (dyn Fn(&[f64], &mut [f64]) + Sync);

/// What to keep.
pub struct Plan<'a> {
    /// Bins of the position, in as many coordinates as bins are worth while.
    pub mesh: Option<Mesh>,
    /// The period of each coordinate that has one.
    pub periods: Vec<Option<f64>>,
    /// Bins of the momentum.
    pub momentum_grid: Grid,
    /// Every how many steps the gradient and the momentum are binned.
    pub force_stride: u64,
    /// Every how many steps V is evaluated and binned; 0 is never. Of counted windows only steps
    /// that are shown can be: then both strides are multiples of theirs.
    pub value_stride: u64,
    /// Whether the whole-step positions `q_n` are binned as well.
    pub whole_step: bool,
    /// Every how many steps the positions of all lanes are kept as they are; 0 is never.
    pub point_stride: u64,
    /// V.
    pub values: Values<'a>,
    /// What positions are measured from in sums, for the sake of digits.
    pub centre: Vec<f64>,
    /// What V is measured from in sums, likewise.
    pub level: f64,
}

impl Plan<'_> {
    fn dimension(&self) -> usize {
        self.periods.len()
    }
}

/// Coordinates whose momenta are kept as histograms, at most: the first ones.
pub const MOST_HISTOGRAMS: usize = 16;
/// Coordinates whose momenta are multiplied with one another, at most; beyond, `E[p p^T]` is its
/// diagonal.
pub const MOST_PRODUCTS: usize = 64;

/// The coordinates up to which every step is worth a look at all products of momenta.
const FEW: usize = 4;

/// What is kept of one group of lanes over one stretch of time.
#[derive(Clone, Debug)]
pub struct Block {
    /// Sums over bins of the position, where the plan has bins.
    pub binned: Option<Binned>,
    /// Momenta by coordinate, thinned: of [`MOST_HISTOGRAMS`] coordinates.
    pub momenta: Vec<Histogram>,
    /// Sums of every lane. Shape: coordinates, lanes.
    pub lanes: Vec<LaneSums>,
    /// Positions, as many as the plan wants. Shape: points, coordinates.
    pub points: Vec<f64>,
    /// Sums of `p_i p_j` over `cross_count` samples, for `i < j` by rows.
    cross: Vec<f64>,
    cross_count: f64,
    /// Evaluations of V.
    pub value_evaluations: u64,
}

/// What is kept by bins of the position.
#[derive(Clone, Debug)]
pub struct Binned {
    /// Positions `q_{n+1/2}`, every step.
    pub density: Histogram,
    /// Positions `q_n`, every step, if the plan wants them.
    pub whole_step: Option<Histogram>,
    /// Gradients, thinned.
    pub force: BinnedSums,
    /// V less the plan's level, thinned.
    pub value: BinnedSums,
}

/// What there is follows from the plan.
impl Kept for Binned {
    fn pass(&mut self, tape: &mut Tape) {
        self.density.pass(tape);
        if let Some(histogram) = &mut self.whole_step {
            histogram.pass(tape);
        }
        self.force.pass(tape);
        self.value.pass(tape);
    }
}

/// Likewise.
impl Kept for Block {
    fn pass(&mut self, tape: &mut Tape) {
        if let Some(binned) = &mut self.binned {
            binned.pass(tape);
        }
        tape.row(&mut self.momenta);
        tape.row(&mut self.lanes);
        self.points.pass(tape);
        tape.row(&mut self.cross);
        self.cross_count.pass(tape);
        self.value_evaluations.pass(tape);
    }
}

impl Binned {
    fn new(mesh: &Mesh, plan: &Plan<'_>) -> Binned {
        Binned {
            density: Histogram::new(mesh.clone()),
            whole_step: plan.whole_step.then(|| Histogram::new(mesh.clone())),
            force: BinnedSums::new(mesh.clone(), plan.dimension()),
            value: BinnedSums::new(mesh.clone(), 1),
        }
    }
}

impl Block {
    /// Nothing yet.
    pub fn new(plan: &Plan<'_>) -> Block {
        let d = plan.dimension();
        let pairs = if d <= MOST_PRODUCTS {
            d * (d - 1) / 2
        } else {
            0
        };
        Block {
            binned: plan.mesh.as_ref().map(|mesh| Binned::new(mesh, plan)),
            momenta: vec![Histogram::new(plan.momentum_grid); d.min(MOST_HISTOGRAMS)],
            lanes: vec![LaneSums::default(); d * LANES],
            points: Vec::new(),
            cross: vec![0.0; pairs],
            cross_count: 0.0,
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

    /// Adds the sums over so many samples of the products of these momenta.
    pub(super) fn add_products(
        &mut self,
        samples: usize,
        pairs: impl Iterator<Item = (usize, usize)>,
        sum: impl Fn((usize, usize)) -> f64,
    ) {
        for (cross, pair) in self.cross.iter_mut().zip(pairs) {
            *cross += sum(pair);
        }
        self.cross_count += samples as f64;
    }

    /// `E[p p^T]` over the samples of all lanes, 0 without any; of many coordinates the diagonal
    /// alone. Shape: coordinates, coordinates.
    pub fn momentum_moments(&self) -> Vec<f64> {
        let d = self.dimension();
        let mut means = vec![0.0; d * d];
        let mut cross = self.cross.iter();
        for i in 0..d {
            let total = self.total(i);
            if total.count() > 0.0 {
                means[i * d + i] = total.mean_square();
            }
            for j in i + 1..d {
                let Some(sum) = cross.next() else { break };
                let mean = sum / self.cross_count.max(1.0);
                (means[i * d + j], means[j * d + i]) = (mean, mean);
            }
        }
        means
    }
}

/// Keeps a [`Block`] of each stretch of time of the windows that it is shown, recorded or counted.
pub struct Collector<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) blocks: Vec<Block>,
    /// The block of the window at hand.
    pub(super) block: Block,
    /// What counted windows have left open.
    pub(super) tally: Tally,
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
            tally: Tally::new(plan.mesh.as_ref(), plan.dimension()),
            points: Vec::new(),
            v: Vec::new(),
        }
    }

    /// What was kept of each stretch so far; the last may still grow. The counts of windows that
    /// are counted are in it before they are committed.
    pub fn blocks(&mut self) -> &[Block] {
        self.settle();
        &self.blocks
    }

    /// What was kept of each stretch.
    pub fn into_blocks(mut self) -> Vec<Block> {
        self.settle();
        self.blocks
    }

    /// Makes sure that there is a block of this stretch.
    pub(super) fn reach(&mut self, stretch: usize) {
        while self.blocks.len() <= stretch {
            self.blocks.push(Block::new(self.plan));
        }
    }

    /// Writes what was kept on a tape, or reads it; the plan and no more than so many stretches
    /// are the same.
    pub fn pass(&mut self, tape: &mut Tape, stretches: usize) {
        match tape.count(self.blocks.len()) {
            Some(count) if count <= stretches => {
                if count > 0 {
                    self.reach(count - 1);
                }
                self.blocks.iter_mut().for_each(|block| block.pass(tape));
                self.tally.pass(tape, count);
            }
            _ => tape.refuse(),
        }
    }

    fn sum(&mut self, window: &Window<'_>, lanes: &[usize]) {
        let d = self.plan.dimension();
        for c in 0..d {
            let (centre, period) = (self.plan.centre[c], self.plan.periods[c]);
            let sums = sums(window, c, centre, period);
            for &lane in lanes {
                self.block.lanes[c * LANES + lane].merge(&sums[lane]);
            }
        }
        if self.block.cross.is_empty() {
            return;
        }
        // Pairs of many coordinates cost more than the step.
        let stride = if d <= FEW { 1 } else { d as u64 };
        for step in Self::strided(window, stride) {
            let pairs = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
            for ((i, j), cross) in pairs.zip(&mut self.block.cross) {
                let (p, q) = (window.momenta(step, i), window.momenta(step, j));
                *cross += lanes.iter().map(|&lane| p[lane] * q[lane]).sum::<f64>();
            }
            self.block.cross_count += lanes.len() as f64;
        }
    }

    fn keep(&mut self, window: &Window<'_>, lanes: &[usize]) {
        if self.plan.point_stride == 0 {
            return;
        }
        for step in Self::strided(window, self.plan.point_stride) {
            for &lane in lanes {
                let point = (0..self.plan.dimension()).map(|c| window.positions(step, c)[lane]);
                self.block.points.extend(point);
            }
        }
    }

    fn bin(&mut self, window: &Window<'_>, lanes: &[usize]) {
        let d = self.plan.dimension();
        let Some(binned) = &mut self.block.binned else {
            return;
        };
        let damping = window.damping();
        let half = 0.5 * damping.delta();
        let mut rows = vec![[0.0; LANES]; d];
        for step in 0..window.steps() {
            if d == 1 && lanes.len() == LANES {
                binned.density.add_all(window.positions(step, 0));
            } else {
                for (c, row) in rows.iter_mut().enumerate() {
                    row.copy_from_slice(window.positions(step, c));
                }
                count(&mut binned.density, &mut rows, lanes);
            }
            if let Some(histogram) = &mut binned.whole_step {
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

    pub(super) fn bin_forces(&mut self, window: &Window<'_>, lanes: &[usize]) {
        let d = self.plan.dimension();
        let (mut x, mut g) = ([0.0; MAX_AXES], [0.0; MAX_AXES]);
        let mut slopes = [[0.0; LANES]; MAX_AXES];
        for step in Self::strided(window, self.plan.force_stride.max(1)) {
            for (c, momenta) in self.block.momenta.iter_mut().enumerate() {
                let mut row = [0.0; LANES];
                row.copy_from_slice(window.momenta(step, c));
                count(momenta, &mut [row], lanes);
            }
            let Some(binned) = &mut self.block.binned else {
                continue;
            };
            for (c, slopes) in slopes.iter_mut().enumerate().take(d) {
                *slopes = window.gradients(step, c);
            }
            for &lane in lanes {
                for c in 0..d {
                    x[c] = window.positions(step, c)[lane];
                    g[c] = slopes[c][lane];
                }
                binned.force.add(&x[..d], &g[..d]);
            }
        }
    }

    fn bin_values(&mut self, window: &Window<'_>, lanes: &[usize]) {
        if self.plan.value_stride == 0 {
            return;
        }
        let mut points = Vec::new();
        for step in Self::strided(window, self.plan.value_stride) {
            for &lane in lanes {
                let point = (0..self.plan.dimension()).map(|c| window.positions(step, c)[lane]);
                points.extend(point);
            }
        }
        self.add_values(&points);
    }

    /// Evaluates V at points (shape: points, coordinates) and bins it.
    pub(super) fn add_values(&mut self, points: &[f64]) {
        let d = self.plan.dimension();
        let Some(binned) = &mut self.block.binned else {
            return;
        };
        let n = points.len() / d;
        self.points.clear();
        for c in 0..d {
            self.points.extend(points.iter().skip(c).step_by(d));
        }
        self.v.clear();
        self.v.resize(n, f64::NAN);
        (self.plan.values)(&self.points, &mut self.v);
        for (x, v) in points.chunks_exact(d).zip(&self.v) {
            binned.value.add(x, &[v - self.plan.level]);
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
        self.reach(stretch);
        std::mem::swap(&mut self.block, &mut self.blocks[stretch]);
        let lanes: Vec<usize> = (0..LANES)
            .filter(|&lane| window.committed()[lane])
            .collect();
        self.sum(window, &lanes);
        self.bin(window, &lanes);
        self.bin_forces(window, &lanes);
        self.bin_values(window, &lanes);
        self.keep(window, &lanes);
        std::mem::swap(&mut self.block, &mut self.blocks[stretch]);
    }
}
