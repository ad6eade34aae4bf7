//! V filtered by the low-pass of the damped map, term by term in closed form, in any number of
//! coordinates: no quadrature, no dynamics, no evaluation of V.
//!
//! A wave `exp(i k.x)` is multiplied by `R_x(a)`, `a^2 = k.L k`, with `L` the matrix of squared
//! lengths, `delta^2 inv(M) P inv(M)` (Li & Tao 2024, (3.2), and
//! [`survival_x`](crate::learn::transfer::survival_x)). A term has a closed form if it is made of
//! polynomials, sines, cosines and exponentials of linear functions, and exponentials of quadratic
//! ones, by sums, products and integer powers:
//!
//! | factor | what is given |
//! |---|---|
//! | polynomial | the moments of the kernel: `x^2` becomes `x^2 + L/6`; exact |
//! | wave | multiplied by `R_x`, and for a polynomial before it by the derivatives of `R_x`; exact |
//! | exponential of a linear function `b.x` | multiplied by the asymptotic series of `R_x` at `-b.L b`, whose sum `1 + pi int csch^2(pi y) (1 - exp(-b.L b y^2/2)) dy` is; up to `b.L b = 1/2` |
//! | Gaussian | a mixture of Gaussians (file `symbol`): of 12, within 7.6e-6 of its height; of 5, to about 1e-9, where its width is above four lengths, and where it grows by less than `exp(x^2/8)` in a length |
//!
//! The tail of the kernel falls like `exp(-2.55 z^(2/3))`, more slowly than anything that grows
//! exponentially: the integral of such terms diverges, and what is given is what a kernel with a
//! smooth end would give. Beyond the ranges above that depends on where it ends, and the term is
//! refused.
//!
//! Polynomials and Gaussians are expanded about the origin: coordinates of size `x` in a term that
//! changes over a width `w` cost about `(x/w)^2` of its digits for a Gaussian; a polynomial by itself
//! is left as it is written and only corrected.

mod bell;
mod form;
mod plane;
mod polynomial;
mod symbol;
mod write;

use std::collections::HashMap;

use rustfft::num_complex::Complex64;

use crate::graph::{Graph, Node};
use form::{Form, Reader};
use polynomial::Polynomial;
use write::Piece;

/// Waves of which less is left are dropped.
const DROPPED: f64 = 1e-12;

/// The squares of the lengths of the filter, `L = delta^2 inv(M) P inv(M)`, in units of the
/// coordinates.
#[derive(Clone, Copy, Debug)]
pub enum Lengths<'l> {
    /// The matrix, symmetric and positive semi-definite. Shape: coordinate by coordinate.
    Matrix(&'l [f64]),
    /// Its diagonal, where there is nothing else. Shape: coordinate.
    Diagonal(&'l [f64]),
}

impl Lengths<'_> {
    fn good(&self, dimension: usize) -> bool {
        let (all, count) = match self {
            Lengths::Matrix(all) => (all, dimension.saturating_mul(dimension)),
            Lengths::Diagonal(all) => (all, dimension),
        };
        let diagonal = |at: usize| self.entry(at as u32, at as u32, dimension) >= 0.0;
        all.len() == count && all.iter().all(|x| x.is_finite()) && (0..dimension).all(diagonal)
    }

    fn entry(&self, i: u32, j: u32, dimension: usize) -> f64 {
        let (i, j) = (i as usize, j as usize);
        let found = match self {
            Lengths::Matrix(all) => all.get(i * dimension + j),
            Lengths::Diagonal(all) if i == j => all.get(i),
            Lengths::Diagonal(_) => None,
        };
        found.copied().unwrap_or(0.0)
    }
}

/// A potential filtered in closed form.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Closed {
    /// The formula, simplified, constant included; parameters have become numbers.
    pub value: Node,
    /// How many terms were waves of which less than 1e-12 is left.
    pub dropped: usize,
    /// How many terms are Gaussians, and so approximate.
    pub approximate: usize,
}

/// Why there is no closed form.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
pub enum ClosedError {
    /// A term has none.
    #[error("{why}")]
    Term {
        /// The term: a node of the graph.
        term: Node,
        /// What is in the way.
        why: Why,
    },
    /// The lengths are not of that many coordinates, not finite, or not positive.
    #[error("the lengths of the filter are not finite, not positive, or of the wrong number")]
    BadLengths,
}

/// What is in the way of the closed form of a term.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Why {
    /// A function of what it is applied to here.
    #[error("`{0}` has no closed form there")]
    Function(&'static str),
    /// It grows too fast within a length, or it is a wave on such a slope.
    #[error("it grows too fast for the length of the filter")]
    Grows,
    /// It would be too long.
    #[error("multiplied out it would be too long")]
    TooLong,
    /// It has a number that is infinite or undefined.
    #[error("it has a number that is not finite")]
    NotFinite,
}

/// Filters a node: its additive terms one by one, in time linear in their number. Input `i` is
/// coordinate `i` below `dimension` and a parameter, with its value, from there on.
///
/// # Errors
/// The first term that has no closed form, or [`ClosedError::BadLengths`].
pub fn closed(
    graph: &mut Graph,
    node: Node,
    dimension: usize,
    parameters: &[f64],
    lengths: Lengths<'_>,
) -> Result<Closed, ClosedError> {
    if !lengths.good(dimension) {
        return Err(ClosedError::BadLengths);
    }
    let node = with_numbers(graph, node, dimension, parameters);
    let terms = graph.summands(node, dimension);
    let reader = Reader::new(graph, &terms, dimension, parameters);
    let filter = Filter { lengths, dimension };
    let mut sum = Sum::default();
    for &term in &terms {
        let form = reader.form(term);
        let filtered = form.and_then(|form| filter.term(term, &form));
        sum.add(filtered.map_err(|why| ClosedError::Term { term, why })?);
    }
    drop(reader);
    let value = sum.write(graph);
    Ok(Closed {
        value: graph.simplify(&[value], dimension)[0],
        ..sum.count(value)
    })
}

fn with_numbers(graph: &mut Graph, node: Node, dimension: usize, parameters: &[f64]) -> Node {
    let mut numbers: HashMap<u32, Node> = HashMap::new();
    for (input, value) in (dimension as u32..).zip(parameters) {
        numbers.insert(input, graph.constant(*value));
    }
    graph.substitute(&[node], &numbers)[0]
}

/// What has become of a term.
enum Filtered {
    /// The term with a number before it, and a polynomial added.
    Kept(f64, Node, Polynomial),
    /// A wave that is gone.
    Dropped,
    /// Something else: Gaussians, or waves of several lengths.
    Pieces(Vec<Piece>, bool),
}

/// The filter of forms.
struct Filter<'l> {
    lengths: Lengths<'l>,
    dimension: usize,
}

impl Filter<'_> {
    fn length(&self, i: u32, j: u32) -> f64 {
        self.lengths.entry(i, j, self.dimension)
    }

    fn term(&self, term: Node, form: &Form) -> Result<Filtered, Why> {
        if let Some(polynomial) = form.as_polynomial() {
            let mut change = self.polynomial(&polynomial)?;
            change.add(&polynomial, -Complex64::ONE);
            return Ok(Filtered::Kept(1.0, term, change));
        }
        if let Some(survival) = self.common_survival(form)? {
            return Ok(match survival.abs() < DROPPED {
                true => Filtered::Dropped,
                false => Filtered::Kept(survival, term, Polynomial::default()),
            });
        }
        let (mut pieces, mut approximate) = (Vec::new(), false);
        for (exponent, factor) in form.parts() {
            // Of two conjugates one stands for both.
            let both = match first_wavenumber(exponent) {
                k if k < 0.0 => continue,
                k => k > 0.0,
            };
            let found = match exponent.degree() {
                2 => {
                    approximate = true;
                    self.bell(exponent, factor)?
                }
                _ => self.wave(exponent, factor)?.into_iter().collect(),
            };
            pieces.extend(found.into_iter().map(|piece| piece.doubled(both)));
        }
        Ok(Filtered::Pieces(pieces, approximate))
    }

    /// What is left of a term if that is the same for all its parts.
    fn common_survival(&self, form: &Form) -> Result<Option<f64>, Why> {
        let mut common = None;
        for (exponent, factor) in form.parts() {
            if exponent.degree() != 1 || factor.degree() != 0 {
                return Ok(None);
            }
            let survival = self.survival(exponent)?;
            if survival.im != 0.0 || common.is_some_and(|known| known != survival) {
                return Ok(None);
            }
            common = Some(survival);
        }
        Ok(common.map(|survival| survival.re))
    }
}

/// The first wavenumber of an exponent that is not zero, or zero.
fn first_wavenumber(exponent: &Polynomial) -> f64 {
    let waves = form::linear_part(exponent).into_iter().map(|(_, b)| b.im);
    waves.into_iter().find(|k| *k != 0.0).unwrap_or(0.0)
}

/// The filtered terms, summed.
#[derive(Default)]
struct Sum {
    kept: Vec<(f64, Node)>,
    change: Polynomial,
    pieces: Vec<Piece>,
    dropped: usize,
    approximate: usize,
}

impl Sum {
    fn add(&mut self, filtered: Filtered) {
        match filtered {
            Filtered::Kept(factor, term, change) => {
                self.kept.push((factor, term));
                self.change.add(&change, Complex64::ONE);
            }
            Filtered::Dropped => self.dropped += 1,
            Filtered::Pieces(pieces, approximate) => {
                self.dropped += usize::from(pieces.is_empty());
                self.approximate += usize::from(approximate);
                self.pieces.extend(pieces);
            }
        }
    }

    fn write(&self, graph: &mut Graph) -> Node {
        let mut terms = Vec::new();
        for &(factor, term) in &self.kept {
            let factor = graph.constant(factor);
            terms.push(graph.times(factor, term));
        }
        terms.extend(self.pieces.iter().map(|piece| piece.write(graph)));
        if !self.change.is_zero() {
            terms.push(write::real_part(graph, &self.change));
        }
        write::sum(graph, terms)
    }

    fn count(&self, value: Node) -> Closed {
        Closed {
            value,
            dropped: self.dropped,
            approximate: self.approximate,
        }
    }
}

#[cfg(test)]
mod tests;
