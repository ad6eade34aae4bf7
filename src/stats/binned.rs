//! Sums of a quantity over bins of the coordinate: all that the fits need of a trajectory.

use super::{Grid, GridMismatch, Histogram};

/// What one bin holds.
///
/// Plain sums: 1e8 samples a bin lose at most about 1e-8 of a sum in the worst case and 1e-12 as
/// a rule, since blocks are merged and each block holds a small part of a run.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Bin {
    /// The number of samples.
    pub count: u64,
    /// The sum of `x - centre`.
    pub offset: f64,
    /// The sum of `y`.
    pub sum: f64,
    /// The sum of `y^2`.
    pub squares: f64,
}

impl Bin {
    /// The mean of `y`; NaN without samples.
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// The mean of `(y - mean)^2`; NaN without samples.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        (self.squares / self.count as f64 - mean * mean).max(0.0)
    }

    fn merge(&mut self, other: &Bin) {
        self.count += other.count;
        self.offset += other.offset;
        self.sum += other.sum;
        self.squares += other.squares;
    }
}

/// Sums of a quantity `y` (a value of V, a component of its gradient) over bins of `x`.
#[derive(Clone, PartialEq, Debug)]
pub struct BinnedSums {
    grid: Grid,
    bins: Vec<Bin>,
    outside: u64,
}

impl BinnedSums {
    /// Empty sums.
    pub fn new(grid: Grid) -> BinnedSums {
        BinnedSums {
            grid,
            bins: vec![Bin::default(); grid.bins()],
            outside: 0,
        }
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The bins. Shape: `grid().bins()`.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// Adds one sample. Where `x` lies outside or `y` is not finite it is only counted.
    #[inline(always)]
    pub fn add(&mut self, x: f64, y: f64) {
        if y.is_finite()
            && let Some(i) = self.grid.index(x)
            && let Some(bin) = self.bins.get_mut(i)
        {
            bin.count += 1;
            bin.offset += x - self.grid.centre(i);
            bin.sum += y;
            bin.squares += y * y;
        } else {
            self.outside += 1;
        }
    }

    /// Adds the sums of `other`.
    ///
    /// # Errors
    /// The grids differ; nothing is changed then.
    pub fn merge(&mut self, other: &BinnedSums) -> Result<(), GridMismatch> {
        if self.grid != other.grid {
            return Err(GridMismatch);
        }
        for (into, from) in self.bins.iter_mut().zip(&other.bins) {
            into.merge(from);
        }
        self.outside += other.outside;
        Ok(())
    }

    /// The mean position of the samples of bin `i`; its centre where it is empty or not there.
    pub fn position(&self, i: usize) -> f64 {
        let centre = self.grid.centre(i);
        match self.bins.get(i) {
            Some(bin) if bin.count > 0 => centre + bin.offset / bin.count as f64,
            _ => centre,
        }
    }

    /// The sums over all bins. Its `offset` is that of positions within their bins.
    pub fn total(&self) -> Bin {
        let mut total = Bin::default();
        self.bins.iter().for_each(|bin| total.merge(bin));
        total
    }

    /// The number of samples that were not taken in.
    pub fn outside(&self) -> u64 {
        self.outside
    }

    /// The counts alone.
    pub fn histogram(&self) -> Histogram {
        Histogram::from_counts(self.grid, self.bins.iter().map(|bin| bin.count).collect())
    }

    /// Whether every sum is finite (a sum of squares may overflow).
    pub fn is_finite(&self) -> bool {
        self.bins
            .iter()
            .all(|bin| bin.offset.is_finite() && bin.sum.is_finite() && bin.squares.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_parts_equal_the_whole() {
        // Values are multiples of 1/8 and small: every sum is exact.
        let grid = Grid::over(0.0, 4.0, 4).unwrap();
        let sample = |i: i32| (f64::from(i % 37) / 8.0, f64::from(i % 11) / 4.0);
        let (mut whole, mut left, mut right) = (
            BinnedSums::new(grid),
            BinnedSums::new(grid),
            BinnedSums::new(grid),
        );
        for i in 0..500 {
            let (x, y) = sample(i);
            whole.add(x, y);
            if i < 200 { &mut left } else { &mut right }.add(x, y);
        }
        left.merge(&right).unwrap();
        assert_eq!(left, whole);
        assert_eq!(whole.total().count + whole.outside(), 500);
        assert!(whole.outside() > 0);
        let direct: f64 = (0..500)
            .map(sample)
            .filter(|s| s.0 >= 1.0 && s.0 < 2.0)
            .map(|s| s.1)
            .sum();
        assert_eq!(whole.bins()[1].sum, direct);
    }

    #[test]
    fn what_is_not_finite_is_counted_only() {
        let grid = Grid::over(0.0, 1.0, 2).unwrap();
        let mut sums = BinnedSums::new(grid);
        sums.add(0.5, f64::NAN);
        sums.add(f64::NAN, 1.0);
        sums.add(0.25, f64::INFINITY);
        assert_eq!(sums.outside(), 3);
        assert_eq!(sums.total(), Bin::default());
        let other = BinnedSums::new(Grid::over(0.0, 2.0, 2).unwrap());
        assert_eq!(sums.merge(&other), Err(GridMismatch));
    }
}
