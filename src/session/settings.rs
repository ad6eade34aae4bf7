//! What a learning run is told: options as given, and settings as resolved.
//!
//! Options mirror the command line and the `learn` block, everything optional. They are resolved
//! once, into the [`Settings`] that the run sees and the result records.

use crate::check::{Block, Setting, suggest};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A way to estimate the effective potential.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Estimator {
    /// Regression of V on a spline over the samples.
    Value,
    /// Regression of the gradient on the gradient of a spline.
    Force,
    /// Log-density of the samples at the measured temperature.
    Density,
    /// What the paper does: the histogram of whole-step positions, with the variance of p as
    /// temperature (Li & Tao 2024, Sections 3.2 and 3.3).
    Paper,
    /// V smoothed by quadrature, without dynamics.
    Filter,
}

impl Estimator {
    /// All of them.
    pub const ALL: [Estimator; 5] = [
        Estimator::Value,
        Estimator::Force,
        Estimator::Density,
        Estimator::Paper,
        Estimator::Filter,
    ];

    /// Its name on the command line and in results.
    pub fn name(self) -> &'static str {
        match self {
            Estimator::Value => "value",
            Estimator::Force => "force",
            Estimator::Density => "density",
            Estimator::Paper => "paper",
            Estimator::Filter => "filter",
        }
    }

    /// The estimator of that name.
    pub fn named(name: &str) -> Option<Estimator> {
        Estimator::ALL.into_iter().find(|e| e.name() == name)
    }

    /// Steps it needs to be worth while.
    fn steps(self) -> u64 {
        match self {
            Estimator::Value | Estimator::Force => 1_000_000,
            Estimator::Density | Estimator::Paper => 100_000_000,
            Estimator::Filter => 100_000,
        }
    }
}

/// The knots of the spline, if not chosen by the resolution length.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Knots {
    /// So many cells over the covered domain.
    Count(usize),
    /// Cells of that width.
    Spacing(f64),
}

/// What was asked for; `None` is "not said".
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Options {
    /// The step.
    pub delta: Option<f64>,
    /// The friction.
    pub gamma: Option<f64>,
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
    /// Where to start.
    pub start: Option<f64>,
    /// Where to stay.
    pub domain: Option<(f64, f64)>,
    /// The knots.
    pub knots: Option<Knots>,
    /// Whether trapped trajectories are moved.
    pub restarts: Option<bool>,
    /// Stop when the median standard error of U is below.
    pub target: Option<f64>,
    /// A function of the file that U is held against.
    pub compare: Option<String>,
}

impl Options {
    /// These options, with those of `other` where nothing is said here.
    pub fn or(self, other: Options) -> Options {
        Options {
            delta: self.delta.or(other.delta),
            gamma: self.gamma.or(other.gamma),
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
            "delta" => self.delta = Some(given.positive()?),
            "gamma" => self.gamma = Some(given.positive()?),
            "estimator" | "estimators" => self.estimators = given.estimators()?,
            "steps" => self.steps = Some(given.count()?),
            "trajectories" => self.trajectories = Some(given.count()? as usize),
            "burn_in" => self.burn_in = Some(given.count()?),
            "seed" => self.seed = Some(given.whole()?),
            "start" => self.start = Some(given.number()?),
            "domain" => self.domain = Some(given.range()?),
            "knots" => self.knots = Some(given.knots()?),
            "restarts" => self.restarts = Some(given.switch()?),
            "target" => self.target = Some(given.positive()?),
            "compare" => self.compare = Some(given.name()?),
            unknown => {
                let mut problem = Diagnostic::error(
                    "unknown-setting",
                    format!("a learn block has no setting `{unknown}`"),
                )
                .at(key_span, "not known");
                problem = match suggest(unknown, KEYS.iter().copied()) {
                    Some(close) => problem.help(format!("did you mean `{close}`?")),
                    None => problem.help(format!("the settings are {}", KEYS.join(", "))),
                };
                return Err(Box::new(problem));
            }
        }
        Ok(())
    }
}

const KEYS: &[&str] = &[
    "delta",
    "gamma",
    "estimator",
    "steps",
    "trajectories",
    "burn_in",
    "seed",
    "start",
    "domain",
    "knots",
    "restarts",
    "target",
    "compare",
];

/// A value of a block, with what is needed to complain about it.
struct Given<'a> {
    key: &'a str,
    value: &'a Setting,
    span: Span,
}

type Result1<T> = Result<T, Box<Diagnostic>>;

impl Given<'_> {
    fn wrong(&self, needed: &str, example: &str) -> Box<Diagnostic> {
        Box::new(
            Diagnostic::error("wrong-setting", format!("`{}` needs {needed}", self.key))
                .at(self.span, format!("not {needed}"))
                .help(format!("for example `{} = {example}`", self.key)),
        )
    }

    fn number(&self) -> Result1<f64> {
        match self.value {
            Setting::Number(x) if x.is_finite() => Ok(*x),
            _ => Err(self.wrong("a finite number", "0.5")),
        }
    }

    fn positive(&self) -> Result1<f64> {
        match self.value {
            Setting::Number(x) if x.is_finite() && *x > 0.0 => Ok(*x),
            _ => Err(self.wrong("a positive number", "0.1")),
        }
    }

    fn whole(&self) -> Result1<u64> {
        match self.value {
            Setting::Number(x) if *x >= 0.0 && *x <= 1e15 && x.fract() == 0.0 => Ok(*x as u64),
            _ => Err(self.wrong("a whole number", "1")),
        }
    }

    fn count(&self) -> Result1<u64> {
        match self.whole() {
            Ok(0) | Err(_) => Err(self.wrong("a positive whole number", "1e6")),
            good => good,
        }
    }

    fn range(&self) -> Result1<(f64, f64)> {
        match self.value {
            Setting::Range(lo, hi) if lo < hi && (hi - lo).is_finite() => Ok((*lo, *hi)),
            _ => Err(self.wrong("a range that is not empty", "-3..3")),
        }
    }

    fn switch(&self) -> Result1<bool> {
        match self.value {
            Setting::Truth(on) => Ok(*on),
            Setting::Name(name) if name == "on" => Ok(true),
            Setting::Name(name) if name == "off" => Ok(false),
            _ => Err(self.wrong("`on` or `off`", "on")),
        }
    }

    fn name(&self) -> Result1<String> {
        match self.value {
            Setting::Name(name) | Setting::Text(name) => Ok(name.clone()),
            _ => Err(self.wrong("the name of a function of this file", "U0")),
        }
    }

    fn knots(&self) -> Result1<Knots> {
        match self.value {
            Setting::Number(n) if *n >= 1.0 && *n <= 1e6 && n.fract() == 0.0 => {
                Ok(Knots::Count(*n as usize))
            }
            Setting::Number(h) if *h > 0.0 && h.is_finite() => Ok(Knots::Spacing(*h)),
            _ => Err(self.wrong("a number of cells, or their width", "40")),
        }
    }

    fn estimators(&self) -> Result1<Vec<Estimator>> {
        let one = |setting: &Setting| match setting {
            Setting::Name(name) | Setting::Text(name) => Estimator::named(name),
            _ => None,
        };
        let found: Option<Vec<Estimator>> = match self.value {
            Setting::List(list) => list.iter().map(one).collect(),
            setting => one(setting).map(|e| vec![e]),
        };
        match found {
            Some(list) if !list.is_empty() => Ok(list),
            _ => Err(self.wrong(
                "one or more of value, force, density, paper, filter",
                "[value, force]",
            )),
        }
    }
}

/// What a run does: every choice made.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// The step.
    pub delta: f64,
    /// The friction.
    pub gamma: f64,
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
    /// Where to start, if said.
    pub start: Option<f64>,
    /// Where to stay, if said.
    pub domain: Option<(f64, f64)>,
    /// The knots, if said.
    pub knots: Option<Knots>,
    /// Whether trapped trajectories are moved.
    pub restarts: bool,
    /// Stop when the median standard error of U is below.
    pub target: Option<f64>,
    /// A function of the file that U is held against.
    pub compare: Option<String>,
}

/// The most relaxation steps of burn-in that are made without being asked for.
const LONGEST_BURN_IN: f64 = 1e6;

impl Options {
    /// Makes every choice that is open; an error where there is no `delta`.
    pub fn resolve(self) -> Result<Settings, Diagnostic> {
        let Some(delta) = self.delta else {
            return Err(Diagnostic::error(
                "no-delta",
                "no step is given: it chooses the scale below which structure disappears",
            )
            .help("add `--delta 0.5`, or `delta = 0.5` in the learn block of the file"));
        };
        let gamma = self.gamma.unwrap_or(0.1);
        let mut estimators = self.estimators;
        if estimators.is_empty() {
            estimators.push(Estimator::Value);
        }
        let mut unique: Vec<Estimator> = Vec::new();
        for estimator in estimators {
            if !unique.contains(&estimator) {
                unique.push(estimator);
            }
        }
        let steps = self
            .steps
            .unwrap_or_else(|| unique.iter().map(|e| e.steps()).max().unwrap_or(1_000_000));
        let lanes = crate::kernel::LANES;
        let trajectories = self
            .trajectories
            .unwrap_or(64)
            .div_ceil(lanes)
            .max(1)
            .saturating_mul(lanes);
        let relaxation = 1.0 / (gamma * delta);
        let burn_in = self
            .burn_in
            .unwrap_or((10.0 * relaxation).clamp(100.0, LONGEST_BURN_IN).ceil() as u64);
        Ok(Settings {
            delta,
            gamma,
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
        })
    }
}
