//! A model as text in the notations of others: value and gradient as programs, formulas and input
//! files.
//!
//! Each notation has a file of its own, with one flat place that says how it writes a function, and
//! what it writes where it has none. Shared are what is computed ([`plan`]), straight-line code in
//! which what is used twice has a name ([`straight`]), loops over the members of long sums
//! ([`members`]), tables of splines ([`splines`]) and names ([`names`]). Nothing is approximated
//! unless the text says so; what a notation cannot say is refused, with what to do instead.

mod c;
mod latex;
mod lepton;
mod members;
mod names;
mod openmm;
mod plan;
mod plumed;
mod pot;
mod python;
mod splines;
mod straight;

use crate::diagnostic::Diagnostic;
use crate::graph::Model;
use plan::Plan;

/// Notations to write in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The language itself.
    Pot,
    /// LaTeX mathematics for amsmath.
    Latex,
    /// A Python module that needs NumPy alone.
    Python,
    /// C99 that needs the mathematical library alone.
    C,
    /// A Python module that builds the force for OpenMM.
    OpenMm,
    /// Lines of PLUMED input, or the grid of its EXTERNAL.
    Plumed,
}

/// How to write.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Options {
    /// The gradient: beside the value in programs, in place of it in formulas.
    pub gradient: bool,
    /// LaTeX as a whole document.
    pub standalone: bool,
}

/// The text of a longest export, in bytes.
const LIMIT: usize = 8 << 20;

/// A model as text. Numbers are written so that they read back to the same bits.
///
/// # Errors
/// What the notation cannot say, with what to do instead.
pub fn export(model: &Model, target: Target, options: Options) -> Result<String, Diagnostic> {
    let plan = |gradient| Plan::of(model, gradient);
    let text = match target {
        Target::Pot => pot::write(model, options.gradient)?,
        Target::Latex => latex::write(model, options)?,
        Target::Python => python::write(&plan(options.gradient)),
        Target::C => c::write(&plan(options.gradient)),
        Target::OpenMm => openmm::write(model, options.gradient)?,
        Target::Plumed => plumed::write(model, options.gradient)?,
    };
    match text.len() > LIMIT {
        true => Err(too_long()),
        false => Ok(text),
    }
}

fn too_long() -> Diagnostic {
    let problem = Diagnostic::error("too-long", "the formula is too long to be written out");
    problem.help("programs write sums that repeat as loops: export to python or c, or a part of it with --potential NAME")
}

fn refused(message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error("not-in-target", message).help(help)
}
