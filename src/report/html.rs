//! The report of a run as one self-contained page: no scripts, nothing from elsewhere.

use super::number::significant;
use super::picture::Picture;
use super::result::{RunResult, Verdict};
use super::summary::{coordinates, gamma, summary};
use std::fmt::Write;

/// What a page shows beside the result.
pub struct Page<'a> {
    /// The text of the program.
    pub source: &'a str,
    /// The formula in LaTeX, as `export` writes it; may be empty.
    pub formula: &'a str,
    /// The command that makes this result again.
    pub command: &'a str,
    /// The figures, in the order to show them.
    pub pictures: &'a [Picture],
}

const STYLE: &str = "
:root { color-scheme: light; }
body { font: 16px/1.5 Georgia, 'Times New Roman', serif; color: #1a1a1a; background: #fff;
  max-width: 62rem; margin: 2.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; font-weight: 600; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid #ccc; }
.verdict { font: 600 .9rem/1 system-ui, sans-serif; padding: .35rem .7rem; border-radius: .25rem;
  display: inline-block; }
.good { background: #e2f0e4; color: #17532a; border: 1px solid #17532a; }
.bad { background: #fbe6df; color: #7d2408; border: 1px solid #7d2408; }
pre { font: .86rem/1.45 ui-monospace, Menlo, Consolas, monospace; background: #f6f6f4;
  border: 1px solid #e2e2de; padding: .8rem 1rem; overflow-x: auto; white-space: pre-wrap; }
table { border-collapse: collapse; font: .92rem/1.4 system-ui, sans-serif; }
th, td { text-align: left; padding: .28rem 1.1rem .28rem 0; border-bottom: 1px solid #e6e6e6; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.formula { overflow-x: auto; margin: .6rem 0; } .formula math { font-size: 1.08rem; }
figure { margin: 0; break-inside: avoid; } figure svg { max-width: 100%; height: auto; }
li { margin: .3rem 0; } .help { color: #444; }
@media print { body { margin: 0; max-width: none; } }
";

/// The page.
pub fn html(result: &RunResult, page: &Page<'_>) -> String {
    let program = &result.program;
    let title = format!(
        "{}: {}({})",
        program.file.rsplit(['/', '\\']).next().unwrap_or_default(),
        program.potential,
        coordinates(&program.variables)
    );
    let verdict = result.equilibrium.verdict;
    let (class, word) = match verdict {
        Verdict::Trusted => ("good", "trusted".to_owned()),
        verdict => ("bad", format!("not trusted: {}", verdict.words())),
    };
    let mut out = format!(
        "<h1>The effective potential of {}</h1>\n\
         <p><span class=\"verdict {class}\">{word}</span></p>\n",
        escape(&title)
    );
    diagnostics(&mut out, result);
    formula(&mut out, page.formula);
    for (number, picture) in page.pictures.iter().enumerate() {
        figure(&mut out, number, picture);
    }
    table(&mut out, result);
    if let Some(terms) = &result.terms {
        super::terms::table(&mut out, terms);
    }
    let text = summary(result, ".", true);
    section(&mut out, "Summary", &text);
    section(&mut out, "Program", page.source);
    settings(&mut out, result);
    section(&mut out, "To do this again", page.command);
    let _ = writeln!(out, "<p>Source SHA-256 {}.</p>", escape(&program.sha256));
    framed(&title, &out)
}

/// A whole page.
pub(super) fn framed(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\
         <p>effpot-lang {}. Everything is dimensionless. Method: Li &amp; Tao 2024, Automated \
         construction of effective potential via algorithmic implicit bias.</p>\n\
         </body>\n</html>\n",
        escape(title),
        env!("CARGO_PKG_VERSION"),
    )
}

/// Longer formulas are left to the program below.
const LONGEST: usize = 40_000;

fn formula(out: &mut String, latex: &str) {
    if !latex.is_empty() && latex.len() <= LONGEST {
        let mathematics = super::mathml::of_latex(latex);
        let _ = write!(out, "<h2>The potential</h2>\n{mathematics}");
    }
}

pub(super) fn figure(out: &mut String, number: usize, picture: &Picture) {
    let title = match picture.title.as_str() {
        "" => "Figure",
        title => title,
    };
    let _ = writeln!(out, "<h2>{}</h2>", escape(title));
    if !picture.words.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", escape(&picture.words));
    }
    // An XML declaration has no place inside a page.
    let svg = picture.svg();
    let svg = svg.find("<svg").map_or("", |at| &svg[at..]);
    // Names must differ over the whole page.
    let named = match number {
        0 => svg.to_owned(),
        _ => svg
            .replace(" id=\"", &format!(" id=\"figure-{number}-"))
            .replace("url(#", &format!("url(#figure-{number}-")),
    };
    let _ = writeln!(out, "<figure>{named}</figure>");
}

/// Text as HTML shows it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

pub(super) fn section(out: &mut String, title: &str, text: &str) {
    let _ = write!(
        out,
        "<h2>{title}</h2>\n<pre>{}</pre>\n",
        escape(text.trim_end())
    );
}

fn diagnostics(out: &mut String, result: &RunResult) {
    if result.diagnostics.is_empty() {
        return;
    }
    out.push_str("<ul>\n");
    for row in &result.diagnostics {
        let _ = write!(
            out,
            "<li><strong>{}</strong> {}",
            row.severity.name(),
            escape(&row.message)
        );
        if let Some(help) = &row.help {
            let _ = write!(out, "<br><span class=\"help\">{}</span>", escape(help));
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

fn table(out: &mut String, result: &RunResult) {
    if result.table.is_empty() {
        return;
    }
    let reference = result.settings.compare.as_deref().unwrap_or("filter");
    let _ = write!(
        out,
        "<h2>Errors and costs, against {}</h2>\n<table>\n<tr><th>method</th>\
         <th class=\"number\">evaluations</th><th class=\"number\">error of U (rms)</th>\
         <th class=\"number\">error of force (rms)</th><th class=\"number\">largest error</th>\
         <th class=\"number\">median standard error</th><th class=\"number\">seconds</th></tr>\n",
        escape(reference)
    );
    let shown = |x: Option<f64>| x.map_or(String::new(), |x| significant(x, 3));
    for row in &result.table {
        // What the others are held against has no error of its own to tell.
        let own = |error: Option<f64>| match row.estimator == reference {
            true => "reference".to_owned(),
            false => shown(error),
        };
        let cells = [
            row.evaluations.to_string(),
            own(row.rmse),
            shown(row.force_rmse.filter(|_| row.estimator != reference)),
            shown(row.max_abs.filter(|_| row.estimator != reference)),
            shown(row.stderr),
            shown(row.seconds),
        ];
        let name = row.name(&result.program.potential);
        let _ = write!(out, "<tr><td>{}</td>", escape(&name));
        for cell in cells {
            let _ = write!(out, "<td class=\"number\">{cell}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

fn settings(out: &mut String, result: &RunResult) {
    let settings = &result.settings;
    let mut rows = vec![
        ("delta", significant(settings.delta, 6)),
        ("gamma", gamma(settings)),
        ("steps", settings.steps.to_string()),
        ("trajectories", settings.trajectories.to_string()),
        ("burn-in", settings.burn_in.to_string()),
        ("seed", settings.seed.to_string()),
        (
            "restarts",
            if settings.restarts { "on" } else { "off" }.to_owned(),
        ),
        ("estimators", settings.estimators.join(", ")),
    ];
    rows.extend(settings.knots.map(|h| ("knot spacing", significant(h, 4))));
    rows.extend(settings.compare.clone().map(|name| ("compare", name)));
    for (name, value) in &result.program.params {
        rows.push((name, significant(*value, 8)));
    }
    out.push_str("<h2>Settings and parameters</h2>\n<table>\n");
    for (name, value) in rows {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"number\">{}</td></tr>",
            escape(name),
            escape(&value)
        );
    }
    out.push_str("</table>\n");
}
