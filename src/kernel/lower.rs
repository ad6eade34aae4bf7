//! Formulas as lane code.

use super::LaneBuilder;
use super::elementary;
use super::lane::{Mask, Value};
use super::spline::{lower_spline, spline_table};
use crate::graph::{Bits, Comparison, Function, Graph, Node, Op, SplineId};
use std::collections::HashMap;

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
        tables: HashMap::new(),
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
    /// The tables of the splines so far.
    tables: HashMap<SplineId, u32>,
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
            Op::Spline(id, _) => {
                let point: Vec<Value> = op.operands().map(|x| self.number(x)).collect();
                let spline = self.graph.spline_table(id);
                let table = match self.tables.get(&id) {
                    Some(&table) => table,
                    None => {
                        let table = spline_table(self.builder, spline);
                        self.tables.insert(id, table);
                        table
                    }
                };
                lower_spline(self.builder, spline, table, &point)
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
