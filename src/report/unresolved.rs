//! Figures of what U leaves out: the force beyond its slope, how it is spread, and how normal the
//! momenta are that it drives.

use super::drawing::{extent, padded};
use super::evidence::{GUIDE, MARKS, fitted, marks, picture};
use super::number::significant;
use super::picture::{Drawing, Picture};
use super::plot::{Axis, Corner, Figure, Layer, Panel, Stroke};

/// The force beyond that of U along one coordinate; all of one length.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Residual {
    /// The name of the coordinate.
    pub coordinate: String,
    /// The name of the potential.
    pub potential: String,
    /// Where one period begins and ends, if the coordinate repeats.
    pub period: Option<[f64; 2]>,
    /// How far a stretch reaches to both sides, a length.
    pub half: f64,
    /// The middles of stretches, increasing.
    pub x: Vec<f64>,
    /// The mean of `dV - dU`.
    pub mean: Vec<f64>,
    /// Its standard errors.
    pub mean_stderr: Vec<f64>,
    /// `S(x)`, the mean of its square.
    pub variance: Vec<f64>,
    /// Its standard errors.
    pub variance_stderr: Vec<f64>,
    /// The same mean over places that no trajectory chose; may be empty.
    pub predicted: Vec<f64>,
}

/// Quantiles of a momentum beside those of a normal distribution; all of one length.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Momenta {
    /// The name of the coordinate.
    pub coordinate: String,
    /// Quantiles of the normal distribution.
    pub normal: Vec<f64>,
    /// Of the momenta, over their standard deviation.
    pub seen: Vec<f64>,
    /// What chance does to these.
    pub stderr: Vec<f64>,
}

/// The covariance of the noise in two coordinates, `Z = delta S`: entries xx, xy, yy.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ellipses {
    /// The names of the coordinates.
    pub coordinates: [String; 2],
    /// As it was measured.
    pub measured: [f64; 3],
    /// Its standard errors.
    pub stderr: [f64; 3],
    /// Over places that no trajectory chose.
    pub predicted: Option<[f64; 3]>,
    /// What friction takes away where all momenta are equally hot.
    pub friction: Option<[f64; 3]>,
}

/// What U leaves out of a run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Unresolved {
    /// In one coordinate, the force.
    pub residual: Option<Residual>,
    /// The momenta of some coordinates.
    pub momenta: Vec<Momenta>,
    /// In two coordinates, the noise.
    pub ellipses: Option<Ellipses>,
}

const FOUND: Stroke = Stroke {
    colour: "#004c8c",
    width: 1.8,
    dash: None,
};
const PREDICTED: Stroke = Stroke {
    colour: "#d1660a",
    width: 1.6,
    dash: Some("5 4"),
};
/// Of the momenta of several coordinates.
const DASHES: [Option<&str>; 3] = [None, Some("7 3"), Some("2 3")];
const BAND: &str = "#a9cdea";
const CHANCE: &str = "#d2d2d2";

/// The figures for which there are numbers.
pub fn pictures(unresolved: &Unresolved) -> Vec<Picture> {
    let figures = [
        unresolved.residual.as_ref().and_then(residual),
        unresolved.ellipses.as_ref().and_then(ellipses),
        momenta(&unresolved.momenta),
    ];
    figures.into_iter().flatten().collect()
}

/// Values less and plus twice their errors.
fn around(values: &[f64], errors: &[f64]) -> [Vec<f64>; 2] {
    [-2.0, 2.0].map(|by| values.iter().zip(errors).map(|(v, e)| v + by * e).collect())
}

fn residual(found: &Residual) -> Option<Picture> {
    let (q, v) = (&found.coordinate, &found.potential);
    let axis = |panel: Panel| match found.period {
        Some([lo, hi]) => Panel {
            x: match super::plot::is_turn(hi - lo) {
                true => Axis::angle(format!("{q}, periodic"), lo, hi),
                false => Axis::new(format!("{q}, periodic"), lo, hi, 6.0),
            },
            ..panel
        },
        None => panel,
    };
    if found.x.len() < 3 {
        return None;
    }
    let zero = vec![0.0; found.x.len()];
    let [lower, upper] = around(&zero, &found.mean_stderr);
    let left = vec![
        Layer::Band {
            x: found.x.clone(),
            lower,
            upper,
            colour: CHANCE,
            label: Some("0 ± 2 standard errors".to_owned()),
        },
        marks(found.x.clone(), found.mean.clone(), 0, "mean in a stretch"),
    ];
    let [lower, upper] = around(&found.variance, &found.variance_stderr);
    let mut right = vec![
        Layer::Band {
            x: found.x.clone(),
            lower,
            upper,
            colour: BAND,
            label: Some("± 2 standard errors".to_owned()),
        },
        line(&found.x, &found.variance, FOUND, "S(x)"),
    ];
    if found.predicted.len() == found.x.len() {
        let label = "predicted: all phases alike";
        right.push(line(&found.x, &found.predicted, PREDICTED, label));
    }
    let force = format!("d{v} − dU");
    let panels = vec![
        axis(fitted("force that U does not give", q, &force, left)),
        axis(fitted("its variance", q, "S(x)", right)),
    ];
    let words = format!(
        "Left, the mean of d{v}/d{q} − dU/d{q} over stretches of {q} that reach {} to both sides: where it leaves the grey band, \
         U lacks a force that the samples have. Right, S(x), the mean of its square, which drives the momenta, \
         beside the same mean over places spread evenly, which no trajectory chose: \
         the two agree where the small scales are chaotic enough to forget their phase.",
        significant(found.half, 2)
    );
    picture(
        "force-residual",
        "The force that U leaves out",
        &words,
        panels,
    )
}

fn line(x: &[f64], y: &[f64], stroke: Stroke, label: &str) -> Layer {
    Layer::Line {
        x: x.to_vec(),
        y: y.to_vec(),
        stroke,
        label: Some(label.to_owned()),
    }
}

/// Quantiles against those of a normal distribution, and what is between the two.
fn momenta(all: &[Momenta]) -> Option<Picture> {
    let all: Vec<&Momenta> = all.iter().filter(|m| m.normal.len() > 2).collect();
    let (lo, hi) = extent(all.iter().flat_map(|m| m.normal.iter().copied()))?;
    let name = |m: &Momenta| format!("momentum of {}", m.coordinate);
    let wide = Stroke {
        colour: "#c9c9c9",
        width: 5.0,
        dash: None,
    };
    let mut quantiles = vec![line(&[lo, hi], &[lo, hi], wide, "normal")];
    let mut apart = vec![line(&[lo, hi], &[0.0, 0.0], GUIDE, "normal")];
    // Several coordinates stand side by side.
    let every = if all.len() > 1 { 2 } else { 1 };
    for (style, m) in all.iter().enumerate() {
        let colour = MARKS[style % MARKS.len()].0;
        let curve = Stroke {
            colour,
            width: 1.8,
            dash: DASHES[style % DASHES.len()],
        };
        quantiles.push(line(&m.normal, &m.seen, curve, &name(m)));
        let aside = 0.1 * (style as f64 - 0.5 * (all.len() - 1) as f64);
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for at in (0..m.normal.len()).step_by(every) {
            let (place, off) = (m.normal[at] + aside, m.seen[at] - m.normal[at]);
            apart.push(Layer::Line {
                x: vec![place; 2],
                y: [-2.0, 2.0].map(|by| off + by * m.stderr[at]).to_vec(),
                stroke: Stroke {
                    colour,
                    width: 1.0,
                    dash: None,
                },
                label: None,
            });
            x.push(place);
            y.push(off);
        }
        apart.push(marks(x, y, style, &name(m)));
    }
    let x = "quantile of the normal distribution";
    let panels = vec![
        fitted(
            "quantiles of the momenta",
            x,
            "quantile over sigma",
            quantiles,
        ),
        fitted(
            "less those of a normal law",
            x,
            "difference, ± 2 standard errors",
            apart,
        ),
    ];
    picture(
        "momenta",
        "How normal the momenta are",
        "Momenta of a system at one temperature are normal. An end that bends away from the line, outwards, \
         is the sign of trajectories that are trapped or of several temperatures; a bounded force of the \
         small scales bends it inwards a little.",
        panels,
    )
}

/// Directions of a curve around.
const AROUND: usize = 181;

/// The curve `z^T Z^-1 z = 1`, each point moved outwards by `by` standard errors.
fn ring(z: [f64; 3], stderr: [f64; 3], by: f64) -> Option<[Vec<f64>; 2]> {
    let [xx, xy, yy] = z;
    let determinant = xx * yy - xy * xy;
    if !(xx > 0.0 && determinant > 0.0) {
        return None;
    }
    // Cholesky.
    let a = xx.sqrt();
    let (b, c) = (xy / a, (determinant / xx).sqrt());
    let points = (0..AROUND).map(|k| {
        let turn = std::f64::consts::TAU * k as f64 / (AROUND - 1) as f64;
        let (sin, cos) = turn.sin_cos();
        let w = [a * cos, b * cos + c * sin];
        // With v = Z^-1 w a change of Z moves the point outwards by v^T dZ v / 2 of its distance.
        let v = [
            (yy * w[0] - xy * w[1]) / determinant,
            (xx * w[1] - xy * w[0]) / determinant,
        ];
        let moved = [
            v[0] * v[0] * stderr[0],
            2.0 * v[0] * v[1] * stderr[1],
            v[1] * v[1] * stderr[2],
        ];
        let moved = 0.5 * moved.iter().map(|m| m * m).sum::<f64>().sqrt();
        w.map(|w| w * (1.0 + by * moved))
    });
    let (x, y) = points.map(|[x, y]| (x, y)).unzip();
    Some([x, y])
}

fn ellipses(found: &Ellipses) -> Option<Picture> {
    let mut layers = Vec::new();
    let mut add = |z: [f64; 3], stderr, by: f64, stroke: Stroke, label: Option<&str>| {
        let [x, y] = ring(z, stderr, by)?;
        layers.push(Layer::Line {
            x,
            y,
            stroke,
            label: label.map(str::to_owned),
        });
        Some(())
    };
    let thin = Stroke {
        colour: "#7fb2dc",
        width: 1.0,
        dash: None,
    };
    let none = [0.0; 3];
    if let Some(z) = found.friction {
        let stroke = Stroke {
            colour: "#b9b9b9",
            width: 5.0,
            dash: None,
        };
        add(z, none, 0.0, stroke, Some("taken away by friction"));
    }
    add(found.measured, found.stderr, -2.0, thin, None)?;
    add(
        found.measured,
        found.stderr,
        2.0,
        thin,
        Some("± 2 standard errors"),
    )?;
    add(found.measured, none, 0.0, FOUND, Some("measured"))?;
    if let Some(z) = found.predicted {
        add(z, none, 0.0, PREDICTED, Some("predicted: all phases alike"));
    }
    let points = layers.iter().flat_map(Layer::points);
    let (_, most) = extent(points.flat_map(|(x, y)| [x.abs(), y.abs()]))?;
    let (lo, hi) = padded((-most, most), 0.05);
    let [x, y] = &found.coordinates;
    // Above the curves there is room for the legend.
    let room = 0.55 * (hi - lo);
    let panel = Panel {
        title: "the covariance Z of the noise".to_owned(),
        x: Axis::new(
            format!("noise along {x}"),
            lo - 0.5 * room,
            hi + 0.5 * room,
            6.0,
        ),
        y: Axis::new(format!("noise along {y}"), lo, hi + room, 6.0),
        layers,
        shaded: Vec::new(),
        legend: Some(Corner::TopRight),
    };
    Some(Picture {
        name: "noise-ellipse".to_owned(),
        title: "The noise and the friction".to_owned(),
        words: "Where z'Z⁻¹z = 1: one standard deviation of the noise in every direction. Predicted is \
                the same over places spread like the samples that no trajectory chose. Where the noise \
                has the shape of what friction takes away, the momenta are equally hot in all directions."
            .to_owned(),
        drawing: Drawing::Panels(Figure {
            panels: vec![panel],
            columns: 1,
            width: 560.0,
            row_height: 520.0,
        }),
    })
}
