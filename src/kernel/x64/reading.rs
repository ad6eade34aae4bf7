//! What of lane code the operations of the machine read: signs go into what uses them, and a number
//! that is known to be among the rows of a table is not clamped.

use super::Isa;
use crate::graph::Bits;
use crate::kernel::code::LaneCode;
use crate::kernel::elementary::{EXPONENT_OFFSET, EXPONENTS};
use crate::kernel::lane::{Binary, Id, Instruction, IntegerBinary, RAISED, Shift, Unary};

/// The most places that 16 bits number.
const MOST_RAISED: u32 = 1 << 16;

/// A factor of a product, its sign taken off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Factor {
    pub(super) of: Id,
    /// Whether its negative is meant.
    pub(super) negative: bool,
    /// An integer whose lowest bit tells whether the negative of that is meant.
    pub(super) turned: Option<Id>,
}

/// Lane code as it is read.
pub(super) struct Reading<'c> {
    code: &'c LaneCode,
    isa: Isa,
    /// For each instruction whether it is prepared for all steps or members.
    shared: Vec<bool>,
    /// For each whether it is the exponent of a power of two, which is finite.
    exponents: Vec<bool>,
}

impl<'c> Reading<'c> {
    pub(super) fn new(code: &'c LaneCode, prepared: &[Id], isa: Isa) -> Reading<'c> {
        let mut shared = vec![false; code.instructions.len()];
        prepared.iter().for_each(|id| shared[id.index()] = true);
        let mut reading = Reading {
            code,
            isa,
            shared,
            exponents: vec![false; code.instructions.len()],
        };
        for &instruction in &code.instructions {
            if let Some(whole) = reading.whole(instruction) {
                reading.exponents[whole.index()] = true;
            }
        }
        reading
    }

    fn instruction(&self, id: Id) -> Instruction {
        self.code.instructions[id.index()]
    }

    fn invariant(&self, id: Id) -> bool {
        self.code.invariant[id.index()]
    }

    /// What a negation in the loop negates.
    pub(super) fn negated(&self, id: Id) -> Option<Id> {
        match self.instruction(id) {
            Instruction::Unary(Unary::Negate, a) if !self.invariant(id) => Some(a),
            _ => None,
        }
    }

    /// The number and the integer whose lowest bit is added to its sign.
    fn turned(&self, id: Id) -> Option<(Id, Id)> {
        let Instruction::FromBits(bits) = self.instruction(id) else {
            return None;
        };
        let Instruction::IntegerBinary(IntegerBinary::Xor, a, b) = self.instruction(bits) else {
            return None;
        };
        let found = |number: Id, sign: Id| match (self.instruction(number), self.instruction(sign))
        {
            (Instruction::ToBits(number), Instruction::Shift(Shift::Left, integer, 63)) => {
                Some((number, integer))
            }
            _ => None,
        };
        found(a, b)
            .or_else(|| found(b, a))
            .filter(|(_, integer)| !self.invariant(*integer))
    }

    /// The factors of a product. Negations are taken off those of a fused one. What turns the sign
    /// of one turns that of the other where this is the same in all lanes: a choice from two
    /// numbers, in one operation (512 bits).
    pub(super) fn factors(&self, a: Id, b: Id, fused: bool) -> [Factor; 2] {
        [(a, b), (b, a)].map(|(id, other)| {
            let inner = self.negated(id).filter(|_| fused);
            let of = inner.unwrap_or(id);
            let choice = self.isa == Isa::Avx512 && self.shared[other.index()];
            let turned = self.turned(of).filter(|_| choice);
            Factor {
                of: turned.map_or(of, |(number, _)| number),
                negative: inner.is_some(),
                turned: turned.map(|(_, integer)| integer),
            }
        })
    }

    /// The number that this is the rest of after rounding to the nearest whole one, which is an
    /// exponent: one instruction at 512 bits. Of an infinite number that would leave 0, and not NaN.
    pub(super) fn rest(&self, id: Id) -> Option<Id> {
        let Instruction::Binary(Binary::Subtract, number, whole) = self.instruction(id) else {
            return None;
        };
        let found = self.isa == Isa::Avx512
            && !self.invariant(whole)
            && self.exponents[whole.index()]
            && self.instruction(whole) == Instruction::Unary(Unary::Nearest, number);
        found.then(|| self.unclamped(number))
    }

    /// What is multiplied by two to the power of which number's nearest whole one, as
    /// [`exp_short`](crate::kernel::elementary) does: one instruction at 512 bits.
    pub(super) fn scaled(&self, id: Id) -> Option<[Id; 2]> {
        let Instruction::Binary(Binary::Multiply, a, b) = self.instruction(id) else {
            return None;
        };
        let found = |number: Id, power: Id| self.exponent(power).map(|exponent| [number, exponent]);
        match self.isa {
            Isa::Avx512 => found(a, b).or_else(|| found(b, a)),
            Isa::Avx2 => None,
        }
    }

    /// The number whose nearest whole one is the exponent of a power of two.
    fn exponent(&self, power: Id) -> Option<Id> {
        let whole = self.whole(self.instruction(power))?;
        match self.instruction(whole) {
            Instruction::Unary(Unary::Nearest, number) if !self.invariant(whole) => {
                Some(self.unclamped(number))
            }
            _ => None,
        }
    }

    /// The exponent of a power of two.
    fn whole(&self, power: Instruction) -> Option<Id> {
        let Instruction::FromBits(bits) = power else {
            return None;
        };
        let Instruction::Shift(Shift::Left, integer, 52) = self.instruction(bits) else {
            return None;
        };
        let Instruction::ToBits(sum) = self.instruction(integer) else {
            return None;
        };
        let Instruction::Binary(Binary::Add, a, b) = self.instruction(sum) else {
            return None;
        };
        let offset = Instruction::Constant(Bits::of(EXPONENT_OFFSET));
        match (self.instruction(a), self.instruction(b)) {
            (first, _) if first == offset => Some(b),
            (_, second) if second == offset => Some(a),
            _ => None,
        }
    }

    /// A number before it was clamped to exponents: out there the power is 0 or infinite of itself,
    /// and so is the product, whatever the rest.
    fn unclamped(&self, id: Id) -> Id {
        let [least, most] = EXPONENTS.map(|end| Instruction::Constant(Bits::of(end)));
        match self.instruction(id) {
            Instruction::Binary(Binary::Max, a, b) if self.instruction(a) == least => {
                self.unclamped(b)
            }
            Instruction::Binary(Binary::Min, a, b) if self.instruction(a) == most => {
                self.unclamped(b)
            }
            _ => id,
        }
    }

    /// The number whose upper half tells the place that steps count, where that is what it is less
    /// [`RAISED`] and nothing else reads it.
    pub(super) fn raised(&self, id: Id) -> Option<Id> {
        let Instruction::Row(rows, place) = self.instruction(id) else {
            return None;
        };
        let Instruction::Binary(Binary::Subtract, number, offset) = self.instruction(place) else {
            return None;
        };
        let fits = self.code.count == Some(id) && rows <= MOST_RAISED;
        let by = self.instruction(offset) == Instruction::Constant(Bits::of(RAISED));
        let gathers =
            |other: &Instruction| matches!(other, Instruction::Gather(_, row, _) if *row == id);
        let alone = fits && by && !self.invariant(place);
        (alone && !self.code.instructions.iter().any(gathers)).then_some(number)
    }

    /// The bits that are the whole part of a number, where these are the same for all that it may be.
    pub(super) fn whole_bits(&self, id: Id) -> Option<u64> {
        let [lo, hi] = self.range(id)?;
        let exponent = |x: f64| x.to_bits() >> 52;
        let digits = exponent(lo)
            .checked_sub(1023)
            .filter(|digits| *digits < 52)?;
        let same = lo > 0.0 && exponent(lo) == exponent(hi);
        same.then_some(u64::MAX << (52 - digits))
    }

    /// What the operations for an instruction read.
    fn operands(&self, id: Id) -> Vec<Id> {
        if let Some(number) = self.raised(id) {
            return vec![number];
        }
        let product = |fused: bool, a: Id, b: Id| {
            let factors = self.factors(a, b, fused);
            factors
                .into_iter()
                .flat_map(|factor| [Some(factor.of), factor.turned])
                .flatten()
                .collect::<Vec<Id>>()
        };
        if let Some(number) = self.rest(id) {
            return vec![number];
        }
        if let Some(both) = self.scaled(id) {
            return both.to_vec();
        }
        match self.instruction(id) {
            Instruction::Binary(Binary::Multiply, a, b) => product(false, a, b),
            Instruction::Fma(a, b, c) => {
                let mut operands = product(true, a, b);
                operands.push(self.negated(c).unwrap_or(c));
                operands
            }
            instruction => instruction.operands().collect(),
        }
    }

    /// For each instruction of the loop whether something reads it.
    pub(super) fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.code.instructions.len()];
        for id in self.code.results() {
            needed[id.index()] = true;
        }
        for at in (0..needed.len()).rev() {
            needed[at] &= !self.code.invariant[at];
            if needed[at] {
                let operands = self.operands(Id(at as u32));
                operands.iter().for_each(|id| needed[id.index()] = true);
            }
        }
        needed
    }

    /// For each row of a table whether more is read of it than an address.
    pub(super) fn read_as_number(&self) -> Vec<bool> {
        let code = self.code;
        let mut read = vec![false; code.instructions.len()];
        for instruction in &code.instructions {
            if !matches!(instruction, Instruction::Gather(..)) {
                instruction
                    .operands()
                    .for_each(|id| read[id.index()] = true);
            }
        }
        let results = code.state.iter().chain(&code.record);
        results.for_each(|id| read[id.index()] = true);
        read
    }

    /// What a number is between, where it is known that it is one.
    pub(super) fn range(&self, id: Id) -> Option<[f64; 2]> {
        let finite = |[lo, hi]: [f64; 2]| (lo.is_finite() && hi.is_finite()).then_some([lo, hi]);
        match self.instruction(id) {
            Instruction::Constant(bits) => finite([bits.value(); 2]),
            // The last operand is given where the first is NaN.
            Instruction::Binary(Binary::Max, a, b) => {
                let ([lo, hi], a) = (self.range(b)?, self.range(a));
                let [a_lo, a_hi] = a.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
                Some([lo.max(a_lo), hi.max(a_hi)])
            }
            Instruction::Binary(Binary::Min, a, b) => {
                let ([lo, hi], a) = (self.range(b)?, self.range(a));
                let [a_lo, a_hi] = a.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
                Some([lo.min(a_lo), hi.min(a_hi)])
            }
            Instruction::Unary(Unary::Floor, a) => self.range(a).map(|r| r.map(f64::floor)),
            Instruction::Fma(a, b, c) => {
                let [a, b, c] = [a, b, c].map(|id| self.range(id).and_then(finite));
                let (a, b, [lo, hi]) = (a?, b?, c?);
                let corners = a.iter().flat_map(|x| b.iter().map(move |y| (*x, *y)));
                let least = corners.clone().map(|(x, y)| x.mul_add(y, lo));
                let most = corners.map(|(x, y)| x.mul_add(y, hi));
                finite([
                    least.fold(f64::INFINITY, f64::min),
                    most.fold(f64::NEG_INFINITY, f64::max),
                ])
            }
            _ => None,
        }
    }
}
