//! Time per step and trajectory of the damped map on (4.5) of Li and Tao 2024, bare and with
//! statistics. `cargo bench --bench step`; the time of an element is the one to look at.

use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use effpot_lang::check::check;
use effpot_lang::dynamics::{CountingMap, DampedMap, Damping, Ensemble, Side, Stream, Streams};
use effpot_lang::graph::{Function, Graph, Node};
use effpot_lang::kernel::{Engine, LANES, StepKernel, StepOutput, StepProgram};
use effpot_lang::learn::collect::{Collector, Plan};
use effpot_lang::learn::tally::places;
use effpot_lang::source::Sources;
use effpot_lang::stats::{Grid, Histogram, Mesh};

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

/// The first example as `learn` samples it: 64 trajectories, their windows recorded or counted.
fn learn(criterion: &mut Criterion) {
    const WINDOWS: [usize; 64] = [40; 64];
    const STRIDE: u64 = 50;
    let text = include_str!("../examples/quadratic.pot");
    let mut sources = Sources::new();
    let root = sources.add("quadratic.pot", text);
    let program = check(&sources, root).expect("a program");
    let model = program.potential(None).expect("a potential");
    let parameters = model.parameter_values();
    let damping = Damping::scalar(1, DELTA, GAMMA);
    let engine = Engine::best();
    let map = DampedMap::compile(&model, &parameters, damping.clone(), engine).expect("a map");
    let mesh = Mesh::from(Grid::over(-10.0, 10.0, BINS).expect("a grid"));
    let bins = places(&mesh).expect("few bins");
    let bins = Some(&bins);
    let counting = CountingMap::compile(&model, &parameters, damping, &[0.0], false, bins, engine);
    let counting = counting.expect("a map");
    let plan = Plan {
        mesh: Some(mesh),
        periods: vec![None],
        momentum_grid: Grid::over(-14.0, 14.0, 1024).expect("a grid"),
        force_stride: STRIDE,
        value_stride: 0,
        whole_step: false,
        point_stride: 0,
        values: &|_, out| out.fill(f64::NAN),
        centre: vec![0.0],
        level: 0.0,
    };
    let starts = |stream: &mut Stream, point: &mut [f64]| point[0] = stream.uniform();
    let (streams, sides) = (Streams::new(1), [Side::plain(-1e3, 1e3)]);
    let cancelled = AtomicBool::new(false);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let one = one.expect("a thread");
    let mut group = criterion.benchmark_group("learn");
    group.throughput(Throughput::Elements(
        64 * WINDOWS.iter().sum::<usize>() as u64,
    ));
    for counted in [false, true] {
        let mut lanes = Ensemble::new(4, streams, &starts, 2.8, &sides, true, 40);
        let mut keepers: Vec<Collector<'_>> = (0..4).map(|_| Collector::new(&plan)).collect();
        let name = if counted { "counted" } else { "recorded" };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let all = &mut keepers;
                one.install(|| match counted {
                    false => lanes.advance(&map, &WINDOWS, 0, &starts, all, &cancelled),
                    true => lanes.advance_counted(
                        &map, &counting, STRIDE, &WINDOWS, 0, &starts, all, &cancelled,
                    ),
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, step, learn);
criterion_main!(benches);
