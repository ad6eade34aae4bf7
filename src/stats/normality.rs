//! How far a distribution is from a normal one, as an effect size.
//!
//! No p-values: with 1e7 samples and more every deviation is significant, and samples of one
//! trajectory are not independent. The distance itself says how large the deviation is.

use super::Histogram;

/// The normal distribution function for mean 0 and variance 1.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The Kolmogorov-Smirnov distance between a histogram and a normal distribution (0 to 1).
///
/// Taken at the bin edges only, so that it is low by at most the mass of the fullest bin; samples
/// below and above the grid count. `None` where there are none or the variance is not positive.
pub fn ks_histogram(histogram: &Histogram, mean: f64, variance: f64) -> Option<f64> {
    let total = histogram.below() + histogram.above() + histogram.total();
    if total == 0 || !scale_is_good(mean, variance) {
        return None;
    }
    let sigma = variance.sqrt();
    let (mut seen, mut distance) = (histogram.below(), 0.0_f64);
    for i in 0..=histogram.counts().len() {
        let model = normal_cdf((histogram.grid().edge(i) - mean) / sigma);
        distance = distance.max((seen as f64 / total as f64 - model).abs());
        seen += histogram.counts().get(i).copied().unwrap_or(0);
    }
    Some(distance)
}

/// The Kolmogorov-Smirnov distance between samples in ascending order and a normal distribution
/// (0 to 1). `None` where there are none or the variance is not positive.
pub fn ks_sorted(samples: &[f64], mean: f64, variance: f64) -> Option<f64> {
    if samples.is_empty() || !scale_is_good(mean, variance) {
        return None;
    }
    let (sigma, n) = (variance.sqrt(), samples.len() as f64);
    let distance = samples.iter().enumerate().map(|(i, x)| {
        let model = normal_cdf((x - mean) / sigma);
        (model - i as f64 / n).max((i + 1) as f64 / n - model)
    });
    Some(distance.fold(0.0, f64::max))
}

fn scale_is_good(mean: f64, variance: f64) -> bool {
    mean.is_finite() && variance > 0.0 && variance.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Grid;

    #[test]
    fn the_distribution_function_has_its_known_values() {
        assert_eq!(normal_cdf(0.0), 0.5);
        assert!((normal_cdf(1.96) - 0.975_002_104_851_779_5).abs() < 1e-15);
        assert!((normal_cdf(-8.0) / 6.220_960_574_271_785e-16 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_uniform_distribution_has_its_known_distance() {
        // Uniform on (-a, a), a = sqrt(3), against N(0, 1): the difference F - Phi is stationary
        // where the densities cross, exp(-x^2/2)/sqrt(2 pi) = 1/(2a).
        let a = 3f64.sqrt();
        let x = (-2.0 * ((2.0 * std::f64::consts::PI).sqrt() / (2.0 * a)).ln()).sqrt();
        let exact = (normal_cdf(x) - (x + a) / (2.0 * a)).abs().max(
            // The other candidate is the end of the support.
            normal_cdf(-a),
        );
        let grid = Grid::over(-a, a, 2000).unwrap();
        let histogram = Histogram::from_counts(grid, vec![3; 2000]);
        let distance = ks_histogram(&histogram, 0.0, 1.0).unwrap();
        assert!(
            (distance - exact).abs() < 1.0 / 2000.0,
            "{distance} {exact}"
        );
        let sorted: Vec<f64> = grid.centres();
        let direct = ks_sorted(&sorted, 0.0, 1.0).unwrap();
        assert!((direct - exact).abs() < 1.0 / 2000.0);
    }

    #[test]
    fn nothing_has_no_distance() {
        let grid = Grid::over(-1.0, 1.0, 4).unwrap();
        assert_eq!(ks_histogram(&Histogram::new(grid), 0.0, 1.0), None);
        assert_eq!(ks_sorted(&[1.0], 0.0, 0.0), None);
        assert_eq!(ks_sorted(&[1.0], f64::NAN, 1.0), None);
    }
}
