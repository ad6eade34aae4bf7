//! The outline of a file: what it defines, and what each of its names refers to.

use super::resolve::resolve;
use crate::syntax::{Token, lex};
use std::ops::Range;

/// Where an import comes from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    /// `std.landscapes`
    Module(String),
    /// `path.pot`, as it is written, without the quotes.
    File(String),
}

/// What a definition is.
#[derive(Clone, PartialEq, Debug)]
pub enum DefinitionKind {
    /// `param name = ...`
    Parameter,
    /// `name = ...`
    Constant,
    /// `f(x) = ...`
    Function,
    /// `import ...`
    Import(Origin),
    /// `learn { ... }`, by its name.
    Run(String),
    /// A formula, or what cannot be told.
    Other,
}

/// One definition of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct Definition {
    /// What it is.
    pub kind: DefinitionKind,
    /// All of it, in bytes.
    pub range: Range<usize>,
    /// The symbol that it defines; imports have several and are found by [`Symbol::definition`].
    pub symbol: Option<usize>,
    /// How it is called, such as `V(a: angle, q[n])`; of anything else, its name.
    pub signature: String,
    /// The names of the arguments of a function, as they are written, such as `q[n]`.
    pub arguments: Vec<String>,
    /// The comment above it, or else the one at the end of its line, without `#`.
    pub documentation: String,
}

/// What kind of thing a name of the file stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolKind {
    /// A number that a run may set.
    Parameter,
    /// A constant of the file.
    Constant,
    /// A function of the file.
    Function,
    /// Something imported.
    Import,
    /// An argument of a function.
    Argument,
    /// A size that an argument binds, such as the `n` of `q[n]`.
    Size,
    /// A `let` of a block.
    Let,
    /// An index of a sum or product.
    Index,
}

impl SymbolKind {
    /// Whether it is known inside one definition only.
    pub fn is_local(self) -> bool {
        use SymbolKind::{Argument, Index, Let, Size};
        matches!(self, Argument | Size | Let | Index)
    }
}

/// Something that has a name in the file.
#[derive(Clone, PartialEq, Debug)]
pub struct Symbol {
    /// Its name, in NFC.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// Where its name is given, in bytes.
    pub range: Range<usize>,
    /// The definition that it is, or that it is in.
    pub definition: usize,
    /// Of what is imported: its name where it comes from.
    pub original: Option<String>,
    /// Whether it is called somewhere in the file.
    pub is_called: bool,
    /// Of a local name: where it may be used, in bytes.
    pub scopes: Vec<Range<usize>>,
}

/// What a name in the text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// A symbol, where it is named for the first time or where it is used.
    Symbol(usize),
    /// What an import with `as` takes, by the symbol that it becomes.
    Original(usize),
    /// A name of the language.
    Builtin,
    /// The file or module of an import; its definition is the one around it.
    Origin,
    /// The domain of a coordinate.
    Domain,
    /// The name of a run block.
    Block,
    /// A key of a run block.
    Key,
    /// A word in a setting.
    Value,
    /// Nothing of that name is known.
    Unknown,
}

/// A name where it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occurrence {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// What it is.
    pub meaning: Meaning,
    /// Whether it is called.
    pub is_call: bool,
}

/// What a file says about names.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outline {
    /// Its definitions, in order.
    pub definitions: Vec<Definition>,
    /// Everything with a name, those of the file before local ones.
    pub symbols: Vec<Symbol>,
    /// All names, in order.
    pub occurrences: Vec<Occurrence>,
    /// The tokens of the text.
    pub tokens: Vec<Token>,
}

impl Outline {
    /// The outline of any text, in time linear in its length.
    pub fn of(text: &str) -> Outline {
        resolve(text, lex(text))
    }

    /// The name at a byte, or ending there.
    pub fn at(&self, byte: usize) -> Option<&Occurrence> {
        let after = self.occurrences.partition_point(|o| o.range.start <= byte);
        let found = self.occurrences.get(after.checked_sub(1)?)?;
        (byte <= found.range.end).then_some(found)
    }

    /// The symbol of the file of that name, in NFC.
    pub fn named(&self, name: &str) -> Option<usize> {
        let mut symbols = self.symbols.iter();
        symbols.position(|symbol| !symbol.kind.is_local() && symbol.name == name)
    }

    /// Where a symbol is named, its definition among them, in order.
    pub fn uses(&self, symbol: usize) -> impl Iterator<Item = &Occurrence> {
        let all = self.occurrences.iter();
        all.filter(move |o| o.meaning == Meaning::Symbol(symbol))
    }

    /// The definition around a byte.
    pub fn definition_at(&self, byte: usize) -> Option<&Definition> {
        let after = self.definitions.partition_point(|d| d.range.start <= byte);
        let found = self.definitions.get(after.checked_sub(1)?)?;
        (byte <= found.range.end).then_some(found)
    }

    /// Where a definition imports from.
    pub fn origin(&self, definition: usize) -> Option<&Origin> {
        match &self.definitions.get(definition)?.kind {
            DefinitionKind::Import(origin) => Some(origin),
            _ => None,
        }
    }

    /// The local symbols that may be used at a byte.
    pub fn locals(&self, byte: usize) -> impl Iterator<Item = &Symbol> {
        let symbols = self.symbols.iter();
        symbols.filter(move |s| s.scopes.iter().any(|r| r.start <= byte && byte <= r.end))
    }
}
