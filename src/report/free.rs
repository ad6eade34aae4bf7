//! Free energy and mobility at a temperature, as `result.json` keeps them.

use super::json;
use super::number::significant;
use serde::{Deserialize, Serialize};

/// The free energy F and the mobility D at a temperature and a length.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FreeEnergy {
    /// The file with F as a program, in the folder of the result.
    pub file: String,
    /// The file with D as a program.
    pub mobility_file: String,
    /// The temperature, in the unit of V.
    #[serde(rename = "kT", deserialize_with = "json::number")]
    pub kt: f64,
    /// The length below which structure is averaged (unit of the coordinates).
    #[serde(deserialize_with = "json::number")]
    pub length: f64,
    /// The shortest length that was used: on slopes on which V changes by more than kT over
    /// `length` it is shorter.
    #[serde(deserialize_with = "json::number")]
    pub shortest: f64,
    /// Where they are given, one interval a coordinate.
    #[serde(deserialize_with = "json::intervals")]
    pub domain: Vec<[f64; 2]>,
    /// What they are made of.
    pub basis: String,
    /// The largest error of `F/kT` and of `log D`.
    #[serde(deserialize_with = "json::number")]
    pub error: f64,
    /// The least and the largest D; 1 is that of V without structure below the length.
    pub mobility: [f64; 2],
    /// Evaluations of V.
    pub evaluations: u64,
}

impl FreeEnergy {
    /// For a summary.
    pub fn line(&self) -> String {
        let [least, most] = self.mobility.map(|d| significant(d, 3));
        let shorter = match self.shortest < 0.99 * self.length {
            true => format!(" (down to {} on slopes)", significant(self.shortest, 2)),
            false => String::new(),
        };
        let mobility = match least == most {
            true => least,
            false => format!("{least} to {most}"),
        };
        format!(
            "{} and {} at kT {}, l {}{shorter}: D from structure below it {mobility}, error of F/kT and log D {}",
            self.file,
            self.mobility_file,
            significant(self.kt, 4),
            significant(self.length, 3),
            significant(self.error, 1),
        )
    }

    /// As JSON, indented, with a newline at the end.
    ///
    /// # Errors
    /// None that is known: the types here have a form in JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}
