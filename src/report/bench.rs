//! How fast the step loop of a potential runs, engine by engine.

use super::number::significant;
use crate::kernel::Operations;
use serde::Serialize;
use std::fmt::Write;

/// The result of `bench`. Times are those of one core.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct BenchResult {
    /// The function.
    pub potential: String,
    /// How many coordinates it has.
    pub coordinates: usize,
    /// The step of the map.
    pub delta: f64,
    /// The friction; where it is a matrix, the mean of its diagonal.
    pub gamma: f64,
    /// Whether friction or mass is a matrix, which makes a step dearer.
    pub matrices: bool,
    /// Trajectories in flight.
    pub trajectories: usize,
    /// The clock of the core, cycles in a nanosecond: of the row where it is fastest.
    pub clock_ghz: f64,
    /// What a step without a record computes.
    pub operations: OperationCount,
    /// One row an engine, the narrowest first.
    pub widths: Vec<WidthRow>,
}

/// What one step of one trajectory computes; see [`Operations`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct OperationCount {
    /// Operations that occupy a floating-point pipe for a cycle.
    pub pipe: usize,
    /// Sums, differences, minima, maxima and roundings among them.
    pub sums: usize,
    /// Divisions.
    pub divisions: usize,
    /// Square roots.
    pub roots: usize,
}

impl From<Operations> for OperationCount {
    fn from(operations: Operations) -> OperationCount {
        OperationCount {
            pipe: operations.pipe,
            sums: operations.sums,
            divisions: operations.divisions,
            roots: operations.roots,
        }
    }
}

/// One engine. Nanoseconds are per step and trajectory, and all times are medians.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct WidthRow {
    /// Bits that it computes with at once, 64 a trajectory.
    pub bits: u32,
    /// What it is called.
    pub engine: &'static str,
    /// Milliseconds from the formula to machine code.
    pub jit_ms: f64,
    /// The clock of the core after steps of it, cycles in a nanosecond: wide registers may slow it.
    pub clock_ghz: f64,
    /// What the operations of the bare step take at least.
    pub limit_ns: f64,
    /// Floating-point instructions in a cycle, which that is counted with.
    pub per_cycle: f64,
    /// The same where half of them are sums, differences, minima, maxima or roundings.
    pub mixed_per_cycle: f64,
    /// The bare step: nothing is kept but the state.
    pub ns_per_step: f64,
    /// With a histogram of positions and power sums of momenta at every step.
    pub ns_per_step_with_statistics: f64,
    /// `limit_ns / ns_per_step`.
    pub part_of_limit: f64,
    /// How often the two were timed.
    pub repetitions: usize,
    /// The quartiles of what was timed.
    pub spread: Spread,
}

/// First and third quartile of repeated times.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Spread {
    /// See [`WidthRow::jit_ms`].
    pub jit_ms: [f64; 2],
    /// See [`WidthRow::ns_per_step`].
    pub ns_per_step: [f64; 2],
    /// See [`WidthRow::ns_per_step_with_statistics`].
    pub ns_per_step_with_statistics: [f64; 2],
}

impl BenchResult {
    /// As JSON, with a line end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// For a person; `name` is that of the file.
    pub fn summary(&self, name: &str) -> String {
        let mut out = String::new();
        let friction = match self.matrices {
            true => "friction a matrix".to_owned(),
            false => format!("gamma {}", significant(self.gamma, 3)),
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "{name}   {}, {}   (delta {}, {friction})",
            self.potential,
            counted(self.coordinates, "coordinate"),
            significant(self.delta, 3),
        );
        let _ = writeln!(
            out,
            "one core at {} GHz, {} in flight; a step of one is {}",
            significant(self.clock_ghz, 3),
            counted(self.trajectories, "trajectory"),
            self.operations.words(),
        );
        let header = [
            "bits",
            "engine",
            "JIT ms",
            "ns/step",
            "",
            "with statistics",
            "",
            "GHz",
            "limit",
            "% of limit",
        ];
        let header = header.map(str::to_owned);
        let rows: Vec<_> = std::iter::once(header)
            .chain(self.widths.iter().map(WidthRow::cells))
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        for row in &rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                // A spread belongs to the number before it.
                let gap = match row.get(column + 1) {
                    Some(_) if [3, 5].contains(&column) => " ",
                    _ => "   ",
                };
                let _ = write!(line, "{cell:<width$}{gap}", width = width(column));
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out.push_str("times of one step of one trajectory: the median (quartiles); `bench --help` says what the limit counts\n");
        out
    }
}

impl OperationCount {
    fn words(&self) -> String {
        let mut words = counted(self.pipe, "floating-point operation");
        let others = [(self.divisions, "division"), (self.roots, "square root")];
        for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
            let _ = write!(words, ", {}", counted(count, what));
        }
        words
    }
}

impl WidthRow {
    fn cells(&self) -> [String; 10] {
        let range = |[lo, hi]: [f64; 2]| format!("({}..{})", nanoseconds(lo), nanoseconds(hi));
        [
            self.bits.to_string(),
            self.engine.to_owned(),
            significant(self.jit_ms, 3),
            nanoseconds(self.ns_per_step),
            range(self.spread.ns_per_step),
            nanoseconds(self.ns_per_step_with_statistics),
            range(self.spread.ns_per_step_with_statistics),
            significant(self.clock_ghz, 3),
            nanoseconds(self.limit_ns),
            match self.part_of_limit > 1.0 {
                // The clock changed under it.
                true => "?".to_owned(),
                false => significant(100.0 * self.part_of_limit, 2),
            },
        ]
    }
}

/// To three digits, trailing zeros kept: they stand in columns.
fn nanoseconds(x: f64) -> String {
    let decimals = (2.0 - x.log10().floor()).clamp(0.0, 6.0);
    match decimals.is_nan() {
        true => significant(x, 3),
        false => format!("{x:.*}", decimals as usize),
    }
}

fn counted(count: usize, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        _ => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bits: u32, engine: &'static str, ns: f64) -> WidthRow {
        WidthRow {
            bits,
            engine,
            jit_ms: 2.345,
            clock_ghz: 3.7,
            limit_ns: 0.98,
            per_cycle: 2.0,
            mixed_per_cycle: 2.0,
            ns_per_step: ns,
            ns_per_step_with_statistics: 2.0 * ns,
            part_of_limit: 0.98 / ns,
            repetitions: 9,
            spread: Spread {
                jit_ms: [2.0, 3.0],
                ns_per_step: [0.9 * ns, 1.1 * ns],
                ns_per_step_with_statistics: [1.9 * ns, 2.1 * ns],
            },
        }
    }

    /// Every cell begins where its heading does, whatever is above and below it.
    #[test]
    fn columns_are_aligned() {
        let result = BenchResult {
            potential: "V".to_owned(),
            coordinates: 1,
            delta: 0.5,
            gamma: 0.1,
            trajectories: 16,
            clock_ghz: 4.0,
            operations: OperationCount {
                pipe: 70,
                sums: 10,
                divisions: 1,
                roots: 0,
            },
            widths: vec![row(64, "scalar", 123.4), row(128, "vector", 1.2)],
            ..BenchResult::default()
        };
        let text = result.summary("v.pot");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "v.pot   V, 1 coordinate   (delta 0.5, gamma 0.1)");
        assert_eq!(
            lines[1],
            "one core at 4 GHz, 16 trajectories in flight; a step of one is 70 floating-point operations, 1 division"
        );
        let starts = |heading: &str, cells: [&str; 2]| {
            let at = lines[2].find(heading);
            assert_eq!([lines[3].find(cells[0]), lines[4].find(cells[1])], [at; 2]);
        };
        starts("engine", ["scalar", "vector"]);
        starts("ns/step", ["123 ", "1.20 "]);
        starts("with statistics", ["247 ", "2.40 "]);
        starts("limit", ["0.980", "0.980"]);
        starts("% of limit", ["0.79", "82"]);
        assert_eq!(nanoseconds(9.996), "10.00");
        assert_eq!([nanoseconds(0.0), nanoseconds(f64::NAN)], ["0.000000", "-"]);
    }
}
