//! Splines as text: calls with their tables.

use super::{Binding, Notation, Text, Writer, atom, number, with};
use crate::graph::{Extension, Graph, Spline, SplineAxis, SplineId};

/// The call of a spline at coordinates of these names, however long its table is.
pub fn spline_call(table: &Spline, names: &[String]) -> String {
    let graph = Graph::new();
    let writer = Writer {
        graph: &graph,
        names,
        notation: Notation::Pot,
        truths: Vec::new(),
    };
    let point: Vec<Text> = names.iter().map(atom).collect();
    writer.spline_call(table, &point)
}

impl Writer<'_> {
    pub(super) fn spline(&self, id: SplineId, point: &[Text]) -> Text {
        let table = self.graph.spline_table(id);
        if self.notation == Notation::Latex {
            let degrees: Vec<String> = table.degrees().iter().map(usize::to_string).collect();
            let point: Vec<&str> = point.iter().map(|x| x.text.as_str()).collect();
            return atom(format!(
                "S_{{{}}}\\left({}\\right)",
                uniform(&degrees).unwrap_or(degrees.join(",")),
                point.join(", ")
            ));
        }
        let text = self.spline_call(table, point);
        let mut beyond = Vec::new();
        for (axis, x) in point.iter().enumerate() {
            let SplineAxis { lo, hi, periodic } = table.axes()[axis];
            if table.extensions()[axis] == Extension::Zero && !periodic {
                let (x, lo, hi) = (
                    self.at_least(x.clone(), Binding::Sum),
                    number(lo),
                    number(hi),
                );
                beyond.push(format!("{x} < {lo} or {x} > {hi}"));
            }
        }
        match beyond.is_empty() {
            true => atom(text),
            false => with(
                Binding::If,
                format!("if {} then 0 else {text}", beyond.join(" or ")),
            ),
        }
    }

    /// The call of a spline. One word wraps all of its coordinates; where only some wrap, they are
    /// wrapped outside and the first coefficients repeated at the end.
    fn spline_call(&self, table: &Spline, point: &[Text]) -> String {
        let wraps = table.axes().iter().all(|axis| axis.periodic);
        let mut arguments = Vec::new();
        let (mut los, mut his) = (Vec::new(), Vec::new());
        for (axis, x) in point.iter().enumerate() {
            let SplineAxis { lo, hi, periodic } = table.axes()[axis];
            arguments.push(match (periodic, table.extensions()[axis]) {
                (true, _) if !wraps => self.wrapped(x.clone(), lo, hi),
                // What a program writes continues linearly; the derivatives of it do less.
                (false, Extension::Constant | Extension::Zero) => {
                    format!("max({}, min({}, {}))", number(lo), x.text, number(hi))
                }
                _ => x.text.clone(),
            });
            los.push(number(lo));
            his.push(number(hi));
        }
        let degrees: Vec<String> = table.degrees().iter().map(usize::to_string).collect();
        format!(
            "{}({}, {}, {}, {}, {})",
            if wraps { "periodic_spline" } else { "spline" },
            arguments.join(", "),
            uniform(&degrees).unwrap_or_else(|| list(&degrees)),
            if point.len() == 1 {
                los.concat()
            } else {
                list(&los)
            },
            if point.len() == 1 {
                his.concat()
            } else {
                list(&his)
            },
            rows(table, wraps, 0, 0),
        )
    }

    fn wrapped(&self, x: Text, lo: f64, hi: f64) -> String {
        if lo == 0.0 {
            return format!("mod({}, {})", x.text, number(hi));
        }
        let (x, length) = (self.at_least(x, Binding::Sum), number(hi - lo));
        let (sign, back, shift) = match lo < 0.0 {
            true => ("+", "-", number(-lo)),
            false => ("-", "+", number(lo)),
        };
        format!("mod({x} {sign} {shift}, {length}) {back} {shift}")
    }
}

/// The coefficients from an axis on, those with the prefix `offset`, as nested lists.
fn rows(table: &Spline, wraps: bool, axis: usize, offset: usize) -> String {
    let Some(&size) = table.shape().get(axis) else {
        return number(table.coefficients()[offset]);
    };
    let repeated = match table.axes()[axis].periodic && !wraps {
        true => table.degrees()[axis],
        false => 0,
    };
    let entries: Vec<String> = (0..size + repeated)
        .map(|j| rows(table, wraps, axis + 1, offset * size + j % size))
        .collect();
    list(&entries)
}

fn list(entries: &[String]) -> String {
    format!("[{}]", entries.join(", "))
}

/// The entry that all are.
fn uniform(entries: &[String]) -> Option<String> {
    let first = entries.first()?;
    let same = entries.iter().all(|entry| entry == first);
    same.then(|| first.clone())
}
