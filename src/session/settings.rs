//! What a learning run is told: options as given, and settings as resolved.
//!
//! Options mirror the command line and the `learn` block, everything optional. They are resolved
//! once, into the [`Settings`] that the run sees and the result records.

use super::estimator::{Chosen, Estimator, fits};
use super::given::Given;
use super::matrices::damping;
use super::noise::NoiseSource;
use super::room::MOST_BINNED;
use crate::check::{Block, KEYS, suggest};
use crate::diagnostic::Diagnostic;
use crate::dynamics::Damping;
use crate::graph::Coordinate;
use crate::source::Span;

/// The knots of the spline, if not chosen by the resolution length.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Knots {
    /// So many cells over the covered domain.
    Count(usize),
    /// Cells of that width.
    Spacing(f64),
}

/// A matrix by rows.
pub type Matrix = Vec<Vec<f64>>;

/// What was asked for; `None` is "not said".
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Options {
    /// The step.
    pub delta: Option<f64>,
    /// Keep structure of this size (half a wavelength) and more: step and friction follow.
    pub resolve: Option<f64>,
    /// Take the smallest step of the widest window between scales.
    pub automatic: bool,
    /// The friction, a number.
    pub gamma: Option<f64>,
    /// The friction, a matrix; it beats the number.
    pub friction: Option<Matrix>,
    /// The mass.
    pub mass: Option<Matrix>,
    /// Estimators; the first becomes `U.pot`.
    pub estimators: Vec<Estimator>,
    /// Steps in all, after burn-in.
    pub steps: Option<u64>,
    /// Trajectories.
    pub trajectories: Option<usize>,
    /// Steps of burn-in of each trajectory.
    pub burn_in: Option<u64>,
    /// The seed.
    pub seed: Option<u64>,
    /// Where to start, by coordinate.
    pub start: Option<Vec<f64>>,
    /// Where to stay, by coordinate.
    pub domain: Option<Vec<(f64, f64)>>,
    /// The knots.
    pub knots: Option<Knots>,
    /// Whether trapped trajectories are moved.
    pub restarts: Option<bool>,
    /// Stop when the median standard error of U is below.
    pub target: Option<f64>,
    /// A function of the file that U is held against.
    pub compare: Option<String>,
    /// The temperature of a free energy and a mobility beside U.
    pub kt: Option<f64>,
    /// Which functions get a weight from `terms`.
    pub terms: Option<Chosen>,
    /// How the covariance of the noise is measured.
    pub noise: Option<NoiseSource>,
}

impl Options {
    /// These options, with those of `other` where nothing is said here.
    pub fn or(self, other: Options) -> Options {
        // How to choose the step is one choice, and a size asks for a friction too.
        let chosen = self.delta.is_some() || self.automatic || self.resolve.is_some();
        let other = match (chosen, self.resolve) {
            (false, _) => other,
            (true, sized) => Options {
                delta: None,
                resolve: None,
                automatic: false,
                gamma: other.gamma.filter(|_| sized.is_none()),
                friction: other.friction.filter(|_| sized.is_none()),
                ..other
            },
        };
        Options {
            delta: self.delta.or(other.delta),
            resolve: self.resolve.or(other.resolve),
            automatic: self.automatic || other.automatic,
            gamma: self.gamma.or(other.gamma),
            // A number on the command line beats a matrix in the file.
            friction: match self.gamma {
                Some(_) => self.friction,
                None => self.friction.or(other.friction),
            },
            mass: self.mass.or(other.mass),
            estimators: if self.estimators.is_empty() {
                other.estimators
            } else {
                self.estimators
            },
            steps: self.steps.or(other.steps),
            trajectories: self.trajectories.or(other.trajectories),
            burn_in: self.burn_in.or(other.burn_in),
            seed: self.seed.or(other.seed),
            start: self.start.or(other.start),
            domain: self.domain.or(other.domain),
            knots: self.knots.or(other.knots),
            restarts: self.restarts.or(other.restarts),
            target: self.target.or(other.target),
            compare: self.compare.or(other.compare),
            kt: self.kt.or(other.kt),
            terms: self.terms.or(other.terms),
            noise: self.noise.or(other.noise),
        }
    }

    /// Whether other options say the same of a setting that is resolved with the coordinates.
    pub(super) fn agrees(&self, other: &Options, key: &str) -> bool {
        match key {
            "start" => self.start == other.start,
            "domain" => self.domain == other.domain,
            "friction" => self.friction == other.friction,
            "mass" => self.mass == other.mass,
            _ => false,
        }
    }

    /// The options that a `learn` block gives.
    pub fn from_block(block: &Block) -> Result<Options, Vec<Diagnostic>> {
        let mut options = Options::default();
        let mut problems = Vec::new();
        for entry in &block.entries {
            let value = Given {
                key: &entry.key,
                value: &entry.value,
                span: entry.value_span,
            };
            if let Err(problem) = options.set(&value, entry.key_span) {
                problems.push(*problem);
            }
        }
        if problems.is_empty() {
            Ok(options)
        } else {
            Err(problems)
        }
    }

    fn set(&mut self, given: &Given<'_>, key_span: Span) -> Result<(), Box<Diagnostic>> {
        match given.key {
            "delta" if given.is_automatic() => self.automatic = true,
            "delta" => self.delta = Some(given.positive()?),
            "resolve" => self.resolve = Some(given.positive()?),
            "gamma" => self.gamma = Some(given.positive()?),
            "friction" => self.friction = Some(given.matrix()?),
            "mass" => self.mass = Some(given.matrix()?),
            "estimator" | "estimators" => self.estimators = given.estimators()?,
            "steps" => self.steps = Some(given.count()?),
            "trajectories" => self.trajectories = Some(given.count()? as usize),
            "burn_in" => self.burn_in = Some(given.count()?),
            "seed" => self.seed = Some(given.whole()?),
            "start" => self.start = Some(given.point()?),
            "domain" => self.domain = Some(given.ranges()?),
            "knots" => self.knots = Some(given.knots()?),
            "restarts" => self.restarts = Some(given.switch()?),
            "target" => self.target = Some(given.positive()?),
            "kT" => self.kt = Some(given.positive()?),
            "compare" => self.compare = Some(given.name()?),
            "terms" => self.terms = Some(Chosen::named(given.names()?)),
            "noise" => self.noise = Some(given.noise()?),
            unknown => {
                let mut problem = Diagnostic::error(
                    "unknown-setting",
                    format!("a learn block has no setting `{unknown}`"),
                )
                .at(key_span, "not known");
                let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
                problem = match suggest(unknown, known.iter().copied()) {
                    Some(close) => problem.help(format!("did you mean `{close}`?")),
                    None => problem.help(format!("the settings are {}", known.join(", "))),
                };
                return Err(Box::new(problem));
            }
        }
        Ok(())
    }
}

/// What a run does: every choice made.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// The step.
    pub delta: f64,
    /// The size of structure that was to be kept, if step and friction were chosen by it.
    pub resolve: Option<f64>,
    /// The friction; where it is a matrix, the mean of its diagonal.
    pub gamma: f64,
    /// Whether the friction was chosen to match the noise and the barriers of V.
    pub chosen: bool,
    /// The friction, where it is a matrix.
    pub friction: Option<Matrix>,
    /// The mass, where it is not the identity.
    pub mass: Option<Matrix>,
    /// Step, friction and mass of the map.
    pub damping: Damping,
    /// Estimators; the first becomes `U.pot`.
    pub estimators: Vec<Estimator>,
    /// Steps in all, after burn-in.
    pub steps: u64,
    /// Trajectories, a multiple of the lanes of a group.
    pub trajectories: usize,
    /// Steps of burn-in of each trajectory.
    pub burn_in: u64,
    /// The seed.
    pub seed: u64,
    /// Where to start, if said, by coordinate.
    pub start: Option<Vec<f64>>,
    /// Where to stay, if said, by coordinate; that of a periodic coordinate means nothing.
    pub domain: Option<Vec<(f64, f64)>>,
    /// The knots, if said.
    pub knots: Option<Knots>,
    /// Whether trapped trajectories are moved.
    pub restarts: bool,
    /// Stop when the median standard error of U is below.
    pub target: Option<f64>,
    /// A function of the file that U is held against.
    pub compare: Option<String>,
    /// The temperature of a free energy and a mobility beside U.
    pub kt: Option<f64>,
    /// Which functions get a weight from `terms`.
    pub terms: Chosen,
    /// How the covariance of the noise is measured.
    pub noise: NoiseSource,
}

/// A setting that will not do.
#[derive(Clone, PartialEq, Debug)]
pub struct NotResolved {
    /// The setting, as the block calls it.
    pub key: &'static str,
    /// What is wrong with it.
    pub diagnostic: Diagnostic,
}

impl NotResolved {
    pub(super) fn of(key: &'static str, diagnostic: Diagnostic) -> Box<NotResolved> {
        Box::new(NotResolved { key, diagnostic })
    }
}

/// The friction where nothing asks for another (Li & Tao 2024, Algorithm 1).
pub(super) const FRICTION: f64 = 0.1;

/// From so many steps on there are four times as many trajectories: more passes of the kernel than
/// two processors make at once, so that none waits for the other, and burn-in costs nothing beside.
const LONG: u64 = 1_000_000_000;
/// The most relaxation steps of burn-in that are made without being asked for.
const LONGEST_BURN_IN: f64 = 1e6;

impl Options {
    /// Makes every choice that is open, for a potential with these coordinates.
    ///
    /// # Errors
    /// There is no `delta`, a setting does not go with the number of coordinates, or friction or
    /// mass do not damp.
    pub fn resolve(self, coordinates: &[Coordinate]) -> Result<Settings, Box<NotResolved>> {
        let Some(delta) = self.delta else {
            let diagnostic = Diagnostic::error(
                "no-delta",
                "no step is given: it chooses the scale below which structure disappears",
            )
            .help("add `--delta 0.5`, or `delta = 0.5` in the learn block of the file; `--delta auto` chooses one, and `effpot-lang scan` shows which there are");
            return Err(NotResolved::of("delta", diagnostic));
        };
        let d = coordinates.len();
        one_each("start", self.start.as_deref(), coordinates)?;
        one_each("domain", self.domain.as_deref(), coordinates)?;
        whole_periods(self.domain.as_deref(), coordinates)?;
        let gamma = match &self.friction {
            Some(matrix) => trace(matrix) / d as f64,
            None => self.gamma.unwrap_or(FRICTION),
        };
        let damping = damping(d, delta, gamma, &self.friction, &self.mass)?;
        let mut estimators = self.estimators;
        if estimators.is_empty() {
            estimators.push(match d {
                _ if self.terms.is_some() => Estimator::Terms,
                0..=MOST_BINNED => Estimator::Value,
                _ => Estimator::Terms,
            });
        }
        fits(&estimators, d)?;
        let mut unique: Vec<Estimator> = Vec::new();
        for estimator in estimators {
            if !unique.contains(&estimator) {
                unique.push(estimator);
            }
        }
        let steps = self
            .steps
            .unwrap_or_else(|| unique.iter().map(|e| e.steps(d)).max().unwrap_or(1_000_000));
        let lanes = crate::kernel::LANES;
        let trajectories = self
            .trajectories
            .unwrap_or(if steps < LONG { 64 } else { 256 })
            .div_ceil(lanes)
            .max(1)
            .saturating_mul(lanes);
        let relaxation = 1.0 / (damping.slowest() * delta);
        let burn_in = self
            .burn_in
            .unwrap_or((10.0 * relaxation).clamp(100.0, LONGEST_BURN_IN).ceil() as u64);
        Ok(Settings {
            delta,
            resolve: self.resolve,
            gamma,
            chosen: false,
            friction: self.friction,
            mass: self.mass,
            damping,
            estimators: unique,
            steps,
            trajectories,
            burn_in,
            seed: self.seed.unwrap_or(1),
            start: self.start,
            domain: self.domain,
            knots: self.knots,
            restarts: self.restarts.unwrap_or(true),
            target: self.target,
            compare: self.compare,
            kt: self.kt,
            terms: self.terms.unwrap_or_default(),
            noise: self.noise.unwrap_or(NoiseSource::Residual),
        })
    }
}

impl Settings {
    /// The same friction and mass at another step.
    pub fn damping_at(&self, delta: f64) -> Option<Damping> {
        let d = self.damping.dimension();
        damping(d, delta, self.gamma, &self.friction, &self.mass).ok()
    }
}

fn trace(matrix: &Matrix) -> f64 {
    let diagonal = matrix.iter().enumerate().filter_map(|(i, row)| row.get(i));
    diagonal.sum()
}

/// Whether a setting has one entry for each coordinate.
fn one_each<T>(
    key: &'static str,
    given: Option<&[T]>,
    coordinates: &[Coordinate],
) -> Result<(), Box<NotResolved>> {
    let Some(given) = given.filter(|given| given.len() != coordinates.len()) else {
        return Ok(());
    };
    let names: Vec<&str> = coordinates.iter().map(|c| c.name.as_str()).collect();
    let diagnostic = Diagnostic::error(
        "wrong-setting",
        format!(
            "`{key}` has {} where the potential has {} coordinate{}: {}",
            given.len(),
            names.len(),
            if names.len() == 1 { "" } else { "s" },
            names.join(", ")
        ),
    )
    .help(match key {
        "start" => "one number for each, such as `--start 0.5,-1`, or `start = [0.5, -1]` in the file",
        _ => "one range for each, such as `--domain -2..2 --domain 0..1`, or `domain = [-2..2, 0..1]` in the file",
    });
    Err(NotResolved::of(key, diagnostic))
}

/// Whether the domain of each periodic coordinate is all of its period.
fn whole_periods(
    domain: Option<&[(f64, f64)]>,
    coordinates: &[Coordinate],
) -> Result<(), Box<NotResolved>> {
    let sides = domain.unwrap_or_default().iter().zip(coordinates);
    let part = |((lo, hi), c): &(&(f64, f64), &Coordinate)| {
        c.period
            .is_some_and(|length| hi - lo < length * (1.0 - 1e-9))
    };
    let Some((_, c)) = sides.into_iter().find(part) else {
        return Ok(());
    };
    let diagnostic = Diagnostic::error(
        "wrong-setting",
        format!("{} is periodic: its domain is always its whole period", c.name),
    )
    .help("leave the domain out, or write the whole period for it; a coordinate that is not periodic can be fenced");
    Err(NotResolved::of("domain", diagnostic))
}
