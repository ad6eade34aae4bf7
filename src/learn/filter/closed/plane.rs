//! Polynomials, and polynomials before exponentials of linear functions.

use rustfft::num_complex::Complex64;

use super::form::linear_part;
use super::polynomial::Polynomial;
use super::symbol::taylor;
use super::write::Piece;
use super::{DROPPED, Filter, Why};

impl Filter<'_> {
    /// A polynomial filtered.
    pub(super) fn polynomial(&self, polynomial: &Polynomial) -> Result<Polynomial, Why> {
        self.expanded(&[], polynomial).map(|(filtered, _)| filtered)
    }

    /// The Taylor coefficient of order 0 for `exp(b.x)`.
    pub(super) fn survival(&self, exponent: &Polynomial) -> Result<Complex64, Why> {
        let r = taylor(self.square(&linear_part(exponent)), 0).ok_or(Why::Grows)?;
        Ok(r[0])
    }

    /// `factor exp(exponent)` filtered, with a linear exponent; none if nothing is left.
    pub(super) fn wave(
        &self,
        exponent: &Polynomial,
        factor: &Polynomial,
    ) -> Result<Option<Piece>, Why> {
        let linear = linear_part(exponent);
        let (filtered, left) = self.expanded(&linear, factor)?;
        let height = exponent.coefficient(&Vec::new()).re;
        Ok((left >= DROPPED).then(|| Piece::plane(height, &linear, filtered)))
    }

    /// `s = -b.L b` of `exp(b.x)`.
    fn square(&self, linear: &[(u32, Complex64)]) -> Complex64 {
        let mut s = Complex64::ZERO;
        for &(i, b) in linear {
            for &(j, c) in linear {
                s -= b * c * self.length(i, j);
            }
        }
        s
    }

    /// The filter on `P exp(b.x)` is `r(s(b + d)) P`, with `s(b) = -b.L b` and the derivatives `d`
    /// that act on P: its Taylor series about `s(b)` ends with the degree of P. Also the largest of
    /// its coefficients.
    fn expanded(
        &self,
        linear: &[(u32, Complex64)],
        polynomial: &Polynomial,
    ) -> Result<(Polynomial, f64), Why> {
        // Without a linear part, each step lowers the degree by two.
        let steps = match linear.is_empty() {
            true => polynomial.degree() / 2,
            false => polynomial.degree(),
        };
        let r = taylor(self.square(linear), steps as usize).ok_or(Why::Grows)?;
        let (mut sum, mut lowered) = (Polynomial::default(), polynomial.clone());
        for (n, r) in r.iter().enumerate() {
            if n > 0 {
                lowered = self.lowered(linear, &lowered);
            }
            sum.add(&lowered, *r);
        }
        Ok((sum, r.iter().fold(0.0, |most: f64, r| most.max(r.norm()))))
    }

    /// `s(b + d) - s(b)` on a polynomial: `-(2 b.L d + d.L d)`.
    fn lowered(&self, linear: &[(u32, Complex64)], polynomial: &Polynomial) -> Polynomial {
        let mut sum = Polynomial::default();
        let variables = polynomial.variables();
        for &j in &variables {
            let slope = polynomial.derivative(j);
            let along = linear.iter().map(|(i, b)| b * self.length(*i, j));
            sum.add(&slope, -2.0 * along.sum::<Complex64>());
            for &i in &variables {
                let length = self.length(i, j);
                if length != 0.0 {
                    sum.add(&slope.derivative(i), Complex64::new(-length, 0.0));
                }
            }
        }
        sum
    }
}
