//! Windows that are counted in the kernel give what recorded ones give: the same trajectories bit
//! for bit, the same counts, the same sums to rounding, also where lanes are trapped or lost.

#[path = "support/runs.rs"]
mod runs;

use std::sync::atomic::AtomicBool;

use effpot_lang::dynamics::{
    Census, CountedWindow, Counter, CountingMap, DampedMap, Damping, Ensemble, Observer, Side,
    Stream, Streams, Window,
};
use effpot_lang::kernel::{Engine, LANES};
use effpot_lang::learn::collect::{Block, Collector, Plan};
use effpot_lang::learn::tally::places;
use effpot_lang::session::{Estimator, Options, Potential};
use effpot_lang::stats::{Grid, Histogram, Mesh, MeshAxis};
use nalgebra::DMatrix;

/// Stretches of time, and the windows of each: of several blocks, and of none that is whole.
const STRETCHES: usize = 3;
const WINDOWS: [usize; 12] = [40, 40, 40, 97, 1, 40, 64, 31, 40, 40, 40, 40];
/// Windows that are cut where lanes are lost.
const LONG: [usize; 4] = [5000, 8192, 3000, 4500];
const STRIDE: u64 = 7;

struct Case {
    potential: Potential,
    damping: Damping,
    mesh: Mesh,
    sides: Vec<Side>,
    /// Starts are uniform on this interval along each coordinate, at this temperature.
    from: (f64, f64),
    kt: f64,
    /// Steps of a watch.
    watch: u64,
    limits: bool,
    windows: &'static [usize],
}

/// What a run gives: blocks of all groups, where the lanes end, and what has happened to them.
struct Outcome {
    blocks: Vec<Vec<Block>>,
    ends: Vec<u64>,
    census: Census,
}

fn mesh(axes: &[(f64, f64, usize, bool)]) -> Mesh {
    let axis = |&(lo, hi, bins, periodic): &(f64, f64, usize, bool)| MeshAxis {
        grid: Grid::over(lo, hi, bins).unwrap(),
        periodic,
    };
    Mesh::new(axes.iter().map(axis).collect()).unwrap()
}

impl Case {
    fn run(&self, counted: bool, engine: Engine) -> Outcome {
        let (model, parameters) = (&self.potential.model, &self.potential.parameters);
        let d = model.dimension();
        let map = DampedMap::compile(model, parameters, self.damping.clone(), engine).unwrap();
        let centre = vec![0.1; d];
        let damping = self.damping.clone();
        let bins = places(&self.mesh).unwrap();
        let bins = Some(&bins);
        let counting = CountingMap::compile(
            model,
            parameters,
            damping,
            &centre,
            self.limits,
            bins,
            engine,
        );
        let counting = counting.unwrap();
        assert!(counting.places().is_some());
        let values = |x: &[f64], out: &mut [f64]| self.potential.values(x, out);
        let plan = Plan {
            mesh: Some(self.mesh.clone()),
            periods: model.coordinates.iter().map(|c| c.period).collect(),
            momentum_grid: Grid::over(-10.0, 10.0, 4000).unwrap(),
            force_stride: STRIDE,
            value_stride: 2 * STRIDE,
            whole_step: false,
            point_stride: 0,
            values: &values,
            centre,
            level: 0.0,
        };
        let (lo, hi) = self.from;
        let starts = move |stream: &mut Stream, point: &mut [f64]| {
            point.fill_with(|| lo + (hi - lo) * stream.uniform());
        };
        const GROUPS: usize = 6;
        let streams = Streams::new(7);
        let (kt, sides) = (self.kt, &self.sides);
        let mut lanes = Ensemble::new(GROUPS, streams, &starts, kt, sides, true, self.watch);
        let mut keepers: Vec<Collector<'_>> = (0..GROUPS).map(|_| Collector::new(&plan)).collect();
        let go = AtomicBool::new(false);
        for stretch in 0..STRETCHES {
            // Twice, so that what is held goes over from one call to the next.
            for windows in self.windows.chunks(5) {
                let all = &mut keepers;
                assert!(match counted {
                    false => lanes.advance(&map, windows, stretch, &starts, all, &go),
                    true => lanes.advance_counted(
                        &map, &counting, STRIDE, windows, stretch, &starts, all, &go,
                    ),
                });
            }
        }
        match counted {
            false => lanes.finish(&map, &mut keepers),
            true => lanes.finish_counted(&counting, &mut keepers),
        }
        Outcome {
            blocks: keepers.into_iter().map(Collector::into_blocks).collect(),
            ends: lanes.positions().into_iter().map(f64::to_bits).collect(),
            census: lanes.census(),
        }
    }

    /// Compares both ways, counted by the code that counts by itself and by one that records for
    /// it; what happened to the lanes.
    fn compare(&self) -> Census {
        let recorded = self.run(false, Engine::best());
        self.compared(&recorded, Engine::Scalar);
        self.compared(&recorded, Engine::best())
    }

    fn compared(&self, recorded: &Outcome, engine: Engine) -> Census {
        let counted = self.run(true, engine);
        assert_eq!(recorded.ends, counted.ends);
        let (a, b) = (&recorded.census, &counted.census);
        assert_eq!(
            (a.trapped, a.watches, a.diverged, a.restarts, a.windows),
            (b.trapped, b.watches, b.diverged, b.restarts, b.windows)
        );
        assert_eq!(a.first_divergence, b.first_divergence);
        let periodic: Vec<bool> = self.mesh.axes().iter().map(|axis| axis.periodic).collect();
        for (a, b) in recorded.blocks.iter().zip(&counted.blocks) {
            assert_eq!((a.len(), b.len()), (STRETCHES, STRETCHES));
            a.iter().zip(b).for_each(|(a, b)| same(a, b, &periodic));
        }
        let blocks = counted.blocks.iter().flatten();
        let samples: Vec<f64> = blocks.map(Block::samples).collect();
        let held = samples.iter().filter(|samples| **samples > 500.0).count();
        assert!(2 * held > samples.len(), "{samples:?}");
        counted.census
    }
}

/// A sum of some thousand terms that are added up in another order, or that telescope: each loses
/// some roundings of what is added or of the positions, which are below 10.
fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-11 * (1.0 + a.abs()), "{a} {b}");
}

/// Skewness and excess kurtosis of what a histogram has counted.
fn shape(histogram: &Histogram) -> (f64, f64) {
    let grid = histogram.grid();
    let centre = |bin: usize| grid.lo() + (bin as f64 + 0.5) * grid.width();
    let moment = |n: i32, mean: f64| {
        let counts = histogram.counts().iter().enumerate();
        let sum: f64 = counts
            .map(|(bin, count)| *count as f64 * (centre(bin) - mean).powi(n))
            .sum();
        sum / histogram.total() as f64
    };
    assert_eq!(histogram.outside(), 0);
    let mean = moment(1, 0.0);
    let variance = moment(2, mean);
    (
        moment(3, mean) / variance.powf(1.5),
        moment(4, mean) / variance.powi(2) - 3.0,
    )
}

fn same(a: &Block, b: &Block, periodic: &[bool]) {
    assert_eq!(a.samples(), b.samples());
    if a.samples() == 0.0 {
        return;
    }
    let (binned, counted) = (a.binned.as_ref().unwrap(), b.binned.as_ref().unwrap());
    assert!(binned.density.total() > 0);
    // No sample of these runs is within 2^-32 of an edge.
    assert_eq!(binned.density, counted.density);
    // What is thinned is the same, sample by sample.
    assert!(binned.force.total() > 0 && binned.value.total() > 0);
    assert_eq!(binned.force, counted.force);
    assert_eq!(binned.value, counted.value);
    assert_eq!(a.momenta, b.momenta);
    assert_eq!(a.value_evaluations, b.value_evaluations);
    for ((c, periodic), momenta) in periodic.iter().enumerate().zip(&b.momenta) {
        let (a, b) = (a.total(c), b.total(c));
        close(a.mean_square(), b.mean_square());
        close(a.momentum().mean, b.momentum().mean);
        // The shape is that of the steps that are shown, whose momenta are in the histogram: to
        // half a bin, 0.0025.
        let (skew, excess) = b.shape();
        let (skewed, exceeded) = shape(momenta);
        assert!(
            (skew - skewed).abs() < 0.05 * (1.0 + skew.abs()),
            "{skew} {skewed}"
        );
        assert!(
            (excess - exceeded).abs() < 0.1 * (1.0 + excess.abs()),
            "{excess} {exceeded}"
        );
        // The mean of p^2 is that of all steps, its spread that of those.
        let [mean, spread] = [
            b.kinetic().mean,
            b.kinetic().variance() / b.mean_square().powi(2),
        ];
        close(a.kinetic().mean, mean);
        assert!(
            (spread - (excess + 2.0)).abs() < 0.3 * (3.0 + excess.abs()),
            "{spread} {excess}"
        );
        close(a.mean_virial(), b.mean_virial());
        // Of positions every seventh: what is held of a lane is of one relaxation time or more.
        let (x, y) = (a.position(), b.position());
        assert!(y.count > 0 && (x.mean - y.mean).abs() < 0.3 * (1.0 + x.mean.abs()));
        assert_eq!(b.mean_virial() == 0.0, *periodic);
    }
    for (a, b) in a.momentum_moments().iter().zip(b.momentum_moments()) {
        close(*a, b);
    }
}

/// Two wells; small scales, which heat, are in the right one alone: in the left one lanes get
/// stuck. Beyond 1.7 they are lost.
fn wells(limits: bool) -> Case {
    Case {
        potential: runs::potential("V(q) = (q^2 - 1)^2 + 0.03*exp(-0.5*(q - 1)^2)*sin(100*q)"),
        damping: Damping::scalar(1, 0.3, 0.3),
        mesh: mesh(&[(-1.8, 1.65, 138, false)]),
        sides: vec![Side::plain(-1.85, 1.7)],
        from: (-1.2, 1.2),
        kt: 0.3,
        watch: 22,
        limits,
        windows: &WINDOWS,
    }
}

/// Lanes that are trapped or lost are taken back, with limits and without.
#[test]
fn lost_lanes_are_taken_back() {
    for limits in [false, true] {
        let census = wells(limits).compare();
        assert!(census.trapped > 20, "{census:?}");
        assert!(census.diverged > 5, "{census:?}");
        assert!(census.restarts > 40 && census.first_divergence.is_some());
    }
}

/// Positions on a circle, which windows begin within.
#[test]
fn a_period_is_counted() {
    let case = Case {
        potential: runs::potential("V(x: angle) = cos(x) + 0.02*sin(50*x)"),
        damping: Damping::scalar(1, 0.5, 0.1),
        mesh: mesh(&[(-std::f64::consts::PI, std::f64::consts::PI, 96, true)]),
        sides: vec![Side::period(std::f64::consts::TAU)],
        from: (-3.0, 3.0),
        kt: 1.0,
        watch: 40,
        limits: false,
        windows: &WINDOWS,
    };
    case.compare();
}

/// Two coordinates, one of them on a circle, first or last; friction is a number or mixes them.
/// Some of the samples are outside the bins.
#[test]
fn several_coordinates_are_counted() {
    let circle = (-std::f64::consts::PI, std::f64::consts::PI, 40, true);
    let friction = DMatrix::from_row_slice(2, 2, &[0.3, 0.1, 0.1, 0.2]);
    let mass = DMatrix::from_row_slice(2, 2, &[2.0, 0.5, 0.5, 1.0]);
    let mixed = Damping::matrix(2, 0.3, &friction, &mass).unwrap();
    let line = (-2.0, 2.5, 50, false);
    let side = Side::plain(-6.0, 6.0);
    let period = Side::period(std::f64::consts::TAU);
    let small = "0.01*sin(100*x + 70*y)";
    let cases = [
        (
            format!("V(x, y) = x^2 + x*y + y^2 + {small}"),
            [line, line],
            [side, side],
        ),
        (
            format!("V(x: angle, y) = cos(x) + y^2 + {small}"),
            [circle, line],
            [period, side],
        ),
        (
            format!("V(x, y: angle) = x^2 + cos(y) + {small}"),
            [line, circle],
            [side, period],
        ),
    ];
    for (text, axes, sides) in cases {
        for damping in [Damping::scalar(2, 0.3, 0.2), mixed.clone()] {
            let case = Case {
                potential: runs::potential(&text),
                damping,
                mesh: mesh(&axes),
                sides: sides.to_vec(),
                from: (-1.5, 1.5),
                kt: 1.0,
                watch: 40,
                limits: true,
                windows: &WINDOWS,
            };
            case.compare();
        }
    }
}

/// Whether a mass that is not one is told of by the ends of windows.
#[test]
fn a_mass_is_no_matter() {
    let matrix = |x: f64| DMatrix::from_element(1, 1, x);
    let case = Case {
        damping: Damping::matrix(1, 0.3, &matrix(0.2), &matrix(2.5)).unwrap(),
        ..wells(false)
    };
    case.compare();
}

/// A well that lanes leave now and then, where they are lost: long windows of a group in which that has
/// happened are cut, those of the groups beside it are not.
fn leaking(side: f64) -> Case {
    Case {
        potential: runs::potential("V(q) = q^2/2 + 0.1*cos(100*q)"),
        mesh: mesh(&[(0.5 - side, side - 0.5, 360, false)]),
        sides: vec![Side::plain(-side, side)],
        from: (-1.0, 1.0),
        watch: 40,
        windows: &LONG,
        ..wells(false)
    }
}

/// Nothing depends on how many threads there are, nor on how groups are taken together.
#[test]
fn threads_do_not_matter() {
    let leaking = leaking(24.0);
    assert!(
        (1..6).contains(&leaking.run(true, Engine::best()).census.diverged),
        "one of six groups or more is never careful"
    );
    for case in [wells(false), leaking] {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| case.run(true, Engine::best()))
        };
        let one = run(1);
        for threads in [2, 8] {
            let many = run(threads);
            assert_eq!(one.ends, many.ends);
            let (one, many) = (one.blocks.iter().flatten(), many.blocks.iter().flatten());
            for (a, b) in one.zip(many) {
                assert_eq!(
                    a.binned.as_ref().unwrap().density,
                    b.binned.as_ref().unwrap().density
                );
                assert_eq!(a.momentum_moments(), b.momentum_moments());
                assert_eq!(
                    a.total(0).mean_virial().to_bits(),
                    b.total(0).mean_virial().to_bits()
                );
            }
        }
    }
}

/// Long runs are counted and short ones recorded; both say the same. The first test of Li & Tao
/// 2024: U is q^2/2.
#[test]
fn a_long_run_finds_the_same() {
    let text = runs::example("quadratic");
    let learned = |estimators: &[Estimator], steps: u64| {
        let options = Options {
            estimators: estimators.to_vec(),
            steps: Some(steps),
            ..Options::default()
        };
        runs::run(&text, options)
    };
    use Estimator::{Density, Paper, Value};
    let steps = 14_000_000;
    let counted = learned(&[Density, Value], steps);
    // `paper` looks at every step.
    let recorded = learned(&[Density, Value, Paper], steps);
    let names = ["q", "U", "dU", "U_stderr"];
    let (a, b) = (
        runs::columns(&counted, names),
        runs::columns(&recorded, names),
    );
    assert!(a[0].len() > 50);
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{a} {b}");
    }
}

/// Steps of committed windows, and counts, by a counter of one's own.
#[derive(Default)]
struct Own {
    counts: Vec<u32>,
    steps: usize,
    shown: u64,
}

impl Counter for Own {
    fn counts(&mut self, _: usize, _: usize) -> &mut [u32] {
        &mut self.counts
    }

    fn commit(&mut self, window: &CountedWindow<'_>) {
        let lanes = window.committed().iter().filter(|lane| **lane).count();
        self.steps += window.steps() * lanes;
        self.shown += window.shown().count() as u64;
        for step in window.shown() {
            assert!(step.steps() == 1 && step.first_step().is_multiple_of(STRIDE));
        }
    }
}

impl Observer for Own {
    fn observe(&mut self, _: &Window<'_>) {}
}

/// What is counted less what is taken back is what is committed, also of windows that are cut.
#[test]
fn counts_balance() {
    balance(&wells(true), &[25; 60]);
    balance(&wells(true), &[8192, 8192, 5000]);
    balance(&leaking(20.0), &[8192; 24]);
}

fn balance(case: &Case, windows: &[usize]) {
    let (model, parameters) = (&case.potential.model, &case.potential.parameters);
    let (engine, damping) = (Engine::best(), case.damping.clone());
    let map = DampedMap::compile(model, parameters, damping.clone(), engine).unwrap();
    let bins = places(&case.mesh).unwrap();
    let number = bins.count();
    let (limits, bins) = (case.limits, Some(&bins));
    let counting = CountingMap::compile(model, parameters, damping, &[0.0], limits, bins, engine);
    let counting = counting.unwrap();
    let starts = |stream: &mut Stream, point: &mut [f64]| point[0] = 2.4 * stream.uniform() - 1.2;
    let streams = Streams::new(3);
    let mut lanes = Ensemble::new(3, streams, &starts, 0.3, &case.sides, true, case.watch);
    let mut own = [(); 3].map(|()| Own {
        counts: vec![0; number],
        ..Own::default()
    });
    let go = AtomicBool::new(false);
    assert!(lanes.advance_counted(&map, &counting, STRIDE, windows, 0, &starts, &mut own, &go));
    lanes.finish_counted(&counting, &mut own);
    assert!(lanes.census().restarts > 0);
    let steps: usize = windows.iter().sum();
    for own in own {
        let counted: u64 = own.counts.iter().map(|count| u64::from(*count)).sum();
        assert!(own.steps > 0 && own.steps <= steps * LANES);
        assert_eq!(counted, own.steps as u64);
        assert_eq!(own.shown, (steps as u64).div_ceil(STRIDE));
    }
}

/// Counts are emptied before they are full, never within a window, and nothing is lost of more than
/// 32 bits.
#[test]
fn counts_are_emptied_between_windows() {
    let values = |_: &[f64], out: &mut [f64]| out.fill(0.0);
    let plan = Plan {
        mesh: Some(mesh(&[(0.0, 1.0, 4, false)])),
        periods: vec![None],
        momentum_grid: Grid::over(-1.0, 1.0, 4).unwrap(),
        force_stride: 1,
        value_stride: 1,
        whole_step: false,
        point_stride: 0,
        values: &values,
        centre: vec![0.0],
        level: 0.0,
    };
    let mut collector = Collector::new(&plan);
    let (windows, steps) = (100, 1 << 24);
    let many = (steps * LANES) as u32;
    let mut emptied = 0;
    for _ in 0..windows {
        let counts = collector.counts(0, steps);
        emptied += u32::from(counts.iter().all(|count| *count == 0));
        let before = counts.to_vec();
        for part in 0..4 {
            collector.counts(0, 0)[1 + part] += many / 4;
        }
        let counts = collector.counts(0, 0);
        for part in 0..4 {
            assert_eq!(counts[1 + part] - before[1 + part], many / 4);
        }
    }
    assert!(emptied > 10);
    let blocks = collector.into_blocks();
    let density = &blocks[0].binned.as_ref().unwrap().density;
    assert_eq!(density.total(), windows * u64::from(many));
}
