//! Penalised least squares of V on the spline, and of its gradient on that of the spline.

use super::domain::Domain;
use super::large::{Found, Large, each_row};
use super::solve::{DIRECT, conjugate};
use super::{Estimator, Fit, FitError, LEAST_PENALTY, MOST, Settings, folds, search};
use crate::graph::Spline;
use crate::learn::levels::Near;
use crate::learn::stencil::Stencil;
use crate::stats::{BinnedSums, GridMismatch, MAX_AXES, block_error};
use rayon::prelude::*;
use std::borrow::Borrow;

/// A fit of forces and the forces that it left unexplained.
#[derive(Clone, Debug)]
pub struct ForceFit {
    /// U and its errors.
    pub fit: Fit,
    /// The covariance `S = E[(g - grad U)(g - grad U)ᵀ]` of the unresolved force. The gradient of
    /// U is taken at the mean position of each bin, and what U's curvature adds within a bin,
    /// `H diag(width²/12) H` for a Hessian `H`, is taken off.
    /// Row-major; shape: d by d.
    pub covariance: Vec<f64>,
    /// The standard errors of `covariance`, from the spread between blocks. Shape: d by d.
    pub covariance_stderr: Vec<f64>,
    /// The same mean in each bin, `S(x)`; NaN where it is empty. Shape: `mesh.bins()` by d by d.
    pub covariance_by_bin: Vec<f64>,
    /// The standard error of [`ForceFit::s2`].
    pub s2_stderr: f64,
}

impl ForceFit {
    /// `s2 = Tr(S)/d`, the variance of the unresolved force per coordinate.
    pub fn s2(&self) -> f64 {
        mean_diagonal(&self.covariance, self.fit.dimension())
    }

    /// `Tr(S(x))/d` in each bin; NaN where it is empty. Shape: `mesh.bins()`.
    pub fn s2_by_bin(&self) -> Vec<f64> {
        let d = self.fit.dimension();
        let bins = self.covariance_by_bin.chunks_exact(d * d);
        bins.map(|s| mean_diagonal(s, d)).collect()
    }
}

fn mean_diagonal(matrix: &[f64], d: usize) -> f64 {
    matrix.iter().step_by(d + 1).sum::<f64>() / d as f64
}

/// Fits U to values of V: the weighted least-squares spline of the bin means of `y = V(x)` at the
/// mean positions, with the sampled density as weight. The blocks hold one quantity. A bin mean
/// differs from the value at the mean position by `V'' width^2/24` by axis: the rows of the design
/// hold the same of the spline, so that what is left is of fourth order.
///
/// # Errors
/// See [`FitError`].
pub fn value<B>(blocks: &[B], settings: &Settings) -> Result<Fit, FitError>
where
    B: Borrow<BinnedSums>,
{
    let blocks: Vec<&BinnedSums> = blocks.iter().map(Borrow::borrow).collect();
    let (fit, _) = regress(Kind::Value, &blocks, settings, DIRECT)?;
    Ok(fit)
}

/// Fits U to gradients: as [`value`], of the gradient `y` (one quantity a coordinate) on that of
/// the spline, all components with the same weight. Also gives the covariance of what is left,
/// `S` and `S(x)` (the right side of Li & Tao 2024, (3.4), over `delta`).
///
/// # Errors
/// See [`FitError`].
pub fn force<B>(blocks: &[B], settings: &Settings) -> Result<ForceFit, FitError>
where
    B: Borrow<BinnedSums>,
{
    let blocks: Vec<&BinnedSums> = blocks.iter().map(Borrow::borrow).collect();
    let (fit, total) = regress(Kind::Force, &blocks, settings, DIRECT)?;
    let d = fit.dimension();
    let curved = within_bins(&fit, &total);
    // The slopes at the mean positions of each block: one pass over the bins of each.
    // A fit leaves less of the data that made it than of others: what it has of each block with
    // that block and without it lie as far below the truth as above.
    let held: Vec<&&BinnedSums> = blocks.iter().filter(|block| block.total() > 0).collect();
    let sums: Vec<(f64, Vec<f64>)> = held
        .par_iter()
        .enumerate()
        .map(|(number, block)| {
            let mut sum = vec![0.0; d * d];
            for without in [None, Some(number)] {
                each_residual(&fit, &curved, block, without, |_, n, s| {
                    sum.iter_mut()
                        .zip(s)
                        .for_each(|(sum, s)| *sum += 0.5 * n * s);
                });
            }
            (block.total() as f64, sum)
        })
        .collect();
    let mut covariance_by_bin = vec![f64::NAN; total.mesh().bins() * d * d];
    let (mut covariance, samples) = (vec![0.0; d * d], total.total() as f64);
    each_residual(&fit, &curved, &total, None, |bin, _, s| {
        covariance_by_bin[bin * d * d..(bin + 1) * d * d].copy_from_slice(s);
    });
    for (_, sum) in &sums {
        let all = covariance.iter_mut().zip(sum);
        all.for_each(|(all, sum)| *all += sum / samples);
    }
    // Blocks weigh by their samples: the standard error of a ratio of sums.
    let spread = |of: &dyn Fn(&[f64]) -> f64| -> f64 {
        let mean = of(&covariance);
        let blocks = sums
            .iter()
            .map(|(count, sum)| (of(sum) - count * mean) / samples);
        block_error(blocks.map(|e| e * e).sum(), sums.len())
    };
    Ok(ForceFit {
        covariance_stderr: (0..d * d).map(|i| spread(&|s| s[i])).collect(),
        s2_stderr: spread(&|s| mean_diagonal(s, d)),
        covariance,
        covariance_by_bin,
        fit,
    })
}

// What the curvature of U adds to the covariance of its gradient over a bin that is evenly filled:
// `H diag(width²/12) H`. Shape: bins by d by d; 0 where the bin is empty.
fn within_bins(fit: &Fit, sums: &BinnedSums) -> Vec<f64> {
    let (mesh, d) = (sums.mesh(), fit.dimension());
    let spread: Vec<f64> = mesh
        .axes()
        .iter()
        .map(|axis| axis.grid.width().powi(2) / 12.0)
        .collect();
    let second: Vec<Option<Spline>> = (0..d * d)
        .map(|at| fit.spline.partial(at / d)?.partial(at % d))
        .collect();
    let mut added = vec![0.0; mesh.bins() * d * d];
    added
        .par_chunks_exact_mut(d * d)
        .enumerate()
        .filter(|(bin, _)| sums.count(*bin) > 0)
        .for_each(|(bin, added)| {
            let x: Vec<f64> = (0..d).map(|k| sums.position(bin, k)).collect();
            let h: Vec<f64> = second
                .iter()
                .map(|h| h.as_ref().map_or(0.0, |h| h.at(&x)))
                .collect();
            for (at, added) in added.iter_mut().enumerate() {
                let (i, j) = (at / d, at % d);
                *added = (0..d)
                    .map(|k| h[i * d + k] * spread[k] * h[k * d + j])
                    .sum();
            }
        });
    added
}

// Calls f(bin, count, E[r rᵀ]) with the residuals r of each bin that holds samples, less what is
// `curved` within the bin; of the fit `without` a block if that is said.
fn each_residual(
    fit: &Fit,
    curved: &[f64],
    sums: &BinnedSums,
    without: Option<usize>,
    mut f: impl FnMut(usize, f64, &[f64]),
) {
    let d = fit.dimension();
    let (mut x, mut s) = ([0.0; MAX_AXES], [0.0; MAX_AXES * MAX_AXES]);
    for bin in (0..sums.mesh().bins()).filter(|&bin| sums.count(bin) > 0) {
        let count = sums.count(bin) as f64;
        (0..d).for_each(|k| x[k] = sums.position(bin, k));
        let off: [f64; MAX_AXES] = std::array::from_fn(|k| match k < d {
            true => sums.mean(bin, k) - fit.mean_slope(&x[..d], count, k, without),
            false => 0.0,
        });
        // About the bin mean, to keep figures.
        for (i, j) in (0..d).flat_map(|i| (0..d).map(move |j| (i, j))) {
            // Positions are counted from their own mean, which takes one of n away.
            let rest = 1.0 - 1.0 / count;
            let curved = curved[bin * d * d + i * d + j];
            s[i * d + j] = sums.covariance(bin, i, j) + off[i] * off[j] - rest * curved;
        }
        f(bin, count, &s[..d * d]);
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Value,
    Force,
}

impl Kind {
    pub fn quantities(self, dimension: usize) -> usize {
        match self {
            Kind::Value => 1,
            Kind::Force => dimension,
        }
    }

    // The bins that determine a quadratic form, or one up to a constant from its gradient.
    fn needed(self, d: usize) -> usize {
        let free = (d + 1) * (d + 2) / 2;
        match self {
            Kind::Value => free,
            Kind::Force => (free - 1).div_ceil(d),
        }
    }
}

/// The normal equations of some blocks, without the penalty.
#[derive(Clone)]
struct Equations {
    matrix: Stencil,
    side: Vec<f64>,
    /// The sum of squares of what is fitted.
    squares: f64,
}

impl Equations {
    fn add(&mut self, other: &Equations) {
        self.matrix.add_scaled(&other.matrix, 1.0);
        self.squares += other.squares;
        for (a, b) in self.side.iter_mut().zip(&other.side) {
            *a += b;
        }
    }

    fn sum(parts: &[Equations], tensor: &crate::learn::tensor::Tensor) -> Equations {
        let mut sum = Equations {
            matrix: Stencil::zero(tensor),
            side: vec![0.0; tensor.size()],
            squares: 0.0,
        };
        parts.iter().for_each(|part| sum.add(part));
        sum
    }

    // side - matrix * c
    fn rest(&self, coefficients: &[f64]) -> Vec<f64> {
        let product = self.matrix.multiply(coefficients);
        self.side.iter().zip(product).map(|(s, p)| s - p).collect()
    }

    // The squared error of the bin means.
    fn error(&self, coefficients: &[f64]) -> f64 {
        let rest = self.rest(coefficients);
        let terms = coefficients.iter().zip(self.side.iter().zip(rest));
        self.squares - terms.map(|(c, (s, r))| c * (s + r)).sum::<f64>()
    }
}

pub(super) struct Problem<'a> {
    pub settings: &'a Settings<'a>,
    pub kind: Kind,
    pub domain: Domain,
    penalty: Stencil,
    /// Subtracted from `y`: keeps figures where V is large and nearly constant.
    pub shift: f64,
}

/// A weight of the penalty, and what belongs to it.
struct Solved<'a> {
    factor: Near<'a>,
    /// The equations with their penalty.
    whole: Stencil,
    coefficients: Vec<f64>,
}

impl Problem<'_> {
    fn equations(&self, sums: &BinnedSums) -> Equations {
        let tensor = &self.domain.tensor;
        let mut out = Equations::sum(&[], tensor);
        each_row(self, tensor, sums, |n, sum, row| {
            out.matrix.add(row, n);
            row.add_to(&mut out.side, sum);
            out.squares += sum * sum / n;
        });
        out
    }

    /// The least weight of the penalty.
    pub fn least(&self) -> f64 {
        let axes = self.domain.tensor.axes();
        match self.kind {
            Kind::Value => LEAST_PENALTY,
            // A slope knows the coefficients by the inverse width of a cell.
            Kind::Force => {
                let squares = axes.iter().map(|axis| axis.spacing().powi(-2));
                LEAST_PENALTY * squares.sum::<f64>() / axes.len() as f64
            }
        }
    }

    /// The weight of the penalty for a relative one.
    pub fn weight(&self, matrix: &Stencil, smoothing: f64) -> f64 {
        let relative = smoothing * matrix.trace() / self.penalty.trace();
        super::at_least(relative, self.least())
    }

    /// Gradients leave the constant open: this holds one coefficient at 0, and nothing else, since
    /// the sides have no part along the constant. `trace` is that of the matrix of all samples.
    pub fn hold(&self, matrix: &mut Stencil, trace: f64) {
        if self.kind == Kind::Force {
            let size = self.domain.tensor.size();
            matrix.add_diagonal(matrix.size() / 2, trace / size as f64);
        }
    }

    fn solve(&self, all: &Equations, smoothing: f64) -> Result<Solved<'_>, FitError> {
        let mut whole = all.matrix.clone();
        self.hold(&mut whole, all.matrix.trace());
        let weight = self.weight(&all.matrix, smoothing);
        let factor = self.domain.tensor.factor(&whole, &self.penalty, weight)?;
        let factor = Near::Exact(factor);
        whole.add_scaled(&self.penalty, weight);
        let coefficients = factor.solve(std::slice::from_ref(&all.side)).remove(0);
        Ok(Solved {
            factor,
            whole,
            coefficients,
        })
    }

    // The coefficients without each of the parts.
    fn without(
        &self,
        solved: &Solved<'_>,
        parts: &[Equations],
        tolerance: f64,
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let sides: Vec<Vec<f64>> = parts
            .par_iter()
            .map(|part| part.rest(&solved.coefficients).iter().map(|r| -r).collect())
            .collect();
        let apply = |b: usize, v: &[f64]| -> Vec<f64> {
            let mut out = solved.whole.multiply(v);
            let part = parts[b].matrix.multiply(v);
            out.iter_mut().zip(part).for_each(|(a, b)| *a -= b);
            out
        };
        let mut out = conjugate(self.settings, &solved.factor, &sides, tolerance, apply)?;
        for replicate in &mut out {
            let all = replicate.iter_mut().zip(&solved.coefficients);
            all.for_each(|(r, c)| *r += c);
        }
        Ok(out)
    }

    // The fit at the best weight of the penalty, and without each block.
    fn fit(&self, blocks: &[&BinnedSums]) -> Result<Found, FitError> {
        let tensor = &self.domain.tensor;
        let parts: Vec<Equations> = blocks.par_iter().map(|b| self.equations(b)).collect();
        let merged: Vec<Equations> = folds(blocks.len(), self.settings.folds)
            .into_par_iter()
            .map(|fold| Equations::sum(&parts[fold], tensor))
            .collect();
        let all = Equations::sum(&merged, tensor);
        let error = |smoothing| self.error(&all, &merged, smoothing);
        let least = self.least() / self.weight(&all.matrix, 1.0);
        let smoothing = search(tensor.cost(), MOST, least, error)?;
        drop(merged);
        let solved = self.solve(&all, smoothing)?;
        Ok(Found {
            smoothing,
            replicates: self.without(&solved, &parts, TOLERANCE)?,
            coefficients: solved.coefficients,
        })
    }

    // The squared error on parts that were left out, each predicted from the others.
    fn error(&self, all: &Equations, parts: &[Equations], smoothing: f64) -> Result<f64, FitError> {
        self.settings.wanted()?;
        let solved = self.solve(all, smoothing)?;
        let without = self.without(&solved, parts, ROUGH)?;
        let errors = parts.iter().zip(&without).map(|(part, c)| part.error(c));
        Ok(errors.sum())
    }
}

/// What is left of the change that leaving out a block makes, where it is called solved.
const TOLERANCE: f64 = 1e-4;
/// The same while candidates are compared: what is left is orthogonal to what was found, so that
/// squared errors are wrong by the square of it.
const ROUGH: f64 = 1e-2;

/// The fit and the sum of all blocks; equations with a factor of more than `direct` operations are
/// solved without it.
pub(super) fn regress(
    kind: Kind,
    blocks: &[&BinnedSums],
    settings: &Settings,
    direct: f64,
) -> Result<(Fit, BinnedSums), FitError> {
    let used = blocks.iter().copied().filter(|block| block.total() > 0);
    let used: Vec<&BinnedSums> = used.collect();
    if used.len() < 2 {
        return Err(FitError::TooFewBlocks { found: used.len() });
    }
    let total = merge(&used)?;
    let d = total.mesh().dimension();
    if total.quantities() != kind.quantities(d) {
        return Err(FitError::GridMismatch);
    }
    if !total.is_finite() {
        return Err(FitError::NotFinite);
    }
    let domain = Domain::new(&total.histogram(), settings, kind.needed(d))?;
    let problem = Problem {
        settings,
        kind,
        penalty: domain.tensor.penalty(),
        shift: match kind {
            Kind::Value => total.total_mean(0),
            Kind::Force => 0.0,
        },
        domain,
    };
    let found = match problem.domain.tensor.cost() > direct {
        true => Large::new(&problem, &used, &total, direct).fit()?,
        false => problem.fit(&used)?,
    };
    let estimator = match kind {
        Kind::Value => Estimator::Value,
        Kind::Force => Estimator::Force,
    };
    let domain = problem.domain.clone();
    let fit = Fit::new(
        estimator,
        domain,
        found.smoothing,
        found.coefficients,
        found.replicates,
    )?;
    Ok((fit, total))
}

fn merge(blocks: &[&BinnedSums]) -> Result<BinnedSums, FitError> {
    let first = blocks.first().ok_or(FitError::TooFewBlocks { found: 0 })?;
    let mut total = (*first).clone();
    for block in &blocks[1..] {
        total
            .merge(block)
            .map_err(|GridMismatch| FitError::GridMismatch)?;
    }
    Ok(total)
}
