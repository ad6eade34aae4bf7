//! PLUMED: grids hold what they promise, and `plumed driver` finds the same values and derivatives.

use std::path::{Path, PathBuf};
use std::process::Command;

use effpot_lang::export::{Options, Target, export};

use super::programs::{Program, all};
use super::tools::{need, program, python_with, rows, run};
use super::{assert_agree, assert_agree_but, exported, values};

/// A program on the path, or that of a Python package which brings one.
fn plumed() -> Option<(PathBuf, Option<PathBuf>)> {
    if let Some(found) = program("plumed") {
        return Some((found, None));
    }
    let python = python_with("plumed")?;
    let folder = run(Command::new(python).args(["-c", "import plumed; print(plumed.__path__[0])"]));
    let root = Path::new(folder.trim()).join("_lib");
    let found = root.join("bin/plumed");
    found.exists().then_some((found, Some(root)))
}

/// The programs whose coordinates PLUMED can have here, with whether they are grids.
fn programs() -> Vec<(Program, bool)> {
    let known = |program: Program| {
        let text = export(&program.model, Target::Plumed, Options::default());
        let text =
            text.map_err(|problem| assert_eq!(problem.code, "not-in-target", "{}", program.name));
        text.ok()
            .map(|text| (program, text.starts_with("#! FIELDS")))
    };
    // Every derivative of every term, of a thousand, is what PLUMED would compute for a long chain.
    let few = |program: &Program| program.model.dimension() <= 8;
    all().into_iter().filter(few).filter_map(known).collect()
}

/// The coordinates as components of atoms; angles are functions with the period of a torsion.
fn variables(program: &Program, labels: &[String], grid: bool) -> String {
    let line = |(at, label): (usize, &String)| {
        let period = match program.model.coordinates[at].period {
            // Wrapping rounds, which waves of 5,000 to the turn show: a formula needs none.
            Some(std::f64::consts::TAU) if grid => "-pi,pi",
            _ => "NO",
        };
        format!(
            "at{at}: POSITION ATOM={} NOPBC\n{label}: CUSTOM ARG=at{at}.x FUNC=x PERIODIC={period}\n",
            at + 1
        )
    };
    labels.iter().enumerate().map(line).collect()
}

/// The labels that the text takes for its arguments.
fn labels(text: &str) -> Vec<String> {
    let after = |start: &str| {
        text.lines()
            .find_map(|line| line.trim().strip_prefix(start))
    };
    let list = after("ARG=").map(|list| list.split(',').map(str::to_owned).collect());
    list.unwrap_or_else(|| {
        let fields = after("#! FIELDS ").unwrap_or_default().split(' ');
        fields
            .take_while(|field| !field.ends_with(".bias"))
            .map(str::to_owned)
            .collect()
    })
}

/// Value and derivatives at the points, as the driver prints them.
fn driven(
    tool: &(PathBuf, Option<PathBuf>),
    program: &Program,
    text: &str,
    grid: bool,
) -> Vec<Vec<f64>> {
    let folder = tempfile::TempDir::new().unwrap();
    let (d, f) = (program.model.dimension(), &program.model.name);
    let labels = labels(text);
    let action = match grid {
        true => {
            std::fs::write(folder.path().join("grid"), text).unwrap();
            format!(
                "{f}: EXTERNAL ARG={} FILE=grid\nvalue: CUSTOM ARG={f}.bias FUNC=x PERIODIC=NO\n",
                labels.join(",")
            )
        }
        false => format!("{text}value: CUSTOM ARG={f} FUNC=x PERIODIC=NO\n"),
    };
    let input = format!(
        "UNITS LENGTH=nm\n{}{action}PRINT ARG=value FILE=values FMT=%.17g\n{}",
        variables(program, &labels, grid),
        match grid {
            true =>
                "DUMPFORCES ARG=LABELS FILE=slopes FMT=%.17g\n".replace("LABELS", &labels.join(",")),
            false => format!(
                "bias: BIASVALUE ARG={f}\nDUMPFORCES ARG={} FILE=slopes FMT=%.17g\n",
                labels.join(",")
            ),
        }
    );
    std::fs::write(folder.path().join("plumed.dat"), input).unwrap();
    let mut frames = String::new();
    for point in &program.points {
        frames.push_str(&format!("{d}\n100 100 100\n"));
        for x in point {
            frames.push_str(&format!("X {x:.17e} 0 0\n"));
        }
    }
    std::fs::write(folder.path().join("points.xyz"), frames).unwrap();
    let mut command = Command::new(&tool.0);
    if let Some(root) = &tool.1 {
        command
            .env("LD_LIBRARY_PATH", root.join("lib"))
            .env("PLUMED_ROOT", root.join("lib/plumed"))
            .env("PLUMED_KERNEL", root.join("lib/libplumedKernel.so"));
    }
    run(command
        .args([
            "--no-mpi",
            "driver",
            "--plumed",
            "plumed.dat",
            "--ixyz",
            "points.xyz",
        ])
        .args(["--length-units", "nm"])
        .current_dir(folder.path()));
    let read = |file: &str| {
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        rows(&lines.join("\n"))
    };
    let (values, slopes) = (read("values"), read("slopes"));
    let row = |(value, slopes): (&Vec<f64>, &Vec<f64>)| {
        // The first column is the time; a force is minus a slope.
        let slopes = slopes[1..].iter().map(|force| -force);
        std::iter::once(value[1]).chain(slopes).collect()
    };
    values.iter().zip(&slopes).map(row).collect()
}

#[test]
fn plumed_computes_the_same_values_and_derivatives() {
    let tool = plumed();
    let Some(_) = need(tool.as_ref().map(|tool| tool.0.clone()), "PLUMED") else {
        return;
    };
    let tool = tool.unwrap();
    for (mut program, grid) in programs() {
        let text = exported(&program.model, Target::Plumed, false);
        if grid {
            // PLUMED stops beyond the ends.
            program.points.retain(|point| within(&text, point));
            assert!(program.points.len() > 3, "{}", program.name);
        }
        let known = values(&program.model, &program.points);
        if !grid {
            // PLUMED divides by a number by multiplying with its inverse, which rounds once more: a
            // phase is off by what roundings of the coordinate would change.
            let found = driven(&tool, &program, &text, grid);
            let rounding = rounding(&program, &known);
            assert_agree_but(&program.name, &found, &known, 1e-12, &rounding);
            continue;
        }
        let (offset, error) = promised(&text);
        let found = driven(&tool, &program, &text, grid);
        for (found, known) in found.iter().zip(&known) {
            // Between the points the file says what PLUMED is off by, at the centres of cells; the
            // most within a cell is at most a few times that.
            let off = (found[0] - offset - known[0]).abs();
            assert!(
                off <= 3.0 * error.0 + 1e-9,
                "{}: {off:e}, promised {error:?}",
                program.name
            );
            for (a, b) in found[1..].iter().zip(&known[1..]) {
                let off = (a - b).abs();
                assert!(
                    off <= 8.0 * error.1 + 1e-7,
                    "{}: slope {off:e}, promised {error:?}",
                    program.name
                );
            }
        }
    }
}

/// What a few roundings of each coordinate change: those of a number, its inverse and the product.
fn rounding(program: &Program, known: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut sum: Vec<Vec<f64>> = known.iter().map(|row| vec![0.0; row.len()]).collect();
    for axis in 0..program.model.dimension() {
        let moved = program.points.iter().map(|point| {
            let mut moved = point.clone();
            moved[axis] *= 1.0 + 4.0 * f64::EPSILON;
            moved
        });
        let moved: Vec<Vec<f64>> = moved.collect();
        let rows = values(&program.model, &moved);
        for ((sum, moved), known) in sum.iter_mut().zip(&rows).zip(known) {
            for ((sum, moved), known) in sum.iter_mut().zip(moved).zip(known) {
                *sum += (moved - known).abs();
            }
        }
    }
    sum
}

/// Whether a grid has a point in it; periodic coordinates have no ends.
fn within(text: &str, point: &[f64]) -> bool {
    let end = |what: &str, label: &str| {
        let name = format!("#! SET {what}_{label} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap().parse::<f64>().ok()
    };
    labels(text).iter().zip(point).all(|(label, x)| {
        let inside = |lo: f64, hi: f64| *x > lo && *x < hi;
        end("min", label)
            .zip(end("max", label))
            .is_none_or(|(lo, hi)| inside(lo, hi))
    })
}

/// What a grid says was added to its values, and how far off PLUMED is between the points.
fn promised(text: &str) -> (f64, (f64, f64)) {
    let number = |word: &str| word.parse::<f64>().unwrap_or_else(|_| panic!("{word}"));
    let between = |from: &str, to: &str| {
        let (_, rest) = text.split_once(from)?;
        rest.split_once(to).map(|(word, _)| number(word))
    };
    let added = text
        .lines()
        .find(|line| line.contains(" is added to the values"));
    let offset = added.map_or(0.0, |line| number(line.split(' ').nth(1).unwrap()));
    let value = between("values are off by ", " and").unwrap();
    let slope = between("slopes by ", " at most").unwrap();
    (offset, (value, slope))
}

#[test]
fn grids_hold_values_and_derivatives_at_their_points() {
    let mut grids = 0;
    for (program, grid) in programs() {
        if !grid {
            continue;
        }
        grids += 1;
        let text = exported(&program.model, Target::Plumed, false);
        let d = program.model.dimension();
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .collect();
        let table = rows(&lines.join("\n"));
        let points = |axis: usize| {
            let name = format!("#! SET nbins_{} ", labels(&text)[axis]);
            let line = text.lines().find_map(|line| line.strip_prefix(&name));
            line.unwrap().parse::<usize>().unwrap()
        };
        assert_eq!(
            table.len(),
            (0..d).map(points).product::<usize>(),
            "{}",
            program.name
        );
        // The first coordinate is the fastest.
        assert!(table[1][0] > table[0][0] && (d == 1 || table[1][1] == table[0][1]));
        let (offset, error) = promised(&text);
        // One of them jumps where its second derivative ends.
        let smooth = program.name != "spline_slope";
        assert!(!smooth || error.0 < 0.05, "{}: {error:?}", program.name);
        let some: Vec<&Vec<f64>> = table.iter().step_by(table.len().div_ceil(200)).collect();
        let at: Vec<Vec<f64>> = some.iter().map(|row| row[..d].to_vec()).collect();
        let known = values(&program.model, &at);
        let found: Vec<Vec<f64>> = some
            .iter()
            .map(|row| {
                let mut found = row[d..].to_vec();
                found[0] -= offset;
                found
            })
            .collect();
        assert_agree(&program.name, &found, &known, 1e-12);
    }
    assert!(grids >= 6, "only {grids} grids");
}

#[test]
fn components_of_the_gradient_are_formulas_of_their_own() {
    let bowl = super::model("param k = 3\nV(x, y) = k*x^2*y");
    let text = exported(&bowl, Target::Plumed, true);
    assert!(
        text.contains("LABEL=dV_dx") && text.contains("LABEL=dV_dy"),
        "{text}"
    );
    let formulas: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("FUNC="))
        .collect();
    assert_eq!(formulas.len(), 2);
    assert!(
        formulas
            .iter()
            .all(|formula| formula.ends_with(";k=3") && !formula.contains(' '))
    );
}
