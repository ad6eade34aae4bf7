//! V of two coordinates filtered by the low-pass of the damped map, with no dynamics.

use std::ops::Range;

use rayon::prelude::*;
use rustfft::num_complex::Complex64;

use super::FilterError;
use super::sheet::Sheet;
use super::torus::Torus;
use crate::graph::{Spline, SplineAxis};
use crate::learn::bspline::interpolate;
use crate::learn::transfer::survival_x;

/// Lengths beyond each end of a plain axis where V is asked for: of the kernel, 1e-8 lies beyond
/// a straight line at this distance.
const REACH: f64 = 21.0;
/// Points in a length along an axis: at least, and at most where there are few in all.
const DENSITY: (f64, f64) = (6.0, 24.0);
/// The number of points that is cheap whatever V is.
const CHEAP: f64 = 262_144.0;
/// The most points, and the most knots of the result.
const MAX_POINTS: f64 = 4_194_304.0;
/// The least number of points along a periodic axis, however short.
const MIN_POINTS: f64 = 32.0;
/// Of the kernel's unit mass, the least that must meet finite values of V.
const SUPPORT: f64 = 0.25;
/// How far V may leave the range of its values in the box, in units of that range: what a wall or
/// an exponential does beyond is not for the kernel's tail to bring in.
const CLIP: f64 = 1e4;
/// Where the smooth part of V that is looked for ends, as wavenumber times length, and the width
/// of that edge. The filter leaves 5e-7 at 6.
const BAND: (f64, f64) = (6.0, 0.8);
/// The improvements of the smooth part end when one changes what is left by the filter by less than
/// this, relative to its range in the box, or to the noise; and the most there are.
const CONVERGED: (f64, f64) = (1e-7, 0.1);
const MAX_PASSES: usize = 8;
/// Root of `int R_x(a)^2 a da/(2 pi)`: what the filter leaves of white noise of one point in each
/// square of its length.
const NOISE: f64 = 0.4951;
/// Knots beyond each end of the result, later cut: the condition at the ends fades by 0.27 for
/// each, and on a periodic axis nothing of it may be left.
const PADDING: (usize, usize) = (14, 28);

/// V at a batch of points, written to the second argument. Shape of the first: coordinate by
/// point.
pub type Values<'v> = dyn Fn(&[f64], &mut [f64]) + Sync + 'v;

/// A filtered potential of two coordinates.
#[derive(Clone, Debug)]
pub struct FilteredPlane {
    /// V filtered, in its own units, constant included; linear outside a plain axis.
    pub spline: Spline,
    /// The number of evaluations of V.
    pub evaluations: u64,
    /// How many of them were not finite; they took the value of the nearest that was.
    pub non_finite: u64,
    /// The standard error of the values that comes from scales which the points do not resolve,
    /// in the unit of V. Scales that are resolved, yet too short for the filter, are counted too
    /// high.
    pub noise: f64,
}

/// Filters V over a box: the convolution with the isotropic kernel whose transform is
/// `R_x(l |k|)` ([`survival_x`]), exactly that of the torus along periodic axes.
///
/// One point lies at random in each cell of a fine grid over the box, and 21 lengths further along
/// plain axes (the positions are always the same). A wave that the grid does not resolve is then
/// white noise, never a bias: of a root mean square sigma, `0.5 sigma/d` is left with `d` points
/// in a length, 6 to 24. Two crossed waves of 1e-3 of the range of V leave at most 8.3e-5 of it.
/// What varies slowly must not become noise likewise: a smooth function is improved until nothing
/// below six wavenumbers `1/l` is seen in the differences, and then filtered instead of V.
///
/// The spline goes through the filtered values at knots that are at most `spacing` apart: of a
/// wave, `(k spacing)^4/384` is lost, 1e-3 at a spacing of `0.4 l` for `k l = 2`.
///
/// # Errors
/// See [`FilterError`].
pub fn plane(
    values: &Values<'_>,
    axes: [SplineAxis; 2],
    l: f64,
    spacing: f64,
) -> Result<FilteredPlane, FilterError> {
    let plan = Plan::new(axes, l, spacing)?;
    let sheet = Sheet::draw(values, &plan.lines);
    let (non_finite, evaluations) = (sheet.non_finite(), sheet.len());
    let torus = Torus::new([0, 1].map(|i| plan.lines[i].count));
    if non_finite > 0 {
        plan.supported(&torus, &sheet.finite())?;
    }
    let inside = [0, 1].map(|i| plan.lines[i].inside.clone());
    let Some((sheet, base)) = sheet.filled(&inside, CLIP) else {
        let at = axes.map(|axis| 0.5 * (axis.lo + axis.hi));
        return Err(FilterError::NoSupportAt { at });
    };
    let (smooth, noise) = plan.smooth_part(&torus, &sheet);
    let spline = plan.result(&torus, &smooth, base)?;
    Ok(FilteredPlane {
        spline,
        evaluations: evaluations as u64,
        non_finite: non_finite as u64,
        noise,
    })
}

/// The grid of the points along an axis.
pub(super) struct Line {
    /// The centre of the first cell.
    pub first: f64,
    /// The width of a cell.
    pub spacing: f64,
    /// How many there are.
    pub count: usize,
    /// Those in the box.
    pub inside: Range<usize>,
    /// Whether the next of the last is the first.
    pub periodic: bool,
}

impl Line {
    fn new(axis: SplineAxis, l: f64, density: f64) -> Line {
        let SplineAxis { lo, hi, periodic } = axis;
        let reach = if periodic { 0.0 } else { REACH * l };
        let width = hi - lo + 2.0 * reach;
        let count = even_factors((width / l * density).max(MIN_POINTS).ceil() as usize);
        let spacing = width / count as f64;
        let margin = ((reach / spacing) as usize).min((count - 1) / 2);
        Line {
            first: lo - reach + 0.5 * spacing,
            spacing,
            count,
            inside: margin..count - margin,
            periodic,
        }
    }
}

/// The next number with factors of 2, 3 and 5 only, whose transforms are fast.
fn even_factors(least: usize) -> usize {
    let smooth = |n: &usize| {
        let mut n = *n;
        for factor in [2, 3, 5] {
            while n.is_multiple_of(factor) {
                n /= factor;
            }
        }
        n == 1
    };
    (least.max(1)..).find(smooth).unwrap_or(least)
}

struct Plan {
    axes: [SplineAxis; 2],
    l: f64,
    lines: [Line; 2],
    /// Cells of the result.
    cells: [usize; 2],
}

impl Plan {
    fn new(axes: [SplineAxis; 2], l: f64, spacing: f64) -> Result<Plan, FilterError> {
        for SplineAxis { lo, hi, .. } in axes {
            if !(lo < hi && (hi - lo).is_finite()) {
                return Err(FilterError::BadInterval { lo, hi });
            }
        }
        for length in [l, spacing] {
            if !(length > 0.0 && length.is_finite()) {
                return Err(FilterError::BadLength { length });
            }
        }
        let wide = |axis: SplineAxis| {
            let reach = if axis.periodic { 0.0 } else { REACH };
            ((axis.hi - axis.lo) / l + 2.0 * reach).max(MIN_POINTS / DENSITY.1)
        };
        let area = wide(axes[0]) * wide(axes[1]);
        let density = (CHEAP / area).sqrt().clamp(DENSITY.0, DENSITY.1);
        // The next number with small factors is at most a seventh larger along each axis.
        if 1.3 * area * density * density > MAX_POINTS {
            return Err(FilterError::BadLength { length: l });
        }
        // A width of whole cells has not one more by rounding.
        let cells = axes.map(|axis| ((axis.hi - axis.lo) / spacing - 1e-6).ceil().max(4.0));
        if cells[0] * cells[1] > MAX_POINTS {
            return Err(FilterError::BadLength { length: spacing });
        }
        Ok(Plan {
            axes,
            l,
            lines: axes.map(|axis| Line::new(axis, l, density)),
            cells: cells.map(|cells| cells as usize),
        })
    }

    /// `l |k|` of a wave by its angles.
    fn wavenumber(&self, angles: [f64; 2]) -> f64 {
        let [x, y] = [0, 1].map(|i| angles[i] / self.lines[i].spacing);
        self.l * x.hypot(y)
    }

    // Whether enough of the kernel meets finite values wherever the result is wanted.
    fn supported(&self, torus: &Torus, finite: &[f64]) -> Result<(), FilterError> {
        let survival = |angles| survival_x(self.wavenumber(angles));
        let mass = torus.inverse(&torus.forward(finite), survival);
        let [x, y] = &self.lines;
        for i in x.inside.clone() {
            for j in y.inside.clone() {
                if mass[i * y.count + j] < SUPPORT {
                    let at = [(x, i), (y, j)];
                    let at = at.map(|(line, i)| line.first + line.spacing * i as f64);
                    return Err(FilterError::NoSupportAt { at });
                }
            }
        }
        Ok(())
    }

    // The coefficients of a cubic spline on the grid, as a spectrum, such that the differences to
    // V at the points have no component within the band, and the standard error that those
    // differences leave in the box. A point at random in a cell stands for the mean over the cell,
    // whose transform is divided by, and the spline has the transform of its basis.
    fn smooth_part(&self, torus: &Torus, sheet: &Sheet) -> (Vec<Complex64>, f64) {
        let mut gain = vec![Complex64::default(); sheet.len()];
        torus.multiply(&mut gain, |_, angles, c| {
            let (edge, width) = BAND;
            let above = (self.wavenumber(angles) - edge) / (width * std::f64::consts::SQRT_2);
            let pass = if above < 6.0 {
                0.5 * libm::erfc(above)
            } else {
                0.0
            };
            c.re = pass / (sinc(angles[0]) * sinc(angles[1])).powi(5);
        });
        let inside = [0, 1].map(|i| self.lines[i].inside.clone());
        let cell = (self.lines[0].spacing * self.lines[1].spacing).sqrt();
        let mut spectrum = vec![Complex64::default(); sheet.len()];
        let mut rest = sheet.differences(&vec![0.0; sheet.len()]);
        let (mut noise, mut range) = (0.0, 0.0);
        for _ in 0..MAX_PASSES {
            let mut step = torus.forward(&rest);
            torus.multiply(&mut step, |at, _, c| *c *= gain[at].re);
            torus.multiply(&mut spectrum, |at, _, c| *c += step[at]);
            rest = sheet.differences(&torus.inverse(&spectrum, |_| 1.0));
            noise = NOISE * cell / self.l * sheet.root_mean_square(&inside, &rest);
            let change = torus.inverse(&step, |angles| self.filter(angles));
            let change = sheet.largest(&inside, |at| change[at]);
            range = change.max(range);
            if change <= (CONVERGED.1 * noise).max(CONVERGED.0 * range) {
                break;
            }
        }
        (spectrum, noise)
    }

    // The transform of the filter times that of the cubic basis.
    fn filter(&self, angles: [f64; 2]) -> f64 {
        survival_x(self.wavenumber(angles)) * (sinc(angles[0]) * sinc(angles[1])).powi(4)
    }

    // The filter of the smooth part at the knots, and the spline through them.
    fn result(
        &self,
        torus: &Torus,
        smooth: &[Complex64],
        base: f64,
    ) -> Result<Spline, FilterError> {
        let nothing = FilterError::BadLength { length: self.l };
        let fine = self.fine(torus, smooth).ok_or(nothing)?;
        let knots = [0, 1].map(|i| self.knots(i));
        let rows: Vec<Vec<f64>> = knots[0]
            .0
            .par_iter()
            .map(|x| {
                let row = knots[1].0.iter().map(|y| base + fine.at(&[*x, *y]));
                through(&row.collect::<Vec<f64>>())
            })
            .collect::<Option<_>>()
            .ok_or(nothing)?;
        let [kept_x, kept_y] = knots.map(|(_, kept)| kept);
        let mut coefficients = vec![0.0; kept_x.len() * kept_y.len()];
        for (j, at) in kept_y.clone().enumerate() {
            let column: Vec<f64> = rows.iter().map(|row| row[at]).collect();
            let column = through(&column).ok_or(nothing)?;
            for (i, c) in column[kept_x.clone()].iter().enumerate() {
                coefficients[i * kept_y.len() + j] = *c;
            }
        }
        let shape = [kept_x.len(), kept_y.len()];
        Spline::tensor(3, &self.axes, coefficients, &shape).ok_or(nothing)
    }

    // The filtered function on the whole grid, as a spline of a degree that errs by less than
    // 1e-8 of any wave that is left.
    fn fine(&self, torus: &Torus, smooth: &[Complex64]) -> Option<Spline> {
        let coefficients = torus.inverse(smooth, |angles| {
            self.filter(angles) / (seventh_at_knots(angles[0]) * seventh_at_knots(angles[1]))
        });
        let [rows, columns] = [0, 1].map(|i| self.lines[i].count);
        // Coefficient i + 3 belongs to knot i.
        let mut turned = vec![0.0; coefficients.len()];
        for (i, row) in coefficients.chunks(columns).enumerate() {
            let start = (i + 3) % rows * columns;
            turned[start..start + columns].copy_from_slice(row);
            turned[start..start + columns].rotate_right(3);
        }
        let axis = |line: &Line| SplineAxis {
            lo: line.first,
            hi: line.first + line.spacing * line.count as f64,
            periodic: true,
        };
        let axes = [axis(&self.lines[0]), axis(&self.lines[1])];
        Spline::tensor(7, &axes, turned, &[rows, columns])
    }

    // The knots of the result along an axis, padded, and which coefficients are kept.
    fn knots(&self, axis: usize) -> (Vec<f64>, Range<usize>) {
        let SplineAxis { lo, hi, periodic } = self.axes[axis];
        let cells = self.cells[axis];
        let spacing = (hi - lo) / cells as f64;
        let (padding, size) = match periodic {
            true => (PADDING.1, cells),
            false => (
                PADDING.0.min((REACH * self.l / spacing) as usize),
                cells + 3,
            ),
        };
        let knot = |i: usize| lo + spacing * (i as f64 - padding as f64);
        let knots = (0..cells + 1 + 2 * padding).map(knot).collect();
        (knots, padding..padding + size)
    }
}

fn through(values: &[f64]) -> Option<Vec<f64>> {
    interpolate(0.0, 1.0, values).map(|spline| spline.coefficients().to_vec())
}

/// `sin(angle/2)/(angle/2)`: the transform of a cell, and to the power 4 that of a cubic B-spline.
fn sinc(angle: f64) -> f64 {
    let half = 0.5 * angle;
    if half == 0.0 { 1.0 } else { half.sin() / half }
}

/// The transform of a B-spline of degree 7 at its knots.
fn seventh_at_knots(angle: f64) -> f64 {
    let waves = 1191.0 * angle.cos() + 120.0 * (2.0 * angle).cos() + (3.0 * angle).cos();
    (2416.0 + 2.0 * waves) / 5040.0
}

#[cfg(test)]
mod tests;
