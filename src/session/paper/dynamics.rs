//! Figures 3, 5 and 8: the learned potential in place of the full one, as dynamics.

use super::Shown;
use super::potentials::{CONTINUUM, DOUBLE_WELL, QUADRATIC, STEPS};
use super::runs::{Runs, Text, learned_text};
use crate::report::comparison::Comparison;
use crate::report::keep_near;
use crate::report::paper::{Drawn, panel};
use crate::report::plot::Panel;
use crate::session::job::Failure;
use crate::session::{CompareOptions, Compared, Estimator, Options};

/// A figure: how U is learned, what it is held against, and how both move.
struct Test<'a> {
    text: &'a Text,
    delta: f64,
    gamma: f64,
    /// The function that stands for the exact answer, or the truncation.
    other: &'static str,
    /// Its step, if not that of the learned models.
    other_step: Option<f64>,
    stated: &'static str,
    motion: CompareOptions,
}

/// Figure 3.
pub(super) fn quadratic(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("quadratic.pot", QUADRATIC)?;
    let panels = compared(runs, &two_wells(&text, 0.5))?;
    Ok(("test 1, eq. (4.5): U0 in place of V", panels))
}

/// Figure 5.
pub(super) fn double_well(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("double-well.pot", DOUBLE_WELL)?;
    let panels = compared(runs, &two_wells(&text, 0.2))?;
    Ok(("test 2, eq. (4.6): U0 in place of V", panels))
}

fn two_wells(text: &Text, delta: f64) -> Test<'_> {
    Test {
        text,
        delta,
        gamma: 0.1,
        other: "U0",
        other_step: None,
        stated: "\"very good match from the plots\"",
        motion: CompareOptions {
            step: Some(5e-4),
            learned_step: Some(0.1),
            time: Some(50.0),
            kt: Some(1.0),
            gamma: Some(0.1),
            start: Some(vec![-2.0]),
            spread: Some(vec![1.0]),
            trajectories: Some(4000),
            ..CompareOptions::default()
        },
    }
}

/// Figure 8. Neither friction nor temperature nor time are stated; starts are uniform there, and
/// normal with the same mean and variance here.
pub(super) fn continuum(runs: &mut Runs<'_>) -> Result<Shown, Failure> {
    let text = Text::of("continuum.pot", CONTINUUM)?;
    let delta = 0.1309;
    let test = Test {
        text: &text,
        delta,
        gamma: 0.5,
        other: "N2",
        other_step: Some(1e-3),
        stated: "\"better than ... a simple truncation\"",
        motion: CompareOptions {
            step: Some(1e-3),
            learned_step: Some(delta),
            // So that the step divides the time from look to look.
            time: Some(500.0 * delta),
            kt: Some(1.0),
            gamma: Some(0.1),
            start: Some(vec![0.38]),
            spread: Some(vec![1.0 / 12f64.sqrt()]),
            trajectories: Some(4000),
            ..CompareOptions::default()
        },
    };
    let panels = compared(runs, &test)?;
    Ok(("eq. (4.7): U in place of V", panels))
}

fn compared(runs: &mut Runs<'_>, test: &Test<'_>) -> Result<Vec<Panel>, Failure> {
    let mut made = Vec::new();
    for (label, estimator) in [("paper", Estimator::Paper), ("value", Estimator::Value)] {
        let fewest = STEPS[1];
        let most = if label == "paper" { STEPS[0] } else { fewest };
        let options = Options {
            delta: Some(test.delta),
            gamma: Some(test.gamma),
            estimators: vec![estimator],
            steps: Some(runs.steps(most, fewest)),
            ..Options::default()
        };
        let outcome = runs.learn(&format!("learned-{label}"), test.text, options)?;
        let learned = learned_text(&outcome)?;
        let found = runs.compare(label, test.text, (&learned, "U"), &test.motion)?;
        let part = format!("U by `{label}`");
        written(runs, &part, &found.result, test.stated);
        made.push((part, found));
    }
    let motion = CompareOptions {
        learned_step: test.other_step.or(test.motion.learned_step),
        ..test.motion.clone()
    };
    let other = runs.compare(test.other, test.text, (test.text, test.other), &motion)?;
    written(runs, test.other, &other.result, "");
    made.push((test.other.to_owned(), other));
    Ok(panels(&made))
}

/// The distances of one comparison beside their floors, the period, and the saving.
fn written(runs: &mut Runs<'_>, part: &str, found: &Comparison, stated: &str) {
    let named = [
        ("mean path, eq. (4.3)", &found.mean_path),
        ("autocorrelation, eq. (4.4)", &found.acf),
        ("density, total variation", &found.density),
    ];
    for (quantity, distance) in named {
        let mut beside = format!("floor {:.3}", distance.floor);
        if !stated.is_empty() {
            beside = format!("{beside}; {stated}");
        }
        let value = (distance.value, Some(distance.stderr));
        runs.found(part, quantity, value, beside);
    }
    if let Some(period) = &found.period {
        let beside = format!("V {:.4}, {part} {:.4}", period.full, period.learned);
        let value = (100.0 * period.value, None);
        runs.found(part, "period of (4.1) apart, %", value, beside);
    }
    if let (Some(saving), Some(opponent)) = (&found.saving, &found.opponent) {
        let promised = found.full_run.gradient_evaluations as f64
            / found.learned_run.gradient_evaluations.max(1) as f64;
        let beside = format!(
            "V at step {:.2e}, at its floor; {promised:.0} against V at the paper's step",
            opponent.step
        );
        let value = (saving.gradient_evaluations, None);
        runs.found(part, "saving in gradients, times", value, beside);
    }
}

/// The columns of a table of a comparison by their names.
fn columns(found: &Compared, file: &str) -> Vec<(String, Vec<f64>)> {
    let bytes = found.files.iter().find(|(name, _)| name == file);
    let text = bytes.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok());
    let mut lines = text
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.starts_with('#'));
    let header = lines.next().unwrap_or_default();
    let mut table: Vec<(String, Vec<f64>)> = header
        .split(',')
        .map(|name| (name.to_owned(), Vec::new()))
        .collect();
    for line in lines {
        for ((_, column), cell) in table.iter_mut().zip(line.split(',')) {
            column.push(cell.parse().unwrap_or(f64::NAN));
        }
    }
    table
}

fn panels(made: &[(String, Compared)]) -> Vec<Panel> {
    let files = [
        ("autocorrelation.csv", "lag", "normalised ACF", "acf_q_"),
        ("mean-path.csv", "t", "mean of q", "mean_q_"),
        ("density.csv", "bin_q", "density", "density_q_"),
    ];
    let mut shown = Vec::new();
    shown.extend(panel("phase portrait", "q", "p", &portraits(made)));
    for (file, along, what, prefix) in files {
        let mut lines = Vec::new();
        for (part, found) in made {
            let table = columns(found, file);
            let named = |name: &str| {
                let column = table.iter().find(|(n, _)| n == name);
                column.map(|(_, values)| values.clone())
            };
            let mut add = |name: &str, side: &str| {
                let pair = named(along).zip(named(&format!("{prefix}{side}")));
                lines.extend(pair.map(|(x, y)| Drawn {
                    name: name.to_owned(),
                    x,
                    y,
                }));
            };
            if part == &made[0].0 {
                add("V", "full");
            }
            add(part, "learned");
        }
        if let Some((full, rest)) = lines.split_first_mut() {
            rest.iter_mut()
                .for_each(|line| keep_near(&mut line.y, &full.y));
        }
        let along = if along == "bin_q" { "q" } else { along };
        shown.extend(panel(what, along, what, &lines));
    }
    shown
}

fn portraits(made: &[(String, Compared)]) -> Vec<Drawn> {
    let line = |name: &str, sides: &[Vec<Vec<f64>>; 2]| {
        let [q, p] = sides;
        let both = q.first().cloned().zip(p.first().cloned());
        both.map(|(x, y)| Drawn {
            name: name.to_owned(),
            x,
            y,
        })
    };
    let full = made
        .first()
        .and_then(|(_, found)| line("V", &found.result.portrait.full));
    let learned = made
        .iter()
        .filter_map(|(part, found)| line(part, &found.result.portrait.learned));
    full.into_iter().chain(learned).collect()
}
