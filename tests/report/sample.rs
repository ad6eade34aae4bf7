//! Made-up runs whose curves are known in closed form.

use effpot_lang::report::curves::{Curves, Line, Reference};

/// `count` points from `lo` to `hi`, both included.
pub fn grid(lo: f64, hi: f64, count: usize) -> Vec<f64> {
    let step = (hi - lo) / (count - 1) as f64;
    (0..count).map(|i| lo + step * i as f64).collect()
}

fn line(x: Vec<f64>, f: impl Fn(f64) -> f64) -> Line {
    Line {
        y: x.iter().map(|&x| f(x)).collect(),
        x,
    }
}

/// Of integral 1 by the trapezoidal rule.
fn normalised(x: &[f64], mut y: Vec<f64>) -> Vec<f64> {
    let mass: f64 = (1..x.len())
        .map(|i| 0.5 * (y[i] + y[i - 1]) * (x[i] - x[i - 1]))
        .sum();
    y.iter_mut().for_each(|y| *y /= mass);
    y
}

/// A run that found `u0` (derivative `du0`) with errors of size `stderr`, under the roughness `v - u0`.
#[allow(clippy::too_many_arguments)]
fn run(
    domain: (f64, f64),
    covered: (f64, f64),
    kt: f64,
    stderr: f64,
    u0: impl Fn(f64) -> f64,
    du0: impl Fn(f64) -> f64,
    v: impl Fn(f64) -> f64,
    zoom: (f64, f64),
) -> Curves {
    let x = grid(domain.0, domain.1, 401);
    let each = |f: &dyn Fn(f64) -> f64| -> Vec<f64> { x.iter().map(|&x| f(x)).collect() };
    let inside = |x: f64| (covered.0..=covered.1).contains(&x);
    let gibbs = normalised(
        &x,
        each(&|x| if inside(x) { (-u0(x) / kt).exp() } else { 0.0 }),
    );
    let wobble = |x: f64| 0.02 * (3.1 * x).sin() * (1.0 + 0.3 * (17.0 * x).cos());
    let largest = gibbs.iter().fold(0.0, |a: f64, &b| a.max(b));
    let u_stderr: Vec<f64> = gibbs
        .iter()
        .map(|g| stderr * (largest / g.max(0.003 * largest)).sqrt())
        .collect();
    Curves {
        coordinate: "q".into(),
        period: None,
        potential: "V".into(),
        length: 0.84,
        u: (0..x.len())
            .map(|i| u0(x[i]) - 1.3 + u_stderr[i] * 1.2 * (5.0 * x[i]).sin())
            .collect(),
        du: (0..x.len())
            .map(|i| du0(x[i]) + u_stderr[i] * 3.0 * (5.0 * x[i]).cos())
            .collect(),
        du_stderr: u_stderr.iter().map(|e| 4.0 * e).collect(),
        u_stderr,
        density: x
            .iter()
            .zip(&gibbs)
            .map(|(&x, g)| g * (1.0 + wobble(x)))
            .collect(),
        gibbs,
        v: each(&v),
        dv: each(&du0),
        covered: x.iter().map(|&x| inside(x)).collect(),
        reference: Some(Reference {
            name: "U0".into(),
            u: each(&u0),
            du: each(&du0),
        }),
        fine: line(grid(domain.0, domain.1, 200_001), &v),
        zoom: line(grid(zoom.0, zoom.1, 2001), &v),
        x,
    }
}

/// `q^2/2` under `0.05 sin(q/0.05) + 0.001 sin(q/0.001)`.
pub fn quadratic() -> Curves {
    let v = |q: f64| q * q / 2.0 + 0.05 * (q / 0.05).sin() + 0.001 * (q / 0.001).sin();
    run(
        (-7.5, 7.5),
        (-7.1, 7.1),
        2.8,
        0.003,
        |q| q * q / 2.0,
        |q| q,
        v,
        (-0.1, 0.1),
    )
}

/// A double well under roughness of amplitude and scale 1e-5, seen off the origin.
pub fn double_well() -> Curves {
    let u0 = |q: f64| (q * q - 1.0).powi(2);
    let mut curves = run(
        (-1.9, 1.9),
        (-1.75, 1.7),
        0.4,
        0.004,
        u0,
        |q| 4.0 * q * (q * q - 1.0),
        |q: f64| u0(q) + 1e-5 * (q / 1e-5).sin(),
        (0.99993, 1.00007),
    );
    curves.length = 0.2;
    curves
}
