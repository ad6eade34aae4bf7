//! Burn-in, and the stretches of time that make blocks of statistics.
//!
//! Runs that need no more than counts, sums and some of the steps are counted as they are made
//! ([`CountingMap`]); in others every step is recorded and looked at.

use std::sync::atomic::AtomicBool;

use super::Estimator;
use super::room::{MOST_BINNED, Range};
use super::sample::{Sample, Sampler, draw, windows_of};
use crate::dynamics::{
    CountedWindow, Counter, CountingMap, DampedMap, Ensemble, Observer, Side, Starts, Window,
};
use crate::kernel::KernelError;
use crate::learn::collect::{Block, Collector, Plan};
use crate::learn::tally::places;
use crate::learn::terms;
use crate::stats::{Grid, Mesh};

/// Positions that are kept, about, where there are no bins.
const POINTS: u64 = 4096;
/// Windows between two looks at the clock of progress, at most.
const MOST_AT_ONCE: u64 = 4096;
/// Thinned sums see about so many samples.
const THINNED: u64 = 4_000_000;
/// The same where `force` is asked for and windows are counted. Unresolved forces of successive
/// steps hardly know each other, so that each step tells something; but one costs as much as five
/// steps do.
const THINNED_FORCES: u64 = 10_000_000;
/// Thinning beyond this would leave an interrupted run with nothing; where all steps are recorded it
/// saves no time.
const WIDEST_STRIDE: u64 = 64;
/// The same where windows are counted: a step that is looked at costs as much as five others.
const WIDEST_COUNTED: u64 = 4096;
/// A step that is shown costs a start of the kernel: windows are counted where so few are.
const COUNTED_STRIDE: u64 = 4;

/// Steps in a window that is counted, where no lane was lost in the burn-in: what a window costs
/// beside its steps is then nothing. A lane that is lost is only found out at the end of it.
const QUIET_WINDOW: u64 = 4096;

/// Steps of a lane that are shown, at least: enough for the mean and the variance of either half.
const FEWEST_SHOWN: u64 = 100;

/// What a group of lanes keeps.
struct Keeper<'a> {
    bins: Collector<'a>,
    terms: Option<terms::Collector<'a>>,
}

impl Observer for Keeper<'_> {
    fn observe(&mut self, window: &Window<'_>) {
        self.bins.observe(window);
        if let Some(terms) = &mut self.terms {
            terms.observe(window);
        }
    }
}

impl Counter for Keeper<'_> {
    fn counts(&mut self, stretch: usize, steps: usize) -> &mut [u32] {
        self.bins.counts(stretch, steps)
    }

    fn commit(&mut self, window: &CountedWindow<'_>) {
        self.bins.commit(window);
    }
}

/// The blocks of all groups, stretch after stretch.
fn in_order<T>(groups: impl Iterator<Item = Vec<T>>, missing: impl Fn() -> T) -> Vec<T> {
    let groups: Vec<Vec<T>> = groups.collect();
    let stretches = groups.iter().map(Vec::len).max().unwrap_or(0);
    let mut columns: Vec<_> = groups.into_iter().map(Vec::into_iter).collect();
    (0..stretches)
        .flat_map(|_| {
            let row: Vec<T> = columns
                .iter_mut()
                .map(|column| column.next().unwrap_or_else(&missing))
                .collect();
            row
        })
        .collect()
}

/// How windows are advanced.
struct Go<'a> {
    map: &'a DampedMap,
    /// How they are counted, where they are, and every how many steps one is shown.
    counting: Option<(&'a CountingMap, u64)>,
    starts: Starts<'a>,
    cancelled: &'a AtomicBool,
}

impl Go<'_> {
    fn on<O: Observer + Counter>(
        &self,
        ensemble: &mut Ensemble,
        windows: &[usize],
        stretch: usize,
        observers: &mut [O],
    ) -> bool {
        let (map, starts, cancelled) = (self.map, self.starts, self.cancelled);
        match self.counting {
            None => ensemble.advance(map, windows, stretch, starts, observers, cancelled),
            Some((counting, stride)) => ensemble.advance_counted(
                map, counting, stride, windows, stretch, starts, observers, cancelled,
            ),
        }
    }

    fn finish<O: Observer + Counter>(&self, ensemble: &mut Ensemble, observers: &mut [O]) {
        match self.counting {
            None => ensemble.finish(self.map, observers),
            Some((counting, _)) => ensemble.finish_counted(counting, observers),
        }
    }
}

impl Sampler<'_> {
    fn wants(&self, estimator: Estimator) -> bool {
        self.settings.estimators.contains(&estimator)
    }

    /// Every how many steps forces and values are binned where all steps are recorded.
    fn recorded_strides(&self) -> (u64, u64) {
        let stride = self.settings.steps.div_ceil(THINNED);
        let stride = stride.clamp(1, WIDEST_STRIDE);
        let forces = if self.wants(Estimator::Force) {
            1
        } else {
            stride
        };
        (forces, stride)
    }

    /// The same where windows are counted: the first is that of the steps that are shown.
    fn counted_strides(&self) -> (u64, u64) {
        let stride = |samples: u64| {
            let stride = self.settings.steps.div_ceil(samples);
            stride.clamp(1, WIDEST_COUNTED)
        };
        let forces = match self.wants(Estimator::Force) {
            true => stride(THINNED_FORCES),
            false => stride(THINNED),
        };
        (forces, stride(THINNED).next_multiple_of(forces))
    }

    /// The counting map, where all that the run needs are counts, sums and some of the steps, and
    /// it is long enough to thin those.
    ///
    /// # Errors
    /// As for the map that is recorded.
    pub(super) fn counting(&self, centre: &[f64]) -> Result<Option<CountingMap>, KernelError> {
        let few = self.sides.len() <= MOST_BINNED;
        let binned = self.settings.estimators.iter().any(|e| e.needs_bins());
        let every = self.wants(Estimator::Paper) || self.terms.is_some();
        // A run that ends when its forces will do needs all of them.
        let forces = self.wants(Estimator::Force) && self.settings.target.is_some();
        let (stride, _) = self.counted_strides();
        if !few || !binned || every || forces || stride < COUNTED_STRIDE {
            return Ok(None);
        }
        let each = self.settings.steps / self.settings.trajectories as u64;
        if each < FEWEST_SHOWN * stride {
            return Ok(None);
        }
        let damping = self.settings.damping.clone();
        self.potential.counting_map(damping, centre, true, None)
    }

    /// The same with the bins of a mesh, unless these are too many; without limits where the bins
    /// tell of all that leaves.
    ///
    /// # Errors
    /// As above.
    pub(super) fn in_bins(
        &self,
        counting: Option<CountingMap>,
        centre: &[f64],
        mesh: Option<&Mesh>,
        escape: &[Side],
    ) -> Result<Option<CountingMap>, KernelError> {
        let (Some(_), Some(mesh)) = (counting, mesh) else {
            return Ok(None);
        };
        let Some(places) = places(mesh) else {
            return Ok(None);
        };
        // The bins tell of all that leaves where they lie inside of where it may be.
        let limits = match (mesh.axes(), escape) {
            ([axis], [side]) => {
                let (grid, width) = (axis.grid, axis.grid.width());
                let within = side.lo < grid.lo() - width && grid.hi() + width < side.hi;
                !(axis.periodic || within)
            }
            _ => true,
        };
        let damping = self.settings.damping.clone();
        let counting = self
            .potential
            .counting_map(damping, centre, limits, Some(&places))?;
        Ok(counting.filter(|counting| counting.places().is_some()))
    }

    pub(super) fn burn_in(
        &self,
        ensemble: &mut Ensemble,
        pool: &[f64],
        counting: Option<&CountingMap>,
    ) -> Range {
        let go = Go {
            map: &self.map,
            counting: counting.map(|counting| (counting, 0)),
            starts: &draw(pool, self.sides.len()),
            cancelled: self.hooks.cancelled,
        };
        let half = self.settings.burn_in / 2;
        let mut nobody = vec![(); self.groups];
        let mut ranges = vec![Range::new(self.sides.len()); self.groups];
        let mut done = 0;
        for windows in self.windows(half, 8) {
            if !go.on(ensemble, &windows, 0, &mut nobody) {
                break;
            }
            done += windows.iter().sum::<usize>();
            self.report("burning in", done as f64 / self.settings.burn_in as f64);
        }
        for windows in self.windows(self.settings.burn_in - half, 8) {
            if !go.on(ensemble, &windows, 0, &mut ranges) {
                break;
            }
            done += windows.iter().sum::<usize>();
            self.report("burning in", done as f64 / self.settings.burn_in as f64);
        }
        go.finish(ensemble, &mut ranges);
        let none = Range::new(self.sides.len());
        ranges.iter().fold(none, Range::with)
    }

    /// Samples; `counting` is how windows are counted, where they are.
    pub(super) fn blocks(
        &self,
        sample: &mut Sample,
        ensemble: &mut Ensemble,
        pool: &[f64],
        mesh: Option<Mesh>,
        counting: Option<&CountingMap>,
        mut enough: impl FnMut(&[Block], &[f64]) -> bool,
    ) {
        let lanes = self.settings.trajectories as u64;
        let each = self.settings.steps.div_ceil(lanes);
        let (force_stride, value_stride) = match counting {
            Some(_) => self.counted_strides(),
            None => self.recorded_strides(),
        };
        let sigma = sample.kt.sqrt();
        let values = |x: &[f64], out: &mut [f64]| self.potential.values(x, out);
        let Some(momentum_grid) = Grid::over(-8.0 * sigma, 8.0 * sigma, 1024) else {
            return;
        };
        let plan = Plan {
            momentum_grid,
            periods: self.periods(),
            point_stride: match mesh {
                Some(_) => 0,
                None => self.settings.steps.div_ceil(POINTS),
            },
            mesh,
            force_stride,
            value_stride: if self.wants(Estimator::Value) {
                value_stride
            } else {
                0
            },
            whole_step: self.wants(Estimator::Paper),
            values: &values,
            centre: sample.survey.lowest.clone(),
            level: if sample.survey.level.is_finite() {
                sample.survey.level
            } else {
                0.0
            },
        };
        let nothing = || Block::new(&plan);
        let segments = self.segments();
        let (before, already) = ((self.hooks.seconds)(), ensemble.steps());
        let keeper = |_| Keeper {
            bins: Collector::new(&plan),
            terms: self
                .terms
                .map(|terms| terms.collector(self.term_stride(terms))),
        };
        let mut keepers: Vec<Keeper<'_>> = (0..self.groups).map(keeper).collect();
        let go = Go {
            map: &self.map,
            counting: counting.map(|counting| (counting, force_stride)),
            starts: &draw(pool, self.sides.len()),
            cancelled: self.hooks.cancelled,
        };
        let quiet = sample.census.trapped + sample.census.diverged == 0;
        let window = match counting {
            Some(_) if quiet => self.window.max(QUIET_WINDOW),
            _ => self.window,
        };
        for segment in 0..segments {
            let steps = (segment + 1) * each / segments - segment * each / segments;
            let at_once = steps.div_ceil(window).div_ceil(8).clamp(1, MOST_AT_ONCE);
            let mut done = 0;
            for windows in windows_of(window, steps, at_once) {
                if !go.on(ensemble, &windows, segment as usize, &mut keepers) {
                    break;
                }
                done += windows.iter().sum::<usize>();
                let part = done as f64 / steps as f64;
                self.report("sampling", (segment as f64 + part) / segments as f64);
            }
            let has_target = self.settings.target.is_some();
            let will_do = has_target
                && enough(
                    &in_order(
                        keepers.iter_mut().map(|k| k.bins.blocks().to_vec()),
                        nothing,
                    ),
                    &sample.spacing,
                );
            if will_do || self.cancelled() {
                break;
            }
        }
        go.finish(ensemble, &mut keepers);
        let (bins, terms): (Vec<Vec<Block>>, Vec<_>) = keepers
            .into_iter()
            .map(|keeper| {
                let terms = keeper.terms.map(terms::Collector::into_blocks);
                let terms = terms.unwrap_or_default().into_iter().map(Some);
                (keeper.bins.into_blocks(), terms.collect::<Vec<_>>())
            })
            .unzip();
        sample.blocks = in_order(bins.into_iter(), nothing);
        sample.terms = in_order(terms.into_iter(), || None);
        sample.steps = ensemble.steps() - already;
        sample.complete = !self.cancelled();
        sample.sampling_seconds = (self.hooks.seconds)() - before;
    }
}
