//! Figures drawn by the crate `kuva`; nothing else here knows it.

use super::maps::Palette;
use super::plot::{Corner, Figure, Layer, Panel, Plotter, Shape};
use kuva::backend::svg::SvgBackend;
use kuva::plot::annotations::ShadedRegion;
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::scatter::{MarkerShape, ScatterPlot};
use kuva::plot::{BandPlot, ColorMap, LinePlot, LineStyle};
use kuva::render::figure::Figure as Grid;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::Scene;
use std::sync::Arc;

/// Draws with `kuva`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kuva;

impl Plotter for Kuva {
    fn svg(&self, figure: &Figure) -> String {
        let scene = scene(figure);
        let svg = named_clips(&SvgBackend::new().render_scene(&scene));
        // `kuva` gives no view box, without which a page cannot scale the picture.
        let view = format!("<svg viewBox=\"0 0 {} {}\" ", scene.width, scene.height);
        svg.replacen("<svg ", &view, 1)
    }
}

/// The figure as the shapes of `kuva`.
pub(super) fn scene(figure: &Figure) -> Scene {
    let columns = figure.columns.max(1);
    let rows = figure.panels.len().div_ceil(columns).max(1);
    let (width, height) = (figure.width, figure.row_height * rows as f64);
    let plots = figure.panels.iter().map(plots).collect();
    let only = figure.panels.len() == 1;
    let letters = ('a'..='z').map(|letter| Some(letter).filter(|_| !only));
    let layouts = figure.panels.iter().zip(letters);
    let layouts = layouts.map(|(panel, letter)| layout(panel, letter));
    Grid::new(rows, columns)
        .with_plots(plots)
        .with_layouts(layouts.collect())
        .with_figure_size(width, height)
        .with_spacing(14.0)
        .with_padding(8.0)
        .render()
}

/// The colour at a share from 0 to 1 of a palette: red, green, blue.
pub(super) fn colour(palette: Palette, share: f64) -> [u8; 3] {
    let share = share.clamp(0.0, 1.0);
    let (map, share) = match palette {
        // Its darkest end would hide what is written on it.
        Palette::Height => (ColorMap::Viridis, 0.15 + 0.85 * share),
        Palette::Amount => (ColorMap::Blues, 0.9 * share),
        Palette::Sign => (ColorMap::PurpleOrange, 0.12 + 0.76 * share),
    };
    map.map_rgb(share).map_or([128; 3], |(r, g, b)| [r, g, b])
}

/// The layers in the order of the panel.
fn plots(panel: &Panel) -> Vec<Plot> {
    let mut plots: Vec<Plot> = Vec::new();
    for layer in &panel.layers {
        match layer {
            Layer::Line { x, y, stroke, .. } => {
                for run in finite_runs(x, &[y]) {
                    let points = run.clone().map(|i| (x[i], y[i]));
                    let style = stroke.dash.map(|dash| LineStyle::Custom(dash.to_owned()));
                    let mut line = LinePlot::new()
                        .with_data(points)
                        .with_color(stroke.colour)
                        .with_stroke_width(stroke.width);
                    line.line_style = style.unwrap_or_default();
                    plots.push(Plot::Line(line));
                }
            }
            Layer::Band {
                x,
                lower,
                upper,
                colour,
                ..
            } => {
                for run in finite_runs(x, &[lower, upper]) {
                    let part = |of: &[f64]| of[run.clone()].to_vec();
                    let band = BandPlot::new(part(x), part(lower), part(upper));
                    plots.push(Plot::Band(band.with_color(*colour).with_opacity(1.0)));
                }
            }
            Layer::Marks {
                x,
                y,
                colour,
                shape,
                ..
            } => {
                let points = x.iter().copied().zip(y.iter().copied());
                let points = points.filter(|(x, y)| x.is_finite() && y.is_finite());
                let marks = ScatterPlot::new()
                    .with_data(points.collect::<Vec<_>>())
                    .with_color(*colour)
                    .with_size(4.5)
                    .with_marker(marker(*shape));
                plots.push(Plot::Scatter(marks));
            }
        }
    }
    if plots.is_empty() {
        // Without a plot `kuva` would leave out the axes too.
        plots.push(Plot::Line(LinePlot::new()));
    }
    plots
}

fn marker(shape: Shape) -> MarkerShape {
    match shape {
        Shape::Disc => MarkerShape::Circle,
        Shape::Square => MarkerShape::Square,
        Shape::Triangle => MarkerShape::Triangle,
        Shape::Diamond => MarkerShape::Diamond,
        Shape::Cross => MarkerShape::Cross,
        Shape::Plus => MarkerShape::Plus,
    }
}

/// The ranges of two points and more over which everything is finite.
fn finite_runs(x: &[f64], y: &[&Vec<f64>]) -> Vec<std::ops::Range<usize>> {
    let length = y.iter().map(|y| y.len()).fold(x.len(), usize::min);
    let finite = |i: usize| x[i].is_finite() && y.iter().all(|y| y[i].is_finite());
    let mut runs = Vec::new();
    let mut start = 0;
    for i in 0..=length {
        if i == length || !finite(i) {
            if i >= start + 2 {
                runs.push(start..i);
            }
            start = i + 1;
        }
    }
    runs
}

fn layout(panel: &Panel, letter: Option<char>) -> Layout {
    let (x, y) = (panel.x.clone(), panel.y.clone());
    let title = match letter {
        Some(letter) => format!("({letter}) {}", panel.title),
        None => panel.title.clone(),
    };
    let mut layout = Layout::new((x.lo, x.hi), (y.lo, y.hi))
        .with_title(title)
        .with_title_size(13)
        .with_label_size(13)
        .with_tick_size(11)
        .with_body_size(11)
        .with_font_family("Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif")
        .with_x_label(x.label.clone())
        .with_y_label(y.label.clone())
        .with_x_axis_min(x.lo)
        .with_x_axis_max(x.hi)
        .with_y_axis_min(y.lo)
        .with_y_axis_max(y.hi)
        .with_x_tick_step(x.step)
        .with_y_tick_step(y.step)
        .with_x_tick_format(TickFormat::Custom(Arc::new(move |value| x.tick(value))))
        .with_y_tick_format(TickFormat::Custom(Arc::new(move |value| y.tick(value))))
        .with_show_grid(false)
        .with_box_axes();
    for &[lo, hi] in &panel.shaded {
        let region = ShadedRegion::vertical(lo, hi);
        layout = layout.with_shaded_region(region.with_color("black").with_opacity(0.08));
    }
    match panel.legend {
        None => layout,
        Some(corner) => layout
            .with_legend_entries(legend(panel))
            .with_legend_position(match corner {
                Corner::Top => LegendPosition::InsideTopCenter,
                Corner::TopLeft => LegendPosition::InsideTopLeft,
                Corner::TopRight => LegendPosition::InsideTopRight,
                Corner::BottomLeft => LegendPosition::InsideBottomLeft,
                Corner::BottomRight => LegendPosition::InsideBottomRight,
            })
            .with_legend_box(false),
    }
}

fn legend(panel: &Panel) -> Vec<LegendEntry> {
    let entry = |layer: &Layer| {
        let label = layer.label()?.to_owned();
        let (color, shape, dasharray) = match layer {
            Layer::Line { stroke, .. } => (
                stroke.colour,
                LegendShape::Line,
                stroke.dash.map(str::to_owned),
            ),
            Layer::Band { colour, .. } => (*colour, LegendShape::Rect, None),
            Layer::Marks { colour, shape, .. } => {
                (*colour, LegendShape::Marker(marker(*shape)), None)
            }
        };
        Some(LegendEntry {
            label,
            color: color.to_owned(),
            shape,
            dasharray,
        })
    };
    // The front of the picture first.
    panel.layers.iter().rev().filter_map(entry).collect()
}

/// `kuva` numbers its clip paths over the life of the process; here they count from 0, so that
/// the same figure gives the same bytes.
fn named_clips(svg: &str) -> String {
    const NAME: &str = "kuva-clip-";
    let mut seen: Vec<&str> = Vec::new();
    let mut parts = svg.split(NAME);
    let mut named = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit());
        let (number, rest) = part.split_at(end.unwrap_or(part.len()));
        let index = seen.iter().position(|&n| n == number).unwrap_or_else(|| {
            seen.push(number);
            seen.len() - 1
        });
        named.push_str(&format!("clip-{index}{rest}"));
    }
    named
}
