//! `man`.

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;

/// `man`.
#[derive(Args, Debug)]
pub struct Man {
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `man`.
pub fn man(arguments: &Man) -> Exit {
    Console::new(&arguments.shared).missing()
}
