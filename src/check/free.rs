//! A constant with names in its formula that nothing defines: a function without its arguments,
//! most likely.

use super::names::UNKNOWN;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::Name;

/// Longer formulas are not repeated.
const LONG: usize = 60;

/// What is said of the unknown names in the formula of a constant, each with its first place, in
/// the order of the text.
pub(super) fn missing_arguments(
    name: &Name,
    formula: &str,
    unknown: &[(String, Span)],
) -> Diagnostic {
    let names: Vec<String> = unknown
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    let message = format!("nothing is called {}", names.join(" or "));
    let mut error = Diagnostic::error("unknown-name", message);
    for (_, span) in unknown {
        error = error.at(*span, UNKNOWN);
    }
    error = error.at(name.span, "a constant: it has no arguments");
    let define = match unknown {
        [(one, _)] => {
            format!("define it: `{one} = 1` is a constant, `param {one} = 1` can be set for a run")
        }
        [.., (last, _)] => format!("define what is no argument, as in `param {last} = 1`"),
        [] => String::new(),
    };
    let arguments = unknown.iter().map(|(name, _)| argument(formula, name));
    let Some(arguments) = arguments.collect::<Option<Vec<String>>>() else {
        return error.help(define);
    };
    let formula = match formula.len() <= LONG && !formula.contains('\n') {
        true => formula,
        false => "...",
    };
    let function = format!("`{}({}) = {formula}`", name.text, arguments.join(", "));
    error.help(match (name.text.as_str(), unknown.len()) {
        ("V" | "U", 1) => format!("a potential names its coordinates: write {function}"),
        ("V" | "U", _) => format!("a potential names its coordinates: write {function}; {define}"),
        _ => format!("write {function} for a function; or {define}"),
    })
}

/// A name as an argument: with its length where the formula takes elements of it; `None` where these
/// do not tell one.
fn argument(formula: &str, name: &str) -> Option<String> {
    let opener = format!("{name}[");
    let mut length = 0;
    for (at, _) in formula.match_indices(&opener) {
        let inside = &formula[at + opener.len()..];
        let index: usize = inside[..inside.find(']')?].trim().parse().ok()?;
        length = length.max(index);
    }
    Some(match length {
        0 => name.to_owned(),
        n => format!("{name}[{n}]"),
    })
}
