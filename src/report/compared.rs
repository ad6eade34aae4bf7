//! The page of a comparison: curves of both models beside their floor, the sweep over temperatures,
//! and what the learned model saves.

use super::comparison::{Comparison, Heat, Measured, Rung};
use super::drawing::{extent, keep_near};
use super::evidence::{GUIDE, fitted, marks, picture};
use super::html::{escape, figure, framed, section};
use super::number::{significant, with_error};
use super::picture::Picture;
use super::plot::{Layer, Panel, Stroke};

/// Columns of numbers with their names, as they are written to a CSV file.
pub type Columns = [(String, Vec<f64>)];

/// The curves of a comparison, named `mean_q_full`, `acf_q_again`, `density_q_learned`, `q_full`,
/// `p_q_full` and the like.
pub struct Traces<'a> {
    /// The names of the coordinates.
    pub coordinates: &'a [&'a str],
    /// Mean positions over the time `t`.
    pub paths: &'a Columns,
    /// Normalised autocorrelations over `lag`.
    pub correlations: &'a Columns,
    /// Densities over `bin_q`.
    pub densities: &'a Columns,
    /// Hamiltonian motion.
    pub phases: &'a Columns,
}

const FULL: Stroke = Stroke {
    colour: "#666666",
    width: 3.2,
    dash: None,
};
const LEARNED: Stroke = Stroke {
    colour: "#004c8c",
    width: 1.8,
    dash: Some("7 3"),
};
const FLOOR: &str = "#d2d2d2";
/// Coordinates that are drawn.
const MOST: usize = 3;

/// The figures of a comparison.
pub fn pictures(result: &Comparison, traces: &Traces<'_>) -> Vec<Picture> {
    let names = || traces.coordinates.iter().take(MOST);
    let curves = |columns: &Columns, x: &str, kind: &str, label: &str, unit: &str| -> Vec<Panel> {
        let panel = |q: &&str| {
            let x = column(columns, x)?.to_vec();
            let of = |side: &str| {
                let found = column(columns, &format!("{kind}_{q}_{side}"))?;
                (found.len() == x.len()).then(|| found.to_vec())
            };
            let all = [of("full")?, of("again")?, of("learned")?];
            Some(beside(result, &format!("{label} {q}"), unit, &x, all))
        };
        names().filter_map(panel).collect()
    };
    let densities =
        names().filter_map(|q| density(result, traces.densities, traces.coordinates, q));
    let figures = [
        picture(
            "mean-path",
            "Mean path",
            "The mean over trajectories, eq. (4.3). The grey band lies between two ensembles of the full model with different seeds: what chance does.",
            curves(traces.paths, "t", "mean", "mean of", "time"),
        ),
        picture(
            "autocorrelation",
            "Normalised autocorrelation",
            "Of positions, eq. (4.4), with the same band.",
            curves(
                traces.correlations,
                "lag",
                "acf",
                "autocorrelation of",
                "lag",
            ),
        ),
        picture(
            "density",
            "Density of positions",
            "Over all of the time, of integral 1, with the same band.",
            densities.collect(),
        ),
        portrait(result, traces),
        sweep(result),
        ladder(result),
    ];
    figures.into_iter().flatten().collect()
}

fn column<'a>(columns: &'a Columns, name: &str) -> Option<&'a [f64]> {
    let found = columns.iter().find(|(known, _)| known == name);
    found.map(|(_, values)| &values[..])
}

/// Both models and the floor.
fn beside(result: &Comparison, title: &str, x: &str, grid: &[f64], all: [Vec<f64>; 3]) -> Panel {
    let [full, again, mut learned] = all;
    keep_near(&mut learned, &full);
    let pairs = || full.iter().zip(&again);
    let layers = vec![
        Layer::Band {
            x: grid.to_vec(),
            lower: pairs().map(|(a, b)| a.min(*b)).collect(),
            upper: pairs().map(|(a, b)| a.max(*b)).collect(),
            colour: FLOOR,
            label: Some(format!("{} with two seeds", result.full_potential)),
        },
        Layer::Line {
            x: grid.to_vec(),
            y: full.clone(),
            stroke: Stroke { width: 1.2, ..FULL },
            label: Some(result.full_potential.clone()),
        },
        Layer::Line {
            x: grid.to_vec(),
            y: learned,
            stroke: LEARNED,
            label: Some(result.learned_potential.clone()),
        },
    ];
    fitted(title, x, "", layers)
}

/// The density of one coordinate: of a mesh over several, what is left when the others are summed.
fn density(result: &Comparison, columns: &Columns, coordinates: &[&str], q: &str) -> Option<Panel> {
    let bins = column(columns, &format!("bin_{q}"))?;
    let joint = coordinates.join("_");
    let of = |side: &str| {
        let own = column(columns, &format!("density_{q}_{side}"));
        own.or_else(|| column(columns, &format!("density_{joint}_{side}")))
    };
    let mut grid: Vec<f64> = bins.to_vec();
    grid.sort_by(f64::total_cmp);
    grid.dedup();
    let width = grid.windows(2).map(|w| w[1] - w[0]).next()?;
    let marginal = |values: &[f64]| -> Option<Vec<f64>> {
        if values.len() != bins.len() {
            return None;
        }
        let mut sums = vec![0.0; grid.len()];
        for (bin, value) in bins.iter().zip(values) {
            let at = grid.binary_search_by(|x| x.total_cmp(bin)).ok()?;
            sums[at] += value;
        }
        let all = width * sums.iter().sum::<f64>();
        Some(sums.iter().map(|sum| sum / all).collect())
    };
    let all = [
        marginal(of("full")?)?,
        marginal(of("again")?)?,
        marginal(of("learned")?)?,
    ];
    Some(beside(result, &format!("density of {q}"), q, &grid, all))
}

fn portrait(result: &Comparison, traces: &Traces<'_>) -> Option<Picture> {
    let panel = |q: &&str| {
        let line = |side: &str, stroke: Stroke, name: &str| {
            let x = column(traces.phases, &format!("{q}_{side}"))?;
            let y = column(traces.phases, &format!("p_{q}_{side}"))?;
            Some(Layer::Line {
                x: x.to_vec(),
                y: y.to_vec(),
                stroke,
                label: Some(name.to_owned()),
            })
        };
        let behind = Stroke {
            colour: "#b9b9b9",
            ..FULL
        };
        let layers = vec![
            line("full", behind, &result.full_potential)?,
            line("learned", LEARNED, &result.learned_potential)?,
        ];
        Some(fitted(
            &format!("{q} and its momentum"),
            q,
            "momentum",
            layers,
        ))
    };
    let panels = traces.coordinates.iter().take(MOST).filter_map(panel);
    let words = match &result.period {
        Some(period) => format!(
            "Hamiltonian motion from {}: periods {} and {}, {} % apart.",
            significant(period.start, 3),
            significant(period.full, 5),
            significant(period.learned, 5),
            significant(100.0 * period.value, 2)
        ),
        None => "Hamiltonian motion from the same place in both.".to_owned(),
    };
    picture("phase-portrait", "Phase portrait", &words, panels.collect())
}

/// The three distances and what they are called.
const METRICS: [&str; 3] = ["mean path", "autocorrelation", "density"];

fn log(values: impl Iterator<Item = f64>) -> Vec<f64> {
    values.map(|value| value.log10()).collect()
}

/// The distances over temperatures; where the model holds is shaded.
fn sweep(result: &Comparison) -> Option<Picture> {
    let of = |row: &Heat, metric: usize| [row.mean_path, row.acf, row.density][metric];
    let x = log(result.sweep.iter().map(|row| row.kt));
    let panel = |metric: usize| {
        let all = |value: &dyn Fn(Measured) -> f64| {
            log(result.sweep.iter().map(|row| value(of(row, metric))))
        };
        let found = all(&|m| m.value);
        let layers = vec![
            Layer::Line {
                x: x.clone(),
                y: all(&|m| m.floor),
                stroke: GUIDE,
                label: Some("the floor".to_owned()),
            },
            Layer::Line {
                x: x.clone(),
                y: found.clone(),
                stroke: Stroke {
                    dash: None,
                    ..LEARNED
                },
                label: None,
            },
            marks(x.clone(), found, 0, &result.learned_potential),
        ];
        let mut panel = fitted(
            METRICS[metric],
            "log10 of kT",
            "log10 of the distance",
            layers,
        );
        panel.shaded = held(result);
        panel
    };
    let panels = match result.sweep.len() {
        0 | 1 => Vec::new(),
        _ => (0..3).map(panel).collect(),
    };
    let words = match result.range {
        Some([only, hi]) if only == hi => format!(
            "{} holds at kT {} alone.",
            result.learned_potential,
            significant(only, 3)
        ),
        Some([lo, hi]) => format!(
            "Shaded: {} holds, from kT {} to {}.",
            result.learned_potential,
            significant(lo, 3),
            significant(hi, 3)
        ),
        None => format!("{} holds at none of these.", result.learned_potential),
    };
    picture("sweep", "Over temperatures", &words, panels)
}

fn held(result: &Comparison) -> Vec<[f64; 2]> {
    let range = result.range.filter(|[lo, hi]| *lo > 0.0 && lo < hi);
    range.map(|ends| ends.map(f64::log10)).into_iter().collect()
}

/// The distances over what they cost: the full model at longer and longer steps, and the learned one.
fn ladder(result: &Comparison) -> Option<Picture> {
    let of = |rung: &Rung, metric: usize| [rung.mean_path, rung.acf, rung.density][metric];
    let costs = log(result
        .ladder
        .iter()
        .map(|r| r.cost.gradient_evaluations as f64));
    let own = (result.learned_run.gradient_evaluations as f64).log10();
    let base = (result.full_run.gradient_evaluations as f64).log10();
    let ends = costs.iter().copied().chain([own, base]);
    let (lo, hi) = extent(ends)?;
    let panel = |metric: usize| {
        let learned = result.metrics()[metric];
        let y = log(result.ladder.iter().map(|rung| of(rung, metric).value));
        let layers = vec![
            Layer::Line {
                x: vec![lo, hi],
                y: vec![learned.floor.log10(); 2],
                stroke: GUIDE,
                label: Some("the floor".to_owned()),
            },
            marks(costs.clone(), y, 4, &result.full_potential),
            marks(
                vec![own],
                vec![learned.value.log10()],
                0,
                &result.learned_potential,
            ),
        ];
        fitted(
            METRICS[metric],
            "log10 of gradients",
            "log10 of the distance",
            layers,
        )
    };
    let panels = match result.ladder.is_empty() {
        true => Vec::new(),
        false => (0..3).map(panel).collect(),
    };
    let words = match (&result.saving, &result.opponent) {
        (Some(saving), Some(opponent)) => format!(
            "{} saves a factor of {} in gradients and {} in seconds against {} at step {}, its longest that is still at its floor.",
            result.learned_potential,
            significant(saving.gradient_evaluations, 2),
            significant(saving.seconds, 2),
            result.full_potential,
            significant(opponent.step, 2)
        ),
        _ => "The full model at longer and longer steps, and the learned one.".to_owned(),
    };
    picture("saving", "What it saves", &words, panels)
}

/// The page of a comparison; `command` makes it again.
pub fn page(result: &Comparison, command: &str, pictures: &[Picture]) -> String {
    let title = format!(
        "{} against {}",
        result.learned_potential, result.full_potential
    );
    let verdict = result.verdict().to_lowercase();
    let (class, verdict) = match result.holds {
        true => ("good", verdict),
        false => ("bad", format!("{verdict}: {}", result.why())),
    };
    let mut out = format!(
        "<h1>{} as dynamics</h1>\n<p><span class=\"verdict {class}\">{}</span></p>\n<p>{}</p>\n",
        escape(&title),
        escape(&verdict),
        escape(&format!(
            "{} in {} against {} in {}, at kT {}.",
            result.learned_potential,
            result.learned,
            result.full_potential,
            result.full,
            significant(result.kt, 4)
        ))
    );
    distances(&mut out, result);
    for (number, picture) in pictures.iter().enumerate() {
        figure(&mut out, number, picture);
    }
    passages(&mut out, result);
    section(&mut out, "Summary", &result.summary("."));
    section(&mut out, "To do this again", command);
    framed(&title, &out)
}

fn shown(value: f64, stderr: f64) -> String {
    match stderr > 0.0 {
        true => {
            let (value, stderr) = with_error(value, stderr);
            format!("{value} ± {stderr}")
        }
        false => significant(value, 3),
    }
}

fn distances(out: &mut String, result: &Comparison) {
    let mut rows = vec![(
        format!("{} again: the floor", result.full_potential),
        result.full_run,
        result.metrics().map(|m| shown(m.floor, m.floor_stderr)),
    )];
    rows.push((
        result.learned_potential.clone(),
        result.learned_run,
        result.metrics().map(|m| shown(m.value, m.stderr)),
    ));
    rows.extend(result.ladder.iter().map(|rung| {
        let mark = if rung.at_floor { ", at its floor" } else { "" };
        (
            format!("{}{mark}", result.full_potential),
            rung.cost,
            [rung.mean_path, rung.acf, rung.density].map(|m| shown(m.value, m.stderr)),
        )
    }));
    out.push_str("<h2>Distances and costs</h2>\n<table>\n<tr><th>model</th>");
    for head in [
        "step",
        "mean path",
        "autocorrelation",
        "density",
        "gradients",
        "seconds",
    ] {
        out.push_str(&format!("<th class=\"number\">{head}</th>"));
    }
    out.push_str("</tr>\n");
    for (name, cost, [path, acf, density]) in rows {
        let cells = [
            significant(cost.step, 3),
            path,
            acf,
            density,
            cost.gradient_evaluations.to_string(),
            significant(cost.seconds, 2),
        ];
        out.push_str(&format!("<tr><td>{}</td>", escape(&name)));
        for cell in cells {
            out.push_str(&format!("<td class=\"number\">{}</td>", escape(&cell)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

fn passages(out: &mut String, result: &Comparison) {
    let Some(passage) = &result.passage else {
        return;
    };
    let row = |name: &str, value: String| {
        format!(
            "<tr><td>{}</td><td class=\"number\">{}</td></tr>\n",
            escape(name),
            escape(&value)
        )
    };
    let place = |x: &[f64]| {
        let all: Vec<String> = x.iter().map(|x| significant(*x, 3)).collect();
        all.join(", ")
    };
    out.push_str(&format!(
        "<h2>Mean first-passage time from {} to {}</h2>\n<table>\n{}{}{}{}</table>\n",
        escape(&place(&passage.from)),
        escape(&place(&passage.to)),
        row(
            &result.full_potential,
            shown(passage.full.value, passage.full.stderr)
        ),
        row(
            &result.learned_potential,
            shown(passage.learned.value, passage.learned.stderr)
        ),
        row(
            "apart",
            format!("{} %", significant(100.0 * passage.value, 2))
        ),
        row(
            "the full model from itself",
            format!("{} %", significant(100.0 * passage.floor, 1))
        ),
    ));
}
