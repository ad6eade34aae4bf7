//! Vectors, arrays of points, periodic coordinates: what programs with them mean, by value.

#[path = "support/jet.rs"]
#[allow(dead_code)]
mod jet;

use effpot_lang::check::{Program, check};
use effpot_lang::diagnostic::Diagnostic;
use effpot_lang::graph::{self, Model};
use effpot_lang::source::Sources;
use jet::Jet;
use std::f64::consts::TAU;

fn program(text: &str) -> Result<Program, Vec<Diagnostic>> {
    let mut sources = Sources::new();
    let root = sources.add("test.pot", text);
    check(&sources, root)
}

fn model(text: &str) -> Model {
    let program = program(text).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"));
    let model = program.potential(None);
    model.unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"))
}

/// The potential at a point, with the parameters at their defaults.
fn at(text: &str, point: &[f64]) -> f64 {
    let model = model(text);
    assert_eq!(model.dimension(), point.len(), "{text}");
    let mut inputs = point.to_vec();
    inputs.extend(model.parameter_values());
    model.graph.value(model.value, &inputs)
}

/// The codes of the errors, those of the checker or those of the potential.
fn codes(text: &str) -> Vec<&'static str> {
    let found = match program(text) {
        Ok(program) => program.potential(None).err().unwrap_or_default(),
        Err(errors) => errors,
    };
    let errors = found.iter().filter(|error| error.is_error());
    errors.map(|error| error.code).collect()
}

#[test]
fn components_and_points_count_from_one() {
    assert_eq!(
        at("V(q[3]) = q[1] + 10*q[2] + 100*q[3]", &[1.0, 2.0, 3.0]),
        321.0
    );
    let r = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    assert_eq!(at("V(r[2, 3]) = r[1, 3] + 10*r[2, 1]", &r), 43.0);
    assert_eq!(at("V(r[2, 3]) = dot(r[1], r[2])", &r), 32.0);
    assert_eq!(at("V(r[2, 3]) = { let p = r[2]\n p[2] }", &r), 5.0);
    assert_eq!(
        at(
            "V(x, q[2], y) = x + 10*q[1] + 100*q[2] + 1000*y",
            &[1.0, 2.0, 3.0, 4.0]
        ),
        4321.0
    );
    assert_eq!(
        at(
            "V(q[4]) = sum(q[5 - i]*10^i for i in 1..4)",
            &[1.0, 2.0, 3.0, 4.0]
        ),
        1234.0 * 10.0
    );
}

#[test]
fn vectors_add_and_scale_and_have_lengths() {
    assert_eq!(at("V(q[2]) = norm(q)", &[3.0, 4.0]), 5.0);
    assert_eq!(at("V(q[3]) = norm(q)^2", &[1.0, 2.0, 2.0]), 9.0);
    assert_eq!(at("V(q[1]) = norm(q)", &[-3.0]), 3.0);
    assert_eq!(at("V(a[2], b[2]) = dist(a, b)", &[1.0, 1.0, 4.0, 5.0]), 5.0);
    assert_eq!(
        at("V(q[2]) = dot(2*q - q/4 + q*3, -q)", &[1.0, 2.0]),
        -(4.75 * 5.0)
    );
    assert_eq!(
        at(
            "V(q[2]) = dot(if q[1] > 0 then q else -q, [1, 10])",
            &[1.0, 2.0]
        ),
        21.0
    );
    assert_eq!(
        at(
            "V(q[2]) = dot(if q[1] > 0 then q else -q, [1, 10])",
            &[-1.0, 2.0]
        ),
        -19.0
    );
    assert_eq!(
        at(
            "V(r[3, 2]) = dot(sum(r[i] for i in 1..3), [1, 10])",
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        ),
        129.0
    );
    assert_eq!(
        at("V(r[2, 2]) = (r + 2*r)[2, 1]", &[1.0, 2.0, 3.0, 4.0]),
        9.0
    );
}

#[test]
fn constants_may_be_vectors_and_tables() {
    let text = "a = [1, 2, 3]\nt = [[1, 2], [3, 4], [5, 6]]\nV(q) = sum(a[k]*q^k for k in 1..len(a)) + 100*t[3, 2] + 1000*len(t) + 10000*len(t[1])";
    assert_eq!(
        at(text, &[2.0]),
        2.0 + 8.0 + 24.0 + 600.0 + 3000.0 + 20000.0
    );
    let text = "param s = 2\nc = [s, s^2]\nV(q[2]) = dot(c, q)";
    let model = model(text);
    assert_eq!(model.graph.value(model.value, &[1.0, 1.0, 3.0]), 12.0);
}

#[test]
fn sizes_are_constants_or_bound_by_what_is_given() {
    let sum = "total(q[n]) = sum(q[i] for i in 1..n)\n";
    assert_eq!(
        at(&format!("{sum}V(q[4]) = total(q)"), &[1.0, 2.0, 3.0, 4.0]),
        10.0
    );
    assert_eq!(
        at(
            &format!("{sum}V(x, y) = total([x, y]) + total([x])"),
            &[1.0, 2.0]
        ),
        4.0
    );
    assert_eq!(
        at(&format!("n = 2\n{sum}V(x, y) = total([x, y])"), &[1.0, 2.0]),
        3.0
    );
    let both = "both(a[n], b[n]) = n*dot(a, b)\n";
    assert_eq!(
        at(&format!("{both}V(q[2]) = both(q, q)"), &[1.0, 2.0]),
        10.0
    );
    assert_eq!(
        codes(&format!("{both}V(q[2]) = both(q, [1, 2, 3])")),
        ["shape"]
    );
    assert_eq!(codes("f(q[3]) = q[1]\nV(x) = f([x, x])"), ["shape"]);
    assert_eq!(codes("f(q[3]) = q[1]\nV(x) = f(x)"), ["shape"]);
    let grid = "trace(r[n, n]) = sum(r[i, i] for i in 1..n)\n";
    assert_eq!(
        at(
            &format!("{grid}V(r[2, 2]) = trace(r)"),
            &[1.0, 2.0, 3.0, 4.0]
        ),
        5.0
    );
    assert_eq!(codes(&format!("{grid}V(r[2, 3]) = trace(r)")), ["shape"]);
    assert_eq!(
        at("k(m) = 2*m\nV(q[k(2)]) = q[4]", &[1.0, 2.0, 3.0, 4.0]),
        4.0
    );
    assert_eq!(codes("V(q[n]) = q[1]"), ["size"]);
    assert_eq!(codes("param n = 2\nV(q[n]) = q[1]"), ["not-constant"]);
    assert_eq!(codes("V(n, q[n]) = q[1]"), ["size"]);
    assert_eq!(codes("V(q[0]) = 1"), ["size"]);
    assert_eq!(codes("V(q[2, 2, 2]) = 1"), ["size"]);
    assert_eq!(codes("V(q[1000000000]) = 1"), ["too-large"]);
    assert_eq!(codes("V(q[1000, 1001]) = 1"), ["too-large"]);
    // Together, and before any of it is made: this would take gigabytes.
    let many: Vec<String> = (0..60).map(|i| format!("a{i}[1000000]")).collect();
    let many = many.join(", ");
    assert_eq!(codes(&format!("V({many}) = a0[1]")), ["too-large"]);
    assert_eq!(
        codes(&format!("f({many}) = a0[1]\nV(x) = x")),
        ["too-large"]
    );
    assert_eq!(
        codes("f(a[n], b[1000001]) = a[1] + b[1]\nV(x) = x"),
        ["too-large"]
    );
    assert_eq!(codes("V(a[500000], b[500000], x) = x"), ["too-large"]);
}

#[test]
fn derivatives_go_by_components() {
    assert_eq!(at("V(q[2]) = diff(q[1]^2*q[2], q[1])", &[3.0, 5.0]), 30.0);
    assert_eq!(
        at(
            "V(q[2]) = diff(diff(q[1]^2*q[2]^3, q[1]), q[2])",
            &[3.0, 2.0]
        ),
        72.0
    );
    // The divergence of the gradient of a function with a vector, called twice.
    let text = "g(q[n]) = sum(diff(diff(dot(q, q)^2, q[i]), q[i]) for i in 1..n)\nV(x, y) = g([x*y, y]) + g([x, y, 1])";
    // dot^2 has the Laplacian (4 n + 8) |q|^2.
    assert_eq!(at(text, &[2.0, 3.0]), 16.0 * 45.0 + 20.0 * 14.0);
    // A vector of derivatives is a value like any other.
    let text = "grad(q[n], k) = [diff(norm(q)^2*k, q[1]), diff(norm(q)^2*k, q[2])]\nV(x, y) = dot(grad([2*x, y], 3), [1, 10])";
    assert!((at(text, &[1.0, 2.0]) - (12.0 + 120.0)).abs() < 1e-12);
    assert_eq!(
        at(
            "V(r[2, 2]) = diff(dot(r[1], r[2]), r[2, 1])",
            &[1.0, 2.0, 3.0, 4.0]
        ),
        1.0
    );
    assert_eq!(codes("V(q[2]) = diff(dot(q, q), q)"), ["diff-variable"]);
    assert_eq!(
        codes("V(q[2]) = { let p = q\n diff(p[1], p[1]) }"),
        ["diff-variable"]
    );
    assert_eq!(
        codes("V(r[2, 2]) = diff(dot(r[1], r[1]), r[1])"),
        ["diff-variable"]
    );
}

#[test]
fn coordinates_are_flattened_in_order_with_their_names_and_periods() {
    let text = "L = 3\nV(a: angle, q[2]: periodic(2*L), r[2, 2], x) = a + q[1] + r[1, 1] + x";
    let model = model(text);
    let names: Vec<&str> = model.coordinates.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "a", "q[1]", "q[2]", "r[1,1]", "r[1,2]", "r[2,1]", "r[2,2]", "x"
        ]
    );
    let periods: Vec<Option<f64>> = model.coordinates.iter().map(|c| c.period).collect();
    let six = Some(6.0);
    assert_eq!(periods, [Some(TAU), six, six, None, None, None, None, None]);
    assert_eq!(at("f(a: angle) = a\nV(x) = f(x + 10)", &[1.0]), 11.0);
    for length in ["0", "-1", "1/0"] {
        assert_eq!(codes(&format!("V(x: periodic({length})) = x")), ["period"]);
    }
    assert_eq!(
        codes("param L = 1\nV(x: periodic(L)) = x"),
        ["not-constant"]
    );
    assert_eq!(codes("V(x: periodic) = x"), ["arity"]);
    assert_eq!(codes("V(x: angle(2)) = x"), ["arity"]);
    assert_eq!(codes("V(x: circle) = x"), ["unknown-name"]);
}

const RANDOM: [((i64, i64), f64); 5] = [
    ((0, 0), 0.6524484863740322),
    ((1, 2), 0.04525699773739167),
    ((12345, 678), 0.8468128010864125),
    ((-1, 5), 0.15403342580516755),
    ((7, -3), 0.5473947416748152),
];

/// Five outputs computed from the definition in `src/check/random.rs`, in another language.
#[test]
fn random_numbers_are_those_that_are_written_down() {
    for ((seed, i), value) in RANDOM {
        assert_eq!(
            at(&format!("V(x) = random({seed}, {i}) + 0*x"), &[0.0]),
            value
        );
    }
    let text = "V(x) = sum(random(1, i)*x for i in 1..3)";
    let sum: f64 = (1..=3)
        .map(|i| at(&format!("V(x) = random(1, {i}) + 0*x"), &[0.0]))
        .sum();
    assert_eq!(at(text, &[1.0]), sum);
}

#[test]
fn long_chains_and_clusters_are_checked_fast() {
    let chain =
        "V(q[1000]) = sum((q[i+1]-q[i])^2/2 for i in 1..999) + sum(1 - cos(q[i]) for i in 1..1000)";
    let cluster = CLUSTER.replace("n = 13", "n = 38");
    let calls = "chain(q[n]) = sum((q[i+1]-q[i])^2/2 for i in 1..n-1)\nV(q[1000]) = sum(chain(q) for i in 1..1000)";
    for text in [chain, &cluster, calls] {
        let start = std::time::Instant::now();
        model(text);
        let seconds = start.elapsed().as_secs_f64();
        println!("{seconds:.3} s: {}", &text[..40]);
        // A fifth of that is usual; other processes may be busy.
        assert!(seconds < 1.0, "{seconds} s");
    }
}

const CLUSTER: &str = include_str!("../examples/cluster13.pot");

/// The gradient of thirteen atoms against forward dual numbers that share no code with it.
#[test]
fn thirteen_atoms_have_the_gradient_of_their_formula() {
    let model = model(CLUSTER);
    let (graph, roots) = model.value_and_gradient();
    let n = 13;
    // A crooked helix: every distance is between 0.8 and 6.
    let point: Vec<f64> = (0..n)
        .flat_map(|i| {
            let t = f64::from(i);
            [
                1.3 * (0.9 * t).cos(),
                1.1 * (0.9 * t).sin(),
                0.31 * t + 0.1 * (3.0 * t).sin(),
            ]
        })
        .collect();
    let mut evaluator = effpot_lang::graph::Evaluator::new(&graph, &roots);
    let found = evaluator.evaluate(&point);
    let energy = |by: usize| {
        let x: Vec<Jet> = (0..point.len())
            .map(|at| {
                if at == by {
                    Jet::variable(point[at])
                } else {
                    Jet::constant(point[at])
                }
            })
            .collect();
        let mut total = Jet::constant(0.0);
        for i in 0..n as usize {
            let square = |a: Jet| a.mul(a);
            for j in i + 1..n as usize {
                let mut s = Jet::constant(0.0);
                for k in 0..3 {
                    s = s.add(square(x[3 * i + k].add(x[3 * j + k].scale(-1.0))));
                }
                assert!(s.v > 0.5);
                let d = s.sqrt();
                let pair = d
                    .powi(12)
                    .reciprocal()
                    .add(d.powi(6).reciprocal().scale(-1.0));
                total = total.add(pair.scale(4.0));
            }
            for k in 0..3 {
                total = total.add(square(x[3 * i + k]).scale(0.01));
            }
        }
        total
    };
    let exact: Vec<Jet> = (0..point.len()).map(energy).collect();
    let largest = exact.iter().map(|jet| jet.d.abs()).fold(0.0, f64::max);
    assert!((found[0] - exact[0].v).abs() <= 1e-12 * largest.max(exact[0].v.abs()));
    for (at, jet) in exact.iter().enumerate() {
        let error = (found[at + 1] - jet.d).abs() / largest;
        assert!(error <= 1e-12, "component {at}: {error:e}");
    }
}

/// A call is the table that is given, in one and two coordinates, plain and periodic.
#[test]
fn splines_are_the_tables_they_are_given() {
    use effpot_lang::graph::{Spline, SplineAxis};
    let axis = |lo, hi, periodic| SplineAxis { lo, hi, periodic };
    let numbers: Vec<f64> = (0..12).map(|i| f64::from(i * i % 7) - 2.0).collect();
    let points = [[0.3, -0.2], [1.7, 0.9], [-2.0, 5.0], [2.0, 1.0]];
    let row = |r: &[f64]| {
        format!(
            "[{}]",
            r.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
        )
    };
    let rows: Vec<String> = numbers.chunks(4).map(row).collect();
    let (list, table) = (row(&numbers), format!("[{}]", rows.join(", ")));
    for (word, periodic) in [("spline", false), ("periodic_spline", true)] {
        let axes = [axis(-1.0, 2.0, periodic), axis(0.0, 1.5, periodic)];
        let one = Spline::tensor(3, &axes[..1], numbers.clone(), &[12]).unwrap();
        let two = Spline::tensor(2, &axes, numbers.clone(), &[3, 4]).unwrap();
        for point in points {
            let text = format!("V(x) = {word}(x, 3, -1, 2, {list})");
            assert_eq!(at(&text, &point[..1]), one.value(point[0]));
            let text = format!("c = {table}\nV(x, y) = {word}(x, y, 2, [-1, 0], [2, 1.5], c)");
            assert_eq!(at(&text, &point), two.at(&point));
        }
        let mixed = Spline::with_degrees(&[1, 2], &axes, numbers.clone(), &[3, 4]).unwrap();
        let text = format!("V(q[2]) = {word}(q[1], q[2], [1, 2], [-1, 0], [2, 1.5], {table})");
        assert_eq!(at(&text, &points[0]), mixed.at(&points[0]));
    }
    assert_eq!(
        codes("V(x, y) = spline(x, y, 2, 0, 1, [[1, 2, 3]])"),
        ["spline", "spline"]
    );
    assert_eq!(
        codes("V(x, y) = spline(x, y, 3, [0, 0], [1, 1], [[1, 2, 3], [1, 2, 3]])"),
        ["spline"]
    );
    assert_eq!(
        codes("V(x, y) = spline(x, y, 1, [0, 0], [1, 1], [1, 2, 3])"),
        ["spline"]
    );
    assert_eq!(
        codes("param p = 1\nV(x) = spline(x, 1, 0, 1, [p, 2, 3])"),
        ["not-constant"]
    );
}

/// What depends on arguments alone is looked at where they are given.
#[test]
fn a_function_may_need_constants_for_its_arguments() {
    let noise = "noise(x, seed, n) = sum(random(seed, i)*x for i in 1..n)\n";
    assert_eq!(codes(&format!("{noise}V(x) = x")), [""; 0]);
    let sum: f64 = (1..=2)
        .map(|i| at(&format!("V(x) = random(3, {i}) + 0*x"), &[0.0]))
        .sum();
    assert_eq!(at(&format!("{noise}V(x) = noise(x, 3, 2)"), &[1.0]), sum);
    assert_eq!(
        codes(&format!("{noise}V(x) = noise(x, x, 2)")),
        ["not-constant"]
    );
    assert_eq!(
        codes(&format!(
            "{noise}param s = 1\nU(x) = noise(x, s, 2)\nV(x) = x"
        )),
        ["not-constant"]
    );
    assert_eq!(
        codes("f(x, n) = sum(x^i for i in 1..n)\nV(x) = f(x, 3)"),
        [""; 0]
    );
}

/// A function of any size that nothing calls is looked into all the same.
#[test]
fn what_is_wrong_for_every_size_is_found_without_a_call() {
    let rest = "\nV(x) = x";
    assert_eq!(codes(&format!("f(q[n]) = sin(q){rest}")), ["type"]);
    assert_eq!(
        codes(&format!(
            "f(q[n]) = g(q)\ng(q[n]) = q[1, 2] + if q then 1 else 2{rest}"
        )),
        ["type"]
    );
    // It may be meant for two numbers, or for five.
    assert_eq!(
        codes(&format!("f(q[n]) = dot(q, [1, 2]) + q[5]{rest}")),
        [""; 0]
    );
}

/// What is printed is a program again, with the same coordinates and the same values.
#[test]
fn models_with_vector_coordinates_print_as_programs() {
    for text in [
        "V(a: angle, q[2]: periodic(3)) = cos(a - q[1])*q[2]^2 + q[1]",
        "V(r[2, 3], x) = dist(r[1], r[2])^3*x",
        "t1(x) = x\nV(t1[2]) = (sin(t1[1]) + t1[2])^2*sin(t1[1])",
        "V(q[2]) = periodic_spline(q[1], q[2], 2, [0, 0], [1, 2], [[1, 2, 3], [4, 3, 1]]) + spline(q[2], 3, 0, 1, [1, 2, 3, 5])",
        CLUSTER,
    ] {
        let before = model(text);
        let written = graph::arguments(&before.coordinates);
        let body = graph::program(&before.graph, before.value, &written.names).unwrap();
        let after = model(&format!("V({}) = {body}", written.head));
        assert_eq!(after.coordinates, before.coordinates);
        let point: Vec<f64> = (0..before.dimension())
            .map(|i| 0.3 + 0.7 * i as f64)
            .collect();
        assert_eq!(
            after.graph.value(after.value, &point),
            before.graph.value(before.value, &point),
            "{text}"
        );
    }
}

#[test]
fn settings_may_be_vectors_of_the_file() {
    use effpot_lang::check::Setting::{List, Number};
    let text = "c = [1, 2]\nV(q[2]) = dot(q, q)\nlearn {\n  start = 2*c\n  table = [c, [3, 4]]\n}";
    let program = program(text).unwrap();
    let entries = &program.block("learn").unwrap().entries;
    let list = |a, b| List(vec![Number(a), Number(b)]);
    assert_eq!(entries[0].value, list(2.0, 4.0));
    assert_eq!(entries[1].value, List(vec![list(1.0, 2.0), list(3.0, 4.0)]));
}

#[test]
fn vectors_have_limits_with_a_number_in_them() {
    let row = "q, ".repeat(20);
    for text in [
        "V(q[100000]) = norm(sum(i*q for i in 1..12))".to_owned(),
        format!("V(q[100000]) = [{row}q][1, 1]"),
        "f(q[n]) = sum(q[i]*q[j] for i in 1..n, j in 1..n)\nV(q[5000]) = f(q)".to_owned(),
    ] {
        assert_eq!(codes(&text), ["too-large"], "{}", &text[..40]);
    }
}

/// Calls with one table share it, and the work for tables that differ is counted.
#[test]
fn long_tables_of_splines_cost_once() {
    let table: Vec<String> = (0..20_000).map(|i| format!("{}", i % 7)).collect();
    let with = |ends: &str| {
        format!(
            "c = [{}]\nV(q[2000]) = sum(spline(q[i], 1, {ends}, c) for i in 1..2000)",
            table.join(", ")
        )
    };
    let model = program(&with("0, 19999")).unwrap().potential(None).unwrap();
    let point: Vec<f64> = (0..2000).map(|i| f64::from(i) + 0.5).collect();
    let wanted: f64 = (0..2000)
        .map(|i| f64::from(i % 7 + (i + 1) % 7) / 2.0)
        .sum();
    let (graph, roots) = model.value_and_gradient();
    assert!((graph.value(roots[0], &point) - wanted).abs() < 1e-9 * wanted);
    assert_eq!(graph.value(roots[1], &point), 1.0);
    assert_eq!(codes(&with("0, i")), ["too-large"]);
}
