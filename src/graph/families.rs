//! Long sums as few formulas with many members.
//!
//! A potential of many coordinates is most often a sum of terms that are the same formula with
//! other coordinates and other numbers in it: bonds of a chain, pairs of atoms, sites of a lattice.
//! Those of its terms that have one shape become a [`Family`]: a template, and for each member its
//! coordinates and numbers.

use std::collections::{BTreeMap, HashMap, HashSet};

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
        let budget = budget(self, &[node]);
        let terms = self.terms(node, dimension);
        let depends = self.depends(|input| (input as usize) < dimension);
        let groups = Groups::of(self, &terms, &depends, budget);
        let nodes = |places: Vec<usize>| places.into_iter().map(|place| terms[place]);
        let mut split = Split {
            families: Vec::new(),
            rest: nodes(groups.alone).collect(),
        };
        for group in groups.groups {
            if group.places.len() < FEWEST || group.repeats(self) {
                split.rest.extend(nodes(group.places));
            } else {
                split.families.push(group.family(self, dimension, &depends));
            }
        }
        split
    }

    /// Terms with their owners by shape, so that each is a member of a family, however few there
    /// are of one shape. Terms of one owner that share most of what they compute are first summed.
    pub fn families(&mut self, terms: &[(usize, Node)], dimension: usize) -> Vec<OwnedFamily> {
        let nodes: Vec<Node> = terms.iter().map(|(_, node)| *node).collect();
        let budget = budget(self, &nodes);
        let depends = self.depends(|input| (input as usize) < dimension);
        let groups = Groups::of(self, &nodes, &depends, budget);
        let mut alone = groups.alone;
        let mut found = Vec::new();
        for group in groups.groups {
            if group.places.len() > 1 && group.repeats(self) {
                alone.extend(group.places);
                continue;
            }
            found.push(OwnedFamily {
                family: group.family(self, dimension, &depends),
                owners: group.places.iter().map(|&place| terms[place].0).collect(),
            });
        }
        let mut sums: BTreeMap<usize, Node> = BTreeMap::new();
        alone.sort_unstable();
        for (owner, node) in alone.into_iter().map(|place| terms[place]) {
            let sum = match sums.get(&owner) {
                Some(&sum) => self.plus(sum, node),
                None => node,
            };
            sums.insert(owner, sum);
        }
        let depends = self.depends(|input| (input as usize) < dimension);
        for (owner, node) in sums {
            found.push(OwnedFamily {
                family: Group::one(self, node, dimension).family(self, dimension, &depends),
                owners: vec![owner],
            });
        }
        found
    }
}

/// A family whose members belong to someone each.
#[derive(Clone, Debug)]
pub struct OwnedFamily {
    /// The family.
    pub family: Family,
    /// Whose its members are.
    pub owners: Vec<usize>,
}

/// Terms by their shape.
#[derive(Default)]
struct Groups {
    places: HashMap<Vec<Token>, usize>,
    groups: Vec<Group>,
    /// The places of the terms that are too large to have a shape, or have no coordinate.
    alone: Vec<usize>,
}

/// Terms of one shape.
struct Group {
    terms: Vec<Node>,
    /// Their places among all terms.
    places: Vec<usize>,
    /// Steps of the walk.
    size: usize,
    slots: usize,
    coordinates: Vec<u32>,
    /// For each place where something known stands, what it is in each member.
    columns: Vec<Vec<Node>>,
}

impl Groups {
    /// Terms by their shape, which is looked at for so many steps of walks.
    fn of(graph: &Graph, terms: &[Node], depends: &[bool], budget: usize) -> Groups {
        let mut groups = Groups::default();
        let mut walked = 0;
        for (at, &term) in terms.iter().enumerate() {
            let walk = match walked < budget {
                true => Walk::of(graph, term, depends),
                false => None,
            };
            walked += walk.as_ref().map_or(LARGEST, Walk::len);
            groups.add(at, term, walk.filter(|walk| !walk.coordinates.is_empty()));
        }
        groups
    }

    fn add(&mut self, at: usize, term: Node, walk: Option<Walk>) {
        let Some(walk) = walk else {
            self.alone.push(at);
            return;
        };
        let place = match self.places.get(&walk.tokens) {
            Some(&place) => place,
            None => {
                self.groups.push(Group {
                    terms: Vec::new(),
                    places: Vec::new(),
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
        group.places.push(at);
        group.coordinates.extend(walk.coordinates);
        for (column, node) in group.columns.iter_mut().zip(walk.known) {
            column.push(node);
        }
    }
}

impl Group {
    /// One term, however large it is.
    fn one(graph: &Graph, term: Node, dimension: usize) -> Group {
        let coordinate = |node: Node| match graph.op(node) {
            Op::Input(input) if (input as usize) < dimension => Some(input),
            _ => None,
        };
        let schedule = graph.schedule(&[term]);
        let coordinates: Vec<u32> = schedule.iter().filter_map(|at| coordinate(*at)).collect();
        Group {
            terms: vec![term],
            places: vec![0],
            size: schedule.len(),
            slots: coordinates.len(),
            coordinates,
            columns: Vec::new(),
        }
    }

    /// Whether its terms would compute the same things over and over.
    fn repeats(&self, graph: &Graph) -> bool {
        self.terms.len() * self.size > REPEATED * graph.schedule(&self.terms).len()
    }

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
