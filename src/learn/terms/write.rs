//! U as a program, with sums over families of pieces where it would be long.

use super::{Estimate, Terms};
use crate::graph::{
    Arguments, Evaluator, Family, Graph, Node, Notation, Op, arguments, number, print, program,
};

/// Terms are written out up to so many characters.
const SHORT: usize = 100;
/// More terms than that are written as sums over their families, with tables of weights.
const MANY: usize = 20;
/// Numbers of a table on one line.
const A_LINE: usize = 8;

/// Definitions in the making.
struct Writer<'a> {
    terms: &'a Terms,
    arguments: Arguments,
    /// Names of the inputs: coordinates, then parameters.
    names: Vec<String>,
    /// The parameters that were written.
    used: Vec<bool>,
    tables: Vec<(String, Vec<f64>)>,
    index: String,
}

impl Terms {
    /// U as definitions of the language: the parameters that it needs as constants, tables if there
    /// are any, and `U(...) = ...`. Long terms are sums over the families of their pieces. `None` if
    /// no term is kept, or the formula is too long to be written.
    pub fn program(&self, estimate: &Estimate) -> Option<String> {
        let mut writer = Writer::new(self);
        let kept = self.list.iter().zip(&estimate.weights);
        let kept: Vec<_> = kept
            .filter(|(_, weight)| weight.kept == Some(true))
            .collect();
        let mut parts = Vec::new();
        if kept.len() > MANY
            && let Some((graph, sum)) = self.sum(estimate)
            && let Some(text) = writer.by_families(graph, sum)
        {
            return Some(writer.finish(&[text]));
        }
        for (term, weight) in kept {
            let text = writer.term(term.node)?;
            parts.push(format!("{}*({text})", number(weight.rounded())));
        }
        (!parts.is_empty()).then(|| writer.finish(&parts))
    }
}

impl<'a> Writer<'a> {
    fn new(terms: &'a Terms) -> Writer<'a> {
        let model = &terms.model;
        let arguments = arguments(&model.coordinates);
        let mut names = arguments.names.clone();
        names.extend(model.parameter_names());
        let mut writer = Writer {
            terms,
            arguments,
            names,
            used: vec![false; model.parameters.len()],
            tables: Vec::new(),
            index: String::new(),
        };
        writer.index = writer.fresh("i");
        writer
    }

    /// A name that nothing else has.
    fn fresh(&self, like: &str) -> String {
        let base = |name: &str| name.split('[').next().unwrap_or(name).to_owned();
        let mut name = like.to_owned();
        while self.names.iter().any(|known| base(known) == name) || name == self.index {
            name.push('_');
        }
        name
    }

    /// A term as a factor of a product.
    fn term(&mut self, node: Node) -> Option<String> {
        let mut small = Graph::new();
        let root = small.import(&self.terms.graph, &[node], &[])[0];
        let short = print(&small, root, &self.names, Notation::Pot);
        let text = match short.filter(|text| text.len() <= SHORT) {
            Some(text) => text,
            None => match self.by_families(self.terms.graph.clone(), node) {
                Some(text) => return Some(text),
                // A block cannot stand within a product.
                None => program(&small, root, &self.names).filter(|text| !text.starts_with('{'))?,
            },
        };
        self.use_parameters(&small, root, self.terms.dimension);
        Some(text)
    }

    fn use_parameters(&mut self, graph: &Graph, node: Node, before: usize) {
        for at in graph.schedule(&[node]) {
            if let Op::Input(input) = graph.op(at)
                && let Some(used) = (input as usize)
                    .checked_sub(before)
                    .and_then(|p| self.used.get_mut(p))
            {
                *used = true;
            }
        }
    }

    /// A term as a sum of sums.
    fn by_families(&mut self, mut graph: Graph, node: Node) -> Option<String> {
        let dimension = self.terms.dimension;
        let node = graph.simplify(&[node], dimension)[0];
        let pieces: Vec<(usize, Node)> = graph
            .terms(node, dimension)
            .into_iter()
            .map(|piece| (0, piece))
            .collect();
        let mut inputs = vec![f64::NAN; dimension];
        inputs.extend_from_slice(&self.terms.parameters);
        let families = graph.families(&pieces, dimension).into_iter();
        let sums: Option<Vec<String>> = families
            .map(|owned| self.family(&owned.family, &graph, &inputs))
            .collect();
        Some(sums?.join(" +\n  "))
    }

    /// The sum over the members of a family.
    fn family(&mut self, family: &Family, graph: &Graph, inputs: &[f64]) -> Option<String> {
        let mut members: Vec<usize> = (0..family.members()).collect();
        members.sort_by_key(|&member| family.coordinates(member));
        let from = self.first_index(family, &members);
        let mut names = Vec::new();
        for slot in 0..family.slots() {
            let coordinates = members
                .iter()
                .map(|&member| family.coordinates(member)[slot]);
            names.push(self.coordinate(&coordinates.collect::<Vec<u32>>(), from)?);
        }
        for constant in 0..family.constants() {
            let nodes: Vec<Node> = members
                .iter()
                .map(|&member| family.fillings(member)[constant])
                .collect();
            let values = Evaluator::new(graph, &nodes).evaluate(inputs);
            names.push(self.number(values, from));
        }
        names.extend_from_slice(&self.names[self.terms.dimension..]);
        self.use_parameters(
            &family.graph,
            family.value,
            family.slots() + family.constants(),
        );
        let body = print(&family.graph, family.value, &names, Notation::Pot)?;
        let last = from + members.len() as i64 - 1;
        Some(match members.len() {
            1 => body,
            _ => format!("sum({body} for {} in {from}..{last})", self.index),
        })
    }

    /// Where the index begins, so that some coordinate is `q[i]` and none comes before it.
    fn first_index(&self, family: &Family, members: &[usize]) -> i64 {
        let coordinates = members.first().map(|&member| family.coordinates(member));
        let names = coordinates.unwrap_or_default().iter();
        let indices = names.filter_map(|&c| split(&self.arguments.names[c as usize]));
        let first = indices.filter_map(|(_, indices)| indices.first().copied());
        first.min().unwrap_or(1)
    }

    /// The coordinate that stands at a slot, as the index runs from `from` over all members.
    fn coordinate(&mut self, coordinates: &[u32], from: i64) -> Option<String> {
        let first = *coordinates.first()?;
        let name = self.arguments.names[first as usize].clone();
        if coordinates.iter().all(|c| *c == first) {
            return Some(name);
        }
        let all: Option<Vec<(&str, Vec<i64>)>> = coordinates
            .iter()
            .map(|&c| split(&self.arguments.names[c as usize]))
            .collect();
        let all = all?;
        let base = all[0].0.to_owned();
        let width = all[0].1.len();
        if all
            .iter()
            .any(|(other, indices)| *other != base || indices.len() != width)
        {
            return None;
        }
        let columns: Vec<Vec<f64>> = (0..width)
            .map(|at| all.iter().map(|(_, indices)| indices[at] as f64).collect())
            .collect();
        let columns: Vec<String> = columns
            .into_iter()
            .map(|column| self.number(column, from))
            .collect();
        Some(format!("{base}[{}]", columns.join(", ")))
    }

    /// A number that changes with the index: in steps of a whole number, or out of a table.
    fn number(&mut self, values: Vec<f64>, from: i64) -> String {
        let (first, step) = (
            values[0],
            values.get(1).map_or(0.0, |second| second - values[0]),
        );
        if values.iter().all(|value| *value == first) {
            return number(first);
        }
        let whole = values
            .iter()
            .all(|value| value.fract() == 0.0 && value.abs() < 1e9);
        let even = values.windows(2).all(|pair| pair[1] - pair[0] == step);
        if whole && even {
            return linear(&self.index, step as i64, first as i64 - step as i64 * from);
        }
        let known = self.tables.iter().find(|(_, table)| *table == values);
        let name = match known {
            Some((name, _)) => name.clone(),
            None => {
                let name = self.fresh(&format!("table{}", self.tables.len() + 1));
                self.tables.push((name.clone(), values));
                name
            }
        };
        format!("{name}[{}]", linear(&self.index, 1, 1 - from))
    }

    fn finish(&self, parts: &[String]) -> String {
        let mut out = String::new();
        let names = &self.names[self.terms.dimension..];
        for ((name, value), used) in names.iter().zip(&self.terms.parameters).zip(&self.used) {
            if *used {
                out.push_str(&format!("{name} = {}\n", number(*value)));
            }
        }
        for (name, table) in &self.tables {
            let lines: Vec<String> = table
                .chunks(A_LINE)
                .map(|line| {
                    line.iter()
                        .map(|x| number(*x))
                        .collect::<Vec<String>>()
                        .join(", ")
                })
                .collect();
            out.push_str(&format!("{name} = [\n  {}\n]\n", lines.join(",\n  ")));
        }
        let name = self.fresh("U");
        out.push_str(&format!(
            "{name}({}) =\n  {}\n",
            self.arguments.head,
            parts.join(" +\n  ")
        ));
        out
    }
}

/// A name such as `q[2]` as its base and its indices.
fn split(name: &str) -> Option<(&str, Vec<i64>)> {
    let (base, inside) = name.strip_suffix(']')?.split_once('[')?;
    let indices = inside.split(',').map(|index| index.trim().parse().ok());
    Some((base, indices.collect::<Option<Vec<i64>>>()?))
}

/// `step*i + offset`.
fn linear(index: &str, step: i64, offset: i64) -> String {
    let run = match step {
        1 => index.to_owned(),
        _ => format!("{step}*{index}"),
    };
    match offset {
        0 => run,
        1.. => format!("{run} + {offset}"),
        _ => format!("{run} - {}", -offset),
    }
}
