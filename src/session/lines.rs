//! A finished run in three coordinates or more: the places where estimates are compared, and the
//! learned potential along lines through the lowest of them.

use super::results::Learned;
use super::sites::Sites;
use crate::report::arrays::{Array, Values};
use crate::report::curves::{Curves, Line, Reference};
use crate::report::table::csv;

/// Lines that are drawn, one a coordinate.
const MOST_LINES: usize = 6;
/// Points of a line.
const POINTS: usize = 201;
/// Rows of `potential.csv`, at most.
const MOST_ROWS: usize = 8192;

/// The places that hold samples, at most so many of them, evenly.
fn thinned(sites: &Sites) -> Sites {
    let held: Vec<usize> = (0..sites.len())
        .filter(|at| sites.weight[*at] > 0.0)
        .collect();
    let stride = held.len().div_ceil(MOST_ROWS).max(1);
    let kept: Vec<usize> = held.into_iter().step_by(stride).collect();
    let n = sites.len();
    let along = |c: usize| kept.iter().map(move |at| c * n + at);
    Sites {
        x: (0..sites.dimension())
            .flat_map(along)
            .map(|place| sites.x[place])
            .collect(),
        weight: kept.iter().map(|at| sites.weight[*at]).collect(),
    }
}

/// `potential.csv` and `samples.npz`: the coordinates of the places, `U` with its standard error,
/// the full potential, and the share of the samples; in the arrays also the gradients.
pub(super) fn tables(learned: &Learned<'_>, sites: &Sites) -> (String, Vec<Array>) {
    let sites = thinned(sites);
    let (n, d) = (sites.len(), sites.dimension());
    let potential = &learned.setup.potential;
    let (v, dv) = sites.potential(potential);
    let (u, du) = match learned.primary() {
        Some(first) => sites.form(&first.form),
        None => (vec![f64::NAN; n], vec![f64::NAN; n * d]),
    };
    let error = |at: usize| match learned.primary() {
        Some(first) => first.stderr(&sites.point(at)).0,
        None => f64::NAN,
    };
    let stderr: Vec<f64> = (0..n).map(error).collect();
    let coordinates = potential.model.coordinates.iter().enumerate();
    let along = coordinates.map(|(c, q)| (q.name.as_str(), &sites.x[c * n..(c + 1) * n]));
    let mut columns: Vec<(&str, &[f64])> = along.collect();
    columns.push(("U", &u));
    columns.push(("U_stderr", &stderr));
    columns.push((&potential.model.name, &v));
    columns.push(("density", &sites.weight));
    let table = csv(&columns);
    let by_place = (0..n).flat_map(|at| (0..d).map(move |c| c * n + at));
    let rows = |name: &str, values: Vec<f64>| Array {
        name: name.to_owned(),
        shape: vec![n, d],
        values: Values::F64(values),
    };
    let x = by_place.map(|place| sites.x[place]).collect();
    let arrays = vec![
        rows("x", x),
        Array::line("density", &sites.weight),
        Array::line("V", &v),
        rows("dV", dv),
        Array::line("U", &u),
        Array::line("U_stderr", &stderr),
        rows("dU", du),
    ];
    (table, arrays)
}

/// The learned potential along the first coordinates, through the place where it is lowest.
pub(super) fn lines(learned: &Learned<'_>, sites: &Sites) -> Vec<Curves> {
    let Some(first) = learned.primary() else {
        return Vec::new();
    };
    let sites = thinned(sites);
    let u = first.form.values(&sites.x);
    let lowest = (0..sites.len()).min_by(|a, b| u[*a].total_cmp(&u[*b]));
    let Some(lowest) = lowest.map(|at| sites.point(at)) else {
        return Vec::new();
    };
    let n = sites.len();
    (0..sites.dimension().min(MOST_LINES))
        .map(|c| {
            let along = sites.x[c * n..(c + 1) * n].iter().copied();
            let (lo, hi) = along.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| {
                (lo.min(x), hi.max(x))
            });
            line(learned, &lowest, c, lo, hi)
        })
        .collect()
}

fn line(learned: &Learned<'_>, through: &[f64], c: usize, lo: f64, hi: f64) -> Curves {
    let on_grid = |points: usize| -> (Vec<f64>, Vec<f64>) {
        let step = (hi - lo) / (points - 1) as f64;
        let x: Vec<f64> = (0..points).map(|i| lo + step * i as f64).collect();
        let row = |k: usize| match k == c {
            true => x.clone(),
            false => vec![through[k]; points],
        };
        let places = (0..through.len()).flat_map(row).collect();
        (x, places)
    };
    let (x, places) = on_grid(POINTS);
    let potential = &learned.setup.potential;
    let mut curves = Curves {
        coordinate: potential.model.coordinates[c].name.clone(),
        potential: potential.model.name.clone(),
        length: learned.length,
        v: potential.curve(&places),
        covered: vec![true; POINTS],
        ..Curves::default()
    };
    let (fine, fine_places) = on_grid(10 * POINTS);
    curves.fine = Line {
        x: fine,
        y: potential.curve(&fine_places),
    };
    if let Some(first) = learned.primary() {
        curves.u = first.form.values(&places);
        let point =
            |at: usize| -> Vec<f64> { places.iter().skip(at).step_by(POINTS).copied().collect() };
        curves.u_stderr = (0..POINTS).map(|at| first.stderr(&point(at)).0).collect();
    }
    let reference = match (&learned.setup.reference, learned.filter()) {
        (Some((name, reference)), _) => Some((name.clone(), reference.curve(&places))),
        (None, Some(filter)) => Some(("filter".to_owned(), filter.form.values(&places))),
        (None, None) => None,
    };
    curves.reference = reference.map(|(name, u)| Reference {
        name,
        u,
        du: Vec::new(),
    });
    curves.x = x;
    curves
}
