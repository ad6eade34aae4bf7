//! Figures 1, 2, 4, 6 and 7: potentials in one coordinate and what is learned of them.

use super::Shown;
use super::runs::{Runs, Text, all_ways, drawn, drawn_form, grid};
use crate::report::paper::{Drawn, panel};
use crate::report::plot::Panel;
use crate::session::job::{Failure, Outcome};
use crate::session::{Estimator, Options};

pub(super) const THREE: &str = include_str!("../../../examples/paper/three-scales.pot");
pub(super) const QUADRATIC: &str = include_str!("../../../examples/paper/quadratic.pot");
pub(super) const DOUBLE_WELL: &str = include_str!("../../../examples/paper/double-well.pot");
pub(super) const CONTINUUM: &str = include_str!("../../../examples/paper/continuum.pot");

/// Points of a drawn line: the finest wave that is drawn has a period of 0.06 in a range of 6.
const POINTS: usize = 1201;

/// Steps of the tests in one coordinate: those of the paper, and fewer.
pub(super) const STEPS: [f64; 2] = [5e9, 1e7];

/// Figure 1.
pub(super) fn three_scales(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("three-scales.pot", THREE)?;
    let mut panels = Vec::new();
    for (title, (lo, hi), names) in [
        ("V and its largest scale", (-3.0, 3.0), ["V", "V0"]),
        ("ten times closer", (-0.3, 0.3), ["V", "V0"]),
        ("a hundred times closer", (-0.03, 0.03), ["V", "V0"]),
    ] {
        let x = grid(lo, hi, POINTS);
        panels.extend(panel(title, "q", "V", &functions(&text, &names, &x)?));
    }
    let x = grid(-1.0, 1.0, 20_001);
    for (name, stated) in [("V1", 0.1), ("V2", 0.01)] {
        let y = text.function(name)?.curve(&x);
        let most = y.iter().fold(0.0, |most: f64, y| most.max(y.abs()));
        let beside = format!("O({stated})");
        runs.found(name, "largest value", (most, None), beside);
    }
    Ok(("a potential with three scales", panels))
}

fn functions(text: &Text, names: &[&str], x: &[f64]) -> Result<Vec<Drawn>, Failure> {
    let line = |name: &&str| {
        Ok(Drawn {
            name: (*name).to_owned(),
            x: x.to_vec(),
            y: text.function(name)?.curve(x),
        })
    };
    names.iter().map(line).collect()
}

/// One step of the damped map at which to learn.
struct Scale {
    label: &'static str,
    delta: f64,
    gamma: f64,
    against: &'static str,
    stated: &'static str,
    range: (f64, f64),
}

/// Learns at one scale by all ways, and draws that of the paper and `value`.
fn learned(runs: &mut Runs<'_>, text: &Text, scale: &Scale) -> Result<(Outcome, Panel), Failure> {
    let options = Options {
        delta: Some(scale.delta),
        gamma: Some(scale.gamma),
        compare: Some(scale.against.to_owned()),
        estimators: all_ways(),
        steps: Some(runs.steps(STEPS[0], STEPS[1])),
        ..Options::default()
    };
    let outcome = runs.learn(scale.label, text, options.clone())?;
    runs.errors(scale.label, &outcome, scale.against, scale.stated);
    let few = Options {
        estimators: vec![Estimator::Value],
        steps: Some(runs.steps(STEPS[1], STEPS[1])),
        ..options
    };
    let ours = runs.learn(&format!("{}-value", scale.label), text, few)?;
    let x = grid(scale.range.0, scale.range.1, POINTS);
    let reference = text.function(scale.against)?.curve(&x);
    let mut lines = vec![drawn(scale.against, &x, reference)];
    lines.extend(drawn_form("by `paper`", &x, outcome.potential.as_ref()));
    lines.extend(drawn_form("by `value`", &x, ours.potential.as_ref()));
    let title = format!("delta = {}, gamma = {}", scale.delta, scale.gamma);
    // There is a grid, so there is something to draw.
    let shown = panel(&title, "q", "U", &lines).ok_or_else(nothing)?;
    Ok((outcome, shown))
}

fn nothing() -> Failure {
    use crate::diagnostic::Diagnostic;
    let problem = Diagnostic::error("too-few-samples", "there is nothing to draw");
    Failure::Program(vec![problem.help("more --steps")])
}

/// Figure 2.
pub(super) fn quadratic(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("quadratic.pot", QUADRATIC)?;
    let mut panels = Vec::new();
    let coarse = Scale {
        label: "delta-0.5",
        delta: 0.5,
        gamma: 0.1,
        against: "U0",
        stated: "\"greatly resembles U0\"",
        range: (-2.5, 2.5),
    };
    let (_, shown) = learned(runs, &text, &coarse)?;
    panels.push(shown);
    let fine = Scale {
        label: "delta-0.065",
        delta: 0.065,
        against: "U1",
        stated: "\"greatly resembles U1\"",
        range: (-1.0, 1.0),
        ..coarse
    };
    let (outcome, shown) = learned(runs, &text, &fine)?;
    panels.push(shown);
    trapping(runs, &text, &outcome)?;
    survival(runs, &text, "eps1", 0.065)?;
    Ok(("test 1, eq. (4.5): a bowl with two small scales", panels))
}

/// How often trajectories are trapped at the smaller step, with and without being moved on.
fn trapping(runs: &mut Runs<'_>, text: &Text, moved: &Outcome) -> Result<(), Failure> {
    let restarts = moved.result.equilibrium.restarts as f64;
    let said = "the paper does not mention trapping";
    runs.found(
        "delta-0.065",
        "restarts out of traps",
        (restarts, None),
        said,
    );
    let options = Options {
        delta: Some(0.065),
        gamma: Some(0.1),
        compare: Some("U1".to_owned()),
        restarts: Some(false),
        estimators: vec![Estimator::Paper],
        steps: Some(runs.steps(STEPS[1], STEPS[1])),
        ..Options::default()
    };
    let left = runs.learn("delta-0.065-no-restarts", text, options)?;
    let equilibrium = &left.result.equilibrium;
    runs.told(
        "delta-0.065-no-restarts",
        "verdict",
        equilibrium.verdict.words(),
        said,
    );
    let errors = left
        .result
        .table
        .iter()
        .find(|row| row.estimator == "paper");
    let error = errors.and_then(|row| row.rmse).unwrap_or(f64::NAN);
    let quantity = "rms of U - U1 by `paper`";
    runs.found("delta-0.065-no-restarts", quantity, (error, None), "");
    Ok(())
}

/// The weight that the middle scale has in U, beside what linear response predicts.
fn survival(runs: &mut Runs<'_>, text: &Text, named: &str, delta: f64) -> Result<(), Failure> {
    for (label, gamma) in [
        ("survival-0.02", 0.02),
        ("survival-0.05", 0.05),
        ("survival-0.1", 0.1),
    ] {
        let options = Options {
            delta: Some(delta),
            gamma: Some(gamma),
            estimators: vec![Estimator::Terms],
            steps: Some(runs.steps(STEPS[0], STEPS[1])),
            ..Options::default()
        };
        let outcome = runs.learn(label, text, options)?;
        let rows = outcome.result.terms.unwrap_or_default();
        if let Some(row) = rows.iter().find(|row| row.expression.contains(named)) {
            let predicted = row.predicted.unwrap_or(f64::NAN);
            let beside = format!("R_x predicts {predicted:.3}; the paper's U1 has 1");
            let quantity = format!("weight of {} in U", row.expression);
            runs.found(label, &quantity, (row.weight, Some(row.stderr)), beside);
        }
    }
    Ok(())
}

/// Figure 4.
pub(super) fn double_well(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("double-well.pot", DOUBLE_WELL)?;
    let coarse = Scale {
        label: "delta-0.2",
        delta: 0.2,
        gamma: 0.1,
        against: "U0",
        stated: "\"we do capture\" U0 (steps not stated)",
        range: (-1.8, 1.8),
    };
    let (_, first) = learned(runs, &text, &coarse)?;
    let fine = Scale {
        label: "delta-0.07",
        delta: 0.07,
        against: "U1",
        stated: "\"we do capture\" U1 (steps not stated)",
        range: (-1.5, 1.5),
        ..coarse
    };
    let (_, second) = learned(runs, &text, &fine)?;
    let title = "test 2, eq. (4.6): a double well with two small scales";
    Ok((title, vec![first, second]))
}

/// Figure 6.
pub(super) fn truncations(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("continuum.pot", CONTINUUM)?;
    let mut panels = Vec::new();
    for (title, lo, hi) in [
        ("the whole", -4.0, 7.0),
        ("closer", 0.5, 2.5),
        ("closer still", 1.4, 1.8),
    ] {
        let x = grid(lo, hi, POINTS);
        let names = ["V", "N0", "N1", "N2"];
        panels.extend(panel(title, "q", "V", &functions(&text, &names, &x)?));
    }
    let x = grid(-4.0, 7.0, 20_001);
    let full = drawn("V", &x, text.function("V")?.curve(&x));
    for name in ["N0", "N1", "N2"] {
        let part = drawn(name, &x, text.function(name)?.curve(&x));
        let squares = full.y.iter().zip(&part.y).map(|(a, b)| (a - b).powi(2));
        let rms = (squares.sum::<f64>() / x.len() as f64).sqrt();
        let quantity = "rms of V - truncation over -4..7";
        runs.found(name, quantity, (rms, None), "shown, no number");
    }
    Ok(("eq. (4.7) and its truncations", panels))
}

/// Figure 7.
pub(super) fn continuum(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("continuum.pot", CONTINUUM)?;
    let mut panels = Vec::new();
    for (label, delta, truncation) in [
        ("delta-0.65", 0.65, "N0"),
        ("delta-0.2601", 0.2601, "N1"),
        ("delta-0.1309", 0.1309, "N2"),
    ] {
        let scale = Scale {
            label,
            delta,
            gamma: 0.5,
            against: truncation,
            stated: "\"close to\" the truncation",
            range: (-2.0, 5.0),
        };
        panels.push(learned(runs, &text, &scale)?.1);
        let options = Options {
            delta: Some(delta),
            gamma: Some(0.5),
            estimators: all_ways(),
            steps: Some(runs.steps(STEPS[1], STEPS[1])),
            ..Options::default()
        };
        let part = format!("{label}-smoothed");
        let outcome = runs.learn(&part, &text, options)?;
        runs.errors(&part, &outcome, "V smoothed at l", "");
    }
    Ok(("eq. (4.7): twenty scales and no gap", panels))
}
