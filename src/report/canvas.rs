//! SVG, piece by piece, and where labels find room.

use super::html::escape;
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

/// What has been drawn.
#[derive(Default)]
pub(super) struct Canvas {
    body: String,
}

impl Canvas {
    /// Adds an element as it is written.
    pub fn raw(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    /// A path with the given attributes.
    pub fn path(&mut self, d: &str, attributes: &str) {
        if !d.is_empty() {
            // Writing to a string does not fail.
            let _ = writeln!(self.body, "<path d=\"{d}\" {attributes}/>");
        }
    }

    /// A rectangle with the given attributes.
    pub fn rectangle(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], attributes: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {attributes}/>",
            short(x),
            short(y),
            short(width),
            short(height)
        );
    }

    pub fn text(&mut self, text: Text<'_>) {
        let anchor = match text.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (short(text.at[0]), short(text.at[1]));
        let turn = match text.turn {
            0.0 => String::new(),
            turn => format!(" transform=\"rotate({} {x} {y})\"", short(turn)),
        };
        let written = |canvas: &mut Canvas, attributes: &str| {
            let _ = writeln!(
                canvas.body,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" text-anchor=\"{anchor}\"{turn}{attributes}>{}</text>",
                short(text.size),
                escape(text.text)
            );
        };
        if text.rim {
            // Two texts, for not every program knows `paint-order`; the first is only a rim.
            let rim = " aria-hidden=\"true\" stroke=\"#ffffff\" stroke-width=\"2.6\" stroke-linejoin=\"round\" stroke-opacity=\"0.85\"";
            written(self, rim);
        }
        written(self, "");
    }

    /// The whole, of the given size, as one element.
    pub fn finish(self, [width, height]: [f64; 2], definitions: &str) -> String {
        let (w, h) = (short(width), short(height));
        format!(
            "<svg viewBox=\"0 0 {w} {h}\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" font-family=\"{FONT}\" fill=\"#1a1a1a\">\n\
             <defs>{definitions}</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{}</svg>\n",
            self.body
        )
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
