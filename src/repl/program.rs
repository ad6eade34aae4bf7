//! From what a session knows to a checked program.

use super::files::Remembering;
use super::state::Built;
use super::turn::{Step, Stop, Turn};
use super::weave::{Bit, Weave};
use crate::check::{Meaning, check, gather};
use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use std::sync::Arc;

/// What a formula is called while it is evaluated.
pub(super) const VALUE: &str = "value_of_this_line";

impl Turn<'_> {
    /// Makes a program of the definitions, and drops what was set of parameters that are gone.
    pub fn rebuild(&mut self) -> Step<()> {
        self.built = None;
        if !self.state.pieces.is_empty() {
            let weave = self.state.weave(None);
            let (built, warnings) = self.build(&weave)?;
            let known = built.program.parameters();
            let set = &mut self.state.set;
            set.retain(|(name, _)| known.iter().any(|p| p.name == *name));
            let set = &mut self.state.learned;
            let functions = built.program.functions();
            set.retain(|name| functions.iter().any(|(known, _)| known == name));
            self.diagnostics.extend(warnings);
            self.built = Some(Arc::new(built));
        }
        Ok(())
    }

    /// A checked program, and the warnings about this input.
    pub fn build(&mut self, weave: &Weave) -> Step<(Built, Vec<Diagnostic>)> {
        let mut sources = Sources::new();
        let home = self.state.home.clone();
        let name = home.as_deref().unwrap_or("session");
        let root = sources.add(name, weave.text.as_str());
        let mut loader = Remembering {
            files: self.files,
            program: home.as_deref(),
            read: &mut self.state.read,
        };
        let program = gather(&mut sources, root, &mut loader).and_then(|()| check(&sources, root));
        let program = match program {
            Ok(program) => program,
            Err(problems) => {
                let problems = self.shown.adopt(problems, &sources, root, weave);
                return Err(Stop::Failed(problems));
            }
        };
        let warnings = program.warnings.clone();
        let warnings = self.shown.adopt(warnings, &sources, root, weave);
        let built = Built {
            sources,
            root,
            program,
        };
        Ok((built, self.of_this_input(warnings)))
    }

    /// Of warnings those about this input: the others were given before. That nothing uses a
    /// definition is no fault here.
    fn of_this_input(&self, warnings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let here = |d: &Diagnostic| {
            let label = d.labels.first();
            label.is_none_or(|label| {
                self.shown.sources.get(label.span.source).name == self.input.name
            })
        };
        let warnings = warnings.into_iter();
        warnings
            .filter(|d| here(d) && !d.code.starts_with("unused"))
            .collect()
    }

    /// The value of a formula.
    pub fn value_of(&mut self, formula: &[Bit]) -> Step<Meaning> {
        let mut weave = self.state.weave(None);
        let start = formula.first().map_or(0..0, |bit| bit.range.clone());
        let head = format!("{VALUE} = ");
        weave.push(&Bit::instead(&self.input, start.start..start.start, head));
        formula.iter().for_each(|bit| weave.push(bit));
        weave.end_line();
        let (built, warnings) = self.build(&weave)?;
        self.diagnostics.extend(warnings);
        let meaning = built.program.meaning(VALUE, &self.state.set_values());
        match meaning {
            Some(Ok(meaning)) => Ok(meaning),
            Some(Err(problems)) => {
                let problems = self
                    .shown
                    .adopt(problems, &built.sources, built.root, &weave);
                Err(Stop::Failed(problems))
            }
            // The line before it is there.
            None => Err(Stop::Failed(Vec::new())),
        }
    }

    /// The program, for commands that are about one.
    pub fn program(&mut self) -> Step<Arc<Built>> {
        match &self.built {
            Some(built) => Ok(Arc::clone(built)),
            None => {
                let error = Diagnostic::error("empty", "nothing is defined")
                    .help("define a potential, such as `V(q) = q^2/2`, or `:load` a file");
                Err(Stop::Failed(vec![error]))
            }
        }
    }
}
