//! Uniform B-splines as tables: what a learned potential is written with.

/// What a spline does outside `[lo, hi]`. A derivative goes one step down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extension {
    /// Continues along its tangent: value and slope are continuous.
    Linear,
    /// Keeps the value of the nearer end.
    Constant,
    /// Is zero.
    Zero,
}

/// A uniform B-spline `sum_j c_j B_j(x)` on `cells` equal cells of `[lo, hi]`.
///
/// There are `cells + degree` coefficients. Dimensionless, like everything in a potential.
#[derive(Clone, PartialEq, Debug)]
pub struct Spline {
    degree: usize,
    lo: f64,
    hi: f64,
    coefficients: Vec<f64>,
    extension: Extension,
}

/// The largest degree there is.
pub const MAX_DEGREE: usize = 7;

impl Spline {
    /// A spline that continues linearly outside; `None` where there is no cell, the degree is
    /// above [`MAX_DEGREE`], or the interval is empty or not finite.
    pub fn new(degree: usize, lo: f64, hi: f64, coefficients: Vec<f64>) -> Option<Spline> {
        let good = degree <= MAX_DEGREE
            && coefficients.len() > degree
            && lo < hi
            && (hi - lo).is_finite()
            && coefficients.iter().all(|c| c.is_finite());
        good.then_some(Spline {
            degree,
            lo,
            hi,
            coefficients,
            extension: Extension::Linear,
        })
    }

    /// The polynomial degree.
    pub fn degree(&self) -> usize {
        self.degree
    }

    /// The left end.
    pub fn lo(&self) -> f64 {
        self.lo
    }

    /// The right end.
    pub fn hi(&self) -> f64 {
        self.hi
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.coefficients.len() - self.degree
    }

    /// The width of a cell.
    pub fn spacing(&self) -> f64 {
        (self.hi - self.lo) / self.cells() as f64
    }

    /// The coefficients, from left to right.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// What happens outside.
    pub fn extension(&self) -> Extension {
        self.extension
    }

    /// The derivative, a spline of one degree less; `None` where it is zero everywhere.
    pub fn derivative(&self) -> Option<Spline> {
        let extension = match self.extension {
            Extension::Linear => Extension::Constant,
            Extension::Constant | Extension::Zero => Extension::Zero,
        };
        let degree = self.degree.checked_sub(1)?;
        let h = self.spacing();
        let coefficients = self
            .coefficients
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) / h)
            .collect();
        Some(Spline {
            degree,
            coefficients,
            extension,
            ..*self
        })
    }

    /// The value at `x`, by de Boor's algorithm.
    pub fn value(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        let outside = x < self.lo || x > self.hi;
        if !outside {
            return self.inside(x);
        }
        let end = if x < self.lo { self.lo } else { self.hi };
        match self.extension {
            Extension::Zero => 0.0,
            Extension::Constant => self.inside(end),
            Extension::Linear => {
                let slope = self.derivative().map_or(0.0, |slope| slope.inside(end));
                self.inside(end) + slope * (x - end)
            }
        }
    }

    fn inside(&self, x: f64) -> f64 {
        let t = (x - self.lo) / self.spacing();
        let cell = (t.floor().max(0.0) as usize).min(self.cells() - 1);
        let u = t - cell as f64;
        let mut d = [0.0; MAX_DEGREE + 1];
        d[..=self.degree].copy_from_slice(&self.coefficients[cell..=cell + self.degree]);
        for r in 1..=self.degree {
            let span = (self.degree + 1 - r) as f64;
            for j in (r..=self.degree).rev() {
                let weight = (u + (self.degree - j) as f64) / span;
                d[j] = (1.0 - weight) * d[j - 1] + weight * d[j];
            }
        }
        d[self.degree]
    }

    /// For each cell the coefficients of the polynomial in `u = (x - lo)/h - cell`, lowest power
    /// first: what a compiled look-up gathers. Shape: cells by `degree + 1`, row-major.
    pub fn polynomials(&self) -> Vec<f64> {
        // The Taylor coefficients at u = 0 are values of the derivatives at the cell's left end.
        let mut rows = vec![0.0; self.cells() * (self.degree + 1)];
        let (h, mut factor) = (self.spacing(), 1.0);
        let mut current = Some(self.clone());
        for k in 0..=self.degree {
            let Some(spline) = current else { break };
            for cell in 0..self.cells() {
                let left = spline.at_left_of(cell);
                rows[cell * (self.degree + 1) + k] = left * factor;
            }
            factor *= h / (k + 1) as f64;
            current = spline.derivative();
        }
        rows
    }

    fn at_left_of(&self, cell: usize) -> f64 {
        let mut d = [0.0; MAX_DEGREE + 1];
        d[..=self.degree].copy_from_slice(&self.coefficients[cell..=cell + self.degree]);
        for r in 1..=self.degree {
            let span = (self.degree + 1 - r) as f64;
            for j in (r..=self.degree).rev() {
                let weight = (self.degree - j) as f64 / span;
                d[j] = (1.0 - weight) * d[j - 1] + weight * d[j];
            }
        }
        d[self.degree]
    }
}
