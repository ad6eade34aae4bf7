//! Random code of all instructions.

use effpot_lang::graph::Comparison;
use effpot_lang::kernel::{Integer, LaneBuilder, Mask, Shift, Table, Value};

use super::support::formulas::Random;

/// Numbers at which instructions differ if they differ at all.
const NUMBERS: [f64; 24] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.7,
    5e-324,
    -1e-310,
    f64::MIN_POSITIVE,
    -f64::MIN_POSITIVE,
    1e-200,
    4503599627370495.5,
    -9007199254740993.0,
    6755399441055744.0,
    1e200,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

const INTEGERS: [i64; 10] = [
    0,
    1,
    -1,
    i64::MAX,
    i64::MIN,
    0x3ff0_0000_0000_0000,
    0xffff_ffff,
    0x8000_0000,
    -0x8000_0001,
    7,
];

/// A number of any kind.
pub fn number(random: &mut Random) -> f64 {
    match random.below(8) {
        0 | 1 => NUMBERS[random.below(NUMBERS.len())],
        2 => random.below(9) as f64 - 4.0,
        3 => {
            // Any bits, but only one NaN: what becomes of the others differs by processor.
            let x = f64::from_bits(random.next());
            if x.is_nan() { f64::NAN } else { x }
        }
        4 => random.uniform(-1e6, 1e6),
        _ => random.uniform(-4.0, 4.0),
    }
}

fn integer(random: &mut Random) -> i64 {
    match random.below(3) {
        0 => INTEGERS[random.below(INTEGERS.len())],
        1 => random.below(64) as i64 - 32,
        _ => random.next() as i64,
    }
}

/// A number of a program.
#[derive(Clone, Copy)]
struct Number {
    value: Value,
    /// Whether its bits are defined: a NaN that arithmetic gives has any sign and payload.
    exact: bool,
}

/// Random code, written into a builder.
pub struct Writer<'b> {
    random: Random,
    b: &'b mut LaneBuilder,
    numbers: Vec<Number>,
    integers: Vec<Integer>,
    masks: Vec<Mask>,
    /// The tables with their columns.
    tables: Vec<(u32, usize)>,
    /// Everything as numbers, in the order in which it was made.
    results: Vec<Value>,
}

/// One of the latest, most often, or any.
pub fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    let back = match random.below(3) {
        0 => random.below(from.len()),
        _ => random.below(from.len().min(6)),
    };
    from[from.len() - 1 - back]
}

impl Writer<'_> {
    /// The results of a program of about so many instructions, besides what makes them numbers.
    pub fn results(
        random: Random,
        size: usize,
        [states, slots]: [usize; 2],
        b: &mut LaneBuilder,
    ) -> Vec<Value> {
        let states: Vec<Value> = (0..states).map(|i| b.state(i)).collect();
        let slots: Vec<Value> = (0..slots).map(|i| b.slot(i)).collect();
        let mut writer = Writer {
            random,
            b,
            numbers: Vec::new(),
            integers: Vec::new(),
            masks: Vec::new(),
            tables: Vec::new(),
            results: Vec::new(),
        };
        for _ in 0..2 {
            writer.new_table();
        }
        let (zero, truth) = (writer.b.integer(1 << 52), writer.b.truth(true));
        let one = writer.b.constant(1.0);
        writer.give_integer(zero);
        writer.give_mask(truth);
        writer.give(one, true);
        // First what is the same in all lanes.
        for slot in slots {
            writer.give(slot, true);
        }
        for _ in 0..size.min(200) / 8 {
            writer.any();
        }
        for state in states {
            // After a step it may be a NaN of any kind.
            writer.give(state, false);
            let there = writer.b.compare(Comparison::Equal, state, state);
            let bits = writer.b.select(there, state, one);
            let bits = writer.b.to_bits(bits);
            writer.give_mask(there);
            writer.give_integer(bits);
        }
        for _ in 0..size {
            writer.any();
        }
        writer.results
    }

    fn number(&mut self) -> Number {
        pick(&mut self.random, &self.numbers)
    }

    fn value(&mut self) -> Value {
        self.number().value
    }

    fn integer(&mut self) -> Integer {
        pick(&mut self.random, &self.integers)
    }

    fn mask(&mut self) -> Mask {
        pick(&mut self.random, &self.masks)
    }

    fn comparison(&mut self) -> Comparison {
        Comparison::ALL[self.random.below(6)].0
    }

    fn give(&mut self, value: Value, exact: bool) {
        self.numbers.push(Number { value, exact });
        self.results.push(value);
    }

    /// Integers leave as numbers of their halves: all of their bits, and never a NaN.
    fn give_integer(&mut self, integer: Integer) {
        self.integers.push(integer);
        let low = self.b.integer(0xffff_ffff);
        let low = self.b.int_and(integer, low);
        let high = self.b.shift(Shift::Right, integer, 32);
        for half in [low, high] {
            let value = self.b.from_integer(half);
            self.results.push(value);
        }
    }

    fn give_mask(&mut self, mask: Mask) {
        self.masks.push(mask);
        let (yes, no) = (self.b.constant(1.0), self.b.constant(0.0));
        let value = self.b.select(mask, yes, no);
        self.results.push(value);
    }

    /// A number whose bits are defined: another one in place of NaN.
    fn exact(&mut self) -> Value {
        let Number { value, exact } = self.number();
        if exact {
            return value;
        }
        let other = number(&mut self.random);
        let other = self.b.constant(other);
        let there = self.b.compare(Comparison::Equal, value, value);
        self.b.select(there, value, other)
    }

    fn literal(&mut self) {
        match self.random.below(6) {
            0 => {
                let truth = self.random.below(2) == 0;
                let truth = self.b.truth(truth);
                self.give_mask(truth);
            }
            1 | 2 => {
                let value = integer(&mut self.random);
                let value = self.b.integer(value);
                self.give_integer(value);
            }
            _ => {
                let value = number(&mut self.random);
                let value = self.b.constant(value);
                self.give(value, true);
            }
        }
    }

    /// Arithmetic, with seldom more than a few infinities and NaN in a row.
    fn arithmetic(&mut self) {
        let (x, y, z) = (self.value(), self.value(), self.value());
        let b = &mut *self.b;
        let value = match self.random.below(12) {
            0 => b.add(x, y),
            1 => b.sub(x, y),
            2 => b.mul(x, y),
            3 => b.div(x, y),
            4 | 5 => b.fma(x, y, z),
            6 => b.sqrt(x),
            7 => {
                let x = b.abs(x);
                b.sqrt(x)
            }
            8 => b.floor(x),
            9 => b.nearest(x),
            10 => {
                let x = b.neg(x);
                b.fma(x, y, z)
            }
            _ => {
                let bound = b.constant(100.0);
                let below = b.neg(bound);
                let x = b.min(x, bound);
                b.max(x, below)
            }
        };
        self.give(value, false);
    }

    /// What moves bits and computes nothing.
    fn motion(&mut self) {
        let (x, y) = (self.number(), self.number());
        let b = &mut *self.b;
        let both = x.exact && y.exact;
        let (value, exact) = match self.random.below(6) {
            0 => (b.neg(x.value), x.exact),
            1 => (b.abs(x.value), x.exact),
            2 | 3 => (b.min(x.value, y.value), both),
            _ => (b.max(x.value, y.value), both),
        };
        self.give(value, exact);
    }

    fn select(&mut self) {
        let (mask, x, y) = (self.mask(), self.number(), self.number());
        let value = self.b.select(mask, x.value, y.value);
        self.give(value, x.exact && y.exact);
    }

    fn bits(&mut self) {
        match self.random.below(5) {
            0 => {
                let x = self.exact();
                let bits = self.b.to_bits(x);
                self.give_integer(bits);
            }
            1 => {
                let bits = self.integer();
                // A signaling NaN among them is quieted by some and not by others.
                let value = self.b.from_bits(bits);
                self.give(value, false);
            }
            2 => {
                let (x, y) = (self.value(), self.exact());
                let value = self.b.copysign(x, y);
                self.give(value, false);
            }
            3 => {
                let (x, bound) = (self.exact(), self.b.constant(1e9));
                let low = self.b.neg(bound);
                let x = self.b.min(x, bound);
                let x = self.b.max(x, low);
                let whole = self.b.to_integer(x);
                self.give_integer(whole);
            }
            _ => {
                let (few, by) = (self.integer(), 14 + self.random.below(50) as u8);
                let few = self.b.shift(Shift::Arithmetic, few, by);
                let value = self.b.from_integer(few);
                self.give(value, true);
            }
        }
    }

    fn integers(&mut self) {
        let (i, j, by) = (self.integer(), self.integer(), self.random.below(64) as u8);
        let b = &mut *self.b;
        let value = match self.random.below(9) {
            0 => b.int_add(i, j),
            1 => b.int_sub(i, j),
            2 => b.int_and(i, j),
            3 => b.int_or(i, j),
            4 => b.int_xor(i, j),
            5 => b.shift(Shift::Left, i, by),
            6 => b.shift(Shift::Right, i, by),
            7 => b.shift(Shift::Arithmetic, i, by),
            _ => {
                let mask = self.mask();
                self.b.select_integer(mask, i, j)
            }
        };
        self.give_integer(value);
    }

    fn masks(&mut self) {
        let mask = match self.random.below(8) {
            0..=2 => {
                let (op, x, y) = (self.comparison(), self.value(), self.value());
                self.b.compare(op, x, y)
            }
            3 | 4 => {
                let (op, i, j) = (self.comparison(), self.integer(), self.integer());
                self.b.compare_integers(op, i, j)
            }
            5 => {
                let (m, n) = (self.mask(), self.mask());
                self.b.and(m, n)
            }
            6 => {
                let (m, n) = (self.mask(), self.mask());
                self.b.or(m, n)
            }
            _ => {
                let mask = self.mask();
                self.b.not(mask)
            }
        };
        self.give_mask(mask);
    }

    fn new_table(&mut self) {
        let (rows, columns) = (1 + self.random.below(9), 1 + self.random.below(4));
        let data = (0..rows * columns).map(|_| number(&mut self.random));
        let table = Table::new(columns, data.collect()).expect("full rows");
        let table = self.b.table(table);
        self.tables.push((table, columns));
    }

    /// All columns of a row, as a spline would read them, or one.
    fn gather(&mut self) {
        let (table, columns) = pick(&mut self.random, &self.tables);
        let row = match self.random.below(3) {
            0 => self.value(),
            _ => {
                // Near the rows that are there, and between them.
                let (i, few) = (self.integer(), self.b.integer(31));
                let i = self.b.int_and(i, few);
                let (i, third) = (self.b.from_integer(i), self.b.constant(0.4));
                let offset = self.b.constant(-1.5);
                self.b.fma(i, third, offset)
            }
        };
        let one = self.random.below(columns);
        let all = self.random.below(2) == 0;
        for column in (0..columns).filter(|column| all || *column == one) {
            let value = self.b.gather(table, row, column);
            self.give(value, true);
        }
    }

    fn any(&mut self) {
        match self.random.below(20) {
            0 => self.literal(),
            1..=6 => self.arithmetic(),
            7 | 8 => self.motion(),
            9 | 10 => self.select(),
            11 | 12 => self.bits(),
            13..=15 => self.integers(),
            16 | 17 => self.masks(),
            _ => self.gather(),
        }
    }
}
