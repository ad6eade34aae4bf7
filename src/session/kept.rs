//! A run that is saved as it goes, and gone on with: what is on the tape of a checkpoint.
//!
//! First where the run has come to; in burn-in all groups and the ranges that they have shown; in
//! sampling what burn-in has found, and the groups of the shard with what they keep. What follows
//! from the settings and from that (the survey, the pilot, the bins) is made again, with the same
//! bits.

use std::sync::atomic::{AtomicBool, Ordering};

use super::blocks::{Keeper, LONGEST_QUIET};
use super::checkpoint::{Kept as KeptRun, Shard};
use super::room::{Range, SampleError};
use super::sample::Sampler;
use crate::dynamics::{Census, CountingMap, Ensemble, WindowLimits};
use crate::tape::{Kept, Tape, kept};

/// Where a run has come to: batches of windows that are done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(super) struct Place {
    /// Whether burn-in is over.
    pub sampling: bool,
    /// The half of burn-in, or the stretch of time.
    pub part: u64,
    /// Batches that are done in it. The groups know how many windows of the next.
    pub batch: u64,
}

kept!(Place: sampling, part, batch);

/// What burn-in has found.
#[derive(Clone)]
pub(super) struct Warm {
    pub range: Range,
    pub census: Census,
}

kept!(Warm: range, census);

/// What is counted beside the blocks.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    /// Seconds of sampling.
    pub seconds: f64,
    /// Evaluations of V.
    pub looks: u64,
}

kept!(Spent: seconds, looks);

impl Sampler<'_> {
    /// What stops windows before their end.
    pub(super) fn stop(&self) -> &AtomicBool {
        let due = self.kept.and_then(|kept| kept.due);
        due.unwrap_or(self.hooks.cancelled)
    }

    /// Runs the windows of a batch to their end, and saves the state whenever that is due; false where
    /// the run is cancelled. The place is that of the batch, and then where to go on from.
    pub(super) fn steadily<S>(
        &self,
        place: &mut Place,
        state: &mut S,
        run: impl Fn(&mut S) -> bool,
        save: impl Fn(Place, &mut S, &KeptRun<'_>),
    ) -> bool {
        loop {
            let complete = run(state);
            place.batch += u64::from(complete);
            let due = self.kept.and_then(|kept| Some((kept, kept.due?)));
            if let Some((kept, due)) = due
                && due.load(Ordering::Relaxed)
            {
                save(*place, state, kept);
                // What became due meanwhile is saved: else a slow disk would leave no time for steps.
                due.store(false, Ordering::Relaxed);
            }
            if self.cancelled() {
                return false;
            }
            if complete {
                return true;
            }
        }
    }

    /// No window is more.
    fn limits(&self) -> WindowLimits {
        WindowLimits {
            steps: 2 * self.window.max(LONGEST_QUIET) as usize,
            stretches: self.segments() as usize,
        }
    }

    /// The state in burn-in.
    pub(super) fn burning(
        &self,
        place: Place,
        (ensemble, ranges): (&mut Ensemble, &mut [Range]),
        counting: Option<&CountingMap>,
    ) -> Tape {
        let mut tape = Tape::blank();
        let mut place = place;
        place.pass(&mut tape);
        self.pass_burning(&mut tape, (ensemble, ranges), counting);
        tape
    }

    fn pass_burning(
        &self,
        tape: &mut Tape,
        (ensemble, ranges): (&mut Ensemble, &mut [Range]),
        counting: Option<&CountingMap>,
    ) {
        let groups = 0..ensemble.groups();
        ensemble.pass(tape, groups, &self.map, counting, self.limits());
        tape.row(ranges);
    }

    /// Goes on in burn-in, or after it: then what it has found is given back.
    pub(super) fn resume_burning(
        &self,
        (ensemble, ranges): (&mut Ensemble, &mut [Range]),
        counting: Option<&CountingMap>,
    ) -> Result<(Place, Option<Warm>), SampleError> {
        let mut found: Option<(Place, Option<Warm>)> = None;
        let mut head = Vec::new();
        for (name, _, tape) in self.tapes().iter_mut() {
            let mut place = Place::default();
            place.pass(tape);
            let warm = match place.sampling {
                true => {
                    let mut warm = Warm {
                        range: Range::new(self.sides.len()),
                        census: Census::default(),
                    };
                    warm.pass(tape);
                    Some(warm)
                }
                false => {
                    self.pass_burning(tape, (&mut *ensemble, &mut *ranges), counting);
                    None
                }
            };
            let mut own = Tape::blank();
            warm.clone().iter_mut().for_each(|warm| warm.pass(&mut own));
            let own = own.into_bytes();
            let first = found.is_none();
            // Of sampling more is on it.
            let whole = warm.is_some() || tape.fits();
            if tape.is_wrong() || !whole || !first && (head != own || warm.is_none()) {
                return Err(SampleError::Checkpoint(format!(
                    "{name} does not fit to the run that it says it is of"
                )));
            }
            if self.kept.is_some_and(KeptRun::is_merged) && place.part < self.segments() {
                return Err(SampleError::Checkpoint(format!(
                    "{name} is not at its end: it is a checkpoint, and no shard"
                )));
            }
            if first {
                head = own;
                found = Some((place, warm));
            }
        }
        let (place, warm) = found.unwrap_or_default();
        if warm.is_none() {
            self.tapes().clear();
        }
        Ok((place, warm))
    }

    fn tapes(&self) -> Tapes<'_> {
        match self.kept.map(|kept| kept.from.lock()) {
            Some(Ok(tapes)) => Tapes(Some(tapes)),
            _ => Tapes(None),
        }
    }

    /// The groups that are run, of all.
    pub(super) fn own_groups(&self) -> std::ops::Range<usize> {
        let shard = self.kept.map_or(Shard::WHOLE, KeptRun::shard);
        shard.groups(self.groups)
    }

    /// The state in sampling.
    pub(super) fn sampling(
        &self,
        place: Place,
        (warm, mut spent): (&Warm, Spent),
        (ensemble, keepers): (&mut Ensemble, &mut [Keeper<'_>]),
        counting: Option<&CountingMap>,
    ) -> Tape {
        let mut tape = Tape::blank();
        let (mut place, mut warm) = (place, warm.clone());
        place.pass(&mut tape);
        warm.pass(&mut tape);
        spent.pass(&mut tape);
        let groups = 0..ensemble.groups();
        ensemble.pass(&mut tape, groups, &self.map, counting, self.limits());
        let stretches = self.segments() as usize;
        keepers
            .iter_mut()
            .for_each(|keeper| keeper.pass(&mut tape, stretches));
        tape
    }

    /// Goes on in sampling.
    pub(super) fn resume_sampling(
        &self,
        (ensemble, keepers): (&mut Ensemble, &mut [Keeper<'_>]),
        counting: Option<&CountingMap>,
    ) -> Result<Spent, SampleError> {
        let (mut all, stretches) = (Spent::default(), self.segments() as usize);
        let one = self.own_groups();
        for (name, shard, tape) in self.tapes().iter_mut() {
            // Of a shard that is gone on with there are no other groups.
            let groups = match *shard == self.kept.map_or(Shard::WHOLE, KeptRun::shard) {
                true => 0..one.len(),
                false => shard.groups(self.groups),
            };
            let mut spent = Spent::default();
            spent.pass(tape);
            ensemble.pass(tape, groups.clone(), &self.map, counting, self.limits());
            for keeper in &mut keepers[groups] {
                keeper.pass(tape, stretches);
            }
            if !tape.fits() {
                return Err(SampleError::Checkpoint(format!(
                    "{name} does not fit to the run that it says it is of"
                )));
            }
            all.seconds += spent.seconds;
            all.looks += spent.looks;
        }
        self.tapes().clear();
        Ok(all)
    }
}

/// What is gone on from; nothing where a run is not kept.
struct Tapes<'a>(Option<std::sync::MutexGuard<'a, Vec<(String, Shard, Tape)>>>);

impl Tapes<'_> {
    fn iter_mut(&mut self) -> impl Iterator<Item = &mut (String, Shard, Tape)> {
        self.0.iter_mut().flat_map(|tapes| tapes.iter_mut())
    }

    fn clear(&mut self) {
        if let Some(tapes) = &mut self.0 {
            tapes.clear();
        }
    }
}
