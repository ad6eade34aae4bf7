//! The command line, as clap reads it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::bench::Bench;
use super::check::Check;
use super::compare::Compare;
use super::completions::Completions;
use super::eval::Eval;
use super::explain::Explain;
use super::export::Export;
use super::fmt::Fmt;
use super::free::Free;
use super::lsp::Lsp;
use super::man::Man;
use super::merge::Merge;
use super::plot::Plot;
use super::processor::Processor;
use super::repl::Repl;
use super::reproduce::Reproduce;
use super::simulate::Simulate;
use super::values::{
    Point, Rows, Step, assignment, count, estimator, folder, knots, matrix, noise, point, positive,
    range, seconds, shard, step, steps, switch, whole,
};
use crate::session::{Chosen, Estimator, Knots, NoiseSource, Options, ScanOptions, Shard};

/// How the program is called, the main job first.
pub const USAGE: [&str; 3] = [
    "effpot-lang FILE --delta D [OPTIONS]",
    "effpot-lang COMMAND [OPTIONS] ...",
    "effpot-lang",
];

/// The effective potential of a multiscale potential, at the scale of your choice.
#[derive(Parser, Debug)]
#[command(name = "effpot-lang", version, max_term_width = 100, override_usage = USAGE.join("\n       "))]
#[command(
    after_help = "`effpot-lang FILE --delta D` is short for `effpot-lang learn FILE --delta D`, and\n`effpot-lang` alone for `effpot-lang repl`."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Learn the effective potential of FILE at the scale that --delta chooses
    Learn(Box<Learn>),
    /// Put the shards of one run together: the same result, bit for bit
    Merge(Merge),
    /// Find the scales of FILE, and the steps that remove them
    Scan(Scan),
    /// Free energy and mobility at a temperature: F.pot and D.pot
    Free(Free),
    /// Run a result file again and say whether the bits agree
    Reproduce(Reproduce),
    /// Trajectories of any potential: hamiltonian, langevin, overdamped, damped
    Simulate(Box<Simulate>),
    /// Hold the learned potential against the full one, as dynamics
    Compare(Box<Compare>),
    /// Values, gradients and Hessians of a potential at points
    Eval(Eval),
    /// Check a program and say what it defines
    Check(Check),
    /// Write a potential in another notation
    Export(Export),
    /// Time the step loop of FILE on each engine of this host
    Bench(Bench),
    /// Write programs in the one layout
    Fmt(Fmt),
    /// Draw V, its gradient, and a learned U beside it
    Plot(Plot),
    /// Definitions, expressions and commands, one after the other
    Repl(Repl),
    /// Serve an editor over standard input and output
    Lsp(Lsp),
    /// Explain a message by the code in its brackets
    Explain(Explain),
    /// Write completions for a shell
    Completions(Completions),
    /// Write the man page
    Man(Man),
}

/// Flags that every command takes.
#[derive(Args, Debug)]
pub struct Shared {
    /// Give a parameter of the program another value
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, f64)>,
    /// The function to take for the potential (else V, U, or the only one)
    #[arg(long, value_name = "NAME", env = "EFFPOT_POTENTIAL")]
    pub potential: Option<String>,
    /// A folder whose files the program may import beside those of its own folder; repeatable
    #[arg(long, value_name = "FOLDER", value_parser = folder)]
    pub allow_path: Vec<PathBuf>,
    /// How it is said.
    #[command(flatten)]
    pub printing: Printing,
}

/// How results and messages are printed.
#[derive(Args, Clone, Copy, Debug)]
pub struct Printing {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print no progress and no warnings
    #[arg(short, long)]
    pub quiet: bool,
    /// Colour messages
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN", env = "EFFPOT_COLOR")]
    pub color: Color,
}

impl Printing {
    /// The flags of a command whose input says all else.
    pub fn alone(self) -> Shared {
        Shared {
            set: Vec::new(),
            potential: None,
            allow_path: Vec::new(),
            printing: self,
        }
    }
}

/// When to use colour.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `learn`, and the bare form.
#[derive(Args, Debug)]
pub struct Learn {
    /// The program
    pub file: PathBuf,
    /// The step: with the friction it sets the length below which structure disappears
    /// (a number, or `auto`: one inside the widest window between scales)
    #[arg(short, long, value_name = "D", value_parser = step, allow_hyphen_values = true, env = "EFFPOT_DELTA")]
    pub delta: Option<Step>,
    /// Keep structure of size L (half a wavelength) and more: chooses step and friction
    #[arg(long, value_name = "L", value_parser = positive, allow_hyphen_values = true, conflicts_with = "delta")]
    pub resolve: Option<f64>,
    /// The friction [default: 0.1, less where V has barriers, and in several coordinates a matrix that matches the noise]
    #[arg(short, long, value_name = "G", value_parser = positive, allow_hyphen_values = true, env = "EFFPOT_GAMMA")]
    pub gamma: Option<f64>,
    /// Friction as a matrix, such as [[2,1],[1,2]], or a CSV file of its rows
    #[arg(long, value_name = "MATRIX|FILE", value_parser = matrix, conflicts_with = "gamma")]
    pub friction: Option<Rows>,
    /// Mass as a matrix, likewise [default: 1 in every coordinate]
    #[arg(long, value_name = "MATRIX|FILE", value_parser = matrix)]
    pub mass: Option<Rows>,
    /// value, force, density, paper, terms or filter; repeatable, the first is written as U.pot
    /// [default: value; above three coordinates terms]
    #[arg(short, long, value_name = "NAME", value_parser = estimator, value_delimiter = ',', env = "EFFPOT_ESTIMATOR")]
    pub estimator: Vec<Estimator>,
    /// Steps over all trajectories, after burn-in [default: 1e6; density and paper: 1e8]
    #[arg(short = 'n', long, value_name = "N", value_parser = count, allow_negative_numbers = true, env = "EFFPOT_STEPS")]
    pub steps: Option<u64>,
    /// Trajectories, rounded up to whole groups of 16 [default: 64; 256 from 1e9 steps on]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true, env = "EFFPOT_TRAJECTORIES")]
    pub trajectories: Option<u64>,
    /// Steps of burn-in of each trajectory [default: 10/(gamma delta)]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true, env = "EFFPOT_BURN_IN")]
    pub burn_in: Option<u64>,
    /// The seed of all random numbers [default: 1]
    #[arg(long, value_name = "N", value_parser = whole, allow_negative_numbers = true, env = "EFFPOT_SEED")]
    pub seed: Option<u64>,
    /// Start here and not where V is low: one number for each coordinate
    #[arg(long, value_name = "Q1,Q2,..", value_parser = point, allow_hyphen_values = true)]
    pub start: Option<Point>,
    /// Stay in here: once for each coordinate, in order
    #[arg(long, value_name = "LO..HI", value_parser = range, value_delimiter = ',', allow_hyphen_values = true)]
    pub domain: Vec<(f64, f64)>,
    /// Cells of the spline: a whole number of them, or their width [default: width 1.5 l]
    #[arg(long, value_name = "N|H", value_parser = knots, allow_negative_numbers = true)]
    pub knots: Option<Knots>,
    /// Move trapped trajectories on, and drop what led into the trap [default: on]
    #[arg(long, value_name = "on|off", value_parser = switch, env = "EFFPOT_RESTARTS")]
    pub restarts: Option<bool>,
    /// Stop as soon as the median standard error of U is below
    #[arg(long, value_name = "E", value_parser = positive, allow_negative_numbers = true)]
    pub target: Option<f64>,
    /// Write the free energy F.pot and the mobility D.pot at this temperature too
    #[arg(long = "kT", value_name = "T", value_parser = positive, allow_hyphen_values = true)]
    pub kt: Option<f64>,
    /// A function of the file to hold U against [default: V smoothed at the same length]
    #[arg(long, value_name = "NAME")]
    pub compare: Option<String>,
    /// How to measure the noise: residual of the fit, probe of the gradient, or stage1 of the paper [default: residual; where the friction is chosen, a probe chooses it]
    #[arg(long, value_name = "HOW", value_parser = noise, env = "EFFPOT_NOISE")]
    pub noise: Option<NoiseSource>,
    /// What gets a weight from `terms`: the terms as written, each member of their sums, or
    /// functions of the file by name [default: written]
    #[arg(long, value_name = "written|each|NAMES", value_delimiter = ',')]
    pub terms: Vec<String>,
    /// Where to put the results [default: NAME-out]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Write figures as PNG too, beside the SVG
    #[arg(long)]
    pub png: bool,
    /// Replace an existing results folder
    #[arg(long)]
    pub force: bool,
    /// Go on with a run that was interrupted or killed: the same result, bit for bit
    #[arg(long)]
    pub resume: bool,
    /// Save the run beside its results every so many seconds; 0 saves it at Ctrl-C alone
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60", allow_negative_numbers = true, env = "EFFPOT_CHECKPOINT")]
    pub checkpoint: f64,
    /// Run the K-th of N parts of the trajectories, for `merge`
    #[arg(long, value_name = "K/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// What it runs on.
    #[command(flatten)]
    pub processor: Processor,
    /// Say what would be done and what it would cost
    #[arg(long)]
    pub dry_run: bool,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

impl Learn {
    /// What the flags say of the run itself.
    pub fn options(&self) -> Options {
        Options {
            delta: match self.delta {
                Some(Step::Given(delta)) => Some(delta),
                _ => None,
            },
            automatic: self.delta == Some(Step::Automatic),
            resolve: self.resolve,
            gamma: self.gamma,
            friction: self.friction.as_ref().map(|rows| rows.0.clone()),
            mass: self.mass.as_ref().map(|rows| rows.0.clone()),
            estimators: self.estimator.clone(),
            steps: self.steps,
            trajectories: self.trajectories.map(|n| n as usize),
            burn_in: self.burn_in,
            seed: self.seed,
            start: self.start.as_ref().map(|point| point.0.clone()),
            domain: (!self.domain.is_empty()).then(|| self.domain.clone()),
            knots: self.knots,
            restarts: self.restarts,
            target: self.target,
            compare: self.compare.clone(),
            kt: self.kt,
            terms: (!self.terms.is_empty()).then(|| Chosen::named(self.terms.clone())),
            noise: self.noise,
        }
    }
}

/// `scan`.
#[derive(Args, Debug)]
pub struct Scan {
    /// The program
    pub file: PathBuf,
    /// The steps to try [default: from where the smallest scale traps to where U is too coarse]
    #[arg(short, long, value_name = "LO..HI", value_parser = steps, allow_hyphen_values = true)]
    pub delta: Option<(f64, f64)>,
    /// The friction [default: 0.1]
    #[arg(short, long, value_name = "G", value_parser = positive, allow_hyphen_values = true, env = "EFFPOT_GAMMA")]
    pub gamma: Option<f64>,
    /// Steps of each short run [default: 1e4/(gamma delta), from 1e5 to 1e6]
    #[arg(short = 'n', long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: Option<u64>,
    /// The seed of all random numbers [default: 1]
    #[arg(long, value_name = "N", value_parser = whole, allow_negative_numbers = true, env = "EFFPOT_SEED")]
    pub seed: Option<u64>,
    /// Stay in here: once for each coordinate, in order
    #[arg(long, value_name = "LO..HI", value_parser = range, value_delimiter = ',', allow_hyphen_values = true)]
    pub domain: Vec<(f64, f64)>,
    /// Write scan.json, report.html and figures into a folder
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Write figures as PNG too, beside the SVG
    #[arg(long)]
    pub png: bool,
    /// Replace an existing results folder
    #[arg(long)]
    pub force: bool,
    /// What it runs on.
    #[command(flatten)]
    pub processor: Processor,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

impl Scan {
    /// What the flags say.
    pub fn options(&self) -> ScanOptions {
        ScanOptions {
            delta: self.delta,
            run: Options {
                gamma: self.gamma,
                steps: self.steps,
                seed: self.seed,
                domain: (!self.domain.is_empty()).then(|| self.domain.clone()),
                ..Options::default()
            },
        }
    }
}

/// Puts `learn` before a command line whose first word is a file and not a command, and `repl` into
/// an empty one.
pub fn with_bare_form(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.len() == 1 {
        arguments.push("repl".into());
        return arguments;
    }
    let is_word = |argument: &OsString| !argument.to_string_lossy().starts_with('-');
    let asks = |argument: &OsString| {
        let flags = ["-h", "--help", "-V", "--version"];
        flags.iter().any(|flag| argument == flag)
    };
    let Some(first) = arguments.iter().skip(1).position(is_word) else {
        return arguments;
    };
    let bare = match first {
        0 => !is_command(&arguments[1]),
        _ => !asks(&arguments[1]),
    };
    if bare {
        arguments.insert(1, "learn".into());
    }
    arguments
}

/// Whether a word is a command, or looks like one misspelt: clap then says which come close.
fn is_command(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    let known = Cli::command()
        .get_subcommands()
        .any(|command| command.get_name() == text);
    let path = Path::new(word);
    let plain = text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    known || text == "help" || (plain && !path.exists() && !path.with_extension("pot").exists())
}
