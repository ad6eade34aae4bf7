//! The room that a run needs: where lanes may be, how positions are binned, and whether all of it
//! fits into memory.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Knots;
use super::pilot::two_digits;
use super::sample::{Sample, Sampler};
use crate::dynamics::{CountedWindow, Counter, Damping, Observer, Side, Survey, Window};
use crate::kernel::{KernelError, LANES};
use crate::learn::terms::Terms;
use crate::learn::{fit, scale};
use crate::report::number::significant;
use crate::stats::{Grid, Mesh, MeshAxis};
use crate::tape::{Kept, Tape};

/// Bins along a coordinate that fit into memory with all blocks.
pub const MOST_BINS: usize = 1 << 17;
/// Coordinates in which positions are binned, at most.
pub(super) const MOST_BINNED: usize = 3;
/// Bins in a cell of the spline, along one coordinate of one, of two and of three.
const BINS_IN_CELL: [f64; MOST_BINNED] = [16.0, 4.0, 2.0];
/// Cells of the spline along one coordinate of as many, if nobody says how many: each of them
/// costs cells along all others.
const MOST_CELLS: [f64; MOST_BINNED] = [f64::INFINITY, 96.0, 24.0];
/// Cells of a period at least: a cubic spline needs four.
const FEWEST_CELLS: f64 = 4.0;
/// Knots that are this much further apart than the scale asks for are worth a word.
const COARSE: f64 = 2.0;
/// Bytes that a run may take, about, unless somebody says otherwise.
const MOST_BYTES: f64 = 2e9;
/// The bits of what was said.
static SAID_BYTES: AtomicU64 = AtomicU64::new(MOST_BYTES.to_bits());

/// From now on, and in the whole process, a run may take so many bytes, about. What needs more is
/// refused before it is allocated, with an estimate. The default is 2e9.
pub fn limit_memory(bytes: f64) {
    SAID_BYTES.store(bytes.to_bits(), Ordering::Relaxed);
}

/// Bytes that a run may take, about.
pub(super) fn most_bytes() -> f64 {
    f64::from_bits(SAID_BYTES.load(Ordering::Relaxed))
}
/// Windows of a group that are in memory at once.
const WINDOWS_AT_ONCE: f64 = 4.0;

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The kernels cannot be made.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// What is gone on from does not fit.
    #[error("{0}")]
    Checkpoint(String),
    /// The trajectories would not fit, or what is kept of them.
    #[error("{trajectories} trajectories would need about {} GB; the limit is {} GB", significant(*needed / 1e9, 2), significant(most_bytes() / 1e9, 2))]
    TooLarge {
        /// How many.
        trajectories: usize,
        /// Bytes.
        needed: f64,
    },
    /// The statistics would not fit.
    #[error(
        "a grid of {bins} bins would need about {} GB for its {blocks} blocks of statistics; the limit is {} GB",
        significant(*needed / 1e9, 2), significant(most_bytes() / 1e9, 2)
    )]
    GridTooLarge {
        /// Bins along the coordinates, as text.
        bins: String,
        /// How many blocks.
        blocks: usize,
        /// Bytes.
        needed: f64,
    },
    /// The grid would have too many bins along a coordinate.
    #[error(
        "{} bins of width {} are needed for {name} between {} and {}; at most {MOST_BINS} fit",
        significant(*needed, 3), significant(*width, 3), significant(*lo, 6), significant(*hi, 6)
    )]
    TooManyBins {
        /// Of which coordinate.
        name: String,
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

/// The range of positions and the mean of `p p^T` that a group shows.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub lo: Vec<f64>,
    pub hi: Vec<f64>,
    /// Sums of `p p^T`, of many coordinates the diagonal alone. Shape: coordinates, coordinates.
    products: Vec<f64>,
    count: f64,
}

/// As many coordinates as before.
impl Kept for Range {
    fn pass(&mut self, tape: &mut Tape) {
        for row in [&mut self.lo, &mut self.hi, &mut self.products] {
            tape.row(row);
        }
        self.count.pass(tape);
    }
}

impl Range {
    pub fn new(dimension: usize) -> Range {
        Range {
            lo: vec![f64::INFINITY; dimension],
            hi: vec![f64::NEG_INFINITY; dimension],
            products: vec![0.0; dimension * dimension],
            count: 0.0,
        }
    }

    /// Both.
    pub fn with(mut self, other: &Range) -> Range {
        self.count += other.count;
        let pairs = |own: &mut Vec<f64>, other: &[f64], with: fn(f64, f64) -> f64| {
            own.iter_mut()
                .zip(other)
                .for_each(|(a, b)| *a = with(*a, *b));
        };
        pairs(&mut self.lo, &other.lo, f64::min);
        pairs(&mut self.hi, &other.hi, f64::max);
        pairs(&mut self.products, &other.products, |a, b| a + b);
        self
    }

    /// Whether no sample was seen.
    pub fn is_empty(&self) -> bool {
        self.count == 0.0
    }

    /// `E[p p^T]`.
    fn momenta(&self) -> Vec<f64> {
        self.products.iter().map(|sum| sum / self.count).collect()
    }

    /// The mean of `p^2` over samples and coordinates.
    pub fn temperature(&self) -> f64 {
        let d = self.lo.len();
        let trace: f64 = self.products.iter().step_by(d + 1).sum();
        trace / (d as f64 * self.count)
    }

    /// By coordinate, the length `delta sqrt((M^-1 P M^-1)_ii)` of a step.
    fn lengths(&self, damping: &Damping) -> Vec<f64> {
        let velocities = damping.velocities(&self.momenta()).into_iter();
        velocities
            .map(|square| scale::resolution_length(damping.delta(), square))
            .collect()
    }
}

impl Observer for Range {
    fn observe(&mut self, window: &Window<'_>) {
        let d = self.lo.len();
        let with = |i: usize| if d > MOST_BINNED { i..i + 1 } else { 0..d };
        for lane in (0..LANES).filter(|&lane| window.committed()[lane]) {
            for step in 0..window.steps() {
                for i in 0..d {
                    let x = window.positions(step, i)[lane];
                    self.lo[i] = self.lo[i].min(x);
                    self.hi[i] = self.hi[i].max(x);
                    for j in with(i) {
                        self.products[i * d + j] +=
                            window.momenta(step, i)[lane] * window.momenta(step, j)[lane];
                    }
                }
                self.count += 1.0;
            }
        }
    }
}

impl Counter for Range {
    fn counts(&mut self, _: usize, _: usize) -> &mut [u32] {
        &mut []
    }

    fn commit(&mut self, window: &CountedWindow<'_>) {
        let (d, sums) = (self.lo.len(), window.sums());
        for lane in (0..LANES).filter(|&lane| window.committed()[lane]) {
            for i in 0..d {
                if let Some([lo, hi]) = sums.limits(i) {
                    self.lo[i] = self.lo[i].min(lo[lane]);
                    self.hi[i] = self.hi[i].max(hi[lane]);
                }
                for j in 0..d {
                    self.products[i * d + j] += sums.product(i, j)[lane];
                }
            }
            self.count += window.steps() as f64;
        }
    }
}

/// How positions are binned, and knots placed.
pub(super) struct Space {
    /// The bins; none in many coordinates.
    pub mesh: Option<Mesh>,
    /// The spacing of knots, by coordinate.
    pub spacing: Vec<f64>,
    /// The coordinates whose knots are much further apart than the scale asks for.
    pub coarse: Vec<usize>,
}

/// One coordinate of it.
struct Along {
    axis: MeshAxis,
    spacing: f64,
    coarse: bool,
}

impl Sampler<'_> {
    /// Whether the windows of all groups, and blocks of that many bins, fit into memory.
    pub(super) fn fits(&self, segments: u64, space: &Space) -> Result<(), SampleError> {
        let d = self.sides.len();
        let Some(mesh) = &space.mesh else {
            let blocks = segments as usize * self.groups;
            let own = self.terms.map_or(0, Terms::block_bytes) + 72 * d * LANES;
            let needed = self.windows_need() + blocks as f64 * own as f64;
            return match needed <= most_bytes() {
                true => Ok(()),
                false => Err(SampleError::TooLarge {
                    trajectories: self.settings.trajectories,
                    needed,
                }),
            };
        };
        // A bin of a block: two counts, and the sums of V and of the gradient with their products.
        let each = 2 + (1 + d + 1 + 1) + (1 + d + d + d * (d + 1) / 2);
        let blocks = segments as usize * self.groups;
        let settings = fit::Settings::by_axis(&space.spacing);
        // What is wrong with the settings is for the fit to say.
        let fits = fit::room(&settings, mesh, blocks).unwrap_or(0);
        let sums = blocks as f64 * 8.0 * each as f64 * mesh.bins() as f64;
        let needed = self.windows_need() + sums + fits as f64;
        if needed <= most_bytes() {
            return Ok(());
        }
        let along = mesh.axes().iter().map(|axis| axis.grid.bins().to_string());
        Err(SampleError::GridTooLarge {
            bins: along.collect::<Vec<_>>().join(" by "),
            blocks,
            needed,
        })
    }

    /// Whether the windows of all groups fit into memory.
    pub(super) fn windows_fit(&self) -> Result<(), SampleError> {
        let needed = self.windows_need();
        if needed <= most_bytes() {
            return Ok(());
        }
        Err(SampleError::TooLarge {
            trajectories: self.settings.trajectories,
            needed,
        })
    }

    fn windows_need(&self) -> f64 {
        let numbers = (2 * self.sides.len() * LANES) as u64 * self.window;
        self.groups as f64 * WINDOWS_AT_ONCE * 8.0 * numbers as f64
    }

    /// Beyond these a lane has left.
    pub(super) fn escape(&self, survey: &Survey, kt: f64) -> Vec<Side> {
        let hull = survey.hull(kt);
        let along = |(c, own): (usize, &Option<Side>)| {
            if let Some(own) = own {
                return *own;
            }
            let lowest = survey.lowest[c];
            let (mut lo, mut hi) = match &hull {
                Some(hull) => {
                    let (lo, hi) = (hull[c].lo, hull[c].hi);
                    (lo - 4.0 * (hi - lo), hi + 4.0 * (hi - lo))
                }
                None => {
                    let reach = 1e4 * scale::resolution_length(self.settings.delta, kt);
                    (lowest - reach, lowest + reach)
                }
            };
            if let Some(start) = &self.settings.start {
                // It may swing through to the other side.
                let swing = 2.0 * (start[c] - lowest).abs();
                (lo, hi) = (lo.min(lowest - swing), hi.max(lowest + swing));
            }
            Side::plain(lo, hi)
        };
        self.sides.iter().enumerate().map(along).collect()
    }

    /// Bins a part of a cell wide, over all that may be visited.
    pub(super) fn space(&self, sample: &Sample, range: &Range) -> Result<Space, SampleError> {
        let lengths = range.lengths(&self.settings.damping);
        // Bins in three coordinates are dear, and nobody may ask for them.
        let asked = self.settings.estimators.iter().any(|e| e.needs_bins());
        if lengths.len() > MOST_BINNED || (lengths.len() == MOST_BINNED && !asked) {
            return Ok(Space {
                mesh: None,
                spacing: vec![f64::NAN; lengths.len()],
                coarse: Vec::new(),
            });
        }
        let along = (0..lengths.len()).map(|c| self.along(c, lengths[c], sample, range));
        let along = along.collect::<Result<Vec<_>, _>>()?;
        let mesh = Mesh::new(along.iter().map(|along| along.axis).collect());
        let coarse = (0..along.len()).filter(|c| along[*c].coarse);
        Ok(Space {
            mesh: Some(mesh.ok_or(SampleError::TooLarge {
                trajectories: self.settings.trajectories,
                needed: f64::INFINITY,
            })?),
            spacing: along.iter().map(|along| along.spacing).collect(),
            coarse: coarse.collect(),
        })
    }

    /// What may be visited along a coordinate that has no side of its own.
    fn reach(&self, c: usize, sample: &Sample, range: &Range) -> (f64, f64) {
        let (lo, hi) = (range.lo[c], range.hi[c]);
        if self.sides.len() > 1 {
            // Bins are dear, and what falls outside is not missed.
            return (lo - 0.1 * (hi - lo), hi + 0.1 * (hi - lo));
        }
        let margin = 0.3 * (hi - lo);
        match sample.survey.hull(sample.kt) {
            None => (lo - margin, hi + margin),
            Some(hull) => {
                // A hull from afar is coarse; no run strays many times beyond what its burn-in saw.
                let far = 2.0 * (hi - lo);
                (
                    (lo - margin).min(hull[c].lo).max(lo - far),
                    (hi + margin).max(hull[c].hi).min(hi + far),
                )
            }
        }
    }

    fn along(
        &self,
        c: usize,
        l: f64,
        sample: &Sample,
        range: &Range,
    ) -> Result<Along, SampleError> {
        let own = self.sides[c];
        let (mut lo, hi) = match own {
            Some(side) => (side.lo, side.hi),
            None => self.reach(c, sample, range),
        };
        let seen = match own {
            Some(side) => side.hi - side.lo,
            None => range.hi[c] - range.lo[c],
        };
        let several = self.sides.len() - 1;
        let mut spacing = match self.settings.knots {
            Some(Knots::Spacing(h)) => h,
            Some(Knots::Count(n)) => seen / n as f64,
            // The same knots for every seed: otherwise the error of the projection would change
            // with what the burn-in happened to see.
            None if several == 0 => two_digits(1.5 * l),
            None => two_digits((1.5 * l).max(seen / MOST_CELLS[several])),
        };
        let bins_in_cell = BINS_IN_CELL[several];
        let cells = if let Some(side) = own {
            let fewest = if side.periodic { FEWEST_CELLS } else { 1.0 };
            let cells = ((hi - lo) / spacing).round().max(fewest);
            spacing = (hi - lo) / cells;
            cells
        } else {
            lo = (lo / spacing).floor() * spacing;
            ((hi - lo) / spacing).ceil()
        };
        let (needed, width) = (bins_in_cell * cells, spacing / bins_in_cell);
        let error = || SampleError::TooManyBins {
            name: self.potential.model.coordinates[c].name.clone(),
            needed,
            width,
            lo,
            hi,
        };
        if needed.is_nan() || needed > MOST_BINS as f64 {
            return Err(error());
        }
        let grid = Grid::new(lo, width, needed as usize).ok_or_else(error)?;
        Ok(Along {
            axis: MeshAxis {
                grid,
                periodic: own.is_some_and(|side| side.periodic),
            },
            coarse: self.settings.knots.is_none() && spacing > COARSE * 1.5 * l,
            spacing,
        })
    }
}
