//! `eval`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::Exit;
use super::arguments::Shared;
use super::console::Console;
use super::files::{FileError, read_text};
use super::values::{Point, point};
use crate::diagnostic::Diagnostic;
use crate::graph::{Model, number};
use crate::kernel::{BatchKernel, Engine, KernelError, Wanted};

/// `eval`.
#[derive(Args, Debug)]
pub struct Eval {
    /// The program
    pub file: PathBuf,
    /// A point, coordinates separated by commas; repeatable
    #[arg(long, value_name = "Q1,Q2,..", value_parser = point, allow_hyphen_values = true)]
    pub at: Vec<Point>,
    /// Points as CSV without a header, one a row; - is standard input
    #[arg(long, value_name = "FILE")]
    pub points: Option<PathBuf>,
    /// The gradient too
    #[arg(long)]
    pub gradient: bool,
    /// The Hessian too
    #[arg(long)]
    pub hessian: bool,
    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// How many second derivatives `eval` compiles at most; each is a formula of its own.
const MOST_SECOND: usize = 1_000_000;

/// What to compute at every point, compiled.
struct Evaluation {
    kernel: BatchKernel,
    /// Value, then the gradient, then the Hessian row by row, as far as they were asked for.
    results: usize,
    dimension: usize,
    gradient: bool,
    hessian: bool,
}

impl Evaluation {
    fn compile(model: &Model, gradient: bool, hessian: bool) -> Result<Evaluation, Diagnostic> {
        let d = model.dimension();
        let wanted = match gradient {
            true => Wanted::Both,
            false => Wanted::Value,
        };
        let kernel = match hessian {
            true => second(model)?,
            false => BatchKernel::of(&model.differentiated(), wanted, Engine::best())
                .map_err(not_compiled)?,
        };
        Ok(Evaluation {
            kernel,
            results: match (gradient, hessian) {
                (_, true) => 1 + d + d * d,
                (true, _) => 1 + d,
                _ => 1,
            },
            dimension: d,
            gradient,
            hessian,
        })
    }

    /// The results at points, a row a point.
    fn compute(&self, points: &[Vec<f64>], parameters: &[f64]) -> Vec<Vec<f64>> {
        let n = points.len();
        let by_coordinate: Vec<f64> = (0..self.dimension)
            .flat_map(|i| points.iter().map(move |point| point[i]))
            .collect();
        let mut out = vec![0.0; n * self.results];
        self.kernel
            .evaluate(&by_coordinate, n, parameters, &mut out);
        let row = |at| (0..self.results).map(|root| out[root * n + at]).collect();
        (0..n).map(row).collect()
    }

    fn header(&self, model: &Model) -> Vec<String> {
        let names: Vec<&str> = model.coordinates.iter().map(|c| c.name.as_str()).collect();
        let f = &model.name;
        let mut header: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        header.push(f.clone());
        if self.gradient {
            header.extend(names.iter().map(|q| format!("d{f}/d{q}")));
        }
        if self.hessian {
            for a in &names {
                header.extend(names.iter().map(|b| match a == b {
                    true => format!("d2{f}/d{a}2"),
                    false => format!("d2{f}/d{a}d{b}"),
                }));
            }
        }
        header
    }

    /// The columns of a row that were asked for: the Hessian needs the gradient, its reader may not.
    fn row(&self, point: &[f64], results: &[f64]) -> Vec<f64> {
        let d = self.dimension;
        let mut row = [point, &results[..1]].concat();
        if self.gradient {
            row.extend(&results[1..1 + d]);
        }
        if self.hessian {
            row.extend(&results[1 + d..]);
        }
        row
    }
}

/// Value, gradient and Hessian as straight-line code.
fn second(model: &Model) -> Result<BatchKernel, Diagnostic> {
    let d = model.dimension();
    if d.saturating_mul(d) > MOST_SECOND {
        let message = format!(
            "a Hessian of {d} by {d} numbers, {:.1e} formulas; the limit is {MOST_SECOND}",
            (d as f64).powi(2)
        );
        let help = "leave --hessian out, or take differences of --gradient at two points";
        return Err(Diagnostic::error("too-large", message).help(help));
    }
    let mut graph = model.graph.clone();
    let mut roots = vec![model.value];
    let slopes = graph.gradient(model.value, d);
    roots.extend(&slopes);
    for slope in slopes {
        roots.extend(graph.gradient(slope, d));
    }
    let roots = graph.simplify(&roots, d);
    let (graph, roots) = graph.extract(&roots);
    BatchKernel::compile(&graph, &roots, d, Engine::best()).map_err(not_compiled)
}

fn not_compiled(error: KernelError) -> Diagnostic {
    Diagnostic::error("not-compiled", error.to_string())
}

/// `eval`.
pub fn eval(arguments: &Eval) -> Exit {
    let console = Console::new(&arguments.shared);
    evaluate(&console, arguments).unwrap_or_else(|exit| exit)
}

fn evaluate(console: &Console<'_>, arguments: &Eval) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let model = console.potential(&loaded)?;
    let mut points: Vec<Vec<f64>> = arguments.at.iter().map(|Point(p)| p.clone()).collect();
    if let Some(path) = &arguments.points {
        points.extend(read_points(path).map_err(|error| console.file_error(&error))?);
    }
    let usage = |message: String, help: &str| {
        let problem = Diagnostic::error("wrong-points", message).help(help);
        Err(console.diagnose(&[problem], &loaded.sources, Exit::Usage))
    };
    if points.is_empty() && arguments.points.is_none() {
        return usage(
            "no point is given".to_owned(),
            "add --at 0.3, or --points FILE",
        );
    }
    let d = model.dimension();
    if let Some(wrong) = points.iter().find(|point| point.len() != d) {
        let names: Vec<&str> = model.coordinates.iter().map(|c| c.name.as_str()).collect();
        let message = format!(
            "{}({}) needs {d} number{} at each point, not {}",
            model.name,
            names.join(", "),
            if d == 1 { "" } else { "s" },
            wrong.len()
        );
        return usage(
            message,
            "separate coordinates by commas; --at may be repeated for more points",
        );
    }
    let wanted = Evaluation::compile(&model, arguments.gradient, arguments.hessian)
        .map_err(|problem| console.diagnose(&[problem], &loaded.sources, Exit::Limit))?;
    let results = wanted.compute(&points, &model.parameter_values());
    let text = if arguments.shared.printing.json {
        values_as_json(&wanted, &points, &results)
    } else {
        let rows: Vec<Vec<f64>> = points
            .iter()
            .zip(&results)
            .map(|(point, results)| wanted.row(point, results))
            .collect();
        values_as_text(&wanted.header(&model), &rows, arguments.points.is_some())
    };
    Ok(console.print(&text))
}

/// A number for JSON, which knows no NaN and no infinity.
pub(super) fn json_number(x: f64) -> serde_json::Value {
    serde_json::Number::from_f64(x).map_or(serde_json::Value::Null, serde_json::Value::Number)
}

fn values_as_json(wanted: &Evaluation, points: &[Vec<f64>], results: &[Vec<f64>]) -> String {
    let list = |values: &[f64]| -> Vec<serde_json::Value> {
        values.iter().copied().map(json_number).collect()
    };
    let d = wanted.dimension;
    let rows: Vec<serde_json::Value> = points
        .iter()
        .zip(results)
        .map(|(point, row)| {
            let mut object = json!({ "at": list(point), "value": json_number(row[0]) });
            if wanted.gradient {
                object["gradient"] = json!(list(&row[1..1 + d]));
            }
            if wanted.hessian {
                let rows: Vec<_> = row[1 + d..].chunks(d.max(1)).map(list).collect();
                object["hessian"] = json!(rows);
            }
            object
        })
        .collect();
    format!("{:#}\n", serde_json::Value::Array(rows))
}

fn values_as_text(header: &[String], rows: &[Vec<f64>], csv: bool) -> String {
    let quoted = |name: &String| match csv && name.contains(',') {
        true => format!("\"{name}\""),
        false => name.clone(),
    };
    let mut table: Vec<Vec<String>> = vec![header.iter().map(quoted).collect()];
    table.extend(
        rows.iter()
            .map(|row| row.iter().map(|x| plain(*x)).collect()),
    );
    if csv {
        return table.iter().map(|row| row.join(",") + "\n").collect();
    }
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            table
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    table
        .iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            cells.join("  ").trim_end().to_owned() + "\n"
        })
        .collect()
}

pub(super) fn plain(x: f64) -> String {
    if x.is_finite() {
        number(x)
    } else {
        format!("{x}")
    }
}

/// Numbers in the points of a file: their results take a gigabyte.
const MOST_NUMBERS: usize = 4_000_000;

/// Points as CSV without a header, one a row; `-` is standard input.
fn read_points(path: &Path) -> Result<Vec<Vec<f64>>, FileError> {
    let from_pipe = path.as_os_str() == "-";
    let shown = match from_pipe {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    };
    let wrong = |error: std::io::Error| FileError(format!("{shown} cannot be read: {error}"));
    let text = read_text(path).map_err(wrong)?;
    let (mut points, mut numbers) = (Vec::new(), 0);
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let point: Result<Vec<f64>, _> = line.split(',').map(|x| x.trim().parse()).collect();
        match point {
            Ok(point) => {
                numbers += point.len();
                points.push(point);
            }
            Err(_) => {
                let line = brief(line);
                return Err(FileError(format!(
                    "{shown}, line {}: `{line}` is not a list of numbers separated by commas",
                    at + 1
                )));
            }
        }
        if numbers > MOST_NUMBERS {
            let line = at + 1;
            return Err(FileError(format!(
                "{shown} has more than {MOST_NUMBERS} numbers, on line {line}; evaluate it in parts"
            )));
        }
    }
    Ok(points)
}

/// The beginning of a line that may be long.
fn brief(line: &str) -> String {
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}
