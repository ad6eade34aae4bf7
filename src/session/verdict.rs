//! Whether a run may be trusted: every known way to fail, by name, with what would mend it.

use super::calibrate::driven;
use super::confinement::{falling, free, leaves_domain, pole, wall};
use super::estimate::binned;
use super::findings::{Findings, mean, periodic, virial, virial_is_due};
use super::pilot::Pilot;
use super::sample::Sample;
use super::{Potential, Settings};
use crate::diagnostic::Diagnostic;
use crate::report::number::significant;
use crate::report::result::Verdict;

/// R-hat above which lanes disagree.
const R_HAT: f64 = 1.1;
/// Excess kurtosis of p that is a sign of mixed scales (method of Li & Tao 2024, Remark 3.2; a
/// bounded force gives a negative one).
const KURTOSIS: f64 = 0.15;
/// Excess kurtosis of p that half-resolved scales do not reach: a few momenta are enormous.
const HEAVY: f64 = 10.0;
/// A coordinate whose `p^2/m` is below this part of another's is not driven by noise of its own.
const COLD: f64 = 0.2;
/// How far the virial identity may be off, beyond its error.
const VIRIAL: f64 = 0.02;
/// A gradient that is not finite further away than this has overflowed.
const FAR: f64 = 1e6;
/// A scale is left unresolved where `delta^2` times its curvature is about that or more.
const CHAOTIC: f64 = 5.0;
/// Fewer independent samples than that say nothing.
const FEWEST: f64 = 30.0;
/// The part of windows that may be lost to traps or divergence.
const LOST: f64 = 0.01;
/// So many times hotter than the noise makes them are trajectories that diverge.
const HOT: f64 = 100.0;
/// The step of a look at the noise alone, in steps that the large scales may not hold.
const CAREFUL: f64 = 0.25;

/// Finds the first name that fits.
pub(super) fn judge(
    findings: &mut Findings,
    sample: &Sample,
    potential: &Potential,
    settings: &Settings,
) {
    let windows = sample.census.windows.max(1) as f64;
    let diverged = sample.census.diverged as f64 / windows;
    let trapped = sample.census.trapped as f64 / sample.census.watches.max(1) as f64;
    // With restarts the windows that end in traps are left out, and the rest is good.
    let most_trapped = if settings.restarts { 0.5 } else { LOST };
    let found = if !sample.complete {
        let diagnostic =
            Diagnostic::warning("interrupted", "the run was interrupted before its end").help(
                "go on with --resume where it was saved, or run it again, with fewer --steps",
            );
        Some((Verdict::NotConverged, diagnostic))
    } else if sample.survey.empty {
        Some((Verdict::Diverged, undefined(sample)))
    } else if sample.pilot == Pilot::Diverged || diverged > LOST {
        Some(lost(sample, potential, settings))
    } else if sample.pilot == Pilot::Undefined {
        Some((Verdict::Diverged, outside(sample, potential)))
    } else if sample.pilot == Pilot::Lifted {
        Some((Verdict::Diverged, lifted(sample, potential)))
    } else if sample.pilot == Pilot::AtRest || sample.pilot == Pilot::Caught {
        Some(still(sample, potential, settings, trapped))
    } else if trapped > most_trapped {
        Some((Verdict::Trapped, caught(sample, settings, trapped)))
    } else {
        unsettled(findings, sample, potential, settings)
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
                    "{} times a trajectory left or was no longer finite{}, and was started anew",
                    sample.census.diverged,
                    first_loss(sample)
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
            place(&sample.survey.lowest, 6)
        ),
    )
    .help("check the formula, or say where it lives with --start or --domain")
}

/// A point as text: in brackets where it has several coordinates.
pub(super) fn place(x: &[f64], digits: usize) -> String {
    let numbers: Vec<String> = x.iter().map(|x| significant(*x, digits)).collect();
    match numbers.as_slice() {
        [one] => one.clone(),
        [first, second, third, .., last] if numbers.len() > 6 => {
            format!("({first}, {second}, {third}, ..., {last})")
        }
        several => format!("({})", several.join(", ")),
    }
}

fn is_near(x: &[f64]) -> bool {
    x.iter().all(|x| x.abs() < FAR)
}

/// The positions of lanes as points.
fn points(ends: &[f64], dimension: usize) -> Vec<Vec<f64>> {
    let lanes = ends.len() / dimension.max(1);
    let point = |lane: usize| (0..dimension).map(|c| ends[c * lanes + lane]).collect();
    (0..lanes).map(point).collect()
}

/// Where the first trajectory was lost, in brackets. Where one that left was last is of no use;
/// where the gradient failed is.
fn first_loss(sample: &Sample) -> String {
    match &sample.census.first_divergence {
        Some(d) if !d.left && is_near(&d.last_position) => {
            let x = place(&d.last_position, 4);
            format!(" (first at step {}, near {x})", d.step)
        }
        Some(d) => format!(" (first at step {})", d.step),
        None => String::new(),
    }
}

fn lost(sample: &Sample, potential: &Potential, settings: &Settings) -> (Verdict, Diagnostic) {
    let place = first_loss(sample);
    let first = sample.census.first_divergence.as_ref();
    if let Some(domain) = &settings.domain
        && first.is_some_and(|d| d.left)
    {
        let diagnostic = leaves_domain(potential, domain, &place);
        return (Verdict::Diverged, diagnostic);
    }
    if !sample.survey.falling.is_empty() {
        let diagnostic = falling(sample, potential, &format!("trajectories follow it{place}"));
        return (Verdict::DoesNotConfine, diagnostic);
    }
    let undefined = first.filter(|d| !d.left && is_near(&d.last_position));
    if let Some(divergence) = undefined {
        let term = culprit(potential, &divergence.last_position);
        let diagnostic = Diagnostic::error(
            "undefined",
            format!("trajectories reach points where the gradient is not defined{place}{term}"),
        )
        .help(STAY_INSIDE);
        return (Verdict::Diverged, diagnostic);
    }
    if let Some(diagnostic) = pole(sample, potential, &place) {
        return (Verdict::DoesNotConfine, diagnostic);
    }
    // Trajectories that diverge are as hot as one likes: what they leave may hold well.
    let kt = sample
        .kt
        .min(HOT * driven(potential, settings, &sample.survey, CAREFUL));
    let held = sample.survey.blind || sample.survey.hull(kt).is_some();
    let lets_go = !sample.survey.free(kt).is_empty();
    if settings.domain.is_none() && (lets_go || sample.gentler.is_none() && !held) {
        return (Verdict::DoesNotConfine, free(sample, potential, kt));
    }
    let diagnostic = Diagnostic::error(
        "delta-too-large",
        format!(
            "delta {} is too large for the large scales of this potential: trajectories diverge{place}",
            significant(settings.delta, 6)
        ),
    );
    let diagnostic = match sample.gentler {
        Some(delta) => diagnostic.help(format!(
            "try --delta {}: a short trial with it lost no trajectory",
            significant(delta, 2)
        )),
        None => diagnostic.help("a smaller --delta"),
    };
    (Verdict::DeltaTooLarge, diagnostic)
}

const STAY_INSIDE: &str = "a smaller --delta keeps them away from the edge; or write the potential so that it is finite there, with a steep but smooth wall";

/// Which terms are not finite at a point, as the end of a sentence.
fn culprit(potential: &Potential, x: &[f64]) -> String {
    match potential.culprits(x).first() {
        Some(term) => format!(": there `{term}` is not finite"),
        None => String::new(),
    }
}

/// Trajectories where V is not finite though its gradient is.
fn outside(sample: &Sample, potential: &Potential) -> Diagnostic {
    let values = potential.curve(&sample.ends);
    let ends = points(&sample.ends, potential.model.dimension());
    let place = ends.iter().zip(&values).find(|(_, v)| !v.is_finite());
    not_finite(potential, place.map_or(&[], |(x, _)| x))
}

/// Trajectories that came to rest beyond a jump.
fn lifted(sample: &Sample, potential: &Potential) -> Diagnostic {
    let ends = points(&sample.ends, potential.model.dimension());
    let x = ends.into_iter().next().unwrap_or_default();
    let height = potential.curve(&x).first().copied().unwrap_or(f64::NAN) - sample.survey.level;
    Diagnostic::error(
        "jump",
        format!(
            "the potential jumps where its gradient does not show it: trajectories went through, and rest {} above its wells, such as at {}",
            significant(height, 3),
            place(&x, 6)
        ),
    )
    .help("write walls as slopes, such as `if d > 0 then 50*d^2 else 0`; steps cannot be felt")
}

fn not_finite(potential: &Potential, x: &[f64]) -> Diagnostic {
    Diagnostic::error(
        "undefined",
        format!(
            "trajectories reach points where the potential is not defined, such as {}{}",
            place(x, 6),
            culprit(potential, x)
        ),
    )
    .help(STAY_INSIDE)
}

/// The centre of a bin that holds samples though V is finite neither there nor near its corners.
fn undefined_bin(sample: &Sample, potential: &Potential) -> Option<Vec<f64>> {
    if !potential.has_values() {
        return None;
    }
    let mesh = binned(&sample.blocks).next()?.density.mesh();
    let d = mesh.dimension();
    let held: Vec<Vec<f64>> = (0..mesh.bins())
        .filter(|&bin| binned(&sample.blocks).any(|b| b.density.counts()[bin] > 0))
        .map(|bin| mesh.centre(bin))
        .collect();
    let mut bad = vec![true; held.len()];
    // The centre, and then the ends of both diagonals.
    for [first, others] in [
        [0.0, 0.0],
        [-0.5, -0.5],
        [0.5, 0.5],
        [-0.5, 0.5],
        [0.5, -0.5],
    ] {
        let shift = |c: usize| mesh.axes()[c].grid.width() * if c == 0 { first } else { others };
        let coordinates = (0..d).flat_map(|c| held.iter().map(move |x| x[c] + shift(c)));
        let values = potential.curve(&coordinates.collect::<Vec<f64>>());
        let finite = values.iter().map(|v| v.is_finite());
        bad.iter_mut()
            .zip(finite)
            .for_each(|(bad, good)| *bad &= !good);
    }
    let at = bad.iter().position(|bad| *bad)?;
    held.into_iter().nth(at)
}

/// Momenta that die out.
fn still(
    sample: &Sample,
    potential: &Potential,
    settings: &Settings,
    trapped: f64,
) -> (Verdict, Diagnostic) {
    if settings.domain.is_none() && !sample.survey.falling.is_empty() {
        let diagnostic = falling(
            sample,
            potential,
            "trajectories drift there and come to rest",
        );
        return (Verdict::DoesNotConfine, diagnostic);
    }
    if sample.pilot == Pilot::Caught {
        return (Verdict::Trapped, caught(sample, settings, trapped));
    }
    (Verdict::NoUnresolvedScale, resolved(sample, settings))
}

fn resolved(sample: &Sample, settings: &Settings) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        "no-unresolved-scale",
        format!(
            "no unresolved scale: at delta {} the map follows every scale of this potential, the momenta die out and there is nothing to sample",
            significant(settings.delta, 6)
        ),
    );
    let enough = sample
        .stiffness
        .filter(|k| *k > 0.0)
        .map(|k| settings.delta * (CHAOTIC / k).sqrt());
    let from = match enough.filter(|delta| delta.is_finite()) {
        Some(delta) => format!(": here that begins about --delta {}", significant(delta, 2)),
        None => String::new(),
    };
    diagnostic.help(format!("the potential is its own effective potential at this scale; a small scale is left unresolved where delta^2 times its curvature is {CHAOTIC} or more{from}"))
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

/// A coordinate with no unresolved scale of its own, among others that have one: its momentum is
/// moved by them alone.
fn cold(findings: &Findings, potential: &Potential, settings: &Settings) -> Option<Diagnostic> {
    let d = potential.model.dimension();
    let heat = |c: usize| findings.momenta[c * d + c] * settings.damping.inverse_mass(c, c);
    let order = |a: &usize, b: &usize| heat(*a).total_cmp(&heat(*b));
    let (coldest, hottest) = ((0..d).min_by(order)?, (0..d).max_by(order)?);
    if heat(coldest) > COLD * heat(hottest) {
        return None;
    }
    let name = |c: usize| &potential.model.coordinates[c].name;
    let message = format!(
        "{} has hardly a small scale of its own that this step leaves unresolved: its momentum is cold (p^2/m is {}, that of {} is {})",
        name(coldest),
        significant(heat(coldest), 2),
        name(hottest),
        significant(heat(hottest), 2)
    );
    let help = "`value` and `force` are right where there are samples; `density` is not, unless a small wave along that coordinate is added";
    Some(Diagnostic::error("cold-coordinate", message).help(help))
}

/// Statistics that are not those of equilibrium.
fn unsettled(
    findings: &Findings,
    sample: &Sample,
    potential: &Potential,
    settings: &Settings,
) -> Option<(Verdict, Diagnostic)> {
    let equilibrium = &findings.equilibrium;
    if let Some(x) = undefined_bin(sample, potential) {
        return Some((Verdict::Diverged, not_finite(potential, &x)));
    }
    let open = !sample.survey.blind && periodic(potential).iter().any(|periodic| !periodic);
    if open && settings.domain.is_none() && sample.survey.hull(sample.kt).is_none() {
        return Some((Verdict::DoesNotConfine, free(sample, potential, sample.kt)));
    }
    let worth = equilibrium.effective_samples.unwrap_or(0.0).max(1.0);
    if worth < FEWEST {
        let diagnostic = Diagnostic::error(
            "not-converged",
            format!(
                "the run is worth about {} independent samples, too few to judge it by",
                significant(worth, 2)
            ),
        )
        .help("more --steps, or a larger --gamma, which makes trajectories forget sooner");
        return Some((Verdict::NotConverged, diagnostic));
    }
    // A check that could not be made has not been passed.
    let checks = [equilibrium.r_hat, equilibrium.normality.excess_kurtosis];
    let due = virial_is_due(&findings.momenta, potential, settings);
    let unmade = due && !equilibrium.virial.is_some_and(f64::is_finite);
    if unmade || !checks.iter().all(|check| check.is_some_and(f64::is_finite)) {
        let diagnostic = Diagnostic::error(
            "not-converged",
            "the samples are too few to check them for equilibrium",
        )
        .help("more --steps");
        return Some((Verdict::NotConverged, diagnostic));
    }
    if let Some(r_hat) = equilibrium.r_hat.filter(|r| *r > R_HAT) {
        let diagnostic = Diagnostic::error(
            "not-converged",
            format!("the trajectories disagree with each other (R-hat {})", significant(r_hat, 3)),
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
        if let Some(diagnostic) = pole(sample, potential, "") {
            return Some((Verdict::NotInEquilibrium, diagnostic));
        }
        let thrown = || wall(sample, potential, &first_loss(sample));
        if let Some(diagnostic) = (kurtosis > HEAVY).then(thrown).flatten() {
            return Some((Verdict::DeltaTooLarge, diagnostic));
        }
        if let Some(diagnostic) = cold(findings, potential, settings) {
            return Some((Verdict::NotInEquilibrium, diagnostic));
        }
        let diagnostic = Diagnostic::error(
            "mixed-scales",
            format!(
                "the momenta are not Gaussian (excess kurtosis {}): a scale is half resolved",
                significant(kurtosis, 3)
            ),
        )
        .help("a larger or a smaller --delta leaves the half-resolved scale on one side");
        return Some((Verdict::NotInEquilibrium, diagnostic));
    }
    let virial = mean(&sample.blocks, virial);
    let allowed = VIRIAL + 4.0 * (virial.1 / virial.0).abs();
    // A tolerance that is NaN, from one block alone, allows nothing.
    let is_off = |v: &f64| (v - 1.0).abs() > allowed || allowed.is_nan();
    if let Some(ratio) = equilibrium.virial.filter(is_off) {
        let diagnostic = Diagnostic::error(
            "not-in-equilibrium",
            format!(
                "the samples are not in equilibrium: E[x g(x)] is {} of what it must be",
                significant(ratio, 3)
            ),
        )
        .help("a longer --burn-in, or more --steps");
        return Some((Verdict::NotInEquilibrium, diagnostic));
    }
    None
}
