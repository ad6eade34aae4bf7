//! Choosing step and friction: `--resolve L`, which says what to keep, and `--delta auto`, which
//! removes what lies below the widest gap between scales.
//!
//! The size of a structure is half its wavelength, the distance from a crest to a trough:
//! `pi eps` for `sin(q/eps)`. It is kept where `R_x(l/eps) > 1/2`, hence where `l < 2.06 eps`, and
//! `--resolve L` stands for the largest length that keeps all structure of size `L` and more,
//! `l = 2.06 L/pi = 0.66 L`. Many pairs of step and friction have that length, `l^2 = delta^3
//! s2/(2 gamma)`; the step must make what is removed chaotic, `delta^2 |V''| >= 5`, or there is no
//! noise (12 if that can be: the noise is white then), and be small for what is kept. Where the
//! largest of what is removed is too close to what is kept, smaller scales make the noise, and the
//! length alone removes the others.

use super::prospect::{COARSE, FRICTION, Prospect, prospect};
use super::scan::{default_range, deltas, sweep, widest, windows};
use super::sweep::{KEPT, stiffness, trial};
use super::unheld::{bottomless, unheld};
use super::{Hooks, Options, Potential};
use crate::diagnostic::Diagnostic;
use crate::learn::structure::Plateau;
use crate::learn::transfer::survival_x;
use crate::report::number::significant;
use crate::report::scan::{ScanResult, SweepRow, Window, named};

/// `delta^2 |V''|` of the smallest scale that `--delta auto` is content with.
const CHAOTIC: f64 = 15.0;
/// `delta^2 |V''|` of the largest scale that is removed, from what is best to what is least.
const CHAOS: [f64; 5] = [12.0, 10.0, 8.0, 6.5, 5.0];
/// A length that is off by more than this part is mended by the friction.
const CLOSE: f64 = 0.03;

/// A step and a friction, and why these.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    /// The step.
    pub delta: f64,
    /// The friction; `None` leaves what was given.
    pub gamma: Option<f64>,
    /// What they do, as a sentence.
    pub reason: String,
    /// `delta^2 max U''`, where no good step has less than the large scales can bear.
    pub distorted: Option<f64>,
    /// What a short run with them showed that is not good, in a word or two each.
    pub marks: Vec<&'static str>,
}

/// Replaces `--resolve` and `--delta auto` by what they stand for, and says it; other options stay
/// as they are.
///
/// # Errors
/// There is no such step, for the reason given.
pub(super) fn chosen(
    options: &Options,
    potential: &Potential,
    hooks: &Hooks<'_>,
) -> Result<(Options, Option<Diagnostic>), Diagnostic> {
    let choice = match options.resolve {
        Some(size) => resolve_scale(potential, size, options, hooks)?,
        None if options.automatic => automatic(potential, options, hooks)?,
        None => return Ok((options.clone(), None)),
    };
    let said = said_of(&choice);
    let options = Options {
        delta: Some(choice.delta),
        gamma: choice.gamma.or(options.gamma),
        ..options.clone()
    };
    Ok((options, Some(said)))
}

/// What was chosen, and what is not good about it.
fn said_of(choice: &Choice) -> Diagnostic {
    let reason = &choice.reason;
    if !choice.marks.is_empty() {
        let marks = choice.marks.join(", ");
        let message = format!("{reason}; a short run had marks: {marks}");
        return Diagnostic::warning("chosen-scale", message)
            .help("`effpot-lang scan` shows the steps around it");
    }
    let Some(h) = choice.distorted else {
        return Diagnostic::note("chosen-scale", reason.clone());
    };
    let message = format!(
        "{reason}, and all of it is above the line where the step distorts what it keeps: here delta^2 max U'' is {}, and should be {COARSE} at most",
        significant(h, 2)
    );
    let part = significant(100.0 * h / 4.0, 1);
    Diagnostic::warning("chosen-scale", message).help(format!("`value` and `force` read U off V and its gradient, and do not mind; heights that `density`, `terms` or `paper` give are off by up to about {part} %"))
}

/// `l/eps` where half of a wave survives: 2.06.
pub(super) fn half_length() -> f64 {
    let (mut lo, mut hi) = (1.0, 4.0);
    for _ in 0..60 {
        let middle = 0.5 * (lo + hi);
        match survival_x(middle) > KEPT {
            true => lo = middle,
            false => hi = middle,
        }
    }
    lo
}

/// The step and the friction that keep structure of size `size` and more (half a wavelength), and
/// as little else as there is noise for. Where `options` has a friction, that one.
///
/// # Errors
/// Nothing is smaller than `size`, what is smaller is not far enough below it, or there is a mass
/// or a friction matrix.
pub fn resolve_scale(
    potential: &Potential,
    size: f64,
    options: &Options,
    hooks: &Hooks<'_>,
) -> Result<Choice, Diagnostic> {
    if options.mass.is_some() || options.friction.is_some() {
        let message = "`resolve` chooses step and friction for unit mass, not for matrices";
        return Err(Diagnostic::error("wrong-resolve", message)
            .help("give --delta with --friction and --mass"));
    }
    let plain = Options {
        start: None,
        ..options.clone()
    };
    let prospect = prospect(potential, &plain)?;
    let target = Target::new(&prospect, size)?;
    let found = target.best(potential, options, hooks);
    let found = found.ok_or_else(|| target.too_narrow())?;
    Ok(Choice {
        delta: found.row.delta,
        gamma: Some(found.gamma),
        reason: target.reason(&found),
        distorted: None,
        marks: found.row.marks,
    })
}

impl Noise {
    /// That of a scale and all smaller ones.
    fn of(plateau: &Plateau) -> Noise {
        Noise {
            s2: plateau.height,
            curvature: plateau.curvature(),
        }
    }
}

/// Noise from the part of a continuum below a reduced wavelength, or less of it.
fn of_a_continuum(prospect: &Prospect, plateau: &Plateau, eps: f64) -> Vec<Noise> {
    let below = |eps: f64| {
        let mut increments = prospect.structure.increments.iter();
        let s2 = increments.rfind(|i| i.r <= eps)?.value;
        Some(Noise {
            s2,
            curvature: (2.0 * s2).sqrt() / eps,
        })
    };
    let largest = eps.min(plateau.eps_hi);
    let parts = (0..4).map(|k| largest * 0.5f64.powi(k));
    let parts = parts.take_while(|part| *part >= plateau.eps_lo);
    parts.filter_map(below).collect()
}

/// A short run; where its length is not what was aimed at, another with the friction mended.
fn tried(
    potential: &Potential,
    options: &Options,
    target: &Target<'_>,
    delta: f64,
    gamma: f64,
    hooks: &Hooks<'_>,
) -> Option<(SweepRow, f64)> {
    let with = |gamma: f64| {
        let options = Options {
            gamma: Some(gamma),
            steps: None,
            ..options.clone()
        };
        trial(potential, target.prospect, &options, delta, hooks).map(|(row, _)| row)
    };
    let row = with(gamma)?;
    let off = row.length.map_or(1.0, |length| length / target.length);
    if options.gamma.is_some() || (off - 1.0).abs() < CLOSE {
        return Some((row, gamma));
    }
    let mended = rounded(gamma * off * off);
    Some((with(mended)?, mended))
}

/// To three digits.
fn rounded(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}

/// What `--resolve` aims at.
struct Target<'a> {
    prospect: &'a Prospect,
    /// The size that is kept.
    size: f64,
    /// The length that keeps half of it.
    length: f64,
    removed: Vec<&'a Plateau>,
    kept: Vec<&'a Plateau>,
    /// What may make the noise, the largest scales first.
    noises: Vec<Noise>,
}

/// Scales that make the noise.
#[derive(Clone, Copy)]
struct Noise {
    /// The variance of their force.
    s2: f64,
    /// The least second derivative of any of them.
    curvature: f64,
}

/// A short run that was tried.
struct Tried {
    row: SweepRow,
    gamma: f64,
    noise: Noise,
}

impl Target<'_> {
    fn new(prospect: &Prospect, size: f64) -> Result<Target<'_>, Diagnostic> {
        let eps = size / std::f64::consts::PI;
        let length = half_length() * eps;
        let plateaus = prospect.scales.plateaus.iter();
        // Of a continuum what is smaller than the size is removed, wherever that divides it.
        let below = |p: &&Plateau| match p.is_continuum() {
            true => p.eps_lo < eps,
            false => p.eps < eps,
        };
        let (removed, kept): (Vec<&Plateau>, Vec<&Plateau>) = plateaus.partition(below);
        let Some(last) = removed.last() else {
            return Err(nothing_smaller(prospect, size));
        };
        let noises = match last.is_continuum() {
            true => of_a_continuum(prospect, last, eps),
            false => removed.iter().rev().map(|p| Noise::of(p)).collect(),
        };
        Ok(Target {
            prospect,
            size,
            length,
            removed,
            kept,
            noises,
        })
    }

    /// Steps and frictions of the length, the best first, for scales that make the noise.
    fn candidates(&self, noise: &Noise, gamma: Option<f64>) -> Vec<(f64, f64)> {
        if let Some(gamma) = gamma {
            let delta = (2.0 * gamma * self.length.powi(2) / noise.s2).cbrt();
            return vec![(rounded(delta), gamma)];
        }
        let pairs = CHAOS.iter().filter_map(|chaos| {
            let delta = rounded((chaos / noise.curvature).sqrt());
            // From l^2 = delta^4 s2/(1 - c^2): there is no friction where that would need c^2 < 0.
            let lost = delta.powi(4) * noise.s2 / self.length.powi(2);
            let gamma = -(-lost).ln_1p() / (2.0 * delta);
            (gamma.is_normal() && lost < 0.9).then_some((delta, rounded(gamma)))
        });
        let pairs: Vec<(f64, f64)> = pairs.collect();
        let gentle = |(delta, _): &(f64, f64)| {
            stiffness(self.prospect, *delta, self.length).is_none_or(|h| h <= COARSE)
        };
        let good: Vec<(f64, f64)> = pairs.iter().copied().filter(gentle).collect();
        match good.is_empty() {
            // The smallest is the least coarse.
            true => pairs.into_iter().rev().collect(),
            false => good,
        }
    }

    /// The best of all candidates: the first whose marks are all good, else that with the fewest
    /// bad ones.
    fn best(&self, potential: &Potential, options: &Options, hooks: &Hooks<'_>) -> Option<Tried> {
        let mut best: Option<Tried> = None;
        for noise in &self.noises {
            for (delta, gamma) in self.candidates(noise, options.gamma) {
                let Some((row, gamma)) = tried(potential, options, self, delta, gamma, hooks)
                else {
                    continue;
                };
                let good = row.accepted;
                let fewest = best
                    .as_ref()
                    .map_or(usize::MAX, |best| best.row.marks.len());
                if row.marks.len() < fewest {
                    best = Some(Tried {
                        row,
                        gamma,
                        noise: *noise,
                    });
                }
                if good {
                    return best;
                }
            }
        }
        best
    }

    fn reason(&self, found: &Tried) -> String {
        let (row, gamma) = (&found.row, found.gamma);
        let length = row.length.unwrap_or(self.length);
        let kept: Vec<f64> = self.kept.iter().map(|p| p.name).collect();
        let keeps = match self.kept.first() {
            Some(first) => format!(
                ", {} among it (R_x = {})",
                named(&kept),
                significant(survival_x(length / first.eps), 2)
            ),
            None => String::new(),
        };
        let continuum = self.removed.iter().any(|p| p.is_continuum());
        let gone: Vec<f64> = self.removed.iter().map(|p| p.name).collect();
        let gone = match continuum {
            true => "what is smaller".to_owned(),
            false => named(&gone),
        };
        format!(
            "--resolve {}: delta {} and gamma {} smooth at l = {}, which keeps structure of that size (half a wavelength) and more{keeps}, and removes {gone} (noise from delta^2 |V''| = {})",
            significant(self.size, 4),
            significant(row.delta, 3),
            significant(gamma, 3),
            significant(length, 2),
            significant(row.delta.powi(2) * found.noise.curvature, 2),
        )
    }

    fn too_narrow(&self) -> Diagnostic {
        let chaos = CHAOS[CHAOS.len() - 1];
        let lengths = self
            .noises
            .iter()
            .map(|n| chaos / n.curvature * n.s2.sqrt());
        let least = lengths.fold(f64::INFINITY, f64::min) / half_length();
        Diagnostic::error(
            "wrong-resolve",
            format!(
                "what is smaller than {} is too close to it: a step that makes noise of it smooths further",
                significant(self.size, 4)
            ),
        )
        .help(format!(
            "--resolve {} or more, or --estimator filter with --delta",
            significant(1.2 * least * std::f64::consts::PI, 2)
        ))
    }
}

fn nothing_smaller(prospect: &Prospect, size: f64) -> Diagnostic {
    let Some(first) = prospect.scales.plateaus.first() else {
        return no_scale(prospect, &format!("--resolve {}", significant(size, 4)));
    };
    let smallest = std::f64::consts::PI * first.eps;
    Diagnostic::error(
        "wrong-resolve",
        format!(
            "--resolve {} keeps all of V: its smallest structure has the size {} (half a wavelength of the scale {})",
            significant(size, 4),
            significant(smallest, 2),
            significant(first.name, 2)
        ),
    )
    .help(format!(
        "a size well above {}; `effpot-lang scan` shows the scales",
        significant(smallest, 2)
    ))
}

fn no_scale(prospect: &Prospect, asked: &str) -> Diagnostic {
    let message = match prospect.scales.continuum {
        true => format!("{asked} finds no gap: the force is rough on all lengths"),
        false => format!(
            "{asked} finds no scale that stands out from the large ones: give --delta D yourself"
        ),
    };
    Diagnostic::error("no-scale", message)
        .help("give --delta; `effpot-lang scan` shows what was looked at")
}

/// A step of the widest window of a scan, with the friction that was given: one at which the
/// smallest scale is well beyond the edge of chaos, and the large ones are not yet distorted by the
/// step; of the two the latter, where both cannot be had.
///
/// # Errors
/// There is no scale, no gap, or no step whose marks are all good.
pub fn automatic(
    potential: &Potential,
    options: &Options,
    hooks: &Hooks<'_>,
) -> Result<Choice, Diagnostic> {
    let prospect = prospect(potential, options)?;
    if let Some(error) = bottomless(potential, &prospect, options) {
        return Err(error);
    }
    let asked = "--delta auto";
    let held = |sweep: &[SweepRow], otherwise: Diagnostic| {
        unheld(potential, &prospect, options, sweep).unwrap_or(otherwise)
    };
    if prospect.scales.continuum && !prospect.scales.plateaus.is_empty() {
        let message = "--delta auto needs a gap between scales, and here they follow each other without one: any step smooths at its own length";
        return Err(Diagnostic::error("no-gap", message)
            .help("say what to keep: --resolve L keeps structure of that size and more"));
    }
    let gamma = options.gamma.unwrap_or(FRICTION);
    let Some((lo, hi)) = default_range(&prospect, gamma) else {
        return Err(held(&[], no_scale(&prospect, asked)));
    };
    let mut result = ScanResult::default();
    let options = Options {
        steps: None,
        ..options.clone()
    };
    let deltas = deltas(lo, hi);
    sweep(potential, &prospect, &options, &deltas, hooks, &mut result);
    let windows = windows(&result.sweep, &prospect);
    let Some(window) = widest(&windows) else {
        let message = format!(
            "--delta auto tried steps from {} to {}, and none has good marks",
            significant(lo, 2),
            significant(hi, 2)
        );
        let error = Diagnostic::error("no-window", message)
            .help("`effpot-lang scan` shows the marks; another --gamma may have a window");
        return Err(held(&result.sweep, error));
    };
    let (delta, distorted) = within(window, &prospect, &result.sweep);
    let kept = match window.kept.is_empty() {
        true => String::new(),
        false => format!(" and keeps {}", named(&window.kept)),
    };
    Ok(Choice {
        delta,
        // The marks are those of this friction; in several coordinates it is matched to the noise.
        gamma: (potential.model.dimension() == 1).then_some(gamma),
        reason: format!(
            "--delta auto: delta {} removes {}{kept}; the window goes from {} to {}",
            significant(delta, 3),
            named(&window.removed),
            significant(window.smallest, 3),
            significant(window.hi, 3)
        ),
        distorted,
        marks: Vec::new(),
    })
}

/// The step of a window that is best, and its `delta^2 max U''` where all of the window is above
/// the line from which the large scales are distorted.
fn within(window: &Window, prospect: &Prospect, sweep: &[SweepRow]) -> (f64, Option<f64>) {
    let smallest = prospect.scales.plateaus.first();
    let chaotic = smallest.map_or(0.0, |p| (CHAOTIC / p.curvature()).sqrt());
    let best = rounded(chaotic).max(window.smallest).min(window.hi);
    let inside = |row: &&SweepRow| (window.lo..=window.hi).contains(&row.delta);
    let rows = || sweep.iter().filter(inside).filter(|row| row.accepted);
    let gentle = |row: &&SweepRow| row.h.is_none_or(|h| h <= COARSE);
    match rows().rfind(gentle) {
        Some(last) => (best.min(last.delta), None),
        None => (window.smallest, rows().next().and_then(|row| row.h)),
    }
}
