//! The summary of a run for a person: a dozen lines, the verdict first.

use super::calibration::{Calibration, CalibrationState};
use super::critical::CriticalKind;
use super::number::{place, scientific, shortened, significant, with_error};
use super::result::{Covered, EstimatorRow, Noise, RunResult, Settings, Verdict};
use std::fmt::Write;

/// Removed parts that are named.
const NAMED: usize = 3;
/// Where a line begins after its title.
const INDENT: usize = 13;

/// The width of a page where lines are folded.
const WIDTH: usize = 100;

/// The summary; `place` is the folder of the results, and `told` whether warnings stand above it.
pub fn summary(result: &RunResult, place: &str, told: bool) -> String {
    head(result) + &why(result) + &body(result) + &foot(result, Some(place), told)
}

/// The summary of a run that leaves no files, folded to 100 columns. What is wrong with the run is
/// not in it: a prompt says that as an error of its own.
pub fn trial(result: &RunResult) -> String {
    let text = head(result) + &body(result) + &foot(result, None, true);
    text.lines().map(folded).collect()
}

/// A line in several where it is too long, at a gap between its parts.
fn folded(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.to_owned();
    while rest.chars().count() > WIDTH {
        let end = rest
            .char_indices()
            .nth(WIDTH)
            .map_or(rest.len(), |(at, _)| at);
        let gaps = ["   ", ", ", " "].into_iter();
        let mut gaps = gaps.filter_map(|gap| {
            let at = rest[..end].rfind(gap).filter(|at| *at > INDENT)?;
            Some(at + gap.trim_end().len())
        });
        let Some(at) = gaps.next() else { break };
        out += rest[..at].trim_end();
        out.push('\n');
        rest = format!("{:INDENT$}{}", "", rest[at..].trim_start());
    }
    out + &rest + "\n"
}

fn body(result: &RunResult) -> String {
    let mut out = String::new();
    let lines = [
        ("scale", scale(result)),
        ("covered", covered(result)),
        ("removed", removed(result)),
        ("U", learned(result)),
    ];
    for (title, line) in lines {
        if let Some(line) = line {
            put(&mut out, title, &line);
        }
    }
    if let Some(free) = &result.free_energy {
        put(&mut out, "F and D", &free.line());
    }
    for line in points(result) {
        put(&mut out, "", &line);
    }
    if let Some(terms) = &result.terms {
        out.push_str(&super::terms::rows(terms, INDENT));
    }
    if result.table.iter().any(|row| row.rmse.is_some()) {
        out.push_str(&table(result));
    }
    put(&mut out, "checks", &checks(result));
    if let Some(line) = noise(result) {
        put(&mut out, "", &line);
    }
    out
}

fn put(out: &mut String, title: &str, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{title:<INDENT$}{line}");
}

/// The coordinates, of many the first and the last.
pub fn coordinates(names: &[String]) -> String {
    const MOST: usize = 6;
    match names {
        [first, second, .., last] if names.len() > MOST => {
            format!("{first}, {second}, ..., {last}")
        }
        names => names.join(", "),
    }
}

fn head(result: &RunResult) -> String {
    let program = &result.program;
    let plural = if program.terms == 1 { "" } else { "s" };
    let left = format!(
        "{}   {}({}), {} term{plural}",
        program.file,
        program.potential,
        coordinates(&program.variables),
        program.terms
    );
    let verdict = match result.equilibrium.verdict {
        Verdict::Trusted => "TRUSTED".to_owned(),
        verdict => format!("NOT TRUSTED: {}", verdict.words().to_uppercase()),
    };
    format!("{left:<64} {verdict}\n")
}

/// What is wrong with a run that is not to be trusted, and what would mend it.
fn why(result: &RunResult) -> String {
    let mut out = String::new();
    if result.equilibrium.verdict != Verdict::Trusted {
        let worst = result
            .diagnostics
            .iter()
            .find(|row| row.severity == crate::diagnostic::Severity::Error);
        if let Some(row) = worst.or(result.diagnostics.first()) {
            put(&mut out, "why", &row.message);
            if let Some(help) = &row.help {
                put(&mut out, "mend", help);
            }
        }
    }
    out
}

/// A number with its standard error, where that is known and is seen in some digits.
fn bar(value: f64, stderr: Option<f64>, digits: usize) -> String {
    match stderr.filter(|stderr| stderr.is_finite() && *stderr > 0.0) {
        Some(stderr) => {
            let (value, stderr) = with_error(value, stderr);
            format!("{value} +- {stderr}")
        }
        None => significant(value, digits),
    }
}

fn scale(result: &RunResult) -> Option<String> {
    let (scale, settings) = (&result.scale, &result.settings);
    let length = scale.length?;
    let mut line = format!(
        "l = delta*sigma_p = {}   (delta {}, gamma {}{})",
        bar(length, scale.length_stderr, 3),
        significant(settings.delta, 6),
        gamma(settings),
        if settings.friction_chosen {
            ", chosen"
        } else {
            ""
        }
    );
    if let Some(kt) = scale.kt_learn {
        line += &format!("   learning kT {}", bar(kt, scale.kt_learn_stderr, 3));
    }
    if let Some(bound) = scale.kt_bound {
        line += &format!(", at least {}", significant(bound, 2));
    }
    Some(line)
}

/// The friction of a run.
pub(super) fn gamma(settings: &Settings) -> String {
    friction(settings.gamma, settings.friction.as_deref())
}

/// The friction: a number, or a matrix where it is not a multiple of the identity, of a large one
/// its size and `gamma`, its mean.
pub fn friction(gamma: f64, rows: Option<&[Vec<f64>]>) -> String {
    let matrix = rows.filter(|rows| {
        let first = rows.first().and_then(|row| row.first()).copied();
        let expected = |i, j| if i == j { first } else { Some(0.0) };
        let mut entries = rows.iter().enumerate().flat_map(|(i, row)| {
            let row = row.iter().enumerate();
            row.map(move |(j, value)| (i, j, *value))
        });
        entries.any(|(i, j, value)| Some(value) != expected(i, j))
    });
    let Some(rows) = matrix else {
        return significant(gamma, 6);
    };
    const READABLE: usize = 3;
    if rows.len() > READABLE {
        let mean = significant(gamma, 3);
        return format!("a {0} x {0} matrix, {mean} on average", rows.len());
    }
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let numbers: Vec<String> = row.iter().map(|value| significant(*value, 4)).collect();
            format!("[{}]", numbers.join(", "))
        })
        .collect();
    format!("[{}]", rows.join(", "))
}

fn covered(result: &RunResult) -> Option<String> {
    let learned = &result.effective_potential;
    match &learned.covered {
        Covered::Intervals(intervals) if intervals.is_empty() => None,
        Covered::Intervals(intervals) => Some(intervals_covered(result, intervals)),
        Covered::Fraction(share) => {
            let share = match *share {
                1.0 => "all".to_owned(),
                share => format!("{:.0} %", 100.0 * share),
            };
            let names = result.program.variables.iter().zip(&learned.domain);
            let ranges: Vec<String> = names
                .enumerate()
                .map(|(k, (name, range))| {
                    let repeats = period(result, k).map_or("", |_| " periodic");
                    format!("{name} in {}{repeats}", interval(range))
                })
                .collect();
            Some(match ranges.is_empty() {
                true => format!("{share} of the domain"),
                false => format!("{}; samples in {share} of that box", ranges.join(", ")),
            })
        }
    }
}

fn intervals_covered(result: &RunResult, intervals: &[[f64; 2]]) -> String {
    let text: Vec<String> = intervals.iter().map(interval).collect();
    let names = result.program.variables.join(", ");
    let text = format!("{names} in {}", text.join(" and "));
    let Some(period) = period(result, 0) else {
        let formula = result.effective_potential.basis == "a formula";
        let outside = if formula { "" } else { ", a wall outside" };
        return format!("{text}{outside}");
    };
    let length: f64 = intervals.iter().map(|[lo, hi]| hi - lo).sum();
    match length > (1.0 - 1e-6) * period {
        true => format!("{text}, periodic"),
        false => format!("{text}, periodic: of {}", significant(period, 3)),
    }
}

fn interval([lo, hi]: &[f64; 2]) -> String {
    format!("[{}, {}]", significant(*lo, 3), significant(*hi, 3))
}

/// The period of coordinate `k`, if it has one.
fn period(result: &RunResult, k: usize) -> Option<f64> {
    result.program.periods.get(k).copied().flatten()
}

fn removed(result: &RunResult) -> Option<String> {
    let removed = &result.scale.removed;
    if removed.is_empty() {
        return None;
    }
    let named: Vec<String> = removed
        .iter()
        .take(NAMED)
        .enumerate()
        .map(|(at, row)| {
            // Said once what it is: a program may well have an `a` of its own.
            let what = if at == 0 { "a = k*l" } else { "a" };
            let component = shortened(&row.component, 4);
            format!("{component} ({what} = {})", significant(row.a, 2))
        })
        .collect();
    let mut line = named.join(", ");
    if removed.len() > NAMED {
        line += &format!(", and {} more", removed.len() - NAMED);
    }
    let most = removed.iter().map(|row| row.predicted).fold(0.0, f64::max);
    let survival = if most < 1e-6 {
        "< 1e-6".to_owned()
    } else {
        format!("at most {}", significant(most, 2))
    };
    Some(format!("{line}: predicted survival {survival}"))
}

fn learned(result: &RunResult) -> Option<String> {
    let learned = &result.effective_potential;
    if learned.file.is_empty() {
        return None;
    }
    let mut line = format!(
        "{} by `{}`, {}",
        learned.file, learned.estimator, learned.basis
    );
    if let Some(stderr) = learned.stderr_median {
        line += &format!(", median standard error {}", significant(stderr, 2));
    }
    let stderr = learned.stderr_median.unwrap_or(0.0);
    if let Some(change) = learned.knots_matter.filter(|change| *change > stderr) {
        line += &format!(
            "; half the knot spacing changes it by {}",
            significant(change, 2)
        );
    }
    Some(line)
}

/// The wells and saddles, with `U` above its lowest well.
fn points(result: &RunResult) -> Vec<String> {
    let learned = &result.effective_potential;
    let values = learned.points.iter().filter(|point| point.is_well());
    let lowest = values.map(|well| well.value).fold(f64::INFINITY, f64::min);
    let error = learned.stderr_median.unwrap_or(f64::NAN);
    let named = |kind: CriticalKind| {
        let of_kind: Vec<_> = learned.points.iter().filter(|p| p.kind == kind).collect();
        let named: Vec<String> = of_kind
            .iter()
            .take(NAMED)
            .map(|point| {
                let height = match point.value - lowest {
                    0.0 => "0".to_owned(),
                    height => match point.stderr {
                        Some(stderr) => bar(height, Some(stderr), 4),
                        None => with_error(height, error).0,
                    },
                };
                let [x, y] = [0, 1].map(|k: usize| {
                    let range = learned.domain.get(k).map_or(f64::NAN, |[lo, hi]| hi - lo);
                    place(point.at[k], range)
                });
                format!("{height} at ({x}, {y})")
            })
            .collect();
        let more = match of_kind.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let plural = if of_kind.len() == 1 { "" } else { "s" };
        let word = match kind {
            CriticalKind::Well => "well",
            CriticalKind::Saddle => "saddle",
        };
        (!of_kind.is_empty()).then(|| format!("{word}{plural} {}{more}", named.join(", ")))
    };
    // Without a well there is nothing to measure heights from.
    if !lowest.is_finite() {
        return Vec::new();
    }
    [CriticalKind::Well, CriticalKind::Saddle]
        .into_iter()
        .filter_map(named)
        .collect()
}

/// Whether a baseline is better in both errors and costs less than the learned potential.
fn is_cheaper(row: &EstimatorRow, learned: Option<&EstimatorRow>, reference: &str) -> bool {
    let Some(learned) = learned else { return false };
    let better = |a: Option<f64>, b: Option<f64>| matches!((a, b), (Some(a), Some(b)) if a <= b);
    row.estimator == "filter"
        && reference != "filter"
        && row.evaluations < learned.evaluations
        && better(row.rmse, learned.rmse)
        && better(row.force_rmse, learned.force_rmse)
}

fn table(result: &RunResult) -> String {
    let reference = result.settings.compare.as_deref().unwrap_or("filter");
    let learned = &result.effective_potential.estimator;
    let learned = result.table.iter().find(|row| row.estimator == *learned);
    let mut out = format!(
        "{:<INDENT$}{:<14}{:<13}{:<16}seconds   (against {reference})\n",
        "method", "evaluations", "error of U", "error of force"
    );
    let shown = |x: Option<f64>| x.map_or("-".to_owned(), |x| significant(x, 2));
    for row in &result.table {
        let itself = row.is_itself();
        let name = row.name(&result.program.potential);
        let evaluations = if itself {
            "0".to_owned()
        } else {
            scientific(row.evaluations as f64)
        };
        let (value, force) = match row.estimator == reference {
            true => ("reference".to_owned(), String::new()),
            false => (shown(row.rmse), shown(row.force_rmse)),
        };
        let seconds = row
            .seconds
            .filter(|_| !itself)
            .map_or(String::new(), |s| significant(s, 2));
        let note = if is_cheaper(row, learned, reference) {
            "   cheaper here"
        } else {
            ""
        };
        let line = format!("  {name:<11}{evaluations:<14}{value:<13}{force:<16}{seconds:<7}{note}");
        out += line.trim_end();
        out.push('\n');
    }
    out
}

fn checks(result: &RunResult) -> String {
    let equilibrium = &result.equilibrium;
    let mut parts = vec![
        format!("restarts {}", equilibrium.restarts),
        format!("diverged {}", equilibrium.diverged),
    ];
    if let Some(r_hat) = equilibrium.r_hat {
        parts.push(format!("R-hat {r_hat:.2}"));
    }
    if let Some(virial) = equilibrium.virial {
        parts.push(match equilibrium.virial_stderr {
            Some(error) => format!("virial {}", bar(virial, Some(error), 4)),
            None => format!("virial {virial:.3}"),
        });
    }
    if let Some(kurtosis) = equilibrium.normality.excess_kurtosis {
        parts.push(match equilibrium.normality.excess_kurtosis_stderr {
            Some(error) => format!("excess kurtosis of p {}", bar(kurtosis, Some(error), 2)),
            None => format!("excess kurtosis of p {kurtosis:+.2}"),
        });
    }
    parts.join(", ")
}

fn noise(result: &RunResult) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(spread) = result.noise.spread {
        parts.push(format!(
            "S(x) even within {} %",
            significant(100.0 * spread, 1)
        ));
    }
    if let (Some(beta), Some(stderr)) = (result.noise.beta, result.noise.beta_stderr) {
        let (beta, stderr) = with_error(beta, stderr);
        parts.push(format!("beta {beta} +- {stderr}"));
    }
    parts.extend(result.noise.calibration.as_ref().map(heat));
    parts.extend(memory(&result.noise));
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The correlation of the unresolved force from step to step, where there is one worth a word.
fn memory(noise: &Noise) -> Option<String> {
    const WORTH: f64 = 0.02;
    let (lag, error) = (noise.lag_correlation?, noise.lag_correlation_stderr?);
    let (shown, bar) = with_error(lag, error);
    (lag.abs() > WORTH.max(4.0 * error))
        .then(|| format!("correlation of the noise from step to step {shown} +- {bar}"))
}

/// How equally hot the momenta are.
fn heat(calibration: &Calibration) -> String {
    let percent = |x: f64| significant(100.0 * x, 2);
    let [_, hi] = calibration.interval;
    match calibration.state {
        CalibrationState::Calibrated => format!("momenta equally hot within {} %", percent(hi)),
        CalibrationState::Undetermined => {
            format!(
                "momenta equally hot within {} %, as far as these samples tell",
                percent(hi)
            )
        }
        CalibrationState::NotCalibrated => {
            format!(
                "momenta unequally hot, by {} %",
                percent(calibration.anisotropy)
            )
        }
    }
}

fn foot(result: &RunResult, place: Option<&str>, told: bool) -> String {
    let seconds = significant(result.performance.seconds, 2);
    let mut out = format!("{seconds} s, seed {}", result.settings.seed);
    if let Some(place) = place {
        let _ = write!(out, "   results: {place}/   report: {place}/report.html");
    }
    out.push('\n');
    let others = result
        .diagnostics
        .iter()
        .filter(|row| row.severity == crate::diagnostic::Severity::Warning)
        .count();
    if others > 0 {
        let _ = writeln!(
            out,
            "{others} warning{} {}",
            if others == 1 { "" } else { "s" },
            if told { "above" } else { "in the report" }
        );
    }
    out
}
