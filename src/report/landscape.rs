//! The figures of a run in two coordinates.

use super::contour::Grid;
use super::drawing::extent;
use super::figure::figure;
use super::maps::{Atlas, Bands, Map, Mark, Palette, aspect, axis};
use super::number::{place, significant};
use super::picture::{Drawing, Picture};
use super::surfaces::{Coordinate, Surfaces};
use super::window::window;

/// Levels of a map, about.
const LEVELS: f64 = 12.0;
/// The covariance of the unresolved force is shown where it varies by more than this.
const EVEN: f64 = 0.1;

/// The figures of a run, those first that matter most; those without data are left out.
///
/// `potential.svg`: `U` beside `V`; `error.svg`: what is between `U` and its reference, or its
/// standard error; `section.svg`: cuts through `U` and `V`; `density.svg`: the samples;
/// `noise.svg`: the covariance of the unresolved force.
pub fn pictures(surfaces: &Surfaces) -> Vec<Picture> {
    let mut seen = None;
    if !surfaces.covered.contains(&true) {
        // Without an estimate, what was visited is shown.
        let covered = surfaces.counts.iter().map(|&count| count > 0).collect();
        seen = Some(Surfaces {
            covered,
            ..surfaces.clone()
        });
    }
    let surfaces = seen.as_ref().unwrap_or(surfaces);
    let mut pictures: Vec<Picture> = [potential(surfaces), error(surfaces)]
        .into_iter()
        .flatten()
        .collect();
    pictures.extend(sections(surfaces));
    pictures.extend(density(surfaces));
    pictures.extend(noise(surfaces));
    pictures
}

/// A field over the coordinates of the surfaces, without marks.
fn map(surfaces: &Surfaces, title: String, values: &[f64], bands: Bands) -> Map {
    Map {
        title,
        x: axis(&view(surfaces)[0], 6.0),
        y: axis(&view(surfaces)[1], 6.0),
        field: Grid::new(surfaces, values),
        bands,
        labelled: false,
        bar: true,
        marks: Vec::new(),
    }
}

/// `U` at its own values, with wells and saddles: of a function that stands for itself.
pub(super) fn plain(surfaces: &Surfaces, title: &str, top: Option<f64>) -> Map {
    let values: Vec<f64> = covered(surfaces, &surfaces.u).collect();
    let (lo, hi) = match top {
        Some(top) => {
            let (lo, hi) = extent(values).unwrap_or((0.0, 0.0));
            (lo, hi.min(top))
        }
        None => window(&values).unwrap_or((0.0, 0.0)),
    };
    let bands = Bands::between(lo, hi, LEVELS, Palette::Height, &surfaces.potential);
    let kept = |value: &f64| value.is_finite();
    let range = extent(surfaces.points.iter().map(|point| point.value).filter(kept));
    let size = range.map_or(1.0, |(lo, hi)| hi - lo);
    let shown = surfaces.points.iter();
    let shown = shown.filter(|point| top.is_none_or(|top| point.value <= top));
    let marks = shown.map(|point| Mark {
        kind: point.kind,
        at: point.at,
        label: place(point.value, if size > 0.0 { size } else { 1.0 }),
    });
    Map {
        labelled: true,
        marks: marks.collect(),
        ..map(surfaces, title.to_owned(), &surfaces.u, bands)
    }
}

/// `U` as a difference of two functions.
pub(super) fn difference(surfaces: &Surfaces, title: &str) -> Map {
    let sizes = covered(surfaces, &surfaces.u).map(f64::abs);
    let most = quantile(sizes, 0.99).unwrap_or(0.0);
    let bands = Bands::around_zero(most, &surfaces.potential);
    map(surfaces, title.to_owned(), &surfaces.u, bands)
}

/// Maps of the same surfaces, side by side.
pub(super) fn atlas(surfaces: &Surfaces, maps: Vec<Map>) -> Atlas {
    let hatched = (0..surfaces.len()).any(|cell| !surfaces.is_covered(cell));
    let aspect = aspect(&view(surfaces));
    // Very wide maps lie one below the other.
    let columns = if aspect < 0.45 { 1 } else { maps.len().min(2) };
    Atlas {
        maps,
        columns,
        aspect,
        hatched,
        hatching: "no samples: nothing is known there",
    }
}

fn drawn(surfaces: &Surfaces, maps: Vec<Map>) -> Drawing {
    Drawing::Maps(atlas(surfaces, maps))
}

/// The coordinates over what is shown: whole periods, else what is covered and a little more.
fn view(surfaces: &Surfaces) -> [Coordinate; 2] {
    let columns = surfaces.axes[1].cells.max(1);
    let cells = (0..surfaces.len()).filter(|&cell| surfaces.is_covered(cell));
    let mut ends = [None; 2];
    for cell in cells {
        for (end, place) in ends.iter_mut().zip([cell / columns, cell % columns]) {
            let (first, last) = end.unwrap_or((place, place));
            *end = Some((first.min(place), last.max(place)));
        }
    }
    [0, 1].map(|k: usize| {
        let axis = &surfaces.axes[k];
        let Some((first, last)) = ends[k].filter(|_| !axis.periodic) else {
            return axis.clone();
        };
        let half = 0.5 * axis.width();
        let (lo, hi) = (axis.centre(first) - half, axis.centre(last) + half);
        let more = 0.06 * (hi - lo);
        Coordinate {
            lo: (lo - more).max(axis.lo),
            hi: (hi + more).min(axis.hi),
            ..axis.clone()
        }
    })
}

/// The values of a field at the cells that are covered.
fn covered<'a>(surfaces: &'a Surfaces, values: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    let cells = values.iter().enumerate();
    let inside = cells.filter(|(cell, _)| surfaces.is_covered(*cell));
    inside.map(|(_, value)| *value).filter(|v| v.is_finite())
}

/// The value below which so large a share of the values lies.
fn quantile(values: impl Iterator<Item = f64>, share: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((share * last as f64).round() as usize).copied()
}

/// The size of a field that nearly all samples are below: at the edge of what was sampled errors
/// are many times those of the rest, which would be of one colour beside them.
fn sampled(surfaces: &Surfaces, values: &[f64]) -> Option<f64> {
    let cells = values.iter().zip(&surfaces.density).enumerate();
    let cells = cells.filter(|(cell, (value, _))| surfaces.is_covered(*cell) && value.is_finite());
    let mut sorted: Vec<(f64, f64)> = cells.map(|(_, (value, w))| (value.abs(), *w)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut left = 0.999 * sorted.iter().map(|(_, weight)| weight).sum::<f64>();
    for (value, weight) in &sorted {
        left -= weight;
        if left <= 0.0 && *value > 0.0 {
            return Some(*value);
        }
    }
    sorted.last().map(|(value, _)| *value)
}

/// `U` above its lowest well, and `V` at the same levels; without `U`, `V` above its least value.
fn potential(surfaces: &Surfaces) -> Option<Picture> {
    let name = &surfaces.potential;
    let full = format!("the full potential {name}");
    let above = |values: &[f64], ground: f64| values.iter().map(|v| v - ground).collect();
    let ground = surfaces.ground();
    let u: Vec<f64> = above(&surfaces.u, ground);
    let Some(bands) = heights(surfaces, &u, "height above the lowest well") else {
        let v: Vec<f64> = above(&surfaces.v, quantile(covered(surfaces, &surfaces.v), 0.0)?);
        let bands = heights(surfaces, &v, "height above the lowest cell")?;
        return Some(Picture {
            name: "potential".to_owned(),
            title: format!("The full potential {name}"),
            words: "There is no effective potential to show; this is where the samples were."
                .to_owned(),
            drawing: drawn(surfaces, vec![map(surfaces, full, &v, bands)]),
        });
    };
    let v: Vec<f64> = above(&surfaces.v, ground + surfaces.offset(&surfaces.v));
    let beside = covered(surfaces, &v).next().is_some();
    let length = significant(surfaces.length, 3);
    let title = format!("the effective potential U, l = {length}");
    let learned = Map {
        labelled: true,
        bar: !beside,
        marks: marks(surfaces),
        ..map(surfaces, title, &u, bands.clone())
    };
    let mut maps = vec![learned];
    maps.extend(beside.then(|| map(surfaces, full, &v, bands)));
    let words = format!(
        "Heights are above the lowest well of U; {name} is drawn at the same levels, less its mean \
         difference from U, and what is finer than a cell of the grid does not show in it."
    );
    Some(Picture {
        name: "potential".to_owned(),
        title: format!("The effective potential beside {name}"),
        words,
        drawing: drawn(surfaces, maps),
    })
}

/// Levels from zero up; where few cells are far above the others, these share the last colour.
fn heights(surfaces: &Surfaces, values: &[f64], label: &str) -> Option<Bands> {
    let highest = quantile(covered(surfaces, values), 1.0)?;
    let most = quantile(covered(surfaces, values), 0.97)?;
    let top = if highest > 1.6 * most { most } else { highest };
    Some(Bands::between(0.0, top, LEVELS, Palette::Height, label))
}

/// The wells and saddles with their heights above the lowest well.
fn marks(surfaces: &Surfaces) -> Vec<Mark> {
    let ground = surfaces.ground();
    let range = extent(surfaces.points.iter().map(|point| point.value));
    let size = range.map_or(1.0, |(lo, hi)| hi - lo);
    // To a hundredth of what there is to tell apart, and not more than makes sense to read.
    let decimals = (2.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
    let written = |value: f64| match value {
        0.0 => "0".to_owned(),
        value => format!("{value:.decimals$}"),
    };
    let mark = |point: &super::critical::CriticalPoint| Mark {
        kind: point.kind,
        at: point.at,
        label: written(point.value - ground),
    };
    surfaces.points.iter().map(mark).collect()
}

/// What is between `U` and its reference, beside its standard error.
fn error(surfaces: &Surfaces) -> Option<Picture> {
    let mut maps = Vec::new();
    let mut words = String::new();
    if let Some(reference) = &surfaces.reference {
        let shift = surfaces.offset(&reference.u);
        let pairs = surfaces.u.iter().zip(&reference.u);
        let difference: Vec<f64> = pairs.map(|(u, r)| u - (r - shift)).collect();
        if let Some(most) = sampled(surfaces, &difference).filter(|most| *most > 0.0) {
            let name = &reference.name;
            let bands = Bands::around_zero(most, &format!("U − {name}"));
            let title = format!("the effective potential minus {name}");
            maps.push(map(surfaces, title, &difference, bands));
            words += &format!(
                "U minus {name}, of mean zero over the samples; white is less than the smallest level, \
                 and the last colours hold all that is larger."
            );
        }
    }
    let greatest = sampled(surfaces, &surfaces.u_stderr);
    if let Some(most) = greatest.filter(|most| *most > 0.0) {
        let label = "standard error of U";
        let bands = Bands::between(0.0, most, 8.0, Palette::Amount, label);
        let title = "its standard error".to_owned();
        maps.push(map(surfaces, title, &surfaces.u_stderr, bands));
        if !words.is_empty() {
            words.push(' ');
        }
        words += "The standard error of U, from blocks of the run.";
    }
    (!maps.is_empty()).then(|| Picture {
        name: "error".to_owned(),
        title: "Errors of the effective potential".to_owned(),
        words,
        drawing: drawn(surfaces, maps),
    })
}

fn density(surfaces: &Surfaces) -> Option<Picture> {
    let seen: Vec<f64> = smooth(surfaces, &surfaces.density);
    let most = quantile(covered(surfaces, &seen), 1.0).filter(|most| *most > 0.0)?;
    let bands = Bands::decades(most, Palette::Amount, "density");
    let title = "what was sampled".to_owned();
    Some(Picture {
        name: "density".to_owned(),
        title: "The samples".to_owned(),
        words:
            "The density of the points where the gradient was taken, averaged over neighbouring \
                cells; its integral is 1."
                .to_owned(),
        drawing: drawn(surfaces, vec![map(surfaces, title, &seen, bands)]),
    })
}

/// The covariance of the unresolved force, where it varies.
fn noise(surfaces: &Surfaces) -> Option<Picture> {
    let uneven = surfaces.noise_spread.is_some_and(|spread| spread > EVEN);
    let parts = surfaces.noise.as_ref().filter(|_| uneven)?;
    let [x, y] = [0, 1].map(|k: usize| surfaces.axes[k].name.as_str());
    let names = [[x, x], [x, y], [y, y]];
    let smooth = parts.each_ref().map(|part| smooth(surfaces, part));
    let ranges = smooth
        .each_ref()
        .map(|part| extent(covered(surfaces, part)));
    let sizes = ranges.iter().flatten();
    let size = sizes.fold(0.0, |size: f64, (lo, hi)| size.max(lo.abs()).max(hi.abs()));
    let mut maps = Vec::new();
    for ((part, range), [a, b]) in smooth.iter().zip(ranges).zip(names) {
        // What varies by less than the last digit that is written is even.
        let Some((lo, hi)) = range.filter(|(lo, hi)| hi - lo > 1e-3 * size) else {
            continue;
        };
        let bands = Bands::between(lo, hi, 7.0, Palette::Height, "S");
        let title = match a == b {
            true => format!("variance of the force along {a}"),
            false => format!("covariance of the forces along {a} and {b}"),
        };
        maps.push(map(surfaces, title, part, bands));
    }
    (!maps.is_empty()).then(|| Picture {
        name: "noise".to_owned(),
        title: "The unresolved force".to_owned(),
        words: "S(x), the covariance of the force that U leaves out, averaged over neighbouring \
                cells; where it is larger, learning is hotter. Parts that do not vary are left out."
            .to_owned(),
        drawing: drawn(surfaces, maps),
    })
}

/// A field averaged over each cell and the covered ones around it, twice, with weights 1, 2, 1.
fn smooth(surfaces: &Surfaces, values: &[f64]) -> Vec<f64> {
    let [x, y] = &surfaces.axes;
    let mut values = values.to_vec();
    for _ in 0..2 {
        let mean = |cell: usize| {
            let (i, j) = (cell / y.cells, cell % y.cells);
            let (mut sum, mut weight) = (0.0, 0.0);
            for a in -1..=1isize {
                for b in -1..=1isize {
                    let near = x.neighbour(i, a).zip(y.neighbour(j, b));
                    let Some(near) = near.map(|(k, l)| k * y.cells + l) else {
                        continue;
                    };
                    let value = values.get(near).copied().unwrap_or(f64::NAN);
                    if surfaces.is_covered(near) && value.is_finite() {
                        let share = ((2 - a.abs()) * (2 - b.abs())) as f64;
                        sum += share * value;
                        weight += share;
                    }
                }
            }
            sum / weight
        };
        values = (0..surfaces.len()).map(mean).collect();
    }
    values
}

fn sections(surfaces: &Surfaces) -> Vec<Picture> {
    let only = surfaces.sections.len() == 1;
    let cuts = surfaces.sections.iter().enumerate();
    cuts.map(|(number, section)| Picture {
        name: match only {
            true => "section".to_owned(),
            false => format!("section-{}", number + 1),
        },
        title: "A cut through both".to_owned(),
        words: section.sentence.clone(),
        drawing: Drawing::Panels(figure(&section.curves)),
    })
    .collect()
}
