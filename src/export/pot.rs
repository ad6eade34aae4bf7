//! The language itself.

use super::too_long;
use crate::diagnostic::Diagnostic;
use crate::graph::{Model, arguments, number, program};

/// One definition, or one for each component of the gradient, after the parameters.
pub(super) fn write(model: &Model, gradient: bool) -> Result<String, Diagnostic> {
    let d = model.dimension();
    let mut graph = model.graph.clone();
    let roots = match gradient {
        true => graph.gradient(model.value, d),
        false => vec![model.value],
    };
    let roots = graph.simplify(&roots, d);
    let written = arguments(&model.coordinates);
    let parameters = model.parameter_names();
    let names = [&written.names[..], &parameters].concat();
    let mut text = String::new();
    for (name, parameter) in parameters.iter().zip(&model.parameters) {
        text.push_str(&format!("param {name} = {}\n", number(parameter.value)));
    }
    if !parameters.is_empty() {
        text.push('\n');
    }
    for (root, coordinate) in roots.iter().zip(&model.coordinates) {
        // A component is no part of a name: `dV_dq_1`.
        let name = match gradient {
            true => {
                let q = coordinate.name.replace(['[', ','], "_").replace(']', "");
                format!("d{}_d{q}", model.name)
            }
            false => model.name.clone(),
        };
        let body = program(&graph, *root, &names).ok_or_else(too_long)?;
        text.push_str(&format!("{name}({}) = {body}\n", written.head));
    }
    Ok(text)
}
