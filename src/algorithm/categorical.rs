//! Categorical distributions, from which policies draw.

use rand::{Rng, RngExt};

/// Draws the index of an alternative, using one uniform number.
///
/// Rounding may leave that number beyond the last boundary, which means the last alternative.
pub(super) fn draw(probabilities: &[f64], rng: &mut dyn Rng) -> usize {
    let mut point: f64 = rng.random();
    probabilities
        .iter()
        .position(|probability| {
            point -= probability;
            point < 0.0
        })
        .unwrap_or(probabilities.len() - 1)
}

pub(super) fn softmax(logits: &[f64]) -> Vec<f64> {
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut exponentials: Vec<f64> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    for exponential in &mut exponentials {
        *exponential /= sum;
    }
    exponentials
}

/// The natural logarithm, bounded below so that `p log p` is 0 for `p = 0`.
pub(super) fn log(probability: f64) -> f64 {
    probability.max(f64::MIN_POSITIVE).ln()
}

pub(super) fn entropy(probabilities: &[f64]) -> f64 {
    probabilities
        .iter()
        .map(|&probability| -probability * log(probability))
        .sum()
}
