//! Curves in characters.

use super::cells::{Cell, Cells, Colour, shown};
use super::frame::Frame;
use super::{Size, Style};
use crate::report::plot::{Layer, Panel};

/// Colours of curves, from the back: the own one of the terminal, then hues that colour-blind
/// readers tell apart, of a lightness that shows on dark and on light ground.
const COLOURS: [Option<Colour>; 5] = [None, Some(33), Some(208), Some(35), Some(170)];
/// What curves are drawn with where colours do not tell them apart, the first one finer.
const MARKS: [char; 5] = ['.', 'o', 'x', '+', '#'];

/// The parts of a character that curves fill: dots of Braille, or the places of a line in it.
#[derive(Clone, Copy)]
struct Grain {
    across: usize,
    down: usize,
}

/// A panel of curves with its axes; the same text for the same panel.
///
/// Several curves are told apart by colour, or else each but the first by a letter of its own.
pub fn panel(panel: &Panel, size: Size, style: Style) -> String {
    let mut cells = Cells::new(size.columns, size.rows);
    let frame = Frame::new(&panel.x, &panel.y, size, heading_rows(panel), 0, style);
    if frame.columns > 0 && frame.rows > 0 && size.columns > 0 {
        for (number, layer) in panel.layers.iter().enumerate() {
            curve(&mut cells, &frame, layer, kind(panel, number), style);
        }
        let open = |x: f64| panel.shaded.iter().any(|[lo, hi]| (*lo..=*hi).contains(&x));
        frame.draw(&mut cells, open);
    }
    if frame.top > 0 {
        heading(&mut cells, panel, size, style);
    }
    cells.write(style)
}

/// The place of a layer among those that are told apart: layers without a name belong to the
/// furniture, and look like the first.
fn kind(panel: &Panel, number: usize) -> usize {
    let before = panel.layers[..number].iter();
    let named = before.filter(|layer| layer.label().is_some()).count();
    match panel.layers[number].label() {
        Some(_) => named % MARKS.len(),
        None => 0,
    }
}

fn heading_rows(panel: &Panel) -> usize {
    let named = panel.layers.iter().filter(|l| l.label().is_some()).count();
    usize::from(!panel.title.is_empty() || !panel.y.label.is_empty() || named > 0)
}

/// The name of the vertical axis on the left, the legend on the right, and the title between them
/// where there is room.
fn heading(cells: &mut Cells, panel: &Panel, size: Size, style: Style) {
    let name = shown(&panel.y.label, style);
    let title = shown(&panel.title, style);
    let (name, title) = match name.is_empty() {
        true => (title, String::new()),
        false => (name, title),
    };
    cells.text(0, 0, &name, None);
    let mut taken = name.chars().count();
    let named: Vec<(usize, String)> = (0..panel.layers.len())
        .filter_map(|number| {
            let label = panel.layers[number].label()?;
            Some((kind(panel, number), shown(label, style)))
        })
        .collect();
    let entries = if named.len() > 1 || name.is_empty() {
        &named[..]
    } else {
        &[]
    };
    let length = |label: &str| label.chars().count() + 5;
    let total: usize = entries.iter().map(|(_, label)| length(label)).sum();
    let mut end = size.columns;
    if total > 0 && taken + total <= size.columns {
        let mut at = size.columns + 2 - total;
        end = at.saturating_sub(1);
        for (kind, label) in entries {
            let colour = COLOURS[*kind].filter(|_| style.colour);
            let sample = sample(*kind, style);
            cells.text(at, 0, &sample, colour);
            cells.text(at + 3, 0, label, colour);
            at += length(label);
        }
    }
    let wide = title.chars().count();
    taken += 2;
    if wide > 0 && taken + wide + 1 < end {
        cells.text(taken + (end - taken - wide) / 2, 0, &title, None);
    }
}

/// What a curve looks like in the legend.
fn sample(kind: usize, style: Style) -> String {
    let glyph = match (kind == 0 || style.colour, style.unicode) {
        (true, true) => '⠒',
        (true, false) if kind == 0 => '-',
        _ => MARKS[kind],
    };
    [glyph; 2].iter().collect()
}

fn curve(cells: &mut Cells, frame: &Frame, layer: &Layer, kind: usize, style: Style) {
    let grain = match (kind == 0 || style.colour, style.unicode) {
        (true, true) => Grain { across: 2, down: 4 },
        (true, false) if kind == 0 => Grain { across: 1, down: 3 },
        _ => Grain { across: 1, down: 1 },
    };
    let mut dots = Dots::new(frame, grain);
    match layer {
        Layer::Line { x, y, .. } => dots.line(frame, x, y),
        Layer::Band {
            x, lower, upper, ..
        } => dots.band(frame, x, lower, upper),
        // No picture in characters has marks.
        Layer::Marks { .. } => {}
    }
    let colour = COLOURS[kind].filter(|_| style.colour);
    for row in 0..frame.rows {
        for column in 0..frame.columns {
            let glyph = match (dots.mask(column, row), grain.down) {
                (0, _) => continue,
                (mask, 4) => braille(mask),
                (mask, 3) => thirds(mask),
                _ => MARKS[kind],
            };
            let (column, row) = (frame.left + column, frame.top + row);
            cells.put(
                column,
                row,
                Cell {
                    glyph,
                    fore: colour,
                    back: None,
                },
            );
        }
    }
}

/// Which parts of the characters of a frame a curve fills.
struct Dots {
    grain: Grain,
    across: usize,
    down: usize,
    set: Vec<bool>,
}

impl Dots {
    fn new(frame: &Frame, grain: Grain) -> Dots {
        let (across, down) = (frame.columns * grain.across, frame.rows * grain.down);
        Dots {
            grain,
            across,
            down,
            set: vec![false; across * down],
        }
    }

    /// Fills a column of dots between two heights, counted in dots from above.
    fn fill(&mut self, column: usize, a: f64, b: f64) {
        let (upper, lower) = (a.min(b), a.max(b));
        let last = self.down as f64 - 1.0;
        if column >= self.across || lower < 0.0 || upper > self.down as f64 {
            return;
        }
        let (first, last) = (
            upper.floor().clamp(0.0, last),
            lower.floor().clamp(0.0, last),
        );
        for row in first as usize..=last as usize {
            self.set[row * self.across + column] = true;
        }
    }

    /// Points in dots, from the upper left corner.
    fn placed(&self, frame: &Frame, x: f64, y: f64) -> [f64; 2] {
        let close = |share: f64| {
            // What is at an end of an axis is inside, whatever rounding says.
            if (share - 1.0).abs() < 1e-9 {
                1.0 - 1e-9
            } else {
                share
            }
        };
        let (across, down) = (close(frame.across(x)), close(frame.down(y)));
        [across * self.across as f64, down * self.down as f64]
    }

    /// Columns of dots from one abscissa to another, as far as they are inside.
    fn columns(&self, from: f64, to: f64) -> std::ops::Range<usize> {
        let end = self.across as f64;
        if !(to >= 0.0 && from < end) {
            return 0..0;
        }
        from.max(0.0) as usize..(to.min(end - 1.0) as usize) + 1
    }

    fn line(&mut self, frame: &Frame, x: &[f64], y: &[f64]) {
        let mut last: Option<[f64; 2]> = None;
        for (x, y) in x.iter().zip(y) {
            let point = self.placed(frame, *x, *y);
            if !point.iter().all(|part| part.is_finite()) {
                last = None;
                continue;
            }
            self.stretch(last.unwrap_or(point), point);
            last = Some(point);
        }
    }

    /// A straight line: in each column of dots all that it passes.
    fn stretch(&mut self, a: [f64; 2], b: [f64; 2]) {
        let (a, b) = if a[0] <= b[0] { (a, b) } else { (b, a) };
        let down = self.down as f64;
        // From beyond one end to beyond the other between two points: that is no line but a pole.
        let leaps = |p: [f64; 2], q: [f64; 2]| p[1] < 0.0 && q[1] > down;
        if leaps(a, b) || leaps(b, a) {
            return;
        }
        let slope = match b[0] > a[0] {
            true => (b[1] - a[1]) / (b[0] - a[0]),
            false => 0.0,
        };
        let height = |at: f64| match at {
            at if at <= a[0] => a[1],
            at if at >= b[0] => b[1],
            at => a[1] + slope * (at - a[0]),
        };
        for column in self.columns(a[0], b[0]) {
            let (from, to) = (column as f64, (column + 1) as f64);
            match b[0] > a[0] {
                true => self.fill(column, height(from), height(to)),
                false => self.fill(column, a[1], b[1]),
            }
        }
    }

    fn band(&mut self, frame: &Frame, x: &[f64], lower: &[f64], upper: &[f64]) {
        for (at, pair) in x.windows(2).enumerate() {
            let (Some(l), Some(u)) = (lower.get(at..at + 2), upper.get(at..at + 2)) else {
                return;
            };
            let p = [
                self.placed(frame, pair[0], l[0]),
                self.placed(frame, pair[1], l[1]),
            ];
            let q = [
                self.placed(frame, pair[0], u[0]),
                self.placed(frame, pair[1], u[1]),
            ];
            if p.iter().chain(&q).flatten().any(|part| !part.is_finite()) {
                continue;
            }
            let wide = p[1][0] - p[0][0];
            for column in self.columns(p[0][0], p[1][0]) {
                let middle = (column as f64 + 0.5 - p[0][0]) / wide;
                let share = if wide > 0.0 {
                    middle.clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let between = |ends: [[f64; 2]; 2]| ends[0][1] + share * (ends[1][1] - ends[0][1]);
                self.fill(column, between(p), between(q));
            }
        }
    }

    /// The parts of a character that are filled, a bit each, by rows.
    fn mask(&self, column: usize, row: usize) -> u32 {
        let mut mask = 0;
        for part in 0..self.grain.across * self.grain.down {
            let dot = [
                column * self.grain.across + part % self.grain.across,
                row * self.grain.down + part / self.grain.across,
            ];
            if self.set[dot[1] * self.across + dot[0]] {
                mask |= 1 << part;
            }
        }
        mask
    }
}

/// Two by four dots, by rows.
fn braille(mask: u32) -> char {
    // The bits of the Unicode block, in the order of rows.
    const BITS: [u32; 8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
    let bits = BITS
        .iter()
        .enumerate()
        .filter(|(at, _)| mask & (1 << at) != 0);
    char::from_u32(0x2800 + bits.map(|(_, bit)| bit).sum::<u32>()).unwrap_or(' ')
}

/// Three places of a line, from above.
fn thirds(mask: u32) -> char {
    match mask {
        0b001 => '\'',
        0b010 => '-',
        0b100 => '.',
        0b111 => '|',
        _ => ':',
    }
}
