//! The survival `R_x` as a function of `s = a^2`: its Taylor coefficients, and mixtures of
//! Gaussians that stand for it.
//!
//! `r(s) = s sum_{m>=1} m exp(-s m^2/2)` holds for `Re s > 0`. At 0 it has, from the right, the
//! asymptotic series `1 - sum_j c_j s^j` with `c_j = |B_2j|/(2j 2^(j-1) (j-1)!)` and the Bernoulli
//! numbers `B_2j` (Euler-Maclaurin): for polynomials it is finite, so exact. It is also the series
//! of a mixture of Gaussians of variance t whose moments are `E[t^j] = B_2j`. That mixture has
//! either signs (t > 0) or negative variances:
//! `B_2j = (-1)^(j-1) pi int_0^inf y^(2j) csch^2(pi y) dy`, which sums the series of what grows, like
//! an exponential (`s < 0`), where the convolution itself diverges.

use rustfft::num_complex::Complex64;

/// Where the series is used for oscillations: 24 terms err by less than 1e-16.
const SERIES: f64 = 0.25;
/// The largest `|s|` for which the series stands where the sum does not converge: the least term
/// is 1e-15. At `s = -1/2`, an exponential that grows by `exp(0.7)` in one length, it is 1.04.
pub(super) const LARGEST: f64 = 0.5;
const TERMS: usize = 24;

/// Bernoulli numbers `|B_2|`, `|B_4|`, ... From the next on, ratios are `2j (2j - 1)/(2 pi)^2` to
/// 1e-9.
const BERNOULLI: [f64; 14] = [
    1.0 / 6.0,
    1.0 / 30.0,
    1.0 / 42.0,
    1.0 / 30.0,
    5.0 / 66.0,
    691.0 / 2730.0,
    7.0 / 6.0,
    3617.0 / 510.0,
    43867.0 / 798.0,
    174_611.0 / 330.0,
    854_513.0 / 138.0,
    236_364_091.0 / 2730.0,
    8_553_103.0 / 6.0,
    23_749_461_029.0 / 870.0,
];

/// `c_1`, `c_2`, ...: the series is `1 - sum_j c_j s^j`.
pub(super) fn series() -> [f64; TERMS] {
    let (mut bernoulli, mut halves) = (0.0, 1.0);
    std::array::from_fn(|at| {
        let j = (at + 1) as f64;
        bernoulli = match BERNOULLI.get(at) {
            Some(number) => *number,
            None => bernoulli * 2.0 * j * (2.0 * j - 1.0) / std::f64::consts::TAU.powi(2),
        };
        halves *= if at > 0 { 2.0 * (j - 1.0) } else { 1.0 };
        bernoulli / (2.0 * j * halves)
    })
}

/// The Taylor coefficients `r^(n)(s)/n!` for `n = 0 .. order`; `None` where `r` has no meaning: far
/// from 0 in the left half of the plane, and near the imaginary axis, its natural boundary.
pub(super) fn taylor(s: Complex64, order: usize) -> Option<Vec<Complex64>> {
    let oscillates = s.im == 0.0 && s.re >= 0.0;
    if s.norm() <= if oscillates { SERIES } else { LARGEST } {
        return Some(by_series(s, order));
    }
    (s.re >= if oscillates { SERIES } else { LARGEST }).then(|| by_sum(s, order))
}

fn by_series(s: Complex64, order: usize) -> Vec<Complex64> {
    let series = series();
    let coefficient = |n: usize| {
        let (mut sum, mut power, mut choose) = (Complex64::ZERO, Complex64::ONE, 1.0);
        for j in n..=TERMS {
            if j > n {
                choose *= j as f64 / (j - n) as f64;
                power *= s;
            }
            if j > 0 {
                sum -= series[j - 1] * choose * power;
            }
        }
        if n == 0 { 1.0 + sum } else { sum }
    };
    (0..=order).map(coefficient).collect()
}

fn by_sum(s: Complex64, order: usize) -> Vec<Complex64> {
    // exp(-s m^2/2) is below 1e-300 beyond, and below 1e-16 times its factors long before.
    let last = (26.0 / s.re.sqrt()).min(60.0).ceil() as usize + 1;
    let power_sum = |n: i32| -> Complex64 {
        let term = |m: f64| (-0.5 * s * m * m).exp() * m.powi(2 * n + 1);
        (1..=last).rev().map(|m| term(m as f64)).sum()
    };
    let (mut before, mut factor) = (Complex64::ZERO, 1.0);
    let coefficient = |n: usize| {
        factor *= if n > 0 { -0.5 / n as f64 } else { 1.0 };
        let sum = power_sum(n as i32);
        let value = factor * (s * sum - 2.0 * n as f64 * before);
        before = sum;
        value
    };
    (0..=order).map(coefficient).collect()
}

/// A mixture `sum_j weight_j exp(-variance_j s/2)` that stands for `r(s)`: weights and variances.
pub(super) type Mixture = [(f64, f64)];

/// Within 7.6e-6 of `r` for all `s >= 0`, with the first four moments of `r`: the minimax fit of
/// weights (a linear programme over 1,000 points of `a` up to 40, then moved to exact moments) for
/// variances in geometric progression, whose ends were scanned.
pub(super) const BROAD: [(f64, f64); 12] = [
    (14.752_157_926_482_836, 0.95),
    (-29.032_084_951_534_962, 1.18),
    (37.142_496_884_979_21, 1.46),
    (-58.360_083_389_598, 1.81),
    (82.051_772_172_613_6, 2.24),
    (-96.204_790_565_536_88, 2.77),
    (95.173_343_128_063_47, 3.43),
    (-70.431_585_806_164_68, 4.25),
    (34.887_577_027_557_894, 5.26),
    (-10.722_069_527_651_974, 6.52),
    (1.885_376_965_446_455_7, 8.07),
    (-0.142_109_864_656_971_84, 10.0),
];

/// For what changes little in a length, and for what grows: the Gauss rule of four points for
/// `pi csch^2(pi y) dy` in `y^2`, whose moments `|B_2j|` it has up to `j = 8`. The variances are
/// `-y^2`, and the first member is what is left for V itself.
pub(super) const GENTLE: [(f64, f64); 5] = [
    (2.828_968_253_968_254, 0.0),
    (-1.799_563_623_643_726_5, -0.078_773_002_679_581_48),
    (-0.029_179_933_311_990_566, -0.830_483_827_171_760_2),
    (-0.000_224_479_570_490_156_54, -3.004_009_157_822_933),
    (-2.174_420_467_297_850_4e-7, -8.439_675_188_796_313),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::transfer::survival_x;

    fn real(s: f64) -> Complex64 {
        Complex64::new(s, 0.0)
    }

    fn mixed(mixture: &Mixture, s: f64) -> f64 {
        mixture.iter().map(|(w, t)| w * (-0.5 * s * t).exp()).sum()
    }

    /// `E[t^j] = B_2j`, with alternating signs.
    fn moment(mixture: &Mixture, j: i32) -> f64 {
        mixture.iter().map(|(w, t)| w * t.powi(j)).sum()
    }

    fn bernoulli(j: i32) -> f64 {
        match j {
            0 => 1.0,
            _ => BERNOULLI[j as usize - 1] * if j % 2 == 1 { 1.0 } else { -1.0 },
        }
    }

    #[test]
    fn the_series_and_the_sum_agree_where_they_meet() {
        for s in [SERIES, 0.3] {
            let (low, high) = (by_series(real(s), 6), by_sum(real(s), 6));
            for (n, (low, high)) in low.iter().zip(&high).enumerate() {
                // The sum loses s^-n to cancellation, the series is far better.
                let bound = 1e-14 * s.powi(-(n as i32));
                assert!((low - high).norm() < bound, "{s} {n}: {low} {high}");
            }
        }
        for a in [0.0, 0.02, 0.3, 0.5, 0.6, 1.0, 3.0, 7.0] {
            let r = taylor(real(a * a), 0).unwrap()[0];
            assert!((r.re - survival_x(a)).abs() < 1e-14 && r.im == 0.0, "{a}");
        }
    }

    #[test]
    fn the_coefficients_are_derivatives() {
        for s in [0.01, 0.1, 0.24, 0.26, 1.0, 4.0] {
            let r = taylor(real(s), 8).unwrap();
            let h = 0.004;
            let there = taylor(real(s + h), 0).unwrap()[0].re;
            let expanded: f64 = (0..=8).rev().fold(0.0, |sum, n| sum * h + r[n].re);
            assert!((expanded - there).abs() < 1e-13, "{s}");
        }
    }

    /// For `s < 0` the series sums to `1 + pi int csch^2(pi y) (1 - exp(s y^2/2)) dy`.
    #[test]
    fn what_grows_has_the_sum_of_its_series() {
        let h = 1e-3;
        for s in [-0.05_f64, -0.2, -0.5] {
            let integrand = |y: f64| {
                let sinh = (std::f64::consts::PI * y).sinh();
                std::f64::consts::PI * (-(0.5 * s * y * y).exp_m1()) / (sinh * sinh)
            };
            // The mid-point rule of an even analytic function.
            let sum: f64 = (0..10_000).map(|i| integrand((i as f64 + 0.5) * h)).sum();
            let r = taylor(real(s), 0).unwrap()[0].re;
            assert!((r - 1.0 - sum * h).abs() < 1e-11, "{s}: {r}");
            assert!((mixed(&GENTLE, s) - r).abs() < 2e-11);
        }
        assert!(taylor(real(-0.6), 2).is_none());
        assert!(taylor(Complex64::new(0.1, 3.0), 2).is_none());
        assert!(taylor(Complex64::new(f64::NAN, 0.0), 2).is_none());
    }

    #[test]
    fn the_mixtures_have_the_moments_of_the_kernel() {
        for j in 0..=4 {
            let size: f64 = BROAD.iter().map(|(w, t)| (w * t.powi(j)).abs()).sum();
            let error = moment(&BROAD, j) - bernoulli(j);
            assert!(error.abs() < 4.0 * f64::EPSILON * size, "{j}: {error:e}");
        }
        for j in 0..=8 {
            let error = moment(&GENTLE, j) / bernoulli(j) - 1.0;
            assert!(error.abs() < 1e-13, "{j}: {error:e}");
        }
    }

    #[test]
    fn the_broad_mixture_is_near_the_survival_everywhere() {
        // Between points 1e-3 apart r and the mixture, whose slopes are below 1 and 100, err by
        // less than the fit's own error only because the difference has small slope; it is
        // bounded by what the second difference of these points shows.
        let errors: Vec<f64> = (0..40_000)
            .map(|i| f64::from(i) * 1e-3)
            .map(|a| mixed(&BROAD, a * a) - survival_x(a))
            .collect();
        let largest = errors.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
        let between = errors.windows(2).map(|w| (w[1] - w[0]).abs());
        let between = between.fold(0.0, f64::max);
        assert!(largest + between < 7.8e-6, "{largest:e} {between:e}");
        // Beyond a = 40 both are below exp(-700).
    }
}
