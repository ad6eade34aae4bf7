//! A potential as it is: where to look at it, and what to show of it.

use super::components::components;
use super::prospect::prospect;
use super::view::{Guess, View};
use super::{Options, Potential};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Streams, survey};
use crate::report::number::significant;
use crate::report::portrait::{Chart, Portrait};
use crate::report::trace::{Trace, trace};

/// Waves of the smallest structure that the zoom shows.
const WAVES: f64 = 8.0;
/// Structure shorter than this part of the range is worth a zoom.
const SMALL: f64 = 1.0 / 16.0;
/// The larger of two zooms is to be three times closer than the whole at least.
const FEW_WAVES: f64 = 2.0 / 3.0;
/// Scales that are so many times apart have a zoom each.
const APART: f64 = 8.0;
/// Columns of the zoom's window that are tried for a place.
const PLACES: usize = 41;

/// What to show.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PortraitOptions {
    /// The range of each shown coordinate, as far as it is asked for.
    pub ranges: Vec<(f64, f64)>,
    /// The one or two coordinates to show, by number; none asked for: the first, or both of two.
    pub along: Vec<usize>,
    /// A point that sections go through [default: a low one].
    pub at: Option<Vec<f64>>,
    /// Columns of a curve.
    pub columns: usize,
    /// The temperature of a run whose result is shown beside it: how high to look.
    pub kt: Option<f64>,
}

/// What is shown of a potential, with other functions of the same coordinates beside it, such as a
/// learned one. `run` tells a start and a domain, as for learning.
///
/// # Errors
/// The potential is finite nowhere in sight.
pub fn portrait(
    potential: &Potential,
    others: &[(String, Potential)],
    options: &PortraitOptions,
    run: &Options,
) -> Result<Portrait, Diagnostic> {
    let dimension = potential.model.dimension();
    let Looked { view, smallest } = look(potential, options, run)?;
    let mut portrait = Portrait {
        heading: heading(potential),
        ..Portrait::default()
    };
    if view.along.len() == 2 {
        view.sheets(others, &mut portrait);
        for k in 0..2 {
            let cut = view.cut(k);
            let title = format!(", {}", cut.title());
            let range = cut.range(0);
            let values = cut.values(others, range, options.columns, &title).0;
            portrait.charts.push(values);
            let slopes = cut.slopes(others, range, options.columns, &title);
            portrait.charts.push(slopes);
        }
        let waves = [0, 1].map(|k| (k, waves(potential, view.along[k])));
        let shortest = |waves: &[f64]| waves.last().copied().unwrap_or(f64::INFINITY);
        let (k, found) = match &waves {
            [a, b] if shortest(&b.1) < shortest(&a.1) => b,
            [a, _] => a,
        };
        zooms(
            &view.cut(*k),
            others,
            found,
            smallest,
            options,
            &mut portrait,
        );
    } else {
        let range = view.range(0);
        let (values, shift) = view.values(others, range, options.columns, "");
        portrait.words.extend(shift);
        portrait.charts.push(values);
        let slopes = view.slopes(others, range, options.columns, "");
        portrait.charts.push(slopes);
        let waves = waves(potential, view.along[0]);
        zooms(&view, others, &waves, smallest, options, &mut portrait);
    }
    if dimension > view.along.len() {
        portrait.words.push(view.section_words());
    }
    Ok(portrait)
}

/// The range of each coordinate that [`portrait`] shows.
///
/// # Errors
/// The potential is finite nowhere in sight.
pub fn ranges(
    potential: &Potential,
    options: &PortraitOptions,
    run: &Options,
) -> Result<Vec<(f64, f64)>, Diagnostic> {
    let view = look(potential, options, run)?.view;
    Ok((0..view.along.len()).map(|k| view.range(k)).collect())
}

/// What is to be seen.
struct Looked<'a> {
    view: View<'a>,
    /// The smallest wavelength of the structure function, if it has a scale.
    smallest: Option<f64>,
}

fn look<'a>(
    potential: &'a Potential,
    options: &PortraitOptions,
    run: &Options,
) -> Result<Looked<'a>, Diagnostic> {
    let dimension = potential.model.dimension();
    let along = match &options.along[..] {
        [] if dimension == 2 => vec![0, 1],
        [] => vec![0],
        along => along.to_vec(),
    };
    let mut guess = Guess {
        kt: 1.0,
        confines: false,
        waves: waves(potential, along[0]),
    };
    let mut smallest = None;
    let found = prospect(potential, run).ok();
    if let Some(found) = found.filter(|found| found.survey.falling.is_empty()) {
        let plateau = found.scales.plateaus.first();
        smallest = plateau.map(|p| std::f64::consts::TAU * p.eps_lo);
        guess.confines = true;
        // The temperature of many coordinates says little of one.
        guess.kt = match dimension {
            // Without a scale the unresolved force says nothing.
            _ if found.scales.plateaus.is_empty() => 1.0,
            1 | 2 => found.kt,
            _ => found.kt.min(1.0),
        };
    }
    if let Some(kt) = options.kt.filter(|_| dimension < 3) {
        guess.kt = kt;
    }
    let through = match &options.at {
        Some(at) => at.clone(),
        None => low_point(potential, run),
    };
    let view = View::new(potential, along, through, guess, options, run)?;
    Ok(Looked { view, smallest })
}

/// The lengths of the waves among the terms, along a coordinate, the longest first.
fn waves(potential: &Potential, coordinate: usize) -> Vec<f64> {
    let waves = components(potential).into_iter();
    let numbers = waves.filter_map(|wave| wave.vector.get(coordinate).map(|k| k.abs()));
    let lengths = numbers.map(|k| std::f64::consts::TAU / k);
    let mut lengths: Vec<f64> = lengths.filter(|length| length.is_normal()).collect();
    lengths.sort_by(|a, b| b.total_cmp(a));
    lengths
}

/// A zoom on the smallest scale, and one on the largest that the whole does not show where they are
/// far apart.
fn zooms(
    view: &View<'_>,
    others: &[(String, Potential)],
    waves: &[f64],
    structure: Option<f64>,
    options: &PortraitOptions,
    portrait: &mut Portrait,
) {
    let (lo, hi) = view.range(0);
    let hidden = |wave: &&f64| **wave < FEW_WAVES * SMALL * (hi - lo);
    let first = waves.iter().find(hidden).copied();
    let last = waves.last().copied().or(structure);
    if let (Some(first), Some(last)) = (first, last)
        && first > APART * last
    {
        zoom(view, others, first, options, portrait);
    }
    if let Some(last) = last {
        zoom(view, others, last, options, portrait);
    }
}

/// The curves over a few waves, where these show best.
fn zoom(
    view: &View<'_>,
    others: &[(String, Potential)],
    wave: f64,
    options: &PortraitOptions,
    portrait: &mut Portrait,
) {
    let (lo, hi) = view.range(0);
    if wave >= SMALL * (hi - lo) {
        return;
    }
    let half = 0.5 * WAVES * wave;
    // Nothing of it lies beyond the whole.
    let middle = place(view, wave, (lo, hi)).clamp(lo + half, hi - half);
    let range = (middle - half, middle + half);
    // Where doubles are too coarse there is nothing to see.
    if half < 1e-11 * middle.abs() {
        return;
    }
    let closer = significant((hi - lo) / (2.0 * half), 2);
    let title = format!(", {closer} times closer");
    let mut values = view.values(others, range, options.columns, &title).0;
    values.periodic = false;
    values.top = None;
    portrait.charts.push(values);
    let mut slopes = view.slopes(others, range, options.columns, &title);
    slopes.periodic = false;
    portrait.charts.push(slopes);
}

/// Where structure of that wave length stands out: at the lowest place, unless it is much stronger
/// elsewhere.
fn place(view: &View<'_>, wave: f64, (lo, hi): (f64, f64)) -> f64 {
    let lowest = view.lowest();
    let strength = |x: f64| -> f64 {
        let h = 0.25 * wave;
        let points: Vec<f64> = (0..64).map(|k| x + h * f64::from(k - 32)).collect();
        let y = view.on(view.potential, &points);
        let bends = y.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs());
        let bends: Vec<f64> = bends.filter(|bend| bend.is_finite()).collect();
        // The smooth part bends alike everywhere; the median leaves kinks out.
        let mut sorted = bends;
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
    };
    let here = strength(lowest);
    let places = (1..PLACES).map(|k| lo + k as f64 / PLACES as f64 * (hi - lo));
    let best = places
        .map(|x| (strength(x), x))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((there, x)) if there > 4.0 * here => x,
        _ => lowest,
    }
}

/// The potential with its parameters, in a line.
fn heading(potential: &Potential) -> String {
    let model = &potential.model;
    let mut names: Vec<&str> = model.coordinates.iter().map(|c| c.name.as_str()).collect();
    if names.len() > 4 {
        names = vec![names[0], names[1], "...", names[names.len() - 1]];
    }
    let mut heading = format!("{}({})", model.name, names.join(", "));
    let values = model.parameters.iter().zip(&potential.parameters);
    let values: Vec<String> = values
        .map(|(parameter, value)| format!("{} = {}", parameter.name, significant(*value, 4)))
        .collect();
    if !values.is_empty() {
        heading = format!("{heading}, {}", values.join(", "));
    }
    heading
}

/// A point where the potential is low.
fn low_point(potential: &Potential, run: &Options) -> Vec<f64> {
    let dimension = potential.model.dimension();
    let sides = super::view::sides(potential, run);
    let origin = vec![0.0; dimension];
    let start = run.start.as_ref().filter(|start| start.len() == dimension);
    let mut stream = Streams::new(1).stream(0);
    let values = |x: &[f64], out: &mut [f64]| potential.values(x, out);
    let slopes = |x: &[f64], out: &mut [f64]| potential.gradients(x, out);
    survey(
        start.unwrap_or(&origin),
        &sides,
        &mut stream,
        values,
        slopes,
    )
    .lowest
}

impl View<'_> {
    /// Values over a range along the first shown coordinate, and what to say of shifted curves.
    fn values(
        &self,
        others: &[(String, Potential)],
        range: (f64, f64),
        columns: usize,
        more: &str,
    ) -> (Chart, Vec<String>) {
        let name = &self.potential.model.name;
        let f = |x: &[f64]| self.on(self.potential, x);
        let first = trace(name, range, columns, &f);
        let (mut traces, mut words) = (vec![first], Vec::new());
        for (name, other) in others {
            let f = |x: &[f64]| self.on(other, x);
            let shift = self.offset(other);
            let mut drawn = trace(name, range, columns, &f);
            if shift != 0.0 {
                drawn = drawn.raised(shift);
                words.push(format!(
                    "{name} is drawn {} by {}: potentials are equal up to a constant.",
                    if shift > 0.0 { "higher" } else { "lower" },
                    significant(shift.abs(), 3)
                ));
            }
            traces.push(drawn);
        }
        let title = match others.is_empty() {
            true if more.is_empty() => format!("the potential {name}"),
            true => format!("{name}{more}"),
            false => format!("{name} and {}{more}", names(others)),
        };
        (
            self.chart(title, name.clone(), range, traces, self.top),
            words,
        )
    }

    fn slopes(
        &self,
        others: &[(String, Potential)],
        range: (f64, f64),
        columns: usize,
        more: &str,
    ) -> Chart {
        let q = &self.coordinate(0).name;
        let of = |name: &str, potential: &Potential| -> Trace {
            let f = |x: &[f64]| self.slope(potential, x);
            trace(&format!("d{name}/d{q}"), range, columns, &f)
        };
        let name = &self.potential.model.name;
        let mut traces = vec![of(name, self.potential)];
        traces.extend(others.iter().map(|(name, other)| of(name, other)));
        let title = match more {
            "" => format!("the derivative along {q}"),
            more => format!("d{name}/d{q}{more}"),
        };
        let f = |x: &[f64]| self.on(self.potential, x);
        let values = |top: f64| (trace(name, range, columns, &f), top);
        Chart {
            under: self.top.map(values),
            ..self.chart(title, format!("d{name}/d{q}"), range, traces, None)
        }
    }

    fn chart(
        &self,
        title: String,
        value: String,
        range: (f64, f64),
        traces: Vec<Trace>,
        top: Option<f64>,
    ) -> Chart {
        Chart {
            title,
            coordinate: self.coordinate(0).name.clone(),
            range,
            periodic: self.coordinate(0).period.is_some(),
            value,
            traces,
            top,
            under: None,
        }
    }
}

fn names(others: &[(String, Potential)]) -> String {
    let names: Vec<&str> = others.iter().map(|(name, _)| name.as_str()).collect();
    names.join(", ")
}
