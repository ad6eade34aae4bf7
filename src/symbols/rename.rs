//! Whether a name can be changed without a change of meaning.

use super::outline::{Meaning, Outline, Symbol, SymbolKind};
use crate::check::is_builtin;
use crate::syntax::{canonical, is_name};

/// Why a symbol of a file cannot be given a name, in a sentence; none if it can.
pub fn collision(outline: &Outline, symbol: usize, name: &str) -> Option<String> {
    let Some(own) = outline.symbols.get(symbol) else {
        return Some("there is nothing to rename here".to_owned());
    };
    if !is_name(name) {
        return Some(format!(
            "`{name}` is no name: write letters, digits and `_`, and no keyword"
        ));
    }
    let name = &*canonical(name);
    if own.name == name {
        return None;
    }
    if is_builtin(name) {
        return Some(format!("`{name}` is part of the language"));
    }
    let found = match own.kind.is_local() {
        true => local(outline, own, name),
        false => of_the_file(outline, symbol, name),
    };
    found.map(|why| format!("`{name}` {why}"))
}

/// The other symbols that have that name.
fn others<'o>(outline: &'o Outline, name: &'o str) -> impl Iterator<Item = &'o Symbol> {
    outline
        .symbols
        .iter()
        .filter(move |other| other.name == name)
}

fn local(outline: &Outline, own: &Symbol, name: &str) -> Option<&'static str> {
    let overlap = |other: &Symbol| {
        let pairs = own.scopes.iter().flat_map(|a| {
            let scopes = other.scopes.iter();
            scopes.map(move |b| (a, b))
        });
        let mut pairs = pairs;
        pairs.any(|(a, b)| a.start < b.end && b.start < a.end)
    };
    let heads = |symbol: &Symbol| matches!(symbol.kind, SymbolKind::Argument | SymbolKind::Size);
    let taken = others(outline, name).any(|other| {
        let near = other.definition == own.definition;
        // All arguments of a function are known together, whatever its formula is.
        other.kind.is_local() && near && (heads(other) && heads(own) || overlap(other))
    });
    if taken {
        return Some("is another name here");
    }
    let of_the_file = others(outline, name).any(|other| !other.kind.is_local());
    if own.kind == SymbolKind::Size && of_the_file {
        return Some("is defined in the file, and would be the size");
    }
    let uses = outline.occurrences.iter().any(|o| {
        let inside = |scope: &std::ops::Range<usize>| {
            scope.start <= o.range.start && o.range.end <= scope.end
        };
        let named = match o.meaning {
            Meaning::Symbol(at) => outline.symbols[at].name == name,
            _ => false,
        };
        named && own.scopes.iter().any(inside)
    });
    uses.then_some("is used here, and would mean something else")
}

fn of_the_file(outline: &Outline, symbol: usize, name: &str) -> Option<&'static str> {
    if others(outline, name).any(|other| !other.kind.is_local()) {
        return Some("is defined or imported already");
    }
    if others(outline, name).any(|other| other.kind == SymbolKind::Size) {
        return Some("is a size that an argument binds");
    }
    let captured = outline.uses(symbol).any(|o| {
        let mut locals = outline.locals(o.range.start);
        locals.any(|local| local.name == name)
    });
    captured.then_some("is a local name where this is used")
}
