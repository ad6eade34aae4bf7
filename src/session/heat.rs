//! Whether the momenta are equally hot in all directions, which friction that matches the noise
//! makes them (Li & Tao 2024, (2.7)): only then is the density of the samples a Gibbs density.

use super::distortions::too_stiff;
use super::findings::Findings;
use super::noise::MeasuredNoise;
use super::results::Learned;
use super::{Estimator, Settings};
use crate::diagnostic::Diagnostic;
use crate::learn::collect::{Block, MOST_PRODUCTS};
use crate::learn::noise::Correlation;
use crate::report::calibration::{Calibration, CalibrationState};
use crate::report::number::significant;
use crate::report::result::Verdict;
use crate::stats::length_of_mean;
use nalgebra::DMatrix;

/// How unequally hot momenta may be, as the root mean square over directions relative to the mean.
const UNEQUAL: f64 = 0.02;
/// Rows of a matrix that a person may copy, at most.
const READABLE: usize = 3;
/// Lag-1 correlations beyond so many errors count.
const DOUBT: f64 = 4.0;

/// The blocks that hold samples.
fn some(blocks: &[Block]) -> impl Iterator<Item = &Block> {
    blocks.iter().filter(|block| block.samples() > 0.0)
}

/// How unequally hot the momenta of the blocks are; `None` in one coordinate, or without blocks
/// enough for an error.
///
/// With `M^-1 = R R^T` the matrix `R^T P R` is a multiple of the identity where P is one of M. Of
/// each block its trace-free part, over the mean temperature, is a vector whose mean vanishes then.
pub(super) fn calibration(blocks: &[Block], settings: &Settings) -> Option<Calibration> {
    let damping = &settings.damping;
    let d = damping.dimension();
    if d < 2 {
        return None;
    }
    // Diagonals, and what lies above them where it is known.
    let evened: Vec<(f64, Vec<f64>, Vec<f64>)> = match d > MOST_PRODUCTS {
        true => some(blocks)
            .map(|block| {
                let p = block.momentum_moments();
                let heat = |i: usize| p[i * d + i] * damping.inverse_mass(i, i);
                (block.samples(), (0..d).map(heat).collect(), Vec::new())
            })
            .collect(),
        false => {
            let inverse = DMatrix::from_fn(d, d, |i, j| damping.inverse_mass(i, j));
            let root = inverse.cholesky()?.l();
            some(blocks)
                .map(|block| {
                    let p = DMatrix::from_row_slice(d, d, &block.momentum_moments());
                    let p = root.transpose() * p * &root;
                    let above = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
                    let above = above.map(|at| p[at]).collect();
                    (block.samples(), p.diagonal().as_slice().to_vec(), above)
                })
                .collect()
        }
    };
    let mean = |diagonal: &[f64]| diagonal.iter().sum::<f64>() / d as f64;
    let weight: f64 = evened.iter().map(|(w, ..)| w).sum();
    let heat: f64 = evened.iter().map(|(w, p, _)| w / weight * mean(p)).sum();
    let scale = 1.0 / (heat * (d as f64).sqrt());
    let vectors: Vec<(f64, Vec<f64>)> = evened
        .into_iter()
        .map(|(w, diagonal, above)| {
            let own = mean(&diagonal);
            let along = diagonal.iter().map(|p| scale * (p - own));
            let across = above.iter().map(|p| scale * std::f64::consts::SQRT_2 * p);
            (w, along.chain(across).collect())
        })
        .collect();
    let found = length_of_mean(&vectors)?;
    Some(Calibration {
        state: if found.lo > UNEQUAL {
            CalibrationState::NotCalibrated
        } else if found.hi > UNEQUAL {
            CalibrationState::Undetermined
        } else {
            CalibrationState::Calibrated
        },
        anisotropy: found.estimate,
        interval: [found.lo, found.hi],
    })
}

/// Says so where friction does not match the noise.
pub(super) fn judge_heat(learned: &Learned<'_>, findings: &mut Findings) {
    let Some(calibration) = &findings.calibration else {
        return;
    };
    if calibration.state != CalibrationState::NotCalibrated {
        return;
    }
    let [lo, hi] = calibration.interval.map(|x| significant(100.0 * x, 2));
    let message = format!(
        "the momenta are not equally hot in all directions: their temperatures are apart by {lo} to {hi} %"
    );
    let problem = match findings.equilibrium.verdict {
        Verdict::Trusted => {
            findings.equilibrium.verdict = Verdict::NotCalibrated;
            Diagnostic::error("not-calibrated", message)
        }
        _ => Diagnostic::warning("not-calibrated", message),
    };
    let from_density = [Estimator::Density, Estimator::Paper, Estimator::Terms];
    let mut asked = learned.settings().estimators.iter();
    let consequence = match asked.any(|e| from_density.contains(e)) {
        true => "`density`, `paper` and `terms` are wrong by as much, `value` and `force` are not",
        false => "U is right all the same, but its samples are not those of a Gibbs density",
    };
    let help = match suggested(learned, findings) {
        // A harmonic well of frequency w heats momenta by 1/(1 - h/(2 (1 + c))), h = (delta w)^2.
        _ if let Some(h) = too_stiff(learned) => format!(
            "a smaller --delta, as far as `scan` finds a window: a step sees delta^2 U'' = {} of the large scales where they are stiffest, and above 0.3 that heats stiff directions more, whatever the friction; {consequence}",
            significant(h, 2)
        ),
        Some(rows) => {
            format!("friction that matches the noise: --friction '{rows}'; {consequence}")
        }
        None if let Some(name) = without_noise(learned) => format!(
            "{name} has no small scale of its own to drive its momentum, and no friction makes up for that: a small wave along it would; {consequence}"
        ),
        None => format!(
            "a smaller --delta, where directions differ in curvature (long steps heat the stiff ones more); without --gamma and --friction, friction is matched to the noise; {consequence}"
        ),
    };
    findings.diagnostics.push(problem.help(help));
}

/// The name of a coordinate with next to no noise, if there is one.
fn without_noise<'a>(learned: &'a Learned<'_>) -> Option<&'a str> {
    const NONE: f64 = 0.01;
    let z = covariance(learned)?;
    let d = learned.settings().damping.dimension();
    let most = z.iter().step_by(d + 1).copied().fold(0.0, f64::max);
    let least = z.iter().step_by(d + 1).position(|z| *z < NONE * most)?;
    Some(&learned.setup.potential.model.coordinates[least].name)
}

/// `Z/(2 kT)` at the temperature of this run, as the command line takes it.
fn suggested(learned: &Learned<'_>, findings: &Findings) -> Option<String> {
    let settings = learned.settings();
    let d = settings.damping.dimension();
    if d > READABLE {
        return None;
    }
    let z = covariance(learned)?;
    // What would not damp is no advice.
    DMatrix::from_row_slice(d, d, &z).cholesky()?;
    let row = |row: &[f64]| {
        let scale = 0.5 / findings.temperature;
        let row: Vec<String> = row.iter().map(|z| significant(scale * z, 3)).collect();
        format!("[{}]", row.join(","))
    };
    let rows: Vec<String> = z.chunks_exact(d).map(row).collect();
    Some(format!("[{}]", rows.join(",")))
}

/// The best that is known of Z: over lags where these matter.
fn covariance(learned: &Learned<'_>) -> Option<Vec<f64>> {
    let matters = |c: &&Correlation| c.lag1.abs() > DOUBT * c.lag1_stderr;
    if let Some(lags) = learned.lags.as_ref().filter(matters) {
        return Some(lags.z.clone());
    }
    let delta = learned.settings().delta;
    let residual = learned.force.as_ref().map(|force| {
        let s = force.covariance.iter();
        s.map(|s| delta * s).collect()
    });
    let measured = |noise: &MeasuredNoise| noise.z.clone();
    residual.or_else(|| learned.setup.noise.as_ref().map(measured))
}
