//! Results as JSON, and back.

use super::result::{RunResult, SCHEMA};
use sha2::{Digest, Sha256};

/// Why a result file could not be read.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ReadError {
    /// The text is not JSON.
    #[error("not a result file: {0}")]
    NotJson(String),
    /// There is no `schema` in it.
    #[error("not a result file: it has no `schema`, which must be \"{SCHEMA}\"")]
    NoSchema,
    /// Another version wrote it.
    #[error("the result file has the schema \"{found}\"; this version reads \"{SCHEMA}\"")]
    OtherSchema {
        /// What it says.
        found: String,
    },
    /// Its schema is right and its content is not.
    #[error("the result file is not complete: {0}")]
    Incomplete(String),
    /// The embedded source is not what was run.
    #[error("the source in the result file was changed: its SHA-256 is {found}, not {expected}")]
    OtherSource {
        /// Of the text that is there.
        found: String,
        /// Of the text that was run.
        expected: String,
    },
}

/// SHA-256 of a text, lower-case hexadecimal.
pub fn sha256(text: &str) -> String {
    sha256_of(text.as_bytes())
}

/// SHA-256 of bytes, likewise.
pub fn sha256_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl RunResult {
    /// As JSON, indented, with a newline at the end.
    ///
    /// # Errors
    /// None that is known: the types here have a form in JSON. It is passed on nevertheless.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads what [`RunResult::to_json`] wrote.
    ///
    /// # Errors
    /// [`ReadError`]: not JSON, another schema, something missing, or a source that does not have
    /// the recorded SHA-256.
    pub fn from_json(text: &str) -> Result<RunResult, ReadError> {
        let raw: serde_json::Value =
            serde_json::from_str(text).map_err(|error| ReadError::NotJson(error.to_string()))?;
        let schema = raw.get("schema").and_then(|schema| schema.as_str());
        let found = schema.ok_or(ReadError::NoSchema)?;
        if found != SCHEMA {
            return Err(ReadError::OtherSchema {
                found: found.to_owned(),
            });
        }
        // From the text again, so that the message has a line and a column.
        let result: RunResult =
            serde_json::from_str(text).map_err(|error| ReadError::Incomplete(error.to_string()))?;
        let found = sha256(&result.program.source);
        if found != result.program.sha256 {
            return Err(ReadError::OtherSource {
                found,
                expected: result.program.sha256,
            });
        }
        Ok(result)
    }
}
