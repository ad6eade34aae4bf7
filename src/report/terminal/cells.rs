//! A sheet of characters.

use super::Style;
use std::fmt::Write;

/// A colour of the 256 of a terminal.
pub(super) type Colour = u8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    pub glyph: char,
    pub fore: Option<Colour>,
    pub back: Option<Colour>,
}

const BLANK: Cell = Cell {
    glyph: ' ',
    fore: None,
    back: None,
};

/// Characters in rows, blank at first; what is put outside is lost.
pub(super) struct Cells {
    columns: usize,
    cells: Vec<Cell>,
    rows: usize,
}

impl Cells {
    pub fn new(columns: usize, rows: usize) -> Cells {
        Cells {
            columns,
            cells: vec![BLANK; columns * rows],
            rows,
        }
    }

    pub fn put(&mut self, column: usize, row: usize, cell: Cell) {
        if column < self.columns && row < self.rows {
            self.cells[row * self.columns + column] = cell;
        }
    }

    pub fn glyph(&mut self, column: usize, row: usize, glyph: char, fore: Option<Colour>) {
        let back = None;
        self.put(column, row, Cell { glyph, fore, back });
    }

    pub fn text(&mut self, column: usize, row: usize, text: &str, fore: Option<Colour>) {
        for (at, glyph) in text.chars().enumerate() {
            self.glyph(column + at, row, glyph, fore);
        }
    }

    /// Whether cells from `column` on are blank, and the one before and after them.
    pub fn is_free(&self, column: usize, row: usize, length: usize) -> bool {
        let (first, end) = (column.saturating_sub(1), column + length + 1);
        row < self.rows
            && column + length <= self.columns
            && (first..end.min(self.columns)).all(|at| self.cells[row * self.columns + at] == BLANK)
    }

    /// All lines, each ended.
    pub fn write(&self, style: Style) -> String {
        let mut out = String::new();
        for row in 0..self.rows {
            let line = &self.cells[row * self.columns..(row + 1) * self.columns];
            let length = line
                .iter()
                .rposition(|cell| *cell != BLANK)
                .map_or(0, |at| at + 1);
            let mut now = (None, None);
            for cell in &line[..length] {
                if style.colour {
                    switch(&mut out, &mut now, (cell.fore, cell.back));
                }
                out.push(cell.glyph);
            }
            switch(&mut out, &mut now, (None, None));
            out.push('\n');
        }
        out
    }
}

type Colours = (Option<Colour>, Option<Colour>);

fn switch(out: &mut String, now: &mut Colours, to: Colours) {
    if *now == to {
        return;
    }
    // Writing to a string does not fail.
    let _ = match to {
        (None, None) => write!(out, "\x1b[0m"),
        (Some(fore), None) => write!(out, "\x1b[0;38;5;{fore}m"),
        (None, Some(back)) => write!(out, "\x1b[0;48;5;{back}m"),
        (Some(fore), Some(back)) => write!(out, "\x1b[0;38;5;{fore};48;5;{back}m"),
    };
    *now = to;
}

/// Text that stands in cells: without control characters, and in ASCII where nothing else is shown.
pub(super) fn shown(text: &str, style: Style) -> String {
    let mut out = String::new();
    let mut raised = false;
    for c in text.chars() {
        let power = superscript(c);
        match (c, power) {
            (c, _) if c.is_control() => out.push(' '),
            // A space that is thinner than a cell.
            ('\u{2009}', _) => out.push(' '),
            (c, _) if c.is_ascii() || style.unicode => out.push(c),
            ('\u{2212}' | '\u{2013}', _) => out.push('-'),
            ('π', _) => out.push_str("pi"),
            ('±', _) => out.push_str("+-"),
            ('×', _) => out.push('x'),
            ('∂', _) => out.push('d'),
            ('′', _) => out.push('\''),
            (_, Some(digit)) => {
                if !raised {
                    out.push('^');
                }
                out.push(digit);
            }
            _ => out.push('?'),
        }
        raised = power.is_some();
    }
    out
}

fn superscript(c: char) -> Option<char> {
    let at = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".chars().position(|digit| digit == c)?;
    "0123456789-".chars().nth(at)
}

/// The colour of the 256 that is nearest to red, green and blue.
pub(super) fn nearest(rgb: [u8; 3]) -> Colour {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let apart = |to: [u8; 3]| -> u32 {
        let parts = rgb.iter().zip(to);
        parts.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let step = |part: u8| {
        (0..6)
            .min_by_key(|&at: &usize| STEPS[at].abs_diff(part))
            .unwrap_or(0)
    };
    let cube = rgb.map(step);
    let grey = (0..24u8)
        .min_by_key(|k| apart([8 + 10 * k; 3]))
        .unwrap_or(0);
    match apart([8 + 10 * grey; 3]) < apart(cube.map(|at| STEPS[at])) {
        true => 232 + grey,
        false => (16 + 36 * cube[0] + 6 * cube[1] + cube[2]) as u8,
    }
}
