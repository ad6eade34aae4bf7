//! Products of spline spaces: their basis, their penalty, and the factors of their matrices.

use super::banded::{Banded, Cholesky, NotPositiveDefinite};
use super::bspline::{Local, Space};
use super::stencil::Stencil;
use crate::graph::{Spline, SplineAxis};
use crate::stats::MAX_AXES;

/// Basis functions of a product of three axes that do not vanish at a point.
const MOST: usize = 64;

/// The basis functions that do not vanish at a point: `4^d` places and weights.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Indices of coefficients.
    places: [usize; MOST],
    /// Values (or derivatives) there.
    weights: [f64; MOST],
    len: usize,
}

impl Row {
    /// Indices of coefficients.
    pub fn places(&self) -> &[usize] {
        &self.places[..self.len]
    }

    /// The weights there.
    pub fn weights(&self) -> &[f64] {
        &self.weights[..self.len]
    }

    fn iter(&self) -> impl Iterator<Item = (usize, f64)> {
        let places = self.places().iter().copied();
        places.zip(self.weights().iter().copied())
    }

    /// The combination of coefficients.
    pub fn of(&self, coefficients: &[f64]) -> f64 {
        self.iter().map(|(i, w)| w * coefficients[i]).sum()
    }

    /// Adds `factor` times the weights at their places.
    pub fn add_to(&self, into: &mut [f64], factor: f64) {
        self.iter().for_each(|(i, w)| into[i] += factor * w);
    }
}

/// A tensor product of one to three [`Space`]s. Coefficients are row-major, the last axis fastest.
#[derive(Clone, PartialEq, Debug)]
pub struct Tensor {
    axes: Vec<Space>,
    strides: [usize; MAX_AXES],
    size: usize,
    /// Where each coefficient goes in the banded matrix, and the width of the band.
    order: Vec<u32>,
    bandwidth: usize,
}

impl Tensor {
    /// The product; `None` without axes, with more than three, or with 2^31 coefficients or more.
    pub fn new(axes: Vec<Space>) -> Option<Tensor> {
        if !(1..=MAX_AXES).contains(&axes.len()) {
            return None;
        }
        let mut strides = [0; MAX_AXES];
        let mut size = 1usize;
        for (axis, stride) in axes.iter().zip(&mut strides).rev() {
            *stride = size;
            size = size.checked_mul(axis.size()).filter(|n| *n < 1 << 31)?;
        }
        let (order, bandwidth) = ordering(&axes, size);
        Some(Tensor {
            axes,
            strides,
            size,
            order,
            bandwidth,
        })
    }

    /// The product of the coarser spaces of the axes; `None` where it is hardly smaller.
    pub fn coarser(&self) -> Option<Tensor> {
        let coarse = Tensor::new(self.axes.iter().map(Space::coarser).collect())?;
        (2 * coarse.size <= self.size).then_some(coarse)
    }

    /// The axes.
    pub fn axes(&self) -> &[Space] {
        &self.axes
    }

    /// The number of axes.
    pub fn dimension(&self) -> usize {
        self.axes.len()
    }

    /// The number of coefficients.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The number of coefficients along each axis.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(Space::size).collect()
    }

    /// The bandwidth of the matrices of the space in their best order.
    pub fn bandwidth(&self) -> usize {
        self.bandwidth
    }

    /// The operations of a Cholesky factor.
    pub fn cost(&self) -> f64 {
        self.size as f64 * (self.bandwidth as f64).powi(2)
    }

    /// The basis along each axis at a point, into the first places.
    pub fn locals(&self, x: &[f64]) -> [Local; MAX_AXES] {
        let mut out = [Local::default(); MAX_AXES];
        for ((local, axis), x) in out.iter_mut().zip(&self.axes).zip(x) {
            *local = axis.at(*x);
        }
        out
    }

    /// The same, averaged over positions around the point with a variance along each axis.
    pub fn averaged(&self, x: &[f64], variances: &[f64; MAX_AXES]) -> [Local; MAX_AXES] {
        let mut out = self.locals(x);
        for (local, variance) in out.iter_mut().zip(variances) {
            *local = local.averaged(*variance);
        }
        out
    }

    /// The basis functions at a point: their values, or their derivatives along an axis.
    pub fn row(&self, locals: &[Local; MAX_AXES], derivative: Option<usize>) -> Row {
        let mut rows = [[1.0, 0.0, 0.0, 0.0]; MAX_AXES];
        let mut starts = [0; MAX_AXES];
        for (k, local) in locals.iter().enumerate().take(self.axes.len()) {
            starts[k] = local.start;
            rows[k] = match derivative {
                Some(axis) if axis == k => local.slopes,
                _ => local.values,
            };
        }
        self.product(&starts, &rows)
    }

    // The product of four weights along each axis from a start on.
    fn product(&self, starts: &[usize; MAX_AXES], rows: &[[f64; 4]; MAX_AXES]) -> Row {
        let mut out = Row {
            places: [0; MOST],
            weights: [1.0; MOST],
            len: 1,
        };
        for (k, axis) in self.axes.iter().enumerate() {
            // From the back, so that what is read is not yet overwritten.
            for i in (0..out.len).rev() {
                let (place, weight) = (out.places[i], out.weights[i]);
                for j in (0..4).rev() {
                    let mut at = starts[k] + j;
                    if at >= axis.size() {
                        // Beyond the end of a plain axis only zero weights are asked for.
                        at %= axis.size();
                    }
                    out.places[4 * i + j] = place + at * self.strides[k];
                    out.weights[4 * i + j] = weight * rows[k][j];
                }
            }
            out.len *= 4;
        }
        out
    }

    /// The penalty on differences of third order in all directions: the squares of
    /// `D_x^a D_y^b D_z^c` of the coefficients with `a + b + c = 3`, weighted by
    /// `3!/(a! b! c!)`. Along plain axes polynomials of total degree 2 cost nothing, which is
    /// what a well is made of in any rotation of its coordinates; a product of parabolas does
    /// cost, since nothing else would hold it where there are no samples.
    pub fn penalty(&self) -> Stencil {
        self.penalty_of([1.0; MAX_AXES])
    }

    /// The same for a space that stands for one of narrower cells, as their widths here over those
    /// there: about what the same spline would cost there.
    pub fn penalty_of(&self, ratios: [f64; MAX_AXES]) -> Stencil {
        const DIFFERENCES: [[f64; 4]; 4] = [
            [1.0, 0.0, 0.0, 0.0],
            [-1.0, 1.0, 0.0, 0.0],
            [1.0, -2.0, 1.0, 0.0],
            [-1.0, 3.0, -3.0, 1.0],
        ];
        let mut out = Stencil::zero(self);
        for code in 0..64 {
            let orders = [code / 16, code / 4 % 4, code % 4];
            let beyond = orders[self.axes.len()..].iter().any(|n| *n > 0);
            if beyond || orders.iter().sum::<usize>() != 3 {
                continue;
            }
            let scale: f64 = (0..self.axes.len())
                .map(|k| ratios[k].powi(1 - 2 * orders[k] as i32))
                .product();
            let weight = scale * 6.0
                / orders
                    .map(|n| [1.0, 1.0, 2.0, 6.0][n])
                    .iter()
                    .product::<f64>();
            let rows = orders.map(|n| DIFFERENCES[n]);
            self.each_start(&orders, |starts| {
                out.add(&self.product(starts, &rows), weight);
            });
        }
        out
    }

    // Every place where differences of these orders fit.
    fn each_start(&self, orders: &[usize; MAX_AXES], mut f: impl FnMut(&[usize; MAX_AXES])) {
        let mut counts = [1; MAX_AXES];
        for (count, (axis, order)) in counts.iter_mut().zip(self.axes.iter().zip(orders)) {
            *count = match axis.is_periodic() {
                true => axis.size(),
                false => axis.size().saturating_sub(*order),
            };
        }
        for i in 0..counts[0] {
            for j in 0..counts[1] {
                (0..counts[2]).for_each(|k| f(&[i, j, k]));
            }
        }
    }

    /// The spline with these coefficients, continued linearly along plain axes; `None` where their
    /// number is not [`Tensor::size`] or one is not finite.
    pub fn spline(&self, coefficients: &[f64]) -> Option<Spline> {
        let axes: Vec<SplineAxis> = self
            .axes
            .iter()
            .map(|axis| SplineAxis {
                lo: axis.lo(),
                hi: axis.hi(),
                periodic: axis.is_periodic(),
            })
            .collect();
        Spline::tensor(3, &axes, coefficients.to_vec(), &self.shape())
    }

    /// The factor of `matrix + weight * penalty`.
    ///
    /// # Errors
    /// It is not positive definite.
    pub fn factor(
        &self,
        matrix: &Stencil,
        penalty: &Stencil,
        weight: f64,
    ) -> Result<Factor<'_>, NotPositiveDefinite> {
        let mut banded = Banded::zero(self.size, self.bandwidth);
        let places = |i: usize| self.order[i] as usize;
        matrix.each(|p, q, a| banded.add(places(p), places(q), a));
        penalty.each(|p, q, a| banded.add(places(p), places(q), weight * a));
        Ok(Factor {
            tensor: self,
            factor: banded.cholesky()?,
        })
    }
}

// What neighbours along an axis are apart at most in the order that keeps them together: that of
// the axis, and folded as 0, n-1, 1, n-2, ... on a ring.
fn reach(axis: &Space) -> usize {
    match axis.is_periodic() {
        true => 6.min(axis.size() - 1),
        false => 3,
    }
}

fn fold(axis: &Space, i: usize) -> usize {
    match axis.is_periodic() {
        true if 2 * i < axis.size() => 2 * i,
        true => 2 * (axis.size() - 1 - i) + 1,
        false => i,
    }
}

// The width of the band with the axes in their best order, and the distance of neighbours along
// each of them; in floating point, where no product overflows.
fn band(axes: &[Space]) -> (f64, [f64; MAX_AXES]) {
    const ORDERS: [[usize; MAX_AXES]; 6] = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    let mut best = (f64::INFINITY, [0.0; MAX_AXES]);
    for order in ORDERS {
        let (mut strides, mut stride, mut band) = ([0.0; MAX_AXES], 1.0, 0.0);
        for k in order.into_iter().rev().filter(|k| *k < axes.len()) {
            strides[k] = stride;
            band += reach(&axes[k]) as f64 * stride;
            stride *= axes[k].size() as f64;
        }
        if band < best.0 {
            best = (band, strides);
        }
    }
    best
}

/// The number of coefficients on some axes and the bandwidth of their matrices, as numbers that
/// do not overflow: what a space would need that may be too large to make.
pub fn extent(axes: &[Space]) -> (f64, f64) {
    let size: f64 = axes.iter().map(|axis| axis.size() as f64).product();
    (size, band(axes).0.min(size))
}

fn ordering(axes: &[Space], size: usize) -> (Vec<u32>, usize) {
    let (band, strides) = band(axes);
    let order = (0..size).map(|index| {
        let (mut rest, mut place) = (index, 0);
        for (axis, stride) in axes.iter().zip(strides).rev() {
            place += fold(axis, rest % axis.size()) * stride as usize;
            rest /= axis.size();
        }
        place as u32
    });
    (order.collect(), (band as usize).min(size.saturating_sub(1)))
}

/// A factored matrix of a tensor space.
#[derive(Debug)]
pub struct Factor<'a> {
    tensor: &'a Tensor,
    factor: Cholesky,
}

impl Factor<'_> {
    /// The solutions for several right sides.
    pub fn solve(&self, sides: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let width = sides.len();
        let mut rows = vec![0.0; self.tensor.size * width];
        for (k, side) in sides.iter().enumerate() {
            for (value, place) in side.iter().zip(&self.tensor.order) {
                rows[*place as usize * width + k] = *value;
            }
        }
        self.factor.solve_rows(&mut rows, width);
        let solution = |k: usize| -> Vec<f64> {
            let order = self.tensor.order.iter();
            order
                .map(|place| rows[*place as usize * width + k])
                .collect()
        };
        (0..width).map(solution).collect()
    }
}
