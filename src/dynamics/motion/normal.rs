//! Standard normal numbers in lane code.
//!
//! Each coordinate of each lane has a generator of its own, xoshiro256+ (Blackman and Vigna 2021,
//! *Scrambled linear pseudorandom number generators*): four words of 64 bits that are variables of
//! the state, seeded from the stream of the group, so that no number depends on how many threads
//! there are. A number of it becomes a normal one by the inverse of the distribution function, a
//! cubic on each of 32 pieces of every octave of the tail probability: right to 3e-9, and out to
//! 8.2 standard deviations. There is no branch and no multiplication of integers, which no vector
//! register has before AVX-512.

use std::sync::OnceLock;

use crate::dynamics::Stream;
use crate::kernel::{Integer, LaneBuilder, Shift, Table, Value};

/// Words of a generator.
pub(super) const WORDS: usize = 4;

/// Octaves of the tail probability, from 2^-53 to 1.
const OCTAVES: usize = 53;
/// Bits of the mantissa that choose a piece of an octave.
const PIECE_BITS: u8 = 5;
/// Bits of the mantissa that are left.
const REST_BITS: u8 = 52 - PIECE_BITS;
/// Coefficients of a piece.
const TERMS: usize = 4;
const ONE: i64 = 0x3ff0_0000_0000_0000;

/// Words to begin with, as the numbers of their bits.
pub(super) fn seeds(stream: &mut Stream) -> [f64; WORDS] {
    // That all are zero has the probability 2^-256.
    std::array::from_fn(|_| f64::from_bits(stream.bits()))
}

/// A standard normal number, and the words of the generator after it.
pub(super) fn normal(b: &mut LaneBuilder, words: &[Value]) -> (Value, Vec<Value>) {
    let words: Vec<Integer> = words.iter().map(|word| b.to_bits(*word)).collect();
    let drawn = b.int_add(words[0], words[3]);
    let after = advanced(b, &words);
    let after = after.into_iter().map(|word| b.from_bits(word)).collect();
    (quantile(b, drawn), after)
}

/// One step of xoshiro256.
fn advanced(b: &mut LaneBuilder, words: &[Integer]) -> [Integer; WORDS] {
    let shifted = b.shift(Shift::Left, words[1], 17);
    let two = b.int_xor(words[2], words[0]);
    let three = b.int_xor(words[3], words[1]);
    let one = b.int_xor(words[1], two);
    let zero = b.int_xor(words[0], three);
    let two = b.int_xor(two, shifted);
    let (high, low) = (
        b.shift(Shift::Left, three, 45),
        b.shift(Shift::Right, three, 19),
    );
    [zero, one, two, b.int_or(high, low)]
}

/// The normal number of 64 random bits: the first is its sign, the next 52 say how much of the
/// distribution lies outside.
fn quantile(b: &mut LaneBuilder, bits: Integer) -> Value {
    let one = b.integer(ONE);
    let mantissa = b.shift(Shift::Left, bits, 1);
    let mantissa = b.shift(Shift::Right, mantissa, 12);
    let between = b.int_or(mantissa, one);
    let between = b.from_bits(between);
    // An odd multiple of 2^-53, never zero and never one.
    let below = b.constant(1.0 - 0.5 * f64::EPSILON);
    let outside = b.sub(between, below);
    let outside = b.to_bits(outside);
    let piece = b.shift(Shift::Right, outside, REST_BITS);
    let first = b.integer(first_piece());
    let piece = b.int_sub(piece, first);
    let piece = b.from_integer(piece);
    let rest = b.integer((1 << REST_BITS) - 1);
    let rest = b.int_and(outside, rest);
    let rest = b.int_or(rest, one);
    let rest = b.from_bits(rest);
    let middle = b.constant(1.0 + half_piece());
    let t = b.sub(rest, middle);
    let table = b.table(table().clone());
    let mut value = b.gather(table, piece, TERMS - 1);
    for term in (0..TERMS - 1).rev() {
        let coefficient = b.gather(table, piece, term);
        value = b.fma(value, t, coefficient);
    }
    let sign = b.from_bits(bits);
    b.copysign(value, sign)
}

fn first_piece() -> i64 {
    (1023 - OCTAVES as i64) << PIECE_BITS
}

/// Half the width of a piece, when its octave begins at one.
fn half_piece() -> f64 {
    0.5 / f64::from(1u32 << PIECE_BITS)
}

/// By piece, the cubic through the quantiles at the Chebyshev points.
fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut data = Vec::with_capacity((OCTAVES << PIECE_BITS) * TERMS);
        // From the middle outwards the last quantile is close to the next.
        let mut near = 0.0;
        for piece in (0..OCTAVES << PIECE_BITS).rev() {
            let begin = f64::from_bits(((first_piece() + piece as i64) as u64) << REST_BITS);
            let unit = f64::from_bits(begin.to_bits() & !((1 << 52) - 1));
            let at = |t: f64| begin + unit * (t + half_piece());
            data.push(cubic(|t| {
                near = tail_quantile(at(t), near);
                near
            }));
        }
        data.reverse();
        let table = Table::new(TERMS, data.concat());
        table.unwrap_or_else(|| unreachable!("every piece has its row"))
    })
}

/// The coefficients of the cubic through a function at the Chebyshev points of a piece.
fn cubic(mut f: impl FnMut(f64) -> f64) -> [f64; TERMS] {
    let node = |i: usize| {
        let angle = std::f64::consts::PI * (i as f64 + 0.5) / TERMS as f64;
        half_piece() * angle.cos()
    };
    let nodes: [f64; TERMS] = std::array::from_fn(node);
    let mut differences = nodes.map(&mut f);
    for order in 1..TERMS {
        for i in (order..TERMS).rev() {
            let width = nodes[i] - nodes[i - order];
            differences[i] = (differences[i] - differences[i - 1]) / width;
        }
    }
    // Newton's form, multiplied out.
    let mut coefficients = [0.0; TERMS];
    for i in (0..TERMS).rev() {
        for k in (1..TERMS).rev() {
            coefficients[k] = coefficients[k - 1] - nodes[i] * coefficients[k];
        }
        coefficients[0] = differences[i] - nodes[i] * coefficients[0];
    }
    coefficients
}

/// The `x >= 0` outside of which, on both sides, a normal number has that probability: Newton's
/// method on the logarithm of `erfc(x/sqrt 2)`, which is concave: from the left a step may be much too
/// long, but the probability is at most `exp(-x^2/2)`.
fn tail_quantile(outside: f64, near: f64) -> f64 {
    let most = (-2.0 * outside.ln()).max(0.0).sqrt();
    let mut x = near.min(most);
    for _ in 0..60 {
        let here = libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2);
        let density = (2.0 / std::f64::consts::PI).sqrt() * (-0.5 * x * x).exp();
        let step = (here / outside).ln() * here / density;
        x = (x + step).clamp(0.0, most);
        if step.abs() <= 1e-15 * x.max(1e-3) {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Engine, LANES, StepKernel, StepOutput, StepProgram};

    /// The numbers of one group of lanes, step by step.
    fn drawn(engine: Engine, steps: usize) -> Vec<f64> {
        let graph = crate::graph::Graph::new();
        let program = StepProgram::build(&graph, &[], 0, WORDS, 0, |b, state, _, _| {
            let (number, state) = normal(b, state);
            let record = vec![number];
            StepOutput { state, record }
        });
        let kernel = StepKernel::compile(&program, engine).unwrap();
        let mut stream = crate::dynamics::Streams::new(1).stream(0);
        let mut state = vec![0.0; WORDS * LANES];
        for lane in 0..LANES {
            for (word, seed) in seeds(&mut stream).into_iter().enumerate() {
                state[word * LANES + lane] = seed;
            }
        }
        let mut record = vec![0.0; steps * LANES];
        kernel.run(&mut state, &[], steps, &mut record);
        record
    }

    /// The generator against its definition, and each number against the quantile of its bits.
    #[test]
    fn numbers_are_the_quantiles_of_xoshiro() {
        let steps = 2000;
        let record = drawn(Engine::Interpreter, steps);
        let mut stream = crate::dynamics::Streams::new(1).stream(0);
        for lane in 0..LANES {
            let mut s = seeds(&mut stream).map(f64::to_bits);
            for step in 0..steps {
                let bits = s[0].wrapping_add(s[3]);
                let t = s[1] << 17;
                s[2] ^= s[0];
                s[3] ^= s[1];
                s[1] ^= s[2];
                s[0] ^= s[3];
                s[2] ^= t;
                s[3] = s[3].rotate_left(45);
                let outside = (((bits << 1) >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
                let number = record[step * LANES + lane];
                assert_eq!(number.is_sign_negative(), bits >> 63 == 1);
                // 3e-9 in the number is that times the density in the probability.
                let found = libm::erfc(number.abs() / std::f64::consts::SQRT_2);
                let error = (found - outside) / (-0.5 * number * number).exp();
                assert!(error.abs() < 3e-9, "{number} {error:e}");
            }
        }
    }

    /// The far tail, where no run comes by: the least probability, and one in between.
    #[test]
    fn the_tail_is_right_to_its_end() {
        for outside in [0.5 * f64::EPSILON, 1e-12, 1e-5, 0.3, 0.9999] {
            let x = tail_quantile(outside, 0.0);
            let found = libm::erfc(x / std::f64::consts::SQRT_2);
            assert!((found / outside - 1.0).abs() < 1e-12, "{outside} {x}");
        }
        assert!((tail_quantile(0.5 * f64::EPSILON, 0.0) - 8.2).abs() < 0.1);
    }

    #[test]
    fn all_engines_draw_the_same_numbers() {
        let reference = drawn(Engine::Interpreter, 300);
        for engine in Engine::available() {
            assert_eq!(drawn(engine, 300), reference, "{}", engine.name());
        }
    }

    /// Four moments and the correlation with the next number, to five standard errors.
    #[test]
    fn moments_are_those_of_a_normal_distribution() {
        let steps = 40_000;
        let x = drawn(Engine::best(), steps);
        let n = x.len() as f64;
        let mean = |f: &dyn Fn(f64) -> f64| x.iter().map(|x| f(*x)).sum::<f64>() / n;
        for (power, expected, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let found = mean(&|x| x.powi(power));
            let error: f64 = variance / n;
            assert!(
                (found - expected).abs() < 5.0 * error.sqrt(),
                "{power} {found}"
            );
        }
        let pairs = x[LANES..].iter().zip(&x);
        let found = pairs.map(|(a, b)| a * b).sum::<f64>() / n;
        assert!(found.abs() < 5.0 / n.sqrt(), "{found}");
    }
}
