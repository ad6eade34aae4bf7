//! A tree as text in the one layout: what `fmt` writes.
//!
//! Lines keep their order and their comments, at most one blank line between two. A comment inside
//! a formula moves to the line above it. Numbers are kept as they were written.

use super::tree::{
    Argument, ExprId, ExprKind, Infix, Item, ItemKind, Name, Origin, Prefix, Range, Tree,
};
use crate::source::Span;

/// Prints a tree of the file with that text. Reading the result gives the same tree, but for
/// spans, and printing that gives the same text.
pub fn print(tree: &Tree, text: &str) -> String {
    let mut printer = Printer {
        tree,
        text,
        out: String::new(),
        comment: 0,
        indent: 0,
    };
    let mut end = 0;
    for item in &tree.items {
        printer.comments_before(item.span.start, &mut end);
        printer.blank_line(end, item.span.start);
        printer.item(item);
        end = item.span.end;
        printer.tail(item.span.end);
    }
    printer.comments_before(text.len() as u32, &mut end);
    printer.out
}

enum Piece<'t> {
    Expr(ExprId, u8),
    Text(&'t str),
    Line,
    /// The comments before a line of a block, which begins there.
    Comments(u32),
    /// The comment at the end of a line of a block, before the end of the block.
    Tail(u32, u32),
    Indent,
    Outdent,
}

/// Tighter than every operator.
const TIGHT: u8 = 9;
const PREFIX: u8 = 7;

struct Printer<'t> {
    tree: &'t Tree,
    text: &'t str,
    out: String,
    /// The next comment.
    comment: usize,
    indent: usize,
}

impl<'t> Printer<'t> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn line(&mut self) {
        let trimmed = self.out.trim_end_matches(' ').len();
        self.out.truncate(trimmed);
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', 2 * self.indent));
    }

    fn written(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// A blank line where there is one in the text between two places.
    fn blank_line(&mut self, from: u32, to: u32) {
        let between = self.text.get(from as usize..to as usize).unwrap_or("");
        let blank = between.matches('\n').count() > 1;
        if blank && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn next_comment(&mut self, before: u32) -> Option<Span> {
        let comments = &self.tree.comments;
        let comment = *comments
            .get(self.comment)
            .filter(|comment| comment.start < before)?;
        self.comment += 1;
        Some(comment)
    }

    /// The comments before a definition, each on its line.
    fn comments_before(&mut self, before: u32, end: &mut u32) {
        while let Some(comment) = self.next_comment(before) {
            self.blank_line(*end, comment.start);
            self.put(self.written(comment).trim_end());
            self.put("\n");
            *end = comment.end;
        }
    }

    /// The end of a line, with the comment that was there; those inside went before.
    fn tail(&mut self, end: u32) {
        self.tail_comment(end, u32::MAX);
        self.line();
    }

    fn tail_comment(&mut self, end: u32, limit: u32) {
        let rest = self.text.get(end as usize..).unwrap_or("");
        let line = rest.find('\n').unwrap_or(rest.len()) as u32;
        if let Some(comment) = self.next_comment(limit.min(end + line)) {
            let comment = self.written(comment).trim_end();
            self.put("  ");
            self.put(comment);
        }
    }

    /// The comments inside a formula, above its line.
    fn inner_comments(&mut self, end: u32) {
        while let Some(comment) = self.next_comment(end) {
            let comment = self.written(comment).trim_end();
            self.put(comment);
            self.line();
        }
    }

    fn item(&mut self, item: &'t Item) {
        match &item.kind {
            ItemKind::Run(name, lines) => {
                let first = lines.first().map_or(item.span.end, |line| line.span.start);
                self.put(&name.text);
                self.put(" {");
                self.tail_comment(name.span.end, first);
                self.indent = 1;
                for line in lines {
                    self.line();
                    self.inner_comments(line.span.end);
                    self.put(&line.key.text);
                    self.put(" = ");
                    self.expression(line.value);
                    self.tail_comment(line.span.end, item.span.end);
                }
                while let Some(comment) = self.next_comment(item.span.end) {
                    self.line();
                    self.put(self.written(comment).trim_end());
                }
                self.indent = 0;
                self.line();
                self.put("}");
            }
            ItemKind::Import(origin, names) => {
                self.inner_comments(item.span.end);
                self.import(origin, names);
            }
            ItemKind::Parameter(name, value) => {
                self.head(*value, item);
                self.put("param ");
                self.put(&name.text);
                self.put(" = ");
                self.expression(*value);
            }
            ItemKind::Constant(name, value) => {
                self.head(*value, item);
                self.put(&name.text);
                self.put(" = ");
                self.expression(*value);
            }
            ItemKind::Function(name, arguments, value) => {
                self.head(*value, item);
                self.put(&name.text);
                self.put("(");
                for (at, argument) in arguments.iter().enumerate() {
                    self.put(if at > 0 { ", " } else { "" });
                    self.argument(argument);
                }
                self.put(") = ");
                self.expression(*value);
            }
        }
    }

    /// Comments go above a definition, but those in a block have lines of their own there.
    fn head(&mut self, value: ExprId, item: &Item) {
        let block = matches!(self.tree.kind(value), ExprKind::Block(..));
        let end = if block {
            self.tree.span(value).start
        } else {
            item.span.end
        };
        self.inner_comments(end);
    }

    fn import(&mut self, origin: &Origin, names: &[(Name, Option<Name>)]) {
        match origin {
            Origin::Module(name) => self.put(&format!("import {} (", name.text)),
            Origin::File(name) => self.put(&format!("import \"{}\" (", name.text)),
        }
        for (at, (name, alias)) in names.iter().enumerate() {
            self.put(if at > 0 { ", " } else { "" });
            self.put(&name.text);
            if let Some(alias) = alias {
                self.put(" as ");
                self.put(&alias.text);
            }
        }
        self.put(")");
    }

    fn argument(&mut self, argument: &Argument) {
        self.put(&argument.name.text);
        for (at, size) in argument.size.iter().enumerate() {
            self.put(if at > 0 { ", " } else { "[" });
            self.expression(*size);
        }
        self.put(if argument.size.is_empty() { "" } else { "]" });
        if let Some((domain, length)) = &argument.domain {
            self.put(": ");
            self.put(&domain.text);
            if let Some(length) = length {
                self.put("(");
                self.expression(*length);
                self.put(")");
            }
        }
    }

    /// Prints an expression, on a stack of its own.
    fn expression(&mut self, id: ExprId) {
        let mut pieces = vec![Piece::Expr(id, 0)];
        while let Some(piece) = pieces.pop() {
            match piece {
                Piece::Text(text) => self.put(text),
                Piece::Expr(id, strength) => {
                    let mut parts = Vec::new();
                    self.parts(id, strength, &mut parts);
                    pieces.extend(parts.into_iter().rev());
                }
                Piece::Line => self.line(),
                Piece::Comments(end) => self.inner_comments(end),
                Piece::Tail(end, limit) => self.tail_comment(end, limit),
                Piece::Indent => self.indent += 1,
                Piece::Outdent => self.indent -= 1,
            }
        }
    }

    /// What an expression is made of, in brackets where it binds less tightly than is needed.
    fn parts(&self, id: ExprId, needed: u8, out: &mut Vec<Piece<'t>>) {
        let kind = self.tree.kind(id);
        let strength = match kind {
            ExprKind::Infix(op, ..) => op.strength(),
            ExprKind::Prefix(op, _) => op.strength(),
            ExprKind::If(..) | ExprKind::Interval(..) => 0,
            _ => TIGHT,
        };
        let brackets = strength < needed;
        if brackets {
            out.push(Piece::Text("("));
        }
        self.bare(id, out);
        if brackets {
            out.push(Piece::Text(")"));
        }
    }

    fn bare(&self, id: ExprId, out: &mut Vec<Piece<'t>>) {
        match self.tree.kind(id) {
            ExprKind::Number(_) | ExprKind::Text(_) => {
                out.push(Piece::Text(self.written(self.tree.span(id))));
            }
            ExprKind::Name(name) => out.push(Piece::Text(name)),
            ExprKind::Prefix(Prefix::Minus, a) => {
                out.extend([Piece::Text("-"), Piece::Expr(*a, PREFIX)]);
            }
            ExprKind::Prefix(Prefix::Not, a) => {
                out.extend([Piece::Text("not "), Piece::Expr(*a, Prefix::Not.strength())]);
            }
            ExprKind::Infix(op, _, a, b) => self.infix(*op, *a, *b, out),
            ExprKind::Call(name, arguments) => {
                out.extend([Piece::Text(&name.text), Piece::Text("(")]);
                list(arguments, out);
                out.push(Piece::Text(")"));
            }
            ExprKind::Over(name, body, ranges) => {
                out.extend([
                    Piece::Text(&name.text),
                    Piece::Text("("),
                    Piece::Expr(*body, 0),
                ]);
                over(ranges, out);
                out.push(Piece::Text(")"));
            }
            ExprKind::Index(base, indices) => {
                out.extend([Piece::Expr(*base, TIGHT), Piece::Text("[")]);
                list(indices, out);
                out.push(Piece::Text("]"));
            }
            ExprKind::List(elements) => {
                out.push(Piece::Text("["));
                list(elements, out);
                out.push(Piece::Text("]"));
            }
            ExprKind::Interval(a, b) => {
                out.extend([Piece::Expr(*a, 0), Piece::Text(".."), Piece::Expr(*b, 0)]);
            }
            ExprKind::If(c, a, b) => out.extend([
                Piece::Text("if "),
                Piece::Expr(*c, 0),
                Piece::Text(" then "),
                // The `else` after it must not be taken for its own.
                Piece::Expr(*a, 0),
                Piece::Text(" else "),
                Piece::Expr(*b, 0),
            ]),
            ExprKind::Block(bindings, value) => {
                let end = self.tree.span(id).end;
                out.extend([Piece::Text("{"), Piece::Indent]);
                for binding in bindings {
                    out.extend([
                        Piece::Line,
                        Piece::Comments(self.comments_until(binding.value, binding.span.end)),
                        Piece::Text("let "),
                        Piece::Text(&binding.name.text),
                        Piece::Text(" = "),
                        Piece::Expr(binding.value, 0),
                        Piece::Tail(binding.span.end, end),
                    ]);
                }
                let inside = self.tree.span(*value);
                out.extend([
                    Piece::Line,
                    Piece::Comments(self.comments_until(*value, end)),
                    Piece::Expr(*value, 0),
                    Piece::Tail(inside.end, end),
                    Piece::Outdent,
                    Piece::Line,
                    Piece::Text("}"),
                ]);
            }
        }
    }

    /// Up to where comments go above a line: a block keeps its own inside.
    fn comments_until(&self, value: ExprId, end: u32) -> u32 {
        match self.tree.kind(value) {
            ExprKind::Block(..) => self.tree.span(value).start,
            _ => end,
        }
    }

    fn infix(&self, op: Infix, a: ExprId, b: ExprId, out: &mut Vec<Piece<'t>>) {
        let strength = op.strength();
        let (left, right) = match op {
            // A sign before a base is weaker, one before an exponent needs no brackets.
            Infix::Power => (TIGHT, strength),
            _ if op.is_comparison() => (strength + 1, strength + 1),
            _ => (strength, strength + 1),
        };
        let symbol = op.symbol();
        out.push(Piece::Expr(a, left));
        let tight = matches!(op, Infix::Multiply | Infix::Divide | Infix::Power);
        if tight {
            out.push(Piece::Text(symbol));
        } else {
            out.extend([Piece::Text(" "), Piece::Text(symbol), Piece::Text(" ")]);
        }
        let signed = matches!(self.tree.kind(b), ExprKind::Prefix(Prefix::Minus, _));
        // After an operator a sign stands in brackets, except in `x^-2`.
        let needed = match op {
            Infix::Power if signed => 0,
            _ if signed => TIGHT,
            _ => right,
        };
        out.push(Piece::Expr(b, needed));
    }
}

fn list<'t>(elements: &[ExprId], out: &mut Vec<Piece<'t>>) {
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            out.push(Piece::Text(", "));
        }
        out.push(Piece::Expr(*element, 0));
    }
}

fn over<'t>(ranges: &'t [Range], out: &mut Vec<Piece<'t>>) {
    for (at, range) in ranges.iter().enumerate() {
        out.push(Piece::Text(if at > 0 { ", " } else { " for " }));
        out.extend([
            Piece::Text(&range.name.text),
            Piece::Text(" in "),
            Piece::Expr(range.from, 0),
            Piece::Text(".."),
            Piece::Expr(range.to, 0),
        ]);
    }
}
