//! The damped map (Li & Tao 2024, eq. (3.2)) with friction `Gamma` and mass `M`.
//!
//! Its two half steps of the position are merged: with `x = q_{n+1/2}`, the point where the
//! gradient is taken, a step is `p' = C p - delta g(x)`, `x' = x + delta M^-1 p'`,
//! `C = exp(-delta Gamma M^-1)`. The whole-step positions are `q_{n+1} = x + delta M^-1 p'/2`.
//!
//! A step is described once, for anything that multiplies and adds: with lane code for numbers it
//! is compiled around the gradient of a formula, with lanes of numbers it is a loop around any
//! gradient.

use std::sync::Arc;

use super::places::bin;
use super::{BinAxis, Damping, Gradient};
use crate::graph::Model;
use crate::kernel::{
    Engine, GroupRun, KernelError, LANES, LaneBuilder, StepKernel, StepOutput, StepProgram, Value,
};

/// The damped map of one potential.
///
/// State variables are `x` and then `p`, a step records `x` and `p'`, each [`LANES`] wide a
/// coordinate.
pub struct DampedMap {
    force: Force,
    constants: Vec<f64>,
    damping: Damping,
}

/// Where the gradient comes from.
enum Force {
    /// The formula of a model, compiled with the map, and the values of its parameters.
    Compiled(StepKernel, Vec<f64>),
    /// Whoever is asked.
    Called(Arc<dyn Gradient>),
}

/// What a step is computed with.
trait Arithmetic {
    type Number: Copy;
    fn neg(&mut self, a: Self::Number) -> Self::Number;
    fn mul(&mut self, a: Self::Number, b: Self::Number) -> Self::Number;
    /// `a b + c`, rounded once.
    fn fma(&mut self, a: Self::Number, b: Self::Number, c: Self::Number) -> Self::Number;
}

impl Arithmetic for LaneBuilder {
    type Number = Value;

    fn neg(&mut self, a: Value) -> Value {
        LaneBuilder::neg(self, a)
    }

    fn mul(&mut self, a: Value, b: Value) -> Value {
        LaneBuilder::mul(self, a, b)
    }

    fn fma(&mut self, a: Value, b: Value, c: Value) -> Value {
        LaneBuilder::fma(self, a, b, c)
    }
}

/// Numbers, one a lane.
struct Plain;

impl Arithmetic for Plain {
    type Number = [f64; LANES];

    fn neg(&mut self, a: [f64; LANES]) -> [f64; LANES] {
        a.map(|a| -a)
    }

    fn mul(&mut self, a: [f64; LANES], b: [f64; LANES]) -> [f64; LANES] {
        std::array::from_fn(|lane| a[lane] * b[lane])
    }

    fn fma(&mut self, a: [f64; LANES], b: [f64; LANES], c: [f64; LANES]) -> [f64; LANES] {
        std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
    }
}

/// The map as lane code around a gradient. Constants are `delta` and `c` where friction is a
/// number and mass is one, else `delta`, the entries of `C` and those of `delta M^-1`.
pub fn damped_map(model: &Model, scalar: bool) -> StepProgram {
    program(model, scalar, true)
}

/// The same without a record.
pub fn bare_damped_map(model: &Model, scalar: bool) -> StepProgram {
    program(model, scalar, false)
}

/// The map without a record that at every step counts the bin of `x` along the first axes, what is
/// outside in the bins at the ends, and adds up powers of each momentum: state variables are `x`,
/// `p` and then the sums of `p^2` and `p^3` of each coordinate. That of `delta M^-1 p` is how far
/// `x` has come.
pub fn counted_damped_map(model: &Model, scalar: bool, axes: &[BinAxis]) -> StepProgram {
    let d = model.dimension();
    StepProgram::of(
        &model.differentiated(),
        4 * d,
        constants(d, scalar),
        |b, state, constants, gradient| {
            let (x, rest) = state.split_at(d);
            let (p, sums) = rest.split_at(d);
            let g = gradient(b, x);
            let (moved, after) = step(b, scalar, x, p, &g, constants);
            let mut powers = Vec::with_capacity(2 * d);
            for (p, sums) in after.iter().zip(sums.chunks_exact(2)) {
                let square = b.mul(*p, *p);
                powers.push(b.add(sums[0], square));
                powers.push(b.fma(square, *p, sums[1]));
            }
            let place = bin(b, axes, x);
            let places: usize = axes.iter().map(|axis| axis.bins).product();
            b.count(u32::try_from(places).unwrap_or(u32::MAX), place);
            StepOutput {
                state: [moved, after, powers].concat(),
                record: Vec::new(),
            }
        },
    )
}

fn program(model: &Model, scalar: bool, recorded: bool) -> StepProgram {
    let d = model.dimension();
    StepProgram::of(
        &model.differentiated(),
        2 * d,
        constants(d, scalar),
        |b, state, constants, gradient| {
            let (x, p) = state.split_at(d);
            let g = gradient(b, x);
            let (moved, after) = step(b, scalar, x, p, &g, constants);
            StepOutput {
                state: [moved, after.clone()].concat(),
                record: match recorded {
                    true => [x.to_vec(), after].concat(),
                    false => Vec::new(),
                },
            }
        },
    )
}

/// How many constants the step of so many coordinates has.
pub(super) fn constants(dimension: usize, scalar: bool) -> usize {
    if scalar {
        2
    } else {
        1 + 2 * dimension * dimension
    }
}

/// One step as lane code: the new `x` and `p`, from these and the gradient at `x`.
pub(super) fn lane_step(
    b: &mut LaneBuilder,
    scalar: bool,
    x: &[Value],
    p: &[Value],
    g: &[Value],
    constants: &[Value],
) -> (Vec<Value>, Vec<Value>) {
    step(b, scalar, x, p, g, constants)
}

/// The new `x` and `p`.
type Moved<N> = (Vec<N>, Vec<N>);

fn step<A: Arithmetic>(
    b: &mut A,
    scalar: bool,
    x: &[A::Number],
    p: &[A::Number],
    g: &[A::Number],
    constants: &[A::Number],
) -> Moved<A::Number> {
    match scalar {
        true => number_step(b, x, p, g, constants),
        false => matrix_step(b, x, p, g, constants),
    }
}

fn number_step<A: Arithmetic>(
    b: &mut A,
    x: &[A::Number],
    p: &[A::Number],
    g: &[A::Number],
    constants: &[A::Number],
) -> Moved<A::Number> {
    let (delta, decay) = (constants[0], constants[1]);
    let after: Vec<_> = p
        .iter()
        .zip(g)
        .map(|(p, g)| {
            let kick = b.mul(delta, *g);
            let kick = b.neg(kick);
            b.fma(decay, *p, kick)
        })
        .collect();
    let moved = after.iter().zip(x).map(|(p, x)| b.fma(delta, *p, *x));
    (moved.collect(), after)
}

fn matrix_step<A: Arithmetic>(
    b: &mut A,
    x: &[A::Number],
    p: &[A::Number],
    g: &[A::Number],
    constants: &[A::Number],
) -> Moved<A::Number> {
    let d = x.len();
    let (delta, rest) = (constants[0], &constants[1..]);
    let (decay, velocity) = rest.split_at(d * d);
    let product = |b: &mut A, row: &[A::Number], vector: &[A::Number], start: A::Number| {
        let pairs = row.iter().zip(vector);
        pairs.fold(start, |sum, (a, v)| b.fma(*a, *v, sum))
    };
    let after: Vec<_> = (0..d)
        .map(|i| {
            let kick = b.mul(delta, g[i]);
            let kick = b.neg(kick);
            product(b, &decay[i * d..][..d], p, kick)
        })
        .collect();
    let moved = (0..d).map(|i| product(b, &velocity[i * d..][..d], &after, x[i]));
    (moved.collect(), after)
}

impl DampedMap {
    /// Compiles the map; `parameters` are the values of the model's parameters.
    ///
    /// # Errors
    /// See [`StepKernel::compile`].
    pub fn compile(
        model: &Model,
        parameters: &[f64],
        damping: Damping,
        engine: Engine,
    ) -> Result<DampedMap, KernelError> {
        let program = damped_map(model, damping.is_scalar());
        let kernel = StepKernel::compile(&program, engine)?;
        Ok(DampedMap {
            force: Force::Compiled(kernel, parameters.to_vec()),
            constants: damping.constants(),
            damping,
        })
    }

    /// The map in a gradient of as many coordinates as friction and mass have.
    pub fn of(gradient: Arc<dyn Gradient>, damping: Damping) -> DampedMap {
        DampedMap {
            force: Force::Called(gradient),
            constants: damping.constants(),
            damping,
        }
    }

    /// Changes step, friction and mass; nothing is compiled. A number cannot become a matrix: such
    /// a change leaves the map as it is.
    pub fn set(&mut self, damping: Damping) {
        if damping.is_scalar() == self.damping.is_scalar() {
            self.constants = damping.constants();
            self.damping = damping;
        }
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.damping.dimension()
    }

    /// The length of the state of a group.
    pub(super) fn state_len(&self) -> usize {
        2 * self.dimension() * LANES
    }

    /// Step, friction and mass.
    pub fn damping(&self) -> &Damping {
        &self.damping
    }

    /// Advances one group of lanes by `steps` and records `x` and `p'` of every step; see
    /// [`StepKernel::run`] for the layout.
    pub fn run(&self, state: &mut [f64], steps: usize, record: &mut [f64]) {
        match &self.force {
            Force::Compiled(kernel, parameters) => {
                let constants = [&self.constants[..], parameters].concat();
                kernel.run(state, &constants, steps, record);
            }
            Force::Called(gradient) => self.call(gradient.as_ref(), state, steps, record),
        }
    }

    /// The same for several groups.
    pub fn run_groups(&self, groups: &mut [GroupRun<'_>], steps: usize) {
        match &self.force {
            Force::Compiled(kernel, parameters) => {
                let constants = [&self.constants[..], parameters].concat();
                kernel.run_groups(groups, &constants, steps);
            }
            Force::Called(gradient) => {
                for group in groups {
                    self.call(gradient.as_ref(), group.state, steps, group.record);
                }
            }
        }
    }

    fn call(&self, gradient: &dyn Gradient, state: &mut [f64], steps: usize, record: &mut [f64]) {
        let half = self.dimension() * LANES;
        let constants: Vec<[f64; LANES]> = self.constants.iter().map(|c| [*c; LANES]).collect();
        let mut slopes = vec![f64::NAN; half];
        for step_at in 0..steps {
            // Lanes are the points.
            slopes.fill(f64::NAN);
            gradient.gradients(&state[..half], &mut slopes);
            let [x, p, g] = [&state[..half], &state[half..], &slopes].map(lanes);
            let (moved, after) = step(&mut Plain, self.damping.is_scalar(), x, p, g, &constants);
            if !record.is_empty() {
                let row = &mut record[step_at * 2 * half..][..2 * half];
                row[..half].copy_from_slice(&state[..half]);
                row[half..].copy_from_slice(after.as_flattened());
            }
            state[..half].copy_from_slice(moved.as_flattened());
            state[half..].copy_from_slice(after.as_flattened());
        }
    }
}

/// Numbers of all lanes, variable by variable.
fn lanes(numbers: &[f64]) -> &[[f64; LANES]] {
    numbers.as_chunks().0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::kernel::{BatchKernel, Wanted};
    use crate::source::Sources;
    use nalgebra::DMatrix;

    /// The gradient of a formula, as if nothing else were known of it.
    struct Hidden(BatchKernel);

    impl Gradient for Hidden {
        fn dimension(&self) -> usize {
            2
        }

        fn gradients(&self, points: &[f64], out: &mut [f64]) {
            self.0.evaluate(points, points.len() / 2, &[], out);
        }
    }

    #[test]
    fn a_called_gradient_gives_the_map_that_is_compiled() {
        let mut sources = Sources::new();
        let text = "V(x, y) = x^2 + x*y + y^2 + sin(3*x - y)/9";
        let root = sources.add("test.pot", text);
        let model = check(&sources, root).unwrap().potential(None).unwrap();
        let friction = DMatrix::from_row_slice(2, 2, &[0.3, 0.1, 0.1, 0.2]);
        let mass = DMatrix::from_row_slice(2, 2, &[2.0, 0.5, 0.5, 1.0]);
        let matrix = Damping::matrix(2, 0.3, &friction, &mass).unwrap();
        for damping in [Damping::scalar(2, 0.3, 0.2), matrix] {
            let engine = Engine::best();
            let compiled = DampedMap::compile(&model, &[], damping.clone(), engine).unwrap();
            let gradient = BatchKernel::of(&model.differentiated(), Wanted::Gradient, engine);
            let called = DampedMap::of(Arc::new(Hidden(gradient.unwrap())), damping);
            let start: Vec<f64> = (0..4 * LANES).map(|i| (1.7 * i as f64).sin()).collect();
            let run = |map: &DampedMap| {
                let (mut state, mut record) = (start.clone(), vec![f64::NAN; 40 * LANES]);
                map.run(&mut state, 10, &mut record);
                map.run(&mut state, 5, &mut []);
                [state, record].concat()
            };
            for (a, b) in run(&compiled).iter().zip(run(&called)) {
                // One rounding a step, which a step of this map hardly stretches.
                assert!((a - b).abs() < 1e-14, "{a} {b}");
            }
        }
    }
}
