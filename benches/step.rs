//! Time per step and trajectory of the damped map on (4.5) of Li and Tao 2024, bare and with
//! statistics. `cargo bench --bench step`; the time of an element is the one to look at.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use effpot_lang::graph::{Function, Graph, Node};
use effpot_lang::kernel::{Engine, LANES, StepKernel, StepOutput, StepProgram};
use effpot_lang::stats::{Grid, Histogram};

const BLOCK: usize = 64;
const BLOCKS: usize = 100;
const BINS: usize = 512;
const GAMMA: f64 = 0.1;
const DELTA: f64 = 0.5;

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

/// `p' = c p - delta g(x)`, `x' = x + delta p'`, with or without a record of x' and p'.
fn damped_map(recorded: bool) -> StepProgram {
    let (graph, gradient) = multiscale();
    StepProgram::build(
        &graph,
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
                record: if recorded { vec![x, p] } else { Vec::new() },
            }
        },
    )
}

/// A histogram of x and power sums of p, by what the library keeps its own with.
struct Statistics {
    histogram: Histogram,
    sums: [[f64; LANES]; 3],
}

impl Statistics {
    fn new() -> Statistics {
        let grid = Grid::over(-8.0, 8.0, BINS).expect("a grid");
        Statistics {
            histogram: Histogram::new(grid),
            sums: [[0.0; LANES]; 3],
        }
    }

    fn add(&mut self, record: &[f64]) {
        for step in record.chunks_exact(2 * LANES) {
            let (xs, ps) = step.split_at(LANES);
            self.histogram.add_all(xs);
            let [first, second, third] = &mut self.sums;
            for (lane, &p) in ps.iter().enumerate() {
                let square = p * p;
                first[lane] += p;
                second[lane] += square;
                third[lane] += square * p;
            }
        }
    }
}

fn start() -> Vec<f64> {
    let x = (0..LANES).map(|lane| 0.1 + 0.05 * lane as f64);
    x.chain([0.0; LANES]).collect()
}

fn step(criterion: &mut Criterion) {
    let constants = [(-GAMMA * DELTA).exp(), DELTA, 0.05, 0.001];
    let mut group = criterion.benchmark_group("damped map");
    group.throughput(Throughput::Elements((BLOCK * BLOCKS * LANES) as u64));
    for engine in [Engine::Scalar, Engine::Vector] {
        let kernel = StepKernel::compile(&damped_map(false), engine).expect("a kernel");
        let mut state = start();
        group.bench_function(format!("bare, {}", engine.name()), |bencher| {
            bencher.iter(|| kernel.run(black_box(&mut state), &constants, BLOCK * BLOCKS, &mut []));
        });
        let kernel = StepKernel::compile(&damped_map(true), engine).expect("a kernel");
        let mut record = vec![0.0; BLOCK * 2 * LANES];
        let mut statistics = Statistics::new();
        group.bench_function(format!("statistics, {}", engine.name()), |bencher| {
            bencher.iter(|| {
                for _ in 0..BLOCKS {
                    kernel.run(&mut state, &constants, BLOCK, &mut record);
                    statistics.add(black_box(&record));
                }
            });
        });
        black_box((statistics.histogram.total(), statistics.sums[0][0]));
    }
    group.finish();
}

criterion_group!(benches, step);
criterion_main!(benches);
