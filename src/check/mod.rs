//! From trees to models: modules, names, kinds, and formulas as graphs.
//!
//! [`gather`] brings the files that a program names, through a [`Loader`].
//! [`check`] looks at every definition once, whether the potential uses it or not, and the
//! [`Program`] it gives builds a [`Model`] for whichever function is asked for.

mod builtins;
mod call;
mod csv;
mod cycles;
mod definitions;
mod elaborate;
mod fold;
mod forms;
mod free;
mod gather;
mod kinds;
mod language;
mod library;
mod meaning;
mod modules;
mod names;
mod paths;
mod random;
mod reduce;
mod settings;
mod spline;
mod suggest;
mod unused;
mod value;
mod vectors;

pub use elaborate::MAX_NODES;
pub use gather::{LoadError, Loaded, Loader, NoFiles, gather};
pub use language::{
    BLOCKS, DOMAINS, KEYS, Key, LanguageName, SIMULATE_KEYS, builtins, describe, is_builtin, keys,
    library,
};
pub use meaning::Meaning;
pub use names::UNKNOWN;
pub use settings::{Block, Entry, Setting};
pub use suggest::suggest;

use crate::diagnostic::Diagnostic;
use crate::graph::{Model, Node, Parameter, WrittenSum};
use crate::source::{SourceId, Sources};
use crate::syntax::{ExprId, ExprKind, Tree, canonical};
use definitions::{Defined, DefinedKind, Table};
use elaborate::Elaborator;
use names::Resolved;
use std::collections::HashMap;
use value::Value;

/// A program without errors.
#[derive(Clone, Debug)]
pub struct Program {
    /// What is worth knowing all the same.
    pub warnings: Vec<Diagnostic>,
    tree: Tree,
    table: Table,
    resolved: Resolved,
    order: Vec<u32>,
    parameters: Vec<Parameter>,
    blocks: Vec<Block>,
    /// What is written as one sum, on one line each.
    sums: HashMap<ExprId, String>,
}

/// Reads and checks a program. The errors of one stage are reported together, in the order of the
/// text, with the warnings of that stage; a definition with an error gives no further ones.
///
/// What the program imports must be in `sources` already: see [`gather`].
///
/// # Errors
/// What is wrong with the program, all of it that can be seen at once.
pub fn check(sources: &Sources, root: SourceId) -> Result<Program, Vec<Diagnostic>> {
    let (tree, modules, mut found) = modules::read(sources, root)?;
    if modules.list[0].items.is_empty() {
        let message = format!("{} defines nothing", sources.get(root).name);
        let error = Diagnostic::error("empty", message);
        return Err(vec![
            error.help("write a potential, such as `V(q) = q^2/2`"),
        ]);
    }
    let data = csv::Tables::read(sources, &tree, &mut found);
    let mut table = Table::new(&tree, &modules, data, &mut found);
    let settings = settings::expressions(&tree);
    let mut resolved = names::resolve(sources, &tree, &table, &settings, &mut found);
    let mut order = cycles::order(&table, &resolved.uses, &mut resolved.wrong, &mut found);
    // What is wrong is not looked into again.
    for &at in &resolved.wrong {
        table.list[at as usize].value = None;
    }
    let reached = modules::reached(&table, &resolved.uses);
    let parameters = modules::parameters(&mut table, &modules, &reached, &mut found);
    order.retain(|at| reached[*at as usize] || !modules.is_library(&table, *at));
    resolved.forms = forms::find(&tree, &table, &resolved, &order, &mut found);
    elaborate_all(&tree, &table, &resolved, &order, &mut found);
    let mut found = sorted(found)?;
    let blocks = settings::blocks(&tree, &table, &resolved, &mut found);
    let sums = sum_texts(sources, &tree);
    let mut program = Program {
        warnings: sorted(found)?,
        parameters,
        tree,
        table,
        resolved,
        order,
        blocks,
        sums,
    };
    let values = program.parameter_values(&[]);
    for (parameter, value) in program.parameters.iter_mut().zip(values) {
        parameter.value = value;
    }
    Ok(program)
}

/// The texts of what may be one sum: `sum(...)` and `dot(...)`, without comments and line breaks.
fn sum_texts(sources: &Sources, tree: &Tree) -> HashMap<ExprId, String> {
    let is_sum = |kind: &ExprKind| match kind {
        ExprKind::Over(name, ..) | ExprKind::Call(name, _) => {
            matches!(name.text.as_str(), "sum" | "dot")
        }
        _ => false,
    };
    let text = |span| {
        let lines = sources.slice(span).lines();
        let bare = lines.map(|line| line.split('#').next().unwrap_or(""));
        let words: Vec<&str> = bare.flat_map(str::split_whitespace).collect();
        words.join(" ")
    };
    let written = tree.exprs().filter(|(_, expr)| is_sum(&expr.kind));
    written.map(|(id, expr)| (id, text(expr.span))).collect()
}

/// In the order of the text, each once; an error if there is one among them.
fn sorted(mut found: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    found.sort_by_key(|d| {
        d.labels
            .first()
            .map(|label| (label.span.source, label.span.start))
    });
    found.dedup();
    if found.iter().any(Diagnostic::is_error) {
        Err(found)
    } else {
        Ok(found)
    }
}

/// Looks into every definition: first those that no other uses, which reach most of the rest.
fn elaborate_all(
    tree: &Tree,
    table: &Table,
    resolved: &Resolved,
    order: &[u32],
    found: &mut Vec<Diagnostic>,
) {
    /// A fresh graph is begun beyond this, so that a long file is no large program.
    const ENOUGH: usize = 100_000;
    let dimensions = resolved.forms.iter().filter_map(|f| forms::dimension(f));
    let dimension = dimensions.max().unwrap_or(0);
    let mut elaborator = Elaborator::new(tree, table, resolved, dimension);
    elaborator.general = true;
    for &at in order.iter().rev() {
        // A function whose sizes a call decides is looked into where it is called.
        if elaborator.seen[at as usize] || elaborator.dimension(at).is_none() {
            continue;
        }
        if elaborator.graph.len() > ENOUGH {
            found.append(&mut elaborator.diagnostics);
            let seen = std::mem::take(&mut elaborator.seen);
            elaborator = Elaborator::new(tree, table, resolved, dimension);
            elaborator.seen = seen;
            elaborator.general = true;
        }
        let value = elaborator.definition(at);
        let defined = &table.list[at as usize];
        if let (DefinedKind::Parameter(_), Some(id)) = (defined.kind, defined.value) {
            match value {
                Value::Array(array) => {
                    let shape = elaborator.arrays.shape(array);
                    let error = Diagnostic::error("type", "a parameter is one number")
                        .at(tree.span(id), format!("this is {}", shape.describe()));
                    elaborator.say(
                        error.help(
                            "leave `param` out: the elements of a constant may be parameters",
                        ),
                    );
                }
                _ => drop(elaborator.number(value, id)),
            }
        }
    }
    for &at in order.iter().rev() {
        if !elaborator.seen[at as usize] {
            elaborator.probe(at);
        }
    }
    found.append(&mut elaborator.diagnostics);
}

impl Program {
    /// The functions of the file, in order, with the number of their arguments.
    pub fn functions(&self) -> Vec<(&str, usize)> {
        let functions = self
            .table
            .list
            .iter()
            .filter(|d| d.kind == DefinedKind::Function && d.module == 0);
        functions
            .map(|d| {
                (
                    d.name.text.as_str(),
                    self.table.arguments(&self.tree, d).len(),
                )
            })
            .collect()
    }

    /// The parameters of the file, in order, with their defaults; then those of other modules that
    /// something imported uses, called `module.name`.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The values of all parameters when some are set: a default that uses a parameter follows it.
    /// Names that are no parameters change nothing.
    pub fn parameter_values(&self, set: &[(&str, f64)]) -> Vec<f64> {
        let mut elaborator = Elaborator::new(&self.tree, &self.table, &self.resolved, 0);
        let mut values = vec![f64::NAN; self.parameters.len()];
        for &at in &self.order {
            let DefinedKind::Parameter(number) = self.table.list[at as usize].kind else {
                continue;
            };
            let Some(parameter) = self.parameters.get(number) else {
                continue;
            };
            let same = |name: &str| canonical(name) == parameter.name;
            let given = set.iter().rev().find(|(name, _)| same(name));
            values[number] = match (given, elaborator.definition(at)) {
                (Some(&(_, value)), _) => value,
                (None, Value::Number(node)) => match elaborator.constant(node) {
                    Some(value) => value,
                    None => elaborator.graph.value(node, &values),
                },
                (None, _) => f64::NAN,
            };
        }
        values
    }

    /// The values of all parameters when some are set, as [`Program::parameter_values`].
    ///
    /// # Errors
    /// A name is no parameter's: which one, and what there is.
    pub fn values(&self, set: &[(String, f64)]) -> Result<Vec<f64>, Diagnostic> {
        let known = |name: &str| self.parameters.iter().any(|p| p.name == canonical(name));
        match set.iter().find(|(name, _)| !known(name)) {
            Some((name, _)) => Err(self.unknown_parameter(name)),
            None => {
                let set: Vec<(&str, f64)> = set.iter().map(|(n, v)| (n.as_str(), *v)).collect();
                Ok(self.parameter_values(&set))
            }
        }
    }

    /// The message for a `--set` that the program does not know.
    fn unknown_parameter(&self, name: &str) -> Diagnostic {
        let names: Vec<&str> = self.parameters.iter().map(|p| p.name.as_str()).collect();
        let message = format!("--set {name}: the program has no parameter of that name");
        let problem = Diagnostic::error("unknown-parameter", message);
        // An imported one is often called by its name alone.
        let imported = self.table.named(&canonical(name)).and_then(|at| {
            match self.table.list[at as usize].kind {
                DefinedKind::Parameter(number) => names.get(number).copied(),
                _ => None,
            }
        });
        let mut ends = names.iter().filter(|full| {
            full.rsplit_once('.')
                .is_some_and(|(_, own)| own == canonical(name))
        });
        let near = imported.or_else(|| ends.next().copied());
        match near.or_else(|| suggest(name, names.iter().copied())) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => problem.help(format!(
                "it has none; write `param {name} = ...` in the file"
            )),
            None => problem.help(format!("it has {}", names.join(", "))),
        }
    }

    /// The run block of that name.
    pub fn block(&self, name: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// All run blocks, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The potential: the function of that name, or `V`, or `U`, or the only function.
    ///
    /// # Errors
    /// There is no such function or no way to choose one, or it is no function of coordinates.
    pub fn potential(&self, name: Option<&str>) -> Result<Model, Vec<Diagnostic>> {
        if let Some(name) = name {
            return self.function(name);
        }
        let functions = self.functions();
        for name in ["V", "U"] {
            if functions.iter().any(|(known, _)| *known == name) {
                return self.function(name);
            }
        }
        match functions[..] {
            [(only, _)] => self.function(only),
            [] => Err(vec![
                Diagnostic::error("no-potential", "this program defines no function").help(
                    match self.table.root().values().any(|known| {
                        known
                            .at
                            .is_some_and(|at| self.table.list[at as usize].module > 0)
                    }) {
                        true => "imported functions do not count: write a potential that calls one",
                        false => "write a potential, such as `V(q) = q^2/2`",
                    },
                ),
            ]),
            _ => {
                let names: Vec<String> = functions.iter().map(|f| format!("`{}`", f.0)).collect();
                let message = format!(
                    "which function is the potential? None is called `V` or `U`, and there are {}",
                    names.join(", ")
                );
                let help = format!(
                    "choose one with `--potential {}`",
                    functions[functions.len() - 1].0
                );
                Err(vec![Diagnostic::error("no-potential", message).help(help)])
            }
        }
    }

    /// A function as a model: its arguments are the coordinates, and all parameters of the file
    /// follow, so that models of one program with as many coordinates have the same inputs.
    ///
    /// # Errors
    /// There is no function of that name, or it has no arguments, is no number, or is too large.
    pub fn function(&self, name: &str) -> Result<Model, Vec<Diagnostic>> {
        let name = &*canonical(name);
        let at = self.table.named(name);
        let known = at.map(|at| (at, &self.table.list[at as usize]));
        let Some((at, defined)) = known.filter(|(_, d)| d.kind == DefinedKind::Function) else {
            return Err(vec![self.no_function(name, known.map(|known| known.1))]);
        };
        let refuse = |message: String, help: &str| {
            Err(vec![
                Diagnostic::error("no-potential", message)
                    .at(defined.name.span, "")
                    .help(help),
            ])
        };
        let forms = &self.resolved.forms[at as usize];
        let dimension = forms::dimension(forms);
        if dimension == Some(0) {
            return refuse(format!("`{name}` has no coordinates"), "write `V(q) = ...`");
        }
        let mut elaborator = Elaborator::new(
            &self.tree,
            &self.table,
            &self.resolved,
            dimension.unwrap_or(0),
        );
        let coordinates = elaborator.coordinates(at).map_err(|error| vec![error])?;
        match elaborator.definition(at) {
            Value::Number(node) => {
                let sums = elaborator.sums_in(node);
                let roots: Vec<Node> = std::iter::once(node)
                    .chain(sums.iter().map(|(node, _)| *node))
                    .collect();
                let (graph, roots) = elaborator.graph.extract(&roots);
                let sum = |(&node, (_, id)): (&Node, &(Node, ExprId))| WrittenSum {
                    node,
                    text: self.sums.get(id).cloned().unwrap_or_default(),
                };
                Ok(Model {
                    sums: roots[1..].iter().zip(&sums).map(sum).collect(),
                    name: name.to_owned(),
                    graph,
                    value: roots[0],
                    coordinates,
                    parameters: self.parameters.clone(),
                })
            }
            Value::Truth(_) => refuse(
                format!("`{name}` is true or false, not a number"),
                "a potential is a number: `if ... then 1 else 0`",
            ),
            Value::Array(array) => refuse(
                format!(
                    "`{name}` is {}, not a number",
                    elaborator.arrays.shape(array).describe()
                ),
                "a potential is one number: `norm(...)`, `dot(..., ...)`, or one component `...[i]`",
            ),
            Value::Wrong => Err(elaborator.diagnostics),
        }
    }

    fn no_function(&self, name: &str, known: Option<&Defined>) -> Diagnostic {
        if let Some(defined) = known {
            let message = format!("`{name}` is no function of coordinates");
            let error = Diagnostic::error("no-potential", message).at(defined.name.span, "");
            return error.help(format!("write `{name}(q) = ...`"));
        }
        let functions = self.functions();
        let names: Vec<&str> = functions.iter().map(|f| f.0).collect();
        let error = Diagnostic::error("unknown-name", format!("no function is called `{name}`"));
        error.help(match suggest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "write a potential, such as `V(q) = q^2/2`".to_owned(),
            None => format!("there are: {}", names.join(", ")),
        })
    }
}
