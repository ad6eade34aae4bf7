//! Long lines as far as messages show them: what is near the places that are spoken of.

use std::ops::Range;

use crate::source::Span;

/// Bytes of a line that is shown whole.
const LONGEST: usize = 400;
/// Bytes that are shown before and after each end of a place in a longer one.
const NEAR: usize = 60;
/// What stands for what is left out.
const LEFT_OUT: &str = " ... ";

/// A text with as many lines, of which the long ones are cut.
pub(super) struct Excerpt {
    pub text: String,
    /// What was kept of lines that were cut, and all other lines: ranges of the text, and where each
    /// begins in the excerpt. In order.
    kept: Vec<(Range<usize>, usize)>,
}

impl Excerpt {
    /// The excerpt around these places of a text; `None` where it has none on a long line.
    pub fn of(text: &str, spans: &[Span]) -> Option<Excerpt> {
        let ends = spans.iter().flat_map(|span| [span.start, span.end]);
        let mut ends: Vec<usize> = ends.map(|end| (end as usize).min(text.len())).collect();
        ends.sort_unstable();
        let is_long = |&end: &usize| {
            let in_line = |byte: &u8| *byte != b'\n';
            let (before, after) = text.as_bytes().split_at(end);
            let before = before
                .iter()
                .rev()
                .take(LONGEST + 1)
                .take_while(|b| in_line(b));
            let after = after.iter().take(LONGEST + 1).take_while(|b| in_line(b));
            before.count() + after.count() > LONGEST
        };
        // Places are at boundaries of characters; what is not would be a mistake elsewhere.
        if !ends.iter().all(|&end| text.is_char_boundary(end)) || !ends.iter().any(is_long) {
            return None;
        }
        let mut excerpt = Excerpt {
            text: String::new(),
            kept: Vec::new(),
        };
        let (mut begin, mut next) = (0, ends.as_slice());
        for line in text.split_inclusive('\n') {
            let whole = begin..begin + line.len();
            let here = next.partition_point(|&end| end < whole.end || whole.end == text.len());
            let (own, rest) = next.split_at(here);
            if line.len() <= LONGEST + 1 {
                excerpt.keep(text, whole.clone());
            } else {
                excerpt.cut(text, whole.clone(), own);
            }
            (begin, next) = (whole.end, rest);
        }
        Some(excerpt)
    }

    fn keep(&mut self, text: &str, range: Range<usize>) {
        self.text.push_str(&text[range.clone()]);
        match self.kept.last_mut() {
            Some((last, _)) if last.end == range.start => last.end = range.end,
            _ => self
                .kept
                .push((range.clone(), self.text.len() - range.len())),
        }
    }

    /// Keeps of a line what is near these places.
    fn cut(&mut self, text: &str, line: Range<usize>, places: &[usize]) {
        let end = line.end - usize::from(text[line.clone()].ends_with('\n'));
        let mut parts: Vec<Range<usize>> = Vec::new();
        for &place in places {
            let from = text.floor_char_boundary(place.saturating_sub(NEAR).max(line.start));
            let to = text.ceil_char_boundary((place + NEAR).min(end));
            match parts.last_mut() {
                Some(last) if from <= last.end => last.end = to.max(last.end),
                _ => parts.push(from..to),
            }
        }
        let mut at = line.start;
        for part in parts {
            if at < part.start {
                self.text.push_str(LEFT_OUT);
            }
            at = part.end;
            self.keep(text, part);
        }
        if at < end {
            self.text.push_str(LEFT_OUT);
        }
        self.keep(text, end..line.end);
    }

    /// Where a byte of the text is in the excerpt.
    pub fn place(&self, byte: usize) -> usize {
        let after = self.kept.partition_point(|(range, _)| range.start <= byte);
        let Some((range, begin)) = after.checked_sub(1).and_then(|at| self.kept.get(at)) else {
            return 0;
        };
        begin + byte.min(range.end) - range.start
    }
}
