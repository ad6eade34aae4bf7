//! `sum` and `prod`: ranges are run through here, one term at a time.

use super::elaborate::{Elaborator, MAX_NODES, Task};
use super::value::Value;
use crate::diagnostic::Diagnostic;
use crate::graph::{Function, Node};
use crate::syntax::{ExprId, ExprKind, Range};

/// A sum or product under way.
pub(super) struct Reduction {
    id: ExprId,
    /// The index and its end, for each range that has been entered.
    levels: Vec<(i64, i64)>,
    count: usize,
    total: Option<Value>,
}

impl Elaborator<'_> {
    /// Begins a sum or product over that many ranges.
    pub(super) fn reduce(&mut self, id: ExprId, ranges: usize) {
        self.reductions.push(Reduction {
            id,
            levels: Vec::with_capacity(ranges),
            count: 0,
            total: None,
        });
        self.ask(0);
    }

    fn ranges(&self) -> &[Range] {
        match self
            .reductions
            .last()
            .map(|under_way| self.tree.kind(under_way.id))
        {
            Some(ExprKind::Over(_, _, ranges)) => ranges,
            _ => &[],
        }
    }

    /// Asks for the ends of a range.
    fn ask(&mut self, level: usize) {
        let ends = self.ranges().get(level).map(|range| (range.from, range.to));
        if let Some((from, to)) = ends {
            self.tasks.push(Task::Enter(level));
            self.eval(to);
            self.eval(from);
        }
    }

    pub(super) fn enter(&mut self, level: usize) {
        let (to, from) = (self.pop(), self.pop());
        let Some(range) = self.ranges().get(level) else {
            return;
        };
        let (first, last) = (range.from, range.to);
        let (from, to) = (
            self.whole(from, first, "the end of a range"),
            self.whole(to, last, "the end of a range"),
        );
        let (Some(from), Some(to)) = (from, to) else {
            self.reductions.pop();
            self.values.push(Value::Wrong);
            return;
        };
        if from > to {
            self.empty(first, last);
            return self.back(level);
        }
        if self.too_many(from, to, level) {
            return self.abandon();
        }
        if let Some(under_way) = self.reductions.last_mut() {
            under_way.levels.push((from, to));
        }
        self.step(level, from);
    }

    /// Sets an index and goes on to the next range or to the body.
    fn step(&mut self, level: usize, index: i64) {
        let Some(id) = self.reductions.last().map(|under_way| under_way.id) else {
            return;
        };
        let node = self.graph.constant(index as f64);
        let slot = self.resolved.first_slot[id.index()] + level as u32;
        self.set(slot, Value::Number(node));
        if level + 1 < self.ranges().len() {
            self.ask(level + 1);
        } else if let ExprKind::Over(_, body, _) = self.tree.kind(id) {
            self.tasks.push(Task::Accumulate);
            self.eval(*body);
        }
    }

    pub(super) fn accumulate(&mut self) {
        let value = self.pop();
        let Some((id, total)) = self.reductions.last().map(|r| (r.id, r.total)) else {
            return;
        };
        let ExprKind::Over(name, body, ranges) = self.tree.kind(id) else {
            return;
        };
        let sum = name.text == "sum";
        let term = match value {
            // A sum of vectors is one, a product is not.
            Value::Array(_) if sum => value,
            _ => self.number(value, *body).into(),
        };
        let total = match total {
            None => term,
            Some(total) => self.join(sum, total, term, *body),
        };
        if let Some(under_way) = self.reductions.last_mut() {
            under_way.total = Some(total);
            under_way.count += 1;
        }
        self.tasks.push(Task::Advance(ranges.len() - 1));
    }

    /// One more term.
    fn join(&mut self, sum: bool, total: Value, term: Value, body: ExprId) -> Value {
        let function = if sum {
            Function::Add
        } else {
            Function::Multiply
        };
        match (total, term) {
            (Value::Wrong, _) | (_, Value::Wrong) => Value::Wrong,
            (Value::Number(a), Value::Number(b)) => {
                Value::Number(self.graph.apply2(function, a, b))
            }
            (Value::Array(a), Value::Array(b)) if self.arrays.shape(a) == self.arrays.shape(b) => {
                self.zip(total, term, |graph, a, b| graph.apply2(function, a, b))
            }
            _ => {
                let message = format!(
                    "the terms of this sum differ: {} and {}",
                    self.describe(total),
                    self.describe(term)
                );
                let error = Diagnostic::error("shape", message).at(self.tree.span(body), "");
                self.say(error.help("give every term the same shape"));
                Value::Wrong
            }
        }
    }

    /// Goes on to the next index of a range, or of the range around it.
    pub(super) fn advance(&mut self, level: usize) {
        let entered = self.reductions.last_mut();
        let Some((index, end)) = entered.and_then(|under_way| under_way.levels.get_mut(level))
        else {
            return;
        };
        if *index < *end {
            *index += 1;
            let index = *index;
            return self.step(level, index);
        }
        if let Some(under_way) = self.reductions.last_mut() {
            under_way.levels.pop();
        }
        self.back(level);
    }

    /// A range is done: the one around it goes on, or the sum is done.
    fn back(&mut self, level: usize) {
        if level > 0 {
            self.tasks.push(Task::Advance(level - 1));
            return;
        }
        let Some(done) = self.reductions.pop() else {
            return;
        };
        let is_sum =
            matches!(self.tree.kind(done.id), ExprKind::Over(name, ..) if name.text == "sum");
        let value = done
            .total
            .unwrap_or_else(|| Value::Number(self.graph.constant(if is_sum { 0.0 } else { 1.0 })));
        if is_sum {
            self.remember_sum(done.id, value);
        }
        self.values.push(value);
    }

    /// Remembers that a value is written as one sum: in the graph it is but additions.
    pub(super) fn remember_sum(&mut self, id: ExprId, value: Value) {
        if let Value::Number(node) = value {
            self.sums.entry(node).or_insert(id);
        }
    }

    /// The sums that a node needs, in the order of their nodes.
    pub(super) fn sums_in(&self, node: Node) -> Vec<(Node, ExprId)> {
        let schedule = self.graph.schedule(&[node]).into_iter();
        let written = schedule.filter_map(|node| Some((node, *self.sums.get(&node)?)));
        written.collect()
    }

    fn empty(&mut self, from: ExprId, to: ExprId) {
        let literal = |id| match self.tree.kind(id) {
            ExprKind::Number(_) => true,
            ExprKind::Prefix(_, a) => matches!(self.tree.kind(*a), ExprKind::Number(_)),
            _ => false,
        };
        if literal(from) && literal(to) {
            let span = self.tree.span(from).to(self.tree.span(to));
            self.say(
                Diagnostic::warning("empty-range", "this range is empty")
                    .at(span, "it ends before it begins")
                    .help("a range counts up, with both ends in it; an empty sum is 0 and an empty product 1"),
            );
        }
    }

    fn too_many(&mut self, from: i64, to: i64, level: usize) -> bool {
        let Some(under_way) = self.reductions.last() else {
            return false;
        };
        // The ranges around this one repeat it; that is exact for bounds that do not depend on them.
        let around = under_way
            .levels
            .iter()
            .map(|(at, end)| (end - at + 1) as f64);
        let mut terms = (to - from + 1) as f64 * around.product::<f64>();
        if level == 0 {
            terms = (to - from + 1) as f64;
        }
        if under_way.count as f64 + (to - from) as f64 <= MAX_NODES as f64
            && terms <= 10.0 * MAX_NODES as f64
        {
            return false;
        }
        let at = self
            .tree
            .span(self.ranges()[level].from)
            .to(self.tree.span(self.ranges()[level].to));
        let error = Diagnostic::error(
            "too-large",
            format!(
                "a sum or product of about {terms:.1e} terms; the limit is {MAX_NODES} operations"
            ),
        );
        self.say(
            error.at(at, "this range").help(
                "every term becomes an operation of its own: use fewer terms, or a closed form",
            ),
        );
        true
    }
}
