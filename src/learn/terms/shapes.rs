//! The pieces of terms by their shape, compiled: their gradients and Laplacians at many points.

use std::ops::Range;

use super::{MAX_OPERATIONS, TermsError};
use crate::dynamics::Damping;
use crate::graph::{Evaluator, Graph, Node, OwnedFamily};
use crate::kernel::{BatchKernel, Engine};

/// Points that are evaluated at once, about: what a level-1 cache holds of them.
const AT_ONCE: usize = 1024;

/// A plane wave with its numbers.
pub(super) struct Wave {
    /// The term that it is a piece of.
    pub owner: usize,
    /// The coordinates that it depends on, and its wavenumber along each.
    pub vector: Vec<(u32, f64)>,
    /// Its amplitude.
    pub amplitude: f64,
}

impl Wave {
    /// What linear response needs of it, for momenta `E[p p^T]` (d by d, or the diagonal alone).
    pub fn phase(&self, damping: &Damping, p: &[f64]) -> f64 {
        let d = damping.dimension();
        let full = p.len() > d;
        if !damping.is_scalar() {
            let mut k = vec![0.0; d];
            self.vector
                .iter()
                .for_each(|&(at, along)| k[at as usize] = along);
            let spread = |i: usize, j: usize| if i == j { p[i] } else { 0.0 };
            return match full {
                true => damping.phase(p, &k),
                false => {
                    let p: Vec<f64> = (0..d * d).map(|at| spread(at / d, at % d)).collect();
                    damping.phase(&p, &k)
                }
            };
        }
        let entry = |i: u32, j: u32| match (i as usize, j as usize) {
            (i, j) if full => p[i * d + j],
            (i, j) if i == j => p[i],
            _ => 0.0,
        };
        let along = |&(i, ki): &(u32, f64)| {
            let row = self.vector.iter().map(|&(j, kj)| entry(i, j) * kj);
            ki * row.sum::<f64>()
        };
        let square: f64 = self.vector.iter().map(along).sum();
        damping.delta() * square.max(0.0).sqrt()
    }

    /// The largest length of its gradient.
    pub fn slope(&self) -> f64 {
        let length = self
            .vector
            .iter()
            .fold(0.0, |sum: f64, (_, k)| sum.hypot(*k));
        self.amplitude.abs() * length
    }
}

/// Pieces that are one formula with other coordinates and numbers.
pub(super) struct Shape {
    kernel: BatchKernel,
    pub slots: usize,
    constants: usize,
    /// The term that each member is a piece of.
    pub owners: Vec<usize>,
    /// Shape: members, slots.
    pub coordinates: Vec<u32>,
    /// Shape: members, constants.
    fillings: Vec<f64>,
    /// For each member and slot its row among the gradients of all terms. Shape: members, slots.
    pub rows: Vec<u32>,
    /// The waves that its members are; none if they are no waves.
    pub waves: Vec<Wave>,
    /// The degree of its members as polynomials.
    pub degree: Option<u32>,
}

/// Some points, and what the terms are there.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    /// How many points there are.
    pub count: usize,
    /// Shape: coordinates, points.
    pub positions: Vec<f64>,
    /// The gradients of all terms, each by its own coordinates only. Shape: rows, points.
    pub gradients: Vec<f64>,
    /// Shape: terms, points.
    pub laplacians: Vec<f64>,
    /// Room for the points of a shape and for what is computed there.
    points: Vec<f64>,
    out: Vec<f64>,
}

impl Shape {
    /// Compiles a family; `graph` is the one that its fillings belong to.
    pub fn new(
        owned: OwnedFamily,
        graph: &Graph,
        inputs: &[f64],
        parameters: &[f64],
    ) -> Result<Shape, TermsError> {
        let OwnedFamily { family, owners } = owned;
        let (slots, constants) = (family.slots(), family.constants());
        let members = || 0..family.members();
        let nodes: Vec<Node> = members()
            .flat_map(|m| family.fillings(m).iter().copied())
            .collect();
        let fillings = Evaluator::new(graph, &nodes).evaluate(inputs);
        let coordinates = members().flat_map(|m| family.coordinates(m).iter().copied());
        let mut template = family.graph.clone();
        let mut shape = Shape {
            kernel: compile(&mut template, &family.slopes, constants)?,
            slots,
            constants,
            owners,
            coordinates: coordinates.collect(),
            fillings,
            rows: Vec::new(),
            waves: Vec::new(),
            degree: family.graph.degree(family.value, slots),
        };
        if let Some(wave) = template.wave(family.value, slots) {
            shape.waves = shape.waves(&template, &wave, parameters);
        }
        Ok(shape)
    }

    fn waves(&self, template: &Graph, wave: &crate::graph::Wave, parameters: &[f64]) -> Vec<Wave> {
        let roots = [&wave.vector[..], &[wave.amplitude]].concat();
        let mut evaluator = Evaluator::new(template, &roots);
        let mut inputs = vec![f64::NAN; self.slots + self.constants];
        inputs.extend_from_slice(parameters);
        let member = |(at, &owner): (usize, &usize)| {
            let own = &self.fillings[at * self.constants..][..self.constants];
            inputs[self.slots..][..self.constants].copy_from_slice(own);
            let mut vector = evaluator.evaluate(&inputs);
            let amplitude = vector.pop().unwrap_or(f64::NAN);
            let coordinates = self.coordinates[at * self.slots..].iter().copied();
            Wave {
                owner,
                vector: coordinates.zip(vector).collect(),
                amplitude,
            }
        };
        self.owners.iter().enumerate().map(member).collect()
    }

    /// Says where the gradients of the terms are kept, which depend on those coordinates.
    pub fn place(&mut self, supports: &[Vec<u32>], first: &[usize]) {
        let members = self.coordinates.chunks_exact(self.slots.max(1));
        let row = |(&owner, own): (&usize, &[u32])| {
            let place = |c: &u32| {
                (first[owner] + supports[owner].partition_point(|known| known < c)) as u32
            };
            own.iter().map(place).collect::<Vec<u32>>()
        };
        self.rows = self.owners.iter().zip(members).flat_map(row).collect();
    }

    /// Adds the gradients and Laplacians of all members at the points of a batch.
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
        grow(&mut batch.out, (self.slots + 1) * count);
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
        for (at, member) in members.enumerate() {
            for slot in 0..self.slots {
                let row = self.rows[member * self.slots + slot] as usize;
                let from = &batch.out[slot * count + at * n..][..n];
                let to = &mut batch.gradients[row * n..][..n];
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            }
            let from = &batch.out[self.slots * count + at * n..][..n];
            let to = &mut batch.laplacians[self.owners[member] * n..][..n];
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
    }
}

fn grow(buffer: &mut Vec<f64>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
}

/// The slopes by the slots and their Laplacian, compiled. Whatever is no slot is an input like
/// them, so that members differ in their points only.
fn compile(
    graph: &mut Graph,
    slopes: &[Node],
    constants: usize,
) -> Result<BatchKernel, TermsError> {
    let second: usize = slopes
        .iter()
        .map(|slope| graph.schedule(&[*slope]).len())
        .sum();
    if second > MAX_OPERATIONS {
        return Err(TermsError::TooCoupled);
    }
    let mut laplacian = graph.constant(0.0);
    for (slot, &slope) in slopes.iter().enumerate() {
        let second = graph.derivative(slope, slot as u32);
        laplacian = graph.plus(laplacian, second);
    }
    let roots = [slopes, &[laplacian]].concat();
    let roots = graph.simplify(&roots, slopes.len());
    let inputs = slopes.len() + constants;
    Ok(BatchKernel::compile(graph, &roots, inputs, Engine::best())?)
}
