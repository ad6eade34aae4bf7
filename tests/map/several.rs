//! The map in two coordinates: matrices of friction and mass, and angles.

use effpot_lang::dynamics::{
    DampedMap, Damping, Ensemble, Observer, Side, Stream, Streams, Window,
};
use effpot_lang::kernel::{Engine, LANES};
use effpot_lang::session::Potential;
use nalgebra::{DMatrix, Matrix2};
use std::sync::atomic::AtomicBool;

use crate::runs::potential;

const GROUPS: usize = 4;

/// Runs lanes from a box around the origin: a burn-in, and then `steps` more under observers.
fn observe<O: Observer + Clone>(
    potential: &Potential,
    damping: Damping,
    sides: &[Side],
    (burn_in, steps): (usize, usize),
    observer: &O,
) -> Vec<O> {
    let map = DampedMap::compile(
        &potential.model,
        &potential.parameters,
        damping,
        Engine::best(),
    )
    .unwrap();
    let starts = |stream: &mut Stream, x: &mut [f64]| {
        x.iter_mut().for_each(|x| *x = stream.uniform() - 0.5);
    };
    let watch = (burn_in / 5) as u64;
    let streams = Streams::new(17);
    let mut lanes = Ensemble::new(GROUPS, streams, &starts, 1.0, sides, false, watch);
    let never = AtomicBool::new(false);
    let mut nobody = vec![(); GROUPS];
    let windows = |steps: usize| vec![500; steps / 500];
    assert!(lanes.advance(&map, &windows(burn_in), 0, &starts, &mut nobody, &never));
    lanes.finish(&map, &mut nobody);
    let mut observers = vec![observer.clone(); GROUPS];
    assert!(lanes.advance(&map, &windows(steps), 0, &starts, &mut observers, &never));
    lanes.finish(&map, &mut observers);
    assert_eq!(lanes.census().diverged, 0);
    observers
}

/// By lane: the count, the sums of `x.g(x)` and of `p p^T`, the gradient evaluated apart.
#[derive(Clone)]
struct Virial<'a> {
    potential: &'a Potential,
    sums: [[f64; 5]; LANES],
    /// The largest difference between that gradient and the one read off the kick.
    apart: f64,
}

impl Observer for Virial<'_> {
    fn observe(&mut self, window: &Window<'_>) {
        let mut g = [0.0; 2 * LANES];
        for step in 0..window.steps() {
            let x = [window.positions(step, 0), window.positions(step, 1)];
            let p = [window.momenta(step, 0), window.momenta(step, 1)];
            self.potential.gradients(&x.concat(), &mut g);
            for lane in 0..LANES {
                for c in 0..2 {
                    let read = window.gradients(step, c)[lane];
                    self.apart = self.apart.max((g[c * LANES + lane] - read).abs());
                }
                let work = x[0][lane] * g[lane] + x[1][lane] * g[LANES + lane];
                let (a, b) = (p[0][lane], p[1][lane]);
                let more = [1.0, work, a * a, a * b, b * b];
                (0..5).for_each(|i| self.sums[lane][i] += more[i]);
            }
        }
    }
}

/// `E[x.g(x)] = Tr((I + C) P M^-1)/2`, whatever V is, with friction and mass that do not commute.
/// As in one coordinate the gradient must not be read off the kick, or nothing is tested; what is
/// left over a trajectory of n steps is of the size of `x p/delta` at its ends over n.
#[test]
fn the_virial_identity_holds_for_matrices() {
    let rough = potential(
        "V(x, y) = x^2 + x*y/2 + y^2 + x^4/4 + 0.001*(sin(x/0.001) + sin((x + 2*y)/0.001))",
    );
    let friction = DMatrix::from_row_slice(2, 2, &[0.3, 0.1, 0.1, 0.2]);
    let mass = DMatrix::from_row_slice(2, 2, &[1.0, 0.3, 0.3, 2.0]);
    let delta = 0.2;
    let damping = Damping::matrix(2, delta, &friction, &mass).unwrap();
    let virial = Virial {
        potential: &rough,
        sums: [[0.0; 5]; LANES],
        apart: 0.0,
    };
    let sides = [Side::plain(-1e6, 1e6); 2];
    let steps = 20_000;
    let observers = observe(&rough, damping.clone(), &sides, (2000, steps), &virial);
    // A gradient of size 3 with phases x/0.001 of a thousand: 1e-16 * 1e6 in each sine.
    let apart = observers.iter().map(|o| o.apart).fold(0.0, f64::max);
    assert!(apart > 0.0 && apart < 1e-9, "{apart}");
    let lanes = observers.iter().flat_map(|o| o.sums);
    let sums = lanes.fold([0.0; 5], |mut all, lane| {
        (0..5).for_each(|i| all[i] += lane[i]);
        all
    });
    let mean = |i: usize| sums[i] / sums[0];
    let expected = damping.virial(&[mean(2), mean(3), mean(3), mean(4)]);
    let off = mean(1) / expected - 1.0;
    // x p/delta is about 2, of either sign at the ends of 64 lanes, against kT of about 1.
    assert!(off.abs() < 2.0 * 4.0 / steps as f64, "{off}");
}

/// Friction `Z/2` for the noise `Z = delta S` makes the momenta `P = I` in an anisotropic noise
/// (Li & Tao 2024, (2.7)): (4.8), where a friction that is a number leaves them unequal.
#[test]
fn friction_that_matches_the_noise_makes_momenta_alike() {
    let text =
        "V(x, y) = (2*x + y - 1)^2/4 + (x - y - 1)^2 + 1e-5*(sin(x/1e-5) + sin((x + y)/1e-5))";
    let potential = potential(text);
    let virial = Virial {
        potential: &potential,
        sums: [[0.0; 5]; LANES],
        apart: 0.0,
    };
    let sides = [Side::plain(-1e6, 1e6); 2];
    // S = E[g g^T] of cosines: [[1, 1/2], [1/2, 1/2]]. Ten times the friction, a tenth of kT: quick.
    let delta = 0.05;
    let z = Matrix2::new(1.0, 0.5, 0.5, 0.5) * (10.0 * delta);
    let friction = DMatrix::from_fn(2, 2, |i, j| 0.5 * z[(i, j)]);
    let matched = Damping::matrix(2, delta, &friction, &DMatrix::identity(2, 2)).unwrap();
    let scalar = Damping::scalar(2, delta, 0.25);
    let steps = 20_000;
    let mut found = Vec::new();
    for damping in [matched, scalar] {
        let relaxation = 1.0 / (damping.slowest() * delta);
        let observers = observe(&potential, damping, &sides, (5000, steps), &virial);
        let lanes: Vec<[f64; 5]> = observers.iter().flat_map(|o| o.sums).collect();
        let mean = |i: usize| {
            let values: Vec<f64> = lanes.iter().map(|l| l[i] / l[0]).collect();
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let spread: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
            (mean, (spread / n / (n - 1.0)).sqrt())
        };
        assert!(relaxation < 5000.0 / 10.0, "{relaxation}");
        found.push([mean(2), mean(3), mean(4)]);
    }
    let [xx, xy, yy] = found[0];
    // To first order in gamma delta, which is 0.016 here, and four standard errors.
    let near =
        |value: (f64, f64), exact: f64| (value.0 - exact).abs() < 4.0 * value.1 + 0.016 * 0.1;
    assert!(near(xx, 0.1) && near(xy, 0.0) && near(yy, 0.1), "{found:?}");
    // With a number they are correlated: hot along one diagonal, cold along the other.
    let [_, xy, _] = found[1];
    assert!(xy.0 > 10.0 * xy.1, "{found:?}");
}

/// Positions of an angle stay within its period, and the trajectory is the same as if they did
/// not: V repeats after a period.
#[test]
fn angles_are_wrapped_and_nothing_else_changes() {
    #[derive(Clone)]
    struct Ends {
        largest: f64,
        kinetic: f64,
        steps: f64,
    }
    impl Observer for Ends {
        fn observe(&mut self, window: &Window<'_>) {
            for x in window.positions(0, 0) {
                self.largest = self.largest.max(x.abs());
            }
            for step in 0..window.steps() {
                let p = window.momenta(step, 0);
                self.kinetic += p.iter().map(|p| p * p).sum::<f64>();
                self.steps += LANES as f64;
            }
        }
    }
    let turns = potential("V(a: angle) = cos(a)/10 + 0.01*sin(100*a)");
    let none = Ends {
        largest: 0.0,
        kinetic: 0.0,
        steps: 0.0,
    };
    let run = |side: Side| {
        let damping = Damping::scalar(1, 0.5, 0.1);
        let ends = observe(&turns, damping, &[side], (500, 20_000), &none);
        let largest = ends.iter().map(|e| e.largest).fold(0.0, f64::max);
        let sum = |of: fn(&Ends) -> f64| ends.iter().map(of).sum::<f64>();
        (largest, sum(|e| e.kinetic) / sum(|e| e.steps))
    };
    let (wrapped, hot) = run(Side::period(std::f64::consts::TAU));
    let (free, also_hot) = run(Side::plain(-1e9, 1e9));
    assert!(
        wrapped <= std::f64::consts::PI && free > 100.0,
        "{wrapped} {free}"
    );
    // Chaotic trajectories part at the first rounding; their temperatures do not. The relative
    // error of a mean square is sqrt(2/N) with N = 64 lanes * 20,000 steps * gamma delta.
    let error = (2.0f64 / (64.0 * 20_000.0 * 0.05)).sqrt();
    assert!(
        (hot / also_hot - 1.0).abs() < 4.0 * error * 2f64.sqrt(),
        "{hot} {also_hot}"
    );
}
