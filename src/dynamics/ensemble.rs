//! Ensembles of trajectories in groups of lanes: windows, traps, divergence, restarts.
//!
//! A lane's window counts only when neither it nor the [`HOLD`] windows after it end in a trap: a
//! lane that has fallen into a stable orbit of the small scales needs that long to lose its
//! momentum and be seen.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::{DampedMap, Observer, Stream, Streams, Window};
use crate::kernel::LANES;

/// A lane whose mean `p^2` over a window is below this part of the ensemble's upper quartile is
/// trapped. Over a window of two relaxation times a free lane does that with probability
/// `exp(-25)` (small ball of the integrated squared Brownian motion).
const TRAPPED_BELOW: f64 = 0.02;

/// Windows that wait for what follows them before they count.
const HOLD: usize = 2;

/// The first time a lane left the domain or stopped being finite.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Divergence {
    /// The step, counted from the start of the lane.
    pub step: u64,
    /// The last position that was still finite and inside.
    pub last_position: f64,
    /// Whether the position there was finite (it left), or the gradient was not.
    pub left: bool,
}

/// What has happened to a lane.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LaneFate {
    /// Windows that ended in a trap.
    pub trapped: u64,
    /// Windows in which it diverged.
    pub diverged: u64,
    /// All windows.
    pub windows: u64,
    /// Mean `p^2` over the last window; NaN before the first.
    pub kinetic: f64,
    /// Position at the end of the last window.
    pub position: f64,
}

/// What has happened to all lanes.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// Windows of lanes that ended in a trap.
    pub trapped: u64,
    /// Windows of lanes in which they diverged.
    pub diverged: u64,
    /// Lanes that were started anew.
    pub restarts: u64,
    /// Windows of lanes in all.
    pub windows: u64,
    /// The earliest divergence.
    pub first_divergence: Option<Divergence>,
}

/// Many independent trajectories of the damped map in one coordinate.
pub struct Ensemble {
    groups: Vec<Group>,
    escape: (f64, f64),
    restarts: bool,
    reference: f64,
}

struct Group {
    /// `x` of every lane, then `p`.
    state: Vec<f64>,
    stream: Stream,
    fates: [LaneFate; LANES],
    held: VecDeque<Held>,
    spare: Vec<Vec<f64>>,
    step: u64,
    restarts: u64,
    first_divergence: Option<Divergence>,
}

struct Held {
    record: Vec<f64>,
    before: [f64; LANES],
    committed: [bool; LANES],
    steps: usize,
    first_step: u64,
}

/// A source of starting positions.
pub type Starts<'a> = &'a (dyn Fn(&mut Stream) -> f64 + Sync);

/// What all groups need to know of a run.
struct Rules<'a> {
    map: &'a DampedMap,
    starts: Starts<'a>,
    escape: (f64, f64),
    restarts: bool,
    reference: f64,
}

impl Ensemble {
    /// `groups * LANES` trajectories with positions from `starts` and momenta of variance `kt`;
    /// a lane outside `escape` has diverged; trapped lanes are moved only if `restarts`.
    pub fn new(
        groups: usize,
        streams: Streams,
        starts: Starts<'_>,
        kt: f64,
        escape: (f64, f64),
        restarts: bool,
    ) -> Ensemble {
        let groups = (0..groups as u64)
            .map(|number| Group::new(streams.stream(number), starts, kt))
            .collect();
        Ensemble {
            groups,
            escape,
            restarts,
            reference: kt,
        }
    }

    /// Groups of lanes.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Lets every group run the windows given by their lengths, each with its own observer, and
    /// returns whether all were run. Groups run in parallel; nothing depends on how many at once.
    pub fn advance<O: Observer>(
        &mut self,
        map: &DampedMap,
        windows: &[usize],
        starts: Starts<'_>,
        observers: &mut [O],
        cancelled: &AtomicBool,
    ) -> bool {
        let rules = Rules {
            map,
            starts,
            escape: self.escape,
            restarts: self.restarts,
            reference: self.reference,
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
        self.reference = self.upper_quartile();
        !cancelled.load(Ordering::Relaxed)
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

    /// What has happened so far.
    pub fn census(&self) -> Census {
        let mut census = Census::default();
        for fate in self.fates() {
            census.trapped += fate.trapped;
            census.diverged += fate.diverged;
            census.windows += fate.windows;
        }
        for group in &self.groups {
            census.restarts += group.restarts;
            let earlier = match (group.first_divergence, census.first_divergence) {
                (Some(new), Some(old)) => new.step < old.step,
                (new, _) => new.is_some(),
            };
            if earlier {
                census.first_divergence = group.first_divergence;
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
                    position: fate.position,
                    ..LaneFate::default()
                };
            }
            group.held.clear();
            group.restarts = 0;
            group.first_divergence = None;
        }
    }
}

/// What one look at the window of a lane finds.
enum End {
    Good,
    Trapped,
    Diverged(Divergence),
}

impl Group {
    fn new(mut stream: Stream, starts: Starts<'_>, kt: f64) -> Group {
        let mut state: Vec<f64> = (0..LANES).map(|_| starts(&mut stream)).collect();
        state.extend((0..LANES).map(|_| kt.sqrt() * stream.normal()));
        let fate = LaneFate {
            kinetic: f64::NAN,
            ..LaneFate::default()
        };
        Group {
            state,
            stream,
            fates: [fate; LANES],
            held: VecDeque::new(),
            spare: Vec::new(),
            step: 0,
            restarts: 0,
            first_divergence: None,
        }
    }

    fn window<O: Observer>(&mut self, rules: &Rules<'_>, steps: usize, observer: &mut O) {
        let mut record = self.spare.pop().unwrap_or_default();
        record.resize(2 * LANES * steps, 0.0);
        let mut before = [0.0; LANES];
        before.copy_from_slice(&self.state[LANES..]);
        rules.map.run(&mut self.state, steps, &mut record);
        let mut held = Held {
            record,
            before,
            committed: [true; LANES],
            steps,
            first_step: self.step,
        };
        self.step += steps as u64;
        self.judge(rules, &mut held);
        self.held.push_back(held);
        let hold = if rules.restarts { HOLD } else { 0 };
        while self.held.len() > hold {
            if let Some(held) = self.held.pop_front() {
                self.commit(rules.map, held, observer);
            }
        }
    }

    /// Finds the lanes whose window does not count, and starts them anew.
    fn judge(&mut self, rules: &Rules<'_>, held: &mut Held) {
        let kinetic = mean_squares(held);
        let mut lost = [false; LANES];
        for lane in 0..LANES {
            self.fates[lane].windows += 1;
            self.fates[lane].kinetic = kinetic[lane];
            self.fates[lane].position = self.state[lane];
            match self.end(rules, held, lane, kinetic[lane]) {
                End::Good => {}
                End::Trapped => {
                    self.fates[lane].trapped += 1;
                    if rules.restarts {
                        lost[lane] = true;
                        held.committed[lane] = false;
                        for earlier in &mut self.held {
                            earlier.committed[lane] = false;
                        }
                    }
                }
                End::Diverged(divergence) => {
                    self.fates[lane].diverged += 1;
                    lost[lane] = true;
                    held.committed[lane] = false;
                    self.first_divergence.get_or_insert(divergence);
                }
            }
        }
        for lane in 0..LANES {
            if lost[lane] {
                self.restart(rules, &lost, lane);
            }
        }
    }

    fn end(&self, rules: &Rules<'_>, held: &Held, lane: usize, kinetic: f64) -> End {
        let inside = |x: f64| x >= rules.escape.0 && x <= rules.escape.1;
        let (x, p) = (self.state[lane], self.state[LANES + lane]);
        if inside(x) && p.is_finite() && kinetic.is_finite() {
            return if kinetic < TRAPPED_BELOW * rules.reference {
                End::Trapped
            } else {
                End::Good
            };
        }
        let mut divergence = Divergence {
            step: held.first_step + held.steps as u64,
            last_position: f64::NAN,
            left: x.is_finite(),
        };
        for step in 0..held.steps {
            let x = held.record[2 * step * LANES + lane];
            if !inside(x) {
                divergence.step = held.first_step + step as u64;
                divergence.left = !x.is_nan();
                break;
            }
            divergence.last_position = x;
        }
        End::Diverged(divergence)
    }

    /// A lost lane goes on from the position of a good one, with a fresh momentum: the two are
    /// then independent but for one position.
    fn restart(&mut self, rules: &Rules<'_>, lost: &[bool; LANES], lane: usize) {
        let good: Vec<usize> = (0..LANES).filter(|&other| !lost[other]).collect();
        let x = if good.is_empty() {
            (rules.starts)(&mut self.stream)
        } else {
            self.state[good[self.stream.below(good.len())]]
        };
        let scale = if rules.reference.is_finite() {
            rules.reference.sqrt()
        } else {
            0.0
        };
        self.state[lane] = x;
        self.state[LANES + lane] = scale * self.stream.normal();
        self.restarts += 1;
    }

    fn commit<O: Observer>(&mut self, map: &DampedMap, held: Held, observer: &mut O) {
        observer.observe(&Window {
            steps: held.steps,
            record: &held.record,
            before: &held.before,
            committed: held.committed,
            delta: map.delta(),
            decay: map.decay(),
            first_step: held.first_step,
        });
        self.spare.push(held.record);
    }
}

/// The mean of `p^2` of each lane over the window.
fn mean_squares(held: &Held) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for step in held.record.chunks_exact(2 * LANES) {
        for (sum, p) in sums.iter_mut().zip(&step[LANES..]) {
            *sum += p * p;
        }
    }
    sums.map(|sum| sum / held.steps.max(1) as f64)
}
