//! `lsp`.

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;

/// `lsp`.
#[derive(Args, Debug)]
pub struct Lsp {
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `lsp`.
pub fn lsp(arguments: &Lsp) -> Exit {
    Console::new(&arguments.shared).missing()
}
