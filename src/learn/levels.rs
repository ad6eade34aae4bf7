//! Nested spline spaces: solutions of the equations of a large tensor space, nearly.

use super::banded::NotPositiveDefinite;
use super::incomplete::Incomplete;
use super::stencil::Stencil;
use super::tensor::{Factor, Tensor};
use crate::stats::MAX_AXES;

/// A tensor space, its penalty, and how the splines of the next coarser one are written in it.
#[derive(Clone, Debug)]
pub struct Level {
    /// The space.
    pub tensor: Tensor,
    /// The penalty on its splines: that of the finest space, about.
    pub penalty: Stencil,
    /// By axis, the rows of the refinement from the next level; empty for the last.
    refinements: Vec<Vec<(usize, [f64; 4])>>,
}

/// A space and coarser ones, until the factor of the last costs at most `direct` operations.
pub fn levels(tensor: &Tensor, direct: f64) -> Vec<Level> {
    let mut out = vec![Level {
        tensor: tensor.clone(),
        penalty: tensor.penalty(),
        refinements: Vec::new(),
    }];
    while let Some(last) = out.last_mut()
        && last.tensor.cost() > direct
        && let Some(coarse) = last.tensor.coarser()
    {
        let pairs = last.tensor.axes().iter().zip(coarse.axes());
        last.refinements = pairs
            .map(|(fine, coarse)| fine.refinement(coarse))
            .collect();
        let mut ratios = [1.0; MAX_AXES];
        let widths = tensor.axes().iter().zip(coarse.axes());
        for (ratio, (fine, coarse)) in ratios.iter_mut().zip(widths) {
            *ratio = coarse.spacing() / fine.spacing();
        }
        out.push(Level {
            penalty: coarse.penalty_of(ratios),
            tensor: coarse,
            refinements: Vec::new(),
        });
    }
    out
}

impl Level {
    // The transpose of `refine`.
    fn coarsen(&self, fine: &[f64], coarse: &Tensor) -> Vec<f64> {
        let mut data = fine.to_vec();
        let mut inner = data.len();
        for (rows, axis) in self.refinements.iter().zip(coarse.axes()) {
            inner /= rows.len();
            let outer = data.len() / (rows.len() * inner);
            let mut next = vec![0.0; outer * axis.size() * inner];
            let blocks = data.chunks_exact(rows.len() * inner);
            for (from, into) in blocks.zip(next.chunks_exact_mut(axis.size() * inner)) {
                for ((start, weights), from) in rows.iter().zip(from.chunks_exact(inner)) {
                    for (k, weight) in weights.iter().enumerate() {
                        let at = (start + k) % axis.size() * inner;
                        let into = into[at..at + inner].iter_mut().zip(from);
                        into.for_each(|(a, b)| *a += weight * b);
                    }
                }
            }
            data = next;
        }
        data
    }

    // The coefficients here of a spline of the next level.
    fn refine(&self, coarse: &[f64], space: &Tensor) -> Vec<f64> {
        let mut data = coarse.to_vec();
        let mut inner = data.len();
        for (rows, axis) in self.refinements.iter().zip(space.axes()) {
            inner /= axis.size();
            let outer = data.len() / (axis.size() * inner);
            let mut next = vec![0.0; outer * rows.len() * inner];
            let blocks = data.chunks_exact(axis.size() * inner);
            for (from, into) in blocks.zip(next.chunks_exact_mut(rows.len() * inner)) {
                for ((start, weights), into) in rows.iter().zip(into.chunks_exact_mut(inner)) {
                    for (k, weight) in weights.iter().enumerate() {
                        let at = (start + k) % axis.size() * inner;
                        let from = into.iter_mut().zip(&from[at..at + inner]);
                        from.for_each(|(a, b)| *a += weight * b);
                    }
                }
            }
            data = next;
        }
        data
    }
}

/// An inverse of `matrix + weight * penalty`, or what is near it: for a small space its factor,
/// for a large one an incomplete factor and, added to it, the inverse of the same in the next
/// coarser space (additive levels: Bramble, Pasciak and Xu 1990). Symmetric positive definite.
#[derive(Debug)]
pub enum Near<'a> {
    /// The inverse.
    Exact(Factor<'a>),
    /// A sum over levels.
    Sum {
        /// Serves what the coarser space does not have.
        smoother: Incomplete,
        /// The finer and the coarser level.
        levels: [&'a Level; 2],
        /// In the coarser space.
        coarse: Box<Near<'a>>,
    },
}

impl<'a> Near<'a> {
    /// For the matrices of all levels, the finest first.
    ///
    /// # Errors
    /// One of them is not positive definite.
    pub fn new(
        levels: &'a [Level],
        matrices: &[Stencil],
        weight: f64,
    ) -> Result<Near<'a>, NotPositiveDefinite> {
        let ([level, rest @ ..], [matrix, others @ ..]) = (levels, matrices) else {
            return Err(NotPositiveDefinite { row: 0 });
        };
        let Some(next) = rest.first() else {
            let factor = level.tensor.factor(matrix, &level.penalty, weight)?;
            return Ok(Near::Exact(factor));
        };
        let coarse = Box::new(Near::new(rest, others, weight)?);
        let mut whole = matrix.clone();
        whole.add_scaled(&level.penalty, weight);
        Ok(Near::Sum {
            smoother: Incomplete::new(&whole)?,
            levels: [level, next],
            coarse,
        })
    }

    /// Right sides that are served together best.
    pub fn together(&self) -> usize {
        match self {
            Near::Exact(_) => 16,
            Near::Sum { .. } => 1,
        }
    }

    /// The product with several vectors.
    pub fn solve(&self, sides: &[Vec<f64>]) -> Vec<Vec<f64>> {
        match self {
            Near::Exact(factor) => factor.solve(sides),
            Near::Sum {
                smoother,
                levels: [fine, coarse],
                coarse: inverse,
            } => {
                let coarsened = sides.iter().map(|side| fine.coarsen(side, &coarse.tensor));
                let far = inverse.solve(&coarsened.collect::<Vec<_>>());
                let both = sides.iter().zip(far);
                both.map(|(side, far)| {
                    let mut out = smoother.solve(side);
                    let far = fine.refine(&far, &coarse.tensor);
                    out.iter_mut().zip(far).for_each(|(a, b)| *a += b);
                    out
                })
                .collect()
            }
        }
    }
}
