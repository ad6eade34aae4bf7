//! Made-up runs in two coordinates whose surfaces are known in closed form.

use effpot_lang::report::curves::Curves;
use effpot_lang::report::surfaces::{Coordinate, SurfaceReference, Surfaces};

/// The surface of Müller & Brown 1979, *Theoretica Chimica Acta* 53, 75.
pub fn muller_brown([x, y]: [f64; 2]) -> f64 {
    let terms = [
        [-200.0, -1.0, 0.0, -10.0, 1.0, 0.0],
        [-100.0, -1.0, 0.0, -10.0, 0.0, 0.5],
        [-170.0, -6.5, 11.0, -6.5, -0.5, 1.5],
        [15.0, 0.7, 0.6, 0.7, -1.0, 1.0],
    ];
    let term = |[height, a, b, c, x0, y0]: [f64; 6]| {
        let (x, y) = (x - x0, y - y0);
        height * (a * x * x + b * x * y + c * y * y).exp()
    };
    terms.into_iter().map(term).sum()
}

/// Wells and saddles of [`muller_brown`] with their values, as published.
pub const WELLS: [([f64; 2], f64); 3] = [
    ([-0.558, 1.442], -146.700),
    ([0.623, 0.028], -108.167),
    ([-0.050, 0.467], -80.768),
];
pub const SADDLES: [([f64; 2], f64); 2] = [([0.212, 0.293], -72.249), ([-0.822, 0.624], -40.665)];

/// A torsion surface with two wells, and passes between them on both sides of each hill.
pub fn torsion([a, b]: [f64; 2]) -> f64 {
    2.0 * (1.0 + a.cos()) + 1.5 * (1.0 - (2.0 * b).cos()) + 0.8 * (a - b).cos()
}

/// A run that found `u` with small errors under the roughness `eps*sin(x/eps)`, sampled at `kt`,
/// where `exp(-u/kt)` is more than `1e-4` of its maximum.
fn run(axes: [Coordinate; 2], u: fn([f64; 2]) -> f64, kt: f64, eps: f64, error: f64) -> Surfaces {
    let mut surfaces = Surfaces::new("V", axes);
    let truth = surfaces.field(u);
    let lowest = truth.iter().copied().fold(f64::INFINITY, f64::min);
    let gibbs = truth.iter().map(|u| (-(u - lowest) / kt).exp());
    let counts: Vec<u64> = gibbs.map(|g| (1e4 * g).round() as u64).collect();
    surfaces.covered = counts.iter().map(|&n| n > 1).collect();
    surfaces.count(counts);
    let wobble = |[x, y]: [f64; 2]| error * (5.0 * x).sin() * (4.0 * y + 0.5).cos();
    surfaces.u = surfaces.field(|at| u(at) + wobble(at) - lowest - 0.3);
    surfaces.u_stderr = surfaces
        .density
        .iter()
        .map(|d| error / (0.05 + d).sqrt())
        .collect();
    let step = 1e-5;
    let slope = |[x, y]: [f64; 2], k: usize| {
        let by = [step * (1 - k) as f64, step * k as f64];
        (u([x + by[0], y + by[1]]) - u([x - by[0], y - by[1]])) / (2.0 * step)
    };
    surfaces.du = [0, 1].map(|k| surfaces.field(|at| slope(at, k)));
    surfaces.dv = surfaces.du.clone();
    surfaces.reference = Some(SurfaceReference {
        name: "U0".to_owned(),
        u: truth,
        du: surfaces.du.clone(),
    });
    surfaces.noise = Some([
        surfaces.field(|[x, _]| 1.0 + 0.3 * x.sin()),
        surfaces.field(|[x, y]| 0.1 * (x * y).sin()),
        surfaces.field(|[_, y]| 1.0 - 0.2 * y.cos()),
    ]);
    surfaces.noise_spread = Some(0.2);
    surfaces.length = 0.084;
    surfaces.mark();
    let learned = |at: &[[f64; 2]]| {
        at.iter()
            .map(|at| u(*at) + wobble(*at) - lowest - 0.3)
            .collect()
    };
    let full = |[x, y]: [f64; 2]| u([x, y]) + eps * ((x / eps).sin() + (y / eps).sin());
    surfaces.v = surfaces.field(full);
    let full = |at: &[[f64; 2]]| at.iter().map(|at| full(*at)).collect();
    surfaces.cut(&learned, &full, Some(std::f64::consts::TAU * eps));
    surfaces
}

/// A run on [`muller_brown`].
pub fn plane() -> Surfaces {
    let axes = [
        Coordinate::new("x", -1.5, 1.2, 108),
        Coordinate::new("y", -0.4, 2.0, 96),
    ];
    run(axes, muller_brown, 22.0, 0.01, 0.1)
}

/// A run on [`torsion`], both coordinates periodic.
pub fn torus() -> Surfaces {
    let axis =
        |name: &str| Coordinate::periodic(name, -std::f64::consts::PI, std::f64::consts::TAU, 72);
    run([axis("a"), axis("b")], torsion, 1.2, 0.01, 0.01)
}

/// A run on an angle and a length with one well and one barrier, across the seam.
pub fn tube() -> Surfaces {
    let axes = [
        Coordinate::periodic("a", 0.0, std::f64::consts::TAU, 60),
        Coordinate::new("r", -2.0, 2.0, 60),
    ];
    run(axes, |[a, r]| 1.0 - a.cos() + r * r, 0.7, 0.05, 0.01)
}

/// A run on one angle over one period, on the centres of 90 cells from -pi on.
pub fn one_angle() -> Curves {
    let (lo, cells) = (-std::f64::consts::PI, 90);
    let width = std::f64::consts::TAU / cells as f64;
    let x: Vec<f64> = (0..cells).map(|i| lo + (i as f64 + 0.5) * width).collect();
    let each = |f: fn(f64) -> f64| -> Vec<f64> { x.iter().map(|&x| f(x)).collect() };
    let u = |a: f64| (a + 0.3).cos() + 0.5 * (3.0 * a).cos();
    Curves {
        coordinate: "a".into(),
        period: Some([lo, lo + std::f64::consts::TAU]),
        potential: "V".into(),
        length: 0.1,
        u: x.iter().map(|&a| u(a)).collect(),
        v: each(|a| (a + 0.3).cos() + 0.5 * (3.0 * a).cos() + 0.03 * (20.0 * a).sin()),
        u_stderr: each(|_| 0.02),
        du: each(|a| -(a + 0.3).sin() - 1.5 * (3.0 * a).sin()),
        du_stderr: each(|_| 0.1),
        density: each(|_| 1.0 / std::f64::consts::TAU),
        covered: vec![true; cells],
        x,
        ..Curves::default()
    }
}

/// A noisy run on a leveled form of [`muller_brown`]: errors that grow where samples are rare.
pub fn leveled() -> Surfaces {
    let axes = [
        Coordinate::new("x", -1.9, 1.5, 96),
        Coordinate::new("y", -0.9, 2.2, 96),
    ];
    let u = |[x, y]: [f64; 2]| {
        let leveling = 35.0136 * (x + 0.0500108f64).powi(2) + 59.8399 * (y - 0.4666941f64).powi(2);
        0.1 * (leveling + muller_brown([x, y]))
    };
    let mut surfaces = run(axes, u, 1.5, 1e-5, 0.004);
    // Errors that are alike from cell to cell and their standard error, from a seeded stream.
    let mut state = 12345u64;
    let mut draw = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    let waves: Vec<[f64; 4]> = (0..60).map(|_| [draw(), draw(), draw(), draw()]).collect();
    let noise = surfaces.field(|[x, y]| {
        let wave = |[a, b, phase, size]: &[f64; 4]| {
            2.0 * size * (30.0 * (a * x + b * y) + std::f64::consts::TAU * phase).sin()
        };
        waves.iter().map(wave).sum::<f64>() / (waves.len() as f64 / 6.0).sqrt()
    });
    for (cell, noise) in noise.into_iter().enumerate() {
        surfaces.u[cell] += noise * surfaces.u_stderr[cell];
    }
    surfaces.mark();
    surfaces
}
