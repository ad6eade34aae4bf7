//! Derivatives against dual numbers: every function, its awkward points, random formulas.

mod support;

use effpot_lang::graph::{Function, Graph, Node};
use support::formulas::{Formula, Random};
use support::jet::{self, Jet};

/// Value, first and second derivative of a graph in input 0.
fn graph_jet(graph: &mut Graph, node: Node, x: f64, simplify: bool) -> Jet {
    let d = graph.derivative(node, 0);
    let h = graph.derivative(d, 0);
    let mut roots = vec![node, d, h];
    if simplify {
        roots = graph.simplify(&roots, 1);
    }
    Jet {
        v: graph.value(roots[0], &[x]),
        d: graph.value(roots[1], &[x]),
        h: graph.value(roots[2], &[x]),
    }
}

fn close(a: f64, b: f64, scale: f64, tolerance: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * b.abs().max(scale)
}

/// Points inside the domain of a function, spread over decades.
fn points(function: Function) -> Vec<f64> {
    let (lo, hi) = match function {
        Function::Asin | Function::Acos | Function::Atanh => (-0.999, 0.999),
        Function::Acosh => (1.001, 40.0),
        Function::Log | Function::Log10 | Function::Sqrt => (1e-3, 40.0),
        Function::Log1p => (-0.999, 40.0),
        Function::Tan => (-1.5, 1.5),
        Function::Exp | Function::Expm1 | Function::Sinh | Function::Cosh => (-30.0, 30.0),
        _ => (-9.7, 9.7),
    };
    let mut random = Random::new(function as u64 + 1);
    (0..200).map(|_| random.uniform(lo, hi)).collect()
}

/// Every function of one argument, value, gradient and Hessian, to 1e-12 relative.
#[test]
fn functions_of_one_argument() {
    for &function in Function::ALL.iter().filter(|f| f.arity() == 1) {
        for x in points(function) {
            let mut graph = Graph::new();
            let q = graph.input(0);
            let node = graph.apply1(function, q);
            let expected = jet::apply1(function, Jet::variable(x));
            for simplify in [false, true] {
                let found = graph_jet(&mut graph, node, x, simplify);
                let pairs = [
                    (found.v, expected.v),
                    (found.d, expected.d),
                    (found.h, expected.h),
                ];
                for (order, (a, b)) in pairs.into_iter().enumerate() {
                    // Only where a derivative crosses zero is there an absolute part.
                    assert!(
                        close(a, b, 1e-3, 1e-12),
                        "{} order {order} at {x}: {a} and not {b}",
                        function.name()
                    );
                }
            }
        }
    }
}

/// Every function of two arguments, with both arguments moving: (q + 1.3, 0.7 q^2 + 0.2).
#[test]
fn functions_of_two_arguments() {
    for &function in Function::ALL.iter().filter(|f| f.arity() == 2) {
        let mut random = Random::new(function as u64 + 100);
        for _ in 0..200 {
            let x = random.uniform(-1.2, 3.0);
            let mut graph = Graph::new();
            let q = graph.input(0);
            let (c, k, e) = (
                graph.constant(1.3),
                graph.constant(0.7),
                graph.constant(0.2),
            );
            let a = graph.plus(q, c);
            let square = graph.power(q, 2);
            let scaled = graph.times(k, square);
            let b = graph.plus(scaled, e);
            let node = graph.apply2(function, a, b);
            let (ja, jb) = (
                Jet::variable(x).add(Jet::constant(1.3)),
                Jet::variable(x).powi(2).scale(0.7).add(Jet::constant(0.2)),
            );
            let expected = jet::apply2(function, ja, jb);
            let scale = 1.0 + expected.v.abs();
            for simplify in [false, true] {
                let found = graph_jet(&mut graph, node, x, simplify);
                for (a, b) in [
                    (found.v, expected.v),
                    (found.d, expected.d),
                    (found.h, expected.h),
                ] {
                    assert!(
                        close(a, b, scale, 1e-12),
                        "{} at {x}: {found:?} and not {expected:?}",
                        function.name()
                    );
                }
            }
        }
    }
}

/// The awkward points of the table: zeros, infinities, branch points, kinks.
#[test]
fn awkward_points() {
    let mut count = 0;
    for &function in Function::ALL {
        for point in function.awkward() {
            count += 1;
            let mut graph = Graph::new();
            let q = graph.input(0);
            let second = graph.input(1);
            let node = match function.arity() {
                1 => graph.apply1(function, q),
                _ => graph.apply2(function, q, second),
            };
            let slope = graph.derivative(node, 0);
            let roots = graph.simplify(&[node, slope], 2);
            for (value, slope) in [(node, slope), (roots[0], roots[1])] {
                let (v, d) = (graph.value(value, &point.at), graph.value(slope, &point.at));
                assert!(
                    close(v, point.value, 0.0, 1e-15),
                    "{} {point:?}: {v}",
                    function.name()
                );
                assert!(
                    close(d, point.slope, 0.0, 1e-12),
                    "slope of {} {point:?}: {d}",
                    function.name()
                );
            }
        }
    }
    assert!(count > 60, "{count}");
}

/// 2,000 random formulas, raw and simplified. A formula whose own jet moves by more than 1e-13
/// relative when its argument moves by one rounding is left out: nobody can hold it to 1e-12.
#[test]
fn random_formulas() {
    let (mut compared, mut seed) = (0, 0);
    while compared < 2000 {
        seed += 1;
        assert!(
            seed < 40_000,
            "too few formulas are well-conditioned: {compared}"
        );
        let mut random = Random::new(seed);
        let formula = Formula::random(&mut random, 9);
        let x = random.uniform(-2.0, 2.0);
        let expected = formula.jet(x);
        let near: Vec<Jet> = [1.0 - 4e-16, 1.0 + 4e-16]
            .map(|f| formula.jet(x * f))
            .into();
        let parts = |j: &Jet| [j.v, j.d, j.h];
        let scale = parts(&expected).iter().fold(0.0f64, |m, p| m.max(p.abs()));
        let steady = near.iter().all(|j| {
            parts(j)
                .iter()
                .zip(parts(&expected))
                .all(|(a, b)| (a - b).abs() <= 1e-13 * scale)
        });
        if !steady || !(1e-6..1e6).contains(&scale) {
            continue;
        }
        compared += 1;
        for simplify in [false, true] {
            let mut graph = Graph::new();
            let node = formula.graph(&mut graph);
            let found = graph_jet(&mut graph, node, x, simplify);
            for (a, b) in parts(&found).into_iter().zip(parts(&expected)) {
                assert!(
                    (a - b).abs() <= 1e-12 * scale,
                    "seed {seed} at {x}, simplified {simplify}: {found:?} and not {expected:?}\n{formula:?}"
                );
            }
        }
    }
}

/// A branch that is not taken leaves no NaN in any derivative.
#[test]
fn the_branch_not_taken_is_silent() {
    let mut graph = Graph::new();
    let q = graph.input(0);
    let zero = graph.constant(0.0);
    let root = graph.apply1(Function::Sqrt, q);
    let log = graph.apply1(Function::Log, q);
    let left = graph.times(root, log);
    let inside = graph.compare(effpot_lang::graph::Comparison::Greater, q, zero);
    let square = graph.power(q, 2);
    let node = graph.select(inside, left, square);
    let outer = graph.apply1(Function::Exp, node);
    for simplify in [false, true] {
        let found = graph_jet(&mut graph, outer, -0.5, simplify);
        let expected = Jet::variable(-0.5).powi(2).exp();
        for (a, b) in [
            (found.v, expected.v),
            (found.d, expected.d),
            (found.h, expected.h),
        ] {
            assert!(close(a, b, 0.0, 1e-14), "{found:?} and not {expected:?}");
        }
    }
}

/// Integer powers at zero and around it, in value and both derivatives.
#[test]
fn powers_at_zero() {
    let cases: [(i32, [f64; 3]); 6] = [
        (0, [1.0, 0.0, 0.0]),
        (1, [0.0, 1.0, 0.0]),
        (2, [0.0, 0.0, 2.0]),
        (3, [0.0, 0.0, 0.0]),
        (-1, [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY]),
        (-2, [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY]),
    ];
    for (n, expected) in cases {
        let mut graph = Graph::new();
        let q = graph.input(0);
        let node = graph.power(q, n);
        let found = graph_jet(&mut graph, node, 0.0, false);
        assert_eq!([found.v, found.d, found.h], expected, "0^{n}");
    }
}
