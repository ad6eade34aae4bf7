//! Names where the language gives them a meaning of their own: sizes of arguments, what `diff` is
//! by, and the arguments of what is no ordinary function.

use super::definitions::{Builtin, builtin};
use super::names::{Resolver, Target, Task};
use crate::diagnostic::Diagnostic;
use crate::graph::Function;
use crate::syntax::{Argument, ExprId, ExprKind, Name};

impl<'t> Resolver<'t, '_> {
    /// Sizes and domains, which know nothing of the arguments. A name that nothing else has is
    /// bound by what a call gives.
    pub(super) fn sizes(&mut self, arguments: &'t [Argument]) {
        let tree = self.tree;
        let free = |id: ExprId| match tree.kind(id) {
            ExprKind::Name(name) => {
                let known = self.known.contains_key(name) || builtin(name).is_some();
                (!known).then_some(name.as_str())
            }
            _ => None,
        };
        let lengths = arguments.iter().filter_map(|a| a.domain.as_ref()?.1);
        let sizes = arguments
            .iter()
            .flat_map(|argument| &argument.size)
            .copied();
        for id in sizes
            .clone()
            .filter(|id| free(*id).is_none())
            .chain(lengths)
        {
            self.tasks.push(Task::Visit(id));
            self.run();
        }
        for id in sizes {
            let Some(name) = free(id) else { continue };
            if arguments.iter().any(|argument| argument.name.text == name) {
                let message = format!("the size `{name}` is also an argument");
                self.say(
                    id,
                    "size",
                    &message,
                    "leave that argument out: a size is bound by what a call gives",
                );
                continue;
            }
            let slot = match self.scope.get(name) {
                Some(&(slot, _)) => slot,
                None => {
                    let slot = self.reserve(1);
                    self.scope.insert(name, (slot, tree.span(id)));
                    slot
                }
            };
            self.targets[id.index()] = Target::Local(slot);
        }
    }

    pub(super) fn call_builtin(
        &mut self,
        id: ExprId,
        name: &'t Name,
        arguments: &'t [ExprId],
        found: Builtin,
    ) {
        let target = Target::Builtin(found);
        match found {
            Builtin::Number(_) | Builtin::Truth(_) => {
                self.not_a_function(name);
                self.all(arguments.iter().rev().copied());
            }
            Builtin::Function(function) => {
                self.all(arguments.iter().rev().copied());
                if self.arity(
                    id,
                    name,
                    arguments,
                    Function::arity(function),
                    &found.signature(),
                    None,
                ) {
                    self.targets[id.index()] = target;
                }
            }
            Builtin::Over => {
                let message = format!("`{}` runs over a range", name.text);
                let error = Diagnostic::error("arity", message).at(self.tree.span(id), "");
                self.diagnostics
                    .push(error.help(format!("write `{}`", &found.signature())));
            }
            Builtin::Csv => {
                if !self.arity(id, name, arguments, 1, &found.signature(), None) {
                    return;
                }
                match self.tree.kind(arguments[0]) {
                    ExprKind::Text(_) => self.targets[id.index()] = target,
                    _ => self.say(
                        arguments[0],
                        "csv",
                        "`csv` takes the name of a file",
                        "write it in quotes: `csv(\"file.csv\")`",
                    ),
                }
            }
            Builtin::Diff => {
                if self.arity(id, name, arguments, 2, &found.signature(), None) {
                    self.diff(arguments[1]);
                    self.tasks.push(Task::Visit(arguments[0]));
                    self.targets[id.index()] = target;
                }
            }
            Builtin::Spline | Builtin::PeriodicSpline => {
                self.all(arguments.iter().rev().copied());
                // With one more there are two coordinates, with two more three.
                let signature = found.signature();
                let more = matches!(arguments.len(), 6 | 7);
                if more || self.arity(id, name, arguments, 5, &signature, None) {
                    self.targets[id.index()] = target;
                }
            }
            Builtin::Norm | Builtin::Len | Builtin::Dot | Builtin::Dist | Builtin::Random => {
                self.all(arguments.iter().rev().copied());
                let needed = if matches!(found, Builtin::Norm | Builtin::Len) {
                    1
                } else {
                    2
                };
                if self.arity(id, name, arguments, needed, &found.signature(), None) {
                    self.targets[id.index()] = target;
                }
            }
        }
    }

    fn diff(&mut self, variable: ExprId) {
        let (base, indices): (_, &[ExprId]) = match self.tree.kind(variable) {
            ExprKind::Index(base, indices) => (*base, indices),
            _ => (variable, &[]),
        };
        let found = match self.tree.kind(base) {
            ExprKind::Name(name) => self.scope.get(name.as_str()).map(|&(slot, _)| slot),
            _ => None,
        };
        match found {
            Some(slot) if slot < self.arguments => {
                self.targets[base.index()] = Target::Local(slot);
                self.all(indices.iter().rev().copied());
                if !self.varied.contains(&slot) {
                    self.varied.push(slot);
                }
            }
            _ => self.say(
                variable,
                "diff-variable",
                "a derivative is by an argument of the function around it",
                "write `diff(..., x)` inside the definition of `f(x)`, or `diff(..., q[i])` inside that of `f(q[3])`",
            ),
        }
    }
}
