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
    /// A table; `None` where it has no full row, or 2^31 of them, or 2^28 columns.
    pub fn new(columns: usize, data: Vec<f64>) -> Option<Table> {
        let rows = data.len().checked_div(columns)?;
        // Both, and the bytes of a row, are numbers of 32 bits in compiled code.
        let good = rows > 0 && rows < 1 << 31 && columns < 1 << 28 && rows * columns == data.len();
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
    /// The place (a [`Instruction::Row`]) that every step counts.
    pub(super) count: Option<Id>,
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
        for id in self.results() {
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
        let results = self.state.iter_mut().chain(&mut self.record);
        for id in results.chain(&mut self.count) {
            *id = image[id.index()];
        }
        LaneCode {
            instructions,
            invariant,
            ..self
        }
    }

    /// The new state, the records and what is counted.
    pub(super) fn results(&self) -> impl Iterator<Item = &Id> {
        self.state.iter().chain(&self.record).chain(&self.count)
    }

    /// How many places steps count, 0 if they count none.
    pub(super) fn places(&self) -> usize {
        match self.count.map(|id| self.instructions[id.index()]) {
            Some(Instruction::Row(rows, _)) => rows as usize,
            _ => 0,
        }
    }

    /// The same with the place that a step counts as its last record, as bits.
    pub(super) fn with_place_recorded(mut self) -> LaneCode {
        if let Some(place) = self.count.take() {
            self.record.push(Id(self.instructions.len() as u32));
            self.instructions.push(Instruction::FromBits(place));
            self.invariant.push(self.invariant[place.index()]);
        }
        self
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
        for id in self.results() {
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
        writeln!(f, "record {}", places(&self.record).join(" "))?;
        match self.count {
            Some(id) => writeln!(f, "count  v{}", id.0),
            None => Ok(()),
        }
    }
}
