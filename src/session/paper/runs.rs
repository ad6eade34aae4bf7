//! The runs behind the figures: programs, learning, comparing, and what is kept of each.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::PaperOptions;
use crate::check::{Program, check, gather};
use crate::diagnostic::Diagnostic;
use crate::report::paper::{Drawn, Finding};
use crate::session::job::{Failure, Job, Outcome, one};
use crate::session::{
    CompareOptions, Compared, Estimator, Form, Hooks, Learned, Options, Potential, compare, learn,
};
use crate::source::{SourceId, Sources};

/// A program that was read.
pub(super) struct Text {
    sources: Sources,
    root: SourceId,
    program: Program,
}

impl Text {
    pub fn of(name: &str, text: &str) -> Result<Text, Failure> {
        let mut sources = Sources::new();
        let root = sources.add(name, text);
        gather(&mut sources, root, &mut BTreeMap::new())?;
        let program = check(&sources, root)?;
        Ok(Text {
            sources,
            root,
            program,
        })
    }

    fn job<'a>(&'a self, potential: Option<&'a str>, options: Options, threads: usize) -> Job<'a> {
        Job {
            sources: &self.sources,
            root: self.root,
            program: &self.program,
            potential,
            set: &[],
            options,
            command: "",
            threads,
        }
    }

    /// A function of the program, to evaluate.
    pub fn function(&self, name: &str) -> Result<Potential, Failure> {
        self.job(None, Options::default(), 1).compile(Some(name))
    }
}

/// All runs of one figure.
pub(super) struct Runs<'a> {
    pub options: &'a PaperOptions,
    threads: usize,
    hooks: &'a Hooks<'a>,
    pub files: Vec<(String, Vec<u8>)>,
    pub findings: Vec<Finding>,
    pub verdicts: Vec<(String, String)>,
}

/// What is kept of the folder of a run.
const KEPT: &[&str] = &[
    "U.pot",
    "potential.csv",
    "result.json",
    "mean-path.csv",
    "autocorrelation.csv",
    "density.csv",
    "phase-portrait.csv",
];

impl<'a> Runs<'a> {
    pub fn new(options: &'a PaperOptions, threads: usize, hooks: &'a Hooks<'a>) -> Runs<'a> {
        Runs {
            options,
            threads,
            hooks,
            files: Vec::new(),
            findings: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// The paper's number of steps, or fewer.
    pub fn steps(&self, paper: f64, quick: f64) -> u64 {
        let own = if self.options.quick { quick } else { paper };
        self.options.steps.unwrap_or(own as u64)
    }

    fn seed(&self) -> u64 {
        self.options.seed.unwrap_or(1)
    }

    fn go_on(&self) -> Result<(), Failure> {
        match self.hooks.cancelled.load(Ordering::Relaxed) {
            true => Err(one(Diagnostic::error(
                "interrupted",
                "the figures were interrupted before the last was made",
            )
            .help(
                "those that were made are kept; run it again with --figure for the others",
            ))),
            false => Ok(()),
        }
    }

    fn keep(&mut self, label: &str, files: Vec<(String, Vec<u8>)>) {
        let kept = files
            .into_iter()
            .filter(|(name, _)| KEPT.contains(&name.as_str()));
        self.files
            .extend(kept.map(|(name, bytes)| (format!("{label}-{name}"), bytes)));
    }

    /// Learns, and keeps what is of use under a label.
    pub fn learn(
        &mut self,
        label: &str,
        text: &Text,
        options: Options,
    ) -> Result<Outcome, Failure> {
        let options = Options {
            seed: Some(self.seed()),
            ..options
        };
        let mut outcome = learn(&text.job(None, options, self.threads), self.hooks)?;
        self.go_on()?;
        let verdict = outcome.result.equilibrium.verdict.words();
        self.verdicts.push((label.to_owned(), verdict.to_owned()));
        // The file of U is wanted again.
        self.keep(label, outcome.files.clone());
        outcome
            .files
            .retain(|(name, _)| KEPT.contains(&name.as_str()));
        Ok(outcome)
    }

    /// Compares dynamics, and keeps the curves under a label.
    pub fn compare(
        &mut self,
        label: &str,
        full: &Text,
        (learned, name): (&Text, &str),
        options: &CompareOptions,
    ) -> Result<Compared, Failure> {
        let options = CompareOptions {
            seed: Some(self.seed()),
            trajectories: self.options.trajectories.or(options.trajectories),
            alone: true,
            ..options.clone()
        };
        let job = full.job(None, Options::default(), self.threads);
        let learned = Learned {
            job: learned.job(Some(name), Options::default(), self.threads),
            mobility: None,
        };
        let compared = compare(&job, &learned, &options, self.hooks)?;
        self.go_on()?;
        self.keep(label, compared.files.clone());
        Ok(compared)
    }

    /// Writes a number down.
    pub fn found(
        &mut self,
        part: &str,
        quantity: &str,
        (value, stderr): (f64, Option<f64>),
        beside: impl Into<String>,
    ) {
        let finite = |x: f64| Some(x).filter(|x| x.is_finite());
        self.findings.push(Finding {
            part: part.to_owned(),
            quantity: quantity.to_owned(),
            value: finite(value),
            stderr: stderr.and_then(finite),
            outcome: None,
            beside: beside.into(),
        });
    }

    /// Writes an outcome down.
    pub fn told(&mut self, part: &str, quantity: &str, outcome: &str, beside: &str) {
        self.findings.push(Finding {
            part: part.to_owned(),
            quantity: quantity.to_owned(),
            outcome: Some(outcome.to_owned()),
            beside: beside.to_owned(),
            ..Finding::default()
        });
    }

    /// Writes the errors of all estimators of a run down.
    pub fn errors(&mut self, part: &str, outcome: &Outcome, against: &str, stated: &str) {
        for row in &outcome.result.table {
            if row.is_itself() {
                continue;
            }
            let error = row.rmse.unwrap_or(f64::NAN);
            let beside = match row.estimator.as_str() {
                "paper" => stated,
                "filter" => "no dynamics",
                _ => "",
            };
            let quantity = format!("rms of U - {against} by `{}`", row.estimator);
            self.found(part, &quantity, (error, None), beside);
        }
    }
}

/// The file of U of a run as a program.
pub(super) fn learned_text(outcome: &Outcome) -> Result<Text, Failure> {
    let file = outcome.files.iter().find(|(name, _)| name == "U.pot");
    let text = file.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok());
    let missing = || {
        one(Diagnostic::error(
            "too-few-samples",
            "a run behind the figure gave no potential",
        )
        .help("more --steps"))
    };
    Text::of("U.pot", text.ok_or_else(missing)?)
}

/// All ways to learn in one run, that of the paper first.
pub(super) fn all_ways() -> Vec<Estimator> {
    vec![
        Estimator::Paper,
        Estimator::Density,
        Estimator::Force,
        Estimator::Value,
        Estimator::Filter,
    ]
}

/// Points of a line.
pub(super) fn grid(lo: f64, hi: f64, points: usize) -> Vec<f64> {
    let cells = (points.max(2) - 1) as f64;
    (0..points)
        .map(|i| lo + (hi - lo) * i as f64 / cells)
        .collect()
}

/// A function over a line, less its mean there: potentials are equal up to a constant.
pub(super) fn drawn(name: &str, x: &[f64], y: Vec<f64>) -> Drawn {
    let mean = y.iter().sum::<f64>() / y.len().max(1) as f64;
    Drawn {
        name: name.to_owned(),
        x: x.to_vec(),
        y: y.iter().map(|y| y - mean).collect(),
    }
}

/// A learned potential over a line, if there is one.
pub(super) fn drawn_form(name: &str, x: &[f64], form: Option<&Form>) -> Option<Drawn> {
    form.map(|form| drawn(name, x, form.values(x)))
}
