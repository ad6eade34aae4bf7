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
/// `pi/2 - FRAC_PI_2`, rounded down, and what is missing then, rounded: all parts are positive, so
/// that the reduction keeps the sign of zero.
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

/// As [`SIN`] for `u <= (pi/4)^2`: 3e-18 (6e-18 rounded).
const SIN_QUARTER: [f64; 6] = [
    -0.16666666666666632,
    0.008333333333322411,
    -0.0001984126982980509,
    2.7557313690909166e-06,
    -2.5050757949128243e-08,
    1.589678561263571e-10,
];

/// As [`COS`] for `u <= (pi/4)^2`: 3e-20 (2e-18 rounded).
const COS_QUARTER: [f64; 7] = [
    -0.5,
    0.04166666666666649,
    -0.001388888888886388,
    2.4801587284993384e-05,
    -2.7557313334833786e-07,
    2.087560805448731e-09,
    -1.1354490391304828e-11,
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

/// `tan x`: sine over cosine of `x - n*pi/2`, or minus its reciprocal for odd `n`.
pub(super) fn tan(x: Number<'_>) -> Number<'_> {
    let (r, n) = reduce(x, FRAC_2_PI, FRAC_PI_2, &FRAC_PI_2_LOW);
    let u = r * r;
    let sine = r * u.fma(u.polynomial(&SIN_QUARTER), 1.0);
    let cosine = u.fma(u.polynomial(&COS_QUARTER), 1.0);
    // The lowest bit of n as the sign of a number: negative for odd n.
    let odd = (n.up(63) | 1.0_f64.to_bits() as i64).number().below(0.0);
    odd.pick(cosine, sine) / odd.pick(-sine, cosine)
}
