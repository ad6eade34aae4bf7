//! Lane code, one lane at a time: the oracle of the compiled engines, and what prepares the
//! invariants for them.

use super::lane::{Instruction, LaneCode};

/// The values of all instructions in one lane.
#[derive(Clone, Debug)]
pub(super) struct Interpreter<'c> {
    code: &'c LaneCode,
    values: Vec<u64>,
}

impl<'c> Interpreter<'c> {
    /// Computes the invariants. A slot that is missing is NaN.
    pub(super) fn new(code: &'c LaneCode, slots: &[f64]) -> Interpreter<'c> {
        let mut interpreter = Interpreter {
            code,
            values: vec![0; code.instructions.len()],
        };
        interpreter.sweep(true, &[], slots);
        interpreter
    }

    /// Computes everything else at this state.
    pub(super) fn run(&mut self, state: &[f64]) {
        self.sweep(false, state, &[]);
    }

    fn sweep(&mut self, invariant: bool, state: &[f64], slots: &[f64]) {
        let read =
            |from: &[f64], at: u32| from.get(at as usize).copied().unwrap_or(f64::NAN).to_bits();
        for (at, &instruction) in self.code.instructions.iter().enumerate() {
            if self.code.invariant[at] == invariant {
                self.values[at] = match instruction {
                    Instruction::State(variable) => read(state, variable),
                    Instruction::Slot(slot) => read(slots, slot),
                    _ => instruction.apply(|id| self.values[id.index()], &self.code.tables),
                };
            }
        }
    }

    /// The bits of a value.
    pub(super) fn bits(&self, id: super::lane::Id) -> u64 {
        self.values[id.index()]
    }

    /// A number.
    pub(super) fn number(&self, id: super::lane::Id) -> f64 {
        f64::from_bits(self.bits(id))
    }
}
