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

/// The derivatives by the first `dimension` inputs one by one: what a gradient is held to.
fn forward(graph: &mut Graph, node: Node, dimension: u32) -> Vec<Node> {
    (0..dimension).map(|i| graph.derivative(node, i)).collect()
}

/// A gradient accumulated backwards is what the tangents give, at every awkward point of every
/// function, in both arguments, raw and simplified; NaN and the infinities included.
#[test]
fn gradients_at_awkward_points() {
    for &function in Function::ALL {
        for point in function.awkward() {
            let mut graph = Graph::new();
            let (a, b) = (graph.input(0), graph.input(1));
            let node = match function.arity() {
                1 => graph.apply1(function, a),
                _ => graph.apply2(function, a, b),
            };
            let tangents = forward(&mut graph, node, 2);
            let mut gradient = graph.gradient(node, 2);
            let simple = graph.simplify(&gradient, 2);
            gradient.extend(simple);
            for (at, slope) in gradient.into_iter().enumerate() {
                let expected = graph.value(tangents[at % 2], &point.at);
                let found = graph.value(slope, &point.at);
                assert!(
                    close(found, expected, 0.0, 1e-15),
                    "{} {point:?} by argument {}: {found} and not {expected}",
                    function.name(),
                    at % 2
                );
            }
        }
    }
}

/// Every choice that a formula can make, between a side that is finite and one whose slope is
/// infinite or NaN: the gradient has the tangent of the side that is chosen, also where both
/// sides share what is infinite, and where choices are nested.
#[test]
fn what_is_not_chosen_is_silent_in_gradients() {
    use effpot_lang::graph::{Comparison, Op};
    let mut graph = Graph::new();
    let (x, y, zero) = (graph.input(0), graph.input(1), graph.constant(0.0));
    let root = graph.apply1(Function::Sqrt, x);
    let log = graph.apply1(Function::Log, x);
    let wild = graph.times(root, log);
    let square = graph.power(x, 2);
    let (inside, below) = (
        graph.compare(Comparison::Greater, x, zero),
        graph.compare(Comparison::Less, x, y),
    );
    let both = graph.add(Op::And(inside, below));
    let scaled = graph.times(y, wild);
    let shifted = graph.plus(square, y);
    let inner = graph.select(below, square, wild);
    let formulas = [
        graph.select(inside, wild, square),
        graph.select(inside, scaled, shifted),
        graph.select(both, scaled, square),
        graph.select(inside, wild, inner),
        graph.apply2(Function::Min, root, y),
        graph.apply2(Function::Max, shifted, root),
        graph.apply2(Function::Max, root, root),
        graph.apply2(Function::Hypot, root, y),
        graph.apply2(Function::Hypot, root, root),
    ];
    let points = [-0.5, -0.0, 0.0, 0.25, 4.0, f64::NAN, f64::INFINITY];
    let mut sum = zero;
    for formula in formulas {
        sum = graph.plus(sum, formula);
        for node in [formula, sum] {
            let outer = graph.apply1(Function::Atan, node);
            let tangents = forward(&mut graph, outer, 2);
            let gradient = graph.gradient(outer, 2);
            let simple = graph.simplify(&gradient, 2);
            for at in points.iter().flat_map(|&x| points.map(|y| [x, y])) {
                for (which, tangent) in tangents.iter().enumerate() {
                    let expected = graph.value(*tangent, &at);
                    for slope in [gradient[which], simple[which]] {
                        let found = graph.value(slope, &at);
                        // Tangents multiply a zero by an infinity path by path; backwards
                        // nothing is multiplied where nothing is chosen, and paths meet first.
                        let quieter = expected.is_nan() && (found == 0.0 || found.is_infinite());
                        assert!(
                            quieter || close(found, expected, 0.0, 1e-13),
                            "{formula:?} at {at:?} by {which}: {found} and not {expected}"
                        );
                    }
                }
            }
        }
    }
}

/// 1,000 random formulas of three coordinates: accumulated backwards and tangent by tangent. The
/// order of factors and terms is another, so both are rounded, a few times for each of about 30
/// operations: 1e-13 of the largest partial product is what is left where nothing cancels; where
/// the tangents themselves move by more when the point moves by a rounding, nothing is compared.
#[test]
fn gradients_of_random_formulas() {
    let (mut compared, mut seed) = (0, 0);
    while compared < 1000 {
        seed += 1;
        assert!(
            seed < 40_000,
            "too few formulas are well-conditioned: {compared}"
        );
        let mut random = Random::new(seed);
        let mut graph = Graph::new();
        let formula = Formula::random(&mut random, 12);
        let node = formula.graph_in(&mut graph, 3);
        let at = [0; 3].map(|_: i32| random.uniform(-2.0, 2.0));
        let tangents = forward(&mut graph, node, 3);
        let values = |graph: &Graph, nodes: &[Node], at: &[f64]| -> Vec<f64> {
            nodes.iter().map(|node| graph.value(*node, at)).collect()
        };
        let expected = values(&graph, &tangents, &at);
        let scale = expected.iter().fold(0.0f64, |m, p| m.max(p.abs()));
        let steady = [1.0 - 4e-16, 1.0 + 4e-16].iter().all(|factor| {
            let near = values(&graph, &tangents, &at.map(|x| x * factor));
            let pairs = near.iter().zip(&expected);
            pairs
                .into_iter()
                .all(|(a, b)| (a - b).abs() <= 1e-14 * scale)
        });
        if !steady || !(1e-6..1e6).contains(&scale) {
            continue;
        }
        compared += 1;
        let gradient = graph.gradient(node, 3);
        let simple = graph.simplify(&gradient, 3);
        for nodes in [gradient, simple] {
            for (a, b) in values(&graph, &nodes, &at).iter().zip(&expected) {
                assert!(
                    (a - b).abs() <= 1e-13 * scale,
                    "seed {seed} at {at:?}: {a} and not {b}\n{formula:?}"
                );
            }
        }
    }
}

/// The graph of the gradient of a chain of n coordinates, of its Hessian, and of both simplified,
/// grows as n and not as its square.
#[test]
fn gradients_and_hessians_of_chains_grow_linearly() {
    let sizes = [200, 400].map(|n: u32| {
        let mut graph = Graph::new();
        let mut sum = graph.constant(0.0);
        for i in 0..n {
            let (a, b) = (graph.input(i), graph.input((i + 1) % n));
            let difference = graph.minus(b, a);
            let square = graph.power(difference, 2);
            let wave = graph.apply1(Function::Cos, a);
            sum = graph.plus(sum, square);
            sum = graph.plus(sum, wave);
        }
        let gradient = graph.gradient(sum, n as usize);
        let after_gradient = graph.len();
        let mut nonzero = 0;
        for slope in gradient.clone() {
            let row = graph.gradient(slope, n as usize);
            nonzero += row
                .iter()
                .filter(|h| graph.as_constant(**h) != Some(0.0))
                .count();
        }
        // Each coordinate with itself and its two neighbours.
        assert_eq!(nonzero, 3 * n as usize);
        let after_hessian = graph.len();
        let simple = graph.simplify(&gradient, n as usize);
        let simplified = graph.schedule(&simple).len();
        [after_gradient, after_hessian, simplified]
    });
    for (small, large) in sizes[0].iter().zip(sizes[1]) {
        assert!(large <= 2 * small, "{sizes:?}");
    }
}
