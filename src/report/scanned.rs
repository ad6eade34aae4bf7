//! The page of a scan: the structure function, the sweep with its windows, and what it means.

use super::evidence::{GUIDE, fitted, marks, picture};
use super::html::{escape, figure, framed, section};
use super::number::significant;
use super::picture::{Drawing, Picture};
use super::plot::{Axis, Layer, Panel};
use super::scan::{ScanResult, SweepRow};

/// The figures of a scan.
pub fn pictures(result: &ScanResult) -> Vec<Picture> {
    let structure = Picture {
        name: "structure".to_owned(),
        title: "The structure function".to_owned(),
        words: "S(r), half the mean square difference of the force at two places a radius r apart: it rises where \
            r passes a scale and is flat between scales (shaded), at the variance of the force of all scales below."
            .to_owned(),
        drawing: Drawing::Panels(result.figure()),
    };
    let drawn = (result.structure.len() > 1).then_some(structure);
    drawn.into_iter().chain(sweep(result)).collect()
}

/// Excess kurtosis beyond which scales are mixed, and `delta^2 U''` beyond which a step is coarse:
/// see Li & Tao 2024, Remark 3.2.
const KURTOSIS: f64 = 0.15;
const COARSE: f64 = 1.0;

/// What short runs show over the step, with the windows shaded.
fn sweep(result: &ScanResult) -> Option<Picture> {
    let windows: Vec<[f64; 2]> = result
        .windows
        .iter()
        .map(|window| wide(window.lo.log10(), window.hi.log10()))
        .collect();
    let panel =
        |title: &str, y: &str, guide: Option<f64>, of: &dyn Fn(&SweepRow) -> Option<f64>| {
            let mut layers = Vec::new();
            let ends = [result.sweep.first()?, result.sweep.last()?].map(|row| row.delta.log10());
            if let Some(level) = guide {
                layers.push(Layer::Line {
                    x: ends.to_vec(),
                    y: vec![level; 2],
                    stroke: GUIDE,
                    label: Some("limit".to_owned()),
                });
            }
            for (good, style, label) in [(true, 0, "good"), (false, 4, "not good")] {
                let rows = result.sweep.iter().filter(|row| row.accepted == good);
                let seen = rows.filter_map(|row| Some((row.delta.log10(), of(row)?)));
                let (x, y): (Vec<f64>, Vec<f64>) = seen.filter(|(_, y)| y.is_finite()).unzip();
                if !x.is_empty() {
                    layers.push(marks(x, y, style, label));
                }
            }
            let panel = fitted(title, "log10 of delta", y, layers);
            Some(Panel {
                x: Axis::new("log10 of delta", ends[0] - 0.05, ends[1] + 0.05, 6.0),
                shaded: windows.clone(),
                ..panel
            })
        };
    let log = |x: Option<f64>| x.filter(|x| *x > 0.0).map(f64::log10);
    let panels = [
        panel(
            "length below which structure goes",
            "log10 of l",
            None,
            &|row| log(row.length),
        ),
        panel(
            "excess kurtosis of p",
            "kurtosis less 3",
            Some(KURTOSIS),
            &|row| row.excess_kurtosis,
        ),
        panel("trapped or lost", "share, %", None, &|row| {
            Some(100.0 * (row.trapped + row.diverged))
        }),
        panel(
            "step against curvature",
            "log10 of delta² U″",
            Some(COARSE.log10()),
            &|row| log(row.h),
        ),
    ];
    let panels: Vec<Panel> = panels.into_iter().flatten().collect();
    let words = format!(
        "Short runs at friction {}, one a step; the windows of steps that will do are shaded. A step is not good where \
         trajectories are trapped or lost, where p has the heavy tails of several temperatures, or where it is too \
         coarse for what it keeps.",
        significant(result.gamma, 3)
    );
    let mut picture = picture("sweep", "The sweep over the step", &words, panels)?;
    if let Drawing::Panels(figure) = &mut picture.drawing {
        figure.columns = 2;
    }
    Some(picture)
}

/// An interval that is seen: a window of one step has no width.
fn wide(lo: f64, hi: f64) -> [f64; 2] {
    const LEAST: f64 = 0.02;
    let more = 0.5 * (LEAST - (hi - lo)).max(0.0);
    [lo - more, hi + more]
}

/// The page; `command` makes it again.
pub fn page(result: &ScanResult, name: &str, source: &str, command: &str) -> String {
    let title = format!("The scales of {} in {name}", result.potential);
    let (class, verdict) = match result.windows.len() {
        0 => ("bad", "no window".to_owned()),
        1 => ("good", "one window".to_owned()),
        count => ("good", format!("{count} windows")),
    };
    let mut out = format!(
        "<h1>{}</h1>\n<p><span class=\"verdict {class}\">{verdict}</span></p>\n<p>{}</p>\n",
        escape(&title),
        escape(&result.advice)
    );
    windows(&mut out, result);
    for (number, picture) in pictures(result).iter().enumerate() {
        figure(&mut out, number, picture);
    }
    section(&mut out, "Summary", &result.summary(name));
    section(&mut out, "Program", source);
    section(&mut out, "To do this again", command);
    framed(&title, &out)
}

fn windows(out: &mut String, result: &ScanResult) {
    if result.windows.is_empty() {
        return;
    }
    out.push_str(
        "<h2>Windows</h2>\n<table>\n<tr><th class=\"number\">delta</th><th class=\"number\">l</th>\
         <th>removes</th><th>weakens</th><th>keeps</th></tr>\n",
    );
    let range = |[lo, hi]: [f64; 2], digits: usize| {
        format!("{} to {}", significant(lo, digits), significant(hi, digits))
    };
    for window in &result.windows {
        let scales = |eps: &[f64]| {
            let all: Vec<String> = eps.iter().map(|eps| significant(*eps, 2)).collect();
            all.join(", ")
        };
        out.push_str(&format!(
            "<tr><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            range([window.lo, window.hi], 3),
            range(window.lengths, 2),
            scales(&window.removed),
            scales(&window.weakened),
            scales(&window.kept)
        ));
    }
    out.push_str("</table>\n");
}
