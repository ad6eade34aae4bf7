//! What a file defines, and what the language itself does.

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
    /// From an import, which is for later.
    Imported,
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
}

/// The definitions of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub list: Vec<Defined>,
    pub by_name: HashMap<String, u32>,
}

impl Table {
    /// Collects the definitions; of a duplicate the first one stays.
    pub fn new(tree: &Tree, diagnostics: &mut Vec<Diagnostic>) -> Table {
        let mut table = Table::default();
        let mut parameters = 0;
        for (item, definition) in tree.items.iter().enumerate() {
            let (name, kind, value) = match &definition.kind {
                ItemKind::Parameter(name, value) => {
                    parameters += 1;
                    (name, DefinedKind::Parameter(parameters - 1), Some(*value))
                }
                ItemKind::Constant(name, value) => (name, DefinedKind::Constant, Some(*value)),
                ItemKind::Function(name, arguments, value) => {
                    domains(arguments, diagnostics);
                    (name, DefinedKind::Function, Some(*value))
                }
                ItemKind::Import(_, names) => {
                    diagnostics.push(not_yet("imports", definition.span));
                    for (name, alias) in names {
                        let name = alias.as_ref().unwrap_or(name);
                        table.insert(name, DefinedKind::Imported, None, item, diagnostics);
                    }
                    continue;
                }
                ItemKind::Run(..) => continue,
            };
            table.insert(name, kind, value, item, diagnostics);
        }
        table
    }

    fn insert(
        &mut self,
        name: &Name,
        kind: DefinedKind,
        value: Option<ExprId>,
        item: usize,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if let Some(&first) = self.by_name.get(&name.text) {
            let message = format!("`{}` is defined twice", name.text);
            diagnostics.push(
                Diagnostic::error("duplicate", message)
                    .at(name.span, "the second definition")
                    .at(self.list[first as usize].name.span, "the first definition")
                    .help("rename or delete one of them"),
            );
        } else {
            if builtin(&name.text).is_some() {
                diagnostics.push(hides(name));
            }
            self.by_name
                .insert(name.text.clone(), self.list.len() as u32);
        }
        self.list.push(Defined {
            name: name.clone(),
            kind,
            value,
            item,
        });
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

    /// How a function is called, such as `f(x, y)`; `None` for anything else.
    pub fn signature(&self, tree: &Tree, defined: &Defined) -> Option<String> {
        if defined.kind != DefinedKind::Function {
            return None;
        }
        let names = self.arguments(tree, defined).map(|name| name.text.as_str());
        let names: Vec<&str> = names.collect();
        Some(format!("{}({})", defined.name.text, names.join(", ")))
    }
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

/// Says that something of the language cannot be used yet.
pub(super) fn not_yet(what: &str, span: Span) -> Diagnostic {
    let verb = if what.ends_with('s') { "are" } else { "is" };
    let help = match what {
        "imports" => "copy the definitions into this file",
        _ => "write the numbers as a table: `[[1, 2], [3, 4]]`",
    };
    Diagnostic::error("not-yet", format!("{what} {verb} not available yet"))
        .at(span, "")
        .help(help)
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
    /// What this version does not know yet.
    Later,
}

const LATER: [&str; 1] = ["csv"];

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
        _ if LATER.contains(&name) => Builtin::Later,
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
        ])
        .chain(GATHER.iter().map(|row| row.0))
        .chain(LATER)
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
            Builtin::Number(_) | Builtin::Truth(_) | Builtin::Later => String::new(),
        }
    }
}
