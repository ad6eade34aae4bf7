//! Potentials that are long sums, built without the language.

use effpot_lang::graph::{Coordinate, Function, Graph, Model, Node, Parameter};

/// A model of so many coordinates and these parameters; `build` is given the coordinates and then
/// the parameters.
pub fn model(
    dimension: usize,
    parameters: &[f64],
    build: impl FnOnce(&mut Graph, &[Node], &[Node]) -> Node,
) -> Model {
    let mut graph = Graph::new();
    let count = (dimension + parameters.len()) as u32;
    let inputs: Vec<Node> = (0..count).map(|input| graph.input(input)).collect();
    let (coordinates, given) = inputs.split_at(dimension);
    let value = build(&mut graph, coordinates, given);
    let name = |i: usize| format!("q{i}");
    Model {
        name: "V".to_owned(),
        graph,
        value,
        coordinates: (0..dimension)
            .map(|i| Coordinate {
                name: name(i),
                period: None,
            })
            .collect(),
        parameters: (0..parameters.len())
            .map(|i| Parameter {
                name: format!("p{i}"),
                value: parameters[i],
            })
            .collect(),
        sums: Vec::new(),
    }
}

/// The sum of some nodes, from left to right.
pub fn sum(graph: &mut Graph, nodes: impl IntoIterator<Item = Node>) -> Node {
    let nodes = nodes.into_iter();
    let sum = nodes.reduce(|sum, node| graph.plus(sum, node));
    sum.unwrap_or_else(|| graph.constant(0.0))
}

/// A ring of n coordinates: `sum_i k_i/2 (q_{i+1} - q_i)^2 - a cos(w_i q_i)`, with the parameter a
/// and stiffnesses and wave numbers that repeat after 7 and 5 (or are all 1).
pub fn chain(n: usize, uniform: bool) -> Model {
    model(n, &[0.7], |graph, q, p| {
        let mut terms = Vec::new();
        for i in 0..n {
            let number = |step: f64, period: usize| match uniform {
                true => 1.0,
                false => 1.0 + step * (i % period) as f64,
            };
            let difference = graph.minus(q[(i + 1) % n], q[i]);
            let square = graph.power(difference, 2);
            let half = graph.constant(0.5 * number(0.25, 7));
            terms.push(graph.times(half, square));
            let wave = graph.constant(number(0.125, 5));
            let angle = graph.times(wave, q[i]);
            let wave = graph.apply1(Function::Cos, angle);
            let scaled = graph.times(p[0], wave);
            terms.push(graph.negate(scaled));
        }
        sum(graph, terms)
    })
}

/// A Lennard-Jones cluster in three dimensions, `4 sum_{i<j} r^-12 - r^-6`, from squares of
/// distances as anyone would write it.
pub fn cluster(atoms: usize) -> Model {
    model(3 * atoms, &[], |graph, q, _| {
        let mut terms = Vec::new();
        for i in 0..atoms {
            for j in i + 1..atoms {
                let squares: Vec<Node> = (0..3)
                    .map(|axis| {
                        let difference = graph.minus(q[3 * i + axis], q[3 * j + axis]);
                        graph.power(difference, 2)
                    })
                    .collect();
                let square = sum(graph, squares);
                let (repelling, attracting) = (graph.power(square, -6), graph.power(square, -3));
                let pair = graph.minus(repelling, attracting);
                let four = graph.constant(4.0);
                terms.push(graph.times(four, pair));
            }
        }
        sum(graph, terms)
    })
}
