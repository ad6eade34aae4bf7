//! Where a potential lives: a look at V alone, on many length scales, before the first step.

use super::Stream;

/// Length scales, as powers of two, of the intervals that are looked at.
const SCALES: std::ops::RangeInclusive<i32> = -20..=30;
/// Cells of an interval, and points in a cell.
const CELLS: usize = 128;
const POINTS: usize = 16;
/// A place this many kT above the lowest one is not visited.
const DEPTH: f64 = 12.0;

/// Averages of V over the cells of one interval.
#[derive(Clone, Debug)]
struct Sheet {
    lo: f64,
    width: f64,
    /// Infinite where V is not finite anywhere in the cell.
    means: Vec<f64>,
}

/// What is known of a potential from its values.
#[derive(Clone, Debug)]
pub struct Survey {
    sheets: Vec<Sheet>,
    /// The lowest cell found: its centre.
    pub lowest: f64,
    /// Its mean of V; NaN where V is finite nowhere.
    pub level: f64,
    /// Whether V goes on falling at the end of every interval, on one side at least.
    pub falls: bool,
    /// Whether V is finite nowhere.
    pub empty: bool,
    /// Evaluations of V.
    pub evaluations: u64,
}

/// Looks at V around `centre`, or over `domain` alone if there is one. `values` fills the values
/// of V at many points.
pub fn survey(
    centre: f64,
    domain: Option<(f64, f64)>,
    stream: &mut Stream,
    mut values: impl FnMut(&[f64], &mut [f64]),
) -> Survey {
    let intervals: Vec<(f64, f64)> = match domain {
        Some(domain) => vec![domain],
        None => SCALES
            .map(|scale| f64::from(scale).exp2())
            .map(|r| (centre - r, centre + r))
            .collect(),
    };
    let sheets: Vec<Sheet> = intervals
        .iter()
        .map(|&(lo, hi)| Sheet::sample(lo, hi, stream, &mut values))
        .collect();
    let mut survey = Survey {
        evaluations: (sheets.len() * CELLS * POINTS) as u64,
        lowest: centre,
        level: f64::NAN,
        falls: domain.is_none() && sheets.last().is_some_and(Sheet::falls_at_an_end),
        empty: true,
        sheets,
    };
    // The ends of an interval say nothing about what lies beyond them.
    let mut lowest = f64::INFINITY;
    for sheet in &survey.sheets {
        for cell in 1..CELLS - 1 {
            let level = sheet.means[cell];
            if level.is_finite() {
                survey.empty = false;
            }
            let local = level <= sheet.means[cell - 1] && level <= sheet.means[cell + 1];
            if local && level < lowest {
                lowest = level;
                survey.lowest = sheet.centre(cell);
                survey.level = level;
            }
        }
    }
    survey
}

impl Sheet {
    fn sample(
        lo: f64,
        hi: f64,
        stream: &mut Stream,
        values: &mut impl FnMut(&[f64], &mut [f64]),
    ) -> Sheet {
        let width = (hi - lo) / CELLS as f64;
        let step = width / POINTS as f64;
        // One point at random in each of equal parts: no small period can hide from them.
        let points: Vec<f64> = (0..CELLS * POINTS)
            .map(|i| lo + (i as f64 + stream.uniform()) * step)
            .collect();
        let mut v = vec![f64::NAN; points.len()];
        values(&points, &mut v);
        let means = v
            .chunks_exact(POINTS)
            .map(|cell| {
                // A cell that V does not fill is not a place to be.
                let good = cell.iter().all(|v| v.is_finite());
                let mean = cell.iter().sum::<f64>() / POINTS as f64;
                if good { mean } else { f64::INFINITY }
            })
            .collect();
        Sheet { lo, width, means }
    }

    fn centre(&self, cell: usize) -> f64 {
        self.lo + (cell as f64 + 0.5) * self.width
    }

    /// Whether V falls over the outer eighth at an end.
    fn falls_at_an_end(&self) -> bool {
        let n = CELLS / 8;
        let mean = |cells: &[f64]| cells.iter().sum::<f64>() / cells.len() as f64;
        let left = mean(&self.means[..n]) < mean(&self.means[n..2 * n]);
        let right = mean(&self.means[CELLS - n..]) < mean(&self.means[CELLS - 2 * n..CELLS - n]);
        left || right
    }

    /// Whether V rises by `depth` from a cell, on both sides, before it falls below it.
    fn is_well(&self, cell: usize, depth: f64) -> bool {
        let level = self.means[cell];
        let decides = |v: &&f64| **v < level || **v >= level + depth;
        let left = self.means[..cell].iter().rev().find(decides);
        let right = self.means[cell + 1..].iter().find(decides);
        let rises = |v: Option<&f64>| v.is_some_and(|v| *v >= level + depth);
        level.is_finite() && rises(left) && rises(right)
    }

    /// The interval of cells within `depth` of `level`, if it ends inside the sheet.
    fn hull(&self, level: f64, depth: f64) -> Option<(usize, usize)> {
        let low = |&cell: &usize| self.means[cell] < level + depth;
        let first = (0..CELLS).find(low)?;
        let last = (0..CELLS).rev().find(low)?;
        (first > 0 && last < CELLS - 1).then_some((first, last))
    }
}

impl Survey {
    /// The interval that a system at temperature `kt` visits, `None` where V does not hold it on
    /// any scale that was looked at.
    pub fn hull(&self, kt: f64) -> Option<(f64, f64)> {
        let mut hull: Option<(f64, f64)> = None;
        for sheet in &self.sheets {
            // A hull of few cells is too coarse to be believed.
            let Some((first, last)) = sheet.hull(self.level, DEPTH * kt) else {
                continue;
            };
            if last - first < 4 && hull.is_some() {
                continue;
            }
            let lo = sheet.lo + first as f64 * sheet.width;
            let hi = sheet.lo + (last + 1) as f64 * sheet.width;
            hull = match hull {
                None => Some((lo, hi)),
                Some((a, b)) => Some((a.min(lo), b.max(hi))),
            };
        }
        hull
    }

    /// A sampler of positions, roughly Gibbs at temperature `kt`; the lowest place where V holds
    /// nothing.
    pub fn starts(
        &self,
        kt: f64,
        stream: &mut Stream,
        mut values: impl FnMut(&[f64], &mut [f64]),
    ) -> Vec<f64> {
        const DRAWS: usize = 1024;
        let Some((lo, hi)) = self.hull(kt).filter(|_| kt > 0.0) else {
            let width = self.finest_width();
            return (0..DRAWS)
                .map(|_| self.lowest + width * (stream.uniform() - 0.5))
                .collect();
        };
        let sheet = Sheet::sample(lo, hi, stream, &mut values);
        let lowest = sheet.means.iter().copied().fold(f64::INFINITY, f64::min);
        let mut total = 0.0;
        let cumulative: Vec<f64> = sheet
            .means
            .iter()
            .map(|v| {
                total += ((lowest - v) / kt).exp();
                total
            })
            .collect();
        (0..DRAWS)
            .map(|_| {
                let target = stream.uniform() * total;
                let cell = cumulative.partition_point(|&sum| sum < target);
                sheet.lo + (cell.min(CELLS - 1) as f64 + stream.uniform()) * sheet.width
            })
            .collect()
    }

    /// The wells of V outside an interval, as far as eight times its width: places from which V
    /// rises by `depth` on both sides before it falls below.
    pub fn wells_outside(&self, (lo, hi): (f64, f64), depth: f64) -> Vec<f64> {
        let reach = 8.0 * (hi - lo);
        let holds = |sheet: &&Sheet| {
            let end = sheet.lo + CELLS as f64 * sheet.width;
            sheet.lo <= lo - reach && end >= hi + reach
        };
        let Some(sheet) = self.sheets.iter().find(holds) else {
            return Vec::new();
        };
        let margin = sheet.width;
        (0..CELLS)
            .filter(|&cell| sheet.is_well(cell, depth))
            .map(|cell| sheet.centre(cell))
            .filter(|x| *x < lo - margin || *x > hi + margin)
            .collect()
    }

    /// The kinetic energy, times two, of one step from rest: `delta^2 E[g^2]` at the smallest
    /// distance from the lowest place that such a step does not leave. A scale much larger than
    /// that distance is resolved; where every scale is, this is next to nothing.
    pub fn kick(
        &self,
        delta: f64,
        stream: &mut Stream,
        mut slopes: impl FnMut(&[f64], &mut [f64]),
    ) -> f64 {
        const POINTS: usize = 64;
        let mut kick = 0.0;
        for scale in SCALES {
            let r = f64::from(scale).exp2();
            let points: Vec<f64> = (0..POINTS)
                .map(|_| self.lowest + r * (2.0 * stream.uniform() - 1.0))
                .collect();
            let mut g = vec![f64::NAN; POINTS];
            slopes(&points, &mut g);
            let finite: Vec<f64> = g.into_iter().filter(|g| g.is_finite()).collect();
            let squares: f64 = finite.iter().map(|g| g * g).sum();
            kick = delta * delta * squares / finite.len().max(1) as f64;
            if delta * kick.sqrt() <= r {
                break;
            }
        }
        kick
    }

    /// The cell width of the sheet that found the lowest place.
    fn finest_width(&self) -> f64 {
        let holds = |sheet: &&Sheet| {
            let cell = (self.lowest - sheet.lo) / sheet.width;
            cell > 0.0 && (cell as usize) < CELLS && sheet.means[cell as usize] == self.level
        };
        let found = self.sheets.iter().find(holds).or(self.sheets.first());
        found.map_or(1e-3, |sheet| sheet.width)
    }
}
