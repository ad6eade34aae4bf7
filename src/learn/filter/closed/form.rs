//! Formulas as sums of polynomials times exponentials of polynomials of degree two.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use rustfft::num_complex::Complex64;

use super::Why;
use super::polynomial::{MOST, Polynomial, degree};
use crate::graph::{Evaluator, Function, Graph, Node, Op};

/// The largest integer power that is multiplied out.
const LARGEST_POWER: u32 = 64;

/// `sum P exp(E)`, by exponent: waves have an imaginary linear `E`, Gaussians a quadratic one. An
/// exponent has no imaginary constant.
#[derive(Clone, Default, Debug)]
pub(super) struct Form(BTreeMap<Polynomial, Polynomial>);

type Outcome = Result<Form, Why>;

impl Form {
    fn of(exponent: Polynomial, factor: Polynomial) -> Form {
        let mut form = Form::default();
        form.add_to(exponent, &factor);
        form
    }

    fn constant(c: f64) -> Form {
        let c = Polynomial::constant(Complex64::new(c, 0.0));
        Form::of(Polynomial::default(), c)
    }

    fn add_to(&mut self, mut exponent: Polynomial, factor: &Polynomial) {
        let constant = exponent.coefficient(&Vec::new());
        let phase = Complex64::new(0.0, constant.im);
        exponent.add_to(Vec::new(), -phase);
        let place = self.0.entry(exponent).or_default();
        place.add(factor, phase.exp());
    }

    /// The parts: exponents and what they are multiplied by.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&Polynomial, &Polynomial)> {
        self.0.iter().filter(|(_, factor)| !factor.is_zero())
    }

    /// The polynomial that it is, if it has no exponentials.
    pub(super) fn as_polynomial(&self) -> Option<Polynomial> {
        let mut polynomial = Polynomial::default();
        for (exponent, factor) in self.parts() {
            let height = exponent.as_constant()?;
            polynomial.add(factor, height.exp());
        }
        Some(polynomial)
    }

    fn sum(&self, other: &Form, factor: f64) -> Outcome {
        let mut sum = self.clone();
        for (exponent, polynomial) in other.parts() {
            let place = sum.0.entry(exponent.clone()).or_default();
            place.add(polynomial, Complex64::new(factor, 0.0));
        }
        sum.checked()
    }

    fn scaled(&self, factor: f64) -> Outcome {
        Form::default().sum(self, factor)
    }

    fn times(&self, other: &Form) -> Outcome {
        let mut product = Form::default();
        for (a, pa) in self.parts() {
            for (b, pb) in other.parts() {
                let mut exponent = a.clone();
                exponent.add(b, Complex64::ONE);
                product.add_to(exponent, &pa.times(pb).ok_or(Why::TooLong)?);
            }
            if product.0.len() > MOST {
                return Err(Why::TooLong);
            }
        }
        product.checked()
    }

    fn power(&self, n: i32) -> Outcome {
        let base = if n < 0 {
            self.reciprocal()?
        } else {
            self.clone()
        };
        if n.unsigned_abs() > LARGEST_POWER {
            return Err(Why::TooLong);
        }
        let mut product = Form::constant(1.0);
        for _ in 0..n.unsigned_abs() {
            product = product.times(&base)?;
        }
        Ok(product)
    }

    /// Of a number times an exponential.
    fn reciprocal(&self) -> Outcome {
        let mut parts = self.parts();
        let (Some((exponent, factor)), None) = (parts.next(), parts.next()) else {
            return Err(Why::Function("/"));
        };
        let c = factor.as_constant().ok_or(Why::Function("/"))?;
        let exponent = exponent.scaled(-Complex64::ONE);
        Form::of(exponent, Polynomial::constant(c.inv())).checked()
    }

    /// `exp(factor*self)`, called `name` where that is of no class.
    fn exponential(&self, factor: Complex64, name: &'static str) -> Outcome {
        let exponent = self.as_polynomial().ok_or(Why::Function(name))?;
        let most = if factor.im == 0.0 { 2 } else { 1 };
        let one = Polynomial::constant(Complex64::ONE);
        match exponent.degree() <= most {
            true => Form::of(exponent.scaled(factor), one).checked(),
            false => Err(Why::Function(name)),
        }
    }

    /// `a exp(factor self) + b exp(-factor self)`.
    fn pair(&self, a: Complex64, b: Complex64, factor: Complex64, name: &'static str) -> Outcome {
        let [plus, minus] = [
            self.exponential(factor, name)?,
            self.exponential(-factor, name)?,
        ];
        let weighted = |form: &Form, c: Complex64| form.times(&Form::of_number(c));
        weighted(&plus, a)?.sum(&weighted(&minus, b)?, 1.0)
    }

    fn of_number(c: Complex64) -> Form {
        Form::of(Polynomial::default(), Polynomial::constant(c))
    }

    fn checked(self) -> Outcome {
        let finite = |(e, p): (&Polynomial, &Polynomial)| e.is_finite() && p.is_finite();
        if !self.0.iter().all(finite) {
            return Err(Why::NotFinite);
        }
        match self.0.values().map(Polynomial::len).sum::<usize>() > MOST {
            true => Err(Why::TooLong),
            false => Ok(self),
        }
    }
}

/// Turns nodes of a graph into forms, each once.
pub(super) struct Reader<'g> {
    graph: &'g Graph,
    depends: Vec<bool>,
    numbers: HashMap<Node, f64>,
    forms: HashMap<Node, Result<Rc<Form>, Why>>,
}

impl<'g> Reader<'g> {
    /// A reader of the nodes, and of all that they need.
    pub(super) fn new(
        graph: &'g Graph,
        nodes: &[Node],
        dimension: usize,
        parameters: &[f64],
    ) -> Reader<'g> {
        let depends = graph.depends(|input| (input as usize) < dimension);
        let known = |node: &Node| !depends[node.index()];
        let known: Vec<Node> = graph.schedule(nodes).into_iter().filter(known).collect();
        let mut inputs = vec![f64::NAN; dimension];
        inputs.extend(parameters);
        let values = Evaluator::new(graph, &known).evaluate(&inputs);
        let mut reader = Reader {
            graph,
            depends,
            numbers: known.into_iter().zip(values).collect(),
            forms: HashMap::new(),
        };
        // Operands come before what needs them.
        for node in graph.schedule(nodes) {
            let form = reader.read(node).map(Rc::new);
            reader.forms.insert(node, form);
        }
        reader
    }

    /// The form of a node that was asked for.
    pub(super) fn form(&self, node: Node) -> Result<Rc<Form>, Why> {
        let form = self.forms.get(&node);
        form.cloned().unwrap_or(Err(Why::NotFinite))
    }

    fn read(&self, node: Node) -> Outcome {
        if !self.depends[node.index()] {
            return Form::constant(self.numbers[&node]).checked();
        }
        match self.graph.op(node) {
            Op::Input(input) => Ok(Form::of(Polynomial::default(), Polynomial::variable(input))),
            Op::Power(a, n) => self.form(a)?.power(n),
            Op::Apply1(function, a) => apply1(function, self.form(a)?.as_ref()),
            Op::Apply2(function, a, b) => self.apply2(function, a, b),
            Op::Select(..) | Op::Compare(..) | Op::And(..) | Op::Or(..) | Op::Not(_) => {
                Err(Why::Function("if"))
            }
            Op::Spline(..) => Err(Why::Function("spline")),
            Op::Constant(_) => Err(Why::NotFinite),
        }
    }

    fn apply2(&self, function: Function, a: Node, b: Node) -> Outcome {
        let (first, second) = (self.form(a)?, self.form(b)?);
        match function {
            Function::Add => first.sum(&second, 1.0),
            Function::Subtract => first.sum(&second, -1.0),
            Function::Multiply => first.times(&second),
            Function::Divide => match self.numbers.get(&b) {
                Some(b) => first.scaled(b.recip()),
                None => first.times(&second.reciprocal()?),
            },
            Function::Power => self.general_power(&first, &second, (a, b)),
            function => Err(Why::Function(function.name())),
        }
    }

    fn general_power(&self, first: &Form, second: &Form, (a, b): (Node, Node)) -> Outcome {
        match (self.numbers.get(&a), self.numbers.get(&b)) {
            (_, Some(&n)) if n.trunc() == n && n.abs() <= f64::from(LARGEST_POWER) => {
                first.power(n as i32)
            }
            (Some(&base), _) if base > 0.0 => {
                second.exponential(Complex64::new(base.ln(), 0.0), "^")
            }
            _ => Err(Why::Function("^")),
        }
    }
}

fn apply1(function: Function, a: &Form) -> Outcome {
    let (one, i) = (Complex64::ONE, Complex64::I);
    let half = 0.5 * one;
    let name = function.name();
    match function {
        Function::Negate => a.scaled(-1.0),
        Function::Exp => a.exponential(one, name),
        Function::Expm1 => a.exponential(one, name)?.sum(&Form::constant(1.0), -1.0),
        Function::Sin => a.pair(-half * i, half * i, i, name),
        Function::Cos => a.pair(half, half, i, name),
        Function::Sinh => a.pair(half, -half, one, name),
        Function::Cosh => a.pair(half, half, one, name),
        _ => Err(Why::Function(name)),
    }
}

/// The linear part of an exponent.
pub(super) fn linear_part(exponent: &Polynomial) -> Vec<(u32, Complex64)> {
    let linear = exponent.parts().filter(|(m, _)| degree(m) == 1);
    linear.map(|(monomial, c)| (monomial[0].0, c)).collect()
}
