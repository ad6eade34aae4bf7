//! The terms of a potential that is a formula, with what became of each.

use super::html::escape;
use super::number::{significant, with_error};
use super::result::TermRow;
use std::fmt::Write;

/// Terms that a summary names.
const NAMED: usize = 12;
/// The width of a column of terms, at most.
const WIDEST: usize = 44;

impl TermRow {
    /// What became of it, in words.
    pub fn outcome(&self) -> &'static str {
        match self.kept {
            Some(true) => "kept",
            Some(false) => "removed",
            None => "not resolved",
        }
    }

    fn found(&self) -> String {
        let (weight, stderr) = with_error(self.weight, self.stderr);
        format!("{weight} +- {stderr}")
    }

    fn expected(&self) -> String {
        match self.predicted {
            Some(part) if part < 1e-6 => "< 1e-6".to_owned(),
            Some(part) => significant(part, 3),
            None => "-".to_owned(),
        }
    }
}

/// Rows for a person, the prediction first; `indent` is where a line begins.
pub(super) fn rows(terms: &[TermRow], indent: usize) -> String {
    let shown: Vec<&TermRow> = terms.iter().take(NAMED).collect();
    let text = |row: &TermRow| -> String {
        match row.expression.chars().count() > WIDEST {
            true => row.expression.chars().take(WIDEST - 3).collect::<String>() + "...",
            false => row.expression.clone(),
        }
    };
    let widest = shown.iter().map(|row| text(row).chars().count()).max();
    let width = widest.unwrap_or(0).max(4);
    let mut out = format!(
        "{:<indent$}{:<width$}  {:<10}weight\n",
        "terms", "term", "predicted"
    );
    for row in &shown {
        let line = format!(
            "{:<indent$}{:<width$}  {:<10}{:<18}{}",
            "",
            text(row),
            row.expected(),
            row.found(),
            row.outcome()
        );
        out += line.trim_end();
        out.push('\n');
    }
    let rest = &terms[shown.len()..];
    if !rest.is_empty() {
        let count = |kept| rest.iter().filter(|row| row.kept == kept).count();
        let _ = writeln!(
            out,
            "{:<indent$}and {} more: {} kept, {} removed, {} not resolved",
            "",
            rest.len(),
            count(Some(true)),
            count(Some(false)),
            count(None)
        );
    }
    out
}

/// All of them as a table of a page.
pub(super) fn table(out: &mut String, terms: &[TermRow]) {
    out.push_str(
        "<h2>Terms</h2>\n<table>\n<tr><th>term</th><th class=\"number\">predicted weight</th>\
         <th class=\"number\">weight</th><th></th></tr>\n",
    );
    for row in terms {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>",
            escape(&row.expression),
            escape(&row.expected()),
            escape(&row.found().replace("+-", "±")),
            row.outcome()
        );
    }
    out.push_str("</table>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(expression: &str, weight: f64, stderr: f64, kept: Option<bool>) -> TermRow {
        TermRow {
            expression: expression.to_owned(),
            weight,
            stderr,
            kept,
            predicted: kept.map(f64::from),
        }
    }

    #[test]
    fn the_prediction_stands_before_what_was_found() {
        let mut terms = vec![
            row("q^2/2", 1.0003, 0.001, Some(true)),
            row("eps1*sin(q/eps1)", 0.012, 0.03, Some(false)),
            row("eps2*sin(q/eps2)", -0.4, 1.2, None),
        ];
        let expected = "\
terms   term              predicted weight
        q^2/2             1         1.000 +- 0.001    kept
        eps1*sin(q/eps1)  < 1e-6    0.01 +- 0.03      removed
        eps2*sin(q/eps2)  -         -0 +- 1           not resolved
";
        assert_eq!(rows(&terms, 8), expected);
        terms.extend((0..20).map(|_| row("x", 1.0, 0.1, Some(true))));
        let text = rows(&terms, 8);
        assert!(
            text.ends_with("and 11 more: 11 kept, 0 removed, 0 not resolved\n"),
            "{text}"
        );
        let mut page = String::new();
        table(&mut page, &terms);
        assert_eq!(page.matches("<tr>").count(), 24);
    }
}
