//! `spline` and `periodic_spline`: tables of coefficients where other functions take numbers.

use super::definitions::Builtin;
use super::elaborate::Elaborator;
use super::value::{Shape, Value};
use crate::diagnostic::Diagnostic;
use crate::graph::{MAX_DEGREE, Node, Op, Spline, SplineAxis};
use crate::syntax::ExprId;
use std::sync::Arc;

const WHAT: &str = "a number of a spline's table";

/// What decides the table of a call: whether it wraps, its coordinates, and the values after the
/// point.
pub(super) type SplineKey = (bool, usize, Vec<Value>);

/// What a call gives besides the point.
struct Given {
    degrees: Vec<f64>,
    axes: Vec<SplineAxis>,
    coefficients: Vec<f64>,
    /// How many coefficients along each axis.
    shape: Vec<usize>,
}

impl Elaborator<'_> {
    /// `spline(x, degree, lo, hi, [...])`, `spline(x, y, degree, [...], [...], [[...]])`, and the
    /// same with three coordinates.
    pub(super) fn spline(&mut self, builtin: Builtin, arguments: &[ExprId]) -> Value {
        let first = self.values.len().saturating_sub(arguments.len());
        let values = self.values.split_off(first);
        if values.contains(&Value::Wrong) || values.len() < 5 {
            return Value::Wrong;
        }
        let dimension = values.len() - 4;
        let mut point = Vec::with_capacity(dimension);
        for (value, id) in values.iter().zip(arguments).take(dimension) {
            point.extend(self.number(*value, *id));
        }
        let periodic = builtin == Builtin::PeriodicSpline;
        // Equal calls share one table: it may be long, and the calls many.
        let key = (periodic, dimension, values[dimension..].to_vec());
        if let Some(table) = self.splines.get(&key).cloned() {
            return match point.len() == dimension {
                true => Value::Number(self.graph.spline(table, &point)),
                false => Value::Wrong,
            };
        }
        let given = self.given(
            &values[dimension..],
            &arguments[dimension..],
            periodic,
            dimension,
        );
        let Some(given) = given.filter(|_| point.len() == dimension) else {
            return Value::Wrong;
        };
        let value = self.spline_at(&point, given, &arguments[dimension..]);
        if let Value::Number(node) = value
            && let Op::Spline(id, _) = self.graph.op(node)
        {
            let table = Arc::clone(self.graph.spline_table(id));
            self.splines.insert(key, table);
        }
        value
    }

    /// The degree, the ends and the coefficients.
    fn given(
        &mut self,
        values: &[Value],
        arguments: &[ExprId],
        periodic: bool,
        dimension: usize,
    ) -> Option<Given> {
        // One degree is that of all axes.
        let degrees = match values[0] {
            Value::Array(_) => self.for_axes(values[0], arguments[0], dimension),
            degree => self
                .fixed(degree, arguments[0], WHAT)
                .map(|d| vec![d; dimension]),
        };
        let los = self.for_axes(values[1], arguments[1], dimension);
        let his = self.for_axes(values[2], arguments[2], dimension);
        let coefficients = self.coefficients(values[3], arguments[3], dimension);
        let (degrees, los, his) = (degrees?, los?, his?);
        let (shape, coefficients) = coefficients?;
        let ends = los.into_iter().zip(his);
        Some(Given {
            degrees,
            axes: ends
                .map(|(lo, hi)| SplineAxis { lo, hi, periodic })
                .collect(),
            coefficients,
            shape,
        })
    }

    fn spline_at(&mut self, point: &[Node], given: Given, arguments: &[ExprId]) -> Value {
        let Given {
            degrees,
            axes,
            coefficients,
            shape,
        } = &given;
        let whole = |d: &f64| *d == d.trunc() && (0.0..=MAX_DEGREE as f64).contains(d);
        let table = degrees.iter().all(whole).then(|| {
            let degrees: Vec<usize> = degrees.iter().map(|d| *d as usize).collect();
            Spline::with_degrees(&degrees, axes, coefficients.clone(), shape)
        });
        match table.flatten() {
            Some(table) => Value::Number(self.graph.spline(table, point)),
            None => {
                let error = self.bad_spline(&given, arguments);
                self.say(error);
                Value::Wrong
            }
        }
    }

    /// A number for each axis: a number if there is one axis, else a vector.
    fn for_axes(&mut self, value: Value, id: ExprId, dimension: usize) -> Option<Vec<f64>> {
        if dimension == 1 {
            return self.fixed(value, id, WHAT).map(|x| vec![x]);
        }
        let numbers = self.numbers(value, id, Shape::vector(dimension));
        numbers.map(|(_, numbers)| numbers)
    }

    /// The sizes and numbers of a table with as many indices as there are axes.
    fn coefficients(
        &mut self,
        value: Value,
        id: ExprId,
        dimension: usize,
    ) -> Option<(Vec<usize>, Vec<f64>)> {
        let shape = match value {
            Value::Array(array) => self.arrays.shape(array),
            _ => Shape::vector(0),
        };
        // Any table with the right number of indices.
        let like = match dimension {
            n if shape.sizes().len() == n && shape.rows > 0 => shape,
            1 => Shape::vector(0),
            2 => Shape::table(0, 0),
            _ => Shape {
                depth: Some(0),
                ..Shape::table(0, 0)
            },
        };
        self.numbers(value, id, like)
    }

    /// The constants of an array of that shape; a size 0 stands for any.
    fn numbers(
        &mut self,
        value: Value,
        id: ExprId,
        shape: Shape,
    ) -> Option<(Vec<usize>, Vec<f64>)> {
        let array = match value {
            Value::Array(array) if self.arrays.shape(array) == shape => self.arrays.get(array),
            _ => {
                let wanted = match (&shape.sizes()[..], shape.rows) {
                    ([0], _) => "a list `[c1, c2, ...]`",
                    ([0, _], _) => "a table `[[c11, c12, ...], ...]`",
                    ([0, ..], _) => "a table of lists `[[[c111, c112, ...], ...], ...]`",
                    (_, 3) => "a list `[x, y, z]`, one number for each coordinate",
                    _ => "a list `[x, y]`, one number for each coordinate",
                };
                let error =
                    Diagnostic::error("spline", "the table of this spline has another shape").at(
                        self.tree.span(id),
                        format!("this is {}", self.describe(value)),
                    );
                self.say(error.help(format!("give it {wanted}")));
                return None;
            }
        };
        self.steps = self.steps.saturating_add(array.nodes.len());
        let mut numbers = Vec::with_capacity(array.nodes.len());
        for &node in array.nodes.iter() {
            numbers.push(self.fixed(Value::Number(node), id, WHAT)?);
        }
        Some((shape.sizes(), numbers))
    }

    fn bad_spline(&self, given: &Given, arguments: &[ExprId]) -> Diagnostic {
        let span = |at: usize| self.tree.span(arguments[at]);
        let make = |message: String, span, help: &str| {
            Diagnostic::error("spline", message).at(span, "").help(help)
        };
        for (axis, degree) in given.axes.iter().zip(&given.degrees) {
            let SplineAxis { lo, hi, .. } = axis;
            if *degree != degree.trunc() || !(0.0..=MAX_DEGREE as f64).contains(degree) {
                return make(
                    format!("a spline of degree {degree}"),
                    span(0),
                    "the degree is 0, 1, ... 7; 3 is a cubic spline",
                );
            }
            if lo >= hi || !(hi - lo).is_finite() {
                return make(
                    format!("a spline on the interval {lo}..{hi}"),
                    span(1).to(span(2)),
                    "the interval is finite and `lo` is below `hi`",
                );
            }
        }
        let few = given
            .degrees
            .iter()
            .zip(&given.shape)
            .find(|(d, size)| **size <= **d as usize);
        match few {
            Some((degree, size)) if given.axes.iter().all(|axis| !axis.periodic) => make(
                format!("{size} coefficients are too few for degree {degree}"),
                span(3),
                "there is one for each cell, and `degree` more",
            ),
            _ => make(
                "a coefficient of this spline is not finite".to_owned(),
                span(3),
                "write finite numbers",
            ),
        }
    }
}
