//! `repl`: the prompt on a terminal, and the same from a pipe.

mod complete;
mod files;
mod json;
mod line;
mod piped;
mod screen;
mod terminal;

use std::io::{IsTerminal, stdin, stdout};
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::processor::Processor;
use crate::repl::{Session, Status};
use files::WorkingFolder;
use screen::Screen;

/// `repl`.
#[derive(Args, Debug)]
#[command(
    after_help = "Reads from a pipe too, without a prompt: each line is what could be typed, and the first that\nfails is the last (exit code 1; 130 if it was interrupted). `:help` lists the commands."
)]
pub struct Repl {
    /// A program to begin with
    pub file: Option<PathBuf>,
    /// What `:learn` and `:scan` run on.
    #[command(flatten)]
    pub processor: Processor,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `repl`.
pub fn repl(arguments: &Repl) -> Exit {
    let console = Console::new(&arguments.shared);
    let threads = arguments.processor.take();
    let mut session = Session::with_files(WorkingFolder::with(&arguments.shared.allow_path));
    session.set_threads(threads);
    let mut screen = Screen::new(&console, &arguments.shared, threads);
    let on_terminal = stdin().is_terminal() && stdout().is_terminal();
    match begin(&mut session, &mut screen, arguments) {
        Err(exit) => exit,
        // What is wrong with the file can be mended from here.
        Ok(exit) if exit != Exit::Good && !on_terminal => exit,
        Ok(_) if on_terminal => terminal::converse(&mut session, &mut screen, &console),
        Ok(_) => piped::read(&mut session, &mut screen, &console),
    }
}

/// Reads the file and sets what the command line says: whether that went well. An error is one of
/// the command line.
fn begin(session: &mut Session, screen: &mut Screen<'_>, arguments: &Repl) -> Result<Exit, Exit> {
    if let Some(path) = &arguments.file {
        let path = path.display().to_string();
        let outcome = screen.watched(|hooks| session.load(&path, hooks));
        if outcome.status != Status::Done {
            screen.show(&outcome)?;
            return Ok(screen.exit_of(&outcome));
        }
        screen.remark(&outcome);
    }
    if let Some(name) = &arguments.shared.potential
        && let Err(problem) = session.choose(Some(name))
    {
        screen.complain(&problem);
        return Err(Exit::Usage);
    }
    for (name, value) in &arguments.shared.set {
        if let Err(problem) = session.set(name, *value) {
            screen.complain(&problem);
            return Err(Exit::Usage);
        }
    }
    Ok(Exit::Good)
}
