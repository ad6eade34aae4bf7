//! What the checker makes of a program and everything above works with.

use super::{Graph, Node};
use std::collections::HashSet;

/// A coordinate of a model.
#[derive(Clone, PartialEq, Debug)]
pub struct Coordinate {
    /// Its name in the program.
    pub name: String,
    /// The length after which it repeats, if it does.
    pub period: Option<f64>,
}

/// A number that a run may change without compiling again.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    /// Its name in the program, with its module if it was imported.
    pub name: String,
    /// The value that the program gives it.
    pub value: f64,
}

/// A function of coordinates and parameters, as a graph.
///
/// Input `i` of the graph is coordinate `i` for `i < coordinates.len()`, and the parameter
/// `i - coordinates.len()` after that. There are no other inputs.
#[derive(Clone, Debug)]
pub struct Model {
    /// The name of the function, `V` or `U` most often.
    pub name: String,
    /// The formula.
    pub graph: Graph,
    /// Its value.
    pub value: Node,
    /// The coordinates, flattened in order.
    pub coordinates: Vec<Coordinate>,
    /// The parameters that the program declares, in order.
    pub parameters: Vec<Parameter>,
}

impl Model {
    /// How many coordinates there are.
    pub fn dimension(&self) -> usize {
        self.coordinates.len()
    }

    /// The values of the parameters, in order.
    pub fn parameter_values(&self) -> Vec<f64> {
        self.parameters.iter().map(|p| p.value).collect()
    }

    /// Names for the parameters in a program: those of modules, which have a point in them, as
    /// `module_name`, and none like another one of the model.
    pub fn parameter_names(&self) -> Vec<String> {
        let own = self.parameters.iter().map(|p| p.name.as_str());
        let own = own.filter(|name| !name.contains('.'));
        // `r[1,2]` is of the argument `r`.
        let argument = |name: &str| name.split('[').next().unwrap_or(name).to_owned();
        let others = self.coordinates.iter().map(|c| argument(&c.name));
        let mut taken: HashSet<String> = own.map(str::to_owned).chain(others).collect();
        taken.insert(self.name.clone());
        let written = self.parameters.iter().map(|parameter| {
            let mut name = parameter.name.replace('.', "_");
            while parameter.name.contains('.') && !taken.insert(name.clone()) {
                name.push('_');
            }
            name
        });
        written.collect()
    }

    /// Simplified nodes of the value and of each component of the gradient.
    pub fn value_and_gradient(&self) -> (Graph, Vec<Node>) {
        let mut graph = self.graph.clone();
        let mut roots = vec![self.value];
        roots.extend(graph.gradient(self.value, self.dimension()));
        let roots = graph.simplify(&roots, self.dimension());
        graph.extract(&roots)
    }
}
