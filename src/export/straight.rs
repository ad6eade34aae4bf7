//! Formulas as straight-line code: what is used more than once, or is long, gets a name.

use super::names::Names;
use super::splines::Splines;
use crate::graph::{Comparison, Function, Graph, Node, Op, SplineId};

/// How tightly a text binds; operands that bind less get brackets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Tight {
    Comparison,
    Sum,
    Product,
    Minus,
    Power,
    Atom,
}

/// A text and how tightly it binds.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) tight: Tight,
}

impl Text {
    pub(super) fn new(tight: Tight, text: impl Into<String>) -> Text {
        let text = text.into();
        Text { text, tight }
    }

    pub(super) fn atom(text: impl Into<String>) -> Text {
        Text::new(Tight::Atom, text)
    }

    fn at_least(&self, tight: Tight) -> String {
        match self.tight >= tight {
            true => self.text.clone(),
            false => format!("({})", self.text),
        }
    }
}

/// How something is written around its operands `a`, `b` and `c`: `$a` is the operand as it is,
/// `~a` an operand of a comparison, `@a` an operand that nothing may tear apart.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) pattern: String,
    pub(super) tight: Tight,
}

impl Form {
    pub(super) fn new(tight: Tight, pattern: impl Into<String>) -> Form {
        let pattern = pattern.into();
        Form { pattern, tight }
    }

    pub(super) fn atom(pattern: impl Into<String>) -> Form {
        Form::new(Tight::Atom, pattern)
    }

    /// How often the pattern has an operand.
    fn uses(&self, operand: usize) -> usize {
        let letter = (b'a' + operand as u8) as char;
        let marks = ['$', '~', '@'].map(|mark| format!("{mark}{letter}"));
        marks.iter().map(|m| self.pattern.matches(m).count()).sum()
    }

    fn fill(&self, operands: &[Text]) -> Text {
        let mut out = String::new();
        let mut chars = self.pattern.chars().peekable();
        while let Some(c) = chars.next() {
            let place = chars.peek().map(|&next| (next as usize).wrapping_sub(97));
            let operand = place.and_then(|place| operands.get(place));
            let text = match (c, operand) {
                ('$', Some(operand)) => operand.text.clone(),
                ('~', Some(operand)) => operand.at_least(Tight::Sum),
                ('@', Some(operand)) => operand.at_least(Tight::Atom),
                _ => {
                    out.push(c);
                    continue;
                }
            };
            chars.next();
            out.push_str(&text);
        }
        Text::new(self.tight, out)
    }
}

/// How a target writes formulas. Sums, differences, products, quotients and signs are alike in all.
pub(super) trait Dialect {
    /// A number that is not negative, infinite values and NaN included.
    fn number(&self, value: f64) -> Text;
    /// A function that is no operator of arithmetic, or `a^b`.
    fn function(&self, function: Function) -> Form;
    /// `a^n`.
    fn power(&self, n: i32) -> Form;
    /// A condition, 1 or 0 (or what counts as such).
    fn comparison(&self, comparison: Comparison) -> Form;
    /// `and`, `or`, `not`.
    fn logic(&self, op: &Op) -> Form;
    /// `a` if not 0, then `b`, else `c`.
    fn select(&self) -> Form;
    /// A spline at a point, each coordinate as it is.
    fn spline(&self, splines: &Splines, id: SplineId, graph: &Graph, point: &[String]) -> String;
    /// A text of so many characters gets a name.
    fn longest(&self) -> usize {
        70
    }
}

/// Straight-line code.
pub(super) struct Straight {
    /// Names and what they are, in order.
    pub(super) lines: Vec<(String, String)>,
    /// The formulas of the roots.
    pub(super) roots: Vec<Text>,
}

/// The writer of one text: what is numbered is numbered through.
pub(super) struct Writer<'a> {
    pub(super) dialect: &'a dyn Dialect,
    pub(super) names: Names,
    pub(super) splines: &'a Splines,
    pub(super) count: usize,
}

impl Writer<'_> {
    /// The roots of a graph, with its inputs written as they are given.
    pub(super) fn straight(&mut self, graph: &Graph, roots: &[Node], inputs: &[Text]) -> Straight {
        let schedule = graph.schedule(roots);
        let mut uses = vec![0usize; graph.len()];
        for &at in &schedule {
            let form = self.form(graph.op(at));
            for (place, operand) in graph.op(at).operands().enumerate() {
                uses[operand.index()] += form.as_ref().map_or(1, |form| form.uses(place));
            }
        }
        for root in roots {
            uses[root.index()] += 1;
        }
        let mut texts: Vec<Option<Text>> = vec![None; graph.len()];
        let mut lines = Vec::new();
        for &at in &schedule {
            let op = graph.op(at);
            let operands: Vec<Text> = op
                .operands()
                .map(|operand| texts[operand.index()].clone().unwrap_or(Text::atom("?")))
                .collect();
            let mut text = self.node(graph, op, &operands, inputs);
            let leaf = operands.is_empty();
            let long = text.text.len() > self.dialect.longest() && !roots.contains(&at);
            if !leaf && (uses[at.index()] > 1 || long) {
                let name = self.names.next("t", &mut self.count);
                lines.push((name.clone(), text.text));
                text = Text::atom(name);
            }
            texts[at.index()] = Some(text);
        }
        let root = |root: &Node| texts[root.index()].clone().unwrap_or(Text::atom("?"));
        Straight {
            lines,
            roots: roots.iter().map(root).collect(),
        }
    }

    /// A number of any sign.
    pub(super) fn number(&self, value: f64) -> Text {
        if value.is_sign_negative() && !value.is_nan() {
            let text = self.dialect.number(-value).text;
            return Text::new(Tight::Minus, format!("-{text}"));
        }
        self.dialect.number(value)
    }

    fn form(&self, op: Op) -> Option<Form> {
        use Function::{Add, Divide, Multiply, Negate, Subtract};
        match op {
            Op::Apply1(Negate, _) | Op::Apply2(Add | Subtract | Multiply | Divide, ..) => None,
            Op::Apply1(function, _) | Op::Apply2(function, ..) => {
                Some(self.dialect.function(function))
            }
            Op::Power(_, n) => Some(self.dialect.power(n)),
            Op::Compare(comparison, ..) => Some(self.dialect.comparison(comparison)),
            Op::And(..) | Op::Or(..) | Op::Not(_) => Some(self.dialect.logic(&op)),
            Op::Select(..) => Some(self.dialect.select()),
            Op::Constant(_) | Op::Input(_) | Op::Spline(..) => None,
        }
    }

    fn node(&self, graph: &Graph, op: Op, operands: &[Text], inputs: &[Text]) -> Text {
        match op {
            Op::Constant(bits) => self.number(bits.value()),
            Op::Input(input) => match inputs.get(input as usize) {
                Some(text) => text.clone(),
                None => Text::atom(format!("input{input}")),
            },
            Op::Spline(id, _) => {
                let point: Vec<String> = operands.iter().map(|x| x.text.clone()).collect();
                Text::atom(self.dialect.spline(self.splines, id, graph, &point))
            }
            op => match self.form(op) {
                Some(form) => form.fill(operands),
                None => arithmetic(op, operands),
            },
        }
    }
}

fn arithmetic(op: Op, operands: &[Text]) -> Text {
    let (sign, tight, right) = match op {
        Op::Apply2(Function::Add, ..) => (" + ", Tight::Sum, Tight::Product),
        Op::Apply2(Function::Subtract, ..) => (" - ", Tight::Sum, Tight::Product),
        Op::Apply2(Function::Multiply, ..) => ("*", Tight::Product, Tight::Power),
        Op::Apply2(..) => ("/", Tight::Product, Tight::Power),
        _ => {
            let a = operands[0].at_least(Tight::Power);
            return Text::new(Tight::Minus, format!("-{a}"));
        }
    };
    let (a, b) = (&operands[0], &operands[1]);
    // `a + -b*c` is right, but nobody writes it; a sign is exact wherever it stands.
    if let Some(rest) = b.text.strip_prefix('-')
        && matches!(b.tight, Tight::Product | Tight::Minus)
        && tight == Tight::Sum
    {
        let sign = if sign == " + " { " - " } else { " + " };
        return Text::new(tight, format!("{}{sign}{rest}", a.at_least(tight)));
    }
    let right = match b.tight {
        Tight::Minus => Tight::Power,
        _ => right,
    };
    let text = format!("{}{sign}{}", a.at_least(tight), b.at_least(right));
    Text::new(tight, text)
}
