//! Whole learning runs in a test: from a program to its result, with nothing written anywhere.
#![allow(dead_code)]

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use effpot_lang::check::{NoFiles, Program, check, gather};
use effpot_lang::report::result::{EstimatorRow, RunResult};
use effpot_lang::session::{Failure, Hooks, Job, Options, Outcome, Potential, learn};
use effpot_lang::source::{SourceId, Sources};

/// The text of an example.
pub fn example(name: &str) -> String {
    let path = format!("{}/examples/{name}.pot", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A checked program.
pub fn program(text: &str) -> (Sources, SourceId, Program) {
    let mut sources = Sources::new();
    let root = sources.add("test.pot", text);
    gather(&mut sources, root, &mut NoFiles).unwrap_or_else(|errors| panic!("{errors:?}"));
    let program = check(&sources, root).unwrap_or_else(|errors| panic!("{errors:?}"));
    (sources, root, program)
}

/// The compiled potential of a program.
pub fn potential(text: &str) -> Potential {
    let model = program(text).2.potential(None).unwrap();
    let parameters = model.parameter_values();
    Potential::compile(model, parameters).unwrap()
}

/// Learns as the command line would: `options` come before those of the file.
pub fn run(text: &str, options: Options) -> Outcome {
    tried(text, options).unwrap_or_else(|failure| panic!("{failure:?}"))
}

/// What is said where there is no result.
pub fn fails(text: &str, options: Options) -> String {
    match tried(text, options) {
        Ok(outcome) => panic!("{:?}", outcome.diagnostics),
        Err(failure) => format!("{failure:?}"),
    }
}

fn tried(text: &str, options: Options) -> Result<Outcome, Failure> {
    let (sources, root, program) = program(text);
    let in_file = program
        .block("learn")
        .map_or_else(Options::default, |b| Options::from_block(b).unwrap());
    let begun = Instant::now();
    let hooks = Hooks {
        progress: &|_| {},
        seconds: &|| begun.elapsed().as_secs_f64(),
        cancelled: &AtomicBool::new(false),
    };
    let job = Job {
        sources: &sources,
        root,
        program: &program,
        potential: None,
        set: &[],
        options: options.or(in_file),
        command: "test",
        threads: rayon::current_num_threads(),
    };
    learn(&job, &hooks)
}

/// The row of an estimator in the table of a result.
pub fn row<'a>(result: &'a RunResult, name: &str) -> &'a EstimatorRow {
    let found = result.table.iter().find(|row| row.estimator == name);
    found.unwrap_or_else(|| panic!("no row {name} in {:?}", result.table))
}

/// The bytes of a file of the results folder.
pub fn file<'a>(outcome: &'a Outcome, name: &str) -> &'a [u8] {
    let found = outcome.files.iter().find(|(known, _)| known == name);
    &found.unwrap_or_else(|| panic!("no {name}")).1
}

/// The columns of `potential.csv` by name.
pub fn columns(outcome: &Outcome, names: [&str; 4]) -> [Vec<f64>; 4] {
    let text = String::from_utf8_lossy(file(outcome, "potential.csv")).into_owned();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut out = [const { Vec::new() }; 4];
    for line in lines {
        let cells: Vec<f64> = line.split(',').map(|c| c.parse().unwrap()).collect();
        for (column, name) in out.iter_mut().zip(names) {
            let at = header.iter().position(|h| *h == name);
            column.push(cells[at.unwrap_or_else(|| panic!("no column {name}"))]);
        }
    }
    out
}
