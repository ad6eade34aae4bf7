//! What a run is asked to do, and what it has before its first step.

use std::collections::BTreeMap;

use super::asked::asked;
use super::calibrate::{Calibrated, calibrate};
use super::estimator::Chosen;
use super::form::Form;
use super::noise::MeasuredNoise;
use super::resolve::chosen;
use super::settings::NotResolved;
use super::{Estimator, Hooks, Options, Potential, Settings};
use crate::check::Program;
use crate::diagnostic::Diagnostic;
use crate::dynamics::Survey;
use crate::graph::Model;
use crate::learn::terms::{Choice, Terms, TermsError};
use crate::report::asked::Asked;
use crate::report::picture::Picture;
use crate::report::result::RunResult;
use crate::source::{SourceId, Sources};

/// What is to be learned.
pub struct Job<'a> {
    /// The files of the program.
    pub sources: &'a Sources,
    /// The file that was named.
    pub root: SourceId,
    /// The program.
    pub program: &'a Program,
    /// The function to take, if it was named.
    pub potential: Option<&'a str>,
    /// Parameters with other values than the program gives.
    pub set: &'a [(String, f64)],
    /// What was asked for, the file's block included.
    pub options: Options,
    /// The command line that would do this again.
    pub command: &'a str,
    /// Threads, for the record.
    pub threads: usize,
}

/// Where a potential comes from and how it was asked for, for the record.
pub(super) struct Origin<'a> {
    /// The files of the program, and the one that was named; none for a black box.
    pub program: Option<(&'a Sources, SourceId)>,
    /// The function, if it was named.
    pub named: Option<&'a str>,
    /// What was asked for, of a program.
    pub asked: Option<Asked>,
    /// The command line that would do this again.
    pub command: &'a str,
    /// Threads.
    pub threads: usize,
}

impl Origin<'_> {
    /// The name of the file.
    pub fn file(&self) -> &str {
        let named = self.program.map(|(sources, root)| &sources.get(root).name);
        named.map_or("a gradient without a source", String::as_str)
    }

    /// Its text.
    pub fn text(&self) -> &str {
        let text = self.program.map(|(sources, root)| &sources.get(root).text);
        text.map_or("", String::as_str)
    }

    /// The texts of imported files by their path.
    pub fn imports(&self) -> BTreeMap<String, String> {
        let Some((sources, root)) = self.program else {
            return BTreeMap::new();
        };
        let others = sources.placed().filter(|(_, id)| *id != root);
        others
            .map(|(path, id)| (path.to_owned(), sources.get(id).text.clone()))
            .collect()
    }
}

/// What comes of it.
pub struct Outcome {
    /// The result.
    pub result: RunResult,
    /// U, if there is one; outside of its box a spline goes on by its tangent, without the wall that
    /// `U.pot` has.
    pub potential: Option<Form>,
    /// The files of the results folder.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its figures, which are among the files as SVG.
    pub pictures: Vec<Picture>,
    /// What is to be said.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why nothing comes of it.
#[derive(Debug)]
pub enum Failure {
    /// The program or a setting is wrong.
    Program(Vec<Diagnostic>),
    /// The command line is wrong.
    Usage(Diagnostic),
    /// It would not fit.
    Limit(Diagnostic),
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(diagnostics: Vec<Diagnostic>) -> Failure {
        Failure::Program(diagnostics)
    }
}

pub(super) fn one(diagnostic: Diagnostic) -> Failure {
    Failure::Program(vec![diagnostic])
}

/// Coordinates of a potential that can be learned.
pub(super) const MOST_COORDINATES: usize = 2048;

/// Some of many names.
pub(super) fn listed(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [first, second, .., last] if names.len() > 6 => format!("{first}, {second}, ..., {last}"),
        names => names.join(", "),
    }
}

/// What a run has before its first step.
pub(super) struct Setup {
    pub potential: Potential,
    pub reference: Option<(String, Potential)>,
    /// The functions that get a weight, where `terms` was asked for.
    pub terms: Option<Terms>,
    pub settings: Settings,
    /// What was seen of V, if it was looked at.
    pub survey: Option<Survey>,
    /// The noise, if it was measured.
    pub noise: Option<MeasuredNoise>,
    /// What is to be said of how the step was chosen.
    pub chosen: Option<Diagnostic>,
}

impl Job<'_> {
    pub(super) fn origin(&self) -> Origin<'_> {
        Origin {
            program: Some((self.sources, self.root)),
            named: self.potential,
            asked: Some(asked(&self.options)),
            command: self.command,
            threads: self.threads,
        }
    }

    pub(super) fn compile(&self, name: Option<&str>) -> Result<Potential, Failure> {
        let model = match name {
            Some(name) => self.program.function(name)?,
            None => self.program.potential(self.potential)?,
        };
        let parameters = self.program.values(self.set).map_err(Failure::Usage)?;
        Potential::compile(model, parameters).map_err(|error| {
            Failure::Limit(
                Diagnostic::error(
                    "not-compiled",
                    format!("the formula cannot be compiled: {error}"),
                )
                .help("a shorter formula may do"),
            )
        })
    }

    pub(super) fn set_up(&self, hooks: &Hooks<'_>) -> Result<Setup, Failure> {
        let potential = self.compile(None)?;
        if potential.model.dimension() > MOST_COORDINATES {
            let names: Vec<&str> = potential
                .model
                .coordinates
                .iter()
                .map(|c| c.name.as_str())
                .collect();
            return Err(one(Diagnostic::error(
                "many-coordinates",
                format!(
                    "{} has {} coordinates ({}); the limit is {MOST_COORDINATES}",
                    potential.model.name,
                    names.len(),
                    listed(&names)
                ),
            )
            .help(
                "fix some of them: make a function of fewer coordinates that calls this one",
            )));
        }
        let (options, chosen) = chosen(&self.options, &potential, hooks).map_err(one)?;
        let settings = options.clone().resolve(&potential.model.coordinates);
        let settings = settings.map_err(|problem| self.not_resolved(*problem))?;
        let Calibrated {
            settings,
            survey,
            noise,
        } = calibrate(&options, settings, &potential, hooks).map_err(one)?;
        let reference = match &settings.compare {
            Some(name) => {
                let reference = self.compile(Some(name))?;
                if reference.model.dimension() != potential.model.dimension() {
                    return Err(one(Diagnostic::error(
                        "wrong-compare",
                        format!(
                            "{name} has {} coordinates where {} has {}",
                            reference.model.dimension(),
                            potential.model.name,
                            potential.model.dimension()
                        ),
                    )));
                }
                Some((name.clone(), reference))
            }
            None => None,
        };
        let terms = match settings.estimators.contains(&Estimator::Terms) {
            true => Some(self.terms(&potential, &settings.terms)?),
            false => None,
        };
        Ok(Setup {
            potential,
            reference,
            terms,
            settings,
            survey,
            noise,
            chosen,
        })
    }
}

impl Job<'_> {
    /// The functions that get a weight.
    fn terms(&self, potential: &Potential, chosen: &Chosen) -> Result<Terms, Failure> {
        let candidate = |name: &String| Ok((name.clone(), self.program.function(name)?));
        let candidates: Vec<(String, Model)> = match chosen {
            Chosen::Candidates(names) => names
                .iter()
                .map(candidate)
                .collect::<Result<_, Vec<Diagnostic>>>()?,
            _ => Vec::new(),
        };
        let choice = match chosen {
            Chosen::Written => Choice::Written,
            Chosen::Each => Choice::Each,
            Chosen::Candidates(_) => Choice::Candidates(&candidates),
        };
        Terms::new(&potential.model, &potential.parameters, choice).map_err(|error| {
            let diagnostic = Diagnostic::error("no-terms", format!("`terms`: {error}"));
            match error {
                TermsError::TooCoupled | TermsError::Kernel(_) => Failure::Limit(
                    diagnostic.help("`terms = written` takes each written sum as one term"),
                ),
                _ => one(diagnostic),
            }
        })
    }

    /// A setting that will not do: the fault of the file where its block says so and no flag beats
    /// it.
    pub(super) fn not_resolved(&self, problem: NotResolved) -> Failure {
        let NotResolved { key, diagnostic } = problem;
        let block = self.program.block("learn");
        let entry = block.and_then(|block| block.entries.iter().find(|entry| entry.key == key));
        let in_file = block.and_then(|block| Options::from_block(block).ok());
        match entry {
            Some(entry) if in_file.is_some_and(|own| own.agrees(&self.options, key)) => {
                one(diagnostic.at(entry.value_span, "given here"))
            }
            _ => Failure::Usage(diagnostic),
        }
    }
}
