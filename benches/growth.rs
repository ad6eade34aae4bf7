//! How everything grows with the number of coordinates, of pairs or of terms: the graph, the time
//! to check, differentiate and compile, the memory at its peak, and the time of an evaluation. The
//! last line of each table has the exponents of power laws fitted to the columns, over the upper
//! half of the sizes. `cargo bench --bench growth`; with an argument, only tables whose title
//! contains it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use effpot_lang::check::check;
use effpot_lang::graph::{Differentiated, Model};
use effpot_lang::kernel::{
    BatchKernel, Engine, GroupRun, LANES, LaneBuilder, LaneGradient, StepKernel, StepOutput,
    StepProgram, Value, Wanted,
};
use effpot_lang::source::Sources;

/// Counts what is allocated, and the most of it there ever was.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: what the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: what the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const COLUMNS: [&str; 11] = [
    "size",
    "nodes",
    "with gradient",
    "families",
    "check ms",
    "differentiate ms",
    "kernel ms",
    "step kernel ms",
    "peak MB",
    "value+gradient ns",
    "step ns",
];

/// A row of a table: `size` is what the others are fitted against.
fn row(size: usize, text: &str) -> [f64; 11] {
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let (model, check_time) = timed(|| model(text));
    let (potential, differentiate) = timed(|| model.differentiated());
    let engine = Engine::best();
    let (kernel, compile) = timed(|| BatchKernel::of(&potential, Wanted::Both, engine));
    let (step, compile_step) = timed(|| StepKernel::compile(&damped(&potential), engine));
    let peak = PEAK.load(Ordering::Relaxed) - before;
    let (kernel, step) = (kernel.expect("a kernel"), step.expect("a step kernel"));
    let templates = potential.families.iter().map(|family| family.graph.len());
    [
        size as f64,
        model.graph.len() as f64,
        (potential.graph.len() + templates.sum::<usize>()) as f64,
        potential.families.len() as f64,
        1e3 * check_time,
        1e3 * differentiate,
        1e3 * compile,
        1e3 * compile_step,
        peak as f64 / 1e6,
        1e9 * evaluation(&kernel, &model),
        1e9 * stepping(&step, &model),
    ]
}

fn timed<T>(f: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = f();
    (result, start.elapsed().as_secs_f64())
}

fn model(text: &str) -> Model {
    let mut sources = Sources::new();
    let root = sources.add("growth.pot", text);
    let program = check(&sources, root).expect("a right program");
    program.potential(None).expect("a potential")
}

/// The damped map, `p' = c p - delta g(x)`, `x' = x + delta p'`.
fn damped(potential: &Differentiated) -> StepProgram {
    let d = potential.dimension;
    let integrator = |b: &mut LaneBuilder,
                      state: &[Value],
                      constants: &[Value],
                      gradient: &mut LaneGradient<'_>| {
        let (x, p) = state.split_at(d);
        let kick = b.neg(constants[0]);
        let mut kicked = Vec::new();
        for (g, &p) in gradient(b, x).into_iter().zip(p) {
            let kept = b.mul(constants[1], p);
            kicked.push(b.fma(kick, g, kept));
        }
        let moves = x.iter().zip(&kicked);
        let moved: Vec<Value> = moves.map(|(&x, &p)| b.fma(constants[0], p, x)).collect();
        StepOutput {
            record: Vec::new(),
            state: [moved, kicked].concat(),
        }
    };
    StepProgram::of(potential, 2 * d, 2, integrator)
}

/// A point where every distance is near 1: a grid of a cube, and all else is as good there.
fn start(model: &Model) -> Vec<f64> {
    let d = model.dimension();
    let mut points = Vec::with_capacity(d * LANES);
    for i in 0..d {
        let (atom, axis) = (i / 3, i % 3);
        let place = [atom % 4, atom / 4 % 4, atom / 16][axis] as f64;
        points.extend((0..LANES).map(|lane| 1.1 * place + 1e-3 * ((i + lane) % 7) as f64));
    }
    points
}

/// Seconds for value and gradient at one point.
fn evaluation(kernel: &BatchKernel, model: &Model) -> f64 {
    let (points, parameters) = (start(model), model.parameter_values());
    let mut out = vec![0.0; (model.dimension() + 1) * LANES];
    let once = || kernel.evaluate(black_box(&points), LANES, &parameters, black_box(&mut out));
    repeated(once) / LANES as f64
}

/// Seconds for one step of one trajectory.
fn stepping(kernel: &StepKernel, model: &Model) -> f64 {
    const STEPS: usize = 64;
    const GROUPS: usize = 4;
    let start = [start(model), vec![0.0; model.dimension() * LANES]].concat();
    let constants = [&[1e-3, 0.99], &model.parameter_values()[..]].concat();
    let mut states = vec![start.clone(); GROUPS];
    let block = || {
        let groups = states.iter_mut().map(|state| {
            state.copy_from_slice(&start);
            GroupRun::new(state, &mut [])
        });
        let mut groups: Vec<GroupRun<'_>> = groups.collect();
        kernel.run_groups(black_box(&mut groups), &constants, STEPS);
    };
    repeated(block) / (STEPS * GROUPS * LANES) as f64
}

/// The least seconds of a call, over a tenth of a second and at least 3 calls.
fn repeated(mut f: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut least = f64::INFINITY;
    let mut calls = 0;
    while calls < 3 || start.elapsed().as_secs_f64() < 0.1 {
        least = least.min(timed(&mut f).1);
        calls += 1;
    }
    least
}

/// The slope of the logarithm of a column against that of the sizes.
fn exponent(rows: &[[f64; 11]], column: usize) -> f64 {
    let upper = &rows[rows.len() / 2..];
    let points: Vec<(f64, f64)> = upper
        .iter()
        .map(|row| (row[0].ln(), row[column].max(1e-9).ln()))
        .collect();
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    both / points
        .iter()
        .map(|point| (point.0 - x).powi(2))
        .sum::<f64>()
}

fn table(title: &str, rows: &[[f64; 11]]) {
    println!("\n{title}");
    let print = |cells: Vec<String>| {
        let cells = cells.iter().zip(COLUMNS);
        let padded = cells.map(|(cell, name)| format!("{cell:>width$}", width = name.len().max(7)));
        println!("{}", padded.collect::<Vec<_>>().join("  "));
    };
    print(COLUMNS.map(str::to_owned).into());
    for row in rows {
        let cell = |(at, value): (usize, &f64)| match at {
            4..=8 => format!("{value:.2}"),
            _ => format!("{value:.0}"),
        };
        print(row.iter().enumerate().map(cell).collect());
    }
    let fitted = (1..COLUMNS.len()).map(|column| format!("{:.2}", exponent(rows, column)));
    print(
        std::iter::once("exponent".to_owned())
            .chain(fitted)
            .collect(),
    );
}

/// A harmonic chain on a cosine.
fn chain(n: usize) -> String {
    format!(
        "V(q[{n}]) = sum((q[i + 1] - q[i])^2/2 for i in 1..{n}-1) + sum(cos(q[i]) for i in 1..{n})"
    )
}

/// Independent coordinates, each in a rough well.
fn rough(n: usize) -> String {
    format!("V(q[{n}]) = sum(q[i]^2/2 + 0.05*sin(q[i]/0.05) for i in 1..{n})")
}

/// One coordinate with so many waves whose lengths have no common measure.
fn waves(n: usize) -> String {
    format!("V(q) = q^2/2 + sum(cos(sqrt(i)*q)/i for i in 1..{n})")
}

/// One coordinate with so many harmonics.
fn harmonics(n: usize) -> String {
    format!("V(q) = q^2/2 + sum(cos(i*q)/i^2 for i in 1..{n})")
}

/// A Lennard-Jones cluster.
fn cluster(atoms: usize) -> String {
    format!(
        "lj(r) = 4*(r^-12 - r^-6)\n\
         V(r[{atoms}, 3]) = sum(lj(dist(r[i], r[j])) for i in 1..{atoms}, j in i+1..{atoms})"
    )
}

/// A sum of terms of which hardly two are alike, each a few operations deep.
fn unlike(n: usize) -> String {
    let mut seed = 7u64;
    let mut below = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % n
    };
    let mut terms = Vec::new();
    for i in 1..=n {
        let mut term = format!("q[{i}]");
        for _ in 0..8 {
            let other = below(n) + 1;
            term = match below(8) {
                0 => format!("sin({term})"),
                1 => format!("({term} + q[{other}])"),
                2 => format!("({term} - 0.{})", below(90) + 10),
                3 => format!("tanh({term}*q[{other}])"),
                4 => format!("sqrt(1 + ({term})^2)"),
                5 => format!("exp(-({term})^2)"),
                6 => format!("(q[{other}]*({term}))"),
                _ => format!("atan({term})"),
            };
        }
        terms.push(term);
    }
    format!("V(q[{n}]) = {}", terms.join(" +\n  "))
}

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let show = |title: &str, rows: &dyn Fn() -> Vec<[f64; 11]>| {
        if wanted.is_empty() || wanted.iter().any(|part| title.contains(part.as_str())) {
            table(title, &rows());
        }
    };
    show("chain: harmonic bonds on a cosine, by coordinates", &|| {
        let sizes = [10, 30, 100, 300, 1000, 3000, 10_000];
        sizes.map(|n| row(n, &chain(n))).into()
    });
    show("rough: independent rough wells, by coordinates", &|| {
        let sizes = [1, 2, 3, 5, 10, 30, 100, 300, 1000];
        sizes.map(|n| row(n, &rough(n))).into()
    });
    show("waves: without a common measure, by terms", &|| {
        let sizes = [1, 3, 10, 30, 100, 300, 1000];
        sizes.map(|n| row(n, &waves(n))).into()
    });
    show("harmonics: of one angle, by terms", &|| {
        let sizes = [1, 3, 10, 30, 100, 300, 1000];
        sizes.map(|n| row(n, &harmonics(n))).into()
    });
    show("cluster: Lennard-Jones, by pairs", &|| {
        let sizes = [4, 7, 13, 19, 26, 38];
        sizes.map(|n| row(n * (n - 1) / 2, &cluster(n))).into()
    });
    show("unlike: no two terms of one shape, by coordinates", &|| {
        let sizes = [10, 30, 100, 300, 1000, 3000];
        sizes.map(|n| row(n, &unlike(n))).into()
    });
}
