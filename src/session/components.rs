//! The additive terms of a potential, and which of them are waves that a scale removes.

use crate::graph::{Function, Graph, Names, Node, Notation, Op, print};

use super::Potential;

/// A wave among the terms of a potential in one coordinate.
#[derive(Clone, PartialEq, Debug)]
pub struct Component {
    /// The term, as the simplified formula has it.
    pub text: String,
    /// Its wavenumber, an inverse length.
    pub wavenumber: f64,
}

/// The additive terms of a node, signs left out.
pub fn terms(graph: &Graph, node: Node) -> Vec<Node> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match graph.op(node) {
            Op::Apply2(Function::Add | Function::Subtract, a, b) => open.extend([b, a]),
            Op::Apply1(Function::Negate, a) => open.push(a),
            _ => found.push(node),
        }
    }
    found
}

/// The terms that are a known factor times a sine or cosine of a linear function of the
/// coordinate, smallest waves last.
pub fn components(potential: &Potential) -> Vec<Component> {
    let mut graph = potential.graph.clone();
    let names: Vec<String> = potential
        .model
        .coordinates
        .iter()
        .map(|c| c.name.clone())
        .chain(potential.model.parameters.iter().map(|p| p.name.clone()))
        .collect();
    let mut found: Vec<Component> = terms(&graph, potential.roots[0])
        .into_iter()
        .filter_map(|term| component(&mut graph, term, &names, &potential.inputs(&[0.0])))
        .collect();
    found.sort_by(|a, b| a.wavenumber.total_cmp(&b.wavenumber));
    found
}

fn component(graph: &mut Graph, term: Node, names: Names<'_>, inputs: &[f64]) -> Option<Component> {
    let angle = angle(graph, term)?;
    let slope = graph.derivative(angle, 0);
    let slope = graph.simplify(&[slope], 1)[0];
    if graph.depends(|input| input == 0)[slope.index()] {
        return None;
    }
    let wavenumber = graph.value(slope, inputs).abs();
    let text = print(graph, term, names, Notation::Pot)?;
    (wavenumber > 0.0 && wavenumber.is_finite()).then_some(Component { text, wavenumber })
}

/// The argument of the only sine or cosine in a product of known factors.
fn angle(graph: &Graph, term: Node) -> Option<Node> {
    let depends = graph.depends(|input| input == 0);
    let mut node = term;
    loop {
        node = match graph.op(node) {
            Op::Apply1(Function::Sin | Function::Cos, angle) => return Some(angle),
            Op::Apply1(Function::Negate, a) => a,
            Op::Apply2(Function::Multiply, a, b) if !depends[a.index()] => b,
            Op::Apply2(Function::Multiply | Function::Divide, a, b) if !depends[b.index()] => a,
            _ => return None,
        };
    }
}
