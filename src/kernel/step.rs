//! Steps of an integrator, compiled whole with the gradient in it.

use super::batch::{inputs, parameters};
use super::engine::{Engine, KernelError};
use super::lane::Value;
use super::program::{Program, Stage, Stages, Target};
use super::roll::{roll, roll_into};
use super::staged::{Machine, MachineRun};
use super::{LANES, LaneBuilder, LaneCode, Lowering, denormals, lower_graph};
use crate::graph::{Differentiated, Graph, Node};

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

/// One step of an integrator: straight-line lane code, or where that would be long, stages of
/// loops.
#[derive(Clone, Debug)]
pub struct StepProgram {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Short(LaneCode),
    Long(Program),
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
            kind: Kind::Short(builder.finish(&output.state, &output.record)),
        }
    }

    /// As [`StepProgram::build`], in the gradient of a potential. Its families become loops, and
    /// so does an integrator that does the same for each coordinate.
    ///
    /// # Panics
    /// If the integrator does not give one new value for each variable of the state.
    pub fn of(
        potential: &Differentiated,
        state_count: usize,
        constant_count: usize,
        integrator: impl FnOnce(
            &mut LaneBuilder,
            &[Value],
            &[Value],
            &mut LaneGradient<'_>,
        ) -> StepOutput,
    ) -> StepProgram {
        if potential.families.is_empty() {
            return StepProgram::build(
                &potential.graph,
                &potential.roots[1..],
                potential.dimension,
                state_count,
                constant_count,
                integrator,
            );
        }
        let slots = constant_count + parameters(potential);
        let mut builder = LaneBuilder::new(state_count, slots);
        let state: Vec<Value> = (0..state_count).map(|i| builder.state(i)).collect();
        let constants: Vec<Value> = (0..constant_count).map(|i| builder.slot(i)).collect();
        let mut stages = Stages::new(state_count, slots, constant_count);
        let mut gradient = |builder: &mut LaneBuilder, at: &[Value]| {
            staged_gradient(builder, &mut stages, potential, at)
        };
        let output = integrator(&mut builder, &state, &constants, &mut gradient);
        assert_eq!(output.state.len(), state_count, "the new state");
        roll(&mut stages, &builder.finish(&output.state, &output.record));
        StepProgram {
            kind: Kind::Long(stages.finish(state_count, output.record.len())),
        }
    }

    /// The lane code of one step, where it is straight-line.
    pub fn code(&self) -> Option<&LaneCode> {
        match &self.kind {
            Kind::Short(code) => Some(code),
            Kind::Long(_) => None,
        }
    }
}

/// Adds the stages of a gradient at a point; the cells that it comes out in.
fn staged_gradient(
    builder: &mut LaneBuilder,
    stages: &mut Stages,
    potential: &Differentiated,
    at: &[Value],
) -> Vec<Value> {
    let dimension = potential.dimension;
    let mut at = at.to_vec();
    at.truncate(dimension);
    let missing = builder.constant(f64::NAN);
    at.resize(dimension, missing);
    let cells: Option<Vec<u32>> = at.iter().map(|value| builder.as_state(*value)).collect();
    let cells = cells.unwrap_or_else(|| {
        // A point that is no part of the state is computed first.
        let first = stages.new_cells(dimension);
        builder.new_state(dimension);
        roll_into(stages, &builder.finish(&[], &at), first);
        (first as u32..).take(dimension).collect()
    });
    let first = stages.new_cells(dimension);
    builder.new_state(dimension);
    let target = Target {
        value: None,
        gradient: Some(first),
    };
    stages.stages.push(Stage::Clear(first..first + dimension));
    stages.accumulate(potential, &cells, target, Lowering::FAST);
    (first..first + dimension)
        .map(|cell| builder.state(cell))
        .collect()
}

/// A compiled loop over the steps of [`LANES`] trajectories.
#[derive(Debug)]
pub struct StepKernel {
    machine: Machine,
}

impl StepKernel {
    /// Compiles the loop.
    ///
    /// # Errors
    /// If the host has no such engine, or the code generator fails.
    pub fn compile(program: &StepProgram, engine: Engine) -> Result<StepKernel, KernelError> {
        let machine = match &program.kind {
            Kind::Short(code) => Machine::short(code.clone(), engine)?,
            Kind::Long(stages) => Machine::long(stages.clone(), engine)?,
        };
        Ok(StepKernel { machine })
    }

    /// Advances [`LANES`] trajectories by so many steps. `state` is `[variable][lane]`,
    /// `constants` the step constants and then the parameters, `record` is `[step][record][lane]`
    /// (what each step recorded) or empty. Subnormal numbers are taken as zero.
    ///
    /// # Panics
    /// If a slice has another length, or a parameter that the gradient needs is missing.
    pub fn run(&self, state: &mut [f64], constants: &[f64], steps: usize, record: &mut [f64]) {
        denormals::flush(|| self.machine.prepare(constants).steps(state, steps, record));
    }

    /// Advances several groups by so many steps, each as [`StepKernel::run`] would.
    ///
    /// # Panics
    /// As [`StepKernel::run`].
    pub fn run_groups(&self, groups: &mut [GroupRun<'_>], constants: &[f64], steps: usize) {
        self.prepare(constants).run_groups(groups, steps);
    }

    /// Computes what does not change as long as the constants do not: worth while where many short
    /// runs follow each other.
    ///
    /// # Panics
    /// If a parameter that the gradient needs is missing.
    pub fn prepare(&self, constants: &[f64]) -> PreparedSteps<'_> {
        PreparedSteps(denormals::flush(|| self.machine.prepare(constants)))
    }

    /// How many numbers each step records in each lane.
    pub fn recorded(&self) -> usize {
        self.machine.recorded()
    }

    /// The length of the state: variables by [`LANES`].
    pub fn state_len(&self) -> usize {
        self.machine.state_count() * LANES
    }
}

/// A group of [`LANES`] trajectories in a run of several.
pub struct GroupRun<'a> {
    /// Shape: variables, lanes.
    pub state: &'a mut [f64],
    /// Shape: steps, records, lanes; or empty if nothing is to be kept.
    pub record: &'a mut [f64],
}

/// A [`StepKernel`] with its constants.
pub struct PreparedSteps<'k>(MachineRun<'k>);

impl PreparedSteps<'_> {
    /// Advances several groups by so many steps, each as [`StepKernel::run`] would.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn run_groups(&mut self, groups: &mut [GroupRun<'_>], steps: usize) {
        denormals::flush(|| {
            for group in groups {
                self.0.steps(group.state, steps, group.record);
            }
        });
    }
}
