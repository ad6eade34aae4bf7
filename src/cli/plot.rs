//! `plot`.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;

/// `plot`.
#[derive(Args, Debug)]
pub struct Plot {
    /// The program
    pub file: PathBuf,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `plot`.
pub fn plot(arguments: &Plot) -> Exit {
    Console::new(&arguments.shared).missing()
}
