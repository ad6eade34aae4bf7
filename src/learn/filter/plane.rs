//! V of two or three coordinates filtered by the low-pass of the damped map, with no dynamics.

use std::ops::Range;

use rayon::prelude::*;
use rustfft::num_complex::Complex64;

use super::FilterError;
use super::sheet::{Sheet, cell_of, places};
use super::torus::Torus;
use crate::graph::{Spline, SplineAxis};
use crate::learn::bspline::interpolate;
use crate::learn::transfer::survival_x;

/// What a grid may cost.
struct Limits {
    /// Lengths beyond each end of a plain axis where V is asked for: of the kernel, 1e-8 lies
    /// beyond a straight line at 21, and 1e-5 at 15.
    reach: f64,
    /// Points in a length along an axis: at least, and at most where there are few in all.
    density: (f64, f64),
    /// The number of points that is cheap whatever V is.
    cheap: f64,
    /// The most points, and the most knots of the result. A point takes some 150 bytes.
    most: f64,
    /// Root of `int R_x(|a|)^2 da/(2 pi)^d`: what the filter leaves of white noise of one point in
    /// each cube of its length.
    noise: f64,
}

const PLANE: Limits = Limits {
    reach: 21.0,
    density: (6.0, 24.0),
    cheap: 262_144.0,
    most: 4_194_304.0,
    noise: 0.4951,
};

/// Three coordinates: 1.2 GB at most, and 0.3 GB as a rule.
const SPACE: Limits = Limits {
    reach: 15.0,
    density: (3.0, 12.0),
    cheap: 2_097_152.0,
    most: 8_388_608.0,
    noise: 0.3261,
};

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
/// Knots beyond each end of the result, later cut: the condition at the ends fades by 0.27 for
/// each, and on a periodic axis nothing of it may be left.
const PADDING: (usize, usize) = (14, 28);

/// V at a batch of points, written to the second argument. Shape of the first: coordinate by
/// point.
pub type Values<'v> = dyn Fn(&[f64], &mut [f64]) + Sync + 'v;

/// A filtered potential of two or three coordinates.
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
    filtered(values, axes, l, spacing, &PLANE)
}

/// The same in three coordinates, where grids are coarser: 3 to 12 points in a length, which leave
/// `0.33 sigma/d^1.5` of a wave that they do not resolve, 15 lengths beyond plain axes, past which
/// 1e-5 of the kernel lies, and at most 2^23 points, about 1.2 GB.
///
/// # Errors
/// See [`FilterError`]; [`FilterError::BadLength`] where the points would be too many.
pub fn space(
    values: &Values<'_>,
    axes: [SplineAxis; 3],
    l: f64,
    spacing: f64,
) -> Result<FilteredPlane, FilterError> {
    filtered(values, axes, l, spacing, &SPACE)
}

fn filtered<const D: usize>(
    values: &Values<'_>,
    axes: [SplineAxis; D],
    l: f64,
    spacing: f64,
    limits: &Limits,
) -> Result<FilteredPlane, FilterError> {
    let plan = Plan::new(axes, l, spacing, limits)?;
    let sheet = Sheet::draw(values, &plan.lines);
    let (non_finite, evaluations) = (sheet.non_finite(), sheet.len());
    let torus = Torus::new(std::array::from_fn(|i| plan.lines[i].count));
    if non_finite > 0 {
        plan.supported(&torus, &sheet.finite())?;
    }
    let Some((sheet, base)) = sheet.filled(&plan.inside(), CLIP) else {
        return Err(no_support(axes.map(|axis| 0.5 * (axis.lo + axis.hi))));
    };
    let (smooth, noise) = plan.smooth_part(&torus, &sheet, limits.noise);
    drop(sheet);
    let spline = plan.result(&torus, &smooth, base)?;
    Ok(FilteredPlane {
        spline,
        evaluations: evaluations as u64,
        non_finite: non_finite as u64,
        noise,
    })
}

fn no_support<const D: usize>(at: [f64; D]) -> FilterError {
    match at[..] {
        [x, y] => FilterError::NoSupportAt { at: [x, y] },
        [x, y, z] => FilterError::NoSupportIn { at: [x, y, z] },
        _ => FilterError::NoSupport { at: f64::NAN },
    }
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
    fn new(axis: SplineAxis, l: f64, reach: f64, density: f64) -> Line {
        let SplineAxis { lo, hi, periodic } = axis;
        let reach = if periodic { 0.0 } else { reach * l };
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

    /// The first of the eight B-splines of degree 7 at a position, centred on the cells around it,
    /// and their values (by the recursion of Cox and de Boor); the grid repeats.
    fn seventh(&self, x: f64) -> (usize, [f64; 8]) {
        let t = (x - self.first) / self.spacing;
        let cell = t.floor();
        let (u, mut values) = (t - cell, [0.0; 8]);
        values[0] = 1.0;
        for degree in 1..8 {
            let p = degree as f64;
            for j in (0..=degree).rev() {
                let before = if j > 0 { values[j - 1] } else { 0.0 };
                let at = j as f64;
                values[j] = ((u + p - at) * before + (at + 1.0 - u) * values[j]) / p;
            }
        }
        let first = (cell - 3.0).rem_euclid(self.count as f64) as usize;
        (first % self.count, values)
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

struct Plan<const D: usize> {
    axes: [SplineAxis; D],
    l: f64,
    reach: f64,
    lines: [Line; D],
    /// Cells of the result.
    cells: [usize; D],
}

impl<const D: usize> Plan<D> {
    fn new(
        axes: [SplineAxis; D],
        l: f64,
        spacing: f64,
        limits: &Limits,
    ) -> Result<Plan<D>, FilterError> {
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
        let wide = |axis: &SplineAxis| {
            let reach = if axis.periodic { 0.0 } else { limits.reach };
            ((axis.hi - axis.lo) / l + 2.0 * reach).max(MIN_POINTS / limits.density.1)
        };
        let volume: f64 = axes.iter().map(wide).product();
        let (least, most) = limits.density;
        let density = (limits.cheap / volume)
            .powf(1.0 / D as f64)
            .clamp(least, most);
        // The next number with small factors is at most a seventh larger along each axis.
        if 1.15f64.powi(D as i32) * volume * density.powi(D as i32) > limits.most {
            return Err(FilterError::BadLength { length: l });
        }
        // A width of whole cells has not one more by rounding.
        let cells = axes.map(|axis| ((axis.hi - axis.lo) / spacing - 1e-6).ceil().max(4.0));
        if cells.iter().product::<f64>() > limits.most {
            return Err(FilterError::BadLength { length: spacing });
        }
        Ok(Plan {
            axes,
            l,
            reach: limits.reach,
            lines: axes.map(|axis| Line::new(axis, l, limits.reach, density)),
            cells: cells.map(|cells| cells as usize),
        })
    }

    /// The cells of the points in the box.
    fn inside(&self) -> [Range<usize>; D] {
        std::array::from_fn(|i| self.lines[i].inside.clone())
    }

    /// `l |k|` of a wave by its angles.
    fn wavenumber(&self, angles: [f64; D]) -> f64 {
        let waves = angles.iter().zip(&self.lines);
        let square: f64 = waves.map(|(a, line)| (a / line.spacing).powi(2)).sum();
        self.l * square.sqrt()
    }

    // Whether enough of the kernel meets finite values wherever the result is wanted.
    fn supported(&self, torus: &Torus<D>, finite: &[f64]) -> Result<(), FilterError> {
        let survival = |angles| survival_x(self.wavenumber(angles));
        let mass = torus.inverse(&torus.forward(finite), survival);
        match places(&self.lines, &self.inside()).find(|at| mass[*at] < SUPPORT) {
            None => Ok(()),
            Some(at) => {
                let cell = cell_of(&self.lines, at);
                let place = |k: usize| {
                    let line = &self.lines[k];
                    line.first + line.spacing * cell[k] as f64
                };
                let at: [f64; D] = std::array::from_fn(place);
                Err(no_support(at))
            }
        }
    }

    // The coefficients of a cubic spline on the grid, as a spectrum, such that the differences to
    // V at the points have no component within the band, and the standard error that those
    // differences leave in the box. A point at random in a cell stands for the mean over the cell,
    // whose transform is divided by, and the spline has the transform of its basis.
    fn smooth_part(
        &self,
        torus: &Torus<D>,
        sheet: &Sheet<'_, D>,
        white: f64,
    ) -> (Vec<Complex64>, f64) {
        let gain = |angles: [f64; D]| {
            let (edge, width) = BAND;
            let above = (self.wavenumber(angles) - edge) / (width * std::f64::consts::SQRT_2);
            let pass = if above < 6.0 {
                0.5 * libm::erfc(above)
            } else {
                0.0
            };
            pass / angles.map(sinc).iter().product::<f64>().powi(5)
        };
        let inside = self.inside();
        let cell: f64 = self
            .lines
            .iter()
            .map(|line| line.spacing / self.l)
            .product();
        let mut spectrum = vec![Complex64::default(); sheet.len()];
        let mut rest = sheet.differences(&vec![0.0; sheet.len()]);
        let (mut noise, mut range) = (0.0, 0.0);
        for _ in 0..MAX_PASSES {
            let mut step = torus.forward(&rest);
            torus.multiply(&mut step, |_, angles, c| *c *= gain(angles));
            torus.multiply(&mut spectrum, |at, _, c| *c += step[at]);
            rest = sheet.differences(&torus.inverse(&spectrum, |_| 1.0));
            noise = white * cell.sqrt() * sheet.root_mean_square(&inside, &rest);
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
    fn filter(&self, angles: [f64; D]) -> f64 {
        let basis: f64 = angles.map(sinc).iter().product();
        survival_x(self.wavenumber(angles)) * basis.powi(4)
    }

    // The filter of the smooth part at the knots, and the spline through them.
    fn result(
        &self,
        torus: &Torus<D>,
        smooth: &[Complex64],
        base: f64,
    ) -> Result<Spline, FilterError> {
        let nothing = FilterError::BadLength { length: self.l };
        let knots: [_; D] = std::array::from_fn(|i| self.knots(i));
        let mut data = self.fine(torus, smooth, &knots);
        data.iter_mut().for_each(|value| *value += base);
        // Line by line through the knots of one axis after the other.
        let mut inner = 1;
        for (knots, kept) in knots.iter().rev() {
            let blocks = data.par_chunks_exact(knots.len() * inner);
            let splines = blocks.map(|block| along(block, inner, kept));
            let splines: Option<Vec<Vec<f64>>> = splines.collect();
            data = splines.ok_or(nothing)?.concat();
            inner *= kept.len();
        }
        let shape = knots.map(|(_, kept)| kept.len());
        Spline::tensor(3, &self.axes, data, &shape).ok_or(nothing)
    }

    // The filtered function at all knots, by a spline on the grid of a degree that errs by less than
    // 1e-8 of any wave that is left.
    fn fine(
        &self,
        torus: &Torus<D>,
        smooth: &[Complex64],
        knots: &[(Vec<f64>, Range<usize>); D],
    ) -> Vec<f64> {
        let mut data = torus.inverse(smooth, |angles| {
            self.filter(angles) / angles.map(seventh_at_knots).iter().product::<f64>()
        });
        let mut inner = 1;
        for (line, (knots, _)) in self.lines.iter().zip(knots).rev() {
            let blocks = data.par_chunks_exact(line.count * inner);
            let values = blocks.map(|block| {
                let mut out = vec![0.0; knots.len() * inner];
                for (x, out) in knots.iter().zip(out.chunks_exact_mut(inner)) {
                    let (first, weights) = line.seventh(*x);
                    for (k, weight) in weights.iter().enumerate() {
                        let start = (first + k) % line.count * inner;
                        let from = out.iter_mut().zip(&block[start..start + inner]);
                        from.for_each(|(a, b)| *a += weight * b);
                    }
                }
                out
            });
            data = values.collect::<Vec<_>>().concat();
            inner *= knots.len();
        }
        data
    }

    // The knots of the result along an axis, padded, and which coefficients are kept.
    fn knots(&self, axis: usize) -> (Vec<f64>, Range<usize>) {
        let SplineAxis { lo, hi, periodic } = self.axes[axis];
        let cells = self.cells[axis];
        let spacing = (hi - lo) / cells as f64;
        let (padding, size) = match periodic {
            true => (PADDING.1, cells),
            false => (
                PADDING.0.min((self.reach * self.l / spacing) as usize),
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

// The splines along the first index of a block whose entries are `inner` numbers, the coefficients
// that are kept.
fn along(block: &[f64], inner: usize, kept: &Range<usize>) -> Option<Vec<f64>> {
    let mut out = vec![0.0; kept.len() * inner];
    for i in 0..inner {
        let line: Vec<f64> = block.iter().skip(i).step_by(inner).copied().collect();
        let line = through(&line)?;
        for (into, c) in out[i..].iter_mut().step_by(inner).zip(&line[kept.clone()]) {
            *into = *c;
        }
    }
    Some(out)
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
