//! How numbers of a result are read back from JSON.
//!
//! JSON has no NaN and no infinity; `serde_json` writes them as `null`, which these functions read
//! back as NaN so that a result with a hole in it can still be opened.

use crate::diagnostic::Severity;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

fn filled(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

/// A number; `null` is NaN.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Option::deserialize(from).map(filled)
}

/// A list of numbers or `null`; a `null` in the list is NaN.
pub(super) fn optional_list<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<f64>>, D::Error> {
    let raw: Option<Vec<Option<f64>>> = Option::deserialize(from)?;
    Ok(raw.map(|raw| raw.into_iter().map(filled).collect()))
}

/// Rows of numbers or `null`; a `null` in a row is NaN.
pub(super) fn optional_matrix<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<Vec<f64>>>, D::Error> {
    let raw: Option<Vec<Vec<Option<f64>>>> = Option::deserialize(from)?;
    let row = |row: Vec<Option<f64>>| row.into_iter().map(filled).collect();
    Ok(raw.map(|raw| raw.into_iter().map(row).collect()))
}

/// Intervals; a `null` end is NaN.
pub(super) fn intervals<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<[f64; 2]>, D::Error> {
    let raw: Vec<[Option<f64>; 2]> = Vec::deserialize(from)?;
    Ok(raw.into_iter().map(|ends| ends.map(filled)).collect())
}

/// Intervals or `null`; a `null` end is NaN.
pub(super) fn optional_intervals<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<[f64; 2]>>, D::Error> {
    let raw: Option<Vec<[Option<f64>; 2]>> = Option::deserialize(from)?;
    let ends = |ends: [Option<f64>; 2]| ends.map(filled);
    Ok(raw.map(|raw| raw.into_iter().map(ends).collect()))
}

/// A severity by its name.
pub(super) mod severity {
    use super::*;

    pub fn serialize<S: Serializer>(value: &Severity, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Severity, D::Error> {
        let name = String::deserialize(from)?;
        [Severity::Note, Severity::Warning, Severity::Error]
            .into_iter()
            .find(|severity| severity.name() == name)
            .ok_or_else(|| D::Error::custom(format!("no severity is called `{name}`")))
    }
}
