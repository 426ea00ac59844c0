//! The baseline that rewards are compared with.

/// An exponential moving average of the rewards, corrected for the bias of its first values toward
/// 0: the weights of all rewards so far sum to 1.
///
/// `numerator <- momentum * numerator + (1 - momentum) * reward`, the denominator likewise with a
/// reward of 1, and the baseline is their quotient, as in the NATS-Bench script.
#[derive(Clone, Copy, Debug)]
pub(super) struct Baseline {
    momentum: f64,
    numerator: f64,
    denominator: f64,
}

impl Baseline {
    pub(super) const fn new(momentum: f64) -> Self {
        Self {
            momentum,
            numerator: 0.0,
            denominator: 0.0,
        }
    }

    /// Adds a reward and returns the average, which includes it.
    pub(super) fn update(&mut self, reward: f64) -> f64 {
        self.numerator = self.momentum * self.numerator + (1.0 - self.momentum) * reward;
        self.denominator = self.momentum * self.denominator + (1.0 - self.momentum);
        self.numerator / self.denominator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_average_is_the_first_reward() {
        let mut baseline = Baseline::new(0.9);
        assert!((baseline.update(80.0) - 80.0).abs() < 1e-12);
        // (0.9 * 8 + 0.1 * 90) / 0.19
        assert!((baseline.update(90.0) - 16.2 / 0.19).abs() < 1e-12);
    }
}
