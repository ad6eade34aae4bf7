//! `learn`, and the bare form: the main job, with progress and interruption.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Exit;
use super::arguments::Learn;
use super::check::forewarned;
use super::console::{Console, Loaded};
use super::results::{ResultsFolder, with_pngs};
use crate::diagnostic::Diagnostic;
use crate::report::result::Verdict;
use crate::report::summary::summary;
use crate::session::{self, Failure, Hooks, Job, Options, Outcome, Plan, Progress};

/// The code of warnings about kinks.
const KINK: &str = "kink";

/// Runs the main job.
pub fn learn(arguments: &Learn) -> Exit {
    let console = Console::new(&arguments.shared);
    run(&console, arguments).unwrap_or_else(|exit| exit)
}

fn run(console: &Console<'_>, arguments: &Learn) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let in_file = match loaded.program.block("learn") {
        Some(block) => Options::from_block(block)
            .map_err(|problems| console.diagnose(&problems, &loaded.sources, Exit::Failed))?,
        None => Options::default(),
    };
    let threads = arguments.processor.take();
    let job = Job {
        sources: &loaded.sources,
        root: loaded.root,
        program: &loaded.program,
        potential: arguments.shared.potential.as_deref(),
        set: &arguments.shared.set,
        options: arguments.options().or(in_file),
        command: &command_line(),
        threads,
    };
    if arguments.dry_run {
        let plan = session::plan(&job).map_err(|f| failed(console, &loaded, f))?;
        let text = match arguments.shared.json {
            true => plan_as_json(&plan),
            false => plan.to_string(),
        };
        return Ok(console.print(&text));
    }
    let stem = arguments.file.file_stem().map_or_else(
        || "results".to_owned(),
        |s| s.to_string_lossy().into_owned(),
    );
    let folder = ResultsFolder::prepare(arguments.output.as_deref(), &stem, arguments.force)
        .map_err(|error| console.file_error(&error))?;
    // A kink has a better witness after the run, where the samples are.
    let foreseen = foreseen(arguments, &loaded, &job.options).into_iter();
    let (kinks, foreseen): (Vec<_>, Vec<_>) = foreseen.partition(|f| f.code == KINK);
    console.remark(&foreseen, &loaded.sources);
    let run = |hooks: &Hooks<'_>| session::learn(&job, hooks);
    let outcome = watched(threads, arguments.shared.quiet, run)
        .map_err(|failure| failed(console, &loaded, failure))?;
    let mut remarks = outcome.diagnostics.clone();
    remarks.retain(|remark| remark.is_error() || foreseen.iter().all(|f| f.code != remark.code));
    if remarks.iter().all(|remark| remark.code != KINK) {
        remarks.extend(kinks);
    }
    finish(console, arguments, &loaded, folder, (outcome, remarks))
}

/// What a look at the program shows before a run; nothing where the run itself will refuse it.
fn foreseen(arguments: &Learn, loaded: &Loaded, options: &Options) -> Vec<Diagnostic> {
    let shared = &arguments.shared;
    let model = loaded.program.potential(shared.potential.as_deref());
    let (Ok(mut model), Ok(values), false) =
        (model, loaded.program.values(&shared.set), shared.quiet)
    else {
        return Vec::new();
    };
    for (parameter, value) in model.parameters.iter_mut().zip(values) {
        parameter.value = value;
    }
    forewarned(loaded, &model, options)
}

fn plan_as_json(plan: &Plan) -> String {
    let settings = &plan.settings;
    let object = serde_json::json!({
        "potential": plan.potential,
        "settings": {
            "delta": settings.delta,
            "gamma": settings.gamma,
            "friction": settings.friction,
            "friction_chosen": settings.chosen,
            "estimators": plan.estimators(),
            "steps": settings.steps,
            "trajectories": settings.trajectories,
            "burn_in": settings.burn_in,
            "seed": settings.seed,
        },
        "operations": plan.operations,
        "steps": plan.steps,
        "seconds": plan.seconds,
        "threads": plan.threads,
    });
    format!("{object:#}\n")
}

/// Runs a job, with a progress bar on a terminal and an ear for Ctrl-C.
pub(super) fn watched<T: Send>(
    threads: usize,
    quiet: bool,
    run: impl Fn(&Hooks<'_>) -> T + Sync,
) -> T {
    let cancelled = Arc::new(AtomicBool::new(false));
    let hear = Arc::clone(&cancelled);
    // Without a handler Ctrl-C ends the program at once, which loses the run and nothing else.
    let _ = ctrlc::set_handler(move || {
        if hear.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
    });
    let bar = bar(quiet);
    let shown = Mutex::new("");
    let progress = |progress: Progress| {
        if let Ok(mut stage) = shown.lock()
            && *stage != progress.stage
        {
            *stage = progress.stage;
            bar.set_message(progress.stage);
        }
        bar.set_position((1000.0 * progress.done) as u64);
    };
    let begun = Instant::now();
    let hooks = Hooks {
        progress: &progress,
        seconds: &|| begun.elapsed().as_secs_f64(),
        cancelled: &cancelled,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let outcome = match pool {
        Ok(pool) => pool.install(|| run(&hooks)),
        // Too many threads for the machine: the common pool will do.
        Err(_) => run(&hooks),
    };
    bar.finish_and_clear();
    outcome
}

pub(super) fn bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr_with_hz(8));
    let style = ProgressStyle::with_template("{msg:<16} {bar:40} {percent:>3} %  {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

pub(super) fn command_line() -> String {
    let quoted = |word: std::ffi::OsString| {
        let word = word.to_string_lossy().into_owned();
        let plain = |c: char| c.is_alphanumeric() || "-_./=+:,@%".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    let words: Vec<String> = std::env::args_os().skip(1).map(quoted).collect();
    format!("effpot-lang {}", words.join(" "))
}

pub(super) fn failed(console: &Console<'_>, loaded: &Loaded, failure: Failure) -> Exit {
    let (diagnostics, exit) = match failure {
        Failure::Program(diagnostics) => (diagnostics, Exit::Failed),
        Failure::Usage(diagnostic) => (vec![diagnostic], Exit::Usage),
        Failure::Limit(diagnostic) => (vec![diagnostic], Exit::Limit),
    };
    console.diagnose(&diagnostics, &loaded.sources, exit)
}

fn finish(
    console: &Console<'_>,
    arguments: &Learn,
    loaded: &Loaded,
    folder: ResultsFolder,
    (outcome, mut remarks): (Outcome, Vec<Diagnostic>),
) -> Result<Exit, Exit> {
    let place = with_pngs(outcome.files, &outcome.pictures, arguments.png)
        .and_then(|files| folder.write(&files))
        .map_err(|error| console.file_error(&error))?;
    let trusted = outcome.result.equilibrium.verdict == Verdict::Trusted;
    if !trusted && !arguments.shared.json && std::io::stdout().is_terminal() {
        // The summary that follows on the same terminal says it.
        let why = remarks.iter().position(Diagnostic::is_error).unwrap_or(0);
        remarks.drain(why..remarks.len().min(why + 1));
    }
    console.remark(&remarks, &loaded.sources);
    let text = if arguments.shared.json {
        outcome.result.to_json().unwrap_or_default()
    } else {
        let told = !arguments.shared.quiet;
        summary(&outcome.result, &shown_place(&place), told)
    };
    let interrupted = outcome.diagnostics.iter().any(|d| d.code == "interrupted");
    let exit = match console.print(&text) {
        Exit::Good if interrupted => Exit::Interrupted,
        Exit::Good if !trusted => Exit::NotTrusted,
        exit => exit,
    };
    Ok(exit)
}

pub(super) fn shown_place(place: &Path) -> String {
    // Without a slash at the end.
    let place: std::path::PathBuf = place.components().collect();
    place.display().to_string()
}
