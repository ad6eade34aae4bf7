//! What is published about the functions of the library: stationary points, energies, spectra.

use super::Potential;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// A function of the library over `arguments`, called with `given`.
#[track_caller]
fn library(module: &str, function: &str, arguments: &str, given: &str) -> Potential {
    Potential::with_hessian(&program(module, function, arguments, given))
}

fn program(module: &str, function: &str, arguments: &str, given: &str) -> String {
    format!("import std.{module} ({function})\nV({arguments}) = {function}({given})\n")
}

/// Value, gradient and Hessian at a point.
fn parts(potential: &Potential, at: &[f64]) -> (f64, DVector<f64>, DMatrix<f64>) {
    let d = potential.dimension;
    let all = potential.at(at);
    let gradient = DVector::from_column_slice(&all[1..=d]);
    let hessian = DMatrix::from_row_slice(d, d, &all[1 + d..]);
    (all[0], gradient, hessian)
}

/// The eigenvalues of a symmetric matrix, in order.
fn eigenvalues(matrix: DMatrix<f64>) -> Vec<f64> {
    let mut values: Vec<f64> = SymmetricEigen::new(matrix)
        .eigenvalues
        .iter()
        .copied()
        .collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Newton's method from a published point, printed to so many decimals, finds a stationary point
/// that rounds to it, with the published value and so many directions downhill.
#[track_caller]
fn stationary(potential: &Potential, at: &[f64], decimals: i32, value: f64, downhill: usize) {
    let printed = 0.501 * 10f64.powi(-decimals);
    let mut point = DVector::from_column_slice(at);
    for _ in 0..20 {
        let (_, gradient, hessian) = parts(potential, point.as_slice());
        point -= hessian.lu().solve(&gradient).expect("no flat direction");
    }
    let (found, _, hessian) = parts(potential, point.as_slice());
    let moved = (&point - DVector::from_column_slice(at)).amax();
    assert!(moved < printed, "{at:?}: Newton's method ends at {point}");
    let negative = eigenvalues(hessian).iter().filter(|x| **x < 0.0).count();
    assert_eq!(negative, downhill, "directions downhill at {at:?}");
    near(found, value, 6);
}

/// A value that is printed to so many decimals.
#[track_caller]
fn near(found: f64, printed: f64, decimals: i32) {
    let error = (found - printed).abs();
    assert!(
        error < 0.501 * 10f64.powi(-decimals),
        "{found}, not {printed}"
    );
}

#[test]
fn muller_brown_has_its_published_stationary_points() {
    let surface = library("landscapes", "muller_brown", "x, y", "x, y");
    for (at, value, downhill) in [
        ([-0.558224, 1.441726], -146.699517, 0),
        ([0.623499, 0.028038], -108.166724, 0),
        ([-0.050011, 0.466694], -80.767818, 0),
        ([-0.822002, 0.624313], -40.664844, 1),
        ([0.212487, 0.292988], -72.248940, 1),
    ] {
        stationary(&surface, &at, 6, value, downhill);
    }
}

/// The paraboloid of eq. (4.9) leaves the middle minimum where it is and brings the depths together.
#[test]
fn leveled_muller_brown_has_the_wells_that_its_comment_names() {
    let surface = library("landscapes", "muller_brown_leveled", "x, y", "x, y");
    for (at, value, downhill) in [
        ([-0.624454, 1.338201], -8.551554, 0),
        ([0.529123, 0.053285], -8.348752, 0),
        ([-0.050011, 0.466694], -8.076782, 0),
        ([-0.822174, 0.704349], -1.721097, 1),
        ([0.224941, 0.254381], -6.750252, 1),
    ] {
        stationary(&surface, &at, 6, value, downhill);
    }
}

#[test]
fn himmelblau_rosenbrock_and_henon_heiles_have_their_published_stationary_points() {
    let surface = library("landscapes", "himmelblau", "x, y", "x, y");
    for (at, value, downhill) in [
        ([3.0, 2.0], 0.0, 0),
        ([-2.805118, 3.131313], 0.0, 0),
        ([-3.779310, -3.283186], 0.0, 0),
        ([3.584428, -1.848127], 0.0, 0),
        ([-0.270845, -0.923039], 181.616522, 2),
    ] {
        stationary(&surface, &at, 6, value, downhill);
    }
    let valley = library("landscapes", "rosenbrock", "x, y", "x, y");
    stationary(&valley, &[1.0, 1.0], 6, 0.0, 0);
    let chain = library("landscapes", "rosenbrock_chain", "q[4]", "q");
    stationary(&chain, &[1.0; 4], 6, 0.0, 0);
    let second = [-0.775659, 0.613093, 0.382063, 0.145972];
    stationary(&chain, &second, 6, 3.701429, 0);
    let exits = library("landscapes", "henon_heiles", "x, y", "x, y");
    let half = 3f64.sqrt() / 2.0;
    stationary(&exits, &[0.0, 0.0], 6, 0.0, 0);
    for at in [[0.0, 1.0], [half, -0.5], [-half, -0.5]] {
        stationary(&exits, &at, 6, 1.0 / 6.0, 1);
    }
    let ripple = library("landscapes", "rastrigin", "q[3]", "q");
    stationary(&ripple, &[0.0; 3], 6, 0.0, 0);
}

#[test]
fn wells_in_one_coordinate_are_where_their_comments_put_them() {
    let double = library("landscapes", "double_well", "x", "x");
    let triple = library("landscapes", "triple_well", "x", "x");
    for x in [-1.0, 1.0] {
        stationary(&double, &[x], 9, 0.0, 0);
        stationary(&triple, &[x], 9, 0.0, 0);
        stationary(&triple, &[x / 3f64.sqrt()], 9, 0.25, 1);
    }
    stationary(&double, &[0.0], 9, 0.25, 1);
    stationary(&triple, &[0.0], 9, 0.0, 0);
    // 2*tilt/barrier = 0.8, whose cosine is 0.6.
    let washboard = library("landscapes", "tilted_washboard", "x", "x");
    let x = 0.8f64.asin();
    stationary(&washboard, &[x], 9, 0.125 * 0.4 - 0.1 * x, 0);
    // Above a tilt of 8*barrier/sqrt(27) the slope of a double well has one sign on the left.
    let text = program("landscapes", "tilted_double_well", "x", "x");
    let last = 2.0 / 27f64.sqrt();
    for (tilt, wells) in [(0.99 * last, 2), (1.01 * last, 1)] {
        let tilted = Potential::of(&text, &[("landscapes.tilt", tilt)]);
        let slopes: Vec<f64> = (-3000..3000)
            .map(|i| tilted.at(&[0.0005 + 0.001 * f64::from(i)])[1])
            .collect();
        let minima = slopes.windows(2).filter(|w| w[0] < 0.0 && w[1] > 0.0);
        assert_eq!(minima.count(), wells, "{tilt}");
    }
}

/// The vertices of an icosahedron and its centre.
fn icosahedron(radius: f64) -> Vec<f64> {
    let golden = 0.5 * (1.0 + 5f64.sqrt());
    let unit = radius / (1.0 + golden * golden).sqrt();
    let mut points = vec![[0.0; 3]];
    for a in [-unit, unit] {
        for b in [-golden * unit, golden * unit] {
            points.extend([[0.0, a, b], [b, 0.0, a], [a, b, 0.0]]);
        }
    }
    points.concat()
}

/// The truncated octahedron of 38 atoms, cut from a face-centred cubic crystal: shells of 6, 8 and
/// 24 atoms.
fn truncated_octahedron([a, b, c, d]: [f64; 4]) -> Vec<f64> {
    let signs = [-1.0, 1.0];
    let mut points = Vec::new();
    for s in signs {
        points.extend([[s * a, 0.0, 0.0], [0.0, s * a, 0.0], [0.0, 0.0, s * a]]);
        for t in signs {
            points.extend(signs.map(|u| [s * b, t * b, u * b]));
            let (c, d) = (s * c, t * d);
            points.extend([[c, d, 0.0], [d, c, 0.0], [0.0, c, d]]);
            points.extend([[0.0, d, c], [c, 0.0, d], [d, 0.0, c]]);
        }
    }
    points.concat()
}

/// An energy to all published digits, at a point where no force is left. The point is exact to
/// 1e-10 or better, and no curvature of these clusters is above 1e4.
#[track_caller]
fn relaxed(cluster: &Potential, at: &[f64], energy: f64) {
    let all = cluster.at(at);
    near(all[0], energy, 6);
    let force = all[1..].iter().fold(0.0, |max: f64, x| max.max(x.abs()));
    assert!(force < 1e-6, "a force of {force} is left");
}

#[test]
fn lennard_jones_clusters_have_their_published_energies() {
    let cluster = |n: usize| {
        let arguments = format!("r[{n}, 3]");
        Potential::of(
            &program("pairs", "lennard_jones_cluster", &arguments, "r"),
            &[],
        )
    };
    // Simplices, in which all distances are those of a pair.
    let d = 2f64.powf(1.0 / 6.0);
    let (h, q) = ((3f64 / 4.0).sqrt() * d, (2f64 / 3.0).sqrt() * d);
    let simplex = [
        [0.0, 0.0, 0.0],
        [d, 0.0, 0.0],
        [d / 2.0, h, 0.0],
        [d / 2.0, h / 3.0, q],
    ];
    for (n, energy) in [(2, -1.0), (3, -3.0), (4, -6.0)] {
        relaxed(&cluster(n), &simplex[..n].concat(), energy);
    }
    relaxed(&cluster(13), &icosahedron(1.081838288551366), -44.326801);
    let shells = [
        0.775930957620448,
        0.779000925083166,
        1.565583741462408,
        0.780889443721971,
    ];
    relaxed(&cluster(38), &truncated_octahedron(shells), -173.928427);
}

#[test]
fn morse_clusters_have_their_published_energies() {
    let text = program("pairs", "morse_cluster", "r[13, 3]", "r, STEEPNESS");
    // The radius is a minimum of the energy, so its own error counts in second order.
    for (steepness, radius, energy) in [
        (3.0, 0.915250177881, -51.737046),
        (6.0, 0.964702750229, -42.439863),
        (10.0, 0.972126812685, -39.662975),
        (14.0, 0.975974343368, -37.258877),
    ] {
        let cluster = Potential::of(&text.replace("STEEPNESS", &format!("{steepness}")), &[]);
        relaxed(&cluster, &icosahedron(radius), energy);
    }
}

#[test]
fn pair_potentials_have_their_minima_where_their_comments_put_them() {
    let pair = library("pairs", "lennard_jones", "d", "d, 2.5, 1.2");
    stationary(&pair, &[1.2 * 2f64.powf(1.0 / 6.0)], 9, -2.5, 0);
    near(pair.at(&[1.2])[0], 0.0, 12);
    // The repulsive part ends without a step and without a kink.
    let core = library("pairs", "repulsive_lennard_jones", "d", "d, 2.5, 1.2");
    let end = 1.2 * 2f64.powf(1.0 / 6.0);
    for d in [end * (1.0 - 1e-7), end * (1.0 + 1e-7)] {
        let all = core.at(&[d]);
        assert!(all[0].abs() < 1e-11 && all[1].abs() < 1e-4, "{all:?}");
    }
    let bond = library("pairs", "morse", "d", "d, 4, 1.5, 2");
    stationary(&bond, &[2.0], 9, 0.0, 0);
    // 2*depth*steepness^2
    near(bond.at(&[2.0])[2], 18.0, 10);
}

/// In kelvin and, with the gas constant, in kJ/mol: the numbers of force-field manuals.
#[test]
fn butane_has_the_published_barriers() {
    let text = program("torsions", "ryckaert_bellemans", "phi: angle", "phi");
    let torsion = Potential::of(&text, &[("torsions.temperature", 1.0)]);
    let degrees = |x: f64| torsion.at(&[x.to_radians()]);
    for (at, kelvin, kilojoule) in [
        (0.0, 0.0, 0.0),
        (59.96511261, 1485.375593, 12.35),
        (120.00881254, 352.124850, 2.93),
        (180.0, 5388.0, 44.80),
    ] {
        let all = degrees(at);
        near(all[0], kelvin, 6);
        near(8.314462618e-3 * all[0], kilojoule, 2);
        // Nine digits of degrees at a curvature of some ten thousand.
        assert!(all[1].abs() < 1e-5, "{at}: {all:?}");
    }
}

#[test]
fn the_torsion_surface_has_the_wells_that_its_comment_names() {
    let surface = library(
        "torsions",
        "ramachandran",
        "phi: angle, psi: angle",
        "phi, psi",
    );
    for (at, value) in [
        ([-85.612549, 74.896356], -7.793085),
        ([-152.684120, 159.360530], -7.727262),
        ([-79.307934, -23.488876], -6.672096),
        ([68.579745, -54.988428], -4.821766),
    ] {
        stationary(&surface, &at.map(f64::to_radians), 7, value, 0);
    }
    let here = surface.at(&[0.3, -0.9]);
    let around = surface.at(&[0.3 + std::f64::consts::TAU, -0.9 - std::f64::consts::TAU]);
    for (a, b) in here.iter().zip(around) {
        // Phases of 7 carry an error of 1e-15, and coefficients are below 1000.
        assert!((a - b).abs() < 1e-11, "{a} and {b}");
    }
}

/// Normal modes of chains: 4*sin(pi*k/(2*n))^2 with free ends, 4*sin(pi*k/(2*(n + 1)))^2 with fixed
/// ones.
#[test]
fn chains_have_their_normal_modes() {
    let n = 7;
    let mode = |k: usize, length: usize| {
        let half = std::f64::consts::PI * k as f64 / (2 * length) as f64;
        4.0 * half.sin().powi(2)
    };
    let free = library("chains", "harmonic_chain", "q[7]", "q, 1, 0.3");
    let walls = library("chains", "fermi_pasta_ulam", "q[7]", "q, 0.25, 2");
    let of = |chain: &Potential| eigenvalues(parts(chain, &vec![0.0; n]).2);
    for (k, (free, walls)) in of(&free).into_iter().zip(of(&walls)).enumerate() {
        near(free, mode(k, n), 12);
        near(walls, mode(k + 1, n + 1), 12);
    }
    // A Frenkel-Kontorova chain that fits its substrate adds the curvature of the substrate.
    let fits = library("chains", "frenkel_kontorova", "q[7]", "q, 1, 2*pi, 0.5");
    let bottom: Vec<f64> = (0..n).map(|i| std::f64::consts::TAU * i as f64).collect();
    let (value, _, hessian) = parts(&fits, &bottom);
    near(value, 0.0, 12);
    for (k, curvature) in eigenvalues(hessian).into_iter().enumerate() {
        near(curvature, 0.5 + mode(k, n), 12);
    }
}

/// A unit may be turned round, and units may change places.
#[test]
fn the_network_has_its_symmetries() {
    let loss = library("networks", "network_loss", "w[7]", "w");
    let at = |w: [f64; 7]| loss.at(&w)[0];
    let value = at([0.5, 1.2, -0.3, -0.8, 0.7, 0.4, 0.1]);
    near(at([-0.5, -1.2, 0.3, -0.8, 0.7, 0.4, 0.1]), value, 14);
    near(at([-0.8, 0.7, 0.4, 0.5, 1.2, -0.3, 0.1]), value, 14);
}

/// The mean squares that the comments name, over places that are spread over many waves.
#[test]
fn noises_are_as_strong_as_their_comments_say() {
    for (function, arguments, given) in [
        ("periodic_noise", "x", "x, 0.3, 0.01"),
        ("random_noise", "x", "x, 0.3, 0.01, 4"),
        ("random_noise_2d", "x, y", "x, y, 0.3, 0.01, 4"),
        ("quasi_periodic_noise_2d", "x, y", "x, y, 0.3, 0.01"),
    ] {
        let noise = Potential::of(&program("noise", function, arguments, given), &[]);
        let count = 4000;
        let squares = (0..count).map(|i| {
            // Steps of irrational length, so that no wave is met in the same phase again.
            let i = f64::from(i);
            let point = [2f64.sqrt() * i, 3f64.sqrt() * i];
            noise.at(&point[..noise.dimension])[0].powi(2)
        });
        let mean = squares.sum::<f64>() / f64::from(count) / 0.09;
        // The square of a sum of waves has a standard deviation of at most sqrt(2)/2 of
        // amplitude^2, and places are as good as independent.
        let error = 5.0 * 0.5f64.sqrt() / f64::from(count).sqrt();
        assert!((mean - 0.5).abs() < error, "{function}: {mean}");
    }
}
