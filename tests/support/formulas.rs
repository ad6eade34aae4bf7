//! Random formulas, as a graph and as a jet at the same time.

use super::jet::{self, Jet};
use effpot_lang::graph::{Function, Graph, Node};

/// A small generator of our own (xorshift), so that formulas never change with a library.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }

    pub fn uniform(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A formula in input 0, as steps that can be replayed on graphs and on jets.
#[derive(Clone, Debug)]
pub struct Formula {
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Variable,
    Constant(f64),
    One(Function, usize),
    Two(Function, usize, usize),
    Power(usize, i32),
}

impl Formula {
    /// A formula of about `size` operations.
    pub fn random(random: &mut Random, size: usize) -> Formula {
        let mut steps = vec![Step::Variable, Step::Constant(random.uniform(-2.0, 2.0))];
        for _ in 0..size {
            let n = steps.len();
            // The newest results are used most, so that the formula is deep.
            let pick = |random: &mut Random| n - 1 - random.below(n.min(4));
            let (a, b) = (pick(random), pick(random));
            steps.push(match random.below(8) {
                0 => Step::Variable,
                1 => Step::Constant(random.uniform(-2.0, 2.0)),
                2 => Step::Power(a, random.below(7) as i32 - 2),
                3 | 4 => {
                    let ones = Function::ALL.iter().filter(|f| f.arity() == 1);
                    let ones: Vec<_> = ones.copied().collect();
                    Step::One(ones[random.below(ones.len())], a)
                }
                _ => {
                    let twos = Function::ALL.iter().filter(|f| f.arity() == 2);
                    let twos: Vec<_> = twos.copied().collect();
                    Step::Two(twos[random.below(twos.len())], a, b)
                }
            });
        }
        Formula { steps }
    }

    pub fn graph(&self, graph: &mut Graph) -> Node {
        self.graph_in(graph, 1)
    }

    /// The same formula with its variables in turn the first `dimension` inputs.
    pub fn graph_in(&self, graph: &mut Graph, dimension: u32) -> Node {
        let mut nodes: Vec<Node> = Vec::new();
        for (at, step) in (0u32..).zip(&self.steps) {
            let node = match *step {
                Step::Variable => graph.input(at % dimension),
                Step::Constant(c) => graph.constant(c),
                Step::One(f, a) => graph.apply1(f, nodes[a]),
                Step::Two(f, a, b) => graph.apply2(f, nodes[a], nodes[b]),
                Step::Power(a, n) => graph.power(nodes[a], n),
            };
            nodes.push(node);
        }
        nodes[nodes.len() - 1]
    }

    pub fn jet(&self, x: f64) -> Jet {
        let mut jets: Vec<Jet> = Vec::new();
        for step in &self.steps {
            let jet = match *step {
                Step::Variable => Jet::variable(x),
                Step::Constant(c) => Jet::constant(c),
                Step::One(f, a) => jet::apply1(f, jets[a]),
                Step::Two(f, a, b) => jet::apply2(f, jets[a], jets[b]),
                Step::Power(a, n) => jets[a].powi(n),
            };
            jets.push(jet);
        }
        jets[jets.len() - 1]
    }
}
