//! Seeded random streams: one a group of lanes, so that the number of threads changes no bit.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::tape::{Kept, Tape};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

/// The streams of one seed.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The streams of a seed.
    pub fn new(seed: u64) -> Streams {
        Streams { seed }
    }

    /// The stream of that number; streams never overlap.
    pub fn stream(&self, number: u64) -> Stream {
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_stream(number);
        Stream(generator)
    }
}

/// A stream is kept as where it has come to.
impl Kept for Stream {
    fn pass(&mut self, tape: &mut Tape) {
        let mut place = self.0.get_word_pos();
        place.pass(tape);
        if tape.reads() {
            self.0.set_word_pos(place);
        }
    }
}

impl Stream {
    /// Uniform in (0, 1), both ends excluded.
    pub fn uniform(&mut self) -> f64 {
        // 53 bits, moved by half a unit off zero.
        ((self.0.next_u64() >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// One of `0..n`; 0 for an empty range.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n.saturating_sub(1))
    }
}
