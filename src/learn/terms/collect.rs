//! What is kept of the trajectories for the weights of terms: sums of products of their gradients
//! and of their second derivatives, block by block.

use super::Terms;
use super::shapes::Batch;
use crate::dynamics::{Observer, Window};
use crate::kernel::LANES;
use crate::tape::{Kept, Tape};

/// Numbers in the derivatives of a batch, about: a level-2 cache holds them.
const BATCH: usize = 32_768;
/// Points in a batch at most.
const MOST_POINTS: usize = 1024;
/// Samples for each that is looked at again one step later.
const AGAIN: u64 = 32;
/// What is larger, its square may not be: such a derivative counts as not finite.
const LARGEST: f64 = 1e150;

/// What is kept of one group of lanes over one stretch of time: sums over its samples.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// How many samples it holds.
    pub samples: u64,
    /// Samples left out, because a gradient or a Laplacian was not finite there.
    pub skipped: u64,
    /// Points where the terms were evaluated.
    pub evaluations: u64,
    /// Sums of `grad f_i . grad f_j` for the pairs of terms that share a coordinate.
    pub(super) gram: Vec<f64>,
    /// Sums of the second derivatives.
    pub(super) seconds: Vec<f64>,
    /// Sums of the squares of the Laplacians.
    pub(super) squares: Vec<f64>,
    /// Sums of `grad f(x_n) . grad f(x_{n+1})` over some of the samples.
    pub(super) later: Vec<f64>,
    /// Sums of the mean of `|grad f|^2` at both points over the same samples.
    pub(super) both: Vec<f64>,
    /// The sum of `|x_{n+1} - x_n|^2` over them.
    pub(super) moved: f64,
    /// How many they are.
    pub(super) looked: u64,
    /// Sums of products of momenta over all steps, for the pairs of coordinates of the second
    /// derivatives; zero where friction or mass is a matrix.
    pub(super) momenta: Vec<f64>,
}

/// The sizes follow from the terms.
impl Kept for Block {
    fn pass(&mut self, tape: &mut Tape) {
        for count in [
            &mut self.samples,
            &mut self.skipped,
            &mut self.evaluations,
            &mut self.looked,
        ] {
            count.pass(tape);
        }
        for sums in [
            &mut self.gram,
            &mut self.seconds,
            &mut self.squares,
            &mut self.later,
            &mut self.both,
            &mut self.momenta,
        ] {
            tape.row(sums);
        }
        self.moved.pass(tape);
    }
}

impl Block {
    fn new(terms: &Terms) -> Block {
        let count = terms.pattern.terms();
        Block {
            samples: 0,
            skipped: 0,
            evaluations: 0,
            gram: vec![0.0; terms.pattern.pairs.len()],
            seconds: vec![0.0; terms.pattern.entries()],
            momenta: vec![0.0; terms.pattern.momenta.len()],
            squares: vec![0.0; count],
            later: vec![0.0; count],
            both: vec![0.0; count],
            moved: 0.0,
            looked: 0,
        }
    }
}

/// Keeps a [`Block`] of each stretch of time of the windows that it is shown.
pub struct Collector<'a> {
    terms: &'a Terms,
    stride: u64,
    blocks: Vec<Block>,
    batch: Batch,
    /// Which points of the batch are not finite.
    bad: Vec<bool>,
    /// The Laplacian of a term at its points.
    laplacian: Vec<f64>,
    /// Samples since one was last looked at again.
    since: u64,
}

impl<'a> Collector<'a> {
    /// Nothing kept yet; one step in `stride` will be.
    pub(super) fn new(terms: &'a Terms, stride: u64) -> Collector<'a> {
        Collector {
            terms,
            stride: stride.max(1),
            blocks: Vec::new(),
            batch: Batch::default(),
            bad: Vec::new(),
            laplacian: Vec::new(),
            since: 0,
        }
    }

    /// What was kept of each stretch so far; the last may still grow.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Writes what was kept on a tape, or reads it; terms, stride and no more than so many
    /// stretches are the same.
    pub fn pass(&mut self, tape: &mut Tape, stretches: usize) {
        match tape.count(self.blocks.len()) {
            Some(count) if count <= stretches => {
                self.blocks.resize_with(count, || Block::new(self.terms));
                self.blocks.iter_mut().for_each(|block| block.pass(tape));
                self.since.pass(tape);
            }
            _ => tape.refuse(),
        }
    }

    /// What was kept of each stretch.
    pub fn into_blocks(self) -> Vec<Block> {
        self.blocks
    }

    /// Evaluates all terms at some steps of some lanes; the points that are not finite count for
    /// nothing, and their number is returned.
    fn evaluate(&mut self, window: &Window<'_>, steps: &[usize], lanes: &[usize]) -> u64 {
        let (terms, batch) = (self.terms, &mut self.batch);
        batch.count = steps.len() * lanes.len();
        batch.positions.clear();
        for coordinate in 0..terms.dimension {
            for &step in steps {
                let x = window.positions(step, coordinate);
                match lanes.len() {
                    LANES => batch.positions.extend_from_slice(x),
                    _ => batch.positions.extend(lanes.iter().map(|&lane| x[lane])),
                }
            }
        }
        for (numbers, rows) in [
            (&mut batch.gradients, terms.pattern.rows()),
            (&mut batch.seconds, terms.pattern.entries()),
        ] {
            numbers.clear();
            numbers.resize(rows * batch.count, 0.0);
        }
        for shape in &terms.shapes {
            shape.add(batch, &terms.parameters);
        }
        self.leave_out()
    }

    fn leave_out(&mut self) -> u64 {
        let batch = &mut self.batch;
        let n = batch.count;
        self.bad.clear();
        self.bad.resize(n, false);
        let rows = || {
            batch
                .gradients
                .chunks_exact(n)
                .chain(batch.seconds.chunks_exact(n))
        };
        for row in rows() {
            for (bad, value) in self.bad.iter_mut().zip(row) {
                let good = value.abs() < LARGEST;
                *bad |= !good;
            }
        }
        let bad: Vec<usize> = (0..n).filter(|&at| self.bad[at]).collect();
        for &at in &bad {
            for row in batch.gradients.chunks_exact_mut(n) {
                row[at] = 0.0;
            }
            for row in batch.seconds.chunks_exact_mut(n) {
                row[at] = 0.0;
            }
        }
        bad.len() as u64
    }

    fn add(&mut self, stretch: usize, skipped: u64) {
        let (batch, n) = (&self.batch, self.batch.count);
        let block = &mut self.blocks[stretch];
        block.samples += n as u64 - skipped;
        block.skipped += skipped;
        block.evaluations += n as u64;
        let row = |row: u32| &batch.gradients[row as usize * n..][..n];
        for (pair, sum) in block.gram.iter_mut().enumerate() {
            let products = self.terms.pattern.products(pair).iter();
            *sum += products.map(|&(i, j)| dot(row(i), row(j))).sum::<f64>();
        }
        for (sum, second) in block.seconds.iter_mut().zip(batch.seconds.chunks_exact(n)) {
            *sum += total(second);
        }
        for (term, square) in block.squares.iter_mut().enumerate() {
            self.laplacian.clear();
            self.laplacian.resize(n, 0.0);
            for entry in
                self.terms.pattern.first_entry[term]..self.terms.pattern.first_entry[term + 1]
            {
                if self.terms.pattern.is_diagonal(entry) {
                    let second = &batch.seconds[entry * n..][..n];
                    self.laplacian
                        .iter_mut()
                        .zip(second)
                        .for_each(|(sum, x)| *sum += x);
                }
            }
            *square += dot(&self.laplacian, &self.laplacian);
        }
    }

    fn add_momenta(&mut self, window: &Window<'_>, lanes: &[usize]) {
        if !window.damping().is_scalar() {
            return;
        }
        let momenta = &mut self.blocks[window.stretch()].momenta;
        for (sum, &(a, b)) in momenta.iter_mut().zip(&self.terms.pattern.momenta) {
            for step in 0..window.steps() {
                let (p, q) = (
                    window.momenta(step, a as usize),
                    window.momenta(step, b as usize),
                );
                *sum += match lanes.len() {
                    LANES => dot(p, q),
                    _ => lanes.iter().map(|&lane| p[lane] * q[lane]).sum(),
                };
            }
        }
    }

    /// Looks at a step and the one after it: how much of the gradients of a term is the same.
    fn look_again(&mut self, window: &Window<'_>, step: usize, lanes: &[usize]) {
        self.evaluate(window, &[step, step + 1], lanes);
        let block = &mut self.blocks[window.stretch()];
        let (n, half) = (self.batch.count, lanes.len());
        block.evaluations += n as u64;
        let lost = |at: usize| self.bad[at] || self.bad[at + half];
        let good: Vec<usize> = (0..half).filter(|&at| !lost(at)).collect();
        block.looked += good.len() as u64;
        for row in self.batch.positions.chunks_exact(n) {
            let moved = good.iter().map(|&at| (row[at + half] - row[at]).powi(2));
            block.moved += moved.sum::<f64>();
        }
        for (term, ends) in self.terms.pattern.first_row.windows(2).enumerate() {
            for row in self.batch.gradients[ends[0] * n..ends[1] * n].chunks_exact(n) {
                for &at in &good {
                    let (here, next) = (row[at], row[at + half]);
                    block.later[term] += here * next;
                    block.both[term] += 0.5 * (here * here + next * next);
                }
            }
        }
    }
}

/// The scalar product, in sums that do not wait for each other.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.0.iter().zip(b.0) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = a.1.iter().zip(b.1).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

fn total(a: &[f64]) -> f64 {
    let a = a.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for a in a.0 {
        sums.iter_mut().zip(a).for_each(|(sum, a)| *sum += a);
    }
    sums.iter().sum::<f64>() + a.1.iter().sum::<f64>()
}

impl Observer for Collector<'_> {
    fn observe(&mut self, window: &Window<'_>) {
        let stretch = window.stretch();
        while self.blocks.len() <= stretch {
            self.blocks.push(Block::new(self.terms));
        }
        let committed = window.committed();
        let lanes: Vec<usize> = (0..LANES).filter(|&lane| committed[lane]).collect();
        // The steps that a stride meets are the same whatever the windows are.
        let first = (self.stride - window.first_step() % self.stride) % self.stride;
        let steps = (first as usize..window.steps()).step_by(self.stride as usize);
        let steps: Vec<usize> = steps.collect();
        if lanes.is_empty() {
            return;
        }
        self.add_momenta(window, &lanes);
        let pattern = &self.terms.pattern;
        let points = (BATCH / (pattern.rows() + pattern.entries()).max(1)).min(MOST_POINTS);
        for some in steps.chunks((points / LANES).max(1)) {
            let skipped = self.evaluate(window, some, &lanes);
            self.add(stretch, skipped);
            self.since += self.batch.count as u64;
        }
        let again = steps.iter().find(|step| **step + 1 < window.steps());
        if let Some(&step) = again.filter(|_| self.since >= AGAIN * LANES as u64) {
            self.since = 0;
            self.look_again(window, step, &lanes);
        }
    }
}
