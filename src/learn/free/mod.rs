//! Free energy and mobility at a temperature and a length, in one and two coordinates, with no
//! dynamics.
//!
//! Below the length `l` a potential is split into a smooth part and the rest, `V = U_l + w`, and
//! what a particle at temperature kT keeps of the rest are two local means:
//!
//! ```text
//! F(q) = U_l(q) - kT log <exp(-w/kT)>      D(q) = 1/(<exp(-w/kT)> <exp(w/kT)>)
//! ```
//!
//! That is `-kT log` of the local mean of `exp(-V/kT)` once the change of `U_l` within the window
//! is divided out; with it in, the mean would be that of the lower end of the window, and a slope
//! alone would lower D. Both means are with a Gaussian: the kernel of
//! [`survival_x`](super::transfer::survival_x) takes both signs, and a mean of exponentials with
//! it may be negative. `U_l` is linear in V, and there its near twin of compact reach serves, the
//! Gaussian of fourth order. By Cauchy and Schwarz `D <= 1`; where V is a cubic `F = V` and
//! `D = 1`; for `U + A sin(q/eps)`, `eps << l`, they are `U - kT log I0(A/kT)` and `I0(A/kT)^-2`
//! (Lifson & Jackson 1962; Zwanzig 1988).
//!
//! Overdamped dynamics in F with the mobility D,
//! `dq = (-D F' + kT D') dt + sqrt(2 kT D) dW`, has the mean first-passage times of
//! `dq = -V' dt + sqrt(2 kT) dW`, `(1/kT) int dy exp(F(y)/kT)/D(y) int dz exp(-F(z)/kT)`, as long
//! as U changes by less than kT over what is averaged. So the length is `l` at most, and on slopes
//! the length over which U changes by [`SLOPE`] kT: where the force is felt across a single wave,
//! the wave is kept.
//!
//! In two coordinates ([`plane()`]) F is the same mean over the plane, and D a symmetric tensor from
//! the cell problem; there the length is `l` everywhere.

mod cell;
mod level;
mod plane;
mod windows;

pub use plane::{FreePlane, PlaneSettings, plane};

use std::ops::Range;

use super::bspline::interpolate;
use crate::graph::{Spline, SplineAxis};
use level::{Level, Stretch, level};

/// Values of V at positions, in parallel.
pub type Values<'a> = dyn Fn(&[f64], &mut [f64]) + Sync + 'a;

/// The most by which U may change over the length, in kT. Waves that are removed, those with
/// `k l > 3`, then change by half a kT for each radian at most.
pub const SLOPE: f64 = 1.5;
/// Between bins the change may be this part above what it may be.
const CLOSE: f64 = 1.1;
/// Lengths from `l` to `l/2^10` are tried.
const LEVELS: usize = 11;
/// How fast the length may change along the coordinate.
const GRADING: f64 = 0.5;
/// Knots of the results in the shortest length.
const KNOTS: f64 = 4.0;
/// The most knots.
const MOST_KNOTS: f64 = 50_000.0;
/// An error of `F/kT` or `log D` above which there is no result.
pub const LARGEST_ERROR: f64 = 0.05;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// The left end of the interval where the results are wanted (unit of the coordinate); of a
    /// periodic coordinate, one period.
    pub lo: f64,
    /// Its right end.
    pub hi: f64,
    /// Whether the right end is the left one again.
    pub periodic: bool,
    /// The length: structure of wavenumber above about `3/length` is averaged.
    pub length: f64,
    /// The temperature, in the unit of V.
    pub kt: f64,
    /// The error of `F/kT` and `log D` at which no more points are added.
    pub tolerance: f64,
    /// Evaluations of V at most, for each length that is tried.
    pub evaluations: usize,
    /// The seed of the positions of the points.
    pub seed: u64,
}

/// Free energy and mobility.
#[derive(Clone, Debug)]
pub struct FreeEnergy {
    /// F, in the unit of V, its constant that of V; continues linearly outside.
    pub free: Spline,
    /// `log D`, D the mobility over that without structure below the length.
    pub log_mobility: Spline,
    /// The shortest length that was used.
    pub shortest: f64,
    /// The largest error of `F/kT` and of `log D`, from two independent halves of the points.
    pub error: f64,
    /// The least and the largest D at the knots.
    pub mobility: [f64; 2],
    /// Evaluations of V.
    pub evaluations: u64,
}

/// Why there is none.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
pub enum FreeError {
    /// The interval is empty or not finite.
    #[error("the interval from {lo} to {hi} is empty or not finite")]
    BadInterval {
        /// Its left end.
        lo: f64,
        /// Its right end.
        hi: f64,
    },
    /// The length or the temperature is not positive.
    #[error("the length and kT must be positive, not {length} and {kt}")]
    NotPositive {
        /// The length.
        length: f64,
        /// The temperature.
        kt: f64,
    },
    /// The averages would need more points or knots than there may be.
    #[error("the interval is too wide for the length {length:.2e}")]
    TooFine {
        /// The length.
        length: f64,
    },
    /// The potential is not finite around a position.
    #[error("the potential is not finite around {at:.4}")]
    NotFinite {
        /// The position.
        at: f64,
    },
    /// The force is felt across any length that was tried.
    #[error("around {at:.4} the potential changes by more than {SLOPE} kT even over {length:.2e}")]
    TooSteep {
        /// The position.
        at: f64,
        /// The shortest length.
        length: f64,
    },
    /// The averages have not converged.
    #[error("F/kT and log D are known to {error:.2} only, after {evaluations} evaluations")]
    NotResolved {
        /// The error that is left.
        error: f64,
        /// Evaluations of V.
        evaluations: u64,
    },
}

/// Free energy and mobility over an interval. `v` is given positions in ascending order (on a
/// periodic coordinate also beyond the interval) and writes the values there.
///
/// # Errors
/// See [`FreeError`].
pub fn line(settings: &Settings, v: &Values<'_>) -> Result<FreeEnergy, FreeError> {
    let Settings { lo, hi, .. } = *settings;
    if !(hi > lo && (hi - lo).is_finite()) {
        return Err(FreeError::BadInterval { lo, hi });
    }
    let (length, kt) = (settings.length, settings.kt);
    if !(length > 0.0 && kt > 0.0 && length.is_finite() && kt.is_finite()) {
        return Err(FreeError::NotPositive { length, kt });
    }
    let ladder = Ladder::climb(settings, v)?;
    let evaluations = ladder.levels().map(|level| level.evaluations).sum();
    let error = ladder.levels().map(|level| level.error).fold(0.0, f64::max);
    if error.is_nan() || error > LARGEST_ERROR {
        return Err(FreeError::NotResolved { error, evaluations });
    }
    let lengths = ladder.graded()?;
    let shortest = lengths.iter().copied().fold(f64::INFINITY, f64::min);
    let cells = (KNOTS * (hi - lo) / shortest).ceil().max(8.0);
    if cells > MOST_KNOTS {
        return Err(FreeError::TooFine { length: shortest });
    }
    let at = |k: usize| lo + (hi - lo) * k as f64 / cells;
    let knots = (0..=cells as usize).map(|k| ladder.blend(at(k), &lengths));
    let (free, mobility): (Vec<f64>, Vec<f64>) = knots.unzip();
    let least = mobility.iter().copied().fold(f64::INFINITY, f64::min);
    let most = mobility.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let spline = |values: &[f64]| through(settings, values).ok_or(FreeError::NotFinite { at: lo });
    Ok(FreeEnergy {
        free: spline(&free)?,
        log_mobility: spline(&mobility)?,
        shortest,
        error,
        mobility: [least.exp(), most.exp()],
        evaluations,
    })
}

/// The spline through values at equal distances from end to end.
fn through(settings: &Settings, values: &[f64]) -> Option<Spline> {
    let axis = SplineAxis {
        lo: settings.lo,
        hi: settings.hi,
        periodic: settings.periodic,
    };
    // On a circle the last knot is the first.
    let known = values.len() - usize::from(axis.periodic);
    let coefficients = coefficients(&axis, &values[..known])?;
    let size = coefficients.len();
    Spline::tensor(3, &[axis], coefficients, &[size])
}

/// The coefficients of the cubic spline through values at its knots; on a periodic axis without the
/// last.
fn coefficients(axis: &SplineAxis, values: &[f64]) -> Option<Vec<f64>> {
    let n = values.len();
    let width = axis.hi - axis.lo;
    if !axis.periodic {
        let spline = interpolate(axis.lo, width / (n - 1) as f64, values)?;
        return Some(spline.coefficients().to_vec());
    }
    // The ends are felt with a factor 0.27 for each cell on the way in.
    const BEYOND: usize = 40;
    let round: Vec<f64> = (0..=n + 2 * BEYOND)
        .map(|at| values[(at + n * BEYOND - BEYOND) % n])
        .collect();
    let spacing = width / n as f64;
    let spline = interpolate(axis.lo - spacing * BEYOND as f64, spacing, &round)?;
    Some(spline.coefficients()[BEYOND..BEYOND + n].to_vec())
}

/// Averages at lengths `l`, `l/2`, `l/4` and so on, each where the one before is too long.
struct Ladder<'a> {
    settings: &'a Settings,
    rungs: Vec<Vec<Level>>,
}

/// Places along the coordinate at which the length is chosen, for each `l` of the interval; in
/// between it is interpolated.
const CHOICES: f64 = 64.0;

impl<'a> Ladder<'a> {
    fn climb(settings: &'a Settings, v: &Values<'_>) -> Result<Ladder<'a>, FreeError> {
        let mut ladder = Ladder {
            settings,
            rungs: Vec::new(),
        };
        let mut where_next = vec![settings.lo..settings.hi];
        for rung in 0..LEVELS {
            if where_next.is_empty() {
                break;
            }
            let stretch = |range: &Range<f64>| Stretch {
                lo: range.start,
                hi: range.end,
                length: ladder.length(rung),
                kt: settings.kt,
                tolerance: settings.tolerance,
                most: settings.evaluations,
                seed: settings.seed.wrapping_add(rung as u64),
            };
            let levels: Result<Vec<Level>, FreeError> = where_next
                .iter()
                .map(|range| level(&stretch(range), v))
                .collect();
            ladder.rungs.push(levels?);
            where_next = ladder.too_long(rung);
        }
        Ok(ladder)
    }

    fn levels(&self) -> impl Iterator<Item = &Level> {
        self.rungs.iter().flatten()
    }

    fn length(&self, rung: usize) -> f64 {
        self.settings.length * 0.5_f64.powi(rung as i32)
    }

    /// By how much U changes over the length of a rung, over what it may; NaN where too little of
    /// V is finite.
    fn change(&self, rung: usize, local: level::Local) -> f64 {
        let ratio = self.length(rung) * local.slope.abs() / (SLOPE * self.settings.kt);
        ratio + 0.0 * local.free
    }

    /// Where the next rung is needed: around the places where this one is too long, as far as the
    /// length may not grow again.
    fn too_long(&self, rung: usize) -> Vec<Range<f64>> {
        let (lo, hi) = (self.settings.lo, self.settings.hi);
        let around = self.length(rung) / GRADING;
        let mut found: Vec<Range<f64>> = Vec::new();
        for level in &self.rungs[rung] {
            for x in level.places() {
                if self.change(rung, level.at(x)) <= 1.0 {
                    continue;
                }
                let (start, end) = ((x - around).max(lo), (x + around).min(hi));
                match found.last_mut() {
                    _ if start >= end => {}
                    Some(last) if start <= last.end => last.end = last.end.max(end),
                    _ => found.push(start..end),
                }
            }
        }
        // On a circle the ends are neighbours, and the whole of it is the simple answer.
        let touches = found.iter().any(|r| r.start <= lo || r.end >= hi);
        match self.settings.periodic && touches {
            true => vec![lo..hi],
            false => found,
        }
    }

    fn local(&self, rung: usize, x: f64) -> Option<level::Local> {
        let levels = self.rungs.get(rung)?;
        let within = |level: &&Level| level.lo <= x && x <= level.hi;
        levels.iter().find(within).map(|level| level.at(x))
    }

    /// The longest length that will do at a position.
    fn longest(&self, x: f64) -> Result<f64, FreeError> {
        let mut before: Option<f64> = None;
        for rung in 0..self.rungs.len() {
            let Some(local) = self.local(rung, x) else {
                // Between two bins that are just short enough.
                match before {
                    Some(change) if change < CLOSE => return Ok(self.length(rung - 1)),
                    _ => break,
                }
            };
            let change = self.change(rung, local);
            if change <= 1.0 {
                // Between this rung and the one before, where the change is just what it may be.
                let back = match before {
                    Some(above) if above > 1.0 && change > 0.0 => {
                        (1.0 / change).ln() / (above / change).ln()
                    }
                    Some(above) if above > 1.0 => 1.0,
                    _ => 0.0,
                };
                return Ok(self.length(rung) * 2f64.powf(back.clamp(0.0, 1.0)));
            }
            before = Some(change);
        }
        let length = self.length(self.rungs.len().saturating_sub(1));
        match before {
            Some(change) if change.is_nan() => Err(FreeError::NotFinite { at: x }),
            _ => Err(FreeError::TooSteep { at: x, length }),
        }
    }

    /// The length at places from end to end, growing no faster than [`GRADING`] allows.
    fn graded(&self) -> Result<Vec<f64>, FreeError> {
        let Settings { lo, hi, length, .. } = *self.settings;
        let finest = length / self.length(self.rungs.len().saturating_sub(1));
        let places = (CHOICES * finest * (hi - lo) / length)
            .ceil()
            .clamp(256.0, 1e6);
        let step = (hi - lo) / places;
        let n = places as usize + 1;
        let chosen = (0..n).map(|at| self.longest((lo + step * at as f64).min(hi)));
        let mut lengths = chosen.collect::<Result<Vec<f64>, FreeError>>()?;
        let rounds = if self.settings.periodic { 2 } else { 1 };
        for _ in 0..rounds {
            if self.settings.periodic {
                let both = lengths[0].min(lengths[n - 1]);
                (lengths[0], lengths[n - 1]) = (both, both);
            }
            for at in 1..n {
                lengths[at] = lengths[at].min(lengths[at - 1] + GRADING * step);
            }
            for at in (0..n - 1).rev() {
                lengths[at] = lengths[at].min(lengths[at + 1] + GRADING * step);
            }
        }
        Ok(lengths)
    }

    /// F and log D at a position, between the two rungs of its length.
    fn blend(&self, x: f64, lengths: &[f64]) -> (f64, f64) {
        let Settings { lo, hi, .. } = *self.settings;
        let t = (x - lo) / (hi - lo) * (lengths.len() - 1) as f64;
        let at = (t as usize).min(lengths.len() - 2);
        let length = lengths[at] + (t - at as f64) * (lengths[at + 1] - lengths[at]);
        let down = (self.settings.length / length).log2().max(0.0);
        let (rung, part) = (down as usize, down.fract());
        let upper = self.local(rung, x);
        let lower = self.local(rung + 1, x).filter(|local| !local.free.is_nan());
        match (upper, lower) {
            (Some(a), Some(b)) if part > 0.0 && !a.free.is_nan() => (
                (1.0 - part) * a.free + part * b.free,
                (1.0 - part) * a.log_mobility + part * b.log_mobility,
            ),
            (Some(a), _) if !a.free.is_nan() => (a.free, a.log_mobility),
            (_, Some(b)) => (b.free, b.log_mobility),
            _ => (f64::NAN, f64::NAN),
        }
    }
}

#[cfg(test)]
mod tests;
