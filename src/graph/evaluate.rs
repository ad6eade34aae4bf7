//! The slow oracle: one number at a time, straight from the function table.

use super::{Bits, Graph, Node, Op};

/// `x^n` for an integer exponent, correctly rounded or nearly so; `0^0 = 1`.
pub fn apply_power(x: f64, n: i32) -> f64 {
    libm::pow(x, f64::from(n))
}

/// Evaluates fixed roots of a graph at many points.
#[derive(Clone, Debug)]
pub struct Evaluator<'g> {
    graph: &'g Graph,
    schedule: Vec<Node>,
    roots: Vec<Node>,
    values: Vec<f64>,
}

impl<'g> Evaluator<'g> {
    /// Prepares the evaluation of `roots`.
    pub fn new(graph: &'g Graph, roots: &[Node]) -> Evaluator<'g> {
        Evaluator {
            graph,
            schedule: graph.schedule(roots),
            roots: roots.to_vec(),
            values: vec![f64::NAN; graph.len()],
        }
    }

    /// The values of the roots. `inputs[i]` is input `i`; one that is missing is NaN. Truth values
    /// come out as 0 or 1.
    pub fn evaluate(&mut self, inputs: &[f64]) -> Vec<f64> {
        for &node in &self.schedule {
            self.values[node.index()] = self.one(node, inputs);
        }
        self.roots.iter().map(|root| self.at(*root)).collect()
    }

    fn at(&self, node: Node) -> f64 {
        self.values[node.index()]
    }

    fn one(&self, node: Node, inputs: &[f64]) -> f64 {
        let truth = |node| self.at(node) != 0.0;
        match self.graph.op(node) {
            Op::Constant(bits) => Bits::value(bits),
            Op::Input(input) => inputs.get(input as usize).copied().unwrap_or(f64::NAN),
            Op::Apply1(function, a) => function.value(self.at(a), 0.0),
            Op::Apply2(function, a, b) => function.value(self.at(a), self.at(b)),
            Op::Power(a, n) => apply_power(self.at(a), n),
            Op::Compare(comparison, a, b) => {
                f64::from(u8::from(comparison.holds(self.at(a), self.at(b))))
            }
            Op::And(a, b) => f64::from(u8::from(truth(a) && truth(b))),
            Op::Or(a, b) => f64::from(u8::from(truth(a) || truth(b))),
            Op::Not(a) => f64::from(u8::from(!truth(a))),
            Op::Select(c, a, b) => self.at(if truth(c) { a } else { b }),
            Op::Spline(id, point) => self
                .graph
                .spline_table(id)
                .at(&point.map(|argument| self.at(argument))),
        }
    }
}

impl Graph {
    /// The value of one node at one point.
    pub fn value(&self, node: Node, inputs: &[f64]) -> f64 {
        Evaluator::new(self, &[node]).evaluate(inputs)[0]
    }
}
