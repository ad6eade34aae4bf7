//! What coordinates are: masses that differ, periods, and momenta that are not equally hot.

#[path = "support/runs.rs"]
mod runs;

use effpot_lang::report::result::Verdict;
use effpot_lang::session::{Estimator, Options};
use runs::{file, potential, row, run};

fn options(delta: f64, estimator: Estimator) -> Options {
    Options {
        delta: Some(delta),
        estimators: vec![estimator],
        steps: Some(300_000),
        ..Options::default()
    }
}

/// A light particle feels `delta^2 V''/m`: with a mass of 0.05 the ripple is left unresolved by a
/// step that would follow it with a mass of 1, and what is printed as temperature is one.
#[test]
fn mass_belongs_to_stiffness_and_temperature() {
    let text = "V(q) = q^2/2 + 0.05*sin(q/0.05)";
    let heavy = run(text, options(0.15, Estimator::Value));
    assert_eq!(heavy.result.equilibrium.verdict, Verdict::NoUnresolvedScale);
    for (mass, delta) in [(0.05, 0.15), (4.0, 1.5)] {
        let light = Options {
            mass: Some(vec![vec![mass]]),
            ..options(delta, Estimator::Value)
        };
        let outcome = run(text, light);
        assert_eq!(
            outcome.result.equilibrium.verdict,
            Verdict::Trusted,
            "{:?}",
            outcome.diagnostics
        );
        let (learning, beta) = (
            outcome.result.scale.kt_learn.unwrap(),
            outcome.result.noise.beta.unwrap(),
        );
        // P/m and (1 + c) P/(2 m), with c = exp(-gamma delta/m) between 0.7 and 1.
        assert!(
            learning * beta > 0.99 && learning * beta < 1.2,
            "{learning} {beta}"
        );
        assert!(row(&outcome.result, "value").rmse.unwrap() < 0.01);
    }
}

/// V must repeat after the period that a coordinate declares: a large jump at the seam is an error
/// before the run, a small one a warning.
#[test]
fn a_period_that_the_potential_does_not_have_is_found() {
    use effpot_lang::session::{Failure, Hooks, Job, learn};
    let (sources, root, program) = runs::program("V(a: angle) = 0.3*a^2 + 0.05*sin(a/0.05)");
    let job = Job {
        sources: &sources,
        root,
        program: &program,
        potential: None,
        set: &[],
        options: options(0.5, Estimator::Value),
        command: "test",
        threads: 1,
    };
    let hooks = Hooks {
        progress: &|_| {},
        seconds: &|| 0.0,
        cancelled: &Default::default(),
    };
    match learn(&job, &hooks) {
        Err(Failure::Program(problems)) => assert_eq!(problems[0].code, "not-periodic"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("there is a result"),
    }
    let cut = "V(a: angle) = 2*(1 + cos(a)) + 0.003*sin(a/0.003)";
    let outcome = run(cut, options(0.3, Estimator::Value));
    let warned = |code: &str| outcome.diagnostics.iter().any(|d| d.code == code);
    assert!(warned("not-periodic"), "{:?}", outcome.diagnostics);
    let fits = "V(a: angle) = 2*(1 + cos(a)) + 0.001*sin(1000*a)";
    let outcome = run(fits, options(0.2, Estimator::Value));
    assert!(!outcome.diagnostics.iter().any(|d| d.code == "not-periodic"));
}

/// Every estimator of a periodic coordinate gives a U that repeats.
#[test]
fn what_is_learned_of_an_angle_repeats() {
    let text = "V(a: angle) = 1 + cos(a) + 0.5*sin(a) + 0.01*sin(100*a)";
    for estimator in [Estimator::Value, Estimator::Force, Estimator::Filter] {
        let outcome = run(text, options(0.4, estimator));
        let learned = potential(&String::from_utf8_lossy(file(&outcome, "U.pot")));
        for x in [-3.0, 0.3, 3.3] {
            let turn = std::f64::consts::TAU;
            let u = learned.curve(&[x, x - turn, x + 3.0 * turn]);
            assert!(
                (u[0] - u[1]).abs() < 1e-9 && (u[0] - u[2]).abs() < 1e-9,
                "{u:?}"
            );
        }
    }
}

/// A wave survives as the momenta along it say: cold along y, so that `cos(12 y)` is kept though
/// the mean over both coordinates would remove it.
#[test]
fn each_wave_is_judged_by_the_momenta_along_it() {
    let text = "V(x, y) = x^2/2 + y^2/2 + 0.01*sin(x/0.01) + 0.0005*sin(y/0.002) + 0.02*cos(12*y)";
    let outcome = run(
        text,
        Options {
            gamma: Some(0.1),
            ..options(0.3, Estimator::Value)
        },
    );
    let removed: Vec<&str> = outcome
        .result
        .scale
        .removed
        .iter()
        .map(|row| row.component.as_str())
        .collect();
    assert!(removed.iter().any(|c| c.contains("0.01")), "{removed:?}");
    assert!(!removed.iter().any(|c| c.contains("cos")), "{removed:?}");
    // And the reference keeps it too: the filter is as short along y.
    assert!(row(&outcome.result, "value").rmse.unwrap() < 0.005);
}
