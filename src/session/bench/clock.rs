//! How many cycles a second the core makes, and how many instructions it takes in one.

use std::hint::black_box;

use super::course::{IN_FLIGHT, advance};
use crate::graph::Graph;
use crate::kernel::{
    Engine, KernelError, LaneBuilder, Operations, StepKernel, StepOutput, StepProgram, Value,
};

/// Turns of the chain, each of [`TURN`] operations: some tens of microseconds.
const TURNS: u64 = 1 << 13;
/// Operations in a turn.
const TURN: u64 = 16;
/// Chains of which the fastest counts: an interruption only makes one slower.
const TRIES: usize = 3;
/// Seconds after which wide units are awake and the clock is what they leave of it, so that no more
/// is tried; and tries at most, where a clock stands still.
const LONG_ENOUGH: f64 = 5e-3;
const MOST_TRIES: usize = 1000;

/// Cycles a second, by a chain of integer additions and exclusive ors by turns. Each needs the
/// result of the one before and takes one cycle on every processor that this runs on; nothing
/// shortens such a chain, as no two of its operations are of a kind. (A floating-point addition
/// takes two to four cycles, and some processors add constants at no cost.)
pub(super) fn hertz(seconds: &dyn Fn() -> f64) -> f64 {
    let tries = (0..TRIES).map(|_| {
        let before = seconds();
        black_box(chain(TURNS, black_box(0x9e37_79b9), black_box(0x7f4a_7c15)));
        seconds() - before
    });
    let fastest = tries.fold(f64::INFINITY, f64::min);
    (TURNS * TURN) as f64 / fastest
}

#[inline(never)]
fn chain(turns: u64, a: u64, b: u64) -> u64 {
    let mut x = a;
    for _ in 0..turns {
        // Unrolled, so that counting the turns is done beside it.
        x = x.wrapping_add(a) ^ b;
        x = x.wrapping_add(a) ^ b;
        x = x.wrapping_add(a) ^ b;
        x = x.wrapping_add(a) ^ b;
        x = x.wrapping_add(a) ^ b;
        x = x.wrapping_add(a) ^ b;
        x = x.wrapping_add(a) ^ b;
        x = x.wrapping_add(a) ^ b;
    }
    x
}

/// No processor takes more of these instructions in a cycle.
const MOST_PER_CYCLE: f64 = 4.0;
/// A limit that is this many times what was seen is wrong by more than a clock that wavers.
const BEATEN: f64 = 1.15;

/// What a core makes of the instructions of an engine, where many wait for it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Rates {
    /// Instructions on all lanes of a register that the floating-point pipes take in a cycle: 2 on
    /// most, 1 where they need two cycles for registers of that width.
    pub per_cycle: f64,
    /// The same where half of them are sums, which some processors have pipes of their own for.
    pub mixed: f64,
    /// Cycles of the divider for one lane of a division; 0 where none is needed.
    pub division: f64,
    /// Likewise of a square root.
    pub root: f64,
}

impl Rates {
    /// Measured with the engine itself, by steps of nothing else.
    pub(super) fn measure(
        needed: &Operations,
        engine: Engine,
        seconds: &dyn Fn() -> f64,
    ) -> Result<Rates, KernelError> {
        // More are independent than are on their way: four cycles of two pipes.
        let fused = cycles(engine, seconds, 16, |b, c, x| b.fma(c, x, c))?;
        let both = cycles(engine, seconds, 8, |b, c, x| {
            let sum = b.add(c, x);
            b.fma(c, sum, c)
        })?;
        let lanes = f64::from(engine.bits()) / 64.0;
        let division = match needed.divisions {
            0 => 0.0,
            _ => cycles(engine, seconds, 1, |b, c, x| b.div(c, x))?,
        };
        let root = match needed.roots {
            0 => 0.0,
            _ => cycles(engine, seconds, 1, |b, c, x| {
                let product = b.mul(c, x);
                b.sqrt(product)
            })?,
        };
        Ok(Rates {
            // Loads, stores and the loop hide a part of a whole number.
            per_cycle: (1.0 / (lanes * fused)).round().max(1.0),
            mixed: (2.0 / (lanes * both)).round().max(1.0),
            division,
            root,
        })
    }

    /// The same where so many cycles were seen for what they say takes `least`: a loop that is
    /// faster than the limit shows that the rates were measured while something else ran.
    pub(super) fn corrected(self, operations: &Operations, bits: u32, seen: f64) -> Rates {
        let least = self.least_cycles(operations, bits);
        if self.per_cycle >= MOST_PER_CYCLE || least <= BEATEN * seen {
            return self;
        }
        let per_cycle = self.per_cycle + 1.0;
        let rates = Rates {
            per_cycle,
            mixed: self.mixed.max(per_cycle),
            ..self
        };
        rates.corrected(operations, bits, seen)
    }

    /// The cycles that one step of one lane takes at least on an engine of so many bits: those of
    /// the pipes, and beside them those of the divider, whichever are more.
    pub(super) fn least_cycles(&self, operations: &Operations, bits: u32) -> f64 {
        let lanes = f64::from(bits) / 64.0;
        let products = (operations.pipe - operations.sums) as f64 / (self.per_cycle * lanes);
        let pipes = products.max(operations.pipe as f64 / (self.mixed * lanes));
        let (divisions, roots) = (operations.divisions as f64, operations.roots as f64);
        pipes.max(divisions * self.division + roots * self.root)
    }
}

/// Cycles that `x' = f(c, x)` takes for one lane, of many independent ones that are each made so
/// many `times` a step.
fn cycles(
    engine: Engine,
    seconds: &dyn Fn() -> f64,
    times: usize,
    f: impl Fn(&mut LaneBuilder, Value, Value) -> Value,
) -> Result<f64, KernelError> {
    // Few enough for the registers of interleaved vectors.
    const VARIABLES: usize = 3;
    const STEPS: usize = 1024;
    let program = StepProgram::build(&Graph::new(), &[], 0, VARIABLES, 1, |b, x, c, _| {
        let mut state = x.to_vec();
        for _ in 0..times {
            // By turns, so that those next to each other do not wait for each other.
            state.iter_mut().for_each(|x| *x = f(b, c[0], *x));
        }
        StepOutput {
            state,
            record: Vec::new(),
        }
    });
    let kernel = StepKernel::compile(&program, engine)?;
    let mut state: Vec<f64> = (0..VARIABLES * IN_FLIGHT)
        .map(|i| 1.1 + 0.01 * i as f64)
        .collect();
    let begun = seconds();
    let mut fewest = f64::INFINITY;
    for tried in 0.. {
        let before = seconds();
        // Below one, so that a chain of products stays finite.
        advance(&kernel, &mut state, &mut [], &[0.73], STEPS);
        let taken = seconds() - before;
        // The clock that it ran at: wide registers slow it, and not at once.
        fewest = fewest.min(taken * hertz(seconds));
        if tried >= MOST_TRIES || tried >= TRIES && seconds() - begun > LONG_ENOUGH {
            break;
        }
    }
    Ok(fewest / (times * STEPS * VARIABLES * IN_FLIGHT) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_that_of_the_pipes_or_of_the_divider() {
        let rates = Rates {
            per_cycle: 2.0,
            mixed: 2.0,
            division: 4.0,
            root: 6.0,
        };
        let mut operations = Operations {
            pipe: 80,
            ..Operations::default()
        };
        assert_eq!(rates.least_cycles(&operations, 64), 40.0);
        assert_eq!(rates.least_cycles(&operations, 512), 5.0);
        (operations.divisions, operations.roots) = (2, 1);
        assert_eq!(rates.least_cycles(&operations, 64), 40.0);
        assert_eq!(rates.least_cycles(&operations, 512), 14.0);
        // Pipes of their own for sums, of which there are few and then many.
        let apart = Rates {
            mixed: 4.0,
            ..rates
        };
        // A step in 4 cycles shows that there are two pipes, one in 9 nothing.
        let disturbed = Rates {
            per_cycle: 1.0,
            mixed: 1.0,
            ..rates
        };
        let plain = Operations {
            pipe: 64,
            ..Operations::default()
        };
        assert_eq!(disturbed.corrected(&plain, 512, 4.1), rates);
        assert_eq!(disturbed.corrected(&plain, 512, 9.0), disturbed);
        (operations.divisions, operations.roots, operations.sums) = (0, 0, 8);
        assert_eq!(apart.least_cycles(&operations, 64), 36.0);
        operations.sums = 60;
        assert_eq!(apart.least_cycles(&operations, 64), 20.0);
    }

    /// The chain must depend on all that it is given, or it could be shortened.
    #[test]
    fn the_chain_is_what_it_says() {
        let slowly = |turns: u64, a: u64, b: u64| {
            (0..turns * TURN / 2).fold(a, |x, _| x.wrapping_add(a) ^ b)
        };
        for (turns, a, b) in [(1, 3, 5), (2, 7, 1 << 60), (5, u64::MAX, 9)] {
            assert_eq!(chain(turns, a, b), slowly(turns, a, b));
        }
    }
}
