//! Hamiltonian motion of both models from one place: period, energy, phase portrait.

use super::super::simulate::compile;
use super::ensembles::{Run, Which};
use super::{Failure, usage};
use crate::dynamics::{Course, Law, Motion, Scheme, Streams, Trajectories};
use crate::report::comparison::{Comparison, Energies, Period, Portrait};
use crate::surrogate::{Drift, drift, period};

/// Looks at the trajectory, and the time between.
const LOOKS: usize = 4000;

pub(super) fn hamiltonian(run: &Run<'_>, result: &mut Comparison) -> Result<(), Failure> {
    let full = path(run, Which::Full, run.full_step, Scheme::Verlet)?;
    let finer = path(run, Which::Full, 0.5 * run.full_step, Scheme::Verlet)?;
    let learned = path(run, Which::Learned, run.learned_step, Scheme::BlanesMoan)?;
    let energies = [&full, &learned].map(|path| energy(run, path));
    if let [Some(full), Some(learned)] = energies {
        result.energy = Some(Energies { full, learned });
    }
    let d = full.dimension();
    if d == 1 {
        let rate = inverse_mass(run, 0, 0)?;
        let found = [&full, &finer, &learned].map(|path| period(path, rate));
        if let [Some((own, _)), Some((finer, _)), Some((learned, count))] = found {
            result.period = Some(Period {
                value: (learned - finer).abs() / finer,
                floor: (own - finer).abs() / finer,
                full: finer,
                learned,
                start: run.swing[0],
                count,
            });
        }
    }
    let rows = |path: &Trajectories, momenta: bool| -> Vec<Vec<f64>> {
        let first = |look, c| match momenta {
            true => path.momenta(0, look, c).first().copied(),
            false => path.positions(0, look, c).first().copied(),
        };
        let value = |look, c| first(look, c).unwrap_or(f64::NAN);
        let along = |c| (0..path.looks()).map(move |look| value(look, c)).collect();
        (0..d).map(along).collect()
    };
    result.portrait = Portrait {
        t: full.times(),
        full: [rows(&full, false), rows(&full, true)],
        learned: [rows(&learned, false), rows(&learned, true)],
    };
    Ok(())
}

fn inverse_mass(run: &Run<'_>, i: usize, j: usize) -> Result<f64, Failure> {
    let d = run.pair.full.model.dimension();
    Ok(run.bath.damping(d, 1.0).map_err(usage)?.inverse_mass(i, j))
}

/// One trajectory from the mean of the law, at rest if that has no momentum.
fn path(run: &Run<'_>, which: Which, step: f64, scheme: Scheme) -> Result<Trajectories, Failure> {
    let potential = run.pair.potential(which);
    let d = potential.model.dimension();
    let interval = 4.0 * run.pair.options.time() / LOOKS as f64;
    let every = (interval / step * (1.0 - 1e-9)).ceil().max(1.0);
    let damping = run.bath.damping(d, interval / every).map_err(usage)?;
    let motion = Motion::Hamiltonian(damping.clone(), scheme);
    let integrator = compile(potential, &motion, None)?;
    let law = Law {
        start: run.swing.clone(),
        spread: vec![0.0; d],
        heat: 0.0,
        ..run.law.clone()
    };
    let course = Course {
        integrator: &integrator,
        damping: &damping,
        law: &law,
        trajectories: 1,
        streams: Streams::new(0),
        cancelled: run.pair.hooks.cancelled,
        progress: &|done| super::report(run.pair.hooks, "phase portraits", done),
    };
    Ok(course.run(LOOKS, every as u64))
}

fn energy(run: &Run<'_>, path: &Trajectories) -> Option<Drift> {
    let d = path.dimension();
    let damping = run.bath.damping(d, 1.0).ok()?;
    drift(path, |group, look, out| {
        crate::session::simulate::kinetic_energy(&damping, path, group, look, out);
    })
}
