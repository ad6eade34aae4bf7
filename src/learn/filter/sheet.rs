//! Values of V at one random point in each cell of a grid.

use std::collections::VecDeque;
use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::plane::{Line, Values};

/// The stream of the positions: always the same.
const SEED: u64 = 0x5eed;

/// Points and values, row-major in the cells.
pub(super) struct Sheet<'p> {
    lines: &'p [Line; 2],
    /// Positions in their cells, from 0 to 1 along each coordinate.
    at: Vec<[f64; 2]>,
    values: Vec<f64>,
}

impl<'p> Sheet<'p> {
    /// Chooses the points and asks for V there, a row at a time.
    pub(super) fn draw(v: &Values<'_>, lines: &'p [Line; 2]) -> Sheet<'p> {
        let [x, y] = lines;
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let mut place = || [rng.random::<f64>(), rng.random::<f64>()];
        let at: Vec<[f64; 2]> = (0..x.count * y.count).map(|_| place()).collect();
        let mut values = vec![f64::NAN; at.len()];
        let rows = values.par_chunks_mut(y.count).zip(at.par_chunks(y.count));
        rows.enumerate().for_each(|(i, (values, at))| {
            let place =
                |line: &Line, i: usize, u: f64| line.first + line.spacing * (i as f64 + (u - 0.5));
            let xs = at.iter().map(|[u, _]| place(x, i, *u));
            let ys = at.iter().enumerate().map(|(j, [_, u])| place(y, j, *u));
            v(&xs.chain(ys).collect::<Vec<f64>>(), values);
        });
        Sheet { lines, at, values }
    }

    /// The number of points.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// How many values are not finite.
    pub(super) fn non_finite(&self) -> usize {
        self.values.iter().filter(|v| !v.is_finite()).count()
    }

    /// 1 where the value is finite, 0 elsewhere.
    pub(super) fn finite(&self) -> Vec<f64> {
        let one = |v: &f64| f64::from(u8::from(v.is_finite()));
        self.values.iter().map(one).collect()
    }

    /// The values less their mean in the box, which comes second, limited to `clip` times their
    /// range in the box, with gaps filled from the nearest values; `None` where no value in the
    /// box is finite.
    pub(super) fn filled(
        mut self,
        inside: &[Range<usize>; 2],
        clip: f64,
    ) -> Option<(Sheet<'p>, f64)> {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut sum, mut count) = (0.0, 0.0);
        for at in self.places(inside) {
            let value = self.values[at];
            if value.is_finite() {
                (least, most) = (least.min(value), most.max(value));
                (sum, count) = (sum + value, count + 1.0);
            }
        }
        let mean: f64 = sum / count;
        let limit = clip * (most - least);
        if !(mean.is_finite() && limit.is_finite()) {
            return None;
        }
        for value in self.values.iter_mut().filter(|v| v.is_finite()) {
            *value -= mean;
            if limit > 0.0 {
                *value = value.clamp(-limit, limit);
            }
        }
        self.fill();
        Some((self, mean))
    }

    // Values spread from cell to cell, those next to the finite ones first.
    fn fill(&mut self) {
        let finite = |at: &usize| self.values[*at].is_finite();
        if self.non_finite() == 0 {
            return;
        }
        let mut open: VecDeque<usize> = (0..self.len()).filter(finite).collect();
        while let Some(at) = open.pop_front() {
            for next in self.neighbours(at).into_iter().flatten() {
                if !self.values[next].is_finite() {
                    self.values[next] = self.values[at];
                    open.push_back(next);
                }
            }
        }
    }

    fn neighbours(&self, at: usize) -> [Option<usize>; 4] {
        let [x, y] = self.lines;
        let (i, j) = (at / y.count, at % y.count);
        let step = |line: &Line, i: usize, forward: bool| match forward {
            true if i + 1 < line.count => Some(i + 1),
            false if i > 0 => Some(i - 1),
            _ if !line.periodic => None,
            forward => Some(if forward { 0 } else { line.count - 1 }),
        };
        [
            step(x, i, true).map(|i| i * y.count + j),
            step(x, i, false).map(|i| i * y.count + j),
            step(y, j, true).map(|j| i * y.count + j),
            step(y, j, false).map(|j| i * y.count + j),
        ]
    }

    /// The values less those of a periodic cubic spline whose basis functions are centred on the
    /// cells.
    pub(super) fn differences(&self, spline: &[f64]) -> Vec<f64> {
        let [x, y] = self.lines;
        let mut rest = self.values.clone();
        let rows = rest
            .par_chunks_mut(y.count)
            .zip(self.at.par_chunks(y.count));
        rows.enumerate().for_each(|(i, (rest, at))| {
            for (j, (rest, [u, v])) in rest.iter_mut().zip(at).enumerate() {
                let (first, along) = near(i, *u, x.count);
                let (second, across) = near(j, *v, y.count);
                for (row, a) in along.iter().enumerate() {
                    let row = (first + row) % x.count * y.count;
                    let row = &spline[row..row + y.count];
                    let sum: f64 = match row.get(second..second + 4) {
                        Some(c) => c.iter().zip(across).map(|(c, b)| c * b).sum(),
                        None => (0..4)
                            .map(|j| row[(second + j) % y.count] * across[j])
                            .sum(),
                    };
                    *rest -= a * sum;
                }
            }
        });
        rest
    }

    /// The largest size of a quantity in the box.
    pub(super) fn largest(&self, inside: &[Range<usize>; 2], of: impl Fn(usize) -> f64) -> f64 {
        let sizes = self.places(inside).map(|at| of(at).abs());
        sizes.fold(0.0, f64::max)
    }

    /// The root mean square of numbers in the box.
    pub(super) fn root_mean_square(&self, inside: &[Range<usize>; 2], numbers: &[f64]) -> f64 {
        let squares: f64 = self.places(inside).map(|at| numbers[at].powi(2)).sum();
        (squares / self.places(inside).count() as f64).sqrt()
    }

    fn places(&self, inside: &[Range<usize>; 2]) -> impl Iterator<Item = usize> + use<> {
        let (columns, width) = (inside[1].clone(), self.lines[1].count);
        let rows = inside[0].clone();
        rows.flat_map(move |i| columns.clone().map(move |j| i * width + j))
    }
}

/// The first of the four basis functions at the position `u` in cell `i` of `n`, and their values.
fn near(i: usize, u: f64, n: usize) -> (usize, [f64; 4]) {
    let (first, u) = match u < 0.5 {
        true => (i + n - 2, u + 0.5),
        false => (i + n - 1, u - 0.5),
    };
    let v = 1.0 - u;
    let outer = |a: f64| a * a * a / 6.0;
    let inner = |a: f64| 2.0 / 3.0 - a * a + 0.5 * a * a * a;
    (first % n, [outer(v), inner(u), inner(v), outer(u)])
}
