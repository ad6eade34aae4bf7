//! Sparse symmetric matrices between coefficients that share a cell of a tensor space.

use super::tensor::{Row, Tensor};
use crate::stats::MAX_AXES;

/// A symmetric matrix whose entries vanish between coefficients more than three places apart
/// along an axis (around the end of a periodic one).
///
/// By row are stored the entries whose offset comes first in lexicographic order: an offset
/// `(a, b, c)` lies at `49 a + 7 b + c`, which is at least 0 for that half, and fewer axes leave
/// out the leading ones.
#[derive(Clone, PartialEq, Debug)]
pub struct Stencil {
    /// By axis the number of coefficients, their distance in the index, and whether it is a ring.
    axes: Vec<(usize, usize, bool)>,
    offsets: Vec<[isize; MAX_AXES]>,
    /// What each offset adds to the index where no end is near.
    linear: Vec<isize>,
    entries: Vec<f64>,
}

impl Stencil {
    /// The zero matrix of a space.
    pub fn zero(tensor: &Tensor) -> Stencil {
        let mut stride = tensor.size();
        let axes: Vec<(usize, usize, bool)> = tensor
            .axes()
            .iter()
            .map(|axis| {
                stride /= axis.size();
                (axis.size(), stride, axis.is_periodic())
            })
            .collect();
        let offsets: Vec<_> = (0..half(axes.len()))
            .map(|slot| offset(slot, axes.len()))
            .collect();
        let linear = |offset: &[isize; MAX_AXES]| -> isize {
            let terms = axes.iter().zip(offset);
            terms.map(|((_, stride, _), o)| *stride as isize * o).sum()
        };
        Stencil {
            linear: offsets.iter().map(linear).collect(),
            entries: vec![0.0; tensor.size() * offsets.len()],
            axes,
            offsets,
        }
    }

    /// The numbers that a matrix stores for each coefficient.
    pub fn slots(dimension: usize) -> usize {
        half(dimension)
    }

    /// The matrix with the entries of `data`, which holds for each axis in turn the index of a
    /// coefficient and the offset to its neighbour: from 0 to 3 along the first axis, from -3 to
    /// 3 along the others. Shape: `n_0` by 4 by `n_1` by 7 by ..., row-major.
    pub fn from_offsets(tensor: &Tensor, data: &[f64]) -> Stencil {
        let mut out = Stencil::zero(tensor);
        let slots = out.offsets.len();
        for (p, row) in out.entries.chunks_exact_mut(slots).enumerate() {
            for (entry, offset) in row.iter_mut().zip(&out.offsets) {
                let (mut at, mut count, mut least) = (0, 4, 0);
                for ((size, stride, _), o) in out.axes.iter().zip(offset) {
                    let i = p / stride % size;
                    at = (at * size + i) * count + (least + o) as usize;
                    (count, least) = (7, 3);
                }
                *entry = data.get(at).copied().unwrap_or(0.0);
            }
        }
        out
    }

    /// Adds `weight * w wᵀ` for the weights of a row.
    pub fn add(&mut self, row: &Row, weight: f64) {
        let slots = self.offsets.len();
        let code = code(self.axes.len());
        let (places, weights) = (row.places(), row.weights());
        for (k, (p, a)) in places.iter().zip(weights).enumerate() {
            let factor = weight * a;
            if factor == 0.0 {
                continue;
            }
            let mine = &mut self.entries[p * slots..(p + 1) * slots];
            for (code_of, b) in code[k..].iter().zip(&weights[k..]) {
                mine[code_of - code[k]] += factor * b;
            }
        }
    }

    /// The number of rows.
    pub fn size(&self) -> usize {
        self.entries.len() / self.offsets.len()
    }

    /// Adds to one entry of the diagonal.
    pub fn add_diagonal(&mut self, index: usize, value: f64) {
        let slots = self.offsets.len();
        if let Some(entry) = self.entries.get_mut(index * slots) {
            *entry += value;
        }
    }

    /// Adds `factor * other`, a matrix of the same space.
    pub fn add_scaled(&mut self, other: &Stencil, factor: f64) {
        for (a, b) in self.entries.iter_mut().zip(&other.entries) {
            *a += factor * b;
        }
    }

    /// The sum of the diagonal.
    pub fn trace(&self) -> f64 {
        let mut trace = 0.0;
        self.each(|p, q, a| trace += if p == q { a } else { 0.0 });
        trace
    }

    /// Calls `f(p, q, a)` for each pair that an entry `a` joins, each once.
    #[inline]
    pub fn each(&self, mut f: impl FnMut(usize, usize, f64)) {
        let slots = self.offsets.len();
        for (p, row) in self.entries.chunks_exact(slots).enumerate() {
            let (mut at, mut free) = ([0; MAX_AXES], true);
            for (i, (size, stride, _)) in at.iter_mut().zip(&self.axes) {
                *i = p / stride % size;
                free &= *i >= 3 && *i + 3 < *size;
            }
            for (slot, a) in row.iter().enumerate().filter(|(_, a)| **a != 0.0) {
                let q = match free {
                    true => p.wrapping_add_signed(self.linear[slot]),
                    false => self.neighbour(&at, &self.offsets[slot]),
                };
                // On a ring of few places a function may meet itself on the way round.
                let twice = q == p && slot > 0;
                f(p, q, if twice { 2.0 * a } else { *a });
            }
        }
    }

    fn neighbour(&self, at: &[usize; MAX_AXES], offset: &[isize; MAX_AXES]) -> usize {
        let steps = self.axes.iter().zip(at.iter().zip(offset));
        steps
            .map(|((size, stride, _), (i, o))| {
                let there = (*i as isize + o).rem_euclid(*size as isize);
                there as usize * stride
            })
            .sum()
    }

    /// The product with a vector.
    pub fn multiply(&self, v: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; v.len()];
        self.each(|p, q, a| {
            out[p] += a * v[q];
            if p != q {
                out[q] += a * v[p];
            }
        });
        out
    }
}

// The number of offsets that are stored.
fn half(dimension: usize) -> usize {
    7usize.pow(dimension as u32).div_ceil(2)
}

// The offset at a place: the digits of the number in base 7, from -3 to 3.
fn offset(slot: usize, dimension: usize) -> [isize; MAX_AXES] {
    let (mut rest, mut out) = (slot as isize, [0; MAX_AXES]);
    for digit in out[..dimension].iter_mut().rev() {
        *digit = (rest + 3).rem_euclid(7) - 3;
        rest = (rest - *digit) / 7;
    }
    out
}

// The place that belongs to the function `i` of a cell, whose digits are in base 4: the offset
// between two functions lies at the difference.
fn code(dimension: usize) -> [usize; 64] {
    let mut out = [0; 64];
    for (i, code) in out.iter_mut().enumerate().take(1 << (2 * dimension)) {
        *code = 49 * (i >> 4) + 7 * (i >> 2 & 3) + (i & 3);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::bspline::Space;

    fn axis(cells: usize, periodic: bool) -> Space {
        match periodic {
            true => Space::periodic(0.0, 1.0, cells).unwrap(),
            false => Space::new(0.0, 1.0, cells).unwrap(),
        }
    }

    // A number that looks random.
    fn wave(i: usize) -> f64 {
        (i as f64 * 1.7 + 0.3).sin()
    }

    #[test]
    fn products_factors_and_quadratic_forms_agree() {
        let spaces = [
            vec![axis(9, false)],
            vec![axis(9, true)],
            // Rings so small that functions meet themselves, and ordinary ones.
            vec![axis(2, true), axis(5, false)],
            vec![axis(5, false), axis(11, true)],
            vec![axis(8, true), axis(9, true)],
            vec![axis(3, false), axis(1, true), axis(4, true)],
        ];
        for axes in spaces {
            let lengths: Vec<f64> = axes.iter().map(|a| a.cells() as f64).collect();
            let tensor = Tensor::new(axes).unwrap();
            let mut matrix = Stencil::zero(&tensor);
            let v: Vec<f64> = (0..tensor.size()).map(wave).collect();
            let mut form = 0.0;
            for i in 0..400 {
                let x: Vec<f64> = lengths
                    .iter()
                    .enumerate()
                    .map(|(k, n)| n * (wave(3 * i + k) * 0.5 + 0.5))
                    .collect();
                let row = tensor.row(&tensor.locals(&x), (i % 2 == 0).then_some(0));
                matrix.add(&row, 1.0 + wave(i));
                form += (1.0 + wave(i)) * row.of(&v).powi(2);
            }
            let product = matrix.multiply(&v);
            let dot: f64 = product.iter().zip(&v).map(|(a, b)| a * b).sum();
            assert!((dot / form - 1.0).abs() < 1e-12, "{dot} {form}");
            // One on the diagonal makes it definite, with a condition of about 1e4.
            let mut identity = Stencil::zero(&tensor);
            (0..tensor.size()).for_each(|i| identity.add_diagonal(i, 1.0));
            let factor = tensor.factor(&matrix, &identity, 0.5).unwrap();
            let side: Vec<f64> = product.iter().zip(&v).map(|(a, b)| a + 0.5 * b).collect();
            for (got, want) in factor.solve(&[side])[0].iter().zip(&v) {
                assert!((got - want).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn penalties_leave_polynomials_of_degree_two_alone() {
        let tensor = Tensor::new(vec![axis(5, false), axis(4, false), axis(3, false)]).unwrap();
        let cost = |f: &dyn Fn(f64, f64, f64) -> f64| -> f64 {
            let (ny, nz) = (7, 6);
            let v: Vec<f64> = (0..tensor.size())
                .map(|i| {
                    f(
                        (i / (ny * nz)) as f64,
                        (i / nz % ny) as f64,
                        (i % nz) as f64,
                    )
                })
                .collect();
            let product = tensor.penalty().multiply(&v);
            product.iter().zip(&v).map(|(a, b)| a * b).sum()
        };
        assert_eq!(
            cost(&|x, y, z| 1.0 + x - 2.0 * y * z + z * z - x * y + y * y),
            0.0
        );
        // Third differences of x^3 are 6, at 5 of 8 places along x and everywhere else.
        assert_eq!(cost(&|x, _, _| x * x * x), 36.0 * 5.0 * 7.0 * 6.0);
        // x^2 y: the difference of orders (2, 1) is 2, with weight 3, at 6 by 6 by 6 places.
        assert_eq!(cost(&|x, y, _| x * x * y), 3.0 * 4.0 * 216.0);
        // x y z: weight 6, at 7 by 6 by 5 places.
        assert_eq!(cost(&|x, y, z| x * y * z), 6.0 * 210.0);
        // On a ring only the constant is free, and the seam is no place of its own.
        let ring = Tensor::new(vec![axis(8, true)]).unwrap();
        let turned = |k: usize| -> f64 {
            let v: Vec<f64> = (0..8).map(|i| wave((i + k) % 8)).collect();
            let product = ring.penalty().multiply(&v);
            product.iter().zip(&v).map(|(a, b)| a * b).sum()
        };
        (1..8).for_each(|k| assert!((turned(k) / turned(0) - 1.0).abs() < 1e-12));
        assert_eq!(ring.penalty().multiply(&[1.0; 8]), [0.0; 8]);
    }
}
