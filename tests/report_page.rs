//! The pages of runs and of comparisons: whole, alone, and with the numbers of their results.

use effpot_lang::report::compared::{Traces, page, pictures};
use effpot_lang::report::comparison::{Comparison, Cost, Heat, Measured, Rung};
use effpot_lang::report::evidence::evidence;
use effpot_lang::report::html::{Page, html};
use effpot_lang::report::mathml::of_latex;
use effpot_lang::report::result::{EstimatorRow, RemovedRow, RunResult, SCHEMA};

/// Every element is closed by its own end, in order.
#[track_caller]
fn well_formed(page: &str) {
    const EMPTY: [&str; 2] = ["meta", "br"];
    let mut open: Vec<&str> = Vec::new();
    for part in page.split('<').skip(1) {
        let (tag, _) = part
            .split_once('>')
            .unwrap_or_else(|| panic!("`<{part}` is not closed"));
        if tag.starts_with('!') || tag.ends_with('/') {
            continue;
        }
        if let Some(end) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(end), "</{end}>");
            continue;
        }
        let name = tag.split_whitespace().next().unwrap_or_default();
        if !EMPTY.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} not closed");
}

/// Nothing is fetched: no addresses but the names of XML spaces, no scripts, under 3 MB.
#[track_caller]
fn alone(page: &str) {
    let bare = page.replace("http://www.w3.org/", "");
    for word in ["http:", "https:", "<script", "src=", "href=\"h", "@import"] {
        assert!(!bare.contains(word), "{word}");
    }
    assert!(page.len() < 3_000_000);
    assert!(!page.contains("NaN"));
}

/// What the LaTeX printer writes becomes elements with the same parts, and nothing is left of LaTeX.
#[test]
fn latex_becomes_mathml() {
    let latex = "% V\n\\begin{align*}\nV\\left(q_{1}\\right) &= \\frac{q_{1}^{2}}{2} - \\sqrt[3]{\\varepsilon} \\\\\n&\\quad + \\sum_{i=1}^{3} \\sin\\left(t_{1}\\right)\n\\end{align*}\nHere $\\varepsilon = 2 \\cdot 10^{-3}$.\n";
    let html = of_latex(latex);
    well_formed(&html);
    assert!(!html.contains('\\') && !html.contains('$'), "{html}");
    for part in [
        "<mfrac><mrow><msubsup><mi>q</mi><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></msubsup></mrow><mrow><mn>2</mn></mrow></mfrac>",
        "<mroot><mrow><mi>ε</mi></mrow><mn>3</mn></mroot>",
        "<munderover><mo>\u{2211}</mo>",
        "<mi>sin</mi>",
        "<p>Here <math>",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert_eq!(html.matches("<mtr>").count(), 2);
}

/// Whatever is read, nothing panics and elements are closed.
#[test]
fn broken_latex_is_shown() {
    let deep = "{".repeat(5000);
    for text in [
        "\\",
        "\\frac",
        "\\frac{",
        "}",
        "\\right",
        "\\left",
        "a^",
        "_",
        "$",
        "\\begin{cases}a & b",
        "\\text{<b>}",
        deep.as_str(),
    ] {
        well_formed(&of_latex(&format!(
            "\\begin{{align*}}{text}\\end{{align*}}"
        )));
        well_formed(&of_latex(&format!("${text}$")));
    }
}

fn row(estimator: &str, evaluations: u64, rmse: Option<f64>) -> EstimatorRow {
    EstimatorRow {
        estimator: estimator.to_owned(),
        evaluations,
        rmse,
        force_rmse: rmse.map(|error| 2.0 * error),
        ..EstimatorRow::default()
    }
}

/// The SHA-256 of an empty source.
const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A run with costs and with parts that go has a figure of each, once; one without has neither.
#[test]
fn a_run_has_its_evidence() {
    let empty = serde_json::json!({
        "schema": SCHEMA, "program": {"sha256": NOTHING}, "settings": {}, "noise": {}, "scale": {},
        "equilibrium": {}, "effective_potential": {}, "table": [], "diagnostics": [],
        "performance": {"steps": 0, "seconds": 0.0, "threads": 1, "gradient_evaluations": 0},
    });
    let mut result = RunResult::from_json(&empty.to_string()).unwrap();
    assert!(evidence(&result).is_empty());
    result.table = vec![
        row("value", 1000, Some(0.01)),
        row("force", 1000, Some(0.02)),
        row("filter", 10, None),
    ];
    result.scale.removed = vec![RemovedRow {
        component: "cos(q/eps)".to_owned(),
        a: 4.0,
        predicted: 0.02,
    }];
    let found = evidence(&result);
    let files: Vec<&str> = found.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(files, ["cost", "survival"]);
    // The names of what is drawn are those of the table; the reference has no error to show.
    assert!(found[0].svg().contains(">value<") && found[0].svg().contains(">force<"));
    assert!(!found[0].svg().contains(">filter<"));
    let page = html(
        &result,
        &Page {
            source: "V(q) = q^2 < 1",
            formula: "\\begin{align*}\nV\\left(q\\right) &= q^{2}\n\\end{align*}\n",
            command: "effpot-lang v.pot",
            pictures: &found,
        },
    );
    well_formed(&page);
    alone(&page);
    assert_eq!(page.matches("Accuracy against cost").count(), 1);
    assert_eq!(page.matches("<math display=\"block\">").count(), 1);
}

/// A comparison has each figure once, with the numbers of its result in words and in the table.
#[test]
fn a_comparison_has_its_page() {
    let measured = |value: f64| Measured {
        value,
        floor: 0.5 * value,
        stderr: 0.01 * value,
        floor_stderr: 0.01 * value,
    };
    let cost = |step: f64, gradient_evaluations: u64| Cost {
        step,
        gradient_evaluations,
        seconds: 1.0,
    };
    let heat = |kt: f64| Heat {
        kt,
        mean_path: measured(0.1),
        acf: measured(0.05),
        density: measured(0.02),
        holds: kt > 0.5,
        ..Heat::default()
    };
    let result = Comparison {
        full_potential: "V".to_owned(),
        learned_potential: "U<1>".to_owned(),
        kt: 1.0,
        mean_path: measured(0.1),
        acf: measured(0.05),
        density: measured(0.02),
        full_run: cost(0.001, 1_234_567),
        learned_run: cost(0.1, 12_345),
        ladder: vec![Rung {
            cost: cost(0.002, 617_283),
            mean_path: measured(0.2),
            acf: measured(0.06),
            density: measured(0.03),
            at_floor: false,
        }],
        sweep: vec![heat(0.1), heat(1.0), heat(2.0)],
        range: Some([1.0, 2.0]),
        ..Comparison::default()
    };
    let line: Vec<f64> = (0..50).map(f64::from).collect();
    let named = |names: &[&str]| -> Vec<(String, Vec<f64>)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), line.clone()))
            .collect()
    };
    let figures = pictures(
        &result,
        &Traces {
            coordinates: &["q"],
            paths: &named(&["t", "mean_q_full", "mean_q_again", "mean_q_learned"]),
            correlations: &named(&["lag", "acf_q_full", "acf_q_again", "acf_q_learned"]),
            densities: &named(&[
                "bin_q",
                "density_q_full",
                "density_q_again",
                "density_q_learned",
            ]),
            phases: &named(&["time", "q_full", "p_q_full", "q_learned", "p_q_learned"]),
        },
    );
    let files: Vec<&str> = figures.iter().map(|p| p.name.as_str()).collect();
    let all = [
        "mean-path",
        "autocorrelation",
        "density",
        "phase-portrait",
        "sweep",
        "saving",
    ];
    assert_eq!(files, all);
    let page = page(&result, "effpot-lang compare v.pot u.pot", &figures);
    well_formed(&page);
    alone(&page);
    for figure in &figures {
        assert_eq!(
            page.matches(&format!("<h2>{}</h2>", figure.title)).count(),
            1
        );
    }
    assert!(page.contains("U&lt;1&gt;") && !page.contains("U<1>"));
    assert!(page.contains("1234567") && page.contains("617283"));
}
