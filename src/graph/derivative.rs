//! Derivatives: graph in, graph out.
//!
//! Tangents are carried forward, so that `if` chooses between tangents and never multiplies the
//! one that was not chosen by zero. What does not depend on the variable has no tangent at all,
//! rather than a zero that an infinity could turn into NaN.

use super::{Graph, Node, Op};

impl Graph {
    /// The derivative of a node by one input; the constant 0 where it does not depend on it.
    pub fn derivative(&mut self, node: Node, input: u32) -> Node {
        let schedule = self.schedule(&[node]);
        let mut tangents: Vec<Option<Node>> = vec![None; self.len()];
        for &at in &schedule {
            tangents[at.index()] = self.tangent(at, input, &tangents);
        }
        match tangents[node.index()] {
            Some(tangent) => tangent,
            None => self.constant(0.0),
        }
    }

    /// The derivatives by the first `dimension` inputs.
    pub fn gradient(&mut self, node: Node, dimension: usize) -> Vec<Node> {
        (0..dimension as u32)
            .map(|input| self.derivative(node, input))
            .collect()
    }

    fn tangent(&mut self, node: Node, input: u32, tangents: &[Option<Node>]) -> Option<Node> {
        let of = |node: Node| tangents[node.index()];
        match self.op(node) {
            Op::Input(this) => (this == input).then(|| self.constant(1.0)),
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
                    let Some(partial) = self.spline_table(id).partial(axis) else {
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
