//! What the estimate itself says of a run: whether it is there, whole, and as good as asked.

use super::findings::Findings;
use super::results::Learned;
use super::sites::Sites;
use super::verdict::place;
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Side, Streams};
use crate::learn::fit::Fit;
use crate::report::number::significant;
use crate::report::result::Verdict;

/// A well as deep as this many kT is one that trajectories may never find.
const WELL_DEPTH: f64 = 4.0;
/// Random numbers to look for wells with.
const WELLS_STREAM: u64 = 1 << 42;

/// What the estimate itself says of the run: whether it is there, whole, and as good as asked.
pub(super) fn judge_estimate(learned: &Learned<'_>, findings: &mut Findings) {
    let (settings, sample) = (learned.settings(), learned.sample);
    let mut say = |diagnostic: Diagnostic| {
        if diagnostic.is_error() && findings.equilibrium.verdict == Verdict::Trusted {
            findings.equilibrium.verdict = Verdict::NotConverged;
        }
        findings.diagnostics.push(diagnostic);
    };
    let Some(first) = learned.primary() else {
        // Without a sample the reason has been given.
        if !learned.sample.blocks.is_empty() {
            say(Diagnostic::error(
                "no-potential",
                format!(
                    "`{}` has no result, so there is no U.pot",
                    settings.estimators[0].name()
                ),
            ));
        }
        return;
    };
    let median = first.median_stderr();
    let missed = |(target, median): &(f64, f64)| median.is_nan() || median > target;
    if let Some((target, median)) = settings.target.zip(median).filter(missed) {
        say(Diagnostic::error(
            "target-missed",
            format!(
                "the median standard error of U is {}, not {}",
                significant(median, 2),
                significant(target, 2)
            ),
        )
        .help("more --steps"));
    }
    if !sample.coarse.is_empty() {
        let coordinates = &learned.setup.potential.model.coordinates;
        let coarse = sample.coarse.iter().map(|c| coordinates[*c].name.as_str());
        let message = format!(
            "the knots along {} are further apart than the scale asks for: U is smoother there than l says",
            coarse.collect::<Vec<_>>().join(" and ")
        );
        let help = "--knots N sets more cells, at a cost that grows as the square of their number";
        say(Diagnostic::warning("coarse-knots", message).help(help));
    }
    if first.fit.as_ref().is_some_and(Fit::is_disconnected) {
        say(Diagnostic::warning(
                "gaps",
                "there are stretches without samples inside the domain of U: the curve there, and with `force` and `density` the heights on its two sides, are joined by smoothness alone",
            )
            .help("more --steps; a smaller --gamma heats the trajectories over the gap"),
        );
    }
    let force = learned.force.as_ref().map(|force| &force.fit);
    let fit = first.fit.as_ref().or(force);
    let wells = match (fit, learned.sites()) {
        (Some(fit), _) if fit.dimension() < 3 => unvisited(learned, fit),
        (_, Some(places)) => far_from(learned, places),
        (_, None) => Vec::new(),
    };
    if !wells.is_empty() {
        let mut places: Vec<String> = wells.iter().map(|x| place(x, 2)).collect();
        places.truncate(4);
        say(
            Diagnostic::error(
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
        say(Diagnostic::warning(
            "short-burn-in",
            format!(
                "the burn-in of {} steps is {} relaxation times, where 10 are usual",
                settings.burn_in,
                significant(settings.burn_in as f64 * rate, 2)
            ),
        )
        .help(format!("--burn-in {}", significant(asked, 2))));
    }
}

/// The ends of descents that no sample of many coordinates is near: within some standard deviations
/// in each of them.
fn far_from(learned: &Learned<'_>, places: &Sites) -> Vec<Vec<f64>> {
    const NEAR: f64 = 5.0;
    if learned.settings().domain.is_some() {
        return Vec::new();
    }
    let places = places.held();
    let (n, d) = (places.len(), places.dimension());
    let periods = learned.setup.potential.model.coordinates.iter();
    let periods: Vec<Option<f64>> = periods.map(|c| c.period).collect();
    let row = |c: usize| &places.x[c * n..(c + 1) * n];
    let spread = |c: usize| -> f64 {
        let mean = row(c).iter().sum::<f64>() / n as f64;
        let squares: f64 = row(c).iter().map(|x| (x - mean).powi(2)).sum();
        (squares / n as f64).sqrt()
    };
    let near: Vec<f64> = (0..d).map(|c| NEAR * spread(c)).collect();
    let apart = |c: usize, off: f64| match periods[c] {
        Some(length) => (off - length * (off / length).round()).abs(),
        None => off.abs(),
    };
    let is_visited = |bottom: &Vec<f64>| {
        let is_near = |at: usize| (0..d).all(|c| apart(c, row(c)[at] - bottom[c]) <= near[c]);
        (0..n).any(is_near)
    };
    let height = WELL_DEPTH * learned.sample.kt;
    let mut missed: Vec<Vec<f64>> = Vec::new();
    for bottom in learned.sample.survey.bottoms(height) {
        let known = |other: &Vec<f64>| (0..d).all(|c| apart(c, other[c] - bottom[c]) <= near[c]);
        if !is_visited(&bottom) && !missed.iter().any(known) {
            missed.push(bottom);
        }
    }
    missed
}

/// The wells of V that no trajectory visited, below the highest pass that is known, or as far as
/// eight times the width of the fit: not those beyond a domain that was asked for.
fn unvisited(learned: &Learned<'_>, fit: &Fit) -> Vec<Vec<f64>> {
    let (sample, Some(bins)) = (learned.sample, &learned.bins) else {
        return Vec::new();
    };
    if learned.settings().domain.is_some() {
        return Vec::new();
    }
    let (potential, depth) = (&learned.setup.potential, WELL_DEPTH * sample.kt);
    let values = |x: &[f64], out: &mut [f64]| potential.values(x, out);
    let mut stream = Streams::new(learned.settings().seed).stream(WELLS_STREAM);
    let wells = match sample.survey.barrier(&mut stream, values) {
        Some(barrier) => sample
            .survey
            .wells_below(barrier, depth, &mut stream, values),
        None => sample.survey.wells(&bins.sides(), depth),
    };
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
