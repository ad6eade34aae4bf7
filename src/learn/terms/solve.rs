//! From sums over samples to weights with errors.

use super::outcome::{Standing, Weight, candidate_kept, kept, mixes};
use super::pattern::Pattern;
use super::{Block, Terms, TermsError};
use crate::learn::banded::{Banded, Cholesky};
use crate::stats::block_error;

/// What is left of the square of a gradient without its projection on others counts as rounding
/// below this.
const ROUNDING: f64 = 1e-10;
/// A term is named as part of a combination where it carries more than this of it (both of unit
/// mean square).
const NAMED: f64 = 1e-6;
/// Numbers that a factor of the Gram matrix may hold.
const MOST_ENTRIES: usize = 50_000_000;
/// So many combinations are looked for one by one.
const MOST_COMBINATIONS: usize = 200;

/// The weights of all terms.
#[derive(Clone, PartialEq, Debug)]
pub struct Estimate {
    /// One for each term.
    pub weights: Vec<Weight>,
    /// By how much each block moves the weights; their covariance is the sum of `dev dev^T` over
    /// blocks, times `n/(n - 1)`. Shape: blocks that hold samples, terms.
    pub deviations: Vec<Vec<f64>>,
    /// Samples.
    pub samples: u64,
    /// Samples left out because a gradient or a Laplacian was not finite there.
    pub skipped: u64,
    /// Points where the terms were evaluated.
    pub evaluations: u64,
}

impl Estimate {
    /// The standard error of a combination of the terms, such as U at a point where `values` are
    /// theirs.
    pub fn stderr(&self, values: &[f64]) -> f64 {
        let square = |deviation: &Vec<f64>| {
            let sum: f64 = deviation.iter().zip(values).map(|(a, b)| a * b).sum();
            sum * sum
        };
        block_error(
            self.deviations.iter().map(square).sum(),
            self.deviations.len(),
        )
    }
}

/// Means over blocks, those of each block weighing what it holds.
struct Means {
    gram: Vec<f64>,
    /// The diagonal of the Gram matrix: `E[|grad f|^2]`.
    squares: Vec<f64>,
    seconds: Vec<f64>,
    /// The temperature of the density of `x` for each pair of coordinates of second derivatives.
    temperatures: Vec<f64>,
}

/// A Gram matrix of terms of unit size that are independent, factored.
struct Factor {
    /// The terms, in the order of the matrix.
    active: Vec<usize>,
    /// One over the root mean square of the gradient of each term; 0 where it has none.
    scale: Vec<f64>,
    combinations: Vec<Combination>,
    cholesky: Cholesky,
}

/// A term that is a combination of others.
struct Combination {
    term: usize,
    /// The others and how much of each there is in it.
    of: Vec<(usize, f64)>,
}

impl Combination {
    /// Moves weights along the direction that changes nothing, to where those of the term and of
    /// the others differ least (in squares, from their mean).
    fn even(&self, weights: &mut [f64]) {
        let others = self.of.iter().map(|&(term, part)| (term, -part));
        let along: Vec<(usize, f64)> = others.chain([(self.term, 1.0)]).collect();
        let n = along.len() as f64;
        let mean = along.iter().map(|(_, step)| step).sum::<f64>() / n;
        let square: f64 = along.iter().map(|(_, step)| (step - mean).powi(2)).sum();
        if square <= 0.0 {
            return;
        }
        let apart: f64 = along
            .iter()
            .map(|&(term, step)| weights[term] * (step - mean))
            .sum();
        for (term, step) in along {
            weights[term] -= apart / square * step;
        }
    }
}

impl Terms {
    /// The weights: `A w = b` with `A_ij = E[grad f_i . grad f_j]` and `b_i = E[hess f_i] : T`. There
    /// is one temperature of the density of `x` for each block, `Tr((I + C) P M^-1)/2d`; momenta
    /// tell how it differs between directions. Errors are those of blocks, through the
    /// linearisation of the solution, that of the temperature included.
    ///
    /// # Errors
    /// See [`TermsError`].
    pub fn solve(&self, blocks: &[Block], temperatures: &[f64]) -> Result<Estimate, TermsError> {
        let used: Vec<(&Block, f64)> = blocks
            .iter()
            .zip(temperatures.iter().copied())
            .filter(|(block, kt)| block.samples > 0 && kt.is_finite())
            .collect();
        let means = means(&used, &self.pattern);
        let heat: f64 = means.temperatures[..self.dimension].iter().sum();
        if used.len() < 2 || heat <= 0.0 || !heat.is_finite() {
            return Err(TermsError::TooFewBlocks);
        }
        let factor = Factor::new(&self.pattern, &means)?;
        let side = self.pattern.contract(&means.seconds, &means.temperatures);
        let weights = factor.solve(&[side]).remove(0);
        let samples: u64 = used.iter().map(|(block, _)| block.samples).sum();
        let sides: Vec<Vec<f64>> = used
            .iter()
            .map(|(block, kt)| {
                let part = 1.0 / samples as f64;
                let pull = self.pattern.multiply(&block.gram, &weights);
                let push = self.pattern.contract(&block.seconds, &means.temperatures);
                let own = temperatures_of(block, *kt, self.dimension);
                let own = own.iter().zip(&means.temperatures);
                let hotter: Vec<f64> = own
                    .map(|(own, mean)| (own - mean) * block.samples as f64)
                    .collect();
                let hotter = self.pattern.contract(&means.seconds, &hotter);
                let terms = 0..weights.len();
                terms
                    .map(|i| part * (push[i] + hotter[i] - pull[i]))
                    .collect()
            })
            .collect();
        let mut estimate = Estimate {
            weights: Vec::new(),
            deviations: factor.solve(&sides),
            samples,
            skipped: used.iter().map(|(block, _)| block.skipped).sum(),
            evaluations: used.iter().map(|(block, _)| block.evaluations).sum(),
        };
        estimate.weights = self.judge(&estimate, &used, &means, &factor, &weights);
        Ok(estimate)
    }

    fn judge(
        &self,
        estimate: &Estimate,
        used: &[(&Block, f64)],
        means: &Means,
        factor: &Factor,
        weights: &[f64],
    ) -> Vec<Weight> {
        let n = used.len() as f64;
        let square = |vector: &[f64]| -> f64 {
            let pull = self.pattern.multiply(&means.gram, vector);
            vector.iter().zip(&pull).map(|(w, f)| w * f).sum()
        };
        let noise: f64 = estimate.deviations.iter().map(|dev| square(dev)).sum();
        let (all, noise) = (square(weights), noise * n / (n - 1.0));
        // Errors of weights add to the force of their sum; where they are all there is, no part of
        // it can be told.
        let force = if all > noise { all - noise } else { all };
        let one = |i: usize| {
            let squares = estimate
                .deviations
                .iter()
                .map(|deviation| deviation[i].powi(2));
            let (value, stderr) = (weights[i], block_error(squares.sum(), used.len()));
            let standing = factor.standing(i);
            let own = match factor.scale[i] > 0.0 {
                true => 1.0 / (factor.scale[i] * force.sqrt()),
                false => 0.0,
            };
            let kept = match (&standing, self.candidates) {
                (Standing::Flat, _) => None,
                (_, false) => kept(value, stderr),
                (_, true) => candidate_kept(value, stderr, own),
            };
            Weight {
                value,
                stderr,
                kept,
                standing,
                share: value.abs() * own,
                mixes: self.mixes(i, used, means),
            }
        };
        (0..weights.len()).map(one).collect()
    }

    /// Whether a term mixes scales: its wavenumber by the spread of its Laplacian against the
    /// square of its gradient, and how much of that gradient lasts for a step.
    fn mixes(&self, term: usize, used: &[(&Block, f64)], means: &Means) -> bool {
        let sum = |of: fn(&Block) -> &Vec<f64>| {
            used.iter().map(|(block, _)| of(block)[term]).sum::<f64>()
        };
        let samples: u64 = used.iter().map(|(block, _)| block.samples).sum();
        let diagonal = (self.pattern.first_entry[term]..self.pattern.first_entry[term + 1])
            .filter(|&entry| self.pattern.is_diagonal(entry));
        let mean: f64 = diagonal.map(|entry| means.seconds[entry]).sum();
        let spread = sum(|block| &block.squares) / samples as f64 - mean * mean;
        let gradient = means.squares[term];
        let lasting = sum(|block| &block.later) / sum(|block| &block.both);
        let moved: f64 = used.iter().map(|(block, _)| block.moved).sum();
        let looked: u64 = used.iter().map(|(block, _)| block.looked).sum();
        let length = moved / (looked as f64 * self.dimension as f64);
        mixes((spread / gradient * length).max(0.0).sqrt(), lasting)
    }
}

fn means(used: &[(&Block, f64)], pattern: &Pattern) -> Means {
    let samples: u64 = used.iter().map(|(block, _)| block.samples).sum();
    let per_sample = 1.0 / samples as f64;
    let total = |of: fn(&Block) -> &Vec<f64>| -> Vec<f64> {
        let mut sums = vec![0.0; used.first().map_or(0, |(block, _)| of(block).len())];
        for (block, _) in used {
            sums.iter_mut()
                .zip(of(block))
                .for_each(|(sum, part)| *sum += part);
        }
        sums.iter().map(|sum| sum * per_sample).collect()
    };
    let gram = total(|block| &block.gram);
    let mut temperatures = vec![0.0; pattern.momenta.len()];
    for (block, kt) in used {
        let own = temperatures_of(block, *kt, pattern.dimension());
        let part = block.samples as f64 * per_sample;
        temperatures
            .iter_mut()
            .zip(own)
            .for_each(|(sum, own)| *sum += part * own);
    }
    Means {
        squares: pattern.diagonal(&gram),
        gram,
        seconds: total(|block| &block.seconds),
        temperatures,
    }
}

/// The temperature of `x` in a block for each pair of coordinates: `Tr((I + C) P)/2d` is the
/// caller's, and what `P` has beyond its mean makes it a matrix. Where curvatures differ between
/// directions, steps of finite length heat the stiff ones, and with this matrix weights in a
/// harmonic well are exact for any step (as `E[x g^T] + E[g x^T] = (I + C) P`, which holds for
/// every V).
fn temperatures_of(block: &Block, kt: f64, dimension: usize) -> Vec<f64> {
    let heat: f64 = block.momenta[..dimension].iter().sum::<f64>() / dimension as f64;
    if heat > 0.0 {
        return block.momenta.iter().map(|p| kt * p / heat).collect();
    }
    let one = |at: usize| if at < dimension { kt } else { 0.0 };
    (0..block.momenta.len()).map(one).collect()
}

impl Factor {
    fn new(pattern: &Pattern, means: &Means) -> Result<Factor, TermsError> {
        let gram = &means.gram;
        let size = |square: &f64| {
            if *square > 0.0 {
                1.0 / square.sqrt()
            } else {
                0.0
            }
        };
        let scale: Vec<f64> = means.squares.iter().map(size).collect();
        let mut active = pattern.order();
        active.retain(|&term| scale[term] > 0.0);
        if active.is_empty() {
            return Err(TermsError::NoGradient);
        }
        let mut combinations = Vec::new();
        for _ in 0..MOST_COMBINATIONS {
            let matrix = matrix(pattern, gram, &scale, &active, ROUNDING)?;
            match matrix.cholesky() {
                Ok(_) => {
                    let matrix = self::matrix(pattern, gram, &scale, &active, 0.0)?;
                    let cholesky = matrix.cholesky().map_err(|_| TermsError::TooDependent)?;
                    return Ok(Factor {
                        active,
                        scale,
                        combinations,
                        cholesky,
                    });
                }
                Err(error) => {
                    let terms = &active[..=error.row];
                    combinations.push(combination(pattern, gram, &scale, terms)?);
                    active.remove(error.row);
                }
            }
        }
        Err(TermsError::TooDependent)
    }

    /// The solutions for some right sides, of all terms; 0 for those that are flat.
    fn solve(&self, sides: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let width = sides.len();
        let mut rows: Vec<f64> = Vec::with_capacity(self.active.len() * width);
        for &term in &self.active {
            rows.extend(sides.iter().map(|side| side[term] * self.scale[term]));
        }
        self.cholesky.solve_rows(&mut rows, width);
        let mut solutions = vec![vec![0.0; self.scale.len()]; width];
        for (&term, row) in self.active.iter().zip(rows.chunks_exact(width)) {
            for (solution, value) in solutions.iter_mut().zip(row) {
                solution[term] = value * self.scale[term];
            }
        }
        for combination in self.combinations.iter().rev() {
            solutions
                .iter_mut()
                .for_each(|solution| combination.even(solution));
        }
        solutions
    }

    fn standing(&self, term: usize) -> Standing {
        let own = self.combinations.iter().find(|found| found.term == term);
        match own {
            _ if self.scale[term] <= 0.0 => Standing::Flat,
            Some(own) => Standing::Combination(own.of.iter().map(|(other, _)| *other).collect()),
            None => Standing::Measured,
        }
    }
}

/// The Gram matrix of some terms, each of unit size, less a multiple of the identity.
fn matrix(
    pattern: &Pattern,
    gram: &[f64],
    scale: &[f64],
    active: &[usize],
    less: f64,
) -> Result<Banded, TermsError> {
    let mut place = vec![None; scale.len()];
    active
        .iter()
        .enumerate()
        .for_each(|(at, &term)| place[term] = Some(at));
    let entries = || {
        let pairs = pattern.pairs.iter().zip(gram);
        pairs.filter_map(|(&(i, j), entry)| {
            let (i, j) = (i as usize, j as usize);
            Some((place[i]?, place[j]?, entry * scale[i] * scale[j]))
        })
    };
    let width = entries().map(|(i, j, _)| i.abs_diff(j)).max().unwrap_or(0);
    if Banded::entries(active.len(), width) > MOST_ENTRIES {
        return Err(TermsError::TooCoupled);
    }
    let mut matrix = Banded::zero(active.len(), width);
    entries().for_each(|(i, j, entry)| matrix.add(i, j, entry));
    (0..active.len()).for_each(|i| matrix.add(i, i, -less));
    Ok(matrix)
}

/// The last of some terms as a combination of the others, which are independent.
fn combination(
    pattern: &Pattern,
    gram: &[f64],
    scale: &[f64],
    terms: &[usize],
) -> Result<Combination, TermsError> {
    let all = matrix(pattern, gram, scale, terms, 0.0)?;
    let (&term, others) = terms.split_last().ok_or(TermsError::TooDependent)?;
    let last = others.len();
    let side: Vec<f64> = (0..last).map(|at| all.get(at, last)).collect();
    let factor = matrix(pattern, gram, scale, others, 0.0)?.cholesky();
    let parts = factor.map_err(|_| TermsError::TooDependent)?.solve(&side);
    let named = others
        .iter()
        .zip(parts)
        .filter(|(_, part)| part.abs() > NAMED);
    let mut of: Vec<(usize, f64)> = named
        .map(|(&other, part)| (other, part * scale[other] / scale[term]))
        .collect();
    of.sort_unstable_by_key(|(other, _)| *other);
    Ok(Combination { term, of })
}
