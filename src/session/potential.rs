//! A potential ready to be used: its formula, its parameters, its compiled value and gradient; or
//! a gradient that somebody else computes.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::dynamics::{CountingMap, DampedMap, Damping, Gradient, Places};
use crate::graph::{Coordinate, Graph, Model, Node, Notation, print};
use crate::kernel::{BatchKernel, Engine, KernelError, Wanted};

/// Coordinates of which the whole Hessian is compiled, at most.
const WHOLE_HESSIAN: usize = 3;

/// A model with values for its parameters, compiled; or a black box, which has a model of
/// coordinates and no formula: its value is the number NaN, of which there are no terms, no places
/// where it is awkward, and no text.
pub struct Potential {
    /// The model.
    pub model: Model,
    /// The values of its parameters, in order.
    pub parameters: Vec<f64>,
    /// A graph with the simplified value and gradient.
    pub graph: Graph,
    /// The value, then the components of the gradient.
    pub roots: Vec<Node>,
    source: Source,
    evaluations: AtomicU64,
}

/// What computes values and gradients.
enum Source {
    /// The formula.
    Compiled {
        value: BatchKernel,
        gradient: BatchKernel,
    },
    /// Somebody else; and whether it has values.
    BlackBox(Arc<dyn Gradient>, bool),
}

impl Potential {
    /// Compiles the value and the gradient of a model.
    pub fn compile(model: Model, parameters: Vec<f64>) -> Result<Potential, KernelError> {
        let engine = Engine::best();
        let (graph, roots) = model.value_and_gradient();
        let potential = model.differentiated();
        Ok(Potential {
            source: Source::Compiled {
                value: BatchKernel::of(&potential, Wanted::Value, engine)?,
                gradient: BatchKernel::of(&potential, Wanted::Gradient, engine)?,
            },
            evaluations: AtomicU64::new(0),
            model,
            parameters,
            graph,
            roots,
        })
    }

    /// A gradient in these coordinates, of which nothing else is known.
    pub fn black_box(gradient: Arc<dyn Gradient>, coordinates: Vec<Coordinate>) -> Potential {
        let mut graph = Graph::new();
        let unknown = graph.constant(f64::NAN);
        let has_values = gradient.values(&[], &mut []);
        Potential {
            source: Source::BlackBox(gradient, has_values),
            evaluations: AtomicU64::new(0),
            parameters: Vec::new(),
            roots: vec![unknown; 1 + coordinates.len()],
            model: Model {
                name: "V".to_owned(),
                graph: graph.clone(),
                value: unknown,
                coordinates,
                parameters: Vec::new(),
                sums: Vec::new(),
            },
            graph,
        }
    }

    /// Whether it is a formula.
    pub fn is_formula(&self) -> bool {
        matches!(self.source, Source::Compiled { .. })
    }

    /// Whether there are values beside the gradient.
    pub fn has_values(&self) -> bool {
        !matches!(self.source, Source::BlackBox(_, false))
    }

    /// The damped map in this potential, with as many coordinates as `damping` has.
    ///
    /// # Errors
    /// See [`DampedMap::compile`]; none for a black box.
    pub fn map(&self, damping: Damping) -> Result<DampedMap, KernelError> {
        match &self.source {
            Source::Compiled { .. } => {
                DampedMap::compile(&self.model, &self.parameters, damping, Engine::best())
            }
            Source::BlackBox(gradient, _) => Ok(DampedMap::of(Arc::clone(gradient), damping)),
        }
    }

    /// The counting map in this potential, see [`CountingMap::compile`]; none for a black box.
    ///
    /// # Errors
    /// See [`CountingMap::compile`].
    pub fn counting_map(
        &self,
        damping: Damping,
        centre: &[f64],
        limits: bool,
        places: Option<&Places>,
    ) -> Result<Option<CountingMap>, KernelError> {
        if !self.is_formula() {
            return Ok(None);
        }
        let (model, parameters) = (&self.model, &self.parameters);
        let engine = Engine::best();
        CountingMap::compile(model, parameters, damping, centre, limits, places, engine).map(Some)
    }

    /// How many values and gradients were asked for so far.
    pub fn evaluations(&self) -> u64 {
        self.evaluations.load(Ordering::Relaxed)
    }

    /// Counts evaluations that were made elsewhere.
    pub(super) fn count(&self, evaluations: u64) {
        self.evaluations.fetch_add(evaluations, Ordering::Relaxed);
    }

    /// Values at points (shape: coordinates, points); NaN where there are none.
    pub fn values(&self, points: &[f64], out: &mut [f64]) {
        if !self.has_values() {
            return out.fill(f64::NAN);
        }
        self.evaluations
            .fetch_add(out.len() as u64, Ordering::Relaxed);
        match &self.source {
            Source::Compiled { value, .. } => {
                value.evaluate(points, out.len(), &self.parameters, out);
            }
            Source::BlackBox(gradient, _) => {
                gradient.values(points, out);
            }
        }
    }

    /// Gradients at points (shapes: coordinates, points).
    pub fn gradients(&self, points: &[f64], out: &mut [f64]) {
        let count = out.len() / self.model.dimension().max(1);
        self.evaluations.fetch_add(count as u64, Ordering::Relaxed);
        match &self.source {
            Source::Compiled { gradient, .. } => {
                gradient.evaluate(points, count, &self.parameters, out);
            }
            Source::BlackBox(gradient, _) => gradient.gradients(points, out),
        }
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
    /// (shape: coordinates, points); NaN where it cannot be compiled, and for a black box, whose
    /// differences may be those of its noise.
    pub fn stiffness(&self, points: &[f64], damping: &Damping) -> Vec<f64> {
        let d = self.model.dimension();
        let count = points.len() / d.max(1);
        if !self.is_formula() {
            return vec![f64::NAN; count];
        }
        if d > WHOLE_HESSIAN {
            return self.probed_stiffness(points, damping);
        }
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

    /// The same in many coordinates, of one direction with entries of 1 and -1, about the largest
    /// row of `M^-1 H`: the change of the gradient over a step that no scale is as short as.
    fn probed_stiffness(&self, points: &[f64], damping: &Damping) -> Vec<f64> {
        const STEP: f64 = 1e-8;
        let d = self.model.dimension();
        let count = points.len() / d.max(1);
        let way = |c: usize, at: usize| match (c.wrapping_mul(0x9e37_79b9) >> 7) ^ at {
            odd if odd % 2 == 1 => -STEP,
            _ => STEP,
        };
        let moved = |sign: f64| -> Vec<f64> {
            let places = points.iter().enumerate();
            places
                .map(|(place, x)| x + sign * way(place / count, place % count))
                .collect()
        };
        let (there, here) = (self.slope(&moved(1.0)), self.slope(&moved(-1.0)));
        let change =
            |c: usize, at: usize| (there[c * count + at] - here[c * count + at]) / STEP / 2.0;
        let largest = |at: usize| -> f64 {
            let row = |c: usize| -> f64 {
                if damping.is_scalar() {
                    return change(c, at).abs();
                }
                let along = (0..d).map(|k| damping.inverse_mass(c, k) * change(k, at));
                along.sum::<f64>().abs()
            };
            // Written so that NaN stays.
            (0..d)
                .map(row)
                .fold(0.0, |most, k| if k <= most { most } else { k })
        };
        (0..count).map(largest).collect()
    }

    /// How many additive terms the potential is written as; a written sum is one.
    pub fn terms(&self) -> usize {
        let mut graph = self.model.graph.clone();
        let whole: HashSet<Node> = self.model.sums.iter().map(|sum| sum.node).collect();
        let terms = graph.written_terms(self.model.value, self.model.dimension(), &whole);
        terms.len()
    }

    /// A node of the graph as text, unless that is too long to be read in a message.
    pub fn text(&self, node: Node) -> Option<String> {
        self.text_in(&self.graph, node)
    }

    /// The same of a node of another graph with these inputs.
    pub fn text_in(&self, graph: &Graph, node: Node) -> Option<String> {
        const LONGEST: usize = 60;
        let coordinates = self.model.coordinates.iter().map(|c| c.name.clone());
        let parameters = self.model.parameters.iter().map(|p| p.name.clone());
        let names: Vec<String> = coordinates.chain(parameters).collect();
        let text = print(graph, node, &names, Notation::Pot)?;
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
