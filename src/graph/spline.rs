//! Uniform B-splines of one to three coordinates as tables: what a learned potential is written
//! with.

/// What a spline does outside `[lo, hi]` along a plain axis. A derivative along that axis goes one
/// step down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extension {
    /// Continues along its tangent: value and slope are continuous.
    Linear,
    /// Keeps the value of the nearer end.
    Constant,
    /// Is zero.
    Zero,
}

/// The range of one coordinate of a spline, in the unit of the coordinate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SplineAxis {
    /// The left end.
    pub lo: f64,
    /// The right end; on a periodic axis the same place as the left one.
    pub hi: f64,
    /// Whether the coordinate wraps.
    pub periodic: bool,
}

/// A uniform tensor B-spline `sum_jk c_jk B_j(x) B_k(y)` on equal cells of a box.
///
/// Along an axis of degree p, cell `i` uses the coefficients `i..=i + p`; on a periodic axis their
/// indices wrap modulo the number of cells, and the coordinate is wrapped into `[lo, hi)` first,
/// so that nothing is seen of the seam. Outside a plain axis the spline continues linearly, axis
/// by axis: `f(x, y) = f(hi, y) + (x - hi) f_x(hi, y)`, and so on with the next axis applied to
/// both terms, which is once continuously differentiable everywhere and bilinear beyond a corner.
/// Dimensionless, like everything in a potential.
#[derive(Clone, PartialEq, Debug)]
pub struct Spline {
    axes: Vec<SplineAxis>,
    degrees: Vec<usize>,
    shape: Vec<usize>,
    extensions: Vec<Extension>,
    coefficients: Vec<f64>,
}

/// The largest degree there is.
pub const MAX_DEGREE: usize = 7;

/// The largest number of coordinates there is.
pub const MAX_DIMENSION: usize = 3;

/// Coefficients of one cell along one axis.
type Local = [f64; MAX_DEGREE + 1];

/// Where a coordinate lies along an axis.
#[derive(Clone, Copy)]
struct Place {
    cell: usize,
    /// The position in the cell, from 0 to 1.
    u: f64,
    /// How far it lies outside, in cells and with a sign; 0 where nothing continues linearly.
    excess: f64,
}

impl Spline {
    /// A spline of one coordinate that continues linearly outside, from its `cells + degree`
    /// coefficients; `None` where there is no cell, the degree is above [`MAX_DEGREE`], the
    /// interval is empty or not finite, or a coefficient is not.
    pub fn new(degree: usize, lo: f64, hi: f64, coefficients: Vec<f64>) -> Option<Spline> {
        let (periodic, size) = (false, coefficients.len());
        let axis = SplineAxis { lo, hi, periodic };
        Spline::tensor(degree, &[axis], coefficients, &[size])
    }

    /// A spline of as many coordinates as there are axes, with `shape[i]` coefficients along axis
    /// `i`, row-major (the last axis is fastest): cells + degree of them along a plain axis, as
    /// many as cells along a periodic one. `None` as for [`Spline::new`], for a shape that does
    /// not fit the coefficients, and for no or more than [`MAX_DIMENSION`] axes.
    pub fn tensor(
        degree: usize,
        axes: &[SplineAxis],
        coefficients: Vec<f64>,
        shape: &[usize],
    ) -> Option<Spline> {
        Spline::with_degrees(&vec![degree; axes.len()], axes, coefficients, shape)
    }

    /// The same as [`Spline::tensor`] with a degree for each axis, as derivatives have.
    pub fn with_degrees(
        degrees: &[usize],
        axes: &[SplineAxis],
        coefficients: Vec<f64>,
        shape: &[usize],
    ) -> Option<Spline> {
        let product = |n: usize, size: &usize| n.checked_mul(*size);
        let fits = |at: usize| {
            let axis = &axes[at];
            let least = if axis.periodic { 1 } else { degrees[at] + 1 };
            axis.lo < axis.hi && (axis.hi - axis.lo).is_finite() && shape[at] >= least
        };
        let good = degrees.iter().all(|degree| *degree <= MAX_DEGREE)
            && (1..=MAX_DIMENSION).contains(&axes.len())
            && shape.len() == axes.len()
            && degrees.len() == axes.len()
            && shape.iter().try_fold(1, product) == Some(coefficients.len())
            && (0..axes.len()).all(fits)
            && coefficients.iter().all(|c| c.is_finite());
        good.then(|| Spline {
            axes: axes.to_vec(),
            degrees: degrees.to_vec(),
            shape: shape.to_vec(),
            extensions: vec![Extension::Linear; axes.len()],
            coefficients,
        })
    }

    /// The number of coordinates, from 1 to [`MAX_DIMENSION`].
    pub fn dimension(&self) -> usize {
        self.axes.len()
    }

    /// The ranges of the coordinates.
    pub fn axes(&self) -> &[SplineAxis] {
        &self.axes
    }

    /// The polynomial degree along each axis.
    pub fn degrees(&self) -> &[usize] {
        &self.degrees
    }

    /// The number of coefficients along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// What happens outside along each axis; means nothing on a periodic one.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The coefficients, row-major, the last axis fastest.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The number of cells along an axis of this spline.
    pub fn cells_along(&self, axis: usize) -> usize {
        match self.axes[axis].periodic {
            true => self.shape[axis],
            false => self.shape[axis] - self.degrees[axis],
        }
    }

    /// The width of a cell along an axis of this spline.
    pub fn spacing_along(&self, axis: usize) -> f64 {
        (self.axes[axis].hi - self.axes[axis].lo) / self.cells_along(axis) as f64
    }

    /// The polynomial degree along the first axis.
    pub fn degree(&self) -> usize {
        self.degrees[0]
    }

    /// The left end of the first axis.
    pub fn lo(&self) -> f64 {
        self.axes[0].lo
    }

    /// The right end of the first axis.
    pub fn hi(&self) -> f64 {
        self.axes[0].hi
    }

    /// The number of cells along the first axis.
    pub fn cells(&self) -> usize {
        self.cells_along(0)
    }

    /// The width of a cell along the first axis.
    pub fn spacing(&self) -> f64 {
        self.spacing_along(0)
    }

    /// What happens outside along the first axis.
    pub fn extension(&self) -> Extension {
        self.extensions[0]
    }

    /// The derivative by the first coordinate: [`Spline::partial`] of axis 0.
    pub fn derivative(&self) -> Option<Spline> {
        self.partial(0)
    }

    /// The derivative by one coordinate, a spline of one degree less along that axis; `None`
    /// where it is zero everywhere, or there is no such axis.
    pub fn partial(&self, axis: usize) -> Option<Spline> {
        let degree = self.degrees.get(axis)?.checked_sub(1)?;
        let (size, h) = (self.shape[axis], self.spacing_along(axis));
        let mut next = self.clone();
        next.degrees[axis] = degree;
        next.extensions[axis] = match self.extensions[axis] {
            Extension::Linear => Extension::Constant,
            Extension::Constant | Extension::Zero => Extension::Zero,
        };
        if !self.axes[axis].periodic {
            next.shape[axis] = size - 1;
        }
        let inner: usize = self.shape[axis + 1..].iter().product();
        next.coefficients.clear();
        for block in self.coefficients.chunks(size * inner) {
            for j in 0..next.shape[axis] {
                let (this, after) = (j * inner, (j + 1) % size * inner);
                let slopes = (0..inner).map(|i| (block[after + i] - block[this + i]) / h);
                next.coefficients.extend(slopes);
            }
        }
        Some(next)
    }

    /// The value at `x` of a spline of one coordinate (as [`Spline::at`] of one number).
    pub fn value(&self, x: f64) -> f64 {
        self.at(&[x])
    }

    /// The value at a point, by de Boor's algorithm along each axis. NaN where a coordinate is
    /// missing or NaN, or infinite along a periodic axis, unless the spline is zero there whatever
    /// that coordinate is.
    pub fn at(&self, point: &[f64]) -> f64 {
        if (0..self.dimension()).any(|axis| self.vanishes(axis, point)) {
            return 0.0;
        }
        let nowhere = Place {
            cell: 0,
            u: 0.0,
            excess: 0.0,
        };
        let mut places = [nowhere; MAX_DIMENSION];
        for (axis, place) in places[..self.dimension()].iter_mut().enumerate() {
            let x = point.get(axis).copied().unwrap_or(f64::NAN);
            match self.place(axis, x) {
                Some(found) => *place = found,
                None => return f64::NAN,
            }
        }
        self.extended(&places[..self.dimension()], 0, 0)
    }

    fn vanishes(&self, axis: usize, point: &[f64]) -> bool {
        let SplineAxis { lo, hi, periodic } = self.axes[axis];
        let zero = self.extensions[axis] == Extension::Zero && !periodic;
        zero && point.get(axis).is_some_and(|x| *x < lo || *x > hi)
    }

    /// The number of cells from the left end to `x`; on a periodic axis after wrapping.
    fn position(&self, axis: usize, x: f64) -> f64 {
        let SplineAxis { lo, hi, periodic } = self.axes[axis];
        let mut offset = x - lo;
        if periodic {
            let length = hi - lo;
            let turns = (offset / length).floor();
            offset = (-turns).mul_add(length, offset);
        }
        offset / self.spacing_along(axis)
    }

    fn place(&self, axis: usize, x: f64) -> Option<Place> {
        let t = self.position(axis, x);
        if t.is_nan() {
            return None;
        }
        let cells = self.cells_along(axis);
        let near = t.clamp(0.0, cells as f64);
        let cell = (near as usize).min(cells - 1);
        let excess = match self.continues(axis) {
            true => t - near,
            false => 0.0,
        };
        let u = near - cell as f64;
        Some(Place { cell, u, excess })
    }

    /// Whether the spline has slopes along an axis of its own, and goes on along them outside.
    pub fn continues(&self, axis: usize) -> bool {
        let linear = self.extensions[axis] == Extension::Linear;
        linear && !self.axes[axis].periodic && self.degrees[axis] > 0
    }

    // One axis after the other: the value at the nearer end, and the slope there times the excess.
    // `slopes` has a bit for each axis along which the slope is wanted. Infinite excesses multiply
    // finite numbers only, as long as there is one of them.
    fn extended(&self, places: &[Place], axis: usize, slopes: u8) -> f64 {
        let Some(place) = places.get(axis) else {
            return self.line(places, slopes, 0, 0);
        };
        let near = self.extended(places, axis + 1, slopes);
        if place.excess == 0.0 {
            return near;
        }
        let slope = self.extended(places, axis + 1, slopes | 1 << axis);
        place.excess.mul_add(slope, near)
    }

    // The tensor sum from this axis on, for the coefficients with the prefix `offset`.
    fn line(&self, places: &[Place], slopes: u8, axis: usize, offset: usize) -> f64 {
        let Some(place) = places.get(axis) else {
            return self.coefficients[offset];
        };
        let size = self.shape[axis];
        let mut local: Local = [0.0; MAX_DEGREE + 1];
        let local = &mut local[..=self.degrees[axis]];
        for (j, c) in local.iter_mut().enumerate() {
            let index = (place.cell + j) % size;
            *c = self.line(places, slopes, axis + 1, offset * size + index);
        }
        match slopes >> axis & 1 {
            0 => de_boor(local, place.u),
            _ => de_boor(differences(local), place.u),
        }
    }

    /// What a compiled look-up gathers: for each cell the coefficients of its polynomial in
    /// `u = (x - lo)/h - cell`, lowest power first. Along each axis one more row follows the
    /// cells: at `u = 0` it has the value and slope of the right end, for whoever comes from
    /// beyond it. Shape: the product of `cells + 1` by the product of `degree + 1`, row-major,
    /// the last axis fastest in both.
    pub fn polynomials(&self) -> Vec<f64> {
        let dimension = self.dimension();
        let rows: Vec<usize> = (0..dimension).map(|i| self.cells_along(i) + 1).collect();
        let columns: Vec<usize> = self.degrees.iter().map(|degree| degree + 1).collect();
        let (count, width): (usize, usize) = (rows.iter().product(), columns.iter().product());
        let mut table = vec![0.0; count * width];
        for (row, block) in table.chunks_mut(width).enumerate() {
            let cell = unravel(row, &rows);
            for (column, c) in block.iter_mut().enumerate() {
                let within = unravel(column, &columns);
                *c = self.coefficients[self.index(&cell, &within)];
            }
            for axis in 0..dimension {
                let end = !self.axes[axis].periodic && cell[axis] + 1 == rows[axis];
                let stride = columns[axis + 1..].iter().product();
                powers_along(block, columns[axis], stride, end);
            }
        }
        table
    }

    // Where coefficient `within` of a cell is; the row after the last cell of a plain axis has
    // those of the last cell.
    fn index(&self, cell: &[usize], within: &[usize]) -> usize {
        let mut index = 0;
        for axis in 0..self.dimension() {
            let first = match self.axes[axis].periodic {
                true => cell[axis],
                false => cell[axis].min(self.cells_along(axis) - 1),
            };
            index = index * self.shape[axis] + (first + within[axis]) % self.shape[axis];
        }
        index
    }
}

fn unravel(mut index: usize, shape: &[usize]) -> [usize; MAX_DIMENSION] {
    let mut indices = [0; MAX_DIMENSION];
    for axis in (0..shape.len()).rev() {
        indices[axis] = index % shape[axis];
        index /= shape[axis];
    }
    indices
}

// Takes lines of B-spline coefficients of one cell to powers of u, or, at the right end, to the
// value and slope there.
fn powers_along(block: &mut [f64], size: usize, stride: usize, end: bool) {
    for start in (0..block.len()).filter(|at| (at / stride).is_multiple_of(size)) {
        let mut local: Local = [0.0; MAX_DEGREE + 1];
        let mut local = &mut local[..size];
        for (j, c) in local.iter_mut().enumerate() {
            *c = block[start + j * stride];
        }
        let (u, mut factor) = (f64::from(u8::from(end)), 1.0);
        for k in 0..size {
            let mut copy: Local = [0.0; MAX_DEGREE + 1];
            copy[..local.len()].copy_from_slice(local);
            // The Taylor coefficients are values of the derivatives, over the factorial.
            block[start + k * stride] = match end && k > 1 {
                true => 0.0,
                false => de_boor(&mut copy[..local.len()], u) / factor,
            };
            factor *= (k + 1) as f64;
            local = differences(local);
        }
    }
}

/// The spline of degree `local.len() - 1` at `u` in the cell of these coefficients; 0 for none.
fn de_boor(local: &mut [f64], u: f64) -> f64 {
    let Some(degree) = local.len().checked_sub(1) else {
        return 0.0;
    };
    for r in 1..=degree {
        let span = (degree + 1 - r) as f64;
        for j in (r..=degree).rev() {
            let weight = (u + (degree - j) as f64) / span;
            local[j] = (1.0 - weight) * local[j - 1] + weight * local[j];
        }
    }
    local[degree]
}

/// The coefficients of the slope by u.
fn differences(local: &mut [f64]) -> &mut [f64] {
    let count = local.len().saturating_sub(1);
    for j in 0..count {
        local[j] = local[j + 1] - local[j];
    }
    &mut local[..count]
}
