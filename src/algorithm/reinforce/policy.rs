//! A policy of one softmax distribution per decision, and its gradient.

use rand::Rng;

use crate::algorithm::categorical::{draw, entropy, log, softmax};
use crate::randomness::standard_normal;

/// Independent categorical distributions, parametrized by logits.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// The logits of all decisions, one decision after the other.
    logits: Vec<f64>,
    /// Where the logits of each decision begin, and where those of the last one end.
    bounds: Vec<usize>,
}

impl Policy {
    /// Draws the logits from a normal distribution with this standard deviation.
    pub(super) fn new(alternatives: &[usize], deviation: f64, rng: &mut dyn Rng) -> Self {
        let mut bounds = vec![0];
        let mut end = 0;
        for count in alternatives {
            end += count;
            bounds.push(end);
        }
        let logits = (0..end).map(|_| deviation * standard_normal(rng)).collect();
        Self { logits, bounds }
    }

    /// The number of logits.
    pub(super) fn parameters(&self) -> usize {
        self.logits.len()
    }

    pub(super) fn logits_mut(&mut self) -> &mut [f64] {
        &mut self.logits
    }

    fn decisions(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.bounds.windows(2).map(|bounds| bounds[0]..bounds[1])
    }

    /// The probabilities of every alternative, decision by decision.
    pub(super) fn probabilities(&self) -> Vec<Vec<f64>> {
        self.decisions()
            .map(|range| softmax(&self.logits[range]))
            .collect()
    }

    /// Draws a choice for every decision.
    pub(super) fn sample(&self, rng: &mut dyn Rng) -> Vec<usize> {
        self.decisions()
            .map(|range| draw(&softmax(&self.logits[range]), rng))
            .collect()
    }

    /// The gradient of `-advantage * log p(choices) - entropy_weight * entropy`, both summed over all
    /// decisions, with respect to the logits.
    pub(super) fn gradient(
        &self,
        choices: &[usize],
        advantage: f64,
        entropy_weight: f64,
    ) -> Vec<f64> {
        let mut gradient = Vec::with_capacity(self.logits.len());
        for (range, &choice) in self.decisions().zip(choices) {
            let probabilities = softmax(&self.logits[range]);
            let entropy = entropy(&probabilities);
            for (alternative, probability) in probabilities.into_iter().enumerate() {
                let chosen = f64::from(u8::from(alternative == choice));
                let toward_entropy = probability * (log(probability) + entropy);
                gradient.push(advantage * (probability - chosen) + entropy_weight * toward_entropy);
            }
        }
        gradient
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream;

    fn loss(policy: &Policy, choices: &[usize], advantage: f64, entropy_weight: f64) -> f64 {
        policy
            .probabilities()
            .iter()
            .zip(choices)
            .map(|(probabilities, &choice)| {
                -advantage * probabilities[choice].ln() - entropy_weight * entropy(probabilities)
            })
            .sum()
    }

    #[test]
    fn the_gradient_is_that_of_the_loss_by_finite_differences() {
        let policy = Policy::new(&[3, 2, 5], 1.0, &mut stream(5, 0));
        let (choices, advantage, weight) = ([2, 0, 4], -1.7, 0.3);
        let gradient = policy.gradient(&choices, advantage, weight);
        for (index, slope) in gradient.into_iter().enumerate() {
            let at = |step: f64| {
                let mut policy = policy.clone();
                policy.logits_mut()[index] += step;
                loss(&policy, &choices, advantage, weight)
            };
            let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
            assert!(
                (slope - difference).abs() < 1e-7,
                "logit {index}: {slope} against {difference}"
            );
        }
    }

    #[test]
    fn enormous_logits_are_certainty_and_not_a_number_that_is_none() {
        let mut policy = Policy::new(&[2], 0.0, &mut stream(0, 0));
        policy.logits_mut()[1] = 1e6;
        assert_eq!(policy.probabilities(), [[0.0, 1.0]]);
        assert_eq!(policy.sample(&mut stream(0, 0)), [1]);
        let gradient = policy.gradient(&[1], 2.0, 0.5);
        assert!(
            gradient.iter().all(|slope| slope.is_finite()),
            "{gradient:?}"
        );
    }
}
