//! The friction that nobody gave: hot enough for the barriers of V, and in several coordinates
//! `Gamma = Z/(2 T)`, which makes the density of the samples a Gibbs density (Li & Tao 2024, (2.7)).

use super::noise::{MeasuredNoise, NoiseSource, by_probe, by_stage1};
use super::sample::look_around;
use super::settings::{FRICTION, Matrix};
use super::{Hooks, Options, Potential, Progress, Settings};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Streams, Survey};
use nalgebra::DMatrix;

/// Coordinates in which friction is made a matrix.
const MOST_OF_MATRIX: usize = 64;
/// The temperature, in barriers.
const BARRIER: f64 = 0.25;
/// The least `gamma delta`: with less, momentum is kept for so long that samples are too few.
const LEAST_DECAY: f64 = 1e-5;
/// And the least `gamma delta` times the steps of the run, for the same reason.
const FEWEST_FORGOTTEN: f64 = 100.0;
/// A direction in which the noise is below this part of its mean is damped as if it were that.
const FLOOR: f64 = 0.05;
/// Standard errors that one entry may be off from what a simpler matrix has there; of many the
/// largest is expected to be off by more.
const DOUBT: f64 = 2.5;
/// Coordinates of a matrix whose entries are all taken as they are, if any of them is off.
const FEW: usize = 3;
/// Random numbers for the first guess of a temperature, and for the barrier.
const KICK_STREAM: u64 = 1 << 41;

/// Settings with a friction, and what was seen on the way.
pub(super) struct Calibrated {
    pub settings: Settings,
    pub survey: Option<Survey>,
    pub noise: Option<MeasuredNoise>,
}

/// Chooses the friction where `options` give none, and measures the noise where that needs no run;
/// `settings` are the options resolved.
///
/// # Errors
/// Stage 1 was asked for and has no result.
pub(super) fn calibrate(
    options: &Options,
    settings: Settings,
    potential: &Potential,
    hooks: &Hooks<'_>,
) -> Result<Calibrated, Diagnostic> {
    (hooks.progress)(Progress {
        stage: "looking around",
        done: 0.0,
    });
    let open = options.gamma.is_none() && options.friction.is_none();
    if !open && settings.noise == NoiseSource::Residual {
        return Ok(Calibrated {
            settings,
            survey: None,
            noise: None,
        });
    }
    let survey = look_around(potential, &settings);
    let d = potential.model.dimension();
    let values = |x: &[f64], out: &mut [f64]| potential.values(x, out);
    let mut stream = Streams::new(settings.seed).stream(KICK_STREAM + 1);
    let barrier = match open {
        true => survey.barrier(&mut stream, values),
        false => None,
    };
    let wanted = open && (d > 1 || barrier.is_some());
    let mut noise = None;
    let mut kt = kick(potential, &settings, &survey);
    if !survey.empty && (wanted || settings.noise != NoiseSource::Residual) {
        // The places depend on the temperature, and it on the noise there.
        for _ in 0..2 {
            noise = by_probe(potential, &settings, &survey, kt);
            if let Some(noise) = &noise {
                kt = temperature(noise, barrier, &settings);
            }
        }
    }
    if settings.noise == NoiseSource::Stage1 {
        noise = Some(by_stage1(potential, &settings, &survey, kt, hooks)?);
    }
    let settings = match &noise {
        Some(noise) if open => with_friction(options, settings, potential, noise, barrier),
        _ => settings,
    };
    Ok(Calibrated {
        settings,
        survey: Some(survey),
        noise,
    })
}

/// A temperature from one step at rest.
fn kick(potential: &Potential, settings: &Settings, survey: &Survey) -> f64 {
    kick_of(potential, settings, survey, settings.delta)
}

fn kick_of(potential: &Potential, settings: &Settings, survey: &Survey, delta: f64) -> f64 {
    let mut stream = Streams::new(settings.seed).stream(KICK_STREAM);
    let slopes = |x: &[f64], out: &mut [f64]| potential.gradients(x, out);
    survey.kick(delta, &mut stream, slopes)
}

/// The temperature that the force of the small scales makes against the friction, `delta s2/(2
/// gamma)`, where a step would diverge: from a shorter one, a `part` of it. Infinite where that tells
/// nothing.
pub(super) fn driven(
    potential: &Potential,
    settings: &Settings,
    survey: &Survey,
    part: f64,
) -> f64 {
    let delta = part * settings.delta;
    let s2 = kick_of(potential, settings, survey, delta) / (delta * delta);
    let kt = settings.delta * s2 / (2.0 * settings.damping.slowest());
    if kt.is_normal() { kt } else { f64::INFINITY }
}

/// The temperature to learn at: that of the usual friction, or hotter where a barrier asks for it.
fn temperature(noise: &MeasuredNoise, barrier: Option<f64>, settings: &Settings) -> f64 {
    let at = |gamma: f64| noise.mean() / (2.0 * gamma);
    let enough = FEWEST_FORGOTTEN / settings.steps as f64;
    let hottest = at(LEAST_DECAY.max(enough) / settings.delta);
    let wanted = BARRIER * barrier.unwrap_or(0.0);
    at(settings.gamma).max(wanted.min(hottest))
}

/// The settings with a friction for that noise.
fn with_friction(
    options: &Options,
    settings: Settings,
    potential: &Potential,
    noise: &MeasuredNoise,
    barrier: Option<f64>,
) -> Settings {
    let kt = temperature(noise, barrier, &settings);
    let gamma = noise.mean() / (2.0 * kt);
    // A number that can be read is as good as any near it.
    let gamma = match (gamma / FRICTION - 1.0).abs() < 1e-9 {
        true => FRICTION,
        false => short(gamma),
    };
    let mut chosen = options.clone();
    match matching(noise, kt) {
        Some(rows) => chosen.friction = Some(rows),
        None if gamma == FRICTION => return settings,
        None => chosen.gamma = Some(gamma),
    }
    match chosen.resolve(&potential.model.coordinates) {
        Ok(resolved) => Settings {
            chosen: true,
            ..resolved
        },
        // It damps by its making; and 0.1 does in any case.
        Err(_) => settings,
    }
}

/// `Z/(2 kT)` by rows, as simple as the errors of Z allow; `None` where that is a number.
fn matching(noise: &MeasuredNoise, kt: f64) -> Option<Matrix> {
    let d = noise.z.len().isqrt();
    if !(2..=MOST_OF_MATRIX).contains(&d) {
        return None;
    }
    let mean = noise.mean();
    let entries = (d * (d + 1) / 2) as f64;
    let doubt = DOUBT + (2.0 * entries.ln()).sqrt();
    let off =
        |at: usize, expected: f64| (noise.z[at] - expected).abs() > doubt * noise.z_stderr[at];
    let is_diagonal = |at: &usize| at.is_multiple_of(d + 1);
    let leans = (0..d * d)
        .filter(|at| !is_diagonal(at))
        .any(|at| off(at, 0.0));
    let uneven = (0..d * d).step_by(d + 1).any(|at| off(at, mean));
    if !leans && !uneven {
        return None;
    }
    let entry = |i: usize, j: usize| {
        let z = 0.5 * (noise.z[i * d + j] + noise.z[j * d + i]);
        match i == j {
            true if uneven || d <= FEW => z,
            true => mean,
            // Of many entries those that are not seen are noise, and would mix everything.
            false if leans && (d <= FEW || off(i * d + j, 0.0)) => z,
            false => 0.0,
        }
    };
    // Where no noise drives a momentum any friction will do, but none will not.
    let mut modes = DMatrix::from_fn(d, d, entry).symmetric_eigen();
    modes
        .eigenvalues
        .apply(|z| *z = z.max(FLOOR * mean) / (2.0 * kt));
    let friction = modes.recompose();
    let row = |i: usize| {
        let entry = |j: usize| match i == j || leans {
            true => match friction[(i.min(j), i.max(j))] {
                // Rounding.
                entry if entry.abs() < 1e-9 * friction[(i, i)] => 0.0,
                entry => short(entry),
            },
            false => 0.0,
        };
        (0..d).map(entry).collect()
    };
    Some((0..d).map(row).collect())
}

/// A number to four significant digits.
fn short(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(z: [f64; 4], error: f64) -> MeasuredNoise {
        MeasuredNoise {
            source: NoiseSource::Probe,
            z: z.to_vec(),
            z_stderr: vec![error; 4],
        }
    }

    #[test]
    fn friction_is_as_simple_as_the_noise() {
        let alike = noise([0.1, 0.001, 0.001, 0.101], 0.001);
        assert_eq!(matching(&alike, 1.0), None);
        let upright = noise([0.1, 0.001, 0.001, 0.05], 0.001);
        assert_eq!(
            matching(&upright, 0.5),
            Some(vec![vec![0.1, 0.0], vec![0.0, 0.05]])
        );
        let leaning = noise([0.1, 0.05, 0.05, 0.05], 0.001);
        assert_eq!(
            matching(&leaning, 1.0),
            Some(vec![vec![0.05, 0.025], vec![0.025, 0.025]])
        );
        // Without noise along y: a twentieth of the mean.
        let one = noise([0.1, 0.0, 0.0, 0.0], 1e-9);
        assert_eq!(
            matching(&one, 1.0),
            Some(vec![vec![0.05, 0.0], vec![0.0, 0.00125]])
        );
        assert_eq!(
            matching(&noise([0.1; 4], 0.001), f64::INFINITY).map(|m| m.len()),
            Some(2)
        );
    }
}
