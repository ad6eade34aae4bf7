//! Windows of which every step is recorded, for observers that look at all of them.

use std::sync::atomic::{AtomicBool, Ordering};

use super::group::{Group, Rules, Span, WindowLimits};
use super::look::{Look, divergence};
use super::{DampedMap, Observer, Window};
use crate::kernel::{GroupRun, LANES};
use crate::tape::kept;

/// A window that waits.
#[derive(Default)]
pub(super) struct Held {
    span: Span,
    /// Shape: steps, (x, p'), coordinates, lanes.
    record: Vec<f64>,
    /// `x` and `p` before the first step. Shape: (x, p), coordinates, lanes.
    start: Vec<f64>,
}

// The record is made again from the start.
kept!(Held: span, start);

impl Held {
    /// Makes the record again; whether what was read is a window of that map.
    pub fn record_again(&mut self, map: &DampedMap, limits: WindowLimits) -> bool {
        let mut state = self.start.clone();
        let fits = state.len() == map.state_len() && self.span.fits(limits);
        if fits {
            self.record.clear();
            self.record.resize(state.len() * self.span.steps, 0.0);
            map.run(&mut state, self.span.steps, &mut self.record);
        }
        fits
    }
}

/// Lets groups run windows, each with its own observer.
pub(super) fn advance<O: Observer>(
    groups: &mut [Group],
    observers: &mut [O],
    rules: &Rules<'_>,
    windows: &[usize],
    stop: &AtomicBool,
) {
    for (at, &steps) in windows.iter().enumerate().skip(first_due(groups)) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let mut due = due(groups, observers, at);
        let mut all: Vec<Held> = due
            .iter_mut()
            .map(|(g, _)| begin(g, rules, steps))
            .collect();
        let runs = due
            .iter_mut()
            .zip(&mut all)
            .map(|((group, _), held)| GroupRun::new(&mut group.state, &mut held.record));
        rules.map.run_groups(&mut runs.collect::<Vec<_>>(), steps);
        for ((group, observer), held) in due.iter_mut().zip(all) {
            end(group, rules, held, *observer);
            group.done += 1;
        }
    }
}

/// The first window that is due in any of them.
pub(super) fn first_due(groups: &[Group]) -> usize {
    groups.iter().map(|group| group.done).min().unwrap_or(0)
}

/// The groups whose turn this window is, with their observers: all of them, unless an advance was
/// stopped where some were further than others.
pub(super) fn due<'g, O>(
    groups: &'g mut [Group],
    observers: &'g mut [O],
    window: usize,
) -> Vec<(&'g mut Group, &'g mut O)> {
    let all = groups.iter_mut().zip(observers);
    all.filter(|(group, _)| group.done == window).collect()
}

/// Hands out the windows that still wait.
pub(super) fn finish<O: Observer>(group: &mut Group, map: &DampedMap, observer: &mut O) {
    while let Some(held) = group.recorded.pop_front() {
        commit(group, map, held, observer);
    }
}

fn begin(group: &mut Group, rules: &Rules<'_>, steps: usize) -> Held {
    group.wrap(rules.sides);
    let d = rules.sides.len();
    let span = group.span(rules, steps);
    let mut held = group.spare_recorded.pop().unwrap_or(Held {
        span,
        record: Vec::new(),
        start: Vec::new(),
    });
    held.span = span;
    held.record.resize(2 * d * LANES * steps, 0.0);
    held.start.clear();
    held.start.extend_from_slice(&group.state);
    held
}

fn end<O: Observer>(group: &mut Group, rules: &Rules<'_>, mut held: Held, observer: &mut O) {
    let look = Look::at(&held.record, rules.sides);
    if let Some(lost) = group.judge(rules, &look, held.span.steps) {
        for lane in (0..LANES).filter(|&lane| lost[lane]) {
            held.span.committed[lane] = false;
            if group.first_divergence.is_none() {
                let (first, end) = (held.span.first_step, group.position(lane));
                let found = divergence(&held.record, rules.sides, first, lane, &end);
                group.first_divergence = Some(found);
            }
        }
        // What is left of this watch does not count, nor does the next.
        group.restart(rules, &lost, 2);
    }
    group.recorded.push_back(held);
    if let Some(lost) = group.judge_watch(rules) {
        for held in &mut group.recorded {
            for lane in (0..LANES).filter(|&lane| lost[lane]) {
                held.span.committed[lane] = false;
            }
        }
        group.restart(rules, &lost, 1);
    }
    let mut waiting: usize = group.recorded.iter().map(|held| held.span.steps).sum();
    while let Some(first) = group.recorded.front() {
        if !group.is_due(rules, &first.span, waiting) {
            break;
        }
        waiting -= first.span.steps;
        if let Some(held) = group.recorded.pop_front() {
            commit(group, rules.map, held, observer);
        }
    }
}

fn commit<O: Observer>(group: &mut Group, map: &DampedMap, held: Held, observer: &mut O) {
    observer.observe(&Window {
        steps: held.span.steps,
        record: &held.record,
        before: &held.start[held.start.len() / 2..],
        committed: held.span.committed,
        damping: map.damping(),
        first_step: held.span.first_step,
        stretch: held.span.stretch,
    });
    group.spare_recorded.push(held);
}
