//! What a program means, worked out a second time: the tree is walked with numbers and vectors of
//! numbers, with no graph and no shapes known beforehand. `diff` is left out.

use effpot_lang::graph::{Function, Spline, SplineAxis, apply_power};
use effpot_lang::syntax::{ExprId, ExprKind, Infix, ItemKind, Prefix, Range, Tree};

/// A value; an array of points is a list of lists.
#[derive(Clone, Debug)]
pub enum Value {
    Number(f64),
    Truth(bool),
    List(Vec<Value>),
}
use Value::{List, Number, Truth};

type Scope = Vec<(String, Value)>;

/// The value of `V` at a point.
pub fn potential(tree: &Tree, point: &[f64]) -> f64 {
    let oracle = Oracle { tree };
    let (arguments, body) = oracle.function("V");
    let mut rest = point.iter().copied();
    let mut scope = Scope::new();
    for argument in arguments {
        let size = |at: usize| oracle.number(argument.size[at], &Scope::new()) as usize;
        let mut vector = |length: usize| List(rest.by_ref().take(length).map(Number).collect());
        let value = match argument.size.len() {
            0 => Number(rest.next().unwrap()),
            1 => vector(size(0)),
            _ => List((0..size(0)).map(|_| vector(size(1))).collect()),
        };
        scope.push((argument.name.text.clone(), value));
    }
    assert!(rest.next().is_none());
    match oracle.eval(body, &scope) {
        Number(value) => value,
        other => panic!("V is {other:?}"),
    }
}

struct Oracle<'t> {
    tree: &'t Tree,
}

fn zip(a: &Value, b: &Value, f: &dyn Fn(f64, f64) -> f64) -> Value {
    match (a, b) {
        (Number(a), Number(b)) => Number(f(*a, *b)),
        (List(a), List(b)) if a.len() == b.len() => {
            List(a.iter().zip(b).map(|(a, b)| zip(a, b, f)).collect())
        }
        _ => panic!("{a:?} and {b:?}"),
    }
}

/// The second operand goes with every component of the first.
fn each(a: &Value, f: &dyn Fn(f64) -> f64) -> Value {
    match a {
        Number(a) => Number(f(*a)),
        List(a) => List(a.iter().map(|a| each(a, f)).collect()),
        Truth(_) => panic!("a truth value"),
    }
}

fn flat(value: &Value) -> Vec<f64> {
    match value {
        Number(x) => vec![*x],
        List(list) => list.iter().flat_map(flat).collect(),
        Truth(_) => panic!("a truth value"),
    }
}

fn total(terms: impl Iterator<Item = f64>) -> f64 {
    terms.reduce(|a, b| a + b).unwrap_or(0.0)
}

fn length(v: &[f64]) -> f64 {
    match *v {
        [a] => a.abs(),
        [a, b] => Function::Hypot.value(a, b),
        _ => total(v.iter().map(|x| apply_power(*x, 2))).sqrt(),
    }
}

/// `random(seed, i)` as it is documented.
fn random(seed: f64, i: f64) -> f64 {
    let golden = 0x9e37_79b9_7f4a_7c15_u128;
    let mix = |z: u128| {
        let mut z = z as u64;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u128::from(z ^ (z >> 31))
    };
    let u = mix(mix(seed as u128 + golden) + (i as u128 + 1) * golden);
    ((u >> 12) as f64 + 0.5) / (1u64 << 52) as f64
}

impl<'t> Oracle<'t> {
    fn function(&self, name: &str) -> (&'t [effpot_lang::syntax::Argument], ExprId) {
        let mut items = self.tree.items.iter();
        let found = items.find_map(|item| match &item.kind {
            ItemKind::Function(known, arguments, body) if known.text == name => {
                Some((arguments.as_slice(), *body))
            }
            _ => None,
        });
        found.unwrap()
    }

    /// The formula of a constant or a parameter.
    fn constant(&self, name: &str) -> Option<ExprId> {
        self.tree.items.iter().find_map(|item| match &item.kind {
            ItemKind::Constant(known, value) | ItemKind::Parameter(known, value)
                if known.text == name =>
            {
                Some(*value)
            }
            _ => None,
        })
    }

    fn number(&self, id: ExprId, scope: &Scope) -> f64 {
        match self.eval(id, scope) {
            Number(value) => value,
            other => panic!("{other:?} is no number"),
        }
    }

    fn truth(&self, id: ExprId, scope: &Scope) -> bool {
        matches!(self.eval(id, scope), Truth(true))
    }

    fn eval(&self, id: ExprId, scope: &Scope) -> Value {
        let next = |id: &ExprId| self.eval(*id, scope);
        match self.tree.kind(id) {
            ExprKind::Number(value) => Number(*value),
            ExprKind::Name(name) => self.name(name, scope),
            ExprKind::Prefix(Prefix::Minus, a) => each(&next(a), &|a| -a),
            ExprKind::Prefix(Prefix::Not, a) => Truth(!self.truth(*a, scope)),
            ExprKind::Infix(op, _, a, b) => self.infix(*op, *a, *b, scope),
            ExprKind::Call(name, arguments) => {
                let values: Vec<Value> = arguments.iter().map(next).collect();
                self.call(&name.text, &values)
            }
            ExprKind::Over(name, body, ranges) => {
                let mut terms = Vec::new();
                self.terms(*body, ranges, scope, &mut terms);
                let sum = name.text == "sum";
                let join =
                    |a: Value, b: Value| zip(&a, &b, &|a, b| if sum { a + b } else { a * b });
                terms
                    .into_iter()
                    .reduce(join)
                    .unwrap_or(Number(if sum { 0.0 } else { 1.0 }))
            }
            ExprKind::Index(base, indices) => indices.iter().fold(next(base), |value, index| {
                let at = self.number(*index, scope) as usize - 1;
                match value {
                    List(list) => list[at].clone(),
                    other => panic!("{other:?} has no components"),
                }
            }),
            ExprKind::List(elements) => List(elements.iter().map(next).collect()),
            ExprKind::If(c, a, b) => match self.truth(*c, scope) {
                true => next(a),
                false => next(b),
            },
            ExprKind::Block(bindings, value) => {
                let mut inner = scope.clone();
                for binding in bindings {
                    let value = self.eval(binding.value, &inner);
                    inner.push((binding.name.text.clone(), value));
                }
                self.eval(*value, &inner)
            }
            ExprKind::Text(_) | ExprKind::Interval(..) => panic!("no value"),
        }
    }

    fn name(&self, name: &str, scope: &Scope) -> Value {
        if let Some((_, value)) = scope.iter().rev().find(|known| known.0 == name) {
            return value.clone();
        }
        match (self.constant(name), name) {
            (Some(id), _) => self.eval(id, &Scope::new()),
            (None, "π") => Number(std::f64::consts::PI),
            (None, "tau") => Number(std::f64::consts::TAU),
            (None, "true" | "false") => Truth(name == "true"),
            _ => panic!("{name} is not known"),
        }
    }

    fn infix(&self, op: Infix, a: ExprId, b: ExprId, scope: &Scope) -> Value {
        if op == Infix::And || op == Infix::Or {
            let (a, b) = (self.truth(a, scope), self.truth(b, scope));
            return Truth(if op == Infix::And { a && b } else { a || b });
        }
        let (a, b) = (self.eval(a, scope), self.eval(b, scope));
        match (op, &a, &b) {
            (Infix::Add, ..) => zip(&a, &b, &|a, b| a + b),
            (Infix::Subtract, ..) => zip(&a, &b, &|a, b| a - b),
            (Infix::Multiply, Number(a), b) => each(b, &|b| a * b),
            (Infix::Multiply, a, Number(b)) => each(a, &|a| a * b),
            (Infix::Divide, a, Number(b)) => each(a, &|a| a / b),
            (Infix::Power, Number(a), Number(b)) => Number(Function::Power.value(*a, *b)),
            (_, Number(a), Number(b)) => Truth(match op {
                Infix::Less => a < b,
                Infix::LessEqual => a <= b,
                Infix::Greater => a > b,
                Infix::GreaterEqual => a >= b,
                Infix::Equal => a == b,
                _ => a != b,
            }),
            _ => panic!("{a:?} {} {b:?}", op.symbol()),
        }
    }

    fn terms(&self, body: ExprId, ranges: &[Range], scope: &Scope, terms: &mut Vec<Value>) {
        let Some((range, rest)) = ranges.split_first() else {
            return terms.push(self.eval(body, scope));
        };
        let (from, to) = (self.number(range.from, scope), self.number(range.to, scope));
        for index in from as i64..=to as i64 {
            let mut inner = scope.clone();
            inner.push((range.name.text.clone(), Number(index as f64)));
            self.terms(body, rest, &inner, terms);
        }
    }

    fn call(&self, name: &str, values: &[Value]) -> Value {
        let flats: Vec<Vec<f64>> = match name {
            "dot" | "norm" | "dist" | "random" => values.iter().map(flat).collect(),
            _ => Vec::new(),
        };
        match (name, &flats[..]) {
            ("dot", [a, b]) => Number(total(a.iter().zip(b).map(|(a, b)| a * b))),
            ("norm", [a]) => Number(length(a)),
            ("dist", [a, b]) => Number(length(
                &a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>(),
            )),
            ("random", [a, b]) => Number(random(a[0], b[0])),
            ("len", _) => match &values[0] {
                List(list) => Number(list.len() as f64),
                other => panic!("{other:?} has no length"),
            },
            ("spline" | "periodic_spline", _) => Number(spline(name == "periodic_spline", values)),
            _ => match Function::named(name) {
                Some(function) => {
                    let x: Vec<f64> = values.iter().flat_map(flat).collect();
                    Number(function.value(x[0], x.get(1).copied().unwrap_or(0.0)))
                }
                None => self.defined(name, values),
            },
        }
    }

    fn defined(&self, name: &str, values: &[Value]) -> Value {
        let (arguments, body) = self.function(name);
        let mut scope = Scope::new();
        for (argument, value) in arguments.iter().zip(values) {
            scope.push((argument.name.text.clone(), value.clone()));
            // A name that the file does not define is bound to the size.
            if let (Some(&size), List(list)) = (argument.size.first(), value)
                && let ExprKind::Name(size) = self.tree.kind(size)
                && self.constant(size).is_none()
            {
                scope.push((size.clone(), Number(list.len() as f64)));
            }
        }
        self.eval(body, &scope)
    }
}

fn spline(periodic: bool, values: &[Value]) -> f64 {
    let dimension = values.len() - 4;
    let point: Vec<f64> = values[..dimension].iter().flat_map(flat).collect();
    let [degree, lo, hi, table] = &values[dimension..] else {
        panic!("arguments are missing")
    };
    let ends = flat(lo).into_iter().zip(flat(hi));
    let axes: Vec<SplineAxis> = ends
        .map(|(lo, hi)| SplineAxis { lo, hi, periodic })
        .collect();
    let mut shape = Vec::new();
    let mut level = table;
    while let List(list) = level {
        shape.push(list.len());
        level = &list[0];
    }
    let spline = Spline::tensor(flat(degree)[0] as usize, &axes, flat(table), &shape);
    spline.unwrap().at(&point)
}
