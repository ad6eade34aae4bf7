//! How far the elementary functions of lane code are from the exact values, and what they do at
//! zeros, poles, infinities and NaN, on every engine of this host.

use effpot_lang::graph::{Function, Graph};
use effpot_lang::kernel::lane::Instruction;
use effpot_lang::kernel::{BatchKernel, Engine, LaneBuilder, elementary};

#[path = "elementary/page.rs"]
mod page;

/// Points with exact values; made by `data/make_reference.py`.
const REFERENCE: &str = include_str!("data/elementary.txt");

/// What is promised of a function. Engines fuse with one rounding on every host, so that one
/// bound serves all.
#[derive(Clone, Copy)]
struct Bound {
    function: Function,
    /// The largest error in units in the last place of the exact value.
    ulp: f64,
    /// Values of a magnitude below the first may have an absolute error up to the second.
    small: [f64; 2],
    /// What the function costs: the number of operations on its arguments.
    operations: usize,
}

const fn bound(function: Function, ulp: f64, operations: usize) -> Bound {
    Bound {
        function,
        ulp,
        small: [0.0; 2],
        operations,
    }
}

const fn small(bound: Bound, below: f64, absolute: f64) -> Bound {
    let small = [below, absolute];
    Bound { small, ..bound }
}

/// Below 2^-1021.5, exponentials are 0.
const FLUSHED: f64 = 3.2e-308;

const BOUNDS: &[Bound] = &[
    // Two parts of pi lack 3e-33: 1e-25 for 1e8/pi turns.
    small(bound(Function::Sin, 2.25, 17), 1e-9, 2e-25),
    // The cosine has the reduction of the sine: near its zeros the error is absolute, from the
    // rounding of r (1.1e-16), of r^2 (0.7e-16), and of the sums and coefficients (1.2e-16).
    small(bound(Function::Cos, 2.0, 16), 0.6, 3e-16),
    bound(Function::Tan, 2.0, 32),
    bound(Function::Asin, 2.0, 29),
    bound(Function::Acos, 1.5, 33),
    bound(Function::Atan, 2.0, 32),
    bound(Function::Atan2, 2.0, 58),
    bound(Function::Sinh, 2.0, 35),
    bound(Function::Cosh, 1.5, 21),
    bound(Function::Tanh, 2.0, 31),
    bound(Function::Asinh, 2.0, 60),
    bound(Function::Acosh, 2.5, 57),
    bound(Function::Atanh, 2.5, 54),
    small(bound(Function::Exp, 1.0, 19), FLUSHED, FLUSHED),
    bound(Function::Expm1, 2.0, 24),
    bound(Function::Log, 1.0, 34),
    bound(Function::Log1p, 1.5, 46),
    bound(Function::Log10, 0.6, 72),
    bound(Function::Cbrt, 1.0, 52),
    bound(Function::Erf, 2.0, 63),
    bound(Function::Hypot, 1.5, 19),
    small(bound(Function::Power, 1.5, 120), FLUSHED, FLUSHED),
];

/// A function alone, compiled.
fn kernel(function: Function, engine: Engine) -> BatchKernel {
    let mut graph = Graph::new();
    let (x, y) = (graph.input(0), graph.input(1));
    let root = match function.arity() {
        1 => graph.apply1(function, x),
        _ => graph.apply2(function, x, y),
    };
    BatchKernel::compile(&graph, &[root], 2, engine).expect("a kernel")
}

fn values(kernel: &BatchKernel, at: &[[f64; 2]]) -> Vec<f64> {
    let points: Vec<f64> = (0..2)
        .flat_map(|i| at.iter().map(move |at| at[i]))
        .collect();
    let mut out = vec![0.0; at.len()];
    kernel.evaluate(&points, at.len(), &[], &mut out);
    out
}

fn engines() -> impl Iterator<Item = Engine> {
    Engine::available()
}

/// The operations of a function: its instructions without constants and changes of type, which
/// cost nothing in a loop.
fn operations(function: Function) -> usize {
    let mut builder = LaneBuilder::new(2, 0);
    let args = [builder.state(0), builder.state(1)];
    let value = elementary::lower(&mut builder, function, args);
    let free = |instruction: &&Instruction| {
        use Instruction::*;
        !matches!(
            instruction,
            State(_) | Constant(_) | Integer(_) | ToBits(_) | FromBits(_)
        )
    };
    let code = builder.finish(&[], &[value]);
    code.instructions().iter().filter(free).count()
}

struct Point {
    at: [f64; 2],
    value: f64,
    /// What `value` lacks of the exact one, in ulp.
    rest: f64,
}

fn points(function: Function) -> Vec<Point> {
    let here = |line: &&str| line.split(' ').next() == Some(function.name());
    let parse = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| f64::from_bits(u64::from_str_radix(fields[at], 16).expect("hex"));
        Point {
            at: [number(1), number(2)],
            value: number(3),
            rest: fields[4].parse::<f64>().expect("a number") / 1000.0,
        }
    };
    REFERENCE.lines().filter(here).map(parse).collect()
}

/// The unit in the last place of a finite number.
fn ulp(x: f64) -> f64 {
    let exponent = ((x.to_bits() >> 52) & 0x7ff).max(1) as i32 - 1075;
    // Two factors, because 2^-1074 is not normal.
    2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2)
}

impl Bound {
    /// Whether an error is allowed because the value is small.
    fn forgives(&self, value: f64, off: f64) -> bool {
        value.abs() < self.small[0] && off <= self.small[1]
    }
}

/// The error in ulp of the exact value; infinite for a wrong special value.
fn error(point: &Point, bound: &Bound, got: f64) -> f64 {
    let off = got - point.value;
    if off == 0.0 || got == point.value {
        point.rest.abs()
    } else if !off.is_finite() {
        f64::INFINITY
    } else if bound.forgives(point.value, off.abs()) {
        0.0
    } else {
        (off / ulp(point.value) - point.rest).abs()
    }
}

/// The largest error in ulp, and where it is.
fn worst(bound: &Bound, points: &[Point], engine: Engine) -> (f64, [f64; 2]) {
    let at: Vec<[f64; 2]> = points.iter().map(|point| point.at).collect();
    let got = values(&kernel(bound.function, engine), &at);
    let errors = points.iter().zip(got).map(|(p, got)| error(p, bound, got));
    let worst = errors.zip(at).max_by(|a, b| a.0.total_cmp(&b.0));
    worst.expect("points")
}

#[test]
fn errors_and_costs_are_within_their_bounds() {
    let mut table = String::new();
    let mut good = true;
    for bound in BOUNDS {
        let points = points(bound.function);
        assert!(points.len() >= 150, "{}", bound.function.name());
        let cost = operations(bound.function);
        good &= cost <= bound.operations;
        for engine in engines() {
            let (worst, at) = worst(bound, &points, engine);
            good &= worst <= bound.ulp;
            table += &format!(
                "{:6} {:11}: {worst:6.3} of {} ulp, at {:e}, {:e}; {cost} of {} operations\n",
                bound.function.name(),
                engine.name(),
                bound.ulp,
                at[0],
                at[1],
                bound.operations
            );
        }
    }
    println!("{table}");
    assert!(good, "\n{table}");
}

/// Whether a value is that of the function table: the same NaN, infinity, signed zero, or a number
/// as near as the two bounds together allow.
fn agrees(function: Function, expected: f64, got: f64) -> bool {
    if expected.is_nan() || got.is_nan() {
        return expected.is_nan() && got.is_nan();
    }
    let bound = BOUNDS.iter().find(|bound| bound.function == function);
    let bound = bound.copied().unwrap_or(bound_exact(function));
    if expected == 0.0 || expected.is_infinite() || got.is_infinite() {
        return expected.to_bits() == got.to_bits();
    }
    // The function table is itself up to an ulp off.
    let allowed = if bound.ulp > 0.0 {
        bound.ulp + 1.0
    } else {
        0.0
    };
    let off = (got - expected).abs();
    off <= allowed * ulp(expected) || bound.forgives(expected, off - ulp(expected))
}

/// Operators, rounding functions and the like have the value of the table.
fn bound_exact(function: Function) -> Bound {
    bound(function, 0.0, 0)
}

/// Where the reduction of the angle ends.
const FAR: f64 = (1_u64 << 51) as f64;

/// Whether the function is beyond its range: then no finite value may come out.
fn beyond(function: Function, at: [f64; 2]) -> bool {
    matches!(function, Function::Sin | Function::Cos | Function::Tan) && at[0].abs() >= FAR
}

fn assert_agrees_at(function: Function, at: &[[f64; 2]]) {
    for engine in engines() {
        for (at, got) in at.iter().zip(values(&kernel(function, engine), at)) {
            let expected = match function {
                // `libm` 0.2 gives numbers for some arguments near -2^25.
                Function::Acosh if at[0] < 1.0 => f64::NAN,
                _ => function.value(at[0], at[1]),
            };
            let good = match beyond(function, *at) {
                true => !got.is_finite(),
                false => agrees(function, expected, got),
            };
            let (name, engine) = (function.name(), engine.name());
            assert!(
                good,
                "{name} at {at:?}, {engine}: {got:e}, and not {expected:e}"
            );
        }
    }
}

#[test]
fn special_values_are_those_of_the_function_table() {
    let magnitudes = [
        0.0,
        5e-324,
        1e-310,
        f64::MIN_POSITIVE,
        1e-200,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        1e10,
        9007199254740991.0,
        1e200,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
        // A NaN whose low bits would be taken for an exponent.
        f64::from_bits(0x7ff8_0000_0000_0405),
    ];
    let all: Vec<f64> = magnitudes.into_iter().flat_map(|x| [x, -x]).collect();
    let pairs: Vec<[f64; 2]> = all
        .iter()
        .flat_map(|&a| all.iter().map(move |&b| [a, b]))
        .collect();
    for &function in Function::ALL {
        assert_agrees_at(function, &pairs);
    }
}

#[test]
fn awkward_points_have_the_values_of_the_function_table() {
    for &function in Function::ALL {
        let at: Vec<[f64; 2]> = function.awkward().iter().map(|point| point.at).collect();
        for engine in engines() {
            let got = values(&kernel(function, engine), &at);
            for (point, got) in function.awkward().iter().zip(got) {
                let good = agrees(function, point.value, got);
                assert!(good, "{} at {:?}: {got}", function.name(), point.at);
            }
        }
    }
}

/// Arguments of every magnitude, from a linear congruential generator (Knuth's constants).
fn random(count: usize, exponents: std::ops::Range<u64>) -> Vec<f64> {
    let mut state = 20_240_229_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 11
    };
    (0..count)
        .map(|_| {
            let (fraction, choice) = (next(), next());
            let exponent = exponents.start + (choice >> 1) % (exponents.end - exponents.start);
            f64::from_bits((choice & 1) << 63 | exponent << 52 | fraction & ((1 << 52) - 1))
        })
        .collect()
}

#[test]
fn values_agree_with_the_function_table_at_any_argument() {
    for &function in Function::ALL {
        // All exponents, and those around 1.
        for exponents in [0..0x7ff, 0x3f0..0x410] {
            let numbers = random(4000, exponents);
            let at: Vec<[f64; 2]> = numbers.chunks(2).map(|pair| [pair[0], pair[1]]).collect();
            let within = |at: &&[f64; 2]| !loses(function, **at);
            let at: Vec<[f64; 2]> = at.iter().filter(within).copied().collect();
            assert_agrees_at(function, &at);
        }
    }
}

/// Where the promise is absolute and weaker than the bound: angles from 1e8 on.
fn loses(function: Function, at: [f64; 2]) -> bool {
    let angle = matches!(function, Function::Sin | Function::Cos | Function::Tan);
    angle && (1e8..FAR).contains(&at[0].abs())
}

#[test]
fn sine_and_cosine_lose_little_up_to_the_end_of_their_range() {
    for engine in engines() {
        let (sin, cos) = (kernel(Function::Sin, engine), kernel(Function::Cos, engine));
        for (exponents, bound) in [(1049..1066, 4e-16), (1066..1074, 2e-14)] {
            let numbers = random(4000, exponents);
            let at: Vec<[f64; 2]> = numbers.into_iter().map(|x| [x, 0.0]).collect();
            let both = values(&sin, &at).into_iter().zip(values(&cos, &at));
            for (&[x, _], (sine, cosine)) in at.iter().zip(both) {
                assert!((sine - libm::sin(x)).abs() <= bound, "sin {x:e}: {sine}");
                assert!(
                    (cosine - libm::cos(x)).abs() <= bound,
                    "cos {x:e}: {cosine}"
                );
            }
        }
    }
}

#[test]
fn sine_and_cosine_of_one_argument_share_the_reduction() {
    let mut builder = LaneBuilder::new(1, 0);
    let x = builder.state(0);
    let unused = builder.constant(0.0);
    let sine = elementary::lower(&mut builder, Function::Sin, [x, unused]);
    let alone = builder.finish(&[], &[sine]).loop_len();
    let cosine = elementary::lower(&mut builder, Function::Cos, [x, unused]);
    let both = builder.finish(&[], &[sine, cosine]).loop_len();
    // Eight fused products, the sign, and two changes of type.
    assert_eq!(both - alone, 11);
}

#[test]
fn powers_to_halves_of_odd_integers_are_those_of_the_function_table() {
    let special = [
        0.0,
        5e-324,
        1e-200,
        0.3,
        1.0,
        7.0,
        1e200,
        f64::INFINITY,
        f64::NAN,
    ];
    let at: Vec<f64> = special
        .into_iter()
        .flat_map(|x| [x, -x])
        .chain(random(1000, 0x3e0..0x420))
        .collect();
    for exponent in [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5] {
        let mut graph = Graph::new();
        let (x, y) = (graph.input(0), graph.constant(exponent));
        let root = graph.apply2(Function::Power, x, y);
        for engine in engines() {
            let kernel = BatchKernel::compile(&graph, &[root], 1, engine).expect("a kernel");
            let mut out = vec![0.0; at.len()];
            kernel.evaluate(&at, at.len(), &[], &mut out);
            for (&x, got) in at.iter().zip(out) {
                let expected = libm::pow(x, exponent);
                let off = (got - expected).abs();
                // At most five roundings.
                let near = off <= 2.5 * f64::EPSILON * expected.abs();
                let same = got.to_bits() == expected.to_bits() || got.is_nan() && expected.is_nan();
                let vanish = expected.abs() < f64::MIN_POSITIVE && off < f64::MIN_POSITIVE;
                assert!(
                    near || same || vanish,
                    "{x:e}^{exponent}: {got:e}, and not {expected:e}"
                );
            }
        }
    }
}
