//! Runs that are saved, gone on with, and run in shards.

use std::collections::BTreeMap;

use super::asked::options;
use super::checkpoint::{Checkpoint, Keeping, Kept, Run, Shard, divisible};
use super::job::one;
use super::learn::{evaluated, sampled};
use super::{Failure, Hooks, Job, Outcome};
use crate::check::{Program, check, gather};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Sources};

/// What comes of a run that is kept.
pub enum Came {
    /// All of it.
    Whole(Box<Outcome>),
    /// A shard: what is to be written.
    Part(Vec<u8>),
}

/// Learns as [`learn`](super::learn) does, with the same bits, saves the state of the run whenever
/// that is due, and goes on from one that was saved; or runs one of several shards.
///
/// # Errors
/// Those of `learn`; what it should go on from is of another run; there are too few trajectories for
/// so many shards; a shard was interrupted.
pub fn learn_kept(job: &Job<'_>, hooks: &Hooks<'_>, keeping: Keeping<'_>) -> Result<Came, Failure> {
    let begun = (hooks.seconds)();
    let setup = job.set_up(hooks)?;
    let origin = job.origin();
    divisible(&setup.settings, keeping.shard).map_err(Failure::Usage)?;
    let run = Run::of(&origin, &setup, keeping.shard);
    let kept = Kept::new(keeping, run).map_err(one)?;
    let mut sample = sampled(&setup, hooks, Some(&kept))?;
    if let Some(shard) = sample.shard.take() {
        return Ok(Came::Part(shard));
    }
    if kept.is_part() && !sample.complete {
        let message = format!("the shard {} was interrupted", kept.shard());
        let diagnostic = Diagnostic::error("interrupted", message);
        return Err(one(diagnostic.help("go on with --resume")));
    }
    let outcome = evaluated(&origin, &setup, sample, begun, hooks)?;
    Ok(Came::Whole(Box::new(outcome)))
}

/// What the shards of one run say together: the same as that run in one piece, bit for bit. They say
/// themselves what they are shards of.
///
/// # Errors
/// A shard is missing, there twice, or of another run.
pub fn merge(
    shards: Vec<Checkpoint>,
    command: &str,
    threads: usize,
    hooks: &Hooks<'_>,
) -> Result<Outcome, Failure> {
    let begun = (hooks.seconds)();
    let run = Run {
        shard: Shard::WHOLE,
        ..complete(&shards).map_err(one)?
    };
    let Merged {
        sources,
        root,
        program,
        set,
    } = program(&run)?;
    let options = options(&run.asked).map_err(|what| {
        let message = format!("a shard asks for {what}, which this version does not know");
        one(Diagnostic::error("shards", message))
    })?;
    let job = Job {
        sources: &sources,
        root,
        program: &program,
        potential: run.potential.as_deref(),
        set: &set,
        options,
        command,
        threads,
    };
    let setup = job.set_up(hooks)?;
    let kept = Kept::merged(shards, run.clone());
    let sample = sampled(&setup, hooks, Some(&kept))?;
    evaluated(&job.origin(), &setup, sample, begun, hooks)
}

/// The run that all of these are shards of, if they are all of its shards.
fn complete(shards: &[Checkpoint]) -> Result<Run, Diagnostic> {
    let wrong = |message: String, help: &str| Err(Diagnostic::error("shards", message).help(help));
    let Some(first) = shards.first() else {
        return wrong(
            "there are no shards".to_owned(),
            "name the files of all shards",
        );
    };
    let of = first.shard().of;
    let mut there: BTreeMap<u64, &Checkpoint> = BTreeMap::new();
    for shard in shards {
        let own = Run {
            shard: shard.shard(),
            ..first.run.clone()
        };
        shard.belongs(&own, "merge the shards of one run")?;
        if shard.shard().of != of {
            let message = format!(
                "{} is the shard {} and {} the shard {}",
                first.name(),
                first.shard(),
                shard.name(),
                shard.shard()
            );
            return wrong(message, "the shards of one run have one number of shards");
        }
        if let Some(other) = there.insert(shard.shard().number, shard) {
            let message = format!(
                "{} and {} are both the shard {}",
                other.name(),
                shard.name(),
                shard.shard()
            );
            return wrong(message, "name each shard once");
        }
    }
    let missing: Vec<String> = (1..=of)
        .filter(|number| !there.contains_key(number))
        .take(8)
        .map(|number| Shard { number, of }.to_string())
        .collect();
    if !missing.is_empty() {
        let are = if missing.len() == 1 { "is" } else { "are" };
        let message = format!("of {of} shards {} {are} missing", missing.join(", "));
        return wrong(
            message,
            "run them with `learn --shard`, and merge all of them",
        );
    }
    Ok(first.run.clone())
}

/// The program that a shard embeds.
struct Merged {
    sources: Sources,
    root: SourceId,
    program: Program,
    set: Vec<(String, f64)>,
}

fn program(run: &Run) -> Result<Merged, Failure> {
    let mut sources = Sources::new();
    let root = sources.add(run.file.clone(), run.source.clone());
    gather(&mut sources, root, &mut run.imports.clone())?;
    let program = check(&sources, root)?;
    let value = |(name, text): (&String, &String)| {
        let value: f64 = text.parse().ok()?;
        Some((name.clone(), value))
    };
    let set: Option<Vec<(String, f64)>> = run.params.iter().map(value).collect();
    let set = set.ok_or_else(|| one(Diagnostic::error("shards", "a parameter is no number")))?;
    Ok(Merged {
        sources,
        root,
        program,
        set,
    })
}
