//! A curve as a picture can show it: what it does within each of so many columns.

use super::curves::Line;

/// Points that are looked at in a column.
const POINTS: usize = 128;
/// A curve that goes up and down by so many times its range within a column is rough there.
const TURNS: f64 = 3.0;
/// Differences that are this part of the values are rounding.
const ROUNDING: f64 = 1e-12;

/// A curve over a range that is divided into equal columns.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trace {
    /// Its name in the legend.
    pub name: String,
    /// The centres of the columns, increasing.
    pub x: Vec<f64>,
    /// The least finite value that was seen in each column; NaN where there was none.
    pub lower: Vec<f64>,
    /// The greatest.
    pub upper: Vec<f64>,
    /// Where the curve turns so often that a line through points of it would tell nothing.
    pub rough: Vec<bool>,
    /// The curve where it is not rough: its least and its greatest point of each column.
    pub line: Line,
}

/// Looks at a function in `columns` columns of a range, at points that no wave is in step with.
///
/// Where the function has waves longer than the 128th part of a column, the extremes are its own up
/// to rounding of the phase; of shorter ones they are those of 128 points.
pub fn trace(
    name: &str,
    (lo, hi): (f64, f64),
    columns: usize,
    f: &dyn Fn(&[f64]) -> Vec<f64>,
) -> Trace {
    let count = columns * POINTS;
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    let place = |k: usize| {
        let share = (k as f64 + (k as f64 * golden).fract()) / count as f64;
        lo + share * (hi - lo)
    };
    let mut x: Vec<f64> = (0..count).map(place).collect();
    if let [first, .., last] = &mut x[..] {
        (*first, *last) = (lo, hi);
    }
    let y = f(&x);
    let mut trace = Trace {
        name: name.to_owned(),
        ..Trace::default()
    };
    for (number, (x, y)) in x.chunks(POINTS).zip(y.chunks(POINTS)).enumerate() {
        let centre = lo + (number as f64 + 0.5) / columns as f64 * (hi - lo);
        trace.push(centre, x, y);
    }
    trace
}

impl Trace {
    fn push(&mut self, centre: f64, x: &[f64], y: &[f64]) {
        let finite = (0..y.len()).filter(|&i| y[i].is_finite());
        let order = |a: &usize, b: &usize| y[*a].total_cmp(&y[*b]);
        let ends = finite
            .clone()
            .min_by(order)
            .zip(finite.clone().max_by(order));
        self.x.push(centre);
        let Some((low, high)) = ends else {
            self.lower.push(f64::NAN);
            self.upper.push(f64::NAN);
            self.rough.push(false);
            self.line.x.push(centre);
            self.line.y.push(f64::NAN);
            return;
        };
        let (lower, upper) = (y[low], y[high]);
        let way: f64 = finite
            .clone()
            .zip(finite.skip(1))
            .map(|(a, b)| (y[b] - y[a]).abs())
            .sum();
        let noise = ROUNDING * lower.abs().max(upper.abs());
        let rough = upper - lower > noise && way > TURNS * (upper - lower);
        self.lower.push(lower);
        self.upper.push(upper);
        let before = self.rough.last().copied().unwrap_or(false);
        self.rough.push(rough);
        if rough {
            if !before {
                self.line.x.push(centre);
                self.line.y.push(f64::NAN);
            }
            return;
        }
        for at in [low.min(high), low.max(high)] {
            self.line.x.push(x[at]);
            self.line.y.push(y[at]);
        }
        // A column that ends in nothing breaks the line.
        if y.iter().any(|y| !y.is_finite()) {
            self.line.x.push(centre);
            self.line.y.push(f64::NAN);
        }
    }

    /// Whether it is rough somewhere.
    pub fn is_rough(&self) -> bool {
        self.rough.contains(&true)
    }

    /// Higher by `shift`.
    pub fn raised(mut self, shift: f64) -> Trace {
        for values in [&mut self.lower, &mut self.upper, &mut self.line.y] {
            values.iter_mut().for_each(|value| *value += shift);
        }
        self
    }

    /// All extremes, by column.
    pub fn extremes(&self) -> Vec<f64> {
        [&self.lower[..], &self.upper[..]].concat()
    }
}
