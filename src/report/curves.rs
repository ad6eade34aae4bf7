//! The curves of a run in one coordinate: what figures and tables draw from.

/// One coordinate on a grid: all of the same length, finite or NaN where there is nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Curves {
    /// The name of the coordinate, such as `q`.
    pub coordinate: String,
    /// The name of the potential, such as `V`.
    pub potential: String,
    /// `l = delta*sigma_p`, the length below which structure disappears.
    pub length: f64,
    /// The grid, increasing.
    pub x: Vec<f64>,
    /// Learned potential.
    pub u: Vec<f64>,
    /// Its standard error.
    pub u_stderr: Vec<f64>,
    /// Derivative of the learned potential.
    pub du: Vec<f64>,
    /// Its standard error.
    pub du_stderr: Vec<f64>,
    /// Sampled density, of integral 1.
    pub density: Vec<f64>,
    /// Density of `exp(-beta*U)`, of integral 1; may be empty.
    pub gibbs: Vec<f64>,
    /// The full potential; on a coarse grid it is undersampled, hence [`Curves::fine`].
    pub v: Vec<f64>,
    /// Its derivative.
    pub dv: Vec<f64>,
    /// Where there were samples.
    pub covered: Vec<bool>,
    /// What `U` is compared with, if anything.
    pub reference: Option<Reference>,
    /// The full potential over the covered domain, on a grid fine enough to show its roughness; may
    /// be empty.
    pub fine: Line,
    /// The full potential over a few of its smallest periods around a well; may be empty.
    pub zoom: Line,
}

/// A curve on its own grid.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Line {
    /// Abscissae, increasing.
    pub x: Vec<f64>,
    /// Ordinates, as many.
    pub y: Vec<f64>,
}

/// What `U` is compared with, on the grid of the curves.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reference {
    /// Its name, such as `U0` or `filter`.
    pub name: String,
    /// Value.
    pub u: Vec<f64>,
    /// Derivative.
    pub du: Vec<f64>,
}
