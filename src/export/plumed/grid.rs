//! The grid of an EXTERNAL bias: values and derivatives at points, and what PLUMED makes of them in
//! between.

use super::{Argument, arguments};
use crate::diagnostic::Diagnostic;
use crate::export::names::{Names, plain};
use crate::export::refused;
use crate::graph::{Evaluator, Graph, Model, Node, Op, number};

/// The most points.
const POINTS: usize = 250_000;

/// Points along one coordinate.
struct Axis {
    /// How the header writes the ends: periods are compared as texts.
    texts: (String, String),
    lo: f64,
    step: f64,
    /// How many points; the right end is one of them unless the coordinate is periodic.
    points: usize,
    periodic: bool,
}

impl Axis {
    fn at(&self, index: usize) -> f64 {
        self.lo + index as f64 * self.step
    }

    fn cells(&self) -> usize {
        self.points - usize::from(!self.periodic)
    }
}

/// Values and derivatives at all points, the first coordinate fastest.
struct Grid {
    axes: Vec<Axis>,
    /// The value, then the derivatives.
    rows: Vec<Vec<f64>>,
    /// What was added to the values.
    offset: f64,
}

/// The file.
///
/// # Errors
/// More than three coordinates, and one whose range no spline tells.
pub(super) fn write(model: &Model) -> Result<String, Diagnostic> {
    let d = model.dimension();
    if d > 3 {
        let message = format!("a grid of {d} coordinates would have too many points");
        let help = "EXTERNAL is for one to three: write a potential of fewer coordinates for each grid, or export to python or c";
        return Err(refused(message, help));
    }
    let ranges: Vec<Range> = (0..d)
        .map(|axis| range(model, axis))
        .collect::<Result<_, _>>()?;
    let (graph, roots) = model.value_and_gradient();
    let mut evaluator = Evaluator::new(&graph, &roots);
    let parameters = model.parameter_values();
    let mut evaluate = |point: &[f64]| {
        let inputs = [point, &parameters[..]].concat();
        evaluator.evaluate(&inputs)
    };
    let grid = Grid::of(&ranges, &mut evaluate)?;
    let error = grid.error(&mut evaluate);
    Ok(text(model, &grid, error))
}

/// What a spline says of one coordinate.
struct Range {
    lo: f64,
    hi: f64,
    cell: f64,
    period: Option<f64>,
}

fn range(model: &Model, axis: usize) -> Result<Range, Diagnostic> {
    let period = model.coordinates[axis].period;
    let mut found: Option<Range> = None;
    for (lo, hi, cell) in spline_ranges(&model.graph, model.value, axis) {
        let known = found.get_or_insert(Range {
            lo,
            hi,
            cell,
            period,
        });
        known.lo = known.lo.min(lo);
        known.hi = known.hi.max(hi);
        known.cell = known.cell.min(cell);
    }
    let found = match (found, period) {
        (Some(found), _) => Some(found),
        (None, Some(length)) => Some(Range {
            lo: 0.0,
            hi: length,
            cell: length / 64.0,
            period,
        }),
        (None, None) => None,
    };
    found.ok_or_else(|| {
        refused(
            format!(
                "no spline tells over which range of `{}` the grid shall go",
                model.coordinates[axis].name
            ),
            "export the part with splines alone, by --potential NAME, and the rest as a formula",
        )
    })
}

/// The ranges and cells of the splines whose argument is a coordinate as it is.
fn spline_ranges(graph: &Graph, value: Node, axis: usize) -> Vec<(f64, f64, f64)> {
    let mut found = Vec::new();
    for at in graph.schedule(&[value]) {
        let Op::Spline(id, _) = graph.op(at) else {
            continue;
        };
        let table = graph.spline_table(id);
        for (along, argument) in graph.op(at).operands().enumerate() {
            if graph.op(argument) == Op::Input(axis as u32) {
                let range = table.axes()[along];
                found.push((range.lo, range.hi, table.spacing_along(along)));
            }
        }
    }
    found
}

impl Range {
    /// Its points, with so many to a cell. A plain range gets a tenth more on either side.
    fn axis(&self, fine: usize) -> Axis {
        let step = self.cell / fine as f64;
        let count = |width: f64| (width / step - 1e-9).ceil().max(1.0) as usize;
        let Some(period) = self.period else {
            let margin = count((self.hi - self.lo) / 10.0);
            let points = count(self.hi - self.lo) + 2 * margin + 1;
            let lo = self.lo - margin as f64 * step;
            let hi = lo + (points - 1) as f64 * step;
            let texts = (number(lo), number(hi));
            return Axis {
                texts,
                lo,
                step: (hi - lo) / (points - 1) as f64,
                points,
                periodic: false,
            };
        };
        let points = count(period);
        // The domain of a TORSION.
        let (lo, texts) = match period == std::f64::consts::TAU {
            true => (-std::f64::consts::PI, ("-pi".to_owned(), "pi".to_owned())),
            false => (self.lo, (number(self.lo), number(self.lo + period))),
        };
        Axis {
            texts,
            lo,
            step: period / points as f64,
            points,
            periodic: true,
        }
    }
}

impl Grid {
    fn of(
        ranges: &[Range],
        evaluate: &mut impl FnMut(&[f64]) -> Vec<f64>,
    ) -> Result<Grid, Diagnostic> {
        let axes = [8, 4, 2, 1].into_iter().find_map(|fine| {
            let axes: Vec<Axis> = ranges.iter().map(|range| range.axis(fine)).collect();
            let points = axes
                .iter()
                .try_fold(1, |n: usize, axis| n.checked_mul(axis.points));
            points.filter(|n| *n <= POINTS).map(|_| axes)
        });
        let axes = axes.ok_or_else(|| {
            refused(
                format!("a grid of the cells of the spline has more than {POINTS} points"),
                "learn with fewer --knots, or export to python or c",
            )
        })?;
        let mut grid = Grid {
            axes,
            rows: Vec::new(),
            offset: 0.0,
        };
        let count: usize = grid.axes.iter().map(|axis| axis.points).product();
        grid.rows = (0..count)
            .map(|at| evaluate(&grid.point(&grid.indices(at), 0.0)))
            .collect();
        grid.lift();
        Ok(grid)
    }

    fn indices(&self, mut at: usize) -> Vec<usize> {
        let one = |axis: &Axis| {
            let index = at % axis.points;
            at /= axis.points;
            index
        };
        self.axes.iter().map(one).collect()
    }

    fn point(&self, indices: &[usize], shift: f64) -> Vec<f64> {
        let axes = self.axes.iter().zip(indices);
        axes.map(|(axis, index)| axis.at(*index) + shift * axis.step)
            .collect()
    }

    /// PLUMED divides derivatives by values when it interpolates, and drops them where a value is
    /// near zero: all values are made at least as large as they differ.
    fn lift(&mut self) {
        let values = || self.rows.iter().map(|row| row[0]).filter(|v| v.is_finite());
        let (least, most) = (
            values().fold(f64::INFINITY, f64::min),
            values().fold(f64::NEG_INFINITY, f64::max),
        );
        let wanted = (most - least).max(1.0);
        if least < wanted && least.is_finite() {
            self.offset = (wanted - least).ceil();
            for row in &mut self.rows {
                row[0] += self.offset;
            }
        }
    }

    /// The largest errors of value and slope at the centres of cells, as PLUMED interpolates.
    fn error(&self, evaluate: &mut impl FnMut(&[f64]) -> Vec<f64>) -> (f64, f64) {
        let count: usize = self.axes.iter().map(Axis::cells).product();
        let stride = count.div_ceil(5000);
        let (mut value, mut slope) = (0.0f64, 0.0f64);
        for at in (0..count).step_by(stride) {
            let mut rest = at;
            let cell: Vec<usize> = self
                .axes
                .iter()
                .map(|axis| {
                    let index = rest % axis.cells();
                    rest /= axis.cells();
                    index
                })
                .collect();
            let exact = evaluate(&self.point(&cell, 0.5));
            let found = self.interpolated(&cell);
            value = value.max((found[0] - self.offset - exact[0]).abs());
            for (a, b) in found[1..].iter().zip(&exact[1..]) {
                slope = slope.max((a - b).abs());
            }
        }
        (value, slope)
    }

    /// Value and derivatives at the centre of a cell, from its corners: there the cubics of PLUMED
    /// are 1/2 and 1/8 of a step, with slopes 3/2 of an inverse step and -1/4.
    fn interpolated(&self, cell: &[usize]) -> Vec<f64> {
        let d = cell.len();
        let mut sum = vec![0.0; d + 1];
        for corner in 0..1usize << d {
            let (mut at, mut stride) = (0, 1);
            for (j, axis) in self.axes.iter().enumerate() {
                at += stride * ((cell[j] + (corner >> j & 1)) % axis.points);
                stride *= axis.points;
            }
            let row = &self.rows[at];
            let part = |j: usize| {
                let (h, right) = (self.axes[j].step, corner >> j & 1 == 1);
                let side = if right { -1.0 } else { 1.0 };
                let ratio = if row[0].abs() < 1e-7 {
                    0.0
                } else {
                    row[1 + j] / row[0]
                };
                (0.5 + side * ratio * h / 8.0, -side * 1.5 / h - 0.25 * ratio)
            };
            let parts: Vec<(f64, f64)> = (0..d).map(part).collect();
            let product = |skip: Option<usize>| -> f64 {
                let others = parts.iter().enumerate().filter(|(j, _)| Some(*j) != skip);
                others.map(|(_, part)| part.0).product()
            };
            sum[0] += row[0] * product(None);
            for j in 0..d {
                sum[1 + j] += row[0] * product(Some(j)) * parts[j].1;
            }
        }
        sum
    }
}

fn text(model: &Model, grid: &Grid, error: (f64, f64)) -> String {
    let arguments: Vec<Argument> = arguments(model, &mut Names::default());
    let label = plain(&model.name);
    let list: Vec<&str> = arguments.iter().map(|a| a.name.as_str()).collect();
    let slopes: Vec<String> = list.iter().map(|name| format!("der_{name}")).collect();
    // PLUMED wants this line first: a comment before it would be read as an empty row.
    let mut out = format!(
        "#! FIELDS {} {label}.bias {}\n",
        list.join(" "),
        slopes.join(" ")
    );
    for (axis, name) in grid.axes.iter().zip(&list) {
        out.push_str(&format!(
            "#! SET min_{name} {}\n#! SET max_{name} {}\n#! SET nbins_{name} {}\n#! SET periodic_{name} {}\n",
            axis.texts.0, axis.texts.1, axis.points, axis.periodic
        ));
    }
    let mut lines = vec![
        format!(
            "{} for PLUMED, written by effpot-lang {}.",
            model.name,
            env!("CARGO_PKG_VERSION")
        ),
        format!("{label}: EXTERNAL ARG={} FILE=this-file", list.join(",")),
        "The labels after ARG must be those of the first line; change both where yours differ:"
            .to_owned(),
    ];
    lines.extend(
        arguments
            .iter()
            .map(|argument| format!("  {}", argument.comment)),
    );
    if grid.offset > 0.0 {
        lines.push(format!(
            "{} is added to the values, because PLUMED divides by them; forces are the same.",
            number(grid.offset)
        ));
    }
    lines.push(format!(
        "Exact at the points. PLUMED interpolates: at the centres of cells values are off by {:.1e} and",
        error.0
    ));
    lines.push(format!("slopes by {:.1e} at most.", error.1));
    out.push_str(&crate::export::plan::comment("# ", "# ", "", &lines));
    for (at, row) in grid.rows.iter().enumerate() {
        let indices = grid.indices(at);
        if at > 0 && indices.len() > 1 && indices[0] == 0 {
            out.push('\n');
        }
        let point = grid.point(&indices, 0.0);
        let numbers: Vec<String> = point.iter().chain(row).map(|x| format!("{x:e}")).collect();
        out.push_str(&numbers.join(" "));
        out.push('\n');
    }
    out
}
