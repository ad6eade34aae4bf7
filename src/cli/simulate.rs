//! `simulate`: trajectories of any potential.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::{Console, Loaded};
use super::learn::{failed, shown_place, watched};
use super::processor::Processor;
use super::results::ResultsFolder;
use super::values::{Point, Rows, count, matrix, point, positive, whole};
use crate::dynamics::Scheme;
use crate::graph::Model;
use crate::session::{
    self, Hooks, Job, Length, Method, Options, SCHEMES, SimulateOptions, scheme_named,
};

/// `simulate`.
#[derive(Args, Debug)]
#[command(after_long_help = SIMULATE_HELP)]
pub struct Simulate {
    /// The program: any potential, or the U.pot of a run
    pub file: PathBuf,
    /// hamiltonian, langevin, overdamped or damped [default: langevin]
    #[arg(short, long, value_name = "NAME", value_parser = method)]
    pub method: Option<Method>,
    /// The scheme of Hamiltonian motion: verlet, or blanes-moan of order 4 [default: verlet]
    #[arg(long, value_name = "NAME", value_parser = scheme)]
    pub integrator: Option<Scheme>,
    /// The step, a time [default: a twentieth of what is stable where V is low]
    #[arg(long, value_name = "H", value_parser = positive, allow_hyphen_values = true)]
    pub step: Option<f64>,
    /// How long each trajectory is, a time [default: 100]
    #[arg(short, long, value_name = "T", value_parser = positive, allow_hyphen_values = true, conflicts_with = "steps")]
    pub time: Option<f64>,
    /// The same in steps
    #[arg(short = 'n', long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub steps: Option<u64>,
    /// The temperature [default: 1]
    #[arg(long = "kT", alias = "kt", value_name = "KT", value_parser = positive, allow_hyphen_values = true)]
    pub kt: Option<f64>,
    /// The friction [default: 0.1]
    #[arg(short, long, value_name = "G", value_parser = positive, allow_hyphen_values = true, env = "EFFPOT_GAMMA")]
    pub gamma: Option<f64>,
    /// Friction as a matrix, such as [[2,1],[1,2]], or a CSV file of its rows
    #[arg(long, value_name = "MATRIX|FILE", value_parser = matrix, conflicts_with = "gamma")]
    pub friction: Option<Rows>,
    /// Mass as a matrix, likewise [default: 1 in every coordinate]
    #[arg(long, value_name = "MATRIX|FILE", value_parser = matrix)]
    pub mass: Option<Rows>,
    /// The mobility D(q) of overdamped motion: a program that defines D, as free energies have one
    #[arg(long, value_name = "FILE")]
    pub mobility: Option<PathBuf>,
    /// Where trajectories begin: one number for each coordinate [default: where V is lowest]
    #[arg(long, value_name = "Q1,Q2,..", value_parser = point, allow_hyphen_values = true)]
    pub start: Option<Point>,
    /// The standard deviation of positions about the start, one number or one each [default: 0]
    #[arg(long, value_name = "S1,S2,..", value_parser = point, allow_hyphen_values = true)]
    pub spread: Option<Point>,
    /// The momenta at the beginning, one number or one each [default: drawn at kT; hamiltonian: 0,
    /// unless there is a --kT]
    #[arg(long, value_name = "P1,P2,..", value_parser = point, allow_hyphen_values = true)]
    pub momentum: Option<Point>,
    /// Trajectories [default: 1024; damped: 64; hamiltonian: 64, or one if all would be the same]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub trajectories: Option<u64>,
    /// Keep every Nth step [default: about 1000 of each trajectory]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub every: Option<u64>,
    /// The seed of all random numbers [default: 1]
    #[arg(long, value_name = "N", value_parser = whole, allow_negative_numbers = true, env = "EFFPOT_SEED")]
    pub seed: Option<u64>,
    /// Where to put the results [default: NAME-simulate-out]
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

const SIMULATE_HELP: &str = "\
hamiltonian  q' = p/m, p' = -grad V. Störmer-Verlet, or Blanes and Moan's SRKN_6^b of order 4
             with six gradients a step (J. Comput. Appl. Math. 142, 2002)
langevin     the same with friction and noise at kT, by BAOAB (Leimkuhler and Matthews 2013)
overdamped   q' = -grad V/gamma and noise at kT, by the method of Leimkuhler and Matthews; with a
             mobility D(q) by Euler and Maruyama, the drift kT D'(q)/gamma of Itô included
damped       the map of learn: q is where the gradient is taken, half a step after the momentum

The folder has trajectories.npz (t, q, p, V and all of the tables), trajectories.csv, moments.csv,
autocorrelation.csv, density.csv and result.json.";

pub(super) fn method(text: &str) -> Result<Method, String> {
    Method::named(text).ok_or_else(|| {
        let names = Method::ALL.map(Method::name).join(", ");
        format!("the methods are {names}")
    })
}

fn scheme(text: &str) -> Result<Scheme, String> {
    scheme_named(text).ok_or_else(|| {
        let names = SCHEMES.map(|(name, _)| name).join(", ");
        format!("the integrators are {names}")
    })
}

impl Simulate {
    fn options(&self) -> SimulateOptions {
        let time = self.time.map(Length::Time);
        let point = |given: &Option<Point>| given.as_ref().map(|point| point.0.clone());
        SimulateOptions {
            method: self.method,
            scheme: self.integrator,
            step: self.step,
            length: time.or(self.steps.map(Length::Steps)),
            kt: self.kt,
            gamma: self.gamma,
            friction: self.friction.as_ref().map(|rows| rows.0.clone()),
            mass: self.mass.as_ref().map(|rows| rows.0.clone()),
            start: point(&self.start),
            spread: point(&self.spread),
            momentum: point(&self.momentum),
            trajectories: self.trajectories,
            every: self.every,
            seed: self.seed,
        }
    }
}

/// Simulates a potential.
pub fn simulate(arguments: &Simulate) -> Exit {
    let console = Console::new(&arguments.shared);
    run(&console, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, arguments: &Simulate) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let options = arguments
        .options()
        .of_program(&loaded.program)
        .map_err(|problems| console.diagnose(&problems, &loaded.sources, Exit::Failed))?;
    let mobility = arguments.mobility.as_ref();
    let mobility = mobility
        .map(|path| mobility_of(console, path))
        .transpose()?;
    let threads = arguments.processor.take();
    let job = Job {
        sources: &loaded.sources,
        root: loaded.root,
        program: &loaded.program,
        potential: arguments.shared.potential.as_deref(),
        set: &arguments.shared.set,
        options: Options::default(),
        command: "",
        threads,
    };
    let stem = arguments.file.file_stem().unwrap_or_default();
    let stem = format!("{}-simulate", stem.to_string_lossy());
    let folder = ResultsFolder::prepare(arguments.output.as_deref(), &stem, arguments.force)
        .map_err(|error| console.file_error(&error))?;
    let run = |hooks: &Hooks<'_>| session::simulate(&job, &options, mobility.as_ref(), hooks);
    let done = watched(threads, arguments.shared.printing.quiet, run)
        .map_err(|failure| failed(console, &loaded, failure))?;
    let place = folder.write(&done.files);
    let place = place.map_err(|error| console.file_error(&error))?;
    console.remark(&done.diagnostics, &loaded.sources);
    let text = match arguments.shared.printing.json {
        true => done.result.to_json().unwrap_or_default(),
        false => done.result.summary(&shown_place(&place)),
    };
    Ok(match console.print(&text) {
        Exit::Good if done.interrupted => Exit::Interrupted,
        Exit::Good if done.diagnostics.iter().any(|d| d.is_error()) => Exit::NotTrusted,
        exit => exit,
    })
}

/// The function `D` of a program.
pub(super) fn mobility_of(console: &Console<'_>, path: &std::path::Path) -> Result<Model, Exit> {
    let loaded: Loaded = console.load(path)?;
    let model = loaded.program.function("D");
    model.map_err(|problems| console.diagnose(&problems, &loaded.sources, Exit::Failed))
}
