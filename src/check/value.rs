//! What an expression can be: a number, a truth value, or an array of numbers.

use crate::graph::Node;
use std::collections::HashMap;
use std::rc::Rc;

/// What an expression is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Value {
    Number(Node),
    Truth(Node),
    /// A vector or an array of points.
    Array(ArrayId),
    /// An error that has been reported.
    Wrong,
}

impl From<Option<Node>> for Value {
    fn from(node: Option<Node>) -> Value {
        node.map_or(Value::Wrong, Value::Number)
    }
}

/// A handle of one array of [`Arrays`]: equal arrays have the same, so that a call with a vector
/// is remembered by one number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct ArrayId(u32);

/// The sizes of an array.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Shape {
    /// How many numbers a vector has, or how many rows an array of points.
    pub rows: usize,
    /// How many numbers a row has; `None` for a vector.
    pub columns: Option<usize>,
    /// How many numbers each entry has in a table of lists, such as the coefficients of a spline of
    /// three coordinates; `None` for all others.
    pub depth: Option<usize>,
}

impl Shape {
    /// A vector of that many numbers.
    pub fn vector(rows: usize) -> Shape {
        Shape {
            rows,
            columns: None,
            depth: None,
        }
    }

    /// An array of rows of that many numbers.
    pub fn table(rows: usize, columns: usize) -> Shape {
        Shape {
            columns: Some(columns),
            ..Shape::vector(rows)
        }
    }

    /// As many of these in a list; `None` where lists would nest more than three times.
    pub fn listed(self, rows: usize) -> Option<Shape> {
        self.depth.is_none().then_some(Shape {
            rows,
            columns: Some(self.rows),
            depth: self.columns,
        })
    }

    /// The shape of an entry of a list: `None` for a number.
    pub fn entry(self) -> Option<Shape> {
        self.columns.map(|rows| Shape {
            rows,
            columns: self.depth,
            depth: None,
        })
    }

    /// How many numbers.
    pub fn count(self) -> usize {
        let sizes = self.sizes().into_iter();
        sizes.fold(1, |product: usize, size| product.saturating_mul(size))
    }

    /// One size to three.
    pub fn sizes(self) -> Vec<usize> {
        let sizes = std::iter::once(self.rows).chain(self.columns);
        sizes.chain(self.depth).collect()
    }

    /// In words, such as `a vector of 3 numbers`.
    pub fn describe(self) -> String {
        match self.columns {
            None if self.rows == 1 => "a vector of 1 number".to_owned(),
            None => format!("a vector of {} numbers", self.rows),
            Some(_) => {
                let sizes: Vec<String> = self.sizes().iter().map(usize::to_string).collect();
                format!("an array of {} numbers", sizes.join(" by "))
            }
        }
    }

    /// How an argument of this shape is written, such as `q[3]`.
    pub fn written(self, name: &str) -> String {
        match self.columns {
            None => format!("{name}[{}]", self.rows),
            Some(columns) => format!("{name}[{}, {columns}]", self.rows),
        }
    }
}

/// An array: its components row by row.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Array {
    pub shape: Shape,
    pub nodes: Rc<[Node]>,
}

/// The arrays of an elaboration.
#[derive(Default)]
pub(super) struct Arrays {
    list: Vec<Array>,
    known: HashMap<Array, ArrayId>,
}

impl Arrays {
    /// The array with those components: the one there is, or a new one.
    pub fn add(&mut self, shape: Shape, nodes: Vec<Node>) -> ArrayId {
        let array = Array {
            shape,
            nodes: nodes.into(),
        };
        if let Some(&id) = self.known.get(&array) {
            return id;
        }
        // There are fewer arrays than steps of the checker, which are limited.
        let id = ArrayId(self.list.len() as u32);
        self.list.push(array.clone());
        self.known.insert(array, id);
        id
    }

    /// An array; sharing its components costs nothing.
    pub fn get(&self, id: ArrayId) -> Array {
        self.list[id.0 as usize].clone()
    }

    pub fn shape(&self, id: ArrayId) -> Shape {
        self.list[id.0 as usize].shape
    }
}
