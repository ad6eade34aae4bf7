//! Formulas into a graph, on a stack of tasks: no depth of the program is a depth of this code.
//! Calls are in `call`, sums in `reduce`, vectors in `vectors`, splines in `spline`, constants in
//! `fold`; what a place needs is in `kinds`.

use super::definitions::{Builtin, Defined, DefinedKind, Table};
use super::forms::Form;
use super::names::{Resolved, Target};
use super::reduce::Reduction;
use super::spline::SplineKey;
use super::value::{Arrays, Value};
use crate::diagnostic::Diagnostic;
use crate::graph::{Comparison, Function, Graph, Node, Op, Spline};
use crate::source::Span;
use crate::syntax::{ExprId, ExprKind, Infix, Prefix, Tree};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How many operations a program may have.
pub const MAX_NODES: usize = 1_000_000;
/// How much work a program may be, in steps of the checker.
pub(super) const MAX_STEPS: usize = 30_000_000;
/// Integer exponents beyond this are powers like any other.
const MAX_POWER: f64 = 1024.0;
/// After so many errors the rest is left unsaid.
const MAX_ERRORS: usize = 50;

/// A function (or a constant) with its arguments.
pub(super) type Key = (u32, Vec<Value>);

pub(super) enum Task {
    /// Pushes the value of an expression.
    Eval(ExprId),
    /// Replaces the values of the operands by that of the expression.
    Finish(ExprId),
    /// Looks at a condition.
    Choose(ExprId),
    /// Pops a value into a slot.
    Store(u32),
    /// Puts the arguments of a call into the general value.
    Instantiate(Key),
    /// Leaves a function: its key, and the frame to go back to.
    Return(Key, usize),
    /// The ends of a range are there.
    Enter(usize),
    /// A body is there.
    Accumulate,
    /// Goes on to the next index of a range.
    Advance(usize),
}

pub(super) struct Elaborator<'p> {
    pub tree: &'p Tree,
    pub table: &'p Table,
    pub resolved: &'p Resolved,
    pub graph: Graph,
    pub tasks: Vec<Task>,
    pub values: Vec<Value>,
    pub arrays: Arrays,
    /// The arguments of each definition.
    pub forms: Vec<Arc<[Form]>>,
    pub reductions: Vec<Reduction>,
    pub locals: Vec<Value>,
    pub base: usize,
    pub diagnostics: Vec<Diagnostic>,
    /// Which definitions have been looked into.
    pub seen: Vec<bool>,
    /// For each node that was looked at: its number, if it is one whatever the inputs.
    pub folded: Vec<Option<Option<f64>>>,
    pub known: HashMap<Key, Value>,
    /// The sums that the program writes as one, and where.
    pub sums: HashMap<Node, ExprId>,
    /// The tables of the splines so far.
    pub splines: HashMap<SplineKey, Arc<Spline>>,
    reported: HashSet<(&'static str, Span)>,
    /// Whether the arguments of a definition stand for whatever a call may give.
    pub general: bool,
    pub first_parameter: u32,
    /// One after the last parameter.
    pub first_fresh: u32,
    pub next_input: u32,
    /// The first input for an argument of a function, with so many components.
    pub fresh: HashMap<(u32, u32, usize), u32>,
    /// For the general value of a function: the nodes that depend on its inputs.
    pub dependents: HashMap<(u32, Value), Vec<Node>>,
    pub steps: usize,
}

impl<'p> Elaborator<'p> {
    /// For functions of that many coordinates, which are the first inputs.
    pub fn new(
        tree: &'p Tree,
        table: &'p Table,
        resolved: &'p Resolved,
        dimension: usize,
    ) -> Elaborator<'p> {
        let is_parameter = |d: &&Defined| matches!(d.kind, DefinedKind::Parameter(_));
        let parameters = table.list.iter().filter(is_parameter).count();
        Elaborator {
            tree,
            table,
            resolved,
            graph: Graph::new(),
            tasks: Vec::new(),
            values: Vec::new(),
            arrays: Arrays::default(),
            forms: resolved.forms.clone(),
            reductions: Vec::new(),
            locals: Vec::new(),
            base: 0,
            diagnostics: Vec::new(),
            seen: vec![false; table.list.len()],
            folded: Vec::new(),
            known: HashMap::new(),
            sums: HashMap::new(),
            splines: HashMap::new(),
            reported: HashSet::new(),
            first_parameter: dimension as u32,
            general: false,
            first_fresh: (dimension + parameters) as u32,
            next_input: (dimension + parameters) as u32,
            fresh: HashMap::new(),
            dependents: HashMap::new(),
            steps: 0,
        }
    }

    /// A function at the first inputs, or a constant, or the default of a parameter. A function
    /// whose sizes a call decides has no value of its own.
    pub fn definition(&mut self, at: u32) -> Value {
        let Some(arguments) = self.inputs(at) else {
            return Value::Wrong;
        };
        self.evaluate((at, arguments))
    }

    /// A function at arguments that fit it.
    pub fn evaluate(&mut self, key: Key) -> Value {
        self.call(key);
        self.run()
    }

    /// An expression outside all definitions.
    pub fn expression(&mut self, id: ExprId) -> Value {
        self.tasks.push(Task::Eval(id));
        self.run()
    }

    fn run(&mut self) -> Value {
        while let Some(task) = self.tasks.pop() {
            self.steps += 1;
            self.one(task);
            if self.graph.len() > MAX_NODES || self.steps > MAX_STEPS {
                self.too_large();
            }
            if self.diagnostics.len() > MAX_ERRORS {
                self.abandon();
            }
        }
        self.values.pop().unwrap_or(Value::Wrong)
    }

    /// Drops all that is under way.
    pub fn abandon(&mut self) {
        self.tasks.clear();
        self.values.clear();
        self.reductions.clear();
        self.locals.clear();
        self.base = 0;
    }

    fn too_large(&mut self) {
        let current = self.tasks.iter().rev().find_map(|task| match task {
            Task::Return(key, _) => Some(&self.table.list[key.0 as usize].name),
            _ => None,
        });
        let message = if self.steps > MAX_STEPS {
            format!("this program takes more than {MAX_STEPS} steps to write out")
        } else {
            format!("this program is larger than {MAX_NODES} operations when written out")
        };
        let mut error = Diagnostic::error("too-large", message);
        if let Some(name) = current {
            error = error.at(name.span, "while writing this one out");
        }
        self.diagnostics.push(error.help(
            "use shorter sums, or fewer functions that call each other with different arguments",
        ));
        self.abandon();
        // Nothing more is to be said about the rest of this program.
        self.steps = 0;
        self.graph = Graph::new();
        self.arrays = Arrays::default();
        self.folded.clear();
        self.known.clear();
        self.sums.clear();
        self.splines.clear();
        self.dependents.clear();
    }

    /// Reports once for each place: a sum visits its body many times.
    pub fn say(&mut self, error: Diagnostic) {
        let place = error.labels.first().map(|label| label.span);
        if place.is_none_or(|span| self.reported.insert((error.code, span))) {
            self.diagnostics.push(error);
        }
    }

    pub fn pop(&mut self) -> Value {
        self.values.pop().unwrap_or(Value::Wrong)
    }

    pub fn eval(&mut self, id: ExprId) {
        self.tasks.push(Task::Eval(id));
    }

    pub fn set(&mut self, slot: u32, value: Value) {
        if let Some(local) = self.locals.get_mut(self.base + slot as usize) {
            *local = value;
        }
    }

    fn one(&mut self, task: Task) {
        match task {
            Task::Eval(id) => self.begin(id),
            Task::Finish(id) => {
                let value = self.finish(id);
                self.values.extend(value);
            }
            Task::Choose(id) => self.choose(id),
            Task::Store(slot) => {
                let value = self.pop();
                self.set(slot, value);
            }
            Task::Instantiate(key) => self.instantiate(key),
            Task::Return(key, base) => self.leave(key, base),
            Task::Enter(level) => self.enter(level),
            Task::Accumulate => self.accumulate(),
            Task::Advance(level) => self.advance(level),
        }
    }

    fn begin(&mut self, id: ExprId) {
        let tree = self.tree;
        match tree.kind(id) {
            ExprKind::Number(number) => {
                let node = self.graph.constant(*number);
                self.values.push(Value::Number(node));
            }
            ExprKind::Name(_) => self.name(id),
            ExprKind::Prefix(_, a) => self.operands(id, &[*a]),
            ExprKind::Infix(_, _, a, b) => self.operands(id, &[*a, *b]),
            ExprKind::Call(_, arguments) => match self.resolved.targets[id.index()] {
                Target::None => self.values.push(Value::Wrong),
                Target::Builtin(Builtin::Csv) => {
                    let table = self.table_of_file(id);
                    self.values.push(table);
                }
                _ => self.operands(id, arguments),
            },
            ExprKind::If(condition, ..) => {
                self.tasks.push(Task::Choose(id));
                self.eval(*condition);
            }
            ExprKind::Block(bindings, value) => {
                self.eval(*value);
                let first = self.resolved.first_slot[id.index()];
                for (at, binding) in bindings.iter().enumerate().rev() {
                    self.tasks.push(Task::Store(first + at as u32));
                    self.eval(binding.value);
                }
            }
            ExprKind::Over(_, _, ranges) => self.reduce(id, ranges.len()),
            ExprKind::Index(base, indices) => {
                self.operands(id, indices);
                self.eval(*base);
            }
            ExprKind::List(elements) => self.operands(id, elements),
            ExprKind::Text(_) | ExprKind::Interval(..) => self.values.push(Value::Wrong),
        }
    }

    fn operands(&mut self, id: ExprId, operands: &[ExprId]) {
        self.tasks.push(Task::Finish(id));
        self.tasks
            .extend(operands.iter().rev().map(|id| Task::Eval(*id)));
    }

    fn name(&mut self, id: ExprId) {
        let value = match self.resolved.targets[id.index()] {
            Target::Local(slot) => {
                let local = self.locals.get(self.base + slot as usize);
                local.copied().unwrap_or(Value::Wrong)
            }
            Target::Builtin(Builtin::Number(number)) => Value::Number(self.graph.constant(number)),
            Target::Builtin(Builtin::Truth(truth)) => {
                Value::Truth(self.graph.constant(f64::from(u8::from(truth))))
            }
            Target::Defined(at) => match self.table.list[at as usize].kind {
                DefinedKind::Parameter(number) => {
                    let input = self.first_parameter + number as u32;
                    Value::Number(self.graph.input(input))
                }
                DefinedKind::Constant => return self.call((at, Vec::new())),
                DefinedKind::Function => Value::Wrong,
            },
            _ => Value::Wrong,
        };
        self.values.push(value);
    }

    fn choose(&mut self, id: ExprId) {
        let ExprKind::If(condition, a, b) = *self.tree.kind(id) else {
            return;
        };
        let value = self.pop();
        let condition = self.truth(value, condition);
        match condition.and_then(|node| self.constant(node)) {
            Some(chosen) => self.eval(if chosen != 0.0 { a } else { b }),
            None => {
                self.values
                    .push(condition.map_or(Value::Wrong, Value::Truth));
                self.operands(id, &[a, b]);
            }
        }
    }

    /// The value of an expression whose operands are on the stack; `None` if a call is entered.
    fn finish(&mut self, id: ExprId) -> Option<Value> {
        let tree = self.tree;
        Some(match tree.kind(id) {
            ExprKind::Prefix(op, a) => {
                let value = self.pop();
                match op {
                    Prefix::Minus => self.negate(value, *a),
                    Prefix::Not => self
                        .truth(value, *a)
                        .map(|a| self.graph.add(Op::Not(a)))
                        .map_or(Value::Wrong, Value::Truth),
                }
            }
            ExprKind::Infix(op, span, a, b) => {
                let (right, left) = (self.pop(), self.pop());
                self.infix(*op, *span, (left, *a), (right, *b))
            }
            ExprKind::If(_, a, b) => {
                let (right, left, condition) = (self.pop(), self.pop(), self.pop());
                self.select(id, condition, (left, *a), (right, *b))
            }
            ExprKind::Call(_, arguments) => match self.resolved.targets[id.index()] {
                Target::Defined(at) => {
                    let first = self.values.len().saturating_sub(arguments.len());
                    let values = self.values.split_off(first);
                    if !self.fit(at, &values, arguments) {
                        return Some(Value::Wrong);
                    }
                    self.call((at, values));
                    return None;
                }
                Target::Builtin(Builtin::Function(function)) => {
                    let values = self.take(arguments);
                    self.apply(function, &values)
                }
                Target::Builtin(Builtin::Diff) => self.differentiate(arguments),
                Target::Builtin(builtin @ (Builtin::Spline | Builtin::PeriodicSpline)) => {
                    self.spline(builtin, arguments)
                }
                Target::Builtin(builtin) => {
                    let value = self.gather(builtin, arguments);
                    if builtin == Builtin::Dot {
                        self.remember_sum(id, value);
                    }
                    value
                }
                _ => Value::Wrong,
            },
            ExprKind::Index(base, indices) => self.index(*base, indices),
            ExprKind::List(elements) => self.list(id, elements),
            _ => Value::Wrong,
        })
    }

    /// Pops the values of the arguments, which must be numbers.
    fn take(&mut self, arguments: &[ExprId]) -> Vec<Value> {
        let first = self.values.len().saturating_sub(arguments.len());
        let values = self.values.split_off(first);
        let numbers = values.into_iter().zip(arguments);
        numbers
            .map(|(value, id)| self.number(value, *id).into())
            .collect()
    }

    fn apply(&mut self, function: Function, values: &[Value]) -> Value {
        match *values {
            [Value::Number(a)] => Value::Number(self.graph.apply1(function, a)),
            [Value::Number(a), Value::Number(b)] => {
                Value::Number(self.graph.apply2(function, a, b))
            }
            _ => Value::Wrong,
        }
    }

    fn infix(
        &mut self,
        op: Infix,
        span: Span,
        left: (Value, ExprId),
        right: (Value, ExprId),
    ) -> Value {
        if matches!(op, Infix::And | Infix::Or) {
            let (a, b) = (self.truth(left.0, left.1), self.truth(right.0, right.1));
            let (Some(a), Some(b)) = (a, b) else {
                return Value::Wrong;
            };
            let op = if op == Infix::And {
                Op::And(a, b)
            } else {
                Op::Or(a, b)
            };
            return Value::Truth(self.graph.add(op));
        }
        if matches!(left.0, Value::Array(_)) || matches!(right.0, Value::Array(_)) {
            return self.infix_arrays(op, span, left, right);
        }
        let (a, b) = (self.number(left.0, left.1), self.number(right.0, right.1));
        let (Some(a), Some(b)) = (a, b) else {
            return Value::Wrong;
        };
        let compare = |graph: &mut Graph, comparison| Value::Truth(graph.compare(comparison, a, b));
        let graph = &mut self.graph;
        Value::Number(match op {
            Infix::Less => return compare(graph, Comparison::Less),
            Infix::LessEqual => return compare(graph, Comparison::LessEqual),
            Infix::Greater => return compare(graph, Comparison::Greater),
            Infix::GreaterEqual => return compare(graph, Comparison::GreaterEqual),
            Infix::Equal => return compare(graph, Comparison::Equal),
            Infix::NotEqual => return compare(graph, Comparison::NotEqual),
            Infix::Add => graph.plus(a, b),
            Infix::Subtract => graph.minus(a, b),
            Infix::Multiply => graph.times(a, b),
            Infix::Divide => graph.over(a, b),
            _ => return Value::Number(self.power(a, b)),
        })
    }

    fn power(&mut self, a: Node, b: Node) -> Node {
        match self.constant(b) {
            Some(n) if n == n.trunc() && n.abs() <= MAX_POWER => self.graph.power(a, n as i32),
            _ => self.graph.apply2(Function::Power, a, b),
        }
    }
}
