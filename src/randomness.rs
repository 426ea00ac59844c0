//! Random streams, all derived from one root seed.
//!
//! The algorithm draws from stream 0 of ChaCha8. The seed of trial `i` is the first word of stream
//! `i + 1`. All randomness of a trial (weights, order of the images, …) comes from its seed, so a
//! (genotype, seed) pair scores the same on any worker.

use std::convert::Infallible;

use rand::{Rng, RngExt, SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;

use crate::trial::TrialId;

/// A stream of random numbers; `rand`'s traits [`Rng`] and [`RngExt`] draw from it. The same seed and stream
/// give the same numbers in every version: those of ChaCha with 8 rounds.
///
/// ```
/// use evonas::prelude::*;
///
/// let mut rng = stream(7, 1);
/// let die = rng.random_range(1..=6);
/// # assert!((1..=6).contains(&die));
/// ```
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    #[inline]
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

/// The random stream of an algorithm with this root seed.
#[must_use]
pub fn algorithm_rng(root_seed: u64) -> Stream {
    Stream(ChaCha8Rng::seed_from_u64(root_seed))
}

/// The seed of trial `id` in a search with this root seed.
#[must_use]
pub fn trial_seed(root_seed: u64, id: TrialId) -> u64 {
    TrialSeeds::new(root_seed).seed(id)
}

/// The seeds of the trials of one search; keeps the key that their streams have in common.
#[derive(Clone, Debug)]
pub(crate) struct TrialSeeds {
    key: [u8; 32],
}

impl TrialSeeds {
    pub(crate) fn new(root_seed: u64) -> Self {
        Self {
            key: ChaCha8Rng::seed_from_u64(root_seed).get_seed(),
        }
    }

    /// As [`trial_seed`].
    pub(crate) fn seed(&self, id: TrialId) -> u64 {
        // The compiler knows that a new generator is at the start of its stream, and computes only the block that is
        // used. A clone could be anywhere, so all four blocks of its buffer would be computed.
        let mut rng = ChaCha8Rng::from_seed(self.key);
        rng.set_stream(id.0 + 1);
        rng.next_u64()
    }
}

/// Stream `number` of `seed`. Streams of different numbers are independent: use one per purpose.
#[must_use]
pub fn stream(seed: u64, number: u64) -> Stream {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    Stream(rng)
}

/// Draws from the standard normal distribution (Box and Muller 1958), using two uniform draws.
pub fn standard_normal(rng: &mut dyn Rng) -> f64 {
    let radius: f64 = rng.random();
    let angle: f64 = rng.random();
    // A uniform draw may be 0 but never 1, so the logarithm is finite.
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trial_seeds_are_value_stable_and_differ() {
        let seeds: Vec<u64> = (0..3).map(|id| trial_seed(7, TrialId(id))).collect();
        assert_eq!(
            seeds,
            [
                18301176669829311175,
                5536391431806027785,
                3348856302973006449
            ],
            "changing these changes every search that was ever recorded"
        );
        assert_ne!(algorithm_rng(7).next_u64(), seeds[0]);
    }

    #[test]
    fn a_stream_draws_the_numbers_of_chacha8() {
        let mut chacha = ChaCha8Rng::seed_from_u64(7);
        chacha.set_stream(5);
        let mut ours = stream(7, 5);
        for _ in 0..50 {
            assert_eq!(ours.next_u32(), chacha.next_u32());
            assert_eq!(ours.next_u64(), chacha.next_u64());
            let [mut bytes, mut expected] = [[0; 13]; 2];
            ours.fill_bytes(&mut bytes);
            chacha.fill_bytes(&mut expected);
            assert_eq!(bytes, expected);
            let range = |rng: &mut dyn Rng| rng.random_range(0..1000);
            assert_eq!(range(&mut ours), range(&mut chacha));
        }
        let mut copy = ours.clone();
        assert_eq!(copy.next_u64(), ours.next_u64());
    }

    #[test]
    fn normal_draws_have_mean_0_and_variance_1() {
        let mut rng = stream(3, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| standard_normal(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "the mean is {mean}");
        assert!((variance - 1.0).abs() < 0.05, "the variance is {variance}");
    }
}
