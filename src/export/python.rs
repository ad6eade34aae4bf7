//! A Python module that needs NumPy alone.

mod dialect;

use self::dialect::Python;
pub(super) use self::dialect::{RESERVED, signed};
use super::c::calls;
use super::members::Members;
use super::names::Names;
use super::plan::{Plan, mentions, wrapped};
use super::splines::{Splines, beyond};
use super::straight::{Straight, Text, Writer};
use crate::graph::{Family, Node};

/// Helpers: what calls them, and their text.
const HELPERS: &[(&str, &str)] = &[
    (
        "_erf(",
        "_erf = np.vectorize(math.erf, otypes=[float])\n\n\n",
    ),
    (
        "_sign(",
        "def _sign(a):\n    return np.where(a > 0.0, 1.0, np.where(a < 0.0, -1.0, a))\n\n\n",
    ),
    (
        "_mod(",
        "def _mod(a, b):\n    \"\"\"With the sign of b.\"\"\"\n    return a - b*np.floor(a/b)\n\n\n",
    ),
    (
        "_total(",
        "def _total(term, count):\n    \"\"\"The sum over the members, the last axis.\"\"\"\n    \
         shape = np.broadcast_shapes(np.shape(term), (count,))\n    \
         return np.sum(np.broadcast_to(term, shape), axis=-1)\n\n\n",
    ),
];

const SPLINES: &str = include_str!("spline.py");

/// The module.
pub(super) fn write(plan: &Plan<'_>) -> String {
    let mut names = Names::new(&[RESERVED]);
    let function = names.claim(&plan.model.name);
    let parameters: Vec<String> = plan
        .parameters
        .iter()
        .map(|name| names.claim(name))
        .collect();
    let mut module = Module {
        plan,
        function,
        parameters,
        coordinates: Vec::new(),
        names,
        tables: String::new(),
    };
    module.coordinates = module.coordinates();
    let mut bodies = module.function(false);
    if plan.gradient {
        bodies.push_str(&module.function(true));
        bodies.push_str(&module.gradient());
    }
    let mut out = module.docstring();
    out.push('\n');
    if calls(&bodies, "_erf(") {
        out.push_str("import math\n\n");
    }
    out.push_str("import numpy as np\n\n\n");
    for (call, text) in HELPERS {
        if calls(&bodies, call) {
            out.push_str(text);
        }
    }
    if !plan.splines.tables.is_empty() {
        out.push_str(SPLINES);
        out.push_str(&spline_tables(&plan.splines));
    }
    out.push_str(&module.tables);
    out + bodies.trim_end() + "\n"
}

/// The module in the making.
struct Module<'a> {
    plan: &'a Plan<'a>,
    function: String,
    parameters: Vec<String>,
    /// How each coordinate is written, and whether that is a name of its own.
    coordinates: Vec<(Text, bool)>,
    names: Names,
    /// Tables of the families, which both functions share.
    tables: String,
}

impl Module<'_> {
    fn coordinates(&mut self) -> Vec<(Text, bool)> {
        let list = self.plan.model.coordinates.iter().enumerate();
        list.map(|(at, coordinate)| match coordinate.name.as_str() {
            name if name.contains('[') => (Text::atom(format!("q[..., {at}]")), false),
            "q" => (Text::atom(self.names.claim("q1")), true),
            name => (Text::atom(self.names.claim(name)), true),
        })
        .collect()
    }

    fn docstring(&self) -> String {
        let d = self.plan.model.dimension();
        let f = &self.function;
        let mut lines = self.plan.head();
        lines.push(String::new());
        lines.push(format!(
            "{f}(q) takes an array of shape (..., {d}) and gives one of shape (...)."
        ));
        if d == 1 {
            lines.push("A bare number for q gives bare numbers.".to_owned());
        }
        if self.plan.gradient {
            lines.push(format!(
                "gradient(q) gives an array of shape (..., {d}), value_and_gradient(q) both."
            ));
        }
        if !self.parameters.is_empty() {
            lines.push("Parameters are keyword arguments: numbers.".to_owned());
        }
        format!("\"\"\"{}\n\"\"\"\n", lines.join("\n"))
    }

    fn signature(&self) -> String {
        let values = self
            .parameters
            .iter()
            .zip(self.plan.model.parameter_values());
        let values: Vec<String> = values
            .map(|(name, value)| format!("{name}={}", signed(value)))
            .collect();
        match values.is_empty() {
            true => "q".to_owned(),
            false => format!("q, *, {}", values.join(", ")),
        }
    }

    fn gradient(&self) -> String {
        let pass: String = self
            .parameters
            .iter()
            .map(|name| format!(", {name}={name}"))
            .collect();
        format!(
            "def gradient({}):\n    \"\"\"The gradient of {}: (..., {d}) for q of shape (..., {d}).\"\"\"\n    \
             return value_and_gradient(q{pass})[1]\n",
            self.signature(),
            self.function,
            d = self.plan.model.dimension(),
        )
    }

    /// The value, or the value and the gradient.
    fn function(&mut self, gradient: bool) -> String {
        let d = self.plan.model.dimension();
        let code = self.body(gradient);
        let (name, text) = match gradient {
            true => (
                "value_and_gradient",
                format!(
                    "{} and its gradient, of shapes (...) and (..., {d}).",
                    self.function
                ),
            ),
            false => (
                self.function.as_str(),
                format!("The potential: (...) for q of shape (..., {d})."),
            ),
        };
        let (bare, instead) = match (d, gradient) {
            (1, true) => (
                "    bare = q.ndim == 0\n    q = q[None] if bare else q\n",
                ": for a list of points write q[:, None]",
            ),
            (1, false) => (
                "    q = q[None] if q.ndim == 0 else q\n",
                ": for a list of points write q[:, None]",
            ),
            _ => ("", ""),
        };
        let mut out = format!(
            "@np.errstate(all=\"ignore\")\ndef {name}({}):\n    \"\"\"{text}\"\"\"\n    \
             q = np.asarray(q, dtype=float)\n{bare}    \
             if q.shape[-1:] != ({d},):\n        \
             raise ValueError(f\"q has shape {{q.shape}}, not (..., {d}){instead}\")\n",
            self.signature()
        );
        for name in &self.parameters {
            if mentions(&code, name) {
                out.push_str(&format!("    {name} = np.float64({name})\n"));
            }
        }
        for (at, (text, named)) in self.coordinates.iter().enumerate() {
            if *named && mentions(&code, &text.text) {
                out.push_str(&format!("    {} = q[..., {at}]\n", text.text));
            }
        }
        out.push_str(&code);
        out.push_str(match gradient {
            true if d == 1 => "    return value[()], gradient[0] if bare else gradient\n\n\n",
            true => "    return value[()], gradient\n\n\n",
            false => "    return value[()]\n\n\n",
        });
        out
    }

    fn body(&mut self, gradient: bool) -> String {
        let plan = self.plan;
        let mut writer = Writer {
            dialect: &Python,
            names: self.names.clone(),
            splines: &plan.splines,
            count: 0,
        };
        let roots = match gradient {
            true => &plan.parts.roots[..],
            false => &plan.parts.roots[..1],
        };
        let fillings = plan.computed_fillings();
        let all: Vec<Node> = roots.iter().chain(&fillings).copied().collect();
        let parameters: Vec<Text> = self.parameters.iter().map(Text::atom).collect();
        let coordinates = self.coordinates.iter().map(|(text, _)| text.clone());
        let inputs: Vec<Text> = coordinates.chain(parameters.iter().cloned()).collect();
        let straight = writer.straight(&plan.parts.graph, &all, &inputs);
        let mut code = statements(&straight);
        let zero = |text: &Text| text.text == "0.0";
        code.push_str("    value = np.zeros(q.shape[:-1])");
        match zero(&straight.roots[0]) {
            true => code.push('\n'),
            false => code.push_str(&format!(" + ({})\n", straight.roots[0].text)),
        }
        if gradient {
            code.push_str("    gradient = np.zeros(q.shape)\n");
        }
        for (at, slope) in straight.roots[..roots.len()].iter().enumerate().skip(1) {
            if !zero(slope) {
                code.push_str(&format!("    gradient[..., {}] = {}\n", at - 1, slope.text));
            }
        }
        let mut filled = straight.roots[roots.len()..].iter();
        for (at, family) in plan.parts.families.iter().enumerate() {
            let constants = self.constants(at, family, &mut filled, &mut writer, &mut code);
            code.push_str(&self.family(at, &mut writer, &constants, &parameters, gradient));
        }
        code
    }

    /// The numbers of the members of a family, a column each.
    fn constants<'t>(
        &mut self,
        at: usize,
        family: &Family,
        filled: &mut impl Iterator<Item = &'t Text>,
        writer: &mut Writer<'_>,
        code: &mut String,
    ) -> Vec<Text> {
        let (rows, width) = (family.members(), family.constants());
        if width == 0 {
            return Vec::new();
        }
        let name = format!("_numbers_{}", at + 1);
        let known = self.plan.known_fillings(family);
        let entries: Vec<String> = match &known {
            Some(values) => values.iter().map(|x| signed(*x)).collect(),
            None => filled
                .take(rows * width)
                .map(|text| text.text.clone())
                .collect(),
        };
        match known {
            Some(_) => self.table(
                &name,
                &format!(
                    "np.array([\n{}]).reshape({rows}, {width}).T",
                    wrapped(&entries, "    ")
                ),
            ),
            None => code.push_str(&format!(
                "    {name} = np.array([\n{}    ]).reshape({rows}, {width}).T\n",
                wrapped(&entries, "        ")
            )),
        }
        let names: Vec<String> = (0..width)
            .map(|_| writer.names.next("c", &mut writer.count))
            .collect();
        let comma = if width == 1 { "," } else { "" };
        code.push_str(&format!("    {}{comma} = {name}\n", names.join(", ")));
        names.into_iter().map(Text::atom).collect()
    }

    /// A table of the module, once.
    fn table(&mut self, name: &str, text: &str) {
        let line = format!("{name} = ");
        if !self.tables.contains(&line) {
            self.tables.push_str(&format!("{line}{text}\n\n\n"));
        }
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
        let places = self.places(at, family);
        let mut code = places.introduction.clone();
        let mut inputs = Vec::new();
        for (slot, index) in places.indices.iter().enumerate() {
            let wanted = format!("x{}", slot + 1);
            let name = writer.names.clone().claim(&wanted);
            code.push_str(&format!("    {name} = q[..., {index}]\n"));
            inputs.push(Text::atom(name));
        }
        inputs.extend(constants.iter().cloned());
        inputs.extend(parameters.iter().cloned());
        let mut roots = vec![family.value];
        if gradient {
            roots.extend(&family.slopes);
        }
        let straight = writer.straight(&family.graph, &roots, &inputs);
        code.push_str(&statements(&straight));
        let n = family.members();
        code.push_str(&format!(
            "    value += _total({}, {n})\n",
            straight.roots[0].text
        ));
        for (index, slope) in places.indices.iter().zip(&straight.roots[1..]) {
            let slope = &slope.text;
            code.push_str(&match places.adding {
                Adding::Plain => format!("    gradient[..., {index}] += {slope}\n"),
                Adding::Whole => {
                    format!("    gradient[..., {index}] += _total({slope}, {n})[..., None]\n")
                }
                Adding::Gather => {
                    format!("    np.add.at(gradient, (..., {index}), {slope})\n")
                }
            });
        }
        code
    }

    /// How the members of a family index `q`.
    fn places(&mut self, at: usize, family: &Family) -> Places {
        let n = family.members();
        match &self.plan.members[at] {
            Members::Row {
                first,
                step,
                repeat,
            } => {
                let slice = |first: &u32| match (*step, *repeat) {
                    (0, _) => format!("{first}:{}", first + 1),
                    (1, 1) => format!("{first}:{}", *first as usize + n),
                    (step, 1) => {
                        format!(
                            "{first}:{}:{step}",
                            *first as usize + step as usize * (n - 1) + 1
                        )
                    }
                    (step, repeat) => format!("{first} + {step}*(np.arange({n})//{repeat})"),
                };
                Places {
                    introduction: format!("    # {n} terms\n"),
                    indices: first.iter().map(slice).collect(),
                    adding: match (*step, *repeat) {
                        (0, _) => Adding::Whole,
                        (_, 1) => Adding::Plain,
                        _ => Adding::Gather,
                    },
                }
            }
            Members::Pairs {
                count,
                start,
                step,
                slots,
            } => Places {
                introduction: format!("    # {n} pairs\n    i, j = np.triu_indices({count}, 1)\n"),
                indices: slots
                    .iter()
                    .map(|(second, by)| {
                        let letter = if *second { "j" } else { "i" };
                        let run = match step {
                            1 => letter.to_owned(),
                            step => format!("{step}*{letter}"),
                        };
                        plus(run, start + by)
                    })
                    .collect(),
                adding: Adding::Gather,
            },
            Members::Table { bases, slots } => {
                let width = bases.first().map_or(0, Vec::len);
                let name = format!("_places_{}", at + 1);
                let entries: Vec<String> = bases.iter().flatten().map(u32::to_string).collect();
                let rows = wrapped(&entries, "    ");
                self.table(
                    &name,
                    &format!("np.array([\n{rows}]).reshape({n}, {width}).T"),
                );
                Places {
                    introduction: format!("    # {n} terms\n"),
                    indices: slots
                        .iter()
                        .map(|(base, by)| plus(format!("{name}[{base}]"), *by))
                        .collect(),
                    adding: Adding::Gather,
                }
            }
        }
    }
}

fn plus(run: String, by: u32) -> String {
    match by {
        0 => run,
        by => format!("{run} + {by}"),
    }
}

/// How the members of a family index `q`.
struct Places {
    introduction: String,
    indices: Vec<String>,
    adding: Adding,
}

/// How slopes of members become components of the gradient.
enum Adding {
    /// Each member has its own.
    Plain,
    /// All members have the same.
    Whole,
    /// Some members share some.
    Gather,
}

fn statements(straight: &Straight) -> String {
    let line = |(name, text): &(String, String)| format!("    {name} = {text}\n");
    straight.lines.iter().map(line).collect()
}

fn spline_tables(splines: &Splines) -> String {
    let mut out = String::new();
    for (at, table) in splines.tables.iter().enumerate() {
        let entries: Vec<String> = table.coefficients().iter().map(|x| signed(*x)).collect();
        let axes: Vec<String> = (0..table.dimension())
            .map(|axis| {
                let range = table.axes()[axis];
                let wraps = if range.periodic { "True" } else { "False" };
                format!(
                    "({}, {}, {}, {}, {wraps}, {})",
                    signed(range.lo),
                    signed(range.hi),
                    table.cells_along(axis),
                    table.degrees()[axis],
                    beyond(table, axis)
                )
            })
            .collect();
        let shape: Vec<String> = table.shape().iter().map(usize::to_string).collect();
        out.push_str(&format!(
            "_spline_{} = (({},), np.array([\n{}]).reshape({}))\n\n\n",
            at + 1,
            axes.join(", "),
            wrapped(&entries, "    "),
            shape.join(", ")
        ));
    }
    out
}
