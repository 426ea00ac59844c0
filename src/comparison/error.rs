//! Why a comparison can't be made.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::Contender;
use crate::algorithm::{EvolutionError, ReinforceError};
use crate::executor::NoWorkers;
use crate::search::SearchError;

/// Why a comparison can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComparisonError {
    /// There is nothing to compare.
    #[error("there are 0 runs; at least 1 is needed")]
    NoRuns,
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
    /// Evolution can't be set up.
    #[error(transparent)]
    Evolution(#[from] EvolutionError),
    /// REINFORCE can't be set up.
    #[error(transparent)]
    Reinforce(#[from] ReinforceError),
    /// The simulated executor can't be set up.
    #[error(transparent)]
    Executor(#[from] NoWorkers),
    /// A search ended with an error.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// A result can't be written.
    #[error("can't write {}: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
