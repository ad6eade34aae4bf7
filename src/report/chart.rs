//! Maps drawn on a canvas.

use super::canvas::{Anchor, Canvas, HATCHED, Look, Room, Run, Text, distance, text_width};
use super::critical::CriticalKind;
use super::kuva::colour;
use super::maps::{Atlas, Bands, Map, Palette};
use super::plot::Axis;

/// Width of a figure of two columns, in pixels.
const WIDTH: f64 = 900.0;
/// Left of a map: ticks and the name of the axis.
const LEFT: f64 = 62.0;
/// Right of a map.
const RIGHT: f64 = 16.0;
/// Right of a map with a bar of colours, which is at its beginning.
const BAR: f64 = 104.0;
/// Above a map: its title.
const TOP: f64 = 30.0;
/// Below a map: ticks and the name of the axis.
const BOTTOM: f64 = 50.0;
/// Below everything.
const LEGEND: f64 = 26.0;
/// A map alone is not wider.
const ALONE: f64 = 420.0;
/// No map is higher.
const HIGHEST: f64 = 440.0;
/// Sizes of text.
const SMALL: f64 = 11.0;
const LARGE: f64 = 13.0;
/// The colour of axes.
const INK: &str = "#1a1a1a";
/// Dashes of lines below zero.
const BELOW: &str = "4 2.5";

/// Where a map is, and its scales.
struct Frame<'a> {
    map: &'a Map,
    left: f64,
    top: f64,
    size: [f64; 2],
}

/// How large the maps are together.
pub(super) fn size(atlas: &Atlas) -> [f64; 2] {
    Layout::of(atlas).whole
}

/// Where the maps of an atlas are.
struct Layout {
    columns: usize,
    margins: Vec<f64>,
    /// Of each map.
    size: [f64; 2],
    whole: [f64; 2],
}

impl Layout {
    fn of(atlas: &Atlas) -> Layout {
        let columns = atlas.columns.max(1);
        let rows = atlas.maps.len().div_ceil(columns).max(1);
        let right = |map: &Map| if map.bar { BAR } else { RIGHT };
        // Columns are as wide as their widest map.
        let margin = |column: usize| {
            let maps = atlas.maps.iter().skip(column).step_by(columns);
            LEFT + maps.map(right).fold(RIGHT, f64::max)
        };
        let margins: Vec<f64> = (0..columns).map(margin).collect();
        let wide = (WIDTH - margins.iter().sum::<f64>()) / columns as f64;
        let widest = if atlas.maps.len() > 1 { wide } else { ALONE };
        let width = wide.min(widest).min(HIGHEST / atlas.aspect);
        let size = [width, width * atlas.aspect];
        let whole = [
            margins.iter().sum::<f64>() + columns as f64 * width,
            rows as f64 * (TOP + size[1] + BOTTOM) + LEGEND,
        ];
        Layout {
            columns,
            margins,
            size,
            whole,
        }
    }
}

/// Draws the maps from a corner on.
pub(super) fn paint(atlas: &Atlas, canvas: &mut Canvas, [aside, above]: [f64; 2]) {
    let Layout {
        columns,
        margins,
        size,
        whole,
    } = Layout::of(atlas);
    for (number, map) in atlas.maps.iter().enumerate() {
        let (row, column) = (number / columns, number % columns);
        let before: f64 = margins[..column]
            .iter()
            .map(|margin| margin + size[0])
            .sum();
        let frame = Frame {
            map,
            left: aside + before + LEFT,
            top: above + row as f64 * (TOP + size[1] + BOTTOM) + TOP,
            size,
        };
        let letter = char::from_u32('a' as u32 + number as u32);
        let letter = letter.filter(|_| atlas.maps.len() > 1);
        frame.draw(canvas, letter);
    }
    legend(
        canvas,
        atlas,
        [aside + LEFT, above + whole[1] - LEGEND + 8.0],
    );
}

impl Frame<'_> {
    fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let share = |axis: &Axis, value: f64| (value - axis.lo) / (axis.hi - axis.lo);
        [
            self.left + share(&self.map.x, x) * self.size[0],
            self.top + (1.0 - share(&self.map.y, y)) * self.size[1],
        ]
    }

    fn placed(&self, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
        points.iter().map(|point| self.place(*point)).collect()
    }

    fn draw(&self, canvas: &mut Canvas, letter: Option<char>) {
        let corner = [self.left, self.top];
        canvas.rectangle(corner, self.size, Look::filled(HATCHED));
        canvas.clip(corner, self.size);
        self.bands(canvas);
        let texture = self.map.is_texture();
        if !texture {
            self.lines(canvas);
        }
        let mut room = Room::default();
        let marks: Vec<[f64; 2]> = self.map.marks.iter().map(|m| self.place(m.at)).collect();
        for at in &marks {
            room.take(*at, [6.0, 6.0]);
        }
        canvas.end_of_clip();
        self.marks(canvas, &mut room);
        if self.map.labelled && !texture {
            self.line_labels(canvas, &mut room);
        }
        canvas.rectangle(corner, self.size, Look::drawn(INK, 1.0));
        self.axes(canvas);
        let title = match letter {
            Some(letter) => format!("({letter}) {}", self.map.title),
            None => self.map.title.clone(),
        };
        let at = [self.left + 0.5 * self.size[0], self.top - 11.0];
        canvas.text(Text::new(at, &title, LARGE, Anchor::Middle));
        if self.map.bar {
            self.bar(canvas);
        }
    }

    /// From the lowest band up, each over those before it: no seam shows between two.
    fn bands(&self, canvas: &mut Canvas) {
        let bands = &self.map.bands;
        let levels = std::iter::once(&f64::MIN).chain(&bands.levels);
        let mut rim = Vec::new();
        for (number, level) in levels.enumerate() {
            let borders = self.map.field.region(*level);
            let runs: Vec<Run> = borders.iter().map(|p| (self.placed(p), true)).collect();
            if number == 0 {
                rim = runs.clone();
            }
            canvas.path(runs, Look::filled(band_colour(bands, number).0));
        }
        canvas.path(rim, Look::drawn("#8a8a8a", 0.9));
    }

    fn lines(&self, canvas: &mut Canvas) {
        let bands = &self.map.bands;
        for (number, level) in bands.levels.iter().enumerate() {
            let lines = self.map.field.lines(*level);
            let runs = lines.iter();
            let runs = runs.map(|line| (self.placed(&line.points), line.closed));
            let runs: Vec<Run> = runs.collect();
            // The darker of the two bands decides what is seen on both.
            let lightness = band_colour(bands, number)
                .1
                .min(band_colour(bands, number + 1).1);
            let stroke = if lightness < 0.42 {
                "#ffffff"
            } else {
                "#000000"
            };
            let below = bands.palette == Palette::Sign && *level < 0.0;
            let look = Look {
                opacity: 0.6,
                dash: below.then_some(BELOW),
                ..Look::drawn(stroke, 0.8)
            };
            canvas.path(runs, look);
        }
    }

    /// Each level once, on its longest line, where that is straight and there is room.
    fn line_labels(&self, canvas: &mut Canvas, room: &mut Room) {
        for level in &self.map.bands.levels {
            let text = self.map.bands.written(*level);
            let half = 0.5 * text_width(&text, SMALL - 1.0) + 2.0;
            let lines = self.map.field.lines(*level);
            let mut lines: Vec<Vec<[f64; 2]>> =
                lines.iter().map(|line| self.placed(&line.points)).collect();
            lines.sort_by(|a, b| length(b).total_cmp(&length(a)));
            let place = lines
                .iter()
                .find_map(|line| self.straight(line, half, room));
            let Some((at, turn)) = place else { continue };
            let angle = turn.to_radians();
            let size = [
                half * angle.cos().abs() + 7.0 * angle.sin().abs(),
                half * angle.sin().abs() + 7.0 * angle.cos().abs(),
            ];
            room.take(at, size);
            // Down by a third of the size: the text is to be in the middle of its line.
            let shift = 0.35 * (SMALL - 1.0);
            let at = [at[0] - shift * angle.sin(), at[1] + shift * angle.cos()];
            canvas.text(Text {
                turn,
                rim: true,
                ..Text::new(at, &text, SMALL - 1.0, Anchor::Middle)
            });
        }
    }

    /// The point of a line that bends least over a label of the given half width, and the direction
    /// there in degrees.
    fn straight(&self, line: &[[f64; 2]], half: f64, room: &Room) -> Option<([f64; 2], f64)> {
        if length(line) < 6.0 * half {
            return None;
        }
        let mut best: Option<(f64, [f64; 2], f64)> = None;
        for middle in 1..line.len().saturating_sub(1) {
            let reach = |mut k: usize, back: bool| {
                let mut gone = 0.0;
                while gone < half {
                    let next = if back { k.checked_sub(1)? } else { k + 1 };
                    gone += distance(*line.get(k)?, *line.get(next)?);
                    k = next;
                }
                line.get(k)
            };
            let (Some(a), Some(b)) = (reach(middle, true), reach(middle, false)) else {
                continue;
            };
            let at = line[middle];
            let bend = distance(at, [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])]);
            let mut turn = (b[1] - a[1]).atan2(b[0] - a[0]).to_degrees();
            if turn.abs() > 90.0 {
                turn -= 180.0 * turn.signum();
            }
            // Level text is easier to read: a bend of a pixel weighs as much as 45 degrees.
            let score = bend + turn.abs() / 45.0;
            let inside = [0, 1].map(|k: usize| {
                let begin = [self.left, self.top][k] + half + 3.0;
                let end = [self.left, self.top][k] + self.size[k] - half - 3.0;
                (begin..end).contains(&at[k])
            });
            let size = [half.max(8.0), half.max(8.0)];
            if inside == [true, true]
                && best.is_none_or(|(least, ..)| score < least)
                && room.is_free(at, size)
            {
                best = Some((score, at, turn));
            }
        }
        best.map(|(_, at, turn)| (at, turn))
    }

    fn marks(&self, canvas: &mut Canvas, room: &mut Room) {
        for mark in &self.map.marks {
            let at = self.place(mark.at);
            symbol(canvas, mark.kind, at);
            let half = 0.5 * text_width(&mark.label, SMALL);
            let (aside, apart) = (half + 8.0, 13.0);
            let ways = [
                [aside, 0.0],
                [-aside, 0.0],
                [0.0, -apart],
                [0.0, apart],
                [aside, -apart],
                [-aside, -apart],
                [aside, apart],
                [-aside, apart],
            ];
            let places = ways.map(|way| [at[0] + way[0], at[1] + way[1]]);
            let within = |p: &[f64; 2]| {
                let [x, y] = [p[0] - self.left, p[1] - self.top];
                x > half + 2.0 && x < self.size[0] - half - 2.0 && y > 8.0 && y < self.size[1] - 8.0
            };
            let free = |p: &&[f64; 2]| within(p) && room.is_free(**p, [half, 6.0]);
            let Some(place) = places.iter().find(free) else {
                continue;
            };
            room.take(*place, [half + 2.0, 7.0]);
            let at = [place[0], place[1] + 0.36 * SMALL];
            canvas.text(Text {
                rim: true,
                ..Text::new(at, &mark.label, SMALL, Anchor::Middle)
            });
        }
    }

    fn axes(&self, canvas: &mut Canvas) {
        let [right, bottom] = [self.left + self.size[0], self.top + self.size[1]];
        let mut ticks: Vec<Run> = Vec::new();
        for value in self.map.x.ticks() {
            let x = self.place([value, self.map.y.lo])[0];
            ticks.push((vec![[x, bottom], [x, bottom + 5.0]], false));
            let at = [x, bottom + 17.0];
            canvas.text(Text::new(
                at,
                &self.map.x.tick(value),
                SMALL,
                Anchor::Middle,
            ));
        }
        for value in self.map.y.ticks() {
            let y = self.place([self.map.x.lo, value])[1];
            ticks.push((vec![[self.left - 5.0, y], [self.left, y]], false));
            let at = [self.left - 8.0, y + 0.36 * SMALL];
            canvas.text(Text::new(at, &self.map.y.tick(value), SMALL, Anchor::End));
        }
        canvas.path(ticks, Look::drawn(INK, 1.0));
        let at = [0.5 * (self.left + right), bottom + 36.0];
        canvas.text(Text::new(at, &self.map.x.label, LARGE, Anchor::Middle));
        let at = [self.left - 44.0, self.top + 0.5 * self.size[1]];
        canvas.text(Text {
            turn: -90.0,
            ..Text::new(at, &self.map.y.label, LARGE, Anchor::Middle)
        });
    }

    /// The colours of the bands, one above the other, with the levels between them.
    fn bar(&self, canvas: &mut Canvas) {
        let bands = &self.map.bands;
        let count = bands.levels.len() + 1;
        let height = self.size[1] / count as f64;
        let left = self.left + self.size[0] + 14.0;
        let bottom = self.top + self.size[1];
        for number in 0..count {
            let top = bottom - (number + 1) as f64 * height;
            let fill = Look::filled(band_colour(bands, number).0);
            canvas.rectangle([left, top], [14.0, height], fill);
        }
        let frame = Look::drawn(INK, 1.0);
        canvas.rectangle([left, self.top], [14.0, self.size[1]], frame.clone());
        // Labels at least a line apart.
        let every = (14.0 / height).ceil().max(1.0) as usize;
        let mut widest = 0.0f64;
        let floor = bands.floor.map(|floor| (0, floor));
        let levels = bands.levels.iter().enumerate();
        let levels = levels.map(|(number, level)| (number + 1, *level));
        let from = if floor.is_some() { 0 } else { 1 };
        for (number, level) in floor.into_iter().chain(levels) {
            if (number - from) % every != 0 {
                continue;
            }
            let y = bottom - number as f64 * height;
            let written = bands.written(level);
            widest = widest.max(text_width(&written, SMALL));
            canvas.line([left + 14.0, y], [left + 18.0, y], frame.clone());
            let at = [left + 21.0, y + 0.36 * SMALL];
            canvas.text(Text::new(at, &written, SMALL, Anchor::Start));
        }
        let at = [
            (left + 21.0 + widest + 16.0).min(left + BAR - 22.0),
            self.top + 0.5 * self.size[1],
        ];
        canvas.text(Text {
            turn: -90.0,
            ..Text::new(at, &bands.label, LARGE, Anchor::Middle)
        });
    }
}

/// The colour of a band and its lightness, 0 to 1.
fn band_colour(bands: &Bands, number: usize) -> (String, f64) {
    let share = number as f64 / bands.levels.len().max(1) as f64;
    let [red, green, blue] = colour(bands.palette, share);
    let lightness =
        (0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue)) / 255.0;
    (format!("#{red:02x}{green:02x}{blue:02x}"), lightness)
}

fn length(line: &[[f64; 2]]) -> f64 {
    line.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
}

fn symbol(canvas: &mut Canvas, kind: CriticalKind, [x, y]: [f64; 2]) {
    match kind {
        CriticalKind::Well => {
            let look = Look {
                fill: Some("#ffffff".to_owned()),
                ..Look::drawn("#000000", 1.3)
            };
            canvas.circle([x, y], 4.0, look);
        }
        CriticalKind::Saddle => {
            // The white rim is a little longer than the cross itself.
            for (colour, width, half) in [("#ffffff", 3.6, 5.2), ("#000000", 1.6, 3.6)] {
                let bar = |turn: f64| {
                    let (dx, dy) = (half, turn * half);
                    (vec![[x - dx, y - dy], [x + dx, y + dy]], false)
                };
                canvas.path(vec![bar(1.0), bar(-1.0)], Look::drawn(colour, width));
            }
        }
    }
}

/// What the hatching and the symbols mean.
fn legend(canvas: &mut Canvas, atlas: &Atlas, [mut x, y]: [f64; 2]) {
    let entry = |canvas: &mut Canvas, x: f64, words: &str| {
        canvas.text(Text::new([x, y + 4.0], words, SMALL, Anchor::Start));
        x + text_width(words, SMALL) + 22.0
    };
    if atlas.hatched {
        let frame = Look {
            fill: Some(HATCHED.to_owned()),
            ..Look::drawn("#8a8a8a", 0.7)
        };
        canvas.rectangle([x, y - 6.0], [22.0, 12.0], frame);
        x = entry(canvas, x + 28.0, atlas.hatching);
    }
    let kinds = [
        (CriticalKind::Well, "well"),
        (CriticalKind::Saddle, "saddle"),
    ];
    for (kind, words) in kinds {
        let mut marks = atlas.maps.iter().flat_map(|map| &map.marks);
        if marks.any(|mark| mark.kind == kind) {
            symbol(canvas, kind, [x + 5.0, y]);
            x = entry(canvas, x + 14.0, words);
        }
    }
    let signed = |map: &Map| map.bands.palette == Palette::Sign && !map.is_texture();
    if atlas.maps.iter().any(signed) {
        let look = Look {
            dash: Some(BELOW),
            ..Look::drawn("#000000", 1.0)
        };
        canvas.line([x, y], [x + 24.0, y], look);
        entry(canvas, x + 30.0, "below zero");
    }
}
