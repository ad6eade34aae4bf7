//! The counting map: the damped map with its statistics in the loop.
//!
//! It makes the same steps as [`super::DampedMap`], bit for bit. Beside `x` and `p` its state has
//! sums over the steps so far, lane by lane, and all that a step records is the bin of its `x`, so
//! that blocks of steps stay in the first cache. Friction, centres and bins are numbers that a
//! run is given: nothing is compiled again for them.

use super::damped::{constants, lane_step};
use super::sums::Layout;
use super::{Damping, Sums};
use crate::graph::Model;
use crate::kernel::{
    Engine, KernelError, LANES, LaneBuilder, PreparedSteps, StepKernel, StepOutput, StepProgram,
    Value,
};

/// 1.5 * 2^20: added to a number of `[0, 2^19)` it leaves the whole part in the upper 32 bits and
/// 32 bits of the fraction in the lower.
const SHIFT: f64 = 1_572_864.0;
/// The upper 32 bits of it.
const BASE: u32 = (SHIFT.to_bits() >> 32) as u32;
/// The most bins that a record can tell apart.
const MOST_BINS: usize = 1 << 19;
/// Numbers that an axis is described by: what `x` is multiplied with and what is added to be in
/// bins; its end; one over it; the places it has among all bins.
const BY_AXIS: usize = 5;

/// Bins along one coordinate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BinAxis {
    /// Where the first begins.
    pub lo: f64,
    /// The width of one.
    pub width: f64,
    /// How many.
    pub bins: usize,
    /// Whether they cover a period.
    pub periodic: bool,
}

/// Where bins are numbered: row-major over the places along each axis, which are its bins and
/// some for what lies outside. Every axis but a plain first one has such places.
///
/// A place is found by one fused product and a rounding to 2^-32 of a bin (more where `lo` is more
/// than 2^20 widths from 0: to the last digit of `lo/width`). A sample as close to an edge may be
/// found on its other side; all others are where `floor((x - lo)/width)` says.
#[derive(Clone, PartialEq, Debug)]
pub struct Places {
    axes: Vec<BinAxis>,
}

/// What a place stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A bin, row-major over the bins.
    Bin(usize),
    /// Left of the first axis that it leaves.
    Below,
    /// Right of it.
    Above,
}

impl Places {
    /// The places of these axes; `None` where there are too many, or none.
    pub fn new(axes: Vec<BinAxis>) -> Option<Places> {
        let places = Places { axes };
        let mut sizes = (0..places.axes.len()).map(|k| places.along(k));
        let count = sizes.try_fold(1usize, usize::checked_mul);
        let good = !places.axes.is_empty() && count.is_some_and(|count| count <= MOST_BINS);
        good.then_some(places)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        (0..self.axes.len()).map(|k| self.along(k)).product()
    }

    /// Places along an axis. A periodic one may find its end by rounding: its first bin.
    fn along(&self, k: usize) -> usize {
        let axis = &self.axes[k];
        axis.bins + if axis.periodic { 1 } else { 2 * k.min(1) }
    }

    /// What a place stands for.
    pub fn place(&self, at: usize) -> Place {
        let (mut rest, mut bin, mut stride) = (at, 0, 1);
        let mut outside = None;
        for (k, axis) in self.axes.iter().enumerate().rev() {
            let i = rest % self.along(k);
            rest /= self.along(k);
            let i = match axis.periodic {
                true => i % axis.bins,
                false if k == 0 => i,
                false if i == 0 => {
                    outside = Some(Place::Below);
                    0
                }
                false if i > axis.bins => {
                    outside = Some(Place::Above);
                    0
                }
                false => i - 1,
            };
            bin += i * stride;
            stride *= axis.bins;
        }
        outside.unwrap_or(Place::Bin(bin))
    }

    /// The place that a record names. What is no place is outside the first axis, to the left of
    /// it where [`is_below`] says so.
    #[inline(always)]
    pub fn of(record: f64) -> usize {
        ((record.to_bits() >> 32) as u32).wrapping_sub(BASE) as usize
    }

    /// Whether a record that names no place was left of the first axis; not for NaN.
    pub fn is_below(record: f64) -> bool {
        record < SHIFT
    }

    fn numbers(&self) -> Vec<f64> {
        let last = self.axes.len() - 1;
        let numbers = |(k, axis): (usize, &BinAxis)| {
            let inverse = 1.0 / axis.width;
            let padded = if k > 0 && !axis.periodic { 1.0 } else { 0.0 };
            let shifted = if last == 0 && !axis.periodic {
                SHIFT
            } else {
                0.0
            };
            let bins = axis.bins as f64;
            let end = bins + padded;
            let start = shifted + padded - axis.lo * inverse;
            [inverse, start, end, 1.0 / bins, self.along(k) as f64]
        };
        self.axes.iter().enumerate().flat_map(numbers).collect()
    }
}

/// The counting map as lane code around a gradient; `periodic` says which coordinates wrap. The
/// state is `x`, `p` and then the sums. Constants are those of [`super::damped_map`], the centres,
/// and [`BY_AXIS`] for each coordinate.
fn counting_map(model: &Model, scalar: bool, periodic: &[bool], layout: Layout) -> StepProgram {
    let d = model.dimension();
    let damped = constants(d, scalar);
    StepProgram::of(
        &model.differentiated(),
        2 * d + layout.count(),
        damped + (1 + BY_AXIS) * d,
        |b, state, constants, gradient| {
            let (x, rest) = state.split_at(d);
            let (p, sums) = rest.split_at(d);
            let (constants, rest) = constants.split_at(damped);
            let (centre, axes) = rest.split_at(d);
            let g = gradient(b, x);
            let (moved, after) = lane_step(b, scalar, x, p, &g, constants);
            let seen = Seen {
                layout,
                x,
                centre,
                p: &after,
                g: &g,
            };
            let sums = seen.add_to(b, sums);
            let record = place(b, x, axes, periodic);
            StepOutput {
                state: [moved, after, sums].concat(),
                record: vec![record],
            }
        },
    )
}

/// What a step has seen.
struct Seen<'a> {
    layout: Layout,
    x: &'a [Value],
    centre: &'a [Value],
    p: &'a [Value],
    g: &'a [Value],
}

impl Seen<'_> {
    /// The sums after the step, in the order of [`Layout`].
    fn add_to(&self, b: &mut LaneBuilder, sums: &[Value]) -> Vec<Value> {
        let (layout, d) = (self.layout, self.x.len());
        let mut new = Vec::with_capacity(sums.len());
        let mut squares = Vec::with_capacity(d);
        for (c, old) in sums
            .chunks_exact(layout.by_coordinate())
            .take(d)
            .enumerate()
        {
            let (x, p) = (self.x[c], self.p[c]);
            let square = b.mul(p, p);
            squares.push(square);
            new.push(b.add(old[Layout::P2], square));
            new.push(b.fma(square, p, old[Layout::P3]));
            new.push(b.fma(square, square, old[Layout::P4]));
            if let Some(lo) = layout.lo() {
                // A NaN is left for the end of the window, where it still is.
                new.push(b.min(x, old[lo]));
                new.push(b.max(x, old[lo + 1]));
            }
            if let Some(first) = layout.p() {
                new.push(b.add(old[first], p));
                let offset = b.sub(x, self.centre[c]);
                new.push(b.fma(offset, self.g[c], old[first + 1]));
            }
        }
        if d > 1 {
            let mut rest = sums[d * layout.by_coordinate()..].iter();
            // In the order in which a sweep over a record adds them, so that both judge alike.
            if let Some(all) = rest.next() {
                new.push(squares.iter().fold(*all, |sum, square| b.add(sum, *square)));
            }
            let pairs = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
            for ((i, j), old) in pairs.zip(rest) {
                new.push(b.fma(self.p[i], self.p[j], *old));
            }
        }
        new
    }
}

/// The record that names the place of `x`.
fn place(b: &mut LaneBuilder, x: &[Value], axes: &[Value], periodic: &[bool]) -> Value {
    let shift = b.constant(SHIFT);
    let zero = b.constant(0.0);
    let mut flat = None;
    for (k, axis) in axes.chunks_exact(BY_AXIS).enumerate() {
        let &[inverse, start, end, one_over, size] = axis else {
            continue;
        };
        let mut t = b.fma(x[k], inverse, start);
        if periodic[k] {
            let turns = b.mul(t, one_over);
            let turns = b.floor(turns);
            let turns = b.neg(turns);
            t = b.fma(turns, end, t);
            // By rounding it may be a last digit below 0, or at the end.
            t = b.max(t, zero);
        } else if k > 0 {
            t = b.max(t, zero);
            t = b.min(t, end);
        }
        if k + 1 < x.len() {
            t = b.floor(t);
        }
        flat = Some(match flat {
            None => t,
            Some(before) => b.fma(before, size, t),
        });
    }
    let flat = flat.unwrap_or(zero);
    match x.len() == 1 && !periodic[0] {
        true => flat,
        false => b.add(flat, shift),
    }
}

/// The counting map of one potential.
pub struct CountingMap {
    kernel: StepKernel,
    layout: Layout,
    damping: Damping,
    parameters: Vec<f64>,
    centre: Vec<f64>,
    periodic: Vec<bool>,
    /// What describes the axes; zeros as long as there are none.
    axes: Vec<f64>,
}

impl CountingMap {
    /// Compiles the map; `parameters` are the values of the model's parameters. Positions are
    /// measured from `centre` in sums, and put into bins once there are some.
    ///
    /// With `limits` the least and the largest positions are kept. Without, bins must tell of a
    /// lane that is lost: they must lie within its side, and there must be one coordinate.
    ///
    /// # Errors
    /// See [`StepKernel::compile`].
    pub fn compile(
        model: &Model,
        parameters: &[f64],
        damping: Damping,
        centre: &[f64],
        limits: bool,
        engine: Engine,
    ) -> Result<CountingMap, KernelError> {
        let periods = model.coordinates.iter().map(|c| c.period.is_some());
        let periodic: Vec<bool> = periods.collect();
        let d = periodic.len();
        let layout = Layout::new(d, damping.is_scalar(), limits || d > 1);
        let program = counting_map(model, damping.is_scalar(), &periodic, layout);
        Ok(CountingMap {
            kernel: StepKernel::compile(&program, engine)?,
            layout,
            damping,
            parameters: parameters.to_vec(),
            centre: centre.to_vec(),
            axes: vec![0.0; BY_AXIS * periodic.len()],
            periodic,
        })
    }

    /// Has positions put into these bins; nothing is compiled. Returns whether they fit: there is
    /// one axis for each coordinate, periodic where that is.
    pub fn set_places(&mut self, places: &Places) -> bool {
        let own = places.axes.iter().map(|axis| axis.periodic);
        let fits = own.eq(self.periodic.iter().copied());
        if fits {
            self.axes = places.numbers();
        }
        fits
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.periodic.len()
    }

    /// Step, friction and mass.
    pub fn damping(&self) -> &Damping {
        &self.damping
    }

    /// Whether the least and the largest positions are kept.
    pub fn has_limits(&self) -> bool {
        self.layout.limits
    }

    /// The sums of a window from its two ends.
    pub(super) fn sums<'a>(&'a self, start: &'a [f64], end: &'a [f64]) -> Sums<'a> {
        Sums {
            layout: self.layout,
            start,
            end,
            damping: &self.damping,
            centre: &self.centre,
            periodic: &self.periodic,
        }
    }

    /// The state at the beginning of a window, from `x` and `p`.
    pub(super) fn begin(&self, start: &[f64], state: &mut [f64]) {
        state[..start.len()].copy_from_slice(start);
        self.layout.clear(state);
    }

    /// The map made ready for many short runs.
    pub(super) fn prepare(&self) -> PreparedSteps<'_> {
        let damping = self.damping.constants();
        let constants = [&damping, &self.centre, &self.axes, &self.parameters].map(|v| &v[..]);
        self.kernel.prepare(&constants.concat())
    }

    /// The length of the state.
    pub(super) fn state_len(&self) -> usize {
        (2 * self.dimension() + self.layout.count()) * LANES
    }
}
