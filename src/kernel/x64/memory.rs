//! Which registers hold addresses, and where numbers are behind them.

use super::Isa;
use super::encode::{Assembler, Gpr, Mem};
use super::operation::Source;
use crate::kernel::memory::{PREPARED, STRIDE};

/// What the loop is called with.
pub(super) const CALL: Gpr = Gpr::Rdi;
/// The frame: room for values that no register holds.
pub(super) const FRAME: Gpr = Gpr::Rbp;
/// What all members or steps share.
pub(super) const SHARED: Gpr = Gpr::Rbx;
/// Free for a moment: in a loop over members a part of addresses, from when an operand is asked for
/// until it is used.
pub(super) const SCRATCH: Gpr = Gpr::Rax;
/// Units of lanes in a pass, at most.
pub(super) const MOST_UNITS: usize = 2;
/// The states of the units of a pass, their records and their counts.
pub(super) const STATES: [Gpr; MOST_UNITS] = [Gpr::R8, Gpr::R9];
pub(super) const RECORDS: [Gpr; MOST_UNITS] = [Gpr::R12, Gpr::R13];
pub(super) const COUNTS: [Gpr; MOST_UNITS] = [Gpr::R14, Gpr::R15];
/// How far the record has come.
pub(super) const RECORDED: Gpr = Gpr::Rdx;
/// In a loop over members: what this one is filled with, and its places.
pub(super) const FILLED: Gpr = Gpr::R9;
pub(super) const PLACES: Gpr = Gpr::R10;
/// There the cells and the record of all members.
pub(super) const CELLS: Gpr = Gpr::R8;
pub(super) const MEMBER_RECORD: Gpr = Gpr::R12;

/// One of the ways that are interleaved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Way(pub(super) usize);

/// The memory of a pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) isa: Isa,
    /// Vectors of a unit, whose lanes follow each other; `None` in a loop over members.
    pub(super) unit: Option<usize>,
}

impl Memory {
    /// Where a slot of the frame is.
    pub(super) fn slot(&self, slot: u32) -> Mem {
        Mem::at(FRAME, slot as i32 * self.isa.bytes())
    }

    /// Where a value comes from; in a loop over members the scratch register may be set.
    pub(super) fn source(&self, asm: &mut Assembler, source: Source, way: Way) -> Mem {
        let prepared = |base: Gpr, place: u32| match self.isa {
            Isa::Avx2 => Mem::at(base, place as i32 * PREPARED),
            Isa::Avx512 => Mem::broadcast(base, place as i32 * PREPARED),
        };
        match source {
            Source::State(variable) => self.cell(asm, CELLS, variable, way),
            Source::Shared(place) => prepared(SHARED, place),
            Source::Filled(place) => prepared(FILLED, place),
            Source::Table(place) => Mem::at(SHARED, place as i32 * PREPARED),
            // A computed value is in a register or a slot.
            Source::Computed => self.slot(0),
        }
    }

    /// A variable of the state, or in a loop over members the number behind a place.
    pub(super) fn cell(&self, asm: &mut Assembler, base: Gpr, place: u32, way: Way) -> Mem {
        match self.unit {
            Some(unit) => Mem::at(STATES[way.0 / unit], self.offset(place, way.0 % unit)),
            None => {
                asm.read(
                    SCRATCH,
                    Mem::at(PLACES, place as i32 * size_of::<usize>() as i32),
                );
                Mem::indexed(base, SCRATCH, way.0 as i32 * self.isa.bytes())
            }
        }
    }

    /// Where the counts of a way are.
    pub(super) fn counts(&self, way: Way) -> Gpr {
        COUNTS[way.0 / self.unit.unwrap_or(1)]
    }

    /// The order in which units take turns: all of them before the next vector of each.
    pub(super) fn turn(&self, way: Way) -> (usize, usize) {
        let unit = self.unit.unwrap_or(1);
        (way.0 % unit, way.0 / unit)
    }

    /// Where a step records a number.
    pub(super) fn record(&self, place: u32, way: Way) -> Mem {
        let unit = self.unit.unwrap_or(1);
        let offset = self.offset(place, way.0 % unit);
        Mem::indexed(RECORDS[way.0 / unit], RECORDED, offset)
    }

    fn offset(&self, place: u32, vector: usize) -> i32 {
        place as i32 * STRIDE + vector as i32 * self.isa.bytes()
    }
}
