//! Scales as the plateaus of a structure function, and the rises between them.

use super::{Increment, Structure, mean};

/// A plateau has a log-log slope below.
const FLAT: f64 = 0.25;
/// A rise within a plateau parts it in two when it is steeper than both sides by this factor ...
const STEEPER: f64 = 2.0;
/// ... is this many standard errors high ...
const SIGNIFICANT: f64 = 5.0;
/// ... and this part of the height.
const NOTABLE: f64 = 0.04;
/// One wave rises from a tenth to nine tenths of its height within a factor of 4.7 of `r`, two that
/// merge within 15. A rise five times as
/// wide as the former has scales all along.
const BROAD: f64 = 5.0;
/// Without any plateau, `S` is that of a continuum where its slope stays below `UNEVEN`, and not
/// near 2, over more than `LONG` in `r`.
const UNEVEN: f64 = 1.5;
const LONG: f64 = 32.0;
/// Parts of a rise that are too small, or too close to all of it, to tell a wavelength.
const TAIL: f64 = 0.02;
/// Rounds of the fit of a height.
const ROUNDS: usize = 4;
/// Below this part of the square of the gradient differences are rounding.
const ROUNDING: f64 = 1e-20;

/// A plateau of the structure function, and the scale whose rise it ends.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Plateau {
    /// From this radius ...
    pub r_lo: f64,
    /// ... to this one the log-log slope is below 0.25.
    pub r_hi: f64,
    /// Where it is flattest, a radius.
    pub r: f64,
    /// The variance per coordinate of the force of this scale and all smaller ones (`s2` of a map
    /// that steps over them), without what grows like `r^2`; in a continuum the value at `r`.
    pub height: f64,
    /// Its standard error.
    pub height_stderr: f64,
    /// The variance of the force of this scale alone.
    pub variance: f64,
    /// The reduced wavelength (wavelength over `2 pi`) of the scale: that of the wave whose rise
    /// passes its middle at the same radius. Where the rise began below the first radius, an upper
    /// bound.
    pub eps: f64,
    /// The like of a tenth of the rise: the smallest that are there. One wave has all three equal.
    pub eps_lo: f64,
    /// The like of nine tenths of the rise: the largest.
    pub eps_hi: f64,
    /// The name of the scale: its reduced wavelength, exact where that is known from elsewhere.
    pub name: f64,
    /// Whether it is not seen, but known from elsewhere: what grows faster hides it.
    pub hidden: bool,
}

impl Plateau {
    /// Whether the rise is too wide for one scale or two that are close: no gap is in it.
    pub fn is_continuum(&self) -> bool {
        self.eps_hi > BROAD * self.eps_lo
    }

    /// The largest second derivative of the scale, a force over a length, if it is one wave:
    /// `sqrt(2 s2)/eps`. The map is chaotic on it where `delta^2` times this is 5 or more.
    pub fn curvature(&self) -> f64 {
        (2.0 * self.variance).sqrt() / self.eps
    }
}

/// What a structure function says of scales.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Scales {
    /// Plateaus, from small radii to large.
    pub plateaus: Vec<Plateau>,
    /// Whether scales follow each other without a gap, so that no truncation of them is an
    /// effective potential.
    pub continuum: bool,
}

impl Structure {
    /// Finds the plateaus.
    pub fn scales(&self) -> Scales {
        let curve = self.curve();
        let mut runs = Vec::new();
        for run in curve.flat_runs() {
            curve.part(run, &mut runs);
        }
        let mut plateaus: Vec<Plateau> = Vec::new();
        for run in runs {
            let below = plateaus.last().map_or(0.0, |last| last.height);
            if let Some(plateau) = curve.plateau(run, below) {
                plateaus.push(plateau);
            }
        }
        let continuum = match plateaus.is_empty() {
            true => curve.is_uneven(),
            false => plateaus.iter().any(Plateau::is_continuum),
        };
        Scales {
            plateaus,
            continuum,
        }
    }

    /// `sqrt(E[|V''|^2])` per coordinate of what is still smooth at the radius `r`: from the growth
    /// of `S` over the octave up to it, `S(r) - S(r/2) = 3/8 k^2 r^2`. `None` outside the grid, or
    /// where there is no growth beyond its error.
    pub fn curvature_at(&self, r: f64) -> Option<f64> {
        let at = self.increments.iter().position(|i| i.r >= r * 0.999)?;
        let (low, high) = (
            self.increments.get(at.checked_sub(2)?)?,
            &self.increments[at],
        );
        let growth = high.value - low.value;
        let noise = SIGNIFICANT * high.stderr.hypot(low.stderr);
        (growth > noise).then(|| (growth / 0.375).sqrt() / high.r)
    }

    /// The same for what lies above a plateau: at the smallest radius beyond it where the growth is
    /// seen clearly. `None` where nothing grows, up to the last radius.
    pub fn curvature_above(&self, plateau: &Plateau) -> Option<f64> {
        let beyond = self.increments.iter().filter(|i| i.r > plateau.r);
        let mut grown = beyond.filter(|i| i.value > plateau.height * (1.0 + FLAT));
        grown.find_map(|i| self.curvature_at(i.r))
    }

    fn curve(&self) -> Curve<'_> {
        let floor = ROUNDING * self.force;
        let good = |i: &&Increment| i.value > floor && i.stderr.is_finite() && i.finite > 0.5;
        let points: Vec<&Increment> = self.increments.iter().filter(good).collect();
        let (n, last) = (points.len(), points.len().saturating_sub(1));
        let rate = |at: usize| {
            let (low, high) = (points[at.saturating_sub(1)], points[(at + 1).min(last)]);
            (high.value - low.value) / (high.r / low.r).ln()
        };
        let rates = if n < 3 {
            Vec::new()
        } else {
            (0..n).map(rate).collect()
        };
        Curve { points, rates }
    }
}

/// The grid, as far as it is worth reading.
struct Curve<'a> {
    points: Vec<&'a Increment>,
    /// `dS/d(log r)` over an octave.
    rates: Vec<f64>,
}

/// Grid points, the last one included.
type Run = (usize, usize);

impl Curve<'_> {
    fn slope(&self, at: usize) -> f64 {
        self.rates[at] / self.points[at].value
    }

    /// The longest stretches with a slope below [`FLAT`], of two grid points at least.
    fn flat_runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut begun = None;
        for at in 0..=self.rates.len() {
            let flat = at < self.rates.len() && self.slope(at) < FLAT;
            match (flat, begun) {
                (true, None) => begun = Some(at),
                (false, Some(from)) => {
                    runs.extend((at - from > 1).then_some((from, at - 1)));
                    begun = None;
                }
                _ => {}
            }
        }
        runs
    }

    /// Where the rate is smallest.
    fn flattest(&self, (from, to): Run) -> usize {
        let order = |a: &usize, b: &usize| self.rates[*a].total_cmp(&self.rates[*b]);
        (from..=to).min_by(order).unwrap_or(from)
    }

    /// Parts a stretch at rises that a small slope hides: those of scales that add little to what
    /// the smaller ones make.
    fn part(&self, run: Run, parts: &mut Vec<Run>) {
        let (from, to) = run;
        let excess = |top: &usize| self.rates[*top] - STEEPER * self.beside(run, *top);
        let order = |a: &usize, b: &usize| excess(a).total_cmp(&excess(b));
        let steepest = (from + 1..to).max_by(order);
        let Some(top) = steepest.filter(|top| excess(top) > 0.0 && self.is_rise(run, *top)) else {
            parts.push(run);
            return;
        };
        self.part((from, top - 1), parts);
        self.part((top + 1, to), parts);
    }

    /// The flattest places of a stretch on the two sides of a point.
    fn sides(&self, (from, to): Run, top: usize) -> (usize, usize) {
        (self.flattest((from, top - 1)), self.flattest((top + 1, to)))
    }

    /// The larger of the two rates there.
    fn beside(&self, run: Run, top: usize) -> f64 {
        let (left, right) = self.sides(run, top);
        self.rates[left].max(self.rates[right]).max(0.0)
    }

    fn is_rise(&self, run: Run, top: usize) -> bool {
        let (left, right) = self.sides(run, top);
        let (low, high) = (self.points[left], self.points[right]);
        let rise = high.value - low.value;
        rise > SIGNIFICANT * low.stderr.hypot(high.stderr) && rise > NOTABLE * high.value
    }

    fn plateau(&self, run: Run, below: f64) -> Option<Plateau> {
        let at = self.flattest(run);
        let eps_of = |part: f64, variance: f64| self.eps(below, variance, part, at);
        let mut variance = self.points[at].value - below;
        let mut stderr = self.points[at].stderr;
        let one = variance > 0.0 && eps_of(0.9, variance) <= BROAD * eps_of(0.1, variance);
        for _ in 0..if one { ROUNDS } else { 0 } {
            (variance, stderr) = self.fit(run, below, eps_of(0.5, variance))?;
            if variance <= 0.0 {
                return None;
            }
        }
        if variance.is_nan() || variance <= SIGNIFICANT * stderr {
            return None;
        }
        Some(Plateau {
            r_lo: self.points[run.0].r,
            r_hi: self.points[run.1].r,
            r: self.points[at].r,
            height: below + variance,
            height_stderr: stderr,
            variance,
            eps: eps_of(0.5, variance),
            eps_lo: eps_of(0.1, variance),
            eps_hi: eps_of(0.9, variance),
            name: eps_of(0.5, variance),
            hidden: false,
        })
    }

    /// The variance of a scale, if it is one, and its standard error: `S = below + v (1 - exp(-r^2/(2 eps^2))) +
    /// a r^2` fitted to a plateau and one point beside it, where the exponential is the end of the
    /// rise and `a` the beginning of the next. Linear in `S`, hence done with each block for the
    /// error.
    fn fit(&self, (from, to): Run, below: f64, eps: f64) -> Option<(f64, f64)> {
        let used = &self.points[from.saturating_sub(1)..(to + 2).min(self.points.len())];
        let far = used.last()?.r;
        let mut normal = [0.0; 3];
        let rows: Vec<[f64; 2]> = used
            .iter()
            .map(|point| {
                let risen = -(-0.5 * (point.r / eps).powi(2)).exp_m1();
                let grown = (point.r / far).powi(2);
                let weight = 1.0 / point.stderr.powi(2);
                normal[0] += weight * risen * risen;
                normal[1] += weight * risen * grown;
                normal[2] += weight * grown * grown;
                [weight * risen, weight * grown]
            })
            .collect();
        let [a, b, c] = normal;
        let determinant = a * c - b * b;
        // By point, what it counts in the variance.
        let shares: Vec<f64> = rows
            .iter()
            .map(|[risen, grown]| (c * risen - b * grown) / determinant)
            .collect();
        let sum = |value: &dyn Fn(&Increment) -> f64| -> f64 {
            let pairs = shares.iter().zip(used);
            pairs
                .map(|(share, point)| share * (value(point) - below))
                .sum()
        };
        let blocks = used.iter().map(|point| point.blocks.len()).min()?;
        let parts: Vec<f64> = (0..blocks)
            .map(|at| sum(&|point| point.blocks[at]))
            .collect();
        let (_, stderr, _) = mean(parts.iter().copied());
        let variance = sum(&|point| point.value);
        (variance.is_finite() && stderr.is_finite()).then_some((variance, stderr))
    }

    /// The reduced wavelength of the wave that passes the same part of the rise at the same radius,
    /// before a grid point: between grid points as a wave does. Where the rise has passed it before
    /// the first radius, that of a wave which passes it there.
    fn eps(&self, below: f64, variance: f64, part: f64, before: usize) -> f64 {
        let risen = |at: usize| (self.points[at].value - below) / variance;
        let of = |r: f64, part: f64| r / (-2.0 * (-part).ln_1p()).sqrt();
        let Some(low) = (0..=before).rev().find(|at| risen(*at) < part) else {
            return of(self.points[0].r, part);
        };
        let high = (low + 1).min(self.points.len() - 1);
        let (from, to) = (risen(low).max(TAIL), risen(high).min(1.0 - TAIL));
        let share = ((part - from) / (to - from)).clamp(0.0, 1.0);
        let (short, long) = (of(self.points[low].r, from), of(self.points[high].r, to));
        short * (long / short).powf(share)
    }

    /// Whether the slope stays far from that of anything smooth over a long stretch.
    fn is_uneven(&self) -> bool {
        let mut from: Option<f64> = None;
        for at in 0..self.rates.len() {
            let r = self.points[at].r;
            match self.slope(at) < UNEVEN {
                true => {
                    if r > LONG * *from.get_or_insert(r) {
                        return true;
                    }
                }
                false => from = None,
            }
        }
        false
    }
}
