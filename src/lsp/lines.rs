//! Places in a text as editors count them: lines from 0, columns in UTF-16 units.

use lsp_types::{Position, Range};

/// Where the lines of a text begin.
#[derive(Clone, PartialEq, Debug)]
pub struct Lines {
    starts: Vec<usize>,
    /// Of each line, whether all of its characters are ASCII, so that a column is a byte.
    plain: Vec<bool>,
}

impl Lines {
    /// The lines of a text, which end with `\n`, `\r\n` or `\r`.
    pub fn of(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|&(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1));
        let starts: Vec<usize> = starts.collect();
        let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
        let plain = starts.iter().zip(ends);
        let plain = plain.map(|(&start, end)| bytes[start..end].is_ascii());
        Lines {
            plain: plain.collect(),
            starts,
        }
    }

    /// The place of a byte of that text.
    pub fn position(&self, text: &str, byte: usize) -> Position {
        let byte = byte.min(text.len());
        let line = self.starts.partition_point(|start| *start <= byte) - 1;
        let character = match self.plain[line] {
            true => byte - self.starts[line],
            false => {
                let before = text.get(self.starts[line]..byte).unwrap_or("");
                before.chars().map(char::len_utf16).sum()
            }
        };
        Position {
            line: line as u32,
            character: character as u32,
        }
    }

    /// The byte at a place of that text. A column beyond the end of its line is its end, a line
    /// beyond the last is the end of the text, and inside a character is its beginning.
    pub fn byte(&self, text: &str, position: Position) -> usize {
        let Some(&start) = self.starts.get(position.line as usize) else {
            return text.len();
        };
        let next = self.starts.get(position.line as usize + 1);
        let line = text.get(start..next.copied().unwrap_or(text.len()));
        let line = line.unwrap_or("").trim_end_matches(['\n', '\r']);
        if self.plain[position.line as usize] {
            return start + line.len().min(position.character as usize);
        }
        let mut column = 0;
        for (at, c) in line.char_indices() {
            column += c.len_utf16() as u32;
            if column > position.character {
                return start + at;
            }
        }
        start + line.len()
    }

    /// The places of a range of bytes.
    pub fn range(&self, text: &str, range: &std::ops::Range<usize>) -> Range {
        Range {
            start: self.position(text, range.start),
            end: self.position(text, range.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Position};

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn columns_are_utf16_units_both_ways() {
        let text = "ε = 1 # 😀!\r\nb\rc\n";
        let lines = Lines::of(text);
        let smile = text.find('😀').unwrap();
        assert_eq!(lines.position(text, smile), at(0, 8));
        assert_eq!(lines.position(text, smile + 4), at(0, 10));
        assert_eq!(lines.byte(text, at(0, 10)), smile + 4);
        assert_eq!(lines.byte(text, at(0, 9)), smile);
        assert_eq!(lines.byte(text, at(0, 1)), 2);
        assert_eq!(lines.position(text, text.find('b').unwrap()), at(1, 0));
        assert_eq!(lines.position(text, text.find('c').unwrap()), at(2, 0));
        assert_eq!(lines.position(text, text.len()), at(3, 0));
        // Beyond the end of a line, and of the text.
        assert_eq!(lines.byte(text, at(0, 99)), text.find('\r').unwrap());
        assert_eq!(lines.byte(text, at(9, 9)), text.len());
        for (byte, _) in text.char_indices() {
            let place = lines.position(text, byte);
            if !text[byte..].starts_with('\n') {
                assert_eq!(lines.byte(text, place), byte, "{place:?}");
            }
        }
    }
}
