//! Symmetric banded matrices and their Cholesky factor.

/// Why a factorisation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the matrix is not positive definite (row {row})")]
pub struct NotPositiveDefinite {
    /// The first row, from 0, without a positive pivot.
    pub row: usize,
}

/// Rows and columns are handled in tiles of this many.
const TILE: usize = 4;

/// A symmetric matrix of `size` rows whose entries vanish more than `bandwidth` from the diagonal.
///
/// The lower triangle is stored by rows, each from the first tile of the band to its own: entry
/// `(i, j)` lies at `i * stride + j - first(i)`, where `first(i)` counts from before column 0 in
/// the first rows. The factor takes the place of the matrix.
#[derive(Clone, PartialEq, Debug)]
pub struct Banded {
    size: usize,
    bandwidth: usize,
    /// Tiles left of the diagonal one.
    tiles: usize,
    rows: Vec<f64>,
}

impl Banded {
    /// The zero matrix.
    pub fn zero(size: usize, bandwidth: usize) -> Banded {
        Banded {
            size,
            bandwidth,
            tiles: bandwidth.div_ceil(TILE),
            rows: vec![0.0; Banded::entries(size, bandwidth)],
        }
    }

    /// The numbers that a matrix and its factor store.
    pub fn entries(size: usize, bandwidth: usize) -> usize {
        size.div_ceil(TILE) * TILE * (bandwidth.div_ceil(TILE) + 1) * TILE
    }

    fn stride(&self) -> usize {
        (self.tiles + 1) * TILE
    }

    // Where entry (i, j) of the lower triangle lies; j may be any column of the tiles of row i.
    fn at(&self, i: usize, j: usize) -> usize {
        i * self.stride() + j + self.tiles * TILE - i / TILE * TILE
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
        let (row, column) = (i.max(j), i.min(j));
        if row - column > self.bandwidth || row >= self.size {
            return 0.0;
        }
        self.rows[self.at(row, column)]
    }

    /// Adds to the entries `(i, j)` and `(j, i)`, which are one on the diagonal. What does not
    /// fit into the matrix or its band is left out.
    pub fn add(&mut self, i: usize, j: usize, value: f64) {
        let (row, column) = (i.max(j), i.min(j));
        if row - column <= self.bandwidth && row < self.size {
            let at = self.at(row, column);
            self.rows[at] += value;
        }
    }

    /// Adds `weight * v vᵀ`, where `v` has its entries from index `start` on. What does not fit
    /// into the matrix or its band is left out.
    pub fn add_outer(&mut self, start: usize, v: &[f64], weight: f64) {
        for (a, va) in v.iter().enumerate() {
            for (b, vb) in v[..=a].iter().enumerate() {
                self.add(start + a, start + b, weight * va * vb);
            }
        }
    }

    /// The product with a vector. Shape: `size`.
    pub fn multiply(&self, v: &[f64]) -> Vec<f64> {
        let n = self.size.min(v.len());
        let mut out = vec![0.0; self.size];
        for i in 0..n {
            for j in i.saturating_sub(self.bandwidth)..=i {
                let entry = self.rows[self.at(i, j)];
                out[i] += entry * v[j];
                if j < i {
                    out[j] += entry * v[i];
                }
            }
        }
        out
    }

    /// The Cholesky factor, tile by tile: `size * bandwidth^2` operations.
    ///
    /// # Errors
    /// A pivot is not positive, or is smaller than 1e-15 of its diagonal entry (rounding).
    pub fn cholesky(mut self) -> Result<Cholesky, NotPositiveDefinite> {
        let (stride, tiles) = (self.stride(), self.tiles);
        let blocks = self.size.div_ceil(TILE);
        for row in self.size..blocks * TILE {
            let at = self.at(row, row);
            self.rows[at] = 1.0;
        }
        for block in 0..blocks {
            let (done, rest) = self.rows.split_at_mut(block * TILE * stride);
            let mine = &mut rest[..TILE * stride];
            let first = block.saturating_sub(tiles);
            for column in first..block {
                let theirs = &done[column * TILE * stride..(column + 1) * TILE * stride];
                // Columns that both rows of tiles hold, left of the tile at hand.
                let (from, to) = (first + tiles - block, column + tiles - block);
                let other = first + tiles - column;
                let sums = dots(mine, theirs, stride, (from, other, to - from));
                eliminate(mine, theirs, stride, (to, tiles), &sums);
            }
            let from = first + tiles - block;
            let sums = dots(mine, mine, stride, (from, from, tiles - from));
            pivots(mine, stride, tiles, &sums).map_err(|row| NotPositiveDefinite {
                row: block * TILE + row,
            })?;
        }
        Ok(Cholesky { factor: self })
    }
}

type Tile = [[f64; TILE]; TILE];

// The products of four rows with four others over `len` tiles from tiles `from` and `other` on.
fn dots(
    mine: &[f64],
    theirs: &[f64],
    stride: usize,
    (from, other, len): (usize, usize, usize),
) -> Tile {
    let mut out = [[0.0; TILE]; TILE];
    let row = |rows: &'_ [f64], i: usize, from: usize| -> std::ops::Range<usize> {
        let start = i * stride + from * TILE;
        debug_assert!(start + len * TILE <= rows.len());
        start..start + len * TILE
    };
    let a: [&[[f64; 2]]; TILE] = std::array::from_fn(|i| mine[row(mine, i, from)].as_chunks().0);
    let n = a[0].len();
    // Two columns at a time: eight pairs of sums are what the registers hold.
    for pair in [0, 2] {
        let b: [&[[f64; 2]]; 2] =
            std::array::from_fn(|j| theirs[row(theirs, pair + j, other)].as_chunks().0);
        let ([a0, a1, a2, a3], [b0, b1]) = (a.map(|row| &row[..n]), b.map(|row| &row[..n]));
        let mut sums = [[[0.0; 2]; 2]; TILE];
        for k in 0..n {
            let rows = [a0[k], a1[k], a2[k], a3[k]];
            let columns = [b0[k], b1[k]];
            for (sums, a) in sums.iter_mut().zip(rows) {
                for (sum, b) in sums.iter_mut().zip(columns) {
                    sum[0] += a[0] * b[0];
                    sum[1] += a[1] * b[1];
                }
            }
        }
        for (out, sums) in out.iter_mut().zip(sums) {
            out[pair] = sums[0][0] + sums[0][1];
            out[pair + 1] = sums[1][0] + sums[1][1];
        }
    }
    out
}

// Makes the tile at `to` that of the factor: (A - sums) L^-T with L the diagonal tile of `theirs`.
fn eliminate(
    mine: &mut [f64],
    theirs: &[f64],
    stride: usize,
    (to, diagonal): (usize, usize),
    sums: &Tile,
) {
    let lower = |i: usize, j: usize| theirs[i * stride + diagonal * TILE + j];
    for (i, sums) in sums.iter().enumerate() {
        let row = &mut mine[i * stride + to * TILE..][..TILE];
        for c in 0..TILE {
            let known: f64 = (0..c).map(|k| row[k] * lower(c, k)).sum();
            row[c] = (row[c] - sums[c] - known) / lower(c, c);
        }
    }
}

// Factors the diagonal tile less `sums`; the row without a pivot otherwise.
fn pivots(mine: &mut [f64], stride: usize, diagonal: usize, sums: &Tile) -> Result<(), usize> {
    let at = |i: usize, j: usize| i * stride + diagonal * TILE + j;
    for (i, sums) in sums.iter().enumerate() {
        let before = mine[at(i, i)];
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| mine[at(i, k)] * mine[at(j, k)]).sum();
            let rest = mine[at(i, j)] - sums[j] - known;
            if j < i {
                mine[at(i, j)] = rest / mine[at(j, j)];
            } else if rest > 1e-15 * before && rest.is_finite() {
                mine[at(i, i)] = rest.sqrt();
            } else {
                return Err(i);
            }
        }
    }
    Ok(())
}

/// The factor `L` of a symmetric positive definite banded matrix `L Lᵀ`.
#[derive(Clone, Debug)]
pub struct Cholesky {
    factor: Banded,
}

impl Cholesky {
    /// Replaces right sides by the solutions. `sides` holds `width` of them, the numbers of one
    /// row of the matrix together: shape `size` by `width`; others are left alone.
    pub fn solve_rows(&self, sides: &mut [f64], width: usize) {
        let factor = &self.factor;
        if width == 0 || sides.len() != factor.size * width {
            return;
        }
        for i in 0..factor.size {
            let first = i.saturating_sub(factor.bandwidth);
            let (before, row) = sides.split_at_mut(i * width);
            let row = &mut row[..width];
            let entries = &factor.rows[factor.at(i, first)..=factor.at(i, i)];
            let known = before[first * width..].chunks_exact(width);
            for (entry, known) in entries.iter().zip(known) {
                row.iter_mut().zip(known).for_each(|(a, b)| *a -= entry * b);
            }
            let pivot = 1.0 / entries[i - first];
            row.iter_mut().for_each(|a| *a *= pivot);
        }
        for i in (0..factor.size).rev() {
            let first = i.saturating_sub(factor.bandwidth);
            let (before, row) = sides.split_at_mut(i * width);
            let row = &mut row[..width];
            let entries = &factor.rows[factor.at(i, first)..=factor.at(i, i)];
            let pivot = 1.0 / entries[i - first];
            row.iter_mut().for_each(|a| *a *= pivot);
            let open = before[first * width..].chunks_exact_mut(width);
            for (entry, open) in entries.iter().zip(open) {
                open.iter_mut()
                    .zip(&*row)
                    .for_each(|(a, b)| *a -= entry * b);
            }
        }
    }

    /// The solution for one right side; a shorter one counts as padded by zeros.
    pub fn solve(&self, side: &[f64]) -> Vec<f64> {
        let mut out = side.to_vec();
        out.resize(self.factor.size, 0.0);
        self.solve_rows(&mut out, 1);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    // Outer products of random vectors plus the identity: condition below 1e3.
    fn random(n: usize, w: usize, rng: &mut ChaCha8Rng) -> Banded {
        let mut a = Banded::zero(n, w);
        for i in 0..n {
            a.add(i, i, 1.0);
        }
        for i in 0..n - w {
            let v: Vec<f64> = (0..=w).map(|_| rng.random::<f64>() - 0.5).collect();
            a.add_outer(i, &v, 2.0);
        }
        a
    }

    #[test]
    fn solves_what_multiplies() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        // Bands narrower and wider than a tile, sizes that are no whole number of tiles.
        for (n, w) in [(40, 3), (41, 4), (43, 1), (30, 13), (9, 8), (1, 0)] {
            let a = random(n, w, &mut rng);
            let mut sides: Vec<f64> = (0..3 * n).map(|_| rng.random::<f64>()).collect();
            let wanted = sides.clone();
            let factor = a.clone().cholesky().unwrap();
            factor.solve_rows(&mut sides, 3);
            for k in 0..3 {
                let column = |rows: &[f64]| -> Vec<f64> {
                    rows.iter().skip(k).step_by(3).copied().collect()
                };
                let (x, side) = (column(&sides), column(&wanted));
                for (got, want) in a.multiply(&x).iter().zip(&side) {
                    assert!((got - want).abs() < 1e-12, "{n} {w}");
                }
                for (one, many) in factor.solve(&side).iter().zip(&x) {
                    assert_eq!(one, many);
                }
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
