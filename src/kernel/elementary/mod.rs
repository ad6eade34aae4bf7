//! Elementary functions in lane code: straight-line, without branches or table look-ups.
//!
//! Cost in operations (constants and changes of type not counted) and the largest error found at
//! 80,000 points, in units in the last place of the exact value. The test `elementary` has 5,000 of
//! such points and a bound for each function.
//!
//! | function | cost | ulp | | function | cost | ulp |
//! |---|---|---|---|---|---|---|
//! | `sin` | 17 | 1.5 | | `exp` | 19 | 0.8 |
//! | `cos` | 16, with `sin` 9 | 1.6 (a) | | `expm1` | 23 | 1.8 |
//! | `tan` | 28 | 2.5 | | `log` | 34 | 0.7 |
//! | `asin` | 29 | 2.0 | | `log1p` | 46 | 1.3 |
//! | `acos` | 33 | 1.0 | | `log10` | 72 | 0.5 |
//! | `atan` | 32 | 2.2 | | `cbrt` | 52 | 0.7 |
//! | `atan2` | 58 | 1.5 | | `erf` | 63 | 1.3 |
//! | `sinh` | 35 | 1.3 | | `hypot` | 19 | 1.0 |
//! | `cosh` | 21 | 1.1 | | `^` | 120 (b) | 0.9 |
//! | `tanh` | 27 | 2.4 | | `asinh` | 60 | 1.3 |
//! | `acosh` | 57 | 1.5 | | `atanh` | 54 | 1.8 |
//!
//! (a) Below 1/2 the error of the cosine is absolute, 3e-16: it shares the reduction of the sine.
//! (b) 4 to 7 for constant exponents of 0.5, 1.5 and 2.5 and their negatives.
//!
//! In step loops an angle is an invariant scale times a number, in half turns from the start: 14
//! operations for a sine or a cosine and 23 for both, and one for all angles of one number. Their
//! errors are absolute, 4e-16 and what one rounding of the angle makes; from 2^51 on no finite
//! number comes out.
//!
//! Ranges. Angles: full accuracy to 1e8 (there the sine has an absolute error of 1e-25 within 1e-9
//! of a zero), 4e-16 absolute to 2^43, 2e-14 to 2^51; from there on no finite number comes out.
//! `exp` and `^` give 0 where the exact value is below 2^-1021.5 (3.1e-308). All else holds for
//! every argument. Signs of zero, infinities and NaN are those of the function table.
//!
//! Coefficients are minimax, by the exchange algorithm of Remez in 72 digits, then rounded
//! (`tests/data/make_coefficients.py`); the errors beside them are of the polynomial, without
//! rounding in its evaluation.

mod error_function;
mod exponential;
mod inverse;
mod logarithm;
mod number;
mod roots;
mod trigonometric;

use self::number::{Number, with};
use super::{LaneBuilder, Value};
use crate::graph::Function;

/// 1.5 * 2^52: a sum with it has the nearest integer to a small number in its low bits.
const MAGIC: f64 = 6_755_399_441_055_744.0;

/// 2^n for `-1022 <= n <= 1023`.
const fn power_of_two(n: i64) -> f64 {
    f64::from_bits(((n + 1023) as u64) << 52)
}

/// An angle of a step loop: an invariant scale times something that varies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Angle {
    x: Value,
    /// Half turns by x.
    scale: Value,
    /// x times a guard that overflows where the angle is beyond reduction.
    guarded: Value,
    /// Half turns by that.
    guarded_scale: Value,
}

impl Angle {
    fn parts(self) -> [Value; 4] {
        [self.x, self.scale, self.guarded, self.guarded_scale]
    }

    /// Its sine.
    pub(super) fn sin(self, b: &mut LaneBuilder) -> Value {
        trigonometric::sin_turns(b, self)
    }

    /// Its cosine.
    pub(super) fn cos(self, b: &mut LaneBuilder) -> Value {
        trigonometric::cos_turns(b, self)
    }
}

/// The angles `c*x`, for each scale c (in radians by x) a number and invariants with exponents.
pub(super) fn angles(
    b: &mut LaneBuilder,
    x: Value,
    scales: &[(f64, Vec<(Value, i32)>)],
) -> Vec<Angle> {
    let turns = |(coefficient, powers): &(f64, Vec<(Value, i32)>)| {
        trigonometric::half_turns(b, *coefficient, powers)
    };
    let scales: Vec<Value> = scales.iter().map(turns).collect();
    trigonometric::angles(b, x, &scales)
}

/// `function(args)`; functions of one argument ignore the second.
pub fn lower(b: &mut LaneBuilder, function: Function, args: [Value; 2]) -> Value {
    let [x, y] = args;
    match function {
        Function::Add => b.add(x, y),
        Function::Subtract => b.sub(x, y),
        Function::Multiply => b.mul(x, y),
        Function::Divide => b.div(x, y),
        Function::Negate => b.neg(x),
        Function::Sqrt => b.sqrt(x),
        Function::Abs => b.abs(x),
        Function::Floor => b.floor(x),
        _ if function.arity() == 1 => with(b, [x], |[x]| one(function, x)),
        _ => with(b, args, |[x, y]| two(function, x, y)),
    }
}

fn one(function: Function, x: Number<'_>) -> Number<'_> {
    match function {
        Function::Sin => trigonometric::sin(x),
        Function::Cos => trigonometric::cos(x),
        Function::Tan => trigonometric::tan(x),
        Function::Asin => inverse::asin(x),
        Function::Acos => inverse::acos(x),
        Function::Atan => inverse::atan(x),
        Function::Sinh => exponential::sinh(x),
        Function::Cosh => exponential::cosh(x),
        Function::Tanh => exponential::tanh(x),
        Function::Exp => exponential::exp(x),
        Function::Expm1 => exponential::expm1(x),
        Function::Log => logarithm::log(x),
        Function::Log1p => logarithm::log1p(x),
        Function::Log10 => logarithm::log10(x),
        Function::Asinh => logarithm::asinh(x),
        Function::Acosh => logarithm::acosh(x),
        Function::Atanh => logarithm::atanh(x),
        Function::Cbrt => roots::cbrt(x),
        Function::Erf => error_function::erf(x),
        Function::Sign => sign(x),
        _ => x.call(function, x),
    }
}

fn two<'a>(function: Function, x: Number<'a>, y: Number<'a>) -> Number<'a> {
    match function {
        Function::Power => roots::pow(x, y),
        Function::Atan2 => inverse::atan2(x, y),
        Function::Hypot => roots::hypot(x, y),
        // With NaN in y alone, x would be left.
        Function::Min => y.equals(y).pick(x.at_most(y), y),
        Function::Max => y.equals(y).pick(x.at_least(y), y),
        Function::Mod => x - y * (x / y).floor(),
        _ => x.call(function, y),
    }
}

/// -1 or 1; zero keeps its sign, NaN stays NaN.
fn sign(x: Number<'_>) -> Number<'_> {
    let negative = x.below(0.0).pick(-1.0, x);
    x.above(0.0).pick(1.0, negative)
}
