//! What the names of a program stand for: the values of its constants, and who uses whom.

use super::Program;
use super::definitions::DefinedKind;
use super::elaborate::Elaborator;
use super::value::{Array, Value};
use crate::diagnostic::Diagnostic;
use crate::syntax::canonical;
use std::collections::HashSet;

/// What a name stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum Meaning {
    /// A number.
    Number(f64),
    /// A truth value.
    Truth(bool),
    /// A vector, a table, or a table of lists.
    Array {
        /// How many rows, columns and entries of lists: one number to three.
        sizes: Vec<usize>,
        /// The numbers, row by row: as many as the product of the sizes.
        numbers: Vec<f64>,
    },
    /// A function, as it is called, such as `V(x, y)`.
    Function(String),
}

impl Program {
    /// What a name of the file stands for, with some parameters set; `None` if it is no name of the
    /// file.
    ///
    /// # Errors
    /// A constant that cannot be evaluated.
    pub fn meaning(
        &self,
        name: &str,
        set: &[(&str, f64)],
    ) -> Option<Result<Meaning, Vec<Diagnostic>>> {
        let name = &*canonical(name);
        let at = self.table.named(name)?;
        let defined = &self.table.list[at as usize];
        if let Some(signature) = self.table.signature(&self.tree, defined, name) {
            return Some(Ok(Meaning::Function(signature)));
        }
        let parameters = self.parameter_values(set);
        if let DefinedKind::Parameter(number) = defined.kind {
            let value = parameters.get(number).copied();
            return Some(Ok(Meaning::Number(value.unwrap_or(f64::NAN))));
        }
        let mut elaborator = Elaborator::new(&self.tree, &self.table, &self.resolved, 0);
        let value = elaborator.definition(at);
        let graph = &elaborator.graph;
        Some(match value {
            Value::Number(node) => Ok(Meaning::Number(graph.value(node, &parameters))),
            Value::Truth(node) => Ok(Meaning::Truth(graph.value(node, &parameters) != 0.0)),
            Value::Array(array) => {
                let Array { shape, nodes } = elaborator.arrays.get(array);
                let mut evaluator = crate::graph::Evaluator::new(graph, &nodes);
                Ok(Meaning::Array {
                    sizes: shape.sizes(),
                    numbers: evaluator.evaluate(&parameters),
                })
            }
            Value::Wrong => Err(elaborator.diagnostics),
        })
    }

    /// The names of the file whose definitions use one of these, directly or through others, in the
    /// order of the file.
    pub fn users(&self, names: &[&str]) -> Vec<&str> {
        let named = names.iter().filter_map(|n| self.table.named(&canonical(n)));
        let first: HashSet<u32> = named.collect();
        let mut known = first.clone();
        // `order` has what is used before what uses it.
        for &at in &self.order {
            let uses = self.resolved.uses.get(at as usize);
            if uses.is_some_and(|uses| uses.iter().any(|(used, _)| known.contains(used))) {
                known.insert(at);
            }
        }
        let own = (0u32..).zip(&self.table.list);
        let own = own.filter(|(at, d)| d.module == 0 && known.contains(at) && !first.contains(at));
        own.map(|(_, defined)| defined.name.text.as_str()).collect()
    }
}
