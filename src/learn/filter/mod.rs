//! V filtered by the low-pass of the damped map, with no dynamics: by quadrature, here in one
//! coordinate, in two by [`plane()`], in three by [`space()`]; or as a formula, in any number, by
//! [`closed()`].

mod closed;
mod plane;
mod sheet;
mod torus;

pub use closed::{Closed, ClosedError, Lengths, Why, closed};
pub use plane::{FilteredPlane, Values, plane, space};

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
const SUPPORT: f64 = 0.25;
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
    /// The same in two coordinates.
    #[error("the potential is not finite around ({}, {})", at[0], at[1])]
    NoSupportAt {
        /// The position.
        at: [f64; 2],
    },
    /// The same in three coordinates.
    #[error("the potential is not finite around ({}, {}, {})", at[0], at[1], at[2])]
    NoSupportIn {
        /// The position.
        at: [f64; 3],
    },
}

/// Filters V over an interval: `U(q) = int V(q - l z) w(z) dz` with the kernel of
/// [`survival_x`](super::transfer::survival_x).
///
/// One point lies at random in each of equal strata over the interval and the kernel's reach on
/// both sides, so that scales that the points cannot resolve turn into white noise rather than a
/// bias; the weights are those of the trapezoid rule between the points, so that smooth parts are
/// integrated to second order. At each knot the weights are corrected to reproduce constants and
/// straight lines exactly; within about three lengths of a stretch where V is not finite only
/// constants, and what is there is an average over the other side. `v` is called with a batch of
/// positions in ascending order and writes the values.
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
    let values = plan.values(|q| samples.average(&kernel, q, settings.length))?;
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

    // The averages at all knots. Those beyond the interval may fail where V ends there: they
    // continue the line of their neighbours, being there for the condition at the ends only.
    fn values(
        &self,
        average: impl Fn(f64) -> Result<f64, FilterError>,
    ) -> Result<Vec<f64>, FilterError> {
        let mut values = vec![0.0; self.knots];
        let inner = PADDING..self.knots - PADDING;
        for j in inner.clone() {
            values[j] = average(self.knot(j))?;
        }
        for j in (0..inner.start).rev() {
            let line = 2.0 * values[j + 1] - values[j + 2];
            values[j] = average(self.knot(j)).unwrap_or(line);
        }
        for j in inner.end..self.knots {
            let line = 2.0 * values[j - 1] - values[j - 2];
            values[j] = average(self.knot(j)).unwrap_or(line);
        }
        Ok(values)
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
        // Without holes m0 is 1 and the determinant 1/6; at the edge of a half-line it is negative,
        // since the kernel has both signs. The line is given up gradually before that.
        let determinant = m0 * m2 - m1 * m1;
        let constant = s0 / m0;
        let trust = ((6.0 * determinant - 0.25) / 0.5).clamp(0.0, 1.0);
        let line = if trust > 0.0 {
            trust * ((m2 * s0 - m1 * s1) / determinant - constant)
        } else {
            0.0
        };
        let mean = base + constant + line;
        if m0 > SUPPORT && mean.is_finite() {
            Ok(mean)
        } else {
            Err(FilterError::NoSupport { at: q })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::transfer::survival_x;

    fn settings(length: f64, points: usize) -> Settings {
        Settings {
            lo: -7.0,
            hi: 7.0,
            length,
            points,
            seed: 1,
            tail: 1e-9,
        }
    }

    fn batch(v: impl Fn(f64) -> f64) -> impl FnMut(&[f64], &mut [f64]) {
        move |x, out| {
            for (o, x) in out.iter_mut().zip(x) {
                *o = v(*x);
            }
        }
    }

    #[test]
    fn waves_are_multiplied_by_the_survival() {
        let (l, amplitude) = (0.8, 0.3);
        for a in [0.3, 1.0, 2.0, 3.0, 4.0] {
            let k = a / l;
            let v = |x: f64| 0.5 * x * x + amplitude * (k * x + 0.4).sin();
            let filtered = filter(&settings(l, 100_000), batch(v)).unwrap();
            let slope = filtered.spline.derivative().unwrap();
            let r = survival_x(a);
            let (mut value, mut force) = (0.0_f64, 0.0_f64);
            for i in 0..=1400 {
                let x = -7.0 + 0.01 * f64::from(i);
                // A parabola gains l^2/12, half the second moment of the kernel.
                let u = 0.5 * x * x + l * l / 12.0 + amplitude * r * (k * x + 0.4).sin();
                let du = x + amplitude * k * r * (k * x + 0.4).cos();
                value = value.max((filtered.spline.value(x) - u).abs() / amplitude);
                force = force.max((slope.value(x) - du).abs() / (amplitude * k));
            }
            assert!(value < 1e-3 && force < 1e-3, "{a}: {value} {force}");
        }
    }

    #[test]
    fn straight_lines_pass_exactly_and_constants_beside_a_hole() {
        let hole = |slope: f64| {
            let v = move |x: f64| if x < -7.0 { f64::NAN } else { 1e6 + slope * x };
            filter(&settings(0.5, 5_000), batch(v)).unwrap()
        };
        let (constant, line) = (hole(0.0), hole(3.0));
        assert!(line.non_finite > 0 && line.evaluations == 5_000);
        // Rounding of 1e6; the line from four lengths on.
        for i in 0..=140 {
            let x = -7.0 + 0.1 * f64::from(i);
            assert!((constant.spline.value(x) - 1e6).abs() < 1e-8);
            let error = (line.spline.value(x) - 1e6 - 3.0 * x).abs();
            assert!(error < 1e-8 || x < -5.0, "{x} {error}");
            assert!(error < 3.0 * 0.5, "{x} {error}");
        }
        let nearly_all = filter(&settings(0.5, 5_000), batch(|x| (x - 3.0).sqrt()));
        assert!(matches!(nearly_all, Err(FilterError::NoSupport { .. })));
    }

    #[test]
    fn the_sines_of_the_first_example_are_gone() {
        // Li & Tao 2024, (4.5), at l = 0.84: nothing of them survives, R_x(16.8) < 1e-59. Points
        // 0.02 apart resolve the wider sine; the narrow one is white noise of 0.001/sqrt(2) a
        // point, some 40 points to a length, and V' of the filter is that over a length: 1e-4.
        let l: f64 = 0.84;
        let v = |x: f64| 0.5 * x * x + 0.05 * (x / 0.05).sin() + 0.001 * (x / 0.001).sin();
        let filtered = filter(&settings(l, 3_000), batch(v)).unwrap();
        let slope = filtered.spline.derivative().unwrap();
        let (mut mass, mut value, mut force) = (0.0, 0.0, 0.0);
        for i in 0..=1400 {
            let x = -7.0 + 0.01 * f64::from(i);
            let weight = (-0.5 * x * x / 2.8).exp();
            let u = 0.5 * x * x + l * l / 12.0;
            mass += weight;
            value += weight * (filtered.spline.value(x) - u).powi(2);
            force += weight * (slope.value(x) - x).powi(2);
        }
        let (value, force) = ((value / mass).sqrt(), (force / mass).sqrt());
        assert!(value < 3e-4 && force < 1e-3, "{value} {force}");
    }

    #[test]
    fn what_cannot_be_filtered_is_an_error() {
        let run = |s: Settings| filter(&s, batch(|x| x)).map(|f| f.evaluations);
        let good = settings(0.8, 10_000);
        assert_eq!(run(good), Ok(10_000));
        let bad = |s: Settings| run(s).is_err();
        assert!(bad(Settings { hi: -8.0, ..good }));
        assert!(bad(Settings {
            hi: f64::NAN,
            ..good
        }));
        assert!(bad(Settings {
            length: 0.0,
            ..good
        }));
        assert!(bad(Settings {
            length: f64::NAN,
            ..good
        }));
        assert!(bad(Settings {
            length: 1e-300,
            ..good
        }));
        assert!(bad(Settings { points: 0, ..good }));
        assert!(filter(&good, batch(|_| f64::NAN)).is_err());
    }
}
