//! Sampling: a look at V, a pilot run, the burn-in, and then blocks of statistics.

use std::sync::atomic::Ordering;

use super::checkpoint::Kept;
use super::pilot::Pilot;
use super::room::SampleError;
use super::{Hooks, Potential, Progress, Settings};
use crate::dynamics::{Census, DampedMap, Ensemble, Side, Stream, Streams, Survey, survey};
use crate::graph::Coordinate;
use crate::kernel::LANES;
use crate::learn::collect::Block;
use crate::learn::terms::{self, Terms};

/// Blocks that are kept, if there are few groups, in one, two, three and more coordinates: where
/// there are bins in several, a block takes many megabytes.
const BLOCKS: [u64; 4] = [64, 24, 8, 64];
/// Looks at single pieces of terms, at most: some ten nanoseconds each.
const MOST_LOOKS: u64 = 2_000_000_000;
/// Stretches of time that make statistical blocks, times groups.
const SEGMENTS: u64 = 16;
/// Relaxation times in a stretch at least, so that stretches are independent.
const BLOCK_RELAXATIONS: f64 = 10.0;
/// Relaxation makes no window longer; what is left over of a stretch is added to its last.
const LONGEST_WINDOW: u64 = 4096;
/// Streams of random numbers that are not those of groups.
const SURVEY_STREAM: u64 = 1 << 40;
pub(super) const STARTS_STREAM: u64 = SURVEY_STREAM + 1;

/// What sampling gives.
pub struct Sample {
    /// What was seen of V before the first step.
    pub survey: Survey,
    /// What the pilot found; unless it is `Alive` there are no blocks.
    pub pilot: Pilot,
    /// The largest `delta^2 |V''|` that the pilot came by, where all were finite.
    pub stiffness: Option<f64>,
    /// A smaller step that was tried and keeps all trajectories, where this one does not.
    pub gentler: Option<f64>,
    /// Blocks, group by group within each stretch of time.
    pub blocks: Vec<Block>,
    /// What `terms` needs of the same lanes and stretches, where it was asked for.
    pub terms: Vec<Option<terms::Block>>,
    /// Groups: a stretch has so many blocks.
    pub groups: usize,
    /// The temperature that the plan was made with, `p^2` in the burn-in, the mean over
    /// coordinates.
    pub kt: f64,
    /// The spacing of knots, by coordinate; NaN where no plan was made.
    pub spacing: Vec<f64>,
    /// The coordinates whose knots are much further apart than the scale asks for.
    pub coarse: Vec<usize>,
    /// What happened to the lanes, since the burn-in, or in the pilot if there was no more.
    pub census: Census,
    /// Where the lanes are at the end. Shape: coordinates, lanes.
    pub ends: Vec<f64>,
    /// The lanes themselves, to go on with, where there are blocks.
    pub ensemble: Option<Ensemble>,
    /// The map that they follow.
    pub map: Option<DampedMap>,
    /// Steps of all lanes, after burn-in.
    pub steps: u64,
    /// Steps of all lanes before.
    pub warm_up: u64,
    /// Whether all steps were made.
    pub complete: bool,
    /// The shard, where only a part of the groups was asked for.
    pub shard: Option<Vec<u8>>,
    /// Evaluations of V and its gradient beside the steps: looking around, and binning V.
    pub looks: u64,
    /// Seconds of it all.
    pub seconds: f64,
    /// Seconds of sampling, after burn-in.
    pub sampling_seconds: f64,
    /// Milliseconds of compiling.
    pub jit_ms: f64,
}

/// Draws starting positions from a pool (shape: points, coordinates).
pub(super) fn draw(pool: &[f64], dimension: usize) -> impl Fn(&mut Stream, &mut [f64]) + Sync + '_ {
    move |stream, point| {
        let from = stream.below(pool.len() / dimension) * dimension;
        point.copy_from_slice(&pool[from..from + dimension]);
    }
}

/// What stays the same during a run.
pub(super) struct Sampler<'a> {
    pub potential: &'a Potential,
    /// The terms that get a weight, where that was asked for.
    pub terms: Option<&'a Terms>,
    pub settings: &'a Settings,
    pub hooks: &'a Hooks<'a>,
    /// How it is saved and gone on with, if it is.
    pub kept: Option<&'a Kept<'a>>,
    pub map: DampedMap,
    pub groups: usize,
    /// The period or the domain of each coordinate that has one.
    pub sides: Vec<Option<Side>>,
    /// Steps in which the slowest momentum forgets: `1/(gamma delta)`.
    pub relaxation: f64,
    /// Steps in a window: two relaxation times, if that is neither too few nor too many.
    pub window: u64,
}

/// The period or the domain of each coordinate that has one.
pub(super) fn sides(potential: &Potential, settings: &Settings) -> Vec<Option<Side>> {
    let side = |(at, coordinate): (usize, &Coordinate)| {
        let domain = settings.domain.as_ref().and_then(|domain| domain.get(at));
        let domain = domain.map(|(lo, hi)| Side::plain(*lo, *hi));
        coordinate.period.map(Side::period).or(domain)
    };
    let coordinates = potential.model.coordinates.iter().enumerate();
    coordinates.map(side).collect()
}

/// A look at V, before any step.
pub(super) fn look_around(potential: &Potential, settings: &Settings) -> Survey {
    let sides = sides(potential, settings);
    let origin = vec![0.0; sides.len()];
    let centre = settings.start.as_ref().unwrap_or(&origin);
    let mut stream = Streams::new(settings.seed).stream(SURVEY_STREAM);
    let slopes = |x: &[f64], out: &mut [f64]| potential.gradients(x, out);
    if !potential.has_values() {
        return Survey::blind(centre, &sides, settings.delta, &mut stream, slopes);
    }
    let values = |x: &[f64], out: &mut [f64]| potential.values(x, out);
    survey(centre, &sides, &mut stream, values, slopes)
}

/// Samples the damped map of a potential; `known` is what [`look_around`] found, if it was asked. `enough` is asked after every stretch
/// of time whether the blocks so far will do.
pub fn sample(
    potential: &Potential,
    terms: Option<&Terms>,
    settings: &Settings,
    known: Option<Survey>,
    hooks: &Hooks<'_>,
    kept: Option<&Kept<'_>>,
    enough: impl FnMut(&[Block], &[f64]) -> bool,
) -> Result<Sample, SampleError> {
    let before = (hooks.seconds)();
    let map = potential.map(settings.damping.clone())?;
    let jit_ms = 1e3 * ((hooks.seconds)() - before);
    let relaxation = 1.0 / (settings.damping.slowest() * settings.delta);
    let sampler = Sampler {
        potential,
        terms,
        settings,
        hooks,
        kept,
        map,
        groups: settings.trajectories / LANES,
        sides: sides(potential, settings),
        relaxation,
        window: (2.0 * relaxation).clamp(16.0, LONGEST_WINDOW as f64).ceil() as u64,
    };
    sampler.windows_fit()?;
    let begun = (hooks.seconds)();
    let survey = known.unwrap_or_else(|| look_around(potential, settings));
    let mut sample = sampler.run(jit_ms, survey, enough)?;
    sample.looks = potential.evaluations();
    sample.seconds = (hooks.seconds)() - begun;
    sample.map = Some(sampler.map);
    Ok(sample)
}

impl Sampler<'_> {
    fn run(
        &self,
        jit_ms: f64,
        survey: Survey,
        enough: impl FnMut(&[Block], &[f64]) -> bool,
    ) -> Result<Sample, SampleError> {
        let streams = Streams::new(self.settings.seed);
        let values = |x: &[f64], out: &mut [f64]| self.potential.values(x, out);
        let d = self.sides.len();
        let trial = self.pilot(&survey);
        let (pilot, pilot_kt, ensemble) = (trial.found, trial.kt, trial.ensemble);
        let mut sample = Sample {
            pilot,
            stiffness: trial.stiffness,
            gentler: None,
            blocks: Vec::new(),
            terms: Vec::new(),
            groups: self.groups,
            kt: pilot_kt,
            spacing: vec![f64::NAN; d],
            coarse: Vec::new(),
            census: ensemble.census(),
            ends: ensemble.positions(),
            ensemble: None,
            map: None,
            steps: 0,
            warm_up: trial.steps,
            complete: !self.cancelled(),
            shard: None,
            looks: 0,
            seconds: 0.0,
            sampling_seconds: 0.0,
            jit_ms,
            survey,
        };
        if pilot == Pilot::Diverged {
            sample.gentler = self.gentler(&sample.survey);
        }
        if pilot != Pilot::Alive || self.cancelled() {
            return Ok(sample);
        }
        let pool = match &self.settings.start {
            Some(start) => start.clone(),
            None => {
                let mut stream = streams.stream(STARTS_STREAM);
                sample.survey.starts(pilot_kt, &mut stream, values)
            }
        };
        let escape = self.escape(&sample.survey, pilot_kt);
        let mut ensemble = Ensemble::new(
            self.groups,
            streams,
            &draw(&pool, d),
            pilot_kt,
            &escape,
            self.settings.restarts,
            self.watch(),
        );
        let before = (self.hooks.seconds)();
        let counting = self.counting(&sample.survey.lowest)?;
        sample.jit_ms += 1e3 * ((self.hooks.seconds)() - before);
        let (from, warm) = self.burn_in(&mut ensemble, &pool, counting.as_ref())?;
        let range = &warm.range;
        // Where it was gone on from after burn-in, no lane has made those steps here yet.
        sample.warm_up += match self.cancelled() {
            true => ensemble.steps(),
            false => self.settings.burn_in * self.settings.trajectories as u64,
        };
        sample.census = warm.census.clone();
        sample.complete = !self.cancelled();
        if !sample.complete {
            return Ok(sample);
        }
        if sample.census.diverged * 2 > sample.census.windows || range.is_empty() {
            sample.pilot = Pilot::Diverged;
            sample.gentler = self.gentler(&sample.survey);
            return Ok(sample);
        }
        ensemble.forget();
        ensemble.settle();
        ensemble.part(self.own_groups());
        sample.kt = range.temperature();
        if self.is_free(&sample) {
            // Trajectories that nothing holds have no density, and go too far for any grid.
            return Ok(sample);
        }
        let space = self.space(&sample, range)?;
        self.fits(self.segments(), &space)?;
        (sample.spacing, sample.coarse) = (space.spacing, space.coarse);
        let (before, centre) = ((self.hooks.seconds)(), &sample.survey.lowest);
        let counting = self.in_bins(counting, centre, space.mesh.as_ref(), &escape)?;
        sample.jit_ms += 1e3 * ((self.hooks.seconds)() - before);
        self.blocks(
            &mut sample,
            &mut ensemble,
            &pool,
            space.mesh,
            counting.as_ref(),
            (from, &warm),
            enough,
        )?;
        sample.census = ensemble.census();
        sample.ends = ensemble.positions();
        sample.ensemble = Some(ensemble);
        if sample.census.diverged > 0 {
            sample.gentler = self.gentler(&sample.survey);
        }
        Ok(sample)
    }

    /// Every how many steps terms are worth a look.
    pub(super) fn term_stride(&self, terms: &Terms) -> u64 {
        let pieces: usize = terms.list.iter().map(|term| term.pieces).sum();
        // A product of slopes costs an eighth of a piece.
        let work = pieces.max(terms.block_bytes() / 64);
        let looks = self.settings.steps.saturating_mul(work as u64);
        looks.div_ceil(MOST_LOOKS).max(1)
    }

    /// The period of each coordinate that has one.
    pub(super) fn periods(&self) -> Vec<Option<f64>> {
        let coordinates = self.potential.model.coordinates.iter();
        coordinates.map(|coordinate| coordinate.period).collect()
    }

    /// Steps over which lanes are judged.
    pub(super) fn watch(&self) -> u64 {
        (2.0 * self.relaxation).clamp(16.0, 1e15).ceil() as u64
    }

    /// Stretches of time that make statistical blocks: fewer if there are many groups.
    pub(super) fn segments(&self) -> u64 {
        let each = self
            .settings
            .steps
            .div_ceil(self.settings.trajectories as u64);
        let blocks = BLOCKS[self.sides.len().min(BLOCKS.len()) - 1];
        let few = (blocks / self.groups as u64).max(2);
        // Groups are independent; stretches of one group are, if they are long enough.
        let long_enough = (each as f64 / (BLOCK_RELAXATIONS * self.relaxation)) as u64;
        SEGMENTS.min(few).min(long_enough).max(1)
    }

    pub(super) fn cancelled(&self) -> bool {
        self.hooks.cancelled.load(Ordering::Relaxed)
    }

    pub(super) fn report(&self, stage: &'static str, done: f64) {
        (self.hooks.progress)(Progress { stage, done });
    }

    /// The lengths of windows that add up to `steps`; see [`windows_of`].
    pub(super) fn windows(&self, steps: u64, at_once: u64) -> impl Iterator<Item = Vec<usize>> {
        windows_of(self.window, steps, at_once)
    }

    /// Whether V is seen to hold nothing at the temperature of the run.
    fn is_free(&self, sample: &Sample) -> bool {
        let open = self.sides.iter().any(Option::is_none);
        open && !sample.survey.blind && sample.survey.hull(sample.kt).is_none()
    }
}

/// The lengths of windows of `length` steps that add up to `steps`, at most `at_once` of them at a
/// time; the last of a batch takes what is left over, and only a batch that is less has a shorter one.
pub(super) fn windows_of(
    length: u64,
    steps: u64,
    at_once: u64,
) -> impl Iterator<Item = Vec<usize>> {
    let mut left = steps;
    std::iter::from_fn(move || {
        let some = left.min(at_once.saturating_mul(length));
        left -= some;
        let mut windows = vec![length as usize; (some / length) as usize];
        let rest = (some % length) as usize;
        match windows.last_mut() {
            Some(last) => *last += rest,
            None => windows.extend((rest > 0).then_some(rest)),
        }
        (!windows.is_empty()).then_some(windows)
    })
}
