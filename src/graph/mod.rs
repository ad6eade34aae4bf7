//! Formulas as a hash-consed graph.
//!
//! A [`Graph`] only grows, equal nodes are one node, and a node's operands always come before it,
//! so every walk is a sweep over indices and none is recursive. A derivative is more nodes of the
//! same graph ([`Graph::derivative`]), a simpler formula likewise ([`Graph::simplify`]). Long sums
//! split into families of terms that are one formula with other inputs ([`Graph::split`]).

mod derivative;
mod evaluate;
mod families;
mod function;
mod model;
mod print;
mod reverse;
mod root;
mod simplify;
mod spline;
mod tables;
mod terms;
mod waves;

pub use evaluate::{Evaluator, apply_power};
pub use families::{Family, OwnedFamily, Split};
pub use function::{Awkward, Comparison, Function};
pub use model::{Coordinate, Differentiated, Model, Parameter, WrittenSum};
pub use print::{
    Arguments, LIMIT, Names, Notation, arguments, latex_name, number, print, program, spline_call,
};
pub use spline::{Extension, MAX_DEGREE, MAX_DIMENSION, Spline, SplineAxis};
pub use terms::WrittenTerm;
pub use waves::Wave;

use std::collections::HashMap;
use std::sync::Arc;
use tables::Tables;

/// A handle of a node of one [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Node(u32);

impl Node {
    /// Its place in the graph: operands have smaller ones.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A handle of a spline table of one [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SplineId {
    table: u32,
    /// How many coordinates it has: known here, an operation knows its operands by itself.
    dimension: u8,
}

/// An `f64` that compares and hashes by its bits, with one NaN.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Bits(u64);

impl Bits {
    /// The bits of a number.
    pub fn of(value: f64) -> Bits {
        let value = if value.is_nan() { f64::NAN } else { value };
        Bits(value.to_bits())
    }

    /// The number.
    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// What a node computes. Numbers and truth values are told apart by the checker; here a truth
/// value is 0 or 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// A number.
    Constant(Bits),
    /// An input: first the coordinates, then the parameters, then whatever the checker needs
    /// while it elaborates (see [`Model`]).
    Input(u32),
    /// A function of one argument.
    Apply1(Function, Node),
    /// A function or an operator of two arguments.
    Apply2(Function, Node, Node),
    /// An integer power.
    Power(Node, i32),
    /// A condition.
    Compare(Comparison, Node, Node),
    /// Both conditions.
    And(Node, Node),
    /// Either condition.
    Or(Node, Node),
    /// The opposite condition.
    Not(Node),
    /// `if condition then a else b`; a NaN or a derivative of the branch not taken never shows.
    Select(Node, Node, Node),
    /// A uniform B-spline of as many of these variables as it has coordinates; the others stand
    /// for nothing ([`Op::operands`] leaves them out).
    Spline(SplineId, [Node; MAX_DIMENSION]),
}

impl Op {
    /// The operands, in order.
    pub fn operands(self) -> impl Iterator<Item = Node> {
        let (all, count) = match self {
            Op::Constant(_) | Op::Input(_) => ([Node(0); 3], 0),
            Op::Apply1(_, a) | Op::Power(a, _) | Op::Not(a) => ([a, Node(0), Node(0)], 1),
            Op::Spline(id, point) => (point, usize::from(id.dimension)),
            Op::Apply2(_, a, b) | Op::Compare(_, a, b) | Op::And(a, b) | Op::Or(a, b) => {
                ([a, b, Node(0)], 2)
            }
            Op::Select(c, a, b) => ([c, a, b], 3),
        };
        all.into_iter().take(count)
    }

    /// The same operation on other operands.
    pub fn map(self, mut f: impl FnMut(Node) -> Node) -> Op {
        match self {
            Op::Constant(_) | Op::Input(_) => self,
            Op::Apply1(g, a) => Op::Apply1(g, f(a)),
            Op::Apply2(g, a, b) => Op::Apply2(g, f(a), f(b)),
            Op::Power(a, n) => Op::Power(f(a), n),
            Op::Compare(c, a, b) => Op::Compare(c, f(a), f(b)),
            Op::And(a, b) => Op::And(f(a), f(b)),
            Op::Or(a, b) => Op::Or(f(a), f(b)),
            Op::Not(a) => Op::Not(f(a)),
            Op::Select(c, a, b) => Op::Select(f(c), f(a), f(b)),
            Op::Spline(s, mut point) => {
                let used = point.iter_mut().take(usize::from(s.dimension));
                used.for_each(|a| *a = f(*a));
                Op::Spline(s, point)
            }
        }
    }
}

/// An arena of formulas. Building never simplifies: what was written is what is there.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    ops: Vec<Op>,
    known: HashMap<Op, Node>,
    splines: Tables,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// What a node computes.
    pub fn op(&self, node: Node) -> Op {
        self.ops[node.index()]
    }

    /// The node that computes `op`: the one there is, or a new one.
    pub fn add(&mut self, op: Op) -> Node {
        if let Some(&node) = self.known.get(&op) {
            return node;
        }
        // 2^32 nodes would need 100 GB; the checker's limits come long before.
        let node = Node(self.ops.len() as u32);
        self.ops.push(op);
        self.known.insert(op, node);
        node
    }

    /// A number.
    pub fn constant(&mut self, value: f64) -> Node {
        self.add(Op::Constant(Bits::of(value)))
    }

    /// The input of that number.
    pub fn input(&mut self, input: u32) -> Node {
        self.add(Op::Input(input))
    }

    /// `function(a)`.
    pub fn apply1(&mut self, function: Function, a: Node) -> Node {
        self.add(Op::Apply1(function, a))
    }

    /// `function(a, b)`, or `a function b` for an operator.
    pub fn apply2(&mut self, function: Function, a: Node, b: Node) -> Node {
        self.add(Op::Apply2(function, a, b))
    }

    /// `a + b`.
    pub fn plus(&mut self, a: Node, b: Node) -> Node {
        self.apply2(Function::Add, a, b)
    }

    /// `a - b`.
    pub fn minus(&mut self, a: Node, b: Node) -> Node {
        self.apply2(Function::Subtract, a, b)
    }

    /// `a*b`.
    pub fn times(&mut self, a: Node, b: Node) -> Node {
        self.apply2(Function::Multiply, a, b)
    }

    /// `a/b`.
    pub fn over(&mut self, a: Node, b: Node) -> Node {
        self.apply2(Function::Divide, a, b)
    }

    /// `-a`.
    pub fn negate(&mut self, a: Node) -> Node {
        self.apply1(Function::Negate, a)
    }

    /// `a^n`.
    pub fn power(&mut self, a: Node, n: i32) -> Node {
        self.add(Op::Power(a, n))
    }

    /// `if condition then a else b`.
    pub fn select(&mut self, condition: Node, a: Node, b: Node) -> Node {
        self.add(Op::Select(condition, a, b))
    }

    /// `a comparison b`.
    pub fn compare(&mut self, comparison: Comparison, a: Node, b: Node) -> Node {
        self.add(Op::Compare(comparison, a, b))
    }

    /// A spline at a point: one argument for each of its coordinates. One that is missing is NaN,
    /// and more are not looked at. Equal tables become one; one that is shared is known by its
    /// address.
    pub fn spline(&mut self, table: impl Into<Arc<Spline>>, arguments: &[Node]) -> Node {
        let table = table.into();
        let mut point = [Node(0); MAX_DIMENSION];
        for (axis, place) in point.iter_mut().enumerate().take(table.dimension()) {
            *place = match arguments.get(axis) {
                Some(&argument) => argument,
                None => self.constant(f64::NAN),
            };
        }
        let dimension = table.dimension() as u8;
        let id = SplineId {
            table: self.splines.add(table),
            dimension,
        };
        self.add(Op::Spline(id, point))
    }

    /// The table of a spline node.
    pub fn spline_table(&self, id: SplineId) -> &Arc<Spline> {
        self.splines.get(id.table)
    }

    /// The number that a node is, if it is one as written.
    pub fn as_constant(&self, node: Node) -> Option<f64> {
        match self.op(node) {
            Op::Constant(bits) => Some(bits.value()),
            _ => None,
        }
    }

    /// The nodes that the roots need, operands first. The cost is that of what they need, however
    /// much else the graph holds (but for one bit a node).
    pub fn schedule(&self, roots: &[Node]) -> Vec<Node> {
        let mut needed = vec![0u64; self.len().div_ceil(64)];
        let mut take = |node: Node| {
            let (word, bit) = (&mut needed[node.index() / 64], 1 << (node.index() % 64));
            let new = *word & bit == 0;
            *word |= bit;
            new
        };
        let mut open: Vec<Node> = roots.iter().copied().filter(|root| take(*root)).collect();
        while let Some(node) = open.pop() {
            open.extend(self.op(node).operands().filter(|operand| take(*operand)));
        }
        let nodes_of = |(at, mut word): (u32, u64)| {
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros())?;
                word &= word - 1;
                Some(Node(64 * at + bit))
            })
        };
        (0u32..).zip(needed).flat_map(nodes_of).collect()
    }

    /// For each node, whether its value changes with an input that `varies`.
    pub fn depends(&self, varies: impl Fn(u32) -> bool) -> Vec<bool> {
        let mut depends = vec![false; self.len()];
        for at in 0..self.len() {
            depends[at] = match self.ops[at] {
                Op::Input(input) => varies(input),
                op => op.operands().any(|operand| depends[operand.index()]),
            };
        }
        depends
    }

    /// Rewrites the roots bottom-up: `rewrite` is given each needed operation with its operands
    /// already rewritten. The graph grows; the old nodes stay.
    pub fn rewrite(
        &mut self,
        roots: &[Node],
        mut rewrite: impl FnMut(&mut Graph, Op) -> Node,
    ) -> Vec<Node> {
        let mut image: HashMap<Node, Node> = HashMap::new();
        for node in self.schedule(roots) {
            let op = self.op(node).map(|operand| image[&operand]);
            let new = rewrite(self, op);
            image.insert(node, new);
        }
        roots.iter().map(|root| image[root]).collect()
    }

    /// The roots with some inputs replaced.
    pub fn substitute(&mut self, roots: &[Node], inputs: &HashMap<u32, Node>) -> Vec<Node> {
        self.rewrite(roots, |graph, op| match op {
            Op::Input(input) if inputs.contains_key(&input) => inputs[&input],
            op => graph.add(op),
        })
    }

    /// An operation of another graph, on operands of this one.
    fn take(&mut self, from: &Graph, op: Op) -> Node {
        match op {
            Op::Spline(id, _) => {
                let point: Vec<Node> = op.operands().collect();
                self.spline(Arc::clone(from.spline_table(id)), &point)
            }
            op => self.add(op),
        }
    }

    /// A graph that holds what the roots need and nothing else, and the roots in it.
    pub fn extract(&self, roots: &[Node]) -> (Graph, Vec<Node>) {
        let mut graph = Graph::new();
        let roots = graph.import(self, roots, &[]);
        (graph, roots)
    }

    /// Brings what roots of another graph need into this one; inputs keep their numbers, and nodes
    /// of `given` become the nodes that come with them.
    pub fn import(&mut self, from: &Graph, roots: &[Node], given: &[(Node, Node)]) -> Vec<Node> {
        let mut image: HashMap<Node, Node> = given.iter().copied().collect();
        for node in from.schedule(roots) {
            if image.contains_key(&node) {
                continue;
            }
            let op = from.op(node).map(|operand| image[&operand]);
            image.insert(node, self.take(from, op));
        }
        roots.iter().map(|root| image[root]).collect()
    }
}
