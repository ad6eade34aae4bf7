//! Splines as lane code: gathers from a table of the cells' polynomials.

use super::LaneBuilder;
use super::code::Table;
use super::lane::Value;
use crate::graph::{Comparison, Extension, Spline, SplineAxis};

/// Where lanes are along an axis.
struct Place {
    /// The number of cells from the left end, after wrapping; NaN is nowhere.
    t: Value,
    /// The row of the table along this axis, and the position from its left end.
    row: Value,
    u: Value,
    /// How far outside, in cells, where the spline continues linearly.
    excess: Option<Value>,
}

/// The polynomials of a spline's cells as a table of the builder.
pub(super) fn spline_table(b: &mut LaneBuilder, spline: &Spline) -> u32 {
    // A spline has at least one cell, so there is a table; without one look-ups give NaN.
    Table::new(columns(spline).iter().product(), spline.polynomials())
        .map_or(u32::MAX, |table| b.table(table))
}

/// How many coefficients a cell has along each axis.
fn columns(spline: &Spline) -> Vec<usize> {
    spline.degrees().iter().map(|degree| degree + 1).collect()
}

/// A spline at a point: along each axis `u = (x - lo)/h - cell`, then Horner's scheme on the
/// cell's polynomial, from its [`spline_table`]. The steps are those of [`Spline::at`], so that both find the same cell.
pub(super) fn lower_spline(
    b: &mut LaneBuilder,
    spline: &Spline,
    table: u32,
    point: &[Value],
) -> Value {
    let columns = columns(spline);
    let axes = point.iter().take(spline.dimension()).enumerate();
    let places: Vec<Place> = axes.map(|(axis, x)| place(b, spline, axis, *x)).collect();
    let mut row = b.constant(0.0);
    for (axis, place) in places.iter().enumerate() {
        let rows = b.constant(spline.cells_along(axis) as f64 + 1.0);
        row = b.fma(row, rows, place.row);
    }
    let look = Look {
        table,
        row,
        columns,
        places,
    };
    let value = look.extended(b, 0, 0);
    limited(b, spline, point, &look.places, value)
}

fn place(b: &mut LaneBuilder, spline: &Spline, axis: usize, x: Value) -> Place {
    let SplineAxis { lo, hi, periodic } = spline.axes()[axis];
    let left = b.constant(lo);
    let mut offset = b.sub(x, left);
    if periodic {
        let length = b.constant(hi - lo);
        let turns = b.div(offset, length);
        let turns = b.floor(turns);
        let turns = b.neg(turns);
        offset = b.fma(turns, length, offset);
    }
    let spacing = b.constant(spline.spacing_along(axis));
    let t = b.div(offset, spacing);
    let (zero, cells) = (b.constant(0.0), b.constant(spline.cells_along(axis) as f64));
    // NaN passes through both, and makes u NaN.
    let above = b.max(zero, t);
    let near = b.min(cells, above);
    let row = b.floor(near);
    let u = b.sub(near, row);
    let excess = spline.continues(axis).then(|| b.sub(t, near));
    Place { t, row, u, excess }
}

/// A row of the table being looked at.
struct Look {
    table: u32,
    row: Value,
    columns: Vec<usize>,
    places: Vec<Place>,
}

impl Look {
    // As in the oracle: the value at the nearer end, and the slope there times the excess.
    fn extended(&self, b: &mut LaneBuilder, axis: usize, slopes: u8) -> Value {
        let Some(place) = self.places.get(axis) else {
            return self.horner(b, slopes, 0, 0);
        };
        let near = self.extended(b, axis + 1, slopes);
        match place.excess {
            Some(excess) => {
                let slope = self.extended(b, axis + 1, slopes | 1 << axis);
                let far = b.fma(excess, slope, near);
                // Not only a short cut: the slope may be infinite along another axis.
                let zero = b.constant(0.0);
                let inside = b.compare(Comparison::Equal, excess, zero);
                b.select(inside, near, far)
            }
            None => near,
        }
    }

    // The polynomial from this axis on. Outside u is 0, so that the slope is the entry of power 1.
    fn horner(&self, b: &mut LaneBuilder, slopes: u8, axis: usize, column: usize) -> Value {
        let Some(place) = self.places.get(axis) else {
            return b.gather(self.table, self.row, column);
        };
        let count = self.columns[axis];
        let first = column * count;
        if slopes >> axis & 1 == 1 {
            return self.horner(b, slopes, axis + 1, first + 1);
        }
        let mut value = self.horner(b, slopes, axis + 1, first + count - 1);
        for power in (0..count - 1).rev() {
            let coefficient = self.horner(b, slopes, axis + 1, first + power);
            value = b.fma(value, place.u, coefficient);
        }
        value
    }
}

/// NaN where a place is nowhere, and zero beyond the ends where the spline vanishes there.
fn limited(
    b: &mut LaneBuilder,
    spline: &Spline,
    point: &[Value],
    places: &[Place],
    value: Value,
) -> Value {
    let mut value = value;
    for (axis, place) in places.iter().enumerate() {
        // A polynomial of degree 0 does not read u.
        if spline.degrees()[axis] == 0 {
            let number = b.compare(Comparison::Equal, place.t, place.t);
            value = b.select(number, value, place.t);
        }
    }
    for (axis, &x) in point.iter().enumerate().take(spline.dimension()) {
        let SplineAxis { lo, hi, periodic } = spline.axes()[axis];
        if spline.extensions()[axis] == Extension::Zero && !periodic {
            let (lo, hi, zero) = (b.constant(lo), b.constant(hi), b.constant(0.0));
            let below = b.compare(Comparison::Less, x, lo);
            let above = b.compare(Comparison::Greater, x, hi);
            let outside = b.or(below, above);
            value = b.select(outside, zero, value);
        }
    }
    value
}
