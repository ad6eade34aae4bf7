//! The space of uniform cubic B-splines: its basis, penalties on differences of coefficients, and
//! the way to [`Spline`], which evaluates.

use super::banded::Banded;
use crate::graph::Spline;

/// Uniform cubic B-splines on `cells` cells from `lo` on: `cells + 3` coefficients.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Space {
    lo: f64,
    spacing: f64,
    cells: usize,
}

impl Space {
    /// A space; `None` where there is no cell, or the spacing is not positive and finite.
    pub fn new(lo: f64, spacing: f64, cells: usize) -> Option<Space> {
        let hi = lo + spacing * cells as f64;
        (cells > 0 && lo < hi && (hi - lo).is_finite()).then_some(Space { lo, spacing, cells })
    }

    /// The left end.
    pub fn lo(&self) -> f64 {
        self.lo
    }

    /// The right end.
    pub fn hi(&self) -> f64 {
        self.lo + self.spacing * self.cells as f64
    }

    /// The width of a cell.
    pub fn spacing(&self) -> f64 {
        self.spacing
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// The number of coefficients of a cubic spline; that of its slope has one less.
    pub fn size(&self) -> usize {
        self.cells + 3
    }

    // The cell of x and the position in it, from 0 to 1; the nearest end outside.
    fn locate(&self, x: f64) -> (usize, f64) {
        let t = ((x - self.lo) / self.spacing).clamp(0.0, self.cells as f64);
        let cell = (t as usize).min(self.cells - 1);
        (cell, t - cell as f64)
    }

    /// The index of the first basis function that is not zero at `x`, and the four values.
    pub fn values(&self, x: f64) -> (usize, [f64; 4]) {
        let (cell, u) = self.locate(x);
        let v = 1.0 - u;
        let outer = |a: f64| a * a * a / 6.0;
        let inner = |a: f64| 2.0 / 3.0 - a * a + 0.5 * a * a * a;
        (cell, [outer(v), inner(u), inner(v), outer(u)])
    }

    /// The three values at `x` of the quadratic basis in which slopes are written, and the index
    /// of the first: with coefficients `d_j = (c_{j+1} - c_j)/spacing` it is the slope.
    pub fn quadratic(&self, x: f64) -> (usize, [f64; 3]) {
        let (cell, u) = self.locate(x);
        let v = 1.0 - u;
        (cell, [0.5 * v * v, 0.5 + u * v, 0.5 * u * u])
    }

    /// The slopes at `x` of the four cubic basis functions from the index on.
    pub fn slopes(&self, x: f64) -> (usize, [f64; 4]) {
        let (cell, [a, b, c]) = self.quadratic(x);
        let h = self.spacing;
        (cell, [-a / h, (a - b) / h, (b - c) / h, c / h])
    }

    /// The spline with these coefficients, continued linearly; `None` where their number is not
    /// [`Space::size`] or one is not finite.
    pub fn spline(&self, coefficients: Vec<f64>) -> Option<Spline> {
        if coefficients.len() != self.size() {
            return None;
        }
        Spline::new(3, self.lo, self.hi(), coefficients)
    }

    /// Cubic coefficients from those of the slope, by cumulative sum; the first is 0.
    pub fn integrate(&self, slope: &[f64]) -> Vec<f64> {
        let mut sum = 0.0;
        std::iter::once(0.0)
            .chain(slope.iter().map(|d| {
                sum += d * self.spacing;
                sum
            }))
            .collect()
    }
}

/// The matrix `Dᵀ D` of differences of the given order (1, 2 or 3) between `size` coefficients.
///
/// Polynomials of lower degree than the order cost nothing: third differences of a spline leave
/// a parabola unpenalised. Other orders give the zero matrix.
pub fn difference_penalty(size: usize, order: usize) -> Banded {
    let row: &[f64] = match order {
        1 => &[-1.0, 1.0],
        2 => &[1.0, -2.0, 1.0],
        3 => &[-1.0, 3.0, -3.0, 1.0],
        _ => &[],
    };
    let mut penalty = Banded::zero(size, 3);
    for start in 0..size.saturating_sub(order) {
        penalty.add_outer(start, row, 1.0);
    }
    penalty
}

/// The cubic spline through values at the knots `lo + i spacing`, with no curvature at the ends.
///
/// The condition at the ends is felt with a factor 0.27 for each cell on the way in. `None` for
/// fewer than two values or any that is not finite.
pub fn interpolate(lo: f64, spacing: f64, values: &[f64]) -> Option<Spline> {
    let space = Space::new(lo, spacing, values.len().checked_sub(1)?)?;
    let n = values.len();
    // (c[i-1] + 4 c[i] + c[i+1])/6 = f[i]; no curvature at the ends means c = f there.
    let mut matrix = Banded::zero(n, 1);
    for i in 0..n {
        let end = i == 0 || i + 1 == n;
        matrix.add_outer(i, &[1.0], if end { 1.0 } else { 2.0 / 3.0 });
        if !end && i + 2 < n {
            // Adds 1/6 off the diagonal, and nothing on it.
            matrix.add_outer(i, &[1.0, 1.0], 1.0 / 6.0);
            matrix.add_outer(i, &[1.0], -1.0 / 6.0);
            matrix.add_outer(i + 1, &[1.0], -1.0 / 6.0);
        }
    }
    let mut inner = values.to_vec();
    if n > 2 {
        inner[1] -= values[0] / 6.0;
        inner[n - 2] -= values[n - 1] / 6.0;
    }
    matrix.cholesky().ok()?.solve_in_place(&mut inner);
    let mut coefficients = Vec::with_capacity(n + 2);
    coefficients.push(2.0 * inner[0] - inner[1]);
    coefficients.extend_from_slice(&inner);
    coefficients.push(2.0 * inner[n - 1] - inner[n - 2]);
    space.spline(coefficients)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cubic(x: f64) -> (f64, f64) {
        (
            1.0 - 2.0 * x + 0.5 * x * x - 0.3 * x * x * x,
            -2.0 + x - 0.9 * x * x,
        )
    }

    #[test]
    fn the_basis_agrees_with_the_spline_that_evaluates() {
        // A random-looking set of coefficients; both sides are exact up to rounding.
        let space = Space::new(-1.5, 0.4, 7).unwrap();
        let c: Vec<f64> = (0..space.size()).map(|i| (i as f64 * 1.7).sin()).collect();
        let d: Vec<f64> = c.windows(2).map(|p| (p[1] - p[0]) / 0.4).collect();
        let spline = space.spline(c.clone()).unwrap();
        let slope = spline.derivative().unwrap();
        for i in 0..=280 {
            let x = -1.5 + f64::from(i) * 0.01;
            let sum = |(j, b): (usize, [f64; 4])| -> f64 {
                b.iter().zip(&c[j..]).map(|(b, c)| b * c).sum()
            };
            let (j, b) = space.quadratic(x);
            let quadratic: f64 = b.iter().zip(&d[j..]).map(|(b, d)| b * d).sum();
            assert!((sum(space.values(x)) - spline.value(x)).abs() < 1e-14);
            assert!((sum(space.slopes(x)) - slope.value(x)).abs() < 1e-13);
            assert!((quadratic - slope.value(x)).abs() < 1e-13);
        }
        let back = space.integrate(&d);
        for (a, b) in back.iter().zip(&c) {
            assert!((a + c[0] - b).abs() < 1e-14);
        }
    }

    #[test]
    fn interpolation_reproduces_a_cubic_away_from_the_ends() {
        let n = 81;
        let at = |i: usize| -2.0 + 0.05 * i as f64;
        let values: Vec<f64> = (0..n).map(|i| cubic(at(i)).0).collect();
        let spline = interpolate(-2.0, 0.05, &values).unwrap();
        let slope = spline.derivative().unwrap();
        // 24 cells from an end the wrong curvature is down by 0.27^24 = 2e-14.
        for i in 24 * 4..=(n - 25) * 4 {
            let x = -2.0 + 0.0125 * i as f64;
            assert!((spline.value(x) - cubic(x).0).abs() < 1e-12);
            assert!((slope.value(x) - cubic(x).1).abs() < 1e-10);
        }
        for (i, v) in values.iter().enumerate() {
            assert!((spline.value(at(i)) - v).abs() < 1e-13);
        }
    }

    #[test]
    fn two_and_three_values_interpolate_too() {
        for values in [
            vec![1.0, 3.0],
            vec![1.0, 3.0, 2.0],
            vec![0.0, 1.0, 5.0, 2.0],
        ] {
            let spline = interpolate(0.0, 1.0, &values).unwrap();
            for (i, v) in values.iter().enumerate() {
                assert!((spline.value(i as f64) - v).abs() < 1e-14);
            }
        }
        assert!(interpolate(0.0, 1.0, &[1.0]).is_none());
        assert!(interpolate(0.0, 1.0, &[1.0, f64::NAN]).is_none());
    }

    #[test]
    fn penalties_leave_polynomials_alone() {
        let n = 12;
        for order in 1..=3 {
            let penalty = difference_penalty(n, order);
            let power = |p: i32| -> Vec<f64> { (0..n).map(|i| (i as f64).powi(p)).collect() };
            let cost =
                |v: &[f64]| -> f64 { penalty.multiply(v).iter().zip(v).map(|(a, b)| a * b).sum() };
            assert_eq!(cost(&power(order as i32 - 1)), 0.0);
            // The difference of order k of i^k is k!, at n - k places.
            let factorial: f64 = (1..=order).map(|k| k as f64).product();
            let expected = (n - order) as f64 * factorial * factorial;
            assert_eq!(cost(&power(order as i32)), expected);
        }
    }
}
