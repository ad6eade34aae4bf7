//! A spline space on the centres of a box of bins. Positions repeat along each axis, so that
//! sums over bins are done axis by axis: a few operations a bin where rows of the basis would
//! take hundreds.

use super::domain::Domain;
use crate::learn::bspline::Local;
use crate::learn::stencil::Stencil;
use crate::learn::tensor::Tensor;

/// The basis at the centres of the bins of a domain, in their order.
pub(super) struct Centres<'a> {
    tensor: &'a Tensor,
    axes: Vec<Axis>,
}

struct Axis {
    /// The number of coefficients.
    size: usize,
    /// The basis at the centre of each bin.
    bins: Vec<Local>,
}

impl Axis {
    // The places and values of the basis at a bin.
    fn terms(&self, local: &Local) -> [(usize, f64); 4] {
        std::array::from_fn(|k| ((local.start + k) % self.size, local.values[k]))
    }
}

fn add(into: &mut [f64], from: &[f64], factor: f64) {
    into.iter_mut()
        .zip(from)
        .for_each(|(a, b)| *a += factor * b);
}

impl Centres<'_> {
    pub fn new(domain: &Domain) -> Centres<'_> {
        let mesh = domain.mesh.axes().iter();
        let axes = domain.tensor.axes().iter().zip(mesh.zip(&domain.ranges));
        Centres {
            tensor: &domain.tensor,
            axes: axes
                .map(|(space, (axis, range))| Axis {
                    size: space.size(),
                    bins: range
                        .clone()
                        .map(|i| space.at(axis.grid.centre(i)))
                        .collect(),
                })
                .collect(),
        }
    }

    /// The spline with these coefficients at every bin.
    pub fn evaluate(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut data = coefficients.to_vec();
        let mut inner = data.len();
        for axis in &self.axes {
            inner /= axis.size;
            let blocks = data.chunks_exact(axis.size * inner);
            let mut next = vec![0.0; blocks.len() * axis.bins.len() * inner];
            for (from, into) in blocks.zip(next.chunks_exact_mut(axis.bins.len() * inner)) {
                for (local, into) in axis.bins.iter().zip(into.chunks_exact_mut(inner)) {
                    for (i, value) in axis.terms(local) {
                        add(into, &from[i * inner..(i + 1) * inner], value);
                    }
                }
            }
            data = next;
        }
        data
    }

    /// `sum_b value_b B_i(b)` for every coefficient `i`.
    pub fn project(&self, values: &[f64]) -> Vec<f64> {
        let mut data = values.to_vec();
        let mut inner = data.len();
        for axis in &self.axes {
            inner /= axis.bins.len();
            let blocks = data.chunks_exact(axis.bins.len() * inner);
            let mut next = vec![0.0; blocks.len() * axis.size * inner];
            for (from, into) in blocks.zip(next.chunks_exact_mut(axis.size * inner)) {
                for (local, from) in axis.bins.iter().zip(from.chunks_exact(inner)) {
                    for (i, value) in axis.terms(local) {
                        add(&mut into[i * inner..(i + 1) * inner], from, value);
                    }
                }
            }
            data = next;
        }
        data
    }

    /// `sum_b weight_b B_i(b) B_j(b)` as a matrix.
    pub fn weighted(&self, weights: &[f64]) -> Stencil {
        // After an axis its bins have become coefficients and offsets of neighbours; of the
        // first axis only those from 0 to 3 are needed, of the others -3 to 3.
        let mut data = weights.to_vec();
        let (mut inner, mut least) = (data.len(), 0);
        for axis in &self.axes {
            inner /= axis.bins.len();
            let width = (4 + least) * inner;
            let blocks = data.chunks_exact(axis.bins.len() * inner);
            let mut next = vec![0.0; blocks.len() * axis.size * width];
            for (from, into) in blocks.zip(next.chunks_exact_mut(axis.size * width)) {
                for (local, from) in axis.bins.iter().zip(from.chunks_exact(inner)) {
                    for (k, (i, value)) in axis.terms(local).into_iter().enumerate() {
                        let row = &mut into[i * width..(i + 1) * width];
                        for l in k.saturating_sub(least)..4 {
                            let offset = (l + least - k) * inner;
                            let product = value * local.values[l];
                            add(&mut row[offset..offset + inner], from, product);
                        }
                    }
                }
            }
            (data, least) = (next, 3);
        }
        Stencil::from_offsets(self.tensor, &data)
    }

    /// `sum_i B_i(b)^2` at every bin.
    pub fn squares(&self) -> Vec<f64> {
        let along = |local: &Local| local.values.iter().map(|v| v * v).sum::<f64>();
        let mut out = vec![1.0];
        for axis in &self.axes {
            let next = out.iter();
            out = next
                .flat_map(|a| axis.bins.iter().map(move |local| a * along(local)))
                .collect();
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::fit::Settings;
    use crate::stats::{Grid, Histogram, Mesh, MeshAxis};

    #[test]
    fn sums_by_axes_are_those_over_rows() {
        let axis = |bins, periodic| MeshAxis {
            grid: Grid::over(-1.0, 2.0, bins).unwrap(),
            periodic,
        };
        let meshes = [
            vec![axis(17, false)],
            vec![axis(18, true)],
            // A ring of two cells, on which functions meet themselves.
            vec![axis(13, false), axis(8, true)],
            vec![axis(8, true), axis(9, false), axis(6, true)],
        ];
        let wave = |i: usize| (i as f64 * 1.7 + 0.3).sin();
        for axes in meshes {
            let mesh = Mesh::new(axes).unwrap();
            let counts = Histogram::from_counts(mesh.clone(), vec![9; mesh.bins()]);
            let domain = Domain::new(&counts, &Settings::new(0.75), 1).unwrap();
            let centres = Centres::new(&domain);
            let n = domain.tensor.size();
            let c: Vec<f64> = (0..n).map(wave).collect();
            let w: Vec<f64> = (0..domain.bins.len()).map(|i| 1.0 + wave(2 * i)).collect();
            let (values, squares) = (centres.evaluate(&c), centres.squares());
            let mut side = vec![0.0; n];
            let mut matrix = Stencil::zero(&domain.tensor);
            for (b, bin) in domain.bins.iter().enumerate() {
                let locals = domain.tensor.locals(&mesh.centre(*bin));
                let row = domain.tensor.row(&locals, None);
                // A few dozen terms of size 1, in another order.
                assert!((row.of(&c) - values[b]).abs() < 1e-13);
                let direct: f64 = row.weights().iter().map(|w| w * w).sum();
                assert!((direct - squares[b]).abs() < 1e-13);
                row.add_to(&mut side, w[b]);
                matrix.add(&row, w[b]);
            }
            let close = |a: &[f64], b: &[f64]| {
                assert_eq!(a.len(), b.len());
                a.iter()
                    .zip(b)
                    .for_each(|(a, b)| assert!((a - b).abs() < 1e-12));
            };
            close(&centres.project(&w), &side);
            close(&centres.weighted(&w).multiply(&c), &matrix.multiply(&c));
        }
    }
}
