//! The command line of `effpot-lang`.

use std::process::ExitCode;

fn main() -> ExitCode {
    effpot_lang::cli::run(std::env::args_os().collect())
}
