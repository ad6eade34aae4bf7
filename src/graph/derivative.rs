//! Derivatives: graph in, graph out.
//!
//! Tangents are carried forward, so that `if` chooses between tangents and never multiplies the
//! one that was not chosen by zero. What does not depend on the variable has no tangent at all,
//! rather than a zero that an infinity could turn into NaN. A gradient by several coordinates is
//! accumulated backwards from the same rules (`reverse`).

use super::{Graph, Node, Op};

impl Graph {
    /// The derivative of a node by one input; the constant 0 where it does not depend on it.
    pub fn derivative(&mut self, node: Node, input: u32) -> Node {
        let schedule = self.schedule(&[node]);
        let mut tangents: Vec<Option<Node>> = Vec::with_capacity(schedule.len());
        for &at in &schedule {
            let tangent = match self.op(at) {
                Op::Input(this) => (this == input).then(|| self.constant(1.0)),
                _ => self.tangent(at, |operand| {
                    let place = schedule.binary_search(&operand).ok()?;
                    tangents[place]
                }),
            };
            tangents.push(tangent);
        }
        match tangents.last() {
            // The node itself comes last in its schedule.
            Some(Some(tangent)) => *tangent,
            _ => self.constant(0.0),
        }
    }

    /// The derivatives by the first `dimension` inputs; the constant 0 where there is no
    /// dependence. The cost is that of the formula, for any number of coordinates.
    pub fn gradient(&mut self, node: Node, dimension: usize) -> Vec<Node> {
        match dimension {
            // The same cost, and the order of the factors that one coordinate always had.
            1 => vec![self.derivative(node, 0)],
            _ => self.accumulate(node, dimension),
        }
    }

    /// The tangent of a node from those of its operands, `None` for zero; it is linear in them.
    pub(super) fn tangent(
        &mut self,
        node: Node,
        of: impl Fn(Node) -> Option<Node>,
    ) -> Option<Node> {
        match self.op(node) {
            Op::Input(_) => None,
            Op::Constant(_) | Op::Compare(..) | Op::And(..) | Op::Or(..) | Op::Not(_) => None,
            Op::Apply1(function, x) => function.tangent1(self, x, node, of(x)),
            Op::Apply2(function, a, b) => function.tangent2(self, [a, b], node, [of(a), of(b)]),
            Op::Power(x, n) => {
                let tangent = of(x)?;
                let slope = match n {
                    0 => return None,
                    1 => return Some(tangent),
                    2 => x,
                    _ => self.power(x, n - 1),
                };
                let n = self.constant(f64::from(n));
                let slope = self.times(n, slope);
                Some(self.times(slope, tangent))
            }
            Op::Select(condition, a, b) => {
                let (a, b) = (of(a), of(b));
                if a.is_none() && b.is_none() {
                    return None;
                }
                let zero = self.constant(0.0);
                Some(self.select(condition, a.unwrap_or(zero), b.unwrap_or(zero)))
            }
            op @ Op::Spline(id, point) => {
                let mut sum = None;
                for (axis, argument) in op.operands().enumerate() {
                    let Some(tangent) = of(argument) else {
                        continue;
                    };
                    let Some(partial) = self.splines.partial(id.table, axis) else {
                        continue;
                    };
                    let slope = self.spline(partial, &point);
                    let term = self.times(slope, tangent);
                    sum = Some(sum.map_or(term, |sum| self.plus(sum, term)));
                }
                sum
            }
        }
    }
}
