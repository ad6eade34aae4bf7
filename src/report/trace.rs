//! A curve as a picture can show it: what it does within each of so many columns.

use super::curves::Line;
use std::ops::Range;

/// Points that are looked at in a column.
const POINTS: usize = 128;
/// A curve that goes up and down by so many times its range within a few columns is rough there.
const TURNS: f64 = 3.0;
/// Next to a rough place a curve stays rough as long as it does that so many times.
const FEWER_TURNS: f64 = 2.0;
/// So many columns on either side are looked at together.
const AROUND: usize = 2;
/// Rough places that are nearer than so many columns are one: a few strokes between two bands say
/// less than one band.
const NEAR: usize = 16;
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
    /// Where it has no finite value at some point of a column.
    pub broken: Vec<bool>,
    /// Its least and its greatest point of each column, in order; NaN where there is none.
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
    let mut ways = Vec::with_capacity(columns);
    for (number, (x, y)) in x.chunks(POINTS).zip(y.chunks(POINTS)).enumerate() {
        let centre = lo + (number as f64 + 0.5) / columns as f64 * (hi - lo);
        ways.push(trace.push(centre, x, y));
    }
    let turns: Vec<f64> = (0..columns).map(|at| trace.turns(&ways, at)).collect();
    trace.rough = stretches(
        columns,
        |at| turns[at] > TURNS,
        |at| turns[at] > FEWER_TURNS,
    );
    trace
}

/// The columns that are looked at together with one: at an end those next to it.
pub(super) fn around(at: usize, columns: usize) -> Range<usize> {
    let wide = (2 * AROUND + 1).min(columns);
    let begin = at.saturating_sub(AROUND).min(columns - wide);
    begin..begin + wide
}

/// Columns in stretches that change seldom: those that are surely so, what is likely so next to
/// them, and what is between two such stretches that are near each other. A single threshold would
/// be crossed again and again by what is close to it.
pub(super) fn stretches(
    columns: usize,
    surely: impl Fn(usize) -> bool,
    likely: impl Fn(usize) -> bool,
) -> Vec<bool> {
    let mut found = vec![false; columns];
    let likely: Vec<bool> = (0..columns).map(|at| likely(at) || surely(at)).collect();
    let (mut at, mut end) = (0, None);
    for run in likely.chunk_by(|a, b| a == b) {
        let own = at..at + run.len();
        at = own.end;
        if run[0] && own.clone().any(&surely) {
            let begin = match end {
                Some(end) if own.start - end < NEAR => end,
                _ => own.start,
            };
            found[begin..own.end].fill(true);
            end = Some(own.end);
        }
    }
    found
}

/// How a curve goes through a column.
struct Way {
    first: f64,
    last: f64,
    /// Up and down, in all.
    length: f64,
}

impl Trace {
    fn push(&mut self, centre: f64, x: &[f64], y: &[f64]) -> Way {
        let finite = (0..y.len()).filter(|&i| y[i].is_finite());
        let order = |a: &usize, b: &usize| y[*a].total_cmp(&y[*b]);
        let low = finite.clone().min_by(order);
        let high = finite.clone().max_by(order);
        self.x.push(centre);
        self.broken.push(y.iter().any(|y| !y.is_finite()));
        let (low, high) = match (low, high) {
            (Some(low), Some(high)) => (low, high),
            _ => (0, 0),
        };
        self.lower.push(y[low]);
        self.upper.push(y[high]);
        for at in [low.min(high), low.max(high)] {
            self.line.x.push(x[at]);
            self.line.y.push(y[at]);
        }
        let pairs = finite.clone().zip(finite.clone().skip(1));
        Way {
            first: finite.clone().next().map_or(f64::NAN, |i| y[i]),
            last: finite.clone().next_back().map_or(f64::NAN, |i| y[i]),
            length: pairs.map(|(a, b)| (y[b] - y[a]).abs()).sum(),
        }
    }

    /// How many times its range the curve goes up and down around a column: a stretch of a few
    /// columns tells a wave from one peak.
    fn turns(&self, ways: &[Way], at: usize) -> f64 {
        let stretch = around(at, ways.len());
        let own = &ways[stretch.clone()];
        let joins = own.windows(2).map(|w| (w[1].first - w[0].last).abs());
        let way = own
            .iter()
            .map(|w| w.length)
            .chain(joins)
            .filter(|l| l.is_finite());
        let ends = |values: &[f64], best: fn(f64, f64) -> f64| {
            values[stretch.clone()].iter().copied().fold(f64::NAN, best)
        };
        let (lo, hi) = (ends(&self.lower, f64::min), ends(&self.upper, f64::max));
        let noise = ROUNDING * lo.abs().max(hi.abs());
        match hi - lo > noise {
            true => way.sum::<f64>() / (hi - lo),
            false => 0.0,
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
