//! Whether two results are the same to the last bit, and where they are not.

use super::asked::MadeWith;
use super::number::significant;
use serde::Serialize;
use serde_json::Value;

/// Fields that no two runs share: times, and what a run was made with. `*` is any index.
const OF_THE_MOMENT: &[&str] = &[
    "made_with",
    "performance.seconds",
    "performance.ns_per_step",
    "performance.jit_ms",
    "performance.threads",
    "table[*].seconds",
];

/// A field that differs.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Difference {
    /// Its path, such as `noise.covariance[0][1]`.
    pub field: String,
    /// What the file says; `null` where it says nothing.
    pub stored: Value,
    /// What came out now.
    pub found: Value,
    /// `found - stored`, of two numbers.
    pub by: Option<f64>,
}

/// What a rerun says of a result.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Agreement {
    /// Whether every bit agrees.
    pub agrees: bool,
    /// Numbers, texts and truths that were compared.
    pub fields: usize,
    /// Those that differ.
    pub differences: Vec<Difference>,
    /// Files of the results folder that were compared, by their SHA-256 or their bytes.
    pub files: Vec<String>,
    /// Those that differ.
    pub other_files: Vec<String>,
    /// What it was made with, and what with now.
    pub then: MadeWith,
    /// This build.
    pub now: MadeWith,
}

/// Compares two JSON values; gives the number of fields, and those that differ.
pub fn compare(stored: &Value, found: &Value) -> (usize, Vec<Difference>) {
    let mut differences = Vec::new();
    let mut fields = 0;
    // With an explicit stack: a file may nest as it likes.
    let mut open = vec![(String::new(), String::new(), Some(stored), Some(found))];
    while let Some((path, pattern, a, b)) = open.pop() {
        if OF_THE_MOMENT.contains(&pattern.as_str()) {
            continue;
        }
        let dot = if path.is_empty() { "" } else { "." };
        match (a, b) {
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
                names.sort();
                names.dedup();
                for name in names.into_iter().rev() {
                    let (path, pattern) = (
                        format!("{path}{dot}{name}"),
                        format!("{pattern}{dot}{name}"),
                    );
                    open.push((path, pattern, a.get(name), b.get(name)));
                }
            }
            (Some(Value::Array(a)), Some(Value::Array(b))) => {
                for at in (0..a.len().max(b.len())).rev() {
                    let (path, pattern) = (format!("{path}[{at}]"), format!("{pattern}[*]"));
                    open.push((path, pattern, a.get(at), b.get(at)));
                }
            }
            (a, b) => {
                fields += 1;
                if !same(a, b) {
                    let number = |v: Option<&Value>| v.and_then(Value::as_f64);
                    differences.push(Difference {
                        field: path,
                        stored: a.cloned().unwrap_or_default(),
                        found: b.cloned().unwrap_or_default(),
                        by: number(a).zip(number(b)).map(|(a, b)| b - a),
                    });
                }
            }
        }
    }
    (fields, differences)
}

/// Numbers by their value: `1` and `1.0` are one.
fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a == b || (a.as_u64().zip(b.as_u64()).is_none() && a.as_f64() == b.as_f64())
        }
        (a, b) => a == b,
    }
}

impl Agreement {
    /// For a person; `name` is the result that was run again.
    pub fn summary(&self, name: &str) -> String {
        const SHOWN: usize = 10;
        let word = if self.agrees { "AGREES" } else { "DIFFERS" };
        let mut out = format!("{name:<64} {word}\n");
        let files = match self.files.len() {
            0 => String::new(),
            n => format!(", {} of {n} files", n - self.other_files.len()),
        };
        let fields = self.fields;
        let same = fields - self.differences.len();
        out += &format!(
            "{:<13}{same} of {fields} fields{files}, to the last bit\n",
            "same"
        );
        for difference in self.differences.iter().take(SHOWN) {
            out += &format!("{:<13}{}\n", "differs", difference.line());
        }
        if self.differences.len() > SHOWN {
            let more = self.differences.len() - SHOWN;
            out += &format!("{:<13}{more} more fields; --json lists all\n", "");
        }
        for file in &self.other_files {
            out += &format!("{:<13}{file}\n", "differs");
        }
        let others = self.then.differences(&self.now);
        if !others.is_empty() {
            out += &format!("{:<13}{}\n", "made with", others.join("; "));
        } else if !self.agrees {
            out += &format!(
                "{:<13}the same effpot-lang {}, engine and machine: the file was changed, or the program depends on something that it does not embed\n",
                "made with", self.now.version
            );
        }
        out
    }

    /// As JSON, indented, with a newline at the end.
    ///
    /// # Errors
    /// None that is known: the types here have a form in JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl Difference {
    fn line(&self) -> String {
        let by = match (self.by, self.stored.as_f64()) {
            (Some(by), Some(stored)) if stored != 0.0 => format!(
                "   off by {}, {} of it",
                significant(by, 2),
                significant((by / stored).abs(), 2)
            ),
            (Some(by), _) => format!("   off by {}", significant(by, 2)),
            _ => String::new(),
        };
        let (stored, found) = (short(&self.stored), short(&self.found));
        format!("{}: {stored} in the file, {found} now{by}", self.field)
    }
}

/// A value that is short enough for a line.
fn short(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST).chain("...".chars()).collect(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_changed_number_is_found_by_its_path_and_times_are_not() {
        let a = json!({"x": [1.0, {"y": 2}], "table": [{"seconds": 1.0, "rmse": 3.0}], "gone": 1});
        let b = json!({"x": [1, {"y": 2.5}], "table": [{"seconds": 9.0, "rmse": 3.0}], "new": "n"});
        let (fields, differences) = compare(&a, &b);
        let names: Vec<&str> = differences.iter().map(|d| d.field.as_str()).collect();
        assert_eq!((fields, names), (5, vec!["gone", "new", "x[1].y"]));
        assert_eq!(differences[2].by, Some(0.5));
        assert_eq!(differences[0].found, Value::Null);
    }
}
