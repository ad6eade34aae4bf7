//! The scales of a potential before the first step: its structure function where trajectories will
//! be.

use super::components::components;
use super::{Options, Potential};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Side, Stream, Streams, Survey, survey};
use crate::learn::scale;
use crate::learn::structure::{Plateau, Scales, Structure, radii, structure};

/// Random numbers of its own.
const SEED: u64 = 0x2545_f491;
/// Boxes around the lowest place that are looked at first: half widths, as powers of two.
const LADDER: std::ops::RangeInclusive<i32> = -24..=12;
/// Points of each.
const FEW: usize = 256;
/// Points of a first look over all radii.
const SOME: usize = 2048;
/// Points that heights and lengths are read from: heights err by half a percent then.
const MANY: usize = 32_768;
/// Coordinates of all of them at most.
const MOST_NUMBERS: usize = 1 << 21;
/// Octaves of radii below the size of what is visited.
const OCTAVES: i32 = 40;
/// The first radius, in parts of the smallest scale.
const BELOW: f64 = 0.125;
/// Radii go to this part of the size of what is visited.
const WITHIN: f64 = 0.25;
/// The friction that temperatures are guessed with where none is given.
pub(super) const FRICTION: f64 = 0.1;
/// `delta^2 U''` of a step that is nearly too large.
pub(super) const COARSE: f64 = 0.3;
/// `delta^2 U''` of the step whose temperature is looked at: colder than the former, where what
/// lies above the scales does not yet hide them.
const GENTLE: f64 = 0.1;
/// A scale of which half a wavelength is this part of all periods is no detail of the landscape.
const WHOLE: f64 = 0.125;

/// What is known of the scales of a potential.
pub(super) struct Prospect {
    /// What was seen of V.
    pub survey: Survey,
    /// The structure function where a map at temperature `kt` goes.
    pub structure: Structure,
    /// Its plateaus.
    pub scales: Scales,
    /// A temperature that learning above all scales would have.
    pub kt: f64,
    /// `sqrt(E[|U''|^2])` of what lies above all scales; `None` where nothing does.
    pub curvature: Option<f64>,
}

/// Looks at the force around where V is lowest, and then where the map would go: the temperature
/// follows from the unresolved force, and that from where one looks.
///
/// # Errors
/// V is finite nowhere.
pub(super) fn prospect(potential: &Potential, options: &Options) -> Result<Prospect, Diagnostic> {
    let mut look = Look::new(potential, options);
    look.waves = written(potential);
    if let Some(error) = nowhere(&look.survey) {
        return Err(error);
    }
    let mut stream = look.streams.stream(1);
    let gamma = options.gamma.unwrap_or(FRICTION);
    let mut kt = look.first_guess(gamma, &mut stream);
    let mut found = look.at(kt, SOME, None, &mut stream);
    for _ in 0..6 {
        let Some(next) = found.temperature(gamma) else {
            break;
        };
        let ratio = next / kt;
        kt = next;
        found = look.at(kt, SOME, None, &mut stream);
        if (0.8..1.25).contains(&ratio) {
            break;
        }
    }
    let smallest = found.scales.plateaus.first().map(|p| BELOW * p.eps_lo);
    let many = MANY.min(MOST_NUMBERS / potential.model.dimension().max(1));
    Ok(look.at(kt, many.max(FEW), smallest, &mut stream))
}

/// What is wrong with a potential that nothing can be learned from.
fn nowhere(survey: &Survey) -> Option<Diagnostic> {
    let message = "the potential is finite nowhere around the start";
    let help = "check the formula, or say with --start or --domain where it lives";
    survey
        .empty
        .then(|| Diagnostic::error("nowhere-finite", message).help(help))
}

impl Prospect {
    /// The temperature of a map with a step that is good for what lies above all scales, (2.7) of Li & Tao 2024; `None` without any scale.
    fn temperature(&self, gamma: f64) -> Option<f64> {
        // What is not seen says nothing of where one would look.
        let s2 = self.scales.plateaus.last().filter(|p| !p.hidden)?.height;
        let delta = (GENTLE / self.curvature?).sqrt();
        Some(scale::friction(delta, s2, gamma)).filter(|kt| kt.is_normal())
    }
}

pub(super) struct Look<'a> {
    potential: &'a Potential,
    pub survey: Survey,
    streams: Streams,
    /// The waves that V is written with, shortest first.
    waves: Vec<Written>,
}

/// Waves of one length among the terms of V.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Written {
    /// The reduced wavelength.
    eps: f64,
    /// The variance of their force, per coordinate.
    variance: f64,
}

/// Coordinates in which terms are few enough to be read before the first step.
const READ: usize = 64;
/// Waves whose lengths differ by less have one length.
const SAME: f64 = 1.001;
/// A scale that is measured this near to a wave that is written is that wave.
const NEAR: f64 = 1.3;
/// Waves are a scale below what lies above where they bend V so many times as much.
const BENT: f64 = 3.0;

fn written(potential: &Potential) -> Vec<Written> {
    let d = potential.model.dimension();
    if d > READ {
        return Vec::new();
    }
    let mut waves: Vec<Written> = Vec::new();
    for wave in components(potential).iter().rev() {
        let eps = 1.0 / wave.wavenumber;
        let variance = 0.5 * (wave.amplitude * wave.wavenumber).powi(2) / d as f64;
        match waves.last_mut() {
            Some(last) if eps < SAME * last.eps => last.variance += variance,
            _ => waves.push(Written { eps, variance }),
        }
    }
    waves
}

impl Look<'_> {
    pub fn new<'a>(potential: &'a Potential, options: &Options) -> Look<'a> {
        let coordinates = &potential.model.coordinates;
        let own = |at: usize| options.domain.as_ref().and_then(|domain| domain.get(at));
        let side = |at: usize| {
            let period = coordinates[at].period.map(Side::period);
            period.or(own(at).map(|(lo, hi)| Side::plain(*lo, *hi)))
        };
        let sides: Vec<Option<Side>> = (0..coordinates.len()).map(side).collect();
        let origin = vec![0.0; sides.len()];
        let start = options.start.as_ref().filter(|s| s.len() == sides.len());
        let streams = Streams::new(options.seed.unwrap_or(1) ^ SEED);
        let values = |x: &[f64], out: &mut [f64]| potential.values(x, out);
        let survey = survey(
            start.unwrap_or(&origin),
            &sides,
            &mut streams.stream(0),
            values,
            |x, out| potential.gradients(x, out),
        );
        Look {
            potential,
            survey,
            streams,
            waves: Vec::new(),
        }
    }

    fn dimension(&self) -> usize {
        self.potential.model.dimension()
    }

    fn structure(&self, points: &[f64], radii: &[f64], stream: &mut Stream) -> Structure {
        let mut slopes = |x: &[f64], out: &mut [f64]| self.potential.gradients(x, out);
        structure(points, self.dimension(), radii, stream, &mut slopes)
    }

    /// [`Look::first_guess`] with the friction of the options, and random numbers of its own.
    pub fn temperature(&self, options: &Options) -> f64 {
        let gamma = options.gamma.unwrap_or(FRICTION);
        self.first_guess(gamma, &mut self.streams.stream(1))
    }

    /// A temperature from boxes of all sizes around the lowest place: the largest of them whose
    /// structure function hardly differs from that of one four times as large tells the unresolved
    /// force, larger ones what lies above. 1 where there is no such box.
    fn first_guess(&self, gamma: f64, stream: &mut Stream) -> f64 {
        let ladder: Vec<(f64, f64)> = LADDER
            .step_by(2)
            .map(|k| {
                let half = f64::from(k).exp2();
                let mut points = Vec::with_capacity(FEW * self.dimension());
                for x in &self.survey.lowest {
                    points.extend((0..FEW).map(|_| x + half * (2.0 * stream.uniform() - 1.0)));
                }
                let r = WITHIN * half;
                let found = self.structure(&points, &[r], stream);
                (r, found.increments.first().map_or(f64::NAN, |i| i.value))
            })
            .collect();
        let flat = |pair: &&[(f64, f64)]| pair[0].1 > 0.0 && pair[1].1 < 2.0 * pair[0].1;
        let Some(pair) = ladder.windows(2).rev().find(flat) else {
            return 1.0;
        };
        let (r, s2) = pair[0];
        let above = ladder.iter().find(|(at, s)| *at > r && *s > 3.0 * s2);
        let curvature = above.map_or(1.0, |(at, s)| (2.0 * (s - s2)).sqrt() / at);
        let kt = scale::friction((GENTLE / curvature).sqrt(), s2, gamma);
        if kt.is_normal() { kt } else { 1.0 }
    }

    /// The structure function where a system at temperature `kt` is, from the radius `smallest` up.
    fn at(&self, kt: f64, points: usize, smallest: Option<f64>, stream: &mut Stream) -> Prospect {
        let d = self.dimension();
        let values = |x: &[f64], out: &mut [f64]| self.potential.values(x, out);
        let mut pool: Vec<f64> = Vec::new();
        while pool.len() < points * d {
            pool.extend(self.survey.starts(kt, stream, values));
        }
        pool.truncate(points * d);
        // By coordinate, as gradients take them.
        let columns: Vec<f64> = (0..d)
            .flat_map(|c| pool.iter().skip(c).step_by(d).copied())
            .collect();
        let size = self.size(kt);
        let lo = smallest.unwrap_or(size * f64::from(-OCTAVES).exp2());
        let structure = self.structure(&columns, &radii(lo, WITHIN * size), stream);
        let mut scales = structure.scales();
        self.forget_the_whole(&mut scales, size);
        self.read(&mut scales, &structure, size);
        let curvature = match scales.plateaus.last() {
            Some(top) => structure.curvature_above(top),
            None => structure
                .increments
                .last()
                .and_then(|last| structure.curvature_at(last.r)),
        };
        Prospect {
            survey: self.survey.clone(),
            structure,
            scales,
            kt,
            curvature,
        }
    }

    /// Where all coordinates are periodic the landscape itself ends in a plateau: it is no scale to
    /// be removed.
    fn forget_the_whole(&self, scales: &mut Scales, size: f64) {
        let mut coordinates = self.potential.model.coordinates.iter();
        let largest = scales.plateaus.last().map_or(0.0, |p| p.eps);
        if coordinates.all(|c| c.period.is_some()) && std::f64::consts::PI * largest > WHOLE * size
        {
            scales.plateaus.pop();
            scales.continuum = scales.plateaus.iter().any(|p| p.is_continuum());
        }
    }

    /// What the text of V says of its scales: a wave near to one that was measured is that one, and
    /// where nothing stands out of steep slopes the waves that are written do.
    fn read(&self, scales: &mut Scales, structure: &Structure, size: f64) {
        for plateau in scales.plateaus.iter_mut().filter(|p| !p.is_continuum()) {
            let within = |wave: &&Written| {
                (wave.eps / plateau.eps).max(plateau.eps / wave.eps) < NEAR * NEAR
            };
            let near: Vec<&Written> = self.waves.iter().filter(within).collect();
            if let [one] = near[..]
                && (one.eps / plateau.eps).max(plateau.eps / one.eps) < NEAR
            {
                plateau.name = one.eps;
            }
        }
        if !scales.plateaus.is_empty() || scales.continuum {
            return;
        }
        let top = structure.increments.last();
        let above = top.and_then(|last| structure.curvature_at(last.r));
        let mut height = 0.0;
        for wave in &self.waves {
            let bend = (2.0 * wave.variance).sqrt() / wave.eps;
            let detail = std::f64::consts::PI * wave.eps < WHOLE * size;
            if !detail || above.is_some_and(|above| bend < BENT * above) {
                continue;
            }
            height += wave.variance;
            // Where the rise of one wave has ended.
            let r = 3.0 * wave.eps;
            scales.plateaus.push(Plateau {
                r_lo: r,
                r_hi: r,
                r,
                height,
                height_stderr: 0.0,
                variance: wave.variance,
                eps: wave.eps,
                eps_lo: wave.eps,
                eps_hi: wave.eps,
                name: wave.eps,
                hidden: true,
            });
        }
    }

    /// The smallest width of what is visited.
    fn size(&self, kt: f64) -> f64 {
        let hull = self.survey.hull(kt);
        let widths: Vec<f64> = match &hull {
            Some(hull) => hull.iter().map(|side| side.hi - side.lo).collect(),
            None => vec![1.0],
        };
        widths.into_iter().fold(f64::INFINITY, f64::min)
    }
}
