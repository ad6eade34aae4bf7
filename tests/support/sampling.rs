//! The damped map in a test: an ensemble of a program's potential, and what a collector keeps of it.
#![allow(dead_code)]

use std::sync::atomic::AtomicBool;

use effpot_lang::dynamics::{DampedMap, Damping, Ensemble, Observer, Side, Stream, Streams};
use effpot_lang::kernel::{Engine, LANES};
use effpot_lang::learn::collect::{Block, Collector, LaneSums, Plan};
use effpot_lang::session::Potential;
use effpot_lang::stats::Grid;

/// How to sample.
#[derive(Clone, Copy)]
pub struct Sampling {
    pub delta: f64,
    pub gamma: f64,
    /// Groups of lanes.
    pub groups: usize,
    /// Stretches of time, each giving one block a group.
    pub segments: usize,
    /// Steps of a lane in each of them.
    pub steps: usize,
    pub seed: u64,
    /// Starts are uniform on this interval, with momenta of variance `kt`.
    pub from: (f64, f64),
    pub kt: f64,
}

impl Sampling {
    /// Two relaxation times.
    pub fn window(&self) -> usize {
        (2.0 / (self.gamma * self.delta)).ceil() as usize
    }

    /// The map, and lanes after 20 relaxation times.
    pub fn ensemble(&self, potential: &Potential, restarts: bool) -> (DampedMap, Ensemble) {
        let map = DampedMap::compile(
            &potential.model,
            &potential.parameters,
            Damping::scalar(1, self.delta, self.gamma),
            Engine::best(),
        )
        .unwrap();
        let everywhere = [Side::plain(-1e6, 1e6)];
        let streams = Streams::new(self.seed);
        let (starts, kt) = (self.starts(), self.kt);
        let mut lanes = Ensemble::new(
            self.groups,
            streams,
            &starts,
            kt,
            &everywhere,
            restarts,
            self.window() as u64,
        );
        self.advance(
            &mut lanes,
            &map,
            10 * self.window(),
            0,
            &mut vec![(); self.groups],
        );
        lanes.finish(&map, &mut vec![(); self.groups]);
        lanes.forget();
        (map, lanes)
    }

    /// Advances every lane by so many steps.
    pub fn advance<O: Observer>(
        &self,
        lanes: &mut Ensemble,
        map: &DampedMap,
        steps: usize,
        stretch: usize,
        observers: &mut [O],
    ) {
        let window = self.window();
        let mut windows = vec![window; steps / window];
        windows.extend(Some(steps % window).filter(|rest| *rest > 0));
        let never = AtomicBool::new(false);
        assert!(lanes.advance(map, &windows, stretch, &self.starts(), observers, &never));
    }

    pub fn starts(&self) -> impl Fn(&mut Stream, &mut [f64]) + Sync + use<> {
        let (lo, hi) = self.from;
        move |stream: &mut Stream, point: &mut [f64]| point[0] = lo + (hi - lo) * stream.uniform()
    }

    /// Blocks of statistics, group by group within each stretch of time.
    pub fn blocks(&self, potential: &Potential, plan: &Plan<'_>, restarts: bool) -> Vec<Block> {
        let (map, mut lanes) = self.ensemble(potential, restarts);
        let mut collectors: Vec<_> = (0..self.groups).map(|_| Collector::new(plan)).collect();
        for segment in 0..self.segments {
            self.advance(&mut lanes, &map, self.steps, segment, &mut collectors);
        }
        lanes.finish(&map, &mut collectors);
        let groups: Vec<Vec<Block>> = collectors.into_iter().map(Collector::into_blocks).collect();
        let stretches = 0..self.segments;
        stretches
            .flat_map(|segment| groups.iter().map(move |blocks| blocks[segment].clone()))
            .collect()
    }
}

/// A plan that keeps everything, V with a stride.
pub fn everything<'a>(
    grid: Grid,
    sigma_p: f64,
    value_stride: u64,
    values: effpot_lang::learn::collect::Values<'a>,
) -> Plan<'a> {
    Plan {
        mesh: Some(grid.into()),
        periods: vec![None],
        momentum_grid: Grid::over(-8.0 * sigma_p, 8.0 * sigma_p, 1024).unwrap(),
        point_stride: 0,
        force_stride: 1,
        value_stride,
        whole_step: true,
        values,
        centre: vec![0.0],
        level: 0.0,
    }
}

/// The sums of every lane over all blocks.
pub fn lanes(blocks: &[Block], groups: usize) -> Vec<LaneSums> {
    let mut sums = vec![LaneSums::default(); groups * LANES];
    for (at, block) in blocks.iter().enumerate() {
        for (lane, part) in block.lanes.iter().enumerate() {
            sums[at % groups * LANES + lane].merge(part);
        }
    }
    sums
}

/// Mean and standard error of a quantity that lanes have independently.
pub fn over_lanes(lanes: &[LaneSums], of: impl Fn(&LaneSums) -> f64) -> (f64, f64) {
    let values: Vec<f64> = lanes.iter().map(of).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// The coefficients of a combination of functions nearest to U, weighted by density, and their
/// standard errors: those of the fit, from its replicates.
pub fn project(
    fit: &effpot_lang::learn::fit::Fit,
    floor: f64,
    basis: &dyn Fn(f64) -> Vec<f64>,
) -> (Vec<f64>, Vec<f64>) {
    let projection = Projection::new(&fit.mesh.axes()[0].grid, &fit.density, floor, basis);
    let found = projection.of(|x| fit.value(&[x]));
    let replicates: Vec<Vec<f64>> = (0..fit.blocks())
        .filter_map(|block| fit.without(block))
        .map(|replicate| projection.of(|x| replicate.value(x)))
        .collect();
    let n = replicates.len() as f64;
    let errors = (0..found.len())
        .map(|i| {
            let mean = replicates.iter().map(|r| r[i]).sum::<f64>() / n;
            let squares: f64 = replicates.iter().map(|r| (r[i] - mean).powi(2)).sum();
            ((n - 1.0) / n * squares).sqrt()
        })
        .collect();
    (found, errors)
}

/// Weighted least squares on the bins whose density exceeds a part of the largest.
pub struct Projection {
    rows: Vec<(f64, f64, Vec<f64>)>,
    inverse: nalgebra::DMatrix<f64>,
}

impl Projection {
    pub fn new(
        grid: &Grid,
        density: &[f64],
        floor: f64,
        basis: &dyn Fn(f64) -> Vec<f64>,
    ) -> Projection {
        let peak = density.iter().copied().fold(0.0, f64::max);
        let used = (0..grid.bins()).filter(|&i| density[i] > floor * peak);
        let rows: Vec<_> = used
            .map(|i| (grid.centre(i), density[i], basis(grid.centre(i))))
            .collect();
        let size = rows[0].2.len();
        let mut matrix = nalgebra::DMatrix::zeros(size, size);
        for (_, weight, row) in &rows {
            for i in 0..size {
                for j in 0..size {
                    matrix[(i, j)] += weight * row[i] * row[j];
                }
            }
        }
        let inverse = matrix.try_inverse().expect("independent functions");
        Projection { rows, inverse }
    }

    pub fn of(&self, f: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut side = nalgebra::DVector::zeros(self.inverse.nrows());
        for (x, weight, row) in &self.rows {
            let y = weight * f(*x);
            row.iter().enumerate().for_each(|(i, b)| side[i] += y * b);
        }
        (&self.inverse * side).iter().copied().collect()
    }
}
