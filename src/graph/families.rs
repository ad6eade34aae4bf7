//! Long sums as few formulas with many members.
//!
//! A potential of many coordinates is most often a sum of terms that are the same formula with
//! other coordinates and other numbers in it: bonds of a chain, pairs of atoms, sites of a lattice.
//! Those of its terms that have one shape become a [`Family`]: a template, and for each member its
//! coordinates and numbers.

use std::collections::{HashMap, HashSet};

use super::terms::{FEWEST, LARGEST, Token, Walk, budget};
use super::{Graph, Node, Op};

/// How many times over the members may compute what they share. Terms that all need one long sum
/// would otherwise compute it once each.
const REPEATED: usize = 4;

/// Terms that are one formula with other coordinates and numbers.
#[derive(Clone, Debug)]
pub struct Family {
    /// The template. Its inputs are the coordinate slots, then the constant slots, then the
    /// parameters of the model.
    pub graph: Graph,
    /// The value of the template.
    pub value: Node,
    /// The derivatives of the value by the coordinate slots.
    pub slopes: Vec<Node>,
    slots: usize,
    constants: usize,
    coordinates: Vec<u32>,
    fillings: Vec<Node>,
}

impl Family {
    /// How many coordinates the template has.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// How many numbers differ from member to member.
    pub fn constants(&self) -> usize {
        self.constants
    }

    /// How many terms it stands for.
    pub fn members(&self) -> usize {
        self.coordinates.len() / self.slots.max(1)
    }

    /// The coordinates of a member, one a slot; no two are the same.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn coordinates(&self, member: usize) -> &[u32] {
        &self.coordinates[member * self.slots..][..self.slots]
    }

    /// The numbers of a member, one a constant slot: nodes of the graph that was split, which no
    /// coordinate changes.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn fillings(&self, member: usize) -> &[Node] {
        &self.fillings[member * self.constants..][..self.constants]
    }

    /// The numbers of all members, member by member.
    pub(super) fn all_fillings(&self) -> impl Iterator<Item = Node> {
        self.fillings.iter().copied()
    }

    /// The same with all those replaced, in their order.
    pub(super) fn refilled(mut self, images: &mut impl Iterator<Item = Node>) -> Family {
        for (node, image) in self.fillings.iter_mut().zip(images) {
            *node = image;
        }
        self
    }

    /// A member as a term of the graph that was split.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn member(&self, into: &mut Graph, member: usize, dimension: usize) -> Node {
        let mut image: HashMap<Node, Node> = HashMap::new();
        for node in self.graph.schedule(&[self.value]) {
            let new = match self.graph.op(node) {
                Op::Input(input) => {
                    let input = input as usize;
                    match input.checked_sub(self.slots) {
                        None => into.input(self.coordinates(member)[input]),
                        Some(at) if at < self.constants => self.fillings(member)[at],
                        Some(at) => into.input((at - self.constants + dimension) as u32),
                    }
                }
                op => into.take(&self.graph, op.map(|operand| image[&operand])),
            };
            image.insert(node, new);
        }
        image[&self.value]
    }
}

/// A sum as families and the terms that belong to none.
#[derive(Clone, Debug)]
pub struct Split {
    /// Families, in the order of their first members.
    pub families: Vec<Family>,
    /// The terms that are left: nodes of the graph that was split.
    pub rest: Vec<Node>,
}

impl Graph {
    /// Splits a sum into families. The sum of all members and of the rest is the node, but for
    /// rounding; nodes of the result belong to this graph.
    pub fn split(&mut self, node: Node, dimension: usize) -> Split {
        let budget = budget(self, node);
        let terms = self.terms(node, dimension);
        let depends = self.depends(|input| (input as usize) < dimension);
        let mut groups = Groups::default();
        let mut walked = 0;
        for &term in &terms {
            let walk = match walked < budget {
                true => Walk::of(self, term, &depends),
                false => None,
            };
            walked += walk.as_ref().map_or(LARGEST, Walk::len);
            groups.add(term, walk.filter(|walk| !walk.coordinates.is_empty()));
        }
        let mut split = Split {
            families: Vec::new(),
            rest: groups.alone,
        };
        for group in groups.groups {
            let size = group.terms.len() * group.size;
            let few = group.terms.len() < FEWEST;
            if few || size > REPEATED * self.schedule(&group.terms).len() {
                split.rest.extend(group.terms);
            } else {
                split.families.push(group.family(self, dimension, &depends));
            }
        }
        split
    }
}

/// Terms by their shape.
#[derive(Default)]
struct Groups {
    places: HashMap<Vec<Token>, usize>,
    groups: Vec<Group>,
    alone: Vec<Node>,
}

/// Terms of one shape.
struct Group {
    terms: Vec<Node>,
    /// Steps of the walk.
    size: usize,
    slots: usize,
    coordinates: Vec<u32>,
    /// For each place where something known stands, what it is in each member.
    columns: Vec<Vec<Node>>,
}

impl Groups {
    fn add(&mut self, term: Node, walk: Option<Walk>) {
        let Some(walk) = walk else {
            self.alone.push(term);
            return;
        };
        let place = match self.places.get(&walk.tokens) {
            Some(&place) => place,
            None => {
                self.groups.push(Group {
                    terms: Vec::new(),
                    size: walk.tokens.len(),
                    slots: walk.coordinates.len(),
                    coordinates: Vec::new(),
                    columns: vec![Vec::new(); walk.known.len()],
                });
                self.places.insert(walk.tokens, self.groups.len() - 1);
                self.groups.len() - 1
            }
        };
        let group = &mut self.groups[place];
        group.terms.push(term);
        group.coordinates.extend(walk.coordinates);
        for (column, node) in group.columns.iter_mut().zip(walk.known) {
            column.push(node);
        }
    }
}

impl Group {
    /// For each column its constant slot, `None` where all members have the same node; and the
    /// columns of those slots. Equal columns share one.
    fn constants(&self) -> (Vec<Option<usize>>, Vec<&Vec<Node>>) {
        let mut places: HashMap<&Vec<Node>, usize> = HashMap::new();
        let (mut slots, mut kept) = (Vec::new(), Vec::new());
        for column in &self.columns {
            let differs = column.windows(2).any(|pair| pair[0] != pair[1]);
            slots.push(differs.then(|| {
                *places.entry(column).or_insert_with(|| {
                    kept.push(column);
                    kept.len() - 1
                })
            }));
        }
        (slots, kept)
    }

    /// The family, with the template made from the first member.
    fn family(&self, graph: &Graph, dimension: usize, depends: &[bool]) -> Family {
        let (slots, columns) = self.constants();
        let mut template = Template {
            from: graph,
            depends,
            graph: Graph::new(),
            dimension,
            slots: self.slots as u32,
            constants: columns.len() as u32,
            coordinates: &self.coordinates[..self.slots],
            image: HashMap::new(),
        };
        let value = template.build(self.terms[0], &slots);
        let mut graph = template.graph;
        let slopes = graph.gradient(value, self.slots);
        let slopes = graph.simplify(&slopes, self.slots);
        // The value is as it was: exactly the terms.
        let (graph, roots) = graph.extract(&[&[value], &slopes[..]].concat());
        let member = |at: usize| columns.iter().map(move |column| column[at]);
        Family {
            graph,
            value: roots[0],
            slopes: roots[1..].to_vec(),
            slots: self.slots,
            constants: columns.len(),
            coordinates: self.coordinates.clone(),
            fillings: (0..self.terms.len()).flat_map(member).collect(),
        }
    }
}

/// A template in the making.
struct Template<'g> {
    from: &'g Graph,
    /// For each node of that graph, whether a coordinate changes it.
    depends: &'g [bool],
    graph: Graph,
    dimension: usize,
    slots: u32,
    constants: u32,
    coordinates: &'g [u32],
    image: HashMap<Node, Node>,
}

impl Template<'_> {
    /// Walks the term in the order of [`Walk`], so that the places of what is known are met in
    /// the same order; `slots` says which of them differ.
    fn build(&mut self, term: Node, slots: &[Option<usize>]) -> Node {
        // What differs has a place, not a node: the same number may stand at two places.
        let mut places: HashMap<(Node, usize), Node> = HashMap::new();
        let mut known = slots.iter();
        let mut seen = HashSet::new();
        let mut order = Vec::new();
        let mut open = vec![(term, (term, usize::MAX))];
        while let Some((node, place)) = open.pop() {
            if !self.depends[node.index()] {
                let filled = match known.next() {
                    Some(Some(slot)) => self.graph.input(self.slots + *slot as u32),
                    _ => self.known(node),
                };
                places.insert(place, filled);
            } else if seen.insert(node) {
                order.push(node);
                let first = open.len();
                let operands = self.from.op(node).operands().enumerate();
                open.extend(operands.map(|(at, operand)| (operand, (node, at))));
                open[first..].reverse();
            }
        }
        order.sort_unstable();
        for node in order {
            let mut at = 0;
            let op = self.from.op(node).map(|operand| {
                at += 1;
                let filled = places.get(&(node, at - 1));
                filled.copied().unwrap_or_else(|| self.image[&operand])
            });
            let new = match op {
                Op::Input(input) => {
                    let slot = self.coordinates.iter().position(|&q| q == input);
                    self.graph.input(slot.unwrap_or(0) as u32)
                }
                op => self.graph.take(self.from, op),
            };
            self.image.insert(node, new);
        }
        self.image[&term]
    }

    /// What is known in all members, with the parameters where the template has them.
    fn known(&mut self, node: Node) -> Node {
        for at in self.from.schedule(&[node]) {
            if self.image.contains_key(&at) {
                continue;
            }
            let new = match self.from.op(at) {
                Op::Input(input) => {
                    let parameter = input - self.dimension as u32;
                    self.graph.input(self.slots + self.constants + parameter)
                }
                op => {
                    let op = op.map(|operand| self.image[&operand]);
                    self.graph.take(self.from, op)
                }
            };
            self.image.insert(at, new);
        }
        self.image[&node]
    }
}
