//! One run in shards, and on any number of threads: the same bits.

#[allow(dead_code, reason = "one of what they do is needed here")]
#[path = "support/formulas.rs"]
mod formulas;
#[allow(dead_code, reason = "as above")]
#[path = "support/jet.rs"]
mod jet;
#[path = "support/place.rs"]
mod place;

use effpot_lang::report::reading::sha256_of;
use formulas::Random;
use place::{Place, Ran, assert_same};

const CHAIN: &str = "V(q[4]) = sum(q[i]^2/2 + 0.001*sin(q[i]/0.001) for i in 1..4) \
                     + sum((q[i + 1] - q[i])^2/2 for i in 1..3)";

/// Programs and flags: counted, recorded with traps, in two coordinates, and without bins.
const RUNS: [(&str, &[&str]); 4] = [
    (
        "V(q) = q^2/2 + 0.001*sin(q/0.001)",
        &["--delta", "0.5", "--steps", "4e6"],
    ),
    (
        "V(q) = q^2/2 + 0.05*sin(q/0.05)",
        &[
            "--delta",
            "0.5",
            "--steps",
            "5e5",
            "--trajectories",
            "128",
            "-e",
            "force,paper",
        ],
    ),
    (
        "V(x, y) = (x^2 - 1)^2 + y^2/2 + 0.001*sin(x/0.001) + 0.001*cos(y/0.001)",
        &["--delta", "0.2", "--steps", "4e5", "--knots", "0.5"],
    ),
    (CHAIN, &["--delta", "0.5", "--steps", "3e5", "-e", "terms"]),
];

#[track_caller]
fn done(ran: &Ran) {
    assert!(ran.code == 0 || ran.code == 3, "{ran:#?}");
}

/// Shards run apart, each on another number of threads, and put together in another order.
#[test]
fn shards_together_are_the_run_in_one_piece() {
    for (program, flags) in RUNS {
        let place = Place::with(program);
        let learn = |more: &[&str]| place.run(&[&["learn", "v.pot", "-q"], flags, more].concat());
        done(&learn(&["-o", "whole"]));
        for (shard, threads) in [("1/3", "1"), ("2/3", "2"), ("3/3", "3")] {
            learn(&["--shard", shard, "--threads", threads]).says(0, &["effpot-lang merge"]);
        }
        let names = ["v.shard-3-of-3", "v.shard-1-of-3", "v.shard-2-of-3"];
        done(&place.run(&[&["merge", "-q", "-o", "merged"], &names[..]].concat()));
        assert_same(&place.path("merged"), &place.path("whole"));
    }
}

#[test]
fn threads_change_no_bit() {
    for (program, flags) in RUNS {
        let place = Place::with(program);
        for threads in ["1", "2", "16"] {
            let more = ["--threads", threads, "-o", threads];
            done(&place.run(&[&["v.pot", "-q"], flags, &more].concat()));
        }
        assert_same(&place.path("1"), &place.path("2"));
        assert_same(&place.path("1"), &place.path("16"));
    }
}

/// A shard that is missing, there twice, truncated, of another run or of another number of shards is
/// an error with its name, and nothing is written.
#[test]
fn shards_that_are_not_those_of_one_run_are_refused() {
    let place = Place::with(RUNS[0].0);
    let learn = |more: &[&str]| {
        let flags = ["learn", "v.pot", "-q", "--delta", "0.5", "--steps", "2e5"];
        place.run(&[&flags[..], more].concat())
    };
    for shard in ["1/2", "2/2"] {
        learn(&["--shard", shard]).says(0, &[]);
    }
    learn(&["--shard", "2/4", "-o", "quarter"]).says(0, &[]);
    learn(&["--shard", "2/2", "--seed", "7", "-o", "seven"]).says(0, &[]);
    let (one, two) = ("v.shard-1-of-2", "v.shard-2-of-2");
    let whole = std::fs::read(place.path(two)).unwrap();
    place.write("cut", &whole[..whole.len() - 100]);
    let before = place.names();
    let merge = |shards: &[&str]| place.run(&[&["merge", "-o", "m"], shards].concat());
    merge(&[one]).says(1, &["error[shards]", "of 2 shards 2/2 is missing"]);
    merge(&[one, two, two]).says(1, &["error[shards]", "are both the shard 2/2"]);
    merge(&[one, "cut"]).says(4, &["error[checkpoint]", "cut is truncated or damaged"]);
    merge(&[one, "seven"]).says(1, &["error[checkpoint]", "seven is of another run", "seed"]);
    merge(&[one, "quarter"]).says(1, &["error[shards]", "quarter the shard 2/4"]);
    merge(&[one, "v.pot"]).says(4, &["v.pot is no checkpoint"]);
    merge(&[one, "nothing"]).says(4, &["there is no file nothing"]);
    merge(&[]).says(2, &["SHARD"]);
    // What exists is not replaced unasked.
    learn(&["--shard", "1/2"]).says(4, &["v.shard-1-of-2 exists already", "--force"]);
    assert_eq!(place.names(), before);
}

#[test]
fn runs_that_cannot_be_cut_say_why() {
    let place = Place::with(RUNS[0].0);
    let learn = |more: &[&str]| {
        let flags = ["learn", "v.pot", "-q", "--delta", "0.5", "--steps", "2e5"];
        place.run(&[&flags[..], more].concat())
    };
    learn(&["--shard", "1/9"]).says(2, &["error[shards]", "4 groups of 16"]);
    learn(&["--shard", "1/2", "--target", "0.1"]).says(2, &["error[shards]", "--target"]);
    learn(&["--shard", "3/2"]).says(2, &["there is no part 3"]);
    learn(&["--shard", "two"]).says(2, &["such as 2/8"]);
    assert_eq!(place.names(), ["v.pot"]);
}

/// What stands in a shard that was changed and sealed again cannot be told from what a run has left,
/// but it stops nothing and takes no memory: with 3 GB of address space.
#[cfg(target_os = "linux")]
#[test]
fn shards_that_were_sealed_again_do_no_harm() {
    let place = Place::with("V(q) = q^2/2 + 0.001*sin(q/0.001)");
    let flags = ["learn", "v.pot", "-q", "--delta", "0.5", "--steps", "2e5"];
    for shard in ["1/2", "2/2"] {
        place
            .run(&[&flags[..], &["--shard", shard]].concat())
            .says(0, &[]);
    }
    let whole = std::fs::read(place.path("v.shard-1-of-2")).unwrap();
    let content = &whole[..whole.len() - 65];
    let lines = content.split_inclusive(|byte| *byte == b'\n').take(2);
    let header: usize = lines.map(<[u8]>::len).sum();
    let numbers = [u64::MAX, 0, 16, 1 << 40, 1 << 55];
    let others = [f64::INFINITY, f64::NAN, -1e308].map(f64::to_bits);
    let mut random = Random::new(11);
    for _ in 0..60 {
        let mut changed = content.to_vec();
        // Half of them where the state of the lanes is, and the windows that wait.
        let room = [changed.len() - header - 8, 6000][random.below(2)];
        let at = header + random.below(room);
        let value = [&numbers[..], &others].concat()[random.below(8)];
        changed[at..at + 8].copy_from_slice(&value.to_le_bytes());
        changed.extend(format!("{}\n", sha256_of(&changed)).bytes());
        place.write("v.shard-1-of-2", &changed);
        let program = assert_cmd::cargo::cargo_bin!("effpot-lang").display();
        let merge = "merge -q v.shard-1-of-2 v.shard-2-of-2 -o a --force";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("ulimit -v 3000000; exec {program} {merge}")]);
        let ran = Ran::of(shell.current_dir(place.path("")).output().unwrap());
        assert!([0, 1, 3].contains(&ran.code), "{value:x} at {at}: {ran:#?}");
    }
}
