//! Axes of characters: where they leave room, and their ticks.

use super::cells::{Cells, shown};
use super::{Size, Style};
use crate::report::plot::Axis;

/// The least room inside of axes that is worth having them.
const LEAST: usize = 6;

/// Where a picture is on the sheet, and its axes.
pub(super) struct Frame {
    pub x: Axis,
    pub y: Axis,
    /// The first column inside.
    pub left: usize,
    /// The first row inside.
    pub top: usize,
    pub columns: usize,
    pub rows: usize,
    /// Numbers at the vertical axis.
    numbers: bool,
    /// The row of the axis below, of its numbers and of its name, as far as there are such.
    below: usize,
    style: Style,
}

impl Frame {
    /// A frame below `above` lines, with `beside` columns free on its right, as far as there is
    /// room: numbers are the first to go.
    pub fn new(x: &Axis, y: &Axis, size: Size, above: usize, beside: usize, style: Style) -> Frame {
        let above = if size.rows >= above + 3 { above } else { 0 };
        let below = match size.rows.saturating_sub(above) {
            0..=3 => 0,
            4..=9 => 2,
            _ => 3,
        };
        let rows = size.rows.saturating_sub(above + below);
        let y = ticked(y, (rows as f64 / 4.0).clamp(2.0, 9.0));
        let widest = |axis: &Axis| {
            let ticks = axis.ticks().into_iter();
            let written = ticks.map(|tick| shown(&axis.tick(tick), style).chars().count());
            written.max().unwrap_or(0)
        };
        let numbers = widest(&y) + 1;
        let has_numbers = size.columns >= numbers + 1 + LEAST + beside;
        let left = if has_numbers { numbers + 1 } else { 1 };
        let columns = size.columns.saturating_sub(left + beside);
        // Numbers of the axis below need their width and a gap.
        let mut x = ticked(x, (columns as f64 / 12.0).clamp(2.0, 9.0));
        for _ in 0..12 {
            let count = x.ticks().len();
            if count <= 2 || count * (widest(&x) + 2) <= columns + 4 {
                break;
            }
            x = match x.angle {
                true => Axis {
                    step: 2.0 * x.step,
                    ..x
                },
                false => ticked(&x, 0.6 * (x.hi - x.lo) / x.step),
            };
        }
        Frame {
            x,
            y,
            left,
            top: above,
            columns,
            rows,
            numbers: has_numbers,
            below,
            style,
        }
    }

    /// Narrower, to so many columns.
    pub fn narrowed(mut self, columns: usize) -> Frame {
        self.columns = self.columns.min(columns);
        self
    }

    /// The share of the way along the horizontal axis, 0 to 1 inside.
    pub fn across(&self, x: f64) -> f64 {
        share(x, &self.x)
    }

    /// The share of the way down, 0 to 1 inside.
    pub fn down(&self, y: f64) -> f64 {
        1.0 - share(y, &self.y)
    }

    /// The place on the horizontal axis at a share of the way.
    pub fn x_at(&self, share: f64) -> f64 {
        self.x.lo + share * (self.x.hi - self.x.lo)
    }

    /// The place on the vertical axis at a share of the way down.
    pub fn y_at(&self, share: f64) -> f64 {
        self.y.hi - share * (self.y.hi - self.y.lo)
    }

    /// The axes, ticks and their numbers; `open` says whether there is nothing at a place along the
    /// horizontal axis, which is drawn thinner there.
    pub fn draw(&self, cells: &mut Cells, open: impl Fn(f64) -> bool) {
        let unicode = self.style.unicode;
        let glyph = |unicode_glyph: char, ascii: char| if unicode { unicode_glyph } else { ascii };
        for row in 0..self.rows {
            cells.glyph(self.left - 1, self.top + row, glyph('│', '|'), None);
        }
        for tick in self.y.ticks() {
            let Some(row) = inside(self.down(tick), self.rows) else {
                continue;
            };
            cells.glyph(self.left - 1, self.top + row, glyph('┤', '+'), None);
            let written = shown(&self.y.tick(tick), self.style);
            let length = written.chars().count();
            if self.numbers && self.left >= length + 2 {
                cells.text(self.left - 2 - length, self.top + row, &written, None);
            }
        }
        if self.below == 0 {
            return;
        }
        let axis = self.top + self.rows;
        cells.glyph(self.left - 1, axis, glyph('└', '+'), None);
        for column in 0..self.columns {
            let at = self.x_at((column as f64 + 0.5) / self.columns as f64);
            let line = match open(at) {
                true => glyph('┄', '.'),
                false => glyph('─', '-'),
            };
            cells.glyph(self.left + column, axis, line, None);
        }
        let name = shown(&self.x.label, self.style);
        let length = name.chars().count();
        if self.below == 2 && length > 0 && length + 4 < self.columns {
            cells.text(self.left + self.columns - length, axis + 1, &name, None);
        }
        for tick in self.x.ticks() {
            let Some(column) = inside(self.across(tick), self.columns) else {
                continue;
            };
            cells.glyph(self.left + column, axis, glyph('┬', '+'), None);
            let written = shown(&self.x.tick(tick), self.style);
            let length = written.chars().count();
            let end = self.left + self.columns;
            let begin = (self.left + column).saturating_sub(length / 2);
            let begin = begin.min(end.saturating_sub(length));
            if cells.is_free(begin, axis + 1, length) {
                cells.text(begin, axis + 1, &written, None);
            }
        }
        if self.below == 3 {
            let begin = self.left + self.columns.saturating_sub(length) / 2;
            cells.text(begin, axis + 2, &name, None);
        }
    }
}

/// The same axis with about so many ticks.
fn ticked(axis: &Axis, ticks: f64) -> Axis {
    if axis.angle {
        return axis.clone();
    }
    Axis::new(axis.label.clone(), axis.lo, axis.hi, ticks.max(1.0))
}

fn share(value: f64, axis: &Axis) -> f64 {
    (value - axis.lo) / (axis.hi - axis.lo)
}

/// The part, of so many, in which a share of the whole lies; both ends are inside.
pub(super) fn inside(share: f64, parts: usize) -> Option<usize> {
    const CLOSE: f64 = 1e-9;
    if !(-CLOSE..=1.0 + CLOSE).contains(&share) || parts == 0 {
        return None;
    }
    Some(((share * parts as f64) as usize).min(parts - 1))
}
