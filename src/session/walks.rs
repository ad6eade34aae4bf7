//! Lines through where a potential is visited, for looks at what is nowhere in particular.

use crate::dynamics::Side;

/// Points along a line.
const POINTS: usize = 768;
/// Coordinates along which lines go, at most.
pub(super) const MOST_AXES: usize = 16;
/// Lines in directions between those of the coordinates: as many as cost no more than so many
/// operations, between these numbers.
const OPERATIONS: usize = 20_000_000;
const FEWEST_ASLANT: usize = 8;
const MOST_ASLANT: usize = 256;
/// Boxes around the lowest place that they go through by turns, each so many times smaller than the
/// last: a temperature that is guessed too high is far from hiding what is near.
const BOXES: usize = 4;
const SMALLER: f64 = 4.0;
/// How far lines go beyond what is visited, in parts of that.
const BEYOND: f64 = 0.25;
/// No simple part of anything: where a formula is symmetric, or a wave in step, it is missed.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// A straight line: a point of it and its direction, of length 1.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line {
    point: Vec<f64>,
    direction: Vec<f64>,
}

impl Line {
    /// Along a coordinate, whose value is the place on the line.
    pub fn along(through: &[f64], axis: usize) -> Line {
        let mut point = through.to_vec();
        let mut direction = vec![0.0; point.len()];
        (point[axis], direction[axis]) = (0.0, 1.0);
        Line { point, direction }
    }

    /// The point at a place on the line.
    pub fn at(&self, t: f64) -> Vec<f64> {
        let parts = self.point.iter().zip(&self.direction);
        parts.map(|(x, v)| x + t * v).collect()
    }

    /// The points at many places. Shape: coordinates, points.
    pub fn points(&self, along: &[f64]) -> Vec<f64> {
        let parts = self.point.iter().zip(&self.direction);
        parts
            .flat_map(|(x, v)| along.iter().map(move |t| x + t * v))
            .collect()
    }

    /// How large its numbers are around a place.
    pub fn size(&self, t: f64) -> f64 {
        self.point.iter().fold(t.abs(), |most, x| most.max(x.abs()))
    }
}

/// A line, and places on it in order.
pub(super) type Walk = (Line, Vec<f64>);

/// Lines through what is visited, whose sides `hull` are, and a bit beyond: along the coordinates
/// through the lowest place and through two more, and aslant in directions that fill all evenly,
/// more of them where a point takes few operations.
pub(super) fn walks(lowest: &[f64], hull: Option<&[Side]>, operations: usize) -> Vec<Walk> {
    let d = lowest.len();
    let sides: Vec<Side> = match hull {
        Some(hull) => hull.to_vec(),
        None => lowest
            .iter()
            .map(|x| Side::plain(x - 4.0, x + 4.0))
            .collect(),
    };
    let wide = |side: &Side| {
        let beyond = if side.periodic { 0.0 } else { BEYOND };
        let beyond = beyond * (side.hi - side.lo);
        (side.lo - beyond, side.hi + beyond)
    };
    let through = |shift: f64| -> Vec<f64> {
        let parts = sides.iter().enumerate();
        parts
            .map(|(axis, side)| {
                let part = (shift + GOLDEN * (axis + 1) as f64).fract();
                side.lo + (0.25 + 0.5 * part) * (side.hi - side.lo)
            })
            .collect()
    };
    let several = [lowest.to_vec(), through(0.13), through(0.57)];
    let mut walks = Vec::new();
    // In one coordinate all lines are the same one.
    for point in &several[..if d == 1 { 1 } else { 3 }] {
        for (axis, side) in sides.iter().enumerate().take(MOST_AXES) {
            let (lo, hi) = wide(side);
            walks.push((Line::along(point, axis), places(lo, hi)));
        }
    }
    let paid = OPERATIONS / (POINTS * operations.max(1));
    let count = match d {
        1 => 0,
        _ => paid.clamp(FEWEST_ASLANT, MOST_ASLANT),
    };
    walks.extend((1..=count).filter_map(|k| {
        let part = SMALLER.powi(-((k % BOXES) as i32));
        let small = |(side, x): (&Side, &f64)| Side {
            lo: x + part * (side.lo - x),
            hi: x + part * (side.hi - x),
            periodic: side.periodic,
        };
        let sides: Vec<Side> = sides.iter().zip(lowest).map(small).collect();
        let within: Vec<(f64, f64)> = sides.iter().map(wide).collect();
        aslant(k, &sides, &within)
    }));
    walks
}

/// Line `k` of an even sequence of points and directions, as far as it is in a box: an additive
/// recurrence, whose numbers are powers of the root of `x^(n + 1) = x + 1` for `n` of them
/// (M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018).
fn aslant(k: usize, sides: &[Side], within: &[(f64, f64)]) -> Option<Walk> {
    let n = 2 * sides.len();
    let root = (0..64).fold(1.5f64, |x, _| (1.0 + x).powf(1.0 / (n + 1) as f64));
    let even = |i: usize| (0.5 + k as f64 * root.powi(-(i as i32 + 1))).fract();
    let widths = sides.iter().map(|side| side.hi - side.lo);
    let point: Vec<f64> = sides
        .iter()
        .zip(widths.clone())
        .enumerate()
        .map(|(at, (side, width))| side.lo + even(2 * at) * width)
        .collect();
    let steps = widths
        .enumerate()
        .map(|(at, w)| w * (2.0 * even(2 * at + 1) - 1.0));
    let steps: Vec<f64> = steps.collect();
    let length = steps.iter().map(|v| v * v).sum::<f64>().sqrt();
    let direction: Vec<f64> = steps.iter().map(|v| v / length).collect();
    let (mut lo, mut hi) = (f64::NEG_INFINITY, f64::INFINITY);
    for ((x, v), (from, to)) in point.iter().zip(&direction).zip(within) {
        let ends = [(from - x) / v, (to - x) / v];
        lo = lo.max(ends[0].min(ends[1]));
        hi = hi.min(ends[0].max(ends[1]));
    }
    let is_line = lo < hi && lo.is_finite() && hi.is_finite();
    is_line.then(|| (Line { point, direction }, places(lo, hi)))
}

/// Places in an interval, one in each of many equal parts.
fn places(lo: f64, hi: f64) -> Vec<f64> {
    let at = |i: usize| {
        let jitter = (i as f64 * GOLDEN).fract();
        lo + (hi - lo) * (i as f64 + jitter) / POINTS as f64
    };
    (0..POINTS).map(at).collect()
}
