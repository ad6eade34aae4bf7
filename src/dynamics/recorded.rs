//! Windows of which every step is recorded, for observers that look at all of them.

use std::sync::atomic::{AtomicBool, Ordering};

use super::group::{Group, Rules, Span};
use super::look::{Look, divergence};
use super::{DampedMap, Observer, Window};
use crate::kernel::{GroupRun, LANES};

/// A window that waits.
pub(super) struct Held {
    span: Span,
    /// Shape: steps, (x, p'), coordinates, lanes.
    record: Vec<f64>,
    /// The momenta before the first step. Shape: coordinates, lanes.
    before: Vec<f64>,
}

/// Lets groups run windows, each with its own observer.
pub(super) fn advance<O: Observer>(
    groups: &mut [Group],
    observers: &mut [O],
    rules: &Rules<'_>,
    windows: &[usize],
    cancelled: &AtomicBool,
) {
    for &steps in windows {
        if cancelled.load(Ordering::Relaxed) {
            return;
        }
        let begin = |group: &mut Group| begin(group, rules, steps);
        let mut all: Vec<Held> = groups.iter_mut().map(begin).collect();
        let runs = groups
            .iter_mut()
            .zip(&mut all)
            .map(|(group, held)| GroupRun {
                state: &mut group.state,
                record: &mut held.record,
            });
        rules.map.run_groups(&mut runs.collect::<Vec<_>>(), steps);
        for ((group, held), observer) in groups.iter_mut().zip(all).zip(&mut *observers) {
            end(group, rules, held, observer);
        }
    }
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
        before: Vec::new(),
    });
    held.span = span;
    held.record.resize(2 * d * LANES * steps, 0.0);
    held.before.clear();
    held.before.extend_from_slice(&group.state[d * LANES..]);
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
        before: &held.before,
        committed: held.span.committed,
        damping: map.damping(),
        first_step: held.span.first_step,
        stretch: held.span.stretch,
    });
    group.spare_recorded.push(held);
}
