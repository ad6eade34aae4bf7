//! `scan`: which scales a potential has, and which steps remove which of them.

use std::sync::atomic::Ordering;

use super::job::{Failure, Job, one};
use super::prospect::{COARSE, Prospect, prospect};
use super::sweep::{KEPT, REMOVED, shortest, trial};
use super::unheld::{bottomless, first_reason, unheld};
use super::{Hooks, Options, Potential, Progress, Settings};
use crate::check::{Block, Program, Setting};
use crate::diagnostic::{Diagnostic, Severity};
use crate::learn::structure::Plateau;
use crate::learn::transfer::survival_x;
use crate::report::number::significant;
use crate::report::scan::{PlateauRow, ScanResult, StructureRow, SweepRow, Window, named};

/// From step to step of a sweep.
const RATIO: f64 = 1.15;
/// Steps of a sweep at most.
const MOST: usize = 28;
/// `delta^2 |V''|` of the smallest scale, from below what traps to ...
const TRAPPING: f64 = 3.0;
/// ... `delta^2 |U''|` of what lies above all scales, to where that is too coarse.
const TOO_COARSE: f64 = 1.7;
/// Where nothing lies above, this many times the step that makes the largest scale chaotic.
const BEYOND: f64 = 24.0;

/// What a scan found, with its marks.
pub struct Scanned {
    /// The result.
    pub result: ScanResult,
    /// What is to be said.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it was stopped.
    pub interrupted: bool,
}

/// What a scan is asked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ScanOptions {
    /// The first and the last step; `None` is from where the smallest scale traps trajectories to
    /// where a step is too coarse for what is kept.
    pub delta: Option<(f64, f64)>,
    /// Of these friction, mass, start, domain, seed, trajectories and steps (of each run) count.
    pub run: Options,
}

impl ScanOptions {
    /// These options, with those of the `scan` block of a program where nothing is said here, and
    /// then what its `learn` block says of the potential and of the noise: friction, mass, start
    /// and domain.
    ///
    /// # Errors
    /// A block has a setting that is not known or that will not do.
    pub fn of_program(self, program: &Program) -> Result<ScanOptions, Vec<Diagnostic>> {
        let block = program.block("scan").map(ScanOptions::from_block);
        let block = block.transpose()?.unwrap_or_default();
        let learn = program.block("learn").map(Options::from_block);
        let learn = learn.transpose()?.unwrap_or_default();
        let shared = Options {
            gamma: learn.gamma,
            friction: learn.friction,
            mass: learn.mass,
            start: learn.start,
            domain: learn.domain,
            ..Options::default()
        };
        Ok(ScanOptions {
            delta: self.delta.or(block.delta),
            run: self.run.or(block.run).or(shared),
        })
    }

    /// The options that a `scan` block gives: `delta = lo..hi` and those of a `learn` block that
    /// are not about estimators.
    fn from_block(block: &Block) -> Result<ScanOptions, Vec<Diagnostic>> {
        let mut rest = block.clone();
        let mut delta = None;
        let mut problems = Vec::new();
        rest.entries.retain(|entry| {
            if entry.key == "delta" {
                match entry.value {
                    Setting::Range(lo, hi) if lo > 0.0 && lo < hi && hi.is_finite() => {
                        delta = Some((lo, hi));
                    }
                    _ => problems.push(
                        Diagnostic::error(
                            "wrong-setting",
                            "`delta` needs a range of positive steps",
                        )
                        .at(entry.value_span, "not a range of positive steps")
                        .help("for example `delta = 0.05..1`"),
                    ),
                }
            }
            entry.key != "delta"
        });
        match Options::from_block(&rest) {
            Ok(run) if problems.is_empty() => Ok(ScanOptions { delta, run }),
            Ok(_) => Err(problems),
            Err(more) => Err([problems, more].concat()),
        }
    }
}

/// Finds the scales of a potential and sweeps the step.
///
/// # Errors
/// The potential cannot be compiled, or an option does not go with its coordinates.
pub fn scan(job: &Job<'_>, options: &ScanOptions, hooks: &Hooks<'_>) -> Result<Scanned, Failure> {
    let potential = job.compile(None)?;
    let any = Options {
        delta: Some(1.0),
        ..options.run.clone()
    };
    let settings = any.resolve(&potential.model.coordinates);
    let settings = settings.map_err(|problem| job.not_resolved(*problem))?;
    (hooks.progress)(Progress {
        stage: "looking around",
        done: 0.0,
    });
    let prospect = prospect(&potential, &options.run).map_err(one)?;
    if let Some(error) = bottomless(&potential, &prospect, &options.run) {
        return Err(one(error));
    }
    let mut result = beginning(&potential, &settings, &prospect);
    if let Some((lo, hi)) = options
        .delta
        .or_else(|| default_range(&prospect, settings.gamma))
    {
        let (deltas, run) = (deltas(lo, hi), &options.run);
        sweep(&potential, &prospect, run, &deltas, hooks, &mut result);
    }
    result.windows = windows(&result.sweep, &prospect);
    let interrupted = hooks.cancelled.load(Ordering::Relaxed);
    result.advice = advice(&result);
    let said = match result.windows.is_empty() {
        true => unheld(&potential, &prospect, &options.run, &result.sweep),
        false => first_reason(&result.sweep).map(as_warning),
    };
    if said.is_some() && result.windows.is_empty() {
        result.advice = NOTHING_HOLDS.to_owned();
    }
    let stopped = interrupted.then(|| {
        Diagnostic::warning("interrupted", "the scan was interrupted before its end")
            .help("run it again, or over a narrower --delta LO..HI")
    });
    Ok(Scanned {
        result,
        diagnostics: said.into_iter().chain(stopped).collect(),
        interrupted,
    })
}

const NOTHING_HOLDS: &str =
    "no step will do, as the potential does not hold trajectories; the message says what to do";

/// Where there are good steps, a word about the others.
fn as_warning(mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.severity = Severity::Warning;
    diagnostic
}

/// What is known before the sweep.
fn beginning(potential: &Potential, settings: &Settings, prospect: &Prospect) -> ScanResult {
    let increments = prospect.structure.increments.iter();
    ScanResult {
        potential: potential.model.name.clone(),
        gamma: settings.gamma,
        seed: settings.seed,
        plateaus: prospect.scales.plateaus.iter().map(plateau_row).collect(),
        continuum: prospect.scales.continuum,
        curvature: prospect.curvature,
        structure_kt: prospect.kt,
        structure: increments
            .map(|i| StructureRow {
                r: i.r,
                value: i.value,
                stderr: i.stderr,
            })
            .collect(),
        ..ScanResult::default()
    }
}

fn plateau_row(plateau: &Plateau) -> PlateauRow {
    PlateauRow {
        r_lo: plateau.r_lo,
        r_hi: plateau.r_hi,
        height: plateau.height,
        height_stderr: plateau.height_stderr,
        eps: plateau.name,
        eps_lo: plateau.eps_lo,
        eps_hi: plateau.eps_hi,
        size: std::f64::consts::PI * plateau.name,
        hidden: plateau.hidden,
    }
}

/// From where the smallest scale traps, or a run takes too long to be judged, to where the step is
/// too coarse for what lies above all of them; `None` without scales.
pub(super) fn default_range(prospect: &Prospect, gamma: f64) -> Option<(f64, f64)> {
    let (first, last) = (
        prospect.scales.plateaus.first()?,
        prospect.scales.plateaus.last()?,
    );
    let lo = (TRAPPING / first.curvature()).sqrt().max(shortest(gamma));
    let hi = match prospect.curvature {
        Some(curvature) => (TOO_COARSE / curvature).sqrt(),
        None => (BEYOND / last.curvature()).sqrt(),
    };
    let good = lo.is_normal() && hi.is_normal();
    good.then_some((lo, hi.max(2.0 * lo)))
}

/// Steps between two, at equal ratios, of two digits.
pub(super) fn deltas(lo: f64, hi: f64) -> Vec<f64> {
    let parts = ((hi / lo).ln() / RATIO.ln())
        .ceil()
        .clamp(1.0, MOST as f64 - 1.0);
    let at = |k: usize| lo * (hi / lo).powf(k as f64 / parts);
    let mut deltas: Vec<f64> = (0..=parts as usize)
        .map(|k| nearest(at(k)).clamp(lo, hi))
        .collect();
    deltas.dedup();
    deltas
}

/// The nearest number of two digits.
fn nearest(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}

/// One run after another, until two of them diverge.
pub(super) fn sweep(
    potential: &Potential,
    prospect: &Prospect,
    options: &Options,
    deltas: &[f64],
    hooks: &Hooks<'_>,
    result: &mut ScanResult,
) {
    let mut lost = 0;
    for (at, &delta) in deltas.iter().enumerate() {
        (hooks.progress)(Progress {
            stage: "sweeping",
            done: at as f64 / deltas.len() as f64,
        });
        let Some((row, steps)) = trial(potential, prospect, options, delta, hooks) else {
            continue;
        };
        if hooks.cancelled.load(Ordering::Relaxed) {
            return;
        }
        result.steps += steps;
        lost = if row.marks.contains(&"diverges") {
            lost + 1
        } else {
            0
        };
        result.sweep.push(row);
        if lost == 2 {
            return;
        }
    }
}

/// Neighbouring steps that will do. A single step that will not, between two stretches that remove
/// the same, is chance: what is half resolved spoils several.
pub(super) fn windows(sweep: &[SweepRow], prospect: &Prospect) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    let mut since = usize::MAX;
    for run in sweep.chunk_by(|a, b| a.accepted == b.accepted) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        if !first.accepted {
            since = run.len();
            continue;
        }
        let window = window(first, last, prospect);
        match windows.last_mut().filter(|known| known.does_as(&window)) {
            Some(known) if since == 1 => {
                (known.hi, known.lengths[1]) = (window.hi, window.lengths[1]);
            }
            _ => windows.push(window),
        }
    }
    windows
}

fn window(first: &SweepRow, last: &SweepRow, prospect: &Prospect) -> Window {
    let length = first.length.unwrap_or(f64::NAN);
    let those = |good: &dyn Fn(f64) -> bool| -> Vec<f64> {
        let plateaus = prospect.scales.plateaus.iter();
        let scales = plateaus.filter(|p| !p.is_continuum());
        let those = scales.filter(|p| good(survival_x(length / p.eps)));
        those.map(|p| p.name).collect()
    };
    Window {
        lo: first.delta,
        hi: last.delta,
        smallest: first.delta,
        lengths: [length, last.length.unwrap_or(f64::NAN)],
        removed: those(&|s| s < REMOVED),
        weakened: those(&|s| (REMOVED..=KEPT).contains(&s)),
        kept: those(&|s| s > KEPT),
    }
}

/// The window with the largest ratio of its ends: the widest gap between scales.
pub(super) fn widest(windows: &[Window]) -> Option<&Window> {
    windows
        .iter()
        .max_by(|a, b| a.ratio().total_cmp(&b.ratio()))
}

fn advice(result: &ScanResult) -> String {
    if result.continuum {
        return CONTINUUM.to_owned();
    }
    if result.plateaus.is_empty() {
        return nothing_stands_out(&result.structure);
    }
    if result.windows.is_empty() {
        return no_window(result);
    }
    // Of windows that do the same, the widest.
    let mut best: Vec<&Window> = Vec::new();
    for window in result.windows.iter().rev() {
        match best.iter_mut().find(|known| known.does_as(window)) {
            Some(known) if window.ratio() > known.ratio() => *known = window,
            Some(_) => {}
            None => best.push(window),
        }
    }
    let parts: Vec<String> = best.iter().map(|window| one_window(window)).collect();
    let mut advice = format!("use {}", parts.join("; "));
    let coarse = |delta: f64| {
        let mut rows = result.sweep.iter().filter(|row| row.delta == delta);
        rows.any(|row| row.h.is_some_and(|h| h > COARSE))
    };
    if best.iter().any(|w| coarse(w.smallest)) {
        let limit = significant(COARSE, 1);
        advice.push_str(&format!(
            "; where h is above {limit}, the step distorts the density: `value` and `force` do not mind, `density` and `terms` do"
        ));
    }
    advice
}

fn nothing_stands_out(structure: &[StructureRow]) -> String {
    let looked = match structure {
        [first, .., last] => format!(
            ", at distances from {} to {},",
            significant(first.r, 2),
            significant(last.r, 2)
        ),
        _ => String::new(),
    };
    format!(
        "no scale stands out from the large ones{looked} and no term of V is a short plane wave: either there is none, or it is hidden in steep slopes; try `learn` with --delta D, whose table shows what is removed"
    )
}

const CONTINUUM: &str = "a continuum: scales follow each other without a gap; any delta works as a smoothing length, and U is V filtered at l = delta*sigma_p";

fn one_window(window: &Window) -> String {
    let delta = significant(window.smallest, 3);
    let gone = match window.removed.len() {
        0 => "nothing of them".to_owned(),
        2 if window.kept.is_empty() => format!("both {}", named(&window.removed)),
        _ => named(&window.removed),
    };
    let kept = match window.kept.is_empty() {
        true => String::new(),
        false => format!(" and keep {}", named(&window.kept)),
    };
    format!("--delta {delta} to remove {gone}{kept}")
}

fn no_window(result: &ScanResult) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for mark in result.sweep.iter().flat_map(|row| &row.marks) {
        match counts.iter_mut().find(|(known, _)| known == mark) {
            Some((_, count)) => *count += 1,
            None => counts.push((mark, 1)),
        }
    }
    let most = counts.iter().max_by_key(|(_, count)| *count);
    let why = most.map_or(String::new(), |(mark, _)| format!(" (most often: {mark})"));
    let help = match most {
        Some((mark, _)) if *mark == "trapped" => {
            "; a smaller --gamma or another --delta LO..HI may have one"
        }
        _ => "; another --gamma or --delta LO..HI may have one",
    };
    format!("no step of this range will do{why}{help}")
}
