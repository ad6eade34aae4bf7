//! Equal bins on an interval.

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
        let t = self.scaled(x);
        // Both comparisons fail for NaN, and `t < bins` makes the cast less than `bins`.
        if (t >= 0.0) & (t < self.bins as f64) {
            Some(t as usize)
        } else {
            None
        }
    }

    /// The bin that holds `x`, `bins()` standing for none, in operations that compilers turn into
    /// vectors: a conversion to an integer would be one lane at a time.
    #[inline(always)]
    pub(super) fn place(&self, x: f64) -> u64 {
        let end = self.bins as f64;
        // Adding 2^52 leaves the rounded number in the low bits.
        const SHIFT: f64 = 4_503_599_627_370_496.0;
        let t = self.scaled(x);
        let t = if t >= 0.0 { t } else { end };
        let t = if t < end { t } else { end };
        let near = (t + SHIFT) - SHIFT;
        let floor = if near > t { near - 1.0 } else { near };
        (floor + SHIFT).to_bits() - SHIFT.to_bits()
    }

    /// The position of `x` in bins from `lo` on: bin `i` is `[i, i + 1)`.
    #[inline(always)]
    pub(super) fn scaled(&self, x: f64) -> f64 {
        (x - self.lo) * self.inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_grids_are_refused() {
        assert!(Grid::over(1.0, 1.0, 4).is_none());
        assert!(Grid::new(0.0, f64::NAN, 4).is_none());
        assert!(Grid::new(0.0, 1.0, 0).is_none());
        assert!(Grid::new(f64::INFINITY, 1.0, 4).is_none());
    }

    #[test]
    fn centres_lie_in_their_bins() {
        let grid = Grid::new(-1.3, 0.07, 37).unwrap();
        for (i, x) in grid.centres().into_iter().enumerate() {
            assert_eq!(grid.index(x), Some(i));
        }
        assert_eq!(grid.index(grid.hi()), None);
        assert_eq!(grid.index(f64::NAN), None);
    }
}
