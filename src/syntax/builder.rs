//! What all parts of a definition are built with: breaks, comments, and places in the text.

use super::doc::{Break, Comment, Doc, When};
use super::tree::{ExprId, ExprKind, Name, Tree};
use crate::source::Span;

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
    pub fresh: bool,
    /// Whether blank lines are kept at the last break.
    pub spaced: bool,
    /// Where what was printed last ends in the text.
    pub end: u32,
    /// Whether sums are written without spaces, in indices and bounds.
    pub tight: bool,
    /// Whether the minus sign that comes next was printed.
    pub unsigned: bool,
    /// Whether newlines do not count.
    pub enclosed: bool,
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

    pub fn soft(&mut self, flat: &'static str) -> Doc<'t> {
        self.line(When::Needed, flat, false)
    }

    pub fn lazy(&mut self, flat: &'static str) -> Doc<'t> {
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
            // What is put has no place, but may stand before it on its line, such as `then`.
            let alone = gap.rsplit_once('\n');
            let first = |last: &Break<'_>| last.comments.is_empty();
            let first = self.breaks.last().is_none_or(first);
            let alone = alone.is_some_and(|(_, line)| !first || line.trim().is_empty());
            let comment = Comment {
                text: self.written(*comment).trim_end(),
                trails: self.fresh && !alone,
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

    /// Where an expression begins in the text, with its brackets.
    pub fn start(&self, id: ExprId) -> u32 {
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
    pub fn enter(&mut self, encloses: bool) -> (bool, bool) {
        let held = (self.tight, self.enclosed);
        (self.tight, self.enclosed) = (false, encloses);
        held
    }

    pub fn leave(&mut self, held: (bool, bool)) {
        (self.tight, self.enclosed) = held;
    }

    /// Whether two things that follow each other are on lines of their own in the text.
    pub fn parted(&self, first: ExprId, second: ExprId) -> bool {
        let (first, second) = (self.tree.span(first), self.tree.span(second));
        self.between(first.end, second.start).contains('\n')
    }

    /// Whether a line ends right after an opening bracket, or after a comment there.
    pub fn breaks_after(&self, at: u32) -> bool {
        let rest = self.text.get(at as usize..).unwrap_or("");
        let rest = rest.trim_start_matches([' ', '\t', '\r']);
        rest.starts_with(['\n', '#'])
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
