//! Step, friction and mass of the damped map, as numbers.

use nalgebra::DMatrix;

/// Why friction and mass do not damp.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotDamping {
    /// A matrix has not one row and one column for each coordinate.
    #[error("the {0} matrix must have one row and one column for each coordinate")]
    Shape(&'static str),
    /// A matrix is not symmetric, or an entry is not finite.
    #[error("the {0} matrix must be symmetric, with finite entries")]
    NotSymmetric(&'static str),
    /// A matrix has an eigenvalue that is not positive.
    #[error("the {0} matrix must be positive definite")]
    NotPositive(&'static str),
}

impl NotDamping {
    /// Which matrix: `friction` or `mass`.
    pub fn matrix(&self) -> &'static str {
        match self {
            NotDamping::Shape(name)
            | NotDamping::NotSymmetric(name)
            | NotDamping::NotPositive(name) => name,
        }
    }
}

/// The linear part of a step with friction: step `delta`, what it keeps of the momentum,
/// `C = exp(-delta Gamma M^-1)` (Li & Tao 2024, eq. (3.2)), the mass and its inverse, and what
/// noise keeps a temperature.
#[derive(Clone, PartialEq, Debug)]
pub struct Damping {
    delta: f64,
    dimension: usize,
    /// The slowest rate at which momentum is lost: the smallest eigenvalue of `Gamma M^-1`.
    slowest: f64,
    parts: Parts,
}

#[derive(Clone, PartialEq, Debug)]
enum Parts {
    /// Friction `gamma` times the identity, unit mass: `c`.
    Scalar(f64),
    /// By matrices.
    Matrix(Box<Matrices>),
}

#[derive(Clone, PartialEq, Debug)]
struct Matrices {
    /// `C`.
    decay: DMatrix<f64>,
    /// `M^-1`.
    inverse: DMatrix<f64>,
    /// `L` with `L L^T = M`.
    mass: DMatrix<f64>,
    /// `S` with `S S^T = M - C M C^T`.
    spread: DMatrix<f64>,
}

impl Damping {
    /// Friction `gamma` times the identity and unit mass, in `dimension` coordinates.
    pub fn scalar(dimension: usize, delta: f64, gamma: f64) -> Damping {
        Damping {
            delta,
            dimension,
            slowest: gamma,
            parts: Parts::Scalar((-gamma * delta).exp()),
        }
    }

    /// A friction and a mass matrix, both symmetric and positive definite. The exponential is that
    /// of a matrix: `Gamma M^-1` is in general not symmetric.
    ///
    /// # Errors
    /// See [`NotDamping`].
    pub fn matrix(
        dimension: usize,
        delta: f64,
        friction: &DMatrix<f64>,
        mass: &DMatrix<f64>,
    ) -> Result<Damping, NotDamping> {
        for (name, matrix) in [("friction", friction), ("mass", mass)] {
            if matrix.shape() != (dimension, dimension) {
                return Err(NotDamping::Shape(name));
            }
            let scale = matrix.amax();
            let uneven = (matrix - matrix.transpose()).amax() > 1e-12 * scale;
            if uneven || !scale.is_finite() {
                return Err(NotDamping::NotSymmetric(name));
            }
            // An eigenvalue this small is zero to rounding.
            let eigenvalues = matrix.clone().symmetric_eigenvalues();
            if eigenvalues.min() <= 1e-14 * scale {
                return Err(NotDamping::NotPositive(name));
            }
        }
        // `Gamma M^-1` is similar to the symmetric `L^-1 Gamma L^-T` with `M = L L^T`.
        let cholesky = mass.clone().cholesky();
        let lower = cholesky.ok_or(NotDamping::NotPositive("mass"))?;
        let half = lower.l().solve_lower_triangular(friction);
        let half = half.ok_or(NotDamping::NotPositive("mass"))?;
        let even = lower.l().solve_lower_triangular(&half.transpose());
        let even = even.ok_or(NotDamping::NotPositive("mass"))?;
        let inverse = lower.inverse();
        // exp(-delta Gamma M^-1) = L Q exp(-delta lambda) Q^T L^-1: exact however large a rate is.
        let modes = even.symmetric_eigen();
        let kept = modes.eigenvalues.map(|rate| (-delta * rate).exp());
        let lost = modes.eigenvalues.map(|rate| (-2.0 * delta * rate).exp_m1());
        let vectors = lower.l() * &modes.eigenvectors;
        let spread = &vectors * DMatrix::from_diagonal(&lost.map(|lost| (-lost).sqrt()));
        let back = lower
            .l()
            .solve_lower_triangular(&DMatrix::identity(dimension, dimension));
        let back = back.ok_or(NotDamping::NotPositive("mass"))?;
        let decay = vectors * DMatrix::from_diagonal(&kept) * modes.eigenvectors.transpose() * back;
        let slowest = modes.eigenvalues.min();
        let finite = decay.iter().chain(inverse.iter()).all(|x| x.is_finite());
        if !finite || !slowest.is_finite() || slowest <= 0.0 {
            return Err(NotDamping::NotPositive("friction"));
        }
        Ok(Damping {
            delta,
            dimension,
            slowest,
            parts: Parts::Matrix(Box::new(Matrices {
                decay,
                inverse,
                mass: lower.l(),
                spread,
            })),
        })
    }

    /// The step, a time.
    pub fn delta(&self) -> f64 {
        self.delta
    }

    /// Coordinates.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The smallest eigenvalue of `Gamma M^-1`, a rate: `1/(slowest delta)` steps are a relaxation
    /// time.
    pub fn slowest(&self) -> f64 {
        self.slowest
    }

    /// Whether friction is a number and mass is one.
    pub fn is_scalar(&self) -> bool {
        matches!(self.parts, Parts::Scalar(_))
    }

    /// An entry of `C`.
    pub fn decay(&self, row: usize, column: usize) -> f64 {
        match &self.parts {
            Parts::Scalar(c) if row == column => *c,
            Parts::Scalar(_) => 0.0,
            Parts::Matrix(matrices) => matrices.decay[(row, column)],
        }
    }

    /// An entry of `M^-1`.
    pub fn inverse_mass(&self, row: usize, column: usize) -> f64 {
        match &self.parts {
            Parts::Scalar(_) => f64::from(u8::from(row == column)),
            Parts::Matrix(matrices) => matrices.inverse[(row, column)],
        }
    }

    /// An entry of `L`, lower triangular with `L L^T = M`: momenta at temperature `kT` are
    /// `sqrt(kT) L` times standard normal numbers.
    pub fn mass_factor(&self, row: usize, column: usize) -> f64 {
        match &self.parts {
            Parts::Scalar(_) => f64::from(u8::from(row == column)),
            Parts::Matrix(matrices) => matrices.mass[(row, column)],
        }
    }

    /// An entry of `S` with `S S^T = M - C M C^T`: what `sqrt(kT) S` times standard normal numbers
    /// adds to `C p` keeps the temperature `kT`, exactly.
    pub fn spread(&self, row: usize, column: usize) -> f64 {
        match &self.parts {
            Parts::Scalar(_) if row != column => 0.0,
            Parts::Scalar(_) => (-(-2.0 * self.slowest * self.delta).exp_m1()).sqrt(),
            Parts::Matrix(matrices) => matrices.spread[(row, column)],
        }
    }

    /// `Tr((I + C) P M^-1)/2` for `P = E[p p^T]` (row-major, `d` by `d`): what `E[x.g(x)]` is when
    /// the map is stationary, for every potential, and hence `d` times the temperature of `x`.
    pub fn virial(&self, p: &[f64]) -> f64 {
        let d = self.dimension;
        if let Parts::Scalar(c) = self.parts {
            return 0.5 * (1.0 + c) * p.iter().step_by(d + 1).sum::<f64>();
        }
        let mut sum = 0.0;
        for i in 0..d {
            for j in 0..d {
                let kept = f64::from(u8::from(i == j)) + self.decay(i, j);
                for k in 0..d {
                    sum += kept * p[j * d + k] * self.inverse_mass(k, i);
                }
            }
        }
        0.5 * sum
    }

    /// The symmetric part of `(I + C) P M^-1`, row-major: twice the temperature of `x` by direction.
    pub fn heat(&self, p: &[f64]) -> Vec<f64> {
        let d = self.dimension;
        let p = DMatrix::from_row_slice(d, d, p);
        let heat = match &self.parts {
            Parts::Scalar(c) => p * (1.0 + c),
            Parts::Matrix(matrices) => {
                (DMatrix::identity(d, d) + &matrices.decay) * p * &matrices.inverse
            }
        };
        let even = (&heat + heat.transpose()) * 0.5;
        even.as_slice().to_vec()
    }

    /// `Tr(P M^-1)/d`, the temperature of the momenta.
    pub fn temperature(&self, p: &[f64]) -> f64 {
        let d = self.dimension;
        if self.is_scalar() {
            return p.iter().step_by(d + 1).sum::<f64>() / d as f64;
        }
        let pairs = (0..d).flat_map(|i| (0..d).map(move |j| (i, j)));
        let sum: f64 = pairs
            .map(|(i, j)| p[i * d + j] * self.inverse_mass(j, i))
            .sum();
        sum / d as f64
    }

    /// `delta sqrt(k^T M^-1 P M^-1 k)` for a wave vector `k`: what linear response needs of a wave.
    pub fn phase(&self, p: &[f64], k: &[f64]) -> f64 {
        let d = self.dimension;
        let mapped: Vec<f64> = match self.is_scalar() {
            true => k.to_vec(),
            false => (0..d)
                .map(|i| (0..d).map(|j| self.inverse_mass(i, j) * k[j]).sum())
                .collect(),
        };
        // A wave of few coordinates among many asks for few entries.
        let some: Vec<usize> = (0..d).filter(|i| mapped[*i] != 0.0).collect();
        let pairs = some.iter().flat_map(|i| some.iter().map(move |j| (*i, *j)));
        let square: f64 = pairs
            .map(|(i, j)| mapped[i] * p[i * d + j] * mapped[j])
            .sum();
        self.delta * square.max(0.0).sqrt()
    }

    /// `M^-1 P M^-1`, row-major: the covariance of a step over `delta^2`.
    pub fn velocity_products(&self, p: &[f64]) -> Vec<f64> {
        let d = self.dimension;
        let p = DMatrix::from_row_slice(d, d, p);
        let covariance = match &self.parts {
            Parts::Scalar(_) => p,
            Parts::Matrix(matrices) => &matrices.inverse * p * &matrices.inverse,
        };
        covariance.transpose().as_slice().to_vec()
    }

    /// The diagonal of `M^-1 P M^-1`: by coordinate, the variance of a step over `delta^2`.
    pub fn velocities(&self, p: &[f64]) -> Vec<f64> {
        let d = self.dimension;
        if self.is_scalar() {
            return p.iter().step_by(d + 1).copied().collect();
        }
        let entry = |i: usize| -> f64 {
            let pairs = (0..d).flat_map(|j| (0..d).map(move |k| (j, k)));
            pairs
                .map(|(j, k)| self.inverse_mass(i, j) * p[j * d + k] * self.inverse_mass(k, i))
                .sum()
        };
        (0..d).map(entry).collect()
    }

    /// The constants of the step loop, in the order of [`super::damped_map`].
    pub fn constants(&self) -> Vec<f64> {
        let d = self.dimension;
        let pairs = || (0..d).flat_map(move |i| (0..d).map(move |j| (i, j)));
        match &self.parts {
            Parts::Scalar(c) => vec![self.delta, *c],
            Parts::Matrix(matrices) => std::iter::once(self.delta)
                .chain(pairs().map(|(i, j)| matrices.decay[(i, j)]))
                .chain(pairs().map(|(i, j)| self.delta * matrices.inverse[(i, j)]))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiple_of_the_identity_is_a_number() {
        let identity = DMatrix::identity(2, 2);
        let number = Damping::scalar(2, 0.3, 0.7);
        let matrix = Damping::matrix(2, 0.3, &(0.7 * &identity), &identity).unwrap();
        for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            assert!((number.decay(i, j) - matrix.decay(i, j)).abs() < 1e-15);
            assert_eq!(number.inverse_mass(i, j), matrix.inverse_mass(i, j));
        }
        assert!((matrix.slowest() - 0.7).abs() < 1e-15);
        let p = [1.0, 0.2, 0.2, 3.0];
        assert!((matrix.virial(&p) - 0.5 * (1.0 + number.decay(0, 0)) * 4.0).abs() < 1e-14);
    }

    /// `Gamma M^-1` is not symmetric; its exponential is that of its eigenvalues all the same.
    #[test]
    fn friction_and_mass_that_do_not_commute() {
        let friction = DMatrix::from_row_slice(2, 2, &[2.0, 0.5, 0.5, 1.0]);
        let mass = DMatrix::from_row_slice(2, 2, &[1.0, 0.3, 0.3, 4.0]);
        let rate: DMatrix<f64> = &friction * mass.clone().try_inverse().unwrap();
        assert!((rate[(0, 1)] - rate[(1, 0)]).abs() > 0.1);
        let damping = Damping::matrix(2, 0.01, &friction, &mass).unwrap();
        // C^100 = exp(-Gamma M^-1): by a hundred products, against the power series.
        let c = DMatrix::from_fn(2, 2, |i, j| damping.decay(i, j));
        let (mut series, mut term) = (DMatrix::identity(2, 2), DMatrix::identity(2, 2));
        for k in 1..40 {
            term = -(&term * &rate) / f64::from(k);
            series += &term;
        }
        let mut product = DMatrix::identity(2, 2);
        (0..100).for_each(|_| product *= &c);
        assert!((product - series).amax() < 1e-13);
        let (trace, det): (f64, f64) = (rate.trace(), rate.determinant());
        let slowest: f64 = 0.5 * (trace - (trace * trace - 4.0 * det).sqrt());
        assert!((damping.slowest() - slowest).abs() < 1e-13);
        // A rate without end keeps nothing along its direction, and ends.
        let huge = DMatrix::from_row_slice(2, 2, &[1e12, 0.0, 0.0, 1.0]);
        let damping = Damping::matrix(2, 0.01, &huge, &DMatrix::identity(2, 2)).unwrap();
        assert_eq!(damping.decay(0, 0), 0.0);
        assert!((damping.decay(1, 1) - (-0.01f64).exp()).abs() < 1e-15);
    }

    /// `S S^T = M - C M C^T` for friction and mass that do not commute, and for numbers; small steps
    /// lose no digits of it.
    #[test]
    fn the_spread_makes_up_for_what_is_lost() {
        let friction = DMatrix::from_row_slice(2, 2, &[2.0, 0.5, 0.5, 1.0]);
        let mass = DMatrix::from_row_slice(2, 2, &[1.0, 0.3, 0.3, 4.0]);
        let matrix = |f: &dyn Fn(usize, usize) -> f64| DMatrix::from_fn(2, 2, f);
        let damping = Damping::matrix(2, 0.3, &friction, &mass).unwrap();
        let (c, s) = (
            matrix(&|i, j| damping.decay(i, j)),
            matrix(&|i, j| damping.spread(i, j)),
        );
        let lost = &mass - &c * &mass * c.transpose();
        assert!((&s * s.transpose() - lost).amax() < 1e-14);
        let l = matrix(&|i, j| damping.mass_factor(i, j));
        assert!((&l * l.transpose() - &mass).amax() < 1e-14);
        // To first order `M - C M C^T = 2 delta Gamma`.
        let tiny = Damping::matrix(2, 1e-12, &friction, &mass).unwrap();
        let s = matrix(&|i, j| tiny.spread(i, j));
        assert!((&s * s.transpose() / 2e-12 - &friction).amax() < 1e-9);
        let number = Damping::scalar(1, 1e-12, 0.7);
        assert!((number.spread(0, 0).powi(2) / 1.4e-12 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_does_not_damp_is_refused() {
        let identity = DMatrix::identity(2, 2);
        let refuse = |friction: &[f64]| {
            let friction = DMatrix::from_row_slice(2, 2, friction);
            Damping::matrix(2, 0.1, &friction, &identity)
        };
        assert_eq!(
            refuse(&[1.0, 2.0, 2.0, 1.0]),
            Err(NotDamping::NotPositive("friction"))
        );
        assert_eq!(
            refuse(&[1.0, 0.0, 0.0, 0.0]),
            Err(NotDamping::NotPositive("friction"))
        );
        assert_eq!(
            refuse(&[1.0, 0.1, 0.0, 1.0]),
            Err(NotDamping::NotSymmetric("friction"))
        );
        assert_eq!(
            refuse(&[1.0, 0.0, 0.0, f64::NAN]),
            Err(NotDamping::NotSymmetric("friction"))
        );
        assert_eq!(
            Damping::matrix(3, 0.1, &identity, &identity),
            Err(NotDamping::Shape("friction"))
        );
    }
}
