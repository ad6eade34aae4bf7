//! `completions`.

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;

/// `completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `completions`.
pub fn completions(arguments: &Completions) -> Exit {
    Console::new(&arguments.shared).missing()
}
