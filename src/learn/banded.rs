//! Symmetric banded matrices and their Cholesky factor.

/// Why a factorisation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the matrix is not positive definite (row {row})")]
pub struct NotPositiveDefinite {
    /// The first row, from 0, without a positive pivot.
    pub row: usize,
}

/// A symmetric matrix of `size` rows whose entries vanish more than `bandwidth` from the diagonal.
///
/// The lower triangle is stored by rows: entry `(i, i - k)` lies at `i * (bandwidth + 1) + k`.
#[derive(Clone, PartialEq, Debug)]
pub struct Banded {
    size: usize,
    bandwidth: usize,
    rows: Vec<f64>,
}

impl Banded {
    /// The zero matrix.
    pub fn zero(size: usize, bandwidth: usize) -> Banded {
        Banded {
            size,
            bandwidth,
            rows: vec![0.0; size * (bandwidth + 1)],
        }
    }

    /// The number of rows.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The number of diagonals below the main one.
    pub fn bandwidth(&self) -> usize {
        self.bandwidth
    }

    /// The entry `(i, j)`; 0 outside the band.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        let (row, k) = (i.max(j), i.abs_diff(j));
        if k > self.bandwidth || row >= self.size {
            return 0.0;
        }
        self.rows[row * (self.bandwidth + 1) + k]
    }

    /// Adds `weight * v vᵀ`, where `v` has its entries from index `start` on. What does not fit
    /// into the matrix or its band is left out.
    pub fn add_outer(&mut self, start: usize, v: &[f64], weight: f64) {
        let stride = self.bandwidth + 1;
        for (a, va) in v.iter().enumerate().take(self.size.saturating_sub(start)) {
            for (b, vb) in v[..=a].iter().enumerate() {
                if a - b < stride {
                    self.rows[(start + a) * stride + a - b] += weight * va * vb;
                }
            }
        }
    }

    /// Adds `factor * other`. Diagonals of `other` that this matrix lacks are left out.
    pub fn add_scaled(&mut self, other: &Banded, factor: f64) {
        let (mine, theirs) = (self.bandwidth + 1, other.bandwidth + 1);
        let pairs = self.rows.chunks_mut(mine).zip(other.rows.chunks(theirs));
        for (into, from) in pairs {
            for (a, b) in into.iter_mut().zip(from) {
                *a += factor * b;
            }
        }
    }

    /// The sum of the diagonal.
    pub fn trace(&self) -> f64 {
        self.rows.iter().step_by(self.bandwidth + 1).sum()
    }

    /// The product with a vector. Shape: `size`.
    pub fn multiply(&self, v: &[f64]) -> Vec<f64> {
        let stride = self.bandwidth + 1;
        let n = self.size.min(v.len());
        let mut out = vec![0.0; self.size];
        for i in 0..n {
            for k in 0..stride.min(i + 1) {
                let entry = self.rows[i * stride + k];
                out[i] += entry * v[i - k];
                if k > 0 {
                    out[i - k] += entry * v[i];
                }
            }
        }
        out
    }

    /// The Cholesky factor.
    ///
    /// # Errors
    /// A pivot is not positive, or is smaller than 1e-15 of its diagonal entry (rounding).
    pub fn cholesky(mut self) -> Result<Cholesky, NotPositiveDefinite> {
        let (w, stride) = (self.bandwidth, self.bandwidth + 1);
        for i in 0..self.size {
            let diagonal = self.rows[i * stride];
            for j in i.saturating_sub(w)..=i {
                let mut sum = self.rows[i * stride + i - j];
                for m in i.saturating_sub(w)..j {
                    sum -= self.rows[i * stride + i - m] * self.rows_at(j, m);
                }
                if j < i {
                    self.rows[i * stride + i - j] = sum / self.rows[j * stride];
                } else if sum > 1e-15 * diagonal && sum.is_finite() {
                    self.rows[i * stride] = sum.sqrt();
                } else {
                    return Err(NotPositiveDefinite { row: i });
                }
            }
        }
        Ok(Cholesky { factor: self })
    }

    fn rows_at(&self, row: usize, column: usize) -> f64 {
        let k = row - column;
        if k > self.bandwidth {
            return 0.0;
        }
        self.rows[row * (self.bandwidth + 1) + k]
    }
}

/// The factor `L` of a symmetric positive definite banded matrix `L Lᵀ`.
#[derive(Clone, Debug)]
pub struct Cholesky {
    factor: Banded,
}

impl Cholesky {
    /// Replaces a right side by the solution. Entries beyond the size are left alone; a shorter
    /// side counts as padded by zeros and gets the leading part of the solution.
    pub fn solve_in_place(&self, side: &mut [f64]) {
        let (w, stride) = (self.factor.bandwidth, self.factor.bandwidth + 1);
        let rows = &self.factor.rows;
        let mut v = side.to_vec();
        v.resize(self.factor.size, 0.0);
        for i in 0..v.len() {
            let sum: f64 = (1..=w.min(i))
                .map(|k| rows[i * stride + k] * v[i - k])
                .sum();
            v[i] = (v[i] - sum) / rows[i * stride];
        }
        for i in (0..v.len()).rev() {
            v[i] /= rows[i * stride];
            let value = v[i];
            for k in 1..=w.min(i) {
                v[i - k] -= rows[i * stride + k] * value;
            }
        }
        for (into, from) in side.iter_mut().zip(v) {
            *into = from;
        }
    }

    /// The solution for one right side.
    pub fn solve(&self, side: &[f64]) -> Vec<f64> {
        let mut out = side.to_vec();
        self.solve_in_place(&mut out);
        out
    }

    /// The solutions for several right sides.
    pub fn solve_many(&self, sides: &[Vec<f64>]) -> Vec<Vec<f64>> {
        sides.iter().map(|side| self.solve(side)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn solves_what_multiplies() {
        // Outer products of random vectors plus the identity: condition below 1e3.
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (n, w) = (40, 3);
        let mut a = Banded::zero(n, w);
        for i in 0..n {
            a.add_outer(i, &[1.0], 1.0);
        }
        for i in 0..n - w {
            let v: Vec<f64> = (0..=w).map(|_| rng.random::<f64>() - 0.5).collect();
            a.add_outer(i, &v, 2.0);
        }
        let sides: Vec<Vec<f64>> = (0..3)
            .map(|_| (0..n).map(|_| rng.random::<f64>()).collect())
            .collect();
        let factor = a.clone().cholesky().unwrap();
        for (x, side) in factor.solve_many(&sides).iter().zip(&sides) {
            for (got, want) in a.multiply(x).iter().zip(side) {
                assert!((got - want).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_known_factor() {
        // [[4, 2], [2, 5]] = L Lᵀ with L = [[2, 0], [1, 2]].
        let mut a = Banded::zero(2, 1);
        a.add_outer(0, &[2.0, 1.0], 1.0);
        a.add_outer(1, &[2.0], 1.0);
        assert_eq!((a.get(0, 0), a.get(0, 1), a.get(1, 1)), (4.0, 2.0, 5.0));
        assert_eq!(a.cholesky().unwrap().solve(&[8.0, 12.0]), vec![1.0, 2.0]);
    }

    #[test]
    fn indefinite_and_singular_matrices_are_errors() {
        let mut singular = Banded::zero(2, 1);
        singular.add_outer(0, &[1.0, 1.0], 1.0);
        assert_eq!(
            singular.cholesky().err(),
            Some(NotPositiveDefinite { row: 1 })
        );
        let mut broken = Banded::zero(2, 1);
        broken.add_outer(0, &[f64::NAN, 1.0], 1.0);
        assert!(broken.cholesky().is_err());
    }
}
