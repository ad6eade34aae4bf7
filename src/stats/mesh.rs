//! Products of axes of equal bins: where a sample of several coordinates belongs.

use super::Grid;

/// The most axes of a mesh.
pub const MAX_AXES: usize = 3;

/// One coordinate of a [`Mesh`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MeshAxis {
    /// The bins. Units are those of the coordinate.
    pub grid: Grid,
    /// Whether the coordinate repeats with period `grid.hi() - grid.lo()`: it is taken into
    /// `[lo, hi)` first.
    pub periodic: bool,
}

impl MeshAxis {
    /// The position of `x` in bins from `lo` on, a periodic one within the period.
    #[inline(always)]
    fn scaled(&self, x: f64) -> f64 {
        if self.periodic {
            self.within(x)
        } else {
            self.grid.scaled(x)
        }
    }

    /// The position of `x` within the period, in bins; what is not finite stays outside.
    #[inline(always)]
    fn within(&self, x: f64) -> f64 {
        let t = self.grid.scaled(x);
        // Adding 1.5 * 2^52 rounds a number of either sign to an integer; more turns than 2^51
        // leave no figure of the position and end outside.
        const SHIFT: f64 = 6_755_399_441_055_744.0;
        let end = self.grid.bins() as f64;
        let turns = t * (1.0 / end);
        let near = (turns + SHIFT) - SHIFT;
        let floor = if near > turns { near - 1.0 } else { near };
        // The product was rounded, so that either end may be missed by a last digit.
        let t = t - floor * end;
        let t = if t < 0.0 { t + end } else { t };
        if t >= end { t - end } else { t }
    }

    /// The bins of samples along this axis, as whole numbers; infinite where there is none.
    #[inline(always)]
    pub(super) fn places<const N: usize>(&self, x: &[f64; N], places: &mut [f64; N]) {
        let (axis, end) = (*self, self.grid.bins() as f64);
        let pairs = places.iter_mut().zip(x);
        // One loop for each kind, so that each becomes vectors.
        if axis.periodic {
            pairs.for_each(|(place, x)| *place = whole(axis.within(*x), end));
        } else {
            pairs.for_each(|(place, x)| *place = whole(axis.grid.scaled(*x), end));
        }
    }

    /// The bin that holds `x`; `None` outside a plain axis, and for NaN and infinities.
    #[inline(always)]
    pub fn index(&self, x: f64) -> Option<usize> {
        let t = self.scaled(x);
        ((t >= 0.0) & (t < self.grid.bins() as f64)).then_some(t as usize)
    }

    /// `x - centre(bin)` for an `x` in the bin or, on a periodic axis, in an image of it.
    #[inline(always)]
    pub(super) fn offset(&self, x: f64, bin: usize) -> f64 {
        if self.periodic {
            self.grid.width() * (self.scaled(x) - bin as f64 - 0.5)
        } else {
            x - self.grid.centre(bin)
        }
    }

    /// `x` within the period of a periodic axis; `x` itself on a plain one.
    pub fn wrap(&self, x: f64) -> f64 {
        if self.periodic {
            self.grid.lo() + self.grid.width() * self.scaled(x)
        } else {
            x
        }
    }

    /// `hi - lo`: the period of a periodic axis.
    pub fn length(&self) -> f64 {
        self.grid.hi() - self.grid.lo()
    }
}

impl From<Grid> for MeshAxis {
    fn from(grid: Grid) -> MeshAxis {
        MeshAxis {
            grid,
            periodic: false,
        }
    }
}

/// The whole part of `t` where it lies in `[0, end)`, else infinity, in operations that compilers
/// turn into vectors: a conversion to an integer would be one lane at a time.
#[inline(always)]
fn whole(t: f64, end: f64) -> f64 {
    // Adding 2^52 leaves the rounded number.
    const SHIFT: f64 = 4_503_599_627_370_496.0;
    let t = if t >= 0.0 { t } else { f64::INFINITY };
    let t = if t < end { t } else { f64::INFINITY };
    let near = (t + SHIFT) - SHIFT;
    if near > t { near - 1.0 } else { near }
}

/// A product of one to three axes. Bins are numbered row-major, the last axis fastest.
#[derive(Clone, PartialEq, Debug)]
pub struct Mesh {
    axes: Vec<MeshAxis>,
    bins: usize,
}

impl From<Grid> for Mesh {
    fn from(grid: Grid) -> Mesh {
        Mesh {
            axes: vec![grid.into()],
            bins: grid.bins(),
        }
    }
}

impl Mesh {
    /// A mesh; `None` with no axis, more than [`MAX_AXES`], or more bins than 2^48.
    pub fn new(axes: Vec<MeshAxis>) -> Option<Mesh> {
        let bins = axes
            .iter()
            .try_fold(1usize, |bins, axis| bins.checked_mul(axis.grid.bins()))?;
        let good = (1..=MAX_AXES).contains(&axes.len()) && (bins as u64) <= 1 << 48;
        good.then_some(Mesh { axes, bins })
    }

    /// The number of axes.
    pub fn dimension(&self) -> usize {
        self.axes.len()
    }

    /// The axes, slowest first. Shape: `dimension()`.
    pub fn axes(&self) -> &[MeshAxis] {
        &self.axes
    }

    /// The number of bins of all axes together.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// The bin that holds a point; `None` outside, for NaN, and for a point with fewer or more
    /// coordinates than axes.
    #[inline(always)]
    pub fn index(&self, x: &[f64]) -> Option<usize> {
        if x.len() != self.axes.len() {
            return None;
        }
        let mut bin = 0;
        for (axis, x) in self.axes.iter().zip(x) {
            bin = bin * axis.grid.bins() + axis.index(*x)?;
        }
        Some(bin)
    }

    /// The bin along each axis of a bin of the mesh, into the first `dimension()` places.
    pub fn along_axes(&self, bin: usize) -> [usize; MAX_AXES] {
        let (mut rest, mut out) = (bin, [0; MAX_AXES]);
        for (axis, i) in self.axes.iter().zip(&mut out).rev() {
            *i = rest % axis.grid.bins();
            rest /= axis.grid.bins();
        }
        out
    }

    /// The centre of a bin. Shape: `dimension()`.
    pub fn centre(&self, bin: usize) -> Vec<f64> {
        let mut out = vec![0.0; self.axes.len()];
        self.centre_into(bin, &mut out);
        out
    }

    /// The centre of a bin, into a buffer of `dimension()` places.
    pub fn centre_into(&self, bin: usize, into: &mut [f64]) {
        let along = self.along_axes(bin);
        for ((x, axis), i) in into.iter_mut().zip(&self.axes).zip(along) {
            *x = axis.grid.centre(i);
        }
    }

    /// The volume of a bin: the product of the widths.
    pub fn cell_volume(&self) -> f64 {
        self.axes.iter().map(|axis| axis.grid.width()).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(lo: f64, hi: f64, bins: usize, periodic: bool) -> MeshAxis {
        let grid = Grid::over(lo, hi, bins).unwrap();
        MeshAxis { grid, periodic }
    }

    #[test]
    fn every_centre_lies_in_its_bin_and_the_last_axis_is_fastest() {
        let mesh = Mesh::new(vec![
            axis(-1.0, 1.0, 3, false),
            axis(0.0, 6.0, 4, true),
            axis(2.0, 3.0, 5, false),
        ])
        .unwrap();
        assert_eq!((mesh.dimension(), mesh.bins()), (3, 60));
        for bin in 0..60 {
            let centre = mesh.centre(bin);
            assert_eq!(mesh.index(&centre), Some(bin));
            // A whole number of periods away it is the same bin.
            let image = [centre[0], centre[1] - 18.0, centre[2]];
            assert_eq!(mesh.index(&image), Some(bin));
            let [i, j, k] = mesh.along_axes(bin);
            assert_eq!((i * 4 + j) * 5 + k, bin);
        }
        assert!((mesh.cell_volume() - 2.0 / 3.0 * 1.5 * 0.2).abs() < 1e-15);
        assert_eq!(mesh.index(&[0.0, 0.0]), None);
        assert_eq!(mesh.index(&[0.0, f64::NAN, 2.5]), None);
        assert_eq!(mesh.index(&[1.0, 0.0, 2.5]), None);
    }

    #[test]
    fn periodic_positions_stay_within_the_period() {
        let axis = axis(-std::f64::consts::PI, std::f64::consts::PI, 7, true);
        let placed = |x: f64| {
            let mut place = [0.0];
            axis.places(&[x], &mut place);
            place[0]
        };
        let period = axis.length();
        let edges = (-50..50).flat_map(|k| {
            let x = axis.grid.lo() + f64::from(k) * period;
            [x, x.next_down(), x.next_up()]
        });
        for x in edges.chain((0..1000).map(|i| 0.37 * f64::from(i) - 200.0)) {
            let bin = axis.index(x).unwrap();
            assert_eq!(placed(x), bin as f64);
            assert!(axis.offset(x, bin).abs() <= 0.5 * axis.grid.width() * (1.0 + 1e-12));
            // x and the wrapped x differ by whole periods, up to the rounding of 50 of them.
            let turns = (x - axis.wrap(x)) / period;
            assert!((turns - turns.round()).abs() < 1e-13 * 50.0, "{x}");
        }
        for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!((axis.index(x), placed(x)), (None, f64::INFINITY));
        }
    }

    #[test]
    fn impossible_meshes_are_refused() {
        assert!(Mesh::new(Vec::new()).is_none());
        assert!(Mesh::new(vec![axis(0.0, 1.0, 2, false); 4]).is_none());
        assert!(Mesh::new(vec![axis(0.0, 1.0, 1 << 20, false); 3]).is_none());
        assert_eq!(Mesh::from(Grid::over(0.0, 1.0, 4).unwrap()).bins(), 4);
    }
}
