//! The logarithm of a density as a spline: penalised Poisson regression of counts.

use super::centres::Centres;
use super::domain::{Domain, positive};
use super::solve::conjugate;
use super::{Estimator, Fit, FitError, LEAST_PENALTY, MOST, Settings, folds, search};
use crate::learn::levels::Near;
use crate::learn::stencil::Stencil;
use crate::stats::{Histogram, Moments};
use rayon::prelude::*;
use std::borrow::Borrow;

/// The most Newton steps of one fit; from a least-squares start a handful do.
const MAX_STEPS: usize = 60;
/// Converged when no log-density moves by more than this: the step is taken, and since steps of
/// Newton square the error, what is left is near 1e-12.
const TOLERANCE: f64 = 1e-6;
/// The same while candidates are compared, whose errors differ by more than the 1e-6 left.
const ROUGH: f64 = 1e-3;

/// The most operations of a factor in three coordinates: some ten cells a side.
const MOST_COST: f64 = 1e9;

/// A move of a log-density after which the factor of the equations is kept: they differ from the
/// next ones by less than that part, so that a few conjugate gradients make up for it.
const NEAR: f64 = 0.5;

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
pub fn density<H>(
    blocks: &[H],
    temperature: &Temperature,
    settings: &Settings,
) -> Result<Fit, FitError>
where
    H: Borrow<Histogram>,
{
    let blocks: Vec<&Histogram> = blocks.iter().map(Borrow::borrow).collect();
    log_density(Estimator::Density, &blocks, temperature, settings)
}

/// Fits U to the density of the full-step position `q` with `beta = 1/var p`, as Li & Tao 2024
/// do in one dimension, (3.5) and (3.9) with its sign put right.
///
/// # Errors
/// See [`FitError`].
pub fn paper<H>(
    blocks: &[H],
    temperature: &Temperature,
    settings: &Settings,
) -> Result<Fit, FitError>
where
    H: Borrow<Histogram>,
{
    let blocks: Vec<&Histogram> = blocks.iter().map(Borrow::borrow).collect();
    log_density(Estimator::Paper, &blocks, temperature, settings)
}

fn log_density(
    estimator: Estimator,
    blocks: &[&Histogram],
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
        let merged = total.merge(blocks[b]);
        merged.map_err(|_| FitError::GridMismatch)?;
    }
    let d = total.mesh().dimension();
    let domain = Domain::new(&total, settings, (d + 1) * (d + 2) / 2)?;
    if d == 3 && domain.tensor.cost() > MOST_COST {
        let coefficients = domain.tensor.size();
        return Err(FitError::TooLarge { coefficients });
    }
    let problem = Problem::new(&domain, settings);
    let parts: Vec<Vec<f64>> = used.iter().map(|&b| problem.cut(blocks[b])).collect();
    let merged: Vec<Vec<f64>> = folds(used.len(), settings.folds)
        .into_iter()
        .map(|fold| add(&parts[fold]))
        .collect();
    let all = problem.cut(&total);
    let error = |smoothing| problem.error(&all, &merged, smoothing);
    let least = LEAST_PENALTY / problem.weight(&all, 1.0);
    let smoothing = search(domain.tensor.cost(), MOST, least, error)?;
    let fitted = problem.fit(&all, smoothing, TOLERANCE)?;
    let without = problem.without(&fitted, &all, &parts, smoothing, TOLERANCE)?;
    let potential = |c: &[f64], beta: f64| c.iter().map(|c| -c / beta).collect::<Vec<f64>>();
    let mut replicates = Vec::with_capacity(used.len());
    for (b, coefficients) in used.iter().zip(&without) {
        let beta = temperature.without.get(*b).copied().unwrap_or(beta);
        positive("the inverse temperature", beta)?;
        replicates.push(potential(coefficients, beta));
    }
    let coefficients = potential(&fitted.coefficients, beta);
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
    settings: &'a Settings<'a>,
    domain: &'a Domain,
    centres: Centres<'a>,
    /// `sum_j B_j^2` at each bin.
    squares: Vec<f64>,
    penalty: Stencil,
}

/// A fit to all blocks, and a factor of its equations or of some that are near.
struct Fitted<'a> {
    coefficients: Vec<f64>,
    factor: Near<'a>,
}

impl Problem<'_> {
    fn new<'a>(domain: &'a Domain, settings: &'a Settings<'a>) -> Problem<'a> {
        let centres = Centres::new(domain);
        Problem {
            settings,
            squares: centres.squares(),
            centres,
            penalty: domain.tensor.penalty(),
            domain,
        }
    }

    fn cut(&self, histogram: &Histogram) -> Vec<f64> {
        let counts = histogram.counts();
        let bins = self.domain.bins.iter();
        bins.map(|bin| counts[*bin] as f64).collect()
    }

    // What Newton's method needs: minus the second derivatives of the likelihood, without the
    // penalty, and the first ones with it.
    fn newton(&self, counts: &[f64], coefficients: &[f64], weight: f64) -> (Stencil, Vec<f64>) {
        let mut means = self.centres.evaluate(coefficients);
        means.iter_mut().for_each(|log| *log = log.exp());
        let mut side = self.centres.project(&subtract(counts, &means));
        let bent = self.penalty.multiply(coefficients);
        side.iter_mut()
            .zip(bent)
            .for_each(|(s, p)| *s -= weight * p);
        (self.centres.weighted(&means), side)
    }

    // The weight of the penalty for a relative one, at least that of a few samples.
    fn weight(&self, counts: &[f64], smoothing: f64) -> f64 {
        let terms = counts.iter().zip(&self.squares);
        let trace: f64 = terms.map(|(n, squares)| n * squares).sum();
        super::at_least(smoothing * trace / self.penalty.trace(), LEAST_PENALTY)
    }

    // Least squares of log(n + 1/2), weights as for Poisson counts: a start, never the answer.
    fn start(&self, counts: &[f64], weight: f64) -> Result<Fitted<'_>, FitError> {
        let weights: Vec<f64> = counts.iter().map(|n| n + 0.5).collect();
        let values: Vec<f64> = weights.iter().map(|w| w * w.ln()).collect();
        let matrix = self.centres.weighted(&weights);
        let factor = self.domain.tensor.factor(&matrix, &self.penalty, weight)?;
        Ok(Fitted {
            coefficients: factor.solve(&[self.centres.project(&values)]).remove(0),
            factor: Near::Exact(factor),
        })
    }

    /// Adds a step, cut to 1 in any log-density; the largest move of one that it asked for.
    fn advance(&self, coefficients: &mut [f64], step: &[f64]) -> Result<f64, FitError> {
        let moves = self.centres.evaluate(step).into_iter().map(f64::abs);
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

    /// Newton's method. The factor is made anew as long as steps are large.
    fn fit(&self, counts: &[f64], smoothing: f64, tolerance: f64) -> Result<Fitted<'_>, FitError> {
        let weight = self.weight(counts, smoothing);
        let mut fitted = self.start(counts, weight)?;
        let mut moved = f64::INFINITY;
        for _ in 0..MAX_STEPS {
            self.settings.wanted()?;
            let (mut matrix, side) = self.newton(counts, &fitted.coefficients, weight);
            let step = if moved > NEAR {
                let factor = self.domain.tensor.factor(&matrix, &self.penalty, weight)?;
                fitted.factor = Near::Exact(factor);
                fitted.factor.solve(&[side])
            } else {
                matrix.add_scaled(&self.penalty, weight);
                let apply = |_: usize, v: &[f64]| matrix.multiply(v);
                conjugate(self.settings, &fitted.factor, &[side], tolerance, apply)?
            };
            moved = self.advance(&mut fitted.coefficients, &step[0])?;
            if moved < tolerance {
                return Ok(fitted);
            }
        }
        Err(FitError::NotConverged {
            iterations: MAX_STEPS,
        })
    }

    /// The solutions without each of the parts, from that for all and its factor.
    fn without(
        &self,
        fitted: &Fitted<'_>,
        all: &[f64],
        parts: &[Vec<f64>],
        smoothing: f64,
        tolerance: f64,
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let mut out = vec![fitted.coefficients.clone(); parts.len()];
        let mut open: Vec<usize> = (0..parts.len()).collect();
        for _ in 0..MAX_STEPS {
            let (matrices, sides): (Vec<Stencil>, Vec<Vec<f64>>) = open
                .par_iter()
                .map(|&b| {
                    let rest = subtract(all, &parts[b]);
                    let weight = self.weight(&rest, smoothing);
                    let (mut matrix, side) = self.newton(&rest, &out[b], weight);
                    matrix.add_scaled(&self.penalty, weight);
                    (matrix, side)
                })
                .unzip();
            let apply = |i: usize, v: &[f64]| matrices[i].multiply(v);
            let steps = conjugate(self.settings, &fitted.factor, &sides, tolerance, apply)?;
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
        let logs = self.centres.evaluate(coefficients);
        let norm: f64 = logs.iter().map(|l| l.exp()).sum();
        let total: f64 = counts.iter().sum();
        let likelihood: f64 = counts.iter().zip(&logs).map(|(n, l)| n * l).sum();
        total * norm.ln() - likelihood
    }

    // The loss on parts that were left out, each predicted from the others.
    fn error(&self, all: &[f64], parts: &[Vec<f64>], smoothing: f64) -> Result<f64, FitError> {
        let fitted = self.fit(all, smoothing, ROUGH)?;
        let without = self.without(&fitted, all, parts, smoothing, ROUGH)?;
        let losses = parts
            .iter()
            .zip(&without)
            .map(|(part, c)| self.loss(part, c));
        Ok(losses.sum())
    }
}
