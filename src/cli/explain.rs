//! `explain`.

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;

/// `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// The code, such as unknown-name [default: list them]
    pub code: Option<String>,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `explain`.
pub fn explain(arguments: &Explain) -> Exit {
    Console::new(&arguments.shared).missing()
}
