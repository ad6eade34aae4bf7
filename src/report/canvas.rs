//! A drawing, shape by shape, and where labels find room.

use super::html::escape;
use super::kuva::Kuva;
use super::plot::{Figure, Plotter};
use std::fmt::Write;

/// The fonts of all figures.
pub(super) const FONT: &str = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/// Where a text is with respect to its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A text and how it looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub at: [f64; 2],
    pub text: &'a str,
    pub size: f64,
    pub anchor: Anchor,
    /// Degrees, clockwise.
    pub turn: f64,
    /// Whether it has a white rim, to be read on any ground.
    pub rim: bool,
}

impl<'a> Text<'a> {
    pub fn new(at: [f64; 2], text: &'a str, size: f64, anchor: Anchor) -> Text<'a> {
        Text {
            at,
            text,
            size,
            anchor,
            turn: 0.0,
            rim: false,
        }
    }
}

/// A run of points, closed to a loop or not.
pub(super) type Run = (Vec<[f64; 2]>, bool);

/// How a shape is filled and drawn.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Look {
    /// A colour, or hatched where [`HATCHED`].
    pub fill: Option<String>,
    pub stroke: Option<String>,
    /// Of the stroke, in pixels.
    pub width: f64,
    /// Of the stroke, 0 to 1.
    pub opacity: f64,
    pub dash: Option<&'static str>,
}

/// A filling for where nothing is known.
pub(super) const HATCHED: &str = "url(#hatch)";

const HATCH: &str = "<pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\">\
    <rect width=\"7\" height=\"7\" fill=\"#f4f4f4\"/>\
    <path d=\"M-1 1L1 -1M0 7L7 0M6 8L8 6\" stroke=\"#b5b5b5\" stroke-width=\"0.8\"/></pattern>";

impl Look {
    pub fn filled(colour: impl Into<String>) -> Look {
        Look {
            fill: Some(colour.into()),
            ..Look::default()
        }
    }

    pub fn drawn(colour: impl Into<String>, width: f64) -> Look {
        Look {
            stroke: Some(colour.into()),
            width,
            opacity: 1.0,
            ..Look::default()
        }
    }

    fn attributes(&self) -> String {
        let mut out = format!("fill=\"{}\"", self.fill.as_deref().unwrap_or("none"));
        if let Some(stroke) = &self.stroke {
            // Writing to a string does not fail.
            let _ = write!(
                out,
                " stroke=\"{stroke}\" stroke-width=\"{}\"",
                short(self.width)
            );
            if self.opacity < 1.0 {
                let _ = write!(out, " stroke-opacity=\"{}\"", short(self.opacity));
            }
        }
        if let Some(dash) = self.dash {
            let _ = write!(out, " stroke-dasharray=\"{dash}\"");
        }
        out
    }
}

/// One thing on a canvas.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Shape {
    /// Lines, or regions by the even-odd rule.
    Path(Vec<Run>, Look),
    Rectangle([f64; 2], [f64; 2], Look),
    Circle([f64; 2], f64, Look),
    Text {
        at: [f64; 2],
        text: String,
        size: f64,
        anchor: Anchor,
        turn: f64,
        rim: bool,
    },
    /// What follows is seen within a rectangle.
    Clip([f64; 2], [f64; 2]),
    /// Up to here.
    EndOfClip,
    /// Panels, from a corner on.
    Panels(Figure, [f64; 2]),
}

/// What has been drawn.
pub(super) struct Canvas {
    pub shapes: Vec<Shape>,
    pub size: [f64; 2],
}

impl Canvas {
    pub fn new(size: [f64; 2]) -> Canvas {
        Canvas {
            shapes: Vec::new(),
            size,
        }
    }

    pub fn path(&mut self, runs: Vec<Run>, look: Look) {
        if !runs.is_empty() {
            self.shapes.push(Shape::Path(runs, look));
        }
    }

    /// A straight line.
    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], look: Look) {
        self.path(vec![(vec![from, to], false)], look);
    }

    pub fn rectangle(&mut self, corner: [f64; 2], size: [f64; 2], look: Look) {
        self.shapes.push(Shape::Rectangle(corner, size, look));
    }

    pub fn circle(&mut self, middle: [f64; 2], radius: f64, look: Look) {
        self.shapes.push(Shape::Circle(middle, radius, look));
    }

    pub fn clip(&mut self, corner: [f64; 2], size: [f64; 2]) {
        self.shapes.push(Shape::Clip(corner, size));
    }

    pub fn end_of_clip(&mut self) {
        self.shapes.push(Shape::EndOfClip);
    }

    pub fn panels(&mut self, figure: Figure, corner: [f64; 2]) {
        self.shapes.push(Shape::Panels(figure, corner));
    }

    pub fn text(&mut self, text: Text<'_>) {
        self.shapes.push(Shape::Text {
            at: text.at,
            text: text.text.to_owned(),
            size: text.size,
            anchor: text.anchor,
            turn: text.turn,
            rim: text.rim,
        });
    }

    /// As one SVG element, the same bytes for the same shapes.
    pub fn svg(&self) -> String {
        let (mut clips, mut body) = (0, String::new());
        let mut definitions = String::new();
        let is_hatched = |shape: &Shape| match shape {
            Shape::Rectangle(_, _, look) => look.fill.as_deref() == Some(HATCHED),
            _ => false,
        };
        if self.shapes.iter().any(is_hatched) {
            definitions.push_str(HATCH);
        }
        for shape in &self.shapes {
            // Writing to a string does not fail.
            let _ = match shape {
                Shape::Path(runs, look) => {
                    let d: String = runs
                        .iter()
                        .map(|(points, closed)| way(points, *closed))
                        .collect();
                    let rule = if look.fill.is_some() {
                        " fill-rule=\"evenodd\""
                    } else {
                        ""
                    };
                    match d.is_empty() {
                        true => Ok(()),
                        false => writeln!(body, "<path d=\"{d}\" {}{rule}/>", look.attributes()),
                    }
                }
                Shape::Rectangle(corner, size, look) => {
                    writeln!(
                        body,
                        "<rect {} {}/>",
                        extent(*corner, *size),
                        look.attributes()
                    )
                }
                Shape::Circle([x, y], radius, look) => writeln!(
                    body,
                    "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {}/>",
                    short(*x),
                    short(*y),
                    short(*radius),
                    look.attributes()
                ),
                Shape::Text { .. } => {
                    written(&mut body, shape);
                    Ok(())
                }
                Shape::Clip(corner, size) => {
                    clips += 1;
                    let _ = write!(
                        definitions,
                        "<clipPath id=\"map-{clips}\"><rect {}/></clipPath>",
                        extent(*corner, *size)
                    );
                    writeln!(body, "<g clip-path=\"url(#map-{clips})\">")
                }
                Shape::EndOfClip => writeln!(body, "</g>"),
                Shape::Panels(figure, [x, y]) => {
                    let place = format!("<svg x=\"{}\" y=\"{}\" ", short(*x), short(*y));
                    body.push_str(&Kuva.svg(figure).replacen("<svg ", &place, 1));
                    writeln!(body)
                }
            };
        }
        let (w, h) = (short(self.size[0]), short(self.size[1]));
        format!(
            "<svg viewBox=\"0 0 {w} {h}\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" font-family=\"{FONT}\" fill=\"#1a1a1a\">\n\
             <defs>{definitions}</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
        )
    }
}

fn extent([x, y]: [f64; 2], [width, height]: [f64; 2]) -> String {
    format!(
        "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        short(x),
        short(y),
        short(width),
        short(height)
    )
}

fn written(body: &mut String, shape: &Shape) {
    let Shape::Text {
        at,
        text,
        size,
        anchor,
        turn,
        rim,
    } = shape
    else {
        return;
    };
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let (x, y) = (short(at[0]), short(at[1]));
    let turn = match *turn {
        0.0 => String::new(),
        turn => format!(" transform=\"rotate({} {x} {y})\"", short(turn)),
    };
    // Two texts, for not every program knows `paint-order`; the first is only a rim.
    let around = " aria-hidden=\"true\" stroke=\"#ffffff\" stroke-width=\"2.6\" stroke-linejoin=\"round\" stroke-opacity=\"0.85\"";
    for attributes in [Some(around).filter(|_| *rim), Some("")]
        .into_iter()
        .flatten()
    {
        let _ = writeln!(
            body,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" text-anchor=\"{anchor}\"{turn}{attributes}>{}</text>",
            short(*size),
            escape(text)
        );
    }
}

/// A coordinate in pixels, to a hundredth.
pub(super) fn short(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    // No negative zero.
    format!("{}", rounded + 0.0)
}

/// Points as the `d` of a path, to a tenth of a pixel; points nearer than a pixel to the last one
/// are left out.
pub(super) fn way(points: &[[f64; 2]], closed: bool) -> String {
    let mut d = String::new();
    let mut last: Option<[f64; 2]> = None;
    for (n, point) in points.iter().enumerate() {
        let near = last.is_some_and(|last| distance(last, *point) < 1.0);
        // The end of a line stays where it is.
        if near && (closed || n + 1 < points.len()) {
            continue;
        }
        let letter = if last.is_none() { 'M' } else { 'L' };
        let [x, y] = point.map(|value| (value * 10.0).round() / 10.0 + 0.0);
        let _ = write!(d, "{letter}{x} {y}");
        last = Some(*point);
    }
    if closed && !d.is_empty() {
        d.push('Z');
    }
    d
}

pub(super) fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// How wide a text is, about.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    0.58 * size * text.chars().count() as f64
}

/// What is taken of a panel: boxes by their middle and their half sizes.
#[derive(Default)]
pub(super) struct Room {
    taken: Vec<([f64; 2], [f64; 2])>,
}

impl Room {
    /// Whether a box touches none that is taken.
    pub fn is_free(&self, middle: [f64; 2], half: [f64; 2]) -> bool {
        self.taken.iter().all(|(other, size)| {
            (middle[0] - other[0]).abs() > half[0] + size[0]
                || (middle[1] - other[1]).abs() > half[1] + size[1]
        })
    }

    pub fn take(&mut self, middle: [f64; 2], half: [f64; 2]) {
        self.taken.push((middle, half));
    }
}
