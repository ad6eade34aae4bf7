//! Cube root, hypotenuse and powers.

use super::exponential::exp_with_tail;
use super::logarithm::{Binary, Double, log_double, split};
use super::number::Number;
use super::{MAGIC, power_of_two};

/// `m^(1/3)` on `[0.35, 2.84]`: minimax in the relative error, 2e-3.
const CBRT: [f64; 5] = [
    0.44299419547455265,
    0.9000623941818644,
    -0.47533103885889244,
    0.15374387113042073,
    -0.019578079439099345,
];

/// `cbrt x`: `|x| = 2^(3j) m` with `m` from `sqrt(1/8)` to `sqrt(8)`, a polynomial (2e-3), one
/// step of Halley (5e-9) and one of Newton with the residual in two parts (below an ulp).
pub(super) fn cbrt(x: Number<'_>) -> Number<'_> {
    let a = x.abs();
    // 2^54 = (2^18)^3
    let tiny = a.below(f64::MIN_POSITIVE);
    let Binary {
        exponent, fraction, ..
    } = split(tiny.pick(a * power_of_two(54), a));
    let offset = MAGIC + 1023.0;
    let shifted = exponent.fma(1.0 / 3.0, offset);
    let rest = (shifted - offset).fma(-3.0, exponent);
    // 2^rest for -1, 0 and 1.
    let m = fraction * rest.fma(rest.fma(0.25, 0.75), 1.0);
    let root = m.polynomial(&CBRT);
    let cube = root * root * root;
    let root = root * ((cube + m + m) / (cube + cube + m));
    let square = root * root;
    let square_low = root.fma(root, -square);
    let excess = square.fma(root, -m);
    let excess = square_low.fma(root, excess);
    let root = root - excess / (3.0 * square);
    let scaled = root * shifted.bits().up(52).number() * tiny.pick(power_of_two(-18), 1.0);
    let usual = a.above(0.0) & a.below(f64::INFINITY);
    usual.pick(scaled.copysign(x), x)
}

/// `sqrt(x^2 + y^2)`, with both brought near 1 where a square could overflow or vanish. Infinite
/// if either is, even beside NaN.
pub(super) fn hypot<'a>(x: Number<'a>, y: Number<'a>) -> Number<'a> {
    let (a, b) = (x.abs(), y.abs());
    let larger = a.at_least(b);
    let (huge, tiny) = (
        larger.above(power_of_two(500)),
        larger.below(power_of_two(-400)),
    );
    let down = huge.pick(power_of_two(-600), tiny.pick(power_of_two(600), 1.0));
    let up = huge.pick(power_of_two(600), tiny.pick(power_of_two(-600), 1.0));
    let (p, q) = (a * down, b * down);
    let root = p.fma(p, q * q).sqrt() * up;
    let infinite = a.equals(f64::INFINITY) | b.equals(f64::INFINITY);
    infinite.pick(f64::INFINITY, root)
}

/// `x^y`: `exp(y log|x|)` with logarithm and product in two parts, and the rules of signs. Results
/// below 2^-1021.5 are 0. Small halves of odd integers in the source are square roots.
pub(super) fn pow<'a>(x: Number<'a>, y: Number<'a>) -> Number<'a> {
    match y.as_constant() {
        Some(y) if [0.5, 1.5, 2.5].contains(&y.abs()) => pow_by_root(x, y),
        _ => pow_by_log(x, y),
    }
}

/// `x^y` for `|y|` of 0.5, 1.5 or 2.5.
fn pow_by_root(x: Number<'_>, y: f64) -> Number<'_> {
    // Powers of -0 and of minus infinity that are no odd integers are those of 0 and infinity.
    let x = x.equals(f64::NEG_INFINITY).pick(f64::INFINITY, x + 0.0);
    let root = x.sqrt();
    let power = match y.abs() {
        0.5 => root,
        1.5 => x * root,
        _ => x * x * root,
    };
    if y < 0.0 { 1.0 / power } else { power }
}

fn pow_by_log<'a>(x: Number<'a>, y: Number<'a>) -> Number<'a> {
    let a = x.abs();
    let log = log_at_the_ends(a, log_double(a));
    let high = y * log.high;
    let low = log.low.fma(y, y.fma(log.high, -high));
    // Where the product overflows its rounding error is no number, and does not matter.
    let within = high.abs().below(800.0);
    let magnitude = exp_with_tail(high, within.pick(low, 0.0));

    let half = 0.5 * y;
    let whole = y.floor().equals(y);
    let odd = whole & !half.floor().equals(half);
    // The sign bit of x, also that of -0.
    let negative = 1.0_f64.to_bits() as i64;
    let negative = ((x.bits() & i64::MIN) | negative).number().below(0.0);
    let value = (odd & negative).pick(-magnitude, magnitude);
    let undefined = x.below(0.0) & x.above(f64::NEG_INFINITY) & !whole;
    let value = undefined.pick(f64::NAN, value);
    let limit = a.equals(1.0) & y.abs().equals(f64::INFINITY);
    let one = x.equals(1.0) | y.equals(0.0) | limit;
    one.pick(1.0, value)
}

/// The logarithm at 0, infinity and NaN; `a` is not negative.
fn log_at_the_ends<'a>(a: Number<'a>, log: Double<'a>) -> Double<'a> {
    let high = a.equals(0.0).pick(f64::NEG_INFINITY, log.high);
    let high = a.below(f64::INFINITY).pick(high, a);
    Double { high, ..log }
}
