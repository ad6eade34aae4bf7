//! Symbols in words: what they are called, how they are used, and what the comments say of them.

use super::outline::{DefinitionKind, Meaning, Origin, Outline, SymbolKind};
use super::words::{Word, WordKind};
use crate::check::library;
use std::sync::{Arc, OnceLock};

/// The outline of a file that is imported, by its path as it is written.
pub type Files<'f> = &'f dyn Fn(&str) -> Option<Arc<Outline>>;

/// The outline of a module of the library, such as `std.landscapes`.
pub fn std_outline(module: &str) -> Option<Arc<Outline>> {
    static LIBRARY: OnceLock<Vec<(String, Arc<Outline>)>> = OnceLock::new();
    let all = LIBRARY.get_or_init(|| {
        let modules = library();
        let outlines = modules.map(|(name, text)| (name, Arc::new(Outline::of(text))));
        outlines.collect()
    });
    let found = all.iter().find(|(name, _)| name == module);
    found.map(|(_, outline)| Arc::clone(outline))
}

/// The outline of what an import names.
pub(super) fn outline_of(origin: &Origin, files: Files<'_>) -> Option<Arc<Outline>> {
    match origin {
        Origin::Module(name) => std_outline(name),
        Origin::File(path) => files(path),
    }
}

impl Outline {
    /// What the file defines, as others may import it.
    pub fn exported(&self) -> Vec<Word> {
        let own = self.definitions.iter().filter_map(|d| d.symbol);
        own.map(|symbol| self.own_word(symbol)).collect()
    }

    /// A symbol that the file defines.
    fn own_word(&self, symbol: usize) -> Word {
        let symbol = &self.symbols[symbol];
        let definition = &self.definitions[symbol.definition];
        Word {
            name: symbol.name.clone(),
            kind: match definition.kind {
                DefinitionKind::Function => WordKind::Function,
                DefinitionKind::Parameter => WordKind::Parameter,
                _ => WordKind::Constant,
            },
            signature: definition.signature.clone(),
            documentation: definition.documentation.clone(),
        }
    }

    /// A symbol as a word: what is imported is described as where it comes from.
    pub fn word(&self, at: usize, text: &str, files: Files<'_>) -> Word {
        let symbol = &self.symbols[at];
        if symbol.kind == SymbolKind::Import {
            return self.imported(at, files);
        }
        if !symbol.kind.is_local() {
            return self.own_word(at);
        }
        let function = &self.definitions[symbol.definition];
        let owner = function.symbol.map_or("", |at| &self.symbols[at].name);
        let rest = || {
            let rest = &text[symbol.range.start.min(text.len())..];
            rest.lines().next().unwrap_or("").trim_end()
        };
        let (signature, documentation) = match symbol.kind {
            SymbolKind::Argument => {
                let named = |written: &&String| {
                    let own = written.split(['[', ':']).next().unwrap_or(written);
                    crate::syntax::canonical(own.trim()) == symbol.name
                };
                let written = function.arguments.iter().find(named);
                let written = written.cloned().unwrap_or_else(|| symbol.name.clone());
                (written, format!("an argument of `{owner}`"))
            }
            SymbolKind::Size => (
                symbol.name.clone(),
                format!("a size, bound by what a call of `{owner}` gives"),
            ),
            SymbolKind::Let => (format!("let {}", rest()), String::new()),
            _ => (symbol.name.clone(), "an index".to_owned()),
        };
        Word {
            name: symbol.name.clone(),
            kind: WordKind::Local,
            signature,
            documentation,
        }
    }

    fn imported(&self, at: usize, files: Files<'_>) -> Word {
        let symbol = &self.symbols[at];
        let original = symbol.original.as_deref().unwrap_or(&symbol.name);
        let origin = self.origin(symbol.definition);
        let other = origin.and_then(|origin| outline_of(origin, files));
        let found = other.and_then(|other| Some(other.own_word(other.defined(original)?)));
        let from = match origin {
            Some(Origin::Module(name)) => name.clone(),
            Some(Origin::File(path)) => format!("\"{path}\""),
            None => String::new(),
        };
        let Some(mut word) = found else {
            return Word {
                name: symbol.name.clone(),
                kind: match symbol.is_called {
                    true => WordKind::Function,
                    false => WordKind::Constant,
                },
                signature: symbol.name.clone(),
                documentation: format!("from {from}"),
            };
        };
        if let Some(rest) = word.signature.strip_prefix(original) {
            word.signature = format!("{}{rest}", symbol.name);
        }
        word.name.clone_from(&symbol.name);
        let gap = if word.documentation.is_empty() {
            ""
        } else {
            "\n\n"
        };
        word.documentation.push_str(&format!("{gap}from {from}"));
        word
    }

    /// The symbol that the file itself defines by that name.
    pub fn defined(&self, name: &str) -> Option<usize> {
        let own = self.definitions.iter().filter_map(|d| d.symbol);
        own.into_iter().find(|at| self.symbols[*at].name == name)
    }

    /// The symbol that a byte is at.
    pub fn symbol_at(&self, byte: usize) -> Option<usize> {
        match self.at(byte)?.meaning {
            Meaning::Symbol(symbol) | Meaning::Original(symbol) => Some(symbol),
            _ => None,
        }
    }
}
