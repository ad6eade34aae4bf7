//! Formulas as text (being written).
use super::{Graph, Node};
/// A way to write formulas.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    /// The language itself.
    Pot,
    /// LaTeX mathematics.
    Latex,
}
/// The names of the inputs, in order.
pub type Names<'a> = &'a [String];
/// The formula of a node.
pub fn print(_graph: &Graph, _node: Node, _names: Names<'_>, _notation: Notation) -> String {
    String::new()
}
