//! Compiled kernels give their memory back. Alone in its process, so that the count is its own.
#![cfg(target_os = "linux")]

use effpot_lang::graph::Graph;
use effpot_lang::kernel::{Engine, LANES, StepKernel, StepOutput, StepProgram};

/// Resident memory in pages, where the system tells.
fn resident_pages() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn compiling_and_dropping_thousands_of_times_keeps_no_memory() {
    let program = StepProgram::build(&Graph::new(), &[], 0, 1, 1, |b, state, constants, _| {
        StepOutput {
            state: vec![b.mul(state[0], constants[0])],
            record: Vec::new(),
        }
    });
    let cycle = |engine: Engine, times: usize| {
        for _ in 0..times {
            let kernel = StepKernel::compile(&program, engine).unwrap();
            kernel.run(&mut [1.0; LANES], &[2.0], 1, &mut []);
        }
    };
    // The engines of Cranelift share all that matters; the other code is cheap to make.
    for (engine, times) in [(Engine::Vector, 3000), (Engine::best(), 10_000)] {
        cycle(engine, 500);
        let before = resident_pages();
        cycle(engine, times);
        let grown = resident_pages().saturating_sub(before);
        // A kernel that stayed would be a page or more.
        let name = engine.name();
        assert!(grown < 300, "{grown} pages for {times} kernels of {name}");
    }
}
