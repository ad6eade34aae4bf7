//! What is known of the name at a place, in Markdown.

use super::document::Document;
use super::world::World;
use crate::check::{BLOCKS, DOMAINS, Meaning as Worth, Program, describe, keys};
use crate::graph::{Function, Graph, Notation, number, print};
use crate::symbols::{DefinitionKind, Meaning, Origin, SymbolKind, keywords};
use crate::syntax::{TokenKind, canonical};
use std::ops::Range;

/// Functions of more coordinates than this show no derivatives.
const MOST_COORDINATES: usize = 3;
/// Formulas that are longer are not shown.
const LONGEST: usize = 240;

/// What a name is, and where it is written.
pub(super) fn hover(
    document: &Document,
    world: &World<'_>,
    byte: usize,
) -> Option<(String, Range<usize>)> {
    let Some(found) = document.outline.at(byte) else {
        return keyword(document, byte);
    };
    let written = &*canonical(&document.text[found.range.clone()]);
    let text = match found.meaning {
        Meaning::Symbol(symbol) | Meaning::Original(symbol) => of_symbol(document, world, symbol),
        Meaning::Builtin => builtin(written),
        Meaning::Origin => origin(document, world, found.range.start)?,
        Meaning::Domain => {
            let mut rows = DOMAINS.iter();
            let (usage, about) =
                rows.find(|(usage, _)| usage.split('(').next() == Some(written))?;
            card(usage, &[about])
        }
        Meaning::Block => {
            let (_, about) = BLOCKS.iter().find(|(name, _)| *name == written)?;
            card(&format!("{written} {{ key = value }}"), &[about])
        }
        Meaning::Key => {
            let mut definitions = document.outline.definitions.iter();
            let block = definitions.find(|d| d.range.contains(&found.range.start));
            let block = match block.map(|block| &block.kind) {
                Some(DefinitionKind::Run(name)) => name,
                _ => "",
            };
            let key = keys(block).iter().find(|key| key.name == written)?;
            card(&format!("{written} = {}", key.example), &[key.about])
        }
        Meaning::Value | Meaning::Unknown => return None,
    };
    Some((text, found.range.clone()))
}

/// A usage as code, and below it paragraphs; empty ones are left out.
fn card(usage: &str, paragraphs: &[&str]) -> String {
    let mut text = format!("```pot\n{usage}\n```");
    for paragraph in paragraphs.iter().filter(|p| !p.is_empty()) {
        text.push_str("\n\n");
        text.push_str(&escaped(paragraph));
    }
    text
}

/// A comment as Markdown: its lines stay lines, and its signs stay signs.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '_' | '<' | '>' | '#' | '\\' | '[' | ']' => out.extend(['\\', c]),
            '\n' => out.push_str("  \n"),
            c => out.push(c),
        }
    }
    out
}

fn keyword(document: &Document, byte: usize) -> Option<(String, Range<usize>)> {
    let tokens = &document.outline.tokens;
    let after = tokens.partition_point(|token| token.start as usize <= byte);
    let token = tokens.get(after.checked_sub(1)?)?;
    let range = token.start as usize..token.end as usize;
    let is_here = byte <= range.end && token.kind == TokenKind::Name;
    let word = token.text(&document.text);
    let row = keywords().iter().find(|row| is_here && row.name == word)?;
    Some((card(row.usage, &[row.about]), range))
}

fn of_symbol(document: &Document, world: &World<'_>, at: usize) -> String {
    let symbol = &document.outline.symbols[at];
    let files = |path: &str| world.outline(&document.uri, path);
    let word = document.outline.word(at, &document.text, &files);
    let usage = match symbol.kind {
        SymbolKind::Parameter => format!("param {}", word.signature),
        _ => word.signature,
    };
    let program = document
        .program
        .as_ref()
        .filter(|_| !symbol.kind.is_local());
    let facts = program.map_or_else(Vec::new, |program| facts(program, &symbol.name));
    let code = facts
        .iter()
        .fold(usage, |code, fact| format!("{code}\n{fact}"));
    card(&code, &[&word.documentation])
}

/// What a program says of a name: a value or a shape, derivatives.
fn facts(program: &Program, name: &str) -> Vec<String> {
    match program.meaning(name, &[]) {
        Some(Ok(Worth::Number(value))) => vec![format!("= {}", number(value))],
        Some(Ok(Worth::Truth(truth))) => vec![format!("= {truth}")],
        Some(Ok(Worth::Array { sizes, numbers })) => vec![array(&sizes, &numbers)],
        Some(Ok(Worth::Function(_))) => derivatives(program, name),
        Some(Err(_)) | None => Vec::new(),
    }
}

/// The shape of an array and its first numbers.
fn array(sizes: &[usize], numbers: &[f64]) -> String {
    const SHOWN: usize = 6;
    let first: Vec<String> = numbers.iter().take(SHOWN).map(|x| number(*x)).collect();
    let rest = if numbers.len() > SHOWN { ", ..." } else { "" };
    let shown = format!("{}{rest}", first.join(", "));
    match sizes {
        [n] => format!("= [{shown}]  # {n} numbers"),
        sizes => {
            let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
            format!("# {} numbers: {shown}", sizes.join(" by "))
        }
    }
}

/// The derivatives of a function of few coordinates, as formulas.
fn derivatives(program: &Program, name: &str) -> Vec<String> {
    let Ok(mut model) = program.function(name) else {
        return Vec::new();
    };
    let d = model.dimension();
    if d > MOST_COORDINATES {
        return vec![format!("# {d} coordinates")];
    }
    let names = model.coordinates.iter().map(|c| c.name.clone());
    let names: Vec<String> = names.chain(model.parameter_names()).collect();
    let gradient = model.graph.gradient(model.value, d);
    let roots = model.graph.simplify_for_print(&gradient, d);
    let formulas = roots.iter().zip(&names).filter_map(|(root, by)| {
        let formula = print(&model.graph, *root, &names, Notation::Pot)?;
        (formula.len() <= LONGEST).then(|| format!("d/d{by} = {formula}"))
    });
    formulas.collect()
}

/// A name of the language, with its derivative if it is a function of one number.
fn builtin(name: &str) -> String {
    let Some(known) = describe(name) else {
        return String::new();
    };
    let usage = if known.signature.is_empty() {
        known.name
    } else {
        &known.signature
    };
    let slope = Function::named(name).filter(|function| function.arity() == 1);
    let slope = slope.and_then(|function| {
        let mut graph = Graph::new();
        let x = graph.input(0);
        let value = graph.apply1(function, x);
        let gradient = graph.gradient(value, 1);
        let root = graph.simplify_for_print(&gradient, 1)[0];
        print(&graph, root, &["x".to_owned()], Notation::Pot)
    });
    let slope = slope.map_or(String::new(), |slope| format!("\nd/dx = {slope}"));
    card(&format!("{usage}{slope}"), &[known.about])
}

/// The module or file of an import: the comment at its top.
fn origin(document: &Document, world: &World<'_>, byte: usize) -> Option<String> {
    let outline = &document.outline;
    let definitions = &outline.definitions;
    let after = definitions.partition_point(|d| d.range.start <= byte);
    let origin = outline.origin(after.checked_sub(1)?)?;
    let site = world.origin(&document.uri, origin)?;
    let lines = site.text.lines().map_while(|line| line.strip_prefix('#'));
    let about: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let usage = match origin {
        Origin::Module(name) => format!("import {name} (...)"),
        Origin::File(path) => format!("import \"{path}\" (...)"),
    };
    Some(card(&usage, &[&about.join("\n")]))
}
