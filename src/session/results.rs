//! A finished run as data and as files.

use super::components::Component;
use super::curves::{arrays, curves};
use super::estimate::{Estimate, OnBins};
use super::learn::{Job, Outcome, Setup};
use super::sample::Sample;
use super::verdict::Findings;
use super::writing::program_text;
use super::{Estimator, Failure, Hooks, Settings};
use crate::diagnostic::Diagnostic;
use crate::learn::fit::ForceFit;
use crate::learn::{scale, transfer};
use crate::report::arrays::npz;
use crate::report::curves::Curves;
use crate::report::figure::figure;
use crate::report::html::{Page, html};
use crate::report::kuva::Kuva;
use crate::report::plot::{Picture, Plotter};
use crate::report::result::{
    Covered, DiagnosticRow, EffectivePotential, EstimatorRow, Noise, Performance, Program,
    RemovedRow, RunResult, SCHEMA, Scale, Settings as SettingsRow, sha256,
};
use crate::report::table::potential_csv;

/// How much the variance of the unresolved force may vary from place to place.
const MOST_UNEVEN: f64 = 0.1;
/// A part of V of which less than this is left counts as removed.
const REMOVED_BELOW: f64 = 0.5;

/// Values and slopes on the bins.
pub(super) type OnGrid = (Vec<f64>, Vec<f64>);

/// Everything that a run found.
pub(super) struct Learned<'a> {
    pub setup: &'a Setup,
    pub sample: &'a Sample,
    /// `l = delta sigma_p`.
    pub length: f64,
    pub components: Vec<Component>,
    /// Additive terms of V.
    pub terms: usize,
    pub estimates: Vec<Estimate>,
    pub rows: Vec<EstimatorRow>,
    pub force: Option<ForceFit>,
    pub bins: Option<OnBins>,
    /// The name, values and slopes of the reference on the bins.
    pub reference: Option<(String, OnGrid)>,
    /// When the run began.
    pub begun: f64,
}

impl Learned<'_> {
    /// The settings of the run.
    pub fn settings(&self) -> &Settings {
        &self.setup.settings
    }

    /// The estimate that was asked for first.
    pub fn primary(&self) -> Option<&Estimate> {
        let asked = self.settings().estimators[0];
        self.estimates.iter().find(|e| e.estimator == asked)
    }

    /// The name of the coordinate.
    pub fn coordinate(&self) -> &str {
        &self.setup.potential.model.coordinates[0].name
    }
}

/// Puts the result and its files together.
pub(super) fn outcome(
    job: &Job<'_>,
    learned: &Learned<'_>,
    mut findings: Findings,
    hooks: &Hooks<'_>,
) -> Result<Outcome, Failure> {
    findings.diagnostics.extend(distortions(learned));
    let mut result = RunResult {
        schema: SCHEMA.to_owned(),
        program: program(job, learned),
        settings: settings(job, learned),
        noise: noise(learned, &findings),
        scale: scale_row(learned),
        equilibrium: findings.equilibrium.clone(),
        effective_potential: effective_potential(learned),
        terms: None,
        table: learned.rows.clone(),
        diagnostics: findings
            .diagnostics
            .iter()
            .map(DiagnosticRow::from)
            .collect(),
        performance: Performance::default(),
    };
    let curves = learned.bins.as_ref().map(|bins| curves(learned, bins));
    let mut files = Vec::new();
    if let Some(estimate) = learned.primary() {
        let text = program_text(job, learned, estimate, findings.equilibrium.verdict);
        files.push(("U.pot".to_owned(), text.into_bytes()));
    }
    if let (Some(curves), Some(bins)) = (&curves, &learned.bins) {
        files.push((
            "potential.csv".to_owned(),
            potential_csv(curves).into_bytes(),
        ));
        if let Ok(bytes) = npz(&arrays(learned, bins)) {
            files.push(("samples.npz".to_owned(), bytes));
        }
    }
    let picture = |curves: &Curves| Picture {
        file: "potential.svg".to_owned(),
        svg: Kuva.svg(&figure(curves)),
        ..Picture::default()
    };
    let pictures: Vec<Picture> = curves.iter().map(picture).collect();
    result.performance = performance(job, learned, hooks);
    let page = Page {
        source: &job.sources.get(job.root).text,
        command: job.command,
        pictures: &pictures,
    };
    files.push(("report.html".to_owned(), html(&result, &page).into_bytes()));
    let pictures = pictures.into_iter();
    files.extend(pictures.map(|picture| (picture.file, picture.svg.into_bytes())));
    let json = result.to_json().unwrap_or_default();
    files.push(("result.json".to_owned(), json.into_bytes()));
    Ok(Outcome {
        result,
        potential: learned.primary().map(|e| e.spline.clone()),
        files,
        diagnostics: findings.diagnostics,
    })
}

fn program(job: &Job<'_>, learned: &Learned<'_>) -> Program {
    let source = job.sources.get(job.root);
    let potential = &learned.setup.potential;
    let names = potential.model.parameters.iter().map(|p| p.name.clone());
    Program {
        file: source.name.clone(),
        sha256: sha256(&source.text),
        source: source.text.clone(),
        imports: job
            .sources
            .placed()
            .filter(|(_, id)| *id != job.root)
            .map(|(path, id)| (path.to_owned(), job.sources.get(id).text.clone()))
            .collect(),
        potential: potential.model.name.clone(),
        variables: potential
            .model
            .coordinates
            .iter()
            .map(|c| c.name.clone())
            .collect(),
        periods: potential
            .model
            .coordinates
            .iter()
            .map(|c| c.period)
            .collect(),
        params: names.zip(potential.parameters.iter().copied()).collect(),
        terms: learned.terms,
    }
}

fn settings(job: &Job<'_>, learned: &Learned<'_>) -> SettingsRow {
    let settings = learned.settings();
    let spacing = learned.sample.spacing;
    SettingsRow {
        delta: settings.delta,
        gamma: settings.gamma,
        steps: settings.steps,
        trajectories: settings.trajectories as u64,
        burn_in: settings.burn_in,
        seed: settings.seed,
        start: settings.start.map(|x| vec![x]),
        domain: settings.domain.map(|(lo, hi)| vec![[lo, hi]]),
        knots: spacing.is_finite().then_some(spacing),
        restarts: settings.restarts,
        target: settings.target,
        estimators: settings
            .estimators
            .iter()
            .map(|e| e.name().to_owned())
            .collect(),
        noise: "residual".to_owned(),
        compare: settings.compare.clone(),
        potential: job.potential.map(str::to_owned),
        ..SettingsRow::default()
    }
}

fn noise(learned: &Learned<'_>, findings: &Findings) -> Noise {
    let settings = learned.settings();
    let Some(force) = &learned.force else {
        return Noise::default();
    };
    let (p, stderr) = (
        findings.momentum_variance,
        findings.momentum_variance_stderr,
    );
    let beta = scale::beta(settings.delta, settings.gamma, p);
    Noise {
        covariance: Some(vec![vec![settings.delta * force.s2()]]),
        covariance_stderr: Some(vec![vec![settings.delta * force.s2_stderr]]),
        friction: Some(vec![vec![settings.gamma]]),
        beta: Some(beta),
        beta_stderr: Some(beta * stderr / p),
        spread: spread(learned, force),
        lag_correlation: None,
    }
}

/// How much `S(x)` varies over the middle of the domain, relative, beyond its own noise: it is
/// averaged over stretches of the coordinate that hold a tenth of the samples each.
fn spread(learned: &Learned<'_>, force: &ForceFit) -> Option<f64> {
    const PARTS: f64 = 10.0;
    let mut parts = vec![(0.0, 0.0); PARTS as usize];
    let mut seen = 0.0;
    for (share, s) in force.fit.density.iter().zip(&force.s2_by_bin()) {
        let part = ((seen * PARTS) as usize).min(parts.len() - 1);
        seen += share;
        if s.is_finite() {
            parts[part].0 += share;
            parts[part].1 += share * s;
        }
    }
    let means: Vec<f64> = parts
        .iter()
        .map(|(w, s)| s / w)
        .filter(|m| m.is_finite())
        .collect();
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    let variance = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / means.len() as f64;
    // The sampling noise of a part, from that of the whole.
    let noise = force.s2_stderr * PARTS.sqrt();
    let beyond = (variance - noise * noise).max(0.0).sqrt() / mean;
    (beyond.is_finite() && !learned.sample.blocks.is_empty()).then_some(beyond)
}

fn scale_row(learned: &Learned<'_>) -> Scale {
    let alive = learned.length.is_finite();
    let l = learned.length;
    let removed = learned
        .components
        .iter()
        .map(|c| (c, c.wavenumber * l))
        .filter(|(_, a)| transfer::survival_x(*a) < REMOVED_BELOW)
        .map(|(component, a)| RemovedRow {
            component: component.text.clone(),
            a,
            predicted: transfer::survival_x(a),
        })
        .collect();
    Scale {
        length: alive.then_some(l),
        kt_learn: alive.then(|| (l / learned.settings().delta).powi(2)),
        kt_bound: learned.force.as_ref().map(|f| scale::kt_bound(l, f.s2())),
        removed,
    }
}

fn effective_potential(learned: &Learned<'_>) -> EffectivePotential {
    let Some(first) = learned.primary() else {
        return EffectivePotential::default();
    };
    let covered = match (&first.fit, &learned.force) {
        (Some(fit), _) => fit.intervals(0),
        (None, Some(force)) => force.fit.intervals(0),
        (None, None) => Vec::new(),
    };
    EffectivePotential {
        file: "U.pot".to_owned(),
        estimator: first.estimator.name().to_owned(),
        basis: format!("cubic B-spline, {} cells", first.spline.cells()),
        domain: vec![[first.spline.lo(), first.spline.hi()]],
        covered: Covered::Intervals(covered.iter().map(|(lo, hi)| [*lo, *hi]).collect()),
        stderr_median: first.fit.as_ref().map(|fit| fit.median_stderr()),
        ..EffectivePotential::default()
    }
}

fn performance(job: &Job<'_>, learned: &Learned<'_>, hooks: &Hooks<'_>) -> Performance {
    let sample = learned.sample;
    let steps = sample.steps + sample.warm_up;
    // Groups are what runs in parallel.
    let cores = job.threads.min(sample.groups) as f64;
    Performance {
        steps,
        seconds: (hooks.seconds)() - learned.begun,
        ns_per_step: (sample.steps > 0)
            .then(|| 1e9 * sample.sampling_seconds * cores / sample.steps as f64),
        threads: job.threads,
        jit_ms: Some(sample.jit_ms),
        gradient_evaluations: steps,
    }
}

/// What bends the density of the samples away from that of U, where U is read off the density.
fn distortions(learned: &Learned<'_>) -> Vec<Diagnostic> {
    let from_density = [Estimator::Density, Estimator::Paper];
    let mut asked = learned.settings().estimators.iter();
    if !asked.any(|e| from_density.contains(e)) {
        return Vec::new();
    }
    [steep(learned), uneven(learned)]
        .into_iter()
        .flatten()
        .collect()
}

/// Noise that is stronger in one place than in another: the density is not a Gibbs density.
fn uneven(learned: &Learned<'_>) -> Option<Diagnostic> {
    let spread = spread(learned, learned.force.as_ref()?)?;
    (spread > MOST_UNEVEN).then(|| {
        Diagnostic::warning(
            "uneven-noise",
            format!(
                "the unresolved force is not equally strong everywhere: S(x) varies by {:.0} %, and hot places are sampled too little",
                100.0 * spread
            ),
        )
        .help("`value` and `force` do not mind; `density` and `paper` have no correction for it")
    })
}

/// The map bends the large scales when `delta^2 max U''` is not small.
fn steep(learned: &Learned<'_>) -> Option<Diagnostic> {
    let (estimate, bins) = (learned.primary()?, learned.bins.as_ref()?);
    let second = estimate.spline.derivative()?.derivative()?;
    let peak = bins.density.iter().copied().fold(0.0, f64::max);
    let curvature = bins
        .x
        .iter()
        .zip(&bins.density)
        .filter(|(_, density)| **density > 1e-2 * peak)
        .map(|(x, _)| second.value(*x))
        .fold(0.0, f64::max);
    let stiffness = learned.settings().delta.powi(2) * curvature;
    (stiffness > 0.3).then(|| {
        Diagnostic::warning(
            "stiff",
            format!("delta^2 max U'' is {stiffness:.2}: above 0.3 the density is that of a distorted potential"),
        )
        .help("`value` and `force` do not mind; for `density` take a smaller --delta")
    })
}
