//! U as a formula: the promises of `terms` on Li & Tao 2024, (4.5), and on chains of many
//! coordinates.
//!
//! Bounds hold for the median of five seeds, which `EFFPOT_FULL_TESTS=1` takes at full length, best
//! in the release profile; otherwise one seed, where lengths say so shorter.

#[path = "support/runs.rs"]
mod runs;

use std::time::Instant;

use effpot_lang::report::result::TermRow;
use effpot_lang::session::{Estimator, Options, Outcome};
use runs::{example, file, run};

fn full() -> bool {
    std::env::var_os("EFFPOT_FULL_TESTS").is_some_and(|value| value == "1")
}

fn seeds(text: &str, options: &Options) -> Vec<Outcome> {
    let last = if full() { 5 } else { 1 };
    let with_seed = |seed| Options {
        seed: Some(seed),
        estimators: vec![Estimator::Terms],
        ..options.clone()
    };
    let timed = |seed| {
        let begun = Instant::now();
        let outcome = run(text, with_seed(seed));
        println!("seed {seed}: {:.1} s", begun.elapsed().as_secs_f64());
        outcome
    };
    (1..=last).map(timed).collect()
}

/// The rows of a term, the one with the median weight first.
fn term<'o>(outcomes: &'o [Outcome], start: &str) -> Vec<&'o TermRow> {
    let find = |outcome: &'o Outcome| -> &'o TermRow {
        let rows = outcome.result.terms.as_ref().expect("terms");
        let row = rows.iter().find(|row| row.expression.starts_with(start));
        row.unwrap_or_else(|| panic!("no {start} in {rows:?}"))
    };
    let mut rows: Vec<&TermRow> = outcomes.iter().map(find).collect();
    rows.sort_by(|a, b| a.weight.total_cmp(&b.weight));
    let middle = rows.len() / 2;
    rows.swap(0, middle);
    for row in &rows {
        println!(
            "{start}: {:.4} +- {:.4}, predicted {:?}, {}",
            row.weight,
            row.stderr,
            row.predicted,
            row.outcome()
        );
    }
    rows
}

/// At delta 0.5 both waves are gone; the error of the second is too large to say so by itself.
#[test]
fn the_parabola_is_left_of_both_scales() {
    let options = Options {
        delta: Some(0.5),
        steps: Some(10_000_000),
        ..Options::default()
    };
    let outcomes = seeds(&example("quadratic"), &options);
    let macroscopic = term(&outcomes, "q^2/2")[0];
    assert!((macroscopic.weight - 1.0).abs() <= 0.005 && macroscopic.kept == Some(true));
    for row in term(&outcomes, "eps1") {
        assert!(row.kept == Some(false) && row.predicted.unwrap() < 1e-6);
    }
    for row in term(&outcomes, "eps2") {
        assert!(row.kept != Some(true));
    }
    let text = String::from_utf8_lossy(file(&outcomes[0], "U.pot")).into_owned();
    assert!(text.contains("q^2/2") && !text.contains("sin("), "{text}");
}

/// At delta 0.065 and gamma 0.02 the larger wave is kept, but for a tenth.
#[test]
fn the_larger_wave_is_kept_at_a_smaller_step() {
    let options = Options {
        delta: Some(0.065),
        gamma: Some(0.02),
        steps: Some(10_000_000),
        ..Options::default()
    };
    let outcomes = seeds(&example("quadratic"), &options);
    let wave = term(&outcomes, "eps1")[0];
    let slack = if full() { 0.0 } else { 2.0 * wave.stderr };
    assert!(wave.weight >= 0.86 - slack && wave.weight <= 0.96 + slack);
    assert_eq!(wave.kept, Some(true));
    assert!((wave.predicted.unwrap() - 0.87).abs() < 0.02);
}

fn chain(sites: usize) -> String {
    format!(
        "n = {sites}
        param eps = 0.001
        bond(q[n])  = sum((q[i+1] - q[i])^2/2 for i in 1..n-1)
        site(q[n])  = sum(q[i]^2/2 + q[i]^4/4 for i in 1..n)
        micro(q[n]) = sum(eps*sin(q[i]/eps) for i in 1..n)
        V(q[n]) = bond(q) + site(q) + micro(q)"
    )
}

/// Fifty coordinates: the weights of bonds and of sites within 2 %, told nothing but V and delta.
#[test]
fn the_macroscopic_terms_of_a_chain() {
    let options = Options {
        delta: Some(0.2),
        ..Options::default()
    };
    let outcomes = seeds(&chain(50), &options);
    for name in ["sum((q[i+1]", "sum(q[i]^2"] {
        let row = term(&outcomes, name)[0];
        assert!((row.weight - 1.0).abs() <= 0.02 && row.kept == Some(true));
    }
    for row in term(&outcomes, "sum(eps*sin") {
        assert!(row.kept != Some(true));
    }
    let text = String::from_utf8_lossy(file(&outcomes[0], "U.pot")).into_owned();
    assert!(text.len() < 4000, "{text}");
}

/// A thousand, at full length only.
#[test]
fn a_thousand_coordinates() {
    let sites = if full() { 1000 } else { 200 };
    let options = Options {
        delta: Some(0.2),
        steps: (!full()).then_some(100_000),
        ..Options::default()
    };
    let text = chain(sites);
    let outcomes = match full() {
        true => vec![run(&text, options)],
        false => seeds(&text, &options),
    };
    for name in ["sum((q[i+1]", "sum(q[i]^2"] {
        let row = term(&outcomes, name)[0];
        assert!((row.weight - 1.0).abs() <= 0.02 && row.kept == Some(true));
    }
}
