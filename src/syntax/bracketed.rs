//! Expressions as text that may be broken into lines: what has brackets, and `if`.
//!
//! What a bracket may hold on lines of its own is grouped, and broken there before anything outside.

use super::builder::{Builder, Spot};
use super::doc::{Doc, When, measure};
use super::formula::TIGHT;
use super::tree::{Binding, ExprId, ExprKind, Name, Prefix, Range};
use crate::source::Span;

/// Elements of a list that are no longer are filled into lines, longer ones get a line each.
const SHORT: usize = 24;
/// Longer lines of a block are not aligned.
const ALIGNED: usize = 70;

impl<'t> Builder<'t> {
    pub fn brackets(&mut self, id: ExprId) -> Doc<'t> {
        let written = self.tree.brackets(id);
        let place = written.unwrap_or(self.tree.span(id));
        let end = written.map_or(place.end, |span| span.end - 1);
        self.comments(place.start);
        let opener = self.put("(");
        if written.is_some() {
            self.end = place.start + 1;
        }
        let held = self.enter(true);
        let when = match written {
            Some(span) if self.breaks_after(span.start + 1) => When::Always,
            _ => When::Needed,
        };
        let mut inner = vec![self.line(when, "", false)];
        inner.extend(self.expression(id, 0, Spot::Inside));
        self.leave(held);
        let last = self.closing(When::Needed, end);
        self.end = place.end;
        let closer = self.put(")");
        Doc::group(vec![opener, Doc::Indent(inner), last, closer])
    }

    pub fn call(&mut self, name: &'t Name, arguments: &[ExprId], span: Span) -> Vec<Doc<'t>> {
        let mut docs = vec![self.name(name), self.put("(")];
        let Some((last, others)) = arguments.split_last() else {
            self.comments(span.end);
            self.end = span.end;
            docs.push(self.put(")"));
            return docs;
        };
        let held = self.enter(true);
        let hangs = matches!(
            self.tree.kind(*last),
            ExprKind::List(_) | ExprKind::Block(..)
        );
        if hangs {
            // The last one opens on the line of the call.
            docs.push(self.lazy(""));
            for argument in others {
                docs.extend(self.expression(*argument, 0, Spot::Part));
                docs.push(self.put(","));
                docs.push(self.lazy(" "));
            }
            docs.extend(self.expression(*last, 0, Spot::Inside));
            docs.push(self.closing_lazily(span.end - 1));
        } else {
            let mut inner = vec![self.soft("")];
            let spot = if others.is_empty() {
                Spot::Inside
            } else {
                Spot::Part
            };
            let mut elements = Vec::new();
            for (at, argument) in arguments.iter().enumerate() {
                if at > 0 {
                    elements.push(self.put(","));
                    elements.push(self.soft(" "));
                }
                elements.extend(self.expression(*argument, 0, spot));
            }
            inner.push(Doc::group(elements));
            let close = self.closing(When::Needed, span.end - 1);
            docs.push(Doc::group(vec![Doc::Indent(inner), close]));
        }
        self.leave(held);
        docs.push(self.put(")"));
        docs
    }

    /// A closing bracket that stays on the line, unless a comment comes before it.
    pub fn closing_lazily(&mut self, bracket: u32) -> Doc<'t> {
        self.closing(When::Commented, bracket)
    }

    /// `sum(body for i in a..b)`
    pub fn over(
        &mut self,
        name: &'t Name,
        body: ExprId,
        ranges: &'t [Range],
        span: Span,
    ) -> Vec<Doc<'t>> {
        let mut docs = vec![self.name(name), self.put("(")];
        let held = self.enter(true);
        if matches!(self.tree.kind(body), ExprKind::Block(..)) {
            docs.push(self.lazy(""));
            docs.extend(self.expression(body, 0, Spot::Inside));
            docs.push(self.lazy(" "));
            docs.extend(self.ranges(ranges));
            docs.push(self.closing_lazily(span.end - 1));
        } else {
            let mut inner = vec![self.soft("")];
            let mut parts = self.expression(body, 0, Spot::Inside);
            parts.push(self.soft(" "));
            parts.extend(self.ranges(ranges));
            inner.push(Doc::group(parts));
            let close = self.closing(When::Needed, span.end - 1);
            docs.push(Doc::group(vec![Doc::Indent(inner), close]));
        }
        self.leave(held);
        docs.push(self.put(")"));
        docs
    }

    pub fn ranges(&mut self, ranges: &'t [Range]) -> Vec<Doc<'t>> {
        let mut docs = Vec::new();
        for (at, range) in ranges.iter().enumerate() {
            if at > 0 {
                docs.push(self.put(","));
                docs.push(self.lazy(" "));
            } else {
                docs.push(Doc::text("for "));
            }
            docs.push(self.name(&range.name));
            docs.push(self.put(" in "));
            docs.extend(self.interval(range.from, range.to));
        }
        docs
    }

    pub fn interval(&mut self, from: ExprId, to: ExprId) -> Vec<Doc<'t>> {
        let held = self.enter(self.enclosed);
        self.tight = true;
        let mut docs = self.expression(from, 0, Spot::Inside);
        docs.push(self.put(".."));
        docs.push(self.lazy(""));
        docs.extend(self.expression(to, 0, Spot::Inside));
        self.leave(held);
        docs
    }

    /// `r[i, k]`; indices of indices may be many.
    pub fn index(&mut self, id: ExprId) -> Vec<Doc<'t>> {
        let tree = self.tree;
        let mut at = id;
        let mut indices: Vec<(&[ExprId], Span)> = Vec::new();
        while let ExprKind::Index(base, inner) = tree.kind(at)
            && (at == id || tree.brackets(at).is_none())
        {
            indices.push((inner, tree.span(at)));
            at = *base;
        }
        let mut docs = self.expression(at, TIGHT, Spot::Part);
        let held = self.enter(true);
        self.tight = true;
        for (inner, span) in indices.into_iter().rev() {
            docs.push(self.put("["));
            for (n, index) in inner.iter().enumerate() {
                if n > 0 {
                    docs.push(self.put(","));
                }
                docs.push(self.lazy(if n > 0 { " " } else { "" }));
                docs.extend(self.expression(*index, 0, Spot::Inside));
            }
            docs.push(self.closing_lazily(span.end - 1));
            docs.push(self.put("]"));
        }
        self.leave(held);
        docs
    }

    /// A size, written as an index is.
    pub fn index_part(&mut self, id: ExprId) -> Vec<Doc<'t>> {
        let held = self.enter(true);
        self.tight = true;
        let docs = self.expression(id, 0, Spot::Inside);
        self.leave(held);
        docs
    }

    pub fn list(&mut self, elements: &[ExprId], span: Span) -> Doc<'t> {
        let held = self.enter(true);
        let opener = self.leaf(
            "[",
            Span {
                end: span.start + 1,
                ..span
            },
        );
        if elements.is_empty() {
            let close = self.closing(When::Commented, span.end - 1);
            self.leave(held);
            return Doc::group(vec![opener, close, self.put("]")]);
        }
        let when = if self.breaks_after(span.start + 1) {
            When::Always
        } else {
            When::Needed
        };
        let mut inner = vec![self.line(when, "", false)];
        let short = |id: &ExprId| {
            let atom = match self.tree.kind(*id) {
                ExprKind::Prefix(Prefix::Minus, a) => a,
                _ => id,
            };
            let plain = matches!(
                self.tree.kind(*atom),
                ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::Text(_)
            );
            let span = self.tree.span(*id);
            plain && span.end - span.start <= SHORT as u32
        };
        let filled = elements.iter().all(short);
        let last = elements.len() - 1;
        let mut parts: Vec<(Vec<Doc<'t>>, usize)> = Vec::new();
        for (at, element) in elements.iter().enumerate() {
            let mut part = self.expression(*element, 0, Spot::Part);
            if at < last {
                part.push(self.put(","));
            }
            let when = match (at < last, filled) {
                (true, false) if at == 0 && self.parted(elements[0], elements[1]) => When::Always,
                (true, false) => When::Needed,
                _ => When::Commented,
            };
            let flat = if at < last { " " } else { "" };
            let line = self.line(when, flat, false);
            match (line, filled) {
                (Doc::Line(line), true) => parts.push((part, line)),
                (line, _) => {
                    inner.extend(part);
                    inner.push(line);
                }
            }
        }
        if filled {
            inner.push(Doc::Fill(parts));
        } else {
            // The last break is that of the bracket.
            inner.pop();
        }
        let close = self.closing(When::Needed, span.end - 1);
        self.leave(held);
        let closer = self.put("]");
        Doc::group(vec![opener, Doc::Indent(inner), close, closer])
    }

    /// `if a then b else if c then d else e`, of any length.
    pub fn conditional(&mut self, id: ExprId, spot: Spot) -> Doc<'t> {
        let tree = self.tree;
        let mut docs = Vec::new();
        let mut at = id;
        while let ExprKind::If(condition, then, otherwise) = tree.kind(at) {
            let word = Span {
                end: tree.span(at).start + 2,
                ..tree.span(at)
            };
            let mut branch = Vec::new();
            branch.push(self.leaf("if ", word));
            branch.extend(self.expression(*condition, 0, Spot::Part));
            let mut value = vec![self.soft(" "), self.put("then")];
            value.push(self.lazy(" "));
            // An `if` in brackets keeps them: the `else` after it is not its own.
            let needed = u8::from(matches!(tree.kind(*then), ExprKind::If(..)));
            value.extend(self.expression(*then, needed, Spot::Part));
            branch.push(Doc::Indent(value));
            docs.push(Doc::group(branch));
            docs.push(self.soft(" "));
            docs.push(self.put("else "));
            at = *otherwise;
        }
        docs.push(self.lazy(""));
        docs.extend(self.expression(at, 0, Spot::Part));
        Doc::group(if spot == Spot::Part {
            vec![Doc::Indent(docs)]
        } else {
            docs
        })
    }

    pub fn block(&mut self, bindings: &'t [Binding], value: ExprId, span: Span) -> Vec<Doc<'t>> {
        let held = self.enter(false);
        let opener = self.leaf(
            "{",
            Span {
                end: span.start + 1,
                ..span
            },
        );
        let mut heads = Vec::new();
        for (at, binding) in bindings.iter().enumerate() {
            let line = self.full_line(binding.span.start, at == 0);
            let word = Span {
                end: binding.span.start + 3,
                ..binding.span
            };
            let mut docs = vec![line, self.leaf("let ", word), self.name(&binding.name)];
            let value = self.value(binding.value, binding.span.end);
            let pads = self.pads(binding.name.span, binding.value);
            docs.push(value);
            heads.push((docs, binding.name.text.chars().count(), pads));
        }
        let mut inner = Vec::new();
        let width = self.aligned(&mut heads);
        for (docs, own, _) in heads {
            let mut docs = docs.into_iter();
            inner.extend(docs.by_ref().take(3));
            inner.push(Doc::text(" ".repeat(width.saturating_sub(own)) + " ="));
            inner.extend(docs);
        }
        let start = self.start(value);
        inner.push(self.full_line(start, bindings.is_empty()));
        inner.extend(self.expression(value, 0, Spot::Open));
        let close = self.closing(When::Always, span.end - 1);
        self.leave(held);
        let closer = self.put("}");
        vec![opener, Doc::Indent(inner), close, closer]
    }

    /// The width of the names of a block where they are to be aligned.
    pub fn aligned(&self, heads: &mut [(Vec<Doc<'t>>, usize, bool)]) -> usize {
        let widest = heads.iter().map(|(_, own, _)| *own).max().unwrap_or(0);
        let wanted = heads.iter().any(|(_, _, pads)| *pads);
        let short = heads.iter_mut().all(|(docs, ..)| {
            let value = docs.last_mut().map(std::slice::from_mut);
            let width = value.and_then(|value| measure(value, &self.breaks));
            width.is_some_and(|width| widest + width <= ALIGNED)
        });
        if wanted && short { widest } else { 0 }
    }
}
