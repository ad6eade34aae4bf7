//! Lane code, one lane at a time: the oracle of the compiled engines, and what prepares the
//! invariants for them.

use super::code::LaneCode;
use super::lane::{Id, Instruction};

/// The order of a run: what is known, what is computed once, and what in every lane.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Room for every value, with the literals in place.
    literals: Vec<u64>,
    once: Vec<Id>,
    /// What is computed once for each member of a loop.
    filled: Vec<Id>,
    each: Vec<Id>,
}

impl Plan {
    /// The order of code whose first `fillings` slots are filled by the members of a loop.
    pub(super) fn new(code: &LaneCode, fillings: usize) -> Plan {
        let literal = |instruction: &Instruction| instruction.literal();
        let known: Vec<Option<u64>> = code.instructions.iter().map(literal).collect();
        let (invariant, each): (Vec<Id>, Vec<Id>) = (0u32..)
            .map(Id)
            .take(known.len())
            .filter(|id| known[id.index()].is_none())
            .partition(|id| code.invariant[id.index()]);
        let by_member = code.filled(fillings);
        let (filled, once) = invariant.iter().partition(|id| by_member[id.index()]);
        Plan {
            literals: known.iter().map(|bits| bits.unwrap_or(0)).collect(),
            once,
            filled,
            each,
        }
    }
}

/// The values of all instructions in one lane.
#[derive(Clone, Debug)]
pub(super) struct Interpreter<'c> {
    code: &'c LaneCode,
    plan: &'c Plan,
    values: Vec<u64>,
}

impl<'c> Interpreter<'c> {
    /// Computes the invariants. A slot that is missing is NaN.
    pub(super) fn new(code: &'c LaneCode, plan: &'c Plan, slots: &[f64]) -> Interpreter<'c> {
        let mut interpreter = Interpreter {
            code,
            plan,
            values: plan.literals.clone(),
        };
        interpreter.sweep(&plan.once, &[], slots);
        interpreter
    }

    /// Computes what the slots that a member fills change.
    pub(super) fn fill(&mut self, slots: &[f64]) {
        self.sweep(&self.plan.filled, &[], slots);
    }

    /// Computes everything else at this state.
    pub(super) fn run(&mut self, state: &[f64]) {
        self.sweep(&self.plan.each, state, &[]);
    }

    fn sweep(&mut self, ids: &[Id], state: &[f64], slots: &[f64]) {
        let read = |from: &[f64], at: u32| {
            let number = from.get(at as usize).copied();
            number.unwrap_or(f64::NAN).to_bits()
        };
        for id in ids {
            self.values[id.index()] = match self.code.instructions[id.index()] {
                Instruction::State(variable) => read(state, variable),
                Instruction::Slot(slot) => read(slots, slot),
                instruction => instruction.apply(|id| self.values[id.index()], &self.code.tables),
            };
        }
    }

    /// The bits of a value.
    pub(super) fn bits(&self, id: Id) -> u64 {
        self.values[id.index()]
    }

    /// A number.
    pub(super) fn number(&self, id: Id) -> f64 {
        f64::from_bits(self.bits(id))
    }
}
