//! The figure of a free energy and a mobility, beside U and V.

use super::drawing::{extent, padded};
use super::evidence::{fitted, picture};
use super::landscape::{atlas, plain};
use super::maps::Atlas;
use super::number::significant;
use super::picture::{Drawing, Picture};
use super::plot::{Axis, Layer, Panel, Stroke, is_turn};
use super::surfaces::Surfaces;

/// F and D over one coordinate.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FreeCurves {
    /// The name of the coordinate.
    pub coordinate: String,
    /// The name of the full potential.
    pub potential: String,
    /// Where one period begins and ends, if the coordinate repeats.
    pub period: Option<[f64; 2]>,
    /// The temperature.
    pub kt: f64,
    /// The grid, increasing.
    pub x: Vec<f64>,
    /// The full potential.
    pub v: Vec<f64>,
    /// U with the constant of V; NaN where nothing was sampled; may be empty.
    pub u: Vec<f64>,
    /// The free energy.
    pub f: Vec<f64>,
    /// The mobility; 1 is that of V itself.
    pub d: Vec<f64>,
}

const FULL: Stroke = Stroke {
    colour: "#c4c4c4",
    width: 4.0,
    dash: None,
};
const LEARNED: Stroke = Stroke {
    colour: "#d1660a",
    width: 1.8,
    dash: Some("6 4"),
};
const FREE: Stroke = Stroke {
    colour: "#004c8c",
    width: 2.2,
    dash: None,
};

/// Parts of D that vary by less than so much of it are even.
const EVEN: f64 = 0.01;

const WORDS: &str = "F is what the density at that temperature looks like once the small scales are averaged, and D how much \
    they slow the motion down: overdamped motion in F with D has the passage times of V, where U alone \
    keeps the shape and loses the factor.";

/// F beside U and V, what is between F and U, and D.
pub fn curves(found: &FreeCurves) -> Option<Picture> {
    let (q, kt) = (&found.coordinate, significant(found.kt, 4));
    let line = |y: &[f64], stroke, label: Option<&str>| Layer::Line {
        x: found.x.clone(),
        y: y.to_vec(),
        stroke,
        label: label.map(str::to_owned),
    };
    let axis = |panel: Panel| match found.period {
        None => panel,
        Some([lo, hi]) => Panel {
            x: match is_turn(hi - lo) {
                true => Axis::angle(format!("{q}, periodic"), lo, hi),
                false => Axis::new(format!("{q}, periodic"), lo, hi, 5.0),
            },
            ..panel
        },
    };
    let mut energies = vec![line(&found.v, FULL, Some(&found.potential))];
    if !found.u.is_empty() {
        energies.push(line(&found.u, LEARNED, Some("U")));
    }
    energies.push(line(&found.f, FREE, Some("F")));
    let mut panels = vec![fitted(
        &format!("free energy at kT {kt}"),
        q,
        "energy",
        energies,
    )];
    if !found.u.is_empty() {
        let between: Vec<f64> = found.f.iter().zip(&found.u).map(|(f, u)| f - u).collect();
        // What is less than a hundredth of kT makes no difference.
        panels.push(level("F − U", q, between, &found.x, 0.01 * found.kt));
    }
    panels.push(level("mobility D", q, found.d.clone(), &found.x, 1.0));
    let panels: Vec<Panel> = panels.into_iter().map(axis).collect();
    (found.x.len() > 1)
        .then(|| picture("free-energy", "Free energy and mobility", WORDS, panels))
        .flatten()
}

/// A curve with zero on its axis, and at least so much more: how large it is matters, not how it
/// shakes.
fn level(title: &str, x: &str, y: Vec<f64>, grid: &[f64], least: f64) -> Panel {
    let (lo, hi) = extent(y.iter().copied()).unwrap_or((0.0, 0.0));
    let (mut lo, mut hi) = (lo.min(0.0), hi.max(0.0));
    match hi >= -lo {
        true => hi = hi.max(least),
        false => lo = lo.min(-least),
    }
    let (bottom, top) = padded((lo, hi), 0.06);
    let layers = vec![Layer::Line {
        x: grid.to_vec(),
        y,
        stroke: FREE,
        label: None,
    }];
    let bottom = if lo < 0.0 { bottom } else { 0.0 };
    Panel {
        y: Axis::new(title, bottom, top, 5.0),
        ..fitted(title, x, title, layers)
    }
}

/// F over two coordinates as the `u` of surfaces, and the parts of D that vary, each with its
/// name; `mobility` is the least and the largest D, `higher` what is left out, in words.
pub fn maps(
    free: &Surfaces,
    parts: &[(String, Surfaces)],
    (kt, mobility, higher): (f64, [f64; 2], &'static str),
) -> Option<Picture> {
    if !free.covered.contains(&true) {
        return None;
    }
    let title = format!("free energy F at kT {}", significant(kt, 4));
    let mut maps = vec![plain(free, &title, None)];
    let varies = |part: &Surfaces| {
        let cells = part.u.iter().zip(&part.covered);
        let seen = cells.filter(|(_, covered)| **covered).map(|(d, _)| *d);
        extent(seen).is_some_and(|(lo, hi)| hi - lo > EVEN * mobility[1])
    };
    let parts = parts.iter().filter(|(_, part)| varies(part));
    maps.extend(parts.map(|(name, part)| plain(part, name, None)));
    let [least, most] = mobility.map(|d| significant(d, 3));
    let range = match least == most {
        true => format!("D is {least} in all directions."),
        false => {
            format!("D is between {least} and {most}; parts of it that are even are left out.")
        }
    };
    Some(Picture {
        name: "free-energy".to_owned(),
        title: "Free energy and mobility".to_owned(),
        words: format!("{WORDS} {range}"),
        drawing: Drawing::Maps(Atlas {
            hatching: higher,
            ..atlas(free, maps)
        }),
    })
}
