//! From lane code to vector operations of the machine, still in single-assignment form.
//!
//! Signs go into fused products, and what one instruction of this machine cannot do becomes a few.

use std::collections::HashMap;

use super::Isa;
use super::opcode::{self, Masks, Opcode};
use super::operation::{Class, Kind, Literal, Op, Selected, Source, ValueId};
use super::reading::Reading;
use crate::graph::Comparison;
use crate::kernel::code::{LaneCode, Table};
use crate::kernel::lane::{Binary, Id, Instruction, IntegerBinary, MAGIC, RAISED, Shift, Unary};

/// Ways of rounding: the inexact exception is suppressed.
const DOWN: u8 = 9;
const TO_NEAREST: u8 = 8;

/// Where the prepared invariants of some code are.
pub(super) struct Prepared<'p> {
    pub(super) shared: &'p [Id],
    pub(super) filled: &'p [Id],
}

/// Selects the operations of some code.
pub(super) fn select(code: &LaneCode, prepared: &Prepared<'_>, isa: Isa) -> Selected {
    let mut places = vec![None; code.instructions.len()];
    for (place, id) in (0u32..).zip(prepared.shared) {
        places[id.index()] = Some(Source::Shared(place));
    }
    for (place, id) in (0u32..).zip(prepared.filled) {
        places[id.index()] = Some(Source::Filled(place));
    }
    let reading = Reading::new(code, prepared.shared, isa);
    let mut selector = Selector {
        code,
        isa,
        places,
        first_literal: prepared.shared.len() as u32,
        values: vec![None; code.instructions.len()],
        exact: reading.read_as_number(),
        reading,
        tested: vec![None; code.instructions.len()],
        literals: HashMap::new(),
        scaled: HashMap::new(),
        rests: HashMap::new(),
        signed: HashMap::new(),
        by_turns: HashMap::new(),
        out: Selected::default(),
    };
    let read = selector.reading.needed();
    // What is counted comes first, so that counting has the rest to hide behind.
    let counted = needed(code, code.count);
    for here in [true, false] {
        for at in 0..code.instructions.len() {
            if counted[at] == here && read[at] {
                let value = selector.instruction(Id(at as u32));
                selector.values[at] = Some(value);
            }
        }
        if let Some(place) = code.count.filter(|_| here) {
            let raised = selector.reading.raised(place).is_some();
            let place = selector.value(place);
            selector.vector(Kind::Count { raised }, &[place]);
        }
    }
    selector.out.state = code.state.iter().map(|id| selector.value(*id)).collect();
    selector.out.record = code.record.iter().map(|id| selector.value(*id)).collect();
    selector.out
}

/// For each instruction whether this one, if any, needs it.
fn needed(code: &LaneCode, by: Option<Id>) -> Vec<bool> {
    let mut needed = vec![false; code.instructions.len()];
    let Some(by) = by else { return needed };
    needed[by.index()] = true;
    for at in (0..=by.index()).rev().filter(|at| !code.invariant[*at]) {
        if needed[at] {
            let operands = code.instructions[at].operands();
            operands.for_each(|operand| needed[operand.index()] = true);
        }
    }
    needed
}

struct Selector<'c> {
    code: &'c LaneCode,
    reading: Reading<'c>,
    isa: Isa,
    places: Vec<Option<Source>>,
    first_literal: u32,
    values: Vec<Option<ValueId>>,
    /// Prepared masks that were turned into mask registers.
    tested: Vec<Option<ValueId>>,
    literals: HashMap<u64, ValueId>,
    /// Rows of tables with so many columns, in numbers from the first.
    scaled: HashMap<(Id, u64), ValueId>,
    /// What is left of numbers after rounding.
    rests: HashMap<Id, ValueId>,
    /// Invariants with the sign of the lowest bit of an integer.
    signed: HashMap<(Id, Id), ValueId>,
    /// By place, invariants and by turns their negatives.
    by_turns: HashMap<u32, ValueId>,
    /// For each row whether anybody reads more than its low half.
    exact: Vec<bool>,
    out: Selected,
}

impl Selector<'_> {
    fn new_value(&mut self, source: Source, class: Class) -> ValueId {
        self.out.sources.push(source);
        self.out.classes.push(class);
        self.out.sources.len() as ValueId - 1
    }

    fn value(&mut self, id: Id) -> ValueId {
        if let Some(value) = self.values[id.index()] {
            return value;
        }
        debug_assert!(
            self.places[id.index()].is_some(),
            "an invariant has no place"
        );
        // Every invariant that the loop reads has a place.
        let source = self.places[id.index()].unwrap_or(Source::Shared(0));
        let value = self.new_value(source, Class::Vector);
        self.values[id.index()] = Some(value);
        value
    }

    fn literal(&mut self, bits: u64) -> ValueId {
        if let Some(&value) = self.literals.get(&bits) {
            return value;
        }
        let place = self.new_literal(Literal::Bits(bits));
        let value = self.new_value(Source::Shared(place), Class::Vector);
        self.literals.insert(bits, value);
        value
    }

    /// The place where a literal comes.
    fn new_literal(&mut self, literal: Literal) -> u32 {
        self.out.literals.push(literal);
        self.first_literal + self.out.literals.len() as u32 - 1
    }

    /// An invariant, in each lane with the sign that the lowest bit of an integer says.
    fn signed(&mut self, invariant: Id, turns: Id) -> ValueId {
        if let Some(&value) = self.signed.get(&(invariant, turns)) {
            return value;
        }
        let place = match self.places[invariant.index()] {
            Some(Source::Shared(place)) => place,
            _ => 0,
        };
        let by_turns = match self.by_turns.get(&place) {
            Some(&known) => known,
            None => {
                // A register holds two.
                let first = self.new_literal(Literal::ByTurns(place));
                self.new_literal(Literal::ByTurns(place));
                let table = self.new_value(Source::Table(first), Class::Vector);
                self.by_turns.insert(place, table);
                table
            }
        };
        let integer = self.value(turns);
        let value = self.two(opcode::PERMUTE, false, integer, by_turns);
        self.signed.insert((invariant, turns), value);
        value
    }

    fn op(&mut self, kind: Kind, operands: &[ValueId], class: Class) -> ValueId {
        let to = self.new_value(Source::Computed, class);
        let mut three = [0; 3];
        three[..operands.len()].copy_from_slice(operands);
        self.out.ops.push(Op {
            kind,
            operands: three,
            count: operands.len(),
            to,
        });
        to
    }

    fn vector(&mut self, kind: Kind, operands: &[ValueId]) -> ValueId {
        self.op(kind, operands, Class::Vector)
    }

    fn two(&mut self, opcode: Opcode, exchange: bool, a: ValueId, b: ValueId) -> ValueId {
        self.vector(Kind::Two(opcode, exchange), &[a, b])
    }

    /// A truth value where comparisons leave theirs.
    fn mask(&mut self, id: Id) -> ValueId {
        if self.isa == Isa::Avx2 || self.places[id.index()].is_none() {
            return self.value(id);
        }
        if let Some(mask) = self.tested[id.index()] {
            return mask;
        }
        let value = self.value(id);
        let mask = self.op(Kind::Test, &[value, value], Class::Mask);
        self.tested[id.index()] = Some(mask);
        mask
    }

    fn instruction(&mut self, id: Id) -> ValueId {
        use Instruction::*;
        if let Some(number) = self.reading.rest(id) {
            return self.rest(number);
        }
        if let Some([number, exponent]) = self.reading.scaled(id) {
            let (number, rest) = (self.value(number), self.rest(exponent));
            let exponent = self.value(exponent);
            let whole = self.two(opcode::SUB, false, exponent, rest);
            return self.two(opcode::SCALE, false, number, whole);
        }
        match self.code.instructions[id.index()] {
            // Without operands only the state is not invariant.
            Constant(_) | Integer(_) | Truth(_) | Slot(_) => self.literal(f64::NAN.to_bits()),
            State(variable) => self.new_value(Source::State(variable), Class::Vector),
            Unary(self::Unary::Floor, a) if self.reading.whole_bits(a).is_some() => {
                let bits = self.reading.whole_bits(a).unwrap_or(u64::MAX);
                let (a, bits) = (self.value(a), self.literal(bits));
                self.two(opcode::AND, true, a, bits)
            }
            Unary(op, a) => {
                let a = self.value(a);
                self.unary(op, a)
            }
            Binary(self::Binary::Multiply, a, b) => {
                let ([a, b], _) = self.factors(a, b, false);
                self.two(opcode::MUL, true, a, b)
            }
            Binary(op, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                let (opcode, exchange) = match op {
                    self::Binary::Add => (opcode::ADD, true),
                    self::Binary::Subtract => (opcode::SUB, false),
                    self::Binary::Multiply => (opcode::MUL, true),
                    self::Binary::Divide => (opcode::DIV, false),
                    // The machine gives its last operand at a tie and beside NaN, as these do.
                    self::Binary::Min => (opcode::MIN, false),
                    self::Binary::Max => (opcode::MAX, false),
                };
                self.two(opcode, exchange, a, b)
            }
            Fma(a, b, c) => self.fused(a, b, c),
            ToBits(a) | FromBits(a) => self.value(a),
            IntegerBinary(op, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                let (opcode, exchange) = match op {
                    self::IntegerBinary::Add => (opcode::ADD_INTEGERS, true),
                    self::IntegerBinary::Subtract => (opcode::SUB_INTEGERS, false),
                    self::IntegerBinary::And => (opcode::AND, true),
                    self::IntegerBinary::Or => (opcode::OR, true),
                    self::IntegerBinary::Xor => (opcode::XOR, true),
                };
                self.two(opcode, exchange, a, b)
            }
            Shift(op, a, by) => {
                let a = self.value(a);
                self.shift(op, a, by)
            }
            Compare(op, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                // Ordered and quiet, but for "not equal", which holds for NaN.
                let predicate = match op {
                    Comparison::Less => 0x11,
                    Comparison::LessEqual => 0x12,
                    Comparison::Greater => 0x1e,
                    Comparison::GreaterEqual => 0x1d,
                    Comparison::Equal => 0x00,
                    Comparison::NotEqual => 0x04,
                };
                let class = self.truth();
                self.op(Kind::Compare(opcode::COMPARE, predicate), &[a, b], class)
            }
            CompareIntegers(op, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.compare_integers(op, a, b)
            }
            And(a, b) => self.masks(opcode::AND, Masks::And, a, b),
            Or(a, b) => self.masks(opcode::OR, Masks::Or, a, b),
            Not(a) => {
                let a = self.mask(a);
                self.not(a)
            }
            Select(m, a, b) | SelectInteger(m, a, b) => {
                let (m, a, b) = (self.mask(m), self.value(a), self.value(b));
                self.vector(Kind::Blend, &[m, a, b])
            }
            Row(rows, a) => self.row(id, rows, a),
            Gather(table, row, column) => self.gather(table, row, column),
        }
    }

    /// What is left of a number after rounding to the nearest whole one (512 bits).
    fn rest(&mut self, id: Id) -> ValueId {
        if let Some(&value) = self.rests.get(&id) {
            return value;
        }
        let number = self.value(id);
        let value = self.vector(Kind::One(opcode::REDUCE, Some(TO_NEAREST)), &[number]);
        self.rests.insert(id, value);
        value
    }

    /// The class of truth values that are computed.
    fn truth(&self) -> Class {
        match self.isa {
            Isa::Avx2 => Class::Vector,
            Isa::Avx512 => Class::Mask,
        }
    }

    fn unary(&mut self, op: Unary, a: ValueId) -> ValueId {
        match op {
            Unary::Negate => {
                let sign = self.literal(1 << 63);
                self.two(opcode::XOR, true, a, sign)
            }
            Unary::Abs => {
                let magnitude = self.literal(u64::MAX >> 1);
                self.two(opcode::AND, true, a, magnitude)
            }
            Unary::Sqrt => self.vector(Kind::One(opcode::SQRT, None), &[a]),
            Unary::Floor => self.vector(Kind::One(opcode::ROUND, Some(DOWN)), &[a]),
            Unary::Nearest => self.vector(Kind::One(opcode::ROUND, Some(TO_NEAREST)), &[a]),
        }
    }

    fn fused(&mut self, a: Id, b: Id, c: Id) -> ValueId {
        let (factors, minus_product) = self.factors(a, b, true);
        let (c, minus_summand) = match self.reading.negated(c) {
            Some(inner) => (inner, true),
            None => (c, false),
        };
        let operands = [factors[0], factors[1], self.value(c)];
        self.vector(Kind::Fused(minus_product, minus_summand), &operands)
    }

    /// The factors of a product, and whether its negative is meant.
    fn factors(&mut self, a: Id, b: Id, fused: bool) -> ([ValueId; 2], bool) {
        let signs = self.reading.factors(a, b, fused);
        let negative = signs[0].negative != signs[1].negative;
        let values = match signs.map(|sign| sign.turned) {
            [Some(turns), _] => [self.value(signs[0].of), self.signed(signs[1].of, turns)],
            [_, Some(turns)] => [self.signed(signs[0].of, turns), self.value(signs[1].of)],
            [None, None] => signs.map(|sign| self.value(sign.of)),
        };
        (values, negative)
    }

    fn shift(&mut self, op: Shift, a: ValueId, by: u8) -> ValueId {
        match (op, self.isa) {
            (Shift::Left, _) => self.vector(Kind::Shift(opcode::SHIFT_LEFT, by), &[a]),
            (Shift::Right, _) => self.vector(Kind::Shift(opcode::SHIFT_RIGHT, by), &[a]),
            (Shift::Arithmetic, Isa::Avx512) => {
                self.vector(Kind::Shift(opcode::SHIFT_ARITHMETIC, by), &[a])
            }
            (Shift::Arithmetic, Isa::Avx2) => {
                // The sign, wherever it is after the shift, spreads by a borrow.
                let sign = self.literal(1 << (63 - u32::from(by.min(63))));
                let moved = self.vector(Kind::Shift(opcode::SHIFT_RIGHT, by), &[a]);
                let turned = self.two(opcode::XOR, true, moved, sign);
                self.two(opcode::SUB_INTEGERS, false, turned, sign)
            }
        }
    }

    fn compare_integers(&mut self, op: Comparison, a: ValueId, b: ValueId) -> ValueId {
        if self.isa == Isa::Avx512 {
            let predicate = match op {
                Comparison::Equal => 0,
                Comparison::Less => 1,
                Comparison::LessEqual => 2,
                Comparison::NotEqual => 4,
                Comparison::GreaterEqual => 5,
                Comparison::Greater => 6,
            };
            let kind = Kind::Compare(opcode::COMPARE_INTEGERS, predicate);
            return self.op(kind, &[a, b], Class::Mask);
        }
        let greater = |this: &mut Self, a, b| this.two(opcode::GREATER_INTEGERS, false, a, b);
        let equal = |this: &mut Self| this.two(opcode::EQUAL_INTEGERS, true, a, b);
        match op {
            Comparison::Greater => greater(self, a, b),
            Comparison::Less => greater(self, b, a),
            Comparison::Equal => equal(self),
            Comparison::LessEqual => {
                let greater = greater(self, a, b);
                self.not(greater)
            }
            Comparison::GreaterEqual => {
                let less = greater(self, b, a);
                self.not(less)
            }
            Comparison::NotEqual => {
                let equal = equal(self);
                self.not(equal)
            }
        }
    }

    fn masks(&mut self, vectors: Opcode, masks: Masks, a: Id, b: Id) -> ValueId {
        let (a, b) = (self.mask(a), self.mask(b));
        match self.isa {
            Isa::Avx2 => self.two(vectors, true, a, b),
            Isa::Avx512 => self.op(Kind::Masks(masks), &[a, b], Class::Mask),
        }
    }

    fn not(&mut self, a: ValueId) -> ValueId {
        match self.isa {
            Isa::Avx2 => {
                let ones = self.literal(u64::MAX);
                self.two(opcode::XOR, true, a, ones)
            }
            Isa::Avx512 => self.op(Kind::Invert, &[a], Class::Mask),
        }
    }

    /// Clamped before it becomes an integer, so that no number is an address out of the table: the
    /// comparison with zero takes NaN to 0. What is known to be a number inside is not.
    fn row(&mut self, id: Id, rows: u32, a: Id) -> ValueId {
        if let Some(number) = self.reading.raised(id) {
            return self.clamped(number, RAISED, rows);
        }
        let mut row = self.clamped(a, 0.0, rows);
        // Its whole part in the lowest bits.
        let magic = self.literal(MAGIC.to_bits());
        row = match self.isa {
            Isa::Avx512 => self.vector(Kind::TwoDown(opcode::ADD), &[row, magic]),
            Isa::Avx2 => {
                let whole = self.vector(Kind::One(opcode::ROUND, Some(DOWN)), &[row]);
                self.two(opcode::ADD, true, whole, magic)
            }
        };
        match self.exact[id.index()] {
            true => self.two(opcode::SUB_INTEGERS, false, row, magic),
            // The low half of the other number is zero.
            false => row,
        }
    }

    /// A number, from `first` on and below so many more.
    fn clamped(&mut self, a: Id, first: f64, rows: u32) -> ValueId {
        let known = self.reading.range(a);
        let value = self.value(a);
        let last = first + f64::from(rows) - 1.0;
        if known.is_some_and(|[lo, hi]| first <= lo && hi < last + 1.0) {
            return value;
        }
        let (first, last) = (self.literal(first.to_bits()), self.literal(last.to_bits()));
        let value = self.two(opcode::MAX, false, value, first);
        self.two(opcode::MIN, false, value, last)
    }

    fn gather(&mut self, table: u32, row: Id, column: u32) -> ValueId {
        let data: &Table = &self.code.tables[table as usize];
        let (base, columns) = (data.data().as_ptr() as u64, data.columns() as u64);
        let index = match self.scaled.get(&(row, columns)) {
            Some(&index) => index,
            None => {
                // Both are below 2^32.
                let (from, by) = (self.value(row), self.literal(columns));
                let index = self.two(opcode::MUL_HALVES, true, from, by);
                self.scaled.insert((row, columns), index);
                index
            }
        };
        self.vector(Kind::Gather(base, column as i32 * 8), &[index])
    }
}
