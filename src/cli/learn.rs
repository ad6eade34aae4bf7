//! `learn`, and the bare form: the main job, with progress and interruption.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::Exit;
use super::arguments::{Learn, Shared};
use super::check::forewarned;
use super::console::{Console, Loaded};
use super::files::FileError;
use super::keep;
use super::limits;
use super::merge::shard_file;
use super::results::{ResultsFolder, unfinished, with_pngs};
use super::write;
use crate::diagnostic::Diagnostic;
use crate::report::result::Verdict;
use crate::report::summary::summary;
use crate::session::{
    self, Came, Failure, Hooks, Job, Keeping, Options, Outcome, Plan, Progress, Shard,
};
use crate::source::Sources;

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
        let text = match arguments.shared.printing.json {
            true => plan_as_json(&plan),
            false => plan.to_string(),
        };
        return Ok(console.print(&text));
    }
    if let Some(shard) = arguments.shard {
        return part(console, arguments, (&loaded, &job), shard);
    }
    let stem = arguments.file.file_stem().map_or_else(
        || "results".to_owned(),
        |s| s.to_string_lossy().into_owned(),
    );
    let folder = folder(console, arguments, &stem)?;
    let place = keep::Place::new(console, keep::beside(folder.path()));
    // A kink has a better witness after the run, where the samples are.
    let foreseen = foreseen(arguments, &loaded, &job.options).into_iter();
    let (kinks, foreseen): (Vec<_>, Vec<_>) = foreseen.partition(|f| f.code == KINK);
    console.remark(&foreseen, &loaded.sources);
    let came = kept(console, arguments, (&loaded, &job), &place, Shard::WHOLE)?;
    let Came::Whole(outcome) = came else {
        return Ok(Exit::Good);
    };
    let mut remarks = outcome.diagnostics.clone();
    remarks.retain(|remark| remark.is_error() || foreseen.iter().all(|f| f.code != remark.code));
    if remarks.iter().all(|remark| remark.code != KINK) {
        remarks.extend(kinks);
    }
    let is_done = remarks.iter().all(|remark| remark.code != "interrupted");
    let outcome = (*outcome, remarks);
    let exit = show(
        console,
        &arguments.shared,
        &loaded.sources,
        folder,
        arguments.png,
        outcome,
    )?;
    match is_done {
        true => place.clear(),
        false => place.interrupted(),
    }
    Ok(exit)
}

/// The folder of the results; a run that is not done and has them is in the way of another.
fn folder(console: &Console<'_>, arguments: &Learn, stem: &str) -> Result<ResultsFolder, Exit> {
    let unfinished = match arguments.resume && arguments.output.is_none() {
        true => unfinished(stem),
        false => None,
    };
    let named = arguments.output.clone().or(unfinished);
    let is_kept = match &named {
        Some(results) => not_in_the_way(console, arguments, &keep::beside(results))?,
        None => false,
    };
    // What an interrupted run has written is replaced by the whole of it.
    let force = arguments.force || arguments.resume && is_kept;
    ResultsFolder::prepare(named.as_deref(), stem, force)
        .map_err(|error| console.file_error(&error))
}

/// Whether there is a checkpoint, and an error where a run that is not done would lose it.
fn not_in_the_way(
    console: &Console<'_>,
    arguments: &Learn,
    checkpoint: &Path,
) -> Result<bool, Exit> {
    let there = checkpoint.exists();
    if there && !arguments.resume && !arguments.force {
        let message = format!(
            "{} is of a run that is not done; go on with --resume, or begin anew with --force",
            checkpoint.display()
        );
        return Err(console.file_error(&FileError(message)));
    }
    Ok(there)
}

/// Runs a job that is saved and gone on with.
fn kept(
    console: &Console<'_>,
    arguments: &Learn,
    (loaded, job): (&Loaded, &Job<'_>),
    place: &keep::Place<'_>,
    shard: Shard,
) -> Result<Came, Exit> {
    let from = match arguments.resume {
        true => place.resume()?,
        false => None,
    };
    let from = Mutex::new(from);
    let due = Arc::new(AtomicBool::new(false));
    let save = |bytes: Vec<u8>| place.save(&bytes);
    let run = |hooks: &Hooks<'_>| {
        let keeping = Keeping {
            due: &due,
            save: &save,
            from: from.lock().ok().and_then(|mut from| from.take()),
            shard,
        };
        keep::every(arguments.checkpoint, &due, || {
            session::learn_kept(job, hooks, keeping)
        })
    };
    watched_until(
        job.threads,
        arguments.shared.printing.quiet,
        Some(&due),
        run,
    )
    .map_err(|failure| failed(console, loaded, failure))
}

/// Runs a shard.
fn part(
    console: &Console<'_>,
    arguments: &Learn,
    (loaded, job): (&Loaded, &Job<'_>),
    shard: Shard,
) -> Result<Exit, Exit> {
    let wrong = |message: String| console.file_error(&FileError(message));
    let named = arguments.output.clone();
    let path = named.unwrap_or_else(|| shard_file(&arguments.file, shard));
    if path.exists() && !arguments.force {
        let message = format!(
            "{} exists already; name another file with -o, or add --force to replace it",
            path.display()
        );
        return Err(wrong(message));
    }
    let place = keep::Place::new(console, keep::beside(&path));
    not_in_the_way(console, arguments, &keep::beside(&path))?;
    // That it can be written shows before the run.
    write::possible(&path).map_err(|error| {
        wrong(format!(
            "the shard cannot be written to {}: {error}",
            path.display()
        ))
    })?;
    let came = kept(console, arguments, (loaded, job), &place, shard).inspect_err(|exit| {
        if *exit == Exit::Interrupted {
            place.interrupted();
        }
    })?;
    match came {
        Came::Part(bytes) => {
            write::whole(&path, &bytes).map_err(|error| {
                wrong(format!(
                    "the shard cannot be written to {}: {error}",
                    path.display()
                ))
            })?;
            place.clear();
            let (shown, Shard { number, of }) = (path.display(), shard);
            Ok(console.print(&match arguments.shared.printing.json {
                true => format!("{:#}\n", serde_json::json!({"shard": shown.to_string(), "number": number, "of": of})),
                false => format!("{shown}: the shard {number} of {of}; `effpot-lang merge` puts all of them together\n"),
            }))
        }
        // There is nothing that could be put together: why is what a run of its own would say.
        Came::Whole(outcome) => {
            let problems: Vec<Diagnostic> = outcome.diagnostics.into_iter().collect();
            Ok(console.diagnose(&problems, &loaded.sources, Exit::NotTrusted))
        }
    }
}

/// What a look at the program shows before a run; nothing where the run itself will refuse it.
fn foreseen(arguments: &Learn, loaded: &Loaded, options: &Options) -> Vec<Diagnostic> {
    let shared = &arguments.shared;
    let model = loaded.program.potential(shared.potential.as_deref());
    let (Ok(mut model), Ok(values), false) = (
        model,
        loaded.program.values(&shared.set),
        shared.printing.quiet,
    ) else {
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
    watched_until(threads, quiet, None, run)
}

/// The same; what is `due` when the run is to stop becomes true then.
fn watched_until<T: Send>(
    threads: usize,
    quiet: bool,
    due: Option<&Arc<AtomicBool>>,
    run: impl Fn(&Hooks<'_>) -> T + Sync,
) -> T {
    let cancelled = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Without a handler they end the program at once, which loses what was not saved and
        // nothing else. A second one does.
        let exit = Exit::Interrupted as i32;
        let _ = flag::register_conditional_shutdown(signal, exit, Arc::clone(&cancelled));
        for told in std::iter::once(&cancelled).chain(due) {
            let _ = flag::register(signal, Arc::clone(told));
        }
    }
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
    // What is due is so because of what is cancelled.
    let stop: Vec<&AtomicBool> = std::iter::once(&cancelled)
        .chain(due)
        .map(|flag| &**flag)
        .collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let outcome = match pool {
        Ok(pool) => limits::within(&stop, || pool.install(|| run(&hooks))),
        // Too many threads for the machine: the common pool will do.
        Err(_) => limits::within(&stop, || run(&hooks)),
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
        Failure::Program(said) if said.iter().any(|d| d.code == "interrupted") => {
            (said, Exit::Interrupted)
        }
        Failure::Program(diagnostics) => (diagnostics, Exit::Failed),
        Failure::Usage(diagnostic) => (vec![diagnostic], Exit::Usage),
        Failure::Limit(diagnostic) => (vec![diagnostic], Exit::Limit),
    };
    console.diagnose(&diagnostics, &loaded.sources, exit)
}

/// Writes the results and prints what there is to say.
pub(super) fn show(
    console: &Console<'_>,
    shared: &Shared,
    sources: &Sources,
    folder: ResultsFolder,
    png: bool,
    (outcome, mut remarks): (Outcome, Vec<Diagnostic>),
) -> Result<Exit, Exit> {
    let files = with_pngs(console, outcome.files, &outcome.pictures, png);
    let place = folder
        .write(&files)
        .map_err(|error| console.file_error(&error))?;
    let trusted = outcome.result.equilibrium.verdict == Verdict::Trusted;
    if !trusted && !shared.printing.json && std::io::stdout().is_terminal() {
        // The summary that follows on the same terminal says it.
        let why = remarks.iter().position(Diagnostic::is_error).unwrap_or(0);
        remarks.drain(why..remarks.len().min(why + 1));
    }
    console.remark(&remarks, sources);
    let text = if shared.printing.json {
        outcome.result.to_json().unwrap_or_default()
    } else {
        let told = !shared.printing.quiet;
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
