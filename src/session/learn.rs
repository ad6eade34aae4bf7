//! The main job: from a program and its options to a learned potential with its verdict.

use super::components::{components, terms};
use super::estimate::{Estimate, OnBins, estimate, filtered, fit_of, force_fit};
use super::findings::{Findings, findings};
use super::kinks::kink;
use super::pilot::Pilot;
use super::resolve::chosen;
use super::results::{self, Learned};
use super::room::SampleError;
use super::sample::sample;
use super::seams::seam;
use super::settings::NotResolved;
use super::verdict::{judge, place};
use super::{Estimator, Hooks, Options, Potential, Settings};
use crate::check::Program;
use crate::diagnostic::Diagnostic;
use crate::dynamics::Side;
use crate::graph::Spline;
use crate::learn::fit::Fit;
use crate::learn::scale;
use crate::report::number::significant;
use crate::report::result::{RunResult, Verdict};
use crate::source::{SourceId, Sources};

/// What is to be learned.
pub struct Job<'a> {
    /// The files of the program.
    pub sources: &'a Sources,
    /// The file that was named.
    pub root: SourceId,
    /// The program.
    pub program: &'a Program,
    /// The function to take, if it was named.
    pub potential: Option<&'a str>,
    /// Parameters with other values than the program gives.
    pub set: &'a [(String, f64)],
    /// What was asked for, the file's block included.
    pub options: Options,
    /// The command line that would do this again.
    pub command: &'a str,
    /// Threads, for the record.
    pub threads: usize,
}

/// What comes of it.
pub struct Outcome {
    /// The result.
    pub result: RunResult,
    /// U, if there is one.
    pub potential: Option<Spline>,
    /// The files of the results folder.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is to be said.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why nothing comes of it.
#[derive(Debug)]
pub enum Failure {
    /// The program or a setting is wrong.
    Program(Vec<Diagnostic>),
    /// The command line is wrong.
    Usage(Diagnostic),
    /// It would not fit.
    Limit(Diagnostic),
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(diagnostics: Vec<Diagnostic>) -> Failure {
        Failure::Program(diagnostics)
    }
}

fn one(diagnostic: Diagnostic) -> Failure {
    Failure::Program(vec![diagnostic])
}

/// Coordinates of a potential that can be learned.
const MOST_COORDINATES: usize = 2;

/// Some of many names.
fn listed(names: &[&str]) -> String {
    match names {
        [first, second, .., last] if names.len() > 6 => format!("{first}, {second}, ..., {last}"),
        names => names.join(", "),
    }
}

/// What a run has before its first step.
pub(super) struct Setup {
    pub potential: Potential,
    pub reference: Option<(String, Potential)>,
    pub settings: Settings,
    /// What is to be said of how the step was chosen.
    pub chosen: Option<Diagnostic>,
}

impl Job<'_> {
    pub(super) fn compile(&self, name: Option<&str>) -> Result<Potential, Failure> {
        let model = match name {
            Some(name) => self.program.function(name)?,
            None => self.program.potential(self.potential)?,
        };
        let parameters = self.program.values(self.set).map_err(Failure::Usage)?;
        Potential::compile(model, parameters).map_err(|error| {
            Failure::Limit(
                Diagnostic::error(
                    "not-compiled",
                    format!("the formula cannot be compiled: {error}"),
                )
                .help("a shorter formula may do"),
            )
        })
    }

    pub(super) fn set_up(&self) -> Result<Setup, Failure> {
        let potential = self.compile(None)?;
        if potential.model.dimension() > MOST_COORDINATES {
            let names: Vec<&str> = potential
                .model
                .coordinates
                .iter()
                .map(|c| c.name.as_str())
                .collect();
            return Err(one(Diagnostic::error(
                "many-coordinates",
                format!(
                    "{} has {} coordinates ({}); learning works in {MOST_COORDINATES} at most so far",
                    potential.model.name,
                    names.len(),
                    listed(&names)
                ),
            )
            .help(
                "fix all but two of them: make a function of two coordinates that calls this one",
            )));
        }
        let (options, chosen) = chosen(&self.options, &potential).map_err(one)?;
        let settings = options.resolve(&potential.model.coordinates);
        let settings = settings.map_err(|problem| self.not_resolved(*problem))?;
        let reference = match &settings.compare {
            Some(name) => {
                let reference = self.compile(Some(name))?;
                if reference.model.dimension() != potential.model.dimension() {
                    return Err(one(Diagnostic::error(
                        "wrong-compare",
                        format!(
                            "{name} has {} coordinates where {} has {}",
                            reference.model.dimension(),
                            potential.model.name,
                            potential.model.dimension()
                        ),
                    )));
                }
                Some((name.clone(), reference))
            }
            None => None,
        };
        Ok(Setup {
            potential,
            reference,
            settings,
            chosen,
        })
    }
}

impl Job<'_> {
    /// A setting that will not do: the fault of the file where its block says so and no flag beats
    /// it.
    pub(super) fn not_resolved(&self, problem: NotResolved) -> Failure {
        let NotResolved { key, diagnostic } = problem;
        let block = self.program.block("learn");
        let entry = block.and_then(|block| block.entries.iter().find(|entry| entry.key == key));
        let in_file = block.and_then(|block| Options::from_block(block).ok());
        match entry {
            Some(entry) if in_file.is_some_and(|own| own.agrees(&self.options, key)) => {
                one(diagnostic.at(entry.value_span, "given here"))
            }
            _ => Failure::Usage(diagnostic),
        }
    }
}

/// Learns the effective potential.
pub fn learn(job: &Job<'_>, hooks: &Hooks<'_>) -> Result<Outcome, Failure> {
    let begun = (hooks.seconds)();
    let setup = job.set_up()?;
    let settings = &setup.settings;
    let target = settings.target;
    let enough = |blocks: &[crate::learn::collect::Block], spacing: &[f64]| {
        target.is_some_and(|target| {
            fit_of(settings.estimators[0], blocks, spacing, settings)
                .is_ok_and(|fit| fit.median_stderr() <= target)
        })
    };
    let seam = seam(&setup.potential, settings);
    if let Some(error) = seam.as_ref().filter(|seam| seam.is_error()) {
        return Err(one(error.clone()));
    }
    let sample = sample(&setup.potential, settings, hooks, enough).map_err(not_sampled)?;
    let mut findings = findings(&sample, &setup.potential, settings);
    judge(&mut findings, &sample, &setup.potential, settings);
    let said = seam.into_iter().chain(setup.chosen.clone());
    findings.diagnostics.extend(said);
    let force = match sample.pilot {
        Pilot::Alive => force_fit(&sample.blocks, &sample.spacing).ok(),
        _ => None,
    };
    let bins = OnBins::new(&sample.blocks);
    let mut learned = Learned {
        setup: &setup,
        sample: &sample,
        length: length(settings, &findings.momenta),
        momenta: findings.momenta.clone(),
        temperature: findings.temperature,
        components: components(&setup.potential),
        terms: terms(&setup.potential.graph, setup.potential.roots[0]).len(),
        estimates: Vec::new(),
        rows: Vec::new(),
        force,
        bins,
        reference: None,
        begun,
    };
    if learned.force.is_some() && learned.bins.is_some() {
        make_estimates(&mut learned, &mut findings, hooks);
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
    judge_estimate(&learned, &mut findings);
    findings.diagnostics.extend(kink(&learned));
    results::outcome(job, &learned, findings, hooks)
}

/// By coordinate, `delta sqrt((M^-1 P M^-1)_ii)`.
fn lengths(settings: &Settings, momenta: &[f64]) -> Vec<f64> {
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

/// A well as deep as this many kT is one that trajectories may never find.
const WELL_DEPTH: f64 = 4.0;

/// What the estimate itself says of the run: whether it is there, whole, and as good as asked.
fn judge_estimate(learned: &Learned<'_>, findings: &mut Findings) {
    let (settings, sample) = (learned.settings(), learned.sample);
    let mut fail = |diagnostic: Diagnostic| {
        if findings.equilibrium.verdict == Verdict::Trusted {
            findings.equilibrium.verdict = Verdict::NotConverged;
        }
        findings.diagnostics.push(diagnostic);
    };
    let Some(first) = learned.primary() else {
        // Without a sample the reason has been given.
        if !learned.sample.blocks.is_empty() {
            fail(Diagnostic::error(
                "no-potential",
                format!(
                    "`{}` has no result, so there is no U.pot",
                    settings.estimators[0].name()
                ),
            ));
        }
        return;
    };
    let Some(fit) = &first.fit else { return };
    if let Some(target) = settings
        .target
        .filter(|target| fit.median_stderr() > *target)
    {
        fail(
            Diagnostic::error(
                "target-missed",
                format!(
                    "the median standard error of U is {}, not {}",
                    significant(fit.median_stderr(), 2),
                    significant(target, 2)
                ),
            )
            .help("more --steps"),
        );
    }
    if !sample.coarse.is_empty() {
        let coordinates = &learned.setup.potential.model.coordinates;
        let coarse = sample.coarse.iter().map(|c| coordinates[*c].name.as_str());
        let message = format!(
            "the knots along {} are further apart than the scale asks for: U is smoother there than l says",
            coarse.collect::<Vec<_>>().join(" and ")
        );
        let help = "--knots N sets more cells, at a cost that grows as the square of their number";
        findings
            .diagnostics
            .push(Diagnostic::warning("coarse-knots", message).help(help));
    }
    if fit.is_disconnected() {
        findings.diagnostics.push(
            Diagnostic::warning(
                "gaps",
                "there are stretches without samples inside the domain of U: the curve there, and with `force` and `density` the heights on its two sides, are joined by smoothness alone",
            )
            .help("more --steps; a smaller --gamma heats the trajectories over the gap"),
        );
    }
    let wells = unvisited(learned, fit);
    if !wells.is_empty() {
        let mut places: Vec<String> = wells.iter().map(|x| place(x, 2)).collect();
        places.truncate(4);
        findings.diagnostics.push(
            Diagnostic::warning(
                "unvisited-wells",
                format!(
                    "V has other wells that no trajectory visited, near {}: U knows nothing of them",
                    places.join(", ")
                ),
            )
            .help("a smaller --gamma or a larger --delta heats the trajectories so that they cross; --start looks elsewhere, and --domain says that one part is meant"),
        );
    }
    let rate = settings.damping.slowest() * settings.delta;
    let asked = 10.0 / rate;
    if (settings.burn_in as f64) < 0.5 * asked {
        findings.diagnostics.push(
            Diagnostic::warning(
                "short-burn-in",
                format!(
                    "the burn-in of {} steps is {} relaxation times, where 10 are usual",
                    settings.burn_in,
                    significant(settings.burn_in as f64 * rate, 2)
                ),
            )
            .help(format!("--burn-in {}", significant(asked, 2))),
        );
    }
}

/// The wells of V that no trajectory visited, as far as eight times the width of the fit: not
/// those beyond a domain that was asked for.
fn unvisited(learned: &Learned<'_>, fit: &Fit) -> Vec<Vec<f64>> {
    let (sample, Some(bins)) = (learned.sample, &learned.bins) else {
        return Vec::new();
    };
    if learned.settings().domain.is_some() {
        return Vec::new();
    }
    let wells = sample.survey.wells(&bins.sides(), WELL_DEPTH * sample.kt);
    let centre = |cell: &[Side]| {
        cell.iter()
            .map(|s| 0.5 * (s.lo + s.hi))
            .collect::<Vec<f64>>()
    };
    let visited = |cell: &[Side]| {
        // A cell is as near as anything is known of the place.
        let near = |c: usize, x: f64| {
            let width = cell[c].hi - cell[c].lo;
            x >= cell[c].lo - width && x <= cell[c].hi + width
        };
        (0..bins.len()).any(|at| {
            bins.density[at] > 0.0 && bins.point(at).iter().enumerate().all(|(c, x)| near(c, *x))
        })
    };
    let missed = wells
        .iter()
        .filter(|cell| !fit.covers(&centre(cell)) && !visited(cell));
    missed.map(|cell| centre(cell)).collect()
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

/// All estimates that were asked for, and the baselines.
fn make_estimates(learned: &mut Learned<'_>, findings: &mut Findings, hooks: &Hooks<'_>) {
    let Some(mut bins) = learned.bins.take() else {
        return;
    };
    if let Some(force) = &learned.force {
        bins.only_within(&force.fit);
    }
    let (settings, sample) = (&learned.setup.settings, learned.sample);
    let filter = filtered(
        &learned.setup.potential,
        &bins.sides(),
        &lengths(settings, &learned.momenta),
        settings.seed,
        hooks,
    );
    let filter = match filter {
        Ok((estimate, non_finite)) => {
            if non_finite > 0 {
                findings.diagnostics.push(Diagnostic::warning(
                    "filter-gaps",
                    format!("{non_finite} of the {} points of `filter` are outside the domain of the potential and were left out", estimate.evaluations),
                ));
            }
            Some(estimate)
        }
        Err(error) => {
            findings.diagnostics.push(Diagnostic::warning(
                "no-filter",
                format!("the baseline `filter` has no result: {error}"),
            ));
            None
        }
    };
    for &estimator in &settings.estimators {
        if estimator == Estimator::Filter {
            continue;
        }
        match estimate(estimator, sample, settings, hooks) {
            Ok(estimate) => learned.estimates.push(estimate),
            Err(error) => findings.diagnostics.push(
                Diagnostic::error(
                    "no-fit",
                    format!("`{}` has no result: {error}", estimator.name()),
                )
                .help("more --steps"),
            ),
        }
    }
    place_filter(&mut learned.estimates, filter, settings);
    make_rows(learned, &bins);
    learned.bins = Some(bins);
}

/// The filter goes where it was asked for, and last otherwise.
fn place_filter(estimates: &mut Vec<Estimate>, filter: Option<Estimate>, settings: &Settings) {
    let Some(filter) = filter else { return };
    let asked = settings
        .estimators
        .iter()
        .position(|e| *e == Estimator::Filter);
    let at = asked.unwrap_or(usize::MAX).min(estimates.len());
    estimates.insert(at, filter);
}

fn make_rows(learned: &mut Learned<'_>, bins: &OnBins) {
    let potential = &learned.setup.potential;
    let reference = match &learned.setup.reference {
        Some((name, reference)) => Some((name.clone(), bins.potential(reference))),
        None => learned
            .estimates
            .iter()
            .find(|e| e.estimator == Estimator::Filter)
            .map(|filter| ("filter".to_owned(), bins.spline(&filter.spline))),
    };
    let nothing = (Vec::new(), Vec::new());
    let curves = reference.as_ref().map_or(&nothing, |(_, curves)| curves);
    for estimate in &learned.estimates {
        let mut row = bins.row(
            estimate.estimator.name(),
            &bins.spline(&estimate.spline),
            curves,
        );
        row.evaluations = estimate.evaluations;
        row.seconds = Some(estimate.seconds);
        row.stderr = estimate.fit.as_ref().map(|fit| fit.median_stderr());
        learned.rows.push(row);
    }
    let itself = bins.potential(potential);
    let mut row = bins.row("identity", &itself, curves);
    row.seconds = Some(0.0);
    learned.rows.push(row);
    learned.reference = reference;
}
