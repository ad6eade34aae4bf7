//! Random programs that are right by construction: every expression is written for a type.

use super::formulas::Random;

/// What an expression is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Type {
    Number,
    Truth,
    Vector(usize),
    /// Rows and columns.
    Points(usize, usize),
}
use Type::{Number, Points, Truth, Vector};

/// A text and how tightly it binds; [`ATOM`] needs no brackets anywhere.
type Text = (String, u8);

const IF: u8 = 0;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const MINUS: u8 = 7;
const POWER: u8 = 8;
const ATOM: u8 = 9;

/// What an argument of a function is.
#[derive(Clone, Copy, PartialEq)]
enum Slot {
    Fixed(Type),
    /// A vector of any size.
    Any,
}

#[derive(Clone)]
struct Function {
    name: String,
    slots: Vec<Slot>,
    /// `None` for a vector as long as the first argument.
    result: Option<Type>,
}

/// What is known where an expression stands.
#[derive(Clone, Default)]
struct Scope {
    variables: Vec<(String, Type)>,
    /// Indices and constants that are whole numbers, with their least and largest value.
    wholes: Vec<(String, i64, i64)>,
    /// What a `diff` may name.
    arguments: Vec<(String, Type)>,
}

pub struct Generator {
    random: Random,
    functions: Vec<Function>,
    globals: Scope,
    names: usize,
    /// How many expressions may still be written into this definition.
    budget: usize,
    derivatives: bool,
}

/// A program with the potential `V`, with or without `diff`.
pub fn program(seed: u64, derivatives: bool) -> String {
    program_of(Random::new(seed), derivatives)
}

/// The program that such decisions give.
pub fn program_of(random: Random, derivatives: bool) -> String {
    let mut generator = Generator {
        random,
        functions: Vec::new(),
        globals: Scope::default(),
        names: 0,
        budget: 0,
        derivatives,
    };
    generator.program()
}

impl Generator {
    fn below(&mut self, n: usize) -> usize {
        self.random.below(n)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn name(&mut self) -> String {
        self.names += 1;
        let stem = self.pick(&["a", "b_", "wave", "ε", "Δx", "k"]);
        format!("{stem}{}", self.names)
    }

    fn size(&mut self) -> usize {
        1 + self.below(3)
    }

    fn program(&mut self) -> String {
        let mut lines = vec![
            "# two sizes, and numbers of every kind".to_owned(),
            "n = 2".to_owned(),
            "m = n + 1".to_owned(),
        ];
        self.globals.wholes = vec![("n".to_owned(), 2, 2), ("m".to_owned(), 3, 3)];
        for _ in 0..self.below(3) {
            let name = self.name();
            lines.push(format!("param {name} = {}", self.literal().0));
            self.globals.variables.push((name, Number));
        }
        for _ in 0..1 + self.below(4) {
            let name = self.name();
            let of = self.any_type();
            self.budget = 12;
            let scope = self.globals.clone();
            let (text, _) = self.expression(of, 2, &scope);
            lines.push(format!("{name} = {text}"));
            self.globals.variables.push((name, of));
        }
        for _ in 0..1 + self.below(4) {
            let line = if self.one_in(3) {
                self.any_size()
            } else {
                self.function()
            };
            lines.push(line);
        }
        lines.push(self.potential());
        // Order does not matter.
        for at in (1..lines.len()).rev() {
            let other = self.below(at + 1);
            lines.swap(at, other);
        }
        let ends = ["\n", "\n\n", "  # why\n", "\n# what\n"];
        let ended: Vec<String> = lines
            .iter()
            .map(|line| format!("{line}{}", self.pick(&ends)))
            .collect();
        ended.concat()
    }

    fn any_type(&mut self) -> Type {
        match self.below(6) {
            0 => Truth,
            1 | 2 => Vector(self.size()),
            3 => Points(self.size(), self.size()),
            _ => Number,
        }
    }

    /// `name`, `name[3]`, `name[n, 2]`, with sizes written in several ways.
    fn argument(&mut self, name: &str, of: Type) -> String {
        match of {
            Vector(rows) => format!("{name}[{}]", self.whole(rows as i64)),
            Points(rows, columns) => {
                let (rows, columns) = (self.whole(rows as i64), self.whole(columns as i64));
                format!("{name}[{rows}, {columns}]")
            }
            _ => name.to_owned(),
        }
    }

    /// A constant of that value.
    fn whole(&mut self, value: i64) -> String {
        match (self.below(4), value) {
            (0, 2) => "n".to_owned(),
            (0, 3) => "m".to_owned(),
            (1, _) => format!("{} + {}", value - 1, self.pick(&["1", "m - n", "2 - 1"])),
            (2, _) => format!("n*{} - {value}", value),
            _ => value.to_string(),
        }
    }

    fn arguments(&mut self, most: usize, truth: bool) -> Vec<(String, Type)> {
        let count = 1 + self.below(most);
        let mut arguments = Vec::new();
        while arguments.len() < count {
            let of = self.any_type();
            if of != Truth || truth {
                arguments.push((self.name(), of));
            }
        }
        arguments
    }

    fn function(&mut self) -> String {
        let arguments = self.arguments(3, false);
        let result = self.any_type();
        let name = self.name();
        let mut scope = self.globals.clone();
        scope.variables.extend(arguments.iter().cloned());
        scope.arguments = arguments.clone();
        self.budget = 25;
        let (body, _) = self.expression(result, 4, &scope);
        let head: Vec<String> = arguments
            .iter()
            .map(|(name, of)| self.argument(name, *of))
            .collect();
        let slots = arguments.iter().map(|(_, of)| Slot::Fixed(*of)).collect();
        self.functions.push(Function {
            name: name.clone(),
            slots,
            result: Some(result),
        });
        format!("{name}({}) = {body}", head.join(", "))
    }

    /// A function of a vector of any size, which it only touches through its size.
    fn any_size(&mut self) -> String {
        let (name, q, size, s) = (self.name(), self.name(), self.name(), self.name());
        let index = self.name();
        let vector = self.one_in(3);
        let mut scope = self.globals.clone();
        for known in [
            s.clone(),
            format!("{q}[{index}]"),
            format!("{q}[{size}]"),
            format!("norm({q})"),
            size.clone(),
            index.clone(),
        ] {
            scope.variables.push((known, Number));
        }
        self.budget = 12;
        let (term, _) = self.expression(Number, 3, &scope);
        let body = match (vector, self.below(2)) {
            (true, 0) => format!("{s}*{q} - {q}/{size}"),
            (true, _) => format!(
                "if {q}[1] > {s} then {q} + {q} else -sum({index}*{q} for {index} in 1..len({q}))"
            ),
            (false, 0) => format!("sum({term} for {index} in 1..{size})"),
            (false, _) if !self.derivatives => {
                format!("prod({term} for {index} in 1..{size})")
            }
            (false, _) => format!(
                "prod({term} for {index} in 1..{size}) + diff(dot({q}, {q})^2, {q}[{size}])"
            ),
        };
        let result = if vector { None } else { Some(Number) };
        self.functions.push(Function {
            name: name.clone(),
            slots: vec![Slot::Any, Slot::Fixed(Number)],
            result,
        });
        format!("{name}({q}[{size}], {s}) = {body}")
    }

    fn potential(&mut self) -> String {
        let arguments = self.arguments(3, false);
        let mut scope = self.globals.clone();
        scope.variables.extend(arguments.iter().cloned());
        scope.arguments = arguments.clone();
        let mut body = (String::new(), ATOM);
        for _ in 0..4 {
            self.budget = 15;
            let part = self.expression(Number, 5, &scope);
            body = match body.0.is_empty() {
                true => part,
                false => {
                    let (op, binding) = [("+", SUM), ("-", SUM), ("*", PRODUCT)][self.below(3)];
                    self.infix(body, op, part, binding)
                }
            };
        }
        let (body, _) = body;
        let mut head = Vec::new();
        for (name, of) in &arguments {
            let domain = self.pick(&["", "", ": angle", ": periodic(2*pi/3)", ": periodic(m)"]);
            head.push(self.argument(name, *of) + domain);
        }
        format!("V({}) = {body}", head.join(", "))
    }

    /// A text that binds at least so tightly, with brackets where it must and sometimes elsewhere.
    fn bind(&mut self, (text, binding): Text, least: u8) -> String {
        if binding < least || self.one_in(12) {
            format!("({text})")
        } else {
            text
        }
    }

    fn expression(&mut self, of: Type, depth: usize, scope: &Scope) -> Text {
        if depth == 0 || self.budget == 0 {
            return self.leaf(of, scope);
        }
        self.budget -= 1;
        let depth = depth - 1;
        match self.below(12) {
            0 | 1 => self.leaf(of, scope),
            2 => self.conditional(of, depth, scope),
            3 => self.block(of, depth, scope),
            4 | 5 => self.call(of, depth, scope),
            6 if of != Truth => self.reduction(of, depth, scope),
            _ => match of {
                Number => self.number(depth, scope),
                Truth => self.truth(depth, scope),
                Vector(_) | Points(..) => self.array(of, depth, scope),
            },
        }
    }

    fn literal(&mut self) -> Text {
        let number = self.pick(&[
            "0", "1", "2", "0.5", "2.50", "1e-3", "3E2", "0.1", "7", "1.25e+1", "π", "tau",
        ]);
        (number.to_owned(), ATOM)
    }

    fn variable(&mut self, of: Type, scope: &Scope) -> Option<Text> {
        let fitting: Vec<&String> = scope
            .variables
            .iter()
            .filter(|v| v.1 == of)
            .map(|v| &v.0)
            .collect();
        let count = fitting.len();
        (count > 0).then(|| (fitting[self.late(count)].clone(), ATOM))
    }

    /// A place among so many, the last ones more often: what is nearest is used most.
    fn late(&mut self, count: usize) -> usize {
        self.below(count)
            .max(self.below(count))
            .max(self.below(count))
    }

    fn leaf(&mut self, of: Type, scope: &Scope) -> Text {
        if !self.one_in(4)
            && let Some(found) = self.variable(of, scope)
        {
            return found;
        }
        if !self.one_in(4)
            && let Some(found) = self.element(of, scope)
        {
            return found;
        }
        match of {
            Number => self.literal(),
            Truth => (self.pick(&["true", "false"]).to_owned(), ATOM),
            Vector(rows) => self.list(rows, Number, 0, scope),
            Points(rows, columns) => self.list(rows, Vector(columns), 0, scope),
        }
    }

    /// An index from 1 to a size.
    fn index(&mut self, size: usize, scope: &Scope) -> String {
        let fitting = |w: &&(String, i64, i64)| w.1 >= 1 && w.2 <= size as i64;
        let wholes: Vec<&(String, i64, i64)> = scope.wholes.iter().filter(fitting).collect();
        let count = wholes.len();
        if count == 0 || self.one_in(3) {
            let value = 1 + self.below(size) as i64;
            return self.whole(value);
        }
        let name = wholes[self.below(count)].0.clone();
        match self.below(3) {
            0 => format!("{} - {name}", size + 1),
            _ => name,
        }
    }

    /// A part of a variable.
    fn element(&mut self, of: Type, scope: &Scope) -> Option<Text> {
        let holds = |whole: Type| match (of, whole) {
            (Number, Vector(_) | Points(..)) => true,
            (Vector(rows), Points(_, columns)) => rows == columns,
            _ => false,
        };
        let fitting: Vec<&(String, Type)> = scope.variables.iter().filter(|v| holds(v.1)).collect();
        let count = fitting.len();
        if count == 0 {
            return None;
        }
        let (name, whole) = fitting[self.late(count)].clone();
        let text = match (of, whole) {
            (Number, Points(rows, columns)) => {
                let (i, k) = (self.index(rows, scope), self.index(columns, scope));
                match self.one_in(3) {
                    true => format!("{name}[{i}][{k}]"),
                    false => format!("{name}[{i}, {k}]"),
                }
            }
            (_, Vector(rows) | Points(rows, _)) => format!("{name}[{}]", self.index(rows, scope)),
            _ => return None,
        };
        Some((text, ATOM))
    }

    fn list(&mut self, count: usize, of: Type, depth: usize, scope: &Scope) -> Text {
        let elements: Vec<String> = (0..count)
            .map(|_| self.expression(of, depth, scope).0)
            .collect();
        let comma = self.pick(&[", ", ",", " ,\n  "]);
        (format!("[{}]", elements.join(comma)), ATOM)
    }

    fn conditional(&mut self, of: Type, depth: usize, scope: &Scope) -> Text {
        let condition = self.expression(Truth, depth, scope).0;
        let (a, b) = (
            self.expression(of, depth, scope).0,
            self.expression(of, depth, scope).0,
        );
        let space = self.pick(&[" ", "\n    "]);
        (format!("if {condition}{space}then {a}{space}else {b}"), IF)
    }

    fn block(&mut self, of: Type, depth: usize, scope: &Scope) -> Text {
        let mut inner = scope.clone();
        let mut text = "{\n".to_owned();
        for _ in 0..1 + self.below(2) {
            let bound = self.any_type();
            let name = self.name();
            let value = self.expression(bound, depth, &inner).0;
            text += &format!("  let {name} = {value}\n");
            inner.variables.push((name, bound));
        }
        let value = self.expression(of, depth, &inner).0;
        (format!("{text}  {value}\n}}"), ATOM)
    }

    fn call(&mut self, of: Type, depth: usize, scope: &Scope) -> Text {
        let fits = |f: &&Function| match f.result {
            Some(result) => result == of,
            None => matches!(of, Vector(_)),
        };
        let fitting: Vec<Function> = self.functions.iter().filter(fits).cloned().collect();
        if fitting.is_empty() {
            return self.expression(of, depth, scope);
        }
        let function = fitting[self.below(fitting.len())].clone();
        let mut arguments = Vec::new();
        for slot in &function.slots {
            let needed = match (slot, function.result) {
                (Slot::Fixed(of), _) => *of,
                (Slot::Any, None) => of,
                (Slot::Any, Some(_)) => Vector(self.size()),
            };
            arguments.push(self.expression(needed, depth, scope).0);
        }
        (format!("{}({})", function.name, arguments.join(", ")), ATOM)
    }

    fn reduction(&mut self, of: Type, depth: usize, scope: &Scope) -> Text {
        let word = if of == Number {
            self.pick(&["sum", "prod"])
        } else {
            "sum"
        };
        let mut inner = scope.clone();
        let (i, j) = (self.name(), self.name());
        let end = 1 + self.below(3) as i64;
        let mut ranges = format!("{i} in 1..{}", self.whole(end));
        inner.variables.push((i.clone(), Number));
        inner.wholes.push((i.clone(), 1, end));
        if self.one_in(2) {
            let (from, least) = match self.below(2) {
                0 => (i.clone(), 1),
                _ => ("2".to_owned(), 2),
            };
            ranges += &format!(", {j} in {from}..3");
            inner.variables.push((j.clone(), Number));
            inner.wholes.push((j, least, 3));
        }
        let body = self.expression(of, depth.min(2), &inner).0;
        (format!("{word}({body} for {ranges})"), ATOM)
    }

    fn infix(&mut self, a: Text, op: &str, b: Text, binding: u8) -> Text {
        let (left, right) = if binding == POWER {
            (ATOM, MINUS)
        } else {
            (binding, binding + 1)
        };
        let (a, b) = (self.bind(a, left), self.bind(b, right));
        let op = match self.below(3) {
            0 => op.to_owned(),
            1 => format!(" {op}\n  "),
            _ => format!(" {op} "),
        };
        // Words need spaces, and `--` reads badly but is right.
        let op = if op.chars().all(char::is_alphabetic) {
            format!(" {op} ")
        } else {
            op
        };
        (format!("{a}{op}{b}"), binding)
    }

    fn number(&mut self, depth: usize, scope: &Scope) -> Text {
        let next = |this: &mut Self| this.expression(Number, depth, scope);
        match self.below(14) {
            choice @ 0..5 => {
                let (a, b) = (next(self), next(self));
                let (op, binding) = [
                    ("+", SUM),
                    ("-", SUM),
                    ("*", PRODUCT),
                    ("/", PRODUCT),
                    ("*", PRODUCT),
                ][choice];
                self.infix(a, op, b, binding)
            }
            5 => {
                let a = next(self);
                let exponent = self.pick(&["2", "3", "-1", "0.5", "n", "-n^2"]);
                let binding = if exponent.starts_with('-') {
                    MINUS
                } else {
                    ATOM
                };
                self.infix(a, "^", (exponent.to_owned(), binding), POWER)
            }
            6 => {
                let a = next(self);
                (format!("-{}", self.bind(a, MINUS)), MINUS)
            }
            7 => {
                let f = self.pick(&[
                    "sin", "cos", "tanh", "atan", "abs", "floor", "erf", "cbrt", "sign",
                ]);
                (format!("{f}({})", next(self).0), ATOM)
            }
            8 => {
                let f = self.pick(&["min", "max", "hypot", "atan2"]);
                let (a, b) = (next(self).0, next(self).0);
                (format!("{f}({a}, {b})"), ATOM)
            }
            9 | 10 => self.gathered(depth, scope),
            11 => (
                format!("random({}, {})", self.below(9), self.index(3, scope)),
                ATOM,
            ),
            12 => self.spline(depth, scope),
            _ => self.derivative(depth, scope),
        }
    }

    /// A number from vectors.
    fn gathered(&mut self, depth: usize, scope: &Scope) -> Text {
        let of = Vector(self.size());
        let (a, b) = (
            self.expression(of, depth, scope),
            self.expression(of, depth, scope).0,
        );
        let Vector(size) = of else { unreachable!() };
        match self.below(5) {
            0 => (format!("dot({}, {b})", a.0), ATOM),
            1 => (format!("dist({}, {b})", a.0), ATOM),
            2 => (format!("norm({})", a.0), ATOM),
            3 => (format!("len({})", a.0), ATOM),
            _ => {
                let index = self.index(size, scope);
                (format!("{}[{index}]", self.bind(a, ATOM)), ATOM)
            }
        }
    }

    fn spline(&mut self, depth: usize, scope: &Scope) -> Text {
        let x = self.expression(Number, depth, scope).0;
        let word = self.pick(&["spline", "periodic_spline"]);
        let text = match self.below(2) {
            0 => format!("{word}({x}, 2, -1, m, [0.5, 1, -1, 2, n])"),
            _ => {
                let y = self.expression(Number, depth, scope).0;
                format!("{word}({x}, {y}, 1, [0, -n], [1, 2], [[1, 2, 0.5], [3, -1, m]])")
            }
        };
        (text, ATOM)
    }

    fn derivative(&mut self, depth: usize, scope: &Scope) -> Text {
        if scope.arguments.is_empty() || !self.derivatives {
            return self.literal();
        }
        let (name, of) = scope.arguments[self.below(scope.arguments.len())].clone();
        let body = self.expression(Number, depth, scope).0;
        let by = match of {
            Vector(rows) => format!("{name}[{}]", self.index(rows, scope)),
            Points(rows, columns) => {
                format!(
                    "{name}[{}, {}]",
                    self.index(rows, scope),
                    self.index(columns, scope)
                )
            }
            _ => name,
        };
        (format!("diff({body}, {by})"), ATOM)
    }

    fn truth(&mut self, depth: usize, scope: &Scope) -> Text {
        match self.below(5) {
            0 => {
                let a = self.expression(Truth, depth, scope);
                (format!("not {}", self.bind(a, 3)), 3)
            }
            choice @ 1..3 => {
                let (op, binding) = [("or", 1), ("and", 2)][choice - 1];
                let (a, b) = (
                    self.expression(Truth, depth, scope),
                    self.expression(Truth, depth, scope),
                );
                self.infix(a, op, b, binding)
            }
            _ => {
                let (a, b) = (
                    self.expression(Number, depth, scope),
                    self.expression(Number, depth, scope),
                );
                let op = self.pick(&["<", "<=", ">", ">=", "==", "!="]);
                // Comparisons do not chain.
                let (a, b) = (self.bind(a, SUM), self.bind(b, SUM));
                (format!("{a} {op} {b}"), 4)
            }
        }
    }

    fn array(&mut self, of: Type, depth: usize, scope: &Scope) -> Text {
        let a = self.expression(of, depth, scope);
        match self.below(6) {
            0 | 1 => match of {
                Points(rows, columns) => self.list(rows, Vector(columns), depth, scope),
                Vector(rows) => self.list(rows, Number, depth, scope),
                _ => a,
            },
            2 => {
                let (b, op) = (self.expression(of, depth, scope), self.pick(&["+", "-"]));
                self.infix(a, op, b, SUM)
            }
            3 => {
                let s = self.expression(Number, depth, scope);
                self.infix(s, "*", a, PRODUCT)
            }
            4 => {
                let (s, op) = (
                    self.expression(Number, depth, scope),
                    self.pick(&["*", "/"]),
                );
                self.infix(a, op, s, PRODUCT)
            }
            _ => (format!("-{}", self.bind(a, MINUS)), MINUS),
        }
    }
}
