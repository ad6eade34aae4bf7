//! What is found where the figures of the paper are made again, beside what the paper states.

use super::drawing::{extent, legend_place, padded};
use super::number::{significant, with_error};
use super::plot::{Axis, Figure, Layer, Panel, Stroke};
use serde::Serialize;
use std::fmt::Write;

/// All figures that were made.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct PaperReport {
    /// The paper.
    pub paper: &'static str,
    /// Whether with fewer steps than the paper.
    pub quick: bool,
    /// The seed.
    pub seed: u64,
    /// The figures in order.
    pub figures: Vec<PaperFigure>,
}

/// One figure.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct PaperFigure {
    /// Its number in the paper.
    pub number: u32,
    /// What it shows.
    pub title: String,
    /// What was measured.
    pub findings: Vec<Finding>,
    /// What the runs behind it say of themselves: their label and verdict.
    pub verdicts: Vec<(String, String)>,
    /// Seconds.
    pub seconds: f64,
}

/// One number, or one outcome in words.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Finding {
    /// What it is of.
    pub part: String,
    /// What it is.
    pub quantity: String,
    /// The number.
    pub value: Option<f64>,
    /// Its standard error.
    pub stderr: Option<f64>,
    /// What came instead of a number.
    pub outcome: Option<String>,
    /// What it is held against: what the paper states or shows, a floor, an exact value.
    pub beside: String,
}

/// One line of a figure.
#[derive(Clone, PartialEq, Debug)]
pub struct Drawn {
    /// Its name.
    pub name: String,
    /// Abscissae.
    pub x: Vec<f64>,
    /// Ordinates.
    pub y: Vec<f64>,
}

impl Finding {
    /// What is printed of it.
    pub fn ours(&self) -> String {
        match (&self.outcome, self.value, self.stderr) {
            (Some(words), _, _) => words.clone(),
            (None, Some(value), Some(stderr)) if stderr > 0.0 => {
                let (value, stderr) = with_error(value, stderr);
                format!("{value} +- {stderr}")
            }
            (None, Some(value), _) => significant(value, 2),
            (None, None, _) => "-".to_owned(),
        }
    }
}

impl PaperReport {
    /// As JSON, with a line end.
    ///
    /// # Errors
    /// None that a user meets: the report has no number that JSON lacks.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// For a person; `folder` is that of the results.
    pub fn summary(&self, folder: &str) -> String {
        let steps = if self.quick {
            "fewer steps than the paper"
        } else {
            "the step counts of the paper"
        };
        let mut out = format!("{}\n{steps}, seed {}\n", self.paper, self.seed);
        for figure in &self.figures {
            // Writing to a string does not fail.
            let _ = writeln!(
                out,
                "\nFigure {}   {}   {} s",
                figure.number,
                figure.title,
                significant(figure.seconds, 2)
            );
            let rows: Vec<[String; 4]> = figure.findings.iter().map(row).collect();
            let width = |c: usize| rows.iter().map(|row| row[c].chars().count()).max();
            let widths: Vec<usize> = (0..4).map(|c| width(c).unwrap_or(0)).collect();
            for row in &rows {
                let cells = row
                    .iter()
                    .zip(&widths)
                    .map(|(cell, w)| format!("{cell:<w$}"));
                let line = cells.collect::<Vec<_>>().join("  ");
                let _ = writeln!(out, "  {}", line.trim_end());
            }
            let other = figure.verdicts.iter().filter(|(_, v)| v != "trusted");
            for (label, verdict) in other {
                let _ = writeln!(out, "  {label}: not trusted, {verdict}");
            }
        }
        let _ = writeln!(out, "\nfiles        {folder}");
        out
    }
}

fn row(finding: &Finding) -> [String; 4] {
    [
        finding.part.clone(),
        finding.quantity.clone(),
        finding.ours(),
        finding.beside.clone(),
    ]
}

/// From the back to the front: what is held against, the paper's way, ours, one more.
const STROKES: [Stroke; 4] = [
    Stroke {
        colour: "#c4c4c4",
        width: 5.0,
        dash: None,
    },
    Stroke {
        // Dark enough to be seen on the first in grey too, and wider than what may lie on it.
        colour: "#c05a00",
        width: 2.6,
        dash: Some("7 4"),
    },
    Stroke {
        colour: "#004c8c",
        width: 1.2,
        dash: None,
    },
    Stroke {
        colour: "#222222",
        width: 1.2,
        dash: Some("2 3"),
    },
];

/// A panel of lines over one axis; nothing where there are none.
pub fn panel(title: &str, x: &str, y: &str, lines: &[Drawn]) -> Option<Panel> {
    let layers: Vec<Layer> = lines
        .iter()
        .enumerate()
        .map(|(i, line)| Layer::Line {
            x: line.x.clone(),
            y: line.y.clone(),
            stroke: STROKES[i % STROKES.len()],
            label: Some(line.name.clone()),
        })
        .collect();
    let points: Vec<(f64, f64)> = layers.iter().flat_map(Layer::points).collect();
    let (left, right) = extent(points.iter().map(|point| point.0))?;
    let (lo, hi) = padded(extent(points.iter().map(|point| point.1))?, 0.05);
    let x = Axis::new(x, left, right, 6.0);
    let (corner, hi) = legend_place(&layers, &x, (lo, hi), layers.len());
    Some(Panel {
        title: title.to_owned(),
        y: Axis::new(y, lo, hi, 5.0),
        x,
        layers,
        shaded: Vec::new(),
        legend: Some(corner),
    })
}

/// Panels as a figure, two in a row.
pub fn figure(panels: Vec<Panel>) -> Figure {
    Figure {
        columns: panels.len().clamp(1, 2),
        panels,
        width: 900.0,
        row_height: 320.0,
    }
}
