//! PLUMED: a CUSTOM action for a formula, the grid of an EXTERNAL bias where there are splines.

mod grid;

use super::lepton::{self, Lepton};
use super::names::{Names, plain};
use super::splines::Splines;
use super::straight::{Text, Writer};
use crate::diagnostic::Diagnostic;
use crate::graph::{Graph, Model, Node, Op, number};

/// Input lines, or a grid.
///
/// # Errors
/// The gradient of a grid, which is in it; a grid that cannot be; a formula that is too long.
pub(super) fn write(model: &Model, gradient: bool) -> Result<String, Diagnostic> {
    let schedule = model.graph.schedule(&[model.value]);
    let splines = schedule
        .iter()
        .any(|at| matches!(model.graph.op(*at), Op::Spline(..)));
    if !splines {
        return custom(model, gradient);
    }
    if gradient {
        let help = "leave --gradient out: the derivatives are columns of the grid";
        return Err(super::refused("a grid of PLUMED holds the gradient", help));
    }
    grid::write(model)
}

/// The arguments of an action: what the user puts in their place.
struct Argument {
    name: String,
    comment: String,
}

fn arguments(model: &Model, names: &mut Names) -> Vec<Argument> {
    let one = |c: &crate::graph::Coordinate| {
        let name = names.claim(&c.name);
        let comment = match c.period {
            Some(std::f64::consts::TAU) => {
                format!("{name}: an angle in radians, such as a TORSION")
            }
            Some(length) => format!("{name}: of period {}", number(length)),
            None => name.clone(),
        };
        Argument { name, comment }
    };
    model.coordinates.iter().map(one).collect()
}

fn custom(model: &Model, gradient: bool) -> Result<String, Diagnostic> {
    let d = model.dimension();
    let mut graph = model.graph.clone();
    let roots = match gradient {
        true => graph.gradient(model.value, d),
        false => vec![model.value],
    };
    let roots = graph.simplify(&roots, d);
    // The names of the three arguments that need none are free for a reader to use.
    let free = |word: &&str| !["x", "y", "z", "r", "theta", "t"].contains(word);
    let reserved: Vec<&str> = lepton::RESERVED.split_whitespace().filter(free).collect();
    let mut names = Names::new(&reserved);
    let arguments = arguments(model, &mut names);
    let parameters: Vec<String> = model
        .parameter_names()
        .iter()
        .map(|name| names.claim(name))
        .collect();
    let mut lines = vec![
        format!(
            "{} for PLUMED, written by effpot-lang {}. Units are those of the PLUMED input.",
            model.name,
            env!("CARGO_PKG_VERSION")
        ),
        "After ARG stand the labels of your variables, in this order:".to_owned(),
    ];
    lines.extend(
        arguments
            .iter()
            .map(|argument| format!("  {}", argument.comment)),
    );
    let label = plain(&model.name);
    if !gradient {
        lines.push(format!(
            "To let it act: BIASVALUE ARG={label} (PLUMED takes the forces from the formula)"
        ));
    }
    let mut out = super::plan::comment("# ", "# ", "", &lines);
    let list: Vec<String> = arguments.iter().map(|a| a.name.clone()).collect();
    let list = list.join(",");
    let inputs: Vec<Text> = arguments
        .iter()
        .map(|a| Text::atom(&a.name))
        .chain(parameters.iter().map(Text::atom))
        .collect();
    for (at, root) in roots.iter().enumerate() {
        let label = match gradient {
            true => format!("d{label}_d{}", arguments[at].name),
            false => label.clone(),
        };
        let formula = formula(&graph, *root, &inputs, &names, &parameters, model)?;
        out.push_str(&format!(
            "CUSTOM ...\n  LABEL={label}\n  ARG={list}\n  VAR={list}\n  FUNC={formula}\n  PERIODIC=NO\n... CUSTOM\n"
        ));
    }
    Ok(out)
}

/// One formula without spaces, with the parameters that it needs.
fn formula(
    graph: &Graph,
    root: Node,
    inputs: &[Text],
    names: &Names,
    parameters: &[String],
    model: &Model,
) -> Result<String, Diagnostic> {
    let (mut small, roots) = graph.extract(&[root]);
    let roots = lepton::lowered(&mut small, &roots, false)?;
    let mut writer = Writer {
        dialect: &Lepton,
        names: names.clone(),
        splines: &Splines::default(),
        count: 0,
    };
    let straight = writer.straight(&small, &roots, inputs);
    let mut parts = lepton::text(&straight);
    for (name, parameter) in parameters.iter().zip(&model.parameters) {
        if parts.iter().any(|part| super::plan::mentions(part, name)) {
            parts.push(format!("{name}={}", number(parameter.value)));
        }
    }
    Ok(parts.join(";").replace(' ', ""))
}
