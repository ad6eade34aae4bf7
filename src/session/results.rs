//! A finished run as data and as files.

use std::collections::BTreeMap;

use super::components::Component;
use super::distortions::distortions;
use super::estimate::{Estimate, OnBins};
use super::findings::Findings;
use super::form::Form;
use super::job::{Origin, Outcome, Setup};
use super::sample::Sample;
use super::sites::{OnSites, Sites};
use super::unresolved::unresolved;
use super::views::views;
use super::weights::Weights;
use super::writing::program_text;
use super::{Estimator, Failure, Hooks, Settings, free, freed};
use crate::export;
use crate::kernel::Engine;
use crate::learn::collect::MOST_PRODUCTS;
use crate::learn::fit::ForceFit;
use crate::learn::noise::Correlation;
use crate::learn::{scale, transfer};
use crate::report::evidence::evidence;
use crate::report::html::{Page, html};
use crate::report::picture::Picture;
use crate::report::reading::sha256_of;
use crate::report::result::{
    Covered, DiagnosticRow, EffectivePotential, EstimatorRow, MadeWith, Noise, Performance,
    Program, RemovedRow, RunResult, SCHEMA, Scale, Settings as SettingsRow, Verdict, sha256,
};
use crate::report::unresolved::pictures;

/// A part of V of which less than this is left counts as removed.
const REMOVED_BELOW: f64 = 0.5;

/// Everything that a run found.
pub(super) struct Learned<'a> {
    pub setup: &'a Setup,
    pub sample: &'a Sample,
    /// `l = delta sigma_p`.
    pub length: f64,
    /// `E[p p^T]`. Shape: coordinates, coordinates.
    pub momenta: Vec<f64>,
    /// The temperature of the density of `x`.
    pub temperature: f64,
    pub components: Vec<Component>,
    /// Additive terms of V.
    pub terms: usize,
    pub estimates: Vec<Estimate>,
    pub rows: Vec<EstimatorRow>,
    pub force: Option<ForceFit>,
    /// How the unresolved force is correlated over lags.
    pub lags: Option<Correlation>,
    pub bins: Option<OnBins>,
    /// Samples, where there are no bins.
    pub places: Option<Sites>,
    /// What knots half as far apart would change U by; see [`super::stiffness::knots_matter`].
    pub knots_matter: Option<f64>,
    /// The name, values and slopes of the reference where estimates are compared.
    pub reference: Option<(String, OnSites)>,
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

    /// The baseline `filter`, if it has a result.
    pub fn filter(&self) -> Option<&Estimate> {
        let mut estimates = self.estimates.iter();
        estimates.find(|e| e.estimator == Estimator::Filter)
    }

    /// How much `S(x)` varies over the middle of the domain, relative, beyond its own noise.
    pub fn spread(&self) -> Option<f64> {
        spread(self, self.force.as_ref()?)
    }

    /// The weights of terms, if they were estimated.
    pub fn weights(&self) -> Option<&Weights> {
        self.estimates.iter().find_map(|e| e.weights.as_ref())
    }

    /// Where estimates are held against each other.
    pub fn sites(&self) -> Option<&Sites> {
        let bins = self.bins.as_ref().map(|bins| &bins.sites);
        bins.or(self.places.as_ref())
    }

    /// The name of the coordinate.
    pub fn coordinate(&self) -> &str {
        &self.setup.potential.model.coordinates[0].name
    }
}

/// Puts the result and its files together.
pub(super) fn outcome(
    origin: &Origin<'_>,
    learned: &Learned<'_>,
    mut findings: Findings,
    hooks: &Hooks<'_>,
) -> Result<Outcome, Failure> {
    let mut files = Vec::new();
    let distortions = distortions(learned);
    findings.diagnostics.extend(distortions);
    let (mut free_energy, mut beside) = (None, None);
    match free::beside(origin, learned, hooks) {
        Some(Ok(freed)) => {
            beside = freed::picture(learned, &freed);
            free_energy = Some(freed.row);
            findings.diagnostics.extend(freed.warnings);
            files.extend(freed.files);
        }
        Some(Err(problem)) => findings.diagnostics.push(problem),
        None => {}
    }
    let mut result = RunResult {
        schema: SCHEMA.to_owned(),
        program: program(origin, learned),
        asked: origin.asked.clone(),
        settings: settings(origin, learned),
        noise: noise(learned, &findings),
        scale: scale_row(learned, &findings),
        equilibrium: findings.equilibrium.clone(),
        effective_potential: effective_potential(learned),
        terms: learned.weights().map(|weights| weights.rows.clone()),
        free_energy,
        table: learned.rows.clone(),
        diagnostics: findings
            .diagnostics
            .iter()
            .map(DiagnosticRow::from)
            .collect(),
        performance: Performance::default(),
        files: BTreeMap::new(),
        made_with: MadeWith::here(Engine::best().name()),
    };
    let mut views = views(learned);
    result.effective_potential.points = views.points;
    if let Some(estimate) = learned.primary() {
        let text = program_text(origin, learned, estimate, findings.equilibrium.verdict);
        files.push(("U.pot".to_owned(), text.into_bytes()));
    }
    files.extend(views.tables);
    let hashed = files
        .iter()
        .map(|(name, bytes)| (name.clone(), sha256_of(bytes)));
    result.files = hashed.collect();
    result.performance = performance(origin, learned, hooks);
    views.pictures.extend(beside);
    views.pictures.extend(pictures(&unresolved(learned)));
    views.pictures.extend(evidence(&result));
    let page = Page {
        source: origin.text(),
        formula: &formula(origin, learned),
        command: origin.command,
        pictures: &views.pictures,
    };
    files.push(("report.html".to_owned(), html(&result, &page).into_bytes()));
    // The page has the verdict; a figure may be seen without it.
    let verdict = result.equilibrium.verdict;
    let pictures: Vec<Picture> = match verdict {
        Verdict::Trusted => views.pictures,
        _ => {
            let words = format!("NOT TRUSTED: {}", verdict.words());
            let all = views.pictures.into_iter();
            all.map(|picture| picture.marked(words.clone())).collect()
        }
    };
    files.extend(pictures.iter().map(Picture::file));
    let json = result.to_json().unwrap_or_default();
    files.push(("result.json".to_owned(), json.into_bytes()));
    Ok(Outcome {
        result,
        potential: learned.primary().map(|e| e.form.clone()),
        files,
        pictures,
        diagnostics: findings.diagnostics,
    })
}

/// The potential in LaTeX; nothing where it has no formula.
fn formula(origin: &Origin<'_>, learned: &Learned<'_>) -> String {
    let potential = &learned.setup.potential;
    if origin.text().is_empty() {
        return String::new();
    }
    let options = export::Options::default();
    export::export(&potential.model, export::Target::Latex, options).unwrap_or_default()
}

fn program(origin: &Origin<'_>, learned: &Learned<'_>) -> Program {
    let potential = &learned.setup.potential;
    let names = potential.model.parameters.iter().map(|p| p.name.clone());
    Program {
        file: origin.file().to_owned(),
        sha256: sha256(origin.text()),
        source: origin.text().to_owned(),
        imports: origin.imports(),
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

fn settings(origin: &Origin<'_>, learned: &Learned<'_>) -> SettingsRow {
    let settings = learned.settings();
    // One number serves where all coordinates have the same.
    let first = learned.sample.spacing.first().copied().unwrap_or(f64::NAN);
    let same = learned.sample.spacing.iter().all(|h| *h == first);
    let spacing = if same { first } else { f64::NAN };
    SettingsRow {
        delta: settings.delta,
        resolve: settings.resolve,
        terms: learned.setup.terms.as_ref().map(|_| settings.terms.names()),
        gamma: settings.gamma,
        friction_chosen: settings.chosen,
        steps: settings.steps,
        trajectories: settings.trajectories as u64,
        burn_in: settings.burn_in,
        seed: settings.seed,
        friction: settings.friction.clone(),
        mass: settings.mass.clone(),
        start: settings.start.clone(),
        domain: settings
            .domain
            .as_ref()
            .map(|sides| sides.iter().map(|(lo, hi)| [*lo, *hi]).collect()),
        knots: spacing.is_finite().then_some(spacing),
        restarts: settings.restarts,
        target: settings.target,
        estimators: settings
            .estimators
            .iter()
            .map(|e| e.name().to_owned())
            .collect(),
        noise: settings.noise.name().to_owned(),
        compare: settings.compare.clone(),
        kt: settings.kt,
        potential: origin.named.map(str::to_owned),
        ..SettingsRow::default()
    }
}

fn noise(learned: &Learned<'_>, findings: &Findings) -> Noise {
    let settings = learned.settings();
    use Verdict::{DeltaTooLarge, Diverged, DoesNotConfine};
    let lost = [DeltaTooLarge, Diverged, DoesNotConfine];
    if learned.sites().is_none() || lost.contains(&findings.equilibrium.verdict) {
        return Noise::default();
    }
    let beta = 1.0 / findings.temperature;
    let force = learned.force.as_ref();
    let measured = learned.setup.noise.as_ref();
    let measured = measured.filter(|noise| noise.source == settings.noise);
    let (covariance, covariance_stderr) = match measured {
        // Of many coordinates the diagonal alone was looked at.
        Some(_) if settings.damping.dimension() > MOST_PRODUCTS => (None, None),
        Some(noise) => (Some(rows(&noise.z)), Some(rows(&noise.z_stderr))),
        None => (
            force.map(|force| matrix(&force.covariance, settings.delta)),
            force.map(|force| matrix(&force.covariance_stderr, settings.delta)),
        ),
    };
    let lags = learned.lags.as_ref();
    Noise {
        covariance,
        covariance_stderr,
        friction: (settings.damping.dimension() <= MOST_PRODUCTS).then(|| friction(settings)),
        beta: Some(beta),
        beta_stderr: Some(beta * findings.temperature_stderr / findings.temperature),
        spread: learned.spread(),
        lag_correlation: lags.map(|lags| lags.lag1),
        lag_correlation_stderr: lags.map(|lags| lags.lag1_stderr),
        covariance_over_lags: lags.map(|lags| rows(&lags.z)),
        covariance_over_lags_stderr: lags.map(|lags| rows(&lags.z_stderr)),
        calibration: findings.calibration.clone(),
    }
}

/// A square matrix by rows.
fn rows(entries: &[f64]) -> Vec<Vec<f64>> {
    matrix(entries, 1.0)
}

/// A square matrix by rows, times a number.
fn matrix(entries: &[f64], factor: f64) -> Vec<Vec<f64>> {
    let row = |row: &[f64]| row.iter().map(|x| factor * x).collect();
    entries
        .chunks_exact(entries.len().isqrt().max(1))
        .map(row)
        .collect()
}

/// The friction as a matrix.
fn friction(settings: &Settings) -> Vec<Vec<f64>> {
    let d = settings.damping.dimension();
    let row = |i: usize| {
        (0..d)
            .map(|j| if i == j { settings.gamma } else { 0.0 })
            .collect()
    };
    let scalar = || (0..d).map(row).collect();
    settings.friction.clone().unwrap_or_else(scalar)
}

/// How much `S(x)` varies over the middle of the domain, relative, beyond its own noise: it is
/// averaged over stretches of the coordinate that hold a tenth of the samples each.
fn spread(learned: &Learned<'_>, force: &ForceFit) -> Option<f64> {
    let axes = 0..force.fit.dimension();
    let spreads = axes.filter_map(|axis| spread_along(learned, force, axis));
    spreads.max_by(f64::total_cmp)
}

fn spread_along(learned: &Learned<'_>, force: &ForceFit, axis: usize) -> Option<f64> {
    const PARTS: f64 = 10.0;
    let mut parts = vec![(0.0, 0.0); PARTS as usize];
    let mut seen = 0.0;
    let (mesh, s2) = (&force.fit.mesh, force.s2_by_bin());
    let mut bins: Vec<usize> = (0..mesh.bins()).collect();
    bins.sort_by_key(|bin| mesh.along_axes(*bin)[axis]);
    for (share, s) in bins
        .into_iter()
        .map(|bin| (force.fit.density[bin], s2[bin]))
    {
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

fn scale_row(learned: &Learned<'_>, findings: &Findings) -> Scale {
    use Verdict::{DeltaTooLarge, Diverged, DoesNotConfine};
    // Momenta of trajectories that were lost say nothing of a scale.
    let lost = [DeltaTooLarge, Diverged, DoesNotConfine];
    let alive = learned.length.is_finite() && !lost.contains(&findings.equilibrium.verdict);
    let l = learned.length;
    let damping = &learned.settings().damping;
    let kt = damping.temperature(&learned.momenta);
    // Temperatures of momenta and of positions are the same sums but for factors.
    let hotter = findings.temperature_stderr / findings.temperature;
    let removed = learned
        .components
        .iter()
        .map(|c| (c, damping.phase(&learned.momenta, &c.vector)))
        .filter(|(_, a)| transfer::survival_x(*a) < REMOVED_BELOW)
        .map(|(component, a)| RemovedRow {
            component: component.text.clone(),
            a,
            predicted: transfer::survival_x(a),
        })
        .collect();
    Scale {
        length: alive.then_some(l),
        length_stderr: alive.then_some(0.5 * l * hotter),
        kt_learn: alive.then_some(kt),
        kt_learn_stderr: alive.then_some(kt * hotter),
        kt_bound: learned.force.as_ref().map(|f| scale::kt_bound(l, f.s2())),
        removed,
    }
}

fn effective_potential(learned: &Learned<'_>) -> EffectivePotential {
    let Some(first) = learned.primary() else {
        return EffectivePotential::default();
    };
    let fit = first.fit.as_ref();
    let fit = fit.or(learned.force.as_ref().map(|force| &force.fit));
    let domain = match (first.form.spline(), fit) {
        (Some(spline), _) => spline
            .axes()
            .iter()
            .map(|axis| [axis.lo, axis.hi])
            .collect(),
        // Of a formula that of the fit beside it.
        (None, Some(fit)) => fit.domain().iter().map(|(lo, hi)| [*lo, *hi]).collect(),
        (None, None) => Vec::new(),
    };
    let covered = match fit {
        Some(fit) if fit.dimension() > 1 => Covered::Fraction(fit.covered_fraction()),
        Some(fit) => {
            let intervals = fit.intervals(0).into_iter();
            Covered::Intervals(intervals.map(|(lo, hi)| [lo, hi]).collect())
        }
        None => Covered::default(),
    };
    EffectivePotential {
        file: "U.pot".to_owned(),
        estimator: first.estimator.name().to_owned(),
        basis: basis(&first.form),
        domain,
        covered,
        stderr_median: first.median_stderr(),
        knots_matter: learned.knots_matter,
        ..EffectivePotential::default()
    }
}

/// What a learned potential is made of.
fn basis(form: &Form) -> String {
    match form {
        Form::Spline(spline) => {
            let along = 0..spline.dimension();
            let cells: Vec<String> = along.map(|c| spline.cells_along(c).to_string()).collect();
            format!("cubic B-spline, {} cells", cells.join(" x "))
        }
        Form::Formula(_) => "a formula".to_owned(),
    }
}

fn performance(origin: &Origin<'_>, learned: &Learned<'_>, hooks: &Hooks<'_>) -> Performance {
    let sample = learned.sample;
    let steps = sample.steps + sample.warm_up;
    // Groups are what runs in parallel.
    let cores = origin.threads.min(sample.groups) as f64;
    Performance {
        steps,
        seconds: (hooks.seconds)() - learned.begun,
        ns_per_step: (sample.steps > 0)
            .then(|| 1e9 * sample.sampling_seconds * cores / sample.steps as f64),
        threads: origin.threads,
        jit_ms: Some(sample.jit_ms),
        gradient_evaluations: steps,
    }
}
