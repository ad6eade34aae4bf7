//! The arguments of functions: their sizes, and the lengths after which coordinates repeat.

use super::definitions::Table;
use super::elaborate::Elaborator;
use super::elaborate::MAX_NODES;
use super::names::{Resolved, Target};
use super::value::{Shape, Value};
use crate::diagnostic::Diagnostic;
use crate::graph::Coordinate;
use crate::syntax::{Argument, ExprId, Tree};
use std::sync::Arc;

/// A size of an argument.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Size {
    Known(usize),
    /// A slot that is filled by what the call gives.
    Bound(u32),
    /// An error that has been reported.
    Wrong,
}

/// An argument of a function.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Form {
    /// None for a number, two for an array of points.
    pub sizes: Vec<Size>,
    /// The length after which it repeats.
    pub period: Option<f64>,
}

impl Form {
    /// How many numbers it is, not counting a size that is not known.
    fn numbers(&self) -> f64 {
        let known = self.sizes.iter().map(|size| match size {
            Size::Known(size) => *size as f64,
            Size::Bound(_) | Size::Wrong => 1.0,
        });
        known.product()
    }

    /// Its shape: `None` if a size is not known, `Some(None)` for a number.
    fn shape(&self) -> Option<Option<Shape>> {
        match self.sizes[..] {
            [] => Some(None),
            [Size::Known(rows)] => Some(Some(Shape::vector(rows))),
            [Size::Known(rows), Size::Known(columns)] => Some(Some(Shape::table(rows, columns))),
            _ => None,
        }
    }
}

/// The arguments of every definition, in order.
pub(super) fn find(
    tree: &Tree,
    table: &Table,
    resolved: &Resolved,
    order: &[u32],
    found: &mut Vec<Diagnostic>,
) -> Vec<Arc<[Form]>> {
    let mut elaborator = Elaborator::new(tree, table, resolved, 0);
    let none: Arc<[Form]> = Arc::new([]);
    elaborator.forms = vec![none; table.list.len()];
    // A size may call a function that is defined by then.
    for &at in order {
        let arguments = table.described(tree, &table.list[at as usize]);
        if !arguments.is_empty() {
            let forms = arguments.iter().map(|argument| elaborator.form(argument));
            let mut forms: Vec<Form> = forms.collect();
            elaborator.limit(&table.list[at as usize].name.text, arguments, &mut forms);
            elaborator.forms[at as usize] = forms.into();
        }
    }
    found.append(&mut elaborator.diagnostics);
    elaborator.forms
}

impl Elaborator<'_> {
    fn form(&mut self, argument: &Argument) -> Form {
        let sizes: Vec<Size> = argument.size.iter().map(|&id| self.size(id)).collect();
        if let [.., third] = argument.size[..]
            && sizes.len() > 2
        {
            let name = &argument.name.text;
            let error = Diagnostic::error("size", "an argument has one size or two").at(
                self.tree.span(argument.size[2]).to(self.tree.span(third)),
                "",
            );
            self.say(error.help(format!(
                "write `{name}[n]` for a vector, `{name}[n, 3]` for n points"
            )));
        }
        let period = argument
            .domain
            .as_ref()
            .and_then(|(name, length)| match length {
                None => (name.text == "angle").then_some(std::f64::consts::TAU),
                Some(length) => self.period(*length),
            });
        Form { sizes, period }
    }

    /// Says so if the arguments of a function are more numbers than a program may have, and makes
    /// them wrong, so that nobody makes inputs of them.
    fn limit(&mut self, name: &str, arguments: &[Argument], forms: &mut [Form]) {
        let most = MAX_NODES as f64;
        let mut total = 0.0;
        let mut beyond = None;
        for (argument, form) in arguments.iter().zip(forms.iter()) {
            total += form.numbers();
            if total > most && beyond.is_none() {
                beyond = Some(argument);
            }
        }
        let Some(argument) = beyond else { return };
        let message = match arguments {
            [_] => format!("an argument of {total:.1e} numbers; the limit is {MAX_NODES}"),
            _ => format!(
                "the arguments of `{name}` are {total:.1e} numbers together; the limit is {MAX_NODES}"
            ),
        };
        let error = Diagnostic::error("too-large", message).at(argument.name.span, "");
        self.say(error.help("use smaller sizes"));
        for form in forms {
            form.sizes = vec![Size::Wrong];
        }
    }

    fn size(&mut self, id: ExprId) -> Size {
        if let Target::Local(slot) = self.resolved.targets[id.index()] {
            return Size::Bound(slot);
        }
        let value = self.expression(id);
        match self.whole(value, id, "a size") {
            Some(size) if size >= 1 => Size::Known(usize::try_from(size).unwrap_or(usize::MAX)),
            Some(size) => {
                let error = Diagnostic::error("size", "a size is at least 1")
                    .at(self.tree.span(id), format!("this is {size}"));
                self.say(error.help("give it a positive whole number"));
                Size::Wrong
            }
            None => Size::Wrong,
        }
    }

    fn period(&mut self, id: ExprId) -> Option<f64> {
        let value = self.expression(id);
        let length = self.fixed(value, id, "the length of a period")?;
        if length > 0.0 && length.is_finite() {
            return Some(length);
        }
        let error = Diagnostic::error("period", "the length of a period is positive")
            .at(self.tree.span(id), format!("this is {length}"));
        self.say(
            error.help("write `periodic(L)` with the length after which the coordinate repeats"),
        );
        None
    }

    /// How many numbers the arguments of a definition are; `None` if a call decides it.
    pub(super) fn dimension(&self, at: u32) -> Option<usize> {
        dimension(&self.forms[at as usize])
    }

    /// The arguments of a definition as inputs; `None` if a call decides their sizes.
    pub(super) fn inputs(&mut self, at: u32) -> Option<Vec<Value>> {
        let forms = Arc::clone(&self.forms[at as usize]);
        let mut next = 0;
        let mut values = Vec::with_capacity(forms.len());
        for form in forms.iter() {
            let shape = form.shape()?;
            values.push(self.fresh_value(shape, next));
            next += shape.map_or(1, Shape::count) as u32;
        }
        Some(values)
    }

    /// Looks into a function that nothing calls, with sizes that a call could give. What is wrong
    /// with a kind of value is wrong for every size; the rest may be fine for another one.
    pub(super) fn probe(&mut self, at: u32) {
        const SIZE: usize = 3;
        let forms = Arc::clone(&self.forms[at as usize]);
        let mut arguments = Vec::with_capacity(forms.len());
        for form in forms.iter() {
            let sizes = form.sizes.iter().map(|size| match size {
                Size::Bound(_) => Size::Known(SIZE),
                known => *known,
            });
            let (sizes, period) = (sizes.collect(), None);
            let Some(shape) = (Form { sizes, period }).shape() else {
                return;
            };
            arguments.push(self.fresh_value(shape, self.next_input));
            self.next_input += shape.map_or(1, Shape::count) as u32;
        }
        let before = self.diagnostics.len();
        self.evaluate((at, arguments));
        let new = self
            .diagnostics
            .split_off(before.min(self.diagnostics.len()));
        let sure = new.into_iter().filter(|found| found.code == "type");
        self.diagnostics.extend(sure);
    }

    /// Inputs from a number on, as a number or an array.
    pub(super) fn fresh_value(&mut self, shape: Option<Shape>, first: u32) -> Value {
        let Some(shape) = shape else {
            return Value::Number(self.graph.input(first));
        };
        let inputs = (first..).take(shape.count());
        let nodes = inputs.map(|input| self.graph.input(input)).collect();
        self.array(shape, nodes)
    }

    /// Whether a call gives what a function takes; errors if not.
    pub(super) fn fit(&mut self, at: u32, values: &[Value], arguments: &[ExprId]) -> bool {
        let forms = Arc::clone(&self.forms[at as usize]);
        // Which argument bound a slot, and to what.
        let mut bound: Vec<(u32, usize, usize)> = Vec::new();
        let mut good = true;
        for (number, form) in forms.iter().enumerate() {
            let (value, id) = (values[number], arguments[number]);
            if value == Value::Wrong || form.sizes.contains(&Size::Wrong) {
                good = false;
                continue;
            }
            if form.sizes.is_empty() {
                good &= self.number(value, id).is_some();
                continue;
            }
            let sizes = match value {
                Value::Array(array) => self.arrays.shape(array).sizes(),
                _ => Vec::new(),
            };
            let known = form.sizes.iter().zip(&sizes);
            if sizes.len() != form.sizes.len()
                || known
                    .clone()
                    .any(|(size, found)| matches!(size, Size::Known(n) if n != found))
            {
                self.misfit(at, number, value, id);
                good = false;
                continue;
            }
            for (size, &found) in known {
                let Size::Bound(slot) = *size else { continue };
                let first = bound.iter().find(|row| row.0 == slot);
                let &(_, other, before) = first.unwrap_or(&(slot, number, found));
                bound.push((slot, number, found));
                if before != found {
                    self.disagree(at, [(other, before), (number, found)], arguments);
                    good = false;
                }
            }
        }
        good
    }

    /// The slots that a call fills with sizes.
    pub(super) fn bound_sizes(&self, at: u32, values: &[Value]) -> Vec<(u32, usize)> {
        let mut bound = Vec::new();
        for (form, value) in self.forms[at as usize].iter().zip(values) {
            if let Value::Array(array) = *value {
                let sizes = self.arrays.shape(array).sizes();
                bound.extend(
                    form.sizes
                        .iter()
                        .zip(sizes)
                        .filter_map(|(size, found)| match size {
                            Size::Bound(slot) => Some((*slot, found)),
                            _ => None,
                        }),
                );
            }
        }
        bound
    }

    fn misfit(&mut self, at: u32, number: usize, value: Value, id: ExprId) {
        let defined = &self.table.list[at as usize];
        let Some(argument) = self.table.described(self.tree, defined).get(number) else {
            return;
        };
        let wanted = written(argument, &self.forms[at as usize][number], self.tree);
        let found = self.describe(value);
        let message = format!("`{}` takes `{wanted}`, not {found}", defined.name.text);
        let help = match value {
            Value::Array(_) => "give it a vector or an array of those sizes",
            _ => "give it a vector: `[a, b, ...]`, or an argument with a size",
        };
        let error = Diagnostic::error("shape", message)
            .at(self.tree.span(id), format!("this is {found}"))
            .at(argument.name.span, "defined here");
        self.say(error.help(help));
    }

    fn disagree(&mut self, at: u32, [a, b]: [(usize, usize); 2], arguments: &[ExprId]) {
        let defined = &self.table.list[at as usize];
        let described = self.table.described(self.tree, defined);
        let name = &defined.name.text;
        let (Some(first), Some(second)) = (described.get(a.0), described.get(b.0)) else {
            return;
        };
        let message = format!(
            "`{}` and `{}` of `{name}` have one size, and this call gives {} and {}",
            first.name.text, second.name.text, a.1, b.1
        );
        let error = Diagnostic::error("shape", message)
            .at(self.tree.span(arguments[b.0]), format!("size {}", b.1))
            .at(self.tree.span(arguments[a.0]), format!("size {}", a.1))
            .at(defined.name.span, "defined here");
        self.say(error.help("give it arrays of the same size"));
    }

    /// The coordinates of a definition, flattened in order.
    ///
    /// # Errors
    /// A size is not known.
    pub(super) fn coordinates(&self, at: u32) -> Result<Vec<Coordinate>, Diagnostic> {
        let defined = &self.table.list[at as usize];
        let arguments = self.table.described(self.tree, defined);
        let forms = &self.forms[at as usize];
        let mut coordinates = Vec::new();
        for (argument, form) in arguments.iter().zip(forms.iter()) {
            let Some(shape) = form.shape() else {
                return Err(self.unknown_size(at));
            };
            coordinates.extend(names(&argument.name.text, shape).into_iter().map(|name| {
                Coordinate {
                    name,
                    period: form.period,
                }
            }));
        }
        Ok(coordinates)
    }

    fn unknown_size(&self, at: u32) -> Diagnostic {
        let defined = &self.table.list[at as usize];
        let name = &defined.name.text;
        let arguments = self.table.described(self.tree, defined);
        let forms = &self.forms[at as usize];
        let mut error = Diagnostic::error(
            "size",
            format!("`{name}` has coordinates of unknown number"),
        );
        let mut example = Vec::new();
        for (argument, form) in arguments.iter().zip(forms.iter()) {
            example.push(example_of(argument, form));
            for (size, &id) in form.sizes.iter().zip(&argument.size) {
                if matches!(size, Size::Bound(_)) {
                    error = error.at(self.tree.span(id), "bound by what a call gives");
                }
            }
        }
        let names: Vec<&str> = arguments.iter().map(|a| a.name.text.as_str()).collect();
        error.help(if name == "V" {
            "write a number for the size, or define it: `n = 16`".to_owned()
        } else {
            format!(
                "write `V({}) = {name}({})`",
                example.join(", "),
                names.join(", ")
            )
        })
    }
}

/// How many numbers arguments are; `None` if a call decides it.
pub(super) fn dimension(forms: &[Form]) -> Option<usize> {
    let counts = forms
        .iter()
        .map(|form| form.shape().map(|shape| shape.map_or(1, Shape::count)));
    counts.sum()
}

/// The names of the components of an argument.
fn names(name: &str, shape: Option<Shape>) -> Vec<String> {
    match shape {
        None => vec![name.to_owned()],
        Some(Shape {
            rows,
            columns: None,
            ..
        }) => (1..=rows).map(|i| format!("{name}[{i}]")).collect(),
        Some(Shape {
            rows,
            columns: Some(columns),
            ..
        }) => (1..=rows)
            .flat_map(|i| (1..=columns).map(move |k| format!("{name}[{i},{k}]")))
            .collect(),
    }
}

/// An argument with its sizes, as in `r[n, 3]`.
fn written(argument: &Argument, form: &Form, tree: &Tree) -> String {
    use crate::syntax::ExprKind;
    let sizes = form.sizes.iter().zip(&argument.size);
    let sizes: Vec<String> = sizes
        .map(|(size, &id)| match (size, tree.kind(id)) {
            (Size::Known(size), _) => size.to_string(),
            (_, ExprKind::Name(name)) => name.clone(),
            _ => "n".to_owned(),
        })
        .collect();
    format!("{}[{}]", argument.name.text, sizes.join(", "))
}

/// The same with numbers for what is not known.
fn example_of(argument: &Argument, form: &Form) -> String {
    let name = &argument.name.text;
    let size = |at: usize, otherwise| match form.sizes.get(at) {
        Some(Size::Known(size)) => *size,
        _ => otherwise,
    };
    match form.sizes.len() {
        0 => name.clone(),
        1 => Shape::vector(size(0, 16)).written(name),
        _ => Shape::table(size(0, 16), size(1, 3)).written(name),
    }
}
