//! Values of formulas at many points.

use std::collections::HashMap;

use super::cranelift::LONGEST;
use super::engine::{Engine, GroupRun, KernelError, Maker, Subnormals};
use super::lane::Value;
use super::program::{Stage, Stages, Target};
use super::staged::Machine;
use super::{LANES, LaneBuilder, Lowering, lower_graph};
use crate::graph::{Differentiated, Graph, Node, Op};

/// What to compute of a potential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// The value.
    Value,
    /// The derivatives by the coordinates, in order.
    Gradient,
    /// The value, then the derivatives.
    Both,
}

impl Wanted {
    fn of(self, roots: &[Node]) -> &[Node] {
        let value = roots.len().min(1);
        match self {
            Wanted::Value => &roots[..value],
            Wanted::Gradient => &roots[value..],
            Wanted::Both => roots,
        }
    }
}

/// Compiled roots of a graph, evaluated at batches of points. They agree with the graph's own
/// evaluator to rounding.
#[derive(Debug)]
pub struct BatchKernel {
    machine: Machine,
    dimension: usize,
    /// For each root its place among the numbers that are computed.
    roots: Vec<usize>,
}

impl BatchKernel {
    /// Compiles the roots. Inputs `0..dimension` of the graph are coordinates, the following are
    /// parameters.
    ///
    /// # Errors
    /// If the host has no such engine, or the code generator fails.
    pub fn compile(
        graph: &Graph,
        roots: &[Node],
        dimension: usize,
        engine: Engine,
    ) -> Result<BatchKernel, KernelError> {
        let parameters = inputs(graph, roots).saturating_sub(dimension);
        let mut builder = LaneBuilder::new(dimension, parameters);
        let inputs = builder.inputs(0);
        let values = lower_graph(&mut builder, graph, roots, &inputs, Lowering::EXACT);
        // Most of a Hessian is zero, and half of it is the other half.
        let mut known: HashMap<Value, usize> = HashMap::new();
        let mut different = Vec::new();
        let place = |value: Value| {
            *known.entry(value).or_insert_with(|| {
                different.push(value);
                different.len() - 1
            })
        };
        let places = values.into_iter().map(place).collect();
        let code = builder.finish(&[], &different);
        // Too long to compile is not too long for a few points.
        let engine =
            match code.loop_len() > LONGEST && matches!(engine.maker(), Maker::Cranelift(_)) {
                true => Engine::Interpreter,
                false => engine,
            };
        Ok(BatchKernel {
            machine: Machine::short(code, engine, Subnormals::Kept)?,
            dimension,
            roots: places,
        })
    }

    /// Compiles what is wanted of a potential; its families become loops.
    ///
    /// # Errors
    /// If the host has no such engine, or the code generator fails.
    pub fn of(
        potential: &Differentiated,
        wanted: Wanted,
        engine: Engine,
    ) -> Result<BatchKernel, KernelError> {
        let dimension = potential.dimension;
        let roots = wanted.of(&potential.roots);
        if potential.families.is_empty() {
            return BatchKernel::compile(&potential.graph, roots, dimension, engine);
        }
        // The coordinates, then the results.
        let mut stages = Stages::new(dimension, parameters(potential), 0);
        let first = stages.new_cells(roots.len());
        let value = (wanted != Wanted::Gradient).then_some(first);
        let target = Target {
            value,
            gradient: (wanted != Wanted::Value).then_some(first + usize::from(value.is_some())),
        };
        let results = first..first + roots.len();
        stages.stages.push(Stage::Clear(results.clone()));
        let at: Vec<u32> = (0..dimension as u32).collect();
        stages.accumulate(potential, &at, target, Lowering::EXACT);
        stages.stages.push(Stage::Keep(results));
        Ok(BatchKernel {
            machine: Machine::long(
                stages.finish(dimension, roots.len()),
                engine,
                Subnormals::Kept,
            )?,
            dimension,
            roots: (0..roots.len()).collect(),
        })
    }

    /// The values of the roots at `count` points. `points` is `[coordinate][point]`, `out` is
    /// `[root][point]`.
    ///
    /// # Panics
    /// If a slice is shorter than that, or a parameter that the roots need is missing.
    pub fn evaluate(&self, points: &[f64], count: usize, parameters: &[f64], out: &mut [f64]) {
        let enough = |len: usize, rows: usize| rows.checked_mul(count).is_some_and(|n| n <= len);
        assert!(enough(points.len(), self.dimension), "the points");
        assert!(enough(out.len(), self.roots.len()), "the values");
        let mut run = self.machine.prepare(parameters);
        let (wide, long) = (self.dimension * LANES, self.machine.recorded() * LANES);
        let together = count.div_ceil(LANES).clamp(1, TOGETHER);
        let mut points_of = vec![0.0; wide * together];
        let mut values_of = vec![0.0; long * together];
        for start in (0..count).step_by(LANES * together) {
            let blocks = (count - start).div_ceil(LANES).min(together);
            let lanes = |block: usize| {
                let first = start + block * LANES;
                first..count.min(first + LANES)
            };
            for (block, coordinate) in pairs(blocks, self.dimension) {
                let at = lanes(block);
                let to = block * wide + coordinate * LANES;
                let from = coordinate * count + at.start;
                points_of[to..][..at.len()].copy_from_slice(&points[from..][..at.len()]);
            }
            let mut groups = Vec::with_capacity(blocks);
            let (mut states, mut records) = (&mut points_of[..], &mut values_of[..]);
            for _ in 0..blocks {
                let (state, record);
                (state, states) = states.split_at_mut(wide);
                (record, records) = records.split_at_mut(long);
                groups.push(GroupRun::new(state, record));
            }
            run.steps(&mut groups, 1);
            for (block, root) in pairs(blocks, self.roots.len()) {
                let at = lanes(block);
                let from = block * long + self.roots[root] * LANES;
                let to = root * count + at.start;
                out[to..][..at.len()].copy_from_slice(&values_of[from..][..at.len()]);
            }
        }
    }

    /// How many parameters the roots need at least.
    pub fn parameters(&self) -> usize {
        self.machine.slot_count()
    }
}

/// Blocks of [`LANES`] points that are evaluated together.
const TOGETHER: usize = 4;

fn pairs(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}

/// How many parameters a potential needs at least.
pub(super) fn parameters(potential: &Differentiated) -> usize {
    let fillings = potential.families.iter().flat_map(|family| {
        (0..family.members()).flat_map(|member| family.fillings(member).iter().copied())
    });
    let roots: Vec<Node> = potential.roots.iter().copied().chain(fillings).collect();
    let of =
        |graph: &Graph, roots: &[Node], before: usize| inputs(graph, roots).saturating_sub(before);
    let straight = of(&potential.graph, &roots, potential.dimension);
    let looped = potential.families.iter().map(|family| {
        let roots: Vec<Node> = [&[family.value], &family.slopes[..]].concat();
        of(&family.graph, &roots, family.slots() + family.constants())
    });
    looped.fold(straight, usize::max)
}

/// One more than the largest input that the roots need; 0 if there is none.
pub(super) fn inputs(graph: &Graph, roots: &[Node]) -> usize {
    let input = |node: Node| match graph.op(node) {
        Op::Input(input) => Some(input as usize + 1),
        _ => None,
    };
    graph
        .schedule(roots)
        .into_iter()
        .filter_map(input)
        .max()
        .unwrap_or(0)
}
