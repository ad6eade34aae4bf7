//! V filtered by the low-pass of the damped map, by quadrature and with no dynamics.

use super::bspline::interpolate;
use super::transfer::Kernel;
use crate::graph::Spline;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Knots of the result in each length: what is left of a wave by the filter is then represented
/// to about 1e-4 in value and 3e-4 in slope (relative to the slope of the wave).
const KNOTS: f64 = 10.0;
/// Knots beyond each end, later cut: the condition at the ends fades by 0.27 for each.
const PADDING: usize = 14;
/// Of the kernel's unit mass, the least that must meet finite values of V.
const SUPPORT: f64 = 0.1;
/// The most knots there may be.
const MAX_KNOTS: f64 = 1e7;

/// What to filter, and how.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// The left end of the interval where the result is wanted (unit of the coordinate).
    pub lo: f64,
    /// Its right end.
    pub hi: f64,
    /// The length `l` of the filter.
    pub length: f64,
    /// The number of evaluations of V.
    pub points: usize,
    /// The seed of the positions of the points.
    pub seed: u64,
    /// The mass of the kernel, in absolute value, that may be cut off; 1e-9 keeps about 23
    /// lengths on each side. More where V must not be asked far outside.
    pub tail: f64,
}

/// A filtered potential.
#[derive(Clone, Debug)]
pub struct Filtered {
    /// V filtered, in its own units, constant included; continues linearly outside.
    pub spline: Spline,
    /// The number of evaluations of V.
    pub evaluations: usize,
    /// How many of them were not finite and left out.
    pub non_finite: usize,
}

/// Why there is no filtered potential.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
pub enum FilterError {
    /// The interval is empty or not finite.
    #[error("the interval from {lo} to {hi} is empty or not finite")]
    BadInterval {
        /// Its left end.
        lo: f64,
        /// Its right end.
        hi: f64,
    },
    /// The length is not positive, or so small against the interval that the table would not fit.
    #[error("the length {length} is not positive, or far too small for the interval")]
    BadLength {
        /// The length.
        length: f64,
    },
    /// Fewer than four points for each length: nothing could be integrated.
    #[error("{points} points are too few: {needed} give four in each length of the filter")]
    TooFewPoints {
        /// The number given.
        points: usize,
        /// The least number.
        needed: usize,
    },
    /// V is not finite at nearly all points around a position.
    #[error("the potential is not finite around {at}")]
    NoSupport {
        /// The position.
        at: f64,
    },
}

/// Filters V over an interval: `U(q) = int V(q - l z) w(z) dz` with the kernel of
/// [`survival_x`](super::transfer::survival_x).
///
/// One point lies at random in each of equal strata over the interval and the kernel's reach on
/// both sides, so that scales that the points cannot resolve turn into white noise rather than a
/// bias; the weights are those of the trapezoid rule between the points, so that smooth parts are
/// integrated to second order. At each knot the weights are corrected to reproduce constants and
/// straight lines exactly, also where V is not finite on one side. `v` is called with batches of
/// positions and writes the values.
///
/// # Errors
/// See [`FilterError`].
pub fn filter(
    settings: &Settings,
    v: impl FnMut(&[f64], &mut [f64]),
) -> Result<Filtered, FilterError> {
    let kernel = Kernel::new(settings.tail);
    let plan = Plan::new(settings, &kernel)?;
    let samples = Samples::draw(&plan, settings, v);
    let values = (0..plan.knots)
        .map(|j| samples.average(&kernel, plan.knot(j), settings.length))
        .collect::<Result<Vec<f64>, FilterError>>()?;
    let nothing = FilterError::BadLength {
        length: settings.length,
    };
    let wide = interpolate(plan.knot(0), plan.spacing, &values).ok_or(nothing)?;
    let inner = &wide.coefficients()[PADDING..plan.knots + 2 - PADDING];
    let spline = Spline::new(3, settings.lo, settings.hi, inner.to_vec()).ok_or(nothing)?;
    Ok(Filtered {
        spline,
        evaluations: settings.points,
        non_finite: samples.non_finite,
    })
}

struct Plan {
    /// The first padded knot, their spacing and number.
    first: f64,
    spacing: f64,
    knots: usize,
    /// The interval of the points.
    from: f64,
    to: f64,
}

impl Plan {
    fn new(settings: &Settings, kernel: &Kernel) -> Result<Plan, FilterError> {
        let Settings { lo, hi, length, .. } = *settings;
        let width = hi - lo;
        if !(width > 0.0 && width.is_finite()) {
            return Err(FilterError::BadInterval { lo, hi });
        }
        let cells = (KNOTS * width / length).ceil().max(4.0);
        if !(length > 0.0 && length.is_finite() && cells <= MAX_KNOTS) {
            return Err(FilterError::BadLength { length });
        }
        let spacing = width / cells;
        let reach = PADDING as f64 * spacing + kernel.cutoff() * length;
        let needed = (4.0 * (width + 2.0 * reach) / length).ceil() as usize;
        if settings.points < needed {
            return Err(FilterError::TooFewPoints {
                points: settings.points,
                needed,
            });
        }
        Ok(Plan {
            first: lo - PADDING as f64 * spacing,
            spacing,
            knots: cells as usize + 1 + 2 * PADDING,
            from: lo - reach,
            to: hi + reach,
        })
    }

    fn knot(&self, j: usize) -> f64 {
        self.first + self.spacing * j as f64
    }
}

/// Points in ascending order with their trapezoid weights and values; those that are not finite
/// have been left out.
struct Samples {
    at: Vec<f64>,
    weights: Vec<f64>,
    values: Vec<f64>,
    non_finite: usize,
}

impl Samples {
    fn draw(plan: &Plan, settings: &Settings, mut v: impl FnMut(&[f64], &mut [f64])) -> Samples {
        let n = settings.points;
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        let stratum = (plan.to - plan.from) / n as f64;
        let at: Vec<f64> = (0..n)
            .map(|i| plan.from + stratum * (i as f64 + rng.random::<f64>()))
            .collect();
        let mut values = vec![f64::NAN; n];
        v(&at, &mut values);
        let mut samples = Samples {
            at: Vec::with_capacity(n),
            weights: Vec::with_capacity(n),
            values: Vec::with_capacity(n),
            non_finite: 0,
        };
        for i in 0..n {
            if !values[i].is_finite() {
                samples.non_finite += 1;
                continue;
            }
            let left = at[i.saturating_sub(1)];
            let right = at[(i + 1).min(n - 1)];
            samples.at.push(at[i]);
            samples.weights.push(0.5 * (right - left));
            samples.values.push(values[i]);
        }
        samples
    }

    // The weighted mean with weights w (a + b z), where a and b make it exact for straight lines.
    fn average(&self, kernel: &Kernel, q: f64, length: f64) -> Result<f64, FilterError> {
        let reach = kernel.cutoff() * length;
        let start = self.at.partition_point(|x| *x < q - reach);
        let end = self.at.partition_point(|x| *x <= q + reach);
        let (mut m0, mut m1, mut m2, mut s0, mut s1) = (0.0, 0.0, 0.0, 0.0, 0.0);
        // Relative to a value nearby, so that a large constant costs no figures.
        let base = self.values.get((start + end) / 2).copied().unwrap_or(0.0);
        for i in start..end {
            let z = (self.at[i] - q) / length;
            let weight = self.weights[i] / length * kernel.value(z);
            let v = self.values[i] - base;
            m0 += weight;
            m1 += weight * z;
            m2 += weight * z * z;
            s0 += weight * v;
            s1 += weight * z * v;
        }
        let determinant = m0 * m2 - m1 * m1;
        let mean = base + (m2 * s0 - m1 * s1) / determinant;
        // Without holes the determinant is 1/6.
        if m0 > SUPPORT && determinant > SUPPORT / 6.0 * m0 && mean.is_finite() {
            Ok(mean)
        } else {
            Err(FilterError::NoSupport { at: q })
        }
    }
}
