//! Lane code: what one lane (one trajectory, one point) computes, straight-line and typed.
//!
//! Instructions are in single-assignment form: an operand always comes before its use. Numbers
//! are `f64`, integers wrap at 64 bits, and a mask is all ones or all zeros. There is no control
//! flow, so one list serves the interpreter and, lane by lane, any vector width.

use super::code::Table;
use crate::graph::{Bits, Comparison};

/// 1.5 * 2^52: a sum with it has the nearest integer to a number below 2^51 in its low bits.
pub(super) const MAGIC: f64 = 6_755_399_441_055_744.0;

/// 1.5 * 2^20: around here numbers are 2^-32 apart, so that the whole part of what is added is the
/// upper half of the bits, by itself in the lowest 16 of these. A place that is counted and given as
/// a number less this one is read there; nothing is rounded or converted.
pub const RAISED: f64 = 1_572_864.0;

/// The place of an instruction in its list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Id(pub(super) u32);

impl Id {
    /// The place as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A handle of an `f64` in a [`LaneBuilder`](super::LaneBuilder).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Value(pub(super) Id);

/// A handle of a truth value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Mask(pub(super) Id);

/// A handle of a 64-bit integer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Integer(pub(super) Id);

/// Operations on one number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unary {
    /// `-x`; flips the sign bit, also of zero and NaN.
    Negate,
    /// `|x|`; clears the sign bit.
    Abs,
    /// Square root, correctly rounded; NaN below zero.
    Sqrt,
    /// The largest integer not above.
    Floor,
    /// The nearest integer, ties to even.
    Nearest,
}

/// Operations on two numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Binary {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a*b`
    Multiply,
    /// `a/b`
    Divide,
    /// `if a < b { a } else { b }`: `b` at a tie and where either is NaN.
    Min,
    /// `if a > b { a } else { b }`: `b` at a tie and where either is NaN.
    Max,
}

/// Operations on two integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IntegerBinary {
    /// Wrapping sum.
    Add,
    /// Wrapping difference.
    Subtract,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
}

/// Shifts of an integer by a fixed number of bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Shift {
    /// Left, zeros in.
    Left,
    /// Right, zeros in.
    Right,
    /// Right, copies of the sign in. Slow on vectors before AVX-512.
    Arithmetic,
}

/// One instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Instruction {
    /// A number.
    Constant(Bits),
    /// An integer.
    Integer(i64),
    /// A truth value.
    Truth(bool),
    /// A variable of the state, different in every lane.
    State(u32),
    /// A number given at every run, the same in all lanes.
    Slot(u32),
    /// An operation on one number.
    Unary(Unary, Id),
    /// An operation on two numbers.
    Binary(Binary, Id, Id),
    /// `a*b + c` with one rounding, on every host.
    Fma(Id, Id, Id),
    /// The bits of a number, as an integer.
    ToBits(Id),
    /// The number of those bits.
    FromBits(Id),
    /// An operation on two integers.
    IntegerBinary(IntegerBinary, Id, Id),
    /// A shift by 0 to 63 bits.
    Shift(Shift, Id, u8),
    /// A comparison of numbers; with NaN only `!=` holds.
    Compare(Comparison, Id, Id),
    /// A comparison of signed integers.
    CompareIntegers(Comparison, Id, Id),
    /// Both.
    And(Id, Id),
    /// At least one.
    Or(Id, Id),
    /// The other truth value.
    Not(Id),
    /// The first number where the mask holds, the second elsewhere.
    Select(Id, Id, Id),
    /// The same for integers.
    SelectInteger(Id, Id, Id),
    /// A number as a row of a table with so many rows: integer part, clamped, NaN is 0.
    Row(u32, Id),
    /// The entry of a table in a row (a [`Instruction::Row`] of no more rows) and a column.
    Gather(u32, Id, u32),
}

impl Instruction {
    /// What it reads.
    pub fn operands(self) -> impl Iterator<Item = Id> {
        use Instruction::*;
        let operands = match self {
            Constant(_) | Integer(_) | Truth(_) | State(_) | Slot(_) => [None; 3],
            Unary(_, a)
            | ToBits(a)
            | FromBits(a)
            | Shift(_, a, _)
            | Not(a)
            | Row(_, a)
            | Gather(_, a, _) => [Some(a), None, None],
            Binary(_, a, b)
            | IntegerBinary(_, a, b)
            | Compare(_, a, b)
            | CompareIntegers(_, a, b)
            | And(a, b)
            | Or(a, b) => [Some(a), Some(b), None],
            Fma(a, b, c) | Select(a, b, c) | SelectInteger(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        operands.into_iter().flatten()
    }

    /// The same on other operands, which are asked for in the order of [`Instruction::operands`].
    pub fn map(self, mut f: impl FnMut(Id) -> Id) -> Instruction {
        use Instruction::*;
        match self {
            Constant(_) | Integer(_) | Truth(_) | State(_) | Slot(_) => self,
            Unary(op, a) => Unary(op, f(a)),
            Binary(op, a, b) => Binary(op, f(a), f(b)),
            Fma(a, b, c) => Fma(f(a), f(b), f(c)),
            ToBits(a) => ToBits(f(a)),
            FromBits(a) => FromBits(f(a)),
            IntegerBinary(op, a, b) => IntegerBinary(op, f(a), f(b)),
            Shift(op, a, by) => Shift(op, f(a), by),
            Compare(op, a, b) => Compare(op, f(a), f(b)),
            CompareIntegers(op, a, b) => CompareIntegers(op, f(a), f(b)),
            And(a, b) => And(f(a), f(b)),
            Or(a, b) => Or(f(a), f(b)),
            Not(a) => Not(f(a)),
            Select(m, a, b) => Select(f(m), f(a), f(b)),
            SelectInteger(m, a, b) => SelectInteger(f(m), f(a), f(b)),
            Row(rows, a) => Row(rows, f(a)),
            Gather(table, row, column) => Gather(table, f(row), column),
        }
    }

    /// The literal that it is, as 64 bits.
    pub(super) fn literal(self) -> Option<u64> {
        match self {
            Instruction::Constant(bits) => Some(bits.value().to_bits()),
            Instruction::Integer(value) => Some(value as u64),
            Instruction::Truth(value) => Some(truth(value)),
            _ => None,
        }
    }

    /// The result as 64 bits, given those of the operands: the meaning of every instruction.
    /// States and slots belong to the caller and are NaN here.
    pub(super) fn apply(self, operand: impl Fn(Id) -> u64, tables: &[Table]) -> u64 {
        use Instruction::*;
        let number = |id| f64::from_bits(operand(id));
        let integer = |id| operand(id) as i64;
        match self {
            Constant(_) | Integer(_) | Truth(_) => self.literal().unwrap_or_default(),
            State(_) | Slot(_) => f64::NAN.to_bits(),
            Unary(op, a) => op.apply(number(a)).to_bits(),
            Binary(op, a, b) => op.apply(number(a), number(b)).to_bits(),
            Fma(a, b, c) => number(a).mul_add(number(b), number(c)).to_bits(),
            ToBits(a) | FromBits(a) => operand(a),
            IntegerBinary(op, a, b) => op.apply(integer(a), integer(b)) as u64,
            Shift(op, a, by) => op.apply(integer(a), by) as u64,
            Compare(op, a, b) => truth(op.holds(number(a), number(b))),
            CompareIntegers(op, a, b) => truth(holds(op, integer(a), integer(b))),
            And(a, b) => operand(a) & operand(b),
            Or(a, b) => operand(a) | operand(b),
            Not(a) => !operand(a),
            Select(m, a, b) | SelectInteger(m, a, b) => {
                operand(if operand(m) != 0 { a } else { b })
            }
            // `as` clamps below at 0 and takes NaN to 0.
            Row(rows, a) => (number(a) as u64).min(u64::from(rows) - 1),
            Gather(table, row, column) => tables[table as usize]
                .entry(operand(row) as usize, column as usize)
                .to_bits(),
        }
    }
}

/// A truth value as a mask.
pub(super) fn truth(value: bool) -> u64 {
    if value { u64::MAX } else { 0 }
}

fn holds(op: Comparison, a: i64, b: i64) -> bool {
    match op {
        Comparison::Less => a < b,
        Comparison::LessEqual => a <= b,
        Comparison::Greater => a > b,
        Comparison::GreaterEqual => a >= b,
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
    }
}

impl Unary {
    fn apply(self, x: f64) -> f64 {
        match self {
            Unary::Negate => -x,
            Unary::Abs => x.abs(),
            Unary::Sqrt => x.sqrt(),
            // With subnormal numbers taken as zero, `x == 0.0` holds for them, but the library
            // may round them by their bits.
            Unary::Floor | Unary::Nearest if x == 0.0 => 0f64.copysign(x),
            Unary::Floor => x.floor(),
            Unary::Nearest => x.round_ties_even(),
        }
    }
}

impl Binary {
    fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Binary::Add => a + b,
            Binary::Subtract => a - b,
            Binary::Multiply => a * b,
            Binary::Divide => a / b,
            // The machine's own take a subnormal operand as zero where subnormals are flushed, and
            // so does this product, which leaves all else as it is.
            Binary::Min => std::hint::black_box(1.0) * if a < b { a } else { b },
            Binary::Max => std::hint::black_box(1.0) * if a > b { a } else { b },
        }
    }
}

impl IntegerBinary {
    fn apply(self, a: i64, b: i64) -> i64 {
        match self {
            IntegerBinary::Add => a.wrapping_add(b),
            IntegerBinary::Subtract => a.wrapping_sub(b),
            IntegerBinary::And => a & b,
            IntegerBinary::Or => a | b,
            IntegerBinary::Xor => a ^ b,
        }
    }
}

impl Shift {
    fn apply(self, a: i64, by: u8) -> i64 {
        let by = u32::from(by);
        match self {
            Shift::Left => a.wrapping_shl(by),
            Shift::Right => (a as u64).wrapping_shr(by) as i64,
            Shift::Arithmetic => a.wrapping_shr(by),
        }
    }
}
