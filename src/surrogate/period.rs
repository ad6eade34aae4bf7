//! The period of a motion in one coordinate, from its trajectory.

use crate::dynamics::Trajectories;

/// Looks in a period at least: what is looked at less often seems slower than it is.
const FEWEST: f64 = 8.0;

/// The mean time between upward passages of one trajectory through the middle of its range, and how
/// many periods there were. Between looks the path is the cubic of positions and momenta there, for
/// which `rate` is `1/m`. `None` where there are fewer than two passages, or too few looks in between.
pub fn period(trajectories: &Trajectories, rate: f64) -> Option<(f64, usize)> {
    let looks = trajectories.looks();
    let first = |row: &[f64]| row.first().copied().unwrap_or(f64::NAN);
    let q = |look: usize| first(trajectories.positions(0, look, 0));
    let v = |look: usize| rate * first(trajectories.momenta(0, look, 0));
    let ends = (0..looks).map(q);
    let (lo, hi) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), q| {
        (lo.min(q), hi.max(q))
    });
    let middle = 0.5 * (lo + hi);
    let dt = trajectories.interval();
    let mut passages = Vec::new();
    for look in 1..looks {
        if q(look - 1) < middle && q(look) >= middle {
            let ends = [q(look - 1) - middle, q(look) - middle];
            let slopes = [dt * v(look - 1), dt * v(look)];
            passages.push(dt * ((look - 1) as f64 + crossing(ends, slopes)));
        }
    }
    let periods = passages.len().checked_sub(1).filter(|n| *n > 0)?;
    let whole = passages.last()? - passages.first()?;
    let length = whole / periods as f64;
    (length >= FEWEST * dt).then_some((length, periods))
}

/// Where in (0, 1] the cubic with these values and slopes at 0 and 1 is zero, by halving.
fn crossing([a, b]: [f64; 2], [da, db]: [f64; 2]) -> f64 {
    let cubic = |t: f64| {
        let (s, t2) = (1.0 - t, t * t);
        s * s * (1.0 + 2.0 * t) * a + t2 * (3.0 - 2.0 * t) * b + t * s * (s * da - t * db)
    };
    let (mut lo, mut hi) = (0.0, 1.0);
    for _ in 0..52 {
        let middle = 0.5 * (lo + hi);
        match cubic(middle) < 0.0 {
            true => lo = middle,
            false => hi = middle,
        }
    }
    hi
}
