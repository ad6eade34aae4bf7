//! The pilot: a short run that tells whether there is anything to sample, and how hot it is.

use super::sample::{STARTS_STREAM, Sampler, draw};
use crate::dynamics::{DampedMap, Ensemble, Side, Stream, Streams, Survey};
use crate::kernel::LANES;

/// What the pilot found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pilot {
    /// The momenta live.
    Alive,
    /// The momenta die out, and the lanes rest in many different places.
    Caught,
    /// The momenta die out, and the lanes rest in the few wells of a smooth potential.
    AtRest,
    /// Most lanes diverge.
    Diverged,
    /// Most lanes end where V is not finite.
    Undefined,
    /// Most lanes rest far above anything that the forces on them could have lifted them to.
    Lifted,
}

/// A pilot run.
pub(super) struct Trial {
    pub found: Pilot,
    /// The mean of `p^2` at its end.
    pub kt: f64,
    /// Steps of all lanes.
    pub steps: u64,
    /// The largest `delta^2 |V''|` that was seen (in several coordinates with the Frobenius norm of
    /// the Hessian), where all were finite.
    pub stiffness: Option<f64>,
    pub ensemble: Ensemble,
}

/// The pilot has random numbers of its own.
const PILOT_SEED: u64 = 0x5bd1_e995;
/// Relaxation times of a pilot, two to a window.
const RELAXATIONS: f64 = 16.0;
/// Relaxation times that may be added while the momenta fall.
const MORE: f64 = 48.0;
/// The most steps of a pilot.
const LONGEST: f64 = 1e6;
/// A fall of `p^2` by this much may be a death.
const DYING: f64 = 1e-4;
/// After such a fall it is one: a start high above the wells falls less and then lives.
const DEAD: f64 = 1e-18;
/// Lanes that start at a temperature are hardly ever this many times higher.
const LIFTED: f64 = 1e3;
/// No orbit is chaotic where `delta^2 |V''|` stays below: the standard map is regular there but
/// for layers thinner than `exp(-pi^2/sqrt(0.5))`.
const REGULAR: f64 = 0.5;

/// How `p^2` has gone from window to window.
#[derive(Default)]
struct Heat {
    highest: f64,
    before: f64,
    last: f64,
    /// What falls below this part of itself from one window to the next, falls.
    falling: f64,
}

impl Heat {
    fn add(&mut self, p2: f64) {
        (self.before, self.last) = (self.last, p2);
        self.highest = self.highest.max(p2);
    }

    /// Whether `p^2` has fallen far enough to die.
    fn may_die(&self) -> bool {
        self.last <= DYING * self.highest
    }

    fn falls(&self) -> bool {
        self.last < self.falling * self.before
    }

    fn is_dead(&self) -> bool {
        self.last <= DEAD * self.highest || (self.may_die() && self.falls())
    }
}

impl Sampler<'_> {
    /// Lets lanes loose around the lowest place, at rest: they heat up to the temperature that the
    /// unresolved scales give them, or do not.
    pub(super) fn pilot(&self, survey: &Survey) -> Trial {
        let relaxation = self.relaxation;
        let streams = self.pilot_streams();
        let pool = self.pilot_pool(survey, self.settings.delta);
        let mut ensemble = self.pilot_ensemble(streams, &pool);
        let steps = (RELAXATIONS * relaxation).clamp(128.0, LONGEST) as u64;
        let mut heat = Heat {
            // A third of the rate of a free decay.
            falling: (-(self.window as f64) / (3.0 * relaxation)).exp(),
            ..Heat::default()
        };
        let mut done = 0;
        for window in self.windows(steps, 1).flatten() {
            heat.add(self.pilot_window(&mut ensemble, &self.map, window, &pool));
            done += window;
            self.report("looking around", done as f64 / steps as f64);
        }
        let more = (MORE * relaxation).min(LONGEST) as u64 / self.window;
        for _ in 0..more {
            if !(heat.may_die() && heat.falls()) || heat.last <= DEAD * heat.highest {
                break;
            }
            heat.add(self.pilot_window(&mut ensemble, &self.map, self.window as usize, &pool));
        }
        let stiffness = Some(self.stiffness(&ensemble, &pool)).filter(|k| k.is_finite());
        let kinetic: Vec<f64> = ensemble
            .fates()
            .map(|fate| fate.kinetic)
            .filter(|kinetic| kinetic.is_finite())
            .collect();
        Trial {
            found: self.found(survey, &ensemble, &pool, &heat, stiffness),
            kt: kinetic.iter().sum::<f64>() / kinetic.len().max(1) as f64,
            steps: ensemble.steps(),
            stiffness,
            ensemble,
        }
    }

    fn found(
        &self,
        survey: &Survey,
        ensemble: &Ensemble,
        pool: &[f64],
        heat: &Heat,
        stiffness: Option<f64>,
    ) -> Pilot {
        let census = ensemble.census();
        if 2 * census.diverged > census.windows || heat.last.is_nan() {
            Pilot::Diverged
        } else if self.leaves_the_definition(ensemble) {
            Pilot::Undefined
        } else if heat.is_dead() && self.is_lifted(survey, ensemble, heat) {
            Pilot::Lifted
        } else if stiffness.is_some_and(|k| k < REGULAR) {
            Pilot::AtRest
        } else if heat.is_dead() {
            at_rest(ensemble, pool)
        } else {
            Pilot::Alive
        }
    }

    fn pilot_streams(&self) -> Streams {
        Streams::new(self.settings.seed ^ PILOT_SEED)
    }

    fn pilot_pool(&self, survey: &Survey, delta: f64) -> Vec<f64> {
        let mut stream: Stream = self.pilot_streams().stream(STARTS_STREAM);
        match self.settings.start {
            Some(ref start) => start.clone(),
            None => {
                let slopes = |x: &[f64], out: &mut [f64]| self.potential.gradients(x, out);
                let kick = survey.kick(delta, &mut stream, slopes);
                let values = |x: &[f64], out: &mut [f64]| self.potential.values(x, out);
                survey.starts(kick, &mut stream, values)
            }
        }
    }

    fn pilot_ensemble(&self, streams: Streams, pool: &[f64]) -> Ensemble {
        let everywhere = Side::plain(-1e300, 1e300);
        let sides: Vec<Side> = self
            .sides
            .iter()
            .map(|side| side.unwrap_or(everywhere))
            .collect();
        Ensemble::new(
            self.groups,
            streams,
            &draw(pool, sides.len()),
            0.0,
            &sides,
            false,
            self.watch(),
        )
    }

    /// One window of all lanes; the upper quartile of `p^2`.
    fn pilot_window(
        &self,
        ensemble: &mut Ensemble,
        map: &DampedMap,
        window: usize,
        pool: &[f64],
    ) -> f64 {
        let mut nobody = vec![(); self.groups];
        let cancelled = self.hooks.cancelled;
        let starts = draw(pool, self.sides.len());
        ensemble.advance(map, &[window], 0, &starts, &mut nobody, cancelled);
        ensemble.upper_quartile()
    }

    /// The largest `delta^2 |V''|` where lanes start and where they end; NaN where that is not
    /// finite.
    fn stiffness(&self, ensemble: &Ensemble, pool: &[f64]) -> f64 {
        let ends = ensemble.positions();
        let (d, lanes) = (self.sides.len(), ensemble.groups() * LANES);
        let mut points = Vec::with_capacity(ends.len() + pool.len());
        for c in 0..d {
            points.extend_from_slice(&ends[c * lanes..][..lanes]);
            points.extend(pool.iter().skip(c).step_by(d));
        }
        let stiffnesses = self.potential.stiffness(&points, &self.settings.damping);
        let largest = match stiffnesses.iter().any(|k| k.is_nan()) {
            true => f64::NAN,
            false => stiffnesses.iter().fold(0.0f64, |most, k| most.max(*k)),
        };
        self.settings.delta.powi(2) * largest
    }

    /// Whether most lanes are at places where V is not finite: its gradient may well be.
    fn leaves_the_definition(&self, ensemble: &Ensemble) -> bool {
        if !self.potential.has_values() {
            return false;
        }
        let values = self.potential.curve(&ensemble.positions());
        2 * values.iter().filter(|v| !v.is_finite()).count() > values.len()
    }

    /// Whether most lanes are much higher than the hottest moment explains: they have passed a jump
    /// of V that its gradient does not show.
    fn is_lifted(&self, survey: &Survey, ensemble: &Ensemble, heat: &Heat) -> bool {
        let explained = survey.level + LIFTED * heat.highest + 1e-6 * survey.level.abs();
        let values = self.potential.curve(&ensemble.positions());
        let lifted = |v: &&f64| **v > explained;
        self.settings.start.is_none() && 2 * values.iter().filter(lifted).count() > values.len()
    }

    /// The largest of a ladder of smaller steps, to two digits, that keeps all lanes for as long
    /// as a pilot takes; `None` where none is found or the run is to stop.
    pub(super) fn gentler(&self, survey: &Survey) -> Option<f64> {
        let delta = self.settings.delta;
        let mut map = self.potential.map(self.settings.damping.clone()).ok()?;
        let slowest = self.settings.damping.slowest();
        let mut keeps = |delta: f64| {
            let Some(damping) = self.settings.damping_at(delta) else {
                return false;
            };
            map.set(damping);
            let pool = self.pilot_pool(survey, delta);
            let mut ensemble = self.pilot_ensemble(self.pilot_streams(), &pool);
            let steps = (RELAXATIONS / (slowest * delta)).clamp(128.0, 1e5) as u64;
            for window in self.windows(steps, 1).flatten() {
                let last = self.pilot_window(&mut ensemble, &map, window, &pool);
                if last.is_nan() || ensemble.census().diverged > 0 || self.cancelled() {
                    return false;
                }
            }
            true
        };
        // Enough quarters to come from the largest double down to the smallest.
        let coarse = (1..=1024)
            .map(|k| two_digits(0.25f64.powi(k) * delta))
            .take_while(|delta| *delta > 0.0 && !self.cancelled())
            .find(|&delta| keeps(delta))?;
        // Between the last that fails and the first that does not.
        let finer = [3.0, 2.5, 2.0, 1.6, 1.3].map(|factor| two_digits(factor * coarse));
        let best = finer.into_iter().find(|&delta| keeps(delta));
        Some(best.unwrap_or(coarse)).filter(|_| !self.cancelled())
    }
}

/// Rounded down, to two digits.
pub(super) fn two_digits(x: f64) -> f64 {
    let unit = 10f64.powf(x.log10().floor() - 1.0);
    let rounded = (x / unit).floor() * unit;
    // The nearest double to the decimal number, so that it prints in two digits.
    format!("{rounded:.1e}").parse().unwrap_or(rounded)
}

/// Tells lanes that rest in the wells of a smooth potential from lanes that rest wherever the
/// small scale caught them: the former share their places. `starts` has the shape points,
/// coordinates.
fn at_rest(ensemble: &Ensemble, starts: &[f64]) -> Pilot {
    /// More places than that are not the wells of anything smooth.
    const MANY: usize = 64;
    let lanes = ensemble.groups() * LANES;
    let positions = ensemble.positions();
    let d = positions.len() / lanes.max(1);
    let spreads: Vec<f64> = (0..d)
        .map(|c| {
            let along = starts.iter().skip(c).step_by(d).filter(|x| x.is_finite());
            let ends = along.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| {
                (lo.min(*x), hi.max(*x))
            });
            ends.1 - ends.0
        })
        .collect();
    let place = |lane: usize| -> Vec<f64> { (0..d).map(|c| positions[c * lanes + lane]).collect() };
    let mut distinct: Vec<Vec<f64>> = Vec::new();
    for place in (0..lanes).map(place) {
        // What is left of a decaying oscillation is below a hundredth of where it began.
        let apart = |(c, x): (usize, &f64), known: &[f64]| (x - known[c]).abs() > 1e-2 * spreads[c];
        let known = |known: &Vec<f64>| !place.iter().enumerate().any(|at| apart(at, known));
        if distinct.len() < MANY
            && place.iter().all(|x| x.is_finite())
            && !distinct.iter().any(known)
        {
            distinct.push(place);
        }
    }
    let many = distinct.len() == MANY || distinct.len() > lanes / 8;
    if distinct.len() > 4 && many {
        Pilot::Caught
    } else {
        Pilot::AtRest
    }
}
