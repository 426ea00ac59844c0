//! The results of a comparison in numbers: a summary of each algorithm, and the differences.

use std::fmt;

use serde::Serialize;

use super::results::{Comparison, ContenderRuns};
use super::run::Run;
use super::statistics::{MannWhitney, mann_whitney, mean, standard_deviation};
use crate::excerpt::escaped;

/// One algorithm's runs in numbers. The JSON form has the same names.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The algorithm's name.
    pub algorithm: String,
    /// The data set.
    pub dataset: String,
    /// The number of runs.
    pub runs: usize,
    /// The mean test result over the runs, each run's being that of its best trial by reward.
    pub test_mean: f64,
    /// The standard deviation of the test results.
    pub test_std: f64,
    /// The mean over the runs of the best reward.
    pub valid_mean: f64,
    /// The mean number of evaluations in a run.
    pub evaluations_mean: f64,
}

/// Two algorithms compared with each other.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Pair {
    /// The first algorithm's name.
    pub first: String,
    /// The second algorithm's name.
    pub second: String,
    /// The first one's mean test result minus the second one's.
    pub difference: f64,
    /// Whether the difference is more than chance.
    pub test: MannWhitney,
}

fn mean_of(runs: &[Run], value: impl Fn(&Run) -> f64) -> f64 {
    mean(&runs.iter().map(value).collect::<Vec<_>>())
}

impl Comparison {
    /// A summary of each algorithm, in the order in which they were named.
    #[must_use]
    pub fn summaries(&self) -> Vec<Summary> {
        let summary = |entry: &ContenderRuns| {
            let tests = entry.tests();
            Summary {
                algorithm: entry.contender.clone(),
                dataset: self.dataset().to_owned(),
                runs: entry.runs.len(),
                test_mean: mean(&tests),
                test_std: standard_deviation(&tests),
                valid_mean: mean_of(&entry.runs, |run| run.best().valid),
                evaluations_mean: mean_of(&entry.runs, |run| run.evaluations as f64),
            }
        };
        self.entries().iter().map(summary).collect()
    }

    /// Every algorithm compared with each one after it.
    #[must_use]
    pub fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (position, first) in self.entries().iter().enumerate() {
            for second in &self.entries()[position + 1..] {
                let (left, right) = (first.tests(), second.tests());
                pairs.push(Pair {
                    first: first.contender.clone(),
                    second: second.contender.clone(),
                    difference: mean(&left) - mean(&right),
                    test: mann_whitney(&left, &right),
                });
            }
        }
        pairs
    }
}

/// A table of the algorithms and one of their differences, for a terminal.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries().iter();
        let name = names.map(|entry| entry.contender.chars().count()).max();
        let width = name.unwrap_or(0).max(12);
        writeln!(
            f,
            "{:<width$}   test ± deviation      reward   evaluations",
            "algorithm"
        )?;
        for summary in self.summaries() {
            writeln!(
                f,
                "{:<width$} {:>8.3} ± {:<8.3} {:>10.3} {:>13.1}",
                escaped(summary.algorithm).to_string(),
                summary.test_mean,
                summary.test_std,
                summary.valid_mean,
                summary.evaluations_mean
            )?;
        }
        let pairs = self.pairs();
        let pair_width = (2 * name.unwrap_or(0) + 3).max(24);
        if !pairs.is_empty() {
            let header = "difference   wins      p (Mann-Whitney U)";
            writeln!(f, "\n{:<pair_width$} {header}", "pair")?;
        }
        for pair in pairs {
            writeln!(
                f,
                "{:<pair_width$} {:>10.3} {:>6.1} % {:>12.2e}",
                escaped(format_args!("{} - {}", pair.first, pair.second)).to_string(),
                pair.difference,
                100.0 * pair.test.superiority,
                pair.test.p
            )?;
        }
        Ok(())
    }
}
