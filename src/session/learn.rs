//! The main job: from a program and its options to a learned potential with its verdict.

use std::sync::atomic::Ordering;

use super::components::components;
use super::estimate::{OnBins, fit_of, force_fit};
use super::estimates::make_estimates;
use super::findings::{Findings, findings};
use super::heat::judge_heat;
use super::job::{Origin, Setup, one};
use super::kinks::kink;
use super::noise::over_lags;
use super::pilot::Pilot;
use super::results::{self, Learned};
use super::room::SampleError;
use super::sample::sample;
use super::seams::seam;
use super::shortfalls::judge_estimate;
use super::sites::Sites;
use super::verdict::judge;
use super::{Failure, Hooks, Job, Outcome, Settings};
use crate::diagnostic::Diagnostic;
use crate::learn::scale;
use crate::report::result::Verdict;

/// Learns the effective potential.
pub fn learn(job: &Job<'_>, hooks: &Hooks<'_>) -> Result<Outcome, Failure> {
    let begun = (hooks.seconds)();
    let setup = job.set_up(hooks)?;
    run(&job.origin(), &setup, begun, hooks)
}

/// Learns with all choices made.
pub(super) fn run(
    origin: &Origin<'_>,
    setup: &Setup,
    begun: f64,
    hooks: &Hooks<'_>,
) -> Result<Outcome, Failure> {
    let settings = &setup.settings;
    let target = settings.target;
    let enough = |blocks: &[crate::learn::collect::Block], spacing: &[f64]| {
        target.is_some_and(|target| {
            fit_of(
                settings.estimators[0],
                blocks,
                spacing,
                settings,
                Some(hooks.cancelled),
            )
            .is_ok_and(|fit| fit.median_stderr() <= target)
        })
    };
    let seam = seam(&setup.potential, settings);
    if let Some(error) = seam.as_ref().filter(|seam| seam.is_error()) {
        return Err(one(error.clone()));
    }
    let known = setup.survey.clone();
    let terms = setup.terms.as_ref();
    let sample = sample(&setup.potential, terms, settings, known, hooks, enough);
    let mut sample = sample.map_err(not_sampled)?;
    let lanes = sample.ensemble.take().zip(sample.map.take());
    let mut findings = findings(&sample, &setup.potential, settings);
    judge(&mut findings, &sample, &setup.potential, settings);
    let said = seam.into_iter().chain(setup.chosen.clone());
    findings.diagnostics.extend(said);
    let force = match sample.pilot {
        // A run that was interrupted is still fitted; a fit that is, is not.
        Pilot::Alive => {
            let stop = sample.complete.then_some(hooks.cancelled);
            force_fit(&sample.blocks, &sample.spacing, stop).ok()
        }
        _ => None,
    };
    let bins = OnBins::new(&sample.blocks);
    let points: Vec<f64> = sample
        .blocks
        .iter()
        .flat_map(|b| b.points.clone())
        .collect();
    let places = Sites::of_samples(&points, setup.potential.model.dimension());
    let mut learned = Learned {
        setup,
        sample: &sample,
        length: length(settings, &findings.momenta),
        momenta: findings.momenta.clone(),
        temperature: findings.temperature,
        components: components(&setup.potential),
        terms: setup.potential.terms(),
        estimates: Vec::new(),
        rows: Vec::new(),
        force,
        lags: None,
        bins,
        places,
        knots_matter: None,
        reference: None,
        begun,
    };
    let fits = learned.force.is_some() && learned.bins.is_some();
    if fits || learned.places.is_some() {
        make_estimates(&mut learned, &mut findings, hooks);
    } else if sample.complete && hooks.cancelled.load(Ordering::Relaxed) {
        interrupted(&mut findings);
    } else if findings.equilibrium.verdict == Verdict::Trusted {
        findings.equilibrium.verdict = Verdict::NotConverged;
        findings.diagnostics.push(
            Diagnostic::error(
                "too-few-samples",
                "there are too few samples to fit anything",
            )
            .help("more --steps, or wider --knots"),
        );
    }
    learned.lags = lanes.and_then(|(ensemble, map)| over_lags(ensemble, &map, &learned, hooks));
    if sample.complete && hooks.cancelled.load(Ordering::Relaxed) {
        interrupted(&mut findings);
    }
    judge_estimate(&learned, &mut findings);
    judge_heat(&learned, &mut findings);
    findings.diagnostics.extend(kink(&learned));
    results::outcome(origin, &learned, findings, hooks)
}

/// What is said of a run whose fits were interrupted.
pub(super) fn interrupted(findings: &mut Findings) {
    if findings.diagnostics.iter().any(|d| d.code == "interrupted") {
        return;
    }
    let message = "the run was interrupted before all of it was evaluated";
    let diagnostic = Diagnostic::error("interrupted", message)
        .help("run it again, with wider --knots or another --estimator if fits take long");
    findings.equilibrium.verdict = Verdict::NotConverged;
    findings.diagnostics.insert(0, diagnostic);
}

/// By coordinate, `delta sqrt((M^-1 P M^-1)_ii)`.
pub(super) fn lengths(settings: &Settings, momenta: &[f64]) -> Vec<f64> {
    let squares = settings.damping.velocities(momenta).into_iter();
    squares
        .map(|square| scale::resolution_length(settings.delta, square))
        .collect()
}

/// `l`: the root mean square of the lengths of the coordinates.
fn length(settings: &Settings, momenta: &[f64]) -> f64 {
    let lengths = lengths(settings, momenta);
    let squares: f64 = lengths.iter().map(|l| l * l).sum();
    (squares / lengths.len() as f64).sqrt()
}

fn not_sampled(error: SampleError) -> Failure {
    match error {
        SampleError::Kernel(error) => one(Diagnostic::error(
            "not-compiled",
            format!("the step loop cannot be compiled: {error}"),
        )),
        error @ SampleError::TooLarge { .. } => Failure::Limit(
            Diagnostic::error("too-large", error.to_string()).help(
                "fewer --trajectories; a larger --gamma or --delta shortens what is kept of each",
            ),
        ),
        error @ SampleError::GridTooLarge { .. } => Failure::Limit(
            Diagnostic::error("too-large", error.to_string())
                .help("wider --knots, a larger --delta or a smaller --domain make fewer bins; fewer --steps or --trajectories make fewer blocks"),
        ),
        error @ SampleError::TooManyBins { .. } => Failure::Limit(
            Diagnostic::error("too-many-bins", error.to_string())
                .help("a larger --delta, wider --knots, or a smaller --domain needs fewer"),
        ),
    }
}
