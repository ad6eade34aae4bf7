//! `:plot`: what is to be drawn, as numbers.

use super::derivatives::plain;
use super::input::trimmed;
use super::outcome::Reply;
use super::turn::{Step, Turn};
use crate::check::Meaning;
use crate::diagnostic::Diagnostic;
use crate::graph::Model;
use crate::report::number::significant;
use crate::report::surfaces::Coordinate;
use crate::session::{Options, PortraitOptions, Potential, ranges};
use crate::syntax::{TokenKind, lex};
use std::ops::Range;

/// Points of a curve.
const POINTS: usize = 4001;
/// Cells of a side of a map.
const CELLS: usize = 160;

/// Something to be drawn.
#[derive(Clone, PartialEq, Debug)]
pub enum Plot {
    /// Functions of one coordinate.
    Curves {
        /// The coordinate.
        coordinate: String,
        /// The places, in order.
        x: Vec<f64>,
        /// Names and values there.
        curves: Vec<(String, Vec<f64>)>,
    },
    /// A function of two coordinates.
    Map {
        /// Its name.
        function: String,
        /// The coordinates with their cells.
        axes: [Coordinate; 2],
        /// The values at the centres of the cells, the second coordinate fastest.
        values: Vec<f64>,
    },
}

impl Plot {
    /// What is drawn, in a line.
    pub fn in_words(&self) -> String {
        match self {
            Plot::Curves {
                coordinate,
                x,
                curves,
            } => {
                let names: Vec<&str> = curves.iter().map(|(name, _)| name.as_str()).collect();
                let (lo, hi) = (x.first(), x.last());
                let end = |x: Option<&f64>| super::show::plain(*x.unwrap_or(&f64::NAN));
                let names = names.join(", ");
                format!("{names} over {coordinate} in {}..{}\n", end(lo), end(hi))
            }
            Plot::Map { function, axes, .. } => {
                let side = |axis: &Coordinate| {
                    let (lo, hi) = (super::show::plain(axis.lo), super::show::plain(axis.hi));
                    format!("{} in {lo}..{hi}", axis.name)
                };
                format!("{function} over {}, {}\n", side(&axes[0]), side(&axes[1]))
            }
        }
    }
}

/// What a command asks for.
struct Wanted {
    /// The functions that are named, or the potential and what was learned of it.
    models: Vec<Model>,
    /// The range of each coordinate, if they are given.
    ranges: Vec<(f64, f64)>,
    /// Whether no function was named.
    together: bool,
}

impl Turn<'_> {
    pub(super) fn plot(&mut self, rest: Range<usize>) -> Step<()> {
        let Wanted {
            mut models,
            ranges,
            together,
        } = self.wanted(rest.clone())?;
        let d = models[0].dimension();
        if d > 2 {
            let message = format!("{} has {d} coordinates, and a picture two", models[0].name);
            let help = "fix some of them: make a function of fewer coordinates that calls this one";
            return Err(self.wrong("many-coordinates", message, rest, help));
        }
        if let Some(other) = models.iter().find(|model| model.dimension() != d) {
            let (a, b) = (models[0].name.clone(), other.name.clone());
            let message = format!("{a} and {b} have no coordinates in common");
            return Err(self.wrong(
                "many-coordinates",
                message,
                rest,
                "draw one after the other",
            ));
        }
        if !ranges.is_empty() && ranges.len() != d {
            let message = format!("{} ranges for {d} coordinates", ranges.len());
            let help = "write one for each, such as `-2..2, 0..1`";
            return Err(self.wrong("wrong-points", message, rest, help));
        }
        if d == 2 {
            if !together && models.len() > 1 {
                let (first, next) = (models[0].name.clone(), models[1].name.clone());
                let message = format!("a map is of one function: it is that of {first}");
                let help = format!(
                    "`:plot {next}` draws the other; for their difference, define it as a function"
                );
                self.diagnostics
                    .push(Diagnostic::note("one-map", message).help(help));
            }
            models.truncate(1);
        }
        let compiled = models.into_iter().map(|model| {
            let parameters = model.parameter_values();
            Potential::compile(model, parameters).map_err(|error| {
                let message = format!("the formula cannot be compiled: {error}");
                plain(Diagnostic::error("not-compiled", message))
            })
        });
        let compiled: Vec<Potential> = compiled.collect::<Step<_>>()?;
        let sides = match ranges.is_empty() {
            true => self.sides(&compiled[0])?,
            false => ranges,
        };
        self.replies.push(Reply::Plot(match d {
            2 => map(&compiled[0], &sides),
            _ => curves(&compiled, sides[0], together),
        }));
        Ok(())
    }

    /// Where there is something to see of a potential, as for `plot` on a command line.
    fn sides(&mut self, potential: &Potential) -> Step<Vec<(f64, f64)>> {
        let built = self.program()?;
        let block = built.program.block("learn");
        let run = block.and_then(|block| Options::from_block(block).ok());
        let options = PortraitOptions::default();
        ranges(potential, &options, &run.unwrap_or_default()).map_err(|mut problem| {
            problem.help = Some("say where to look, such as `:plot V 0..1`".to_owned());
            plain(problem)
        })
    }

    /// What the command asks for.
    fn wanted(&mut self, rest: Range<usize>) -> Step<Wanted> {
        let (first, mut after) = self.function(rest.clone())?;
        let is_named = after.start > rest.start;
        let mut models = vec![first];
        loop {
            let part = &self.input.text[after.clone()];
            let next = part.trim_start_matches([',', ' ']);
            after = after.end - next.len()..after.end;
            if !is_named || !self.begins_with_function(after.clone())? {
                break;
            }
            let (model, behind) = self.function(after)?;
            models.push(model);
            after = behind;
        }
        if !is_named {
            let built = self.program()?;
            for name in self.state.learned.clone() {
                let model = built.program.potential(Some(&name)).ok();
                let model = model.filter(|m| m.dimension() == models[0].dimension());
                models.extend(model.map(|m| self.with_values(m, &built.program)));
            }
        }
        let ranges = self.ranges(after)?;
        Ok(Wanted {
            models,
            ranges,
            together: !is_named,
        })
    }

    fn begins_with_function(&mut self, range: Range<usize>) -> Step<bool> {
        let built = self.program()?;
        let text = &self.input.text[range];
        let tokens = lex(text).tokens;
        let word = tokens.first().filter(|t| t.kind == TokenKind::Name);
        Ok(word.is_some_and(|t| {
            let meaning = built.program.meaning(t.text(text), &[]);
            matches!(meaning, Some(Ok(Meaning::Function(_))))
        }))
    }

    /// `-2..2, 0..1`
    fn ranges(&mut self, rest: Range<usize>) -> Step<Vec<(f64, f64)>> {
        let rest = trimmed(&self.input.text, rest);
        if rest.is_empty() {
            return Ok(Vec::new());
        }
        let text = self.input.text[rest.clone()].to_owned();
        let mut ranges = Vec::new();
        let mut start = rest.start;
        for part in text.split(',') {
            let range = trimmed(&self.input.text, start..start + part.len());
            start += part.len() + 1;
            let Some(at) = self.input.text[range.clone()].find("..") else {
                let help = "write a range, such as `:plot V -2..2`";
                return Err(self.wrong("command", "no range of a coordinate", range, help));
            };
            let lo = self.value(range.start..range.start + at)?;
            let hi = self.value(range.start + at + 2..range.end)?;
            match (lo, hi) {
                (Meaning::Number(lo), Meaning::Number(hi)) if lo < hi && (hi - lo).is_finite() => {
                    ranges.push((lo, hi));
                }
                _ => {
                    let help = "the first end is less than the second, as in `-2..2`";
                    return Err(self.wrong("wrong-points", "an empty range", range, help));
                }
            }
        }
        Ok(ranges)
    }
}

/// Curves at equal steps. `together` lifts all but the first to the same mean, and says so: a
/// learned potential is known up to a constant.
fn curves(potentials: &[Potential], (lo, hi): (f64, f64), together: bool) -> Plot {
    let step = (hi - lo) / (POINTS - 1) as f64;
    let x: Vec<f64> = (0..POINTS).map(|i| lo + step * i as f64).collect();
    let curve = |p: &Potential| (p.model.name.clone(), p.curve(&x));
    let mut curves: Vec<(String, Vec<f64>)> = potentials.iter().map(curve).collect();
    if let [(_, first), others @ ..] = &mut curves[..]
        && together
    {
        for (name, y) in others {
            let differences = first.iter().zip(y.iter()).map(|(a, b)| a - b);
            let finite: Vec<f64> = differences.filter(|d| d.is_finite()).collect();
            let lift = finite.iter().sum::<f64>() / finite.len().max(1) as f64;
            y.iter_mut().for_each(|y| *y += lift);
            let sign = if lift < 0.0 { '-' } else { '+' };
            *name = format!("{name} {sign} {}", significant(lift.abs(), 2));
        }
    }
    Plot::Curves {
        coordinate: potentials[0].model.coordinates[0].name.clone(),
        curves,
        x,
    }
}

fn map(potential: &Potential, sides: &[(f64, f64)]) -> Plot {
    let axis = |at: usize| {
        let coordinate = &potential.model.coordinates[at];
        let (lo, hi) = sides[at];
        let whole = coordinate
            .period
            .is_some_and(|p| (hi - lo - p).abs() < 1e-9 * p);
        match coordinate.period.filter(|_| whole) {
            Some(period) => Coordinate::periodic(&coordinate.name, lo, period, CELLS),
            None => Coordinate::new(&coordinate.name, lo, hi, CELLS),
        }
    };
    let axes = [axis(0), axis(1)];
    let (xs, ys) = (axes[0].centres(), axes[1].centres());
    let first = xs.iter().flat_map(|x| std::iter::repeat_n(*x, ys.len()));
    let second = xs.iter().flat_map(|_| ys.iter().copied());
    let points: Vec<f64> = first.chain(second).collect();
    Plot::Map {
        function: potential.model.name.clone(),
        values: potential.curve(&points),
        axes,
    }
}
