//! LaTeX mathematics for amsmath: displays that are broken over lines, and what stands in them.

mod layout;

use std::collections::{HashMap, HashSet};

use self::layout::{LINE, base_of, broken, joined, named, summands, width};
use super::members::Members;
use super::names::ascii;
use super::{Options, refused, too_long};
use crate::diagnostic::Diagnostic;
use crate::graph::{
    Coordinate, Extension, Family, Graph, Model, Node, Notation, Op, Spline, latex_name, number,
    print,
};

/// From so many coordinates on, repeated terms are written as one sum.
const MANY: usize = 4;
/// Coefficients of a spline that are listed.
const LISTED: usize = 400;

/// A fragment, or a whole document.
///
/// # Errors
/// Splines that could not be told apart, and a formula that is too long.
pub(super) fn write(model: &Model, options: Options) -> Result<String, Diagnostic> {
    let page = Page::new(model);
    let mut graph = model.graph.clone();
    let d = model.dimension();
    let roots = match options.gradient {
        true => graph.gradient(model.value, d),
        false => vec![model.value],
    };
    let roots = graph.simplify_for_print(&roots, d);
    let heads = page.heads(options.gradient);
    let sums = match options.gradient || d < MANY {
        true => None,
        false => page.sums(&mut graph, roots[0], &heads[0])?,
    };
    let displays = match sums {
        Some(displays) => displays,
        None => page
            .clone()
            .named_displays(&graph, &roots, &heads, &[], "")?,
    };
    let displays: Vec<String> = displays
        .iter()
        .map(|(head, summands)| broken(head, summands))
        .collect();
    let displays = displays.join(" \\\\\n");
    let mut out = format!("\\begin{{align*}}\n{displays}\n\\end{{align*}}\n");
    out.push_str(&page.explained(&graph, &roots)?);
    match options.standalone {
        true => Ok(document(model, &out)),
        false => Ok(format!(
            "% {} by effpot-lang {}; needs amsmath\n{out}",
            ascii(&model.name),
            env!("CARGO_PKG_VERSION")
        )),
    }
}

fn document(model: &Model, body: &str) -> String {
    format!(
        "\\documentclass{{article}}\n\\usepackage[a4paper,margin=25mm]{{geometry}}\n\
         \\usepackage{{amsmath}}\n\\allowdisplaybreaks\n\\setlength{{\\parindent}}{{0pt}}\n\
         % {} by effpot-lang {}\n\\begin{{document}}\n\\raggedright\n{body}\\end{{document}}\n",
        ascii(&model.name),
        env!("CARGO_PKG_VERSION")
    )
}

/// The left side of an equation, and the terms of the right one with their signs.
type Display = (String, Vec<String>);

/// Terms, and what has a name in them.
type Sums = (Vec<String>, Vec<Display>);

/// A display in the making.
#[derive(Clone)]
struct Page<'a> {
    model: &'a Model,
    /// Names of the inputs, and then of what gets one.
    names: Vec<String>,
}

impl<'a> Page<'a> {
    fn new(model: &'a Model) -> Page<'a> {
        let coordinates = model.coordinates.iter().map(|c| &c.name);
        let all = coordinates.chain(model.parameters.iter().map(|p| &p.name));
        let mut names: Vec<String> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        for name in all {
            let mut name = ascii(&name.replace('ε', "eps"));
            // `eps` and `ε` would look alike.
            while !seen.insert(latex_name(&name)) {
                name = match name.split_once('[') {
                    Some((base, rest)) => format!("{base}_x[{rest}"),
                    None => format!("{name}_x"),
                };
            }
            names.push(name);
        }
        Page { model, names }
    }

    fn heads(&self, gradient: bool) -> Vec<String> {
        let f = latex_name(&ascii(&self.model.name));
        let names = &self.names[..self.model.dimension()];
        if gradient {
            let one =
                |q: &String| format!("\\frac{{\\partial {f}}}{{\\partial {}}}", latex_name(q));
            return names.iter().map(one).collect();
        }
        let written: Vec<String> = names.iter().map(|q| latex_name(q)).collect();
        let list = match &written[..] {
            [first, second, .., last] if written.len() > 6 => {
                format!("{first}, {second}, \\ldots, {last}")
            }
            list => list.join(", "),
        };
        vec![format!("{f}\\left({list}\\right)")]
    }

    /// The value as sums over families and what is left, if terms repeat.
    fn sums(
        &self,
        graph: &mut Graph,
        root: Node,
        head: &str,
    ) -> Result<Option<Vec<Display>>, Diagnostic> {
        let d = self.model.dimension();
        let split = graph.split(root, d);
        let mut rest = split.rest.clone();
        let (mut found, mut displays) = (Vec::new(), Vec::new());
        let mut taken = self.names.clone();
        for family in &split.families {
            match self.sum(family, &taken)? {
                Some((sums, named)) => {
                    found.extend(sums);
                    taken.extend(named.iter().map(|(name, _)| base_of(name)));
                    displays.extend(named);
                }
                None => rest.extend((0..family.members()).map(|m| family.member(graph, m, d))),
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let mut sum = graph.constant(0.0);
        for node in rest {
            sum = graph.plus(sum, node);
        }
        let sum = graph.simplify_for_print(&[sum], d);
        if graph.as_constant(sum[0]) != Some(0.0) {
            let page = self.clone();
            let mut rest = page.named_displays(graph, &sum, &[head.to_owned()], &taken, "")?;
            found.extend(rest.remove(0).1);
            displays.extend(rest);
        }
        let mut all = vec![(head.to_owned(), found)];
        all.extend(displays);
        Ok(Some(all))
    }

    /// A family as one sum, where its members differ by their indices alone, and what has a name in it.
    fn sum(&self, family: &Family, taken: &[String]) -> Result<Option<Sums>, Diagnostic> {
        if family.constants() > 0 {
            return Ok(None);
        }
        let Some((sign, mut names)) = indexed(&self.model.coordinates, &self.names, family) else {
            return Ok(None);
        };
        names.extend_from_slice(&self.names[self.model.dimension()..]);
        let mut graph = family.graph.clone();
        let value = graph.simplify_for_print(&[family.value], family.slots())[0];
        let inner = Page {
            model: self.model,
            names,
        };
        // What has a name in the term differs from term to term.
        let index = format!("[{}]", sign.letters.join(","));
        let head = String::new();
        let mut displays = inner.named_displays(&graph, &[value], &[head], taken, &index)?;
        let body = displays.remove(0).1;
        // A long sum of sums is a sum each.
        let parts = match width(&joined(&body)) > LINE {
            true => body.iter().map(std::slice::from_ref).collect(),
            false => vec![&body[..]],
        };
        let sums = parts.into_iter().map(|parts| match parts {
            [one] => match one.strip_prefix('-') {
                Some(rest) => format!("-{} {rest}", sign.signs),
                None => format!("{} {one}", sign.signs),
            },
            parts => format!("{} \\left({}\\right)", sign.signs, joined(parts)),
        });
        Ok(Some((sums.collect(), displays)))
    }

    fn summand(&self, graph: &Graph, minus: bool, node: Node) -> Result<String, Diagnostic> {
        let text = print(graph, node, &self.names, Notation::Latex).ok_or_else(too_long)?;
        // A word is no product of letters.
        let text = text.replace(" \\mathrm{", " \\,\\mathrm{");
        Ok(match (minus, text.strip_prefix('-')) {
            (true, Some(rest)) => rest.to_owned(),
            (true, None) => format!("-{text}"),
            (false, _) => text,
        })
    }

    /// Each root as a display, and after them what got a name in them; names end in `index`, and none
    /// is among `taken`.
    fn named_displays(
        mut self,
        graph: &Graph,
        roots: &[Node],
        heads: &[String],
        taken: &[String],
        index: &str,
    ) -> Result<Vec<Display>, Diagnostic> {
        let widths: Vec<usize> = self
            .names
            .iter()
            .map(|name| width(&latex_name(name)))
            .collect();
        let named = named(graph, roots, &widths);
        let first = self.names.len();
        let mut count = 0;
        while self.names.len() < first + named.len() {
            count += 1;
            let like = latex_name(&format!("t{count}"));
            let free = |name: &String| latex_name(name) != like;
            if taken.iter().chain(&self.names[..first]).all(free) {
                self.names.push(format!("t{count}{index}"));
            }
        }
        // Each formula with what has a name before it as inputs.
        let mut short = Graph::new();
        let inputs: Vec<Node> = (0..named.len())
            .map(|at| short.input((first + at) as u32))
            .collect();
        let known: Vec<(Node, Node)> = named.iter().copied().zip(inputs).collect();
        let mut out: Vec<Display> = Vec::new();
        let mut display = |head: String, node: Node, known: &[(Node, Node)]| {
            let root = short.import(graph, &[node], known)[0];
            let parts = summands(&short, root).into_iter();
            let texts: Result<Vec<String>, Diagnostic> = parts
                .map(|(minus, part)| self.summand(&short, minus, part))
                .collect();
            texts.map(|texts| out.push((head, texts)))
        };
        for (head, &root) in heads.iter().zip(roots) {
            display(head.clone(), root, &known)?;
        }
        for (at, &node) in named.iter().enumerate() {
            display(latex_name(&self.names[first + at]), node, &known[..at])?;
        }
        let size =
            |(head, texts): &Display| head.len() + texts.iter().map(String::len).sum::<usize>();
        match out.iter().map(size).sum::<usize>() > crate::graph::LIMIT {
            true => Err(too_long()),
            false => Ok(out),
        }
    }

    /// The values of the parameters, and the splines.
    fn explained(&self, graph: &Graph, roots: &[Node]) -> Result<String, Diagnostic> {
        let d = self.model.dimension();
        let values = self.names[d..].iter().zip(&self.model.parameters);
        let mut items: Vec<String> = values
            .map(|(name, parameter)| {
                format!("${} = {}$", latex_name(name), latex_value(parameter.value))
            })
            .collect();
        for (name, coordinate) in self
            .names
            .iter()
            .zip(&self.model.coordinates)
            .take(if d > 8 { 0 } else { d })
        {
            if let Some(period) = coordinate.period {
                let period = match period == std::f64::consts::TAU {
                    true => "2\\pi".to_owned(),
                    false => latex_value(period),
                };
                items.push(format!("${}$ of period ${period}$", latex_name(name)));
            }
        }
        let mut out = String::new();
        if !items.is_empty() {
            out.push_str(&format!("Here {}.\n", items.join(", ")));
        }
        let mut seen: HashMap<String, &Spline> = HashMap::new();
        for at in graph.schedule(roots) {
            let Op::Spline(id, _) = graph.op(at) else {
                continue;
            };
            let table = graph.spline_table(id);
            let name = spline_name(table);
            match seen.get(&name) {
                Some(known) if **known == **table => continue,
                Some(_) => {
                    let help = "export to pot, python or c, where each has its table";
                    return Err(refused(
                        "splines of one degree with different tables would all be called S",
                        help,
                    ));
                }
                None => out.push_str(&format!("\n{}\n", spline_text(&name, table))),
            }
            seen.insert(name, table);
        }
        Ok(out)
    }
}

fn latex_value(value: f64) -> String {
    let text = number(value);
    match text.split_once('e') {
        Some((digits, power)) => format!("{digits} \\cdot 10^{{{power}}}"),
        None => text,
    }
}

fn spline_name(table: &Spline) -> String {
    let degrees: Vec<String> = table.degrees().iter().map(usize::to_string).collect();
    match degrees.windows(2).all(|pair| pair[0] == pair[1]) {
        true => format!("S_{{{}}}", degrees[0]),
        false => format!("S_{{{}}}", degrees.join(",")),
    }
}

fn spline_text(name: &str, table: &Spline) -> String {
    let axes: Vec<String> = (0..table.dimension())
        .map(|axis| {
            let range = table.axes()[axis];
            let what = match (range.periodic, table.extensions()[axis]) {
                (true, _) => "periodic",
                (_, Extension::Linear) => "continued along its tangent",
                (_, Extension::Constant) => "continued by a constant",
                (_, Extension::Zero) => "zero beyond",
            };
            format!(
                "${}$ cells of $[{}, {}]$ with degree ${}$, {what}",
                table.cells_along(axis),
                latex_value(range.lo),
                latex_value(range.hi),
                table.degrees()[axis],
            )
        })
        .collect();
    let count = table.coefficients().len();
    let coefficients = match count > LISTED {
        true => format!("Its ${count}$ coefficients are in the program."),
        false => {
            let list: Vec<String> = table
                .coefficients()
                .iter()
                .map(|c| format!("${}$", latex_value(*c)))
                .collect();
            format!(
                "Its coefficients, the last coordinate fastest, are\n{}.",
                list.join(",\n")
            )
        }
    };
    format!(
        "${name}$ is the uniform B-spline on {}. {coefficients}",
        axes.join(" by ")
    )
}

/// The signs of a sum, and the indices that run under them.
struct Sign {
    signs: String,
    letters: Vec<String>,
}

/// The signs of summation over a family, and what its slots are called under them.
fn indexed(
    coordinates: &[Coordinate],
    names: &[String],
    family: &Family,
) -> Option<(Sign, Vec<String>)> {
    let sign = |signs: String, letters: &[&str]| Sign {
        signs,
        letters: letters.iter().map(|letter| (*letter).to_owned()).collect(),
    };
    let base = names.first()?.split('[').next()?.to_owned();
    let all = coordinates.len();
    let same = |name: &String| name.split('[').next() == Some(&base) && name.ends_with(']');
    if !names[..all].iter().all(same) {
        return None;
    }
    let columns = names[all - 1]
        .split_once(',')
        .map(|(_, rest)| rest.trim_end_matches(']').trim());
    let columns: Option<usize> = columns.and_then(|columns| columns.parse().ok());
    let width = columns.unwrap_or(1);
    let free = |letter: &&str| {
        !names
            .iter()
            .any(|name| name.split('[').next() == Some(letter))
    };
    let letters: Vec<&str> = ["i", "j", "k", "l", "m", "n"]
        .into_iter()
        .filter(free)
        .collect();
    let [i, j, k, ..] = letters[..] else {
        return None;
    };
    // The place `by` after that of an index, counted from 1.
    let slot = |letter: &str, by: usize| {
        let run = match by / width {
            0 => letter.to_owned(),
            more => format!("{letter}+{more}"),
        };
        match columns {
            Some(_) => format!("{base}[{run},{}]", by % width + 1),
            None => format!("{base}[{run}]"),
        }
    };
    let n = family.members();
    match Members::of(family) {
        Members::Row {
            first,
            step,
            repeat: 1,
        } if step as usize == width => {
            let names = first.iter().map(|first| slot(i, *first as usize)).collect();
            Some((sign(format!("\\sum_{{{i}=1}}^{{{n}}}"), &[i]), names))
        }
        Members::Row {
            first,
            step: 1,
            repeat: 1,
        } if first == [0] && n.is_multiple_of(width) => {
            let signs = format!(
                "\\sum_{{{i}=1}}^{{{}}} \\sum_{{{k}=1}}^{{{width}}}",
                n / width
            );
            Some((sign(signs, &[i, k]), vec![format!("{base}[{i},{k}]")]))
        }
        Members::Pairs {
            count,
            start: 0,
            step,
            slots,
        } if step as usize == width => {
            let name = |(second, by): &(bool, u32)| slot(if *second { j } else { i }, *by as usize);
            let names = slots.iter().map(name).collect();
            Some((
                sign(format!("\\sum_{{1 \\le {i} < {j} \\le {count}}}"), &[i, j]),
                names,
            ))
        }
        _ => None,
    }
}
