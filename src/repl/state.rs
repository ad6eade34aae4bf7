//! What a session knows: its definitions and what was set. Equal states answer alike.

use super::input::{Definition, Key};
use super::show;
use super::weave::{Bit, Input, Weave};
use crate::check::{Loaded, Meaning, Program};
use crate::source::{SourceId, Sources};
use crate::symbols::DefinitionKind;
use crate::syntax::{TokenKind, format, lex};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The name of the last value.
pub(super) const ANSWER: &str = "ans";

/// What a session knows.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct State {
    pub(super) pieces: Vec<Piece>,
    /// Parameters with other values than their definitions give.
    pub(super) set: Vec<(String, f64)>,
    /// The last value.
    pub(super) answer: Option<Meaning>,
    /// The program that was opened last: the folder of what is imported.
    pub(super) home: Option<String>,
    /// What was read for imports.
    pub(super) read: BTreeMap<String, Loaded>,
    /// The last file that was read or written, and the program in it.
    pub(super) saved: Option<(String, String)>,
    /// The functions that were learned: none of them is the potential unless it is named.
    pub(super) learned: Vec<String>,
    /// What the last of them was learned of.
    pub(super) learned_of: Option<String>,
    /// The potential, if it was chosen by name.
    pub(super) chosen: Option<String>,
    /// Whether the time of each input is told.
    pub(super) timing: bool,
}

/// A definition.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Piece {
    pub key: Key,
    pub kind: DefinitionKind,
    pub bits: Vec<Bit>,
    above: String,
    beside: String,
}

/// A state that was checked.
#[derive(Debug)]
pub(super) struct Built {
    pub sources: Sources,
    pub root: SourceId,
    pub program: Program,
}

impl Piece {
    /// A definition of an input, in which `answer` stands for the last value.
    pub fn of(input: &Arc<Input>, definition: &Definition, answer: Option<&Meaning>) -> Piece {
        let mut bits = Vec::new();
        for range in &definition.ranges {
            bits.extend(with_answer(input, range.clone(), answer));
        }
        if let [_, name] = &definition.ranges[..] {
            bits.push(Bit::instead(input, name.end..name.end, ")"));
        }
        Piece {
            key: definition.key.clone(),
            kind: definition.kind.clone(),
            bits,
            above: definition.above.clone(),
            beside: definition.beside.clone(),
        }
    }

    /// A line that is no definition, as it is: the checker says so.
    pub fn raw(input: &Arc<Input>, range: Range<usize>) -> Piece {
        Piece {
            key: Key::Name(String::new()),
            kind: DefinitionKind::Other,
            bits: vec![Bit::of(input, range)],
            above: String::new(),
            beside: String::new(),
        }
    }

    /// The name that it gives, if it gives one.
    pub fn name(&self) -> Option<&str> {
        match &self.key {
            Key::Name(name) => Some(name),
            Key::Block(_) => None,
        }
    }

    /// The definition as text of the language.
    pub fn text(&self) -> String {
        self.bits.iter().map(Bit::text).collect()
    }

    pub fn is_import(&self) -> bool {
        matches!(self.kind, DefinitionKind::Import(_))
    }
}

/// A part of an input, in which `answer` stands for the last value.
pub(super) fn with_answer(
    input: &Arc<Input>,
    range: Range<usize>,
    answer: Option<&Meaning>,
) -> Vec<Bit> {
    let text = &input.text[range.clone()];
    let Some(answer) = answer.filter(|_| text.contains(ANSWER)) else {
        return vec![Bit::of(input, range)];
    };
    let (mut bits, mut start) = (Vec::new(), range.start);
    for token in lex(text).tokens {
        if token.kind == TokenKind::Name && token.text(text) == ANSWER {
            let here = range.start + token.start as usize..range.start + token.end as usize;
            bits.push(Bit::of(input, start..here.start));
            start = here.end;
            bits.push(Bit::instead(input, here, show::literal(answer)));
        }
    }
    bits.push(Bit::of(input, start..range.end));
    bits
}

impl State {
    /// Puts a definition in the place of the one of its key, or at the end; whether there was one.
    pub(super) fn put(&mut self, mut piece: Piece) -> bool {
        match self.pieces.iter_mut().find(|known| known.key == piece.key) {
            Some(known) => {
                if piece.above.trim().is_empty() {
                    piece.above = std::mem::take(&mut known.above);
                }
                *known = piece;
                true
            }
            None => {
                self.pieces.push(piece);
                false
            }
        }
    }

    /// All definitions but those of a run block that another takes the place of.
    pub(super) fn weave(&self, without: Option<&str>) -> Weave {
        let mut weave = Weave::default();
        for piece in &self.pieces {
            if without.is_some_and(|name| piece.key == Key::Block(name.to_owned())) {
                continue;
            }
            piece.bits.iter().for_each(|bit| weave.push(bit));
            weave.end_line();
        }
        weave
    }

    /// The definitions as a program, with their comments.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut pieces = self.pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            out.push_str(&piece.above);
            out.push_str(piece.text().trim_end());
            // Each name of an import is a definition of its own here.
            while piece.is_import()
                && let Some(next) = pieces.next_if(|next| {
                    next.above.is_empty() && next.bits[0].text() == piece.bits[0].text()
                })
                && out.pop().is_some()
            {
                let name: String = next.bits[1..].iter().map(Bit::text).collect();
                out.push_str(", ");
                out.push_str(&name);
            }
            if !piece.beside.is_empty() {
                out.push_str("  ");
                out.push_str(&piece.beside);
            }
            out.push('\n');
        }
        format(&out).unwrap_or(out)
    }

    /// The last value, which `ans` stands for, if there is one.
    pub fn answer(&self) -> Option<&Meaning> {
        self.answer.as_ref()
    }

    /// The parameters with other values than their definitions give.
    pub fn set(&self) -> &[(String, f64)] {
        &self.set
    }

    /// What is defined or imported, in order.
    pub fn names(&self) -> Vec<&str> {
        self.pieces.iter().filter_map(Piece::name).collect()
    }

    /// What `ans` stands for: nothing where the program defines a name like that.
    pub(super) fn last(&self) -> Option<&Meaning> {
        let own = self.names().contains(&ANSWER);
        self.answer.as_ref().filter(|_| !own)
    }

    /// The values of parameters as the checker wants them.
    pub(super) fn set_values(&self) -> Vec<(&str, f64)> {
        self.set.iter().map(|(n, v)| (n.as_str(), *v)).collect()
    }

    /// The function that commands are about where none is named: what the program takes for its
    /// potential, but nothing that was learned.
    pub(super) fn potential(&self, program: &Program) -> Option<String> {
        let functions = program.functions();
        let chosen = self.chosen.as_ref();
        if let Some(chosen) = chosen.filter(|c| functions.iter().any(|(name, _)| name == c)) {
            return Some(chosen.clone());
        }
        let own = functions.iter().map(|(name, _)| *name);
        let own: Vec<&str> = own
            .filter(|name| !self.learned.iter().any(|learned| learned == name))
            .collect();
        let named = ["V", "U"].into_iter().find(|name| own.contains(name));
        let only = match own[..] {
            [only] => Some(only),
            _ => None,
        };
        named.or(only).map(str::to_owned)
    }
}
