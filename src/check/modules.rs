//! The files of a program as modules: their trees, which imports which, and whose parameters are
//! whose.

use super::definitions::{DefinedKind, Table};
use super::paths::{join, stem};
use crate::diagnostic::Diagnostic;
use crate::graph::Parameter;
use crate::source::{SourceId, Sources, Span};
use crate::syntax::{ItemKind, Origin, Tree, as_name, parse_onto};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// One file of a program.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub source: SourceId,
    /// What its parameters are set by: `landscapes` for `std.landscapes`, or the stem of the file.
    pub name: String,
    /// How messages call it.
    pub shown: String,
    /// Whether it is part of the library, which is known to be right.
    pub is_library: bool,
    /// Its definitions among the items of the tree.
    pub items: Range<usize>,
    /// For each import: its item, the module, and where it is named.
    pub imports: Vec<(usize, u32, Span)>,
}

/// The files of a program, the root first.
#[derive(Clone, Debug)]
pub(super) struct Modules {
    pub list: Vec<Module>,
}

/// Reads all files that the root reaches into one tree. Syntax errors and imports in a circle are
/// reported; with them nothing more can be said, unless all of them are of signs that were
/// understood: these come with the tree.
pub(super) fn read(
    sources: &Sources,
    root: SourceId,
) -> Result<(Tree, Modules, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut reader = Reader {
        sources,
        tree: Tree::new(root),
        known: HashMap::new(),
        modules: Vec::new(),
        errors: Vec::new(),
        whole: true,
    };
    reader.module(root);
    let mut next = 0;
    while next < reader.modules.len() {
        reader.imports(next);
        next += 1;
    }
    let before = reader.errors.len();
    circles(&reader.modules, &mut reader.errors);
    if reader.whole && reader.errors.len() == before {
        let list = reader.modules;
        Ok((reader.tree, Modules { list }, reader.errors))
    } else {
        Err(reader.errors)
    }
}

struct Reader<'s> {
    sources: &'s Sources,
    tree: Tree,
    known: HashMap<SourceId, u32>,
    modules: Vec<Module>,
    errors: Vec<Diagnostic>,
    /// Whether the tree holds all that was written.
    whole: bool,
}

impl Reader<'_> {
    /// The number of the module of a file, which is read if it is new.
    fn module(&mut self, source: SourceId) -> u32 {
        let number = self.modules.len() as u32;
        if let Some(known) = self.known.get(&source) {
            return *known;
        }
        self.known.insert(source, number);
        let first = self.tree.items.len();
        let file = self.sources.get(source);
        let tree = std::mem::replace(&mut self.tree, Tree::new(source));
        let parsed = parse_onto(tree, &file.text, source);
        self.tree = parsed.tree;
        self.whole &= parsed.whole;
        self.errors.extend(parsed.errors);
        let library = self.sources.module_name(source);
        let name = match library {
            Some(name) => name.rsplit('.').next().unwrap_or(name),
            None => stem(&file.name),
        };
        self.modules.push(Module {
            source,
            name: as_name(name),
            shown: file.name.clone(),
            is_library: library.is_some(),
            items: first..self.tree.items.len(),
            imports: Vec::new(),
        });
        number
    }

    fn imports(&mut self, of: usize) {
        for item in self.modules[of].items.clone() {
            let ItemKind::Import(origin, _) = &self.tree.items[item].kind else {
                continue;
            };
            let origin = origin.clone();
            let (Origin::Module(name) | Origin::File(name)) = &origin;
            let found = match &origin {
                Origin::Module(name) => self.sources.module(&name.text),
                Origin::File(name) => beside(self.sources, self.modules[of].source, &name.text),
            };
            let Some(found) = found else {
                self.errors.push(not_gathered(&name.text, name.span));
                self.whole = false;
                continue;
            };
            let module = self.module(found);
            self.modules[of].imports.push((item, module, name.span));
        }
    }
}

/// The file that another one names by a path.
pub(super) fn beside(sources: &Sources, from: SourceId, written: &str) -> Option<SourceId> {
    sources.at_path(&join(sources.path(from)?, written).ok()?)
}

pub(super) fn not_gathered(path: &str, span: Span) -> Diagnostic {
    Diagnostic::error("import", format!("`{path}` was not read"))
        .at(span, "named here")
        .help("the files of a program are gathered before it is checked")
}

/// An error for each circle of imports.
fn circles(modules: &[Module], errors: &mut Vec<Diagnostic>) {
    let (mut open, mut done) = (HashSet::from([0]), HashSet::new());
    // The modules on the way from the root, and which import of each is being followed.
    let mut path: Vec<(u32, usize)> = vec![(0, 0)];
    while let Some((at, next)) = path.last_mut() {
        let (at, import) = (*at, *next);
        *next += 1;
        match modules[at as usize].imports.get(import) {
            None => {
                open.remove(&at);
                done.insert(at);
                path.pop();
            }
            Some(&(_, to, _)) if open.contains(&to) => {
                let start = path.iter().position(|step| step.0 == to).unwrap_or(0);
                errors.push(circle(modules, &path[start..]));
            }
            Some(&(_, to, _)) if !done.contains(&to) => {
                open.insert(to);
                path.push((to, 0));
            }
            _ => {}
        }
    }
}

fn circle(modules: &[Module], path: &[(u32, usize)]) -> Diagnostic {
    let name = |at: u32| modules[at as usize].shown.as_str();
    let first = path[0].0;
    let mut names: Vec<&str> = path.iter().take(12).map(|step| name(step.0)).collect();
    if path.len() > names.len() {
        names.push("...");
    }
    names.push(name(first));
    let message = match path.len() {
        1 => format!("{} imports itself", name(first)),
        _ => format!("{} imports itself: {}", name(first), names.join(" -> ")),
    };
    let mut error = Diagnostic::error("import-cycle", message);
    for &(at, next) in path.iter().take(6) {
        // `next` has moved past the import that was followed.
        let (_, to, span) = modules[at as usize].imports[next - 1];
        error = error.at(span, format!("imports {}", name(to)));
    }
    error.help("move what both files need into a third one, which imports neither")
}

impl Modules {
    /// The file that another one imports a name from.
    pub fn source_of(&self, tree: &Tree, by: u32, name: &str) -> Option<&str> {
        let mut imports = self.list.get(by as usize)?.imports.iter();
        let found = imports.find(|(item, ..)| match &tree.items[*item].kind {
            ItemKind::Import(_, names) => names
                .iter()
                .any(|(own, alias)| alias.as_ref().unwrap_or(own).text == name),
            _ => false,
        });
        Some(&self.list.get(found?.1 as usize)?.shown)
    }

    /// Whether a definition is of the library.
    pub fn is_library(&self, table: &Table, at: u32) -> bool {
        let module = table.list[at as usize].module;
        self.list.get(module as usize).is_some_and(|m| m.is_library)
    }
}

/// Which definitions the root reaches: its own, what it imports, and what these use.
pub(super) fn reached(table: &Table, uses: &[Vec<(u32, Span)>]) -> Vec<bool> {
    let mut reached = vec![false; table.list.len()];
    let own = (0u32..).zip(&table.list).filter(|(_, d)| d.module == 0);
    let mut open: Vec<u32> = own.map(|(at, _)| at).collect();
    open.extend(table.root().values().filter_map(|known| known.at));
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut reached[at as usize], true) {
            continue;
        }
        open.extend(uses[at as usize].iter().map(|(used, _)| *used));
    }
    reached
}

/// Numbers the parameters: those of the root first, then those that it reaches in other modules,
/// then the rest. Gives those that are reached, with the names that they are set by and no values.
pub(super) fn parameters(
    table: &mut Table,
    modules: &Modules,
    reached: &[bool],
    found: &mut Vec<Diagnostic>,
) -> Vec<Parameter> {
    let is_parameter =
        |at: &u32| matches!(table.list[*at as usize].kind, DefinedKind::Parameter(_));
    let all: Vec<u32> = (0..table.list.len() as u32).filter(is_parameter).collect();
    let (reached, rest): (Vec<u32>, Vec<u32>) =
        all.into_iter().partition(|at| reached[*at as usize]);
    for (number, at) in reached.iter().chain(&rest).enumerate() {
        table.list[*at as usize].kind = DefinedKind::Parameter(number);
    }
    two_of_one_name(table, modules, &reached, found);
    let named = reached.iter().map(|at| {
        let defined = &table.list[*at as usize];
        let name = &defined.name.text;
        Parameter {
            name: match modules.list.get(defined.module as usize) {
                Some(module) if defined.module > 0 => format!("{}.{name}", module.name),
                _ => name.clone(),
            },
            value: f64::NAN,
        }
    });
    named.collect()
}

/// An error where parameters of two files would be set by one name of a module.
fn two_of_one_name(
    table: &Table,
    modules: &Modules,
    parameters: &[u32],
    found: &mut Vec<Diagnostic>,
) {
    let mut owner: HashMap<&str, u32> = HashMap::new();
    for at in parameters {
        let number = table.list[*at as usize].module;
        let Some(module) = modules.list.get(number as usize).filter(|_| number > 0) else {
            continue;
        };
        let first = *owner.entry(module.name.as_str()).or_insert(number);
        if first == number {
            continue;
        }
        let import_of = |module: u32| {
            let mut imports = modules.list.iter().flat_map(|other| &other.imports);
            imports
                .find(|(_, to, _)| *to == module)
                .map(|import| import.2)
        };
        let (Some(one), Some(other)) = (import_of(first), import_of(number)) else {
            continue;
        };
        let name = &module.name;
        let message = format!("two files with parameters are both called `{name}`");
        let error = Diagnostic::error("duplicate-module", message)
            .at(other, "the second one")
            .at(one, "the first one");
        let parameter = &table.list[*at as usize].name.text;
        let help = format!("rename one: `--set {name}.{parameter}=...` must mean one of them");
        let error = error.help(help);
        if !found.contains(&error) {
            found.push(error);
        }
    }
}
