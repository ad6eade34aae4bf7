//! The exponential and its kin: `x = n*ln 2 + r`, `|r| <= (ln 2)/2`, one polynomial, and `2^n`
//! from the bits of the sum that rounded `n`.
//!
//! `LN2_HIGH` has 11 trailing zeros, so `n*LN2_HIGH` is exact for `|n| <= 2^11`, fused or not.

use std::f64::consts::{LN_2, LOG2_E};

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

/// `exp(x) = 2^n exp(r)`, with both factors where they can be represented: `2 exp(r)` is kept so
/// that the power is `2^(n-1)` (or less), which is finite whenever the product is.
struct Parts<'a> {
    /// `r`
    rest: Number<'a>,
    /// `2 (exp(r) - 1)/r`
    slope: Number<'a>,
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
        slope: rest.fma(rest.polynomial(&TWICE_EXP), 2.0),
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
        self.rest.fma(self.slope, 2.0) * self.power
    }

    /// The product less one, where the power has one halving.
    fn less_one(self) -> Number<'a> {
        // 2^(n-1) - 1/2, which is 0 for small x.
        let half = self.power - 0.5;
        (self.rest * self.slope).fma(self.power, half) + half
    }
}

/// `exp x`. Results below 2^-1021.5 are 0.
pub(super) fn exp(x: Number<'_>) -> Number<'_> {
    parts(clamped(x), 1, None).product()
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

/// `tanh x`: `t/(t + 2)` with `t = exp(2|x|) - 1`; from 20 on it is 1.
pub(super) fn tanh(x: Number<'_>) -> Number<'_> {
    let a = x.abs().at_most(20.0);
    let t = parts(a + a, 1, None).less_one();
    (t / (t + 2.0)).copysign(x)
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
