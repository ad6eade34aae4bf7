//! Runs that are stopped, at any moment and in any way, and gone on with: the bits of one that
//! never was. Files that are no checkpoint of the run are refused by name.
#![cfg(unix)]

#[allow(dead_code)]
#[path = "support/formulas.rs"]
mod formulas;
#[allow(dead_code)]
#[path = "support/jet.rs"]
mod jet;
#[path = "support/place.rs"]
mod place;

use std::time::{Duration, Instant};

use formulas::Random;
use place::{Place, Ran, assert_same, signal};

/// A program and its settings.
struct Case {
    program: &'static str,
    flags: &'static [&'static str],
}

/// Every way in which trajectories are kept: counted in the kernel, recorded step by step, with
/// weights of terms and no bins, and with traps, so that windows wait and lanes are moved.
const CASES: [Case; 5] = [
    Case {
        program: "V(q) = q^2/2 + 0.001*sin(q/0.001)",
        flags: &["--delta", "0.5", "--steps", "4e7"],
    },
    Case {
        program: "V(x, y) = (x^2 - 1)^2 + y^2/2 + 0.001*sin(x/0.001) + 0.001*cos(y/0.001)",
        flags: &[
            "--delta",
            "0.2",
            "--steps",
            "3e5",
            "-e",
            "force,paper",
            "--knots",
            "0.5",
        ],
    },
    Case {
        program: "V(q[6]) = sum(q[i]^2/2 + 0.001*sin(q[i]/0.001) for i in 1..6) \
                  + sum((q[i + 1] - q[i])^2/2 for i in 1..5)",
        flags: &["--delta", "0.5", "--steps", "8e5", "-e", "terms"],
    },
    Case {
        program: "V(q) = q^2/2 + 0.05*sin(q/0.05)",
        flags: &["--delta", "0.5", "--steps", "1e7", "--trajectories", "128"],
    },
    Case {
        program: "V(q) = q^2/2 + 0.001*sin(q/0.001)",
        flags: &["--delta", "0.5", "--steps", "1e6", "--burn-in", "4e6"],
    },
];

impl Case {
    fn arguments<'a>(&self, more: &[&'a str]) -> Vec<&'a str>
    where
        'static: 'a,
    {
        [&["v.pot", "-q"], self.flags, more].concat()
    }
}

/// Ends well, though perhaps not trusted.
#[track_caller]
fn done(ran: &Ran) {
    assert!(ran.code == 0 || ran.code == 3, "{ran:#?}");
}

/// How often to kill each case: `EFFPOT_KILLS`, or a few times.
fn kills() -> u32 {
    let asked = std::env::var("EFFPOT_KILLS").ok();
    asked.map_or(2, |n| n.parse().expect("EFFPOT_KILLS is a number"))
}

/// Kills runs at random moments and goes on with them, until so many were killed and the last has
/// come to its end; compares every end with a run that was never stopped.
fn kill_at_random(at: usize) {
    let case = &CASES[at];
    let place = Place::with(case.program);
    let begun = Instant::now();
    done(&place.run(&case.arguments(&["-o", "whole"])));
    let whole = begun.elapsed();
    let mut random = Random::new(at as u64 + 1);
    let (mut killed, mut resumed, mut ends) = (0, 0, 0);
    while killed < kills() || ends == 0 {
        let saved = place.path("a.checkpoint").exists();
        resumed += u32::from(saved);
        let mut flags = vec!["-o", "a", "--checkpoint", "0.05"];
        // Another number of threads changes nothing.
        flags.extend(["--threads", ["1", "2", "3"][random.below(3)]]);
        flags.push("--resume");
        let mut child = place.spawn(&case.arguments(&flags));
        if killed < kills() {
            let moment = whole.mul_f64(random.uniform(0.05, 1.0));
            std::thread::sleep(moment);
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                killed += 1;
            }
        }
        let ran = Ran::of(child.wait_with_output().unwrap());
        if ran.code >= 0 {
            done(&ran);
            assert_same(&place.path("a"), &place.path("whole"));
            assert!(!place.path("a.checkpoint").exists());
        } else if place.path("a").exists() {
            // Killed when its results were there, whole: what is left to do is to go.
            assert_same(&place.path("a"), &place.path("whole"));
            let _ = std::fs::remove_file(place.path("a.checkpoint"));
        } else {
            continue;
        }
        std::fs::remove_dir_all(place.path("a")).unwrap();
        ends += 1;
    }
    assert!(resumed > 0, "every run was killed before it was saved");
    println!(
        "case {at}: {killed} kills, {resumed} runs gone on with, {ends} ends, all the same bits"
    );
}

#[test]
fn a_killed_run_that_counts_goes_on_with_the_same_bits() {
    kill_at_random(0);
}

#[test]
fn a_killed_run_that_records_goes_on_with_the_same_bits() {
    kill_at_random(1);
}

#[test]
fn a_killed_run_of_terms_goes_on_with_the_same_bits() {
    kill_at_random(2);
}

#[test]
fn a_killed_run_with_traps_goes_on_with_the_same_bits() {
    kill_at_random(3);
}

#[test]
fn a_run_that_is_killed_in_its_burn_in_goes_on_with_the_same_bits() {
    kill_at_random(4);
}

/// Waits until a run has saved itself.
fn saved(place: &Place, name: &str) {
    let begun = Instant::now();
    while !place.path(name).exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "nothing was saved"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Ctrl-C and SIGTERM save the run to the window, and what there is is kept and marked; going on
/// gives the whole of it.
#[test]
fn a_run_is_saved_when_it_is_asked_to_stop() {
    for name in ["-INT", "-TERM"] {
        let place = Place::with(CASES[0].program);
        let flags = ["v.pot", "--delta", "0.5", "--steps", "3e8", "-o", "a"];
        let child = place.spawn(&[&flags[..], &["--checkpoint", "0.1"]].concat());
        saved(&place, "a.checkpoint");
        signal(&child, name);
        let ran = Ran::of(child.wait_with_output().unwrap());
        ran.says(
            130,
            &["interrupted", "note[saved]", "a.checkpoint", "--resume"],
        );
        assert_eq!(place.names(), ["a", "a.checkpoint", "v.pot"]);
        // Nothing is lost by mistake.
        place
            .run(&flags)
            .says(4, &["a.checkpoint is of a run that is not done"]);
        done(&place.run(&[&flags[..], &["--resume"]].concat()));
        assert_eq!(place.names(), ["a", "v.pot"]);
        done(&place.run(&[&flags[..5], &["-o", "b"]].concat()));
        assert_same(&place.path("a"), &place.path("b"));
    }
}

/// A checkpoint in a folder, of the first case, and what goes on from it.
fn with_checkpoint() -> (Place, Vec<u8>) {
    let place = Place::with(CASES[0].program);
    let flags = ["v.pot", "--delta", "0.5", "--steps", "1e12", "-o", "a"];
    let mut child = place.spawn(&[&flags[..], &["--checkpoint", "0.05"]].concat());
    saved(&place, "a.checkpoint");
    child.kill().unwrap();
    child.wait().unwrap();
    // A kill may have hit what was being written under another name.
    for name in place.names().iter().filter(|name| name.starts_with('.')) {
        std::fs::remove_file(place.path(name)).unwrap();
    }
    let bytes = std::fs::read(place.path("a.checkpoint")).unwrap();
    (place, bytes)
}

#[test]
fn what_is_no_checkpoint_of_the_run_is_refused_by_name() {
    let (place, bytes) = with_checkpoint();
    let resume = |more: &[&str]| {
        let flags = [
            "v.pot", "--delta", "0.5", "--steps", "1e12", "-o", "a", "--resume",
        ];
        place.run(&[&flags[..], more].concat())
    };
    let header = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for end in [
        0,
        5,
        header,
        header + 40,
        bytes.len() / 2,
        bytes.len() - 70,
        bytes.len() - 1,
    ] {
        place.write("a.checkpoint", &bytes[..end]);
        let words: &[&str] = match end {
            0 | 5 => &["error[checkpoint]", "a.checkpoint is no checkpoint"],
            _ => &["error[checkpoint]", "a.checkpoint is truncated or damaged"],
        };
        resume(&[]).says(4, words);
    }
    let mut random = Random::new(5);
    for _ in 0..12 {
        let mut changed = bytes.clone();
        let at = header + random.below(bytes.len() - header);
        changed[at] ^= 1 << random.below(8);
        place.write("a.checkpoint", &changed);
        resume(&[]).says(4, &["a.checkpoint is truncated or damaged"]);
    }
    let text = String::from_utf8_lossy(&bytes[..header]).replace("checkpoint/2", "checkpoint/1");
    place.write(
        "a.checkpoint",
        &[text.as_bytes(), &bytes[header..]].concat(),
    );
    resume(&[]).says(
        4,
        &["effpot.checkpoint/1; this version reads effpot.checkpoint/2"],
    );
    place.write("a.checkpoint", b"V(q) = q^2\n");
    resume(&[]).says(4, &["a.checkpoint is no checkpoint"]);
    // Whole, and of another run.
    place.write("a.checkpoint", &bytes);
    resume(&["--seed", "2"]).says(1, &["error[checkpoint]", "other settings: seed"]);
    resume(&["--gamma", "0.2"]).says(1, &["other settings: gamma"]);
    place.write("v.pot", b"V(q) = q^2/2 + 0.001*sin(q/0.002)");
    resume(&[]).says(1, &["another text of the program"]);
    // It is as it was: nothing was begun, nothing half-written.
    assert_eq!(std::fs::read(place.path("a.checkpoint")).unwrap(), bytes);
    assert_eq!(place.names(), ["a.checkpoint", "v.pot"]);
}

/// Without a checkpoint a run begins at its beginning, and says so.
#[test]
fn nothing_to_go_on_from_is_said() {
    let place = Place::with(CASES[0].program);
    let ran = place.run(&["v.pot", "--delta", "0.5", "--steps", "1e5", "--resume"]);
    assert!(ran.err.contains("warning[no-checkpoint]"), "{ran:#?}");
    assert_eq!(place.names(), ["v-out", "v.pot"]);
}
