//! What is left of a term, as nodes of a graph.

use rustfft::num_complex::Complex64;

use super::polynomial::Polynomial;
use crate::graph::{Function, Graph, Node};

/// The real part of `P(u) exp(E(u))` with `u = x - centre`.
pub(super) struct Piece {
    /// The centre, where it is not the origin.
    pub(super) centre: Vec<(u32, f64)>,
    /// The real part of the exponent, in `u`.
    pub(super) real: Polynomial,
    /// The imaginary part of the exponent: `k.u`, with real coefficients.
    pub(super) wave: Polynomial,
    pub(super) factor: Polynomial,
}

impl Piece {
    /// `exp(height + b.x)` with a polynomial before it.
    pub(super) fn plane(height: f64, linear: &[(u32, Complex64)], factor: Polynomial) -> Piece {
        let part = |of: fn(&Complex64) -> f64| {
            let parts = linear.iter();
            Polynomial::linear(parts.map(|(i, b)| (*i, Complex64::new(of(b), 0.0))))
        };
        let mut real = part(|b| b.re);
        real.add_to(Vec::new(), Complex64::new(height, 0.0));
        Piece {
            centre: Vec::new(),
            real,
            wave: part(|b| b.im),
            factor,
        }
    }

    /// Twice the piece, for its conjugate, if there is one.
    pub(super) fn doubled(mut self, both: bool) -> Piece {
        if both {
            self.factor = self.factor.scaled(Complex64::new(2.0, 0.0));
        }
        self
    }

    pub(super) fn write(&self, graph: &mut Graph) -> Node {
        let cosine = part(&self.factor, |c| c.re);
        let mut value = self.polynomial(graph, &cosine);
        if !self.wave.is_zero() {
            let angle = self.polynomial(graph, &self.wave);
            let mut terms = Vec::new();
            let sine = part(&self.factor, |c| -c.im);
            for (function, factor) in [(Function::Cos, cosine), (Function::Sin, sine)] {
                if !factor.is_zero() {
                    let factor = self.polynomial(graph, &factor);
                    let wave = graph.apply1(function, angle);
                    terms.push(graph.times(factor, wave));
                }
            }
            value = sum(graph, terms);
        }
        if self.real.is_zero() {
            return value;
        }
        let exponent = self.polynomial(graph, &self.real);
        let height = graph.apply1(Function::Exp, exponent);
        graph.times(value, height)
    }

    fn polynomial(&self, graph: &mut Graph, polynomial: &Polynomial) -> Node {
        write_polynomial(graph, polynomial, &self.centre)
    }
}

fn part(polynomial: &Polynomial, of: impl Fn(Complex64) -> f64) -> Polynomial {
    let mut real = Polynomial::default();
    for (monomial, c) in polynomial.parts() {
        real.add_to(monomial.clone(), Complex64::new(of(c), 0.0));
    }
    real
}

/// The real part of a polynomial.
pub(super) fn real_part(graph: &mut Graph, polynomial: &Polynomial) -> Node {
    write_polynomial(graph, &part(polynomial, |c| c.re), &[])
}

fn write_polynomial(graph: &mut Graph, polynomial: &Polynomial, centre: &[(u32, f64)]) -> Node {
    let mut terms = Vec::with_capacity(polynomial.len());
    for (monomial, c) in polynomial.parts() {
        let mut product = graph.constant(c.re);
        for &(variable, power) in monomial {
            let mut factor = graph.input(variable);
            if let Some((_, at)) = centre.iter().find(|(v, at)| *v == variable && *at != 0.0) {
                let at = graph.constant(*at);
                factor = graph.minus(factor, at);
            }
            if power > 1 {
                factor = graph.power(factor, power as i32);
            }
            product = graph.times(product, factor);
        }
        terms.push(product);
    }
    sum(graph, terms)
}

/// The sum of nodes; zero for none.
pub(super) fn sum(graph: &mut Graph, terms: Vec<Node>) -> Node {
    let sum = terms.into_iter().reduce(|sum, term| graph.plus(sum, term));
    sum.unwrap_or_else(|| graph.constant(0.0))
}
