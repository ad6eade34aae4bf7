//! A drawing as a PNG, by the raster of `kuva`.

use super::canvas::{Anchor, Canvas, HATCHED, Look, Run, Shape};
use super::dashes::dashed;
use super::kuva::scene;
use kuva::backend::raster::RasterBackend;
use kuva::render::color::Color;
use kuva::render::render::{Primitive, Scene, TextAnchor};

/// The most pixels of a picture: `kuva` keeps four bytes of each.
const MOST_PIXELS: f64 = 1e8;

impl Canvas {
    /// As the bytes of a PNG with so many pixels for each of the canvas.
    ///
    /// # Errors
    /// A picture that is too large, or what the drawing crate says, as a sentence.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>, String> {
        let pixels = self.size[0] * self.size[1] * scale * scale;
        if !(1.0..=MOST_PIXELS).contains(&pixels) {
            return Err(format!(
                "a picture of {:.0} by {:.0} pixels is too large or empty; the limit is {MOST_PIXELS:e} pixels",
                self.size[0] * scale,
                self.size[1] * scale
            ));
        }
        let mut scene = Scene::new(self.size[0], self.size[1]);
        for shape in &self.shapes {
            add(&mut scene, shape, scale);
        }
        let backend = RasterBackend::new().with_scale(scale as f32);
        backend.render_scene(&scene)
    }
}

fn add(to: &mut Scene, shape: &Shape, scale: f64) {
    match shape {
        Shape::Path(runs, look) => {
            if let Some(fill) = &look.fill {
                to.add(filled(runs, fill, 1.0 / scale));
            }
            for (points, closed) in runs {
                stroke(to, points, *closed, look);
            }
        }
        Shape::Rectangle(corner, size, look) => rectangle(to, *corner, *size, look),
        Shape::Circle([x, y], radius, look) => to.add(Primitive::Circle {
            cx: *x,
            cy: *y,
            r: *radius,
            fill: Color::from(look.fill.as_deref().unwrap_or("none")),
            fill_opacity: None,
            stroke: look.stroke.as_deref().map(Color::from),
            stroke_width: Some(look.width),
        }),
        Shape::Text { rim, .. } => {
            if *rim {
                // A rim of eight copies: the raster has no outlines of letters.
                for k in 0..8 {
                    let (dy, dx) = (f64::from(k) * std::f64::consts::FRAC_PI_4).sin_cos();
                    to.add(text(shape, [1.1 * dx, 1.1 * dy], Some("#ffffff")));
                }
            }
            to.add(text(shape, [0.0, 0.0], None));
        }
        Shape::Clip([x, y], [width, height]) => to.add(Primitive::ClipStart {
            x: *x,
            y: *y,
            width: *width,
            height: *height,
            id: String::new(),
        }),
        Shape::EndOfClip => to.add(Primitive::ClipEnd),
        Shape::Panels(figure, [x, y]) => {
            to.add(Primitive::GroupStart {
                transform: Some(format!("translate({x},{y})")),
                title: None,
                extra_attrs: None,
            });
            for element in scene(figure).elements.into_iter().flat_map(dashed) {
                to.add(element);
            }
            to.add(Primitive::GroupEnd);
        }
    }
}

fn rectangle(to: &mut Scene, [x, y]: [f64; 2], [width, height]: [f64; 2], look: &Look) {
    let hatched = look.fill.as_deref() == Some(HATCHED);
    let fill = match &look.fill {
        Some(_) if hatched => "#f4f4f4",
        Some(fill) => fill,
        None => "none",
    };
    to.add(Primitive::Rect {
        x,
        y,
        width,
        height,
        fill: Color::from(fill),
        stroke: None,
        stroke_width: None,
        opacity: None,
    });
    if hatched {
        to.add(Primitive::ClipStart {
            x,
            y,
            width,
            height,
            id: String::new(),
        });
        let lines = ((width + height) / 7.0) as usize;
        for at in (0..=lines).map(|k| 7.0 * k as f64) {
            let line = [[x + at - height, y + height], [x + at, y]];
            stroke(to, &line, false, &Look::drawn("#b5b5b5", 0.8));
        }
        to.add(Primitive::ClipEnd);
    }
    let corners = [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
    ];
    stroke(to, &corners, true, look);
}

fn stroke(to: &mut Scene, points: &[[f64; 2]], closed: bool, look: &Look) {
    let Some(colour) = &look.stroke else { return };
    let first = points.first().filter(|_| closed);
    let points = points.iter().chain(first).map(|[x, y]| (*x, *y));
    let line = Primitive::PolyLine {
        points: points.collect(),
        // Overlapping pieces of a line would show through: a thinner colour instead.
        stroke: Color::from(faded(colour, look.opacity).as_str()),
        stroke_width: look.width,
        stroke_dasharray: look.dash.map(str::to_owned),
    };
    for part in dashed(line) {
        to.add(part);
    }
}

/// A colour `#rrggbb` towards middle grey, as far as it is not opaque.
fn faded(colour: &str, opacity: f64) -> String {
    let part = |at: usize| {
        colour
            .get(at..at + 2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
    };
    match (part(1), part(3), part(5)) {
        (Some(r), Some(g), Some(b)) if opacity < 1.0 => {
            let mixed = [r, g, b].map(|c| (opacity * f64::from(c) + (1.0 - opacity) * 128.0) as u8);
            format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2])
        }
        _ => colour.to_owned(),
    }
}

fn text(shape: &Shape, by: [f64; 2], colour: Option<&str>) -> Primitive {
    let Shape::Text {
        at,
        text,
        size,
        anchor,
        turn,
        ..
    } = shape
    else {
        return Primitive::GroupEnd;
    };
    Primitive::Text {
        x: at[0] + by[0],
        y: at[1] + by[1],
        content: text.clone(),
        size: size.round() as u32,
        anchor: match anchor {
            Anchor::Start => TextAnchor::Start,
            Anchor::Middle => TextAnchor::Middle,
            Anchor::End => TextAnchor::End,
        },
        rotate: (*turn != 0.0).then_some(*turn),
        bold: false,
        color: colour.map(Color::from),
    }
}

/// A region by the even-odd rule, as rows of the height of a pixel: the raster itself would fill
/// holes too.
fn filled(runs: &[Run], fill: &str, row: f64) -> Primitive {
    let edges: Vec<[[f64; 2]; 2]> = runs
        .iter()
        .flat_map(|(points, _)| {
            let next = points.iter().cycle().skip(1);
            points.iter().zip(next).map(|(a, b)| [*a, *b])
        })
        .collect();
    let ends = edges.iter().flatten().map(|point| point[1]);
    let (lo, hi) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), y| {
        (lo.min(y), hi.max(y))
    });
    let first = (lo / row).floor();
    let rows = ((hi / row).ceil() - first).clamp(0.0, 1e5) as usize;
    let mut crossings: Vec<Vec<f64>> = vec![Vec::new(); rows];
    for [a, b] in &edges {
        let (a, b) = if a[1] <= b[1] { (a, b) } else { (b, a) };
        let number = |y: f64| (y / row - 0.5 - first).ceil().max(0.0) as usize;
        let (from, to) = (number(a[1]), number(b[1]).min(rows));
        for (at, crossings) in crossings.iter_mut().enumerate().take(to).skip(from) {
            let y = (first + at as f64 + 0.5) * row;
            crossings.push(a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
        }
    }
    let (mut x, mut y, mut w) = (Vec::new(), Vec::new(), Vec::new());
    for (at, row_crossings) in crossings.iter_mut().enumerate() {
        row_crossings.sort_by(f64::total_cmp);
        for pair in row_crossings.chunks_exact(2) {
            x.push(pair[0]);
            y.push((first + at as f64) * row);
            w.push(pair[1] - pair[0]);
        }
    }
    Primitive::RectBatch {
        h: vec![row; x.len()],
        fills: vec![Color::from(fill); x.len()],
        x,
        y,
        w,
    }
}
