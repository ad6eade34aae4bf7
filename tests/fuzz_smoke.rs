//! The targets of the fuzzers, on stable Rust and for a bounded number of executions: seeded
//! mutations of the programs of this repository. `EFFPOT_FUZZ_SECONDS=120` goes on for as long, with
//! other mutations each time; the fuzzers themselves are in `fuzz/`.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use targets::TARGETS;
use targets::support::formulas::Random;

/// Executions of each target where nobody asks for a time: two minutes of a processor together.
const EXECUTIONS: &[(&str, usize)] = &[
    ("parse", 400_000),
    ("check", 160_000),
    ("pipeline", 48_000),
    ("typed", 3600),
    ("encoder", 800),
    ("readers", 200_000),
];

/// Files to begin with, of these folders.
fn seeds(folders: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut seeds = BTreeMap::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending != "rs") {
                let bytes = std::fs::read(&path).unwrap();
                seeds.insert(path, bytes);
            }
        }
    }
    assert!(!seeds.is_empty(), "{folders:?}");
    seeds
        .into_values()
        .filter(|bytes| bytes.len() < 8000)
        .collect()
}

/// Words that a mutation puts somewhere: what the language is made of, and what breaks readers.
const WORDS: [&str; 40] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "=",
    "^",
    "*",
    "/",
    "-",
    "+",
    "..",
    " for i in 1..3",
    "if ",
    " then ",
    " else ",
    "param a = 1\n",
    "let x = ",
    "sum(",
    "prod(",
    "diff(",
    "spline(",
    "q",
    "[i]",
    "1e400",
    "1e-320",
    "nan",
    "inf",
    "\u{feff}",
    "\u{200b}",
    "Δ",
    "\r\n",
    "\0",
    "\"",
    "#",
    "import ",
    "V(q) = ",
    "99999999999999999999",
];

/// One of the seeds, with a few of its bytes, words and lines other than they were.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(6) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(6) {
            0 => drop(bytes.splice(at..at, WORDS[random.below(WORDS.len())].bytes())),
            1 => drop(bytes.splice(at..end, WORDS[random.below(WORDS.len())].bytes())),
            2 => drop(bytes.drain(at..end)),
            3 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            4 => {
                // Some of another one.
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len() + 1);
                let to = (from + random.below(60)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            _ => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

/// What a target is given: programs, or decisions.
fn input(name: &str, seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    match name {
        "typed" | "encoder" => (0..random.below(600))
            .map(|_| random.next() as u8)
            .collect(),
        _ => mutated(seeds, random),
    }
}

/// Gives a target mutated seeds: programs that are right and that are wrong, and what is read beside
/// programs.
fn finds_nothing(name: &str) {
    let seeds = match name {
        "readers" => seeds(&["fuzz/seeds"]),
        _ => seeds(&["examples", "std"]),
    };
    assert!(name == "readers" || seeds.len() > 50, "{}", seeds.len());
    let asked = std::env::var("EFFPOT_FUZZ_SECONDS").ok();
    let time = asked.map(|n| Duration::from_secs(n.parse().expect("EFFPOT_FUZZ_SECONDS is whole")));
    let first = time.map_or(1, |_| std::process::id().into());
    let target = TARGETS.iter().find(|target| target.0 == name).unwrap().1;
    let count = EXECUTIONS.iter().find(|known| known.0 == name).unwrap().1;
    let (begun, mut random, mut done) = (Instant::now(), Random::new(first), 0);
    let goes_on = |done: usize| match time {
        Some(time) => begun.elapsed() < time / TARGETS.len() as u32,
        None => done < count,
    };
    while goes_on(done) {
        let bytes = input(name, &seeds, &mut random);
        if catch_unwind(AssertUnwindSafe(|| target(&bytes))).is_err() {
            let text = String::from_utf8_lossy(&bytes);
            panic!("{name} fails after {done} of {first} on {bytes:?}\n{text}");
        }
        done += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{name}: {done} executions in {seconds:.1} s");
}

/// A test for each target, so that they run beside each other.
macro_rules! smoke {
    ($($name:ident),*) => {
        $(
            #[test]
            fn $name() {
                finds_nothing(stringify!($name));
            }
        )*

        #[test]
        fn no_target_is_left_out() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.0).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}
smoke!(parse, check, pipeline, typed, encoder, readers);
