//! What a place needs: a number, a condition, a whole number, a constant; and what to write where
//! something else is.

use super::elaborate::Elaborator;
use super::value::Value;
use crate::diagnostic::Diagnostic;
use crate::graph::{Node, Op};
use crate::source::Span;
use crate::syntax::{ExprId, ExprKind};

/// Whole numbers beyond this are not exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Elaborator<'_> {
    /// The node of a number; an error for anything else.
    pub(super) fn number(&mut self, value: Value, id: ExprId) -> Option<Node> {
        let span = self.tree.span(id);
        let error = match value {
            Value::Number(node) => return Some(node),
            Value::Wrong => return None,
            Value::Truth(_) => Diagnostic::error("type", "a truth value where a number is needed")
                .at(span, "this is true or false")
                .help("write `if condition then 1 else 0`"),
            Value::Array(array) => {
                let shape = self.arrays.shape(array);
                let name = self.called(id);
                let help = match shape.columns {
                    None => format!(
                        "write its length `norm({name})`, or one number of it, such as `{name}[1]`"
                    ),
                    Some(_) => format!(
                        "write one number of it, such as `{name}[1, 1]`; `norm({name}[1])` is the length of a point"
                    ),
                };
                Diagnostic::error("type", "a vector where a number is needed")
                    .at(span, format!("this is {}", shape.describe()))
                    .help(help)
            }
        };
        self.say(error);
        None
    }

    /// The node of a condition; an error for anything else.
    pub(super) fn truth(&mut self, value: Value, id: ExprId) -> Option<Node> {
        let span = self.tree.span(id);
        let (message, label, help) = match value {
            Value::Truth(node) => return Some(node),
            Value::Wrong => return None,
            Value::Number(_) => (
                "a number where a condition is needed",
                "this is a number".to_owned(),
                "compare it, as in `x != 0`",
            ),
            Value::Array(array) => (
                "a vector where a condition is needed",
                format!("this is {}", self.arrays.shape(array).describe()),
                "compare numbers, as in `norm(r) < 1`",
            ),
        };
        self.say(
            Diagnostic::error("type", message)
                .at(span, label)
                .help(help),
        );
        None
    }

    /// `if` between two values of one kind and shape.
    pub(super) fn select(
        &mut self,
        id: ExprId,
        condition: Value,
        left: (Value, ExprId),
        right: (Value, ExprId),
    ) -> Value {
        let (a, b) = (left.0, right.0);
        let Value::Truth(condition) = condition else {
            return Value::Wrong;
        };
        let alike = match (a, b) {
            (Value::Wrong, _) | (_, Value::Wrong) => return Value::Wrong,
            (Value::Array(a), Value::Array(b)) => self.arrays.shape(a) == self.arrays.shape(b),
            (a, b) => std::mem::discriminant(&a) == std::mem::discriminant(&b),
        };
        if alike {
            return self.zip(a, b, |graph, a, b| graph.select(condition, a, b));
        }
        let shapes = matches!((a, b), (Value::Array(_), Value::Array(_)));
        let (what, help) = if shapes {
            ("shapes", "give both branches the same shape")
        } else {
            ("kinds", "give both branches a number")
        };
        let span = self.tree.span(id);
        let start = Span {
            end: span.start + 2,
            ..span
        };
        let error = Diagnostic::error(
            "type",
            format!("the branches of this `if` are of two {what}"),
        )
        .at(start, "")
        .at(self.tree.span(left.1), self.describe(a))
        .at(self.tree.span(right.1), self.describe(b));
        self.say(error.help(help));
        Value::Wrong
    }

    /// How to call an expression in a message: its name, if it is one.
    pub(super) fn called(&self, id: ExprId) -> &str {
        match self.tree.kind(id) {
            ExprKind::Name(name) => name,
            _ => "r",
        }
    }

    /// A constant whole number; `what` is what it is for.
    pub(super) fn whole(&mut self, value: Value, id: ExprId, what: &str) -> Option<i64> {
        let node = self.number(value, id)?;
        let span = self.tree.span(id);
        match self.constant(node) {
            Some(value) if value == value.trunc() && value.abs() < EXACT => Some(value as i64),
            Some(value) => {
                self.say(
                    Diagnostic::error("bound", format!("{what} is a whole number"))
                        .at(span, format!("this is {value}"))
                        .help("round it: `floor(...)`"),
                );
                None
            }
            None => {
                self.varies(node, what, span);
                None
            }
        }
    }

    /// A number that does not depend on a parameter or coordinate; `what` is what it is for.
    pub(super) fn fixed(&mut self, value: Value, id: ExprId, what: &str) -> Option<f64> {
        let node: Node = self.number(value, id)?;
        let constant = self.constant(node);
        if constant.is_none() {
            self.varies(node, what, self.tree.span(id));
        }
        constant
    }

    /// Says that a node must be known when the program is read. What only depends on arguments is
    /// known where the function is called with constants.
    fn varies(&mut self, node: Node, what: &str, span: Span) {
        let parameters = self.first_parameter..self.first_fresh;
        let schedule = self.graph.schedule(&[node]);
        let by_parameter = schedule
            .into_iter()
            .any(|at| matches!(self.graph.op(at), Op::Input(input) if parameters.contains(&input)));
        if self.general && !by_parameter {
            return;
        }
        let (by, help) = if by_parameter {
            (
                "a parameter",
                "make it a constant: `name = ...` in place of `param name = ...`",
            )
        } else {
            ("a coordinate", "write a number, or a constant `name = ...`")
        };
        let error = Diagnostic::error("not-constant", format!("{what} depends on {by}"))
            .at(span, "this must be known when the program is read");
        self.say(error.help(help));
    }
}
