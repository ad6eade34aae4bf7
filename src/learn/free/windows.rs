//! The mobility in two coordinates: cell problems in windows that see the roughness.

use rayon::prelude::*;

use super::cell::{NODES, Window, window};
use super::plane::{
    Grid, MARGIN, MEAN_REACH, PlaneSettings, SMOOTH_REACH, Sheet, Smooth, interpolated, knots,
    through_plane,
};
use super::{FreeError, Values};
use crate::graph::Spline;

/// The width of the largest window of a cell problem, in lengths, and from try to try.
const LARGEST: f64 = 4.0;
const SMALLER: f64 = 3.0;
const WINDOWS: usize = 9;

/// D as splines.
pub(super) struct Solved {
    pub splines: [Spline; 3],
    pub error: f64,
    pub eigenvalues: [f64; 2],
    pub evaluations: u64,
}

/// D at knots, from cell problems around them.
pub(super) fn mobility(
    settings: &PlaneSettings,
    grid: &Grid,
    sheet: &Sheet,
    cells: [usize; 2],
    v: &Values<'_>,
) -> Result<Solved, FreeError> {
    let places = [0, 1].map(|c| knots(&settings.axes[c], cells[c]));
    let points: Vec<[f64; 2]> = places[0]
        .iter()
        .flat_map(|x| places[1].iter().map(move |y| [*x, *y]))
        .collect();
    let smooth = grid.part(sheet);
    let columns = grid.inner[1] + 2 * MARGIN;
    let solve = |&[x, y]: &[f64; 2]| {
        let bin = grid.bin(x, y, SMOOTH_REACH + MEAN_REACH);
        let expected = interpolated(&sheet.log_mean, columns, bin);
        at_point(settings, &smooth, [x, y], expected, v)
    };
    let solved: Vec<(Window, f64, u64)> = points
        .par_iter()
        .map(solve)
        .collect::<Result<_, FreeError>>()?;
    let error = solved
        .iter()
        .map(|(_, error, _)| *error)
        .fold(0.0, f64::max);
    let mut eigenvalues = [f64::INFINITY, f64::NEG_INFINITY];
    for (
        Window {
            mobility: [xx, xy, yy],
            ..
        },
        ..,
    ) in &solved
    {
        let (middle, half) = (0.5 * (xx + yy), (0.5 * (xx - yy)).hypot(*xy));
        eigenvalues[0] = eigenvalues[0].min(middle - half);
        eigenvalues[1] = eigenvalues[1].max(middle + half);
    }
    let spline = |part: usize| {
        let values: Vec<f64> = solved.iter().map(|(w, ..)| w.mobility[part]).collect();
        through_plane(&settings.axes, cells, &values)
    };
    let splines = [spline(0), spline(1), spline(2)];
    let [Some(xx), Some(xy), Some(yy)] = splines else {
        return Err(FreeError::NotFinite { at: f64::NAN });
    };
    Ok(Solved {
        splines: [xx, xy, yy],
        error,
        eigenvalues,
        evaluations: solved.iter().map(|(_, _, n)| *n).sum(),
    })
}

/// The largest window around a point in which roughness is resolved: half of the nodes give nearly
/// the same. Its mean of `exp(-w/kT)` has to be that of the whole neighbourhood, or it does not
/// see all of the roughness.
fn at_point(
    settings: &PlaneSettings,
    smooth: &Smooth<'_>,
    [x, y]: [f64; 2],
    expected: f64,
    v: &Values<'_>,
) -> Result<(Window, f64, u64), FreeError> {
    let mut evaluations = 0;
    let mut least = f64::INFINITY;
    for rung in 0..WINDOWS {
        let side = LARGEST * settings.length / SMALLER.powi(rung as i32);
        let step = side / (NODES - 1) as f64;
        let at = |k: usize| k as f64 * step - 0.5 * side;
        let n = NODES * NODES;
        let mut places = vec![0.0; 2 * n];
        for k in 0..n {
            places[k] = x + at(k / NODES);
            places[n + k] = y + at(k % NODES);
        }
        let mut values = vec![f64::NAN; n];
        v(&places, &mut values);
        evaluations += n as u64;
        for k in 0..n {
            values[k] = (values[k] - smooth.at(places[k], places[n + k])) / settings.kt;
        }
        if !is_smooth(&values) {
            continue;
        }
        let half: Vec<f64> = (0..n)
            .filter(|k| (k / NODES).is_multiple_of(2) && (k % NODES).is_multiple_of(2))
            .map(|k| values[k])
            .collect();
        let Some(coarse) = window(&half, NODES.div_ceil(2)) else {
            continue;
        };
        let scale = coarse.mobility[0].max(coarse.mobility[2]);
        let Some(fine) = window(&values, NODES) else {
            continue;
        };
        let apart = |a: &Window, b: &Window| {
            let pairs = a.mobility.iter().zip(&b.mobility);
            pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / scale
        };
        if apart(&fine, &coarse) > RESOLVED || (fine.log_mean - coarse.log_mean).abs() > RESOLVED {
            continue;
        }
        // Both err by the square of the step.
        let better: [f64; 3] = std::array::from_fn(|k| {
            fine.mobility[k] + (fine.mobility[k] - coarse.mobility[k]) / 3.0
        });
        let better = Window {
            mobility: better,
            ..fine
        };
        let error = (0.3 * apart(&better, &fine)).max((fine.log_mean - expected).abs());
        if error <= AGREES {
            return Ok((better, error, evaluations));
        }
        least = least.min(error);
        // A smaller window sees no more of the roughness.
        break;
    }
    Err(FreeError::NotResolved {
        error: least,
        evaluations,
    })
}

/// Whether neighbours differ little enough for what varies: a wave has at least 8 nodes. One that
/// has fewer would pass for disorder, and alike on half of the nodes.
fn is_smooth(w: &[f64]) -> bool {
    let n = w.len() as f64;
    let mean = w.iter().sum::<f64>() / n;
    let variance = w.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / n;
    let changes = |step: usize| -> f64 {
        let pairs = (0..w.len() - step).filter(|at| step > 1 || (at + 1) % NODES > 0);
        pairs.map(|at| (w[at + step] - w[at]).powi(2)).sum::<f64>() / n
    };
    // 0.59 is (2 sin(pi/8))^2; below a kT/100 nothing is rough.
    let most = 0.59 * variance.max(1e-4);
    changes(1) <= most && changes(NODES) <= most
}

/// By how much half of the nodes may be apart.
const RESOLVED: f64 = 0.08;
/// By how much a window may differ from its neighbourhood.
const AGREES: f64 = 0.1;
