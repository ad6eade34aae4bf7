//! What a comparison found: distances beside their noise floors, what the learned model saves, and
//! the temperatures at which it holds.

pub use super::judged::Measured;
use super::number::{place, scientific, significant, with_error};
use crate::surrogate::{Average, Drift};
use serde::Serialize;
use std::fmt::Write;

/// The result of `compare`.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Comparison {
    /// The file of the full model.
    pub full: String,
    /// Its function.
    pub full_potential: String,
    /// The file of the learned model.
    pub learned: String,
    /// Its function.
    pub learned_potential: String,
    /// Whether a mobility goes with it.
    pub mobility: bool,
    /// How both systems move.
    pub method: &'static str,
    /// The friction; where it is a matrix, see there.
    pub gamma: f64,
    /// The friction, where it is a matrix.
    pub friction: Option<Vec<Vec<f64>>>,
    /// The mass, where it is not the identity.
    pub mass: Option<Vec<Vec<f64>>>,
    /// The temperature.
    pub kt: f64,
    /// The names of the coordinates.
    pub coordinates: Vec<String>,
    /// The mean position at the beginning.
    pub start: Vec<f64>,
    /// The standard deviation about it.
    pub spread: Vec<f64>,
    /// Trajectories of each ensemble.
    pub trajectories: usize,
    /// How long each is.
    pub time: f64,
    /// Looks at each, after the beginning.
    pub looks: usize,
    /// The seed.
    pub seed: u64,
    /// How much beyond their floors distances may be: mean paths in units of `width`.
    pub tolerance: f64,
    /// The standard deviation of positions in the second half of the time.
    pub width: f64,
    /// Between mean paths, eq. (4.3): root mean square over time.
    pub mean_path: Measured,
    /// Between normalised autocorrelations, eq. (4.4): root mean square over lags.
    pub acf: Measured,
    /// Total variation between the laws of positions.
    pub density: Measured,
    /// Whether all three are at their floors.
    pub at_floor: bool,
    /// Whether they are known not to be beyond them by more than the tolerance, and the learned
    /// model stays where it was learned.
    pub holds: bool,
    /// The part of the learned model's positions that lie outside of where it was learned, along
    /// one coordinate; `None` where it has no such box.
    pub outside: Option<f64>,
    /// Whether that is too much to stand in for anything.
    pub left: bool,
    /// The full model.
    pub full_run: Cost,
    /// The learned model.
    pub learned_run: Cost,
    /// The full model at longer steps.
    pub ladder: Vec<Rung>,
    /// The full model at the longest step at which it is still at its floor.
    pub opponent: Option<Cost>,
    /// What the learned model saves against that.
    pub saving: Option<Saving>,
    /// The period of Hamiltonian motion, in one coordinate.
    pub period: Option<Period>,
    /// How well Hamiltonian motion keeps its energy.
    pub energy: Option<Energies>,
    /// First passages between two wells.
    pub passage: Option<Passage>,
    /// Temperatures, this one among them.
    pub sweep: Vec<Heat>,
    /// Those between which the learned model holds.
    pub range: Option<[f64; 2]>,
    /// Hamiltonian motion.
    #[serde(skip)]
    pub portrait: Portrait,
}

/// What an ensemble costs.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Cost {
    /// The step, a time.
    pub step: f64,
    /// Gradients.
    pub gradient_evaluations: u64,
    /// Seconds.
    pub seconds: f64,
}

/// The full model at a longer step.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Rung {
    /// The step and what it costs.
    #[serde(flatten)]
    pub cost: Cost,
    /// Between mean paths.
    pub mean_path: Measured,
    /// Between autocorrelations.
    pub acf: Measured,
    /// Between laws.
    pub density: Measured,
    /// Whether all are at their floors.
    pub at_floor: bool,
}

/// Costs of the full model over those of the learned one.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Saving {
    /// In gradients.
    pub gradient_evaluations: f64,
    /// In seconds.
    pub seconds: f64,
}

/// Periods of Hamiltonian motion.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Period {
    /// Their difference over that of the full model.
    pub value: f64,
    /// That between the full model's step and half of it.
    pub floor: f64,
    /// The full model's.
    pub full: f64,
    /// The learned model's.
    pub learned: f64,
    /// From where, at rest unless a momentum was asked for.
    pub start: f64,
    /// How many were averaged.
    pub count: usize,
}

/// Energies of Hamiltonian motion.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Energies {
    /// The full model's.
    pub full: Drift,
    /// The learned model's.
    pub learned: Drift,
}

/// Mean first-passage times.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Passage {
    /// From where.
    pub from: Vec<f64>,
    /// To where.
    pub to: Vec<f64>,
    /// The difference over the time of the full model.
    pub value: f64,
    /// The same for another seed of the full model.
    pub floor: f64,
    /// The full model's time.
    pub full: Average,
    /// The learned model's.
    pub learned: Average,
    /// Trajectories of the full model.
    pub trajectories: usize,
}

/// One temperature of a sweep.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Heat {
    /// The temperature.
    pub kt: f64,
    /// The standard deviation of positions.
    pub width: f64,
    /// Between mean paths.
    pub mean_path: Measured,
    /// Between autocorrelations.
    pub acf: Measured,
    /// Between laws.
    pub density: Measured,
    /// Whether the learned model holds.
    pub holds: bool,
}

/// Hamiltonian motion of both models. Shape: coordinates, looks; positions, then momenta.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Portrait {
    /// When.
    pub t: Vec<f64>,
    /// The full model.
    pub full: [Vec<Vec<f64>>; 2],
    /// The learned model.
    pub learned: [Vec<Vec<f64>>; 2],
}

impl Comparison {
    /// As JSON, with a line end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// The three distances.
    pub fn metrics(&self) -> [&Measured; 3] {
        [&self.mean_path, &self.acf, &self.density]
    }

    /// For a person; `folder` is that of the results.
    pub fn summary(&self, folder: &str) -> String {
        let left = format!(
            "{} {} against {} {}",
            self.full, self.full_potential, self.learned, self.learned_potential
        );
        let mut out = format!("{left:<64} {}\n", self.verdict());
        let mut put = |title: &str, line: &str| {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{title:<13}{line}");
        };
        if !self.holds {
            put("why", &self.why());
        }
        put("motion", &self.motion());
        for line in self.table() {
            put("", &line);
        }
        if let (Some(saving), Some(opponent)) = (&self.saving, &self.opponent) {
            let line = format!(
                "{} in gradients, {} in seconds, against {} at step {}, the longest at its floor",
                significant(saving.gradient_evaluations, 2),
                significant(saving.seconds, 2),
                self.full_potential,
                significant(opponent.step, 2)
            );
            put("saving", &line);
        }
        if let Some(period) = &self.period {
            put("period", &self.periods(period));
        }
        if let Some(energies) = &self.energy {
            put("energy", &self.energies(energies));
        }
        if let Some(passage) = &self.passage {
            put("passage", &self.passages(passage));
        }
        if !self.sweep.is_empty() {
            put("range", &self.temperatures());
        }
        put("files", folder);
        out
    }

    fn motion(&self) -> String {
        let friction = match self.friction {
            Some(_) => "a matrix".to_owned(),
            None => significant(self.gamma, 6),
        };
        let named = |c: usize| match self.coordinates.get(c) {
            Some(name) => format!("{name} = "),
            None if c == 0 => "q = ".to_owned(),
            None => String::new(),
        };
        let law: Vec<String> = self
            .start
            .iter()
            .zip(&self.spread)
            .take(3)
            .enumerate()
            .map(|(c, (q, s))| {
                format!(
                    "{}{} +- {}",
                    named(c),
                    significant(*q, 3),
                    significant(*s, 3)
                )
            })
            .collect();
        let more = if self.start.len() > 3 { ", .." } else { "" };
        format!(
            "{}{}, Gamma {friction}, kT {}; {} trajectories to t = {} from {}{more}; seed {}",
            self.method,
            if self.mobility { " with D(q)" } else { "" },
            significant(self.kt, 6),
            self.trajectories,
            significant(self.time, 4),
            law.join(", "),
            self.seed
        )
    }

    fn table(&self) -> Vec<String> {
        let (v, u) = (
            self.full_potential.as_str(),
            self.learned_potential.as_str(),
        );
        let header = [
            "",
            "step",
            "mean path",
            "autocorrelation",
            "density",
            "gradients",
            "seconds",
            "",
        ];
        let mut rows = vec![header.map(str::to_owned)];
        let floors = self.metrics().map(|m| bar(m.floor, m.floor_stderr));
        rows.push(row(
            format!("{v} again"),
            &self.full_run,
            floors,
            "the floor",
        ));
        let values = |all: [&Measured; 3]| all.map(|m| bar(m.value, m.stderr));
        rows.push(row(
            u.to_owned(),
            &self.learned_run,
            values(self.metrics()),
            if self.at_floor { "at the floor" } else { "" },
        ));
        rows.extend(self.ladder.iter().map(|rung| {
            let all = values([&rung.mean_path, &rung.acf, &rung.density]);
            row(
                v.to_owned(),
                &rung.cost,
                all,
                if rung.at_floor { "at its floor" } else { "" },
            )
        }));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> = (0..header.len()).map(|c| width(c).unwrap_or(0)).collect();
        let line = |row: &[String; 8]| {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        rows.iter().map(line).collect()
    }

    fn periods(&self, period: &Period) -> String {
        format!(
            "{} {}, {} {} from {}: {} % apart (floor {} %)",
            self.full_potential,
            significant(period.full, 5),
            self.learned_potential,
            significant(period.learned, 5),
            significant(period.start, 3),
            significant(100.0 * period.value, 2),
            significant(100.0 * period.floor, 1),
        )
    }

    fn energies(&self, energies: &Energies) -> String {
        let one = |name: &str, drift: &Drift| {
            format!(
                "{name} kept to {} %, trend {} +- {}",
                significant(100.0 * drift.largest, 2),
                scientific(drift.trend),
                scientific(drift.trend_stderr)
            )
        };
        [
            one(&self.full_potential, &energies.full),
            one(&self.learned_potential, &energies.learned),
        ]
        .join("; ")
    }

    fn passages(&self, passage: &Passage) -> String {
        let point = |x: &[f64]| {
            let all: Vec<String> = x.iter().map(|x| place(*x, 2.0)).collect();
            all.join(", ")
        };
        format!(
            "from {} to {}: {} {}, {} {}; {} % apart (floor {} %)",
            point(&passage.from),
            point(&passage.to),
            self.full_potential,
            bar(passage.full.value, passage.full.stderr),
            self.learned_potential,
            bar(passage.learned.value, passage.learned.stderr),
            significant(100.0 * passage.value, 2),
            significant(100.0 * passage.floor, 1),
        )
    }

    fn temperatures(&self) -> String {
        let held = match self.range {
            Some([lo, hi]) if lo == hi => format!("holds at kT {}", significant(lo, 3)),
            Some([lo, hi]) => {
                format!(
                    "holds from kT {} to {}",
                    significant(lo, 3),
                    significant(hi, 3)
                )
            }
            None => "holds at no temperature that was tried".to_owned(),
        };
        let out = self.sweep.iter().filter(|row| !row.holds);
        let out: Vec<String> = out.map(|row| significant(row.kt, 3)).collect();
        match out.is_empty() {
            true => format!("{held}, wherever it was tried"),
            false => format!("{held}; not at {}", out.join(", ")),
        }
    }
}

fn row(name: String, cost: &Cost, [path, acf, density]: [String; 3], mark: &str) -> [String; 8] {
    [
        name,
        significant(cost.step, 3),
        path,
        acf,
        density,
        scientific(cost.gradient_evaluations as f64),
        significant(cost.seconds, 2),
        mark.to_owned(),
    ]
}

pub(super) fn bar(value: f64, stderr: f64) -> String {
    match stderr > 0.0 {
        true => {
            let (value, stderr) = with_error(value, stderr);
            format!("{value} +- {stderr}")
        }
        false => significant(value, 3),
    }
}
