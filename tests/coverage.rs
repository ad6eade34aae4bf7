//! Honest errors: over forty seeds the truth lies within two standard errors about as often as it
//! should, for everything that is printed with one.
//!
//! Where errors are normal, that is 95 % of the time. Forty seeds with some three independent
//! numbers each leave a standard error of 2 %, and errors from some thirty blocks take another
//! percent: hence 90 to 99 %. The truth is known where the bias is negligible: a parabola is in
//! the span of the splines, its small waves are gone, and their force is white.

#[path = "support/runs.rs"]
mod runs;

use effpot_lang::session::{Estimator, Knots, Options, Outcome};
use runs::run;

const SEEDS: u64 = 40;

/// How often something was within two of its standard errors.
#[derive(Default)]
struct Tally {
    within: usize,
    all: usize,
}

impl Tally {
    fn add(&mut self, off: f64, stderr: f64) {
        assert!(off.is_finite() && stderr > 0.0, "{off} +- {stderr}");
        self.within += usize::from(off.abs() <= 2.0 * stderr);
        self.all += 1;
    }

    /// Printed and held to 90 to 99 %.
    fn holds(&self, name: &str) -> bool {
        (0.90..=0.99).contains(&self.part(name))
    }

    fn part(&self, name: &str) -> f64 {
        let part = self.within as f64 / self.all as f64;
        println!(
            "{name}: {:.1} % of {} within two standard errors",
            100.0 * part,
            self.all
        );
        part
    }
}

/// As many runs as there are seeds, each looked at by itself.
fn seeds(text: &str, options: &Options) -> Vec<Outcome> {
    let with_seed = |seed| Options {
        seed: Some(seed),
        ..options.clone()
    };
    (1..=SEEDS).map(|seed| run(text, with_seed(seed))).collect()
}

/// The columns of `potential.csv` by name.
fn column(outcome: &Outcome, name: &str) -> Vec<f64> {
    let (_, bytes) = outcome
        .files
        .iter()
        .find(|(file, _)| file == "potential.csv")
        .expect("a table");
    let text = std::str::from_utf8(bytes).expect("text");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let at = names.iter().position(|n| *n == name).expect("a column");
    lines
        .map(|line| {
            line.split(',')
                .nth(at)
                .expect("a cell")
                .parse()
                .expect("a number")
        })
        .collect()
}

/// Counts U against a truth at some rows, both less their mean under the sampled density.
fn count(tally: &mut Tally, outcome: &Outcome, truth: impl Fn(usize) -> f64, rows: &[usize]) {
    let (u, stderr) = (column(outcome, "U"), column(outcome, "U_stderr"));
    let density = column(outcome, "density");
    let weight: f64 = density.iter().sum();
    let off: Vec<f64> = (0..u.len()).map(|at| u[at] - truth(at)).collect();
    let mean: f64 = off.iter().zip(&density).map(|(o, d)| o * d / weight).sum();
    for &row in rows {
        tally.add(off[row] - mean, stderr[row]);
    }
}

/// Li & Tao 2024, (4.5) at delta 0.5, which removes both waves: values and forces.
#[test]
fn errors_of_curves() {
    let text = "V(q) = q^2/2 + 0.05*sin(q/0.05) + 0.001*sin(q/0.001)";
    let mut good = Vec::new();
    for (name, estimator) in [("value", Estimator::Value), ("force", Estimator::Force)] {
        let options = Options {
            delta: Some(0.5),
            steps: Some(100_000),
            estimators: vec![estimator],
            ..Options::default()
        };
        let mut tally = Tally::default();
        for outcome in seeds(text, &options) {
            let q = column(&outcome, "q");
            let near = |x: f64| {
                let order = |a: &usize, b: &usize| (q[*a] - x).abs().total_cmp(&(q[*b] - x).abs());
                (0..q.len()).min_by(order).expect("a row")
            };
            // Two standard deviations of q either side, away from where the parabola crosses its
            // own mean and any error vanishes with it.
            let rows: Vec<usize> = [-3.2, -0.8, 0.0, 0.8, 3.2].map(near).to_vec();
            count(&mut tally, &outcome, |at| q[at] * q[at] / 2.0, &rows);
        }
        good.push(tally.holds(name));
    }
    assert_eq!(good, [true, true]);
}

/// Four terms that different coordinates do not share, so that their weights are independent.
#[test]
fn errors_of_weights() {
    let text = "V(q[4]) = q[1]^2/2 + q[2]^2 + q[3]^2/4 + q[4]^2/3 +
        0.001*sum(sin(q[i]/0.001) for i in 1..4)";
    let options = Options {
        delta: Some(0.2),
        gamma: Some(0.1),
        steps: Some(100_000),
        estimators: vec![Estimator::Terms],
        ..Options::default()
    };
    let mut weights = Tally::default();
    for outcome in seeds(text, &options) {
        for row in outcome.result.terms.as_ref().expect("terms") {
            if !row.expression.contains("sin") {
                weights.add(row.weight - 1.0, row.stderr);
            }
        }
    }
    assert_eq!(weights.all, 160);
    // Of a parabola the sums of a lane telescope but for their ends, which blocks cannot know: the
    // errors of its weight are too large, never too small.
    assert!(weights.part("weights") >= 0.90);
}

/// Li & Tao 2024, (4.8), with waves of 1e-5: the entries of Z, and U by `force` in two coordinates.
/// (The errors of `value` are as small as the waves; there what bins cost is not negligible.)
#[test]
fn errors_of_the_noise_and_of_a_surface() {
    let text = "import std.noise (sheared_noise)
        V(x, y) = (2*x + y - 1)^2/4 + (x - y - 1)^2 + sheared_noise(x, y, 1e-5, 1e-5, 1)";
    let options = Options {
        delta: Some(0.05),
        friction: Some(vec![vec![0.025, 0.0125], vec![0.0125, 0.0125]]),
        steps: Some(200_000),
        estimators: vec![Estimator::Force],
        knots: Some(Knots::Count(8)),
        ..Options::default()
    };
    let (mut surface, mut noise) = (Tally::default(), Tally::default());
    for outcome in seeds(text, &options) {
        let (x, y) = (column(&outcome, "x"), column(&outcome, "y"));
        let near = |(a, b): (f64, f64)| {
            let distance = |at: &usize| (x[*at] - a).powi(2) + (y[*at] - b).powi(2);
            let order = |p: &usize, q: &usize| distance(p).total_cmp(&distance(q));
            (0..x.len()).min_by(order).expect("a row")
        };
        let rows: Vec<usize> = [
            (0.7, -0.3),
            (1.5, -1.2),
            (-0.2, 0.6),
            (1.3, 0.6),
            (0.0, -1.2),
        ]
        .map(near)
        .to_vec();
        let truth =
            |at: usize| (2.0 * x[at] + y[at] - 1.0).powi(2) / 4.0 + (x[at] - y[at] - 1.0).powi(2);
        count(&mut surface, &outcome, truth, &rows);
        let known = &outcome.result.noise;
        let z = known.covariance.as_ref().expect("Z");
        let errors = known.covariance_stderr.as_ref().expect("its errors");
        for (i, j, s) in [(0, 0, 1.0), (0, 1, 0.5), (1, 1, 0.5)] {
            noise.add(z[i][j] - 0.05 * s, errors[i][j]);
        }
    }
    assert!(surface.holds("force in two coordinates"));
    // A shortfall that is known: over 120 seeds 91 % of the entries of Z are within two errors, which
    // are some 12 % too small here, where a lane has few relaxation times. Forty seeds leave 2.6 %.
    assert!((0.85..=0.99).contains(&noise.part("Z")));
}
