//! The counting map: the damped map with its statistics in the loop.
//!
//! It makes the same steps as [`super::DampedMap`], bit for bit. Beside `x` and `p` its state has
//! sums over the steps so far, lane by lane, and the place of `x` among the bins is counted by the
//! kernel: nothing is recorded.

use super::damped::{constants, lane_step};
use super::sums::Layout;
use super::{Damping, Sums};
use crate::graph::Model;
use crate::kernel::{
    Engine, KernelError, LANES, LaneBuilder, PreparedSteps, StepKernel, StepOutput, StepProgram,
    Value,
};

/// The most places.
const MOST_PLACES: usize = 1 << 19;
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

/// Where bins are numbered: row-major over the places along each axis, which are its bins, and one
/// on either side for what lies outside (NaN to the left).
///
/// A place is found by one fused product. A sample as close to an edge as the last digit of
/// `lo/width` may be found on its other side; all others are where `floor((x - lo)/width)` says.
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
        let good = !places.axes.is_empty() && count.is_some_and(|count| count <= MOST_PLACES);
        good.then_some(places)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        (0..self.axes.len()).map(|k| self.along(k)).product()
    }

    /// Places along an axis. A periodic one may find its end by rounding: its first bin.
    fn along(&self, k: usize) -> usize {
        let axis = &self.axes[k];
        axis.bins + if axis.periodic { 1 } else { 2 }
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

    /// The places that stand for what is left and right of the first axis, if it is the only one
    /// and does not wrap.
    pub fn outside(&self) -> Option<[usize; 2]> {
        match &self.axes[..] {
            [axis] if !axis.periodic => Some([0, axis.bins + 1]),
            _ => None,
        }
    }

    /// The place of a point, one number an axis: that which the counting map counts.
    pub fn of(&self, point: impl IntoIterator<Item = f64>) -> usize {
        let least = |t: f64, most: f64| if t < most { t } else { most };
        let mut flat = 0.0_f64;
        let axes = self.axes.len();
        for (k, (axis, x)) in self.axes.iter().zip(point).enumerate() {
            let [inverse, start, end, one_over, size] = self.numbers_of(k);
            let mut t = x.mul_add(inverse, start);
            if axis.periodic {
                t = (-(t * one_over).floor()).mul_add(end, t);
            }
            t = if t > 0.0 { t } else { 0.0 };
            if !axis.periodic && axes > 1 {
                t = least(t, end);
            }
            if k + 1 < axes {
                t = t.floor();
            }
            flat = if k == 0 { t } else { flat.mul_add(size, t) };
        }
        (flat as usize).min(self.count() - 1)
    }

    fn numbers_of(&self, k: usize) -> [f64; BY_AXIS] {
        let axis = &self.axes[k];
        let inverse = 1.0 / axis.width;
        let padded = if axis.periodic { 0.0 } else { 1.0 };
        let bins = axis.bins as f64;
        let start = padded - axis.lo * inverse;
        [
            inverse,
            start,
            bins + padded,
            1.0 / bins,
            self.along(k) as f64,
        ]
    }

    fn numbers(&self) -> Vec<f64> {
        (0..self.axes.len())
            .flat_map(|k| self.numbers_of(k))
            .collect()
    }
}

/// The counting map as lane code around a gradient; `periodic` says which coordinates wrap, `places`
/// how many places are counted, none if it is 0. The state is `x`, `p` and then the sums. Constants are those of [`super::damped_map`], the centres,
/// and [`BY_AXIS`] for each coordinate.
fn counting_map(
    model: &Model,
    scalar: bool,
    periodic: &[bool],
    layout: Layout,
    places: u32,
) -> StepProgram {
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
            if places > 0 {
                let place = place(b, x, axes, periodic);
                b.count(places, place);
            }
            StepOutput {
                state: [moved, after, sums].concat(),
                record: Vec::new(),
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

/// The place of `x`, whose whole part counts; what is outside of a plain axis alone is clamped by
/// whoever counts. [`Places::of`] does the same.
fn place(b: &mut LaneBuilder, x: &[Value], axes: &[Value], periodic: &[bool]) -> Value {
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
        } else if x.len() > 1 {
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
    flat.unwrap_or(zero)
}

/// The counting map of one potential.
pub struct CountingMap {
    kernel: StepKernel,
    layout: Layout,
    damping: Damping,
    parameters: Vec<f64>,
    centre: Vec<f64>,
    periodic: Vec<bool>,
    /// Where positions are counted.
    places: Option<Places>,
}

impl CountingMap {
    /// Compiles the map; `parameters` are the values of the model's parameters. Positions are
    /// measured from `centre` in sums, and counted in `places`, where there are some that fit: one
    /// axis for each coordinate, periodic where that is.
    ///
    /// With `limits` the least and the largest positions are kept. Without, places must tell of a
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
        places: Option<&Places>,
        engine: Engine,
    ) -> Result<CountingMap, KernelError> {
        let periods = model.coordinates.iter().map(|c| c.period.is_some());
        let periodic: Vec<bool> = periods.collect();
        let d = periodic.len();
        let layout = Layout::new(d, damping.is_scalar(), limits || d > 1);
        let fits = |places: &&Places| {
            let own = places.axes.iter().map(|axis| axis.periodic);
            own.eq(periodic.iter().copied())
        };
        let places = places.filter(fits).cloned();
        let count = places.as_ref().map_or(0, Places::count) as u32;
        let program = counting_map(model, damping.is_scalar(), &periodic, layout, count);
        Ok(CountingMap {
            kernel: StepKernel::compile(&program, engine)?,
            layout,
            damping,
            parameters: parameters.to_vec(),
            centre: centre.to_vec(),
            places,
            periodic,
        })
    }

    /// Where positions are counted, if they are.
    pub fn places(&self) -> Option<&Places> {
        self.places.as_ref()
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
        let places = self.places.as_ref();
        let nothing = || vec![0.0; BY_AXIS * self.dimension()];
        let axes = places.map_or_else(nothing, Places::numbers);
        let constants = [&damping, &self.centre, &axes, &self.parameters].map(|v| &v[..]);
        self.kernel.prepare(&constants.concat())
    }

    /// The length of the state.
    pub(super) fn state_len(&self) -> usize {
        (2 * self.dimension() + self.layout.count()) * LANES
    }
}
