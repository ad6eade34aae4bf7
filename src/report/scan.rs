//! What a scan found: the scales of a potential, and the steps that remove them.

use super::number::significant;
use super::plot::{Axis, Corner, Figure, Layer, Panel, Stroke};
use crate::diagnostic::Diagnostic;
use serde::Serialize;
use std::fmt::Write;

/// The result of `scan`.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct ScanResult {
    /// The function.
    pub potential: String,
    /// The friction of the sweep.
    pub gamma: f64,
    /// The seed.
    pub seed: u64,
    /// The plateaus of the structure function, from small radii to large.
    pub plateaus: Vec<PlateauRow>,
    /// Whether scales follow each other without a gap.
    pub continuum: bool,
    /// `sqrt(E[|U''|^2])` of what lies above all scales.
    pub curvature: Option<f64>,
    /// The temperature of the Gibbs measure that the structure function is taken over.
    pub structure_kt: f64,
    /// The structure function.
    pub structure: Vec<StructureRow>,
    /// Short runs, from small steps to large.
    pub sweep: Vec<SweepRow>,
    /// Steps that will do.
    pub windows: Vec<Window>,
    /// What to do.
    pub advice: String,
    /// Steps of all runs.
    pub steps: u64,
}

/// A plateau of the structure function; lengths and forces are dimensionless as in the paper.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct PlateauRow {
    /// From this radius ...
    pub r_lo: f64,
    /// ... to this one it is flat.
    pub r_hi: f64,
    /// The variance of the force of this scale and all smaller ones, per coordinate.
    pub height: f64,
    /// Its standard error.
    pub height_stderr: f64,
    /// The reduced wavelength of the scale.
    pub eps: f64,
    /// The smallest reduced wavelength that is there.
    pub eps_lo: f64,
    /// The largest.
    pub eps_hi: f64,
    /// Half a wavelength, `pi eps`: the size that `--resolve` compares with.
    pub size: f64,
    /// Whether it is read off V's own text, as the slopes of larger structure hide it.
    pub hidden: bool,
}

/// The structure function at a radius.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct StructureRow {
    /// The radius.
    pub r: f64,
    /// `E|g(x + r u) - g(x)|^2/(2 d)`.
    pub value: f64,
    /// Its standard error.
    pub stderr: f64,
}

/// A short run at one step.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct SweepRow {
    /// The step.
    pub delta: f64,
    /// Whether all marks are good.
    pub accepted: bool,
    /// The marks that are not, in a word or two each.
    pub marks: Vec<&'static str>,
    /// What a run at this step says of it, where nothing holds trajectories.
    #[serde(skip)]
    pub reason: Option<Diagnostic>,
    /// `l = delta sigma_p`.
    pub length: Option<f64>,
    /// `E[p^2]` per coordinate.
    pub kt: Option<f64>,
    /// The part of watches of trajectories that ended in a trap.
    pub trapped: f64,
    /// Trajectories that were started anew.
    pub restarts: u64,
    /// The part of windows in which trajectories left or were no longer finite.
    pub diverged: f64,
    /// Kurtosis of p less 3, the worst coordinate.
    pub excess_kurtosis: Option<f64>,
    /// Kolmogorov-Smirnov distance of p from a Gaussian, the worst coordinate.
    pub ks: Option<f64>,
    /// Split R-hat of `p^2` over trajectories, the worst coordinate; 1 is perfect.
    pub heterogeneity: Option<f64>,
    /// `delta^2 max U''` of what is kept at this step.
    pub h: Option<f64>,
    /// Independent samples behind it.
    pub effective_samples: Option<f64>,
}

/// Steps next to each other that will do.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Window {
    /// The first.
    pub lo: f64,
    /// The last.
    pub hi: f64,
    /// The smallest: it changes least of what is kept.
    pub smallest: f64,
    /// Its length `l`, and that of the last.
    pub lengths: [f64; 2],
    /// The reduced wavelengths of the scales that the smallest removes, `R_x(l/eps) < 0.1`; none
    /// for a continuum.
    pub removed: Vec<f64>,
    /// Those that are neither removed nor kept.
    pub weakened: Vec<f64>,
    /// Those that it keeps, `R_x(l/eps) > 0.5`.
    pub kept: Vec<f64>,
}

impl ScanResult {
    /// As JSON, with a line end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// For a person; `name` is that of the file.
    pub fn summary(&self, name: &str) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(out, "{name}   {}", self.potential);
        self.write_plateaus(&mut out);
        if !self.sweep.is_empty() {
            self.write_sweep(&mut out);
        }
        for window in &self.windows {
            let _ = writeln!(out, "window       {}", window.words());
        }
        let _ = writeln!(out, "{}", self.advice);
        out
    }

    fn write_plateaus(&self, out: &mut String) {
        if self.plateaus.is_empty() {
            let words = match self.continuum {
                true => "a continuum: the force is rough on all lengths",
                false => "none stands out from the large ones",
            };
            let _ = writeln!(out, "scales       {words}");
        }
        for (at, plateau) in self.plateaus.iter().enumerate() {
            let eps = match plateau.eps_hi > 5.0 * plateau.eps_lo {
                true => format!(
                    "a continuum, {} to {}",
                    significant(plateau.eps_lo, 2),
                    significant(plateau.eps_hi, 2)
                ),
                false => significant(plateau.eps, 2),
            };
            let flat = match plateau.hidden {
                true => "from a term of V: steeper slopes hide it".to_owned(),
                false => format!(
                    "flat from {} to {}",
                    significant(plateau.r_lo, 2),
                    significant(plateau.r_hi, 2)
                ),
            };
            let _ = writeln!(
                out,
                "{:<12} {eps:<26} force variance up to here {:<6} {flat}",
                if at == 0 { "scales" } else { "" },
                significant(plateau.height, 3),
            );
        }
    }

    fn write_sweep(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "delta     l         kT        trapped  diverged  kurtosis  KS      R-hat   h       (gamma {})",
            significant(self.gamma, 3)
        );
        let or_dash = |x: Option<f64>, digits| x.map_or("-".to_owned(), |x| significant(x, digits));
        let signed = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:+.2}"));
        for row in &self.sweep {
            let marks = match row.accepted {
                true => "good".to_owned(),
                false => row.marks.join(", "),
            };
            let line = format!(
                "{:<9} {:<9} {:<9} {:<8} {:<9} {:<9} {:<7} {:<7} {:<7} {marks}",
                significant(row.delta, 3),
                or_dash(row.length, 2),
                or_dash(row.kt, 2),
                percent(row.trapped),
                percent(row.diverged),
                signed(row.excess_kurtosis),
                or_dash(row.ks, 1),
                row.heterogeneity
                    .map_or("-".to_owned(), |r| format!("{r:.2}")),
                or_dash(row.h, 2),
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

fn percent(part: f64) -> String {
    match part {
        0.0 => "0".to_owned(),
        part => format!("{} %", significant(100.0 * part, 2)),
    }
}

/// Scales by their reduced wavelengths: `scales 0.001 and 0.05`. Not `eps`, which is a parameter of
/// many a program.
pub fn named(eps: &[f64]) -> String {
    let names: Vec<String> = eps.iter().map(|eps| significant(*eps, 2)).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => format!("scale {one}"),
        [rest @ .., last] => format!("scales {} and {last}", rest.join(", ")),
    }
}

impl Window {
    /// Whether the smallest steps of both remove and keep the same.
    pub fn does_as(&self, other: &Window) -> bool {
        self.removed == other.removed && self.kept == other.kept
    }

    /// Its last step over its first.
    pub fn ratio(&self) -> f64 {
        self.hi / self.lo
    }

    fn words(&self) -> String {
        let parts = [
            ("removes", &self.removed),
            ("weakens", &self.weakened),
            ("keeps", &self.kept),
        ];
        let parts = parts.into_iter().filter(|(_, eps)| !eps.is_empty());
        let parts: Vec<String> = parts
            .map(|(verb, eps)| format!("{verb} {}", named(eps)))
            .collect();
        format!(
            "delta {} to {}, l {} to {}{}{}",
            significant(self.lo, 3),
            significant(self.hi, 3),
            significant(self.lengths[0], 2),
            significant(self.lengths[1], 2),
            if parts.is_empty() { "" } else { ": " },
            parts.join(", ")
        )
    }
}

/// The structure function.
const CURVE: Stroke = Stroke {
    colour: "#004c8c",
    width: 2.0,
    dash: None,
};
/// Two standard errors.
const BAND: &str = "#a9cdea";
/// Heights of plateaus, told apart by their dashes.
const DASHES: [&str; 3] = ["5 4", "2 3", "9 3 2 3"];
const HEIGHT: Stroke = Stroke {
    colour: "#f0a81c",
    width: 1.6,
    dash: Some("5 4"),
};

impl ScanResult {
    /// The structure function over the radius, both as powers of ten, with its plateaus shaded.
    pub fn figure(&self) -> Figure {
        let rows = self.structure.iter().filter(|row| row.value > 0.0);
        let rows: Vec<&StructureRow> = rows.collect();
        let log = |value: &dyn Fn(&StructureRow) -> f64| -> Vec<f64> {
            rows.iter().map(|row| value(row).log10()).collect()
        };
        let (x, y) = (log(&|row| row.r), log(&|row| row.value));
        let ends = |values: &[f64]| {
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            (
                least,
                values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            )
        };
        let ((left, right), (low, high)) = (ends(&x), ends(&y));
        // Below the first rise there is only a straight line.
        let floor = self
            .plateaus
            .first()
            .map_or(low, |p| p.height.log10() - 3.0);
        let mut layers = vec![
            Layer::Band {
                x: x.clone(),
                lower: log(&|row| (row.value - 2.0 * row.stderr).max(0.1 * row.value)),
                upper: log(&|row| row.value + 2.0 * row.stderr),
                colour: BAND,
                label: None,
            },
            Layer::Line {
                x,
                y,
                stroke: CURVE,
                label: Some("S(r)".to_owned()),
            },
        ];
        for (plateau, dash) in self.plateaus.iter().zip(DASHES.iter().cycle()) {
            let level = plateau.height.log10();
            layers.push(Layer::Line {
                x: vec![left, right],
                y: vec![level, level],
                stroke: Stroke {
                    dash: Some(dash),
                    ..HEIGHT
                },
                label: Some(format!("s2 = {}", significant(plateau.height, 3))),
            });
        }
        let panel = Panel {
            title: "structure function of the force".to_owned(),
            x: Axis::new("log10 of the radius r", left, right, 6.0),
            y: Axis::new("log10 of S(r)", low.max(floor), high + 0.1, 5.0),
            layers,
            shaded: self
                .plateaus
                .iter()
                .filter(|p| !p.hidden)
                .map(|p| [p.r_lo.log10(), p.r_hi.log10()])
                .collect(),
            legend: Some(Corner::TopLeft),
        };
        Figure {
            panels: vec![panel],
            columns: 1,
            width: 720.0,
            row_height: 440.0,
        }
    }
}
