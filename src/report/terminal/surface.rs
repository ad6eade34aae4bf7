//! Maps in characters.

use super::cells::{Cell, Cells, Colour, nearest, shown};
use super::frame::{Frame, inside};
use super::{Size, Style};
use crate::report::critical::CriticalKind;
use crate::report::kuva::colour;
use crate::report::maps::{Bands, Map};

/// Shades from low to high, where there is no colour.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
const LETTERS: [char; 8] = [' ', '.', ':', '-', '=', '+', '*', '#'];
/// Where there is no value.
const NOTHING: char = '/';
/// Columns of the bar of colours itself, with a gap before it.
const BAR: usize = 4;
/// A character is about so many times as high as it is wide.
const TALL: f64 = 2.0;

/// A map with its axes, its scale and its marks; the same text for the same map.
///
/// Two rows of colour in a line of characters; without colour, shades of which blank is the lowest.
pub fn map(map: &Map, size: Size, style: Style) -> String {
    let mut cells = Cells::new(size.columns, size.rows);
    let bands = fewer(&map.bands, style);
    let labels = bands.levels.iter().chain(&bands.floor);
    let labels = labels.map(|level| shown(&bands.written(*level), style).chars().count());
    let mut beside = BAR + 1 + labels.max().unwrap_or(0);
    if size.columns < beside + 24 || size.rows < 6 || bands.levels.is_empty() {
        beside = 0;
    }
    let frame = Frame::new(&map.x, &map.y, size, 1, beside, style);
    let ratio = (map.y.hi - map.y.lo) / (map.x.hi - map.x.lo);
    let frame = match (1.0 / 3.0..3.0).contains(&ratio) {
        true => {
            let square = TALL * frame.rows as f64 / ratio;
            frame.narrowed((square.ceil() as usize).max(16))
        }
        false => frame,
    };
    if frame.columns > 0 && frame.rows > 0 && size.columns > 0 {
        field(&mut cells, map, &frame, &bands, style);
        marks(&mut cells, map, &frame, &bands, style);
        frame.draw(&mut cells, |_| false);
        if beside > 0 {
            bar(&mut cells, &frame, &bands, style);
        }
    }
    if frame.top > 0 {
        heading(&mut cells, map, size, style);
    }
    cells.write(style)
}

/// As many levels as can be told apart.
fn fewer(bands: &Bands, style: Style) -> Bands {
    let most = match (style.colour, style.unicode) {
        (true, _) => return bands.clone(),
        (false, true) => SHADES.len() - 1,
        (false, false) => LETTERS.len() - 1,
    };
    let every = bands.levels.len().div_ceil(most).max(1);
    let levels = bands.levels.iter().enumerate();
    let kept = levels
        .filter(|(at, _)| (at + 1) % every == 0)
        .map(|(_, level)| *level);
    Bands {
        levels: kept.collect(),
        ..bands.clone()
    }
}

fn band(bands: &Bands, value: f64) -> Option<usize> {
    (!value.is_nan()).then(|| bands.levels.partition_point(|level| *level <= value))
}

fn tint(bands: &Bands, number: usize) -> Colour {
    let share = number as f64 / bands.levels.len().max(1) as f64;
    nearest(colour(bands.palette, share))
}

fn shade(number: Option<usize>, style: Style) -> char {
    let of = |shades: &[char]| match number {
        Some(number) => shades[number.min(shades.len() - 1)],
        None => NOTHING,
    };
    if style.unicode {
        of(&SHADES)
    } else {
        of(&LETTERS)
    }
}

/// What is seen of a band: a shade, or one colour above another.
fn cell(bands: &Bands, [upper, lower]: [Option<usize>; 2], style: Style) -> Cell {
    let plain = |glyph: char| Cell {
        glyph,
        fore: None,
        back: None,
    };
    if !style.colour {
        return plain(shade(lower, style));
    }
    let of = |number: Option<usize>| number.map(|number| tint(bands, number));
    match (of(upper), of(lower)) {
        (None, None) => plain(NOTHING),
        (a, b) if a == b || !style.unicode => Cell {
            glyph: ' ',
            fore: None,
            back: b.or(a),
        },
        (Some(a), None) => Cell {
            glyph: '▀',
            fore: Some(a),
            back: None,
        },
        (a, b) => Cell {
            glyph: '▄',
            fore: b,
            back: a,
        },
    }
}

fn field(cells: &mut Cells, map: &Map, frame: &Frame, bands: &Bands, style: Style) {
    for row in 0..frame.rows {
        for column in 0..frame.columns {
            let x = frame.x_at((column as f64 + 0.5) / frame.columns as f64);
            let halves = match style.colour {
                true => [0.25, 0.75],
                false => [0.5, 0.5],
            };
            let parts = halves.map(|half| {
                let y = frame.y_at((row as f64 + half) / frame.rows as f64);
                band(bands, map.field.at(x, y))
            });
            cells.put(
                frame.left + column,
                frame.top + row,
                cell(bands, parts, style),
            );
        }
    }
}

/// Wells as `o`, saddles as `x`, each with its label where that covers no other.
fn marks(cells: &mut Cells, map: &Map, frame: &Frame, bands: &Bands, style: Style) {
    let places: Vec<(usize, usize)> = map
        .marks
        .iter()
        .filter_map(|mark| {
            let column = inside(frame.across(mark.at[0]), frame.columns)?;
            Some((column, inside(frame.down(mark.at[1]), frame.rows)?))
        })
        .collect();
    for (mark, (column, row)) in map.marks.iter().zip(&places) {
        let glyph = match mark.kind {
            CriticalKind::Well => 'o',
            CriticalKind::Saddle => 'x',
        };
        let at = band(bands, map.field.at(mark.at[0], mark.at[1]));
        let back = at
            .filter(|_| style.colour)
            .map(|number| tint(bands, number));
        let dark = at.is_none_or(|number| 2 * number < bands.levels.len() + 1);
        let fore = style.colour.then_some(if dark { 231 } else { 16 });
        cells.put(
            frame.left + column,
            frame.top + row,
            Cell { glyph, fore, back },
        );
    }
}

/// The bands, one above the other, with the levels between them.
fn bar(cells: &mut Cells, frame: &Frame, bands: &Bands, style: Style) {
    let count = bands.levels.len() + 1;
    let left = frame.left + frame.columns + BAR - 2;
    let number = |row: usize, half: f64| {
        let up = 1.0 - (row as f64 + half) / frame.rows as f64;
        ((up * count as f64) as usize).min(count - 1)
    };
    for row in 0..frame.rows {
        let parts = match style.colour {
            true => [number(row, 0.25), number(row, 0.75)],
            false => [number(row, 0.5); 2],
        };
        for column in [left, left + 1] {
            cells.put(column, frame.top + row, cell(bands, parts.map(Some), style));
        }
    }
    let floor = bands.floor.map(|floor| (0, floor));
    let levels = bands.levels.iter().enumerate();
    let levels = levels.map(|(number, level)| (number + 1, *level));
    let mut last = None;
    for (number, level) in floor.into_iter().chain(levels) {
        let up = number as f64 / count as f64;
        let Some(row) = inside(1.0 - up, frame.rows) else {
            continue;
        };
        if last == Some(row) {
            continue;
        }
        last = Some(row);
        let written = shown(&bands.written(level), style);
        cells.text(left + 3, frame.top + row, &written, None);
    }
}

/// The name of the vertical axis, the title, and what is marked.
fn heading(cells: &mut Cells, map: &Map, size: Size, style: Style) {
    let mut words = shown(&map.y.label, style);
    let has = |kind: CriticalKind| map.marks.iter().any(|mark| mark.kind == kind);
    let kinds = [
        (CriticalKind::Well, "o well"),
        (CriticalKind::Saddle, "x saddle"),
    ];
    let marks: Vec<&str> = kinds
        .iter()
        .filter(|(kind, _)| has(*kind))
        .map(|(_, w)| *w)
        .collect();
    let title = shown(&map.title, style);
    for part in std::iter::once(title.as_str()).chain(marks) {
        let wide = words.chars().count() + 3 + part.chars().count();
        if !part.is_empty() && wide <= size.columns {
            words = format!("{words}   {part}");
        }
    }
    cells.text(0, 0, &words, None);
}
