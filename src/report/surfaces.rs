//! The surfaces of a run in two coordinates: what maps, tables and arrays are made of.
//!
//! Fields lie on the centres of `nx x ny` equal cells, row-major, the second coordinate fastest:
//! the value at cell `(i, j)` is number `i*ny + j`. Everything is dimensionless.

use super::critical::{self, CriticalPoint};
use super::plot::is_turn;
use super::sections::{OnPoints, Section, sections};
use crate::stats::MeshAxis;

/// A coordinate and how its range is divided.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Coordinate {
    /// Its name, such as `x`.
    pub name: String,
    /// Where the range begins.
    pub lo: f64,
    /// Where it ends, above `lo`; of a periodic coordinate, one period after `lo`.
    pub hi: f64,
    /// How many equal cells are between the two.
    pub cells: usize,
    /// Whether the end of the range is its beginning again.
    pub periodic: bool,
}

impl Coordinate {
    /// A coordinate over `lo..hi`.
    pub fn new(name: impl Into<String>, lo: f64, hi: f64, cells: usize) -> Coordinate {
        Coordinate {
            name: name.into(),
            lo,
            hi,
            cells,
            periodic: false,
        }
    }

    /// A coordinate over one period from `lo` on.
    pub fn periodic(name: impl Into<String>, lo: f64, period: f64, cells: usize) -> Coordinate {
        Coordinate {
            periodic: true,
            ..Coordinate::new(name, lo, lo + period, cells)
        }
    }

    /// A coordinate whose cells are the bins of an axis.
    pub fn on(name: impl Into<String>, axis: &MeshAxis) -> Coordinate {
        let grid = &axis.grid;
        Coordinate {
            periodic: axis.periodic,
            ..Coordinate::new(name, grid.lo(), grid.hi(), grid.bins())
        }
    }

    /// The length of a cell.
    pub fn width(&self) -> f64 {
        (self.hi - self.lo) / self.cells.max(1) as f64
    }

    /// The centre of a cell.
    pub fn centre(&self, cell: usize) -> f64 {
        self.lo + (cell as f64 + 0.5) * self.width()
    }

    /// The centres of all cells, increasing.
    pub fn centres(&self) -> Vec<f64> {
        (0..self.cells).map(|cell| self.centre(cell)).collect()
    }

    /// Whether it is an angle: of period `2*pi`.
    pub fn is_angle(&self) -> bool {
        self.periodic && is_turn(self.hi - self.lo)
    }

    /// The cell `by` further, if there is one; past the end of a period it is one of the first.
    pub fn neighbour(&self, cell: usize, by: isize) -> Option<usize> {
        let count = isize::try_from(self.cells).ok().filter(|&n| n > 0)?;
        let to = isize::try_from(cell).ok()?.checked_add(by)?;
        let to = if self.periodic {
            to.rem_euclid(count)
        } else {
            to
        };
        usize::try_from(to).ok().filter(|&to| to < self.cells)
    }

    /// A value brought into the range by whole periods; unchanged where there is none.
    pub fn wrapped(&self, value: f64) -> f64 {
        if self.periodic {
            self.lo + (value - self.lo).rem_euclid(self.hi - self.lo)
        } else {
            value
        }
    }
}

/// What `U` is compared with, on the grid of the surfaces.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SurfaceReference {
    /// Its name, such as `U0` or `filter`.
    pub name: String,
    /// Value; its constant means nothing.
    pub u: Vec<f64>,
    /// Derivatives by the first and by the second coordinate; may be empty.
    pub du: [Vec<f64>; 2],
}

/// A run in two coordinates on a grid of cells: every field has `nx*ny` numbers, NaN where there is
/// nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Surfaces {
    /// The name of the potential, such as `V`.
    pub potential: String,
    /// The two coordinates.
    pub axes: [Coordinate; 2],
    /// `l = delta*sigma_p`, the length below which structure disappears.
    pub length: f64,
    /// The full potential, at the centres: finer structure is undersampled.
    pub v: Vec<f64>,
    /// Its derivatives by the first and by the second coordinate.
    pub dv: [Vec<f64>; 2],
    /// Learned potential.
    pub u: Vec<f64>,
    /// Its standard error.
    pub u_stderr: Vec<f64>,
    /// Derivatives of the learned potential by the first and by the second coordinate.
    pub du: [Vec<f64>; 2],
    /// Samples in each cell.
    pub counts: Vec<u64>,
    /// Sampled density per area, of integral 1.
    pub density: Vec<f64>,
    /// Where there were samples enough.
    pub covered: Vec<bool>,
    /// What `U` is compared with, if anything.
    pub reference: Option<SurfaceReference>,
    /// Covariance of the unresolved force by cell: `S_xx`, `S_xy`, `S_yy`.
    pub noise: Option<[Vec<f64>; 3]>,
    /// Relative spread of `S(x)` over the covered cells beyond its sampling noise: 0.02 is even
    /// within 2 %.
    pub noise_spread: Option<f64>,
    /// Wells and saddles of `U`, the deepest well first.
    pub points: Vec<CriticalPoint>,
    /// Cuts through `U` and `V`.
    pub sections: Vec<Section>,
}

impl Surfaces {
    /// Surfaces over two coordinates, with nothing on them yet.
    pub fn new(potential: impl Into<String>, axes: [Coordinate; 2]) -> Surfaces {
        let cells = axes[0].cells * axes[1].cells;
        let nothing = || vec![f64::NAN; cells];
        Surfaces {
            potential: potential.into(),
            length: f64::NAN,
            v: nothing(),
            dv: [nothing(), nothing()],
            u: nothing(),
            u_stderr: nothing(),
            du: [nothing(), nothing()],
            counts: vec![0; cells],
            density: vec![0.0; cells],
            covered: vec![false; cells],
            axes,
            ..Surfaces::default()
        }
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.axes[0].cells * self.axes[1].cells
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The centres of all cells in the order of the fields.
    pub fn centres(&self) -> Vec<[f64; 2]> {
        let [x, y] = &self.axes;
        let (x, y) = (x.centres(), y.centres());
        let row = |&x: &f64| y.iter().map(move |&y| [x, y]).collect::<Vec<_>>();
        x.iter().flat_map(row).collect()
    }

    /// A function of the coordinates as a field.
    pub fn field(&self, f: impl FnMut([f64; 2]) -> f64) -> Vec<f64> {
        self.centres().into_iter().map(f).collect()
    }

    /// Sets the samples of each cell, and with them the density.
    pub fn count(&mut self, counts: Vec<u64>) {
        let total: u64 = counts.iter().sum();
        let area = self.axes[0].width() * self.axes[1].width();
        let scale = 1.0 / (total.max(1) as f64 * area);
        self.density = counts.iter().map(|&n| n as f64 * scale).collect();
        self.counts = counts;
    }

    /// Finds the wells and saddles of `U` that its standard errors do not explain.
    pub fn mark(&mut self) {
        self.points = critical::critical_points(self, critical::noticeable_depth(self));
    }

    /// Cuts through `U` and the full potential, which `u` and `v` give at any points, after
    /// [`Surfaces::mark`]; `shortest` is the shortest wave length of the full potential, if known.
    pub fn cut(&mut self, u: OnPoints<'_>, v: OnPoints<'_>, shortest: Option<f64>) {
        self.sections = sections(self, u, v, shortest);
    }

    /// The share of the cells that are covered.
    pub fn covered_share(&self) -> f64 {
        let covered = self.covered.iter().filter(|&&covered| covered).count();
        covered as f64 / self.len().max(1) as f64
    }

    /// What `other` is above `U` in the mean over the samples: potentials are equal up to a
    /// constant.
    pub fn offset(&self, other: &[f64]) -> f64 {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (i, (value, u)) in other.iter().zip(&self.u).enumerate() {
            let density = self.density.get(i).copied().unwrap_or(0.0);
            if self.is_covered(i) && (value - u).is_finite() && density.is_finite() {
                sum += density * (value - u);
                weight += density;
            }
        }
        if weight > 0.0 { sum / weight } else { 0.0 }
    }

    /// The value from which `U` is shown: that of its lowest well, else its least.
    pub fn ground(&self) -> f64 {
        let wells = self.points.iter().filter(|point| point.is_well());
        let lowest = wells.map(|well| well.value).min_by(f64::total_cmp);
        lowest.or_else(|| self.least()).unwrap_or(0.0)
    }

    /// Whether the cell with this number is covered.
    pub(super) fn is_covered(&self, cell: usize) -> bool {
        self.covered.get(cell).copied().unwrap_or(false)
    }

    /// Whether the cell with this number is covered and has a value of `U`.
    pub(super) fn is_learned(&self, cell: usize) -> bool {
        self.is_covered(cell) && self.u.get(cell).is_some_and(|u| u.is_finite())
    }

    fn least(&self) -> Option<f64> {
        let cells = (0..self.len()).filter(|&cell| self.is_learned(cell));
        cells.map(|cell| self.u[cell]).min_by(f64::total_cmp)
    }
}
