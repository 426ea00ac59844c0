//! How long a search has made no progress.

/// Counts the trials since the last improvement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standstill {
    minimum_gain: f64,
    /// The fitness of the last improvement.
    reached: Option<f64>,
    current: usize,
    longest: usize,
}

impl Standstill {
    /// Only a fitness that exceeds that of the last improvement by more than `gain` is an improvement.
    pub(super) fn with_minimum_gain(gain: f64) -> Self {
        Self {
            minimum_gain: gain,
            ..Self::default()
        }
    }

    /// Whether this fitness is an improvement; the next one is then compared with it.
    pub(super) fn is_gain(&mut self, fitness: f64) -> bool {
        let gain = self
            .reached
            .is_none_or(|reached| fitness > reached + self.minimum_gain);
        if gain {
            self.reached = Some(fitness);
        }
        gain
    }

    /// A trial has ended.
    pub(super) fn ended(&mut self, improved: bool) {
        self.current = if improved { 0 } else { self.current + 1 };
        self.longest = self.longest.max(self.current);
    }

    pub(super) const fn current(&self) -> usize {
        self.current
    }

    pub(super) const fn longest(&self) -> usize {
        self.longest
    }
}
