//! A session from a pipe or a file: no prompt, output alone, and an end at the first error.

use std::io::{BufRead, stdin};

use super::super::Exit;
use super::super::console::Console;
use super::screen::Screen;
use crate::diagnostic::Diagnostic;
use crate::repl::{Session, Status, is_unfinished};

/// Evaluates what comes, as soon as it is finished.
pub fn read(session: &mut Session, screen: &mut Screen<'_>, _: &Console<'_>) -> Exit {
    let mut typed = String::new();
    let mut first = 1;
    let mut lines = stdin().lock().split(b'\n');
    for number in 1.. {
        let line = match lines.next() {
            None => break,
            Some(Err(error)) => {
                let message = format!("standard input cannot be read: {error}");
                screen.complain(&Diagnostic::error("file", message));
                return Exit::Files;
            }
            Some(Ok(bytes)) => bytes,
        };
        let Ok(line) = String::from_utf8(line) else {
            let message = format!("line {number} of standard input is not UTF-8");
            let help = "save it as UTF-8";
            screen.complain(&Diagnostic::error("file", message).help(help));
            return Exit::Files;
        };
        let line = match number {
            1 => line.trim_start_matches('\u{feff}'),
            _ => &line,
        };
        if typed.is_empty() {
            first = number;
        }
        typed.push_str(line.trim_end_matches('\r'));
        typed.push('\n');
        if typed.trim().is_empty() {
            typed.clear();
        } else if !is_unfinished(&typed) {
            if let Some(exit) = one(session, screen, first, &typed) {
                return exit;
            }
            typed.clear();
        }
    }
    match typed.is_empty() {
        true => Exit::Good,
        false => one(session, screen, first, &typed).unwrap_or(Exit::Good),
    }
}

/// Evaluates an input; an exit code if it is the last.
fn one(session: &mut Session, screen: &mut Screen<'_>, line: usize, typed: &str) -> Option<Exit> {
    let name = format!("line {line}");
    let typed = typed.trim_end_matches('\n');
    let outcome = screen.watched(|hooks| session.eval_as(&name, typed, hooks));
    if let Err(exit) = screen.show(&outcome) {
        return Some(exit);
    }
    match outcome.status {
        Status::Done => None,
        _ => Some(screen.exit_of(&outcome)),
    }
}
