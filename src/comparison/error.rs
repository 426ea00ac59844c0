//! Why a comparison failed.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::description::Difference;
use crate::excerpt::{excerpt, shown};
use crate::executor::ExecutorError;
use crate::figure::figure;
#[cfg(feature = "burn")]
use crate::network::NetworkError;
use crate::sealed_log::RecordError;
use crate::search::SearchError;
#[cfg(feature = "burn")]
use crate::training::TrainingError;

/// Why a comparison failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComparisonError {
    /// The setup has no runs.
    #[error("there are 0 runs; at least 1 is needed")]
    NoRuns,
    /// There are too many runs to count.
    #[error("{0} runs of every algorithm are too many to count")]
    TooManyRuns(usize),
    /// No algorithm was named.
    #[error("there are no algorithms to compare; name at least one")]
    NoContenders,
    /// Two algorithms have the same name.
    #[error("two algorithms have the name {0}; each needs its own")]
    SameName(String),
    /// No tournament size is at most a population size.
    #[error("the grid is empty: no sample size is at least 1 and at most a population size")]
    EmptyGrid,
    /// The setup has no threads.
    #[error("there are 0 workers; at least 1 is needed")]
    NoWorkers,
    /// The setup has no budget.
    #[error("the budget is 0 s, which is smaller than any evaluation")]
    NoBudget,
    /// The budget is smaller than a single evaluation.
    #[error(
        "the budget of {} s is smaller than one evaluation, which took {} s",
        budget.as_secs_f64(),
        evaluation.as_secs_f64()
    )]
    BudgetBelowEvaluation {
        /// The budget.
        budget: Duration,
        /// The duration of a run's first evaluation.
        evaluation: Duration,
    },
    /// No evaluation of a run gave a score.
    #[error("run {run} of {} has no trial with a score", excerpt(contender))]
    NoScore {
        /// The algorithm's name.
        contender: String,
        /// The run, from 0.
        run: u64,
    },
    /// A run would never spend its simulated time.
    #[error(
        "run {run} of {} would never spend its budget: {why}",
        excerpt(contender)
    )]
    NeverEnds {
        /// The algorithm's name.
        contender: String,
        /// The run, from 0.
        run: u64,
        /// Why.
        why: String,
    },
    /// The benchmark's test result or number of multiply-adds isn't finite.
    #[error(
        "run {run} of {}: the {what} is {value}, not a finite number",
        excerpt(contender)
    )]
    NotFinite {
        /// The algorithm's name.
        contender: String,
        /// The run, from 0.
        run: u64,
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// The multiply-adds of networks are limited, but the benchmark has no networks.
    #[error(
        "the genotypes of {} aren't networks, so their multiply-adds can't be limited",
        excerpt(benchmark)
    )]
    NoNetworks {
        /// The benchmark's data set.
        benchmark: String,
    },
    /// The budget isn't a duration.
    #[error("invalid budget of {} seconds: it must be finite, at least 0 and at most 1.8e19", figure(*seconds))]
    InvalidBudget {
        /// The number of seconds.
        seconds: f64,
    },
    /// The settings of a benchmark's networks are out of range.
    #[cfg(feature = "burn")]
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The settings of a benchmark's training are invalid, or there are too few images.
    #[cfg(feature = "burn")]
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// An algorithm can't be built for the benchmark.
    #[error("can't set up {}: {source}", excerpt(contender))]
    Algorithm {
        /// The algorithm's name.
        contender: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// There are too many workers, or the simulated executor can't be set up.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// A search failed.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The record of runs is in use, damaged or of another kind, or it can't be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The folder already holds a comparison.
    #[error("{} holds a comparison already; resume it, or choose another folder", shown(.0))]
    Occupied(PathBuf),
    /// The folder holds the results of a comparison, but no record to resume from.
    #[error(
        "{} holds results of a comparison, but no record of its runs to resume; choose another folder",
        shown(.0)
    )]
    NoRecord(PathBuf),
    /// The record belongs to another comparison.
    #[error("{} records another comparison: {difference}", shown(path))]
    OtherComparison {
        /// The file.
        path: PathBuf,
        /// The first setting that differs.
        difference: Difference,
    },
    /// A results file can't be written.
    #[error("can't write {}: {source}", shown(path))]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl ComparisonError {
    pub(super) fn cant_set_up(contender: &str, source: Box<dyn Error + Send + Sync>) -> Self {
        Self::Algorithm {
            contender: contender.to_owned(),
            source,
        }
    }
}
