//! The conversation on a terminal: editing of lines, history, Ctrl-C and Ctrl-D.

use std::path::PathBuf;
use std::{env, fs};

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};

use super::super::Exit;
use super::super::console::Console;
use super::line::Line;
use super::screen::Screen;
use crate::diagnostic::Diagnostic;
use crate::repl::{Session, Status};
use crate::report::terminal::Size;

/// Inputs that are remembered.
const REMEMBERED: usize = 10_000;

type Prompt = Editor<Line, FileHistory>;

/// Talks until the user leaves.
pub fn converse(session: &mut Session, screen: &mut Screen<'_>, _: &Console<'_>) -> Exit {
    let color = screen.has_color();
    let mut editor = match editor(color) {
        Ok(editor) => editor,
        Err(error) => {
            let message = format!("the terminal cannot be used: {error}");
            screen.complain(&Diagnostic::error("file", message));
            return Exit::Files;
        }
    };
    let history = history();
    if let Some(path) = &history {
        // There is none the first time, and a folder that cannot be read is no error.
        let _ = editor.load_history(path);
    }
    let version = env!("CARGO_PKG_VERSION");
    let hello = format!("effpot-lang {version}   :help lists the commands, Ctrl-D leaves\n");
    if let Err(exit) = screen.put(&hello) {
        return exit;
    }
    loop {
        if let Some(line) = editor.helper_mut() {
            line.knows(session.text());
        }
        let typed = match editor.readline("> ") {
            Ok(typed) => typed,
            // The line is cleared, and so is the terminal's.
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Exit::Good,
            Err(error) => {
                let message = format!("the terminal cannot be read: {error}");
                screen.complain(&Diagnostic::error("file", message));
                return Exit::Files;
            }
        };
        if typed.trim().is_empty() {
            continue;
        }
        let _ = editor.add_history_entry(typed.trim_end());
        if let Some(path) = &history {
            let _ = editor.append_history(path);
        }
        if let Some((columns, rows)) = editor.dimensions() {
            screen.size = Size {
                columns: columns as usize,
                rows: rows as usize,
            };
        }
        let outcome = screen.watched(|hooks| session.eval_with(&typed, hooks));
        if let Err(exit) = screen.show(&outcome) {
            return exit;
        }
        if outcome.status == Status::Quit {
            return Exit::Good;
        }
    }
}

fn editor(color: bool) -> rustyline::Result<Prompt> {
    let mode = match color {
        true => ColorMode::Enabled,
        false => ColorMode::Disabled,
    };
    let config = Config::builder()
        .max_history_size(REMEMBERED)?
        .history_ignore_dups(true)?
        .completion_type(CompletionType::List)
        .color_mode(mode)
        .build();
    let history = FileHistory::with_config(&config);
    let mut editor = Prompt::with_history(config, history)?;
    editor.set_helper(Some(Line::new(color)));
    Ok(editor)
}

/// Where inputs are remembered: `effpot-lang/history` in the state folder of the user, which is
/// made if it is not there. None if it cannot be.
fn history() -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = PathBuf::from(env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let home = || absolute("HOME").map(|home| home.join(".local").join("state"));
    let folder = absolute("XDG_STATE_HOME")
        .or_else(home)?
        .join("effpot-lang");
    fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
