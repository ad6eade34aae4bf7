//! Figures that weigh a run: what accuracy costs, and which parts of the potential survive.

use super::drawing::{extent, legend_place, padded};
use super::number::significant;
use super::picture::{Drawing, Picture};
use super::plot::{Axis, Figure, Layer, Panel, Shape, Stroke};
use super::result::RunResult;
use crate::learn::transfer::survival_x;

/// Colours and shapes of marks: told apart by shape where there is no colour.
pub(super) const MARKS: [(&str, Shape); 6] = [
    ("#004c8c", Shape::Disc),
    ("#d1660a", Shape::Square),
    ("#1d7a3c", Shape::Triangle),
    ("#7a3c91", Shape::Diamond),
    ("#111111", Shape::Cross),
    ("#8a6d00", Shape::Plus),
];
/// What marks are held against.
pub(super) const GUIDE: Stroke = Stroke {
    colour: "#8a8a8a",
    width: 1.4,
    dash: Some("5 4"),
};

/// The figures for which a run has numbers.
pub fn evidence(result: &RunResult) -> Vec<Picture> {
    [costs(result), survival(result)]
        .into_iter()
        .flatten()
        .collect()
}

/// A panel that holds all of its layers.
pub(super) fn fitted(title: &str, x: &str, y: &str, layers: Vec<Layer>) -> Panel {
    let points: Vec<(f64, f64)> = layers.iter().flat_map(Layer::points).collect();
    let range = |values: Vec<f64>| padded(extent(values).unwrap_or((0.0, 1.0)), 0.07);
    let (left, right) = range(points.iter().map(|p| p.0).collect());
    let (low, mut high) = range(points.iter().map(|p| p.1).collect());
    let x = Axis::new(x, left, right, 6.0);
    let named = layers
        .iter()
        .filter(|layer| layer.label().is_some())
        .count();
    let mut legend = None;
    if named > 1 {
        let place = legend_place(&layers, &x, (low, high), named);
        legend = Some(place.0);
        high = place.1;
    }
    Panel {
        title: title.to_owned(),
        x,
        y: Axis::new(y, low, high, 5.0),
        layers,
        shaded: Vec::new(),
        legend,
    }
}

/// A figure of panels beside each other with what is said about it.
pub(super) fn picture(name: &str, title: &str, words: &str, panels: Vec<Panel>) -> Option<Picture> {
    let columns = panels.len().clamp(1, 3);
    let figure = Figure {
        width: if panels.len() == 1 { 620.0 } else { 900.0 },
        row_height: if columns == 1 { 380.0 } else { 320.0 },
        columns,
        panels,
    };
    (!figure.panels.is_empty()).then(|| Picture {
        name: name.to_owned(),
        title: title.to_owned(),
        words: words.to_owned(),
        drawing: Drawing::Panels(figure),
    })
}

/// Errors of value and force against evaluations, for every estimator and baseline.
fn costs(result: &RunResult) -> Option<Picture> {
    let reference = result.settings.compare.as_deref().unwrap_or("filter");
    let rows = result.table.iter().filter(|row| row.estimator != reference);
    let rows: Vec<_> = rows.filter(|row| row.evaluations > 0).collect();
    let panel = |title: &str, of: &dyn Fn(usize) -> Option<f64>| {
        let marks = rows.iter().enumerate().filter_map(|(at, row)| {
            let error = of(at).filter(|error| *error > 0.0 && error.is_finite())?;
            let (colour, shape) = MARKS[at % MARKS.len()];
            Some(Layer::Marks {
                x: vec![(row.evaluations as f64).log10()],
                y: vec![error.log10()],
                colour,
                shape,
                label: Some(row.name(&result.program.potential)),
            })
        });
        let marks: Vec<Layer> = marks.collect();
        let y = "log10 of the rms error";
        // One mark alone says nothing that the table does not.
        (marks.len() > 1).then(|| fitted(title, "log10 of evaluations", y, marks))
    };
    let panels = [
        panel("error of U", &|at| rows[at].rmse),
        panel("error of its gradient", &|at| rows[at].force_rmse),
    ];
    let words = format!(
        "Root mean square errors against {reference}, weighted by the sampled density: further left is cheaper, further down is better."
    );
    picture(
        "cost",
        "Accuracy against cost",
        &words,
        panels.into_iter().flatten().collect(),
    )
}

/// The share of a wave that is left over its size, and the weights of terms that were measured
/// against those that are predicted.
fn survival(result: &RunResult) -> Option<Picture> {
    let mut panels = Vec::new();
    let removed = &result.scale.removed;
    let finite = removed
        .iter()
        .filter(|row| row.a.is_finite() && row.predicted.is_finite());
    let rows: Vec<_> = finite.collect();
    if !rows.is_empty() {
        // Beyond this nothing is left to see.
        let most = 6.0;
        let grid: Vec<f64> = (0..=240).map(|i| most * f64::from(i) / 240.0).collect();
        let curve = grid.iter().map(|a| survival_x(*a)).collect();
        let (mut layers, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new());
        layers.push(Layer::Line {
            x: grid,
            y: curve,
            stroke: GUIDE,
            label: Some("R_x(a)".to_owned()),
        });
        for row in &rows {
            x.push(row.a.min(most));
            y.push(row.predicted);
        }
        layers.push(marks(x, y, 0, "parts that go"));
        let title = "predicted: what is left of a part";
        panels.push(fitted(
            title,
            "a = l k (6 and more at the edge)",
            "share left",
            layers,
        ));
    }
    let terms = result.terms.iter().flatten();
    let known = terms.filter_map(|term| Some((term.predicted?, term.weight, term.stderr)));
    let known: Vec<_> = known
        .filter(|(p, w, _)| p.is_finite() && w.is_finite())
        .collect();
    if let Some((lo, hi)) = extent(known.iter().flat_map(|(p, w, _)| [*p, *w])) {
        let ends = vec![lo.min(0.0), hi.max(1.0)];
        let mut layers = vec![Layer::Line {
            x: ends.clone(),
            y: ends,
            stroke: GUIDE,
            label: Some("measured = predicted".to_owned()),
        }];
        for (p, w, s) in known.iter().filter(|(_, _, s)| s.is_finite()) {
            layers.push(Layer::Line {
                x: vec![*p, *p],
                y: vec![w - 2.0 * s, w + 2.0 * s],
                stroke: Stroke {
                    dash: None,
                    ..GUIDE
                },
                label: None,
            });
        }
        let (x, y) = known.iter().map(|(p, w, _)| (*p, *w)).unzip();
        layers.push(marks(x, y, 0, "terms, ± 2 standard errors"));
        panels.push(fitted(
            "weights of terms",
            "predicted weight",
            "measured weight",
            layers,
        ));
    }
    let words = format!(
        "A part of wavenumber k keeps the share R_x(a) of its amplitude, a = l k with l = {}.",
        significant(result.scale.length.unwrap_or(f64::NAN), 3)
    );
    picture("survival", "What survives", &words, panels)
}

/// Marks in the style of that number.
pub(super) fn marks(x: Vec<f64>, y: Vec<f64>, style: usize, label: &str) -> Layer {
    let (colour, shape) = MARKS[style % MARKS.len()];
    Layer::Marks {
        x,
        y,
        colour,
        shape,
        label: Some(label.to_owned()),
    }
}
