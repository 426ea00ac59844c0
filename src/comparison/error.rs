//! Why a comparison can't be made.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{Contender, RunRecordError, Standstill};
use crate::algorithm::AlgorithmError;
use crate::executor::NoWorkers;
use crate::search::SearchError;

/// Why a comparison can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComparisonError {
    /// There is nothing to compare.
    #[error("there are 0 runs; at least 1 is needed")]
    NoRuns,
    /// There are more runs than can be counted.
    #[error("{0} runs of every algorithm are more than can be counted")]
    TooManyRuns(usize),
    /// There is nobody to compare.
    #[error("there are no algorithms to compare; name at least one")]
    NoContenders,
    /// No tournament size is at most a population size.
    #[error("the grid is empty: no sample size is at least 1 and at most a population size")]
    EmptyGrid,
    /// There is no thread for the runs.
    #[error("there are 0 workers; at least 1 is needed")]
    NoWorkers,
    /// There is no time for an evaluation.
    #[error("the budget is 0 s, which is smaller than any evaluation")]
    NoBudget,
    /// Not even one evaluation fits in the budget.
    #[error(
        "the budget of {} s is smaller than one evaluation, which took {} s",
        budget.as_secs_f64(),
        evaluation.as_secs_f64()
    )]
    BudgetBelowEvaluation {
        /// The budget.
        budget: Duration,
        /// What the first evaluation of a run took.
        evaluation: Duration,
    },
    /// No evaluation of a run gave a score.
    #[error("run {run} of {contender} has no trial with a score")]
    NoScore {
        /// The algorithm.
        contender: Contender,
        /// The run, from 0.
        run: u64,
    },
    /// A run would never spend its simulated time.
    #[error("run {run} of {contender} would never spend its budget: {why}")]
    NeverEnds {
        /// The algorithm.
        contender: Contender,
        /// The run, from 0.
        run: u64,
        /// Why.
        why: Standstill,
    },
    /// The benchmark judges a genotype by something that is no finite number.
    #[error("run {run} of {contender}: the {what} is {value}, not a finite number")]
    NotFinite {
        /// The algorithm.
        contender: Contender,
        /// The run, from 0.
        run: u64,
        /// Which figure.
        what: &'static str,
        /// What it is.
        value: f64,
    },
    /// The program was built without a part that this needs.
    #[error("this program was built without {what}; build it with --features {feature}")]
    NotBuilt {
        /// What is missing.
        what: &'static str,
        /// The crate's feature that adds it.
        feature: &'static str,
    },
    /// A budget that is no number of seconds.
    #[error("a budget of {seconds} seconds can't be: it must be at least 0 and finite")]
    InvalidBudget {
        /// What was asked for.
        seconds: f64,
    },
    /// A table can't be used.
    #[cfg(feature = "tabular")]
    #[error("{}", table_error(path, source))]
    Table {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: crate::tabular::TableError,
    },
    /// An algorithm can't be built.
    #[error(transparent)]
    Algorithm(#[from] AlgorithmError),
    /// The simulated executor can't be set up.
    #[error(transparent)]
    Executor(#[from] NoWorkers),
    /// A search ended with an error.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The record of runs can't be written, or is one of another comparison.
    #[error(transparent)]
    Record(#[from] RunRecordError),
    /// A result can't be written.
    #[error("can't write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A table that can't be opened has its file in its error already.
#[cfg(feature = "tabular")]
fn table_error(path: &std::path::Path, source: &crate::tabular::TableError) -> String {
    match source {
        crate::tabular::TableError::Open { .. } => source.to_string(),
        other => format!("{}: {other}", path.display()),
    }
}
