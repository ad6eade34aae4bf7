//! Which cells hold data, and the spline space on the box around them.

use super::{FitError, Settings};
use crate::learn::bspline::Space;
use crate::learn::tensor::Tensor;
use crate::stats::{Histogram, MAX_AXES, Mesh, MeshAxis};

/// The space of a fit and what is known of the samples in it.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub mesh: Mesh,
    pub tensor: Tensor,
    /// The bins along each axis within the space.
    pub ranges: Vec<std::ops::Range<usize>>,
    /// The bins of the mesh within the space, in ascending order.
    pub bins: Vec<usize>,
    /// Which cells of the space hold enough samples, row-major.
    pub covered: Vec<bool>,
    /// The number of regions that such cells form.
    pub regions: usize,
    /// The share of all samples in each bin of the mesh.
    pub density: Vec<f64>,
    pub samples: u64,
}

impl Domain {
    /// The domain for the samples of all blocks; at least `needed` bins must hold some.
    pub fn new(counts: &Histogram, settings: &Settings, needed: usize) -> Result<Domain, FitError> {
        let mesh = counts.mesh().clone();
        let cells = Cells::new(&mesh, settings)?;
        let held = cells.sums(&mesh, counts.counts());
        let least = settings.minimum_count.max(1);
        let mut full: Vec<bool> = held.iter().map(|n| *n >= least).collect();
        let regions = cells.without_islands(&mut full, &held);
        let nothing = FitError::TooFewBins { found: 0, needed };
        let ranges = cells.ranges(&full).ok_or(nothing)?;
        let tensor = cells.tensor(&mesh, &ranges).ok_or(FitError::BadSetting {
            what: "the knot spacing",
            value: settings.spacing[0],
        })?;
        let inside = |cell: &[usize; MAX_AXES]| {
            let mut axes = cell.iter().zip(&ranges);
            axes.all(|(i, range)| range.contains(i))
        };
        let bins: Vec<usize> = (0..mesh.bins())
            .filter(|&bin| inside(&cells.of_bin(&mesh, bin)))
            .collect();
        let found = bins.iter().filter(|&&bin| counts.counts()[bin] > 0);
        let found = found.count();
        if found < needed {
            return Err(FitError::TooFewBins { found, needed });
        }
        let covered = (0..full.len())
            .filter(|&cell| inside(&cells.along_axes(cell)))
            .map(|cell| full[cell])
            .collect();
        let samples = counts.total();
        let share = |n: &u64| *n as f64 / samples as f64;
        Ok(Domain {
            density: counts.counts().iter().map(share).collect(),
            ranges: cells.bins_along(&mesh, &ranges),
            mesh,
            tensor,
            bins,
            covered,
            regions,
            samples,
        })
    }

    /// The expected variance along each axis of the positions of `count` samples of a bin about
    /// their own mean, where the bin is evenly filled: `width²/12 (1 - 1/count)`.
    pub fn variances(&self, count: f64) -> [f64; MAX_AXES] {
        within_bin(&self.mesh, count)
    }

    /// The linear form that takes coefficients to the mean of the spline under the sampled
    /// density, bin by bin at the centres.
    pub fn average(&self) -> Vec<f64> {
        let mut form = vec![0.0; self.tensor.size()];
        let mut x = [0.0; MAX_AXES];
        for (bin, share) in self.density.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            self.mesh.centre_into(bin, &mut x);
            let row = self.tensor.row(&self.tensor.locals(&x), None);
            row.add_to(&mut form, *share);
        }
        form
    }
}

/// As [`Domain::variances`], over a mesh.
pub(super) fn within_bin(mesh: &Mesh, count: f64) -> [f64; MAX_AXES] {
    let mut out = [0.0; MAX_AXES];
    for (variance, axis) in out.iter_mut().zip(mesh.axes()) {
        *variance = axis.grid.width().powi(2) / 12.0 * (1.0 - 1.0 / count);
    }
    out
}

/// Refuses what is not a positive finite number.
pub(super) fn positive(what: &'static str, value: f64) -> Result<(), FitError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(FitError::BadSetting { what, value })
    }
}

/// The part of all samples below which a region of covered cells is left outside, where U is
/// linear: a few strays must not stretch the domain over a gap.
const ISLAND: f64 = 1e-3;

/// Cells over the whole mesh: whole numbers of bins along each axis. Unused axes have one cell.
pub(super) struct Cells {
    stride: [usize; MAX_AXES],
    counts: [usize; MAX_AXES],
    periodic: [bool; MAX_AXES],
}

impl Cells {
    pub fn new(mesh: &Mesh, settings: &Settings) -> Result<Cells, FitError> {
        let mut out = Cells {
            stride: [1; MAX_AXES],
            counts: [1; MAX_AXES],
            periodic: [false; MAX_AXES],
        };
        for (k, (axis, spacing)) in mesh.axes().iter().zip(settings.spacing).enumerate() {
            positive("the knot spacing", spacing)?;
            out.stride[k] = stride(axis, spacing);
            out.counts[k] = axis.grid.bins().div_ceil(out.stride[k]);
            out.periodic[k] = axis.periodic;
        }
        Ok(out)
    }

    /// The number of cells along each axis.
    pub fn counts(&self) -> [usize; MAX_AXES] {
        self.counts
    }

    fn index(&self, cell: &[usize; MAX_AXES]) -> usize {
        let axes = cell.iter().zip(&self.counts);
        axes.fold(0, |index, (i, n)| index * n + i)
    }

    fn along_axes(&self, index: usize) -> [usize; MAX_AXES] {
        let [_, b, c] = self.counts;
        [index / (b * c), index / c % b, index % c]
    }

    fn of_bin(&self, mesh: &Mesh, bin: usize) -> [usize; MAX_AXES] {
        let mut cell = mesh.along_axes(bin);
        for (i, stride) in cell.iter_mut().zip(self.stride) {
            *i /= stride;
        }
        cell
    }

    fn sums(&self, mesh: &Mesh, counts: &[u64]) -> Vec<u64> {
        let mut sums = vec![0; self.counts.iter().product()];
        for (bin, n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            sums[self.index(&self.of_bin(mesh, bin))] += n;
        }
        sums
    }

    // Empties the regions of covered cells that hold too little; the number of those that stay.
    // Cells that touch, if only at a corner, belong together.
    fn without_islands(&self, full: &mut [bool], held: &[u64]) -> usize {
        let least = ISLAND * held.iter().sum::<u64>() as f64;
        let (mut seen, mut regions) = (vec![false; full.len()], 0);
        for first in 0..full.len() {
            if !full[first] || seen[first] {
                continue;
            }
            seen[first] = true;
            let (mut region, mut next) = (vec![first], 0);
            while let Some(&cell) = region.get(next) {
                next += 1;
                self.each_neighbour(cell, |near| {
                    if full[near] && !seen[near] {
                        seen[near] = true;
                        region.push(near);
                    }
                });
            }
            let count: u64 = region.iter().map(|&cell| held[cell]).sum();
            if (count as f64) < least {
                region.iter().for_each(|&cell| full[cell] = false);
            } else {
                regions += 1;
            }
        }
        regions
    }

    fn each_neighbour(&self, cell: usize, mut f: impl FnMut(usize)) {
        let at = self.along_axes(cell);
        let near = |k: usize, step: usize| -> Option<usize> {
            let (i, n) = (at[k] + step, self.counts[k]);
            match self.periodic[k] {
                true => Some((i + n - 1) % n),
                false => i.checked_sub(1).filter(|i| *i < n),
            }
        };
        for code in 0..27 {
            let steps = (near(0, code / 9), near(1, code / 3 % 3), near(2, code % 3));
            if let (Some(i), Some(j), Some(k)) = steps {
                f(self.index(&[i, j, k]));
            }
        }
    }

    // The box of the cells that are full; a periodic axis counts whole.
    fn ranges(&self, full: &[bool]) -> Option<[std::ops::Range<usize>; MAX_AXES]> {
        let mut ends = [(usize::MAX, 0); MAX_AXES];
        for (cell, _) in full.iter().enumerate().filter(|(_, full)| **full) {
            for (end, i) in ends.iter_mut().zip(self.along_axes(cell)) {
                *end = (end.0.min(i), end.1.max(i + 1));
            }
        }
        (ends[0].1 > 0).then(|| {
            std::array::from_fn(|k| match self.periodic[k] {
                true => 0..self.counts[k],
                false => ends[k].0..ends[k].1,
            })
        })
    }

    fn bins_along(
        &self,
        mesh: &Mesh,
        ranges: &[std::ops::Range<usize>],
    ) -> Vec<std::ops::Range<usize>> {
        let axes = mesh.axes().iter().zip(ranges).zip(self.stride);
        axes.map(|((axis, range), stride)| {
            range.start * stride..(range.end * stride).min(axis.grid.bins())
        })
        .collect()
    }

    fn tensor(&self, mesh: &Mesh, ranges: &[std::ops::Range<usize>; MAX_AXES]) -> Option<Tensor> {
        let axes = mesh.axes().iter().zip(ranges).zip(self.stride);
        let spaces = axes.map(|((axis, range), stride)| {
            let spacing = axis.grid.width() * stride as f64;
            let lo = axis.grid.edge(range.start * stride);
            match axis.periodic {
                true => Space::periodic(lo, spacing, range.len()),
                false => Space::new(lo, spacing, range.len()),
            }
        });
        Tensor::new(spaces.collect::<Option<Vec<Space>>>()?)
    }
}

// Bins in a cell. A spacing beyond the grid makes one cell of all bins; a period must be a whole
// number of cells, so the nearest number of bins that divides it is taken.
fn stride(axis: &MeshAxis, spacing: f64) -> usize {
    let bins = axis.grid.bins();
    let wanted = spacing / axis.grid.width();
    if !axis.periodic {
        return (wanted.round().max(1.0) as usize).min(bins);
    }
    let far = |n: usize| (n as f64 / wanted).ln().abs();
    (1..=bins)
        .filter(|n| bins.is_multiple_of(*n))
        .min_by(|a, b| far(*a).total_cmp(&far(*b)))
        .unwrap_or(1)
}
