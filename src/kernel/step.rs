//! Steps of an integrator, compiled whole with the gradient in it.

use super::batch::inputs;
use super::engine::{Engine, Group, KernelError};
use super::lane::Value;
use super::{LANES, LaneBuilder, LaneCode, Lowering, denormals, lower_graph};
use crate::graph::{Graph, Node};

/// What one step of an integrator gives.
#[derive(Clone, Debug)]
pub struct StepOutput {
    /// The new state, one value a variable.
    pub state: Vec<Value>,
    /// What is recorded at the end of the step.
    pub record: Vec<Value>,
}

/// The gradient as an integrator sees it: from the coordinates (as many as the dimension) its
/// components. It may be called at several points of a step.
pub type LaneGradient<'g> = dyn FnMut(&mut LaneBuilder, &[Value]) -> Vec<Value> + 'g;

/// One step of an integrator as lane code.
#[derive(Clone, Debug)]
pub struct StepProgram {
    code: LaneCode,
}

impl StepProgram {
    /// Describes one step. Inputs `0..dimension` of the graph are coordinates, the following are
    /// parameters. `integrator` is given the state, the step constants (the same in all lanes and
    /// steps of a run) and the gradient.
    ///
    /// # Panics
    /// If the integrator does not give one new value for each variable of the state.
    pub fn build(
        graph: &Graph,
        gradient_roots: &[Node],
        dimension: usize,
        state_count: usize,
        constant_count: usize,
        integrator: impl FnOnce(
            &mut LaneBuilder,
            &[Value],
            &[Value],
            &mut LaneGradient<'_>,
        ) -> StepOutput,
    ) -> StepProgram {
        let parameters = inputs(graph, gradient_roots).saturating_sub(dimension);
        let mut builder = LaneBuilder::new(state_count, constant_count + parameters);
        let state: Vec<Value> = (0..state_count).map(|i| builder.state(i)).collect();
        let mut constants: Vec<Value> = (0..constant_count + parameters)
            .map(|i| builder.slot(i))
            .collect();
        let parameters = constants.split_off(constant_count);
        let mut gradient = |builder: &mut LaneBuilder, at: &[Value]| {
            let mut inputs = at.to_vec();
            inputs.truncate(dimension);
            let missing = builder.constant(f64::NAN);
            inputs.resize(dimension, missing);
            inputs.extend(&parameters);
            lower_graph(builder, graph, gradient_roots, &inputs, Lowering::FAST)
        };
        let output = integrator(&mut builder, &state, &constants, &mut gradient);
        assert_eq!(output.state.len(), state_count, "the new state");
        StepProgram {
            code: builder.finish(&output.state, &output.record),
        }
    }

    /// The lane code of one step.
    pub fn code(&self) -> &LaneCode {
        &self.code
    }
}

/// A compiled loop over the steps of [`LANES`] trajectories.
#[derive(Debug)]
pub struct StepKernel {
    group: Group,
}

impl StepKernel {
    /// Compiles the loop.
    ///
    /// # Errors
    /// If the host has no such engine, or the code generator fails.
    pub fn compile(program: &StepProgram, engine: Engine) -> Result<StepKernel, KernelError> {
        Group::new(program.code.clone(), engine).map(|group| StepKernel { group })
    }

    /// Advances [`LANES`] trajectories by so many steps. `state` is `[variable][lane]`,
    /// `constants` the step constants and then the parameters, `record` is `[step][record][lane]`
    /// (what each step recorded) or empty. Subnormal numbers are taken as zero.
    ///
    /// # Panics
    /// If a slice has another length, or a parameter that the gradient needs is missing.
    pub fn run(&self, state: &mut [f64], constants: &[f64], steps: usize, record: &mut [f64]) {
        denormals::flush(|| self.group.prepare(constants).steps(state, steps, record));
    }

    /// How many numbers each step records in each lane.
    pub fn recorded(&self) -> usize {
        self.group.code().record.len()
    }

    /// The length of the state: variables by [`LANES`].
    pub fn state_len(&self) -> usize {
        self.group.code().state_count * LANES
    }
}
