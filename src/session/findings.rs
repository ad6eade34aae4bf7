//! What the samples of a run show of their equilibrium, in numbers.

use super::heat::calibration;
use super::sample::Sample;
use super::{Potential, Settings};
use crate::diagnostic::Diagnostic;
use crate::kernel::LANES;
use crate::learn::collect::{Block, LaneSums};
use crate::learn::scale;
use crate::report::calibration::Calibration;
use crate::report::result::{Equilibrium, Verdict};
use crate::stats::{Histogram, Moments, block_error, ks_histogram, split_r_hat};

/// The checks of a run.
#[derive(Clone, Debug)]
pub struct Findings {
    /// What the result records.
    pub equilibrium: Equilibrium,
    /// What is to be said, worst first.
    pub diagnostics: Vec<Diagnostic>,
    /// `E[p p^T]` with its standard errors (shape: coordinates, coordinates); NaN without samples.
    pub momenta: Vec<f64>,
    /// Standard errors of it.
    pub momenta_stderr: Vec<f64>,
    /// The temperature of the density of `x`, `Tr((I + C) P M^-1)/(2 d)`.
    pub temperature: f64,
    /// Its standard error.
    pub temperature_stderr: f64,
    /// How unequally hot the momenta are, in several coordinates.
    pub calibration: Option<Calibration>,
}

impl Findings {
    /// The mean over coordinates of `E[p^2]`.
    pub fn momentum_variance(&self) -> f64 {
        let d = self.momenta.len().isqrt();
        self.momenta.iter().step_by(d + 1).sum::<f64>() / d as f64
    }
}

/// A mean over blocks and its standard error, blocks weighing what they hold.
pub(super) fn mean(blocks: &[Block], of: impl Fn(&Block) -> f64) -> (f64, f64) {
    let parts: Vec<(f64, f64)> = blocks
        .iter()
        .map(|block| (block.samples(), block))
        .filter(|(samples, _)| *samples > 0.0)
        .map(|(samples, block)| (samples, of(block)))
        .collect();
    let weight: f64 = parts.iter().map(|(w, _)| w).sum();
    let mean = parts.iter().map(|(w, y)| w * y).sum::<f64>() / weight;
    let spread: f64 = parts
        .iter()
        .map(|(w, y)| (w / weight * (y - mean)).powi(2))
        .sum();
    (mean, block_error(spread, parts.len()))
}

/// `E[x.g(x)]` over the coordinates that do not wrap.
pub(super) fn virial(block: &Block) -> f64 {
    (0..block.dimension())
        .map(|c| block.total(c).mean_virial())
        .sum()
}

/// What [`virial`] must be: `Tr((I + C) P M^-1)/2`, or the part of it that belongs to the
/// coordinates that do not wrap. `None` where the map has no such identity: all wrap, or some do
/// and friction mixes them with the others.
fn expected_virial(p: &[f64], sides: &[bool], settings: &Settings) -> Option<f64> {
    let damping = &settings.damping;
    if !sides.iter().any(|periodic| *periodic) {
        return Some(damping.virial(p));
    }
    let d = sides.len();
    let plain = (0..d).filter(|c| !sides[*c]);
    let part = plain.map(|c| 0.5 * (1.0 + damping.decay(c, c)) * p[c * d + c]);
    let sum: f64 = part.sum();
    (damping.is_scalar() && sum > 0.0).then_some(sum)
}

/// Whether the map has such an identity for this potential.
pub(super) fn virial_is_due(p: &[f64], potential: &Potential, settings: &Settings) -> bool {
    expected_virial(p, &periodic(potential), settings).is_some()
}

/// One coordinate of the lanes of all blocks, each in two halves of time.
pub(super) fn halves(sample: &Sample, coordinate: usize) -> Vec<LaneSums> {
    let groups = sample.groups;
    let segments = sample.blocks.len() / groups.max(1);
    let mut sums = vec![[LaneSums::default(); 2]; groups * LANES];
    for (at, block) in sample.blocks.iter().enumerate() {
        let (segment, group) = (at / groups, at % groups);
        let half = usize::from(2 * segment >= segments);
        let lanes = block.lanes.iter().skip(coordinate * LANES).take(LANES);
        for (lane, lane_sums) in lanes.enumerate() {
            sums[group * LANES + lane][half].merge(lane_sums);
        }
    }
    sums.into_iter().flatten().collect()
}

/// `E[p p^T]` and its standard errors. Shapes: coordinates, coordinates.
fn second_moments(blocks: &[Block], d: usize) -> (Vec<f64>, Vec<f64>) {
    // Made anew each time they are looked at: of many coordinates each takes megabytes.
    let held = || blocks.iter().filter(|block| block.samples() > 0.0);
    let moments = || held().map(|block| (block.samples(), block.momentum_moments()));
    let weight: f64 = held().map(Block::samples).sum();
    let count = held().count();
    let (mut means, mut errors) = (vec![0.0; d * d], vec![0.0; d * d]);
    for (w, p) in moments() {
        means
            .iter_mut()
            .zip(p)
            .for_each(|(m, p)| *m += w * p / weight);
    }
    for (w, p) in moments() {
        let off = errors.iter_mut().zip(p).zip(&means);
        off.for_each(|((e, p), m)| *e += (w / weight * (p - m)).powi(2));
    }
    errors.iter_mut().for_each(|e| *e = block_error(*e, count));
    if count == 0 {
        means.fill(f64::NAN);
    }
    (means, errors)
}

/// Measures a run; nothing is judged yet.
pub(super) fn findings(sample: &Sample, potential: &Potential, settings: &Settings) -> Findings {
    let d = potential.model.dimension();
    let (momenta, momenta_stderr) = second_moments(&sample.blocks, d);
    let (temperature, temperature_stderr) = mean(&sample.blocks, |block| {
        settings.damping.virial(&block.momentum_moments()) / d as f64
    });
    let mut findings = Findings {
        equilibrium: Equilibrium {
            verdict: Verdict::Trusted,
            trapped: sample.census.trapped,
            restarts: sample.census.restarts,
            diverged: sample.census.diverged,
            ..Equilibrium::default()
        },
        diagnostics: Vec::new(),
        momenta,
        momenta_stderr,
        temperature,
        temperature_stderr,
        calibration: calibration(&sample.blocks, settings),
    };
    if sample.blocks.iter().any(|block| block.samples() > 0.0) {
        statistics(&mut findings, sample, potential, settings);
    }
    findings
}

/// Of two numbers the one that is further from what is good.
fn worse(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.abs() > a.abs() { b } else { a }),
        (a, b) => a.or(b),
    }
}

fn statistics(
    findings: &mut Findings,
    sample: &Sample,
    potential: &Potential,
    settings: &Settings,
) {
    let d = potential.model.dimension();
    let samples: f64 = sample.blocks.iter().map(Block::samples).sum();
    let equilibrium = &mut findings.equilibrium;
    for c in 0..d {
        let halves = halves(sample, c);
        let positions: Vec<Moments> = halves.iter().map(LaneSums::position).collect();
        let kinetic: Vec<Moments> = halves.iter().map(LaneSums::kinetic).collect();
        equilibrium.r_hat = [split_r_hat(&positions), split_r_hat(&kinetic)]
            .into_iter()
            .flatten()
            .chain(equilibrium.r_hat)
            .max_by(f64::total_cmp);
        let mut total = LaneSums::default();
        sample.blocks.iter().for_each(|b| total.merge(&b.total(c)));
        let (skewness, excess_kurtosis) = total.shape();
        let mut momenta: Option<Histogram> = None;
        for histogram in sample.blocks.iter().filter_map(|b| b.momenta.get(c)) {
            match &mut momenta {
                None => momenta = Some(histogram.clone()),
                // Blocks of one plan have one grid.
                Some(all) => drop(all.merge(histogram)),
            }
        }
        let p = findings.momenta[c * d + c];
        let normality = &mut equilibrium.normality;
        normality.skewness = worse(normality.skewness, Some(skewness));
        // What is too large is the bad sign; a bounded force makes it negative.
        if normality
            .excess_kurtosis
            .is_none_or(|known| known < excess_kurtosis)
        {
            let (_, stderr) = mean(&sample.blocks, |block| block.total(c).shape().1);
            normality.excess_kurtosis = Some(excess_kurtosis);
            normality.excess_kurtosis_stderr = Some(stderr);
        }
        let ks = momenta.and_then(|histogram| ks_histogram(&histogram, 0.0, p));
        normality.ks = worse(normality.ks, ks);
    }
    equilibrium.effective_samples = Some(scale::independent_samples(
        samples,
        settings.delta,
        settings.damping.slowest(),
    ));
    let periodic = periodic(potential);
    if let Some(expected) = expected_virial(&findings.momenta, &periodic, settings) {
        // Both sides fluctuate together; what is left is their difference.
        let (off, stderr) = mean(&sample.blocks, |block| {
            let due = expected_virial(&block.momentum_moments(), &periodic, settings);
            virial(block) - due.unwrap_or(f64::NAN)
        });
        equilibrium.virial = Some(1.0 + off / expected);
        equilibrium.virial_stderr = Some(stderr / expected);
    }
}

/// Which coordinates wrap.
pub(super) fn periodic(potential: &Potential) -> Vec<bool> {
    let coordinates = potential.model.coordinates.iter();
    coordinates.map(|c| c.period.is_some()).collect()
}
