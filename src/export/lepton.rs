//! Lepton, the formulas of OpenMM and PLUMED: what it calls functions, and what to say in their
//! place where it has none.
//!
//! Lepton differentiates what it reads, so a replacement has to have the right slope as well.

use std::collections::HashMap;

use super::refused;
use super::splines::Splines;
use super::straight::{Dialect, Form, Straight, Text, Tight};
use crate::diagnostic::Diagnostic;
use crate::graph::{
    Comparison, Extension, Function, Graph, MAX_DEGREE, Node, Op, Spline, SplineAxis, SplineId,
    number,
};

/// What Lepton itself calls so, or PLUMED does in it.
pub(super) const RESERVED: &str = "\
    sqrt exp log sin cos sec csc tan cot asin acos atan atan2 sinh cosh tanh erf erfc step \
    delta nandelta square cube recip min max abs floor ceil select acot asec acsc coth sech \
    csch asinh acosh atanh acoth asech acsch distance angle dihedral pointdistance \
    pointangle pointdihedral vectordistance vectorangle vectordihedral x y z r theta t e pi \
    log2e log10e ln2 ln10 pi_2 pi_4 sqrt2 sqrt1_2";

/// The largest formula, in operations as Lepton sees them: it has no names of its own and copies
/// what stands behind one.
const LARGEST: f64 = 50_000.0;

/// How Lepton writes formulas that [`lowered`] has prepared.
pub(super) struct Lepton;

impl Dialect for Lepton {
    fn number(&self, value: f64) -> Text {
        Text::atom(number(value))
    }

    fn function(&self, function: Function) -> Form {
        match function {
            Function::Power => Form::new(Tight::Power, "@a^@b"),
            function if function.arity() == 1 => Form::atom(format!("{}($a)", function.name())),
            function => Form::atom(format!("{}($a, $b)", function.name())),
        }
    }

    fn power(&self, n: i32) -> Form {
        match n {
            -1 => Form::new(Tight::Product, "1/@a"),
            n if n < 0 => Form::new(Tight::Power, format!("@a^({n})")),
            n => Form::new(Tight::Power, format!("@a^{n}")),
        }
    }

    fn comparison(&self, comparison: Comparison) -> Form {
        // No condition holds for NaN: `1 - step(a - b)` would.
        match comparison {
            Comparison::Less => Form::new(Tight::Product, "step($b - @a)*(1 - delta($b - @a))"),
            Comparison::LessEqual => Form::atom("step($b - @a)"),
            Comparison::Greater => Form::new(Tight::Product, "step($a - @b)*(1 - delta($a - @b))"),
            Comparison::GreaterEqual => Form::atom("step($a - @b)"),
            Comparison::Equal => Form::atom("delta($a - @b)"),
            Comparison::NotEqual => Form::new(Tight::Sum, "1 - delta($a - @b)"),
        }
    }

    fn logic(&self, op: &Op) -> Form {
        match op {
            Op::And(..) => Form::new(Tight::Product, "@a*@b"),
            Op::Or(..) => Form::new(Tight::Sum, "1 - (1 - @a)*(1 - @b)"),
            _ => Form::new(Tight::Sum, "1 - @a"),
        }
    }

    fn select(&self) -> Form {
        Form::atom("select($a, $b, $c)")
    }

    fn spline(&self, splines: &Splines, id: SplineId, graph: &Graph, point: &[String]) -> String {
        let place = splines.find(graph, id);
        format!("table{}({})", place.table + 1, point.join(", "))
    }
}

/// A formula and the names that it uses, the way Lepton reads them: what is used stands behind.
pub(super) fn text(straight: &Straight) -> Vec<String> {
    let lines = straight.lines.iter().rev();
    let lines = lines.map(|(name, text)| format!("{name} = {text}"));
    std::iter::once(straight.roots[0].text.clone())
        .chain(lines)
        .collect()
}

/// The roots in functions that Lepton has; with `tables`, splines by look-ups of their coefficients.
///
/// # Errors
/// If the formula is too large for a reader that copies what is used twice.
pub(super) fn lowered(
    graph: &mut Graph,
    roots: &[Node],
    tables: bool,
) -> Result<Vec<Node>, Diagnostic> {
    let roots = graph.rewrite(roots, |graph, op| match op {
        Op::Apply1(function, x) => one(graph, function, x),
        Op::Apply2(Function::Hypot, a, b) => {
            let (a, b) = (graph.power(a, 2), graph.power(b, 2));
            let sum = graph.plus(a, b);
            graph.apply1(Function::Sqrt, sum)
        }
        Op::Apply2(Function::Mod, a, b) => {
            let ratio = graph.over(a, b);
            let whole = graph.apply1(Function::Floor, ratio);
            let whole = graph.times(b, whole);
            graph.minus(a, whole)
        }
        Op::Spline(id, _) if tables => {
            let table = graph.spline_table(id).clone();
            let point: Vec<Node> = op.operands().collect();
            spline(graph, &table, &point)
        }
        op => graph.add(op),
    });
    let mut sizes: HashMap<Node, f64> = HashMap::new();
    for at in graph.schedule(&roots) {
        let operands = graph.op(at).operands().map(|operand| sizes[&operand]);
        let size = 1.0 + operands.sum::<f64>();
        if size > LARGEST {
            let message = format!(
                "the formula has more than {LARGEST} operations where nothing is computed twice"
            );
            return Err(super::Diagnostic::error("too-long", message).help(
                "OpenMM and PLUMED copy what a formula uses more than once: take a smaller potential by --potential NAME, or export to python or c",
            ));
        }
        sizes.insert(at, size);
    }
    Ok(roots)
}

fn one(graph: &mut Graph, function: Function, x: Node) -> Node {
    let number = |graph: &mut Graph, value: f64| graph.constant(value);
    match function {
        Function::Log1p => log1p(graph, x),
        Function::Expm1 => {
            let (half, two, one) = (number(graph, 0.5), number(graph, 2.0), number(graph, 1.0));
            let half = graph.times(half, x);
            let (e, s) = (
                graph.apply1(Function::Exp, half),
                graph.apply1(Function::Sinh, half),
            );
            let product = graph.times(e, s);
            let near = graph.times(two, product);
            let e = graph.apply1(Function::Exp, x);
            let far = graph.minus(e, one);
            let small = within(graph, x, 1.0);
            graph.select(small, near, far)
        }
        Function::Atanh => {
            let (half, two, one) = (number(graph, 0.5), number(graph, 2.0), number(graph, 1.0));
            let top = graph.times(two, x);
            let bottom = graph.minus(one, x);
            let ratio = graph.over(top, bottom);
            let log = log1p(graph, ratio);
            graph.times(half, log)
        }
        Function::Asinh => {
            let one = number(graph, 1.0);
            let (side, size) = side(graph, x);
            let square = graph.power(x, 2);
            let sum = graph.plus(one, square);
            let root = graph.apply1(Function::Sqrt, sum);
            let bottom = graph.plus(one, root);
            let ratio = graph.over(square, bottom);
            let sum = graph.plus(size, ratio);
            let log = log1p(graph, sum);
            graph.times(side, log)
        }
        Function::Acosh => {
            let one = number(graph, 1.0);
            let (minus, plus) = (graph.minus(x, one), graph.plus(x, one));
            let (a, b) = (
                graph.apply1(Function::Sqrt, minus),
                graph.apply1(Function::Sqrt, plus),
            );
            let root = graph.times(a, b);
            let sum = graph.plus(minus, root);
            log1p(graph, sum)
        }
        Function::Log10 => {
            let log = graph.apply1(Function::Log, x);
            let factor = number(graph, std::f64::consts::LOG10_E);
            graph.times(log, factor)
        }
        Function::Cbrt => {
            let (side, size) = side(graph, x);
            let third = number(graph, 1.0 / 3.0);
            let root = graph.apply2(Function::Power, size, third);
            graph.times(side, root)
        }
        Function::Sign => {
            let (zero, up, down) = (number(graph, 0.0), number(graph, 1.0), number(graph, -1.0));
            let above = graph.compare(Comparison::Greater, x, zero);
            let below = graph.compare(Comparison::Less, x, zero);
            // A product keeps NaN and has no slope.
            let none = graph.times(zero, x);
            let rest = graph.select(below, down, none);
            graph.select(above, up, rest)
        }
        function => graph.apply1(function, x),
    }
}

/// `-1` or `1`, and the absolute value.
fn side(graph: &mut Graph, x: Node) -> (Node, Node) {
    let (zero, up, down) = (
        graph.constant(0.0),
        graph.constant(1.0),
        graph.constant(-1.0),
    );
    let below = graph.compare(Comparison::Less, x, zero);
    let side = graph.select(below, down, up);
    let size = graph.times(side, x);
    (side, size)
}

fn within(graph: &mut Graph, x: Node, limit: f64) -> Node {
    let size = graph.apply1(Function::Abs, x);
    let limit = graph.constant(limit);
    graph.compare(Comparison::Less, size, limit)
}

/// `log(1 + x)`, near zero by its series, which leaves 1e-19 of it.
fn log1p(graph: &mut Graph, x: Node) -> Node {
    let one = graph.constant(1.0);
    let mut series = graph.constant(1.0 / 9.0);
    for k in (1..9).rev() {
        let coefficient = graph.constant(1.0 / f64::from(k));
        let rest = graph.times(x, series);
        series = graph.minus(coefficient, rest);
    }
    let near = graph.times(x, series);
    let sum = graph.plus(one, x);
    let far = graph.apply1(Function::Log, sum);
    let small = within(graph, x, 0.01);
    graph.select(small, near, far)
}

/// Where a coordinate is along an axis: the cell, and the weights of its coefficients.
struct Along {
    cell: Node,
    weights: Vec<Node>,
}

/// A spline as a sum of its coefficients by weights. A coefficient is a spline of degree 0, whose
/// argument is the place of the coefficient.
fn spline(graph: &mut Graph, table: &Spline, point: &[Node]) -> Node {
    let mut inside: Option<Node> = None;
    let mut axes = Vec::new();
    for (axis, &x) in point.iter().enumerate() {
        let SplineAxis { lo, hi, periodic } = table.axes()[axis];
        if table.extensions()[axis] == Extension::Zero && !periodic {
            let (lo, hi) = (graph.constant(lo), graph.constant(hi));
            let above = graph.compare(Comparison::GreaterEqual, x, lo);
            let below = graph.compare(Comparison::LessEqual, x, hi);
            let both = graph.add(Op::And(above, below));
            inside = Some(match inside {
                Some(known) => graph.add(Op::And(known, both)),
                None => both,
            });
        }
        axes.push(along(graph, table, axis, x));
    }
    let (coefficients, shape) = unwrapped(table);
    let size = coefficients.len() as f64;
    // The table was a good one: this is always there.
    let look_up = Spline::new(0, -0.5, size - 0.5, coefficients);
    let look_up = look_up.map(std::sync::Arc::new);
    let zero = graph.constant(0.0);
    let sum = match look_up {
        Some(look_up) => weighted(graph, &look_up, &axes, &shape, None),
        None => zero,
    };
    match inside {
        Some(inside) => graph.select(inside, sum, zero),
        None => sum,
    }
}

fn weighted(
    graph: &mut Graph,
    look_up: &std::sync::Arc<Spline>,
    axes: &[Along],
    shape: &[usize],
    before: Option<Node>,
) -> Node {
    let (Some(first), Some(&size)) = (axes.first(), shape.first()) else {
        let zero = graph.constant(0.0);
        return graph.spline(look_up.clone(), &[before.unwrap_or(zero)]);
    };
    let base = match before {
        Some(before) => {
            let size = graph.constant(size as f64);
            let before = graph.times(before, size);
            graph.plus(before, first.cell)
        }
        None => first.cell,
    };
    let mut sum: Option<Node> = None;
    for (j, &weight) in first.weights.iter().enumerate() {
        let place = match j {
            0 => base,
            j => {
                let j = graph.constant(j as f64);
                graph.plus(base, j)
            }
        };
        let inner = weighted(graph, look_up, &axes[1..], &shape[1..], Some(place));
        let term = graph.times(weight, inner);
        sum = Some(match sum {
            Some(sum) => graph.plus(sum, term),
            None => term,
        });
    }
    sum.unwrap_or(base)
}

/// The coefficients with those repeated that an axis wraps onto, and how many there are along each.
fn unwrapped(table: &Spline) -> (Vec<f64>, Vec<usize>) {
    let shape: Vec<usize> = (0..table.dimension())
        .map(|axis| table.cells_along(axis) + table.degrees()[axis])
        .collect();
    let count: usize = shape.iter().product();
    let value = |mut index: usize| {
        let (mut place, mut stride) = (0, 1);
        for axis in (0..shape.len()).rev() {
            let size = table.shape()[axis];
            place += stride * (index % shape[axis] % size);
            index /= shape[axis];
            stride *= size;
        }
        table.coefficients()[place]
    };
    ((0..count).map(value).collect(), shape)
}

fn along(graph: &mut Graph, table: &Spline, axis: usize, x: Node) -> Along {
    let SplineAxis { lo, periodic, .. } = table.axes()[axis];
    let (cells, degree) = (table.cells_along(axis) as f64, table.degrees()[axis]);
    let (lo, h) = (
        graph.constant(lo),
        graph.constant(table.spacing_along(axis)),
    );
    let offset = graph.minus(x, lo);
    let t = graph.over(offset, h);
    let count = graph.constant(cells);
    let floor = |graph: &mut Graph, x: Node| graph.apply1(Function::Floor, x);
    if periodic {
        let whole = floor(graph, t);
        let u = graph.minus(t, whole);
        let turns = graph.over(whole, count);
        let turns = floor(graph, turns);
        let turns = graph.times(turns, count);
        let cell = graph.minus(whole, turns);
        let weights = weights(graph, degree, u, None);
        return Along { cell, weights };
    }
    let (zero, last) = (graph.constant(0.0), graph.constant(cells - 1.0));
    let near = graph.apply2(Function::Max, t, zero);
    let near = graph.apply2(Function::Min, near, count);
    let whole = floor(graph, near);
    let cell = graph.apply2(Function::Min, whole, last);
    let u = graph.minus(near, cell);
    let excess = graph.minus(t, near);
    let excess = table.continues(axis).then_some(excess);
    let weights = weights(graph, degree, u, excess);
    Along { cell, weights }
}

/// The weights of the coefficients of a cell at `u`, and what they gain where the spline goes on
/// along its tangent.
fn weights(graph: &mut Graph, degree: usize, u: Node, excess: Option<Node>) -> Vec<Node> {
    (0..=degree)
        .map(|j| {
            let powers = powers(degree, j);
            let weight = horner(graph, &powers, u);
            let Some(excess) = excess else {
                return weight;
            };
            let slopes: Vec<f64> = powers
                .iter()
                .enumerate()
                .skip(1)
                .map(|(k, c)| k as f64 * c)
                .collect();
            let slope = horner(graph, &slopes, u);
            let more = graph.times(excess, slope);
            graph.plus(weight, more)
        })
        .collect()
}

fn horner(graph: &mut Graph, powers: &[f64], u: Node) -> Node {
    let mut value = graph.constant(powers.last().copied().unwrap_or(0.0));
    for c in powers.iter().rev().skip(1) {
        let c = graph.constant(*c);
        let product = graph.times(u, value);
        value = graph.plus(c, product);
    }
    value
}

/// The weight of coefficient `j` of a cell as a polynomial of `u`, lowest power first.
fn powers(degree: usize, j: usize) -> Vec<f64> {
    let mut unit = vec![0.0; degree.min(MAX_DEGREE) + 1];
    unit[j] = 1.0;
    let width = unit.len();
    let spline = Spline::new(degree, 0.0, 1.0, unit);
    spline.map_or(vec![0.0; width], |spline| {
        spline.polynomials()[..width].to_vec()
    })
}

/// What both programs cannot do.
pub(super) fn no_gradient(program: &str) -> Diagnostic {
    refused(
        format!("{program} differentiates the energy itself"),
        "leave --gradient out: the forces come with the energy",
    )
}
