//! What the checker makes of a program and everything above works with.

use super::families::Family;
use super::{Function, Graph, Node, Op};
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

/// A sum that the program writes as one: `sum(... for ...)`, or the product of two vectors.
#[derive(Clone, PartialEq, Debug)]
pub struct WrittenSum {
    /// Its value in the graph of the model.
    pub node: Node,
    /// Its text in the program, on one line. Names are those of the function that it stands in.
    pub text: String,
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
    /// The sums of the program that the value needs, in the order of their nodes: what tells terms
    /// that are written one by one from those that are written as one.
    pub sums: Vec<WrittenSum>,
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

    /// The value and the gradient as code wants them: straight-line, or where that would be long
    /// and terms repeat, by families.
    pub fn differentiated(&self) -> Differentiated {
        Differentiated::beyond(self, LONG)
    }
}

/// About how many operations of straight-line code for value and gradient are enough to look for
/// families. Measured: a step by loops costs what straight-line code costs from about 30 bonds, 20
/// pairs of atoms or 60 waves on, and half of it from three times as many; and a fiftieth of the
/// time to compile.
const LONG: usize = 4000;

/// The value and the gradient of a model, ready to be compiled: their sum over straight-line
/// formulas and the members of families.
#[derive(Clone, Debug)]
pub struct Differentiated {
    /// The number of coordinates; inputs are those of the model.
    pub dimension: usize,
    /// The straight-line formulas, and what members are filled with.
    pub graph: Graph,
    /// The straight-line part: its value, then its derivatives by the coordinates.
    pub roots: Vec<Node>,
    /// What repeats; [`Family::fillings`] are nodes of `graph`.
    pub families: Vec<Family>,
}

impl Differentiated {
    /// As [`Model::differentiated`], with families where straight-line code would have more than
    /// about so many operations.
    pub fn beyond(model: &Model, longest: usize) -> Differentiated {
        let dimension = model.dimension();
        let mut straight = Differentiated {
            dimension,
            graph: Graph::new(),
            roots: Vec::new(),
            families: Vec::new(),
        };
        let mut graph = model.graph.clone();
        let mut split = None;
        if operations(&model.graph, model.value) > longest {
            let value = graph.simplify(&[model.value], dimension)[0];
            split = Some(graph.split(value, dimension));
        }
        let Some(split) = split.filter(|split| !split.families.is_empty()) else {
            (straight.graph, straight.roots) = model.value_and_gradient();
            return straight;
        };
        let mut rest = graph.constant(0.0);
        for &term in &split.rest {
            rest = graph.plus(rest, term);
        }
        let mut roots = vec![rest];
        roots.extend(graph.gradient(rest, dimension));
        let mut roots = graph.simplify(&roots, dimension);
        let fillings = split.families.iter().flat_map(Family::all_fillings);
        roots.extend(fillings);
        let (graph, mut images) = graph.extract(&roots);
        let mut filled = images.split_off(dimension + 1).into_iter();
        Differentiated {
            graph,
            roots: images,
            families: split
                .families
                .into_iter()
                .map(|family| family.refilled(&mut filled))
                .collect(),
            ..straight
        }
    }
}

/// About how many operations of straight-line code the value and the gradient have: the gradient
/// costs about twice the value, and a function about 25.
fn operations(graph: &Graph, value: Node) -> usize {
    let cost = |node: Node| match graph.op(node) {
        Op::Constant(_) | Op::Input(_) => 0,
        Op::Apply1(Function::Negate | Function::Sqrt | Function::Abs | Function::Floor, _) => 1,
        Op::Apply2(function, ..) if function.is_operator() && function != Function::Power => 1,
        Op::Apply1(..) | Op::Apply2(..) | Op::Spline(..) => 25,
        _ => 2,
    };
    3 * graph
        .schedule(&[value])
        .into_iter()
        .map(cost)
        .sum::<usize>()
}
