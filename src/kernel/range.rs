//! What numbers of lane code lie between, instruction by instruction.

use super::lane::{Binary, Id, Instruction, Unary};

/// A number of which nothing is known.
const ANY: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

/// What the result of an instruction lies between where it is not NaN, from the same of its
/// operands. Ends are rounded as numbers are.
pub(super) fn of(instruction: Instruction, range: impl Fn(Id) -> [f64; 2]) -> [f64; 2] {
    match instruction {
        Instruction::Constant(bits) if !bits.value().is_nan() => [bits.value(); 2],
        Instruction::Unary(Unary::Negate, a) => negative(range(a)),
        Instruction::Unary(Unary::Abs, a) => {
            let [lo, hi] = range(a);
            [lo.max(-hi).max(0.0), hi.max(-lo)]
        }
        Instruction::Unary(Unary::Sqrt, a) => range(a).map(|end| end.max(0.0).sqrt()),
        Instruction::Unary(Unary::Floor, a) => range(a).map(f64::floor),
        Instruction::Unary(Unary::Nearest, a) => range(a).map(f64::round_ties_even),
        Instruction::Binary(op, a, b) => {
            let ([a_lo, a_hi], [b_lo, b_hi]) = (range(a), range(b));
            match op {
                Binary::Add => sum(range(a), range(b)),
                Binary::Subtract => sum(range(a), negative(range(b))),
                Binary::Multiply => product(a, b, &range),
                Binary::Divide => ANY,
                // The second is given where the first is NaN.
                Binary::Min => [a_lo.min(b_lo), b_hi],
                Binary::Max => [b_lo, a_hi.max(b_hi)],
            }
        }
        Instruction::Fma(a, b, c) => sum(product(a, b, &range), range(c)),
        Instruction::Select(_, a, b) => {
            let ([a_lo, a_hi], [b_lo, b_hi]) = (range(a), range(b));
            [a_lo.min(b_lo), a_hi.max(b_hi)]
        }
        _ => ANY,
    }
}

fn negative([lo, hi]: [f64; 2]) -> [f64; 2] {
    [-hi, -lo]
}

fn sum([a_lo, a_hi]: [f64; 2], [b_lo, b_hi]: [f64; 2]) -> [f64; 2] {
    // Opposite infinities tell nothing.
    let or = |end: f64, any: f64| if end.is_nan() { any } else { end };
    [
        or(a_lo + b_lo, f64::NEG_INFINITY),
        or(a_hi + b_hi, f64::INFINITY),
    ]
}

/// A square is not negative; else the least and the largest of the corners. `0*inf` is NaN where it
/// is a value and 0 where it is the limit of values.
fn product(a: Id, b: Id, range: &impl Fn(Id) -> [f64; 2]) -> [f64; 2] {
    let (x, y) = (range(a), range(b));
    let corners = x.iter().flat_map(|x| y.iter().map(move |y| x * y));
    let corners = corners.map(|corner| if corner.is_nan() { 0.0 } else { corner });
    let least = corners.clone().fold(f64::INFINITY, f64::min);
    let most = corners.fold(f64::NEG_INFINITY, f64::max);
    match a == b {
        true => [least.max(0.0), most],
        false => [least, most],
    }
}

#[cfg(test)]
mod tests {
    use super::super::LaneBuilder;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn squares_and_their_negatives_have_a_sign() {
        let mut b = LaneBuilder::new(2, 1);
        let (x, y, parameter) = (b.state(0), b.state(1), b.slot(0));
        let [square, other] = [x, y].map(|x| b.mul(x, x));
        assert_eq!(b.range(square), [0.0, INF]);
        let minus_ten = b.constant(-10.0);
        let minus = b.neg(other);
        // -10 x^2 - y^2
        let below = b.fma(minus_ten, square, minus);
        assert_eq!(b.range(below), [-INF, 0.0]);
        // A parameter may be negative.
        let scaled = b.mul(parameter, square);
        assert_eq!(b.range(scaled), [-INF, INF]);
        let shifted = b.add(below, square);
        assert_eq!(b.range(shifted), [-INF, INF]);
    }

    #[test]
    fn the_second_operand_bounds_a_minimum_whatever_the_first_is() {
        let mut b = LaneBuilder::new(1, 0);
        let (x, one, two) = (b.state(0), b.constant(1.0), b.constant(2.0));
        let low = b.min(x, two);
        assert_eq!(b.range(low), [-INF, 2.0]);
        let high = b.max(low, one);
        assert_eq!(b.range(high), [1.0, 2.0]);
        // NaN in x gives x where it is second.
        let loose = b.min(two, x);
        assert_eq!(b.range(loose), [-INF, INF]);
        let size = b.abs(high);
        assert_eq!(b.range(size), [1.0, 2.0]);
    }

    /// Random numbers, infinities among them, never lie outside.
    #[test]
    fn results_lie_between() {
        use super::super::lane::{Binary, Instruction, Unary};
        use crate::graph::Bits;
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let special = [0.0, -0.0, 1.0, -1.0, INF, -INF, 1e300, -1e-300];
        let mut number = || match next() % 4 {
            0 => special[(next() % 8) as usize],
            _ => (next() >> 11) as f64 / (1u64 << 50) as f64 - 4.0,
        };
        let [a, b, c] = [0, 1, 2].map(super::Id);
        let all = [
            Instruction::Unary(Unary::Negate, a),
            Instruction::Unary(Unary::Abs, a),
            Instruction::Unary(Unary::Sqrt, a),
            Instruction::Unary(Unary::Floor, a),
            Instruction::Unary(Unary::Nearest, a),
            Instruction::Binary(Binary::Add, a, b),
            Instruction::Binary(Binary::Subtract, a, b),
            Instruction::Binary(Binary::Multiply, a, b),
            Instruction::Binary(Binary::Multiply, a, a),
            Instruction::Binary(Binary::Divide, a, b),
            Instruction::Binary(Binary::Min, a, b),
            Instruction::Binary(Binary::Max, a, b),
            Instruction::Fma(a, b, c),
            Instruction::Fma(a, a, c),
            Instruction::Constant(Bits::of(2.5)),
        ];
        for _ in 0..4000 {
            let ranges = [0; 3].map(|_| {
                let (x, y) = (number(), number());
                [x.min(y), x.max(y)]
            });
            let inside = |[lo, hi]: [f64; 2], at: f64| {
                let at = lo + at * (hi - lo);
                if at.is_nan() { lo } else { at.clamp(lo, hi) }
            };
            let values = ranges.map(|range| inside(range, (number() + 4.0) / 8.0));
            for instruction in all {
                let [lo, hi] = super::of(instruction, |id| ranges[id.index()]);
                let bits = instruction.apply(|id| values[id.index()].to_bits(), &[]);
                let value = f64::from_bits(bits);
                assert!(
                    value.is_nan() || lo <= value && value <= hi,
                    "{instruction:?} of {values:?} in {ranges:?}: {value} not in [{lo}, {hi}]"
                );
            }
        }
    }
}
