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
pub(super) struct Sheet<'p, const D: usize> {
    lines: &'p [Line; D],
    /// Positions in their cells, from 0 to 1 along each coordinate.
    at: Vec<[f64; D]>,
    values: Vec<f64>,
}

impl<'p, const D: usize> Sheet<'p, D> {
    /// Chooses the points and asks for V there, a row of the first coordinate at a time.
    pub(super) fn draw(v: &Values<'_>, lines: &'p [Line; D]) -> Sheet<'p, D> {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let points = lines.iter().map(|line| line.count).product();
        let mut place = || std::array::from_fn(|_| rng.random::<f64>());
        let at: Vec<[f64; D]> = (0..points).map(|_| place()).collect();
        let mut values = vec![f64::NAN; at.len()];
        let row = points / lines[0].count;
        let rows = values.par_chunks_mut(row).zip(at.par_chunks(row));
        rows.enumerate().for_each(|(i, (values, at))| {
            let mut xs = Vec::with_capacity(D * row);
            for (k, line) in lines.iter().enumerate() {
                xs.extend(at.iter().enumerate().map(|(j, at)| {
                    let cell = cell_of(lines, i * row + j)[k];
                    line.first + line.spacing * (cell as f64 + (at[k] - 0.5))
                }));
            }
            v(&xs, values);
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
        inside: &[Range<usize>; D],
        clip: f64,
    ) -> Option<(Sheet<'p, D>, f64)> {
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
            for next in self.neighbours(at) {
                if !self.values[next].is_finite() {
                    self.values[next] = self.values[at];
                    open.push_back(next);
                }
            }
        }
    }

    fn neighbours(&self, at: usize) -> impl Iterator<Item = usize> + use<D> {
        let cell = cell_of(self.lines, at);
        let mut stride = self.len();
        let mut found = [[None; 2]; D];
        for ((line, i), found) in self.lines.iter().zip(cell).zip(&mut found) {
            stride /= line.count;
            let first = at - i * stride;
            let around = |i: usize| line.periodic.then_some(i);
            let before = i.checked_sub(1).or(around(line.count - 1));
            let after = Some(i + 1).filter(|i| *i < line.count).or(around(0));
            *found = [before, after].map(|i| i.map(|i| first + i * stride));
        }
        found.into_iter().flatten().flatten()
    }

    /// The values less those of a periodic cubic spline whose basis functions are centred on the
    /// cells.
    pub(super) fn differences(&self, spline: &[f64]) -> Vec<f64> {
        let mut rest = self.values.clone();
        let row = self.len() / self.lines[0].count;
        let rows = rest.par_chunks_mut(row).zip(self.at.par_chunks(row));
        rows.enumerate().for_each(|(i, (rest, at))| {
            for (j, (rest, at)) in rest.iter_mut().zip(at).enumerate() {
                let cell = cell_of(self.lines, i * row + j);
                let count = |k: usize| self.lines[k].count;
                let near: [_; D] = std::array::from_fn(|k| near(cell[k], at[k], count(k)));
                *rest -= self.sum(spline, &near, 0);
            }
        });
        rest
    }

    // The sum over the four functions along each axis but the first ones, for coefficients with
    // the prefix `offset`.
    fn sum(&self, spline: &[f64], near: &[(usize, [f64; 4])], offset: usize) -> f64 {
        let [(first, values), rest @ ..] = near else {
            return spline[offset];
        };
        let count = self.lines[D - near.len()].count;
        let start = offset * count;
        if rest.is_empty()
            && let Some(c) = spline[start..start + count].get(*first..first + 4)
        {
            return c.iter().zip(values).map(|(c, b)| c * b).sum();
        }
        let terms = values.iter().enumerate();
        terms
            .map(|(j, b)| b * self.sum(spline, rest, start + (first + j) % count))
            .sum()
    }

    /// The largest size of a quantity in the box.
    pub(super) fn largest(&self, inside: &[Range<usize>; D], of: impl Fn(usize) -> f64) -> f64 {
        let sizes = self.places(inside).map(|at| of(at).abs());
        sizes.fold(0.0, f64::max)
    }

    /// The root mean square of numbers in the box.
    pub(super) fn root_mean_square(&self, inside: &[Range<usize>; D], numbers: &[f64]) -> f64 {
        let squares: f64 = self.places(inside).map(|at| numbers[at].powi(2)).sum();
        (squares / self.places(inside).count() as f64).sqrt()
    }

    fn places(&self, inside: &[Range<usize>; D]) -> impl Iterator<Item = usize> + use<D> {
        places(self.lines, inside)
    }
}

/// The cells of a box, by their places in the grid.
pub(super) fn places<const D: usize>(
    lines: &[Line; D],
    inside: &[Range<usize>; D],
) -> impl Iterator<Item = usize> + use<D> {
    let counts: [usize; D] = std::array::from_fn(|k| lines[k].count);
    let inside = inside.clone();
    let number = inside.iter().map(Range::len).product();
    (0..number).map(move |n: usize| {
        let (mut rest, mut stride, mut at) = (n, 1, 0);
        for (range, count) in inside.iter().zip(counts).rev() {
            at += (range.start + rest % range.len()) * stride;
            rest /= range.len();
            stride *= count;
        }
        at
    })
}

/// The cell along each axis.
pub(super) fn cell_of<const D: usize>(lines: &[Line; D], at: usize) -> [usize; D] {
    let (mut rest, mut cell) = (at, [0; D]);
    for (i, line) in cell.iter_mut().zip(lines).rev() {
        *i = rest % line.count;
        rest /= line.count;
    }
    cell
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
