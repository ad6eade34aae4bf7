//! The library of potentials in `std/`: every function against numbers that were computed from the
//! published formulas, and against what is published about it.

#[path = "std/examples.rs"]
mod examples;
#[path = "std/facts.rs"]
mod facts;
#[path = "std/reference.rs"]
mod reference;

use effpot_lang::check::{NoFiles, Program, check, gather};
use effpot_lang::graph::{Graph, Model, Node};
use effpot_lang::kernel::{BatchKernel, Engine};
use effpot_lang::source::Sources;

/// A program with its potential, first and second derivatives, as `eval` computes them.
pub struct Potential {
    pub dimension: usize,
    parameters: Vec<f64>,
    graph: Graph,
    roots: Vec<Node>,
    kernel: BatchKernel,
}

impl Potential {
    /// The potential of a text, which must be a program without warnings.
    #[track_caller]
    pub fn of(text: &str, set: &[(&str, f64)]) -> Potential {
        Potential::with(text, set, false)
    }

    /// The same, with second derivatives.
    #[track_caller]
    pub fn with_hessian(text: &str) -> Potential {
        Potential::with(text, &[], true)
    }

    #[track_caller]
    fn with(text: &str, set: &[(&str, f64)], hessian: bool) -> Potential {
        let (model, parameters) = model(text, set);
        let d = model.dimension();
        let mut graph = model.graph.clone();
        let slopes = graph.gradient(model.value, d);
        let mut roots = vec![model.value];
        roots.extend(&slopes);
        if hessian {
            for slope in slopes {
                roots.extend(graph.gradient(slope, d));
            }
        }
        let roots = graph.simplify(&roots, d);
        let (graph, roots) = graph.extract(&roots);
        let kernel = BatchKernel::compile(&graph, &roots, d, Engine::best()).unwrap();
        Potential {
            dimension: d,
            parameters,
            graph,
            roots,
            kernel,
        }
    }

    /// Value, gradient, Hessian row by row, by compiled code.
    pub fn at(&self, point: &[f64]) -> Vec<f64> {
        assert_eq!(point.len(), self.dimension);
        let mut out = vec![0.0; self.roots.len()];
        self.kernel.evaluate(point, 1, &self.parameters, &mut out);
        out
    }

    /// The same by the evaluator of graphs.
    pub fn evaluated(&self, point: &[f64]) -> Vec<f64> {
        let inputs = [point, &self.parameters].concat();
        let value = |root: &Node| self.graph.value(*root, &inputs);
        self.roots.iter().map(value).collect()
    }
}

/// Checks a text, which must be a program without warnings.
#[track_caller]
pub fn assert_good(text: &str) -> Program {
    let mut sources = Sources::new();
    let root = sources.add("test.pot", text);
    gather(&mut sources, root, &mut NoFiles).unwrap_or_else(|e| panic!("{text}\n{e:#?}"));
    let program = check(&sources, root).unwrap_or_else(|e| panic!("{text}\n{e:#?}"));
    let warnings = &program.warnings;
    assert!(warnings.is_empty(), "{text}\n{warnings:#?}");
    program
}

#[track_caller]
fn model(text: &str, set: &[(&str, f64)]) -> (Model, Vec<f64>) {
    let program = assert_good(text);
    for (name, _) in set {
        let known = program.parameters().iter().any(|p| p.name == *name);
        assert!(known, "{text}\nno parameter {name}");
    }
    let model = program
        .potential(None)
        .unwrap_or_else(|e| panic!("{text}\n{e:#?}"));
    let values = program.parameter_values(set);
    (model, values)
}
