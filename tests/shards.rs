//! One run in shards, and on any number of threads: the same bits.

#[path = "support/place.rs"]
mod place;

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
