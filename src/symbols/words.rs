//! What may stand at a place of a text: names in scope, names of the language, keywords, modules
//! and what they define, settings.

use super::describe::{Files, outline_of};
use super::keywords::{Place, keywords};
use super::outline::{DefinitionKind, Outline, Symbol, SymbolKind};
use crate::check::{BLOCKS, DOMAINS, builtins, keys, library};
use crate::syntax::{Token, TokenKind};
use std::ops::Range;

/// What a word is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WordKind {
    /// A word of the language, such as `if`.
    Keyword,
    /// A function, of the file or of the language.
    Function,
    /// A constant, of the file or of the language.
    Constant,
    /// A number that a run may set.
    Parameter,
    /// An argument, a size, a `let` or an index.
    Local,
    /// A module of the library.
    Module,
    /// A domain of a coordinate.
    Domain,
    /// A run block.
    Block,
    /// A key of a run block.
    Key,
    /// A word that a setting may have for its value.
    Value,
}

/// A word that may stand somewhere.
#[derive(Clone, PartialEq, Debug)]
pub struct Word {
    /// The word.
    pub name: String,
    /// What it is.
    pub kind: WordKind,
    /// How it is used, such as `atan2(y, x)`; may be empty.
    pub signature: String,
    /// What it is, in some lines; may be empty.
    pub documentation: String,
}

/// Where in a program a place is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Where {
    /// At the beginning of a definition. At a prompt a formula may stand there too, so its words
    /// are among those that are given.
    Definition,
    /// In a formula.
    Formula,
    /// At the path of an import.
    Module,
    /// In the quotes of an import or of `csv`.
    File,
    /// At a name that is imported.
    Member,
    /// At the domain of a coordinate.
    Domain,
    /// At a key of a run block.
    Key,
    /// At the value of a setting.
    Value,
    /// Where nothing is known that could be written: a comment, a number, a new name.
    Nowhere,
}

/// What may stand at a place.
#[derive(Clone, PartialEq, Debug)]
pub struct Completion {
    /// Where that is.
    pub place: Where,
    /// What is there already and begins the word, in bytes.
    pub replace: Range<usize>,
    /// The words: local ones, then those of the file, then those of the language.
    pub words: Vec<Word>,
}

/// What may stand at a byte of any text. `files` gives the outline of a file that is imported by
/// its path as it is written.
pub fn words(text: &str, at: usize, files: Files<'_>) -> Completion {
    Outline::of(text).words(text, at, files)
}

impl Outline {
    /// What may stand at a byte of the text that this is the outline of, as [`words`] gives it.
    pub fn words(&self, text: &str, at: usize, files: Files<'_>) -> Completion {
        let at = at.min(text.len());
        let before = self.tokens.partition_point(|t| (t.start as usize) < at);
        let last = before.checked_sub(1).map(|last| self.tokens[last]);
        let typed = last.filter(|token| at <= token.end as usize);
        let start = match typed {
            Some(token) if token.kind == TokenKind::Name => token.start as usize,
            _ => at,
        };
        let cursor = Cursor {
            outline: self,
            text,
            start,
            tokens: &self.tokens[..before - usize::from(start < at)],
        };
        let (place, replace, words) = match typed.map(|token| (token.kind, token)) {
            Some((TokenKind::Comment | TokenKind::Number, _)) => cursor.nowhere(),
            Some((TokenKind::Text, quote)) => match closed(quote, text, at) {
                true => cursor.nowhere(),
                false => (Where::File, quote.start as usize + 1..at, Vec::new()),
            },
            _ => cursor.words(files),
        };
        Completion {
            place,
            replace: replace.start..at,
            words,
        }
    }
}

/// Whether a place is behind the last quote of a string.
fn closed(quote: Token, text: &str, at: usize) -> bool {
    let text = quote.text(text);
    at == quote.end as usize && text.len() > 1 && text.ends_with('"')
}

type Found = (Where, Range<usize>, Vec<Word>);

/// A place in a text.
struct Cursor<'o> {
    outline: &'o Outline,
    text: &'o str,
    /// Where the word that is being typed begins.
    start: usize,
    /// The tokens before it.
    tokens: &'o [Token],
}

impl Cursor<'_> {
    fn nowhere(&self) -> Found {
        (Where::Nowhere, self.start..self.start, Vec::new())
    }

    fn found(&self, place: Where, words: Vec<Word>) -> Found {
        (place, self.start..self.start, words)
    }

    /// The word before, and whether it begins a line of a block or of the file.
    fn before(&self) -> (&str, bool) {
        let mut tokens = self.tokens.iter().rev();
        match tokens.find(|token| token.kind != TokenKind::Comment) {
            None => ("", true),
            Some(token) => {
                let word = token.text(self.text);
                (word, token.kind == TokenKind::Newline || word == "{")
            }
        }
    }

    /// The definition that goes on here, and its tokens so far.
    fn definition(&self) -> Option<(usize, &[Token])> {
        let definitions = &self.outline.definitions;
        let after = definitions.partition_point(|d| d.range.start < self.start);
        let at = after.checked_sub(1)?;
        let range = &definitions[at].range;
        let ended = self.tokens.iter().rev();
        let mut ended = ended.take_while(|token| token.start as usize >= range.end);
        if ended.any(|token| token.kind == TokenKind::Newline) {
            return None;
        }
        let first = self
            .tokens
            .partition_point(|t| (t.start as usize) < range.start);
        Some((at, &self.tokens[first..]))
    }

    fn words(&self, files: Files<'_>) -> Found {
        let Some((at, tokens)) = self.definition() else {
            let mut words = heads();
            words.extend(self.formula(files));
            return self.found(Where::Definition, words);
        };
        match &self.outline.definitions[at].kind {
            DefinitionKind::Import(_) => self.import(at, tokens, files),
            DefinitionKind::Run(_) => self.setting(at, tokens, files),
            _ => match self.before().0 {
                "let" | "for" | "param" => self.nowhere(),
                ":" => self.found(Where::Domain, domains()),
                _ => self.found(Where::Formula, self.formula(files)),
            },
        }
    }

    fn import(&self, at: usize, tokens: &[Token], files: Files<'_>) -> Found {
        let open = tokens.iter().any(|token| token.text(self.text) == "(");
        let before = self.before().0;
        if !open {
            let path = tokens
                .get(1)
                .map_or(self.start, |token| token.start as usize);
            return match self.text[path..].starts_with('"') {
                true => self.nowhere(),
                false => (Where::Module, path..self.start, modules()),
            };
        }
        let origin = self.outline.origin(at);
        let origin = origin.and_then(|origin| outline_of(origin, files));
        match (before, origin) {
            ("(" | ",", Some(other)) => {
                let taken = |word: &Word| {
                    let mut own = self.outline.symbols.iter();
                    own.any(|s| {
                        s.definition == at
                            && s.original.as_deref() == Some(word.name.as_str())
                            && s.range.start != self.start
                    })
                };
                let mut words = other.exported();
                words.retain(|word| !taken(word));
                self.found(Where::Member, words)
            }
            _ => self.nowhere(),
        }
    }

    fn setting(&self, at: usize, tokens: &[Token], files: Files<'_>) -> Found {
        let block = tokens.first().map_or("", |token| token.text(self.text));
        let (before, begins) = self.before();
        let open = tokens.iter().any(|token| token.text(self.text) == "{");
        if !open || before == "}" {
            return self.nowhere();
        }
        if begins {
            let range = &self.outline.definitions[at].range;
            let there = |name: &str| {
                let names = self.outline.occurrences.iter();
                let mut keys = names.filter(|o| o.meaning == super::Meaning::Key);
                keys.any(|o| {
                    range.start <= o.range.start
                        && o.range.end <= range.end
                        && o.range.start != self.start
                        && &self.text[o.range.clone()] == name
                })
            };
            let keys = keys(block).iter().filter(|key| !there(key.name));
            let words = keys.map(|key| word(key.name, WordKind::Key, key.example, key.about));
            return self.found(Where::Key, words.collect());
        }
        let line = tokens
            .iter()
            .rposition(|token| token.kind == TokenKind::Newline);
        let open = tokens.iter().position(|token| token.text(self.text) == "{");
        let key = line.max(open).and_then(|line| tokens.get(line + 1));
        let key = key.map_or("", |token| token.text(self.text));
        if before == key {
            return self.nowhere();
        }
        let row = keys(block).iter().find(|row| row.name == key);
        let mut words: Vec<Word> = Vec::new();
        for value in row.map_or(&[][..], |row| row.words) {
            words.push(word(
                value,
                WordKind::Value,
                "",
                row.map_or("", |row| row.about),
            ));
        }
        let functions = row.is_some_and(|row| row.functions);
        let symbols = 0..self.outline.symbols.len();
        words.extend(symbols.filter_map(|symbol| {
            let known = &self.outline.symbols[symbol];
            let fits = match known.kind {
                SymbolKind::Function => functions,
                SymbolKind::Constant => true,
                _ => false,
            };
            fits.then(|| self.outline.word(symbol, self.text, files))
        }));
        self.found(Where::Value, words)
    }

    /// Local names, names of the file, names of the language, keywords.
    fn formula(&self, files: Files<'_>) -> Vec<Word> {
        let outline = self.outline;
        let here = |symbol: &Symbol| {
            let mut scopes = symbol.scopes.iter();
            scopes.any(|scope| scope.start <= self.start && self.start <= scope.end)
        };
        let symbols = || 0..outline.symbols.len();
        let local = symbols().filter(|at| here(&outline.symbols[*at]));
        let of_the_file = symbols().filter(|at| {
            let symbol = &outline.symbols[*at];
            !symbol.kind.is_local() && symbol.range.start != self.start
        });
        let own = local.chain(of_the_file);
        let mut words: Vec<Word> = own.map(|at| outline.word(at, self.text, files)).collect();
        words.extend(builtins().map(|known| {
            let kind = match known.signature.is_empty() {
                true => WordKind::Constant,
                false => WordKind::Function,
            };
            word(known.name, kind, &known.signature, known.about)
        }));
        let (_, begins) = self.before();
        let block = begins && self.definition().is_some();
        let fits = |place| place == Place::Formula || block && place == Place::Block;
        let keywords = keywords().iter().filter(|row| fits(row.place));
        words.extend(keywords.map(|row| word(row.name, WordKind::Keyword, row.usage, row.about)));
        words
    }
}

fn word(name: &str, kind: WordKind, signature: &str, documentation: &str) -> Word {
    Word {
        name: name.to_owned(),
        kind,
        signature: signature.to_owned(),
        documentation: documentation.to_owned(),
    }
}

fn heads() -> Vec<Word> {
    let heads = keywords().iter().filter(|row| row.place == Place::Head);
    let heads = heads.map(|row| word(row.name, WordKind::Keyword, row.usage, row.about));
    let blocks = BLOCKS.iter().map(|(name, about)| {
        let usage = format!("{name} {{ key = value }}");
        word(name, WordKind::Block, &usage, about)
    });
    heads.chain(blocks).collect()
}

fn domains() -> Vec<Word> {
    let rows = DOMAINS.iter().map(|(usage, about)| {
        let name = usage.split('(').next().unwrap_or(usage);
        word(name, WordKind::Domain, usage, about)
    });
    rows.collect()
}

fn modules() -> Vec<Word> {
    let modules = library().map(|(name, text)| {
        let about: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix("# "))
            .collect();
        word(&name, WordKind::Module, "", &about.join("\n"))
    });
    modules.collect()
}
