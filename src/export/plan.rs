//! What is to be written, before any notation: the value and the gradient of a model as
//! straight-line formulas and loops over families.

use super::members::Members;
use super::splines::Splines;
use crate::graph::{Differentiated, Family, Graph, Model, Node, number};

/// More operations than that are written as loops where terms repeat: about a page.
const PAGE: usize = 600;

/// What a program computes.
pub(super) struct Plan<'a> {
    pub(super) model: &'a Model,
    /// Whether the gradient is wanted beside the value.
    pub(super) gradient: bool,
    pub(super) parts: Differentiated,
    /// Where the members of each family are.
    pub(super) members: Vec<Members>,
    pub(super) splines: Splines,
    /// Names of the parameters without points.
    pub(super) parameters: Vec<String>,
}

impl<'a> Plan<'a> {
    pub(super) fn of(model: &'a Model, gradient: bool) -> Plan<'a> {
        let parts = Differentiated::beyond(model, PAGE);
        let mut needed: Vec<(&Graph, &[Node])> = Vec::new();
        let wanted = |roots: usize| if gradient { roots } else { 1 };
        needed.push((&parts.graph, &parts.roots[..wanted(parts.roots.len())]));
        for family in &parts.families {
            needed.push((&family.graph, std::slice::from_ref(&family.value)));
            if gradient {
                needed.push((&family.graph, &family.slopes));
            }
        }
        let splines = Splines::of(&needed);
        Plan {
            model,
            gradient,
            members: parts.families.iter().map(Members::of).collect(),
            splines,
            parameters: model.parameter_names(),
            parts,
        }
    }

    /// The numbers of all members, if no parameter changes them.
    pub(super) fn known_fillings(&self, family: &Family) -> Option<Vec<f64>> {
        let fillings = (0..family.members()).flat_map(|member| family.fillings(member));
        fillings
            .map(|&node| self.parts.graph.as_constant(node))
            .collect()
    }

    /// What the members of families are filled with where that is to be computed, in order.
    pub(super) fn computed_fillings(&self) -> Vec<Node> {
        let families = self.parts.families.iter();
        families
            .filter(|family| self.known_fillings(family).is_none())
            .flat_map(|family| {
                let members = 0..family.members();
                members.flat_map(|member| family.fillings(member).to_vec())
            })
            .collect()
    }

    /// The first lines of a program: what it computes, and what its arguments are.
    pub(super) fn head(&self) -> Vec<String> {
        let d = self.model.dimension();
        let what = match self.gradient {
            true => "The potential and its gradient",
            false => "The potential",
        };
        let mut lines = vec![
            format!(
                "{what}, written by effpot-lang {}. Everything is dimensionless.",
                env!("CARGO_PKG_VERSION")
            ),
            format!(
                "Coordinates q, {d} in all: {}",
                listed(&self.coordinate_texts())
            ),
        ];
        let values = self.parameters.iter().zip(self.model.parameter_values());
        let values: Vec<String> = values
            .map(|(name, value)| format!("{name} = {}", number(value)))
            .collect();
        if !values.is_empty() {
            lines.push(format!("Parameters: {}", listed(&values)));
        }
        lines
    }

    fn coordinate_texts(&self) -> Vec<String> {
        let text = |c: &crate::graph::Coordinate| match c.period {
            Some(std::f64::consts::TAU) => format!("{} (an angle)", c.name),
            Some(length) => format!("{} (period {})", c.name, number(length)),
            None => c.name.clone(),
        };
        self.model.coordinates.iter().map(text).collect()
    }
}

/// A list, of which the middle is left out where it is long.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [first, second, .., last] if items.len() > 8 => {
            format!("{first}, {second}, ..., {last}")
        }
        items => items.join(", "),
    }
}

/// Lines of a comment.
pub(super) fn comment(open: &str, next: &str, close: &str, lines: &[String]) -> String {
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        let mark = if at == 0 { open } else { next };
        out.push_str(format!("{mark}{line}").trim_end());
        out.push('\n');
    }
    match close.is_empty() {
        true => out,
        false => out.trim_end().to_owned() + close,
    }
}

/// Entries of a table, as many on a line as fit, with commas between.
pub(super) fn wrapped(entries: &[String], depth: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for (at, entry) in entries.iter().enumerate() {
        let comma = if at + 1 < entries.len() { "," } else { "" };
        if !line.is_empty() && depth.len() + line.len() + entry.len() + 2 > 96 {
            out.push_str(&format!("{depth}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(entry);
        line.push_str(comma);
    }
    if !line.is_empty() {
        out.push_str(&format!("{depth}{line}\n"));
    }
    out
}

/// Whether a text has a name as a word of its own, and not as the field of something.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = &text[..at];
        !before.ends_with(part)
            && !before.ends_with("->")
            && !text[at + name.len()..].starts_with(part)
    })
}
