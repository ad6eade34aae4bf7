//! Where a potential lives: a look at V alone, on many length scales, before the first step.

use super::rays::Rays;
use super::sheet::Sheet;
use super::{Side, Stream};

/// Coordinates in which boxes have few enough cells to look at all of them.
const FEW: usize = 2;

/// Length scales, as powers of two, of the boxes that are looked at.
const SCALES: std::ops::RangeInclusive<i32> = -20..=30;
/// A place this many kT above the lowest one is not visited.
const DEPTH: f64 = 12.0;

/// What is known of a potential from its values.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Boxes, in few coordinates.
    sheets: Vec<Sheet>,
    /// Descents and lines, in many.
    rays: Option<Rays>,
    /// The lowest cell found: its centre, by coordinate.
    pub lowest: Vec<f64>,
    /// Its mean of V; NaN where V is finite nowhere.
    pub level: f64,
    /// The coordinates along which V goes on falling at the ends of the largest box, on one side at
    /// least.
    pub falling: Vec<usize>,
    /// Whether V is finite nowhere.
    pub empty: bool,
    /// Whether V was not looked at, having no values: then nothing is known but where to start.
    pub blind: bool,
    /// The box around `lowest` that a blind survey was told of.
    told: Option<Vec<Side>>,
    /// The width of the box around `lowest` in which trajectories of a blind survey start that was
    /// told of none.
    width: f64,
    /// Evaluations of V.
    pub evaluations: u64,
}

/// Looks at V around `centre`. Along coordinate `i` it looks at boxes of all scales where
/// `sides[i]` is `None`, and else over that side alone: a domain that was asked for, or a period.
/// In many coordinates it descends from `centre` and looks along lines. `values` fills the values
/// of V at many points (shape: coordinates, points), `slopes` the gradients (shape likewise).
pub fn survey(
    centre: &[f64],
    sides: &[Option<Side>],
    stream: &mut Stream,
    mut values: impl FnMut(&[f64], &mut [f64]),
    mut slopes: impl FnMut(&[f64], &mut [f64]),
) -> Survey {
    if sides.len() > FEW {
        let rays = Rays::look(centre, sides, stream, &mut values, &mut slopes);
        return Survey::of_rays(rays, centre);
    }
    let open = sides.iter().any(Option::is_none);
    let step = if sides.len() == 1 { 1 } else { 2 };
    let scales: Vec<f64> = match open {
        true => SCALES.step_by(step).map(|s| f64::from(s).exp2()).collect(),
        false => vec![1.0],
    };
    let sheets: Vec<Sheet> = scales
        .into_iter()
        .map(|r| {
            let around = |(side, x): (&Option<Side>, &f64)| {
                side.unwrap_or_else(|| Side::plain(x - r, x + r))
            };
            let extent: Vec<Side> = sides.iter().zip(centre).map(around).collect();
            Sheet::sample(&extent, stream, &mut values)
        })
        .collect();
    let mut survey = Survey {
        evaluations: sheets.iter().map(|sheet| sheet.evaluations()).sum(),
        lowest: centre.to_vec(),
        level: f64::NAN,
        falling: sheets
            .last()
            .map_or_else(Vec::new, |last| last.falling(sides)),
        empty: true,
        blind: false,
        told: None,
        width: f64::NAN,
        sheets,
        rays: None,
    };
    // The ends of a box say nothing about what lies beyond them.
    let mut lowest = f64::INFINITY;
    for sheet in &survey.sheets {
        survey.empty &= sheet.is_empty();
        if let Some((cell, level)) = sheet.lowest().filter(|(_, level)| *level < lowest) {
            lowest = level;
            survey.lowest = sheet.centre(cell);
            survey.level = level;
        }
    }
    survey
}

impl Survey {
    /// What is known of a potential without values: where to start, which is `centre`, or the middle
    /// of a side that does not hold it, and how far about that the map goes in a step `delta` from
    /// rest, by the gradients (`slopes`, shapes as in [`survey`]).
    pub fn blind(
        centre: &[f64],
        sides: &[Option<Side>],
        delta: f64,
        stream: &mut Stream,
        slopes: impl FnMut(&[f64], &mut [f64]),
    ) -> Survey {
        let start = |(x, side): (&f64, &Option<Side>)| match side {
            Some(side) if !(side.lo..=side.hi).contains(x) => 0.5 * (side.lo + side.hi),
            _ => *x,
        };
        let mut survey = Survey {
            sheets: Vec::new(),
            rays: None,
            lowest: centre.iter().zip(sides).map(start).collect(),
            level: f64::NAN,
            falling: Vec::new(),
            empty: false,
            blind: true,
            told: sides.iter().copied().collect(),
            width: 1e-3,
            evaluations: 0,
        };
        let step = delta * survey.kick(delta, stream, slopes).sqrt();
        if step > 0.0 && step.is_finite() {
            survey.width = 2.0 * step;
        }
        survey
    }

    fn of_rays(rays: Rays, centre: &[f64]) -> Survey {
        let lowest = rays.lowest().map(|(x, level)| (x.to_vec(), level));
        let empty = lowest.is_none();
        let (lowest, level) = lowest.unwrap_or((centre.to_vec(), f64::NAN));
        Survey {
            sheets: Vec::new(),
            lowest,
            level,
            falling: rays.falling(),
            empty,
            blind: false,
            told: None,
            width: f64::NAN,
            evaluations: rays.evaluations,
            rays: Some(rays),
        }
    }

    /// The box that a system at temperature `kt` visits, `None` where V does not hold it on any
    /// scale that was looked at. A periodic coordinate has its whole period.
    pub fn hull(&self, kt: f64) -> Option<Vec<Side>> {
        if let Some(rays) = &self.rays {
            return rays.hull(kt);
        }
        if self.blind {
            return self.told.clone();
        }
        let mut hull: Option<Vec<Side>> = None;
        for sheet in &self.sheets {
            // A hull of few cells is too coarse to be believed.
            let Some((found, cells)) = sheet.hull(self.level, DEPTH * kt) else {
                continue;
            };
            if cells < 5 && hull.is_some() {
                continue;
            }
            hull = Some(match hull {
                None => found,
                Some(known) => {
                    let both = known.iter().zip(found);
                    both.map(|(a, b)| Side {
                        lo: a.lo.min(b.lo),
                        hi: a.hi.max(b.hi),
                        ..b
                    })
                    .collect()
                }
            });
        }
        hull
    }

    /// The coordinates along which V does not hold a system at temperature `kt`: in the largest box
    /// where it could be at all, it could be at an end of them.
    pub fn free(&self, kt: f64) -> Vec<usize> {
        if let Some(rays) = &self.rays {
            return rays.free(kt);
        }
        let mut sheets = self.sheets.iter().rev();
        let found = sheets.find_map(|sheet| sheet.open(self.level, DEPTH * kt));
        found.unwrap_or_default()
    }

    /// A pool of positions (shape: points, coordinates), roughly Gibbs at temperature `kt`; around
    /// the lowest place where V holds nothing; anywhere in the box that a blind survey knows of.
    pub fn starts(
        &self,
        kt: f64,
        stream: &mut Stream,
        mut values: impl FnMut(&[f64], &mut [f64]),
    ) -> Vec<f64> {
        const DRAWS: usize = 1024;
        if let Some(rays) = self.rays.as_ref().filter(|_| kt > 0.0 && !self.empty) {
            return rays.starts(kt, stream, &mut values);
        }
        match self.hull(kt).filter(|_| kt > 0.0) {
            Some(hull) if self.blind => {
                let place = |side: &Side| side.lo + (side.hi - side.lo) * stream.uniform();
                let all = std::iter::repeat_n(&hull, DRAWS).flatten();
                all.map(place).collect()
            }
            Some(hull) => Sheet::sample(&hull, stream, &mut values).draw(DRAWS, kt, stream),
            None => {
                let widths = self.finest_widths();
                let mut pool = Vec::with_capacity(DRAWS * widths.len());
                for _ in 0..DRAWS {
                    for (x, width) in self.lowest.iter().zip(&widths) {
                        pool.push(x + width * (stream.uniform() - 0.5));
                    }
                }
                pool
            }
        }
    }

    /// The wells of V over a box eight times as wide as `sides`, each as the cell of its bottom:
    /// places from which V rises by `depth` before it falls below, whichever way one leaves.
    pub fn wells(&self, sides: &[Side], depth: f64) -> Vec<Vec<Side>> {
        let wide: Vec<Side> = sides
            .iter()
            .map(|side| match side.periodic {
                true => *side,
                false => {
                    let reach = 8.0 * (side.hi - side.lo);
                    Side::plain(side.lo - reach, side.hi + reach)
                }
            })
            .collect();
        match self.sheets.iter().find(|sheet| sheet.spans(&wide)) {
            Some(sheet) => sheet.wells(depth).iter().map(|c| sheet.cell(*c)).collect(),
            None => Vec::new(),
        }
    }

    /// The wells of V in the box that a system visits which can cross a barrier of that height, as
    /// in [`Survey::wells`], those less deep than a twentieth of it left out.
    pub fn wells_below(
        &self,
        barrier: f64,
        depth: f64,
        stream: &mut Stream,
        mut values: impl FnMut(&[f64], &mut [f64]),
    ) -> Vec<Vec<Side>> {
        const SHALLOW: f64 = 0.05;
        let Some(hull) = self.across(barrier) else {
            return Vec::new();
        };
        let near = Sheet::sample(&hull, stream, &mut values);
        let wells = near.wells(depth.max(SHALLOW * barrier)).into_iter();
        wells.map(|cell| near.cell(cell)).collect()
    }

    /// The box of a system that can cross a barrier of that height. The cells of a hull are coarse,
    /// and V may still be lower than the barrier where they end: a tenth is added on all sides.
    fn across(&self, barrier: f64) -> Option<Vec<Side>> {
        let hull = self.hull(1.25 * barrier / DEPTH)?;
        let wider = |side: Side| {
            let margin = 0.1 * (side.hi - side.lo);
            match side.periodic {
                true => side,
                false => Side::plain(side.lo - margin, side.hi + margin),
            }
        };
        Some(hull.into_iter().map(wider).collect())
    }

    /// How high the highest pass between two wells that matter lies above the lowest place: an
    /// energy, `None` where there is one well, or where many coordinates hide them.
    ///
    /// The few points of a coarse cell make wells on slopes, and none of a valley. So from the
    /// highest that any scale shows it comes down, looking each time at the box that a system of
    /// that energy visits, until a pass is beyond doubt.
    pub fn barrier(
        &self,
        stream: &mut Stream,
        mut values: impl FnMut(&[f64], &mut [f64]),
    ) -> Option<f64> {
        // From the farthest cells, where a quartic is 1e36, to one.
        const DOWN: f64 = 1.0 / 16.0;
        let sheets = self.sheets.iter();
        let doubtful = sheets.filter_map(|sheet| sheet.barrier(self.level, true));
        let mut height = doubtful.max_by(f64::total_cmp)?;
        // Chance does not make the same pass twice.
        let mut agreed = 0;
        for _ in 0..64 {
            let seen = match self.across(height) {
                None => 0.0,
                Some(hull) => {
                    let near = Sheet::sample(&hull, stream, &mut values);
                    let level = near.lowest().map_or(self.level, |(_, level)| level);
                    near.barrier(level, false).unwrap_or(0.0)
                }
            };
            agreed = match (seen / height - 1.0).abs() < 0.2 {
                true => agreed + 1,
                false => 0,
            };
            if agreed == 2 {
                return Some(seen);
            }
            height = seen.max(DOWN * height);
        }
        None
    }

    /// The kinetic energy, times two, of one coordinate in one step from rest: `delta^2 E[g^2]/d`
    /// at the smallest distance from the lowest place that such a step does not leave. A scale
    /// much larger than that distance is resolved; where every scale is, this is next to nothing.
    ///
    /// `slopes` fills the gradients at many points (shapes: coordinates, points).
    pub fn kick(
        &self,
        delta: f64,
        stream: &mut Stream,
        mut slopes: impl FnMut(&[f64], &mut [f64]),
    ) -> f64 {
        const POINTS: usize = 64;
        let d = self.lowest.len();
        let mut kick = 0.0;
        for scale in SCALES {
            let r = f64::from(scale).exp2();
            let mut points = Vec::with_capacity(d * POINTS);
            for x in &self.lowest {
                points.extend((0..POINTS).map(|_| x + r * (2.0 * stream.uniform() - 1.0)));
            }
            let mut g = vec![f64::NAN; d * POINTS];
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

    /// In many coordinates the places where descents ended that are not higher than `height` above
    /// the lowest; none in few, where [`Survey::wells`] sees more.
    pub fn bottoms(&self, height: f64) -> Vec<Vec<f64>> {
        self.rays
            .as_ref()
            .map_or_else(Vec::new, |rays| rays.bottoms(height))
    }

    /// The cell widths of the sheet that found the lowest place, by coordinate.
    pub fn finest_widths(&self) -> Vec<f64> {
        if self.blind {
            return vec![self.width; self.lowest.len()];
        }
        let holds = |sheet: &&Sheet| sheet.level_at(&self.lowest) == Some(self.level);
        let found = self.sheets.iter().find(holds).or(self.sheets.first());
        found.map_or_else(|| vec![1e-3; self.lowest.len()], Sheet::widths)
    }
}
