//! A potential ready to be used: its formula, its parameters, its compiled value and gradient.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::dynamics::Damping;
use crate::graph::{Graph, Model, Node, Notation, print};
use crate::kernel::{BatchKernel, Engine, KernelError, Wanted};

/// A model with values for its parameters, compiled.
pub struct Potential {
    /// The model.
    pub model: Model,
    /// The values of its parameters, in order.
    pub parameters: Vec<f64>,
    /// A graph with the simplified value and gradient.
    pub graph: Graph,
    /// The value, then the components of the gradient.
    pub roots: Vec<Node>,
    value: BatchKernel,
    gradient: BatchKernel,
    evaluations: AtomicU64,
}

impl Potential {
    /// Compiles the value and the gradient of a model.
    pub fn compile(model: Model, parameters: Vec<f64>) -> Result<Potential, KernelError> {
        let engine = Engine::best();
        let (graph, roots) = model.value_and_gradient();
        let potential = model.differentiated();
        Ok(Potential {
            value: BatchKernel::of(&potential, Wanted::Value, engine)?,
            gradient: BatchKernel::of(&potential, Wanted::Gradient, engine)?,
            evaluations: AtomicU64::new(0),
            model,
            parameters,
            graph,
            roots,
        })
    }

    /// How many values and gradients were asked for so far.
    pub fn evaluations(&self) -> u64 {
        self.evaluations.load(Ordering::Relaxed)
    }

    /// Values at points (shape: coordinates, points).
    pub fn values(&self, points: &[f64], out: &mut [f64]) {
        self.evaluations
            .fetch_add(out.len() as u64, Ordering::Relaxed);
        self.value
            .evaluate(points, out.len(), &self.parameters, out);
    }

    /// Gradients at points (shapes: coordinates, points).
    pub fn gradients(&self, points: &[f64], out: &mut [f64]) {
        let count = out.len() / self.model.dimension().max(1);
        self.evaluations.fetch_add(count as u64, Ordering::Relaxed);
        self.gradient.evaluate(points, count, &self.parameters, out);
    }

    /// Values at points (shape: coordinates, points).
    pub fn curve(&self, x: &[f64]) -> Vec<f64> {
        let mut out = vec![f64::NAN; x.len() / self.model.dimension().max(1)];
        self.values(x, &mut out);
        out
    }

    /// Gradients at points (shapes: coordinates, points).
    pub fn slope(&self, x: &[f64]) -> Vec<f64> {
        let mut out = vec![f64::NAN; x.len()];
        self.gradients(x, &mut out);
        out
    }

    /// The Frobenius norm of `M^-1 H` for the Hessian `H` (in one coordinate `|V''|/m`) at points
    /// (shape: coordinates, points); NaN where it cannot be compiled.
    pub fn stiffness(&self, points: &[f64], damping: &Damping) -> Vec<f64> {
        let d = self.model.dimension();
        let count = points.len() / d.max(1);
        let mut graph = self.graph.clone();
        let mut second = Vec::with_capacity(d * d);
        for &slope in &self.roots[1..] {
            second.extend(graph.gradient(slope, d));
        }
        let second = graph.simplify(&second, d);
        let (graph, roots) = graph.extract(&second);
        let mut entries = vec![f64::NAN; roots.len() * count];
        if let Ok(kernel) = BatchKernel::compile(&graph, &roots, d, Engine::best()) {
            kernel.evaluate(points, count, &self.parameters, &mut entries);
        }
        let norm = |at: usize| -> f64 {
            let entry = |i: usize, j: usize| -> f64 {
                let along =
                    (0..d).map(|k| damping.inverse_mass(i, k) * entries[(k * d + j) * count + at]);
                along.sum()
            };
            let pairs = (0..d).flat_map(|i| (0..d).map(move |j| (i, j)));
            pairs.map(|(i, j)| entry(i, j).powi(2)).sum::<f64>().sqrt()
        };
        (0..count).map(norm).collect()
    }

    /// A node of the graph as text, unless that is too long to be read in a message.
    pub fn text(&self, node: Node) -> Option<String> {
        const LONGEST: usize = 60;
        let coordinates = self.model.coordinates.iter().map(|c| c.name.clone());
        let parameters = self.model.parameters.iter().map(|p| p.name.clone());
        let names: Vec<String> = coordinates.chain(parameters).collect();
        let text = print(&self.graph, node, &names, Notation::Pot)?;
        (text.chars().count() <= LONGEST).then_some(text)
    }

    /// The additive terms that are not finite at a point, as text.
    pub fn culprits(&self, point: &[f64]) -> Vec<String> {
        super::terms(&self.graph, self.roots[0])
            .into_iter()
            .filter(|term| !self.graph.value(*term, &self.inputs(point)).is_finite())
            .filter_map(|term| self.text(term))
            .collect()
    }

    /// Coordinates and parameters as inputs of the graph, the coordinates being `point`.
    pub fn inputs(&self, point: &[f64]) -> Vec<f64> {
        [point, &self.parameters].concat()
    }
}
