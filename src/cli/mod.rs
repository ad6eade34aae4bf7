//! The command line: arguments, files, terminals, exit codes. Everything below is silent.

#[doc(hidden)]
pub mod arguments;
mod bench;
mod check;
mod compare;
mod completions;
mod console;
mod eval;
mod excerpt;
mod explain;
mod export;
#[doc(hidden)]
pub mod files;
mod fmt;
mod free;
mod keep;
mod learn;
mod limits;
mod lsp;
mod man;
mod merge;
mod paper;
mod plot;
mod processor;
pub mod render;
mod repl;
mod reproduce;
#[doc(hidden)]
pub mod results;
mod scan;
mod simulate;
mod values;
mod words;
mod write;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Cli, Command, with_bare_form};

/// How a command ended; the numbers are those of the exit codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// All went well.
    Good = 0,
    /// The program or the run failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Finished, but not to be trusted.
    NotTrusted = 3,
    /// Input or output.
    Files = 4,
    /// A resource limit.
    Limit = 5,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Runs a command line, program name included.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let wants_json = arguments.iter().any(|argument| argument == "--json");
    let cli = match Cli::try_parse_from(with_bare_form(arguments)) {
        Ok(cli) => cli,
        Err(error) if wants_json && error.use_stderr() => {
            console::usage_as_json(&error.to_string());
            return Exit::Usage.into();
        }
        Err(error) => {
            // Nobody is left to tell if this cannot be printed.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Good.into()
            };
        }
    };
    let exit = match cli.command {
        Command::Learn(arguments) => learn::learn(&arguments),
        Command::Merge(arguments) => merge::merge(&arguments),
        Command::Scan(arguments) => scan::scan(&arguments),
        Command::Free(arguments) => free::free(&arguments),
        Command::Reproduce(arguments) => reproduce::reproduce(&arguments),
        Command::Simulate(arguments) => simulate::simulate(&arguments),
        Command::Compare(arguments) => compare::compare(&arguments),
        Command::Eval(arguments) => eval::eval(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
        Command::Fmt(arguments) => fmt::fmt(&arguments),
        Command::Plot(arguments) => plot::plot(&arguments),
        Command::Repl(arguments) => repl::repl(&arguments),
        Command::Lsp(arguments) => lsp::lsp(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Man(arguments) => man::man(&arguments),
    };
    limits::judge(exit).into()
}
