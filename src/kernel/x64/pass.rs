//! One pass of the body: the operations of several vectors, interleaved.

use std::collections::VecDeque;

use super::Isa;
use super::encode::{Assembler, Mem, Rm};
use super::memory::{CELLS, MEMBER_RECORD, Memory, SCRATCH, Way};
use super::opcode::{self, Fused, Masks};
use super::operation::{Class, Kind, Op, Selected, Source, ValueId};
use super::registers::{Entry, Registers};
use crate::kernel::program::Output;

/// What becomes of a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// It is a variable of the new state.
    State(u32),
    /// It is recorded by a step.
    Record(u32),
    /// It goes where this place of a member says.
    Member(u32, Output),
}

/// A result and its place.
pub(super) type Given = (ValueId, Place);

/// Emits the pass; the slots that its frame needs.
pub(super) fn emit(
    asm: &mut Assembler,
    selected: &Selected,
    given: &[Given],
    memory: Memory,
    ways: usize,
) -> usize {
    // What a step records is stored before the state that it may be.
    let (mut order, others): (Vec<Given>, Vec<Given>) = given.iter().partition(|(_, place)| {
        matches!(place, Place::Record(_) | Place::Member(_, Output::Record))
    });
    order.extend(others);
    let values: Vec<ValueId> = order.iter().map(|(value, _)| *value).collect();
    let isa = asm.isa;
    let registers = Registers::new(selected, &values, memory, ways, isa);
    let mut pass = Pass {
        asm,
        registers,
        memory,
        isa,
        uncounted: VecDeque::new(),
        every: 0,
    };
    for (at, op) in selected.ops.iter().enumerate() {
        let left = (selected.ops.len() - at) * ways;
        for way in 0..ways {
            pass.registers.go(at, way);
            pass.op(op);
            // Counts are spread over what is left.
            if matches!(op.kind, Kind::Count { .. }) {
                pass.every = (left - way) / pass.uncounted.len().max(1);
            } else if pass.uncounted.len() * pass.every >= left - way {
                pass.count(1);
            }
        }
    }
    pass.count(usize::MAX);
    for way in 0..ways {
        pass.registers.go(selected.ops.len(), way);
        for &(value, place) in &order {
            let overwritten = match (selected.sources[value as usize], place) {
                (_, Place::Record(_) | Place::Member(_, Output::Record)) => false,
                (Source::State(from), Place::State(to)) => from != to,
                (source, _) => matches!(source, Source::State(_)),
            };
            if overwritten {
                let entry = pass.registers.entry(value);
                pass.registers.preserve(pass.asm, entry);
                pass.registers.go(selected.ops.len(), way);
            }
        }
    }
    for (at, &(value, place)) in order.iter().enumerate() {
        for way in 0..ways {
            pass.registers.go(selected.ops.len() + at, way);
            pass.give(value, place, Way(way));
        }
    }
    pass.registers.slots()
}

struct Pass<'a, 's> {
    asm: &'a mut Assembler,
    registers: Registers<'s>,
    memory: Memory,
    isa: Isa,
    /// What must still be counted. Units follow each other by turns: a count that comes right after
    /// another of the same place waits for it, or runs ahead and must be done again.
    uncounted: VecDeque<Uncounted>,
    /// Operations between two counts.
    every: usize,
}

/// A lane whose place must still be counted.
struct Uncounted {
    lane: i32,
    way: Way,
    /// Where the number of the place is, and whether it has 16 bits.
    place: Mem,
    raised: bool,
}

impl Pass<'_, '_> {
    fn entries(&self, op: &Op) -> [Entry; 3] {
        op.operands.map(|value| self.registers.entry(value))
    }

    fn fetch(&mut self, entry: Entry) -> u8 {
        self.registers.fetch(self.asm, entry)
    }

    /// The entry as a last operand. Nothing may be fetched between this and its use.
    fn operand(&mut self, entry: Entry) -> Rm {
        self.registers.operand(self.asm, entry)
    }

    fn done(&mut self, entries: &[Entry]) {
        for (at, &entry) in entries.iter().enumerate() {
            if !entries[..at].contains(&entry) {
                self.registers.done(entry);
            }
        }
    }

    fn define(&mut self, op: &Op) -> u8 {
        self.registers.define(self.asm, op.to)
    }

    fn op(&mut self, op: &Op) {
        let entries = self.entries(op);
        let [a, b, c] = entries;
        let read = &entries[..op.count];
        match op.kind {
            Kind::Two(opcode, exchange) => {
                let swap = exchange
                    && self.registers.register(a).is_none()
                    && self.registers.register(b).is_some();
                let (a, b) = if swap { (b, a) } else { (a, b) };
                let (a, b) = (self.fetch(a), self.operand(b));
                self.done(read);
                let to = self.define(op);
                self.asm.two(opcode, to, a, b);
            }
            Kind::TwoDown(opcode) => {
                let (a, b) = (self.fetch(a), self.fetch(b));
                self.done(read);
                let to = self.define(op);
                self.asm.two_down(opcode, to, a, b);
            }
            Kind::Compare(opcode, predicate) => {
                let (a, b) = (self.fetch(a), self.operand(b));
                self.done(read);
                let to = self.define(op);
                self.asm.two_by(opcode, to, a, b, predicate);
            }
            Kind::One(opcode, immediate) => {
                let a = self.operand(a);
                self.done(read);
                let to = self.define(op);
                self.asm.one(opcode, to, a, immediate);
            }
            Kind::Shift(shift, by) => {
                let a = match self.isa {
                    Isa::Avx2 => Rm::Reg(self.fetch(a)),
                    Isa::Avx512 => self.operand(a),
                };
                self.done(read);
                let to = self.define(op);
                self.asm.shift(shift, to, a, by);
            }
            Kind::Fused(minus_product, minus_summand) => {
                self.fused(op, read, minus_product, minus_summand);
            }
            Kind::Blend => {
                let (mask, no) = (self.fetch(a), self.fetch(c));
                let yes = self.operand(b);
                self.done(read);
                let to = self.define(op);
                self.asm.blend(to, mask, yes, no);
            }
            Kind::Masks(which) => {
                let (a, b) = (self.fetch(a), self.fetch(b));
                self.done(read);
                let to = self.define(op);
                self.asm.combine_masks(which, to, a, b);
            }
            Kind::Invert => {
                let a = self.fetch(a);
                self.done(read);
                let to = self.define(op);
                self.asm.invert_mask(to, a);
            }
            Kind::Test => {
                let a = self.fetch(a);
                self.done(read);
                let to = self.define(op);
                self.asm.two(opcode::TEST, to, a, Rm::Reg(a));
            }
            Kind::Gather(base, disp) => self.gather(op, a, base, disp),
            Kind::Count { raised } => {
                let places = self.fetch(a);
                let at = self.memory.slot(self.registers.new_slot());
                self.asm.store(at, places);
                self.done(read);
                let way = self.registers.way();
                let lanes = (0..self.isa.bytes() / 8).map(|lane| 8 * lane);
                self.uncounted.extend(lanes.map(|lane| Uncounted {
                    lane,
                    way,
                    place: Mem::at(at.base, at.disp + lane + if raised { 4 } else { 0 }),
                    raised,
                }));
                let uncounted = self.uncounted.make_contiguous();
                uncounted.sort_by_key(|next| (next.lane, self.memory.turn(next.way)));
            }
        }
    }

    /// `a*b + c`: the result replaces an operand that dies, or else a copy of one; another may be
    /// in memory.
    fn fused(&mut self, op: &Op, read: &[Entry], minus_product: bool, minus_summand: bool) {
        let &[a, b, c] = read else { return };
        let here = |this: &Self, entry: Entry| this.registers.register(entry).is_some();
        let mut away = Vec::new();
        for &entry in read {
            if here(self, entry) {
                // Locked from here on.
                self.fetch(entry);
            } else if !away.contains(&entry) {
                away.push(entry);
            }
        }
        while away.len() > 1 {
            self.fetch(away.remove(0));
        }
        let away = away.first().copied();
        let replaceable = |this: &Self, entry: Entry| this.registers.dies(entry);
        let tied = read.iter().copied();
        let tied = tied
            .clone()
            .find(|&entry| here(self, entry) && replaceable(self, entry));
        let (tied, replaced) = match (tied, away) {
            (Some(entry), _) => (entry, self.fetch(entry)),
            // Loaded for this operation alone.
            (None, Some(entry)) if replaceable(self, entry) => (entry, self.fetch(entry)),
            (None, away) => {
                let entry = away.unwrap_or(c);
                let copy = self.registers.spare(self.asm, Class::Vector);
                match self.operand(entry) {
                    Rm::Reg(from) => self.asm.copy(copy, from),
                    Rm::Mem(from) => self.asm.load(copy, from),
                }
                (entry, copy)
            }
        };
        let (shape, second, last) = match tied {
            tied if tied == c && away == Some(a) => (Fused::Summand, b, a),
            tied if tied == c => (Fused::Summand, a, b),
            tied => {
                let other = if tied == a { b } else { a };
                match away == Some(other) {
                    true => (Fused::FactorByFactor, c, other),
                    false => (Fused::Factor, other, c),
                }
            }
        };
        let second = match second {
            second if second == tied => replaced,
            second => self.fetch(second),
        };
        let last = match last {
            last if last == tied => Rm::Reg(replaced),
            last => self.operand(last),
        };
        self.done(read);
        self.registers.define_in(op.to, replaced);
        let opcode = opcode::fused(shape, minus_product, minus_summand);
        self.asm.two(opcode, replaced, second, last);
    }

    fn gather(&mut self, op: &Op, index: Entry, base: u64, disp: i32) {
        let from = self.fetch(index);
        let to = self.define(op);
        self.asm.set(SCRATCH, base);
        // Does not wait for what was there.
        self.asm.two(opcode::XOR, to, to, Rm::Reg(to));
        let ones = match self.isa {
            Isa::Avx2 => {
                let ones = self.registers.spare(self.asm, Class::Vector);
                self.asm
                    .two(opcode::EQUAL_INTEGERS, ones, ones, Rm::Reg(ones));
                ones
            }
            Isa::Avx512 => {
                let ones = self.registers.spare(self.asm, Class::Mask);
                self.asm.combine_masks(Masks::Same, ones, ones, ones);
                ones
            }
        };
        self.asm.gather(to, SCRATCH, from, disp, ones);
        self.done(&[index]);
    }

    /// Counts some of the places that must still be: by general registers and stores, which work
    /// beside the vector operations.
    fn count(&mut self, some: usize) {
        for next in self.uncounted.drain(..some.min(self.uncounted.len())) {
            match next.raised {
                true => self.asm.read_quarter(SCRATCH, next.place),
                false => self.asm.read_half(SCRATCH, next.place),
            }
            self.asm.count(self.memory.counts(next.way), SCRATCH);
        }
    }

    fn give(&mut self, value: ValueId, place: Place, way: Way) {
        let entry = self.registers.entry(value);
        let register = self.fetch(entry);
        let to = match place {
            Place::State(variable) => self.memory.cell(self.asm, CELLS, variable, way),
            Place::Record(place) => self.memory.record(place, way),
            Place::Member(place, Output::Record) => {
                self.memory.cell(self.asm, MEMBER_RECORD, place, way)
            }
            Place::Member(place, _) => self.memory.cell(self.asm, CELLS, place, way),
        };
        let mut from = register;
        if matches!(place, Place::Member(_, Output::Add)) {
            from = self.registers.spare(self.asm, Class::Vector);
            self.asm.two(opcode::ADD, from, register, Rm::Mem(to));
        }
        self.asm.store(to, from);
        self.registers.done(entry);
    }
}
