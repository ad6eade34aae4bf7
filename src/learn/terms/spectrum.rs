//! What the low-pass of the damped map leaves of terms, where that has a closed form.

use std::collections::HashSet;

use crate::dynamics::Damping;
use crate::graph::{Evaluator, Graph, Node, OwnedFamily};
use crate::learn::transfer::survival_x;

/// A term as what the low-pass knows of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Spectrum {
    waves: Vec<Wave>,
    /// Whether it has pieces that stay as they are but for a constant: of degree 2 at most.
    stays: bool,
    /// Whether it has others, of which nothing is known.
    others: bool,
}

/// A plane wave with its numbers.
#[derive(Clone, Debug)]
struct Wave {
    /// The coordinates that it depends on, and its wavenumber along each.
    vector: Vec<(u32, f64)>,
    /// Its amplitude.
    amplitude: f64,
}

impl Wave {
    /// What linear response needs of it, for momenta `E[p p^T]` (d by d, or the diagonal alone).
    fn phase(&self, damping: &Damping, p: &[f64]) -> f64 {
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
    fn slope(&self) -> f64 {
        let length = self
            .vector
            .iter()
            .fold(0.0, |sum: f64, (_, k)| sum.hypot(*k));
        self.amplitude.abs() * length
    }
}

/// The spectra of terms with these values of all inputs.
pub(super) fn spectra(
    graph: &mut Graph,
    terms: &[Node],
    dimension: usize,
    inputs: &[f64],
) -> Vec<Spectrum> {
    let simple = graph.simplify(terms, dimension);
    let none = HashSet::new();
    let mut pieces = Vec::new();
    for (owner, term) in simple.into_iter().enumerate() {
        let smallest = graph.written_terms(term, dimension, &none).into_iter();
        pieces.extend(smallest.map(|piece| (owner, piece.term)));
    }
    let mut spectra = vec![Spectrum::default(); terms.len()];
    for owned in graph.families(&pieces, dimension) {
        let (family, slots) = (&owned.family, owned.family.slots());
        if let Some(waves) = waves(&owned, graph, dimension, inputs) {
            for (&owner, wave) in owned.owners.iter().zip(waves) {
                spectra[owner].waves.push(wave);
            }
            continue;
        }
        let degree = family.graph.degree(family.value, slots);
        let stays = degree.is_some_and(|degree| degree <= 2);
        for &owner in &owned.owners {
            spectra[owner].stays |= stays;
            spectra[owner].others |= !stays;
        }
    }
    spectra
}

/// The waves that the members of a family are, if they are.
fn waves(
    owned: &OwnedFamily,
    graph: &Graph,
    dimension: usize,
    inputs: &[f64],
) -> Option<Vec<Wave>> {
    let (family, slots) = (&owned.family, owned.family.slots());
    let mut template = family.graph.clone();
    let wave = template.wave(family.value, slots)?;
    let roots = [&wave.vector[..], &[wave.amplitude]].concat();
    let mut evaluator = Evaluator::new(&template, &roots);
    let nodes = (0..family.members()).flat_map(|member| family.fillings(member).iter().copied());
    let nodes: Vec<Node> = nodes.collect();
    let fillings = Evaluator::new(graph, &nodes).evaluate(inputs);
    let mut own = vec![f64::NAN; slots + family.constants()];
    own.extend_from_slice(&inputs[dimension..]);
    let member = |at: usize| {
        let fillings = &fillings[at * family.constants()..][..family.constants()];
        own[slots..][..fillings.len()].copy_from_slice(fillings);
        let mut vector = evaluator.evaluate(&own);
        let amplitude = vector.pop().unwrap_or(f64::NAN);
        let coordinates = family.coordinates(at).iter().copied();
        Wave {
            vector: coordinates.zip(vector).collect(),
            amplitude,
        }
    };
    Some((0..family.members()).map(member).collect())
}

impl Spectrum {
    /// The weight that linear response predicts; see [`super::Terms::predicted`].
    pub fn predicted(&self, damping: &Damping, p: &[f64]) -> Option<f64> {
        let (mut left, mut all) = (0.0, 0.0);
        for wave in &self.waves {
            let square = wave.slope().powi(2);
            left += survival_x(wave.phase(damping, p)) * square;
            all += square;
        }
        match (self.stays, self.others) {
            (false, false) if all > 0.0 => Some(left / all),
            (true, false) if all == 0.0 => Some(1.0),
            _ => None,
        }
    }
}
