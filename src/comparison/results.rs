//! The results of a comparison.

use super::run::Run;

/// Several algorithms on one benchmark, with all runs of each.
///
/// [`Comparison::builder`] sets one up.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub(super) dataset: String,
    pub(super) entries: Vec<ContenderRuns>,
}

/// One algorithm with its runs, in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ContenderRuns {
    /// The algorithm's name.
    pub contender: String,
    /// Its runs.
    pub runs: Vec<Run>,
}

impl ContenderRuns {
    /// The test result of what each run found.
    #[must_use]
    pub fn tests(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.best().test).collect()
    }
}

impl Comparison {
    /// The name of the benchmark's data set.
    #[must_use]
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The algorithms with their runs, in the order in which they were named.
    #[must_use]
    pub fn entries(&self) -> &[ContenderRuns] {
        &self.entries
    }
}
