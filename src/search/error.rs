//! Why a search ends with an error.

use super::journal::JournalError;
use crate::algorithm::TellError;
use crate::excerpt::passage;
use crate::trial::TrialId;

/// Why a search can't begin or continue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// Fewer trials than the algorithm needs.
    #[error(
        "a budget of {trials} trials is too small: the algorithm needs at least {minimum} (for evolution, the size of its population: make that smaller, or the budget larger)"
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
    /// Too many trials in a row failed.
    #[error("{count} trials in a row failed, so the search was stopped; the last: {}", passage(&last.join("; ")))]
    TooManyFailures {
        /// How many.
        count: u64,
        /// The last three, described.
        last: Vec<String>,
    },
    /// The constraints refuse nearly everything.
    #[error(
        "the constraints refused {refused} of {drawn} genotypes drawn for trial {trial}; the last: {}",
        passage(reason)
    )]
    TooManyRefused {
        /// The trial for which no genotype was found.
        trial: TrialId,
        /// How many were refused.
        refused: u64,
        /// How many were drawn.
        drawn: u64,
        /// Why the last one was refused.
        reason: String,
    },
    /// The stop signal was set, to a further stage, while the recorded search was replayed.
    #[error("stopped while the recorded search was replayed; it is unchanged, and can be resumed")]
    StoppedInReplay,
    /// The journal can't be read or written, or belongs to another search.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The algorithm refused an outcome.
    #[error(transparent)]
    Tell(#[from] TellError),
    /// An executor reported a trial that was never given to it.
    #[error("the executor reported trial {0}, which is not in flight")]
    UnknownTrial(TrialId),
    /// Code that was given to the search panicked: a space, mutation, selection or replacement inside the
    /// algorithm, a trait of the genotype (serialization, equality, cloning), the key of duplicates or its
    /// hash, a condition that ends the search, or an observer. All records are kept. Once the code is fixed, the
    /// search can be resumed.
    #[error("{what} panicked: {}", passage(message))]
    Panicked {
        /// The code that panicked.
        what: String,
        /// The panic's message, with the file and line where it began.
        message: String,
    },
    /// An observer failed, such as by writing to a full disk.
    #[error("{0}")]
    Observer(#[source] Box<dyn std::error::Error + Send + Sync>),
}
