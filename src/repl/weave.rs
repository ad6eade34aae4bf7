//! One program woven of pieces that were typed one by one, and the way back: a message about the
//! program becomes one about the lines that were typed.

use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Sources, Span};
use std::ops::Range;
use std::sync::Arc;

/// Something that was typed or read, and what messages call it.
#[derive(PartialEq, Debug)]
pub(super) struct Input {
    pub name: String,
    pub text: String,
}

/// A piece of program text, and what was typed for it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Bit {
    pub input: Arc<Input>,
    pub range: Range<usize>,
    /// What stands for it in the program, where that is not what was typed.
    pub instead: Option<String>,
}

impl Bit {
    /// What was typed.
    pub fn of(input: &Arc<Input>, range: Range<usize>) -> Bit {
        Bit {
            input: Arc::clone(input),
            range,
            instead: None,
        }
    }

    /// What stands for it.
    pub fn instead(input: &Arc<Input>, range: Range<usize>, text: impl Into<String>) -> Bit {
        Bit {
            instead: Some(text.into()),
            ..Bit::of(input, range)
        }
    }

    pub fn text(&self) -> &str {
        match &self.instead {
            Some(text) => text,
            None => &self.input.text[self.range.clone()],
        }
    }
}

/// A program text and where each part of it comes from.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Weave {
    pub text: String,
    bits: Vec<(usize, Bit)>,
}

impl Weave {
    pub fn push(&mut self, bit: &Bit) {
        self.bits.push((self.text.len(), bit.clone()));
        self.text.push_str(bit.text());
    }

    /// Ends a definition.
    pub fn end_line(&mut self) {
        self.text.push('\n');
    }

    /// What was typed for a byte of the program.
    fn origin(&self, at: usize) -> Option<(&Bit, usize)> {
        let after = self.bits.partition_point(|(start, _)| *start <= at);
        let (start, bit) = self.bits.get(after.checked_sub(1)?)?;
        Some((bit, at - start))
    }

    /// What was typed for a range of the program.
    fn typed(&self, range: Range<usize>) -> Option<(&Arc<Input>, Range<usize>)> {
        let (first, into) = self.origin(range.start)?;
        let start = match first.instead {
            Some(_) => first.range.start,
            None => (first.range.start + into).min(first.range.end),
        };
        // The end is the one after the last byte, which may be of another piece.
        let (last, into) = match range.end.checked_sub(1).filter(|at| *at >= range.start) {
            Some(last) => self.origin(last).map(|(bit, into)| (bit, into + 1))?,
            None => (first, into),
        };
        let end = match last.instead {
            Some(_) => last.range.end,
            None => (last.range.start + into).min(last.range.end),
        };
        let same = Arc::ptr_eq(&first.input, &last.input) && end >= start;
        let end = if same { end } else { first.range.end };
        Some((&first.input, start..end.max(start)))
    }
}

/// The texts that the messages of one evaluation point into.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub sources: Sources,
}

impl Shown {
    /// Diagnostics of a woven program, whose root has that id, as diagnostics of what was typed.
    pub fn adopt(
        &mut self,
        mut diagnostics: Vec<Diagnostic>,
        from: &Sources,
        root: SourceId,
        weave: &Weave,
    ) -> Vec<Diagnostic> {
        for diagnostic in &mut diagnostics {
            for label in &mut diagnostic.labels {
                let span = label.span;
                label.span = match (span.source == root).then(|| weave.typed(span.range())) {
                    Some(Some((input, range))) => self.span(input, range),
                    _ => {
                        let file = from.get(span.source);
                        let source = self.source(&file.name, &file.text);
                        Span { source, ..span }
                    }
                };
            }
        }
        diagnostics
    }

    /// A place in what was typed.
    pub fn span(&mut self, input: &Input, range: Range<usize>) -> Span {
        let source = self.source(&input.name, &input.text);
        Span::new(source, range.start, range.end)
    }

    fn source(&mut self, name: &str, text: &str) -> SourceId {
        let mut called = name.to_owned();
        // Whoever shows them finds them by their names.
        loop {
            let mut known = self.sources.iter();
            match known.find(|(_, file)| file.name == called) {
                Some((id, file)) if file.text == text => return id,
                Some(_) => called.push('\''),
                None => break,
            }
        }
        self.sources.add(called, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_what_was_typed() {
        let input = Arc::new(Input {
            name: "input 1".to_owned(),
            text: "a*ans + 2".to_owned(),
        });
        let mut weave = Weave::default();
        weave.push(&Bit::instead(&input, 0..0, "value = "));
        weave.push(&Bit::of(&input, 0..2));
        weave.push(&Bit::instead(&input, 2..5, "(0.25)"));
        weave.push(&Bit::of(&input, 5..9));
        weave.end_line();
        assert_eq!(weave.text, "value = a*(0.25) + 2\n");
        let back = |range: Range<usize>| weave.typed(range).unwrap().1;
        assert_eq!(back(8..9), 0..1);
        assert_eq!(back(11..13), 2..5);
        assert_eq!(back(8..20), 0..9);
        assert_eq!(back(0..5), 0..0);
        assert_eq!(back(19..19), 8..8);
        assert_eq!(back(20..21), 9..9);
    }
}
