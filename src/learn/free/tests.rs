//! Free energy and mobility where they are known, and the first-passage times that they are for.

use super::*;

/// `I0(x)`, by its series.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..200 {
        term *= (0.5 * x / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

fn found(lo: f64, hi: f64, length: f64, kt: f64, v: impl Fn(f64) -> f64 + Sync) -> FreeEnergy {
    let settings = Settings {
        lo,
        hi,
        periodic: false,
        length,
        kt,
        tolerance: 2e-3,
        evaluations: 1 << 22,
        seed: 1,
    };
    let v = |x: &[f64], out: &mut [f64]| {
        for (out, x) in out.iter_mut().zip(x) {
            *out = v(*x);
        }
    };
    line(&settings, &v).unwrap()
}

/// The mean first-passage time from `a` to `b` of overdamped dynamics with a wall at `lo`:
/// `(1/kT) int_a^b dy exp(F(y)/kT)/D(y) int_lo^y dz exp(-F(z)/kT)`.
fn passage(
    (lo, a, b): (f64, f64, f64),
    kt: f64,
    steps: usize,
    f: impl Fn(f64) -> f64,
    d: impl Fn(f64) -> f64,
) -> f64 {
    let h = (b - lo) / steps as f64;
    let (mut inner, mut outer, mut before) = (0.0, 0.0, (0.0, 0.0));
    for at in 0..=steps {
        let x = lo + h * at as f64;
        let weight = (-f(x) / kt).exp();
        inner += 0.5 * h * (before.0 + weight) * f64::from(u8::from(at > 0));
        let rate = inner / (weight * d(x));
        if x > a && at > 0 {
            outer += 0.5 * h * (before.1 + rate);
        }
        before = (weight, rate);
    }
    outer / kt
}

/// How the passage times with F and D, and with U alone, compare with those with V.
fn passages(
    places: (f64, f64, f64),
    kt: f64,
    found: &FreeEnergy,
    v: impl Fn(f64) -> f64,
    u: impl Fn(f64) -> f64,
) -> (f64, f64) {
    let exact = passage(places, kt, 400_000, v, |_| 1.0);
    let f = |x: f64| found.free.value(x);
    let d = |x: f64| found.log_mobility.value(x).exp();
    let coarse = passage(places, kt, 40_000, f, d);
    let alone = passage(places, kt, 40_000, u, |_| 1.0);
    (coarse / exact, alone / exact)
}

#[test]
fn a_sine_gives_bessel_functions_also_with_an_amplitude_that_varies() {
    let (kt, eps) = (0.3, 0.004);
    let amplitude = |x: f64| 0.4 * (1.0 + 0.5 * (0.7 * x).sin());
    let u = |x: f64| 0.25 * x * x - 0.1 * x;
    let v = |x: f64| u(x) + amplitude(x) * (x / eps).sin();
    let found = found(-2.0, 2.0, 0.1, kt, v);
    // All is removed with the whole length: U changes by 1.1*0.1 = 0.37 kT over it.
    assert_eq!(found.shortest, 0.1);
    for k in 0..=40 {
        let x = -2.0 + 0.1 * f64::from(k);
        let i = bessel(amplitude(x) / kt);
        let f = (found.free.value(x) - u(x) + kt * i.ln()) / kt;
        let d = found.log_mobility.value(x) + 2.0 * i.ln();
        // The error that is reported, and the width of the window: s^2/2 (log I0)'' with
        // (A'/kT)^2 and A''/kT below 0.7 is 3e-3, both ways for D.
        assert!(
            f.abs() < 4e-3 + found.error && d.abs() < 8e-3 + found.error,
            "{x} {f} {d}"
        );
    }
}

#[test]
fn what_is_smooth_passes_and_has_the_mobility_one() {
    let v = |x: f64| 100.0 + 3.0 * x + x * x - 0.2 * x * x * x;
    // So cold that only a hundredth of the length is left: that V is smooth there costs nothing.
    for kt in [0.05, 1.0] {
        let found = found(-2.0, 3.0, 0.3, kt, v);
        for k in 0..=50 {
            let x = -2.0 + 0.1 * f64::from(k);
            let f = (found.free.value(x) - v(x)) / kt;
            // s^4 V''^2/(4 kT^2) of the variance of w, which vanishes for cubics, and quadrature.
            assert!(f.abs() < 3e-3, "{kt} {x} {f}");
            assert!(found.log_mobility.value(x).abs() < 3e-3, "{kt} {x}");
        }
    }
}

#[test]
fn passage_times_of_the_first_example_where_it_is_cold() {
    // Li & Tao 2024, (4.5), at kT = 0.05, smoothed at the length of delta = 0.5.
    let u = |x: f64| 0.5 * x * x;
    let v = |x: f64| u(x) + 0.05 * (x / 0.05).sin() + 0.001 * (x / 0.001).sin();
    let found = found(-2.0, 2.0, 0.84, 0.05, v);
    let (learned, alone) = passages((-2.0, -1.0, 1.0), 0.05, &found, v, u);
    eprintln!(
        "F and D {learned:.4}, U alone {alone:.4}, shortest {}",
        found.shortest
    );
    assert!((learned - 1.0).abs() < 0.1, "{learned}");
    assert!(alone < 0.6, "{alone}");
}

#[test]
fn passage_times_of_a_double_well() {
    // No sine: a triangle wave and an incommensurate cosine, in a quartic double well.
    let u = |x: f64| (x * x - 1.0).powi(2);
    let triangle = |x: f64| 2.0 * (2.0 * (x - (x + 0.5).floor())).abs() - 1.0;
    let v = |x: f64| u(x) + 0.25 * triangle(x / 0.02) + 0.1 * (x / 0.0013).cos();
    let found = found(-1.8, 1.8, 0.2, 0.15, v);
    let (learned, alone) = passages((-1.8, -1.0, 1.0), 0.15, &found, v, u);
    eprintln!(
        "F and D {learned:.4}, U alone {alone:.4}, shortest {}",
        found.shortest
    );
    assert!((learned - 1.0).abs() < 0.05, "{learned}");
    assert!(alone < 0.5, "{alone}");
}
