//! A stretch of the trajectories of one group, as handed to whoever keeps statistics.

use crate::kernel::LANES;

/// Some steps of the [`LANES`] trajectories of a group, one coordinate.
///
/// Only the lanes that [`Window::committed`] names may be counted.
pub struct Window<'a> {
    pub(super) steps: usize,
    /// Shape: steps, (x, p'), lanes.
    pub(super) record: &'a [f64],
    /// The momenta before the first step.
    pub(super) before: &'a [f64; LANES],
    pub(super) committed: [bool; LANES],
    pub(super) delta: f64,
    pub(super) decay: f64,
    pub(super) first_step: u64,
    pub(super) stretch: usize,
}

impl<'a> Window<'a> {
    /// A window of a stepper of one's own, whose state is `x` and `p` as in the damped map.
    ///
    /// `record` is what each step saw (shape: steps, (x, p'), lanes), `before` the momenta before
    /// the first step, `delta` the step and `decay` the part of the momentum that it keeps.
    /// `None` where the record is not a whole number of steps.
    pub fn new(
        record: &'a [f64],
        before: &'a [f64; LANES],
        committed: [bool; LANES],
        (delta, decay): (f64, f64),
        first_step: u64,
    ) -> Option<Window<'a>> {
        record.len().is_multiple_of(2 * LANES).then_some(Window {
            steps: record.len() / (2 * LANES),
            record,
            before,
            committed,
            delta,
            decay,
            first_step,
            stretch: 0,
        })
    }
}

impl Window<'_> {
    /// Steps in it.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The step of the map.
    pub fn delta(&self) -> f64 {
        self.delta
    }

    /// `c = exp(-gamma delta)`.
    pub fn decay(&self) -> f64 {
        self.decay
    }

    /// The stretch of time that it belongs to, as given to [`super::Ensemble::advance`].
    pub fn stretch(&self) -> usize {
        self.stretch
    }

    /// The number of the first of its steps since the lanes were started.
    pub fn first_step(&self) -> u64 {
        self.first_step
    }

    /// Whether the lane stayed finite, inside, and out of traps.
    pub fn committed(&self) -> &[bool; LANES] {
        &self.committed
    }

    /// The points `q_{n+1/2}` of all lanes at one step.
    pub fn positions(&self, step: usize) -> &[f64] {
        &self.record[2 * step * LANES..(2 * step + 1) * LANES]
    }

    /// The momenta after that step.
    pub fn momenta(&self, step: usize) -> &[f64] {
        &self.record[(2 * step + 1) * LANES..(2 * step + 2) * LANES]
    }

    /// The momenta before that step.
    pub fn momenta_before(&self, step: usize) -> &[f64] {
        match step {
            0 => self.before,
            _ => self.momenta(step - 1),
        }
    }

    /// The gradient at the position of one lane at one step, read off the kick.
    #[inline]
    pub fn gradient(&self, step: usize, lane: usize) -> f64 {
        (self.decay * self.momenta_before(step)[lane] - self.momenta(step)[lane]) / self.delta
    }
}

/// Someone who keeps statistics of committed windows.
pub trait Observer: Send {
    /// Looks at the next window of the group.
    fn observe(&mut self, window: &Window<'_>);
}

/// Looks at nothing: for burn-in.
impl Observer for () {
    fn observe(&mut self, _: &Window<'_>) {}
}
