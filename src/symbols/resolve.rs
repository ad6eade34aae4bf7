//! Who is meant by each name, in one sweep over the tokens of each definition. The rules are those
//! of the checker, which knows nothing of what cannot be read; a test holds the two together.

use super::definitions::{Head, HeadKind, definitions, is_name};
use super::outline::{DefinitionKind, Meaning, Occurrence, Outline, Symbol, SymbolKind};
use crate::check::{is_builtin, keys};
use crate::syntax::{Lexed, Token, TokenKind, canonical};
use std::borrow::Cow;
use std::collections::HashMap;

/// The outline of a text that was cut into tokens.
pub(super) fn resolve(text: &str, lexed: Lexed) -> Outline {
    let newlines = lexed.tokens.iter();
    let newlines = newlines.filter(|token| token.kind == TokenKind::Newline);
    let mut resolver = Resolver {
        text,
        newlines: newlines.map(|token| token.start as usize).collect(),
        outline: Outline::default(),
        file: HashMap::new(),
        locals: HashMap::new(),
    };
    let (definitions, heads): (Vec<_>, Vec<_>) = definitions(text, &lexed).into_iter().unzip();
    resolver.outline.definitions = definitions;
    for (at, head) in heads.iter().enumerate() {
        resolver.define(at, head);
    }
    for (at, head) in heads.iter().enumerate() {
        resolver.body(at, head);
    }
    let mut outline = resolver.outline;
    outline.occurrences.sort_by_key(|o| o.range.start);
    outline.tokens = lexed.tokens;
    outline
}

struct Resolver<'t> {
    text: &'t str,
    /// Where lines end that count.
    newlines: Vec<usize>,
    outline: Outline,
    /// The symbols of the file.
    file: HashMap<Cow<'t, str>, usize>,
    /// The local symbols in scope, the innermost last.
    locals: HashMap<Cow<'t, str>, Vec<usize>>,
}

/// An open bracket.
#[derive(Default)]
struct Frame {
    /// The local names that end with it.
    bound: Vec<usize>,
    /// The name whose value is being read, which begins after it.
    waiting: Option<usize>,
    /// The tokens of the indices of a sum.
    indices: Vec<usize>,
    /// Whether its `for` has come.
    ranges: bool,
}

impl<'t> Resolver<'t> {
    fn canonical(&self, token: Token) -> Cow<'t, str> {
        canonical(token.text(self.text))
    }

    fn word(&self, tokens: &[Token], at: usize) -> &'t str {
        tokens.get(at).map_or("", |token| token.text(self.text))
    }

    fn says(&mut self, token: Token, meaning: Meaning, is_call: bool) {
        self.outline.occurrences.push(Occurrence {
            range: token.start as usize..token.end as usize,
            meaning,
            is_call,
        });
    }

    /// A new symbol, named by a token.
    fn symbol(&mut self, token: Token, kind: SymbolKind, definition: usize) -> usize {
        let symbol = self.outline.symbols.len();
        self.outline.symbols.push(Symbol {
            name: self.canonical(token).into_owned(),
            kind,
            range: token.start as usize..token.end as usize,
            definition,
            original: None,
            is_called: false,
            scopes: Vec::new(),
        });
        self.says(token, Meaning::Symbol(symbol), false);
        symbol
    }

    /// Enters what a definition defines into the names of the file; of a duplicate the first stays.
    fn define(&mut self, at: usize, head: &Head) {
        let (token, kind) = match (&head.kind, &self.outline.definitions[at].kind) {
            (HeadKind::Value(name), DefinitionKind::Parameter) => (*name, SymbolKind::Parameter),
            (HeadKind::Value(name), _) => (*name, SymbolKind::Constant),
            (HeadKind::Function(open, _), _) => (open - 1, SymbolKind::Function),
            (HeadKind::Import(path), _) => return self.import(at, head, path.end),
            (HeadKind::Run | HeadKind::Other, _) => return,
        };
        let token = head.tokens[token];
        let symbol = self.symbol(token, kind, at);
        self.outline.definitions[at].symbol = Some(symbol);
        self.file.entry(self.canonical(token)).or_insert(symbol);
    }

    fn import(&mut self, at: usize, head: &Head, open: usize) {
        let tokens = &head.tokens;
        for path in &tokens[1..open.min(tokens.len())] {
            self.says(*path, Meaning::Origin, false);
        }
        let mut next = open + 1;
        while next < tokens.len() {
            let first = next;
            next += 1;
            if !is_name(self.text, tokens[first]) {
                continue;
            }
            let alias = self.word(tokens, first + 1) == "as"
                && tokens
                    .get(first + 2)
                    .is_some_and(|t| is_name(self.text, *t));
            let name = if alias { first + 2 } else { first };
            let symbol = self.symbol(tokens[name], SymbolKind::Import, at);
            let original = self.canonical(tokens[first]).into_owned();
            self.outline.symbols[symbol].original = Some(original);
            if alias {
                self.says(tokens[first], Meaning::Original(symbol), false);
                next = first + 3;
            }
            self.file
                .entry(self.canonical(tokens[name]))
                .or_insert(symbol);
        }
    }

    fn body(&mut self, at: usize, head: &Head) {
        match head.kind {
            HeadKind::Import(_) => {}
            HeadKind::Run => self.run(&head.tokens),
            HeadKind::Function(open, close) => self.function(at, &head.tokens, open, close),
            HeadKind::Value(name) => self.formula(at, &head.tokens, name + 1),
            HeadKind::Other => self.formula(at, &head.tokens, 0),
        }
        self.locals.clear();
    }

    /// The arguments of a function, whose sizes and domains know nothing of them, and its formula.
    fn function(&mut self, at: usize, tokens: &[Token], open: usize, close: usize) {
        let mut arguments = Vec::new();
        let (mut depth, mut begins, mut domain) = (0usize, true, false);
        for place in open..close {
            let token = tokens[place];
            match (token.kind, token.text(self.text)) {
                (TokenKind::Open, _) => depth += 1,
                (TokenKind::Close, _) => depth = depth.saturating_sub(1),
                (_, ",") if depth == 1 => (begins, domain) = (true, false),
                (_, ":") if depth == 1 => domain = true,
                _ if !is_name(self.text, token) => {}
                _ if depth == 1 && domain => self.says(token, Meaning::Domain, false),
                _ if depth == 1 && begins => {
                    begins = false;
                    arguments.push(self.symbol(token, SymbolKind::Argument, at));
                }
                _ if depth == 1 => {}
                _ if domain => self.refer(token, self.word(tokens, place + 1) == "("),
                // A size that is one name alone, and that nothing else has, is bound by a call.
                _ => {
                    let alone = |at: usize| matches!(self.word(tokens, at), "[" | "," | "]");
                    if alone(place - 1) && alone(place + 1) {
                        self.size(token, at);
                    } else {
                        self.refer(token, self.word(tokens, place + 1) == "(");
                    }
                }
            }
        }
        let start = tokens[close].end as usize;
        for argument in arguments {
            self.bind(argument, start);
        }
        self.formula(at, tokens, close + 1);
    }

    fn size(&mut self, token: Token, at: usize) {
        let name = self.canonical(token);
        let is_bound = self.locals.contains_key(&name);
        if is_bound || self.file.contains_key(&name) || is_builtin(&name) {
            return self.refer(token, false);
        }
        let symbol = self.symbol(token, SymbolKind::Size, at);
        self.bind(symbol, token.end as usize);
    }

    /// A formula from a token on.
    fn formula(&mut self, at: usize, tokens: &[Token], from: usize) {
        let mut comprehensions = comprehensions(self.text, tokens, from);
        let mut frames: Vec<Frame> = vec![Frame::default()];
        let mut index_of: HashMap<usize, usize> = HashMap::new();
        for place in from..tokens.len() {
            let token = tokens[place];
            let Some(frame) = frames.last_mut() else {
                break;
            };
            match (token.kind, token.text(self.text)) {
                (TokenKind::Open, _) => {
                    let indices = comprehensions.remove(&place).unwrap_or_default();
                    let mut frame = Frame::default();
                    for &index in &indices {
                        let symbol = self.symbol(tokens[index], SymbolKind::Index, at);
                        index_of.insert(index, symbol);
                        self.bind(symbol, token.end as usize);
                        frame.bound.push(symbol);
                    }
                    frame.indices = indices;
                    frames.push(frame);
                }
                (TokenKind::Close, _) => {
                    if frames.len() > 1
                        && let Some(frame) = frames.pop()
                    {
                        self.unbind(frame.bound, token.start as usize);
                    }
                }
                (TokenKind::Newline, _) => {
                    let ready = frame.waiting.take();
                    frame.bound.extend(ready);
                    ready.inspect(|symbol| self.bind(*symbol, token.start as usize));
                }
                (_, "for") if !frame.indices.is_empty() && !frame.ranges => {
                    // The indices are known in the body, and in the ranges after their own.
                    frame.ranges = true;
                    let bound = std::mem::take(&mut frame.bound);
                    self.unbind(bound, token.start as usize);
                }
                (_, ",") if frame.ranges => {
                    let ready = frame.waiting.take();
                    frame.bound.extend(ready);
                    ready.inspect(|symbol| self.bind(*symbol, token.start as usize));
                }
                _ if !is_name(self.text, token) => {}
                _ if index_of.contains_key(&place) => {
                    frame.waiting = index_of.remove(&place);
                }
                _ if place > from && self.word(tokens, place - 1) == "let" => {
                    frame.waiting = Some(self.symbol(token, SymbolKind::Let, at));
                }
                _ => self.refer(token, self.word(tokens, place + 1) == "("),
            }
        }
        let end = self.end(tokens);
        for frame in frames.into_iter().rev() {
            self.unbind(frame.bound, end);
        }
        let rest: Vec<usize> = self.locals.values().flatten().copied().collect();
        self.unbind(rest, end);
    }

    /// Where the names of a definition end: with the line on which it would go on.
    fn end(&self, tokens: &[Token]) -> usize {
        let last = tokens.last().map_or(0, |token| token.end as usize);
        let next = self.newlines.partition_point(|at| *at < last);
        self.newlines.get(next).copied().unwrap_or(self.text.len())
    }

    fn bind(&mut self, symbol: usize, start: usize) {
        let known = &mut self.outline.symbols[symbol];
        known.scopes.push(start..usize::MAX);
        let name = Cow::Owned(known.name.clone());
        self.locals.entry(name).or_default().push(symbol);
    }

    fn unbind(&mut self, symbols: Vec<usize>, end: usize) {
        for symbol in symbols {
            let known = &mut self.outline.symbols[symbol];
            if let Some(scope) = known.scopes.last_mut() {
                scope.end = end.max(scope.start);
            }
            if let Some(named) = self.locals.get_mut(known.name.as_str()) {
                named.retain(|other| *other != symbol);
                if named.is_empty() {
                    self.locals.remove(known.name.as_str());
                }
            }
        }
    }

    /// A name that is used.
    fn refer(&mut self, token: Token, is_call: bool) {
        let name = self.canonical(token);
        let local = self.locals.get(&name).and_then(|named| named.last());
        let known = local.or_else(|| self.file.get(&name));
        let meaning = match known.copied() {
            Some(symbol) => {
                self.outline.symbols[symbol].is_called |= is_call;
                Meaning::Symbol(symbol)
            }
            None if is_builtin(&name) => Meaning::Builtin,
            None => Meaning::Unknown,
        };
        self.says(token, meaning, is_call);
    }

    /// A run block: keys and values.
    fn run(&mut self, tokens: &[Token]) {
        self.says(tokens[0], Meaning::Block, false);
        let block = tokens[0].text(self.text);
        let mut key = "";
        for place in 2..tokens.len() {
            let token = tokens[place];
            if !is_name(self.text, token) {
                continue;
            }
            let begins = matches!(tokens[place - 1].kind, TokenKind::Newline)
                || self.word(tokens, place - 1) == "{";
            if begins {
                key = token.text(self.text);
                self.says(token, Meaning::Key, false);
                continue;
            }
            let is_call = self.word(tokens, place + 1) == "(";
            if self.is_value(token, (block, key)) && !is_call {
                self.says(token, Meaning::Value, false);
            } else {
                self.refer(token, is_call);
            }
        }
    }

    /// Whether a name in a setting is a word and refers to nothing.
    fn is_value(&self, token: Token, (block, key): (&str, &str)) -> bool {
        let row = keys(block).iter().find(|row| row.name == key);
        if row.is_some_and(|row| row.words.contains(&token.text(self.text))) {
            return true;
        }
        let Some(&symbol) = self.file.get(&self.canonical(token)) else {
            return !is_builtin(&self.canonical(token));
        };
        let is_function = self.outline.symbols[symbol].kind == SymbolKind::Function;
        is_function && !row.is_some_and(|row| row.functions)
    }
}

/// The tokens of the indices of each bracket that is a sum or product, by the bracket.
fn comprehensions(text: &str, tokens: &[Token], from: usize) -> HashMap<usize, Vec<usize>> {
    let mut found: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut open: Vec<usize> = Vec::new();
    let names = |at: usize| tokens.get(at).is_some_and(|token| is_name(text, *token));
    for (place, token) in tokens.iter().enumerate().skip(from) {
        match (token.kind, token.text(text)) {
            (TokenKind::Open, _) => open.push(place),
            (TokenKind::Close, _) => drop(open.pop()),
            (_, "for") if names(place + 1) => {
                if let Some(&bracket) = open.last() {
                    found.entry(bracket).or_default().push(place + 1);
                }
            }
            (_, ",") if names(place + 1) => {
                let next = tokens.get(place + 2).map_or("", |token| token.text(text));
                let known = open.last().and_then(|bracket| found.get_mut(bracket));
                if let (Some(indices), "in") = (known, next) {
                    indices.push(place + 1);
                }
            }
            _ => {}
        }
    }
    found
}
