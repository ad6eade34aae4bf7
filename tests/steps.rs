//! Compiled step loops: the damped map, records, lane code instruction by instruction, memory.

use effpot_lang::graph::{Comparison, Function, Graph, Node};
use effpot_lang::kernel::{
    Engine, GroupRun, LANES, LaneBuilder, Shift, StepKernel, StepOutput, StepProgram, Value,
};

/// The gradient of `q^2/2 + e1 sin(q/e1) + e2 sin(q/e2)`; e1 and e2 are parameters.
fn multiscale() -> (Graph, Node) {
    let mut graph = Graph::new();
    let q = graph.input(0);
    let mut sum = q;
    for parameter in [1, 2] {
        let epsilon = graph.input(parameter);
        let angle = graph.over(q, epsilon);
        let cos = graph.apply1(Function::Cos, angle);
        sum = graph.plus(sum, cos);
    }
    (graph, sum)
}

/// `p' = c p - delta g(x)`, `x' = x + delta p'`; records x' and p'.
fn damped_map(graph: &Graph, gradient: Node) -> StepProgram {
    StepProgram::build(
        graph,
        &[gradient],
        1,
        2,
        2,
        |b, state, constants, gradient| {
            let (x, p) = (state[0], state[1]);
            let (c, delta) = (constants[0], constants[1]);
            let g = gradient(b, &[x])[0];
            let (kept, kick) = (b.mul(c, p), b.neg(delta));
            let p = b.fma(kick, g, kept);
            let x = b.fma(delta, p, x);
            StepOutput {
                state: vec![x, p],
                record: vec![x, p],
            }
        },
    )
}

const DELTA: f64 = 0.5;
const EPSILON: [f64; 2] = [0.05, 0.001];

fn constants() -> [f64; 4] {
    [(-0.1f64 * DELTA).exp(), DELTA, EPSILON[0], EPSILON[1]]
}

fn start() -> Vec<f64> {
    let x = (0..LANES).map(|lane| 0.1 + 0.3 * lane as f64);
    x.chain((0..LANES).map(|lane| 0.01 * lane as f64)).collect()
}

#[test]
fn a_few_steps_of_the_damped_map() {
    let (graph, gradient) = multiscale();
    let program = damped_map(&graph, gradient);
    let kernels: Vec<StepKernel> = Engine::available()
        .map(|engine| StepKernel::compile(&program, engine).unwrap())
        .collect();
    let [c, delta, ..] = constants();
    // One step multiplies an error by at most this.
    let stiffness = 1.0 + 1.0 / EPSILON[0] + 1.0 / EPSILON[1];
    let growth = 1.0 + delta + delta * (1.0 + delta) * stiffness;
    let mut states = vec![start(); kernels.len()];
    let mut plain = start();
    // An argument x/e of up to 5e3 is rounded, which moves cos by as much: 5e3 eps.
    let mut error = 0.0;
    for step in 1..=3 {
        for (kernel, state) in kernels.iter().zip(&mut states) {
            kernel.run(state, &constants(), 1, &mut []);
        }
        for lane in 0..LANES {
            let (x, p) = (plain[lane], plain[LANES + lane]);
            let g = graph.value(gradient, &[x, EPSILON[0], EPSILON[1]]);
            let p = c * p - delta * g;
            plain[lane] = x + delta * p;
            plain[LANES + lane] = p;
        }
        error = growth * error + 1e4 * f64::EPSILON;
        for state in &states {
            assert_eq!(states[0], *state, "step {step}");
        }
        for (a, b) in states[0].iter().zip(&plain) {
            assert!((a - b).abs() < error, "step {step}: {a} and {b}, {error:e}");
        }
    }
}

#[test]
fn records_are_the_states_and_an_empty_record_changes_nothing() {
    let (graph, gradient) = multiscale();
    let program = damped_map(&graph, gradient);
    for engine in Engine::available() {
        let kernel = StepKernel::compile(&program, engine).unwrap();
        assert_eq!((kernel.recorded(), kernel.state_len()), (2, 2 * LANES));
        let (mut one, mut all, mut bare) = (start(), start(), start());
        let mut record = vec![0.0; 5 * 2 * LANES];
        kernel.run(&mut all, &constants(), 5, &mut record);
        kernel.run(&mut bare, &constants(), 5, &mut []);
        for step in 0..5 {
            kernel.run(&mut one, &constants(), 1, &mut []);
            assert_eq!(record[step * 2 * LANES..][..2 * LANES], one[..]);
        }
        assert_eq!(all, one);
        assert_eq!(all, bare);
        kernel.run(&mut bare, &constants(), 0, &mut []);
        assert_eq!(all, bare, "no steps");
    }
}

#[test]
#[should_panic(expected = "the record")]
fn a_record_of_the_wrong_length_is_refused() {
    let (graph, gradient) = multiscale();
    let kernel = StepKernel::compile(&damped_map(&graph, gradient), Engine::best()).unwrap();
    kernel.run(&mut start(), &constants(), 5, &mut [0.0; 2 * LANES]);
}

#[test]
fn subnormal_states_are_zero_in_every_engine() {
    let program = StepProgram::build(&Graph::new(), &[], 0, 1, 1, |b, state, constants, _| {
        StepOutput {
            state: vec![b.mul(state[0], constants[0])],
            record: Vec::new(),
        }
    });
    for engine in Engine::available() {
        let kernel = StepKernel::compile(&program, engine).unwrap();
        let mut state = [1.0; LANES];
        // 2^-1030 would be subnormal.
        kernel.run(&mut state, &[0.5], 1030, &mut []);
        assert_eq!(state, [0.0; LANES], "{}", engine.name());
    }
}

/// What every instruction gives on `x` and `y`, and on the invariant `k`.
fn instructions(b: &mut LaneBuilder, x: Value, y: Value, k: Value) -> Vec<Value> {
    let mut out = Vec::new();
    for (a, c) in [(x, y), (x, k), (k, y)] {
        out.extend([b.add(a, c), b.sub(a, c), b.mul(a, c), b.div(a, c)]);
        out.extend([b.min(a, c), b.max(a, c), b.fma(a, c, x), b.fma(x, a, c)]);
        out.extend([b.copysign(a, c), b.neg(a), b.abs(a), b.sqrt(a)]);
        out.extend([b.floor(a), b.nearest(a)]);
        let (i, j) = (b.to_bits(a), b.to_bits(c));
        let mut integers = vec![
            b.int_add(i, j),
            b.int_sub(i, j),
            b.int_and(i, j),
            b.int_or(i, j),
            b.int_xor(i, j),
        ];
        for by in [1, 20, 31, 32, 33, 52, 63] {
            for op in [Shift::Left, Shift::Right, Shift::Arithmetic] {
                integers.push(b.shift(op, i, by));
            }
        }
        let mut masks = Vec::new();
        for (op, _) in Comparison::ALL {
            masks.extend([b.compare(op, a, c), b.compare_integers(op, i, j)]);
            let last = masks.len() - 1;
            masks.push(b.and(masks[last], masks[last - 1]));
            masks.push(b.or(masks[last], masks[last - 1]));
            masks.push(b.not(masks[last]));
        }
        for mask in masks {
            integers.push(b.select_integer(mask, i, j));
            out.push(b.select(mask, a, c));
        }
        // NaN has one form as a number, so integers leave as numbers of their halves.
        let low = b.integer(0xffff_ffff);
        for integer in integers {
            let high = b.shift(Shift::Right, integer, 32);
            let low = b.int_and(integer, low);
            out.extend([b.from_integer(high), b.from_integer(low)]);
        }
    }
    out
}

#[test]
fn every_instruction_is_the_same_in_every_engine() {
    let program = StepProgram::build(&Graph::new(), &[], 0, 2, 1, |b, state, constants, _| {
        StepOutput {
            state: state.to_vec(),
            record: instructions(b, state[0], state[1], constants[0]),
        }
    });
    let numbers = [1.5, -2.5, 0.0, -0.0, 3e-5, f64::NAN, f64::INFINITY, -1e300];
    let mut state = vec![0.0; 2 * LANES];
    let kernels: Vec<StepKernel> = Engine::available()
        .map(|engine| StepKernel::compile(&program, engine).unwrap())
        .collect();
    for (shift, k) in numbers.into_iter().enumerate() {
        for lane in 0..LANES {
            state[lane] = numbers[lane % 8];
            state[LANES + lane] = numbers[(lane * 3 + lane / 8 + shift) % 8];
        }
        let records: Vec<Vec<f64>> = kernels
            .iter()
            .map(|kernel| {
                let mut record = vec![0.0; kernel.recorded() * LANES];
                kernel.run(&mut state.clone(), &[k], 1, &mut record);
                record
            })
            .collect();
        for (engine, record) in records.iter().enumerate() {
            for (at, (a, b)) in records[0].iter().zip(record).enumerate() {
                let equal = a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
                assert!(equal, "record {} engine {engine}: {a:e} {b:e}", at / LANES);
            }
        }
    }
}

#[test]
fn whole_numbers_and_integers_change_into_each_other() {
    let program = StepProgram::build(&Graph::new(), &[], 0, 1, 0, |b, state, _, _| {
        let integer = b.to_integer(state[0]);
        let doubled = b.int_add(integer, integer);
        StepOutput {
            state: vec![b.from_integer(doubled)],
            record: Vec::new(),
        }
    });
    for engine in Engine::available() {
        let mut state = [-1.5, -0.4, 0.5, 2.5, 1e12, -1e15, 7.0, 0.0].repeat(2);
        StepKernel::compile(&program, engine)
            .unwrap()
            .run(&mut state, &[], 1, &mut []);
        assert_eq!(state[..8], [-4.0, 0.0, 0.0, 4.0, 2e12, -2e15, 14.0, 0.0]);
    }
}

#[test]
fn thousands_of_live_values_compile() {
    let program = StepProgram::build(&Graph::new(), &[], 0, 2, 0, |b, state, _, _| {
        let values: Vec<Value> = (1..3000)
            .map(|i| {
                let c = b.constant(f64::from(i));
                b.mul(state[0], c)
            })
            .collect();
        // The last product is needed first, so all of them wait.
        let mut sum = state[1];
        for value in values.into_iter().rev() {
            sum = b.add(sum, value);
        }
        StepOutput {
            state: vec![sum, state[1]],
            record: Vec::new(),
        }
    });
    for engine in Engine::available() {
        let kernel = StepKernel::compile(&program, engine).unwrap();
        let mut state: Vec<f64> = [3.0, 5.0].repeat(LANES / 2);
        state.extend([4.0; LANES]);
        kernel.run(&mut state, &[], 1, &mut []);
        let sums = [3.0, 5.0].map(|x| x * 2999.0 * 1500.0 + 4.0);
        assert_eq!(state[..LANES], sums.repeat(LANES / 2));
    }
}

/// The damped map with a sum of `p` and a count of the place of `x`, and a record of `p` or none.
fn counting(graph: &Graph, gradient: Node, places: u32, recorded: bool) -> StepProgram {
    StepProgram::build(
        graph,
        &[gradient],
        1,
        3,
        2,
        |b, state, constants, gradient| {
            let (x, p) = (state[0], state[1]);
            let g = gradient(b, &[x])[0];
            let kick = b.mul(constants[1], g);
            let kick = b.neg(kick);
            let after = b.fma(constants[0], p, kick);
            let moved = b.fma(constants[1], after, x);
            let (per, start) = (b.constant(4.0), b.constant(f64::from(places) / 2.0));
            let place = b.fma(x, per, start);
            b.count(places, place);
            let sum = b.add(state[2], after);
            StepOutput {
                state: vec![moved, after, sum],
                record: if recorded { vec![after] } else { Vec::new() },
            }
        },
    )
}

#[test]
fn places_are_counted_alike_by_every_engine_however_many_groups_go_together() {
    const PLACES: u32 = 23;
    let (graph, gradient) = multiscale();
    for recorded in [false, true] {
        let program = counting(&graph, gradient, PLACES, recorded);
        let run = |engine: Engine, together: usize| {
            let kernel = StepKernel::compile(&program, engine).unwrap();
            assert_eq!(kernel.places(), PLACES as usize);
            assert_eq!(kernel.recorded(), usize::from(recorded));
            let steps = 70;
            let lane = |group: usize, i: usize| match i / LANES {
                0 => (i * 5 + group * 3) as f64 / 7.0 - 6.0,
                _ => 0.0,
            };
            let state = |group| (0..3 * LANES).map(|i| lane(group, i)).collect();
            let mut states: Vec<Vec<f64>> = (0..5).map(state).collect();
            // Nowhere, and far outside.
            states[1][3] = f64::NAN;
            states[2][4] = 1e300;
            states[2][5] = -1e300;
            let record = if recorded { steps * LANES } else { 0 };
            let mut records = vec![vec![0.0; record]; 5];
            let mut counts = vec![vec![0u32; PLACES as usize]; 5];
            let all = states.iter_mut().zip(&mut records).zip(&mut counts);
            let mut groups: Vec<GroupRun<'_>> = all
                .map(|((state, record), counts)| GroupRun {
                    state,
                    record,
                    counts,
                })
                .collect();
            for groups in groups.chunks_mut(together) {
                kernel.run_groups(groups, &constants(), steps);
            }
            let total: Vec<u32> = counts.iter().map(|counts| counts.iter().sum()).collect();
            assert_eq!(total, [(steps * LANES) as u32; 5]);
            let bits = |all: &[Vec<f64>]| -> Vec<u64> {
                let nan = |x: &f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
                all.iter().flatten().map(nan).collect()
            };
            (bits(&states), bits(&records), counts)
        };
        let expected = run(Engine::Interpreter, 1);
        for engine in Engine::available() {
            for together in [1, 2, 3, 5] {
                let what = format!("{} {together} {recorded}", engine.name());
                assert!(run(engine, together) == expected, "{what}");
            }
        }
    }
}
