//! Maps as data: a field over two coordinates in bands of colour, with marks on it.

use super::contour::Grid;
use super::critical::CriticalKind;
use super::number::significant;
use super::plot::{Axis, round_step};
use super::surfaces::Coordinate;

/// How bands are coloured; lightness alone tells the bands of the first two apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Palette {
    /// From dark to light, perceptually uniform.
    Height,
    /// From light to dark.
    Amount,
    /// Dark at both ends, white in the middle; lines below zero are dashed.
    Sign,
}

/// The longest number beside a bar, in characters.
const LONGEST: usize = 7;

/// Which values get which colour.
#[derive(Clone, PartialEq, Debug)]
pub struct Bands {
    /// Where one colour becomes the next, increasing; lines are drawn there.
    pub levels: Vec<f64>,
    /// The value at the lower end of the first band, where it has one.
    pub floor: Option<f64>,
    /// The colours.
    pub palette: Palette,
    /// What the colours show.
    pub label: String,
}

impl Bands {
    /// About `count` round levels between the least and the greatest of values.
    pub fn between(lo: f64, hi: f64, count: f64, palette: Palette, label: &str) -> Bands {
        let step = round_step(hi - lo, count);
        let (first, last) = ((lo / step).floor() + 1.0, (hi / step).ceil() - 1.0);
        let numbers = (0..).map(|k| first + f64::from(k));
        let numbers = numbers.take_while(|&k| k <= last).take(MOST_LEVELS);
        Bands {
            levels: numbers.map(|k| k * step).collect(),
            floor: (lo == 0.0).then_some(0.0),
            palette,
            label: label.to_owned(),
        }
    }

    /// Levels at 1, 2 and 5 times powers of ten below `most`, over two and a half decades.
    pub fn decades(most: f64, palette: Palette, label: &str) -> Bands {
        let last = most.log10().floor();
        let steps = (-3..=0).flat_map(|decade| [1.0, 2.0, 5.0].map(|times| (decade, times)));
        let levels = steps.map(|(decade, times)| times * 10f64.powf(last + f64::from(decade)));
        Bands {
            levels: levels
                .filter(|level| (most / 400.0..most).contains(level))
                .collect(),
            floor: None,
            palette,
            label: label.to_owned(),
        }
    }

    /// Round levels on both sides of zero up to `most`, and none at zero: what is within the
    /// smallest is white.
    pub fn around_zero(most: f64, label: &str) -> Bands {
        let step = round_step(most, 4.0);
        let count = ((most / step).ceil() as i32 - 1).clamp(1, 8);
        let numbers = (-count..=count).filter(|&k| k != 0);
        Bands {
            levels: numbers.map(|k| f64::from(k) * step).collect(),
            floor: None,
            palette: Palette::Sign,
            label: label.to_owned(),
        }
    }

    /// The number at a level, with as many decimals as the levels need.
    pub fn written(&self, level: f64) -> String {
        let gaps = self.levels.windows(2).map(|pair| pair[1] - pair[0]);
        let sizes = self.levels.iter().map(|level| level.abs());
        let steps = gaps.clone().chain(sizes).filter(|gap| *gap > 0.0);
        let least = steps.fold(f64::INFINITY, f64::min);
        if gaps.fold(0.0, f64::max) > 10.0 * least {
            // Over decades, each has its own digits.
            return significant(level, 2);
        }
        let axis = Axis {
            step: least,
            ..Axis::new("", 0.0, 1.0, 5.0)
        };
        // A row of zeros would run into the name of the bar.
        match self
            .levels
            .iter()
            .any(|level| axis.tick(*level).chars().count() > LONGEST)
        {
            true => significant(level, 3).replacen('-', "\u{2212}", usize::from(level < 0.0)),
            false => axis.tick(level),
        }
    }
}

/// However the values lie, there are no more levels.
const MOST_LEVELS: usize = 40;

/// A well or a saddle on a map.
#[derive(Clone, PartialEq, Debug)]
pub struct Mark {
    /// Which of the two.
    pub kind: CriticalKind,
    /// Where, in the coordinates.
    pub at: [f64; 2],
    /// What is written beside it.
    pub label: String,
}

/// A field over two coordinates.
#[derive(Clone, PartialEq, Debug)]
pub struct Map {
    /// What it shows, after its letter.
    pub title: String,
    /// The first coordinate, horizontal.
    pub x: Axis,
    /// The second coordinate, vertical.
    pub y: Axis,
    /// The values.
    pub(super) field: Grid,
    /// Their colours.
    pub bands: Bands,
    /// Whether the levels are written on their lines.
    pub labelled: bool,
    /// Whether its colours are explained beside it.
    pub bar: bool,
    /// Wells and saddles.
    pub marks: Vec<Mark>,
}

/// A map with more lines than this is of one texture, which they would hide.
const MOST_LINES: usize = 200;

impl Map {
    /// Whether its levels are crossed all over.
    pub(super) fn is_texture(&self) -> bool {
        let levels = self.bands.levels.iter();
        let lines = levels.map(|level| self.field.lines(*level).len());
        lines.sum::<usize>() > MOST_LINES
    }
}

/// Maps of one size in rows, read like text, with a legend below.
#[derive(Clone, PartialEq, Debug)]
pub struct Atlas {
    /// The maps; where there is more than one each gets a letter.
    pub maps: Vec<Map>,
    /// How many in a row.
    pub columns: usize,
    /// Height over width of each.
    pub aspect: f64,
    /// Whether some of it is hatched.
    pub hatched: bool,
    /// What that means.
    pub hatching: &'static str,
}

/// The axis of a coordinate.
pub(super) fn axis(coordinate: &Coordinate, ticks: f64) -> Axis {
    let Coordinate { name, lo, hi, .. } = coordinate;
    match (coordinate.is_angle(), coordinate.periodic) {
        (true, _) => Axis::angle(format!("{name}, periodic"), *lo, *hi),
        (false, true) => Axis::new(format!("{name}, periodic"), *lo, *hi, ticks),
        (false, false) => Axis::new(name.clone(), *lo, *hi, ticks),
    }
}

/// Height over width of a map: that of the ranges where both are of one kind and neither is three
/// times the other.
pub(super) fn aspect(axes: &[Coordinate; 2]) -> f64 {
    let [width, height] = [0, 1].map(|k: usize| axes[k].hi - axes[k].lo);
    let ratio = height / width;
    let alike = axes[0].periodic == axes[1].periodic && (1.0 / 3.0..3.0).contains(&ratio);
    if alike { ratio } else { 0.85 }
}
