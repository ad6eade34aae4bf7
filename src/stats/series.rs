//! Autocorrelation of a series and the number of independent samples in it.

use super::Moments;

/// The window of [`autocorrelation_time`] in units of the time it finds.
const WINDOW: f64 = 5.0;

/// The correlation between a series and itself `lag` places on (dimensionless, biased estimate:
/// denominator `n` at each lag); `None` where the series is too short or constant.
pub fn lag_correlation(series: &[f64], lag: usize) -> Option<f64> {
    if lag >= series.len() {
        return None;
    }
    let moments = Moments::of(series);
    // Written so that NaN is refused as well.
    if !(moments.m2 > 0.0 && moments.m2.is_finite()) {
        return None;
    }
    Some(lagged(series, moments.mean, lag) / moments.m2)
}

fn lagged(series: &[f64], mean: f64, lag: usize) -> f64 {
    let later = &series[lag..];
    series
        .iter()
        .zip(later)
        .map(|(a, b)| (a - mean) * (b - mean))
        .sum()
}

/// The integrated autocorrelation time `1 + 2 sum_k rho(k)` in samples.
///
/// The sum ends at the first lag that exceeds five times the time found so far (Sokal
/// 1997, "Monte Carlo methods in statistical mechanics"). Costs `n` times that window. At least
/// `1/n`; `None` where the series is shorter than 4, constant, or not finite.
pub fn autocorrelation_time(series: &[f64]) -> Option<f64> {
    let moments = Moments::of(series);
    if series.len() < 4 || !(moments.m2 > 0.0 && moments.m2.is_finite()) {
        return None;
    }
    let mut time = 1.0;
    for lag in 1..series.len() {
        time += 2.0 * lagged(series, moments.mean, lag) / moments.m2;
        if lag as f64 >= WINDOW * time {
            break;
        }
    }
    Some(time.max(1.0 / series.len() as f64))
}

/// The effective number of samples, `n` over the integrated autocorrelation time; `None` as in
/// [`autocorrelation_time`].
pub fn effective_sample_size(series: &[f64]) -> Option<f64> {
    Some(series.len() as f64 / autocorrelation_time(series)?)
}

/// The integrated autocorrelation time in samples by batch means: block length times the variance
/// of block means over the variance of samples.
///
/// Right where blocks are much longer than the time itself; with `b` blocks its relative standard
/// error is `sqrt(2/(b-1))`. `None` below two blocks of two samples or for a constant quantity.
pub fn batch_autocorrelation_time(blocks: &[Moments]) -> Option<f64> {
    let used: Vec<&Moments> = blocks.iter().filter(|block| block.count > 1).collect();
    if used.len() < 2 {
        return None;
    }
    let means: Vec<f64> = used.iter().map(|block| block.mean).collect();
    let mut all = Moments::new();
    used.iter().for_each(|block| all.merge(block));
    let length = all.count as f64 / used.len() as f64;
    let time = length * Moments::of(&means).variance() / all.variance();
    time.is_finite().then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    // x' = r x + e with uniform e: rho(k) = r^k, so the time is (1 + r)/(1 - r).
    fn autoregressive(r: f64, n: usize) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut x = 0.0;
        (0..n)
            .map(|_| {
                x = r * x + rng.random::<f64>() - 0.5;
                x
            })
            .collect()
    }

    #[test]
    fn an_autoregressive_series_has_the_known_time() {
        let (r, n) = (0.9, 200_000);
        let series = autoregressive(r, n);
        // Sokal: the relative standard error is sqrt(2 (2W + 1)/n) with W = 5 * 19; four of them.
        let expected = (1.0 + r) / (1.0 - r);
        let tolerance = 4.0 * (2.0 * 191.0 / n as f64).sqrt();
        let time = autocorrelation_time(&series).unwrap();
        assert!((time / expected - 1.0).abs() < tolerance, "{time}");
        // Standard error of rho(1) is sqrt((1 - r^2)/n).
        let rho = lag_correlation(&series, 1).unwrap();
        assert!((rho - r).abs() < 4.0 * ((1.0 - r * r) / n as f64).sqrt());
        // 200 blocks: relative standard error 0.1.
        let blocks: Vec<Moments> = series.chunks(1000).map(Moments::of).collect();
        let batch = batch_autocorrelation_time(&blocks).unwrap();
        assert!((batch / expected - 1.0).abs() < 0.4, "{batch}");
    }

    #[test]
    fn constant_short_and_broken_series_have_no_time() {
        assert_eq!(autocorrelation_time(&[1.0; 50]), None);
        assert_eq!(autocorrelation_time(&[1.0, 2.0]), None);
        assert_eq!(autocorrelation_time(&[1.0, f64::NAN, 2.0, 3.0, 4.0]), None);
        assert_eq!(lag_correlation(&[1.0, 2.0], 2), None);
        assert_eq!(batch_autocorrelation_time(&[]), None);
    }
}
