//! Random lane programs, run by one engine and another.

use effpot_lang::graph::{Differentiated, Graph};
use effpot_lang::kernel::{
    Engine, GroupRun, LANES, LaneBuilder, StepKernel, StepOutput, StepProgram, Value,
};

use super::support::formulas::Random;
use super::writer::{Writer, number};

/// Steps of a run.
pub const STEPS: usize = 3;

/// Steps down a potential, of a length that is the constant, which record the gradient.
pub fn downhill(potential: &Differentiated) -> StepProgram {
    StepProgram::of(
        potential,
        potential.dimension,
        1,
        |b, x, constants, gradient| {
            let g = gradient(b, x);
            let kick = b.neg(constants[0]);
            let moved = x.iter().zip(&g).map(|(&x, &g)| b.fma(kick, g, x));
            StepOutput {
                state: moved.collect(),
                record: g,
            }
        },
    )
}

/// A program by its seed, and what is kept of it.
#[derive(Clone)]
pub struct Case {
    pub seed: u64,
    pub random: Random,
    pub size: usize,
    pub states: usize,
    pub slots: usize,
    /// The results that are recorded.
    pub record: Vec<usize>,
    /// For each variable the result that becomes it; `None` where it stays.
    pub next: Vec<Option<usize>>,
}

impl Case {
    /// A program of about so many instructions beside what makes their results numbers.
    pub fn new(seed: u64, size: usize) -> Case {
        Case::of(seed, size, Random::new(seed ^ 0x5eed), Random::new(seed))
    }

    /// A program that such decisions give: of its shape, and of its instructions.
    pub fn of(seed: u64, size: usize, mut random: Random, instructions: Random) -> Case {
        let (states, slots) = (1 + random.below(5), random.below(5));
        let mut case = Case {
            seed,
            random: instructions,
            size,
            states,
            slots,
            record: Vec::new(),
            next: vec![None; states],
        };
        let mut builder = LaneBuilder::new(states, slots);
        let count = case.results(&mut builder).len();
        // All of them live to the end of the step, or few do.
        let share = [1, 1, 4, 20][random.below(4)];
        case.record = (0..count).filter(|_| random.below(share) == 0).collect();
        for next in &mut case.next {
            *next = (random.below(4) > 0).then(|| count - 1 - random.below(count / 2));
        }
        case
    }

    pub fn results(&self, b: &mut LaneBuilder) -> Vec<Value> {
        Writer::results(self.random.clone(), self.size, [self.states, self.slots], b)
    }

    pub fn program(&self) -> StepProgram {
        let (states, slots) = (self.states, self.slots);
        StepProgram::build(&Graph::new(), &[], 0, states, slots, |b, state, _, _| {
            let results = self.results(b);
            let next = state.iter().zip(&self.next);
            let next = next.map(|(&same, next)| next.map_or(same, |at| results[at]));
            StepOutput {
                state: next.collect(),
                record: self.record.iter().map(|at| results[*at]).collect(),
            }
        })
    }

    pub fn inputs(&self) -> (Vec<f64>, Vec<f64>) {
        let mut random = Random::new(self.seed ^ 0xda7a);
        let state = (0..self.states * LANES).map(|_| number(&mut random));
        let state = state.collect();
        let slots = (0..self.slots).map(|_| number(&mut random)).collect();
        (state, slots)
    }
}

pub fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// What so many steps give: the state, then the records.
pub fn run(
    program: &StepProgram,
    engine: Engine,
    state: &[f64],
    slots: &[f64],
    steps: usize,
) -> Vec<f64> {
    let kernel = StepKernel::compile(program, engine).expect("a kernel");
    run_kernel(&kernel, state, slots, steps)
}

pub fn run_kernel(kernel: &StepKernel, state: &[f64], slots: &[f64], steps: usize) -> Vec<f64> {
    // Three groups, so that different ones go together and the last pass lacks one.
    let turned = state.chunks(LANES).flat_map(|row| row.iter().rev());
    let turned: Vec<f64> = turned.copied().collect();
    let mut states = [state.to_vec(), turned, state.to_vec()];
    let mut records = [(); 3].map(|()| vec![0.0; steps * kernel.recorded() * LANES]);
    let groups = states.iter_mut().zip(&mut records);
    let mut groups: Vec<GroupRun<'_>> = groups
        .map(|(state, record)| GroupRun::new(state, record))
        .collect();
    kernel.run_groups(&mut groups, slots, steps);
    let [first, second, third] = states;
    let [a, b, c] = records;
    [first, a, second, b, third, c].concat()
}

/// Where an engine differs from the interpreter: the place in the state and the records, what is
/// expected and what was found.
pub fn difference(
    program: &StepProgram,
    engine: Engine,
    (state, slots): (&[f64], &[f64]),
    steps: usize,
) -> Option<(usize, f64, f64)> {
    let expected = run(program, Engine::Interpreter, state, slots, steps);
    let found = run(program, engine, state, slots, steps);
    assert_eq!(expected.len(), found.len());
    let mut pairs = expected.into_iter().zip(found).enumerate();
    pairs.find_map(|(at, (a, b))| (!same(a, b)).then_some((at, a, b)))
}

/// The engines to be held to the interpreter.
pub fn engines() -> impl Iterator<Item = Engine> {
    let compiled = |engine: &Engine| *engine != Engine::Interpreter && engine.works();
    Engine::ALL.into_iter().filter(compiled)
}
