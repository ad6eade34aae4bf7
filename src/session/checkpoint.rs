//! Runs that are gone on with: what a checkpoint says of its run, and who it belongs to.
//!
//! A checkpoint is a line of its own name, a line of JSON that says which run it is of (the program
//! and all that was asked for), the state on a tape, and the SHA-256 of all before. A shard is the
//! checkpoint of a part of the groups at the end of sampling.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::Settings;
use super::job::{Origin, Setup};
use crate::diagnostic::Diagnostic;
use crate::kernel::LANES;
use crate::report::asked::Asked;
use crate::report::reading::sha256_of;
use crate::tape::Tape;

/// What the first line of a checkpoint is, up to its version.
const NAME: &str = "effpot.checkpoint/";
/// The version that is written and read: another one wherever the same run would be cut otherwise.
const VERSION: &str = "2";
/// Bytes of the SHA-256 at the end, in hexadecimal, with its newline.
const HASH: usize = 65;

/// A part of a run: the groups of lanes of one of several shards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    /// All of a run.
    pub const WHOLE: Shard = Shard { number: 1, of: 1 };

    /// Its groups of so many; all groups are in one shard.
    pub(super) fn groups(self, groups: usize) -> Range<usize> {
        let end =
            |number: u64| (groups as u128 * u128::from(number) / u128::from(self.of)) as usize;
        end(self.number - 1)..end(self.number)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// Which run a checkpoint is of.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    /// The version of the program that wrote it.
    pub version: String,
    pub file: String,
    pub source: String,
    pub imports: BTreeMap<String, String>,
    pub potential: Option<String>,
    /// Values of parameters, in decimal digits that read back to the same bits.
    pub params: BTreeMap<String, String>,
    pub asked: Asked,
    pub shard: Shard,
}

impl Run {
    pub fn of(origin: &Origin<'_>, setup: &Setup, shard: Shard) -> Run {
        let potential = &setup.potential;
        let names = potential.model.parameters.iter().map(|p| p.name.clone());
        let values = potential.parameters.iter().map(f64::to_string);
        Run {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            file: origin.file().to_owned(),
            source: origin.text().to_owned(),
            imports: origin.imports(),
            potential: origin.named.map(str::to_owned),
            params: names.zip(values).collect(),
            asked: origin.asked.clone().unwrap_or_default(),
            shard,
        }
    }

    /// What is different in another run, if anything is.
    fn differs(&self, other: &Run) -> Option<String> {
        let what = if self.source != other.source {
            "another text of the program"
        } else if self.imports != other.imports {
            "other imported files"
        } else if self.potential != other.potential {
            "another --potential"
        } else if self.params != other.params {
            "other values of parameters"
        } else if self.asked != other.asked {
            return Some(self.asked_differs(other));
        } else if self.shard != other.shard {
            return Some(format!("the shard {}, and not {}", other.shard, self.shard));
        } else {
            return None;
        };
        Some(what.to_owned())
    }

    /// The settings that are different.
    fn asked_differs(&self, other: &Run) -> String {
        let fields = |run: &Run| match serde_json::to_value(&run.asked) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (own, others) = (fields(self), fields(other));
        let names = own.keys().chain(others.keys());
        let mut names: Vec<&str> = names
            .filter(|name| own.get(*name) != others.get(*name))
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        format!("other settings: {}", names.join(", "))
    }
}

/// A checkpoint that was read: whole, and of this version.
#[derive(Debug)]
pub struct Checkpoint {
    /// What to call it.
    name: String,
    pub(super) run: Run,
    state: Vec<u8>,
}

/// What can be done where a run cannot be gone on with.
pub const BEGIN_ANEW: &str = "begin anew with --force, and without --resume";
/// What can be done where a shard is none.
pub const RUN_AGAIN: &str = "run that shard again";

fn refused(name: &str, what: &str, help: &str) -> Diagnostic {
    Diagnostic::error("checkpoint", format!("{name} {what}")).help(help)
}

impl Checkpoint {
    /// Whether a file that begins with these bytes may be one.
    pub fn is_begun_by(bytes: &[u8]) -> bool {
        bytes.starts_with(NAME.as_bytes())
    }

    /// Reads one; `name` is what to call it, and `again` what can be done where it is refused.
    ///
    /// # Errors
    /// It is no checkpoint, of another version, or not whole.
    pub fn read(name: &str, mut bytes: Vec<u8>, again: &str) -> Result<Checkpoint, Diagnostic> {
        let line = |bytes: &[u8]| {
            let end = bytes.iter().position(|byte| *byte == b'\n')?;
            Some((std::str::from_utf8(&bytes[..end]).ok()?.to_owned(), end + 1))
        };
        let first =
            line(&bytes).and_then(|(line, end)| Some((line.strip_prefix(NAME)?.to_owned(), end)));
        let Some((version, begin)) = first else {
            let what = "is no checkpoint: its first line is not that of one";
            let help = format!(
                "give a file that `learn` has left: a checkpoint (NAME-out.checkpoint) or a shard \
                 (NAME.shard-K-of-N); if this was one, {again}"
            );
            return Err(refused(name, what, &help));
        };
        if version != VERSION {
            let what = format!(
                "is a checkpoint of the format {NAME}{version}; this version reads {NAME}{VERSION}"
            );
            let help = format!("go on with the version that wrote it, or {again}");
            return Err(refused(name, &what, &help));
        }
        let end = bytes.len().saturating_sub(HASH);
        let hash = bytes.get(end..).map(<[u8]>::to_vec).unwrap_or_default();
        let whole = end >= begin && hash == format!("{}\n", sha256_of(&bytes[..end])).as_bytes();
        let header = line(bytes.get(begin..).unwrap_or_default());
        let (true, Some((header, length))) = (whole, header) else {
            let what = "is truncated or damaged: its SHA-256 is not that of its content";
            return Err(refused(name, what, again));
        };
        let run: Run = serde_json::from_str(&header).map_err(|error| {
            let what = format!("does not say which run it is of: {error}");
            refused(name, &what, again)
        })?;
        let own = env!("CARGO_PKG_VERSION");
        if run.version != own {
            let what = format!("was written by version {}; this is {own}", run.version);
            let help = format!("go on with that version, or {again}");
            return Err(refused(name, &what, &help));
        }
        let Shard { number, of } = run.shard;
        if number == 0 || number > of {
            let what = format!("says that it is the shard {}", run.shard);
            return Err(refused(name, &what, again));
        }
        bytes.truncate(end);
        Ok(Checkpoint {
            name: name.to_owned(),
            run,
            state: bytes.split_off(begin + length),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the program that was run, without folder and ending.
    pub fn stem(&self) -> &str {
        let stem = std::path::Path::new(&self.run.file).file_stem();
        stem.and_then(|stem| stem.to_str()).unwrap_or("results")
    }

    /// Which part of a run it is of.
    pub fn shard(&self) -> Shard {
        self.run.shard
    }

    /// An error, which says what can be done, unless it is of that run.
    pub(super) fn belongs(&self, run: &Run, again: &str) -> Result<(), Diagnostic> {
        match run.differs(&self.run) {
            None => Ok(()),
            Some(what) => Err(refused(
                &self.name,
                &format!("is of another run: it has {what}"),
                again,
            )),
        }
    }
}

/// How a run is kept.
pub struct Keeping<'a> {
    /// Set from outside whenever state should be saved; it is, at the end of a few windows.
    pub due: &'a AtomicBool,
    /// Takes what is to be written.
    pub save: &'a (dyn Fn(Vec<u8>) + Sync),
    /// What to go on from.
    pub from: Option<Checkpoint>,
    /// The part that is run.
    pub shard: Shard,
}

/// The same, within a run.
pub(super) struct Kept<'a> {
    pub due: Option<&'a AtomicBool>,
    save: Option<&'a (dyn Fn(Vec<u8>) + Sync)>,
    run: Run,
    /// By name, with the shard of each; they are read one part after the other.
    pub from: Mutex<Vec<(String, Shard, Tape)>>,
    /// Whether there is something to go on from.
    saved: AtomicBool,
}

impl<'a> Kept<'a> {
    /// A run that is kept.
    ///
    /// # Errors
    /// What it should go on from is of another run.
    pub fn new(keeping: Keeping<'a>, run: Run) -> Result<Kept<'a>, Diagnostic> {
        let again = format!("go on with the settings that it was begun with, or {BEGIN_ANEW}");
        if let Some(from) = &keeping.from {
            from.belongs(&run, &again)?;
        }
        Ok(Kept {
            due: Some(keeping.due),
            save: Some(keeping.save),
            saved: AtomicBool::new(keeping.from.is_some()),
            from: tapes(keeping.from),
            run,
        })
    }

    /// A run whose shards are all there.
    pub fn merged(shards: Vec<Checkpoint>, run: Run) -> Kept<'a> {
        Kept {
            due: None,
            save: None,
            saved: AtomicBool::new(false),
            from: tapes(shards),
            run,
        }
    }

    pub fn shard(&self) -> Shard {
        self.run.shard
    }

    /// Whether only some of the groups are run.
    pub fn is_part(&self) -> bool {
        self.run.shard != Shard::WHOLE
    }

    /// The whole file of a state.
    pub fn file(&self, state: Tape) -> Vec<u8> {
        let header = serde_json::to_string(&self.run).unwrap_or_default();
        let mut bytes = format!("{NAME}{VERSION}\n{header}\n").into_bytes();
        bytes.extend(state.into_bytes());
        let hash = sha256_of(&bytes);
        bytes.extend(format!("{hash}\n").bytes());
        bytes
    }

    pub fn save(&self, state: Tape) {
        if let Some(save) = self.save {
            save(self.file(state));
            self.saved.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was saved, or gone on with.
    pub fn is_saved(&self) -> bool {
        self.saved.load(Ordering::Relaxed)
    }

    /// Whether all shards of it are put together.
    pub fn is_merged(&self) -> bool {
        self.due.is_none()
    }
}

/// What is gone on from, to be read one part after the other.
fn tapes(from: impl IntoIterator<Item = Checkpoint>) -> Mutex<Vec<(String, Shard, Tape)>> {
    let read = |from: Checkpoint| (from.name, from.run.shard, Tape::of(from.state));
    Mutex::new(from.into_iter().map(read).collect())
}

/// Whether a run can be cut into shards.
pub(super) fn divisible(settings: &Settings, shard: Shard) -> Result<(), Diagnostic> {
    let groups = (settings.trajectories / LANES) as u64;
    let wrong = |message: String, help: &str| Err(Diagnostic::error("shards", message).help(help));
    if shard == Shard::WHOLE {
        return Ok(());
    }
    if settings.target.is_some() {
        let message =
            "a shard cannot know when a --target is met: the other shards have their part of it";
        return wrong(message.to_owned(), "give --steps in place of --target");
    }
    if shard.of > groups {
        let message = format!(
            "{} trajectories are {groups} groups of {LANES}, too few for {} shards",
            settings.trajectories, shard.of
        );
        return wrong(message, "fewer shards, or more --trajectories");
    }
    Ok(())
}
