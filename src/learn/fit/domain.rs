//! Which cells hold data, and the spline space on them.

use super::{FitError, Settings};
use crate::learn::bspline::Space;
use crate::stats::Grid;

/// The space of a fit and what is known of the samples in it.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub grid: Grid,
    pub space: Space,
    /// The bins within the space.
    pub bins: std::ops::Range<usize>,
    /// Maximal intervals of covered cells.
    pub covered: Vec<(f64, f64)>,
    /// The share of all samples in each bin of the grid.
    pub density: Vec<f64>,
    pub samples: u64,
}

impl Domain {
    /// The domain for `counts` samples in each bin; at least `needed` bins must hold some.
    pub fn new(
        grid: Grid,
        counts: &[u64],
        settings: &Settings,
        needed: usize,
    ) -> Result<Domain, FitError> {
        positive("the knot spacing", settings.spacing)?;
        let stride = (settings.spacing / grid.width()).round().max(1.0);
        // A spacing beyond the grid makes one cell of all bins.
        let stride = (stride as usize).min(grid.bins());
        let full: Vec<bool> = counts
            .chunks(stride)
            .map(|cell| cell.iter().sum::<u64>() >= settings.minimum_count.max(1))
            .collect();
        let full = without_islands(full, |cell| {
            let cell = &counts[cell * stride..((cell + 1) * stride).min(counts.len())];
            cell.iter().sum()
        });
        let nothing = FitError::TooFewBins { found: 0, needed };
        let first = full.iter().position(|f| *f).ok_or(nothing)?;
        let last = full.iter().rposition(|f| *f).ok_or(nothing)?;
        let spacing = grid.width() * stride as f64;
        let lo = grid.edge(first * stride);
        let space = Space::new(lo, spacing, last + 1 - first).ok_or(FitError::BadSetting {
            what: "the knot spacing",
            value: settings.spacing,
        })?;
        let bins = first * stride..((last + 1) * stride).min(grid.bins());
        let found = counts[bins.clone()].iter().filter(|n| **n > 0).count();
        if found < needed {
            return Err(FitError::TooFewBins { found, needed });
        }
        let samples: u64 = counts.iter().sum();
        Ok(Domain {
            grid,
            space,
            bins,
            covered: intervals(&full, |cell| grid.edge(cell * stride)),
            density: counts.iter().map(|n| *n as f64 / samples as f64).collect(),
            samples,
        })
    }

    /// The mean under the sampled density of a function of the bin centre.
    pub fn average(&self, f: impl Fn(f64) -> f64) -> f64 {
        let terms = self.density.iter().enumerate().filter(|(_, p)| **p > 0.0);
        terms.map(|(i, p)| p * f(self.grid.centre(i))).sum()
    }
}

/// Refuses what is not a positive finite number.
pub(super) fn positive(what: &'static str, value: f64) -> Result<(), FitError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(FitError::BadSetting { what, value })
    }
}

/// The part of all samples below which a stretch of covered cells is left outside, where U is
/// linear: a few strays must not stretch the domain over a gap.
const ISLAND: f64 = 1e-3;

fn without_islands(mut full: Vec<bool>, count: impl Fn(usize) -> u64) -> Vec<bool> {
    let total: u64 = (0..full.len()).map(&count).sum();
    let mut start = 0;
    while start < full.len() {
        let end = (start..full.len()).find(|&cell| full[cell] != full[start]);
        let end = end.unwrap_or(full.len());
        let held: u64 = (start..end).map(&count).sum();
        if (held as f64) < ISLAND * total as f64 {
            full[start..end].fill(false);
        }
        start = end;
    }
    full
}

fn intervals(full: &[bool], edge: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    let mut open = false;
    for (cell, full) in full.iter().enumerate() {
        match (full, out.last_mut()) {
            (true, Some(last)) if open => last.1 = edge(cell + 1),
            (true, _) => out.push((edge(cell), edge(cell + 1))),
            _ => {}
        }
        open = *full;
    }
    out
}
