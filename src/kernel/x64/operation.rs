//! Operations of the machine on values, each made once.

use super::opcode::{Masks, Opcode, Shifted};

/// A number of a value: an index.
pub(super) type ValueId = u32;

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// An operation.
    Computed,
    /// A variable of the state.
    State(u32),
    /// What the loop shares: the place among the prepared values, literals after them.
    Shared(u32),
    /// What a member is filled with: the place among those of a member.
    Filled(u32),
    /// A register full of numbers that differ by lane, which the loop shares: the first place.
    Table(u32),
}

/// What the loop shares beside prepared values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::kernel) enum Literal {
    /// These bits in all lanes.
    Bits(u64),
    /// What is prepared at this place, and by turns its negative.
    ByTurns(u32),
}

impl Source {
    /// Whether it is the same in all lanes.
    pub(super) fn is_invariant(self) -> bool {
        !matches!(self, Source::Computed | Source::State(_))
    }
}

/// The registers that a value goes into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Vector,
    /// Mask registers, which are there at 512 bits.
    Mask,
}

/// An operation on values; the result is always a value of its own.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Kind {
    /// `a op b`; the flag tells whether they may be exchanged.
    Two(Opcode, bool),
    /// `a op b`, rounded down (512 bits).
    TwoDown(Opcode),
    /// `a op b`, chosen by an immediate; gives a mask.
    Compare(Opcode, u8),
    /// `op a`, chosen by an immediate.
    One(Opcode, Option<u8>),
    /// `a` shifted.
    Shift(Shifted, u8),
    /// `a*b + c`, with the signs of product and summand turned.
    Fused(bool, bool),
    /// `mask ? b : c`; the mask is the first operand.
    Blend,
    /// Of two masks (512 bits).
    Masks(Masks),
    /// Of a mask (512 bits).
    Invert,
    /// A vector of ones or zeros as a mask (512 bits).
    Test,
    /// Counts a place, the low half of each lane or, raised, the lowest 16 bits of the upper half; the
    /// result means nothing.
    Count { raised: bool },
    /// The numbers at an address, the operand being multiples of 8 bytes, and a distance.
    Gather(u64, i32),
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    pub(super) kind: Kind,
    pub(super) operands: [ValueId; 3],
    pub(super) count: usize,
    pub(super) to: ValueId,
}

impl Op {
    pub(super) fn operands(&self) -> &[ValueId] {
        &self.operands[..self.count]
    }
}

/// The operations of one pass.
#[derive(Debug, Default)]
pub(super) struct Selected {
    pub(super) ops: Vec<Op>,
    pub(super) sources: Vec<Source>,
    pub(super) classes: Vec<Class>,
    /// Shared values after those that are prepared.
    pub(super) literals: Vec<Literal>,
    pub(super) state: Vec<ValueId>,
    pub(super) record: Vec<ValueId>,
}
