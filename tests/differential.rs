//! Random programs of the whole language by every engine: values, gradients and steps along them are
//! the bits of the interpreter, at numbers of every kind: ordinary, huge, subnormal, of either zero,
//! infinite, NaN.
//!
//! `EFFPOT_DIFFERENTIAL=N` runs N programs in place of a few, `EFFPOT_DIFFERENTIAL=A..B` those of the
//! seeds from A to B.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::time::Instant;

use targets::agree_on;
use targets::support::formulas::Random;

#[test]
fn every_engine_gives_the_bits_of_the_interpreter() {
    let asked = std::env::var("EFFPOT_DIFFERENTIAL").ok();
    let number = |text: &str| -> u64 { text.parse().expect("EFFPOT_DIFFERENTIAL is N or A..B") };
    let seeds = match asked
        .as_deref()
        .map(|text| text.split_once("..").unwrap_or(("0", text)))
    {
        Some((from, to)) => number(from)..number(to),
        None => 0..25,
    };
    let (begun, mut programs, mut numbers, mut large) = (Instant::now(), 0u64, 0u64, 0u64);
    for seed in seeds {
        // What fails says which engine and which numbers; this says which program.
        let compared = std::panic::catch_unwind(|| {
            agree_on(Random::new(seed), &mut Random::new(seed ^ 0xda7a))
        });
        let compared = compared.unwrap_or_else(|_| panic!("the program of the seed {seed}"));
        programs += 1;
        large += u64::from(compared == 0);
        numbers += compared as u64;
        if programs.is_multiple_of(1000) {
            println!("{programs} programs, {numbers} numbers");
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{programs} programs, {large} of them too large, {numbers} numbers in {seconds:.0} s");
    assert!(
        large < programs.div_ceil(4),
        "{large} of {programs} are too large"
    );
}
