//! One pass of the body: lane code for one or two lanes, instruction by instruction.

use cranelift::codegen::ir::Endianness;
use cranelift::prelude::*;

use super::access::Place;
use super::code::LaneCode;
use super::cranelift::{At, Width};
use super::lane::{Binary, Id, Instruction, IntegerBinary, MAGIC, Shift, Unary};
use super::memory::{BYTES, PREPARED};
use super::order::{Aim, Step, order};
use crate::graph::Comparison;

/// A value of Cranelift's.
pub(super) type Clif = cranelift::prelude::Value;

/// The state and the records belong to the caller and are aligned as numbers are.
pub(super) const DATA: MemFlagsData = MemFlagsData::new().with_notrap();
const BITCAST: MemFlagsData = MemFlagsData::new().with_endianness(Endianness::Little);

/// Values of one pass that are alive at once where chains take turns: four passes of them fill 16
/// registers.
const MOST_ALIVE: usize = 4;

/// Emits one pass. Values are `F64`, `I64` and `I8` (0 or 1) for one lane, `F64X2`, `I64X2` and
/// `I64X2` (all ones or zeros) for two.
pub(super) struct Body<'a, 'f> {
    pub(super) b: &'a mut FunctionBuilder<'f>,
    pub(super) code: &'a LaneCode,
    pub(super) width: Width,
    pub(super) two: bool,
    pub(super) at: At,
    /// How many passes are interleaved, and which one is being emitted.
    pub(super) ways: usize,
    pub(super) way: usize,
    /// For each instruction of the loop its value in every way.
    pub(super) values: Vec<Vec<Clif>>,
    /// The prepared values that the present instruction has read: its ways share them.
    pub(super) shared: Vec<(Id, Clif)>,
    /// For each prepared invariant its place, in bytes.
    pub(super) places: Vec<Option<Place>>,
    /// In a loop over members the address of each variable, once it was needed.
    pub(super) addresses: Option<Vec<Option<Clif>>>,
    /// The table, the row and the addresses of the last look-up: the next one often shares them.
    pub(super) looked_up: Vec<Option<(u32, Id, Vec<Clif>)>>,
}

impl<'a, 'f> Body<'a, 'f> {
    pub(super) fn new(
        b: &'a mut FunctionBuilder<'f>,
        code: &'a LaneCode,
        width: Width,
        at: At,
        ways: usize,
    ) -> Body<'a, 'f> {
        let mut places = vec![None; code.instructions.len()];
        for (place, id) in (0i32..).zip(code.prepared()) {
            places[id.index()] = Some(Place::Shared(place * PREPARED));
        }
        Body {
            b,
            code,
            width,
            two: width == Width::Two,
            at,
            ways,
            way: 0,
            values: vec![Vec::new(); code.instructions.len()],
            shared: Vec::new(),
            places,
            addresses: None,
            looked_up: vec![None; ways],
        }
    }

    /// Emits everything but the stores.
    pub(super) fn emit_all(&mut self) {
        for at in self.order() {
            self.shared.clear();
            for way in 0..self.ways {
                self.way = way;
                let value = self.instruction(self.code.instructions[at]);
                self.values[at].push(value);
            }
        }
        self.shared.clear();
    }

    /// The instructions of the loop; chains take turns where passes are interleaved, that is where
    /// the code is short.
    fn order(&self) -> Vec<usize> {
        let code = self.code;
        let looped = |at: &usize| !code.invariant[*at];
        let looped: Vec<usize> = (0..code.instructions.len()).filter(looped).collect();
        if self.ways == 1 {
            return looped;
        }
        let step = |&at: &usize| {
            let operands = code.instructions[at].operands();
            let mut reads: Vec<u32> = operands.map(|id| id.0).collect();
            reads.sort_unstable();
            reads.dedup();
            Step {
                reads,
                gives: Some(at as u32),
                latency: latency(code.instructions[at]),
                urgent: false,
            }
        };
        let steps: Vec<Step> = looped.iter().map(step).collect();
        let results = code.results().map(|id| id.0);
        let order = order(
            &steps,
            code.instructions.len(),
            results,
            Aim::Turns(MOST_ALIVE),
        );
        order.into_iter().map(|place| looped[place]).collect()
    }

    pub(super) fn float(&self) -> Type {
        if self.two { types::F64X2 } else { types::F64 }
    }

    fn int(&self) -> Type {
        if self.two { types::I64X2 } else { types::I64 }
    }

    pub(super) fn number(&mut self, id: Id) -> Clif {
        let kind = self.float();
        self.operand(id, kind)
    }

    fn integer(&mut self, id: Id) -> Clif {
        let kind = self.int();
        self.operand(id, kind)
    }

    fn mask(&mut self, id: Id) -> Clif {
        let kind = self.int();
        let mask = self.operand(id, kind);
        match self.two || self.places[id.index()].is_none() {
            true => mask,
            false => self.b.ins().icmp_imm_s(IntCC::NotEqual, mask, 0),
        }
    }

    /// A number that is part of how an instruction is emitted.
    fn literal(&mut self, value: f64) -> Clif {
        let scalar = self.b.ins().f64const(value);
        match self.two {
            true => self.b.ins().splat(types::F64X2, scalar),
            false => scalar,
        }
    }

    fn instruction(&mut self, instruction: Instruction) -> Clif {
        use Instruction::*;
        match instruction {
            // Without operands only the state is not invariant; literals never come here.
            Constant(_) | Integer(_) | Truth(_) | Slot(_) => self.literal(f64::NAN),
            State(variable) => {
                let (kind, (base, offset)) = (self.float(), self.variable(variable as usize));
                self.b.ins().load(kind, DATA, base, offset)
            }
            Unary(op, a) => {
                let a = self.number(a);
                self.unary(op, a)
            }
            Binary(op, a, b) => {
                let (a, b) = (self.number(a), self.number(b));
                self.binary(op, a, b)
            }
            Fma(a, b, c) => {
                let (a, b, c) = (self.number(a), self.number(b), self.number(c));
                self.b.ins().fma(a, b, c)
            }
            ToBits(a) => {
                let (kind, a) = (self.int(), self.number(a));
                self.b.ins().bitcast(kind, BITCAST, a)
            }
            FromBits(a) => {
                let (kind, a) = (self.float(), self.integer(a));
                self.b.ins().bitcast(kind, BITCAST, a)
            }
            IntegerBinary(op, a, b) => {
                let (a, b) = (self.integer(a), self.integer(b));
                self.integers(op, a, b)
            }
            Shift(op, a, by) => {
                let a = self.integer(a);
                self.shift(op, a, by)
            }
            Compare(op, a, b) => {
                let (a, b) = (self.number(a), self.number(b));
                self.b.ins().fcmp(float_condition(op), a, b)
            }
            CompareIntegers(op, a, b) => {
                let (a, b) = (self.integer(a), self.integer(b));
                self.b.ins().icmp(integer_condition(op), a, b)
            }
            And(a, b) => {
                let (a, b) = (self.mask(a), self.mask(b));
                self.b.ins().band(a, b)
            }
            Or(a, b) => {
                let (a, b) = (self.mask(a), self.mask(b));
                self.b.ins().bor(a, b)
            }
            Not(a) => {
                let a = self.mask(a);
                match self.two {
                    true => self.b.ins().bnot(a),
                    false => self.b.ins().bxor_imm_s(a, 1),
                }
            }
            Select(m, a, b) => {
                let (m, a, b) = (self.mask(m), self.number(a), self.number(b));
                self.select(m, a, b)
            }
            SelectInteger(m, a, b) => {
                let (m, a, b) = (self.mask(m), self.integer(a), self.integer(b));
                match self.two {
                    true => self.b.ins().bitselect(m, a, b),
                    false => self.b.ins().select(m, a, b),
                }
            }
            Row(rows, a) => {
                let a = self.number(a);
                self.row(rows, a)
            }
            Gather(table, row, column) => self.gather(table, row, column),
        }
    }

    fn unary(&mut self, op: Unary, a: Clif) -> Clif {
        let ins = self.b.ins();
        match op {
            Unary::Negate => ins.fneg(a),
            Unary::Abs => ins.fabs(a),
            Unary::Sqrt => ins.sqrt(a),
            Unary::Floor => ins.floor(a),
            Unary::Nearest => ins.nearest(a),
        }
    }

    fn binary(&mut self, op: Binary, a: Clif, b: Clif) -> Clif {
        match op {
            Binary::Add => self.b.ins().fadd(a, b),
            Binary::Subtract => self.b.ins().fsub(a, b),
            Binary::Multiply => self.b.ins().fmul(a, b),
            Binary::Divide => self.b.ins().fdiv(a, b),
            // Both as `<`: the backend knows these two for its own minimum and maximum.
            Binary::Min => {
                let less = self.b.ins().fcmp(FloatCC::LessThan, a, b);
                self.select(less, a, b)
            }
            Binary::Max => {
                let less = self.b.ins().fcmp(FloatCC::LessThan, b, a);
                self.select(less, a, b)
            }
        }
    }

    fn integers(&mut self, op: IntegerBinary, a: Clif, b: Clif) -> Clif {
        let ins = self.b.ins();
        match op {
            IntegerBinary::Add => ins.iadd(a, b),
            IntegerBinary::Subtract => ins.isub(a, b),
            IntegerBinary::And => ins.band(a, b),
            IntegerBinary::Or => ins.bor(a, b),
            IntegerBinary::Xor => ins.bxor(a, b),
        }
    }

    fn shift(&mut self, op: Shift, a: Clif, by: u8) -> Clif {
        let by = self.b.ins().iconst(types::I32, i64::from(by));
        let ins = self.b.ins();
        match op {
            Shift::Left => ins.ishl(a, by),
            Shift::Right => ins.ushr(a, by),
            Shift::Arithmetic => ins.sshr(a, by),
        }
    }

    fn select(&mut self, mask: Clif, a: Clif, b: Clif) -> Clif {
        match self.two {
            true => {
                let mask = self.b.ins().bitcast(types::F64X2, BITCAST, mask);
                self.b.ins().bitselect(mask, a, b)
            }
            false => self.b.ins().select(mask, a, b),
        }
    }

    /// Clamped before it becomes an integer, so that no number is an address out of the table:
    /// the comparison with zero takes NaN to 0.
    fn row(&mut self, rows: u32, a: Clif) -> Clif {
        let (zero, last) = (self.literal(0.0), self.literal(f64::from(rows) - 1.0));
        let a = self.binary(Binary::Max, a, zero);
        let a = self.binary(Binary::Min, a, last);
        let a = self.b.ins().floor(a);
        let magic = self.literal(MAGIC);
        let a = self.b.ins().fadd(a, magic);
        let kind = self.int();
        let (bits, offset) = (
            self.b.ins().bitcast(kind, BITCAST, a),
            self.b.ins().bitcast(kind, BITCAST, magic),
        );
        self.b.ins().isub(bits, offset)
    }

    fn gather(&mut self, table: u32, row: Id, column: u32) -> Clif {
        let addresses = self.row_addresses(table, row);
        let offset = column as i32 * BYTES;
        let mut lanes = Vec::new();
        for address in addresses {
            lanes.push(self.b.ins().load(types::F64, DATA, address, offset));
        }
        self.join(&lanes)
    }

    /// The addresses of a row of a table, one a lane.
    fn row_addresses(&mut self, table: u32, row: Id) -> Vec<Clif> {
        if let Some((known, at, addresses)) = &self.looked_up[self.way]
            && (*known, *at) == (table, row)
        {
            return addresses.clone();
        }
        let data = &self.code.tables[table as usize];
        let row_bytes = data.columns() as i64 * i64::from(BYTES);
        let base = data.data().as_ptr() as i64;
        let rows = self.integer(row);
        let mut addresses = Vec::new();
        for row in self.split(rows) {
            let base = self.b.ins().iconst(self.at.pointer, base);
            let offset = self.b.ins().imul_imm_s(row, row_bytes);
            addresses.push(self.b.ins().iadd(base, offset));
        }
        self.looked_up[self.way] = Some((table, row, addresses.clone()));
        addresses
    }

    /// The lanes of a value.
    fn split(&mut self, value: Clif) -> Vec<Clif> {
        match self.two {
            true => (0u8..2)
                .map(|lane| self.b.ins().extractlane(value, lane))
                .collect(),
            false => vec![value],
        }
    }

    /// The number of these lanes.
    fn join(&mut self, lanes: &[Clif]) -> Clif {
        match *lanes {
            [low, high] => {
                let low = self.b.ins().scalar_to_vector(types::F64X2, low);
                self.b.ins().insertlane(low, high, 1)
            }
            _ => lanes[0],
        }
    }
}

/// Cycles from operands to the result, about.
fn latency(instruction: Instruction) -> u32 {
    match instruction {
        Instruction::Binary(Binary::Divide, ..) => 14,
        Instruction::Unary(Unary::Sqrt, _) => 18,
        Instruction::Unary(Unary::Floor | Unary::Nearest, _) => 8,
        Instruction::Unary(..) | Instruction::IntegerBinary(..) | Instruction::Shift(..) => 1,
        Instruction::ToBits(_) | Instruction::FromBits(_) => 0,
        Instruction::Gather(..) | Instruction::State(_) => 6,
        _ => 4,
    }
}

fn float_condition(op: Comparison) -> FloatCC {
    match op {
        Comparison::Less => FloatCC::LessThan,
        Comparison::LessEqual => FloatCC::LessThanOrEqual,
        Comparison::Greater => FloatCC::GreaterThan,
        Comparison::GreaterEqual => FloatCC::GreaterThanOrEqual,
        Comparison::Equal => FloatCC::Equal,
        Comparison::NotEqual => FloatCC::NotEqual,
    }
}

fn integer_condition(op: Comparison) -> IntCC {
    match op {
        Comparison::Less => IntCC::SignedLessThan,
        Comparison::LessEqual => IntCC::SignedLessThanOrEqual,
        Comparison::Greater => IntCC::SignedGreaterThan,
        Comparison::GreaterEqual => IntCC::SignedGreaterThanOrEqual,
        Comparison::Equal => IntCC::Equal,
        Comparison::NotEqual => IntCC::NotEqual,
    }
}
