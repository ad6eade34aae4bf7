//! One suite for everything that evaluates formulas: the graph's evaluator, the interpreter of
//! lane code and each compiled engine.

use effpot_lang::graph::{Comparison, Function, Graph, Node, Op};
use effpot_lang::kernel::{BatchKernel, Engine, LANES};

/// A kernel is inlined polynomials against correctly rounded or nearly so: a few units in the
/// last place each, 2^-52 the unit.
const FUNCTION_TOLERANCE: f64 = 32.0 * f64::EPSILON;

/// Values of one root at points of `dimension` coordinates, by one engine.
fn evaluate(
    engine: Engine,
    graph: &Graph,
    root: Node,
    points: &[Vec<f64>],
    parameters: &[f64],
) -> Vec<f64> {
    let dimension = points[0].len();
    let kernel = BatchKernel::compile(graph, &[root], dimension, engine).unwrap();
    let columns: Vec<f64> = (0..dimension)
        .flat_map(|i| points.iter().map(move |point| point[i]))
        .collect();
    let mut out = vec![0.0; points.len()];
    kernel.evaluate(&columns, points.len(), parameters, &mut out);
    out
}

fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    same(a, b) || (a - b).abs() <= tolerance * a.abs().max(b.abs())
}

/// Holds every engine to the graph's evaluator within a relative and an absolute tolerance (values
/// that are subnormal are not held to them), and the engines to each other bit by bit: they run the same lane code.
fn check(graph: &Graph, root: Node, points: &[Vec<f64>], tolerance: [f64; 2], what: &str) {
    let [tolerance, absolute] = tolerance;
    let oracle = evaluate(Engine::Interpreter, graph, root, points, &[]);
    for (point, &value) in points.iter().zip(&oracle) {
        let expected = graph.value(root, point);
        let near = (value - expected).abs() <= absolute;
        assert!(
            close(value, expected, tolerance) || near || expected.abs() < f64::MIN_POSITIVE,
            "{what} at {point:?}: lane code {value:e}, graph {expected:e}"
        );
    }
    for engine in Engine::available() {
        let values = evaluate(engine, graph, root, points, &[]);
        for ((value, expected), point) in values.iter().zip(&oracle).zip(points) {
            let equal = same(*value, *expected)
                && (value.is_nan() || value.is_sign_negative() == expected.is_sign_negative());
            assert!(
                equal,
                "{what} at {point:?}: {} {value:e}, interpreter {expected:e}",
                engine.name()
            );
        }
    }
}

/// A stream of numbers in [0, 1) (splitmix64).
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }
}

fn apply(graph: &mut Graph, function: Function) -> Node {
    let (a, b) = (graph.input(0), graph.input(1));
    match function.arity() {
        1 => graph.apply1(function, a),
        _ => graph.apply2(function, a, b),
    }
}

const SPECIAL: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -2.5,
    1e-8,
    700.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    -1e6,
];

#[test]
fn every_function_at_ordinary_special_and_awkward_points() {
    let mut stream = Stream(1);
    for &function in Function::ALL {
        let mut graph = Graph::new();
        let root = apply(&mut graph, function);
        let mut points: Vec<Vec<f64>> = (0..200)
            .map(|_| vec![6.0 * stream.next() - 3.0, 6.0 * stream.next() - 3.0])
            .collect();
        points.extend(function.awkward().iter().map(|awkward| awkward.at.to_vec()));
        for a in SPECIAL {
            points.extend(SPECIAL.map(|b| vec![a, b]));
        }
        // The cosine shares the reduction of the sine: near its zeros its error is absolute.
        let absolute = match function {
            Function::Cos => 2.0 * f64::EPSILON,
            _ => 0.0,
        };
        let tolerance = [FUNCTION_TOLERANCE, absolute];
        check(&graph, root, &points, tolerance, function.name());
    }
}

#[test]
fn the_table_is_right_at_its_awkward_points_in_every_engine() {
    for &function in Function::ALL {
        let mut graph = Graph::new();
        let root = apply(&mut graph, function);
        for awkward in function.awkward() {
            for engine in Engine::available() {
                let at = [awkward.at.to_vec()];
                let value = evaluate(engine, &graph, root, &at, &[])[0];
                let (name, engine) = (function.name(), engine.name());
                assert!(
                    close(value, awkward.value, FUNCTION_TOLERANCE),
                    "{name} {at:?} by {engine}: {value:e}"
                );
            }
        }
    }
}

#[test]
fn integer_powers() {
    let points: Vec<Vec<f64>> = [0.3, -0.7, 1.1, -1.3, 2.0]
        .into_iter()
        .chain(SPECIAL)
        .map(|x| vec![x])
        .collect();
    for n in [0, 1, 2, 3, 4, 7, 12, 31, 64, 65, -1, -2, -3, -12, -64, -65] {
        let mut graph = Graph::new();
        let x = graph.input(0);
        let root = graph.power(x, n);
        // A chain of n factors rounds at most n times, half a unit each.
        let tolerance = f64::from(n.abs() + 1) * f64::EPSILON;
        check(
            &graph,
            root,
            &points,
            [tolerance, 0.0],
            &format!("power {n}"),
        );
    }
}

#[test]
fn conditions_and_truth_values_as_numbers() {
    let mut points = Vec::new();
    for a in SPECIAL {
        points.extend(SPECIAL.map(|b| vec![a, b]));
    }
    let mut graph = Graph::new();
    let (a, b) = (graph.input(0), graph.input(1));
    let mut roots = vec![graph.add(Op::Not(a)), graph.add(Op::And(a, b))];
    for (comparison, _) in Comparison::ALL {
        let holds = graph.compare(comparison, a, b);
        let less = graph.compare(Comparison::Less, b, a);
        let both = graph.add(Op::And(holds, less));
        let either = graph.add(Op::Or(both, b));
        let not = graph.add(Op::Not(either));
        let chosen = graph.select(not, a, b);
        roots.extend([holds, both, either, not, chosen]);
    }
    for root in roots {
        let what = format!("{:?}", graph.op(root));
        check(&graph, root, &points, [0.0; 2], &what);
    }
}

#[test]
fn a_branch_that_is_not_chosen_leaks_no_nan() {
    let mut graph = Graph::new();
    let (x, zero) = (graph.input(0), graph.constant(0.0));
    let positive = graph.compare(Comparison::Greater, x, zero);
    let (log, root) = (
        graph.apply1(Function::Log, x),
        graph.apply1(Function::Sqrt, x),
    );
    let bad = graph.over(log, root);
    let chosen = graph.select(positive, bad, zero);
    let points = [-1.0, 0.0, -0.0, f64::NEG_INFINITY, f64::NAN].map(|x| vec![x]);
    for engine in Engine::available() {
        let values = evaluate(engine, &graph, chosen, &points, &[]);
        assert_eq!(values, [0.0; 5], "{}", engine.name());
    }
}

/// A random formula over two inputs of operations that every evaluator rounds alike.
fn random_formula(graph: &mut Graph, stream: &mut Stream, size: usize) -> Node {
    let mut nodes = vec![graph.input(0), graph.input(1), graph.constant(0.75)];
    for _ in 0..size {
        let mut pick = || nodes[nodes.len() - 1 - stream.below(nodes.len().min(8))];
        let (a, b, c) = (pick(), pick(), pick());
        let node = match stream.below(14) {
            0 => graph.plus(a, b),
            1 => graph.minus(a, b),
            2 => graph.times(a, b),
            3 => graph.over(a, b),
            4 => graph.negate(a),
            5 => graph.apply1(Function::Abs, a),
            6 => graph.apply1(Function::Sqrt, a),
            7 => graph.apply2(Function::Min, a, b),
            8 => graph.apply2(Function::Max, a, b),
            9 => graph.apply1(Function::Floor, a),
            10 => graph.apply1(Function::Sign, a),
            11 => graph.apply2(Function::Mod, a, b),
            12 => {
                let less = graph.compare(Comparison::LessEqual, a, b);
                graph.select(less, b, c)
            }
            _ => {
                let more = graph.compare(Comparison::NotEqual, a, c);
                let less = graph.compare(Comparison::Less, b, c);
                let both = graph.add(Op::And(more, less));
                graph.select(both, a, b)
            }
        };
        nodes.push(node);
    }
    nodes[nodes.len() - 1]
}

#[test]
fn random_formulas_of_exactly_rounded_operations_are_equal() {
    let mut stream = Stream(7);
    for case in 0..60 {
        let mut graph = Graph::new();
        let root = random_formula(&mut graph, &mut stream, 40);
        let mut points: Vec<Vec<f64>> = (0..20)
            .map(|_| vec![8.0 * stream.next() - 4.0, 8.0 * stream.next() - 4.0])
            .collect();
        points.extend([
            vec![0.0, -0.0],
            vec![f64::NAN, 1.0],
            vec![1.0, f64::INFINITY],
        ]);
        check(&graph, root, &points, [0.0; 2], &format!("formula {case}"));
    }
}

#[test]
fn parameters_change_without_compiling_again() {
    let mut graph = Graph::new();
    let (x, p, q) = (graph.input(0), graph.input(1), graph.input(2));
    let scaled = graph.over(x, p);
    let sum = graph.plus(scaled, q);
    for engine in Engine::available() {
        let kernel = BatchKernel::compile(&graph, &[sum, q], 1, engine).unwrap();
        assert_eq!(kernel.parameters(), 2);
        for parameters in [[2.0, 1.0], [3.0, -0.5]] {
            let mut out = [0.0; 4];
            kernel.evaluate(&[1.0, 7.0], 2, &parameters, &mut out);
            let [p, q] = parameters;
            let expected = [1.0 / p + q, 7.0 / p + q, q, q];
            assert_eq!(out, expected, "{}", engine.name());
        }
    }
}

#[test]
fn batches_of_any_count() {
    let mut graph = Graph::new();
    let (x, y) = (graph.input(0), graph.input(1));
    let product = graph.times(x, y);
    let difference = graph.minus(x, y);
    for engine in Engine::available() {
        let kernel = BatchKernel::compile(&graph, &[product, difference], 2, engine).unwrap();
        for count in [0, 1, 2, LANES - 1, LANES, LANES + 1, 2 * LANES + 3] {
            let points: Vec<f64> = (0..2 * count).map(|i| i as f64).collect();
            let mut out = vec![f64::NAN; 2 * count + 1];
            kernel.evaluate(&points, count, &[], &mut out);
            for i in 0..count {
                let (a, b) = (points[i], points[count + i]);
                assert_eq!((out[i], out[count + i]), (a * b, a - b), "{count}");
            }
            assert!(out[2 * count].is_nan(), "written past the end");
        }
    }
}

/// A root that is asked for twice, a constant among the roots, and each in its place.
#[test]
fn equal_roots_come_as_often_as_they_are_asked_for() {
    let mut graph = Graph::new();
    let (x, zero) = (graph.input(0), graph.constant(0.0));
    let square = graph.power(x, 2);
    for engine in Engine::available() {
        let roots = [square, zero, x, square, zero];
        let kernel = BatchKernel::compile(&graph, &roots, 1, engine).unwrap();
        let mut out = [f64::NAN; 10];
        kernel.evaluate(&[3.0, -2.0], 2, &[], &mut out);
        assert_eq!(out, [9.0, 4.0, 0.0, 0.0, 3.0, -2.0, 9.0, 4.0, 0.0, 0.0]);
    }
}

#[test]
fn no_roots_no_inputs() {
    let mut graph = Graph::new();
    let seven = graph.constant(7.0);
    for engine in Engine::available() {
        let kernel = BatchKernel::compile(&graph, &[], 0, engine).unwrap();
        kernel.evaluate(&[], 5, &[], &mut []);
        let kernel = BatchKernel::compile(&graph, &[seven], 0, engine).unwrap();
        let mut out = [0.0; 5];
        kernel.evaluate(&[], 5, &[], &mut out);
        assert_eq!(out, [7.0; 5]);
    }
}
