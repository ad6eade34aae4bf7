//! Conditions as text. A graph holds true and false as 1 and 0; a program tells them apart.

use super::{Binding, Text, Writer, atom, with};
use crate::graph::{Graph, Node, Op};

/// For each node of a schedule, whether it is certainly a condition. A choice between constants is not: it may
/// be a number.
pub(super) fn truths(graph: &Graph, schedule: &[Node]) -> Vec<bool> {
    let mut truths = vec![false; graph.len()];
    for &node in schedule {
        truths[node.index()] = match graph.op(node) {
            Op::Compare(..) | Op::And(..) | Op::Or(..) | Op::Not(_) => true,
            Op::Select(_, a, b) => truths[a.index()] || truths[b.index()],
            _ => false,
        };
    }
    truths
}

impl Writer<'_> {
    /// The text of a node where a condition is needed.
    pub(super) fn condition(&self, node: Node, texts: &[Option<Text>]) -> Text {
        let text = texts[node.index()].clone().unwrap_or_else(|| atom("?"));
        if let Some(value) = self.graph.as_constant(node) {
            let (yes, no) = (
                self.either("true", "\\text{true}"),
                self.either("false", "\\text{false}"),
            );
            return atom(if value != 0.0 { yes } else { no });
        }
        if self.truths[node.index()] {
            return text;
        }
        let (number, sign) = (self.at_least(text, Binding::Sum), self.either("!=", "\\ne"));
        with(Binding::Comparison, format!("{number} {sign} 0"))
    }
}
