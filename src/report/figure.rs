//! The figure of a run in one coordinate: the full potential, the learned one and the samples.

use super::curves::{Curves, Line};
use super::plot::{Axis, Corner, Figure, Layer, Panel, Stroke};

/// The full potential: thin and grey, for it is behind.
const FULL: Stroke = Stroke {
    colour: "#8c8c8c",
    width: 0.9,
    dash: None,
};
/// The learned potential.
const LEARNED: Stroke = Stroke {
    colour: "#0060a8",
    width: 1.9,
    dash: None,
};
/// Its error band: light enough for the line to stand out, in grey too.
const BAND: &str = "#a9cdea";
/// What it is compared with.
const REFERENCE: Stroke = Stroke {
    colour: "#d55e00",
    width: 1.6,
    dash: Some("5 4"),
};
/// Zero, where a difference is measured from it.
const ZERO: Stroke = Stroke {
    colour: "#555555",
    width: 0.8,
    dash: Some("2 3"),
};

/// The figure of a run; panels for which there is no data are left out.
///
/// The full potential, its roughness, the learned potential with its reference, what is between
/// the two, the derivative, and the density. Bands are two standard errors either side.
pub fn figure(curves: &Curves) -> Figure {
    let panels = [
        full(curves),
        roughness(curves),
        Some(learned(curves)),
        derivative(curves),
        difference(curves),
        density(curves),
    ];
    Figure {
        panels: panels.into_iter().flatten().collect(),
        columns: 2,
        width: 900.0,
        row_height: 300.0,
    }
}

fn line(x: &[f64], y: &[f64], stroke: Stroke, label: impl Into<String>) -> Layer {
    Layer::Line {
        x: x.to_vec(),
        y: y.to_vec(),
        stroke,
        label: Some(label.into()),
    }
}

/// Two standard errors either side of `middle`.
fn band(x: &[f64], middle: &[f64], stderr: &[f64]) -> Layer {
    let side = |sign: f64| {
        let ends = middle.iter().zip(stderr);
        ends.map(|(m, s)| m + sign * 2.0 * s).collect()
    };
    Layer::Band {
        x: x.to_vec(),
        lower: side(-1.0),
        upper: side(1.0),
        colour: BAND,
        label: Some("± 2 standard errors".to_owned()),
    }
}

fn full(curves: &Curves) -> Option<Panel> {
    let drawn = fine(curves);
    let name = format!("{}({})", curves.potential, curves.coordinate);
    let layers = vec![Layer::Line {
        x: drawn.x.clone(),
        y: drawn.y.clone(),
        stroke: Stroke {
            colour: "#444444",
            ..FULL
        },
        label: None,
    }];
    let title = format!("the full potential {}", curves.potential);
    (drawn.x.len() > 1).then(|| panel(title, horizontal(curves), name, layers, curves))
}

fn roughness(curves: &Curves) -> Option<Panel> {
    let (lo, hi) = extent(curves.zoom.x.iter().copied())?;
    let (bottom, top) = extent(curves.zoom.y.iter().copied())?;
    let (x, x_label) = readable(&curves.zoom.x, lo, hi, &curves.coordinate);
    let name = format!("{}({})", curves.potential, curves.coordinate);
    let (y, y_label) = readable(&curves.zoom.y, bottom, top, &name);
    let (lo, hi) = extent(x.iter().copied())?;
    let (bottom, top) = padded(extent(y.iter().copied())?, 0.06);
    Some(Panel {
        title: format!("the same, {} times closer", magnification(curves)?),
        x: Axis::new(x_label, lo, hi, 5.0),
        y: Axis::new(y_label, bottom, top, 5.0),
        layers: vec![Layer::Line {
            x,
            y,
            stroke: Stroke {
                colour: "#444444",
                width: 1.2,
                dash: None,
            },
            label: None,
        }],
        shaded: Vec::new(),
        legend: None,
    })
}

/// How much closer the zoom is than the whole, two digits.
fn magnification(curves: &Curves) -> Option<String> {
    let width = |line: &[f64]| extent(line.iter().copied()).map(|(lo, hi)| hi - lo);
    let ratio = width(&fine(curves).x)? / width(&curves.zoom.x)?;
    let power = 10f64.powf(ratio.log10().floor() - 1.0);
    let rounded = (ratio / power).round() * power;
    ratio.is_finite().then(|| grouped(rounded))
}

/// A whole number with spaces between thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out
}

fn learned(curves: &Curves) -> Panel {
    let mut layers = Vec::new();
    let behind = fine(curves);
    if behind.x.len() > 1 {
        let shift = offset(curves, &curves.v);
        let y: Vec<f64> = behind.y.iter().map(|v| v - shift).collect();
        layers.push(line(&behind.x, &y, FULL, curves.potential.clone()));
    }
    layers.push(band(&curves.x, &curves.u, &curves.u_stderr));
    layers.push(line(&curves.x, &curves.u, LEARNED, "U"));
    if let Some(reference) = &curves.reference {
        let shift = offset(curves, &reference.u);
        let y: Vec<f64> = reference.u.iter().map(|u| u - shift).collect();
        layers.push(line(&curves.x, &y, REFERENCE, reference.name.clone()));
    }
    let name = format!("U({})", curves.coordinate);
    let title = format!("the effective potential, l = {}", short(curves.length));
    panel(title, horizontal(curves), name, layers, curves)
}

fn derivative(curves: &Curves) -> Option<Panel> {
    let mut layers = vec![
        band(&curves.x, &curves.du, &curves.du_stderr),
        line(&curves.x, &curves.du, LEARNED, "dU"),
    ];
    if let Some(reference) = &curves.reference {
        let name = format!("d{}", reference.name);
        layers.push(line(&curves.x, &reference.du, REFERENCE, name));
    }
    let name = format!("dU/d{}", curves.coordinate);
    let panel = panel("its derivative", horizontal(curves), name, layers, curves);
    (!curves.du.is_empty()).then_some(panel)
}

fn difference(curves: &Curves) -> Option<Panel> {
    let reference = curves.reference.as_ref()?;
    let shift = offset(curves, &reference.u);
    let pairs = curves.u.iter().zip(&reference.u);
    let y: Vec<f64> = pairs.map(|(u, r)| u - (r - shift)).collect();
    let inside = |values: &[f64]| -> Vec<f64> {
        let pairs = values.iter().zip(&curves.covered);
        let kept = pairs.map(|(&value, &covered)| if covered { value } else { f64::NAN });
        kept.collect()
    };
    let (y, stderr) = (inside(&y), inside(&curves.u_stderr));
    let (lo, hi) = extent([&y, &stderr].into_iter().flatten().copied())?;
    // One factor for line and band, so that the ticks stay short numbers.
    let (unit, suffix) = unit(lo.abs().max(hi.abs()));
    let scaled = |values: &[f64]| -> Vec<f64> { values.iter().map(|v| v / unit).collect() };
    let (y, stderr) = (scaled(&y), scaled(&stderr));
    let axis = horizontal(curves);
    let layers = vec![
        band(&curves.x, &y, &stderr),
        Layer::Line {
            x: vec![axis.lo, axis.hi],
            y: vec![0.0, 0.0],
            stroke: ZERO,
            label: None,
        },
        line(
            &curves.x,
            &y,
            Stroke {
                width: 1.4,
                ..LEARNED
            },
            "difference",
        ),
    ];
    let name = format!("U − {}{suffix}", reference.name);
    let title = format!("the effective potential less {}", reference.name);
    Some(panel(title, axis, name, layers, curves))
}

fn density(curves: &Curves) -> Option<Panel> {
    let zero = vec![0.0; curves.density.len()];
    let mut layers = vec![
        Layer::Band {
            x: curves.x.clone(),
            lower: zero,
            upper: curves.density.clone(),
            colour: BAND,
            label: Some("samples".to_owned()),
        },
        Layer::Line {
            x: curves.x.clone(),
            y: curves.density.clone(),
            stroke: Stroke {
                width: 1.0,
                ..LEARNED
            },
            label: None,
        },
    ];
    if !curves.gibbs.is_empty() {
        layers.push(line(&curves.x, &curves.gibbs, REFERENCE, "exp(−βU)"));
    }
    let title = "what was sampled";
    let mut panel = panel(title, horizontal(curves), "density", layers, curves);
    panel.y = Axis::new("density", 0.0, panel.y.hi, 5.0);
    (!curves.density.is_empty()).then_some(panel)
}

/// The coordinate over the grid, or over the full potential where there is no grid.
fn horizontal(curves: &Curves) -> Axis {
    let grid = extent(curves.x.iter().copied());
    let range = grid.or_else(|| extent(curves.fine.x.iter().copied()));
    let (lo, hi) = range.unwrap_or((0.0, 1.0));
    Axis::new(curves.coordinate.clone(), lo, hi, 7.0)
}

/// A panel with a vertical axis that holds all of its layers and a legend in the emptiest corner,
/// with head room where every corner is in use.
fn panel(
    title: impl Into<String>,
    x: Axis,
    y_label: impl Into<String>,
    layers: Vec<Layer>,
    curves: &Curves,
) -> Panel {
    let y = layers.iter().flat_map(Layer::points).map(|(_, y)| y);
    let (lo, mut hi) = padded(extent(y).unwrap_or((0.0, 1.0)), 0.05);
    let named = layers.iter().filter(|l| l.label().is_some()).count();
    let mut legend = None;
    if named > 1 {
        let (corner, crowd) = emptiest(&layers, &x, (lo, hi), named);
        if crowd > 0 {
            hi += (hi - lo) * (0.06 + 0.075 * named as f64);
        }
        legend = Some(if crowd > 0 { Corner::TopRight } else { corner });
    }
    Panel {
        title: title.into(),
        shaded: uncovered(curves),
        y: Axis::new(y_label, lo, hi, 5.0),
        x,
        layers,
        legend,
    }
}

/// The corner in which a legend of so many lines covers the fewest points, and how many.
fn emptiest(layers: &[Layer], x: &Axis, y: (f64, f64), named: usize) -> (Corner, usize) {
    let width = 0.42;
    let height = 0.06 + 0.085 * named as f64;
    let mut points = Vec::new();
    for (px, py) in layers.iter().flat_map(Layer::points) {
        if px.is_finite() && py.is_finite() {
            points.push(((px - x.lo) / (x.hi - x.lo), (py - y.0) / (y.1 - y.0)));
        }
    }
    let crowd = |corner: Corner| {
        let left = matches!(corner, Corner::TopLeft | Corner::BottomLeft);
        let top = matches!(corner, Corner::TopLeft | Corner::TopRight);
        let inside = |&&(px, py): &&(f64, f64)| {
            let from_side = if left { px } else { 1.0 - px };
            let from_edge = if top { 1.0 - py } else { py };
            from_side < width && from_edge < height
        };
        points.iter().filter(inside).count()
    };
    let corners = [Corner::BottomLeft, Corner::TopLeft, Corner::BottomRight];
    corners
        .into_iter()
        .map(|corner| (corner, crowd(corner)))
        .fold((Corner::TopRight, crowd(Corner::TopRight)), |best, next| {
            if next.1 < best.1 { next } else { best }
        })
}

/// Intervals of the grid without samples.
fn uncovered(curves: &Curves) -> Vec<[f64; 2]> {
    let mut intervals: Vec<[f64; 2]> = Vec::new();
    let mut open = false;
    for (i, &covered) in curves.covered.iter().enumerate().take(curves.x.len()) {
        if covered {
            open = false;
            continue;
        }
        // An interval reaches to the neighbours that do have samples.
        let end = curves.x[(i + 1).min(curves.x.len() - 1)];
        match intervals.last_mut() {
            Some(last) if open => last[1] = end,
            _ => intervals.push([curves.x[i.saturating_sub(1)], end]),
        }
        open = true;
    }
    intervals
}

/// The mean of `other - U` under the sampled density: potentials are equal up to a constant.
fn offset(curves: &Curves, other: &[f64]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (i, (value, u)) in other.iter().zip(&curves.u).enumerate() {
        let density = curves.density.get(i).copied().unwrap_or(1.0);
        let covered = curves.covered.get(i).copied().unwrap_or(true);
        if covered && (value - u).is_finite() && density.is_finite() {
            sum += density * (value - u);
            weight += density;
        }
    }
    if weight > 0.0 { sum / weight } else { 0.0 }
}

/// The full potential on its fine grid, else on the grid of the curves, thinned to the pixels.
fn fine(curves: &Curves) -> Line {
    let own = Line {
        x: curves.x.clone(),
        y: curves.v.clone(),
    };
    let from = if curves.fine.x.len() > 1 {
        &curves.fine
    } else {
        &own
    };
    thinned(from, 500)
}

/// The lowest and the highest point of each of `bins` runs, in order: what is left looks the same
/// when a run is narrower than a pixel.
fn thinned(line: &Line, bins: usize) -> Line {
    let length = line.x.len().min(line.y.len());
    if length <= 4 * bins {
        return Line {
            x: line.x[..length].to_vec(),
            y: line.y[..length].to_vec(),
        };
    }
    let mut kept = Line::default();
    for bin in 0..bins {
        let range = bin * length / bins..(bin + 1) * length / bins;
        let finite = range.filter(|&i| line.y[i].is_finite());
        let order = |a: &usize, b: &usize| line.y[*a].total_cmp(&line.y[*b]);
        let low = finite.clone().min_by(order);
        let high = finite.max_by(order);
        let (Some(low), Some(high)) = (low, high) else {
            continue;
        };
        for i in [low.min(high), low.max(high)] {
            kept.x.push(line.x[i]);
            kept.y.push(line.y[i]);
        }
    }
    kept
}

fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold(None, |range: Option<(f64, f64)>, value| {
        let (lo, hi) = range.unwrap_or((value, value));
        Some((lo.min(value), hi.max(value)))
    })
}

fn padded((lo, hi): (f64, f64), by: f64) -> (f64, f64) {
    (lo - by * (hi - lo), hi + by * (hi - lo))
}

/// Numbers between `lo` and `hi`, less their middle where they differ only in late digits and in a
/// unit that makes them short, with what to write at the axis.
fn readable(values: &[f64], lo: f64, hi: f64, name: &str) -> (Vec<f64>, String) {
    let (middle, largest) = (0.5 * (lo + hi), lo.abs().max(hi.abs()));
    let far = hi - lo < 0.1 * largest;
    let (origin, name) = if far {
        let sign = if middle < 0.0 { "+" } else { "−" };
        (middle, format!("{name} {sign} {}", short(middle.abs())))
    } else {
        (0.0, name.to_owned())
    };
    let (unit, suffix) = unit(if far { 0.5 * (hi - lo) } else { largest });
    let values = values.iter().map(|value| (value - origin) / unit);
    (values.collect(), format!("{name}{suffix}"))
}

/// A power of ten that makes numbers up to `largest` short, and how to write it behind a name.
fn unit(largest: f64) -> (f64, String) {
    if !(largest > 0.0) || (0.01..1e4).contains(&largest) {
        return (1.0, String::new());
    }
    let power = largest.log10().floor() as i32;
    let superscript = |c: char| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => char::from_u32('⁴' as u32 + c as u32 - '4' as u32).unwrap_or(c),
    };
    let written: String = power.to_string().chars().map(superscript).collect();
    (10f64.powi(power), format!("  [10{written}]"))
}

/// A number with four significant digits at most.
fn short(value: f64) -> String {
    super::number::significant(value, 4)
}
