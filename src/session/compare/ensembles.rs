//! Ensembles of both models with one bath, one law of starts and one set of looks.

use super::super::cover::Outside;
use super::super::room::most_bytes;
use super::super::simulate::{Bath, Ground, by_coordinate, compile, rounded};
use super::{CompareOptions, report, usage};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Course, Law, Scheme, Streams, Trajectories};
use crate::graph::Model;
use crate::report::comparison::{Cost, Measured};
use crate::report::number::significant;
use crate::session::job::Failure;
use crate::session::{Hooks, Method, Potential};
use crate::surrogate::{Axes, Distances, Sums, distances};

/// The step of the full model, of the shortest time in which its force changes: its ensembles are
/// at their floor up to ten times that.
const FULL: f64 = 0.05;
/// The same without inertia, where averages are off by the square of the step.
const FULL_OVERDAMPED: f64 = 0.1;
/// Looks at each trajectory after the beginning.
const LOOKS: usize = 500;
/// The step of the learned model likewise: as a user takes it.
const LEARNED: f64 = 0.2;
/// Where trajectories begin, if nobody says where: so many widths of the law of the learned model
/// below its middle, and so many wide. Much further out little is known of a learned potential.
const AWAY: [f64; 2] = [1.0, 0.5];

/// The two models.
pub(super) struct Pair<'a> {
    pub full: &'a Potential,
    pub learned: &'a Potential,
    pub mobility: Option<&'a Model>,
    pub options: &'a CompareOptions,
    pub hooks: &'a Hooks<'a>,
}

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
    Full,
    Learned,
}

/// Both at one temperature.
pub(super) struct Run<'a> {
    pub pair: &'a Pair<'a>,
    pub bath: Bath,
    pub law: Law,
    pub trajectories: usize,
    pub looks: usize,
    /// Those that were asked for or follow from the forces; each divides the time between looks.
    pub full_step: f64,
    pub learned_step: f64,
    /// The rate of the stiffest force of the full model.
    pub full_rate: f64,
    /// Where Hamiltonian motion begins: two widths of the law of the learned model below its middle,
    /// if nobody says where.
    pub swing: Vec<f64>,
}

/// One ensemble.
pub(super) struct Ensemble {
    pub sums: Sums,
    pub cost: Cost,
    pub lost: usize,
    /// Positions outside of where the learned potential was learned.
    pub outside: Option<Outside>,
}

/// The full model, again with another seed, and the learned one.
pub(super) struct Three {
    pub axes: Axes,
    pub full: Ensemble,
    pub again: Ensemble,
    pub learned_run: Ensemble,
    pub floor: Distances,
    pub learned: Distances,
    /// The root mean square over coordinates of the standard deviation of positions.
    pub width: f64,
    /// What is to be said of where the full model goes.
    pub uncovered: Option<Diagnostic>,
}

impl<'a> Pair<'a> {
    pub fn new(
        full: &'a Potential,
        learned: &'a Potential,
        mobility: Option<&'a Model>,
        options: &'a CompareOptions,
        hooks: &'a Hooks<'a>,
    ) -> Pair<'a> {
        Pair {
            full,
            learned,
            mobility,
            options,
            hooks,
        }
    }

    pub fn potential(&self, which: Which) -> &'a Potential {
        match which {
            Which::Full => self.full,
            Which::Learned => self.learned,
        }
    }

    /// Both models with this bath.
    pub fn at(&self, bath: &Bath, trajectories: usize) -> Result<Run<'_>, Failure> {
        let options = self.options;
        let coordinates = &self.full.model.coordinates;
        let d = coordinates.len();
        bath.damping(d, 1.0).map_err(usage)?;
        let given = |key: &str, given: &Option<Vec<f64>>| {
            let given = given.as_ref();
            let all = given.map(|given| by_coordinate(key, given, coordinates));
            all.transpose().map_err(usage)
        };
        let start = given("start", &options.start)?;
        let spread = given("spread", &options.spread)?;
        let momentum = given("momentum", &options.momentum)?;
        let seed = options.seed();
        let ground = |potential: &Potential| {
            Ground::of(potential, start.as_ref(), bath.kt, seed).map_err(usage)
        };
        let (own, learned) = (ground(self.full)?, ground(self.learned)?);
        let rate = |ground: &Ground| {
            let stiffness = ground.stiffness.unwrap_or(1.0);
            bath.rate(options.method(), d, stiffness).map_err(usage)
        };
        let (full_rate, learned_rate) = (rate(&own)?, rate(&learned)?);
        let interval = options.time() / LOOKS as f64;
        let full = match options.method() {
            Method::Overdamped => FULL_OVERDAMPED,
            _ => FULL,
        };
        // A whole number of steps between looks.
        let fitted = |step: f64| interval / (interval / step).round().max(1.0);
        let (law, swing) = law(&learned, d, bath.kt);
        Ok(Run {
            swing: start.clone().unwrap_or(swing),
            pair: self,
            bath: bath.clone(),
            law: Law {
                start: start.unwrap_or(law.start),
                spread: spread.unwrap_or(law.spread),
                momentum: momentum.unwrap_or(law.momentum),
                heat: bath.kt,
            },
            trajectories,
            looks: LOOKS,
            full_step: fitted(options.step.unwrap_or(rounded(full / full_rate))),
            learned_step: fitted(
                options
                    .learned_step
                    .unwrap_or(rounded(LEARNED / learned_rate)),
            ),
            full_rate,
        })
    }
}

/// Away from where the learned model lives, by its own width: on the way back means are seen.
fn law(ground: &Ground, d: usize, kt: f64) -> (Law, Vec<f64>) {
    let places = ground.places.len() / d.max(1);
    let mut swing = Vec::new();
    let moments = (0..d).map(|c| crate::stats::Moments::of(&ground.places[c * places..][..places]));
    let (start, spread) = moments
        .map(|found| {
            let width = found.variance().sqrt();
            let [away, wide] = AWAY;
            swing.push(rounded_to_two(found.mean - 2.0 * width));
            let start = rounded_to_two(found.mean - away * width);
            (start, rounded_to_two(wide * width))
        })
        .unzip();
    let law = Law {
        start,
        spread,
        momentum: vec![0.0; d],
        heat: kt,
    };
    (law, swing)
}

fn rounded_to_two(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}

impl<'a> Run<'a> {
    pub fn interval(&self) -> f64 {
        self.pair.options.time() / self.looks as f64
    }

    /// Whether the trajectories of one ensemble fit into memory.
    pub fn fits(&self) -> Result<(), Failure> {
        let d = self.pair.full.model.dimension();
        let bytes = 8.0 * (2 * d + 1) as f64 * (self.looks + 1) as f64 * self.trajectories as f64;
        if bytes <= most_bytes() {
            return Ok(());
        }
        Err(Failure::Limit(
            Diagnostic::error(
                "too-large",
                format!(
                    "{} trajectories, each kept {} times, would need about {} GB; the limit is {} GB",
                    self.trajectories,
                    self.looks + 1,
                    significant(bytes / 1e9, 2),
                    significant(most_bytes() / 1e9, 2)
                ),
            )
            .help("fewer --trajectories"),
        ))
    }

    /// Trajectories of one model; `number` tells runs apart that share a seed.
    pub fn trajectories(
        &self,
        which: Which,
        step: f64,
        number: u64,
        stage: &'static str,
    ) -> Result<(Trajectories, Cost), Failure> {
        let every = (self.interval() / step).round().max(1.0) as u64;
        self.course(which, step, (number, every), stage)
    }

    fn course(
        &self,
        which: Which,
        step: f64,
        (number, every): (u64, u64),
        stage: &'static str,
    ) -> Result<(Trajectories, Cost), Failure> {
        let (pair, options) = (self.pair, self.pair.options);
        let potential = pair.potential(which);
        let d = potential.model.dimension();
        let mobility = pair.mobility.filter(|_| which == Which::Learned);
        let damping = self.bath.damping(d, step).map_err(usage)?;
        let method = options.method();
        let motion = self.bath.motion(method, Scheme::Verlet, d, step, mobility);
        let integrator = compile(potential, &motion.map_err(usage)?, None)?;
        let hooks = pair.hooks;
        let course = Course {
            integrator: &integrator,
            damping: &damping,
            law: &self.law,
            trajectories: self.trajectories,
            streams: Streams::new(seed(options.seed(), number)),
            cancelled: hooks.cancelled,
            progress: &|done| report(hooks, stage, done),
        };
        let before = (hooks.seconds)();
        let trajectories = course.run(self.looks, every);
        let seconds = (hooks.seconds)() - before;
        let cost = Cost {
            step,
            gradient_evaluations: trajectories.steps() * integrator.gradients(),
            seconds,
        };
        Ok((trajectories, cost))
    }

    /// The same as sums.
    pub fn ensemble(
        &self,
        (which, step): (Which, f64),
        axes: &Axes,
        number: u64,
        stage: &'static str,
    ) -> Result<Ensemble, Failure> {
        let (trajectories, cost) = self.trajectories(which, step, number, stage)?;
        Ok(self.summed(&trajectories, axes, cost))
    }

    fn summed(&self, trajectories: &Trajectories, axes: &Axes, cost: Cost) -> Ensemble {
        Ensemble {
            sums: Sums::of(trajectories, axes),
            cost,
            lost: trajectories.lost().flatten().count(),
            outside: Outside::of(self.pair.learned, trajectories),
        }
    }

    /// The full model, again, and the learned one.
    pub fn three(&self) -> Result<Three, Failure> {
        let (trajectories, cost) =
            self.trajectories(Which::Full, self.full_step, 0, "full model")?;
        let coordinates = self.pair.full.model.coordinates.iter();
        let periods: Vec<Option<f64>> = coordinates.map(|c| c.period).collect();
        let axes = Axes::of(&trajectories, &periods).ok_or_else(|| self.all_lost())?;
        let full = self.summed(&trajectories, &axes, cost);
        drop(trajectories);
        let own = (Which::Full, self.full_step);
        let again = self.ensemble(own, &axes, 1, "full model again")?;
        let other = (Which::Learned, self.learned_step);
        let learned_run = self.ensemble(other, &axes, 2, "learned model")?;
        let said = |outside: &Option<Outside>| outside.as_ref()?.said(self.pair.learned);
        let uncovered = said(&full.outside);
        let apart =
            |other: &Ensemble| distances(&full.sums, &other.sums).ok_or_else(|| self.all_lost());
        let (floor, learned) = (apart(&again)?, apart(&learned_run)?);
        let total = full.sums.total(None).ok_or_else(|| self.all_lost())?;
        let d = full.sums.dimension;
        let squares = (0..d).map(|c| full.sums.width(&total, c).powi(2));
        let width = (squares.sum::<f64>() / d as f64).sqrt();
        Ok(Three {
            axes,
            full,
            again,
            learned_run,
            floor,
            learned,
            width,
            uncovered,
        })
    }

    /// Seconds that the steps of an ensemble take, without looks in between.
    pub fn seconds(&self, which: Which, step: f64) -> Result<f64, Failure> {
        let whole = self.looks as u64 * (self.interval() / step).round().max(1.0) as u64;
        let plain = Run {
            looks: 1,
            bath: self.bath.clone(),
            law: self.law.clone(),
            swing: Vec::new(),
            ..*self
        };
        let found = plain.course(which, step, (9, whole), "timing")?;
        Ok(found.1.seconds)
    }

    fn all_lost(&self) -> Failure {
        // An interrupted run has nothing to compare either.
        if super::cancelled(self.pair.hooks) {
            let problem = "the comparison was interrupted before there was anything to compare";
            return super::one(
                Diagnostic::error("interrupted", problem)
                    .help("run it again, or with fewer --trajectories"),
            );
        }
        super::one(
            Diagnostic::error(
                "unstable",
                "no trajectory of one of the models stays finite",
            )
            .help("a smaller --step or --learned-step; does the potential hold them?"),
        )
    }

    /// Whether distances are known not to be beyond their floors by more than the tolerance, which
    /// is a part of the width of the law of positions for mean paths.
    pub fn holds(&self, metrics: &[&Measured; 3], width: f64) -> bool {
        let tolerance = self.pair.options.tolerance();
        let units = [width, 1.0, 1.0];
        let mut pairs = metrics.iter().zip(units);
        pairs.all(|(metric, unit)| metric.within(tolerance * unit) == Some(true))
    }
}

/// A seed of its own for each run.
fn seed(seed: u64, number: u64) -> u64 {
    seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Three {
    /// What is to be said of trajectories that were lost, and of where they went.
    pub fn lost(&self) -> Vec<Diagnostic> {
        let sides = [
            ("the full model", "--step", &self.full),
            ("the learned model", "--learned-step", &self.learned_run),
        ];
        let bad = sides.into_iter().filter(|(_, _, side)| side.lost > 0);
        let mut said: Vec<Diagnostic> = self.uncovered.iter().cloned().collect();
        said.extend(bad.map(|(name, flag, side)| {
            Diagnostic::error(
                "unstable",
                format!(
                    "{} trajectories of {name} do not stay finite, and are left out",
                    side.lost
                ),
            )
            .help(format!(
                "a smaller {flag}; it is {}",
                significant(side.cost.step, 3)
            ))
        }));
        said
    }
}
