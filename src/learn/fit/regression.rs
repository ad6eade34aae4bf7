//! Penalised least squares of V on the spline, and of V' on its slope.

use super::domain::Domain;
use super::{Estimator, Fit, FitError, LEAST_PENALTY, Settings, candidates, folds};
use crate::learn::banded::Banded;
use crate::learn::bspline::{Space, difference_penalty};
use crate::stats::{BinnedSums, GridMismatch};

/// A fit of forces and the forces that it left unexplained.
#[derive(Clone, Debug)]
pub struct ForceFit {
    /// U and its errors.
    pub fit: Fit,
    /// `s2 = E[(V' - U')^2]`, the variance of the unresolved force. The slope is taken at the mean
    /// position of each bin, which adds `E[U''^2] width^2/12`.
    pub residual: f64,
    /// The standard error of `residual`, from the spread between blocks.
    pub residual_stderr: f64,
    /// The same mean in each bin, `S(x)`; NaN where it is empty. Shape: `grid.bins()`.
    pub residual_by_bin: Vec<f64>,
}

/// Fits U to values of V: the weighted least-squares spline of the bin means of `y = V(x)` at the
/// mean positions, with the sampled density as weight. A bin mean differs from the value at the
/// mean position by `V'' width^2/24`, so bins should be a sixteenth of a cell or so.
///
/// # Errors
/// See [`FitError`].
pub fn value(blocks: &[BinnedSums], settings: &Settings) -> Result<Fit, FitError> {
    let (fit, _) = regress(Kind::Value, blocks, settings)?;
    Ok(fit)
}

/// Fits U to gradients: as [`value`], of `y = V'(x)` on the slope of the spline, a quadratic
/// B-spline that is then integrated. Also gives the variance of what is left, `s2` and `S(x)`
/// (the right side of Li & Tao 2024, (3.4), over `delta`).
///
/// # Errors
/// See [`FitError`].
pub fn force(blocks: &[BinnedSums], settings: &Settings) -> Result<ForceFit, FitError> {
    let (fit, total) = regress(Kind::Force, blocks, settings)?;
    let residual_of = |sums: &BinnedSums, i: usize| -> f64 {
        let slope = fit.slope(sums.position(i, 0));
        // sum (y - s)^2 about the bin mean, to keep figures.
        let (mean, n) = (sums.mean(i, 0), sums.count(i) as f64);
        n * (sums.covariance(i, 0, 0) + (mean - slope) * (mean - slope))
    };
    let held = |sums: &BinnedSums| -> Vec<usize> {
        let bins = 0..sums.mesh().bins();
        bins.filter(|&i| sums.count(i) > 0).collect()
    };
    let mean_of = |sums: &BinnedSums| -> f64 {
        let sum: f64 = held(sums).iter().map(|&i| residual_of(sums, i)).sum();
        sum / sums.total() as f64
    };
    let mut residual_by_bin = vec![f64::NAN; total.mesh().bins()];
    for i in held(&total) {
        residual_by_bin[i] = residual_of(&total, i) / total.count(i) as f64;
    }
    let residual = mean_of(&total);
    // Blocks weigh by their samples: the standard error of a ratio of sums.
    let (mut spread, mut used) = (0.0, 0.0);
    let samples = total.total() as f64;
    for block in blocks.iter().filter(|b| b.total() > 0) {
        let share = block.total() as f64 / samples;
        spread += (share * (mean_of(block) - residual)).powi(2);
        used += 1.0;
    }
    Ok(ForceFit {
        residual,
        residual_stderr: (spread * used / (used - 1.0)).sqrt(),
        residual_by_bin,
        fit,
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Value,
    Force,
}

impl Kind {
    fn size(self, space: &Space) -> usize {
        match self {
            Kind::Value => space.size(),
            Kind::Force => space.size() - 1,
        }
    }

    // Third differences of the coefficients of U are second ones of those of its slope.
    fn order(self) -> usize {
        match self {
            Kind::Value => 3,
            Kind::Force => 2,
        }
    }

    fn row(self, space: &Space, x: f64) -> (usize, [f64; 4], usize) {
        match self {
            Kind::Value => {
                let (start, b) = space.values(x);
                (start, b, 4)
            }
            Kind::Force => {
                let (start, [a, b, c]) = space.quadratic(x);
                (start, [a, b, c, 0.0], 3)
            }
        }
    }
}

/// The normal equations of some blocks, without the penalty.
#[derive(Clone)]
struct Equations {
    matrix: Banded,
    side: Vec<f64>,
}

impl Equations {
    fn zero(size: usize) -> Equations {
        Equations {
            matrix: Banded::zero(size, 3),
            side: vec![0.0; size],
        }
    }

    fn add(&mut self, other: &Equations, factor: f64) {
        self.matrix.add_scaled(&other.matrix, factor);
        for (a, b) in self.side.iter_mut().zip(&other.side) {
            *a += factor * b;
        }
    }

    fn solve(&self, penalty: &Banded, smoothing: f64) -> Result<Vec<f64>, FitError> {
        let mut matrix = self.matrix.clone();
        let weight = smoothing * matrix.trace() / penalty.trace();
        matrix.add_scaled(penalty, weight.max(LEAST_PENALTY));
        Ok(matrix.cholesky()?.solve(&self.side))
    }
}

struct Problem {
    kind: Kind,
    domain: Domain,
    penalty: Banded,
    /// Subtracted from `y`: keeps figures where V is large and nearly constant.
    shift: f64,
}

impl Problem {
    fn equations(&self, sums: &BinnedSums) -> Equations {
        let mut out = Equations::zero(self.kind.size(&self.domain.space));
        for i in self.domain.bins.clone() {
            if sums.count(i) == 0 {
                continue;
            }
            let (start, row, len) = self.kind.row(&self.domain.space, sums.position(i, 0));
            let n = sums.count(i) as f64;
            out.matrix.add_outer(start, &row[..len], n);
            for (side, b) in out.side[start..].iter_mut().zip(&row[..len]) {
                *side += b * (sums.sum(i, 0) - n * self.shift);
            }
        }
        out
    }

    // The squared error on samples that were left out, up to what no fit can change.
    fn error(&self, sums: &BinnedSums, coefficients: &[f64]) -> f64 {
        let mut error = 0.0;
        for i in self.domain.bins.clone() {
            if sums.count(i) == 0 {
                continue;
            }
            let (start, row, len) = self.kind.row(&self.domain.space, sums.position(i, 0));
            let terms = row[..len].iter().zip(&coefficients[start..]);
            let model: f64 = terms.map(|(b, c)| b * c).sum();
            error += sums.count(i) as f64 * (sums.mean(i, 0) - self.shift - model).powi(2);
        }
        error
    }

    // The smoothing with the least error on the folds, each predicted from the others.
    fn choose(&self, merged: &[BinnedSums], parts: &[Equations]) -> Result<f64, FitError> {
        let mut best = (f64::INFINITY, None);
        let size = self.kind.size(&self.domain.space);
        let train: Vec<Equations> = (0..parts.len())
            .map(|left_out| {
                let mut sum = Equations::zero(size);
                let others = parts.iter().enumerate().filter(|(i, _)| *i != left_out);
                others.for_each(|(_, part)| sum.add(part, 1.0));
                sum
            })
            .collect();
        for smoothing in candidates() {
            let mut error = 0.0;
            for (test, train) in merged.iter().zip(&train) {
                error += match train.solve(&self.penalty, smoothing) {
                    Ok(coefficients) => self.error(test, &coefficients),
                    Err(_) => f64::INFINITY,
                };
            }
            if error < best.0 {
                best = (error, Some(smoothing));
            }
        }
        best.1.ok_or(FitError::Singular)
    }

    // The cubic coefficients of the fit to all blocks, and without each.
    fn jackknife(
        &self,
        blocks: &[&BinnedSums],
        parts: &[Equations],
        smoothing: f64,
    ) -> Result<(Vec<f64>, Vec<Vec<f64>>), FitError> {
        let solve = |equations: &Equations| {
            let solution = equations.solve(&self.penalty, smoothing)?;
            Ok::<_, FitError>(match self.kind {
                Kind::Value => solution,
                Kind::Force => self.domain.space.integrate(&solution),
            })
        };
        let mut sum = Equations::zero(self.kind.size(&self.domain.space));
        parts.iter().for_each(|part| sum.add(part, 1.0));
        let mut replicates = Vec::with_capacity(blocks.len());
        for block in blocks {
            let mut rest = sum.clone();
            rest.add(&self.equations(block), -1.0);
            replicates.push(solve(&rest)?);
        }
        Ok((solve(&sum)?, replicates))
    }
}

fn regress(
    kind: Kind,
    blocks: &[BinnedSums],
    settings: &Settings,
) -> Result<(Fit, BinnedSums), FitError> {
    let used: Vec<&BinnedSums> = blocks.iter().filter(|b| b.total() > 0).collect();
    if used.len() < 2 {
        return Err(FitError::TooFewBlocks { found: used.len() });
    }
    let total = merge(&used)?;
    if !total.is_finite() {
        return Err(FitError::NotFinite);
    }
    let counts = total.histogram();
    let domain = Domain::new(*counts.grid(), counts.counts(), settings, kind.order())?;
    let problem = Problem {
        kind,
        penalty: difference_penalty(kind.size(&domain.space), kind.order()),
        domain,
        shift: if kind == Kind::Value {
            total.total_mean(0)
        } else {
            0.0
        },
    };
    let mut merged = Vec::new();
    for fold in folds(used.len(), settings.folds) {
        merged.push(merge(&used[fold])?);
    }
    let parts: Vec<Equations> = merged.iter().map(|m| problem.equations(m)).collect();
    let smoothing = problem.choose(&merged, &parts)?;
    let (coefficients, replicates) = problem.jackknife(&used, &parts, smoothing)?;
    let estimator = match kind {
        Kind::Value => Estimator::Value,
        Kind::Force => Estimator::Force,
    };
    let fit = Fit::new(
        estimator,
        problem.domain,
        smoothing,
        coefficients,
        replicates,
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
