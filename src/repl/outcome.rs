//! What an input comes to, as data.

use super::plot::Plot;
use super::show;
use crate::check::Meaning;
use crate::diagnostic::Diagnostic;
use crate::report::result::{RunResult, Verdict};
use crate::report::scan::ScanResult;
use crate::report::summary;
use crate::source::Sources;
use std::fmt;

/// How an input ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// All of it was done.
    Done,
    /// It is not finished: a bracket is open, or an operator waits for its right side. Nothing
    /// changed; ask for more lines. The diagnostics say what is wrong if nothing follows.
    Unfinished,
    /// It is wrong, and nothing changed.
    Failed,
    /// It was cancelled, and nothing changed.
    Cancelled,
    /// The user wants to leave.
    Quit,
}

/// What an input comes to.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The results, in order; none where the input failed.
    pub replies: Vec<Reply>,
    /// Errors, warnings and notes, with places in `sources`.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into: inputs, and files that they name.
    pub sources: Sources,
}

impl Outcome {
    /// Whether the input failed or was cancelled.
    pub fn is_failure(&self) -> bool {
        !matches!(self.status, Status::Done | Status::Quit)
    }

    /// The last value, if there is one.
    pub fn value(&self) -> Option<&Meaning> {
        self.replies.iter().rev().find_map(|reply| match reply {
            Reply::Value(value) => Some(value),
            _ => None,
        })
    }

    /// The last value as a number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self.value() {
            Some(Meaning::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

/// The replies as text, one after the other.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.replies.iter().try_for_each(|reply| reply.fmt(f))
    }
}

/// A definition that was made.
#[derive(Clone, PartialEq, Debug)]
pub struct Defined {
    /// Its name; that of the block for a run block.
    pub name: String,
    /// How it is called, such as `V(x, y)`; of anything else its name.
    pub signature: String,
    /// The value of a constant or a parameter.
    pub value: Option<Meaning>,
    /// Whether the value is worth a line: it is not the number that was typed.
    pub is_computed: bool,
    /// Whether it takes the place of another one.
    pub replaced: bool,
    /// What uses the one whose place it takes, and has changed with it.
    pub followers: Vec<String>,
}

/// A line of `:show`.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    /// The definition as it was typed.
    pub text: String,
    /// The value of a constant or a parameter, where the text is not that number.
    pub value: Option<Meaning>,
    /// Whether `:set` gave it the value.
    pub is_set: bool,
}

/// Formulas of a gradient or of a Hessian.
#[derive(Clone, PartialEq, Debug)]
pub struct Formulas {
    /// What each is, such as `dV/dq`, and the formula in the language.
    pub rows: Vec<(String, String)>,
    /// How many more there are that are too many to read.
    pub more: usize,
}

/// Value and derivatives at a point.
#[derive(Clone, PartialEq, Debug)]
pub struct Slopes {
    /// The function.
    pub function: String,
    /// The names of its coordinates.
    pub coordinates: Vec<String>,
    /// The point.
    pub point: Vec<f64>,
    /// The value.
    pub value: f64,
    /// The gradient.
    pub gradient: Vec<f64>,
    /// The Hessian by rows, where that was asked for.
    pub hessian: Option<Vec<Vec<f64>>>,
}

/// What a trial run learned.
#[derive(Debug)]
pub struct Learned {
    /// What the learned potential is called in the session; none if there is none.
    pub name: Option<String>,
    /// The result of the run, as `result.json` has it.
    pub result: Box<RunResult>,
    /// Whether it has fewer steps than the real run, or was stopped.
    pub is_short: bool,
    /// What to do for the real run.
    pub command: Command,
}

/// The command line of the real run.
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    /// The file to save the session in before, if it is not that of a file.
    pub save: Option<String>,
    /// The command line.
    pub line: String,
}

/// One result.
#[derive(Debug)]
pub enum Reply {
    /// The value of a formula.
    Value(Meaning),
    /// A definition.
    Defined(Defined),
    /// A function: how it is called, and its definition or what it is.
    Function {
        /// Such as `V(x, y)`.
        signature: String,
        /// The definition as it was typed; of the functions of the language, a description.
        text: String,
        /// Whether it is a function of the language.
        is_builtin: bool,
    },
    /// Words to be read.
    Text(String),
    /// What is defined.
    Listing(Vec<Listed>),
    /// Formulas of derivatives.
    Formulas(Formulas),
    /// Derivatives at a point.
    Slopes(Slopes),
    /// Something to be drawn.
    Plot(Plot),
    /// A potential was learned.
    Learned(Learned),
    /// A potential was scanned.
    Scanned {
        /// What was found.
        result: Box<ScanResult>,
        /// What it is called.
        name: String,
        /// What to do for the real scan.
        command: Command,
    },
    /// Parameters were set: names and values, and what follows them.
    Set(Vec<(String, f64)>),
    /// Definitions are gone.
    Forgotten(Vec<String>),
    /// The session was written.
    Saved {
        /// What the file is called.
        file: String,
        /// Parameters whose values by `:set` are not in it.
        left_out: Vec<(String, f64)>,
        /// What was learned and is in it.
        learned: Vec<String>,
    },
    /// A file was read.
    Loaded {
        /// What the file is called.
        file: String,
        /// What it defines.
        names: Vec<String>,
        /// What was defined before and is gone.
        gone: Vec<String>,
    },
    /// Seconds that something took.
    Seconds(f64),
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Value(value) => writeln!(f, "{}", show::value(value)),
            Reply::Defined(defined) => defined.fmt(f),
            Reply::Function { text, .. } => writeln!(f, "{text}"),
            Reply::Text(text) => writeln!(f, "{}", text.trim_end()),
            Reply::Listing(lines) => lines.iter().try_for_each(|line| line.fmt(f)),
            Reply::Formulas(formulas) => formulas.fmt(f),
            Reply::Slopes(slopes) => f.write_str(&show::slopes(slopes)),
            Reply::Plot(plot) => f.write_str(&plot.in_words()),
            Reply::Learned(learned) => learned.fmt(f),
            Reply::Scanned {
                result,
                name,
                command,
            } => write!(f, "{}{command}", result.summary(name)),
            Reply::Set(values) => writeln!(f, "{}", show::settings(values)),
            Reply::Forgotten(names) if names.is_empty() => writeln!(f, "there was nothing"),
            Reply::Forgotten(names) => writeln!(f, "forgot {}", show::few(names)),
            Reply::Saved {
                file,
                left_out,
                learned,
            } => {
                match learned[..] {
                    [] => writeln!(f, "saved to {file}")?,
                    _ => writeln!(
                        f,
                        "saved to {file}, with what was learned: {}",
                        show::few(learned)
                    )?,
                }
                match left_out[..] {
                    [] => Ok(()),
                    _ => writeln!(
                        f,
                        "it has the values of the definitions, not those of `:set {}`",
                        show::settings(left_out)
                    ),
                }
            }
            Reply::Loaded { file, names, gone } => {
                writeln!(f, "{file}: {}", show::few(names))?;
                match gone[..] {
                    [] => Ok(()),
                    _ => writeln!(f, "gone from before: {}", show::few(gone)),
                }
            }
            Reply::Seconds(seconds) => writeln!(f, "{}", show::seconds(*seconds)),
        }
    }
}

impl fmt::Display for Defined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_ref().filter(|_| self.is_computed);
        if let Some(value) = value {
            writeln!(f, "{} = {}", self.name, show::value(value))?;
        }
        if self.replaced {
            write!(f, "{} is redefined", self.signature)?;
            if !self.followers.is_empty() {
                let verb = if self.followers.len() == 1 {
                    "follows"
                } else {
                    "follow"
                };
                write!(f, "; {} {verb}", show::few(&self.followers))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.is_set { "set to " } else { "" };
        match &self.value {
            Some(value) => writeln!(f, "{:<40}  # {how}{}", self.text, show::value(value)),
            None => writeln!(f, "{}", self.text),
        }
    }
}

impl fmt::Display for Formulas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.rows.iter().map(|(name, _)| name.chars().count());
        let width = widths.max().unwrap_or(0);
        for (name, formula) in &self.rows {
            writeln!(f, "{name:<width$} = {formula}")?;
        }
        match self.more {
            0 => Ok(()),
            more => writeln!(f, "... and {more} more"),
        }
    }
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&summary::trial(&self.result))?;
        if let Some(name) = &self.name {
            let coordinates = summary::coordinates(&self.result.program.variables);
            let doubt = match self.result.equilibrium.verdict {
                Verdict::Trusted => "",
                _ => ", which is not to be trusted",
            };
            let called = format!("{name}({coordinates})");
            writeln!(f, "{called} is the learned potential now{doubt}")?;
        }
        if self.is_short {
            writeln!(f, "a quick trial, with fewer steps than the real run")?;
        }
        self.command.fmt(f)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.save {
            Some(file) => writeln!(
                f,
                "for all of it:   :save {file}   and then   {}",
                self.line
            ),
            None => writeln!(f, "for all of it:   {}", self.line),
        }
    }
}
