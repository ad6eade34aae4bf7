//! OpenMM: forces built, added to a system, and evaluated by its reference platform.

use std::process::Command;

use effpot_lang::export::Target;

use super::programs::all;
use super::tools::{need, python_with, rows, run, table};
use super::{assert_agree, exported, values};

/// Builds the forces of each module and prints energy and gradient at its points. Coordinates are
/// components of particles, or torsions of four particles each: then the slope is the torque on the
/// last one about the axis.
const SCRIPT: &str = r#"
import importlib
import numpy as np
import openmm

def torsion(angle, offset):
    """Four particles with that torsion, not at right angles."""
    p = np.array([[0.9, 0.3, 0.1], [0.0, 0.0, 0.0], [0.0, 0.0, 1.1], [0.8*np.cos(angle), 0.8*np.sin(angle), 1.4]])
    start = np.arctan2(p[0, 1], p[0, 0])
    c, s = np.cos(start), np.sin(start)
    p[3, :2] = [0.8*np.cos(angle + start), 0.8*np.sin(angle + start)]
    return p + [offset, 0, 0]

for line in open("names"):
    name, function, d, width, angles = line.split()
    d, width, angles = int(d), int(width), angles == "true"
    module = importlib.import_module(name)
    count = 4*d if angles else -(-d//width)
    system = openmm.System()
    for _ in range(count):
        system.addParticle(1)
    argument = [range(4*k, 4*k + 4) for k in range(d)] if angles else range(count)
    forces = getattr(module, function)(argument)
    for force in forces:
        system.addForce(force)
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference"))
    with open(name + ".out", "w") as out:
        for q in np.loadtxt(name + ".points", ndmin=2):
            if angles:
                positions = np.concatenate([torsion(a, 3.0*k) for k, a in enumerate(q)])
            else:
                positions = np.zeros((count, 3))
                for k, x in enumerate(q):
                    positions[k//width, k % width] = x
            context.setPositions(positions)
            state = context.getState(getEnergy=True, getForces=True)
            energy = state.getPotentialEnergy()._value
            f = np.array(state.getForces(asNumpy=True)._value)
            if angles:
                slopes = []
                for k in range(d):
                    p = positions[4*k:4*k + 4]
                    axis = p[2] - p[1]
                    axis = axis/np.linalg.norm(axis)
                    slopes.append(-f[4*k + 3] @ np.cross(axis, p[3] - p[2]))
            else:
                slopes = [-f[k//width, k % width] for k in range(d)]
            out.write(" ".join(repr(float(x)) for x in [energy, *slopes]) + "\n")
    print(name, ",".join(type(force).__name__ for force in forces))
"#;

/// How many coordinates a particle has: those of `r[n, 3]` three, up to three numbers one particle.
fn width(names: &[String]) -> usize {
    let columns = names[names.len() - 1].split_once(',').map(|(_, rest)| {
        let columns = rest.trim_end_matches(']').trim();
        columns.parse::<usize>().unwrap()
    });
    columns.unwrap_or(if names.len() <= 3 { names.len() } else { 1 })
}

#[test]
fn openmm_computes_the_same_energies_and_forces() {
    let Some(python) = need(python_with("openmm, numpy"), "Python with OpenMM") else {
        return;
    };
    let folder = tempfile::TempDir::new().unwrap();
    let programs = all();
    let mut names = String::new();
    for program in &programs {
        let file = |ending: &str| folder.path().join(format!("{}{ending}", program.name));
        let text = exported(&program.model, Target::OpenMm, false);
        std::fs::write(file(".py"), text).unwrap();
        std::fs::write(file(".points"), table(&program.points)).unwrap();
        let list: Vec<String> = program
            .model
            .coordinates
            .iter()
            .map(|c| c.name.clone())
            .collect();
        let angles = program.model.coordinates[0].period == Some(std::f64::consts::TAU);
        names.push_str(&format!(
            "{} {} {} {} {angles}\n",
            program.name,
            program.model.name,
            list.len(),
            width(&list)
        ));
    }
    std::fs::write(folder.path().join("names"), names).unwrap();
    std::fs::write(folder.path().join("script.py"), SCRIPT).unwrap();
    let said = run(Command::new(python)
        .arg("script.py")
        .current_dir(folder.path()));
    for program in &programs {
        let out = folder.path().join(format!("{}.out", program.name));
        let found = rows(&std::fs::read_to_string(out).unwrap());
        let known = values(&program.model, &program.points);
        assert_agree(&program.name, &found, &known, 1e-12);
    }
    // The force that a chemist would take.
    for (name, kinds) in [
        ("example_muller_brown", "CustomExternalForce"),
        ("one_torsion", "CustomTorsionForce"),
        ("torsions", "CustomCompoundBondForce"),
        ("example_cluster13", "CustomBondForce,CustomExternalForce"),
        (
            "example_rough_chain",
            "CustomCompoundBondForce,CustomExternalForce",
        ),
        ("spline_torus", "CustomCompoundBondForce"),
    ] {
        let line = said
            .lines()
            .find(|line| line.split(' ').next() == Some(name));
        assert_eq!(line, Some(&*format!("{name} {kinds}")), "{said}");
    }
}
