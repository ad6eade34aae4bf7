//! Values on the command line: numbers, ranges, points, matrices.

use std::path::PathBuf;

use crate::session::{Estimator, Knots, NoiseSource, Shard};

/// The step on the command line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Step {
    /// A number.
    Given(f64),
    /// `auto`.
    Automatic,
}

/// A matrix on the command line, by rows.
#[derive(Clone, PartialEq, Debug)]
pub struct Rows(pub Vec<Vec<f64>>);

/// A point on the command line.
#[derive(Clone, PartialEq, Debug)]
pub struct Point(pub Vec<f64>);

pub fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let is_whole = |part: &str| part.trim_start_matches(['-', '+']).parse::<u64>().is_ok();
    match text.split_once(',') {
        // `0,05`, and not `0.1,0.2` or `1,2,3`.
        Some((whole, part)) if is_whole(whole) && part.bytes().all(|b| b.is_ascii_digit()) => {
            return Err(format!("a decimal comma: write {whole}.{part}"));
        }
        Some(_) => return Err("one number is taken here, not a list of them".to_owned()),
        None => {}
    }
    match text.parse::<f64>() {
        Ok(x) if x.is_nan() => Err("not a number".to_owned()),
        Ok(x) if x.is_infinite() => Err("too large for a double (the limit is 1.8e308)".to_owned()),
        Ok(x) => Ok(x),
        Err(_) => Err(not_a_number(text)),
    }
}

/// What to write for a text that is no number; one argument is evaluated by no language.
fn not_a_number(text: &str) -> String {
    let degrees = text
        .trim_end_matches('°')
        .trim_end_matches("degrees")
        .trim_end_matches("deg");
    let of_degrees = degrees.trim().parse::<f64>().map(f64::to_radians);
    let words: Vec<&str> = text.split([' ', ';']).filter(|w| !w.is_empty()).collect();
    let numbers = words.iter().all(|word| word.parse::<f64>().is_ok());
    let pi = std::f64::consts::PI;
    match text {
        "pi" | "π" => format!("write the number: {pi}"),
        "-pi" | "-π" => format!("write the number: -{pi}"),
        _ if text.contains("pi") => format!("write the number; pi is {pi}"),
        _ if let Ok(radians) = of_degrees => format!("angles are in radians: write {radians}"),
        _ if numbers && words.len() > 1 => {
            format!(
                "write commas between numbers, and no spaces: {}",
                words.join(",")
            )
        }
        _ => "not a number; write it like 0.05 or 5e-2".to_owned(),
    }
}

pub fn positive(text: &str) -> Result<f64, String> {
    match number(text)? {
        x if x > 0.0 => Ok(x),
        0.0 => Err("it must be positive, not 0".to_owned()),
        _ => Err("it must be positive".to_owned()),
    }
}

/// A positive number and one of several units; none is the first of them.
fn with_unit(text: &str, units: &[(&str, f64)], example: &str) -> Result<f64, String> {
    let text = text.trim();
    let fits = |(unit, _): &&(&str, f64)| !unit.is_empty() && text.ends_with(unit);
    let (unit, scale) = units
        .iter()
        .filter(fits)
        .max_by_key(|(unit, _)| unit.len())
        .unwrap_or(&units[0]);
    let value = positive(text[..text.len() - unit.len()].trim());
    value
        .map(|value| value * scale)
        .map_err(|problem| format!("{problem}; write {example}"))
}

/// Bytes, such as `8GB`.
pub fn bytes(text: &str) -> Result<f64, String> {
    let units = [
        ("", 1.0),
        ("kB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
    ];
    with_unit(text, &units, "bytes, or a number of MB or GB such as 8GB")
}

/// Seconds, or minutes or hours.
pub fn duration(text: &str) -> Result<f64, String> {
    let units = [("", 1.0), ("s", 1.0), ("min", 60.0), ("h", 3600.0)];
    with_unit(text, &units, "seconds, or 30min or 8h")
}

/// A time that may be 0.
pub fn seconds(text: &str) -> Result<f64, String> {
    match number(text)? {
        x if x >= 0.0 => Ok(x),
        _ => Err("it must be a number of seconds, such as 60".to_owned()),
    }
}

/// One of several parts, such as `2/8`.
pub fn shard(text: &str) -> Result<Shard, String> {
    let example = "it must be the part and how many there are, such as 2/8";
    let (number, of) = text.split_once('/').ok_or(example)?;
    let shard = Shard {
        number: count(number).map_err(|_| example)?,
        of: count(of).map_err(|_| example)?,
    };
    match shard.number <= shard.of {
        true if shard.of == 1 => Err("one part is all of the run: leave it out".to_owned()),
        true => Ok(shard),
        false => Err(format!(
            "of {} parts there is no part {}",
            shard.of, shard.number
        )),
    }
}

/// A folder that is there.
pub fn folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.is_dir() {
        true => Ok(path),
        false => Err("there is no such folder".to_owned()),
    }
}

pub fn step(text: &str) -> Result<Step, String> {
    match text.trim() {
        "auto" => Ok(Step::Automatic),
        text => positive(text).map(Step::Given),
    }
}

pub fn whole(text: &str) -> Result<u64, String> {
    if let Ok(n) = text.trim().parse::<u64>() {
        return Ok(n);
    }
    match number(text)? {
        x if x > 1e15 => Err("at most 1e15".to_owned()),
        x if x >= 0.0 && x.fract() == 0.0 => Ok(x as u64),
        _ => Err("it must be a whole number, such as 1000 or 1e6".to_owned()),
    }
}

pub fn count(text: &str) -> Result<u64, String> {
    match whole(text)? {
        0 => Err("it must be at least 1".to_owned()),
        n => Ok(n),
    }
}

pub fn range(text: &str) -> Result<(f64, f64), String> {
    let Some((lo, hi)) = text.split_once("..") else {
        return Err("write it like -3..3".to_owned());
    };
    let (lo, hi) = (number(lo)?, number(hi)?);
    if lo < hi && (hi - lo).is_infinite() {
        Err("too wide: its width is no longer a double".to_owned())
    } else if lo < hi {
        Ok((lo, hi))
    } else {
        Err("the lower end comes first".to_owned())
    }
}

/// A range of steps.
pub fn steps(text: &str) -> Result<(f64, f64), String> {
    match range(text) {
        Ok((lo, _)) if lo <= 0.0 => Err("steps are positive".to_owned()),
        Err(_) if positive(text).is_ok() => Err("write two steps, like 0.05..1".to_owned()),
        range => range,
    }
}

pub fn knots(text: &str) -> Result<Knots, String> {
    // A whole number counts cells however it is written, as it does in a learn block.
    match positive(text)? {
        n if n.fract() == 0.0 && n <= 1e6 => Ok(Knots::Count(n as usize)),
        n if n.fract() == 0.0 => Err("at most 1e6 cells".to_owned()),
        h => Ok(Knots::Spacing(h)),
    }
}

pub fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" | "yes" => Ok(true),
        "off" | "false" | "no" => Ok(false),
        _ => Err("on or off".to_owned()),
    }
}

pub fn estimator(text: &str) -> Result<Estimator, String> {
    Estimator::named(text).ok_or_else(|| {
        let names = Estimator::ALL.map(Estimator::name).join(", ");
        format!("the estimators are {names}")
    })
}

pub fn noise(text: &str) -> Result<NoiseSource, String> {
    NoiseSource::named(text).ok_or_else(|| {
        let names = NoiseSource::ALL.map(NoiseSource::name).join(", ");
        format!("the ways are {names}")
    })
}

pub fn assignment(text: &str) -> Result<(String, f64), String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err("write it like eps1=0.02".to_owned());
    };
    Ok((name.trim().to_owned(), number(value)?))
}

pub fn point(text: &str) -> Result<Point, String> {
    let coordinates: Result<Vec<f64>, String> = text.split(',').map(number).collect();
    coordinates.map(Point)
}

/// A matrix, written out or in a file.
pub fn matrix(text: &str) -> Result<Rows, String> {
    let row = |row: &str| {
        row.split(',')
            .map(number)
            .collect::<Result<Vec<f64>, String>>()
    };
    let text = text.trim();
    if !text.starts_with('[') {
        // Not what never ends, nor what is no matrix by its size alone.
        let is_small = |file: &std::fs::Metadata| file.is_file() && file.len() < 1 << 20;
        if std::fs::metadata(text).is_ok_and(|file| !is_small(&file)) {
            return Err("neither a matrix such as [[2,1],[1,2]] nor a file of its rows".to_owned());
        }
        let rows = std::fs::read_to_string(text).map_err(|error| {
            format!("neither a matrix such as [[2,1],[1,2]] nor a file that can be read ({error})")
        })?;
        let lines = rows.lines().filter(|line| !line.trim().is_empty());
        return lines.map(row).collect::<Result<_, _>>().map(Rows);
    }
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let inner = compact
        .strip_prefix("[[")
        .and_then(|rest| rest.strip_suffix("]]"));
    let inner = inner.ok_or("write its rows in brackets: [[2,1],[1,2]]")?;
    inner
        .split("],[")
        .map(row)
        .collect::<Result<_, _>>()
        .map(Rows)
}
