//! How long a search has made no progress.

/// Counts trials in a row that bring nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LongestRun {
    current: usize,
    longest: usize,
}

impl LongestRun {
    /// A trial has ended.
    pub(super) fn ended(&mut self, brings: bool) {
        self.current = if brings { 0 } else { self.current + 1 };
        self.longest = self.longest.max(self.current);
    }

    pub(super) const fn current(&self) -> usize {
        self.current
    }

    pub(super) const fn longest(&self) -> usize {
        self.longest
    }
}

/// Decides what is an improvement of the fitness, and counts the trials since the last one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Improvements {
    minimum_gain: f64,
    /// The fitness of the last improvement.
    reached: Option<f64>,
    run: LongestRun,
}

impl Improvements {
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

    /// The next fitness is an improvement, whatever came before.
    pub(super) fn begin_again(&mut self) {
        self.reached = None;
    }

    /// A trial has ended.
    pub(super) fn ended(&mut self, improved: bool) {
        self.run.ended(improved);
    }

    pub(super) const fn current(&self) -> usize {
        self.run.current()
    }

    pub(super) const fn longest(&self) -> usize {
        self.run.longest()
    }
}
