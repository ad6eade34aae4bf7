//! The room that a run needs: where lanes may be, how positions are binned, and whether all of it
//! fits into memory.

use super::Knots;
use super::pilot::two_digits;
use super::sample::{Sample, Sampler};
use crate::dynamics::{Observer, Survey, Window};
use crate::kernel::{KernelError, LANES};
use crate::learn::scale;
use crate::report::number::significant;
use crate::stats::Grid;

/// Bins that fit into memory with all blocks.
pub const MOST_BINS: usize = 1 << 17;
/// Bins in a cell of the spline.
const BINS_IN_CELL: f64 = 16.0;
/// Bytes that a run may take, about.
const MOST_BYTES: f64 = 2e9;
/// Windows of a group that are in memory at once.
const WINDOWS_AT_ONCE: f64 = 4.0;

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The kernels cannot be made.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The trajectories would not fit, or what is kept of them.
    #[error("{trajectories} trajectories would need about {} GB; the limit is {} GB", significant(*needed / 1e9, 2), significant(MOST_BYTES / 1e9, 2))]
    TooLarge {
        /// How many.
        trajectories: usize,
        /// Bytes.
        needed: f64,
    },
    /// The grid would not fit.
    #[error(
        "{} bins of width {} are needed between {} and {}; at most {MOST_BINS} fit",
        significant(*needed, 3), significant(*width, 3), significant(*lo, 6), significant(*hi, 6)
    )]
    TooManyBins {
        /// Bins.
        needed: f64,
        /// Their width.
        width: f64,
        /// From.
        lo: f64,
        /// To.
        hi: f64,
    },
}

/// The range of positions and the mean of `p^2` that a group shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub lo: f64,
    pub hi: f64,
    pub squares: f64,
    pub count: f64,
}

impl Range {
    pub const NONE: Range = Range {
        lo: f64::INFINITY,
        hi: f64::NEG_INFINITY,
        squares: 0.0,
        count: 0.0,
    };

    /// Both.
    pub fn with(self, other: &Range) -> Range {
        Range {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
            squares: self.squares + other.squares,
            count: self.count + other.count,
        }
    }
}

impl Observer for Range {
    fn observe(&mut self, window: &Window<'_>) {
        for lane in (0..LANES).filter(|&lane| window.committed()[lane]) {
            for step in 0..window.steps() {
                let (x, p) = (window.positions(step)[lane], window.momenta(step)[lane]);
                self.lo = self.lo.min(x);
                self.hi = self.hi.max(x);
                self.squares += p * p;
                self.count += 1.0;
            }
        }
    }
}

impl Sampler<'_> {
    /// Whether the windows of all groups, and blocks of that many bins, fit into memory.
    pub(super) fn fits(&self, segments: u64, bins: usize) -> Result<(), SampleError> {
        let numbers = 2 * LANES as u64 * self.window;
        let windows = self.groups as f64 * WINDOWS_AT_ONCE * 8.0 * numbers as f64;
        // A bin of a block: two counts, and two sums of four numbers; the fits copy half of it.
        let blocks = self.groups as f64 * segments as f64 * (16.0 * 8.0) * bins as f64;
        let needed = windows + blocks;
        if needed <= MOST_BYTES {
            return Ok(());
        }
        Err(SampleError::TooLarge {
            trajectories: self.settings.trajectories,
            needed,
        })
    }

    /// Beyond this a lane has left.
    pub(super) fn escape(&self, survey: &Survey, kt: f64) -> (f64, f64) {
        if let Some(domain) = self.settings.domain {
            return domain;
        }
        let (mut lo, mut hi) = match survey.hull(kt) {
            Some((lo, hi)) => (lo - 4.0 * (hi - lo), hi + 4.0 * (hi - lo)),
            None => {
                let reach = 1e4 * scale::resolution_length(self.settings.delta, kt);
                (survey.lowest - reach, survey.lowest + reach)
            }
        };
        if let Some(start) = self.settings.start {
            // It may swing through to the other side.
            let swing = 2.0 * (start - survey.lowest).abs();
            (lo, hi) = (lo.min(survey.lowest - swing), hi.max(survey.lowest + swing));
        }
        (lo, hi)
    }

    /// Bins a sixteenth of a cell wide, over all that may be visited.
    pub(super) fn grid(&self, sample: &mut Sample, range: &Range) -> Result<Grid, SampleError> {
        let (mut lo, mut hi) = match self.settings.domain {
            Some(domain) => domain,
            None => {
                let margin = 0.3 * (range.hi - range.lo);
                (range.lo - margin, range.hi + margin)
            }
        };
        if self.settings.domain.is_none()
            && let Some(hull) = sample.survey.hull(sample.kt)
        {
            // A hull from afar is coarse; no run strays many times beyond what its burn-in saw.
            let reach = 2.0 * (range.hi - range.lo);
            lo = lo.min(hull.0).max(range.lo - reach);
            hi = hi.max(hull.1).min(range.hi + reach);
        }
        let l = scale::resolution_length(self.settings.delta, sample.kt);
        sample.spacing = match self.settings.knots {
            Some(Knots::Spacing(h)) => h,
            Some(Knots::Count(n)) => (range.hi - range.lo) / n as f64,
            None => 1.5 * l,
        };
        if self.settings.knots.is_none() {
            // The same knots for every seed: otherwise the error of the projection would change
            // with what the burn-in happened to see.
            sample.spacing = two_digits(sample.spacing);
        }
        let needed;
        if self.settings.domain.is_some() {
            let cells = ((hi - lo) / sample.spacing).round().max(1.0);
            sample.spacing = (hi - lo) / cells;
            needed = BINS_IN_CELL * cells;
        } else {
            lo = (lo / sample.spacing).floor() * sample.spacing;
            needed = ((hi - lo) / sample.spacing).ceil() * BINS_IN_CELL;
        }
        let width = sample.spacing / BINS_IN_CELL;
        let error = || SampleError::TooManyBins {
            needed,
            width,
            lo,
            hi,
        };
        if needed.is_nan() || needed > MOST_BINS as f64 {
            return Err(error());
        }
        Grid::new(lo, width, needed as usize).ok_or_else(error)
    }
}
