//! The distance of an estimate from a reference: one definition for every row of a table.

/// Bins below this share of the largest density do not count: nothing is known there.
pub const FLOOR: f64 = 1e-4;

/// A potential on the centres of bins.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// Values. Shape: bins.
    pub values: &'a [f64],
    /// Gradients. Shape: bins by coordinates.
    pub slopes: &'a [f64],
}

/// How far two potentials are apart, in the units of V and of its slope.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Discrepancy {
    /// The root mean square of the difference of values, each less its mean, weighted by density.
    pub value_rms: f64,
    /// The largest difference of values, each less its mean.
    pub value_max: f64,
    /// The root mean square of the difference of gradients, weighted by density: of its length,
    /// `sqrt(E|grad difference|^2)`.
    pub force_rms: f64,
    /// The largest difference of a component of the gradients.
    pub force_max: f64,
    /// The number of bins that count.
    pub bins: usize,
}

/// Compares over the bins whose density exceeds [`FLOOR`] of the largest, with the density (of
/// any norm) as weight; the number of coordinates follows from the lengths. `None` where these do
/// not fit, no bin counts, or a number that counts is not finite.
pub fn compare(estimate: Table, reference: Table, density: &[f64]) -> Option<Discrepancy> {
    let n = density.len();
    let d = estimate.slopes.len().checked_div(n)?;
    let fits = |table: &Table| table.values.len() == n && table.slopes.len() == n * d;
    if d == 0 || !fits(&estimate) || !fits(&reference) {
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
    let slopes = |i: usize| {
        let components = d * i..d * (i + 1);
        components.map(|k| estimate.slopes[k] - reference.slopes[k])
    };
    let mean = average(&value);
    let largest = |f: &dyn Fn(usize) -> f64| used.iter().map(|&i| f(i)).fold(0.0, f64::max);
    let squares = |i: usize| slopes(i).map(|s| s * s).sum::<f64>();
    let out = Discrepancy {
        value_rms: average(&|i| (value(i) - mean).powi(2)).sqrt(),
        value_max: largest(&|i| (value(i) - mean).abs()),
        force_rms: average(&squares).sqrt(),
        force_max: largest(&|i| slopes(i).fold(0.0, |a: f64, s| a.max(s.abs()))),
        bins: used.len(),
    };
    let good = !used.is_empty() && out.value_rms.is_finite() && out.force_rms.is_finite();
    good.then_some(out)
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
    fn the_error_of_force_is_a_length() {
        // Two bins of two coordinates: differences (3, 0) and (0, 1) of equal weight.
        let estimate = Table {
            values: &[1.0, 1.0],
            slopes: &[3.0, 2.0, 5.0, 1.0],
        };
        let reference = Table {
            values: &[0.0, 0.0],
            slopes: &[0.0, 2.0, 5.0, 0.0],
        };
        let d = compare(estimate, reference, &[0.5, 0.5]).unwrap();
        assert!((d.force_rms - (10.0f64 / 2.0).sqrt()).abs() < 1e-14);
        assert_eq!((d.value_rms, d.force_max), (0.0, 3.0));
        assert_eq!(compare(estimate, estimate, &[1.0; 4]), None);
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
