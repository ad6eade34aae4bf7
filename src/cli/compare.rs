//! `compare`: the learned potential against the full one, as dynamics.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::{Console, Loaded};
use super::learn::{command_line, failed, shown_place, watched};
use super::processor::Processor;
use super::results::{ResultsFolder, with_pngs};
use super::simulate::{method, mobility_of};
use super::values::{Point, Rows, count, matrix, point, positive, steps, whole};
use crate::session::{self, CompareOptions, Hooks, Job, Learned, Method, Options};

/// `compare`.
#[derive(Args, Debug)]
#[command(after_long_help = COMPARE_HELP)]
pub struct Compare {
    /// The program of the full potential
    pub file: PathBuf,
    /// The program of the learned one: the U.pot of a run, or any other in the same coordinates
    pub learned: PathBuf,
    /// The function to take of LEARNED (else U where there is one, else as for any program)
    #[arg(long, value_name = "NAME")]
    pub learned_potential: Option<String>,
    /// langevin or overdamped [default: langevin]
    #[arg(short, long, value_name = "NAME", value_parser = noisy)]
    pub method: Option<Method>,
    /// The mobility D(q) of the learned model, in overdamped motion
    #[arg(long, value_name = "FILE")]
    pub mobility: Option<PathBuf>,
    /// The step of the full model [default: a hundredth of what is stable]
    #[arg(long, value_name = "H", value_parser = positive, allow_hyphen_values = true)]
    pub step: Option<f64>,
    /// The step of the learned model [default: a twentieth of what is stable]
    #[arg(long, value_name = "H", value_parser = positive, allow_hyphen_values = true)]
    pub learned_step: Option<f64>,
    /// How long each trajectory is, a time [default: 50, and 50 gamma in overdamped motion]
    #[arg(short, long, value_name = "T", value_parser = positive, allow_hyphen_values = true)]
    pub time: Option<f64>,
    /// The temperature of both
    #[arg(long = "kT", alias = "kt", value_name = "KT", value_parser = positive, allow_hyphen_values = true, default_value = "1")]
    pub kt: Option<f64>,
    /// Temperatures between which to find the range where the learned model holds [default: six
    /// from kT/50 to 2 kT]
    #[arg(long, value_name = "LO..HI", value_parser = steps, allow_hyphen_values = true)]
    pub sweep: Option<(f64, f64)>,
    /// Look at no other temperature
    #[arg(long, conflicts_with = "sweep")]
    pub no_sweep: bool,
    /// How much beyond its floor a distance may be: mean paths in widths of the law of positions
    #[arg(long, value_name = "E", value_parser = positive, allow_hyphen_values = true, default_value = "0.1")]
    pub tolerance: Option<f64>,
    /// The friction of both [default: 0.1]
    #[arg(short, long, value_name = "G", value_parser = positive, allow_hyphen_values = true, env = "EFFPOT_GAMMA")]
    pub gamma: Option<f64>,
    /// Friction as a matrix, such as [[2,1],[1,2]], or a CSV file of its rows
    #[arg(long, value_name = "MATRIX|FILE", value_parser = matrix, conflicts_with = "gamma")]
    pub friction: Option<Rows>,
    /// Mass as a matrix, likewise [default: 1 in every coordinate]
    #[arg(long, value_name = "MATRIX|FILE", value_parser = matrix)]
    pub mass: Option<Rows>,
    /// The mean position at the beginning, one number or one for each coordinate [default: two
    /// widths of the learned model's law below its middle]
    #[arg(long, value_name = "Q1,Q2,..", value_parser = point, allow_hyphen_values = true)]
    pub start: Option<Point>,
    /// The standard deviation about it [default: that of the learned model's law]
    #[arg(long, value_name = "S1,S2,..", value_parser = point, allow_hyphen_values = true)]
    pub spread: Option<Point>,
    /// The mean momentum at the beginning; momenta are drawn about it at kT [default: 0]
    #[arg(long, value_name = "P1,P2,..", value_parser = point, allow_hyphen_values = true)]
    pub momentum: Option<Point>,
    /// Where first passages begin and end, in one coordinate [default: two wells, if there are]
    #[arg(long, value_name = "FROM,TO", value_parser = point, allow_hyphen_values = true)]
    pub passage: Option<Point>,
    /// Trajectories of each model
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true, default_value = "4000")]
    pub trajectories: Option<u64>,
    /// The seed of all random numbers [default: 1]
    #[arg(long, value_name = "N", value_parser = whole, allow_negative_numbers = true, env = "EFFPOT_SEED")]
    pub seed: Option<u64>,
    /// Where to put the results [default: NAME-compare-out]
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

const COMPARE_HELP: &str = "\
Both models have the same friction, mass, temperature and law of starts. The floor is the distance
of the full model from itself with another seed; the rows below are the full model at longer steps,
the longest of which that is still at its floor is what the saving is against.

mean path        root mean square over time between the means over trajectories (Li and Tao 2024,
                 eq. (4.3))
autocorrelation  the same between normalised autocorrelations, over lags up to half of the time
                 (eq. (4.4))
density          total variation between histograms of positions over all of the time; above two
                 coordinates that of the worst coordinate

The learned model holds where no distance is beyond its floor by more than the tolerance and two
standard errors. Exit code 3: it does not, at the kT that was asked for.";

fn noisy(text: &str) -> Result<Method, String> {
    match method(text) {
        Ok(found @ (Method::Langevin | Method::Overdamped)) => Ok(found),
        _ => Err("the methods are langevin and overdamped; Hamiltonian motion is always among what is compared".to_owned()),
    }
}

impl Compare {
    fn options(&self) -> Result<CompareOptions, String> {
        let point = |given: &Option<Point>| given.as_ref().map(|point| point.0.clone());
        let passage = match self.passage.as_ref().map(|point| point.0.as_slice()) {
            None => None,
            Some([from, to]) if from != to => Some((*from, *to)),
            Some(_) => {
                return Err(
                    "`--passage` needs two different numbers, such as --passage -1,1".to_owned(),
                );
            }
        };
        Ok(CompareOptions {
            method: self.method,
            step: self.step,
            learned_step: self.learned_step,
            time: self.time,
            kt: self.kt,
            gamma: self.gamma,
            friction: self.friction.as_ref().map(|rows| rows.0.clone()),
            mass: self.mass.as_ref().map(|rows| rows.0.clone()),
            start: point(&self.start),
            spread: point(&self.spread),
            momentum: point(&self.momentum),
            trajectories: self.trajectories,
            seed: self.seed,
            passage,
            sweep: self.sweep,
            alone: self.no_sweep,
            tolerance: self.tolerance,
        })
    }
}

/// Compares two potentials.
pub fn compare(arguments: &Compare) -> Exit {
    let console = Console::new(&arguments.shared);
    run(&console, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, arguments: &Compare) -> Result<Exit, Exit> {
    let options = arguments.options().map_err(|problem| {
        let problem = crate::diagnostic::Diagnostic::error("wrong-setting", problem);
        console.diagnose(&[problem], &crate::source::Sources::new(), Exit::Usage)
    })?;
    let full = console.load(&arguments.file)?;
    let other = console.load(&arguments.learned)?;
    let mobility = arguments.mobility.as_ref();
    let mobility = mobility
        .map(|path| mobility_of(console, path))
        .transpose()?;
    let threads = arguments.processor.take();
    let known = |(name, _): &&(String, f64)| {
        other
            .program
            .parameters()
            .iter()
            .any(|parameter| parameter.name == *name)
    };
    let set: Vec<(String, f64)> = arguments.shared.set.iter().filter(known).cloned().collect();
    let command = command_line();
    let job = job(
        &full,
        &command,
        arguments.shared.potential.as_deref(),
        &arguments.shared.set,
        threads,
    );
    let has_u = other
        .program
        .functions()
        .iter()
        .any(|(name, _)| *name == "U");
    let named = arguments.learned_potential.as_deref();
    let learned = Learned {
        job: self::job(&other, "", named.or(has_u.then_some("U")), &set, threads),
        mobility,
    };
    let stem = arguments.file.file_stem().unwrap_or_default();
    let stem = format!("{}-compare", stem.to_string_lossy());
    let folder = ResultsFolder::prepare(arguments.output.as_deref(), &stem, arguments.force)
        .map_err(|error| console.file_error(&error))?;
    // A look takes no time that anybody would want to cut short.
    let look = Hooks {
        progress: &|_| (),
        seconds: &|| 0.0,
        cancelled: &Default::default(),
    };
    let long = session::compare_forecast(&job, &learned, &options, &look)
        .map_err(|failure| failed(console, &full, failure))?;
    console.remark(long.as_slice(), &full.sources);
    let run = |hooks: &Hooks<'_>| session::compare(&job, &learned, &options, hooks);
    let done = watched(threads, arguments.shared.printing.quiet, run)
        .map_err(|failure| failed(console, &full, failure))?;
    let files = with_pngs(console, done.files, &done.pictures, arguments.png);
    let place = folder.write(&files);
    let place = place.map_err(|error| console.file_error(&error))?;
    console.remark(&done.diagnostics, &full.sources);
    let text = match arguments.shared.printing.json {
        true => done.result.to_json().unwrap_or_default(),
        false => done.result.summary(&shown_place(&place)),
    };
    let unstable = done.diagnostics.iter().any(|d| d.is_error());
    Ok(match console.print(&text) {
        Exit::Good if done.interrupted => Exit::Interrupted,
        Exit::Good if unstable || !done.result.holds => Exit::NotTrusted,
        exit => exit,
    })
}

fn job<'a>(
    loaded: &'a Loaded,
    command: &'a str,
    potential: Option<&'a str>,
    set: &'a [(String, f64)],
    threads: usize,
) -> Job<'a> {
    Job {
        sources: &loaded.sources,
        root: loaded.root,
        program: &loaded.program,
        potential,
        set,
        options: Options::default(),
        command,
        threads,
    }
}
