//! Long sums: their families, and the loops that kernels make of them.

mod support;

use effpot_lang::graph::{Comparison, Differentiated, Function, Graph, Model, Node};
use effpot_lang::kernel::{
    BatchKernel, Engine, LANES, LaneBuilder, LaneGradient, StepKernel, StepOutput, StepProgram,
    Value, Wanted,
};
use support::formulas::Random;
use support::sums::{chain, cluster, model, sum};

/// A sum in which some terms repeat and some do not: signs, factors and quotients outside,
/// numbers and parameters inside, choices, a term of one coordinate and one of all.
fn mixed(n: usize) -> Model {
    model(n, &[0.3, 1.7], |graph, q, p| {
        let (mut waves, mut walls) = (Vec::new(), Vec::new());
        for i in 0..n {
            let next = q[(i + 1) % n];
            let shift = graph.constant(0.1 * i as f64);
            let moved = graph.minus(q[i], shift);
            let ratio = graph.over(moved, p[1]);
            let sine = graph.apply1(Function::Sin, ratio);
            waves.push(graph.times(sine, next));
            let zero = graph.constant(0.0);
            let inside = graph.compare(Comparison::Greater, q[i], zero);
            let root = graph.apply1(Function::Sqrt, q[i]);
            let cube = graph.power(q[i], 3);
            walls.push(graph.select(inside, root, cube));
            walls.push(graph.apply2(Function::Max, moved, next));
        }
        let (waves, walls) = (sum(graph, waves), sum(graph, walls));
        let (waves, walls) = (graph.times(p[0], waves), graph.over(walls, p[1]));
        let all = graph.minus(waves, walls);
        let everything = sum(graph, q.iter().copied());
        let alone = graph.apply1(Function::Tanh, everything);
        let first = graph.apply1(Function::Atan, q[0]);
        let alone = graph.plus(alone, first);
        let seven = graph.constant(7.0);
        let alone = graph.plus(alone, seven);
        let all = graph.plus(all, alone);
        graph.negate(all)
    })
}

/// Members are exactly the terms: the same nodes of the same graph, each once.
#[test]
fn members_are_the_terms() {
    for model in [chain(30, false), chain(30, true), cluster(6), mixed(12)] {
        let dimension = model.dimension();
        let mut graph = model.graph.clone();
        let value = graph.simplify(&[model.value], dimension)[0];
        let mut terms = graph.terms(value, dimension);
        let split = graph.split(value, dimension);
        assert!(!split.families.is_empty());
        let mut found = split.rest.clone();
        for family in &split.families {
            assert!(family.members() >= 4);
            let members = 0..family.members();
            found.extend(members.map(|at| family.member(&mut graph, at, dimension)));
        }
        terms.sort_unstable();
        found.sort_unstable();
        assert_eq!(terms, found);
    }
}

/// A cluster is one family with a slot for each coordinate of a pair; a uniform ring has a bond
/// and a site; numbers that differ are slots, and what is equal in all members is none.
#[test]
fn what_repeats_is_one_family() {
    let shapes = |model: &Model| -> Vec<[usize; 3]> {
        let split = Differentiated::beyond(model, 0);
        let families = split.families.iter();
        let mut shapes: Vec<_> = families
            .map(|family| [family.slots(), family.constants(), family.members()])
            .collect();
        shapes.sort_unstable();
        shapes
    };
    assert_eq!(shapes(&cluster(38)), [[6, 0, 703]]);
    assert_eq!(shapes(&chain(1000, true)), [[1, 0, 1000], [2, 0, 1000]]);
    // A factor of 1 is not there: one bond in seven, one site in five.
    assert_eq!(
        shapes(&chain(70, false)),
        [[1, 0, 14], [1, 1, 56], [2, 0, 10], [2, 1, 60]]
    );
}

/// Terms that share one long sum would compute it over and over: they stay straight-line.
#[test]
fn a_mean_field_is_no_family() {
    let model = model(200, &[], |graph, q, _| {
        let mean = sum(graph, q.iter().copied());
        let terms: Vec<Node> = q
            .iter()
            .map(|&q| {
                let apart = graph.minus(q, mean);
                graph.apply1(Function::Cos, apart)
            })
            .collect();
        sum(graph, terms)
    });
    let found = Differentiated::beyond(&model, 0);
    assert!(found.families.is_empty());
}

/// Value and gradient of a model at points, by one engine: shape (root, point).
fn evaluate(
    potential: &Differentiated,
    engine: Engine,
    points: &[Vec<f64>],
    p: &[f64],
) -> Vec<f64> {
    let kernel = BatchKernel::of(potential, Wanted::Both, engine).unwrap();
    let columns: Vec<f64> = (0..potential.dimension)
        .flat_map(|i| points.iter().map(move |point| point[i]))
        .collect();
    let mut out = vec![f64::NAN; points.len() * (potential.dimension + 1)];
    kernel.evaluate(&columns, points.len(), p, &mut out);
    out
}

fn points(n: usize, count: usize, spread: f64) -> Vec<Vec<f64>> {
    let mut random = Random::new(n as u64);
    let mut point = || -> Vec<f64> {
        let at = |i: usize| spread * (i as f64);
        (0..n).map(|i| at(i) + random.uniform(-0.4, 0.9)).collect()
    };
    (0..count).map(|_| point()).collect()
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// Loops give what straight-line code gives, up to the order of the sum; every engine gives the
/// same bits; a lane whose numbers are not finite changes no other lane.
#[test]
fn loops_agree_with_straight_lines_in_every_engine() {
    let cases = [(chain(20, false), 0.1), (cluster(5), 0.9), (mixed(10), 0.0)];
    for (model, spread) in cases {
        let (n, p) = (model.dimension(), model.parameter_values());
        let straight = Differentiated::beyond(&model, usize::MAX);
        let looped = Differentiated::beyond(&model, 0);
        assert!(straight.families.is_empty() && !looped.families.is_empty());
        let points = points(n, 2 * LANES + 3, spread);
        let expected = evaluate(&straight, Engine::Interpreter, &points, &p);
        let mut broken = points.clone();
        let wrong = [(1, f64::NAN), (LANES + 2, f64::INFINITY), (5, 1e200)];
        for (point, value) in wrong {
            broken[point][n / 2] = value;
        }
        let oracle = evaluate(&looped, Engine::Interpreter, &broken, &p);
        for engine in Engine::available() {
            let found = evaluate(&looped, engine, &points, &p);
            // Each of the terms is rounded a few times, and the sum once a term.
            let scale = expected.iter().fold(1.0f64, |m, v| m.max(v.abs()));
            let bound = 100.0 * n as f64 * f64::EPSILON * scale;
            for (a, b) in found.iter().zip(&expected) {
                assert!((a - b).abs() <= bound, "{}: {a} and {b}", engine.name());
            }
            let disturbed = evaluate(&looped, engine, &broken, &p);
            for (at, (a, b)) in disturbed.iter().zip(&oracle).enumerate() {
                assert!(same(*a, *b), "{} {at}: {a} and {b}", engine.name());
                let lane = at % points.len();
                if wrong.iter().all(|(point, _)| *point != lane) {
                    assert!(same(*a, found[at]), "{}: lane {lane}", engine.name());
                }
            }
            assert!(disturbed[1].is_nan(), "the value of a lane with NaN");
        }
    }
}

/// Value alone and gradient alone are parts of both.
#[test]
fn what_is_wanted_is_what_comes() {
    let model = chain(9, false);
    let potential = Differentiated::beyond(&model, 0);
    let (points, p) = (points(9, 3, 0.0), model.parameter_values());
    let both = evaluate(&potential, Engine::Vector, &points, &p);
    let columns: Vec<f64> = (0..9)
        .flat_map(|i| points.iter().map(move |x| x[i]))
        .collect();
    let parts = [(Wanted::Value, &both[..3]), (Wanted::Gradient, &both[3..])];
    for (wanted, expected) in parts {
        let kernel = BatchKernel::of(&potential, wanted, Engine::Vector).unwrap();
        assert_eq!(kernel.parameters(), 1);
        let mut out = vec![f64::NAN; expected.len()];
        kernel.evaluate(&columns, 3, &p, &mut out);
        assert_eq!(out, expected);
    }
}

type Gradient<'g, 'h> = &'g mut LaneGradient<'h>;

/// `p' = c p - delta g(x)`, `x' = x + delta p'`.
fn damped(
    b: &mut LaneBuilder,
    state: &[Value],
    constants: &[Value],
    g: Gradient<'_, '_>,
) -> StepOutput {
    let (x, p) = state.split_at(state.len() / 2);
    let (delta, c) = (constants[0], constants[1]);
    let g = g(b, x);
    let kicked: Vec<Value> = p
        .iter()
        .zip(g)
        .map(|(&p, g)| {
            let kick = b.mul(delta, g);
            let kick = b.neg(kick);
            b.fma(c, p, kick)
        })
        .collect();
    let moved: Vec<Value> = x
        .iter()
        .zip(&kicked)
        .map(|(&x, &p)| b.fma(delta, p, x))
        .collect();
    StepOutput {
        record: [x, &kicked].concat(),
        state: [moved, kicked].concat(),
    }
}

/// Position Verlet: the gradient is taken at a point that is no part of the state. Coordinates
/// have masks of their own, a total is recorded, and the last momentum does not move.
fn verlet(
    b: &mut LaneBuilder,
    state: &[Value],
    constants: &[Value],
    g: Gradient<'_, '_>,
) -> StepOutput {
    let (x, p) = state.split_at(state.len() / 2);
    let half = b.constant(0.5);
    let half = b.mul(half, constants[0]);
    let masses: Vec<Value> = (0..x.len())
        .map(|i| b.constant(1.0 + 0.5 * (i % 3) as f64))
        .collect();
    let drift = |b: &mut LaneBuilder, x: &[Value], p: &[Value]| -> Vec<Value> {
        (0..x.len())
            .map(|i| {
                let v = b.div(p[i], masses[i]);
                b.fma(half, v, x[i])
            })
            .collect()
    };
    let middle = drift(b, x, p);
    let g = g(b, &middle);
    let mut kicked: Vec<Value> = (0..p.len())
        .map(|i| {
            let kick = b.mul(constants[0], g[i]);
            b.sub(p[i], kick)
        })
        .collect();
    let last = kicked.len() - 1;
    kicked[last] = p[last];
    let moved = drift(b, &middle, &kicked);
    let total = kicked.iter().copied().reduce(|a, p| b.add(a, p)).unwrap();
    StepOutput {
        record: vec![total, constants[1], moved[0]],
        state: [moved, kicked].concat(),
    }
}

/// Steps with loops give the trajectories of straight-line steps. Three steps of a smooth
/// potential: one multiplies an error by about 1 + delta (1 + delta) |H|, |H| < 20 here, so that
/// rounding grows to no more than 1e4 of itself; engines agree bit by bit.
#[test]
fn steps_with_loops_follow_straight_ones() {
    type Integrator = fn(&mut LaneBuilder, &[Value], &[Value], Gradient<'_, '_>) -> StepOutput;
    let integrators: [Integrator; 2] = [damped, verlet];
    for integrator in integrators {
        let model = chain(12, false);
        let n = model.dimension();
        let program = |longest: usize| {
            let potential = Differentiated::beyond(&model, longest);
            StepProgram::of(&potential, 2 * n, 2, integrator)
        };
        let (straight, looped) = (program(usize::MAX), program(0));
        assert!(straight.code().is_some() && looped.code().is_none());
        let constants = [0.3, (-0.1f64 * 0.3).exp(), 0.7];
        let start: Vec<f64> = points(2 * n, LANES, 0.0).concat();
        let run = |program: &StepProgram, engine: Engine| {
            let kernel = StepKernel::compile(program, engine).unwrap();
            let mut state = start.clone();
            let mut record = vec![f64::NAN; 3 * kernel.recorded() * LANES];
            kernel.run(&mut state, &constants, 3, &mut record);
            let mut bare = start.clone();
            kernel.run(&mut bare, &constants, 2, &mut []);
            kernel.run(&mut bare, &constants, 1, &mut []);
            assert_eq!(state, bare, "{}", engine.name());
            (state, record)
        };
        let expected = run(&straight, Engine::Interpreter);
        let oracle = run(&looped, Engine::Interpreter);
        for engine in Engine::available() {
            assert_eq!(run(&looped, engine), oracle, "{}", engine.name());
        }
        let pairs = [(&oracle.0, &expected.0), (&oracle.1, &expected.1)];
        for (a, b) in pairs.into_iter().flat_map(|(a, b)| a.iter().zip(b)) {
            assert!((a - b).abs() < 1e4 * 12.0 * f64::EPSILON, "{a} and {b}");
        }
    }
}

/// One term is no family.
#[test]
fn one_term_is_left_as_it_is() {
    let mut graph = Graph::new();
    let q = graph.input(0);
    let node = graph.apply1(Function::Exp, q);
    let split = graph.split(node, 1);
    assert!(split.families.is_empty());
    assert_eq!(split.rest, [node]);
}
