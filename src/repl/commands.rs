//! The commands, which begin with `:`.

use super::entries::entries;
use super::input::{Key, Statement, statements};
use super::outcome::{Defined, Listed, Reply};
use super::state::{Built, Piece, State};
use super::turn::{Step, Stop, Turn};
use crate::check::{LoadError, Meaning, suggest};
use crate::diagnostic::Diagnostic;
use crate::syntax::canonical;
use std::ops::Range;
use std::sync::Arc;

/// A command for people who ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommandRow {
    /// Its name, without the colon.
    pub name: &'static str,
    /// How it is used.
    pub usage: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Whether a path follows it.
    pub takes_file: bool,
}

const fn row(name: &'static str, usage: &'static str, about: &'static str) -> CommandRow {
    CommandRow {
        name,
        usage,
        about,
        takes_file: false,
    }
}

const fn with_file(row: CommandRow) -> CommandRow {
    CommandRow {
        takes_file: true,
        ..row
    }
}

/// All commands.
pub const COMMANDS: &[CommandRow] = &[
    row(
        "help",
        ":help [COMMAND|NAME]",
        "this, or one command, function or definition",
    ),
    row("show", ":show [NAME]", "what is defined, with values"),
    row(
        "grad",
        ":grad [V] [0.3]",
        "the gradient as formulas, or at a point in numbers",
    ),
    row("hess", ":hess [V] [0.3]", "second derivatives, likewise"),
    row(
        "plot",
        ":plot [V, U] [-2..2]",
        "draw functions of one coordinate, or one of two",
    ),
    row(
        "set",
        ":set eps=0.01",
        "give a parameter another value; alone, what they are",
    ),
    row(
        "learn",
        ":learn [V] delta=0.5",
        "a quick trial: the potential at the scale of delta becomes `U`; settings as in a `learn` block",
    ),
    row(
        "scan",
        ":scan [V]",
        "a quick look for the scales, and steps that remove them",
    ),
    row(
        "time",
        ":time [FORMULA]",
        "how long a formula takes; alone, switch times on or off",
    ),
    with_file(row(
        "load",
        ":load [FILE]",
        "begin anew with the definitions of a file; alone, read it again",
    )),
    with_file(row(
        "save",
        ":save [FILE]",
        "write all definitions as a program",
    )),
    row("forget", ":forget NAME", "take definitions back"),
    row("reset", ":reset", "forget everything"),
    row("quit", ":quit", "leave; so do Ctrl-D, `quit` and `exit`"),
];

const BASICS: &str = "\
V(q) = q^2/2 + eps*sin(q/eps)   a definition, as in a file; so are `param eps = 0.01`, `a = 2`,
                                `import std.landscapes (muller_brown)`, `learn { delta = 0.5 }`
V(0.3) + 1                      a formula; its value is `ans` in the next one
V                               what a name stands for
(1 +                            goes on in the next line; an empty line ends it, Ctrl-C drops it
";

impl Turn<'_> {
    pub(super) fn command(&mut self, name: Range<usize>, rest: Range<usize>) -> Step<()> {
        let word = self.input.text[name.clone()]
            .trim_start_matches(':')
            .to_owned();
        let takes_nothing = matches!(&*word, "reset" | "quit" | "q" | "exit");
        if takes_nothing && !rest.is_empty() {
            let message = format!("`:{word}` takes nothing");
            return Err(self.wrong("command", message, rest, format!("write `:{word}`")));
        }
        match &*word {
            "help" | "h" => self.help(rest),
            "show" => self.show(rest),
            "grad" => self.slopes(rest, false),
            "hess" => self.slopes(rest, true),
            "plot" => self.plot(rest),
            "set" => self.set(rest),
            "learn" => self.learn(rest),
            "scan" => self.scan(rest),
            "time" => self.time(rest),
            "load" => self.load(rest),
            "save" => self.save(rest),
            "forget" => self.forget(rest),
            "reset" => {
                let gone = self.state.names().into_iter().map(str::to_owned).collect();
                self.state = State {
                    timing: self.state.timing,
                    ..State::default()
                };
                self.built = None;
                self.replies.push(Reply::Forgotten(gone));
                Ok(())
            }
            "quit" | "q" | "exit" => {
                self.quit = true;
                Ok(())
            }
            _ => {
                let names = COMMANDS.iter().map(|row| row.name);
                let help = match suggest(&word, names) {
                    Some(near) => format!("did you mean `:{near}`? `:help` lists them"),
                    None => "`:help` lists them".to_owned(),
                };
                let message = match word.is_empty() {
                    true => "a command has a name".to_owned(),
                    false => format!("there is no command `:{word}`"),
                };
                Err(self.wrong("command", message, name, help))
            }
        }
    }

    fn rest(&self, rest: &Range<usize>) -> String {
        self.input.text[rest.clone()].to_owned()
    }

    fn help(&mut self, rest: Range<usize>) -> Step<()> {
        let topic = self.rest(&rest);
        let topic = topic.trim_start_matches(':');
        if topic.is_empty() {
            let width = COMMANDS
                .iter()
                .map(|row| row.usage.len())
                .max()
                .unwrap_or(0);
            let lines = COMMANDS
                .iter()
                .map(|row| format!("{:<width$}  {}\n", row.usage, row.about));
            let lines: String = lines.collect();
            self.replies.push(Reply::Text(format!("{BASICS}\n{lines}")));
            return Ok(());
        }
        if let Some(row) = COMMANDS.iter().find(|row| row.name == topic) {
            let text = format!("{}\n{}", row.usage, row.about);
            self.replies.push(Reply::Text(text));
            return Ok(());
        }
        match crate::check::describe(topic) {
            Some(known) if !self.state.names().contains(&topic) => {
                let about = known.about;
                let text = match known.signature.is_empty() {
                    true => format!("{topic}   {about}"),
                    false => format!("{}   {about}", known.signature),
                };
                self.replies.push(Reply::Text(text));
                Ok(())
            }
            _ => self.show(rest),
        }
    }

    fn show(&mut self, rest: Range<usize>) -> Step<()> {
        let wanted = canonical(self.rest(&rest).trim_start_matches(':')).into_owned();
        let set = self.state.set_values();
        let program = self.built.as_ref().map(|built| &built.program);
        let listed = |piece: &Piece| {
            let name = piece.name().unwrap_or_default();
            let text = piece.text();
            let typed = text.split_once('=').map_or("", |(_, value)| value.trim());
            let meaning = program.and_then(|p| p.meaning(name, &set)?.ok());
            let is_set = set.iter().any(|(known, _)| *known == name);
            let is_plain = !is_set && typed.parse::<f64>().is_ok();
            let value = meaning.filter(|m| match m {
                Meaning::Number(_) | Meaning::Truth(_) => !is_plain,
                _ => false,
            });
            Listed {
                text,
                value,
                is_set,
            }
        };
        let pieces = self.state.pieces.iter();
        let pieces = pieces.filter(|piece| match &piece.key {
            Key::Name(name) | Key::Block(name) => wanted.is_empty() || *name == wanted,
        });
        let listing: Vec<Listed> = pieces.map(listed).collect();
        if listing.is_empty() && !wanted.is_empty() {
            let near = suggest(&wanted, self.state.names()).map(str::to_owned);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`:show` lists what is defined".to_owned(),
            };
            let message = format!("nothing here is called `{wanted}`");
            return Err(self.wrong("unknown-name", message, rest, help));
        }
        let reply = match listing.is_empty() {
            true => Reply::Text("nothing is defined yet".to_owned()),
            false => Reply::Listing(listing),
        };
        self.replies.push(reply);
        Ok(())
    }

    fn set(&mut self, rest: Range<usize>) -> Step<()> {
        let built = self.program()?;
        let (head, entries) = entries(&self.input.text, rest.clone());
        if !head.is_empty() || (entries.is_empty() && !rest.is_empty()) {
            let help = "write `:set eps=0.01`; `:set` alone lists the parameters";
            return Err(self.wrong("command", "a name and a value are needed", rest, help));
        }
        for entry in &entries {
            let name = canonical(&self.rest(&entry.key)).into_owned();
            let Meaning::Number(value) = self.value(entry.value.clone())? else {
                let message = "a parameter is one number";
                return Err(self.wrong("type", message, entry.value.clone(), "write `:set a=1`"));
            };
            if let Err(problem) = built.program.values(&[(name.clone(), value)]) {
                let message = problem.message.replace("--set", ":set");
                let help = problem.help.unwrap_or_default();
                let help = help.replace(" in the file", "");
                return Err(self.wrong(problem.code, message, entry.key.clone(), help));
            }
            self.state.set.retain(|(known, _)| *known != name);
            self.state.set.push((name, value));
        }
        self.tell_parameters(&built, entries.is_empty());
        let names = entries
            .iter()
            .map(|entry| canonical(&self.rest(&entry.key)).into_owned());
        self.outdated(&names.collect::<Vec<_>>());
        Ok(())
    }

    /// Says what the parameters are: all of them, or those that were set just now and followers.
    fn tell_parameters(&mut self, built: &Arc<Built>, all: bool) {
        let values = built.program.parameter_values(&self.state.set_values());
        let parameters = built.program.parameters().iter().zip(values);
        let shown: Vec<(String, f64)> = parameters
            .filter(|(p, value)| all || *value != p.value)
            .map(|(p, value)| (p.name.clone(), value))
            .collect();
        let reply = match (all, shown.is_empty()) {
            (true, true) => {
                Reply::Text("there are no parameters; `param eps = 0.1` makes one".to_owned())
            }
            (false, true) => {
                Reply::Text("all parameters have the values of the program".to_owned())
            }
            _ => Reply::Set(shown),
        };
        self.replies.push(reply);
    }

    fn time(&mut self, rest: Range<usize>) -> Step<()> {
        let switch = match &*self.rest(&rest) {
            "" => Some(!self.state.timing),
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        };
        if let Some(on) = switch {
            self.state.timing = on;
            let how = if on { "on" } else { "off" };
            self.replies.push(Reply::Text(format!("times are {how}")));
            return Ok(());
        }
        let begun = (self.hooks.seconds)();
        self.range(rest)?;
        let seconds = (self.hooks.seconds)() - begun;
        self.replies.push(Reply::Seconds(seconds));
        Ok(())
    }

    /// The path in a command: quotes may be left out.
    fn path(&self, rest: &Range<usize>) -> String {
        self.rest(rest).trim_matches('"').to_owned()
    }

    fn not_a_file(&mut self, rest: Range<usize>, error: LoadError) -> Stop {
        let mut problem = Diagnostic::error("file", error.message);
        if !rest.is_empty() {
            problem = problem.at(self.shown.span(&self.input, rest), "");
        }
        problem.help = error.help;
        Stop::Failed(vec![problem])
    }

    fn load(&mut self, rest: Range<usize>) -> Step<()> {
        let again = self.state.home.clone().filter(|_| rest.is_empty());
        let path = again.unwrap_or_else(|| self.path(&rest));
        if path.is_empty() {
            return Err(self.wrong("command", "which file?", rest, "write `:load FILE`"));
        }
        self.load_file(&path, rest)
    }

    /// Begins anew with the definitions of a file; `rest` is where it was named.
    pub(super) fn load_file(&mut self, path: &str, rest: Range<usize>) -> Step<()> {
        let file = match self.files.open(path) {
            Ok(file) => file,
            Err(error) => return Err(self.not_a_file(rest, error)),
        };
        let before: Vec<String> = self.state.names().into_iter().map(str::to_owned).collect();
        let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
        let input = Arc::new(super::weave::Input {
            name: file.name.clone(),
            text: text.to_owned(),
        });
        self.state = State {
            timing: self.state.timing,
            answer: self.state.answer.clone(),
            home: Some(file.name.clone()),
            ..State::default()
        };
        let whole = 0..input.text.len();
        for statement in statements(&input.text, whole.clone()) {
            let piece = match statement {
                Statement::Definition(definition) => Piece::of(&input, &definition, None),
                Statement::Formula(range) => Piece::raw(&input, range),
                Statement::Command { name, rest } => Piece::raw(&input, name.start..rest.end),
            };
            // What is there twice is for the checker to complain about.
            self.state.pieces.push(piece);
        }
        self.rebuild()?;
        let names: Vec<String> = self.state.names().into_iter().map(str::to_owned).collect();
        self.state.saved = Some((file.name.clone(), self.state.text()));
        let gone = before.into_iter().filter(|name| !names.contains(name));
        let reply = Reply::Loaded {
            file: file.name,
            gone: gone.collect(),
            names,
        };
        self.replies.push(reply);
        Ok(())
    }

    fn save(&mut self, rest: Range<usize>) -> Step<()> {
        self.program()?;
        let known = self.state.saved.clone().filter(|_| rest.is_empty());
        let path = known.map_or_else(|| self.path(&rest), |(file, _)| file);
        if path.is_empty() {
            let help = "write `:save FILE`, such as `:save well.pot`";
            return Err(self.wrong("command", "which file?", rest, help));
        }
        let text = self.state.text();
        match self.files.save(&path, &text) {
            Ok(file) => {
                self.state.saved = Some((file.clone(), text));
                let left_out = self.state.set.clone();
                let learned = self.state.learned.clone();
                self.replies.push(Reply::Saved {
                    file,
                    left_out,
                    learned,
                });
                Ok(())
            }
            Err(error) => Err(self.not_a_file(rest, error)),
        }
    }

    fn forget(&mut self, rest: Range<usize>) -> Step<()> {
        let words = self.rest(&rest);
        let words = words.split([',', ' ']).filter(|word| !word.is_empty());
        let names: Vec<String> = words.map(|word| canonical(word).into_owned()).collect();
        if names.is_empty() {
            let help = "write `:forget NAME`; `:reset` forgets everything";
            return Err(self.wrong("command", "which definition?", rest, help));
        }
        let is_known = |name: &String| {
            let keys = self.state.pieces.iter().map(|piece| &piece.key);
            keys.clone()
                .any(|key| matches!(key, Key::Name(n) | Key::Block(n) if n == name))
        };
        if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
            let message = format!("nothing here is called `{unknown}`");
            return Err(self.wrong(
                "unknown-name",
                message,
                rest,
                "`:show` lists what is defined",
            ));
        }
        let texts: Vec<&str> = names.iter().map(String::as_str).collect();
        let users: Vec<String> = match &self.built {
            Some(built) => built.program.users(&texts),
            None => Vec::new(),
        }
        .into_iter()
        .map(str::to_owned)
        .collect();
        if !users.is_empty() {
            let message = format!(
                "`{}` is used by {}",
                names.join("`, `"),
                super::show::few(&users)
            );
            let help = format!(
                "forget them too: `:forget {} {}`",
                names.join(" "),
                users.join(" ")
            );
            return Err(self.wrong("in-use", message, rest, help));
        }
        self.state.pieces.retain(|piece| match &piece.key {
            Key::Name(name) | Key::Block(name) => !names.contains(name),
        });
        self.rebuild()?;
        self.replies.push(Reply::Forgotten(names));
        Ok(())
    }

    /// Announces a function that a run made.
    pub(super) fn announce_learned(&mut self, name: &str, replaced: bool) {
        if replaced {
            self.replies.push(Reply::Defined(Defined {
                name: name.to_owned(),
                signature: name.to_owned(),
                value: None,
                is_computed: false,
                replaced: true,
                followers: Vec::new(),
            }));
        }
    }
}
