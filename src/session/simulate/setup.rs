//! What a simulation has before its first step: the motion, its step, the law of starts.

use super::super::matrices::damping;
use super::super::room::most_bytes;
use super::super::sample::look_around;
use super::super::settings::FRICTION;
use super::super::settings::Matrix;
use super::options::{Length, Method, SimulateOptions};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Damping, Drag, Law, Motion, Scheme, Streams, Survey};
use crate::graph::{Coordinate, Model};
use crate::report::number::significant;
use crate::session::{Options, Potential};
use nalgebra::DMatrix;

/// A step is this part of the shortest time in which a force changes, if nobody says how long it is.
pub const FINE: f64 = 0.1;
/// How long trajectories are, if nobody says it.
const LONG: f64 = 100.0;
/// Looks at each trajectory, if nobody says how many.
const LOOKS: u64 = 1000;
/// Places at which the curvature of V is looked at.
const PLACES: usize = 1024;
/// Streams of random numbers that are not those of groups.
const PLACES_STREAM: u64 = (1 << 40) + 7;

/// Friction, mass and temperature: what two models share when they are compared.
#[derive(Clone, PartialEq, Debug)]
pub struct Bath {
    /// The friction, where it is a number.
    pub gamma: f64,
    /// The friction, where it is a matrix.
    pub friction: Option<Matrix>,
    /// The mass, where it is not the identity.
    pub mass: Option<Matrix>,
    /// The temperature.
    pub kt: f64,
}

impl Bath {
    /// Step, friction and mass.
    pub fn damping(&self, dimension: usize, step: f64) -> Result<Damping, Box<Diagnostic>> {
        let found = damping(dimension, step, self.gamma, &self.friction, &self.mass);
        found.map_err(|problem| Box::new(problem.diagnostic))
    }

    /// The motion by a method.
    pub fn motion(
        &self,
        method: Method,
        scheme: Scheme,
        dimension: usize,
        step: f64,
        mobility: Option<&Model>,
    ) -> Result<Motion, Box<Diagnostic>> {
        let damping = self.damping(dimension, step)?;
        Ok(match method {
            Method::Hamiltonian => Motion::Hamiltonian(damping, scheme),
            Method::Langevin => Motion::Langevin(damping, self.kt),
            Method::Damped => Motion::Damped(damping),
            Method::Overdamped => {
                let drag = match &self.friction {
                    None => Drag::scalar(dimension, step, self.gamma),
                    Some(rows) => {
                        let dense = DMatrix::from_fn(dimension, dimension, |i, j| rows[i][j]);
                        let drag = Drag::matrix(dimension, step, &dense);
                        drag.map_err(|problem| {
                            Box::new(Diagnostic::error("not-damping", problem.to_string()))
                        })?
                    }
                };
                let drag = match mobility {
                    Some(mobility) => drag.with_mobility(mobility),
                    None => drag,
                };
                Motion::Overdamped(drag, self.kt)
            }
        })
    }
}

/// Places where V is low, and what is known of V there.
pub struct Ground {
    /// What was seen of V.
    pub survey: Survey,
    /// Places that the system visits. Shape: coordinates, places.
    pub places: Vec<f64>,
    /// The largest norm of the second derivatives there, a force over a length.
    pub stiffness: Option<f64>,
}

impl Ground {
    /// Looks at a potential that a system at temperature `kt` moves in.
    pub fn of(
        potential: &Potential,
        start: Option<&Vec<f64>>,
        kt: f64,
        seed: u64,
    ) -> Result<Ground, Box<Diagnostic>> {
        let options = Options {
            delta: Some(1.0),
            start: start.cloned(),
            seed: Some(seed),
            ..Options::default()
        };
        let settings = options.resolve(&potential.model.coordinates);
        let settings = settings.map_err(|problem| Box::new(problem.diagnostic))?;
        let survey = look_around(potential, &settings);
        let mut stream = Streams::new(seed).stream(PLACES_STREAM);
        let values = |x: &[f64], out: &mut [f64]| potential.values(x, out);
        let pool = survey.starts(kt, &mut stream, values);
        let d = potential.model.dimension();
        let step = (pool.len() / d).div_ceil(PLACES).max(1);
        let kept: Vec<&[f64]> = pool.chunks_exact(d).step_by(step).collect();
        let mut points: Vec<Vec<f64>> = kept.into_iter().map(<[f64]>::to_vec).collect();
        points.extend(start.cloned());
        let places: Vec<f64> = (0..d)
            .flat_map(|c| points.iter().map(move |point| point[c]))
            .collect();
        let stiffness = stiffest(potential, &places);
        Ok(Ground {
            survey,
            places,
            stiffness,
        })
    }
}

/// The largest norm of the second derivatives at places (shape: coordinates, places), where that is
/// known and not zero.
pub fn stiffest(potential: &Potential, places: &[f64]) -> Option<f64> {
    let plain = Damping::scalar(potential.model.dimension(), 1.0, 1.0);
    let found = potential.stiffness(places, &plain).into_iter();
    let largest = found.filter(|k| k.is_finite()).fold(0.0, f64::max);
    (largest > 0.0).then_some(largest)
}

/// Every choice made.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// How the system moves.
    pub method: Method,
    /// The scheme of Hamiltonian motion.
    pub scheme: Scheme,
    /// The step.
    pub step: f64,
    /// Steps between looks.
    pub every: u64,
    /// Looks after the beginning.
    pub looks: u64,
    /// Friction, mass and temperature.
    pub bath: Bath,
    /// The beginning.
    pub law: Law,
    /// Trajectories.
    pub trajectories: u64,
    /// The seed.
    pub seed: u64,
}

/// The bath that options ask for.
pub fn bath(options: &SimulateOptions) -> Bath {
    Bath {
        gamma: options.gamma.unwrap_or(FRICTION),
        friction: options.friction.clone(),
        mass: options.mass.clone(),
        kt: options.kt.unwrap_or(1.0),
    }
}

/// One number for all coordinates, or one for each.
pub fn by_coordinate(
    key: &str,
    given: &[f64],
    coordinates: &[Coordinate],
) -> Result<Vec<f64>, Box<Diagnostic>> {
    match given {
        [one] => Ok(vec![*one; coordinates.len()]),
        all if all.len() == coordinates.len() => Ok(all.to_vec()),
        all => {
            let names: Vec<&str> = coordinates.iter().map(|c| c.name.as_str()).collect();
            let problem = Diagnostic::error(
                "wrong-setting",
                format!(
                    "`{key}` has {} numbers where the potential has {} coordinates: {}",
                    all.len(),
                    names.len(),
                    super::super::job::listed(&names)
                ),
            );
            Err(Box::new(
                problem.help("one number for all coordinates, or one for each"),
            ))
        }
    }
}

impl Settings {
    /// Makes every choice that is open.
    pub fn new(
        options: &SimulateOptions,
        potential: &Potential,
    ) -> Result<(Settings, Ground), Box<Diagnostic>> {
        let coordinates = &potential.model.coordinates;
        let d = coordinates.len();
        let method = options.method.unwrap_or(Method::Langevin);
        let bath = bath(options);
        let seed = options.seed.unwrap_or(1);
        let start = options.start.as_ref();
        let start = start.map(|start| by_coordinate("start", start, coordinates));
        let start = start.transpose()?;
        // What is wrong with friction and mass is known before anything is looked at.
        bath.damping(d, 1.0)?;
        let ground = Ground::of(potential, start.as_ref(), bath.kt, seed)?;
        let rate = ground.stiffness.map(|k| bath.rate(method, d, k));
        let step = match (options.step, rate.transpose()?) {
            (Some(step), _) => step,
            (None, _) if method == Method::Damped => return Err(no_step()),
            (None, Some(rate)) => rounded(FINE / rate),
            (None, None) => FINE,
        };
        let length = options.length.unwrap_or(Length::Time(LONG));
        let steps = match length {
            Length::Steps(steps) => steps,
            Length::Time(time) => whole_steps(time, step)?,
        };
        let every = options.every.unwrap_or(steps.div_ceil(LOOKS));
        let every = every.clamp(1, steps);
        // A step that nobody chose fits the time.
        let (step, looks) = match (length, options.step) {
            (Length::Time(time), None) => {
                let looks = steps.div_ceil(every);
                (time / (looks * every) as f64, looks)
            }
            _ => (step, steps / every),
        };
        let momentum = options.momentum.as_ref();
        let momentum = momentum.map(|p| by_coordinate("momentum", p, coordinates));
        let momentum = momentum.transpose()?;
        let moved = start.is_some() || momentum.is_some();
        if method == Method::Hamiltonian && !moved && options.kt.is_none() {
            return Err(at_rest(coordinates));
        }
        let spread = options.spread.clone().unwrap_or(vec![0.0]);
        let cold = momentum.is_some() || (method == Method::Hamiltonian && options.kt.is_none());
        let law = Law {
            spread: by_coordinate("spread", &spread, coordinates)?,
            heat: if cold { 0.0 } else { bath.kt },
            momentum: momentum.unwrap_or(vec![0.0; d]),
            start: start.unwrap_or_else(|| ground.survey.lowest.clone()),
        };
        let drawn = law.heat > 0.0 || law.spread.iter().any(|s| *s > 0.0);
        let many = match method {
            Method::Hamiltonian if !drawn => 1,
            Method::Hamiltonian | Method::Damped => 64,
            Method::Langevin | Method::Overdamped => 1024,
        };
        let settings = Settings {
            method,
            scheme: options.scheme.unwrap_or(Scheme::Verlet),
            step,
            every,
            looks,
            bath,
            law,
            trajectories: options.trajectories.unwrap_or(many),
            seed,
        };
        Ok((settings, ground))
    }
}

impl Bath {
    /// The fastest rate of a motion where the second derivatives of V are `k`: `sqrt(k/m)`, without
    /// inertia `k/gamma`, for the smallest eigenvalue of mass or friction.
    pub fn rate(&self, method: Method, d: usize, k: f64) -> Result<f64, Box<Diagnostic>> {
        let least = |rows: &Option<Matrix>, otherwise: f64| match rows {
            None => otherwise,
            Some(rows) => DMatrix::from_fn(d, d, |i, j| rows[i][j])
                .symmetric_eigenvalues()
                .min(),
        };
        self.damping(d, 1.0)?;
        Ok(match method {
            Method::Overdamped => k / least(&self.friction, self.gamma),
            _ => (k / least(&self.mass, 1.0)).sqrt(),
        })
    }
}

/// To two digits, never longer.
pub fn rounded(step: f64) -> f64 {
    let digits = 10f64.powf(1.0 - step.log10().floor());
    let down = (step * digits * (1.0 + 1e-12)).floor() / digits;
    // Written out and read again: 0.0031 and not 0.0030999999999999999.
    format!("{down:.1e}").parse().unwrap_or(step)
}

fn whole_steps(time: f64, step: f64) -> Result<u64, Box<Diagnostic>> {
    /// Beyond that, steps of a run are no longer counted exactly.
    const MOST: f64 = 1e15;
    let steps = (time / step).round().max(1.0);
    match steps <= MOST {
        true => Ok(steps as u64),
        false => Err(Box::new(
            Diagnostic::error(
                "wrong-setting",
                format!(
                    "a time of {} is {} steps of {}; the limit is 1e15",
                    significant(time, 4),
                    significant(steps, 2),
                    significant(step, 4)
                ),
            )
            .help("a shorter --time, or a longer --step"),
        )),
    }
}

fn no_step() -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error(
            "no-delta",
            "the damped map has no step: it chooses the scale below which structure disappears",
        )
        .help("add `--step 0.5`, or `delta = 0.5` in the learn block of the file"),
    )
}

fn at_rest(coordinates: &[Coordinate]) -> Box<Diagnostic> {
    let example = vec!["-2"; coordinates.len().min(3)].join(",");
    Box::new(
        Diagnostic::error(
            "nothing-moves",
            "Hamiltonian motion that begins at rest where V is lowest stays there",
        )
        .help(format!(
            "say where it begins, such as --start {example}, or with which --momentum; or draw momenta at a temperature with --kT 1"
        )),
    )
}

/// Whether so many bytes fit, else what to do.
pub fn fits(bytes: f64, settings: &Settings) -> Result<(), Box<Diagnostic>> {
    // The trajectories, their arrays, and the file that they become.
    let needed = 2.5 * bytes;
    if needed <= most_bytes() {
        return Ok(());
    }
    let enough = (settings.every as f64 * needed / most_bytes()).ceil();
    let last = settings.looks as f64 * settings.every as f64;
    let help = match enough < last {
        true => format!(
            "keep fewer of the steps: --every {}",
            significant(two_up(enough), 2)
        ),
        false => "fewer --trajectories".to_owned(),
    };
    Err(Box::new(
        Diagnostic::error(
            "too-large",
            format!(
                "{} trajectories, each kept {} times, would need about {} GB; the limit is {} GB",
                settings.trajectories,
                settings.looks + 1,
                significant(needed / 1e9, 2),
                significant(most_bytes() / 1e9, 2)
            ),
        )
        .help(help),
    ))
}

/// Up to two digits.
fn two_up(x: f64) -> f64 {
    let unit = 10f64.powf(x.log10().floor() - 1.0).max(1.0);
    (x / unit).ceil() * unit
}
