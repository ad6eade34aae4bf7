//! Sine, cosine and tangent: Cody-Waite reduction by fused products, then one polynomial.
//!
//! `x = n*pi + r` with `|r| <= pi/2` serves both sine and cosine, `(-1)^n` times the same function
//! of `r`: one reduction when both are asked, no quadrant to select. With `pi = HIGH + LOW` to
//! 2^-108, the first fused product is exact (for `|x| >= 2` both `x` and `n*HIGH` are multiples of
//! 2^-51 and their difference is below 2; for smaller `x` by Sterbenz's lemma) and the second
//! rounds once, so `r` is good to half an ulp and `n * 2^-108`: for `|x| <= 1e8` that is below
//! 2e-25, and shows only within 1e-9 of a zero. The tangent, which has poles too, takes a third
//! part.

use std::f64::consts::{FRAC_1_PI, FRAC_2_PI, FRAC_PI_2, PI};

use super::number::{Number, Whole};
use super::{MAGIC, power_of_two};

/// `pi - PI`, rounded.
const PI_LOW: f64 = 1.2246467991473532e-16;
/// `pi/2 - FRAC_PI_2`, rounded down, and what is missing then, rounded.
const FRAC_PI_2_LOW: [f64; 2] = [6.123233995736765e-17, 1.082856673921914e-32];

/// `sin(r)/r = 1 + u S(u)`, `u = r^2 <= (pi/2)^2`: minimax in the relative error of the sine,
/// 3e-19 (5e-18 with these rounded coefficients). One coefficient less would give 1.8e-16.
const SIN: [f64; 8] = [
    -0.16666666666666666,
    0.008333333333333194,
    -0.00019841269841209213,
    2.7557319211136322e-06,
    -2.5052106872725113e-08,
    1.605893970237721e-10,
    -7.642991404536941e-13,
    2.7211741230089995e-15,
];

/// `cos(r) = 1 + u C(u)`, `u = r^2 <= (pi/2)^2`: minimax in the absolute error, 4e-18 (3e-17
/// rounded).
const COS: [f64; 8] = [
    -0.49999999999999983,
    0.04166666666666437,
    -0.0013888888888785645,
    2.4801587279147735e-05,
    -2.7557316525106106e-07,
    2.0876567734806078e-09,
    -1.1463039205406467e-11,
    4.6102924116799065e-14,
];

/// `tan(r) = r - r u T(u)`, `u = r^2 <= (pi/4)^2`: minimax in the relative error, 1.2e-17 (2.3e-17
/// rounded).
const MINUS_TAN: [f64; 14] = [
    -0.33333333333332776,
    -0.1333333333341461,
    -0.053968253926671705,
    -0.021869489608948262,
    -0.008863219164491284,
    -0.003592289081414505,
    -0.0014547579204610601,
    -0.0005950650663647803,
    -0.00022237855501106048,
    -0.00013652854975619808,
    2.6390790244890684e-05,
    -8.945682009865795e-05,
    4.4879067114144044e-05,
    -2.0863877497947064e-05,
];

/// `(r, n)` with `x = n*(high + low...) + r` and `n` the nearest integer to `x*inverse`, in the low
/// bits of the second. From `|x| = 2^51` on, the first product overflows, which makes `r`
/// infinite: beyond the reduction no finite number comes out. (One operation; a comparison and a
/// selection would be three.)
fn reduce<'a>(x: Number<'a>, inverse: f64, high: f64, low: &[f64]) -> (Number<'a>, Whole<'a>) {
    let guarded = x * power_of_two(973);
    let shifted = guarded.fma(inverse * power_of_two(-973), MAGIC);
    let n = shifted - MAGIC;
    let r = n.fma(-high, x);
    let r = low.iter().fold(r, |r, &part| n.fma(-part, r));
    (r, shifted.bits())
}

/// `sin x`
pub(super) fn sin(x: Number<'_>) -> Number<'_> {
    let (r, n) = reduce(x, FRAC_1_PI, PI, &[PI_LOW]);
    let u = r * r;
    // The factor r last: it keeps the sign of zero.
    let sine = r * u.fma(u.polynomial(&SIN), 1.0);
    (sine.bits() ^ n.up(63)).number()
}

/// `cos x`
pub(super) fn cos(x: Number<'_>) -> Number<'_> {
    let (r, n) = reduce(x, FRAC_1_PI, PI, &[PI_LOW]);
    let u = r * r;
    let cosine = u.fma(u.polynomial(&COS), 1.0);
    (cosine.bits() ^ n.up(63)).number()
}

/// `tan x`: a polynomial in `x - n*pi/2`, or minus its reciprocal for odd `n`. Poles enlarge what
/// rounding takes from the remainder, so that it is kept.
pub(super) fn tan(x: Number<'_>) -> Number<'_> {
    let (first, bits) = reduce(x, FRAC_2_PI, FRAC_PI_2, &[]);
    let n = bits.number() - MAGIC;
    let [low, lower] = FRAC_PI_2_LOW;
    // Not fused: where first and n*low cancel, r is exact, and so is r - first.
    let r = first - n * low;
    // What r has too much; subtracted in the end, because a sum would lose the sign of zero.
    let excess = n.fma(lower, n.fma(low, r - first));
    let u = r * r;
    let tangent = r - (r * u).fma(u.polynomial(&MINUS_TAN), excess);
    // The lowest bit of n as the sign of a number: negative for odd n.
    let odd = (bits.up(63) | 1.0_f64.to_bits() as i64).number().below(0.0);
    odd.pick(-1.0, tangent) / odd.pick(tangent, 1.0)
}
