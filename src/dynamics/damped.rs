//! The damped map (Li & Tao 2024, eq. (3.2)) with unit mass and scalar friction.
//!
//! Its two half steps of the position are merged: with `x = q_{n+1/2}`, the point where the
//! gradient is taken, a step is `p' = c p - delta g(x)`, `x' = x + delta p'`, `c = exp(-gamma
//! delta)`. The whole-step positions are `q_{n+1} = x + delta p'/2`.

use crate::graph::Model;
use crate::kernel::{Engine, KernelError, StepKernel, StepOutput, StepProgram};

/// The compiled damped map of one model.
///
/// State variables are `x` and then `p`, a step records `x` and `p'`, each [`LANES`] wide a
/// coordinate.
///
/// [`LANES`]: crate::kernel::LANES
pub struct DampedMap {
    kernel: StepKernel,
    dimension: usize,
    constants: Vec<f64>,
    delta: f64,
    decay: f64,
}

/// The map as lane code around a gradient: constants are `delta` and `c`.
pub fn damped_map(model: &Model) -> StepProgram {
    let d = model.dimension();
    StepProgram::of(
        &model.differentiated(),
        2 * d,
        2,
        |b, state, constants, gradient| {
            let (x, p) = state.split_at(d);
            let (delta, decay) = (constants[0], constants[1]);
            let g = gradient(b, x);
            let after: Vec<_> = (0..d)
                .map(|i| {
                    let kick = b.mul(delta, g[i]);
                    let kick = b.neg(kick);
                    b.fma(decay, p[i], kick)
                })
                .collect();
            let moved: Vec<_> = (0..d).map(|i| b.fma(delta, after[i], x[i])).collect();
            StepOutput {
                state: [moved, after.clone()].concat(),
                record: [x.to_vec(), after].concat(),
            }
        },
    )
}

impl DampedMap {
    /// Compiles the map; `parameters` are the values of the model's parameters.
    pub fn compile(
        model: &Model,
        parameters: &[f64],
        delta: f64,
        gamma: f64,
        engine: Engine,
    ) -> Result<DampedMap, KernelError> {
        let mut map = DampedMap {
            kernel: StepKernel::compile(&damped_map(model), engine)?,
            dimension: model.dimension(),
            constants: [&[0.0, 0.0], parameters].concat(),
            delta,
            decay: 0.0,
        };
        map.set(delta, gamma);
        Ok(map)
    }

    /// Changes the step and the friction; nothing is compiled.
    pub fn set(&mut self, delta: f64, gamma: f64) {
        self.delta = delta;
        self.decay = (-gamma * delta).exp();
        self.constants[0] = self.delta;
        self.constants[1] = self.decay;
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The step.
    pub fn delta(&self) -> f64 {
        self.delta
    }

    /// `c = exp(-gamma delta)`.
    pub fn decay(&self) -> f64 {
        self.decay
    }

    /// Advances one group of lanes by `steps` and records `x` and `p'` of every step; see
    /// [`StepKernel::run`] for the layout.
    pub fn run(&self, state: &mut [f64], steps: usize, record: &mut [f64]) {
        self.kernel.run(state, &self.constants, steps, record);
    }
}
