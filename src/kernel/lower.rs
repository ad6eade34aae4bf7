//! Formulas as lane code.

use super::LaneBuilder;
use super::elementary::{self, Angle};
use super::harmonics::{Family, Waves};
use super::lane::{Mask, Value};
use super::spline::{lower_spline, spline_table};
use crate::graph::{Bits, Comparison, Function, Graph, Node, Op, SplineId};
use std::collections::{HashMap, HashSet};

/// The largest exponent that is multiplied out: the relative error of a chain grows as the
/// exponent times 2^-53.
const MAX_CHAIN: u32 = 64;

/// The most products that are added one after the other to what was their sum's other part: each
/// is looked at again in every sum that they are part of.
const MOST_LINKED: usize = 16;

/// What a lowering may change by rounding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lowering {
    /// Division by an invariant becomes a product with its reciprocal, computed once; division of
    /// several by the same, products with one reciprocal.
    pub reciprocals: bool,
    /// `a*b + c` becomes one instruction with one rounding.
    pub contract: bool,
    /// A power is the product of two that are there, if any are.
    pub powers: bool,
    /// A sine or cosine of `k*x` takes the angle as a multiple of x, and may come from that of
    /// another multiple: an absolute error of 4e-16, or 8e-16 times the multiple, and one
    /// rounding of the angle.
    pub angles: bool,
    /// An exponential may be off by 6e-16 of itself and 1.3e-16 for each unit of its argument, about
    /// as if this had been rounded once more.
    pub exponentials: bool,
    /// Sums of products are added one product after the other: `a + (p q + r s)` is two fused
    /// operations.
    pub chains: bool,
}

impl Lowering {
    /// As the graph evaluator rounds: for values.
    pub const EXACT: Lowering = Lowering {
        reciprocals: false,
        contract: false,
        powers: false,
        angles: false,
        exponentials: false,
        chains: false,
    };
    /// Fast: for step loops.
    pub const FAST: Lowering = Lowering {
        reciprocals: true,
        contract: true,
        powers: true,
        angles: true,
        exponentials: true,
        chains: true,
    };
}

/// What a node became; numbers and truth values change into each other only where it is needed.
#[derive(Clone, Copy)]
enum Lowered {
    Number(Value),
    Truth(Mask),
}

/// The roots as lane code, at these values of the inputs (NaN for a missing one). A root that is
/// a truth value comes out as 0 or 1.
pub fn lower_graph(
    builder: &mut LaneBuilder,
    graph: &Graph,
    roots: &[Node],
    inputs: &[Value],
    lowering: Lowering,
) -> Vec<Value> {
    let schedule = graph.schedule(roots);
    let varies = graph.depends(|input| match inputs.get(input as usize) {
        Some(&value) => !builder.is_invariant(value),
        None => false,
    });
    let waves = match lowering.angles {
        true => Waves::of(graph, &schedule, &varies),
        false => Waves::default(),
    };
    let mut lower = Lower {
        builder,
        graph,
        inputs,
        lowering,
        done: vec![None; graph.len()],
        tables: HashMap::new(),
        angles: vec![None; waves.families.len()],
        multiples: HashMap::new(),
        waves,
        divisors: match lowering.reciprocals {
            true => divisors(graph, &schedule),
            false => HashMap::new(),
        },
        powers: HashMap::new(),
        links: match lowering.chains {
            true => links(graph, &schedule, roots),
            false => HashSet::new(),
        },
    };
    // Angles need all invariants of their unit.
    let (first, then): (Vec<Node>, Vec<Node>) = match lowering.angles {
        true => schedule.into_iter().partition(|node| !varies[node.index()]),
        false => (schedule, Vec::new()),
    };
    for node in first.into_iter().chain(then) {
        lower.done[node.index()] = Some(lower.op(graph.op(node)));
    }
    roots.iter().map(|root| lower.number(*root)).collect()
}

struct Lower<'a> {
    builder: &'a mut LaneBuilder,
    graph: &'a Graph,
    inputs: &'a [Value],
    lowering: Lowering,
    done: Vec<Option<Lowered>>,
    /// The tables of the splines so far.
    tables: HashMap<SplineId, u32>,
    waves: Waves,
    /// By family, the angle that the others are multiples of.
    angles: Vec<Option<Angle>>,
    /// By family and multiple, the sine or cosine.
    multiples: HashMap<(usize, u32, Function), Value>,
    /// How many quotients have this denominator.
    divisors: HashMap<Node, usize>,
    /// What is there by base and exponent.
    powers: HashMap<(Value, u32), Value>,
    /// Sums that only another sum needs.
    links: HashSet<Node>,
}

impl Lower<'_> {
    fn number(&mut self, node: Node) -> Value {
        match self.done[node.index()] {
            Some(Lowered::Number(value)) => value,
            Some(Lowered::Truth(mask)) => {
                let (one, zero) = (self.builder.constant(1.0), self.builder.constant(0.0));
                self.builder.select(mask, one, zero)
            }
            // A schedule has operands first, so this is not reached.
            None => self.builder.constant(f64::NAN),
        }
    }

    fn truth(&mut self, node: Node) -> Mask {
        match self.done[node.index()] {
            Some(Lowered::Truth(mask)) => mask,
            _ => {
                let (value, zero) = (self.number(node), self.builder.constant(0.0));
                self.builder.compare(Comparison::NotEqual, value, zero)
            }
        }
    }

    fn op(&mut self, op: Op) -> Lowered {
        match op {
            Op::Compare(comparison, a, b) => {
                let (a, b) = (self.number(a), self.number(b));
                Lowered::Truth(self.builder.compare(comparison, a, b))
            }
            Op::And(a, b) => {
                let (a, b) = (self.truth(a), self.truth(b));
                Lowered::Truth(self.builder.and(a, b))
            }
            Op::Or(a, b) => {
                let (a, b) = (self.truth(a), self.truth(b));
                Lowered::Truth(self.builder.or(a, b))
            }
            Op::Not(a) => {
                let a = self.truth(a);
                Lowered::Truth(self.builder.not(a))
            }
            op => Lowered::Number(self.numeric(op)),
        }
    }

    fn numeric(&mut self, op: Op) -> Value {
        match op {
            Op::Constant(bits) => self.builder.constant(Bits::value(bits)),
            Op::Input(input) => match self.inputs.get(input as usize) {
                Some(&value) => value,
                None => self.builder.constant(f64::NAN),
            },
            Op::Apply1(function @ (Function::Sin | Function::Cos), a)
                if self.waves.angles.contains_key(&a) =>
            {
                self.wave(function, a)
            }
            Op::Apply1(Function::Exp, a) if self.lowering.exponentials => {
                let a = self.number(a);
                elementary::exp_short(self.builder, a)
            }
            Op::Apply1(function, a) => {
                let a = self.number(a);
                let unused = self.builder.constant(0.0);
                elementary::lower(self.builder, function, [a, unused])
            }
            Op::Apply2(Function::Divide, a, b) if self.divisors.get(&b) > Some(&1) => {
                let (a, b) = (self.number(a), self.number(b));
                let one = self.builder.constant(1.0);
                let reciprocal = self.builder.div(one, b);
                self.product(a, reciprocal)
            }
            Op::Apply2(Function::Add, a, b) if self.links.contains(&b) => self.chained(a, b),
            Op::Apply2(Function::Add, a, b) if self.links.contains(&a) => self.chained(b, a),
            Op::Apply2(function, a, b) => {
                let args = [self.number(a), self.number(b)];
                self.apply2(function, args)
            }
            Op::Power(a, n) => {
                let a = self.number(a);
                self.power(a, n)
            }
            Op::Select(condition, a, b) => {
                let condition = self.truth(condition);
                let (a, b) = (self.number(a), self.number(b));
                self.builder.select(condition, a, b)
            }
            Op::Spline(id, _) => {
                let point: Vec<Value> = op.operands().map(|x| self.number(x)).collect();
                let spline = self.graph.spline_table(id);
                let table = match self.tables.get(&id) {
                    Some(&table) => table,
                    None => {
                        let table = spline_table(self.builder, spline);
                        self.tables.insert(id, table);
                        table
                    }
                };
                lower_spline(self.builder, spline, table, &point)
            }
            Op::Compare(..) | Op::And(..) | Op::Or(..) | Op::Not(_) => {
                self.builder.constant(f64::NAN)
            }
        }
    }

    /// The sine or cosine of an angle that varies.
    fn wave(&mut self, function: Function, angle: Node) -> Value {
        let harmonic = self.waves.angles[&angle];
        let value = self.multiple(harmonic.family, harmonic.multiple, function);
        match function == Function::Sin && harmonic.negative {
            true => self.builder.neg(value),
            false => value,
        }
    }

    /// The sine or cosine of a multiple of the angle of a family.
    fn multiple(&mut self, family: usize, multiple: u32, function: Function) -> Value {
        if let Some(&value) = self.multiples.get(&(family, multiple, function)) {
            return value;
        }
        let value = match self.waves.families[family].sums.get(&multiple) {
            Some(&parts) => {
                let [cosines, sines] = [Function::Cos, Function::Sin]
                    .map(|function| parts.map(|part| self.multiple(family, part, function)));
                let b = &mut *self.builder;
                match function {
                    Function::Cos => {
                        let minus = b.neg(sines[1]);
                        let product = b.mul(sines[0], minus);
                        b.fma(cosines[0], cosines[1], product)
                    }
                    _ if parts[0] == parts[1] => {
                        let twice = b.add(sines[0], sines[0]);
                        b.mul(twice, cosines[0])
                    }
                    _ => {
                        let product = b.mul(sines[0], cosines[1]);
                        b.fma(cosines[0], sines[1], product)
                    }
                }
            }
            None => {
                let angle = self.angle(family);
                match function {
                    Function::Cos => angle.cos(self.builder),
                    _ => angle.sin(self.builder),
                }
            }
        };
        self.multiples.insert((family, multiple, function), value);
        value
    }

    /// The angle of a family.
    fn angle(&mut self, family: usize) -> Angle {
        if let Some(angle) = self.angles[family] {
            return angle;
        }
        let Family {
            coefficient, unit, ..
        } = self.waves.families[family].clone();
        let powers = unit.factors.iter();
        let powers: Vec<(Value, i32)> = powers
            .map(|&(node, exponent)| (self.number(node), exponent))
            .collect();
        let x = self.number(unit.atom);
        let angle = Angle::new(self.builder, x, coefficient, &powers);
        self.angles[family] = Some(angle);
        angle
    }

    /// `x^n` by repeated squaring, `0^0 = 1`; a negative power is the reciprocal of the positive
    /// one. Any other order of the products has the same bound of its error.
    fn power(&mut self, x: Value, n: i32) -> Value {
        let one = self.builder.constant(1.0);
        let magnitude = n.unsigned_abs();
        if magnitude > MAX_CHAIN {
            let n = self.builder.constant(f64::from(n));
            return elementary::lower(self.builder, Function::Power, [x, n]);
        }
        let known = match self.lowering.powers {
            true => self.known_power(x, magnitude),
            false => None,
        };
        let product = known.unwrap_or_else(|| self.squared_power(x, magnitude));
        self.powers.insert((x, magnitude), product);
        match n < 0 {
            true => self.builder.div(one, product),
            false => product,
        }
    }

    /// A power that is there, or the product of two that are.
    fn known_power(&mut self, x: Value, n: u32) -> Option<Value> {
        let there = |n: u32| match n {
            1 => Some(x),
            n => self.powers.get(&(x, n)).copied(),
        };
        let product = |a: u32| there(a).zip(there(n - a));
        let found = there(n).map(|power| (power, None));
        let found = found.or_else(|| {
            let product = (n.div_ceil(2)..n).find_map(product);
            product.map(|(a, b)| (a, Some(b)))
        });
        let (a, b) = found?;
        Some(b.map_or(a, |b| self.builder.mul(a, b)))
    }

    fn squared_power(&mut self, x: Value, n: u32) -> Value {
        let mut product = self.builder.constant(1.0);
        let (mut rest, mut square, mut known, mut done) = (n, x, 1, 0);
        while rest > 0 {
            if rest % 2 == 1 {
                product = self.builder.mul(product, square);
                done += known;
                self.powers.insert((x, done), product);
            }
            rest /= 2;
            if rest > 0 {
                square = self.builder.mul(square, square);
                known *= 2;
                self.powers.insert((x, known), square);
            }
        }
        product
    }

    /// `a*b`; invariants of a product and of one of its factors are multiplied once.
    fn product(&mut self, a: Value, b: Value) -> Value {
        let b_varies = !self.builder.is_invariant(b);
        let (varying, invariant) = if b_varies { (b, a) } else { (a, b) };
        let builder = &mut *self.builder;
        let once = self.lowering.reciprocals
            && builder.is_invariant(invariant)
            && !builder.is_invariant(varying);
        match builder.as_product(varying).filter(|_| once) {
            Some((x, y)) if builder.is_invariant(x) => {
                let scale = builder.mul(x, invariant);
                builder.mul(scale, y)
            }
            Some((x, y)) if builder.is_invariant(y) => {
                let scale = builder.mul(y, invariant);
                builder.mul(scale, x)
            }
            _ => builder.mul(a, b),
        }
    }

    /// `a + link`, the products of the link one after the other where it consists of some. (What is
    /// rounded away is of the size of a product or of the sum so far, as it is without.)
    fn chained(&mut self, a: Node, link: Node) -> Value {
        let start = self.number(a);
        let products = match self.builder.as_product(start) {
            // Is itself added to the link in one operation.
            Some(_) => None,
            None => self.products(link),
        };
        match products {
            Some(products) => products
                .into_iter()
                .fold(start, |sum, (x, y)| self.builder.fma(x, y, sum)),
            None => {
                let link = self.number(link);
                self.apply2(Function::Add, [start, link])
            }
        }
    }

    /// The products that a sum consists of, if it does, is varying and there are few.
    fn products(&self, sum: Node) -> Option<Vec<(Value, Value)>> {
        let (mut open, mut found) = (vec![sum], Vec::new());
        while let Some(node) = open.pop() {
            match self.graph.op(node) {
                Op::Apply2(Function::Add, p, q) if self.links.contains(&node) => {
                    open.extend([q, p]);
                }
                _ => match self.done[node.index()] {
                    Some(Lowered::Number(value)) if !self.builder.is_invariant(value) => {
                        found.push(self.builder.as_product(value)?);
                    }
                    _ => return None,
                },
            }
            if found.len() + open.len() > MOST_LINKED {
                return None;
            }
        }
        Some(found)
    }

    fn apply2(&mut self, function: Function, [a, b]: [Value; 2]) -> Value {
        let builder = &mut *self.builder;
        let product = |builder: &LaneBuilder, value| match self.lowering.contract {
            true if !builder.is_invariant(value) => builder.as_product(value),
            _ => None,
        };
        match function {
            Function::Divide if self.lowering.reciprocals && builder.is_invariant(b) => {
                let one = builder.constant(1.0);
                let reciprocal = builder.div(one, b);
                self.product(a, reciprocal)
            }
            Function::Multiply => self.product(a, b),
            Function::Add => match (product(builder, a), product(builder, b)) {
                (Some((x, y)), _) => builder.fma(x, y, b),
                (_, Some((x, y))) => builder.fma(x, y, a),
                _ => builder.add(a, b),
            },
            Function::Subtract => match (product(builder, a), product(builder, b)) {
                (_, Some((x, y))) => {
                    let x = builder.neg(x);
                    builder.fma(x, y, a)
                }
                (Some((x, y)), _) => {
                    let b = builder.neg(b);
                    builder.fma(x, y, b)
                }
                _ => builder.sub(a, b),
            },
            _ => elementary::lower(builder, function, [a, b]),
        }
    }
}

/// The sums that have one reader, which is a sum.
fn links(graph: &Graph, schedule: &[Node], roots: &[Node]) -> HashSet<Node> {
    let is_sum = |node: Node| matches!(graph.op(node), Op::Apply2(Function::Add, ..));
    let mut readers: HashMap<Node, [usize; 2]> = HashMap::new();
    for &node in schedule {
        for operand in graph.op(node).operands() {
            let [all, sums] = readers.entry(operand).or_default();
            *all += 1;
            *sums += usize::from(is_sum(node));
        }
    }
    let mut links: HashSet<Node> = readers
        .into_iter()
        .filter(|(node, count)| is_sum(*node) && *count == [1, 1])
        .map(|(node, _)| node)
        .collect();
    roots.iter().for_each(|root| {
        links.remove(root);
    });
    links
}

/// How many quotients have each denominator.
fn divisors(graph: &Graph, schedule: &[Node]) -> HashMap<Node, usize> {
    let mut divisors = HashMap::new();
    for node in schedule {
        if let Op::Apply2(Function::Divide, _, b) = graph.op(*node) {
            *divisors.entry(b).or_insert(0) += 1;
        }
    }
    divisors
}
