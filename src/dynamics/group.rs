//! The lanes of one group: how hot they are, which are lost, and where those go on.

use std::collections::VecDeque;

use super::look::Look;
use super::{DampedMap, Divergence, LaneFate, Side, Starts, Stream, counted, recorded};
use crate::kernel::LANES;
use crate::tape::{Kept, Tape, kept};

/// A lane whose mean `p^2` over a watch is below this part of the ensemble's upper quartile is
/// trapped. Over two relaxation times a free lane does that with probability `exp(-25)` (small
/// ball of the integrated squared Brownian motion).
pub(super) const TRAPPED_BELOW: f64 = 0.02;

/// Watches that windows wait for before they count.
const HOLD: u64 = 2;
/// Steps that wait at most: where relaxation takes longer, a trap costs less than the memory.
const MOST_HELD: usize = 3 * 8192;

/// What all groups need to know of a run.
pub(super) struct Rules<'a> {
    pub map: &'a DampedMap,
    pub starts: Starts<'a>,
    pub sides: &'a [Side],
    pub restarts: bool,
    pub watch: u64,
    pub reference: f64,
    pub heat: f64,
    pub stretch: usize,
}

/// What is known of a window beside its steps.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    /// Whether the lane stayed finite, inside, and out of traps.
    pub committed: [bool; LANES],
    pub steps: usize,
    pub first_step: u64,
    pub stretch: usize,
    /// The watch that it belongs to.
    pub watch: u64,
}

kept!(Span: committed, steps, first_step, stretch, watch);

/// What a window that is read back may be at most.
#[derive(Clone, Copy, Debug)]
pub struct WindowLimits {
    /// Steps of one.
    pub steps: usize,
    /// Stretches of time that there are.
    pub stretches: usize,
}

impl Span {
    /// Whether a window that was read back is within these limits.
    pub fn fits(&self, limits: WindowLimits) -> bool {
        self.steps <= limits.steps && self.stretch < limits.stretches
    }
}

pub(super) struct Group {
    /// The coordinates of `x`, then those of `p`, each of every lane.
    pub state: Vec<f64>,
    stream: Stream,
    /// By lane: watches that ended in a trap, and windows in which it diverged.
    trapped: [u64; LANES],
    diverged: [u64; LANES],
    /// Windows and watches since something was forgotten.
    windows: u64,
    judged: u64,
    /// Sums of `p^2` over the last window, and its steps; means over the last watch. NaN before the
    /// first.
    squares: [f64; LANES],
    steps: usize,
    last_watched: [f64; LANES],
    /// Sums of `p^2` over the watch so far, and its steps.
    watched: [f64; LANES],
    watched_steps: u64,
    /// Watches so far.
    watches: u64,
    /// Ends of watches that must pass before a lane that was started anew counts.
    unsettled: [u64; LANES],
    /// Windows that wait, of either kind.
    pub recorded: VecDeque<recorded::Held>,
    pub counted: VecDeque<counted::Held>,
    /// Windows that waited.
    pub spare_recorded: Vec<recorded::Held>,
    pub spare_counted: Vec<counted::Held>,
    pub step: u64,
    pub restarts: u64,
    pub first_divergence: Option<Divergence>,
    /// Windows that are counted and shall be short, because making one again was needed not long ago.
    pub careful: u64,
    /// Windows that were run of those that are asked for: an advance that was stopped goes on there.
    pub done: usize,
}

/// All but the windows that are spare.
impl Kept for Group {
    fn pass(&mut self, tape: &mut Tape) {
        tape.row(&mut self.state);
        self.stream.pass(tape);
        for row in [&mut self.trapped, &mut self.diverged, &mut self.unsettled] {
            row.pass(tape);
        }
        for row in [&mut self.squares, &mut self.last_watched, &mut self.watched] {
            row.pass(tape);
        }
        for count in [
            &mut self.windows,
            &mut self.judged,
            &mut self.watched_steps,
            &mut self.watches,
            &mut self.step,
            &mut self.restarts,
            &mut self.careful,
        ] {
            count.pass(tape);
        }
        self.steps.pass(tape);
        self.done.pass(tape);
        self.first_divergence.pass(tape);
        self.recorded.pass(tape);
        self.counted.pass(tape);
    }
}

impl Group {
    pub fn new(mut stream: Stream, dimension: usize, starts: Starts<'_>, kt: f64) -> Group {
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
        Group {
            state,
            stream,
            trapped: [0; LANES],
            diverged: [0; LANES],
            windows: 0,
            judged: 0,
            squares: [f64::NAN; LANES],
            steps: 0,
            last_watched: [f64::NAN; LANES],
            watched: [0.0; LANES],
            watched_steps: 0,
            watches: 0,
            unsettled: [0; LANES],
            recorded: VecDeque::new(),
            counted: VecDeque::new(),
            spare_recorded: Vec::new(),
            spare_counted: Vec::new(),
            step: 0,
            restarts: 0,
            first_divergence: None,
            careful: 0,
            done: 0,
        }
    }

    /// What has happened to a lane.
    pub fn fate(&self, lane: usize) -> LaneFate {
        LaneFate {
            trapped: self.trapped[lane],
            watches: self.judged,
            diverged: self.diverged[lane],
            windows: self.windows,
            kinetic: self.squares[lane] / self.steps.max(1) as f64,
            watched: self.last_watched[lane],
        }
    }

    pub fn forget(&mut self) {
        (self.trapped, self.diverged) = ([0; LANES], [0; LANES]);
        (self.windows, self.judged) = (0, 0);
        self.recorded.clear();
        self.counted.clear();
        self.restarts = 0;
        self.first_divergence = None;
    }

    /// Takes positions along periods into them, as at the beginning of a window.
    pub fn wrap(&mut self, sides: &[Side]) {
        for (c, side) in sides.iter().enumerate().filter(|(_, s)| s.periodic) {
            for x in &mut self.state[c * LANES..][..LANES] {
                *x = side.wrap(*x);
            }
        }
    }

    /// A window that begins now.
    pub fn span(&self, rules: &Rules<'_>, steps: usize) -> Span {
        Span {
            committed: self.unsettled.map(|ends| ends == 0),
            steps,
            first_step: self.step,
            stretch: rules.stretch,
            watch: self.watches,
        }
    }

    /// Takes note of a window that has ended; the lanes that have diverged in it, if any did.
    pub fn judge(&mut self, rules: &Rules<'_>, look: &Look, steps: usize) -> Option<[bool; LANES]> {
        let d = rules.sides.len();
        let (mut squares, mut lost) = (look.squares, look.outside);
        if d > 1 {
            squares = squares.map(|s| s / d as f64);
        }
        for (c, side) in rules.sides.iter().enumerate() {
            let x = &self.state[c * LANES..][..LANES];
            let p = &self.state[(d + c) * LANES..][..LANES];
            // One test for either kind: what is not finite is in no interval.
            let (lo, hi) = match side.periodic {
                true => (f64::MIN, f64::MAX),
                false => (side.lo, side.hi),
            };
            for ((lost, x), p) in lost.iter_mut().zip(x).zip(p) {
                *lost |= !((*x >= lo) & (*x <= hi) & p.is_finite());
            }
        }
        for (lost, squares) in lost.iter_mut().zip(squares) {
            *lost |= !squares.is_finite();
        }
        self.windows += 1;
        self.step += steps as u64;
        self.watched_steps += steps as u64;
        (self.squares, self.steps) = (squares, steps);
        for (watched, squares) in self.watched.iter_mut().zip(squares) {
            *watched += squares;
        }
        for (diverged, lost) in self.diverged.iter_mut().zip(lost) {
            *diverged += u64::from(lost);
        }
        lost.contains(&true).then_some(lost)
    }

    /// At the end of a watch, the lanes that are trapped and must be moved, if any.
    pub fn judge_watch(&mut self, rules: &Rules<'_>) -> Option<[bool; LANES]> {
        if self.watched_steps < rules.watch {
            return None;
        }
        let steps = self.watched_steps as f64;
        self.last_watched = self.watched.map(|sum| sum / steps);
        let least = TRAPPED_BELOW * rules.reference;
        let trapped = self.last_watched.map(|mean| mean < least);
        for (count, trapped) in self.trapped.iter_mut().zip(trapped) {
            *count += u64::from(trapped);
        }
        for ends in &mut self.unsettled {
            *ends = ends.saturating_sub(1);
        }
        self.judged += 1;
        self.watched = [0.0; LANES];
        self.watched_steps = 0;
        self.watches += 1;
        (rules.restarts && trapped.contains(&true)).then_some(trapped)
    }

    /// A lost lane goes on from the position of a good one, with a fresh momentum, and does not
    /// count for as many ends of watches as `settle`: the two are then independent.
    pub fn restart(&mut self, rules: &Rules<'_>, lost: &[bool; LANES], settle: u64) {
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

    /// Whether the oldest of the windows that wait, of so many steps in all, need not any more.
    /// Without restarts nothing is taken back.
    pub fn is_due(&self, rules: &Rules<'_>, oldest: &Span, waiting: usize) -> bool {
        !rules.restarts || oldest.watch + HOLD < self.watches || waiting > MOST_HELD
    }

    /// The position of a lane.
    pub fn position(&self, lane: usize) -> Vec<f64> {
        let d = self.state.len() / (2 * LANES);
        (0..d).map(|c| self.state[c * LANES + lane]).collect()
    }
}
