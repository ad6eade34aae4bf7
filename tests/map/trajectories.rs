//! The compiled map: what holds for any potential, what holds in a well, and the book-keeping.

use effpot_lang::dynamics::{Ensemble, Observer, Window};
use effpot_lang::kernel::LANES;
use effpot_lang::learn::collect::Block;
use effpot_lang::learn::{fit, scale};
use effpot_lang::report::result::Verdict;
use effpot_lang::session::{Estimator, Options, Outcome, Potential};
use effpot_lang::stats::Grid;

use crate::runs::{example, file, potential, run};
use crate::sampling::{Sampling, everything, lanes, over_lanes};
use crate::{curvature, densities};

/// Test 1 of Li & Tao 2024 at delta 0.5: 64 lanes of 160,000 steps.
const TEST_1: Sampling = Sampling {
    delta: 0.5,
    gamma: 0.1,
    groups: 4,
    segments: 16,
    steps: 10_000,
    seed: 5,
    from: (-2.0, 2.0),
    kt: 2.8,
};

/// Sums of `x V'(x)` and of `p^2` over each lane, the gradient evaluated apart from the map.
struct Virial<'a> {
    potential: &'a Potential,
    sums: [[f64; 3]; LANES],
    /// The largest difference between that gradient and the one read off the kick.
    apart: f64,
}

impl Observer for Virial<'_> {
    fn observe(&mut self, window: &Window<'_>) {
        let mut g = [0.0; LANES];
        for step in 0..window.steps() {
            let x = window.positions(step, 0);
            self.potential.gradients(x, &mut g);
            for lane in 0..LANES {
                let p = window.momenta(step, 0)[lane];
                self.apart = self
                    .apart
                    .max((g[lane] - window.gradients(step, 0)[lane]).abs());
                let more = [1.0, x[lane] * g[lane], p * p];
                (0..3).for_each(|i| self.sums[lane][i] += more[i]);
            }
        }
    }
}

/// `E[x V'(x)] = (1 + c) P/2` in equilibrium, whatever V is. The sum over a trajectory telescopes
/// (`x' - x = delta p'`): what is left is of the size of `x p/delta` at its two ends, over the
/// number of steps. The gradient must therefore not be read off the kick, or nothing is tested.
#[test]
fn the_virial_identity_holds_for_any_potential() {
    let double_well = Sampling {
        delta: 0.2,
        kt: 1.0,
        ..TEST_1
    };
    let morse = Sampling {
        delta: 0.06,
        gamma: 0.2,
        from: (1.5, 3.0),
        ..TEST_1
    };
    for (name, sampling) in [
        ("quadratic", TEST_1),
        ("double-well", double_well),
        ("morse", morse),
    ] {
        let potential = potential(&example(name));
        let (map, mut ensemble) = sampling.ensemble(&potential, false);
        let new = || Virial {
            potential: &potential,
            sums: [[0.0; 3]; LANES],
            apart: 0.0,
        };
        let mut observers: Vec<Virial<'_>> = (0..sampling.groups).map(|_| new()).collect();
        sampling.advance(&mut ensemble, &map, 100_000, 0, &mut observers);
        let c = map.damping().decay(0, 0);
        let lanes: Vec<[f64; 2]> = observers
            .iter()
            .flat_map(|o| o.sums)
            .map(|[n, work, squares]| {
                assert_eq!(n, 100_000.0);
                [work, 0.5 * (1.0 + c) * squares]
            })
            .collect();
        // The ratio of sums over lanes, and its error: a lane that is soon trapped has next to no
        // heat, and a ratio of its own that means nothing.
        let n = lanes.len() as f64;
        let heat = lanes.iter().map(|[_, heat]| heat).sum::<f64>();
        let mean = lanes.iter().map(|[work, _]| work).sum::<f64>() / heat;
        let off = lanes
            .iter()
            .map(|[work, heat]| (work - mean * heat).powi(2));
        let error = (off.sum::<f64>() * n / (n - 1.0)).sqrt() / heat;
        println!("{name}: {mean:.6} +- {error:.6}");
        assert!(
            (mean - 1.0).abs() < 5.0 * error + 1e-12,
            "{mean} +- {error}"
        );
        assert!(error < 2e-3, "{error}");
        // The kick loses digits by p/(delta g), and sin(x/eps) by x/eps: 1e4 of 2^-53 or less.
        let apart = observers.iter().map(|o| o.apart).fold(0.0, f64::max);
        assert!(apart < 1e-10, "{name}: {apart}");
    }
}

/// Variances of x, q and p over lanes, with errors.
fn variances(blocks: &[Block], sampling: &Sampling) -> [(f64, f64); 3] {
    let lanes = lanes(blocks, sampling.groups);
    let (x, p) = (
        over_lanes(&lanes, |lane| lane.position().mean_square()),
        over_lanes(&lanes, |lane| lane.mean_square()),
    );
    let quarter = 0.25 * sampling.delta * sampling.delta;
    // q = x - delta p/2 with p before the step; q and p are uncorrelated in equilibrium.
    let q = over_lanes(&lanes, |l| {
        l.position().mean_square() - quarter * l.mean_square()
    });
    [x, q, p]
}

fn sampled(text: &str, sampling: &Sampling) -> Vec<Block> {
    let potential = potential(text);
    let values = |x: &[f64], v: &mut [f64]| potential.values(x, v);
    let grid = Grid::over(-12.0, 12.0, 480).unwrap();
    let plan = everything(grid, sampling.kt.sqrt(), 0, &values);
    sampling.blocks(&potential, &plan, false)
}

/// One scale that is very chaotic, delta^2/eps = 2500: its force is white noise of variance 1/2.
const WHITE: &str = "V(q) = q^2/2 + 1e-4*sin(q/1e-4)";

#[test]
fn a_well_with_a_chaotic_ripple_is_a_well_driven_by_white_noise() {
    let blocks = sampled(WHITE, &TEST_1);
    let known = scale::harmonic(TEST_1.delta, TEST_1.gamma, 0.5, 1.0).unwrap();
    let found = variances(&blocks, &TEST_1);
    for ((found, error), known) in found.into_iter().zip([known.x, known.q, known.p]) {
        println!("{found:.4} +- {error:.4} for {known:.4}");
        assert!((found - known).abs() < 4.0 * error && error < 0.005 * known);
    }
    // The histogram of q was filled from q itself.
    let mut squares = (0.0, 0.0);
    for histogram in blocks
        .iter()
        .map(|b| b.binned.as_ref().unwrap().whole_step.as_ref().unwrap())
    {
        for (n, x) in histogram.counts().iter().zip(histogram.grid().centres()) {
            squares = (squares.0 + *n as f64, squares.1 + *n as f64 * x * x);
        }
    }
    let q = squares.1 / squares.0 - 0.05_f64.powi(2) / 12.0;
    assert!((q - known.q).abs() < 4.0 * found[1].1);
}

/// Both scales of (4.5), of which the larger is only just chaotic (K = 5): not white, so that
/// formulas for the momentum hold in the mean only, but ratios to it do.
///
/// A sine is no normal noise: x has the fourth cumulant -0.06 and its density a term in x^4, to
/// which the curvature of the nearest parabola is blind up to the samples in the tails that are
/// not counted: 1e-3.
#[test]
fn the_papers_estimate_is_steeper_by_the_known_factor_and_density_is_not() {
    let paper = scale::paper_bias(TEST_1.delta, TEST_1.gamma, 1.0);
    // 1/((1 + c)/2 - delta^2 k/4), of which that is the leading order (1.0875).
    let exact = 1.0 / (0.5 * (1.0 + (-0.05_f64).exp()) - 0.0625);
    assert!((paper - exact).abs() < 0.01 && (exact - 1.095).abs() < 1e-3);
    let how = fit::Settings::new(0.8);
    for (text, white) in [(WHITE.to_owned(), true), (example("quadratic"), false)] {
        let blocks = sampled(&text, &TEST_1);
        let [_, _, (p, _)] = variances(&blocks, &TEST_1);
        let s2 = if white { 0.5 } else { 1.0 };
        let known = scale::harmonic(TEST_1.delta, TEST_1.gamma, s2, 1.0)
            .unwrap()
            .p;
        println!("p^2 is {:.4} of that of white noise", p / known);
        assert!((0.76..1.17).contains(&(p / known)));
        let (density, paper) = densities(&blocks, TEST_1.delta, TEST_1.gamma, &how);
        for (fit, exact) in [(&density, 1.0), (&paper, exact)] {
            let (found, error) = curvature(fit);
            println!(
                "{:?}: {found:.4} +- {error:.4} for {exact:.4}",
                fit.estimator
            );
            assert!((found - exact).abs() < 4.0 * error + 1e-3 && error < 0.005);
        }
    }
}

/// What a run gives, but for the time that it took.
fn fingerprint(outcome: &Outcome) -> (Vec<Vec<u8>>, String) {
    let files = ["U.pot", "potential.csv", "samples.npz", "potential.svg"];
    let mut result = outcome.result.clone();
    result.performance = Default::default();
    result.table.iter_mut().for_each(|row| row.seconds = None);
    let files = files.map(|name| file(outcome, name).to_vec());
    (files.to_vec(), format!("{result:?}"))
}

#[test]
fn a_seed_gives_the_same_bits_on_any_number_of_threads() {
    let with = |threads, seed| {
        let options = Options {
            estimators: Estimator::ALL.to_vec(),
            steps: Some(300_000),
            seed: Some(seed),
            ..Options::default()
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let text = example("quadratic-fine");
        fingerprint(&pool.unwrap().install(|| run(&text, options)))
    };
    let one = with(1, 7);
    for threads in [1, 2, 5] {
        assert_eq!(one, with(threads, 7), "{threads} threads");
    }
    let other = with(2, 8);
    // U.pot, potential.csv and samples.npz.
    (0..3).for_each(|i| assert_ne!(one.0[i], other.0[i], "file {i}"));
}

/// Where eps2 of (4.5) is only just chaotic and lanes are trapped now and then.
const TRAPPING: Sampling = Sampling {
    delta: 0.065,
    gamma: 0.1,
    groups: 4,
    segments: 1,
    steps: 0,
    seed: 3,
    from: (-1.0, 1.0),
    kt: 0.17,
};
/// Below this part of the upper quartile of lanes a window's mean `p^2` counts as a trap.
const TRAPPED_BELOW: f64 = 0.02;

/// Looks at each window: how many lanes were committed, and whether one of them was dead.
#[derive(Clone, Default)]
struct Watch {
    committed: u64,
    dropped: u64,
    dead: u64,
    /// First steps from which the references of trapping held.
    references: Vec<(u64, f64)>,
}

impl Observer for Watch {
    fn observe(&mut self, window: &Window<'_>) {
        let known = self.references.iter().rev();
        let mut known = known.filter(|(from, _)| *from <= window.first_step());
        let threshold = TRAPPED_BELOW * known.next().unwrap().1;
        for lane in 0..LANES {
            if !window.committed()[lane] {
                self.dropped += 1;
                continue;
            }
            self.committed += 1;
            let squares = (0..window.steps()).map(|s| window.momenta(s, 0)[lane].powi(2));
            let mean = squares.sum::<f64>() / window.steps() as f64;
            self.dead += u64::from(mean < threshold);
        }
    }
}

/// 200 windows of every lane, in rounds of ten, under watch.
fn watched(restarts: bool) -> (Vec<Watch>, Ensemble, u64) {
    let potential = potential(&example("quadratic-fine"));
    let (map, mut ensemble) = TRAPPING.ensemble(&potential, restarts);
    let burnt_in = 10 * TRAPPING.window() as u64;
    let mut watches = vec![Watch::default(); TRAPPING.groups];
    let rounds = 20;
    for round in 0..rounds {
        let from = burnt_in + round * 10 * TRAPPING.window() as u64;
        let reference = ensemble.upper_quartile();
        watches
            .iter_mut()
            .for_each(|w| w.references.push((from, reference)));
        TRAPPING.advance(&mut ensemble, &map, 10 * TRAPPING.window(), 0, &mut watches);
    }
    ensemble.finish(&map, &mut watches);
    (
        watches,
        ensemble,
        rounds * 10 * (TRAPPING.groups * LANES) as u64,
    )
}

#[test]
fn windows_that_end_in_a_trap_do_not_count() {
    let (watches, ensemble, windows) = watched(true);
    let sum = |of: fn(&Watch) -> u64| watches.iter().map(of).sum::<u64>();
    let census = ensemble.census();
    println!("{census:?}, dropped {}", sum(|w| w.dropped));
    assert!(census.trapped > 0 && census.diverged == 0);
    // Counted since the burn-in, each window once; a trapped lane is started anew.
    assert_eq!(census.windows, windows);
    assert_eq!(census.restarts, census.trapped);
    assert_eq!(sum(|w| w.committed) + sum(|w| w.dropped), windows);
    // The window with the trap goes, the two before it where they had not gone already, and the
    // one after it, in which the lane settles.
    let dropped = sum(|w| w.dropped);
    assert!(census.trapped <= dropped && dropped <= 4 * census.trapped);
    assert_eq!(sum(|w| w.dead), 0);
}

#[test]
fn without_restarts_traps_are_counted_and_told() {
    let (watches, ensemble, windows) = watched(false);
    let sum = |of: fn(&Watch) -> u64| watches.iter().map(of).sum::<u64>();
    let census = ensemble.census();
    println!("{census:?}");
    // Nothing is left out: what is dead is committed and counted.
    assert_eq!((sum(|w| w.committed), sum(|w| w.dropped)), (windows, 0));
    assert_eq!(census.restarts, 0);
    assert!(census.trapped > 0 && sum(|w| w.dead) == census.trapped);
    // A trap is for good: more than one window in a hundred.
    assert!(census.trapped * 100 > windows);
    let trapped = |restarts| {
        let options = Options {
            gamma: Some(TRAPPING.gamma),
            restarts: Some(restarts),
            steps: Some(1_000_000),
            ..Options::default()
        };
        run(&example("quadratic-fine"), options).result.equilibrium
    };
    assert_eq!(trapped(false).verdict, Verdict::Trapped);
    let moved = trapped(true);
    assert_eq!(moved.verdict, Verdict::Trusted);
    assert!(moved.trapped > 0 && moved.restarts >= moved.trapped);
}

#[test]
fn steps_and_burn_in_are_as_asked_for() {
    let options = Options {
        steps: Some(64 * 1000),
        burn_in: Some(777),
        ..Options::default()
    };
    let result = run(&example("quadratic"), options).result;
    // Two windows of relaxation time 20, eight times over, is the look around before.
    let look = 8 * 2 * 20 * 64;
    let made = result.performance.gradient_evaluations;
    assert_eq!(made, 64 * 1000 + 64 * 777 + look);
    assert_eq!(
        (result.settings.steps, result.settings.burn_in),
        (64_000, 777)
    );
}
