//! Building lane code: hash-consed, with constants folded and nothing else rewritten beyond what
//! is exact.

use std::collections::HashMap;

use super::code::{LaneCode, Table};
use super::lane::{
    Binary, Id, Instruction, Integer, IntegerBinary, MAGIC, Mask, Shift, Unary, Value,
};
use super::range;
use crate::graph::{Bits, Comparison};

/// Builds lane code. Handles belong to the builder that gave them.
///
/// ```
/// use effpot_lang::kernel::LaneBuilder;
/// let mut b = LaneBuilder::new(1, 0);
/// let x = b.state(0);
/// let two = b.constant(2.0);
/// let y = b.mul(two, x);
/// assert_eq!(b.mul(two, x), y);
/// ```
#[derive(Clone, Debug)]
pub struct LaneBuilder {
    instructions: Vec<Instruction>,
    invariant: Vec<bool>,
    /// What each number lies between, unless it is NaN.
    ranges: Vec<[f64; 2]>,
    known: HashMap<Instruction, Id>,
    tables: Vec<Table>,
    count: Option<Id>,
    state_count: usize,
    slot_count: usize,
}

impl LaneBuilder {
    /// A builder of code over so many variables of the state and so many slots, which are numbers
    /// given at every run (step constants, parameters).
    pub fn new(state_count: usize, slot_count: usize) -> LaneBuilder {
        LaneBuilder {
            instructions: Vec::new(),
            invariant: Vec::new(),
            ranges: Vec::new(),
            known: HashMap::new(),
            tables: Vec::new(),
            count: None,
            state_count,
            slot_count,
        }
    }

    fn intern(&mut self, instruction: Instruction) -> Id {
        let instruction = self.folded(instruction);
        if let Some(&id) = self.known.get(&instruction) {
            return id;
        }
        let id = Id(self.instructions.len() as u32);
        self.invariant.push(
            !matches!(instruction, Instruction::State(_))
                && instruction.operands().all(|a| self.invariant[a.index()]),
        );
        self.ranges
            .push(range::of(instruction, |id| self.ranges[id.index()]));
        self.instructions.push(instruction);
        self.known.insert(instruction, id);
        id
    }

    /// The literal that an instruction on literals gives.
    fn folded(&self, instruction: Instruction) -> Instruction {
        use Instruction::*;
        let literal = |id: Id| self.instructions[id.index()].literal();
        if instruction.operands().next().is_none()
            || !instruction.operands().all(|id| literal(id).is_some())
        {
            return instruction;
        }
        let bits = instruction.apply(|id| literal(id).unwrap_or_default(), &self.tables);
        match instruction {
            ToBits(_) | IntegerBinary(..) | Shift(..) | SelectInteger(..) => Integer(bits as i64),
            Compare(..) | CompareIntegers(..) | And(..) | Or(..) | Not(_) => Truth(bits != 0),
            // Kept for the gathers that follow.
            Row(..) => instruction,
            _ => Constant(Bits::of(f64::from_bits(bits))),
        }
    }

    /// The instruction behind a handle.
    pub fn instruction(&self, value: Value) -> Instruction {
        self.instructions[value.0.index()]
    }

    /// The number that a value is, if it is a literal.
    pub fn as_constant(&self, value: Value) -> Option<f64> {
        match self.instruction(value) {
            Instruction::Constant(bits) => Some(bits.value()),
            _ => None,
        }
    }

    /// The factors of a value that is a product.
    pub fn as_product(&self, value: Value) -> Option<(Value, Value)> {
        match self.instruction(value) {
            Instruction::Binary(Binary::Multiply, a, b) => Some((Value(a), Value(b))),
            _ => None,
        }
    }

    /// Whether a value is the same in all lanes and steps: computed once, before the loop.
    pub fn is_invariant(&self, value: Value) -> bool {
        self.invariant[value.0.index()]
    }

    /// What a number lies between where it is not NaN, as far as its instructions tell.
    pub(super) fn range(&self, value: Value) -> [f64; 2] {
        self.ranges[value.0.index()]
    }

    /// A number.
    pub fn constant(&mut self, value: f64) -> Value {
        Value(self.intern(Instruction::Constant(Bits::of(value))))
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) -> Integer {
        Integer(self.intern(Instruction::Integer(value)))
    }

    /// A truth value.
    pub fn truth(&mut self, value: bool) -> Mask {
        Mask(self.intern(Instruction::Truth(value)))
    }

    /// A variable of the state; NaN for one that is not there.
    pub fn state(&mut self, variable: usize) -> Value {
        if variable >= self.state_count {
            return self.constant(f64::NAN);
        }
        Value(self.intern(Instruction::State(variable as u32)))
    }

    /// A slot; NaN for one that is not there.
    pub fn slot(&mut self, slot: usize) -> Value {
        if slot >= self.slot_count {
            return self.constant(f64::NAN);
        }
        Value(self.intern(Instruction::Slot(slot as u32)))
    }

    /// The inputs of a graph: the state, then the slots from this one on.
    pub(super) fn inputs(&mut self, first_slot: usize) -> Vec<Value> {
        let state: Vec<Value> = (0..self.state_count).map(|i| self.state(i)).collect();
        let slots = (first_slot..self.slot_count).map(|i| Instruction::Slot(i as u32));
        let mut inputs = state;
        for slot in slots {
            inputs.push(Value(self.intern(slot)));
        }
        inputs
    }

    fn unary(&mut self, op: Unary, a: Value) -> Value {
        Value(self.intern(Instruction::Unary(op, a.0)))
    }

    fn binary(&mut self, op: Binary, a: Value, b: Value) -> Value {
        // One order for both, so that equal sums and products are one.
        let (a, b) = match op {
            Binary::Add | Binary::Multiply if b.0 < a.0 => (b, a),
            _ => (a, b),
        };
        Value(self.intern(Instruction::Binary(op, a.0, b.0)))
    }

    /// `a + b`.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.binary(Binary::Add, a, b)
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        match self.as_constant(b) {
            // Exact for every a, -0 included; a - (-0) is not.
            Some(b) if b.to_bits() == 0 => a,
            _ => self.binary(Binary::Subtract, a, b),
        }
    }

    /// `a*b`.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        match (self.as_constant(a), self.as_constant(b)) {
            (_, Some(1.0)) => a,
            (Some(1.0), _) => b,
            (_, Some(-1.0)) => self.neg(a),
            (Some(-1.0), _) => self.neg(b),
            _ => self.binary(Binary::Multiply, a, b),
        }
    }

    /// `a/b`.
    pub fn div(&mut self, a: Value, b: Value) -> Value {
        match self.as_constant(b) {
            Some(1.0) => a,
            _ => self.binary(Binary::Divide, a, b),
        }
    }

    /// `a*b + c` with one rounding.
    pub fn fma(&mut self, a: Value, b: Value, c: Value) -> Value {
        let (a, b) = if b.0 < a.0 { (b, a) } else { (a, b) };
        Value(self.intern(Instruction::Fma(a.0, b.0, c.0)))
    }

    /// `-a`.
    pub fn neg(&mut self, a: Value) -> Value {
        match self.instruction(a) {
            Instruction::Unary(Unary::Negate, inner) => Value(inner),
            _ => self.unary(Unary::Negate, a),
        }
    }

    /// `|a|`.
    pub fn abs(&mut self, a: Value) -> Value {
        self.unary(Unary::Abs, a)
    }

    /// Square root.
    pub fn sqrt(&mut self, a: Value) -> Value {
        self.unary(Unary::Sqrt, a)
    }

    /// The largest integer not above.
    pub fn floor(&mut self, a: Value) -> Value {
        self.unary(Unary::Floor, a)
    }

    /// The nearest integer, ties to even.
    pub fn nearest(&mut self, a: Value) -> Value {
        self.unary(Unary::Nearest, a)
    }

    /// `if a < b { a } else { b }`: `b` where either is NaN. One instruction.
    pub fn min(&mut self, a: Value, b: Value) -> Value {
        self.binary(Binary::Min, a, b)
    }

    /// `if a > b { a } else { b }`: `b` where either is NaN. One instruction.
    pub fn max(&mut self, a: Value, b: Value) -> Value {
        self.binary(Binary::Max, a, b)
    }

    /// The magnitude of `a` with the sign bit of `b`.
    pub fn copysign(&mut self, a: Value, b: Value) -> Value {
        let (clear, sign) = (self.integer(i64::MAX), self.integer(i64::MIN));
        let (a, b) = (self.to_bits(a), self.to_bits(b));
        let magnitude = self.int_and(a, clear);
        let sign = self.int_and(b, sign);
        let bits = self.int_or(magnitude, sign);
        self.from_bits(bits)
    }

    /// The bits of a number.
    pub fn to_bits(&mut self, a: Value) -> Integer {
        match self.instruction(a) {
            Instruction::FromBits(bits) => Integer(bits),
            _ => Integer(self.intern(Instruction::ToBits(a.0))),
        }
    }

    /// The number of those bits.
    pub fn from_bits(&mut self, a: Integer) -> Value {
        match self.instructions[a.0.index()] {
            Instruction::ToBits(value) => Value(value),
            _ => Value(self.intern(Instruction::FromBits(a.0))),
        }
    }

    /// The nearest integer, ties to even, of a number with `|a| < 2^51`; anything for others.
    /// Two instructions on every host (by adding 1.5 * 2^52).
    pub fn to_integer(&mut self, a: Value) -> Integer {
        let magic = self.constant(MAGIC);
        let shifted = self.add(a, magic);
        let (bits, offset) = (self.to_bits(shifted), self.to_bits(magic));
        self.int_sub(bits, offset)
    }

    /// The number of an integer with `|a| < 2^51`, exactly; anything for others.
    pub fn from_integer(&mut self, a: Integer) -> Value {
        let magic = self.constant(MAGIC);
        let offset = self.to_bits(magic);
        let bits = self.int_add(a, offset);
        let shifted = self.from_bits(bits);
        self.sub(shifted, magic)
    }

    fn integers(&mut self, op: IntegerBinary, a: Integer, b: Integer) -> Integer {
        Integer(self.intern(Instruction::IntegerBinary(op, a.0, b.0)))
    }

    /// Wrapping sum.
    pub fn int_add(&mut self, a: Integer, b: Integer) -> Integer {
        self.integers(IntegerBinary::Add, a, b)
    }

    /// Wrapping difference.
    pub fn int_sub(&mut self, a: Integer, b: Integer) -> Integer {
        self.integers(IntegerBinary::Subtract, a, b)
    }

    /// Bitwise and.
    pub fn int_and(&mut self, a: Integer, b: Integer) -> Integer {
        self.integers(IntegerBinary::And, a, b)
    }

    /// Bitwise or.
    pub fn int_or(&mut self, a: Integer, b: Integer) -> Integer {
        self.integers(IntegerBinary::Or, a, b)
    }

    /// Bitwise exclusive or.
    pub fn int_xor(&mut self, a: Integer, b: Integer) -> Integer {
        self.integers(IntegerBinary::Xor, a, b)
    }

    /// A shift by `by` modulo 64 bits.
    pub fn shift(&mut self, op: Shift, a: Integer, by: u8) -> Integer {
        match by % 64 {
            0 => a,
            by => Integer(self.intern(Instruction::Shift(op, a.0, by))),
        }
    }

    /// A comparison of numbers; with NaN only `!=` holds.
    pub fn compare(&mut self, op: Comparison, a: Value, b: Value) -> Mask {
        Mask(self.intern(Instruction::Compare(op, a.0, b.0)))
    }

    /// A comparison of signed integers.
    pub fn compare_integers(&mut self, op: Comparison, a: Integer, b: Integer) -> Mask {
        Mask(self.intern(Instruction::CompareIntegers(op, a.0, b.0)))
    }

    /// Both.
    pub fn and(&mut self, a: Mask, b: Mask) -> Mask {
        match (self.as_truth(a), self.as_truth(b)) {
            (Some(true), _) | (_, Some(false)) => b,
            (_, Some(true)) | (Some(false), _) => a,
            _ => Mask(self.intern(Instruction::And(a.0, b.0))),
        }
    }

    /// At least one.
    pub fn or(&mut self, a: Mask, b: Mask) -> Mask {
        match (self.as_truth(a), self.as_truth(b)) {
            (Some(false), _) | (_, Some(true)) => b,
            (_, Some(false)) | (Some(true), _) => a,
            _ => Mask(self.intern(Instruction::Or(a.0, b.0))),
        }
    }

    /// The other truth value.
    pub fn not(&mut self, a: Mask) -> Mask {
        Mask(self.intern(Instruction::Not(a.0)))
    }

    fn as_truth(&self, mask: Mask) -> Option<bool> {
        match self.instructions[mask.0.index()] {
            Instruction::Truth(value) => Some(value),
            _ => None,
        }
    }

    /// `a` where the mask holds, else `b`; the other one never matters, NaN or not.
    pub fn select(&mut self, mask: Mask, a: Value, b: Value) -> Value {
        match self.as_truth(mask) {
            _ if a == b => a,
            Some(true) => a,
            Some(false) => b,
            None => Value(self.intern(Instruction::Select(mask.0, a.0, b.0))),
        }
    }

    /// The same for integers.
    pub fn select_integer(&mut self, mask: Mask, a: Integer, b: Integer) -> Integer {
        match self.as_truth(mask) {
            _ if a == b => a,
            Some(true) => a,
            Some(false) => b,
            None => Integer(self.intern(Instruction::SelectInteger(mask.0, a.0, b.0))),
        }
    }

    /// Keeps a table, and gives its number for [`LaneBuilder::gather`]. Equal tables are one.
    pub fn table(&mut self, table: Table) -> u32 {
        let known = self.tables.iter().position(|known| *known == table);
        let at = known.unwrap_or_else(|| {
            self.tables.push(table);
            self.tables.len() - 1
        });
        at as u32
    }

    /// The entry of a table in the row `trunc(row)`, clamped to the table, and a column; row 0
    /// for NaN. NaN for a table or a column that is not there.
    pub fn gather(&mut self, table: u32, row: Value, column: usize) -> Value {
        let rows = match self.tables.get(table as usize) {
            Some(table) if column < table.columns() => table.rows() as u32,
            _ => return self.constant(f64::NAN),
        };
        let row = self.intern(Instruction::Row(rows, row.0));
        Value(self.intern(Instruction::Gather(table, row, column as u32)))
    }

    /// Lets every step count the place `trunc(place)`, clamped to so many of them; place 0 for NaN.
    /// There is at least one place, and the last that was asked for is counted.
    pub fn count(&mut self, places: u32, place: Value) {
        self.count = Some(self.intern(Instruction::Row(places.max(1), place.0)));
    }

    /// So many new variables of the state; the first of them.
    pub(super) fn new_state(&mut self, count: usize) -> usize {
        let first = self.state_count;
        self.state_count += count;
        first
    }

    /// The variable of the state that a value is.
    pub(super) fn as_state(&self, value: Value) -> Option<u32> {
        match self.instruction(value) {
            Instruction::State(variable) => Some(variable),
            _ => None,
        }
    }

    /// An instruction of other code, on operands of this builder.
    pub(super) fn copied(&mut self, instruction: Instruction, from: &LaneCode) -> Id {
        let instruction = match instruction {
            Instruction::Gather(table, row, column) => {
                let table = self.table(from.tables[table as usize].clone());
                Instruction::Gather(table, row, column)
            }
            instruction => instruction,
        };
        self.intern(instruction)
    }

    /// The code of these results: the new state (empty, or one value a variable) and what is
    /// recorded. What neither needs is dropped.
    pub fn finish(&self, state: &[Value], record: &[Value]) -> LaneCode {
        let of = |values: &[Value]| values.iter().map(|value| value.0).collect();
        LaneCode {
            instructions: self.instructions.clone(),
            invariant: self.invariant.clone(),
            tables: self.tables.clone(),
            state: of(state),
            record: of(record),
            count: self.count,
            state_count: self.state_count,
            slot_count: self.slot_count,
        }
        .compacted()
    }
}
