//! What a file defines, and what the language itself does.

use super::csv::Tables;
use super::modules::Modules;
use super::suggest::suggest;
use crate::diagnostic::Diagnostic;
use crate::graph::Function;
use crate::source::Span;
use crate::syntax::{Argument, ExprId, ItemKind, Name, Tree};
use std::collections::HashMap;

/// What a definition is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DefinedKind {
    /// Number `n` of the parameters.
    Parameter(usize),
    Constant,
    Function,
}

/// A definition with a name.
#[derive(Clone, Debug)]
pub(super) struct Defined {
    pub name: Name,
    pub kind: DefinedKind,
    /// Its formula.
    pub value: Option<ExprId>,
    /// Its place among the items of the tree.
    pub item: usize,
    /// The file that it is in, the root being 0.
    pub module: u32,
}

/// What a name of a file means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The definition; none if the import of it failed, which has been reported.
    pub at: Option<u32>,
    /// Where the file defines or imports it.
    pub span: Span,
}

/// The names of a file: what it defines and what it imports.
pub(super) type Scope = HashMap<String, Known>;

/// The definitions of all files, those of the root first.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub list: Vec<Defined>,
    /// The names of each file.
    pub scopes: Vec<Scope>,
    /// The tables that were read from files.
    pub data: Tables,
}

impl Table {
    /// Collects the definitions and imports; of a duplicate the first one stays.
    pub fn new(
        tree: &Tree,
        modules: &Modules,
        data: Tables,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Table {
        let mut table = Table {
            data,
            ..Table::default()
        };
        for (number, module) in (0u32..).zip(&modules.list) {
            table.scopes.push(Scope::new());
            for item in module.items.clone() {
                table.define(tree, item, number, diagnostics);
            }
        }
        for (number, module) in modules.list.iter().enumerate() {
            for &(item, from, _) in &module.imports {
                let ItemKind::Import(_, names) = &tree.items[item].kind else {
                    continue;
                };
                for (name, alias) in names {
                    let at = table.exported(name, tree, modules, from, diagnostics);
                    let name = alias.as_ref().unwrap_or(name);
                    table.enter(number, name, at, true, diagnostics);
                }
            }
        }
        table
    }

    fn define(&mut self, tree: &Tree, item: usize, module: u32, diagnostics: &mut Vec<Diagnostic>) {
        let (name, kind, value) = match &tree.items[item].kind {
            // They are numbered when it is known who uses them.
            ItemKind::Parameter(name, value) => (name, DefinedKind::Parameter(0), *value),
            ItemKind::Constant(name, value) => (name, DefinedKind::Constant, *value),
            ItemKind::Function(name, arguments, value) => {
                domains(arguments, diagnostics);
                (name, DefinedKind::Function, *value)
            }
            ItemKind::Import(..) | ItemKind::Run(..) => return,
        };
        let at = self.list.len() as u32;
        self.list.push(Defined {
            name: name.clone(),
            kind,
            value: Some(value),
            item,
            module,
        });
        self.enter(module as usize, name, Some(at), false, diagnostics);
    }

    /// Enters a name into the scope of a file.
    fn enter(
        &mut self,
        module: usize,
        name: &Name,
        at: Option<u32>,
        import: bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Some(scope) = self.scopes.get_mut(module) else {
            return;
        };
        if let Some(known) = scope.get(&name.text) {
            diagnostics.push(twice(name, known.span, import));
            return;
        }
        if builtin(&name.text).is_some() {
            diagnostics.push(hides(name));
        }
        let span = name.span;
        scope.insert(name.text.clone(), Known { at, span });
    }

    /// The definition of that name in a file that is imported.
    fn exported(
        &self,
        name: &Name,
        tree: &Tree,
        modules: &Modules,
        from: u32,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<u32> {
        let text = name.text.as_str();
        let known = self.scopes[from as usize].get(text).and_then(|k| k.at);
        if known.is_some_and(|at| self.list[at as usize].module == from) {
            return known;
        }
        let shown = &modules.list[from as usize].shown;
        let error = Diagnostic::error("unknown-name", format!("{shown} does not define `{text}`"))
            .at(name.span, "not defined there");
        if let Some(origin) = modules.source_of(tree, from, text) {
            diagnostics.push(error.help(format!("it is imported there: import it from {origin}")));
            return None;
        }
        let names = self.list.iter().filter(|defined| defined.module == from);
        let names: Vec<&str> = names.map(|defined| defined.name.text.as_str()).collect();
        let few: Vec<&str> = names.iter().copied().take(16).collect();
        let more = if names.len() > few.len() { ", ..." } else { "" };
        let all = format!("it defines {}{more}", few.join(", "));
        let near = suggest(text, names.iter().copied());
        diagnostics.push(error.help(match near {
            _ if names.is_empty() => "that file defines nothing".to_owned(),
            Some(near) => format!("did you mean `{near}`? {all}"),
            None => all,
        }));
        None
    }

    /// The names of the root.
    pub fn root(&self) -> &Scope {
        &self.scopes[0]
    }

    /// What a name of the root means.
    pub fn named(&self, name: &str) -> Option<u32> {
        self.root().get(name)?.at
    }

    /// The names of the arguments of a function; none for anything else.
    pub fn arguments<'t>(
        &self,
        tree: &'t Tree,
        defined: &Defined,
    ) -> impl ExactSizeIterator<Item = &'t Name> + use<'t> {
        let arguments = self.described(tree, defined);
        arguments.iter().map(|argument| &argument.name)
    }

    /// The arguments of a function with their sizes and domains; none for anything else.
    pub fn described<'t>(&self, tree: &'t Tree, defined: &Defined) -> &'t [Argument] {
        match &tree.items[defined.item].kind {
            ItemKind::Function(_, arguments, _) => arguments,
            _ => &[],
        }
    }

    /// How a function is called by a name, such as `f(x, y)`; `None` for anything else.
    pub fn signature(&self, tree: &Tree, defined: &Defined, name: &str) -> Option<String> {
        if defined.kind != DefinedKind::Function {
            return None;
        }
        let names = self.arguments(tree, defined).map(|name| name.text.as_str());
        let names: Vec<&str> = names.collect();
        Some(format!("{name}({})", names.join(", ")))
    }
}

fn twice(name: &Name, other: Span, import: bool) -> Diagnostic {
    let (first, second) = if other.start < name.span.start {
        (other, name.span)
    } else {
        (name.span, other)
    };
    let error = Diagnostic::error("duplicate", format!("`{}` is defined twice", name.text))
        .at(second, "the second definition")
        .at(first, "the first definition");
    let text = &name.text;
    error.help(match import {
        true => format!("an import can give another name: `({text} as other)`"),
        false => "rename or delete one of them".to_owned(),
    })
}

/// Looks at the domains of arguments.
fn domains(arguments: &[Argument], diagnostics: &mut Vec<Diagnostic>) {
    for (domain, length) in arguments.iter().filter_map(|a| a.domain.as_ref()) {
        let (code, message, help) = match (domain.text.as_str(), length) {
            ("angle", None) | ("periodic", Some(_)) => continue,
            ("angle", Some(_)) => (
                "arity",
                "`angle` takes no length: it repeats after `2*pi`".to_owned(),
                "write `angle` alone, or `periodic(L)`",
            ),
            ("periodic", None) => (
                "arity",
                "the length after which this coordinate repeats is missing".to_owned(),
                "write `periodic(L)`, or `angle` for `periodic(2*pi)`",
            ),
            (other, _) => (
                "unknown-name",
                format!("`{other}` is no domain of a coordinate"),
                "there are `angle` and `periodic(L)`",
            ),
        };
        diagnostics.push(
            Diagnostic::error(code, message)
                .at(domain.span, "")
                .help(help),
        );
    }
}

/// The warning for a name that hides one of the language.
pub(super) fn hides(name: &Name) -> Diagnostic {
    let text = &name.text;
    Diagnostic::warning(
        "hidden-builtin",
        format!("`{text}` hides the `{text}` of the language"),
    )
    .at(name.span, "")
    .help("choose another name, unless this is meant")
}

/// What is part of the language.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Builtin {
    Number(f64),
    Truth(bool),
    Function(Function),
    /// `sum`, `prod`
    Over,
    Diff,
    Spline,
    PeriodicSpline,
    Dot,
    Norm,
    Dist,
    Len,
    Random,
    /// `csv("file.csv")`
    Csv,
}

/// What gathers numbers: from vectors, or from whole numbers.
const GATHER: [(&str, Builtin); 5] = [
    ("dot", Builtin::Dot),
    ("norm", Builtin::Norm),
    ("dist", Builtin::Dist),
    ("len", Builtin::Len),
    ("random", Builtin::Random),
];

/// What the language itself means by a name.
pub(super) fn builtin(name: &str) -> Option<Builtin> {
    Some(match name {
        "pi" | "π" => Builtin::Number(std::f64::consts::PI),
        "tau" => Builtin::Number(std::f64::consts::TAU),
        "true" => Builtin::Truth(true),
        "false" => Builtin::Truth(false),
        "sum" | "prod" => Builtin::Over,
        "diff" => Builtin::Diff,
        "spline" => Builtin::Spline,
        "periodic_spline" => Builtin::PeriodicSpline,
        "dot" | "norm" | "dist" | "len" | "random" => GATHER.iter().find(|row| row.0 == name)?.1,
        "csv" => Builtin::Csv,
        _ => Builtin::Function(Function::named(name)?),
    })
}

/// What to write for names that other languages know.
pub(super) fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "ln" => "the natural logarithm is `log(x)`",
        "log2" => "write `log(x)/log(2)`",
        "pow" | "power" => "a power is written `x^y`",
        "arcsin" => "write `asin(x)`",
        "arccos" => "write `acos(x)`",
        "arctan" => "write `atan(x)`, or `atan2(y, x)` for the angle of a point",
        "arctan2" => "write `atan2(y, x)`",
        "fabs" => "write `abs(x)`",
        "sgn" => "write `sign(x)`",
        "ceil" => "write `-floor(-x)`",
        "round" => "write `floor(x + 0.5)`",
        "fmod" => "write `mod(a, b)`",
        "cot" => "write `1/tan(x)`",
        "sec" => "write `1/cos(x)`",
        "erfc" => "write `1 - erf(x)`",
        "e" => "write `exp(1)`, or `exp(x)` for `e^x`",
        "Pi" | "PI" => "write `pi`",
        "product" => "write `prod(body for i in a..b)`",
        "heaviside" | "step" => "write `if x > 0 then 1 else 0`",
        "grad" | "deriv" | "derivative" | "D" => "write `diff(f(x), x)`",
        _ => return None,
    })
}

/// All names of the language.
pub(super) fn builtin_names() -> impl Iterator<Item = &'static str> {
    let functions = Function::ALL
        .iter()
        .filter(|f| Function::named(f.name()).is_some());
    functions
        .map(|function| function.name())
        .chain([
            "pi",
            "π",
            "tau",
            "true",
            "false",
            "sum",
            "prod",
            "diff",
            "spline",
            "periodic_spline",
            "csv",
        ])
        .chain(GATHER.iter().map(|row| row.0))
}

impl Builtin {
    /// How it is called.
    pub fn signature(self) -> String {
        match self {
            Builtin::Function(Function::Atan2) => "atan2(y, x)".to_owned(),
            Builtin::Function(function) if function.arity() == 1 => {
                format!("{}(x)", function.name())
            }
            Builtin::Function(function) => format!("{}(a, b)", function.name()),
            Builtin::Over => "sum(body for i in a..b)".to_owned(),
            Builtin::Diff => "diff(expression, x)".to_owned(),
            Builtin::Spline => "spline(x, degree, lo, hi, [c1, c2, ...])".to_owned(),
            Builtin::PeriodicSpline => {
                "periodic_spline(x, degree, lo, hi, [c1, c2, ...])".to_owned()
            }
            Builtin::Dot => "dot(a, b)".to_owned(),
            Builtin::Norm => "norm(a)".to_owned(),
            Builtin::Dist => "dist(a, b)".to_owned(),
            Builtin::Len => "len(a)".to_owned(),
            Builtin::Random => "random(seed, i)".to_owned(),
            Builtin::Csv => "csv(\"file.csv\")".to_owned(),
            Builtin::Number(_) | Builtin::Truth(_) => String::new(),
        }
    }
}
