//! State as bytes, and back.
//!
//! What is [`Kept`] passes all of its numbers over a [`Tape`] in one order, which either writes
//! them down or replaces them: one list of fields serves both ways. Every bit comes back, also
//! those of a NaN. What follows from settings (grids, kernels) is not kept: state is read back into
//! an object that was made as the first one was.

use std::collections::VecDeque;

/// Bytes that are written, or read back.
#[derive(Debug)]
pub struct Tape {
    bytes: Vec<u8>,
    /// Where it is read; `None` where it is written.
    at: Option<usize>,
    /// Whether something was read that does not fit.
    wrong: bool,
    /// The sum of all counts that were read.
    counted: u64,
}

/// All counts of a tape together, at most: thousands of times those of 1e13 steps. Whatever is added
/// up of them does not overflow.
const MOST_COUNTED: u64 = 1 << 56;

impl Tape {
    /// One to write on.
    pub fn blank() -> Tape {
        Tape {
            bytes: Vec::new(),
            at: None,
            wrong: false,
            counted: 0,
        }
    }

    /// One to read from.
    pub fn of(bytes: Vec<u8>) -> Tape {
        Tape {
            bytes,
            at: Some(0),
            wrong: false,
            counted: 0,
        }
    }

    /// Whether it is read.
    pub fn reads(&self) -> bool {
        self.at.is_some()
    }

    /// What is on it.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Whether all that was read did fit, and nothing is left.
    pub fn fits(&self) -> bool {
        !self.wrong && self.at.is_none_or(|at| at == self.bytes.len())
    }

    /// Whether something was read that does not fit.
    pub fn is_wrong(&self) -> bool {
        self.wrong
    }

    /// Says that what was read does not fit.
    pub fn refuse(&mut self) {
        self.wrong = true;
    }

    /// Numbers of which there are as many as before: another count does not fit.
    pub fn row<T: Kept>(&mut self, items: &mut [T]) {
        if self.count(items.len()) == Some(items.len()) {
            items.iter_mut().for_each(|item| item.pass(self));
        } else {
            self.wrong = true;
        }
    }

    /// A count of things that take a byte at least; `None` where it does not fit.
    pub fn count(&mut self, mut count: usize) -> Option<usize> {
        count.pass(self);
        let left = self.at.map_or(usize::MAX, |at| self.bytes.len() - at);
        let fits = !self.wrong && (!self.reads() || count <= left);
        self.wrong |= !fits;
        fits.then_some(count)
    }

    /// Takes note of a count that is kept as a number: one that was read must be a count, and with all
    /// others not too large.
    pub fn counts(&mut self, count: f64) {
        self.wrong |= self.reads() && (count.is_nan() || count < 0.0);
        self.adds(count as u64);
    }

    fn adds(&mut self, count: u64) {
        if self.reads() {
            self.counted = self.counted.saturating_add(count);
            self.wrong |= self.counted > MOST_COUNTED;
        }
    }

    fn raw<const N: usize>(&mut self, bytes: [u8; N]) -> [u8; N] {
        let Some(at) = self.at else {
            self.bytes.extend_from_slice(&bytes);
            return bytes;
        };
        let found = self.bytes.get(at..at + N);
        match found.and_then(|found| found.try_into().ok()) {
            Some(found) if !self.wrong => {
                self.at = Some(at + N);
                found
            }
            _ => {
                self.wrong = true;
                bytes
            }
        }
    }
}

/// What can be written on a tape and read back.
pub trait Kept {
    /// Writes itself, or becomes what is there.
    fn pass(&mut self, tape: &mut Tape);
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Kept for $number {
            fn pass(&mut self, tape: &mut Tape) {
                *self = <$number>::from_le_bytes(tape.raw(self.to_le_bytes()));
            }
        }
    )*};
}
numbers!(u8, u32, u128, f64);

/// A count.
impl Kept for u64 {
    fn pass(&mut self, tape: &mut Tape) {
        *self = u64::from_le_bytes(tape.raw(self.to_le_bytes()));
        tape.adds(*self);
    }
}

impl Kept for usize {
    fn pass(&mut self, tape: &mut Tape) {
        let mut wide = *self as u64;
        wide.pass(tape);
        match usize::try_from(wide) {
            Ok(own) => *self = own,
            Err(_) => tape.refuse(),
        }
    }
}

impl Kept for bool {
    fn pass(&mut self, tape: &mut Tape) {
        let mut byte = u8::from(*self);
        byte.pass(tape);
        match byte {
            0 | 1 => *self = byte == 1,
            _ => tape.refuse(),
        }
    }
}

impl<T: Kept, const N: usize> Kept for [T; N] {
    fn pass(&mut self, tape: &mut Tape) {
        self.iter_mut().for_each(|item| item.pass(tape));
    }
}

impl<T: Kept + Default> Kept for Vec<T> {
    fn pass(&mut self, tape: &mut Tape) {
        if let Some(count) = tape.count(self.len()) {
            self.resize_with(count, T::default);
            self.iter_mut().for_each(|item| item.pass(tape));
        }
    }
}

impl<T: Kept + Default> Kept for VecDeque<T> {
    fn pass(&mut self, tape: &mut Tape) {
        if let Some(count) = tape.count(self.len()) {
            self.resize_with(count, T::default);
            self.iter_mut().for_each(|item| item.pass(tape));
        }
    }
}

impl<T: Kept + Default> Kept for Option<T> {
    fn pass(&mut self, tape: &mut Tape) {
        let mut there = self.is_some();
        there.pass(tape);
        match there {
            true => self.get_or_insert_default().pass(tape),
            false => *self = None,
        }
    }
}

/// The fields of a struct that are its state, in the order of the tape.
macro_rules! kept {
    ($type:ty: $($field:ident),+ $(,)?) => {
        impl $crate::tape::Kept for $type {
            fn pass(&mut self, tape: &mut $crate::tape::Tape) {
                $($crate::tape::Kept::pass(&mut self.$field, tape);)+
            }
        }
    };
}
pub(crate) use kept;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq, Debug, Default)]
    struct State {
        numbers: Vec<f64>,
        queue: VecDeque<u64>,
        flag: bool,
        maybe: Option<usize>,
        row: [u32; 3],
    }
    kept!(State: numbers, queue, flag, maybe, row);

    fn state() -> State {
        State {
            numbers: vec![-0.0, f64::INFINITY, 5e-324],
            queue: VecDeque::from([7, MOST_COUNTED >> 1]),
            flag: true,
            maybe: Some(3),
            row: [1, 2, 3],
        }
    }

    fn written() -> Vec<u8> {
        let mut tape = Tape::blank();
        state().pass(&mut tape);
        tape.into_bytes()
    }

    #[test]
    fn what_is_written_comes_back_bit_by_bit() {
        let mut tape = Tape::of(written());
        let mut found = State::default();
        found.pass(&mut tape);
        assert!(tape.fits());
        assert_eq!(found, state());
        assert!(found.numbers[0].is_sign_negative());
    }

    /// A tape that ends early, goes on, or counts more than it holds is refused, without a panic
    /// and without a large allocation.
    #[test]
    fn what_does_not_fit_is_refused() {
        let bytes = written();
        for end in 0..bytes.len() {
            let mut tape = Tape::of(bytes[..end].to_vec());
            State::default().pass(&mut tape);
            assert!(!tape.fits(), "{end}");
        }
        let mut tape = Tape::of([&*bytes, &[0]].concat());
        State::default().pass(&mut tape);
        assert!(!tape.fits());
        let mut tape = Tape::of(vec![0xff; 64]);
        State::default().pass(&mut tape);
        assert!(!tape.fits());
        let mut tape = Tape::of(bytes);
        tape.row(&mut [0.0; 2]);
        assert!(!tape.fits());
    }
}
