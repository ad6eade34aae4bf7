//! Calls: each function is written out once for the same arguments, and `diff` inside it sees an
//! input in place of the argument it names.

use super::elaborate::{Elaborator, Key, Task};
use super::value::{Shape, Value};
use crate::diagnostic::Diagnostic;
use crate::graph::{Node, Op};
use crate::syntax::ExprId;
use std::collections::{HashMap, HashSet};

impl Elaborator<'_> {
    /// Pushes the value of a call, or enters the function.
    pub(super) fn call(&mut self, key: Key) {
        if let Some(&value) = self.known.get(&key) {
            self.values.push(value);
            return;
        }
        let at = key.0 as usize;
        let Some(body) = self.table.list[at]
            .value
            .filter(|_| !key.1.contains(&Value::Wrong))
        else {
            self.values.push(Value::Wrong);
            return;
        };
        // Where a `diff` names an argument, the body is written out for an input in its place,
        // once, and the argument is put in afterwards.
        let mut general = key.1.clone();
        for &slot in &self.resolved.varied[at] {
            general[slot as usize] = self.fresh_inputs(key.0, slot, key.1[slot as usize]);
        }
        if general != key.1 {
            let general = (key.0, general);
            self.tasks.push(Task::Instantiate(key));
            return self.call(general);
        }
        self.seen[at] = true;
        let base = std::mem::replace(&mut self.base, self.locals.len());
        let slots = self.base + self.resolved.frame[at] as usize;
        self.locals.extend(&key.1);
        self.locals
            .resize(slots.max(self.locals.len()), Value::Wrong);
        for (slot, size) in self.bound_sizes(key.0, &key.1) {
            let size = self.graph.constant(size as f64);
            self.set(slot, Value::Number(size));
        }
        self.tasks.push(Task::Return(key, base));
        self.eval(body);
    }

    /// The inputs that stand for an argument while its function is differentiated by it. Those of
    /// one shape are enough, because no function is entered from within itself.
    fn fresh_inputs(&mut self, at: u32, slot: u32, like: Value) -> Value {
        let shape = match like {
            Value::Array(array) => Some(self.arrays.shape(array)),
            Value::Number(_) => None,
            Value::Truth(_) | Value::Wrong => return like,
        };
        let count = shape.map_or(1, Shape::count);
        let next = self.next_input;
        let first = *self.fresh.entry((at, slot, count)).or_insert(next);
        if first == next {
            self.next_input += count as u32;
        }
        self.fresh_value(shape, first)
    }

    pub(super) fn leave(&mut self, key: Key, base: usize) {
        let value = self.pop();
        self.locals.truncate(self.base);
        self.base = base;
        self.known.insert(key, value);
        self.values.push(value);
    }

    /// Puts the arguments of a call into a body that was written out for inputs.
    pub(super) fn instantiate(&mut self, key: Key) {
        let mut image = HashMap::new();
        for &slot in &self.resolved.varied[key.0 as usize] {
            let actual = key.1[slot as usize];
            let general = self.fresh_inputs(key.0, slot, actual);
            let pairs = self.components(general).into_iter();
            image.extend(pairs.zip(self.components(actual)));
        }
        let general = self.pop();
        let value = self.put_in(key.0, general, image);
        self.known.insert(key, value);
        self.values.push(value);
    }

    /// A value with some inputs replaced. What depends on them is remembered, so that many calls
    /// cost what they add and not what is there.
    fn put_in(&mut self, function: u32, value: Value, mut image: HashMap<Node, Node>) -> Value {
        let roots = self.components(value);
        if !self.dependents.contains_key(&(function, value)) {
            let mut depends: HashSet<Node> = image.keys().copied().collect();
            let schedule = self.graph.schedule(&roots).into_iter();
            let found: Vec<Node> = schedule
                .filter(|&at| {
                    let found = self.graph.op(at).operands().any(|a| depends.contains(&a));
                    if found {
                        depends.insert(at);
                    }
                    found
                })
                .collect();
            self.steps += self.graph.len() / 16;
            self.dependents.insert((function, value), found);
        }
        let known = self.dependents.get(&(function, value));
        let dependents = known.cloned().unwrap_or_default();
        self.steps += dependents.len();
        for at in dependents {
            let op = self
                .graph
                .op(at)
                .map(|a| image.get(&a).copied().unwrap_or(a));
            let node = self.graph.add(op);
            if let Some(&written) = self.sums.get(&at) {
                self.sums.entry(node).or_insert(written);
            }
            image.insert(at, node);
        }
        let new = |root: &Node| image.get(root).copied().unwrap_or(*root);
        let nodes = roots.iter().map(new).collect();
        self.like(value, nodes)
    }

    pub(super) fn differentiate(&mut self, arguments: &[ExprId]) -> Value {
        let (variable, value) = (self.pop(), self.pop());
        let (variable, node) = match variable {
            Value::Number(variable) => (variable, self.number(value, arguments[0])),
            Value::Array(_) => {
                let name = self.called(arguments[1]);
                let help = format!("write `diff(..., {name}[i])`");
                let error = Diagnostic::error("diff-variable", "a derivative is by one number").at(
                    self.tree.span(arguments[1]),
                    format!("this is {}", self.describe(variable)),
                );
                self.say(error.help(help));
                return Value::Wrong;
            }
            _ => return Value::Wrong,
        };
        // An argument that some `diff` names is bound to inputs of its own.
        let (Some(node), Op::Input(input)) = (node, self.graph.op(variable)) else {
            return Value::Wrong;
        };
        self.steps += self.graph.len() / 16;
        Value::Number(self.graph.derivative(node, input))
    }
}
