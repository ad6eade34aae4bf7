//! `repl`.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;

/// `repl`.
#[derive(Args, Debug)]
pub struct Repl {
    /// A program to begin with
    pub file: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `repl`.
pub fn repl(arguments: &Repl) -> Exit {
    Console::new(&arguments.shared).missing()
}
