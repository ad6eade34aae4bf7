//! Burn-in, and the stretches of time that make blocks of statistics.
//!
//! Runs that need no more than counts, sums and some of the steps are counted as they are made
//! ([`CountingMap`]); in others every step is recorded and looked at.

use std::sync::atomic::AtomicBool;

use super::Estimator;
use super::checkpoint::Kept as KeptRun;
use super::kept::{Place, Spent, Warm};
use super::room::{MOST_BINNED, Range, SampleError};
use super::sample::{Sample, Sampler, draw, windows_of};
use crate::dynamics::{
    CountedWindow, Counter, CountingMap, DampedMap, Ensemble, Observer, Side, Starts, Window,
};
use crate::kernel::{KernelError, LANES};
use crate::learn::collect::{Block, Collector, Plan};
use crate::learn::tally::places;
use crate::learn::terms;
use crate::stats::{Grid, Mesh};
use crate::tape::Tape;

/// Positions that are kept, about, where there are no bins.
const POINTS: u64 = 4096;
/// Windows between two looks at the clock of progress, at most.
const MOST_AT_ONCE: u64 = 1024;
/// Thinned sums see about so many samples.
const THINNED: u64 = 4_000_000;
/// The same where `force` is asked for and windows are counted. Unresolved forces of successive
/// steps hardly know each other, so that each step tells something; but one costs as much as fifty
/// steps do.
const THINNED_FORCES: u64 = 5_000_000;
/// The same where neither values nor forces are asked for, and forces are but checks.
const THINNED_CHECKS: u64 = 1_000_000;
/// Thinning beyond this would leave an interrupted run with nothing; where all steps are recorded it
/// saves no time.
const WIDEST_STRIDE: u64 = 64;
/// The same where windows are counted: a step that is looked at costs as much as fifty others.
const WIDEST_COUNTED: u64 = 4096;
/// A step that is shown costs a start of the kernel: windows are counted where so few are.
const COUNTED_STRIDE: u64 = 4;

/// Steps in a window that is counted, where no lane was lost in the burn-in, at least and at most:
/// what a window costs beside its steps is then nothing (with 2048 of thirty operations it was a
/// tenth). A lane that is lost, and Ctrl-C, are only seen at the end of it; groups in which lanes are
/// lost cut it.
const SHORTEST_QUIET: u64 = 2048;
pub(super) const LONGEST_QUIET: u64 = 8192;
/// Operations of a lane in such a window between these.
const QUIET_OPERATIONS: u64 = 1 << 20;

/// Steps of a lane that are shown, at least: enough for the mean and the variance of either half.
const FEWEST_SHOWN: u64 = 100;

/// What a group of lanes keeps.
pub(super) struct Keeper<'a> {
    bins: Collector<'a>,
    terms: Option<terms::Collector<'a>>,
}

impl Keeper<'_> {
    /// Writes what is kept on a tape, or reads it.
    pub(super) fn pass(&mut self, tape: &mut Tape, stretches: usize) {
        self.bins.pass(tape, stretches);
        if let Some(terms) = &mut self.terms {
            terms.pass(tape, stretches);
        }
    }
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

/// All lanes, and what looks at each group of them.
type Lanes<'a, O> = (&'a mut Ensemble, &'a mut [O]);

/// How windows are advanced.
struct Go<'a> {
    map: &'a DampedMap,
    /// How they are counted, where they are, and every how many steps one is shown.
    counting: Option<(&'a CountingMap, u64)>,
    starts: Starts<'a>,
    stop: &'a AtomicBool,
}

impl Go<'_> {
    fn on<O: Observer + Counter>(
        &self,
        ensemble: &mut Ensemble,
        windows: &[usize],
        stretch: usize,
        observers: &mut [O],
    ) -> bool {
        let (map, starts, stop) = (self.map, self.starts, self.stop);
        match self.counting {
            None => ensemble.advance(map, windows, stretch, starts, observers, stop),
            Some((counting, stride)) => ensemble.advance_counted(
                map, counting, stride, windows, stretch, starts, observers, stop,
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
        let samples = self.settings.estimators.iter().map(|e| match e {
            Estimator::Force => THINNED_FORCES,
            Estimator::Value => THINNED,
            _ => THINNED_CHECKS,
        });
        let forces = stride(samples.max().unwrap_or(THINNED_CHECKS));
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
        let short = self.settings.steps.div_ceil(THINNED).min(stride) < COUNTED_STRIDE;
        if !few || !binned || every || forces || short {
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

    /// Lets the lanes forget where they began; what they show in the second half of it.
    ///
    /// # Errors
    /// What is gone on from does not fit.
    pub(super) fn burn_in(
        &self,
        ensemble: &mut Ensemble,
        pool: &[f64],
        counting: Option<&CountingMap>,
    ) -> Result<(Place, Warm), SampleError> {
        let go = Go {
            map: &self.map,
            counting: counting.map(|counting| (counting, 0)),
            starts: &draw(pool, self.sides.len()),
            stop: self.stop(),
        };
        let half = self.settings.burn_in / 2;
        let nobody = vec![(); self.groups];
        let mut ranges = vec![Range::new(self.sides.len()); self.groups];
        let (from, warm) = self.resume_burning((&mut *ensemble, &mut ranges), counting)?;
        if let Some(warm) = warm {
            return Ok((from, warm));
        }
        let mut done = 0;
        let mut state = (&mut *ensemble, &mut ranges[..]);
        let save = |place, (ensemble, ranges): &mut Lanes<'_, Range>, kept: &KeptRun<'_>| {
            kept.save(self.burning(place, (ensemble, ranges), counting));
        };
        let halves = [half, self.settings.burn_in - half];
        'all: for (part, steps) in (0u64..).zip(halves) {
            for (batch, windows) in (0u64..).zip(self.windows(steps, 8)) {
                let mut place = Place {
                    sampling: false,
                    part,
                    batch,
                };
                let run = |(ensemble, ranges): &mut Lanes<'_, Range>| match part {
                    0 => go.on(ensemble, &windows, 0, &mut nobody.clone()),
                    _ => go.on(ensemble, &windows, 0, ranges),
                };
                if place >= from && !self.steadily(&mut place, &mut state, run, save) {
                    break 'all;
                }
                done += windows.iter().sum::<usize>();
                self.report("burning in", done as f64 / self.settings.burn_in as f64);
            }
        }
        go.finish(ensemble, &mut ranges);
        let none = Range::new(self.sides.len());
        let warm = Warm {
            range: ranges.iter().fold(none, Range::with),
            census: ensemble.census(),
        };
        Ok((Place::default(), warm))
    }

    /// Samples; `counting` is how windows are counted, where they are.
    #[expect(
        clippy::too_many_arguments,
        reason = "what a run is made of, and where it goes on"
    )]
    pub(super) fn blocks(
        &self,
        sample: &mut Sample,
        ensemble: &mut Ensemble,
        pool: &[f64],
        mesh: Option<Mesh>,
        counting: Option<&CountingMap>,
        (from, warm): (Place, &Warm),
        mut enough: impl FnMut(&[Block], &[f64]) -> bool,
    ) -> Result<(), SampleError> {
        let lanes = self.settings.trajectories as u64;
        let each = self.settings.steps.div_ceil(lanes);
        let (force_stride, value_stride) = match counting {
            Some(_) => self.counted_strides(),
            None => self.recorded_strides(),
        };
        let sigma = sample.kt.sqrt();
        let values = |x: &[f64], out: &mut [f64]| self.potential.values(x, out);
        let Some(momentum_grid) = Grid::over(-8.0 * sigma, 8.0 * sigma, 1024) else {
            return Ok(());
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
        let keeper = |_| Keeper {
            bins: Collector::new(&plan),
            terms: self
                .terms
                .map(|terms| terms.collector(self.term_stride(terms))),
        };
        let mut keepers: Vec<Keeper<'_>> = (0..ensemble.groups()).map(keeper).collect();
        let already = self.settings.burn_in * (ensemble.groups() * LANES) as u64;
        let spent = self.resume_sampling((&mut *ensemble, &mut keepers), counting)?;
        let (begun, looked) = ((self.hooks.seconds)(), self.potential.evaluations());
        self.potential.count(spent.looks);
        let go = Go {
            map: &self.map,
            counting: counting.map(|counting| (counting, force_stride)),
            starts: &draw(pool, self.sides.len()),
            stop: self.stop(),
        };
        let so_far = || Spent {
            seconds: spent.seconds + (self.hooks.seconds)() - begun,
            looks: self.potential.evaluations() - looked,
        };
        let quiet = warm.census.trapped + warm.census.diverged == 0;
        let window = match counting.filter(|_| quiet) {
            Some(counting) => {
                let steps = QUIET_OPERATIONS / counting.operations().max(1) as u64;
                self.window.max(steps.clamp(SHORTEST_QUIET, LONGEST_QUIET))
            }
            None => self.window,
        };
        let mut state = (&mut *ensemble, &mut keepers[..]);
        let save = |place, (ensemble, keepers): &mut Lanes<'_, Keeper<'_>>, kept: &KeptRun<'_>| {
            kept.save(self.sampling(place, (warm, so_far()), (ensemble, keepers), counting));
        };
        let mut here = from;
        for segment in from.part..segments {
            let steps = (segment + 1) * each / segments - segment * each / segments;
            let at_once = steps.div_ceil(window).div_ceil(8).clamp(1, MOST_AT_ONCE);
            let mut done = 0;
            for (batch, windows) in (0u64..).zip(windows_of(window, steps, at_once)) {
                let place = Place {
                    sampling: true,
                    part: segment,
                    batch,
                };
                let run = |(ensemble, keepers): &mut Lanes<'_, Keeper<'_>>| {
                    go.on(ensemble, &windows, segment as usize, keepers)
                };
                if place >= from {
                    here = place;
                    if !self.steadily(&mut here, &mut state, run, save) {
                        break;
                    }
                }
                done += windows.iter().sum::<usize>();
                let part = done as f64 / steps as f64;
                self.report("sampling", (segment as f64 + part) / segments as f64);
            }
            let has_target = self.settings.target.is_some();
            let will_do = has_target
                && enough(
                    &in_order(
                        state.1.iter_mut().map(|k| k.bins.blocks().to_vec()),
                        nothing,
                    ),
                    &sample.spacing,
                );
            if will_do || self.cancelled() {
                break;
            }
        }
        sample.complete = !self.cancelled();
        if sample.complete && self.settings.target.is_none() {
            here = Place {
                sampling: true,
                part: segments,
                batch: 0,
            };
        }
        if let Some(kept) = self.kept {
            match kept.is_part() && sample.complete {
                true => {
                    let state = self.sampling(
                        here,
                        (warm, so_far()),
                        (&mut *state.0, &mut *state.1),
                        counting,
                    );
                    sample.shard = Some(kept.file(state));
                }
                // What is fitted can be interrupted too.
                false if !sample.complete || kept.is_saved() => save(here, &mut state, kept),
                false => {}
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
        sample.sampling_seconds = so_far().seconds;
        Ok(())
    }
}
