//! Free energy and mobility of a run as a figure.

use super::free::{Freed, Shape};
use super::results::Learned;
use crate::graph::Spline;
use crate::report::freed::{FreeCurves, curves, maps};
use crate::report::picture::Picture;
use crate::report::surfaces::{Coordinate, Surfaces};

/// Points of a curve, and cells of a map along each coordinate.
const POINTS: usize = 801;
const CELLS: usize = 96;
/// F is shown where it is at most so many kT above its lowest.
const HIGHEST: f64 = 15.0;
const HIGHER: &str = "F is more than 15 kT above its lowest";

/// F and D beside U and V.
pub(super) fn picture(learned: &Learned<'_>, freed: &Freed) -> Option<Picture> {
    match &freed.shape {
        Shape::Line { free, log_mobility } => on_line(learned, freed, free, log_mobility),
        Shape::Plane { free, mobility } => on_plane(learned, freed, free, mobility),
    }
}

fn on_line(
    learned: &Learned<'_>,
    freed: &Freed,
    free: &Spline,
    log_mobility: &Spline,
) -> Option<Picture> {
    let [lo, hi] = *freed.row.domain.first()?;
    let potential = &learned.setup.potential;
    let kt = freed.row.kt;
    let grid = |lo: f64, hi: f64| -> Vec<f64> {
        let step = (hi - lo) / (POINTS - 1) as f64;
        (0..POINTS).map(|k| lo + step * k as f64).collect()
    };
    let periodic = potential.model.coordinates[0].period.is_some();
    let all = grid(lo, hi);
    // Walls far above what is reached would hide the wells.
    let lowest = all
        .iter()
        .map(|x| free.value(*x))
        .fold(f64::INFINITY, f64::min);
    let low = |x: &&f64| periodic || free.value(**x) <= lowest + HIGHEST * kt;
    let (first, last) = (all.iter().find(low)?, all.iter().rfind(low)?);
    let x = grid(*first, *last);
    Some(FreeCurves {
        coordinate: learned.coordinate().to_owned(),
        potential: potential.model.name.clone(),
        period: periodic.then_some([lo, hi]),
        kt,
        v: potential.curve(&x),
        u: learned_at(learned, &x),
        f: x.iter().map(|x| free.value(*x)).collect(),
        d: x.iter().map(|x| log_mobility.value(*x).exp()).collect(),
        x,
    })
    .as_ref()
    .and_then(curves)
}

/// U with the constant of V, where there were samples.
fn learned_at(learned: &Learned<'_>, x: &[f64]) -> Vec<f64> {
    let (Some(first), Some(bins)) = (learned.primary(), &learned.bins) else {
        return Vec::new();
    };
    let potential = &learned.setup.potential;
    let places = &bins.sites.x;
    let pairs = potential
        .curve(places)
        .into_iter()
        .zip(first.form.values(places));
    let weighted = pairs
        .zip(&bins.density)
        .map(|((v, u), share)| share * (v - u));
    let shift: f64 = weighted.filter(|part| part.is_finite()).sum();
    let fit = first
        .fit
        .as_ref()
        .or(learned.force.as_ref().map(|f| &f.fit));
    let values = first.form.values(x).into_iter().zip(x);
    let inside = |x: f64| fit.is_some_and(|fit| fit.covers(&[x]));
    values
        .map(|(u, x)| if inside(*x) { u + shift } else { f64::NAN })
        .collect()
}

fn on_plane(
    learned: &Learned<'_>,
    freed: &Freed,
    free: &Spline,
    mobility: &[Spline; 3],
) -> Option<Picture> {
    let coordinates = &learned.setup.potential.model.coordinates;
    let [x, y] = freed.row.domain.as_slice() else {
        return None;
    };
    let axes = [(x, 0), (y, 1)].map(|([lo, hi], c): (&[f64; 2], usize)| Coordinate {
        periodic: coordinates[c].period.is_some(),
        ..Coordinate::new(coordinates[c].name.clone(), *lo, *hi, CELLS)
    });
    let of = |name: &str, spline: &Spline| {
        let mut surfaces = Surfaces::new(name.to_owned(), axes.clone());
        surfaces.u = surfaces.centres().iter().map(|x| spline.at(x)).collect();
        surfaces
    };
    let mut energy = of("F", free);
    let lowest = energy.u.iter().copied().fold(f64::INFINITY, f64::min);
    let covered: Vec<bool> = energy
        .u
        .iter()
        .map(|f| *f <= lowest + HIGHEST * freed.row.kt)
        .collect();
    energy.covered.clone_from(&covered);
    energy.mark();
    let [a, b] = [0, 1].map(|c: usize| coordinates[c].name.as_str());
    let names = [
        format!("mobility along {a}"),
        format!("{a} and {b}"),
        format!("mobility along {b}"),
    ];
    let parts = names.into_iter().zip(mobility).zip(["Dxx", "Dxy", "Dyy"]);
    let parts = parts.map(|((title, spline), name)| {
        let surfaces = Surfaces {
            covered: covered.clone(),
            ..of(name, spline)
        };
        (format!("{name}, {title}"), surfaces)
    });
    let row = &freed.row;
    let parts: Vec<(String, Surfaces)> = parts.collect();
    maps(&energy, &parts, (row.kt, row.mobility, HIGHER))
}
