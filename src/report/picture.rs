//! A figure with what is said about it, and the files that it is written to.

use super::canvas::Canvas;
use super::chart;
use super::kuva::Kuva;
use super::maps::Atlas;
use super::plot::{Figure, Plotter};

/// Pixels of a PNG for each of a figure: sharp on a screen of twice the usual density, and in print.
const SCALE: f64 = 2.0;

/// What is drawn.
#[derive(Clone, PartialEq, Debug)]
pub enum Drawing {
    /// Panels.
    Panels(Figure),
    /// Maps.
    Maps(Atlas),
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
    /// As one SVG element, the same bytes for the same picture.
    pub fn svg(&self) -> String {
        match &self.drawing {
            Drawing::Panels(figure) => Kuva.svg(figure),
            Drawing::Maps(atlas) => chart::svg(atlas),
        }
    }

    /// As the bytes of a PNG.
    ///
    /// # Errors
    /// What the drawing crate says, as a sentence.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        let canvas = match &self.drawing {
            Drawing::Panels(figure) => {
                let rows = figure.panels.len().div_ceil(figure.columns.max(1)).max(1);
                let mut canvas = Canvas::new([figure.width, rows as f64 * figure.row_height]);
                canvas.panels(figure.clone(), [0.0, 0.0]);
                canvas
            }
            Drawing::Maps(atlas) => {
                let mut canvas = Canvas::new(chart::size(atlas));
                chart::paint(atlas, &mut canvas, [0.0, 0.0]);
                canvas
            }
        };
        canvas.png(SCALE)
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
