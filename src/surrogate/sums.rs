//! Sums over the trajectories of an ensemble, by batches.

use crate::dynamics::Trajectories;
use crate::stats::{Grid, Mesh, MeshAxis, Moments};

/// Batches at most: their spread says how well sums are known.
const BATCHES: usize = 20;
/// Bins along one coordinate alone, and along each of two.
const BINS: [usize; 2] = [50, 24];
/// Standard deviations on each side of the mean that bins go to.
const REACH: f64 = 4.0;

/// How positions are binned: together in one and two coordinates, else one by one.
#[derive(Clone, PartialEq, Debug)]
pub struct Axes {
    meshes: Vec<(Vec<usize>, Mesh)>,
}

/// The sums of one batch.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    /// Trajectories.
    pub lanes: f64,
    /// Positions. Shape: coordinates, looks.
    pub path: Vec<f64>,
    /// Their squares, likewise.
    pub squares: Vec<f64>,
    /// Products of a position with a later one, over the first looks. Shape: coordinates, lags.
    pub lagged: Vec<f64>,
    /// Counts of the bins of each mesh, those outside in the nearest.
    pub counts: Vec<Vec<f64>>,
}

/// The sums of an ensemble.
#[derive(Clone, PartialEq, Debug)]
pub struct Sums {
    /// Coordinates.
    pub dimension: usize,
    /// Looks.
    pub looks: usize,
    /// Lags, zero among them; the first `looks - lags + 1` looks are correlated with later ones.
    pub lags: usize,
    /// The time between looks.
    pub interval: f64,
    /// Batches of trajectories.
    pub batches: Vec<Batch>,
}

impl Axes {
    /// Bins for what these trajectories visit; periodic coordinates have their period (from
    /// `-L/2`). `None` where nothing is finite.
    pub fn of(trajectories: &Trajectories, periods: &[Option<f64>]) -> Option<Axes> {
        let d = trajectories.dimension();
        let bins = BINS[d.min(2) - 1..].first().copied().unwrap_or(BINS[0]);
        let bins = if d > 2 { BINS[0] } else { bins };
        let axis = |c: usize| -> Option<MeshAxis> {
            if let Some(length) = periods.get(c).copied().flatten() {
                let grid = Grid::over(-0.5 * length, 0.5 * length, bins)?;
                return Some(MeshAxis {
                    grid,
                    periodic: true,
                });
            }
            let mut moments = Moments::new();
            let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
            for (group, look) in pairs(trajectories) {
                let finite = trajectories.positions(group, look, c).iter();
                for x in finite.filter(|x| x.is_finite()) {
                    moments.push(*x);
                    (lo, hi) = (lo.min(*x), hi.max(*x));
                }
            }
            let reach = REACH * moments.variance().sqrt();
            let (lo, hi) = (lo.max(moments.mean - reach), hi.min(moments.mean + reach));
            // All in one place still has a width.
            let wider = f64::MIN_POSITIVE.max(1e-9 * lo.abs());
            let grid = Grid::over(lo, hi.max(lo + wider), bins)?;
            Some(MeshAxis {
                grid,
                periodic: false,
            })
        };
        let axes: Option<Vec<MeshAxis>> = (0..d).map(axis).collect();
        let axes = axes?;
        let meshes = match d {
            1 | 2 => vec![((0..d).collect(), Mesh::new(axes)?)],
            _ => {
                let alone = axes.into_iter().enumerate();
                let alone = alone.map(|(c, axis)| Some((vec![c], Mesh::new(vec![axis])?)));
                alone.collect::<Option<Vec<_>>>()?
            }
        };
        Some(Axes { meshes })
    }

    /// The meshes, each with its coordinates.
    pub fn meshes(&self) -> &[(Vec<usize>, Mesh)] {
        &self.meshes
    }
}

/// All groups and looks.
fn pairs(trajectories: &Trajectories) -> impl Iterator<Item = (usize, usize)> + '_ {
    let groups = 0..trajectories.groups();
    groups.flat_map(|group| (0..trajectories.looks()).map(move |look| (group, look)))
}

impl Sums {
    /// The sums of trajectories; those that are not finite at the end do not count.
    pub fn of(trajectories: &Trajectories, axes: &Axes) -> Sums {
        let (looks, groups) = (trajectories.looks(), trajectories.groups());
        let lags = looks / 2 + 1;
        let count = BATCHES.min(groups);
        let numbers: Vec<usize> = (0..count).collect();
        use rayon::prelude::*;
        let batches = numbers.into_par_iter().map(|batch| {
            let mut sums = Batch::new(trajectories.dimension(), looks, lags, axes);
            for group in (batch..groups).step_by(count.max(1)) {
                sums.add(trajectories, group, axes, lags);
            }
            sums
        });
        Sums {
            dimension: trajectories.dimension(),
            looks,
            lags,
            interval: trajectories.interval(),
            batches: batches.collect(),
        }
    }

    /// All batches but one, or all of them.
    pub fn total(&self, without: Option<usize>) -> Option<Batch> {
        let kept = self.batches.iter().enumerate();
        let mut kept = kept.filter(|(at, _)| Some(*at) != without).map(|(_, b)| b);
        let mut total = kept.next()?.clone();
        kept.for_each(|batch| total.merge(batch));
        (total.lanes > 0.0).then_some(total)
    }

    /// The mean position of a coordinate by look (Li & Tao 2024, eq. (4.3)).
    pub fn mean_path(&self, total: &Batch, c: usize) -> Vec<f64> {
        let sums = &total.path[c * self.looks..][..self.looks];
        sums.iter().map(|sum| sum / total.lanes).collect()
    }

    /// Its variance over trajectories by look.
    pub fn variance(&self, total: &Batch, c: usize) -> Vec<f64> {
        let squares = total.squares[c * self.looks..][..self.looks].iter();
        let pairs = squares.zip(self.mean_path(total, c));
        pairs
            .map(|(sum, mean)| (sum / total.lanes - mean * mean).max(0.0))
            .collect()
    }

    /// The normalised autocorrelation of a coordinate by lag (eq. (4.4)), averaged over trajectories
    /// and the looks before half of the time is over, and as long after.
    pub fn correlation(&self, total: &Batch, c: usize) -> Vec<f64> {
        let head = self.looks - self.lags + 1;
        let count = total.lanes * head as f64;
        let mean = |sums: &[f64], from: usize| {
            let part = &sums[c * self.looks + from..][..head];
            part.iter().sum::<f64>() / count
        };
        let first = mean(&total.path, 0);
        let variance = mean(&total.squares, 0) - first * first;
        let lagged = total.lagged[c * self.lags..][..self.lags]
            .iter()
            .enumerate();
        lagged
            .map(|(lag, sum)| (sum / count - first * mean(&total.path, lag)) / variance)
            .collect()
    }

    /// The standard deviation of a coordinate over trajectories and the second half of the time.
    pub fn width(&self, total: &Batch, c: usize) -> f64 {
        let late = self.looks / 2..self.looks;
        let count = total.lanes * late.len() as f64;
        let mean = |sums: &[f64]| sums[c * self.looks..][late.clone()].iter().sum::<f64>() / count;
        (mean(&total.squares) - mean(&total.path).powi(2))
            .max(0.0)
            .sqrt()
    }

    /// The time between looks, by look.
    pub fn times(&self) -> Vec<f64> {
        (0..self.looks)
            .map(|look| look as f64 * self.interval)
            .collect()
    }
}

impl Batch {
    fn new(dimension: usize, looks: usize, lags: usize, axes: &Axes) -> Batch {
        Batch {
            lanes: 0.0,
            path: vec![0.0; dimension * looks],
            squares: vec![0.0; dimension * looks],
            lagged: vec![0.0; dimension * lags],
            counts: axes
                .meshes
                .iter()
                .map(|(_, mesh)| vec![0.0; mesh.bins()])
                .collect(),
        }
    }

    fn add(&mut self, trajectories: &Trajectories, group: usize, axes: &Axes, lags: usize) {
        let (d, looks) = (trajectories.dimension(), trajectories.looks());
        let Some(last) = looks.checked_sub(1) else {
            return;
        };
        let head = looks - lags + 1;
        let mut series = vec![0.0; looks];
        for lane in 0..trajectories.lanes(group) {
            if !(0..d).all(|c| trajectories.positions(group, last, c)[lane].is_finite()) {
                continue;
            }
            self.lanes += 1.0;
            for c in 0..d {
                for (look, x) in series.iter_mut().enumerate() {
                    *x = trajectories.positions(group, look, c)[lane];
                    self.path[c * looks + look] += *x;
                    self.squares[c * looks + look] += *x * *x;
                }
                for lag in 0..lags {
                    let later = &series[lag..][..head];
                    let products = series[..head].iter().zip(later).map(|(a, b)| a * b);
                    self.lagged[c * lags + lag] += products.sum::<f64>();
                }
            }
            let mut point = vec![0.0; d];
            for look in 0..looks {
                for (c, x) in point.iter_mut().enumerate() {
                    *x = trajectories.positions(group, look, c)[lane];
                }
                for ((coordinates, mesh), counts) in axes.meshes.iter().zip(&mut self.counts) {
                    counts[nearest(mesh, coordinates, &point)] += 1.0;
                }
            }
        }
    }

    fn merge(&mut self, other: &Batch) {
        let add = |own: &mut [f64], other: &[f64]| {
            own.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        };
        self.lanes += other.lanes;
        add(&mut self.path, &other.path);
        add(&mut self.squares, &other.squares);
        add(&mut self.lagged, &other.lagged);
        for (own, other) in self.counts.iter_mut().zip(&other.counts) {
            add(own, other);
        }
    }
}

/// The bin of a point, or the nearest one.
fn nearest(mesh: &Mesh, coordinates: &[usize], point: &[f64]) -> usize {
    coordinates
        .iter()
        .zip(mesh.axes())
        .fold(0, |flat, (c, axis)| {
            let bins = axis.grid.bins();
            let below = point[*c] < axis.grid.lo();
            let along = axis.index(point[*c]);
            flat * bins + along.unwrap_or(if below { 0 } else { bins - 1 })
        })
}
