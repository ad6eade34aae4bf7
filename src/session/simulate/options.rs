//! What `simulate` is asked for: the command line, and the `simulate` block of a program.

use super::super::given::Given;
use super::super::settings::Matrix;
use crate::check::{Block, Program, SIMULATE_KEYS, suggest};
use crate::diagnostic::Diagnostic;
use crate::dynamics::Scheme;
use crate::session::Options;
use crate::source::Span;

/// How a system moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// By Hamilton's equations.
    Hamiltonian,
    /// With friction and noise.
    Langevin,
    /// The same without inertia.
    Overdamped,
    /// The damped map that `learn` runs.
    Damped,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 4] = [
        Method::Hamiltonian,
        Method::Langevin,
        Method::Overdamped,
        Method::Damped,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Method::Hamiltonian => "hamiltonian",
            Method::Langevin => "langevin",
            Method::Overdamped => "overdamped",
            Method::Damped => "damped",
        }
    }

    /// The method of that name.
    pub fn named(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// The names of the schemes of Hamiltonian motion.
pub const SCHEMES: [(&str, Scheme); 2] = [
    ("verlet", Scheme::Verlet),
    ("blanes-moan", Scheme::BlanesMoan),
];

/// The scheme of that name.
pub fn scheme_named(name: &str) -> Option<Scheme> {
    let mut schemes = SCHEMES.iter();
    schemes
        .find(|(own, _)| *own == name)
        .map(|(_, scheme)| *scheme)
}

/// The name of a scheme.
pub fn scheme_name(scheme: Scheme) -> &'static str {
    let mut schemes = SCHEMES.iter();
    let found = schemes.find(|(_, own)| *own == scheme);
    found.map_or("verlet", |(name, _)| name)
}

/// How long trajectories are.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Length {
    /// A time.
    Time(f64),
    /// Steps.
    Steps(u64),
}

/// What was asked for; `None` is "not said".
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SimulateOptions {
    /// How the system moves.
    pub method: Option<Method>,
    /// The scheme of Hamiltonian motion.
    pub scheme: Option<Scheme>,
    /// The step, a time.
    pub step: Option<f64>,
    /// How long each trajectory is.
    pub length: Option<Length>,
    /// The temperature.
    pub kt: Option<f64>,
    /// The friction, a number.
    pub gamma: Option<f64>,
    /// The friction, a matrix; it beats the number.
    pub friction: Option<Matrix>,
    /// The mass.
    pub mass: Option<Matrix>,
    /// The mean position at the beginning, by coordinate.
    pub start: Option<Vec<f64>>,
    /// The standard deviation of positions at the beginning, one for all or by coordinate.
    pub spread: Option<Vec<f64>>,
    /// The momentum at the beginning, by coordinate.
    pub momentum: Option<Vec<f64>>,
    /// Trajectories.
    pub trajectories: Option<u64>,
    /// Steps between what is kept.
    pub every: Option<u64>,
    /// The seed.
    pub seed: Option<u64>,
}

impl SimulateOptions {
    /// These options, with those of `other` where nothing is said here.
    pub fn or(self, other: SimulateOptions) -> SimulateOptions {
        SimulateOptions {
            method: self.method.or(other.method),
            scheme: self.scheme.or(other.scheme),
            step: self.step.or(other.step),
            length: self.length.or(other.length),
            kt: self.kt.or(other.kt),
            // A number on the command line beats a matrix in the file.
            friction: match self.gamma {
                Some(_) => self.friction,
                None => self.friction.or(other.friction),
            },
            gamma: self.gamma.or(other.gamma),
            mass: self.mass.or(other.mass),
            start: self.start.or(other.start),
            spread: self.spread.or(other.spread),
            momentum: self.momentum.or(other.momentum),
            trajectories: self.trajectories.or(other.trajectories),
            every: self.every.or(other.every),
            seed: self.seed.or(other.seed),
        }
    }

    /// These options, with those of the `simulate` block of a program where nothing is said here;
    /// the damped map then takes step, friction and mass of its `learn` block.
    ///
    /// # Errors
    /// A block has a setting that is not known or that will not do.
    pub fn of_program(self, program: &Program) -> Result<SimulateOptions, Vec<Diagnostic>> {
        let block = program.block("simulate").map(SimulateOptions::from_block);
        let options = self.or(block.transpose()?.unwrap_or_default());
        if options.method != Some(Method::Damped) {
            return Ok(options);
        }
        let learn = program.block("learn").map(Options::from_block);
        let learn = learn.transpose()?.unwrap_or_default();
        Ok(options.or(SimulateOptions {
            step: learn.delta,
            gamma: learn.gamma,
            friction: learn.friction,
            mass: learn.mass,
            ..SimulateOptions::default()
        }))
    }

    fn from_block(block: &Block) -> Result<SimulateOptions, Vec<Diagnostic>> {
        let mut options = SimulateOptions::default();
        let mut problems = Vec::new();
        for entry in &block.entries {
            let given = Given {
                key: &entry.key,
                value: &entry.value,
                span: entry.value_span,
            };
            if let Err(problem) = options.set(&given, entry.key_span) {
                problems.push(*problem);
            }
        }
        match problems.is_empty() {
            true => Ok(options),
            false => Err(problems),
        }
    }

    fn set(&mut self, given: &Given<'_>, key_span: Span) -> Result<(), Box<Diagnostic>> {
        match given.key {
            "method" => {
                let all = Method::ALL.map(Method::name);
                self.method = Some(given.word("langevin", &all, Method::named)?);
            }
            "integrator" => {
                let all = SCHEMES.map(|(name, _)| name);
                self.scheme = Some(given.word("verlet", &all, scheme_named)?);
            }
            "step" => self.step = Some(given.positive()?),
            "time" => self.length = Some(Length::Time(given.positive()?)),
            "steps" => self.length = Some(Length::Steps(given.count()?)),
            "kT" => self.kt = Some(given.positive()?),
            "gamma" => self.gamma = Some(given.positive()?),
            "friction" => self.friction = Some(given.matrix()?),
            "mass" => self.mass = Some(given.matrix()?),
            "start" => self.start = Some(given.point()?),
            "spread" => self.spread = Some(given.point()?),
            "momentum" => self.momentum = Some(given.point()?),
            "trajectories" => self.trajectories = Some(given.count()?),
            "every" => self.every = Some(given.count()?),
            "seed" => self.seed = Some(given.whole()?),
            unknown => {
                let problem = Diagnostic::error(
                    "unknown-setting",
                    format!("a simulate block has no setting `{unknown}`"),
                )
                .at(key_span, "not known");
                let known: Vec<&str> = SIMULATE_KEYS.iter().map(|key| key.name).collect();
                return Err(Box::new(match suggest(unknown, known.iter().copied()) {
                    Some(close) => problem.help(format!("did you mean `{close}`?")),
                    None => problem.help(format!("the settings are {}", known.join(", "))),
                }));
            }
        }
        Ok(())
    }
}
