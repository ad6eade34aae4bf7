//! Random lane programs: every engine of this host gives what the interpreter gives, bit for bit.
//!
//! `EFFPOT_FUZZ=N` runs N programs in place of the few hundred of the suite, `EFFPOT_FUZZ=A..B`
//! those of the seeds from A to B.

#[path = "lanes/case.rs"]
mod case;
mod support;
#[path = "lanes/writer.rs"]
mod writer;

use std::collections::HashSet;
use std::mem::{Discriminant, discriminant};

use case::{Case, STEPS, difference, downhill, engines, run, run_kernel, same};
use effpot_lang::graph::{Comparison, Differentiated, Function, Graph, Node};
use effpot_lang::kernel::lane::Instruction;
use effpot_lang::kernel::{Engine, LANES, LaneBuilder, StepKernel, StepProgram};
use support::formulas::Random;
use support::sums::{model, sum};
use writer::{number, pick};

/// Drops results while the rest still differs in one step from this state.
fn shrunk(mut case: Case, engine: Engine, state: &[f64], slots: &[f64]) -> Case {
    let differs = |case: &Case| difference(&case.program(), engine, (state, slots), 1).is_some();
    let mut all: Vec<usize> = case.record.clone();
    all.extend(case.next.iter().flatten());
    all.sort_unstable();
    let still = Case {
        record: all,
        next: vec![None; case.states],
        ..case.clone()
    };
    if differs(&still) {
        case = still;
    }
    // The first that differs by itself has the shortest program, most often.
    for &at in &case.record {
        let alone = Case {
            record: vec![at],
            ..case.clone()
        };
        if differs(&alone) {
            return alone;
        }
    }
    let mut size = case.record.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        while from < case.record.len() {
            let mut fewer = case.clone();
            let to = (from + size).min(fewer.record.len());
            fewer.record.drain(from..to);
            match differs(&fewer) {
                true => case = fewer,
                false => from += size,
            }
        }
        size /= 2;
    }
    case
}

/// What to print of a program that differs.
fn report(case: &Case, engine: Engine) -> String {
    let (mut state, slots) = case.inputs();
    let program = case.program();
    let (seed, size, name) = (case.seed, case.size, engine.name());
    let head = format!("seed {seed}, size {size}, {name}");
    // The step that differs, from the state before it.
    let steps = (0..STEPS).find(|_| {
        let differs = difference(&program, engine, (&state, &slots), 1).is_some();
        if !differs {
            state = run(&program, Engine::Interpreter, &state, &slots, 1);
            state.truncate(case.states * LANES);
        }
        differs
    });
    let Some(step) = steps else {
        return format!(
            "{head}: only in {STEPS} steps together\n{:?}",
            program.code()
        );
    };
    let case = shrunk(case.clone(), engine, &state, &slots);
    let program = case.program();
    let Some((at, expected, found)) = difference(&program, engine, (&state, &slots), 1) else {
        return format!("{head}: differs and then does not, in step {step}");
    };
    let lane = at % LANES;
    let here: Vec<String> = state
        .iter()
        .skip(lane)
        .step_by(LANES)
        .map(exactly)
        .collect();
    let slots: Vec<String> = slots.iter().map(exactly).collect();
    let code = program.code().map(|code| code.to_string());
    format!(
        "{head}, step {step}, lane {lane}, output {}\nexpected {}\nfound    {}\n\
         state there {here:?}\nslots {slots:?}\n{}",
        at / LANES,
        exactly(&expected),
        exactly(&found),
        code.unwrap_or_default()
    )
}

fn exactly(x: &f64) -> String {
    format!("{x:e} = {:#018x}", x.to_bits())
}

/// Holds every engine to the interpreter, with a record and without.
fn check(case: &Case) -> StepProgram {
    let program = case.program();
    let (state, slots) = case.inputs();
    let expected = run(&program, Engine::Interpreter, &state, &slots, STEPS);
    for engine in engines() {
        let kernel = StepKernel::compile(&program, engine).expect("a kernel");
        let found = run_kernel(&kernel, &state, &slots, STEPS);
        let equal = |found: &[f64]| expected.iter().zip(found).all(|(a, b)| same(*a, *b));
        assert!(equal(&found), "{}", report(case, engine));
        let mut bare = state.clone();
        kernel.run(&mut bare, &slots, STEPS, &mut []);
        let (seed, name) = (case.seed, engine.name());
        assert!(equal(&bare), "seed {seed}, {name}: without a record");
    }
    program
}

/// The seeds to run: those of the environment, or so many.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("EFFPOT_FUZZ") else {
        return 0..count;
    };
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    let number = |text: &str| text.parse().expect("EFFPOT_FUZZ is N or A..B");
    number(from)..number(to)
}

/// What an instruction is, up to its operands.
fn kind(instruction: Instruction) -> (Discriminant<Instruction>, String) {
    use Instruction::*;
    let detail = match instruction {
        Unary(op, _) => format!("{op:?}"),
        Binary(op, ..) => format!("{op:?}"),
        IntegerBinary(op, ..) => format!("{op:?}"),
        Shift(op, ..) => format!("{op:?}"),
        Compare(op, ..) | CompareIntegers(op, ..) => format!("{op:?}"),
        _ => String::new(),
    };
    (discriminant(&instruction), detail)
}

#[test]
fn random_programs_are_the_same_in_every_engine() {
    let mut kinds = HashSet::new();
    for seed in seeds(300) {
        let size = [10, 30, 80, 250][seed as usize % 4];
        let program = check(&Case::new(seed, size));
        let code = program.code().expect("straight-line code");
        kinds.extend(code.instructions().iter().map(|i| kind(*i)));
    }
    // 14 without variants, 5 unary, 6 and 5 binary, 3 shifts and twice 6 comparisons; builders
    // leave no literal truth.
    if std::env::var("EFFPOT_FUZZ").is_err() {
        assert_eq!(kinds.len(), 14 + 5 + 6 + 5 + 3 + 12, "every instruction");
    }
}

/// Thousands of values that live to the end of the step: most of them are spilled.
#[test]
fn large_programs_are_the_same_in_every_engine() {
    for seed in seeds(6).map(|seed| seed ^ 0x1a49e) {
        let size = 500 + 1000 * (seed as usize % 6);
        let mut case = Case::new(seed, size);
        let mut builder = LaneBuilder::new(case.states, case.slots);
        let count = case.results(&mut builder).len();
        case.record = (0..count).rev().collect();
        check(&case);
    }
}

/// Random numbers do not all end as NaN, or the comparisons above would show nothing.
#[test]
fn most_results_are_numbers() {
    let (mut all, mut nan, mut finite) = (0, 0, 0);
    for seed in 0..40 {
        let case = Case::new(seed, 200);
        let (state, slots) = case.inputs();
        let values = run(&case.program(), Engine::Interpreter, &state, &slots, STEPS);
        all += values.len();
        nan += values.iter().filter(|x| x.is_nan()).count();
        finite += values.iter().filter(|x| x.is_finite()).count();
    }
    assert!(
        nan < all / 4 && finite > all / 2,
        "{nan} and {finite} of {all}"
    );
}

/// A random formula of these nodes: the same formula for the same seed.
fn term(seed: u64, graph: &mut Graph, nodes: &[Node]) -> Node {
    let mut random = Random::new(seed);
    let mut nodes = nodes.to_vec();
    for _ in 0..4 + random.below(9) {
        let (x, y, z) = (
            pick(&mut random, &nodes),
            pick(&mut random, &nodes),
            pick(&mut random, &nodes),
        );
        let function = Function::ALL[random.below(Function::ALL.len())];
        let (op, _) = Comparison::ALL[random.below(6)];
        let node = match (random.below(6), function.arity()) {
            (0, _) => graph.times(x, y),
            (1, _) => graph.plus(x, y),
            (2, _) => {
                let holds = graph.compare(op, x, y);
                graph.select(holds, y, z)
            }
            (3, _) => graph.power(x, 2),
            (_, 1) => graph.apply1(function, x),
            _ => graph.apply2(function, x, y),
        };
        nodes.push(node);
    }
    nodes[nodes.len() - 1]
}

/// Sums of a few random formulas of neighbours, each formula a family.
fn families(seed: u64) -> Differentiated {
    let mut random = Random::new(seed);
    let n = 4 + random.below(6);
    let model = model(n, &[0.7, -1.3], |graph, q, p| {
        let mut terms = Vec::new();
        for _ in 0..1 + random.below(3) {
            let formula = random.next();
            let (step, reach) = (random.uniform(-0.5, 0.5), 1 + random.below(3));
            for i in 0..n {
                let own = graph.constant(1.0 + step * i as f64);
                let nodes = [p[0], p[1], own, q[(i + reach) % n], q[i]];
                terms.push(term(formula, graph, &nodes));
            }
        }
        sum(graph, terms)
    });
    Differentiated::beyond(&model, 0)
}

#[test]
fn random_sums_over_members_are_the_same_in_every_engine() {
    let (mut looped, mut nan, mut all) = (0, 0, 0);
    for seed in seeds(120) {
        let potential = families(seed);
        let n = potential.dimension;
        let program = downhill(&potential);
        looped += usize::from(program.code().is_none());
        let mut random = Random::new(seed ^ 0xda7a);
        let mut state: Vec<f64> = (0..n * LANES).map(|_| random.uniform(-3.0, 3.0)).collect();
        for _ in 0..n {
            state[random.below(n * LANES)] = number(&mut random);
        }
        let slots = [0.01, 0.7, -1.3];
        let expected = run(&program, Engine::Interpreter, &state, &slots, STEPS);
        nan += expected.iter().filter(|x| x.is_nan()).count();
        all += expected.len();
        for engine in engines() {
            let differs = difference(&program, engine, (&state, &slots), STEPS);
            let differs = differs.map(|(at, a, b)| (at, exactly(&a), exactly(&b)));
            assert_eq!(differs, None, "seed {seed}, {}", engine.name());
        }
    }
    println!("{looped} with loops, {nan} of {all} NaN");
    if std::env::var("EFFPOT_FUZZ").is_err() {
        assert!(
            looped > 80 && nan < all / 2,
            "{looped} with loops, {nan} of {all} NaN"
        );
    }
}
