//! What is known of a simulation when it has ended, and what is to be said of it.

use super::super::cover::{self, Outside};
use super::super::job::listed;
use super::setup::stiffest;
use super::{Method, Run, scheme_name};
use crate::diagnostic::Diagnostic;
use crate::dynamics::{Damping, Trajectories};
use crate::report::number::significant;
use crate::report::simulation::{Coordinate, Period, Simulation, Temperatures};
use crate::surrogate::{Average, average, drift, period};

/// A step over the time in which the stiffest force changes, from which on it is coarse ...
const COARSE: f64 = 1.0;
/// ... and from which on Verlet's and BAOAB's steps in a harmonic well diverge.
const UNSTABLE: f64 = 2.0;
/// Positions at which the curvature is looked at after the run.
const LOOKS: usize = 2048;

pub(super) fn outcome(
    run: &Run<'_>,
    trajectories: &Trajectories,
    interrupted: bool,
) -> (Simulation, Vec<Diagnostic>) {
    let settings = run.settings;
    let d = trajectories.dimension();
    let origin = run.job.origin();
    let lost: Vec<usize> = trajectories.lost().flatten().collect();
    let rate = rate(run, trajectories);
    let hamiltonian = settings.method == Method::Hamiltonian;
    let late = trajectories.looks() / 2;
    let kinetic = |group: usize, look: usize, out: &mut Vec<f64>| {
        kinetic_energy(run.damping, trajectories, group, look, out);
    };
    let moves = trajectories.has_momenta();
    let result = Simulation {
        file: origin.file().to_owned(),
        potential: run.potential.model.name.clone(),
        method: settings.method.name(),
        integrator: integrator(run),
        step: settings.step,
        time: trajectories.interval() * trajectories.looks().saturating_sub(1) as f64,
        steps_each: settings.looks * settings.every,
        every: settings.every,
        trajectories: trajectories.count(),
        seed: settings.seed,
        gamma: (!hamiltonian).then_some(settings.bath.gamma),
        friction: settings.bath.friction.clone().filter(|_| !hamiltonian),
        mass: settings.bath.mass.clone(),
        kt: has_temperature(settings.method).then_some(settings.bath.kt),
        mobility: run.mobility,
        start: settings.law.start.clone(),
        spread: settings.law.spread.clone(),
        step_over_limit: rate.map(|rate| settings.step * rate / UNSTABLE),
        temperatures: (!hamiltonian && moves).then(|| Temperatures {
            kinetic: average(trajectories, late, |group, look, out| {
                kinetic(group, look, out);
                out.iter_mut().for_each(|k| *k *= 2.0 / d as f64);
            }),
        }),
        potential_energy: average(trajectories, late, |group, look, out| {
            out.extend(trajectories.potential(group, look));
        }),
        drift: match hamiltonian {
            true => drift(trajectories, kinetic),
            false => None,
        },
        period: match hamiltonian && d == 1 {
            true => period(trajectories, run.damping.inverse_mass(0, 0)),
            false => None,
        }
        .map(|(length, count)| Period { length, count }),
        coordinates: coordinates(run, trajectories, late),
        lost: lost.len(),
        steps: trajectories.steps(),
        gradient_evaluations: trajectories.steps() * run.gradients,
        seconds: run.seconds,
        jit_ms: run.jit_ms,
        complete: !interrupted,
    };
    let mut said = Vec::new();
    if interrupted {
        said.push(
            Diagnostic::warning("interrupted", "the run was interrupted before its end")
                .help("what was finished is kept; run it again, or with a shorter --time"),
        );
    }
    said.extend(unstable(run, &lost, trajectories, rate));
    said.extend(falling(run, trajectories));
    said.extend(outside(run, trajectories));
    (result, said)
}

/// Whether there is one.
fn has_temperature(method: Method) -> bool {
    matches!(method, Method::Langevin | Method::Overdamped)
}

fn integrator(run: &Run<'_>) -> String {
    match run.settings.method {
        Method::Hamiltonian => match scheme_name(run.settings.scheme) {
            "verlet" => "Störmer-Verlet".to_owned(),
            _ => "Blanes-Moan, order 4".to_owned(),
        },
        Method::Langevin => "BAOAB".to_owned(),
        Method::Overdamped if run.mobility => "Euler-Maruyama with D(q)".to_owned(),
        Method::Overdamped => "Leimkuhler-Matthews".to_owned(),
        Method::Damped => "the map of learn".to_owned(),
    }
}

/// `p M^-1 p/2` of the lanes of a group.
pub fn kinetic_energy(
    damping: &Damping,
    trajectories: &Trajectories,
    group: usize,
    look: usize,
    out: &mut Vec<f64>,
) {
    let d = trajectories.dimension();
    let first = out.len();
    out.resize(first + trajectories.lanes(group), 0.0);
    let pairs = (0..d).flat_map(|i| (0..d).map(move |j| (i, j)));
    for (i, j) in pairs {
        let weight = 0.5 * damping.inverse_mass(i, j);
        if weight == 0.0 {
            continue;
        }
        let (a, b) = (
            trajectories.momenta(group, look, i),
            trajectories.momenta(group, look, j),
        );
        for (sum, (a, b)) in out[first..].iter_mut().zip(a.iter().zip(b)) {
            *sum += weight * a * b;
        }
    }
}

/// The rate of the stiffest force where trajectories went.
fn rate(run: &Run<'_>, trajectories: &Trajectories) -> Option<f64> {
    let d = trajectories.dimension();
    let mut points: Vec<Vec<f64>> = Vec::new();
    let all = trajectories.groups() * trajectories.looks();
    for at in (0..all).step_by((all / (LOOKS / 16)).max(1)) {
        let (group, look) = (at % trajectories.groups(), at / trajectories.groups());
        for lane in 0..trajectories.lanes(group) {
            let along = |c: usize| trajectories.positions(group, look, c)[lane];
            points.push((0..d).map(along).collect());
        }
    }
    let places = (0..d).flat_map(|c| points.iter().map(move |point| point[c]));
    let found = stiffest(run.potential, &places.collect::<Vec<f64>>());
    let stiffness = found.into_iter().chain(run.ground.stiffness);
    let stiffness = stiffness.max_by(f64::total_cmp)?;
    let (bath, method) = (&run.settings.bath, run.settings.method);
    bath.rate(method, d, stiffness).ok()
}

fn coordinates(run: &Run<'_>, trajectories: &Trajectories, late: usize) -> Vec<Coordinate> {
    let named = run.potential.model.coordinates.iter().enumerate();
    named
        .map(|(c, coordinate)| {
            let moment = |power: i32| {
                average(trajectories, late, |group, look, out| {
                    let q = trajectories.positions(group, look, c).iter();
                    out.extend(q.map(|q| q.powi(power)));
                })
            };
            let (mean, square) = (moment(1), moment(2));
            let variance = (square.value - mean.value.powi(2)).max(0.0);
            Coordinate {
                name: coordinate.name.clone(),
                mean,
                variance: Average {
                    value: variance,
                    stderr: average(trajectories, late, |group, look, out| {
                        let q = trajectories.positions(group, look, c).iter();
                        out.extend(q.map(|q| (q - mean.value).powi(2)));
                    })
                    .stderr,
                },
            }
        })
        .collect()
}

/// What is to be said of a step that is too long.
fn unstable(
    run: &Run<'_>,
    lost: &[usize],
    trajectories: &Trajectories,
    rate: Option<f64>,
) -> Option<Diagnostic> {
    let settings = run.settings;
    let damped = settings.method == Method::Damped;
    let first = lost.iter().min();
    let Some(first) = first else {
        let ratio = settings.step * rate?;
        // The damped map is meant to be coarse.
        if damped || ratio <= COARSE {
            return None;
        }
        return Some(
            Diagnostic::warning(
                "coarse-step",
                format!(
                    "the step is {} of the limit at which the stiffest force makes motion unstable",
                    percent(ratio / UNSTABLE)
                ),
            )
            .help(format!(
                "compare with --step {}",
                significant(super::rounded(0.25 * COARSE / rate?), 2)
            )),
        );
    };
    let names: Vec<&str> = run
        .potential
        .model
        .coordinates
        .iter()
        .map(|c| c.name.as_str())
        .collect();
    let message = format!(
        "{} of {} trajectories leave every bound: {} is no longer finite at t = {}",
        lost.len(),
        trajectories.count(),
        listed(&names),
        significant(*first as f64 * trajectories.interval(), 3)
    );
    let problem = Diagnostic::error("unstable", message);
    let limit = rate.map(|rate| UNSTABLE / rate);
    Some(
        match limit.filter(|limit| !damped && settings.step > 0.5 * limit) {
            Some(limit) => problem.help(format!(
                "where trajectories went, steps above {} are unstable: take --step {}",
                significant(limit, 2),
                significant(super::rounded(0.2 * limit), 2)
            )),
            None => {
                problem.help("does V hold them? `effpot-lang plot` shows it; else a smaller --step")
            }
        },
    )
}

/// So many kT below the lowest place that was found there is nothing that holds.
const FALLEN: f64 = 100.0;

/// Trajectories that are still finite at the end, and far below every place that was found before.
fn falling(run: &Run, trajectories: &Trajectories) -> Option<Diagnostic> {
    let last = trajectories.looks().checked_sub(1)?;
    let lowest = run.potential.curve(&run.ground.survey.lowest);
    let (start, depth) = (&run.settings.law.start, FALLEN * run.settings.bath.kt);
    let begun = run.potential.curve(start).first().copied();
    // Motion that keeps its energy goes no lower than where it may come from.
    let floor = lowest.first().copied()?.min(begun.unwrap_or(f64::INFINITY)) - depth;
    let groups = 0..trajectories.groups();
    let fallen = groups
        .flat_map(|group| trajectories.potential(group, last))
        .filter(|v| **v < floor && v.is_finite())
        .count();
    if fallen == 0 || !floor.is_finite() {
        return None;
    }
    let message = format!(
        "{fallen} of {} trajectories run away downhill: at the end {} is below {} there, more than {FALLEN} kT below every place that was found at first",
        trajectories.count(),
        run.potential.model.name,
        significant(floor, 3)
    );
    Some(
        Diagnostic::error("runs-away", message)
            .help("averages say nothing: the potential does not hold a system; add a term that does, or learn U where it is to be used"),
    )
}

/// Positions where a learned potential was never sampled.
fn outside(run: &Run, trajectories: &Trajectories) -> Option<Diagnostic> {
    let found = Outside::of(run.potential, trajectories)?;
    let message = format!(
        "{} of {} trajectories were outside at times, {} % of all positions: {}",
        found.trajectories,
        trajectories.count(),
        cover::percent(found.share),
        found.known(&run.potential.model.name)
    );
    found
        .matters()
        .then(|| Diagnostic::warning("uncovered", message).help(cover::FURTHER_IN))
}

fn percent(part: f64) -> String {
    format!("{} %", significant(100.0 * part, 2))
}
