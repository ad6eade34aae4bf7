//! The function table: one row a function, with its name, arity, value, derivative and the points
//! where it is awkward. (How a function is compiled is in `kernel`, keyed by the same name.)

use super::root::slope_of_root;
use super::{Graph, Node};

/// Conditions between numbers. Every comparison with NaN is false, except `!=`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    /// All of them with their spelling.
    pub const ALL: [(Comparison, &'static str); 6] = [
        (Comparison::Less, "<"),
        (Comparison::LessEqual, "<="),
        (Comparison::Greater, ">"),
        (Comparison::GreaterEqual, ">="),
        (Comparison::Equal, "=="),
        (Comparison::NotEqual, "!="),
    ];

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        Comparison::ALL[self as usize].1
    }

    /// Whether it holds.
    pub fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Comparison::Less => a < b,
            Comparison::LessEqual => a <= b,
            Comparison::Greater => a > b,
            Comparison::GreaterEqual => a >= b,
            Comparison::Equal => a == b,
            Comparison::NotEqual => a != b,
        }
    }
}

/// A point where a function or its derivative needs care, and what happens there: for the docs
/// and for the tests, which visit every one of them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Awkward {
    /// The arguments (the second is ignored by functions of one argument).
    pub at: [f64; 2],
    /// The value there.
    pub value: f64,
    /// The derivative by the first argument there.
    pub slope: f64,
}

const fn awkward(at: f64, value: f64, slope: f64) -> Awkward {
    Awkward {
        at: [at, 0.0],
        value,
        slope,
    }
}

const fn awkward2(a: f64, b: f64, value: f64, slope: f64) -> Awkward {
    Awkward {
        at: [a, b],
        value,
        slope,
    }
}

type Value1 = fn(f64) -> f64;
type Value2 = fn(f64, f64) -> f64;
/// From the argument and the node of the value: the node of the derivative, `None` for zero.
type Derivative1 = fn(&mut Graph, Node, Node) -> Option<Node>;
/// From the arguments, the node of the value and the tangents of the arguments (`None` for zero):
/// the tangent of the value. A function of two arguments owns its whole chain rule, because a
/// product with an infinite partial must not reach the result where the other side is chosen.
type Tangent2 = fn(&mut Graph, [Node; 2], Node, [Option<Node>; 2]) -> Option<Node>;

enum Rule {
    One(Value1, Derivative1),
    Two(Value2, Tangent2),
}

struct Row {
    function: Function,
    name: &'static str,
    about: &'static str,
    rule: Rule,
    awkward: &'static [Awkward],
}

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

macro_rules! functions {
    ($($variant:ident $name:literal $doc:literal $rule:expr, $awkward:expr;)*) => {
        /// Every operator and function of one or two arguments.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Function { $(#[doc = $doc] $variant),* }

        impl Function {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Function] = &[$(Function::$variant),*];
        }

        static TABLE: &[Row] = &[$(Row {
            function: Function::$variant,
            name: $name,
            about: $doc,
            rule: $rule,
            awkward: $awkward,
        }),*];
    };
}

use Rule::{One, Two};

functions! {
    Add "+" "`a + b`" Two(|a, b| a + b, add), &[];
    Subtract "-" "`a - b`" Two(|a, b| a - b, subtract), &[];
    Multiply "*" "`a*b`" Two(|a, b| a * b, multiply), &[awkward2(0.0, INF, NAN, INF)];
    Divide "/" "`a/b`" Two(|a, b| a / b, divide), &[awkward2(1.0, 0.0, INF, INF)];
    Negate "neg" "`-a`" One(|a| -a, |g, _, _| Some(g.constant(-1.0))), &[];
    Power "^" "`a^b` where b is not an integer constant; `0^0 = 1`" Two(libm::pow, power),
        &[awkward2(0.0, 0.0, 1.0, 0.0), awkward2(0.0, 1.0, 0.0, 1.0), awkward2(0.0, 0.5, 0.0, INF),
          awkward2(0.0, 2.5, 0.0, 0.0), awkward2(-8.0, 0.5, NAN, NAN), awkward2(INF, 1.5, INF, INF)];
    Sin "sin" "sine" One(libm::sin, |g, x, _| Some(g.apply1(Function::Cos, x))),
        &[awkward(0.0, 0.0, 1.0), awkward(1e6, -0.34999350217129294, 0.9367521275331447), awkward(INF, NAN, NAN)];
    Cos "cos" "cosine" One(libm::cos, |g, x, _| { let s = g.apply1(Function::Sin, x); Some(g.negate(s)) }),
        &[awkward(0.0, 1.0, 0.0), awkward(1e6, 0.9367521275331447, 0.34999350217129294), awkward(INF, NAN, NAN)];
    Tan "tan" "tangent" One(libm::tan, |g, _, y| { let (y2, one) = (g.power(y, 2), g.constant(1.0)); Some(g.plus(one, y2)) }),
        &[awkward(0.0, 0.0, 1.0), awkward(INF, NAN, NAN)];
    Asin "asin" "inverse sine" One(libm::asin, |g, x, _| Some(inverse_root(g, x, 1.0))),
        &[awkward(0.0, 0.0, 1.0), awkward(1.0, std::f64::consts::FRAC_PI_2, INF), awkward(1.5, NAN, NAN)];
    Acos "acos" "inverse cosine" One(libm::acos, |g, x, _| Some(inverse_root(g, x, -1.0))),
        &[awkward(0.0, std::f64::consts::FRAC_PI_2, -1.0), awkward(1.0, 0.0, -INF), awkward(1.5, NAN, NAN)];
    Atan "atan" "inverse tangent" One(libm::atan, |g, x, _| { let x2 = g.power(x, 2); let one = g.constant(1.0); let d = g.plus(one, x2); Some(g.over(one, d)) }),
        &[awkward(0.0, 0.0, 1.0), awkward(INF, std::f64::consts::FRAC_PI_2, 0.0)];
    Atan2 "atan2" "`atan2(y, x)`, the angle of the point (x, y)" Two(libm::atan2, atan2),
        &[awkward2(0.0, 0.0, 0.0, NAN), awkward2(0.0, -1.0, std::f64::consts::PI, -1.0), awkward2(1.0, 0.0, std::f64::consts::FRAC_PI_2, 0.0)];
    Sinh "sinh" "hyperbolic sine" One(libm::sinh, |g, x, _| Some(g.apply1(Function::Cosh, x))),
        &[awkward(0.0, 0.0, 1.0), awkward(INF, INF, INF)];
    Cosh "cosh" "hyperbolic cosine" One(libm::cosh, |g, x, _| Some(g.apply1(Function::Sinh, x))),
        &[awkward(0.0, 1.0, 0.0), awkward(-INF, INF, -INF)];
    Tanh "tanh" "hyperbolic tangent" One(libm::tanh, |g, x, _| {
            // 1 - tanh^2 would lose all digits in the tails.
            let c = g.apply1(Function::Cosh, x);
            Some(g.power(c, -2))
        }),
        &[awkward(0.0, 0.0, 1.0), awkward(20.0, 1.0, 1.6993417021166355e-17), awkward(INF, 1.0, 0.0)];
    Asinh "asinh" "inverse hyperbolic sine" One(libm::asinh, |g, x, _| {
            let one = g.constant(1.0);
            let h = g.apply2(Function::Hypot, one, x);
            Some(g.over(one, h))
        }),
        &[awkward(0.0, 0.0, 1.0), awkward(1e200, 461.2101657793691, 1e-200), awkward(INF, INF, 0.0)];
    Acosh "acosh" "inverse hyperbolic cosine" One(acosh, |g, x, _| {
            let one = g.constant(1.0);
            let (minus, plus) = (g.minus(x, one), g.plus(x, one));
            let (a, b) = (g.apply1(Function::Sqrt, minus), g.apply1(Function::Sqrt, plus));
            let root = g.times(a, b);
            Some(g.over(one, root))
        }),
        &[awkward(1.0, 0.0, INF), awkward(0.5, NAN, NAN), awkward(INF, INF, 0.0)];
    Atanh "atanh" "inverse hyperbolic tangent" One(libm::atanh, |g, x, _| {
            let one = g.constant(1.0);
            let (minus, plus) = (g.minus(one, x), g.plus(one, x));
            let product = g.times(minus, plus);
            Some(reciprocal_above(g, 1.0, product))
        }),
        &[awkward(0.0, 0.0, 1.0), awkward(1.0, INF, INF), awkward(1.5, NAN, NAN)];
    Exp "exp" "exponential" One(libm::exp, |_, _, y| Some(y)),
        &[awkward(0.0, 1.0, 1.0), awkward(-INF, 0.0, 0.0), awkward(710.0, INF, INF)];
    Expm1 "expm1" "`exp(x) - 1`, exact near zero" One(libm::expm1, |g, x, _| Some(g.apply1(Function::Exp, x))),
        &[awkward(0.0, 0.0, 1.0), awkward(1e-20, 1e-20, 1.0), awkward(-INF, -1.0, 0.0)];
    Log "log" "natural logarithm" One(libm::log, |g, x, _| Some(reciprocal_above(g, 1.0, x))),
        &[awkward(0.0, -INF, INF), awkward(1.0, 0.0, 1.0), awkward(-1.0, NAN, NAN), awkward(INF, INF, 0.0)];
    Log1p "log1p" "`log(1 + x)`, exact near zero" One(libm::log1p, |g, x, _| { let one = g.constant(1.0); let d = g.plus(one, x); Some(reciprocal_above(g, 1.0, d)) }),
        &[awkward(0.0, 0.0, 1.0), awkward(-1.0, -INF, INF), awkward(1e-20, 1e-20, 1.0)];
    Log10 "log10" "decimal logarithm" One(libm::log10, |g, x, _| Some(reciprocal_above(g, std::f64::consts::LOG10_E, x))),
        &[awkward(0.0, -INF, INF), awkward(1000.0, 3.0, 0.0004342944819032518)];
    Sqrt "sqrt" "square root; a length, the root of a sum of squares, has slope 0 at 0" One(libm::sqrt, |g, x, y| Some(slope_of_root(g, x, y))),
        &[awkward(0.0, 0.0, INF), awkward(-1.0, NAN, NAN), awkward(INF, INF, 0.0)];
    Cbrt "cbrt" "cube root, odd" One(libm::cbrt, |g, _, y| { let y2 = g.power(y, 2); let third = g.constant(1.0 / 3.0); Some(g.over(third, y2)) }),
        &[awkward(0.0, 0.0, INF), awkward(-8.0, -2.0, 1.0 / 12.0), awkward(INF, INF, 0.0)];
    Abs "abs" "absolute value; its slope at 0 is 0" One(f64::abs, |g, x, _| Some(g.apply1(Function::Sign, x))),
        &[awkward(0.0, 0.0, 0.0), awkward(-2.0, 2.0, -1.0), awkward(-INF, INF, -1.0)];
    Sign "sign" "-1, 0 or 1" One(sign, |_, _, _| None),
        &[awkward(0.0, 0.0, 0.0), awkward(-INF, -1.0, 0.0)];
    Min "min" "the smaller; the mean slope at a tie" Two(minimum, |g, [a, b], _, t| kink(g, a, b, t)),
        &[awkward2(1.0, 1.0, 1.0, 0.5), awkward2(1.0, 2.0, 1.0, 1.0)];
    Max "max" "the larger; the mean slope at a tie" Two(maximum, |g, [a, b], _, t| kink(g, b, a, t)),
        &[awkward2(1.0, 1.0, 1.0, 0.5), awkward2(1.0, 2.0, 2.0, 0.0)];
    Hypot "hypot" "`sqrt(a^2 + b^2)` without overflow; its slope at the origin is 0" Two(libm::hypot, hypot),
        &[awkward2(0.0, 0.0, 0.0, 0.0), awkward2(3.0, 4.0, 5.0, 0.6), awkward2(1e200, 1e200, 1.414213562373095e200, std::f64::consts::FRAC_1_SQRT_2)];
    Erf "erf" "error function" One(libm::erf, |g, x, _| {
            let square = g.power(x, 2);
            let minus = g.negate(square);
            let bell = g.apply1(Function::Exp, minus);
            let c = g.constant(std::f64::consts::FRAC_2_SQRT_PI);
            Some(g.times(c, bell))
        }),
        &[awkward(0.0, 0.0, std::f64::consts::FRAC_2_SQRT_PI), awkward(INF, 1.0, 0.0)];
    Floor "floor" "the largest integer below" One(libm::floor, |_, _, _| None),
        &[awkward(-0.5, -1.0, 0.0), awkward(2.0, 2.0, 0.0)];
    Mod "mod" "`a - b*floor(a/b)`, with the sign of b" Two(modulo, |g, [a, b], _, t| {
            let ratio = g.over(a, b);
            let whole = g.apply1(Function::Floor, ratio);
            let pulled = t[1].map(|db| g.times(whole, db));
            difference(g, t[0], pulled)
        }),
        &[awkward2(-1.0, 3.0, 2.0, 1.0), awkward2(7.0, -3.0, -2.0, 1.0), awkward2(1.0, 0.0, NAN, 1.0)];
}

impl Function {
    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// How it is called in a program; operators have their symbol.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The number of arguments.
    pub fn arity(self) -> usize {
        match self.row().rule {
            One(..) => 1,
            Two(..) => 2,
        }
    }

    /// What it is, in a line.
    pub fn about(self) -> &'static str {
        self.row().about
    }

    /// Whether it is written as an operator and not by its name.
    pub fn is_operator(self) -> bool {
        (self as usize) <= Function::Power as usize
    }

    /// The function that a program calls by this name; operators are not called.
    pub fn named(name: &str) -> Option<Function> {
        TABLE
            .iter()
            .find(|row| row.name == name && !row.function.is_operator())
            .map(|row| row.function)
    }

    /// The value; the second argument is ignored by functions of one.
    pub fn value(self, a: f64, b: f64) -> f64 {
        match self.row().rule {
            One(f, _) => f(a),
            Two(f, _) => f(a, b),
        }
    }

    /// The points that need care, with what happens there.
    pub fn awkward(self) -> &'static [Awkward] {
        self.row().awkward
    }

    /// The tangent of `value = self(x)`, given that of `x`; `None` for zero.
    pub(super) fn tangent1(
        self,
        graph: &mut Graph,
        x: Node,
        value: Node,
        tangent: Option<Node>,
    ) -> Option<Node> {
        let (tangent, One(_, derivative)) = (tangent?, &self.row().rule) else {
            return None;
        };
        let slope = derivative(graph, x, value)?;
        Some(graph.times(slope, tangent))
    }

    /// The tangent of `value = self(x[0], x[1])`, given those of the arguments; `None` for zero.
    pub(super) fn tangent2(
        self,
        graph: &mut Graph,
        x: [Node; 2],
        value: Node,
        tangents: [Option<Node>; 2],
    ) -> Option<Node> {
        match &self.row().rule {
            Two(_, tangent) if tangents != [None, None] => tangent(graph, x, value, tangents),
            _ => None,
        }
    }

    /// Where the tangent of one argument counts at all, as the rule chooses; `None` where it
    /// always does. A rule that chooses has to say so here, or a gradient accumulated backwards
    /// multiplies the zero of what was not chosen by an infinity.
    pub(super) fn counts(
        self,
        graph: &mut Graph,
        [a, b]: [Node; 2],
        value: Node,
        first: bool,
    ) -> Option<Node> {
        let loses = match (self, first) {
            _ if self != Function::Hypot && a == b => return None,
            (Function::Min, true) | (Function::Max, false) => graph.compare(Comparison::Less, b, a),
            (Function::Min, false) | (Function::Max, true) => graph.compare(Comparison::Less, a, b),
            (Function::Hypot, _) => {
                let zero = graph.constant(0.0);
                graph.compare(Comparison::Equal, value, zero)
            }
            _ => return None,
        };
        Some(graph.add(super::Op::Not(loses)))
    }
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        // Zero keeps its sign, NaN stays NaN.
        x
    }
}

// A NaN on either side is kept: a potential must not hide one.
fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        NAN
    } else if b < a {
        b
    } else {
        a
    }
}

fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        NAN
    } else if b > a {
        b
    } else {
        a
    }
}

// The library's is finite for some arguments below -2^25.
fn acosh(x: f64) -> f64 {
    if x < 1.0 { NAN } else { libm::acosh(x) }
}

fn modulo(a: f64, b: f64) -> f64 {
    a - b * (a / b).floor()
}

fn sum(g: &mut Graph, a: Option<Node>, b: Option<Node>) -> Option<Node> {
    match (a, b) {
        (Some(a), Some(b)) => Some(g.plus(a, b)),
        (one, other) => one.or(other),
    }
}

fn difference(g: &mut Graph, a: Option<Node>, b: Option<Node>) -> Option<Node> {
    match (a, b) {
        (Some(a), Some(b)) => Some(g.minus(a, b)),
        (None, Some(b)) => Some(g.negate(b)),
        (a, None) => a,
    }
}

fn add(g: &mut Graph, _: [Node; 2], _: Node, t: [Option<Node>; 2]) -> Option<Node> {
    sum(g, t[0], t[1])
}

fn subtract(g: &mut Graph, _: [Node; 2], _: Node, t: [Option<Node>; 2]) -> Option<Node> {
    difference(g, t[0], t[1])
}

fn multiply(g: &mut Graph, [a, b]: [Node; 2], _: Node, t: [Option<Node>; 2]) -> Option<Node> {
    let left = t[0].map(|da| g.times(da, b));
    let right = t[1].map(|db| g.times(a, db));
    sum(g, left, right)
}

fn divide(g: &mut Graph, [_, b]: [Node; 2], y: Node, t: [Option<Node>; 2]) -> Option<Node> {
    let pulled = t[1].map(|db| g.times(y, db));
    let top = difference(g, t[0], pulled)?;
    Some(g.over(top, b))
}

/// `c/x` where x is not below zero: where a function is not defined its slope is NaN as well, or
/// trajectories would walk there.
fn reciprocal_above(g: &mut Graph, c: f64, x: Node) -> Node {
    let (c, zero, nan) = (g.constant(c), g.constant(0.0), g.constant(NAN));
    let slope = g.over(c, x);
    let defined = g.compare(Comparison::GreaterEqual, x, zero);
    g.select(defined, slope, nan)
}

/// `sign/sqrt(1 - x^2)`, written so that it keeps its digits near 1.
fn inverse_root(g: &mut Graph, x: Node, sign: f64) -> Node {
    let one = g.constant(1.0);
    let (minus, plus) = (g.minus(one, x), g.plus(one, x));
    let product = g.times(minus, plus);
    let root = g.apply1(Function::Sqrt, product);
    let sign = g.constant(sign);
    g.over(sign, root)
}

/// `b a^(b-1) da + a^b log(a) db`, with the limits at `b = 0` and `a = 0` in place of `0*inf`.
fn power(g: &mut Graph, [a, b]: [Node; 2], y: Node, t: [Option<Node>; 2]) -> Option<Node> {
    let (zero, one) = (g.constant(0.0), g.constant(1.0));
    let base = t[0].map(|da| {
        let lower = g.minus(b, one);
        let lowered = g.apply2(Function::Power, a, lower);
        let slope = g.times(b, lowered);
        let flat = g.compare(Comparison::Equal, b, zero);
        let slope = match g.as_constant(b) {
            Some(_) => slope,
            None => g.select(flat, zero, slope),
        };
        g.times(slope, da)
    });
    let exponent = t[1].map(|db| {
        let log = g.apply1(Function::Log, a);
        let slope = g.times(y, log);
        let (at_zero, rising) = (
            g.compare(Comparison::Equal, a, zero),
            g.compare(Comparison::Greater, b, zero),
        );
        let limit = g.add(super::Op::And(at_zero, rising));
        let slope = g.select(limit, zero, slope);
        g.times(slope, db)
    });
    sum(g, base, exponent)
}

fn atan2(g: &mut Graph, [y, x]: [Node; 2], _: Node, t: [Option<Node>; 2]) -> Option<Node> {
    let left = t[0].map(|dy| g.times(x, dy));
    let right = t[1].map(|dx| g.times(y, dx));
    let top = difference(g, left, right)?;
    let (x2, y2) = (g.power(x, 2), g.power(y, 2));
    let bottom = g.plus(x2, y2);
    Some(g.over(top, bottom))
}

/// The first tangent where `a < b`, the second where `b < a`, the mean at a tie.
fn kink(g: &mut Graph, a: Node, b: Node, t: [Option<Node>; 2]) -> Option<Node> {
    let zero = g.constant(0.0);
    let (da, db) = (t[0].unwrap_or(zero), t[1].unwrap_or(zero));
    let below = g.compare(Comparison::Less, a, b);
    let above = g.compare(Comparison::Less, b, a);
    let both = g.plus(da, db);
    let half = g.constant(0.5);
    let mean = g.times(half, both);
    let rest = g.select(above, db, mean);
    Some(g.select(below, da, rest))
}

fn hypot(g: &mut Graph, [a, b]: [Node; 2], y: Node, t: [Option<Node>; 2]) -> Option<Node> {
    // Divided before multiplied, so that nothing overflows that need not.
    let left = t[0].map(|da| {
        let ratio = g.over(a, y);
        g.times(ratio, da)
    });
    let right = t[1].map(|db| {
        let ratio = g.over(b, y);
        g.times(ratio, db)
    });
    let slope = sum(g, left, right)?;
    let zero = g.constant(0.0);
    let origin = g.compare(Comparison::Equal, y, zero);
    Some(g.select(origin, zero, slope))
}
