//! One input: its statements in order, on a copy of what the session knows.

use super::advice;
use super::files::Files;
use super::input::{Definition, Key, Statement, is_unfinished, statements};
use super::outcome::{Defined, Reply, Status};
use super::state::{ANSWER, Built, Piece, State, with_answer};
use super::weave::{Bit, Input, Shown};
use crate::check::{Meaning, describe};
use crate::diagnostic::Diagnostic;
use crate::session::Hooks;
use crate::symbols::{DefinitionKind, Origin};
use crate::syntax::{Token, TokenKind, canonical, lex};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Why an input does not go on.
pub(super) enum Stop {
    /// It is wrong; the diagnostics point into [`Turn::shown`].
    Failed(Vec<Diagnostic>),
    Cancelled,
}

pub(super) type Step<T> = Result<T, Stop>;

/// One input on its way.
pub(super) struct Turn<'t> {
    pub files: &'t mut dyn Files,
    pub hooks: &'t Hooks<'t>,
    pub threads: usize,
    pub input: Arc<Input>,
    pub state: State,
    /// The state as a program; none if it defines nothing.
    pub built: Option<Arc<Built>>,
    pub shown: Shown,
    pub diagnostics: Vec<Diagnostic>,
    pub replies: Vec<Reply>,
    pub quit: bool,
}

impl Turn<'_> {
    /// All of the input.
    pub fn all(&mut self) -> Status {
        let done = self.range(0..self.input.text.len());
        self.ended(done)
    }

    /// How it ended.
    pub fn ended(&mut self, done: Step<()>) -> Status {
        let unfinished = is_unfinished(&self.input.text);
        match done {
            Ok(()) if unfinished => Status::Unfinished,
            Ok(()) if self.quit => Status::Quit,
            Ok(()) => Status::Done,
            Err(Stop::Cancelled) => {
                let note = Diagnostic::note("cancelled", "cancelled; nothing is changed");
                self.diagnostics.push(note);
                Status::Cancelled
            }
            Err(Stop::Failed(problems)) => {
                self.diagnostics.extend(problems);
                match unfinished {
                    true => Status::Unfinished,
                    false => Status::Failed,
                }
            }
        }
    }

    /// The statements in a part of the input: definitions that follow each other are read together,
    /// in any order, as in a file.
    pub fn range(&mut self, range: Range<usize>) -> Step<()> {
        let statements = statements(&self.input.text, range);
        let mut batch: Vec<Definition> = Vec::new();
        for statement in statements {
            let written = match &statement {
                Statement::Formula(range) => Some(range.clone()),
                Statement::Definition(definition) => definition.ranges.first().cloned(),
                Statement::Command { .. } => None,
            };
            if let Some(stop) = written.and_then(|range| advice::without_colon(self, range)) {
                return Err(stop);
            }
            if let Statement::Definition(definition) = statement {
                batch.push(definition);
                continue;
            }
            self.define(&std::mem::take(&mut batch))?;
            if self.hooks.cancelled.load(Ordering::Relaxed) {
                return Err(Stop::Cancelled);
            }
            match statement {
                Statement::Formula(range) => self.formula(range)?,
                Statement::Command { name, rest } => self.command(name, rest)?,
                Statement::Definition(_) => {}
            }
            if self.quit {
                return Ok(());
            }
        }
        self.define(&batch)
    }

    /// An error at a part of the input.
    pub fn wrong(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        range: Range<usize>,
        help: impl Into<String>,
    ) -> Stop {
        let span = self.shown.span(&self.input, range);
        let error = Diagnostic::error(code, message).at(span, "");
        Stop::Failed(vec![error.help(help)])
    }

    fn define(&mut self, batch: &[Definition]) -> Step<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let names_file = |d: &Definition| {
            matches!(d.kind, DefinitionKind::Import(Origin::File(_)))
                || d.ranges
                    .iter()
                    .any(|r| self.input.text[r.clone()].contains("csv"))
        };
        if batch.iter().any(names_file) {
            // Files are read again when they are named again.
            self.state.read.clear();
        }
        let mut new: Vec<(Key, bool)> = Vec::new();
        for definition in batch {
            if definition.key == Key::Name(ANSWER.to_owned()) {
                let help = "choose another name";
                let message = "`ans` is the last value here";
                return Err(self.wrong("keyword", message, definition.ranges[0].clone(), help));
            }
            let piece = Piece::of(&self.input, definition, self.state.last());
            let name = piece.name().map(str::to_owned);
            self.state
                .learned
                .retain(|known| Some(known) != name.as_ref());
            // Twice in one input is an error, as in a file.
            let again = new.iter().any(|(key, _)| *key == piece.key);
            if again || name.as_deref() == Some("") {
                self.state.pieces.push(piece);
            } else {
                let replaced = self.state.put(piece);
                new.push((definition.key.clone(), replaced));
            }
        }
        self.rebuild()
            .map_err(|stop| self.explain_kept(stop, &new))?;
        self.announce(&new);
        let replaced = new.iter().filter(|(_, replaced)| *replaced);
        let names = replaced.filter_map(|(key, _)| match key {
            Key::Name(name) => Some(name.clone()),
            Key::Block(_) => None,
        });
        self.outdated(&names.collect::<Vec<_>>());
        Ok(())
    }

    /// Says so where what was learned is of a potential that has changed since by these names.
    pub(super) fn outdated(&mut self, names: &[String]) {
        let (Some(built), Some(learned)) = (self.built.clone(), self.state.learned.first()) else {
            return;
        };
        let Some(own) = self.state.learned_of.clone() else {
            return;
        };
        let changes =
            |name: &&String| **name == own || built.program.users(&[name]).contains(&&*own);
        if let Some(name) = names.iter().find(changes) {
            let message = format!("`{learned}` was learned of {own} with the former `{name}`");
            let note = Diagnostic::note("outdated", message);
            self.diagnostics.push(note.help("`:learn` learns it anew"));
        }
    }

    /// Says so where a definition is right and what uses the old one would be wrong with it.
    fn explain_kept(&mut self, stop: Stop, new: &[(Key, bool)]) -> Stop {
        let Stop::Failed(mut problems) = stop else {
            return stop;
        };
        let name = new.iter().find_map(|(key, replaced)| match key {
            Key::Name(name) if *replaced => Some(name.clone()),
            _ => None,
        });
        let here = |d: &Diagnostic| match d.labels.first() {
            Some(label) => self.shown.sources.get(label.span.source).name == self.input.name,
            None => true,
        };
        if let Some(name) = name
            && !problems.iter().any(|d| d.is_error() && here(d))
        {
            let message = format!("`{name}` stays as it was: what uses it would be wrong");
            let note = Diagnostic::note("unchanged", message);
            let help = "define both in one input, on lines of their own, or `:forget` what uses it";
            problems.push(note.help(help));
        }
        Stop::Failed(problems)
    }

    fn announce(&mut self, new: &[(Key, bool)]) {
        let Some(built) = self.built.clone() else {
            return;
        };
        let set = self.state.set.clone();
        let set: Vec<(&str, f64)> = set.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        for (key, replaced) in new {
            let defined = match key {
                Key::Block(name) => Defined {
                    name: name.clone(),
                    signature: format!("{name} {{ }}"),
                    value: None,
                    is_computed: false,
                    replaced: *replaced,
                    followers: Vec::new(),
                },
                Key::Name(name) => self.defined(&built, name, *replaced, &set),
            };
            self.replies.push(Reply::Defined(defined));
        }
    }

    fn defined(&self, built: &Built, name: &str, replaced: bool, set: &[(&str, f64)]) -> Defined {
        let meaning = built.program.meaning(name, set).and_then(Result::ok);
        let piece = self.state.pieces.iter().find(|p| p.name() == Some(name));
        let text = piece.map(Piece::text).unwrap_or_default();
        let typed = text.split_once('=').map_or("", |(_, value)| value.trim());
        let followers = match replaced {
            true => built.program.users(&[name]),
            false => Vec::new(),
        };
        let (signature, value) = match meaning {
            Some(Meaning::Function(signature)) => (signature, None),
            value => (name.to_owned(), value),
        };
        Defined {
            name: name.to_owned(),
            signature,
            is_computed: typed.parse::<f64>().is_err()
                && !typed.starts_with('[')
                && !piece.is_some_and(Piece::is_import),
            value,
            replaced,
            followers: followers.into_iter().map(str::to_owned).collect(),
        }
    }

    fn formula(&mut self, range: Range<usize>) -> Step<()> {
        let word = single_name(&self.input.text[range.clone()]);
        // What leaves other prompts, where it is the name of nothing.
        if let Some("quit" | "exit") = word.as_deref()
            && !word.is_some_and(|word| self.state.names().contains(&&*word))
        {
            self.quit = true;
            return Ok(());
        }
        if let Some(reply) = self.alone(&range) {
            self.replies.push(reply);
            return Ok(());
        }
        let value = self.value(range)?;
        self.state.answer = Some(value.clone());
        self.replies.push(Reply::Value(value));
        Ok(())
    }

    /// The value of a part of the input.
    pub fn value(&mut self, range: Range<usize>) -> Step<Meaning> {
        let bits = with_answer(&self.input, range.clone(), self.state.last());
        let value = self.value_of(&bits);
        value.map_err(|stop| advice::of_formula(self, stop, range))
    }

    /// The numbers of a list, of which the input has what is between the brackets.
    pub fn numbers(&mut self, range: Range<usize>) -> Step<Vec<f64>> {
        let mut bits = with_answer(&self.input, range.clone(), self.state.last());
        let ends = [range.start..range.start, range.end..range.end];
        let ends = ends.map(|end| end.start..end.end);
        bits.insert(0, Bit::instead(&self.input, ends[0].clone(), "["));
        bits.push(Bit::instead(&self.input, ends[1].clone(), "]"));
        let value = self.value_of(&bits);
        match value.map_err(|stop| advice::of_formula(self, stop, range.clone()))? {
            Meaning::Array { numbers, .. } => Ok(numbers),
            Meaning::Number(number) => Ok(vec![number]),
            _ => Err(self.wrong(
                "type",
                "a point is made of numbers",
                range,
                "write `0.3, 1`",
            )),
        }
    }

    /// A function alone on its line.
    fn alone(&mut self, range: &Range<usize>) -> Option<Reply> {
        let name = single_name(&self.input.text[range.clone()])?;
        let built = self.built.clone();
        let meaning = built.as_ref().and_then(|b| b.program.meaning(&name, &[]));
        match meaning {
            Some(Ok(Meaning::Function(signature))) => {
                let piece = self.state.pieces.iter().find(|p| p.name() == Some(&*name));
                let text = match piece {
                    Some(piece) if piece.is_import() => {
                        format!("{signature}   of {}", origin(&piece.kind))
                    }
                    Some(piece) => piece.text(),
                    None => signature.clone(),
                };
                Some(Reply::Function {
                    signature,
                    text,
                    is_builtin: false,
                })
            }
            Some(_) => None,
            None => {
                let known = describe(&name).filter(|known| known.signature.contains('('))?;
                Some(Reply::Function {
                    text: format!("{}   {}", known.signature, known.about),
                    signature: known.signature,
                    is_builtin: true,
                })
            }
        }
    }
}

fn origin(kind: &DefinitionKind) -> &str {
    match kind {
        DefinitionKind::Import(Origin::Module(name) | Origin::File(name)) => name,
        _ => "",
    }
}

/// The name that a text is, if it is one.
pub(super) fn single_name(text: &str) -> Option<String> {
    let tokens = lex(text).tokens;
    let is_real = |t: &&Token| !matches!(t.kind, TokenKind::Comment | TokenKind::Newline);
    let mut real = tokens.iter().filter(is_real);
    let name = real.next().filter(|t| t.kind == TokenKind::Name)?;
    let alone = real.next().is_none();
    alone.then(|| canonical(name.text(text)).into_owned())
}
