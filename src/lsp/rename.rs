//! Another name for something, in all files that know it.

use super::document::Document;
use super::navigate::Target;
use super::uri;
use super::world::{Site, World};
use crate::symbols::{Meaning, SymbolKind, collision};
use lsp_types::{TextEdit, Uri, WorkspaceEdit};
use std::collections::HashMap;
use std::ops::Range;
use std::str::FromStr;

/// What is to be renamed.
enum Plan {
    /// A name of this file alone: a local one, or what an import is called here.
    Here(Site, usize),
    /// A definition, with all that import it.
    Everywhere(Target),
}

fn plan(document: &Document, world: &World<'_>, byte: usize) -> Result<Plan, String> {
    let nothing = || "there is no name of yours here".to_owned();
    let site = world.site(&document.uri).ok_or_else(nothing)?;
    let found = site.outline.at(byte).ok_or_else(nothing)?.clone();
    let (symbol, original) = match found.meaning {
        Meaning::Symbol(symbol) => (symbol, false),
        Meaning::Original(symbol) => (symbol, true),
        Meaning::Builtin => return Err("this is part of the language".to_owned()),
        _ => return Err(nothing()),
    };
    let known = &site.outline.symbols[symbol];
    let alias = known.original.as_deref() != Some(known.name.as_str()) && !original;
    if known.kind == SymbolKind::Import && alias || known.kind.is_local() {
        return Ok(Plan::Here(site, symbol));
    }
    let Some(target) = Target::of(&site, symbol, world) else {
        return Ok(Plan::Here(site, symbol));
    };
    match uri::module(&target.site.uri) {
        Some(_) if original || target.site.uri == site.uri => {
            Err("this is part of the library".to_owned())
        }
        // What the library defines can be called otherwise here.
        Some(_) => Ok(Plan::Here(site, symbol)),
        None => Ok(Plan::Everywhere(target)),
    }
}

/// The range of the name that would be renamed.
///
/// # Errors
/// There is nothing that can be.
pub(super) fn prepare(
    document: &Document,
    world: &World<'_>,
    byte: usize,
) -> Result<Range<usize>, String> {
    plan(document, world, byte)?;
    let found = document.outline.at(byte);
    found.map(|o| o.range.clone()).ok_or_else(String::new)
}

/// The edits that rename what is at a byte.
///
/// # Errors
/// There is nothing to rename, or the new name would change what the program means.
pub(super) fn rename(
    document: &Document,
    world: &World<'_>,
    byte: usize,
    name: &str,
) -> Result<WorkspaceEdit, String> {
    let mut edits = Edits {
        name,
        changes: HashMap::new(),
    };
    match plan(document, world, byte)? {
        Plan::Here(site, symbol) => edits.symbol(&site, symbol)?,
        Plan::Everywhere(target) => {
            edits.symbol(&target.site, target.symbol)?;
            for other in world.around(&target.site.uri) {
                for import in target.imports(&other, world) {
                    edits.import(&other, import)?;
                }
            }
        }
    }
    Ok(WorkspaceEdit {
        changes: Some(edits.changes),
        ..WorkspaceEdit::default()
    })
}

struct Edits<'n> {
    name: &'n str,
    // The protocol's structure; its keys are compared as text.
    #[allow(clippy::mutable_key_type)]
    changes: HashMap<Uri, Vec<TextEdit>>,
}

impl Edits<'_> {
    fn edit(&mut self, site: &Site, range: &Range<usize>, new_text: String) {
        let Ok(uri) = Uri::from_str(&site.uri) else {
            return;
        };
        let range = site.lines.range(&site.text, range);
        let edits = self.changes.entry(uri).or_default();
        let edit = TextEdit { range, new_text };
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }

    fn allowed(&self, site: &Site, symbol: usize) -> Result<(), String> {
        match collision(&site.outline, symbol, self.name) {
            None => Ok(()),
            Some(why) => {
                let file = site.uri.rsplit('/').next().unwrap_or_default();
                Err(format!("{file}: {why}"))
            }
        }
    }

    /// A symbol where it is named and used. What is imported without another name gets one.
    fn symbol(&mut self, site: &Site, symbol: usize) -> Result<(), String> {
        self.allowed(site, symbol)?;
        let known = &site.outline.symbols[symbol];
        let plain = known.original.as_deref() == Some(known.name.as_str());
        for o in site.outline.uses(symbol) {
            let new = match plain && o.range == known.range {
                true => format!("{} as {}", known.name, self.name),
                false => self.name.to_owned(),
            };
            self.edit(site, &o.range, new);
        }
        Ok(())
    }

    /// An import of what is renamed.
    fn import(&mut self, site: &Site, symbol: usize) -> Result<(), String> {
        let names = site.outline.occurrences.iter();
        let mut originals = names.filter(|o| o.meaning == Meaning::Original(symbol));
        if let Some(original) = originals.next() {
            self.edit(site, &original.range, self.name.to_owned());
            return Ok(());
        }
        self.allowed(site, symbol)?;
        for o in site.outline.uses(symbol) {
            self.edit(site, &o.range, self.name.to_owned());
        }
        Ok(())
    }
}
