//! Where trajectories are when they are timed: let loose where V is low, as a run does it, and a
//! while later.

use super::super::sample::{STARTS_STREAM, draw, look_around, sides};
use super::super::{Hooks, Potential, Settings};
use super::course::{IN_FLIGHT, lost, substitute};
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
    /// Shape: variables, lanes.
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
    let mut record = vec![0.0; PIECE * map_record(d)];
    let binned = if d == 2 { 2 } else { 1 };
    let mut extent = [Side::plain(f64::INFINITY, f64::NEG_INFINITY); 2];
    let steps = settings.burn_in.clamp(PIECE as u64, LONGEST) as usize;
    let pieces = steps.div_ceil(PIECE);
    for piece in 0..pieces {
        let before = state.clone();
        map.run(&mut state, PIECE, &mut record);
        let gone = lost(&state);
        if substitute(&mut state, &gone).is_none() {
            // They live for less than a piece, or for no step at all: whoever times them finds out.
            state = before;
            break;
        }
        let late = piece + 1 == pieces || (hooks.seconds)() - begun > seconds;
        if 2 * piece >= pieces || late {
            for row in record.chunks_exact(map_record(d)) {
                for (side, x) in extent.iter_mut().zip(row.chunks_exact(LANES)).take(binned) {
                    let stays = x.iter().zip(&gone).filter(|(_, gone)| !**gone);
                    for (x, _) in stays {
                        (side.lo, side.hi) = (side.lo.min(*x), side.hi.max(*x));
                    }
                }
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

/// The numbers that a step of [`IN_FLIGHT`] trajectories records.
fn map_record(dimension: usize) -> usize {
    2 * dimension * IN_FLIGHT
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
    for lane in 0..IN_FLIGHT {
        draw(&pool, d)(&mut stream, &mut point);
        for (c, x) in point.iter().enumerate() {
            state[c * IN_FLIGHT + lane] = *x;
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
