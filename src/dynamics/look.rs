//! What a window shows of its lanes: how hot they are, and which were lost.

use super::{Divergence, Side, Sums};
use crate::kernel::LANES;

/// What one sweep over a window finds of each lane.
pub(super) struct Look {
    /// The sum of `p^2` over steps and coordinates.
    pub squares: [f64; LANES],
    /// Whether it was seen outside. Not for a NaN, which stays one to the end.
    pub outside: [bool; LANES],
}

impl Look {
    /// Looks at a record (shape: steps, (x, p'), coordinates, lanes).
    pub fn at(record: &[f64], sides: &[Side]) -> Look {
        let mut squares = vec![[0.0; LANES]; sides.len()];
        let mut lo = vec![[f64::INFINITY; LANES]; sides.len()];
        let mut hi = vec![[f64::NEG_INFINITY; LANES]; sides.len()];
        for step in record.chunks_exact(2 * sides.len() * LANES) {
            let (x, p) = step.split_at(sides.len() * LANES);
            let rows = x.chunks_exact(LANES).zip(p.chunks_exact(LANES));
            let seen = lo.iter_mut().zip(&mut hi).zip(&mut squares);
            for ((x, p), ((lo, hi), squares)) in rows.zip(seen) {
                for lane in 0..LANES {
                    squares[lane] += p[lane] * p[lane];
                    lo[lane] = if x[lane] < lo[lane] {
                        x[lane]
                    } else {
                        lo[lane]
                    };
                    hi[lane] = if x[lane] > hi[lane] {
                        x[lane]
                    } else {
                        hi[lane]
                    };
                }
            }
        }
        let rows = lo.iter().zip(&hi).zip(sides);
        let mut outside = [false; LANES];
        for ((lo, hi), side) in rows {
            leave(&mut outside, side, lo, hi);
        }
        Look {
            squares: total(squares.iter()),
            outside,
        }
    }

    /// What the sums over a window tell; that no lane was outside where they have no limits.
    pub fn of(sums: &Sums<'_>, sides: &[Side]) -> Look {
        let mut outside = [false; LANES];
        for (c, side) in sides.iter().enumerate() {
            if let Some([lo, hi]) = sums.limits(c) {
                leave(&mut outside, side, lo, hi);
            }
        }
        Look {
            squares: total((0..sides.len()).map(|c| sums.square(c))),
            outside,
        }
    }
}

/// The sum over coordinates, in one order however the steps were seen, so that all judge alike.
fn total<'a>(rows: impl Iterator<Item = &'a [f64; LANES]>) -> [f64; LANES] {
    rows.fold([0.0; LANES], |sum, row| {
        std::array::from_fn(|lane| sum[lane] + row[lane])
    })
}

/// Marks the lanes whose least or largest position is outside.
fn leave(outside: &mut [bool; LANES], side: &Side, lo: &[f64; LANES], hi: &[f64; LANES]) {
    for (outside, (lo, hi)) in outside.iter_mut().zip(lo.iter().zip(hi)) {
        *outside |= !side.holds(*lo) | !side.holds(*hi);
    }
}

/// Where and when a lane left, of which it is known that it did.
pub(super) fn divergence(
    record: &[f64],
    sides: &[Side],
    first_step: u64,
    lane: usize,
    end: &[f64],
) -> Divergence {
    let d = sides.len();
    let steps = record.len() / (2 * d * LANES);
    let inside = |x: &[f64]| x.iter().zip(sides).all(|(x, side)| side.holds(*x));
    let mut divergence = Divergence {
        step: first_step + steps as u64,
        last_position: vec![f64::NAN; d],
        left: end.iter().all(|x| x.is_finite()),
    };
    for (number, step) in record.chunks_exact(2 * d * LANES).enumerate() {
        let x: Vec<f64> = (0..d).map(|c| step[c * LANES + lane]).collect();
        if !inside(&x) {
            divergence.step = first_step + number as u64;
            divergence.left = !x.iter().any(|x| x.is_nan());
            break;
        }
        divergence.last_position = x;
    }
    divergence
}
