//! `completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Exit;
use super::arguments::{Cli, Shared};
use super::console::Console;

/// `completions`.
#[derive(Args, Debug)]
#[command(
    after_help = "bash   effpot-lang completions bash > ~/.local/share/bash-completion/completions/effpot-lang\n\
    zsh    effpot-lang completions zsh > _effpot-lang, in a folder of $fpath\n\
    fish   effpot-lang completions fish > ~/.config/fish/completions/effpot-lang.fish"
)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `completions`.
pub fn completions(arguments: &Completions) -> Exit {
    let mut script = Vec::new();
    let mut command = Cli::command();
    clap_complete::generate(arguments.shell, &mut command, "effpot-lang", &mut script);
    Console::new(&arguments.shared).print(&String::from_utf8_lossy(&script))
}
