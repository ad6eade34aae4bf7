//! `fmt`.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;

/// `fmt`.
#[derive(Args, Debug)]
pub struct Fmt {
    /// The programs; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Change nothing; exit code 1 where a file is not in the layout
    #[arg(long)]
    pub check: bool,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `fmt`.
pub fn fmt(arguments: &Fmt) -> Exit {
    Console::new(&arguments.shared).missing()
}
