//! Finished lane code, and the tables that it reads.

use std::sync::Arc;

use super::lane::{Id, Instruction};

/// A table of numbers that code looks things up in: rows by columns, row-major.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    columns: usize,
    data: Arc<[f64]>,
}

impl Table {
    /// A table; `None` where it has no full row, or more than 2^31 of them.
    pub fn new(columns: usize, data: Vec<f64>) -> Option<Table> {
        let rows = data.len().checked_div(columns)?;
        let good = rows > 0 && rows < 1 << 31 && rows * columns == data.len();
        good.then(|| Table {
            columns,
            data: data.into(),
        })
    }

    /// The number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.data.len() / self.columns
    }

    /// The number of columns, at least 1.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All entries, row-major. They do not move while the table or a clone of it lives.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// One entry.
    pub(super) fn entry(&self, row: usize, column: usize) -> f64 {
        self.data[row * self.columns + column]
    }
}

/// Finished lane code: only what the results need.
#[derive(Clone, Debug)]
pub struct LaneCode {
    pub(super) instructions: Vec<Instruction>,
    /// For each instruction, whether it is the same in all lanes and steps.
    pub(super) invariant: Vec<bool>,
    pub(super) tables: Vec<Table>,
    /// The new state, by variable; empty if the state is only read.
    pub(super) state: Vec<Id>,
    pub(super) record: Vec<Id>,
    pub(super) state_count: usize,
    pub(super) slot_count: usize,
}

impl LaneCode {
    /// How many instructions run in every lane at every step.
    pub fn loop_len(&self) -> usize {
        self.invariant
            .iter()
            .filter(|invariant| !**invariant)
            .count()
    }

    /// The instructions, operands first.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The same without what no result needs.
    pub(super) fn compacted(mut self) -> LaneCode {
        let mut needed = vec![false; self.instructions.len()];
        for id in self.state.iter().chain(&self.record) {
            needed[id.index()] = true;
        }
        for at in (0..needed.len()).rev() {
            if needed[at] {
                let operands = self.instructions[at].operands();
                operands.for_each(|operand| needed[operand.index()] = true);
            }
        }
        let mut image = vec![Id(0); needed.len()];
        let (mut instructions, mut invariant) = (Vec::new(), Vec::new());
        for at in (0..needed.len()).filter(|at| needed[*at]) {
            image[at] = Id(instructions.len() as u32);
            // Operands come first, so their images are there.
            instructions.push(self.instructions[at].map(|id| image[id.index()]));
            invariant.push(self.invariant[at]);
        }
        for id in self.state.iter_mut().chain(&mut self.record) {
            *id = image[id.index()];
        }
        LaneCode {
            instructions,
            invariant,
            ..self
        }
    }

    /// For each instruction, whether one of the first `count` slots changes it.
    pub(super) fn filled(&self, count: usize) -> Vec<bool> {
        let mut filled = Vec::with_capacity(self.instructions.len());
        for instruction in &self.instructions {
            filled.push(match *instruction {
                Instruction::Slot(slot) => (slot as usize) < count,
                _ => instruction.operands().any(|id| filled[id.index()]),
            });
        }
        filled
    }

    /// The invariants that the loop reads: what a run prepares before it.
    pub(super) fn prepared(&self) -> Vec<Id> {
        let mut wanted = vec![false; self.instructions.len()];
        for (at, instruction) in self.instructions.iter().enumerate() {
            if !self.invariant[at] {
                instruction
                    .operands()
                    .for_each(|operand| wanted[operand.index()] = true);
            }
        }
        for id in self.state.iter().chain(&self.record) {
            wanted[id.index()] = true;
        }
        (0u32..)
            .map(Id)
            .zip(wanted)
            .filter_map(|(id, wanted)| (wanted && self.invariant[id.index()]).then_some(id))
            .collect()
    }
}

impl std::fmt::Display for LaneCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, instruction) in self.instructions.iter().enumerate() {
            let region = if self.invariant[at] { "once" } else { "loop" };
            writeln!(f, "{region} v{at} = {instruction:?}")?;
        }
        let places =
            |ids: &[Id]| -> Vec<String> { ids.iter().map(|id| format!("v{}", id.0)).collect() };
        writeln!(f, "state  {}", places(&self.state).join(" "))?;
        writeln!(f, "record {}", places(&self.record).join(" "))
    }
}
