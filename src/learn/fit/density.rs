//! The logarithm of a density as a spline: penalised Poisson regression of counts.

use super::domain::{Domain, positive};
use super::solve::conjugate;
use super::{Estimator, Fit, FitError, LEAST_PENALTY, Settings, folds, search};
use crate::learn::stencil::Stencil;
use crate::learn::tensor::{Factor, Row};
use crate::stats::{Histogram, MAX_AXES, Moments};
use rayon::prelude::*;

/// The most Newton steps of one fit; from a least-squares start a handful do.
const MAX_STEPS: usize = 60;
/// Converged when no log-density moves by more than this: the step is taken, and since steps of
/// Newton square the error, what is left is near 1e-12.
const TOLERANCE: f64 = 1e-6;
/// The same while candidates are compared, whose errors differ by more than the 1e-6 left.
const ROUGH: f64 = 1e-3;

/// An inverse temperature, and what it is without each statistical block.
///
/// The density of `x` widens and the momentum grows together, so that most of the error of the
/// one cancels that of the other: errors of U are honest only where both leave out the same block.
#[derive(Clone, PartialEq, Debug)]
pub struct Temperature {
    /// The inverse temperature (inverse energy).
    pub beta: f64,
    /// The same without each block; empty where it is known and carries no error.
    pub without: Vec<f64>,
}

impl Temperature {
    /// An inverse temperature without error.
    pub fn known(beta: f64) -> Temperature {
        Temperature {
            beta,
            without: Vec::new(),
        }
    }

    /// From the moments of the momentum in each block, and the inverse temperature that belongs
    /// to a mean square of it: `|p| scale::beta(delta, gamma, p)` for [`density`],
    /// `|p| 1.0 / p` for [`paper`].
    pub fn of_momenta(blocks: &[Moments], beta: impl Fn(f64) -> f64) -> Temperature {
        let sum = |m: &Moments| match m.count {
            0 => 0.0,
            n => n as f64 * m.mean_square(),
        };
        let squares: f64 = blocks.iter().map(sum).sum();
        let count: f64 = blocks.iter().map(|m| m.count as f64).sum();
        let without = |m: &Moments| (squares - sum(m)) / (count - m.count as f64);
        Temperature {
            beta: beta(squares / count),
            without: blocks.iter().map(|m| beta(without(m))).collect(),
        }
    }
}

/// Fits U to the density of the half-step position `x`: `U = -log density/beta`.
///
/// The inverse temperature belongs to `x`: with [`crate::learn::scale::beta`] the result is exact
/// in a harmonic well of one coordinate. The density is taken at bin centres, which for a normal
/// density of width `s` scales U by `1 - width^2/(12 s^2)`.
///
/// # Errors
/// See [`FitError`].
pub fn density(
    blocks: &[Histogram],
    temperature: &Temperature,
    settings: &Settings,
) -> Result<Fit, FitError> {
    log_density(Estimator::Density, blocks, temperature, settings)
}

/// Fits U to the density of the full-step position `q` with `beta = 1/var p`, as Li & Tao 2024
/// do in one dimension, (3.5) and (3.9) with its sign put right.
///
/// # Errors
/// See [`FitError`].
pub fn paper(
    blocks: &[Histogram],
    temperature: &Temperature,
    settings: &Settings,
) -> Result<Fit, FitError> {
    log_density(Estimator::Paper, blocks, temperature, settings)
}

fn log_density(
    estimator: Estimator,
    blocks: &[Histogram],
    temperature: &Temperature,
    settings: &Settings,
) -> Result<Fit, FitError> {
    let beta = temperature.beta;
    positive("the inverse temperature", beta)?;
    let used: Vec<usize> = (0..blocks.len())
        .filter(|&b| blocks[b].total() > 0)
        .collect();
    let Some(first) = used.first().filter(|_| used.len() > 1) else {
        return Err(FitError::TooFewBlocks { found: used.len() });
    };
    let mut total = blocks[*first].clone();
    for &b in &used[1..] {
        let merged = total.merge(&blocks[b]);
        merged.map_err(|_| FitError::GridMismatch)?;
    }
    let d = total.mesh().dimension();
    let domain = Domain::new(&total, settings, (d + 1) * (d + 2) / 2)?;
    let problem = Problem::new(&domain);
    let parts: Vec<Vec<f64>> = used.iter().map(|&b| problem.cut(&blocks[b])).collect();
    let merged: Vec<Vec<f64>> = folds(used.len(), settings.folds)
        .into_iter()
        .map(|fold| add(&parts[fold]))
        .collect();
    let all = problem.cut(&total);
    let error = |smoothing| {
        let error = problem.error(&all, &merged, smoothing);
        error.unwrap_or(f64::INFINITY)
    };
    let smoothing = search(domain.tensor.cost(), error).ok_or(FitError::Singular)?;
    let (factor, fitted) = problem.fit(&all, smoothing, TOLERANCE)?;
    let without = problem.without(&factor, &fitted, &all, &parts, smoothing, TOLERANCE)?;
    let potential = |c: &[f64], beta: f64| c.iter().map(|c| -c / beta).collect::<Vec<f64>>();
    let mut replicates = Vec::with_capacity(used.len());
    for (b, coefficients) in used.iter().zip(&without) {
        let beta = temperature.without.get(*b).copied().unwrap_or(beta);
        positive("the inverse temperature", beta)?;
        replicates.push(potential(coefficients, beta));
    }
    let coefficients = potential(&fitted, beta);
    drop(factor);
    Fit::new(
        estimator,
        domain.clone(),
        smoothing,
        coefficients,
        replicates,
    )
}

fn add(parts: &[Vec<f64>]) -> Vec<f64> {
    let mut total = parts.first().cloned().unwrap_or_default();
    for part in parts.iter().skip(1) {
        total.iter_mut().zip(part).for_each(|(a, b)| *a += b);
    }
    total
}

fn subtract(all: &[f64], part: &[f64]) -> Vec<f64> {
    all.iter().zip(part).map(|(a, b)| a - b).collect()
}

/// Counts over the bins of a domain, modelled as Poisson with mean `exp(sum_j c_j B_j)`.
struct Problem<'a> {
    domain: &'a Domain,
    penalty: Stencil,
}

/// What Newton's method needs at some coefficients: minus the second derivatives of the
/// penalised likelihood, and the first ones.
struct Newton {
    matrix: Stencil,
    side: Vec<f64>,
}

impl Problem<'_> {
    fn new(domain: &Domain) -> Problem<'_> {
        Problem {
            penalty: domain.tensor.penalty(),
            domain,
        }
    }

    fn cut(&self, histogram: &Histogram) -> Vec<f64> {
        let counts = histogram.counts();
        let bins = self.domain.bins.iter();
        bins.map(|bin| counts[*bin] as f64).collect()
    }

    // The basis at the centre of each bin of the domain.
    fn rows(&self) -> impl Iterator<Item = Row> {
        let (mesh, tensor) = (&self.domain.mesh, &self.domain.tensor);
        self.domain.bins.iter().map(|bin| {
            let mut x = [0.0; MAX_AXES];
            mesh.centre_into(*bin, &mut x);
            tensor.row(&tensor.locals(&x), None)
        })
    }

    fn logarithms(&self, coefficients: &[f64]) -> Vec<f64> {
        self.rows().map(|row| row.of(coefficients)).collect()
    }

    // sum_i weight_i B_i B_iᵀ and sum_i value_i B_i
    fn equations(&self, bins: impl Iterator<Item = (f64, f64)>) -> (Stencil, Vec<f64>) {
        let mut matrix = Stencil::zero(&self.domain.tensor);
        let mut side = vec![0.0; self.domain.tensor.size()];
        for (row, (weight, value)) in self.rows().zip(bins) {
            matrix.add(&row, weight);
            row.add_to(&mut side, value);
        }
        (matrix, side)
    }

    fn newton(&self, counts: &[f64], coefficients: &[f64], weight: f64) -> Newton {
        let logs = self.logarithms(coefficients);
        let bins = counts
            .iter()
            .zip(logs)
            .map(|(n, log)| (log.exp(), n - log.exp()));
        let (matrix, mut side) = self.equations(bins);
        let bent = self.penalty.multiply(coefficients);
        side.iter_mut()
            .zip(bent)
            .for_each(|(s, p)| *s -= weight * p);
        Newton { matrix, side }
    }

    // The weight of the penalty for a relative one, at least that of a few samples.
    fn weight(&self, counts: &[f64], smoothing: f64) -> f64 {
        let squares = self.rows().zip(counts).map(|(row, n)| {
            let weights = row.weights().iter();
            n * weights.map(|w| w * w).sum::<f64>()
        });
        let relative = smoothing * squares.sum::<f64>() / self.penalty.trace();
        super::at_least(relative, LEAST_PENALTY)
    }

    // Least squares of log(n + 1/2), weights as for Poisson counts: a start, never the answer.
    fn start(&self, counts: &[f64], weight: f64) -> Result<Vec<f64>, FitError> {
        let bins = counts.iter().map(|n| (n + 0.5, (n + 0.5) * (n + 0.5).ln()));
        let (matrix, side) = self.equations(bins);
        let factor = self.domain.tensor.factor(&matrix, &self.penalty, weight)?;
        Ok(factor.solve(&[side]).remove(0))
    }

    /// Adds a step, cut to 1 in any log-density; the largest move of one that it asked for.
    fn advance(&self, coefficients: &mut [f64], step: &[f64]) -> Result<f64, FitError> {
        let moves = self.rows().map(|row| row.of(step).abs());
        let largest = moves.fold(0.0, |a: f64, b| if b <= a { a } else { b });
        if !largest.is_finite() {
            return Err(FitError::NotFinite);
        }
        let factor = 1.0 / largest.max(1.0);
        coefficients
            .iter_mut()
            .zip(step)
            .for_each(|(c, s)| *c += factor * s);
        Ok(largest)
    }

    /// Newton's method: the solution, and the factor of the last step.
    fn fit(
        &self,
        counts: &[f64],
        smoothing: f64,
        tolerance: f64,
    ) -> Result<(Factor<'_>, Vec<f64>), FitError> {
        let weight = self.weight(counts, smoothing);
        let mut coefficients = self.start(counts, weight)?;
        for _ in 0..MAX_STEPS {
            let Newton { matrix, side } = self.newton(counts, &coefficients, weight);
            let factor = self.domain.tensor.factor(&matrix, &self.penalty, weight)?;
            let step = factor.solve(&[side]).remove(0);
            if self.advance(&mut coefficients, &step)? < tolerance {
                return Ok((factor, coefficients));
            }
        }
        Err(FitError::NotConverged {
            iterations: MAX_STEPS,
        })
    }

    /// The solutions without each of the parts, from that for all and its factor.
    fn without(
        &self,
        factor: &Factor<'_>,
        fitted: &[f64],
        all: &[f64],
        parts: &[Vec<f64>],
        smoothing: f64,
        tolerance: f64,
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let rests: Vec<(Vec<f64>, f64)> = parts
            .iter()
            .map(|part| {
                let rest = subtract(all, part);
                let weight = self.weight(&rest, smoothing);
                (rest, weight)
            })
            .collect();
        let mut out = vec![fitted.to_vec(); parts.len()];
        let mut open: Vec<usize> = (0..parts.len()).collect();
        for _ in 0..MAX_STEPS {
            let (matrices, sides): (Vec<Stencil>, Vec<Vec<f64>>) = open
                .par_iter()
                .map(|&b| {
                    let (rest, weight) = &rests[b];
                    let mut newton = self.newton(rest, &out[b], *weight);
                    newton.matrix.add_scaled(&self.penalty, *weight);
                    (newton.matrix, newton.side)
                })
                .unzip();
            let apply = |i: usize, v: &[f64]| matrices[i].multiply(v);
            let steps = conjugate(factor, &sides, tolerance, apply)?;
            let mut still = Vec::new();
            for (b, step) in open.into_iter().zip(steps) {
                if self.advance(&mut out[b], &step)? >= tolerance {
                    still.push(b);
                }
            }
            open = still;
            if open.is_empty() {
                return Ok(out);
            }
        }
        Err(FitError::NotConverged {
            iterations: MAX_STEPS,
        })
    }

    // The log-likelihood of counts under a density known up to a factor, with its sign changed.
    fn loss(&self, counts: &[f64], coefficients: &[f64]) -> f64 {
        let logs = self.logarithms(coefficients);
        let norm: f64 = logs.iter().map(|l| l.exp()).sum();
        let total: f64 = counts.iter().sum();
        let likelihood: f64 = counts.iter().zip(&logs).map(|(n, l)| n * l).sum();
        total * norm.ln() - likelihood
    }

    // The loss on parts that were left out, each predicted from the others.
    fn error(&self, all: &[f64], parts: &[Vec<f64>], smoothing: f64) -> Result<f64, FitError> {
        let (factor, fitted) = self.fit(all, smoothing, ROUGH)?;
        let without = self.without(&factor, &fitted, all, parts, smoothing, ROUGH)?;
        let losses = parts
            .iter()
            .zip(&without)
            .map(|(part, c)| self.loss(part, c));
        Ok(losses.sum())
    }
}
