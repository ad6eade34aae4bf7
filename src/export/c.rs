//! C99, with nothing beyond its mathematical library.

mod dialect;

use self::dialect::{C, RESERVED, signed};
use super::members::Members;
use super::names::Names;
use super::plan::{self, Plan, comment};
use super::splines::{Splines, beyond};
use super::straight::{Straight, Text, Writer};
use crate::graph::{Family, Node};

/// Helpers: what they are for, and their text.
const HELPERS: &[(&str, &str)] = &[
    (
        "square(",
        "static double square(double a) { return a*a; }\n",
    ),
    ("cube(", "static double cube(double a) { return a*a*a; }\n"),
    (
        "sign(",
        "static double sign(double a) { return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : a; }\n",
    ),
    (
        "mod(",
        "/* With the sign of b. */\nstatic double mod(double a, double b) { return a - b*floor(a/b); }\n",
    ),
    (
        "smaller(",
        "/* NaN if either is, unlike fmin. */\nstatic double smaller(double a, double b) { return isnan(a) || isnan(b) ? NAN : b < a ? b : a; }\n",
    ),
    (
        "larger(",
        "/* NaN if either is, unlike fmax. */\nstatic double larger(double a, double b) { return isnan(a) || isnan(b) ? NAN : b > a ? b : a; }\n",
    ),
];

/// The evaluation of splines.
const SPLINES: &str = include_str!("spline.c");

/// The program.
pub(super) fn write(plan: &Plan<'_>) -> String {
    let mut names = Names::new(&[RESERVED]);
    let function = names.claim(&plan.model.name);
    let others = ["gradient", "value_and_gradient", "parameters", "defaults"];
    let [gradient, both, kind, defaults] =
        others.map(|other| names.claim(&format!("{function}_{other}")));
    let parameters: Vec<String> = plan
        .parameters
        .iter()
        .map(|name| names.claim(name))
        .collect();
    let coordinates = coordinates(plan, &mut names);
    let mut source = Source {
        plan,
        parameters,
        coordinates,
        names,
        tables: String::new(),
        written: 0,
    };
    let argument = match source.parameters.is_empty() {
        true => String::new(),
        false => format!(", const struct {kind} *p"),
    };
    let pass = if argument.is_empty() { "" } else { ", p" };
    let mut bodies = format!(
        "double {function}(const double *q{argument})\n{{\n{}    return value;\n}}\n",
        source.body(false, &defaults)
    );
    if plan.gradient {
        bodies.push_str(&format!(
            "\ndouble {both}(const double *q, double *gradient{argument})\n{{\n{}    return value;\n}}\n\n\
             void {gradient}(const double *q, double *gradient{argument})\n{{\n    {both}(q, gradient{pass});\n}}\n",
            source.body(true, &defaults)
        ));
    }
    let mut out = header(plan, &function, pass);
    out.push_str("#include <math.h>\n#include <stddef.h>\n\n");
    if !source.parameters.is_empty() {
        let values = plan.model.parameter_values();
        let fields: Vec<String> = source
            .parameters
            .iter()
            .map(|name| format!("    double {name};\n"))
            .collect();
        let values: Vec<String> = values.iter().map(|x| signed(*x)).collect();
        out.push_str(&format!(
            "struct {kind} {{\n{}}};\nconst struct {kind} {defaults} = {{{}}};\n\n",
            fields.concat(),
            values.join(", ")
        ));
    }
    for (call, text) in HELPERS {
        if calls(&bodies, call) {
            out.push_str(text);
            out.push('\n');
        }
    }
    if !plan.splines.tables.is_empty() {
        out.push_str(SPLINES);
        out.push_str(&spline_tables(&plan.splines));
    }
    out.push_str(&source.tables);
    out + &bodies
}

/// Whether a text calls a function, and not one whose name ends so.
pub(super) fn calls(text: &str, call: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    text.match_indices(call)
        .any(|(at, _)| !text[..at].ends_with(inside))
}

fn header(plan: &Plan<'_>, function: &str, pass: &str) -> String {
    let d = plan.model.dimension();
    let null = if pass.is_empty() { "" } else { ", NULL" };
    let mut lines = plan.head();
    lines.push(String::new());
    lines.push(format!("double v = {function}(q{null});"));
    if plan.gradient {
        lines.push(format!("double g[{d}];"));
        lines.push(format!("{function}_gradient(q, g{null});"));
        lines.push(format!("v = {function}_value_and_gradient(q, g{null});"));
    }
    if !pass.is_empty() {
        lines.push("NULL stands for the default parameters.".to_owned());
    }
    lines.push("C99; link with -lm.".to_owned());
    comment("/* ", " * ", " */\n", &lines)
}

/// A name of its own for each coordinate that has one in the program, and a place in `q` for the others.
fn coordinates(plan: &Plan<'_>, names: &mut Names) -> Vec<(Text, Option<String>)> {
    let list = plan.model.coordinates.iter().enumerate();
    list.map(|(at, coordinate)| {
        let place = format!("q[{at}]");
        match coordinate.name.contains('[') {
            true => (Text::atom(place), None),
            false => {
                let name = match coordinate.name.as_str() {
                    "q" => names.claim("q1"),
                    name => names.claim(name),
                };
                (Text::atom(&name), Some(format!("{name} = {place}")))
            }
        }
    })
    .collect()
}

/// The text in the making.
struct Source<'a> {
    plan: &'a Plan<'a>,
    parameters: Vec<String>,
    /// How each coordinate is written, and what introduces it.
    coordinates: Vec<(Text, Option<String>)>,
    names: Names,
    /// Tables of the families, which both functions share.
    tables: String,
    /// How many families have their tables.
    written: usize,
}

impl Source<'_> {
    fn body(&mut self, gradient: bool, defaults: &str) -> String {
        let plan = self.plan;
        let d = plan.model.dimension();
        let mut writer = Writer {
            dialect: &C,
            names: self.names.clone(),
            splines: &plan.splines,
            count: 0,
        };
        let roots = match gradient {
            true => &plan.parts.roots[..],
            false => &plan.parts.roots[..1],
        };
        // What the members are filled with is computed with the rest.
        let fillings = plan.computed_fillings();
        let all: Vec<Node> = roots.iter().chain(&fillings).copied().collect();
        let parameters: Vec<Text> = self.parameters.iter().map(Text::atom).collect();
        let coordinates = self.coordinates.iter().map(|(text, _)| text.clone());
        let inputs: Vec<Text> = coordinates.chain(parameters.iter().cloned()).collect();
        let straight = writer.straight(&plan.parts.graph, &all, &inputs);
        let mut code = statements(&straight, "    ");
        code.push_str(&format!("    double value = {};\n", straight.roots[0].text));
        let slopes = &straight.roots[1.min(roots.len())..roots.len()];
        if slopes.len() > 3 && slopes.iter().all(|slope| slope.text == "0.0") {
            code.push_str(&format!(
                "    for (int k = 0; k < {d}; k++)\n        gradient[k] = 0.0;\n"
            ));
        } else {
            code.push_str(&components(slopes));
        }
        let mut filled = straight.roots[roots.len()..].iter();
        for (at, family) in plan.parts.families.iter().enumerate() {
            let constants = self.constants(at, family, &mut filled, &mut code);
            code.push_str(&self.family(at, &mut writer, &constants, &parameters, gradient));
        }
        let mut head = String::new();
        if !self.parameters.is_empty() {
            let pass = "    if (p == NULL)\n        p = &";
            head.push_str(&format!("{pass}{defaults};\n"));
        }
        for name in &self.parameters {
            if plan::mentions(&code, name) {
                head.push_str(&format!("    const double {name} = p->{name};\n"));
            }
        }
        for (text, introduction) in &self.coordinates {
            if let Some(introduction) = introduction
                && plan::mentions(&code, &text.text)
            {
                head.push_str(&format!("    const double {introduction};\n"));
            }
        }
        if !plan::mentions(&(head.clone() + &code), "q") || d == 0 {
            head.push_str("    (void)q;\n");
        }
        if gradient && d == 0 {
            head.push_str("    (void)gradient;\n");
        }
        head + &code
    }

    /// The numbers of the members of a family: a table of the file if they are known, else an array
    /// of the function. Its constant slots as the loop writes them.
    fn constants<'t>(
        &mut self,
        at: usize,
        family: &Family,
        filled: &mut impl Iterator<Item = &'t Text>,
        code: &mut String,
    ) -> Vec<Text> {
        let (rows, width) = (family.members(), family.constants());
        if width == 0 {
            return Vec::new();
        }
        let name = format!("numbers_{}", at + 1);
        let known = self.plan.known_fillings(family);
        let entries: Vec<String> = match &known {
            Some(values) => values.iter().map(|x| signed(*x)).collect(),
            None => filled
                .take(rows * width)
                .map(|text| text.text.clone())
                .collect(),
        };
        let table = format!("const double {name}[{rows}][{width}] = {{\n");
        let lines = rows_of(&entries, width);
        match known {
            Some(_) if self.written <= at => {
                self.tables
                    .push_str(&format!("static {table}{lines}}};\n\n"));
            }
            Some(_) => {}
            None => code.push_str(&format!("    {table}{lines}    }};\n")),
        }
        (0..width)
            .map(|c| Text::atom(format!("{name}[k][{c}]")))
            .collect()
    }

    fn family(
        &mut self,
        at: usize,
        writer: &mut Writer<'_>,
        constants: &[Text],
        parameters: &[Text],
        gradient: bool,
    ) -> String {
        let family = &self.plan.parts.families[at];
        let (places, open, close) = self.places(at, family, !constants.is_empty());
        self.written = self.written.max(at + 1);
        let slots = places.iter().map(|place| Text::atom(format!("q[{place}]")));
        let inputs: Vec<Text> = slots.chain(constants.iter().cloned()).collect();
        let inputs = [&inputs[..], parameters].concat();
        let mut roots = vec![family.value];
        if gradient {
            roots.extend(&family.slopes);
        }
        let straight = writer.straight(&family.graph, &roots, &inputs);
        let depth = "    ".repeat(open.matches("for (").count() + 1);
        let mut code = open + &statements(&straight, &depth);
        code.push_str(&format!("{depth}value += {};\n", straight.roots[0].text));
        for (place, slope) in places.iter().zip(&straight.roots[1..]) {
            code.push_str(&format!("{depth}gradient[{place}] += {};\n", slope.text));
        }
        code + &close
    }

    /// Where the slots of a member are in `q`, and the loop around.
    fn places(
        &mut self,
        at: usize,
        family: &Family,
        counted: bool,
    ) -> (Vec<String>, String, String) {
        let n = family.members();
        let plain = |n: usize| format!("    for (int k = 0; k < {n}; k++) {{\n");
        let end = "    }\n".to_owned();
        match &self.plan.members[at] {
            Members::Row {
                first,
                step,
                repeat,
            } => {
                let index = match (*step, *repeat) {
                    (0, _) => String::new(),
                    (1, 1) => "k".to_owned(),
                    (step, 1) => format!("{step}*k"),
                    (1, repeat) => format!("k/{repeat}"),
                    (step, repeat) => format!("{step}*(k/{repeat})"),
                };
                let places = first.iter().map(|first| shifted(&index, *first)).collect();
                (places, plain(n), end)
            }
            Members::Pairs {
                count,
                start,
                step,
                slots,
            } => {
                let index = |second: bool| {
                    let letter = if second { "j" } else { "i" };
                    match step {
                        1 => letter.to_owned(),
                        step => format!("{step}*{letter}"),
                    }
                };
                let places = slots
                    .iter()
                    .map(|(second, by)| shifted(&index(*second), start + by))
                    .collect();
                let (from, on) = match counted {
                    true => (", k = 0", ", k++"),
                    false => ("", ""),
                };
                let open = format!(
                    "    for (int i = 0{from}; i < {count}; i++)\n        \
                     for (int j = i + 1; j < {count}; j++{on}) {{\n"
                );
                (places, open, "        }\n".to_owned())
            }
            Members::Table { bases, slots } => {
                let width = bases.first().map_or(0, Vec::len);
                let name = format!("places_{}", at + 1);
                if self.written <= at {
                    let entries: Vec<String> = bases.iter().flatten().map(u32::to_string).collect();
                    self.tables.push_str(&format!(
                        "static const int {name}[{n}][{width}] = {{\n{}}};\n\n",
                        rows_of(&entries, width)
                    ));
                }
                let places = slots
                    .iter()
                    .map(|(base, by)| shifted(&format!("{name}[k][{base}]"), *by))
                    .collect();
                (places, plain(n), end)
            }
        }
    }
}

fn components(slopes: &[Text]) -> String {
    let line = |(at, slope): (usize, &Text)| format!("    gradient[{at}] = {};\n", slope.text);
    slopes.iter().enumerate().map(line).collect()
}

fn shifted(index: &str, by: u32) -> String {
    match (index, by) {
        ("", by) => by.to_string(),
        (index, 0) => index.to_owned(),
        (index, by) => format!("{index} + {by}"),
    }
}

fn statements(straight: &Straight, depth: &str) -> String {
    let line = |(name, text): &(String, String)| format!("{depth}const double {name} = {text};\n");
    straight.lines.iter().map(line).collect()
}

/// Rows of a table of so many columns, in braces, as many on a line as it takes.
fn rows_of(entries: &[String], width: usize) -> String {
    let rows: Vec<String> = entries
        .chunks(width.max(1))
        .map(|row| format!("{{{}}}", row.join(", ")))
        .collect();
    plan::wrapped(&rows, "    ")
}

fn spline_tables(splines: &Splines) -> String {
    let mut out = String::new();
    for (at, table) in splines.tables.iter().enumerate() {
        let entries: Vec<String> = table.coefficients().iter().map(|x| signed(*x)).collect();
        let axes: Vec<String> = (0..table.dimension())
            .map(|axis| {
                let range = table.axes()[axis];
                format!(
                    "{{{}, {}, {}, {}, {}, {}}}",
                    signed(range.lo),
                    signed(range.hi),
                    table.cells_along(axis),
                    table.degrees()[axis],
                    u8::from(range.periodic),
                    beyond(table, axis)
                )
            })
            .collect();
        out.push_str(&format!(
            "static const double coefficients_{0}[] = {{\n{1}}};\nstatic const struct spline spline_{0} = {{\n    {2},\n    {{{3}}},\n    coefficients_{0}\n}};\n\n",
            at + 1,
            plan::wrapped(&entries, "    "),
            table.dimension(),
            axes.join(", "),
        ));
    }
    out
}
