//! What a session answers, on standard output and standard error.

use std::io::{ErrorKind, IsTerminal, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use rayon::ThreadPool;

use super::super::Exit;
use super::super::arguments::Shared;
use super::super::console::Console;
use super::super::learn::bar;
use super::json;
use crate::diagnostic::Diagnostic;
use crate::repl::{Outcome, Plot, Reply, Status};
use crate::report::terminal::{Curve, Size, Style, curves, grid};
use crate::session::{Hooks, Progress};
use crate::source::Sources;

/// Of Ctrl-C during one evaluation, the one that ends the program: the first two may be impatience.
const LAST_PRESS: usize = 3;

/// Where a session is shown, and where it is stopped from.
pub struct Screen<'a> {
    console: &'a Console<'a>,
    shared: &'a Shared,
    threads: usize,
    pool: Option<ThreadPool>,
    cancelled: Arc<AtomicBool>,
    presses: Arc<AtomicUsize>,
    began: Instant,
    /// Characters of a line, and lines.
    pub size: Size,
}

impl<'a> Screen<'a> {
    /// A screen, and an ear for Ctrl-C.
    pub fn new(console: &'a Console<'a>, shared: &'a Shared, threads: usize) -> Screen<'a> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let presses = Arc::new(AtomicUsize::new(0));
        let (hear, count) = (Arc::clone(&cancelled), Arc::clone(&presses));
        // Without a handler Ctrl-C ends the program at once.
        let _ = ctrlc::set_handler(move || {
            hear.store(true, Ordering::Relaxed);
            if count.fetch_add(1, Ordering::Relaxed) + 1 == LAST_PRESS {
                std::process::exit(Exit::Interrupted as i32);
            }
        });
        Screen {
            console,
            shared,
            threads,
            pool: None,
            cancelled,
            presses,
            began: Instant::now(),
            size: Size {
                columns: 80,
                rows: 24,
            },
        }
    }

    /// Whether answers have colours.
    pub fn has_color(&self) -> bool {
        self.console.has_color(stdout().is_terminal())
    }

    /// Evaluates something, with a progress bar on a terminal.
    pub fn watched(&mut self, evaluate: impl FnOnce(&Hooks<'_>) -> Outcome + Send) -> Outcome {
        self.cancelled.store(false, Ordering::Relaxed);
        self.presses.store(0, Ordering::Relaxed);
        let bar = bar(self.shared.printing.quiet || self.shared.printing.json);
        let progress = |progress: Progress| {
            bar.set_message(progress.stage);
            bar.set_position((1000.0 * progress.done) as u64);
        };
        let began = self.began;
        let hooks = Hooks {
            progress: &progress,
            seconds: &|| began.elapsed().as_secs_f64(),
            cancelled: &self.cancelled,
        };
        if self.pool.is_none() {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads);
            self.pool = pool.build().ok();
        }
        let outcome = match &self.pool {
            Some(pool) => pool.install(|| evaluate(&hooks)),
            // Too many threads for the machine: the common pool will do.
            None => evaluate(&hooks),
        };
        bar.finish_and_clear();
        outcome
    }

    /// Shows an outcome; an error is the exit code of an output that is closed.
    pub fn show(&self, outcome: &Outcome) -> Result<(), Exit> {
        if self.shared.printing.json {
            return self.put(&json::lines(outcome));
        }
        let mut text = String::new();
        for reply in &outcome.replies {
            match reply {
                Reply::Plot(plot) => text.push_str(&self.drawn(plot)),
                reply => text.push_str(&reply.to_string()),
            }
        }
        self.put(&text)?;
        self.remark(outcome);
        Ok(())
    }

    /// Shows what is to be said of an outcome.
    pub fn remark(&self, outcome: &Outcome) {
        self.console.remark(&outcome.diagnostics, &outcome.sources);
    }

    /// Shows an error that is about no text.
    pub fn complain(&self, problem: &Diagnostic) {
        let none = Sources::new();
        self.console.remark(std::slice::from_ref(problem), &none);
    }

    /// The exit code of an outcome.
    pub fn exit_of(&self, outcome: &Outcome) -> Exit {
        match outcome.status {
            Status::Done | Status::Quit => Exit::Good,
            Status::Cancelled => Exit::Interrupted,
            Status::Failed | Status::Unfinished => {
                match outcome.diagnostics.iter().any(|d| d.code == "file") {
                    true => Exit::Files,
                    false => Exit::Failed,
                }
            }
        }
    }

    /// Writes to standard output; an error is the exit code where that is closed or full.
    pub fn put(&self, text: &str) -> Result<(), Exit> {
        let mut out = stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Exit::Good),
            Err(error) => {
                let message = format!("standard output cannot be written: {error}");
                self.complain(&Diagnostic::error("file", message));
                Err(Exit::Files)
            }
        }
    }

    fn drawn(&self, plot: &Plot) -> String {
        let style = Style {
            colour: self.has_color(),
            unicode: speaks_unicode(),
        };
        let size = Size {
            columns: self.size.columns.clamp(20, 160),
            rows: self.size.rows.saturating_sub(2).clamp(8, 32),
        };
        match plot {
            Plot::Curves {
                coordinate,
                x,
                curves: list,
            } => {
                let list: Vec<Curve<'_>> =
                    list.iter().map(|(name, y)| Curve { name, x, y }).collect();
                curves("", coordinate, &list, size, style)
            }
            Plot::Map {
                function,
                axes,
                values,
            } => grid(function, axes.clone(), values, size, style),
        }
    }
}

/// Whether the locale says that the terminal shows Unicode.
fn speaks_unicode() -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let said = said.unwrap_or_default().to_lowercase();
    said.contains("utf-8") || said.contains("utf8")
}
