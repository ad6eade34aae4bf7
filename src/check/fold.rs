//! What is a number whatever the inputs: exponents, bounds, conditions. The graph stays as written.

use super::elaborate::Elaborator;
use crate::graph::{Node, Op, apply_power};

impl Elaborator<'_> {
    /// The number that a node is whatever the inputs; truth values are 0 or 1.
    pub(super) fn constant(&mut self, node: Node) -> Option<f64> {
        let mut open = vec![node];
        self.folded.resize(self.graph.len(), None);
        while let Some(&at) = open.last() {
            let op = self.graph.op(at);
            let waits = op
                .operands()
                .filter(|operand| self.folded[operand.index()].is_none());
            let waits: Vec<Node> = waits.collect();
            if waits.is_empty() {
                self.folded[at.index()] = Some(self.fold(op));
                open.pop();
            }
            open.extend(waits);
        }
        self.folded[node.index()].flatten()
    }

    fn fold(&self, op: Op) -> Option<f64> {
        let of = |node: Node| self.folded[node.index()].flatten();
        let truth = |node: Node| of(node).map(|value| value != 0.0);
        let number = |truth: bool| f64::from(u8::from(truth));
        Some(match op {
            Op::Constant(bits) => bits.value(),
            Op::Input(_) => return None,
            Op::Apply1(function, a) => function.value(of(a)?, 0.0),
            Op::Apply2(function, a, b) => function.value(of(a)?, of(b)?),
            Op::Power(a, n) => apply_power(of(a)?, n),
            Op::Compare(comparison, a, b) => number(comparison.holds(of(a)?, of(b)?)),
            Op::And(a, b) => match (truth(a), truth(b)) {
                (Some(false), _) | (_, Some(false)) => 0.0,
                (a, b) => number(a? && b?),
            },
            Op::Or(a, b) => match (truth(a), truth(b)) {
                (Some(true), _) | (_, Some(true)) => 1.0,
                (a, b) => number(a? || b?),
            },
            Op::Not(a) => number(!truth(a)?),
            Op::Select(c, a, b) => of(if truth(c)? { a } else { b })?,
            op @ Op::Spline(id, _) => {
                let point: Option<Vec<f64>> = op.operands().map(of).collect();
                self.graph.spline_table(id).at(&point?)
            }
        })
    }
}
