//! Elementary functions in lane code: straight-line, without branches or table look-ups.
//!
//! What each costs, how far it is from the exact value and what is promised of it is a page that the
//! test `elementary` writes, `docs/functions.md`. The cosine shares the reduction of the sine, which
//! makes its error absolute near its zeros. Signs of zero, infinities and NaN are those of the
//! function table.
//!
//! In step loops an angle is an invariant scale times a number, in half turns from the start: 14
//! operations for a sine or a cosine and 23 for both. Their errors are absolute, 4e-16 and what a few
//! roundings of the angle make. From 2^51 half turns on, where numbers are so far apart that an angle
//! says nothing, neither do they: who steps there is outside of every domain.
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

pub(super) use self::exponential::{EXPONENT_OFFSET, EXPONENTS};
use self::number::{Number, with};
use super::lane::MAGIC;
use super::{LaneBuilder, Value};
use crate::graph::Function;

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
}

impl Angle {
    /// The angle `c*x`; c (in radians by x) is a number and invariants with exponents.
    pub(super) fn new(
        b: &mut LaneBuilder,
        x: Value,
        coefficient: f64,
        powers: &[(Value, i32)],
    ) -> Angle {
        let scale = trigonometric::half_turns(b, coefficient, powers);
        Angle { x, scale }
    }

    fn parts(self) -> [Value; 2] {
        [self.x, self.scale]
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

/// `exp x` with a relative error of 6e-16 and 1.3e-16 for each unit of `x`, as a rounding of it makes.
pub(super) fn exp_short(b: &mut LaneBuilder, x: Value) -> Value {
    one(b, x, exponential::exp_short)
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
        Function::Sin => one(b, x, trigonometric::sin),
        Function::Cos => one(b, x, trigonometric::cos),
        Function::Tan => one(b, x, trigonometric::tan),
        Function::Asin => one(b, x, inverse::asin),
        Function::Acos => one(b, x, inverse::acos),
        Function::Atan => one(b, x, inverse::atan),
        Function::Sinh => one(b, x, exponential::sinh),
        Function::Cosh => one(b, x, exponential::cosh),
        Function::Tanh => one(b, x, exponential::tanh),
        Function::Exp => one(b, x, exponential::exp),
        Function::Expm1 => one(b, x, exponential::expm1),
        Function::Log => one(b, x, logarithm::log),
        Function::Log1p => one(b, x, logarithm::log1p),
        Function::Log10 => one(b, x, logarithm::log10),
        Function::Asinh => one(b, x, logarithm::asinh),
        Function::Acosh => one(b, x, logarithm::acosh),
        Function::Atanh => one(b, x, logarithm::atanh),
        Function::Cbrt => one(b, x, roots::cbrt),
        Function::Erf => one(b, x, error_function::erf),
        Function::Sign => one(b, x, sign),
        Function::Power => two(b, args, roots::pow),
        Function::Atan2 => two(b, args, inverse::atan2),
        Function::Hypot => two(b, args, roots::hypot),
        // With NaN in y alone, x would be left.
        Function::Min => two(b, args, |x, y| y.equals(y).pick(x.at_most(y), y)),
        Function::Max => two(b, args, |x, y| y.equals(y).pick(x.at_least(y), y)),
        Function::Mod => two(b, args, |x, y| x - y * (x / y).floor()),
    }
}

fn one(b: &mut LaneBuilder, x: Value, formula: for<'a> fn(Number<'a>) -> Number<'a>) -> Value {
    with(b, [x], |[x]| formula(x))
}

fn two(
    b: &mut LaneBuilder,
    args: [Value; 2],
    formula: for<'a> fn(Number<'a>, Number<'a>) -> Number<'a>,
) -> Value {
    with(b, args, |[x, y]| formula(x, y))
}

/// -1 or 1; zero keeps its sign, NaN stays NaN.
fn sign(x: Number<'_>) -> Number<'_> {
    let negative = x.below(0.0).pick(-1.0, x);
    x.above(0.0).pick(1.0, negative)
}
