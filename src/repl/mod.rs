//! The prompt without a terminal: definitions and formulas as in a file, one after the other.
//!
//! A [`Session`] holds a program that grows. Each input is one or several lines: definitions,
//! formulas, commands that begin with `:`. What comes of it is an [`Outcome`]: values, tables,
//! formulas and diagnostics as data, which print themselves as text where that is enough.
//!
//! - A definition with a name that is taken takes its place, which is announced, and everything
//!   that uses it follows.
//! - Input that fails changes nothing, all of it: also the lines before the wrong one.
//! - `ans` is the last value. A definition that uses it keeps the value that it had.
//! - A formula has no free names: `q^2 + 1` needs a `q`, and the message says how to make a function
//!   of it.
//! - Files are read and written by somebody else: a [`Loader`] or [`Files`] that is given, or
//!   nobody. Clocks and Ctrl-C come with [`Hooks`].
//!
//! ```
//! use effpot_lang::repl::Session;
//!
//! let mut session = Session::new();
//! session.eval("param eps = 0.01\nV(q) = q^2/2 + eps*sin(q/eps)");
//! assert_eq!(session.eval("V(0) + 1").number(), Some(1.0));
//! session.eval(":set eps=0.5");
//! let value = session.eval("V(0.25)").number().expect("a number");
//! assert!((value - (0.03125 + 0.5*f64::sin(0.5))).abs() < 1e-15);
//!
//! let wrong = session.eval("V(0.25");
//! assert_eq!(wrong.status, effpot_lang::repl::Status::Unfinished);
//! let wrong = session.eval("W(0.25)");
//! assert_eq!(wrong.diagnostics[0].code, "unknown-name");
//! ```

mod advice;
mod commands;
mod derivatives;
mod entries;
mod files;
mod input;
mod outcome;
mod plot;
mod program;
mod show;
mod state;
mod trial;
mod turn;
mod weave;

pub use commands::{COMMANDS, CommandRow};
pub use files::Files;
pub use input::{Typed, is_unfinished};
pub use outcome::{Command, Defined, Formulas, Learned, Listed, Outcome, Reply, Slopes, Status};
pub use plot::Plot;
pub use state::State;

use crate::check::{Loader, NoFiles};
use crate::diagnostic::Diagnostic;
use crate::graph::Model;
use crate::session::Hooks;
use crate::syntax::canonical;
use files::ReadOnly;
use state::Built;
use std::sync::Arc;
use turn::Turn;
use weave::{Input, Shown};

/// A program that grows by what is typed.
pub struct Session {
    state: State,
    built: Option<Arc<Built>>,
    files: Box<dyn Files>,
    inputs: usize,
    threads: usize,
}

impl Default for Session {
    fn default() -> Session {
        Session::new()
    }
}

impl Session {
    /// A session that reads and writes no files.
    pub fn new() -> Session {
        Session::with_loader(NoFiles)
    }

    /// A session that reads what a loader gives, and writes nothing.
    pub fn with_loader(loader: impl Loader + Send + 'static) -> Session {
        Session::with_files(ReadOnly(loader))
    }

    /// A session with files.
    pub fn with_files(files: impl Files + 'static) -> Session {
        Session {
            state: State::default(),
            built: None,
            files: Box::new(files),
            inputs: 0,
            threads: 1,
        }
    }

    /// Says how many threads `:learn` and `:scan` run on, for their records: they run on the pool
    /// of rayon that the caller is in. It is 1 unless this is called.
    pub fn set_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    /// Evaluates an input without a clock; see [`Session::eval_with`].
    pub fn eval(&mut self, text: &str) -> Outcome {
        let hooks = Hooks {
            progress: &|_| (),
            seconds: &|| 0.0,
            cancelled: &Default::default(),
        };
        self.eval_with(text, &hooks)
    }

    /// Evaluates an input: one or several lines of definitions, formulas and commands, in order.
    /// Messages call it `input 1`, `input 2` and so on. A set flag `hooks.cancelled` ends what runs.
    pub fn eval_with(&mut self, text: &str, hooks: &Hooks<'_>) -> Outcome {
        self.inputs += 1;
        self.eval_as(&format!("input {}", self.inputs), text, hooks)
    }

    /// Evaluates an input that messages call `name`.
    pub fn eval_as(&mut self, name: &str, text: &str, hooks: &Hooks<'_>) -> Outcome {
        self.turn(name, text, hooks, |turn| turn.all())
    }

    /// Begins anew with the definitions of a file, as `:load` does.
    pub fn load(&mut self, path: &str, hooks: &Hooks<'_>) -> Outcome {
        self.turn("load", "", hooks, |turn| {
            let loaded = turn.load_file(path, 0..0);
            turn.ended(loaded)
        })
    }

    /// Gives a parameter another value, as `:set` does, or `--set` on a command line.
    ///
    /// # Errors
    /// There is no parameter of that name.
    pub fn set(&mut self, name: &str, value: f64) -> Result<(), Diagnostic> {
        let name = canonical(name).into_owned();
        let set = [(name.clone(), value)];
        match &self.built {
            Some(built) => drop(built.program.values(&set)?),
            None => {
                let message = format!("there is no parameter `{name}`: nothing is defined");
                return Err(Diagnostic::error("unknown-parameter", message));
            }
        }
        self.state.set.retain(|(known, _)| *known != name);
        self.state.set.extend(set);
        Ok(())
    }

    /// Says which function is the potential where commands name none; `None` leaves it to the
    /// names, `V` first.
    ///
    /// # Errors
    /// There is no such function.
    pub fn choose(&mut self, name: Option<&str>) -> Result<(), Diagnostic> {
        if let Some(name) = name {
            let model = self.model(Some(name));
            model.map_err(|mut problems| problems.swap_remove(0))?;
        }
        self.state.chosen = name.map(|name| canonical(name).into_owned());
        Ok(())
    }

    fn turn(
        &mut self,
        name: &str,
        text: &str,
        hooks: &Hooks<'_>,
        run: impl FnOnce(&mut Turn<'_>) -> Status,
    ) -> Outcome {
        let input = Arc::new(Input {
            name: name.to_owned(),
            text: text.to_owned(),
        });
        let begun = (hooks.seconds)();
        let mut turn = Turn {
            files: &mut *self.files,
            hooks,
            threads: self.threads,
            input,
            state: self.state.clone(),
            built: self.built.clone(),
            shown: Shown::default(),
            diagnostics: Vec::new(),
            replies: Vec::new(),
            quit: false,
        };
        let status = run(&mut turn);
        let Turn {
            state,
            built,
            shown,
            diagnostics,
            mut replies,
            ..
        } = turn;
        match status {
            Status::Done | Status::Quit => {
                (self.state, self.built) = (state, built);
                if self.state.timing && status == Status::Done {
                    replies.push(Reply::Seconds((hooks.seconds)() - begun));
                }
            }
            _ => replies.clear(),
        }
        Outcome {
            status,
            replies,
            diagnostics,
            sources: shown.sources,
        }
    }

    /// What the session knows. Two sessions of equal state answer alike.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The definitions as a program that `check` accepts, with their comments: what `:save` writes.
    pub fn text(&self) -> String {
        self.state.text()
    }

    /// A function of the session as a model, with the values of parameters that the session has:
    /// the one of that name, or the potential. From here on kernels can be compiled
    /// ([`crate::kernel::BatchKernel`]) and trajectories stepped.
    ///
    /// # Errors
    /// There is no such function, or it is no number.
    pub fn model(&self, name: Option<&str>) -> Result<Model, Vec<Diagnostic>> {
        let Some(built) = &self.built else {
            return Err(vec![
                Diagnostic::error("no-potential", "nothing is defined")
                    .help("define a potential, such as `V(q) = q^2/2`"),
            ]);
        };
        let chosen = self.state.potential(&built.program);
        let mut model = built.program.potential(name.or(chosen.as_deref()))?;
        let values = built.program.parameter_values(&self.state.set_values());
        for (parameter, value) in model.parameters.iter_mut().zip(values) {
            parameter.value = value;
        }
        Ok(model)
    }
}
