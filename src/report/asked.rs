//! What a run was asked for, before any default was resolved: with the source, all that it takes
//! to run it again.

use serde::{Deserialize, Serialize};

/// The options of a run as they were given on the command line and in the `learn` block; what was
/// not given is left out. Called as the keys of the block.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asked {
    /// The step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<f64>,
    /// Whether the step was to be chosen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// The size of structure to keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolve: Option<f64>,
    /// The friction, a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gamma: Option<f64>,
    /// The friction, a matrix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friction: Option<Vec<Vec<f64>>>,
    /// The mass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mass: Option<Vec<Vec<f64>>>,
    /// Estimators by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub estimators: Vec<String>,
    /// Steps in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Trajectories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trajectories: Option<u64>,
    /// Steps of burn-in of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burn_in: Option<u64>,
    /// The seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Where to start, by coordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Vec<f64>>,
    /// Where to stay, by coordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Vec<[f64; 2]>>,
    /// Cells of the spline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<u64>,
    /// The width of a cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spacing: Option<f64>,
    /// Whether trapped trajectories are moved on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<bool>,
    /// The standard error to stop at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// A function to hold U against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<String>,
    /// The temperature of a free energy.
    #[serde(rename = "kT", skip_serializing_if = "Option::is_none")]
    pub kt: Option<f64>,
    /// What gets a weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<Vec<String>>,
    /// How the noise is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<String>,
}

/// What a run was made with. No bit of a result depends on it, as far as is known: it is what to
/// look at first where bits differ.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MadeWith {
    /// The version of effpot-lang.
    pub version: String,
    /// The engine of the kernels.
    pub engine: String,
    /// The processor and the system.
    pub machine: String,
}

impl MadeWith {
    /// That of this build, with an engine.
    pub fn here(engine: &str) -> MadeWith {
        let of = |names: &[(&'static str, bool)]| -> &'static str {
            let known = names.iter().find(|(_, is)| *is);
            known.map_or("another", |(name, _)| name)
        };
        let processor = of(&[
            ("x86_64", cfg!(target_arch = "x86_64")),
            ("aarch64", cfg!(target_arch = "aarch64")),
        ]);
        let system = of(&[
            ("linux", cfg!(target_os = "linux")),
            ("macos", cfg!(target_os = "macos")),
            ("windows", cfg!(target_os = "windows")),
        ]);
        MadeWith {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine: engine.to_owned(),
            machine: format!("{processor} {system}"),
        }
    }

    /// What differs from another, in words.
    pub fn differences(&self, here: &MadeWith) -> Vec<String> {
        let pairs = [
            ("effpot-lang", &self.version, &here.version),
            ("engine", &self.engine, &here.engine),
            ("machine", &self.machine, &here.machine),
        ];
        let other = pairs.into_iter().filter(|(_, then, now)| then != now);
        other
            .map(|(what, then, now)| match then.is_empty() {
                true => format!("{what} {now}, then unknown"),
                false => format!("{what} {now}, then {then}"),
            })
            .collect()
    }
}
