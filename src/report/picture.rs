//! A figure with what is said about it, and the files that it is written to.

use super::canvas::{Anchor, Canvas, Look, Text};
use super::chart;
use super::kuva::Kuva;
use super::maps::Atlas;
use super::plot::{Figure, Plotter};

/// Pixels of a PNG for each of a figure: sharp on a screen of twice the usual density, and in print.
const SCALE: f64 = 2.0;

/// What a mark is written on: its height in pixels, the size of its letters, its colour.
const MARK: (f64, f64, &str) = (26.0, 13.0, "#fbe6df");

/// What is drawn.
#[derive(Clone, PartialEq, Debug)]
pub enum Drawing {
    /// Panels.
    Panels(Figure),
    /// Maps.
    Maps(Atlas),
    /// Another one, and above it what must be known of it.
    Marked(Box<Drawing>, String),
}

impl Drawing {
    /// Width and height in pixels.
    fn size(&self) -> [f64; 2] {
        match self {
            Drawing::Panels(figure) => {
                let rows = figure.panels.len().div_ceil(figure.columns.max(1)).max(1);
                [figure.width, rows as f64 * figure.row_height]
            }
            Drawing::Maps(atlas) => chart::size(atlas),
            Drawing::Marked(drawing, _) => {
                let [width, height] = drawing.size();
                [width, MARK.0 + height]
            }
        }
    }

    fn paint(&self, canvas: &mut Canvas, [x, y]: [f64; 2]) {
        match self {
            Drawing::Panels(figure) => canvas.panels(figure.clone(), [x, y]),
            Drawing::Maps(atlas) => chart::paint(atlas, canvas, [x, y]),
            Drawing::Marked(drawing, words) => {
                let (height, size, colour) = MARK;
                canvas.rectangle([x, y], [self.size()[0], height], Look::filled(colour));
                let at = [x + size, y + 0.5 * height + 0.35 * size];
                canvas.text(Text::new(at, words, size, Anchor::Start));
                drawing.paint(canvas, [x, y + height]);
            }
        }
    }

    fn canvas(&self) -> Canvas {
        let mut canvas = Canvas::new(self.size());
        self.paint(&mut canvas, [0.0, 0.0]);
        canvas
    }
}

/// A figure with what is said about it.
#[derive(Clone, PartialEq, Debug)]
pub struct Picture {
    /// The name of its files, without what they end in: `potential`.
    pub name: String,
    /// What it shows, as a heading; may be empty.
    pub title: String,
    /// What to see in it, as sentences; may be empty.
    pub words: String,
    /// The figure.
    pub drawing: Drawing,
}

impl Picture {
    /// The same where it is seen alone: with words above it, such as a verdict.
    pub fn marked(self, words: String) -> Picture {
        Picture {
            drawing: Drawing::Marked(Box::new(self.drawing), words),
            ..self
        }
    }

    /// As one SVG element, the same bytes for the same picture.
    pub fn svg(&self) -> String {
        match &self.drawing {
            Drawing::Panels(figure) => Kuva.svg(figure),
            drawing => drawing.canvas().svg(),
        }
    }

    /// As the bytes of a PNG.
    ///
    /// # Errors
    /// What the drawing crate says, as a sentence.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        self.drawing.canvas().png(SCALE)
    }

    /// Its SVG as a file.
    pub fn file(&self) -> (String, Vec<u8>) {
        (format!("{}.svg", self.name), self.svg().into_bytes())
    }
}

/// PNGs of pictures, as files, and what the drawing crate says of those that it cannot draw.
pub fn pngs(pictures: &[Picture]) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for picture in pictures {
        let name = format!("{}.png", picture.name);
        match picture.png() {
            Ok(bytes) => files.push((name, bytes)),
            Err(problem) => problems.push(format!("{name} cannot be drawn: {problem}")),
        }
    }
    (files, problems)
}
