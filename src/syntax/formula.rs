//! Expressions as text that may be broken into lines: operators.
//!
//! A sum outside of brackets gets a pair of them where it is broken, so that each term is on a line
//! after its sign. Brackets that group operands are kept as they were written, and those around a
//! whole value or a single name go.

use super::builder::{Builder, Spot};
use super::doc::{Doc, Value, When, measure};
use super::tree::{ExprId, ExprKind, Infix, Prefix};
use crate::source::Span;

/// Tighter than every operator.
pub(super) const TIGHT: u8 = 9;
/// Narrower brackets of a product are left whole.
const BRACKET: usize = 40;

impl<'t> Builder<'t> {
    /// What follows `=` on its line.
    pub fn value(&mut self, id: ExprId, end: u32) -> Doc<'t> {
        self.lazy(" ");
        let line = self.breaks.len() - 1;
        let docs = self.expression(id, 0, Spot::Open);
        self.comments(end);
        self.end = end;
        let kind = self.tree.kind(id);
        Doc::Value(Box::new(Value {
            opens: opens(kind, &docs),
            docs,
            width: None,
            line,
            at_once: matches!(kind, ExprKind::List(_) | ExprKind::Block(..)),
        }))
    }

    /// An expression, in brackets where it binds less tightly than is needed.
    pub fn expression(&mut self, id: ExprId, needed: u8, spot: Spot) -> Vec<Doc<'t>> {
        let strength = strength(self.tree.kind(id));
        let grouped = spot == Spot::Part && needed > 0 && strength < TIGHT;
        if strength < needed || grouped && self.tree.brackets(id).is_some() {
            vec![self.brackets(id)]
        } else {
            self.bare(id, spot)
        }
    }

    pub fn bare(&mut self, id: ExprId, spot: Spot) -> Vec<Doc<'t>> {
        let tree = self.tree;
        let span = tree.span(id);
        match tree.kind(id) {
            ExprKind::Number(_) | ExprKind::Text(_) => {
                let written = self.written(span);
                vec![self.leaf(written, span)]
            }
            ExprKind::Name(name) => vec![self.leaf(name, span)],
            ExprKind::Prefix(op, a) => {
                let mut docs = Vec::new();
                if *op != Prefix::Minus || !std::mem::take(&mut self.unsigned) {
                    docs.push(self.leaf(if *op == Prefix::Minus { "-" } else { "not " }, span));
                }
                self.end = span.start + op.symbol().len() as u32;
                docs.extend(self.expression(*a, op.strength(), Spot::Part));
                docs
            }
            ExprKind::Infix(op, ..) => match op {
                Infix::Add | Infix::Subtract => self.sum(id, spot),
                Infix::Multiply | Infix::Divide => self.product(id, spot),
                Infix::And | Infix::Or => self.chain(id, *op, spot),
                _ => self.pair(id),
            },
            ExprKind::Call(name, arguments) => self.call(name, arguments, span),
            ExprKind::Over(name, body, ranges) => self.over(name, *body, ranges, span),
            ExprKind::Index(..) => self.index(id),
            ExprKind::List(elements) => vec![self.list(elements, span)],
            ExprKind::Interval(a, b) => self.interval(*a, *b),
            ExprKind::If(..) => vec![self.conditional(id, spot)],
            ExprKind::Block(bindings, value) => self.block(bindings, *value, span),
        }
    }

    /// The operands of a chain of operators that bind alike, with the operator before each.
    pub fn operands(&self, id: ExprId, strength: u8) -> Vec<(Option<(Infix, Span)>, ExprId)> {
        let mut found = Vec::new();
        let mut at = id;
        while let ExprKind::Infix(op, span, a, b) = self.tree.kind(at)
            && op.strength() == strength
            && (at == id || self.tree.brackets(at).is_none())
        {
            found.push((Some((*op, *span)), *b));
            at = *a;
        }
        found.push((None, at));
        found.reverse();
        found
    }

    /// The right operand of an operator; a sign that would follow it stands in brackets.
    pub fn right(&mut self, id: ExprId, needed: u8) -> Vec<Doc<'t>> {
        let needed = if self.signed(id) { TIGHT } else { needed };
        self.expression(id, needed, Spot::Part)
    }

    /// Whether the first thing printed of an expression is its minus sign.
    pub fn signed(&self, id: ExprId) -> bool {
        let mut at = id;
        while self.tree.brackets(at).is_none() {
            match self.tree.kind(at) {
                ExprKind::Prefix(Prefix::Minus, _) => return true,
                ExprKind::Infix(op, _, a, _)
                    if *op != Infix::Power && strength(self.tree.kind(*a)) >= op.strength() =>
                {
                    at = *a;
                }
                _ => return false,
            }
        }
        false
    }

    pub fn sum(&mut self, id: ExprId, spot: Spot) -> Vec<Doc<'t>> {
        let strength = Infix::Add.strength();
        let terms = self.operands(id, strength);
        let wraps = !self.enclosed;
        let one_each = match terms[..] {
            [(_, first), (Some(_), second), ..] => self.parted(first, second),
            _ => false,
        };
        let mut docs = Vec::new();
        if wraps {
            self.fresh = false;
            docs.push(self.soft(""));
        }
        for (at, (op, term)) in terms.iter().enumerate() {
            let Some((op, _)) = op else {
                docs.extend(self.first_term(*term, strength));
                continue;
            };
            let when = if one_each && at == 1 {
                When::Always
            } else {
                When::Needed
            };
            docs.push(self.line(when, if self.tight { "" } else { " " }, false));
            let start = self.start(*term);
            self.comments(start);
            docs.push(Doc::text(match (self.tight, *op) {
                (true, Infix::Add) => "+",
                (true, _) => "-",
                (false, Infix::Add) => "+ ",
                (false, _) => "- ",
            }));
            self.fresh = false;
            docs.extend(self.right(*term, strength + 1));
        }
        if !wraps {
            let nested = spot == Spot::Part;
            return vec![Doc::group(if nested {
                vec![Doc::Indent(docs)]
            } else {
                docs
            })];
        }
        let close = self.line(When::Needed, "", true);
        vec![Doc::group(vec![
            Doc::IfBroken("("),
            Doc::Indent(docs),
            close,
            Doc::IfBroken(")"),
        ])]
    }

    /// The first term of a sum: where the terms are below each other, so are their signs.
    pub fn first_term(&mut self, id: ExprId, strength: u8) -> Vec<Doc<'t>> {
        if self.tight || !self.signed(id) {
            return self.expression(id, strength, Spot::Part);
        }
        let start = self.start(id);
        self.comments(start);
        let sign = self.put("-");
        self.unsigned = true;
        let mut docs = vec![sign, Doc::IfBroken(" ")];
        docs.extend(self.expression(id, strength, Spot::Part));
        docs
    }

    pub fn product(&mut self, id: ExprId, spot: Spot) -> Vec<Doc<'t>> {
        let strength = Infix::Multiply.strength();
        let mut parts: Vec<Vec<Doc<'t>>> = Vec::new();
        let mut operators: Vec<[Doc<'t>; 2]> = Vec::new();
        let mut lines = Vec::new();
        // Where a factor has a wide bracket, lines end in that; narrow ones stay whole.
        let mut whole = false;
        for (op, factor) in self.operands(id, strength) {
            let mut part = match op {
                None => self.expression(factor, strength, Spot::Part),
                Some((op, _)) => {
                    operators.push([self.put(op.symbol()), self.soft("")]);
                    lines.push(self.breaks.len() - 1);
                    self.right(factor, strength + 1)
                }
            };
            let opens = part.iter().any(|doc| matches!(doc, Doc::Group(..)));
            whole |= match measure(&mut part, &self.breaks) {
                Some(width) => opens && width > BRACKET,
                None => true,
            };
            parts.push(part);
        }
        if whole {
            for line in lines {
                self.breaks[line].when = When::Commented;
            }
        }
        let mut docs = Vec::new();
        let mut operators = operators.into_iter();
        for part in parts {
            match whole {
                true => docs.extend(part),
                false => docs.push(Doc::Whole(part)),
            }
            docs.extend(operators.next().into_iter().flatten());
        }
        if whole {
            return docs;
        }
        let nested = spot == Spot::Part;
        vec![Doc::group(if nested {
            vec![Doc::Indent(docs)]
        } else {
            docs
        })]
    }

    /// `a and b and c`
    pub fn chain(&mut self, id: ExprId, op: Infix, spot: Spot) -> Vec<Doc<'t>> {
        let mut docs = Vec::new();
        for (before, operand) in self.operands(id, op.strength()) {
            match before {
                None => docs.extend(self.expression(operand, op.strength(), Spot::Part)),
                Some(_) => {
                    docs.push(self.put(" "));
                    docs.push(self.put(op.symbol()));
                    docs.push(self.soft(" "));
                    docs.extend(self.expression(operand, op.strength() + 1, Spot::Part));
                }
            }
        }
        let nested = spot == Spot::Part;
        vec![Doc::group(if nested {
            vec![Doc::Indent(docs)]
        } else {
            docs
        })]
    }

    /// A comparison or a power.
    pub fn pair(&mut self, id: ExprId) -> Vec<Doc<'t>> {
        let tree = self.tree;
        let ExprKind::Infix(op, _, a, b) = tree.kind(id) else {
            return Vec::new();
        };
        let strength = op.strength();
        if *op == Infix::Power {
            let mut docs = self.expression(*a, TIGHT, Spot::Part);
            docs.push(self.put("^"));
            docs.push(self.lazy(""));
            let signed = matches!(tree.kind(*b), ExprKind::Prefix(Prefix::Minus, _));
            let needed = if signed { 1 } else { strength };
            docs.extend(self.expression(*b, needed, Spot::Part));
            return docs;
        }
        let mut docs = self.expression(*a, strength + 1, Spot::Part);
        docs.push(self.put(" "));
        docs.push(self.put(op.symbol()));
        docs.push(self.lazy(" "));
        docs.extend(self.right(*b, strength + 1));
        docs
    }
}

fn strength(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Infix(op, ..) => op.strength(),
        ExprKind::Prefix(op, _) => op.strength(),
        ExprKind::If(..) | ExprKind::Interval(..) => 0,
        _ => TIGHT,
    }
}

/// Whether the value of a definition has a bracket on its first line that may be opened.
fn opens(kind: &ExprKind, docs: &[Doc<'_>]) -> bool {
    match kind {
        ExprKind::Infix(Infix::Add | Infix::Subtract, ..) => true,
        ExprKind::Infix(Infix::Multiply | Infix::Divide, ..) => docs.len() > 1,
        ExprKind::Infix(op, ..) if *op != Infix::Power => false,
        ExprKind::If(..) => false,
        ExprKind::Block(..) => true,
        _ => docs.iter().any(|doc| matches!(doc, Doc::Group(..))),
    }
}
