//! What a comparison comes to.

use serde::Serialize;

use super::statistics::{MannWhitney, mann_whitney, mean, standard_deviation};
use super::{Comparison, Contender, Entry, Run};

/// An algorithm's runs in a line. Its JSON has these names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The algorithm.
    pub algorithm: &'static str,
    /// The data set.
    pub dataset: String,
    /// How many runs.
    pub runs: usize,
    /// The mean over the runs of how good the best by reward really is.
    pub test_mean: f64,
    /// Its standard deviation between runs.
    pub test_std: f64,
    /// The mean over the runs of the best reward.
    pub valid_mean: f64,
    /// The mean number of evaluations.
    pub evaluations_mean: f64,
}

/// Two algorithms against each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The one.
    pub first: Contender,
    /// The other.
    pub second: Contender,
    /// How much better the first is in the mean of the tests.
    pub difference: f64,
    /// Whether that is more than chance.
    pub test: MannWhitney,
}

impl Entry {
    /// How good what each run found really is.
    #[must_use]
    pub fn tests(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.best().test).collect()
    }

    fn mean_of(&self, figure: impl Fn(&Run) -> f64) -> f64 {
        mean(&self.runs.iter().map(figure).collect::<Vec<_>>())
    }
}

impl Comparison {
    /// A summary of each algorithm, in the order given.
    #[must_use]
    pub fn summaries(&self) -> Vec<Summary> {
        let summary = |entry: &Entry| {
            let tests = entry.tests();
            Summary {
                algorithm: entry.contender.name(),
                dataset: self.dataset.clone(),
                runs: entry.runs.len(),
                test_mean: mean(&tests),
                test_std: standard_deviation(&tests),
                valid_mean: entry.mean_of(|run| run.best().valid),
                evaluations_mean: entry.mean_of(|run| run.evaluations as f64),
            }
        };
        self.entries.iter().map(summary).collect()
    }

    /// Every algorithm against each one after it.
    #[must_use]
    pub fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (place, first) in self.entries.iter().enumerate() {
            for second in &self.entries[place + 1..] {
                let (left, right) = (first.tests(), second.tests());
                pairs.push(Pair {
                    first: first.contender,
                    second: second.contender,
                    difference: mean(&left) - mean(&right),
                    test: mann_whitney(&left, &right),
                });
            }
        }
        pairs
    }
}
