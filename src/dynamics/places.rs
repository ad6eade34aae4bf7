//! Where positions are counted: bins along each coordinate, numbered as lane code numbers them.

use crate::kernel::lane::RAISED;
use crate::kernel::{LaneBuilder, Value};

/// The most places.
const MOST_PLACES: usize = 1 << 19;

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

/// How a coordinate becomes a number of places along an axis.
struct Numbers {
    /// Bins by unit of `x`, and what is added.
    inverse: f64,
    start: f64,
    /// The first place and the last; of a period 0 and the bins.
    lo: f64,
    hi: f64,
    /// Places along the axis.
    size: f64,
    periodic: bool,
}

impl BinAxis {
    /// The numbers of the k-th axis, with so many places before the first bin, the last place `last`
    /// and `size` places.
    fn numbers(&self, k: usize, raised: bool, before: f64, last: f64, size: f64) -> Numbers {
        // Raised, so that the kernel reads a place from the bits; those of the axes before have it too,
        // times the size of this one.
        let offset = match (raised, k) {
            (false, _) => 0.0,
            (true, 0) => RAISED,
            (true, _) => RAISED - size * RAISED,
        };
        let inverse = 1.0 / self.width;
        Numbers {
            inverse,
            start: before - self.lo * inverse + offset,
            lo: offset,
            hi: offset + last,
            size,
            periodic: self.periodic,
        }
    }
}

/// Where bins are numbered: row-major over the places along each axis, which are its bins, and one
/// on either side for what lies outside (NaN to the left).
///
/// A place is found by one fused product, good to 2^-33 of a bin (of several axes, to that times the
/// bins of the later ones): a sample as close to an edge may be found on its other side; all others
/// are where `floor((x - lo)/width)` says.
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

    /// The axes.
    pub(super) fn axes(&self) -> &[BinAxis] {
        &self.axes
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
        let mut flat = 0.0_f64;
        let axes = self.axes.len();
        for (k, (axis, x)) in self.numbers().iter().zip(point).enumerate() {
            let mut t = x.mul_add(axis.inverse, axis.start);
            if axis.periodic {
                t = (-(t * (1.0 / axis.hi)).floor()).mul_add(axis.hi, t);
                t = if t > 0.0 { t } else { 0.0 };
            } else if axes > 1 {
                t = if t > axis.lo { t } else { axis.lo };
                t = if t < axis.hi { t } else { axis.hi };
            }
            if k + 1 < axes {
                t = t.floor();
            }
            flat = if k == 0 {
                t
            } else {
                flat.mul_add(axis.size, t)
            };
        }
        if self.raised() {
            flat -= RAISED;
        }
        (flat as usize).min(self.count() - 1)
    }

    fn raised(&self) -> bool {
        self.axes.iter().all(|axis| !axis.periodic)
    }

    fn numbers(&self) -> Vec<Numbers> {
        let raised = self.raised();
        let numbers = |(k, axis): (usize, &BinAxis)| {
            let bins = axis.bins as f64;
            let (before, last) = match axis.periodic {
                true => (0.0, bins),
                false => (1.0, bins + 1.0),
            };
            axis.numbers(k, raised, before, last, self.along(k) as f64)
        };
        self.axes.iter().enumerate().map(numbers).collect()
    }

    /// The place of a point in lane code.
    pub(super) fn lane(&self, b: &mut LaneBuilder, x: &[Value]) -> Value {
        flat(b, &self.numbers(), self.raised(), x)
    }
}

/// The bin of a point along these axes, row-major, whose whole part counts: along each the nearest
/// one where it is outside, which is left to whoever counts where there is only one.
pub(super) fn bin(b: &mut LaneBuilder, axes: &[BinAxis], x: &[Value]) -> Value {
    let raised = axes.iter().all(|axis| !axis.periodic);
    let numbers = |(k, axis): (usize, &BinAxis)| {
        let bins = axis.bins as f64;
        let last = if axis.periodic { bins } else { bins - 1.0 };
        axis.numbers(k, raised, 0.0, last, bins)
    };
    let numbers: Vec<Numbers> = axes.iter().enumerate().map(numbers).collect();
    flat(b, &numbers, raised, x)
}

/// The place of a point, whose whole part counts; what is outside of a plain axis alone is clamped by
/// whoever counts. [`Places::of`] does the same.
fn flat(b: &mut LaneBuilder, axes: &[Numbers], raised: bool, x: &[Value]) -> Value {
    let zero = b.constant(0.0);
    let mut flat = None;
    for (k, (axis, x)) in axes.iter().zip(x).enumerate() {
        let numbers = [axis.inverse, axis.start, axis.lo, axis.hi, axis.size];
        let [inverse, start, lo, hi, size] = numbers.map(|number| b.constant(number));
        let mut t = b.fma(*x, inverse, start);
        if axis.periodic {
            let one_over = b.constant(1.0 / axis.hi);
            let turns = b.mul(t, one_over);
            let turns = b.floor(turns);
            let turns = b.neg(turns);
            t = b.fma(turns, hi, t);
            // By rounding it may be a last digit below 0, or at the end.
            t = b.max(t, zero);
        } else if axes.len() > 1 {
            t = b.max(t, lo);
            t = b.min(t, hi);
        }
        if k + 1 < axes.len() {
            t = b.floor(t);
        }
        flat = Some(match flat {
            None => t,
            Some(before) => b.fma(before, size, t),
        });
    }
    let flat = flat.unwrap_or(zero);
    let offset = b.constant(if raised { RAISED } else { 0.0 });
    b.sub(flat, offset)
}
