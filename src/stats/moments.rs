//! The first four central moments of a stream.

/// Count, mean and sums of powers of deviations from the mean.
///
/// `m2`, `m3`, `m4` are the sums `sum (x - mean)^k`, not divided by the count. Updating and
/// merging follow Pébay (2008), "Formulas for robust, one-pass parallel computation of
/// covariances and arbitrary-order statistical moments". The mean carries a compensation term, so
/// that 1e13 samples, in blocks or one by one, leave it accurate to rounding; the higher sums
/// grow without cancellation and lose about `sqrt(count)` roundings of relative size
/// `1e-16`.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Moments {
    /// The number of samples.
    pub count: u64,
    /// Their mean; 0 where there is none.
    pub mean: f64,
    /// The sum of squared deviations.
    pub m2: f64,
    /// The sum of cubed deviations.
    pub m3: f64,
    /// The sum of fourth powers of deviations.
    pub m4: f64,
    /// The part of the mean that rounding took away: the mean is `mean + low`.
    pub low: f64,
}

impl Moments {
    /// No samples yet.
    pub fn new() -> Moments {
        Moments::default()
    }

    /// The moments of a slice in two passes: more accurate and faster than pushing one by one.
    pub fn of(samples: &[f64]) -> Moments {
        if samples.is_empty() {
            return Moments::default();
        }
        let count = samples.len() as f64;
        let rough = samples.iter().sum::<f64>() / count;
        let shift = samples.iter().map(|x| x - rough).sum::<f64>() / count;
        let mean = rough + shift;
        let (mut m2, mut m3, mut m4) = (0.0, 0.0, 0.0);
        for x in samples {
            let d = x - mean;
            let d2 = d * d;
            m2 += d2;
            m3 += d2 * d;
            m4 += d2 * d2;
        }
        let low = shift - (mean - rough);
        Moments {
            count: samples.len() as u64,
            mean,
            m2,
            m3,
            m4,
            low,
        }
    }

    /// Adds one sample. NaN is taken in and stays visible as a NaN mean.
    pub fn push(&mut self, x: f64) {
        let one = Moments {
            count: 1,
            mean: x,
            ..Moments::default()
        };
        self.merge(&one);
    }

    /// Adds the samples of `other`, as if they had been pushed here.
    pub fn merge(&mut self, other: &Moments) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (na, nb) = (self.count as f64, other.count as f64);
        let n = na + nb;
        let (fa, fb) = (na / n, nb / n);
        let d = (other.mean - self.mean) + (other.low - self.low);
        let d2 = d * d;
        let cross = d2 * na * fb;
        self.m4 += other.m4
            + d2 * cross * (fa * fa - fa * fb + fb * fb)
            + 6.0 * d2 * (fa * fa * other.m2 + fb * fb * self.m2)
            + 4.0 * d * (fa * other.m3 - fb * self.m3);
        self.m3 += other.m3 + d * cross * (fa - fb) + 3.0 * d * (fa * other.m2 - fb * self.m2);
        self.m2 += other.m2 + cross;
        self.count += other.count;
        let step = d * fb + self.low;
        let mean = self.mean + step;
        self.low = if mean.is_finite() {
            step - (mean - self.mean)
        } else {
            0.0
        };
        self.mean = mean;
    }

    /// The variance with denominator `count - 1`; NaN below two samples.
    pub fn variance(&self) -> f64 {
        if self.count < 2 {
            return f64::NAN;
        }
        self.m2 / (self.count - 1) as f64
    }

    /// The standardised third moment `sqrt(n) m3 / m2^1.5`; NaN where the variance is zero.
    pub fn skewness(&self) -> f64 {
        (self.count as f64).sqrt() * self.m3 / self.m2.powf(1.5)
    }

    /// The standardised fourth moment less 3, `n m4 / m2^2 - 3`: 0 for a normal distribution,
    /// NaN where the variance is zero.
    pub fn excess_kurtosis(&self) -> f64 {
        self.count as f64 * self.m4 / (self.m2 * self.m2) - 3.0
    }

    /// The mean of squares, `E[x^2]`; NaN without samples.
    pub fn mean_square(&self) -> f64 {
        self.mean * self.mean + self.m2 / self.count as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Central sums of 0..n by exact integer arithmetic (n odd, so that the mean is an integer).
    fn exact(n: i128) -> (f64, f64, f64) {
        let mean = (n - 1) / 2;
        let sum = |k: u32| (0..n).map(|i| (i - mean).pow(k)).sum::<i128>() as f64;
        ((n - 1) as f64 / 2.0, sum(2), sum(4))
    }

    #[test]
    fn push_merge_and_slice_agree_with_integers() {
        // Arithmetic on a few thousand integers: only roundings of 1e-16 each, so 1e-12.
        let samples: Vec<f64> = (0..2001).map(f64::from).collect();
        let (mean, m2, m4) = exact(2001);
        let mut pushed = Moments::new();
        samples.iter().for_each(|&x| pushed.push(x));
        let mut merged = Moments::new();
        samples
            .chunks(17)
            .for_each(|part| merged.merge(&Moments::of(part)));
        for m in [pushed, merged, Moments::of(&samples)] {
            assert_eq!(m.count, 2001);
            assert!((m.mean - mean).abs() < 1e-12 * mean);
            assert!((m.m2 - m2).abs() < 1e-12 * m2);
            assert!((m.m4 - m4).abs() < 1e-12 * m4);
            assert!(m.skewness().abs() < 1e-12);
            // Discrete uniform: -6 (n^2 + 1) / (5 (n^2 - 1)).
            let n2 = 2001.0_f64 * 2001.0;
            let uniform = -1.2 * (n2 + 1.0) / (n2 - 1.0);
            assert!((m.excess_kurtosis() - uniform).abs() < 1e-12);
        }
    }

    #[test]
    fn skewness_of_a_known_set() {
        // {0, 0, 3}: mean 1, m2 = 6, m3 = 1 + 1 ... = -1 -1 + 8 = 6, so sqrt(3) 6 / 6^1.5.
        let m = Moments::of(&[0.0, 0.0, 3.0]);
        assert!((m.skewness() - 3f64.sqrt() * 6.0 / 6f64.powf(1.5)).abs() < 1e-15);
        assert!((m.variance() - 3.0).abs() < 1e-15);
    }

    #[test]
    fn ten_million_million_samples_keep_their_accuracy() {
        // Merging with itself doubles the count and leaves mean and moments as they are.
        let mut m = Moments::of(&[0.1, 0.2, 0.4, 0.8, 1.6]);
        let first = m;
        for _ in 0..42 {
            let twin = m;
            m.merge(&twin);
        }
        assert_eq!(m.count, 5 << 42);
        assert!((m.mean - first.mean).abs() < 1e-15);
        assert!((m.excess_kurtosis() - first.excess_kurtosis()).abs() < 1e-12);
        // One more block moves the mean by far less than its last digit; the compensation keeps
        // what 1000 of them add up to: 1000 * 1e9 * (1e6 - mean) / count.
        let block = Moments {
            count: 1_000_000,
            mean: 1.0,
            ..Moments::default()
        };
        let (n, before) = (m.count as f64, m.mean);
        (0..1000).for_each(|_| m.merge(&block));
        let expected = (before * n + 1e9) / (n + 1e9);
        assert!((m.mean - expected).abs() < 2.0 * f64::EPSILON * expected);
    }

    #[test]
    fn nothing_and_nan_are_visible() {
        assert!(Moments::new().variance().is_nan());
        let mut m = Moments::of(&[1.0]);
        m.push(f64::NAN);
        assert!(m.mean.is_nan());
    }
}
