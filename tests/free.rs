//! `free`, and `--kT` beside a run: F.pot and D.pot as a user gets them, where they are known, and
//! the mean first-passage times that they are for.

use std::path::Path;
use std::process::{Command, Output};

use effpot_lang::check::check;
use effpot_lang::session::Potential;
use effpot_lang::source::Sources;
use tempfile::TempDir;

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("effpot-lang"));
    command.current_dir(folder.path()).args(arguments);
    command.stdin(std::process::Stdio::null());
    command.output().unwrap()
}

fn good(folder: &TempDir, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn with(program: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("v.pot"), program).unwrap();
    folder
}

/// The only function of a program that was written.
fn function(path: &Path) -> impl Fn(&[f64]) -> Vec<f64> + use<> {
    named(path, None)
}

/// A function of it.
fn named(path: &Path, name: Option<&str>) -> impl Fn(&[f64]) -> Vec<f64> + use<> {
    let mut sources = Sources::new();
    let root = sources.add("it.pot", std::fs::read_to_string(path).unwrap());
    let program = check(&sources, root).expect("what is written is a program");
    let model = program.potential(name).unwrap();
    let parameters = model.parameter_values();
    let potential = Potential::compile(model, parameters).unwrap();
    move |x: &[f64]| potential.curve(x)
}

/// `log I0(x)`, by the series of `I0`.
fn log_bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..200 {
        term *= (0.5 * x / f64::from(k)).powi(2);
        sum += term;
    }
    f64::ln(sum)
}

/// The mean first-passage time from `a` to `b` of overdamped dynamics with a wall at `wall`:
/// `(1/kT) int_a^b dy exp(F(y)/kT)/D(y) int_wall^y dz exp(-F(z)/kT)`, by trapezoids.
fn passage(wall: f64, (a, b): (f64, f64), kt: f64, f: &[f64], d: &[f64]) -> f64 {
    let h = (b - wall) / (f.len() - 1) as f64;
    let (mut inner, mut outer) = (0.0, 0.0);
    let mut before: Option<(f64, f64)> = None;
    for (at, (f, d)) in f.iter().zip(d).enumerate() {
        let weight = (-f / kt).exp();
        inner += before.map_or(0.0, |(last, _)| 0.5 * h * (last + weight));
        let rate = inner / (weight * d);
        if let Some((_, last)) = before
            && wall + h * at as f64 > a
        {
            outer += 0.5 * h * (last + rate);
        }
        before = Some((weight, rate));
    }
    outer / kt
}

fn grid(lo: f64, hi: f64, n: usize) -> Vec<f64> {
    (0..=n)
        .map(|at| lo + (hi - lo) * at as f64 / n as f64)
        .collect()
}

/// Two roughnesses with amplitudes that vary: F and D are products of Bessel functions.
#[test]
fn roughness_of_a_varying_amplitude_gives_bessel_functions() {
    let folder = with(
        "A(q) = 0.3*(1 + 0.5*sin(0.5*q))\n\
         V(q) = 0.1*q^2 + A(q)*sin(q/0.003) + 0.1*cos(q/0.00041)\n",
    );
    let arguments = [
        "free", "v.pot", "--kT", "0.25", "--length", "0.08", "--domain", "-3..3",
    ];
    let json = good(&folder, &[&arguments[..], &["-o", "r", "--json"]].concat());
    let row: serde_json::Value = serde_json::from_str(&json).unwrap();
    let error = row["error"].as_f64().unwrap();
    assert!(error < 5e-3, "{error}");
    let (f, d) = (
        function(&folder.path().join("r/F.pot")),
        function(&folder.path().join("r/D.pot")),
    );
    let places = grid(-2.9, 2.9, 58);
    for ((x, f), d) in places.iter().zip(f(&places)).zip(d(&places)) {
        let amplitude = 0.3 * (1.0 + 0.5 * (0.5 * x).sin());
        let logs = log_bessel(amplitude / 0.25) + log_bessel(0.4);
        let of_free = (f - 0.1 * x * x) / 0.25 + logs;
        let of_mobility = d.ln() + 2.0 * logs;
        // The window, s^2/2 of second derivatives below 0.3 with s = 0.072, is 1e-3.
        assert!(of_free.abs() < error + 2e-3, "F({x}): {of_free}");
        assert!(of_mobility.abs() < error + 4e-3, "D({x}): {of_mobility}");
    }
    // No bit depends on threads.
    good(
        &folder,
        &[&arguments[..], &["-o", "one", "--threads", "1"]].concat(),
    );
    for name in ["F.pot", "D.pot"] {
        let read = |place: &str| std::fs::read(folder.path().join(place).join(name)).unwrap();
        assert!(read("r") == read("one"), "{name}");
    }
}

/// Li & Tao 2024, (4.5), learned at delta 0.5, used where it is cold: kT 0.05. U alone is far off;
/// F with D is not. The times are those of exact quadrature with what the programs say.
#[test]
fn passage_times_of_the_first_example_hold_with_f_and_d() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = with(&std::fs::read_to_string(root.join("examples/quadratic.pot")).unwrap());
    let summary = good(
        &folder,
        &[
            "v.pot", "--delta", "0.5", "--steps", "1e6", "--kT", "0.05", "-o", "r",
        ],
    );
    assert!(summary.contains("F.pot and D.pot at kT 0.05"), "{summary}");
    let of = |name: &str, x: &[f64]| function(&folder.path().join(name))(x);
    // The waves of 0.001 take 6 points a radian; what was learned is smooth.
    let (fine, coarse) = (grid(-1.7, 1.0, 400_000), grid(-1.7, 1.0, 50_000));
    let one = |x: &[f64]| vec![1.0; x.len()];
    let time = |f: &[f64], d: &[f64]| passage(-1.7, (-1.0, 1.0), 0.05, f, d);
    let exact = time(&of("v.pot", &fine), &one(&fine));
    let surrogate = time(&of("r/F.pot", &coarse), &of("r/D.pot", &coarse)) / exact;
    let alone = time(&of("r/U.pot", &coarse), &one(&coarse)) / exact;
    eprintln!(
        "mean first-passage time from -1 to 1 over that of V: F and D {surrogate:.3}, U alone {alone:.3}"
    );
    assert!((surrogate - 1.0).abs() < 0.1, "{surrogate}");
    assert!(alone < 0.65, "{alone}");
    // Where the force is weak the whole length is averaged: D is that of Lifson and Jackson.
    let d = of("r/D.pot", &[0.0])[0].ln() + 2.0 * (log_bessel(1.0) + log_bessel(0.02));
    assert!(d.abs() < 0.02, "{d}");
}

/// An angle: what is found repeats, slope and all, and the seam is nowhere.
#[test]
fn an_angle_gives_what_repeats() {
    let folder = with("V(a: angle) = cos(a) + 0.5*sin(2*a) + 0.2*sin(200*a)\n");
    good(
        &folder,
        &[
            "free", "v.pot", "--kT", "0.5", "--length", "0.06", "-o", "r",
        ],
    );
    let (f, d) = (
        function(&folder.path().join("r/F.pot")),
        function(&folder.path().join("r/D.pot")),
    );
    let logs = log_bessel(0.4);
    let places = grid(-7.0, 7.0, 140);
    for ((x, f), d) in places.iter().zip(f(&places)).zip(d(&places)) {
        let of_free = (f - x.cos() - 0.5 * (2.0 * x).sin()) / 0.5 + logs;
        assert!(of_free.abs() < 4e-3, "{x}: {of_free}");
        assert!((d.ln() + 2.0 * logs).abs() < 4e-3, "{x}: {d}");
    }
}

/// Roughness along a diagonal: D is a tensor with the eigenvalue of Lifson and Jackson along the
/// diagonal and 1 across; with a wave along each axis it is diagonal, and both have their own.
#[test]
fn a_plane_has_a_tensor() {
    let folder = with(
        "V(x, y) = x^2 + 0.5*y^2 + 0.3*sin((x + y)/0.02)\n\
         W(x, y) = x^2 + 0.5*y^2 + 0.3*sin(x/0.02) + 0.15*cos(y/0.03)\n",
    );
    let domain = ["--domain", "-0.4..0.4", "--domain", "-0.4..0.4"];
    let common = ["--kT", "0.3", "--length", "0.12"];
    let of = |name: &str, place: &str| -> [Vec<f64>; 4] {
        let arguments = ["free", "v.pot", "--potential", name, "-o", place];
        good(&folder, &[&arguments[..], &common, &domain].concat());
        // Five points along another diagonal.
        let x = [-0.3, -0.15, 0.0, 0.15, 0.3, 0.3, 0.1, 0.0, -0.2, -0.3];
        let d = folder.path().join(place).join("D.pot");
        let f = function(&folder.path().join(place).join("F.pot"))(&x);
        let bare = |at: usize| x[at] * x[at] + 0.5 * x[at + 5] * x[at + 5];
        let f = f.iter().enumerate().map(|(at, f)| (f - bare(at)) / 0.3);
        let [xx, xy, yy] = ["Dxx", "Dxy", "Dyy"].map(|name| named(&d, Some(name))(&x));
        [f.collect(), xx, xy, yy]
    };
    // Within 3 %: nodes are an eighth of a wave apart at most, and half of them twice that.
    let is = |found: f64, known: f64| (found - known).abs() < 0.03;
    let (wave, half) = (log_bessel(1.0), log_bessel(0.5));
    let [f, xx, xy, yy] = of("V", "diagonal");
    for at in 0..5 {
        assert!((f[at] + wave).abs() < 0.015, "{}", f[at] + wave);
        let (along, across) = (
            0.5 * (xx[at] + yy[at]) + xy[at],
            0.5 * (xx[at] + yy[at]) - xy[at],
        );
        assert!(
            is(along, (-2.0 * wave).exp()) && is(across, 1.0),
            "{along} {across}"
        );
    }
    let [f, xx, xy, yy] = of("W", "separable");
    for at in 0..5 {
        assert!(
            (f[at] + wave + half).abs() < 0.015,
            "{}",
            f[at] + wave + half
        );
        assert!(is(xx[at], (-2.0 * wave).exp()) && is(yy[at], (-2.0 * half).exp()));
        assert!(is(xy[at], 0.0), "{}", xy[at]);
    }
}

/// What it cannot do it refuses, and says why and what to do; nothing is left behind.
#[test]
fn what_cannot_be_averaged_is_refused_in_words() {
    let folder = with(
        "V(q) = q^2/2 + 0.5*sin(q/1e-5)\nW(x, y, z) = x^2 + y^2 + z^2\nS(q) = sin(q)\nL(q) = q^2 + log(q)\n",
    );
    let refused = |arguments: &[&str], exit: i32, words: &[&str]| {
        let output = run(&folder, &[&["free", "v.pot"], arguments].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {error}");
        for word in words {
            assert!(
                error.contains(word),
                "{arguments:?}: no `{word}` in {error}"
            );
        }
    };
    // 500,000 kT deep wells of 1e-5: their crests are missed by any number of points.
    let cold = [
        "--kT",
        "1e-6",
        "--length",
        "0.1",
        "--domain",
        "-0.001..0.001",
    ];
    refused(&cold, 1, &["no free energy at kT 1e-6", "help"]);
    let two = ["--potential", "W", "--kT", "1", "--length", "0.1"];
    refused(&two, 1, &["W has 3", "one or two coordinates"]);
    let open = ["--potential", "S", "--kT", "1", "--length", "0.1"];
    refused(&open, 1, &["does not hold", "--domain"]);
    let half = [
        "--potential",
        "L",
        "--kT",
        "1",
        "--length",
        "0.1",
        "--domain",
        "-1..1",
    ];
    refused(&half, 1, &["not finite around -", "--domain"]);
    refused(&["--kT", "1"], 2, &["--resolve", "--length"]);
    refused(&["--length", "1"], 2, &["--kT"]);
    refused(&["--kT", "0", "--length", "1"], 2, &["it must be positive"]);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1);
}
