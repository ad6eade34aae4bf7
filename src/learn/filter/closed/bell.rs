//! Gaussians, of any signs, with polynomials and waves before them.

use nalgebra::{DMatrix, DVector};
use rustfft::num_complex::Complex64;

use super::form::linear_part;
use super::polynomial::Polynomial;
use super::symbol::{BROAD, GENTLE, LARGEST, Mixture};
use super::write::Piece;
use super::{Filter, Why};

/// The most coordinates in one Gaussian.
const WIDEST: usize = 40;
/// The fastest growth, `exp(growth x^2/2)` with x in lengths, that the gentle mixture takes.
const GROWTH: f64 = 0.25;
/// The least of `1 + t A L` for any member of a mixture: no Gaussian becomes narrower, or higher,
/// by more than a root of two along a direction.
const NARROWEST: f64 = 0.5;
/// Curvatures below this part of the largest are zero.
const FLAT: f64 = 1e-12;

/// `P(u) exp(height + b.u - u.A u/2)` with `u = x - centre`.
struct Bell {
    variables: Vec<u32>,
    centre: DVector<f64>,
    a: DMatrix<f64>,
    /// Real only along directions in which A is flat.
    b: DVector<Complex64>,
    height: Complex64,
    factor: Polynomial,
}

impl Filter<'_> {
    /// `factor exp(exponent)` filtered, with a quadratic exponent.
    pub(super) fn bell(
        &self,
        exponent: &Polynomial,
        factor: &Polynomial,
    ) -> Result<Vec<Piece>, Why> {
        let bell = Bell::new(exponent, factor)?;
        let n = bell.variables.len();
        let l = DMatrix::from_fn(n, n, |i, j| {
            self.length(bell.variables[i], bell.variables[j])
        });
        let mixture = bell.mixture(&l).ok_or(Why::Grows)?;
        let members = mixture.iter();
        members
            .map(|(weight, t)| bell.blurred(&l * *t, *weight))
            .collect()
    }
}

impl Bell {
    fn new(exponent: &Polynomial, factor: &Polynomial) -> Result<Bell, Why> {
        let both = exponent.variables().into_iter().chain(factor.variables());
        let mut variables: Vec<u32> = both.collect();
        variables.sort_unstable();
        variables.dedup();
        let n = variables.len();
        if n > WIDEST {
            return Err(Why::TooLong);
        }
        let place = |variable: u32| variables.iter().position(|v| *v == variable).unwrap_or(0);
        let mut a = DMatrix::zeros(n, n);
        for (monomial, c) in exponent.parts() {
            match monomial[..] {
                [(i, 2)] => a[(place(i), place(i))] -= 2.0 * c.re,
                [(i, 1), (j, 1)] => {
                    a[(place(i), place(j))] -= c.re;
                    a[(place(j), place(i))] -= c.re;
                }
                _ => {}
            }
        }
        let mut b = DVector::from_element(n, Complex64::ZERO);
        for (i, slope) in linear_part(exponent) {
            b[place(i)] = slope;
        }
        let height = exponent.coefficient(&Vec::new());
        Bell {
            centre: DVector::zeros(n),
            variables,
            a,
            b,
            height,
            factor: factor.clone(),
        }
        .centred()
    }

    /// The same about the point where the real part of the exponent is level, as far as it is
    /// anywhere.
    fn centred(mut self) -> Result<Bell, Why> {
        let eigen = self.a.clone().symmetric_eigen();
        let flat = FLAT * eigen.eigenvalues.amax();
        let slope = self.b.map(|b| b.re);
        let along = eigen.eigenvectors.transpose() * &slope;
        let distance = along.zip_map(
            &eigen.eigenvalues,
            |b, a| {
                if a.abs() > flat { b / a } else { 0.0 }
            },
        );
        let rest = along.zip_map(
            &eigen.eigenvalues,
            |b, a| {
                if a.abs() > flat { 0.0 } else { b }
            },
        );
        self.centre = &eigen.eigenvectors * distance;
        let level = 0.5 * self.centre.dot(&(&self.a * &self.centre));
        let moved = self.b.dot(&complex(&self.centre));
        self.height += moved - level;
        // What rounding leaves of a slope that is zero is none.
        let rest = (&eigen.eigenvectors * rest).map(|b| {
            if b.abs() > FLAT * slope.amax() {
                b
            } else {
                0.0
            }
        });
        self.b = self.b.zip_map(&rest, |b, re| Complex64::new(re, b.im));
        let shifted = |variable: u32| {
            let mut x = Polynomial::variable(variable);
            let at = self.variables.iter().position(|v| *v == variable);
            let centre = at.map_or(0.0, |at| self.centre[at]);
            x.add_to(Vec::new(), Complex64::new(centre, 0.0));
            x
        };
        self.factor = self.factor.substitute(&shifted).ok_or(Why::TooLong)?;
        Ok(self)
    }

    /// The mixture that stands for the filter: the gentle one where nothing changes much within a
    /// length, the broad one for Gaussians that are narrower.
    fn mixture(&self, l: &DMatrix<f64>) -> Option<&'static Mixture> {
        let eigen = l.clone().symmetric_eigen();
        let roots = eigen.eigenvalues.map(|x| x.max(0.0).sqrt());
        let root = &eigen.eigenvectors * DMatrix::from_diagonal(&roots);
        let curvatures = (root.transpose() * &self.a * &root).symmetric_eigenvalues();
        let (least, most) = (curvatures.min(), curvatures.max());
        let square = |b: DVector<f64>| b.dot(&(l * &b));
        let (slope, wave) = (square(self.b.map(|b| b.re)), square(self.b.map(|b| b.im)));
        let variance = |mixture: &Mixture| {
            let all = mixture.iter().map(|(_, t)| *t);
            all.fold(0.0, |far: f64, t| if t.abs() > far.abs() { t } else { far })
        };
        let (narrow, wide) = (variance(&GENTLE), variance(&BROAD));
        let gentle = least >= -GROWTH
            && 1.0 + narrow * most >= NARROWEST
            && slope <= LARGEST
            && wave <= LARGEST;
        let broad = 1.0 + wide * least >= NARROWEST && wide * slope <= LARGEST;
        // Also none where something is not a number.
        match (gentle, broad) {
            (true, _) => Some(&GENTLE),
            (false, true) => Some(&BROAD),
            _ => None,
        }
    }

    /// The mean of `weight` times this at `u + z`, for `z` normal with covariance `c`.
    fn blurred(&self, c: DMatrix<f64>, weight: f64) -> Result<Piece, Why> {
        let n = self.variables.len();
        let one = DMatrix::identity(n, n);
        let spread = &one + &self.a * &c;
        let determinant = spread.determinant();
        let inverse = spread.try_inverse().ok_or(Why::Grows)?;
        let a = &inverse * &self.a;
        let b = complex_matrix(&inverse) * &self.b;
        let covariance = c * inverse;
        let pull = complex_matrix(&covariance) * &self.b;
        let height = self.height + 0.5 * self.b.dot(&pull);
        let keep = one - &covariance * &self.a;
        let factor = self.mean(&covariance, &keep, &pull)?;
        let turned = Complex64::new(0.0, height.im).exp() * weight / determinant.sqrt();
        let mut real = Polynomial::constant(Complex64::new(height.re, 0.0));
        for i in 0..n {
            real.add_to(self.power(i, 1), Complex64::new(b[i].re, 0.0));
            real.add_to(self.power(i, 2), Complex64::new(-0.5 * a[(i, i)], 0.0));
            for j in 0..i {
                let pair = vec![(self.variables[j], 1), (self.variables[i], 1)];
                real.add_to(pair, Complex64::new(-a[(i, j)], 0.0));
            }
        }
        let waves = b.iter().map(|b| Complex64::new(b.im, 0.0));
        let factor = factor.scaled(turned);
        match real.is_finite() && factor.is_finite() {
            true => Ok(Piece {
                centre: self.pairs(),
                real,
                wave: Polynomial::linear(self.variables.iter().copied().zip(waves)),
                factor,
            }),
            false => Err(Why::NotFinite),
        }
    }

    /// The mean of the factor over a normal distribution about `keep u + pull`.
    fn mean(
        &self,
        covariance: &DMatrix<f64>,
        keep: &DMatrix<f64>,
        pull: &DVector<Complex64>,
    ) -> Result<Polynomial, Why> {
        let mut sum = self.factor.clone();
        let mut term = self.factor.clone();
        for n in 1..=self.factor.degree() / 2 {
            let mut next = Polynomial::default();
            for (i, &x) in self.variables.iter().enumerate() {
                let slope = term.derivative(x);
                for (j, &y) in self.variables.iter().enumerate() {
                    let weight = 0.5 * covariance[(i, j)] / f64::from(n);
                    next.add(&slope.derivative(y), Complex64::new(weight, 0.0));
                }
            }
            term = next;
            sum.add(&term, Complex64::ONE);
        }
        let position = |variable: u32| {
            let Some(i) = self.variables.iter().position(|v| *v == variable) else {
                return Polynomial::variable(variable);
            };
            let row = self.variables.iter().enumerate();
            let row = row.map(|(j, y)| (*y, Complex64::new(keep[(i, j)], 0.0)));
            let mut position = Polynomial::linear(row);
            position.add_to(Vec::new(), pull[i]);
            position
        };
        sum.substitute(&position).ok_or(Why::TooLong)
    }

    fn power(&self, at: usize, power: u32) -> Vec<(u32, u32)> {
        vec![(self.variables[at], power)]
    }

    fn pairs(&self) -> Vec<(u32, f64)> {
        let centre = self.centre.iter().copied();
        self.variables.iter().copied().zip(centre).collect()
    }
}

fn complex(vector: &DVector<f64>) -> DVector<Complex64> {
    vector.map(|x| Complex64::new(x, 0.0))
}

fn complex_matrix(matrix: &DMatrix<f64>) -> DMatrix<Complex64> {
    matrix.map(|x| Complex64::new(x, 0.0))
}
