//! `plot`: what is drawn is what the potential is, and what is written is a picture or nothing.

use assert_cmd::Command;
use effpot_lang::check::check;
use effpot_lang::report::portrait::Portrait;
use effpot_lang::session::{Options, PortraitOptions, Potential, portrait};
use effpot_lang::source::Sources;
use std::path::Path;

fn potential(text: &str) -> Potential {
    let mut sources = Sources::new();
    let root = sources.add("plot.pot", text);
    let model = check(&sources, root).unwrap().potential(None).unwrap();
    let parameters = model.parameter_values();
    Potential::compile(model, parameters).unwrap()
}

fn options(ranges: &[(f64, f64)]) -> PortraitOptions {
    PortraitOptions {
        ranges: ranges.to_vec(),
        columns: 200,
        ..PortraitOptions::default()
    }
}

fn drawn(text: &str, ranges: &[(f64, f64)]) -> Portrait {
    let potential = potential(text);
    portrait(&potential, &[], &options(ranges), &Options::default()).unwrap()
}

/// Points of lines are points of the curve, to the last bit, and each lies in its column.
#[test]
fn lines_go_through_points_of_the_curve() {
    let smooth = potential("V(q) = (q^2 - 1)^2 + 0.3*q");
    let picture = portrait(&smooth, &[], &options(&[(-2.0, 2.0)]), &Options::default()).unwrap();
    for (chart, of) in picture
        .charts
        .iter()
        .zip([Potential::curve, Potential::slope])
    {
        let trace = &chart.traces[0];
        assert!(!trace.is_rough());
        assert_eq!(trace.line.y, of(&smooth, &trace.line.x));
        for (at, x) in trace.line.x.iter().enumerate() {
            let half = 0.5 * 4.0 / 200.0 * (1.0 + 1e-12);
            assert!((x - trace.x[at / 2]).abs() <= half);
        }
    }
}

/// The band of a curve with waves far below a column reaches from its least to its greatest value:
/// no further, and short of them by less than 128 points can miss of a wave.
#[test]
fn a_band_holds_the_curve() {
    let text = "V(q) = q^2/2 + 0.1*sin(q/0.00001)";
    let picture = drawn(text, &[(-1.0, 1.0)]);
    let trace = &picture.charts[0].traces[0];
    assert!(trace.rough.iter().filter(|rough| **rough).count() > 190);
    // The chance that no point of 128 is within 5 % of a turn from the crest is 0.9^128 = 1e-6;
    // there the wave has lost 1 - cos(0.05*2 pi) = 0.05 of its amplitude.
    let missed = 0.1 * (1.0 - (0.05 * std::f64::consts::TAU).cos());
    for (at, x) in trace.x.iter().enumerate() {
        let half = 0.005f64;
        let ends = [x - half, x + half].map(|x| 0.5 * x * x);
        let (low, high) = match x.abs() <= half {
            true => (0.0, ends[0].max(ends[1])),
            false => (ends[0].min(ends[1]), ends[0].max(ends[1])),
        };
        let (least, greatest) = (low - 0.1, high + 0.1);
        assert!(trace.lower[at] >= least - 1e-12 && trace.upper[at] <= greatest + 1e-12);
        // The smooth part may be as much higher where the crest is.
        assert!(trace.lower[at] <= least + missed + (high - low), "{at}");
        assert!(trace.upper[at] >= greatest - missed - (high - low), "{at}");
    }
}

/// No wave is in step with the points that are looked at: whatever its length, from longer than a
/// column to far below one, the range that is found is nine tenths of the true one at least.
#[test]
fn no_wave_hides() {
    for k in 0..12 {
        let eps = 0.03 * 0.31f64.powi(k);
        let picture = drawn(&format!("V(q) = sin(q/{eps:e})"), &[(-1.0, 1.0)]);
        let trace = &picture.charts[0].traces[0];
        let (lo, hi) = (trace.lower.iter(), trace.upper.iter());
        let lowest = lo.fold(f64::INFINITY, |a, b| a.min(*b));
        let highest = hi.fold(f64::NEG_INFINITY, |a, b| a.max(*b));
        assert!(
            highest > 0.99 && lowest < -0.99,
            "{eps}: {lowest} {highest}"
        );
        // A wave that is shorter than a column of 0.01 fills every column.
        if std::f64::consts::TAU * eps < 0.01 {
            let full = trace
                .lower
                .iter()
                .zip(&trace.upper)
                .all(|(l, u)| u - l > 1.8);
            assert!(full, "{eps}");
        }
    }
}

/// A wave that is nearly too long for a band is one all along, or a line all along: strokes of a
/// line between bands would say nothing. Between two bands a line takes a stretch of 16 columns at
/// least, also where a slope hides and shows the wave by turns.
#[test]
fn bands_and_lines_do_not_alternate() {
    let (mut bands, mut lines) = (0, 0);
    for k in 0..60 {
        let eps = 0.02 * 0.96f64.powi(k);
        for large in ["x^2/2", "(x^2 - 1)^2", "0.1*sin(7*x)"] {
            let text = format!("V(x) = {large} + {eps:e}*sin(x/{eps:e})");
            let potential = potential(&text);
            let options = PortraitOptions {
                columns: 400,
                ..options(&[(-2.0, 2.0)])
            };
            let picture = portrait(&potential, &[], &options, &Options::default()).unwrap();
            for chart in &picture.charts[..2] {
                let rough = &chart.traces[0].rough;
                let runs: Vec<_> = rough.chunk_by(|a, b| a == b).collect();
                let inside = runs.iter().skip(1).rev().skip(1);
                let shortest = inside.filter(|run| !run[0]).map(|run| run.len()).min();
                assert!(shortest.is_none_or(|n| n >= 16), "{text}: {shortest:?}");
            }
            // The slope of the parabola changes by little in a few columns.
            if large == "x^2/2" {
                let rough = &picture.charts[1].traces[0].rough;
                assert!(rough.iter().all(|r| *r == rough[0]), "{text}");
                bands += usize::from(rough[0]);
                lines += usize::from(!rough[0]);
            }
        }
    }
    assert!(bands > 10 && lines > 10, "{bands} {lines}");
}

/// The smallest scale has charts of its own, over eight of its waves.
#[test]
fn the_zoom_shows_the_smallest_scale() {
    let picture = drawn("V(q) = q^2/2 + 0.05*sin(q/0.05) + 0.001*sin(q/0.001)", &[]);
    let width = |at: usize| picture.charts[at].range.1 - picture.charts[at].range.0;
    assert_eq!(picture.charts.len(), 6);
    assert!((width(2) / (8.0 * std::f64::consts::TAU * 0.05) - 1.0).abs() < 1e-9);
    assert!((width(4) / (8.0 * std::f64::consts::TAU * 0.001) - 1.0).abs() < 1e-9);
    // What has no small scale has no zoom.
    assert_eq!(drawn("V(q) = (q^2 - 1)^2", &[]).charts.len(), 2);
}

/// A range shows both wells and their barrier, at every scale of length and of energy; and of what
/// does not confine, the well and some of the way out.
#[test]
fn the_range_shows_what_matters() {
    for (length, energy) in [(1.0, 1.0), (1e-3, 1.0), (50.0, 1e-4), (1.0, 1e6)] {
        let text = format!("V(q) = {energy:e}*((q/{length:e})^2 - 1)^2");
        let picture = drawn(&text, &[]);
        let (lo, hi) = picture.charts[0].range;
        for end in [-lo, hi] {
            assert!(
                end > 1.1 * length && end < 3.0 * length,
                "{text}: {lo} {hi}"
            );
        }
    }
    let picture = drawn("V(r) = 4*(1/r^12 - 1/r^6)", &[]);
    let (lo, hi) = picture.charts[0].range;
    let panel = picture.charts[0].panel();
    // The well is at 1.122, of depth 1: it is seen, and it is not drowned by the wall.
    assert!(hi > 1.2 && hi < 20.0 && lo < 1.122, "{lo} {hi}");
    assert!(
        panel.y.lo < -0.99 && panel.y.hi < 10.0,
        "{} {}",
        panel.y.lo,
        panel.y.hi
    );
}

/// Wells and saddles of a smooth map are where the gradient is nearly nothing: within a tenth of a
/// cell, by the Hessian there, of where it vanishes.
#[test]
fn marks_are_where_the_gradient_vanishes() {
    let text = "V(x, y) = (x^2 - 1)^2 + 2*(y - 0.3*x)^2";
    let picture = drawn(text, &[(-1.7, 1.7), (-1.5, 1.5)]);
    let points = &picture.sheets[0].surfaces.points;
    let known = [[-1.0, -0.3], [1.0, 0.3], [0.0, 0.0]];
    assert_eq!(points.len(), 3);
    for known in known {
        let nearest = points
            .iter()
            .map(|p| (p.at[0] - known[0]).hypot(p.at[1] - known[1]));
        let cell = 3.4 / 120.0;
        assert!(
            nearest.fold(f64::INFINITY, f64::min) < 0.1 * cell,
            "{points:?}"
        );
    }
}

/// A section through many coordinates is the potential along one of them, the others fixed.
#[test]
fn a_section_is_a_cut() {
    let many = potential("V(q[5]) = sum(i*(q[i] - i)^2 for i in 1..5)");
    let options = PortraitOptions {
        along: vec![2],
        at: Some(vec![1.0, 2.5, 7.0, 4.0, 5.0]),
        columns: 50,
        ranges: vec![(0.0, 6.0)],
        kt: None,
    };
    let picture = portrait(&many, &[], &options, &Options::default()).unwrap();
    let trace = &picture.charts[0].traces[0];
    for (x, y) in trace.line.x.iter().zip(&trace.line.y) {
        let expected = 2.0 * 0.25 + 3.0 * (x - 3.0).powi(2);
        assert!((y - expected).abs() < 1e-12 * (1.0 + expected));
    }
}

/// Awkward potentials are drawn in every form.
#[test]
fn awkward_potentials_are_drawn() {
    let texts = [
        "V(q) = 3",
        "V(q) = 1/q",
        "V(q) = q",
        "V(q) = -q^2",
        "V(q) = 1e300*q^2",
        "V(q) = if q < 0 then q^2 else 1 + (q - 1)^2",
        "V(q) = log(q) + 1/q",
        "V(x, y) = 1000*(x - y)^2 + 0.01*(x + y)^2",
        "V(x, y) = 1/(x*y)",
        "V(x, y) = 0",
        "V(a: angle) = cos(a)",
    ];
    for text in texts {
        let picture = drawn(text, &[]);
        assert!(picture.svg(900.0, 300.0).starts_with("<svg "), "{text}");
        let png = picture.png(900.0, 300.0, 0.5).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&picture.to_json()).unwrap();
        assert_eq!(
            json["charts"].as_array().unwrap().len(),
            picture.charts.len()
        );
    }
}

/// Over a whole period every barrier is seen, the highest one at the seam too.
#[test]
fn a_period_is_shown_to_its_top() {
    let picture = drawn("V(q: angle) = 8*exp(-10*(1 + cos(q))) + cos(2*q)", &[]);
    let panel = picture.charts[0].panel();
    // 9 at the seam, 1 in the middle, wells at -1.
    assert!(panel.y.lo < -1.0 && panel.y.hi > 9.0, "{:?}", panel.y);
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_effpot-lang"));
    command.current_dir(folder);
    command.arg("plot");
    command
}

/// Files are written whole or not at all, and never over another without leave; words say what is
/// wrong.
#[test]
fn files_are_written_with_care() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(
        here.join("v.pot"),
        "V(q) = q^2/2\nU(q) = q^2/3\nW(x, y) = x*y\n",
    )
    .unwrap();
    let fails = |arguments: &[&str], exit: i32, words: &str| {
        let output = command(here).args(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    };
    command(here)
        .args(["v.pot", "-o", "v.svg"])
        .assert()
        .success()
        .stdout("");
    command(here)
        .args(["v.pot", "-o", "v.png", "--width", "400", "--dpi", "96"])
        .assert()
        .success();
    let size = std::fs::read(here.join("v.png")).unwrap();
    assert_eq!(u32::from_be_bytes(size[16..20].try_into().unwrap()), 400);
    fails(&["v.pot", "-o", "v.svg"], 4, "add --force");
    command(here)
        .args(["v.pot", "-o", "v.svg", "--force"])
        .assert()
        .success();
    fails(&["v.pot", "-o", "v.pdf"], 2, "end the name in .svg or .png");
    fails(
        &["v.pot", "-o", "picture"],
        2,
        "end the name in .svg or .png",
    );
    fails(
        &["v.pot", "-o", "nowhere/v.svg"],
        4,
        "there is no folder nowhere",
    );
    fails(&["v.pot", "-o", "."], 2, ".svg or .png");
    fails(&["none.pot"], 4, "there is no file none.pot");
    fails(&["v.pot", "--with", "W"], 2, "cannot be drawn together");
    fails(&["v.pot", "--with", "X"], 2, "X");
    fails(&["v.pot", "--along", "p"], 2, "has no coordinate p");
    fails(
        &["v.pot", "--range", "0..1", "--range", "0..1"],
        2,
        "2 ranges for 1",
    );
    fails(&["v.pot", "--at", "1,2"], 2, "--at needs 1 number");
    fails(&["v.pot", "nowhere"], 4, "nowhere");
    fails(&["v.pot", "-o", "w.png", "--dpi", "1e6"], 2, "too large");
    let mut names: Vec<_> = std::fs::read_dir(here)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["v.png", "v.pot", "v.svg"]);
}

/// Piped, the drawing has no escape codes and its curves, and `--json` and `--csv` print what is
/// drawn.
#[test]
fn what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(
        here.join("v.pot"),
        "param a = 2\nV(q) = a*q^2\nU(q) = q^2\n",
    )
    .unwrap();
    let printed = |arguments: &[&str]| {
        let output = command(here)
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let text = printed(&["v.pot", "--with", "U", "--set", "a=3"]);
    assert!(
        text.starts_with("V(q), a = 3\n") && !text.contains('\x1b'),
        "{text}"
    );
    assert!(text.contains("dV/dq") && text.contains("V and U"));
    let ascii = command(here)
        .env("LC_ALL", "C")
        .args(["v.pot"])
        .output()
        .unwrap();
    assert!(ascii.stdout.is_ascii());
    let json: serde_json::Value =
        serde_json::from_str(&printed(&["v.pot", "--json", "--range", "-1..1"])).unwrap();
    let curve = &json["charts"][0]["curves"][0];
    let (x, upper) = (
        curve["x"].as_array().unwrap(),
        curve["upper"].as_array().unwrap(),
    );
    assert_eq!(x.len(), upper.len());
    let last = upper.last().unwrap().as_f64().unwrap();
    assert_eq!(last, 2.0);
    let csv = printed(&["v.pot", "--csv"]);
    assert!(csv.starts_with("chart,curve,coordinate,least,greatest\n1,V,"));
}

/// Every command of the page of documentation runs as it is written there.
#[test]
fn the_page_of_documentation_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let examples = folder.path().join("examples");
    std::fs::create_dir(&examples).unwrap();
    for entry in std::fs::read_dir(root.join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "pot") {
            std::fs::copy(&path, examples.join(path.file_name().unwrap())).unwrap();
        }
    }
    let page = std::fs::read_to_string(root.join("docs/plot.md")).unwrap();
    let blocks = page.split("```sh\n").skip(1);
    let lines: Vec<&str> = blocks
        .flat_map(|b| b.split("```").next().unwrap().lines())
        .collect();
    assert!(lines.len() >= 8);
    for line in lines {
        let words = line.replace('\'', "");
        let words: Vec<&str> = words.split_whitespace().collect();
        assert_eq!(words[..2], ["effpot-lang", "plot"], "{line}");
        command(folder.path()).args(&words[2..]).assert().success();
    }
    for picture in ["quadratic.svg", "muller-brown.png"] {
        assert!(folder.path().join(picture).metadata().unwrap().len() > 1000);
    }
}
