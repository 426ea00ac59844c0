//! The result of one run.

use serde::{Deserialize, Serialize};

/// One run of an algorithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Run {
    /// The run's seed.
    pub seed: u64,
    /// The number of evaluations that count.
    pub evaluations: u64,
    /// Their simulated time.
    pub seconds: f64,
    /// Each trial whose reward exceeds all rewards before it, in order: at least one.
    pub incumbents: Vec<Incumbent>,
    /// The last incumbent's genotype as text.
    pub genotype: String,
    /// The multiply-adds of the last incumbent's network; `None` if genotypes aren't networks.
    pub multiply_adds: Option<f64>,
}

/// A trial whose reward exceeds all rewards before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Incumbent {
    /// The number of trials that had ended, including this one.
    pub trials: u64,
    /// When the trial ended, in simulated seconds.
    pub seconds: f64,
    /// Its reward.
    pub valid: f64,
    /// Its test result.
    pub test: f64,
}

impl Run {
    /// What no run would have recorded: a result without a trial, or trials out of order.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let incumbents = &self.incumbents;
        let ordered = |pair: &[Incumbent]| {
            pair[0].trials < pair[1].trials && pair[0].seconds <= pair[1].seconds
        };
        let (first, last) = match (incumbents.first(), incumbents.last()) {
            (Some(first), Some(last)) => (first, last),
            _ => return Some("the run has no trial with a score"),
        };
        let within = first.trials > 0
            && first.seconds >= 0.0
            && last.trials <= self.evaluations
            && last.seconds <= self.seconds;
        match within && incumbents.windows(2).all(ordered) {
            true => None,
            false => Some("the trials of the run are out of order"),
        }
    }

    /// The best trial by reward.
    ///
    /// # Panics
    /// If there are no incumbents. A run of a comparison has at least one.
    #[must_use]
    pub fn best(&self) -> &Incumbent {
        self.incumbents
            .last()
            .expect("a run has at least one trial with a score")
    }
}
