//! Inverse trigonometric functions.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use super::number::Number;
use super::power_of_two;

/// `atan(t) = t + t u A(u)`, `u = t^2`, `|t| <= tan(pi/8)`: minimax in the error relative to `t`,
/// 1e-18 (2e-18 rounded).
const ATAN: [f64; 11] = [
    -0.333333333333332,
    0.19999999999953996,
    -0.1428571428023952,
    0.11111110785671437,
    -0.09090897822569427,
    0.07692061382344582,
    -0.06663117403472484,
    0.05847986651944211,
    -0.050397427397404645,
    0.03807565106416502,
    -0.01791929460016129,
];

/// `asin(t) = t + t u S(u)`, `u = t^2 <= 1/4`: 1e-18 relative to `t`.
const ASIN: [f64; 13] = [
    0.16666666666666763,
    0.07499999999970096,
    0.04464285717528865,
    0.030381942675156853,
    0.022372215909278428,
    0.017351595442040135,
    0.013981019191444385,
    0.01139728804829167,
    0.010789347081288337,
    0.003672094867236857,
    0.021790848638403807,
    -0.0211169801934631,
    0.0327023107902627,
];

/// `pi/2 - FRAC_PI_2`, rounded: the second digits of pi/4, pi/2 and pi after scaling.
const FRAC_PI_2_LOW: f64 = 6.123233995736766e-17;
/// `tan(pi/8)` and its reciprocal `tan(3 pi/8)`, where the angle is nearer to pi/4 than to 0 or
/// pi/2.
const TAN_PI_8: f64 = std::f64::consts::SQRT_2 - 1.0;
const TAN_3_PI_8: f64 = std::f64::consts::SQRT_2 + 1.0;

/// The angle of the point `(b, a)`, neither of them negative, as the angle it is near (0, pi/4 or
/// pi/2) and the small rest, which is computed from one quotient.
struct Angle<'a> {
    near: Number<'a>,
    rest: Number<'a>,
}

fn angle<'a>(a: Number<'a>, b: Number<'a>) -> Angle<'a> {
    let steep = a.above(b * TAN_3_PI_8);
    let middle = a.above(b * TAN_PI_8);
    let numerator = steep.pick(-b, middle.pick(a - b, a));
    let denominator = steep.pick(a, middle.pick(a + b, b));
    let t = numerator / denominator;
    let u = t * t;
    let near = steep.pick(FRAC_PI_2, middle.pick(FRAC_PI_4, 0.0));
    let low = steep.pick(FRAC_PI_2_LOW, middle.pick(0.5 * FRAC_PI_2_LOW, 0.0));
    // The small parts first, so that the sum of all is rounded once beside them.
    let rest = t + (t * u).fma(u.polynomial(&ATAN), low);
    Angle { near, rest }
}

/// `atan x`
pub(super) fn atan(x: Number<'_>) -> Number<'_> {
    let Angle { near, rest } = angle(x.abs(), x.constant(1.0));
    (near + rest).copysign(x)
}

/// `atan2(y, x)`, the angle of the point `(x, y)`.
pub(super) fn atan2<'a>(y: Number<'a>, x: Number<'a>) -> Number<'a> {
    let (a, b) = (y.abs(), x.abs());
    // The sum of both must not overflow.
    let huge = a.above(power_of_two(1000)) | b.above(power_of_two(1000));
    let scale = huge.pick(power_of_two(-4), 1.0);
    let both = a.equals(f64::INFINITY) & b.equals(f64::INFINITY);
    let one = a.constant(1.0);
    let neither = a.equals(0.0) & b.equals(0.0);
    let (a, b) = (
        both.pick(one, a * scale),
        (both | neither).pick(one, b * scale),
    );
    let Angle { near, rest } = angle(a, b);
    // The sign bit of x, also that of -0.
    let left = one.copysign(x).below(0.0);
    let right_half = near + rest;
    let left_half = (PI - near) - (rest - 2.0 * FRAC_PI_2_LOW);
    left.pick(left_half, right_half).copysign(y)
}

/// `asin(a) = asin(t)`, or `pi/2 - 2 asin(t)` with `t = sqrt((1 - a)/2)` for `a > 1/2`.
struct HalfAngle<'a> {
    far: super::number::Truth<'a>,
    t: Number<'a>,
    /// `t u`
    cube: Number<'a>,
    /// `S(u)`
    series: Number<'a>,
}

impl<'a> HalfAngle<'a> {
    /// `asin(t)`
    fn asin(&self) -> Number<'a> {
        self.cube.fma(self.series, self.t)
    }
}

fn half_angle(a: Number<'_>) -> HalfAngle<'_> {
    let far = a.above(0.5);
    let half = 0.5 * (1.0 - a);
    let u = far.pick(half, a * a);
    let t = far.pick(half.sqrt(), a);
    HalfAngle {
        far,
        t,
        cube: t * u,
        series: u.polynomial(&ASIN),
    }
}

/// `asin x`
pub(super) fn asin(x: Number<'_>) -> Number<'_> {
    let half = half_angle(x.abs());
    let low = half.far.pick(-0.5 * FRAC_PI_2_LOW, 0.0);
    let asin = half.t + half.cube.fma(half.series, low);
    let complement = asin.fma(-2.0, FRAC_PI_2);
    half.far.pick(complement, asin).copysign(x)
}

/// `acos x`
pub(super) fn acos(x: Number<'_>) -> Number<'_> {
    let half = half_angle(x.abs());
    let asin = half.asin();
    let near = FRAC_PI_2 - (asin.copysign(x) - FRAC_PI_2_LOW);
    let twice = 2.0 * asin;
    let left = PI - (twice - 2.0 * FRAC_PI_2_LOW);
    half.far.pick(x.below(0.0).pick(left, twice), near)
}
