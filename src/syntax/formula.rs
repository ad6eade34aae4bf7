//! Expressions as text that may be broken into lines.
//!
//! What a bracket may hold on lines of its own is grouped; a sum outside of brackets gets a pair of
//! them where it is broken, so that each term is on a line after its sign. Brackets that group
//! operands are kept as they were written, and those around a whole value or a single name go.

use super::doc::{Break, Comment, Doc, Value, When, measure};
use super::tree::{Binding, ExprId, ExprKind, Infix, Name, Prefix, Range, Tree};
use crate::source::Span;

/// Tighter than every operator.
pub(super) const TIGHT: u8 = 9;
/// Elements of a list that are no longer are filled into lines, longer ones get a line each.
const SHORT: usize = 24;
/// Narrower brackets of a product are left whole.
const BRACKET: usize = 40;
/// Longer lines of a block are not aligned.
const ALIGNED: usize = 70;

/// Where an expression stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Spot {
    /// Outside of all brackets but those of a block: a line ends with its newline.
    Open,
    /// All that is between two brackets.
    Inside,
    /// One of several things between brackets, or an operand.
    Part,
}

/// Builds the text of one definition.
pub(super) struct Builder<'t> {
    pub tree: &'t Tree,
    pub text: &'t str,
    /// The number of the next comment.
    pub comment: usize,
    pub breaks: Vec<Break<'t>>,
    /// Comments that no break comes before.
    pub above: Vec<Comment<'t>>,
    /// Whether nothing came after the last break.
    fresh: bool,
    /// Whether blank lines are kept at the last break.
    spaced: bool,
    /// Where what was printed last ends in the text.
    pub end: u32,
    /// Whether sums are written without spaces, in indices and bounds.
    tight: bool,
    /// Whether the minus sign that comes next was printed.
    unsigned: bool,
    /// Whether newlines do not count.
    enclosed: bool,
}

impl<'t> Builder<'t> {
    /// Before a definition that begins at that byte.
    pub fn new(tree: &'t Tree, text: &'t str, comment: usize, start: u32) -> Builder<'t> {
        Builder {
            tree,
            text,
            comment,
            breaks: Vec::new(),
            above: Vec::new(),
            fresh: false,
            spaced: false,
            end: start,
            tight: false,
            unsigned: false,
            enclosed: false,
        }
    }

    pub fn written(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or("")
    }

    pub fn between(&self, from: u32, to: u32) -> &'t str {
        self.text.get(from as usize..to as usize).unwrap_or("")
    }

    /// A break; comments that come next in the text hang on it.
    pub fn line(&mut self, when: When, flat: &'static str, closes: bool) -> Doc<'t> {
        self.breaks.push(Break {
            when,
            flat,
            closes,
            blank: false,
            comments: Vec::new(),
        });
        self.fresh = true;
        self.spaced = false;
        Doc::Line(self.breaks.len() - 1)
    }

    fn soft(&mut self, flat: &'static str) -> Doc<'t> {
        self.line(When::Needed, flat, false)
    }

    fn lazy(&mut self, flat: &'static str) -> Doc<'t> {
        self.line(When::Commented, flat, false)
    }

    /// The break before a closing bracket that stands at a byte.
    pub fn closing(&mut self, when: When, bracket: u32) -> Doc<'t> {
        let line = self.line(when, "", true);
        self.spaced = when == When::Always;
        self.comments(bracket);
        self.end = bracket + 1;
        line
    }

    /// Hangs the comments before a byte on the last break.
    pub fn comments(&mut self, before: u32) {
        while let Some(comment) = self.tree.comments.get(self.comment)
            && comment.start < before
        {
            self.comment += 1;
            let gap = self.between(self.end, comment.start);
            let comment = Comment {
                text: self.written(*comment).trim_end(),
                trails: self.fresh && !gap.contains('\n'),
                blank: self.spaced && gap.matches('\n').count() > 1,
            };
            self.end = self.tree.comments[self.comment - 1].end;
            match self.breaks.last_mut() {
                Some(last) => last.comments.push(comment),
                None => self.above.push(comment),
            }
        }
    }

    /// What stands at a place of the text.
    pub fn leaf(&mut self, text: &'t str, span: Span) -> Doc<'t> {
        self.comments(span.start);
        self.fresh = false;
        self.end = span.end;
        Doc::text(text)
    }

    pub fn name(&mut self, name: &'t Name) -> Doc<'t> {
        self.leaf(&name.text, name.span)
    }

    pub fn put(&mut self, text: &'static str) -> Doc<'t> {
        self.fresh = false;
        Doc::text(text)
    }

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

    /// Where an expression begins in the text, with its brackets.
    fn start(&self, id: ExprId) -> u32 {
        let mut at = id;
        loop {
            if let Some(brackets) = self.tree.brackets(at) {
                return brackets.start;
            }
            match self.tree.kind(at) {
                ExprKind::Infix(_, _, a, _) | ExprKind::Index(a, _) => at = *a,
                _ => return self.tree.span(at).start,
            }
        }
    }

    /// Goes into a bracket; `encloses` says whether newlines do not count there.
    fn enter(&mut self, encloses: bool) -> (bool, bool) {
        let held = (self.tight, self.enclosed);
        (self.tight, self.enclosed) = (false, encloses);
        held
    }

    fn leave(&mut self, held: (bool, bool)) {
        (self.tight, self.enclosed) = held;
    }

    /// Whether two things that follow each other are on lines of their own in the text.
    fn parted(&self, first: ExprId, second: ExprId) -> bool {
        let (first, second) = (self.tree.span(first), self.tree.span(second));
        self.between(first.end, second.start).contains('\n')
    }

    fn brackets(&mut self, id: ExprId) -> Doc<'t> {
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

    /// Whether a line ends right after an opening bracket, or after a comment there.
    fn breaks_after(&self, at: u32) -> bool {
        let rest = self.text.get(at as usize..).unwrap_or("");
        let rest = rest.trim_start_matches([' ', '\t', '\r']);
        rest.starts_with(['\n', '#'])
    }

    fn bare(&mut self, id: ExprId, spot: Spot) -> Vec<Doc<'t>> {
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
    fn operands(&self, id: ExprId, strength: u8) -> Vec<(Option<(Infix, Span)>, ExprId)> {
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
    fn right(&mut self, id: ExprId, needed: u8) -> Vec<Doc<'t>> {
        let needed = if self.signed(id) { TIGHT } else { needed };
        self.expression(id, needed, Spot::Part)
    }

    /// Whether the first thing printed of an expression is its minus sign.
    fn signed(&self, id: ExprId) -> bool {
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

    fn sum(&mut self, id: ExprId, spot: Spot) -> Vec<Doc<'t>> {
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
    fn first_term(&mut self, id: ExprId, strength: u8) -> Vec<Doc<'t>> {
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

    fn product(&mut self, id: ExprId, spot: Spot) -> Vec<Doc<'t>> {
        let strength = Infix::Multiply.strength();
        let mut docs = Vec::new();
        let mut lines = Vec::new();
        // Where a factor has a wide bracket, lines end in that.
        let mut whole = false;
        for (op, factor) in self.operands(id, strength) {
            let mut part = match op {
                None => self.expression(factor, strength, Spot::Part),
                Some((op, _)) => {
                    docs.push(self.put(op.symbol()));
                    docs.push(self.soft(""));
                    lines.push(self.breaks.len() - 1);
                    self.right(factor, strength + 1)
                }
            };
            let opens = part.iter().any(|doc| matches!(doc, Doc::Group(..)));
            whole |= match measure(&mut part, &self.breaks) {
                Some(width) => opens && width > BRACKET,
                None => true,
            };
            docs.extend(part);
        }
        if whole {
            for line in lines {
                self.breaks[line].when = When::Commented;
            }
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
    fn chain(&mut self, id: ExprId, op: Infix, spot: Spot) -> Vec<Doc<'t>> {
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
    fn pair(&mut self, id: ExprId) -> Vec<Doc<'t>> {
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

    fn call(&mut self, name: &'t Name, arguments: &[ExprId], span: Span) -> Vec<Doc<'t>> {
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
    fn closing_lazily(&mut self, bracket: u32) -> Doc<'t> {
        self.closing(When::Commented, bracket)
    }

    /// `sum(body for i in a..b)`
    fn over(
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

    fn ranges(&mut self, ranges: &'t [Range]) -> Vec<Doc<'t>> {
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

    fn interval(&mut self, from: ExprId, to: ExprId) -> Vec<Doc<'t>> {
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
    fn index(&mut self, id: ExprId) -> Vec<Doc<'t>> {
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

    fn list(&mut self, elements: &[ExprId], span: Span) -> Doc<'t> {
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
    fn conditional(&mut self, id: ExprId, spot: Spot) -> Doc<'t> {
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

    fn block(&mut self, bindings: &'t [Binding], value: ExprId, span: Span) -> Vec<Doc<'t>> {
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
    fn aligned(&self, heads: &mut [(Vec<Doc<'t>>, usize, bool)]) -> usize {
        let widest = heads.iter().map(|(_, own, _)| *own).max().unwrap_or(0);
        let wanted = heads.iter().any(|(_, _, pads)| *pads);
        let short = heads.iter_mut().all(|(docs, ..)| {
            let value = docs.last_mut().map(std::slice::from_mut);
            let width = value.and_then(|value| measure(value, &self.breaks));
            width.is_some_and(|width| widest + width <= ALIGNED)
        });
        if wanted && short { widest } else { 0 }
    }

    /// A break that is always taken, before something at a byte, with the blank line that was there.
    pub fn full_line(&mut self, start: u32, first: bool) -> Doc<'t> {
        let line = self.line(When::Always, "", false);
        self.spaced = true;
        self.comments(start);
        let gap = self.between(self.end, start);
        let blank = gap.matches('\n').count() > 1;
        if let Some(last) = self.breaks.last_mut() {
            match last.comments.first_mut() {
                Some(comment) if first => comment.blank = false,
                _ => {}
            }
            last.blank = blank && !(first && last.comments.iter().all(|comment| comment.trails));
        }
        line
    }

    /// Whether the `=` after a name and before a value was moved to the right.
    pub fn pads(&self, name: Span, value: ExprId) -> bool {
        let before = self.between(name.end, self.start(value));
        let head = before.rsplit_once('=').map_or("", |(head, _)| head);
        head.ends_with("  ") || head.ends_with('\t')
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
