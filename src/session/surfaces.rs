//! A finished run in two coordinates as surfaces: what its figures, tables and arrays are made of.

use super::estimate::{Estimate, OnBins, binned};
use super::results::Learned;
use crate::report::surfaces::{Coordinate, SurfaceReference, Surfaces};

/// Cells of the surfaces along a coordinate, at most.
const MOST_CELLS: usize = 160;

/// The bins along one coordinate that make a cell, and how many cells there are.
#[derive(Clone, Copy)]
struct Coarsening {
    first: usize,
    bins: usize,
    cells: usize,
}

/// The surfaces of a run; `None` unless there are two coordinates.
pub(super) fn surfaces(learned: &Learned<'_>, bins: &OnBins) -> Option<Surfaces> {
    let [first, second] = bins.ranges.as_slice() else {
        return None;
    };
    let coarse = [(first, 0), (second, 1)].map(|(range, c)| {
        let bins = range.len().div_ceil(MOST_CELLS);
        // On a period every bin belongs to a cell; elsewhere a rest at the end is left out.
        let periodic = is_periodic(learned, c);
        let good = |n: &usize| range.len() % n == 0 || (!periodic && range.len() > 4 * n);
        let bins = (bins..=range.len()).find(good);
        let bins = bins.unwrap_or(1);
        Coarsening {
            first: range.start,
            bins,
            cells: range.len() / bins,
        }
    });
    let model = &learned.setup.potential.model;
    let axes = [0, 1].map(|c| {
        let (axis, coarse) = (&bins.mesh().axes()[c], coarse[c]);
        Coordinate {
            name: model.coordinates[c].name.clone(),
            lo: axis.grid.edge(coarse.first),
            hi: axis.grid.edge(coarse.first + coarse.bins * coarse.cells),
            cells: coarse.cells,
            periodic: axis.periodic,
        }
    });
    let mut surfaces = Surfaces::new(model.name.clone(), axes);
    surfaces.length = learned.length;
    surfaces.count(counts(learned, bins, coarse));
    fill_potential(learned, &mut surfaces);
    if let Some(first) = learned.primary() {
        fill_learned(learned, first, &mut surfaces);
    }
    fill_noise(learned, bins, coarse, &mut surfaces);
    surfaces.mark();
    measure(learned, &mut surfaces);
    if let Some(first) = learned.primary() {
        cut(learned, first, &mut surfaces);
    }
    Some(surfaces)
}

/// The standard errors of wells and saddles, from the lowest well.
fn measure(learned: &Learned<'_>, surfaces: &mut Surfaces) {
    let fit = learned.primary().and_then(|first| first.fit.as_ref());
    let wells = surfaces.points.iter().filter(|point| point.is_well());
    let lowest = wells.min_by(|a, b| a.value.total_cmp(&b.value));
    let (Some(fit), Some(lowest)) = (fit, lowest.map(|well| well.at)) else {
        return;
    };
    for point in surfaces
        .points
        .iter_mut()
        .filter(|point| point.at != lowest)
    {
        point.stderr = Some(fit.difference_stderr(&point.at, &lowest));
    }
}

/// Whether a coordinate is periodic.
fn is_periodic(learned: &Learned<'_>, coordinate: usize) -> bool {
    learned.setup.potential.model.coordinates[coordinate]
        .period
        .is_some()
}

/// The cell of each bin of the mesh that belongs to one.
fn cell(bins: &OnBins, [x, y]: [Coarsening; 2], bin: usize) -> Option<usize> {
    let at = bins.mesh().along_axes(bin);
    let along = |at: usize, by: Coarsening| {
        let cell = at.checked_sub(by.first)? / by.bins;
        (cell < by.cells).then_some(cell)
    };
    Some(along(at[0], x)? * y.cells + along(at[1], y)?)
}

fn counts(learned: &Learned<'_>, bins: &OnBins, coarse: [Coarsening; 2]) -> Vec<u64> {
    let mut counts = vec![0; coarse[0].cells * coarse[1].cells];
    for block in binned(&learned.sample.blocks) {
        for (bin, count) in block.density.counts().iter().enumerate() {
            if let Some(cell) = cell(bins, coarse, bin).filter(|_| *count > 0) {
                counts[cell] += count;
            }
        }
    }
    counts
}

/// Points by coordinate, as potentials want them.
fn by_coordinate(points: &[[f64; 2]]) -> Vec<f64> {
    let along = |c: usize| points.iter().map(move |x| x[c]);
    along(0).chain(along(1)).collect()
}

fn halves(both: Vec<f64>) -> [Vec<f64>; 2] {
    let half = both.len() / 2;
    [both[..half].to_vec(), both[half..].to_vec()]
}

fn fill_potential(learned: &Learned<'_>, surfaces: &mut Surfaces) {
    let points = by_coordinate(&surfaces.centres());
    let potential = &learned.setup.potential;
    surfaces.v = potential.curve(&points);
    surfaces.dv = halves(potential.slope(&points));
    if let Some((name, reference)) = &learned.setup.reference {
        surfaces.reference = Some(SurfaceReference {
            name: name.clone(),
            u: reference.curve(&points),
            du: halves(reference.slope(&points)),
        });
    } else if let Some(filter) = learned.filter() {
        let (u, du) = on_centres(filter, surfaces);
        surfaces.reference = Some(SurfaceReference {
            name: "filter".to_owned(),
            u,
            du,
        });
    }
}

/// An estimate and its derivatives on the centres.
fn on_centres(estimate: &Estimate, surfaces: &Surfaces) -> (Vec<f64>, [Vec<f64>; 2]) {
    let points = by_coordinate(&surfaces.centres());
    let slopes = halves(estimate.form.slopes(&points));
    (estimate.form.values(&points), slopes)
}

fn fill_learned(learned: &Learned<'_>, first: &Estimate, surfaces: &mut Surfaces) {
    (surfaces.u, surfaces.du) = on_centres(first, surfaces);
    surfaces.u_stderr = surfaces.field(|x| first.stderr(&x).0);
    let fit = first.fit.as_ref();
    if let Some(fit) = fit.or(learned.force.as_ref().map(|force| &force.fit)) {
        let centres = surfaces.centres().into_iter();
        surfaces.covered = centres.map(|x| fit.covers(&x)).collect();
    }
}

fn fill_noise(
    learned: &Learned<'_>,
    bins: &OnBins,
    coarse: [Coarsening; 2],
    surfaces: &mut Surfaces,
) {
    let Some(force) = &learned.force else { return };
    surfaces.noise_spread = learned.spread();
    let mut sums = vec![[0.0; 4]; surfaces.len()];
    let by_bin = force.covariance_by_bin.chunks_exact(4);
    for (bin, (s, share)) in by_bin.zip(&force.fit.density).enumerate() {
        if let Some(cell) = cell(bins, coarse, bin).filter(|_| s[0].is_finite()) {
            let parts = [1.0, s[0], s[1], s[3]];
            (0..4).for_each(|k| sums[cell][k] += share * parts[k]);
        }
    }
    let mean = |k: usize| sums.iter().map(|sum| sum[k] / sum[0]).collect();
    surfaces.noise = Some([mean(1), mean(2), mean(3)]);
}

fn cut(learned: &Learned<'_>, first: &Estimate, surfaces: &mut Surfaces) {
    let shortest = learned.components.iter().map(|c| c.wavenumber);
    let shortest = shortest.fold(0.0, f64::max);
    let wave = (shortest > 0.0).then(|| std::f64::consts::TAU / shortest);
    let u = |points: &[[f64; 2]]| first.form.values(&by_coordinate(points));
    let v = |points: &[[f64; 2]]| learned.setup.potential.curve(&by_coordinate(points));
    surfaces.cut(&u, &v, wave);
}
