//! Definitions that reach themselves.

use super::definitions::Table;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The definitions, those that are used first; and an error for each cycle, whose members join the
/// definitions that are `wrong`.
pub(super) fn order(
    table: &Table,
    uses: &[Vec<(u32, Span)>],
    wrong: &mut Vec<u32>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<u32> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut state = vec![NEW; uses.len()];
    let mut order = Vec::with_capacity(uses.len());
    for root in 0..uses.len() as u32 {
        if state[root as usize] != NEW {
            continue;
        }
        // The definitions on the way from the root, and which use of each is being followed.
        let mut path: Vec<(u32, usize)> = vec![(root, 0)];
        state[root as usize] = OPEN;
        while let Some((at, next)) = path.last_mut() {
            let Some(&(used, _)) = uses[*at as usize].get(*next) else {
                state[*at as usize] = DONE;
                order.push(*at);
                path.pop();
                continue;
            };
            *next += 1;
            match state[used as usize] {
                NEW => {
                    state[used as usize] = OPEN;
                    path.push((used, 0));
                }
                OPEN => {
                    let start = path.iter().position(|step| step.0 == used).unwrap_or(0);
                    diagnostics.push(cycle(table, uses, &path[start..]));
                    wrong.extend(path[start..].iter().map(|step| step.0));
                }
                _ => {}
            }
        }
    }
    order
}

fn cycle(table: &Table, uses: &[Vec<(u32, Span)>], path: &[(u32, usize)]) -> Diagnostic {
    let name = |at: u32| table.list[at as usize].name.text.as_str();
    let first = path[0].0;
    let shown = path.iter().take(12).map(|step| name(step.0));
    let mut names: Vec<&str> = shown.collect();
    if path.len() > names.len() {
        names.push("...");
    }
    names.push(name(first));
    let message = format!("`{}` reaches itself: {}", name(first), names.join(" -> "));
    let mut error = Diagnostic::error("cycle", message);
    for &(at, next) in path.iter().take(6) {
        // `next` has moved past the use that was followed.
        let (used, span) = uses[at as usize][next - 1];
        error = error.at(span, format!("`{}` uses `{}`", name(at), name(used)));
    }
    error.help("a definition can only use what is known without it; there is no recursion")
}
