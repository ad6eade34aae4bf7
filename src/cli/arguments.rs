//! The command line, as clap reads it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::bench::Bench;
use super::processor::Processor;
use crate::session::{Chosen, Estimator, Knots, NoiseSource, Options, ScanOptions};

/// The effective potential of a multiscale potential, at the scale of your choice.
#[derive(Parser, Debug)]
#[command(name = "effpot-lang", version, max_term_width = 100)]
#[command(
    after_help = "`effpot-lang FILE --delta D` is short for `effpot-lang learn FILE --delta D`."
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
    /// Find the scales of FILE, and the steps that remove them
    Scan(Scan),
    /// Values, gradients and Hessians of a potential at points
    Eval(Eval),
    /// Check a program and say what it defines
    Check(Check),
    /// Write a potential in another notation
    Export(Export),
    /// Time the step loop of FILE on each engine of this host
    Bench(Bench),
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
    /// (a number, or `auto`: the smallest of the widest window between scales)
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
    /// Trajectories, rounded up to whole groups of 16 [default: 64]
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
    /// Replace an existing results folder
    #[arg(long)]
    pub force: bool,
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
    /// Steps of each short run [default: 1e4/(gamma delta), from 2e5 to 3e6]
    #[arg(short = 'n', long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: Option<u64>,
    /// The seed of all random numbers [default: 1]
    #[arg(long, value_name = "N", value_parser = whole, allow_negative_numbers = true, env = "EFFPOT_SEED")]
    pub seed: Option<u64>,
    /// Stay in here: once for each coordinate, in order
    #[arg(long, value_name = "LO..HI", value_parser = range, value_delimiter = ',', allow_hyphen_values = true)]
    pub domain: Vec<(f64, f64)>,
    /// Write scan.json and a figure of the structure function into a folder
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
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

/// `eval`.
#[derive(Args, Debug)]
pub struct Eval {
    /// The program
    pub file: PathBuf,
    /// A point, coordinates separated by commas; repeatable
    #[arg(long, value_name = "Q1,Q2,..", value_parser = point, allow_hyphen_values = true)]
    pub at: Vec<Point>,
    /// Points as CSV without a header, one a row; - is standard input
    #[arg(long, value_name = "FILE")]
    pub points: Option<PathBuf>,
    /// The gradient too
    #[arg(long)]
    pub gradient: bool,
    /// The Hessian too
    #[arg(long)]
    pub hessian: bool,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// The program
    pub file: PathBuf,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// `export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The program
    pub file: PathBuf,
    /// The notation
    #[arg(long, value_enum, value_name = "NOTATION")]
    pub to: Target,
    /// The derivative and not the value
    #[arg(long)]
    pub gradient: bool,
    /// Write to a file and not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// Notations to export to.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The language itself, in one definition.
    Pot,
    /// LaTeX mathematics.
    Latex,
}

/// The step on the command line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Step {
    /// A number.
    Given(f64),
    /// `auto`.
    Automatic,
}

/// A matrix on the command line, by rows.
#[derive(Clone, PartialEq, Debug)]
pub struct Rows(pub Vec<Vec<f64>>);

/// A point on the command line.
#[derive(Clone, PartialEq, Debug)]
pub struct Point(pub Vec<f64>);

/// Puts `learn` before a command line whose first word is a file and not a command.
pub fn with_bare_form(mut arguments: Vec<OsString>) -> Vec<OsString> {
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

fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    if let Some((whole, part)) = text.split_once(',') {
        return Err(format!("a decimal comma: write {whole}.{part}"));
    }
    match text.parse::<f64>() {
        Ok(x) if x.is_nan() => Err("not a number".to_owned()),
        Ok(x) if x.is_infinite() => Err("too large for a double (the limit is 1.8e308)".to_owned()),
        Ok(x) => Ok(x),
        Err(_) => Err("not a number; write it like 0.05 or 5e-2".to_owned()),
    }
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    match number(text)? {
        x if x > 0.0 => Ok(x),
        0.0 => Err("it must be positive, not 0".to_owned()),
        _ => Err("it must be positive".to_owned()),
    }
}

pub(super) fn step(text: &str) -> Result<Step, String> {
    match text.trim() {
        "auto" => Ok(Step::Automatic),
        text => positive(text).map(Step::Given),
    }
}

fn whole(text: &str) -> Result<u64, String> {
    if let Ok(n) = text.trim().parse::<u64>() {
        return Ok(n);
    }
    match number(text)? {
        x if x > 1e15 => Err("at most 1e15".to_owned()),
        x if x >= 0.0 && x.fract() == 0.0 => Ok(x as u64),
        _ => Err("it must be a whole number, such as 1000 or 1e6".to_owned()),
    }
}

pub(super) fn count(text: &str) -> Result<u64, String> {
    match whole(text)? {
        0 => Err("it must be at least 1".to_owned()),
        n => Ok(n),
    }
}

fn range(text: &str) -> Result<(f64, f64), String> {
    let Some((lo, hi)) = text.split_once("..") else {
        return Err("write it like -3..3".to_owned());
    };
    let (lo, hi) = (number(lo)?, number(hi)?);
    if lo < hi && (hi - lo).is_infinite() {
        Err("too wide: its width is no longer a double".to_owned())
    } else if lo < hi {
        Ok((lo, hi))
    } else {
        Err("the lower end comes first".to_owned())
    }
}

/// A range of steps.
fn steps(text: &str) -> Result<(f64, f64), String> {
    match range(text) {
        Ok((lo, _)) if lo <= 0.0 => Err("steps are positive".to_owned()),
        Err(_) if positive(text).is_ok() => Err("write two steps, like 0.05..1".to_owned()),
        range => range,
    }
}

fn knots(text: &str) -> Result<Knots, String> {
    // A whole number counts cells however it is written, as it does in a learn block.
    match positive(text)? {
        n if n.fract() == 0.0 && n <= 1e6 => Ok(Knots::Count(n as usize)),
        n if n.fract() == 0.0 => Err("at most 1e6 cells".to_owned()),
        h => Ok(Knots::Spacing(h)),
    }
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" | "yes" => Ok(true),
        "off" | "false" | "no" => Ok(false),
        _ => Err("on or off".to_owned()),
    }
}

fn estimator(text: &str) -> Result<Estimator, String> {
    Estimator::named(text).ok_or_else(|| {
        let names = Estimator::ALL.map(Estimator::name).join(", ");
        format!("the estimators are {names}")
    })
}

fn noise(text: &str) -> Result<NoiseSource, String> {
    NoiseSource::named(text).ok_or_else(|| {
        let names = NoiseSource::ALL.map(NoiseSource::name).join(", ");
        format!("the ways are {names}")
    })
}

fn assignment(text: &str) -> Result<(String, f64), String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err("write it like eps1=0.02".to_owned());
    };
    Ok((name.trim().to_owned(), number(value)?))
}

fn point(text: &str) -> Result<Point, String> {
    let coordinates: Result<Vec<f64>, String> = text.split(',').map(number).collect();
    coordinates.map(Point)
}

/// A matrix, written out or in a file.
fn matrix(text: &str) -> Result<Rows, String> {
    let row = |row: &str| {
        row.split(',')
            .map(number)
            .collect::<Result<Vec<f64>, String>>()
    };
    let text = text.trim();
    if !text.starts_with('[') {
        // Not what never ends, nor what is no matrix by its size alone.
        let is_small = |file: &std::fs::Metadata| file.is_file() && file.len() < 1 << 20;
        if std::fs::metadata(text).is_ok_and(|file| !is_small(&file)) {
            return Err("neither a matrix such as [[2,1],[1,2]] nor a file of its rows".to_owned());
        }
        let rows = std::fs::read_to_string(text).map_err(|error| {
            format!("neither a matrix such as [[2,1],[1,2]] nor a file that can be read ({error})")
        })?;
        let lines = rows.lines().filter(|line| !line.trim().is_empty());
        return lines.map(row).collect::<Result<_, _>>().map(Rows);
    }
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let inner = compact
        .strip_prefix("[[")
        .and_then(|rest| rest.strip_suffix("]]"));
    let inner = inner.ok_or("write its rows in brackets: [[2,1],[1,2]]")?;
    inner
        .split("],[")
        .map(row)
        .collect::<Result<_, _>>()
        .map(Rows)
}
