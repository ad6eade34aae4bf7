//! What a simulation found: averages, energies, and how they were made.

use super::number::{scientific, significant, with_error};
use crate::surrogate::{Average, Drift};
use serde::Serialize;
use std::fmt::Write;

/// The result of `simulate`. Averages are over all trajectories and the second half of the time.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Simulation {
    /// The file.
    pub file: String,
    /// The function.
    pub potential: String,
    /// How the system moves.
    pub method: &'static str,
    /// By which steps.
    pub integrator: String,
    /// The step, a time.
    pub step: f64,
    /// How long each trajectory is.
    pub time: f64,
    /// Steps of each trajectory.
    pub steps_each: u64,
    /// Steps between what is kept.
    pub every: u64,
    /// Trajectories.
    pub trajectories: usize,
    /// The seed.
    pub seed: u64,
    /// The friction; where it is a matrix, see there.
    pub gamma: Option<f64>,
    /// The friction, where it is a matrix.
    pub friction: Option<Vec<Vec<f64>>>,
    /// The mass, where it is not the identity.
    pub mass: Option<Vec<Vec<f64>>>,
    /// The temperature, where there is one.
    pub kt: Option<f64>,
    /// Whether the friction is divided by a mobility `D(q)`.
    pub mobility: bool,
    /// The mean position at the beginning.
    pub start: Vec<f64>,
    /// The standard deviation about it.
    pub spread: Vec<f64>,
    /// The step over that at which the stiffest force makes motion unstable.
    pub step_over_limit: Option<f64>,
    /// The temperatures that were measured.
    pub temperatures: Option<Temperatures>,
    /// `V`.
    pub potential_energy: Average,
    /// How well the energy is kept, by Hamiltonian motion.
    pub drift: Option<Drift>,
    /// The period of the first trajectory, in one coordinate.
    pub period: Option<Period>,
    /// The coordinates.
    pub coordinates: Vec<Coordinate>,
    /// Trajectories that are not finite at the end.
    pub lost: usize,
    /// Steps of all trajectories.
    pub steps: u64,
    /// Gradients that they took.
    pub gradient_evaluations: u64,
    /// Seconds of stepping.
    pub seconds: f64,
    /// Milliseconds of compiling.
    pub jit_ms: f64,
    /// Whether it ran to its end.
    pub complete: bool,
}

/// Temperatures that were measured.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Temperatures {
    /// `p M^-1 p` per coordinate.
    pub kinetic: Average,
}

/// A period.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Period {
    /// How long it is.
    pub length: f64,
    /// How many there were.
    pub count: usize,
}

/// One coordinate.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Coordinate {
    /// Its name.
    pub name: String,
    /// Its mean.
    pub mean: Average,
    /// Its variance.
    pub variance: Average,
}

/// Coordinates that a summary names.
const NAMED: usize = 6;

impl Simulation {
    /// As JSON, with a line end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// For a person; `place` is the folder of the results.
    pub fn summary(&self, place: &str) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{}   {}   {}, {}",
            self.file, self.potential, self.method, self.integrator
        );
        let mut put = |title: &str, line: &str| {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{title:<13}{line}");
        };
        put("motion", &self.motion());
        put("ran", &self.ran());
        if let Some(found) = &self.temperatures {
            put("kT", &self.temperature(found));
        }
        match &self.drift {
            Some(drift) => put("energy", &energy(drift)),
            None => put("V", &bar(self.potential_energy)),
        }
        if let Some(period) = &self.period {
            let count = period.count;
            let plural = if count == 1 { "" } else { "s" };
            let length = significant(period.length, 6);
            put(
                "period",
                &format!("{length}, the mean of {count} period{plural}"),
            );
        }
        for coordinate in self.coordinates.iter().take(NAMED) {
            let line = format!(
                "mean {}, variance {}",
                bar(coordinate.mean),
                bar(coordinate.variance)
            );
            put(&coordinate.name, &line);
        }
        if self.coordinates.len() > NAMED {
            put(
                "",
                &format!("and {} more in result.json", self.coordinates.len() - NAMED),
            );
        }
        if self.lost > 0 {
            let all = self.trajectories;
            put(
                "lost",
                &format!(
                    "{} of {all} trajectories are not finite at the end",
                    self.lost
                ),
            );
        }
        put("files", place);
        out
    }

    fn motion(&self) -> String {
        let mut parts = vec![format!("step {}", significant(self.step, 6))];
        if let Some(part) = self.step_over_limit {
            parts[0] += &format!(" ({} of the limit of stability)", percent(part));
        }
        match (&self.friction, self.gamma) {
            (Some(_), _) => parts.push("Gamma a matrix".to_owned()),
            (None, Some(gamma)) => parts.push(format!("Gamma {}", significant(gamma, 6))),
            (None, None) => {}
        }
        if self.mobility {
            parts.push("mobility D(q)/Gamma".to_owned());
        }
        if self.mass.is_some() {
            parts.push("mass a matrix".to_owned());
        }
        parts.extend(self.kt.map(|kt| format!("kT {}", significant(kt, 6))));
        parts.join(", ")
    }

    fn ran(&self) -> String {
        let plural = if self.trajectories == 1 { "y" } else { "ies" };
        format!(
            "{} trajector{plural} to t = {}: {} steps, {} gradients, {} s; every {} kept; seed {}",
            self.trajectories,
            significant(self.time, 4),
            scientific(self.steps as f64),
            scientific(self.gradient_evaluations as f64),
            significant(self.seconds, 2),
            match self.every {
                1 => "step".to_owned(),
                every => format!("{every} steps"),
            },
            self.seed
        )
    }

    fn temperature(&self, found: &Temperatures) -> String {
        let mut line = format!("{} of momenta", bar(found.kinetic));
        if let Some(kt) = self.kt {
            let off = (found.kinetic.value - kt) / kt;
            line += &format!(
                " ({}{} %)",
                if off < 0.0 { "" } else { "+" },
                significant(100.0 * off, 2)
            );
        }
        line + ", over the second half"
    }
}

fn energy(drift: &Drift) -> String {
    format!(
        "{}, kept to {} of the largest kinetic energy; trend over the run {} +- {}",
        significant(drift.energy, 6),
        percent(drift.largest),
        scientific_or_zero(drift.trend),
        scientific_or_zero(drift.trend_stderr)
    )
}

fn scientific_or_zero(x: f64) -> String {
    if x.is_nan() {
        "-".to_owned()
    } else {
        scientific(x)
    }
}

fn percent(part: f64) -> String {
    format!("{} %", significant(100.0 * part, 2))
}

fn bar(average: Average) -> String {
    match average.stderr > 0.0 {
        true => {
            let (value, stderr) = with_error(average.value, average.stderr);
            format!("{value} +- {stderr}")
        }
        false => significant(average.value, 6),
    }
}
