//! The pieces of terms by their shape, compiled: their first and second derivatives at many points.

use std::ops::Range;

use super::pattern::Pattern;
use super::{MAX_OPERATIONS, TermsError};
use crate::graph::{Evaluator, Graph, Node, OwnedFamily};
use crate::kernel::{BatchKernel, Engine};

/// Points that are evaluated at once, about: what a level-1 cache holds of them.
const AT_ONCE: usize = 1024;
/// A piece of more coordinates has the diagonal of its Hessian looked at only.
const NARROW: usize = 12;

/// Pieces that are one formula with other coordinates and numbers.
pub(super) struct Shape {
    kernel: BatchKernel,
    slots: usize,
    constants: usize,
    /// The term that each member is a piece of.
    owners: Vec<usize>,
    /// Shape: members, slots.
    coordinates: Vec<u32>,
    /// Shape: members, constants.
    fillings: Vec<f64>,
    /// For each member and slot its row among the gradients of all terms. Shape: members, slots.
    rows: Vec<u32>,
    /// The second derivatives that are not zero, by two slots.
    seconds: Vec<(usize, usize)>,
    /// For each member and each of those its entry among the Hessians of all terms.
    entries: Vec<u32>,
}

/// Some points, and what the terms are there.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    /// How many points there are.
    pub count: usize,
    /// Shape: coordinates, points.
    pub positions: Vec<f64>,
    /// The derivatives of all terms, each by its own coordinates. Shape: rows, points.
    pub gradients: Vec<f64>,
    /// Their second derivatives. Shape: entries of all Hessians, points.
    pub seconds: Vec<f64>,
    /// Room for the points of a shape and for what is computed there.
    points: Vec<f64>,
    out: Vec<f64>,
}

impl Shape {
    /// Compiles a family; `graph` is the one that its fillings belong to.
    pub fn new(owned: OwnedFamily, graph: &Graph, inputs: &[f64]) -> Result<Shape, TermsError> {
        let OwnedFamily { family, owners } = owned;
        let (slots, constants) = (family.slots(), family.constants());
        let members = || 0..family.members();
        let nodes: Vec<Node> = members()
            .flat_map(|m| family.fillings(m).iter().copied())
            .collect();
        let fillings = Evaluator::new(graph, &nodes).evaluate(inputs);
        let coordinates = members().flat_map(|m| family.coordinates(m).iter().copied());
        let mut template = family.graph.clone();
        let (kernel, seconds) = compile(&mut template, &family.slopes, constants)?;
        Ok(Shape {
            kernel,
            seconds,
            entries: Vec::new(),
            slots,
            constants,
            owners,
            coordinates: coordinates.collect(),
            fillings,
            rows: Vec::new(),
        })
    }

    /// Its members: the term of each, and its coordinates.
    fn members(&self) -> impl Iterator<Item = (usize, &[u32])> {
        let coordinates = self.coordinates.chunks_exact(self.slots.max(1));
        self.owners.iter().copied().zip(coordinates)
    }

    /// The coordinates of its members, and the pairs of them with second derivatives, by term.
    pub fn supports(&self) -> impl Iterator<Item = (usize, &[u32], Vec<(u32, u32)>)> {
        self.members().map(|(owner, own)| {
            let pairs = self.seconds.iter().map(|&(a, b)| ordered(own[a], own[b]));
            (owner, own, pairs.collect())
        })
    }

    /// Finds where the derivatives of its members are kept.
    pub fn place(&mut self, pattern: &Pattern) {
        let (mut rows, mut entries) = (Vec::new(), Vec::new());
        for (owner, own) in self.members() {
            rows.extend(own.iter().map(|&c| pattern.row(owner, c) as u32));
            let pairs = self.seconds.iter().map(|&(a, b)| ordered(own[a], own[b]));
            entries.extend(pairs.map(|pair| pattern.entry(owner, pair) as u32));
        }
        (self.rows, self.entries) = (rows, entries);
    }

    /// Adds the derivatives of all members at the points of a batch.
    pub fn add(&self, batch: &mut Batch, parameters: &[f64]) {
        let n = batch.count;
        let at_once = (AT_ONCE / n.max(1)).max(1);
        for first in (0..self.owners.len()).step_by(at_once) {
            let last = self.owners.len().min(first + at_once);
            self.add_some(first..last, batch, parameters);
        }
    }

    fn add_some(&self, members: Range<usize>, batch: &mut Batch, parameters: &[f64]) {
        let (n, count) = (batch.count, members.len() * batch.count);
        let width = self.slots + self.constants;
        // What is there is overwritten.
        grow(&mut batch.points, width * count);
        grow(&mut batch.out, (self.slots + self.seconds.len()) * count);
        for (at, member) in members.clone().enumerate() {
            for slot in 0..self.slots {
                let coordinate = self.coordinates[member * self.slots + slot] as usize;
                batch.points[slot * count + at * n..][..n]
                    .copy_from_slice(&batch.positions[coordinate * n..][..n]);
            }
            let own = &self.fillings[member * self.constants..][..self.constants];
            for (constant, value) in own.iter().enumerate() {
                batch.points[(self.slots + constant) * count + at * n..][..n].fill(*value);
            }
        }
        let (points, out) = (&batch.points[..width * count], &mut batch.out);
        self.kernel.evaluate(points, count, parameters, out);
        let add = |to: &mut [f64], row: u32, from: &[f64]| {
            let to = &mut to[row as usize * n..][..n];
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        };
        for (at, member) in members.enumerate() {
            let rows = &self.rows[member * self.slots..][..self.slots];
            let entries = &self.entries[member * self.seconds.len()..][..self.seconds.len()];
            let mut out = batch.out[at * n..].chunks(count);
            for (&row, from) in rows.iter().zip(&mut out) {
                add(&mut batch.gradients, row, &from[..n]);
            }
            for (&entry, from) in entries.iter().zip(&mut out) {
                add(&mut batch.seconds, entry, &from[..n]);
            }
        }
    }
}

/// A pair of coordinates, the smaller first.
fn ordered(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}

fn grow(buffer: &mut Vec<f64>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
}

/// The slopes by the slots and their own derivatives, those that are not zero, compiled; and which
/// slots the latter belong to. Whatever is no slot is an input like them, so that members differ in
/// their points only.
fn compile(
    graph: &mut Graph,
    slopes: &[Node],
    constants: usize,
) -> Result<(BatchKernel, Vec<(usize, usize)>), TermsError> {
    let slots = slopes.len();
    let lengths = slopes.iter().map(|slope| graph.schedule(&[*slope]).len());
    let derivatives = if slots <= NARROW { slots } else { 1 };
    if lengths.sum::<usize>() * derivatives > MAX_OPERATIONS {
        return Err(TermsError::TooCoupled);
    }
    let mut roots = slopes.to_vec();
    let mut pairs = Vec::new();
    for (a, &slope) in slopes.iter().enumerate() {
        let last = if slots <= NARROW { slots } else { a + 1 };
        for b in a..last {
            roots.push(graph.derivative(slope, b as u32));
            pairs.push((a, b));
        }
    }
    let mut roots = graph.simplify(&roots, slots);
    let second = roots.split_off(slots);
    let zero = |node: &Node| graph.as_constant(*node) == Some(0.0);
    let (second, pairs): (Vec<Node>, Vec<(usize, usize)>) = second
        .into_iter()
        .zip(pairs)
        .filter(|(node, _)| !zero(node))
        .unzip();
    roots.extend(second);
    Ok((
        BatchKernel::compile(graph, &roots, slots + constants, Engine::best())?,
        pairs,
    ))
}
