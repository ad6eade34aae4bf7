//! Elementary functions in lane code: straight-line, without branches or table look-ups.
//!
//! What a call costs in instructions (constants not counted) and how far it is from the exact
//! value, by the test `elementary`, in units in the last place of the exact value:
//!
//! TABLE

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
