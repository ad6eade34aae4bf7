//! The programs that are exported, and points of their domains.

use effpot_lang::graph::Model;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::model;

/// A program, and the box that its points are drawn from.
pub struct Program {
    pub name: String,
    pub model: Model,
    pub points: Vec<Vec<f64>>,
}

/// Names, texts and boxes.
const TEXTS: &[(&str, &str, (f64, f64))] = &[
    (
        "curves",
        "import std.landscapes (double_well, tilted_double_well, triple_well, tilted_washboard)
         V(x) = double_well(x) + tilted_double_well(x) + triple_well(x) + tilted_washboard(x)",
        (-1.7, 1.7),
    ),
    (
        "surfaces",
        "import std.landscapes (muller_brown_leveled, himmelblau, rosenbrock, henon_heiles)
         V(x, y) = muller_brown_leveled(x, y) + himmelblau(x, y)/100 + rosenbrock(x, y)/100 + henon_heiles(x, y)",
        (-1.2, 1.4),
    ),
    (
        "many",
        "import std.landscapes (rosenbrock_chain, rastrigin)
         V(q[6]) = rosenbrock_chain(q) + rastrigin(q)",
        (-1.5, 1.5),
    ),
    (
        "pairs",
        "import std.pairs (lennard_jones, repulsive_lennard_jones, morse, buckingham)
         V(d) = lennard_jones(d, 1, 1) + repulsive_lennard_jones(d, 2, 1) + morse(d, 3, 2, 1) + buckingham(d, 10, 0.3, 1)",
        (0.9, 2.0),
    ),
    (
        "clusters",
        "import std.pairs (lennard_jones_cluster, morse_cluster, trap)
         V(r[5, 3]) = lennard_jones_cluster(r) + morse_cluster(r, 3) + trap(r, 0.5)",
        (-2.0, 2.0),
    ),
    (
        "torsions",
        "import std.torsions (ryckaert_bellemans, opls, two_torsions, ramachandran)
         V(phi: angle, psi: angle) = ryckaert_bellemans(phi) + opls(psi, 1, 0.5, 2) + two_torsions(phi, psi) + ramachandran(phi, psi)",
        (-3.1, 3.1),
    ),
    (
        "one_torsion",
        "import std.torsions (opls)
         param v3 = 2.5
         V(phi: angle) = opls(phi, 1, 0.5, v3)",
        (-3.1, 3.1),
    ),
    (
        "chains",
        "import std.chains (fermi_pasta_ulam, harmonic_chain)
         V(q[8]) = fermi_pasta_ulam(q, 0.25, 0.5) + harmonic_chain(q, 2, 0.3)",
        (-1.5, 1.5),
    ),
    (
        "noises",
        "import std.noise (quasi_periodic_noise_2d, random_noise_2d, three_scale_noise, quasi_periodic_noise)
         param eps = 0.01
         V(x, y) = (x^2 + y^2 + quasi_periodic_noise_2d(x, y, eps, eps) + random_noise_2d(x, y, eps, eps, 3)
           + three_scale_noise(x, eps, eps) + quasi_periodic_noise(y, eps, eps))",
        (-1.5, 1.5),
    ),
    (
        "functions",
        "V(x, y) = (sin(x) + cos(y) + tan(x/2) + asin(x/4) + acos(y/4) + atan(x) + atan2(y, x) + sinh(x) + cosh(y)
           + tanh(x*y) + asinh(x) + asinh(-20*y) + acosh(1.2 + x^2) + atanh(x/4) + exp(x) + expm1(y/1e6)*1e6 + expm1(x)
           + log(3 + x) + log1p(x/1e7)*1e7 + log1p(y/4) + log10(4 + x) + sqrt(3 + y) + cbrt(x) + abs(x) + sign(y)
           + min(x, y) + max(x, 2*y) + hypot(x, y) + erf(x) + floor(3*x) + mod(x, 0.7) + mod(y, -0.3))",
        (-1.5, 1.5),
    ),
    (
        "powers",
        "param p = 1.7
         V(x, y) = ((3 + x)^y + (2 + y)^p + (2 + x)^-2.5 + (x - 4)^3 + (x + 4)^-3 + (y + 5)^-1 + 2^x + (x*y)^0
           + (x^2 + y^2)^0.5 - x^2 + (-x)^4 - 2^-y)",
        (-1.5, 1.5),
    ),
    (
        "conditions",
        "V(x, y) = ((if x < y and x > -1 then x^2 else y^3) + (if not (x <= 0.5) or y >= 1 then sin(x) else cos(y))
           + (if x == y then 1/0 else x*y) + (if x != y then x else 0) + (if x < -9 then 1/0 else 0)
           + (if x > 0 then sqrt(x) else 2*x) + (if x > 0 then log(x) else x))",
        (-1.5, 1.5),
    ),
    (
        "reserved",
        "param lambda = 0.7
         param int = 1.3
         param double = 2
         param t1 = 0.2
         param ε = 0.3
         param epsilon = 0.4
         param p = 0.5
         param sign_ = 0.1
         param class = 1.1
         param None = 1.2
         V(q, theta) = lambda*q^2 + int*theta^2 + double*sin(q*t1)*cos(q*t1) + ε*q + epsilon*theta + p*sign_*q^3 + class*sin(q*t1) + None*cos(theta)",
        (-1.5, 1.5),
    ),
    (
        "unicode",
        "param α = 0.5
         V(φ: angle, ψ: angle) = α*cos(φ)*sin(ψ) + cos(φ - ψ)",
        (-3.1, 3.1),
    ),
    ("constant", "V(x, y) = 3", (-1.0, 1.0)),
    ("unused", "V(x, y, z) = y^2", (-1.0, 1.0)),
    (
        "space",
        "param k = 2
         V(x, y, z) = k*(x^2 + y^2 + z^2)/2 + exp(-x^2 - y*z) + norm([x, y, z])",
        (-1.5, 1.5),
    ),
    (
        "five",
        "V(a, b, c, d, e) = a*b + sin(c*d) + e^2 + (a - e)^4",
        (-1.5, 1.5),
    ),
    (
        "plane_points",
        "V(r[6, 2]) = sum(exp(-dist(r[i], r[j])^2) for i in 1..6, j in i+1..6) + sum(r[i, 1]^2 + 2*r[i, 2]^2 for i in 1..6)",
        (-1.5, 1.5),
    ),
    (
        "computed_numbers",
        "param b = 1.3
         V(q[20]) = sum(sin(b*i*q[i] + b)/i^2 for i in 1..20) + sum((q[i] - q[i + 2])^2 for i in 1..18)",
        (-1.5, 1.5),
    ),
    (
        "far_pairs",
        "V(q[9]) = sum(cos(i*j*(q[i] - q[j]))/(i + j) for i in 1..9, j in i+1..9) + sum(q[i]^2*q[10 - i]^2 for i in 1..9)",
        (-1.5, 1.5),
    ),
    (
        "triples",
        "V(r[6, 3]) = (sum((dot(r[i] - r[i + 1], r[i + 2] - r[i + 1]) - 0.3)^2 for i in 1..4)
           + sum((dist(r[i], r[i + 1]) - 1)^2 for i in 1..5))",
        (-1.5, 1.5),
    ),
    (
        "angles",
        "V(a[6]: angle) = sum(cos(a[i] - a[i + 1]) for i in 1..5) + sum(cos(3*a[i]) for i in 1..6)",
        (-3.1, 3.1),
    ),
    (
        "spline_curve",
        "U(x) = spline(x, 3, -1, 1, [2, 0.5, -0.3, 0.1, 0.7, 0.2, 1.5, 3]) + 0.1*x",
        (-1.6, 1.6),
    ),
    (
        "spline_periodic",
        "U(a: angle) = periodic_spline(a, 3, -pi, pi, [1, 0.5, -0.3, 0.1, 0.7, 0.2, 1.5])",
        (-7.0, 7.0),
    ),
    (
        "spline_degrees",
        "U(x) = spline(x, 1, -1, 1, [2, 0.5, -0.3, 0.1]) + spline(x, 5, -1.2, 1.1, [1, 2, 0.5, -0.3, 0.1, 3, 0.2]) + spline(x, 2, -1, 2, [1, 0.2, 4, 0.3])",
        (-1.6, 1.6),
    ),
    (
        "spline_surface",
        "U(x, y) = spline(x, y, 3, [-1, -1.5], [1, 1.5], [[1, 2, 0, 1, 0.5], [0.3, -0.2, 0.4, 0.6, 1], [1, 0.5, 0.1, -1, 0.2], [2, 1, 0, 0.5, 1], [0.1, 0.2, 0.7, 0.3, 2]])",
        (-1.9, 1.9),
    ),
    (
        "spline_torus",
        "U(a: angle, b: angle) = periodic_spline(a, b, 3, [0, 0], [2*pi, 2*pi], [[1, 2, 0, 1], [0.3, -0.2, 0.4, 0.6], [1, 0.5, 0.1, -1], [2, 1, 0, 0.5], [0, 1, 1, 0]])",
        (-3.1, 3.1),
    ),
    (
        "spline_space",
        "U(x, y, z) = spline(x, y, z, 2, [-1, -1, -1], [1, 1, 1], [[[1, 2, 0], [0.5, 1, 2], [1, 1, 0]], [[0, 1, 0], [2, 1, 0.5], [1, 0, 3]], [[1, 0, 1], [0.1, 0.2, 0.3], [1, 2, 1]], [[0, 0, 1], [1, 1, 2], [0.3, 1, 1]]])",
        (-1.4, 1.4),
    ),
    (
        "spline_slope",
        "S(x) = spline(x, 3, -1, 1, [2, 0.5, -0.3, 0.1, 0.7, 0.2, 1.5, 3])
         U(x) = diff(S(x), x)^2 + S(x) + diff(diff(S(x), x), x)",
        (-0.9, 0.9),
    ),
    (
        "spline_bonds",
        "bond(d) = spline(d, 3, 0.5, 2, [8, 3, 1, 0.2, 0.1, 0.5, 1])
         U(r[4, 3]) = sum(bond(dist(r[i], r[j])) for i in 1..4, j in i+1..4)",
        (-1.0, 1.0),
    ),
];

/// All programs: those above and the examples.
pub fn all() -> Vec<Program> {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let mut programs: Vec<Program> = TEXTS
        .iter()
        .map(|(name, text, range)| program(name, text, *range, &mut random))
        .collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pot"))
        .collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let name = format!("example_{}", stem.replace('-', "_"));
        let range = if stem == "morse" {
            (1.0, 4.0)
        } else {
            (-1.5, 1.5)
        };
        programs.push(program(&name, &text, range, &mut random));
    }
    assert!(programs.len() > 40, "only {} programs", programs.len());
    programs
}

fn program(name: &str, text: &str, (lo, hi): (f64, f64), random: &mut ChaCha8Rng) -> Program {
    let model = model(text);
    let d = model.dimension();
    let mut point = || (0..d).map(|_| random.random_range(lo..hi)).collect();
    Program {
        name: name.to_owned(),
        points: (0..12).map(|_| point()).collect(),
        model,
    }
}
