//! Where names are defined and used, in this file and in those around it.

use super::document::Document;
use super::uri;
use super::world::{Site, World};
use crate::symbols::{DefinitionKind, Meaning, Outline, SymbolKind};
use lsp_types::{DocumentSymbol, Location};
use std::ops::Range;
use std::str::FromStr;

/// A definition: the file that has it, and its symbol there.
pub(super) struct Target {
    pub site: Site,
    pub symbol: usize,
}

impl Target {
    /// What a symbol of a file is in the end: of what is imported, the definition there.
    pub fn of(site: &Site, symbol: usize, world: &World<'_>) -> Option<Target> {
        let known = &site.outline.symbols[symbol];
        if known.kind != SymbolKind::Import {
            let site = site.clone();
            return Some(Target { site, symbol });
        }
        let origin = site.outline.origin(known.definition)?;
        let other = world.origin(&site.uri, origin)?;
        let symbol = other.outline.defined(known.original.as_deref()?)?;
        let site = other;
        Some(Target { site, symbol })
    }

    /// Whether it can be used in other files.
    pub fn is_shared(&self) -> bool {
        !self.site.outline.symbols[self.symbol].kind.is_local()
    }

    /// The imports of it in another file.
    pub fn imports<'o>(
        &'o self,
        other: &'o Site,
        world: &'o World<'_>,
    ) -> impl Iterator<Item = usize> + 'o {
        let name = &self.site.outline.symbols[self.symbol].name;
        let symbols = other.outline.symbols.iter().enumerate();
        let named = symbols.filter(move |(_, s)| s.original.as_ref() == Some(name));
        named.filter_map(move |(at, _)| {
            let target = Target::of(other, at, world)?;
            (target.site.uri == self.site.uri && target.symbol == self.symbol).then_some(at)
        })
    }
}

/// A range of a file as a location. Modules of the library have one only where the client can show
/// them.
pub(super) fn location(site: &Site, range: &Range<usize>, virtual_files: bool) -> Option<Location> {
    if uri::module(&site.uri).is_some() && !virtual_files {
        return None;
    }
    Some(Location {
        uri: lsp_types::Uri::from_str(&site.uri).ok()?,
        range: site.lines.range(&site.text, range),
    })
}

/// Where the name at a byte is defined.
pub(super) fn definition(
    document: &Document,
    world: &World<'_>,
    byte: usize,
    virtual_files: bool,
) -> Option<Location> {
    let site = world.site(&document.uri)?;
    let found = site.outline.at(byte)?;
    match found.meaning {
        Meaning::Symbol(symbol) | Meaning::Original(symbol) => {
            let target = Target::of(&site, symbol, world)?;
            let range = &target.site.outline.symbols[target.symbol].range;
            location(&target.site, range, virtual_files)
        }
        Meaning::Origin => {
            let own = site.outline.definition_at(byte)?;
            let DefinitionKind::Import(origin) = &own.kind else {
                return None;
            };
            location(&world.origin(&site.uri, origin)?, &(0..0), virtual_files)
        }
        _ => None,
    }
}

/// Where the name at a byte is used; its definition too, if asked for.
pub(super) fn references(
    document: &Document,
    world: &World<'_>,
    byte: usize,
    with_definition: bool,
    virtual_files: bool,
) -> Vec<Location> {
    let Some(site) = world.site(&document.uri) else {
        return Vec::new();
    };
    let Some(target) = site
        .outline
        .symbol_at(byte)
        .and_then(|s| Target::of(&site, s, world))
    else {
        return Vec::new();
    };
    let mut places: Vec<(Site, Range<usize>)> = Vec::new();
    let defined = &target.site.outline.symbols[target.symbol].range;
    for o in target.site.outline.uses(target.symbol) {
        if with_definition || o.range != *defined {
            places.push((target.site.clone(), o.range.clone()));
        }
    }
    if target.is_shared() {
        for other in world.around(&document.uri) {
            for import in target.imports(&other, world) {
                let names = other.outline.occurrences.iter();
                let named = names.filter(|o| {
                    o.meaning == Meaning::Symbol(import) || o.meaning == Meaning::Original(import)
                });
                places.extend(named.map(|o| (other.clone(), o.range.clone())));
            }
        }
    }
    let places = places.iter();
    places
        .filter_map(|(site, range)| location(site, range, virtual_files))
        .collect()
}

/// The uses of the name at a byte in its own file.
pub(super) fn highlights(outline: &Outline, byte: usize) -> Vec<Range<usize>> {
    let Some(symbol) = outline.symbol_at(byte) else {
        return Vec::new();
    };
    outline.uses(symbol).map(|o| o.range.clone()).collect()
}

/// The definitions of a document.
#[allow(deprecated)] // The protocol's structure has a field that is.
pub(super) fn symbols(document: &Document) -> Vec<DocumentSymbol> {
    let (text, lines) = (&document.text, &document.lines);
    let definitions = document
        .outline
        .definitions
        .iter()
        .filter_map(|definition| {
            use lsp_types::SymbolKind as Kind;
            let (kind, name) = match &definition.kind {
                DefinitionKind::Function => (Kind::FUNCTION, definition.signature.clone()),
                DefinitionKind::Constant => (Kind::CONSTANT, definition.signature.clone()),
                DefinitionKind::Parameter => (Kind::VARIABLE, definition.signature.clone()),
                DefinitionKind::Run(name) => (Kind::OBJECT, name.clone()),
                DefinitionKind::Import(_) | DefinitionKind::Other => return None,
            };
            let named = definition
                .symbol
                .map(|at| document.outline.symbols[at].range.clone());
            let start = definition.range.start;
            let named = named.unwrap_or(start..start + name.len());
            let about = definition.documentation.lines().next().unwrap_or("");
            Some(DocumentSymbol {
                name,
                detail: (!about.is_empty()).then(|| about.to_owned()),
                kind,
                tags: None,
                deprecated: None,
                range: lines.range(text, &definition.range),
                selection_range: lines.range(text, &named),
                children: None,
            })
        });
    definitions.collect()
}
