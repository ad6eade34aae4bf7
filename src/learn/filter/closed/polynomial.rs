//! Polynomials of many variables, few of which a term touches.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use rustfft::num_complex::Complex64;

/// Variables with their powers, in ascending order; none for a constant.
pub(super) type Monomial = Vec<(u32, u32)>;

/// The most monomials there may be in a polynomial.
pub(super) const MOST: usize = 4000;

/// A polynomial with complex coefficients; none of them is zero. Equal and ordered by their bits.
#[derive(Clone, Default, Debug)]
pub(super) struct Polynomial(BTreeMap<Monomial, Complex64>);

impl Polynomial {
    pub(super) fn constant(c: Complex64) -> Polynomial {
        let mut polynomial = Polynomial::default();
        polynomial.add_to(Vec::new(), c);
        polynomial
    }

    pub(super) fn variable(variable: u32) -> Polynomial {
        Polynomial::linear([(variable, Complex64::ONE)])
    }

    pub(super) fn linear(parts: impl IntoIterator<Item = (u32, Complex64)>) -> Polynomial {
        let mut polynomial = Polynomial::default();
        for (variable, c) in parts {
            polynomial.add_to(vec![(variable, 1)], c);
        }
        polynomial
    }

    /// Adds to the coefficient of a monomial.
    pub(super) fn add_to(&mut self, monomial: Monomial, c: Complex64) {
        let sum = self.coefficient(&monomial) + c;
        // Zeros have one sign, so that equal polynomials have equal bits.
        let sum = Complex64::new(sum.re + 0.0, sum.im + 0.0);
        if sum == Complex64::ZERO {
            self.0.remove(&monomial);
        } else {
            self.0.insert(monomial, sum);
        }
    }

    pub(super) fn add(&mut self, other: &Polynomial, factor: Complex64) {
        for (monomial, c) in &other.0 {
            self.add_to(monomial.clone(), factor * c);
        }
    }

    pub(super) fn scaled(&self, factor: Complex64) -> Polynomial {
        let mut polynomial = Polynomial::default();
        polynomial.add(self, factor);
        polynomial
    }

    /// The product; `None` if it has too many monomials.
    pub(super) fn times(&self, other: &Polynomial) -> Option<Polynomial> {
        let mut product = Polynomial::default();
        if self.len().saturating_mul(other.len()) > 64 * MOST {
            return None;
        }
        for (a, ca) in &self.0 {
            for (b, cb) in &other.0 {
                product.add_to(joined(a, b), ca * cb);
            }
        }
        (product.len() <= MOST).then_some(product)
    }

    pub(super) fn derivative(&self, variable: u32) -> Polynomial {
        let mut slope = Polynomial::default();
        for (monomial, c) in &self.0 {
            let Some(at) = monomial.iter().position(|(v, _)| *v == variable) else {
                continue;
            };
            let (mut lower, power) = (monomial.clone(), monomial[at].1);
            if power > 1 {
                lower[at].1 -= 1;
            } else {
                lower.remove(at);
            }
            slope.add_to(lower, c * f64::from(power));
        }
        slope
    }

    /// With a polynomial in place of each variable; `None` if that is too long.
    pub(super) fn substitute(&self, into: &dyn Fn(u32) -> Polynomial) -> Option<Polynomial> {
        let mut sum = Polynomial::default();
        for (monomial, c) in &self.0 {
            let mut product = Polynomial::constant(*c);
            for &(variable, power) in monomial {
                let factor = into(variable);
                for _ in 0..power {
                    product = product.times(&factor)?;
                }
            }
            sum.add(&product, Complex64::ONE);
        }
        (sum.len() <= MOST).then_some(sum)
    }

    /// The monomials in order, with their coefficients.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&Monomial, Complex64)> {
        self.0.iter().map(|(monomial, c)| (monomial, *c))
    }

    pub(super) fn coefficient(&self, monomial: &Monomial) -> Complex64 {
        self.0.get(monomial).copied().unwrap_or_default()
    }

    /// The number of monomials.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The number that it is, if it has no variables.
    pub(super) fn as_constant(&self) -> Option<Complex64> {
        (self.degree() == 0).then(|| self.coefficient(&Vec::new()))
    }

    pub(super) fn degree(&self) -> u32 {
        self.0.keys().map(degree).max().unwrap_or(0)
    }

    pub(super) fn variables(&self) -> BTreeSet<u32> {
        self.0.keys().flatten().map(|(v, _)| *v).collect()
    }

    pub(super) fn is_finite(&self) -> bool {
        self.0.values().all(|c| c.is_finite())
    }

    fn key(&self) -> impl Iterator<Item = (&Monomial, [u64; 2])> {
        self.parts()
            .map(|(monomial, c)| (monomial, [c.re.to_bits(), c.im.to_bits()]))
    }
}

/// The sum of its powers.
pub(super) fn degree(monomial: &Monomial) -> u32 {
    monomial.iter().map(|(_, power)| power).sum()
}

fn joined(a: &Monomial, b: &Monomial) -> Monomial {
    let mut product: Monomial = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(&&(va, pa)), Some(&&(vb, pb))) = (a.peek(), b.peek()) {
        product.push(match va.cmp(&vb) {
            Ordering::Less => (va, pa),
            Ordering::Greater => (vb, pb),
            Ordering::Equal => (va, pa + pb),
        });
        if va <= vb {
            a.next();
        }
        if vb <= va {
            b.next();
        }
    }
    product.extend(a.chain(b));
    product
}

impl PartialEq for Polynomial {
    fn eq(&self, other: &Polynomial) -> bool {
        self.key().eq(other.key())
    }
}

impl Eq for Polynomial {}

impl PartialOrd for Polynomial {
    fn partial_cmp(&self, other: &Polynomial) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Polynomial {
    fn cmp(&self, other: &Polynomial) -> Ordering {
        self.key().cmp(other.key())
    }
}
