//! Incomplete Cholesky factors of the sparse matrices of a tensor space.

use super::banded::NotPositiveDefinite;
use super::stencil::Stencil;

/// Entries below this part of the root of the product of their diagonal entries are left out.
const DROP: f64 = 1e-4;
/// What is added to the diagonal, relative to it, until every pivot is positive: with less, the
/// factors of penalised splines break down.
const SHIFTS: [f64; 4] = [0.01, 0.03, 0.1, 0.3];
/// The least pivot, relative to the diagonal entry: smaller ones amplify what was left out.
const LEAST_PIVOT: f64 = 1e-4;

/// A lower triangle `L` with `L Lᵀ` near a symmetric positive definite matrix, and entries only
/// where the matrix has some (Meijerink and van der Vorst 1977; shifts as in Manteuffel 1980).
#[derive(Clone, Debug)]
pub struct Incomplete {
    /// Where each row of the part below the diagonal starts.
    starts: Vec<usize>,
    columns: Vec<u32>,
    entries: Vec<f64>,
    /// The inverses of the diagonal.
    pivots: Vec<f64>,
}

impl Incomplete {
    /// The factor of a matrix, or of one with a slightly larger diagonal.
    ///
    /// # Errors
    /// A diagonal entry is not positive, or no small shift makes all pivots so.
    pub fn new(matrix: &Stencil) -> Result<Incomplete, NotPositiveDefinite> {
        let (diagonal, lower) = Incomplete::triangle(matrix);
        if let Some(row) = diagonal.iter().position(|a| !(*a > 0.0 && a.is_finite())) {
            return Err(NotPositiveDefinite { row });
        }
        let mut failed = NotPositiveDefinite { row: 0 };
        for shift in SHIFTS {
            let mut factor = lower.clone();
            match factor.eliminate(&diagonal, 1.0 + shift) {
                Ok(()) => return Ok(factor),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    // The diagonal, and the entries below it that are not small.
    fn triangle(matrix: &Stencil) -> (Vec<f64>, Incomplete) {
        let size = matrix.size();
        let mut diagonal = vec![0.0; size];
        matrix.each(|p, q, a| diagonal[p] += if p == q { a } else { 0.0 });
        let kept =
            |p: usize, q: usize, a: f64| p != q && a * a > DROP * DROP * diagonal[p] * diagonal[q];
        let mut starts = vec![0; size + 1];
        matrix.each(|p, q, a| starts[p.max(q) + 1] += usize::from(kept(p, q, a)));
        (0..size).for_each(|i| starts[i + 1] += starts[i]);
        let mut rows = vec![(0u32, 0.0); starts[size]];
        let mut next = starts.clone();
        matrix.each(|p, q, a| {
            if kept(p, q, a) {
                let row = p.max(q);
                rows[next[row]] = (p.min(q) as u32, a);
                next[row] += 1;
            }
        });
        // Neighbours on a small ring may meet twice; both entries then count.
        for row in starts.windows(2) {
            let row = &mut rows[row[0]..row[1]];
            row.sort_by_key(|(column, _)| *column);
            for i in (1..row.len()).rev() {
                if row[i].0 == row[i - 1].0 {
                    row[i - 1].1 += row[i].1;
                    row[i].1 = 0.0;
                }
            }
        }
        let (columns, entries) = rows.into_iter().unzip();
        let lower = Incomplete {
            starts,
            columns,
            entries,
            pivots: vec![0.0; size],
        };
        (diagonal, lower)
    }

    // Row by row: what is known of a row lies spread over `known`, zero elsewhere.
    fn eliminate(&mut self, diagonal: &[f64], scale: f64) -> Result<(), NotPositiveDefinite> {
        let mut known = vec![0.0; diagonal.len()];
        for (row, before) in diagonal.iter().enumerate() {
            let (start, end) = (self.starts[row], self.starts[row + 1]);
            let (done, mine) = self.entries.split_at_mut(start);
            let mine = &mut mine[..end - start];
            let columns = &self.columns[start..end];
            for (column, a) in columns.iter().zip(&*mine) {
                known[*column as usize] += a;
            }
            let mut pivot = scale * before;
            for (at, column) in columns.iter().enumerate() {
                let column = *column as usize;
                if at > 0 && columns[at - 1] as usize == column {
                    continue;
                }
                let range = self.starts[column]..self.starts[column + 1];
                let theirs = self.columns[range.clone()].iter().zip(&done[range]);
                let sum: f64 = theirs.map(|(k, l)| l * known[*k as usize]).sum();
                let entry = (known[column] - sum) * self.pivots[column];
                known[column] = entry;
                mine[at] = entry;
                pivot -= entry * entry;
            }
            columns.iter().for_each(|c| known[*c as usize] = 0.0);
            if pivot.is_nan() || pivot <= LEAST_PIVOT * before {
                return Err(NotPositiveDefinite { row });
            }
            self.pivots[row] = 1.0 / pivot.sqrt();
        }
        Ok(())
    }

    /// The solution for a right side. Shape: one number a row.
    pub fn solve(&self, side: &[f64]) -> Vec<f64> {
        let mut out = side.to_vec();
        for row in 0..self.pivots.len() {
            let range = self.starts[row]..self.starts[row + 1];
            let terms = self.columns[range.clone()].iter().zip(&self.entries[range]);
            let known: f64 = terms.map(|(k, l)| l * out[*k as usize]).sum();
            out[row] = (out[row] - known) * self.pivots[row];
        }
        for row in (0..self.pivots.len()).rev() {
            out[row] *= self.pivots[row];
            let x = out[row];
            let range = self.starts[row]..self.starts[row + 1];
            let terms = self.columns[range.clone()].iter().zip(&self.entries[range]);
            terms.for_each(|(k, l)| out[*k as usize] -= l * x);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::bspline::Space;
    use crate::learn::tensor::Tensor;

    // The sum over points of a line of products of the basis, and one on the diagonal.
    fn matrix(tensor: &Tensor) -> Stencil {
        let mut out = Stencil::zero(tensor);
        for i in 0..200 {
            let x: Vec<f64> = tensor
                .axes()
                .iter()
                .enumerate()
                .map(|(k, axis)| axis.hi() * ((i as f64 * (1.7 + k as f64)).sin() * 0.5 + 0.5))
                .collect();
            out.add(&tensor.row(&tensor.locals(&x), None), 1.0);
        }
        (0..tensor.size()).for_each(|i| out.add_diagonal(i, 1.0));
        out
    }

    #[test]
    fn on_a_line_nothing_is_left_out_but_the_shift() {
        // A band fills no places beyond itself: (1 + shift) on the diagonal is all that differs.
        let tensor = Tensor::new(vec![Space::new(0.0, 1.0, 12).unwrap()]).unwrap();
        let mut matrix = matrix(&tensor);
        let factor = Incomplete::new(&matrix).unwrap();
        let mut diagonal = vec![0.0; tensor.size()];
        matrix.each(|p, q, a| diagonal[p] += if p == q { a } else { 0.0 });
        for (i, a) in diagonal.iter().enumerate() {
            matrix.add_diagonal(i, SHIFTS[0] * a);
        }
        let wanted: Vec<f64> = (0..tensor.size()).map(|i| (i as f64).cos()).collect();
        // Entries below DROP count, a few of them a row.
        for (got, want) in factor.solve(&matrix.multiply(&wanted)).iter().zip(&wanted) {
            assert!((got - want).abs() < 100.0 * DROP, "{got} {want}");
        }
    }

    #[test]
    fn it_is_symmetric_and_positive_on_small_rings_too() {
        let axes = vec![
            Space::periodic(0.0, 1.0, 4).unwrap(),
            Space::new(0.0, 1.0, 3).unwrap(),
            Space::periodic(0.0, 1.0, 7).unwrap(),
        ];
        let tensor = Tensor::new(axes).unwrap();
        let factor = Incomplete::new(&matrix(&tensor)).unwrap();
        let wave = |k: f64| -> Vec<f64> {
            let all = 0..tensor.size();
            all.map(|i| (k * i as f64 + 0.4).sin()).collect()
        };
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let (u, v) = (wave(0.9), wave(2.3));
        let (a, b) = (dot(&u, &factor.solve(&v)), dot(&v, &factor.solve(&u)));
        assert!((a - b).abs() < 1e-12 * dot(&u, &factor.solve(&u)));
        assert!(dot(&v, &factor.solve(&v)) > 0.0);
    }

    #[test]
    fn what_is_not_positive_is_an_error() {
        let tensor = Tensor::new(vec![Space::new(0.0, 1.0, 5).unwrap()]).unwrap();
        assert!(Incomplete::new(&Stencil::zero(&tensor)).is_err());
        let mut broken = matrix(&tensor);
        broken.add_diagonal(2, f64::NAN);
        assert!(Incomplete::new(&broken).is_err());
        let mut indefinite = matrix(&tensor);
        indefinite.add_scaled(&tensor.penalty(), -1.0);
        (0..tensor.size()).for_each(|i| indefinite.add_diagonal(i, 25.0));
        indefinite.add_scaled(&tensor.penalty(), -9.0);
        assert!(Incomplete::new(&indefinite).is_err());
    }
}
