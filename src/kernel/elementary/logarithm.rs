//! Logarithms: `x = 2^k m` with `sqrt(1/2) <= m < sqrt(2)`, `s = (m - 1)/(m + 1)` and
//! `log m = 2 atanh s`; in one precision, and in two for powers and other bases.

use super::exponential::{LN2_HIGH, LN2_LOW};
use super::number::{Number, Whole};
use super::{MAGIC, power_of_two};

/// `2 atanh(s) = 2s + s z L(z)`, `z = s^2`, `|s| <= 3 - 2 sqrt(2)`: minimax in the error relative
/// to `s`, 2e-18 (4e-18 rounded).
const LOG: [f64; 7] = [
    0.6666666666666734,
    0.3999999999941399,
    0.28571428742558774,
    0.22222198554023376,
    0.18183565400002522,
    0.1531402118160146,
    0.1479626167433497,
];

/// `2 atanh(s) = 2s + (2/3) s z + s z^2 P(z)`: 2e-22 relative to `s` (2e-20 rounded).
const LOG_TAIL: [f64; 8] = [
    0.3999999999999999,
    0.28571428571438995,
    0.22222222218775906,
    0.18181818739977348,
    0.15384564651867821,
    0.13336051267844154,
    0.11679682817512481,
    0.11952165532882314,
];

/// `2/3` and `log10(e)` in two parts.
const TWO_THIRDS: [f64; 2] = [0.6666666666666666, 3.700743415417188e-17];
const LOG10_E: [f64; 2] = [std::f64::consts::LOG10_E, 1.098319650216765e-17];

/// The bits of `sqrt(1/2)`, rounded up.
const SQRT_HALF: i64 = 0x3fe6_a09e_667f_3bcd;
/// The exponent of 1 and the mask of the fraction.
const ONE: i64 = 1023 << 52;
const FRACTION: i64 = (1 << 52) - 1;

/// `2^k m`, for a positive and finite number.
pub(super) struct Binary<'a> {
    /// `k`
    pub(super) exponent: Number<'a>,
    /// `k + 1023`, or 54 more for a subnormal number
    biased: Whole<'a>,
    /// `m`, from `sqrt(1/2)` to `sqrt(2)`
    pub(super) fraction: Number<'a>,
}

/// Splits a positive and finite number; others give something.
pub(super) fn split(x: Number<'_>) -> Binary<'_> {
    let tiny = x.below(f64::MIN_POSITIVE);
    let normal = tiny.pick(x * power_of_two(54), x);
    // Moved so that the exponent steps at sqrt(1/2) and not at 1.
    let moved = normal.bits() + (ONE - SQRT_HALF);
    let biased = moved.down(52);
    let integer = (biased | MAGIC.to_bits() as i64).number();
    Binary {
        exponent: integer - tiny.pick(MAGIC + 1077.0, MAGIC + 1023.0),
        biased,
        fraction: ((moved & FRACTION) + SQRT_HALF).number(),
    }
}

/// `k ln 2 + log(1 + f)` for `sqrt(1/2) <= 1 + f < sqrt(2)`.
fn log_of<'a>(k: Number<'a>, f: Number<'a>) -> Number<'a> {
    let s = f / (f + 2.0);
    let z = s * s;
    // 2s = f - s f, so that f itself, which is exact, carries the leading digits.
    let half_square = 0.5 * f * f;
    let rest = z.fma(z.polynomial(&LOG), half_square);
    let small = half_square - s.fma(rest, k * LN2_LOW);
    k.fma(LN2_HIGH, f - small)
}

/// The value of a logarithm at 0, below, at infinity and NaN.
fn at_the_ends<'a>(x: Number<'a>, log: Number<'a>) -> Number<'a> {
    let pole = x.equals(0.0).pick(f64::NEG_INFINITY, f64::NAN);
    let log = x.above(0.0).pick(log, pole);
    x.below(f64::INFINITY).pick(log, x)
}

/// `log x`
pub(super) fn log(x: Number<'_>) -> Number<'_> {
    let Binary {
        exponent, fraction, ..
    } = split(x);
    at_the_ends(x, log_of(exponent, fraction - 1.0))
}

/// `log(1 + x)`: the rounding error of the sum joins the fraction.
pub(super) fn log1p(x: Number<'_>) -> Number<'_> {
    let sum = x + 1.0;
    let one = sum - x;
    let error = (1.0 - one) + (x - (sum - one));
    let Binary {
        exponent,
        biased,
        fraction,
    } = split(sum);
    // 2^(1-k), whose bits are those of 0 for the largest k.
    let scale = biased.up(52).subtracted_from(2047 << 52).number();
    let log = log_of(exponent, (error * scale).fma(0.5, fraction - 1.0));
    let log = at_the_ends(sum, log);
    x.equals(0.0).pick(x, log)
}

/// A number as the unevaluated sum of two, the second below an ulp of the first.
#[derive(Clone, Copy)]
pub(super) struct Double<'a> {
    /// The leading part.
    pub(super) high: Number<'a>,
    /// What it lacks.
    pub(super) low: Number<'a>,
}

impl<'a> Double<'a> {
    /// `high + low` for `|high| >= |low|` (or `high = 0`), brought to this form.
    fn sum(high: Number<'a>, low: Number<'a>) -> Double<'a> {
        let sum = high + low;
        let low = low - (sum - high);
        Double { high: sum, low }
    }

    fn plus(self, small: Number<'a>) -> Double<'a> {
        let low = self.low + small;
        Double { low, ..self }
    }

    /// The product, to about 2^-102.
    pub(super) fn times(self, other: Double<'a>) -> Double<'a> {
        let high = self.high * other.high;
        let low = self.high.fma(other.high, -high);
        let low = self.high.fma(other.low, low);
        let low = self.low.fma(other.high, low);
        Double { high, low }
    }

    /// A constant beside `x`.
    pub(super) fn constant(x: Number<'a>, [high, low]: [f64; 2]) -> Double<'a> {
        let (high, low) = (x.constant(high), x.constant(low));
        Double { high, low }
    }
}

/// `log x` to about 2^-63, for positive and finite `x`.
pub(super) fn log_double(x: Number<'_>) -> Double<'_> {
    let Binary {
        exponent, fraction, ..
    } = split(x);
    let f = fraction - 1.0;
    let sum = fraction + 1.0;
    // sum - 2 is exact, and so is what it lacks of f.
    let sum_low = f - (sum - 2.0);
    let inverse = 1.0 / sum;
    let quotient = f * inverse;
    let rest = (-quotient).fma(sum_low, (-quotient).fma(sum, f));
    let s = Double {
        high: quotient,
        low: rest * inverse,
    };
    let z = s.times(s);
    // 2 atanh(s) = s (2 + z (2/3 + z P))
    let tail = z.high * z.high.polynomial(&LOG_TAIL);
    let two_thirds = Double::constant(x, TWO_THIRDS);
    let inner = Double::sum(two_thirds.high, tail).plus(two_thirds.low);
    let series = z.times(inner);
    let outer = Double::sum(x.constant(2.0), series.high).plus(series.low);
    let log_m = s.times(outer);
    let log = Double::sum(exponent * LN2_HIGH, log_m.high).plus(log_m.low);
    let low = exponent.fma(LN2_LOW, log.low);
    Double::sum(log.high, low)
}

/// `log10 x`: rounded once, so that powers of ten come out whole.
pub(super) fn log10(x: Number<'_>) -> Number<'_> {
    let log = log_double(x).times(Double::constant(x, LOG10_E));
    at_the_ends(x, log.high + log.low)
}

/// From here on `x^2 + 1` and `x^2 - 1` are `x^2`, and `x + 1` is `x`.
const LARGE: f64 = 1e17;

/// `log(1 + t)` for `x` up to [`LARGE`], `log(2x)` above.
fn log1p_or_large<'a>(t: Number<'a>, x: Number<'a>) -> Number<'a> {
    let large = x.above(LARGE);
    // There log(1 + x) is log x.
    let log = log1p(large.pick(x, t));
    log + large.pick(std::f64::consts::LN_2, 0.0)
}

/// `asinh x`: `log(1 + t)` with `t = a + a^2/(1 + sqrt(a^2 + 1))`, `a = |x|`.
pub(super) fn asinh(x: Number<'_>) -> Number<'_> {
    let a = x.abs();
    let square = a * a;
    let root = (square + 1.0).sqrt();
    let t = a + square / (root + 1.0);
    log1p_or_large(t, a).copysign(x)
}

/// `acosh x`: `log(1 + t)` with `t = d + sqrt(d^2 + 2d)`, `d = x - 1`.
pub(super) fn acosh(x: Number<'_>) -> Number<'_> {
    let d = x - 1.0;
    let t = d + d.fma(d, d + d).sqrt();
    let value = log1p_or_large(t, x);
    x.below(1.0).pick(f64::NAN, value)
}

/// `atanh x`: half of `log(1 + 2a/(1 - a))`, `a = |x|`.
pub(super) fn atanh(x: Number<'_>) -> Number<'_> {
    let a = x.abs();
    let t = (a + a) / (1.0 - a);
    (0.5 * log1p(t)).copysign(x)
}
