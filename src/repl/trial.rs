//! `:learn` and `:scan`: the real thing, with so few steps that somebody waits for it.

use super::entries::{Entry, entries};
use super::input::{Key, Statement, statements};
use super::outcome::{Command, Learned, Reply};
use super::state::{Built, Piece};
use super::turn::{Step, Stop, Turn};
use super::weave::{Bit, Input, Weave};
use crate::check::{Block, Setting};
use crate::diagnostic::Diagnostic;
use crate::graph::{Model, number};
use crate::session::{self, Failure, Hooks, Job, Options, Progress, ScanOptions, step_nanoseconds};
use crate::syntax::{TokenKind, lex};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Seconds of stepping that a trial plans, on all threads together a second each.
const PLANNED: f64 = 1.0;
/// Seconds after which it is stopped where it is; the rest of the two goes to the fits.
const LONGEST: f64 = 1.7;
/// Steps that a trial has however slow they are.
const FEWEST: f64 = 1e5;
/// Steps of each short run of a scan.
const SCAN_STEPS: u64 = 200_000;
/// Stages in which a run may be stopped and still has a result.
const STOPPABLE: [&str; 2] = ["sampling", "sweeping"];
/// Seconds that these stages have at least.
const LEAST: f64 = 0.5;

/// A program with the settings of a command in place of the block of that name.
struct Trial {
    model: Model,
    named: Option<String>,
    built: Built,
    weave: Weave,
    block: Option<Block>,
}

impl Turn<'_> {
    fn trial(&mut self, rest: Range<usize>, command: &'static str) -> Step<Trial> {
        let (head, list) = entries(&self.input.text, rest.clone());
        let (model, behind) = self.function(head.clone())?;
        if !behind.is_empty() && !super::input::trimmed(&self.input.text, behind.clone()).is_empty()
        {
            let help =
                format!("settings follow the name of a function, as in `:{command} V delta=0.5`");
            return Err(self.wrong("command", "this is no setting", behind, help));
        }
        if let Some(flag) = list.iter().find_map(|entry| self.flag(entry.value.clone())) {
            let help = match &self.input.text[flag.clone()] {
                "-o" | "--output" => "a trial writes nothing: the command that it prints does, and takes `-o DIR`; `:save FILE` writes the definitions".to_owned(),
                flag => format!("settings are written `key=value`, such as `:{command} delta=0.5 steps=1e5`; `{flag}` is for the command line"),
            };
            return Err(self.wrong("command", "this is a flag of the command line", flag, help));
        }
        let mut weave = self.state.weave(Some(command));
        self.weave_block(&mut weave, rest, command, &list);
        let (built, _) = self.build(&weave)?;
        let implied = built.program.potential(None).ok().map(|model| model.name);
        let named = Some(model.name.clone()).filter(|name| implied.as_ref() != Some(name));
        let block = built.program.block(command).cloned();
        Ok(Trial {
            model,
            named,
            built,
            weave,
            block,
        })
    }

    /// A flag of the command line in the text of a value: `--seed`, or the `-o` of a folder.
    fn flag(&self, value: Range<usize>) -> Option<Range<usize>> {
        let text = &self.input.text[value.clone()];
        let mut words = text.split_whitespace().skip(1);
        let is_flag = |word: &&str| *word == "-o" || word.starts_with("--");
        let word = words.find(is_flag)?;
        let start = value.start + (word.as_ptr() as usize - text.as_ptr() as usize);
        Some(start..start + word.len())
    }

    /// `learn { key = value ... }` of the entries of a command.
    fn weave_block(&self, weave: &mut Weave, rest: Range<usize>, name: &str, list: &[Entry]) {
        let glue = |at: usize, text: &str| Bit::instead(&self.input, at..at, text);
        weave.push(&glue(rest.start, &format!("{name} {{\n")));
        for Entry { key, value } in list {
            weave.push(&Bit::of(&self.input, key.clone()));
            weave.push(&glue(key.end, " = "));
            for bit in super::state::with_answer(&self.input, value.clone(), self.state.last()) {
                weave.push(&bit);
            }
            weave.push(&glue(value.end, "\n"));
        }
        weave.push(&glue(rest.end, "}"));
        weave.end_line();
    }

    /// Runs something that may be stopped after some seconds, and says whether it was.
    fn limited<T>(&self, run: impl FnOnce(&Hooks<'_>) -> T) -> (T, bool) {
        let hooks = self.hooks;
        let (begun, late) = ((hooks.seconds)(), AtomicBool::new(false));
        let end = OnceLock::new();
        let progress = |progress: Progress| {
            (hooks.progress)(progress);
            if !STOPPABLE.contains(&progress.stage) {
                return;
            }
            let now = (hooks.seconds)();
            if now > *end.get_or_init(|| (begun + LONGEST).max(now + LEAST)) {
                let before = hooks.cancelled.swap(true, Ordering::Relaxed);
                late.fetch_or(!before, Ordering::Relaxed);
            }
        };
        let limited = Hooks {
            progress: &progress,
            seconds: hooks.seconds,
            cancelled: hooks.cancelled,
        };
        let result = run(&limited);
        let late = late.load(Ordering::Relaxed);
        if late {
            hooks.cancelled.store(false, Ordering::Relaxed);
        }
        (result, late)
    }

    fn cancelled(&self) -> bool {
        self.hooks.cancelled.load(Ordering::Relaxed)
    }

    /// What a run failed by, in the words of the prompt.
    fn failure(&mut self, failure: Failure, trial: &Trial) -> Stop {
        let mut problems = match failure {
            Failure::Program(problems) => problems,
            Failure::Usage(problem) | Failure::Limit(problem) => vec![problem],
        };
        for problem in &mut problems {
            if problem.code == "no-delta" {
                problem.help =
                    Some("write `:learn delta=0.5`; `:scan` finds steps to try".to_owned());
            }
        }
        Stop::Failed(self.adopt(problems, trial))
    }

    fn adopt(&mut self, problems: Vec<Diagnostic>, trial: &Trial) -> Vec<Diagnostic> {
        let Built { sources, root, .. } = &trial.built;
        self.shown.adopt(problems, sources, *root, &trial.weave)
    }

    pub(super) fn learn(&mut self, rest: Range<usize>) -> Step<()> {
        let trial = self.trial(rest, "learn")?;
        let given = trial
            .block
            .as_ref()
            .map_or(Ok(Options::default()), Options::from_block);
        let given = given.map_err(|problems| Stop::Failed(self.adopt(problems, &trial)))?;
        let own = match self.program()?.program.block("learn") {
            Some(block) => Options::from_block(block)
                .map_err(|problems| Stop::Failed(self.adopt(problems, &trial)))?,
            None => Options::default(),
        };
        let (options, capped) = self.shortened(given.or(own), &trial.model);
        let command = self.command_line("", &trial);
        let job = self.job(&trial, options, &command.line);
        let (outcome, late) = self.limited(|hooks| session::learn(&job, hooks));
        if self.cancelled() {
            return Err(Stop::Cancelled);
        }
        let outcome = outcome.map_err(|failure| self.failure(failure, &trial))?;
        let mut diagnostics = outcome.diagnostics;
        diagnostics.retain(|d| !(late && d.code == "interrupted"));
        let diagnostics = self.adopt(diagnostics, &trial);
        self.diagnostics.extend(diagnostics);
        let mut result = Box::new(outcome.result);
        let files = outcome.files.iter();
        let program = files.clone().find(|(name, _)| name == "U.pot");
        let name = match program {
            Some((_, bytes)) => Some(self.take(&String::from_utf8_lossy(bytes))?),
            None => None,
        };
        if let Some(name) = &name {
            result.effective_potential.file.clone_from(name);
            self.state.learned_of = Some(trial.model.name.clone());
        }
        self.replies.push(Reply::Learned(Learned {
            name,
            result,
            is_short: capped || late,
            command,
        }));
        Ok(())
    }

    pub(super) fn scan(&mut self, rest: Range<usize>) -> Step<()> {
        let trial = self.trial(rest, "scan")?;
        let own = self.program()?;
        let options = ScanOptions::default()
            .of_program(&trial.built.program)
            .and_then(|options| options.of_program(&own.program));
        let mut options = options.map_err(|problems| Stop::Failed(self.adopt(problems, &trial)))?;
        options.run.steps = Some(options.run.steps.unwrap_or(SCAN_STEPS).min(SCAN_STEPS));
        let command = self.command_line("scan ", &trial);
        let job = self.job(&trial, Options::default(), &command.line);
        let (scanned, late) = self.limited(|hooks| session::scan(&job, &options, hooks));
        if self.cancelled() {
            return Err(Stop::Cancelled);
        }
        let scanned = scanned.map_err(|failure| self.failure(failure, &trial))?;
        let mut diagnostics = scanned.diagnostics;
        if late {
            diagnostics.retain(|d| d.code != "interrupted");
            let message = "a quick scan, which ended before it had tried all steps";
            diagnostics.push(Diagnostic::note("short", message));
        }
        let diagnostics = self.adopt(diagnostics, &trial);
        self.diagnostics.extend(diagnostics);
        self.replies.push(Reply::Scanned {
            result: Box::new(scanned.result),
            name: self.called(),
            command,
        });
        Ok(())
    }

    /// What the session is called.
    fn called(&self) -> String {
        self.state
            .home
            .clone()
            .unwrap_or_else(|| "session".to_owned())
    }

    fn job<'j>(&'j self, trial: &'j Trial, options: Options, command: &'j str) -> Job<'j> {
        Job {
            sources: &trial.built.sources,
            root: trial.built.root,
            program: &trial.built.program,
            potential: Some(&trial.model.name),
            set: &self.state.set,
            options,
            command,
            threads: self.threads,
        }
    }

    /// The options with so few steps that they take about a second, and whether that is fewer.
    fn shortened(&self, options: Options, model: &Model) -> (Options, bool) {
        let any = Options {
            delta: options.delta.or(Some(0.1)),
            ..options.clone()
        };
        let Ok(settings) = any.resolve(&model.coordinates) else {
            // What is wrong with them is for the run to say.
            return (options, false);
        };
        let operations = model.value_and_gradient().0.len();
        let all = 1e9 * PLANNED * self.threads as f64 / step_nanoseconds(operations);
        let warm_up = settings.burn_in as f64 * settings.trajectories as f64;
        let most = (all - warm_up).max(FEWEST);
        if settings.steps as f64 <= most {
            return (options, false);
        }
        let steps = Some(most as u64);
        (Options { steps, ..options }, true)
    }

    /// The command line of the real run: the file of the session, if it is in one, and all settings
    /// that are not in its blocks.
    fn command_line(&self, command: &str, trial: &Trial) -> Command {
        let text = self.state.text();
        let saved = self.state.saved.as_ref();
        let file = saved
            .filter(|(_, known)| *known == text)
            .map(|(file, _)| file);
        let name = file.map_or("trial.pot", String::as_str);
        let mut line = format!("effpot-lang {command}{}", quoted(name));
        if let Some(potential) = &trial.named {
            line.push_str(&format!(" --potential {potential}"));
        }
        for entry in trial.block.iter().flat_map(|block| &block.entries) {
            let flag = entry.key.replace('_', "-");
            line.push_str(&format!(
                " --{flag} {}",
                quoted(&flag_value(&entry.value, 0))
            ));
        }
        for (name, value) in &self.state.set {
            line.push_str(&format!(
                " --set {}",
                quoted(&format!("{name}={}", number(*value)))
            ));
        }
        Command {
            save: file.is_none().then(|| name.to_owned()),
            line,
        }
    }

    /// Takes a learned potential into the session: as `U`, or under another name where that is
    /// somebody else's. What it says.
    fn take(&mut self, text: &str) -> Step<String> {
        let free = |state: &super::state::State, name: &str| {
            !state.names().contains(&name) || state.learned.iter().any(|known| known == name)
        };
        let mut target = "U".to_owned();
        if !free(&self.state, &target) {
            target = "U_learned".to_owned();
        }
        while !free(&self.state, &target) {
            target.push('_');
        }
        let named = |text: &str| -> Vec<String> {
            let statements = statements(text, 0..text.len()).into_iter();
            let keys = statements.filter_map(|statement| match statement {
                Statement::Definition(definition) => Some(definition.key),
                _ => None,
            });
            keys.filter_map(|key| match key {
                Key::Name(name) => Some(name),
                Key::Block(_) => None,
            })
            .collect()
        };
        let mut renamed = text.to_owned();
        for name in named(text) {
            let mut new = match name == "U" {
                true => target.clone(),
                false => name.clone(),
            };
            while name != "U" && !free(&self.state, &new) {
                new.push_str("_U");
            }
            renamed = with_name(&renamed, &name, &new);
        }
        let replaced = self.state.names().contains(&&*target);
        let input = Arc::new(Input {
            name: format!("{target}.pot"),
            text: renamed,
        });
        let all = named(&input.text);
        self.state.pieces.retain(|piece| {
            let old = piece
                .name()
                .is_some_and(|name| all.iter().any(|new| new == name));
            !old || replaced && piece.name() == Some(&target)
        });
        for statement in statements(&input.text, 0..input.text.len()) {
            if let Statement::Definition(definition) = statement {
                self.state.put(Piece::of(&input, &definition, None));
            }
        }
        self.state.learned.retain(|known| !all.contains(known));
        self.state.learned.extend(all);
        self.rebuild()?;
        self.announce_learned(&target, replaced);
        Ok(target)
    }
}

/// A text of the language with a name changed.
fn with_name(text: &str, name: &str, new: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = 0;
    for token in lex(text).tokens {
        if token.kind == TokenKind::Name && token.text(text) == name {
            out.push_str(&text[start..token.start as usize]);
            out.push_str(new);
            start = token.end as usize;
        }
    }
    out + &text[start..]
}

/// A setting as the command line takes it.
fn flag_value(setting: &Setting, depth: usize) -> String {
    match setting {
        Setting::Number(x) => number(*x),
        Setting::Text(text) | Setting::Name(text) => text.clone(),
        Setting::Truth(truth) => if *truth { "on" } else { "off" }.to_owned(),
        Setting::Range(lo, hi) => format!("{}..{}", number(*lo), number(*hi)),
        Setting::List(list) => {
            let parts: Vec<String> = list.iter().map(|s| flag_value(s, depth + 1)).collect();
            let is_matrix = list.iter().any(|s| matches!(s, Setting::List(_)));
            match is_matrix || depth > 0 {
                true => format!("[{}]", parts.join(",")),
                false => parts.join(","),
            }
        }
    }
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=+:,@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
