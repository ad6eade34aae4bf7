//! What to say where a prompt is asked for something that a file would write in another way.

use super::commands::COMMANDS;
use super::program::VALUE;
use super::turn::{Stop, Turn};
use crate::check::UNKNOWN;
use crate::diagnostic::Diagnostic;
use crate::syntax::{TokenKind, lex};
use std::ops::Range;

/// The errors of a formula, in the words of the prompt.
pub(super) fn of_formula(turn: &mut Turn<'_>, stop: Stop, range: Range<usize>) -> Stop {
    let Stop::Failed(problems) = stop else {
        return stop;
    };
    let text = turn.input.text[range.clone()].to_owned();
    if let Some(better) = prime(turn, &text, &range) {
        return Stop::Failed(vec![better]);
    }
    let (free, mut rest): (Vec<Diagnostic>, Vec<Diagnostic>) =
        problems.into_iter().partition(|d| is_free(turn, d));
    if !free.is_empty() {
        rest.insert(0, unknown(turn, free, text.trim()));
    }
    Stop::Failed(rest)
}

/// `plot V`: a command that lacks its colon, where its name is that of nothing else.
pub(super) fn without_colon(turn: &mut Turn<'_>, statement: Range<usize>) -> Option<Stop> {
    let text = turn.input.text[statement.clone()].to_owned();
    let tokens = lex(&text).tokens;
    let [name, next, ..] = &tokens[..] else {
        return None;
    };
    let word = name.text(&text);
    let row = COMMANDS.iter().find(|row| row.name == word)?;
    let is_sign = next.text(&text) == "-";
    let follows = matches!(next.kind, TokenKind::Name | TokenKind::Number) || is_sign;
    let beside = !text[name.end as usize..next.start as usize].contains('\n');
    if !(follows && beside && name.end < next.start) || turn.state.names().contains(&word) {
        return None;
    }
    let line = text[name.start as usize..].lines().next().unwrap_or(word);
    let message = format!("nothing is called `{word}`, but there is a command `:{word}`");
    let help = match line.chars().count() <= 60 {
        true => format!("commands begin with a colon: `:{}`", line.trim()),
        false => format!("commands begin with a colon: `{}`", row.usage),
    };
    let here = statement.start + name.start as usize..statement.start + name.end as usize;
    Some(turn.wrong("command", message, here, help))
}

/// `V'`, `V'(0.3)`: where `V` is a function.
fn prime(turn: &mut Turn<'_>, text: &str, range: &Range<usize>) -> Option<Diagnostic> {
    let tokens = lex(text).tokens;
    let at = tokens.windows(2).position(|pair| {
        pair[0].kind == TokenKind::Name
            && matches!(pair[1].text(text), "'" | "′" | "’")
            && pair[0].end == pair[1].start
    })?;
    let name = tokens[at].text(text).to_owned();
    let built = turn.built.clone()?;
    let functions = built.program.functions();
    let arity = functions.iter().find(|(known, _)| *known == name)?.1;
    let here = range.start + tokens[at].start as usize..range.start + tokens[at + 1].end as usize;
    let span = turn.shown.span(&turn.input, here);
    let derivative = match arity {
        1 => format!("a function of its own is `dV(q) = diff({name}(q), q)`"),
        _ => format!("a function of its own is `f(x, y) = diff({name}(x, y), x)`"),
    };
    let message = format!("`{name}'` is not part of the language");
    let error = Diagnostic::error("character", message).at(span, "");
    Some(error.help(format!(
        "`:grad {name}` prints the derivative, `:grad {name}(0.3)` its value there; {derivative}"
    )))
}

/// Whether an error is about a name that means nothing, is not called, and is like no other.
fn is_free(turn: &Turn<'_>, problem: &Diagnostic) -> bool {
    let Some(label) = problem.labels.first() else {
        return false;
    };
    let name = turn.shown.sources.slice(label.span);
    let file = turn.shown.sources.get(label.span.source);
    let called = file.text[label.span.end as usize..].trim_start();
    // `x` is near to many names and meant to be none of them.
    let near = problem.help.as_deref().unwrap_or("");
    let is_near = near.starts_with("did you mean") && name.chars().count() > 2;
    // A formula alone is a constant to the checker, which would be a function with arguments.
    let is_formula = near.contains(VALUE) || near.starts_with("define ");
    let helped = is_formula || near.starts_with("did you mean");
    let is_answer = name == super::state::ANSWER;
    problem.code == "unknown-name" && !called.starts_with('(') && helped && (!is_near || is_answer)
}

/// One error for all names that are free in a formula.
fn unknown(turn: &Turn<'_>, free: Vec<Diagnostic>, text: &str) -> Diagnostic {
    let mut labels: Vec<_> = free.into_iter().flat_map(|d| d.labels).collect();
    labels.retain(|label| label.message == UNKNOWN);
    let mut names: Vec<&str> = Vec::new();
    for label in &labels {
        let name = turn.shown.sources.slice(label.span);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let called: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("nothing is called {}", called.join(" or "));
    if names == [super::state::ANSWER] {
        let mut error = Diagnostic::error("unknown-name", message);
        error.labels = labels;
        return error.help("`ans` is the last value, and there is none yet");
    }
    let is_command = |name: &str| COMMANDS.iter().any(|row| row.name == name) || name == "exit";
    if names == [text] && is_command(text) {
        let mut error = Diagnostic::error("unknown-name", message);
        error.labels = labels;
        return error.help(format!("commands begin with a colon: `:{text}`"));
    }
    let short = match text.len() <= 60 && !text.contains('\n') {
        true => text,
        false => "...",
    };
    let function = ["f", "g", "h", "V"]
        .into_iter()
        .find(|f| !turn.state.names().contains(f) && !names.contains(f))
        .unwrap_or("F");
    let help = if text.starts_with("diff") {
        // `diff(V(q), q)`
        format!(
            "a derivative needs its coordinates: `{function}({}) = {short}`, or `:grad` for that of a function",
            names.join(", ")
        )
    } else {
        format!(
            "make it a function: `{function}({}) = {short}`; or give it a number first: `{} = 0.3`",
            names.join(", "),
            names[0]
        )
    };
    let mut error = Diagnostic::error("unknown-name", message);
    error.labels = labels;
    error.help(help)
}
