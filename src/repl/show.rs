//! Values as text: as a person reads them, and as the language does.

use super::outcome::Slopes;
use crate::check::Meaning;
use crate::graph::number;
use crate::report::number::significant;

/// Numbers of a vector that are shown.
const MOST_NUMBERS: usize = 16;
/// Rows of a table that are shown.
const MOST_ROWS: usize = 12;

/// A number with as many digits as tell it from all others.
pub(super) fn plain(x: f64) -> String {
    match x.is_finite() {
        true => number(x),
        false => x.to_string().to_lowercase(),
    }
}

/// A value as a person reads it: long ones shortened, tables in columns.
pub(super) fn value(value: &Meaning) -> String {
    match value {
        Meaning::Number(x) => plain(*x),
        Meaning::Truth(truth) => truth.to_string(),
        Meaning::Function(signature) => signature.clone(),
        Meaning::Array { sizes, numbers } => match sizes[..] {
            [_, columns] => table(numbers, columns),
            [rows, _, _] => {
                let each = numbers.len() / rows.max(1);
                let rows = numbers.chunks(each.max(1)).take(MOST_ROWS);
                let rows: Vec<String> = rows.map(list).collect();
                format!("[{}]", rows.join(",\n "))
            }
            _ => list(numbers),
        },
    }
}

fn list(numbers: &[f64]) -> String {
    let written = |numbers: &[f64]| -> String {
        let numbers: Vec<String> = numbers.iter().map(|x| plain(*x)).collect();
        numbers.join(", ")
    };
    match numbers {
        [first @ .., last] if numbers.len() > MOST_NUMBERS => {
            let first = &first[..MOST_NUMBERS - 2];
            let count = numbers.len();
            format!(
                "[{}, ..., {}]   ({count} numbers)",
                written(first),
                plain(*last)
            )
        }
        numbers => format!("[{}]", written(numbers)),
    }
}

fn table(numbers: &[f64], columns: usize) -> String {
    let rows: Vec<&[f64]> = numbers.chunks(columns.max(1)).collect();
    let few = MOST_NUMBERS / 2;
    let shown = rows.iter().take(MOST_ROWS);
    let cells: Vec<Vec<String>> = shown
        .map(|row| row.iter().take(few).map(|x| plain(*x)).collect())
        .collect();
    let width = |at: usize| cells.iter().map(|row| row[at].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.min(few)).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells.map(|(cell, w)| format!("{cell:>w$}")).collect();
        let more = if columns > few { ", ..." } else { "" };
        format!("[{}{more}]", cells.join(", "))
    };
    let lines: Vec<String> = cells.iter().map(line).collect();
    let mut text = format!("[{}", lines.join(",\n "));
    if rows.len() > MOST_ROWS || columns > few {
        let more = if rows.len() > MOST_ROWS {
            ",\n ..."
        } else {
            ""
        };
        text.push_str(&format!("{more}]   ({} by {columns} numbers)", rows.len()));
    } else {
        text.push(']');
    }
    text
}

/// A value in the language, in brackets where it needs them.
pub(super) fn literal(value: &Meaning) -> String {
    match value {
        Meaning::Number(x) => format!("({})", number(*x)),
        Meaning::Truth(truth) => truth.to_string(),
        Meaning::Function(signature) => signature.clone(),
        Meaning::Array { sizes, numbers } => {
            let mut lists: Vec<String> = numbers.iter().map(|x| number(*x)).collect();
            for size in sizes.iter().rev() {
                let rows = lists.chunks((*size).max(1));
                lists = rows.map(|row| format!("[{}]", row.join(", "))).collect();
            }
            lists.concat()
        }
    }
}

/// Some of many names.
pub(super) fn few(names: &[String]) -> String {
    const MOST: usize = 12;
    match names.len() > MOST {
        true => format!(
            "{}, ... and {} more",
            names[..MOST].join(", "),
            names.len() - MOST
        ),
        false => names.join(", "),
    }
}

/// `a = 1, b = 2`
pub(super) fn settings(values: &[(String, f64)]) -> String {
    let values = values.iter();
    let values: Vec<String> = values
        .map(|(name, value)| format!("{name}={}", plain(*value)))
        .collect();
    values.join(" ")
}

/// A time as a person reads it.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{} us", significant(1e6 * s, 3)),
        s if s < 1.0 => format!("{} ms", significant(1e3 * s, 3)),
        s => format!("{} s", significant(s, 3)),
    }
}

/// The derivatives at a point, with the value above them.
pub(super) fn slopes(slopes: &Slopes) -> String {
    let f = &slopes.function;
    let place: Vec<String> = slopes.point.iter().map(|x| plain(*x)).collect();
    let short = match place.len() > 6 {
        true => format!("{}, ...", place[..6].join(", ")),
        false => place.join(", "),
    };
    let mut out = format!("{f}({short}) = {}\n", plain(slopes.value));
    let array = |sizes: Vec<usize>, numbers: Vec<f64>| value(&Meaning::Array { sizes, numbers });
    match &slopes.hessian {
        None => {
            let names: Vec<String> = slopes
                .coordinates
                .iter()
                .map(|q| format!("d{f}/d{q}"))
                .collect();
            if names.len() > MOST_NUMBERS {
                let numbers = array(vec![names.len()], slopes.gradient.clone());
                out.push_str(&format!("gradient = {numbers}\n"));
                return out;
            }
            let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
            for (name, slope) in names.iter().zip(&slopes.gradient) {
                out.push_str(&format!("{name:<width$} = {}\n", plain(*slope)));
            }
        }
        Some(rows) => match &rows[..] {
            [row] => {
                let q = &slopes.coordinates[0];
                out.push_str(&format!("d2{f}/d{q}2 = {}\n", plain(row[0])));
            }
            rows => {
                let d = rows.len();
                out.push_str(&array(vec![d, d], rows.concat()));
                out.push('\n');
            }
        },
    }
    out
}
