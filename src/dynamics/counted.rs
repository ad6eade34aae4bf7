//! Windows that are counted as they are made.
//!
//! A window is advanced in blocks whose bins stay in the first cache and are counted at once. What
//! waits until it is known that no trap lay ahead is small: where the window began, its sums, and
//! the few steps that are shown as they are. Where a lane turns out to be lost, the window is made
//! again from where it began, which gives the same bins, and those of the lane are taken back.

use std::sync::atomic::{AtomicBool, Ordering};

use super::group::{Group, Rules, Span};
use super::look::{Look, divergence};
use super::window::Shown;
use super::{CountedWindow, Counter, CountingMap};
use crate::kernel::{GroupRun, LANES, PreparedSteps};

/// Steps in a block, at most: with four groups 24 kB of bins.
const BLOCK: usize = 48;

/// A window that waits.
pub(super) struct Held {
    span: Span,
    /// `x` and `p` before the first step. Shape: (x, p), coordinates, lanes.
    start: Vec<f64>,
    /// The state of the counting map.
    state: Vec<f64>,
    /// The steps that are shown. Shape: steps, (p, x, p'), coordinates, lanes.
    shown: Vec<f64>,
    stride: u64,
    /// Whether each step of it fell into some bin.
    inside: bool,
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
        cancelled: &AtomicBool,
    ) {
        let mut bins = vec![0.0; groups.len() * BLOCK * LANES];
        let mut all: Vec<Held> = Vec::with_capacity(groups.len());
        for &steps in windows {
            if cancelled.load(Ordering::Relaxed) {
                return;
            }
            let first = groups.first().map_or(0, |group| group.step);
            all.extend(groups.iter_mut().map(|group| self.begin(group, steps)));
            for block in blocks(first, steps, self.stride) {
                self.block(&block, &mut all, &mut bins, observers);
            }
            let ended = groups.iter_mut().zip(all.drain(..)).zip(&mut *observers);
            for ((group, held), observer) in ended {
                self.end(group, held, observer);
            }
        }
    }

    fn begin(&self, group: &mut Group, steps: usize) -> Held {
        group.wrap(self.rules.sides);
        let span = group.span(self.rules, steps);
        let mut held = group.spare_counted.pop().unwrap_or(Held {
            span,
            start: Vec::new(),
            state: Vec::new(),
            shown: Vec::new(),
            stride: self.stride,
            inside: true,
        });
        held.span = span;
        held.start.clear();
        held.start.extend_from_slice(&group.state);
        held.shown.clear();
        held.stride = self.stride;
        held.inside = true;
        // The last one may have been of another map.
        held.state.resize(self.counting.state_len(), 0.0);
        self.counting.begin(&held.start, &mut held.state);
        held
    }

    fn block<O: Counter>(
        &mut self,
        block: &Block,
        all: &mut [Held],
        bins: &mut [f64],
        observers: &mut [O],
    ) {
        let half = self.counting.dimension() * LANES;
        if block.shown {
            for held in all.iter_mut() {
                held.shown.extend_from_slice(&held.state[half..2 * half]);
                held.shown.extend_from_slice(&held.state[..half]);
            }
        }
        let records = bins.chunks_exact_mut(BLOCK * LANES);
        let runs = all.iter_mut().zip(records).map(|(held, record)| GroupRun {
            state: &mut held.state,
            record: &mut record[..block.steps * LANES],
        });
        self.map
            .run_groups(&mut runs.collect::<Vec<_>>(), block.steps);
        for (held, (record, observer)) in all
            .iter_mut()
            .zip(bins.chunks_exact(BLOCK * LANES).zip(observers))
        {
            if block.shown {
                held.shown.extend_from_slice(&held.state[half..2 * half]);
            }
            let bins = &record[..block.steps * LANES];
            held.inside &= observer.count(held.span.stretch, bins, &held.span.committed);
        }
    }

    fn end<O: Counter>(&mut self, group: &mut Group, mut held: Held, observer: &mut O) {
        let d = self.counting.dimension();
        group.state.copy_from_slice(&held.state[..2 * d * LANES]);
        let mut record = Vec::new();
        let look = match held.inside || self.counting.has_limits() {
            true => Look::of(
                &self.counting.sums(&held.start, &held.state),
                self.rules.sides,
            ),
            false => {
                record = self.record(&held);
                Look::at(&record, self.rules.sides)
            }
        };
        if let Some(lost) = group.judge(self.rules, &look, held.span.steps) {
            let first = lost.iter().position(|lost| *lost);
            if let Some(lane) = first.filter(|_| group.first_divergence.is_none()) {
                if record.is_empty() {
                    record = self.record(&held);
                }
                let (first, end) = (held.span.first_step, group.position(lane));
                let found = divergence(&record, self.rules.sides, first, lane, &end);
                group.first_divergence = Some(found);
            }
            self.take_back(&mut held, &lost, observer);
            // What is left of this watch does not count, nor does the next.
            group.restart(self.rules, &lost, 2);
        }
        group.counted.push_back(held);
        if let Some(lost) = group.judge_watch(self.rules) {
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

    /// Takes back what was counted of lost lanes.
    fn take_back<O: Counter>(&mut self, held: &mut Held, lost: &[bool; LANES], observer: &mut O) {
        let lanes: [bool; LANES] =
            std::array::from_fn(|lane| lost[lane] && held.span.committed[lane]);
        if !lanes.contains(&true) {
            return;
        }
        let mut state = vec![0.0; held.state.len()];
        self.counting.begin(&held.start, &mut state);
        let mut bins = [0.0; BLOCK * LANES];
        for block in blocks(0, held.span.steps, 0) {
            let record = &mut bins[..block.steps * LANES];
            let run = GroupRun {
                state: &mut state,
                record: &mut *record,
            };
            self.map.run_groups(&mut [run], block.steps);
            observer.take_back(held.span.stretch, record, &lanes);
        }
        for lane in (0..LANES).filter(|&lane| lanes[lane]) {
            held.span.committed[lane] = false;
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
            // Equal parts: a short block costs as much as a long one to begin with.
            many => Block {
                steps: many.div_ceil(many.div_ceil(BLOCK)),
                shown: false,
            },
        };
        done += block.steps;
        Some(block)
    })
}
