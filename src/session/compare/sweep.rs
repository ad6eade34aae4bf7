//! The range of temperatures in which the learned model holds.

use super::ensembles::{Pair, Run};
use super::{Failure, at, cancelled};
use crate::report::comparison::{Comparison, Heat, Measured};

/// Temperatures, in parts of that which was asked for, if nobody says which.
const AROUND: [f64; 6] = [0.02, 0.05, 0.1, 0.2, 0.5, 2.0];
/// Temperatures of a sweep that was asked for.
const COUNT: usize = 7;
/// Trajectories, in parts of those of the comparison itself.
const FEWER: usize = 4;
const FEWEST: usize = 320;

pub(super) fn sweep(
    pair: &Pair<'_>,
    run: &Run<'_>,
    result: &mut Comparison,
) -> Result<(), Failure> {
    let kt = run.bath.kt;
    let mut all: Vec<f64> = match pair.options.sweep {
        Some((lo, hi)) => (0..COUNT)
            .map(|i| lo * (hi / lo).powf(i as f64 / (COUNT - 1) as f64))
            .map(|kt| format!("{kt:.1e}").parse().unwrap_or(kt))
            .collect(),
        None => AROUND.map(|part| part * kt).to_vec(),
    };
    all.retain(|other| *other != kt);
    let own = Heat {
        kt,
        width: result.width,
        mean_path: result.mean_path,
        acf: result.acf,
        density: result.density,
        holds: result.holds,
    };
    let many = (run.trajectories / FEWER).clamp(FEWEST.min(run.trajectories), run.trajectories);
    let mut rows = vec![own];
    for kt in all {
        if cancelled(pair.hooks) {
            break;
        }
        let there = pair.at(&at(&run.bath, kt), many)?;
        let Ok(three) = there.three() else {
            continue;
        };
        let mut row = Heat {
            kt,
            width: three.width,
            mean_path: Measured::of(three.learned.mean_path, three.floor.mean_path),
            acf: Measured::of(three.learned.acf, three.floor.acf),
            density: Measured::of(three.learned.density, three.floor.density),
            holds: false,
        };
        row.holds = there.holds(&[&row.mean_path, &row.acf, &row.density], three.width);
        rows.push(row);
    }
    rows.sort_by(|a, b| a.kt.total_cmp(&b.kt));
    result.range = range(&rows, kt);
    result.sweep = rows;
    Ok(())
}

/// The temperatures without a gap in which it holds: those around `kt`, else the warmest.
fn range(rows: &[Heat], kt: f64) -> Option<[f64; 2]> {
    let stretches = rows.chunk_by(|a, b| a.holds == b.holds);
    let good = stretches.filter(|stretch| stretch.first().is_some_and(|row| row.holds));
    let ends = good.filter_map(|stretch| Some([stretch.first()?.kt, stretch.last()?.kt]));
    let ends: Vec<[f64; 2]> = ends.collect();
    let own = ends.iter().find(|[lo, hi]| *lo <= kt && kt <= *hi);
    own.or(ends.last()).copied()
}
