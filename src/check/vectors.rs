//! Vectors and arrays of points: how they are made, taken apart and reckoned with, component by
//! component in the same graph as everything else.

use super::definitions::Builtin;
use super::elaborate::{Elaborator, MAX_NODES, MAX_STEPS};
use super::random::random;
use super::value::{Shape, Value};
use crate::diagnostic::Diagnostic;
use crate::graph::{Function, Graph, Node};
use crate::source::Span;
use crate::syntax::{ExprId, Infix};

impl Elaborator<'_> {
    /// The array of those components.
    pub(super) fn array(&mut self, shape: Shape, nodes: Vec<Node>) -> Value {
        self.steps = self.steps.saturating_add(nodes.len());
        Value::Array(self.arrays.add(shape, nodes))
    }

    /// The components of a value, row by row.
    pub(super) fn components(&self, value: Value) -> Vec<Node> {
        match value {
            Value::Number(node) | Value::Truth(node) => vec![node],
            Value::Array(array) => self.arrays.get(array).nodes.to_vec(),
            Value::Wrong => Vec::new(),
        }
    }

    /// A value of the same kind and shape with other components.
    pub(super) fn like(&mut self, value: Value, nodes: Vec<Node>) -> Value {
        match (value, &nodes[..]) {
            (Value::Number(_), &[node]) => Value::Number(node),
            (Value::Truth(_), &[node]) => Value::Truth(node),
            (Value::Array(array), _) => {
                let shape = self.arrays.shape(array);
                self.array(shape, nodes)
            }
            _ => Value::Wrong,
        }
    }

    /// `[a, b, ...]` with numbers, or with vectors of one length.
    pub(super) fn list(&mut self, id: ExprId, elements: &[ExprId]) -> Value {
        if elements.is_empty() {
            let error = Diagnostic::error("shape", "an empty list").at(self.tree.span(id), "");
            self.say(error.help("a vector has one number at least: `[0]`"));
            return Value::Wrong;
        }
        let first = self.values.len().saturating_sub(elements.len());
        let values = self.values.split_off(first);
        if values.contains(&Value::Wrong) {
            return Value::Wrong;
        }
        match values.first() {
            None => Value::Wrong,
            Some(&Value::Array(array)) => {
                let row = self.arrays.shape(array);
                self.rows(row, &values, elements)
            }
            Some(_) => {
                let pairs = values.into_iter().zip(elements);
                let nodes: Vec<_> = pairs.map(|(value, id)| self.number(value, *id)).collect();
                match nodes.into_iter().collect::<Option<Vec<Node>>>() {
                    Some(nodes) => self.array(Shape::vector(nodes.len()), nodes),
                    None => Value::Wrong,
                }
            }
        }
    }

    fn rows(&mut self, row: Shape, values: &[Value], elements: &[ExprId]) -> Value {
        let Some(shape) = row.listed(values.len()) else {
            let span = self.tree.span(elements[0]);
            let error = Diagnostic::error("type", "lists that nest four times")
                .at(span, format!("this is {}", row.describe()));
            self.say(error.help("lists nest three times: `[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]`"));
            return Value::Wrong;
        };
        if shape.count() > MAX_NODES {
            self.steps = MAX_STEPS + 1;
            return Value::Wrong;
        }
        let mut nodes = Vec::with_capacity(shape.count());
        for (value, id) in values.iter().zip(elements) {
            let array = match *value {
                Value::Array(array) => Some(self.arrays.get(array)),
                _ => None,
            };
            match array {
                Some(array) if array.shape == row => nodes.extend(array.nodes.iter()),
                other => {
                    let found = other.map_or("a number".to_owned(), |a| a.shape.describe());
                    let error = Diagnostic::error("shape", "the rows of this table differ")
                        .at(self.tree.span(*id), format!("this is {found}"))
                        .at(
                            self.tree.span(elements[0]),
                            format!("the first row is {}", row.describe()),
                        );
                    self.say(error.help("give every row as many numbers"));
                    return Value::Wrong;
                }
            }
        }
        self.array(shape, nodes)
    }

    /// `q[i]`, `r[i, k]`, `r[i]`.
    pub(super) fn index(&mut self, base: ExprId, indices: &[ExprId]) -> Value {
        let first = self.values.len().saturating_sub(indices.len());
        let given = self.values.split_off(first);
        let array = match self.pop() {
            Value::Array(array) => self.arrays.get(array),
            Value::Wrong => return Value::Wrong,
            Value::Number(_) | Value::Truth(_) => {
                let name = self.called(base);
                let help =
                    format!("write `{name}` alone, or `{name}[n]` where the argument is defined");
                let error = Diagnostic::error("type", "only vectors and tables have indices")
                    .at(self.tree.span(base), "this is a number");
                self.say(error.help(help));
                return Value::Wrong;
            }
        };
        let sizes = array.shape.sizes();
        if given.len() > sizes.len() {
            self.too_many_indices(base, array.shape, indices);
            return Value::Wrong;
        }
        let (mut start, mut length, mut shape) = (0, array.nodes.len(), Some(array.shape));
        for ((value, id), size) in given.iter().zip(indices).zip(sizes) {
            let Some(index) = self.within(*value, *id, size, base, array.shape) else {
                return Value::Wrong;
            };
            length /= size;
            start += index * length;
            shape = shape.and_then(Shape::entry);
        }
        match shape {
            None => Value::Number(array.nodes[start]),
            Some(shape) => self.array(shape, array.nodes[start..start + length].to_vec()),
        }
    }

    fn too_many_indices(&mut self, base: ExprId, shape: Shape, indices: &[ExprId]) {
        let span = self
            .tree
            .span(indices[0])
            .to(self.tree.span(indices[indices.len() - 1]));
        let name = self.called(base);
        let help = match shape.columns {
            None => format!("write `{name}[i]`"),
            Some(_) => format!("write `{name}[i, k]` for a number or `{name}[i]` for a point"),
        };
        let error = Diagnostic::error("index", format!("{} indices are too many", indices.len()))
            .at(span, "")
            .at(
                self.tree.span(base),
                format!("this is {}", shape.describe()),
            );
        self.say(error.help(help));
    }

    /// An index counted from 0 that is below `size`.
    fn within(
        &mut self,
        value: Value,
        id: ExprId,
        size: usize,
        base: ExprId,
        shape: Shape,
    ) -> Option<usize> {
        let index = self.whole(value, id, "an index")?;
        if (1..=size as i64).contains(&index) {
            return Some(index as usize - 1);
        }
        let mut error = Diagnostic::error("index", format!("index {index} is outside 1..{size}"))
            .at(self.tree.span(id), format!("this is {index}"))
            .at(
                self.tree.span(base),
                format!("this is {}", shape.describe()),
            );
        error = error.help(match index {
            0 => "indices count from 1",
            _ => "change the index, or the range that it runs over",
        });
        self.say(error);
        None
    }

    /// `-v`
    pub(super) fn negate(&mut self, value: Value, id: ExprId) -> Value {
        match value {
            Value::Array(_) => self.each(value, |graph, a| graph.negate(a)),
            _ => self.number(value, id).map(|a| self.graph.negate(a)).into(),
        }
    }

    fn each(&mut self, value: Value, mut f: impl FnMut(&mut Graph, Node) -> Node) -> Value {
        let nodes = self.components(value);
        let nodes = nodes.into_iter().map(|a| f(&mut self.graph, a)).collect();
        self.like(value, nodes)
    }

    /// Two values of one shape, component by component.
    pub(super) fn zip(
        &mut self,
        a: Value,
        b: Value,
        mut f: impl FnMut(&mut Graph, Node, Node) -> Node,
    ) -> Value {
        let pairs = self.components(a).into_iter().zip(self.components(b));
        let nodes: Vec<Node> = pairs.map(|(a, b)| f(&mut self.graph, a, b)).collect();
        self.like(a, nodes)
    }

    /// An operator with a vector on one side at least.
    pub(super) fn infix_arrays(
        &mut self,
        op: Infix,
        span: Span,
        left: (Value, ExprId),
        right: (Value, ExprId),
    ) -> Value {
        match (op, left.0, right.0) {
            (_, Value::Wrong, _) | (_, _, Value::Wrong) => Value::Wrong,
            (Infix::Add | Infix::Subtract, Value::Array(a), Value::Array(b))
                if self.arrays.shape(a) == self.arrays.shape(b) =>
            {
                let function = if op == Infix::Add {
                    Function::Add
                } else {
                    Function::Subtract
                };
                self.zip(left.0, right.0, |graph, a, b| graph.apply2(function, a, b))
            }
            (Infix::Multiply, Value::Number(a), Value::Array(_)) => {
                self.each(right.0, |graph, b| graph.times(a, b))
            }
            (Infix::Multiply, Value::Array(_), Value::Number(b)) => {
                self.each(left.0, |graph, a| graph.times(a, b))
            }
            (Infix::Divide, Value::Array(_), Value::Number(b)) => {
                self.each(left.0, |graph, a| graph.over(a, b))
            }
            (Infix::Add | Infix::Subtract, ..)
            | (Infix::Multiply, Value::Array(_), Value::Array(_))
            | (Infix::Power, Value::Array(_), _) => self.mismatch(op, span, left, right),
            _ => {
                self.number(left.0, left.1);
                self.number(right.0, right.1);
                Value::Wrong
            }
        }
    }

    fn mismatch(
        &mut self,
        op: Infix,
        span: Span,
        left: (Value, ExprId),
        right: (Value, ExprId),
    ) -> Value {
        let (a, b) = (self.describe(left.0), self.describe(right.0));
        let help = match op {
            Infix::Multiply => format!(
                "write `dot({}, {})`, or multiply numbers",
                self.called(left.1),
                self.called(right.1)
            ),
            Infix::Power => format!(
                "write `dot({0}, {0})` for a square, or `norm({0})`",
                self.called(left.1)
            ),
            _ => "both sides have the same shape: numbers, or vectors of one length".to_owned(),
        };
        let error = Diagnostic::error(
            "shape",
            format!("`{}` does not take {a} and {b}", op.symbol()),
        )
        .at(span, "")
        .at(self.tree.span(left.1), a)
        .at(self.tree.span(right.1), b);
        self.say(error.help(help));
        Value::Wrong
    }

    /// A value in words.
    pub(super) fn describe(&self, value: Value) -> String {
        match value {
            Value::Number(_) => "a number".to_owned(),
            Value::Truth(_) => "a truth value".to_owned(),
            Value::Array(array) => self.arrays.shape(array).describe(),
            Value::Wrong => String::new(),
        }
    }

    /// `dot`, `norm`, `dist`, `len`, `random`.
    pub(super) fn gather(&mut self, builtin: Builtin, arguments: &[ExprId]) -> Value {
        let first = self.values.len().saturating_sub(arguments.len());
        let values = self.values.split_off(first);
        match (builtin, &values[..]) {
            (Builtin::Random, &[seed, i]) => self.random((seed, arguments[0]), (i, arguments[1])),
            (Builtin::Len, &[value]) => self.len((value, arguments[0])),
            (Builtin::Norm, &[value]) => match self.vector(value, arguments[0]) {
                Some(nodes) => Value::Number(self.length(&nodes)),
                None => Value::Wrong,
            },
            (Builtin::Dot | Builtin::Dist, &[a, b]) => {
                self.pair(builtin, (a, arguments[0]), (b, arguments[1]))
            }
            _ => Value::Wrong,
        }
    }

    /// `dot` or `dist`.
    fn pair(&mut self, builtin: Builtin, a: (Value, ExprId), b: (Value, ExprId)) -> Value {
        let (left, right) = (self.vector(a.0, a.1), self.vector(b.0, b.1));
        let (Some(left), Some(right)) = (left, right) else {
            return Value::Wrong;
        };
        let distance = builtin == Builtin::Dist;
        if left.len() != right.len() {
            let what = if distance { "dist" } else { "dot" };
            let message = format!("`{what}` of vectors of two lengths");
            let error = Diagnostic::error("shape", message)
                .at(self.tree.span(a.1), self.describe(a.0))
                .at(self.tree.span(b.1), self.describe(b.0));
            self.say(error.help("give it vectors of one length"));
            return Value::Wrong;
        }
        let pairs = left.into_iter().zip(right);
        if distance {
            let nodes: Vec<Node> = pairs.map(|(a, b)| self.graph.minus(a, b)).collect();
            return Value::Number(self.length(&nodes));
        }
        let nodes: Vec<Node> = pairs.map(|(a, b)| self.graph.times(a, b)).collect();
        Value::Number(self.total(&nodes))
    }

    /// The components of a vector; an error for anything else.
    pub(super) fn vector(&mut self, value: Value, id: ExprId) -> Option<Vec<Node>> {
        let help = match value {
            Value::Wrong => return None,
            Value::Array(array) => {
                let array = self.arrays.get(array);
                if array.shape.columns.is_none() {
                    return Some(array.nodes.to_vec());
                }
                format!("take one point of it: `{}[i]`", self.called(id))
            }
            _ => "write a vector: `[a, b, ...]`, or an argument `r[3]`".to_owned(),
        };
        let message = format!(
            "{} where a vector is needed",
            self.describe(value)
                .split(" of ")
                .next()
                .unwrap_or_default()
        );
        let label = format!("this is {}", self.describe(value));
        self.say(
            Diagnostic::error("type", message)
                .at(self.tree.span(id), label)
                .help(help),
        );
        None
    }

    fn total(&mut self, nodes: &[Node]) -> Node {
        let sum = nodes.iter().copied().reduce(|a, b| self.graph.plus(a, b));
        sum.unwrap_or_else(|| self.graph.constant(0.0))
    }

    /// The Euclidean length. Its slope at the origin is the mean over all directions, 0.
    fn length(&mut self, nodes: &[Node]) -> Node {
        match *nodes {
            [a] => self.graph.apply1(Function::Abs, a),
            [a, b] => self.graph.apply2(Function::Hypot, a, b),
            _ => {
                let squares: Vec<Node> = nodes.iter().map(|&a| self.graph.power(a, 2)).collect();
                let sum = self.total(&squares);
                self.graph.apply1(Function::Sqrt, sum)
            }
        }
    }

    fn len(&mut self, (value, id): (Value, ExprId)) -> Value {
        match value {
            Value::Array(array) => {
                let rows = self.arrays.shape(array).rows;
                Value::Number(self.graph.constant(rows as f64))
            }
            Value::Wrong => Value::Wrong,
            _ => {
                let error = Diagnostic::error(
                    "type",
                    "`len` counts the elements of a vector or the rows of a table",
                )
                .at(
                    self.tree.span(id),
                    format!("this is {}", self.describe(value)),
                );
                self.say(error.help("for the size of a number write `abs(x)`"));
                Value::Wrong
            }
        }
    }

    fn random(&mut self, seed: (Value, ExprId), i: (Value, ExprId)) -> Value {
        const WHAT: &str = "an argument of `random`";
        let seed = self.whole(seed.0, seed.1, WHAT);
        let i = self.whole(i.0, i.1, WHAT);
        let (Some(seed), Some(i)) = (seed, i) else {
            return Value::Wrong;
        };
        Value::Number(self.graph.constant(random(seed, i)))
    }
}
