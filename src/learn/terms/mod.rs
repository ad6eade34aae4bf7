//! The weights of the additive terms of a potential at a scale, by score matching.
//!
//! Where positions have the density `exp(-beta U)`, integration by parts gives
//! `E[grad f . grad U] = E[lap f]/beta` for any `f` (Hyvarinen 2005, J. Mach. Learn. Res. 6, 695).
//! With `U = sum_j w_j f_j` over given terms this is linear and closed:
//! `sum_j E[grad f_i . grad f_j] w_j = E[lap f_i]/beta`. On the density of `x` of the damped map
//! with the temperature that its virial has, the weight of a wave comes out as what the low-pass
//! of the map leaves of it ([`super::transfer::survival_x`]). In several coordinates the
//! temperature is a matrix, `(1 + c) P/2` where friction and mass are numbers, which makes the
//! weights in a harmonic well exact for any step; elsewhere they are off by about `delta^2/4` times
//! the change of curvature. The cost is linear in the pieces of terms as long as few terms share a
//! coordinate.
//!
//! ```text
//! let terms = Terms::new(&model, &parameters, Choice::Written)?;
//! terms.predicted(&damping, &momenta);                 // what linear response expects
//! let mut collectors: Vec<_> = (0..groups).map(|_| terms.collector(stride)).collect();
//! ensemble.advance(&map, &windows, stretch, starts, &mut collectors, &cancelled);
//! // the blocks of all groups, stretch after stretch, and the temperature of x in each
//! let estimate = terms.solve(&blocks, &temperatures)?;
//! terms.learned(&estimate);                            // U as a model
//! ```

mod collect;
mod outcome;
mod pattern;
mod shapes;
mod solve;
mod spectrum;
mod write;

use std::collections::HashSet;

use crate::dynamics::Damping;
use crate::graph::{Graph, Model, Node, Notation, WrittenTerm, print};
use crate::kernel::KernelError;

pub use collect::{Block, Collector};
pub use outcome::{RESOLVED, Standing, Weight};
pub use solve::Estimate;

use pattern::Pattern;
use shapes::Shape;
use spectrum::{Spectrum, spectra};

/// The most operations of the Laplacian of a piece, before it is simplified.
const MAX_OPERATIONS: usize = 1_000_000;
/// The longest text of a term, in characters.
const LONGEST: usize = 100;

/// Why there are no weights.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum TermsError {
    /// No term depends on a coordinate.
    #[error("there is no term that depends on a coordinate")]
    NoTerms,
    /// A candidate has other coordinates than the potential.
    #[error("the candidate `{0}` has other coordinates than the potential")]
    OtherCoordinates(String),
    /// A term, or all together, would cost too much.
    #[error("too many terms share their coordinates, or a term has too many coordinates")]
    TooCoupled,
    /// Fewer than two blocks hold samples, or the temperatures are not positive: no errors.
    #[error("at least two blocks of samples with their temperatures are needed")]
    TooFewBlocks,
    /// Too many terms are combinations of others.
    #[error("too many terms are combinations of other terms")]
    TooDependent,
    /// The gradient of no term was ever different from zero.
    #[error("no term has a gradient where the samples are")]
    NoGradient,
    /// The code generator failed.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

/// Which terms get a weight each.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// The additive terms of the potential as they are written; a written sum is one.
    Written,
    /// The smallest additive terms: those of written sums as well.
    Each,
    /// These functions of the same coordinates and parameters, by name.
    Candidates(&'a [(String, Model)]),
}

/// A function that gets a weight.
#[derive(Clone, PartialEq, Debug)]
pub struct Term {
    /// As it is written, without the sign before it; the name of a candidate.
    pub text: String,
    /// Its value in [`Terms::graph`].
    pub node: Node,
    /// How many coordinates it depends on.
    pub coordinates: usize,
    /// How many pieces it is a sum of.
    pub pieces: usize,
}

/// Terms ready to be evaluated along trajectories.
pub struct Terms {
    /// The terms, in the order of the program.
    pub list: Vec<Term>,
    /// Whether they are candidates, which need not have a weight near 0 or 1.
    pub candidates: bool,
    model: Model,
    dimension: usize,
    parameters: Vec<f64>,
    graph: Graph,
    shapes: Vec<Shape>,
    pattern: Pattern,
    spectra: Vec<Spectrum>,
}

impl Terms {
    /// The terms of a model with the values of all its parameters, compiled.
    ///
    /// # Errors
    /// See [`TermsError`]: there are none, or they would cost too much.
    pub fn new(model: &Model, parameters: &[f64], choice: Choice<'_>) -> Result<Terms, TermsError> {
        let dimension = model.dimension();
        let mut graph = model.graph.clone();
        let (chosen, mut texts) = chosen(model, &mut graph, choice)?;
        if chosen.is_empty() {
            return Err(TermsError::NoTerms);
        }
        let nodes: Vec<Node> = chosen.iter().map(|term| term.term).collect();
        let pieces = pieces(&mut graph, &nodes, dimension, choice);
        let mut inputs = vec![f64::NAN; dimension];
        inputs.extend_from_slice(parameters);
        let mut shapes = Vec::new();
        for family in graph.families(&pieces, dimension) {
            shapes.push(Shape::new(family, &graph, &inputs)?);
        }
        let pattern = Pattern::new(&shapes, nodes.len(), dimension)?;
        shapes.iter_mut().for_each(|shape| shape.place(&pattern));
        let spectra = spectra(&mut graph, &nodes, dimension, &inputs);
        let mut counts = vec![0; nodes.len()];
        pieces.iter().for_each(|(owner, _)| counts[*owner] += 1);
        if texts.is_empty() {
            texts = written_texts(model, &graph, &chosen, choice);
        }
        let list = texts.into_iter().enumerate().map(|(at, text)| Term {
            text,
            node: nodes[at],
            coordinates: pattern.coordinates[at].len(),
            pieces: counts[at],
        });
        Ok(Terms {
            list: list.collect(),
            candidates: matches!(choice, Choice::Candidates(_)),
            model: model.clone(),
            dimension,
            parameters: parameters.to_vec(),
            graph,
            shapes,
            pattern,
            spectra,
        })
    }

    /// The graph of [`Term::node`], with the inputs of the model.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// An observer of one group of lanes that looks at one step in `stride`.
    pub fn collector(&self, stride: u64) -> Collector<'_> {
        Collector::new(self, stride)
    }

    /// Gives a block the temperatures of directions where friction or mass is a matrix, which its
    /// own momenta do not tell: `heat` is the symmetric part of `(I + C) P M^-1` up to a factor.
    /// Shape: d by d.
    pub fn warm(&self, block: &mut Block, heat: &[f64]) {
        let pairs = self.pattern.momenta.iter();
        block.momenta = pairs
            .map(|&(a, b)| heat[a as usize * self.dimension + b as usize])
            .collect();
    }

    /// Bytes of a [`Block`], about.
    pub fn block_bytes(&self) -> usize {
        let pattern = &self.pattern;
        8 * (pattern.pairs.len() + pattern.entries() + pattern.momenta.len() + 3 * pattern.terms())
    }

    /// The weight of each term that linear response predicts for momenta `P = E[p p^T]` (row-major,
    /// d by d, or its diagonal alone): for a wave of vector k what the low-pass leaves of it,
    /// `R_x(delta sqrt(k^T M^-1 P M^-1 k))`; for several waves the mean of that, weighted by the
    /// squares of their slopes; 1 for a polynomial of degree 2 at most, which stays as it is but
    /// for a constant; `None` for what has no closed form. What the low-pass makes of other terms
    /// is not in it, and nothing is predicted for candidates, whose weights are their own affair.
    ///
    /// # Panics
    /// If `p` has fewer numbers than coordinates.
    pub fn predicted(&self, damping: &Damping, p: &[f64]) -> Vec<Option<f64>> {
        if self.candidates {
            return vec![None; self.list.len()];
        }
        let spectra = self.spectra.iter();
        spectra
            .map(|spectrum| spectrum.predicted(damping, p))
            .collect()
    }

    /// U: the sum of the terms that are kept, each with its weight to two digits of its error.
    /// `None` if none is.
    pub fn learned(&self, estimate: &Estimate) -> Option<Model> {
        let (graph, sum) = self.sum(estimate)?;
        let (graph, roots) = graph.extract(&[sum]);
        Some(Model {
            name: "U".to_owned(),
            graph,
            value: roots[0],
            coordinates: self.model.coordinates.clone(),
            parameters: self.model.parameters.clone(),
            sums: Vec::new(),
        })
    }

    /// U in the graph of the terms.
    fn sum(&self, estimate: &Estimate) -> Option<(Graph, Node)> {
        let mut graph = self.graph.clone();
        let mut sum: Option<Node> = None;
        for (term, weight) in self.list.iter().zip(&estimate.weights) {
            if weight.kept == Some(true) {
                let factor = graph.constant(weight.rounded());
                let part = graph.times(factor, term.node);
                sum = Some(sum.map_or(part, |sum| graph.plus(sum, part)));
            }
        }
        Some((graph, sum?))
    }
}

/// The terms of a choice, and their texts where those are given.
fn chosen(
    model: &Model,
    graph: &mut Graph,
    choice: Choice<'_>,
) -> Result<(Vec<WrittenTerm>, Vec<String>), TermsError> {
    let dimension = model.dimension();
    let whole: HashSet<Node> = match choice {
        Choice::Written => model.sums.iter().map(|sum| sum.node).collect(),
        Choice::Each => HashSet::new(),
        Choice::Candidates(list) => {
            let mut found = Vec::new();
            for (name, candidate) in list {
                if candidate.coordinates.len() != dimension {
                    return Err(TermsError::OtherCoordinates(name.clone()));
                }
                let roots = graph.import(&candidate.graph, &[candidate.value], &[]);
                found.push(WrittenTerm {
                    term: roots[0],
                    shown: roots[0],
                    core: roots[0],
                });
            }
            return Ok((found, list.iter().map(|(name, _)| name.clone()).collect()));
        }
    };
    let terms = graph.written_terms(model.value, dimension, &whole);
    Ok((terms, Vec::new()))
}

/// The terms in pieces, each with the number of its term.
fn pieces(
    graph: &mut Graph,
    terms: &[Node],
    dimension: usize,
    choice: Choice<'_>,
) -> Vec<(usize, Node)> {
    let simple = graph.simplify(terms, dimension);
    let each = matches!(choice, Choice::Each);
    let mut pieces = Vec::new();
    for (owner, term) in simple.into_iter().enumerate() {
        match each {
            true => pieces.push((owner, term)),
            false => pieces.extend(
                graph
                    .terms(term, dimension)
                    .into_iter()
                    .map(|piece| (owner, piece)),
            ),
        }
    }
    let depends = graph.depends(|input| (input as usize) < dimension);
    pieces.retain(|(_, piece)| depends[piece.index()]);
    pieces
}

/// Terms as they are written: sums with the text that they have in the program.
fn written_texts(
    model: &Model,
    graph: &Graph,
    terms: &[WrittenTerm],
    choice: Choice<'_>,
) -> Vec<String> {
    let coordinates = model.coordinates.iter().map(|c| c.name.clone());
    let parameters = model.parameters.iter().map(|p| p.name.clone());
    let mut names: Vec<String> = coordinates.chain(parameters).collect();
    let first = names.len() as u32;
    names.extend(model.sums.iter().map(|sum| sum.text.clone()));
    let text = |term: &WrittenTerm| {
        let mut small = Graph::new();
        let mut given: Vec<(Node, Node)> = Vec::new();
        if !matches!(choice, Choice::Each) {
            let sums = (first..).zip(&model.sums);
            given = sums
                .map(|(input, sum)| (sum.node, small.input(input)))
                .collect();
        }
        let roots = small.import(graph, &[term.shown], &given);
        match print(&small, roots[0], &names, Notation::Pot) {
            Some(text) if text.chars().count() <= LONGEST => text,
            Some(text) => text
                .chars()
                .take(LONGEST - 3)
                .chain("...".chars())
                .collect(),
            None => "a long term".to_owned(),
        }
    };
    terms.iter().map(text).collect()
}
