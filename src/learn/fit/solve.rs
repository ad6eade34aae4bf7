//! Solutions without one block: conjugate gradients, preconditioned by the factor for all blocks.

use super::domain::Cells;
use super::{FitError, Settings};
use crate::learn::bspline::Space;
use crate::learn::levels::Near;
use crate::learn::stencil::Stencil;
use crate::learn::tensor::extent;
use crate::stats::Mesh;
use rayon::prelude::*;

/// The most steps: with the factor of all blocks a dozen do, unless a cell knows one block only.
const MAX_STEPS: usize = 100;

struct Side {
    x: Vec<f64>,
    rest: Vec<f64>,
    direction: Vec<f64>,
    /// `restᵀ M^-1 rest`, and its value below which the side is done.
    size: f64,
    enough: f64,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(into: &mut [f64], from: &[f64], factor: f64) {
    for (a, b) in into.iter_mut().zip(from) {
        *a += factor * b;
    }
}

/// Solves `apply(b, x_b) = sides[b]` for every `b`, where `apply` is symmetric positive definite
/// and `near` is near its inverse, until the error in the norm that belongs to the latter has
/// fallen by `tolerance`. The same on any number of threads.
///
/// # Errors
/// A number is not finite, or the fit is no longer wanted.
pub(super) fn conjugate(
    settings: &Settings,
    near: &Near<'_>,
    sides: &[Vec<f64>],
    tolerance: f64,
    apply: impl Fn(usize, &[f64]) -> Vec<f64> + Sync,
) -> Result<Vec<Vec<f64>>, FitError> {
    let parts: Vec<Vec<Vec<f64>>> = sides
        .par_chunks(near.together())
        .enumerate()
        .map(|(part, sides)| {
            let apply = |b: usize, x: &[f64]| apply(part * near.together() + b, x);
            together(settings, near, sides, tolerance, apply)
        })
        .collect();
    settings.wanted()?;
    let solutions: Vec<Vec<f64>> = parts.into_iter().flatten().collect();
    let finite = solutions.iter().flatten().all(|x| x.is_finite());
    finite.then_some(solutions).ok_or(FitError::NotFinite)
}

fn together(
    settings: &Settings,
    near: &Near<'_>,
    sides: &[Vec<f64>],
    tolerance: f64,
    apply: impl Fn(usize, &[f64]) -> Vec<f64>,
) -> Vec<Vec<f64>> {
    let mut work: Vec<Side> = near
        .solve(sides)
        .into_iter()
        .zip(sides)
        .map(|(direction, side)| Side {
            x: vec![0.0; side.len()],
            rest: side.clone(),
            size: dot(&direction, side),
            enough: tolerance * tolerance * dot(&direction, side),
            direction,
        })
        .collect();
    for _ in 0..MAX_STEPS {
        // Written so that NaN ends a side as well.
        let open: Vec<usize> = (0..work.len())
            .filter(|&b| work[b].size > work[b].enough)
            .collect();
        if open.is_empty() || settings.wanted().is_err() {
            break;
        }
        for &b in &open {
            let side = &mut work[b];
            let image = apply(b, &side.direction);
            let length = side.size / dot(&side.direction, &image);
            add(&mut side.x, &side.direction, length);
            add(&mut side.rest, &image, -length);
        }
        let rests: Vec<Vec<f64>> = open.iter().map(|&b| work[b].rest.clone()).collect();
        for (&b, solved) in open.iter().zip(near.solve(&rests)) {
            let side = &mut work[b];
            let size = dot(&solved, &side.rest);
            let keep = size / side.size;
            for (d, s) in side.direction.iter_mut().zip(solved) {
                *d = s + keep * *d;
            }
            side.size = size;
        }
    }
    work.into_iter().map(|side| side.x).collect()
}

/// The operations of a factor beyond which equations are solved without one, on nested spaces:
/// planes of some 60 cells a side, and spaces of 8.
pub(super) const DIRECT: f64 = 1e8;

/// Candidates of a large fit that are tried at a time.
pub(super) fn large_at_once() -> usize {
    rayon::current_num_threads().clamp(1, 4)
}

/// The bytes that a fit of blocks over a mesh takes beside the blocks themselves, at most: one
/// factor for each of the candidates that run at a time, and the equations of every block; of a
/// large space incomplete factors, and the equations of all blocks together.
///
/// # Errors
/// A spacing is not a positive finite number.
pub fn room(settings: &Settings, mesh: &Mesh, blocks: usize) -> Result<u64, FitError> {
    let cells = Cells::new(mesh, settings)?;
    let d = mesh.dimension();
    let axes = mesh.axes().iter().zip(cells.counts());
    let spaces = axes.map(|(axis, cells)| match axis.periodic {
        true => Space::periodic(0.0, 1.0, cells),
        false => Space::new(0.0, 1.0, cells),
    });
    let (size, bandwidth) = spaces
        .collect::<Option<Vec<Space>>>()
        .map_or((f64::MAX, 0.0), |axes| extent(&axes));
    let large = size * bandwidth * bandwidth > DIRECT;
    let slots = Stencil::slots(d) as f64 + 1.0;
    let (at_once, factors, matrices) = if large {
        // The coarser spaces add a third at most in two coordinates. An incomplete factor and what
        // it is made from take five numbers an entry, and the matrix is there twice.
        let at_once = large_at_once() as f64;
        let last = at_once * DIRECT.sqrt() * size.sqrt();
        (at_once, last, 4.0 / 3.0 * (2.0 + 7.0 * at_once))
    } else {
        let at_once = rayon::current_num_threads().min(8) as f64;
        // Blocks, folds, and for each candidate those of its folds and a few of its own.
        let folds = settings.folds.min(blocks) as f64;
        let matrices = blocks as f64 + folds + (4.0 + folds) * at_once + 4.0;
        (at_once, at_once * size * (bandwidth + 8.0), matrices)
    };
    let sums = matrices * size * slots;
    // By bin: the sums of all blocks, the density and the bins of the domain, and the counts of
    // each block, as numbers, where densities are fitted.
    let bins = mesh.bins() as f64 * (16.0 + (d * d) as f64 + blocks as f64 + 4.0 * at_once);
    let vectors = 8.0 * (2.0 * blocks as f64 + 8.0 * at_once) * size;
    Ok((8.0 * (factors + sums + bins + vectors)) as u64)
}
