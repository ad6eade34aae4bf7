//! `random(seed, i)`: a hash of two whole numbers, written down so that anyone can repeat it.

/// `random(seed, i)` of the language: a number in (0, 1), fixed by two whole numbers.
///
/// With `mix` the output function of splitmix64 (Steele, Lea & Flood 2014, *Fast splittable
/// pseudorandom number generators*; its constants are below), `G = 0x9e3779b97f4a7c15`, and all
/// modulo 2^64: `u = mix(mix(seed + G) + (i + 1)*G)`, and the number is
/// `(floor(u/2^12) + 1/2)/2^52`. In words: output `i`, counted from 0, of a splitmix64 whose
/// state is the first output of a splitmix64 whose state is `seed`. It is an odd multiple of
/// 2^-53, so never 0 and never 1. Negative numbers are taken modulo 2^64.
pub(super) fn random(seed: i64, i: i64) -> f64 {
    let state = mix((seed as u64).wrapping_add(G));
    let steps = (i as u64).wrapping_add(1);
    let u = mix(state.wrapping_add(steps.wrapping_mul(G)));
    ((u >> 12) as f64 + 0.5) / (1u64 << 52) as f64
}

const G: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{G, mix, random};

    /// The outputs of splitmix64 from state 1234567 that its authors' code prints.
    #[test]
    fn the_mixer_is_splitmix64() {
        let outputs: Vec<u64> = (1..=3)
            .map(|i| mix(1_234_567 + G.wrapping_mul(i)))
            .collect();
        assert_eq!(
            outputs,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    /// The mean of n numbers that are uniform in (0, 1) is 1/2 within 5 standard errors, and so is
    /// the product of neighbours, by index and by seed, 1/4.
    #[test]
    fn numbers_are_spread_over_the_interval_and_neighbours_do_not_know_each_other() {
        let n = 10_000;
        let mean = |f: &dyn Fn(i64) -> f64| (0..n).map(f).sum::<f64>() / n as f64;
        let root = (n as f64).sqrt();
        assert!((mean(&|i| random(1, i)) - 0.5).abs() < 5.0 * (1.0f64 / 12.0).sqrt() / root);
        let spread = 5.0 * (1.0f64 / 9.0 - 1.0 / 16.0).sqrt() / root;
        // Neighbours share a factor: twice the variance is an upper bound.
        assert!((mean(&|i| random(1, i) * random(1, i + 1)) - 0.25).abs() < 2.0 * spread);
        assert!((mean(&|i| random(i, 3) * random(i + 1, 3)) - 0.25).abs() < 2.0 * spread);
        for (seed, i) in [(0, 0), (-1, -1), (i64::MIN, i64::MAX)] {
            let x = random(seed, i);
            assert!(x > 0.0 && x < 1.0);
        }
    }
}
