//! Whether the friction of a run matches its noise, as `result.json` keeps it.

use super::json;
use serde::{Deserialize, Serialize};

/// Whether the friction matches the noise: `E[p p^T]` is then proportional to the mass.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CalibrationState {
    /// The momenta are equally hot in all directions, within 2 %.
    Calibrated,
    /// The run is too short to tell.
    #[default]
    Undetermined,
    /// They are not.
    NotCalibrated,
}

/// How unequally hot the momenta are.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Calibration {
    /// What the interval says.
    pub state: CalibrationState,
    /// The root mean square over directions of their temperatures about the mean, relative to it;
    /// what chance adds is taken off.
    #[serde(deserialize_with = "json::number")]
    pub anisotropy: f64,
    /// The 95 % interval of it.
    pub interval: [f64; 2],
}
