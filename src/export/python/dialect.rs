//! How Python with NumPy writes formulas.

use crate::export::splines::Splines;
use crate::export::straight::{Dialect, Form, Text, Tight};
use crate::graph::{Comparison, Function, Graph, Op, SplineId, number};

/// Keywords, and what the module itself calls so.
pub(in crate::export) const RESERVED: &str = "\
    False None True and as assert async await break class continue def del elif else except \
    finally for from global if import in is lambda nonlocal not or pass raise return try \
    while with match case type np math q i j value gradient value_and_gradient bare float int \
    len range zip enumerate reversed tuple dict list print bool sum min max abs openmm";

/// How Python with NumPy writes formulas.
pub(super) struct Python;

impl Dialect for Python {
    fn number(&self, value: f64) -> Text {
        if value.is_nan() {
            return Text::atom("np.nan");
        }
        if value.is_infinite() {
            return Text::atom("np.inf");
        }
        Text::atom(literal(value))
    }

    fn function(&self, function: Function) -> Form {
        let name = match function {
            Function::Power => return Form::new(Tight::Power, "@a**@b"),
            Function::Asin => "np.arcsin",
            Function::Acos => "np.arccos",
            Function::Atan => "np.arctan",
            Function::Atan2 => "np.arctan2",
            Function::Asinh => "np.arcsinh",
            Function::Acosh => "np.arccosh",
            Function::Atanh => "np.arctanh",
            Function::Min => "np.minimum",
            Function::Max => "np.maximum",
            Function::Erf => "_erf",
            Function::Sign => "_sign",
            Function::Mod => "_mod",
            function => &format!("np.{}", function.name()),
        };
        Form::atom(match function.arity() {
            1 => format!("{name}($a)"),
            _ => format!("{name}($a, $b)"),
        })
    }

    fn power(&self, n: i32) -> Form {
        match n {
            -1 => Form::new(Tight::Product, "1.0/@a"),
            n => Form::new(Tight::Power, format!("@a**{n}")),
        }
    }

    fn comparison(&self, comparison: Comparison) -> Form {
        Form::new(Tight::Comparison, format!("~a {} ~b", comparison.symbol()))
    }

    fn logic(&self, op: &Op) -> Form {
        Form::atom(match op {
            Op::And(..) => "np.logical_and($a, $b)",
            Op::Or(..) => "np.logical_or($a, $b)",
            _ => "np.logical_not($a)",
        })
    }

    fn select(&self) -> Form {
        Form::atom("np.where($a, $b, $c)")
    }

    fn spline(&self, splines: &Splines, id: SplineId, graph: &Graph, point: &[String]) -> String {
        let place = splines.find(graph, id);
        let order: Vec<String> = place.order.iter().map(usize::to_string).collect();
        format!(
            "_spline(_spline_{}, ({},), {})",
            place.table + 1,
            order.join(", "),
            point.join(", ")
        )
    }
}

/// A number that is a `float`.
fn literal(value: f64) -> String {
    let text = number(value);
    match text.contains(['.', 'e', '(']) {
        true => text,
        false => format!("{text}.0"),
    }
}

/// A number of any sign.
pub(in crate::export) fn signed(value: f64) -> String {
    match value.is_sign_negative() && !value.is_nan() {
        true => format!("-{}", Python.number(-value).text),
        false => Python.number(value).text,
    }
}
