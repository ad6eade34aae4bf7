//! Tables of numbers as text: a row a line, commas between.

use super::elaborate::{Elaborator, MAX_NODES};
use super::modules::{beside, not_gathered};
use super::value::{Shape, Value};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, SourceId, Sources, Span};
use crate::syntax::{ExprId, ExprKind, Tree};
use std::collections::HashMap;

/// How many numbers a table may have: with all of them different, the program may do as much again.
const MOST_NUMBERS: usize = MAX_NODES / 2;

/// The tables of a program.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    list: Vec<Data>,
    /// For each `csv(...)` the table that it names; none for one that could not be read.
    of: HashMap<ExprId, usize>,
}

impl Tables {
    /// Reads every data file that a program names, each once.
    pub fn read(sources: &Sources, tree: &Tree, errors: &mut Vec<Diagnostic>) -> Tables {
        let mut tables = Tables::default();
        let mut known: HashMap<SourceId, Option<usize>> = HashMap::new();
        for (id, expr) in tree.exprs() {
            let ExprKind::Call(name, arguments) = &expr.kind else {
                continue;
            };
            let ("csv", [argument]) = (name.text.as_str(), arguments.as_slice()) else {
                continue;
            };
            let ExprKind::Text(path) = tree.kind(*argument) else {
                continue;
            };
            let asked = tree.span(*argument);
            let Some(source) = beside(sources, asked.source, path) else {
                errors.push(not_gathered(path, asked));
                continue;
            };
            let list = &mut tables.list;
            let table = *known.entry(source).or_insert_with(|| {
                let table = read(sources.get(source), source, asked);
                let table = table.map_err(|error| errors.push(error)).ok()?;
                list.push(table);
                Some(list.len() - 1)
            });
            if let Some(table) = table {
                tables.of.insert(id, table);
            }
        }
        tables
    }
}

impl Elaborator<'_> {
    /// The numbers of a file, by the `csv` that names it.
    pub(super) fn table_of_file(&mut self, id: ExprId) -> Value {
        let data = &self.table.data;
        let Some(data) = data.of.get(&id).and_then(|at| data.list.get(*at)) else {
            return Value::Wrong;
        };
        let shape = match data.columns {
            1 => Shape::vector(data.rows),
            columns => Shape::table(data.rows, columns),
        };
        let numbers = data.values.iter();
        let nodes = numbers.map(|x| self.graph.constant(*x)).collect();
        self.array(shape, nodes)
    }
}

/// A table that was read.
#[derive(Clone, PartialEq, Debug)]
struct Data {
    /// How many rows there are, at least one.
    rows: usize,
    /// How many columns, at least one; a table of one is a vector.
    columns: usize,
    /// The numbers, row by row, all finite.
    values: Vec<f64>,
}

/// Reads a table. Blank lines and those that begin with `#` do not count, and neither does a first
/// line without a number. `asked` is where the program names the file.
fn read(file: &Source, source: SourceId, asked: Span) -> Result<Data, Diagnostic> {
    let mut data = Data {
        rows: 0,
        columns: 0,
        values: Vec::new(),
    };
    let mut is_first = true;
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let row = Row {
            start,
            text: line.trim_end_matches(['\n', '\r']),
            source,
            asked,
        };
        start += line.len();
        let bare = row.text.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let header = is_first && row.cells().all(|(_, cell)| cell.parse::<f64>().is_err());
        is_first = false;
        if header && !row.is_of_another_kind() {
            continue;
        }
        row.read(&mut data)?;
        if data.values.len() > MOST_NUMBERS {
            let message = format!("{} has more than {MOST_NUMBERS} numbers", file.name);
            return Err(row
                .wrong(row.whole(), message, "the limit is passed here")
                .help("give a program fewer: every second row, or the columns it needs"));
        }
    }
    if data.rows == 0 {
        let message = format!("{} holds no numbers", file.name);
        let error = Diagnostic::error("csv", message).at(asked, "read here");
        return Err(error.help("a table has a row a line, with commas between the numbers"));
    }
    Ok(data)
}

struct Row<'a> {
    /// Its first byte in the file.
    start: usize,
    text: &'a str,
    source: SourceId,
    asked: Span,
}

impl<'a> Row<'a> {
    /// What is between the commas, without spaces, and where.
    fn cells(&self) -> impl Iterator<Item = (Span, &'a str)> {
        let mut at = self.start;
        let source = self.source;
        self.text.split(',').map(move |raw| {
            let cell = raw.trim();
            let start = at + (raw.len() - raw.trim_start().len()).min(raw.len());
            at += raw.len() + 1;
            (Span::new(source, start, start + cell.len()), cell)
        })
    }

    fn whole(&self) -> Span {
        Span::new(self.source, self.start, self.start + self.text.len())
    }

    /// A line of numbers with other signs than commas between them.
    fn is_of_another_kind(&self) -> bool {
        let mut words = self.text.split([';', '\t', ' ']).filter(|w| !w.is_empty());
        let number = |word: &str| word.replace(',', ".").parse::<f64>().is_ok();
        !self.text.contains(", ") && words.all(number)
    }

    fn wrong(&self, span: Span, message: String, there: &str) -> Diagnostic {
        Diagnostic::error("csv", message)
            .at(span, there)
            .at(self.asked, "read here")
    }

    fn read(&self, data: &mut Data) -> Result<(), Diagnostic> {
        let before = data.values.len();
        for (span, cell) in self.cells() {
            data.values.push(self.number(span, cell)?);
        }
        let count = data.values.len() - before;
        if data.rows == 0 {
            data.columns = count;
        } else if count != data.columns {
            let message = format!(
                "this row has {count} number{} where those before have {}",
                if count == 1 { "" } else { "s" },
                data.columns
            );
            let error = self.wrong(self.whole(), message, "a row of another length");
            return Err(error.help("every row of a table has as many numbers"));
        }
        data.rows += 1;
        Ok(())
    }

    fn number(&self, span: Span, cell: &str) -> Result<f64, Diagnostic> {
        let message = match cell.parse::<f64>() {
            Ok(number) if number.is_finite() => return Ok(number),
            Ok(_) if cell.contains(|c: char| c.is_ascii_digit()) => {
                format!("`{}` is too large for a number", short(cell))
            }
            Ok(_) => format!("`{cell}` is no finite number"),
            Err(_) if cell.is_empty() => "a number is missing".to_owned(),
            Err(_) => format!("`{}` is no number", short(cell)),
        };
        let place = if cell.is_empty() { self.whole() } else { span };
        let error = self.wrong(place, message, "");
        Err(error.help(if self.is_of_another_kind() {
            "write `.` in numbers and `,` between them"
        } else {
            "every entry is a finite number, such as 0.5 or 1e-3; begin remarks with `#`"
        }))
    }
}

/// The beginning of a text.
fn short(text: &str) -> String {
    match text.char_indices().nth(24) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
