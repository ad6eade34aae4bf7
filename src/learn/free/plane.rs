//! Free energy and mobility in two coordinates: the same local mean, and in place of the second
//! one the cell problem.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::level::{WIDTH, cubic, gauss};
use super::windows::mobility;
use super::{FreeError, LARGEST_ERROR, Values, coefficients};
use crate::graph::{Spline, SplineAxis};

/// Bins in a standard deviation of the Gaussian, and where kernels end, in bins.
const BINS: usize = 5;
pub(super) const MEAN_REACH: usize = 5 * BINS;
pub(super) const SMOOTH_REACH: usize = 6 * BINS;
pub(super) const MARGIN: usize = 3;
/// Points along each side of a bin, try after try.
const POINTS: [usize; 5] = [2, 4, 8, 16, 32];
/// Cells of the mobility along an axis.
const CELLS: (f64, f64) = (4.0, 12.0);

/// What is asked for in two coordinates.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PlaneSettings {
    /// Where.
    pub axes: [SplineAxis; 2],
    /// The length, as in [`Settings`](super::Settings).
    pub length: f64,
    /// The temperature.
    pub kt: f64,
    /// The error of `F/kT` at which no more points are added.
    pub tolerance: f64,
    /// Evaluations of V at most.
    pub evaluations: usize,
    /// The seed of the positions of the points.
    pub seed: u64,
}

/// Free energy and mobility.
#[derive(Clone, Debug)]
pub struct FreePlane {
    /// F, in the unit of V.
    pub free: Spline,
    /// `Dxx`, `Dxy`, `Dyy`.
    pub mobility: [Spline; 3],
    /// The largest error of `F/kT` and, relative, of D.
    pub error: f64,
    /// The least and the largest eigenvalue of D where it was solved for.
    pub eigenvalues: [f64; 2],
    /// By how much U changes over the length, in kT, where F is at most 10 kT above its lowest.
    pub steepest: f64,
    /// Evaluations of V.
    pub evaluations: u64,
}

/// Free energy and mobility over a box. `v` is given points (shape: coordinates, points), on a
/// periodic axis also beyond the box.
///
/// # Errors
/// See [`FreeError`].
pub fn plane(settings: &PlaneSettings, v: &Values<'_>) -> Result<FreePlane, FreeError> {
    let (length, kt) = (settings.length, settings.kt);
    if !(length > 0.0 && kt > 0.0 && length.is_finite() && kt.is_finite()) {
        return Err(FreeError::NotPositive { length, kt });
    }
    for SplineAxis { lo, hi, .. } in settings.axes {
        if !(hi > lo && (hi - lo).is_finite()) {
            return Err(FreeError::BadInterval { lo, hi });
        }
    }
    let grid = Grid::new(settings)?;
    let mut evaluations = 0;
    let mut found = None;
    for points in POINTS {
        let cost = 2 * grid.bins() * points * points;
        if found.is_some() && evaluations + cost > settings.evaluations {
            break;
        }
        let sheet = grid.sheet(points, settings, v)?;
        evaluations += cost;
        let done = sheet.error <= settings.tolerance;
        found = Some(sheet);
        if done {
            break;
        }
    }
    let Some(sheet) = found else {
        return Err(FreeError::TooFine { length });
    };
    if sheet.error.is_nan() || sheet.error > LARGEST_ERROR {
        return Err(FreeError::NotResolved {
            error: sheet.error,
            evaluations: evaluations as u64,
        });
    }
    let free = grid.spline(settings, &sheet)?;
    let cells = settings.axes.map(|axis| {
        let cells = ((axis.hi - axis.lo) / (2.0 * length)).ceil();
        cells.clamp(CELLS.0, CELLS.1) as usize
    });
    let solved = mobility(settings, &grid, &sheet, cells, v)?;
    let steepest = grid.steepest(settings, &sheet);
    Ok(FreePlane {
        free,
        error: sheet.error.max(solved.error),
        mobility: solved.splines,
        eigenvalues: solved.eigenvalues,
        steepest,
        evaluations: evaluations as u64 + solved.evaluations,
    })
}

/// Bins over a box and what its kernels reach.
pub(super) struct Grid {
    /// The middle of the first bin along each axis.
    first: [f64; 2],
    width: [f64; 2],
    count: [usize; 2],
    /// Bins that cover the box itself.
    pub inner: [usize; 2],
}

/// Averages by bins.
pub(super) struct Sheet {
    /// The smooth part, on all bins but for the reach of its kernel.
    smooth: Vec<f64>,
    /// `log <exp(-w/kT)>` on the bins of the box with a margin.
    pub log_mean: Vec<f64>,
    error: f64,
}

const OUTER: usize = MARGIN + MEAN_REACH + SMOOTH_REACH;

impl Grid {
    fn new(settings: &PlaneSettings) -> Result<Grid, FreeError> {
        let wanted = WIDTH * settings.length / BINS as f64;
        let inner = settings
            .axes
            .map(|axis| ((axis.hi - axis.lo) / wanted).ceil().max(4.0));
        let total = inner.map(|n| n + 2.0 * OUTER as f64);
        let least = total[0] * total[1] * 4.0;
        if least.is_nan() || least > settings.evaluations as f64 {
            return Err(FreeError::TooFine {
                length: settings.length,
            });
        }
        let width = [0, 1].map(|c| (settings.axes[c].hi - settings.axes[c].lo) / inner[c]);
        let inner = inner.map(|n| n as usize);
        Ok(Grid {
            first: [0, 1].map(|c| settings.axes[c].lo - width[c] * (OUTER as f64 - 0.5)),
            width,
            count: inner.map(|n| n + 2 * OUTER),
            inner,
        })
    }

    fn bins(&self) -> usize {
        self.count[0] * self.count[1]
    }

    /// Points of a bin and the values there: one at random in each of equal parts.
    fn sample(&self, bin: usize, points: usize, seed: u64, v: &Values<'_>) -> (Vec<f64>, Vec<f64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(bin as u64);
        let (i, j) = (bin / self.count[1], bin % self.count[1]);
        let n = points * points;
        let mut places = vec![0.0; 2 * n];
        for at in 0..n {
            let part = [at / points, at % points];
            for c in 0..2 {
                let t = (part[c] as f64 + rng.random::<f64>()) / points as f64;
                places[c * n + at] = self.first[c] + self.width[c] * ([i, j][c] as f64 - 0.5 + t);
            }
        }
        let mut values = vec![f64::NAN; n];
        v(&places, &mut values);
        (places, values)
    }

    fn sheet(
        &self,
        points: usize,
        settings: &PlaneSettings,
        v: &Values<'_>,
    ) -> Result<Sheet, FreeError> {
        let n = points * points;
        let mean = |bin: usize| {
            let (_, values) = self.sample(bin, points, settings.seed, v);
            values.iter().sum::<f64>() / n as f64
        };
        let means: Vec<f64> = (0..self.bins()).into_par_iter().map(mean).collect();
        if let Some(bin) = means.iter().position(|mean| !mean.is_finite()) {
            let at = self.first[0] + self.width[0] * (bin / self.count[1]) as f64;
            return Err(FreeError::NotFinite { at });
        }
        let kernel = kernel(SMOOTH_REACH, |z| (1.5 - 0.5 * z * z) * gauss(z));
        let (smooth, shape) = convolved(&means, self.count, &kernel);
        let part = Smooth {
            grid: self,
            values: &smooth,
            columns: shape[1],
        };
        // The mean of exp(-w/kT) in each bin, of each half of its points.
        let bins: Vec<(usize, usize)> = (0..shape[0])
            .flat_map(|i| (0..shape[1]).map(move |j| (i, j)))
            .collect();
        let exponents = |&(i, j): &(usize, usize)| -> [f64; 2] {
            let bin = (i + SMOOTH_REACH) * self.count[1] + j + SMOOTH_REACH;
            let (places, values) = self.sample(bin, points, settings.seed, v);
            let mut halves = [Vec::new(), Vec::new()];
            for at in 0..n {
                let w = (values[at] - part.at(places[at], places[n + at])) / settings.kt;
                let half = (at / points + at % points) % 2;
                halves[half].push(-w);
            }
            halves.map(|half| log_mean(&half))
        };
        let logs: Vec<[f64; 2]> = bins.par_iter().map(exponents).collect();
        let kernel = self::kernel(MEAN_REACH, gauss);
        let most = logs
            .iter()
            .flatten()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let of_half = |half: usize| -> Vec<f64> {
            let scaled: Vec<f64> = logs.iter().map(|log| (log[half] - most).exp()).collect();
            convolved(&scaled, shape, &kernel).0
        };
        let (a, b) = (of_half(0), of_half(1));
        let mut error: f64 = 0.0;
        let both = a.iter().zip(&b).map(|(a, b)| {
            error = error.max(0.5 * (a / b).ln().abs());
            most + (0.5 * (a + b)).ln()
        });
        let log_mean: Vec<f64> = both.collect();
        match log_mean.iter().all(|log| log.is_finite()) {
            true => Ok(Sheet {
                smooth,
                log_mean,
                error,
            }),
            false => Err(FreeError::NotResolved {
                error: f64::INFINITY,
                evaluations: (2 * self.bins() * n) as u64,
            }),
        }
    }

    pub fn part<'a>(&'a self, sheet: &'a Sheet) -> Smooth<'a> {
        Smooth {
            grid: self,
            values: &sheet.smooth,
            columns: self.count[1] - 2 * SMOOTH_REACH,
        }
    }

    /// F at the knots, every other bin or so.
    fn spline(&self, settings: &PlaneSettings, sheet: &Sheet) -> Result<Spline, FreeError> {
        let smooth = self.part(sheet);
        let columns = self.inner[1] + 2 * MARGIN;
        let cells = self.inner.map(|n| n.div_ceil(2).max(4));
        let at = |x: f64, y: f64| {
            let mean = interpolated(
                &sheet.log_mean,
                columns,
                self.bin(x, y, SMOOTH_REACH + MEAN_REACH),
            );
            smooth.at(x, y) - settings.kt * mean
        };
        tensor(&settings.axes, cells, at).ok_or(FreeError::NotFinite {
            at: settings.axes[0].lo,
        })
    }

    /// A position in bins, from the bin `cut` on.
    pub fn bin(&self, x: f64, y: f64, cut: usize) -> [f64; 2] {
        [
            (x - self.first[0]) / self.width[0] - cut as f64,
            (y - self.first[1]) / self.width[1] - cut as f64,
        ]
    }

    /// The largest change of the smooth part over the length, in kT, where F is low.
    fn steepest(&self, settings: &PlaneSettings, sheet: &Sheet) -> f64 {
        let smooth = self.part(sheet);
        let at = |i: usize, j: usize| {
            let x = settings.axes[0].lo + self.width[0] * i as f64;
            let y = settings.axes[1].lo + self.width[1] * j as f64;
            let slope = [0, 1].map(|c| {
                let step = [0, 1].map(|k| if k == c { 0.5 * self.width[k] } else { 0.0 });
                let rise =
                    smooth.at(x + step[0], y + step[1]) - smooth.at(x - step[0], y - step[1]);
                rise / self.width[c]
            });
            (smooth.at(x, y), slope[0].hypot(slope[1]))
        };
        let places = (0..=self.inner[0]).flat_map(|i| (0..=self.inner[1]).map(move |j| (i, j)));
        let found: Vec<(f64, f64)> = places.map(|(i, j)| at(i, j)).collect();
        let least = found.iter().map(|(u, _)| *u).fold(f64::INFINITY, f64::min);
        let low = found
            .iter()
            .filter(|(u, _)| u - least <= 10.0 * settings.kt);
        let steepest = low.map(|(_, slope)| *slope).fold(0.0, f64::max);
        settings.length * steepest / settings.kt
    }
}

/// The smooth part at any position of the bins.
pub(super) struct Smooth<'a> {
    grid: &'a Grid,
    values: &'a [f64],
    columns: usize,
}

impl Smooth<'_> {
    pub fn at(&self, x: f64, y: f64) -> f64 {
        interpolated(self.values, self.columns, self.grid.bin(x, y, SMOOTH_REACH))
    }
}

/// The bicubic polynomial through sixteen values around a position, counted in places.
pub(super) fn interpolated(values: &[f64], columns: usize, [s, t]: [f64; 2]) -> f64 {
    let rows = values.len() / columns;
    let start = ((s.floor() - 1.0).max(0.0) as usize).min(rows - 4);
    let along: [f64; 4] = std::array::from_fn(|k| {
        let row = start + k;
        cubic(&values[row * columns..(row + 1) * columns], t)
    });
    cubic(&along, s - start as f64)
}

fn log_mean(exponents: &[f64]) -> f64 {
    let most = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = exponents.iter().map(|e| (e - most).exp()).sum();
    most + (sum / exponents.len() as f64).ln()
}

fn kernel(reach: usize, weight: impl Fn(f64) -> f64) -> Vec<f64> {
    let at = |k: usize| weight((k as f64 - reach as f64) / BINS as f64);
    let weights: Vec<f64> = (0..=2 * reach).map(at).collect();
    let mass: f64 = weights.iter().sum();
    weights.into_iter().map(|w| w / mass).collect()
}

/// The convolution along both axes, without the edges that it does not reach, and its shape.
fn convolved(values: &[f64], shape: [usize; 2], kernel: &[f64]) -> (Vec<f64>, [usize; 2]) {
    let less = kernel.len() - 1;
    let (rows, columns) = (shape[0] - less, shape[1] - less);
    let along: Vec<f64> = (0..shape[0] * columns)
        .into_par_iter()
        .map(|at| {
            let window = &values[at / columns * shape[1] + at % columns..][..kernel.len()];
            kernel.iter().zip(window).map(|(k, v)| k * v).sum()
        })
        .collect();
    let both = (0..rows * columns).into_par_iter().map(|at| {
        let column = kernel.iter().enumerate();
        column
            .map(|(k, weight)| weight * along[at + k * columns])
            .sum()
    });
    (both.collect(), [rows, columns])
}

/// The tensor spline through values of a function at its knots.
fn tensor(
    axes: &[SplineAxis; 2],
    cells: [usize; 2],
    f: impl Fn(f64, f64) -> f64 + Sync,
) -> Option<Spline> {
    let places = [0, 1].map(|c| knots(&axes[c], cells[c]));
    let values: Vec<f64> = places[0]
        .iter()
        .flat_map(|x| places[1].iter().map(|y| f(*x, *y)).collect::<Vec<f64>>())
        .collect();
    through_plane(axes, cells, &values)
}

/// The tensor spline through values at its knots, the last axis fastest.
pub(super) fn through_plane(
    axes: &[SplineAxis; 2],
    cells: [usize; 2],
    values: &[f64],
) -> Option<Spline> {
    let columns = knots(&axes[1], cells[1]).len();
    let rows = values
        .chunks_exact(columns)
        .map(|row| coefficients(&axes[1], row));
    let rows = rows.collect::<Option<Vec<Vec<f64>>>>()?;
    let wide = rows.first()?.len();
    let along = |j: usize| {
        let column: Vec<f64> = rows.iter().map(|row| row[j]).collect();
        coefficients(&axes[0], &column)
    };
    let columns = (0..wide).map(along).collect::<Option<Vec<Vec<f64>>>>()?;
    let high = columns.first()?.len();
    let all = (0..high).flat_map(|i| columns.iter().map(move |column| column[i]));
    Spline::tensor(3, axes, all.collect(), &[high, wide])
}

/// The positions of knots: without the last on a periodic axis.
pub(super) fn knots(axis: &SplineAxis, cells: usize) -> Vec<f64> {
    let count = if axis.periodic { cells } else { cells + 1 };
    let at = |k: usize| axis.lo + (axis.hi - axis.lo) * k as f64 / cells as f64;
    (0..count).map(at).collect()
}
