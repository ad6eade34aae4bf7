//! Windows that are counted as they are made.
//!
//! The kernel counts where all lanes are. What waits until it is known that no trap lay ahead is
//! small: where the window began, its sums, and the few steps that are shown as they are. Where a
//! lane does not count or turns out to be lost, the window is made again from where it began, with
//! a record of every step, and the places of the lane are taken back.

use std::sync::atomic::{AtomicBool, Ordering};

use super::group::{Group, Rules, Span, WindowLimits};
use super::look::{Look, divergence};
use super::recorded::{due, first_due};
use super::window::Shown;
use super::{CountedWindow, Counter, CountingMap, DampedMap, Places};
use crate::kernel::{GroupRun, LANES, PreparedSteps};
use crate::tape::kept;

/// Steps that are recorded at once where a window is made again.
const BLOCK: usize = 64;
/// Steps of a window of a group in which lanes are lost, or leave the places, now and then: making it
/// again then costs less.
const CAREFUL: usize = 2048;
/// Windows after such a one that are that short.
const CAREFUL_WINDOWS: u64 = 256;

/// A window that waits.
#[derive(Default)]
pub(super) struct Held {
    span: Span,
    /// `x` and `p` before the first step. Shape: (x, p), coordinates, lanes.
    start: Vec<f64>,
    /// The state of the counting map.
    state: Vec<f64>,
    /// The steps that are shown. Shape: steps, (p, x, p'), coordinates, lanes.
    shown: Vec<f64>,
    stride: u64,
    /// The lanes whose places are among the counts.
    counted: [bool; LANES],
    /// Whether no step of it was outside of the places.
    inside: bool,
    /// How often the places outside had been counted when it began.
    outside: [u32; 2],
}

// What was outside before is known of a window that runs, and no such window is kept.
kept!(Held: span, start, state, shown, stride, counted, inside);

impl Held {
    /// Whether it ends before this step.
    fn is_over(&self, step: u64) -> bool {
        self.span.first_step + self.span.steps as u64 == step
    }

    /// Whether what was read is a window of such a map.
    pub fn fits(&self, map: &DampedMap, counting: &CountingMap, limits: WindowLimits) -> bool {
        let sizes = self.start.len() == map.state_len() && self.state.len() == counting.state_len();
        let row = 3 * counting.dimension() * LANES;
        let shown = match self.stride {
            0 => 0,
            stride => {
                let end = self.span.first_step.saturating_add(self.span.steps as u64);
                (end.div_ceil(stride) - self.span.first_step.div_ceil(stride)) as usize
            }
        };
        sizes && self.span.fits(limits) && Some(self.shown.len()) == shown.checked_mul(row)
    }
}

/// A run of counted windows.
pub(super) struct Run<'a> {
    counting: &'a CountingMap,
    rules: &'a Rules<'a>,
    /// Every how many steps one is shown; 0 is never.
    stride: u64,
    map: PreparedSteps<'a>,
}

/// Steps that are made at once.
struct Block {
    steps: usize,
    shown: bool,
}

impl<'a> Run<'a> {
    pub fn new(counting: &'a CountingMap, rules: &'a Rules<'a>, stride: u64) -> Run<'a> {
        Run {
            counting,
            rules,
            stride,
            map: counting.prepare(),
        }
    }

    /// Lets groups run windows, each with its own observer.
    pub fn advance<O: Counter>(
        &mut self,
        groups: &mut [Group],
        observers: &mut [O],
        windows: &[usize],
        stop: &AtomicBool,
    ) {
        let mut all: Vec<Held> = Vec::with_capacity(groups.len());
        for (at, &steps) in windows.iter().enumerate().skip(first_due(groups)) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let mut due = due(groups, observers, at);
            let first = due.first().map_or(0, |(group, _)| group.step);
            // Each group by itself decides whether its window is cut: what others do, and how many
            // are advanced together, makes no difference to it.
            let careful = due.iter().any(|(group, _)| group.careful > 0);
            let part = if careful { CAREFUL } else { steps };
            for from in (0..steps).step_by(part.max(1)) {
                let to = steps.min(from + part);
                for (place, (group, observer)) in due.iter_mut().enumerate() {
                    if from == 0 {
                        let length = if group.careful > 0 { to } else { steps };
                        all.push(self.begin(group, length, &mut **observer));
                    } else if all[place].is_over(first + from as u64) {
                        let held = std::mem::take(&mut all[place]);
                        self.end(group, held, &mut **observer);
                        all[place] = self.begin(group, to - from, &mut **observer);
                    }
                }
                for block in blocks(first + from as u64, to - from, self.stride) {
                    self.block(
                        &block,
                        &mut all,
                        due.iter_mut().map(|(_, observer)| &mut **observer),
                    );
                }
            }
            for ((group, observer), held) in due.into_iter().zip(all.drain(..)) {
                self.end(group, held, observer);
                group.done += 1;
            }
        }
    }

    fn begin<O: Counter>(&self, group: &mut Group, steps: usize, observer: &mut O) -> Held {
        group.wrap(self.rules.sides);
        let span = group.span(self.rules, steps);
        let mut held = group.spare_counted.pop().unwrap_or(Held {
            span,
            start: Vec::new(),
            state: Vec::new(),
            shown: Vec::new(),
            stride: self.stride,
            counted: [true; LANES],
            inside: true,
            outside: [0; 2],
        });
        held.span = span;
        held.start.clear();
        held.start.extend_from_slice(&group.state);
        held.shown.clear();
        held.stride = self.stride;
        held.counted = [true; LANES];
        // The last one may have been of another map.
        held.state.resize(self.counting.state_len(), 0.0);
        self.counting.begin(&held.start, &mut held.state);
        held.outside = self.outside(observer.counts(span.stretch, steps));
        held
    }

    /// How often the places outside were counted.
    fn outside(&self, counts: &[u32]) -> [u32; 2] {
        let places = self.counting.places().and_then(Places::outside);
        places.map_or([0; 2], |places| {
            places.map(|at| counts.get(at).copied().unwrap_or(0))
        })
    }

    fn block<'o, O: Counter + 'o>(
        &mut self,
        block: &Block,
        all: &mut [Held],
        observers: impl Iterator<Item = &'o mut O>,
    ) {
        let half = self.counting.dimension() * LANES;
        if block.shown {
            for held in all.iter_mut() {
                held.shown.extend_from_slice(&held.state[half..2 * half]);
                held.shown.extend_from_slice(&held.state[..half]);
            }
        }
        let runs = all
            .iter_mut()
            .zip(observers)
            .map(|(held, observer)| GroupRun {
                state: &mut held.state,
                record: &mut [],
                counts: observer.counts(held.span.stretch, 0),
            });
        self.map
            .run_groups(&mut runs.collect::<Vec<_>>(), block.steps);
        if block.shown {
            for held in all.iter_mut() {
                held.shown.extend_from_slice(&held.state[half..2 * half]);
            }
        }
    }

    fn end<O: Counter>(&mut self, group: &mut Group, mut held: Held, observer: &mut O) {
        let d = self.counting.dimension();
        group.state.copy_from_slice(&held.state[..2 * d * LANES]);
        let counts = observer.counts(held.span.stretch, 0);
        held.inside = !counts.is_empty() && self.outside(counts) == held.outside;
        group.careful = group.careful.saturating_sub(1);
        let mut record = Vec::new();
        let look = match held.inside || self.counting.has_limits() {
            true => Look::of(
                &self.counting.sums(&held.start, &held.state),
                self.rules.sides,
            ),
            false => {
                group.careful = CAREFUL_WINDOWS;
                record = self.record(&held);
                Look::at(&record, self.rules.sides)
            }
        };
        let lost = group.judge(self.rules, &look, held.span.steps);
        let idle = held.span.committed.map(|counts| !counts);
        if lost.is_none() && idle.contains(&true) {
            self.take_back(&mut held, &idle, observer);
        }
        if let Some(lost) = lost {
            group.careful = CAREFUL_WINDOWS;
            let first = lost.iter().position(|lost| *lost);
            if let Some(lane) = first.filter(|_| group.first_divergence.is_none()) {
                if record.is_empty() {
                    record = self.record(&held);
                }
                let (first, end) = (held.span.first_step, group.position(lane));
                let found = divergence(&record, self.rules.sides, first, lane, &end);
                group.first_divergence = Some(found);
            }
            let all = std::array::from_fn(|lane| lost[lane] || idle[lane]);
            self.take_back(&mut held, &all, observer);
            // What is left of this watch does not count, nor does the next.
            group.restart(self.rules, &lost, 2);
        }
        group.counted.push_back(held);
        if let Some(lost) = group.judge_watch(self.rules) {
            group.careful = CAREFUL_WINDOWS;
            for held in &mut group.counted {
                self.take_back(held, &lost, observer);
            }
            group.restart(self.rules, &lost, 1);
        }
        let mut waiting: usize = group.counted.iter().map(|held| held.span.steps).sum();
        while let Some(first) = group.counted.front() {
            if !group.is_due(self.rules, &first.span, waiting) {
                break;
            }
            waiting -= first.span.steps;
            if let Some(held) = group.counted.pop_front() {
                commit(group, self.counting, held, observer);
            }
        }
    }

    /// Takes back what was counted of these lanes, which do not count.
    fn take_back<O: Counter>(&mut self, held: &mut Held, lost: &[bool; LANES], observer: &mut O) {
        let lanes: Vec<usize> = (0..LANES)
            .filter(|&lane| lost[lane] && held.counted[lane])
            .collect();
        for &lane in &lanes {
            held.span.committed[lane] = false;
            held.counted[lane] = false;
        }
        let (Some(places), false) = (self.counting.places(), lanes.is_empty()) else {
            return;
        };
        let d = self.counting.dimension();
        let mut state = held.start.clone();
        let mut record = vec![0.0; BLOCK.min(held.span.steps) * state.len()];
        for first in (0..held.span.steps).step_by(BLOCK) {
            let steps = BLOCK.min(held.span.steps - first);
            let record = &mut record[..steps * state.len()];
            self.rules.map.run(&mut state, steps, record);
            let counts = observer.counts(held.span.stretch, 0);
            for step in record.chunks_exact(2 * d * LANES) {
                for &lane in &lanes {
                    let place = places.of((0..d).map(|c| step[c * LANES + lane]));
                    if let Some(count) = counts.get_mut(place) {
                        *count = count.wrapping_sub(1);
                    }
                }
            }
        }
    }

    /// A window made again, with a record of every step.
    fn record(&self, held: &Held) -> Vec<f64> {
        let mut state = held.start.clone();
        let mut record = vec![0.0; held.span.steps * state.len()];
        self.rules.map.run(&mut state, held.span.steps, &mut record);
        record
    }
}

/// Hands out the windows that still wait.
pub(super) fn finish<O: Counter>(group: &mut Group, counting: &CountingMap, observer: &mut O) {
    while let Some(held) = group.counted.pop_front() {
        commit(group, counting, held, observer);
    }
}

fn commit<O: Counter>(group: &mut Group, counting: &CountingMap, held: Held, observer: &mut O) {
    let span = &held.span;
    observer.commit(&CountedWindow {
        sums: counting.sums(&held.start, &held.state),
        shown: Shown {
            rows: &held.shown,
            first: next_shown(span.first_step, held.stride),
            stride: held.stride,
            damping: counting.damping(),
        },
        committed: span.committed,
        steps: span.steps,
        stretch: span.stretch,
    });
    group.spare_counted.push(held);
}

/// The first step from this one on that is shown.
fn next_shown(step: u64, stride: u64) -> u64 {
    match stride {
        0 => u64::MAX,
        stride => step.next_multiple_of(stride),
    }
}

/// The blocks of a window that begins with this step: those steps that are shown are alone.
fn blocks(first: u64, steps: usize, stride: u64) -> impl Iterator<Item = Block> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let left = steps - done;
        let here = first + done as u64;
        let before = next_shown(here, stride) - here;
        let block = match before.min(left as u64) as usize {
            _ if left == 0 => return None,
            0 => Block {
                steps: 1,
                shown: true,
            },
            many => Block {
                steps: many,
                shown: false,
            },
        };
        done += block.steps;
        Some(block)
    })
}
