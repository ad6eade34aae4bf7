//! The error function.

use super::exponential::exp_within;
use super::number::Number;

/// `erf(x) = x P(x^2)`, `|x| <= 1`: minimax in the error relative to `x`, 1e-19 (2e-17 rounded).
const NEAR: [f64; 13] = [
    std::f64::consts::FRAC_2_SQRT_PI,
    -0.3761263890318375,
    0.11283791670954885,
    -0.026866170645077875,
    0.00522397762482843,
    -0.0008548326981425996,
    0.00012055331132988645,
    -1.4925595773305657e-05,
    1.6461008500463625e-06,
    -1.6350396504903226e-07,
    1.4660330858787544e-08,
    -1.137496477419524e-09,
    5.960701739558475e-11,
];

/// `exp(a^2) (1 + 2a) erfc(a) = G(t)`, `t = (a - 2)/(a + 2)`, `1 <= a <= 6`: minimax in the error
/// of `erf`, 1e-17 (2e-17 rounded). (The form of Shepherd and Laframboise 1981.)
const FAR: [f64; 14] = [
    1.2769783815525304,
    -0.09276382658561654,
    -0.16603039761461738,
    0.1640512800091765,
    -0.05422000119999361,
    -0.008034014452104735,
    0.008722662610693542,
    0.0012713363093592653,
    -0.0014569649131878344,
    -0.0004543924727415393,
    0.000207706187963621,
    0.00015150248717512744,
    -7.811833598538213e-06,
    -3.6814621112939154e-05,
];

/// `erf x`; from 6 on, `1 - erf` is below 3e-17.
pub(super) fn erf(x: Number<'_>) -> Number<'_> {
    let a = x.abs().at_most(6.0);
    let square = a * a;
    let near = a * square.polynomial(&NEAR);
    // (a - 2)/(a + 2) and 1/(1 + 2a) by one division.
    let (plus, outer) = (a + 2.0, a.fma(2.0, 1.0));
    let inverse = 1.0 / (plus * outer);
    let t = (a - 2.0) * outer * inverse;
    let tail = exp_within(-square) * (t.polynomial(&FAR) * plus * inverse);
    a.below(1.0).pick(near, 1.0 - tail).copysign(x)
}
