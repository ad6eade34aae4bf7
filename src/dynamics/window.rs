//! Stretches of the trajectories of one group, as handed to whoever keeps statistics.

use super::{Damping, Sums};
use crate::kernel::LANES;

/// Some steps of the [`LANES`] trajectories of a group.
///
/// Only the lanes that [`Window::committed`] names may be counted.
pub struct Window<'a> {
    pub(super) steps: usize,
    /// Shape: steps, (x, p'), coordinates, lanes.
    pub(super) record: &'a [f64],
    /// The momenta before the first step. Shape: coordinates, lanes.
    pub(super) before: &'a [f64],
    pub(super) committed: [bool; LANES],
    pub(super) damping: &'a Damping,
    pub(super) first_step: u64,
    pub(super) stretch: usize,
}

impl<'a> Window<'a> {
    /// A window of a stepper of one's own, whose state is `x` and `p` as in the damped map.
    ///
    /// `record` is what each step saw (shape: steps, (x, p'), coordinates, lanes), `before` the
    /// momenta before the first step (coordinates, lanes). `None` where the record is not a whole
    /// number of steps, or `before` has another length.
    pub fn new(
        record: &'a [f64],
        before: &'a [f64],
        committed: [bool; LANES],
        damping: &'a Damping,
        first_step: u64,
    ) -> Option<Window<'a>> {
        let row = 2 * damping.dimension() * LANES;
        let good = record.len().is_multiple_of(row) && 2 * before.len() == row;
        good.then_some(Window {
            steps: record.len() / row,
            record,
            before,
            committed,
            damping,
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

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.damping.dimension()
    }

    /// Step, friction and mass of the map.
    pub fn damping(&self) -> &Damping {
        self.damping
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

    #[inline]
    fn row(&self, step: usize, place: usize) -> &[f64] {
        let d = self.dimension();
        &self.record[(2 * d * step + place) * LANES..][..LANES]
    }

    /// One coordinate of the points `q_{n+1/2}` of all lanes at one step.
    #[inline]
    pub fn positions(&self, step: usize, coordinate: usize) -> &[f64] {
        self.row(step, coordinate)
    }

    /// That coordinate of the momenta after that step.
    #[inline]
    pub fn momenta(&self, step: usize, coordinate: usize) -> &[f64] {
        self.row(step, self.dimension() + coordinate)
    }

    /// That coordinate of the momenta before that step.
    #[inline]
    pub fn momenta_before(&self, step: usize, coordinate: usize) -> &[f64] {
        match step {
            0 => &self.before[coordinate * LANES..][..LANES],
            _ => self.momenta(step - 1, coordinate),
        }
    }

    /// That component of the gradient at those points, read off the kick.
    #[inline]
    pub fn gradients(&self, step: usize, coordinate: usize) -> [f64; LANES] {
        let mut kept = [0.0; LANES];
        let others = match self.damping.is_scalar() {
            true => coordinate..coordinate + 1,
            false => 0..self.dimension(),
        };
        for j in others {
            let decay = self.damping.decay(coordinate, j);
            let before = self.momenta_before(step, j).iter();
            kept.iter_mut()
                .zip(before)
                .for_each(|(kept, p)| *kept += decay * p);
        }
        let (after, delta) = (self.momenta(step, coordinate), self.damping.delta());
        kept.iter_mut()
            .zip(after)
            .for_each(|(kept, p)| *kept = (*kept - p) / delta);
        kept
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

/// Some steps of the [`LANES`] trajectories of a group, of which only the bins were seen, the sums
/// are left, and a few steps as they are.
///
/// Only the lanes that [`CountedWindow::committed`] names may be counted.
pub struct CountedWindow<'a> {
    pub(super) sums: Sums<'a>,
    pub(super) shown: Shown<'a>,
    pub(super) committed: [bool; LANES],
    pub(super) steps: usize,
    pub(super) stretch: usize,
}

/// The steps of a counted window that are shown.
pub(super) struct Shown<'a> {
    /// Shape: steps, (p, x, p'), coordinates, lanes.
    pub rows: &'a [f64],
    /// The number of the first of them, and the steps from one to the next.
    pub first: u64,
    pub stride: u64,
    pub damping: &'a Damping,
}

impl CountedWindow<'_> {
    /// Steps in it.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The stretch of time that it belongs to, as given to [`super::Ensemble::advance_counted`].
    pub fn stretch(&self) -> usize {
        self.stretch
    }

    /// Whether the lane stayed finite, inside, and out of traps.
    pub fn committed(&self) -> &[bool; LANES] {
        &self.committed
    }

    /// Sums over its steps.
    pub fn sums(&self) -> &Sums<'_> {
        &self.sums
    }

    /// The steps of it that are shown, each as a window of one step.
    pub fn shown(&self) -> impl Iterator<Item = Window<'_>> {
        let half = self.shown.damping.dimension() * LANES;
        let rows = self.shown.rows.chunks_exact(3 * half).enumerate();
        rows.map(move |(at, row)| Window {
            steps: 1,
            record: &row[half..],
            before: &row[..half],
            committed: self.committed,
            damping: self.shown.damping,
            first_step: self.shown.first + at as u64 * self.shown.stride,
            stretch: self.stretch,
        })
    }
}

/// Someone who keeps statistics of counted windows.
///
/// Places are counted at once, and taken back where the lane does not count or turns out to be
/// lost; the rest follows when the window is committed.
pub trait Counter: Send {
    /// Where the next `steps` of all lanes are counted: one number for each of the
    /// [`super::Places`] of the map, to which the kernel adds, or nothing if nobody wants to know.
    /// They wrap, and may be less than nothing where what was counted elsewhere is taken back. Asked
    /// for with no steps they are as they were left, so that what was added can be seen.
    fn counts(&mut self, stretch: usize, steps: usize) -> &mut [u32];

    /// Looks at the next committed window of the group.
    fn commit(&mut self, window: &CountedWindow<'_>);
}

/// Looks at nothing.
impl Counter for () {
    fn counts(&mut self, _: usize, _: usize) -> &mut [u32] {
        &mut []
    }

    fn commit(&mut self, _: &CountedWindow<'_>) {}
}
