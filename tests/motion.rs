//! Integrators against what is known exactly: laws, orders, energies, mean first-passage times.
//!
//! Statistical bounds are four standard errors, from the number of independent samples, and what a
//! scheme is off by.

use std::sync::atomic::AtomicBool;

use effpot_lang::check::check;
use effpot_lang::dynamics::{
    Course, Damping, Drag, Goal, Integrator, Law, Motion, Scheme, Streams, Trajectories,
};
use effpot_lang::graph::Model;
use effpot_lang::kernel::Engine;
use effpot_lang::source::Sources;
use effpot_lang::surrogate::{average, drift, period};
use nalgebra::DMatrix;

fn model(text: &str) -> Model {
    let mut sources = Sources::new();
    let root = sources.add("test.pot", text);
    check(&sources, root).unwrap().potential(None).unwrap()
}

fn law(start: &[f64], spread: f64, momentum: &[f64], heat: f64) -> Law {
    Law {
        start: start.to_vec(),
        spread: vec![spread; start.len()],
        momentum: momentum.to_vec(),
        heat,
    }
}

struct Setting<'a> {
    text: &'a str,
    motion: Motion,
    damping: Damping,
    law: Law,
    trajectories: usize,
    seed: u64,
}

impl Setting<'_> {
    fn with<T>(&self, goal: Option<&Goal>, f: impl FnOnce(&Course<'_>) -> T) -> T {
        let model = model(self.text);
        let values = model.parameter_values();
        let engine = Engine::best();
        let integrator = Integrator::compile(&model, &values, &self.motion, goal, engine);
        f(&Course {
            integrator: &integrator.unwrap(),
            damping: &self.damping,
            law: &self.law,
            trajectories: self.trajectories,
            streams: Streams::new(self.seed),
            cancelled: &AtomicBool::new(false),
            progress: &|_| (),
        })
    }

    fn run(&self, looks: usize, every: u64) -> Trajectories {
        self.with(None, |course| course.run(looks, every))
    }
}

/// All numbers of a look at a coordinate, from a look on.
fn all(found: &Trajectories, from: usize, coordinate: usize) -> Vec<f64> {
    let mut out = Vec::new();
    for look in from..found.looks() {
        for group in 0..found.groups() {
            out.extend(found.positions(group, look, coordinate));
        }
    }
    out
}

fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
    let (ma, mb) = (mean(a), mean(b));
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - ma) * (b - mb))
        .sum::<f64>()
        / n
}

/// The configurational law of BAOAB in a harmonic well is exact at any stable step; looks are ten
/// relaxation times apart, so that the variance is known to `sqrt(2/n)`.
#[test]
fn baoab_is_exact_in_a_harmonic_well() {
    let setting = Setting {
        text: "V(q) = q^2/2",
        motion: Motion::Langevin(Damping::scalar(1, 0.2, 1.0), 1.0),
        damping: Damping::scalar(1, 0.2, 1.0),
        law: law(&[0.0], 1.0, &[0.0], 1.0),
        trajectories: 4096,
        seed: 3,
    };
    let found = setting.run(250, 50);
    let q = all(&found, 1, 0);
    let variance = covariance(&q, &q);
    let bound = 4.0 * (2.0 / q.len() as f64).sqrt();
    // Half a per cent, and more than the error of this test.
    assert!(bound < 0.006, "{bound}");
    assert!((variance - 1.0).abs() < bound, "{variance}");
    // Momenta are too cold by h^2/4, as for every scheme that ends in a kick.
    let cold = average(&found, 1, |group, look, out| {
        out.extend(found.momenta(group, look, 0).iter().map(|p| p * p));
    });
    assert!((cold.value - (1.0 - 0.01)).abs() < bound, "{cold:?}");
}

/// Friction and mass that do not commute leave `kT K^-1` as it is.
#[test]
fn matrices_of_friction_and_mass_keep_the_temperature() {
    let friction = DMatrix::from_row_slice(2, 2, &[2.0, 0.5, 0.5, 1.0]);
    let mass = DMatrix::from_row_slice(2, 2, &[1.0, 0.3, 0.3, 2.0]);
    let damping = Damping::matrix(2, 0.2, &friction, &mass).unwrap();
    let setting = Setting {
        text: "V(x, y) = x^2 + x*y + y^2",
        motion: Motion::Langevin(damping.clone(), 0.5),
        damping,
        law: law(&[0.0, 0.0], 0.5, &[0.0, 0.0], 0.5),
        trajectories: 2048,
        seed: 5,
    };
    let found = setting.run(120, 60);
    let (x, y) = (all(&found, 5, 0), all(&found, 5, 1));
    // K = [[2, 1], [1, 2]]: kT K^-1 = [[1/3, -1/6], [-1/6, 1/3]].
    let n = x.len() as f64;
    let bound = 4.0 / 3.0 * (2.0 / n).sqrt();
    for (a, b, expected) in [
        (&x, &x, 1.0 / 3.0),
        (&x, &y, -1.0 / 6.0),
        (&y, &y, 1.0 / 3.0),
    ] {
        let value = covariance(a, b);
        assert!(
            (value - expected).abs() < bound,
            "{value} {expected} {bound}"
        );
    }
}

/// Without a force the mean momentum is `exp(-Gamma M^-1 t) p`, to the noise of the mean.
#[test]
fn free_momentum_decays_by_the_matrix_exponential() {
    let friction = DMatrix::from_row_slice(2, 2, &[0.4, 0.2, 0.2, 0.3]);
    let mass = DMatrix::from_row_slice(2, 2, &[1.0, 0.3, 0.3, 2.0]);
    let (step, looks) = (0.25, 8);
    let damping = Damping::matrix(2, step, &friction, &mass).unwrap();
    let heat = 1e-4;
    let setting = Setting {
        text: "V(x, y) = 0*(x + y)",
        motion: Motion::Langevin(damping.clone(), heat),
        damping,
        law: law(&[0.0, 0.0], 0.0, &[1.0, -2.0], heat),
        trajectories: 1600,
        seed: 7,
    };
    let found = setting.run(looks, 1);
    let rate = &friction * mass.clone().try_inverse().unwrap();
    let (mut exponential, mut term) = (DMatrix::identity(2, 2), DMatrix::identity(2, 2));
    for k in 1..40 {
        term = -(&term * &rate) * (step * looks as f64) / f64::from(k);
        exponential += &term;
    }
    let expected = exponential * DMatrix::from_row_slice(2, 1, &[1.0, -2.0]);
    for c in 0..2 {
        let mean = average(&found, looks, |group, look, out| {
            out.extend(found.momenta(group, look, c));
        });
        let bound = 4.0 * (heat * 2.0 / 1600.0_f64).sqrt();
        assert!(
            (mean.value - expected[c]).abs() < bound,
            "{mean:?} {expected}"
        );
    }
}

fn pendulum(scheme: Scheme, step: f64, time: f64) -> (Trajectories, f64) {
    let damping = Damping::scalar(1, step, 1.0);
    let setting = Setting {
        text: "V(q) = 1 - cos(q)",
        motion: Motion::Hamiltonian(damping.clone(), scheme),
        damping,
        law: law(&[2.0], 0.0, &[0.3], 0.0),
        trajectories: 1,
        seed: 1,
    };
    let found = setting.run(1, (time / step).round() as u64);
    let end = found.positions(0, 1, 0)[0];
    (found, end)
}

/// Half the step, a quarter of the error; for the other scheme a sixteenth at least.
#[test]
fn symplectic_schemes_have_their_orders() {
    let (_, exact) = pendulum(Scheme::BlanesMoan, 0.01, 10.0);
    for (scheme, order, steps) in [
        (Scheme::Verlet, 2, [0.1, 0.05]),
        (Scheme::BlanesMoan, 4, [0.5, 0.25]),
    ] {
        let errors = steps.map(|step| pendulum(scheme, step, 10.0).1 - exact);
        let found = (errors[0] / errors[1]).abs().log2();
        // The constant of order 4 is so small that at such steps the next one is seen.
        assert!(
            found > f64::from(order) - 0.2,
            "{scheme:?} {found} {errors:?}"
        );
    }
    // At equal numbers of gradients the fourth order is far better.
    let cheap = pendulum(Scheme::Verlet, 0.05, 10.0).1 - exact;
    let dear = pendulum(Scheme::BlanesMoan, 0.3125, 10.0).1 - exact;
    assert!(dear.abs() < 0.05 * cheap.abs(), "{dear:e} {cheap:e}");
}

/// Verlet's energy at `h omega = 0.1` swings by less than `h^2/4` and does not drift.
#[test]
fn verlet_keeps_its_energy() {
    let damping = Damping::scalar(1, 0.1, 1.0);
    let setting = Setting {
        text: "V(q) = q^2/2",
        motion: Motion::Hamiltonian(damping.clone(), Scheme::Verlet),
        damping,
        law: law(&[1.0], 0.0, &[0.0], 0.0),
        trajectories: 1,
        seed: 1,
    };
    let found = setting.run(2000, 331);
    let found = drift(&found, |group, look, out| {
        out.extend(found.momenta(group, look, 0).iter().map(|p| 0.5 * p * p));
    });
    let found = found.unwrap();
    assert!(found.largest < 0.003, "{found:?}");
    assert!(found.trend.abs() < 3.0 * found.trend_stderr, "{found:?}");
    assert!(found.trend_stderr < 1e-3, "{found:?}");
}

/// The period of (4.5) from rest at -2, against `2 pi` of its largest scale: two per cent.
#[test]
fn the_period_is_that_of_the_motion() {
    let of = |text, step, every| {
        let damping = Damping::scalar(1, step, 1.0);
        let setting = Setting {
            text,
            motion: Motion::Hamiltonian(damping.clone(), Scheme::Verlet),
            damping,
            law: law(&[-2.0], 0.0, &[0.0], 0.0),
            trajectories: 1,
            seed: 1,
        };
        period(&setting.run(2000, every), 1.0).unwrap().0
    };
    let plain = of("V(q) = q^2/2", 0.01, 5);
    // Verlet's own error is h^2/24.
    assert!(
        (plain / std::f64::consts::TAU - 1.0 + 1e-4 / 24.0).abs() < 1e-7,
        "{plain}"
    );
    let rough = "V(q) = q^2/2 + 0.05*sin(q/0.05) + 0.001*sin(q/0.001)";
    let rough = of(rough, 5e-4, 100);
    assert!((1.0 - rough / plain - 0.02).abs() < 0.001, "{rough}");
}

fn overdamped(text: &str, drag: Drag, start: f64, trajectories: usize) -> Setting<'_> {
    Setting {
        text,
        motion: Motion::Overdamped(drag, 1.0),
        damping: Damping::scalar(1, 1.0, 1.0),
        law: law(&[start], 0.0, &[0.0], 0.0),
        trajectories,
        seed: 11,
    }
}

/// The law of positions is that of `exp(-V)` whatever the mobility: the drift of Itô is right.
#[test]
fn a_mobility_leaves_the_law_as_it_is() {
    let drag = Drag::scalar(1, 0.005, 0.5);
    let mobility = model("D(q) = 0.2 + q^2/(1 + q^2)");
    for (drag, bias) in [(drag.clone(), 1e-3), (drag.with_mobility(&mobility), 0.02)] {
        let found = overdamped("V(q) = q^2/2", drag, 0.0, 1024).run(100, 400);
        let q = all(&found, 20, 0);
        let variance = covariance(&q, &q);
        // Looks are four relaxation times apart, or a little less where the mobility is low.
        let bound = bias + 4.0 * (2.0 * 2.0 / q.len() as f64).sqrt();
        assert!((variance - 1.0).abs() < bound, "{variance} {bound}");
    }
}

/// Mean first-passage times against the double integral
/// `int_a^b exp(V(y)) int_{-inf}^y exp(-V(z))/D(z).. dz dy` of overdamped motion, D inside the outer.
#[test]
fn first_passages_take_as_long_as_they_should() {
    let (v, d) = (|q: f64| 0.5 * q * q, |q: f64| 0.6 + 0.4 * q.sin());
    let n = 20_000;
    let width = 8.0 / f64::from(n);
    // Along y from -7 on: the inner integral, then the outer one from -1 to 1.
    let (mut inner, mut exact) = (0.0, 0.0);
    for i in 0..n {
        let y = -7.0 + width * (f64::from(i) + 0.5);
        inner += width * (-v(y)).exp();
        if y > -1.0 {
            exact += width * v(y).exp() / d(y) * (inner - 0.5 * width * (-v(y)).exp());
        }
    }
    let drag = Drag::scalar(1, 2e-4, 1.0).with_mobility(&model("D(q) = 0.6 + 0.4*sin(q)"));
    let setting = overdamped("V(q) = q^2/2", drag, -1.0, 2048);
    let goal = Goal::Above(0, 1.0);
    let found = setting.with(Some(&goal), |course| course.passages(10_000_000));
    assert!(found.open.is_empty() && found.times.len() == 2048);
    let (mean, stderr) = found.mean().unwrap();
    // Between steps a path may cross the goal and come back: it is as if that were further by
    // 0.5826 sqrt(2 D h), Broadie, Glasserman and Kou 1997.
    let later = 0.5826 * (2.0 * d(1.0) * 2e-4_f64).sqrt() * v(1.0).exp() / d(1.0) * inner;
    assert!(
        (mean - exact - later).abs() < 4.0 * stderr,
        "{mean} +- {stderr}, {exact} + {later}"
    );
}

/// No bit depends on the number of threads, nor on the engine.
#[test]
fn trajectories_are_equal_to_the_bit() {
    let damping = Damping::scalar(2, 0.05, 0.3);
    let setting = Setting {
        text: "V(x, y) = x^2 + y^4 + 0.1*sin(5*x*y)",
        motion: Motion::Langevin(damping.clone(), 1.0),
        damping,
        law: law(&[0.1, 0.2], 0.3, &[0.0, 0.0], 1.0),
        trajectories: 150,
        seed: 2,
    };
    let bits = |found: &Trajectories| -> Vec<u64> {
        let numbers = [all(found, 0, 0), all(found, 0, 1)].concat();
        numbers.into_iter().map(f64::to_bits).collect()
    };
    let pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| bits(&setting.run(20, 7)))
    };
    let one = pool(1);
    assert_eq!(one.len(), 2 * 150 * 21);
    assert_eq!(one, pool(3));
    let model = model(setting.text);
    for engine in Engine::available() {
        let integrator = Integrator::compile(&model, &[], &setting.motion, None, engine).unwrap();
        let course = Course {
            integrator: &integrator,
            damping: &setting.damping,
            law: &setting.law,
            trajectories: 150,
            streams: Streams::new(2),
            cancelled: &AtomicBool::new(false),
            progress: &|_| (),
        };
        assert_eq!(bits(&course.run(20, 7)), one, "{}", engine.name());
    }
}

/// Where a formula becomes loops over members, a step is the same step.
#[test]
fn long_formulas_step_like_short_ones() {
    let text = "n = 200\nV(r[n]) = sum(r[i]^4/4 + r[i]^2/2 for i in 1..n) + sum(cos(r[i] - r[i+1]) for i in 1..n-1)";
    let d = 200;
    let damping = Damping::scalar(d, 0.1, 0.5);
    let setting = Setting {
        text,
        motion: Motion::Langevin(damping.clone(), 1.0),
        damping,
        law: law(&vec![0.0; d], 0.5, &vec![0.0; d], 1.0),
        trajectories: 64,
        seed: 4,
    };
    let found = setting.run(40, 5);
    let hot = average(&found, 20, |group, look, out| {
        let first = out.len();
        out.resize(first + found.lanes(group), 0.0);
        for c in 0..d {
            for (sum, p) in out[first..].iter_mut().zip(found.momenta(group, look, c)) {
                *sum += p * p / d as f64;
            }
        }
    });
    // h^2 V''/4 colder, with V'' of about 4.
    assert!((hot.value - 1.0).abs() < 0.02 + 4.0 * hot.stderr, "{hot:?}");
}
