//! Free energy and mobility with one length of smoothing, over one stretch of the coordinate.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{FreeError, Values};

/// The standard deviation of the kernels, in lengths: the smooth part then passes waves within
/// 0.03 of [`survival_x`](crate::learn::transfer::survival_x).
pub(super) const WIDTH: f64 = 0.9;
/// Bins in a standard deviation.
const BINS: usize = 8;
/// Where the Gaussian ends, in bins: beyond 5 deviations lies 6e-7 of it.
const MEAN_REACH: usize = 5 * BINS;
/// Where the kernel of the smooth part ends, in bins: 6 deviations, its factor being a parabola.
const SMOOTH_REACH: usize = 6 * BINS;
/// Bins beyond each end of the stretch that are known too, for the interpolation there.
const MARGIN: usize = 3;
/// Of a kernel's mass, the least that must meet finite values.
const SUPPORT: f64 = 0.9;
/// Points of a bin to begin with, and from try to try.
const FIRST: usize = 64;
const FACTOR: usize = 4;

/// What to average, and how well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub lo: f64,
    pub hi: f64,
    /// The length of smoothing.
    pub length: f64,
    pub kt: f64,
    /// The error of `F/kT` and of `log D` at which to stop.
    pub tolerance: f64,
    /// Points at most.
    pub most: usize,
    pub seed: u64,
}

/// Averages on bins over a stretch.
#[derive(Clone, Debug)]
pub(super) struct Level {
    /// The middle of the first bin, and their width.
    first: f64,
    width: f64,
    pub lo: f64,
    pub hi: f64,
    /// By bin: the slope of the smooth part, F, log D; NaN where too little of V is finite.
    slope: Vec<f64>,
    free: Vec<f64>,
    log_mobility: Vec<f64>,
    /// The largest error of `F/kT` and of `log D`, from two independent halves of the points.
    pub error: f64,
    pub evaluations: u64,
}

/// A value of each at a position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    pub slope: f64,
    pub free: f64,
    pub log_mobility: f64,
}

impl Level {
    pub fn at(&self, x: f64) -> Local {
        let t = (x - self.first) / self.width;
        Local {
            slope: cubic(&self.slope, t),
            free: cubic(&self.free, t),
            log_mobility: cubic(&self.log_mobility, t),
        }
    }

    /// The middles of the bins.
    pub fn places(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.free.len()).map(|at| self.first + self.width * at as f64)
    }
}

/// The cubic polynomial through the four values around a position, counted in places.
pub(super) fn cubic(values: &[f64], t: f64) -> f64 {
    let last = values.len() - 4;
    let start = ((t.floor() - 1.0).max(0.0) as usize).min(last);
    let u = t - start as f64 - 1.0;
    let [a, b, c, d] = [0, 1, 2, 3].map(|k| values[start + k]);
    let (l, r, rr) = (u + 1.0, u - 1.0, u - 2.0);
    -a * u * r * rr / 6.0 + b * l * r * rr / 2.0 - c * l * u * rr / 2.0 + d * l * u * r / 6.0
}

/// Averages over a stretch, with more and more points until two halves of them agree.
///
/// # Errors
/// The stretch needs more points than it may have even to begin with.
pub(super) fn level(stretch: &Stretch, v: &Values<'_>) -> Result<Level, FreeError> {
    let grid = Grid::new(stretch)?;
    let mut evaluations = 0;
    let mut points = FIRST;
    loop {
        let samples = Samples::draw(&grid, points, stretch.seed, v);
        evaluations += samples.values.len() as u64;
        let mut level = grid.averages(&samples, stretch);
        level.evaluations = evaluations;
        let more = points.saturating_mul(FACTOR);
        if level.error <= stretch.tolerance || more.saturating_mul(grid.bins) > stretch.most {
            return Ok(level);
        }
        points = more;
    }
}

/// Bins over a stretch and what its kernels reach.
struct Grid {
    /// The middle of the first bin.
    first: f64,
    width: f64,
    bins: usize,
}

impl Grid {
    fn new(stretch: &Stretch) -> Result<Grid, FreeError> {
        let width = WIDTH * stretch.length / BINS as f64;
        let inner = ((stretch.hi - stretch.lo) / width).ceil();
        let outer = MARGIN + MEAN_REACH + SMOOTH_REACH;
        let bins = inner + 2.0 * outer as f64;
        if !(inner >= 0.0 && bins * FIRST as f64 <= stretch.most as f64) {
            return Err(FreeError::TooFine {
                length: stretch.length,
            });
        }
        Ok(Grid {
            first: stretch.lo - width * (outer as f64 - 0.5),
            width,
            bins: bins as usize,
        })
    }

    fn averages(&self, samples: &Samples, stretch: &Stretch) -> Level {
        let (smooth, slope) = self.smooth(&samples.means(self));
        let sums = self.exponentials(samples, &smooth, stretch.kt);
        let kernel: Vec<[f64; 2]> = (0..=2 * MEAN_REACH)
            .map(|at| (at as f64 - MEAN_REACH as f64) / BINS as f64)
            .map(|z| [gauss(z), -z * gauss(z)])
            .collect();
        let first = SMOOTH_REACH + MEAN_REACH;
        let count = self.bins - 2 * first;
        let means: Vec<Option<[[f64; 2]; 2]>> = (0..count)
            .into_par_iter()
            .map(|at| mean_logs(&sums[at..=at + 2 * MEAN_REACH], &kernel))
            .collect();
        let inner = |values: &[f64]| values[MEAN_REACH..MEAN_REACH + count].to_vec();
        let (smooth, slope) = (inner(&smooth), inner(&slope));
        let mut level = Level {
            first: self.first + self.width * first as f64,
            width: self.width,
            lo: stretch.lo,
            hi: stretch.hi,
            slope,
            free: Vec::with_capacity(count),
            log_mobility: Vec::with_capacity(count),
            error: 0.0,
            evaluations: 0,
        };
        for (smooth, means) in smooth.iter().zip(means) {
            let Some([[down, down2], [up, up2]]) = means else {
                level.free.push(f64::NAN);
                level.log_mobility.push(f64::NAN);
                continue;
            };
            let (minus, plus) = (middle(down, down2), middle(up, up2));
            level.free.push(smooth - stretch.kt * minus);
            level.log_mobility.push(-(minus + plus));
            let of_free = 0.5 * (down - down2).abs();
            let of_mobility = 0.5 * (down + up - down2 - up2).abs();
            level.error = level.error.max(of_free).max(of_mobility);
        }
        level
    }

    /// The smooth part and its slope on the bins that the Gaussian reaches. The kernel is
    /// `(3 - z^2)/2` times a Gaussian: cubic polynomials pass unchanged.
    fn smooth(&self, means: &[[f64; 2]]) -> (Vec<f64>, Vec<f64>) {
        let kernel: Vec<[f64; 2]> = (0..=2 * SMOOTH_REACH)
            .map(|at| (at as f64 - SMOOTH_REACH as f64) / BINS as f64)
            .map(|z| [1.5 - 0.5 * z * z, -z * (2.5 - 0.5 * z * z)].map(|k| k * gauss(z)))
            .collect();
        let mass: f64 = kernel.iter().map(|[weight, _]| weight).sum();
        let at = |start: usize| {
            let window = &means[start..=start + 2 * SMOOTH_REACH];
            // Relative to the middle, so that a large constant costs no figures.
            let [base, _] = window[SMOOTH_REACH];
            let (mut sum, mut met) = (0.0, 0.0);
            for ([weight, turn], [mean, first]) in kernel.iter().zip(window) {
                if mean.is_finite() {
                    sum += weight * (mean - base) + turn * first;
                    met += weight;
                }
            }
            match met >= SUPPORT * mass {
                true => base + sum / met,
                false => f64::NAN,
            }
        };
        let count = self.bins - 2 * SMOOTH_REACH;
        let smooth: Vec<f64> = (0..count).into_par_iter().map(at).collect();
        let slope = (0..count)
            .map(|at| {
                let (before, after) = (at.saturating_sub(1), (at + 1).min(count - 1));
                let rise = smooth[after] - smooth[before];
                rise / (self.width * (after - before) as f64)
            })
            .collect();
        (smooth, slope)
    }

    /// By bin the means of `exp(-w/kT)` and of `exp(w/kT)`, of each half of the points, where `w`
    /// is V less its smooth part; `None` where V is not finite.
    fn exponentials(&self, samples: &Samples, smooth: &[f64], kt: f64) -> Vec<Option<Sums>> {
        let bin = |at: usize| {
            let start = self.first + self.width * (at as f64 + SMOOTH_REACH as f64 - 0.5);
            let (places, values) = samples.of(at + SMOOTH_REACH);
            let mut sums = Sums::default();
            for (k, (u, value)) in places.iter().zip(values).enumerate() {
                let t = at as f64 - 0.5 + (u - start) / self.width;
                let w = (value - cubic(smooth, t)) / kt;
                if !w.is_finite() {
                    return None;
                }
                let half = usize::from(k.count_ones() % 2 == 1);
                let offset = ((u - start) / self.width - 0.5) / BINS as f64;
                sums.minus[half].add(-w, offset);
                sums.plus[half].add(w, offset);
            }
            Some(sums)
        };
        (0..smooth.len()).into_par_iter().map(bin).collect()
    }
}

/// `exp(-z^2/2)`.
pub(super) fn gauss(z: f64) -> f64 {
    (-0.5 * z * z).exp()
}

/// The logarithm of the mean of two numbers, given by their logarithms.
fn middle(a: f64, b: f64) -> f64 {
    let most = a.max(b);
    most + (0.5 * ((a - most).exp() + (b - most).exp())).ln()
}

/// The logarithms of the means over a window, of `exp(-w/kT)` and `exp(w/kT)`, by halves.
fn mean_logs(window: &[Option<Sums>], kernel: &[[f64; 2]]) -> Option<[[f64; 2]; 2]> {
    let mass: f64 = kernel.iter().map(|[weight, _]| weight).sum();
    let finite = || {
        window
            .iter()
            .zip(kernel)
            .filter_map(|(s, k)| Some((s.as_ref()?, k)))
    };
    let met: f64 = finite().map(|(_, [weight, _])| weight).sum();
    if met < SUPPORT * mass {
        return None;
    }
    let of = |pick: &dyn Fn(&Sums) -> LogSum| -> f64 {
        let most = finite().map(|(sums, _)| pick(sums).most);
        let most = most.fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = finite()
            .map(|(sums, weights)| pick(sums).mean_over(most, weights))
            .sum();
        most + (total / met).ln()
    };
    let halves = |pick: &dyn Fn(&Sums) -> [LogSum; 2]| [0, 1].map(|h| of(&|sums| pick(sums)[h]));
    Some([halves(&|sums| sums.minus), halves(&|sums| sums.plus)])
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    minus: [LogSum; 2],
    plus: [LogSum; 2],
}

/// A sum of exponentials that does not overflow, and their first moment in the bin, in standard
/// deviations of the Gaussian: both times `exp(most)`. Without the moment a wave of nearly the
/// width of a bin would be seen as a long one.
#[derive(Clone, Copy, Debug)]
struct LogSum {
    most: f64,
    sum: f64,
    first: f64,
    count: f64,
}

impl Default for LogSum {
    fn default() -> LogSum {
        LogSum {
            most: f64::NEG_INFINITY,
            sum: 0.0,
            first: 0.0,
            count: 0.0,
        }
    }
}

impl LogSum {
    fn add(&mut self, exponent: f64, offset: f64) {
        if exponent > self.most {
            let factor = (self.most - exponent).exp();
            (self.sum, self.first) = (self.sum * factor, self.first * factor);
            self.most = exponent;
        }
        let term = (exponent - self.most).exp();
        self.sum += term;
        self.first += offset * term;
        self.count += 1.0;
    }

    /// The mean times the weight of the bin, which has a slope, over `exp(most)`.
    fn mean_over(&self, most: f64, [weight, slope]: &[f64; 2]) -> f64 {
        (self.most - most).exp() * (weight * self.sum + slope * self.first) / self.count
    }
}

/// Points, equally many in each bin, one at random in each of equal parts of it: scales that they
/// do not resolve turn into noise, which the halves show, and not into a bias, which they would
/// not.
struct Samples {
    points: usize,
    places: Vec<f64>,
    values: Vec<f64>,
}

impl Samples {
    fn draw(grid: &Grid, points: usize, seed: u64, v: &Values<'_>) -> Samples {
        let mut places = vec![0.0; grid.bins * points];
        let mut values = vec![f64::NAN; grid.bins * points];
        let bins = places
            .par_chunks_mut(points)
            .zip(values.par_chunks_mut(points));
        bins.enumerate().for_each(|(bin, (places, values))| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(bin as u64);
            let start = grid.first + grid.width * (bin as f64 - 0.5);
            let part = grid.width / points as f64;
            for (at, place) in places.iter_mut().enumerate() {
                *place = start + part * (at as f64 + rng.random::<f64>());
            }
            v(places, values);
        });
        Samples {
            points,
            places,
            values,
        }
    }

    fn of(&self, bin: usize) -> (&[f64], &[f64]) {
        let range = bin * self.points..(bin + 1) * self.points;
        (&self.places[range.clone()], &self.values[range])
    }

    /// The mean of each bin and its first moment, in standard deviations; NaN where one of its
    /// values is not finite.
    fn means(&self, grid: &Grid) -> Vec<[f64; 2]> {
        let mean = |bin: usize| {
            let (places, values) = self.of(bin);
            let middle = grid.first + grid.width * bin as f64;
            let base = values[0];
            let (mut sum, mut first) = (0.0, 0.0);
            for (x, v) in places.iter().zip(values) {
                sum += v - base;
                first += (v - base) * (x - middle) / (grid.width * BINS as f64);
            }
            let n = values.len() as f64;
            [base + sum / n, first / n]
        };
        (0..grid.bins).into_par_iter().map(mean).collect()
    }
}
