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
}

impl Shape {
    /// A vector of that many numbers.
    pub fn vector(rows: usize) -> Shape {
        Shape {
            rows,
            columns: None,
        }
    }

    /// How many numbers.
    pub fn count(self) -> usize {
        self.rows.saturating_mul(self.columns.unwrap_or(1))
    }

    /// One size or two.
    pub fn sizes(self) -> Vec<usize> {
        std::iter::once(self.rows).chain(self.columns).collect()
    }

    /// In words, such as `a vector of 3 numbers`.
    pub fn describe(self) -> String {
        match self.columns {
            None if self.rows == 1 => "a vector of 1 number".to_owned(),
            None => format!("a vector of {} numbers", self.rows),
            Some(columns) => format!("an array of {} by {columns} numbers", self.rows),
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
