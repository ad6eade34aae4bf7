//! A fitted potential with its errors.

use super::domain::{Domain, within_bin};
use super::{Estimator, FitError};
use crate::graph::Spline;
use crate::learn::tensor::{Row, Tensor};
use crate::stats::{MAX_AXES, Mesh, block_error};

/// An effective potential, in the units of V.
#[derive(Clone, Debug)]
pub struct Fit {
    /// What made it.
    pub estimator: Estimator,
    /// U, with mean zero under the sampled density; continues linearly outside.
    pub spline: Spline,
    /// The relative weight of the penalty that cross-validation chose (dimensionless).
    pub smoothing: f64,
    /// The bins.
    pub mesh: Mesh,
    /// The share of samples in each bin. Shape: `mesh.bins()`.
    pub density: Vec<f64>,
    /// The number of samples in the mesh.
    pub samples: u64,
    tensor: Tensor,
    coefficients: Vec<f64>,
    /// The coefficients without each block in turn, each with mean zero likewise.
    replicates: Vec<Vec<f64>>,
    /// Which cells of the space hold enough samples.
    cells: Vec<bool>,
    regions: usize,
}

impl Fit {
    pub(super) fn new(
        estimator: Estimator,
        domain: Domain,
        smoothing: f64,
        coefficients: Vec<f64>,
        replicates: Vec<Vec<f64>>,
    ) -> Result<Fit, FitError> {
        let average = domain.average();
        let centred = |mut c: Vec<f64>| -> Vec<f64> {
            // Basis functions sum to 1, so a constant is the same in every coefficient.
            let mean: f64 = average.iter().zip(&c).map(|(w, c)| w * c).sum();
            c.iter_mut().for_each(|c| *c -= mean);
            c
        };
        let coefficients = centred(coefficients);
        let spline = domain.tensor.spline(&coefficients);
        Ok(Fit {
            estimator,
            spline: spline.ok_or(FitError::NotFinite)?,
            smoothing,
            replicates: replicates.into_iter().map(centred).collect(),
            coefficients,
            mesh: domain.mesh,
            density: domain.density,
            samples: domain.samples,
            tensor: domain.tensor,
            cells: domain.covered,
            regions: domain.regions,
        })
    }

    /// The number of coordinates.
    pub fn dimension(&self) -> usize {
        self.mesh.dimension()
    }

    /// The ends of the box on which U is a spline, axis by axis.
    pub fn domain(&self) -> Vec<(f64, f64)> {
        let axes = self.tensor.axes().iter();
        axes.map(|axis| (axis.lo(), axis.hi())).collect()
    }

    /// The coefficients of U, row-major, the last axis fastest. Shape: `size()`.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The number of coefficients.
    pub fn size(&self) -> usize {
        self.tensor.size()
    }

    // The basis at a point, or its derivative along an axis; a missing coordinate counts as 0.
    fn row(&self, x: &[f64], derivative: Option<usize>) -> Row {
        let mut at = [0.0; MAX_AXES];
        at.iter_mut().zip(x).for_each(|(at, x)| *at = *x);
        let locals = self.tensor.locals(&at[..self.dimension()]);
        self.tensor.row(&locals, derivative)
    }

    /// U at `x`. Shape: one number a coordinate, as everywhere here.
    pub fn value(&self, x: &[f64]) -> f64 {
        self.row(x, None).of(&self.coefficients)
    }

    /// The derivative of U at `x` along an axis.
    pub fn slope(&self, x: &[f64], axis: usize) -> f64 {
        self.row(x, Some(axis)).of(&self.coefficients)
    }

    /// The mean over a bin of the derivative along an axis, as `count` samples with the mean
    /// position `x` show it; of the fit `without` a block where there is such a replicate.
    pub(super) fn mean_slope(
        &self,
        x: &[f64],
        count: f64,
        axis: usize,
        without: Option<usize>,
    ) -> f64 {
        let locals = self.tensor.averaged(x, &within_bin(&self.mesh, count));
        let replicate = without.and_then(|block| self.replicates.get(block));
        let coefficients = replicate.unwrap_or(&self.coefficients);
        self.tensor.row(&locals, Some(axis)).of(coefficients)
    }

    /// The standard error of U at `x` (its constant being that of mean zero).
    pub fn value_stderr(&self, x: &[f64]) -> f64 {
        self.jackknife(&self.row(x, None))
    }

    /// The standard error of the derivative of U at `x` along an axis.
    pub fn slope_stderr(&self, x: &[f64], axis: usize) -> f64 {
        self.jackknife(&self.row(x, Some(axis)))
    }

    /// The standard error of `U(a) - U(b)`, such as the depth of one well below another: errors
    /// of both go together, and the constant plays no part.
    pub fn difference_stderr(&self, a: &[f64], b: &[f64]) -> f64 {
        let rows = [self.row(a, None), self.row(b, None)];
        self.stderr_of(|c| rows[0].of(c) - rows[1].of(c))
    }

    fn jackknife(&self, row: &Row) -> f64 {
        self.stderr_of(|c| row.of(c))
    }

    /// The standard error of any smooth function of the coefficients (as in
    /// [`Fit::coefficients`]): `sqrt((B - 1)/B sum (r_b - mean)^2)`, the delete-one jackknife
    /// over `B` blocks, widened where these are few ([`block_error`]).
    pub fn stderr_of(&self, f: impl Fn(&[f64]) -> f64) -> f64 {
        let values: Vec<f64> = self.replicates.iter().map(|r| f(r)).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let spread: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        // What a block adds is that much more than what its absence changes.
        block_error(spread * ((n - 1.0) / n).powi(2), values.len())
    }

    /// The number of statistical blocks.
    pub fn blocks(&self) -> usize {
        self.replicates.len()
    }

    /// U without a block, with mean zero under the sampled density as well.
    pub fn without(&self, block: usize) -> Option<Spline> {
        self.tensor.spline(self.replicates.get(block)?)
    }

    /// The median of [`Fit::value_stderr`] over bins whose density exceeds 1e-4 of the largest.
    pub fn median_stderr(&self) -> f64 {
        let peak = self.density.iter().fold(0.0, |a: f64, b| a.max(*b));
        let populated = self.density.iter().enumerate();
        let mut x = [0.0; MAX_AXES];
        let mut errors: Vec<f64> = populated
            .filter(|(_, p)| **p > 1e-4 * peak)
            .map(|(bin, _)| {
                self.mesh.centre_into(bin, &mut x);
                self.value_stderr(&x)
            })
            .collect();
        errors.sort_by(f64::total_cmp);
        errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Whether regions with samples are separated by cells without.
    pub fn is_disconnected(&self) -> bool {
        self.regions > 1
    }

    /// Whether `x` lies where there are enough samples. Cells are closed: the ends belong to them.
    pub fn covers(&self, x: &[f64]) -> bool {
        let mut index = Some(0);
        for (axis, x) in self.tensor.axes().iter().zip(x) {
            let cell = axis.cell(*x);
            index = index.zip(cell).map(|(at, cell)| at * axis.cells() + cell);
        }
        let cell = index.and_then(|index| self.cells.get(index));
        x.len() == self.dimension() && cell.copied().unwrap_or(false)
    }

    /// The part of the cells of the box that hold enough samples (0 to 1).
    pub fn covered_fraction(&self) -> f64 {
        let full = self.cells.iter().filter(|full| **full).count();
        full as f64 / self.cells.len() as f64
    }

    /// Whether the centre of each bin is covered. Shape: `mesh.bins()`.
    pub fn mask(&self) -> Vec<bool> {
        let mut x = vec![0.0; self.dimension()];
        let mut covered = |bin: usize| {
            self.mesh.centre_into(bin, &mut x);
            self.covers(&x)
        };
        (0..self.mesh.bins()).map(&mut covered).collect()
    }

    /// The intervals along an axis over which there are covered cells, in ascending order: with
    /// one coordinate these are the covered region.
    pub fn intervals(&self, axis: usize) -> Vec<(f64, f64)> {
        let Some(space) = self.tensor.axes().get(axis) else {
            return Vec::new();
        };
        let below: usize = self.tensor.axes()[axis + 1..]
            .iter()
            .map(|a| a.cells())
            .product();
        let mut held = vec![false; space.cells()];
        for (cell, full) in self.cells.iter().enumerate() {
            held[cell / below % space.cells()] |= full;
        }
        let edge = |cell: usize| space.lo() + space.spacing() * cell as f64;
        let mut out: Vec<(f64, f64)> = Vec::new();
        for (cell, _) in held.iter().enumerate().filter(|(_, held)| **held) {
            match out.last_mut() {
                Some(last) if cell > 0 && held[cell - 1] => last.1 = edge(cell + 1),
                _ => out.push((edge(cell), edge(cell + 1))),
            }
        }
        out
    }
}
