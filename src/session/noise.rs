//! The covariance of the unresolved force, measured as was asked for, and how it is correlated.

use super::form::Form;
use super::results::Learned;
use super::sample::{STARTS_STREAM, draw, sides};
use super::verdict::place;
use super::{Hooks, Potential, Settings};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{DampedMap, Damping, Ensemble, Side, Stream, Streams, Survey};
use crate::kernel::LANES;
use crate::learn::noise::{Correlation, LAGS, Lags, correlation};
use crate::learn::probe::{probe, radius};
use crate::learn::stage1::{Calibration, Stage1, Stage1Error, stage1};
use crate::report::number::significant;
use nalgebra::DMatrix;

/// A way to measure the covariance of the noise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoiseSource {
    /// What the fit of the forces leaves over, in the run itself.
    Residual,
    /// Differences of the gradient, without dynamics.
    Probe,
    /// Runs with different masses, stage 1 of Li & Tao 2024.
    Stage1,
}

impl NoiseSource {
    /// All of them.
    pub const ALL: [NoiseSource; 3] = [
        NoiseSource::Residual,
        NoiseSource::Probe,
        NoiseSource::Stage1,
    ];

    /// Its name on the command line and in results.
    pub fn name(self) -> &'static str {
        match self {
            NoiseSource::Residual => "residual",
            NoiseSource::Probe => "probe",
            NoiseSource::Stage1 => "stage1",
        }
    }

    /// The way of that name.
    pub fn named(name: &str) -> Option<NoiseSource> {
        NoiseSource::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// The covariance of the noise with its errors.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct MeasuredNoise {
    pub source: NoiseSource,
    /// `Z = delta S`. Shape: coordinates, coordinates.
    pub z: Vec<f64>,
    /// Its standard errors.
    pub z_stderr: Vec<f64>,
}

impl MeasuredNoise {
    /// The mean of the diagonal.
    pub fn mean(&self) -> f64 {
        let d = self.z.len().isqrt();
        self.z.iter().step_by(d + 1).sum::<f64>() / d as f64
    }
}

/// Streams of random numbers of the probe and of stage 1.
const PROBE_STREAM: u64 = STARTS_STREAM + 1;
const STAGE1_SEED: u64 = 0x9e37_79b9;
/// Displacements of a probe: in several coordinates, where friction is made of it, 0.5 % of S.
const DISPLACEMENTS: [usize; 2] = [1 << 14, 1 << 16];
/// Displaced coordinates at most: those of each displacement count.
const MOST_DISPLACED: usize = 1 << 20;
/// How far from the places of a pool displacements begin, in radii.
const SCATTER: f64 = 4.0;
/// Coordinates in which products over lags are few enough.
const MOST_OF_LAGS: usize = 64;
/// Coordinates in which stage 1 needs few enough runs.
const MOST_OF_STAGE1: usize = 16;
/// Steps of all lanes in each run of stage 1, at most.
const STAGE1_STEPS: u64 = 10_000_000;
/// Samples of the stretch in which lags are looked at.
const LAGGED: usize = 200_000;
/// Products of components in it, about.
const LAGGED_PRODUCTS: usize = 1 << 28;
/// Parts of it, so that a window takes little memory.
const LAG_STRETCHES: usize = 8;

/// Places that a run at temperature `kt` visits (shape: points, coordinates).
fn places(potential: &Potential, settings: &Settings, survey: &Survey, kt: f64) -> Vec<f64> {
    let mut stream: Stream = Streams::new(settings.seed).stream(PROBE_STREAM);
    let values = |x: &[f64], out: &mut [f64]| potential.values(x, out);
    survey.starts(kt, &mut stream, values)
}

/// By a probe at a temperature; `None` where no scale is left unresolved.
pub(super) fn by_probe(
    potential: &Potential,
    settings: &Settings,
    survey: &Survey,
    kt: f64,
) -> Option<MeasuredNoise> {
    let d = potential.model.dimension();
    let points = places(potential, settings, survey, kt);
    let mut stream = Streams::new(settings.seed).stream(PROBE_STREAM + 1);
    let slopes = |x: &[f64], out: &mut [f64]| potential.gradients(x, out);
    // With a mass it is `delta^2/m` that tells chaos.
    let inverse: f64 = (0..d).map(|c| settings.damping.inverse_mass(c, c)).sum();
    let step = settings.delta * (inverse / d as f64).sqrt();
    let r = radius(&points, d, step, &mut stream, &slopes)?;
    let count = DISPLACEMENTS[usize::from((2..=3).contains(&d))].min(MOST_DISPLACED / d);
    // Every displacement begins at a place of its own, where the unresolved force is another.
    let pool = points.len() / d;
    let scattered: Vec<f64> = (0..count * d)
        .map(|at| points[at % (pool * d)] + SCATTER * r * stream.normal())
        .collect();
    let found = probe(&scattered, d, r, count, &mut stream, &slopes)?;
    let times = |s: &[f64]| s.iter().map(|s| settings.delta * s).collect();
    Some(MeasuredNoise {
        source: NoiseSource::Probe,
        z: times(&found.covariance),
        z_stderr: times(&found.covariance_stderr),
    })
}

/// By stage 1, at the friction that the settings have.
pub(super) fn by_stage1(
    potential: &Potential,
    settings: &Settings,
    survey: &Survey,
    kt: f64,
    hooks: &Hooks<'_>,
) -> Result<MeasuredNoise, Diagnostic> {
    let d = potential.model.dimension();
    if d > MOST_OF_STAGE1 {
        let message = format!(
            "stage 1 would need {} runs for {d} coordinates",
            d * (d + 1) / 2
        );
        return Err(Diagnostic::error("stage1-too-many", message)
            .help("`--noise probe` needs none; stage 1 works in 16 coordinates at most"));
    }
    let pool = match &settings.start {
        Some(start) => start.clone(),
        None => places(potential, settings, survey, kt),
    };
    // Well beyond the wells; a period has no end, and a domain its own.
    let hull = survey.hull(kt);
    let far = |c: usize| match &hull {
        Some(hull) => {
            let (lo, hi) = (hull[c].lo, hull[c].hi);
            Side::plain(lo - 4.0 * (hi - lo), hi + 4.0 * (hi - lo))
        }
        None => Side::plain(-1e300, 1e300),
    };
    let own = sides(potential, settings).into_iter().enumerate();
    let sides: Vec<Side> = own.map(|(c, own)| own.unwrap_or_else(|| far(c))).collect();
    let identity = DMatrix::identity(d, d);
    let not_made = |problem: &dyn std::fmt::Display| {
        Diagnostic::error("stage1-failed", format!("stage 1 has no result: {problem}"))
    };
    let damping = Damping::matrix(d, settings.delta, &identity, &identity);
    let damping = damping.map_err(|problem| not_made(&problem))?;
    let map = potential.map(damping);
    let mut map = map.map_err(|problem| not_made(&problem))?;
    let groups = settings.trajectories / LANES;
    let how = Stage1 {
        delta: settings.delta,
        gamma: settings.gamma,
        groups,
        steps: (settings.steps.min(STAGE1_STEPS) / settings.trajectories as u64).max(1) as usize,
        starts: &draw(&pool, d),
        kt,
        sides: &sides,
        streams: Streams::new(settings.seed ^ STAGE1_SEED),
        cancelled: hooks.cancelled,
    };
    match stage1(&mut map, &how) {
        Ok(Calibration { z, z_stderr, .. }) => Ok(MeasuredNoise {
            source: NoiseSource::Stage1,
            z,
            z_stderr,
        }),
        Err(error) => Err(stage1_failed(&error, settings)),
    }
}

fn stage1_failed(error: &Stage1Error, settings: &Settings) -> Diagnostic {
    let instead = "`--noise probe` and `--noise residual` need no other masses";
    match error {
        Stage1Error::Diverged {
            inverse_mass,
            first,
        } => {
            let rows: Vec<String> = inverse_mass.iter().map(|row| place(row, 3)).collect();
            let when = first
                .as_ref()
                .map_or(String::new(), |first| format!(" (first at step {})", first.step));
            Diagnostic::error(
                "stage1-diverged",
                format!(
                    "stage 1 diverges: with the inverse mass [{}] delta {} is too large for the large scales of this potential{when}",
                    rows.join(", "),
                    significant(settings.delta, 6)
                ),
            )
            .help(format!("a smaller --delta; {instead}"))
        }
        Stage1Error::NotPositive { least } => Diagnostic::error(
            "stage1-not-positive",
            format!(
                "stage 1 finds a covariance of the noise that is not positive definite: its least eigenvalue is {}",
                significant(*least, 3)
            ),
        )
        .help(format!("more --steps, or a smaller --delta; {instead}")),
        other => Diagnostic::error("stage1-failed", format!("stage 1 has no result: {other}")),
    }
}

/// How the unresolved force is correlated from step to step: the lanes of a finished run go on for
/// a short while, and the slope of U is taken off their forces.
pub(super) fn over_lags(
    mut ensemble: Ensemble,
    map: &DampedMap,
    learned: &Learned<'_>,
    hooks: &Hooks<'_>,
) -> Option<Correlation> {
    if map.dimension() > MOST_OF_LAGS {
        return None;
    }
    let fitted = learned.force.as_ref();
    let form = match fitted {
        Some(force) => Form::Spline(force.fit.spline.clone()),
        None => learned.primary()?.form.clone(),
    };
    let slopes = |x: &[f64], out: &mut [f64]| out.copy_from_slice(&form.slopes(x));
    let (groups, lanes) = (ensemble.groups(), ensemble.groups() * LANES);
    // What waits has been seen.
    ensemble.finish(map, &mut vec![(); groups]);
    let mut observers: Vec<Lags<'_>> = (0..groups).map(|_| Lags::new(&slopes, LAGS)).collect();
    let d = map.dimension();
    let samples = LAGGED.min(LAGGED_PRODUCTS / (LAGS * d * d));
    let windows = [samples.div_ceil(lanes * LAG_STRETCHES).max(4 * LAGS)];
    let ends = &learned.sample.ends;
    let starts = |stream: &mut Stream, point: &mut [f64]| {
        let lane = stream.below(lanes);
        let along = point.iter_mut().enumerate();
        along.for_each(|(c, x)| *x = ends[c * lanes + lane]);
    };
    for stretch in 0..LAG_STRETCHES {
        let cancelled = hooks.cancelled;
        if !ensemble.advance(map, &windows, stretch, &starts, &mut observers, cancelled) {
            return None;
        }
    }
    ensemble.finish(map, &mut observers);
    correlation(&observers, map.damping().delta())
}
