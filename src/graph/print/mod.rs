//! Formulas as text: the language itself and LaTeX.
//!
//! A node's text is made from its operands' texts in one sweep. Shared nodes are written out where
//! they are used, up to [`LIMIT`] characters, or bound to names by [`program`].

mod arguments;
mod spline;
mod truth;

pub use arguments::{Arguments, arguments};
pub use spline::spline_call;

use super::{Bits, Comparison, Function, Graph, Node, Op};

/// A way to write formulas.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    /// The language itself: it parses back to the same values.
    Pot,
    /// LaTeX mathematics, for an `equation` or `align` environment.
    Latex,
}

/// The names of the inputs, in order.
pub type Names<'a> = &'a [String];

/// The longest text of one formula, in bytes.
pub const LIMIT: usize = 1 << 20;

/// How tightly a text binds; operands that bind less get brackets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    If,
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Minus,
    Power,
    Atom,
}

#[derive(Clone)]
struct Text {
    text: String,
    binding: Binding,
}

/// The formula of a node, or `None` where it would be longer than [`LIMIT`].
pub fn print(graph: &Graph, node: Node, names: Names<'_>, notation: Notation) -> Option<String> {
    let mut texts = vec![None; graph.len()];
    let schedule = graph.schedule(&[node]);
    let mut writer = Writer {
        graph,
        truths: truth::truths(graph, &schedule),
        names,
        notation,
    };
    for at in schedule {
        let text = writer.node(at, &texts);
        if text.text.len() > LIMIT {
            return None;
        }
        texts[at.index()] = Some(text);
    }
    texts[node.index()].take().map(|text: Text| text.text)
}

/// The body of a function in the language: the formula, or a block that binds what is used more
/// than once with `let`.
pub fn program(graph: &Graph, node: Node, names: Names<'_>) -> Option<String> {
    let schedule = graph.schedule(&[node]);
    let mut uses = vec![0usize; graph.len()];
    for &at in &schedule {
        for operand in graph.op(at).operands() {
            uses[operand.index()] += 1;
        }
    }
    let mut writer = Writer {
        graph,
        truths: truth::truths(graph, &schedule),
        names,
        notation: Notation::Pot,
    };
    let mut texts = vec![None; graph.len()];
    let mut lets = String::new();
    let mut bound = 0;
    for &at in &schedule {
        let mut text = writer.node(at, &texts);
        let is_small = graph.op(at).operands().next().is_none();
        // A comparison cannot be bound: a `let` holds a number.
        let is_number = !matches!(
            graph.op(at),
            Op::Compare(..) | Op::And(..) | Op::Or(..) | Op::Not(_)
        );
        let is_long = text.text.len() > 400 && at != node;
        if is_number && !is_small && at != node && (uses[at.index()] > 1 || is_long) {
            bound += 1;
            let name = fresh_name(bound, names);
            lets.push_str(&format!("  let {name} = {}\n", text.text));
            text = atom(name);
        }
        if text.text.len() + lets.len() > LIMIT {
            return None;
        }
        texts[at.index()] = Some(text);
    }
    let body = texts[node.index()].take()?.text;
    if lets.is_empty() {
        return Some(body);
    }
    Some(format!("{{\n{lets}  {body}\n}}"))
}

fn fresh_name(number: usize, names: Names<'_>) -> String {
    let mut name = format!("t{number}");
    while names.iter().any(|known| arguments::base(known) == name) {
        name.push('_');
    }
    name
}

/// A number in the language, shortest form that reads back to the same bits.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "(0/0)".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "(1/0)" } else { "(-1/0)" }.to_owned();
    }
    let (plain, scientific) = (format!("{value}"), format!("{value:e}"));
    if plain.len() <= scientific.len() + 2 {
        plain
    } else {
        scientific
    }
}

/// A name in LaTeX: Greek letters by name, trailing digits and components as an index.
pub fn latex_name(name: &str) -> String {
    const GREEK: &[&str] = &[
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda",
        "mu", "nu", "xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "pi", "Gamma",
        "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega",
    ];
    let (name, component) = match name.strip_suffix(']').and_then(|n| n.split_once('[')) {
        Some((name, component)) => (name, Some(component)),
        None => (name, None),
    };
    let (name, module) = match name.rsplit_once('.') {
        Some((module, name)) => (name, Some(module)),
        None => (name, None),
    };
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let index = name[stem.len()..].trim_matches('_');
    let (stem, second) = stem.split_once('_').unwrap_or((stem, ""));
    let base = match stem {
        "eps" => "\\varepsilon".to_owned(),
        greek if GREEK.contains(&greek) => format!("\\{greek}"),
        letter if letter.chars().count() == 1 => letter.to_owned(),
        word => format!("\\mathrm{{{word}}}"),
    };
    let mut below: Vec<String> = Vec::new();
    if !second.is_empty() {
        below.push(format!("\\mathrm{{{}}}", second.replace('_', "\\_")));
    }
    below.extend((!index.is_empty()).then(|| index.to_owned()));
    below.extend(component.map(str::to_owned));
    below.extend(module.map(|module| format!("\\mathrm{{{}}}", module.replace('_', "\\_"))));
    if below.is_empty() {
        base
    } else {
        format!("{base}_{{{}}}", below.join(","))
    }
}

fn latex_number(value: f64) -> String {
    use std::f64::consts::PI;
    if value == PI {
        return "\\pi".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "\\infty" } else { "-\\infty" }.to_owned();
    }
    let text = number(value);
    match text.split_once('e') {
        Some(("1", exponent)) => format!("10^{{{exponent}}}"),
        Some((digits, exponent)) => format!("{digits} \\cdot 10^{{{exponent}}}"),
        None => text,
    }
}

fn atom(text: impl Into<String>) -> Text {
    Text {
        text: text.into(),
        binding: Binding::Atom,
    }
}

struct Writer<'a> {
    graph: &'a Graph,
    /// Which nodes are conditions.
    truths: Vec<bool>,
    names: Names<'a>,
    notation: Notation,
}

impl Writer<'_> {
    fn node(&mut self, node: Node, texts: &[Option<Text>]) -> Text {
        let of = |node: Node| texts[node.index()].clone().unwrap_or_else(|| atom("?"));
        match self.graph.op(node) {
            Op::Constant(bits) => self.constant(bits),
            Op::Input(input) => self.input(input),
            Op::Apply1(Function::Negate, a) => {
                let a = self.at_least(of(a), Binding::Minus);
                with(Binding::Minus, format!("-{a}"))
            }
            Op::Apply1(function, a) => self.call(function, &[of(a)]),
            Op::Apply2(Function::Power, a, b) => self.power(of(a), of(b)),
            Op::Apply2(function, a, b) if function.is_operator() => {
                self.operator(function, of(a), of(b))
            }
            Op::Apply2(function, a, b) => self.call(function, &[of(a), of(b)]),
            Op::Power(a, n) => {
                let binding = if n < 0 { Binding::Minus } else { Binding::Atom };
                let exponent = with(binding, n.to_string());
                self.power(of(a), exponent)
            }
            Op::Compare(comparison, a, b) => self.comparison(comparison, of(a), of(b)),
            Op::And(a, b) => {
                let (a, b) = (self.condition(a, texts), self.condition(b, texts));
                self.logic(Binding::And, "and", "\\land", a, b)
            }
            Op::Or(a, b) => {
                let (a, b) = (self.condition(a, texts), self.condition(b, texts));
                self.logic(Binding::Or, "or", "\\lor", a, b)
            }
            Op::Not(a) => {
                let a = self.at_least(self.condition(a, texts), Binding::Comparison);
                let sign = self.either("not ", "\\lnot ");
                with(Binding::Not, format!("{sign}{a}"))
            }
            Op::Select(c, a, b) if self.truths[node.index()] => {
                let (a, b) = (self.condition(a, texts), self.condition(b, texts));
                self.select(self.condition(c, texts), a, b)
            }
            Op::Select(c, a, b) => self.select(self.condition(c, texts), of(a), of(b)),
            op @ Op::Spline(id, _) => {
                let point: Vec<Text> = op.operands().map(of).collect();
                self.spline(id, &point)
            }
        }
    }

    fn either<'t>(&self, pot: &'t str, latex: &'t str) -> &'t str {
        match self.notation {
            Notation::Pot => pot,
            Notation::Latex => latex,
        }
    }

    fn brackets(&self, text: String) -> String {
        match self.notation {
            Notation::Pot => format!("({text})"),
            Notation::Latex => format!("\\left({text}\\right)"),
        }
    }

    fn at_least(&self, text: Text, binding: Binding) -> String {
        if text.binding >= binding {
            text.text
        } else {
            self.brackets(text.text)
        }
    }

    fn constant(&self, bits: Bits) -> Text {
        let value = bits.value();
        let negative = value.is_sign_negative() && !value.is_nan();
        let text = match self.notation {
            Notation::Pot => number(value),
            Notation::Latex => latex_number(value),
        };
        let binding = match text.chars().next() {
            Some('(') => Binding::Atom,
            _ if negative => Binding::Minus,
            _ if text.contains("cdot") => Binding::Product,
            _ if text.contains('^') => Binding::Power,
            _ => Binding::Atom,
        };
        with(binding, text)
    }

    fn input(&self, input: u32) -> Text {
        let name = match self.names.get(input as usize) {
            Some(name) => name.clone(),
            None => format!("input{input}"),
        };
        match self.notation {
            Notation::Pot => atom(name),
            Notation::Latex => atom(latex_name(&name)),
        }
    }

    fn operator(&self, function: Function, a: Text, b: Text) -> Text {
        let (binding, tight) = match function {
            // Brackets in a program keep the order of rounding; a reader does not want them.
            Function::Add if self.notation == Notation::Latex => (Binding::Sum, Binding::Sum),
            Function::Add => (Binding::Sum, Binding::Product),
            Function::Subtract => (Binding::Sum, Binding::Product),
            Function::Multiply if self.notation == Notation::Latex => {
                (Binding::Product, Binding::Product)
            }
            Function::Multiply => (Binding::Product, Binding::Minus),
            _ => (Binding::Product, Binding::Minus),
        };
        if self.notation == Notation::Latex && function == Function::Divide {
            return with(
                Binding::Product,
                format!("\\frac{{{}}}{{{}}}", a.text, b.text),
            );
        }
        // `a + -b` parses, but nobody writes it.
        let signed = function == Function::Multiply && b.text.starts_with('-');
        let tight = if b.binding == Binding::Minus || signed {
            Binding::Power
        } else {
            tight
        };
        let (a, b) = (self.at_least(a, binding), self.at_least(b, tight));
        if let Some(rest) = b.strip_prefix('-')
            && self.notation == Notation::Latex
            && binding == Binding::Sum
        {
            let sign = if function == Function::Add { "-" } else { "+" };
            return with(binding, format!("{a} {sign} {rest}"));
        }
        let sign = match (self.notation, function) {
            (Notation::Latex, Function::Multiply) => " ",
            (_, Function::Add) => " + ",
            (_, Function::Subtract) => " - ",
            _ => function.name(),
        };
        // Two numbers side by side would read as one.
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if sign == " " && digit(a.chars().last()) && digit(b.chars().next()) {
            return with(binding, format!("{a} \\cdot {b}"));
        }
        with(binding, format!("{a}{sign}{b}"))
    }

    fn power(&self, a: Text, n: Text) -> Text {
        let a = self.at_least(a, Binding::Atom);
        let text = match self.notation {
            Notation::Pot => {
                // The exponent may carry a minus and another power without brackets.
                let n = self.at_least(n, Binding::Minus);
                format!("{a}^{n}")
            }
            Notation::Latex => format!("{a}^{{{}}}", n.text),
        };
        with(Binding::Power, text)
    }

    fn call(&self, function: Function, arguments: &[Text]) -> Text {
        let list: Vec<&str> = arguments.iter().map(|a| a.text.as_str()).collect();
        let list = list.join(", ");
        if self.notation == Notation::Pot {
            return atom(format!("{}({list})", function.name()));
        }
        let first = &list;
        match function {
            Function::Sqrt => atom(format!("\\sqrt{{{first}}}")),
            Function::Cbrt => atom(format!("\\sqrt[3]{{{first}}}")),
            Function::Abs => atom(format!("\\left|{first}\\right|")),
            Function::Floor => atom(format!("\\left\\lfloor {first}\\right\\rfloor ")),
            Function::Exp => with(Binding::Power, format!("e^{{{first}}}")),
            _ => {
                let name = match function {
                    Function::Asin => "\\arcsin".to_owned(),
                    Function::Acos => "\\arccos".to_owned(),
                    Function::Atan => "\\arctan".to_owned(),
                    Function::Log10 => "\\log_{10}".to_owned(),
                    Function::Sin
                    | Function::Cos
                    | Function::Tan
                    | Function::Sinh
                    | Function::Cosh
                    | Function::Tanh
                    | Function::Log
                    | Function::Min
                    | Function::Max => format!("\\{}", function.name()),
                    _ => format!("\\operatorname{{{}}}", function.name()),
                };
                atom(format!("{name}\\left({first}\\right)"))
            }
        }
    }

    fn comparison(&self, comparison: Comparison, a: Text, b: Text) -> Text {
        let (a, b) = (
            self.at_least(a, Binding::Sum),
            self.at_least(b, Binding::Sum),
        );
        let sign = match (self.notation, comparison) {
            (Notation::Latex, Comparison::LessEqual) => "\\le",
            (Notation::Latex, Comparison::GreaterEqual) => "\\ge",
            (Notation::Latex, Comparison::Equal) => "=",
            (Notation::Latex, Comparison::NotEqual) => "\\ne",
            _ => comparison.symbol(),
        };
        with(Binding::Comparison, format!("{a} {sign} {b}"))
    }

    fn logic(&self, binding: Binding, pot: &str, latex: &str, a: Text, b: Text) -> Text {
        let (a, b) = (
            self.at_least(a, binding),
            self.at_least(b, Binding::Comparison),
        );
        let sign = self.either(pot, latex);
        with(binding, format!("{a} {sign} {b}"))
    }

    fn select(&self, c: Text, a: Text, b: Text) -> Text {
        match self.notation {
            Notation::Pot => {
                let a = self.at_least(a, Binding::Sum);
                with(
                    Binding::If,
                    format!("if {} then {a} else {}", c.text, b.text),
                )
            }
            Notation::Latex => atom(format!(
                "\\begin{{cases}}{} & {}\\\\ {} & \\text{{otherwise}}\\end{{cases}}",
                a.text, c.text, b.text
            )),
        }
    }
}

fn with(binding: Binding, text: String) -> Text {
    Text { text, binding }
}
