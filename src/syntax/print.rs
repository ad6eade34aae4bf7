//! A tree as text in the one layout: what `fmt` writes.
//!
//! - Definitions keep their order, with at most one blank line between two, and comments their
//!   places: at the end of a line, or on lines of their own.
//! - Lines are no longer than 100 characters where there is a way. What does not fit is broken in
//!   its outermost bracket: a sum has a term on each line, after its sign; a call an argument; a
//!   table a row. A list of numbers is filled into lines.
//! - What was broken by hand stays so where it says something: a bracket around a sum and a list
//!   after whose opening a line ends, and a sum and a table whose first two parts are on two lines.
//! - `+`, `-` and comparisons have spaces around them, except in indices and bounds; `*`, `/` and
//!   `^` have none. Brackets that group operands stay, those around a whole value go.
//! - The `=` of definitions on lines that follow each other are aligned if one of them was moved
//!   to the right; those of a run block always are, and so are comments at the ends of such lines.
//! - Numbers are kept as they were written; names are in NFC.

use super::builder::{Builder, Spot};
use super::doc::{Break, Doc, Flat, Output, WIDTH, When, measure};
use super::tree::{Argument, ExprId, Item, ItemKind, Name, Origin, SettingLine, Tree};

/// Comments at the ends of lines are not aligned where the lines differ in width by more.
const FAR: usize = 40;

/// Prints a tree of the file with that text. Reading the result gives the same tree, but for
/// spans and brackets, and printing that gives the same text.
pub fn print(tree: &Tree, text: &str) -> String {
    let mut file = File {
        tree,
        text,
        comment: 0,
        end: 0,
        is_function: false,
    };
    let mut items: Vec<Printed<'_>> = tree.items.iter().map(|item| file.item(item)).collect();
    align(&mut items);
    let mut output = Output::default();
    for item in &items {
        item.print(&mut output);
    }
    own_lines(&file.comments(text.len() as u32), &mut output);
    with_tails(&output)
}

/// A comment on a line of its own.
struct OwnLine<'t> {
    text: &'t str,
    /// Whether a blank line comes before it.
    blank: bool,
}

/// A definition, measured.
struct Printed<'t> {
    above: Vec<OwnLine<'t>>,
    blank: bool,
    docs: Vec<Doc<'t>>,
    breaks: Vec<Break<'t>>,
    width: Flat,
    head: Option<Head>,
    tail: Option<&'t str>,
}

/// What is before the `=` of a definition.
struct Head {
    /// The place of the `=` in the text.
    equals: usize,
    width: usize,
    /// Whether the `=` was moved to the right.
    pads: bool,
    /// Whether it is on the line after another one of its kind.
    follows: bool,
}

/// A file under way.
struct File<'t> {
    tree: &'t Tree,
    text: &'t str,
    /// The number of the next comment.
    comment: usize,
    /// Where what was read last ends.
    end: u32,
    /// Whether the last definition was a function.
    is_function: bool,
}

impl<'t> File<'t> {
    fn newlines(&self, to: u32) -> usize {
        let gap = self.text.get(self.end as usize..to as usize);
        gap.unwrap_or("").matches('\n').count()
    }

    /// The comments before a byte.
    fn comments(&mut self, before: u32) -> Vec<OwnLine<'t>> {
        let mut found = Vec::new();
        while let Some(comment) = self.tree.comments.get(self.comment)
            && comment.start < before
        {
            self.comment += 1;
            found.push(OwnLine {
                text: self.text.get(comment.range()).unwrap_or("").trim_end(),
                blank: self.newlines(comment.start) > 1,
            });
            self.end = comment.end;
        }
        found
    }

    fn item(&mut self, item: &'t Item) -> Printed<'t> {
        let (start, end) = (item.span.start, item.span.end);
        let mut above = self.comments(start);
        let gap = self.newlines(start);
        let is_function = matches!(item.kind, ItemKind::Function(..));
        let alike = self.is_function == is_function;
        self.is_function = is_function;
        let follows = above.is_empty() && gap == 1 && alike;
        let mut builder = Builder::new(self.tree, self.text, self.comment, start);
        let mut docs = Vec::new();
        let head = builder.item(item, &mut docs);
        builder.comments(end);
        self.comment = builder.comment;
        self.end = end;
        let line = self.text.get(end as usize..).unwrap_or("");
        let line = line.find('\n').unwrap_or(line.len()) as u32;
        let tail = self
            .comments(end + line)
            .first()
            .map(|comment| comment.text);
        let width = measure(&mut docs, &builder.breaks);
        let inner = builder.above.iter();
        above.extend(inner.map(|comment| OwnLine {
            text: comment.text,
            blank: false,
        }));
        Printed {
            above,
            blank: gap > 1,
            width,
            head: head.map(|head| Head { follows, ..head }),
            breaks: builder.breaks,
            docs,
            tail,
        }
    }
}

fn own_lines(comments: &[OwnLine<'_>], output: &mut Output) {
    for comment in comments {
        output.begin(comment.blank);
        output.text.push_str(comment.text);
    }
}

impl Printed<'_> {
    fn print(&self, output: &mut Output) {
        own_lines(&self.above, output);
        output.begin(self.blank);
        output.print(&self.docs, &self.breaks);
        if let Some(tail) = self.tail {
            output.tail(tail);
        }
    }

    /// The head of a definition that is on one line.
    fn one_line(&self) -> Option<&Head> {
        let head = self.head.as_ref()?;
        (self.width? <= WIDTH).then_some(head)
    }
}

/// Aligns the `=` of groups of definitions of which one was moved.
fn align(items: &mut [Printed<'_>]) {
    let mut rest = items;
    while !rest.is_empty() {
        let goes_on = |item: &Printed<'_>| item.one_line().is_some_and(|head| head.follows);
        let first = usize::from(rest[0].one_line().is_some());
        let more = rest[1..].iter().take_while(|item| goes_on(item)).count();
        let (group, others) = rest.split_at_mut(1 + first * more);
        let heads = || group.iter().filter_map(|item| item.one_line());
        let widest = heads().map(|head| head.width).max().unwrap_or(0);
        let fits = group
            .iter()
            .all(|item| match (item.one_line(), item.width) {
                (Some(head), Some(width)) => width + widest - head.width <= WIDTH,
                _ => false,
            });
        if fits && heads().any(|head| head.pads) {
            group.iter_mut().for_each(|item| item.pad(widest));
        }
        rest = others;
    }
}

impl Printed<'_> {
    fn pad(&mut self, width: usize) {
        if let Some(head) = &self.head {
            self.docs[head.equals] = equals(width.saturating_sub(head.width));
        }
    }
}

/// An `=` moved to the right.
fn equals<'t>(by: usize) -> Doc<'t> {
    Doc::text(" ".repeat(by) + " =")
}

/// The text with the comments at the ends of lines that follow each other below each other.
fn with_tails(output: &Output) -> String {
    let text = &output.text;
    // For each such line, its number and indentation, the byte where its code ends, and its width.
    let mut tails: Vec<((usize, usize), usize, usize)> = Vec::new();
    let (mut line, mut from) = (0, 0);
    for &at in &output.tails {
        line += text[from..at].matches('\n').count();
        from = at;
        let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let code = &text[start..at];
        let indent = code.len() - code.trim_start().len();
        tails.push(((line, indent), at, code.chars().count()));
    }
    let mut result = String::with_capacity(text.len() + 1);
    let mut from = 0;
    for group in tails.chunk_by(|a, b| (a.0.0 + 1, a.0.1) == b.0) {
        let widths = || group.iter().map(|tail| tail.2);
        let widest = widths().max().unwrap_or(0);
        let near = widest - widths().min().unwrap_or(0) <= FAR;
        for (_, at, width) in group {
            result.push_str(&text[from..*at]);
            from = *at;
            if near {
                result.extend(std::iter::repeat_n(' ', widest - width));
            }
        }
    }
    result.push_str(&text[from..]);
    if !result.is_empty() {
        result.push('\n');
    }
    result
}

impl<'t> Builder<'t> {
    /// A definition, and its head if it has one `=` for all of it.
    fn item(&mut self, item: &'t Item, docs: &mut Vec<Doc<'t>>) -> Option<Head> {
        let (name, value) = match &item.kind {
            ItemKind::Run(name, lines) => {
                self.run(name, lines, item.span.end, docs);
                return None;
            }
            ItemKind::Import(origin, names) => {
                self.import(origin, names, item.span.end, docs);
                return None;
            }
            ItemKind::Parameter(name, value) => {
                docs.push(self.put("param "));
                docs.push(self.name(name));
                (name, *value)
            }
            ItemKind::Constant(name, value) => {
                docs.push(self.name(name));
                (name, *value)
            }
            ItemKind::Function(name, arguments, value) => {
                docs.push(self.name(name));
                docs.push(self.arguments(arguments));
                (name, *value)
            }
        };
        let equals = docs.len();
        let width = measure(docs, &self.breaks);
        docs.push(Doc::text(" ="));
        docs.push(self.value(value, item.span.end));
        Some(Head {
            equals,
            width: width?,
            pads: self.pads(name.span, value),
            follows: false,
        })
    }

    fn arguments(&mut self, arguments: &'t [Argument]) -> Doc<'t> {
        let opener = self.put("(");
        let mut inner = vec![self.line(When::Needed, "", false)];
        for (at, argument) in arguments.iter().enumerate() {
            if at > 0 {
                inner.push(self.put(","));
                inner.push(self.line(When::Needed, " ", false));
            }
            self.argument(argument, &mut inner);
        }
        let close = self.line(When::Needed, "", true);
        Doc::group(vec![opener, Doc::Indent(inner), close, Doc::text(")")])
    }

    fn argument(&mut self, argument: &'t Argument, docs: &mut Vec<Doc<'t>>) {
        docs.push(self.name(&argument.name));
        for (at, size) in argument.size.iter().enumerate() {
            docs.push(self.put(if at > 0 { ", " } else { "[" }));
            docs.extend(self.index_part(*size));
        }
        if !argument.size.is_empty() {
            docs.push(self.put("]"));
        }
        if let Some((domain, length)) = &argument.domain {
            docs.push(self.put(": "));
            docs.push(self.name(domain));
            if let Some(length) = length {
                docs.push(self.put("("));
                docs.extend(self.expression(*length, 0, Spot::Inside));
                docs.push(self.put(")"));
            }
        }
    }

    fn import(
        &mut self,
        origin: &'t Origin,
        names: &'t [(Name, Option<Name>)],
        end: u32,
        docs: &mut Vec<Doc<'t>>,
    ) {
        docs.push(self.put("import "));
        match origin {
            Origin::Module(name) => docs.push(self.name(name)),
            Origin::File(name) => {
                docs.push(self.put("\""));
                docs.push(self.name(name));
                docs.push(self.put("\""));
            }
        }
        docs.push(self.put(" ("));
        let mut inner = vec![self.line(When::Needed, "", false)];
        for (at, (name, alias)) in names.iter().enumerate() {
            if at > 0 {
                inner.push(self.put(","));
                inner.push(self.line(When::Needed, " ", false));
            }
            inner.push(self.name(name));
            if let Some(alias) = alias {
                inner.push(self.put(" as "));
                inner.push(self.name(alias));
            }
        }
        let close = self.closing(When::Needed, end - 1);
        docs.push(Doc::group(vec![Doc::Indent(inner), close]));
        docs.push(self.put(")"));
    }

    /// `learn { ... }`: on one line if it was and has one setting.
    fn run(&mut self, name: &'t Name, lines: &'t [SettingLine], end: u32, docs: &mut Vec<Doc<'t>>) {
        docs.push(self.name(name));
        docs.push(self.put(" {"));
        let whole = self.between(name.span.end, end);
        if lines.len() == 1 && !whole.contains('\n') {
            docs.push(Doc::text(" "));
            docs.extend(self.setting(&lines[0], 0));
            docs.push(self.put(" }"));
            return;
        }
        let width = |line: &SettingLine| line.key.text.chars().count();
        let widest = lines.iter().map(width).max().unwrap_or(0);
        let mut inner = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            inner.push(self.full_line(line.span.start, at == 0));
            inner.extend(self.setting(line, widest - width(line)));
        }
        let close = self.closing(When::Always, end - 1);
        docs.extend([Doc::Indent(inner), close]);
        docs.push(self.put("}"));
    }

    fn setting(&mut self, line: &'t SettingLine, pad: usize) -> [Doc<'t>; 3] {
        let key = self.name(&line.key);
        let value: ExprId = line.value;
        [key, equals(pad), self.value(value, line.span.end)]
    }
}
