//! Lane code written as formulas: handles with operators. Every operation adds one instruction to
//! the builder behind the handle, or finds it there.

use std::cell::RefCell;
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Sub};

use crate::graph::Comparison;
use crate::kernel::{Integer, LaneBuilder, Mask, Shift, Value};

/// Runs a formula on values of a builder.
pub(super) fn with<const N: usize>(
    builder: &mut LaneBuilder,
    args: [Value; N],
    formula: impl for<'a> FnOnce([Number<'a>; N]) -> Number<'a>,
) -> Value {
    // The builder moves into the cell for the time of the formula; an empty one costs nothing.
    let cell = RefCell::new(std::mem::replace(builder, LaneBuilder::new(0, 0)));
    let result = formula(args.map(|value| Number { on: &cell, value })).value;
    *builder = cell.into_inner();
    result
}

/// A number in every lane.
#[derive(Clone, Copy)]
pub(super) struct Number<'a> {
    on: &'a RefCell<LaneBuilder>,
    value: Value,
}

/// A 64-bit integer in every lane.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a> {
    on: &'a RefCell<LaneBuilder>,
    value: Integer,
}

/// A truth value in every lane.
#[derive(Clone, Copy)]
pub(super) struct Truth<'a> {
    on: &'a RefCell<LaneBuilder>,
    mask: Mask,
}

/// What can stand beside a [`Number`] in a formula: another one, or a constant.
pub(super) trait Operand {
    /// Its value in the builder.
    fn value(self, on: &RefCell<LaneBuilder>) -> Value;
}

impl Operand for Number<'_> {
    fn value(self, _: &RefCell<LaneBuilder>) -> Value {
        self.value
    }
}

impl Operand for f64 {
    fn value(self, on: &RefCell<LaneBuilder>) -> Value {
        // No borrow of the cell outlives an operation, so none is open here or below.
        on.borrow_mut().constant(self)
    }
}

impl<'a> Number<'a> {
    fn give(self, value: Value) -> Number<'a> {
        Number { on: self.on, value }
    }

    fn unary(self, op: impl Fn(&mut LaneBuilder, Value) -> Value) -> Number<'a> {
        self.give(op(&mut self.on.borrow_mut(), self.value))
    }

    fn binary(
        self,
        other: impl Operand,
        op: impl Fn(&mut LaneBuilder, Value, Value) -> Value,
    ) -> Number<'a> {
        let other = other.value(self.on);
        self.give(op(&mut self.on.borrow_mut(), self.value, other))
    }

    /// A constant in the same builder.
    pub(super) fn constant(self, value: f64) -> Number<'a> {
        self.give(value.value(self.on))
    }

    /// `self*factor + summand` with one rounding.
    pub(super) fn fma(self, factor: impl Operand, summand: impl Operand) -> Number<'a> {
        let (factor, summand) = (factor.value(self.on), summand.value(self.on));
        self.give(self.on.borrow_mut().fma(self.value, factor, summand))
    }

    /// `c[0] + c[1]*self + c[2]*self^2 ...` by Horner's scheme. `c` is not empty.
    pub(super) fn polynomial(self, coefficients: &[f64]) -> Number<'a> {
        let mut from_the_top = coefficients.iter().rev();
        let top = from_the_top.next().copied().unwrap_or(0.0);
        from_the_top.fold(self.constant(top), |sum, &c| sum.fma(self, c))
    }

    /// The magnitude.
    pub(super) fn abs(self) -> Number<'a> {
        self.unary(LaneBuilder::abs)
    }

    /// The square root.
    pub(super) fn sqrt(self) -> Number<'a> {
        self.unary(LaneBuilder::sqrt)
    }

    /// The largest integer not above.
    pub(super) fn floor(self) -> Number<'a> {
        self.unary(LaneBuilder::floor)
    }

    /// The nearest integer, ties to even.
    pub(super) fn nearest(self) -> Number<'a> {
        self.unary(LaneBuilder::nearest)
    }

    /// The magnitude of this with the sign bit of `sign`.
    pub(super) fn copysign(self, sign: Number<'a>) -> Number<'a> {
        self.binary(sign, LaneBuilder::copysign)
    }

    /// This or `low`, if that is larger; NaN stays NaN.
    pub(super) fn at_least(self, low: impl Operand) -> Number<'a> {
        self.binary(low, |b, x, low| match b.range(x)[0] >= b.range(low)[1] {
            true => x,
            false => b.max(low, x),
        })
    }

    /// This or `high`, if that is smaller; NaN stays NaN.
    pub(super) fn at_most(self, high: impl Operand) -> Number<'a> {
        self.binary(high, |b, x, high| match b.range(x)[1] <= b.range(high)[0] {
            true => x,
            false => b.min(high, x),
        })
    }

    fn compare(self, op: Comparison, other: impl Operand) -> Truth<'a> {
        let other = other.value(self.on);
        let mask = self.on.borrow_mut().compare(op, self.value, other);
        Truth { on: self.on, mask }
    }

    /// `self < other`
    pub(super) fn below(self, other: impl Operand) -> Truth<'a> {
        self.compare(Comparison::Less, other)
    }

    /// `self > other`
    pub(super) fn above(self, other: impl Operand) -> Truth<'a> {
        self.compare(Comparison::Greater, other)
    }

    /// `self == other`
    pub(super) fn equals(self, other: impl Operand) -> Truth<'a> {
        self.compare(Comparison::Equal, other)
    }

    /// The literal that this is, if it is one.
    pub(super) fn as_constant(self) -> Option<f64> {
        self.on.borrow().as_constant(self.value)
    }

    /// The bits.
    pub(super) fn bits(self) -> Whole<'a> {
        let value = self.on.borrow_mut().to_bits(self.value);
        Whole { on: self.on, value }
    }
}

impl<'a> Whole<'a> {
    fn binary(
        self,
        other: Integer,
        op: impl Fn(&mut LaneBuilder, Integer, Integer) -> Integer,
    ) -> Whole<'a> {
        let value = op(&mut self.on.borrow_mut(), self.value, other);
        Whole { on: self.on, value }
    }

    fn constant(self, value: i64) -> Integer {
        self.on.borrow_mut().integer(value)
    }

    /// Shifted up by `by` bits.
    pub(super) fn up(self, by: u8) -> Whole<'a> {
        let value = self.on.borrow_mut().shift(Shift::Left, self.value, by);
        Whole { on: self.on, value }
    }

    /// Shifted down by `by` bits, zeros in.
    pub(super) fn down(self, by: u8) -> Whole<'a> {
        let value = self.on.borrow_mut().shift(Shift::Right, self.value, by);
        Whole { on: self.on, value }
    }

    /// `from - self`
    pub(super) fn subtracted_from(self, from: i64) -> Whole<'a> {
        let from = self.constant(from);
        let value = self.on.borrow_mut().int_sub(from, self.value);
        Whole { on: self.on, value }
    }

    /// The number of these bits.
    pub(super) fn number(self) -> Number<'a> {
        let value = self.on.borrow_mut().from_bits(self.value);
        Number { on: self.on, value }
    }
}

impl<'a> Truth<'a> {
    /// `yes` where this holds, `no` elsewhere.
    pub(super) fn pick(self, yes: impl Operand, no: impl Operand) -> Number<'a> {
        let (yes, no) = (yes.value(self.on), no.value(self.on));
        let value = self.on.borrow_mut().select(self.mask, yes, no);
        Number { on: self.on, value }
    }
}

macro_rules! number_operators {
    ($($operator:ident $method:ident $name:ident;)*) => {$(
        impl<'a, B: Operand> $operator<B> for Number<'a> {
            type Output = Number<'a>;
            fn $method(self, other: B) -> Number<'a> {
                self.binary(other, LaneBuilder::$name)
            }
        }
        impl<'a> $operator<Number<'a>> for f64 {
            type Output = Number<'a>;
            fn $method(self, other: Number<'a>) -> Number<'a> {
                other.constant(self).binary(other, LaneBuilder::$name)
            }
        }
    )*};
}

number_operators! {
    Add add add;
    Sub sub sub;
    Mul mul mul;
    Div div div;
}

impl<'a> Neg for Number<'a> {
    type Output = Number<'a>;
    fn neg(self) -> Number<'a> {
        self.unary(LaneBuilder::neg)
    }
}

macro_rules! whole_operators {
    ($($operator:ident $method:ident $name:ident;)*) => {$(
        impl<'a> $operator for Whole<'a> {
            type Output = Whole<'a>;
            fn $method(self, other: Whole<'a>) -> Whole<'a> {
                self.binary(other.value, LaneBuilder::$name)
            }
        }
        impl<'a> $operator<i64> for Whole<'a> {
            type Output = Whole<'a>;
            fn $method(self, other: i64) -> Whole<'a> {
                self.binary(self.constant(other), LaneBuilder::$name)
            }
        }
    )*};
}

whole_operators! {
    Add add int_add;
    BitAnd bitand int_and;
    BitOr bitor int_or;
    BitXor bitxor int_xor;
}

macro_rules! truth_operators {
    ($($operator:ident $method:ident $name:ident;)*) => {$(
        impl<'a> $operator for Truth<'a> {
            type Output = Truth<'a>;
            fn $method(self, other: Truth<'a>) -> Truth<'a> {
                let mask = self.on.borrow_mut().$name(self.mask, other.mask);
                Truth { on: self.on, mask }
            }
        }
    )*};
}

truth_operators! {
    BitAnd bitand and;
    BitOr bitor or;
}

impl<'a> Not for Truth<'a> {
    type Output = Truth<'a>;
    fn not(self) -> Truth<'a> {
        let mask = self.on.borrow_mut().not(self.mask);
        Truth { on: self.on, mask }
    }
}
