//! The curves of a run in one coordinate: what figures and tables draw from.

/// One coordinate on a grid: all of the same length, finite or NaN where there is nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Curves {
    /// The name of the coordinate, such as `q`.
    pub coordinate: String,
    /// Where one period of it begins and ends, if it repeats; the grid is between the two.
    pub period: Option<[f64; 2]>,
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

impl Curves {
    /// The same with a point at both ends of the period, if there is one: every curve is then as
    /// high at one end as at the other, between its last and its first value.
    pub fn closed(&self) -> Curves {
        let mut closed = self.clone();
        let ends = self.x.first().zip(self.x.last());
        let (Some([lo, hi]), Some((&first, &last))) = (self.period, ends) else {
            return closed;
        };
        let (before, after) = (first - lo, hi - last);
        if !(before > 0.0 && after > 0.0) {
            return closed;
        }
        let count = self.x.len();
        let close = |values: &mut Vec<f64>| {
            if let (Some(first), Some(last)) = (values.first(), values.last())
                && values.len() == count
            {
                let seam = (first * after + last * before) / (before + after);
                values.insert(0, seam);
                values.push(seam);
            }
        };
        let curves = [
            &mut closed.u,
            &mut closed.u_stderr,
            &mut closed.du,
            &mut closed.du_stderr,
            &mut closed.density,
            &mut closed.gibbs,
            &mut closed.v,
            &mut closed.dv,
        ];
        curves.into_iter().for_each(close);
        if let Some(reference) = &mut closed.reference {
            close(&mut reference.u);
            close(&mut reference.du);
        }
        if let (Some(&first), Some(&last)) = (self.covered.first(), self.covered.last()) {
            closed.covered.insert(0, first && last);
            closed.covered.push(first && last);
        }
        closed.x.insert(0, lo);
        closed.x.push(hi);
        closed
    }
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
