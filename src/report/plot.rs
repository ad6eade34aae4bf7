//! A figure as data, and who can draw it.
//!
//! [`Plotter`] is the seam: the figures of a run are built of [`Panel`]s without a word about the
//! library that draws them.
use super::number::significant;

/// How a line is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stroke {
    /// Colour, as in CSS.
    pub colour: &'static str,
    /// Width in pixels.
    pub width: f64,
    /// Lengths of dashes and gaps in pixels, as in SVG; none is solid.
    pub dash: Option<&'static str>,
}

/// Something in a panel; points that are not finite are left out and break a line.
#[derive(Clone, PartialEq, Debug)]
pub enum Layer {
    /// A line through points.
    Line {
        /// Abscissae.
        x: Vec<f64>,
        /// Ordinates, as many.
        y: Vec<f64>,
        /// How.
        stroke: Stroke,
        /// Its name in the legend, if it has one there.
        label: Option<String>,
    },
    /// The area between two curves.
    Band {
        /// Abscissae.
        x: Vec<f64>,
        /// Lower ordinates, as many.
        lower: Vec<f64>,
        /// Upper ordinates, as many.
        upper: Vec<f64>,
        /// Colour, as in CSS; light, for it is drawn opaque.
        colour: &'static str,
        /// Its name in the legend, if it has one there.
        label: Option<String>,
    },
    /// A mark at each point.
    Marks {
        /// Abscissae.
        x: Vec<f64>,
        /// Ordinates, as many.
        y: Vec<f64>,
        /// Colour, as in CSS.
        colour: &'static str,
        /// Their shape.
        shape: Shape,
        /// Their name in the legend, if they have one there.
        label: Option<String>,
    },
}

/// The shape of a mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A full circle.
    Disc,
    /// A full square.
    Square,
    /// A full triangle.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// An x.
    Cross,
    /// An upright cross.
    Plus,
}

impl Layer {
    /// The name in the legend.
    pub fn label(&self) -> Option<&str> {
        match self {
            Layer::Line { label, .. } | Layer::Band { label, .. } | Layer::Marks { label, .. } => {
                label.as_deref()
            }
        }
    }

    /// The points of the layer, those that are not finite included.
    pub fn points(&self) -> Vec<(f64, f64)> {
        let pair = |x: &[f64], y: &[f64]| -> Vec<(f64, f64)> {
            x.iter().copied().zip(y.iter().copied()).collect()
        };
        match self {
            Layer::Line { x, y, .. } | Layer::Marks { x, y, .. } => pair(x, y),
            Layer::Band {
                x, lower, upper, ..
            } => [pair(x, lower), pair(x, upper)].concat(),
        }
    }

    /// Brings what is outside an interval to its ends.
    pub fn clamp(&mut self, lo: f64, hi: f64) {
        let values: Vec<&mut f64> = match self {
            Layer::Line { y, .. } | Layer::Marks { y, .. } => y.iter_mut().collect(),
            Layer::Band { lower, upper, .. } => lower.iter_mut().chain(upper).collect(),
        };
        for value in values {
            *value = value.clamp(lo, hi);
        }
    }
}

/// One of the two axes of a panel.
#[derive(Clone, PartialEq, Debug)]
pub struct Axis {
    /// What is along it.
    pub label: String,
    /// Where it begins; finite.
    pub lo: f64,
    /// Where it ends; finite, above `lo`.
    pub hi: f64,
    /// From tick to tick; ticks are its multiples.
    pub step: f64,
    /// Whether ticks are written as parts of pi.
    pub angle: bool,
}

impl Axis {
    /// An axis over `lo..hi` with about `ticks` ticks at round numbers; where the range is empty or
    /// not finite, one that is neither.
    pub fn new(label: impl Into<String>, lo: f64, hi: f64, ticks: f64) -> Axis {
        // Beyond this a difference of two numbers may be infinite.
        const LARGEST: f64 = 4e307;
        let near = |end: f64| {
            if end.is_finite() {
                end.clamp(-LARGEST, LARGEST)
            } else {
                end
            }
        };
        let (lo, hi) = (near(lo), near(hi));
        let (lo, hi) = match (lo.is_finite() && hi.is_finite(), hi > lo) {
            (true, true) => (lo, hi),
            (true, false) => (lo - 0.5 * lo.abs().max(1.0), lo + 0.5 * lo.abs().max(1.0)),
            (false, _) => (0.0, 1.0),
        };
        Axis {
            label: label.into(),
            lo,
            hi,
            step: round_step(hi - lo, ticks),
            angle: false,
        }
    }

    /// An axis over angles, with ticks at the multiples of `pi/2`.
    pub fn angle(label: impl Into<String>, lo: f64, hi: f64) -> Axis {
        Axis {
            step: std::f64::consts::FRAC_PI_2,
            angle: true,
            ..Axis::new(label, lo, hi, 5.0)
        }
    }

    /// Where its ticks are, increasing; both ends count as within.
    pub fn ticks(&self) -> Vec<f64> {
        let first = (self.lo / self.step - 1e-9).ceil();
        let values = (0..1000).map(|k| (first + f64::from(k)) * self.step);
        values
            .take_while(|value| *value <= self.hi + 1e-9 * self.step)
            .collect()
    }

    /// The number at a tick, with as many decimals as the step has.
    pub fn tick(&self, value: f64) -> String {
        if self.angle {
            return quarters((value / std::f64::consts::FRAC_PI_2).round());
        }
        let decimals = (-self.step.log10().floor()).clamp(0.0, 12.0) as usize;
        // A tick at zero must not read -0.0.
        let value = if value.abs() < 1e-9 * self.step {
            0.0
        } else {
            value
        };
        let written = match value.abs() < 1e7 {
            true => format!("{value:.decimals$}"),
            false => significant(value, 4),
        };
        written.replace('-', "\u{2212}")
    }
}

/// The length of about `parts` equal parts of a range: 1, 2 or 5 times a power of ten.
pub(super) fn round_step(range: f64, parts: f64) -> f64 {
    let raw = range / parts;
    if !(raw > 0.0 && raw.is_finite()) {
        return 1.0;
    }
    let power = 10f64.powf(raw.log10().floor());
    // The nearest in ratio of 1, 2, 5 and 10.
    let step = match raw / power {
        ratio if ratio < 2f64.sqrt() => 1.0,
        ratio if ratio < 10f64.sqrt() => 2.0,
        ratio if ratio < 50f64.sqrt() => 5.0,
        _ => 10.0,
    };
    step * power
}

/// Whether a period is that of an angle, `2*pi`.
pub(super) fn is_turn(period: f64) -> bool {
    (period / std::f64::consts::TAU - 1.0).abs() < 1e-9
}

/// So many times `pi/2`.
fn quarters(count: f64) -> String {
    let sign = if count < 0.0 { "\u{2212}" } else { "" };
    let size = count.abs();
    let (times, half) = if size % 2.0 == 0.0 {
        (0.5 * size, "")
    } else {
        (size, "/2")
    };
    match times {
        0.0 => "0".to_owned(),
        1.0 => format!("{sign}π{half}"),
        times => format!("{sign}{times}π{half}"),
    }
}

/// A corner of a panel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Corner {
    /// Above, in the middle.
    Top,
    /// Above, left.
    TopLeft,
    /// Above, right.
    TopRight,
    /// Below, left.
    BottomLeft,
    /// Below, right.
    BottomRight,
}

/// One pair of axes and what is drawn in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Panel {
    /// What it shows, after its letter.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// From the back to the front.
    pub layers: Vec<Layer>,
    /// Intervals of `x` that are shaded.
    pub shaded: Vec<[f64; 2]>,
    /// Where the legend is, if there is one.
    pub legend: Option<Corner>,
}

/// Panels in rows of `columns`, read like text.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// The panels; each gets a letter.
    pub panels: Vec<Panel>,
    /// How many in a row.
    pub columns: usize,
    /// Width of the whole in pixels.
    pub width: f64,
    /// Height of a row in pixels.
    pub row_height: f64,
}

/// Something that can draw a figure.
pub trait Plotter {
    /// The figure as one SVG element, the same bytes for the same figure.
    fn svg(&self, figure: &Figure) -> String;
}
