//! Ensembles of trajectories in groups of lanes: windows, traps, divergence, restarts.
//!
//! Lanes are judged once a watch, which is two relaxation times however the windows are cut. A
//! window counts only when neither its own watch nor the two watches after it end in a trap: a
//! lane that has fallen into a stable orbit of the small scales needs that long to lose its
//! momentum and be seen.
//!
//! Windows are either recorded, every step of them (`recorded`), or counted as they are made
//! (`counted`). The trajectories are the same, bit for bit.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::group::{Group, Rules, TRAPPED_BELOW, WindowLimits};
use super::{Counter, CountingMap, DampedMap, Observer, Side, Stream, Streams, counted, recorded};
use crate::kernel::LANES;
use crate::tape::{Kept, Tape, kept};

/// Groups that are advanced together, at most: a kernel overlaps what so many wait for.
const TOGETHER: usize = 4;
/// The part of what is left that is done in one turn, where threads take turns.
const TURNS: usize = 4;

/// The first time a lane left the domain or stopped being finite.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Divergence {
    /// The step, counted from the start of the lane.
    pub step: u64,
    /// The last position that was still finite and inside; NaN if there was none.
    pub last_position: Vec<f64>,
    /// Whether the position there was finite (it left), or the gradient was not.
    pub left: bool,
}

kept!(Divergence: step, last_position, left);

/// What has happened to a lane.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LaneFate {
    /// Watches that ended in a trap.
    pub trapped: u64,
    /// All watches.
    pub watches: u64,
    /// Windows in which it diverged.
    pub diverged: u64,
    /// All windows.
    pub windows: u64,
    /// Mean `p^2` over the last window, and over coordinates; NaN before the first.
    pub kinetic: f64,
    /// The same over the last watch; NaN before the first.
    pub watched: f64,
}

/// What has happened to all lanes.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// Watches of lanes that ended in a trap.
    pub trapped: u64,
    /// Watches of lanes in all.
    pub watches: u64,
    /// Windows of lanes in which they diverged.
    pub diverged: u64,
    /// Lanes that were started anew.
    pub restarts: u64,
    /// Windows of lanes in all.
    pub windows: u64,
    /// The earliest divergence.
    pub first_divergence: Option<Divergence>,
}

kept!(Census: trapped, watches, diverged, restarts, windows, first_divergence);

/// Many independent trajectories of the damped map.
pub struct Ensemble {
    groups: Vec<Group>,
    sides: Vec<Side>,
    restarts: bool,
    /// Steps in a watch.
    watch: u64,
    /// The upper quartile over lanes of the mean `p^2` in their last watch.
    reference: f64,
    /// The mean over the lanes that are not trapped.
    heat: f64,
    /// Whether both stay as they are.
    settled: bool,
}

/// A source of starting positions: fills in the coordinates of one.
pub type Starts<'a> = &'a (dyn Fn(&mut Stream, &mut [f64]) + Sync);

impl Ensemble {
    /// `groups * LANES` trajectories with positions from `starts` and momenta of variance `kt`;
    /// there is one of `sides` for each coordinate, and a lane outside has diverged; lanes that are trapped over `watch` steps are moved
    /// only if `restarts`.
    pub fn new(
        groups: usize,
        streams: Streams,
        starts: Starts<'_>,
        kt: f64,
        sides: &[Side],
        restarts: bool,
        watch: u64,
    ) -> Ensemble {
        let groups = (0..groups as u64)
            .map(|number| Group::new(streams.stream(number), sides.len(), starts, kt))
            .collect();
        Ensemble {
            groups,
            sides: sides.to_vec(),
            restarts,
            watch,
            reference: kt,
            heat: kt,
            settled: false,
        }
    }

    /// Groups of lanes.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Lets every group run the windows given by their lengths, each with its own observer, and
    /// returns whether all were run. Groups run in parallel; nothing depends on how many at once.
    /// The windows carry the number `stretch`. Where `stop` becomes true groups stop at the end of a
    /// window, and the same call goes on from there; so does that of an ensemble that is kept.
    pub fn advance<O: Observer>(
        &mut self,
        map: &DampedMap,
        windows: &[usize],
        stretch: usize,
        starts: Starts<'_>,
        observers: &mut [O],
        stop: &AtomicBool,
    ) -> bool {
        self.advance_by(
            map,
            windows.len(),
            stretch,
            starts,
            observers,
            |groups, observers, rules, to| {
                recorded::advance(groups, observers, rules, &windows[..to], stop);
            },
        )
    }

    /// As [`Ensemble::advance`], with windows that are counted as they are made, and every
    /// `stride` steps of a lane (0 is never) a step that is shown as it is. `map` makes the same
    /// steps as `counting`. Windows of the other kind, or of another map, must not wait: see
    /// [`Ensemble::finish`].
    #[expect(clippy::too_many_arguments, reason = "as `advance`, and how to count")]
    pub fn advance_counted<O: Counter>(
        &mut self,
        map: &DampedMap,
        counting: &CountingMap,
        stride: u64,
        windows: &[usize],
        stretch: usize,
        starts: Starts<'_>,
        observers: &mut [O],
        stop: &AtomicBool,
    ) -> bool {
        self.advance_by(
            map,
            windows.len(),
            stretch,
            starts,
            observers,
            |groups, observers, rules, to| {
                let mut run = counted::Run::new(counting, rules, stride);
                run.advance(groups, observers, &windows[..to], stop);
            },
        )
    }

    fn advance_by<O: Send>(
        &mut self,
        map: &DampedMap,
        windows: usize,
        stretch: usize,
        starts: Starts<'_>,
        observers: &mut [O],
        advance: impl Fn(&mut [Group], &mut [O], &Rules<'_>, usize) + Sync,
    ) -> bool {
        let rules = Rules {
            map,
            starts,
            sides: &self.sides,
            restarts: self.restarts,
            watch: self.watch,
            reference: self.reference,
            heat: self.heat,
            stretch,
        };
        let count = self.groups.len().min(observers.len());
        let threads = rayon::current_num_threads().max(1);
        let together = count.div_ceil(threads).clamp(1, TOGETHER);
        let groups = self.groups[..count].chunks_mut(together);
        let parts = groups.zip(observers[..count].chunks_mut(together));
        in_turns(parts.collect(), windows, |(groups, observers), to| {
            advance(groups, observers, &rules, to);
            // Of an advance that goes on some may be further.
            groups.iter().all(|group| group.done >= to)
        });
        let all = self.groups[..count]
            .iter()
            .all(|group| group.done == windows);
        if all {
            self.go_on();
            if !self.settled {
                self.take_temperature();
            }
        }
        all
    }

    /// What the next watches are judged by.
    fn take_temperature(&mut self) {
        let mut watched: Vec<f64> = self
            .fates()
            .map(|fate| fate.watched)
            .filter(|p2| p2.is_finite())
            .collect();
        watched.sort_by(f64::total_cmp);
        let Some(&quartile) = watched.get(watched.len() * 3 / 4) else {
            return;
        };
        let free: Vec<f64> = watched
            .into_iter()
            .filter(|p2| *p2 >= TRAPPED_BELOW * quartile)
            .collect();
        self.reference = quartile;
        self.heat = free.iter().sum::<f64>() / free.len().max(1) as f64;
    }

    /// What was asked for is done with, whether all of it was run or not.
    fn go_on(&mut self) {
        self.groups.iter_mut().for_each(|group| group.done = 0);
    }

    /// Hands out the recorded windows that still wait.
    pub fn finish<O: Observer>(&mut self, map: &DampedMap, observers: &mut [O]) {
        self.go_on();
        for (group, observer) in self.groups.iter_mut().zip(observers) {
            recorded::finish(group, map, observer);
        }
    }

    /// Hands out the counted windows that still wait.
    pub fn finish_counted<O: Counter>(&mut self, counting: &CountingMap, observers: &mut [O]) {
        self.go_on();
        for (group, observer) in self.groups.iter_mut().zip(observers) {
            counted::finish(group, counting, observer);
        }
    }

    /// The upper quartile over lanes of the mean `p^2` in their last window.
    pub fn upper_quartile(&self) -> f64 {
        let mut kinetic: Vec<f64> = self
            .fates()
            .map(|fate| fate.kinetic)
            .filter(|k| k.is_finite())
            .collect();
        kinetic.sort_by(f64::total_cmp);
        kinetic
            .get(kinetic.len() * 3 / 4)
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// Steps that were made, of all lanes, since the beginning.
    pub fn steps(&self) -> u64 {
        self.groups.iter().map(|group| group.step).sum::<u64>() * LANES as u64
    }

    /// The lanes, group after group.
    pub fn fates(&self) -> impl Iterator<Item = LaneFate> + '_ {
        let group = |group| (0..LANES).map(move |lane| Group::fate(group, lane));
        self.groups.iter().flat_map(group)
    }

    /// Where the lanes are: shape coordinates, lanes.
    pub fn positions(&self) -> Vec<f64> {
        let coordinate = |c: usize| {
            let rows = self.groups.iter();
            rows.flat_map(move |group| group.state[c * LANES..][..LANES].iter().copied())
        };
        (0..self.sides.len()).flat_map(coordinate).collect()
    }

    /// What has happened so far.
    pub fn census(&self) -> Census {
        let mut census = Census::default();
        for fate in self.fates() {
            census.trapped += fate.trapped;
            census.watches += fate.watches;
            census.diverged += fate.diverged;
            census.windows += fate.windows;
        }
        for group in &self.groups {
            census.restarts += group.restarts;
            let earlier = match (&group.first_divergence, &census.first_divergence) {
                (Some(new), Some(old)) => new.step < old.step,
                (new, _) => new.is_some(),
            };
            if earlier {
                census.first_divergence = group.first_divergence.clone();
            }
        }
        census
    }

    /// Forgets what has happened, as at the end of a burn-in, and the windows that wait; the lanes
    /// stay where they are.
    pub fn forget(&mut self) {
        self.go_on();
        self.groups.iter_mut().for_each(Group::forget);
    }

    /// Judges lanes by the temperature of now from here on, so that no group depends on what
    /// others do.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// Keeps these groups alone.
    pub fn part(&mut self, groups: std::ops::Range<usize>) {
        self.groups.truncate(groups.end);
        self.groups.drain(..groups.start);
    }

    /// Writes some of its groups and what they are judged by on a tape, or reads them; `counting`
    /// is how windows that wait were counted, where they were, and they are within `limits`.
    pub fn pass(
        &mut self,
        tape: &mut Tape,
        groups: std::ops::Range<usize>,
        map: &DampedMap,
        counting: Option<&CountingMap>,
        limits: WindowLimits,
    ) {
        self.reference.pass(tape);
        self.heat.pass(tape);
        self.settled.pass(tape);
        let groups = &mut self.groups[groups];
        tape.row(groups);
        if !tape.reads() {
            return;
        }
        for group in groups {
            let recorded = group.recorded.iter_mut();
            let recorded = recorded.map(|held| held.record_again(map, limits));
            let counted = group.counted.iter();
            let counted = counted.map(|held| counting.is_some_and(|c| held.fits(map, c, limits)));
            // Nothing of a tape that does not fit is made again.
            if tape.is_wrong() || !recorded.chain(counted).all(|fits| fits) {
                return tape.refuse();
            }
        }
    }
}

/// Lets threads take parts in turns, each part from where it is to where `run` is told, until all
/// are at `end`; a part of which `run` says that it did not get there is left.
///
/// One core is often slower than the next for a while (another program, another guest). Where there
/// are more parts than threads none waits for it: turns get shorter towards the end.
fn in_turns<T: Send>(parts: Vec<T>, end: usize, run: impl Fn(&mut T, usize) -> bool + Sync) {
    let threads = rayon::current_num_threads().min(parts.len());
    let whole = parts.len() <= threads;
    let parts: VecDeque<(usize, T)> = parts.into_iter().map(|part| (0, part)).collect();
    let parts = Mutex::new(parts);
    let queue = || parts.lock().unwrap_or_else(PoisonError::into_inner);
    (0..threads).into_par_iter().with_max_len(1).for_each(|_| {
        while let Some((at, mut part)) = { queue().pop_front() } {
            let turn = match whole {
                true => end - at,
                false => (end - at).div_ceil(TURNS),
            };
            if run(&mut part, at + turn) && at + turn < end {
                queue().push_back((at + turn, part));
            }
        }
    });
}
