//! The space of uniform cubic B-splines along one axis, and the spline through given values.

use super::banded::Banded;
use crate::graph::Spline;

/// Uniform cubic B-splines on `cells` cells from `lo` on: `cells + 3` coefficients, or `cells` on
/// a periodic axis, where cell `i` uses the coefficients from `i` on and counts round.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Space {
    lo: f64,
    spacing: f64,
    cells: usize,
    periodic: bool,
}

/// The four basis functions that do not vanish at a position.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Local {
    /// The cell: the first coefficient.
    pub start: usize,
    /// Values.
    pub values: [f64; 4],
    /// Slopes, in the inverse unit of the coordinate.
    pub slopes: [f64; 4],
    /// Second derivatives; 0 beyond the ends of a plain axis.
    pub curvatures: [f64; 4],
    /// Third derivatives, likewise; they jump at the knots.
    pub thirds: [f64; 4],
}

impl Local {
    /// The means over positions around this one with a variance (unit of the coordinate squared),
    /// to second order: what samples of a bin show whose mean position is known.
    pub fn averaged(mut self, variance: f64) -> Local {
        for k in 0..4 {
            self.values[k] += 0.5 * variance * self.curvatures[k];
            self.slopes[k] += 0.5 * variance * self.thirds[k];
        }
        self
    }
}

impl Space {
    /// A space; `None` where there is no cell, or the spacing is not positive and finite.
    pub fn new(lo: f64, spacing: f64, cells: usize) -> Option<Space> {
        let hi = lo + spacing * cells as f64;
        (cells > 0 && lo < hi && (hi - lo).is_finite()).then_some(Space {
            lo,
            spacing,
            cells,
            periodic: false,
        })
    }

    /// The same on a circle: `lo + cells * spacing` is `lo` again.
    pub fn periodic(lo: f64, spacing: f64, cells: usize) -> Option<Space> {
        Some(Space {
            periodic: true,
            ..Space::new(lo, spacing, cells)?
        })
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

    /// Whether the axis is periodic.
    pub fn is_periodic(&self) -> bool {
        self.periodic
    }

    /// The number of coefficients.
    pub fn size(&self) -> usize {
        if self.periodic {
            self.cells
        } else {
            self.cells + 3
        }
    }

    /// A space on the same circle or over at least the same interval, with cells about twice as
    /// wide; itself where there are few.
    pub fn coarser(&self) -> Space {
        let cells = self.cells.div_ceil(2);
        match (self.cells, self.periodic) {
            (..=3, _) => *self,
            (_, false) => Space {
                spacing: 2.0 * self.spacing,
                cells,
                ..*self
            },
            (_, true) => Space {
                spacing: self.spacing * self.cells as f64 / cells as f64,
                cells,
                ..*self
            },
        }
    }

    /// The coefficients of the spline of a coarser space that is nearest, as the first place and
    /// four weights of coarse coefficients for each of these: exact for cubic polynomials.
    pub fn refinement(&self, coarse: &Space) -> Vec<(usize, [f64; 4])> {
        // A coefficient is f - h^2/6 f'' at the middle of its function; beyond the ends those of
        // the first and the last polynomial.
        let rows = (0..self.size()).map(|i| {
            let x = self.lo + self.spacing * (i as f64 - 1.0);
            let inside = match self.periodic {
                true => x,
                false => x.clamp(coarse.lo, coarse.hi()),
            };
            let (local, t) = (coarse.at(inside), x - inside);
            let bend = 0.5 * t * t - self.spacing * self.spacing / 6.0;
            let turn = t * t * t / 6.0 - t * self.spacing * self.spacing / 6.0;
            let weight = |k: usize| {
                let slopes = local.values[k] + t * local.slopes[k];
                slopes + bend * local.curvatures[k] + turn * local.thirds[k]
            };
            (local.start, std::array::from_fn(weight))
        });
        rows.collect()
    }

    /// The cell that holds `x`; `None` outside a plain axis and for what is not finite.
    pub fn cell(&self, x: f64) -> Option<usize> {
        let t = (x - self.lo) / self.spacing;
        let inside = t.is_finite() && (self.periodic || (0.0..=self.cells as f64).contains(&t));
        inside.then(|| self.locate(x).0)
    }

    // The cell of x and the position in it, from 0 to 1; the nearest end outside a plain axis.
    fn locate(&self, x: f64) -> (usize, f64) {
        let (t, n) = ((x - self.lo) / self.spacing, self.cells as f64);
        let t = if self.periodic {
            t - (t / n).floor() * n
        } else {
            t
        };
        let t = t.clamp(0.0, n);
        let cell = (t as usize).min(self.cells - 1);
        (cell, t - cell as f64)
    }

    /// The basis at `x`. Outside a plain axis it continues linearly.
    pub fn at(&self, x: f64) -> Local {
        let (start, u) = self.locate(x);
        let (v, h) = (1.0 - u, self.spacing);
        let outer = |a: f64| a * a * a / 6.0;
        let inner = |a: f64| 2.0 / 3.0 - a * a + 0.5 * a * a * a;
        let mut values = [outer(v), inner(u), inner(v), outer(u)];
        // With coefficients (c[j+1] - c[j])/h the slope is a quadratic spline on this basis.
        let [a, b, c] = [0.5 * v * v, 0.5 + u * v, 0.5 * u * u];
        let slopes = [-a / h, (a - b) / h, (b - c) / h, c / h];
        let square = h * h;
        let mut curvatures = [v, u - 2.0 * v, v - 2.0 * u, u].map(|b| b / square);
        let mut thirds = [-1.0, 3.0, -3.0, 1.0].map(|b| b / (square * h));
        let beyond = x - x.clamp(self.lo, self.hi());
        if !self.periodic && beyond != 0.0 {
            for (value, slope) in values.iter_mut().zip(slopes) {
                *value += beyond * slope;
            }
            (curvatures, thirds) = ([0.0; 4], [0.0; 4]);
        }
        Local {
            start,
            values,
            slopes,
            curvatures,
            thirds,
        }
    }

    /// The spline with these coefficients, continued linearly; `None` where their number is not
    /// [`Space::size`], one is not finite, or the axis is periodic.
    pub fn spline(&self, coefficients: Vec<f64>) -> Option<Spline> {
        if self.periodic || coefficients.len() != self.size() {
            return None;
        }
        Spline::new(3, self.lo, self.hi(), coefficients)
    }
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
    let inner = matrix.cholesky().ok()?.solve(&inner);
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
        // A random-looking set of coefficients; both sides are exact up to rounding, inside and
        // on the linear continuation.
        let space = Space::new(-1.5, 0.4, 7).unwrap();
        let c: Vec<f64> = (0..space.size()).map(|i| (i as f64 * 1.7).sin()).collect();
        let spline = space.spline(c.clone()).unwrap();
        let slope = spline.derivative().unwrap();
        let curvature = slope.derivative().unwrap();
        for i in -80..=360 {
            let x = -1.5 + f64::from(i) * 0.01;
            let local = space.at(x);
            let sum =
                |b: [f64; 4]| -> f64 { b.iter().zip(&c[local.start..]).map(|(b, c)| b * c).sum() };
            assert!((sum(local.values) - spline.value(x)).abs() < 1e-13);
            assert!((sum(local.slopes) - slope.value(x)).abs() < 1e-13);
            // Divided by the square of a cell once more.
            assert!((sum(local.curvatures) - curvature.value(x)).abs() < 1e-12);
            if (0.05..0.35).contains(&(x + 1.5).rem_euclid(0.4)) && (-1.4..1.3).contains(&x) {
                let h = 1e-3;
                let third = (curvature.value(x + h) - curvature.value(x - h)) / (2.0 * h);
                assert!((sum(local.thirds) - third).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_periodic_basis_repeats() {
        let space = Space::periodic(-1.5, 0.25, 8).unwrap();
        assert_eq!((space.size(), space.hi()), (8, 0.5));
        for i in 0..100 {
            // Multiples of 1/64: shifts by the period are exact.
            let x = -1.5 + f64::from(i) / 64.0;
            assert_eq!(space.at(x), space.at(x - 6.0));
            assert_eq!(space.at(x).start, space.cell(x + 4.0).unwrap());
            let sum: f64 = space.at(x).values.iter().sum();
            assert!((sum - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn a_coarser_spline_is_refined() {
        // A cubic is the same spline on both, ends that do not meet included.
        for cells in [6, 7] {
            let fine = Space::new(-1.0, 0.5, cells).unwrap();
            let coarse = fine.coarser();
            assert_eq!((coarse.cells(), coarse.spacing()), (cells.div_ceil(2), 1.0));
            // f - h^2/6 f'' at the middle of each function.
            let of = |space: &Space| -> Vec<f64> {
                let h = space.spacing();
                let at = (0..space.size()).map(|i| space.lo() + h * (i as f64 - 1.0));
                at.map(|x| cubic(x).0 - h * h / 6.0 * (1.0 - 1.8 * x))
                    .collect()
            };
            let wide = of(&coarse);
            for ((start, weights), wanted) in fine.refinement(&coarse).iter().zip(of(&fine)) {
                let terms = weights.iter().zip(&wide[*start..]);
                let found: f64 = terms.map(|(w, c)| w * c).sum();
                assert!((found - wanted).abs() < 1e-12);
            }
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
}
