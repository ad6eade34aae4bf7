//! `bench`: how fast the step loop runs on each engine of this host.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::learn::{failed, watched};
use super::processor::width;
use super::values::{Step, positive, step};
use crate::session::{self, BenchOptions, Hooks, Job, Options};

/// `bench`.
#[derive(Args, Debug)]
#[command(after_long_help = BENCH_HELP)]
pub struct Bench {
    /// The program
    pub file: PathBuf,
    /// The step of the map; it changes where trajectories go and not what a step computes
    #[arg(short, long, value_name = "D", value_parser = fixed_step, allow_hyphen_values = true, env = "EFFPOT_DELTA")]
    pub delta: Option<f64>,
    /// The friction [default: 0.1]
    #[arg(short, long, value_name = "G", value_parser = positive, allow_hyphen_values = true, env = "EFFPOT_GAMMA")]
    pub gamma: Option<f64>,
    /// Time engines of this width alone, in bits: 64, 128, 256 or 512; repeatable [default: all
    /// of this host]
    #[arg(long, value_name = "BITS", value_parser = width, value_delimiter = ',', allow_hyphen_values = true)]
    pub simd: Vec<u32>,
    /// Seconds for each engine, about [default: 2]
    #[arg(long, value_name = "S", value_parser = positive, allow_hyphen_values = true)]
    pub seconds: Option<f64>,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

const BENCH_HELP: &str = "\
Everything runs on one core. Times are per step and trajectory: the median of many repetitions and
their quartiles. Trajectories start where V is low and run for a while first; those that do not
stay finite are replaced by others.

JIT ms           from the formula to machine code
ns/step          the damped map alone, nothing is kept but the state
with statistics  at every step a histogram of x (512 bins; 128 x 128 in two coordinates; of the
                 first in more) and three power sums of each momentum
limit            products, fused products and sums and comparisons of a bare step, at as many
                 instructions a cycle as the core makes fused ones of that width, or these with its
                 sums, minima, maxima and roundings at the rate of such a mixture, where that takes
                 longer (some cores have pipes of their own for sums); each for as many trajectories
                 as the width has room for; or its divisions and square roots at the rate of the
                 divider. All rates are measured with the engine itself. Not counted: loads and
                 stores, integers and bits, selections, and waiting for results
clock            by a chain of integer operations that take a cycle each, timed between the others";

impl Bench {
    /// What the flags say of the map.
    pub fn map(&self) -> Options {
        Options {
            delta: self.delta,
            gamma: self.gamma,
            ..Options::default()
        }
    }

    /// What they say of the timing.
    pub fn options(&self) -> BenchOptions {
        BenchOptions {
            widths: self.simd.clone(),
            seconds: self.seconds,
        }
    }
}

/// Times the step loop of a potential.
pub fn bench(arguments: &Bench) -> Exit {
    let console = Console::new(&arguments.shared);
    run(&console, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, arguments: &Bench) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let options = BenchOptions::of_map(arguments.map(), &loaded.program)
        .map_err(|problems| console.diagnose(&problems, &loaded.sources, Exit::Failed))?;
    let job = Job {
        sources: &loaded.sources,
        root: loaded.root,
        program: &loaded.program,
        potential: arguments.shared.potential.as_deref(),
        set: &arguments.shared.set,
        options,
        command: "",
        threads: 1,
    };
    let asked = arguments.options();
    let time = |hooks: &Hooks<'_>| session::bench(&job, &asked, hooks);
    let benched = watched(1, arguments.shared.printing.quiet, time)
        .map_err(|failure| failed(console, &loaded, failure))?;
    console.remark(&benched.diagnostics, &loaded.sources);
    let name = arguments.file.display().to_string();
    let text = match arguments.shared.printing.json {
        true => benched.result.to_json().unwrap_or_default(),
        false => benched.result.summary(&name),
    };
    Ok(match console.print(&text) {
        Exit::Good if benched.interrupted => Exit::Interrupted,
        exit => exit,
    })
}

/// A step that is a number.
fn fixed_step(text: &str) -> Result<f64, String> {
    match step(text)? {
        Step::Given(delta) => Ok(delta),
        Step::Automatic => Err("nothing is learned here: give a number, such as 0.5".to_owned()),
    }
}
