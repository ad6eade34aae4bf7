//! Text that knows where it may be broken into lines, after Wadler, *A prettier printer*.
//!
//! A group is printed on one line if it fits there; else all its breaks are taken. Comments hang on
//! breaks, which are then taken for sure: a comment ends its line.

use std::borrow::Cow;

/// Lines are no longer, where there is a way.
pub(super) const WIDTH: usize = 100;
pub(super) const STEP: usize = 2;

/// A piece of text.
pub(super) enum Doc<'t> {
    Text(Cow<'t, str>),
    /// Where a line may end: the number of its [`Break`].
    Line(usize),
    /// On one line if it fits there.
    Group(Vec<Doc<'t>>, Flat),
    Indent(Vec<Doc<'t>>),
    /// On one line, whether it fits there or not; nothing in it has to be broken.
    Whole(Vec<Doc<'t>>),
    /// A text if the group around it is broken.
    IfBroken(&'static str),
    /// Elements, each with the break after it, as many on a line as fit.
    Fill(Vec<(Vec<Doc<'t>>, usize)>),
    /// What follows `=`: on the same line, else on the next if it fits there, else broken.
    Value(Box<Value<'t>>),
}

/// How wide a group is on one line; `None` where it cannot be on one. Set by [`measure`].
pub(super) type Flat = Option<usize>;

/// The right side of a definition.
pub(super) struct Value<'t> {
    pub docs: Vec<Doc<'t>>,
    pub width: Flat,
    /// The break before it.
    pub line: usize,
    /// Whether it is broken after an opening bracket on the line of the `=`.
    pub opens: bool,
    /// Whether that is better than to be whole on the next line.
    pub at_once: bool,
}

/// When a break is taken.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum When {
    /// If the group around it does not fit.
    Needed,
    /// Always.
    Always,
    /// Only for a comment.
    Commented,
}

/// A comment, printed at a break.
pub(super) struct Comment<'t> {
    pub text: &'t str,
    /// Whether it stays on the line that ends there.
    pub trails: bool,
    /// Whether a blank line comes before it.
    pub blank: bool,
}

/// Where a line may end.
pub(super) struct Break<'t> {
    pub when: When,
    /// What is printed where it is not taken.
    pub flat: &'static str,
    /// Whether it is before a closing bracket: comments there are indented as what is inside.
    pub closes: bool,
    /// Whether a blank line follows.
    pub blank: bool,
    pub comments: Vec<Comment<'t>>,
}

impl Break<'_> {
    fn width(&self) -> Flat {
        let taken = self.when == When::Always || !self.comments.is_empty();
        (!taken).then_some(self.flat.len())
    }
}

impl<'t> Doc<'t> {
    pub fn text(text: impl Into<Cow<'t, str>>) -> Doc<'t> {
        Doc::Text(text.into())
    }

    pub fn group(docs: Vec<Doc<'t>>) -> Doc<'t> {
        Doc::Group(docs, None)
    }
}

/// Measures all groups; gives the width on one line, if there is one.
pub(super) fn measure(docs: &mut [Doc<'_>], breaks: &[Break<'_>]) -> Flat {
    let mut sum = Some(0);
    for doc in docs {
        let width = match doc {
            Doc::Text(text) => Some(text.chars().count()),
            Doc::Line(at) => breaks[*at].width(),
            Doc::IfBroken(_) => Some(0),
            Doc::Indent(docs) | Doc::Whole(docs) => measure(docs, breaks),
            Doc::Group(docs, width) => {
                *width = measure(docs, breaks);
                *width
            }
            Doc::Fill(parts) => parts.iter_mut().try_fold(0, |sum, (docs, line)| {
                Some(sum + measure(docs, breaks)? + breaks[*line].width()?)
            }),
            Doc::Value(value) => {
                value.width = measure(&mut value.docs, breaks);
                let before = breaks[value.line].width();
                value.width.and_then(|width| Some(width + before?))
            }
        };
        // All parts are measured, whatever the sum is.
        sum = sum.and_then(|sum: usize| Some(sum + width?));
    }
    sum
}

/// A text under way.
#[derive(Default)]
pub(super) struct Output {
    pub text: String,
    /// The bytes where code ends and a comment follows on the same line.
    pub tails: Vec<usize>,
    /// The byte where the line begins.
    line: usize,
}

type Waiting<'d, 't> = Vec<(usize, bool, &'d Doc<'t>)>;

impl Output {
    fn column(&self) -> usize {
        let line = &self.text[self.line..];
        // Of what is too long already nobody needs to know how much.
        match line.len() > 4 * WIDTH {
            true => line.len(),
            false => line.chars().count(),
        }
    }

    fn trim(&mut self) {
        let kept = self.text.trim_end_matches(' ').len();
        self.text.truncate(kept);
    }

    /// A comment at the end of a line with code.
    pub fn tail(&mut self, comment: &str) {
        self.trim();
        self.tails.push(self.text.len());
        self.text.push_str("  ");
        self.text.push_str(comment);
    }

    fn newline(&mut self, indent: usize, blank: bool) {
        self.trim();
        self.text.push_str(if blank { "\n\n" } else { "\n" });
        self.line = self.text.len();
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    /// Begins a line at the margin, unless it is the first one.
    pub fn begin(&mut self, blank: bool) {
        if !self.text.is_empty() {
            self.newline(0, blank);
        }
    }

    /// Takes a break.
    fn take(&mut self, at: &Break<'_>, indent: usize) {
        let inside = indent + if at.closes { STEP } else { 0 };
        for comment in &at.comments {
            if comment.trails {
                self.tail(comment.text);
            } else {
                self.newline(inside, comment.blank);
                self.text.push_str(comment.text);
            }
        }
        self.newline(indent, at.blank);
    }

    /// Prints a measured text.
    pub fn print(&mut self, docs: &[Doc<'_>], breaks: &[Break<'_>]) {
        let mut waiting: Waiting<'_, '_> = Vec::new();
        push(&mut waiting, 0, false, docs);
        while let Some((indent, flat, doc)) = waiting.pop() {
            match doc {
                Doc::Text(text) => self.text.push_str(text),
                Doc::IfBroken(text) => self.text.push_str(if flat { "" } else { text }),
                Doc::Indent(docs) => push(&mut waiting, indent + STEP, flat, docs),
                Doc::Whole(docs) => push(&mut waiting, indent, true, docs),
                Doc::Group(docs, width) => {
                    let flat = flat || self.fits(*width, &waiting, breaks);
                    push(&mut waiting, indent, flat, docs);
                }
                Doc::Line(at) => {
                    let at = &breaks[*at];
                    if at.when == When::Needed && !flat || at.width().is_none() {
                        self.take(at, indent);
                    } else {
                        self.text.push_str(at.flat);
                    }
                }
                Doc::Fill(parts) => self.fill(parts, breaks, indent, flat),
                Doc::Value(value) => {
                    let at = &breaks[value.line];
                    let width = value.width.map(|width| width + at.flat.len());
                    let here = flat || self.fits(width, &waiting, breaks);
                    let below = value
                        .width
                        .is_some_and(|width| indent + STEP + width <= WIDTH && !value.at_once);
                    if at.comments.is_empty() && (here || value.opens && !below) {
                        self.text.push_str(at.flat);
                        push(&mut waiting, indent, here, &value.docs);
                    } else {
                        self.take(at, indent + STEP);
                        let flat = self.fits(value.width, &[], breaks);
                        push(&mut waiting, indent + STEP, flat, &value.docs);
                    }
                }
            }
        }
    }

    fn fill(
        &mut self,
        parts: &[(Vec<Doc<'_>>, usize)],
        breaks: &[Break<'_>],
        indent: usize,
        flat: bool,
    ) {
        // Elements are short and have no breaks of their own.
        let width = |docs: &[Doc<'_>]| -> usize {
            let texts = docs.iter().map(|doc| match doc {
                Doc::Text(text) => text.chars().count(),
                _ => 0,
            });
            texts.sum()
        };
        let mut column = self.column();
        for (n, (docs, line)) in parts.iter().enumerate() {
            for doc in docs {
                if let Doc::Text(text) = doc {
                    self.text.push_str(text);
                }
            }
            column += width(docs);
            let at = &breaks[*line];
            let Some((next, _)) = parts.get(n + 1) else {
                continue;
            };
            let full = column + at.flat.len() + width(next) > WIDTH;
            if !at.comments.is_empty() || full && !flat {
                self.take(at, indent);
                column = indent;
            } else {
                self.text.push_str(at.flat);
                column += at.flat.len();
            }
        }
    }

    /// Whether something so wide fits on the line with what cannot be parted from it.
    fn fits(&self, width: Flat, waiting: &[(usize, bool, &Doc<'_>)], breaks: &[Break<'_>]) -> bool {
        let Some(width) = width else { return false };
        let mut left = WIDTH.checked_sub(self.column() + width);
        let mut open: Vec<(bool, &Doc<'_>)> = Vec::new();
        let mut below = waiting.iter().rev();
        while let Some(room) = left {
            let next = open.pop();
            let next = next.or_else(|| below.next().map(|&(_, flat, doc)| (flat, doc)));
            let Some((flat, doc)) = next else { return true };
            let taken = match doc {
                Doc::Text(text) => text.chars().count(),
                Doc::IfBroken(text) if !flat => text.len(),
                Doc::IfBroken(_) => 0,
                Doc::Line(at) => {
                    let at = &breaks[*at];
                    if at.when == When::Needed && !flat || at.width().is_none() {
                        return true;
                    }
                    at.flat.len()
                }
                Doc::Whole(docs) => {
                    open.extend(docs.iter().rev().map(|doc| (true, doc)));
                    0
                }
                Doc::Indent(docs) | Doc::Group(docs, _) => {
                    open.extend(docs.iter().rev().map(|doc| (flat, doc)));
                    0
                }
                Doc::Fill(_) | Doc::Value(_) => return true,
            };
            left = room.checked_sub(taken);
        }
        false
    }
}

fn push<'d, 't>(waiting: &mut Waiting<'d, 't>, indent: usize, flat: bool, docs: &'d [Doc<'t>]) {
    waiting.extend(docs.iter().rev().map(|doc| (indent, flat, doc)));
}
