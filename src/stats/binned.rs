//! Sums of quantities over the bins of a mesh: all that the fits need of a trajectory.

use super::{Grid, GridMismatch, Histogram, Mesh};
use crate::tape::{Kept, Tape};

/// Sums of `m` quantities `y` (the value of V, the components of its gradient) over bins of the
/// position `x`: by bin the count and the sums of `x - centre`, of `y` and of the products
/// `y_i y_j`.
///
/// Plain sums: 1e8 samples a bin lose at most about 1e-8 of a sum in the worst case and 1e-12 as
/// a rule, since blocks are merged and each block holds a small part of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct BinnedSums {
    mesh: Mesh,
    quantities: usize,
    /// By bin: the count (exact to 2^53), `dimension` offsets, `m` sums, and the lower triangle
    /// of the products by rows.
    records: Vec<f64>,
    outside: u64,
}

/// All but the mesh.
impl Kept for BinnedSums {
    fn pass(&mut self, tape: &mut Tape) {
        tape.row(&mut self.records);
        let counts = self.records.iter().step_by(self.stride());
        counts.for_each(|count| tape.counts(*count));
        self.outside.pass(tape);
    }
}

impl BinnedSums {
    /// Empty sums of `quantities` numbers a sample over a mesh, or a grid of one coordinate.
    pub fn new(mesh: impl Into<Mesh>, quantities: usize) -> BinnedSums {
        let mesh = mesh.into();
        let bins = mesh.bins();
        let mut empty = BinnedSums {
            mesh,
            quantities,
            records: Vec::new(),
            outside: 0,
        };
        empty.records = vec![0.0; bins * empty.stride()];
        empty
    }

    /// The numbers that are kept for each bin: `1 + d + m + m(m + 1)/2`.
    pub fn stride(&self) -> usize {
        let m = self.quantities;
        1 + self.mesh.dimension() + m + m * (m + 1) / 2
    }

    /// The mesh.
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// The number `m` of quantities.
    pub fn quantities(&self) -> usize {
        self.quantities
    }

    /// Adds one sample. Shapes: one number a coordinate, one a quantity. Where `x` lies outside,
    /// a `y` is not finite, or a shape is wrong it is only counted.
    #[inline(always)]
    pub fn add(&mut self, x: &[f64], y: &[f64]) {
        if let (&[x], &[y], [axis], 1) = (x, y, self.mesh.axes(), self.quantities)
            && !axis.periodic
        {
            return self.add_one(axis.grid, x, y);
        }
        let good = y.len() == self.quantities && y.iter().all(|y| y.is_finite());
        let (Some(bin), true) = (self.mesh.index(x), good) else {
            self.outside += 1;
            return;
        };
        let stride = self.stride();
        let Some(record) = self.records.get_mut(bin * stride..(bin + 1) * stride) else {
            self.outside += 1;
            return;
        };
        let (place, sums) = record.split_at_mut(1 + x.len());
        place[0] += 1.0;
        let mut rest = bin;
        let axes = self.mesh.axes().iter().zip(x);
        for ((axis, x), offset) in axes.zip(&mut place[1..]).rev() {
            let bins = axis.grid.bins();
            *offset += axis.offset(*x, rest % bins);
            rest /= bins;
        }
        let (sums, products) = sums.split_at_mut(y.len());
        let mut products = products.iter_mut();
        for (i, (sum, a)) in sums.iter_mut().zip(y).enumerate() {
            *sum += a;
            for (b, product) in y[..=i].iter().zip(&mut products) {
                *product += a * b;
            }
        }
    }

    // One quantity along one plain axis: the same sums, without the loops.
    #[inline(always)]
    fn add_one(&mut self, grid: Grid, x: f64, y: f64) {
        let bin = grid.index(x).filter(|_| y.is_finite());
        let (records, _) = self.records.as_chunks_mut::<4>();
        match bin.and_then(|bin| Some((bin, records.get_mut(bin)?))) {
            Some((bin, [count, offset, sum, square])) => {
                *count += 1.0;
                *offset += x - grid.centre(bin);
                *sum += y;
                *square += y * y;
            }
            None => self.outside += 1,
        }
    }

    /// Adds the sums of `other`.
    ///
    /// # Errors
    /// The meshes or the numbers of quantities differ; nothing is changed then.
    pub fn merge(&mut self, other: &BinnedSums) -> Result<(), GridMismatch> {
        if self.mesh != other.mesh || self.quantities != other.quantities {
            return Err(GridMismatch);
        }
        for (into, from) in self.records.iter_mut().zip(&other.records) {
            *into += from;
        }
        self.outside += other.outside;
        Ok(())
    }

    fn entry(&self, bin: usize, at: usize) -> f64 {
        let record = self.records.get(bin * self.stride() + at);
        record.copied().unwrap_or(0.0)
    }

    /// The number of samples of a bin; 0 where there is no such bin.
    pub fn count(&self, bin: usize) -> u64 {
        self.entry(bin, 0) as u64
    }

    /// The mean position along an axis of the samples of a bin; its centre where it is empty.
    pub fn position(&self, bin: usize, axis: usize) -> f64 {
        let Some(of) = self.mesh.axes().get(axis) else {
            return f64::NAN;
        };
        let (centre, count) = (
            of.grid.centre(self.mesh.along_axes(bin)[axis]),
            self.entry(bin, 0),
        );
        if count > 0.0 {
            centre + self.entry(bin, 1 + axis) / count
        } else {
            centre
        }
    }

    /// The sum of quantity `k` over a bin.
    pub fn sum(&self, bin: usize, k: usize) -> f64 {
        self.entry(bin, 1 + self.mesh.dimension() + k)
    }

    /// The mean of quantity `k` over a bin; NaN where it is empty.
    pub fn mean(&self, bin: usize, k: usize) -> f64 {
        self.sum(bin, k) / self.entry(bin, 0)
    }

    /// The mean over a bin of `(y_i - mean_i) (y_j - mean_j)`; NaN where it is empty.
    pub fn covariance(&self, bin: usize, i: usize, j: usize) -> f64 {
        let (row, column) = (i.max(j), i.min(j));
        let products = 1 + self.mesh.dimension() + self.quantities;
        let product = self.entry(bin, products + row * (row + 1) / 2 + column);
        let covariance = product / self.entry(bin, 0) - self.mean(bin, i) * self.mean(bin, j);
        if i == j {
            covariance.max(0.0)
        } else {
            covariance
        }
    }

    /// The number of samples of all bins.
    pub fn total(&self) -> u64 {
        let counts = self.records.iter().step_by(self.stride());
        counts.map(|count| *count as u64).sum()
    }

    /// The mean of quantity `k` over all bins; NaN without samples.
    pub fn total_mean(&self, k: usize) -> f64 {
        let sum: f64 = (0..self.mesh.bins()).map(|bin| self.sum(bin, k)).sum();
        sum / self.total() as f64
    }

    /// The number of samples that were not taken in.
    pub fn outside(&self) -> u64 {
        self.outside
    }

    /// The counts alone.
    pub fn histogram(&self) -> Histogram {
        let counts = self.records.iter().step_by(self.stride());
        let counts = counts.map(|count| *count as u64).collect();
        Histogram::from_counts(self.mesh.clone(), counts)
    }

    /// Whether every sum is finite (a sum of squares may overflow).
    pub fn is_finite(&self) -> bool {
        self.records.iter().all(|sum| sum.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Grid, MeshAxis};

    #[test]
    fn merged_parts_equal_the_whole() {
        // Values are multiples of 1/8 and small: every sum is exact.
        let grid = Grid::over(0.0, 4.0, 4).unwrap();
        let sample = |i: i32| (f64::from(i % 37) / 8.0, f64::from(i % 11) / 4.0);
        let mut parts = vec![BinnedSums::new(grid, 1); 3];
        for i in 0..500 {
            let (x, y) = sample(i);
            parts[0].add(&[x], &[y]);
            parts[if i < 200 { 1 } else { 2 }].add(&[x], &[y]);
        }
        let right = parts.pop().unwrap();
        let mut left = parts.pop().unwrap();
        let whole = parts.pop().unwrap();
        left.merge(&right).unwrap();
        assert_eq!(left, whole);
        assert_eq!(whole.total() + whole.outside(), 500);
        assert!(whole.outside() > 0);
        let held = || {
            let all = (0..500).map(sample);
            all.filter(|s| s.0 >= 1.0 && s.0 < 2.0)
        };
        assert_eq!(whole.sum(1, 0), held().map(|s| s.1).sum::<f64>());
        let n = held().count() as f64;
        assert_eq!(whole.count(1), held().count() as u64);
        let x = held().map(|s| s.0).sum::<f64>() / n;
        assert!((whole.position(1, 0) - x).abs() < 1e-14);
        let all = (0..500).map(sample).filter(|s| s.0 < 4.0);
        let mean = all.clone().map(|s| s.1).sum::<f64>() / all.count() as f64;
        assert!((whole.total_mean(0) - mean).abs() < 1e-14);
    }

    #[test]
    fn moments_of_a_bin_are_those_of_its_samples() {
        // One bin of a mesh with a periodic axis, three quantities, against direct sums.
        let plain = Grid::over(0.0, 2.0, 2).unwrap();
        let mesh = Mesh::new(vec![
            plain.into(),
            MeshAxis {
                grid: Grid::over(0.0, 3.0, 3).unwrap(),
                periodic: true,
            },
        ])
        .unwrap();
        let mut sums = BinnedSums::new(mesh, 3);
        let wave = |i: i32, k: f64| (f64::from(i) * k).sin();
        let (n, mut y) = (400, Vec::new());
        let (mut px, mut pz) = (0.0, 0.0);
        for i in 0..n {
            // All images of bin (1, 2).
            let (u, v) = (0.5 + 0.49 * wave(i, 1.1), 0.5 + 0.49 * wave(i, 2.3));
            let row = [
                wave(i, 0.3),
                wave(i, 0.7) + 2.0,
                wave(i, 1.9) * wave(i, 0.3),
            ];
            sums.add(&[1.0 + u, 2.0 + v + 3.0 * f64::from(i % 7 - 3)], &row);
            (px, pz) = (px + (1.0 + u) / f64::from(n), pz + (2.0 + v) / f64::from(n));
            y.push(row);
        }
        assert_eq!((sums.count(5), sums.total(), sums.stride()), (400, 400, 12));
        assert!((sums.position(5, 0) - px).abs() < 1e-13);
        assert!((sums.position(5, 1) - pz).abs() < 1e-13);
        let average = |f: &dyn Fn(&[f64; 3]) -> f64| y.iter().map(f).sum::<f64>() / f64::from(n);
        for i in 0..3 {
            let mi = average(&|y| y[i]);
            assert!((sums.mean(5, i) - mi).abs() < 1e-14);
            for j in 0..3 {
                let mj = average(&|y| y[j]);
                let direct = average(&|y| (y[i] - mi) * (y[j] - mj));
                assert!((sums.covariance(5, i, j) - direct).abs() < 1e-13);
            }
        }
        assert!(sums.mean(0, 0).is_nan());
        assert_eq!((sums.position(0, 0), sums.position(0, 1)), (0.5, 0.5));
    }

    #[test]
    fn what_is_not_finite_is_counted_only() {
        let grid = Grid::over(0.0, 1.0, 2).unwrap();
        let mut sums = BinnedSums::new(grid, 1);
        sums.add(&[0.5], &[f64::NAN]);
        sums.add(&[f64::NAN], &[1.0]);
        sums.add(&[0.25], &[f64::INFINITY]);
        sums.add(&[0.25], &[]);
        sums.add(&[0.25, 0.5], &[1.0]);
        assert_eq!(sums.outside(), 5);
        assert_eq!(sums.total(), 0);
        let other = BinnedSums::new(Grid::over(0.0, 2.0, 2).unwrap(), 1);
        assert_eq!(sums.merge(&other), Err(GridMismatch));
        assert_eq!(sums.merge(&BinnedSums::new(grid, 2)), Err(GridMismatch));
    }
}
