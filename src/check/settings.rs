//! Run blocks: `learn { delta = 0.5 }`.

use super::definitions::{Builtin, DefinedKind, Table, builtin};
use super::elaborate::Elaborator;
use super::language::BLOCKS;
use super::names::Resolved;
use super::suggest::suggest;
use super::value::{Array, Value};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::{ExprId, ExprKind, ItemKind, Name, SettingLine, Tree};

/// The value of a setting.
#[derive(Clone, PartialEq, Debug)]
pub enum Setting {
    /// A number, from a constant expression.
    Number(f64),
    /// A string.
    Text(String),
    /// A name that is no constant of the file.
    Name(String),
    /// `true` or `false`.
    Truth(bool),
    /// `lo..hi`.
    Range(f64, f64),
    /// `[a, b, ...]`.
    List(Vec<Setting>),
}

/// One line of a run block.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is.
    pub key_span: Span,
    /// The value.
    pub value: Setting,
    /// Where the value is.
    pub value_span: Span,
}

/// A run block: the defaults of the command of its name.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// The command.
    pub name: String,
    /// Where its name is.
    pub span: Span,
    /// Its lines, in order, each key once.
    pub entries: Vec<Entry>,
}

/// The run blocks of the root: those of other files are for when these are run.
fn run_blocks(tree: &Tree) -> impl Iterator<Item = (&Name, &[SettingLine])> {
    let root = tree.items.iter().filter(|i| i.span.source == tree.source);
    root.filter_map(|item| match &item.kind {
        ItemKind::Run(name, lines) => Some((name, lines.as_slice())),
        _ => None,
    })
}

/// The expressions in settings that are looked into: neither names nor lists, but what is in them.
pub(super) fn expressions(tree: &Tree) -> Vec<ExprId> {
    let mut open: Vec<ExprId> = Vec::new();
    for (_, lines) in run_blocks(tree) {
        open.extend(lines.iter().map(|line| line.value));
    }
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        match tree.kind(id) {
            ExprKind::Name(_) | ExprKind::Text(_) => {}
            ExprKind::List(elements) => open.extend(elements),
            ExprKind::Interval(from, to) => found.extend([*from, *to]),
            _ => found.push(id),
        }
    }
    found
}

/// Evaluates all run blocks.
pub(super) fn blocks(
    tree: &Tree,
    table: &Table,
    resolved: &Resolved,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Block> {
    let mut reader = Reader {
        tree,
        table,
        elaborator: Elaborator::new(tree, table, resolved, 0),
    };
    let mut blocks: Vec<Block> = Vec::new();
    for (name, lines) in run_blocks(tree) {
        if !BLOCKS.iter().any(|(known, _)| *known == name.text) {
            diagnostics.push(unknown(name));
            continue;
        }
        if let Some(first) = blocks.iter().find(|block| block.name == name.text) {
            diagnostics.push(twice(&name.text, name.span, first.span));
            continue;
        }
        let mut entries: Vec<Entry> = Vec::new();
        for line in lines {
            if let Some(first) = entries.iter().find(|entry| entry.key == line.key.text) {
                diagnostics.push(twice(&line.key.text, line.key.span, first.key_span));
                continue;
            }
            if let Some(value) = reader.setting(line.value) {
                entries.push(Entry {
                    key: line.key.text.clone(),
                    key_span: line.key.span,
                    value,
                    value_span: tree.span(line.value),
                });
            }
        }
        blocks.push(Block {
            name: name.text.clone(),
            span: name.span,
            entries,
        });
    }
    diagnostics.append(&mut reader.elaborator.diagnostics);
    blocks
}

fn unknown(name: &Name) -> Diagnostic {
    let names = || BLOCKS.iter().map(|(known, _)| *known);
    let help = match suggest(&name.text, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let names: Vec<String> = names().map(|name| format!("`{name} {{ ... }}`")).collect();
            format!("the blocks are {}", names.join(" and "))
        }
    };
    Diagnostic::error(
        "unknown-block",
        format!("no command reads a block `{}`", name.text),
    )
    .at(name.span, "")
    .help(help)
}

fn twice(name: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::error("duplicate", format!("`{name}` is set twice"))
        .at(span, "the second time")
        .at(first, "the first time")
        .help("keep one of them")
}

struct Reader<'p> {
    tree: &'p Tree,
    table: &'p Table,
    elaborator: Elaborator<'p>,
}

impl Reader<'_> {
    /// Recursive, to the depth that the syntax allows.
    fn setting(&mut self, id: ExprId) -> Option<Setting> {
        match self.tree.kind(id) {
            ExprKind::Text(text) => Some(Setting::Text(text.clone())),
            ExprKind::Name(name) if name == "true" || name == "false" => {
                Some(Setting::Truth(name == "true"))
            }
            ExprKind::Name(name) => match self.constant(name) {
                Some(at) => {
                    let value = self.elaborator.definition(at);
                    self.value(value, id)
                }
                // `pi` is a number like `2*pi`.
                None => Some(match builtin(name) {
                    Some(Builtin::Number(value)) => Setting::Number(value),
                    _ => Setting::Name(name.clone()),
                }),
            },
            ExprKind::List(elements) => {
                let settings = elements.iter().map(|element| self.setting(*element));
                settings.collect::<Option<_>>().map(Setting::List)
            }
            ExprKind::Interval(from, to) => {
                let (lo, hi) = (self.evaluate(*from), self.evaluate(*to));
                Some(Setting::Range(lo?, hi?))
            }
            _ => {
                let value = self.elaborator.expression(id);
                self.value(value, id)
            }
        }
    }

    /// A number, or a vector as a list.
    fn value(&mut self, value: Value, id: ExprId) -> Option<Setting> {
        let Value::Array(array) = value else {
            return self.number(value, id).map(Setting::Number);
        };
        let Array { shape, nodes } = self.elaborator.arrays.get(array);
        let mut numbers = Vec::with_capacity(nodes.len());
        for &node in nodes.iter() {
            numbers.push(Setting::Number(self.number(Value::Number(node), id)?));
        }
        for size in shape.sizes().into_iter().skip(1).rev() {
            let rows = numbers.chunks(size);
            numbers = rows.map(|row| Setting::List(row.to_vec())).collect();
        }
        Some(Setting::List(numbers))
    }

    fn constant(&self, name: &str) -> Option<u32> {
        let at = self.table.named(name)?;
        let constant = self.table.list[at as usize].kind == DefinedKind::Constant;
        constant.then_some(at)
    }

    fn evaluate(&mut self, id: ExprId) -> Option<f64> {
        let value = self.elaborator.expression(id);
        self.number(value, id)
    }

    fn number(&mut self, value: Value, id: ExprId) -> Option<f64> {
        let node = self.elaborator.number(value, id)?;
        let constant = self.elaborator.constant(node);
        if constant.is_none() {
            let span = self.tree.span(id);
            self.elaborator.say(
                Diagnostic::error("not-constant", "a setting depends on a parameter")
                    .at(span, "this changes with `--set`")
                    .help("write a number, or a constant `name = ...`"),
            );
        }
        constant
    }
}
