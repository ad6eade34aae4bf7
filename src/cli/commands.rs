//! `eval`, `check` and `export`.

use std::io::Read;
use std::path::Path;

use serde_json::json;

use super::Exit;
use super::arguments::{Check, Eval, Export, Point, Shared, Target};
use super::console::{Console, Loaded};
use super::files::FileError;
use crate::diagnostic::Diagnostic;
use crate::graph::{self, Model, Notation, latex_name, number, print, program};
use crate::kernel::{BatchKernel, Engine, KernelError, Wanted};
use crate::session::{Options, terms};

/// The potential of a program with the parameters of the command line.
fn potential(console: &Console<'_>, loaded: &Loaded, shared: &Shared) -> Result<Model, Exit> {
    let name = shared.potential.as_deref();
    let mut model = loaded
        .program
        .potential(name)
        .map_err(|diagnostics| console.diagnose(&diagnostics, &loaded.sources, Exit::Failed))?;
    let values = loaded
        .program
        .values(&shared.set)
        .map_err(|problem| console.diagnose(&[problem], &loaded.sources, Exit::Usage))?;
    for (parameter, value) in model.parameters.iter_mut().zip(values) {
        parameter.value = value;
    }
    Ok(model)
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
    let model = potential(console, &loaded, &arguments.shared)?;
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
    let text = if arguments.shared.json {
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
fn json_number(x: f64) -> serde_json::Value {
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

fn plain(x: f64) -> String {
    if x.is_finite() {
        number(x)
    } else {
        format!("{x}")
    }
}

/// Points as CSV without a header, one a row; `-` is standard input.
fn read_points(path: &Path) -> Result<Vec<Vec<f64>>, FileError> {
    let from_pipe = path.as_os_str() == "-";
    let shown = match from_pipe {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    };
    let wrong = |error: std::io::Error| FileError(format!("{shown} cannot be read: {error}"));
    let mut text = String::new();
    if from_pipe {
        std::io::stdin().read_to_string(&mut text).map_err(wrong)?;
    } else {
        text = std::fs::read_to_string(path).map_err(wrong)?;
    }
    let mut points = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let point: Result<Vec<f64>, _> = line.split(',').map(|x| x.trim().parse()).collect();
        match point {
            Ok(point) => points.push(point),
            Err(_) => {
                return Err(FileError(format!(
                    "{shown}, line {}: `{line}` is not a list of numbers separated by commas",
                    at + 1
                )));
            }
        }
    }
    Ok(points)
}

/// `check`.
pub fn check(arguments: &Check) -> Exit {
    let console = Console::new(&arguments.shared);
    describe(&console, arguments).unwrap_or_else(|exit| exit)
}

fn describe(console: &Console<'_>, arguments: &Check) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let model = potential(console, &loaded, &arguments.shared)?;
    if let Some(block) = loaded.program.block("learn")
        && let Err(problems) = Options::from_block(block)
    {
        return Err(console.diagnose(&problems, &loaded.sources, Exit::Failed));
    }
    let coordinates: Vec<&str> = model.coordinates.iter().map(|c| c.name.as_str()).collect();
    let (graph, roots) = model.value_and_gradient();
    let terms = terms(&graph, roots[0]).len();
    if arguments.shared.json {
        let parameters: serde_json::Map<String, serde_json::Value> = model
            .parameters
            .iter()
            .map(|p| (p.name.clone(), json_number(p.value)))
            .collect();
        let object = json!({
            "potential": model.name,
            "variables": coordinates,
            "params": parameters,
            "terms": terms,
            "nodes": graph.len(),
        });
        return Ok(console.print(&format!("{object:#}\n")));
    }
    let parameters: Vec<String> = model
        .parameters
        .iter()
        .map(|p| format!("{} = {}", p.name, plain(p.value)))
        .collect();
    let mut text = format!(
        "{}   {}({}), {terms} term{}, {} operations with its gradient\n",
        arguments.file.display(),
        model.name,
        coordinates.join(", "),
        if terms == 1 { "" } else { "s" },
        graph.len(),
    );
    if !parameters.is_empty() {
        text.push_str(&format!("params   {}\n", parameters.join(", ")));
    }
    Ok(console.print(&text))
}

/// `export`.
pub fn export(arguments: &Export) -> Exit {
    let console = Console::new(&arguments.shared);
    write_out(&console, arguments).unwrap_or_else(|exit| exit)
}

fn write_out(console: &Console<'_>, arguments: &Export) -> Result<Exit, Exit> {
    let loaded = console.load(&arguments.file)?;
    let model = potential(console, &loaded, &arguments.shared)?;
    let Some(text) = exported(&model, arguments) else {
        let problem = Diagnostic::error("too-long", "the formula is too long to be written out")
            .help("export to pot names the parts that are used more than once");
        return Err(console.diagnose(&[problem], &loaded.sources, Exit::Limit));
    };
    match &arguments.output {
        None => Ok(console.print(&text)),
        Some(path) => match std::fs::write(path, text) {
            Ok(()) => Ok(Exit::Good),
            Err(error) => {
                let message = format!("{} cannot be written: {error}", path.display());
                Err(console.file_error(&FileError(message)))
            }
        },
    }
}

fn exported(model: &Model, arguments: &Export) -> Option<String> {
    let d = model.dimension();
    let mut graph = model.graph.clone();
    let mut roots = vec![model.value];
    if arguments.gradient {
        roots = graph.gradient(model.value, d);
    }
    let roots = match arguments.to {
        Target::Pot => graph.simplify(&roots, d),
        Target::Latex => graph.simplify_for_print(&roots, d),
    };
    let written = graph::arguments(&model.coordinates);
    let coordinates: Vec<&str> = model.coordinates.iter().map(|c| c.name.as_str()).collect();
    let called: Vec<&str> = match arguments.to {
        Target::Pot => written.names.iter().map(String::as_str).collect(),
        Target::Latex => coordinates.clone(),
    };
    let parameters = match arguments.to {
        Target::Pot => model.parameter_names(),
        Target::Latex => model.parameters.iter().map(|p| p.name.clone()).collect(),
    };
    let called = called.iter().map(|name| (*name).to_owned());
    let names: Vec<String> = called.chain(parameters).collect();
    let mut text = String::new();
    if arguments.to == Target::Pot {
        for (name, parameter) in names[d..].iter().zip(&model.parameters) {
            text.push_str(&format!("param {name} = {}\n", number(parameter.value)));
        }
        if !model.parameters.is_empty() {
            text.push('\n');
        }
    }
    for (at, root) in roots.iter().enumerate() {
        let by = arguments.gradient.then(|| coordinates[at]);
        let line = match arguments.to {
            Target::Pot => {
                // A component is no part of a name: `dV_dq_1`.
                let name = by.map_or(model.name.clone(), |q| {
                    let q = q.replace(['[', ','], "_").replace(']', "");
                    format!("d{}_d{q}", model.name)
                });
                let body = program(&graph, *root, &names)?;
                format!("{name}({}) = {body}\n", written.head)
            }
            Target::Latex => {
                let q: Vec<String> = coordinates.iter().map(|c| latex_name(c)).collect();
                let head = match by {
                    Some(by) => format!(
                        "\\frac{{\\partial {}}}{{\\partial {}}}",
                        latex_name(&model.name),
                        latex_name(by)
                    ),
                    None => latex_name(&model.name),
                };
                let body = print(&graph, *root, &names, Notation::Latex)?;
                format!("{head}\\left({}\\right) = {body}\n", q.join(", "))
            }
        };
        text.push_str(&line);
    }
    Some(text)
}
