//! A session from a pipe or a file: no prompt, output alone, and an end at the first error.

use std::io::{BufRead, Read, stdin};

use super::super::Exit;
use super::super::console::Console;
use super::screen::Screen;
use crate::diagnostic::Diagnostic;
use crate::repl::{Session, Status, Typed};

/// Bytes of one input, which may have several lines.
const LONGEST: u64 = 16 << 20;

/// Evaluates what comes, as soon as it is finished.
pub fn read(session: &mut Session, screen: &mut Screen<'_>, _: &Console<'_>) -> Exit {
    let (mut typed, mut lines) = (String::new(), Typed::default());
    let mut first = 1;
    let mut input = stdin().lock();
    for number in 1.. {
        let left = LONGEST - typed.len() as u64;
        let mut line = Vec::new();
        match input.by_ref().take(left + 1).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(length) if length as u64 > left => {
                let message = format!("line {number} of standard input is too long");
                let help = format!("an input may have {LONGEST} bytes; `:load` reads a file");
                screen.complain(&Diagnostic::error("file", message).help(help));
                return Exit::Files;
            }
            Ok(_) => {}
            Err(error) => {
                let message = format!("standard input cannot be read: {error}");
                screen.complain(&Diagnostic::error("file", message));
                return Exit::Files;
            }
        }
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
        let line = line.trim_end_matches(['\n', '\r']).to_owned() + "\n";
        typed.push_str(&line);
        if lines.goes_on_after(&line) {
            continue;
        }
        if !typed.trim().is_empty()
            && let Some(exit) = one(session, screen, first, &typed)
        {
            return exit;
        }
        (typed, lines) = (String::new(), Typed::default());
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
