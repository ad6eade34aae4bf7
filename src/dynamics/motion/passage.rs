//! First passages: lanes that count their steps until they reach a goal.

use crate::graph::Comparison;
use crate::kernel::{LANES, LaneBuilder, Value};

/// Where a lane must get to.
#[derive(Clone, PartialEq, Debug)]
pub enum Goal {
    /// One coordinate, at a number or above it.
    Above(usize, f64),
    /// One coordinate, at a number or below it.
    Below(usize, f64),
    /// Within a distance of a point.
    Near(Vec<f64>, f64),
}

/// A lane's way to a goal: 1 while it is on it, and the steps so far.
pub(super) struct Passage;

impl Passage {
    pub const VARIABLES: usize = 2;

    /// Both at the beginning. Shape: variables, lanes.
    pub fn begin() -> impl Iterator<Item = f64> {
        let ones = std::iter::repeat_n(1.0, LANES);
        ones.chain(std::iter::repeat_n(0.0, LANES))
    }

    /// Both after a step to `q`.
    pub fn step(b: &mut LaneBuilder, goal: &Goal, q: &[Value], before: &[Value]) -> Vec<Value> {
        let there = match goal {
            Goal::Above(c, at) => {
                let at = b.constant(*at);
                b.compare(Comparison::GreaterEqual, q[*c], at)
            }
            Goal::Below(c, at) => {
                let at = b.constant(*at);
                b.compare(Comparison::LessEqual, q[*c], at)
            }
            Goal::Near(point, distance) => {
                let mut square = b.constant(0.0);
                for (q, x) in q.iter().zip(point) {
                    let x = b.constant(*x);
                    let off = b.sub(*q, x);
                    square = b.fma(off, off, square);
                }
                let most = b.constant(distance * distance);
                b.compare(Comparison::LessEqual, square, most)
            }
        };
        let zero = b.constant(0.0);
        let steps = b.add(before[1], before[0]);
        let on = b.select(there, zero, before[0]);
        vec![on, steps]
    }
}
