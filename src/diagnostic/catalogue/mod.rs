//! Every code of a message, in one table: what it means, and what it looks like wrong and right.
//!
//! A code that is not here is never used, and one that is here is; a test holds both, and that the
//! examples that a program alone can show are what they say.

mod before;
mod meaning;
mod run;
mod text;

use super::Severity;

/// What stage of the work a code belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// Reading the text.
    Text,
    /// What the text means.
    Meaning,
    /// Before a run: files, settings and a first look at the potential.
    Before,
    /// A run and its result.
    Run,
}

impl Stage {
    /// All of them, in order, with what they are called.
    pub const ALL: [(Stage, &'static str); 4] = [
        (Stage::Text, "the text of a program"),
        (Stage::Meaning, "what a program means"),
        (Stage::Before, "before a run"),
        (Stage::Run, "a run and its result"),
    ];
}

/// What an example is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Example {
    /// A program that gives the code when it is checked, and one that does not.
    Program(&'static str, &'static str),
    /// A command or a program that gives the code when it is run, and what to do.
    Other(&'static str, &'static str),
}

/// One code.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The code, in brackets in messages.
    pub code: &'static str,
    /// How bad it is at most: some codes are errors or warnings, as the case may be.
    pub severity: Severity,
    /// Where it comes from.
    pub stage: Stage,
    /// What it means, a paragraph.
    pub text: &'static str,
    /// Wrong and right.
    pub example: Example,
}

/// All codes, by stage.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [text::ROWS, meaning::ROWS, before::ROWS, run::ROWS]
        .into_iter()
        .flatten()
}

/// The row of a code.
pub fn find(code: &str) -> Option<&'static Row> {
    rows().find(|row| row.code == code)
}

/// An error that a program alone shows.
const fn program(
    stage: Stage,
    code: &'static str,
    text: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Row {
    Row {
        code,
        severity: Severity::Error,
        stage,
        text,
        example: Example::Program(wrong, right),
    }
}

/// What only a command or a run shows.
const fn other(
    stage: Stage,
    severity: Severity,
    code: &'static str,
    text: &'static str,
    wrong: &'static str,
    right: &'static str,
) -> Row {
    Row {
        code,
        severity,
        stage,
        text,
        example: Example::Other(wrong, right),
    }
}
