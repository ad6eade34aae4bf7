//! Formulas as lane code.

use super::LaneBuilder;
use super::code::Table;
use super::elementary;
use super::lane::{Mask, Value};
use crate::graph::{Bits, Comparison, Extension, Function, Graph, Node, Op, Spline};

/// The largest exponent that is multiplied out: the relative error of a chain grows as the
/// exponent times 2^-53.
const MAX_CHAIN: u32 = 64;

/// What a lowering may change by rounding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lowering {
    /// Division by an invariant becomes a product with its reciprocal, computed once.
    pub reciprocals: bool,
    /// `a*b + c` becomes one instruction with one rounding.
    pub contract: bool,
}

impl Lowering {
    /// As the graph evaluator rounds: for values.
    pub const EXACT: Lowering = Lowering {
        reciprocals: false,
        contract: false,
    };
    /// Fast: for step loops.
    pub const FAST: Lowering = Lowering {
        reciprocals: true,
        contract: true,
    };
}

/// What a node became; numbers and truth values change into each other only where it is needed.
#[derive(Clone, Copy)]
enum Lowered {
    Number(Value),
    Truth(Mask),
}

/// The roots as lane code, at these values of the inputs (NaN for a missing one). A root that is
/// a truth value comes out as 0 or 1.
pub fn lower_graph(
    builder: &mut LaneBuilder,
    graph: &Graph,
    roots: &[Node],
    inputs: &[Value],
    lowering: Lowering,
) -> Vec<Value> {
    let mut lower = Lower {
        builder,
        graph,
        inputs,
        lowering,
        done: vec![None; graph.len()],
    };
    for node in graph.schedule(roots) {
        lower.done[node.index()] = Some(lower.op(graph.op(node)));
    }
    roots.iter().map(|root| lower.number(*root)).collect()
}

struct Lower<'a> {
    builder: &'a mut LaneBuilder,
    graph: &'a Graph,
    inputs: &'a [Value],
    lowering: Lowering,
    done: Vec<Option<Lowered>>,
}

impl Lower<'_> {
    fn number(&mut self, node: Node) -> Value {
        match self.done[node.index()] {
            Some(Lowered::Number(value)) => value,
            Some(Lowered::Truth(mask)) => {
                let (one, zero) = (self.builder.constant(1.0), self.builder.constant(0.0));
                self.builder.select(mask, one, zero)
            }
            // A schedule has operands first, so this is not reached.
            None => self.builder.constant(f64::NAN),
        }
    }

    fn truth(&mut self, node: Node) -> Mask {
        match self.done[node.index()] {
            Some(Lowered::Truth(mask)) => mask,
            _ => {
                let (value, zero) = (self.number(node), self.builder.constant(0.0));
                self.builder.compare(Comparison::NotEqual, value, zero)
            }
        }
    }

    fn op(&mut self, op: Op) -> Lowered {
        match op {
            Op::Compare(comparison, a, b) => {
                let (a, b) = (self.number(a), self.number(b));
                Lowered::Truth(self.builder.compare(comparison, a, b))
            }
            Op::And(a, b) => {
                let (a, b) = (self.truth(a), self.truth(b));
                Lowered::Truth(self.builder.and(a, b))
            }
            Op::Or(a, b) => {
                let (a, b) = (self.truth(a), self.truth(b));
                Lowered::Truth(self.builder.or(a, b))
            }
            Op::Not(a) => {
                let a = self.truth(a);
                Lowered::Truth(self.builder.not(a))
            }
            op => Lowered::Number(self.numeric(op)),
        }
    }

    fn numeric(&mut self, op: Op) -> Value {
        match op {
            Op::Constant(bits) => self.builder.constant(Bits::value(bits)),
            Op::Input(input) => match self.inputs.get(input as usize) {
                Some(&value) => value,
                None => self.builder.constant(f64::NAN),
            },
            Op::Apply1(function, a) => {
                let a = self.number(a);
                let unused = self.builder.constant(0.0);
                elementary::lower(self.builder, function, [a, unused])
            }
            Op::Apply2(function, a, b) => {
                let args = [self.number(a), self.number(b)];
                self.apply2(function, args)
            }
            Op::Power(a, n) => {
                let a = self.number(a);
                power(self.builder, a, n)
            }
            Op::Select(condition, a, b) => {
                let condition = self.truth(condition);
                let (a, b) = (self.number(a), self.number(b));
                self.builder.select(condition, a, b)
            }
            Op::Spline(id, x) => {
                let x = self.number(x);
                spline(self.builder, self.graph.spline_table(id), x)
            }
            Op::Compare(..) | Op::And(..) | Op::Or(..) | Op::Not(_) => {
                self.builder.constant(f64::NAN)
            }
        }
    }

    fn apply2(&mut self, function: Function, [a, b]: [Value; 2]) -> Value {
        let builder = &mut *self.builder;
        let product = |builder: &LaneBuilder, value| match self.lowering.contract {
            true if !builder.is_invariant(value) => builder.as_product(value),
            _ => None,
        };
        match function {
            Function::Divide if self.lowering.reciprocals && builder.is_invariant(b) => {
                let one = builder.constant(1.0);
                let reciprocal = builder.div(one, b);
                builder.mul(a, reciprocal)
            }
            Function::Add => match (product(builder, a), product(builder, b)) {
                (Some((x, y)), _) => builder.fma(x, y, b),
                (_, Some((x, y))) => builder.fma(x, y, a),
                _ => builder.add(a, b),
            },
            Function::Subtract => match (product(builder, a), product(builder, b)) {
                (_, Some((x, y))) => {
                    let x = builder.neg(x);
                    builder.fma(x, y, a)
                }
                (Some((x, y)), _) => {
                    let b = builder.neg(b);
                    builder.fma(x, y, b)
                }
                _ => builder.sub(a, b),
            },
            _ => elementary::lower(builder, function, [a, b]),
        }
    }
}

/// `x^n` by repeated squaring, `0^0 = 1`; a negative power is the reciprocal of the positive one.
fn power(b: &mut LaneBuilder, x: Value, n: i32) -> Value {
    let one = b.constant(1.0);
    let magnitude = n.unsigned_abs();
    if magnitude > MAX_CHAIN {
        let n = b.constant(f64::from(n));
        return elementary::lower(b, Function::Power, [x, n]);
    }
    let (mut rest, mut square, mut product) = (magnitude, x, one);
    while rest > 0 {
        if rest % 2 == 1 {
            product = b.mul(product, square);
        }
        rest /= 2;
        if rest > 0 {
            square = b.mul(square, square);
        }
    }
    if n < 0 { b.div(one, product) } else { product }
}

/// A spline by cells: `u = (x - lo)/h - cell`, then Horner's scheme on the cell's polynomial.
fn spline(b: &mut LaneBuilder, spline: &Spline, x: Value) -> Value {
    let columns = spline.degree() + 1;
    let Some(table) = Table::new(columns, spline.polynomials()) else {
        // A spline has at least one cell, so this is not reached.
        return b.constant(f64::NAN);
    };
    let table = b.table(table);
    let (lo, hi) = (b.constant(spline.lo()), b.constant(spline.hi()));
    // NaN passes through both, and makes u NaN.
    let above = b.max(lo, x);
    let near = b.min(hi, above);
    let (spacing, last) = (
        b.constant(spline.spacing()),
        b.constant(spline.cells() as f64 - 1.0),
    );
    let offset = b.sub(near, lo);
    let t = b.div(offset, spacing);
    let whole = b.floor(t);
    let cell = b.min(last, whole);
    let u = b.sub(t, cell);
    let mut value = b.gather(table, cell, columns - 1);
    for column in (0..columns - 1).rev() {
        let coefficient = b.gather(table, cell, column);
        value = b.fma(value, u, coefficient);
    }
    if spline.degree() == 0 {
        let number = b.compare(Comparison::Equal, x, x);
        value = b.select(number, value, x);
    }
    extend(b, spline, x, near, value)
}

/// The value inside, continued outside. `near` is the nearest point inside.
fn extend(b: &mut LaneBuilder, spline: &Spline, x: Value, near: Value, inside: Value) -> Value {
    let (lo, hi) = (b.constant(spline.lo()), b.constant(spline.hi()));
    let below = b.compare(Comparison::Less, x, lo);
    match spline.extension() {
        Extension::Constant => inside,
        Extension::Zero => {
            let above = b.compare(Comparison::Greater, x, hi);
            let outside = b.or(below, above);
            let zero = b.constant(0.0);
            b.select(outside, zero, inside)
        }
        Extension::Linear => {
            let slope = |end| spline.derivative().map_or(0.0, |slope| slope.value(end));
            let (left, right) = (
                b.constant(slope(spline.lo())),
                b.constant(slope(spline.hi())),
            );
            let slope = b.select(below, left, right);
            let excess = b.sub(x, near);
            b.fma(slope, excess, inside)
        }
    }
}
