//! A result run again from what it embeds, and held against itself.

use std::collections::BTreeMap;

use super::asked::options;
use super::job::one;
use super::{Failure, Hooks, Job, learn};
use crate::check::{check, gather};
use crate::diagnostic::Diagnostic;
use crate::report::agreement::{Agreement, compare};
use crate::report::reading::sha256_of;
use crate::report::result::RunResult;
use crate::source::Sources;

/// Runs a result again, on so many threads, and says whether the bits agree. `stored` is what
/// `result.json` says, and `beside` are files of its folder as they are now, by name; of those that
/// are not there the result has the SHA-256.
///
/// # Errors
/// The result does not embed what it takes, was interrupted, or its program does not run.
pub fn reproduce(
    stored: &RunResult,
    beside: &BTreeMap<String, Vec<u8>>,
    threads: usize,
    hooks: &Hooks<'_>,
) -> Result<Agreement, Failure> {
    let refuse = |message: String, help: &str| {
        Failure::Program(vec![
            Diagnostic::error("not-reproducible", message).help(help),
        ])
    };
    let program = &stored.program;
    if program.source.is_empty() {
        let message = format!("the result is of {}, and embeds no program", program.file);
        return Err(refuse(message, "run it again as it was run"));
    }
    let Some(asked) = &stored.asked else {
        let message = "the result does not say what was asked for: an earlier version wrote it";
        let help = "run the program that it embeds again; its page report.html has the command";
        return Err(refuse(message.to_owned(), help));
    };
    if stored
        .diagnostics
        .iter()
        .any(|row| row.code == "interrupted")
    {
        let message =
            "the result is of a run that was interrupted, at a moment that no run meets again";
        return Err(refuse(message.to_owned(), "let a run come to its end"));
    }
    let options = options(asked).map_err(|what| {
        let message = format!("the result asks for {what}, which this version does not know");
        refuse(message, "a newer version may")
    })?;
    let mut sources = Sources::new();
    let root = sources.add(program.file.clone(), program.source.clone());
    gather(&mut sources, root, &mut program.imports.clone()).map_err(Failure::Program)?;
    let checked = check(&sources, root).map_err(Failure::Program)?;
    let set: Vec<(String, f64)> = program.params.clone().into_iter().collect();
    let job = Job {
        sources: &sources,
        root,
        program: &checked,
        potential: stored.settings.potential.as_deref(),
        set: &set,
        options,
        command: "",
        threads,
    };
    let outcome = learn(&job, hooks)?;
    if outcome.diagnostics.iter().any(|d| d.code == "interrupted") {
        let diagnostic =
            Diagnostic::error("interrupted", "the rerun was interrupted before its end");
        return Err(one(diagnostic.help("run it again")));
    }
    agreement(stored, &outcome.result, beside).map_err(|error| {
        refuse(
            format!("the results cannot be compared: {error}"),
            "this is a bug",
        )
    })
}

fn agreement(
    stored: &RunResult,
    found: &RunResult,
    beside: &BTreeMap<String, Vec<u8>>,
) -> Result<Agreement, serde_json::Error> {
    let (fields, differences) = compare(
        &serde_json::to_value(stored)?,
        &serde_json::to_value(found)?,
    );
    let files: Vec<String> = found.files.keys().cloned().collect();
    let other = |file: &&String| {
        let now = beside.get(*file).map(|bytes| sha256_of(bytes));
        now.is_some_and(|now| found.files.get(*file) != Some(&now))
    };
    let other_files: Vec<String> = files
        .iter()
        .filter(other)
        .map(|file| format!("{file}: the file in the folder is not what comes out now"))
        .collect();
    Ok(Agreement {
        agrees: differences.is_empty() && other_files.is_empty(),
        fields,
        differences,
        files,
        other_files,
        then: stored.made_with.clone(),
        now: found.made_with.clone(),
    })
}
