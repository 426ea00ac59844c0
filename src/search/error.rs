//! Why a search can't begin or go on.

use super::journal::JournalError;
use crate::algorithm::TellError;
use crate::trial::TrialId;

/// Why a search can't begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// Fewer trials than the algorithm needs.
    #[error(
        "a budget of {trials} trials is too small: the algorithm needs at least {minimum} (evolution as many as its population has members)"
    )]
    BudgetTooSmall {
        /// The budget.
        trials: u64,
        /// What the algorithm needs.
        minimum: u64,
    },
    /// The budget is in simulated time, but the executor runs in real time.
    #[error("the budget limits simulated time, but the executor has no virtual clock")]
    NoVirtualClock,
    /// Nothing succeeds any more.
    #[error("{count} trials in a row failed, so the search was stopped; the last: {}", last.join("; "))]
    TooManyFailures {
        /// How many.
        count: u64,
        /// The last three, described.
        last: Vec<String>,
    },
    /// The constraints leave next to nothing.
    #[error(
        "the constraints refused {refused} of {drawn} genotypes drawn for trial {trial}; the last: {reason}"
    )]
    TooManyRefused {
        /// The trial that none was found for.
        trial: TrialId,
        /// How many were refused.
        refused: u64,
        /// Of how many.
        drawn: u64,
        /// Why the last one was.
        reason: String,
    },
    /// The journal can't be written, or doesn't belong to this search.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The algorithm refused an outcome.
    #[error(transparent)]
    Tell(#[from] TellError),
    /// An executor reported a trial that was never given to it.
    #[error("the executor reported trial {0}, which is not in flight")]
    UnknownTrial(TrialId),
    /// Code that was given to the search panicked: a space, a mutation, a selection or a replacement
    /// within the algorithm, a genotype's own traits (serialization, equality, cloning), the key of
    /// duplicates or its hash, an observer. What was recorded stays so; once the code is mended, the
    /// search can be resumed.
    #[error("{what} panicked: {message}")]
    Panicked {
        /// Whose code it was.
        what: String,
        /// What it said.
        message: String,
    },
    /// An observer can't do its work, such as writing to a full disk.
    #[error("{0}")]
    Observer(#[source] Box<dyn std::error::Error + Send + Sync>),
}
