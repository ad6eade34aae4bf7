//! Random formulas, as a graph and as a jet at the same time.

use super::jet::{self, Jet};
use effpot_lang::graph::{Function, Graph, Node};

/// A small generator of our own (xorshift), so that formulas never change with a library.
#[derive(Clone)]
pub struct Random {
    state: u64,
    /// Decisions that are given, two bytes each, before those that are drawn.
    given: Vec<u8>,
    taken: usize,
}

impl Random {
    pub fn new(seed: u64) -> Random {
        Random::given(seed, &[])
    }

    /// One that decides as these bytes say, as far as they reach: a fuzzer that changes a byte
    /// changes one decision.
    pub fn given(seed: u64, bytes: &[u8]) -> Random {
        Random {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            given: bytes.to_vec(),
            taken: 0,
        }
    }

    pub fn next(&mut self) -> u64 {
        if let Some(&[low, high]) = self.given.get(self.taken..self.taken + 2) {
            self.taken += 2;
            let word = u64::from(u16::from_le_bytes([low, high]));
            // The upper bits count, and all others too.
            return word.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32) ^ word;
        }
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
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
