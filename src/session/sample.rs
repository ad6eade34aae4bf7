//! Sampling: a look at V, a pilot run, the burn-in, and then blocks of statistics.

use std::sync::atomic::Ordering;

use super::{Hooks, Knots, Potential, Progress, Settings};
use crate::dynamics::{
    Census, DampedMap, Ensemble, LaneFate, Observer, Stream, Streams, Survey, Window, survey,
};
use crate::kernel::{Engine, KernelError, LANES};
use crate::learn::collect::{Block, Collector, Plan};
use crate::learn::scale;
use crate::stats::Grid;

/// Bins in a cell of the spline.
const BINS_IN_CELL: f64 = 16.0;
/// Bins that fit into memory with all blocks.
pub const MOST_BINS: usize = 1 << 17;
/// Thinned sums see about so many samples.
const THINNED: u64 = 4_000_000;
/// Stretches of time that make statistical blocks, times groups.
const SEGMENTS: u64 = 16;
/// Steps in a window at most.
const LONGEST_WINDOW: u64 = 4096;
/// Streams of random numbers that are not those of groups.
const SURVEY_STREAM: u64 = 1 << 40;
/// The pilot has random numbers of its own.
const PILOT_SEED: u64 = 0x5bd1_e995;
const STARTS_STREAM: u64 = SURVEY_STREAM + 1;

/// What the pilot found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pilot {
    /// The momenta live.
    Alive,
    /// The momenta die out, and the lanes rest in many different places.
    Caught,
    /// The momenta die out, and the lanes rest in the few wells of a smooth potential.
    AtRest,
    /// Most lanes diverge.
    Diverged,
}

/// What sampling gives.
pub struct Sample {
    /// What was seen of V before the first step.
    pub survey: Survey,
    /// What the pilot found; unless it is `Alive` there are no blocks.
    pub pilot: Pilot,
    /// Blocks, group by group within each stretch of time.
    pub blocks: Vec<Block>,
    /// Groups: a stretch has so many blocks.
    pub groups: usize,
    /// The temperature that the plan was made with, `p^2` in the burn-in.
    pub kt: f64,
    /// The spacing of knots.
    pub spacing: f64,
    /// What happened to the lanes, since the burn-in, or in the pilot if there was no more.
    pub census: Census,
    /// The lanes at the end.
    pub fates: Vec<LaneFate>,
    /// Steps of all lanes, after burn-in.
    pub steps: u64,
    /// Steps of all lanes before.
    pub warm_up: u64,
    /// Whether all steps were made.
    pub complete: bool,
    /// Seconds of sampling, after burn-in.
    pub seconds: f64,
    /// Milliseconds of compiling.
    pub jit_ms: f64,
}

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The kernels cannot be made.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The grid would not fit.
    #[error(
        "{needed} bins of width {width:e} are needed between {lo} and {hi}; at most {MOST_BINS} fit"
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

/// Draws starting positions from a pool.
fn draw(pool: &[f64]) -> impl Fn(&mut Stream) -> f64 + Sync + '_ {
    |stream| pool[stream.below(pool.len())]
}

/// The range of positions and the mean of `p^2` that a group shows.
#[derive(Clone, Copy, Debug)]
struct Range {
    lo: f64,
    hi: f64,
    squares: f64,
    count: f64,
}

impl Range {
    const NONE: Range = Range {
        lo: f64::INFINITY,
        hi: f64::NEG_INFINITY,
        squares: 0.0,
        count: 0.0,
    };

    fn with(self, other: &Range) -> Range {
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

/// What stays the same during a run.
struct Sampler<'a> {
    potential: &'a Potential,
    settings: &'a Settings,
    hooks: &'a Hooks<'a>,
    map: DampedMap,
    groups: usize,
    /// Steps in a window: two relaxation times, if that is neither too few nor too many.
    window: u64,
}

/// Samples the damped map of a potential in one coordinate. `enough` is asked after every stretch
/// of time whether the blocks so far will do.
pub fn sample(
    potential: &Potential,
    settings: &Settings,
    hooks: &Hooks<'_>,
    enough: impl FnMut(&[Block], f64) -> bool,
) -> Result<Sample, SampleError> {
    let before = (hooks.seconds)();
    let map = DampedMap::compile(
        &potential.model,
        &potential.parameters,
        settings.delta,
        settings.gamma,
        Engine::best(),
    )?;
    let jit_ms = 1e3 * ((hooks.seconds)() - before);
    let relaxation = 1.0 / (settings.gamma * settings.delta);
    let sampler = Sampler {
        potential,
        settings,
        hooks,
        map,
        groups: settings.trajectories / LANES,
        window: (2.0 * relaxation).clamp(16.0, LONGEST_WINDOW as f64).ceil() as u64,
    };
    sampler.run(relaxation, jit_ms, enough)
}

impl Sampler<'_> {
    fn run(
        &self,
        relaxation: f64,
        jit_ms: f64,
        enough: impl FnMut(&[Block], f64) -> bool,
    ) -> Result<Sample, SampleError> {
        let streams = Streams::new(self.settings.seed);
        let values = |x: &[f64], out: &mut [f64]| self.potential.values(x, out);
        let survey = survey(
            self.settings.start.unwrap_or(0.0),
            self.settings.domain,
            &mut streams.stream(SURVEY_STREAM),
            values,
        );
        let (pilot, pilot_kt, pilot_steps, ensemble) = self.pilot(&survey, relaxation);
        let mut sample = Sample {
            pilot,
            blocks: Vec::new(),
            groups: self.groups,
            kt: pilot_kt,
            spacing: f64::NAN,
            census: ensemble.census(),
            fates: ensemble.fates().collect(),
            steps: 0,
            warm_up: pilot_steps,
            complete: !self.cancelled(),
            seconds: 0.0,
            jit_ms,
            survey,
        };
        if pilot != Pilot::Alive || self.cancelled() {
            return Ok(sample);
        }
        let pool = match self.settings.start {
            Some(start) => vec![start],
            None => {
                let mut stream = streams.stream(STARTS_STREAM);
                sample.survey.starts(pilot_kt, &mut stream, values)
            }
        };
        let escape = self.escape(&sample.survey, pilot_kt);
        let mut ensemble = Ensemble::new(
            self.groups,
            streams,
            &draw(&pool),
            pilot_kt,
            escape,
            self.settings.restarts,
        );
        let range = self.burn_in(&mut ensemble, &pool);
        sample.warm_up += self.settings.burn_in * self.settings.trajectories as u64;
        sample.census = ensemble.census();
        if sample.census.diverged * 2 > sample.census.windows || range.count == 0.0 {
            sample.pilot = Pilot::Diverged;
            return Ok(sample);
        }
        ensemble.forget();
        sample.kt = range.squares / range.count;
        let grid = self.grid(&mut sample, &range)?;
        self.blocks(&mut sample, &mut ensemble, &pool, grid, enough);
        sample.census = ensemble.census();
        sample.fates = ensemble.fates().collect();
        Ok(sample)
    }

    fn cancelled(&self) -> bool {
        self.hooks.cancelled.load(Ordering::Relaxed)
    }

    fn report(&self, stage: &'static str, done: f64) {
        (self.hooks.progress)(Progress { stage, done });
    }

    /// Window lengths that add up to `steps`.
    fn windows(&self, steps: u64, longest: u64) -> Vec<usize> {
        let whole = steps / longest;
        let rest = steps % longest;
        let mut windows = vec![longest as usize; whole as usize];
        windows.extend((rest > 0).then_some(rest as usize));
        windows
    }

    /// Lets lanes loose around the lowest place, at rest: they heat up to the temperature that the
    /// unresolved scales give them, or do not.
    fn pilot(&self, survey: &Survey, relaxation: f64) -> (Pilot, f64, u64, Ensemble) {
        const WINDOWS: u64 = 8;
        let streams = Streams::new(self.settings.seed ^ PILOT_SEED);
        let mut stream = streams.stream(STARTS_STREAM);
        let pool = match self.settings.start {
            Some(start) => vec![start],
            None => {
                let slopes = |x: &[f64], out: &mut [f64]| self.potential.gradients(x, out);
                let kick = survey.kick(self.settings.delta, &mut stream, slopes);
                let values = |x: &[f64], out: &mut [f64]| self.potential.values(x, out);
                survey.starts(kick, &mut stream, values)
            }
        };
        let everywhere = (-1e300, 1e300);
        let escape = self.settings.domain.unwrap_or(everywhere);
        let mut ensemble = Ensemble::new(self.groups, streams, &draw(&pool), 0.0, escape, false);
        let steps = (2.0 * WINDOWS as f64 * relaxation).clamp(128.0, 1e6) as u64;
        let windows = self.windows(steps, self.window);
        let mut observers = vec![(); self.groups];
        let (mut highest, mut last) = (0.0f64, 0.0);
        for (at, &window) in windows.iter().enumerate() {
            let cancelled = self.hooks.cancelled;
            ensemble.advance(
                &self.map,
                &[window],
                &draw(&pool),
                &mut observers,
                cancelled,
            );
            self.report("looking around", at as f64 / windows.len() as f64);
            last = ensemble.upper_quartile();
            highest = highest.max(last);
        }
        let census = ensemble.census();
        let found = if 2 * census.diverged > census.windows || last.is_nan() {
            Pilot::Diverged
        } else if last <= 1e-4 * highest {
            at_rest(&ensemble, &pool)
        } else {
            Pilot::Alive
        };
        let kinetic: Vec<f64> = ensemble
            .fates()
            .map(|fate| fate.kinetic)
            .filter(|kinetic| kinetic.is_finite())
            .collect();
        let kt = kinetic.iter().sum::<f64>() / kinetic.len().max(1) as f64;
        (
            found,
            kt,
            steps * self.settings.trajectories as u64,
            ensemble,
        )
    }

    /// Beyond this a lane has left.
    fn escape(&self, survey: &Survey, kt: f64) -> (f64, f64) {
        if let Some(domain) = self.settings.domain {
            return domain;
        }
        let reach = match survey.hull(kt) {
            Some((lo, hi)) => return (lo - 4.0 * (hi - lo), hi + 4.0 * (hi - lo)),
            None => 1e4 * scale::resolution_length(self.settings.delta, kt),
        };
        (survey.lowest - reach, survey.lowest + reach)
    }

    fn burn_in(&self, ensemble: &mut Ensemble, pool: &[f64]) -> Range {
        let half = self.settings.burn_in / 2;
        let mut nobody = vec![(); self.groups];
        let mut ranges = vec![Range::NONE; self.groups];
        let chunks = |steps| self.windows(steps, self.window);
        let (first, second) = (chunks(half), chunks(self.settings.burn_in - half));
        let total = (first.len() + second.len()) as f64;
        let mut done = 0.0;
        for windows in first.chunks(8) {
            let cancelled = self.hooks.cancelled;
            ensemble.advance(&self.map, windows, &draw(pool), &mut nobody, cancelled);
            done += windows.len() as f64;
            self.report("burning in", done / total);
        }
        for windows in second.chunks(8) {
            let cancelled = self.hooks.cancelled;
            ensemble.advance(&self.map, windows, &draw(pool), &mut ranges, cancelled);
            done += windows.len() as f64;
            self.report("burning in", done / total);
        }
        ensemble.finish(&self.map, &mut ranges);
        ranges.iter().fold(Range::NONE, Range::with)
    }

    /// Bins a sixteenth of a cell wide, over all that may be visited.
    fn grid(&self, sample: &mut Sample, range: &Range) -> Result<Grid, SampleError> {
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
            (lo, hi) = (lo.min(hull.0), hi.max(hull.1));
        }
        let l = scale::resolution_length(self.settings.delta, sample.kt);
        sample.spacing = match self.settings.knots {
            Some(Knots::Spacing(h)) => h,
            Some(Knots::Count(n)) => (range.hi - range.lo) / n as f64,
            None => 1.5 * l,
        };
        let width = sample.spacing / BINS_IN_CELL;
        let needed = ((hi - lo) / width).ceil() + 1.0;
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

    fn blocks(
        &self,
        sample: &mut Sample,
        ensemble: &mut Ensemble,
        pool: &[f64],
        grid: Grid,
        mut enough: impl FnMut(&[Block], f64) -> bool,
    ) {
        let lanes = self.settings.trajectories as u64;
        let each = self.settings.steps.div_ceil(lanes);
        let stride = self.settings.steps.div_ceil(THINNED).max(1);
        let wants = |e| self.settings.estimators.contains(&e);
        let sigma = sample.kt.sqrt();
        let values = |x: &[f64], out: &mut [f64]| self.potential.values(x, out);
        let plan = Plan {
            grid,
            momentum_grid: Grid::over(-8.0 * sigma, 8.0 * sigma, 1024).unwrap_or(grid),
            force_stride: if wants(super::Estimator::Force) {
                1
            } else {
                stride
            },
            value_stride: if wants(super::Estimator::Value) {
                stride
            } else {
                0
            },
            whole_step: wants(super::Estimator::Paper),
            values: &values,
            centre: sample.survey.lowest,
            level: if sample.survey.level.is_finite() {
                sample.survey.level
            } else {
                0.0
            },
        };
        let segments = SEGMENTS.min(each).max(1);
        let before = (self.hooks.seconds)();
        for segment in 0..segments {
            let steps = (segment + 1) * each / segments - segment * each / segments;
            let windows = self.windows(steps, self.window);
            let mut collectors: Vec<Collector<'_>> =
                (0..self.groups).map(|_| Collector::new(&plan)).collect();
            let rounds = windows.len().div_ceil(8).max(1);
            for (round, windows) in windows.chunks(rounds).enumerate() {
                let cancelled = self.hooks.cancelled;
                ensemble.advance(&self.map, windows, &draw(pool), &mut collectors, cancelled);
                let done = (segment as f64 + (round + 1) as f64 / 8.0) / segments as f64;
                self.report("sampling", done.min(1.0));
            }
            sample.steps += steps * lanes;
            let last = segment + 1 == segments || self.cancelled();
            if last {
                ensemble.finish(&self.map, &mut collectors);
            }
            sample
                .blocks
                .extend(collectors.into_iter().map(Collector::into_block));
            if last || enough(&sample.blocks, sample.spacing) {
                break;
            }
        }
        sample.complete = !self.cancelled();
        sample.seconds = (self.hooks.seconds)() - before;
    }
}

/// Tells lanes that rest in the wells of a smooth potential from lanes that rest wherever the
/// small scale caught them: the former share their places.
fn at_rest(ensemble: &Ensemble, starts: &[f64]) -> Pilot {
    let sorted = |values: &mut dyn Iterator<Item = f64>| {
        let mut values: Vec<f64> = values.filter(|x| x.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let starts = sorted(&mut starts.iter().copied());
    let places = sorted(&mut ensemble.fates().map(|fate| fate.position));
    let spread = starts.last().unwrap_or(&0.0) - starts.first().unwrap_or(&0.0);
    // What is left of a decaying oscillation is below a hundredth of where it began.
    let apart = |pair: &&[f64]| pair[1] - pair[0] > 1e-2 * spread;
    let distinct = 1 + places.windows(2).filter(apart).count();
    if distinct > 4 && distinct > places.len() / 8 {
        Pilot::Caught
    } else {
        Pilot::AtRest
    }
}
