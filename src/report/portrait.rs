//! A potential as it is, without a run: curves, maps and sections, for every kind of paper.

use super::canvas::{Anchor, Canvas, Text, text_width};
use super::chart;
use super::drawing::{legend_place, readable};
use super::landscape;
use super::maps::{Atlas, Map};
use super::plot::{Axis, Figure, Layer, Panel, Stroke, is_turn};
use super::surfaces::Surfaces;
use super::table::csv;
use super::terminal::{self, Size, Style};
use super::trace::{Trace, around, stretches};
use super::window::window;
use serde_json::{Value, json};

/// The colours of curves, from the back: their lightness tells them apart in grey too.
const COLOURS: [&str; 5] = ["#555555", "#004c8c", "#f0a81c", "#00785c", "#b0579a"];
const DASHES: [Option<&str>; 5] = [None, None, Some("6 3"), Some("2 3"), Some("8 3 2 3")];
/// Where a curve is rough its range is filled.
const BANDS: [&str; 5] = ["#b9b9b9", "#a9cdea", "#f6d795", "#a3d3c5", "#e3bfd8"];

/// A band of this part of the height of a panel is as thin as a line, and one of that part no more.
const THIN: f64 = 0.006;
const THICK: f64 = 0.01;
/// Pixels of the heading.
const HEAD: f64 = 26.0;
/// Pixels from a line of words to the next.
const LINE: f64 = 15.0;

/// Curves over one range of a coordinate.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The name of what is along it.
    pub coordinate: String,
    /// Its range.
    pub range: (f64, f64),
    /// Whether the range is a period.
    pub periodic: bool,
    /// The name of what is upward.
    pub value: String,
    /// The curves, the first one at the back.
    pub traces: Vec<Trace>,
    /// Values are shown up to here at least, and where they go on to infinity no further.
    pub top: Option<f64>,
    /// Where this curve, in the same columns, is above its top nothing decides what is shown.
    pub under: Option<(Trace, f64)>,
}

/// A function of two coordinates on cells.
#[derive(Clone, PartialEq, Debug)]
pub struct Sheet {
    /// What it shows.
    pub title: String,
    /// Its values, as `u`, with wells and saddles.
    pub surfaces: Surfaces,
    /// Whether it is a difference, which has a sign.
    pub signed: bool,
    /// All that is higher looks alike.
    pub top: Option<f64>,
}

/// What is shown of a potential.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Portrait {
    /// The potential and its parameters, in a line.
    pub heading: String,
    /// What to know to read it, in sentences.
    pub words: Vec<String>,
    /// In two coordinates, the maps.
    pub sheets: Vec<Sheet>,
    /// Curves.
    pub charts: Vec<Chart>,
}

impl Chart {
    /// As a panel.
    pub fn panel(&self) -> Panel {
        let (mut lo, mut hi) = self.window();
        let flat = hi <= lo;
        if flat {
            let half = 0.5 * lo.abs().max(1.0);
            (lo, hi) = (lo - half, hi + half);
        }
        let (_, label) = readable(&[], self.range.0, self.range.1, &self.coordinate);
        let along = |x: &[f64]| readable(x, self.range.0, self.range.1, "").0;
        let (_, value) = readable(&[], lo, hi, &self.value);
        let upward = |y: &[f64]| readable(y, lo, hi, "").0;
        let mut layers = Vec::new();
        for (number, trace) in self.traces.iter().enumerate() {
            layers.extend(drawn(trace, number, (lo, hi), &along, &upward));
        }
        let ends = along(&[self.range.0, self.range.1]);
        let x = match self.periodic && is_turn(self.range.1 - self.range.0) {
            true => Axis::angle(format!("{label}, periodic"), ends[0], ends[1]),
            false => Axis::new(label, ends[0], ends[1], 6.0),
        };
        let ends = upward(&[lo, hi]);
        let named = layers
            .iter()
            .filter(|layer| layer.label().is_some())
            .count();
        let (mut top, mut legend) = (ends[1], None);
        if named > 1 {
            let (corner, room) = legend_place(&layers, &x, (ends[0], ends[1]), named);
            (legend, top) = (Some(corner), room);
        }
        Panel {
            title: self.title.clone(),
            x,
            y: Axis::new(value, ends[0], top, 5.0),
            layers,
            shaded: Vec::new(),
            legend,
        }
    }

    /// The values that are shown.
    fn window(&self) -> (f64, f64) {
        let low = |at: usize| match &self.under {
            Some((trace, top)) => trace.lower.get(at).is_some_and(|lower| lower <= top),
            None => true,
        };
        let within = |trace: &Trace| -> Vec<f64> {
            let columns = trace.x.len().max(1);
            let extremes = trace.extremes().into_iter().enumerate();
            let kept = extremes.filter(|(at, _)| low(at % columns));
            kept.map(|(_, value)| value).collect()
        };
        let all: Vec<f64> = self.traces.iter().flat_map(within).collect();
        let finite = || all.iter().copied().filter(|value| value.is_finite());
        let (lo, mut hi) = match self.top {
            // From the lowest place up to a height that means something.
            Some(top) => {
                let lo = finite().fold(f64::INFINITY, f64::min);
                (lo, finite().fold(f64::NEG_INFINITY, f64::max).min(top))
            }
            None => window(&all).unwrap_or((0.0, 1.0)),
        };
        let (lo, _) = match lo.is_finite() && hi.is_finite() {
            true => (lo, hi),
            false => {
                hi = 1.0;
                (0.0, 1.0)
            }
        };
        let margin = 0.04 * (hi - lo);
        (lo - margin, hi + margin)
    }

    fn to_json(&self) -> Value {
        let curves = self.traces.iter().map(|trace| {
            json!({
                "name": trace.name,
                "x": trace.x,
                "lower": trace.lower,
                "upper": trace.upper,
                "rough": trace.rough,
            })
        });
        json!({
            "title": self.title,
            "coordinate": self.coordinate,
            "range": [self.range.0, self.range.1],
            "value": self.value,
            "curves": curves.collect::<Vec<Value>>(),
        })
    }
}

/// The layers of a curve: its range where it is rough, else a line. What is far outside is brought
/// near, and a line that leaps over the whole window is cut: it is a pole.
fn drawn(
    trace: &Trace,
    number: usize,
    (lo, hi): (f64, f64),
    along: &dyn Fn(&[f64]) -> Vec<f64>,
    upward: &dyn Fn(&[f64]) -> Vec<f64>,
) -> Vec<Layer> {
    let kind = number % COLOURS.len();
    let (low, high) = (lo - (hi - lo), hi + (hi - lo));
    let near = |y: f64| {
        if y.is_finite() {
            y.clamp(low, high)
        } else {
            f64::NAN
        }
    };
    let stroke = Stroke {
        colour: COLOURS[kind],
        width: if number == 1 { 2.0 } else { 1.3 },
        dash: DASHES[kind],
    };
    // A band that is thinner than a line is a line.
    let wider = |at: usize, part: f64| {
        trace.rough[at] && trace.upper[at] - trace.lower[at] > part * (hi - lo)
    };
    let banded = stretches(trace.x.len(), |at| wider(at, THICK), |at| wider(at, THIN));
    let rough = |at: usize| banded.get(at) == Some(&true);
    let (mut x, mut y): (Vec<f64>, Vec<f64>) = Default::default();
    for (number, (at, value)) in trace.line.x.iter().zip(&trace.line.y).enumerate() {
        let value = if rough(number / 2) {
            f64::NAN
        } else {
            near(*value)
        };
        let leaps = |a: f64, b: f64| a < lo && b > hi;
        let last = y.last().copied().unwrap_or(f64::NAN);
        let broken = trace.broken[number / 2] && number % 2 == 0;
        if broken || leaps(last, value) || leaps(value, last) {
            x.push(*at);
            y.push(f64::NAN);
        }
        x.push(*at);
        y.push(value);
    }
    let mut layers = Vec::new();
    let has_band = (0..trace.x.len()).any(rough);
    if has_band {
        // To the columns beside it, so that no gap is left.
        let shown = |at: usize| rough(at) || rough(at + 1) || (at > 0 && rough(at - 1));
        // An edge over five columns: that of one alone would show the beat of waves with columns.
        let part = |values: &[f64], best: fn(f64, f64) -> f64| -> Vec<f64> {
            let edge = |at: usize| {
                let around = &values[around(at, values.len())];
                near(around.iter().copied().fold(f64::NAN, best))
            };
            let columns = 0..values.len();
            let kept = columns.map(|at| if shown(at) { edge(at) } else { f64::NAN });
            kept.collect()
        };
        let lower = part(&trace.lower, f64::min);
        let upper = part(&trace.upper, f64::max);
        let x = along(&trace.x);
        layers.push(Layer::Band {
            x: x.clone(),
            lower: upward(&lower),
            upper: upward(&upper),
            colour: BANDS[kind],
            label: Some(trace.name.clone()),
        });
        for edge in [lower, upper] {
            layers.push(Layer::Line {
                x: x.clone(),
                y: upward(&edge),
                stroke: Stroke {
                    width: 0.8,
                    dash: None,
                    ..stroke
                },
                label: None,
            });
        }
    }
    if y.iter().any(|y| y.is_finite()) {
        layers.push(Layer::Line {
            x: along(&x),
            y: upward(&y),
            stroke,
            label: (!has_band).then(|| trace.name.clone()),
        });
    }
    layers
}

impl Portrait {
    /// The curves as a figure, if there are any.
    pub fn figure(&self, width: f64, row_height: f64) -> Option<Figure> {
        let panels: Vec<Panel> = self.charts.iter().map(Chart::panel).collect();
        (!panels.is_empty()).then(|| Figure {
            columns: panels.len().min(2),
            panels,
            width,
            row_height,
        })
    }

    fn maps(&self) -> Vec<Map> {
        let maps = self.sheets.iter();
        maps.map(|sheet| match sheet.signed {
            true => landscape::difference(&sheet.surfaces, &sheet.title),
            false => landscape::plain(&sheet.surfaces, &sheet.title, sheet.top),
        })
        .collect()
    }

    /// For a terminal: one drawing below the other, each of that size.
    pub fn text(&self, size: Size, style: Style) -> String {
        let maps = self
            .maps()
            .into_iter()
            .map(|map| terminal::map(&map, size, style));
        let charts = self
            .charts
            .iter()
            .map(|c| terminal::panel(&c.panel(), size, style));
        let drawings: Vec<String> = maps.chain(charts).collect();
        drawings.join("\n")
    }

    /// The heading, the maps, the curves, and below them what to know.
    fn canvas(&self, width: f64, row_height: f64) -> Canvas {
        let atlas = self.sheets.first();
        let atlas = atlas.map(|first| Atlas {
            hatching: "no finite value",
            ..landscape::atlas(&first.surfaces, self.maps())
        });
        let figure = self.figure(width, row_height);
        let heading = folded(&self.heading, width - 24.0, 13.0);
        let mut size = [width, HEAD + LINE * heading.len().saturating_sub(1) as f64];
        let above = size[1];
        if let Some(atlas) = &atlas {
            let [wide, high] = chart::size(atlas);
            size = [size[0].max(wide), size[1] + high];
        }
        let between = size[1];
        if let Some(figure) = &figure {
            size[1] += row_height * figure.panels.len().div_ceil(figure.columns) as f64;
        }
        let below = size[1];
        let words = folded(&self.words.join(" "), size[0] - 24.0, 11.0);
        size[1] += LINE * words.len() as f64 + 10.0;
        let mut canvas = Canvas::new(size);
        for (number, line) in heading.iter().enumerate() {
            let at = [12.0, 18.0 + LINE * number as f64];
            canvas.text(Text::new(at, line, 13.0, Anchor::Start));
        }
        if let Some(atlas) = &atlas {
            let left = 0.5 * (canvas.size[0] - chart::size(atlas)[0]);
            chart::paint(atlas, &mut canvas, [left, above]);
        }
        if let Some(figure) = figure {
            canvas.panels(figure, [0.0, between]);
        }
        for (number, line) in words.iter().enumerate() {
            let at = [12.0, below + 12.0 + LINE * number as f64];
            canvas.text(Text::new(at, line, 11.0, Anchor::Start));
        }
        canvas
    }

    /// As one SVG element; `row_height` is that of curves.
    pub fn svg(&self, width: f64, row_height: f64) -> String {
        self.canvas(width, row_height).svg()
    }

    /// As the bytes of a PNG, so many times as large.
    ///
    /// # Errors
    /// What the drawing crate says, as a sentence.
    pub fn png(&self, width: f64, row_height: f64, scale: f64) -> Result<Vec<u8>, String> {
        self.canvas(width, row_height).png(scale)
    }

    /// As JSON, with a line end: everything that is drawn.
    pub fn to_json(&self) -> String {
        let maps = self.sheets.iter().map(|sheet| {
            let [x, y] = &sheet.surfaces.axes;
            json!({
                "title": sheet.title,
                "coordinates": [x.name, y.name],
                "x": x.centres(),
                "y": y.centres(),
                "values": sheet.surfaces.u.chunks(y.cells.max(1)).collect::<Vec<_>>(),
                "points": sheet.surfaces.points,
            })
        });
        let whole = json!({
            "potential": self.heading,
            "words": self.words,
            "maps": maps.collect::<Vec<Value>>(),
            "charts": self.charts.iter().map(Chart::to_json).collect::<Vec<Value>>(),
        });
        format!("{whole:#}\n")
    }

    /// As CSV: of maps one row a cell, else one row a column of each curve.
    pub fn to_csv(&self) -> String {
        if let Some(first) = self.sheets.first() {
            let centres = first.surfaces.centres();
            let along = |k: usize| -> Vec<f64> { centres.iter().map(|at| at[k]).collect() };
            let [x, y] = first
                .surfaces
                .axes
                .each_ref()
                .map(|axis| axis.name.as_str());
            let (a, b) = (along(0), along(1));
            let mut columns: Vec<(&str, &[f64])> = vec![(x, &a), (y, &b)];
            columns.extend(
                self.sheets
                    .iter()
                    .map(|s| (s.title.as_str(), &s.surfaces.u[..])),
            );
            return csv(&columns);
        }
        let mut out = "chart,curve,coordinate,least,greatest\n".to_owned();
        for (number, chart) in self.charts.iter().enumerate() {
            for trace in &chart.traces {
                for ((x, lower), upper) in trace.x.iter().zip(&trace.lower).zip(&trace.upper) {
                    out += &format!("{},{},{x:?},{lower:?},{upper:?}\n", number + 1, trace.name);
                }
            }
        }
        out
    }
}

/// Words of a height in lines of a width, both in pixels.
fn folded(words: &str, width: f64, high: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(line, high) + text_width(word, high) + 6.0 < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
