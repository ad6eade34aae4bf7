//! Figures 9 and 10: two coordinates, and friction that matches the noise.

use super::Shown;
use super::runs::{Runs, Text, drawn, grid};
use crate::report::paper::panel;
use crate::report::plot::Panel;
use crate::session::job::{Failure, Outcome};
use crate::session::{Estimator, Form, NoiseSource, Options, Potential};

const SHEARED: &str = include_str!("../../../examples/paper/sheared.pot");
const MULLER_BROWN: &str = include_str!("../../../examples/paper/muller-brown.pot");

/// Fewer steps than the paper, in two coordinates.
const QUICK: f64 = 2e6;

fn ways() -> Vec<Estimator> {
    vec![Estimator::Paper, Estimator::Density, Estimator::Force]
}

/// `Gamma = Z/2`, at which learning is at kT 1.
fn matched(z: &[Vec<f64>], scale: f64) -> Vec<Vec<f64>> {
    let half = |row: &Vec<f64>| row.iter().map(|z| 0.5 * scale * z).collect();
    z.iter().map(half).collect()
}

fn options(delta: f64, steps: u64) -> Options {
    Options {
        delta: Some(delta),
        compare: Some("U0".to_owned()),
        estimators: ways(),
        steps: Some(steps),
        ..Options::default()
    }
}

/// Figure 9.
pub(super) fn sheared(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("sheared.pot", SHEARED)?;
    let delta = 0.05;
    let steps = runs.steps(2e7, QUICK);
    let scalar = Options {
        gamma: Some(0.1),
        noise: Some(NoiseSource::Stage1),
        ..options(delta, steps)
    };
    let green = runs.learn("scalar", &text, scalar)?;
    runs.errors("scalar", &green, "U0", "\"mismatch\"");
    // The gradient of the two waves is (cos a + cos b, cos b), of covariance [[1, 1/2], [1/2, 1/2]].
    let exact = "1.5 exactly; (3.8) as printed gives half of ours";
    traced(runs, "scalar", "stage 1", &green, delta, exact);
    let z = green.result.noise.covariance.clone().unwrap_or_default();
    let both = Options {
        friction: Some(matched(&z, 1.0)),
        ..options(delta, steps)
    };
    let red = runs.learn("two-stage", &text, both)?;
    runs.errors("two-stage", &red, "U0", "\"can capture ... U0 very well\"");
    traced(runs, "two-stage", "residual", &red, delta, "1.5 exactly");
    let reference = text.function("U0")?;
    let forms = [("scalar", &green), ("two-stage", &red)];
    let place = [2.0 / 3.0, -1.0 / 3.0];
    let panels = sections(&reference, &forms, &[(place, 0, 1.5), (place, 1, 1.5)]);
    Ok(("eq. (4.8): a bowl under noise that leans", panels))
}

/// The trace of `Z/delta`, the variance of the unresolved force.
fn traced(runs: &mut Runs<'_>, part: &str, how: &str, outcome: &Outcome, delta: f64, beside: &str) {
    let noise = &outcome.result.noise;
    let trace = |matrix: &Option<Vec<Vec<f64>>>, power: i32| {
        let rows = matrix.as_ref()?.iter().enumerate();
        let diagonal = rows.filter_map(|(i, row)| row.get(i));
        Some(diagonal.map(|z| (z / delta).powi(power)).sum::<f64>())
    };
    let Some(value) = trace(&noise.covariance, 1) else {
        return;
    };
    let stderr = trace(&noise.covariance_stderr, 2).map(f64::sqrt);
    let quantity = format!("trace of Z/delta by {how}");
    runs.found(part, &quantity, (value, stderr), beside);
}

/// Figure 10.
pub(super) fn muller_brown(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("muller-brown.pot", MULLER_BROWN)?;
    let delta = 0.05163;
    first_stage(runs, &text, delta)?;
    // Z from differences of the gradient: it needs no dynamics, which the first stage does.
    let probed = Options {
        gamma: Some(0.1),
        noise: Some(NoiseSource::Probe),
        estimators: vec![Estimator::Force],
        ..options(0.025, runs.steps(QUICK, QUICK))
    };
    let probe = runs.learn("probe", &text, probed)?;
    traced(runs, "probe", "probe", &probe, 0.025, "1.5 exactly");
    let z = probe.result.noise.covariance.clone().unwrap_or_default();
    let reference = text.function("U0")?;
    let wells = wells(&reference);
    let mut made = Vec::new();
    // At kT 1 few trajectories cross; forces give U within the wells all the same, hence first.
    let stated = "\"we can learn all three energy wells\"";
    for (label, step, heat, stated) in [
        ("delta-0.05163", delta, 1.0, stated),
        ("delta-0.025-kT-3.5", 0.025, 3.5, "not in the paper"),
    ] {
        let own = Options {
            friction: Some(matched(&z, step / 0.025 / heat)),
            estimators: vec![Estimator::Force, Estimator::Paper, Estimator::Density],
            ..options(step, runs.steps(1e8, 1e7))
        };
        let outcome = runs.learn(label, &text, own)?;
        runs.errors(label, &outcome, "U0", stated);
        depths(runs, label, &reference, &outcome, &wells);
        let lost = outcome.result.equilibrium.diverged as f64;
        let said = "the paper does not mention any";
        runs.found(label, "trajectories lost", (lost, None), said);
        made.push((label, outcome));
    }
    let forms: Vec<(&str, &Outcome)> = made.iter().map(|(label, made)| (*label, made)).collect();
    let along: Vec<([f64; 2], usize, f64)> = wells
        .iter()
        .flat_map(|well| [(*well, 0, 0.4), (*well, 1, 0.4)])
        .collect();
    let panels = sections(&reference, &forms, &along);
    Ok(("eq. (4.9): the leveled Müller-Brown surface", panels))
}

/// Stage 1 at the settings of the paper, and what comes of it.
fn first_stage(runs: &mut Runs<'_>, text: &Text, delta: f64) -> Result<(), Failure> {
    let asked = Options {
        gamma: Some(0.014),
        noise: Some(NoiseSource::Stage1),
        estimators: vec![Estimator::Force],
        ..options(delta, runs.steps(QUICK, QUICK))
    };
    let (part, quantity, said) = ("stage-1", "at gamma 0.014", "run with these settings");
    match runs.learn(part, text, asked) {
        Ok(outcome) => {
            let exact = "1.5 exactly";
            traced(runs, part, "stage 1", &outcome, delta, exact);
            let verdict = outcome.result.equilibrium.verdict.words();
            runs.told(part, quantity, verdict, said);
        }
        Err(Failure::Program(problems)) if problems.iter().all(|p| p.code != "interrupted") => {
            let words: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
            runs.told(part, quantity, &words.join("; "), said);
        }
        Err(other) => return Err(other),
    }
    Ok(())
}

/// The wells of a surface with those of Müller and Brown, by descent.
fn wells(surface: &Potential) -> Vec<[f64; 2]> {
    // The curvature is at most 140 on the way, and at least 10 in a well.
    const RATE: f64 = 2e-3;
    const STEPS: usize = 5000;
    let starts = [[-0.6, 1.4], [-0.05, 0.47], [0.6, 0.03]];
    starts
        .map(|start| {
            (0..STEPS).fold(start, |[x, y], _| {
                let slope = surface.slope(&[x, y]);
                [x - RATE * slope[0], y - RATE * slope[1]]
            })
        })
        .to_vec()
}

/// How far the outer wells are above the middle one, beside the same of the reference.
fn depths(
    runs: &mut Runs<'_>,
    part: &str,
    reference: &Potential,
    outcome: &Outcome,
    wells: &[[f64; 2]],
) {
    let Some(form) = &outcome.potential else {
        return;
    };
    let above = |value: &dyn Fn(&[f64]) -> f64, well: &[f64; 2]| value(well) - value(&wells[1]);
    let exact = |x: &[f64]| reference.curve(x).first().copied().unwrap_or(f64::NAN);
    for (name, well) in [("left", &wells[0]), ("right", &wells[2])] {
        let beside = format!("U0 has {:.3}", above(&exact, well));
        let quantity = format!("U of the {name} well less the middle one, `force`");
        let ours = above(&|x: &[f64]| form.at(x), well);
        runs.found(part, &quantity, (ours, None), beside);
    }
}

/// Lines through places along one coordinate, so far either side.
fn sections(
    reference: &Potential,
    forms: &[(&str, &Outcome)],
    along: &[([f64; 2], usize, f64)],
) -> Vec<Panel> {
    let section = |(place, axis, reach): &([f64; 2], usize, f64)| {
        let line = grid(place[*axis] - reach, place[*axis] + reach, 201);
        let mut points = vec![place[0]; line.len()];
        points.extend(vec![place[1]; line.len()]);
        points[axis * line.len()..(axis + 1) * line.len()].copy_from_slice(&line);
        let mut lines = vec![drawn("U0", &line, reference.curve(&points))];
        lines.extend(forms.iter().filter_map(|(label, outcome)| {
            let form: &Form = outcome.potential.as_ref()?;
            Some(drawn(label, &line, form.values(&points)))
        }));
        let name = ["x", "y"][*axis];
        let title = format!("along {name} through ({:.2}, {:.2})", place[0], place[1]);
        panel(&title, name, "U", &lines)
    };
    along.iter().filter_map(section).collect()
}
