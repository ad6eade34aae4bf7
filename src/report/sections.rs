//! Cuts through the surfaces of a run in two coordinates, along straight lines.

use super::critical::CriticalPoint;
use super::curves::{Curves, Line, Reference};
use super::number::{place, significant};
use super::surfaces::{Coordinate, Surfaces};

/// Points of `U` along a cut.
const POINTS: usize = 400;
/// Points of `V` along a cut.
const FINE: usize = 4000;
/// Points of the stretch of `V` that shows its smallest scale.
const ZOOM: usize = 1200;
/// How far a cut goes on beyond the two wells, in their distance.
const BEYOND: f64 = 0.7;

/// A cut through the surfaces along a straight line.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Section {
    /// What it is, as sentences.
    pub sentence: String,
    /// `U` and `V` along it; the coordinate is the first or the second, or `s`, a distance.
    pub curves: Curves,
}

/// Values of a function of both coordinates at points.
pub type OnPoints<'a> = &'a dyn Fn(&[[f64; 2]]) -> Vec<f64>;

/// The cuts that show a run best: along the line through the two deepest wells, else along both
/// coordinates through the only well, else through the densest cell.
///
/// `u` and `v` give `U` and the full potential anywhere; `shortest` is the shortest wave length of
/// the full potential, where it is known: eight of them are shown.
pub fn sections(
    surfaces: &Surfaces,
    u: OnPoints<'_>,
    v: OnPoints<'_>,
    shortest: Option<f64>,
) -> Vec<Section> {
    let wells: Vec<&CriticalPoint> = surfaces.points.iter().filter(|p| p.is_well()).collect();
    let lines = match wells[..] {
        [first, second, ..] => vec![Cut::through(surfaces, first.at, second.at)],
        [only] => [0, 1].map(|k| Cut::along(surfaces, only.at, k)).to_vec(),
        [] => densest(surfaces).map_or(Vec::new(), |at| {
            [0, 1].map(|k| Cut::along(surfaces, at, k)).to_vec()
        }),
    };
    let sections = lines.iter();
    sections
        .filter_map(|cut| cut.section(surfaces, u, v, shortest))
        .collect()
}

fn densest(surfaces: &Surfaces) -> Option<[f64; 2]> {
    let cells = surfaces.density.iter().enumerate();
    let inside = cells.filter(|(cell, _)| surfaces.is_covered(*cell));
    let (cell, _) = inside.max_by(|a, b| a.1.total_cmp(b.1))?;
    let [x, y] = &surfaces.axes;
    Some([x.centre(cell / y.cells), y.centre(cell % y.cells)])
}

/// A stretch of a straight line: the points `origin + s*direction`.
#[derive(Clone, Debug)]
struct Cut {
    origin: [f64; 2],
    direction: [f64; 2],
    from: f64,
    to: f64,
    /// The name of `s`.
    name: String,
    /// Whether it goes around a period.
    around: bool,
    sentence: String,
}

impl Cut {
    /// From beyond one well to beyond another, by the shortest way.
    fn through(surfaces: &Surfaces, a: [f64; 2], b: [f64; 2]) -> Cut {
        let axes = &surfaces.axes;
        let across = [0, 1].map(|k: usize| {
            let way = b[k] - a[k];
            match axes[k].hi - axes[k].lo {
                period if axes[k].periodic => way - period * (way / period).round(),
                _ => way,
            }
        });
        let length = across[0].hypot(across[1]).max(f64::MIN_POSITIVE);
        let direction = across.map(|part| part / length);
        let (mut from, mut to) = (-BEYOND * length, (1.0 + BEYOND) * length);
        for k in 0..2 {
            if axes[k].periodic || direction[k] == 0.0 {
                continue;
            }
            let ends = [axes[k].lo, axes[k].hi].map(|end| (end - a[k]) / direction[k]);
            from = from.max(ends[0].min(ends[1]));
            to = to.min(ends[0].max(ends[1]));
        }
        let ranges = [0, 1].map(|k: usize| axes[k].hi - axes[k].lo);
        let [p, q] = [a, b].map(|at| [0, 1].map(|k: usize| place(at[k], ranges[k])));
        let [x, y] = [&axes[0].name, &axes[1].name];
        let sentence = format!(
            "Along the straight line from the lowest well, at ({x}, {y}) = ({}, {}) and s = 0, \
             through the next one, at ({}, {}) and s = {}; s is the distance.",
            p[0],
            p[1],
            q[0],
            q[1],
            significant(length, 3)
        );
        Cut {
            origin: a,
            direction,
            from,
            to,
            name: "s".to_owned(),
            around: false,
            sentence,
        }
    }

    /// Along coordinate `k` over all of its range.
    fn along(surfaces: &Surfaces, at: [f64; 2], k: usize) -> Cut {
        let (own, other) = (&surfaces.axes[k], &surfaces.axes[1 - k]);
        let mut origin = at;
        origin[k] = 0.0;
        let mut direction = [0.0, 0.0];
        direction[k] = 1.0;
        Cut {
            origin,
            direction,
            from: own.lo,
            to: own.hi,
            name: own.name.clone(),
            around: own.periodic,
            sentence: format!(
                "Along {} at {} = {}.",
                own.name,
                other.name,
                place(at[1 - k], other.hi - other.lo)
            ),
        }
    }

    fn point(&self, s: f64) -> [f64; 2] {
        [0, 1].map(|k: usize| self.origin[k] + s * self.direction[k])
    }

    /// `count` values of `s` from one end to the other.
    fn grid(from: f64, to: f64, count: usize) -> Vec<f64> {
        let step = (to - from) / (count - 1) as f64;
        (0..count).map(|i| from + step * i as f64).collect()
    }

    fn line(&self, from: f64, to: f64, count: usize, of: OnPoints<'_>) -> Line {
        let x = Cut::grid(from, to, count);
        let points: Vec<[f64; 2]> = x.iter().map(|s| self.point(*s)).collect();
        Line { y: of(&points), x }
    }

    /// The stretch with samples, and a little more at both ends.
    fn trimmed(&self, surfaces: &Surfaces) -> Option<(f64, f64)> {
        if self.around {
            return Some((self.from, self.to));
        }
        let s = Cut::grid(self.from, self.to, POINTS);
        let covered = |s: &&f64| near(surfaces, self.point(**s)).is_some();
        let first = s.iter().find(covered)?;
        let last = s.iter().rfind(covered)?;
        let more = 0.02 * (last - first);
        Some(((first - more).max(self.from), (last + more).min(self.to)))
    }

    fn section(
        &self,
        surfaces: &Surfaces,
        u: OnPoints<'_>,
        v: OnPoints<'_>,
        shortest: Option<f64>,
    ) -> Option<Section> {
        let (from, to) = self.trimmed(surfaces).filter(|(from, to)| to > from)?;
        let Line { x, y: learned } = self.line(from, to, POINTS, u);
        let places: Vec<[f64; 2]> = x.iter().map(|s| self.point(*s)).collect();
        let along = |field: &[f64]| -> Vec<f64> {
            let values = places.iter().map(|at| interpolated(surfaces, field, *at));
            values.collect()
        };
        let covered: Vec<bool> = places
            .iter()
            .map(|at| near(surfaces, *at).is_some())
            .collect();
        let reference = surfaces.reference.as_ref().map(|reference| {
            // The difference is smooth on the grid; the reference itself may not be.
            let pairs = surfaces.u.iter().zip(&reference.u);
            let difference: Vec<f64> = pairs.map(|(u, r)| u - r).collect();
            let below = along(&difference);
            Reference {
                name: reference.name.clone(),
                u: learned.iter().zip(below).map(|(u, d)| u - d).collect(),
                du: Vec::new(),
            }
        });
        let inside = x.iter().zip(&learned).zip(&covered).filter(|(_, c)| **c);
        let lowest = inside
            .map(|(pair, _)| pair)
            .min_by(|a, b| a.1.total_cmp(b.1));
        let middle = lowest.map_or(0.5 * (from + to), |(s, _)| *s);
        let width = shortest.map_or(surfaces.length / 10.0, |wave| 8.0 * wave);
        let half = 0.5 * width.min(to - from);
        let zoom = match half > 0.0 {
            true => self.line(middle - half, middle + half, ZOOM, v),
            false => Line::default(),
        };
        let curves = Curves {
            coordinate: self.name.clone(),
            period: self.around.then_some([from, to]),
            potential: surfaces.potential.clone(),
            length: surfaces.length,
            u_stderr: along(&surfaces.u_stderr),
            v: v(&places),
            u: learned,
            covered,
            reference,
            fine: self.line(from, to, FINE, v),
            zoom,
            x,
            ..Curves::default()
        };
        Some(Section {
            sentence: self.sentence.clone(),
            curves,
        })
    }
}

/// The covered cell in which a point is.
fn near(surfaces: &Surfaces, at: [f64; 2]) -> Option<usize> {
    let cell = |axis: &Coordinate, value: f64| {
        let place = (axis.wrapped(value) - axis.lo) / axis.width();
        // The end of the range belongs to the last cell.
        let place = if value == axis.hi { place - 0.5 } else { place };
        (place >= 0.0 && place < axis.cells as f64).then_some(place as usize)
    };
    let [x, y] = &surfaces.axes;
    let number = cell(x, at[0])? * y.cells + cell(y, at[1])?;
    surfaces.is_covered(number).then_some(number)
}

/// A field between the centres of the four cells around a point, of those that are covered.
fn interpolated(surfaces: &Surfaces, field: &[f64], at: [f64; 2]) -> f64 {
    let place = |axis: &Coordinate, value: f64| {
        let place = (axis.wrapped(value) - axis.lo) / axis.width() - 0.5;
        (place.floor(), place - place.floor())
    };
    let [x, y] = &surfaces.axes;
    let ((i, right), (j, up)) = (place(x, at[0]), place(y, at[1]));
    let (mut sum, mut weight) = (0.0, 0.0);
    for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let cell = x
            .neighbour(0, i as isize + a)
            .zip(y.neighbour(0, j as isize + b));
        let Some(cell) = cell.map(|(i, j)| i * y.cells + j) else {
            continue;
        };
        let share = |near: isize, part: f64| if near == 1 { part } else { 1.0 - part };
        let value = field.get(cell).copied().unwrap_or(f64::NAN);
        if surfaces.is_covered(cell) && value.is_finite() {
            let share = share(a, right) * share(b, up);
            sum += share * value;
            weight += share;
        }
    }
    sum / weight
}
