//! The distance of an estimate from a reference: one definition for every row of a table.

use crate::graph::Spline;
use crate::stats::Grid;

/// Bins below this share of the largest density do not count: nothing is known there.
pub const FLOOR: f64 = 1e-4;

/// A potential on the centres of bins.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// Values. Shape: bins.
    pub values: &'a [f64],
    /// Slopes. Shape: bins.
    pub slopes: &'a [f64],
}

/// How far two potentials are apart, in the units of V and of its slope.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Discrepancy {
    /// The root mean square of the difference of values, each less its mean, weighted by density.
    pub value_rms: f64,
    /// The largest difference of values, each less its mean.
    pub value_max: f64,
    /// The root mean square of the difference of slopes, weighted by density.
    pub force_rms: f64,
    /// The largest difference of slopes.
    pub force_max: f64,
    /// The number of bins that count.
    pub bins: usize,
}

/// Compares over the bins whose density exceeds [`FLOOR`] of the largest, with the density (of
/// any norm) as weight. `None` where the lengths differ, no bin counts, or a number that counts
/// is not finite.
pub fn compare(estimate: Table, reference: Table, density: &[f64]) -> Option<Discrepancy> {
    let n = density.len();
    let lengths = [
        estimate.values.len(),
        estimate.slopes.len(),
        reference.values.len(),
        reference.slopes.len(),
    ];
    if lengths.iter().any(|len| *len != n) {
        return None;
    }
    let peak = density.iter().fold(0.0, |a: f64, b| a.max(*b));
    let used: Vec<usize> = (0..n)
        .filter(|&i| density[i] > FLOOR * peak && density[i].is_finite())
        .collect();
    let total: f64 = used.iter().map(|&i| density[i]).sum();
    let average =
        |f: &dyn Fn(usize) -> f64| -> f64 { used.iter().map(|&i| density[i] / total * f(i)).sum() };
    let value = |i: usize| estimate.values[i] - reference.values[i];
    let slope = |i: usize| estimate.slopes[i] - reference.slopes[i];
    let mean = average(&value);
    let largest = |f: &dyn Fn(usize) -> f64| used.iter().map(|&i| f(i).abs()).fold(0.0, f64::max);
    let out = Discrepancy {
        value_rms: average(&|i| (value(i) - mean).powi(2)).sqrt(),
        value_max: largest(&|i| value(i) - mean),
        force_rms: average(&|i| slope(i).powi(2)).sqrt(),
        force_max: largest(&slope),
        bins: used.len(),
    };
    let good = !used.is_empty() && out.value_rms.is_finite() && out.force_rms.is_finite();
    good.then_some(out)
}

/// Values and slopes of a spline at the centres of a grid. Shapes: bins.
pub fn tabulate(spline: &Spline, grid: &Grid) -> (Vec<f64>, Vec<f64>) {
    let slope = spline.derivative();
    grid.centres()
        .into_iter()
        .map(|x| {
            let slope = slope.as_ref().map_or(0.0, |s| s.value(x));
            (spline.value(x), slope)
        })
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_and_empty_bins_do_not_count() {
        let density = [0.25, 0.5, 0.25, 1e-6];
        let estimate = Table {
            values: &[11.0, 10.0, 9.0, 1e9],
            slopes: &[1.0, 0.0, 1.0, f64::NAN],
        };
        let reference = Table {
            values: &[0.0; 4],
            slopes: &[0.0; 4],
        };
        let d = compare(estimate, reference, &density).unwrap();
        assert_eq!(d.bins, 3);
        assert!((d.value_rms - 0.5f64.sqrt()).abs() < 1e-14);
        assert!((d.force_rms - 0.5f64.sqrt()).abs() < 1e-14);
        assert_eq!((d.value_max, d.force_max), (1.0, 1.0));
    }

    #[test]
    fn nothing_to_compare_is_none() {
        let one = Table {
            values: &[1.0],
            slopes: &[1.0],
        };
        assert_eq!(compare(one, one, &[0.0]), None);
        assert_eq!(compare(one, one, &[1.0, 1.0]), None);
        assert!(compare(one, one, &[f64::NAN]).is_none());
    }
}
