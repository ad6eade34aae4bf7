//! A small language for potentials with structure on many scales, and the effective potential at
//! the scale of your choice.
//!
//! What flows through the house, floor by floor; a room imports from lower floors only, and a
//! test keeps it so:
//!
//! ```text
//! text -> Tree -> Model (a Graph) -> gradient -> simplified Graph -> lane code -> native loop
//!      -> trajectories -> statistics -> fit -> learned potential (a program again) -> report
//! ```
//!
//! | floor | room | its one job |
//! |---|---|---|
//! | 0 | [`source`], [`diagnostic`], `tape` | files and spans; an error as data; state as bytes |
//! | 1 | `syntax` | grammar, tree, printer |
//! | 2 | [`graph`] | formulas: function table, derivative, simplifier, evaluator, notations |
//! | 3 | [`check`] | modules, names, kinds, trees into graphs; the embedded library |
//! | 4 | `symbols` | what a text says about names, for editors and prompts |
//! | 5 | [`kernel`] | lane code, elementary functions, machine code; the only `unsafe` |
//! | 6 | [`export`] | formulas as programs and input files of others |
//! | 6 | [`dynamics`] | the damped map and other motions, ensembles, seeded streams, where to start |
//! | 7 | `stats` | mergeable running statistics |
//! | 8 | `learn` | what is kept of trajectories, fits, the filter, the formulas of the scale |
//! | 9 | [`surrogate`] | ensembles of trajectories: averages, and how far two are apart |
//! | 10 | [`report`] | results as data, arrays, figures, pages |
//! | 11 | [`session`] | one run put together, with its verdict |
//! | 12 | [`repl`] | a prompt without a terminal: a session to define, evaluate and try in |
//! | 12 | `lsp` | what an editor is told |
//! | 13 | [`cli`] | arguments, files, terminals |
//!
//! Everything is dimensionless, as in Li & Tao 2024, *Automated construction of effective
//! potential via algorithmic implicit bias*, whose equations the documentation cites. The library
//! reads no file and no clock and prints nothing; [`cli`] does.
//!
//! # Where to start
//!
//! What is documented here is for programs that embed this one, and keeps its meaning within a major
//! version; what is only for the house itself is hidden.
//!
//! | you want to | call | an example |
//! |---|---|---|
//! | learn U from a formula | [`session::learn`] | below |
//! | learn U from a gradient of your own | [`session::learn_gradient`], [`dynamics::Gradient`] | `examples/embed_gradient.rs` |
//! | take what a user types, and answer with data | [`repl::Session::eval`] | `examples/embed.rs` |
//! | read a program, with what it imports | [`check::check`], [`check::gather`] | below |
//! | values and slopes of a formula, also in a loop of your own | [`session::Potential`], [`kernel::BatchKernel`] | `examples/own_loop.rs` |
//! | find the scales, or a step for one | [`session::scan`], [`session::plan`] | |
//! | look before a run | [`session::foresee`] | |
//! | read the results | [`report::result::RunResult`] | |
//! | draw a potential | [`session::portrait`] | |
//! | write a formula for others | [`export::export`] | |
//! | show a message | [`diagnostic::Diagnostic`], [`cli::render`] | `examples/embed.rs` |
//!
//! From a formula to its effective potential:
//!
//! ```
//! use effpot_lang::check::check;
//! use effpot_lang::session::{self, Hooks, Job, Options};
//! use effpot_lang::source::Sources;
//!
//! let mut sources = Sources::new();
//! let root = sources.add("rough.pot", "V(q) = q^2/2 + 0.001*sin(q/0.001)");
//! let program = check(&sources, root).expect("the program is right");
//! let job = Job {
//!     sources: &sources,
//!     root,
//!     program: &program,
//!     potential: None,
//!     set: &[],
//!     options: Options {
//!         delta: Some(0.5),
//!         steps: Some(100_000),
//!         ..Options::default()
//!     },
//!     command: "",
//!     threads: 1,
//! };
//! let hooks = Hooks {
//!     progress: &|_| (),
//!     seconds: &|| 0.0,
//!     cancelled: &Default::default(),
//! };
//! let outcome = session::learn(&job, &hooks).expect("there is a result");
//! let learned = outcome.potential.expect("there is a potential");
//! assert!((learned.value(1.0) - learned.value(0.0) - 0.5).abs() < 0.01);
//! ```
#![deny(unsafe_code)]
#![deny(missing_docs)]

pub mod check;
pub mod cli;
pub mod diagnostic;
pub mod dynamics;
pub mod export;
pub mod graph;
pub mod kernel;
#[doc(hidden)]
pub mod learn;
#[doc(hidden)]
pub mod lsp;
pub mod repl;
pub mod report;
pub mod session;
pub mod source;
#[doc(hidden)]
pub mod stats;
pub mod surrogate;
#[doc(hidden)]
pub mod symbols;
#[doc(hidden)]
pub mod syntax;
#[doc(hidden)]
pub mod tape;
