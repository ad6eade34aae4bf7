//! Simplification: graph in, graph out, never a worse term, never another value beyond rounding.
//!
//! `0*x` stays where x may be infinite or NaN, `x - x` and `x/x` stay altogether. What does not
//! depend on a coordinate is gathered at the left of a product, so that `eps*(cos(q/eps)/eps)`
//! computes `eps*(1/eps)` once a run and not once a step. A quotient that the program wrote, like
//! `q/eps`, is left alone: a rounding of the argument of a sine is seen in its value.

use super::{Evaluator, Function, Graph, Node, Op};

impl Graph {
    /// Nodes of the same values as `roots`, simpler. The first `dimension` inputs vary within a
    /// run; everything else is known when it starts.
    pub fn simplify(&mut self, roots: &[Node], dimension: usize) -> Vec<Node> {
        let mut varies = Vec::new();
        self.rewrite(roots, |graph, op| graph.fold(op, &mut varies, dimension))
    }

    /// As [`Graph::simplify`], for readers: `p*(1/p)` of a parameter becomes 1 and `p*x/p` becomes x, which
    /// is another value where the parameter is zero, and slopes outside the domain are not marked as NaN.
    pub fn simplify_for_print(&mut self, roots: &[Node], dimension: usize) -> Vec<Node> {
        let roots = self.simplify(roots, dimension);
        let depends = self.depends(|input| (input as usize) < dimension);
        let roots = self.rewrite(&roots, |graph, op| {
            // Where a slope is defined at all need not be read.
            if let Op::Select(_, slope, undefined) = op
                && graph.as_constant(undefined).is_some_and(f64::is_nan)
            {
                return slope;
            }
            if let Op::Apply2(Function::Multiply, p, inverse) = op
                && let Op::Apply2(Function::Divide, one, q) = graph.op(inverse)
                && (p, Some(1.0)) == (q, graph.as_constant(one))
                && depends.get(p.index()) == Some(&false)
            {
                return graph.constant(1.0);
            }
            if let Op::Apply2(Function::Divide, product, p) = op
                && let Op::Apply2(Function::Multiply, q, x) = graph.op(product)
                && (p == q && depends.get(p.index()) == Some(&false))
            {
                return x;
            }
            graph.add(op)
        });
        self.simplify(&roots, dimension)
    }

    fn fold(&mut self, op: Op, varies: &mut Vec<bool>, dimension: usize) -> Node {
        if let Some(value) = self.constant_value(op) {
            return self.constant(value);
        }
        let mut simplifier = Simplifier {
            graph: self,
            varies,
            dimension,
        };
        simplifier.simplify(op)
    }

    /// The value of an operation whose operands are all numbers.
    pub(super) fn constant_value(&self, op: Op) -> Option<f64> {
        if matches!(op, Op::Input(_) | Op::Constant(_)) {
            return None;
        }
        let mut small = Graph::new();
        for operand in op.operands() {
            self.as_constant(operand)?;
        }
        let op = match op {
            Op::Spline(id, _) => {
                let point: Option<Vec<f64>> = op.operands().map(|x| self.as_constant(x)).collect();
                return Some(self.spline_table(id).at(&point?));
            }
            op => op.map(|operand| small.add(self.op(operand))),
        };
        let node = small.add(op);
        Some(Evaluator::new(&small, &[node]).evaluate(&[])[0])
    }
}

struct Simplifier<'a> {
    graph: &'a mut Graph,
    /// For each node, whether it depends on a coordinate; grows with the graph.
    varies: &'a mut Vec<bool>,
    dimension: usize,
}

impl Simplifier<'_> {
    fn simplify(&mut self, op: Op) -> Node {
        match op {
            Op::Apply1(Function::Negate, a) => self.negate(a),
            Op::Apply1(Function::Sin, a) => self.odd(Function::Sin, a),
            Op::Apply1(Function::Cos, a) => self.even(Function::Cos, a),
            Op::Apply2(Function::Add, a, b) => self.add(a, b),
            Op::Apply2(Function::Subtract, a, b) => self.subtract(a, b),
            Op::Apply2(Function::Multiply, a, b) => self.multiply(a, b),
            Op::Apply2(Function::Divide, a, b) => self.divide(a, b),
            Op::Power(a, 1) => a,
            Op::Power(a, n) => self.power(a, n),
            Op::Not(a) => match self.graph.op(a) {
                Op::Not(inner) => inner,
                _ => self.graph.add(op),
            },
            Op::Select(c, a, b) => self.select(c, a, b),
            op => self.graph.add(op),
        }
    }

    fn number(&self, node: Node) -> Option<f64> {
        self.graph.as_constant(node)
    }

    fn negate(&mut self, a: Node) -> Node {
        match self.graph.op(a) {
            Op::Apply1(Function::Negate, inner) => inner,
            Op::Apply2(Function::Multiply, c, x) if self.number(c).is_some() => {
                let c = self.number(c).map_or(f64::NAN, |c| -c);
                let c = self.graph.constant(c);
                self.multiply(c, x)
            }
            _ => self.graph.negate(a),
        }
    }

    fn odd(&mut self, function: Function, a: Node) -> Node {
        match self.graph.op(a) {
            Op::Apply1(Function::Negate, inner) => {
                let value = self.graph.apply1(function, inner);
                self.negate(value)
            }
            _ => self.graph.apply1(function, a),
        }
    }

    fn even(&mut self, function: Function, a: Node) -> Node {
        match self.graph.op(a) {
            Op::Apply1(Function::Negate, inner) => self.graph.apply1(function, inner),
            _ => self.graph.apply1(function, a),
        }
    }

    fn add(&mut self, a: Node, b: Node) -> Node {
        // x + 0 is x but for the sign of a zero.
        if self.number(a) == Some(0.0) {
            return b;
        }
        if self.number(b) == Some(0.0) {
            return a;
        }
        if let Op::Apply1(Function::Negate, inner) = self.graph.op(b) {
            return self.subtract(a, inner);
        }
        if let Op::Apply1(Function::Negate, inner) = self.graph.op(a) {
            return self.subtract(b, inner);
        }
        let ((ca, ra), (cb, rb)) = (self.coefficient(a), self.coefficient(b));
        if ra == rb {
            let c = self.graph.constant(ca + cb);
            return self.multiply(c, ra);
        }
        self.graph.plus(a, b)
    }

    fn subtract(&mut self, a: Node, b: Node) -> Node {
        if self.number(b) == Some(0.0) {
            return a;
        }
        if self.number(a) == Some(0.0) {
            return self.negate(b);
        }
        if let Op::Apply1(Function::Negate, inner) = self.graph.op(b) {
            return self.add(a, inner);
        }
        let ((ca, ra), (cb, rb)) = (self.coefficient(a), self.coefficient(b));
        // c*x - c*x would become 0*x, which is no simpler.
        if ra == rb && ca != cb {
            let c = self.graph.constant(ca - cb);
            return self.multiply(c, ra);
        }
        self.graph.minus(a, b)
    }

    fn multiply(&mut self, a: Node, b: Node) -> Node {
        let ((ca, ra), (cb, rb)) = (self.split(a), self.split(b));
        if !self.stays_normal(ca, cb) {
            return self.graph.times(a, b);
        }
        let known = self.known_product(ca, cb);
        let rest = match (ra, rb) {
            (Some(a), Some(b)) => Some(self.varying_product(a, b)),
            (one, other) => one.or(other),
        };
        match (known, rest) {
            (None, None) => self.graph.constant(1.0),
            (Some(known), None) => known,
            (None, Some(rest)) => rest,
            (Some(known), Some(rest)) => match self.number(known) {
                Some(1.0) => rest,
                Some(-1.0) => self.negate(rest),
                _ => self.graph.times(known, rest),
            },
        }
    }

    /// Whether the product of two numbers neither overflows nor loses digits below the normal
    /// range, which the order that was written may avoid.
    fn stays_normal(&self, a: Option<Node>, b: Option<Node>) -> bool {
        let number = |node: Option<Node>| node.and_then(|node| self.number(node));
        match (number(a), number(b)) {
            (Some(a), Some(b)) if a.is_normal() && b.is_normal() => (a * b).is_normal(),
            _ => true,
        }
    }

    /// `2*x` as (2, x); anything else has coefficient 1.
    fn coefficient(&self, node: Node) -> (f64, Node) {
        match self.graph.op(node) {
            Op::Apply2(Function::Multiply, c, x) => match self.number(c) {
                Some(c) => (c, x),
                None => (1.0, node),
            },
            _ => (1.0, node),
        }
    }

    /// The part of a product that no coordinate changes, and the rest.
    fn split(&mut self, node: Node) -> (Option<Node>, Option<Node>) {
        if !self.depends(node) {
            return (Some(node), None);
        }
        match self.graph.op(node) {
            Op::Apply2(Function::Multiply, known, rest) if !self.depends(known) => {
                (Some(known), Some(rest))
            }
            Op::Apply1(Function::Negate, inner) => {
                let minus = self.graph.constant(-1.0);
                let (known, rest) = self.split(inner);
                (self.known_product(Some(minus), known), rest)
            }
            _ => (None, Some(node)),
        }
    }

    fn known_product(&mut self, a: Option<Node>, b: Option<Node>) -> Option<Node> {
        let (Some(a), Some(b)) = (a, b) else {
            return a.or(b);
        };
        let op = Op::Apply2(Function::Multiply, a, b);
        if let Some(value) = self.graph.constant_value(op) {
            return Some(self.graph.constant(value));
        }
        let node = match (self.number(a), self.number(b)) {
            (Some(1.0), _) => b,
            (_, Some(1.0)) => a,
            (Some(-1.0), _) => self.negate(b),
            (_, Some(-1.0)) => self.negate(a),
            (None, Some(_)) => self.graph.times(b, a),
            _ => self.graph.add(op),
        };
        Some(node)
    }

    fn varying_product(&mut self, a: Node, b: Node) -> Node {
        let ((xa, na), (xb, nb)) = (self.base(a), self.base(b));
        // With exponents of one sign there is no new infinity and no lost one.
        if xa == xb && na.signum() == nb.signum() && na.abs().max(nb.abs()) < 512 {
            return self.power(xa, na + nb);
        }
        self.graph.times(a, b)
    }

    fn base(&self, node: Node) -> (Node, i32) {
        match self.graph.op(node) {
            Op::Power(x, n) => (x, n),
            _ => (node, 1),
        }
    }

    fn divide(&mut self, a: Node, b: Node) -> Node {
        match self.number(b) {
            Some(1.0) => return a,
            Some(-1.0) => return self.negate(a),
            // Exact: a power of two has an exact reciprocal.
            Some(c) if is_power_of_two(c) => {
                let c = self.graph.constant(1.0 / c);
                return self.multiply(c, a);
            }
            _ => {}
        }
        match self.graph.op(a) {
            Op::Apply1(Function::Negate, inner) => {
                let ratio = self.divide(inner, b);
                self.negate(ratio)
            }
            // (9*x)/9: the quotient of the numbers is exact.
            Op::Apply2(Function::Multiply, c, x) if self.exact_ratio(c, b).is_some() => {
                let ratio = self.exact_ratio(c, b).unwrap_or(f64::NAN);
                let ratio = self.graph.constant(ratio);
                self.multiply(ratio, x)
            }
            // A known factor stays outside: (c*x)/b is c*(x/b).
            Op::Apply2(Function::Multiply, c, x)
                if !self.depends(c) && self.depends(x) && self.depends(b) =>
            {
                let ratio = self.graph.over(x, b);
                self.multiply(c, ratio)
            }
            _ => self.graph.over(a, b),
        }
    }

    /// The ratio of two numbers, if it has no rounding.
    fn exact_ratio(&self, a: Node, b: Node) -> Option<f64> {
        let (a, b) = (self.number(a)?, self.number(b)?);
        let ratio = a / b;
        (ratio.is_normal() && ratio.mul_add(b, -a) == 0.0).then_some(ratio)
    }

    fn power(&mut self, a: Node, n: i32) -> Node {
        match self.graph.op(a) {
            // Both signs of one kind again: (x^-1)^-1 would lose an infinity.
            Op::Power(x, m) if m > 0 && n > 0 && m.saturating_mul(n) <= 1024 => {
                self.graph.power(x, m * n)
            }
            Op::Apply1(Function::Negate, x) => {
                let value = self.graph.power(x, n);
                if n % 2 == 0 {
                    value
                } else {
                    self.negate(value)
                }
            }
            _ => self.graph.power(a, n),
        }
    }

    fn select(&mut self, condition: Node, a: Node, b: Node) -> Node {
        match self.number(condition) {
            Some(0.0) => b,
            Some(_) => a,
            None if a == b => a,
            None => self.graph.select(condition, a, b),
        }
    }

    /// Whether a coordinate changes the node.
    fn depends(&mut self, node: Node) -> bool {
        for at in self.varies.len()..self.graph.len() {
            let varies = match self.graph.ops[at] {
                Op::Input(input) => (input as usize) < self.dimension,
                op => op.operands().any(|operand| self.varies[operand.index()]),
            };
            self.varies.push(varies);
        }
        self.varies[node.index()]
    }
}

fn is_power_of_two(c: f64) -> bool {
    const MANTISSA: u64 = (1 << 52) - 1;
    c.is_normal() && (1.0 / c).is_normal() && c.to_bits() & MANTISSA == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simple(build: impl Fn(&mut Graph, Node) -> Node) -> (Graph, Node) {
        let mut graph = Graph::new();
        let q = graph.input(0);
        let node = build(&mut graph, q);
        let node = graph.simplify(&[node], 1)[0];
        (graph, node)
    }

    /// What could be infinite is not multiplied away.
    #[test]
    fn zero_times_x_stays() {
        let (graph, node) = simple(|g, q| {
            let zero = g.constant(0.0);
            g.times(zero, q)
        });
        assert!(graph.value(node, &[f64::INFINITY]).is_nan());
    }

    /// The derivative of eps*sin(q/eps) keeps its parameters out of the loop.
    #[test]
    fn parameters_gather_at_the_left() {
        let (graph, node) = simple(|g, q| {
            let eps = g.input(1);
            let angle = g.over(q, eps);
            let sine = g.apply1(Function::Sin, angle);
            let v = g.times(eps, sine);
            g.derivative(v, 0)
        });
        let depends = graph.depends(|input| input == 0);
        let Op::Apply2(Function::Multiply, known, wave) = graph.op(node) else {
            panic!("a product, not {:?}", graph.op(node));
        };
        assert!(!depends[known.index()]);
        assert!(matches!(graph.op(wave), Op::Apply1(Function::Cos, _)));
    }

    /// Like terms and powers meet.
    #[test]
    fn like_terms_and_powers() {
        let (graph, node) = simple(|g, q| {
            let two = g.plus(q, q);
            g.times(two, q)
        });
        let Op::Apply2(Function::Multiply, c, x) = graph.op(node) else {
            panic!("a product");
        };
        assert_eq!(graph.as_constant(c), Some(2.0));
        assert!(matches!(graph.op(x), Op::Power(_, 2)));
    }
}
