//! The logarithm of a density as a spline: penalised Poisson regression of counts.

use super::domain::{Domain, positive};
use super::{Estimator, Fit, FitError, LEAST_PENALTY, Settings, candidates, folds};
use crate::learn::banded::Banded;
use crate::learn::bspline::difference_penalty;
use crate::stats::{Histogram, Moments};

/// The most Newton steps of one fit; from a least-squares start a handful do.
const MAX_STEPS: usize = 60;
/// Converged when no log-density moves by more than this: the step is taken, and since steps of
/// Newton square the error, what is left is near 1e-12.
const TOLERANCE: f64 = 1e-6;

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
/// in a harmonic well. The density is taken at bin centres, which for a normal density of width
/// `s` scales U by `1 - width^2/(12 s^2)`.
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
    let used: Vec<&Histogram> = blocks.iter().filter(|b| b.total() > 0).collect();
    let Some(first) = used.first().filter(|_| used.len() > 1) else {
        return Err(FitError::TooFewBlocks { found: used.len() });
    };
    let grid = *first.grid();
    if used.iter().any(|block| *block.grid() != grid) {
        return Err(FitError::GridMismatch);
    }
    let total = add(&used, grid.bins());
    let domain = Domain::new(grid, &total, settings, 3)?;
    let problem = Problem::new(&domain);
    let counts = |blocks: &[&Histogram]| problem.cut(&add(blocks, grid.bins()));
    let parts: Vec<Vec<f64>> = folds(used.len(), settings.folds)
        .into_iter()
        .map(|fold| counts(&used[fold]))
        .collect();
    let all = problem.cut(&total);
    let smoothing = problem.choose(&all, &parts)?;
    let fitted = problem.fit(&all, smoothing, None)?;
    let potential = |c: &[f64], beta: f64| c.iter().map(|c| -c / beta).collect::<Vec<f64>>();
    let mut replicates = Vec::with_capacity(used.len());
    for (i, block) in blocks.iter().enumerate().filter(|(_, b)| b.total() > 0) {
        let rest = subtract(&all, &counts(&[block]));
        let beta = temperature.without.get(i).copied().unwrap_or(beta);
        positive("the inverse temperature", beta)?;
        let refitted = problem.fit(&rest, smoothing, Some(&fitted))?;
        replicates.push(potential(&refitted, beta));
    }
    let coefficients = potential(&fitted, beta);
    Fit::new(estimator, domain, smoothing, coefficients, replicates)
}

fn add(blocks: &[&Histogram], bins: usize) -> Vec<u64> {
    let mut total = vec![0; bins];
    for block in blocks {
        for (into, from) in total.iter_mut().zip(block.counts()) {
            *into += from;
        }
    }
    total
}

fn subtract(all: &[f64], part: &[f64]) -> Vec<f64> {
    all.iter().zip(part).map(|(a, b)| a - b).collect()
}

/// Counts over the bins of a domain, modelled as Poisson with mean `exp(sum_j c_j B_j)`.
struct Problem {
    /// For each bin the first index and the values of the basis at the centre.
    rows: Vec<(usize, [f64; 4])>,
    bins: std::ops::Range<usize>,
    penalty: Banded,
}

impl Problem {
    fn new(domain: &Domain) -> Problem {
        let centres = domain.bins.clone().map(|i| domain.grid.centre(i));
        Problem {
            rows: centres.map(|x| domain.space.values(x)).collect(),
            bins: domain.bins.clone(),
            penalty: difference_penalty(domain.space.size(), 3),
        }
    }

    fn cut(&self, counts: &[u64]) -> Vec<f64> {
        let inside = &counts[self.bins.clone()];
        inside.iter().map(|n| *n as f64).collect()
    }

    fn logarithms(&self, coefficients: &[f64]) -> Vec<f64> {
        let at = |(start, row): &(usize, [f64; 4])| {
            let terms = row.iter().zip(&coefficients[*start..]);
            terms.map(|(b, c)| b * c).sum()
        };
        self.rows.iter().map(at).collect()
    }

    fn weighted(&self, weights: &[f64]) -> Banded {
        let mut matrix = Banded::zero(self.penalty.size(), 3);
        for ((start, row), weight) in self.rows.iter().zip(weights) {
            matrix.add_outer(*start, row, *weight);
        }
        matrix
    }

    fn project(&self, values: &[f64]) -> Vec<f64> {
        let mut side = vec![0.0; self.penalty.size()];
        for ((start, row), value) in self.rows.iter().zip(values) {
            for (s, b) in side[*start..].iter_mut().zip(row) {
                *s += b * value;
            }
        }
        side
    }

    // Least squares of log(n + 1/2), weights as for Poisson counts: a start, never the answer.
    fn start(&self, counts: &[f64], penalty: &Banded) -> Result<Vec<f64>, FitError> {
        let weights: Vec<f64> = counts.iter().map(|n| n + 0.5).collect();
        let values: Vec<f64> = weights.iter().map(|w| w * w.ln()).collect();
        let mut matrix = self.weighted(&weights);
        matrix.add_scaled(penalty, 1.0);
        Ok(matrix.cholesky()?.solve(&self.project(&values)))
    }

    /// Newton's method with steps of at most 1 in any log-density.
    fn fit(
        &self,
        counts: &[f64],
        smoothing: f64,
        start: Option<&[f64]>,
    ) -> Result<Vec<f64>, FitError> {
        let mut penalty = self.penalty.clone();
        let weight = smoothing * self.weighted(counts).trace() / penalty.trace();
        penalty.add_scaled(&self.penalty, weight.max(LEAST_PENALTY) - 1.0);
        let mut coefficients = match start {
            Some(known) => known.to_vec(),
            None => self.start(counts, &penalty)?,
        };
        for _ in 0..MAX_STEPS {
            let logs = self.logarithms(&coefficients);
            let means: Vec<f64> = logs.iter().map(|l| l.exp()).collect();
            let mut matrix = self.weighted(&means);
            matrix.add_scaled(&penalty, 1.0);
            let mut side = self.project(&subtract(counts, &means));
            for (s, p) in side.iter_mut().zip(penalty.multiply(&coefficients)) {
                *s -= p;
            }
            let step = matrix.cholesky()?.solve(&side);
            let moves = self.logarithms(&step);
            let largest = moves.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
            if !largest.is_finite() {
                return Err(FitError::NotFinite);
            }
            let factor = 1.0 / largest.max(1.0);
            for (c, s) in coefficients.iter_mut().zip(step) {
                *c += factor * s;
            }
            if largest < TOLERANCE {
                return Ok(coefficients);
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

    fn choose(&self, all: &[f64], parts: &[Vec<f64>]) -> Result<f64, FitError> {
        let mut best = (f64::INFINITY, Err(FitError::Singular));
        for smoothing in candidates() {
            let mut loss = 0.0;
            for part in parts {
                let fitted = self.fit(&subtract(all, part), smoothing, None);
                loss += fitted.map_or(f64::INFINITY, |c| self.loss(part, &c));
            }
            if loss < best.0 {
                best = (loss, Ok(smoothing));
            }
        }
        best.1
    }
}
