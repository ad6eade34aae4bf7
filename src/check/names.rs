//! Who is meant by each name: definitions, scopes, arity, and who uses whom.

use super::definitions::{
    Builtin, Defined, DefinedKind, Scope, Table, builtin, builtin_names, elsewhere,
};
use super::forms::Form;
use super::free::missing_arguments;
use super::library::{PREFIX, home};
use super::suggest::suggest;
use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::{Binding, ExprId, ExprKind, Name, Range, Tree, alike};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What is said at a name that nothing defines.
pub const UNKNOWN: &str = "not known here";

/// What a name or a call means.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Target {
    /// Nothing, or an error that has been reported.
    None,
    /// A slot of the frame: argument, `let` or index.
    Local(u32),
    /// A definition of the file.
    Defined(u32),
    /// Part of the language.
    Builtin(Builtin),
}

/// What the names of a tree mean.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    /// For each expression that is a name or a call.
    pub targets: Vec<Target>,
    /// For each block, sum and product: the slot of its first name.
    pub first_slot: Vec<u32>,
    /// For each definition: its slots, arguments first.
    pub frame: Vec<u32>,
    /// For each definition: the arguments that a `diff` in it names.
    pub varied: Vec<Vec<u32>>,
    /// For each definition: what it uses, and where.
    pub uses: Vec<Vec<(u32, Span)>>,
    /// The definitions with errors.
    pub wrong: Vec<u32>,
    /// For each definition: its arguments. Empty until they have been looked into.
    pub forms: Vec<Arc<[Form]>>,
}

/// Resolves the names of all definitions, and of the settings of run blocks.
pub(super) fn resolve(
    sources: &Sources,
    tree: &Tree,
    table: &Table,
    settings: &[ExprId],
    diagnostics: &mut Vec<Diagnostic>,
) -> Resolved {
    let count = table.list.len();
    let mut resolver = Resolver {
        tree,
        table,
        known: table.root(),
        scope: HashMap::new(),
        slots: 0,
        arguments: 0,
        varied: Vec::new(),
        uses: Vec::new(),
        tasks: Vec::new(),
        targets: vec![Target::None; tree.len()],
        first_slot: vec![0; tree.len()],
        in_constant: false,
        unknown: HashSet::new(),
        free: Vec::new(),
        diagnostics,
    };
    let (mut frame, mut varied, mut uses) = (Vec::new(), Vec::new(), Vec::with_capacity(count));
    let mut wrong = Vec::new();
    for (at, defined) in (0u32..).zip(&table.list) {
        let before = resolver.diagnostics.len();
        resolver.definition(defined);
        resolver.report_free(sources, defined);
        if resolver.diagnostics[before..]
            .iter()
            .any(Diagnostic::is_error)
        {
            wrong.push(at);
        }
        frame.push(resolver.slots);
        varied.push(std::mem::take(&mut resolver.varied));
        uses.push(std::mem::take(&mut resolver.uses));
    }
    resolver.known = table.root();
    for &setting in settings {
        resolver.begin();
        resolver.tasks.push(Task::Visit(setting));
        resolver.run();
    }
    Resolved {
        targets: resolver.targets,
        first_slot: resolver.first_slot,
        frame,
        varied,
        uses,
        wrong,
        forms: Vec::new(),
    }
}

pub(super) enum Task<'t> {
    Visit(ExprId),
    Bind(&'t Name, u32),
    Unbind(&'t Name),
}

pub(super) struct Resolver<'t, 'd> {
    pub tree: &'t Tree,
    pub table: &'t Table,
    /// The names of the file.
    pub known: &'t Scope,
    /// The names of the definition.
    pub scope: HashMap<&'t str, (u32, Span)>,
    pub slots: u32,
    pub arguments: u32,
    pub varied: Vec<u32>,
    pub uses: Vec<(u32, Span)>,
    pub tasks: Vec<Task<'t>>,
    pub targets: Vec<Target>,
    pub first_slot: Vec<u32>,
    /// The names in this definition that nothing defines.
    unknown: HashSet<&'t str>,
    /// Whether it is a constant, and those of them that may be its arguments.
    in_constant: bool,
    free: Vec<(String, Span)>,
    pub diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'t> Resolver<'t, '_> {
    fn begin(&mut self) {
        self.scope.clear();
        self.slots = 0;
        self.arguments = 0;
        self.uses.clear();
        self.unknown.clear();
    }

    fn definition(&mut self, defined: &Defined) {
        self.begin();
        self.known = &self.table.scopes[defined.module as usize];
        // The item outlives the resolver: arguments are looked up in the tree.
        let arguments = self.table.described(self.tree, defined);
        let first = self.reserve(arguments.len());
        self.sizes(arguments);
        for (slot, argument) in (first..).zip(arguments) {
            self.bind(&argument.name, slot);
        }
        self.arguments = first + arguments.len() as u32;
        self.in_constant = defined.kind == DefinedKind::Constant;
        if let Some(value) = defined.value {
            self.tasks.push(Task::Visit(value));
            self.run();
        }
    }

    fn report_free(&mut self, sources: &Sources, defined: &Defined) {
        self.in_constant = false;
        let free = std::mem::take(&mut self.free);
        if let (Some(value), false) = (defined.value, free.is_empty()) {
            let formula = sources.slice(self.tree.span(value));
            self.diagnostics
                .push(missing_arguments(&defined.name, formula, &free));
        }
    }

    pub fn run(&mut self) {
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Visit(id) => self.visit(id),
                Task::Bind(name, slot) => self.bind(name, slot),
                Task::Unbind(name) => {
                    // A name that was refused is not the one in scope.
                    if self
                        .scope
                        .get(name.text.as_str())
                        .is_some_and(|known| known.1 == name.span)
                    {
                        self.scope.remove(name.text.as_str());
                    }
                }
            }
        }
    }

    /// Slots for that many names: where they begin.
    pub fn reserve(&mut self, count: usize) -> u32 {
        let first = self.slots;
        self.slots += count as u32;
        first
    }

    pub fn bind(&mut self, name: &'t Name, slot: u32) {
        if let Some(&(_, first)) = self.scope.get(name.text.as_str()) {
            self.diagnostics.push(
                Diagnostic::error(
                    "duplicate",
                    format!("`{}` is already a name here", name.text),
                )
                .at(name.span, "the second one")
                .at(first, "the first one")
                .help("names are not bound again: choose another one"),
            );
            return;
        }
        if builtin(&name.text).is_some() {
            self.diagnostics.push(super::definitions::hides(name));
        }
        self.scope.insert(&name.text, (slot, name.span));
    }

    pub fn visit(&mut self, id: ExprId) {
        let tree = self.tree;
        match tree.kind(id) {
            ExprKind::Number(_) => {}
            ExprKind::Text(_) => self.say(
                id,
                "type",
                "a string is no number",
                "strings are for `csv`, `import` and settings",
            ),
            ExprKind::Name(name) => self.name(id, name),
            ExprKind::Prefix(_, a) => self.tasks.push(Task::Visit(*a)),
            ExprKind::Infix(_, _, a, b) => self.all([*b, *a]),
            ExprKind::Call(name, arguments) => self.call(id, name, arguments),
            ExprKind::Over(name, body, ranges) => self.over(id, name, *body, ranges),
            ExprKind::Index(base, indices) => {
                self.all(indices.iter().rev().copied());
                self.tasks.push(Task::Visit(*base));
            }
            ExprKind::List(elements) => self.all(elements.iter().rev().copied()),
            ExprKind::Interval(..) => self.say(
                id,
                "type",
                "a range is no value",
                "ranges are for `sum(... for i in a..b)` and for settings",
            ),
            ExprKind::If(c, a, b) => self.all([*b, *a, *c]),
            ExprKind::Block(bindings, value) => self.block(id, bindings, *value),
        }
    }

    /// Visits expressions; the last first.
    pub fn all(&mut self, ids: impl IntoIterator<Item = ExprId>) {
        self.tasks.extend(ids.into_iter().map(Task::Visit));
    }

    pub fn say(&mut self, id: ExprId, code: &'static str, message: &str, help: &str) {
        let error = Diagnostic::error(code, message).at(self.tree.span(id), "");
        self.diagnostics.push(error.help(help));
    }

    fn block(&mut self, id: ExprId, bindings: &'t [Binding], value: ExprId) {
        let first = self.reserve(bindings.len());
        self.first_slot[id.index()] = first;
        self.tasks
            .extend(bindings.iter().map(|binding| Task::Unbind(&binding.name)));
        self.tasks.push(Task::Visit(value));
        for (slot, binding) in (first..first + bindings.len() as u32).zip(bindings).rev() {
            self.tasks.push(Task::Bind(&binding.name, slot));
            self.tasks.push(Task::Visit(binding.value));
        }
    }

    fn over(&mut self, id: ExprId, name: &Name, body: ExprId, ranges: &'t [Range]) {
        if !matches!(name.text.as_str(), "sum" | "prod") {
            self.diagnostics.push(
                Diagnostic::error(
                    "unknown-name",
                    format!("`{}` does not run over a range", name.text),
                )
                .at(name.span, "")
                .help("only `sum(... for i in a..b)` and `prod(... for i in a..b)` do"),
            );
        }
        let first = self.reserve(ranges.len());
        self.first_slot[id.index()] = first;
        self.tasks
            .extend(ranges.iter().map(|range| Task::Unbind(&range.name)));
        self.tasks.push(Task::Visit(body));
        for (slot, range) in (first..first + ranges.len() as u32).zip(ranges).rev() {
            self.tasks.push(Task::Bind(&range.name, slot));
            self.all([range.to, range.from]);
        }
    }

    fn name(&mut self, id: ExprId, name: &'t str) {
        let span = self.tree.span(id);
        if let Some(&(slot, _)) = self.scope.get(name) {
            self.targets[id.index()] = Target::Local(slot);
        } else if let Some(known) = self.known.get(name) {
            // An import that failed has been reported.
            let Some(at) = known.at else { return };
            let defined = &self.table.list[at as usize];
            if let Some(signature) = self.table.signature(self.tree, defined, name) {
                return self.function_as_number(span, name, &signature);
            }
            self.uses.push((at, span));
            self.targets[id.index()] = Target::Defined(at);
        } else {
            match builtin(name) {
                Some(found @ (Builtin::Number(_) | Builtin::Truth(_))) => {
                    self.targets[id.index()] = Target::Builtin(found);
                }
                Some(found) => self.function_as_number(span, name, &found.signature()),
                None => self.unknown(span, name, false),
            }
        }
    }

    fn function_as_number(&mut self, span: Span, name: &str, signature: &str) {
        self.diagnostics.push(
            Diagnostic::error("type", format!("`{name}` is a function, not a number"))
                .at(span, "a number is needed here")
                .help(format!("call it: `{signature}`")),
        );
    }

    fn unknown(&mut self, span: Span, name: &'t str, call: bool) {
        // Once in a definition.
        if self.unknown.contains(name) {
            return;
        }
        self.unknown.insert(name);
        // The search is slow, and after some dozens nobody reads on.
        let (mut near, mut twin) = (None, None);
        if self.diagnostics.len() < 50 {
            let file = self.known.keys().map(String::as_str);
            let mut known: Vec<&str> = self.scope.keys().copied().chain(file).collect();
            known.extend(builtin_names().map(|name| -> &str { name }));
            twin = known
                .iter()
                .filter(|other| alike(name, other))
                .min()
                .copied();
            near = suggest(name, known);
        }
        let message = format!("nothing is called `{name}`");
        let error = Diagnostic::error("unknown-name", message).at(span, UNKNOWN);
        let help = match (near, call) {
            _ if elsewhere(name).is_some() => elsewhere(name).unwrap_or_default().to_owned(),
            _ if twin.is_some() => {
                let twin = twin.unwrap_or_default();
                let (here, there) = (points(name), points(twin));
                format!("`{name}` ({here}) and `{twin}` ({there}) only look alike: use one of them")
            }
            _ if home(name).is_some() => {
                let module = home(name).unwrap_or_default();
                format!("add `import {PREFIX}{module} ({name})`")
            }
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, false) if self.in_constant => {
                return self.free.push((name.to_owned(), span));
            }
            (None, true) => format!("define it: `{name}(x) = ...`"),
            (None, false) => format!(
                "define it: `{name} = 1` is a constant, `param {name} = 1` can be set for a run"
            ),
        };
        self.diagnostics.push(error.help(help));
    }

    fn call(&mut self, id: ExprId, name: &'t Name, arguments: &'t [ExprId]) {
        let text = name.text.as_str();
        if self.scope.contains_key(text) {
            self.not_a_function(name);
        } else if let Some(known) = self.known.get(text) {
            let Some(at) = known.at else {
                return self.all(arguments.iter().rev().copied());
            };
            let defined = &self.table.list[at as usize];
            match self.table.signature(self.tree, defined, text) {
                None => self.not_a_function(name),
                Some(signature) => {
                    self.uses.push((at, name.span));
                    let arity = self.table.arguments(self.tree, defined).count();
                    if self.arity(
                        id,
                        name,
                        arguments,
                        arity,
                        &signature,
                        Some(defined.name.span),
                    ) {
                        self.targets[id.index()] = Target::Defined(at);
                    }
                }
            }
        } else {
            match builtin(text) {
                Some(found) => return self.call_builtin(id, name, arguments, found),
                None => self.unknown(name.span, text, true),
            }
        }
        self.all(arguments.iter().rev().copied());
    }

    pub fn not_a_function(&mut self, name: &Name) {
        let text = &name.text;
        self.diagnostics.push(
            Diagnostic::error("type", format!("`{text}` is a number, not a function"))
                .at(name.span, "called here")
                .help(format!("for a product write `{text}*(...)`")),
        );
    }

    pub fn arity(
        &mut self,
        id: ExprId,
        name: &Name,
        arguments: &[ExprId],
        needed: usize,
        signature: &str,
        defined: Option<Span>,
    ) -> bool {
        if arguments.len() == needed {
            return true;
        }
        let plural = if needed == 1 { "" } else { "s" };
        let given = match arguments.len() {
            0 => "none is given".to_owned(),
            1 => "1 is given".to_owned(),
            more => format!("{more} are given"),
        };
        let message = format!("`{}` takes {needed} argument{plural}, {given}", name.text);
        let mut error = Diagnostic::error("arity", message).at(self.tree.span(id), "");
        if let Some(span) = defined {
            error = error.at(span, "defined here");
        }
        self.diagnostics
            .push(error.help(format!("write `{signature}`")));
        false
    }
}

/// The characters of a name by number, such as `U+03B5`.
fn points(name: &str) -> String {
    let points: Vec<String> = name
        .chars()
        .map(|c| format!("U+{:04X}", c as u32))
        .collect();
    points.join(" ")
}
