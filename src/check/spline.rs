//! `spline`: a table of coefficients where other functions take numbers.

use super::elaborate::Elaborator;
use super::value::Value;
use crate::diagnostic::Diagnostic;
use crate::graph::Spline;
use crate::syntax::ExprId;

const WHAT: &str = "a number of a spline's table";

impl Elaborator<'_> {
    pub(super) fn spline(&mut self, id: ExprId, arguments: &[ExprId]) -> Value {
        let first = self.values.len().saturating_sub(arguments.len());
        let values = self.values.split_off(first);
        let [x, degree, lo, hi, coefficients] = values[..] else {
            return Value::Wrong;
        };
        let x = self.number(x, arguments[0]);
        let degree = self.fixed(degree, arguments[1], WHAT);
        let lo = self.fixed(lo, arguments[2], WHAT);
        let hi = self.fixed(hi, arguments[3], WHAT);
        let coefficients = self.coefficients(coefficients, arguments[4]);
        let (Some(x), Some(degree), Some(lo), Some(hi), Some(coefficients)) =
            (x, degree, lo, hi, coefficients)
        else {
            return Value::Wrong;
        };
        let given = coefficients.len();
        let whole = degree == degree.trunc() && (0.0..=7.0).contains(&degree);
        let table = if whole {
            Spline::new(degree as usize, lo, hi, coefficients)
        } else {
            None
        };
        match table {
            Some(table) => Value::Number(self.graph.spline(table, x)),
            None => {
                self.say(self.bad_spline(id, arguments, whole, [degree, lo, hi], given));
                Value::Wrong
            }
        }
    }

    /// A vector of constants.
    fn coefficients(&mut self, value: Value, id: ExprId) -> Option<Vec<f64>> {
        if matches!(value, Value::Number(_) | Value::Truth(_)) {
            let error = Diagnostic::error("spline", "the coefficients of a spline are a list")
                .at(self.tree.span(id), "");
            self.say(error.help("write `[c1, c2, ...]`"));
            return None;
        }
        let nodes = self.vector(value, id)?;
        let mut numbers = Vec::with_capacity(nodes.len());
        for node in nodes {
            numbers.push(self.fixed(Value::Number(node), id, WHAT)?);
        }
        Some(numbers)
    }

    fn bad_spline(
        &self,
        id: ExprId,
        arguments: &[ExprId],
        whole: bool,
        [degree, lo, hi]: [f64; 3],
        given: usize,
    ) -> Diagnostic {
        let span = |at: usize| self.tree.span(arguments[at]);
        let make = |message: String, span, help: &str| {
            Diagnostic::error("spline", message).at(span, "").help(help)
        };
        if !whole {
            make(
                format!("a spline of degree {degree}"),
                span(1),
                "the degree is 0, 1, ... 7; 3 is a cubic spline",
            )
        } else if lo >= hi || !(hi - lo).is_finite() {
            make(
                format!("a spline on the interval {lo}..{hi}"),
                span(2).to(span(3)),
                "the interval is finite and `lo` is below `hi`",
            )
        } else if given <= degree as usize {
            make(
                format!("{given} coefficients are too few for degree {degree}"),
                span(4),
                "there is one for each cell, and `degree` more",
            )
        } else {
            make(
                "a coefficient of this spline is not finite".to_owned(),
                self.tree.span(id),
                "write finite numbers",
            )
        }
    }
}
