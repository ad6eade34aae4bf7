//! `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::files::FileError;
use super::write;
use crate::diagnostic::Diagnostic;
use crate::export;
use crate::source::Sources;

/// `export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The program
    pub file: PathBuf,
    /// The notation
    #[arg(long, value_enum, value_name = "NOTATION")]
    pub to: Target,
    /// The gradient: beside the value in programs (python, c), in place of it in formulas
    #[arg(long)]
    pub gradient: bool,
    /// LaTeX as a whole document, and not as a fragment
    #[arg(long)]
    pub standalone: bool,
    /// Write to a file and not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// Notations to export to.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The language itself, in one definition
    Pot,
    /// LaTeX mathematics for amsmath
    Latex,
    /// A Python module that needs NumPy alone
    Python,
    /// C99 that needs libm alone
    C,
    /// A Python module that builds the custom force for OpenMM
    #[value(name = "openmm")]
    OpenMm,
    /// A CUSTOM action of PLUMED; where there are splines, the grid of an EXTERNAL
    Plumed,
}

impl From<Target> for export::Target {
    fn from(target: Target) -> export::Target {
        match target {
            Target::Pot => export::Target::Pot,
            Target::Latex => export::Target::Latex,
            Target::Python => export::Target::Python,
            Target::C => export::Target::C,
            Target::OpenMm => export::Target::OpenMm,
            Target::Plumed => export::Target::Plumed,
        }
    }
}

/// `export`.
pub fn export(arguments: &Export) -> Exit {
    let console = Console::new(&arguments.shared);
    write_out(&console, arguments).unwrap_or_else(|exit| exit)
}

fn write_out(console: &Console<'_>, arguments: &Export) -> Result<Exit, Exit> {
    if arguments.standalone && arguments.to != Target::Latex {
        let problem = Diagnostic::error("usage", "--standalone is for --to latex");
        let problem = problem.help("leave it out: a program stands alone");
        return Err(console.diagnose(&[problem], &Sources::new(), Exit::Usage));
    }
    let loaded = console.load(&arguments.file)?;
    let model = console.potential(&loaded)?;
    let options = export::Options {
        gradient: arguments.gradient,
        standalone: arguments.standalone,
    };
    let text = export::export(&model, arguments.to.into(), options).map_err(|problem| {
        let exit = match problem.code {
            "too-long" => Exit::Limit,
            _ => Exit::Usage,
        };
        console.diagnose(&[problem], &loaded.sources, exit)
    })?;
    match &arguments.output {
        None => Ok(console.print(&text)),
        Some(path) => match write::whole(path, text.as_bytes()) {
            Ok(()) => Ok(Exit::Good),
            Err(error) => {
                let message = format!("{} cannot be written: {error}", path.display());
                Err(console.file_error(&FileError(message)))
            }
        },
    }
}
