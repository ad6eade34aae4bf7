//! Pictures as text, for a terminal or a page of fixed width.
//!
//! The same [`Panel`]s and [`Map`]s that become SVG are drawn here with characters: curves as dots
//! of Braille, maps as half blocks of colour or as shades. Nothing is asked of the terminal but its
//! size; a [`Style`] says what it can show. A drawing has exactly as many lines as were asked for,
//! none is wider than that, and none ends in blanks.

mod cells;
mod frame;
mod lines;
mod surface;

use super::critical::{critical_points, noticeable_depth};
use super::landscape;
use super::maps::Map;
use super::plot::{Axis, Layer, Panel, Stroke};
use super::surfaces::{Coordinate, Surfaces};
use super::window::window;

pub use lines::panel;
pub use surface::map;

/// How large a drawing is, in characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Width of a line, at most.
    pub columns: usize,
    /// Lines, exactly.
    pub rows: usize,
}

/// What the terminal can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Whether there are colours: the 256 that most terminals have. Else there is no escape code.
    pub colour: bool,
    /// Whether it shows Unicode; else everything is ASCII.
    pub unicode: bool,
}

/// A curve with a name.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Curve<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// Abscissae; what is not finite breaks the line.
    pub x: &'a [f64],
    /// Ordinates, as many; likewise.
    pub y: &'a [f64],
}

/// Curves over one coordinate, with axes and, where there are several, a legend.
///
/// Where they go to infinity they are cut off ([`window`]). A curve that goes up and down within a
/// column of characters fills it from its least to its greatest value there: give enough points.
pub fn curves(
    title: &str,
    coordinate: &str,
    curves: &[Curve<'_>],
    size: Size,
    style: Style,
) -> String {
    panel(&curves_panel(title, coordinate, curves), size, style)
}

fn curves_panel(title: &str, coordinate: &str, curves: &[Curve<'_>]) -> Panel {
    let finite = curves
        .iter()
        .flat_map(|curve| curve.x)
        .filter(|x| x.is_finite());
    let (lo, hi) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| {
        (lo.min(*x), hi.max(*x))
    });
    let all: Vec<f64> = curves.iter().flat_map(|curve| curve.y).copied().collect();
    let (bottom, top) = window(&all).unwrap_or((f64::NAN, f64::NAN));
    let layers = curves.iter().map(|curve| Layer::Line {
        x: curve.x.to_vec(),
        y: curve.y.to_vec(),
        stroke: PLAIN,
        label: Some(curve.name.to_owned()),
    });
    Panel {
        title: title.to_owned(),
        x: Axis::new(coordinate, lo, hi, 5.0),
        y: Axis::new("", bottom, top, 5.0),
        layers: layers.collect(),
        shaded: Vec::new(),
        legend: None,
    }
}

const PLAIN: Stroke = Stroke {
    colour: "#000000",
    width: 1.0,
    dash: None,
};

/// A function of two coordinates as a map: bands between round levels, wells and saddles marked.
/// `values` are those at the centres of the cells, the second coordinate fastest; what is not
/// finite is left open.
pub fn grid(
    title: &str,
    axes: [Coordinate; 2],
    values: &[f64],
    size: Size,
    style: Style,
) -> String {
    map(&grid_map(title, axes, values), size, style)
}

/// The map of such a function.
pub fn grid_map(title: &str, axes: [Coordinate; 2], values: &[f64]) -> Map {
    let mut surfaces = Surfaces::new("", axes);
    let cells = surfaces.len();
    surfaces.u = values
        .iter()
        .copied()
        .chain(std::iter::repeat(f64::NAN))
        .take(cells)
        .collect();
    surfaces.covered = surfaces.u.iter().map(|value| value.is_finite()).collect();
    surfaces.points = critical_points(&surfaces, noticeable_depth(&surfaces));
    landscape::plain(&surfaces, title, None)
}
