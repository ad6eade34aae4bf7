//! The additive terms of a formula, and their shapes.
//!
//! Terms are found through sums, signs and factors that no coordinate changes.

use std::collections::{HashMap, HashSet};

use super::{Function, Graph, Node, Op};

/// The fewest terms of one shape that are worth a table: for fewer, a formula each costs less.
pub(super) const FEWEST: usize = 4;
/// The most operations in a term whose shape is looked at.
pub(super) const LARGEST: usize = 4000;
/// How many operations are looked at, for each operation of the formula, before the rest is left
/// as it is.
const PATIENCE: usize = 64;

/// How many steps of walks through its terms a formula may cost.
pub(super) fn budget(graph: &Graph, roots: &[Node]) -> usize {
    graph.schedule(roots).len().saturating_mul(PATIENCE)
}

impl Graph {
    /// The additive terms of a node: nodes whose sum it is, but for rounding. Inputs below
    /// `dimension` are coordinates; factors that no coordinate changes are distributed. Terms of
    /// the same coordinates are one term, which computes once what they share (both powers of a
    /// distance), but for those of which there are many of one shape (the waves of a series).
    pub fn terms(&mut self, node: Node, dimension: usize) -> Vec<Node> {
        let budget = budget(self, &[node]);
        let parts = self.summands(node, dimension);
        let depends = self.depends(|input| (input as usize) < dimension);
        let mut shapes: HashMap<(Vec<u32>, Vec<Token>), usize> = HashMap::new();
        let mut walked = 0;
        let mut keys = Vec::new();
        for &part in &parts {
            let walk = (walked < budget).then(|| Walk::of(self, part, &depends));
            walked += walk
                .as_ref()
                .map_or(0, |walk| walk.as_ref().map_or(LARGEST, Walk::len));
            keys.push(walk.flatten().map(|walk| {
                let mut coordinates = walk.coordinates;
                coordinates.sort_unstable();
                (coordinates, walk.tokens)
            }));
        }
        for key in keys.iter().flatten() {
            *shapes.entry(key.clone()).or_insert(0) += 1;
        }
        let mut known: HashMap<&Vec<u32>, usize> = HashMap::new();
        let mut terms: Vec<Node> = Vec::new();
        for (part, key) in parts.into_iter().zip(&keys) {
            let few = key.as_ref().filter(|key| shapes[*key] < FEWEST);
            let place =
                few.map(|(coordinates, _)| *known.entry(coordinates).or_insert(terms.len()));
            match place.and_then(|place| terms.get(place).copied().zip(Some(place))) {
                Some((term, place)) => terms[place] = self.plus(term, part),
                None => terms.push(part),
            }
        }
        terms
    }

    /// The additive terms of a node as they are written: in order, without what no coordinate
    /// changes. A node among `whole` (a sum that is written as one, [`super::WrittenSum`]) is not
    /// taken apart, and neither are the known factors of a term that is no sum. Known multiples of
    /// one formula are one term.
    pub fn written_terms(
        &mut self,
        node: Node,
        dimension: usize,
        whole: &HashSet<Node>,
    ) -> Vec<WrittenTerm> {
        let depends = self.depends(|input| (input as usize) < dimension);
        let is_term = |graph: &Graph, at: Node| {
            let core = graph.core(at, &depends);
            whole.contains(&core) || !graph.is_sum(core)
        };
        let leaves = self.spread(node, dimension, is_term);
        let mut places: HashMap<Node, usize> = HashMap::new();
        let mut terms: Vec<WrittenTerm> = Vec::new();
        for (weight, leaf) in leaves {
            if !depends[leaf.index()] {
                continue;
            }
            let term = self.weighted(weight, leaf);
            let shown = match self.as_constant(weight) {
                Some(number) if number < 0.0 => {
                    let opposite = self.constant(-number);
                    self.weighted(opposite, leaf)
                }
                _ => term,
            };
            let core = self.core(leaf, &depends);
            let place = *places.entry(core).or_insert(terms.len());
            match terms.get(place).copied() {
                None => terms.push(WrittenTerm { term, shown, core }),
                Some(known) => {
                    let term = self.plus(known.term, term);
                    terms[place] = WrittenTerm {
                        term,
                        shown: term,
                        core,
                    };
                }
            }
        }
        terms
    }

    /// What is left of a node without its known factors and signs. `depends` is of the graph, or
    /// of the part of it that holds the node.
    fn core(&self, mut node: Node, depends: &[bool]) -> Node {
        use Function::{Divide, Multiply, Negate};
        let varies = |node: Node| depends.get(node.index()) == Some(&true);
        loop {
            node = match self.op(node) {
                Op::Apply1(Negate, a) => a,
                Op::Apply2(Multiply, a, b) if !varies(a) => b,
                Op::Apply2(Multiply | Divide, a, b) if !varies(b) => a,
                _ => return node,
            };
        }
    }

    fn is_sum(&self, node: Node) -> bool {
        use Function::{Add, Subtract};
        matches!(self.op(node), Op::Apply2(Add | Subtract, ..))
    }

    /// The additive terms as far as sums go: as [`Graph::terms`], and none merged with another.
    pub fn summands(&mut self, node: Node, dimension: usize) -> Vec<Node> {
        let leaves = self.spread(node, dimension, |_, _| false).into_iter();
        leaves
            .map(|(weight, leaf)| self.weighted(weight, leaf))
            .collect()
    }

    /// Nodes and known weights whose weighted sum a node is; what `is_term` says is not taken
    /// apart.
    fn spread(
        &mut self,
        node: Node,
        dimension: usize,
        is_term: impl Fn(&Graph, Node) -> bool,
    ) -> Vec<(Node, Node)> {
        let schedule = self.schedule(&[node]);
        let depends = self.depends(|input| (input as usize) < dimension);
        let varies = |node: Node| depends.get(node.index()) == Some(&true);
        let mut weights: HashMap<Node, Node> = HashMap::from([(node, self.constant(1.0))]);
        let mut terms = Vec::new();
        // Weights arrive from above, and what is used twice has one weight.
        for &at in schedule.iter().rev() {
            let Some(weight) = weights.get(&at).copied() else {
                continue;
            };
            let parts = match is_term(self, at) {
                true => None,
                false => self.parts(at, weight, varies),
            };
            let Some(parts) = parts else {
                terms.push((weight, at));
                continue;
            };
            for (part, weight) in parts.into_iter().flatten() {
                let weight = match weights.get(&part) {
                    Some(&known) => self.known(Op::Apply2(Function::Add, known, weight)),
                    None => weight,
                };
                weights.insert(part, weight);
            }
        }
        terms.reverse();
        terms
    }

    /// What a weighted sum is a sum of; `None` for what is no sum.
    pub(super) fn parts(
        &mut self,
        node: Node,
        weight: Node,
        varies: impl Fn(Node) -> bool,
    ) -> Option<[Option<(Node, Node)>; 2]> {
        use Function::{Add, Divide, Multiply, Negate, Subtract};
        if !varies(node) {
            return None;
        }
        Some(match self.op(node) {
            Op::Apply2(Add, a, b) => [Some((a, weight)), Some((b, weight))],
            Op::Apply2(Subtract, a, b) => {
                let minus = self.known(Op::Apply1(Negate, weight));
                [Some((a, weight)), Some((b, minus))]
            }
            Op::Apply1(Negate, a) => {
                let minus = self.known(Op::Apply1(Negate, weight));
                [Some((a, minus)), None]
            }
            Op::Apply2(Multiply, a, b) if !varies(a) || !varies(b) => {
                let (known, rest) = if varies(a) { (b, a) } else { (a, b) };
                let weight = match self.as_constant(weight) {
                    Some(1.0) => known,
                    _ => self.known(Op::Apply2(Multiply, weight, known)),
                };
                [Some((rest, weight)), None]
            }
            Op::Apply2(Divide, a, b) if !varies(b) => {
                let weight = self.known(Op::Apply2(Divide, weight, b));
                [Some((a, weight)), None]
            }
            _ => return None,
        })
    }

    /// An operation on what no coordinate changes, as a number if it is one.
    fn known(&mut self, op: Op) -> Node {
        match self.constant_value(op) {
            Some(value) => self.constant(value),
            None => self.add(op),
        }
    }

    fn weighted(&mut self, weight: Node, node: Node) -> Node {
        match self.as_constant(weight) {
            Some(1.0) => node,
            Some(-1.0) => self.negate(node),
            _ => self.times(weight, node),
        }
    }
}

/// An additive term as it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrittenTerm {
    /// The term: all of them and what no coordinate changes make up the formula.
    pub term: Node,
    /// The same without the sign of the sum that it stands in, as a reader wants to see it.
    pub shown: Node,
    /// What is left without known factors.
    pub core: Node,
}

/// One step of a walk through a term, the same for all members of a family.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Token {
    /// An operation; its operands follow.
    Op(Op),
    /// The operation that came first, second ...
    Again(u32),
    /// A coordinate, by its slot.
    Slot(u32),
    /// What no coordinate changes.
    Known,
}

/// A term taken apart: its shape, and what stands at its leaves, both in the order of the walk.
pub(super) struct Walk {
    pub(super) tokens: Vec<Token>,
    pub(super) coordinates: Vec<u32>,
    pub(super) known: Vec<Node>,
}

impl Walk {
    /// Its steps.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// `None` for a term that is too large. `depends` is of the whole graph.
    pub(super) fn of(graph: &Graph, term: Node, depends: &[bool]) -> Option<Walk> {
        let mut walk = Walk {
            tokens: Vec::new(),
            coordinates: Vec::new(),
            known: Vec::new(),
        };
        let mut seen: HashMap<Node, u32> = HashMap::new();
        let mut slots: HashMap<u32, u32> = HashMap::new();
        let mut open = vec![term];
        while let Some(node) = open.pop() {
            let token = match graph.op(node) {
                _ if !depends[node.index()] => {
                    walk.known.push(node);
                    Token::Known
                }
                Op::Input(input) => {
                    let next = slots.len() as u32;
                    let slot = *slots.entry(input).or_insert(next);
                    if slot == next {
                        walk.coordinates.push(input);
                    }
                    Token::Slot(slot)
                }
                op => {
                    let next = seen.len() as u32;
                    let place = *seen.entry(node).or_insert(next);
                    if place == next {
                        let first = open.len();
                        open.extend(op.operands());
                        open[first..].reverse();
                        Token::Op(op.map(|_| Node(0)))
                    } else {
                        Token::Again(place)
                    }
                }
            };
            walk.tokens.push(token);
            if walk.tokens.len() > LARGEST {
                return None;
            }
        }
        Some(walk)
    }
}
