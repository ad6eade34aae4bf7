//! The exponential and its kin: `x = n*ln 2 + r`, `|r| <= (ln 2)/2`, one polynomial, and `2^n`
//! from the bits of the sum that rounded `n`.
//!
//! `LN2_HIGH` has 11 trailing zeros, so `n*LN2_HIGH` is exact for `|n| <= 2^11`, fused or not.

use std::f64::consts::{LN_2, LOG2_E, SQRT_2};

use super::MAGIC;
use super::number::Number;

/// `ln 2` in two parts, together good to 2^-102.
pub(super) const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fefa_3800);
pub(super) const LN2_LOW: f64 = 5.497923018708371e-14;

/// `exp(r) = 1 + r + r^2 E(r)`, `|r| <= (ln 2)/2`: minimax in the error of the exponential,
/// 3e-18 (1e-17 rounded), here doubled: see [`Parts`].
const TWICE_EXP: [f64; 10] = doubled([
    0.5000000000000012,
    0.166666666666667,
    0.04166666666651542,
    0.008333333333307148,
    0.0013888888947016199,
    0.00019841269917509537,
    2.480148994142492e-05,
    2.7557216193028082e-06,
    2.763128072396285e-07,
    2.5117893222151122e-08,
]);

const fn doubled<const N: usize>(mut coefficients: [f64; N]) -> [f64; N] {
    let mut at = 0;
    while at < N {
        coefficients[at] *= 2.0;
        at += 1;
    }
    coefficients
}

/// `2^(r + 1/2)`, `|r| <= 1/2`: minimax in the relative error, 2.1e-16 (2.3e-16 rounded). From 1 on
/// and below 2, also as it is computed.
const SHORT: [f64; 11] = [
    SQRT_2,
    0.9802581434685536,
    0.3397315841830565,
    0.0784946632407077,
    0.013602088629237967,
    0.001885649888152343,
    0.00021783880979446224,
    2.1570515970466882e-05,
    1.8689769618363637e-06,
    1.443705279212166e-07,
    9.952215187242476e-09,
];

/// `exp(x) = 2^n exp(r)`, with both factors where they can be represented: `2 exp(r)` is kept so
/// that the power is `2^(n-1)` (or less), which is finite whenever the product is.
struct Parts<'a> {
    /// `r`
    rest: Number<'a>,
    /// `2 E(r)`
    series: Number<'a>,
    /// `2^(n - halvings)`
    power: Number<'a>,
}

/// The parts of `exp(x + tail)` for `n - halvings` from -1023 (whose bits are those of 0) to 1023.
fn parts<'a>(x: Number<'a>, halvings: i32, tail: Option<Number<'a>>) -> Parts<'a> {
    let offset = MAGIC + (1023.0 - f64::from(halvings));
    let shifted = x.fma(LOG2_E, offset);
    let n = shifted - offset;
    let r = n.fma(-LN2_HIGH, x);
    let r = n.fma(-LN2_LOW, r);
    let rest = match tail {
        Some(tail) => r + tail,
        None => r,
    };
    Parts {
        rest,
        series: rest.polynomial(&TWICE_EXP),
        power: shifted.bits().up(52).number(),
    }
}

/// The largest argument of [`parts`], a tenth inside of where `n` would round to the next: the
/// product overflows there.
fn top(halvings: i32) -> f64 {
    (f64::from(halvings) + 1023.4) * LN_2
}

/// `x` clamped to the arguments of [`parts`] with one halving: to where the product is 0, and
/// where it overflows.
fn clamped(x: Number<'_>) -> Number<'_> {
    x.at_least((1.0 - 1023.4) * LN_2).at_most(top(1))
}

impl<'a> Parts<'a> {
    /// `exp(x)`, or half of it with two halvings.
    fn product(self) -> Number<'a> {
        let slope = self.rest.fma(self.series, 2.0);
        self.rest.fma(slope, 2.0) * self.power
    }

    /// The product less one, where the power has one halving.
    fn less_one(self) -> Number<'a> {
        // 2^(n-1) - 1/2, which is 0 for small x.
        let half = self.power - 0.5;
        // 2 (exp(r) - 1), with r itself in the leading part.
        let twice = self.rest + self.rest;
        let rise = self.rest.fma(self.rest * self.series, twice);
        rise.fma(self.power, half) + half
    }
}

/// `exp x`. Results below 2^-1021.5 are 0.
pub(super) fn exp(x: Number<'_>) -> Number<'_> {
    parts(clamped(x), 1, None).product()
}

/// The exponents of [`exp_short`]: at the first the result is 0, at the second it overflows.
pub(in crate::kernel) const EXPONENTS: [f64; 2] = [-1023.0, 1024.0];
/// A whole number of [`EXPONENTS`] plus this has the bits of its power of two in the lowest 12.
pub(in crate::kernel) const EXPONENT_OFFSET: f64 = MAGIC + 1023.0;

/// `exp x` for step loops, `2^n 2^(r + 1/2)` with `n + r = x/ln 2 - 1/2`: this is rounded, which costs
/// at most what rounding x to a number may have; the polynomial is off by 2.3e-16. It lies between
/// 1 and 2, so that the power overflows or is below all normal numbers only where the product is.
/// Results below 2^-1022 are 0.
///
/// AVX-512 has one instruction for `r` and one for the product with the power, which its code
/// generator finds in this shape.
pub(super) fn exp_short(x: Number<'_>) -> Number<'_> {
    let [least, most] = EXPONENTS;
    let z = x.fma(LOG2_E, -0.5).at_least(least).at_most(most);
    let n = z.nearest();
    let power = (n + EXPONENT_OFFSET).bits().up(52).number();
    (z - n).polynomial(&SHORT) * power
}

/// `exp(x)` for `|x| <= 700`.
pub(super) fn exp_within(x: Number<'_>) -> Number<'_> {
    parts(x, 1, None).product()
}

/// `exp(x + tail)` for a `tail` below an ulp of `x`, with the range of [`exp`].
pub(super) fn exp_with_tail<'a>(x: Number<'a>, tail: Number<'a>) -> Number<'a> {
    parts(clamped(x), 1, Some(tail)).product()
}

/// `exp(x)/2`, finite up to 710.4. For `x >= 0`.
fn half_exp(x: Number<'_>) -> Number<'_> {
    parts(x.at_most(top(2)), 2, None).product()
}

/// `exp(x) - 1`
pub(super) fn expm1(x: Number<'_>) -> Number<'_> {
    let value = parts(clamped(x), 1, None).less_one();
    // The sign of zero.
    x.equals(0.0).pick(x, value)
}

/// `tanh(h) = h + h u T(u)`, `u = h^2`, `|h| <= atanh(1/2)`: minimax in the relative error, 2e-17
/// (2.5e-17 rounded).
const TANH: [f64; 10] = [
    -0.3333333333333233,
    0.13333333333171676,
    -0.05396825387754746,
    0.021869486010197406,
    -0.008863194984289122,
    0.003591723614259931,
    -0.001453236358722713,
    0.0005791959152657883,
    -0.000210399881473405,
    5.108976011430063e-05,
];

/// Up to here a hyperbolic tangent, 1/2 at most, is the polynomial.
const ATANH_HALF: f64 = 0.5493;

/// `tanh x`: the polynomial, `t`, up to 1/2. Above, `|x| = n (ln 2)/2 + h` and
/// `exp(2|x|) = 2^n (1 + t)/(1 - t)`, which makes `1 - 2/(exp(2|x|) + 1)` one quotient. From 20 on
/// it is 1.
pub(super) fn tanh(x: Number<'_>) -> Number<'_> {
    let a = x.abs().at_most(20.0);
    let near = a.below(ATANH_HALF);
    let offset = MAGIC + 1023.0;
    let shifted = a.fma(2.0 * LOG2_E, offset);
    let n = near.pick(0.0, shifted - offset);
    let h = n.fma(-0.5 * LN2_HIGH, a);
    let h = n.fma(-0.5 * LN2_LOW, h);
    let u = h * h;
    let t = (h * u).fma(u.polynomial(&TANH), h);
    let power = shifted.bits().up(52).number();
    let below = t.fma(power - 1.0, power + 1.0);
    let far = t.fma(2.0, -2.0) / below + 1.0;
    near.pick(t, far).copysign(x)
}

/// `sinh(a) = a + a u S(u)`, `u = a^2 <= 1`: 9e-20 (1e-17 rounded).
const SINH: [f64; 7] = [
    0.16666666666666669,
    0.008333333333333139,
    0.00019841269841437684,
    2.7557319155335837e-06,
    2.5052123398745496e-08,
    1.6057240325212464e-10,
    7.759312716045403e-13,
];

/// `sinh x`: a polynomial up to 1, where the exponentials would cancel.
pub(super) fn sinh(x: Number<'_>) -> Number<'_> {
    let a = x.abs();
    let u = a * a;
    let near = (a * u).fma(u.polynomial(&SINH), a);
    let half = half_exp(a);
    let far = half - 0.25 / half;
    a.below(1.0).pick(near, far).copysign(x)
}

/// `cosh x`
pub(super) fn cosh(x: Number<'_>) -> Number<'_> {
    let half = half_exp(x.abs());
    half + 0.25 / half
}
