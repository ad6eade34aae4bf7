//! The additive terms of a potential, and which of them are waves that a scale removes.

use std::collections::HashSet;

use crate::graph::{Function, Graph, Names, Node, Notation, Op, print};

use super::Potential;

/// A plane wave among the terms of a potential.
#[derive(Clone, PartialEq, Debug)]
pub struct Component {
    /// The term, as the simplified formula has it.
    pub text: String,
    /// Its wavenumber `|k|`, an inverse length: the filter of length l leaves `R_x(l |k|)` of it.
    pub wavenumber: f64,
    /// The wave vector `k`, one inverse length for each coordinate; its sign means nothing.
    pub vector: Vec<f64>,
    /// What the sine or cosine is multiplied by; its sign means nothing.
    pub amplitude: f64,
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
/// coordinates, smallest waves last. A known factor of a sum is one of each of its terms.
pub fn components(potential: &Potential) -> Vec<Component> {
    let mut graph = potential.graph.clone();
    let dimension = potential.model.dimension();
    let names: Vec<String> = potential
        .model
        .coordinates
        .iter()
        .map(|c| c.name.clone())
        .chain(potential.model.parameters.iter().map(|p| p.name.clone()))
        .collect();
    let inputs = potential.inputs(&vec![0.0; dimension]);
    let terms = graph.written_terms(potential.roots[0], dimension, &HashSet::new());
    let mut found: Vec<Component> = terms
        .into_iter()
        .filter_map(|term| component(&mut graph, term.shown, &names, dimension, &inputs))
        .collect();
    found.sort_by(|a, b| a.wavenumber.total_cmp(&b.wavenumber));
    found
}

fn component(
    graph: &mut Graph,
    term: Node,
    names: Names<'_>,
    dimension: usize,
    inputs: &[f64],
) -> Option<Component> {
    let wave = graph.wave(term, dimension)?;
    let known = |node: &Node| match graph.as_constant(*node) {
        Some(known) => known,
        None => graph.value(*node, inputs),
    };
    let vector: Vec<f64> = wave.vector.iter().map(known).collect();
    let amplitude = known(&wave.amplitude);
    let wavenumber = vector.iter().fold(0.0, |sum: f64, k| sum.hypot(*k));
    let text = print(graph, term, names, Notation::Pot)?;
    (wavenumber > 0.0 && wavenumber.is_finite()).then_some(Component {
        text,
        wavenumber,
        vector,
        amplitude,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::source::Sources;

    fn waves(text: &str) -> Vec<(String, Vec<f64>)> {
        let mut sources = Sources::new();
        let root = sources.add("test.pot", text);
        let model = check(&sources, root).unwrap().potential(None).unwrap();
        let parameters = model.parameter_values();
        let potential = Potential::compile(model, parameters).unwrap();
        for found in components(&potential) {
            let norm = found.vector.iter().map(|k| k * k).sum::<f64>().sqrt();
            assert!((found.wavenumber - norm).abs() <= 1e-12 * norm);
        }
        let found = components(&potential).into_iter();
        found.map(|wave| (wave.text, wave.vector)).collect()
    }

    #[test]
    fn the_waves_of_one_coordinate_are_as_written() {
        let text = "param e = 0.001\nV(q) = q^2/2 + 0.05*sin(q/0.05) - e*cos(q/e)";
        let expected = [("0.05*sin(q/0.05)", 0.05), ("e*cos(q/e)", 0.001)];
        let found = waves(text);
        assert_eq!(found.len(), 2);
        for ((text, vector), (wave, length)) in found.iter().zip(expected) {
            assert_eq!(text, wave);
            assert!((vector[0].abs() * length - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn plane_waves_have_a_vector_and_factors_of_sums_are_spread() {
        let text = "param ε = 1e-5\nV(x, y) = x^2 + y^2 + ε*(sin(x/ε) + sin((y - x)/ε)) + cos(2*x - 3*y)/4 + sin(x*y) + x*sin(y) + 1/cos(x)";
        let found = waves(text);
        let vectors: Vec<Vec<f64>> = found
            .iter()
            .map(|(_, k)| k.iter().map(|component| component.round()).collect())
            .collect();
        let expected = [[2.0, -3.0], [1e5, 0.0], [-1e5, 1e5]];
        assert_eq!(vectors, expected, "{found:?}");
    }
}
