//! The main job: from a program and its options to a learned potential with its verdict.

use std::sync::atomic::Ordering;

use super::checkpoint::Kept;
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
use super::sample::{Sample, sample};
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
    let sample = sampled(setup, hooks, None)?;
    evaluated(origin, setup, sample, begun, hooks)
}

/// The first half: all steps.
pub(super) fn sampled(
    setup: &Setup,
    hooks: &Hooks<'_>,
    kept: Option<&Kept<'_>>,
) -> Result<Sample, Failure> {
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
    if let Some(error) = seam(&setup.potential, settings).filter(Diagnostic::is_error) {
        return Err(one(error));
    }
    let known = setup.survey.clone();
    let terms = setup.terms.as_ref();
    let sample = sample(
        &setup.potential,
        terms,
        settings,
        known,
        hooks,
        kept,
        enough,
    );
    sample.map_err(not_sampled)
}

/// The second half: what the steps tell.
pub(super) fn evaluated(
    origin: &Origin<'_>,
    setup: &Setup,
    mut sample: Sample,
    begun: f64,
    hooks: &Hooks<'_>,
) -> Result<Outcome, Failure> {
    let settings = &setup.settings;
    let lanes = sample.ensemble.take().zip(sample.map.take());
    let mut findings = findings(&sample, &setup.potential, settings);
    judge(&mut findings, &sample, &setup.potential, settings);
    let seam = seam(&setup.potential, settings);
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
        .help("go on with --resume where it was saved, or run it again; wider --knots or another --estimator where fits take long");
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
        SampleError::Checkpoint(message) => one(Diagnostic::error("checkpoint", message)
            .help("make it anew: a run with --force and without --resume, or that shard")),
        error @ SampleError::TooLarge { .. } => Failure::Limit(
            Diagnostic::error("too-large", error.to_string()).help(
                "fewer --trajectories; a larger --gamma or --delta shortens what is kept of each; --max-memory lifts the limit",
            ),
        ),
        error @ SampleError::GridTooLarge { .. } => Failure::Limit(
            Diagnostic::error("too-large", error.to_string())
                .help("wider --knots, a larger --delta or a smaller --domain make fewer bins; fewer --steps or --trajectories make fewer blocks; --max-memory lifts the limit"),
        ),
        error @ SampleError::TooManyBins { .. } => Failure::Limit(
            Diagnostic::error("too-many-bins", error.to_string())
                .help("a larger --delta, wider --knots, or a smaller --domain needs fewer"),
        ),
    }
}
