//! A part of a potential that can be drawn: one or two coordinates, the others fixed.

use super::portrait::PortraitOptions;
use super::{Options, Potential};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Side, Streams, Survey, survey};
use crate::graph::Coordinate;
use crate::report::critical::CriticalPoint;
use crate::report::number::significant;
use crate::report::portrait::{Portrait, Sheet};
use crate::report::surfaces::{Coordinate as Along, Surfaces};

/// A survey calls a place visited up to this many kT above the lowest one.
const DEPTH: f64 = 12.0;
/// Without barriers, what is shown of V is so many kT high.
const HEIGHT: f64 = 6.0;
/// Wells that matter are at least this part of the barrier deep.
const DEEP: f64 = 0.3;
/// A barrier of a section that is so many kT high is a wall.
const FAR: f64 = 20.0;
/// Barriers are shown in a range this many times as high.
const ABOVE: f64 = 2.5;
/// The half width of what is shown of a potential that holds nothing.
const OPEN: f64 = 4.0;
/// More of a coordinate than what is visited, on either side.
const MARGIN: f64 = 0.06;
/// The same where V does not confine any higher: there is more to see outside.
const WIDE: f64 = 0.5;
/// A mark is left out where the potential differs from the mean over its cell by a larger part of
/// what is shown.
const MISSED: f64 = 0.05;
/// Wells and saddles that are marked, at most.
const MOST_POINTS: usize = 40;
/// Cells of a map along a coordinate.
const CELLS: usize = 120;
/// Points of a cell along a coordinate.
const POINTS: usize = 4;
/// In a range that was asked for, values that are so many times as high as three quarters of them are
/// those of a wall.
const PROUD: f64 = 20.0;
/// And of these so much is shown.
const OF_WALLS: f64 = 4.0;
/// Functions whose spread within a cell is a larger part of their range than of a smooth one are
/// said to be averaged.
const ROUGH: f64 = 0.2;

/// What is guessed of a potential before its range is known.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Guess {
    /// A temperature.
    pub kt: f64,
    /// Whether V goes to infinity on all sides.
    pub confines: bool,
    /// The lengths of the waves among its terms along the first shown coordinate.
    pub waves: Vec<f64>,
}

/// One or two coordinates of a potential through a point.
pub(super) struct View<'a> {
    pub potential: &'a Potential,
    /// The shown coordinates, by number.
    pub along: Vec<usize>,
    /// The point; shown coordinates start where it is low.
    pub through: Vec<f64>,
    ranges: Vec<(f64, f64)>,
    /// Values above this are of no interest.
    pub top: Option<f64>,
}

/// The period, the domain or nothing, by coordinate.
pub(super) fn sides(potential: &Potential, run: &Options) -> Vec<Option<Side>> {
    let side = |(at, coordinate): (usize, &Coordinate)| {
        let domain = run.domain.as_ref().and_then(|domain| domain.get(at));
        let domain = domain.map(|(lo, hi)| Side::plain(*lo, *hi));
        coordinate.period.map(Side::period).or(domain)
    };
    potential
        .model
        .coordinates
        .iter()
        .enumerate()
        .map(side)
        .collect()
}

impl<'a> View<'a> {
    /// Looks for the ranges that nobody gave.
    pub fn new(
        potential: &'a Potential,
        along: Vec<usize>,
        through: Vec<f64>,
        guess: Guess,
        options: &PortraitOptions,
        run: &Options,
    ) -> Result<View<'a>, Diagnostic> {
        let mut view = View {
            potential,
            ranges: Vec::new(),
            top: None,
            along,
            through,
        };
        let own = sides(potential, run);
        let given = |k: usize| options.ranges.get(k).map(|(lo, hi)| Side::plain(*lo, *hi));
        let shown: Vec<Option<Side>> = view
            .along
            .iter()
            .enumerate()
            .map(|(k, c)| given(k).or(own[*c]))
            .collect();
        let centre: Vec<f64> = view.along.iter().map(|c| view.through[*c]).collect();
        let streams = Streams::new(1);
        let mut stream = streams.stream(0);
        let values = |x: &[f64], out: &mut [f64]| out.copy_from_slice(&view.on(potential, x));
        let slopes = |_: &[f64], out: &mut [f64]| out.fill(f64::NAN);
        let found = survey(&centre, &shown, &mut stream, values, slopes);
        if found.empty {
            let message = format!(
                "{} is finite nowhere around what is to be drawn",
                potential.model.name
            );
            let help = "say where to look with --range, or --at in several coordinates";
            return Err(Diagnostic::error("nowhere-finite", message).help(help));
        }
        let barrier = found.barrier(&mut stream, values);
        let many = view.through.len() > view.along.len();
        let matters = |barrier: &f64| {
            // Atoms that run into each other are no pass of a section.
            let low = !many || *barrier < FAR * guess.kt;
            let hull = found.hull(1.25 * barrier / DEPTH);
            low && match hull.as_deref() {
                Some([side]) => {
                    let wells = view.wells((side.lo, side.hi), DEEP * barrier);
                    wells.len() > 1 && !is_texture(&wells, &guess.waves)
                }
                Some(_) => true,
                None => false,
            }
        };
        let barrier = barrier.filter(matters);
        let height = barrier.map_or(HEIGHT * guess.kt, |barrier| ABOVE * barrier);
        let (mut hull, height, held) = confined(&found, height);
        let mut lowest = found.lowest.clone();
        if !guess.confines && height < 1e-6 * found.level.abs() {
            // A pole, of which no part tells more than another.
            hull = None;
            lowest = centre.clone();
        }
        view.ranges = (0..view.along.len())
            .map(|k| match (shown[k], &hull) {
                (Some(side), _) => (side.lo, side.hi),
                (None, Some(hull)) => {
                    let (lo, hi) = (hull[k].lo, hull[k].hi);
                    let margin = if held { MARGIN } else { WIDE } * (hi - lo);
                    (lo - margin, hi + margin)
                }
                (None, None) => (centre[k] - OPEN, centre[k] + OPEN),
            })
            .collect();
        // Over whole periods every barrier is to be seen, and in a chosen range what is in it.
        let whole = shown.iter().all(|s| s.is_some_and(|side| side.periodic));
        view.top = match (0..view.along.len()).all(|k| given(k).is_some()) {
            true => view.worth_showing(),
            false => hull.map(|_| found.level + 1.15 * height).filter(|_| !whole),
        };
        for (k, c) in view.along.iter().enumerate() {
            if options.at.is_none() {
                view.through[*c] = lowest[k];
            }
        }
        Ok(view)
    }

    /// Above what, within its ranges, values are those of a wall; `None` where none is.
    fn worth_showing(&self) -> Option<f64> {
        let count = 4096usize;
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        let points = self.ranges.iter().enumerate().flat_map(|(k, (lo, hi))| {
            let part = move |at: usize| match k {
                0 => (at as f64 + 0.5) / count as f64,
                _ => (at as f64 * golden).fract(),
            };
            (0..count).map(move |at| lo + part(at) * (hi - lo))
        });
        let mut values = self.on(self.potential, &points.collect::<Vec<f64>>());
        values.retain(|value| value.is_finite());
        values.sort_by(f64::total_cmp);
        let (least, most) = (values.first()?, values.last()?);
        let most_of_it = values[values.len() * 3 / 4] - least;
        let is_wall = most - least > PROUD * most_of_it && most_of_it > 0.0;
        is_wall.then_some(least + OF_WALLS * most_of_it)
    }

    /// One coordinate of a view of two.
    pub fn cut(&self, k: usize) -> View<'a> {
        View {
            potential: self.potential,
            along: vec![self.along[k]],
            through: self.through.clone(),
            ranges: vec![self.ranges[k]],
            top: self.top,
        }
    }

    pub fn range(&self, k: usize) -> (f64, f64) {
        self.ranges[k]
    }

    /// The shown coordinate of that number.
    pub fn coordinate(&self, k: usize) -> &Coordinate {
        &self.potential.model.coordinates[self.along[k]]
    }

    /// What a cut is called.
    pub fn title(&self) -> String {
        let others = self.fixed().into_iter().take(2);
        let others: Vec<String> = others.collect();
        format!("along {} at {}", self.coordinate(0).name, others.join(", "))
    }

    fn fixed(&self) -> Vec<String> {
        let coordinates = self.potential.model.coordinates.iter().enumerate();
        let fixed = coordinates.filter(|(c, _)| !self.along.contains(c));
        fixed
            .map(|(c, q)| format!("{} = {}", q.name, significant(self.through[c], 3)))
            .collect()
    }

    /// Where a section is.
    pub fn section_words(&self) -> String {
        let fixed = self.fixed();
        let shown: Vec<String> = fixed.iter().take(8).cloned().collect();
        let rest = match fixed.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("A section, at {}{rest}.", shown.join(", "))
    }

    /// Values of a function of all coordinates at points (shape: shown coordinates, points).
    pub fn on(&self, potential: &Potential, points: &[f64]) -> Vec<f64> {
        potential.curve(&self.whole(points))
    }

    /// Its derivative by the first shown coordinate.
    pub fn slope(&self, potential: &Potential, points: &[f64]) -> Vec<f64> {
        let slopes = potential.slope(&self.whole(points));
        let count = points.len() / self.along.len();
        let first = self.along[0] * count;
        slopes[first..first + count].to_vec()
    }

    fn whole(&self, points: &[f64]) -> Vec<f64> {
        let count = points.len() / self.along.len().max(1);
        let mut whole = Vec::with_capacity(count * self.through.len());
        for (c, x) in self.through.iter().enumerate() {
            match self.along.iter().position(|shown| *shown == c) {
                Some(k) => whole.extend_from_slice(&points[k * count..(k + 1) * count]),
                None => whole.extend(std::iter::repeat_n(*x, count)),
            }
        }
        whole
    }

    /// Where the first shown coordinate is lowest within its range.
    pub fn lowest(&self) -> f64 {
        let ((lo, hi), low) = (self.ranges[0], self.through[self.along[0]]);
        match (lo..=hi).contains(&low) {
            true => low,
            false => 0.5 * (lo + hi),
        }
    }

    /// Places in one coordinate from which the potential, in means over a few hundredths of the
    /// range, rises by `depth` on both sides before it falls lower, increasing.
    fn wells(&self, (lo, hi): (f64, f64), depth: f64) -> Vec<f64> {
        const BLOCKS: usize = 128;
        const EACH: usize = 32;
        let count = BLOCKS * EACH;
        let place = |k: usize| lo + (k as f64 + 0.5) / count as f64 * (hi - lo);
        let x: Vec<f64> = (0..count).map(place).collect();
        let y = self.on(self.potential, &x);
        let means = y
            .chunks(EACH)
            .map(|block| block.iter().sum::<f64>() / EACH as f64);
        let (mut wells, mut low, mut high) = (Vec::new(), (f64::INFINITY, lo), f64::INFINITY);
        for (at, mean) in means.enumerate().filter(|(_, mean)| !mean.is_nan()) {
            let middle = place(at * EACH + EACH / 2);
            if high.is_infinite() {
                // On the way down, or still within the well.
                if mean < low.0 {
                    low = (mean, middle);
                } else if mean > low.0 + depth {
                    wells.push(low.1);
                    high = mean.min(f64::MAX);
                }
            } else if mean > high {
                high = mean.min(f64::MAX);
            } else if mean < high - depth {
                (low, high) = ((mean, middle), f64::INFINITY);
            }
        }
        wells
    }

    /// What another function is to be raised by to lie on the potential in the mean, where that is
    /// low; nothing where the difference shows neither in the whole nor, in a zoom, beside the waves.
    pub fn offset(&self, other: &Potential) -> f64 {
        let (lo, hi) = self.ranges[0];
        let points: Vec<f64> = (0..2000)
            .map(|k| lo + (f64::from(k) + 0.5) / 2000.0 * (hi - lo))
            .collect();
        let (v, u) = match self.along.len() {
            1 => (self.on(self.potential, &points), self.on(other, &points)),
            _ => {
                let cut = self.cut(0);
                (cut.on(self.potential, &points), cut.on(other, &points))
            }
        };
        let low = |v: &f64| self.top.is_none_or(|top| *v <= top);
        let pairs = v
            .iter()
            .zip(&u)
            .filter(|(v, u)| v.is_finite() && u.is_finite() && low(v));
        let differences: Vec<f64> = pairs.clone().map(|(v, u)| v - u).collect();
        let heights = pairs.map(|(v, _)| *v);
        let (least, most) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
        let count = differences.len().max(1) as f64;
        let mean = differences.iter().sum::<f64>() / count;
        let squares = differences.iter().map(|off| (off - mean).powi(2));
        let waves = (squares.sum::<f64>() / count).sqrt();
        let height = most - least;
        let shows = mean.abs() > (0.01 * height).min(waves.max(1e-5 * height));
        if shows { mean } else { 0.0 }
    }

    /// Maps of the potential, of others beside it, and of what they are above it.
    pub fn sheets(&self, others: &[(String, Potential)], portrait: &mut Portrait) {
        let axes = [0, 1].map(|k| Along {
            name: self.coordinate(k).name.clone(),
            lo: self.ranges[k].0,
            hi: self.ranges[k].1,
            cells: CELLS,
            periodic: self.coordinate(k).period.is_some_and(|period| {
                (period / (self.ranges[k].1 - self.ranges[k].0) - 1.0).abs() < 1e-9
            }),
        });
        let name = &self.potential.model.name;
        let (v, spread) = self.averaged(self.potential, &axes);
        let finite = v.iter().filter(|v| v.is_finite());
        let (lo, hi) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(*v), b.max(*v))
        });
        let shown = hi.min(self.top.unwrap_or(f64::INFINITY)) - lo;
        if spread > 0.0 && spread > 1e-9 * shown {
            portrait.words.push(format!(
                "Maps show means over cells; structure finer than a cell moves {name} by up to {} about them.",
                significant(spread, 2)
            ));
        }
        let mut number = 0;
        let mut sheet = |title: String, values: Vec<f64>, signed: bool| {
            let mut surfaces = Surfaces::new(title.clone(), axes.clone());
            surfaces.covered = values.iter().map(|value| value.is_finite()).collect();
            surfaces.u = values;
            if !signed {
                surfaces.mark();
                // What is narrower than a cell has wells where the cells happen to lie.
                let height = self.top.unwrap_or(hi).min(hi) - lo;
                let here = |point: &CriticalPoint| self.on(self.potential, &point.at)[0];
                let true_to =
                    |p: &CriticalPoint| (here(p) - p.value).abs() <= MISSED * height + 2.0 * spread;
                if number == 0 {
                    surfaces.points.retain(true_to);
                }
                // So many are texture, and would hide it.
                if surfaces.points.len() > MOST_POINTS {
                    surfaces.points.clear();
                }
            }
            portrait.sheets.push(Sheet {
                title,
                surfaces,
                signed,
                top: self.top.filter(|_| !signed),
            });
            number += 1;
        };
        sheet(name.clone(), v.clone(), false);
        let mut words = Vec::new();
        for (name, other) in others {
            let shift = self.offset(other);
            if shift != 0.0 {
                words.push(format!("{name} is raised by {}.", significant(shift, 3)));
            }
            let u: Vec<f64> = self
                .averaged(other, &axes)
                .0
                .iter()
                .map(|u| u + shift)
                .collect();
            let difference = u.iter().zip(&v).map(|(u, v)| u - v).collect();
            sheet(name.clone(), u, false);
            sheet(
                format!("{name} − {}", self.potential.model.name),
                difference,
                true,
            );
        }
        portrait.words.extend(words);
    }

    /// Means over the cells, and how far values are from them at most, what is smooth across a cell
    /// left out.
    fn averaged(&self, potential: &Potential, axes: &[Along; 2]) -> (Vec<f64>, f64) {
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        let parts = POINTS * POINTS;
        let cells = axes[0].cells * axes[1].cells;
        let (mut x, mut y) = (
            Vec::with_capacity(cells * parts),
            Vec::with_capacity(cells * parts),
        );
        for cell in 0..cells {
            let corner = [
                axes[0].centre(cell / axes[1].cells),
                axes[1].centre(cell % axes[1].cells),
            ];
            for part in 0..parts {
                let number = (cell * parts + part) as f64;
                let share = |at: usize, seed: f64| {
                    (at as f64 + (number * golden * seed).fract()) / POINTS as f64 - 0.5
                };
                x.push(corner[0] + share(part / POINTS, 1.0) * axes[0].width());
                y.push(
                    corner[1] + share(part % POINTS, std::f64::consts::SQRT_2) * axes[1].width(),
                );
            }
        }
        let values = self.on(potential, &[x, y].concat());
        let chunks = values.chunks(parts);
        let means: Vec<f64> = chunks
            .clone()
            .map(|cell| {
                let finite = cell.iter().filter(|v| v.is_finite());
                let count = finite.clone().count();
                match 2 * count > parts {
                    true => finite.sum::<f64>() / count as f64,
                    false => f64::NAN,
                }
            })
            .collect();
        // Neighbouring points of a smooth function are nearer to each other than the ends of a cell;
        // those of a rough one are not.
        let rough = |cell: &[f64]| -> Option<f64> {
            let (lo, hi) = cell
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
                    (a.min(*v), b.max(*v))
                });
            let row: f64 = cell.windows(2).map(|w| (w[1] - w[0]).abs()).sum();
            let turns = row / (hi - lo);
            (hi - lo)
                .is_finite()
                .then_some(0.5 * (hi - lo))
                .filter(|_| turns > (1.0 + ROUGH) * (POINTS + 2) as f64)
        };
        let mut spreads: Vec<f64> = chunks.filter_map(rough).collect();
        spreads.sort_by(f64::total_cmp);
        // Some cells turn by chance; many only where there is structure.
        let spread = match 10 * spreads.len() > cells {
            true => spreads[spreads.len() / 2],
            false => 0.0,
        };
        (means, spread)
    }
}

/// Whether wells in one coordinate are those of a wave: as far apart as its length.
fn is_texture(wells: &[f64], waves: &[f64]) -> bool {
    let gaps = wells.windows(2).map(|pair| pair[1] - pair[0]);
    let least = gaps.fold(f64::INFINITY, f64::min);
    let mut like = waves.iter().map(|wave| least / wave);
    like.any(|ratio| (0.6..1.6).contains(&ratio))
}

/// The box of what is lower than a height above the lowest place, of a lower one where V does not
/// hold so much, the height, and whether V holds all that was asked for.
fn confined(survey: &Survey, height: f64) -> (Option<Vec<Side>>, f64, bool) {
    let mut at = height;
    for step in 0..40 {
        if let Some(hull) = survey.hull(at / DEPTH) {
            return (Some(hull), at, step == 0);
        }
        at *= 0.75;
    }
    (None, height, false)
}
