//! Calls: each function is written out once for the same arguments, and `diff` inside it sees an
//! input in place of the argument it names.

use super::elaborate::{Elaborator, Key, Task, Value};
use super::names::Target;
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
            let input = self.fresh_input(key.0, slot);
            general[slot as usize] = Value::Number(self.graph.input(input));
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
        self.tasks.push(Task::Return(key, base));
        self.eval(body);
    }

    /// The input that stands for an argument while its function is differentiated by it. One for
    /// each argument is enough, because no function is entered from within itself.
    fn fresh_input(&mut self, at: u32, slot: u32) -> u32 {
        let next = self.next_input;
        let input = *self.fresh.entry((at, slot)).or_insert(next);
        self.next_input += u32::from(input == next);
        input
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
            let input = self.fresh_input(key.0, slot);
            if let Value::Number(node) = key.1[slot as usize] {
                image.insert(self.graph.input(input), node);
            }
        }
        let value = match self.pop() {
            Value::Number(node) => Value::Number(self.put_in(key.0, node, image)),
            Value::Truth(node) => Value::Truth(self.put_in(key.0, node, image)),
            Value::Wrong => Value::Wrong,
        };
        self.known.insert(key, value);
        self.values.push(value);
    }

    /// A node with some inputs replaced. What depends on them is remembered, so that many calls
    /// cost what they add and not what is there.
    fn put_in(&mut self, function: u32, root: Node, mut image: HashMap<Node, Node>) -> Node {
        if !self.dependents.contains_key(&(function, root)) {
            let mut depends: HashSet<Node> = image.keys().copied().collect();
            let schedule = self.graph.schedule(&[root]).into_iter();
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
            self.dependents.insert((function, root), found);
        }
        let dependents = self
            .dependents
            .get(&(function, root))
            .cloned()
            .unwrap_or_default();
        self.steps += dependents.len();
        for at in dependents {
            let op = self
                .graph
                .op(at)
                .map(|a| image.get(&a).copied().unwrap_or(a));
            let node = self.graph.add(op);
            image.insert(at, node);
        }
        image.get(&root).copied().unwrap_or(root)
    }

    pub(super) fn differentiate(&mut self, arguments: &[ExprId]) -> Value {
        let value = self.pop();
        let Target::Local(slot) = self.resolved.targets[arguments[1].index()] else {
            return Value::Wrong;
        };
        let variable = self.locals.get(self.base + slot as usize).copied();
        let node = self.number(value, arguments[0]);
        let (Some(node), Some(Value::Number(variable))) = (node, variable) else {
            return Value::Wrong;
        };
        // An argument that some `diff` names is bound to an input of its own.
        let Op::Input(input) = self.graph.op(variable) else {
            return Value::Wrong;
        };
        self.steps += self.graph.len() / 16;
        Value::Number(self.graph.derivative(node, input))
    }
}
