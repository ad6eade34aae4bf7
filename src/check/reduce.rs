//! `sum`, `prod` and `spline`: what needs constants where other expressions take numbers.

use super::elaborate::{Elaborator, MAX_NODES, Task, Value};
use crate::diagnostic::Diagnostic;
use crate::graph::{Function, Node, Spline};
use crate::source::Span;
use crate::syntax::{ExprId, ExprKind, Range};

/// A sum or product under way.
pub(super) struct Reduction {
    id: ExprId,
    /// The index and its end, for each range that has been entered.
    levels: Vec<(i64, i64)>,
    count: usize,
    total: Option<Value>,
}

/// Whole numbers beyond this are not exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

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
        let (from, to) = (self.whole(from, first), self.whole(to, last));
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
        let term = self.number(value, *body);
        let add = if name.text == "sum" {
            Function::Add
        } else {
            Function::Multiply
        };
        let total = match (total, term) {
            (None, Some(term)) => Value::Number(term),
            (Some(Value::Number(total)), Some(term)) => {
                Value::Number(self.graph.apply2(add, total, term))
            }
            _ => Value::Wrong,
        };
        if let Some(under_way) = self.reductions.last_mut() {
            under_way.total = Some(total);
            under_way.count += 1;
        }
        self.tasks.push(Task::Advance(ranges.len() - 1));
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
        let value = done.total.unwrap_or_else(|| {
            let is_sum =
                matches!(self.tree.kind(done.id), ExprKind::Over(name, ..) if name.text == "sum");
            Value::Number(self.graph.constant(if is_sum { 0.0 } else { 1.0 }))
        });
        self.values.push(value);
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

    /// A constant whole number.
    fn whole(&mut self, value: Value, id: ExprId) -> Option<i64> {
        let node = self.number(value, id)?;
        let span = self.tree.span(id);
        match self.constant(node) {
            Some(value) if value == value.trunc() && value.abs() < EXACT => Some(value as i64),
            Some(value) => {
                self.say(
                    Diagnostic::error("bound", "the end of a range is a whole number")
                        .at(span, format!("this is {value}"))
                        .help("round it: `floor(...)`"),
                );
                None
            }
            None => {
                self.say(varies("the end of a range", span));
                None
            }
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

    pub(super) fn spline(&mut self, id: ExprId, arguments: &[ExprId]) -> Value {
        let ExprKind::List(list) = self.tree.kind(arguments[4]) else {
            return Value::Wrong;
        };
        // The coefficients were asked for last, hence they were found first.
        let fixed: Vec<Value> = self.values.split_off(self.values.len().saturating_sub(4));
        let coefficients: Vec<Value> = self
            .values
            .split_off(self.values.len().saturating_sub(list.len()));
        let coefficients: Option<Vec<f64>> = coefficients
            .iter()
            .zip(list)
            .map(|(value, id)| self.fixed(*value, *id))
            .collect();
        let x = fixed
            .first()
            .and_then(|value| self.number(*value, arguments[0]));
        let numbers: Option<Vec<f64>> = fixed
            .iter()
            .zip(arguments)
            .skip(1)
            .map(|(value, id)| self.fixed(*value, *id))
            .collect();
        let (Some(x), Some(numbers), Some(coefficients)) = (x, numbers, coefficients) else {
            return Value::Wrong;
        };
        let given = coefficients.len();
        let [degree, lo, hi] = numbers[..] else {
            return Value::Wrong;
        };
        let whole = degree == degree.trunc() && (0.0..=7.0).contains(&degree);
        let table = if whole {
            Spline::new(degree as usize, lo, hi, coefficients)
        } else {
            None
        };
        match table {
            Some(table) => Value::Number(self.graph.spline(table, &[x])),
            None => {
                self.say(self.bad_spline(id, arguments, whole, [degree, lo, hi], given));
                Value::Wrong
            }
        }
    }

    fn bad_spline(
        &self,
        id: ExprId,
        arguments: &[ExprId],
        whole: bool,
        [degree, lo, hi]: [f64; 3],
        given: usize,
    ) -> Diagnostic {
        let span = |at: usize| self.tree.span(arguments[at]);
        let make = |message: String, span, help: &str| {
            Diagnostic::error("spline", message).at(span, "").help(help)
        };
        if !whole {
            make(
                format!("a spline of degree {degree}"),
                span(1),
                "the degree is 0, 1, ... 7; 3 is a cubic spline",
            )
        } else if lo >= hi || !(hi - lo).is_finite() {
            make(
                format!("a spline on the interval {lo}..{hi}"),
                span(2).to(span(3)),
                "the interval is finite and `lo` is below `hi`",
            )
        } else if given <= degree as usize {
            make(
                format!("{given} coefficients are too few for degree {degree}"),
                span(4),
                "there is one for each cell, and `degree` more",
            )
        } else {
            make(
                "a coefficient of this spline is not finite".to_owned(),
                self.tree.span(id),
                "write finite numbers",
            )
        }
    }

    /// A number that does not depend on a parameter or coordinate.
    fn fixed(&mut self, value: Value, id: ExprId) -> Option<f64> {
        let node: Node = self.number(value, id)?;
        let constant = self.constant(node);
        if constant.is_none() {
            let span = self.tree.span(id);
            self.say(varies("a number of a spline's table", span));
        }
        constant
    }
}

fn varies(what: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        "not-constant",
        format!("{what} depends on a parameter or a coordinate"),
    )
    .at(span, "this must be known when the program is read")
    .help("make it a constant: `name = ...` in place of `param name = ...`")
}
