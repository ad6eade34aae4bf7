//! Columns of numbers as CSV, which spreadsheets and data frames read.

use super::curves::Curves;
use super::surfaces::Surfaces;
use std::fmt::Write;

/// A header row and one row a point: RFC 4180, but for the line ends, which are those of Unix.
///
/// Every number is the shortest that reads back as the same bits; what is not finite is `nan`,
/// `inf` or `-inf`. A column that is shorter than the longest ends in empty cells.
pub fn csv(columns: &[(&str, &[f64])]) -> String {
    let rows = columns.iter().map(|(_, values)| values.len()).max();
    let names: Vec<String> = columns.iter().map(|(name, _)| quoted(name)).collect();
    let mut out = names.join(",") + "\n";
    for row in 0..rows.unwrap_or(0) {
        for (i, (_, values)) in columns.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            if let Some(&value) = values.get(row) {
                number(&mut out, value);
            }
        }
        out.push('\n');
    }
    out
}

/// `potential.csv` of a run in one coordinate: the coordinate, `U`, its standard error, its
/// derivative with standard error, the full potential, the sampled density and whether there were
/// samples (1 or 0).
pub fn potential_csv(curves: &Curves) -> String {
    let covered: Vec<f64> = curves
        .covered
        .iter()
        .map(|&c| f64::from(u8::from(c)))
        .collect();
    csv(&[
        (&curves.coordinate, &curves.x),
        ("U", &curves.u),
        ("U_stderr", &curves.u_stderr),
        ("dU", &curves.du),
        ("dU_stderr", &curves.du_stderr),
        (&curves.potential, &curves.v),
        ("density", &curves.density),
        ("covered", &covered),
    ])
}

/// `potential.csv` of a run in two coordinates: the coordinates, `U`, its standard error, its
/// derivatives, the full potential, the sampled density and whether there were samples (1 or 0);
/// one row a cell, the second coordinate fastest.
pub fn surfaces_csv(surfaces: &Surfaces) -> String {
    let [x, y] = [0, 1].map(|k: usize| surfaces.axes[k].name.as_str());
    let centres = surfaces.centres();
    let along = |k: usize| -> Vec<f64> { centres.iter().map(|at| at[k]).collect() };
    let covered = surfaces.covered.iter().map(|&c| f64::from(u8::from(c)));
    let covered: Vec<f64> = covered.collect();
    csv(&[
        (x, &along(0)),
        (y, &along(1)),
        ("U", &surfaces.u),
        ("U_stderr", &surfaces.u_stderr),
        (&format!("dU_d{x}"), &surfaces.du[0]),
        (&format!("dU_d{y}"), &surfaces.du[1]),
        (&surfaces.potential, &surfaces.v),
        ("density", &surfaces.density),
        ("covered", &covered),
    ])
}

fn number(out: &mut String, value: f64) {
    let size = value.abs();
    // Writing to a string does not fail.
    let _ = match value {
        value if value.is_nan() => write!(out, "nan"),
        value if value == 0.0 || (1e-5..1e15).contains(&size) => write!(out, "{value}"),
        value => write!(out, "{value:e}"),
    };
}

fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}
