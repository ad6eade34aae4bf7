//! Made-up runs whose curves are known in closed form.

use effpot_lang::diagnostic::Severity;
use effpot_lang::report::curves::{Curves, Line, Reference};
use effpot_lang::report::result::*;

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

/// The summary's example: `quadratic.pot` at delta 0.5.
pub fn trusted() -> RunResult {
    let source = "param eps1 = 0.05\nparam eps2 = 0.001\n\nU0(q) = q^2/2\n\
                  V(q)  = U0(q) + eps1*sin(q/eps1) + eps2*sin(q/eps2)\n";
    let removed = |component: &str, a: f64| RemovedRow {
        component: component.into(),
        a,
        predicted: 1e-40,
    };
    let row = |estimator: &str, evaluations, rmse, force| EstimatorRow {
        estimator: estimator.into(),
        evaluations,
        rmse: Some(rmse),
        force_rmse: Some(force),
        max_abs: Some(4.0 * rmse),
        stderr: (evaluations > 10_000).then_some(0.0006),
        seconds: Some(evaluations as f64 * 4e-8),
    };
    RunResult {
        schema: SCHEMA.into(),
        program: Program {
            file: "quadratic.pot".into(),
            sha256: sha256(source),
            source: source.into(),
            potential: "V".into(),
            variables: vec!["q".into()],
            params: [("eps1".into(), 0.05), ("eps2".into(), 0.001)].into(),
            terms: 3,
            ..Program::default()
        },
        settings: Settings {
            delta: 0.5,
            gamma: 0.1,
            steps: 1_000_000,
            trajectories: 64,
            burn_in: 200,
            seed: 1,
            knots: Some(1.26),
            restarts: true,
            estimators: vec!["value".into()],
            noise: "residual".into(),
            compare: Some("U0".into()),
            ..Settings::default()
        },
        noise: Noise {
            covariance: Some(vec![vec![0.5]]),
            beta: Some(0.35714),
            beta_stderr: Some(0.0012),
            spread: Some(0.02),
            ..Noise::default()
        },
        scale: Scale {
            length: Some(0.8412),
            kt_learn: Some(2.8301),
            kt_bound: Some(0.4206),
            removed: vec![
                removed("eps1*sin(q/eps1)", 16.82),
                removed("eps2*sin(q/eps2)", 841.2),
            ],
        },
        equilibrium: Equilibrium {
            verdict: Verdict::Trusted,
            effective_samples: Some(50_213.0),
            r_hat: Some(1.0012),
            virial: Some(0.99981),
            ..Equilibrium::default()
        },
        effective_potential: EffectivePotential {
            file: "U.pot".into(),
            estimator: "value".into(),
            basis: "cubic B-spline, 12 cells".into(),
            domain: vec![[-7.5, 7.5]],
            covered: Covered::Intervals(vec![[-7.1012, 7.0988]]),
            stderr_median: Some(0.0031),
            middle: Some("0.500*q^2".into()),
        },
        terms: None,
        table: vec![
            row("value", 1_000_000, 0.000_51, 0.0042),
            row("filter", 4000, 0.000_43, 0.0031),
            row("identity", 0, 0.0353, 1.0),
        ],
        diagnostics: Vec::new(),
        performance: Performance {
            steps: 1_012_800,
            seconds: 0.412,
            ns_per_step: Some(9.1),
            threads: 2,
            jit_ms: Some(3.2),
            gradient_evaluations: 1_012_800,
        },
    }
}

/// A run of `terms` in two coordinates that was caught in the small wells, with a hostile name.
pub fn trapped() -> RunResult {
    let mut result = trusted();
    let source = "# <script>alert(1)</script> & \"friends\"\nV(x, y) = x^2 + y^2\n";
    result.program.file = "it's <b>.pot".into();
    result.program.source = source.into();
    result.program.sha256 = sha256(source);
    result.program.variables = vec!["x".into(), "y".into()];
    result.settings.compare = None;
    result.settings.delta = 0.02;
    result.scale.removed = (1..=5)
        .map(|i| RemovedRow {
            component: format!("0.01*sin({i}00*x)"),
            a: 2.1 * f64::from(i),
            predicted: 0.45 / f64::from(i),
        })
        .collect();
    result.equilibrium.verdict = Verdict::Trapped;
    result.equilibrium.trapped = 41;
    result.equilibrium.restarts = 0;
    result.equilibrium.virial = Some(f64::NAN);
    result.effective_potential.covered = Covered::Fraction(0.27);
    result.effective_potential.domain = vec![[-1.0, 1.0], [-0.5, 2.0]];
    result.effective_potential.middle = None;
    result.terms = Some(vec![
        TermRow {
            expression: "x^2".into(),
            weight: 1.000_42,
            stderr: 0.0009,
            kept: Some(true),
            predicted: Some(1.0),
        },
        TermRow {
            expression: "y^2".into(),
            weight: 0.4,
            stderr: f64::NAN,
            kept: None,
            predicted: None,
        },
    ]);
    result.diagnostics = vec![
        DiagnosticRow {
            code: "trapped".into(),
            severity: Severity::Error,
            message:
                "41 trajectories of 64 sat in wells of the smallest scale for most of the run, \
                      so that the samples are not those of the effective potential"
                    .into(),
            help: Some(
                "`--delta 0.08` (K was 1.2, it should be above 5), or `--restarts on`".into(),
            ),
        },
        DiagnosticRow {
            code: "curvature".into(),
            severity: Severity::Warning,
            message: "delta^2 max U'' is 0.34".into(),
            help: None,
        },
    ];
    result
}
