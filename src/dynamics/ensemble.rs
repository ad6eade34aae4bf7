//! Ensembles of trajectories in groups of lanes: windows, traps, divergence, restarts.
//!
//! Lanes are judged once a watch, which is two relaxation times however the windows are cut. A
//! window counts only when neither its own watch nor the [`HOLD`] watches after it end in a trap:
//! a lane that has fallen into a stable orbit of the small scales needs that long to lose its
//! momentum and be seen.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::look::{Look, divergence};
use super::{DampedMap, Observer, Side, Stream, Streams, Window};
use crate::kernel::LANES;

/// A lane whose mean `p^2` over a watch is below this part of the ensemble's upper quartile is
/// trapped. Over two relaxation times a free lane does that with probability `exp(-25)` (small
/// ball of the integrated squared Brownian motion).
const TRAPPED_BELOW: f64 = 0.02;

/// Watches that windows wait for before they count.
const HOLD: u64 = 2;
/// Steps that wait at most: where relaxation takes longer, a trap costs less than the memory.
const MOST_HELD: usize = 3 * 8192;

/// The first time a lane left the domain or stopped being finite.
#[derive(Clone, PartialEq, Debug)]
pub struct Divergence {
    /// The step, counted from the start of the lane.
    pub step: u64,
    /// The last position that was still finite and inside; NaN if there was none.
    pub last_position: Vec<f64>,
    /// Whether the position there was finite (it left), or the gradient was not.
    pub left: bool,
}

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
}

struct Group {
    /// The coordinates of `x`, then those of `p`, each of every lane.
    state: Vec<f64>,
    stream: Stream,
    fates: [LaneFate; LANES],
    /// Sums of `p^2` over the watch so far, and its steps.
    watched: [f64; LANES],
    watched_steps: u64,
    /// Watches so far.
    watches: u64,
    /// Ends of watches that must pass before a lane that was started anew counts.
    unsettled: [u64; LANES],
    held: VecDeque<Held>,
    spare: Vec<Vec<f64>>,
    step: u64,
    restarts: u64,
    first_divergence: Option<Divergence>,
}

struct Held {
    record: Vec<f64>,
    before: Vec<f64>,
    committed: [bool; LANES],
    steps: usize,
    first_step: u64,
    stretch: usize,
    /// The watch that it belongs to.
    watch: u64,
}

/// A source of starting positions: fills in the coordinates of one.
pub type Starts<'a> = &'a (dyn Fn(&mut Stream, &mut [f64]) + Sync);

/// What all groups need to know of a run.
struct Rules<'a> {
    map: &'a DampedMap,
    starts: Starts<'a>,
    sides: &'a [Side],
    restarts: bool,
    watch: u64,
    reference: f64,
    heat: f64,
    stretch: usize,
}

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
        }
    }

    /// Groups of lanes.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Lets every group run the windows given by their lengths, each with its own observer, and
    /// returns whether all were run. Groups run in parallel; nothing depends on how many at once.
    /// The windows carry the number `stretch`.
    pub fn advance<O: Observer>(
        &mut self,
        map: &DampedMap,
        windows: &[usize],
        stretch: usize,
        starts: Starts<'_>,
        observers: &mut [O],
        cancelled: &AtomicBool,
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
        self.groups
            .par_iter_mut()
            .zip(observers.par_iter_mut())
            .for_each(|(group, observer)| {
                for &steps in windows {
                    if cancelled.load(Ordering::Relaxed) {
                        return;
                    }
                    group.window(&rules, steps, observer);
                }
            });
        self.take_temperature();
        !cancelled.load(Ordering::Relaxed)
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

    /// Hands out the windows that still wait.
    pub fn finish<O: Observer>(&mut self, map: &DampedMap, observers: &mut [O]) {
        for (group, observer) in self.groups.iter_mut().zip(observers) {
            while let Some(held) = group.held.pop_front() {
                group.commit(map, held, observer);
            }
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
        self.groups.iter().flat_map(|group| group.fates)
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

    /// Forgets what has happened, as at the end of a burn-in; the lanes stay where they are.
    pub fn forget(&mut self) {
        for group in &mut self.groups {
            for fate in &mut group.fates {
                *fate = LaneFate {
                    kinetic: fate.kinetic,
                    watched: fate.watched,
                    ..LaneFate::default()
                };
            }
            group.held.clear();
            group.restarts = 0;
            group.first_divergence = None;
        }
    }
}

impl Group {
    fn new(mut stream: Stream, dimension: usize, starts: Starts<'_>, kt: f64) -> Group {
        let mut state = vec![0.0; 2 * dimension * LANES];
        let mut point = vec![0.0; dimension];
        for lane in 0..LANES {
            starts(&mut stream, &mut point);
            for (c, x) in point.iter().enumerate() {
                state[c * LANES + lane] = *x;
            }
        }
        for p in &mut state[dimension * LANES..] {
            *p = kt.sqrt() * stream.normal();
        }
        let fate = LaneFate {
            kinetic: f64::NAN,
            watched: f64::NAN,
            ..LaneFate::default()
        };
        Group {
            state,
            stream,
            fates: [fate; LANES],
            watched: [0.0; LANES],
            watched_steps: 0,
            watches: 0,
            unsettled: [0; LANES],
            held: VecDeque::new(),
            spare: Vec::new(),
            step: 0,
            restarts: 0,
            first_divergence: None,
        }
    }

    fn window<O: Observer>(&mut self, rules: &Rules<'_>, steps: usize, observer: &mut O) {
        let d = rules.sides.len();
        for (c, side) in rules.sides.iter().enumerate().filter(|(_, s)| s.periodic) {
            for x in &mut self.state[c * LANES..][..LANES] {
                *x = side.wrap(*x);
            }
        }
        let mut record = self.spare.pop().unwrap_or_default();
        record.resize(2 * d * LANES * steps, 0.0);
        let before = self.state[d * LANES..].to_vec();
        rules.map.run(&mut self.state, steps, &mut record);
        let mut held = Held {
            record,
            before,
            committed: [true; LANES],
            steps,
            first_step: self.step,
            stretch: rules.stretch,
            watch: self.watches,
        };
        self.step += steps as u64;
        self.judge(rules, &mut held);
        self.held.push_back(held);
        self.judge_watch(rules);
        // Without restarts nothing is taken back.
        let mut waiting: usize = self.held.iter().map(|held| held.steps).sum();
        while let Some(first) = self.held.front() {
            if rules.restarts && first.watch + HOLD >= self.watches && waiting <= MOST_HELD {
                break;
            }
            waiting -= first.steps;
            if let Some(held) = self.held.pop_front() {
                self.commit(rules.map, held, observer);
            }
        }
    }

    /// Finds the lanes that have diverged within the window, and starts them anew.
    fn judge(&mut self, rules: &Rules<'_>, held: &mut Held) {
        let d = rules.sides.len();
        let look = Look::at(&held.record, rules.sides);
        let mut lost = [false; LANES];
        for (lane, lost) in lost.iter_mut().enumerate() {
            let fate = &mut self.fates[lane];
            let squares = look.squares[lane] / d as f64;
            fate.windows += 1;
            fate.kinetic = squares / held.steps.max(1) as f64;
            self.watched[lane] += squares;
            held.committed[lane] = self.unsettled[lane] == 0;
            let ends_inside = rules.sides.iter().enumerate().all(|(c, side)| {
                let (x, p) = (
                    self.state[c * LANES + lane],
                    self.state[(d + c) * LANES + lane],
                );
                side.holds(x) && p.is_finite()
            });
            if look.inside[lane] && ends_inside && squares.is_finite() {
                continue;
            }
            fate.diverged += 1;
            *lost = true;
            held.committed[lane] = false;
            let end: Vec<f64> = (0..d).map(|c| self.state[c * LANES + lane]).collect();
            let divergence = || divergence(&held.record, rules.sides, held.first_step, lane, &end);
            self.first_divergence.get_or_insert_with(divergence);
        }
        self.watched_steps += held.steps as u64;
        // What is left of this watch does not count, nor does the next.
        self.restart(rules, &lost, 2);
    }

    /// At the end of a watch finds the lanes that are trapped, drops what led there, and starts
    /// them anew.
    fn judge_watch(&mut self, rules: &Rules<'_>) {
        if self.watched_steps < rules.watch {
            return;
        }
        let mut lost = [false; LANES];
        for (lane, lost) in lost.iter_mut().enumerate() {
            let mean = self.watched[lane] / self.watched_steps as f64;
            let fate = &mut self.fates[lane];
            fate.watches += 1;
            fate.watched = mean;
            self.unsettled[lane] = self.unsettled[lane].saturating_sub(1);
            if mean < TRAPPED_BELOW * rules.reference {
                fate.trapped += 1;
                *lost = rules.restarts;
            }
        }
        for held in &mut self.held {
            for lane in (0..LANES).filter(|&lane| lost[lane]) {
                held.committed[lane] = false;
            }
        }
        self.watched = [0.0; LANES];
        self.watched_steps = 0;
        self.watches += 1;
        self.restart(rules, &lost, 1);
    }

    /// A lost lane goes on from the position of a good one, with a fresh momentum, and does not
    /// count for as many ends of watches as `settle`: the two are then independent.
    fn restart(&mut self, rules: &Rules<'_>, lost: &[bool; LANES], settle: u64) {
        let d = rules.sides.len();
        let good: Vec<usize> = (0..LANES).filter(|&lane| !lost[lane]).collect();
        let mut point = vec![0.0; d];
        for lane in (0..LANES).filter(|&lane| lost[lane]) {
            if good.is_empty() {
                (rules.starts)(&mut self.stream, &mut point);
            } else {
                let from = good[self.stream.below(good.len())];
                for (c, x) in point.iter_mut().enumerate() {
                    *x = self.state[c * LANES + from];
                }
            }
            let scale = if rules.heat.is_finite() {
                rules.heat.sqrt()
            } else {
                0.0
            };
            for (c, x) in point.iter().enumerate() {
                self.state[c * LANES + lane] = *x;
                self.state[(d + c) * LANES + lane] = scale * self.stream.normal();
            }
            self.unsettled[lane] = settle;
            self.watched[lane] = f64::NAN;
            self.restarts += 1;
        }
    }

    fn commit<O: Observer>(&mut self, map: &DampedMap, held: Held, observer: &mut O) {
        observer.observe(&Window {
            steps: held.steps,
            record: &held.record,
            before: &held.before,
            committed: held.committed,
            damping: map.damping(),
            first_step: held.first_step,
            stretch: held.stretch,
        });
        self.spare.push(held.record);
    }
}
