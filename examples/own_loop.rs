//! The compiled value and gradient of a formula in an integrator of one's own, and a potential
//! learned from where its trajectories go.
//!
//! `cargo run --release --example own_loop`

use effpot_lang::dynamics::Gradient;
use effpot_lang::graph::Coordinate;
use effpot_lang::kernel::{BatchKernel, Engine, Wanted};
use effpot_lang::repl::Session;
use effpot_lang::session::{Hooks, Options, learn_gradient};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const PROGRAM: &str = "
    param eps = 0.002
    U0(q) = (q^2 - 1)^2/4
    V(q)  = U0(q) + eps*sin(q/eps)
";

/// A compiled formula: one call for any number of points.
struct Compiled {
    /// Roots: the value, then the derivatives.
    kernel: BatchKernel,
    parameters: Vec<f64>,
    calls: AtomicU64,
}

impl Compiled {
    /// Values and gradients (shape: 1 + coordinates, points) at points (shape: coordinates, points).
    fn at(&self, points: &[f64], count: usize) -> Vec<f64> {
        self.calls.fetch_add(count as u64, Ordering::Relaxed);
        let mut out = vec![0.0; 2 * count];
        self.kernel
            .evaluate(points, count, &self.parameters, &mut out);
        out
    }
}

/// So that it can be learned from: a gradient like any other.
impl Gradient for Compiled {
    fn dimension(&self) -> usize {
        1
    }

    fn gradients(&self, points: &[f64], out: &mut [f64]) {
        let all = self.at(points, points.len());
        out.copy_from_slice(&all[points.len()..]);
    }

    fn values(&self, points: &[f64], out: &mut [f64]) -> bool {
        let all = self.at(points, points.len());
        out.copy_from_slice(&all[..points.len()]);
        true
    }
}

/// Velocity Verlet of many independent particles: the largest error of the energy.
fn verlet(v: &Compiled, h: f64, steps: usize) -> f64 {
    let n = 64;
    let mut q: Vec<f64> = (0..n).map(|i| 0.5 + 0.01 * i as f64).collect();
    let mut p = vec![0.0; n];
    let mut now = v.at(&q, n);
    let energy = |now: &[f64], p: &[f64], i: usize| now[i] + p[i] * p[i] / 2.0;
    let begin: Vec<f64> = (0..n).map(|i| energy(&now, &p, i)).collect();
    for _ in 0..steps {
        for i in 0..n {
            p[i] -= h / 2.0 * now[n + i];
            q[i] += h * p[i];
        }
        now = v.at(&q, n);
        for i in 0..n {
            p[i] -= h / 2.0 * now[n + i];
        }
    }
    let errors = (0..n).map(|i| (energy(&now, &p, i) - begin[i]).abs());
    errors.fold(0.0, f64::max)
}

pub fn main() {
    let mut session = Session::new();
    session.eval(PROGRAM);
    let model = session.model(None).expect("the program has a potential");
    let (formulas, engine) = (model.differentiated(), Engine::best());
    let v = Arc::new(Compiled {
        kernel: BatchKernel::of(&formulas, Wanted::Both, engine).expect("it compiles"),
        parameters: model.parameter_values(),
        calls: AtomicU64::new(0),
    });

    // An integrator that resolves everything needs steps below eps.
    let error = verlet(&v, 2e-4, 5000);
    println!("energy conserved to {error:.1e} by steps that resolve the small scale");

    // One that does not is what the small scale is learned away by.
    let coordinates: Vec<Coordinate> = model.coordinates.clone();
    let options = Options {
        delta: Some(0.2),
        gamma: Some(0.3),
        start: Some(vec![1.0]),
        steps: Some(400_000),
        ..Options::default()
    };
    let hooks = Hooks {
        progress: &|_| (),
        seconds: &|| 0.0,
        cancelled: &Default::default(),
    };
    let gradient: Arc<dyn Gradient> = v.clone();
    let outcome = match learn_gradient(gradient, &coordinates, options, &hooks) {
        Ok(outcome) => outcome,
        Err(problem) => panic!("{problem:?}"),
    };
    println!("{}", outcome.result.equilibrium.verdict.words());
    let u = outcome.potential.expect("the run has a result");
    println!("U(q) - U(1), and the large scale:");
    for i in -2..=2 {
        let q = 0.5 * f64::from(i);
        let exact = (q * q - 1.0).powi(2) / 4.0;
        println!("{q:5.1}  {:8.4}  {exact:8.4}", u.value(q) - u.value(1.0));
    }
    let calls = v.calls.load(Ordering::Relaxed) as f64;
    println!("{calls:.1e} gradients of the formula in all");
}
