//! `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::files::FileError;
use crate::diagnostic::Diagnostic;
use crate::graph::{self, Model, Notation, latex_name, number, print, program};

/// `export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The program
    pub file: PathBuf,
    /// The notation
    #[arg(long, value_enum, value_name = "NOTATION")]
    pub to: Target,
    /// The derivative and not the value
    #[arg(long)]
    pub gradient: bool,
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
    /// The language itself, in one definition.
    Pot,
    /// LaTeX mathematics.
    Latex,
}

/// `export`.
pub fn export(arguments: &Export) -> Exit {
    let console = Console::new(&arguments.shared);
    write_out(&console, arguments).unwrap_or_else(|exit| exit)
}

fn write_out(console: &Console<'_>, arguments: &Export) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let model = console.potential(&loaded)?;
    let Some(text) = exported(&model, arguments) else {
        let problem = Diagnostic::error("too-long", "the formula is too long to be written out")
            .help("export to pot names the parts that are used more than once");
        return Err(console.diagnose(&[problem], &loaded.sources, Exit::Limit));
    };
    match &arguments.output {
        None => Ok(console.print(&text)),
        Some(path) => match std::fs::write(path, text) {
            Ok(()) => Ok(Exit::Good),
            Err(error) => {
                let message = format!("{} cannot be written: {error}", path.display());
                Err(console.file_error(&FileError(message)))
            }
        },
    }
}

fn exported(model: &Model, arguments: &Export) -> Option<String> {
    let d = model.dimension();
    let mut graph = model.graph.clone();
    let mut roots = vec![model.value];
    if arguments.gradient {
        roots = graph.gradient(model.value, d);
    }
    let roots = match arguments.to {
        Target::Pot => graph.simplify(&roots, d),
        Target::Latex => graph.simplify_for_print(&roots, d),
    };
    let written = graph::arguments(&model.coordinates);
    let coordinates: Vec<&str> = model.coordinates.iter().map(|c| c.name.as_str()).collect();
    let called: Vec<&str> = match arguments.to {
        Target::Pot => written.names.iter().map(String::as_str).collect(),
        Target::Latex => coordinates.clone(),
    };
    let parameters = match arguments.to {
        Target::Pot => model.parameter_names(),
        Target::Latex => model.parameters.iter().map(|p| p.name.clone()).collect(),
    };
    let called = called.iter().map(|name| (*name).to_owned());
    let names: Vec<String> = called.chain(parameters).collect();
    let mut text = String::new();
    if arguments.to == Target::Pot {
        for (name, parameter) in names[d..].iter().zip(&model.parameters) {
            text.push_str(&format!("param {name} = {}\n", number(parameter.value)));
        }
        if !model.parameters.is_empty() {
            text.push('\n');
        }
    }
    for (at, root) in roots.iter().enumerate() {
        let by = arguments.gradient.then(|| coordinates[at]);
        let line = match arguments.to {
            Target::Pot => {
                // A component is no part of a name: `dV_dq_1`.
                let name = by.map_or(model.name.clone(), |q| {
                    let q = q.replace(['[', ','], "_").replace(']', "");
                    format!("d{}_d{q}", model.name)
                });
                let body = program(&graph, *root, &names)?;
                format!("{name}({}) = {body}\n", written.head)
            }
            Target::Latex => {
                let q: Vec<String> = coordinates.iter().map(|c| latex_name(c)).collect();
                let head = match by {
                    Some(by) => format!(
                        "\\frac{{\\partial {}}}{{\\partial {}}}",
                        latex_name(&model.name),
                        latex_name(by)
                    ),
                    None => latex_name(&model.name),
                };
                let body = print(&graph, *root, &names, Notation::Latex)?;
                format!("{head}\\left({}\\right) = {body}\n", q.join(", "))
            }
        };
        text.push_str(&line);
    }
    Some(text)
}
