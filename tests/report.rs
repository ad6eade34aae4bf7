//! What a run leaves behind: the data, the arrays, the summary, the figure and the page.

#[path = "report/sample.rs"]
mod sample;

use effpot_lang::diagnostic::Severity;
use effpot_lang::report::arrays::{Array, Values, npz};
use effpot_lang::report::figure::figure;
use effpot_lang::report::html::{Page, html};
use effpot_lang::report::kuva::Kuva;
use effpot_lang::report::picture::{Drawing, Picture};
use effpot_lang::report::plot::Plotter;
use effpot_lang::report::result::{
    Covered, DiagnosticRow, EffectivePotential, Equilibrium, EstimatorRow, Noise, Performance,
    Program, ReadError, RemovedRow, RunResult, SCHEMA, Scale, Settings, Verdict, sha256,
};
use effpot_lang::report::summary::summary;

fn row(estimator: &str, evaluations: u64, errors: [f64; 2], seconds: f64) -> EstimatorRow {
    EstimatorRow {
        estimator: estimator.to_owned(),
        evaluations,
        rmse: Some(errors[0]),
        force_rmse: Some(errors[1]),
        max_abs: Some(3.0 * errors[0]),
        stderr: None,
        seconds: Some(seconds),
    }
}

/// A finished run on the first test of the paper.
fn run() -> RunResult {
    let source = "V(q) = q^2/2 + 0.05*sin(q/0.05) # <b>&\n".to_owned();
    RunResult {
        schema: SCHEMA.to_owned(),
        program: Program {
            file: "quadratic.pot".to_owned(),
            sha256: sha256(&source),
            source,
            potential: "V".to_owned(),
            variables: vec!["q".to_owned()],
            params: [("eps1".to_owned(), 0.05)].into(),
            terms: 2,
            ..Program::default()
        },
        settings: Settings {
            delta: 0.5,
            gamma: 0.1,
            steps: 1_000_000,
            trajectories: 64,
            seed: 1,
            compare: Some("U0".to_owned()),
            estimators: vec!["value".to_owned()],
            ..Settings::default()
        },
        noise: Noise {
            beta: Some(0.3617),
            beta_stderr: Some(0.0021),
            spread: Some(0.02),
            covariance: Some(vec![vec![0.5]]),
            ..Noise::default()
        },
        scale: Scale {
            length: Some(0.8422),
            kt_learn: Some(2.84),
            kt_bound: Some(0.42),
            removed: vec![RemovedRow {
                component: "eps1*sin(q/eps1)".to_owned(),
                a: 16.8,
                predicted: 1e-59,
            }],
            ..Scale::default()
        },
        equilibrium: Equilibrium {
            verdict: Verdict::Trusted,
            r_hat: Some(1.002),
            virial: Some(1.0001),
            ..Equilibrium::default()
        },
        effective_potential: EffectivePotential {
            file: "U.pot".to_owned(),
            estimator: "value".to_owned(),
            basis: "cubic B-spline, 12 cells".to_owned(),
            domain: vec![[-7.34, 7.51]],
            covered: Covered::Intervals(vec![[-7.34, 7.51]]),
            stderr_median: Some(1.1e-4),
            ..EffectivePotential::default()
        },
        terms: None,
        free_energy: None,
        asked: None,
        files: Default::default(),
        made_with: Default::default(),
        table: vec![
            row("value", 2_033_280, [1.1e-4, 6e-4], 0.1),
            row("filter", 4_843, [3e-5, 4.8e-5], 0.04),
            row("identity", 0, [0.0353, 0.999], 0.0),
        ],
        diagnostics: Vec::new(),
        performance: Performance {
            seconds: 0.16,
            ..Performance::default()
        },
    }
}

fn failed() -> RunResult {
    let mut run = run();
    run.equilibrium.verdict = Verdict::NoUnresolvedScale;
    run.table.clear();
    run.scale = Scale::default();
    run.noise = Noise::default();
    run.effective_potential = EffectivePotential::default();
    run.diagnostics.push(DiagnosticRow {
        code: "no-unresolved-scale".to_owned(),
        severity: Severity::Error,
        message: "no unresolved scale: the momenta die out".to_owned(),
        help: Some("a larger --delta leaves one unresolved".to_owned()),
    });
    run
}

/// The summary of a good run and of one that failed, as a person reads them.
#[test]
fn summaries() {
    insta::assert_snapshot!("summary-trusted", summary(&run(), "quadratic-out", true));
    insta::assert_snapshot!("summary-failed", summary(&failed(), "quadratic-out", true));
}

/// What is written is read back; what is not finite becomes null; other schemas and changed
/// sources are refused by name.
#[test]
fn results_are_read_back() {
    let mut written = run();
    let text = written.to_json().unwrap();
    assert_eq!(RunResult::from_json(&text).unwrap(), written);
    written.table[0].rmse = Some(f64::NAN);
    written.noise.beta = Some(f64::INFINITY);
    let json: serde_json::Value = serde_json::from_str(&written.to_json().unwrap()).unwrap();
    assert!(json["table"][0]["rmse"].is_null());
    assert!(json["noise"]["beta"].is_null());
    let other = text.replace(SCHEMA, "effpot.result/9");
    assert!(matches!(
        RunResult::from_json(&other),
        Err(ReadError::OtherSchema { .. })
    ));
    let changed = text.replace("0.05*sin", "0.06*sin");
    assert!(matches!(
        RunResult::from_json(&changed),
        Err(ReadError::OtherSource { .. })
    ));
    assert!(matches!(
        RunResult::from_json("[1, 2"),
        Err(ReadError::NotJson(_))
    ));
}

/// The same arrays give the same bytes, and the bytes hold the numbers.
#[test]
fn arrays_are_deterministic_and_readable() {
    let arrays = [
        Array::line("x", &[0.5, f64::NAN, -1e300]),
        Array {
            name: "counts".to_owned(),
            shape: vec![2, 2],
            values: Values::U64(vec![1, 2, 3, u64::MAX]),
        },
    ];
    let bytes = npz(&arrays).unwrap();
    assert_eq!(bytes, npz(&arrays).unwrap());
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let counts = npyz::NpyFile::new(archive.by_name("counts.npy").unwrap()).unwrap();
    assert_eq!(counts.shape(), [2, 2]);
    assert_eq!(counts.into_vec::<u64>().unwrap(), [1, 2, 3, u64::MAX]);
    let x = npyz::NpyFile::new(archive.by_name("x.npy").unwrap()).unwrap();
    let x: Vec<f64> = x.into_vec().unwrap();
    assert_eq!((x[0], x[2]), (0.5, -1e300));
    assert!(x[1].is_nan());
    let wrong = Array {
        name: "y".to_owned(),
        shape: vec![3],
        values: Values::F64(vec![1.0]),
    };
    assert!(npz(&[wrong]).is_err());
}

/// The figure names its curves, has a band, and survives numbers that are not finite.
#[test]
fn figures_have_their_parts() {
    let mut curves = sample::quadratic();
    let svg = Kuva.svg(&figure(&curves));
    for part in [
        "U0",
        "standard errors",
        "density",
        "the full potential",
        "<path",
    ] {
        assert!(svg.contains(part), "no {part} in the figure");
    }
    curves.u[7] = f64::NAN;
    curves.u_stderr[9] = f64::INFINITY;
    curves.v[3] = f64::NEG_INFINITY;
    curves.density[5] = f64::NAN;
    let svg = Kuva.svg(&figure(&curves));
    assert!(
        !svg.contains("NaN") && !svg.contains("inf"),
        "not a number in the figure"
    );
    // A second run, off the origin and over many orders of magnitude, is drawn as well.
    assert!(Kuva.svg(&figure(&sample::double_well())).contains("U0"));
}

fn picture() -> Picture {
    Picture {
        name: "figure".to_owned(),
        title: "A <b>title".to_owned(),
        words: String::new(),
        drawing: Drawing::Panels(figure(&sample::quadratic())),
    }
}

/// The page escapes what users write, and needs nothing from elsewhere.
#[test]
fn the_page_is_whole() {
    let run = run();
    let page = html(
        &run,
        &Page {
            source: &run.program.source,
            formula: "",
            command: "effpot-lang quadratic.pot --delta 0.5",
            pictures: &[picture(), picture()],
        },
    );
    assert!(page.contains("# &lt;b&gt;&amp;"));
    assert!(!page.contains("<b>&"));
    assert!(page.contains("A &lt;b&gt;title"));
    assert!(page.contains("<svg ") && !page.contains("<?xml"));
    // A second figure has names of its own.
    for name in [
        "id=\"clip-0",
        "url(#clip-0)",
        "id=\"figure-1-clip-0",
        "url(#figure-1-clip-0)",
    ] {
        assert!(page.contains(name), "{name}");
    }
    // Of links there are only the names of XML spaces.
    let page = page.replace("http://www.w3.org/", "");
    assert!(!page.contains("http"), "a link to elsewhere");
    assert!(!page.contains("<script"));
    assert!(
        html(
            &failed(),
            &Page {
                source: "",
                formula: "",
                command: "",
                pictures: &[],
            }
        )
        .contains("not trusted")
    );
}
