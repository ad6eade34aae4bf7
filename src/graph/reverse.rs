//! The gradient by many coordinates, accumulated backwards: graph in, graph out.
//!
//! The rules are those of the tangents: they are linear, so what the adjoint of a node gives to an
//! operand is the tangent of the node where that operand alone moves, by the adjoint. Adjoints
//! carry the condition under which they count instead of a zero elsewhere: a zero would meet an
//! infinite slope further down and come out as NaN, where a tangent would not have been chosen.
//! The order of factors and terms differs from that of the tangents. So the two differ by rounding,
//! where a partial product overflows or underflows, and in some points where the tangents give
//! `0*inf` on one of several paths: here paths that meet are summed first, and a branch that does
//! not depend on a coordinate has no path, so that the result is 0 or an infinity.

use std::collections::HashMap;

use super::{Graph, Node, Op};

/// An adjoint: `node` where `guard` holds (everywhere without one), and nothing elsewhere,
/// whatever the value of `node` is there.
#[derive(Clone, Copy)]
struct Adjoint {
    guard: Option<Node>,
    node: Node,
}

/// Adjoints of the nodes that a formula needs, from its value down.
struct Accumulator<'g> {
    graph: &'g mut Graph,
    /// What the formula needs, operands first.
    schedule: Vec<Node>,
    /// For each of them, whether a coordinate changes it.
    depends: Vec<bool>,
    /// And what has arrived so far.
    adjoints: Vec<Option<Adjoint>>,
}

impl Graph {
    /// The derivatives of a node by the first `dimension` inputs, in one sweep backwards.
    pub(super) fn accumulate(&mut self, node: Node, dimension: usize) -> Vec<Node> {
        let mut accumulator = Accumulator::new(self, node, dimension);
        let mut found: HashMap<u32, Node> = HashMap::new();
        for place in (0..accumulator.schedule.len()).rev() {
            let Some(adjoint) = accumulator.adjoints[place] else {
                continue;
            };
            let node = accumulator.schedule[place];
            match accumulator.graph.op(node) {
                Op::Input(input) => {
                    found.insert(input, adjoint.node);
                }
                Op::Select(condition, a, b) if a != b => {
                    accumulator.give_branches(adjoint, condition, [a, b]);
                }
                op => accumulator.give_operands(adjoint, node, op),
            }
        }
        let zero = self.constant(0.0);
        (0..dimension as u32)
            .map(|input| found.get(&input).copied().unwrap_or(zero))
            .collect()
    }

    fn both(&mut self, outer: Option<Node>, inner: Option<Node>) -> Option<Node> {
        match (outer, inner) {
            (Some(outer), Some(inner)) => Some(self.add(Op::And(outer, inner))),
            (one, other) => one.or(other),
        }
    }

    /// The innermost part of a guard, as made by [`Graph::both`], and the rest.
    fn innermost(&self, guard: Node) -> (Option<Node>, Node) {
        match self.op(guard) {
            Op::And(outer, inner) => (Some(outer), inner),
            _ => (None, guard),
        }
    }
}

impl<'g> Accumulator<'g> {
    fn new(graph: &'g mut Graph, node: Node, dimension: usize) -> Accumulator<'g> {
        let schedule = graph.schedule(&[node]);
        let mut depends: Vec<bool> = Vec::with_capacity(schedule.len());
        for &at in &schedule {
            let varies = |operand: Node| {
                let place = schedule.binary_search(&operand);
                place.is_ok_and(|place| depends[place])
            };
            let varies = match graph.op(at) {
                Op::Input(input) => (input as usize) < dimension,
                op => op.operands().any(varies),
            };
            depends.push(varies);
        }
        let one = graph.constant(1.0);
        let mut adjoints = vec![None; schedule.len()];
        // The node itself comes last in its schedule.
        if let (Some(last), Some(true)) = (adjoints.last_mut(), depends.last()) {
            *last = Some(Adjoint {
                guard: None,
                node: one,
            });
        }
        Accumulator {
            graph,
            schedule,
            depends,
            adjoints,
        }
    }

    /// The place of an operand that a coordinate changes.
    fn varying(&self, operand: Node) -> Option<usize> {
        let place = self.schedule.binary_search(&operand).ok()?;
        self.depends[place].then_some(place)
    }

    /// What `if` gives: the adjoint as it is, where the branch is taken.
    fn give_branches(&mut self, adjoint: Adjoint, condition: Node, branches: [Node; 2]) {
        let otherwise = self.graph.add(Op::Not(condition));
        for (condition, branch) in [condition, otherwise].into_iter().zip(branches) {
            let guard = self.graph.both(adjoint.guard, Some(condition));
            self.give(branch, Adjoint { guard, ..adjoint });
        }
    }

    fn give_operands(&mut self, adjoint: Adjoint, node: Node, op: Op) {
        let operands: Vec<Node> = op.operands().collect();
        for (at, &operand) in operands.iter().enumerate() {
            // The rule counts every place of an operand at once.
            if operands[..at].contains(&operand) || self.varying(operand).is_none() {
                continue;
            }
            let moves = |other: Node| (other == operand).then_some(adjoint.node);
            let Some(given) = self.graph.tangent(node, moves) else {
                continue;
            };
            let counts = match op {
                Op::Apply2(function, a, b) => {
                    let first = operand == a;
                    function.counts(self.graph, [a, b], node, first)
                }
                _ => None,
            };
            // What is given is zero where it does not count, which is enough at the end.
            let is_end = matches!(self.graph.op(operand), Op::Input(_));
            let counts = counts.filter(|_| !is_end);
            let guard = self.graph.both(adjoint.guard, counts);
            self.give(operand, Adjoint { guard, node: given });
        }
    }

    fn give(&mut self, operand: Node, given: Adjoint) {
        let Some(place) = self.varying(operand) else {
            return;
        };
        let given = match self.graph.op(operand) {
            Op::Input(_) => self.everywhere(given),
            _ => given,
        };
        self.adjoints[place] = Some(match self.adjoints[place] {
            None => given,
            Some(known) => self.sum(known, given),
        });
    }

    fn masked(&mut self, adjoint: Adjoint) -> Node {
        let zero = self.graph.constant(0.0);
        match adjoint.guard {
            Some(guard) => self.graph.select(guard, adjoint.node, zero),
            None => adjoint.node,
        }
    }

    fn everywhere(&mut self, adjoint: Adjoint) -> Adjoint {
        Adjoint {
            guard: None,
            node: self.masked(adjoint),
        }
    }

    /// The sum, which counts where either does.
    fn sum(&mut self, a: Adjoint, b: Adjoint) -> Adjoint {
        if a.guard == b.guard {
            let node = self.graph.plus(a.node, b.node);
            return Adjoint { node, ..a };
        }
        if let Some(chosen) = self.choice(a, b).or_else(|| self.choice(b, a)) {
            return chosen;
        }
        let guard = match (a.guard, b.guard) {
            (Some(a), Some(b)) if self.graph.innermost(b).0 == Some(a) => Some(a),
            (Some(a), Some(b)) if self.graph.innermost(a).0 == Some(b) => Some(b),
            (Some(a), Some(b)) => Some(self.graph.add(Op::Or(a, b))),
            _ => None,
        };
        let (a, b) = (self.masked(a), self.masked(b));
        let node = self.graph.plus(a, b);
        Adjoint { guard, node }
    }

    /// The sum where `b` counts exactly where `a` does not, within the same outer condition.
    fn choice(&mut self, a: Adjoint, b: Adjoint) -> Option<Adjoint> {
        let (of_a, of_b) = (a.guard?, b.guard?);
        let (mut outer, mut condition) = self.graph.innermost(of_a);
        let (other_outer, opposite) = self.graph.innermost(of_b);
        let mut opposes = self.graph.op(opposite) == Op::Not(condition) && outer == other_outer;
        if self.graph.op(of_b) == Op::Not(of_a) {
            (outer, condition, opposes) = (None, of_a, true);
        }
        opposes.then(|| Adjoint {
            guard: outer,
            node: self.graph.select(condition, a.node, b.node),
        })
    }
}
