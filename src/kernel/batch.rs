//! Values of formulas at many points.

use super::engine::{Engine, Group, KernelError};
use super::{LANES, LaneBuilder, Lowering, lower_graph};
use crate::graph::{Graph, Node, Op};

/// Compiled roots of a graph, evaluated at batches of points. They agree with the graph's own
/// evaluator to rounding.
#[derive(Debug)]
pub struct BatchKernel {
    group: Group,
    dimension: usize,
    roots: usize,
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
        let group = Group::new(builder.finish(&[], &values), engine)?;
        Ok(BatchKernel {
            group,
            dimension,
            roots: roots.len(),
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
        assert!(enough(out.len(), self.roots), "the values");
        let mut run = self.group.prepare(parameters);
        let mut block = vec![0.0; self.dimension * LANES];
        let mut values = vec![0.0; self.roots * LANES];
        for start in (0..count).step_by(LANES) {
            let here = LANES.min(count - start);
            for coordinate in 0..self.dimension {
                let from = coordinate * count + start;
                block[coordinate * LANES..][..here].copy_from_slice(&points[from..from + here]);
            }
            run.steps(&mut block, 1, &mut values);
            for root in 0..self.roots {
                let to = root * count + start;
                out[to..to + here].copy_from_slice(&values[root * LANES..][..here]);
            }
        }
    }

    /// How many parameters the roots need at least.
    pub fn parameters(&self) -> usize {
        self.group.code().slot_count
    }

    /// The lane code, for those who want to see it.
    pub fn code(&self) -> &super::LaneCode {
        self.group.code()
    }
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
