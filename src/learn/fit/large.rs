//! Regressions whose equations are too large to factor: solved by conjugate gradients over nested
//! spaces ([`Near`]), with the matrices of blocks never made.

use super::regression::{Kind, Problem};
use super::solve::{conjugate, large_at_once};
use super::{FitError, folds, search};
use crate::learn::levels::{Level, Near, levels};
use crate::learn::stencil::Stencil;
use crate::learn::tensor::{Row, Tensor};
use crate::stats::{BinnedSums, MAX_AXES};
use rayon::prelude::*;
use std::slice::from_ref;

/// What is left of the energy norm of the error: while candidates are compared, in the end, and
/// of the change that leaving out a block makes.
const TOLERANCES: [f64; 3] = [1e-3, 1e-9, 1e-2];
/// Sums of folds with signs that stand for all of them.
const PATTERNS: usize = 2;

/// A problem, its blocks and their sum.
pub(super) struct Large<'a> {
    problem: &'a Problem<'a>,
    blocks: &'a [&'a BinnedSums],
    total: &'a BinnedSums,
    levels: Vec<Level>,
    /// Of the sum, without the penalty; one a level.
    matrices: Vec<Stencil>,
    side: Vec<f64>,
}

/// What a large fit finds.
pub(super) struct Found {
    pub smoothing: f64,
    pub coefficients: Vec<f64>,
    pub replicates: Vec<Vec<f64>>,
}

impl<'a> Large<'a> {
    /// The equations in spaces down to one whose factor costs `direct` operations.
    pub fn new(
        problem: &'a Problem<'a>,
        blocks: &'a [&'a BinnedSums],
        total: &'a BinnedSums,
        direct: f64,
    ) -> Large<'a> {
        let levels = levels(&problem.domain.tensor, direct);
        let matrices = levels.par_iter().map(|level| {
            let mut matrix = Stencil::zero(&level.tensor);
            each_row(problem, &level.tensor, total, |n, _, row| {
                matrix.add(row, n)
            });
            matrix
        });
        let matrices: Vec<Stencil> = matrices.collect();
        let mut side = vec![0.0; problem.domain.tensor.size()];
        each_row(problem, &problem.domain.tensor, total, |_, sum, row| {
            row.add_to(&mut side, sum);
        });
        Large {
            problem,
            blocks,
            total,
            levels,
            matrices,
            side,
        }
    }

    /// The fit at the best weight of the penalty, and without each block.
    pub fn fit(&self) -> Result<Found, FitError> {
        let least = self.problem.least() / self.problem.weight(&self.matrices[0], 1.0);
        let smoothing = search(f64::INFINITY, large_at_once(), least, |smoothing| {
            self.error(smoothing)
        })?;
        let (near, whole) = self.equations(smoothing, 1.0)?;
        let coefficients = self.solve(&near, &whole, from_ref(&self.side), TOLERANCES[1])?;
        let coefficients = coefficients.into_iter().next().unwrap_or_default();
        let rests: Vec<Vec<f64>> = self
            .blocks
            .par_iter()
            .map(|block| {
                self.rest(block, &coefficients)
                    .0
                    .iter()
                    .map(|r| -r)
                    .collect()
            })
            .collect();
        let apply = |b: usize, v: &[f64]| {
            let mut out = whole.multiply(v);
            self.subtract(self.blocks[b], v, &mut out);
            out
        };
        let settings = self.problem.settings;
        let mut replicates = conjugate(settings, &near, &rests, TOLERANCES[2], apply)?;
        for replicate in &mut replicates {
            let all = replicate.iter_mut().zip(&coefficients);
            all.for_each(|(r, c)| *r += c);
        }
        Ok(Found {
            smoothing,
            coefficients,
            replicates,
        })
    }

    // The matrix of a share of the samples with the penalty at a relative weight, and what is
    // near its inverse.
    fn equations(&self, smoothing: f64, share: f64) -> Result<(Near<'_>, Stencil), FitError> {
        let weight = self.problem.weight(&self.matrices[0], smoothing);
        let scaled = |matrix: &Stencil, level: &Level| {
            let mut out = Stencil::zero(&level.tensor);
            out.add_scaled(matrix, share);
            self.problem.hold(&mut out, self.matrices[0].trace());
            out
        };
        let pairs = self.matrices.iter().zip(&self.levels);
        let mut matrices: Vec<Stencil> = pairs.map(|(m, level)| scaled(m, level)).collect();
        let near = Near::new(&self.levels, &matrices, weight)?;
        let mut whole = matrices.swap_remove(0);
        whole.add_scaled(&self.levels[0].penalty, weight);
        Ok((near, whole))
    }

    fn solve(
        &self,
        near: &Near<'_>,
        whole: &Stencil,
        sides: &[Vec<f64>],
        tolerance: f64,
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let apply = |_: usize, v: &[f64]| whole.multiply(v);
        conjugate(self.problem.settings, near, sides, tolerance, apply)
    }

    // The squared error on folds that were left out. With the data `M`, the penalty `P` and the
    // rests `r_f = side_f - M_f c` of `F` folds with about equal shares `M_f = M/F`, leaving one
    // out moves the solution by `-d_f`, `(M - M/F + P) d_f = r_f`, and its error from `e_f` to
    // `e_f + 2 r_f d_f + d_f M/F d_f`. The sum over folds of the last two is a trace, and rests
    // added with signs that are orthogonal give it as the mean over patterns (Hutchinson 1990):
    // what different folds have in common falls off with the number of parameters.
    fn error(&self, smoothing: f64) -> Result<f64, FitError> {
        self.problem.settings.wanted()?;
        let folds = folds(self.blocks.len(), self.problem.settings.folds);
        let share = 1.0 / folds.len() as f64;
        let solved = {
            let (near, whole) = self.equations(smoothing, 1.0)?;
            self.solve(&near, &whole, from_ref(&self.side), TOLERANCES[0])?
        };
        let coefficients = &solved[0];
        let mut error = 0.0;
        let mut sums = vec![vec![0.0; self.side.len()]; PATTERNS.min(folds.len() - 1)];
        for (f, fold) in folds.into_iter().enumerate() {
            let rests = self.blocks[fold].par_iter();
            for (rest, squares) in rests
                .map(|b| self.rest(b, coefficients))
                .collect::<Vec<_>>()
            {
                error += squares;
                for (pattern, sum) in sums.iter_mut().enumerate() {
                    // Walsh functions: signs by the bits of the number of the fold.
                    let odd = f >> pattern & 1 == 1;
                    let pairs = sum.iter_mut().zip(&rest);
                    pairs.for_each(|(s, r)| *s += if odd { -r } else { *r });
                }
            }
        }
        let (near, whole) = self.equations(smoothing, 1.0 - share)?;
        let moves = self.solve(&near, &whole, &sums, TOLERANCES[0])?;
        for (rest, step) in sums.iter().zip(&moves) {
            let spread = self.matrices[0].multiply(step);
            let terms = step.iter().zip(rest.iter().zip(spread));
            let trace: f64 = terms.map(|(d, (r, m))| d * (2.0 * r + share * m)).sum();
            error += trace / sums.len() as f64;
        }
        Ok(error)
    }

    // The right side of a block less what its samples say of the fit, each bin at its own mean
    // position, and the squared error of its bins.
    fn rest(&self, block: &BinnedSums, coefficients: &[f64]) -> (Vec<f64>, f64) {
        let (mut out, mut squares) = (vec![0.0; coefficients.len()], 0.0);
        each_row(
            self.problem,
            &self.problem.domain.tensor,
            block,
            |n, sum, row| {
                let rest = sum - n * row.of(coefficients);
                squares += rest * rest / n;
                row.add_to(&mut out, rest);
            },
        );
        (out, squares)
    }

    // Takes the matrix of a block times a vector off, with the rows of all blocks.
    fn subtract(&self, block: &BinnedSums, v: &[f64], out: &mut [f64]) {
        let problem = self.problem;
        for &bin in problem.domain.bins.iter().filter(|&&b| block.count(b) > 0) {
            let n = block.count(bin) as f64;
            rows_of(
                problem,
                &problem.domain.tensor,
                self.total,
                bin,
                |_, row| {
                    row.add_to(out, -n * row.of(v));
                },
            );
        }
    }
}

// Calls f(k, row) with the row of each quantity at a bin.
fn rows_of(
    problem: &Problem<'_>,
    tensor: &Tensor,
    sums: &BinnedSums,
    bin: usize,
    mut f: impl FnMut(usize, &Row),
) {
    let d = tensor.dimension();
    let mut x = [0.0; MAX_AXES];
    (0..d).for_each(|k| x[k] = sums.position(bin, k));
    let variances = problem.domain.variances(sums.count(bin) as f64);
    let locals = tensor.averaged(&x[..d], &variances);
    for k in 0..problem.kind.quantities(d) {
        let slope = (problem.kind == Kind::Force).then_some(k);
        f(k, &tensor.row(&locals, slope));
    }
}

/// Calls f(count, sum, row) for each quantity of each bin that holds samples.
pub(super) fn each_row(
    problem: &Problem<'_>,
    tensor: &Tensor,
    sums: &BinnedSums,
    mut f: impl FnMut(f64, f64, &Row),
) {
    let bins = problem.domain.bins.iter();
    for &bin in bins.filter(|&&bin| sums.count(bin) > 0) {
        let n = sums.count(bin) as f64;
        rows_of(problem, tensor, sums, bin, |k, row| {
            f(n, sums.sum(bin, k) - n * problem.shift, row);
        });
    }
}
