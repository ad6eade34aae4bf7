//! Outcomes as JSON, one object a line.

use serde_json::{Map, Value, json};

use super::super::eval::json_number;
use crate::check::Meaning;
use crate::repl::{Outcome, Reply};

/// A line for each reply and each diagnostic.
pub(super) fn lines(outcome: &Outcome) -> String {
    let replies = outcome.replies.iter().map(reply);
    let diagnostics = outcome.diagnostics.iter().map(|diagnostic| {
        let label = diagnostic.labels.first();
        let place = label.map(|label| outcome.sources.position(label.span));
        let file = label.map(|label| &outcome.sources.get(label.span.source).name);
        json!({
            "code": diagnostic.code,
            "severity": diagnostic.severity.name(),
            "message": diagnostic.message,
            "file": file,
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "help": diagnostic.help,
        })
    });
    replies
        .chain(diagnostics)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn reply(reply: &Reply) -> Value {
    match reply {
        Reply::Value(value) => json!({ "value": meaning(value) }),
        Reply::Defined(defined) => json!({
            "defined": defined.signature,
            "value": defined.value.as_ref().map(meaning),
            "replaced": defined.replaced,
            "followers": defined.followers,
        }),
        Reply::Formulas(formulas) => {
            let rows = formulas.rows.iter().cloned();
            let rows: Map<String, Value> = rows.map(|(name, text)| (name, text.into())).collect();
            json!({ "formulas": rows })
        }
        Reply::Slopes(slopes) => {
            let hessian = slopes.hessian.as_ref();
            let hessian: Option<Vec<Value>> =
                hessian.map(|rows| rows.iter().map(|row| list(row)).collect());
            json!({
                "at": list(&slopes.point),
                "value": json_number(slopes.value),
                "gradient": list(&slopes.gradient),
                "hessian": hessian,
            })
        }
        Reply::Learned(learned) => json!({
            "learned": learned.name,
            "verdict": learned.result.equilibrium.verdict.words(),
            "result": learned.result.to_json().ok().and_then(|text| serde_json::from_str::<Value>(&text).ok()),
            "command": learned.command.line,
        }),
        Reply::Scanned {
            result, command, ..
        } => json!({
            "scanned": result.to_json().ok().and_then(|text| serde_json::from_str::<Value>(&text).ok()),
            "command": command.line,
        }),
        Reply::Set(values) => {
            let values = values.iter();
            let values: Map<String, Value> = values
                .map(|(name, value)| (name.clone(), json_number(*value)))
                .collect();
            json!({ "set": values })
        }
        Reply::Seconds(seconds) => json!({ "seconds": json_number(*seconds) }),
        other => json!({ "text": other.to_string() }),
    }
}

fn list(numbers: &[f64]) -> Value {
    numbers.iter().map(|x| json_number(*x)).collect()
}

fn meaning(value: &Meaning) -> Value {
    match value {
        Meaning::Number(x) => json_number(*x),
        Meaning::Truth(truth) => json!(truth),
        Meaning::Function(signature) => json!(signature),
        Meaning::Array { sizes, numbers } => {
            let mut lists: Vec<Value> = numbers.iter().map(|x| json_number(*x)).collect();
            for size in sizes.iter().skip(1).rev() {
                let rows = lists.chunks((*size).max(1));
                lists = rows.map(|row| Value::Array(row.to_vec())).collect();
            }
            Value::Array(lists)
        }
    }
}
