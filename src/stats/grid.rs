//! Equal bins on an interval and the plain histogram on them.

use super::GridMismatch;

/// `bins` equal bins of `width` from `lo` on. Units are those of the coordinate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Grid {
    lo: f64,
    width: f64,
    inverse: f64,
    bins: usize,
}

impl Grid {
    /// A grid; `None` where the width is not positive, there is no bin, or an edge is not finite.
    pub fn new(lo: f64, width: f64, bins: usize) -> Option<Grid> {
        let good = bins > 0
            && width > 0.0
            && width.is_normal()
            && (1.0 / width).is_finite()
            && lo.is_finite()
            && (lo + width * bins as f64).is_finite();
        good.then_some(Grid {
            lo,
            width,
            inverse: 1.0 / width,
            bins,
        })
    }

    /// `bins` equal bins on `[lo, hi]`; `None` as in [`Grid::new`].
    pub fn over(lo: f64, hi: f64, bins: usize) -> Option<Grid> {
        Grid::new(lo, (hi - lo) / bins as f64, bins)
    }

    /// The left edge of the first bin.
    pub fn lo(&self) -> f64 {
        self.lo
    }

    /// The right edge of the last bin.
    pub fn hi(&self) -> f64 {
        self.edge(self.bins)
    }

    /// The width of a bin.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// The number of bins.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// The left edge of bin `i`; `i = bins()` gives the right end.
    pub fn edge(&self, i: usize) -> f64 {
        self.lo + self.width * i as f64
    }

    /// The centre of bin `i`.
    pub fn centre(&self, i: usize) -> f64 {
        self.lo + self.width * (i as f64 + 0.5)
    }

    /// All centres, from left to right. Shape: `bins()`.
    pub fn centres(&self) -> Vec<f64> {
        (0..self.bins).map(|i| self.centre(i)).collect()
    }

    /// The bin that holds `x`: half-open on the right; `None` outside and for NaN.
    #[inline(always)]
    pub fn index(&self, x: f64) -> Option<usize> {
        let t = (x - self.lo) * self.inverse;
        // Both comparisons fail for NaN, and `t < bins` makes the cast less than `bins`.
        if (t >= 0.0) & (t < self.bins as f64) {
            Some(t as usize)
        } else {
            None
        }
    }

    /// The same as a number, `bins()` standing for `None`, in operations that compilers turn into
    /// vectors: a conversion to an integer would be one lane at a time.
    #[inline(always)]
    fn place(&self, x: f64) -> u64 {
        // Adding 2^52 leaves the rounded number in the low bits.
        const SHIFT: f64 = 4_503_599_627_370_496.0;
        let end = self.bins as f64;
        let t = (x - self.lo) * self.inverse;
        let t = if t >= 0.0 { t } else { end };
        let t = if t < end { t } else { end };
        let near = (t + SHIFT) - SHIFT;
        let floor = if near > t { near - 1.0 } else { near };
        (floor + SHIFT).to_bits() - SHIFT.to_bits()
    }
}

/// Counts over a [`Grid`], and what fell outside it.
#[derive(Clone, PartialEq, Debug)]
pub struct Histogram {
    grid: Grid,
    counts: Vec<u64>,
    below: u64,
    above: u64,
    invalid: u64,
}

impl Histogram {
    /// An empty histogram.
    pub fn new(grid: Grid) -> Histogram {
        Histogram::from_counts(grid, vec![0; grid.bins()])
    }

    /// A histogram of counts made elsewhere; missing bins are 0, surplus ones are dropped.
    pub fn from_counts(grid: Grid, mut counts: Vec<u64>) -> Histogram {
        counts.resize(grid.bins(), 0);
        Histogram {
            grid,
            counts,
            below: 0,
            above: 0,
            invalid: 0,
        }
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The counts. Shape: `grid().bins()`.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Counts one sample.
    #[inline(always)]
    pub fn add(&mut self, x: f64) {
        match self.grid.index(x).and_then(|i| self.counts.get_mut(i)) {
            Some(count) => *count += 1,
            None => self.miss(x),
        }
    }

    /// Counts many samples: the same as [`Histogram::add`] of each, and faster.
    pub fn add_all(&mut self, samples: &[f64]) {
        const ROW: usize = 16;
        let (rows, rest) = samples.as_chunks::<ROW>();
        for row in rows {
            let mut places = [0u64; ROW];
            for (place, &x) in places.iter_mut().zip(row) {
                *place = self.grid.place(x);
            }
            for (&place, &x) in places.iter().zip(row) {
                match self.counts.get_mut(place as usize) {
                    Some(count) => *count += 1,
                    None => self.miss(x),
                }
            }
        }
        rest.iter().for_each(|&x| self.add(x));
    }

    #[cold]
    fn miss(&mut self, x: f64) {
        if x.is_nan() {
            self.invalid += 1;
        } else if x < self.grid.lo() {
            self.below += 1;
        } else {
            self.above += 1;
        }
    }

    /// Adds the counts of `other`.
    ///
    /// # Errors
    /// The grids differ; nothing is changed then.
    pub fn merge(&mut self, other: &Histogram) -> Result<(), GridMismatch> {
        if self.grid != other.grid {
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

    /// The number of samples inside the grid.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The number of samples left of the grid.
    pub fn below(&self) -> u64 {
        self.below
    }

    /// The number of samples right of the grid.
    pub fn above(&self) -> u64 {
        self.above
    }

    /// The number of samples outside the grid, NaN among them.
    pub fn outside(&self) -> u64 {
        self.below + self.above + self.invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            histogram.add(x);
        }
        assert_eq!(histogram.total(), 0);
        assert_eq!(histogram.outside(), 7);
        assert_eq!((histogram.below(), histogram.above()), (3, 3));
        for i in 0..10 {
            assert_eq!(grid.index(grid.centre(i)), Some(i));
        }
    }

    /// Many at once are counted as one by one, on edges, outside and for NaN too.
    #[test]
    fn rows_are_counted_as_samples_are() {
        let grid = Grid::new(-1.3, 0.07, 37).unwrap();
        let mut samples: Vec<f64> = (0..=37).map(|i| grid.edge(i)).collect();
        samples.extend((0..5000).map(|i| 3.0 * (i as f64 * 0.618).sin()));
        samples.extend([
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e300,
            -0.0,
            5e-324,
        ]);
        let (mut one, mut many) = (Histogram::new(grid), Histogram::new(grid));
        samples.iter().for_each(|&x| one.add(x));
        many.add_all(&samples);
        assert_eq!(one, many);
        assert!(one.total() > 1000 && one.outside() > 1000);
    }

    #[test]
    fn bad_grids_are_refused() {
        assert!(Grid::over(1.0, 1.0, 4).is_none());
        assert!(Grid::new(0.0, f64::NAN, 4).is_none());
        assert!(Grid::new(0.0, 1.0, 0).is_none());
        assert!(Grid::new(f64::INFINITY, 1.0, 4).is_none());
    }
}
