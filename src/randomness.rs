//! Random streams, all derived from one root seed.
//!
//! The algorithm draws from stream 0 of ChaCha8. The seed of trial `i` is the first word of stream
//! `i + 1`. All randomness of a trial (weights, order of the images, …) comes from its seed, so a
//! (genotype, seed) pair scores the same on any worker.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::trial::TrialId;

/// The random stream of an algorithm with this root seed.
#[must_use]
pub fn algorithm_rng(root_seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(root_seed)
}

/// The seed of trial `id` in a search with this root seed.
#[must_use]
pub fn trial_seed(root_seed: u64, id: TrialId) -> u64 {
    stream(root_seed, id.0 + 1).next_u64()
}

/// Stream `number` of `seed`. Streams of different numbers are independent: use one per purpose.
#[must_use]
pub fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
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
    fn normal_draws_have_mean_0_and_variance_1() {
        let mut rng = stream(3, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| standard_normal(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "the mean is {mean}");
        assert!((variance - 1.0).abs() < 0.05, "the variance is {variance}");
    }
}
