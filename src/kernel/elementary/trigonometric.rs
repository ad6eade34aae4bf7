//! Sine, cosine and tangent: Cody-Waite reduction by fused products, then one polynomial.
//!
//! `x = n*pi + r` with `|r| <= pi/2` serves both sine and cosine, `(-1)^n` times the same function
//! of `r`: one reduction when both are asked, no quadrant to select. With `pi = HIGH + LOW` to
//! 2^-108, the first fused product is exact (for `|x| >= 2` both `x` and `n*HIGH` are multiples of
//! 2^-51 and their difference is below 2; for smaller `x` by Sterbenz's lemma) and the second
//! rounds once, so `r` is good to half an ulp and `n * 2^-108`: for `|x| <= 1e8` that is below
//! 2e-25, and shows only within 1e-9 of a zero. The tangent, which has poles too, takes a third
//! part.
//!
//! Where a product `k*x` with an invariant k may be rounded, `c = k/pi` takes its place: the
//! fraction `f = c*x - n` of half turns is one fused product, and its sine a polynomial in `f`.
//! Errors, with `h = 2^-53`: that of c and the rounding of k*x that it replaces are one, `h |k*x|`.
//! Of the sine: polynomial 1.0h, f 0.6h, f^2 0.5h, the steps of Horner's scheme 1.0h, 0.5h and
//! 0.1h, last product 0.5h; of the cosine: f 0.8h, f^2 0.4h, the steps 0.5h, 1.0h and 0.3h. That is
//! less than 4h, 4.4e-16, for each (3.6h and 3.0h where all are at their largest).

use std::f64::consts::{FRAC_1_PI, FRAC_2_PI, FRAC_PI_2, PI};

use super::Angle;
use super::number::{Number, Whole, with};
use super::{MAGIC, power_of_two};
use crate::kernel::{LaneBuilder, Value};

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

/// `1/pi - FRAC_1_PI`, rounded.
const FRAC_1_PI_LOW: f64 = -1.9678676675182486e-17;

/// `sin(pi f)/f = PI + u S(u)`, `u = f^2 <= 1/4`: nearly minimax in the absolute error of the sine,
/// 1.1e-16 with these rounded coefficients.
const SIN_TURNS: [f64; 7] = [
    -5.1677127800496905,
    2.5501640398552374,
    -0.5992645286717426,
    0.08214587714369341,
    -0.0073703549374415,
    0.0004659607332988584,
    -2.1104569267292803e-05,
];

/// `cos(pi f) = 1 + u C(u)`, `u = f^2 <= 1/4`: nearly minimax in the absolute error, 5e-18 with
/// these rounded coefficients.
const COS_TURNS: [f64; 8] = [
    -4.934802200544677,
    4.058712126416505,
    -1.3352627688432201,
    0.23533063012129907,
    -0.025806888638254668,
    0.0019295557016415312,
    -0.00010456494024591387,
    4.147776393500464e-06,
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

/// `coefficient/pi` times the product of these powers, rounded once (but for 1e-31) where the
/// coefficient is exact.
pub(super) fn half_turns(b: &mut LaneBuilder, coefficient: f64, powers: &[(Value, i32)]) -> Value {
    let (mut high, mut low) = (b.constant(FRAC_1_PI), b.constant(FRAC_1_PI_LOW));
    let coefficient = b.constant(coefficient);
    let all = [(coefficient, 1)].into_iter().chain(powers.iter().copied());
    for (value, exponent) in all {
        for _ in 0..exponent.unsigned_abs() {
            let first = match exponent > 0 {
                true => b.mul(high, value),
                false => b.div(high, value),
            };
            // What the first rounded away, and the low part.
            if exponent > 0 {
                let minus = b.neg(first);
                let lost = b.fma(high, value, minus);
                low = b.fma(low, value, lost);
            } else {
                let minus = b.neg(first);
                let lost = b.fma(minus, value, high);
                let lost = b.add(lost, low);
                low = b.div(lost, value);
            }
            high = first;
        }
    }
    b.add(high, low)
}

/// `(f, n)` with the angle `n + f` half turns and `n` the nearest integer, in the low bits of the
/// second.
fn reduce_turns<'a>([x, scale]: [Number<'a>; 2]) -> (Number<'a>, Whole<'a>) {
    let shifted = x.fma(scale, MAGIC);
    let back = MAGIC - shifted;
    (x.fma(scale, back), shifted.bits())
}

/// The sine of an angle.
pub(super) fn sin_turns(b: &mut LaneBuilder, angle: Angle) -> Value {
    with(b, angle.parts(), |angle| {
        let (f, n) = reduce_turns(angle);
        let u = f * f;
        let sine = f * u.fma(u.polynomial(&SIN_TURNS), PI);
        (sine.bits() ^ n.up(63)).number()
    })
}

/// The cosine of an angle.
pub(super) fn cos_turns(b: &mut LaneBuilder, angle: Angle) -> Value {
    with(b, angle.parts(), |angle| {
        let (f, n) = reduce_turns(angle);
        let u = f * f;
        let cosine = u.fma(u.polynomial(&COS_TURNS), 1.0);
        (cosine.bits() ^ n.up(63)).number()
    })
}
