//! The counting map: the damped map with its statistics in the loop.
//!
//! It makes the same steps as [`super::DampedMap`], bit for bit. Beside `x` and `p` its state has
//! sums over the steps so far, lane by lane, and the place of `x` among the bins is counted by the
//! kernel: nothing is recorded.

use super::damped::{constants, lane_step};
use super::sums::Layout;
use super::{Damping, Places, Sums};
use crate::graph::Model;
use crate::kernel::{
    Engine, KernelError, LANES, LaneBuilder, PreparedSteps, StepKernel, StepOutput, StepProgram,
    Value,
};

/// The counting map as lane code around a gradient. The state is `x`, `p` and then the sums.
/// Constants are those of [`super::damped_map`] and the centres.
fn counting_map(
    model: &Model,
    scalar: bool,
    layout: Layout,
    places: Option<&Places>,
) -> StepProgram {
    let d = model.dimension();
    let damped = constants(d, scalar);
    StepProgram::of(
        &model.differentiated(),
        2 * d + layout.count(),
        damped + d,
        |b, state, constants, gradient| {
            let (x, rest) = state.split_at(d);
            let (p, sums) = rest.split_at(d);
            let (constants, rest) = constants.split_at(damped);
            let centre = &rest[..d];
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
            if let Some(places) = places {
                let place = places.lane(b, x);
                b.count(places.count() as u32, place);
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
        for (c, old) in sums
            .chunks_exact(layout.by_coordinate())
            .take(d)
            .enumerate()
        {
            let (x, p) = (self.x[c], self.p[c]);
            // Rounded as where a record is looked at.
            let square = b.mul(p, p);
            new.push(b.add(old[Layout::P2], square));
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
        let pairs = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
        for ((i, j), old) in pairs.zip(&sums[d * layout.by_coordinate()..]) {
            new.push(b.fma(self.p[i], self.p[j], *old));
        }
        new
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
    /// Where positions are counted.
    places: Option<Places>,
    /// Floating-point operations of a step of one lane.
    operations: usize,
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
            let own = places.axes().iter().map(|axis| axis.periodic);
            own.eq(periodic.iter().copied())
        };
        let places = places.filter(fits).cloned();
        let program = counting_map(model, damping.is_scalar(), layout, places.as_ref());
        Ok(CountingMap {
            kernel: StepKernel::compile(&program, engine)?,
            layout,
            damping,
            parameters: parameters.to_vec(),
            centre: centre.to_vec(),
            places,
            periodic,
            operations: program.operations().total(),
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

    /// Floating-point operations of a step of one lane.
    pub fn operations(&self) -> usize {
        self.operations
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
        let constants = [&damping, &self.centre, &self.parameters].map(|v| &v[..]);
        self.kernel.prepare(&constants.concat())
    }

    /// The length of the state.
    pub(super) fn state_len(&self) -> usize {
        (2 * self.dimension() + self.layout.count()) * LANES
    }
}
