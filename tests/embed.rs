//! Learning from gradients that are no formula: a black box is held to the formula that it hides,
//! and its noise is found in S.

#[path = "../examples/embed_gradient.rs"]
mod example;
#[path = "support/runs.rs"]
mod runs;

use std::sync::{Arc, Mutex};

use effpot_lang::dynamics::Gradient;
use effpot_lang::graph::Coordinate;
use effpot_lang::report::result::Verdict;
use effpot_lang::session::{
    Estimator, Failure, Hooks, Options, Outcome, Potential, learn_gradient,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A formula as a black box.
struct Hidden {
    formula: Potential,
    has_values: bool,
    /// The variance of its noise, and where that comes from.
    noise: f64,
    numbers: Mutex<ChaCha8Rng>,
}

impl Hidden {
    fn new(text: &str, has_values: bool, noise: f64) -> Hidden {
        Hidden {
            formula: runs::potential(text),
            has_values,
            noise,
            numbers: Mutex::new(ChaCha8Rng::seed_from_u64(7)),
        }
    }
}

impl Gradient for Hidden {
    fn dimension(&self) -> usize {
        self.formula.model.dimension()
    }

    fn gradients(&self, points: &[f64], out: &mut [f64]) {
        self.formula.gradients(points, out);
        if self.noise == 0.0 {
            return;
        }
        let mut numbers = self.numbers.lock().unwrap();
        for slope in out {
            let (u, v): (f64, f64) = (numbers.random(), numbers.random());
            let normal = (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos();
            *slope += self.noise.sqrt() * normal;
        }
    }

    fn values(&self, points: &[f64], out: &mut [f64]) -> bool {
        if self.has_values && !out.is_empty() {
            self.formula.values(points, out);
        }
        self.has_values
    }
}

/// Li & Tao 2024, (4.5).
const ROUGH: &str = "V(q) = q^2/2 + 0.05*sin(q/0.05) + 0.001*sin(q/0.001)";

fn options(steps: u64) -> Options {
    Options {
        delta: Some(0.5),
        gamma: Some(0.1),
        steps: Some(steps),
        ..Options::default()
    }
}

fn learn(hidden: Hidden, options: Options) -> Result<Outcome, Failure> {
    let coordinates: Vec<Coordinate> = hidden.formula.model.coordinates.clone();
    let hooks = Hooks {
        progress: &|_| (),
        seconds: &|| 0.0,
        cancelled: &Default::default(),
    };
    learn_gradient(Arc::new(hidden), &coordinates, options, &hooks)
}

fn names(outcome: &Outcome) -> Vec<&str> {
    outcome
        .result
        .table
        .iter()
        .map(|row| row.estimator.as_str())
        .collect()
}

/// The largest difference of U to the bowl of (4.5) within two standard deviations of the samples,
/// heights apart.
fn off(outcome: &Outcome) -> f64 {
    let u = outcome.potential.as_ref().unwrap();
    let off = |i: i32| {
        let x = 0.1 * f64::from(i);
        u.value(x) - u.value(0.0) - 0.5 * x * x
    };
    (-30..=30).map(|i| off(i).abs()).fold(0.0, f64::max)
}

#[test]
fn a_black_box_is_learned_as_the_formula_that_it_hides() {
    let steps = 300_000;
    let with_values = learn(Hidden::new(ROUGH, true, 0.0), options(steps)).unwrap();
    let start = Options {
        start: Some(vec![0.5]),
        ..options(steps)
    };
    let domain = Options {
        domain: Some(vec![(-12.0, 12.0)]),
        ..options(steps)
    };
    let from_start = learn(Hidden::new(ROUGH, false, 0.0), start).unwrap();
    let in_domain = learn(Hidden::new(ROUGH, false, 0.0), domain).unwrap();
    let formula = runs::run(ROUGH, options(steps));
    assert_eq!(names(&with_values), ["value", "filter", "identity"]);
    for outcome in [&from_start, &in_domain] {
        assert_eq!(names(outcome), ["force"]);
    }
    for outcome in [&formula, &with_values, &from_start, &in_domain] {
        let verdict = outcome.result.equilibrium.verdict;
        assert_eq!(verdict, Verdict::Trusted, "{:?}", outcome.diagnostics);
        // Six of the median standard errors of U: they grow outwards.
        let error = outcome.result.effective_potential.stderr_median.unwrap();
        assert!(off(outcome) < 6.0 * error, "{} {error}", off(outcome));
    }
    let [known, hidden] = [&formula, &with_values].map(|o| &o.result);
    // The map is the same to rounding, and so is what chaos leaves the same: the temperature.
    let (a, b) = (
        known.scale.kt_learn.unwrap(),
        hidden.scale.kt_learn.unwrap(),
    );
    let error = known.scale.kt_learn_stderr.unwrap();
    assert!((a - b).abs() < 6.0 * error, "{a} {b} {error}");
}

#[test]
fn the_noise_of_the_gradient_adds_to_that_of_the_small_scales() {
    let s = |noise: f64| {
        let options = Options {
            start: Some(vec![0.0]),
            ..options(300_000)
        };
        let outcome = learn(Hidden::new(ROUGH, false, noise), options).unwrap();
        let error = outcome.result.effective_potential.stderr_median.unwrap();
        assert!(off(&outcome) < 6.0 * error, "{} {error}", off(&outcome));
        let noise = &outcome.result.noise;
        let entry = |z: &Option<Vec<Vec<f64>>>| z.as_ref().unwrap()[0][0] / 0.5;
        (entry(&noise.covariance), entry(&noise.covariance_stderr))
    };
    let quiet = s(0.0);
    for noise in [0.3, 2.0] {
        let noisy = s(noise);
        let (grown, error) = (noisy.0 - quiet.0, noisy.1.hypot(quiet.1));
        assert!(
            (grown - noise).abs() < 5.0 * error,
            "{noise}: {grown} {error}"
        );
    }
}

#[test]
fn two_coordinates_without_values() {
    let text = "V(x, y) = x^2 + x*y + y^2 + 0.001*(sin(x/0.001) + sin((y - x)/0.001))";
    let options = Options {
        delta: Some(0.2),
        steps: Some(300_000),
        start: Some(vec![0.0, 0.0]),
        ..Options::default()
    };
    let outcome = learn(Hidden::new(text, false, 0.1), options).unwrap();
    let verdict = outcome.result.equilibrium.verdict;
    assert_eq!(verdict, Verdict::Trusted, "{:?}", outcome.diagnostics);
    let u = outcome.potential.as_ref().unwrap();
    let error = outcome.result.effective_potential.stderr_median.unwrap();
    for [x, y] in [[0.5, 0.2], [-0.4, 0.6], [0.3, -0.7]] {
        let exact = x * x + x * y + y * y;
        let off = u.at(&[x, y]) - u.at(&[0.0, 0.0]) - exact;
        assert!(off.abs() < 6.0 * error, "{x} {y}: {off} {error}");
    }
    // Friction was made to match the noise, that of the gradient included.
    assert!(outcome.result.settings.friction_chosen);
    assert!(outcome.result.program.source.is_empty());
    assert!(outcome.files.iter().any(|(name, _)| name == "U.pot"));
}

#[test]
fn what_a_black_box_cannot_do_is_an_error() {
    let code = |has_values: bool, options: Options| match learn(
        Hidden::new(ROUGH, has_values, 0.0),
        options,
    ) {
        Err(Failure::Usage(problem)) => problem.code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it ran"),
    };
    let with = |estimator: Estimator| Options {
        estimators: vec![estimator],
        start: Some(vec![0.0]),
        ..options(1000)
    };
    assert_eq!(code(false, options(1000)), "no-values");
    assert_eq!(code(false, with(Estimator::Value)), "no-values");
    assert_eq!(code(false, with(Estimator::Filter)), "no-values");
    assert_eq!(code(true, with(Estimator::Terms)), "no-formula");
    let resolve = Options {
        resolve: Some(0.1),
        start: Some(vec![0.0]),
        ..Options::default()
    };
    assert_eq!(code(false, resolve), "no-values");
    let compare = Options {
        compare: Some("U0".to_owned()),
        ..options(1000)
    };
    assert_eq!(code(true, compare), "no-formula");
    assert_eq!(code(true, Options::default()), "no-delta");
    let far = Options {
        start: Some(vec![0.0, 1.0]),
        ..options(1000)
    };
    assert_eq!(code(false, far), "wrong-setting");
    let four = Hidden::new("V(x[4]) = dot(x, x)", false, 0.0);
    let failure = learn(four, options(1000));
    assert!(matches!(failure, Err(Failure::Usage(problem)) if problem.code == "many-coordinates"));
}

#[test]
fn the_example_runs() {
    example::main();
}
