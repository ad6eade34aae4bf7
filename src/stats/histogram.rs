//! Counts over the bins of a mesh.

use super::{Grid, GridMismatch, MAX_AXES, Mesh};
use crate::tape::{Kept, Tape};

/// Counts over a [`Mesh`], and what fell outside it.
#[derive(Clone, PartialEq, Debug)]
pub struct Histogram {
    mesh: Mesh,
    counts: Vec<u64>,
    below: u64,
    above: u64,
    invalid: u64,
}

/// All but the mesh.
impl Kept for Histogram {
    fn pass(&mut self, tape: &mut Tape) {
        tape.row(&mut self.counts);
        for count in [&mut self.below, &mut self.above, &mut self.invalid] {
            count.pass(tape);
        }
    }
}

/// How many samples are placed at once.
const ROW: usize = 16;

impl Histogram {
    /// An empty histogram over a mesh, or over a grid of one coordinate.
    pub fn new(mesh: impl Into<Mesh>) -> Histogram {
        Histogram::from_counts(mesh, Vec::new())
    }

    /// A histogram of counts made elsewhere; missing bins are 0, surplus ones are dropped.
    pub fn from_counts(mesh: impl Into<Mesh>, mut counts: Vec<u64>) -> Histogram {
        let mesh = mesh.into();
        counts.resize(mesh.bins(), 0);
        Histogram {
            mesh,
            counts,
            below: 0,
            above: 0,
            invalid: 0,
        }
    }

    /// The mesh.
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// The grid of the first axis: with one coordinate all there is.
    pub fn grid(&self) -> &Grid {
        &self.mesh.axes()[0].grid
    }

    /// The counts. Shape: `mesh().bins()`.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Counts one sample. Shape: one number a coordinate.
    #[inline(always)]
    pub fn add(&mut self, x: &[f64]) {
        match self.mesh.index(x).and_then(|i| self.counts.get_mut(i)) {
            Some(count) => *count += 1,
            None => self.miss(x.iter().copied()),
        }
    }

    /// Counts many samples of one coordinate: the same as [`Histogram::add`] of each, and faster.
    pub fn add_all(&mut self, samples: &[f64]) {
        self.add_rows(&[samples]);
    }

    /// Counts many samples, one slice a coordinate: the same as [`Histogram::add`] of each, and
    /// faster. The shortest slice tells how many there are.
    pub fn add_rows(&mut self, rows: &[&[f64]]) {
        let samples = rows.iter().map(|row| row.len()).min().unwrap_or(0);
        if rows.len() != self.mesh.dimension() {
            self.invalid += samples as u64;
            return;
        }
        if let [row] = rows {
            let (whole, _) = row.as_chunks::<ROW>();
            match self.mesh.axes()[0].periodic {
                true => whole.iter().for_each(|row| self.add_row(&[row])),
                false => self.add_line(whole),
            }
        } else {
            for start in (0..samples / ROW).map(|i| i * ROW) {
                let part = |k: usize| rows.get(k)?[start..].first_chunk::<ROW>();
                match (part(0), part(1), part(2)) {
                    (Some(x), Some(y), None) => self.add_row(&[x, y]),
                    (Some(x), Some(y), Some(z)) => self.add_row(&[x, y, z]),
                    _ => {}
                }
            }
        }
        let mut x = [0.0; MAX_AXES];
        for i in samples - samples % ROW..samples {
            for (x, row) in x.iter_mut().zip(rows) {
                *x = row[i];
            }
            self.add(&x[..rows.len()]);
        }
    }

    // One plain coordinate, the loop of every step: 1.1 ns a sample where the general row takes
    // 1.8.
    fn add_line(&mut self, rows: &[[f64; ROW]]) {
        let grid = *self.grid();
        for row in rows {
            let mut places = [0u64; ROW];
            for (place, x) in places.iter_mut().zip(row) {
                *place = grid.place(*x);
            }
            for (place, x) in places.iter().zip(row) {
                match self.counts.get_mut(*place as usize) {
                    Some(count) => *count += 1,
                    None => self.miss(std::iter::once(*x)),
                }
            }
        }
    }

    #[inline(always)]
    fn add_row<const D: usize>(&mut self, rows: &[&[f64; ROW]; D]) {
        let axes = self.mesh.axes();
        let (mut places, mut next) = ([0.0; ROW], [0.0; ROW]);
        axes[0].places(rows[0], &mut places);
        for (axis, row) in axes.iter().zip(rows).skip(1) {
            let bins = axis.grid.bins() as f64;
            axis.places(row, &mut next);
            for (place, next) in places.iter_mut().zip(&next) {
                *place = *place * bins + next;
            }
        }
        // Adding 2^52 leaves the number in the low bits; 2^48 bins are the most there are.
        const SHIFT: f64 = 4_503_599_627_370_496.0;
        let end = self.counts.len() as f64;
        let mut bins = [0u64; ROW];
        for (bin, place) in bins.iter_mut().zip(&places) {
            let place = if *place < end { *place } else { end };
            *bin = (place + SHIFT).to_bits() - SHIFT.to_bits();
        }
        for (i, bin) in bins.into_iter().enumerate() {
            match self.counts.get_mut(bin as usize) {
                Some(count) => *count += 1,
                None => self.miss(rows.iter().map(|row| row[i])),
            }
        }
    }

    /// Adds so many counts to a bin, or takes some back. Nothing where there is no such bin.
    pub fn change(&mut self, bin: usize, by: i64) {
        if let Some(count) = self.counts.get_mut(bin) {
            *count = count.wrapping_add_signed(by);
        }
    }

    /// The same for what fell outside: left of the first axis that it left, right of it, and what
    /// was not a number.
    pub fn change_outside(&mut self, [below, above, invalid]: [i64; 3]) {
        self.below = self.below.wrapping_add_signed(below);
        self.above = self.above.wrapping_add_signed(above);
        self.invalid = self.invalid.wrapping_add_signed(invalid);
    }

    #[cold]
    fn miss(&mut self, x: impl Iterator<Item = f64>) {
        let axes = self.mesh.axes().iter().zip(x);
        let outside = axes.filter(|(axis, x)| axis.index(*x).is_none());
        let first = outside.map(|(axis, x)| (x, x < axis.grid.lo())).next();
        match first {
            Some((x, true)) if !x.is_nan() => self.below += 1,
            Some((x, false)) if !x.is_nan() => self.above += 1,
            _ => self.invalid += 1,
        }
    }

    /// Adds the counts of `other`.
    ///
    /// # Errors
    /// The meshes differ; nothing is changed then.
    pub fn merge(&mut self, other: &Histogram) -> Result<(), GridMismatch> {
        if self.mesh != other.mesh {
            return Err(GridMismatch);
        }
        for (into, from) in self.counts.iter_mut().zip(&other.counts) {
            *into += from;
        }
        self.below += other.below;
        self.above += other.above;
        self.invalid += other.invalid;
        Ok(())
    }

    /// The number of samples inside the mesh.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The number of samples left of the first axis that they leave.
    pub fn below(&self) -> u64 {
        self.below
    }

    /// The number of samples right of the first axis that they leave.
    pub fn above(&self) -> u64 {
        self.above
    }

    /// The number of samples outside the mesh, NaN among them.
    pub fn outside(&self) -> u64 {
        self.below + self.above + self.invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::MeshAxis;

    #[test]
    fn nothing_outside_or_nan_gets_an_index() {
        let grid = Grid::over(-1.0, 1.0, 10).unwrap();
        let outside = [
            -1.0 - 1e-12,
            1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            -f64::MAX,
        ];
        let mut histogram = Histogram::new(grid);
        for x in outside {
            assert_eq!(grid.index(x), None, "{x}");
            histogram.add(&[x]);
        }
        assert_eq!(histogram.total(), 0);
        assert_eq!(histogram.outside(), 7);
        assert_eq!((histogram.below(), histogram.above()), (3, 3));
    }

    // On edges, outside, in between, and what is not a number.
    fn awkward(grid: &Grid) -> Vec<f64> {
        let mut samples: Vec<f64> = (0..=grid.bins()).map(|i| grid.edge(i)).collect();
        samples.extend((0..5000).map(|i| 3.0 * (i as f64 * 0.618).sin()));
        samples.extend([
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e300,
            -0.0,
            5e-324,
        ]);
        samples
    }

    /// Many at once are counted as one by one, on edges, outside and for NaN too.
    #[test]
    fn rows_are_counted_as_samples_are() {
        let grid = Grid::new(-1.3, 0.07, 37).unwrap();
        let samples = awkward(&grid);
        let (mut one, mut many) = (Histogram::new(grid), Histogram::new(grid));
        samples.iter().for_each(|&x| one.add(&[x]));
        many.add_all(&samples);
        assert_eq!(one, many);
        assert!(one.total() > 1000 && one.outside() > 1000);
    }

    /// The same with three coordinates, of which one is periodic.
    #[test]
    fn rows_of_several_coordinates_are_counted_as_samples_are() {
        let grids = [
            Grid::new(-1.3, 0.07, 37).unwrap(),
            Grid::new(-3.1, 0.2, 31).unwrap(),
        ];
        let mut axes: Vec<MeshAxis> = grids.into_iter().map(MeshAxis::from).collect();
        axes.push(MeshAxis {
            periodic: true,
            ..grids[0].into()
        });
        let mesh = Mesh::new(axes).unwrap();
        let x = awkward(&grids[0]);
        let y: Vec<f64> = x.iter().rev().copied().collect();
        let z: Vec<f64> = x.iter().cycle().skip(1000).take(x.len()).copied().collect();
        let (mut one, mut many) = (Histogram::new(mesh.clone()), Histogram::new(mesh));
        (0..x.len()).for_each(|i| one.add(&[x[i], y[i], z[i]]));
        many.add_rows(&[&x, &y, &z]);
        assert_eq!(one, many);
        assert!(one.total() > 1000 && one.outside() > 1000);
        assert_eq!(one.total() + one.outside(), x.len() as u64);
        many.add_rows(&[&x, &y]);
        assert_eq!(many.total(), one.total());
    }

    #[test]
    fn different_meshes_do_not_merge() {
        let grid = Grid::over(0.0, 1.0, 4).unwrap();
        let periodic = Mesh::new(vec![MeshAxis {
            grid,
            periodic: true,
        }])
        .unwrap();
        let mut plain = Histogram::new(grid);
        assert_eq!(plain.merge(&Histogram::new(periodic)), Err(GridMismatch));
    }
}
