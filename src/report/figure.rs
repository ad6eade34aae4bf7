//! The figure of a run in one coordinate: the full potential, the learned one and the samples.

use super::curves::{Curves, Line};
use super::drawing::{extent, legend_place, padded, readable, thinned, unit};
use super::number::significant;
use super::plot::{Axis, Figure, Layer, Panel, Stroke, is_turn};

/// The full potential on its own.
const FULL: Stroke = Stroke {
    colour: "#444444",
    width: 1.0,
    dash: None,
};
/// The full potential behind the learned one: wide, or it would be hidden, and light.
const BEHIND: Stroke = Stroke {
    colour: "#c4c4c4",
    width: 5.0,
    dash: None,
};
/// The learned potential.
const LEARNED: Stroke = Stroke {
    colour: "#004c8c",
    width: 2.4,
    dash: None,
};
/// Its error band: light enough for the line to stand out, in grey too.
const BAND: &str = "#a9cdea";
/// What it is compared with: it lies on the learned potential, hence much lighter, in grey too.
const REFERENCE: Stroke = Stroke {
    colour: "#f0a81c",
    width: 1.6,
    dash: Some("5 4"),
};
/// The density of a Gibbs measure, on that of the samples.
const GIBBS: Stroke = Stroke {
    colour: "#222222",
    width: 1.4,
    dash: Some("6 3"),
};
/// Zero, where a difference is measured from it.
const ZERO: Stroke = Stroke {
    colour: "#555555",
    width: 0.8,
    dash: Some("2 3"),
};

/// A line that bends less often has no small structure.
const FEW_BENDS: usize = 4;

/// The figure of a run; panels for which there is no data are left out.
///
/// The full potential, its roughness, the learned potential with its reference, what is between
/// the two, the derivative, and the density. Bands are two standard errors either side. Over a
/// period, curves go from seam to seam.
pub fn figure(curves: &Curves) -> Figure {
    let curves = &curves.closed();
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

/// The learned potential along lines through one place, a panel each.
pub fn lines(lines: &[Curves]) -> Figure {
    let panel = |curves: &Curves| {
        let panel = learned(&curves.closed());
        // Three in a row leave little room for ticks.
        let x = match panel.x.angle {
            true => panel.x,
            false => Axis::new(panel.x.label, panel.x.lo, panel.x.hi, 4.0),
        };
        Panel {
            title: format!("along {}", curves.coordinate),
            x,
            ..panel
        }
    };
    Figure {
        panels: lines.iter().map(panel).collect(),
        columns: lines.len().clamp(1, 3),
        width: 900.0,
        row_height: 280.0,
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
        stroke: FULL,
        label: None,
    }];
    let title = format!("the full potential {}", curves.potential);
    (drawn.x.len() > 1).then(|| panel(title, horizontal(curves), name, layers, curves))
}

fn roughness(curves: &Curves) -> Option<Panel> {
    let (lo, hi) = extent(curves.zoom.x.iter().copied())?;
    let (bottom, top) = extent(curves.zoom.y.iter().copied())?;
    // Along a line that no wave goes along there is nothing to see.
    if bends(&curves.zoom.y) < FEW_BENDS {
        return None;
    }
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
            stroke: FULL,
            label: None,
        }],
        shaded: Vec::new(),
        legend: None,
    })
}

/// How often a line goes over from one bend to the other.
fn bends(y: &[f64]) -> usize {
    let rounding = 1e-13 * y.iter().fold(0.0, |most: f64, y| most.max(y.abs()));
    let second = y.windows(3).map(|w| w[0] - 2.0 * w[1] + w[2]);
    let bent: Vec<bool> = second
        .filter(|b| b.abs() > rounding)
        .map(|b| b > 0.0)
        .collect();
    bent.windows(2).filter(|pair| pair[0] != pair[1]).count()
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
        layers.push(line(&behind.x, &y, BEHIND, curves.potential.clone()));
    }
    layers.push(band(&curves.x, &curves.u, &curves.u_stderr));
    layers.push(line(&curves.x, &curves.u, LEARNED, "U"));
    if let Some(reference) = &curves.reference {
        let shift = offset(curves, &reference.u);
        let y: Vec<f64> = reference.u.iter().map(|u| u - shift).collect();
        layers.push(line(&curves.x, &y, REFERENCE, reference.name.clone()));
    }
    let name = format!("U({})", curves.coordinate);
    let title = format!(
        "the effective potential, l = {}",
        significant(curves.length, 3)
    );
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
    let most = shown(curves, &y, &stderr)?;
    // One factor for line and band, so that the ticks stay short numbers.
    let (unit, suffix) = unit(most);
    let scaled = |values: &[f64]| -> Vec<f64> { values.iter().map(|v| v / unit).collect() };
    let (y, stderr) = (scaled(&y), scaled(&stderr));
    let axis = horizontal(curves);
    let name = format!("U − {}{suffix}", reference.name);
    let title = format!("the effective potential minus {}", reference.name);
    let ending_at = |end: f64| {
        let mut layers = vec![
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
        layers.iter_mut().for_each(|layer| layer.clamp(-end, end));
        layers
    };
    // What goes beyond what is shown leaves the panel.
    let within = panel(title, axis.clone(), name, ending_at(most / unit), curves);
    Some(Panel {
        layers: ending_at(3.0 * most / unit),
        ..within
    })
}

/// What is shown of a difference, upwards and downwards: itself and its errors where nearly all
/// samples are; at the ends both go far beyond.
fn shown(curves: &Curves, difference: &[f64], stderr: &[f64]) -> Option<f64> {
    let density = |at: usize| curves.density.get(at).copied().unwrap_or(1.0);
    // The size that so large a share of the samples is below.
    let below = |share: f64, size: &dyn Fn(usize) -> f64| -> Option<f64> {
        let sizes = (0..difference.len()).map(|at| (size(at), density(at)));
        let mut sizes: Vec<(f64, f64)> = sizes.filter(|(size, _)| size.is_finite()).collect();
        sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut left = share * sizes.iter().map(|(_, weight)| weight).sum::<f64>();
        let found = sizes.iter().find(|(_, weight)| {
            left -= weight;
            left <= 0.0
        });
        found.or(sizes.last()).map(|(size, _)| *size)
    };
    let own = below(0.999, &|at| difference[at].abs())?;
    let errors = below(0.95, &|at| difference[at].abs() + 2.0 * stderr[at])?;
    let most = errors.max(1.5 * own);
    Some(if most > 0.0 { most } else { 1.0 })
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
        layers.push(line(&curves.x, &curves.gibbs, GIBBS, "exp(−βU)"));
    }
    let title = "what was sampled";
    let mut panel = panel(title, horizontal(curves), "density", layers, curves);
    panel.y = Axis::new("density", 0.0, panel.y.hi, 5.0);
    (!curves.density.is_empty()).then_some(panel)
}

/// The coordinate over the grid, or over the full potential where there is no grid.
fn horizontal(curves: &Curves) -> Axis {
    if let Some([lo, hi]) = curves.period {
        let name = format!("{}, periodic", curves.coordinate);
        return if is_turn(hi - lo) {
            Axis::angle(name, lo, hi)
        } else {
            Axis::new(name, lo, hi, 7.0)
        };
    }
    let grid = extent(curves.x.iter().copied());
    let range = grid.or_else(|| extent(curves.fine.x.iter().copied()));
    let (lo, hi) = range.unwrap_or((0.0, 1.0));
    Axis::new(curves.coordinate.clone(), lo, hi, 7.0)
}

/// A panel with a vertical axis that holds all of its layers, and a legend where it covers none.
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
        let (corner, room) = legend_place(&layers, &x, (lo, hi), named);
        legend = Some(corner);
        hi = room;
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
