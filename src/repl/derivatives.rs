//! `:grad` and `:hess`: derivatives as formulas, and as numbers at a point.

use super::outcome::{Formulas, Reply, Slopes};
use super::turn::{Step, Stop, Turn};
use crate::check::{Meaning, suggest};
use crate::diagnostic::Diagnostic;
use crate::graph::{Evaluator, Graph, Model, Node, Notation, print};
use crate::syntax::{KEYWORDS, TokenKind, canonical, lex};
use std::ops::Range;

/// Formulas that are shown.
const MOST_FORMULAS: usize = 12;
/// Characters of a formula that are shown.
const LONGEST: usize = 2000;
/// Coordinates of a Hessian.
const MOST_SECOND: usize = 100;

impl Turn<'_> {
    /// The function that a command names, or the potential; and the rest of the command.
    pub(super) fn function(&mut self, rest: Range<usize>) -> Step<(Model, Range<usize>)> {
        let built = self.program()?;
        let text = self.input.text[rest.clone()].to_owned();
        let tokens = lex(&text).tokens;
        let first = tokens.first().filter(|token| token.kind == TokenKind::Name);
        let first = first.filter(|token| !KEYWORDS.contains(&token.text(&text)));
        let named = first.map(|token| {
            let range = rest.start + token.start as usize..rest.start + token.end as usize;
            (canonical(token.text(&text)).into_owned(), range)
        });
        let mut name = self.state.potential(&built.program);
        let mut after = rest.clone();
        if let Some((word, range)) = named {
            match built.program.meaning(&word, &[]) {
                Some(Ok(Meaning::Function(_))) => {
                    after = range.end..rest.end;
                    name = Some(word);
                }
                // A constant: the point begins with it.
                Some(_) => {}
                None if crate::check::is_builtin(&word) => {}
                None => {
                    let functions = built.program.functions();
                    let near = suggest(&word, functions.iter().map(|f| f.0)).map(str::to_owned);
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("define it: `{word}(x) = ...`"),
                    };
                    let message = format!("no function is called `{word}`");
                    return Err(self.wrong("unknown-name", message, range, help));
                }
            }
        }
        let model = match built.program.potential(name.as_deref()) {
            Ok(model) => model,
            Err(problems) => {
                let weave = self.state.weave(None);
                let sources = &built.sources;
                let mut problems = self.shown.adopt(problems, sources, built.root, &weave);
                for problem in &mut problems {
                    let help = problem.help.take();
                    problem.help =
                        help.map(|help| help.replace("with `--potential ", "by its name: `"));
                }
                return Err(Stop::Failed(problems));
            }
        };
        Ok((self.with_values(model, &built.program), after))
    }

    /// A model with the values of parameters that were set.
    pub(super) fn with_values(&self, mut model: Model, program: &crate::check::Program) -> Model {
        let values = program.parameter_values(&self.state.set_values());
        for (parameter, value) in model.parameters.iter_mut().zip(values) {
            parameter.value = value;
        }
        model
    }

    pub(super) fn slopes(&mut self, rest: Range<usize>, second: bool) -> Step<()> {
        let (model, after) = self.function(rest.clone())?;
        let point = self.point_of(after);
        let d = model.dimension();
        if second && d > MOST_SECOND {
            let message = format!("a Hessian of {d} by {d} formulas; the limit is {MOST_SECOND}");
            let help = "take differences of `:grad` at two points";
            return Err(self.wrong("too-large", message, rest, help));
        }
        if point.is_empty() {
            let reply = match second {
                false => gradient(&model),
                true => hessian(&model),
            };
            self.replies.push(Reply::Formulas(reply));
            return Ok(());
        }
        let numbers = self.numbers(point.clone())?;
        if numbers.len() != d {
            let names: Vec<String> = model.coordinates.iter().map(|c| c.name.clone()).collect();
            let names = super::show::few(&names);
            let plural = if d == 1 { "" } else { "s" };
            let message = format!(
                "{}({names}) needs {d} number{plural}, not {}",
                model.name,
                numbers.len()
            );
            let help = "separate coordinates by commas";
            return Err(self.wrong("wrong-points", message, point, help));
        }
        self.replies
            .push(Reply::Slopes(at(&model, numbers, second)));
        Ok(())
    }

    /// The coordinates after a function: `V(0.3)`, `V 0.3`, `V at 0.3`.
    fn point_of(&self, after: Range<usize>) -> Range<usize> {
        let text = &self.input.text;
        let range = super::input::trimmed(text, after);
        let part = &text[range.clone()];
        if let Some(rest) = part.strip_prefix("at ") {
            return super::input::trimmed(text, range.end - rest.len()..range.end);
        }
        let closes = |part: &str| {
            // Brackets around all of it, and not `(1) + (2)`.
            let mut depth = 0i32;
            let last = part.len() - 1;
            part.starts_with('(')
                && part.char_indices().all(|(at, c)| {
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    depth > 0 || at == last
                })
        };
        match !part.is_empty() && closes(part) {
            true => super::input::trimmed(text, range.start + 1..range.end - 1),
            false => range,
        }
    }
}

fn names(model: &Model) -> Vec<String> {
    let coordinates = model.coordinates.iter().map(|c| c.name.clone());
    coordinates
        .chain(model.parameters.iter().map(|p| p.name.clone()))
        .collect()
}

fn written(graph: &Graph, node: Node, names: &[String]) -> String {
    let text = print(graph, node, names, Notation::Pot);
    text.filter(|text| text.chars().count() <= LONGEST)
        .unwrap_or_else(|| "(a formula too long to be read)".to_owned())
}

fn gradient(model: &Model) -> Formulas {
    let (graph, roots) = model.value_and_gradient();
    let names = names(model);
    let rows = model
        .coordinates
        .iter()
        .zip(&roots[1..])
        .take(MOST_FORMULAS);
    let f = &model.name;
    Formulas {
        rows: rows
            .map(|(q, node)| (format!("d{f}/d{}", q.name), written(&graph, *node, &names)))
            .collect(),
        more: model.dimension().saturating_sub(MOST_FORMULAS),
    }
}

/// A graph with the value, the gradient, and the Hessian row by row.
fn all(model: &Model) -> (Graph, Vec<Node>) {
    let d = model.dimension();
    let mut graph = model.graph.clone();
    let slopes = graph.gradient(model.value, d);
    let mut roots = vec![model.value];
    roots.extend(&slopes);
    for slope in slopes {
        roots.extend(graph.gradient(slope, d));
    }
    let roots = graph.simplify(&roots, d);
    graph.extract(&roots)
}

fn hessian(model: &Model) -> Formulas {
    let d = model.dimension();
    let (graph, roots) = all(model);
    let names = names(model);
    let f = &model.name;
    let q = |at: usize| &model.coordinates[at].name;
    // It is symmetric: its upper half.
    let pairs = (0..d).flat_map(|i| (i..d).map(move |j| (i, j)));
    let rows: Vec<(String, String)> = pairs
        .take(MOST_FORMULAS)
        .map(|(i, j)| {
            let name = match i == j {
                true => format!("d2{f}/d{}2", q(i)),
                false => format!("d2{f}/d{}d{}", q(i), q(j)),
            };
            (name, written(&graph, roots[1 + d + i * d + j], &names))
        })
        .collect();
    Formulas {
        more: d * (d + 1) / 2 - rows.len(),
        rows,
    }
}

fn at(model: &Model, point: Vec<f64>, second: bool) -> Slopes {
    let d = model.dimension();
    let (graph, roots) = match second {
        true => all(model),
        false => model.value_and_gradient(),
    };
    let inputs = [&point[..], &model.parameter_values()].concat();
    let values = Evaluator::new(&graph, &roots).evaluate(&inputs);
    let rows = values[1 + d..].chunks(d.max(1));
    Slopes {
        function: model.name.clone(),
        coordinates: model.coordinates.iter().map(|c| c.name.clone()).collect(),
        point,
        value: values[0],
        gradient: values[1..1 + d].to_vec(),
        hessian: second.then(|| rows.map(<[f64]>::to_vec).collect()),
    }
}

/// An error of a program that is not in the input.
pub(super) fn plain(error: Diagnostic) -> Stop {
    Stop::Failed(vec![error])
}
