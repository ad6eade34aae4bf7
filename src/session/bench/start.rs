//! Where trajectories are when they are timed: let loose where V is low, as a run does it, and a
//! while later.

use std::sync::atomic::Ordering;

use super::super::sample::{STARTS_STREAM, draw, look_around, sides};
use super::super::{Hooks, Potential, Settings};
use super::course::{GROUPS, IN_FLIGHT, lost, substitute};
use crate::dynamics::{Side, Streams};
use crate::kernel::LANES;
use crate::stats::{Grid, Mesh, MeshAxis};

/// Steps between two looks at which trajectories are left.
const PIECE: usize = 64;
/// Steps that are let pass at most.
const LONGEST: u64 = 1 << 14;
/// Bins along the coordinate, and along each of two.
const BINS: [usize; 2] = [512, 128];

/// Trajectories to begin with, and bins for where they go.
pub(super) struct Beginning {
    /// Shape: groups, variables, lanes.
    pub state: Vec<f64>,
    /// Of the first coordinate, or of both where there are two.
    pub mesh: Mesh,
}

/// Lets trajectories run for `seconds`, or as long as a burn-in; `None` where none stays finite.
pub(super) fn beginning(
    potential: &Potential,
    settings: &Settings,
    seconds: f64,
    hooks: &Hooks<'_>,
) -> Option<Beginning> {
    let begun = (hooks.seconds)();
    let d = settings.damping.dimension();
    let map = potential.map(settings.damping.clone()).ok()?;
    let mut state = at_rest(potential, settings);
    // One step of one group, which is as long as its state.
    let row = 2 * d * LANES;
    let mut record = vec![0.0; GROUPS * PIECE * row];
    let binned = if d == 2 { 2 } else { 1 };
    let mut extent = [Side::plain(f64::INFINITY, f64::NEG_INFINITY); 2];
    let steps = settings.burn_in.clamp(PIECE as u64, LONGEST) as usize;
    let pieces = steps.div_ceil(PIECE);
    for piece in 0..pieces {
        let before = state.clone();
        let records = record.chunks_exact_mut(PIECE * row);
        for (state, record) in state.chunks_exact_mut(row).zip(records) {
            map.run(state, PIECE, record);
        }
        let gone = lost(&state, 2 * d);
        if substitute(&mut state, &gone).is_none() {
            // They live for less than a piece, or for no step at all: whoever times them finds out.
            state = before;
            break;
        }
        let stopped = hooks.cancelled.load(Ordering::Relaxed);
        let late = stopped || piece + 1 == pieces || (hooks.seconds)() - begun > seconds;
        if 2 * piece >= pieces || late {
            for (record, gone) in record.chunks_exact(PIECE * row).zip(gone.chunks(LANES)) {
                widen(&mut extent[..binned], record, row, gone);
            }
        }
        if late {
            break;
        }
    }
    let own = sides(potential, settings);
    let axes = own.iter().zip(extent).take(binned);
    let axes: Option<Vec<MeshAxis>> = axes
        .map(|(own, seen)| axis(*own, seen, BINS[binned - 1]))
        .collect();
    Some(Beginning {
        state,
        mesh: Mesh::new(axes?)?,
    })
}

/// Widens sides to where a group has been, coordinate by coordinate, trajectories that are gone
/// left out. `record` has rows of so many numbers, one a step.
fn widen(sides: &mut [Side], record: &[f64], row: usize, gone: &[bool]) {
    for step in record.chunks_exact(row) {
        for (side, x) in sides.iter_mut().zip(step.chunks_exact(LANES)) {
            for (x, _) in x.iter().zip(gone).filter(|(_, gone)| !**gone) {
                (side.lo, side.hi) = (side.lo.min(*x), side.hi.max(*x));
            }
        }
    }
}

/// Positions about where V is low, or where the settings say, without momentum.
fn at_rest(potential: &Potential, settings: &Settings) -> Vec<f64> {
    let d = settings.damping.dimension();
    let mut stream = Streams::new(settings.seed).stream(STARTS_STREAM);
    let pool = match &settings.start {
        Some(start) => start.clone(),
        None => {
            let survey = look_around(potential, settings);
            let slopes = |x: &[f64], out: &mut [f64]| potential.gradients(x, out);
            let kick = survey.kick(settings.delta, &mut stream, slopes);
            let values = |x: &[f64], out: &mut [f64]| potential.values(x, out);
            survey.starts(kick, &mut stream, values)
        }
    };
    let mut state = vec![0.0; 2 * d * IN_FLIGHT];
    let mut point = vec![0.0; d];
    for at in 0..IN_FLIGHT {
        draw(&pool, d)(&mut stream, &mut point);
        let first = at / LANES * 2 * d * LANES + at % LANES;
        for (c, x) in point.iter().enumerate() {
            state[first + c * LANES] = *x;
        }
    }
    state
}

/// Bins over a period, or over what was seen and a fifth more on both sides.
fn axis(own: Option<Side>, seen: Side, bins: usize) -> Option<MeshAxis> {
    if let Some(side) = own.filter(|side| side.periodic) {
        return Some(MeshAxis {
            grid: Grid::over(side.lo, side.hi, bins)?,
            periodic: true,
        });
    }
    let margin = 0.2 * (seen.hi - seen.lo);
    let grid = Grid::over(seen.lo - margin, seen.hi + margin, bins);
    // Where nothing moves there is nothing to spread over bins.
    let grid = grid.or_else(|| Grid::over(-1.0, 1.0, bins))?;
    Some(grid.into())
}
