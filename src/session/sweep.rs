//! Short runs at many steps, each with the marks of Remark 3.2 of Li & Tao 2024: what the momenta
//! should be, and are not where a scale is half resolved.

use super::confinement::LEAVES_DOMAIN;
use super::findings::{Findings, findings, halves};
use super::pilot::Pilot;
use super::prospect::{FRICTION, Prospect};
use super::sample::{Sample, sample};
use super::verdict::judge;
use super::{Estimator, Hooks, Knots, Options, Potential, Settings};
use crate::diagnostic::Diagnostic;
use crate::learn::collect::LaneSums;
use crate::learn::scale;
use crate::learn::transfer::survival_x;
use crate::report::result::{Equilibrium, Verdict};
use crate::report::scan::SweepRow;
use crate::stats::{Moments, split_r_hat};

/// Independent samples that a run aims at: its excess kurtosis errs by 0.05 then.
const SAMPLES: f64 = 1e4;
/// Steps of a run at least, and at most if it then has samples enough to be judged.
const STEPS: [f64; 2] = [1e5, 1e6];
/// Steps of a run at most.
const MOST_STEPS: f64 = 1e7;
/// Samples that a run can be judged by: its excess kurtosis errs by 0.2 then.
const ENOUGH: f64 = 600.0;
/// Trajectories of a run.
const TRAJECTORIES: usize = 32;
/// Relaxation times of burn-in: trajectories start at about the right temperature.
const BURN_IN: f64 = 5.0;
/// Excess kurtosis of p that is a sign of mixed scales.
const KURTOSIS: f64 = 0.15;
/// Kolmogorov-Smirnov distance that is one ...
const DISTANCE: f64 = 0.006;
/// ... beyond what a bounded force makes, this much times the excess kurtosis: the first term of
/// Edgeworth's series, `|He_3(z)| phi(z)/24` at its largest.
const BOUNDED: f64 = 0.0229;
/// R-hat of `p^2` that is a sign of traps.
const R_HAT: f64 = 1.05;
/// The part of watches that may end in traps; what leads there is dropped.
const TRAPPED: f64 = 0.01;
/// The part of windows that may be lost.
const LOST: f64 = 0.01;
/// `delta^2 max U''` that a kept landscape allows.
const TOO_COARSE: f64 = 1.0;
/// A scale is removed where less than this part of it survives, kept where more than that.
pub(super) const REMOVED: f64 = 0.1;
/// See [`REMOVED`].
pub(super) const KEPT: f64 = 0.5;

/// The smallest step at which a run is not too short to be judged, for a friction.
pub(super) fn shortest(gamma: f64) -> f64 {
    1.3 * ENOUGH / (gamma * MOST_STEPS)
}

/// The options of a short run at one step.
fn brief(options: &Options, delta: f64) -> Options {
    let gamma = options.gamma.unwrap_or(FRICTION);
    let relaxation = 1.0 / (gamma * delta);
    let steps = (SAMPLES * relaxation).clamp(STEPS[0], STEPS[1]);
    let steps = steps.max(2.0 * ENOUGH * relaxation).min(MOST_STEPS);
    Options {
        delta: Some(delta),
        // Nothing is fitted: whatever needs least, in any number of coordinates.
        estimators: vec![Estimator::Filter],
        steps: Some(options.steps.unwrap_or(steps as u64)),
        trajectories: Some(options.trajectories.unwrap_or(TRAJECTORIES)),
        burn_in: Some((BURN_IN * relaxation).clamp(100.0, 1e6) as u64),
        knots: Some(Knots::Count(32)),
        restarts: Some(true),
        target: None,
        compare: None,
        ..options.clone()
    }
}

/// Runs the map at one step, and marks what it shows; the steps that it took. `None` where the run
/// would not fit.
pub(super) fn trial(
    potential: &Potential,
    prospect: &Prospect,
    options: &Options,
    delta: f64,
    hooks: &Hooks<'_>,
) -> Option<(SweepRow, u64)> {
    let coordinates = &potential.model.coordinates;
    let settings = brief(options, delta).resolve(coordinates).ok()?;
    let silent = Hooks {
        progress: &|_| (),
        ..*hooks
    };
    let sample = sample(potential, None, &settings, None, &silent, None, |_, _| {
        false
    })
    .ok()?;
    let findings = findings(&sample, potential, &settings);
    let kt = Some(findings.momentum_variance()).filter(|kt| *kt > 0.0);
    let mut row = SweepRow {
        delta,
        kt,
        length: kt.map(|kt| scale::resolution_length(delta, kt)),
        trapped: sample.census.trapped as f64 / sample.census.watches.max(1) as f64,
        restarts: sample.census.restarts,
        diverged: sample.census.diverged as f64 / sample.census.windows.max(1) as f64,
        excess_kurtosis: findings.equilibrium.normality.excess_kurtosis,
        ks: findings.equilibrium.normality.ks,
        heterogeneity: heterogeneity(&sample, coordinates.len()),
        effective_samples: findings.equilibrium.effective_samples,
        ..SweepRow::default()
    };
    row.h = row.length.and_then(|l| stiffness(prospect, delta, l));
    if row.kt.is_none() || row.diverged > LOST {
        row.reason = reason(&findings, &sample, potential, &settings);
    }
    row.marks = marks(&row, &sample, &settings, &findings.equilibrium);
    row.accepted = row.marks.is_empty();
    Some((row, sample.steps + sample.warm_up))
}

/// What a run at this step says, where it says that nothing holds trajectories.
fn reason(
    findings: &Findings,
    sample: &Sample,
    potential: &Potential,
    settings: &Settings,
) -> Option<Diagnostic> {
    let mut judged = findings.clone();
    judge(&mut judged, sample, potential, settings);
    let open = judged.equilibrium.verdict == Verdict::DoesNotConfine;
    let mut said = judged.diagnostics.into_iter();
    said.find(|d| d.is_error() && (open || d.code == LEAVES_DOMAIN))
}

/// Split R-hat of `p^2` over trajectories, the worst coordinate.
fn heterogeneity(sample: &Sample, dimension: usize) -> Option<f64> {
    let worst = (0..dimension).filter_map(|c| {
        let kinetic: Vec<Moments> = halves(sample, c).iter().map(LaneSums::kinetic).collect();
        split_r_hat(&kinetic)
    });
    worst.max_by(f64::total_cmp)
}

/// `delta^2 max U''`: of what lies above all scales its root mean square, which is all of it in a
/// parabola, and of each scale the part that survives; of a continuum the root mean square that its
/// structure function has at the length. `None` where nothing of U is seen.
pub(super) fn stiffness(prospect: &Prospect, delta: f64, length: f64) -> Option<f64> {
    let plateaus = prospect.scales.plateaus.iter();
    let curvature: f64 = plateaus
        .map(|p| match p.is_continuum() {
            true => prospect.structure.curvature_at(length).unwrap_or(0.0),
            false => p.curvature() * survival_x(length / p.eps),
        })
        .sum();
    let curvature = curvature + prospect.curvature.unwrap_or(0.0);
    (curvature > 0.0).then_some(delta * delta * curvature)
}

fn marks(
    row: &SweepRow,
    sample: &Sample,
    settings: &Settings,
    equilibrium: &Equilibrium,
) -> Vec<&'static str> {
    match &row.reason {
        Some(reason) if reason.code == LEAVES_DOMAIN => return vec!["leaves the domain"],
        Some(_) => return vec!["does not confine"],
        None => {}
    }
    match sample.pilot {
        Pilot::AtRest => return vec!["no noise"],
        Pilot::Caught => return vec!["trapped"],
        Pilot::Diverged => return vec!["diverges"],
        Pilot::Undefined | Pilot::Lifted => return vec!["leaves V"],
        Pilot::Alive => {}
    }
    let n = equilibrium.effective_samples.unwrap_or(0.0).max(1.0);
    let chains = 2.0 * settings.trajectories as f64;
    // What chance adds to a mark where there are fewer samples than were aimed at.
    let chance = |spread: f64| 2.0 * (spread / n.sqrt() - spread / SAMPLES.sqrt()).max(0.0);
    let above = |value: Option<f64>, limit: f64| value.is_some_and(|value| value > limit);
    let mut marks = Vec::new();
    let short = n < ENOUGH && row.kt.is_some();
    let mut mark = |bad: bool, word: &'static str| marks.extend(bad.then_some(word));
    mark(row.diverged > LOST, "diverges");
    mark(row.kt.is_none(), "no samples");
    mark(short, "short");
    mark(row.trapped > TRAPPED, "trapped");
    let kurtosis = KURTOSIS + chance(24f64.sqrt());
    mark(above(row.excess_kurtosis, kurtosis), "kurtosis");
    let bounded = BOUNDED * row.excess_kurtosis.map_or(0.0, |k| (-k).max(0.0));
    let distance = DISTANCE + bounded + chance(0.5);
    mark(above(row.ks, distance), "not normal");
    mark(above(row.heterogeneity, R_HAT + chains / n), "uneven");
    mark(above(row.h, TOO_COARSE), "coarse");
    marks
}
