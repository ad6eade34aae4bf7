//! How far the elementary functions of lane code are from the exact values, and what they do at
//! zeros, poles, infinities and NaN.

use effpot_lang::graph::Function;
use effpot_lang::kernel::{LaneBuilder, elementary};

/// Points with exact values; made by `data/make_reference.py`.
const REFERENCE: &str = include_str!("data/elementary.txt");

/// The largest error allowed: units in the last place of the exact value, or that much absolutely.
struct Bound {
    function: Function,
    ulp: f64,
    absolute: f64,
    /// What the function costs: instructions on its argument.
    instructions: usize,
}

const fn bound(function: Function, ulp: f64, instructions: usize) -> Bound {
    Bound {
        function,
        ulp,
        absolute: 0.0,
        instructions,
    }
}

/// Exponentials flush results below 2^-1021.5 to 0.
const FLUSHED: f64 = 3.2e-308;

const BOUNDS: &[Bound] = &[
    bound(Function::Sin, 2.0, 17),
    // The cosine shares the reduction of the sine: near its zeros its error is absolute.
    Bound {
        absolute: 2e-16,
        ..bound(Function::Cos, 2.0, 17)
    },
    bound(Function::Tan, 3.0, 40),
    bound(Function::Asin, 2.0, 40),
    bound(Function::Acos, 2.0, 40),
    bound(Function::Atan, 2.0, 40),
    bound(Function::Atan2, 2.0, 60),
    bound(Function::Sinh, 2.0, 40),
    bound(Function::Cosh, 2.0, 40),
    bound(Function::Tanh, 4.0, 40),
    bound(Function::Asinh, 3.0, 80),
    bound(Function::Acosh, 3.0, 80),
    bound(Function::Atanh, 3.0, 80),
    Bound {
        absolute: FLUSHED,
        ..bound(Function::Exp, 1.0, 20)
    },
    bound(Function::Expm1, 3.0, 40),
    bound(Function::Log, 1.0, 40),
    bound(Function::Log10, 1.0, 80),
    bound(Function::Log1p, 2.0, 80),
    bound(Function::Cbrt, 1.0, 60),
    bound(Function::Erf, 2.0, 80),
    bound(Function::Hypot, 1.0, 40),
    Bound {
        absolute: FLUSHED,
        ..bound(Function::Power, 2.0, 120)
    },
];

/// The value by lane code: on constants a builder folds every instruction to what it means.
fn lane(function: Function, a: f64, b: f64) -> f64 {
    let mut builder = LaneBuilder::new(0, 0);
    let args = [builder.constant(a), builder.constant(b)];
    let value = elementary::lower(&mut builder, function, args);
    builder.as_constant(value).expect("a literal")
}

/// How many instructions a function adds, without constants.
fn instructions(function: Function) -> usize {
    let mut builder = LaneBuilder::new(2, 0);
    let args = [builder.state(0), builder.state(1)];
    let value = elementary::lower(&mut builder, function, args);
    builder.finish(&[], &[value]).loop_len() - function.arity()
}

struct Point {
    function: Function,
    at: [f64; 2],
    value: f64,
    /// What `value` lacks of the exact one, in ulp.
    rest: f64,
}

fn points() -> impl Iterator<Item = Point> {
    REFERENCE.lines().map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| f64::from_bits(u64::from_str_radix(fields[at], 16).expect("hex"));
        let function = Function::ALL.iter().find(|f| f.name() == fields[0]);
        Point {
            function: *function.expect("a function"),
            at: [number(1), number(2)],
            value: number(3),
            rest: fields[4].parse::<f64>().expect("a number") / 1000.0,
        }
    })
}

/// The unit in the last place of a finite number.
fn ulp(x: f64) -> f64 {
    let exponent = ((x.to_bits() >> 52) & 0x7ff).max(1) as i32 - 1075;
    // Twice, because 2^-1074 is no normal number.
    2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2)
}

/// The error in ulp of the exact value, 0 within the absolute bound, infinite for a wrong special value.
fn error(point: &Point, bound: &Bound, got: f64) -> f64 {
    let off = got - point.value;
    if got == point.value || off.abs() <= bound.absolute {
        return if got == point.value {
            point.rest.abs()
        } else {
            0.0
        };
    }
    if !off.is_finite() {
        return f64::INFINITY;
    }
    (off / ulp(point.value) - point.rest).abs()
}

#[test]
fn errors_are_within_their_bounds() {
    let mut table = String::new();
    let mut good = true;
    for bound in BOUNDS {
        let mut worst = (0.0, [0.0; 2]);
        for point in points().filter(|point| point.function == bound.function) {
            let got = lane(bound.function, point.at[0], point.at[1]);
            let error = error(&point, bound, got);
            if error > worst.0 {
                worst = (error, point.at);
            }
        }
        let count = instructions(bound.function);
        good &= worst.0 <= bound.ulp && count <= bound.instructions;
        table += &format!(
            "{:6} {:7.3} of {} ulp at {:e}, {:e}; {count} instructions of {}\n",
            bound.function.name(),
            worst.0,
            bound.ulp,
            worst.1[0],
            worst.1[1],
            bound.instructions
        );
    }
    println!("{table}");
    assert!(good, "\n{table}");
}
