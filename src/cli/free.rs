//! `free`: free energy and mobility at a temperature, as programs.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::learn::{failed, watched};
use super::processor::Processor;
use super::results::ResultsFolder;
use super::values::{positive, range, whole};
use crate::session::{self, Failure, FreeOptions, Hooks, Job, Options};

/// `free`.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("scale").required(true))]
pub struct Free {
    /// The program
    pub file: PathBuf,
    /// The temperature, in the unit of V
    #[arg(long = "kT", value_name = "T", value_parser = positive, allow_hyphen_values = true)]
    pub kt: f64,
    /// Keep structure of size L (half a wavelength) and more: averages below the length l = 0.66 L
    #[arg(long, value_name = "L", value_parser = positive, allow_hyphen_values = true, group = "scale")]
    pub resolve: Option<f64>,
    /// The length l itself, such as that of a run of `learn`
    #[arg(long, value_name = "l", value_parser = positive, allow_hyphen_values = true, group = "scale")]
    pub length: Option<f64>,
    /// Where [default: where V is at most 30 kT above its lowest place]
    #[arg(long, value_name = "LO..HI", value_parser = range, value_delimiter = ',', allow_hyphen_values = true)]
    pub domain: Vec<(f64, f64)>,
    /// The seed of all random numbers [default: 1]
    #[arg(long, value_name = "N", value_parser = whole, allow_negative_numbers = true, env = "EFFPOT_SEED")]
    pub seed: Option<u64>,
    /// Where to put F.pot, D.pot and free.json [default: NAME-out]
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

/// Averages a potential.
pub fn free(arguments: &Free) -> Exit {
    let console = Console::new(&arguments.shared);
    run(&console, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, arguments: &Free) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
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
    let length = arguments.resolve.map(FreeOptions::length_of);
    let options = FreeOptions {
        kt: arguments.kt,
        length: arguments.length.or(length).unwrap_or(f64::NAN),
        domain: (!arguments.domain.is_empty()).then(|| arguments.domain.clone()),
        seed: arguments.seed.unwrap_or(1),
    };
    let stem = arguments.file.file_stem();
    let stem = stem.map_or("results".into(), |stem| stem.to_string_lossy());
    let folder = ResultsFolder::prepare(arguments.output.as_deref(), &stem, arguments.force)
        .map_err(|error| console.file_error(&error))?;
    let average = |hooks: &Hooks<'_>| session::free(&job, &options, hooks);
    let freed = watched(threads, arguments.shared.printing.quiet, average)
        .map_err(|failure| {
            let interrupted = matches!(&failure, Failure::Program(said) if said.iter().any(|d| d.code == "interrupted"));
            match (failed(console, &loaded, failure), interrupted) {
                (_, true) => Exit::Interrupted,
                (exit, false) => exit,
            }
        })?;
    console.remark(&freed.warnings, &loaded.sources);
    let json = freed.row.to_json().unwrap_or_default();
    let mut files = freed.files;
    files.push(("free.json".to_owned(), json.clone().into_bytes()));
    let place = folder
        .write(&files)
        .map_err(|error| console.file_error(&error))?;
    Ok(console.print(&match arguments.shared.printing.json {
        true => json,
        false => format!("{}\nresults: {}/\n", freed.row.line(), place.display()),
    }))
}
