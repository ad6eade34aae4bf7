//! Whether a run may be trusted: every known way to fail, by name, with what would mend it.

use super::Settings;
use super::sample::{Pilot, Sample};
use crate::diagnostic::Diagnostic;
use crate::learn::collect::{Block, LaneSums};
use crate::learn::scale;
use crate::report::number::significant;
use crate::report::result::{Equilibrium, Normality, Verdict};
use crate::stats::{Histogram, Moments, ks_histogram, split_r_hat};

/// R-hat above which lanes disagree.
const R_HAT: f64 = 1.1;
/// Excess kurtosis of p that is a sign of mixed scales (method of Li & Tao 2024, Remark 3.2; a
/// bounded force gives a negative one).
const KURTOSIS: f64 = 0.15;
/// How far the virial identity may be off, beyond its error.
const VIRIAL: f64 = 0.02;
/// A gradient that is not finite further away than this has overflowed.
const FAR: f64 = 1e6;
/// The part of windows that may be lost to traps or divergence.
const LOST: f64 = 0.01;

/// The checks of a run.
#[derive(Clone, Debug)]
pub struct Findings {
    /// What the result records.
    pub equilibrium: Equilibrium,
    /// What is to be said, worst first.
    pub diagnostics: Vec<Diagnostic>,
    /// The mean of `p^2`; NaN without samples.
    pub momentum_variance: f64,
    /// Its standard error.
    pub momentum_variance_stderr: f64,
}

/// A mean over blocks and its standard error, blocks weighing what they hold.
fn mean(blocks: &[Block], of: impl Fn(&LaneSums) -> f64) -> (f64, f64) {
    let parts: Vec<(f64, f64)> = blocks
        .iter()
        .map(Block::total)
        .filter(|total| total.count() > 0.0)
        .map(|total| (total.count(), of(&total)))
        .collect();
    let weight: f64 = parts.iter().map(|(w, _)| w).sum();
    let mean = parts.iter().map(|(w, y)| w * y).sum::<f64>() / weight;
    let n = parts.len() as f64;
    let spread: f64 = parts
        .iter()
        .map(|(w, y)| (w / weight * (y - mean)).powi(2))
        .sum();
    (mean, (spread * n / (n - 1.0)).sqrt())
}

/// The lanes of all blocks, each in two halves of time.
fn halves(sample: &Sample) -> Vec<LaneSums> {
    let groups = sample.groups;
    let segments = sample.blocks.len() / groups.max(1);
    let mut sums = vec![[LaneSums::default(); 2]; groups * crate::kernel::LANES];
    for (at, block) in sample.blocks.iter().enumerate() {
        let (segment, group) = (at / groups, at % groups);
        let half = usize::from(2 * segment >= segments);
        for (lane, lane_sums) in block.lanes.iter().enumerate() {
            sums[group * crate::kernel::LANES + lane][half].merge(lane_sums);
        }
    }
    sums.into_iter().flatten().collect()
}

/// Checks a run.
pub fn findings(sample: &Sample, settings: &Settings) -> Findings {
    let mut total = LaneSums::default();
    sample.blocks.iter().for_each(|b| total.merge(&b.total()));
    let (p, p_stderr) = mean(&sample.blocks, LaneSums::mean_square);
    let mut findings = Findings {
        equilibrium: Equilibrium {
            verdict: Verdict::Trusted,
            trapped: sample.census.trapped,
            restarts: sample.census.restarts,
            diverged: sample.census.diverged,
            ..Equilibrium::default()
        },
        diagnostics: Vec::new(),
        momentum_variance: p,
        momentum_variance_stderr: p_stderr,
    };
    if total.count() > 0.0 {
        statistics(&mut findings, sample, settings, &total);
    }
    judge(&mut findings, sample, settings);
    findings
}

fn statistics(findings: &mut Findings, sample: &Sample, settings: &Settings, total: &LaneSums) {
    let halves = halves(sample);
    let positions: Vec<Moments> = halves.iter().map(LaneSums::position).collect();
    let kinetic: Vec<Moments> = halves.iter().map(LaneSums::kinetic).collect();
    let (skewness, excess_kurtosis) = total.shape();
    let mut momenta: Option<Histogram> = None;
    for block in &sample.blocks {
        match &mut momenta {
            None => momenta = Some(block.momenta.clone()),
            // Blocks of one plan have one grid.
            Some(all) => drop(all.merge(&block.momenta)),
        }
    }
    let p = findings.momentum_variance;
    let expected = 0.5 * (1.0 + scale::decay(settings.delta, settings.gamma)) * p;
    let equilibrium = &mut findings.equilibrium;
    equilibrium.r_hat = [split_r_hat(&positions), split_r_hat(&kinetic)]
        .into_iter()
        .flatten()
        .max_by(f64::total_cmp);
    equilibrium.effective_samples = Some(scale::independent_samples(
        total.count(),
        settings.delta,
        settings.gamma,
    ));
    equilibrium.virial = Some(total.mean_virial() / expected);
    equilibrium.normality = Normality {
        skewness: Some(skewness),
        excess_kurtosis: Some(excess_kurtosis),
        ks: momenta.and_then(|histogram| ks_histogram(&histogram, 0.0, p)),
    };
}

/// Finds the first name that fits.
fn judge(findings: &mut Findings, sample: &Sample, settings: &Settings) {
    let windows = sample.census.windows.max(1) as f64;
    let diverged = sample.census.diverged as f64 / windows;
    let trapped = sample.census.trapped as f64 / windows;
    // With restarts the windows that end in traps are left out, and the rest is good.
    let most_trapped = if settings.restarts { 0.5 } else { LOST };
    let found = if sample.survey.empty {
        Some((Verdict::Diverged, undefined(sample)))
    } else if sample.pilot == Pilot::Diverged || diverged > LOST {
        Some(lost(sample, settings))
    } else if sample.pilot == Pilot::AtRest {
        Some((Verdict::NoUnresolvedScale, resolved(settings)))
    } else if sample.pilot == Pilot::Caught || trapped > most_trapped {
        Some((Verdict::Trapped, caught(sample, settings, trapped)))
    } else {
        unsettled(findings, sample)
    };
    if let Some((verdict, diagnostic)) = found {
        findings.equilibrium.verdict = verdict;
        findings.diagnostics.push(diagnostic);
    }
    if diverged > 0.0 && diverged <= LOST {
        findings.diagnostics.push(
            Diagnostic::warning(
                "some-diverged",
                format!(
                    "{} times a trajectory left or was no longer finite, and was started anew",
                    sample.census.diverged
                ),
            )
            .help("a smaller --delta would keep them"),
        );
    }
    if trapped > LOST && settings.restarts && findings.equilibrium.verdict == Verdict::Trusted {
        findings.diagnostics.push(
            Diagnostic::warning(
                "some-trapped",
                format!("{:.0} % of the windows ended in traps of the small scale; they were left out and the trajectories moved on", 100.0 * trapped),
            )
            .help("a larger --delta makes the small scale more chaotic, a smaller --gamma the traps rarer"),
        );
    }
}

fn undefined(sample: &Sample) -> Diagnostic {
    Diagnostic::error(
        "nowhere-finite",
        format!(
            "the potential is finite nowhere around {}",
            sample.survey.lowest
        ),
    )
    .help("check the formula, or say where it lives with --start or --domain")
}

fn lost(sample: &Sample, settings: &Settings) -> (Verdict, Diagnostic) {
    // Where a trajectory that left was last is of no use; where the gradient failed is.
    let place = match sample.census.first_divergence {
        Some(d) if !d.left && d.last_position.is_finite() => format!(
            " (first at step {}, near {})",
            d.step,
            significant(d.last_position, 4)
        ),
        Some(d) => format!(" (first at step {})", d.step),
        None => String::new(),
    };
    if sample.survey.falls {
        let diagnostic = Diagnostic::error(
            "does-not-confine",
            format!("the potential does not confine: it falls towards infinity, and trajectories follow it{place}"),
        )
        .help("add a confining term such as 0.01*q^2, or stay in one part of it with --domain LO..HI");
        return (Verdict::DoesNotConfine, diagnostic);
    }
    let undefined = sample
        .census
        .first_divergence
        .is_some_and(|d| !d.left && (d.last_position - sample.survey.lowest).abs() < FAR);
    if undefined {
        let diagnostic = Diagnostic::error(
            "undefined",
            format!("trajectories reach points where the gradient is not defined{place}"),
        )
        .help(
            "a smaller --delta keeps them away from the edge; or make the potential finite there",
        );
        return (Verdict::Diverged, diagnostic);
    }
    let half = 0.5 * settings.delta;
    let diagnostic = Diagnostic::error(
        "delta-too-large",
        format!(
            "delta is too large for the large scales of this potential: trajectories diverge{place}"
        ),
    )
    .help(format!("try a delta below {half}"));
    (Verdict::DeltaTooLarge, diagnostic)
}

fn resolved(settings: &Settings) -> Diagnostic {
    Diagnostic::error(
        "no-unresolved-scale",
        format!(
            "no unresolved scale: at delta {} the map follows every scale of this potential, the momenta die out and there is nothing to sample",
            settings.delta
        ),
    )
    .help("the potential is its own effective potential at this scale; a scale eps of force f is left unresolved from about delta = sqrt(5*eps/f)")
}

fn caught(sample: &Sample, settings: &Settings, part: f64) -> Diagnostic {
    let part = if sample.blocks.is_empty() {
        "all trajectories are caught".to_owned()
    } else {
        format!("{:.0} % of the windows end caught", 100.0 * part)
    };
    let diagnostic = Diagnostic::error(
        "trapped",
        format!(
            "delta is too small, or only just large enough, to leave the small scale unresolved: {part} in its wells"
        ),
    );
    if settings.restarts {
        diagnostic.help("a larger --delta makes the small scale chaotic: delta^2 times its curvature should be 5 or more")
    } else {
        diagnostic.help("--restarts on moves trapped trajectories on and leaves out what led into the trap; a larger --delta or a smaller --gamma makes traps rarer")
    }
}

/// Statistics that are not those of equilibrium.
fn unsettled(findings: &Findings, sample: &Sample) -> Option<(Verdict, Diagnostic)> {
    let equilibrium = &findings.equilibrium;
    if !sample.complete {
        let diagnostic =
            Diagnostic::warning("interrupted", "the run was interrupted before its end")
                .help("run it again, or with fewer --steps");
        return Some((Verdict::NotConverged, diagnostic));
    }
    let worth = equilibrium.effective_samples.unwrap_or(0.0).max(1.0);
    if let Some(r_hat) = equilibrium.r_hat.filter(|r| *r > R_HAT) {
        let diagnostic = Diagnostic::error(
            "not-converged",
            format!("the trajectories disagree with each other (R-hat {r_hat:.2})"),
        )
        .help("more --steps; if there are several wells and none is left, a smaller --gamma heats the trajectories so that they cross, or --domain keeps them in one");
        return Some((Verdict::NotConverged, diagnostic));
    }
    // Four standard errors of a kurtosis over the independent samples there are.
    let allowed = KURTOSIS + 4.0 * (24.0 / worth).sqrt();
    if let Some(kurtosis) = equilibrium
        .normality
        .excess_kurtosis
        .filter(|k| *k > allowed)
    {
        let diagnostic = Diagnostic::error(
            "mixed-scales",
            format!("the momenta are not Gaussian (excess kurtosis {kurtosis:+.2}): a scale is half resolved"),
        )
        .help("a larger or a smaller --delta leaves the half-resolved scale on one side");
        return Some((Verdict::NotInEquilibrium, diagnostic));
    }
    let virial = mean(&sample.blocks, LaneSums::mean_virial);
    let allowed = VIRIAL + 4.0 * (virial.1 / virial.0).abs();
    if let Some(ratio) = equilibrium.virial.filter(|v| (v - 1.0).abs() > allowed) {
        let diagnostic = Diagnostic::error(
            "not-in-equilibrium",
            format!(
                "the samples are not in equilibrium: E[x g(x)] is {ratio:.3} of what it must be"
            ),
        )
        .help("a longer --burn-in, or more --steps");
        return Some((Verdict::NotInEquilibrium, diagnostic));
    }
    None
}
