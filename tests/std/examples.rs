//! Examples in several coordinates: each is checked, evaluated and written out again, and those of
//! the paper are its formulas.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Standard output of a command that must end with exit code 0 and say nothing else.
#[track_caller]
fn good(arguments: &[&str]) -> String {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"))
        .args(arguments)
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {err}");
    assert_eq!(err, "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn example(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    folder.join(name).with_extension("pot")
}

/// Values and gradients at points, from `eval`.
#[track_caller]
fn evaluated(program: &Path, points: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("points.csv");
    let row = |point: &Vec<f64>| {
        let numbers: Vec<String> = point.iter().map(|x| format!("{x:?}")).collect();
        numbers.join(",") + "\n"
    };
    std::fs::write(&list, points.iter().map(row).collect::<String>()).unwrap();
    let (program, list) = (program.to_str().unwrap(), list.to_str().unwrap());
    let text = good(&["eval", program, "--points", list, "--gradient"]);
    let rows = text.lines().skip(1);
    rows.zip(points)
        .map(|(line, point)| {
            let cells = line.split(',').map(|x| x.parse().unwrap());
            cells.skip(point.len()).collect()
        })
        .collect()
}

/// Points that are spread evenly over a cube around the origin, none of them special: multiples of
/// irrational numbers.
fn points(count: usize, dimension: usize, half: f64) -> Vec<Vec<f64>> {
    let part = |i: usize, k: usize| ((i + 1) as f64 * (k as f64 + 1.7).sqrt()).fract();
    (0..count)
        .map(|i| {
            (0..dimension)
                .map(|k| half * (2.0 * part(i, k) - 1.0))
                .collect()
        })
        .collect()
}

/// The examples of this library, with their numbers of coordinates.
const EXAMPLES: [(&str, usize); 5] = [
    ("frenkel-kontorova", 16),
    ("muller-brown", 2),
    ("network-loss", 10),
    ("ramachandran", 2),
    ("two-noise", 2),
];

#[test]
fn examples_are_checked_evaluated_and_written_out_again() {
    let folder = TempDir::new().unwrap();
    for (name, dimension) in EXAMPLES {
        let path = example(name);
        let file = path.to_str().unwrap();
        good(&["check", file]);
        let points = points(20, dimension, 1.5);
        let first = evaluated(&path, &points);
        let again = folder.path().join(name).with_extension("pot");
        std::fs::write(&again, good(&["export", file, "--to", "pot"])).unwrap();
        let second = evaluated(&again, &points);
        for (at, (a, b)) in points.iter().zip(first.iter().zip(&second)) {
            assert_eq!(a.len(), dimension + 1);
            for (k, (a, b)) in a.iter().zip(b).enumerate() {
                // Written numbers are exact; the order of operations may differ by rounding, which
                // moves the phases of waves: by 1.5/1e-5 roundings of 1e-16 for slopes.
                let scale = if k == 0 { 1.0 } else { 100.0 };
                let allowed = 1e-11 * (scale + a.abs());
                assert!(
                    (a - b).abs() <= allowed,
                    "{name} at {at:?}, {k}: {a} and {b}"
                );
            }
        }
    }
}

/// Value and gradient of an example, against a formula written out by hand.
#[track_caller]
fn same(name: &str, known: impl Fn(f64, f64) -> [f64; 3]) {
    let points = points(50, 2, 1.5);
    for (at, found) in points.iter().zip(evaluated(&example(name), &points)) {
        for (found, known) in found.iter().zip(known(at[0], at[1])) {
            // A phase of 3/1e-5 is rounded to 3e5*2^-53, twice; forces of the wave are of order 1.
            let allowed = 1e-10 + 1e-13 * known.abs();
            assert!(
                (found - known).abs() <= allowed,
                "{name} at {at:?}: {found}, not {known}"
            );
        }
    }
}

#[test]
fn two_noise_is_equation_4_8() {
    let e = 1e-5;
    same("two-noise", |x, y| {
        let (a, b) = (2.0 * x + y - 1.0, x - y - 1.0);
        let (s, t) = (x / e, (x + y) / e);
        [
            a * a / 4.0 + b * b + e * (s.sin() + t.sin()),
            a + 2.0 * b + s.cos() + t.cos(),
            a / 2.0 - 2.0 * b + t.cos(),
        ]
    });
}

#[test]
fn muller_brown_is_equation_4_9() {
    let e = 1e-5;
    same("muller-brown", |x, y| {
        let mut v = [0.0; 3];
        for (height, [a, b, c], [x0, y0]) in [
            (-200.0, [-1.0, 0.0, -10.0], [1.0, 0.0]),
            (-100.0, [-1.0, 0.0, -10.0], [0.0, 0.5]),
            (-170.0, [-6.5, 11.0, -6.5], [-0.5, 1.5]),
            (15.0, [0.7, 0.6, 0.7], [-1.0, 1.0]),
        ] {
            let (dx, dy) = (x - x0, y - y0);
            let term = height * f64::exp(a * dx * dx + b * dx * dy + c * dy * dy);
            v[0] += term;
            v[1] += term * (2.0 * a * dx + b * dy);
            v[2] += term * (b * dx + 2.0 * c * dy);
        }
        let (dx, dy) = (x + 0.0500108, y - 0.4666941);
        v[0] += 35.0136 * dx * dx + 59.8399 * dy * dy;
        v[1] += 2.0 * 35.0136 * dx;
        v[2] += 2.0 * 59.8399 * dy;
        let (s, t) = (x / e, (y - x) / e);
        [
            0.1 * v[0] + e * (s.sin() + t.sin()),
            0.1 * v[1] + s.cos() - t.cos(),
            0.1 * v[2] + t.cos(),
        ]
    });
}
