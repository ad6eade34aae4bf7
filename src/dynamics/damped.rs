//! The damped map (Li & Tao 2024, eq. (3.2)) with friction `Gamma` and mass `M`.
//!
//! Its two half steps of the position are merged: with `x = q_{n+1/2}`, the point where the
//! gradient is taken, a step is `p' = C p - delta g(x)`, `x' = x + delta M^-1 p'`,
//! `C = exp(-delta Gamma M^-1)`. The whole-step positions are `q_{n+1} = x + delta M^-1 p'/2`.

use super::Damping;
use crate::graph::Model;
use crate::kernel::{Engine, KernelError, LaneBuilder, StepKernel, StepOutput, StepProgram, Value};

/// The compiled damped map of one model.
///
/// State variables are `x` and then `p`, a step records `x` and `p'`, each [`LANES`] wide a
/// coordinate.
///
/// [`LANES`]: crate::kernel::LANES
pub struct DampedMap {
    kernel: StepKernel,
    constants: Vec<f64>,
    parameters: Vec<f64>,
    damping: Damping,
}

/// The map as lane code around a gradient. Constants are `delta` and `c` where friction is a
/// number and mass is one, else `delta`, the entries of `C` and those of `delta M^-1`.
pub fn damped_map(model: &Model, scalar: bool) -> StepProgram {
    let d = model.dimension();
    let constants = if scalar { 2 } else { 1 + 2 * d * d };
    StepProgram::of(
        &model.differentiated(),
        2 * d,
        constants,
        |b, state, constants, gradient| {
            let (x, p) = state.split_at(d);
            let g = gradient(b, x);
            let (moved, after) = if scalar {
                number_step(b, x, p, &g, constants)
            } else {
                matrix_step(b, x, p, &g, constants)
            };
            StepOutput {
                state: [moved, after.clone()].concat(),
                record: [x.to_vec(), after].concat(),
            }
        },
    )
}

type Moved = (Vec<Value>, Vec<Value>);

fn number_step(
    b: &mut LaneBuilder,
    x: &[Value],
    p: &[Value],
    g: &[Value],
    constants: &[Value],
) -> Moved {
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

fn matrix_step(
    b: &mut LaneBuilder,
    x: &[Value],
    p: &[Value],
    g: &[Value],
    constants: &[Value],
) -> Moved {
    let d = x.len();
    let (delta, rest) = (constants[0], &constants[1..]);
    let (decay, velocity) = rest.split_at(d * d);
    let product = |b: &mut LaneBuilder, row: &[Value], vector: &[Value], start: Value| {
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
        let mut map = DampedMap {
            kernel: StepKernel::compile(&program, engine)?,
            constants: Vec::new(),
            parameters: parameters.to_vec(),
            damping: damping.clone(),
        };
        map.set(damping);
        Ok(map)
    }

    /// Changes step, friction and mass; nothing is compiled. A number cannot become a matrix: such
    /// a change leaves the map as it is.
    pub fn set(&mut self, damping: Damping) {
        if damping.is_scalar() == self.damping.is_scalar() {
            self.constants = [damping.constants(), self.parameters.clone()].concat();
            self.damping = damping;
        }
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.damping.dimension()
    }

    /// Step, friction and mass.
    pub fn damping(&self) -> &Damping {
        &self.damping
    }

    /// Advances one group of lanes by `steps` and records `x` and `p'` of every step; see
    /// [`StepKernel::run`] for the layout.
    pub fn run(&self, state: &mut [f64], steps: usize, record: &mut [f64]) {
        self.kernel.run(state, &self.constants, steps, record);
    }
}
